'use strict';

// Run by t/sdk_openai_js.t: the npm package "openai" as its users call it.

const { load, ok, is, failure, step, collect, main } = require('./harness.js');
const { OpenAI, toFile } = load('openai');

const messages = [{ role: 'user', content: 'hi' }];
const tools = [{ type: 'function', function: { name: 'weather', parameters: {
    type: 'object', properties: { city: { type: 'string' } } } } }];


function make(baseURL, apiKey, more) {
    return new OpenAI({ baseURL, apiKey, maxRetries: 0,
        organization: 'org-of-the-client', project: 'p', ...more });
}


async function listings(client) {
    const list = [];
    for await (const m of client.models.list()) {
        list.push(m);
    }

    is(list.map((m) => m.id), ['cloud:gpt-x', 'cloud:org/model-a',
        'cloud:whisper', 'local:llama3:latest', 'gone:lost', 'wrong:gpt-x',
        'claude:haiku'],
        'list: ids');
    ok(list.every((m) => m.object === 'model' && Number.isInteger(m.created)
        && typeof m.owned_by === 'string'), 'list: fields', list);
    is(list[3].owned_by, 'local', 'list: owner');
    is(list[3].context_length, 8192, 'list: context');

    for (const id of ['cloud:org/model-a', 'local:llama3:latest']) {
        is((await client.models.retrieve(id)).id, id, `retrieve ${id}`);
    }
}


async function chat(client, model) {
    const create = (more) => client.chat.completions.create({ model, messages,
        ...more });
    const text = (parts) => parts.map((p) => p.choices[0]?.delta.content
        ?? '').join('');

    let r = await create({});
    is(r.choices[0].message.content, 'Hello from cloud', `${model}: chat`);
    is(r.usage.total_tokens, 14, `${model}: usage`);

    let parts = await collect(await create({ stream: true }));
    is(text(parts), 'Hello from cloud', `${model}: stream`);
    ok(!parts.some((p) => p.usage), `${model}: no usage unless asked for`);
    is(parts.at(-1).choices[0].finish_reason, 'stop', `${model}: finish`);

    parts = await collect(await create({ stream: true,
        stream_options: { include_usage: true } }));
    is(text(parts), 'Hello from cloud', `${model}: stream with usage`);
    is([parts.at(-1).choices, parts.at(-1).usage.completion_tokens], [[], 3],
        `${model}: the usage`);

    parts = await collect(await create({ stream: true, tools }));
    const calls = parts.flatMap((p) => p.choices[0]?.delta.tool_calls ?? []);
    is(calls[0].function.name, 'weather', `${model}: tool`);
    is(calls.map((c) => c.function.arguments).join(''), '{"city":"Bern"}',
        `${model}: its arguments`);

    r = await client.chat.completions.stream({ model, messages, tools })
        .finalChatCompletion();
    is(r.choices[0].message.tool_calls[0].function.arguments,
        '{"city":"Bern"}', `${model}: tool by the stream helper`);

    r = await client.completions.create({ model, prompt: 'hi' });
    is(r.choices[0].text, 'Hello from cloud', `${model}: completion`);
}


async function other(client, model) {
    let r = await client.embeddings.create({ model, input: ['a', 'bc'] });
    is(r.data.map((d) => d.embedding), [[0.515625, 0.5, 0.5, 0.5],
        [0.53125, 0.546875, 0.5, 0.5]], `${model}: embeddings as base64`);
    r = await client.embeddings.create({ model, input: 'a',
        encoding_format: 'float' });
    is(r.data[0].embedding, [0.515625, 0.5, 0.5, 0.5],
        `${model}: embeddings as numbers`);

    r = await client.responses.create({ model, input: 'hi' });
    is(r.output_text, 'Hello from cloud', `${model}: response`);
    const events = await collect(await client.responses.create({ model,
        input: 'hi', stream: true }));
    is(events.filter((e) => e.type === 'response.output_text.delta')
        .map((e) => e.delta).join(''), 'Hello from cloud',
        `${model}: response stream`);
    is(events.at(-1).type, 'response.completed', `${model}: its end`);
}


async function media(client) {
    const sound = await toFile(Buffer.alloc(70000, 1), 'a.wav');
    let r = await client.audio.transcriptions.create({ file: sound,
        model: 'cloud:whisper' });
    is(r.text, 'heard 70000 bytes', 'transcription');
    is((await step('form')).model, 'whisper', 'its model');

    r = await client.audio.speech.create({ model: 'cloud:gpt-x', voice: 'v',
        input: 'hi' });
    is((await r.arrayBuffer()).byteLength, 1028, 'speech');
    r = await client.images.generate({ model: 'cloud:gpt-x', prompt: 'a' });
    is(r.data[0].b64_json, 'aGVsbG8=', 'image');
    r = await client.moderations.create({ model: 'cloud:gpt-x', input: 'a' });
    is(r.results[0].flagged, false, 'moderation');
}


async function aborts(client, model) {
    await step('stall');
    const stream = await client.chat.completions.create({ model, messages,
        stream: true });

    let n = 0;
    for await (const part of stream) {
        if (++n === 2) {
            stream.controller.abort();
        }
    }

    is(n, 2, `${model}: aborted after two pieces`);
    await step('closed', [model.split(':')[0], 'response']);

    await step('hang');
    const e = await failure(() => client.chat.completions.create({ model,
        messages }, { timeout: 200 }), `${model}: waits in vain`);
    is(e.constructor.name, 'APIConnectionTimeoutError', `${model}: class`);
    await step('closed', [model.split(':')[0], 'waiting']);
}


async function errors(url, key) {
    const all = make(`${url}/v1`, 'none');
    const chat = (model, more) => () => all.chat.completions.create({ model,
        messages, ...more });
    const cases = [
        ['unknown model of a vendor', 404, 'NotFoundError', /`nope`/,
            chat('cloud:nope')],
        ['unknown model of the Ollama', 404, 'NotFoundError', /'nope'/,
            chat('local:nope')],
        ['unknown model', 404, 'NotFoundError', /nope/,
            chat('nope', { stream: true })],
        ['unknown model to retrieve', 404, 'NotFoundError', /cloud:no\/pe/,
            () => all.models.retrieve('cloud:no/pe')],
        ['no model', 400, 'BadRequestError', /model/, chat('')],
        ['model is no string', 400, 'BadRequestError', /model/, chat(7)],
        ['server is down', 502, 'InternalServerError', /gone/,
            chat('gone:lost')],
        ['what the vendor lacks', 400, 'BadRequestError', /"n" cannot be had/,
            () => all.chat.completions.create({ model: 'claude:haiku', n: 2,
                messages: [{ role: 'user', content: 'hi' }] })],
        ['a path that is not allowed', 403, 'PermissionDeniedError',
            /model_allow/, () => all.files.list()],
        ['no key', 401, 'AuthenticationError', /key/,
            () => make(`${url}/guarded/v1`, 'no').models.list()],
        ['bad key', 401, 'AuthenticationError', /key/,
            () => make(`${url}/guarded/v1`, 'no').chat.completions.create({
                model: 'cloud:gpt-x', messages })],
    ];

    for (const [name, status, type, text, call] of cases) {
        const e = await failure(call, `${name}: fails`);
        is([e.constructor.name, e.status], [type, status],
            `${name}: class and status`);
        ok(text.test(e.message) && typeof e.type === 'string',
            `${name}: text and type`, [e.message, e.type]);
    }

    let e = await failure(chat('cloud:nope'), 'an error of the vendor');
    ok(/^req_/.test(e.requestID), 'its request id', e.requestID);

    await step('limit', 7);
    e = await failure(chat('cloud:gpt-x'), 'limited: fails');
    is([e.constructor.name, e.status, e.code], ['RateLimitError', 429,
        'rate_limit_exceeded'], 'limited: class');
    is(e.headers.get('retry-after'), '7', 'limited: Retry-After');

    await step('limit', 0);
    const r = await make(`${url}/v1`, 'none', { maxRetries: 1 }).chat
        .completions.create({ model: 'cloud:gpt-x', messages });
    is(r.choices[0].message.content, 'Hello from cloud', 'tried again');

    await step('clear');
    e = await failure(() => make(`${url}/v1`, 'none', { maxRetries: 2 }).chat
        .completions.create({ model: 'wrong:gpt-x', messages }),
        'wrong key of the gateway itself: fails');
    is(e.status, 502, 'it is no 401');
    is((await step('posts')).n, 1, 'it is not tried again');

    await step('cut');
    e = await failure(async () => collect(await chat('cloud:gpt-x',
        { stream: true })()), 'error in mid-stream');
    ok(/The server had an error/.test(e.message), 'its text', e.message);
    await step('whole');

    for (const base of [`${url}/guarded/v1`, `${url}/guarded`,
        `${url}/guarded/v1/`, `${url}/guarded/${key}/v1`])
    {
        const m = await make(base, key).chat.completions.create({
            model: 'gpt-x', messages });
        is(m.choices[0].message.content, 'Hello from cloud',
            `with a key: ${base.slice(url.length)}`);
    }
}


main(async ({ url, key }) => {
    const client = make(`${url}/v1`, 'none');

    await listings(client);
    for (const model of ['cloud:gpt-x', 'local:llama3']) {
        await chat(client, model);
        await other(client, model);
        await aborts(client, model);
    }
    await media(client);
    await errors(url, key);
});
