#!/usr/bin/perl

# Headers that tell why: the C program of this name.

use strict;
use warnings;

use FindBin;

my $dir = $ENV{TEST_UNIT_DIR} || "$FindBin::Bin/../../build/unit";

if (!-x "$dir/reason") {
    print "1..0 # SKIP $dir/reason is missing, \"make unit\" builds it\n";
    exit 0;
}

exec "$dir/reason" or die "cannot run $dir/reason: $!\n";
