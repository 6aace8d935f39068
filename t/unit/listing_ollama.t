#!/usr/bin/perl

# The gateway's documents in Ollama's shape: the C program of this name.

use strict;
use warnings;

use FindBin;

my $dir = $ENV{TEST_UNIT_DIR} || "$FindBin::Bin/../../build/unit";

if (!-x "$dir/listing_ollama") {
    print "1..0 # SKIP $dir/listing_ollama is missing, \"make unit\" builds it\n";
    exit 0;
}

exec "$dir/listing_ollama" or die "cannot run $dir/listing_ollama: $!\n";
