#!/usr/bin/perl

# One error in three dialects: the C program of this name.

use strict;
use warnings;

use FindBin;

my $dir = $ENV{TEST_UNIT_DIR} || "$FindBin::Bin/../../build/unit";

if (!-x "$dir/error") {
    print "1..0 # SKIP $dir/error is missing, \"make unit\" builds it\n";
    exit 0;
}

exec "$dir/error" or die "cannot run $dir/error: $!\n";
