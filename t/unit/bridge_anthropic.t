#!/usr/bin/perl

# Requests of the Messages API over bridges: the C program of this name.

use strict;
use warnings;

use FindBin;

my $dir = $ENV{TEST_UNIT_DIR} || "$FindBin::Bin/../../build/unit";

if (!-x "$dir/bridge_anthropic") {
    print "1..0 # SKIP $dir/bridge_anthropic is missing, \"make unit\" builds it\n";
    exit 0;
}

exec "$dir/bridge_anthropic" or die "cannot run $dir/bridge_anthropic: $!\n";
