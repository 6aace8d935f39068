#!/usr/bin/perl

# Tests for bodies over client_max_body_size: 413 in dialect, read or not.

use FindBin;
use lib "$FindBin::Bin/lib";

use ModelTest;

my $t = ModelTest->new;
my $s = $t->backend('s', reply => '{}');

$t->conf(<<'CONF')->start;
client_max_body_size 10k;
model_vendor s { proxy_pass http://{{s}}; discover off; }
server {
    {{listen}}
    location / { model_pass s; model_allow inference manage other; }
    location /early/ { model_pass s; model_read preaccess; }
}
server {
    {{listen:h2 http2}}
    location / { model_pass s; model_allow inference manage other; }
    location /early/ { model_pass s; model_read preaccess; }
}
CONF

my $big = 'x' x 100_000;
my %error = (ollama => sub { $_[0]{error} },
    openai => sub { $_[0]{error}{message} },
    anthropic => sub { $_[0]{error}{message} });

for (['/api/chat', 'ollama'], ['/v1/embeddings', 'openai'],
    ['/v1/messages', 'anthropic'], ['/early/api/chat', 'ollama'],
    ['/api/blobs/sha256:' . 'a' x 64, 'ollama'], ['/v1/files', 'openai'])
{
    my ($path, $dialect) = @$_;
    my @r = (['by its length', $t->post($path, $big)],
        ['by chunks', $t->post($path, $big, chunked => 1)]);

    if ($t->has('http_v2')) {
        my $h2 = $t->h2(listen => 'h2');
        push @r, ['HTTP/2', $h2->post($path, $big)],
            ['HTTP/2 without length', $h2->post($path, $big, length => 0)];
        $h2->close;
    }

    for (@r) {
        my ($how, $r) = @$_;
        is $r->status, 413, "$path, $how";
        like $r->body, qr/\A\{[^\n]*\}\n?\z/, 'one line of JSON';
        like $error{$dialect}->($r->json), qr/client_max_body_size/,
            'names what to change';
    }
}

is scalar(grep { $_->complete } $s->requests(qr/./)), 0,
    'no such request reaches a vendor whole';

# What fits does
is $t->post('/api/chat', { model => 's:m' })->status, 200, 'a small one';
is $t->raw("POST http://gw.test/v1/x%7E?a=1&key=2 HTTP/1.1\r\nHost: gw.test\r\n"
    . "Content-Length: 2\r\n\r\n{}")->status, 200, 'by an absolute URI';
is $s->last(qr/./)->uri, '/v1/x%7E?a=1', 'whose path goes on';

$t->done;
