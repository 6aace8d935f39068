#!/usr/bin/perl

# Tests for model_aware with random and random two: their shares among the
# servers that have the model, within 4 sigma.

use FindBin;
use lib "$FindBin::Bin/lib";

use ModelTest;
use ModelTest::Balance;

my $t = ModelTest->new(log_level => 'info');

my %weight = (a => 1, b => 3, c => 4, d => 2);
my %models = (a => [qw(all abd a)], b => [qw(all abd cb b)],
    c => [qw(all cb c)], d => [qw(all abd d)]);
my %have = (all => [qw(a b c d)], abd => [qw(a b d)], cb => [qw(b c)],
    d => ['d']);

# random: by weight
sub one {
    my @have = @_;
    my $sum = 0;
    $sum += $weight{$_} for @have;
    return map { $_ => $weight{$_} / $sum } @have;
}

# random two: of idle servers the second one that is drawn
sub two {
    my @have = @_;
    my %p = one(@have);
    my %q;
    return %p if @have == 1;
    for my $first (@have) {
        $q{$_} += $p{$first} * $p{$_} / (1 - $p{$first})
            for grep { $_ ne $first } @have;
    }
    return %q;
}

my @upstreams = map { my $m = $_; map { [$m->[0] . ($_ ? '_zone' : ''), $_,
    @$m[1, 2]] } 0, 1 } ['one', 'random', \&one], ['two', 'random two', \&two];
my ($conf, $locations) = ('', '');

for (@upstreams) {
    my ($name, $zone, $method) = @$_;
    $conf .= "upstream $name {\n" . ($zone ? "zone $name 256k;\n" : '')
        . "$method;\n" . join('', map {
            "server {{addr:$_}} weight=$weight{$_};\n" } sort keys %weight)
        . "model_aware;\n}\nmodel_vendor $name { proxy_pass http://$name; }\n";
    $locations .= "location /$name/ { model_pass $name; }\n";
}

my $text = many() . $conf
    . join('', map { server($_, @{ $models{$_} }) } sort keys %models)
    . "server { {{listen}} add_header X-Worker \$pid always;\n$locations}\n";

for my $workers (1, 2) {
    $t->conf($text, workers => $workers)->start;
    my @clients = spread($t, $workers, '/one/api/version');

    for (@upstreams) {
        my ($name, $zone, $method, $shares) = @$_;
        $t->eventually(sub { 7 == @{ $t->get("/$name/api/tags")->json
            ->{models} } }, "$workers workers: $name: lists are known");

        for my $model (sort keys %have) {
            my %share = $shares->(@{ $have{$model} });
            my ($off, @r);

            # once in some thousand times chance itself is out: a second draw
            for (1, 2) {
                @r = map { drive($_, 1000 / @clients, "/$name/api/chat",
                    "{\"model\":\"$model\",\"messages\":[]}") } @clients;
                $off = outside(tally(@r), %share);
                last if $off < 4;
            }

            cmp_ok $off, '<', 4, "$workers workers: $name: $model, sigmas"
                or diag explain tally(@r);
        }
    }

    $t->stop;
}

$t->done;
