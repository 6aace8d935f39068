# Run by t/sdk_bridge_anthropic_py.t: messages of the Python package
# "anthropic" by vendors of other dialects.

import anthropic
import httpx2
from anthropic import Anthropic, beta_tool
from pydantic import BaseModel

import wire as wires
from harness import equal, failure, main, ok, step

wire = wires.Wire(httpx2, wires.anthropic)
LOOP = 'weather 6 degrees; weather 4 degrees; average 2; '
CALLS = [('weather', {'n': 1.5, 'city': 'Zürich'}),
         ('weather', {'city': 'Bern'}),
         ('average', {'values': [6, 4], 'round': True})]


class Town(BaseModel):
    city: str
    people: int
    river: str


TOWN = Town(city='Zürich', people=434000, river='Limmat')


def user(content):
    return [{'role': 'user', 'content': content}]


def text(message):
    return ''.join(b.text for b in message.content if b.type == 'text')


def ask(client, model, say, stream=False, **more):
    body = {'model': model, 'max_tokens': 3000, 'messages': say
            if 'role' in say[0] else user(say)} | more
    if not stream:
        return client.messages.create(**body)
    with client.messages.stream(**body) as s:
        return s.get_final_message()


def messages(client, model, want):
    name = model + ': message'

    r = ask(client, model, 'hi')
    wire.check(name)
    equal([text(r), r.model, r.stop_reason, r.usage.output_tokens],
          [want['text'], model, 'end_turn', 7], name)
    equal(r.usage.input_tokens + (r.usage.cache_read_input_tokens or 0), 11,
          name + ': input tokens')

    events = list(client.messages.create(model=model, max_tokens=9,
                                         messages=user('hi'), stream=True))
    wire.check(name + ', stream')
    equal([events[0].type, events[-1].type], ['message_start',
          'message_stop'], name + ', stream')

    with client.messages.stream(model=model, max_tokens=9,
                                messages=user('hi')) as stream:
        equal(''.join(stream.text_stream), want['text'], name + ', helper')
        equal(stream.get_final_message().usage.output_tokens, 7,
              name + ', helper: usage')
    wire.check(name + ', helper')

    r = ask(client, model, 'the system', system='Be "brief"')
    equal(text(r), 'Be "brief"', name + ': system')
    r = ask(client, model, [{'type': 'image', 'source': {
        'type': 'base64', 'media_type': 'image/png', 'data': want['png']}},
        {'type': 'text', 'text': 'a picture'}])
    equal(text(r), 'image/png 70; ', name + ': picture')
    wire.check(name + ', other')


def tools(client, model, stream, say='weather, please', **more):
    name = '%s: %s, tools, %s' % (model, say, stream)
    said, calls = user(say), []

    for _ in range(4):
        r = ask(client, model, said, stream, **more, tools=[
            {'name': f, 'input_schema': {'type': 'object', 'properties': {}}}
            for f in ('weather', 'average')])
        made = [b for b in r.content if b.type == 'tool_use']
        calls += [(c.name, c.input) for c in made]
        said.append({'role': 'assistant', 'content': r.content})
        equal(r.stop_reason, 'tool_use' if made else 'end_turn',
              name + ': why it ended')
        if not made:
            break
        said.append({'role': 'user', 'content': [
            {'type': 'tool_result', 'tool_use_id': c.id, 'content':
             '%d degrees' % len(c.input['city']) if c.name == 'weather'
             else str(len(c.input['values']))} for c in made]})

    wire.check(name)
    equal([text(r), calls], [LOOP, CALLS], name)
    return said


def runner(client, model):
    asked = []

    @beta_tool
    def weather(city: str, n: float = 0) -> str:
        """How it is.

        Args:
            city: where
            n: of days
        """
        asked.append(city)
        return '%d degrees' % len(city)

    @beta_tool
    def average(values: list[float], round: bool = False) -> str:
        """Of numbers.

        Args:
            values: the numbers
            round: whether to round it
        """
        asked.append(values)
        return str(len(values))

    r = client.beta.messages.tool_runner(
        model=model, max_tokens=1000, tools=[weather, average],
        messages=user('weather, please')).until_done()
    wire.check(model + ': the runner of tools')
    equal([text(r), asked], [LOOP, ['Zürich', 'Bern', [6, 4]]],
          model + ': the runner of tools')


def structured(client, model):
    r = client.messages.parse(model=model, max_tokens=100, output_format=Town,
                              messages=user('by schema'))
    equal(r.parsed_output, TOWN, model + ': schema')
    with client.messages.stream(model=model, max_tokens=100,
                                output_format=Town,
                                messages=user('by schema')) as stream:
        r = stream.get_final_message()
    equal(r.parsed_output, TOWN, model + ': schema, stream')
    wire.check(model + ': schema')


def thinking(client, model, want):
    for more in ({'thinking': {'type': 'enabled', 'budget_tokens': 1024}},
                 {'thinking': {'type': 'adaptive'},
                  'output_config': {'effort': 'low'}}):
        for stream in False, True:
            r = ask(client, model, 'think', stream, **more)
            equal([[b.type for b in r.content], r.content[0].thinking,
                   text(r)], [['thinking', 'text'], want['thought'],
                              want['text']],
                  '%s: thinking, %s' % (model, stream))
            said = tools(client, model, stream, 'think of the weather', **more)
            equal([b.type for b in said[1]['content']],
                  ['thinking', 'tool_use', 'tool_use'],
                  '%s: thinking, tools, %s: blocks' % (model, stream))


def ends(client, model, want):
    for say, reason, says in want['ends']:
        for stream in False, True:
            r = ask(client, model, say, stream)
            equal([r.stop_reason, text(r)], [reason, says],
                  '%s: %s, %s' % (model, say, stream))
    wire.check(model + ': ends')


def aborts(client, model):
    step('stall', model)
    stream = client.messages.create(model=model, max_tokens=9,
                                    messages=user('hi'), stream=True)
    next(stream)
    next(stream)
    stream.close()
    step('closed', model)
    wire.check(model + ': aborted', aborted=True)


def errors(client, model):
    def call(say='hi', stream=False, model=model, **more):
        return lambda: ask(client, model, say, stream, **more)

    for what, kind, message, do in [
            ('an unknown model', anthropic.NotFoundError, 'nope',
             call(model=model.split(':')[0] + ':nope')),
            ('a refusal of the vendor', anthropic.BadRequestError,
             'the prompt is "too" long', call('too much')),
            ('the same before a stream', anthropic.BadRequestError,
             'the prompt is "too" long', call('too much', True)),
            ('what the vendor cannot do', anthropic.BadRequestError,
             'container', call(extra_body={'container': 'c'}))]:
        e = failure(do, kind, '%s: %s' % (model, what))
        ok(message in e.body['error']['message'], '%s: %s: text' % (
            model, what), e.body)
        wire.check('%s: %s' % (model, what))

    for what, kind, status, type, after in [
            ('limit', anthropic.RateLimitError, 429, 'rate_limit_error', '7'),
            ('overload', anthropic.APIStatusError, 529, 'overloaded_error',
             None)]:
        step(what, model)
        e = failure(call(stream=True), kind, '%s: %s' % (model, what))
        equal([e.status_code, e.body['error']['type'],
               e.response.headers.get('retry-after')], [status, type, after],
              '%s: %s: status, type, when' % (model, what))
        wire.check('%s: %s' % (model, what))

    for what in 'broken', 'cut':
        step(what, model)
        e = failure(call(stream=True), anthropic.APIStatusError,
                    '%s: %s in mid-stream' % (model, what))
        step('whole', model)
        ok(e.body['error']['type'] and e.body['error']['message'],
           '%s: %s: type and text' % (model, what), e.body)
        wire.check('%s: %s' % (model, what))


def run(config):
    client = Anthropic(base_url=config['url'], api_key='none', max_retries=0,
                       http_client=wire.client())

    for model, kind in config['vendors'].items():
        config['ends'] = [
            ('this is long', 'max_tokens', 'Once upon'),
            ('nothing', 'end_turn', ''),
            ('refuse it', 'refusal' if kind == 'openai' else 'end_turn',
             'I will not do that')]
        messages(client, model, config)
        tools(client, model, False)
        tools(client, model, True)
        runner(client, model)
        structured(client, model)
        thinking(client, model, config)
        ends(client, model, config)
        aborts(client, model)
        errors(client, model)


main(run)
