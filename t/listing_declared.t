#!/usr/bin/perl

# Tests for declared models: alone, and over what discovery found.

use FindBin;
use lib "$FindBin::Bin/lib";

use ModelTest;

my $t = ModelTest->new;

my $acme = $t->ollama('acme', models => ['llama3', 'tiny:1b']);
my $off = $t->ollama('off', models => ['ghost']);
$t->openai('cloud', models => ['gpt-4o']);

$t->conf(<<'CONF')->start;
model_vendor acme {
    proxy_pass http://{{acme}};
    model llama3 "label=House llama" context=5000;
    model tiny:1b family=mine capabilities=vision quantization=Q8_0
        parameters=9B output=100;
    model later:7b label=Later;
}
model_vendor off { proxy_pass http://{{off}}; discover off; model one; }
model_vendor cloud {
    proxy_pass http://{{cloud}};
    dialect openai;
    model gpt-4o input_price=2.50;
    model gpt-5 family=gpt parameters=1T quantization=FP8 context=400000
        output=128000 capabilities=completion,tools;
}
server { {{listen}} location / { model_pass; } }
CONF

my $r = $t->get('/api/tags');
my %tags = map { $_->{name} => $_ } @{ $r->json->{models} };
is join(' ', map { $_->{name} } @{ $r->json->{models} }), 'acme:llama3:latest '
    . 'acme:tiny:1b acme:later:7b off:one cloud:gpt-4o cloud:gpt-5',
    'declared ones that were not found come last';

# Field by field: what is not declared stays the server's
my $d = $tags{'acme:llama3:latest'}{details};
is $d->{context_length}, 5000, 'declared context';
is $d->{family}, 'llama', 'family of the server';
is $d->{embedding_length}, 4096, 'unknown fields of the server';
is_deeply $tags{'acme:llama3:latest'}{capabilities}, ['completion', 'tools'],
    'capabilities of the server';

$d = $tags{'acme:tiny:1b'}{details};
is $d->{family}, 'mine', 'declared family';
is_deeply $d->{families}, ['mine'], 'families follow';
is $d->{parameter_size}, '9B', 'declared parameters';
is $d->{quantization_level}, 'Q8_0', 'declared quantization';
is_deeply $tags{'acme:tiny:1b'}{capabilities}, ['completion', 'vision'],
    'declared capabilities';

# Only declared: what Ollama's clients need is there
my $m = $tags{'cloud:gpt-5'};
is $m->{modified_at}, '0001-01-01T00:00:00Z', 'no time is known';
like $m->{digest}, qr/^[0-9a-f]{64}$/, 'digest';
is_deeply $m->{details}, { parent_model => '', format => '', family => 'gpt',
    families => ['gpt'], parameter_size => '1T', quantization_level => 'FP8',
    context_length => 400000 }, 'details';

my %v1 = map { $_->{id} => $_ } @{ $t->get('/v1/models')->json->{data} };
is $v1{'acme:llama3:latest'}{name}, 'House llama', 'label';
is $v1{'acme:llama3:latest'}{max_output_tokens}, 5000,
    'a declared context bounds the guess of the output';
is $v1{'acme:tiny:1b'}{max_output_tokens}, 100, 'declared output';
is $v1{'cloud:gpt-4o'}{created}, 1686935002, 'created of the server';
is_deeply $v1{'cloud:gpt-4o'}{pricing}, { prompt => '0.0000025' }, 'price';
is $v1{'acme:later:7b'}{name}, 'Later', 'label of one that is only declared';

# Show documents are overridden as well
my $show = $t->post('/api/show', { model => 'cloud:gpt-5' })->json;
is_deeply $show->{capabilities}, ['completion', 'tools'],
    'show: capabilities';
is $show->{model_info}{'gpt.context_length'}, 400000, 'show: context';
like $show->{parameters}, qr/^num_ctx +400000$/m, 'show: num_ctx';

# With discovery off nobody is asked, for a listing or a single model
is $t->get('/v1/models/off:one')->status, 200, 'declared is known';
is $t->get('/v1/models/off:ghost')->status, 404, 'not declared is not';
is $off->hits(qr/./), 0, 'not asked';

# It is learned that a declared model exists now
is $acme->hits(qr/show/), 2, 'only what is listed is asked about';

$t->done;
