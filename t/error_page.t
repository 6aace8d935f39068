#!/usr/bin/perl

# Tests for error_page: what the user set wins, and may lead to a second
# model_pass, whose vendor gets the request as the client sent it.

use FindBin;
use lib "$FindBin::Bin/lib";

use ModelTest;

my $t = ModelTest->new;
my $down = $t->backend('down');
my $b = $t->ollama('b', models => ['m', 'down:m'], reply => 'from b');
my $stock = $t->backend('stock', reply => 'from stock');

$down->refuse;
$t->write_file('html/own.json', '{"own":"page"}');

$t->conf(<<'CONF')->start;
model_vendor down {
    proxy_pass http://{{down}};
    discover off;
    model m;
    model a-longer-name;
    default options.x 1;
}
model_vendor b {
    proxy_pass http://{{b}};
    discover off;
    model m;
    default options.num_ctx 4096;
}
server {
    {{listen}}
    client_body_buffer_size 2k;
    root {{dir}}/html;
    error_page 401 403 413 502 /own.json;

    location / { model_pass; client_max_body_size 100; }
    location = /own.json { }
    location /code/ { model_pass; error_page 502 =299 /own.json; }
    location /deny/ { model_pass; deny all; }
    location /missing/ { model_pass; error_page 502 /nothing.json; }

    location /stock/ { model_pass; error_page 502 = @stock; }
    location @stock { proxy_pass http://{{stock}}; }

    location /get/ { model_pass; error_page 502 = /second/api/tags; }
    location /post/ { model_pass; error_page 502 = /second/api/chat; }

    location /first/ { model_pass down; error_page 502 = @second; }
    location /early/ { model_pass down; model_read preaccess;
        error_page 502 = @second; }
    location @second { rewrite ^/[a-z]+/(.*)$ /second/$1 last; }
    location /second/ { model_pass b; }

    location /loop/ { model_pass down; error_page 502 = @loop; }
    location @loop { rewrite ^(.*)$ $1 last; }

    location /none/ { model_pass; error_page 502 = @none; }
    location @none { return 444; }
}
CONF

sub chat { my $m = shift; return { model => $m, stream => \0, @_,
    messages => [{ role => 'user', content => 'hi' }] } }

my $c = $t->client;

# Pages and stock locations
my $r = $c->post('/api/chat', { model => 'down:m' });
is $r->status, 502, 'static page: status';
is $r->body, '{"own":"page"}', 'static page: body';

$r = $c->post('/code/api/chat', chat('down:m'));
is $r->status, 299, 'static page with a code: status';
is $r->body, '{"own":"page"}', 'static page with a code: body';

$r = $c->post('/deny/api/chat', chat('down:m'));
is $r->status, 403, 'of the access phase: status';
is $r->body, '{"own":"page"}', 'of the access phase: body';

is $t->post('/api/chat', chat('down:m', x => 'x' x 200))->body,
    '{"own":"page"}', 'a body too large';

$r = $c->post('/missing/api/chat', chat('down:m'));
is $r->status, 502, 'page that is not there: status';
ok $r->json->{error}, 'page that is not there: still JSON';

$r = $c->post('/stock/api/chat', chat('down:m'));
is $r->body, 'from stock', 'stock proxy';
is $stock->last->method, 'POST', 'stock proxy: method';
like $stock->last->body, qr/"stream":false/, 'stock proxy: body';

# error_page of a URI makes a GET, as ever
$r = $c->post('/get/api/chat', chat('down:m'));
is $r->status, 200, 'a listing';
ok $r->json->{models}, 'a listing: body';

$r = $c->post('/post/api/chat', chat('down:m'));
is $r->status, 405, 'a path for POST';
is $r->json->{error}, 'this path takes POST', 'a path for POST: words';

# A second model_pass, by a named location, with the body again
for my $at ('first', 'early') {
    for my $case (
        ['cut name', chat('down:m')],
        ['bare name', chat('m')],
        ['in a file', chat('down:m', x => 'y' x 10000)],
        ['name at the end', { stream => \0, messages => [], zz => 'x' x 3000,
            options => { x => 2 }, model => 'down:m' }])
    {
        my ($name, $body) = @$case;
        $b->clear;
        $r = $c->post("/$at/api/chat", $body);
        is $r->status, 200, "$at, $name: status";
        is $b->hits(qr/chat/), 1, "$at, $name: one request";
        my $j = $b->last(qr/chat/)->json;
        is $j->{model}, $body->{model}, "$at, $name: model";
        is $j->{x}, $body->{x}, "$at, $name: rest of the body";
        is $j->{options}{num_ctx}, 4096, "$at, $name: defaults of the second";
    }

    $r = $c->post("/$at/api/chat", chat('down:a-longer-name'));
    is $r->status, 404, "$at, not there: status";
}

# No way out, no crash
$r = $c->post('/loop/api/chat', chat('down:m'));
is $r->status, 502, 'loop: status';
is $r->json->{error}, 'vendor "down" could not be reached', 'loop: words';

$r = $t->post('/none/api/chat', chat('down:m'));
is $r->status, 0, '444 closes';

$t->done;
