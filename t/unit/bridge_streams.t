#!/usr/bin/perl

# What becomes of streams of t/corpus/bridge/streams over bridges, cut anywhere:
# the program of this name.

use strict;
use warnings;

use FindBin;

my $dir = $ENV{TEST_UNIT_DIR} || "$FindBin::Bin/../../build/unit";
my $corpus = "$FindBin::Bin/../corpus/bridge/streams";
my @streams = sort grep { !/\.out\z/ } glob "$corpus/*.*";

if (!-x "$dir/bridge_streams") {
    print "1..0 # SKIP $dir/bridge_streams is missing, \"make unit\" builds "
        . "it\n";
    exit 0;
}

exec "$dir/bridge_streams", @streams
    or die "cannot run $dir/bridge_streams: $!\n";
