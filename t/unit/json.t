#!/usr/bin/perl

# Documents read into trees and written again: the C program of this name.

use strict;
use warnings;

use FindBin;

my $dir = $ENV{TEST_UNIT_DIR} || "$FindBin::Bin/../../build/unit";

if (!-x "$dir/json") {
    print "1..0 # SKIP $dir/json is missing, \"make unit\" builds it\n";
    exit 0;
}

exec "$dir/json" or die "cannot run $dir/json: $!\n";
