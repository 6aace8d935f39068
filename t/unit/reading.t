#!/usr/bin/perl

# What model servers answer, read and reduced: the C program of this name.

use strict;
use warnings;

use FindBin;

my $dir = $ENV{TEST_UNIT_DIR} || "$FindBin::Bin/../../build/unit";

if (!-x "$dir/reading") {
    print "1..0 # SKIP $dir/reading is missing, \"make unit\" builds it\n";
    exit 0;
}

exec "$dir/reading" or die "cannot run $dir/reading: $!\n";
