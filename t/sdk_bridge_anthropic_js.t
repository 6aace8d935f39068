#!/usr/bin/perl

# Tests for messages of the npm package "@anthropic-ai/sdk" by vendors of other
# dialects: what it gets is as it declares it.

use FindBin;
use lib "$FindBin::Bin/lib";

use ModelTest::SDKBridge;

ModelTest::SDKBridge::run(node => '@anthropic-ai/sdk', 'bridge_anthropic.js',
    qw(openai ollama));
