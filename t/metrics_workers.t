#!/usr/bin/perl

# Tests for metrics with several workers: one truth, kept over a reload; what
# was on in a worker that is killed is over.

use FindBin;
use lib "$FindBin::Bin/lib";

use ModelTest;
use ModelTest::Metrics;

my $t = ModelTest->new(workers => 2);
my $a = $t->backend('a', reply => 'from a');

my $conf = <<'CONF';
upstream one { zone one 64k; server {{a}} max_conns=1; model_queue 9; }
model_vendor one { proxy_pass http://one; discover off; model m; }
model_vendor free { proxy_pass http://{{a}}; discover off; model m; }
server {
    {{listen}}
    keepalive_requests 10000;
    location / { model_pass; add_header X-Pid $pid always; }
    location /status/ { model_status; add_header X-Pid $pid always; }
}
CONF

$t->conf($conf)->start;

my $body = { model => 'free:m', stream => \0, messages => [] };
my @free = (vendor => 'free', model => 'm', operation => 'chat');
my @one = (vendor => 'one', model => 'm', operation => 'chat');

sub metrics { return ModelTest::Metrics->new($t->get('/status/metrics')) }
sub value { my (@what) = @_; return metrics()->value(@what) }

# Connections to each of the workers
sub conns {
    my %conns;
    for (1 .. 400) {
        my $c = $t->client;
        my $pid = $c->get('/')->header('x-pid');
        push @{ $conns{$pid} }, $c if @{ $conns{$pid} || [] } < 4;
        last if keys %conns == 2 && !grep { @$_ < 4 } values %conns;
    }
    return map { [$_, $conns{$_}] } sort keys %conns;
}

my ($x, $y) = conns();

SKIP: {
    skip 'one worker took all connections', 1
        if !$y || @{ $x->[1] } < 4 || @{ $y->[1] } < 4;

    # Each worker counts, each tells of all
    for my $w ($x, $y) {
        is $w->[1][0]->post('/api/chat', $body)->status, 200, 'answered'
            for 1 .. 10;
    }
    $t->eventually(sub { value('model_requests_total', @free,
        outcome => 'ok') == 20 }, 'counted together');
    for my $w ($x, $y) {
        my $r = $w->[1][0]->get('/status/metrics');
        is $r->header('x-pid'), $w->[0], 'this worker';
        is(ModelTest::Metrics->new($r)->value('model_requests_total', @free,
            outcome => 'ok'), 20, 'tells of both');
    }

    # In flight and in the queue, in both
    $a->hold;
    my @open = map { $_->[1][1]->open(POST => '/api/chat', body => $body) }
        $x, $y;
    $t->eventually(sub { value('model_requests_in_flight', @free) == 2 },
        'one in each');
    my @wait = map { my $c = $_; map { $c->[1][$_]->open(POST => '/api/chat',
        body => { %$body, model => 'one:m' }) } 2, 3 } $x, $y;
    $t->eventually(sub { value('model_queue_length', @one) == 3 },
        'three wait');
    is value('model_requests_in_flight', @one), 1, 'for one';

    # A worker is killed: what it had is over, and what it counted is not
    kill 'KILL', $x->[0];
    $t->eventually(sub { value('model_requests_in_flight', @free) == 1 },
        'one is left');
    $t->eventually(sub { !grep { $_ == $x->[0] } $t->workers }, 'gone');
    $t->eventually(sub { my @now = $t->workers; @now == 2 },
        'and another one there');
    is value('model_requests_in_flight', @free), 1, 'still one';
    is value('model_server_in_flight', vendor => 'free'), 1, 'at its server';
    cmp_ok value('model_queue_length', @one), '<=', 2, 'its queue is gone';
    is value('model_requests_total', @free, outcome => 'ok'), 20,
        'counters stay';

    # A reload keeps them, and what old workers still have
    $_->close for map { @{ $_->[1] }[0, 2, 3] } $x, $y;
    $t->reload($conf, wait => 0);
    $t->eventually(sub { $t->count_log(
        qr/ $y->[0]#\d+: gracefully shutting down/) }, 'reloaded');
    is value('model_requests_total', @free, outcome => 'ok'), 20, 'reload';
    is value('model_requests_in_flight', @free), 1, 'of the old worker';
    $a->ok->release;
    is $open[1]->finish->status, 200, 'the old one ends';
    $open[1]->close;
    $t->eventually(sub { value('model_requests_total', @free,
        outcome => 'ok') == 21 }, 'and is counted');
    is value('model_requests_in_flight', @free), 0, 'nothing is left';
}

is join("\n", metrics()->faults), '', 'well formed';

$t->allow(qr/exited on signal 9/);
$t->done;
