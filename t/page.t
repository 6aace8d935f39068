#!/usr/bin/perl

# Tests for GET <status>/: the page and its head.  What the page does is
# tested by page_browser.t.

use FindBin;
use lib "$FindBin::Bin/lib";

use ModelTest;

use Digest::SHA qw(sha256_base64 sha256_hex);

my $t = ModelTest->new(workers => 2, env => { KEY => 'sk-secret-1' });
my $a = $t->ollama('a', models => ['llama3']);
my $h2 = $t->has('http_v2');

$t->write_file('htpasswd', "joe:{PLAIN}hunter22\n");

$t->conf(<<'CONF' . ($h2 ? <<'H2' : ''))->start;
model_vendor a { proxy_pass http://{{a}}; key env:KEY; label "Secret lab"; }
gzip_min_length 20;
server {
    {{listen}}
    location / { model_pass; client_max_body_size 1m; }
    location /status/ { model_status; }
    location /a/deep/er/ { model_status; }
    location /bare { model_status; }
    location = /exact/ { model_status; }
    location = /exact/api { model_status; }
    location /deny/ { model_status; deny all; }
    location /basic/ { model_status; auth_basic "x";
        auth_basic_user_file {{dir}}/htpasswd; }
    location /gzip/ { model_status; gzip on; }
    location /charset/ { model_status; charset utf-8; }
    location /header/ { model_status; add_header X-Mine yes; }
    location /inside/ { rewrite ^ /status/ last; }
}
CONF
server {
    {{listen:h2 http2}}
    location /status/ { model_status; }
}
H2

# the file is what is sent, byte for byte

open my $in, '<:raw', $t->root . '/src/ngx_http_model_page.html' or die $!;
my $html = do { local $/ = undef; <$in> };
close $in;

my $r = $t->get('/status/');
is $r->status, 200, 'status';
is $r->header('content-type'), 'text/html; charset=utf-8', 'type';
is $r->header('content-length'), length $html, 'length';
is sha256_hex($r->body), sha256_hex($html), 'the bytes of the file';
is $r->header('cache-control'), 'no-cache', 'kept, but asked for';
is $r->header('x-content-type-options'), 'nosniff', 'no sniffing';
is $r->header('referrer-policy'), 'no-referrer', 'no referrer';
is scalar(grep { lc $_->[0] eq 'cache-control' } $r->headers), 1,
    'one Cache-Control';

cmp_ok length $html, '<', 64 * 1024, 'small';

sub none {
    my ($text, $re, $name) = @_;
    is join(' ', $text =~ /($re)/g), '', $name;
}

none $html, qr/\0/, 'no zero in it: it is searched as a string';
none $html, qr{https?://(?!www\.w3\.org/2000/svg|127\.0\.0\.1)[\w.-]+},
    'it names no other host';
none $html, qr/<(?:link|script|img|iframe)\b[^>]*\b(?:src|href)=(?!"data:)/,
    'it loads nothing';
none $html, qr/innerHTML|outerHTML|insertAdjacent|document\.write|\beval\b/,
    'no text becomes markup';
none $html, qr/\son\w+=|\sstyle=/, 'no code and no style in attributes';
none $r->body, qr/sk-secret|Secret lab|hunter22|llama3/,
    'nothing of the configuration';

# the policy

my %policy = map { /^(\S+) (.*)$/ ? ($1 => $2) : () }
    split /;\s*/, $r->header('content-security-policy');

sub sum { my ($text) = @_; return "'sha256-" . sha256_base64($text)
    . '=' x (-length(sha256_base64($text)) % 4) . "'" }

my ($script) = $html =~ m{<script>(.*?)</script>}s;
my ($style) = $html =~ m{<style>(.*?)</style>}s;
is_deeply \%policy, { 'default-src' => "'none'",
    'script-src' => sum($script), 'style-src' => sum($style),
    'img-src' => 'data:', 'connect-src' => "'self'", 'base-uri' => "'none'",
    'form-action' => "'none'", 'frame-ancestors' => "'none'",
    'require-trusted-types-for' => "'script'", 'trusted-types' => "'none'" },
    'the policy has the sums of script and style';
is scalar(() = $html =~ /<script/g), 1, 'one script';
is scalar(() = $html =~ /<style/g), 1, 'one style';

# methods, and what was asked for before

my $head = $t->head('/status/');
is $head->status, 200, 'HEAD';
is $head->body, '', 'HEAD: no body';
is $head->header('content-length'), length $html, 'HEAD: length';
is $head->header('content-security-policy'),
    $r->header('content-security-policy'), 'HEAD: policy';

for my $method (qw(POST PUT DELETE OPTIONS)) {
    my $bad = $t->request($method, '/status/', 'x');
    is $bad->status, 405, "$method: 405";
    is $bad->header('allow'), 'GET, HEAD', "$method: Allow";
    is $bad->header('content-type'), 'application/json', "$method: told";
}

my $etag = $r->header('etag');
like $etag, qr{^W/"[0-9a-f]+"$}, 'ETag';

for my $path ('/status/', '/a/deep/er/') {
    my $same = $t->get($path, headers => ['If-None-Match' => $etag]);
    is $same->status, 304, "$path: 304";
    is $same->body, '', "$path: 304 without a body";
    is $same->header('etag'), $etag, "$path: 304 with the ETag";
    ok $same->header('content-security-policy'), "$path: and the policy";
}

is $t->get('/status/', headers => ['If-None-Match' => 'W/"x"'])->status, 200,
    'another ETag';
is_deeply [map { $t->get('/status/')->header('etag') } 1 .. 8], [($etag) x 8],
    'the same of all workers';

# where it stands

for my $path ('/status//', '/status/?x=1', '/a/deep/er/', '/bare/', '/exact/',
    '/gzip/', '/charset/', '/header/', '/inside/x')
{
    my $got = $t->get($path);
    is $got->status, 200, $path;
    is $got->header('content-type'), 'text/html; charset=utf-8',
        "$path: type";
    is length $got->body, length $html, "$path: all of it";
}

is $t->get('/header/')->header('x-mine'), 'yes', 'a header of the location';
is $t->get('/exact/api')->header('content-type'), 'application/json',
    'the document beside an exact page';
is $t->get('/a/deep/er')->status, 301, 'without the slash';
is $t->get('/bare')->header('location'), 'bare/', 'to the slash';
is $t->get('/status/x')->json->{error}, 'there is nothing at "/x" of '
    . 'model_status, known are /, /api, /explain, /metrics, /ready, /test',
    'what there is';

my $zip = $t->get('/gzip/', headers => ['Accept-Encoding' => 'gzip']);
is $zip->header('content-encoding'), 'gzip', 'compressed, as text/html is';
cmp_ok length $zip->body, '<', length($html) / 2, 'and so smaller';

# who may have it

is $t->get('/deny/')->status, 403, 'deny';
is $t->get('/basic/')->status, 401, 'auth_basic';
is $t->get('/basic/', headers => [Authorization =>
    'Basic am9lOmh1bnRlcjIy'])->status, 200, 'auth_basic with a password';
is $t->get('/status/', headers => [Origin => 'https://evil.example'])->status,
    403, 'not for a script of another page';

if ($h2) {
    my $h = $t->h2(listen => 'h2');
    is sha256_hex($h->get('/status/')->body), sha256_hex($html), 'HTTP/2';
    $h->close;
}

# the same after a reload

$t->reload;
is $t->get('/status/')->header('etag'), $etag, 'after a reload';
is $t->get('/status/', headers => ['If-None-Match' => $etag])->status, 304,
    'after a reload: 304';

$t->done;
