#!/usr/bin/perl

# Tests for a client that leaves: its vendor's connection is closed at once,
# that is the only way to stop a model.

use FindBin;
use lib "$FindBin::Bin/lib";

use ModelTest;

my $t = ModelTest->new;
my $a = $t->backend('a', on => {
    '/api/chat' => sub { my $i = 0; return { interval => 0.01,
        headers => ['Content-Type' => 'application/x-ndjson'],
        chunks => sub { return qq({"n":@{[$i++]}}\n) } } },
    '/v1/chat/completions' => { hang => 1 },
    '/v1/embeddings' => { body => 'x' x 100000, stall => 0 },
    '/v1/completions' => { chunks => [('x' x 1000) x 10], stall => 3 },
});
my $h2 = $t->has('http_v2');

$t->conf(<<'CONF' . ($h2 ? <<'H2' : ''))->start;
proxy_ignore_client_abort on;
model_vendor a {
    proxy_pass http://{{a}};
    discover off;
    model m;
}
server { {{listen}} location / { model_pass; } }
CONF
server { {{listen:h2 http2}} location / { model_pass; } }
H2

my @cases = (
    ['in mid-stream', '/api/chat', qr/"n":3/],
    ['before the first byte', '/v1/chat/completions'],
    ['a stalled stream', '/v1/completions', qr/x{2000}/],
    ['after the head of a plain answer', '/v1/embeddings', qr/^/],
);

sub gone {
    my ($name, $r, $wait, $leave) = @_;

    $a->wait_for(1);
    $r->read_until($wait) if $wait;
    my $left = ModelTest::Client::now();
    $leave->($r);

    my ($closed) = $a->wait_closed;
    cmp_ok $closed->{time} - $left, '<', 1, "$name: vendor's is closed";
    cmp_ok $a->open_connections, '==', 0, "$name: none is left";
}

for my $case (@cases) {
    my ($name, $uri, $wait) = @$case;
    my %o = (body => { model => 'm', stream => \1 });

    for my $how (qw(close abort shutdown)) {
        next if $how eq 'shutdown' && $wait;
        $a->clear;
        gone("$name, $how", $t->open(POST => $uri, %o), $wait,
            sub { $how eq 'shutdown' ? $_[0]->client->shutdown
                : $_[0]->$how });
    }

    next if !$h2;
    my $c = $t->h2(listen => 'h2');

    $a->clear;
    gone("$name, HTTP/2 reset", $c->open(POST => $uri, %o), $wait,
        sub { $_[0]->reset(8) });

    $a->clear;
    gone("$name, HTTP/2 close", $c->open(POST => $uri, %o), $wait,
        sub { $c->close });
}

# The way out with a body still being sent
$a->clear;
my $r = $t->open(POST => '/api/chat', body => '{"model":"m","x":"', part => 1,
    headers => ['Content-Length' => 1000]);
$r->close;
is $t->post('/api/generate', { model => 'm' })->status, 200, 'the next one works';
is $a->hits(qr/chat/), 0, 'half a request goes nowhere';

$t->done;
