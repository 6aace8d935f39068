#!/usr/bin/perl

# Tests that a server which is chosen and then not asked, since it is kept out
# for a model, is not taken for live by that.

use FindBin;
use lib "$FindBin::Bin/lib";

use ModelTest;

my $t = ModelTest->new;
my $a = $t->backend('a', reply => 'from a');
my $b = $t->backend('b', reply => 'from b');

$t->conf(<<'CONF')->start;
upstream plain { server {{a}} max_fails=2 fail_timeout=4s; server {{b}} backup; }
upstream zone { zone zone 64k; server {{a}} max_fails=2 fail_timeout=4s;
    server {{b}} backup; }
model_vendor plain { proxy_pass http://plain; discover off; }
model_vendor zone { proxy_pass http://zone; discover off; }
server {
    {{listen}}
    location / { model_pass; model_failover error http_429; }
}
CONF

sub ask {
    my ($model) = @_;
    my $r = $t->post('/api/chat',
        { stream => \0, messages => [], model => $model });
    is $r->status, 200, "$model is answered";
}

my @vendors = qw(plain zone);

$a->status(429, '{"error":"slow down"}', headers => ['Retry-After' => 60]);
ask("$_:m") for @vendors;
is $a->hits, 2, 'out for one model';

$a->clear->ok->reset;
for my $v (@vendors) {
    ask("$v:n") for 1 .. 3;
}
is $a->hits, 4, 'out for all: max_fails';

select undef, undef, undef, 5.2;

for my $v (@vendors) {
    $a->clear;
    ask("$v:m");
    is $a->hits, 0, "$v: chosen, not asked";
    ask("$v:n") for 1 .. 3;
    is $a->hits, 1, "$v: one try, and it is out again";
}

$t->done;
