#!/usr/bin/perl

# OpenAI and the two other dialects over bridges: the C program of this name.

use strict;
use warnings;

use FindBin;

my $dir = $ENV{TEST_UNIT_DIR} || "$FindBin::Bin/../../build/unit";

if (!-x "$dir/bridge_pairs") {
    print "1..0 # SKIP $dir/bridge_pairs is missing, \"make unit\" builds it\n";
    exit 0;
}

exec "$dir/bridge_pairs" or die "cannot run $dir/bridge_pairs: $!\n";
