#!/usr/bin/perl

# Requests written for the Messages API: the C program of this name.

use strict;
use warnings;

use FindBin;

my $dir = $ENV{TEST_UNIT_DIR} || "$FindBin::Bin/../../build/unit";

if (!-x "$dir/bridge_anthropic_write") {
    print "1..0 # SKIP $dir/bridge_anthropic_write is missing, \"make unit\" builds it\n";
    exit 0;
}

exec "$dir/bridge_anthropic_write" or die "cannot run $dir/bridge_anthropic_write: $!\n";
