#!/usr/bin/perl

# Tests for a list that holds more values than any real one: refused before
# it costs memory.

use FindBin;
use lib "$FindBin::Bin/lib";

use ModelTest;

my $t = ModelTest->new;
my $many = '{"data":[{"id":"m","x":[0' . ',0' x 1_100_000 . ']}]}';

$t->backend('a', on => { 'GET /v1/models' => { status => 200,
    headers => ['Content-Type' => 'application/json'], body => $many } });
$t->openai('b', models => ['good']);

$t->conf(<<'CONF')->start;
model_vendor a { proxy_pass http://{{a}}; dialect openai; }
model_vendor b { proxy_pass http://{{b}}; dialect openai; }
server { {{listen}} location / { model_pass; } }
CONF

my $r = $t->get('/v1/models');
is join(' ', map { $_->{id} } @{ $r->json->{data} }), 'b:good',
    'the other vendor is listed';
$t->eventually(sub { $t->count_log(qr/is down: answer holds too many values/) },
    'the log says why');

my ($worker) = $t->workers;
open my $fh, '<', "/proc/$worker/status" or die "status: $!";
my ($peak) = map { /^VmHWM:\s+(\d+)/ ? $1 : () } <$fh>;
cmp_ok $peak, '<', 200_000, 'memory stays small' if !$t->has('sanitizer');

$t->done;
