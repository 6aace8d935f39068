#!/usr/bin/perl

# Tests for the ollama command: what each of its commands sends.

use FindBin;
use lib "$FindBin::Bin/lib";

use ModelTest;

use Digest::SHA qw(sha256_hex);
use JSON::PP ();

my $t = ModelTest->new;
my $acme = $t->ollama('acme', models => ['llama3', { name => 'deep:8b',
    capabilities => ['completion', 'thinking'] }], loaded => ['llama3'],
    registry => ['tiny:1b']);
my $beta = $t->ollama('beta', models => ['phi:2b']);
my $cloud = $t->openai('cloud', models => ['gpt-x']);
my $gone = $t->ollama('gone')->refuse;

$t->conf(<<'CONF')->start;
client_max_body_size 10m;
model_vendor acme { proxy_pass http://{{acme}}; discover 100ms; }
model_vendor beta { proxy_pass http://{{beta}}; }
model_vendor cloud { proxy_pass http://{{cloud}}; dialect openai; }
model_vendor gone { proxy_pass http://{{gone}}; discover off; model lost; }
model_allow inference manage;
server {
    {{listen}}
    location / { model_pass; }
    location /acme/ { model_pass acme; }
    location /reading/ { model_pass; model_allow inference; }
}
CONF

my @h = ('User-Agent' => 'ollama/0.12.3 (amd64 linux) Go/go1.24.1',
    'Content-Type' => 'application/json', 'Accept-Encoding' => 'gzip');

# One call.  Every body, an error's as well, is lines of JSON.
sub call {
    my ($method, $uri, $body, %o) = @_;
    my $stream = $uri =~ /generate|chat|pull|push|create/;
    my $r = $t->request($method, $uri, $body, %o, headers => [@h, Accept =>
        $stream ? 'application/x-ndjson' : 'application/json']);
    my @bad = grep { my $j = eval { JSON::PP->new->utf8->decode($_) };
        ref $j ne 'HASH' || exists $j->{error} && ref $j->{error} }
        split /\n/, $r->body;
    fail "$method $uri: not a line of JSON: @bad" if @bad && $uri !~ m{/$};
    return $r;
}

# as its Go structs are written: the other name is there, and empty
sub named { my ($name, @more) = @_; return { model => '', name => $name,
    @more } }
sub show { return call('POST', "$_[0]/api/show", named($_[1], system => '',
    template => '', verbose => \0, options => undef)) }


# list, ps
is call('HEAD', '/')->status, 200, 'is it there';
my @models = @{ call('GET', '/api/tags')->json->{models} };
is_deeply [map { $_->{name} } @models], [qw(acme:llama3:latest acme:deep:8b
    beta:phi:2b cloud:gpt-x gone:lost)], 'list: names';
is_deeply [grep { $_->{digest} !~ /^[0-9a-f]{64}$/ || $_->{size} !~ /^\d+$/
    || $_->{modified_at} !~ /^\d{4}-\d\d-\d\dT[\d:.]+(?:Z|[+-]\d\d:\d\d)$/ }
    @models], [], 'list: digests, sizes, times';
my @loaded = @{ call('GET', '/api/ps')->json->{models} };
is_deeply [map { substr $_->{digest}, 0, 12 } @loaded],
    [substr sha256_hex('llama3:latest'), 0, 12], 'ps: digests';

# show
my $r = show('', 'acme:llama3');
is $r->status, 200, 'show';
is $r->json->{license}, 'MIT', 'show: as the server says';
is show('', 'cloud:gpt-x')->status, 200, 'show: where a server has none';

# run: no pull of what is there
for my $case (['', 'acme:llama3', $acme], ['/acme', 'deep:8b', $acme],
    ['', 'phi:2b', $beta])
{
    my ($base, $model, $server) = @$case;
    $server->clear;
    is show($base, $model)->status, 200, "run $model: is there";
    $r = call('POST', "$base/api/generate", { model => $model, prompt => '',
        suffix => '', system => '', template => '', options => undef });
    is $r->json->{done_reason}, 'load', "run $model: loaded";
    $r = call('POST', "$base/api/chat", { model => $model, messages => [{
        role => 'user', content => 'hi' }], format => '', options => {} });
    is $r->header('content-type'), 'application/x-ndjson',
        "run $model: a stream";
    is join('', map { $_->{message}{content} } $r->ndjson),
        'Hello from ' . $server->name, "run $model: text";
    is $server->hits(qr/pull/), 0, "run $model: no pull";
}

# run: what is nowhere is asked for once, and then it says why
for my $case (
    ['nowhere', '', 'nope', 404, qr/nope/],
    ['at a vendor', '', 'acme:nope', 200, qr/file does not exist/],
    ['at the only vendor', '/acme', 'nope', 200, qr/file does not exist/],
    ['nowhere to pull to', '/reading', 'nope', 403, qr/model_allow/],
    ['server is down', '', 'gone:nope', 502, qr/gone/])
{
    my ($name, $base, $model, $status, $text) = @$case;

    if ($status != 502) {
        $r = show($base, $model);
        is $r->status, 404, "run, $name: show";
        like $r->json->{error}, qr/^model '(?:acme:)?nope(?::latest)?' not/,
            "run, $name: text of show";
    }

    $r = call('POST', "$base/api/pull", named($model, insecure => \0));
    is $r->status, $status, "run, $name: pull";
    like +($r->ndjson)[-1]{error}, $text, "run, $name: says why";
}

# pull, cp, stop, rm
$r = call('POST', '/api/pull', named('acme:tiny:1b', insecure => \0));
is +($r->ndjson)[-1]{status}, 'success', 'pull';
is $acme->last(qr/pull/)->body =~ s/(": *"[^"]*") +/$1/gr,
    '{"insecure":false,"model":"","name":"tiny:1b"}',
    'pull: the empty name stays';
$r = call('POST', '/api/copy', { source => 'acme:tiny:1b',
    destination => 'acme:twin' });
is $r->status, 200, 'cp';
is $r->body, '', 'cp: says nothing';

is show('', 'acme:twin')->status, 200, 'stop: is there';
$r = call('POST', '/api/generate', { model => 'acme:twin', prompt => '',
    keep_alive => '0s' });
is $r->json->{done_reason}, 'unload', 'stop';

for my $name ('acme:twin', 'acme:tiny:1b') {
    is show('', $name)->status, 200, "rm $name: is there";
    $r = call('POST', '/api/generate', { model => $name, keep_alive => 0 });
    is $r->json->{done_reason}, 'unload', "rm $name: unloaded";
    $r = call('DELETE', '/api/delete', named($name));
    is $r->status, 200, "rm $name";
    is $r->body, '', "rm $name: says nothing";
}
is join(' ', sort $acme->names), 'deep:8b llama3:latest', 'rm: gone';
$r = call('DELETE', '/api/delete', named('acme:twin'));
is $r->status, 404, 'rm of nothing';
is $r->json->{error}, "model 'twin' not found", 'rm of nothing: says why';

# create: blobs by digest, in pieces
my $blob = 'GGUF' . "\1\2\3\4" x 100000;
my $digest = 'sha256:' . sha256_hex($blob);
is call('HEAD', "/acme/api/blobs/$digest")->status, 404, 'create: no blob';
is call('POST', "/acme/api/blobs/$digest", $blob, chunked => 1,
    split => 32768)->status, 201, 'create: blob';
is call('HEAD', "/acme/api/blobs/$digest")->status, 200, 'create: is there';
$r = call('POST', '/acme/api/create', { model => 'made', name => '',
    files => { 'a.gguf' => $digest } });
is +($r->ndjson)[-1]{status}, 'success', 'create';

# push; and with OLLAMA_AUTH it signs what it asks
$r = call('POST', '/api/push', named('acme:made', insecure => \0));
is +($r->ndjson)[-1]{status}, 'success', 'push';
unshift @h, Authorization => 'c3NoLWVkMjU1MTk=:c2lnbmF0dXJl';
$r = call('POST', '/api/chat?ts=1755770000', { model => 'acme:llama3',
    messages => [{ role => 'user', content => 'hi' }] });
is $r->status, 200, 'signed';
is scalar $acme->last(qr/chat/)->header('authorization'), undef,
    'signed: not for the server';

$t->done;
