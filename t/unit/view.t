#!/usr/bin/perl

# The catalogue merged and indexed by name: the C program of this name.

use strict;
use warnings;

use FindBin;

my $dir = $ENV{TEST_UNIT_DIR} || "$FindBin::Bin/../../build/unit";

if (!-x "$dir/view") {
    print "1..0 # SKIP $dir/view is missing, \"make unit\" builds it\n";
    exit 0;
}

exec "$dir/view" or die "cannot run $dir/view: $!\n";
