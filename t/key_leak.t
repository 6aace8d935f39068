#!/usr/bin/perl

# Tests that a key is nowhere but on the wire to its vendor.

use FindBin;
use lib "$FindBin::Bin/lib";

use ModelTest;

my $KEY = 'sk-unique-5f2c81d7a9e04b63';
my $t = ModelTest->new(env => { LEAK_KEY => $KEY }, access_log => 1);
my %key = (keys => [$KEY], reply => ['a', 'b']);
my $a = $t->openai('a', models => ['gpt'], %key);
my $b = $t->anthropic('b', models => ['claude'], %key);
my $c = $t->backend('c', reply => '{}');

my @model = map { "model$_" } '', qw(_vendor _name _client _stream _error
    _alias _prompt_tokens _internal_authorization _internal_api_key
    _internal_key _internal_anthropic_version);
@model = grep { !/alias|tokens/ } @model;
my $vars = join ' ', map { "$_=\$$_" } @model, qw(http_authorization request
    request_uri uri args request_body http_x_api_key http_api_key leak wire
    upstream_http_authorization upstream_http_x_api_key
    upstream_http_content_type proxy_host proxy_add_x_forwarded_for
    upstream_addr sent_http_authorization sent_http_x_leak);

my $conf = <<'CONF';
log_format every escape=json '%VARS%';
access_log {{dir}}/access.log every;
map $model_internal_authorization $leak {
    default "$model_internal_authorization $model_internal_key";
}
map $model_internal_authorization $wire {
    default "<$model_internal_authorization>";
}
map $model_internal_api_key $other {
    volatile;
    default $model_internal_api_key;
}

upstream tries { server {{c}} max_fails=0; server {{a}} backup; }

model_vendor a {
    proxy_pass http://{{a}};
    dialect openai;
    key env:LEAK_KEY;
    proxy_set_header X-Leak $wire;
    proxy_set_header X-Uri $request_uri;
}
model_vendor b { proxy_pass http://{{b}}; dialect anthropic; key env:LEAK_KEY; }
model_vendor c {
    proxy_pass http://{{c}}/base;
    key env:LEAK_KEY header=api-key;
    discover off;
}
model_vendor tries {
    proxy_pass http://tries;
    dialect openai;
    key env:LEAK_KEY;
    discover off;
}
server {
    {{listen}}
    client_body_buffer_size 1k;
    add_header X-Leak "$leak $other $model_internal_key" always;
    location / {
        set $early $model_internal_authorization;
        set $early2 $leak;
        model_pass;
        model_allow inference manage other;
        model_default c;
        add_header X-Leak "$leak $other $early $early2 $model_internal_key
            $model_internal_api_key $model_internal_authorization" always;
    }
    location /late/ {
        model_pass;
        model_read preaccess;
        error_page 502 504 = @oops;
    }
    location @oops { return 200 "$leak $other $model_internal_key .\n"; }
    location = /return { return 200 "$leak $other $model_internal_key .\n"; }
}
CONF
$conf =~ s/%VARS%/$vars/;
$t->conf($conf)->start;

my @answers;
my $long = 'x' x 3000;
my %h = (Authorization => 'Bearer client', 'x-api-key' => 'client');

sub ask {
    my ($method, $uri, $body, %o) = @_;
    my $r = $t->request($method, $uri, $body, headers => { %h }, %o);
    push @answers, [$uri, $r];
    return $r;
}

sub chat {
    my ($path, $model, %o) = @_;
    return ask(POST => $path, { model => $model, max_tokens => 9,
        stream => $o{stream} ? \1 : \0,
        messages => [{ role => 'user', content => $o{text} // 'hi' }] });
}

# Answers of every kind
ask(GET => $_) for qw(/ /api/tags /api/ps /api/version /v1/models
    /v1/models/a:gpt /return /api/v1/models);
ask(POST => '/api/show', { model => 'a:gpt' });

for my $prefix ('', '/late') {
    for my $text ('hi', $long) {
        for my $stream (0, 1) {
            my %o = (text => $text, stream => $stream);
            is chat("$prefix/v1/chat/completions?a=1", 'a:gpt', %o)->status,
                200, 'the key is good';
            is chat("$prefix/v1/messages", 'b:claude', %o)->status, 200,
                'so on Anthropic';
            is chat("$prefix/api/chat", 'c:m', %o)->status, 200, 'as api-key';
        }
    }
    chat("$prefix/api/chat", 'zzzz:nope');
    chat("$prefix/v1/chat/completions", '');
    chat("$prefix/v1/chat/completions", 'a:unknown');
    chat("$prefix/v1/rerank", 'a:gpt');
}

ask(POST => '/v1/chat/completions', '{"model":"a:gpt"', );
ask(POST => '/api/blobs/sha256:' . 'a' x 64, $long);
ask(GET => '/unlisted/path?x=1');
ask(GET => '/v1/chat/completions');

# Faults of the vendor
my @faults = map { my $f = $_; sub { $_[0]->fault(%$f) } }
    { status => 401, body => '{}' }, { status => 403, body => '{}' },
    { status => 403, body => '"invalid_api_key"', body_delay => 0.01 },
    { status => 429, body => '{}' }, { status => 500, body => '{}' },
    { status => 302, body => '', headers => [Location => '/x'] },
    { reset => 1 }, { close => 1 }, { bad_header => 1 },
    { raw => "junk\r\n\r\n" },
    { status => 200, body => 'z' x 100, truncate => 10 };

for my $fault (@faults, sub { $_[0]->refuse }) {
    for my $server ($a, $b, $c) {
        $server->ok;
        $fault->($server);
    }
    for my $prefix ('', '/late') {
        chat("$prefix/v1/chat/completions", 'a:gpt');
        chat("$prefix/v1/messages", 'b:claude');
        chat("$prefix/api/chat", 'c:m');
        chat("$prefix/v1/chat/completions", 'tries:gpt');
    }
}

# The search
my @bad = map { $_->[1]->raw =~ /\Q$KEY\E/ ? $_->[0] : () } @answers;
is "@bad", '', 'the key is in none of ' . @answers . ' answers';
unlike $t->log_all, qr/\Q$KEY\E/, 'nor in the error log, at debug level';
unlike $t->access_log, qr/\Q$KEY\E/, 'nor in the access log';
like $t->log_all, qr/\[debug\]/, 'which has debug lines' if $t->has('debug');

my ($pid) = $t->workers;
for my $p ($pid, $t->{pid}) {
    unlike $t->read_file("/proc/$p/cmdline"), qr/\Q$KEY\E/, 'nor in arguments';
}

for ([$a, 'authorization', "Bearer $KEY"], [$b, 'x-api-key', $KEY],
    [$c, 'api-key', $KEY])
{
    my ($server, $name, $value) = @$_;
    $server->ok;
    my @q = grep { defined $_->header($name) && $_->header($name) eq $value }
        $server->requests(qr/^POST/);
    cmp_ok scalar @q, '>', 4, "but on the wire to " . $server->name;
}

my ($first) = $a->requests(qr/chat/);
is $first->header('x-leak'), "<Bearer $KEY>",
    'a map made of it where the vendor is asked';
is $first->header('x-uri'),
    '/v1/chat/completions?a=1', '$request_uri upstream';
like $t->access_log, qr{request_uri=/late/v1/chat/completions\?a=1 },
    "in the log it is the client's";
like $t->access_log, qr{http_authorization=Bearer client },
    'and so is $http_authorization';
unlike $t->access_log, qr{request_uri=/base}, 'no base URL in it';

$t->done;
