'use strict';

// Run by t/sdk_anthropic_js.t: the npm package "@anthropic-ai/sdk" as its
// users call it.

const { load, ok, is, failure, step, collect, main } = require('./harness.js');
const { Anthropic } = load('@anthropic-ai/sdk');

const messages = [{ role: 'user', content: 'hi' }];
const tools = [{ name: 'weather', input_schema: { type: 'object', properties:
    { city: { type: 'string' } } } }];


function make(baseURL, more) {
    return new Anthropic({ baseURL, apiKey: 'none', maxRetries: 0, ...more });
}


async function listings(client) {
    const want = [...'abcde'].map((c) => `claude:claude-${c}`);
    want.push('local:llama3:latest', 'gone:lost', 'wrong:claude-a');

    for (const limit of [undefined, 3, 1000]) {
        const list = [];
        for await (const m of client.models.list({ limit })) {
            list.push(m);
        }
        is(list.map((m) => m.id), want, `list in pages of ${limit}`);
        ok(list.every((m) => m.type === 'model' && m.display_name
            && !Number.isNaN(Date.parse(m.created_at))), 'list: fields', list);
    }

    const page = await client.models.list({ limit: 3 });
    is([page.data.length, page.has_more, page.last_id], [3, true,
        'claude:claude-c'], 'a page');

    for (const id of ['claude:claude-b', 'local:llama3:latest']) {
        const m = await client.models.retrieve(id);
        is([m.id, m.type], [id, 'model'], `retrieve ${id}`);
    }
}


async function inference(client, model) {
    const body = { model, max_tokens: 100, messages };

    let r = await client.messages.create(body);
    is(r.content[0].text, 'Hello from claude', `${model}: message`);
    is([r.stop_reason, r.usage.output_tokens], ['end_turn', 3],
        `${model}: its end`);

    const events = await collect(await client.messages.create({ ...body,
        stream: true }));
    is([events[0].type, events.at(-1).type], ['message_start',
        'message_stop'], `${model}: events`);

    const stream = client.messages.stream(body);
    let text = '';
    stream.on('text', (t) => { text += t; });
    r = await stream.finalMessage();
    is([text, r.content[0].text], ['Hello from claude', 'Hello from claude'],
        `${model}: final message of a stream`);
    is([r.usage.input_tokens, r.usage.output_tokens], [11, 3],
        `${model}: its usage`);

    r = await client.messages.stream({ ...body, tools }).finalMessage();
    is([r.content[0].name, r.content[0].input], ['weather',
        { city: 'Bern' }], `${model}: tool call of a stream`);
    is(r.stop_reason, 'tool_use', `${model}: tool call's end`);
}


async function headers(client) {
    const r = await client.messages.countTokens({ model: 'claude:claude-a',
        messages });
    is(r, { input_tokens: 14 }, 'count tokens');

    const m = client.beta.messages.create({ model: 'claude:claude-a',
        max_tokens: 9, messages, betas: ['a-1', 'b-2'] }, { headers: {
            'anthropic-version': '2025-01-01' } });
    const { response } = await m.withResponse();
    ok(response.headers.get('request-id'), 'request id');
    is(await step('seen'), { 'x-api-key': 'sk-ant-good',
        authorization: null, 'anthropic-version': '2025-01-01',
        'anthropic-beta': 'a-1,b-2' }, 'what the vendor sees');
}


async function aborts(client) {
    const body = { model: 'claude:claude-a', max_tokens: 9, messages };

    await step('stall');
    const stream = client.messages.stream(body);
    stream.on('text', () => stream.abort());
    let e = await failure(() => stream.finalMessage(), 'aborted');
    is(e.constructor.name, 'APIUserAbortError', 'as an abort');
    await step('closed');

    await step('stall');
    let n = 0;
    for await (const event of await client.messages.create({ ...body,
        stream: true }))
    {
        if (++n === 3) {
            break;
        }
    }
    is(n, 3, 'left the loop');
    await step('closed');
}


async function errors(url, key) {
    const all = make(url);
    const create = (model, more, client) => () => (client ?? all).messages
        .create({ model, max_tokens: 9, messages, ...more });
    const guarded = (more) => make(`${url}/guarded`, more);
    const cases = [
        ['unknown model of a vendor', 404, 'NotFoundError',
            'not_found_error', /model: nope/, create('claude:nope')],
        ['unknown model', 404, 'NotFoundError', 'not_found_error', /nope/,
            create('nope', { stream: true })],
        ['unknown model to retrieve', 404, 'NotFoundError',
            'not_found_error', /nope/, () => all.models.retrieve('nope')],
        ['no model', 400, 'BadRequestError', 'invalid_request_error',
            /model/, create('')],
        ['no messages', 400, 'BadRequestError', 'invalid_request_error',
            /at least one/, create('claude:claude-a', { messages: [] })],
        ['server is down', 502, 'InternalServerError', 'api_error', /gone/,
            create('gone:lost')],
        ['a path that is not allowed', 403, 'PermissionDeniedError',
            'permission_error', /model_allow/,
            () => all.messages.batches.list()],
        ['no key', 401, 'AuthenticationError', 'authentication_error', /key/,
            () => guarded().models.list()],
        ['bad key', 401, 'AuthenticationError', 'authentication_error',
            /key/, create('claude:claude-a', {}, guarded())],
    ];

    for (const [name, status, type, kind, text, call] of cases) {
        const e = await failure(call, `${name}: fails`);
        is([e.constructor.name, e.status, e.type], [type, status, kind],
            `${name}: class, status and type`);
        ok(text.test(e.message), `${name}: text`, e.message);
    }

    await step('limit', 7);
    let e = await failure(create('claude:claude-a'), 'limited: fails');
    is([e.constructor.name, e.headers.get('retry-after')],
        ['RateLimitError', '7'], 'limited: Retry-After');

    await step('overload');
    e = await failure(create('claude:claude-a'), 'overloaded: fails');
    is([e.status, e.type], [529, 'overloaded_error'], 'overloaded: type');

    await step('clear');
    e = await failure(create('wrong:claude-a', {}, make(url,
        { maxRetries: 2 })), 'wrong key of the gateway itself: fails');
    is([e.status, e.type], [502, 'api_error'], 'it is no 401');
    is((await step('posts')).n, 1, 'it is not tried again');

    await step('cut');
    e = await failure(() => all.messages.stream({ model: 'claude:claude-a',
        max_tokens: 9, messages }).finalMessage(), 'error in mid-stream');
    ok(/Overloaded/.test(e.message), 'its text', e.message);
    await step('whole');

    for (const client of [guarded({ apiKey: key }), guarded({ apiKey: null,
        authToken: key }), make(`${url}/guarded/${key}`)])
    {
        const r = await create('claude-a', {}, client)();
        is(r.content[0].text, 'Hello from claude', 'with a key');
    }
}


main(async ({ url, key }) => {
    const client = make(url);

    await listings(client);
    await inference(client, 'claude:claude-a');
    await inference(client, 'local:llama3');
    await inference(make(`${url}/team`), 'claude-b');
    await headers(client);
    await aborts(client);
    await errors(url, key);
});
