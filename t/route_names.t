#!/usr/bin/perl

# Tests for what a model name means, with several vendors in the location.

use FindBin;
use lib "$FindBin::Bin/lib";

use ModelTest;

my $t = ModelTest->new;
my @say = (messages => [{ role => 'user', content => 'hi' }]);

my %server = (
    acme => $t->ollama('acme', models => ['llama3', 'llama3:8b', 'qwen:7b',
        'shared:1b']),
    bolt => $t->ollama('bolt', models => ['mistral', 'shared:1b',
        'phi3:mini']),
    plain => $t->ollama('plain', models => ['gemma:2b']),
    openai => $t->openai('openai', models => ['gpt-4o', 'gpt-5']),
    router => $t->openai('router', style => 'openrouter', models => [
        'openai/gpt-4o', 'meta/llama-4:free', 'acme/special']),
);

$t->conf(<<'CONF')->start;
model_vendor acme { proxy_pass http://{{acme}}; rank 20; }
model_vendor bolt { proxy_pass http://{{bolt}}; rank 10; }
model_vendor plain { proxy_pass http://{{plain}}; prefix off; rank 30; }
model_vendor openai { proxy_pass http://{{openai}}; dialect openai; rank 40; }
model_vendor router {
    proxy_pass http://{{router}};
    dialect openai;
    prefix off;
    rank 50;
}
server {
    {{listen}}
    location / { model_pass; }
    location /some/ { model_pass acme openai; }
}
CONF

# The lists are there: names that nobody has are known as such
$t->get('/v1/models');

my @cases = (
    # asked, vendor, name that the vendor sees
    ['acme:llama3', 'acme', 'llama3'],
    ['acme/llama3', 'acme', 'llama3'],
    ['acme:llama3:8b', 'acme', 'llama3:8b'],
    ['acme/llama3:8b', 'acme', 'llama3:8b'],
    ['acme:llama3:latest', 'acme', 'llama3:latest'],
    ['llama3:8b', 'acme', 'llama3:8b'],
    ['llama3', 'acme', 'llama3'],
    ['llama3:latest', 'acme', 'llama3:latest'],
    ['bolt:shared:1b', 'bolt', 'shared:1b'],
    ['acme:shared:1b', 'acme', 'shared:1b'],
    ['shared:1b', 'bolt', 'shared:1b', 'the smallest rank'],
    ['mistral', 'bolt', 'mistral'],
    ['bolt:mistral', 'bolt', 'mistral'],
    ['bolt/phi3:mini', 'bolt', 'phi3:mini'],
    ['gemma:2b', 'plain', 'gemma:2b', 'prefix off'],
    ['plain:gemma:2b', 'plain', 'gemma:2b', 'prefix off, but given'],
    ['gpt-4o', 'openai', 'gpt-4o'],
    ['openai:gpt-4o', 'openai', 'gpt-4o'],
    ['openai/gpt-5', 'openai', 'gpt-5', 'a prefix'],
    ['openai/gpt-4o', 'router', 'openai/gpt-4o', 'listed, so no prefix'],
    ['router:openai/gpt-4o', 'router', 'openai/gpt-4o'],
    ['router/meta/llama-4:free', 'router', 'meta/llama-4:free'],
    ['meta/llama-4:free', 'router', 'meta/llama-4:free'],
    ['acme/special', 'router', 'acme/special', 'listed by its own name'],
    ['openai:gpt-9-new', 'openai', 'gpt-9-new', 'newer than the list'],
    ['acme:fresh:1b', 'acme', 'fresh:1b', 'newer than the list'],
);

for my $case (@cases) {
    my ($asked, $vendor, $name, $why) = @$case;
    my $server = $server{$vendor};

    $_->clear for values %server;
    $t->post('/v1/chat/completions', { model => $asked, @say });

    my $q = $server->last(qr{chat/completions});
    is $q && $q->json->{model}, $name,
        "\"$asked\" is \"$name\" of $vendor" . ($why ? ": $why" : '');
    is scalar(grep { $_->hits(qr{^POST /v1/chat}) } values %server), 1,
        "\"$asked\" goes to one vendor only";
}

# A prefix counts only if it is a vendor of the location
for (['/some', 'bolt:mistral', 404], ['/some', 'mistral', 404],
    ['/some', 'acme:llama3', 200], ['/some', 'llama3', 200],
    ['/some', 'shared:1b', 200], ['/some', 'openai/gpt-4o', 200])
{
    my ($prefix, $asked, $status) = @$_;
    $_->clear for values %server;
    my $r = $t->post("$prefix/v1/chat/completions", { model => $asked,
        @say });
    is $r->status, $status, "\"$asked\" of two vendors only";
    is $server{bolt}->hits(qr/POST/) + $server{router}->hits(qr/POST/), 0,
        "\"$asked\" does not leave the location's vendors";
}

is $server{openai}->last(qr{chat})->json->{model}, 'gpt-4o',
    'a prefix where the longer name is not listed';

$t->done;
