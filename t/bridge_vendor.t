#!/usr/bin/perl

# Tests for bridges to vendors that answer as nobody asked them to, and for
# chains of hops with and without a bridge.

use FindBin;
use lib "$FindBin::Bin/lib";

use ModelTest;
use ModelTest::Answer;
use ModelTest::Metrics;

my $t = ModelTest->new(env => { K => 'sk-vendor' });

my $sse = 'text/event-stream';
my $json = 'application/json';
my $end = qq(data: {"choices":[{"index":0,"delta":{},)
    . qq("finish_reason":"stop"}]}\n\n);

sub chunk {
    my ($text, $more) = @_;
    return qq(data: {"choices":[{"index":0,"delta":{"content":"$text"})
        . ($more // '') . qq(,"finish_reason":null}]}\n\n);
}

my $p = $t->backend('p', on => { '/v1/chat/completions' => sub {
    my ($server, $q) = @_;
    my ($what) = $q->{body} =~ /"content":"(\w+)"/;
    my @type = (headers => ['Content-Type' => $sse]);
    my $n = 0;

    return {
        likely => { @type, chunks => [(map { chunk("t$_", qq(,"logprobs":)
            . qq({"content":[{"token":"t$_","logprob":-0.$_,"bytes":null,)
            . qq("top_logprobs":[]}]})) } 1 .. 9), $end, "data: [DONE]\n\n"] },
        huge => { @type, chunks => sub {
            return $n++ < 70 ? chunk('x' x 1000000) : undef } },
        calls => { @type, chunks => sub { return $n++ < 2000
            ? join('', map { my $i = $n * 50 + $_; qq(data: {"choices":[)
            . qq({"index":0,"delta":{"tool_calls":[{"index":$i,"id":"c$i",)
            . qq("function":{"name":"f$i","arguments":"{}"}}]}}]}\n\n) }
            1 .. 50) : undef } },
        comments => { @type, chunks => sub {
            return $n++ < 100 ? $n == 1 ? chunk('a') : ":\n" x 2000
                : $n == 101 ? $end . "data: [DONE]\n\n" : undef } },
        reasons => { @type, chunks => sub {
            return $n++ < 100 ? $n == 1 ? chunk('a')
                : (qq(data: {"choices":[{"index":0,"delta":{},"finish_reason":)
                . qq("stop","stop_reason":") . 'x' x 500000 . qq("}]}\n\n))
                : $n == 101 ? $end . "data: [DONE]\n\n" : undef } },
        broken => { raw => "HTTP/1.1 200 OK\r\nContent-Type: $json\r\n"
            . "Transfer-Encoding: chunked\r\n\r\n5\r\n{\"id\"\r\nzz\r\n" },
        chunks => { raw => "HTTP/1.1 200 OK\r\nContent-Type: $sse\r\n"
            . "Transfer-Encoding: chunked\r\n\r\n"
            . sprintf("%x\r\n%s\r\nzz\r\n", length chunk('a'), chunk('a')) },
        unchanged => { status => 304, headers => ['ETag' => '"x"'] },
        nothing => { status => 204 },
        line => { @type, chunks => [chunk('a'), chunk('b' x 200000)] },
        open => { @type, chunks => [chunk('a'), $end, "data: [DONE]\n\n",
            ": bye\n\n"], stall => 3 },
        key => { status => 403, json => { error => { message => 'it is '
            . 'sk-vendor', code => 'invalid_api_key' } } },
        region => { status => 403, json => { error => { message =>
            'not in your region', code => 'unsupported_country' } } },
    }->{$what};
} });

my $doc = { choices => [{ index => 0, message => { role => 'assistant',
    content => 'by chat' }, finish_reason => 'stop' }] };
my $lacks = { '/v1/responses' => sub { return { status => 404,
    json => { error => 'no such path' } } } };
my $fails = { '/v1/responses' => sub { return { status => 500,
    json => { error => 'no' } } } };
my $has = { '/v1/responses' => sub { return { json => { object => 'response',
    id => 'r', output => [] } } },
    '/v1/chat/completions' => sub { return { json => $doc } } };

$t->backend('lacks', on => { %$lacks,
    '/v1/chat/completions' => sub { return { status => 500,
        json => { error => 'no' } } } });
my $has1 = $t->backend('has', on => $has);
my $f = $t->backend('f', on => $fails);
$t->backend('g', on => $fails);
my $o = $t->ollama('o', models => ['m']);

$t->conf(<<"CONF")->start;
client_max_body_size 100m;
model_bridge_buffer 2m;
upstream two { server {{f}} max_fails=0; server {{g}} max_fails=0; }
model_vendor p { proxy_pass http://{{p}}; dialect openai; discover off;
    key env:K; }
model_vendor lacks { proxy_pass http://{{lacks}}; dialect openai;
    discover off; }
model_vendor has { proxy_pass http://{{has}}; dialect openai; discover off; }
model_vendor two { proxy_pass http://two; dialect openai; discover off; }
model_vendor o { proxy_pass http://{{o}}; discover off; }
model_alias chain { target lacks:m; target two:m backup; target has:m backup; }
model_alias next { target lacks:m; target has:m backup; }
model_alias mixed { target o:m; target p:m backup; }
server {
    {{listen}}
    location / { model_pass; model_failover http_500 tries=9; }
    location /small/ { model_pass; model_bridge_buffer 100k; }
    location /stall/ { model_pass; model_stall 300ms; }
    location /status/ { model_status; }
}
CONF

sub ask {
    my ($api, $text, $stream, %o) = @_;
    my ($path, $body) = ModelTest::Answer::request($api, $o{model} // 'p:m',
        text => $text, stream => $stream, more => $o{more});
    my $r = $t->post(($o{at} // '') . $path, $body, timeout => 60);
    return ($r, ModelTest::Answer::read($api, $r));
}

# a sanitizer keeps what was freed
sub small {
    my ($base, $name) = @_;
    my $more = memory() - $base;
    cmp_ok $more, '<', 100_000, $name if !$t->has('sanitizer');
}

sub memory {
    my $peak = 0;
    for my $pid ($t->workers) {
        open my $fh, '<', "/proc/$pid/status" or next;
        my ($kb) = join('', <$fh>) =~ /VmHWM:\s+(\d+)/;
        $peak = $kb if $kb && $kb > $peak;
    }
    return $peak;
}

# what is collected of events outlives them

my ($r, $a) = ask('chat', 'likely', 0, more => { logprobs => \1 });
is $a->{text}, join('', map { "t$_" } 1 .. 9), 'logprobs: the text';
is_deeply [map { "$_->{token}$_->{logprob}" } @{ $r->json->{logprobs} }],
    [map { "t$_-0.$_" } 1 .. 9], 'logprobs: all of them' or diag $r->body;

# a key that is refused, and other reasons for a 403

for my $api (qw(chat messages)) {
    ($r, $a) = ask($api, 'key', 0);
    is $r->status, 502, "$api: a key refused with 403";
    like $a->{error}, qr/refused the key/, "$api: in words of ours"
        or diag $r->body;
    unlike $r->body, qr/sk-vendor/, "$api: without the key";

    ($r, $a) = ask($api, 'region', 0);
    is $r->status, 403, "$api: another 403";
    is $a->{error}, 'not in your region', "$api: in the client's dialect"
        or diag $r->body;
}

# answers that are none

for my $api (qw(chat messages)) {
    for my $what (qw(broken unchanged nothing)) {
        ($r, $a) = ask($api, $what, 0);
        is $r->status, 502, "$api: $what: status";
        like $a->{error}, qr/\w/, "$api: $what: error" or diag $r->body;
    }
}

for my $api (qw(messages completions)) {
    $r = $t->post(ModelTest::Answer::request($api, 'p:m', text => 'chunks',
        stream => 1));
    ok $r->complete, "$api: broken chunks: an end";
    like $r->body, qr/"a".*broke off/s, "$api: what came, and an error";
}

# the vendor lacks a path, and what comes after it does not

my %response = (input => 'x', model => 'chain');
$r = $t->post('/v1/responses', \%response);
is $r->status, 200, 'native hops after a bridge' or diag $r->body;
is $r->json->{id}, 'r', 'that one has the path';

for (1, 2) {
    $r = $t->post('/v1/responses', { %response, model => 'next' });
    is $r->json->{id}, 'r', 'still: that a hop before lacks it is its own';
}

is $has1->hits(qr{^POST /v1/chat}), 0, 'never by the other path';

# load and unload are for the first hop

$r = $t->post('/api/chat', { model => 'mixed', messages => [] });
is $r->json->{done_reason}, 'load', 'an empty request loads';
is $o->hits(qr{^POST /api/chat}), 1, 'where there is something to load';

# the end of a stream is the end, also when the connection is not

($r, $a) = ask('messages', 'open', 1, at => '/stall');
is $a->{error}, undef, 'no error after the end' or diag $r->body;
is $a->{finish}, 'stop', 'but the end';

($r, $a) = ask('messages', 'line', 1, at => '/small');
like $a->{error}, qr/larger than/, 'an event that is too large';

my $m;
$t->eventually(sub { $m = ModelTest::Metrics->new($t->get('/status/metrics'));
    $m->value('model_requests_total', vendor => 'p',
        outcome => 'incomplete') >= 3 }, 'it counts as incomplete');
is $m->value('model_requests_total', vendor => 'p', outcome => 'incomplete'),
    3, 'and no other but the two of broken chunks';

# memory is bounded by what is kept, not by what comes

my $base = memory();

($r, $a) = ask('messages', 'comments', 1);
is $a->{finish}, 'stop', 'many comments';
small($base, 'which take no memory');

$base = memory();
($r, $a) = ask('messages', 'reasons', 1);
is $a->{finish}, 'stop', 'many ends';
small($base, 'which take no memory, either');

$base = memory();
$r = $t->post('/api/chat', '{"model":"p:m","messages":[],"x":['
    . '0,' x 8000000 . '0]}', timeout => 60);
is $r->status, 400, 'a request of many small values';
like $r->json->{error}, qr/too many values/, 'and its error';
small($base, 'most of which were not read');

for my $stream (0, 1) {
    ($r, $a) = ask('messages', 'calls', $stream);
    like $a->{error}, qr/too many/, "a great many calls, $stream"
        or diag substr $r->body, 0, 300;
}

($r, $a) = ask('messages', 'huge', 0);
is $r->status, 502, 'more than can be collected: status';
like $a->{error}, qr/too large|larger than/, 'and its error';

$t->done;
