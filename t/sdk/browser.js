'use strict';

// What scripts share that drive a page in Debian's Chromium: a browser of
// their own, and what its pages complain of.

const { load } = require('./harness.js');
const { chromium } = load('playwright-core');


// As root, as in a container, Chromium runs only without its sandbox.

function launch(path) {
    return chromium.launch({ executablePath: path, args: ['--no-sandbox',
        '--disable-dev-shm-usage', '--disable-gpu', '--force-color-profile=srgb',
        '--font-render-hinting=none'] });
}


// A page and its complaints: console messages that are no notes, exceptions,
// requests that failed, and those that went elsewhere than to its origin.

async function open(browser, url, options) {
    const context = await browser.newContext({ ...options });
    const page = await context.newPage();
    const complaints = [];

    page.on('console', (m) => {
        if (m.type() === 'error' || m.type() === 'warning') {
            complaints.push(m.text());
        }
    });
    page.on('pageerror', (e) => complaints.push(String(e)));
    page.on('request', (r) => {
        if (!r.url().startsWith(new URL(url).origin)
            && !r.url().startsWith('data:'))
        {
            complaints.push(`asks ${r.url()}`);
        }
    });

    await page.addInitScript(() => {
        addEventListener('securitypolicyviolation', (e) => console.error(
            `policy: ${e.violatedDirective} ${e.blockedURI}`));
    });

    return { page, context, complaints };
}


module.exports = { launch, open };
