#!/usr/bin/perl

# Tests for model_aware with keepalive behind it: idle connections are used
# again, for the server that was chosen.

use FindBin;
use lib "$FindBin::Bin/lib";

use ModelTest;

my $t = ModelTest->new;
my %b = map { $_->[0] => $t->ollama($_->[0], models => [@$_[1 .. $#$_]]) }
    ['a', 'm', 'one'], ['b', 'm'], ['c', 'two'];
my @message = (stream => \0, messages => [{ role => 'user', content => 'x' }]);

for my $method ('', 'least_conn;', 'hash $arg_k consistent;', 'random;') {
    for my $zone ('', 'zone u 64k;') {
        my $what = ($method || 'round robin') . ($zone && ' zone');
        $t->conf(<<"CONF")->start;
upstream u {
    $zone $method
    server {{a}}; server {{b}}; server {{c}};
    model_aware;
    keepalive 8;
}
model_vendor v { proxy_pass http://u; discover 1h; }
server { {{listen}} location / { model_pass; } }
CONF
        $t->eventually(sub { 3 == @{ $t->get('/api/tags')->json->{models} } },
            "$what: lists are known");
        $_->clear for values %b;

        my (%conns, %n);
        for my $k (1 .. 40) {
            my $model = $k % 4 ? 'm' : $k % 8 ? 'one' : 'two';
            my $r = $t->post("/api/chat?k=$k", { model => $model, @message });
            is $r->status, 200, "$what: $model" if $r->status != 200;
        }
        for my $name (keys %b) {
            for my $q ($b{$name}->requests(qr{/api/chat})) {
                $n{$name}{ $q->json->{model} }++;
                $conns{$name}{ $q->{conn} }++;
            }
        }

        is $n{a}{m} + $n{b}{m}, 30, "$what: m at the two that have it";
        is $n{a}{one}, 5, "$what: one at a";
        is_deeply $n{c}, { two => 5 }, "$what: two at c";
        is_deeply [map { scalar keys %{ $conns{$_} } } qw(a b c)], [1, 1, 1],
            "$what: one connection to each";

        # an idle one that was closed is no failure

        $_->close_idle for values %b;
        is $t->post("/api/chat?k=$_", { model => 'm', @message })->status, 200,
            "$what: after they were closed" for 1 .. 4;
        $t->stop;
    }
}

$t->done;
