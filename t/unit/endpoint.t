#!/usr/bin/perl

# The table of API paths: the C program of this name.

use strict;
use warnings;

use FindBin;

my $dir = $ENV{TEST_UNIT_DIR} || "$FindBin::Bin/../../build/unit";

if (!-x "$dir/endpoint") {
    print "1..0 # SKIP $dir/endpoint is missing, \"make unit\" builds it\n";
    exit 0;
}

exec "$dir/endpoint" or die "cannot run $dir/endpoint: $!\n";
