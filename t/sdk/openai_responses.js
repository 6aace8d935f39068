'use strict';

// What a bridge writes as answers of the responses API, through the client of
// the package, whose helper is strict about the order of events.

const fs = require('node:fs');
const { load, ok, is, main } = require('./harness.js');
const { OpenAI } = load('openai');


// without what the helper adds

function plain(output) {
    return JSON.parse(JSON.stringify(output, (key, value) =>
        key.startsWith('parsed') ? undefined : value));
}


async function ask(answer, text) {
    const stream = answer.kind === 'stream';
    const client = new OpenAI({
        apiKey: 'x', baseURL: 'http://127.0.0.1:1/v1', maxRetries: 0,
        fetch: async () => new Response(text, { headers: { 'content-type':
            stream ? 'text/event-stream' : 'application/json' } }),
    });

    if (!stream) {
        return client.responses.create({ model: 'm', input: 'hi' });
    }

    const helper = client.responses.stream({ model: 'm', input: 'hi' });
    const outputs = [];

    for await (const event of helper) {
        if (event.type === 'response.output_item.done') {
            outputs[event.output_index] = event.item;
        }
    }

    const last = await helper.finalResponse();

    if (outputs.length) {
        is(plain(last.output), outputs, answer.name + ': items');
    }

    return last;
}


main(async (config) => {
    for (const answer of config.answers) {
        try {
            const got = await ask(answer, fs.readFileSync(answer.file,
                'utf8'));
            is(got.output_text, answer.text, answer.name + ': the text');
        } catch (e) {
            ok(answer.error && e.message.includes(answer.error),
                answer.name + ': an error', e.message);
        }
    }
});
