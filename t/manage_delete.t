#!/usr/bin/perl

# Tests for a model that several servers have: it is deleted at all of them.

use FindBin;
use lib "$FindBin::Bin/lib";

use ModelTest;

my $t = ModelTest->new;
my %s = map { $_->[0] => $t->ollama($_->[0], models => $_->[1]) }
    ['a', ['shared', 'x']], ['b', ['shared', 'y']], ['c', ['y', 'x']],
    ['d', ['shared']];

$t->conf(<<'CONF')->start;
upstream fleet { zone f 64k; server {{a}}; server {{b}}; server {{c}}; model_aware; }
upstream plain { server {{d}}; server {{a}} down; }
upstream second { server {{c}}; server {{b}} backup; model_aware; }
model_vendor second { proxy_pass http://second; discover 1h; }
model_vendor fleet { proxy_pass http://fleet; discover 1h; key literal:k; }
model_vendor plain { proxy_pass http://plain; discover 1h; }
server { {{listen}} location / { model_pass; model_allow inference manage; } }
CONF

sub listed { my $n = shift; return scalar grep { $_->{name} eq $n }
    @{ $t->get('/api/tags')->json->{models} } }
sub deletes { return map { $s{$_}->hits(qr/^DELETE/) } @_ }

ok listed('fleet:shared:latest'), 'it is there';
my $r = $t->delete('/api/delete', { model => 'fleet:shared' });
is $r->status, 200, 'deleted';
$t->eventually(sub { !listed('fleet:shared:latest') }, 'gone from the list', 1);
is_deeply [deletes('a', 'b', 'c', 'd')], [1, 1, 0, 0], 'where it was, once';
is $s{$_}->last(qr/DELETE/)->json->{model}, 'shared', "$_: by its own name"
    for 'a', 'b';
is $s{$_}->last(qr/DELETE/)->header('authorization'), 'Bearer k',
    "$_: with the key" for 'a', 'b';
ok listed('plain:shared:latest'), 'another vendor keeps its own';

# A server that refuses is told of
$_->clear for values %s;
$s{b}->status(500, { error => 'no' }, match => qr/DELETE/);
is $t->delete('/api/delete', { model => 'second:y' })->status, 200,
    'deleted at the first';
$t->eventually(sub { $t->count_log(
    qr/"y" was deleted, but not at server "\S+" of model vendor "second"/) },
    'told in the log');
is_deeply [deletes('b', 'c')], [1, 1], 'both were asked once';

# One that nobody has
$r = $t->delete('/api/delete', { model => 'fleet:nothing' });
is $r->status, 404, 'nothing to delete';
like $r->json->{error}, qr/no server of vendor "fleet" has it/, 'in words';

$t->done;
