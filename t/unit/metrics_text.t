#!/usr/bin/perl

# Metrics as text: the C program of this name.

use strict;
use warnings;

use FindBin;

my $dir = $ENV{TEST_UNIT_DIR} || "$FindBin::Bin/../../build/unit";

if (!-x "$dir/metrics_text") {
    print "1..0 # SKIP $dir/metrics_text is missing, \"make unit\" builds it\n";
    exit 0;
}

exec "$dir/metrics_text" or die "cannot run $dir/metrics_text: $!\n";
