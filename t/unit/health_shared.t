#!/usr/bin/perl

# What health keeps in the zone, shared by workers: the C program of this name.

use strict;
use warnings;

use FindBin;

my $dir = $ENV{TEST_UNIT_DIR} || "$FindBin::Bin/../../build/unit";

if (!-x "$dir/health_shared") {
    print "1..0 # SKIP $dir/health_shared is missing, \"make unit\" builds it\n";
    exit 0;
}

exec "$dir/health_shared" or die "cannot run $dir/health_shared: $!\n";
