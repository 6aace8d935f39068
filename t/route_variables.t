#!/usr/bin/perl

# Tests for $model and its like, for each outcome.

use FindBin;
use lib "$FindBin::Bin/lib";

use Digest::SHA qw(sha256_hex);

use ModelTest;

my $t = ModelTest->new(access_log => 1);
my $s = $t->ollama('s', models => ['llama3']);
my $b = $t->backend('b', reply => 'from b');
$t->write_file('keys', 'alice:' . sha256_hex('k') . "\n");

$t->conf(<<'CONF')->start;
log_format m '$request_uri|$status|$model|$model_vendor|$model_name|'
    '$model_client|$model_stream|$model_error|';
access_log {{dir}}/access.log m;
map $model $mapped { default other; s:llama3 mapped; }
limit_req_zone $model zone=lim:1m rate=1000r/s;
model_vendor s { proxy_pass http://{{s}}; }
model_vendor b { proxy_pass http://{{b}}; discover off; }
model_vendor down { proxy_pass http://127.0.0.1:1; discover off; }
server {
    {{listen}}
    location / { model_pass; add_header X-Model "$model $mapped" always; }
    location /keyed/ { model_pass; model_keys file:{{dir}}/keys; }
    location /redirect/ { model_pass; error_page 502 = @stock; }
    location @stock { proxy_pass http://{{b}}/$model/$model_vendor?; }
    location /again/ { model_pass; error_page 502 = @again; }
    location @again { rewrite ^/again(.*)$ /second$1 last; }
    location /second/ {
        client_body_buffer_size 1k;
        model_pass s b;
        model_default s:llama3;
    }
    location /auth/ {
        model_read preaccess;
        limit_req zone=lim;
        auth_request /check;
        model_pass;
    }
    location = /check {
        internal;
        proxy_pass http://{{b}}/check;
        proxy_pass_request_body off;
        proxy_set_header Content-Length "";
        proxy_set_header X-Model "$model $model_vendor $model_name";
    }
}
CONF

$t->get('/api/tags');
my @hi = (messages => [{ role => 'user', content => 'hi' }]);
my $n = 0;

sub line {
    my ($uri, $body, $want, %o) = @_;
    my $id = ++$n;
    my $r = $t->post("$uri?$id", $body, %o);
    $t->eventually(sub { $t->access_log =~ /^\S+\?$id\|/m }, "$uri is logged");
    my ($line) = $t->access_log =~ /^\S+\?$id\|(.*)\|$/m;
    ref $want ? like($line, $want, $uri) : is($line, $want, $uri);
    return $r;
}

my $r = line('/api/chat', { model => 's:llama3', @hi },
    '200|s:llama3|s|llama3|-|1|-');
is $r->header('x-model'), 's:llama3 mapped', 'in add_header and map';

line('/api/chat', { model => 'llama3', stream => \0, @hi },
    '200|llama3|s|llama3|-|0|-');
line('/v1/chat/completions', { model => 's/llama3', @hi },
    '200|s/llama3|s|llama3|-|0|-');
line('/v1/chat/completions', { model => 's:llama3', stream => \1, @hi },
    '200|s:llama3|s|llama3|-|1|-');
line('/api/show', { name => 's:llama3' }, qr/^200\|s:llama3\|s\|llama3\|/);
line('/api/chat', { model => 'nope' },
    qr/^404\|nope\|-\|-\|-\|1\|model 'nope' not found/);
line('/api/chat', '{"model":1}', qr/^400\|-\|-\|-\|-\|-\|.*model/);
line('/v1/rerank', { model => 's:llama3' },
    qr/^400\|s:llama3\|s\|llama3\|-\|0\|models of vendor/);
line('/api/pull', { model => 's:x' }, qr/^403\|-\|-\|-\|-\|-\|.*model_allow/);
line('/api/chat', { model => 'down:m' }, qr/^502\|down:m\|down\|m\|-\|1\|\S/);
line('/keyed/api/chat', { model => 's:llama3', @hi },
    '200|s:llama3|s|llama3|alice|1|-', headers => [Authorization =>
    'Bearer k']);
line('/keyed/api/chat', { model => 's:llama3' }, qr/^401\|-\|-\|-\|-\|-\|\S/);

# An internal redirect keeps them
$r = line('/redirect/api/chat', { model => 'down:m' },
    qr/^200\|down:m\|down\|m\|-\|1\|/);
is $r->body, 'from b', 'by another stock proxy';
is $b->last(qr/POST/)->path, '/down:m/down', 'which has them too';

# Also one that leads to other vendors: the name is looked up anew
for my $fill ('', 'x' x 5000) {
    $r = line('/again/api/chat', { model => 'down:m', stream => \0, x => $fill,
        @hi }, '200|down:m|s|llama3|-|0|-');
    my $q = $s->last(qr/POST.*chat/);
    is $q->json->{model}, 'llama3', 'its name in the body';
    is $q->json->{x}, $fill, 'which is whole';
    is $q->header('content-length'), length $q->body, 'of the right length';
}

# So a subrequest, with model_read preaccess
line('/auth/api/chat', { model => 's:llama3', @hi },
    '200|s:llama3|s|llama3|-|1|-');
is $b->last(qr/check/)->header('x-model'), 's:llama3 s llama3',
    'in auth_request';
$b->status(403, 'no', match => qr/check/);
line('/auth/api/chat', { model => 's:llama3', @hi },
    qr/^403\|s:llama3\|s\|llama3\|/);

$t->done;
