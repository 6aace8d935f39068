#!/usr/bin/env python3

# Requests there and back: compare.py BRIDGE_TRIP [PYTHON], the latter that of
# the SDKs.  What goes to a server of another dialect and is read there as a
# client's must come back as it was, but for what is listed here, of which all
# must be seen.

import json
import os
import re
import subprocess
import sys

from difflib import SequenceMatcher

here = os.path.dirname(os.path.abspath(__file__))

DIALECTS = 'Ollama', 'OpenAI', 'Anthropic'

APIS = {
    'chat': '/api/chat', 'generate': '/api/generate',
    'completions': '/v1/chat/completions', 'responses': '/v1/responses',
    'messages': '/v1/messages', 'embed': '/api/embed',
    'embeddings': '/api/embeddings', 'vectors': '/v1/embeddings'
}


class Number(str):
    """a number by its digits"""


def parse(text):
    return json.loads(text, parse_int=Number, parse_float=Number)


def dump(value):
    """with the order of its members and the digits of its numbers"""

    if isinstance(value, Number):
        return str(value)

    if isinstance(value, dict):
        return '{%s}' % ','.join(json.dumps(k) + ':' + dump(v)
                                 for k, v in value.items())

    if isinstance(value, list):
        return '[%s]' % ','.join(map(dump, value))

    return json.dumps(value)


# ---- what a request says, one fact after another

def calls_of(request, dialect):
    """ids of calls, in their order"""

    ids = []

    for m in request.get('messages', []):
        blocks = m.get('tool_calls')

        if dialect == 'Anthropic' and isinstance(m.get('content'), list):
            blocks = [b for b in m['content'] if b['type'] == 'tool_use']

        ids += [b.get('id') for b in blocks or []]

    return ids


def ordinal(ids, id):
    return '#%d' % ids.index(id) if id in ids else None


def talk_ollama(request):
    ids = calls_of(request, 'Ollama')
    names = {}

    for m in request.get('messages', []):
        role = m['role']

        if role == 'tool':
            yield 'tool', 'result', m['content']

            for image in m.get('images', []):
                yield 'tool', 'image', image

            continue

        if m.get('thinking'):
            yield role, 'think', m['thinking']

        if m.get('content'):
            yield role, 'text', m['content']

        for image in m.get('images', []):
            yield role, 'image', image

        for call in m.get('tool_calls', []):
            f = call['function']
            yield role, 'call', f['name'], dump(f['arguments'])


def talk_openai(request):
    ids = calls_of(request, 'OpenAI')

    for m in request.get('messages', []):
        role = m['role']
        content = m.get('content')
        parts = (content if isinstance(content, list) else
                 [{'type': 'text', 'text': content}] if content else [])

        if role == 'tool':
            yield (role, 'result', ordinal(ids, m['tool_call_id']),
                   ''.join(p['text'] for p in parts))
            continue

        for name in 'reasoning_content', 'refusal':
            if m.get(name):
                yield role, name, m[name]

        for p in parts:
            rest = {k: v for k, v in p.items() if k != 'type'}
            yield (role, p['type'], rest['text'] if list(rest) == ['text']
                   else dump(rest))

        for call in m.get('tool_calls', []):
            yield (role, 'call', ordinal(ids, call['id']),
                   call['function']['name'],
                   dump(parse(call['function']['arguments'] or '{}')))

        for name in sorted(set(m) - {'role', 'content', 'tool_calls',
                                     'reasoning_content', 'refusal'}):
            yield role, name, dump(m[name])


def talk_anthropic(request):
    ids = calls_of(request, 'Anthropic')
    system = request.get('system') or []

    for block in [{'text': system}] if isinstance(system, str) else system:
        yield 'system', 'text', block['text']

    for m in request.get('messages', []):
        role = m['role']
        content = m['content']

        for name in sorted(set(m) - {'role', 'content'}):
            yield role, name, dump(m[name])

        for b in ([{'type': 'text', 'text': content}]
                  if isinstance(content, str) else content):

            rest = {k: v for k, v in b.items() if k != 'type'}

            if b['type'] == 'tool_use':
                yield (role, 'call', ordinal(ids, rest.pop('id')),
                       rest.pop('name'), dump(rest.pop('input')))

            elif b['type'] == 'tool_result':
                text = rest.pop('content', '')

                if isinstance(text, list):
                    text = (text[0]['text'] if len(text) == 1
                            and set(text[0]) == {'type', 'text'}
                            else dump(text))

                yield ('tool', 'result', ordinal(ids, rest.pop(
                       'tool_use_id')), text)

            elif b['type'] == 'text':
                if b['text']:
                    yield role, 'text', rest.pop('text')
                else:
                    rest.pop('text')

            else:
                yield role, b['type'], dump(rest)
                continue

            for name in sorted(rest):
                yield role, name, dump(rest[name])


TALK = talk_ollama, talk_openai, talk_anthropic

WHOLE = {'parameters', 'schema', 'input_schema', 'format', 'stop',
         'stop_sequences', 'input', 'arguments', 'server_knows'}


def rest(value, path=''):
    """all but the conversation, by paths"""

    if isinstance(value, dict) and value and path.split('.')[-1] not in WHOLE:
        for k, v in value.items():
            if path or k not in ('messages', 'system'):
                yield from rest(v, path + '.' + k if path else k)

    elif isinstance(value, list) and value and isinstance(value[0], dict):
        for v in enumerate(value):
            yield from rest(v[1], '%s[%d]' % (path, v[0]))

    else:
        yield path, dump(value)


def differences(dialect, before, after):
    a, b = dict(rest(before)), dict(rest(after))

    for path in sorted(set(a) | set(b)):
        name = re.sub(r'\d+(?=\])', '', path)

        if path not in b:
            yield '-' + name, a[path], None

        elif path not in a:
            yield '+' + name, None, b[path]

        elif a[path] != b[path]:
            yield '~' + name, a[path], b[path]

    a, b = list(TALK[dialect](before)), list(TALK[dialect](after))

    for op, i, j, k, m in SequenceMatcher(None, a, b, False).get_opcodes():
        if op == 'replace' and j - i == m - k:
            for x, y in zip(a[i:j], b[k:m]):
                if x[:2] == y[:2]:
                    yield '~%s %s' % x[:2], x[2:], y[2:]
                else:
                    yield '-%s %s' % x[:2], x[2:], None
                    yield '+%s %s' % y[:2], None, y[2:]

        elif op != 'equal':
            for x in a[i:j]:
                yield '-%s %s' % x[:2], x[2:], None
            for y in b[k:m]:
                yield '+%s %s' % y[:2], None, y[2:]


HOME = {'chat': 0, 'generate': 0, 'completions': 1, 'responses': 1,
        'messages': 2}

# What a client's own dialect says otherwise once it was read (self), and what
# is lost on the way to another and back: API, where, to, what, why.  "-" is
# gone, "+" has come, "~" is another; of messages who and what.

ANY = '[012]'

LOSSES = [

    # another word for the same

    ('.*', 'self', ANY, '~model', 'the name that the vendor knows'),
    ('chat', 'self', ANY, r'\+stream', 'true where it is absent'),
    ('chat', 'self', ANY, r'-options\.num_predict', 'below 0: no limit'),
    ('completions|messages', 'self', ANY, r'\+stream',
     'false where it is absent'),
    ('chat', 'self', ANY, r'[+]server_knows|-options\.server_knows',
     'what nobody knows goes on beside what is known'),
    ('chat', 'self', ANY, r'-tools\[\]\.function\.(description|strict)',
     'an empty one; one that Ollama does not know'),
    ('completions', 'self', ANY, '~stop', 'a string is a list of one'),
    ('completions', 'self', ANY, r'[+~]max_tokens|-max_completion_tokens',
     'the older name, which all servers know; the newer one counts'),
    ('completions', 'self', ANY, r'[+]stream_options.include_usage',
     'usage is always asked for'),
    ('completions', 'self', ANY, r'-developer text|[+]system text',
     'developer is system'),
    ('completions', 'self', ANY, r'-(n|store|service_tier|modalities'
     r'|logit_bias|web_search_options|include_reasoning)',
     'values that ask for nothing'),
    ('completions', 'self', ANY, r'[+](repeat|repetition)_penalty',
     'both names of it'),
    ('completions', 'self', ANY, r'-response_format\.type',
     'text is what it is without'),
    ('completions', 'self', ANY, r'[+~]response_format\.(json_schema\.name'
     r'|json_schema\.schema|type)|-response_format\.schema',
     'a schema is one wherever it stands'),
    ('completions', 'self', ANY, r'-(functions\[\]\..*|function_call.*)'
     r'|-(assistant function_call|function (name|text))'
     r'|[+](tools\[\]\..*|tool_choice.*|parallel_tool_calls'
     r'|assistant call|tool result)', 'functions are tools'),
    ('completions', 'self', ANY, r'[-~]tools\[\]\.(type|function\..*)'
     r'|-tool_choice\.(type|allowed_tools\..*)',
     'of allowed tools the others are left out'),
    ('completions', 'self', ANY, r'-(enable_thinking|thinking_budget'
     r'|thinking\..*|reasoning\..*|reasoning_effort'
     r'|chat_template_kwargs\..*)'
     r'|[+](reasoning_effort|chat_template_kwargs.enable_thinking)',
     'one of the ways to ask for thinking'),
    ('completions', 'self', ANY, r'-safety_identifier|[+]user',
     'another name of it'),
    ('completions', 'self', ANY, r'[+]assistant reasoning_content'
     r'|-assistant (reasoning|reasoning_details|annotations)',
     'one of the names of it'),
    ('completions', 'self', ANY, '~assistant refusal', 'it is no part'),
    ('completions', 'self', ANY, '~user text|-user cache_control'
     r'|[-+]tools\[\]\.(function\.)?cache_control\.type',
     'hints for caches'),
    ('completions', 'self', '2', '-user file|[+]user text',
     'a document of plain text is text'),

    ('messages', 'self', ANY, r'-billing_policy.*|-stop_sequences'
     r'|-tools\[\]\.type', 'values that ask for nothing'),
    ('messages', 'self', ANY, r'[-+~]output_(config\.)?format(\..*)?',
     'its newer name, without a name of its own'),
    ('messages', 'self', ANY, '[-+]system text', 'blocks are joined'),
    ('messages', 'self', ANY, r'-thinking\.(budget_tokens|type)'
     r'|[+]thinking\.type',
     'a budget that does not fit is none, an effort asks for thinking'),
    ('messages', 'self', ANY, '-(user|assistant) (cache_control|caller'
     '|toolset_name|citations|output_config|fallback)'
     '|~assistant (redacted_)?thinking|~user image',
     'dropped, as the tables say'),
    ('messages', 'self', ANY, '-user (document|search_result)'
     '|[+]user (document|text)', 'becomes text; without its hints'),

    # what a server of Ollama does not have

    ('completions|responses', 'back', '0', r'-(user|parallel_tool_calls)',
     'nobody is told'),
    ('completions', 'back', '0', '-user name', 'speakers have no names'),
    ('completions|responses', 'back', '0', r'-tools\[\].function.strict',
     'models are not held to a schema'),
    ('completions|responses', 'back', '0', r'[-~](tools\[\]\.(type'
     r'|function\..*)|tool_choice.*)',
     'a name leaves the other tools out, none leaves all out'),
    ('completions|responses', 'back', '0',
     '[-+]user (text|image_url|input_audio)', 'images stand before the text'),
    ('completions', 'back', '0', r'[+~]reasoning_effort'
     r'|-chat_template_kwargs.enable_thinking', 'low is the least effort'),
    ('messages', 'back', '0', r'-metadata.user_id'
     r'|-tools\[\].strict', 'nobody is told'),
    ('messages', 'back', '0', r'[-~](tools\[\]\.(name|description'
     r'|input_schema)|tool_choice\..*)',
     'a name leaves the other tools out, auto is what it is without'),
    ('messages', 'back', '0', '[-+]user (text|image)',
     'images stand before the text, texts are joined'),
    ('messages', 'back', '0', r'[-~+]thinking\..*|[+]output_config.effort',
     'a budget becomes an effort'),

    # what one of OpenAI does not have

    ('messages', 'back', '1', r'[-~]thinking\.(budget_tokens|type)'
     '|~max_tokens', 'a budget becomes an effort and one that is usual'),
    ('messages', 'back', '1', '[+]user image', 'of a result, after it'),
    ('messages', 'back', '1', '~system text', 'blocks are joined'),

    # what neither has

    ('messages', 'back', '[01]', '-assistant (redacted_)?thinking',
     'only its maker can read it'),
    ('messages', 'back', '[01]', '[-+]tool result|-user is_error',
     'an error is told in the text, images stand after it'),
    ('messages', 'back', '[01]', '[-+]user (document|text)',
     'plain text is text'),

    # what one of Anthropic does not have

    ('chat', 'self', '2', '-assistant think', 'it is not signed'),
    ('completions|responses', 'back', '2', '-assistant reasoning_content',
     'it is not signed'),
    ('chat|generate', 'back', '2', r'[+]options.num_predict',
     'max_tokens is required'),
    ('completions|responses', 'back', '2', r'[+]max_tokens',
     'max_tokens is required'),
    ('chat|generate', 'back', '2', '-format|[+~]system text',
     'any object is asked for in words'),
    ('completions|responses', 'back', '2',
     r'-response_format\.type|[-+~]system text',
     'any object is asked for in words; what is said twice is joined'),
    ('chat|generate', 'back', '2', r'-options\.(temperature|top_k|top_p)',
     'not where it thinks, not both'),
    ('completions', 'back', '2', '-top_p|~temperature',
     'not next to a temperature, which is 1 at most'),
    ('chat', 'back', '2', '-think', 'not amid calls that it did not think of'),
    ('chat|generate', 'back', '2', '~think', 'an effort'),
    ('chat', 'back', '2', '[-+]user text', 'neighbours are joined'),
    ('completions', 'back', '2', '-(frequency|presence|repeat|repetition)'
     '_penalty|-(seed|min_p)', 'Anthropic samples without'),
    ('completions', 'back', '2', '[+]tool_choice',
     'parallel calls are told with it'),
    ('completions', 'back', '2', '-user name', 'speakers have no names'),
    ('completions', 'back', '2', r'-tools\[\].function\.(strict'
     r'|cache_control.type)|~user text', 'false is what it is without; hints '
     'of Anthropic do not come back'),
    ('completions', 'back', '2', '[-+]user text', 'the last system message '
     'stands where it is'),
    ('completions|responses', 'back', '2', '~user image_url',
     'no detail is known'),
    ('completions', 'back', '2', '~reasoning_effort', 'low is the least'),

    # what neither has

    ('completions|responses', 'back', '[02]', '[-+]assistant (text|refusal)',
     'a refusal is text'),
    ('completions|responses', 'back', '[02]',
     r'[-~]response_format\.json_schema\.(description|strict|name)',
     'schemas have no names'),
]

# rows that others in front of them refuse whatever is in them

HIDDEN = [('completions', '2', r'messages\.content\.input_audio\..*'),
          ('completions', '0', r'messages\.content\.file\..*')]

# requests by which something is shown: a file, an API, to, what is sent

PAIRS = [
    ('pair-5', 'messages', '1', 'sent', 'results before text, an error, an '
     'empty block'),
    ('pair-6', 'chat', '1', 'back', 'arguments keep their digits and order'),
]


count = failures = 0


def ok(good, name, *notes):
    global count, failures

    count += 1
    failures += not good

    print('%sok %d - %s' % ('' if good else 'not ', count, name))

    for note in notes if not good else ():
        print('# ' + str(note)[:2000])


def plain(path):
    return path.replace('[]', '').split(' ')[0]


def ask(program, api, name):
    out = subprocess.run([program, APIS[api], os.path.join(here, name)],
                         stdout=subprocess.PIPE, check=True).stdout

    return [parse(line) for line in out.decode().split('\n') if line]


def load(name):
    with open(os.path.join(here, name)) as lines:
        return [parse(line) for line in lines]


def dropped(rows, to, difference):
    """whether the API's own tables say so"""

    path = plain(difference[1:])

    return difference[0] == '-' and any(
        path == plain(r['row']) or path.startswith(plain(r['row']) + '.')
        for r in rows if r['to'] == to and r['what'] == '1')


def trips(api, told, used):
    """of each that comes back: whether it is as it was"""

    lines = load(api + '.jsonl')
    rows = [r for r in told if 'row' in r]

    for r in told:
        if 'sent' not in r:
            continue

        request, to, wrong = lines[int(r['line']) - 1], r['to'], []
        steps = []

        if api not in ('generate', 'responses'):
            steps.append(('self', request, r['self']))

        if 'back' in r and int(to) != HOME[api]:
            steps.append(('back', r['self'], r['back']))

        for where, before, after in steps:
            for d, u, v in differences(HOME[api], before, after):

                found = [i for i, (a, w, t, x, y) in enumerate(LOSSES)
                         if w == where and re.fullmatch(a, api)
                         and re.fullmatch(t, to) and re.fullmatch(x, d)]

                used.update(found)

                if not found and not (where == 'self'
                                      and dropped(rows, to, d)):
                    wrong.append('%s %s: %s, %s' % (where, d, u, v))

        if wrong or 'unread' in r and '"file_url"' not in dump(request):
            yield r, wrong + [r.get('unread')]


def test_api(api, program, used):
    told = ask(program, api, api + '.jsonl')
    more = ask(program, api, api + '.sdk.jsonl')

    bad = list(trips(api, told, used)) if api in HOME else []
    back = sum('back' in r for r in told)

    ok(not bad, '%s: %d of %d come back as they were' % (api, back,
       sum('line' in r for r in told)), *[
       'line %s to %s: %s' % (r['line'], DIALECTS[int(r['to'])], w)
       for r, w in bad[:20]])

    silent = [r for r in told + more if 'refused' in r and not r['refused']]
    ok(not silent, api + ': what is refused is told why', *silent)

    kinds = re.findall(r'"type":\s*"(\w+)"', '\n'.join(
        dump(r) for name in (api + '.jsonl', api + '.sdk.jsonl')
        for r in load(name)))

    unmet = ['%s to %s' % (r['row'], DIALECTS[int(r['to'])]) for r in told
             if 'row' in r and r['met'] == '0'
             and not any(a == api and t == r['to']
                         and re.fullmatch(x, r['row']) for a, t, x in HIDDEN)
             and not r['row'].split(' ')[-1] in kinds]

    ok(not unmet, '%s: each row of its tables is met' % api, *unmet)


def test_pairs(program):
    for name, api, to, what, says in PAIRS:
        r = [r for r in ask(program, api, name + '.jsonl')
             if 'line' in r and r['to'] == to]
        want = load(name + '.%s.json' % what)[0]

        ok(len(r) == 1 and dump(r[0].get(what)) == dump(want),
           '%s: %s' % (name, says), dump(r[0].get(what) if r else None))


def test_fields(python):
    """by the SDKs, where they are"""

    out = subprocess.run([python, os.path.join(here, 'fields.py')],
                         stdout=subprocess.PIPE, check=True).stdout

    for line in out.decode().split('\n'):
        if line:
            r = json.loads(line)
            ok(not r['missing'], '%s: the SDK\'s %d members are all there'
               % (r['api'], r['members']), r['missing'])


def main(program, python=None):
    used = set()
    talks = 0

    for api in APIS:
        n = len(load(api + '.jsonl'))

        if api == 'chat':
            n += len(load('generate.jsonl'))

        if api in ('chat', 'completions', 'responses', 'messages'):
            ok(n >= 150, '%s: %d requests' % (api, n))

        test_api(api, program, used)

    unused = [LOSSES[i] for i in range(len(LOSSES)) if i not in used]
    ok(not unused, 'each loss is seen', *unused)

    test_pairs(program)

    if python:
        test_fields(python)

    print('1..%d' % count)

    return failures != 0


if __name__ == '__main__':
    sys.exit(main(*sys.argv[1:]))
