#!/usr/bin/perl

# Tests for the Python package "openai" by vendors of other dialects: what it
# gets is as its models have it.

use FindBin;
use lib "$FindBin::Bin/lib";

use ModelTest::SDKBridge;

ModelTest::SDKBridge::run(python => 'openai', 'bridge_openai.py',
    qw(ollama anthropic));
