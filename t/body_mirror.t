#!/usr/bin/perl

# Tests for bodies that another module has read before the gateway.

use FindBin;
use lib "$FindBin::Bin/lib";

use ModelTest;

my $t = ModelTest->new;
my $a = $t->ollama('a', models => ['llama3'], reply => ['Hel', 'lo']);
$t->backend('m', on => { 'POST /copy' => { status => 204 } });

$t->conf(<<'CONF')->start;
model_vendor local { proxy_pass http://{{a}}; }
server {
    {{listen}}
    client_body_buffer_size 1k;
    location / { mirror /copy; model_pass; }
    location = /copy { internal; proxy_pass http://{{m}}; }
}
CONF

for my $size (10, 5000, 300_000) {
    my $r = $t->post('/api/chat', { model => 'local:llama3', stream => \0,
        messages => [{ role => 'user', content => 'x' x $size }] });

    is $r->status, 200, "status with $size bytes";
    is $a->last(qr/chat/)->json->{model}, 'llama3',
        "prefix is cut with $size bytes";
}

$t->done;
