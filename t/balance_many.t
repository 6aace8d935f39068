#!/usr/bin/perl

# Tests for model_aware with more servers than a machine word has bits, of
# which some are backup ones, some are down.

use FindBin;
use lib "$FindBin::Bin/lib";

use ModelTest;
use ModelTest::Balance;

my $t = ModelTest->new(log_level => 'info', events =>
    'worker_connections 2048;');

# Sockets in the file system cost nothing.  Server i has the models all, odd
# or even, the rest of i by 10, and one of its own.
my $n = 150;
my (@servers, %models);
for my $i (0 .. $n - 1) {
    my @m = ('all', $i % 2 ? 'odd' : 'even', 'r' . $i % 10, "own$i");
    push @servers, server("s$i", @m) =~ s!listen [^;]*|\{\{listen:\w+\}\}!listen unix:{{dir}}/s$i;!r;
    push @{ $models{$_} }, $i for @m;
}

my @upstreams = (
    ['rr', '', 0], ['rrz', '', 1], ['lc', 'least_conn;', 1],
    ['random', 'random;', 0], ['two', 'random two;', 1],
    ['hash', 'hash $arg_k;', 0], ['ch', 'hash $arg_k consistent;', 1],
);
my ($conf, $locations) = ('', '');

for (@upstreams) {
    my ($name, $method, $zone) = @$_;

    # the last 75 are backup ones where the method knows them; every 25th down
    my $backup = $method =~ /^$|least/;
    $conf .= "upstream $name {\n" . ($zone ? "zone $name 1m;\n" : '')
        . "$method\n" . join('', map { "server unix:{{dir}}/s$_"
            . ($backup && $_ >= 75 ? ' backup' : '')
            . ($_ % 25 == 24 ? ' down' : '') . ";\n" } 0 .. $n - 1)
        . "model_aware;\n}\n"
        . "model_vendor $name { proxy_pass http://$name; discover 1h; }\n";
    $locations .= "location /$name/ { model_pass $name; }\n";
}

$t->conf(many() . $conf . join('', @servers)
    . "server { {{listen}}\n$locations}\n")->start;
my $c = $t->client(timeout => 60);

sub share {
    my ($upstream, $model, $count) = @_;
    return tally(drive($c, $count, sub { "/$upstream/api/chat?k=$_[0]" },
        "{\"model\":\"$model\"}"));
}

for (@upstreams) {
    my ($name, $method) = @$_;
    my $backup = $method =~ /^$|least/;
    my @up = grep { $_ % 25 != 24 } 0 .. $n - 1;

    $t->eventually(sub { 157 == @{ $t->get("/$name/api/tags")->json
        ->{models} } }, "$name: lists are known", 30);

    for my $model ('all', 'odd', 'even', 'r3', 'own0', 'own63', 'own64',
        'own65', 'own73', 'own75', 'own127', 'own128', 'own149', 'none')
    {
        my @have = grep { my $i = $_; grep { $_ == $i } @up }
            @{ $models{$model} || [] };
        my @first = $backup ? grep { $_ < 75 } @have : @have;
        @first = @have if !@first;

        if (!@have) {
            is_deeply share($name, $model, 3), { 404 => 3 },
                "$name: $model is nowhere";

        } elsif ($backup) {
            is_deeply share($name, $model, 3 * @first),
                { map { ("s$_" => 3) } @first }, "$name: $model";

        } else {
            my %in = map { ("s$_" => 1) } @first;
            my $got = share($name, $model, 200);
            is scalar(grep { !$in{$_} } keys %$got), 0,
                "$name: $model, only there";
            cmp_ok keys %$got, '>=', @first > 50 ? 30 : @first > 1 ? 2 : 1,
                "$name: $model, not one alone";
        }
    }
}

$t->done;
