#!/usr/bin/perl

# Tests for max_fails, and for what the log says when nobody can be asked.

use FindBin;
use lib "$FindBin::Bin/lib";

use ModelTest;

my $t = ModelTest->new(access_log => 1);
my $a = $t->backend('a', reply => 'from a');
my $b = $t->backend('b', reply => 'from b');
my $ms = 200 * $t->factor;
my @later = (headers => ['Retry-After' => 60]);

# what a does, the location, whether it counts
my @cases = (
    ['refused', '', 1, sub { $a->refuse }],
    ['reset', '', 1, sub { $a->reset }],
    ['no head', '', 1, sub { $a->raw("garbage\r\n\r\n") }],
    ['hang', '', 1, sub { $a->hang }],
    ['429', '', 1, sub { $a->status(429) }],
    ['429 later', '', 0, sub { $a->status(429, '', @later) }],
    ['503 later', '', 1, sub { $a->status(503, '', @later) }],
    ['200', '', 0, sub { }],
    map { my $s = $_; ([$s, '', $s =~ /503|529/ ? 1 : 0,
        sub { $a->status($s) }], [$s, '/all', $s =~ /401|403|404/ ? 0 : 1,
        sub { $a->status($s) }]) } 401, 403, 404, 408, 500, 502, 503, 504, 529,
);

my $conf = join '', map { <<"CONF" } 0 .. $#cases;
upstream u$_ {
    server {{a}} max_fails=2 fail_timeout=600s;
    server {{b}} max_fails=0 backup;
}
model_vendor v$_ {
    proxy_pass http://u$_; discover off;
}
CONF
$conf =~ s/(http:\/\/u3; )/$1proxy_read_timeout ${ms}ms; /;

$t->conf($conf . <<'CONF')->start;
log_format out '$status|$upstream_addr|$upstream_status|$model_tries|'
    '$model_vendor|$model_name';
access_log {{dir}}/access.log out;
upstream two { server {{a}}; server {{b}}; }
upstream aware { server {{a}}; server {{b}}; model_aware; }
model_vendor two { proxy_pass http://two; discover off; }
model_vendor aware { proxy_pass http://aware; discover off; }
model_vendor va { proxy_pass http://{{a}}; discover off; }
model_vendor vb { proxy_pass http://{{b}}; discover off; }
model_alias smart { target va:m; target vb:m backup; }
server {
    {{listen}}
    location / { model_pass; }
    location /all/ {
        model_pass;
        model_failover http_401 http_403 http_404 http_408 http_500 http_502
            http_503 http_504 http_529;
    }
}
CONF

my ($model, $asked) = (0, 0);

sub ask { $asked++; return $t->post("$_[0]/api/chat", { model => $_[1] }) }

for my $i (0 .. $#cases) {
    my ($name, $prefix, $counts, $fault) = @{ $cases[$i] };
    $fault->();
    ask($prefix, "v$i:m" . $model++) for 1 .. 2;
    $name eq 'refused' ? $a->accept : $a->ok;
    is ask($prefix, "v$i:m" . $model++)->body, $counts ? 'from b' : 'from a',
        "$name$prefix: " . ($counts ? 'counts' : 'does not count');
}

# All kept out: the log names no server that was not asked
for my $case (['two:m', 'two', 'two', 'm'], ['aware:m', '', 'aware', 'm'],
    ['smart', qr/^127\.0\.0\.1:\d+$/, 'va', 'm'])
{
    my ($model, $addr, $vendor, $name) = @$case;
    $_->status(429, '', times => 1, @later) for $a, $b;
    is ask('', $model)->status, 429, "$model: too many";
    is ask('', $model)->status, 503, "$model: nobody is left";
    $t->eventually(sub { $asked == (() = $t->access_log =~ /\n/g) },
        'all are logged');
    my ($status, $addrs, $states, $tries, $v, $as) = split /\|/,
        (split /\n/, $t->access_log)[-1];
    ref $addr ? like $addrs, $addr, "$model: as the log names it"
        : is $addrs, $addr || '-', "$model: as the log names it";
    is "$tries $v $as", "0 $vendor $name", "$model: none was asked";
    is $status, 503, "$model: logged status";
}

$t->done;
