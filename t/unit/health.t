#!/usr/bin/perl

# How servers are, in the shared zone: the C program of this name.

use strict;
use warnings;

use FindBin;

my $dir = $ENV{TEST_UNIT_DIR} || "$FindBin::Bin/../../build/unit";

if (!-x "$dir/health") {
    print "1..0 # SKIP $dir/health is missing, \"make unit\" builds it\n";
    exit 0;
}

exec "$dir/health" or die "cannot run $dir/health: $!\n";
