#!/usr/bin/perl

# Requests of Ollama's dialect for others: the C program of this name.

use strict;
use warnings;

use FindBin;

my $dir = $ENV{TEST_UNIT_DIR} || "$FindBin::Bin/../../build/unit";

if (!-x "$dir/bridge_ollama") {
    print "1..0 # SKIP $dir/bridge_ollama is missing, \"make unit\" builds it\n";
    exit 0;
}

exec "$dir/bridge_ollama" or die "cannot run $dir/bridge_ollama: $!\n";
