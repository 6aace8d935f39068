#!/usr/bin/perl

# Tests for a model's descriptor: label, tokens by family, functions, prices.

use FindBin;
use lib "$FindBin::Bin/lib";

use ModelTest;

my $t = ModelTest->new;

# a server that tells names only: all is known by the family table
$t->openai('plain', style => 'lmstudio', models => ['llama2:7b-chat',
    'codellama:13b', 'mistral', 'qwen-plus', 'gpt-oss']);

# servers of Ollama, new and old; what they report beats the table
$t->ollama('local', models => [
    { name => 'llama2:7b-chat', parameter_size => '7B',
        context_length => 4096, capabilities => ['completion'],
        parameters => "num_ctx                        2048\n"
            . "stop                           \"<|eot|>\"\n"
            . "temperature                    0.7" },
    { name => 'qwen2:0.5b', capabilities => ['completion'] },
    { name => 'nomic-embed-text', family => 'nomic-bert',
        capabilities => ['embedding'] },
    { name => 'seer', capabilities => ['completion', 'tools', 'vision'] }]);
$t->ollama('old', old => 1, models => [{ name => 'codellama:7b',
    model_info => { 'codellama.context_length' => undef },
    parameters => 'num_ctx 12000' }]);

$t->conf(<<'CONF')->start;
model_vendor plain { proxy_pass http://{{plain}}; dialect openai; }
model_vendor local { label "My servers"; proxy_pass http://{{local}}; }
model_vendor old { proxy_pass http://{{old}}; }
model_vendor paid {
    proxy_pass http://{{plain}}; dialect openai; discover off; hosting cloud;
    model gpt-5 "label=GPT 5" context=400000 output=128000
        capabilities=tools,vision input_price=1.25 output_price=10
        cached_price=0.125 cache_write_price=0.5;
}
server { {{listen}} location / { model_pass; } }
CONF

$t->get('/api/tags');

my @cases = (
    ['plain:llama2:7b-chat', 'Llama 2 7B Chat', 8192, 8192, 0],
    ['plain:codellama:13b', 'Code Llama 13B', 16384, 16384, 0],
    ['plain:mistral', 'Mistral', 32768, 32768, 0],
    ['plain:qwen-plus', 'Qwen Plus', 32768, 32768, 1],
    ['plain:gpt-oss', 'GPT-OSS', 4096, 4096, 0],
    ['local:llama2:7b-chat', 'Llama 2 7B Chat', 4096, 4096, 0],
    ['local:qwen2:0.5b', 'Qwen 2 0.5B', 8192, 8192, 0],
    ['local:seer', 'Seer', 8192, 8192, 1],
    ['old:codellama:7b', 'Code Llama 7B', 12000, 12000, 0],
    ['paid:gpt-5', 'GPT 5', 400000, 128000, 1],
);

for my $case (@cases) {
    my ($id, $label, $context, $output, $tools) = @$case;
    my $m = $t->get("/v1/models/$id")->json;

    is $m->{name}, $label, "$id: label";
    is $m->{context_length}, $context, "$id: context";
    is $m->{max_output_tokens}, $output, "$id: output";
    is $m->{function_calling} ? 1 : 0, $tools, "$id: function calling";
}

# All of it, in one place
my $m = $t->get('/v1/models/local:llama2:7b-chat')->json;
is $m->{id}, 'local:llama2:7b-chat', 'id';
is $m->{description}, '7B model (Q4_0) - gguf', 'description';
is $m->{family}, 'llama', 'family';
is $m->{parameter_size}, '7B', 'parameter size';
is $m->{quantization}, 'Q4_0', 'quantization';
is $m->{format}, 'gguf', 'format';
is_deeply $m->{capabilities}, ['completion'], 'capabilities';
is_deeply $m->{parameters}, { num_ctx => 2048, temperature => 0.7,
    stop => ['<|eot|>'] }, 'parameters';
is_deeply $m->{vendor}, { id => 'local', label => 'My servers',
    hosting => 'local' }, 'vendor';
is_deeply $m->{interfaces}, ['/api/chat', '/api/generate',
    '/v1/chat/completions', '/v1/completions', '/v1/messages',
    '/v1/responses'], 'interfaces';
is $m->{servers}, 1, 'servers';

is_deeply $t->get('/v1/models/local:nomic-embed-text')->json->{interfaces},
    ['/api/embed', '/v1/embeddings'], 'interfaces of an embedder';

# Prices: per token in the list, as declared in the whole
$m = $t->get('/v1/models/paid:gpt-5')->json;
is_deeply $m->{pricing}, { prompt => '0.00000125', completion => '0.00001',
    input_cache_read => '0.000000125', input_cache_write => '0.0000005' },
    'pricing';
is_deeply $m->{pricing_per_million}, { input => '1.25', output => '10',
    cached => '0.125', cache_write => '0.5' }, 'as declared';
is $m->{vendor}{hosting}, 'cloud', 'hosting';
is_deeply $m->{interfaces}, ['/api/chat', '/api/generate',
    '/v1/chat/completions', '/v1/completions', '/v1/messages',
    '/v1/responses'], 'interfaces of an openai vendor';

# The label where Ollama's clients look for it
is $t->post('/api/show', { model => 'paid:gpt-5' })->json
    ->{model_info}{'general.basename'}, 'GPT 5', 'label in show';

$t->done;
