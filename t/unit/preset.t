#!/usr/bin/perl

# Presets of a vendor and the edits that they make: the C program of this name.

use strict;
use warnings;

use FindBin;

my $dir = $ENV{TEST_UNIT_DIR} || "$FindBin::Bin/../../build/unit";

if (!-x "$dir/preset") {
    print "1..0 # SKIP $dir/preset is missing, \"make unit\" builds it\n";
    exit 0;
}

exec "$dir/preset" or die "cannot run $dir/preset: $!\n";
