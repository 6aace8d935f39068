#!/usr/bin/perl

# Tests for the official npm package "openai": an OpenAI vendor, an Ollama.

use FindBin;
use lib "$FindBin::Bin/lib";

use ModelTest;
use ModelTest::SDK;

use Digest::SHA qw(sha256_hex);

my $sdk = ModelTest::SDK->new(node => 'openai');
my $t = ModelTest->new(env => { KEY => 'sk-good', WRONG => 'sk-wrong' });

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
model_vendor wrong { proxy_pass http://{{cloud}}/openai/v1; dialect openai;
    key env:WRONG; discover off; model gpt-x; }
model_vendor claude { proxy_pass http://{{gone}}; dialect anthropic;
    discover off; model haiku; }
server {
    {{listen}}
    model_usage ask;
    location / { model_pass cloud local gone wrong claude; }
    location /guarded/ { model_pass; model_keys file:{{dir}}/keys; }
}
CONF

# what it sends and gets by itself is as without model_usage
$sdk->run($t, 'openai_client.js', { url => $t->url, key => 'gw-secret' },
    stall => sub { $_->stall(2, match => qr{^POST}, times => 1)
        for $cloud, $local },
    hang => sub { $_->hang(match => qr{^POST}, times => 1)
        for $cloud, $local },
    closed => sub {
        my ($name, $during) = @{ $_[0] };
        $sdk->aborted($t, $name eq 'cloud' ? $cloud : $local, $during);
        $_->ok for $cloud, $local;
    },
    limit => sub { $cloud->rate_limit($_[0], times => 1) },
    cut => sub { $cloud->set(error_after => 2) },
    whole => sub { $cloud->set(error_after => undef) },
    clear => sub { $cloud->clear },
    posts => sub { return { n => $cloud->hits(qr/^POST/) } },
    sent => sub { return $cloud->last(qr/$_[0]/)->json },
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
is $sdk->aborts, 4, 'aborts';
is_deeply [grep { $_ ne 'Bearer sk-good' && $_ ne 'Bearer sk-wrong' }
    map { $_->header('authorization') } $cloud->requests], [],
    'only keys of the vendors';
ok !(grep { $_->header('authorization') || $_->header('openai-project') }
    $local->requests), 'no key at the Ollama';

$t->allow(qr/vendor "wrong"/);
$t->done;
