#!/usr/bin/perl

# Tests for preflights: answered without a credential, with the headers that
# the official SDKs send.

use FindBin;
use lib "$FindBin::Bin/lib";

use Digest::SHA qw(sha256_hex);

use ModelTest;

my $t = ModelTest->new;
my $h2 = $t->has('http_v2');
my $auth = $t->has('http_auth_request');
my $a = $t->backend('a');

$t->write_file('htpasswd', "joe:{PLAIN}secret\n");
$t->write_file('keys', 'joe:' . sha256_hex('key-of-joe') . "\n");

$t->conf(<<'CONF' . ($h2 ? <<'H2' : '') . ($auth ? <<'AUTH' : ''))->start;
model_vendor a { proxy_pass http://{{a}}; discover off; model m; }
model_cors https://chat.example.com;
auth_basic_user_file {{dir}}/htpasswd;
server {
    {{listen}}
    location / { model_pass; }
    location /basic/ { model_pass; auth_basic "x"; }
    location /keys/ { model_pass; model_keys file:{{dir}}/keys; }
    location /deny/ { model_pass; deny all; }
    location /early/ { model_pass; model_read preaccess; }
    location /any/ { model_pass; model_cors *; auth_basic "x"; }
    location /off/ { model_pass; model_cors off; }
    location /other/ { model_pass a; model_allow inference manage other; }
}
CONF
server { {{listen:h2 http2}} location / { model_pass; } }
H2
server {
    {{listen:auth}}
    location / { model_pass; auth_request /check; }
    location = /check { internal; return 403; }
}
AUTH

# What OpenAI's and Anthropic's SDKs for browsers, and Ollama's, ask for
my @sdk = (
    'authorization,content-type,x-stainless-arch,x-stainless-lang,'
        . 'x-stainless-os,x-stainless-package-version,'
        . 'x-stainless-retry-count,x-stainless-runtime,'
        . 'x-stainless-runtime-version,x-stainless-timeout',
    'authorization,content-type,openai-organization,openai-project,'
        . 'openai-beta,x-stainless-poll-helper',
    'anthropic-dangerous-direct-browser-access,anthropic-version,'
        . 'anthropic-beta,content-type,x-api-key,x-stainless-helper-method',
    'content-type,accept,user-agent',
    'authorization,content-type,http-referer,x-title',
);

sub preflight {
    my ($client, $uri, $method, $names, @o) = @_;
    return $client->request('OPTIONS', $uri, undef, headers =>
        [Origin => 'https://chat.example.com',
        'Access-Control-Request-Method' => $method,
        'Access-Control-Request-Headers' => $names], @o);
}

sub allows {
    my ($name, $r, $method, $names, $origin) = @_;
    is $r->status, 204, "$name: status";
    is $r->body, '', "$name: no body";
    is_deeply [$r->header('access-control-allow-origin')],
        [$origin // 'https://chat.example.com'], "$name: Allow-Origin";
    is_deeply [$r->header('vary')], $origin ? [] : ['Origin'], "$name: Vary";
    like $r->header('access-control-allow-methods'), qr/\b$method\b/,
        "$name: Allow-Methods";
    like $r->header('access-control-max-age'), qr/^\d+$/, "$name: Max-Age";
    my %have = map { lc $_ => 1 } split /,\s*/,
        $r->header('access-control-allow-headers');
    is join(' ', grep { !$have{$_} } split /,/, $names), '',
        "$name: Allow-Headers";
}

my $c = $t->client;
for my $prefix (qw(/ /basic/ /keys/ /deny/ /early/ /other/)) {
    for my $names (@sdk) {
        for (['api/chat', 'POST'], ['api/tags', 'GET'],
            ['v1/chat/completions', 'POST'], ['api/delete', 'DELETE'])
        {
            my ($path, $method) = @$_;
            allows("$prefix$path", preflight($c, "$prefix$path", $method,
                $names), $method, $names);
        }
    }
}

allows('any', preflight($c, '/any/api/chat', 'POST', $sdk[0]), 'POST',
    $sdk[0], '*');
allows('auth_request', preflight($t, '/api/chat', 'POST', $sdk[0],
    listen => 'auth'), 'POST', $sdk[0]) if $auth;

if ($h2) {
    my $s = $t->h2(listen => 'h2');
    my $r = $s->request('OPTIONS', '/api/chat', undef, headers =>
        [origin => 'https://chat.example.com',
        'access-control-request-method' => 'POST',
        'access-control-request-headers' => $sdk[1]]);
    allows('HTTP/2', $r, 'POST', $sdk[1]);
    $s->close;
}

# With a body, which nobody wants; the connection goes on
allows('with a body', $c->request('OPTIONS', '/api/chat', 'x' x 10000,
    headers => [Origin => 'https://chat.example.com',
    'Access-Control-Request-Method' => 'POST']), 'POST', '');

# A name that is no header name, and one that is nobody's
my $r = preflight($c, '/api/chat', 'POST', 'x-secret, x y, <b>, x-stainless-a');
unlike $r->header('access-control-allow-headers'), qr/secret|x y|<b>/,
    'other headers are not allowed';

# Not for others
is preflight($c, '/off/api/chat', 'POST', 'x')->status, 403, 'off';
is $c->request('OPTIONS', '/api/chat', undef, headers => [Origin =>
    'https://evil.example', 'Access-Control-Request-Method' => 'POST'])
    ->status, 403, 'foreign';
is $c->request('OPTIONS', '/api/chat')->status, 405, 'no preflight';
is $c->request('OPTIONS', '/basic/api/chat')->status, 401,
    'no preflight: access rules hold';

is $a->hits, 0, 'nothing went upstream';

$t->done;
