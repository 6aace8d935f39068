#!/usr/bin/perl

# What becomes of the members of requests over bridges: the program of this name.

use strict;
use warnings;

use FindBin;

my $dir = $ENV{TEST_UNIT_DIR} || "$FindBin::Bin/../../build/unit";

if (!-x "$dir/bridge_tables") {
    print "1..0 # SKIP $dir/bridge_tables is missing, \"make unit\" builds it\n";
    exit 0;
}

exec "$dir/bridge_tables" or die "cannot run $dir/bridge_tables: $!\n";
