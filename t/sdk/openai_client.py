# Run by t/sdk_openai_py.t: the Python package "openai" as its users call it.

import asyncio

import openai
from openai import AsyncOpenAI, OpenAI

from harness import equal, failure, main, ok, step

MESSAGES = [{'role': 'user', 'content': 'hi'}]
TOOLS = [{'type': 'function', 'function': {'name': 'weather', 'parameters': {
    'type': 'object', 'properties': {'city': {'type': 'string'}}}}}]


def make(url, key='none', retries=0):
    return OpenAI(base_url=url, api_key=key, max_retries=retries,
                  organization='org-of-the-client', project='p')


def listings(client):
    models = list(client.models.list())
    equal([m.id for m in models], [
        'cloud:gpt-x', 'cloud:org/model-a', 'cloud:whisper',
        'local:llama3:latest', 'gone:lost'], 'list: ids')
    ok(all(m.object == 'model' and isinstance(m.created, int)
           for m in models), 'list: fields')
    equal(models[3].owned_by, 'local', 'list: owner')

    for name in 'cloud:org/model-a', 'local:llama3:latest':
        equal(client.models.retrieve(name).id, name, 'retrieve ' + name)


def chat(client, model):
    def create(**more):
        return client.chat.completions.create(model=model, messages=MESSAGES,
                                              **more)

    def text(parts):
        return ''.join(p.choices[0].delta.content or '' for p in parts
                       if p.choices)

    r = create()
    equal(r.choices[0].message.content, 'Hello from cloud', model + ': chat')
    equal(r.usage.total_tokens, 14, model + ': usage')

    parts = list(create(stream=True))
    equal(text(parts), 'Hello from cloud', model + ': stream')
    ok(not any(p.usage for p in parts), model + ': no usage unless asked for')
    equal(parts[-1].choices[0].finish_reason, 'stop', model + ': finish')

    parts = list(create(stream=True, stream_options={'include_usage': True}))
    equal(text(parts), 'Hello from cloud', model + ': stream with usage')
    equal([parts[-1].choices, parts[-1].usage.completion_tokens], [[], 3],
          model + ': the usage')

    parts = list(create(stream=True, tools=TOOLS))
    calls = [c for p in parts if p.choices
             for c in p.choices[0].delta.tool_calls or []]
    equal(calls[0].function.name, 'weather', model + ': tool')
    equal(''.join(c.function.arguments for c in calls), '{"city":"Bern"}',
          model + ': its arguments')

    r = client.completions.create(model=model, prompt='hi')
    equal(r.choices[0].text, 'Hello from cloud', model + ': completion')


def other(client, model):
    r = client.embeddings.create(model=model, input=['a', 'bc'])
    equal([d.embedding for d in r.data], [
        [0.515625, 0.5, 0.5, 0.5], [0.53125, 0.546875, 0.5, 0.5]],
        model + ': embeddings as base64')

    r = client.responses.create(model=model, input='hi')
    equal(r.output_text, 'Hello from cloud', model + ': response')
    events = list(client.responses.create(model=model, input='hi',
                                          stream=True))
    equal(''.join(e.delta for e in events
                  if e.type == 'response.output_text.delta'),
          'Hello from cloud', model + ': response stream')
    equal(events[-1].type, 'response.completed', model + ': its end')


def media(client):
    r = client.audio.transcriptions.create(
        model='cloud:whisper', file=('a.wav', b'\1' * 70000))
    equal(r.text, 'heard 70000 bytes', 'transcription')
    equal(step('form')['model'], 'whisper', 'its model')
    r = client.audio.transcriptions.create(
        model='cloud:whisper', file=('a.wav', b'\1'), response_format='text')
    equal(r, 'heard 1 bytes\n', 'transcription as text')

    with client.audio.speech.with_streaming_response.create(
            model='cloud:gpt-x', voice='v', input='hi') as r:
        equal(sum(map(len, r.iter_bytes())), 1028, 'speech')


def aborts(client, model):
    step('stall')
    stream = client.chat.completions.create(model=model, messages=MESSAGES,
                                            stream=True)
    next(stream)
    stream.close()
    step('closed', model.split(':')[0])


async def concurrent(url):
    client = AsyncOpenAI(base_url=url, api_key='none', max_retries=0)

    async def one(model):
        stream = await client.chat.completions.create(
            model=model, messages=MESSAGES, stream=True)
        return ''.join([p.choices[0].delta.content or '' async for p in stream
                        if p.choices])

    answers = await asyncio.gather(*(one(m) for m in [
        'cloud:gpt-x', 'local:llama3'] * 4))
    equal(set(answers), {'Hello from cloud'}, 'eight at once')

    step('stall')
    two = asyncio.Event()

    async def endless():
        async for _ in await client.chat.completions.create(
                model='cloud:gpt-x', messages=MESSAGES, stream=True):
            two.set()

    task = asyncio.create_task(endless())
    await two.wait()
    task.cancel()
    await asyncio.wait([task])
    ok(task.cancelled(), 'canceled')
    step('closed', 'cloud')


def errors(url, key):
    client = make(url + '/v1')

    def call(model, **more):
        return lambda: client.chat.completions.create(
            model=model, messages=MESSAGES, **more)

    cases = [
        ('unknown model of a vendor', openai.NotFoundError, '`nope`',
         call('cloud:nope')),
        ('unknown model of the Ollama', openai.NotFoundError, "'nope'",
         call('local:nope')),
        ('unknown model', openai.NotFoundError, 'nope',
         call('nope', stream=True)),
        ('unknown model to retrieve', openai.NotFoundError, 'cloud:no/pe',
         lambda: client.models.retrieve('cloud:no/pe')),
        ('no model', openai.BadRequestError, 'model', call('')),
        ('server is down', openai.InternalServerError, 'gone',
         call('gone:lost')),
        ('bad key', openai.AuthenticationError, 'key',
         lambda: list(make(url + '/guarded/v1').models.list())),
    ]

    for name, kind, text, do in cases:
        e = failure(do, kind, name + ': fails')
        ok(text in e.message and isinstance(e.type, str), name + ': text',
           [e.message, e.body])

    step('limit', 7)
    e = failure(call('cloud:gpt-x'), openai.RateLimitError, 'limited: fails')
    equal([e.code, e.response.headers['retry-after']],
          ['rate_limit_exceeded', '7'], 'limited: Retry-After')

    step('limit', 0)
    r = make(url + '/v1', retries=1).chat.completions.create(
        model='cloud:gpt-x', messages=MESSAGES)
    equal(r.choices[0].message.content, 'Hello from cloud', 'tried again')

    step('cut')
    e = failure(lambda: list(call('cloud:gpt-x', stream=True)()),
                openai.APIError, 'error in mid-stream')
    ok('The server had an error' in e.message, 'its text', e.message)
    step('whole')

    for base in '/guarded/v1', '/guarded', '/guarded/' + key + '/v1/':
        r = make(url + base, key).chat.completions.create(
            model='gpt-x', messages=MESSAGES)
        equal(r.choices[0].message.content, 'Hello from cloud',
              'with a key: ' + base)


def run(config):
    client = make(config['url'] + '/v1')

    listings(client)
    for model in 'cloud:gpt-x', 'local:llama3':
        chat(client, model)
        other(client, model)
        aborts(client, model)
    media(client)
    asyncio.run(concurrent(config['url'] + '/v1'))
    errors(config['url'], config['key'])


main(run)
