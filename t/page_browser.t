#!/usr/bin/perl

# Tests for the page of model_status in a real Chromium: t/sdk/page_client.js
# has the checks, this file the gateway and what happens to it meanwhile.

use FindBin;
use lib "$FindBin::Bin/lib";

use ModelTest;
use ModelTest::SDK;

my $sdk = ModelTest::SDK->new(node => 'playwright-core');
my $chromium = $sdk->chromium;
my $t = ModelTest->new(workers => 2);
my $evil = '<img src=x onerror="window.hacked=1">';

my $a1 = $t->ollama('a1', models => ['llama3:8b', 'qwen3:4b'],
    loaded => ['llama3:8b'], reply => 'one two three four');
my $a2 = $t->ollama('a2', models => ['llama3:8b'],
    reply => 'one two three four');
my $many = $t->openai('many', models => [$evil, "it's \$(touch x)",
    map { sprintf 'model-%04d', $_ } 1 .. 3000]);
my $claude = $t->anthropic('claude', models => ['opus']);
my $dead = $t->openai('dead')->refuse;

$t->write_file('keys', 'joe:' . 'ab' x 32 . "\n");

my $conf = <<'CONF';
upstream a { zone a 64k; server {{a1}} max_conns=4; server {{a2}};
    server 127.0.0.1:1 down; model_aware warm; model_queue 5; }
model_vendor a { proxy_pass http://a; label "<b>Rack</b> &amp; more";
    model llama3:8b context=8192 input_price=1.5 output_price=2
        capabilities=tools,vision; }
model_vendor many { proxy_pass http://{{many}}; dialect openai;
    discover 1h timeout=5s; }
model_vendor constructor { proxy_pass http://{{claude}}; dialect anthropic;
    discover 1h timeout=5s; }
model_vendor dead { proxy_pass http://{{dead}}; dialect openai;
    discover 1h timeout=1s; }
model_alias fast { target a:llama3:8b weight=3; target many:model-0007 backup; }
server {
    {{listen}}
    client_max_body_size 1m;
    location / { model_pass; }
    location /keyed/ { model_pass a; model_keys file:{{dir}}/keys; }
    location /status/ { model_status; }
    location /a/deep/er/ { model_status; }
    location /looks/ { model_status; limit_except GET { deny all; } }
}
server {
    {{listen:two}}
    location / { model_status; }
}
CONF

$t->conf($conf)->start;

sub chat {
    my ($model, %o) = @_;
    return (POST => '/v1/chat/completions', body => { model => $model,
        messages => [{ role => 'user', content => 'hi' }], stream => \1, stream_options => {
        include_usage => \1 } }, %o);
}

$t->eventually(sub { !grep { $_->{state} eq 'unknown' && !$_->{down} }
    map { @{ $_->{servers} } } @{ $t->get('/status/api')->json->{vendors} } },
    'all servers were asked');

my $open;

$sdk->run($t, 'page_client.js', { chromium => $chromium, evil => $evil,
        url => $t->url, two => $t->url('two') },
    requests => sub {
        $t->open(chat('fast'))->finish for 1 .. $_[0];
    },
    fail => sub {
        $a1->status(500, { error => 'x' }, match => qr/POST/);
        $a2->status(500, { error => 'x' }, match => qr/POST/);
        $t->open(chat('a:llama3:8b'))->finish for 1 .. 2;
        $_->ok for $a1, $a2;
    },
    hold => sub {
        $a1->hold(match => qr/POST/);
        $open = $t->open(chat('a:qwen3:4b'));
        $a1->wait_for(1, qr/chat/);
    },
    release => sub {
        $a1->ok;
        $a1->release;
        $open->finish;
    },
    cooldown => sub {
        $a1->status(429, { error => 'x' }, match => qr/POST/,
            headers => ['Retry-After' => 100]);
        $t->open(chat('a:qwen3:4b'))->finish;
        $a1->ok;
    },
    other => sub {
        $t->post('/v1/messages', { model => 'constructor:opus',
            max_tokens => 5, messages => [{ role => 'user',
                content => 'hi' }] });
    },
    revive => sub { $dead->accept },
    empty => sub {
        $t->reload("server { {{listen}} location /status/ "
            . "{ model_status; } }\n");
    });

$t->allow(qr/vendor "dead"/);
$t->done;
