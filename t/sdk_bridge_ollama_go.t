#!/usr/bin/perl

# Tests for Ollama's own Go package "api" by vendors of other dialects: what it
# gets is as its types have it.

use FindBin;
use lib "$FindBin::Bin/lib";

use ModelTest::SDKBridge;

ModelTest::SDKBridge::run(go => 'ollama_go', '', qw(openai anthropic));
