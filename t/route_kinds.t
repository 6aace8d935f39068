#!/usr/bin/perl

# Tests for model_allow and for paths that the table does not list.

use FindBin;
use lib "$FindBin::Bin/lib";

use ModelTest;

my $t = ModelTest->new;
my $s = $t->backend('s', reply => '{}');
my $x = $t->backend('x', reply => '{}');

$t->conf(<<'CONF')->start;
model_vendor s { proxy_pass http://{{s}}; discover off; }
model_vendor x {
    proxy_pass http://{{x}}/base;
    dialect    openai;
    discover   off;
    key        literal:sk-x;
}
model_vendor claude {
    proxy_pass http://{{x}};
    dialect    anthropic;
    discover   off;
    key        literal:sk-c;
}
server {
    {{listen}}
    location / { model_pass; }
    location /manage/ { model_pass s; model_allow manage; }
    location /other/ { model_pass s; model_allow other; }
    location /all/ {
        model_pass;
        model_allow inference manage other;
        model_default x;
    }
    location /lost/ { model_pass; model_allow other; }
    location /claude/ { model_pass claude; model_allow other manage; }
}
CONF

my $blob = '/api/blobs/sha256:' . 'a' x 64;

sub upstream {
    my ($method, $uri, $body, %o) = @_;
    $_->clear for $s, $x;
    my $r = $t->request($method, $uri, $body, %o);
    my ($q) = map { $_->requests(qr/./) } $s, $x;
    return ($r, $q, $q ? "$q->{method} $q->{uri}" : 'nothing');
}

# What is not allowed is 403, naming the directive
for (['', 'POST', '/api/pull', 'manage'], ['', 'DELETE', '/api/delete',
        'manage'], ['', 'POST', $blob, 'manage'], ['', 'HEAD', $blob],
    ['', 'GET', '/v1/files', 'other'], ['', 'POST', '/api/blobs/x', 'manage'],
    ['', 'POST', '/v1/../api/pull', 'manage'],
    ['', 'POST', '/v1/%2e%2e/api/pull', 'manage'],
    ['', 'POST', '/v1/..%2fapi%2fpull', 'manage'],
    ['', 'POST', '/api/p%75ll', 'manage'], ['', 'POST', '/api/PULL', 'manage'],
    ['', 'POST', '//api//pull/', 'manage'],
    ['', 'POST', '/api/pull/x', 'manage'],
    ['', 'POST', '/api/pull;x', 'manage'],
    ['', 'POST', '/api%2fpull', 'manage'],
    ['/other', 'POST', '/api/pull', 'manage'],
    ['/other', 'POST', '/x/../api/pull', 'manage'],
    ['/other', 'POST', '/%61pi/pull', 'manage'],
    ['/other', 'POST', '/api/chat', 'inference'],
    ['/other', 'POST', '/api/./chat', 'inference'],
    ['/other', 'GET', '/api/tags', 'inference'],
    ['/manage', 'GET', '/api/tags', 'inference'],
    ['/manage', 'POST', '/chat/completions', 'inference'])
{
    my ($prefix, $method, $path, $kind) = @$_;
    my ($r, undef, $line) = upstream($method, $prefix . $path, $method eq
        'POST' ? '{"model":"s:m"}' : undef);
    is $r->status, 403, "$method $prefix$path";
    is $line, 'nothing', 'not upstream';
    next if $method eq 'HEAD';
    like $r->body, qr/^\{.*"$kind\\".*model_allow.*\}$/, 'names model_allow';
}

# Unlisted paths keep the client's own bytes
for (['/other', 'GET', '/v1/files', '/v1/files'],
    ['/other', 'PATCH', '/x%2Fy/%7Ez?a=%20b', '/x%2Fy/%7Ez?a=%20b'],
    ['/other', 'GET', '/a//b/', '/a/b/'],
    ['/other', 'GET', '/a/../b', '/b'],
    ['/other', 'GET', '/a/%2e%2e/b%20c', '/b%20c'],
    ['/other', 'GET', '/%252e%252e/api/pull', '/%252e%252e/api/pull'],
    ['/other', 'GET', "/%C3%A9", '/%C3%A9'],
    ['/other', 'GET', '/x?key=secret', '/x'],
    ['/all', 'DELETE', '/v1/files/f-1', '/base/files/f-1'],
    ['/all', 'GET', '/api/me', '/base/api/me'])
{
    my ($prefix, $method, $path, $sent) = @$_;
    my ($r, undef, $line) = upstream($method, $prefix . $path);
    is $r->status, 200, "$method $prefix$path";
    is $line, "$method $sent", 'upstream';
}

my ($r, $q) = upstream(PUT => '/other/thing', "\0\1not JSON",
    headers => ['Content-Encoding', 'gzip']);
is $q->body, "\0\1not JSON", 'a body of any kind';
is $q->header('content-encoding'), 'gzip', 'and its encoding';

# Nobody to take it
($r) = upstream(GET => '/lost/v1/files');
is $r->status, 404, 'no vendor for it';
like $r->json->{error}{message}, qr/model_default/, 'says what would help';

# The credential is that of the vendor's dialect where the path has none
(undef, $q) = upstream(GET => '/all/v1/files');
is $q->header('authorization'), 'Bearer sk-x', 'Bearer';
(undef, $q) = upstream(GET => '/claude/v1/files');
is $q->header('x-api-key'), 'sk-c', 'x-api-key';
is $q->header('anthropic-version'), '2023-06-01', 'anthropic-version';
is $q->header('authorization'), undef, 'and no Bearer';

# Blobs are Ollama's
($r, $q) = upstream(HEAD => "/manage$blob?x=1");
is $q && $q->uri, "$blob?x=1", 'HEAD of a blob';
($r, $q) = upstream(POST => "/claude$blob", 'bytes');
is $r->status, 400, 'a blob for a vendor of another dialect';
is $q, undef, 'does not go upstream';

$t->done;
