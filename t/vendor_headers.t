#!/usr/bin/perl

# Tests for the headers that vendors get, and those of theirs that are hidden.

use FindBin;
use lib "$FindBin::Bin/lib";

use ModelTest;

my $t = ModelTest->new;
my $s = $t->backend('s', on => { '/api/chat' => sub { { status => 200,
    headers => ['Content-Type' => 'application/json', 'Set-Cookie' => 'a=b',
        'Access-Control-Allow-Origin' => '*', 'X-Secret' => 'x',
        'Access-Control-Expose-Headers' => 'x', 'OpenAI-Organization' => 'org',
        'X-Request-Id' => 'r1', 'X-Accel-Redirect' => '/elsewhere',
        'X-Accel-Limit-Rate' => '1'], body => '{"done":true}' } } });

$t->conf(<<'CONF')->start;
client_max_body_size 10m;
proxy_set_header X-Http http;
proxy_set_header host evil.test;
proxy_set_header Authorization "Bearer evil";
proxy_set_header Connection close;
proxy_set_header Accept-Encoding gzip;
proxy_set_header Cookie evil=1;

upstream named {
    server localhost:{{s.port}};
    server 127.0.0.1:{{s.port}};
    keepalive 2;
    keepalive_timeout 4s;
}

model_vendor up { proxy_pass http://named; discover off; key literal:k1; }
model_vendor plain { proxy_pass http://127.0.0.1:{{s.port}}; discover off; }

model_vendor own {
    proxy_pass http://127.0.0.1:{{s.port}};
    discover off;
    key literal:k2;
    proxy_set_header HOST own.test;
    proxy_set_header X-Own "own $request_method";
    proxy_set_header cookie c=1;
    proxy_pass_header Set-Cookie;
    proxy_hide_header X-Secret;
}

model_vendor mine {
    proxy_pass http://127.0.0.1:{{s.port}};
    discover off;
    key literal:k3;
    proxy_set_header Authorization "Basic mine";
}

server {
    {{listen}}
    location /elsewhere { return 200 elsewhere; }
    location / { model_pass; }
}
CONF

sub chat {
    my $vendor = shift;
    my $r = $t->post('/api/chat', { model => "$vendor:m" }, headers => [
        Authorization => 'Bearer client', Cookie => 'client=1',
        Connection => 'close', 'Accept-Encoding' => 'gzip, br',
        Referer => 'http://r.test/', 'X-Api-Key' => 'client',
        'X-Kept' => 'kept', 'X-OpenWebUI-User-Email' => 'e@x.test',
        'X-OpenWebUI-New-Thing' => 'x', 'Proxy-Authorization' => 'Basic x']);
    is $r->status, 200, "$vendor: answer" or diag $r->body;
    return ($r, $s->last(qr/chat/));
}

my $port = $s->port;
my @always = (['X-Kept', 'kept'], map { [$_, undef] } qw(Connection Referer
    Proxy-Authorization X-OpenWebUI-User-Email X-OpenWebUI-New-Thing
    X-OpenWebUI- Origin api-key));

for (['up', [Host => "localhost:$port"], [Authorization => 'Bearer k1'],
        ['X-Http', 'http'], ['Accept-Encoding', 'identity'],
        [Cookie => undef], ['X-Api-Key', undef]],
    ['plain', [Host => "127.0.0.1:$port"], [Authorization => undef],
        ['X-Http', 'http'], ['Accept-Encoding', 'identity'],
        [Cookie => undef], ['X-Api-Key', undef]],
    ['own', [Host => 'own.test'], ['X-Own', 'own POST'], [Cookie => 'c=1'],
        ['X-Http', 'http'], [Authorization => 'Bearer k2'],
        ['Accept-Encoding', 'identity'], ['X-Api-Key', undef]],
    ['mine', [Authorization => 'Basic mine'], ['X-Http', 'http'],
        [Host => "127.0.0.1:$port"], ['Accept-Encoding', 'identity']])
{
    my ($vendor, @want) = @$_;
    my ($r, $q) = chat($vendor);

    is $q->version, '1.1', "$vendor: HTTP/1.1";
    for (@want, @always) {
        my ($name, $value) = @$_;
        my @got = $q->header($name);
        is_deeply \@got, [defined $value ? $value : ()], "$vendor: $name";
    }

    is $r->header('X-Request-Id'), 'r1', "$vendor: X-Request-Id passes";
    is $r->header($_), undef, "$vendor: $_ is hidden"
        for qw(Access-Control-Allow-Origin Access-Control-Expose-Headers
        OpenAI-Organization X-Accel-Redirect X-Accel-Limit-Rate);
    is $r->header('Set-Cookie'), $vendor eq 'own' ? 'a=b' : undef,
        "$vendor: Set-Cookie";
    is $r->header('X-Secret'), $vendor eq 'own' ? undef : 'x',
        "$vendor: X-Secret";
    is $r->body, '{"done":true}', "$vendor: no redirect inside";
}

$t->done;
