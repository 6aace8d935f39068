#!/usr/bin/perl

# Requests of chat completions over a bridge: the C program of this name.

use strict;
use warnings;

use FindBin;

my $dir = $ENV{TEST_UNIT_DIR} || "$FindBin::Bin/../../build/unit";

if (!-x "$dir/bridge_openai") {
    print "1..0 # SKIP $dir/bridge_openai is missing, \"make unit\" builds it\n";
    exit 0;
}

exec "$dir/bridge_openai" or die "cannot run $dir/bridge_openai: $!\n";
