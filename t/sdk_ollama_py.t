#!/usr/bin/perl

# Tests for the official Python package "ollama" against Ollama vendors.

use FindBin;
use lib "$FindBin::Bin/lib";

use ModelTest;
use ModelTest::SDK;

use Digest::SHA qw(sha256_hex);

my $sdk = ModelTest::SDK->new(python => 'ollama');
my $t = ModelTest->new;

my $acme = $t->ollama('acme', loaded => ['llama3'], registry => ['tiny:1b'],
    models => ['llama3', { name => 'nomic-embed', capabilities =>
        ['embedding'] }],
    tool_calls => [{ name => 'weather', arguments => { city => 'Bern' } }]);
my $cloud = $t->openai('cloud', models => ['gpt-x']);
my $gone = $t->ollama('gone', models => ['lost'])->refuse;

$t->write_file('keys', 'app:' . sha256_hex('gw-secret') . "\n");
my $blob = $t->write_file('weights.gguf', 'GGUF' . "\0\1\2\3" x 50000);

$t->conf(<<'CONF')->start;
client_max_body_size 10m;
model_vendor acme { proxy_pass http://{{acme}}; discover 100ms; }
model_vendor cloud { proxy_pass http://{{cloud}}; dialect openai; }
model_vendor gone { proxy_pass http://{{gone}}; discover off; model lost; }
model_allow inference manage;
server {
    {{listen}}
    location / { model_pass; }
    location /team-a/ { model_pass acme; }
    location /guarded/ { model_pass; model_keys file:{{dir}}/keys; }
}
CONF

$sdk->run($t, 'ollama_client.py', { url => $t->url, key => 'gw-secret',
        blob => $blob },
    stall => sub { $acme->stall(2, match => qr{^POST}, times => 1) },
    closed => sub { $sdk->aborted($t, $acme) },
    limit => sub { $acme->fault(match => qr{/api/chat}, times => 1,
        status => 429, body => '{"error":"slow down"}', headers =>
        ['Content-Type' => 'application/json', 'Retry-After' => 7]) },
    cut => sub { $acme->set(error_after => 1) },
    whole => sub { $acme->set(error_after => undef) },
    names => sub { return { names => [$acme->names] } });

is $sdk->aborts, 3, 'aborts';
ok !(grep { $_->header('authorization') } $acme->requests),
    'no key of the gateway at a server';

$t->done;
