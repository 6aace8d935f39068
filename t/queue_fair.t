#!/usr/bin/perl

# Tests for model_queue with several workers: a request that waits in one gets
# its turn, also while another worker always has more of them.

use FindBin;
use lib "$FindBin::Bin/lib";

use ModelTest;

my $t = ModelTest->new(workers => 2);
my $a = $t->ollama('a', models => ['m', 'both']);
my $b = $t->ollama('b', models => ['n', 'both']);

$t->conf(<<'CONF')->start;
upstream one { zone one 64k; server {{a}} max_conns=1;
    model_queue 20 timeout=60s; }
upstream two { zone two 64k; server {{a}} max_conns=1; server {{b}} max_conns=1;
    model_aware; model_queue 20 timeout=60s; }
upstream own { server {{a}} max_conns=1; server {{b}} max_conns=1;
    model_queue 20 timeout=60s; }
model_vendor one { proxy_pass http://one; discover off; }
model_vendor two { proxy_pass http://two; }
model_vendor own { proxy_pass http://own; discover off; }
server {
    {{listen}}
    keepalive_requests 10000;
    location / { model_pass; add_header X-Pid $pid always; }
}
CONF

$t->eventually(sub { my $list = $t->get('/v1/models')->body;
    $list =~ /two:n/ && $list =~ /two:m/ }, 'both are listed');

sub ask {
    my ($c, $model, $key) = @_;
    return $c->open(POST => "/api/chat?k=$key",
        body => { stream => \0, messages => [], model => $model });
}

# Connections to each of the workers
my %conns;
for (1 .. 400) {
    my $c = $t->client;
    my $pid = $c->get('/')->header('x-pid');
    push @{ $conns{$pid} }, $c if @{ $conns{$pid} || [] } < 8;
    last if keys %conns == 2 && !grep { @$_ < 8 } values %conns;
}

my ($x, $y) = map { $conns{$_} } sort keys %conns;

# Six requests of one worker at all times, until $end says so or $max were
# answered; returns how many were
sub crowd {
    my ($model, $max, $end) = @_;
    my $done = 0;
    my @r = map { [$_, ask($x->[$_], $model, 'x')] } 0 .. 5;
    while ($done < $max && !$end->()) {
        my ($i, $r) = @{ shift @r };
        is $r->finish->status, 200, "$model: one of the crowd";
        $done++;
        push @r, [$i, ask($x->[$i], $model, 'x')];
    }
    is $_->[1]->finish->status, 200, "$model: one of the crowd" for @r;
    return $done;
}

SKIP: {
    skip 'one worker took all connections', 1 if !$y || @$x < 8 || @$y < 8;

    # One that waits in the other worker gets its turn
    for my $round (1 .. 3) {
        my $wait;
        $_->clear->ok->delay(0.02) for $a, $b;
        my $n = crowd('one:m', 100, sub {
            return $a->hits(qr{k=y}) if $wait;
            $wait = ask($y->[0], 'one:m', 'y') if $a->hits(qr{k=x}) > 6;
            return 0;
        });
        cmp_ok $n, '<', 60, 'it did not wait for all others';
        is $wait->finish->status, 200, 'and is answered';
    }

    # One that waits for another server keeps nobody waiting
    $_->clear->ok for $a, $b;
    $b->hold;
    my $first = ask($y->[0], 'two:n', 'y');
    $b->wait_for(1, qr{k=y});
    my $wait = ask($y->[1], 'two:n', 'y');
    is $y->[2]->get('/')->status, 200, 'parked';
    $a->delay(0.005);
    is crowd('two:m', 40, sub { 0 }), 40, 'the others are answered';
    is ask($x->[6], 'two:m', 'x')->finish->status, 200, 'one alone as well';
    is $b->hits(qr{/api/chat}), 1, 'while one waits';
    $b->ok->release;
    is $_->finish->status, 200, 'which is answered then' for $first, $wait;

    # Without a zone each worker has slots of its own
    $_->clear->ok->hold for $a, $b;
    my @r = map { ask($y->[$_], 'own:both', 'y') } 0 .. 3;
    $t->eventually(sub { $a->in_flight == 1 && $b->in_flight == 1 },
        'two run, two wait');
    is $y->[4]->get('/')->status, 200, 'parked';
    push @r, map { ask($x->[$_], 'own:both', 'x') } 0, 1;
    $t->eventually(sub { $a->in_flight == 2 && $b->in_flight == 2 },
        'the other worker has slots');
    $_->ok->release for $a, $b;
    is $_->finish->status, 200, 'all are answered' for @r;

    # A worker that is killed while requests wait in it leaves no mark
    $_->clear->ok->hold for $a, $b;
    $first = ask($x->[0], 'one:m', 'x');
    $a->wait_for(1, qr{k=x});
    $wait = ask($y->[0], 'one:m', 'y');
    is $y->[1]->get('/')->status, 200, 'parked';
    my @pids = sort keys %conns;
    kill KILL => $pids[1];
    is $wait->finish->status, 0, 'killed';
    $a->ok->release;
    is $first->finish->status, 200, 'the one that ran';
    is ask($x->[$_], 'one:m', 'x')->finish->status, 200, 'and others'
        for 0 .. 5;
    $t->allow(qr/worker process $pids[1] exited on signal 9/);
}

$t->done;
