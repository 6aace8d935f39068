#!/usr/bin/perl

# Tests for the official npm package "ollama" against Ollama vendors.

use FindBin;
use lib "$FindBin::Bin/lib";

use ModelTest;
use ModelTest::SDK;

use Digest::SHA qw(sha256_hex);

my $sdk = ModelTest::SDK->new(node => 'ollama');
my $t = ModelTest->new;

my $acme = $t->ollama('acme', loaded => ['llama3'], registry => ['tiny:1b'],
    models => ['llama3', { name => 'nomic-embed', capabilities =>
        ['embedding'] }],
    tool_calls => [{ name => 'weather', arguments => { city => 'Bern' } }]);
my $beta = $t->ollama('beta', models => ['llama3', 'beta-only:7b'],
    version => '0.11.0');
my $gone = $t->ollama('gone', models => ['lost'])->refuse;

$t->write_file('keys', 'app:' . sha256_hex('gw-secret') . "\n");

$t->conf(<<'CONF')->start;
model_vendor acme { proxy_pass http://{{acme}}; discover 100ms; }
model_vendor beta { proxy_pass http://{{beta}}; discover 100ms; }
model_vendor gone { proxy_pass http://{{gone}}; discover off; model lost; }
model_allow inference manage;
server {
    {{listen}}
    location / { model_pass; }
    location /team-a/ { model_pass acme; }
    location /guarded/ { model_pass; model_keys file:{{dir}}/keys; }
    location /reading/ { model_pass; model_allow inference; }
}
CONF

$sdk->run($t, 'ollama_client.js', { url => $t->url, key => 'gw-secret' },
    stall => sub { $acme->stall(2, match => qr{^POST}, times => 1) },
    closed => sub { $sdk->aborted($t, $acme) },
    limit => sub { $acme->fault(match => qr{/api/chat}, times => 1,
        status => 429, body => '{"error":"slow down"}', headers =>
        ['Content-Type' => 'application/json', 'Retry-After' => 7]) },
    cut => sub { $acme->set(error_after => 1) },
    whole => sub { $acme->set(error_after => undef) },
    names => sub { return { names => [$acme->names] } },
    sent => sub { return $acme->last(qr/$_[0]/)->json },
    listed => sub {
        my $name = shift;
        $t->eventually(sub { grep { $_->{name} eq $name }
            @{ $t->get('/api/tags')->json->{models} } }, "$name is listed");
    });

is $sdk->aborts, 2, 'aborts';
is $gone->hits(qr/./), 0, 'nothing at the server that is down';
ok !(grep { $_->header('authorization') } $acme->requests,
    $beta->requests), 'no key of the gateway at a server';

$t->done;
