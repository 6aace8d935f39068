# What a bridge writes as answers of the responses API, as the package's own
# types have it, each event and each object strictly, and through its client.

import httpx
import openai
import pydantic
from harness import equal, main, ok
from openai.types.responses import Response, ResponseStreamEvent

events = pydantic.TypeAdapter(ResponseStreamEvent)
objects = pydantic.TypeAdapter(Response)

# the types of an event's logprobs have no bytes, those of objects have; an
# "error" is what the client throws

more = ('.logprobs[].bytes', '.top_logprobs[].bytes', 'error.error')


def unknown(value, path):
    """Members that the types do not have."""
    if isinstance(value, list):
        return [name for v in value for name in unknown(v, path + '[]')]
    if not isinstance(value, pydantic.BaseModel):
        return []
    names = ['%s.%s' % (path, name) for name in value.model_extra or {}]
    for name in type(value).model_fields:
        names += unknown(getattr(value, name), '%s.%s' % (path, name))
    return [name for name in names if not name.endswith(more)]


def check(answer, text):
    """Strictly by the types."""
    bad = []
    if answer['kind'] == 'whole':
        frames = [('response', text)]
    else:
        frames = [frame.split('\ndata: ', 1) for frame in text.split('\n\n')
                  if frame and not frame.startswith(':')]
    for name, data in frames:
        types = objects if answer['kind'] == 'whole' else events
        try:
            value = types.validate_json(data, strict=True)
        except pydantic.ValidationError as e:
            bad.append('%s: %s' % (name, e))
            continue
        if types is events and name != 'event: ' + value.type:
            bad.append('%s: %s' % (name, value.type))
        bad += unknown(value, getattr(value, 'type', 'response'))
    equal(bad, [], '%s: the types' % answer['name'])


def ask(answer, text):
    """Through the client, as the answer of a server."""
    stream = answer['kind'] == 'stream'

    def reply(request):
        return httpx.Response(200, content=text.encode(), headers={
            'content-type': 'text/event-stream' if stream
            else 'application/json'})

    client = openai.OpenAI(
        api_key='x', base_url='http://127.0.0.1:1/v1', max_retries=0,
        http_client=httpx.Client(transport=httpx.MockTransport(reply)))

    if not stream:
        return client.responses.create(model='m', input='hi')

    last = None
    with client.responses.stream(model='m', input='hi') as s:
        for event in s:
            last = event
    return last.response


def run(config):
    for answer in config['answers']:
        with open(answer['file'], encoding='utf-8') as f:
            text = f.read()
        check(answer, text)
        try:
            got = ask(answer, text)
        except openai.APIError as e:
            ok(answer['error'] and answer['error'] in str(e),
               '%s: an error' % answer['name'], str(e))
            continue
        equal(got.output_text, answer['text'],
              '%s: the text' % answer['name'])


main(run)
