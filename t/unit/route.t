#!/usr/bin/perl

# What a model name means: the C program of this name.

use strict;
use warnings;

use FindBin;

my $dir = $ENV{TEST_UNIT_DIR} || "$FindBin::Bin/../../build/unit";

if (!-x "$dir/route") {
    print "1..0 # SKIP $dir/route is missing, \"make unit\" builds it\n";
    exit 0;
}

exec "$dir/route" or die "cannot run $dir/route: $!\n";
