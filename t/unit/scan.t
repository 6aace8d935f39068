#!/usr/bin/perl

# The body scanner: the C program of this name.

use strict;
use warnings;

use FindBin;

my $dir = $ENV{TEST_UNIT_DIR} || "$FindBin::Bin/../../build/unit";

if (!-x "$dir/scan") {
    print "1..0 # SKIP $dir/scan is missing, \"make unit\" builds it\n";
    exit 0;
}

exec "$dir/scan" or die "cannot run $dir/scan: $!\n";
