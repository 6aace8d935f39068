#!/usr/bin/perl

# Tests for model_queue with many requests: all are answered, in order, once;
# a long queue costs the worker next to nothing.

use FindBin;
use lib "$FindBin::Bin/lib";

use ModelTest;

my $t = ModelTest->new(events => 'worker_connections 1024;');
my $a = $t->ollama('a', models => ['m', 'n']);
my $b = $t->ollama('b', models => ['m', 'o']);
my $h2 = $t->has('http_v2');

$t->conf(<<'CONF' . ($h2 ? <<'H2' : ''))->start;
upstream two {
    server {{a}} max_conns=2;
    server {{b}} max_conns=2;
    model_aware;
    model_queue 400 timeout=30s;
}
model_vendor two { proxy_pass http://two; discover 1h; }
server { {{listen}} location / { model_pass; } }
CONF
server { {{listen:h2 http2}} http2_max_concurrent_streams 256;
    location / { model_pass; } }
H2

my $chat = qr{/api/chat};
my $n = 0;

sub ask {
    my ($c, $model) = @_;
    return $c->open(POST => '/api/chat', body => { model => $model,
        stream => \0, messages => [{ role => 'user', content => 'x' }] },
        headers => [N => ++$n]);
}

# User and system time of the worker, in seconds
sub used {
    my ($pid) = $t->workers;
    my @f = split / /, $t->read_file("/proc/$pid/stat") =~ s/.*\) //r;
    return ($f[11] + $f[12]) / 100;
}

$t->eventually(sub { 3 == (() = $t->get('/api/tags')->body =~ /"name"/g) },
    'all models are known');
$_->hold(match => $chat) for $a, $b;
my @first = map { ask($t, 'm') } 1 .. 4;
$t->eventually(sub { $a->in_flight($chat) + $b->in_flight($chat) == 4 },
    'no slot is left');

# One by one: nginx has read a request when a later one was answered
my $c = $h2 ? $t->h2(listen => 'h2') : undef;
my $k = $t->client;
my @r;
for my $i (0 .. 199) {
    push @r, ask($i % 4 > 1 && $c ? $c : $t, qw(m n o m)[$i % 4]);
    $c->get('/') if $i % 4 > 1 && $c;
    $k->get('/');
}
is $k->get('/')->status, 200, '200 wait';
is $a->hits($chat) + $b->hits($chat), 4, 'none of them is at a server';

my $used = used();
ok !$r[0]->client->wait_closed(0.3), 'they wait on';
cmp_ok used() - $used, '<', 0.1 * $t->factor, 'it costs little';
is $t->get('/api/tags')->status, 200, 'listings are answered meanwhile';

$_->ok for $a, $b;
$_->release for $a, $b;
my %status;
$status{$_->finish->status}++ for @first, @r;
is_deeply \%status, { 200 => 204 }, 'all are answered';
is $a->hits($chat) + $b->hits($chat), 204, 'each once';

# Each server got those of a model in order; of two that it reads at a time,
# it may read the second one first
for my $server ($a, $b) {
    for my $model (qw(m n o)) {
        my @n = map { $_->header('n') } grep { $_->json->{model} eq $model }
            $server->requests($chat);
        my @sorted = sort { $::a <=> $::b } @n;
        my %rank = map { $sorted[$_] => $_ } 0 .. $#sorted;
        is 0 + (grep { abs($rank{$n[$_]} - $_) > 1 } 0 .. $#n), 0,
            $server->name . ", $model: in order" or diag "@n";
    }
}

# Nobody is left behind
$_->clear->hold(match => $chat) for $a, $b;
@first = map { ask($t, 'm') } 1 .. 4;
$t->eventually(sub { $a->in_flight($chat) + $b->in_flight($chat) == 4 },
    'all slots are there again');
is_deeply [$a->in_flight($chat), $b->in_flight($chat)], [2, 2], 'two each';
$_->ok->release for $a, $b;
is $_->finish->status, 200, 'answered' for @first;
$c->close if $c;

$t->done;
