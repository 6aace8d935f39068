#!/usr/bin/perl

# Tests for model_aware and max_conns: a server whose slots are taken is left
# out, and least_conn sees what the others have.

use FindBin;
use lib "$FindBin::Bin/lib";

use ModelTest;

my $t = ModelTest->new;
my %b = map { $_->[0] => $t->ollama($_->[0], models => [@$_[1 .. $#$_]]) }
    ['a', 'm', 'one'], ['b', 'm'], ['c', 'm', 'two'], ['d', 'two'];
$_->hang(match => qr{/api/chat}) for values %b;

# method, zone, servers
my @cases;
for my $method ('', 'least_conn', 'random', 'random two', 'ip_hash',
    'hash $arg_k', 'hash $arg_k consistent',
    $t->has('1.31.0') ? 'least_time last_byte' : ())
{
    push @cases, [$method, $_] for 0, 1;
}

sub conf {
    my ($method, $zone) = @_;
    return "upstream u {\n" . ($zone ? "zone u 64k;\n" : '')
        . ($method ? "$method;\n" : '')
        . "server {{a}} max_conns=2;\nserver {{b}} max_conns=1;\n"
        . "server {{c}} max_conns=1;\nserver {{d}} max_conns=3;\n"
        . "model_aware;\n}\n"
        . "model_vendor v { proxy_pass http://u; discover 1h; }\n"
        . "server { {{listen}} location / { model_pass; } }\n";
}

my @open;

# a request that hangs: where it went, or the status of its refusal
sub one {
    my ($model, $k) = @_;
    my %before = map { $_ => $b{$_}->hits(qr{/api/chat}) } keys %b;
    my $c = $t->client;
    my $o = $c->open('POST', "/api/chat?k=$k", body => { model => $model });
    my ($where, $answered) = ('', '');

    $t->eventually(sub {
        vec($answered, $c->{fd}, 1) = 1;
        return 1 if select $answered, undef, undef, 0;
        ($where) = grep { $b{$_}->hits(qr{/api/chat}) > $before{$_} } keys %b;
        return $where;
    }, "a request for $model");

    return $o->finish->status if !$where;
    push @open, [$where, $o];
    return $where;
}

sub many {
    my ($n, $model) = @_;
    my %n;
    $n{ one($model, $_) }++ for 1 .. $n;
    return \%n;
}

sub leave {
    my ($where) = @_;
    my ($i) = grep { $open[$_][0] eq $where } 0 .. $#open;
    my $in = $b{$where}->in_flight;
    (splice @open, $i, 1)->[1]->abort;
    $t->eventually(sub { $b{$where}->in_flight < $in }, "one leaves $where");
}

for (@cases) {
    my ($method, $zone) = @$_;
    my $what = ($method || 'round robin') . ($zone ? ' zone' : '');

    $t->conf(conf(@$_))->start;
    $t->eventually(sub { 3 == @{ $t->get('/api/tags')->json->{models} } },
        "$what: lists are known");

    is_deeply many(5, 'm'), { a => 2, b => 1, c => 1, 503 => 1 },
        "$what: no more than their slots";
    is one('one', 0), 503, "$what: the one that has it is full";
    is_deeply many(2, 'two'), { d => 2 }, "$what: another one has room";

    leave('a');
    is one('m', 9), 'a', "$what: a slot that came free";
    leave('c');
    is one('one', 9), 503, "$what: not with this model";
    is one('m', 9), 'c', "$what: with that one";

    $_->[1]->abort for splice @open;
    $t->stop;
}

# least_conn, idle slots everywhere

$t->conf(conf('least_conn', 1) =~ s/max_conns=\d/max_conns=9/gr)->start;
$t->eventually(sub { 3 == @{ $t->get('/api/tags')->json->{models} } },
    'lists are known');
is_deeply many(6, 'two'), { c => 3, d => 3 }, 'least_conn: evenly';
is_deeply many(6, 'm'), { a => 3, b => 3 }, 'least_conn: c has three';
is_deeply many(3, 'm'), { a => 1, b => 1, c => 1 }, 'least_conn: all alike';
is_deeply many(1, 'one'), { a => 1 }, 'least_conn: only one has it';
is_deeply many(2, 'm'), { b => 1, c => 1 }, 'least_conn: a has more';
$_->[1]->abort for splice @open;

$t->done;
