#!/usr/bin/perl

# Tests for model_failover within a vendor: what is tried again, what is not,
# and what the log tells of it.

use FindBin;
use lib "$FindBin::Bin/lib";

use ModelTest;

my $t = ModelTest->new(access_log => 1);
my $a = $t->backend('a', reply => '{"from":"a"}');
my $b = $t->backend('b', reply => '{"from":"b"}');

$t->conf(<<'CONF')->start;
log_format tries '$upstream_status|$upstream_addr|$model_tries|$status';
access_log {{dir}}/access.log tries;
upstream two { server {{a}} max_fails=0; server {{b}} backup; }
model_vendor acme {
    proxy_pass http://two;
    discover off;
    proxy_read_timeout 300ms;
}
server {
    {{listen}}
    location / { model_pass; }
    location /off/ { model_pass; model_failover off; }
    location /all/ {
        model_pass;
        model_failover error timeout invalid_header http_401 http_403 http_404
            http_408 http_429 http_500 http_502 http_503 http_504 http_529;
    }
    location /one/ { model_pass; model_failover error http_503 tries=1; }
}
CONF

my $body = { model => 'acme:m', stream => \0, messages => [] };

sub outcome {
    my ($prefix, $name) = @_;
    $_->clear for $a, $b;
    my $before = () = $t->access_log =~ /\n/g;
    my $r = $t->post("$prefix/api/chat", $body);
    $t->eventually(sub { $before < (() = $t->access_log =~ /\n/g) },
        'logged');
    return ($r, split /\|/, (split /\n/, $t->access_log)[-1]);
}

# name, what a does, tried again by default, with all conditions, its status
my @cases = (
    ['refused', sub { $a->refuse }, 1, 1, 502],
    ['reset', sub { $a->reset }, 0, 1, 502],
    ['closed', sub { $a->close }, 0, 1, 502],
    ['hang', sub { $a->hang }, 0, 1, 504],
    ['no head', sub { $a->raw("garbage\r\n\r\n") }, 0, 1, 502],
    ['bad head', sub { $a->bad_header }, 0, 1, 502],
    (map { my $s = $_; ["status $s", sub { $a->status($s, { error => "e$s" }) },
        $s =~ /^(429|503|529)$/ ? 1 : 0, 1, $s] }
        401, 403, 404, 408, 429, 500, 502, 503, 504, 529),
    ['status 400', sub { $a->status(400, { error => 'e400' }) }, 0, 0, 400],
);

for my $case (@cases) {
    my ($name, $fault, $default, $all, $status) = @$case;

    for my $at (['', $default], ['/off', 0], ['/all', $all], ['/one', 0]) {
        my ($prefix, $again) = @$at;
        $fault->();
        my ($r, $states, $addrs, $tries, $logged) = outcome($prefix, $name);
        my @states = split /, /, $states;

        if ($again) {
            is $r->status, 200, "$name $prefix: the other one answers";
            is $r->json->{from}, 'b', 'its body';
            is $tries, 2, 'two tries';
            is_deeply \@states, [$status, 200], 'both in the log';
            is $b->hits(qr/POST/), 1, 'once';

        } else {
            is $r->status, $status, "$name $prefix: as it is";
            is $tries, 1, 'one try';
            is_deeply \@states, [$status], 'one in the log';
            is $b->hits(qr/POST/), 0, 'not the other one';
            is $r->json->{error}, "e$status", 'its own body'
                if $name =~ /status/;
        }

        $name eq 'refused' ? $a->accept : $a->ok;
    }
}

$t->done;
