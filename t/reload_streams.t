#!/usr/bin/perl

# Tests for two reloads under 200 live streams and a queue: no stream is cut,
# no request is lost or sent twice, and what is known of servers stays.

use FindBin;
use lib "$FindBin::Bin/lib";

use ModelTest;

my $t = ModelTest->new(workers => 2, access_log => 1,
    events => 'worker_connections 2048;');
my $h2 = $t->has('http_v2');

# Streams that go on until they are told to end, each line with its number
sub talk {
    my ($server, $q) = @_;
    my ($n, $i, $end) = ($q->{headers}{n}, 0);
    return { headers => ['Content-Type', 'application/x-ndjson'],
        interval => 0.1, chunks => sub {
            return if $end;
            return $end = "{\"n\":$n,\"end\":$i}\n" if $server->{over} && $i;
            return sprintf "{\"n\":%d,\"i\":%d}\n", $n, ++$i;
        } };
}

my @b = map { $t->backend($_, on => { 'POST /api/chat' => \&talk }) } 'a' .. 'd';
my $sick = $t->backend('sick', reply => '{"from":"sick"}');
my $well = $t->backend('well', reply => '{"from":"well"}');
my $lost = $t->ollama('lost', models => ['m']);

my $conf = <<'CONF' . ($h2 ? <<'H2' : '');
log_format queue '$status|$http_n|$model_queue_time|$upstream_addr';
access_log {{dir}}/access.log queue;
upstream four {
    zone four 256k;
    server {{a}} max_conns=50; server {{b}} max_conns=50;
    server {{c}} max_conns=50; server {{d}} max_conns=50;
    model_queue 30;
    keepalive 8;
}
upstream pair { server {{sick}}; server {{well}} backup; }
model_vendor four { proxy_pass http://four; discover off; }
model_vendor pair { proxy_pass http://pair; discover off; }
model_vendor lost { proxy_pass http://{{lost}}; discover 1h grace=1h; }
server { {{listen}} location / { model_pass; } }
CONF
server { {{listen:h2 http2}} http2_max_concurrent_streams 128;
    location / { model_pass; } }
H2

my $n = 0;

sub ask {
    my ($c, $model) = @_;
    return $c->open(POST => '/api/chat', body => { model => $model
        // 'four:m', messages => [] }, headers => [N => ++$n], timeout => 60);
}

sub flying { my $f = 0; $f += $_->in_flight for @b; return $f }

# The lines of a stream, whole and in order
sub whole {
    my ($r) = @_;
    my @lines = split /\n/, $r->body;
    my $end = pop(@lines) // '';
    my ($id) = $end =~ /^\{"n":(\d+),"end":(\d+)\}$/ or return 0;
    return 0 if $2 != @lines || $r->body !~ /\n\z/;
    return !grep { $lines[$_] ne sprintf '{"n":%d,"i":%d}', $id, $_ + 1 }
        0 .. $#lines;
}

sub reload {
    my @old = $t->workers;
    $t->reload($conf . "# $n\n", wait => 0);
    for my $pid (@old) {
        $t->eventually(sub { !kill(0, $pid)
            || $t->count_log(qr/ $pid#\d+: gracefully shutting down/) },
            'a worker is on its way out');
    }
    return @old;
}

$t->conf($conf)->start;

# What is known of servers
$t->eventually(sub { $t->get('/api/tags')->body =~ /lost:m/ }, 'listed');
$sick->status(503, { error => 'x' }, times => 1,
    headers => ['Retry-After' => 50]);
is ask($t, 'pair:m')->finish->json->{from}, 'well', 'one asks to be left alone';
$lost->stop;

# 200 streams, and as many requests as wait in one worker at least
my @c = $h2 ? map { $t->h2(listen => 'h2') } 1 .. 2 : ();
my @r = map { ask($t) } 1 .. 120;
push @r, map { ask($c[$_ % 2] // $t) } 1 .. 80;
$t->eventually(sub { flying() == 200 }, '200 streams', 20);
my @wait = map { ask($c[$_] // $t) } 0 .. 19;
is $_->get('/')->status, 200, 'others are answered' for ($t) x 8, @c;
is flying(), 200, 'no more than 200 at the servers';
$_->read_until(qr/"i":1\}/) for @r;

my @old = reload();
my @new = map { ask($t) } 1 .. 10;
$_->read_until(qr/"i":2\}/) for @new;
is flying(), 210, 'the new workers have slots of their own';

push @old, reload();
push @new, map { ask($t) } 1 .. 10;
$_->read_until(qr/"i":2\}/) for @new;
is flying(), 220, 'all streams go on';
$_->read_until(qr/"i":8\}/) for @r[0, 60, 119, 120, 199];

$_->set(over => 1) for @b;
my (%status, $cut);
for my $r (@r, @wait, @new) {
    $status{$r->finish->status}++;
    next if $r->complete && whole($r);
    diag 'stream ' . $r->body . ' ' . $r->error if !$cut++;
}

is_deeply \%status, { 200 => 240 }, 'all are answered';
is $cut // 0, 0, 'whole, byte for byte';
my %seen;
$seen{$_->header('n')}++ for map { $_->requests(qr/chat/) } @b;
is 0 + keys %seen, 240, 'all reached a server';
is 0 + (grep { $_ != 1 } values %seen), 0, 'once';

$_->client->close for @r, @wait, @new;
$_->close for @c;
$t->eventually(sub { !grep { kill 0, $_ } @old }, 'the old workers leave', 10);
is $t->count_log(qr/exited on signal/), 0, 'by themselves';
$t->eventually(sub { 240 <= (() = $t->access_log =~ /^200\|\d+/gm) },
    'all are in the log');
my @queued = grep { $_ > 0.1 } $t->access_log =~ /^200\|\d+\|(\d+\.\d+)/gm;
cmp_ok @queued, '>=', 20, 'with the time that they waited';

# Kept over both reloads
$sick->clear;
is ask($t, 'pair:m')->finish->json->{from}, 'well', 'it is left alone still';
is $sick->hits, 0, 'not asked';
like $t->get('/api/tags')->body, qr/lost:m/, 'a list that was known';

# The slots of the new workers
$_->set(over => 0) for @b;
@r = map { ask($t) } 1 .. 200;
$t->eventually(sub { flying() == 200 }, '200 slots', 20);
@wait = map { ask($t) } 1 .. 5;
is $t->get('/')->status, 200, 'others are answered' for 1 .. 8;
is flying(), 200, 'exactly';
$_->set(over => 1) for @b;
is 0 + (grep { $_->finish->status == 200 && whole($_) } @r, @wait), 205,
    'all are answered';

$t->done;
