# Run by t/sdk_ollama_py.t: the Python package "ollama" as its users call it.

import asyncio

from ollama import AsyncClient, Client, ResponseError

from harness import equal, failure, main, ok, step

MESSAGES = [{'role': 'user', 'content': 'hi'}]


def weather(city: str) -> str:
    """The weather of a city.

    Args:
        city: its name
    """
    return city


def listings(client):
    r = client.list()
    equal(sorted(m.model for m in r.models), [
        'acme:llama3:latest', 'acme:nomic-embed:latest', 'cloud:gpt-x',
        'gone:lost'], 'list: names')
    ok(all(len(m.digest) == 64 and m.modified_at.year > 1970
           for m in r.models if m.model.startswith('acme')), 'list: fields')

    r = client.show('acme:llama3')
    ok('tools' in r.capabilities, 'show: capabilities')
    equal(r.modelinfo['llama.context_length'], 8192, 'show: context')
    r = client.show('cloud:gpt-x')
    arch = r.modelinfo['general.architecture']
    ok(r.modelinfo['%s.context_length' % arch] > 0, 'show: made up',
       r.modelinfo)

    r = client.ps()
    equal([m.model for m in r.models], ['acme:llama3:latest'], 'ps: names')
    ok(r.models[0].expires_at.tzinfo, 'ps: expires_at')


def inference(client, model):
    r = client.chat(model, MESSAGES)
    equal(r.message.content, 'Hello from acme', model + ': chat')
    parts = list(client.chat(model, MESSAGES, stream=True))
    equal(''.join(p.message.content for p in parts), 'Hello from acme',
          model + ': chat stream')
    equal([p.done for p in parts], [False, False, False, True],
          model + ': a line for each piece')

    r = client.generate(model, 'hi')
    equal(r.response, 'Hello from acme', model + ': generate')
    parts = list(client.generate(model, 'hi', stream=True))
    equal(''.join(p.response for p in parts), 'Hello from acme',
          model + ': generate stream')
    equal(client.generate(model, keep_alive=0).done_reason, 'unload',
          model + ': unload')

    r = client.chat(model, MESSAGES, tools=[weather])
    equal(r.message.tool_calls[0].function.arguments, {'city': 'Bern'},
          model + ': tool call')
    r = client.chat(model, MESSAGES + [r.message, {
        'role': 'tool', 'tool_name': 'weather', 'content': 'sun'}])
    equal(r.message.content, 'Hello from acme', model + ': tool result')

    r = client.embed(model, ['a', 'b'])
    equal([len(e) for e in r.embeddings], [4, 4], model + ': embed')
    r = client.embeddings(model, 'a')
    equal(len(r.embedding), 4, model + ': embeddings')


def management(client, prefix, blob=None):
    parts = list(client.pull(prefix + 'tiny:1b', stream=True))
    equal([parts[0].status, parts[-1].status],
          ['pulling manifest', 'success'], 'pull')
    equal(client.copy(prefix + 'tiny:1b', prefix + 'twin').status, 'success',
          'copy')
    equal(client.create(prefix + 'made', from_=prefix + 'tiny:1b',
                        system='be short').status, 'success', 'create')
    equal(client.push(prefix + 'made').status, 'success', 'push')
    made = ['made', 'tiny:1b', 'twin']

    if blob:
        digest = client.create_blob(blob)
        parts = client.create('upload', files={'w.gguf': digest}, stream=True)
        equal(list(parts)[-1].status, 'success', 'create of a blob')
        made.append('upload')

    equal(len(step('names')['names']), 2 + len(made), 'they are there')
    for name in made:
        equal(client.delete(prefix + name).status, 'success',
              'delete ' + name)
    equal(len(step('names')['names']), 2, 'they are gone')

    e = failure(lambda: list(client.pull(prefix + 'nothing', stream=True)),
                ResponseError, 'pull of nothing')
    equal(e.error, 'pull model manifest: file does not exist', 'why')


def aborts(client):
    for call in (lambda: client.chat('acme:llama3', MESSAGES, stream=True),
                 lambda: client.generate('acme:llama3', 'hi', stream=True)):
        step('stall')
        stream = call()
        next(stream)
        stream.close()
        step('closed')


async def concurrent(url):
    client = AsyncClient(url)
    answers = await asyncio.gather(*(client.chat(
        'acme:llama3', MESSAGES) for _ in range(8)))
    equal({a.message.content for a in answers}, {'Hello from acme'},
          'eight at once')

    step('stall')

    async def endless():
        async for part in await client.chat('llama3', MESSAGES, stream=True):
            seen.append(part)
            two.set()

    seen, two = [], asyncio.Event()
    task = asyncio.create_task(endless())
    await two.wait()
    task.cancel()
    await asyncio.wait([task])
    ok(task.cancelled() and seen, 'canceled')
    step('closed')


def errors(url, key):
    client = Client(url)
    guarded = url + '/guarded'
    cases = [
        ('unknown model of a vendor', 404, "model 'nope' not found",
         lambda: client.chat('acme:nope', MESSAGES)),
        ('unknown model', 404, 'nope',
         lambda: list(client.chat('nope', MESSAGES, stream=True))),
        ('unknown model to show', 404, 'nope',
         lambda: client.show('nope')),
        ('bad option', 400, 'option "stop" must be of type array',
         lambda: client.post_bad_option()),
        ('what the vendor lacks', 400, '"template"',
         lambda: client.generate('cloud:gpt-x', 'hi', template='x')),
        ('server is down', 502, 'gone',
         lambda: client.chat('gone:lost', MESSAGES)),
        ('no key', 401, 'key',
         lambda: Client(guarded).list()),
        ('bad key', 401, 'key',
         lambda: Client(guarded, headers={'Authorization': 'Bearer no'}).chat(
             'llama3', MESSAGES)),
    ]
    client.post_bad_option = lambda: client._request_raw(
        'POST', '/api/chat', json={
            'model': 'acme:llama3', 'messages': MESSAGES,
            'options': {'stop': 'x'}})

    for name, status, text, call in cases:
        e = failure(call, ResponseError, name + ': fails')
        equal(getattr(e, 'status_code', None), status, name + ': status')
        ok(text in e.error and not e.error.startswith('{'), name + ': text',
           e.error)

    step('limit')
    e = failure(lambda: client.chat('acme:llama3', MESSAGES), ResponseError,
                'limited: fails')
    equal([e.status_code, e.error], [429, 'slow down'], 'limited: as told')

    step('cut')
    e = failure(lambda: list(client.chat('acme:llama3', MESSAGES,
                                         stream=True)),
                ResponseError, 'error in mid-stream')
    ok('an error was encountered' in e.error, 'its text', e.error)
    step('whole')

    for client in (Client(guarded + '/' + key), Client(guarded, headers={
            'Authorization': 'Bearer ' + key})):
        r = client.chat('acme:llama3', MESSAGES)
        equal(r.message.content, 'Hello from acme', 'with a key')


def run(config):
    client = Client(config['url'])
    team = Client(config['url'] + '/team-a')

    listings(client)
    inference(client, 'acme:llama3')
    inference(team, 'llama3')
    management(client, 'acme:')
    management(team, '', config['blob'])
    aborts(client)
    asyncio.run(concurrent(config['url']))
    errors(config['url'], config['key'])


main(run)
