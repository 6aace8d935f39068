# What the SDKs know of requests, by their types: fields.py says which members
# no request of this directory has; make.py takes samples of them from here.

import importlib
import json
import os
import sys
import types
import typing

here = os.path.dirname(os.path.abspath(__file__))

# the type of an API's request, where the SDK has it

ROOTS = {
    'chat': ('ollama._types', 'ChatRequest'),
    'generate': ('ollama._types', 'GenerateRequest'),
    'embed': ('ollama._types', 'EmbedRequest'),
    'embeddings': ('ollama._types', 'EmbeddingsRequest'),
    'completions': ('openai.types.chat.completion_create_params',
                    'CompletionCreateParamsBase'),
    'responses': ('openai.types.responses.response_create_params',
                  'ResponseCreateParamsBase'),
    'vectors': ('openai.types.embedding_create_params',
                'EmbeddingCreateParams'),
    'messages': ('anthropic.types.beta.message_create_params',
                 'MessageCreateParamsBase'),
}

# of strings that mean something: what a sample has

WORDS = {'model': 'm', 'name': 'weather', 'role': 'user', 'id': 'x_1',
         'call_id': 'call_1', 'tool_use_id': 'toolu_1',
         'tool_call_id': 'call_1', 'arguments': '{}', 'input_schema':
         {'type': 'object'}, 'parameters': {'type': 'object'}, 'data':
         'aGk=', 'file_data': 'data:application/pdf;base64,JVBERg==',
         'url': 'https://example.com/x', 'image_url':
         'https://example.com/x.png', 'media_type': 'image/png'}


def root(api):
    """an API's request type, or None"""

    module, name = ROOTS[api]

    try:
        return getattr(importlib.import_module(module), name)
    except ImportError:
        return None


def members(kind):
    """name to type, of what has members; else None"""

    if isinstance(kind, type) and hasattr(kind, '__required_keys__'):
        return typing.get_type_hints(kind, include_extras=False)

    # the one that is written as a text

    if getattr(kind, '__qualname__', '') == 'Image':
        return None

    if isinstance(kind, type) and hasattr(kind, 'model_fields'):
        return {name: field.annotation
                for name, field in kind.model_fields.items()
                if not field.exclude}

    return None


def plain(kind):
    """without what a type is wrapped in"""

    while True:
        if hasattr(kind, '__value__'):
            kind = kind.__value__

        elif typing.get_origin(kind) in (typing.Annotated, typing.Required,
                                         typing.NotRequired):
            kind = typing.get_args(kind)[0]

        elif isinstance(kind, typing.TypeVar):
            kind = kind.__bound__ or str

        else:
            return kind


def choices(kind):
    """the alternatives of a type, each as it is without wrapping"""

    kind = plain(kind)
    origin = typing.get_origin(kind)

    if origin in (typing.Union, types.UnionType):
        for one in typing.get_args(kind):
            yield from choices(one)

    elif kind is not type(None):
        yield kind


def within(kind):
    """what is in a list, or None"""

    origin = typing.get_origin(kind)
    args = typing.get_args(kind)

    if origin is None or origin in (dict, typing.Literal) or not args:
        return None

    if isinstance(origin, type) and issubclass(origin, typing.Mapping):
        return None

    return args[0]


def fits(value, kind):
    """whether an object can be of a type: by its members of one value"""

    hints = members(kind)

    for name, hint in hints.items():
        for one in choices(hint):
            if (typing.get_origin(one) is typing.Literal and name in value
                    and name in ('type', 'role')
                    and value[name] not in typing.get_args(one)):
                return False

    return set(value) <= set(hints) or 'type' in hints or 'role' in hints


def see(value, kind, seen):
    """notes in seen which members of types a value has"""

    for one in choices(kind):
        inner = within(one)

        if inner is not None and isinstance(value, list):
            for element in value:
                see(element, inner, seen)

        hints = members(one)

        if hints and isinstance(value, dict) and fits(value, one):
            for name, hint in hints.items():
                if name in value:
                    seen.add((one, name))
                    see(value[name], hint, seen)


def reach(kind, found):
    """all types with members that are in one"""

    for one in choices(kind):
        inner = within(one)

        if inner is not None:
            reach(inner, found)

        hints = members(one)

        if hints and one not in found:
            found.append(one)

            for hint in hints.values():
                reach(hint, found)


def unseen(api, requests):
    """members that no request has, and how many there are"""

    kind, seen, found = root(api), set(), []

    for request in requests:
        see(request, kind, seen)

    reach(kind, found)

    all = [(one, name) for one in found for name in members(one)]

    return (['%s.%s' % (one.__name__, name) for one, name in all
             if (one, name) not in seen], len(all))


# ---- samples

def sample(kind, name, depth):
    """a value of a type"""

    kind = next(choices(kind), str)

    if getattr(kind, '__qualname__', '') == 'Image':
        kind = str

    origin = typing.get_origin(kind)

    if origin is typing.Literal:
        return typing.get_args(kind)[0]

    inner = within(kind)

    if inner is not None:
        return [sample(inner, name, depth)]

    if members(kind):
        return full(kind, depth + 1)

    if kind is bool:
        return True

    if kind in (int, float):
        return 1

    if origin is dict or kind is dict or (isinstance(origin, type) and
                                          issubclass(origin, typing.Mapping)):
        return {'k': 'v'}

    if kind is object or kind is typing.Any:
        return WORDS.get(name, {'k': 'v'})

    return WORDS.get(name, name)


def full(kind, depth=0):
    """an object with all that a type has; deep ones with what they need"""

    needed = getattr(kind, '__required_keys__', set())

    return {name: sample(hint, name, depth)
            for name, hint in members(kind).items()
            if depth < 2 or name in needed or name in ('type', 'role')}


def paths(kind, found, make):
    """of each type that is new: a request in which it is whole"""

    for one in choices(kind):
        inner = within(one)

        if inner is not None:
            yield from paths(inner, found, lambda v, m=make: m([v]))

        hints = members(one)

        if not hints or one in found:
            continue

        found.append(one)

        yield make(full(one))

        needed = getattr(one, '__required_keys__', set())
        least = {name: sample(hint, name, 2) for name, hint in hints.items()
                 if name in needed or name in ('type', 'role')}

        for name, hint in hints.items():
            yield from paths(hint, found, lambda v, m=make, n=name, x=least:
                             m({**x, n: v}))


def samples(api, base):
    """requests in which each type is whole once"""

    kind = root(api)

    if kind is None:
        return

    for name, hint in members(kind).items():
        if name != 'model':
            yield {**base, name: sample(hint, name, 1)}

            yield from paths(hint, [kind], lambda v, n=name: {**base, n: v})


def main():
    for api in ROOTS:
        if root(api) is None:
            continue

        requests = []

        for name in api + '.jsonl', api + '.sdk.jsonl':
            with open(os.path.join(here, name)) as lines:
                requests += map(json.loads, lines)

        missing, n = unseen(api, requests)

        print(json.dumps({'api': api, 'members': n, 'missing': missing}))


if __name__ == '__main__':
    main()
