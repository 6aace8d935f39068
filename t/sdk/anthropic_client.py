# Run by t/sdk_anthropic_py.t: the Python package "anthropic" as its users call it.

import asyncio

import anthropic
from anthropic import Anthropic, AsyncAnthropic

from harness import equal, failure, main, ok, step

MESSAGES = [{'role': 'user', 'content': 'hi'}]
TOOLS = [{'name': 'weather', 'input_schema': {
    'type': 'object', 'properties': {'city': {'type': 'string'}}}}]


def make(url, **more):
    return Anthropic(base_url=url, max_retries=0, **(
        {'api_key': 'none'} | more))


def listings(client):
    want = ['claude:claude-' + c for c in 'abcde']
    want += ['local:llama3:latest', 'gone:lost']

    for limit in 2, 1000:
        models = list(client.models.list(limit=limit))
        equal([m.id for m in models], want, 'list in pages of %d' % limit)
        ok(all(m.type == 'model' and m.display_name and m.created_at.tzinfo
               for m in models), 'list: fields')

    page = client.models.list(limit=2, after_id='claude:claude-b')
    equal([m.id for m in page.data], ['claude:claude-c', 'claude:claude-d'],
          'a page')

    for name in 'claude:claude-b', 'local:llama3:latest':
        equal(client.models.retrieve(name).id, name, 'retrieve ' + name)


def inference(client, model):
    body = {'model': model, 'max_tokens': 100, 'messages': MESSAGES}

    r = client.messages.create(**body)
    equal([r.content[0].text, r.stop_reason], ['Hello from claude',
          'end_turn'], model + ': message')

    events = list(client.messages.create(**body, stream=True))
    equal([events[0].type, events[-1].type], ['message_start',
          'message_stop'], model + ': events')

    with client.messages.stream(**body) as stream:
        equal(''.join(stream.text_stream), 'Hello from claude',
              model + ': text of a stream')
        r = stream.get_final_message()
    equal([r.usage.input_tokens, r.usage.output_tokens], [11, 3],
          model + ': its usage')

    with client.messages.stream(**body, tools=TOOLS) as stream:
        r = stream.get_final_message()
    equal([r.content[0].name, r.content[0].input, r.stop_reason],
          ['weather', {'city': 'Bern'}, 'tool_use'], model + ': tool call')


def aborts(client):
    step('stall')
    stream = client.messages.create(
        model='claude:claude-a', max_tokens=9, messages=MESSAGES, stream=True)
    next(stream)
    stream.close()
    step('closed')


async def concurrent(url):
    client = AsyncAnthropic(base_url=url, api_key='none', max_retries=0)
    body = {'max_tokens': 9, 'messages': MESSAGES}

    answers = await asyncio.gather(*(client.messages.create(model=m, **body)
                                     for m in ['claude:claude-a',
                                               'local:llama3'] * 4))
    equal({a.content[0].text for a in answers}, {'Hello from claude'},
          'eight at once')

    step('stall')
    begun = asyncio.Event()

    async def endless():
        async with client.messages.stream(model='claude:claude-a',
                                          **body) as stream:
            async for _ in stream:
                begun.set()

    task = asyncio.create_task(endless())
    await begun.wait()
    task.cancel()
    await asyncio.wait([task])
    ok(task.cancelled(), 'canceled')
    step('closed')


def errors(url, key):
    client = make(url)

    def call(model, client=client, messages=MESSAGES, **more):
        return lambda: client.messages.create(
            model=model, max_tokens=9, messages=messages, **more)

    guarded = url + '/guarded'
    cases = [
        ('unknown model of a vendor', anthropic.NotFoundError,
         'model: nope', call('claude:nope')),
        ('unknown model', anthropic.NotFoundError, 'nope',
         call('nope', stream=True)),
        ('unknown model to retrieve', anthropic.NotFoundError, 'nope',
         lambda: client.models.retrieve('nope')),
        ('no model', anthropic.BadRequestError, 'model', call('')),
        ('no messages', anthropic.BadRequestError, 'at least one',
         call('claude:claude-a', messages=[])),
        ('server is down', anthropic.InternalServerError, 'gone',
         call('gone:lost')),
        ('bad key', anthropic.AuthenticationError, 'key',
         call('claude:claude-a', make(guarded))),
    ]

    for name, kind, text, do in cases:
        e = failure(do, kind, name + ': fails')
        ok(text in e.body['error']['message'], name + ': text', e.body)

    step('limit', 7)
    e = failure(call('claude:claude-a'), anthropic.RateLimitError,
                'limited: fails')
    equal(e.response.headers['retry-after'], '7', 'limited: Retry-After')

    step('overload')
    e = failure(call('claude:claude-a'), anthropic.APIStatusError,
                'overloaded: fails')
    equal([e.status_code, e.body['error']['type']],
          [529, 'overloaded_error'], 'overloaded: type')

    step('cut')
    e = failure(lambda: list(call('claude:claude-a', stream=True)()),
                anthropic.APIStatusError, 'error in mid-stream')
    ok('Overloaded' in str(e), 'its text', str(e))
    step('whole')

    for client in (make(guarded, api_key=key), make(guarded + '/' + key),
                   make(guarded, api_key=None, auth_token=key)):
        r = call('claude-a', client)()
        equal(r.content[0].text, 'Hello from claude', 'with a key')


def run(config):
    client = make(config['url'])

    listings(client)
    inference(client, 'claude:claude-a')
    inference(client, 'local:llama3')
    r = client.messages.count_tokens(model='claude:claude-a',
                                     messages=MESSAGES)
    equal(r.input_tokens, 14, 'count tokens')
    aborts(client)
    asyncio.run(concurrent(config['url']))
    errors(config['url'], config['key'])


main(run)
