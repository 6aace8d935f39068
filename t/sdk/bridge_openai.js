'use strict';

// Run by t/sdk_bridge_openai_js.t: chat completions of the npm package
// "openai" by vendors of other dialects.

const { load, ok, is, failure, step, collect, main } = require('./harness.js');
const { Wire } = require('./wire.js');
const { OpenAI } = load('openai');

const wire = new Wire();


async function chat(client, model, want) {
    const name = `${model}: chat`;
    const messages = [{ role: 'user', content: 'hi' }];
    const text = (parts) => parts.map((p) => p.choices[0]?.delta.content
        ?? '').join('');

    let r = await client.chat.completions.create({ model, messages });
    wire.check(name);
    is(r.choices[0].message.content, want.text, `${name}: text`);
    is([r.model, r.choices[0].finish_reason], [model, 'stop'],
        `${name}: model and end`);
    is([r.usage.prompt_tokens, r.usage.completion_tokens,
        r.usage.total_tokens], [11, 7, 18], `${name}: usage`);
    if (want.cached) {
        is(r.usage.prompt_tokens_details.cached_tokens, 4, `${name}: cached`);
    }
    ok(Math.abs(Date.now() / 1000 - r.created) < 1e8 && r.id,
        `${name}: id and time`, [r.id, r.created]);

    let parts = await collect(await client.chat.completions.create({ model,
        messages, stream: true }));
    wire.check(`${name}, stream`);
    is(text(parts), want.text, `${name}: text of a stream`);
    ok(!parts.some((p) => p.usage), `${name}: usage unless asked for`);
    is(new Set(parts.map((p) => p.id)).size, 1, `${name}: one id`);

    parts = await collect(await client.chat.completions.create({ model,
        messages, stream: true, stream_options: { include_usage: true } }));
    wire.check(`${name}, stream with usage`);
    is([parts.at(-1).choices, parts.at(-1).usage.total_tokens], [[], 18],
        `${name}: the usage`);

    r = await client.chat.completions.create({ model, messages: [
        { role: 'developer', content: 'Be "brief"' },
        { role: 'user', content: [{ type: 'text', text: 'the system' }] }] });
    wire.check(`${name}, system`);
    is(r.choices[0].message.content, 'Be "brief"', `${name}: system prompt`);

    const stream = client.chat.completions.stream({ model, messages });
    let pieces = '';
    stream.on('content', (delta) => { pieces += delta; });
    is(await stream.finalContent(), want.text, `${name}: stream helper`);
    is(pieces, want.text, `${name}: its pieces`);
    is((await stream.finalChatCompletion()).choices[0].finish_reason, 'stop',
        `${name}: its end`);
    wire.check(`${name}, stream helper`);
}


// A loop of tools to its end: two calls at once, one more, the text.

const parameters = { type: 'object', properties: { city: { type: 'string' },
    n: { type: 'number' } }, required: ['city'] };

async function tools(client, model) {
    for (const stream of [false, true]) {
        const name = `${model}: tools${stream ? ', stream' : ''}`;
        const asked = [];
        const run = (f) => (args) => {
            asked.push([f, args]);
            return f === 'weather' ? `${args.city.length} degrees`
                : String(args.values.length);
        };
        const tool = (f, schema) => ({ type: 'function', function: { name: f,
            description: f, parameters: schema, parse: JSON.parse,
            function: run(f) } });

        const runner = client.chat.completions.runTools({ model, stream,
            messages: [{ role: 'user', content: 'weather, please' }],
            tools: [tool('weather', parameters), tool('average',
                { type: 'object', properties: {} })] });
        is(await runner.finalContent(),
            'weather 6 degrees; weather 4 degrees; average 2; ', name);
        wire.check(name);
        is(asked, [['weather', { n: 1.5, city: 'Zürich' }], ['weather',
            { city: 'Bern' }], ['average', { values: [6, 4], round: true }]],
            `${name}: calls`);

        const calls = runner.messages.flatMap((m) => m.tool_calls ?? []);
        is(new Set(calls.map((c) => c.id)).size, 3, `${name}: ids`);
        ok(/^\{"n":1\.50,"city":"Z(?:ü|\\u00fc)rich"\}$/.test(
            calls[0].function.arguments), `${name}: arguments as written`,
            calls[0].function.arguments);
        is(runner.allChatCompletions().map((c) => c.choices[0].finish_reason),
            ['tool_calls', 'tool_calls', 'stop'], `${name}: ends`);
    }
}


async function pictures(client, model, png) {
    const r = await client.chat.completions.create({ model, messages: [
        { role: 'user', content: [{ type: 'text', text: 'a picture' },
            { type: 'image_url', image_url: { url:
                `data:image/png;base64,${png}`, detail: 'low' } },
            { type: 'image_url', image_url: { url:
                `data:image/png;base64,${png}` } }] }] });
    wire.check(`${model}: pictures`);
    is(r.choices[0].message.content, 'image/png 70; image/png 70; ',
        `${model}: pictures`);
}


async function schema(client, model) {
    const name = `${model}: schema`;
    const body = { model, messages: [{ role: 'user', content: 'by schema' }],
        response_format: { type: 'json_schema', json_schema: { name: 'town',
            strict: true, schema: { type: 'object', properties: {
                city: { type: 'string' }, people: { type: 'integer' },
                river: { type: 'string' } }, additionalProperties: false,
            required: ['city', 'people', 'river'] } } } };
    const town = { city: 'Zürich', people: 434000, river: 'Limmat' };

    const r = await client.chat.completions.parse(body);
    wire.check(name);
    is(JSON.parse(r.choices[0].message.content), town, name);

    const f = await client.chat.completions.stream(body)
        .finalChatCompletion();
    wire.check(`${name}, stream`);
    is(JSON.parse(f.choices[0].message.content), town, `${name}, stream`);
}


async function thinking(client, model, want) {
    const name = `${model}: thinking`;
    const body = { model, reasoning_effort: 'low', messages: [
        { role: 'user', content: 'think' }] };

    const r = await client.chat.completions.create(body);
    wire.check(name);
    is([r.choices[0].message.reasoning_content, r.choices[0].message.content],
        [want.thought, want.text], name);

    const parts = await collect(await client.chat.completions.create({ ...body,
        stream: true }));
    wire.check(`${name}, stream`);
    is(parts.map((p) => p.choices[0]?.delta.reasoning_content ?? '').join(''),
        want.thought, `${name}, stream`);
    is(parts.map((p) => p.choices[0]?.delta.content ?? '').join(''),
        want.text, `${name}, stream: text`);

    // over rounds of tools, where the SDK does not send the thinking back

    const runner = client.chat.completions.runTools({ ...body, stream: true,
        messages: [{ role: 'user', content: 'think of the weather' }],
        tools: ['weather', 'average'].map((f) => ({ type: 'function',
            function: { name: f, parameters, description: f,
                parse: JSON.parse, function: () => '7' } })) });
    is(await runner.finalContent(), 'weather 7; weather 7; average 7; ',
        `${name}, tools`);
    wire.check(`${name}, tools`);
}


async function ends(client, model, want) {
    for (const [content, reason, text, refusal] of want.ends) {
        const name = `${model}: ${content}`;
        const body = { model, messages: [{ role: 'user', content }] };

        const c = (await client.chat.completions.create(body)).choices[0];
        wire.check(name);
        is([c.finish_reason, c.message.content ?? '', c.message.refusal
            ?? null], [reason, text, refusal], name);

        const parts = await collect(await client.chat.completions.create({
            ...body, stream: true }));
        wire.check(`${name}, stream`);
        is([parts.at(-1).choices[0].finish_reason, parts.map((p) =>
            p.choices[0].delta.content ?? '').join('')], [reason, text],
            `${name}, stream`);
    }
}


async function embeddings(client, model) {
    const name = `${model}: embeddings`;
    const vector = (r) => r.data.map((d) => d.embedding);

    const r = await client.embeddings.create({ model, input: ['a', 'bc'],
        dimensions: 3 });
    wire.check(name);
    const f = await client.embeddings.create({ model, input: ['a', 'bc'],
        dimensions: 3, encoding_format: 'float' });
    wire.check(`${name}, numbers`);

    is([r.data.length, r.data[0].embedding.length, r.data[1].index],
        [2, 3, 1], name);
    is(vector(r), vector(f), `${name}: base64 and numbers`);
    is(vector(f)[0], [0.7890625, 0.58984375, 0.50390625], `${name}: values`);
    ok(r.usage.prompt_tokens > 0 && r.model === model,
        `${name}: usage and model`, r);
}


async function aborts(client, model) {
    await step('stall', model);
    const stream = await client.chat.completions.create({ model, stream: true,
        messages: [{ role: 'user', content: 'hi' }] });

    let n = 0;
    for await (const part of stream) {
        if (part.choices[0].delta.content && ++n === 2) {
            stream.controller.abort();
        }
    }

    is(n, 2, `${model}: aborted after two pieces`);
    await step('closed', model);
    wire.check(`${model}: aborted`, { aborted: true });
}


async function errors(client, model) {
    const chat = (content, more) => () => client.chat.completions.create({
        model, messages: [{ role: 'user', content }], ...more });
    const stream = { stream: true };

    const cases = [
        ['an unknown model', 404, 'NotFoundError', /nope/, chat('hi',
            { model: `${model.split(':')[0]}:nope` })],
        ['a refusal of the vendor', 400, 'BadRequestError',
            /the prompt is "too" long/, chat('too much')],
        ['the same before a stream', 400, 'BadRequestError',
            /the prompt is "too" long/, chat('too much', stream)],
        ['what the vendor cannot do', 400, 'BadRequestError', /"n"/,
            chat('hi', { n: 2 })],
    ];

    for (const [what, status, type, text, call] of cases) {
        const e = await failure(call, `${model}: ${what}`);
        is([e.constructor.name, e.status], [type, status],
            `${model}: ${what}: class and status`);
        ok(text.test(e.message), `${model}: ${what}: text`, e.message);
        wire.check(`${model}: ${what}`);
    }

    for (const [what, status, type, after] of [
        ['limit', 429, 'RateLimitError', '7'],
        ['overload', 503, 'InternalServerError', null]])
    {
        await step(what, model);
        const e = await failure(chat('hi', stream), `${model}: ${what}`);
        is([e.constructor.name, e.status, e.headers.get('retry-after')],
            [type, status, after], `${model}: ${what}: class, status, when`);
        wire.check(`${model}: ${what}`);
    }

    for (const what of ['broken', 'cut']) {
        await step(what, model);
        const seen = [];
        const e = await failure(async () => {
            for await (const p of await chat('hi', stream)()) {
                seen.push(p);
            }
        }, `${model}: ${what} in mid-stream`);
        await step('whole', model);
        is(e.constructor.name, 'APIError', `${model}: ${what}: class`);
        ok(e.message && seen.length > 1, `${model}: ${what}: text, and what `
            + 'came before', [e.message, seen]);
        wire.check(`${model}: ${what}`);

        await step(what, model);
        await failure(() => client.chat.completions.stream({ model,
            messages: [{ role: 'user', content: 'hi' }] })
            .finalChatCompletion(), `${model}: ${what}, stream helper`);
        await step('whole', model);
        wire.check(`${model}: ${what}, stream helper`);
    }
}


main(async ({ url, png, vendors, text, thought }) => {
    const client = new OpenAI({ baseURL: `${url}/v1`, apiKey: 'none',
        maxRetries: 0, fetch: wire.fetch });

    for (const [model, kind] of Object.entries(vendors)) {
        const claude = kind === 'anthropic';
        const want = { text, thought, cached: claude, ends: [
            ['this is long', 'length', 'Once upon', null],
            ['nothing', 'stop', '', null],
            ['refuse it', ...(claude ? ['content_filter', 'Well']
                : ['stop', 'I will not do that']), null]] };

        await chat(client, model, want);
        await tools(client, model);
        await pictures(client, model, png);
        await schema(client, model);
        await thinking(client, model, want);
        await ends(client, model, want);
        await aborts(client, model);
        await errors(client, model);
        if (kind === 'ollama') {
            await embeddings(client, model);
        }
    }
});
