#!/usr/bin/perl

# Tests for listings: what a location, expose and a client's key leave of them.

use FindBin;
use lib "$FindBin::Bin/lib";

use Digest::SHA 'sha256_hex';

use ModelTest;

my $t = ModelTest->new;

$t->ollama('acme', models => ['llama3', 'qwen2:7b', 'secret']);
$t->openai('cloud', models => ['gpt-5', 'gpt-5-mini', 'o4-mini', 'dall-e']);
$t->ollama('bare', models => ['llama3', 'mistral']);

my %key = map { $_ => "key-of-$_" } qw(all some none);
$t->write_file('keys', join '',
    'all:' . sha256_hex($key{all}) . "\n",
    'some:' . sha256_hex($key{some}) . " acme:qwen* cloud:gpt-5 mistral*\n",
    'none:' . sha256_hex($key{none}) . " nothing\n");

my $vendors = <<'CONF';
model_vendor acme { proxy_pass http://{{acme}}; expose llama* qwen*; }
model_vendor cloud { proxy_pass http://{{cloud}}; dialect openai;
    expose gpt-5* o4*; }
model_vendor bare { proxy_pass http://{{bare}}; prefix off; }
CONF

$t->conf($vendors . <<'CONF')->start;
server {
    {{listen}}
    location / { model_pass; }
    location /one/ { model_pass acme; }
    location /two/ { model_pass bare cloud; }
    location /keys/ { model_pass; model_keys file:{{dir}}/keys; }
}
CONF

sub tags {
    my ($path, @o) = @_;
    my $r = $t->get("$path/api/tags", @o);
    return join ' ', map { $_->{name} } @{ $r->json->{models} };
}

my ($acme, $cloud, $bare) = ('acme:llama3:latest acme:qwen2:7b',
    'cloud:gpt-5 cloud:gpt-5-mini cloud:o4-mini',
    'llama3:latest mistral:latest');

# expose, and the vendors of the location: in all shapes
is tags(''), "$acme $cloud $bare", 'expose';
is tags('/one'), $acme, 'one vendor, still with its prefix';
is tags('/two'), "$cloud $bare", 'two, by rank';

for my $case (['/v1/models', 'data', 'id'], ['/api/v1/models', 'models',
    'key'])
{
    my ($path, $array, $key) = @$case;
    is join(' ', map { $_->{$key} } @{ $t->get("/two$path")->json->{$array} }),
        "$cloud $bare", "/two$path";
}

is $t->get('/one/v1/models/acme:llama3')->status, 200, 'model of the location';
is $t->get('/one/v1/models/cloud:gpt-5')->status, 404, 'not of the location';
is $t->get('/v1/models/acme:secret')->status, 404, 'not exposed';

# A client's key: the models that it may use are those that it sees
my %seen = (all => "$acme $cloud $bare", none => '',
    some => 'acme:qwen2:7b cloud:gpt-5 mistral:latest');

for my $name (sort keys %seen) {
    is tags('/keys', headers => { Authorization => "Bearer $key{$name}" }),
        $seen{$name}, "key of $name";
}

my @some = (headers => { Authorization => "Bearer $key{some}" });
is $t->get('/keys/v1/models/acme:qwen2:7b', @some)->status, 200, 'may use';
is $t->get('/keys/v1/models/acme:llama3', @some)->status, 404, 'may not';
is $t->get('/keys/api/tags')->status, 401, 'no key';

# The other separator, over a reload
$t->reload("model_separator /;\n$vendors" . <<'CONF');
server { {{listen}} location / { model_pass; } }
CONF
is tags(''), "$acme $cloud $bare" =~ s/(acme|cloud):/$1\//gr, 'separator';
is $t->get("/v1/models/$_")->json->{id}, 'acme/qwen2:7b', "$_: both are known"
    for 'acme/qwen2:7b', 'acme:qwen2:7b', 'acme%2Fqwen2%3A7b';

$t->done;
