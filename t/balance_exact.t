#!/usr/bin/perl

# Tests for model_aware with round robin and least_conn: exactly what the
# weights say, among the servers that have the model.

use FindBin;
use lib "$FindBin::Bin/lib";

use ModelTest;
use ModelTest::Balance;

my $t = ModelTest->new(log_level => 'info');

my %weight = (a => 1, b => 3, c => 4, d => 2);
my %models = (a => [qw(all ab ac a)], b => [qw(all ab bd b)],
    c => [qw(all ac c)], d => [qw(all bd d)]);
my %share = (all => { a => 100, b => 300, c => 400, d => 200 },
    ab => { a => 250, b => 750 }, ac => { a => 200, c => 800 },
    bd => { b => 600, d => 400 }, d => { d => 1000 });
my @upstreams = map { my $m = $_; map { [($m || 'rr') . ($_ ? '_zone' : ''),
    $_, $m] } 0, 1 } '', 'least_conn';

sub text {
    my $servers = join ' ', map { "server {{addr:$_}} weight=$weight{$_};" }
        sort keys %weight;
    my ($conf, $locations) = ('', '');

    for (@upstreams) {
        my ($name, $zone, $method) = @$_;
        for my $n ($name, "plain_$name") {
            $conf .= "upstream $n {\n" . ($zone ? "zone $n 256k;\n" : '')
                . ($method ? "$method;\n" : '') . $servers
                . ($n eq $name ? 'model_aware;' : '') . "}\n";
        }
        $conf .= "model_vendor $name { proxy_pass http://$name; }\n";
        $locations .= "location /$name/ { model_pass $name; }\n"
            . "location /plain_$name/ { proxy_pass http://plain_$name/; }\n";
    }

    return many() . $conf . join('', map { server($_, @{ $models{$_} }) }
        sort keys %models)
        . "server { {{listen}} add_header X-Worker \$pid always;\n"
        . "$locations}\n";
}

for my $workers (1, 2) {
    $t->conf(text(), workers => $workers)->start;
    my @clients = spread($t, $workers, '/rr/api/version');

    for (@upstreams) {
        my ($name, $zone) = @$_;
        my $what = "$workers workers: $name";

        # not by a request to the servers: it would turn the wheel
        $t->eventually(sub { 8 == @{ $t->get("/$name/api/tags")->json
            ->{models} } }, "$what: lists are known");

        for my $model (sort keys %share) {
            my $body = "{\"model\":\"$model\",\"messages\":[]}";

            # with a zone the workers share the state, without each has its own
            for my $c ($zone ? [@clients] : map { [$_] } @clients) {
                my @r;
                push @r, map { drive($_, 100 / @$c, "/$name/api/chat", $body) }
                    @$c for 1 .. 10;
                is_deeply tally(@r), $share{$model}, "$what: $model";
                next if $model ne 'all';

                my @plain = map { drive($_, 100 / @$c,
                    "/plain_$name/api/chat", $body) } @$c;
                is sequence(@r[0 .. 99]), sequence(@plain),
                    "$what: in the order of nginx's own";
            }
        }
    }

    $t->stop;
}

$t->done;
