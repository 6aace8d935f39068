#!/usr/bin/perl

# Tests for model_failover: everything that goes wrong, with every kind of
# upstream, for streams and plain answers, bodies in memory and in a file.

use FindBin;
use lib "$FindBin::Bin/lib";

use ModelTest;
use ModelTest::Faults;

my $t = ModelTest->new(access_log => 1);
my $m = ModelTest::Faults->new($t);

$t->conf($m->conf)->start;

for my $fault (@ModelTest::Faults::ALL) {
    for my $shape (@ModelTest::Faults::SHAPES) {
        for my $prefix ('', '/all') {
            for my $stream (0, 1) {
                for my $size (10, 20_000) {
                    $m->add(fault => $fault->[0], shape => $shape,
                        prefix => $prefix, stream => $stream, size => $size);
                }
            }
        }
    }
}

$m->run;
$m->check;

$t->done;
