#!/usr/bin/perl

# Tests for listings: servers of other dialects in all four shapes.

use FindBin;
use lib "$FindBin::Bin/lib";

use Digest::SHA 'sha256_hex';

use ModelTest;

my $t = ModelTest->new(env => { KEY => 'sk-good', ANT => 'sk-ant' });

$t->openai('cloud', keys => ['sk-good'], models => ['gpt-4o', 'llama-tiny']);
$t->openai('vllm', style => 'vllm', models => [{ id => 'meta/Llama-3-8B',
    context => 16000 }]);
$t->openai('cpp', style => 'llama', models => [{ id =>
    '/models/Qwen2.5-7B-Q4_K_M.gguf', context => 131072 }]);
$t->openai('studio', style => 'lmstudio', models => ['phi-4',
    'text-embedding-nomic']);
$t->openai('router', style => 'openrouter', base => '/api/v1',
    models => [{ id => 'x/y:free', context => 64000 }]);
$t->anthropic('claude', keys => ['sk-ant'], models => ['claude-opus-4']);

$t->conf(<<'CONF')->start;
model_vendor cloud { proxy_pass http://{{cloud}}; dialect openai; key env:KEY; }
model_vendor vllm { proxy_pass http://{{vllm}}; dialect openai; }
model_vendor cpp { proxy_pass http://{{cpp}}; dialect openai; }
model_vendor studio { proxy_pass http://{{studio}}; dialect openai; }
model_vendor router { proxy_pass http://{{router}}/api/v1; dialect openai; }
model_vendor claude { proxy_pass http://{{claude}}; dialect anthropic;
    key env:ANT; }
server { {{listen}} location / { model_pass; } }
CONF

my $opus = 'claude:claude-opus-4';
my $gguf = 'cpp:/models/Qwen2.5-7B-Q4_K_M.gguf';
my @ids = ('cloud:gpt-4o', 'cloud:llama-tiny', 'vllm:meta/Llama-3-8B', $gguf,
    'studio:phi-4', 'studio:text-embedding-nomic', 'router:x/y:free', $opus);
my @anthropic = (headers => { 'anthropic-version' => '2023-06-01' });

sub shape {
    my ($path, $array, $key, @o) = @_;
    my $r = $t->get($path, @o);

    is $r->status, 200, "$path: status";
    my @list = @{ $r->json->{$array} };
    is join(' ', map { $_->{$key} } @list), "@ids", "$path: names";

    return map { $_->{$key} => $_ } @list;
}

# What Ollama's clients need, for each
my %tags = shape('/api/tags', 'models', 'name');

for my $id (@ids) {
    my $m = $tags{$id};
    is $m->{model}, $id, "$id: model";
    is $m->{digest}, sha256_hex($id), "$id: digest";
    like $m->{modified_at}, qr/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/,
        "$id: modified_at";
    like $m->{size}, qr/^\d+$/, "$id: size";
    is join(' ', sort grep { $_ ne 'context_length' } keys %{ $m->{details} }),
        'families family format parameter_size parent_model '
        . 'quantization_level', "$id: details";
    is ref $m->{capabilities}, 'ARRAY', "$id: capabilities";
}

is $tags{'cloud:gpt-4o'}{modified_at}, '2023-06-16T17:03:22Z',
    'modified_at of created';
is $tags{'cloud:gpt-4o'}{size}, 0, 'size is not known';
is $tags{$opus}{modified_at}, '2025-05-22T00:00:00Z',
    'modified_at of created_at';
is $tags{$gguf}{size}, 4912898304, 'size of meta';
is_deeply $tags{$gguf}{details}, { parent_model => '', format => 'gguf',
    family => 'qwen', families => ['qwen'], parameter_size => '8.0B',
    quantization_level => 'Q4_K_M', context_length => 131072 },
    'details where they are known';

# OpenAI's shape
my %data = shape('/v1/models', 'data', 'id');

for my $case (
    ['cloud:gpt-4o', 'cloud', 1686935002, 4096, 4096, 'GPT-4o'],
    ['vllm:meta/Llama-3-8B', 'vllm', 0, 16000, 8192, 'Llama 3 8B'],
    [$gguf, 'cpp', 0, 131072, 32768, 'Qwen 2.5 7B Q4_K_M'],
    ['router:x/y:free', 'router', 1686935002, 64000, 4096,
        'Name of x/y:free'],
    [$opus, 'claude', 1747872000, 200000, 64000, 'Name of claude-opus-4'])
{
    my ($id, $vendor, $created, $context, $output, $name) = @$case;
    my $m = $data{$id};

    is $m->{object}, 'model', "$id: object";
    is $m->{owned_by}, $vendor, "$id: owned_by";
    is $m->{created}, $created, "$id: created";
    is $m->{context_length}, $context, "$id: context_length";
    is $m->{max_output_tokens}, $output, "$id: max_output_tokens";
    is $m->{name}, $name, "$id: name";
}

is_deeply $data{'router:x/y:free'}{pricing}, { prompt => '0.0000025',
    completion => '0.00001' }, 'pricing that the server tells';
is $data{'cloud:gpt-4o'}{pricing}, undef, 'none where it does not';
is_deeply $data{'studio:text-embedding-nomic'}{capabilities}, ['embedding'],
    'an embedder by its name';

# Anthropic's shape: what is not known is null
my %info = shape('/v1/models', 'data', 'id', @anthropic);
is_deeply $info{$opus}, { type => 'model', id => $opus, display_name =>
    'Name of claude-opus-4', created_at => '2025-05-22T00:00:00Z',
    max_input_tokens => 200000, max_tokens => 64000, capabilities => undef },
    'an Anthropic model';
is $info{'cloud:gpt-4o'}{max_input_tokens}, undef, 'no guess';

# LM Studio's shape
my %studio = shape('/api/v1/models', 'models', 'key');
is $studio{'studio:text-embedding-nomic'}{type}, 'embedding', 'type';
is $studio{$gguf}{type}, 'llm', 'type of others';
is $studio{$gguf}{max_context_length}, 131072, 'max_context_length';
is_deeply $studio{$gguf}{quantization}, { name => 'Q4_K_M',
    bits_per_weight => 4 }, 'quantization';

$t->done;
