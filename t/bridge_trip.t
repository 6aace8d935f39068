#!/usr/bin/perl

# Tests for requests over bridges, there and back: t/corpus/bridge/compare.py
# with t/unit/bridge_trip.c, and with the Python SDKs where they are.

use strict;
use warnings;

use FindBin;

my $root = "$FindBin::Bin/..";
my $trip = ($ENV{TEST_UNIT_DIR} || "$root/build/unit") . '/bridge_trip';
my $sdk = $ENV{TEST_SDK_PYTHON} || "$root/build/sdk/venv/bin/python";
my ($python) = grep { -x } map { "$_/python3" } split /:/, $ENV{PATH};

for ([-x $trip, "$trip is missing, \"make unit\" builds it"],
    [$python, 'python3 is missing'])
{
    my ($there, $why) = @$_;

    if (!$there) {
        print "1..0 # SKIP $why\n";
        exit 0;
    }
}

$ENV{PYTHONDONTWRITEBYTECODE} = 1;

exec $python, "$root/t/corpus/bridge/compare.py", $trip, -x $sdk ? $sdk : ()
    or die "cannot run $python: $!\n";
