#!/usr/bin/perl

# Tests for "model_read preaccess": limits and auth_request know the model.

use FindBin;
use lib "$FindBin::Bin/lib";

use Digest::SHA qw(sha256_hex);

use ModelTest;

my $t = ModelTest->new;
my $a = $t->ollama('a', models => ['llama3', 'qwen', 'big']);
my $auth = $t->has('http_auth_request');
my $h2 = $t->has('http_v2');
my $check = $t->backend('check', on => { '/check' => sub {
    return { status => ($_[1]{headers}{'x-model'} // '') eq 'a:qwen'
        ? 403 : 204 } } });

$t->write_file('keys', join '', map { "$_:" . sha256_hex("key-of-$_") . "\n" }
    qw(joe ann));

$t->conf(<<'CONF' . ($h2 ? <<'H2' : '') . ($auth ? <<'AUTH' : ''))->start;
map $model $heavy { a:big $model; ~^big $model; default ""; }
map $model_vendor:$model_name:$model_stream $what { "a:qwen:0" x; }
limit_req_zone $model zone=name:64k rate=1r/m;
limit_req_zone $model_client zone=client:64k rate=1r/m;
limit_req_zone $heavy zone=heavy:64k rate=1r/m;
limit_req_zone $what zone=what:64k rate=1r/m;
limit_conn_zone $model zone=conn:64k;
limit_req_status 429;

model_vendor a { proxy_pass http://{{a}}; }
model_read preaccess;
client_body_buffer_size 1k;

server {
    {{listen}}
    client_max_body_size 10k;
    location / { model_pass; }
    location /model/ { model_pass; limit_req zone=name; }
    location /client/ { model_pass; limit_req zone=client;
        model_keys file:{{dir}}/keys; }
    location /heavy/ { model_pass; limit_req zone=heavy; }
    location /what/ { model_pass; limit_req zone=what; }
    location /conn/ { model_pass; limit_conn conn 1; }
}
CONF
server {
    {{listen:h2 http2}}
    client_max_body_size 10k;
    location / { model_pass; limit_req zone=name; }
}
H2
server {
    {{listen:auth}}
    location / { model_pass; auth_request /check; }
    location = /check { internal; proxy_pass http://{{check}};
        proxy_pass_request_body off; proxy_set_header Content-Length "";
        proxy_set_header X-Model $model;
        proxy_set_header X-What "$model_vendor $model_name $model_stream"; }
}
AUTH

sub chat { my $m = shift; return { model => $m, stream => \0, @_,
    messages => [{ role => 'user', content => 'x' }] } }

sub status { my ($uri, $body, @o) = @_;
    return $t->post($uri, $body, @o)->status }

$t->eventually(sub { $t->get('/api/tags')->body =~ /qwen/ },
    'models are known');

# One a minute, of each model
my %form = (plain => [], chunked => [chunked => 1],
    split => [split => 'bytes'], expect => [expect => 1]);

for my $how (sort keys %form) {
    my @o = @{ $form{$how} };
    my $m = "m-$how";
    is status('/model/api/chat', chat($m), @o), 404, "$how: the first";
    is status('/model/api/chat', chat($m), @o), 429, "$how: the second";
    is status('/model/api/chat', chat("$m-2"), @o), 404, "$how: another";
    is status('/model/api/chat', chat("$m-2"), @o), 429, "$how: that again";
}

my $large = chat('a:llama3', x => 'x' x 5000);
is status('/model/api/chat', $large), 200, 'body in a file';
is length $a->last(qr/chat/)->json->{x}, 5000, 'body in a file: all of it';
is $a->last(qr/chat/)->json->{model}, 'llama3', 'body in a file: name';
is status('/model/api/chat', $large), 429, 'body in a file: the second';
is status('/model/v1/chat/completions', chat('a:llama3')), 429,
    'another path of the same model';
is $t->get('/model/api/tags')->status, 200, 'no model: no limit';
is $t->get('/model/api/tags')->status, 200, 'no model: never';

# A map, more variables, the client
is status('/heavy/api/chat', chat('a:big')), 200, 'map: the first';
is status('/heavy/api/chat', chat('a:big')), 429, 'map: the second';
is status('/heavy/api/chat', chat('a:llama3')), 200, 'map: not for all';
is status('/heavy/api/chat', chat('a:llama3')), 200, 'map: never';

is status('/what/api/chat', chat('qwen')), 200, 'what is known: the first';
is status('/what/api/chat', chat('a:qwen')), 429, 'what is known: the second';

for my $who ('joe', 'ann') {
    my @key = (headers => ['x-api-key' => "key-of-$who"]);
    is status('/client/api/chat', chat('a:big'), @key), 200, "$who: the first";
    is status('/client/api/chat', chat('qwen'), @key), 429, "$who: the second";
    is status("/client/key-of-$who/api/chat", chat('qwen')), 429,
        "$who: by path";
}

is status('/client/api/chat', chat('a:big')), 401, 'nobody';

$a->hang(match => qr/chat/, times => 1);
$a->clear;
my $hang = $t->open(POST => '/conn/api/chat', body => chat('a:llama3'));
$a->wait_for(1, qr/chat/);
is status('/conn/api/chat', chat('a:llama3')), 503, 'limit_conn: the second';
is status('/conn/api/chat', chat('a:big')), 200, 'limit_conn: another model';
$hang->close;
$a->wait_closed;
$t->eventually(sub { status('/conn/api/chat', chat('a:llama3')) == 200 },
    'limit_conn: the place is free again');

# Bodies that are refused end at once
for my $case (
    ['too large', 413, chat('a:llama3', x => 'x' x 20000)],
    ['cut', 400, '{"model":"a:llama3"'],
    ['empty', 400, ''],
    ['two models', 400, '{"model":"a:big","model":"a:qwen"}'],
    ['none', 400, '{}'])
{
    my ($name, $status, $body) = @$case;
    for my $how (sort keys %form) {
        next if $how eq 'split' && ref $body;
        my $r = $t->post('/api/chat', $body, @{ $form{$how} });
        is $r->status, $status, "$name, $how: status";
        ok $r->json->{error}, "$name, $how: words";
    }
}

is $t->post('/api/chat', 'x', headers => ['Content-Encoding' => 'gzip'])
    ->status, 415, 'compressed';

# Half a body, and then nobody
my $r = $t->open(POST => '/api/chat', part => 1, body => '{"model":',
    headers => ['Content-Length' => 1000]);
$r->close;

if ($h2) {
    my $c = $t->h2(listen => 'h2');
    is $c->post('/api/chat', chat('a:h2'), split => 5)->status, 404,
        'HTTP/2: the first';
    is $c->post('/api/chat', chat('a:h2'), length => 0)->status, 429,
        'HTTP/2: the second';
    is $c->post('/api/chat', chat('h2', x => 'x' x 5000), split => 700)
        ->status, 404, 'HTTP/2: body in a file';
    is $c->post('/api/chat', chat('h3', x => 'x' x 20000), length => 0)
        ->status, 413, 'HTTP/2: too large';
    my $s = $c->open(POST => '/api/chat', body => '{"mo', part => 1);
    $s->reset(8);
    is $c->post('/api/chat', chat('h4'))->status, 404, 'HTTP/2: after a reset';
    $c->close;
}

if ($auth) {
    my @on = (listen => 'auth');
    is status('/api/chat', chat('a:llama3'), @on), 200, 'auth_request lets in';
    is $check->last->header('x-model'), 'a:llama3', 'auth_request: $model';
    is $check->last->header('x-what'), 'a llama3 0',
        'auth_request: the others';
    is status('/api/chat', chat('a:qwen'), @on), 403, 'auth_request refuses';
    is status('/api/chat', '{"model":', @on), 400,
        'a bad body is refused after that';
    is $check->last->header('x-model'), undef, 'with no model';
    is $t->get('/api/tags', @on)->status, 200, 'listing';
}

$t->done;
