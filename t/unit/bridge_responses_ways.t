#!/usr/bin/perl

# OpenAI's responses API and servers of each dialect: the C program of this
# name.

use strict;
use warnings;

use FindBin;

my $dir = $ENV{TEST_UNIT_DIR} || "$FindBin::Bin/../../build/unit";
my $program = "$dir/bridge_responses_ways";

if (!-x $program) {
    print "1..0 # SKIP $program is missing, \"make unit\" builds it\n";
    exit 0;
}

exec $program or die "cannot run $program: $!\n";
