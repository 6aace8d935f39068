#!/usr/bin/perl

# Tests for the limits of model_failover: off, tries, timeout.

use FindBin;
use lib "$FindBin::Bin/lib";

use ModelTest;
use ModelTest::Faults;

my $t = ModelTest->new(access_log => 1);
my $m = ModelTest::Faults->new($t);
my @s = map { $t->backend("s$_", on => { '/api/chat' => { status => 503,
    json => { error => "s$_" } } }) } 1 .. 5;

$t->conf($m->conf . <<'CONF')->start;
upstream many {
    server {{s1}} max_fails=0; server {{s2}} max_fails=0;
    server {{s3}} max_fails=0; server {{s4}} max_fails=0 backup;
}
model_vendor many { proxy_pass http://many; discover off; }
model_vendor last { proxy_pass http://{{s5}}; discover off; }
model_alias all { target many:m; target last:m backup; }
server {
    {{listen:limits}}
    location / { model_pass; }
    location /1/ { model_pass; model_failover http_503 tries=1; }
    location /2/ { model_pass; model_failover http_503 tries=2; }
    location /4/ { model_pass; model_failover http_503 tries=4; }
    location /5/ { model_pass; model_failover http_503 tries=5; }
    location /9/ { model_pass; model_failover http_503 tries=9; }
    location /short/ { model_pass; model_failover http_503 timeout=100ms tries=9; }
    location /long/ { model_pass; model_failover http_503 timeout=10s tries=9; }
    location /none/ { model_pass; model_failover http_503 timeout=0 tries=9; }
}
CONF

# off: nothing is tried again, whatever it was
for my $fault (@ModelTest::Faults::ALL) {
    for my $shape (qw(two alias)) {
        $m->add(fault => $fault->[0], shape => $shape, prefix => '/off',
            stream => 1, size => $_) for 10, 20_000;
    }
}

$m->run;
$m->check;

sub asked {
    my ($uri, $model) = @_;
    $_->clear for @s;
    my $r = $t->post($uri, { model => $model, stream => \0 },
        listen => 'limits');
    my @n = map { $_->hits(qr/POST/) } @s;
    my $n = eval { $r->json->{error} } =~ /^s(\d)$/ ? $1 : 0;
    return ($r, $n, @n);
}

# tries: the whole number, over servers and vendors
for my $case (['', 3, 3], ['/1', 1, 1], ['/2', 2, 2], ['/4', 4, 5],
    ['/5', 4, 5], ['/9', 4, 5], ['/long', 4, 5], ['/none', 4, 5])
{
    my ($prefix, $one, $all) = @$case;
    my ($tries) = $prefix =~ /(\d)/ ? $1 : $prefix ? 9 : 3;

    for (['many:m', $one], ['all', $all > $tries ? $tries : $all]) {
        my ($model, $want) = @$_;
        my ($r, $from, @n) = asked("$prefix/api/chat", $model);
        my $sum = 0;
        $sum += $_ for @n;
        is $r->status, 503, "$prefix $model: the last one's status";
        is $sum, $want, "$prefix $model: so many are asked";
        is scalar(grep { $_ > 1 } @n), 0, "$prefix $model: each once";
        is $n[$from - 1], 1, "$prefix $model: the body of one that was";
        is $from, $want == 5 ? 5 : $want == 4 ? 4 : $from,
            "$prefix $model: the last one in order";
    }
}

# timeout: no new try after it
$_->delay(0.15) for @s;
for my $case (['/short', 1], ['/long', 4]) {
    my ($prefix, $want) = @$case;
    my ($r, $from, @n) = asked("$prefix/api/chat", 'many:m');
    my $sum = 0;
    $sum += $_ for @n;
    is $r->status, 503, "$prefix: status";
    is $sum, $want, "$prefix: so many in that time";
}

$t->done;
