#!/usr/bin/perl

# Requests of OpenAI's responses API over a bridge: the C program of this name.

use strict;
use warnings;

use FindBin;

my $dir = $ENV{TEST_UNIT_DIR} || "$FindBin::Bin/../../build/unit";

if (!-x "$dir/bridge_responses") {
    print "1..0 # SKIP $dir/bridge_responses is missing, \"make unit\" builds "
        . "it\n";
    exit 0;
}

exec "$dir/bridge_responses" or die "cannot run $dir/bridge_responses: $!\n";
