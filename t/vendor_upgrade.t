#!/usr/bin/perl

# Tests for a binary upgrade: the new master gets the variables of keys.

use FindBin;
use lib "$FindBin::Bin/lib";

use ModelTest;

my $t = ModelTest->new(env => { VENDOR_KEY => 'sk-passed-on' });
plan skip_all => 'options of the sanitizers are not passed on'
    if $t->has('sanitizer');

my $s = $t->backend('s');
my $owner = $$;
my $new;

END {
    local $?;
    kill TERM => $new if $$ == $owner && $new && kill 0 => $new;
}

$t->conf(<<'CONF')->start;
client_max_body_size 10m;
model_vendor v { proxy_pass http://{{s}}; discover off; key env:VENDOR_KEY; }
server { {{listen}} location / { model_pass; } }
CONF

my $old = $t->read_file('nginx.pid') + 0;
my @workers = $t->workers;

kill USR2 => $old;
$t->eventually(sub {
    my ($pid) = $t->read_file('nginx.pid') =~ /^(\d+)\n/;
    $new = $pid if $pid && $pid != $old;
    return $new && 2 == (my @all = $t->workers);
}, 'a new master and its worker');

# the old workers leave: what is answered now is answered by the new one

kill WINCH => $old;
$t->eventually(sub {
    my %now = map { $_ => 1 } $t->workers;
    return !$now{$workers[0]};
}, 'the old worker left');

my $r = $t->post('/api/chat', { model => 'v:m' });
is $r->status, 200, 'answer of the new worker';
is $s->last->header('Authorization'), 'Bearer sk-passed-on', 'key';

kill QUIT => $new;
$t->eventually(sub { !kill 0 => $new }, 'the new master left');
$t->eventually(sub { 1 == (my @all = $t->workers) }, 'the old one works again');

$r = $t->post('/api/chat', { model => 'v:m' });
is $s->last->header('Authorization'), 'Bearer sk-passed-on', 'key, as before';

$t->done;
