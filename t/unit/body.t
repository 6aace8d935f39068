#!/usr/bin/perl

# Request bodies fed, edited in place and spliced: the C program of this name.

use strict;
use warnings;

use FindBin;

my $dir = $ENV{TEST_UNIT_DIR} || "$FindBin::Bin/../../build/unit";

if (!-x "$dir/body") {
    print "1..0 # SKIP $dir/body is missing, \"make unit\" builds it\n";
    exit 0;
}

exec "$dir/body" or die "cannot run $dir/body: $!\n";
