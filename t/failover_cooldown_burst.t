#!/usr/bin/perl

# Tests for many requests at the moment when a cooldown is over: in all
# workers together one of them tries the server.

use FindBin;
use lib "$FindBin::Bin/lib";

use ModelTest;

my $t = ModelTest->new(workers => 2);
my $hold = 2 * $t->factor;
my %n;
my $a = $t->backend('a', on => { '/api/chat' => sub {
    my $n = $n{$_[1]{headers}{'x-case'}}++;
    return $n ? { body => 'from a', delay => $hold } : { status => 429,
        headers => ['retry-after-ms' => 300] };
} });
my $b = $t->backend('b', reply => 'from b');

$t->conf(<<'CONF')->start;
upstream two { server {{a}} max_fails=0; server {{b}} max_fails=0 backup; }
upstream aware {
    zone aware 64k; server {{a}} max_fails=0; server {{b}} max_fails=0 backup;
    model_aware;
}
model_vendor two { proxy_pass http://two; discover off; }
model_vendor aware { proxy_pass http://aware; discover off; }
model_vendor va { proxy_pass http://{{a}}; discover off; }
model_vendor vb { proxy_pass http://{{b}}; discover off; }
model_alias alias-* { target va:*; target vb:* backup; }
server { {{listen}} location / { model_pass; } }
CONF

sub start {
    return $t->open(POST => '/api/chat', body => { model => $_[0] },
        headers => ['X-Case' => $_[0], 'Content-Type' => 'application/json']);
}

sub hits {
    my $model = shift;
    return scalar grep { $_->header('x-case') eq $model }
        $a->requests(qr/POST/);
}

my @models = qw(two:m aware:m alias-x);
my %r;

is start($_)->finish->body, 'from b', "$_: is kept out" for @models;

for my $model (@models) {
    my $i = 0;
    $t->eventually(sub {
        push @{ $r{$model} }, map { start($model) } 1 .. 12;
        return hits($model) > 1 || $i++ > 200;
    }, "$model: the time is over");
}

for my $model (@models) {
    my @r = @{ $r{$model} };
    $_->finish->close for @r;
    is scalar(grep { $_->body eq 'from a' } @r), 1, "$model: one has tried it";
    is scalar(grep { $_->body eq 'from b' } @r), @r - 1,
        "$model: all others went on";
    is hits($model), 2, "$model: a has seen no more";
}

$t->done;
