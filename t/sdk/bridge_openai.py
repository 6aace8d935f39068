# Run by t/sdk_bridge_openai_py.t: chat completions and responses of the Python
# package "openai" by vendors of other dialects.

import base64
import json

import httpx2
import openai
from openai import OpenAI
from pydantic import BaseModel

import wire as wires
from harness import equal, failure, main, ok, step

wire = wires.Wire(httpx2, wires.openai)
LOOP = 'weather 6 degrees; weather 4 degrees; average 2; '
CALLS = [('weather', {'n': 1.5, 'city': 'Zürich'}),
         ('weather', {'city': 'Bern'}),
         ('average', {'values': [6, 4], 'round': True})]
CITY = {'type': 'object', 'properties': {'city': {'type': 'string'}}}


class Town(BaseModel):
    city: str
    people: int
    river: str


TOWN = Town(city='Zürich', people=434000, river='Limmat')


def user(content):
    return [{'role': 'user', 'content': content}]


def chat(client, model, want):
    name = model + ': chat'
    create = client.chat.completions.create

    r = create(model=model, messages=user('hi'))
    wire.check(name)
    equal([r.choices[0].message.content, r.choices[0].finish_reason, r.model,
           r.usage.prompt_tokens, r.usage.completion_tokens],
          [want['text'], 'stop', model, 11, 7], name)

    parts = list(create(model=model, messages=user('hi'), stream=True,
                        stream_options={'include_usage': True}))
    wire.check(name + ', stream')
    equal(''.join(p.choices[0].delta.content or '' for p in parts[:-1]),
          want['text'], name + ', stream')
    equal([parts[-1].choices, parts[-1].usage.total_tokens], [[], 18],
          name + ', stream: usage')

    with client.chat.completions.stream(model=model,
                                        messages=user('hi')) as stream:
        pieces = [e.delta for e in stream if e.type == 'content.delta']
        r = stream.get_final_completion()
    wire.check(name + ', stream helper')
    equal([''.join(pieces), r.choices[0].message.content,
           r.choices[0].finish_reason], [want['text'], want['text'], 'stop'],
          name + ', stream helper')

    r = create(model=model, messages=[
        {'role': 'system', 'content': 'Be "brief"'}, *user('the system')])
    equal(r.choices[0].message.content, 'Be "brief"', name + ': system')
    r = create(model=model, messages=user([
        {'type': 'text', 'text': 'a picture'}, {'type': 'image_url',
         'image_url': {'url': 'data:image/png;base64,' + want['png']}}]))
    equal(r.choices[0].message.content, 'image/png 70; ', name + ': picture')
    wire.check(name + ', other')


def answer(name, arguments):
    a = json.loads(arguments)
    return ('%d degrees' % len(a['city']) if name == 'weather'
            else str(len(a['values'])))


def tools(client, model, stream, say='weather, please', **more):
    name = '%s: %s, tools, %s' % (model, say, stream)
    said, calls = user(say), []
    more |= {'model': model, 'messages': said, 'tools': [
        {'type': 'function', 'function': {'name': f, 'parameters': CITY}}
        for f in ('weather', 'average')]}

    for _ in range(4):
        if stream:
            with client.chat.completions.stream(**more) as s:
                r = s.get_final_completion()
        else:
            r = client.chat.completions.create(**more)
        m = r.choices[0].message
        said.append(m.to_dict())
        if not m.tool_calls:
            break
        equal(r.choices[0].finish_reason, 'tool_calls', name + ': finish')
        for c in m.tool_calls:
            f = c.function
            calls.append((f.name, json.loads(f.arguments)))
            said.append({'role': 'tool', 'tool_call_id': c.id,
                         'content': answer(f.name, f.arguments)})

    wire.check(name)
    equal([m.content, calls], [LOOP, CALLS], name)


def structured(client, model):
    r = client.chat.completions.parse(
        model=model, messages=user('by schema'), response_format=Town)
    equal(r.choices[0].message.parsed, TOWN, model + ': schema')
    with client.chat.completions.stream(model=model, messages=user(
            'by schema'), response_format=Town) as stream:
        r = stream.get_final_completion()
    equal(r.choices[0].message.parsed, TOWN, model + ': schema, stream')
    wire.check(model + ': schema')


def thinking(client, model, want):
    name = model + ': thinking'
    r = client.chat.completions.create(model=model, messages=user('think'),
                                       reasoning_effort='low')
    m = r.choices[0].message
    equal([m.reasoning_content, m.content], [want['thought'], want['text']],
          name)
    parts = list(client.chat.completions.create(
        model=model, messages=user('think'), reasoning_effort='low',
        stream=True))
    equal(''.join(getattr(p.choices[0].delta, 'reasoning_content', None) or ''
                  for p in parts), want['thought'], name + ', stream')
    wire.check(name)
    tools(client, model, True, 'think of the weather', reasoning_effort='low')


def responses(client, model, want):
    name = model + ': response'

    r = client.responses.create(model=model, input='hi')
    wire.check(name)
    equal([r.output_text, r.status, r.usage.input_tokens,
           r.usage.output_tokens], [want['text'], 'completed', 11, 7], name)

    events = list(client.responses.create(model=model, input='hi',
                                          stream=True))
    wire.check(name + ', stream')
    equal([''.join(e.delta for e in events
                   if e.type == 'response.output_text.delta'),
           events[-1].type], [want['text'], 'response.completed'],
          name + ', stream')

    r = client.responses.parse(model=model, input='by schema',
                               text_format=Town)
    equal(r.output_parsed, TOWN, name + ': schema')
    with client.responses.stream(model=model, input='by schema',
                                 text_format=Town) as stream:
        for _ in stream:
            pass
        equal(stream.get_final_response().output_parsed, TOWN,
              name + ': schema, stream')
    r = client.responses.create(model=model, instructions='Be "brief"',
                                input=user([{'type': 'input_text',
                                             'text': 'the system'}]))
    equal(r.output_text, 'Be "brief"', name + ': instructions')
    r = client.responses.create(model=model, input='this is long')
    equal([r.status, r.incomplete_details.reason, r.output_text],
          ['incomplete', 'max_output_tokens', 'Once upon'], name + ': long')
    wire.check(name + ', other')


def response_tools(client, model, stream, say='weather, please', **more):
    name = '%s: response, %s, tools, %s' % (model, say, stream)
    said, calls = user(say), []
    more |= {'model': model, 'input': said, 'store': False, 'tools': [
        {'type': 'function', 'name': f, 'parameters': CITY, 'strict': False}
        for f in ('weather', 'average')]}

    for _ in range(4):
        if stream:
            with client.responses.stream(**more) as s:
                for _ in s:
                    pass
                r = s.get_final_response()
        else:
            r = client.responses.create(**more)
        made = [o for o in r.output if o.type == 'function_call']
        said.extend(o.to_dict() for o in r.output)
        for c in said:
            c.pop('parsed_arguments', None)
        if not made:
            break
        for c in made:
            calls.append((c.name, json.loads(c.arguments)))
            said.append({'type': 'function_call_output', 'call_id': c.call_id,
                         'output': answer(c.name, c.arguments)})

    wire.check(name)
    equal([r.output_text, calls], [LOOP, CALLS], name)
    return said


def ends(client, model, want):
    for say, reason, text in want['ends']:
        c = client.chat.completions.create(
            model=model, messages=user(say)).choices[0]
        equal([c.finish_reason, c.message.content or ''], [reason, text],
              '%s: %s' % (model, say))
        parts = list(client.chat.completions.create(
            model=model, messages=user(say), stream=True))
        equal([parts[-1].choices[0].finish_reason, ''.join(
            p.choices[0].delta.content or '' for p in parts)], [reason, text],
            '%s: %s, stream' % (model, say))
    wire.check(model + ': ends')


def embeddings(client, model):
    r = client.embeddings.create(model=model, input=['a', 'bc'], dimensions=3)
    f = client.embeddings.create(model=model, input=['a', 'bc'], dimensions=3,
                                 encoding_format='float')
    b = client.embeddings.create(model=model, input='a', dimensions=3,
                                 encoding_format='base64')
    wire.check(model + ': embeddings')
    equal([d.embedding for d in r.data], [d.embedding for d in f.data],
          model + ': embeddings')
    equal([r.data[0].embedding, len(base64.b64decode(b.data[0].embedding))],
          [[0.7890625, 0.58984375, 0.50390625], 12],
          model + ': embeddings: values')


def aborts(client, model):
    step('stall', model)
    stream = client.chat.completions.create(
        model=model, messages=user('hi'), stream=True)
    next(stream)
    next(stream)
    stream.close()
    step('closed', model)
    wire.check(model + ': aborted', aborted=True)


def errors(client, model):
    def call(say='hi', model=model, **more):
        return lambda: client.chat.completions.create(
            model=model, messages=user(say), **more)

    def respond(say):
        return lambda: list(client.responses.create(model=model, input=say,
                                                    stream=True))

    for what, kind, text, do in [
            ('an unknown model', openai.NotFoundError, 'nope',
             call(model=model.split(':')[0] + ':nope')),
            ('a refusal of the vendor', openai.BadRequestError,
             'the prompt is "too" long', call('too much')),
            ('the same before a stream', openai.BadRequestError,
             'the prompt is "too" long', call('too much', stream=True)),
            ('the same of a response', openai.BadRequestError,
             'the prompt is "too" long', respond('too much')),
            ('what the vendor cannot do', openai.BadRequestError, '"n"',
             call(n=2))]:
        e = failure(do, kind, '%s: %s' % (model, what))
        ok(text in e.message, '%s: %s: text' % (model, what), e.message)
        wire.check('%s: %s' % (model, what))

    for what, kind, status, after in [
            ('limit', openai.RateLimitError, 429, '7'),
            ('overload', openai.InternalServerError, 503, None)]:
        step(what, model)
        e = failure(call(stream=True), kind, '%s: %s' % (model, what))
        equal([e.status_code, e.response.headers.get('retry-after')],
              [status, after], '%s: %s: status, when' % (model, what))
        wire.check('%s: %s' % (model, what))

    for what in 'broken', 'cut':
        for name, do in ('chat', lambda: list(call(stream=True)())), (
                'response', respond('hi')):
            step(what, model)
            e = failure(do, openai.APIError, '%s: %s, %s in mid-stream' % (
                model, name, what))
            step('whole', model)
            ok(e.message, '%s: %s, %s: text' % (model, name, what), str(e))
            wire.check('%s: %s, %s' % (model, name, what))


def run(config):
    client = OpenAI(base_url=config['url'] + '/v1', api_key='none',
                    max_retries=0, http_client=wire.client())

    for model, kind in config['vendors'].items():
        config['ends'] = [
            ('this is long', 'length', 'Once upon'), ('nothing', 'stop', ''),
            ('refuse it', 'content_filter', 'Well') if kind == 'anthropic'
            else ('refuse it', 'stop', 'I will not do that')]
        chat(client, model, config)
        structured(client, model)
        thinking(client, model, config)
        responses(client, model, config)
        for stream in False, True:
            tools(client, model, stream)
            response_tools(client, model, stream)
            response_tools(client, model, stream, 'think of the weather',
                           reasoning={'effort': 'low', 'summary': 'auto'},
                           include=['reasoning.encrypted_content'])
        ends(client, model, config)
        aborts(client, model)
        errors(client, model)
        if kind == 'ollama':
            embeddings(client, model)


main(run)
