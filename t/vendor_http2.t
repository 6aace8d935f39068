#!/usr/bin/perl

# Tests for vendors asked over HTTP/2, which newer releases of nginx can.

use FindBin;
use lib "$FindBin::Bin/lib";

use ModelTest;

my $t = ModelTest->new;
$t->needs('1.29.4', 'http_v2');
my $s = $t->backend('s');

$t->conf(<<'CONF')->start;
client_max_body_size 10m;

model_vendor v {
    proxy_pass http://127.0.0.1:{{port:in}};
    proxy_http_version 2;
    discover off;
    key literal:k;
}

server { {{listen}} location / { model_pass; } }

server {
    {{listen:in http2}}
    add_header X-Seen "$server_protocol $http_host $http_connection";
    location / { proxy_pass http://{{s}}; }
}
CONF

for my $text ('short', 'x' x 300_000) {
    my $r = $t->post('/api/chat', { model => 'v:m', text => $text });
    my $q = $s->last;

    is $r->status, 200, 'answer' or diag $r->raw;
    is $r->header('X-Seen'), 'HTTP/2.0 ' . $t->address('in') . ' ',
        'version, Host, no Connection';
    is $q->uri, '/api/chat', 'path';
    is $q->header('Authorization'), 'Bearer k', 'key';
    is $q->json->{text}, $text, 'body';
    is $q->json->{model}, 'm', 'model';
}

$t->done;
