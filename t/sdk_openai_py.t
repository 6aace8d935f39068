#!/usr/bin/perl

# Tests for the official Python package "openai": an OpenAI vendor, an Ollama.

use FindBin;
use lib "$FindBin::Bin/lib";

use ModelTest;
use ModelTest::SDK;

use Digest::SHA qw(sha256_hex);

my $sdk = ModelTest::SDK->new(python => 'openai');
my $t = ModelTest->new(env => { KEY => 'sk-good' });

my @calls = (tool_calls => [{ name => 'weather',
    arguments => '{"city":"Bern"}' }]);
my $cloud = $t->openai('cloud', base => '/openai/v1', keys => ['sk-good'],
    models => ['gpt-x', 'org/model-a', 'whisper'], @calls);
my $local = $t->ollama('local', models => ['llama3'], reply => 'Hello from '
    . 'cloud', @calls);
my $gone = $t->openai('gone')->refuse;

$t->write_file('keys', 'app:' . sha256_hex('gw-secret') . "\n");

$t->conf(<<'CONF')->start;
client_max_body_size 10m;
model_vendor cloud { proxy_pass http://{{cloud}}/openai/v1; dialect openai;
    key env:KEY; }
model_vendor local { proxy_pass http://{{local}}; }
model_vendor gone { proxy_pass http://{{gone}}; dialect openai; discover off;
    model lost; }
server {
    {{listen}}
    model_usage ask;
    location / { model_pass; }
    location /guarded/ { model_pass; model_keys file:{{dir}}/keys; }
}
CONF

# what it sends and gets by itself is as without model_usage
$sdk->run($t, 'openai_client.py', { url => $t->url, key => 'gw-secret' },
    stall => sub { $_->stall(2, match => qr{^POST}, times => 1)
        for $cloud, $local },
    closed => sub {
        $sdk->aborted($t, $_[0] eq 'cloud' ? $cloud : $local);
        $_->ok for $cloud, $local;
    },
    limit => sub { $cloud->rate_limit($_[0], times => 1) },
    cut => sub { $cloud->set(error_after => 2) },
    whole => sub { $cloud->set(error_after => undef) },
    form => sub {
        my ($name) = $cloud->last(qr{/audio/})->body
            =~ /name="model"\r\n\r\n\s*(\S+?)\s*\r\n/;
        return { model => $name };
    });

for ($cloud, $local) {
    ok !(grep { $_->body =~ /"stream":\s*true/
        && $_->body !~ /"include_usage":\s*true/ }
        $_->requests(qr{/chat/completions})), 'each stream was asked for usage';
}
is $sdk->aborts, 3, 'aborts';
is_deeply [grep { $_ ne 'Bearer sk-good' }
    map { $_->header('authorization') } $cloud->requests], [],
    'only the key of the vendor';
ok !(grep { $_->header('authorization') } $local->requests),
    'no key at the Ollama';

$t->done;
