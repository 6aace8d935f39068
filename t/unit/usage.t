#!/usr/bin/perl

# Cost and times of answers: the C program of this name.

use strict;
use warnings;

use FindBin;

my $dir = $ENV{TEST_UNIT_DIR} || "$FindBin::Bin/../../build/unit";

if (!-x "$dir/usage") {
    print "1..0 # SKIP $dir/usage is missing, \"make unit\" builds it\n";
    exit 0;
}

exec "$dir/usage" or die "cannot run $dir/usage: $!\n";
