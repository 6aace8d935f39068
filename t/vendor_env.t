#!/usr/bin/perl

# Tests for "key env:NAME" where the environment differs: nginx -s, reload.

use FindBin;
use lib "$FindBin::Bin/lib";

use ModelTest;

my $t = ModelTest->new(workers => 2, env => { VENDOR_KEY => 'sk-of-master' });
my $s = $t->backend('s');

$t->conf(<<'CONF')->start;
client_max_body_size 10m;
model_vendor v { proxy_pass http://{{s}}; discover off; key env:VENDOR_KEY; }
server { {{listen}} location / { model_pass; } }
CONF

sub key {
    my $r = $t->post('/api/chat', { model => 'v:m' });
    return $r->status . ' ' . ($s->last->header('Authorization') // '');
}

is key(), '200 Bearer sk-of-master', 'key of the environment';

# "nginx -s reload" from a shell that lacks the variable

my @command = ($ModelTest::Nginx::BINARY, '-p', $t->dir . '/', '-c',
    $t->dir . '/nginx.conf', '-e', $t->dir . '/signal.log');
my @old = $t->workers;

# nginx itself leaves a pool behind when it only sends a signal

my ($out, $status) = ModelTest::Nginx::_run({ $t->_environment,
    VENDOR_KEY => undef, ASAN_OPTIONS => 'detect_leaks=0' }, @command, '-s',
    'reload');

is $status, 0, 'nginx -s reload' or diag($out);
like $out, qr/\[warn\] environment variable "VENDOR_KEY" of "key" is not/,
    'it warns';
like $out, qr/ in \S+nginx\.http\.conf:2$/m, 'it names the place';
unlike $out, qr/sk-of-master/, 'it does not know the key';
$t->eventually(sub {
    my %now = map { $_ => 1 } $t->workers;
    return keys %now == 2 && !grep { $now{$_} } @old;
}, 'workers are new');
is key(), '200 Bearer sk-of-master', 'the master has its own environment';

# nginx -t from such a shell fails, as a start would

for my $value (undef, '') {
    ($out, $status) = ModelTest::Nginx::_run({ $t->_environment,
        VENDOR_KEY => $value }, @command, '-t');
    isnt $status, 0, 'nginx -t fails';
    like $out, qr/\[emerg\] environment variable "VENDOR_KEY" of "key" is not/,
        'and says why';
}

$t->reload;
is key(), '200 Bearer sk-of-master', 'reload again';

# a worker that dies is replaced by one that knows the key

kill KILL => ($t->workers)[0];
$t->allow(qr/exited on signal 9/);
$t->eventually(sub { $t->count_log(qr/exited on signal 9/) == 1 }, 'died');
$t->eventually(sub { 2 == (my @now = $t->workers) }, 'replaced');
is key(), '200 Bearer sk-of-master', "request $_ after that" for 1 .. 4;

$t->done;
