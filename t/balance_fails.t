#!/usr/bin/perl

# Tests for model_aware, max_fails and down: a server that fails is left out
# for its time and comes back.

use FindBin;
use lib "$FindBin::Bin/lib";

use ModelTest;

my $t = ModelTest->new;
my %b = map { $_->[0] => $t->ollama($_->[0], models => [@$_[1 .. $#$_]]) }
    ['a', 'm', 'one'], ['b', 'm'], ['c', 'm', 'one'], ['d', 'other'];

my @message = (stream => \0, messages => [{ role => 'user', content => 'x' }]);

sub who {
    my ($n, $model) = @_;
    my %n;
    $_->clear for values %b;
    for my $k (1 .. $n) {
        my $r = $t->post("/api/chat?k=$k", { model => $model, @message });
        $n{$r->status}++ if $r->status != 200;
    }
    for (keys %b) {
        my $hits = $b{$_}->hits(qr{/api/chat});
        $n{$_} = $hits if $hits;
    }
    return \%n;
}

my (@vendors, $conf);
for my $method ('', 'least_conn', 'random', 'hash $arg_k',
    'hash $arg_k consistent', $t->has('1.31.0') ? 'least_time header' : ())
{
    for my $zone (0, 1) {
        my $v = 'v' . @vendors;
        push @vendors, [$v, ($method || 'round robin') . ($zone && ' zone')];
        my ($z, $m) = ($zone ? "zone $v 64k;" : '', $method ? "$method;" : '');
        $conf .= <<"CONF";
upstream $v {
    $z $m
    server {{a}} max_fails=2 fail_timeout=3s;
    server {{b}};
    server {{c}} down;
    server {{d}};
    model_aware;
}
model_vendor $v { proxy_pass http://$v; discover 1h; }
CONF
    }
}

$t->conf($conf . <<'CONF')->start;
server {
    {{listen}}
    location / { model_pass; model_failover error http_500; }
}
CONF
$t->eventually(sub { 3 * @vendors == @{ $t->get('/api/tags')->json
    ->{models} } }, 'lists are known');

for (@vendors) {
    my ($v, $what) = @$_;
    my $n = who(60, "$v:m");
    is $n->{a} + $n->{b}, 60, "$what: the two that have it";
    cmp_ok $n->{$_}, '>', 5, "$what: some to $_" for 'a', 'b';
    is_deeply who(3, "$v:one"), { a => 3 }, "$what: the other one is down";
}

# two failures, and it is out

$b{a}->reset(match => qr{/api/chat});

for (@vendors) {
    my ($v, $what) = @$_;
    is_deeply who(40, "$v:m"), { a => 2, b => 40 }, "$what: it fails twice";
    is_deeply who(2, "$v:one"), { 503 => 2 }, "$what: the only one is out";
    my $r = $t->post('/v1/chat/completions', { model => "$v:one" });
    like $r->header('Retry-After'), qr/^\d+$/, "$what: Retry-After";
    like $r->json->{error}{message}, qr/vendor "$v" .* is up/,
        "$what: in words";
}

# after its time it is tried, and is back when that goes well

for (@vendors) {
    my ($v, $what) = @$_;
    $t->eventually(sub { who(1, "$v:one")->{a} }, "$what: tried again", 10);
}

$b{a}->ok;

for (@vendors) {
    my ($v, $what) = @$_;
    $t->eventually(sub { !who(1, "$v:one")->{503} }, "$what: it is back", 10);
    is_deeply who(3, "$v:one"), { a => 3 }, "$what: with all that it had";
    my $n = who(60, "$v:m");
    cmp_ok $n->{$_}, '>', 5, "$what: some to $_" for 'a', 'b';
}

$t->stop;

# of two servers the failing one is tried once per request

$t->conf(<<'CONF')->start;
upstream u { server {{a}} max_fails=0; server {{b}} max_fails=0; model_aware; }
model_vendor v { proxy_pass http://u; discover 1h; }
server {
    {{listen}}
    location / { model_pass; model_failover error http_500 tries=9; }
}
CONF
$t->eventually(sub { 2 == @{ $t->get('/api/tags')->json->{models} } },
    'lists are known');
$b{a}->status(500, { error => 'a' }, match => qr{/api/chat});
is_deeply who(6, 'm'), { a => 3, b => 6 }, 'another one is tried';
is_deeply who(2, 'one'), { 500 => 2, a => 2 }, 'not one without the model';
$b{b}->status(500, { error => 'b' }, match => qr{/api/chat});
is_deeply who(6, 'm'), { 500 => 6, a => 6, b => 6 }, 'each once';

$t->done;
