#!/usr/bin/perl

# Tests for servers that drain: no request goes there but those of clients that
# "sticky" has sent there before.

use FindBin;
use lib "$FindBin::Bin/lib";

use ModelTest;

my $t = ModelTest->new;

plan skip_all => 'servers that drain are new in nginx 1.31'
    if !$t->has('1.31.0');

my $a = $t->backend('a', reply => 'from a');
my $b = $t->backend('b', reply => 'from b');

$t->conf(<<'CONF')->start;
upstream aware { server {{a}}; server {{b}} drain; model_aware; }
upstream slot { server {{a}} max_conns=1; server {{b}} drain;
    model_queue 5 timeout=30s; }
upstream stick { server {{a}} route=a; server {{b}} route=b drain; model_aware;
    sticky cookie srv; }
upstream busy { server {{b}} route=b drain; server {{a}} route=a max_conns=1;
    model_aware; sticky cookie srv; }
model_vendor aware { proxy_pass http://aware; discover off; }
model_vendor slot { proxy_pass http://slot; discover off; }
model_vendor stick { proxy_pass http://stick; discover off; }
model_vendor busy { proxy_pass http://busy; discover off; }
server {
    {{listen}}
    location / { model_pass; }
    location /status/ { model_status; }
}
CONF

sub ask {
    my ($model, %o) = @_;
    return $t->open(POST => '/api/chat', %o,
        body => { stream => \0, messages => [], model => $model });
}

sub told {
    my $hop = $t->get('/status/explain?model=' . shift)->json->{hops}[0];
    return { map { $_->{name} => [$_->{now}, $_->{asked_first} ? 1 : 0] }
        @{ $hop->{servers} } };
}

# What explain tells
is_deeply told("$_:m"), { $a->address => ['free', 1],
    $b->address => ['draining', 0] }, "$_ is explained" for 'aware', 'stick';

# The answer of the only server that may be asked is the answer
$a->status(429, '{"error":"of a"}');
my $r = ask('aware:m')->finish;
is $r->status, 429, 'not given up for one that drains';
like $r->body, qr/of a/, 'as the server sent it';
is $b->hits, 0, 'which is not asked';

# Nor is it a slot
$a->ok->hold;
my @r = ask('slot:m');
$a->wait_for(2);
push @r, ask('slot:m');
is $t->get('/')->status, 200, 'parked';
$a->ok->release;
is $_->finish->status, 200, 'waited for the other one' for @r;
is $b->hits, 0, 'not for one that drains';

# Of clients that were sent there
$a->clear;
is ask('stick:m', headers => [Cookie => 'srv=b'])->finish->status, 200,
    'with a cookie';
is $b->hits, 1, 'to the one that drains';

$a->hold;
@r = ask('busy:m');
$a->wait_for(1);
is ask('busy:m')->finish->status, 503, 'no slot without a cookie';
is ask('busy:m', headers => [Cookie => 'srv=b'])->finish->status, 200,
    'one with a cookie';
is $b->hits, 2, 'at the one that drains';
$a->ok->release;
is $_->finish->status, 200, 'the slow one' for @r;

$t->done;
