#!/usr/bin/perl

# Client keys, read from a file and found in requests: the C program of this name.

use strict;
use warnings;

use FindBin;

my $dir = $ENV{TEST_UNIT_DIR} || "$FindBin::Bin/../../build/unit";

if (!-x "$dir/client") {
    print "1..0 # SKIP $dir/client is missing, \"make unit\" builds it\n";
    exit 0;
}

exec "$dir/client" or die "cannot run $dir/client: $!\n";
