'use strict';

// Run by t/sdk_ollama_js.t: the npm package "ollama" as its users call it.

const { load, ok, is, failure, step, collect, main } = require('./harness.js');
const { Ollama } = load('ollama');

const messages = [{ role: 'user', content: 'hi' }];
const tools = [{ type: 'function', function: { name: 'weather',
    description: 'the weather', parameters: { type: 'object',
        properties: { city: { type: 'string' } } } } }];


async function listings(client) {
    const list = await client.list();
    is(list.models.map((m) => m.name).sort(), ['acme:llama3:latest',
        'acme:nomic-embed:latest', 'beta:beta-only:7b',
        'beta:llama3:latest', 'gone:lost'].sort(), 'list: names');
    ok(list.models.every((m) => m.model === m.name
        && /^[0-9a-f]{64}$/.test(m.digest) && Number.isInteger(m.size)
        && !Number.isNaN(Date.parse(m.modified_at))
        && typeof m.details.family === 'string'), 'list: fields', list);

    const show = await client.show({ model: 'acme:llama3' });
    ok(show.capabilities.includes('tools'), 'show: capabilities');
    is(show.model_info['llama.context_length'], 8192, 'show: context');
    ok(show.details.parameter_size, 'show: details');

    const ps = await client.ps();
    is(ps.models.map((m) => m.name), ['acme:llama3:latest'], 'ps: names');
    ok(!Number.isNaN(Date.parse(ps.models[0].expires_at)), 'ps: expires_at');
    is((await client.version()).version, '0.11.0', 'version');
}


async function inference(client, model) {
    let r = await client.chat({ model, messages });
    is(r.message.content, 'Hello from acme', `${model}: chat`);
    is(r.done, true, `${model}: chat is done`);

    const parts = await collect(await client.chat({ model, messages,
        stream: true }));
    is(parts.map((p) => p.message.content).join(''), 'Hello from acme',
        `${model}: chat stream`);
    is(parts.length, 4, `${model}: a line for each piece`);
    is(parts.at(-1).eval_count, 3, `${model}: metrics`);

    r = await client.generate({ model, prompt: 'hi' });
    is(r.response, 'Hello from acme', `${model}: generate`);
    r = await client.generate({ model, prompt: 'hi', stream: true });
    is((await collect(r)).map((p) => p.response).join(''), 'Hello from acme',
        `${model}: generate stream`);
    r = await client.generate({ model, prompt: '', keep_alive: 0 });
    is(r.done_reason, 'unload', `${model}: unload`);

    r = await client.chat({ model, messages, tools });
    is(r.message.tool_calls[0].function.arguments, { city: 'Bern' },
        `${model}: tool call`);
    r = await client.chat({ model, messages: [{ role: 'user', content: 'see',
        images: [new Uint8Array([1, 2, 255])] }] });
    is((await step('sent', '/api/chat')).messages[0].images, ['AQL/'],
        `${model}: images`);

    r = await client.embed({ model, input: ['a', 'b'] });
    is(r.embeddings.map((e) => e.length), [4, 4], `${model}: embed`);
    r = await client.embeddings({ model, prompt: 'a' });
    is(r.embedding.length, 4, `${model}: embeddings`);
}


async function management(client, prefix) {
    const name = (n) => prefix + n;

    let p = await collect(await client.pull({ model: name('tiny:1b'),
        stream: true }));
    is(p[0].status, 'pulling manifest', 'pull: begins');
    is(p.at(-1).status, 'success', 'pull: ends');
    is((await client.pull({ model: name('tiny:1b') })).status, 'success',
        'pull at once');
    p = await collect(await client.push({ model: name('tiny:1b'),
        stream: true }));
    is(p.at(-1).status, 'success', 'push');

    await client.copy({ source: name('tiny:1b'), destination: name('twin') });
    p = await collect(await client.create({ model: name('made'),
        from: name('tiny:1b'), system: 'be short', stream: true }));
    is(p.at(-1).status, 'success', 'create');
    is((await step('names')).names.sort(), ['llama3:latest', 'made:latest',
        'nomic-embed:latest', 'tiny:1b', 'twin:latest'], 'they are there');
    await step('listed', 'acme:twin:latest');

    for (const n of ['tiny:1b', 'twin', 'made']) {
        is(await client.delete({ model: name(n) }), { status: 'success' },
            `delete ${n}`);
    }
    is((await step('names')).names.length, 2, 'they are gone');

    const e = await failure(async () => collect(await client.pull({
        model: name('nothing'), stream: true })), 'pull of nothing fails');
    is(e.message, 'pull model manifest: file does not exist', 'why');
}


// The server falls silent after two lines: only the client can end it.

async function aborts(client, call) {
    await step('stall');
    const stream = await call();
    const e = await failure(async () => {
        let n = 0;
        for await (const part of stream) {
            if (++n === 2) {
                client.abort();
            }
        }
    }, 'aborted');
    is(e.name, 'AbortError', 'as an abort');
    await step('closed');
}


async function errors(url, key) {
    const all = new Ollama({ host: url });
    const cases = [
        ['unknown model of a vendor', 404, /^model 'nope' not found$/,
            () => all.chat({ model: 'acme:nope', messages })],
        ['unknown model', 404, /nope/,
            () => all.chat({ model: 'nope', messages, stream: true })],
        ['unknown model to show', 404, /^model 'nope(:latest)?' not found/,
            () => all.show({ model: 'nope' })],
        ['no model', 400, /model is required/,
            () => all.chat({ model: '', messages })],
        ['bad option', 400, /option "stop" must be of type array/,
            () => all.chat({ model: 'acme:llama3', messages,
                options: { stop: 'x' } })],
        ['server is down', 502, /gone/,
            () => all.chat({ model: 'gone:lost', messages })],
        ['no key', 401, /key/,
            () => new Ollama({ host: `${url}/guarded` }).list()],
        ['bad key', 401, /key/,
            () => new Ollama({ host: `${url}/guarded`, headers: {
                Authorization: 'Bearer no' } }).chat({ model: 'acme:llama3',
                messages })],
        ['not allowed', 403, /model_allow/,
            () => new Ollama({ host: `${url}/reading` }).delete({
                model: 'acme:llama3' })],
    ];

    for (const [name, status, text, call] of cases) {
        const e = await failure(call, `${name}: fails`);
        is([e.name, e.status_code], ['ResponseError', status],
            `${name}: class and status`);
        ok(text.test(e.message), `${name}: text`, e.message);
    }

    await step('limit');
    let e = await failure(() => all.chat({ model: 'acme:llama3', messages }),
        'limited: fails');
    is([e.status_code, e.message], [429, 'slow down'], 'limited: as told');

    await step('cut');
    e = await failure(async () => collect(await all.chat({
        model: 'acme:llama3', messages, stream: true })),
        'error in mid-stream');
    ok(/an error was encountered/.test(e.message), 'its text', e.message);
    await step('whole');

    for (const config of [{ host: `${url}/guarded`, headers: {
        Authorization: `Bearer ${key}` } }, { host: `${url}/guarded/${key}` }])
    {
        const r = await new Ollama(config).chat({ model: 'beta-only:7b',
            messages });
        is(r.message.content, 'Hello from beta', 'with a key, a bare name');
    }
}


main(async ({ url, key }) => {
    const all = new Ollama({ host: url });
    const team = new Ollama({ host: `${url}/team-a/` });

    await listings(all);
    await inference(all, 'acme:llama3');
    await inference(team, 'llama3');
    await management(all, 'acme:');
    await management(team, '');
    await aborts(all, () => all.chat({ model: 'acme:llama3', messages,
        stream: true }));
    await aborts(team, () => team.generate({ model: 'llama3', prompt: 'hi',
        stream: true }));
    await errors(url, key);
});
