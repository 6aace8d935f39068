# What the scripts share: each check is a line of JSON on the standard
# output, a step waits until the test has answered with a line.

import json
import sys


def say(**what):
    sys.stdout.write(json.dumps(what, default=str) + '\n')
    sys.stdout.flush()


def ok(value, check, got=None):
    say(check=check, ok=bool(value), got=value if got is None else got)


def equal(got, want, check):
    say(check=check, ok=got == want, got={'got': got, 'want': want})


def failure(call, kind, check):
    """The error of a call that has to fail, of this class."""
    try:
        result = call()
    except kind as e:
        ok(True, check)
        return e
    except Exception as e:
        ok(False, check, '%s: %s' % (type(e).__name__, e))
        return e
    ok(False, check, 'no error: %s' % result)
    return None


def step(name, value=None):
    say(**{'step': name, 'with': value})
    return json.loads(sys.stdin.readline())


def main(run):
    run(json.loads(sys.argv[1]))
    say(end=1)
