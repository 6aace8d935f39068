#!/usr/bin/perl

# Tests for the Python package "anthropic" by vendors of other dialects: what
# it gets is as its models have it.

use FindBin;
use lib "$FindBin::Bin/lib";

use ModelTest::SDKBridge;

ModelTest::SDKBridge::run(python => 'anthropic', 'bridge_anthropic.py',
    qw(ollama openai));
