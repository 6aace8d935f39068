#!/usr/bin/perl

# Tests for connections to vendors: reuse, timeouts, unix sockets, base URLs.

use FindBin;
use lib "$FindBin::Bin/lib";

use ModelTest;

my $t = ModelTest->new;
my %json = (headers => ['Content-Type' => 'application/json'], body => '{}');
my $s = $t->backend('s', on => { map { $_ => { %json } } '/api/chat' });
my $b = $t->backend('b');

$t->conf(<<'CONF')->start;
client_max_body_size 10m;

upstream pool { server {{s}}; keepalive 4; keepalive_timeout 4s; }

model_vendor pool { proxy_pass http://pool; discover off; }
model_vendor old {
    proxy_pass http://{{s}};
    discover off;
    proxy_http_version 1.0;
    proxy_set_header Connection close;
}
model_vendor sock { proxy_pass http://unix:{{dir}}/inner.sock; discover off; }
model_vendor sockb {
    proxy_pass http://unix:{{dir}}/inner.sock:/base/;
    discover off;
}

model_vendor plain { proxy_pass http://{{b}}; discover off;
    dialect ollama openai anthropic; }
model_vendor slash { proxy_pass http://{{b}}/; discover off;
    dialect openai; }
model_vendor router { proxy_pass http://{{b}}/api/v1; discover off;
    dialect openai; }
model_vendor google { proxy_pass http://{{b}}/v1beta/openai/; discover off;
    dialect openai; }
model_vendor front { proxy_pass http://{{b}}/front; discover off; }
model_vendor claude { proxy_pass http://{{b}}/anthropic; discover off;
    dialect anthropic; }

server {
    {{listen}}
    location / { model_pass; model_allow inference manage other;
        model_default front; }
    location /router/ { model_pass router; model_allow inference other;
        model_default router; }
}

server {
    listen unix:{{dir}}/inner.sock;
    location / { return 200 "$http_host $request_uri"; }
}
CONF

# one connection for many requests through upstream {}

for (1 .. 5) {
    is $t->post('/api/chat', { model => 'pool:m' })->status, 200, "request $_";
}
is $s->connections, 1, 'one connection';
is $s->open_connections, 1, 'still open';

$t->post('/api/chat', { model => 'old:m' });
is $s->last->version, '1.0', 'HTTP/1.0 if asked for';
is $s->last->header('Connection'), 'close', 'Connection as asked for';

# a unix socket

is $t->post('/api/chat', { model => 'sock:m' })->body, 'localhost /api/chat',
    'unix socket';
is $t->post('/api/chat', { model => 'sockb:m' })->body,
    'localhost /base/api/chat', 'unix socket with a base path';

# base URLs: for OpenAI they stand for /v1, else they go in front

my $chat = '/v1/chat/completions';

for (['plain', $chat, $chat], ['plain', '/api/chat', '/api/chat'],
    ['plain', '/v1/messages', '/v1/messages'],
    ['slash', $chat, $chat], ['slash', '/chat/completions', $chat],
    ['router', $chat, '/api/v1/chat/completions'],
    ['router', "$chat?a=b%20c", '/api/v1/chat/completions?a=b%20c'],
    ['router', '/chat/completions', '/api/v1/chat/completions'],
    ['router', '/v1/embeddings', '/api/v1/embeddings'],
    ['google', $chat, '/v1beta/openai/chat/completions'],
    ['front', '/api/chat', '/front/api/chat'],
    ['front', $chat, "/front$chat"],
    ['claude', '/v1/messages', '/anthropic/v1/messages'],
    ['claude', '/v1/messages/count_tokens',
        '/anthropic/v1/messages/count_tokens'])
{
    my ($vendor, $path, $want) = @$_;
    my $n = $b->hits;
    my $r = $t->post($path, { model => "$vendor:m" });

    is $r->status, 200, "$vendor$path" or diag $r->body;
    is $b->hits > $n && $b->last->uri, $want, "$vendor$path: path";
}

# paths that are not listed

for (['/v2/other?x', '/front/v2/other?x'], ['/v1x', '/front/v1x'],
    ['/router/v1/files/1', '/api/v1/files/1'])
{
    my ($path, $want) = @$_;
    is $t->get($path)->status, 200, $path;
    is $b->last->uri, $want, "$path: path";
}

$t->done;
