#!/usr/bin/perl

# Tests for model_aware: requests that do not come through model_pass choose
# as nginx does, and share the state of the servers.

use FindBin;
use lib "$FindBin::Bin/lib";

use ModelTest;
use ModelTest::Balance;

my $t = ModelTest->new(log_level => 'info');
my %weight = (a => 1, b => 3, c => 4);
my %models = (a => ['m'], b => ['m', 'x'], c => ['y']);
my ($conf, $locations, @names) = ('', '');

for my $method ('', 'least_conn;', 'hash $arg_k;', 'hash $arg_k consistent;') {
    for my $zone (0, 1) {
        my $name = 'u' . @names;
        push @names, $name;
        for my $n ($name, "stock_$name") {
            $conf .= "upstream $n {\n" . ($zone ? "zone $n 64k;\n" : '')
                . "$method\n" . join('', map { "server {{addr:$_}} weight="
                    . "$weight{$_};\n" } sort keys %weight)
                . ($n eq $name ? "model_aware warm;\n" : '') . "}\n";
            $locations .= "location /plain/$n/ { proxy_pass http://$n/; }\n";
        }
        $conf .= "model_vendor $name { proxy_pass http://$name; }\n";
        $locations .= "location /$name/ { model_pass $name; }\n";
    }
}

$locations .= "location /sub/ { auth_request /plain/u1/; model_pass u1; }\n"
    if $t->has('http_auth_request');

$t->conf(many() . $conf
    . join('', map { server($_, @{ $models{$_} }) } sort keys %models)
    . "server { {{listen}}\n$locations}\n")->start;
my $c = $t->client;

for my $name (@names) {
    $t->eventually(sub { 3 == @{ $t->get("/$name/api/tags")->json->{models} } },
        "$name: lists are known");

    my ($ours, $stock) = map { my $n = $_;
        sequence(drive($c, 100, sub { "/plain/$n/any?k=$_[0]" },
            '{"model":"nobody"}')) } $name, "stock_$name";
    is $ours, $stock, "$name: nginx's own choice, whatever the body";

    is_deeply tally(drive($c, 100, sub { "/$name/api/chat?k=$_[0]" },
        '{"model":"y"}')), { c => 100 }, "$name: ours goes to those with it";
    is keys %{ tally(drive($c, 100, sub { "/plain/$name/any?k=$_[0]" },
        '{"model":"y"}')) }, 3, "$name: others to all";
}

SKIP: {
    skip 'no auth_request', 1 if !$t->has('http_auth_request');
    is_deeply tally(drive($c, 50, '/sub/api/chat', '{"model":"y"}')),
        { c => 50 }, 'a plain subrequest of a request of ours';
}

$t->done;
