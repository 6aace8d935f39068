#!/usr/bin/perl

# Tests for connections that are kept: a stale one does not make a request
# come twice, a failed one is closed, all others are used again.

use FindBin;
use lib "$FindBin::Bin/lib";

use ModelTest;

my $t = ModelTest->new(access_log => 1);
my $a = $t->backend('a', reply => '{"from":"a"}');
my $b = $t->backend('b', reply => '{"from":"b"}');

$t->conf(<<'CONF')->start;
upstream single { server {{a}} max_fails=0; keepalive 4; }
upstream backup {
    server {{a}} max_fails=0; server {{b}} max_fails=0 backup;
    keepalive 4;
}
upstream equal {
    server {{a}} max_fails=0; server {{b}} max_fails=0;
    keepalive 8;
}
model_vendor single { proxy_pass http://single; discover off; }
model_vendor backup { proxy_pass http://backup; discover off; }
model_vendor equal { proxy_pass http://equal; discover off; }
model_vendor other { proxy_pass http://{{b}}; discover off; }
model_alias smart { target single:m; target other:m backup; }
server {
    {{listen}}
    location / { model_pass; }
    location /error/ { model_pass; model_failover error http_429; }
}
CONF

sub ask {
    my ($prefix, $model, %o) = @_;
    return $t->post("$prefix/api/chat", { model => $model, stream => \0 }, %o);
}

sub fresh { $_->ok->reset_all->clear for $a, $b }

# A kept connection is reset once a request is on it
for my $case (['', 'single:m', 502, 0], ['/error', 'single:m', 502, 0],
    ['', 'backup:m', 502, 0], ['/error', 'backup:m', 200, 1],
    ['', 'smart', 502, 0], ['/error', 'smart', 200, 1])
{
    my ($prefix, $model, $status, $other) = @$case;
    my $name = "$model$prefix";

    fresh();
    is ask($prefix, $model)->json->{from}, 'a', "$name: the first one";
    $a->reset(times => 1);
    is ask($prefix, $model)->status, $status, "$name: a stale connection";
    is $a->last(qr/POST/)->served, 1, 'the kept one was used';
    is $a->hits(qr/POST/), 2, 'each request came once';
    is $b->hits(qr/POST/), $other, 'and to the other one if wanted';
    is ask($prefix, $model)->json->{from}, 'a', 'the next one';
    is ask($prefix, $model)->json->{from}, 'a', 'and one more';
    is $a->connections, 2, 'a new connection, used again';
    is $a->open_connections, 1, 'one is left';
}

# A server that closes what it kept costs nothing
fresh();
is ask('', 'single:m')->status, 200, 'one is kept';
$a->close_idle;
is ask('', 'single:m')->status, 200, 'closed while idle';
is $a->hits(qr/POST/), 2, 'each came once';

# Answers given up: their connection is closed, the other one's is used again
fresh();
$a->status(429, { error => 'e' });
is ask('', 'backup:m')->json->{from}, 'b', 'given up' for 1 .. 20;
is $b->connections, 1, 'one connection to the one that answers';
is $a->hits(qr/POST/), 20, 'the other one is asked first';
$t->eventually(sub { $a->open_connections == 0 }, 'none is left there');

# Kept out: its idle connections stay where they are
fresh();
$_->delay(0.05, times => 4) for $a, $b;
my @r = map { $t->open(POST => '/api/chat', body => { model => 'equal:m',
    stream => \0 }) } 1 .. 8;
$_->finish->close for @r;
is $_->open_connections, 4, 'four each' for $a, $b;

$a->status(429, { error => 'e' }, times => 1, headers =>
    ['Retry-After' => 60]);
is ask('', 'equal:hot')->json->{from}, 'b', 'hot for a' for 1 .. 12;
is $a->hits(qr/POST/), 5, 'asked once';
is $a->open_connections, 3, 'that connection is closed, no other';
ask('', 'equal:m') for 1 .. 4;
is $a->hits(qr/POST/), 7, 'other models go there';
is $_->connections, 4, 'by connections that were kept' for $a, $b;

$t->done;
