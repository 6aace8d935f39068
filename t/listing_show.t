#!/usr/bin/perl

# Tests for POST /api/show: the real server's document, ours for others.

use FindBin;
use lib "$FindBin::Bin/lib";

use ModelTest;

my $t = ModelTest->new;

my $a = $t->ollama('a', models => ['llama3', { name => 'ns/mix:1b',
    model_info => { odd => [1, 2] } }]);
my $b = $t->ollama('b', models => [{ name => 'only-b', license => 'B' }]);
my $cloud = $t->openai('cloud', style => 'openrouter',
    models => [{ id => 'x/llama-3:free', context => 64000 }]);

$t->conf(<<'CONF')->start;
upstream pair { server {{a}}; server {{b}}; }
model_vendor pair { proxy_pass http://pair; }
model_vendor cloud { proxy_pass http://{{cloud}}; dialect openai; }
server { {{listen}} location / { model_pass; } }
CONF

# An Ollama server's own bytes, by model or name, the prefix taken off
my $real = $t->post('/api/show', { model => 'llama3' }, port => $a->port);

for my $body (
    { model => 'pair:llama3' },
    { name => 'pair:llama3' },
    { model => '', name => 'pair:llama3:latest' },
    { model => 'pair:llama3', name => '' },
    { model => 'llama3' },
    { model => 'pair/llama3' })
{
    my $what = join ' ', map { "$_=$body->{$_}" } sort keys %$body;
    my $r = $t->post('/api/show', $body);
    is $r->status, 200, "$what: status";
    is $r->body, $real->body, "$what: bytes of the server";
}

like $a->last(qr/show/)->json->{model}, qr/^llama3/, 'name without prefix';

# Verbose: tensors and arrays are there
my $r = $t->post('/api/show', { model => 'pair:llama3',
    verbose => $ModelTest::JSON::TRUE });
is ref $r->json->{tensors}, 'ARRAY', 'verbose: tensors';
is ref $r->json->{model_info}{'tokenizer.ggml.tokens'}, 'ARRAY',
    'verbose: arrays';

# Of several servers one is asked that has the model
for (1 .. 4) {
    $r = $t->post('/api/show', { name => 'pair:only-b' });
    is $r->json->{license}, 'B', 'asked where it is';
}

# Others: what Ollama's clients read
$r = $t->post('/api/show', { model => 'cloud:x/llama-3:free' });
is $r->status, 200, 'other: status';
is $r->header('content-type'), 'application/json; charset=utf-8',
    'other: type';
my $j = $r->json;
is_deeply $j->{details}, { parent_model => '', format => '', family => 'llama',
    families => ['llama'], parameter_size => '', quantization_level => '',
    context_length => 64000 }, 'other: details';
is $j->{model_info}{'general.architecture'}, 'llama', 'other: architecture';
is $j->{model_info}{'llama.context_length'}, 64000, 'other: context';
like $j->{parameters}, qr/^num_ctx +64000$/m, 'other: num_ctx';
is_deeply $j->{capabilities}, ['completion', 'tools', 'vision'],
    'other: capabilities';
ok exists $j->{$_}, "other: $_" for qw(modelfile template modified_at);

# Unknown, or none: 404 and 400 as Ollama has them
for my $case (
    [{ model => 'pair:nope' }, 404, qr/^model 'nope:latest' not found$/],
    [{ name => 'pair:nope:1b' }, 404, qr/^model 'nope:1b' not found$/],
    [{ model => 'cloud:nope' }, 404, qr/^model 'cloud:nope' not found/],
    [{ model => 'nope' }, 404, qr/^model 'nope(?::latest)?' not found/],
    [{ model => '' }, 400, qr/^model is required/],
    [{}, 400, qr/^model is required/])
{
    my ($body, $status, $text) = @$case;
    my $what = join ' ', map { "$_=$body->{$_}" } %$body ? keys %$body : ();
    $r = $t->post('/api/show', $body);
    is $r->status, $status, "\"$what\": status";
    like $r->json->{error}, $text, "\"$what\": text";
}

is $cloud->hits(qr/show/), 0, 'others are not asked';

$t->done;
