#!/usr/bin/perl

# Tests for the official npm package "openai": answers of bridges, as its own
# types and helpers have them.

use FindBin;
use lib "$FindBin::Bin/lib";

use ModelTest;
use ModelTest::Responses;
use ModelTest::SDK;

my $sdk = ModelTest::SDK->new(node => 'openai');
my $t = ModelTest->new;
my @answers = ModelTest::Responses::answers($t);

cmp_ok scalar @answers, '>', 20, 'answers';

$sdk->run($t, 'openai_responses.js', { answers => \@answers });

$t->done;
