#!/usr/bin/perl

# Tests for the npm package "ollama" by vendors of other dialects: what it
# gets is as it declares it.

use FindBin;
use lib "$FindBin::Bin/lib";

use ModelTest::SDKBridge;

ModelTest::SDKBridge::run(node => 'ollama', 'bridge_ollama.js',
    qw(openai anthropic));
