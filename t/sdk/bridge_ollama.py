# Run by t/sdk_bridge_ollama_py.t: the Python package "ollama" by vendors of
# other dialects.

import httpx
import ollama
from ollama import Client
from pydantic import BaseModel

import wire as wires
from harness import equal, failure, main, ok, step

wire = wires.Wire(httpx, wires.ollama)
LOOP = 'weather 6 degrees; weather 4 degrees; average 2; '
CALLS = [('weather', {'n': 1.5, 'city': 'Zürich'}),
         ('weather', {'city': 'Bern'}),
         ('average', {'values': [6, 4], 'round': True})]


class Town(BaseModel):
    city: str
    people: int
    river: str


def user(content, **more):
    return [{'role': 'user', 'content': content} | more]


def chat(client, model, want):
    name = model + ': chat'

    r = client.chat(model, user('hi'))
    wire.check(name)
    equal([r.message.content, r.model, r.done, r.done_reason,
           r.prompt_eval_count, r.eval_count],
          [want['text'], model, True, 'stop', 11, 7], name)

    parts = list(client.chat(model, user('hi'), stream=True))
    wire.check(name + ', stream')
    equal([''.join(p.message.content for p in parts), len(parts),
           parts[-1].eval_count], [want['text'], 8, 7], name + ', stream')

    r = client.chat(model, [{'role': 'system', 'content': 'Be "brief"'},
                            *user('the system')], keep_alive='5m',
                    options={'temperature': 0.5, 'num_ctx': 4096})
    equal(r.message.content, 'Be "brief"', name + ': system')
    r = client.chat(model, user('a picture', images=[want['png']]))
    equal(r.message.content, 'image/png 70; ', name + ': picture')
    r = client.chat(model, user('by schema'), format=Town.model_json_schema())
    equal(Town.model_validate_json(r.message.content), Town(
        city='Zürich', people=434000, river='Limmat'), name + ': schema')
    wire.check(name + ', other')


def generate(client, model, want):
    name = model + ': generate'

    r = client.generate(model, 'hi')
    equal([r.response, r.done_reason, r.eval_count], [want['text'], 'stop', 7],
          name)
    parts = list(client.generate(model, 'think', think=True, stream=True))
    equal([''.join(p.thinking or '' for p in parts),
           ''.join(p.response for p in parts)], [want['thought'],
                                                 want['text']],
          name + ', stream, thinking')
    r = client.generate(model, 'the system', system='Be "brief"')
    equal(r.response, 'Be "brief"', name + ': system')
    r = client.generate(model, '', keep_alive=0)
    equal(r.done_reason, 'unload', name + ': unload')
    wire.check(name)


def weather(city: str, n: float = 0) -> str:
    """How it is.

    Args:
        city: where
        n: of days
    """
    return '%d degrees' % len(city)


def average(values: list, round: bool = False) -> str:
    """Of numbers.

    Args:
        values: the numbers
        round: whether to round it
    """
    return str(len(values))


# The package leaves the ids of calls out of the history.

def tools(client, model, stream, say='weather, please', **more):
    name = '%s: %s, tools, %s' % (model, say, stream)
    said, calls = user(say), []

    for _ in range(4):
        r = client.chat(model, said, tools=[weather, average], stream=stream,
                        **more)
        parts = list(r) if stream else [r]
        made = [c.function for p in parts for c in p.message.tool_calls or ()]
        says = ''.join(p.message.content or '' for p in parts)
        calls += [(f.name, dict(f.arguments)) for f in made]
        if not made:
            break
        said.append(parts[0].message if not stream else ollama.Message(
            role='assistant', content=says, thinking=''.join(
                p.message.thinking or '' for p in parts) or None,
            tool_calls=[c for p in parts
                        for c in p.message.tool_calls or ()]))
        said += [{'role': 'tool', 'tool_name': f.name, 'content':
                  {'weather': weather, 'average': average}[f.name](
                      **f.arguments)} for f in made]

    wire.check(name)
    equal([says, calls], [LOOP, CALLS], name)


def thinking(client, model, want):
    for think in True, 'low':
        for stream in False, True:
            r = client.chat(model, user('think'), think=think, stream=stream)
            parts = list(r) if stream else [r]
            equal([''.join(p.message.thinking or '' for p in parts),
                   ''.join(p.message.content or '' for p in parts)],
                  [want['thought'], want['text']],
                  '%s: thinking, %s, %s' % (model, think, stream))
            wire.check('%s: thinking, %s, %s' % (model, think, stream))
            tools(client, model, stream, 'think of the weather', think=think)


def ends(client, model, want):
    for say, reason, text in want['ends']:
        for stream in False, True:
            r = client.chat(model, user(say), stream=stream)
            parts = list(r) if stream else [r]
            equal([parts[-1].done_reason,
                   ''.join(p.message.content or '' for p in parts)],
                  [reason, text], '%s: %s, %s' % (model, say, stream))
    wire.check(model + ': ends')


def embeddings(client, model):
    r = client.embed(model, ['a', 'bc'])
    equal([r.embeddings, r.prompt_eval_count], [
        [[0.515625, 0.5, 0.5, 0.5], [0.53125, 0.546875, 0.5, 0.5]], 8],
        model + ': embed')
    equal(client.embeddings(model, 'a').embedding, [0.515625, 0.5, 0.5, 0.5],
          model + ': embeddings')
    wire.check(model + ': embeddings')


def aborts(client, model):
    step('stall', model)
    stream = client.chat(model, user('hi'), stream=True)
    next(stream)
    next(stream)
    stream.close()
    step('closed', model)
    wire.check(model + ': aborted', aborted=True)


def errors(client, model, kind):
    def call(say='hi', model=model, **more):
        return lambda: client.chat(model, user(say), **more)

    cases = [
        ('an unknown model', 404, 'nope', call(
            model=model.split(':')[0] + ':nope')),
        ('a refusal of the vendor', 400, 'the prompt is "too" long',
         call('too much')),
        ('the same before a stream', 400, 'the prompt is "too" long',
         lambda: list(call('too much', stream=True)())),
        ('what the vendor cannot do', 400, 'context',
         lambda: client.generate(model, 'hi', context=[1, 2]))]
    if kind == 'anthropic':
        cases.append(('vectors', 400, 'anthropic',
                      lambda: client.embed(model, 'a')))

    for what, status, text, do in cases:
        e = failure(do, ollama.ResponseError, '%s: %s' % (model, what))
        ok(e.status_code == status and text in e.error,
           '%s: %s: status and text' % (model, what), str(e))
        wire.check('%s: %s' % (model, what))

    for what, status in ('limit', 429), ('overload', 503):
        step(what, model)
        e = failure(call(), ollama.ResponseError, '%s: %s' % (model, what))
        equal(e.status_code, status, '%s: %s: status' % (model, what))
        wire.check('%s: %s' % (model, what))

    for what in 'broken', 'cut':
        step(what, model)
        e = failure(lambda: list(call(stream=True)()), ollama.ResponseError,
                    '%s: %s in mid-stream' % (model, what))
        step('whole', model)
        ok(e.error, '%s: %s: text' % (model, what), str(e))
        wire.check('%s: %s' % (model, what))


def run(config):
    client = Client(host=config['url'], transport=wire.transport())

    for model, kind in config['vendors'].items():
        config['ends'] = [
            ('this is long', 'length', 'Once upon'), ('nothing', 'stop', ''),
            ('refuse it', 'stop', 'I will not do that' if kind == 'openai'
             else 'Well')]
        chat(client, model, config)
        generate(client, model, config)
        tools(client, model, False)
        tools(client, model, True)
        thinking(client, model, config)
        ends(client, model, config)
        aborts(client, model)
        errors(client, model, kind)
        if kind == 'openai':
            embeddings(client, model)


main(run)
