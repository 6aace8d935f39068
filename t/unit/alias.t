#!/usr/bin/perl

# What an alias is and the order of its targets: the C program of this name.

use strict;
use warnings;

use FindBin;

my $dir = $ENV{TEST_UNIT_DIR} || "$FindBin::Bin/../../build/unit";

if (!-x "$dir/alias") {
    print "1..0 # SKIP $dir/alias is missing, \"make unit\" builds it\n";
    exit 0;
}

exec "$dir/alias" or die "cannot run $dir/alias: $!\n";
