#!/usr/bin/perl

# Tests for the responses API of the npm package "openai" by vendors that do
# not have it: what it gets is as it declares it.

use FindBin;
use lib "$FindBin::Bin/lib";

use ModelTest::SDKBridge;

ModelTest::SDKBridge::run(node => 'openai', 'bridge_responses.js',
    qw(ollama anthropic bare));
