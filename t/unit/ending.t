#!/usr/bin/perl

# How streams end: the C program of this name.

use strict;
use warnings;

use FindBin;

my $dir = $ENV{TEST_UNIT_DIR} || "$FindBin::Bin/../../build/unit";

if (!-x "$dir/ending") {
    print "1..0 # SKIP $dir/ending is missing, \"make unit\" builds it\n";
    exit 0;
}

exec "$dir/ending" or die "cannot run $dir/ending: $!\n";
