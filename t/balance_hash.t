#!/usr/bin/perl

# Tests for model_aware with hash, hash consistent and ip_hash: nginx's own
# choice when all servers have the model, else always the same one of those
# that have it.

use FindBin;
use lib "$FindBin::Bin/lib";

use ModelTest;
use ModelTest::Balance;

my $t = ModelTest->new(log_level => 'info')->needs('http_realip');

my %weight = (a => 1, b => 3, c => 4, d => 2);
my %models = (a => [qw(all some a)], b => [qw(all b)], c => [qw(all some c)],
    d => [qw(all some d)]);

# name, method, what the key of request i makes
my $key = sub { ['X-Key' => "key $_[0]"] };
my $ip = sub { ['X-Real-IP' => join '.', 10, $_[0] % 7, $_[0] % 251, 1] };
my @methods = (
    ['hash', 'hash $http_x_key', $key],
    ['consistent', 'hash $http_x_key consistent', $key],
    ['uri', 'hash $request_uri', sub { ['X-Key' => 1] }],
    ['arg', 'hash $arg_k consistent', sub { [] }],
    ['ip', 'ip_hash', $ip],
);
my @upstreams = map { my $m = $_; map { [$m->[0] . ($_ ? '_zone' : ''), $_,
    @$m[1, 2]] } 0, 1 } @methods;

my $servers = join ' ', map { "server {{addr:$_}} weight=$weight{$_};" }
    sort keys %weight;
my ($conf, $ours, $plain) = ('', '', '');

for (@upstreams) {
    my ($name, $zone, $method) = @$_;
    for my $n ($name, "plain_$name") {
        $conf .= "upstream $n {\n" . ($zone ? "zone $n 256k;\n" : '')
            . "$method; $servers " . ($n eq $name ? 'model_aware;' : '')
            . "}\n";
    }
    $conf .= "model_vendor $name { proxy_pass http://$name; }\n";

    $ours .= "location /$name/ { model_pass $name; }\n";
    $plain .= "location /$name/ { proxy_pass http://plain_$name/; }\n";
}

my $text = many() . "set_real_ip_from 127.0.0.1;\n$conf"
    . join('', map { server($_, @{ $models{$_} }) } sort keys %models)
    . "server { {{listen}} add_header X-Worker \$pid always;\n$ours}\n"
    . "server { {{listen:plain}}\n$plain}\n";

for my $workers (1, 2) {
    $t->conf($text, workers => $workers)->start;
    my @clients = spread($t, $workers, '/hash/api/version');
    my $plain = $t->client(listen => 'plain');
    my $n = $workers == 1 ? 1000 : 100;

    for (@upstreams) {
        my ($name, $zone, $method, $headers) = @$_;
        my $what = "$workers workers: $name";
        my $path = sub { ["/$name/api/chat?k=$_[0]", @{ $headers->($_[0]) }] };
        my @body = map { "{\"model\":\"$_\",\"messages\":[]}" }
            qw(all some b);

        $t->eventually(sub { 6 == @{ $t->get("/$name/api/tags")->json
            ->{models} } }, "$what: lists are known");

        my @plain = drive($plain, $n, $path, $body[0]);

        for my $c (@clients) {
            my @all = drive($c, $n, $path, $body[0]);
            is sequence(@all), sequence(@plain), "$what: nginx's own choice";
            is keys %{ tally(@all) }, 4, "$what: all servers";

            # fewer servers: one key always has the same one
            my @some = drive($c, $n, $path, $body[1]);
            my @again = drive($c, 100, $path, $body[1]);
            is sequence(@again), sequence(@some[0 .. 99]), "$what: it stays";
            is_deeply [sort keys %{ tally(@some) }], [qw(a c d)],
                "$what: one that has the model";
            my @moved = grep { $all[$_][1] ne 'b'
                && $all[$_][1] ne $some[$_][1] } 0 .. $n - 1;
            is @moved, 0, "$what: the one of all where it has the model";

            is_deeply tally(drive($c, 100, $path, $body[2])), { b => 100 },
                "$what: one has it";
        }
    }

    $t->stop;
}

$t->done;
