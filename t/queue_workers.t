#!/usr/bin/perl

# Tests for model_queue with several workers: a zone counts over all of them,
# and a slot that one gives back is found by the others within some 20 ms.

use FindBin;
use lib "$FindBin::Bin/lib";

use ModelTest;

my $t = ModelTest->new(workers => 2, access_log => 1);
my $a = $t->backend('a', reply => 'from a');
my $b = $t->backend('b', reply => 'from b');

$t->conf(<<'CONF')->start;
log_format queue '$status|$model_queue_time|$pid';
access_log {{dir}}/access.log queue;
upstream one { zone one 64k; server {{a}} max_conns=1;
    model_queue 3 timeout=30s; }
upstream two { zone two 64k; server {{a}} max_conns=2; server {{b}} max_conns=3;
    model_queue 100; }
model_vendor one { proxy_pass http://one; discover off; }
model_vendor two { proxy_pass http://two; discover off; }
server {
    {{listen}}
    keepalive_requests 10000;
    location / { model_pass; add_header X-Pid $pid always; }
}
CONF

my $body = { stream => \0, messages => [] };

sub ask {
    my ($c, $model, %o) = @_;
    return $c->open(POST => '/api/chat', body => { %$body, model => $model },
        %o);
}

# Connections to each of the workers
my %conns;
for (1 .. 400) {
    my $c = $t->client;
    my $pid = $c->get('/')->header('x-pid');
    push @{ $conns{$pid} }, $c if @{ $conns{$pid} || [] } < 8;
    last if keys %conns == 2 && !grep { @$_ < 8 } values %conns;
}

SKIP: {
    my ($x, $y) = map { $conns{$_} } sort keys %conns;
    skip 'one worker took all connections', 1 if !$y || @$x < 8 || @$y < 8;

    # The worker that waits has no request of its own at the server
    $a->hold;
    my @gap;
    for my $i (1 .. 15) {
        $a->clear;
        my $first = ask($x->[0], 'one:m');
        $a->wait_for(1);
        my $wait = ask($y->[0], 'one:m');
        is $y->[1]->get('/')->status, 200, 'parked';
        is $a->hits, 1, 'no slot, in the other worker as well';
        $a->release;
        is $first->finish->status, 200, 'the first one';
        my @q = $a->wait_for(2);
        push @gap, $q[1]->time - $q[0]->answered;
        $a->release;
        is $wait->finish->status, 200, 'the one that waited';
    }
    @gap = sort { $::a <=> $::b } @gap;
    cmp_ok $gap[3], '<', 0.03 * $t->factor, 'found within a step, as a rule'
        or diag "@gap";

    # The number is that of each worker
    $a->clear;
    my $first = ask($x->[0], 'one:m');
    $a->wait_for(1);
    my @r = map { ask($_, 'one:m') } @$x[1 .. 3], @$y[1 .. 3];
    is $_->[7]->get('/')->status, 200, 'parked' for $x, $y;
    is ask($_->[4], 'one:m')->finish->status, 503, 'three in each'
        for $x, $y;
    $a->ok->release;
    is $_->finish->status, 200, 'all six are answered' for $first, @r;
    is $a->hits, 7, 'each once';
}

# Many, over both: never more than max_conns at a time
$_->clear->ok->delay(0.01) for $a, $b;
my @r = map { ask($t, 'two:m') } 1 .. 60;
my %status;
for (@r) {
    $status{$_->finish->status}++;
    $_->close;
}
is_deeply \%status, { 200 => 60 }, 'all are answered';
is $a->hits + $b->hits, 60, 'each once';

for (['a', $a, 2], ['b', $b, 3]) {
    my ($name, $server, $max) = @$_;
    my ($now, $most) = (0, 0);
    for my $e (sort { $::a->[0] <=> $::b->[0] || $::a->[1] <=> $::b->[1] }
        map { ([$_->time, 1], [$_->answered, -1]) } $server->requests)
    {
        $now += $e->[1];
        $most = $now if $now > $most;
    }
    is $most, $max, "$name: as many as it may have, never more";
}

# The slots are all there still
$_->clear->ok->hold for $a, $b;
@r = map { ask($t, 'two:m') } 1 .. 12;
$t->eventually(sub { $a->in_flight == 2 && $b->in_flight == 3 }, 'all slots');
is $t->get('/')->status, 200, 'the others wait' for 1 .. 4;
is $a->in_flight + $b->in_flight, 5, 'no more';
$_->ok for $a, $b;
$_->release for $a, $b;
is $_->finish->status, 200, 'answered' for @r;

$t->done;
