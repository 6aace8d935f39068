'use strict';

// Run by t/sdk_bridge_ollama_js.t: the npm package "ollama" by vendors of
// other dialects.

const { load, ok, is, failure, step, collect, main } = require('./harness.js');
const { Wire } = require('./wire.js');
const { Ollama } = load('ollama');

const wire = new Wire();
const user = (content, more) => [{ role: 'user', content, ...more }];
const join = (parts, name) => parts.map((p) => p.message[name] ?? '').join('');


async function chat(client, model, want) {
    const name = `${model}: chat`;

    let r = await client.chat({ model, messages: user('hi') });
    wire.check(name);
    is([r.message.role, r.message.content, r.model, r.done, r.done_reason],
        ['assistant', want.text, model, true, 'stop'], name);
    is([r.prompt_eval_count, r.eval_count], [11, 7], `${name}: counts`);
    ok(r.total_duration > 0 && r.total_duration < 60e9
        && Number.isInteger(r.total_duration), `${name}: it took some time`,
        r);
    ok(!Number.isNaN(Date.parse(r.created_at)), `${name}: time`, r);

    const parts = await collect(await client.chat({ model, stream: true,
        messages: user('hi'), keep_alive: '5m' }));
    wire.check(`${name}, stream`);
    is([join(parts, 'content'), parts.length], [want.text, 8],
        `${name}: stream`);
    is([parts.at(-1).done, parts.at(-1).done_reason, parts.at(-1).eval_count],
        [true, 'stop', 7], `${name}: its end`);

    r = await client.chat({ model, messages: [{ role: 'system',
        content: 'Be "brief"' }, ...user('the system')],
        options: { temperature: 0.5, num_ctx: 4096, num_predict: 200 } });
    wire.check(`${name}, system`);
    is(r.message.content, 'Be "brief"', `${name}: system prompt`);
}


async function generate(client, model, want, png) {
    const name = `${model}: generate`;

    let r = await client.generate({ model, prompt: 'hi' });
    wire.check(name);
    is([r.response, r.model, r.done_reason, r.eval_count], [want.text, model,
        'stop', 7], name);

    const parts = await collect(await client.generate({ model, prompt: 'hi',
        stream: true }));
    wire.check(`${name}, stream`);
    is(parts.map((p) => p.response).join(''), want.text, `${name}: stream`);
    is(parts.at(-1).prompt_eval_count, 11, `${name}: its counts`);

    r = await client.generate({ model, prompt: 'the system',
        system: 'Be "brief"' });
    is(r.response, 'Be "brief"', `${name}: system prompt`);
    r = await client.generate({ model, prompt: 'a picture', images: [png] });
    is(r.response, 'image/png 70; ', `${name}: picture`);
    r = await client.generate({ model, prompt: 'think', think: true });
    is([r.thinking, r.response], [want.thought, want.text],
        `${name}: thinking`);
    r = await client.generate({ model, prompt: '', keep_alive: 0 });
    is([r.done_reason, r.response], ['unload', ''], `${name}: unload`);
    wire.check(`${name}: other`);
}


// A loop of tools to its end: two calls at once, one more, the text.

async function loop(client, model, stream, body, name) {
    const messages = user(body.say);
    const calls = [];
    const tool = (f, parameters) => ({ type: 'function', function: { name: f,
        description: f, parameters } });
    let text;

    for (let round = 0; round < 4; round++) {
        const r = await client.chat({ model, messages, stream, ...body.more,
            tools: [tool('weather', { type: 'object', required: ['city'],
                properties: { city: { type: 'string', description: 'city' } }
            }), tool('average', { type: 'object', properties: {} })] });
        const parts = stream ? await collect(r) : [r];
        wire.check(`${name}, ${round}`);

        const made = parts.flatMap((p) => p.message.tool_calls ?? []);
        calls.push(...made);
        text = join(parts, 'content');
        is(parts.at(-1).done_reason, 'stop', `${name}, ${round}: its end`);

        if (!made.length) {
            break;
        }

        messages.push({ role: 'assistant', content: text, tool_calls: made,
            thinking: join(parts, 'thinking') || undefined });
        for (const { function: f } of made) {
            messages.push({ role: 'tool', tool_name: f.name,
                content: f.name === 'weather'
                    ? `${f.arguments.city.length} degrees`
                    : String(f.arguments.values.length) });
        }
    }

    is(text, 'weather 6 degrees; weather 4 degrees; average 2; ', name);
    is(calls.map((c) => [c.function.name, c.function.arguments]), [['weather',
        { n: 1.5, city: 'Zürich' }], ['weather', { city: 'Bern' }],
        ['average', { values: [6, 4], round: true }]], `${name}: calls`);
    return messages;
}


async function schema(client, model) {
    const format = { type: 'object', properties: { city: { type: 'string' },
        people: { type: 'integer' }, river: { type: 'string' } },
        required: ['city', 'people', 'river'] };
    const town = { city: 'Zürich', people: 434000, river: 'Limmat' };

    const r = await client.chat({ model, messages: user('by schema'),
        format });
    wire.check(`${model}: schema`);
    is(JSON.parse(r.message.content), town, `${model}: schema`);

    const parts = await collect(await client.chat({ model, stream: true,
        messages: user('by schema'), format }));
    wire.check(`${model}: schema, stream`);
    is(JSON.parse(join(parts, 'content')), town, `${model}: schema, stream`);
}


async function thinking(client, model, want) {
    const name = `${model}: thinking`;

    for (const think of [true, 'low']) {
        const r = await client.chat({ model, think, messages: user('think') });
        wire.check(name);
        is([r.message.thinking, r.message.content], [want.thought, want.text],
            `${name}, ${think}`);

        const parts = await collect(await client.chat({ model, think,
            messages: user('think'), stream: true }));
        wire.check(`${name}, stream`);
        is([join(parts, 'thinking'), join(parts, 'content')], [want.thought,
            want.text], `${name}, ${think}, stream`);
        ok(parts.filter((p) => p.message.thinking).length >= 4,
            `${name}, ${think}, stream: as it comes`, parts);
    }

    for (const stream of [false, true]) {
        const all = await loop(client, model, stream, { say:
            'think of the weather', more: { think: true } },
            `${name}, tools, ${stream}`);
        is(all[1].thinking, want.thought, `${name}, tools, ${stream}`);
    }
}


async function ends(client, model, want) {
    for (const [content, reason, text] of want.ends) {
        const name = `${model}: ${content}`;
        const r = await client.chat({ model, messages: user(content) });
        wire.check(name);
        is([r.done_reason, r.message.content], [reason, text], name);

        const parts = await collect(await client.chat({ model, stream: true,
            messages: user(content) }));
        wire.check(`${name}, stream`);
        is([parts.at(-1).done_reason, join(parts, 'content')], [reason, text],
            `${name}, stream`);
    }
}


async function embeddings(client, model) {
    let r = await client.embed({ model, input: ['a', 'bc'] });
    is([r.embeddings, r.prompt_eval_count, r.model], [[[0.515625, 0.5, 0.5,
        0.5], [0.53125, 0.546875, 0.5, 0.5]], 8, model], `${model}: embed`);
    r = await client.embed({ model, input: 'a', truncate: true });
    is(r.embeddings.length, 1, `${model}: embed one`);
    r = await client.embeddings({ model, prompt: 'a' });
    is(r.embedding, [0.515625, 0.5, 0.5, 0.5], `${model}: embeddings`);
    wire.check(`${model}: embeddings`);
}


async function aborts(client, model) {
    await step('stall', model);
    const stream = await client.chat({ model, stream: true,
        messages: user('hi') });
    const e = await failure(async () => {
        let n = 0;
        for await (const part of stream) {
            if (part.message.content && ++n === 2) {
                client.abort();
            }
        }
    }, `${model}: aborted`);
    is(e.name, 'AbortError', `${model}: aborted: class`);
    await step('closed', model);
    wire.check(`${model}: aborted`, { aborted: true });
}


async function errors(client, model, kind) {
    const chat = (content, more) => () => client.chat({ model,
        messages: user(content), ...more });
    const stream = { stream: true };

    const cases = [
        ['an unknown model', 404, /nope/, chat('hi', {
            model: `${model.split(':')[0]}:nope` })],
        ['a refusal of the vendor', 400, /the prompt is "too" long/,
            chat('too much')],
        ['the same before a stream', 400, /the prompt is "too" long/,
            chat('too much', stream)],
        ['what the vendor cannot do', 400, /template/, () => client.generate({
            model, prompt: 'a', template: '{{ .Prompt }}' })],
        ...(kind === 'anthropic' ? [['vectors', 400, /anthropic/i,
            () => client.embed({ model, input: 'a' })]] : []),
    ];

    for (const [what, status, text, call] of cases) {
        const e = await failure(call, `${model}: ${what}`);
        is([e.name, e.status_code], ['ResponseError', status],
            `${model}: ${what}: class and status`);
        ok(text.test(e.message), `${model}: ${what}: text`, e.message);
        wire.check(`${model}: ${what}`);
    }

    for (const [what, status] of [['limit', 429], ['overload', 503]]) {
        await step(what, model);
        const e = await failure(chat('hi', stream), `${model}: ${what}`);
        is(e.status_code, status, `${model}: ${what}: status`);
        wire.check(`${model}: ${what}`);
    }

    for (const what of ['broken', 'cut']) {
        const seen = [];
        await step(what, model);
        const e = await failure(async () => {
            for await (const part of await chat('hi', stream)()) {
                seen.push(part);
            }
        }, `${model}: ${what} in mid-stream`);
        await step('whole', model);
        ok(e.message && !/did not receive done/i.test(e.message)
            && seen.length > 1, `${model}: ${what}: text, and what came `
            + 'before', [e.message, seen]);
        wire.check(`${model}: ${what}`);
    }
}


main(async ({ url, png, vendors, ...given }) => {
    const client = new Ollama({ host: url, fetch: wire.fetch });

    for (const [model, kind] of Object.entries(vendors)) {
        const want = { ...given, ends: [['this is long', 'length',
            'Once upon'], ['nothing', 'stop', ''], ['refuse it', 'stop',
            kind === 'openai' ? 'I will not do that' : 'Well']] };

        await chat(client, model, want);
        await generate(client, model, want, png);
        for (const stream of [false, true]) {
            await loop(client, model, stream, { say: 'weather, please' },
                `${model}: tools, ${stream}`);
        }

        const r = await client.chat({ model, messages: user('a picture',
            { images: [png, Buffer.from(png, 'base64')] }) });
        wire.check(`${model}: pictures`);
        is(r.message.content, 'image/png 70; image/png 70; ',
            `${model}: pictures`);

        await schema(client, model);
        await thinking(client, model, want);
        await ends(client, model, want);
        await aborts(client, model);
        await errors(client, model, kind);
        if (kind === 'openai') {
            await embeddings(client, model);
        }
    }
});
