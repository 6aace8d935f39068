#!/usr/bin/perl

# Tests for discovery: connections of a worker are used and given back.

use FindBin;
use lib "$FindBin::Bin/lib";

use ModelTest;

my $t = ModelTest->new(events => 'worker_connections 40;');

my $good = $t->ollama('good', models => ['a', 'b']);
my $bad = $t->ollama('bad', models => ['c']);
my $dead = $t->ollama('dead', models => ['d']);
my $mute = $t->ollama('mute', models => ['e']);

$dead->refuse;
$mute->hang;
$bad->status(500, 'x');

$t->conf(<<'CONF')->start;
model_vendor good { proxy_pass http://{{good}}; discover 10ms; }
model_vendor bad { proxy_pass http://{{bad}}; discover 10ms; }
model_vendor dead { proxy_pass http://{{dead}}; discover 10ms; }
model_vendor mute { proxy_pass http://{{mute}};
    discover 10ms timeout=20ms; }
server { {{listen}} location / { model_pass; } }
CONF

# Several times more fetches of each kind than the worker has connections
$t->eventually(sub { $good->hits(qr/tags/) > 100 && $bad->hits(qr/tags/) > 100
    && $mute->hits(qr/tags/) > 50 }, 'many fetches', 20);

is $t->get('/api/tags')->status, 200, 'nginx still answers';
unlike $t->log, qr/worker_connections are not enough/, 'none is lost';

# Requests that hold all of them: discovery waits, no server is called down
$good->hang(match => qr/chat/);
my @held = map { $t->open('POST', '/api/chat', body =>
    { model => 'good:a', messages => [] }) } 1 .. 17;
$good->wait_for(1, qr/chat/);
$_->close for @held;
$good->ok;

my $n = $good->hits(qr/tags/);
$t->eventually(sub { $good->hits(qr/tags/) > $n + 10 }, 'and goes on');
is $t->count_log(qr/vendor "good" \S+ \S+ is down/), 0, 'good stays up';

$t->done;
