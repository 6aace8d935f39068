#!/usr/bin/perl

# Tests for GET /api/v1/models in LM Studio's shape.

use FindBin;
use lib "$FindBin::Bin/lib";

use ModelTest;

my $t = ModelTest->new;

$t->ollama('a', models => [{ name => 'llama3',
    capabilities => ['completion', 'tools', 'vision'] }, 'idle'],
    loaded => ['llama3']);
$t->ollama('b', models => ['llama3', { name => 'nomic-embed-text',
    capabilities => ['embedding'] }], loaded => ['llama3']);
$t->openai('cloud', models => ['gpt-4o']);

$t->conf(<<'CONF')->start;
upstream pair { server {{a}}; server {{b}}; }
model_vendor pair { proxy_pass http://pair; discover 100ms; }
model_vendor cloud { proxy_pass http://{{cloud}}; dialect openai; }
server { {{listen}} location / { model_pass; } }
CONF

my %models;
$t->eventually(sub {
    %models = map { $_->{key} => $_ }
        @{ $t->get('/api/v1/models')->json->{models} };
    return @{ $models{'pair:llama3:latest'}{loaded_instances} } == 2;
}, 'an instance for each server that has it loaded');

my $m = $models{'pair:llama3:latest'};
is $_->{config}{context_length}, 4096, 'context of an instance'
    for @{ $m->{loaded_instances} };
is_deeply { %$m, loaded_instances => undef, size_bytes => undef }, {
    type => 'llm', publisher => 'pair', key => 'pair:llama3:latest',
    display_name => 'Llama 3', architecture => 'llama',
    quantization => { name => 'Q4_0', bits_per_weight => 4 },
    size_bytes => undef, params_string => '8.0B', loaded_instances => undef,
    max_context_length => 8192, format => 'gguf', capabilities => {
        vision => $ModelTest::JSON::TRUE,
        trained_for_tool_use => $ModelTest::JSON::TRUE } }, 'a model';

is_deeply $models{'pair:idle:latest'}{loaded_instances}, [], 'not loaded';
is $models{'pair:nomic-embed-text:latest'}{type}, 'embedding', 'an embedder';
is $models{'pair:nomic-embed-text:latest'}{capabilities}, undef,
    'has no capabilities';

$m = $models{'cloud:gpt-4o'};
is $m->{architecture}, undef, 'null where nothing is known';
is $m->{quantization}, undef, 'no quantization';
is $m->{size_bytes}, 0, 'size is a number';
is $m->{max_context_length}, 4096, 'context is a number';

$t->done;
