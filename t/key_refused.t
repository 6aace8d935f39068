#!/usr/bin/perl

# Tests for a vendor that refuses the gateway's own key.

use FindBin;
use lib "$FindBin::Bin/lib";

use ModelTest;

my $t = ModelTest->new(env => { BAD_KEY => 'sk-very-bad' });
my $s = $t->backend('s');

$t->conf(<<'CONF')->start;
model_vendor cloud {
    proxy_pass http://{{s}};
    dialect ollama openai anthropic;
    key env:BAD_KEY;
    discover off;
}
model_vendor open { proxy_pass http://{{s}}; key client; discover off; }
server { {{listen}} location / { model_pass; } }
CONF

my %error = ('/api/chat' => sub { $_[0]{error} },
    '/v1/chat/completions' => sub { $_[0]{error}{message} },
    '/v1/messages' => sub { $_[0]{type} eq 'error' && $_[0]{error}{message} });
my $source = 'env:BAD_KEY';
my $code = '{"error":{"message":"no","code":"invalid_api_key"}}';
my $type = '{"type":"error","error":{"type":"authentication_error"}}';

my @cases = (
    # name, the vendor's answer, refused
    ['401', { status => 401, body => '{"error":"x"}' }, 1],
    ['401 with a challenge', { status => 401, body => 'x', headers =>
        ['WWW-Authenticate', 'Bearer'] }, 1],
    ['401 without a body', { status => 401, body => '' }, 1],
    ['403 with a code', { status => 403, body => $code }, 1],
    ['403 with a type', { status => 403, body => $type }, 1],
    ['403, body later', { status => 403, body => $code,
        body_delay => 0.05 }, 1],
    ['403, in chunks', { status => 403, body => $code, framing => 'chunked',
        rechunk => 9, body_delay => 0.02 }, 1],
    ['403 of another kind', { status => 403, body => '{"error":"region"}' }],
    ['403, other, later', { status => 403, body => '{"error":"region"}',
        body_delay => 0.02 }],
    ['403, other, chunked', { status => 403, body => '{"error":"region"}',
        framing => 'chunked', rechunk => 4 }],
    ['403, other, to the end', { status => 403, framing => 'close',
        body => '{"error":"region"}' }],
    ['403, large', { status => 403, body => 'y' x 20000 }],
    ['403, no body', { status => 403, body => '' }],
    ['404', { status => 404, body => $code }],
);

for (@cases) {
    my ($name, $answer, $refused) = @$_;

    for my $path (sort keys %error) {
        $s->ok;
        $s->fault(%$answer);
        $t->mark;
        my $r = $t->post($path, { model => 'cloud:m' });

        if (!$refused) {
            is $r->status, $answer->{status}, "$name: $path passes";
            is $r->body, $answer->{body}, "$name: body unchanged";
            is $t->count_log(qr/refused the key/), 0, "$name: no log line";
            next;
        }

        is $r->status, 502, "$name: $path";
        is $r->header('x-should-retry'), 'false', "$name: x-should-retry";
        is $r->header('www-authenticate'), undef, "$name: no challenge";
        like $r->body, qr/\A\{[^\n]*\}\n?\z/, "$name: one line of JSON";
        like $error{$path}->($r->json), qr/"cloud" refused the key/,
            "$name: says who";
        is $t->count_log(qr/\[error\].*"cloud" refused the key .*"$source"/),
            1, "$name: log line";
    }
}

# A client's own key is its own business
for my $status (401, 403) {
    $s->ok;
    $s->status($status, $code);
    my $r = $t->post('/api/chat', { model => 'open:m' },
        headers => [Authorization => 'Bearer x']);
    is $r->status, $status, "$status for the client's key passes";
    is $r->body, $code, 'with its body';
}

unlike $t->log_all, qr/sk-very-bad/, 'the key is not in the log';

$t->done;
