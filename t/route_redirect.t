#!/usr/bin/perl

# Tests for a redirect to another kind of path after the body was read.

use FindBin;
use lib "$FindBin::Bin/lib";

use ModelTest;

my $t = ModelTest->new;
my $s = $t->ollama('s', models => ['llama3']);
my $b = $t->backend('b', reply => 'from b');
$b->status(403, 'no', match => qr/check/);

$t->conf(<<'CONF')->start;
model_vendor s { proxy_pass http://{{s}}; discover off; }
model_vendor down { proxy_pass http://127.0.0.1:1; discover off; }
model_vendor b { proxy_pass http://{{b}}; discover off; }
server {
    {{listen}}
    location / {
        model_read preaccess;
        auth_request /check;
        error_page 403 = @to;
        model_pass;
    }
    location @to { rewrite ^ /m$arg_to last; }
    location /m/ { model_pass; model_allow inference manage; }
    location /same/ {
        model_pass;
        error_page 502 = /same/api/version;
    }
    location = /check { internal; proxy_pass http://{{b}}/check;
        proxy_pass_request_body off; proxy_set_header Content-Length ""; }
}
CONF

for my $case (['/api/chat', '/api/pull', { name => 'b:m', x => 'b:n' }, 200],
    ['/api/chat', '/api/pull', { model => 'b:m', x => 'b:n' }, 200],
    ['/api/chat', '/api/create', { model => 'b:m', from => 'b:n' }, 200],
    ['/api/chat', '/api/copy', { source => 'b:m', destination => 'b:n' }, 200])
{
    my ($from, $to, $body, $status) = @$case;
    my $r = $t->post("$from?to=$to", $body);
    is $r->status, $status, "$from $to" or diag $r->body;
}

# To the same location
my $r = $t->post('/same/api/chat', { model => 'down:m' });
is $r->status, 200, 'to the same location';
ok eval { $r->json->{version} }, 'its answer' or diag $r->body;

$t->done;
