#!/usr/bin/perl

# Tests for the official Python package "anthropic".

use FindBin;
use lib "$FindBin::Bin/lib";

use ModelTest;
use ModelTest::SDK;

use Digest::SHA qw(sha256_hex);

my $sdk = ModelTest::SDK->new(python => 'anthropic');
my $t = ModelTest->new(env => { KEY => 'sk-ant-good' });

my @calls = (tool_calls => [{ name => 'weather',
    arguments => '{"city":"Bern"}' }]);
my $claude = $t->anthropic('claude', keys => ['sk-ant-good'], page => 2,
    models => [map { "claude-$_" } 'a' .. 'e'], @calls);
my $local = $t->ollama('local', models => ['llama3'], @calls,
    reply => 'Hello from claude');
my $gone = $t->anthropic('gone')->refuse;

$t->write_file('keys', 'app:' . sha256_hex('gw-secret') . "\n");

$t->conf(<<'CONF')->start;
model_vendor claude { proxy_pass http://{{claude}}; dialect anthropic;
    key env:KEY; }
model_vendor local { proxy_pass http://{{local}};
    dialect ollama openai anthropic; }
model_vendor gone { proxy_pass http://{{gone}}; dialect anthropic;
    discover off; model lost; }
server {
    {{listen}}
    location / { model_pass; }
    location /guarded/ { model_pass; model_keys file:{{dir}}/keys; }
}
CONF

$sdk->run($t, 'anthropic_client.py', { url => $t->url, key => 'gw-secret' },
    stall => sub { $claude->stall(4, match => qr{^POST}, times => 1) },
    closed => sub { $sdk->aborted($t, $claude) },
    limit => sub { $claude->rate_limit($_[0], times => 1) },
    overload => sub { $claude->overloaded(times => 1) },
    cut => sub { $claude->set(error_after => 4) },
    whole => sub { $claude->set(error_after => undef) });

is $sdk->aborts, 2, 'aborts';
ok !(grep { ($_->header('x-api-key') // '') ne 'sk-ant-good'
    || $_->header('authorization') } $claude->requests),
    'only the key of the vendor';
ok !(grep { $_->header('authorization') || $_->header('x-api-key') }
    $local->requests), 'no key at the Ollama';

$t->done;
