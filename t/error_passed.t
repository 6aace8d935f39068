#!/usr/bin/perl

# Tests for errors of vendors: their own pass unchanged, redirects and a
# refused key of the gateway become 502, a cut stays a cut.

use FindBin;
use lib "$FindBin::Bin/lib";

use ModelTest;

my $t = ModelTest->new(env => { KEY => 'sk-wrong' });
my $a = $t->backend('a');
my $h2 = $t->has('http_v2');

$t->conf(<<'CONF' . ($h2 ? <<'H2' : ''))->start;
model_vendor a {
    proxy_pass http://{{a}};
    dialect ollama openai anthropic;
    key env:KEY;
    discover off;
    model m;
}
model_vendor open {
    proxy_pass http://{{a}};
    discover off;
    model m;
}
server {
    {{listen}}
    location / { model_pass; gzip on; gzip_types *; gzip_min_length 1; }
    location /buffered/ { model_pass; proxy_buffering on; }
}
CONF
server { {{listen:h2 http2}} location / { model_pass; } }
H2

my $c = $t->client;
my @ask = ('/api/chat', { model => 'a:m' });

# Byte by byte, with the headers that matter
for my $status (400, 403, 404, 408, 422, 429, 500, 502, 503, 504, 529) {
    my $body = qq({ "error" :\n {"message":"no $status"} }\n);
    $a->status($status, $body, match => qr/chat/, times => 1, headers =>
        ['Content-Type' => 'application/problem+json',
        'Retry-After' => 17, 'x-ratelimit-reset' => '3s']);
    my $r = $c->post(@ask);
    is $r->status, $status, "$status: status";
    is $r->body, $body, "$status: body";
    is $r->header('content-type'), 'application/problem+json',
        "$status: type";
    is $r->header('retry-after'), 17, "$status: Retry-After";
    is $r->header('x-ratelimit-reset'), '3s', "$status: other headers";
}

# Redirects
for my $status (300, 301, 302, 303, 307, 308) {
    $a->status($status, 'moved', times => 1,
        headers => [Location => 'http://{{a}}/x', Refresh => '1; /x']);
    my $r = $c->post(@ask);
    is $r->status, 502, "$status: status";
    is $r->json->{error}, 'vendor "a" answered with a redirect',
        "$status: words";
    is $r->header('location'), undef, "$status: no Location";
}

# nginx keeps a relative one apart from others
for my $case ([301, 'answered with a redirect'], [401, 'refused the key']) {
    my ($status, $words) = @$case;
    $a->status($status, 'moved', times => 1, headers => [Location => '/x']);
    my $r = $c->post(@ask);
    like $r->json->{error}, qr/^vendor "a" $words/, "$status: relative";
    is $r->header('location'), undef, "$status: no relative Location";
}

is $t->count_log(qr/\[error\].* "a" answered with a redirect, status 30/), 7,
    'redirects are in the log';

# A key of the gateway that the vendor refuses
my $code = '{"error":{"type":"authentication_error","message":"no"}}';
my $bulk = '{"error":{"type":"permission_error","message":"'
    . 'x' x 200000 . '"}}';
my @www = ('WWW-Authenticate' => 'Bearer realm="vendor"', ETag => '"x"',
    'Content-Type' => 'text/html');

sub refused {
    my ($name, $client, @at) = @_;
    my $r = $client->post($at[0] || '/api/chat', { model => 'a:m' },
        headers => $at[1] || []);
    is $r->status, 502, "$name: status";
    is $r->header('x-should-retry'), 'false', "$name: not to be repeated";
    is $r->header('www-authenticate'), undef, "$name: no challenge";
    is $r->header('etag'), undef, "$name: no ETag";
    is $r->header('content-type'), 'application/json', "$name: type";
    is $r->json->{error}, 'vendor "a" refused the key that this gateway has '
        . 'for it', "$name: words" if !$at[1];
    is $client->post('/api/chat', { model => 'none' })->status, 404,
        "$name: the connection goes on";
}

my @refusals = (
    ['401', 401, 'x'],
    ['401 without a body', 401, ''],
    ['401, large', 401, $bulk],
    ['401, large, chunked', 401, $bulk, framing => 'chunked',
        rechunk => 3000],
    ['401, body later', 401, $code, body_delay => 0.02],
    ['403 with a code', 403, $code],
    ['403 with a code, later', 403, $code, body_delay => 0.02],
    ['403 with a code, in pieces', 403, $code, rechunk => 5,
        interval => 0.001],
    ['403 with a code, until close', 403, $code, rechunk => 10,
        framing => 'close', interval => 0.001],
);

for my $case (@refusals) {
    my ($name, $status, $body, %o) = @$case;
    for my $at (['plain', $c], ['buffered', $c, '/buffered/api/chat'],
        ['gzip', $c, '/api/chat', ['Accept-Encoding', 'gzip']],
        $h2 ? ['HTTP/2', $t->h2(listen => 'h2')] : ())
    {
        my ($how, @at) = @$at;
        $a->status($status, $body, headers => [@www], times => 1,
            match => qr/chat/, %o);
        refused("$name, $how", @at);
        $at[0]->close if $how eq 'HTTP/2';
    }
}

cmp_ok $t->count_log(qr/"a" refused the key from "env:KEY" with status 40/),
    '>=', 27, 'refusals are in the log';
unlike $t->log, qr/sk-wrong/, 'the key is not';

# 403 for another reason
for my $o ({}, { body_delay => 0.02 }, { rechunk => 7, interval => 0.001 }) {
    my $body = '{"error":{"type":"permission_error","message":"policy"}}';
    $a->status(403, $body, times => 1, match => qr/chat/, %$o);
    my $r = $c->post(@ask);
    is $r->status, 403, '403 of another kind passes';
    is $r->body, $body, '403 of another kind: body';
}

$a->status(403, $bulk, times => 1, match => qr/chat/, body_delay => 0.02);
my $r = $c->post(@ask);
is $r->status, 403, 'large 403 passes';
is $r->body, $bulk, 'large 403: body';

$a->status(403, '{"error":"cut short"}', times => 1, match => qr/chat/,
    truncate => 9, body_delay => 0.02);
$r = $t->post(@ask);
is $r->status, 403, '403 that is cut: status';
is $r->body, '{"error":', '403 that is cut: what came';
ok !$r->complete, '403 that is cut: not whole';

# No key of ours, so the answer is between the client and the vendor
$a->status(401, 'x', headers => [@www], times => 1, match => qr/chat/);
$r = $c->post('/api/chat', { model => 'open:m' });
is $r->status, 401, 'without a key of ours 401 passes';

# A cut in mid-stream
for my $type ('application/x-ndjson', 'text/event-stream') {
    my @frames = map { "data: {\"n\":$_}\n\n" } 1 .. 5;
    for my $framing ('chunked', 'length') {
        $a->fault(status => 200, chunks => \@frames, times => 1,
            match => qr/chat/, truncate => 45, framing => $framing,
            headers => ['Content-Type' => $type]);
        $r = $t->post(@ask);
        is $r->status, 200, "$type, $framing, cut: status";
        my $bytes = join '', @frames[0 .. 2];
        is substr($r->body, 0, length $bytes), $bytes,
            "$type, $framing, cut: what came";

        # where the head has said how long it is, nothing can be added
        is $r->complete, $framing eq 'length' ? 0 : 1,
            "$type, $framing, cut: the end";
        like substr($r->body, length $bytes), $framing eq 'length' ? qr/^$/
            : qr/^(?:data: )?\{"error":.*vendor \\"\w+\\" broke off/,
            "$type, $framing, cut: the client sees it";
    }
}

$t->done;
