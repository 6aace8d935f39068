'use strict';

// Run by t/tools/screenshots: pictures of the page for docs/, with requests
// that were really answered.  Only the page's clock runs fast.

const fs = require('node:fs');
const http = require('node:http');

const { ok, step, main } = require('./harness.js');
const { launch, open } = require('./browser.js');

const agent = new http.Agent({ keepAlive: true });


function post(url, body) {
    return new Promise((resolve) => {
        const r = http.request(url, { method: 'POST', agent }, (answer) => {
            answer.resume();
            answer.on('close', resolve);
        });

        r.on('error', resolve);
        r.end(JSON.stringify(body));
    });
}


// Load that comes and goes; each step is two seconds of the page's clock.

function traffic(url, i) {
    const wave = 3 + 2 * Math.sin(i / 9) + (i % 40 > 28 ? 3 : 0)
        + 1.5 * Math.sin(i * 1.7);
    const all = [];

    for (let n = 0; n < Math.round(Math.max(1, wave)); n++) {
        const dice = (i * 7 + n * 13) % 20;
        const model = dice < 8 ? 'chat' : dice < 12 ? 'rack/qwen3:32b'
            : dice < 14 ? 'rack/gemma3:27b' : dice < 17 ? 'openai/gpt-5-mini'
            : dice < 19 ? 'openai/gpt-5' : 'anthropic/claude-opus-5';
        const messages = [{ role: 'user', content: 'Hi' }];

        all.push(dice === 19
            ? post(`${url}/v1/messages`, { model, messages, stream: true,
                max_tokens: 999 })
            : post(`${url}/v1/chat/completions`, { model, messages,
                stream: true, stream_options: { include_usage: true } }));
    }

    return Promise.all(all);
}


async function shot(page, name, dir) {
    const file = `${dir}/${name}.png`;

    await page.waitForTimeout(200);
    await page.screenshot({ path: file });
    ok(fs.statSync(file).size < 200000, `${name} is small`);
}


main(async ({ url, status, chromium, dir, steps }) => {
    const browser = await launch(chromium);
    const size = { width: 1240, height: 1240 };
    const { page, complaints } = await open(browser, status, { viewport: size,
        colorScheme: 'light', reducedMotion: 'reduce' });

    await page.clock.install({ time: new Date('2026-08-03T09:00:00') });
    await page.goto(status);
    await page.waitForSelector('#all:not([hidden])');

    const answers = [];

    for (let i = 0; i < steps; i++) {
        answers.push(traffic(url, i));
        const polled = page.waitForResponse(/\/api$/);
        await page.waitForTimeout(150);
        await page.clock.runFor(2000);
        await polled;
    }

    await Promise.all(answers);

    // some are under way in the pictures

    await step('hold');
    const held = [];
    for (const model of ['rack/llama3.3:70b', 'rack/llama3.3:70b',
        'rack/qwen3:32b', 'openai/gpt-5'])
    {
        held.push(post(`${url}/v1/chat/completions`, { model,
            messages: [{ role: 'user', content: 'Hi' }] }));
    }

    await new Promise((resolve) => setTimeout(resolve, 300));
    const polled = page.waitForResponse(/\/api$/);
    await page.clock.runFor(2000);
    await polled;

    await shot(page, 'status-light', dir);

    await page.click('[data-test=rack]');
    await page.waitForSelector('.told ul');
    await page.setViewportSize({ width: 390, height: 1240 });
    await shot(page, 'status-phone', dir);

    await page.setViewportSize(size);
    await page.emulateMedia({ colorScheme: 'dark' });
    await page.fill('#ask-model', 'chat');
    await page.click('#ask-go');
    await page.waitForSelector('#answer:not([hidden])');
    await page.evaluate(() => document.querySelector('#usage')
        .scrollIntoView());
    await shot(page, 'status-dark', dir);

    await step('release');
    await Promise.all(held);
    ok(complaints.length === 0, 'no complaints', complaints);
    await browser.close();
});
