#!/usr/bin/perl

# Tests for chat completions of the npm package "openai" by vendors of other
# dialects: what it gets is as it declares it.

use FindBin;
use lib "$FindBin::Bin/lib";

use ModelTest::SDKBridge;

ModelTest::SDKBridge::run(node => 'openai', 'bridge_openai.js',
    qw(ollama anthropic));
