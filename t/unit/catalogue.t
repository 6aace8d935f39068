#!/usr/bin/perl

# The shared zone of what servers have: the C program of this name.

use strict;
use warnings;

use FindBin;

my $dir = $ENV{TEST_UNIT_DIR} || "$FindBin::Bin/../../build/unit";

if (!-x "$dir/catalogue") {
    print "1..0 # SKIP $dir/catalogue is missing, \"make unit\" builds it\n";
    exit 0;
}

exec "$dir/catalogue" or die "cannot run $dir/catalogue: $!\n";
