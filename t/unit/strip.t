#!/usr/bin/perl

# Which bytes of a stream pass: the C program of this name.

use strict;
use warnings;

use FindBin;

my $dir = $ENV{TEST_UNIT_DIR} || "$FindBin::Bin/../../build/unit";

if (!-x "$dir/strip") {
    print "1..0 # SKIP $dir/strip is missing, \"make unit\" builds it\n";
    exit 0;
}

exec "$dir/strip" or die "cannot run $dir/strip: $!\n";
