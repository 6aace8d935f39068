#!/usr/bin/perl

# Tests for servers that ask to be left alone: no worker asks them meanwhile,
# afterwards one request does, and then all.

use FindBin;
use lib "$FindBin::Bin/lib";

use ModelTest;

my $t = ModelTest->new(access_log => 1, workers => 2);
my $hold = $t->factor;
my %n;

# a says so first, is slow then, and is well again
my $a = $t->backend('a', on => { '/api/chat' => sub {
    my $case = $_[1]{headers}{'x-case'};
    my $n = $n{$case}++;
    my ($k, $v) = split / /, $_[1]{headers}{'x-wait'} // '';
    return $n == 0 ? { status => 429, body => 'later', headers => [$k, $v,
        'X-RateLimit-Remaining-Requests' => 0] }
        : { body => 'from a', $n == 1 ? (delay => $hold) : () };
} });
my $b = $t->backend('b', reply => 'from b');

my @cases = (
    (map { ["$_:m", ''] } qw(zone none backup least hash aware)),
    ['alias', ''], ['alias-aware', ''], ['spare', '/429'],
    ['none:k', '/429'], ['aware:k', '/429'], ['spare-aware', '/429'],
    ['zone:k', '', 'x-ratelimit-reset-requests 1s'],
    ['backup:k', '', 'retry-after-ms 1000'],
);

my $conf = join '', map { "model_vendor $_ { proxy_pass http://$_; "
    . "discover off; }\n" } qw(zone none backup least hash aware);

$t->conf($conf . <<'CONF')->start;
upstream zone {
    zone zone 64k; server {{a}} max_fails=0; server {{b}} max_fails=0;
}
upstream none { server {{a}} max_fails=0; server {{b}} max_fails=0; }
upstream backup { server {{a}} max_fails=0; server {{b}} max_fails=0 backup; }
upstream least {
    least_conn; server {{a}} max_fails=0; server {{b}} max_fails=0;
    keepalive 4;
}
upstream hash { hash $request_id; server {{a}}; server {{b}}; }
upstream aware {
    zone aware 64k; server {{a}} max_fails=0; server {{b}} max_fails=0;
    model_aware; keepalive 4;
}
upstream only { zone only 64k; server {{a}} max_fails=0; model_aware; }
model_vendor only { proxy_pass http://only; discover off; }
model_vendor va { proxy_pass http://{{a}}; discover off; }
model_vendor vb { proxy_pass http://{{b}}; discover off; }
model_alias alias { target va:m weight=9; target vb:m; }
model_alias spare { target va:n; target vb:n backup; }
model_alias alias-aware { target only:m weight=9; target vb:m; }
model_alias spare-aware { target only:n; target vb:n backup; }
server {
    {{listen}}
    location / { model_pass; }
    location /429/ { model_pass; model_failover http_429; }
}
CONF

sub start {
    my $c = shift;
    return $t->open(POST => "$c->[1]/api/chat", body => { model => $c->[0],
        stream => \0 }, headers => ['X-Case' => "$c->[0]$c->[1]",
        'X-Wait' => $c->[2] // 'Retry-After 1',
        'Content-Type' => 'application/json']);
}

sub ask { my $r = start(@_)->finish; $r->close; return $r->body }

sub hits {
    my $c = shift;
    return scalar grep { $_->header('x-case') eq "$c->[0]$c->[1]" }
        $a->requests(qr/POST/);
}

my $kept = 0;

for my $c (@cases) {
    my ($name, $i) = ("@$c", 0);
    ask($c) while !hits($c) && $i++ < 64;
    is hits($c), 1, "$name: a has said so";
    is join(' ', map { ask($c) } 1 .. 8), join(' ', ('from b') x 8),
        "$name: it is kept out";
    is hits($c), 1, "$name: and not asked";
    is $t->count_log(qr/\[notice\] .* has a cooldown of (?:1000|\d\d\d) ms for /),
        ++$kept, "$name: one line tells of it";
}

# One request tries it, others go on elsewhere meanwhile
sub probe {
    my $c = shift;
    my $r = start($c);

    # either a has it, or there is an answer
    $t->_poll(5, sub { hits($c) == 2 || eval {
        $r->{c}->fill($r->{c}->now + 0.001) } });
    return hits($c) == 2 ? $r : ($r->finish, undef)[1];
}

my %probe;

for my $c (@cases) {
    my $name = "@$c";
    $t->eventually(sub { $probe{$name} ||= probe($c) }, "$name: asked again");
    is join(' ', map { ask($c) } 1 .. 6), join(' ', ('from b') x 6),
        "$name: by no other request";
    is hits($c), 2, "$name: a had the one only";
}

for my $c (@cases) {
    my ($name, $i) = ("@$c", 0);
    my $r = $probe{$name}->finish;
    is $r->body, 'from a', "$name: that one has its answer";
    $r->close;
    ask($c) while hits($c) == 2 && $i++ < 64;
    is hits($c), 3, "$name: now the others are sent there, too";
}

is $t->count_log(qr/\[notice\] .* is asked again/), scalar(@cases),
    'a line tells that each is asked again';

$t->done;
