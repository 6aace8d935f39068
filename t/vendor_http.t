#!/usr/bin/perl

# Tests for proxy settings of http level: which ones vendors inherit.

use FindBin;
use lib "$FindBin::Bin/lib";

use ModelTest;

my $t = ModelTest->new;
my $s = $t->backend('s', on => {
    '/api/chat' => sub { { status => 418, body => '{"error":"teapot"}',
        headers => ['Content-Type' => 'application/json',
            'Set-Cookie' => 'a=b', 'X-Http' => 'x', Server => 'vendor'] } },
    '/api/generate' => sub { { status => 302, body => '',
        headers => [Location => 'http://s.test/x'] } },
    '/api/embed' => sub { { body => '{}', delay => 3 } } });
my $conf = <<'CONF';
client_max_body_size 10m;
proxy_cache_path {{dir}}/cache keys_zone=c:1m;
proxy_cache c;
proxy_cache_methods POST GET HEAD;
proxy_cache_valid any 1h;
proxy_cache_key k;
proxy_intercept_errors on;
proxy_ignore_client_abort on;
proxy_set_body stolen;
proxy_method PUT;
proxy_bind 127.0.0.9;
proxy_redirect http://s.test/ http://evil.test/;
proxy_cookie_domain ~.* evil.test;
proxy_cookie_path ~.* /evil;
proxy_pass_request_headers off;
proxy_pass_request_body off;
proxy_http_version 1.0;
proxy_read_timeout 300ms;
proxy_hide_header X-Http;
proxy_pass_header set-cookie;
proxy_pass_header Server;

model_vendor s { proxy_pass http://{{s}}; discover off; }
model_vendor slow {
    proxy_pass http://{{s}};
    discover off;
    proxy_read_timeout 20s;
}

server {
    {{listen}}
    error_page 418 = /intercepted;
    location /intercepted { return 200 intercepted; }
    location / { model_pass; }
}
CONF

$t->conf($conf)->start;

my $body = { model => 's:m', text => 'words' };

for my $n (1, 2) {
    my $r = $t->post('/api/chat', $body, headers => ['X-Kept' => 'kept']);
    my $q = $s->last(qr/chat/);

    is $s->hits(qr/chat/), $n, "not cached ($n)";
    is $r->status, 418, 'errors are not intercepted';
    is $r->body, '{"error":"teapot"}', 'body of the vendor';
    is $r->header('Set-Cookie'), undef,
        'cookies pass only where the vendor says so';
    is $r->header('Server'), 'vendor', 'headers to pass are inherited';
    is $r->header('X-Http'), undef, 'hidden headers are inherited';
    is $q->method, 'POST', 'method of the client';
    is $q->version, '1.1', 'version';
    is $q->json->{text}, 'words', 'body of the client';
    is $q->json->{model}, 'm', 'body of the client, edited';
    is $q->header('X-Kept'), 'kept', 'headers of the client';
}

is_deeply [glob $t->dir . '/cache/*'], [], 'the cache is empty';

# a redirect is an error and not rewritten

my $r = $t->post('/api/generate', $body);
is $r->status, 502, 'redirect';
unlike $r->raw, qr/evil\.test|s\.test/, 'no place to go';
ok $r->json->{error}, 'redirect: JSON';

# the timeout of http level is inherited, the block's own comes first

$r = $t->post('/api/embed', $body);
is $r->status, 504, 'timeout of http level';
cmp_ok $r->time, '<', 2.5 * $t->factor, 'in time';
like $r->json->{error}, qr/\w/, 'timeout: JSON';

my $open = $t->open('POST', '/api/embed', body => { %$body, model => 'slow:m' });
$s->wait_for(2, qr/embed/);

# the client's going away ends the request, and not after the answer

$open->abort;
$s->_until('the end of the request', sub {
    my $q = $s->last(qr/embed/);
    return $q->closed;
});
my $q = $s->last(qr/embed/);
ok !$q->answered, 'a client that goes away is noticed';

# proxy_store cannot stand beside proxy_cache

$t->reload($conf =~ s!proxy_cache c;!proxy_store {{dir}}/store;!r);
is $t->post('/api/chat', $body)->status, 418, 'with proxy_store';
ok !-e $t->dir . '/store', 'not stored';

$t->done;
