'use strict';

// Run by t/page_browser.t: the page as people use it.

const { ok, is, step, main } = require('./harness.js');
const { launch, open } = require('./browser.js');

const light = { colorScheme: 'light', viewport: { width: 1200, height: 900 } };
let browser, gateway;


// A page that has its first answer, with a clock that can be put forward.

async function visit(path, options) {
    const opened = await open(browser, gateway.url, { ...light, ...options });

    await opened.page.clock.install();
    await opened.page.goto(gateway.url + path);
    await opened.page.waitForSelector('#all:not([hidden])');
    return opened;
}

const text = (page, selector) => page.locator(selector).innerText();
const texts = (page, selector) => page.locator(selector).allInnerTexts();

// Waits until the text of an element matches.  The page asks every two
// seconds, and less often when there was no answer.

async function until(page, selector, re, check, forward = 1000) {
    let got;

    for (let i = 0; i < 300; i++) {
        got = await page.evaluate((s) => document.querySelector(s)
            ?.innerText ?? '', selector);

        if (re.test(got)) {
            ok(true, check);
            return;
        }

        await page.clock.runFor(forward);
        await page.waitForTimeout(50);
    }

    ok(false, check, got);
}


async function shown(page) {
    is(await texts(page, '#vendor-list h3 bdi'), ['<b>Rack</b> &amp; more',
        'many', 'constructor', 'dead'], 'vendors, their labels as text');
    is(await text(page, '#health'), '1 vendor down', 'health');
    is(await page.title(), '1 vendor down \u2013 Model gateway', 'title');

    const rows = '#vendor-list article:first-child tbody tr';
    is(await page.locator(rows).count(), 3, 'servers');
    is(await texts(page, `${rows} td:nth-child(2)`), ['up', 'up',
        'off\nby the configuration'], 'their states');
    ok(/127\.0\.0\.1:\d+/.test(await text(page, `${rows}:first-child th`)),
        'address');
    ok(/down\nconnection refused or failed/.test(await text(page,
        '[aria-label=dead] tbody td:nth-child(2)')), 'why one is down');

    ok(/^a:llama3:8b\n.*\ta\t8\.19K\tcompletion\s*tools\s*vision\t.*1\.5 \/ 2\t2 of 2 up/s
        .test(await text(page, '#model-table tbody tr:first-child')),
        'a model with capabilities, context, price',
        await text(page, '#model-table tbody tr:first-child'));
    is(await texts(page, '#alias-table tbody td:nth-child(2) div'),
        ['a:llama3:8b, weight 3', 'many:model-0007 as a backup'], 'an alias');
    is(await texts(page, 'h1, h2'), ['Model gateway', 'Live', 'Vendors',
        'Models', 'Aliases', 'Usage', 'Explain', 'Client settings'],
        'headings');
    ok(await page.locator('#quiet').isVisible(), 'no requests yet: told');
    ok(await page.locator('#no-usage').isVisible(), 'nor use');
    is(await page.locator('caption').count(), await page.locator('table')
        .count(), 'each table has a caption');
}


async function hostile(page) {
    await page.fill('#search', 'onerror');
    await until(page, '#models-n', /^1 of /, 'the hostile name is found');
    ok((await text(page, '#model-table tbody th')).startsWith(
        `many:${gateway.evil}`), 'and is text');
    await page.click('#model-table tbody button');
    await until(page, '#answer', /is a name as it is listed/, 'explained');
    ok((await text(page, '#answer')).includes(gateway.evil), 'as text, too');
    await page.fill('#with', `many:${gateway.evil}`);
    ok((await text(page, '#client-list article:nth-child(4) code'))
        .includes(`"many:${gateway.evil.replace(/"/g, '\\"')}"`),
        'and in the settings');
    await page.fill('#with', "many:it's $(touch x)");
    ok((await text(page, '#client-list article:nth-child(4) code'))
        .endsWith(`'{"model":"many:it'\\''s $(touch x)",`
            + `"messages":[{"role":"user","content":"Hello"}]}'`),
        'quoted for a shell', await text(page,
            '#client-list article:nth-child(4) code'));
    is(await page.evaluate(() => [window.hacked ?? null, document.images.length,
        document.querySelectorAll('b b').length]), [null, 0, 0],
        'and nothing else');
    await page.fill('#with', 'fast');
    await page.fill('#search', '');
}


async function bounded(page) {
    const rows = () => page.locator('#model-table tbody tr').count();

    is(await text(page, '#models-n'), '3,005', 'thousands of models');
    is(await rows(), 50, 'of which some are shown');
    await page.click('#more-models');
    is(await rows(), 150, 'and more');
    is(await text(page, '#more-models'), 'Show 100 more of 2,855',
        'how many are left');
    await page.fill('#search', 'many 2999');
    is(await rows(), 1, 'all are searched');
    await page.fill('#search', 'nobody');
    is(await text(page, '#no-model'), 'No model has all these words.',
        'none is found');
    await page.fill('#search', '');
    is(await rows(), 50, 'as before');
    ok(await page.evaluate(() => document.querySelectorAll('*').length) < 4000,
        'a bounded number of elements');
}


async function tested(page) {
    await page.click('[data-test=a]');
    await until(page, '[aria-label="a"] .told', /The test succeeded/,
        'a good vendor');
    ok(/:\d+ works 2 models in \d+ ms\n.*:\d+ works 1 model in .*not asked/s
        .test(await text(page, '[aria-label="a"] .told')), 'each server',
        await text(page, '[aria-label="a"] .told'));

    await page.click('[data-test=dead]');
    await until(page, '[aria-label=dead] .told', /The test failed/,
        'a dead vendor');
    ok(/fails Connection failed: connection refused or failed; is a model/
        .test(await text(page, '[aria-label=dead] .told')), 'and why',
        await text(page, '[aria-label=dead] .told'));

    await step('revive');
    await page.click('[data-test=dead]');
    await until(page, '[aria-label=dead] .told', /The test succeeded/,
        'it runs now');
    await until(page, '[aria-label=dead] h3', /\bup\b/,
        'and the page knows soon');
    is(await text(page, '#health'), '1 vendor in part',
        'but for the cooldown all is up');
}


async function explained(page) {
    for (const [name, path, re] of [
        ['fast', '', /^fast is an alias\. Vendor a is asked first, for llama3/],
        ['fast', '', /a as llama3:8b asked.*many as model-0007 next, if/s],
        ['fast', '', /asked first \u2013 up, lists the model, has it loaded, 0 of 4/],
        ['fast', '', /Failover on connect, http_429.*at most 3 tries/],
        ['nobody-has-it', '', /means nothing here.*HTTP 404/s],
        ['constructor:opus', '',
            /Over a bridge: \/v1\/chat\/completions becomes \/v1\/messages/],
        ['constructor:opus', '/v1/messages', /Vendor constructor is asked first/],
        ['llama3:8b', '', /is a bare name that a list has|as it is listed/]])
    {
        await page.fill('#ask-model', name);
        await page.selectOption('#ask-path', path || '/v1/chat/completions');
        await page.click('#ask-go');
        await until(page, '#answer', re, `explained: ${name} ${path}`);
    }

    await page.fill('#ask-model', 'model-00');
    await page.click('#ask-go');
    await page.waitForSelector('#answer button');
    await page.locator('#answer button').first().click();
    await until(page, '#answer', /Vendor many is asked first/,
        'a near name is explained by a click');
}


// What changes while requests run, and whether the rest is left alone.

async function updated(page) {
    await page.evaluate(() => {
        window.kept = document.querySelector('#vendor-list tbody tr');
        getSelection().selectAllChildren(window.kept.querySelector('.name'));
    });
    await step('requests', 5);
    await until(page, '#facts', /Requests\n5\n/, 'requests are counted');
    ok(await page.locator('#quiet').isHidden(), 'no longer quiet');
    await until(page, '#facts', /Output tokens\n20\b/, 'and tokens');
    await until(page, '#usage-table', /llama3:8b\t5\t[^\n]*55\t20\t/, 'by model');
    ok(await page.evaluate(() => document.querySelector('#charts path.one')
        .getAttribute('d').length > 8), 'a chart is drawn');
    ok(/^Requests: now [\d.]+\/s, highest of 5 minutes [\d.]+\/s$/.test(
        await page.locator('#charts svg').first().getAttribute('aria-label')),
        'and said');
    ok(await page.evaluate(() => window.kept.isConnected
        && getSelection().toString().startsWith('127.0.0.1')),
        'what is selected stays');

    await step('fail');
    await until(page, '#facts', /Requests\n7 2 failed/, 'failures');
    await step('hold');
    await until(page, '[aria-label="a"] tbody td:nth-child(3)', /^1 of 4/,
        'one in flight');
    await step('release');
    await until(page, '[aria-label="a"] tbody td:nth-child(3)', /^0 of 4/,
        'no more');
    await step('cooldown');
    await until(page, '[aria-label="a"] tbody td:nth-child(4)',
        /qwen3:4b kept out for/, 'a cooldown of one model');
    await page.selectOption('#of', 'constructor');
    ok(/^–/.test(await text(page, '#charts figure:nth-child(3) b')),
        'charts of one vendor');
    await page.selectOption('#of', '');
    await step('other');
    await until(page, '#usage-table', /opus\t1\t/, 'another vendor');
    ok(await page.evaluate(() => Object.requests === undefined),
        'a vendor may be named as what all objects have');
}


async function settings(page, context) {
    const code = (n) => text(page, `#client-list article:nth-child(${n}) code`);

    await context.grantPermissions(['clipboard-read', 'clipboard-write']);
    is(await page.inputValue('#base'), gateway.url, 'the gateway is here');
    await page.fill('#with', 'a:llama3:8b');
    is(await code(3), `OLLAMA_HOST=${gateway.url} \\\n    ollama run `
        + 'a:llama3:8b', 'for ollama');
    ok((await code(5)).includes(`base_url="${gateway.url}/v1"`),
        'for the SDK of OpenAI');
    ok((await code(7)).includes(`base_url="${gateway.url}"`),
        'for the SDK of Anthropic');
    await page.fill('#with', 'constructor:opus');
    ok((await code(7)).includes('"constructor:opus"'), 'a model that fits');
    ok((await code(5)).includes('"constructor:opus"'), 'by a bridge');
    await page.click('#client-list article:nth-child(3) button');
    await until(page, '#client-list article:nth-child(3) button', /^Copied$/,
        'copied');
    is(await page.evaluate(() => navigator.clipboard.readText()),
        await code(3), 'what was shown');

    await page.selectOption('#at', { label: '/keyed/' });
    is(await page.inputValue('#base'), `${gateway.url}/keyed`, 'a location');
    ok((await code(3)).startsWith(`OLLAMA_HOST=${gateway.url}/keyed/YOUR_KEY`),
        'with a key', await code(3));
    await page.fill('#base', 'https://gw.example/x/');
    ok((await code(6)).includes('baseURL: "https://gw.example/x/v1"'),
        'an address of its own');
    await page.fill('#base', '');
    await page.selectOption('#at', '0');
}


// Only by the keyboard, with the focus to be seen at each step.

async function keyboard(page) {
    const unseen = [];

    const to = async (selector) => {
        for (let i = 0; i < 200; i++) {
            await page.keyboard.press('Tab');
            const [found, outline, what] = await page.evaluate((s) => {
                const node = document.activeElement;
                const style = getComputedStyle(node);
                return [node.matches(s), style.outlineStyle !== 'none'
                    && parseFloat(style.outlineWidth) >= 1, node.outerHTML
                    .slice(0, 80)];
            }, selector);

            if (!outline) {
                unseen.push(what);
            }

            if (found) {
                return true;
            }
        }

        return false;
    };

    ok(await to('.skip'), 'keyboard: first the way to the content');
    ok(await to('[data-test=a]'), 'keyboard: to Test');
    await page.keyboard.press('Enter');
    await until(page, '[aria-label="a"] .told', /The test succeeded/,
        'keyboard: tested');
    ok(await page.evaluate(() => document.activeElement.matches(
        '[data-test=a]')), 'keyboard: the focus stays');
    ok(await to('#search'), 'keyboard: to the search');
    await page.keyboard.type('llama3');
    ok(await to('[data-explain]'), 'keyboard: to Explain of a model');
    await page.keyboard.press('Space');
    await until(page, '#answer', /a:llama3:8b is a name as it is listed/,
        'keyboard: explained');
    ok(await page.evaluate(() => document.activeElement.id === 'ask-model'),
        'keyboard: the focus is where to go on');
    await page.keyboard.press('Control+A');
    await page.keyboard.type('fast');
    await page.keyboard.press('Enter');
    await until(page, '#answer', /^fast is an alias/, 'keyboard: another');
    ok(await to('[data-copy]'), 'keyboard: to Copy');
    is(unseen, [], 'keyboard: the focus is visible');
}


// Contrasts of all text that is shown, as WCAG has them; 4.5 is AA.

function contrasts() {
    const rgb = (text) => text.match(/[\d.]+/g).map(Number);
    const light = ([r, g, b]) => [r, g, b].map((v) => v / 255).map((v) =>
        v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
        .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
    const bad = new Set();
    const walk = document.createTreeWalker(document.body,
        NodeFilter.SHOW_TEXT);

    while (walk.nextNode()) {
        const node = walk.currentNode.parentElement;

        if (!walk.currentNode.data.trim() || !node.checkVisibility()
            || node.closest('script, option, .hide'))
        {
            continue;
        }

        let back = node;

        while (back && (rgb(getComputedStyle(back).backgroundColor)[3] ?? 1)
            < 0.99)
        {
            back = back.parentElement;
        }

        const one = light(rgb(getComputedStyle(node).color));
        const two = light(rgb(getComputedStyle(back || document.body)
            .backgroundColor));
        const ratio = (Math.max(one, two) + 0.05) / (Math.min(one, two) + 0.05);

        if (ratio < 4.5) {
            bad.add(`${ratio.toFixed(2)} ${node.outerHTML.slice(0, 60)}`);
        }
    }

    return [...bad];
}


async function looks(page) {
    for (const colorScheme of ['light', 'dark']) {
        await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
        is(await page.evaluate(contrasts), [], `${colorScheme}: contrasts`);

        for (const width of [375, 320, 768, 1200]) {
            await page.setViewportSize({ width, height: 800 });
            is(await page.evaluate(() => [document.documentElement.scrollWidth
                - innerWidth, [...document.querySelectorAll('main *')]
                .filter((n) => n.checkVisibility() && !n.closest('.hide, thead')
                    && !n.closest('svg')
                    && n.getBoundingClientRect().right > innerWidth + 1)
                .slice(0, 3).map((n) => n.outerHTML.slice(0, 80))]), [0, []],
                `${colorScheme}: nothing is wider than ${width}`);
        }
    }

    is(await page.evaluate(() => getComputedStyle(document.documentElement)
        .scrollBehavior), 'auto', 'no motion where none is wanted');
    await page.setViewportSize(light.viewport);
}


// The gateway does not answer, and does again; nobody looks at the page.

async function gone() {
    const { page, complaints } = await open(browser, gateway.url, light);
    let asked = 0;

    page.on('request', (r) => { asked += r.url().endsWith('/api') });
    await page.clock.install();
    await page.route('**/api', (r) => r.abort());
    await page.goto(`${gateway.url}/status/`);
    await until(page, '#notice', /^The gateway does not answer \(no conn/,
        'unreachable at first');
    is(await text(page, '#loading'), 'Nothing is known yet.', 'nothing known');

    await page.unroute('**/api');
    await until(page, '#facts', /Vendors\n4/, 'reachable', 8000);
    ok(await page.locator('#notice').isHidden(), 'reachable: no notice');

    for (const [name, answer, re] of [
        ['no connection', (r) => r.abort(), /\(no connection\)/],
        ['an error', (r) => r.fulfill({ status: 503, body: '<p>' }),
            /\(HTTP 503\)/],
        ['a page', (r) => r.fulfill({ body: '<p>' }), /\(the answer is not J/],
        ['another document', (r) => r.fulfill({ body: '{"a":1}' }),
            /\(the answer is not that of a gateway\)/]])
    {
        await page.route('**/api', answer);
        await until(page, '#health', /^No answer$/, `${name}: health`, 8000);
        await until(page, '#notice', re, `${name}: told`);
        ok(await page.evaluate(() => document.body.classList.contains('stale')
            && /^What is shown is of \d\d:\d\d:\d\d/.test(document
                .querySelector('#notice').innerText.split('). ')[1])),
            `${name}: marked`, await text(page, '#notice'));
        ok(/^a:llama3:8b/.test(await text(page, '#model-table tbody')),
            `${name}: the data stays`);
        await page.unroute('**/api');
        await until(page, '#health', /^(?!No answer)/, `${name}: over`, 8000);
        ok(await page.evaluate(() => !document.body.classList
            .contains('stale')), `${name}: no longer marked`);
    }

    const hide = (hidden) => page.evaluate((value) => {
        Object.defineProperty(document, 'hidden', { value,
            configurable: true });
        document.dispatchEvent(new Event('visibilitychange'));
    }, hidden);

    await hide(true);
    await page.waitForLoadState('networkidle');
    asked = 0;
    await page.clock.runFor(30000);
    is(asked, 0, 'hidden: nothing is asked');
    await Promise.all([page.waitForRequest('**/api'), hide(false)]);
    ok(true, 'seen again: at once');
    await page.click('#pause');
    await page.waitForLoadState('networkidle');
    asked = 0;
    await page.clock.runFor(30000);
    is([asked, await page.getAttribute('#pause', 'aria-pressed')], [0, 'true'],
        'paused: nothing is asked');
    ok(/^paused at/.test(await text(page, '#fresh')), 'paused: told');
    await Promise.all([page.waitForRequest('**/api'), page.click('#pause')]);
    ok(true, 'and on again');
    is(complaints.filter((c) => !/^Failed to load resource/.test(c)), [],
        'it complains of nothing but that');
    await page.context().close();
}


// Nothing but the page's own script and style is let in.

async function guarded() {
    const { page, context } = await visit('/status/');

    is(await page.evaluate((two) => {
        const tries = [];
        const attempt = (f) => {
            try {
                f();
            } catch (e) {
                tries.push(e.name);
            }
        };

        attempt(() => { document.body.innerHTML = '<b>x</b>' });
        attempt(() => {
            const node = document.createElement('script');
            node.textContent = 'window.hacked = 1';
            document.body.append(node);
        });
        document.body.setAttribute('style', 'color: #123456');

        return fetch(two).then(() => tries.push('fetched'),
            () => tries.push('not fetched')).then(() => [tries,
            window.hacked ?? null, getComputedStyle(document.body).color
                === 'rgb(18, 52, 86)']);
    }, gateway.two + '/api'), [['TypeError', 'TypeError',
        'not fetched'], null, false], 'the policy holds');
    await context.close();
}


async function places() {
    const { page, context, complaints } = await visit('/a/deep/er/?x=1');
    is(await page.locator('#vendor-list article').count(), 4, 'a deep prefix');
    await page.click('[data-test=constructor]');
    await until(page, '[aria-label=constructor] .told', /The test succeeded/,
        'it tests there');
    is(complaints, [], 'deep: no complaints');

    await page.goto(`${gateway.url}/looks/`);
    await page.waitForSelector('#all:not([hidden])');
    await page.click('[data-test=a]');
    await until(page, '[aria-label="a"] .told', /No test was made HTTP 403/,
        'who may only look is told so');
    await context.close();

    const other = await open(browser, gateway.two, light);
    await other.page.goto(`${gateway.two}/`);
    await other.page.waitForSelector('#all:not([hidden])');
    is(await other.page.inputValue('#base'), gateway.url,
        'at another port: the address is known');
    ok(/may have to use another name/.test(await text(other.page,
        '#base-note')), 'and told to be so');
    await other.context.close();
}


// Each page has connections of its own, so they are answered by any worker.

async function truth() {
    const seen = new Set();

    for (let i = 0; i < 6; i++) {
        const { page, context } = await visit('/status/');
        seen.add(JSON.stringify([await text(page, '#facts'),
            await texts(page, '#vendor-list h3'),
            await texts(page, '#vendor-list tbody tr td:nth-child(7)'),
            await texts(page, '#model-table tbody tr'),
            await texts(page, '#usage-table tbody tr')]));
        await context.close();
    }

    is(seen.size, 1, 'one truth of all workers');
}


main(async (config) => {
    gateway = config;
    browser = await launch(config.chromium);

    const { page, context, complaints } = await visit('/status/');
    await shown(page);
    await hostile(page);
    await bounded(page);
    await updated(page);
    await tested(page);
    await explained(page);
    await settings(page, context);
    await looks(page);
    is(complaints, [], 'no complaints');
    await context.close();

    const by = await visit('/status/');
    await keyboard(by.page);
    is(by.complaints, [], 'keyboard: no complaints');
    await by.context.close();

    await truth();
    await guarded();
    await places();
    await gone();

    await step('empty');
    const empty = await visit('/status/');
    ok(await empty.page.locator('#no-vendor').isVisible(), 'no vendors: told');
    is(await text(empty.page, '#health'), 'No vendors', 'no vendors: health');
    is(empty.complaints, [], 'no vendors: no complaints');
    await browser.close();
});
