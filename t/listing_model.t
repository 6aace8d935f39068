#!/usr/bin/perl

# Tests for GET /v1/models/{id}: names as clients write them.

use FindBin;
use lib "$FindBin::Bin/lib";

use ModelTest;

my $t = ModelTest->new;

$t->ollama('acme', models => ['llama3', 'ns/mix:1b']);
$t->openai('router', models => ['x/y:free', 'ft:gpt:org::id', 'odd name+1%']);

$t->conf(<<'CONF')->start;
model_vendor acme { proxy_pass http://{{acme}}; }
model_vendor router { proxy_pass http://{{router}}; dialect openai; }
server {
    {{listen}}
    location / { model_pass; }
    location /team/ { model_pass; }
}
CONF

for my $case (
    ['acme:llama3:latest', 'acme:llama3:latest'],
    ['acme:llama3', 'acme:llama3:latest'],
    ['llama3', 'acme:llama3:latest'],
    ['acme%3Allama3', 'acme:llama3:latest'],
    ['acme/llama3', 'acme:llama3:latest'],
    ['acme%2Fllama3', 'acme:llama3:latest'],
    ['acme:ns/mix:1b', 'acme:ns/mix:1b'],
    ['acme:ns%2Fmix%3a1b', 'acme:ns/mix:1b'],
    ['acme%2fns%2fmix:1b', 'acme:ns/mix:1b'],
    ['router:x%2Fy%3Afree', 'router:x/y:free'],
    ['x/y:free', 'router:x/y:free'],
    ['router:ft:gpt:org::id', 'router:ft:gpt:org::id'],
    ['router:odd%20name+1%25', 'router:odd name+1%'],
    ['acme:llama3?x=/y', 'acme:llama3:latest'])
{
    my ($id, $want) = @$case;

    for my $path ("/v1/models/$id", "/team/v1/models/$id", "/models/$id") {
        my $r = $t->get($path);
        is $r->status, 200, "$path: status";
        is $r->json->{id}, $want, "$path: id";
    }
}

# HEAD
my $r = $t->get('/v1/models/acme:llama3');
my $h = $t->head('/v1/models/acme:llama3');
is $h->status, 200, 'HEAD: status';
is $h->body, '', 'HEAD: no body';
is $h->header('content-length'), length $r->body, 'HEAD: length';

# The other shape
my $one = $t->get('/v1/models/acme:llama3',
    headers => { 'anthropic-version' => '2023-06-01' })->json;
is_deeply [@$one{qw(type id display_name)}],
    ['model', 'acme:llama3:latest', 'Llama 3'], 'Anthropic shape';

# Unknown, each in its own words
for my $case (
    [[], '{"error":{"message":"The model `acme:nope` does not exist or you do '
        . 'not have access to it.","type":"invalid_request_error","param":'
        . '"model","code":"model_not_found"}}'],
    [['x-api-key' => 'any'], '{"type":"error","error":{"type":'
        . '"not_found_error","message":"model: acme:nope"}'])
{
    my ($headers, $body) = @$case;
    $r = $t->get('/v1/models/acme:nope', headers => $headers);
    is $r->status, 404, 'unknown: status';
    is substr($r->body, 0, length $body), $body, 'unknown: body';
    unlike $r->body, qr/\n/, 'unknown: one line';
}

for my $id ('', '%0A', '%22', 'a' x 600, '%ff%fe') {
    $r = $t->get("/v1/models/$id");
    my $short = substr $id, 0, 10;
    next if $id eq '' && $r->status == 200;
    ok $r->status == 404 || $r->status == 400, "\"$short\": refused";
    ok eval { $r->json; 1 }, "\"$short\": JSON";
}

$t->done;
