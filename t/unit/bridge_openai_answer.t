#!/usr/bin/perl

# Answers of chat completions over a bridge: the C program of this name.

use strict;
use warnings;

use FindBin;

my $dir = $ENV{TEST_UNIT_DIR} || "$FindBin::Bin/../../build/unit";

if (!-x "$dir/bridge_openai_answer") {
    print "1..0 # SKIP $dir/bridge_openai_answer is missing, \"make unit\" builds it\n";
    exit 0;
}

exec "$dir/bridge_openai_answer" or die "cannot run $dir/bridge_openai_answer: $!\n";
