#!/usr/bin/perl

# Tests for the Python package "ollama" by vendors of other dialects: what it
# gets is as its models have it.

use FindBin;
use lib "$FindBin::Bin/lib";

use ModelTest::SDKBridge;

ModelTest::SDKBridge::run(python => 'ollama', 'bridge_ollama.py',
    qw(openai anthropic));
