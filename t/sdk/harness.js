'use strict';

// What the scripts share: each check is a line of JSON on the standard
// output, a step waits until the test has answered with a line.

const assert = require('node:assert');
const fs = require('node:fs');
const { createRequire } = require('node:module');
const readline = require('node:readline');

const answers = readline.createInterface({ input: process.stdin });


function say(what) {
    fs.writeSync(1, JSON.stringify(what) + '\n');
}


function ok(value, check, got) {
    say({ check, ok: Boolean(value), got: got === undefined ? value : got });
}


function is(got, want, check) {
    let same = true;

    try {
        assert.deepStrictEqual(got, want);
    } catch (e) {
        same = false;
    }

    say({ check, ok: same, got: { got, want } });
}


// The error of a call that has to fail.

async function failure(call, check) {
    let result;

    try {
        result = await call();
    } catch (e) {
        ok(true, check);
        return e;
    }

    ok(false, check, result === undefined ? 'no error' : result);
    return {};
}


function step(name, value) {
    return new Promise((resolve) => {
        answers.once('line', (line) => resolve(JSON.parse(line)));
        say({ step: name, with: value });
    });
}


async function collect(stream) {
    const all = [];

    for await (const one of stream) {
        all.push(one);
    }

    return all;
}


function main(run) {
    run(JSON.parse(process.argv[2])).then(() => {
        say({ end: 1 });
        process.exit(0);

    }, (e) => {
        console.error(e);
        ok(false, 'the script fails', String(e));
        process.exit(1);
    });
}


module.exports = {
    load: createRequire(process.env.TEST_SDK_NODE_MODULES + '/index.js'),
    ok, is, failure, step, collect, main,
};
