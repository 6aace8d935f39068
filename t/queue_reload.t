#!/usr/bin/perl

# Tests for model_queue over a reload and at the end: every request that waits
# is answered, or ended.

use FindBin;
use lib "$FindBin::Bin/lib";

use ModelTest;

my $t = ModelTest->new(access_log => 1);
my $a = $t->backend('a', reply => '{"from":"a"}');
my $h2 = $t->has('http_v2');

my $upstream = <<'CONF';
log_format queue '$status|$http_n|$model_queue_time|$pid';
access_log {{dir}}/access.log queue;
upstream one { zone one 64k; server {{a}} max_conns=1;
    model_queue 20 timeout=30s; }
upstream short { zone short 64k; server {{a}} max_conns=1;
    model_queue 20 timeout=400ms; }
model_vendor short { proxy_pass http://short; discover off; }
CONF
my $conf = $upstream . <<'CONF' . ($h2 ? <<'H2' : '');
model_vendor one { proxy_pass http://one; discover off; }
server { {{listen}} location / { model_pass; } }
CONF
server { {{listen:h2 http2}} location / { model_pass; } }
H2

my $n = 0;

sub ask {
    my ($c, $model) = @_;
    return $c->open(POST => '/api/chat', body => { model => $model // 'one:m',
        stream => \0, messages => [] }, headers => [N => ++$n]);
}

sub order { return join ' ', map { $_->header('n') } $a->requests }

# New workers run, the old ones take no more connections but are left alone
sub reload {
    my @old = $t->workers;
    $t->reload($_[0], wait => 0);
    for my $pid (@old) {
        $t->eventually(sub { !kill(0, $pid)
            || $t->count_log(qr/ $pid#\d+: gracefully shutting down/) },
            "worker $pid is on its way out");
    }
    return;
}

$t->conf($conf)->start;
$a->hold;

# A reload while requests wait and one has the slot: they stay in the old
# worker, in order, and new ones go to the new worker
my $first = ask($t);
$a->wait_for(1);
my @r = map { ask($t) } 1 .. 5;
is $t->get('/')->status, 200, 'five wait';
my ($old) = $t->workers;
reload($conf);
my ($new) = grep { $_ != $old } $t->workers;
ok kill(0, $old), 'the old worker stays';
is $t->get('/')->status, 200, 'the new one answers';

my $fresh = ask($t);
$a->wait_for(2);
is order(), '1 7', 'and has a slot of its own';
is $a->release, 2, 'both are let go';
is $_->finish->status, 200, 'both are answered' for $first, $fresh;

for my $i (1 .. 5) {
    $a->wait_for(2 + $i);
    is $a->in_flight, 1, 'one at a time';
    $a->release;
    is $r[$i - 1]->finish->status, 200, "waiting request $i is answered";
    $_->close for $r[$i - 1];
}
is order(), '1 7 2 3 4 5 6', 'in order';
$_->close for $first, $fresh;
$t->eventually(sub { !kill 0, $old }, 'the old worker leaves');

# Two reloads, one that takes the upstream's queue away, one that takes all
$a->clear;
$first = ask($t);
$a->wait_for(1);
@r = map { ask($t) } 1 .. 3;
is $t->get('/')->status, 200, 'three wait';
my ($worker) = $t->workers;
reload($conf =~ s/model_queue 20 timeout=30s;//r);
$fresh = ask($t);
$a->wait_for(2);
reload($conf =~ s/\bone\b/other/gr);
is ask($t)->finish->status, 404, 'the newest knows no such vendor';
$a->ok->release;
is $_->finish->status, 200, 'the old ones are answered' for $first, $fresh, @r;
$_->close for $first, $fresh, @r;
$t->eventually(sub { !kill 0, $worker }, 'and their worker leaves');

# Time is up in a worker that is on its way out
$t->reload($conf);
$a->clear->hold;
$first = ask($t, 'short:m');
$a->wait_for(1);
my $late = ask($t, 'short:m');
is $t->get('/')->status, 200, 'waits';
($worker) = $t->workers;
reload($conf);
is $late->finish->status, 503, 'too long, in the old worker';
like $late->json->{error}, qr/is busy/, 'in words';
like $late->header('retry-after'), qr/^\d+$/, 'Retry-After';
$a->release;
is $first->finish->status, 200, 'the one at the server is answered';
$_->close for $first, $late;
$t->eventually(sub { !kill 0, $worker }, 'the worker leaves');

# A client leaves, in a worker that is on its way out
$a->clear;
$first = ask($t);
$a->wait_for(1);
@r = map { ask($t) } 1 .. 2;
is $t->get('/')->status, 200, 'wait';
($worker) = $t->workers;
reload($conf);
$_->close for $first, $r[0];
$a->wait_for(2);
$a->release;
is $r[1]->finish->status, 200, 'the one that stayed is answered';
$r[1]->close;
$t->eventually(sub { !kill 0, $worker }, 'the worker leaves');

# QUIT: all that wait are answered first
$a->clear->ok->hold(times => 1);
$first = ask($t);
$a->wait_for(1);
@r = map { ask($t) } 1 .. 6;
my $c = $h2 ? $t->h2(listen => 'h2') : undef;
push @r, map { ask($c) } 1 .. 3 if $c;
is $c->get('/')->status, 200, 'streams wait' if $c;
is $t->get('/')->status, 200, 'wait';
kill QUIT => $t->{pid};
$t->eventually(sub { $t->count_log(qr/gracefully shutting down/) }, 'QUIT');
$a->release;
is $_->finish->status, 200, 'answered at the end' for $first, @r;
$_->client->close for $first, @r;
$t->eventually(sub { !$t->running }, 'nginx has ended');
is $t->{exit}, 0, 'well';

# worker_shutdown_timeout ends those that still wait
$t->{main} = 'worker_shutdown_timeout 300ms;';
$a->clear->ok->hold;
$t->conf($conf)->start;
$first = ask($t);
$a->wait_for(1);
@r = map { ask($t) } 1 .. 3;
$c = $h2 ? $t->h2(listen => 'h2') : undef;
push @r, map { ask($c) } 1 .. 2 if $c;
is $c->get('/')->status, 200, 'streams wait' if $c;
is $t->get('/')->status, 200, 'wait';
ok $t->stop, 'nginx ends in its time';
is $_->finish->complete, 0, 'cut' for $first, @r;
is $a->hits, 1, 'none of them went to the server';
my @lines = grep { /^(?:000|499)\|(\d+)\|/ && $1 > $n - 1 - @r }
    split /\n/, $t->access_log;
is @lines, 1 + @r, 'all are in the log';

# TERM does not wait for anybody
$t->{main} = '';
$a->clear->ok->hold;
$t->conf($conf)->start;
$first = ask($t);
$a->wait_for(1);
@r = map { ask($t) } 1 .. 3;
is $t->get('/')->status, 200, 'wait';
ok $t->stop('TERM'), 'TERM';
is $_->finish->status, 0, 'no answer' for $first, @r;

$t->done;
