#!/usr/bin/perl

# The gateway's own documents: the C program of this name.

use strict;
use warnings;

use FindBin;

my $dir = $ENV{TEST_UNIT_DIR} || "$FindBin::Bin/../../build/unit";

if (!-x "$dir/listing") {
    print "1..0 # SKIP $dir/listing is missing, \"make unit\" builds it\n";
    exit 0;
}

exec "$dir/listing" or die "cannot run $dir/listing: $!\n";
