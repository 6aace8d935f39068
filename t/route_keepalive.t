#!/usr/bin/perl

# Tests that a connection goes on after each kind of answer, bodies unread.

use FindBin;
use lib "$FindBin::Bin/lib";

use ModelTest;

my $t = ModelTest->new;
my $s = $t->backend('s', reply => '{}');

$t->conf(<<'CONF')->start;
model_vendor s { proxy_pass http://{{s}}; discover off; }
model_vendor o { proxy_pass http://{{s}}; dialect openai; discover off; }
server {
    {{listen}}
    location / { model_pass; }
    location /manage/ { model_pass o; model_allow manage other; }
    location /lost/ { model_pass; model_allow other; }
}
CONF

my $fill = 'x' x 20_000;
my @cases = (
    ['POST', '/api/chat', { model => 's:m', x => $fill }, 200],
    ['POST', '/api/pull', { model => 's:m', x => $fill }, 403],
    ['PUT', '/api/chat', $fill, 405],
    ['POST', '/api/tags', $fill, 405],
    ['POST', '/api/chat', $fill, 400],
    ['POST', '/api/chat', { model => 'none', x => $fill }, 404],
    ['POST', '/api/chat', { model => 'o:m', x => $fill, messages => 1 }, 400],
    ['POST', '/lost/any', $fill, 404],
    ['POST', '/manage/api/blobs/sha256:' . 'a' x 64, $fill, 400],
    ['PUT', '/manage/any', $fill, 200],
    ['GET', '/api/version', $fill, 200],
    ['POST', '/api/chat', $fill, 415, headers => ['Content-Encoding', 'br']],
);

for my $framing ('', 'chunked', 'expect') {
    my $c = $t->client;

    for (@cases) {
        my ($method, $path, $body, $status, %o) = @$_;
        $o{$framing} = 1 if $framing;
        my $r = $c->request($method, $path, $body, %o);
        is $r->status, $status, "$method $path $framing";
        ok $r->complete, 'complete';

        if (($r->header('connection') // '') ne 'close') {
            is $c->get('/')->body, 'Ollama is running', 'the next request';

        } else {
            $c = $t->client;
        }
    }
}

# Two requests in one packet
my $post = sub { "POST /api/chat HTTP/1.1\r\nHost: x\r\nContent-Length: "
    . length($_[0]) . "\r\n\r\n$_[0]" };
my $c = $t->client;
$s->clear;
is $c->raw($post->('{"model":"s:a"}') . $post->('{"model":"s:b"}'))->status,
    200, 'pipelined';
is $c->get('/')->status, 200, 'the second one';
is_deeply [map { $_->body } $s->requests(qr/POST/)],
    ['{"model":"a"  }', '{"model":"b"  }'], 'both went on';

$t->done;
