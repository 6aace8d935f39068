#!/usr/bin/perl

# What answers tell of themselves: the C program of this name.

use strict;
use warnings;

use FindBin;

my $dir = $ENV{TEST_UNIT_DIR} || "$FindBin::Bin/../../build/unit";

if (!-x "$dir/observe") {
    print "1..0 # SKIP $dir/observe is missing, \"make unit\" builds it\n";
    exit 0;
}

exec "$dir/observe" or die "cannot run $dir/observe: $!\n";
