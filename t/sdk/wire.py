# What the gateway sends to an SDK, byte by byte, held against the models of
# the SDK, strictly, and against the framing of its API:
#
#     wire = Wire(httpx2)
#     client = OpenAI(http_client=wire.client(), ...)
#     ...
#     wire.check('a stream')      # all that came since the last check

import base64
import json
import re
import struct

from pydantic import BaseModel, TypeAdapter, ValidationError

from harness import equal, ok

SSE = 'text/event-stream'
NDJSON = 'application/x-ndjson'


def openai():
    from openai.types import CreateEmbeddingResponse
    from openai.types.chat import ChatCompletion, ChatCompletionChunk
    from openai.types.responses import Response, ResponseStreamEvent
    return [(r'/chat/completions$', ChatCompletion, ChatCompletionChunk, SSE),
            (r'/responses$', Response, ResponseStreamEvent, SSE),
            (r'/v1/embeddings$', CreateEmbeddingResponse, None, None)]


def anthropic():
    from anthropic.types import Message, RawMessageStreamEvent
    return [(r'/v1/messages$', Message, RawMessageStreamEvent, SSE)]


def ollama():
    from ollama import (ChatResponse, EmbeddingsResponse, EmbedResponse,
                        GenerateResponse)
    return [(r'/api/chat$', ChatResponse, ChatResponse, NDJSON),
            (r'/api/generate$', GenerateResponse, GenerateResponse, NDJSON),
            (r'/api/embed$', EmbedResponse, None, None),
            (r'/api/embeddings$', EmbeddingsResponse, None, None)]


# What servers send and the models do not have: the thinking of models other
# than OpenAI's, the ids of Ollama's calls, an error as older SDKs have it.

EXTRA = {'ChatCompletionMessage.reasoning_content',
         'ChoiceDelta.reasoning_content', 'ResponseErrorEvent.error',
         'ToolCall.id', 'Function.index'}


def extras(value, raw):
    """The members of raw that its models do not have."""
    if isinstance(value, BaseModel):
        fields = {f.alias or n: n for n, f in type(value).model_fields.items()}
        for name, member in raw.items():
            if name in fields:
                yield from extras(getattr(value, fields[name]), member)
            elif type(value).__name__ + '.' + name not in EXTRA:
                yield type(value).__name__ + '.' + name
    elif isinstance(value, list):
        for one, member in zip(value, raw):
            yield from extras(one, member)


spoilt = []


def wrong(kind, raw):
    if kind not in spoilt:
        spoilt.append(kind)
        ok(wrong(kind, raw | {'other': 1}) and wrong(kind, raw | {
            'model': 1, 'type': 1, 'embedding': 1}),
           'what is wrong is seen')
    try:
        value = TypeAdapter(kind).validate_json(json.dumps(raw), strict=True)
    except ValidationError as e:
        return ['%s: %s' % (json.dumps(raw)[:400], e)]
    return ['%s in %s' % (x, json.dumps(raw)[:400])
            for x in extras(value, raw)]


def wrong_error(path, raw):
    if path.startswith('/api/'):
        return [] if list(raw) == ['error'] and isinstance(
            raw['error'], str) else ['an error: %s' % raw]
    if path.endswith('/messages'):
        from anthropic.types import ErrorResponse
        raw['error'].pop('details', None)   # classes of errors have it
        return wrong(ErrorResponse, raw)
    good = (list(raw) == ['error'] and set(raw['error']) == {
        'message', 'type', 'param', 'code'}
        and all(isinstance(raw['error'][k], str) for k in ('message', 'type')))
    return [] if good else ['an error: %s' % raw]


def numbers(raw):
    """Vectors as numbers, which come as base64 if they are asked for so."""
    for one in raw.get('data', []):
        if isinstance(one['embedding'], str):
            b = base64.b64decode(one['embedding'], validate=True)
            one['embedding'] = list(struct.unpack('<%df' % (len(b) // 4), b))
    return raw


class Record:
    def __init__(self, path, status, type):
        self.path, self.status, self.type = path, status, type
        self.bytes, self.aborted, self.ended = b'', False, ''

    def problems(self, apis):
        text = self.bytes.decode()
        for path, answer, event, framing in apis:
            if re.search(path, self.path):
                break
        else:
            return ['what is %s?' % self.path]

        if self.type.startswith('application/json'):
            raw = numbers(json.loads(text))
            return (wrong(answer, raw) if self.status < 400
                    else wrong_error(self.path, raw))
        if self.status != 200 or not self.type.startswith(framing):
            return ['%d, %s' % (self.status, self.type)]

        frames = text.split('\n\n' if framing == SSE else '\n')
        tail = frames.pop()
        bad = [] if tail == '' or self.aborted else ['the end is %r' % tail]
        for frame in frames:
            bad += (self.event(event, frame) if framing == SSE
                    else self.line(event, frame))
        if not self.ended and not self.aborted:
            bad.append('no end: %s' % frames[-1:])
        return bad

    def line(self, kind, line):
        bad = ['after the end: ' + line] if self.ended else []
        if re.search('[\x85\u2028\u2029]', line):
            bad.append('what ends lines: ' + line)
        raw = json.loads(line)
        self.ended = 'yes' if raw.get('error') or raw['done'] else ''
        return bad + (wrong_error(self.path, raw) if 'error' in raw
                      else wrong(kind, raw))

    def event(self, kind, frame):
        lines = [x for x in frame.split('\n') if not x.startswith(':')]
        if not lines:
            return []
        chat = self.path.endswith('/chat/completions')
        if len(lines) != (1 if chat else 2) or not lines[-1].startswith(
                'data: '):
            return ['no event: ' + frame]
        data = lines[-1][6:]
        name = '' if chat else lines[0].removeprefix('event: ')
        bad = []
        if self.ended and not (self.ended == 'error' and (
                data == '[DONE]' or name == 'response.failed')):
            bad.append('after the end: ' + frame)
        if chat and data == '[DONE]':
            self.ended = 'done'
            return bad

        raw = json.loads(data)
        if not chat and raw['type'] != name:
            bad.append('event %s: %s' % (name, data))
        if re.fullmatch(r'message_stop|response\.(completed|incomplete|failed)',
                        name):
            self.ended = 'done'
        if raw.get('error') and not self.path.endswith('/responses'):
            self.ended = 'error'
            return bad + wrong_error(self.path, raw)
        return bad + ([] if name == 'ping' else wrong(kind, raw))


class Wire:
    def __init__(self, httpx, apis):
        self.apis, self.records = apis(), []
        wire = self

        class Stream(httpx.SyncByteStream):
            def __init__(self, stream, record):
                self.stream, self.record = stream, record

            def __iter__(self):
                for piece in self.stream:
                    self.record.bytes += piece
                    yield piece

            def close(self):
                self.stream.close()

        class Transport(httpx.HTTPTransport):
            def handle_request(self, request):
                r = super().handle_request(request)
                record = Record(request.url.path, r.status_code,
                                r.headers.get('content-type', ''))
                wire.records.append(record)
                r.stream = Stream(r.stream, record)
                return r

        self.transport, self.httpx = Transport, httpx

    def client(self):
        return self.httpx.Client(transport=self.transport())

    def check(self, name, aborted=False):
        records, self.records = self.records, []
        bad = [] if records else ['nothing came']
        for record in records:
            record.aborted = aborted
            bad += record.problems(self.apis)
        equal(bad, [], name + ': as the SDK declares it')
