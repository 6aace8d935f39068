#!/usr/bin/perl

# Counters in the zone: the C program of this name.

use strict;
use warnings;

use FindBin;

my $dir = $ENV{TEST_UNIT_DIR} || "$FindBin::Bin/../../build/unit";

if (!-x "$dir/metrics") {
    print "1..0 # SKIP $dir/metrics is missing, \"make unit\" builds it\n";
    exit 0;
}

exec "$dir/metrics" or die "cannot run $dir/metrics: $!\n";
