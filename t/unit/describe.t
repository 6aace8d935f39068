#!/usr/bin/perl

# Descriptors of models: the C program of this name.

use strict;
use warnings;

use FindBin;

my $dir = $ENV{TEST_UNIT_DIR} || "$FindBin::Bin/../../build/unit";

if (!-x "$dir/describe") {
    print "1..0 # SKIP $dir/describe is missing, \"make unit\" builds it\n";
    exit 0;
}

exec "$dir/describe" or die "cannot run $dir/describe: $!\n";
