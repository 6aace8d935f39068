#!/usr/bin/perl

# Origins, preflights and the headers on answers: the C program of this name.

use strict;
use warnings;

use FindBin;

my $dir = $ENV{TEST_UNIT_DIR} || "$FindBin::Bin/../../build/unit";

if (!-x "$dir/cors") {
    print "1..0 # SKIP $dir/cors is missing, \"make unit\" builds it\n";
    exit 0;
}

exec "$dir/cors" or die "cannot run $dir/cors: $!\n";
