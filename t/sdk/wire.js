'use strict';

// What the gateway sends to an SDK, byte by byte, held against the types that
// the SDK declares (see ./answers.ts) and the framing of its API:
//
//     const wire = new Wire();
//     const client = new OpenAI({ fetch: wire.fetch, ... });
//     ...
//     wire.check('a stream');      // all that came since the last check

const fs = require('node:fs');
const path = require('node:path');

const { load, ok, is } = require('./harness.js');

const Ajv = load('ajv');
const SSE = 'text/event-stream';
const NDJSON = 'application/x-ndjson';

// by path: the types of an answer and of an event, how events are framed

const APIS = [
    [/\/chat\/completions$/, 'Completion', 'Chunk', SSE],
    [/\/responses$/, 'OpenAIResponse', 'ResponseEvent', SSE],
    [/\/v1\/embeddings$/, 'Vectors'],
    [/\/v1\/messages$/, 'AnthropicMessage', 'MessageEvent', SSE],
    [/\/api\/chat$/, 'Chat', 'Chat', NDJSON],
    [/\/api\/generate$/, 'Generate', 'Generate', NDJSON],
    [/\/api\/embed$/, 'Embed'],
    [/\/api\/embeddings$/, 'Embeddings'],
];

const METRICS = { total_duration: 0, load_duration: 0, prompt_eval_count: 0,
    prompt_eval_duration: 0, eval_count: 0, eval_duration: 0 };

// What servers of these APIs send and the SDK's types do not have, or have as
// something else: undone here, so that all else can be held against them.

const KNOWN = {
    // metrics come at the end, and what is 0 does not; no context; calls have
    // ids since 0.12

    Chat(o) {
        o.message?.tool_calls?.forEach((c) => {
            delete c.id;
            delete c.function?.index;
        });
        return { ...METRICS, ...(o.done ? {} : { done_reason: '' }), ...o };
    },
    Generate: (o) => ({ ...METRICS, ...(o.done ? {} : { done_reason: '' }),
        context: [], ...o }),

    Embed: (o) => ({ total_duration: 0, load_duration: 0, ...o }),

    // the thinking of models other than OpenAI's

    Completion(o) {
        o.choices?.forEach((c) => delete c.message?.reasoning_content);
        return o;
    },
    Chunk(o) {
        o.choices?.forEach((c) => delete c.delta?.reasoning_content);
        return o;
    },

    // the SDK itself adds the text; an error is as older ones have it, too

    OpenAIResponse: (o) => ({ output_text: '', ...o }),
    ResponseEvent(o) {
        if (o.type === 'error') {
            delete o.error;
        }
        return o.response ? { ...o, response: { output_text: '',
            ...o.response } } : o;
    },

    // numbers, unless they are asked for as base64

    Vectors(o) {
        o.data?.forEach((d) => {
            if (typeof d.embedding === 'string') {
                const b = Buffer.from(d.embedding, 'base64');
                d.embedding = b.length % 4 ? d.embedding : Array.from(
                    { length: b.length / 4 }, (_, i) => b.readFloatLE(i * 4));
            }
        });
        return o;
    },
};

let ajv, definitions;
const validators = {}, spoilt = new Set();


function definition(schema) {
    let s = schema;

    while (s.$ref) {
        s = definitions[decodeURIComponent(s.$ref.slice(
            '#/definitions/'.length))];
    }

    return s;
}


// The members of a union, whatever unions it is made of.

function members(schema) {
    const s = definition(schema);
    return s.anyOf ? s.anyOf.flatMap(members) : [s];
}


// Of a union the member that has the object's "type".

function validator(type, object) {
    if (!ajv) {
        const file = path.join(process.env.TEST_SDK_NODE_MODULES,
            '../schemas.json');
        const schemas = JSON.parse(fs.readFileSync(file));
        definitions = schemas.definitions;
        ajv = new Ajv({ strict: false, allErrors: true });
        load('ajv-formats')(ajv);
        ajv.addSchema(schemas, 'sdk');
    }

    const all = members({ $ref: `#/definitions/${type}` });
    const one = all.length === 1 ? all[0] : all.find((s) =>
        s.properties?.type?.const === object?.type);
    const name = Object.keys(definitions).find((n) =>
        definitions[n] === one) ?? type;

    validators[name] ??= ajv.compile({ $ref:
        `sdk#/definitions/${encodeURIComponent(name)}` });
    return validators[name];
}


// What is not as the type has it.

function wrong(type, value) {
    const object = (KNOWN[type] ?? ((o) => o))(structuredClone(value));
    const check = validator(type, object);

    if (!spoilt.has(type)) {
        spoilt.add(type);
        ok(!check({ ...object, other: 1 }) && !check({ ...object, model: 1,
            type: 1, embedding: 1 }), `${type}: what is wrong is seen`);
    }

    return check(object) ? [] : check.errors.slice(0, 5).map((e) =>
        `${type}${e.instancePath} ${e.message} ${JSON.stringify(e.params)}: `
        + JSON.stringify(value).slice(0, 400));
}


function parse(text, bad) {
    try {
        return JSON.parse(text);
    } catch (e) {
        bad.push(`no JSON: ${text.slice(0, 200)}`);
        return undefined;
    }
}


// An error as its API has it.

function wrongError(type, o) {
    const keys = (e) => Object.keys(e ?? {}).sort().join();

    if (/^(?:Chat|Generate|Embed)/.test(type)) {
        return keys(o) === 'error' && typeof o.error === 'string' ? []
            : [`an error: ${JSON.stringify(o)}`];
    }

    if (/^(?:Anthropic|Message)/.test(type)) {
        // the classes of errors have it, their types do not

        const { details, ...error } = o.error ?? {};
        return wrong('MessageError', { request_id: null, ...o, error });
    }

    return keys(o) === 'error' && keys(o.error) === 'code,message,param,type'
        && typeof o.error.message === 'string'
        && typeof o.error.type === 'string' ? []
        : [`an error: ${JSON.stringify(o)}`];
}


function events(record, type, bad) {
    const frames = record.text.split('\n\n');
    const tail = frames.pop();
    let ended = '';

    if (tail !== '' && !record.aborted) {
        bad.push(`the end is no event: ${tail}`);
    }

    for (const frame of frames) {
        const lines = frame.split('\n').filter((l) => !l.startsWith(':'));
        const data = lines.at(-1)?.match(/^data: (.*)$/s)?.[1];
        const name = lines.length === 2
            ? lines[0].match(/^event: (.*)$/)?.[1] : undefined;

        if (lines.length === 0) {
            continue;
        }

        if (data === undefined || lines.length > (type === 'Chunk' ? 1 : 2)) {
            bad.push(`no event: ${frame}`);
            continue;
        }

        if (ended === 'done' || ended === 'error' && data !== '[DONE]'
            && name !== 'response.failed')
        {
            bad.push(`after the end: ${frame}`);
        }

        if (type === 'Chunk' && data === '[DONE]') {
            ended = 'done';
            continue;
        }

        const o = parse(data, bad);
        record.frames.push(o);

        if (type !== 'Chunk' && name !== o?.type) {
            bad.push(`event "${name}": ${data}`);
        }

        if (o?.error && type !== 'ResponseEvent') {
            ended = 'error';
            bad.push(...wrongError(type, o));

        } else if (o?.type !== 'ping') {
            bad.push(...wrong(type, o));
        }

        if (/^(?:message_stop|response\.(?:completed|incomplete|failed))$/
            .test(o?.type))
        {
            ended = 'done';
        }
    }

    if (!record.aborted && !ended) {
        bad.push(`no end: ${frames.at(-1)}`);
    }
}


function lines(record, type, bad) {
    const all = record.text.split('\n');
    const tail = all.pop();
    let ended = false;

    if (tail !== '' && !record.aborted) {
        bad.push(`the end is no line: ${tail}`);
    }

    for (const line of all) {
        const o = parse(line, bad);
        record.frames.push(o);

        if (/[\u0085\u2028\u2029]/.test(line)) {
            bad.push(`what ends lines elsewhere: ${line}`);
        }

        if (ended) {
            bad.push(`after the end: ${line}`);
        }

        bad.push(...(o?.error ? wrongError(type, o) : wrong(type, o)));
        ended = Boolean(o?.error || o?.done);
    }

    if (!record.aborted && !ended) {
        bad.push(`no end: ${all.at(-1)}`);
    }
}


function problems(record) {
    const bad = [];
    const [, answer, event, framing] = APIS.find(([p]) => p.test(record.path))
        ?? [];
    record.text = Buffer.concat(record.bytes).toString();

    if (!answer) {
        return [`what is ${record.path}?`];
    }

    if (/^application\/json/.test(record.type)) {
        const o = parse(record.text, bad);
        record.frames.push(o);
        bad.push(...(record.status < 400 ? wrong(answer, o)
            : wrongError(answer, o)));

    } else if (!record.type.startsWith(framing) || record.status !== 200) {
        bad.push(`${record.status}, ${record.type}`);

    } else {
        (framing === SSE ? events : lines)(record, event, bad);
    }

    return bad;
}


class Wire {
    constructor() {
        this.records = [];
        this.fetch = async (url, init) => {
            const r = await fetch(url, init);
            const record = { path: new URL(r.url).pathname, bytes: [],
                status: r.status, frames: [],
                type: r.headers.get('content-type') ?? '' };

            this.records.push(record);
            const body = r.body?.pipeThrough(new TransformStream({
                transform(piece, to) {
                    record.bytes.push(Buffer.from(piece));
                    to.enqueue(piece);
                } }));
            return new Response(body, r);
        };
    }

    // Gives the objects that came, in their order.

    check(name, { aborted } = {}) {
        const records = this.records;
        this.records = [];
        records.forEach((r) => { r.aborted = aborted; });

        const bad = records.flatMap(problems);
        is(records.length ? bad : ['nothing came'], [],
            `${name}: as the SDK declares it`);
        return records.flatMap((r) => r.frames);
    }
}


module.exports = { Wire };
