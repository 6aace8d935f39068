#!/usr/bin/perl

# Tests for stock access directives: they hold in front of everything,
# listings included, and before a body is judged.

use FindBin;
use lib "$FindBin::Bin/lib";

use MIME::Base64 ();

use ModelTest;

my $t = ModelTest->new;
my $a = $t->ollama('a', models => ['llama3']);
my $auth = $t->has('http_auth_request');
my $check = $t->backend('check', on => { '/check' => sub {
    my ($server, $q) = @_;
    return { status => ($q->{headers}{authorization} // '') eq 'Bearer let-in'
        ? 204 : 403 };
} });

$t->write_file('htpasswd', "joe:{PLAIN}secret\n");

$t->conf(<<'CONF' . ($auth ? <<'AUTH' : ''))->start;
model_vendor a { proxy_pass http://{{a}}; }
model_allow inference manage other;
model_default a;
auth_basic_user_file {{dir}}/htpasswd;
server {
    {{listen}}
    location /open/ { model_pass; }
    location /basic/ { model_pass; auth_basic "x"; }
    location /deny/ { model_pass; allow 10.0.0.0/8; deny all; }
    location /allow/ { model_pass; allow 127.0.0.1; deny all; }
    location /any/ { model_pass; satisfy any; deny all; auth_basic "x"; }
    location /all/ { model_pass; satisfy all; allow 127.0.0.1; deny all;
        auth_basic "x"; }
    location /early/ { model_pass; model_read preaccess; auth_basic "x"; }
    location /if/ { model_pass; if ($http_x_key != "let-in") { return 401; } }
    location /nested/ { model_pass; auth_basic "x";
        location /nested/open/ { model_pass; auth_basic off; } }
}
CONF
server {
    {{listen:auth}}
    location / { model_pass; auth_request /check; }
    location = /check { internal; proxy_pass http://{{check}};
        proxy_pass_request_body off; proxy_set_header Content-Length ""; }
}
AUTH

$t->eventually(sub { $t->get('/open/api/tags')->body =~ /llama3/ },
    'models are known');

my $chat = { model => 'a:llama3', stream => \0, messages => [] };
my $blob = 'api/blobs/sha256:' . '0' x 64;
my @requests = (
    [GET => ''], [HEAD => ''], [GET => 'api/tags'], [HEAD => 'api/tags'],
    [GET => 'api/version'], [GET => 'api/ps'], [GET => 'v1/models'],
    [GET => 'v1/models/a:llama3'], [GET => 'api/v1/models'],
    [POST => 'api/show', { model => 'a:llama3' }],
    [POST => 'api/chat', $chat], [POST => 'v1/chat/completions', $chat],
    [POST => 'v1/messages', $chat], [POST => 'api/chat', '{"model":'],
    [POST => 'v1/chat/completions', '{}'], [POST => 'api/pull', $chat],
    [DELETE => 'api/delete', $chat], [POST => $blob, 'x'],
    [HEAD => $blob], [GET => 'anything/else'], [PUT => 'anything', 'x'],
);

sub basic { return [Authorization => 'Basic '
    . MIME::Base64::encode_base64(shift, '')] }

my @good = (headers => basic('joe:secret'));
my @bad = (headers => basic('joe:wrong'));
my @on = (listen => 'auth');

my @cases = (
    ['/basic/', 401], ['/basic/', 401, @bad], ['/deny/', 403],
    ['/any/', 401], ['/any/', 401, @bad], ['/all/', 401],
    ['/early/', 401], ['/early/', 401, @bad], ['/if/', 401],
    ['/if/', 401, headers => ['X-Key' => 'let in']], ['/nested/', 401],
    $auth ? (['/', 403, @on],
        ['/', 403, @on, headers => [Authorization => 'Bearer x']]) : (),
);

$a->clear;

for my $case (@cases) {
    my ($prefix, $status, @o) = @$case;
    for (@requests) {
        my ($method, $path, $body) = @$_;
        my $r = $t->request($method, "$prefix$path", $body, @o);
        is $r->status, $status, "$prefix: $method /$path";
        ok $method eq 'HEAD' || $r->json->{error}, "$prefix: /$path: JSON";
    }
}

is $a->hits(qr/chat|pull|delete|blobs|any|show/), 0, 'nothing went upstream';

# And those who may come in do
my @in = (['/basic/', @good], ['/allow/'], ['/any/', @good], ['/all/', @good],
    ['/early/', @good], ['/if/', headers => ['X-Key' => 'let-in']],
    ['/nested/', @good], ['/nested/open/'], $auth ? ['/', @on,
        headers => [Authorization => 'Bearer let-in']] : ());

for my $case (@in) {
    my ($prefix, @o) = @$case;
    $a->clear;
    is $t->get("${prefix}api/tags", @o)->json->{models}[0]{name},
        'a:llama3:latest', "$prefix: tags";
    is $t->post("${prefix}api/chat", { %$chat, messages =>
        [{ role => 'user', content => 'x' }] }, @o)->status, 200,
        "$prefix: chat";
    is $a->last(qr/chat/)->uri, '/api/chat', "$prefix: path";
    is $a->last(qr/chat/)->header('authorization'), undef,
        "$prefix: no credential goes upstream";
    is $t->post("${prefix}api/chat", '{"model":', @o)->status, 400,
        "$prefix: a bad body is refused after that";
}

$t->done;
