#!/usr/bin/perl

# Tests for browsers: a foreign Origin is refused before anything goes
# upstream, a listed one gets its headers on every answer.

use FindBin;
use lib "$FindBin::Bin/lib";

use Digest::SHA qw(sha256_hex);

use ModelTest;

my $t = ModelTest->new;
my $h2 = $t->has('http_v2');
my @own = ('Access-Control-Allow-Origin' => 'http://vendor',
    'Access-Control-Allow-Credentials' => 'true',
    'Access-Control-Expose-Headers' => 'x-vendor', Vary => 'Origin');
my $a = $t->backend('a', on => {
    '/api/chat' => { body => '{"done":true}', headers => [@own] },
    '/v1/chat/completions' => { chunks => ["data: 1\n\n"], headers =>
        [@own, 'Content-Type' => 'text/event-stream'] },
    '/v1/messages' => { status => 429, body => '{}', headers => [@own] },
});
my $down = $t->backend('down');
$down->refuse;

$t->write_file('htpasswd', "joe:{PLAIN}secret\n");
$t->write_file('keys', 'joe:' . sha256_hex('key-of-joe') . "\n");

$t->conf(<<'CONF' . ($h2 ? <<'H2' : ''))->start;
client_max_body_size 1k;
model_vendor a {
    proxy_pass http://{{a}};
    dialect ollama openai anthropic;
    discover off;
    model m;
}
model_vendor down { proxy_pass http://{{down}}; discover off; model m; }
model_allow inference manage other;
model_cors https://chat.example.com https://*.example.org http://localhost:*;
auth_basic_user_file {{dir}}/htpasswd;

server {
    {{listen}}
    location / { model_pass; model_default a; }
    location /off/ { model_pass; model_cors off; }
    location /any/ { model_pass; model_cors *; }
    location /early/ { model_pass; model_read preaccess; }
    location /basic/ { model_pass; auth_basic "x"; }
    location /keys/ { model_pass; model_keys file:{{dir}}/keys; }
    location /deny/ { model_pass; deny all; }
    location /add/ { model_pass; add_header X-Own 1 always; }
}
CONF
server {
    {{listen:h2 http2}}
    location / { model_pass; }
}
H2

my $body = { model => 'a:m' };
my $here = $t->address;
my @requests = ([GET => 'api/tags'], [HEAD => 'api/tags'], [GET => ''],
    [GET => 'v1/models'], [POST => 'api/chat', $body], [POST => 'api/show',
    $body], [POST => 'v1/chat/completions', $body], [POST => 'v1/messages',
    $body], [DELETE => 'api/delete', $body], [POST => 'some/thing', 'x'],
    [GET => 'some/thing'], [POST => 'api/chat', 'garbage'],
    [OPTIONS => 'api/chat']);

# Foreign ones
my @foreign = ('https://evil.example', 'null', 'https://example.org',
    'http://chat.example.com', 'https://chat.example.com:8443',
    'https://chat.example.com.evil.example', 'https://xexample.org',
    "https://evil.example/$here", 'file://', 'chrome-extension://abc',
    "http://$here.evil.example", 'garbage', "http://$here\@evil.example",
    'http://127.0.0.1:1', 'https://a.b.example.org');

for my $prefix ('/', '/off/', '/early/', '/keys/') {
    for my $origin (@foreign) {
        for (@requests) {
            my ($method, $path, $content) = @$_;
            next if $origin ne $foreign[0] && $path ne 'api/chat';
            my $r = $t->request($method, "$prefix$path", $content,
                headers => [Origin => $origin, 'x-api-key' => 'key-of-joe']);
            is $r->status, 403, "$prefix$path: $method from $origin";
            is $r->header('access-control-allow-origin'), undef,
                'no header for it';
            like $r->body, qr/model_cors says which are/, 'words'
                if $method ne 'HEAD';
        }
    }
}

is $t->post('/off/api/chat', $body, headers => [Origin =>
    'https://chat.example.com'])->status, 403, 'listed elsewhere';
is $t->post('/api/chat', $body, headers => [Origin => "http://$here",
    Origin => 'https://evil.example'])->status, 403, 'two of them';
is $a->hits, 0, 'nothing went upstream';

# The same host, and none
for my $prefix ('/', '/off/') {
    for my $case ([], [Origin => "http://$here"], [Origin => "https://$here"],
        [Origin => "HTTP://$here"], [Origin => ''])
    {
        my $r = $t->post("${prefix}api/chat", $body, headers => $case);
        is $r->status, 200, "$prefix: " . ($case->[1] // 'no Origin');
        is $r->header('access-control-allow-origin'), undef,
            "$prefix: no header needed";
    }
}

is $t->post('/off/api/chat', $body, host => 'gw.example',
    headers => [Origin => 'https://gw.example'])->status, 200,
    'the same host by name';
is $t->post('/off/api/chat', $body, host => 'gw.example:80',
    headers => [Origin => 'http://gw.example'])->status, 200,
    'the same host with its port';

# Listed ones: once on each answer, whatever the vendor says
my $good = 'https://chat.example.com';

sub allowed {
    my ($name, $r, $status, $origin, $vary) = @_;
    is $r->status, $status, "$name: status";
    is_deeply [$r->header('access-control-allow-origin')], [$origin],
        "$name: Allow-Origin, once";
    is scalar(grep { /origin/i } $r->header('vary')), $vary // 1,
        "$name: Vary";
    is $r->header('access-control-allow-credentials'), undef,
        "$name: no credentials";
    like join('|', $r->header('access-control-expose-headers')),
        qr/^[^|]*\brequest-id, retry-after\b[^|]*$/, "$name: Expose-Headers";
}

my %big = (%$body, x => 'x' x 3000);

for my $case (
    ['tags', GET => '/api/tags', undef, 200],
    ['tags, HEAD', HEAD => '/api/tags', undef, 200],
    ['chat', POST => '/api/chat', $body, 200],
    ['stream', POST => '/v1/chat/completions', $body, 200],
    ['429 of the vendor', POST => '/v1/messages', $body, 429],
    ['auth_basic', POST => '/basic/api/chat', $body, 401],
    ['auth_basic, listing', GET => '/basic/api/tags', undef, 401],
    ['model_keys', POST => '/keys/api/chat', $body, 401],
    ['deny', GET => '/deny/api/tags', undef, 403],
    ['unknown model', POST => '/keys/api/chat', { model => 'x' }, 404,
        'x-api-key' => 'key-of-joe'],
    ['bad body', POST => '/api/chat', '{', 400],
    ['method', GET => '/api/chat', undef, 405],
    ['too large', POST => '/api/chat', \%big, 413],
    ['vendor down', POST => '/api/chat', { model => 'down:m' }, 502],
    ['preaccess', POST => '/early/api/chat', $body, 200],
    ['add_header', POST => '/add/api/chat', $body, 200])
{
    my ($name, $method, $uri, $content, $status, @more) = @$case;
    allowed($name, $t->request($method, $uri, $content, headers =>
        [Origin => $good, @more]), $status, $good);
}

for my $origin ('https://a.example.org', 'http://localhost',
    'http://localhost:3000', 'HTTPS://CHAT.example.com')
{
    allowed($origin, $t->get('/api/tags', headers => [Origin => $origin]),
        200, $origin);
}

for my $origin ('null', 'https://evil.example', 'chrome-extension://abc') {
    allowed("any: $origin", $t->post('/any/api/chat', $body,
        headers => [Origin => $origin]), 200, '*');
}

if ($h2) {
    my $c = $t->h2(listen => 'h2');
    my %o = (headers => [origin => $good]);
    allowed('HTTP/2', $c->post('/api/chat', $body, %o), 200, $good);
    is $c->post('/api/chat', $body, headers => [origin =>
        'https://evil.example'])->status, 403, 'HTTP/2: foreign';
    $c->close;
}

$t->done;
