#!/usr/bin/env python3

# Writes the requests of this directory, a line each: conversations and what
# clients ask for, made of one another, and each member alone.  Run by the
# Python of build/sdk/venv also API.sdk.jsonl: each type that the SDKs know of
# requests, whole.

import json
import os

import fields

here = os.path.dirname(os.path.abspath(__file__))

PNG = ('iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADh'
       'gGAWjR9awAAAABJRU5ErkJggg==')
JPEG = '/9j/4AAQSkZJRgABAQEASABIAAD/2wBDAP//////////////////wAALCAABAAEB'
WAV = 'UklGRiQAAABXQVZFZm10IBAAAAABAAEAQB8AAIA+AAACABAAZGF0YQAAAAA='
PDF = 'JVBERi0xLjQKJeLjz9MKMSAwIG9iago8PC9UeXBlL0NhdGFsb2c+PgplbmRvYmoK'
PLAIN = 'cGxhaW4gdGV4dA=='


class Digits(float):
    """a number that is written as it was given"""

    def __new__(cls, text):
        self = float.__new__(cls, text)
        self.text = text
        return self

    def __repr__(self):
        return self.text


N = Digits


def dump(value):
    if isinstance(value, Digits):
        return value.text

    if isinstance(value, dict):
        return '{%s}' % ','.join(json.dumps(k, ensure_ascii=False) + ':'
                                 + dump(v) for k, v in value.items())

    if isinstance(value, (list, tuple)):
        return '[%s]' % ','.join(map(dump, value))

    return json.dumps(value, ensure_ascii=False)


CITY = {'type': 'object', 'properties': {'city': {'type': 'string',
        'description': 'Where'}, 'days': {'type': 'integer', 'minimum': 1}},
        'required': ['city'], 'additionalProperties': False}
ADD = {'type': 'object', 'properties': {'a': {'type': 'number'},
       'b': {'type': 'number'}}, 'required': ['a', 'b']}
NAMES = {'type': 'object', 'properties': {'names': {'type': 'array', 'items':
         {'type': 'string'}}, 'n': {'enum': [1, N('2.0'), None]}},
         'required': ['names'], 'additionalProperties': False}
ARGUMENTS = [{'city': 'Bern', 'days': 2}, {}, {'n': N('12345678901234567890'),
             'f': N('1.0'), 'u': '\u00e9\u2028', 'e': N('1E-7')},
             {'list': [1, [2, {'deep': None}]], 'z': True, 'a': ''}]
TEXTS = ['hi', 'Why is the sky blue?', 'Zw\u00f6lf Boxk\u00e4mpfer \U0001f600',
         'line one\nline two\ttab "quoted" \\ back', '\u4f60\u597d', 'x' * 300]

# conversations: a list of turns, each (who, what, ...)

TALKS = [
    [('user', TEXTS[0])],
    [('system', 'Be brief.'), ('user', TEXTS[1])],
    [('user', TEXTS[2]), ('assistant', 'Ja.'), ('user', TEXTS[3])],
    [('system', 'You see.'), ('user', 'What is it?', ('image', PNG))],
    [('user', 'Compare', ('image', PNG), ('image', JPEG))],
    [('user', 'Weather?'), ('assistant', '', ('call', 'weather', 0)),
     ('tool', 'weather', '{"sun":true}')],
    [('system', 'S'), ('user', 'Both?'),
     ('assistant', 'Let me look.', ('call', 'weather', 2), ('call', 'add', 1)),
     ('tool', 'weather', 'rain'), ('tool', 'add', '3'),
     ('assistant', 'Rain, and 3.'), ('user', 'Thanks')],
    [('user', 'Twice'), ('assistant', '', ('call', 'add', 3)),
     ('tool', 'add', '1'), ('assistant', '', ('call', 'add', 1)),
     ('tool', 'add', 'two\nlines')],
    [('user', 'Think'), ('assistant', '4', ('think', 'two and two')),
     ('user', 'Sure?')],
    [('user', 'Think, look'), ('assistant', '', ('think', 'hm'),
     ('call', 'weather', 0)), ('tool', 'weather', 'snow')],
    [('user', TEXTS[4]), ('assistant', 'The answer is')],
    [('system', TEXTS[5]), ('user', TEXTS[5]), ('assistant', TEXTS[5]),
     ('user', TEXTS[1])],
]


# ---- Ollama

def ollama_messages(talk):
    out = []

    for who, *what in talk:
        if who == 'tool':
            out.append({'role': 'tool', 'content': what[1],
                        'tool_name': what[0]})
            continue

        m = {'role': who, 'content': what[0]}

        for kind, *x in what[1:]:
            if kind == 'image':
                m.setdefault('images', []).append(x[0])
            elif kind == 'think':
                m['thinking'] = x[0]
            else:
                m.setdefault('tool_calls', []).append({'function': {
                    'name': x[0], 'arguments': ARGUMENTS[x[1]]}})

        out.append(m)

    return out


def ollama_tools(n, **more):
    all = [('weather', 'Tells the weather', CITY), ('add', 'Adds', ADD)]
    return [{'type': 'function', 'function': {'name': a, 'description': b,
            'parameters': c, **more}} for a, b, c in all[:n]]


OLLAMA_OPTIONS = [
    {}, {'temperature': 0}, {'temperature': N('0.70'), 'top_p': N('0.9'),
     'seed': 42}, {'num_predict': 256, 'stop': ['\n\n', 'END']},
    {'top_k': 40, 'min_p': N('0.05'), 'repeat_penalty': N('1.1')},
    {'num_ctx': 8192, 'num_predict': -1}, {'seed': N('9007199254740993')},
    {'presence_penalty': N('0.5'), 'frequency_penalty': N('-0.25')},
]

OLLAMA_ASKED = [
    {}, {'stream': False}, {'keep_alive': '5m'}, {'format': 'json'},
    {'format': NAMES, 'stream': False}, {'think': True}, {'think': False},
    {'think': 'high'}, {'tools': ollama_tools(2)}, {'tools': ollama_tools(1),
     'stream': True}, {'keep_alive': N('-1'), 'think': 'low'},
    {'logprobs': True, 'top_logprobs': 3},
]

LOADING = {'num_ctx': 4096, 'num_keep': 5, 'num_batch': 512, 'num_gpu': 99,
           'main_gpu': 0, 'num_gqa': 8, 'num_thread': 8, 'numa': True,
           'use_mmap': True, 'use_mlock': True, 'low_vram': True,
           'f16_kv': True, 'logits_all': True, 'vocab_only': True,
           'embedding_only': True, 'rope_frequency_base': N('10000.0'),
           'rope_frequency_scale': N('1.0'), 'draft_num_predict': 4,
           'temperature': N('0.8'), 'top_p': N('0.9'), 'top_k': 40,
           'min_p': N('0.05'), 'typical_p': N('0.7'), 'tfs_z': 1, 'seed': 1,
           'num_predict': 100, 'stop': ['a'], 'presence_penalty': 1,
           'frequency_penalty': 1, 'repeat_penalty': N('1.1'),
           'repeat_last_n': 64, 'penalize_newline': True, 'mirostat': 1,
           'mirostat_tau': N('0.8'), 'mirostat_eta': N('0.6'),
           'server_knows': [1, {'it': N('2.50')}]}


def model(members, name='m'):
    return {'model': name, **members}


def chat():
    for i, talk in enumerate(TALKS):
        for j, asked in enumerate(OLLAMA_ASKED):
            options = OLLAMA_OPTIONS[(i + j) % len(OLLAMA_OPTIONS)]
            if not asked and not options and i % 2:
                options = OLLAMA_OPTIONS[1]
            yield model({'messages': ollama_messages(talk), **asked,
                         **({'options': options} if options else {})})

    hi = ollama_messages(TALKS[0])

    for name, value in LOADING.items():
        yield model({'messages': hi, 'options': {name: value}})

    yield model({'messages': hi, 'options': LOADING})
    yield model({'messages': hi, 'truncate': True, 'shift': False,
                 'server_knows': {'a': N('1.0')}})
    yield model({'messages': hi, '_debug_render_only': True})
    yield model({'messages': [], 'keep_alive': 0})
    yield model({'messages': hi, 'tools': [{'type': 'function', 'items': {},
                 'function': {'name': 'f', 'description': '', 'parameters':
                 {'type': 'object', 'properties': {}}, 'strict': True}}]})
    yield model({'messages': hi + [
        {'role': 'assistant', 'content': '', 'tool_calls': [
            {'id': 'call_1', 'type': 'function', 'function': {'index': 0,
             'name': 'f', 'description': 'x', 'arguments': ARGUMENTS[2]}},
            {'id': 'call_2', 'type': 'function', 'function': {'index': 1,
             'name': 'f', 'arguments': {}}}]},
        {'role': 'tool', 'content': 'b', 'tool_call_id': 'call_2',
         'tool_name': 'f'},
        {'role': 'tool', 'content': 'a', 'tool_call_id': 'call_1'}]})
    yield model({'messages': [{'role': 'user', 'content': 'hear', 'images':
                 [WAV]}]})
    yield model({'messages': [{'role': 'user', 'content': 'x'}, {'role':
                 'user', 'content': 'y'}]})


def generate():
    asked = [
        {'prompt': 'hi'}, {'prompt': TEXTS[1], 'system': 'Be brief.'},
        {'prompt': 'What is it?', 'images': [PNG]},
        {'prompt': 'def f(', 'suffix': 'return x'},
        {'prompt': '[INST] hi [/INST]', 'raw': True},
        {'prompt': 'hi', 'format': 'json'},
        {'prompt': 'names', 'format': NAMES, 'stream': False},
        {'prompt': 'hi', 'think': True}, {'prompt': 'hi', 'think': 'medium'},
        {'prompt': 'hi', 'logprobs': True, 'top_logprobs': 2},
        {'prompt': 'hi', 'keep_alive': '10m', 'truncate': False,
         'shift': True},
    ]

    for i, members in enumerate(asked):
        for j in (0, 2, 3, 4):
            options = OLLAMA_OPTIONS[(i + j) % len(OLLAMA_OPTIONS)]
            yield model({**members, **({'options': options} if options
                                       else {})})

    yield model({'prompt': 'hi', 'template': '{{ .Prompt }}'})
    yield model({'prompt': 'hi', 'context': [1, 2, 3]})
    yield model({'prompt': 'hi', '_debug_render_only': True})
    yield model({'prompt': 'a cat', 'width': 512, 'height': 512, 'steps': 4})
    yield model({'prompt': '', 'keep_alive': 0})

    for name, value in LOADING.items():
        yield model({'prompt': 'hi', 'options': {name: value}})


# ---- OpenAI's chat completions

def openai_messages(talk, parts=False, system='system'):
    out, calls = [], []

    for who, *what in talk:
        if who == 'tool':
            id = calls.pop(0)
            out.append({'role': 'tool', 'tool_call_id': id, 'content':
                        [{'type': 'text', 'text': what[1]}] if parts
                        else what[1]})
            continue

        m = {'role': system if who == 'system' else who}
        content = [{'type': 'text', 'text': what[0]}]

        for kind, *x in what[1:]:
            if kind == 'image':
                content.append({'type': 'image_url', 'image_url': {'url':
                    'data:image/%s;base64,%s' % ('png' if x[0] == PNG
                                                 else 'jpeg', x[0])}})
            elif kind == 'think':
                m['reasoning_content'] = x[0]
            else:
                calls.append('call_%d' % (len(out) * 10 + len(calls)))
                m.setdefault('tool_calls', []).append({'id': calls[-1],
                    'type': 'function', 'function': {'name': x[0],
                    'arguments': dump(ARGUMENTS[x[1]])}})

        m['content'] = (content if parts and what[0] or len(content) > 1
                        else what[0] or None)
        out.append(m)

    return out


SCHEMA = {'name': 'names', 'description': 'Some', 'schema': NAMES,
          'strict': True}

OPENAI_ASKED = [
    {}, {'temperature': 0}, {'temperature': N('1.50'), 'top_p': N('0.9')},
    {'max_completion_tokens': 1000}, {'max_tokens': 16, 'stop': 'END'},
    {'stop': ['a', 'b', 'c', 'd'], 'seed': 7},
    {'presence_penalty': N('0.1'), 'frequency_penalty': 2},
    {'stream': True}, {'stream': True, 'stream_options': {'include_usage':
                       True, 'include_obfuscation': False}},
    {'response_format': {'type': 'json_object'}},
    {'response_format': {'type': 'json_schema', 'json_schema': SCHEMA}},
    {'reasoning_effort': 'low'}, {'reasoning_effort': 'none', 'user': 'u-1'},
    {'tools': ollama_tools(2), 'tool_choice': 'auto'},
    {'tools': ollama_tools(2, strict=False), 'parallel_tool_calls': False},
    {'tools': ollama_tools(1), 'tool_choice': {'type': 'function', 'function':
                                               {'name': 'weather'}}},
    {'logprobs': True, 'top_logprobs': 5},
]

OPENAI_MEMBERS = [
    {'n': 1}, {'n': 2}, {'logit_bias': {}}, {'logit_bias': {'50256': -100}},
    {'store': False}, {'store': True}, {'service_tier': 'auto'},
    {'service_tier': 'flex'}, {'modalities': ['text']},
    {'modalities': ['text', 'audio'], 'audio': {'voice': 'alloy', 'format':
                                                'wav'}},
    {'audio': {'voice': 'alloy', 'format': 'wav'}},
    {'web_search_options': {}}, {'web_search_options': {'search_context_size':
                                                        'low'}},
    {'moderation': {'model': 'omni-moderation-latest'}},
    {'prediction': {'type': 'content', 'content': 'x'}},
    {'verbosity': 'low'}, {'prompt_cache_key': 'k'},
    {'prompt_cache_options': {'mode': 'implicit'}},
    {'prompt_cache_retention': '24h'}, {'metadata': {'a': 'b'}},
    {'safety_identifier': 's'}, {'user': 'u', 'safety_identifier': 's'},
    {'top_k': 40}, {'min_p': N('0.05')}, {'repeat_penalty': N('1.1')},
    {'repetition_penalty': N('1.05')}, {'enable_thinking': True},
    {'enable_thinking': True, 'thinking_budget': 2048},
    {'chat_template_kwargs': {'enable_thinking': False}},
    {'chat_template_kwargs': {'thinking': True}},
    {'chat_template_kwargs': {'reasoning_effort': 'high'}},
    {'thinking': {'type': 'enabled', 'budget_tokens': 4096}},
    {'thinking': {'type': 'disabled'}}, {'reasoning': {'effort': 'medium'}},
    {'reasoning': {'max_tokens': 2000, 'exclude': False}},
    {'reasoning': {'enabled': True, 'summary': 'auto'}},
    {'include_reasoning': True}, {'server_knows': {'it': [N('1.0')]}},
    {'stream': True, 'stream_options': {'continuous_usage_stats': True}},
    {'tools': ollama_tools(2), 'tool_choice': 'none'},
    {'tools': ollama_tools(2), 'tool_choice': 'required'},
    {'tools': ollama_tools(2), 'tool_choice': {'type': 'allowed_tools',
        'allowed_tools': {'mode': 'auto', 'tools': [{'type': 'function',
        'function': {'name': 'add'}}]}}},
    {'tools': [{'type': 'custom', 'custom': {'name': 'c'}}]},
    {'tools': ollama_tools(1), 'tool_choice': {'type': 'custom', 'custom':
                                               {'name': 'c'}}},
    {'tools': [{**ollama_tools(1)[0], 'cache_control': {'type':
                                                        'ephemeral'}}]},
    {'functions': [{'name': 'f', 'description': 'd', 'parameters': CITY}],
     'function_call': 'auto'},
    {'functions': [{'name': 'f', 'parameters': CITY}], 'function_call':
     {'name': 'f'}},
    {'response_format': {'type': 'text'}},
    {'response_format': {'type': 'json_object', 'schema': NAMES}},
    {'reasoning_effort': 'minimal'}, {'reasoning_effort': 'xhigh'},
    {'max_completion_tokens': 5, 'max_tokens': 9},
]


def user(*parts):
    return [{'role': 'user', 'content': list(parts)}]


def completions():
    for i, talk in enumerate(TALKS):
        for j, asked in enumerate(OPENAI_ASKED):
            yield model({'messages': openai_messages(talk, (i + j) % 3 == 1,
                         'developer' if (i + j) % 4 == 3 else 'system'),
                         **asked})

    hi = openai_messages(TALKS[0])

    for members in OPENAI_MEMBERS:
        yield model({'messages': hi, **members})

    text = {'type': 'text', 'text': 'look'}

    for messages in (
        user(text, {'type': 'image_url', 'image_url': {'url':
                    'https://example.com/a.png', 'detail': 'high'}}),
        user(text, {'type': 'image_url', 'image_url': {'url':
                    'data:image/png;base64,' + PNG, 'detail': 'low'}}),
        user(text, {'type': 'input_audio', 'input_audio': {'data': WAV,
                    'format': 'wav'}}),
        user(text, {'type': 'file', 'file': {'filename': 'a.pdf', 'file_data':
                    'data:application/pdf;base64,' + PDF}}),
        user(text, {'type': 'file', 'file': {'filename': 'a.txt', 'file_data':
                    'data:text/plain;base64,' + PLAIN}}),
        user(text, {'type': 'file', 'file': {'file_id': 'file-1'}}),
        user({**text, 'cache_control': {'type': 'ephemeral'}}),
        user({**text, 'prompt_cache_breakpoint': {'mode': 'explicit'}}),
        [{'role': 'user', 'content': 'a', 'name': 'ann'}],
        [{'role': 'user', 'content': 'a', 'cache_control': {'type':
                                                            'ephemeral'}}],
        hi + [{'role': 'assistant', 'content': None, 'refusal': 'No.'}] + hi,
        hi + [{'role': 'assistant', 'content': [{'type': 'refusal', 'refusal':
                                                 'No.'}]}] + hi,
        hi + [{'role': 'assistant', 'content': 'x', 'reasoning': 'r',
               'reasoning_details': [{'type': 'reasoning.text', 'text':
               'r'}], 'annotations': []}] + hi,
        hi + [{'role': 'assistant', 'content': None, 'audio': {'id':
               'audio_1'}}] + hi,
        hi + [{'role': 'assistant', 'content': None, 'function_call': {'name':
               'f', 'arguments': '{"a":1}'}}, {'role': 'function', 'name':
               'f', 'content': 'r'}],
        hi + [{'role': 'assistant', 'content': '', 'tool_calls': [{'index': 0,
               'id': 'call_a', 'type': 'function', 'extra_content': {'g': 1},
               'function': {'name': 'f', 'arguments': '', 'parsed_arguments':
               None}}]}, {'role': 'tool', 'tool_call_id': 'call_a', 'content':
               ''}],
        hi + [{'role': 'assistant', 'content': None, 'tool_calls': [{'id':
               'call_a', 'type': 'function', 'function': {'name': 'f',
               'arguments': '{}', 'parsed_arguments': {}}}]}, {'role': 'tool',
               'tool_call_id': 'call_a', 'content': 'r'}],
        hi + [{'role': 'assistant', 'content': None, 'tool_calls': [{'id':
               'c', 'type': 'custom', 'custom': {'name': 'x', 'input':
               'y'}}]}, {'role': 'tool', 'tool_call_id': 'c', 'content': 'r'}],
        hi + [{'role': 'user', 'content': 'more'}],
        hi + [{'role': 'system', 'content': 'now in French'}] + hi,
    ):
        yield model({'messages': messages})


# ---- OpenAI's responses

def responses_input(talk):
    out, calls = [], []

    for who, *what in talk:
        if who == 'tool':
            out.append({'type': 'function_call_output', 'call_id':
                        calls.pop(0), 'output': what[1]})
            continue

        assistant = who == 'assistant'
        content, after = [], []

        if what[0]:
            content.append({'type': 'output_text' if assistant
                            else 'input_text', 'text': what[0]})

        for kind, *x in what[1:]:
            if kind == 'image':
                content.append({'type': 'input_image', 'image_url':
                    'data:image/%s;base64,%s' % ('png' if x[0] == PNG
                                                 else 'jpeg', x[0])})
            elif kind == 'think':
                out.append({'type': 'reasoning', 'id': 'rs_%d' % len(out),
                            'summary': [{'type': 'summary_text', 'text':
                                         x[0]}]})
            else:
                calls.append('call_%d' % (len(out) * 10 + len(calls)))
                after.append({'type': 'function_call', 'call_id': calls[-1],
                    'name': x[0], 'arguments': dump(ARGUMENTS[x[1]])})

        if content:
            out.append({'type': 'message', 'role': who, 'content': content}
                       if assistant else {'role': who, 'content': content if
                       len(content) > 1 or len(out) % 2 else what[0]})

        out += after

    return out


def responses_tools(n):
    return [{'type': 'function', **t['function'], 'strict': True}
            for t in ollama_tools(n)]


RESPONSES_ASKED = [
    {}, {'instructions': 'Be brief.'}, {'stream': True},
    {'max_output_tokens': 500, 'temperature': N('0.20')},
    {'top_p': N('0.5'), 'user': 'u-1', 'store': False},
    {'tools': responses_tools(2), 'tool_choice': 'auto'},
    {'tools': responses_tools(1), 'tool_choice': 'required',
     'parallel_tool_calls': False},
    {'tools': responses_tools(2), 'tool_choice': {'type': 'function', 'name':
                                                  'add'}},
    {'text': {'format': {'type': 'json_schema', **SCHEMA}}},
    {'text': {'format': {'type': 'json_object'}, 'verbosity': 'low'}},
    {'reasoning': {'effort': 'medium', 'summary': 'auto'}},
    {'reasoning': {'effort': 'none'}, 'metadata': {'a': 'b'}},
    {'include': ['reasoning.encrypted_content'], 'store': False,
     'prompt_cache_key': 'k'},
    {'top_logprobs': 2, 'include': ['message.output_text.logprobs']},
]

RESPONSES_MEMBERS = [
    {'store': True}, {'previous_response_id': 'resp_1'},
    {'conversation': 'conv_1'}, {'prompt': {'id': 'pmpt_1'}},
    {'background': True}, {'background': False},
    {'background_options': {'x': 1}},
    {'stream': True, 'stream_options': {'include_obfuscation': False}},
    {'truncation': 'auto'}, {'safety_identifier': 's'},
    {'prompt_cache_retention': '24h'},
    {'prompt_cache_options': {'mode': 'implicit', 'ttl': '1h'}},
    {'prompt_cache_options': {'comparison_response_id': 'resp_1'}},
    {'prompt_cache_options': {'prewarm': True}},
    {'service_tier': 'flex'}, {'service_tier': 'auto'},
    {'max_tool_calls': 5}, {'context_management': [{'type': 'compaction'}]},
    {'moderation': {'model': 'x'}}, {'access_programs': ['x']},
    {'image': {'context_compression': 'high'}},
    {'image': {'context_compression': 'auto'}},
    {'client_metadata': {'a': 'b'}}, {'presence_penalty': 1},
    {'frequency_penalty': N('0.5')}, {'top_k': 40}, {'seed': 7},
    {'messages': [{'role': 'user', 'content': 'x'}]}, {'max_tokens': 5},
    {'max_completion_tokens': 5}, {'reasoning_effort': 'low'},
    {'response_format': {'type': 'text'}}, {'logprobs': True},
    {'verbosity': 'low'}, {'stop': ['x']}, {'n': 2},
    {'functions': [{'name': 'f'}]}, {'function_call': 'auto'},
    {'text': {'format': {'type': 'text'}}}, {'server_knows': {'it': 1}},
    {'reasoning': {'generate_summary': 'concise', 'context': 'auto'}},
    {'reasoning': {'mode': 'pro'}}, {'reasoning': {'mode': 'standard'}},
    {'tools': [{'type': 'custom', 'name': 'c', 'description': 'd', 'format':
                {'type': 'text'}}]},
    {'tools': [{'type': 'custom', 'name': 'c', 'format': {'type': 'grammar',
                'syntax': 'lark', 'definition': 'start: "a"'},
                'defer_loading': True, 'allowed_callers': ['direct'],
                'async': False}]},
    {'tools': [{'type': 'custom', 'name': 'c', 'async': True}]},
    {'tools': [{'type': 'custom', 'name': 'c', 'allowed_callers':
                ['programmatic']}]},
    {'tools': [{'type': 'function', 'name': 'f', 'parameters': CITY,
                'output_schema': {}, 'defer_loading': True}]},
    {'tools': [{'type': 'function', 'name': 'f', 'parameters': CITY,
                'allowed_callers': ['programmatic']}]},
    {'tools': [{'type': 'function', 'name': 'f', 'parameters': CITY,
                'async': True}]},
    {'tools': [{'type': 'namespace', 'name': 'ns', 'description': 'd',
                'tools': [{'type': 'function', 'name': 'f', 'parameters':
                CITY}, {'type': 'custom', 'name': 'c'}]}]},
    {'tools': [{'type': 'web_search'}]},
    {'tools': [{'type': 'mcp', 'server_label': 'x', 'server_url':
                'https://example.com'}]},
    {'tools': responses_tools(2), 'tool_choice': {'type': 'allowed_tools',
     'mode': 'required', 'tools': [{'type': 'function', 'name': 'add'}]}},
]


def responses():
    for i, talk in enumerate(TALKS):
        for j, asked in enumerate(RESPONSES_ASKED):
            items = responses_input(talk)
            yield model({'input': 'hi' if i == 0 and j % 2 else items,
                         **asked})

    for members in RESPONSES_MEMBERS:
        yield model({'input': 'hi', **members})

    hi = [{'role': 'user', 'content': 'hi'}]
    meta = {'internal_chat_message_metadata_passthrough': {'a': 1}}
    own = {'id': 'x_1', 'status': 'completed'}
    ask = {'type': 'input_text', 'text': 'look'}

    def part(p):
        return [{'role': 'user', 'content': [ask, p]}]

    for items in (
        hi + [{'type': 'message', 'role': 'assistant', **own, **meta,
               'phase': 'commentary', 'end_turn': True, 'content': [{'type':
               'output_text', 'text': 'a', 'annotations': [], 'logprobs':
               []}]}] + hi,
        hi + [{'type': 'message', 'role': 'assistant', 'content': [{'type':
               'refusal', 'refusal': 'No.'}]}] + hi,
        hi + [{'type': 'function_call', 'call_id': 'c', 'name': 'f',
               'arguments': '{"a":1}', 'namespace': 'ns', 'caller': {'type':
               'direct'}, 'async': False, **own, **meta},
              {'type': 'function_call_output', 'call_id': 'c', 'name': 'f',
               'namespace': 'ns', 'caller': {'type': 'direct'}, 'output':
               [{'type': 'input_text', 'text': 'r'}], **own, **meta}],
        hi + [{'type': 'custom_tool_call', 'call_id': 'c', 'name': 'x',
               'input': 'free text', **own}, {'type':
               'custom_tool_call_output', 'call_id': 'c', 'output': 'r'}],
        hi + [{'type': 'function_call', 'call_id': 'c', 'name': 'f',
               'arguments': '{}'}, {'type': 'function_call_output', 'call_id':
               'c', 'output': [{'type': 'input_image', 'image_url':
               'data:image/png;base64,' + PNG}]}],
        hi + [{'type': 'function_call', 'call_id': 'c', 'name': 'f',
               'arguments': 'not json'}, {'type': 'function_call_output',
               'call_id': 'c', 'output': 'r'}],
        hi + [{'type': 'reasoning', **own, **meta, 'content': [{'type':
               'reasoning_text', 'text': 'r'}], 'summary': [],
               'encrypted_content': 'gAAAAAB'}, {'role': 'assistant',
               'content': 'a'}] + hi,
        [{'type': 'additional_tools', 'id': 'at_1', 'role': 'developer',
          'tools': responses_tools(1)}] + hi,
        part({'type': 'input_image', 'image_url': 'data:image/png;base64,'
              + PNG, 'detail': 'high'}),
        part({'type': 'input_image', 'image_url': 'https://example.com/a.png',
              'prompt_cache_breakpoint': {}}),
        part({'type': 'input_image', 'file_id': 'file-1'}),
        part({'type': 'input_file', 'filename': 'a.pdf', 'file_data':
              'data:application/pdf;base64,' + PDF, 'detail': 'low'}),
        part({'type': 'input_file', 'filename': 'a.txt', 'file_data':
              'data:text/plain;base64,' + PLAIN}),
        part({'type': 'input_file', 'file_url': 'https://example.com/a.pdf'}),
        part({'type': 'input_file', 'file_id': 'file-1'}),
        part({'type': 'input_file', 'file_data':
              'data:text/plain;base64,' + PLAIN, 'prompt_cache_breakpoint':
              {'mode': 'explicit'}}),
        part({'type': 'input_audio', 'input_audio': {'data': WAV, 'format':
              'wav'}}),
        part({'type': 'input_text', 'text': 'more', 'prompt_cache_breakpoint':
              {'mode': 'explicit'}}),
        [{'role': 'developer', 'content': 'S'}, {'role': 'system', 'content':
          'T'}] + hi,
    ):
        yield model({'input': items})


# ---- Anthropic's messages

def anthropic_request(talk, blocks=False):
    out, calls, system = [], [], None

    for who, *what in talk:
        if who == 'system':
            system = ([{'type': 'text', 'text': what[0], 'cache_control':
                        {'type': 'ephemeral'}}] if blocks else what[0])
            continue

        if who == 'tool':
            result = {'type': 'tool_result', 'tool_use_id': calls.pop(0),
                      'content': [{'type': 'text', 'text': what[1]}]
                      if blocks else what[1]}

            if out[-1]['role'] == 'user':
                out[-1]['content'].append(result)
            else:
                out.append({'role': 'user', 'content': [result]})

            continue

        content, after = [], []

        for kind, *x in what[1:]:
            if kind == 'image':
                after.append({'type': 'image', 'source': {'type': 'base64',
                    'media_type': 'image/png' if x[0] == PNG else
                    'image/jpeg', 'data': x[0]}})
            elif kind == 'think':
                content.append({'type': 'thinking', 'thinking': x[0],
                                'signature': 'EqQBCgYIARgC'})
            else:
                calls.append('toolu_%02d' % (len(out) * 10 + len(calls)))
                after.append({'type': 'tool_use', 'id': calls[-1],
                              'name': x[0], 'input': ARGUMENTS[x[1]]})

        if what[0]:
            content.append({'type': 'text', 'text': what[0]})

        content += after
        out.append({'role': who, 'content': what[0] if len(content) == 1
                    and not blocks and what[0] else content})

    return {**({'system': system} if system else {}), 'messages': out}


def anthropic_tools(n, **more):
    return [{'name': t['function']['name'], 'description':
             t['function']['description'], 'input_schema':
             t['function']['parameters'], **more} for t in ollama_tools(n)]


MAX = {'max_tokens': 1024}

ANTHROPIC_ASKED = [
    {}, {'temperature': N('0.50')}, {'top_p': N('0.9'), 'top_k': 5},
    {'stream': True}, {'stop_sequences': ['END', '###']},
    {'tools': anthropic_tools(2)}, {'tools': anthropic_tools(2),
     'tool_choice': {'type': 'any'}},
    {'tools': anthropic_tools(2), 'tool_choice': {'type': 'tool', 'name':
                                                  'add'}},
    {'tools': anthropic_tools(1), 'tool_choice': {'type': 'auto',
     'disable_parallel_tool_use': True}},
    {'thinking': {'type': 'enabled', 'budget_tokens': 2048}, 'max_tokens':
     4096}, {'thinking': {'type': 'disabled'}},
    {'thinking': {'type': 'adaptive'}, 'output_config': {'effort': 'high'}},
    {'output_config': {'format': {'type': 'json_schema', 'schema': NAMES}}},
    {'metadata': {'user_id': 'u-1'}, 'service_tier': 'auto'},
]

ANTHROPIC_MEMBERS = [
    {'output_format': {'type': 'json_schema', 'schema': NAMES}},
    {'output_config': {'effort': 'low', 'task_budget': {'type': 'tokens',
                       'total': 9}}},
    {'output_config': {'format': {'type': 'json_schema', 'name': 'n',
                                  'schema': NAMES}}},
    {'cache_control': {'type': 'ephemeral', 'ttl': '1h'}}, {'speed': 'fast'},
    {'context_management': {'edits': []}}, {'diagnostics': {'x': 1}},
    {'fallbacks': [{'model': 'x'}]}, {'fallback_credit_token': 't'},
    {'betas': ['x-2025-01-01']}, {'anthropic_beta': ['x']},
    {'anthropic_version': '2023-06-01'}, {'user_profile_id': 'p'},
    {'workspace_id': 'w'}, {'container': 'c'},
    {'mcp_servers': [{'type': 'url', 'name': 'x', 'url':
                      'https://example.com'}]}, {'compaction': {'x': 1}},
    {'thread': {'id': 't'}}, {'inference_geo': 'eu'},
    {'billing_policy': 'x'}, {'server_knows': {'it': N('1.0')}},
    {'thinking': {'type': 'adaptive', 'display': 'omitted',
                  'block_binding': 'x'}},
    {'tools': anthropic_tools(2), 'tool_choice': {'type': 'none'}},
    {'tools': anthropic_tools(1, type='custom', strict=True,
        allowed_callers=['direct'], defer_loading=False,
        eager_input_streaming=True, input_examples=[{'city': 'Bern'}],
        cache_control={'type': 'ephemeral'})},
    {'tools': [{'type': 'web_search_20250305', 'name': 'web_search'}]},
    {'system': 'x-anthropic-billing-header: a'},
    {'system': [{'type': 'text', 'text': 'a'}, {'type': 'text', 'text':
                                                'b'}]},
    {'stop_sequences': []},
]

SERVER_BLOCKS = [
    {'type': 'server_tool_use', 'id': 's', 'name': 'web_search', 'input': {}},
    {'type': 'web_search_tool_result', 'tool_use_id': 's', 'content': []},
    {'type': 'web_fetch_tool_result', 'tool_use_id': 's', 'content': {}},
    {'type': 'code_execution_tool_result', 'tool_use_id': 's', 'content': {}},
    {'type': 'bash_code_execution_tool_result', 'tool_use_id': 's', 'content':
     {}}, {'type': 'text_editor_code_execution_tool_result', 'tool_use_id':
           's', 'content': {}},
    {'type': 'tool_search_tool_result', 'tool_use_id': 's', 'content': {}},
    {'type': 'advisor_tool_result', 'tool_use_id': 's', 'content': {}},
    {'type': 'tool_reference', 'tool_name': 'x'}, {'type': 'browser_state'},
    {'type': 'mcp_tool_use', 'id': 's', 'name': 'x', 'server_name': 'y',
     'input': {}}, {'type': 'mcp_tool_result', 'tool_use_id': 's', 'content':
                    []}, {'type': 'mcp_tool_listing'},
    {'type': 'container_upload', 'file_id': 'f'},
    {'type': 'compaction', 'content': 'x'}, {'type': 'tool_addition'},
    {'type': 'tool_removal'}, {'type': 'fallback'},
]


def messages():
    for i, talk in enumerate(TALKS):
        for j, asked in enumerate(ANTHROPIC_ASKED):
            yield model({**MAX, **anthropic_request(talk, (i + j) % 3 == 1),
                         **asked})

    hi = [{'role': 'user', 'content': 'hi'}]
    cache = {'cache_control': {'type': 'ephemeral'}}
    text = {'type': 'text', 'text': 'look'}
    use = {'type': 'tool_use', 'id': 'toolu_1', 'name': 'weather', 'input':
           ARGUMENTS[0], 'caller': {'type': 'direct'}, 'toolset_name': 't',
           **cache}
    result = {'type': 'tool_result', 'tool_use_id': 'toolu_1', 'content': 'r',
              'toolset_name': 't', **cache}
    plain = {'type': 'text', 'media_type': 'text/plain', 'data': 'plain'}

    for members in ANTHROPIC_MEMBERS:
        yield model({**MAX, 'messages': hi, **members})

    for block in SERVER_BLOCKS:
        yield model({**MAX, 'messages': hi + [{'role': 'assistant',
                     'content': [text, block]}] + hi})

    for blocks in (
        [{**text, **cache, 'citations': []}],
        [text, {'type': 'image', 'source': {'type': 'url', 'url':
                'https://example.com/a.png'}, 'transformations': [], **cache}],
        [text, {'type': 'image', 'source': {'type': 'file', 'file_id': 'f'}}],
        [{'type': 'document', 'source': plain, 'title': 't', 'context': 'c',
          **cache}, text],
        [{'type': 'document', 'source': plain, 'citations': {'enabled':
                                                             True}}, text],
        [{'type': 'document', 'source': {'type': 'base64', 'media_type':
          'application/pdf', 'data': PDF}, 'title': 'a.pdf'}, text],
        [{'type': 'document', 'source': {'type': 'url', 'url':
          'https://example.com/a.pdf'}}, text],
        [{'type': 'document', 'source': {'type': 'content', 'content':
          [{'type': 'text', 'text': 'in blocks'}]}}, text],
        [{'type': 'document', 'source': {'type': 'content', 'content':
          'in text'}}, text],
        [{'type': 'search_result', 'title': 't', 'source': 's', 'content':
          [{'type': 'text', 'text': 'found'}], **cache}, text],
        [{'type': 'search_result', 'title': 't', 'source': 's', 'content':
          [{'type': 'text', 'text': 'found'}], 'citations': {'enabled':
          True}}, text],
        [text, {'type': 'text', 'text': ''}],
        [text, {'type': 'text', 'text': 'twice'}],
    ):
        yield model({**MAX, 'messages': [{'role': 'user', 'content':
                                          blocks}]})

    for turns in (
        [{'role': 'assistant', 'content': [use]}, {'role': 'user', 'content':
         [result, text]}],
        [{'role': 'assistant', 'content': [use]}, {'role': 'user', 'content':
         [{**result, 'is_error': True}, {'type': 'text', 'text': ''}]}],
        [{'role': 'assistant', 'content': [use]}, {'role': 'user', 'content':
         [{**result, 'content': [text, {'type': 'image', 'source': {'type':
         'base64', 'media_type': 'image/png', 'data': PNG}}]}]}],
        [{'role': 'assistant', 'content': [{'type': 'thinking', 'thinking':
         'hm', 'signature': 'sig', **cache}, text]}] + hi,
        [{'role': 'assistant', 'content': [{'type': 'redacted_thinking',
         'data': 'EmwK', **cache}, text]}] + hi,
        [{'role': 'system', 'content': 'now in French'}],
        [{'role': 'user', 'content': 'again', 'output_config': {'effort':
         'low'}, **cache}],
        [{'role': 'user', 'content': 'again', 'clear_at': 5}],
    ):
        yield model({**MAX, 'messages': hi + turns})


# ---- embeddings

def embed():
    for members in ({'input': 'a'}, {'input': ['a', 'b']}, {'input': []},
                    {'input': 'a', 'truncate': True, 'dimensions': 256},
                    {'input': ['\u00e9'], 'keep_alive': '5m', 'options':
                     {'num_ctx': 512}}, {'input': 'a', 'server_knows': 1}):
        yield model(members)


def embeddings():
    for members in ({'prompt': 'a'}, {'prompt': 'a', 'keep_alive': 0,
                                      'options': {'num_ctx': 512}},
                    {'prompt': ''}):
        yield model(members)


def vectors():
    for members in ({'input': 'a'}, {'input': ['a', 'b'], 'encoding_format':
                                     'float'}, {'input': [[1, 2]]},
                    {'input': 'a', 'encoding_format': 'base64', 'dimensions':
                     256, 'user': 'u'}, {'input': 'a', 'server_knows': 1}):
        yield model(members)


MAKERS = (chat, generate, completions, responses, messages, embed, embeddings,
          vectors)


def write(name, requests):
    lines = list(dict.fromkeys(map(dump, requests)))

    if lines:
        with open(os.path.join(here, name), 'w') as out:
            out.writelines(line + '\n' for line in lines)

    print(name, len(lines))


def main():
    for make in MAKERS:
        api = make.__name__
        requests = list(make())
        write(api + '.jsonl', requests)

        needed = {k: v for k, v in requests[0].items()
                  if k in ('model', 'messages', 'max_tokens', 'prompt',
                           'input')}
        write(api + '.sdk.jsonl', fields.samples(api, needed))


if __name__ == '__main__':
    main()
