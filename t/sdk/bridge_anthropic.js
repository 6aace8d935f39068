'use strict';

// Run by t/sdk_bridge_anthropic_js.t: messages of the npm package
// "@anthropic-ai/sdk" by vendors of other dialects.

const { load, ok, is, failure, step, collect, main } = require('./harness.js');
const { Wire } = require('./wire.js');
const { Anthropic } = load('@anthropic-ai/sdk');
const { jsonSchemaOutputFormat } = load(
    '@anthropic-ai/sdk/helpers/json-schema');

const wire = new Wire();
const user = (content) => [{ role: 'user', content }];
const text = (message) => message.content.map((b) => b.text ?? '').join('');


async function messages(client, model, want) {
    const name = `${model}: message`;
    const body = { model, max_tokens: 100, messages: user('hi') };

    let r = await client.messages.create(body);
    wire.check(name);
    is([text(r), r.model, r.stop_reason, r.stop_sequence], [want.text, model,
        'end_turn', null], name);
    is([r.usage.input_tokens + (r.usage.cache_read_input_tokens ?? 0),
        r.usage.output_tokens], [11, 7], `${name}: usage`);
    if (want.cached) {
        is(r.usage.cache_read_input_tokens, 4, `${name}: cached`);
    }

    const events = await collect(await client.messages.create({ ...body,
        stream: true }));
    wire.check(`${name}, stream`);
    is([events[0].type, events.at(-1).type, events.filter((e) =>
        e.type === 'content_block_start').length], ['message_start',
        'message_stop', 1], `${name}: events`);
    ok(events[0].message.usage.input_tokens > 0, `${name}: input tokens at `
        + 'the start', events[0]);

    r = await client.messages.create({ ...body, system: [{ type: 'text',
        text: 'Be "brief"', cache_control: { type: 'ephemeral' } }],
        messages: user([{ type: 'text', text: 'the system' }]) });
    wire.check(`${name}, system`);
    is(text(r), 'Be "brief"', `${name}: system prompt`);

    const stream = client.messages.stream(body);
    let pieces = '';
    stream.on('text', (t) => { pieces += t; });
    r = await stream.finalMessage();
    wire.check(`${name}, stream helper`);
    is([pieces, text(r), r.stop_reason, r.usage.output_tokens], [want.text,
        want.text, 'end_turn', 7], `${name}: stream helper`);
}


const schema = { type: 'object', properties: { city: { type: 'string' } } };

// A loop of tools to its end: two calls at once, one more, the text.

async function loop(client, model, stream, body, name) {
    const said = user(body.say);
    const calls = [];
    let r;

    for (let round = 0; round < 4; round++) {
        const q = { model, max_tokens: 3000, ...body.more, messages: said,
            tools: [{ name: 'weather', input_schema: schema },
                { name: 'average', input_schema: { type: 'object' } }] };
        r = stream ? await client.messages.stream(q).finalMessage()
            : await client.messages.create(q);
        wire.check(`${name}, ${round}`);

        const made = r.content.filter((b) => b.type === 'tool_use');
        calls.push(...made);
        said.push({ role: 'assistant', content: r.content });
        is(r.stop_reason, made.length ? 'tool_use' : 'end_turn',
            `${name}, ${round}: why it ended`);
        if (!made.length) {
            break;
        }
        said.push({ role: 'user', content: made.map((c) => ({
            type: 'tool_result', tool_use_id: c.id,
            content: c.name === 'weather' ? [{ type: 'text',
                text: `${c.input.city.length} degrees` }]
                : String(c.input.values.length) })) });
    }

    is(text(r), 'weather 6 degrees; weather 4 degrees; average 2; ', name);
    is(calls.map((c) => [c.name, c.input]), [['weather', { n: 1.5,
        city: 'Zürich' }], ['weather', { city: 'Bern' }], ['average',
        { values: [6, 4], round: true }]], `${name}: calls`);
    is(new Set(calls.map((c) => c.id)).size, 3, `${name}: ids`);
    ok(calls.every((c) => /^[a-zA-Z0-9_-]+$/.test(c.id)),
        `${name}: form of the ids`, calls);
    return said;
}


async function tools(client, model) {
    for (const stream of [false, true]) {
        await loop(client, model, stream, { say: 'weather, please' },
            `${model}: tools${stream ? ', stream' : ''}`);
    }

    // the same by the SDK's own loop

    const asked = [];
    const tool = (name, input_schema) => ({ type: 'custom', name, description:
        name, input_schema, run: (input) => {
        asked.push(input);
        return name === 'weather' ? `${input.city.length} degrees` : '2';
    }, parse: (input) => input });
    const r = await client.beta.messages.toolRunner({ model, max_tokens: 1000,
        messages: user('weather, please'), stream: false,
        tools: [tool('weather', schema), tool('average', { type: 'object' })]
    });
    is([text(r), asked.length], ['weather 6 degrees; weather 4 degrees; '
        + 'average 2; ', 3], `${model}: the runner of tools`);
    wire.check(`${model}: the runner of tools`);
}


async function pictures(client, model, png) {
    const image = { type: 'image', source: { type: 'base64',
        media_type: 'image/png', data: png } };
    const r = await client.messages.create({ model, max_tokens: 100,
        messages: user([image, { type: 'text', text: 'a picture' }, image]) });
    wire.check(`${model}: pictures`);
    is(text(r), 'image/png 70; image/png 70; ', `${model}: pictures`);
}


async function structured(client, model) {
    const town = { city: 'Zürich', people: 434000, river: 'Limmat' };
    const body = { model, max_tokens: 100, messages: user('by schema'),
        output_config: { format: jsonSchemaOutputFormat({ type: 'object',
            properties: { city: { type: 'string' }, people: {
                type: 'integer' }, river: { type: 'string' } },
            required: ['city', 'people', 'river'],
            additionalProperties: false }) } };

    let r = await client.messages.parse(body);
    wire.check(`${model}: schema`);
    is(r.parsed_output, town, `${model}: schema`);

    r = await client.messages.stream(body).finalMessage();
    wire.check(`${model}: schema, stream`);
    is(r.parsed_output, town, `${model}: schema, stream`);
}


async function thinking(client, model, want) {
    const name = `${model}: thinking`;
    const thoughts = (m) => m.content.filter((b) => b.type === 'thinking')
        .map((b) => b.thinking).join('');

    for (const more of [{ thinking: { type: 'enabled', budget_tokens: 1024 } },
        { thinking: { type: 'adaptive' }, output_config: { effort: 'low' } }])
    {
        const body = { model, max_tokens: 3000, messages: user('think'),
            ...more };
        let r = await client.messages.create(body);
        wire.check(name);
        is([thoughts(r), text(r), r.content[0].type], [want.thought, want.text,
            'thinking'], name);

        const stream = client.messages.stream(body);
        let pieces = '';
        stream.on('thinking', (t) => { pieces += t; });
        r = await stream.finalMessage();
        wire.check(`${name}, stream`);
        is([pieces, thoughts(r), text(r)], [want.thought, want.thought,
            want.text], `${name}, stream`);
    }

    for (const stream of [false, true]) {
        const said = await loop(client, model, stream, { say:
            'think of the weather', more: { thinking: { type: 'enabled',
            budget_tokens: 1024 } } }, `${name}, tools, ${stream}`);
        is(said[1].content.map((b) => b.type), ['thinking', 'tool_use',
            'tool_use'], `${name}, tools, ${stream}: blocks`);
    }
}


async function ends(client, model, want) {
    for (const [content, reason, says] of want.ends) {
        const name = `${model}: ${content}`;
        const body = { model, max_tokens: 100, messages: user(content) };

        let r = await client.messages.create(body);
        wire.check(name);
        is([r.stop_reason, text(r)], [reason, says], name);

        r = await client.messages.stream(body).finalMessage();
        wire.check(`${name}, stream`);
        is([r.stop_reason, text(r)], [reason, says], `${name}, stream`);
    }
}


async function aborts(client, model) {
    const body = { model, max_tokens: 100, messages: user('hi') };

    await step('stall', model);
    const stream = await client.messages.create({ ...body, stream: true });
    let n = 0;
    for await (const event of stream) {
        if (event.type === 'content_block_delta' && ++n === 2) {
            stream.controller.abort();
        }
    }
    ok(n >= 2, `${model}: aborted after two pieces`, n);
    await step('closed', model);
    wire.check(`${model}: aborted`, { aborted: true });

    await step('stall', model);
    const helper = client.messages.stream(body);
    helper.on('text', () => helper.abort());
    const e = await failure(() => helper.finalMessage(),
        `${model}: a helper that is aborted`);
    is(e.constructor.name, 'APIUserAbortError', `${model}: its class`);
    await step('closed', model);
    wire.check(`${model}: aborted helper`, { aborted: true });
}


async function errors(client, model) {
    const create = (content, more) => () => client.messages.create({ model,
        max_tokens: 100, messages: user(content), ...more });
    const stream = { stream: true };

    const cases = [
        ['an unknown model', 404, 'NotFoundError', 'not_found_error', /nope/,
            create('hi', { model: `${model.split(':')[0]}:nope` })],
        ['a refusal of the vendor', 400, 'BadRequestError',
            'invalid_request_error', /the prompt is "too" long/,
            create('too much')],
        ['the same before a stream', 400, 'BadRequestError',
            'invalid_request_error', /the prompt is "too" long/,
            create('too much', stream)],
        ['what the vendor cannot do', 400, 'BadRequestError',
            'invalid_request_error', /files|document/, create([
                { type: 'document', source: { type: 'url',
                    url: 'http://127.0.0.1/a.pdf' } }])],
    ];

    for (const [what, status, kind, type, message, call] of cases) {
        const e = await failure(call, `${model}: ${what}`);
        is([e.constructor.name, e.status, e.error?.error?.type], [kind, status,
            type], `${model}: ${what}: class, status, type`);
        ok(message.test(e.error?.error?.message), `${model}: ${what}: text`,
            e.error);
        wire.check(`${model}: ${what}`);
    }

    for (const [what, status, kind, type, after] of [
        ['limit', 429, 'RateLimitError', 'rate_limit_error', '7'],
        ['overload', 529, 'OverloadedError', 'overloaded_error', null]])
    {
        await step(what, model);
        const e = await failure(create('hi', stream), `${model}: ${what}`);
        is([e.constructor.name, e.status, e.error?.error?.type,
            e.headers?.get('retry-after')], [kind, status, type, after],
            `${model}: ${what}: class, status, type, when`);
        wire.check(`${model}: ${what}`);
    }

    for (const what of ['broken', 'cut']) {
        await step(what, model);
        const seen = [];
        let e = await failure(async () => {
            for await (const event of await create('hi', stream)()) {
                seen.push(event.type);
            }
        }, `${model}: ${what} in mid-stream`);
        await step('whole', model);
        ok(e instanceof Anthropic.APIError && e.error?.error?.type,
            `${model}: ${what}: class and type`, [e.constructor.name, e]);
        ok(e.message && seen.includes('content_block_delta'),
            `${model}: ${what}: text, and what came before`, seen);
        wire.check(`${model}: ${what}`);

        await step(what, model);
        e = await failure(() => client.messages.stream({ model,
            max_tokens: 100, messages: user('hi') }).finalMessage(),
            `${model}: ${what}, stream helper`);
        ok(e instanceof Anthropic.APIError, `${model}: ${what}: its class`, e);
        await step('whole', model);
        wire.check(`${model}: ${what}, stream helper`);
    }
}


main(async ({ url, png, vendors, ...given }) => {
    const client = new Anthropic({ baseURL: url, apiKey: 'none',
        maxRetries: 0, fetch: wire.fetch });

    for (const [model, kind] of Object.entries(vendors)) {
        const openai = kind === 'openai';
        const want = { ...given, cached: openai, ends: [
            ['this is long', 'max_tokens', 'Once upon'],
            ['nothing', 'end_turn', ''],
            ['refuse it', openai ? 'refusal' : 'end_turn',
                'I will not do that']] };

        await messages(client, model, want);
        await tools(client, model);
        await pictures(client, model, png);
        await structured(client, model);
        await thinking(client, model, want);
        await ends(client, model, want);
        await aborts(client, model);
        await errors(client, model);
    }
});
