#!/usr/bin/perl

# How long a vendor asks to be left alone: the C program of this name.

use strict;
use warnings;

use FindBin;

my $dir = $ENV{TEST_UNIT_DIR} || "$FindBin::Bin/../../build/unit";

if (!-x "$dir/backoff") {
    print "1..0 # SKIP $dir/backoff is missing, \"make unit\" builds it\n";
    exit 0;
}

exec "$dir/backoff" or die "cannot run $dir/backoff: $!\n";
