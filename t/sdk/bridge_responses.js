'use strict';

// Run by t/sdk_bridge_responses_js.t: the responses API of the npm package
// "openai" by vendors that do not have it.

const { load, ok, is, failure, step, collect, main } = require('./harness.js');
const { Wire } = require('./wire.js');
const { OpenAI } = load('openai');

const wire = new Wire();
const body = (model, input, more) => ({ model, input, store: false, ...more });


async function text(client, model, want) {
    const name = `${model}: response`;

    let r = await client.responses.create(body(model, 'hi'));
    wire.check(name);
    is([r.output_text, r.model, r.status, r.error, r.incomplete_details],
        [want.text, model, 'completed', null, null], name);
    is([r.usage.input_tokens, r.usage.output_tokens, r.usage.total_tokens],
        [11, 7, 18], `${name}: usage`);
    if (want.cached) {
        is(r.usage.input_tokens_details.cached_tokens, 4, `${name}: cached`);
    }

    const events = await collect(await client.responses.create(body(model,
        'hi', { stream: true })));
    wire.check(`${name}, stream`);
    is(events.filter((e) => e.type === 'response.output_text.delta')
        .map((e) => e.delta).join(''), want.text, `${name}, stream`);
    is(events.map((e) => e.sequence_number), [...events.keys()],
        `${name}, stream: numbers`);
    is([events[0].type, events.at(-1).type, events.at(-1).response.usage
        .output_tokens], ['response.created', 'response.completed', 7],
        `${name}, stream: ends`);

    r = await client.responses.create(body(model, [{ role: 'user', content: [
        { type: 'input_text', text: 'the system' }] }],
        { instructions: 'Be "brief"' }));
    wire.check(`${name}, system`);
    is(r.output_text, 'Be "brief"', `${name}: instructions`);

    const stream = client.responses.stream(body(model, 'hi'));
    let pieces = '';
    stream.on('response.output_text.delta', (e) => { pieces += e.delta; });
    r = await stream.finalResponse();
    wire.check(`${name}, stream helper`);
    is([pieces, r.output_text], [want.text, want.text],
        `${name}: stream helper`);
}


// A loop of tools to its end: two calls at once, one more, the text.

async function loop(client, model, stream, given, name) {
    const input = [{ role: 'user', content: given.say }];
    const calls = [];
    const tool = (f, parameters) => ({ type: 'function', name: f, parameters,
        description: f, strict: false });
    let r;

    for (let round = 0; round < 4; round++) {
        const q = body(model, input, { ...given.more, tools: [
            tool('weather', { type: 'object', properties: {
                city: { type: 'string' } } }),
            tool('average', { type: 'object', properties: {} })] });
        r = stream ? await client.responses.stream(q).finalResponse()
            : await client.responses.create(q);
        wire.check(`${name}, ${round}`);

        const made = r.output.filter((o) => o.type === 'function_call');
        calls.push(...made);
        input.push(...r.output);
        if (!made.length) {
            break;
        }
        for (const c of made) {
            const a = JSON.parse(c.arguments);
            input.push({ type: 'function_call_output', call_id: c.call_id,
                output: c.name === 'weather' ? `${a.city.length} degrees`
                    : [{ type: 'input_text', text: `${a.values.length}` }] });
        }
    }

    is(r.output_text, 'weather 6 degrees; weather 4 degrees; average 2; ',
        name);
    is(calls.map((c) => [c.name, JSON.parse(c.arguments)]), [['weather',
        { n: 1.5, city: 'Zürich' }], ['weather', { city: 'Bern' }],
        ['average', { values: [6, 4], round: true }]], `${name}: calls`);
    is(new Set(calls.map((c) => c.call_id)).size, 3, `${name}: ids`);
    ok(/"n":1\.50/.test(calls[0].arguments), `${name}: digits`, calls);
    return input;
}


async function schema(client, model) {
    const format = { type: 'json_schema', name: 'town', strict: true,
        schema: { type: 'object', properties: { city: { type: 'string' },
            people: { type: 'integer' }, river: { type: 'string' } },
        required: ['city', 'people', 'river'], additionalProperties: false } };
    const town = { city: 'Zürich', people: 434000, river: 'Limmat' };

    let r = await client.responses.parse(body(model, 'by schema',
        { text: { format } }));
    wire.check(`${model}: schema`);
    is(JSON.parse(r.output_text), town, `${model}: schema`);

    r = await client.responses.stream(body(model, 'by schema',
        { text: { format } })).finalResponse();
    wire.check(`${model}: schema, stream`);
    is(JSON.parse(r.output_text), town, `${model}: schema, stream`);
}


async function thinking(client, model, want) {
    const name = `${model}: thinking`;
    const more = { reasoning: { effort: 'low', summary: 'auto' },
        include: ['reasoning.encrypted_content'] };
    const thoughts = (r) => r.output.filter((o) => o.type === 'reasoning')
        .flatMap((o) => [...o.summary, ...(o.content ?? [])])
        .map((p) => p.text).join('');

    for (const stream of [false, true]) {
        const q = body(model, 'think', more);
        const r = stream ? await client.responses.stream(q).finalResponse()
            : await client.responses.create(q);
        wire.check(`${name}, ${stream}`);
        is([thoughts(r), r.output_text, r.output[0].type], [want.thought,
            want.text, 'reasoning'], `${name}, ${stream}`);

        // what is given back as it came is what Anthropic takes

        await loop(client, model, stream, { say: 'think of the weather',
            more }, `${name}, tools, ${stream}`);
    }
}


async function ends(client, model, want) {
    for (const [input, status, reason, says] of want.ends) {
        const name = `${model}: ${input}`;

        for (const stream of [false, true]) {
            const q = body(model, input);
            const r = stream ? await client.responses.stream(q).finalResponse()
                : await client.responses.create(q);
            wire.check(`${name}, ${stream}`);
            is([r.status, r.incomplete_details?.reason, r.output_text],
                [status, reason, says], `${name}, ${stream}`);
        }
    }
}


async function aborts(client, model) {
    await step('stall', model);
    const stream = await client.responses.create(body(model, 'hi',
        { stream: true }));
    let n = 0;
    for await (const event of stream) {
        if (event.type === 'response.output_text.delta' && ++n === 2) {
            stream.controller.abort();
        }
    }
    ok(n >= 2, `${model}: aborted after two pieces`, n);
    await step('closed', model);
    wire.check(`${model}: aborted`, { aborted: true });
}


async function errors(client, model) {
    const create = (input, more) => () => client.responses.create(body(model,
        input, more));
    const stream = { stream: true };

    const cases = [
        ['an unknown model', 404, 'NotFoundError', /nope/, create('hi',
            { model: `${model.split(':')[0]}:nope` })],
        ['a refusal of the vendor', 400, 'BadRequestError',
            /the prompt is "too" long/, create('too much')],
        ['the same before a stream', 400, 'BadRequestError',
            /the prompt is "too" long/, create('too much', stream)],
        ['a response that was stored', 400, 'BadRequestError',
            /previous_response_id/, create('hi', { previous_response_id:
                'resp_1' })],
        ['a tool of OpenAI', 400, 'BadRequestError', /web_search/,
            create('hi', { tools: [{ type: 'web_search' }] })],
    ];

    for (const [what, status, type, message, call] of cases) {
        const e = await failure(call, `${model}: ${what}`);
        is([e.constructor.name, e.status], [type, status],
            `${model}: ${what}: class and status`);
        ok(message.test(e.message), `${model}: ${what}: text`, e.message);
        wire.check(`${model}: ${what}`);
    }

    for (const [what, status, type, after] of [
        ['limit', 429, 'RateLimitError', '7'],
        ['overload', 503, 'InternalServerError', null]])
    {
        await step(what, model);
        const e = await failure(create('hi', stream), `${model}: ${what}`);
        is([e.constructor.name, e.status, e.headers.get('retry-after')],
            [type, status, after], `${model}: ${what}: class, status, when`);
        wire.check(`${model}: ${what}`);
    }

    for (const what of ['broken', 'cut']) {
        await step(what, model);
        const seen = [];
        let e;
        try {
            for await (const event of await create('hi', stream)()) {
                seen.push(event.type);
            }
        } catch (error) {
            e = error;
        }
        await step('whole', model);
        ok(e?.message || /^(?:error|response\.failed)$/.test(seen.at(-1)),
            `${model}: ${what} in mid-stream: told`, [e?.message, seen]);
        ok(seen.includes('response.output_text.delta'),
            `${model}: ${what}: what came before`, seen);
        wire.check(`${model}: ${what}`);
    }
}


main(async ({ url, png, vendors, ...given }) => {
    const client = new OpenAI({ baseURL: `${url}/v1`, apiKey: 'none',
        maxRetries: 0, fetch: wire.fetch });

    for (const [model, kind] of Object.entries(vendors)) {
        const claude = kind === 'anthropic';
        const want = { ...given, cached: kind !== 'ollama', ends: [
            ['this is long', 'incomplete', 'max_output_tokens', 'Once upon'],
            ['nothing', 'completed', undefined, ''],
            ['refuse it', ...(claude ? ['incomplete', 'content_filter',
                'Well'] : ['completed', undefined, kind === 'bare' ? ''
                : 'I will not do that'])]] };

        await text(client, model, want);
        for (const stream of [false, true]) {
            await loop(client, model, stream, { say: 'weather, please' },
                `${model}: tools, ${stream}`);
        }

        const r = await client.responses.create(body(model, [{ role: 'user',
            content: [{ type: 'input_text', text: 'a picture' },
                { type: 'input_image', detail: 'auto', image_url:
                    `data:image/png;base64,${png}` }] }]));
        wire.check(`${model}: picture`);
        is(r.output_text, 'image/png 70; ', `${model}: picture`);

        await schema(client, model);
        await thinking(client, model, want);
        await ends(client, model, want);
        await aborts(client, model);
        await errors(client, model);
    }
});
