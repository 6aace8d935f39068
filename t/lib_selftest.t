#!/usr/bin/perl

# Tests for the test library itself, against stock nginx.

use FindBin;
use lib "$FindBin::Bin/lib";

use MIME::Base64 ();

use ModelTest;
use ModelTest::JSON;

my $t = ModelTest->new(module => 0, access_log => 1, workers => 2);
my $a = $t->backend('a', reply => 'from a', idle => 0, on => {
    'POST /echo' => sub {
        my ($server, $q) = @_;
        return { body => $q->{body}, headers => ['X-Len', $q->{body_length}] };
    },
    '/stream' => { chunks => [map { "part $_\n" } 1 .. 3], interval => 0.03 },
    '/code' => sub {
        my $n = 0;
        return { chunks => sub { return $n++ < 3 ? "c$n" : undef } };
    },
    '/dies' => sub { die "on purpose\n" },
});
my $o = $t->ollama('o', models => ['llama3', 'qwen:7b',
    { name => 'ns/embedder', capabilities => ['embedding'] }],
    reply => ['Hel', 'lo'], registry => ['new:1b'], loaded => ['llama3']);
my $v = $t->openai('v', models => ['gpt-4o', { id => 'big',
    context => 131072 }], keys => ['sk-good'], tool_calls => [{ name => 'f',
    arguments => '{"city":"Rome"}' }], usage => [7, 3]);
my $n = $t->anthropic('n', models => ['claude-a', 'claude-b', 'claude-c'],
    keys => ['sk-ant'], page => 2, reply => ['Hi', ' you']);

$t->conf(<<'CONF')->start;
upstream a { server {{a}}; keepalive 4; }
proxy_http_version 1.1;
proxy_set_header Connection "";
proxy_request_buffering off;
proxy_buffering off;
client_max_body_size 64m;
server {
    {{listen}}
    location / { proxy_pass http://a; }
    location /closed { proxy_pass http://{{o}}; }
    location /static { return 200 "$http_x_one-$request_method-{{a.port}}"; }
}
server {
    {{listen:h2 http2}}
    location / { proxy_pass http://{{a}}; }
}
CONF

# the raw client through nginx

my $r = $t->get('/static', headers => { 'X-One' => 'yes' });
is $r->status, 200, 'status';
is $r->body, 'yes-GET-' . $a->port, 'request header, port of a server';
is $r->header('content-type'), 'text/plain', 'answer header';
is $r->reason, 'OK', 'reason';
ok $r->complete && $r->time < 5 && $r->raw =~ /^HTTP\/1\.1 200 OK\r\n/,
    'whole answer';
is $t->head('/static')->body, '', 'HEAD';
is $t->delete('/static')->body, '-DELETE-' . $a->port, 'DELETE';

is $t->post('/echo', { b => [1, 'x'], a => \1 })->body,
    '{"a":true,"b":[1,"x"]}', 'hash as JSON';
is $a->last->header('content-type'), 'application/json', 'type of JSON';
is $a->last->json->{b}[1], 'x', 'JSON of a recorded request';
is $a->last->conn, 1, 'connection number';

for (['chunked', chunked => 1, split => [3, 4]], ['by bytes', split => 'bytes'],
    ['head and all by bytes', split => 'bytes', split_head => 'bytes'],
    ['chunks of one', chunked => 1, split => 'bytes'],
    ['expect', expect => 1], ['HTTP/1.0', http => '1.0'])
{
    my ($name, %o) = @$_;
    $r = $t->post('/echo', 'hello, body', %o);
    is $r->body, 'hello, body', "request $name";
    is $r->continued, 1, '100 Continue seen' if $o{expect};
}

my $c = $t->client;
is $c->get('/static')->status, 200, 'first on a connection';
is $c->post('/echo', 'again')->body, 'again', 'second on the connection';
is $t->get('/static', conn => $c)->status, 200, 'third on the connection';

$r = $t->post_form('/echo', [['model', 'm'], ['file', 'DATA', 'a.wav']]);
like $r->body, qr/name="file"; filename="a.wav"\r\n.*\r\n\r\nDATA\r\n--/,
    'multipart';
is $t->raw("GET /static HTTP/1.0\r\n\r\n")->status, 200, 'raw request';
is $t->raw("bogus\r\n\r\n")->status, 400, 'raw bad request';

my $big = 'x' x 3_000_000;
$r = $t->post('/echo', $big);
is length $r->body, 3_000_000, 'big body';
is $a->last->body_length, 3_000_000, 'big body recorded by length';
is $a->last->sha256, Digest::SHA::sha256_hex($big), 'and by sum';

# streams

$r = $t->get('/stream');
my @c = $r->chunks;
is join('|', map { $_->[1] } @c), "part 1\n|part 2\n|part 3\n", 'chunks';
ok $c[2][0] - $c[0][0] > 0.05, 'arrival times';
my $sent = $a->last->sent;
is scalar @$sent, 3, 'departure times';
ok $c[0][0] < $sent->[1] + 0.001, 'first arrived before the second left';
is $t->get('/code')->body, 'c1c2c3', 'chunks by code';

my $s = $t->open(POST => '/echo', headers => ['Content-Length', 4],
    body => 'ab', part => 1);
$a->wait_for(1, qr/echo/);
$s->write('cd');
is $s->read_until(qr/c./), 'cd', 'half-sent body';
is $s->finish->body, 'abcd', 'finished';

$a->clear;
$s = $t->open(GET => '/stream');
$s->read_until(qr/part 1/);
is $a->in_flight, 1, 'in flight';
my $left = ModelTest::Client::now();
$s->close;
my ($gone) = $a->wait_closed(1);
is $gone->{during}, 'response', 'server sees the client go';
ok $gone->{time} - $left < 1, 'at once';
is $a->in_flight, 0, 'nothing in flight';

# HTTP/2

my $h2 = $t->h2(listen => 'h2');
$r = $h2->post('/echo', { x => 1 });
is $r->status . $r->body, '200{"x":1}', 'HTTP/2 request';
is $r->header('x-len'), 7, 'HTTP/2 answer header';
is $h2->get('/other')->body, 'from a', 'HTTP/2 without a body';
is $h2->post('/echo', $big, split => 10000)->body, $big, 'HTTP/2 big body';
is $h2->post('/echo', 'frames', split => 'bytes', length => 0,
    continuation => 7)->body, 'frames', 'HTTP/2 small frames';
$s = $h2->open(GET => '/stream');
my $s2 = $h2->open(GET => '/other');
is $s2->finish->body, 'from a', 'HTTP/2 streams at once';
$s->read_until(qr/part 2/);
is scalar(@c = $s->finish->chunks), 3, 'HTTP/2 DATA frames';
ok $c[2][0] - $c[0][0] > 0.05, 'HTTP/2 arrival times';
$s = $h2->open(POST => '/echo', body => 'one', part => 1);
$s->write(' two', end => 1);
is $s->finish->body, 'one two', 'HTTP/2 half-sent body';
$a->clear;
$s = $h2->open(GET => '/stream');
$s->read_until(qr/part 1/);
$s->reset(8);
ok scalar($a->wait_closed(1)), 'HTTP/2 reset reaches the server';
is ModelTest::HTTP2::_huffman(pack 'H*', 'f1e3c2e5f23a6ba0ab90f4ff'),
    'www.example.com', 'Huffman code';
my @h = bless({ table => [], table_size => 0, table_max => 256 },
    'ModelTest::HTTP2')->decode_headers(pack 'H*',
    '828684410f7777772e6578616d706c652e636f6d' . 'be');
is join(' ', map { "$_->[0]=$_->[1]" } @h[0, 3, 4]), ':method=GET :authority='
    . 'www.example.com :authority=www.example.com', 'dynamic table';

$h2->close;

# faults, on the servers directly

my @a = (port => $a->port);
for (['status', [503, { error => 'x' }], 503, '{"error":"x"}', 1],
    ['truncate', [4], 200, 'from', 0], ['reset', [], 0, '', 0],
    ['close', [], 0, '', 0], ['framing', ['close'], 200, 'from a', 1],
    ['framing', ['chunked'], 200, 'from a', 1],
    ['rechunk', [1, framing => 'chunked'], 200, 'from a', 1],
    ['redirect', ['http://x/'], 302, '', 1], ['early', [], 200, 'from a', 1],
    ['raw', ["HTTP/1.1 200 OK\r\n\r\nraw"], 200, 'raw', 1],
    ['bad_header', [], 200, 'from a', 1], ['drop', [], 200, 'from a', 1])
{
    my ($fault, $args, @want) = @$_;
    $a->ok->$fault(@$args);
    $r = $t->post('/x', 'body', @a);
    is_deeply [$r->status, $r->body, $r->complete], \@want, "fault $fault";
}

is $a->ok->close_after(2) && $t->get('/stream', @a)->body,
    "part 1\npart 2\n", 'close after chunks';
$a->ok->hang(match => qr/slow/, times => 1);
is $t->get('/quick', @a)->status, 200, 'fault by pattern';
ok !eval { $t->get('/slow', @a, timeout => 0.05) }, 'hang';
like $@, qr/timeout in GET/, 'deadline names the request';
is $t->get('/slow', @a)->status, 200, 'fault by count';
$a->ok->stall(1);
$s = $t->open(GET => '/stream', @a, timeout => 0.1);
is $s->read_until(qr/1/), 1, 'before the stall';
ok !eval { $s->finish }, 'stalled';
$s->abort;
$a->ok->delay(0.05);
ok $t->get('/x', @a)->time >= 0.05, 'delay';
$a->ok->clear->hold(match => qr/held/);
my @held;

for my $n (1 .. 3) {
    push @held, $t->open(GET => "/held/$n", @a);
    $a->wait_for($n);
}

is $a->release(2), 2, 'two of three are let go';
is $_->finish->body, 'from a', 'held and released' for @held[0, 1];
is $a->in_flight, 1, 'the last one is held still';
is $a->release, 1, 'all that are left';
is $held[2]->finish->body, 'from a', 'the last one';
$a->refuse;
ok !eval { $t->get('/x', @a) }, 'refuse';
is $a->accept->ok && $t->get('/x', @a)->status, 200, 'accept again';
$a->stop;
ok !eval { $t->get('/x', @a) }, 'stopped';
is $a->start && $t->get('/x', @a)->status, 200, 'started';

$c = $t->client(@a);
$c->get('/x');
is $a->open_connections, 1, 'open connection';
$a->close_idle;
ok $c->wait_closed(1), 'idle connection closed';
$a->set(idle => 0.02, reply => 'new');
$c = $t->client(@a);
is $c->get('/x')->body, 'new', 'changed setting';
ok $c->wait_closed(1), 'idle timeout';

# violations

$a->delay(0.01);
$t->client(@a)->raw("GET /a HTTP/1.1\r\nHost: a\r\n\r\n"
    . "GET /b HTTP/1.1\r\n\r\n");
$a->ok;
$t->raw("POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n"
    . "Transfer-Encoding: chunked\r\n\r\n", @a);
is $t->get('/dies', @a)->status, 500, 'handler died';
like join('', $a->violations), qr/after the end.*both framings.*on purpose/s,
    'violations are kept';
$a->{violations} = [];

# Ollama: the fixtures of its wire reference

my @o = (port => $o->port);
for (['POST', '/api/chat', '{}', 400, '{"error":"model is required"}'],
    ['POST', '/api/chat', '', 400, '{"error":"missing request body"}'],
    ['POST', '/api/chat', '{"model":"nope","messages":[]}', 404,
        q({"error":"model 'nope' not found"})],
    ['POST', '/api/chat', '{"model":"a:b:c","messages":[]}', 400,
        '{"error":"invalid model name"}'],
    ['POST', '/api/chat', '{', 400, '{"error":"unexpected EOF"}'],
    ['POST', '/api/chat', '{"model":1}', 400, '{"error":"json: cannot unmarshal'
        . ' number into Go struct field ChatRequest.model of type string"}'],
    ['POST', '/api/embed', '{"model":"nope"}', 404,
        '{"error":"model \"nope\" not found, try pulling it first"}'],
    ['POST', '/api/embed', '{"model":"llama3","input":5}', 400,
        '{"error":"invalid input type"}'],
    ['POST', '/api/show', '{"model":"","name":"nope"}', 404,
        q({"error":"model 'nope:latest' not found"})],
    ['POST', '/api/generate', '{}', 404, q({"error":"model '' not found"})],
    ['DELETE', '/api/delete', '{}', 400, '{"error":"model is required"}'],
    ['GET', '/api/chat', undef, 405, '405 method not allowed'],
    ['GET', '/nope', undef, 404, '404 page not found'],
    ['GET', '/', undef, 200, 'Ollama is running'],
    ['POST', '/api/copy', '{"source":"nope","destination":"x"}', 404,
        '{"error":"model \"nope\" not found"}'],
    ['POST', '/api/pull', '{"model":"zip","stream":false}', 500,
        '{"error":"pull model manifest: file does not exist"}'],
    ['POST', '/v1/chat/completions', '{"model":"nope","messages":[1]}', 404,
        q({"error":{"message":"model 'nope' not found","type":)
        . '"not_found_error","param":null,"code":null}}'])
{
    my ($m, $uri, $body, @want) = @$_;
    $r = $t->request($m, $uri, $body, @o);
    is_deeply [$r->status, $r->body], \@want,
        "$m $uri " . substr $body // '', 0, 30;
}

is $t->get('/api/tags', @o, host => 'gw.example.com')->status, 403,
    'foreign Host';
is $t->get('/api/tags', @o, headers => [Origin => 'https://evil.example'])
    ->status, 403, 'foreign Origin';
is $t->get('/api/tags', @o, headers => [Origin => 'http://localhost:3000'])
    ->header('access-control-allow-origin'), 'http://localhost:3000',
    'local Origin';
my $tags = $t->get('/api/tags', @o)->json->{models};
is join(' ', map { $_->{name} } @$tags), 'llama3:latest qwen:7b '
    . 'ns/embedder:latest', 'tags in order';
like $tags->[0]{digest}, qr/^[0-9a-f]{64}$/, 'digest';
like $tags->[0]{modified_at}, qr/\.\d{9}\+02:00$/, 'modified_at';
is $t->post('/api/show', { name => 'llama3', model => '' }, @o)->json
    ->{model_info}{'llama.context_length'}, 8192, 'show';
is $t->get('/api/ps', @o)->json->{models}[0]{model}, 'llama3:latest', 'ps';

my @hi = (messages => [{ role => 'user', content => 'hi' }]);
$r = $t->post('/api/chat', { model => 'LLAMA3', @hi }, @o);
is $r->header('content-type'), 'application/x-ndjson', 'stream by default';
my @j = $r->ndjson;
is scalar($r->chunks), 3, 'a chunk per object';
is join('', map { $_->{message}{content} } @j), 'Hello', 'streamed text';
ok $j[-1]{done} && $j[-1]{eval_count} == 2 && $j[0]{model} eq 'LLAMA3',
    'last object, echoed name';
is $t->post('/api/chat', { model => 'llama3', @hi, stream => \0 }, @o)->json
    ->{message}{content}, 'Hello', 'not streamed';
is $t->post('/api/generate', { model => 'qwen:7b', keep_alive => 0 }, @o)
    ->json->{done_reason}, 'unload', 'unload';
is scalar @{ $t->post('/api/embed', { model => 'llama3', input => ['a', 'b'] },
    @o)->json->{embeddings} }, 2, 'embed';
is $t->post('/api/generate', '{"MODEL":"nope","model":"nope","Model":"qwen:7b",'
    . '"prompt":"x","stream":false} trailing', @o)->json->{model}, 'qwen:7b',
    'case folded, last wins, one value';

is $t->post('/api/copy', { source => 'llama3', destination => 'mine' }, @o)
    ->status, 200, 'copy';
is $t->delete('/api/delete', { name => 'llama3' }, @o)->body, '', 'delete';
my @p = $t->post('/api/pull', { model => 'new:1b' }, @o)->ndjson;
is $p[-1]{status}, 'success', 'pull';
is join(' ', sort $o->names), 'mine:latest new:1b ns/embedder:latest qwen:7b',
    'models changed';

my $sum = 'sha256:' . Digest::SHA::sha256_hex($big);
is $t->head("/api/blobs/$sum", @o)->status, 404, 'blob unknown';
is $t->post("/api/blobs/$sum", $big, @o, chunked => 1, split => 100000)
    ->status, 201, 'blob created';
is $t->head("/api/blobs/$sum", @o)->status, 200, 'blob known';
like $t->post('/api/blobs/sha256:' . '0' x 64, 'x', @o)->json->{error},
    qr/^digest mismatch/, 'blob mismatch';

$r = $t->post('/v1/chat/completions', { model => 'mine', @hi, stream => \1 },
    @o);
my @e = $r->sse;
is $e[-1]{data}, '[DONE]', 'Ollama speaks OpenAI';
is scalar(grep { $_->{data} =~ /"usage"/ } @e), 0, 'no usage unasked';
is $t->post('/v1/messages', { model => 'mine', max_tokens => 5, @hi }, @o)
    ->json->{content}[0]{text}, 'Hello', 'Ollama speaks Anthropic';
$o->set(models => []);
is $t->get('/api/tags', @o)->body, '{"models":[]}', 'no models';
is $t->get('/v1/models', @o)->json->{data}, undef, 'no models: null';

# OpenAI

my @v = (port => $v->port, headers => [Authorization => 'Bearer sk-good']);
is $t->get('/v1/models', port => $v->port)->status, 401, 'key required';
$r = $t->get('/v1/models', @v);
is $r->json->{data}[1]{id}, 'big', 'models';
is scalar(@{ [$r->header('set-cookie')] }), 2, 'cookies';
is $t->get('/v1/models/gpt-4o', @v)->json->{id}, 'gpt-4o', 'one model';
is $t->post('/v1/chat/completions', { model => 'GPT-4o', @hi }, @v)->json
    ->{error}{code}, 'model_not_found', 'exact names';
$r = $t->post('/v1/chat/completions', { model => 'gpt-4o', @hi,
    stream => \1, stream_options => { include_usage => \1 } }, @v);
@e = map { decode($_->{data}) } grep { $_->{data} ne '[DONE]' } $r->sse;
is_deeply $e[-1]{usage}, { prompt_tokens => 7, completion_tokens => 3,
    total_tokens => 10 }, 'usage when asked for';
is_deeply $e[-1]{choices}, [], 'no choices in it';
$r = $t->post('/v1/chat/completions', { model => 'gpt-4o', @hi,
    stream => \1, tools => [{}] }, @v);
my @f = map { @{ decode($_->{data})->{choices}[0]{delta}{tool_calls} || [] } }
    grep { $_->{data} ne '[DONE]' } $r->sse;
is join('', map { $_->{function}{arguments} } @f), '{"city":"Rome"}',
    'tool call in fragments';
is $t->post('/v1/embeddings', { model => 'big', input => 'ab',
    encoding_format => 'base64' }, @v)->json->{data}[0]{embedding},
    MIME::Base64::encode_base64(pack('f<*', 33 / 64, 34 / 64, 0.5, 0.5), ''),
    'embeddings';
is $t->post_form('/v1/audio/transcriptions', [['file', 'abc', 'x.wav'],
    ['model', 'big']], @v)->json->{text}, 'heard 3 bytes', 'form';
is $t->post('/v1/audio/speech', { model => 'big', input => 'x' }, @v)
    ->header('content-type'), 'audio/mpeg', 'speech';
like $t->post('/v1/responses', { model => 'big', input => 'x',
    stream => \1 }, @v)->body, qr/event: response\.completed\n/, 'responses';
$v->rate_limit(3, times => 1);
$r = $t->post('/v1/chat/completions', { model => 'big', @hi }, @v);
is $r->status . $r->header('retry-after'), '4293', 'rate limit';
for (['vllm', 'max_model_len'], ['llama', 'meta'], ['openrouter', 'pricing'],
    ['lmstudio', 'owned_by'])
{
    my ($style, $field) = @$_;
    $v->set(style => $style, base => '/api/v1');
    ok exists $t->get('/api/v1/models', @v)->json->{data}[0]{$field},
        "style $style";
}

# Anthropic

my @n = (port => $n->port, headers => ['x-api-key', 'sk-ant',
    'anthropic-version', '2023-06-01']);
is $t->get('/v1/models', port => $n->port)->json->{error}{type},
    'authentication_error', 'key required';
like $t->get('/v1/models', port => $n->port, headers => ['x-api-key',
    'sk-ant'])->body, qr/anthropic-version/, 'version required';
$r = $t->get('/v1/models', @n)->json;
ok $r->{has_more} && $r->{last_id} eq 'claude-b', 'first page';
$r = $t->get('/v1/models?after_id=claude-b', @n)->json;
ok !$r->{has_more} && $r->{data}[0]{id} eq 'claude-c', 'second page';
$r = $t->post('/v1/messages?beta=true', { model => 'claude-a',
    max_tokens => 9, @hi, stream => \1 }, @n);
is join(' ', map { $_->{event} =~ /delta/ ? 'd' : $_->{event} } $r->sse),
    'message_start ping content_block_start d d content_block_stop d '
    . 'message_stop', 'events';
is $t->post('/v1/messages/count_tokens', { model => 'claude-a', @hi }, @n)
    ->json->{input_tokens}, 14, 'count_tokens';
is $t->post('/v1/messages', { model => 'nope', @hi }, @n)->json
    ->{error}{message}, 'model: nope', 'unknown model';
$n->overloaded(times => 1);
is $t->post('/v1/messages', { model => 'claude-a', @hi }, @n)->status, 529,
    'overloaded';

# TLS, both ways

SKIP: {
    skip 'TLS is missing', 7 if !$t->has('tls') || !$t->has('http_ssl');
    my $pki = $t->pki;
    my $tls = $t->backend('tls', tls => { client => 1 }, reply => 'secret',
        on => { '/stream' => { chunks => ['x' x 50000, 'y', 'z'],
            interval => 0.01 } });
    $t->reload(<<"CONF");
server {
    {{listen}}
    {{listen:tls ssl}}
    ssl_certificate $pki->{server};
    ssl_certificate_key $pki->{server_key};
    proxy_buffering off;
    proxy_ssl_server_name on;
    proxy_ssl_verify on;
    proxy_ssl_name a.example.test;
    proxy_ssl_trusted_certificate $pki->{ca};
    proxy_ssl_certificate $pki->{client};
    proxy_ssl_certificate_key $pki->{client_key};
    location / { proxy_pass https://{{tls}}; }
}
CONF
    is $t->get('/x')->body, 'secret', 'TLS to a server';
    is $tls->last->tls->{sni}, 'a.example.test', 'server name sent';
    like $tls->last->tls->{client}, qr/test client/, 'client certificate';
    is length $t->get('/stream')->body, 50002, 'stream over TLS';

    my @tls = (listen => 'tls', tls => { SSL_verify_mode => 1,
        SSL_ca_file => $pki->{ca} });
    is $t->get('/x', @tls)->body, 'secret', 'TLS client';
    is $t->post('/x', 'y' x 100000, @tls)->body, 'secret', 'big over TLS';
    is $tls->last->body_length, 100000, 'all of it';
}

# JSON

is encode(obj(z => 1, a => '2', n => undef, t => $TRUE)),
    '{"z":1,"a":"2","n":null,"t":true}', 'ordered writing';
is encode(decode('"\ud83d\ude00 \u00e9\n"')), '"😀 é\n"', 'escapes';
is encode("<\xe2\x80\xa8>", html => 1), '"\u003c\u2028\u003e"', 'Go escapes';
for ('{"a":1,}', '[1 2]', '01', '"\x"', "\"\x01\"", 'nul', '{"a"}', '1 2', '',
    "\xef\xbb\xbf{}")
{
    ok !eval { decode($_); 1 }, "refused: $_";
}
ok !eval { decode("\"\xff\"", utf8 => 1); 1 }, 'invalid UTF-8';

# configuration tests, log, reload

$t->config_error("server {\n    bogus 1;\n}\n",
    qr/unknown directive "bogus" in .*:2/, 'refused', line => 2);
$t->config_ok('server { {{listen}} }', 'accepted');
$t->config_warns("server { {{listen}} server_name a; }\n" x 2,
    qr/conflicting server name "a"/, 'warned');

$t->mark;
my @old = $t->workers;
is scalar @old, 2, 'two workers';
$t->reload('server { {{listen}} return 200 reloaded; }');
is $t->get('/')->body, 'reloaded', 'new configuration answers';
is scalar(grep { my $w = $_; grep { $_ == $w } @old } $t->workers), 0,
    'old workers are gone';
is $t->count_log(qr/\d: reconfiguring$/), 1, 'log since the mark';
$t->eventually(sub { $t->access_log =~ m{"POST /echo HTTP/2.0" 200} },
    'access log');
ok !eval { $t->reload('bogus;') }, 'bad reload';
like $@, qr/unknown directive "bogus"/, 'says why';
$t->allow(qr/unknown directive "bogus"/);

# what done() would find

my $log = $t->log_all;
for ('[alert] 1#0: x', 'ERROR: AddressSanitizer: x', 'a.c:1: runtime error: x',
    '[notice] 1#0: worker process 7 exited on signal 11',
    '[notice] 1#0: worker process 7 exited with code 1')
{
    is scalar(my @x = ModelTest::Nginx::troubles_of("$_\n")), 1, "found: $_";
}
is_deeply [ModelTest::Nginx::troubles_of("[crit] x\n", qr/crit/)], [],
    'allowed';

$t->done;
