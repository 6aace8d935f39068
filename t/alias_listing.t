#!/usr/bin/perl

# Tests for aliases in listings: what is shown of several targets as one.

use FindBin;
use lib "$FindBin::Bin/lib";

use ModelTest;

my $t = ModelTest->new;
my $acme = $t->ollama('acme', models => ['llama3:8b', 'qwen:7b'],
    loaded => ['llama3:8b']);
my $cloud = $t->openai('cloud', models => ['gpt-5', 'gpt-5-mini', 'embed']);

$t->conf(<<'CONF')->start;
model_alias smart {
    target cloud:gpt-5 weight=3;
    target cloud:gpt-5-mini;
    target acme:llama3:8b backup weight=2;
}
model_alias same-price { target cloud:gpt-5; target cloud:twin; }
model_alias one { target acme:llama3:8b; }
model_alias acme:qwen:7b { target cloud:gpt-5-mini; }
model_alias nested { target smart weight=2; target acme:qwen:7b; }
model_alias unlisted { target cloud:gpt-9; }
model_alias half { target cloud:gpt-9; target cloud:gpt-5; }
model_alias claude-* { target cloud:gpt-*; }
model_vendor acme {
    proxy_pass http://{{acme}};
    model llama3:8b context=8192 capabilities=completion,tools,vision;
}
model_vendor cloud {
    proxy_pass http://{{cloud}};
    dialect openai;
    label   Cloud;
    hosting cloud;
    model gpt-5 context=400000 output=128000 input_price=1.25
        output_price=10 capabilities=completion,tools,vision,thinking
        family=gpt;
    model gpt-5-mini context=200000 input_price=0.25 output_price=10
        capabilities=completion,tools,thinking family=gpt;
    model twin context=100000 output=1000 input_price=1.25 output_price=10
        capabilities=completion,tools;
}
server {
    {{listen}}
    location / { model_pass; }
    location /cloud/ { model_pass cloud; }
}
CONF

my @aliases = ('smart', 'same-price', 'one', 'acme:qwen:7b', 'nested',
    'unlisted', 'half');
my @models = ('acme:llama3:8b', 'cloud:gpt-5', 'cloud:gpt-5-mini',
    'cloud:embed', 'cloud:twin');
my %shape = ('/v1/models' => ['data', 'id'], '/api/tags' => ['models', 'name'],
    '/api/v1/models' => ['models', 'key']);
my @anthropic = (headers => { 'anthropic-version' => '2023-06-01' });

# Aliases first, in order of the file; a name that an alias takes stands once

for my $path (sort keys %shape) {
    my ($array, $key) = @{ $shape{$path} };
    my $r = $t->get($path);
    is $r->status, 200, "$path: status";
    is_deeply [map { $_->{$key} } @{ $r->json->{$array} }],
        [@aliases, @models], "$path: names";
    ok $r->header('etag'), "$path: etag";
}

is_deeply [map { $_->{id} } @{ $t->get('/v1/models?limit=3', @anthropic)
    ->json->{data} }], [@aliases[0 .. 2]], 'Anthropic: a page';
is_deeply [map { $_->{id} } @{ $t->get('/v1/models?after_id=unlisted&limit=2',
    @anthropic)->json->{data} }], ['half', 'acme:llama3:8b'],
    'Anthropic: the page after an alias';

sub listed {
    my ($path, $name, @o) = @_;
    my ($array, $key) = @{ $shape{$path} };
    my ($one) = grep { ($_->{$key} // $_->{id}) eq $name }
        @{ $t->get($path, @o)->json->{$array} };
    return $one;
}

# OpenAI's shape
my $m = listed('/v1/models', 'smart');
is $m->{owned_by}, 'alias', 'owner of several';
is $m->{name}, 'Smart', 'label of its own';
is $m->{context_length}, 8192, 'the smallest context';
is $m->{max_output_tokens}, 8192, 'output is bounded by the context';
is_deeply $m->{capabilities}, ['completion', 'tools'], 'what all can do';
is $m->{pricing}, undef, 'prices differ';
is $m->{created}, 0, 'no time';

$m = listed('/v1/models', 'same-price');
is $m->{owned_by}, 'cloud', 'owner, of one vendor';
is_deeply $m->{pricing}, { prompt => '0.00000125',
    completion => '0.00001' }, 'prices agree';
is $m->{context_length}, 100000, 'the smallest context';
is $m->{max_output_tokens}, 1000, 'the smallest output';

$m = listed('/v1/models', 'half');
is $m->{context_length}, 400000, 'context of what is known';
is $m->{pricing}, undef, 'prices of a part of it are none';

$m = listed('/v1/models', 'nested');
is $m->{context_length}, 8192, 'nested: what is behind it';

$m = listed('/v1/models', 'unlisted');
is $m->{context_length}, 4096, 'a target in no list: the usual';

# Ollama's, LM Studio's, Anthropic's
$m = listed('/api/tags', 'smart');
is $m->{model}, 'smart', 'tags: model';
is $m->{size}, 0, 'tags: no size of several';
is $m->{modified_at}, '0001-01-01T00:00:00Z', 'tags: no time of several';
like $m->{digest}, qr/^[0-9a-f]{64}$/, 'tags: a digest of its own';
is_deeply $m->{details}, { parent_model => '', format => '', family => '',
    families => [], parameter_size => '', quantization_level => '',
    context_length => 8192 }, 'tags: details';
is_deeply $m->{capabilities}, ['completion', 'tools'], 'tags: capabilities';

my $real = listed('/api/tags', 'acme:llama3:8b');
$m = listed('/api/tags', 'one');
is $m->{$_}, $real->{$_}, "one target: $_" for qw(size digest modified_at);
is $m->{details}{$_}, $real->{details}{$_}, "one target: $_"
    for qw(family format parameter_size quantization_level);

$m = listed('/api/v1/models', 'smart');
is_deeply $m, { type => 'llm', publisher => 'alias', key => 'smart',
    display_name => 'Smart', architecture => undef, quantization => undef,
    size_bytes => 0, params_string => undef, loaded_instances => [],
    max_context_length => 8192, format => undef, capabilities => {
        vision => JSON::PP::false(), trained_for_tool_use => JSON::PP::true()
    } }, 'LM Studio';

$m = listed('/v1/models', 'smart', @anthropic);
is_deeply [@$m{qw(type display_name max_input_tokens max_tokens)}],
    ['model', 'Smart', 8192, 8192], 'Anthropic';

# One alias, with its targets
my $r = $t->get('/v1/models/smart');
is $r->status, 200, 'one: status';
is_deeply $r->json->{targets}, [
    { id => 'cloud:gpt-5', vendor => 'cloud', model => 'gpt-5', weight => 3,
        backup => JSON::PP::false() },
    { id => 'cloud:gpt-5-mini', vendor => 'cloud', model => 'gpt-5-mini',
        weight => 1, backup => JSON::PP::false() },
    { id => 'acme:llama3:8b', vendor => 'acme', model => 'llama3:8b',
        weight => 2, backup => JSON::PP::true() } ], 'one: targets';
is_deeply $r->json->{interfaces}, ['/api/chat', '/api/generate',
    '/v1/chat/completions', '/v1/completions', '/v1/messages',
    '/v1/responses'], 'one: paths that one of them answers';
is $r->json->{vendor}{hosting}, 'cloud', 'one: some of it is not here';
is $t->get('/v1/models/smart:latest')->json->{id}, 'smart', 'with a tag';

$m = $t->get('/v1/models/one')->json;
is_deeply $m->{vendor}, { id => 'acme', label => 'acme', hosting => 'local' },
    'one target: vendor';
ok scalar(grep { $_ eq '/api/chat' } @{ $m->{interfaces} }), 'and its paths';

is_deeply $t->get('/v1/models/nested')->json->{targets}, [
    { id => 'smart', vendor => undef, model => undef, weight => 2,
        backup => JSON::PP::false() },
    { id => 'acme:qwen:7b', vendor => 'acme', model => 'qwen:7b', weight => 1,
        backup => JSON::PP::false() } ], 'targets of a nested one';

is $t->get('/v1/models/smart', @anthropic)->json->{targets}, undef,
    'Anthropic: no member of ours';
is $t->get('/v1/models/acme:llama3:8b')->json->{targets}, undef, 'a model';

# A pattern is not listed, but a name that it maps to a listed model is known
is $t->get('/v1/models/claude-5')->json->{id}, 'claude-5', 'pattern: id';
is_deeply $t->get('/v1/models/claude-5')->json->{targets}, [
    { id => 'cloud:gpt-5', vendor => 'cloud', model => 'gpt-5', weight => 1,
        backup => JSON::PP::false() } ], 'pattern: target';
is $t->get('/v1/models/claude-8')->status, 404, 'pattern: in no list';
is $t->get('/v1/models/claude-*')->status, 404, 'pattern: itself';

# Shown without a server
$_->clear for $acme, $cloud;
for my $name ('smart', 'smart:latest') {
    my $show = $t->post('/api/show', { model => $name });
    is $show->status, 200, "show $name: status";
    is_deeply $show->json->{capabilities}, ['completion', 'tools'],
        "show $name: capabilities";
    is $show->json->{modelfile}, "FROM smart\n", "show $name: modelfile";
    is $show->json->{parameters}, '',
        "show $name: no num_ctx where an Ollama is behind it";
    is $show->json->{model_info}{'unknown.context_length'}, 8192,
        "show $name: context";
}

$m = $t->post('/api/show', { model => 'same-price', verbose => \1 })->json;
like $m->{parameters}, qr/^num_ctx +100000$/, 'show, of others';
is $t->post('/api/show', { model => 'claude-5' })->status, 200,
    'show, a pattern';
is $t->post('/api/show', { model => 'claude-8' })->status, 404,
    'show, a pattern for what is in no list';
is $acme->hits(qr/show/) + $cloud->hits(qr/POST/), 0, 'no server was asked';

# Another location: the targets that are left
is_deeply [map { $_->{id} } @{ $t->get('/cloud/v1/models')->json->{data} }],
    ['smart', 'same-price', 'acme:qwen:7b', 'nested', 'unlisted', 'half',
    grep { /cloud/ } @models], 'names in a location of one vendor';
$m = $t->get('/cloud/v1/models/smart')->json;
is_deeply [map { $_->{id} } @{ $m->{targets} }], ['cloud:gpt-5',
    'cloud:gpt-5-mini'], 'targets there';
is $m->{context_length}, 200000, 'and what they have in common';
is $t->get('/cloud/v1/models/one')->status, 404, 'none left';

$t->done;
