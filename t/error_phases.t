#!/usr/bin/perl

# Tests for errors that stock phases make in a model_pass location: JSON in
# the caller's dialect, with the headers that belong to them.

use FindBin;
use lib "$FindBin::Bin/lib";

use ModelTest;

my $t = ModelTest->new;
my $a = $t->backend('a', on => { '/challenge' => { status => 401,
    headers => ['WWW-Authenticate' => 'Basic realm="sub"'], body => '' } });
my $h2 = $t->has('http_v2');
my $auth = $t->has('http_auth_request');

# user "joe", password "secret"
$t->write_file('htpasswd', "joe:{PLAIN}secret\n");

$t->conf(<<'CONF' . ($h2 ? <<'H2' : '') . ($auth ? <<'AUTH' : ''))->start;
limit_req_zone $server_port zone=req:64k rate=1r/m;
limit_req_zone $server_port zone=req2:64k rate=1r/m;
limit_conn_zone $server_port zone=conn:64k;
log_format status '$request_method $uri $status';
access_log {{dir}}/status.log status;

model_vendor a {
    proxy_pass http://{{a}};
    dialect ollama openai anthropic;
    discover off;
    model m;
}

server {
    {{listen}}
    client_max_body_size 1k;
    location / { model_pass; }
    location /basic/ { model_pass; auth_basic "models"; auth_basic_user_file
        {{dir}}/htpasswd; }
    location /deny/ { model_pass; deny all; }
    location /return/ { model_pass; return 403; }
    location /text/ { model_pass; return 403 "my own words"; }
    location /teapot/ { model_pass; return 418; }
    location /away/ { model_pass; return 302 /x; }
    location /req/ { model_pass; limit_req zone=req; }
    location /req429/ { model_pass; limit_req zone=req2; limit_req_status 429; }
    location /conn/ { model_pass; limit_conn conn 1; }
    location /if/ { model_pass; if ($arg_no) { return 403; } }
    location /except/ { model_pass; limit_except GET { deny all; } }
    location /retry/ { model_pass; add_header Retry-After 30 always;
        return 503; }
}
CONF
server {
    {{listen:h2 http2}}
    client_max_body_size 1k;
    location / { model_pass; }
    location /basic/ { model_pass; auth_basic "models"; auth_basic_user_file
        {{dir}}/htpasswd; }
}
H2
server {
    {{listen:auth}}
    location / { model_pass; auth_request /check; }
    location = /check { internal; return 401; }
    location /forbidden/ { model_pass; auth_request /check403; }
    location = /check403 { internal; return 403; }
    location /challenge/ { model_pass; auth_request /basic; }
    location = /basic { internal; proxy_pass http://{{a}}/challenge;
        proxy_pass_request_body off; proxy_set_header Content-Length ""; }
    location /broken/ { model_pass; auth_request /check500; }
    location = /check500 { internal; return 500; }
}
AUTH

my %path = (ollama => 'api/chat', openai => 'v1/chat/completions',
    anthropic => 'v1/messages');
my $body = { model => 'a:m' };

sub error_of {
    my ($dialect, $r, $name) = @_;
    my $j = $r->json;
    is $r->header('content-type'), 'application/json', "$name: type";
    is $r->header('content-length'), length $r->body, "$name: length"
        if !$r->header('transfer-encoding');
    unlike $r->body, qr/\n/, "$name: one line";
    return $j->{error} if $dialect eq 'ollama';
    is_deeply [sort keys %{ $j->{error} }], $dialect eq 'openai'
        ? [qw(code message param type)] : [qw(message type)],
        "$name: shape";
    return $j->{error}{message};
}

sub refuses {
    my ($name, $client, $prefix, $status, $words, %o) = @_;

    for my $dialect (sort keys %path) {
        my $n = "$name, $dialect";
        my $r = $client->post("$prefix$path{$dialect}", $o{body} || $body,
            headers => $o{headers} || [], %{ $o{on} || {} });
        my $want = $status == 503 && $dialect eq 'anthropic' ? 529 : $status;
        is $r->status, $want, "$n: status";
        like error_of($dialect, $r, $n), $words, "$n: words";
        is $r->header($_), $o{has}{$_}, "$n: $_" for sort keys %{ $o{has} };
    }
}

my $c = $t->client;
my $denied = qr/^access is forbidden/;
my %basic = (has => { 'www-authenticate' => 'Basic realm="models"' });

refuses('auth_basic', $c, '/basic/', 401, qr/^authorization is/, %basic);
refuses('auth_basic, wrong', $c, '/basic/', 401, qr/^authorization is/,
    %basic, headers => [Authorization => 'Basic am9lOndyb25n']);
refuses('deny', $c, '/deny/', 403, $denied);
refuses('return 403', $c, '/return/', 403, $denied);
refuses('return 418', $c, '/teapot/', 418, qr/^the request failed$/);
refuses('limit_except', $c, '/except/', 403, $denied);
refuses('return 503', $c, '/retry/', 503, qr/^too busy/,
    has => { 'retry-after' => 30 });
is $a->hits, 0, 'nothing went to the vendor';

# What the user says himself stays as it is
is $c->post('/text/api/chat', $body)->body, 'my own words', 'return with text';
is $c->post('/away/api/chat', $body)->status, 302, 'return of a redirect';
is $c->post('/if/api/chat?no=1', $body)->json->{error} =~ $denied, 1, 'if';
is $c->post('/if/api/chat', $body)->status, 200, 'if that is false';

# Limits
for my $case (['req', 503], ['req429', 429]) {
    my ($at, $status) = @$case;
    is $c->post("/$at/api/chat", $body)->status, 200, "$at: the first";
    refuses($at, $c, "/$at/", $status, qr/^too (?:busy|many requests), try/);
}

$a->hang(match => qr/chat/, times => 1);
$a->clear;
my $hang = $t->open(POST => '/conn/api/chat', body => $body);
$a->wait_for(1, qr/chat/);
refuses('limit_conn', $c, '/conn/', 503, qr/^too busy/);
$hang->close;

# Bodies too large, by length, by chunks, over HTTP/2
my $large = { model => 'a:m', x => 'x' x 5000 };
my $words = qr/^the request body is larger than client_max_body_size/;
$a->clear;
refuses('413', $t, '/', 413, $words, body => $large);

for my $dialect (sort keys %path) {
    my $r = $t->post("/$path{$dialect}", $large, chunked => 1, split => 900);
    is $r->status, 413, "413, chunked, $dialect";
    like error_of($dialect, $r, "413, chunked, $dialect"), $words,
        "413, chunked, $dialect: words";
}

if ($h2) {
    my $s = $t->h2(listen => 'h2');
    refuses('413, HTTP/2', $s, '/', 413, $words, body => $large);
    my $r = $s->post('/api/chat', $large, length => 0, split => 900);
    is $r->status, 413, '413, HTTP/2 without length';
    like error_of('ollama', $r, '413, HTTP/2 without length'), $words,
        '413, HTTP/2 without length: words';
    refuses('401, HTTP/2', $s, '/basic/', 401, qr/^authorization/, %basic);
    $s->close;
}

# Encodings
refuses('415', $c, '/', 415, qr/^compressed request bodies are not supported/,
    headers => ['Content-Encoding' => 'gzip']);
is $a->hits, 0, 'none of them went to the vendor';

if ($auth) {
    my $s = $t->client(listen => 'auth');
    refuses('auth_request 401', $s, '/', 401, qr/^authorization/);
    refuses('auth_request 403', $s, '/forbidden/', 403, $denied);
    refuses('auth_request 500', $t, '/broken/', 500, qr/^the gateway failed/,
        on => { listen => 'auth' });
    refuses('auth_request, challenge', $s, '/challenge/', 401,
        qr/^authorization/,
        has => { 'www-authenticate' => 'Basic realm="sub"' });
}

# Methods
my $r = $c->request('GET', '/api/chat');
is $r->status, 405, 'GET of chat';
is $r->header('allow'), 'POST', 'GET of chat: Allow';
is error_of('ollama', $r, 'GET of chat'), 'this path takes POST', 'words';

$r = $c->request('POST', '/v1/models', '{}');
is $r->status, 405, 'POST to models';
is $r->header('allow'), 'GET, HEAD', 'POST to models: Allow';
like error_of('openai', $r, 'POST to models'), qr/^this path takes GET, HEAD/,
    'words';

for my $method (qw(TRACE CONNECT FOO)) {
    $r = $t->request($method, '/v1/chat/completions');
    like $r->status, qr/^40[05]$/, "$method: status";
}

# A page that a filter makes in place of our own answer
for my $case (['/api/tags', 'ollama'], ['/v1/models', 'openai']) {
    my ($uri, $dialect) = @$case;
    $r = $t->get($uri, headers => ['If-Match' => '"x"']);
    is $r->status, 412, "$uri: If-Match";
    is error_of($dialect, $r, "$uri: If-Match"), 'the request failed',
        "$uri: If-Match: words";
}

# HEAD has the head only, the connection goes on
for my $uri ('/basic/api/tags', '/deny/v1/models', '/api/chat') {
    $r = $c->open(HEAD => $uri)->finish;
    cmp_ok $r->status, '>=', 401, "HEAD $uri: status";
    is $r->header('content-type'), 'application/json', "HEAD $uri: type";
    is $c->get('/api/version')->status, 200, "HEAD $uri: next request";
}

# Pipelined requests after errors
my $p = $t->client;
$p->write(join '', map { "$_ HTTP/1.1\r\nHost: x\r\n\r\n" } 'GET /deny/x',
    'HEAD /api/chat', 'GET /api/nothing', 'GET /api/version');
my @status = map { ModelTest::Response->new($p, $_, keep => 1)->finish->status }
    qw(GET HEAD GET GET);
is "@status", '403 405 403 200', 'pipelined';

# The log says what the client was told
my $log = $t->read_file('status.log');
like $log, qr{^POST /retry/v1/messages 529$}m, 'status in the log: 529';
like $log, qr{^POST /retry/api/chat 503$}m, 'status in the log: 503';

$t->done;
