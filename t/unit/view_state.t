#!/usr/bin/perl

# Which servers have a model, and have it loaded: the C program of this name.

use strict;
use warnings;

use FindBin;

my $dir = $ENV{TEST_UNIT_DIR} || "$FindBin::Bin/../../build/unit";

if (!-x "$dir/view_state") {
    print "1..0 # SKIP $dir/view_state is missing, \"make unit\" builds it\n";
    exit 0;
}

exec "$dir/view_state" or die "cannot run $dir/view_state: $!\n";
