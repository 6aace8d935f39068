#!/usr/bin/perl

# The scanner of multipart bodies: the C program of this name.

use strict;
use warnings;

use FindBin;

my $dir = $ENV{TEST_UNIT_DIR} || "$FindBin::Bin/../../build/unit";

if (!-x "$dir/multipart") {
    print "1..0 # SKIP $dir/multipart is missing, \"make unit\" builds it\n";
    exit 0;
}

exec "$dir/multipart" or die "cannot run $dir/multipart: $!\n";
