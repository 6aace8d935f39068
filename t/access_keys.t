#!/usr/bin/perl

# Tests for model_keys: who may come in by which key, what a client may use
# and sees, and that its key goes nowhere.

use FindBin;
use lib "$FindBin::Bin/lib";

use Digest::SHA qw(sha256_hex);

use ModelTest;

my $t = ModelTest->new(log_level => 'info');
my $a = $t->ollama('a', models => ['llama3', 'qwen:7b']);
my $b = $t->openai('b', models => ['gpt-5', 'gpt-5-mini']);

my %key = map { $_ => "gw-key-of-$_-0123456789" } qw(all few none);

$t->write_file('keys', join "\n", '# the clients', '',
    'all:' . sha256_hex($key{all}),
    "\t few:" . uc(sha256_hex $key{few}) . "  a:llama3*\tb:gpt-5 ",
    'none:' . sha256_hex($key{none}) . " nothing\r", '# the end', '');

$t->conf(<<'CONF')->start;
log_format model '$status|$uri|$request_uri|$model_client|$model_error|$model';
model_vendor a { proxy_pass http://{{a}}; }
model_vendor b { proxy_pass http://{{b}}; dialect openai; }
model_keys file:{{dir}}/keys;
server {
    {{listen}}
    access_log {{dir}}/model.log model;
    location / { model_pass; }
    location /team/ { model_pass; model_allow inference other;
        model_default b; }
    location /open/ { model_pass; model_keys off; }
}
CONF

$t->eventually(sub { $t->get('/open/api/tags')->body =~ /gpt-5-mini/ },
    'models are known');

# How a key may be shown
sub shown {
    my $k = shift;
    return (['Bearer', '', [Authorization => "Bearer $k"]],
        ['bearer', '', [authorization => "bearer $k"]],
        ['x-api-key', '', ['X-API-Key' => $k]],
        ['path', "/$k", []],
        ['path, other header', "/$k", [Authorization => 'Bearer ollama']],
        ['both headers', '', [Authorization => 'Bearer x', 'x-api-key' => $k]],
        ['twice', "/$k", ['x-api-key' => $k]]);
}

sub names { return join ' ', sort map { $_->{name} // $_->{id} }
    @{ $_[0]->json->{models} || $_[0]->json->{data} } }

sub ids { return join ' ', sort map { $_->{id} } @{ $_[0]->json->{data} } }

my %listed = (all => 'a:llama3:latest a:qwen:7b b:gpt-5 b:gpt-5-mini',
    few => 'a:llama3:latest b:gpt-5', none => '');

for my $who (sort keys %key) {
    for my $case (shown($key{$who})) {
        my ($how, $prefix, $headers) = @$case;
        for my $at ('', '/team') {
            my %o = (headers => $headers);
            is names($t->get("$at$prefix/api/tags", %o)), $listed{$who},
                "$who, $how: tags";
            is ids($t->get("$at$prefix/v1/models", %o)), $listed{$who},
                "$who, $how: models";
        }
    }
}

# What may be used
my %chat = (stream => \0, messages => [{ role => 'user', content => 'x' }]);

for my $case (
    ['all', 'a:llama3', '/api/chat', 200],
    ['all', 'b:gpt-5-mini', '/v1/chat/completions', 200],
    ['few', 'a:llama3', '/api/chat', 200],
    ['few', 'llama3', '/v1/chat/completions', 200],
    ['few', 'a/llama3', '/api/chat', 200],
    ['few', 'b:gpt-5', '/v1/chat/completions', 200],
    ['few', 'b:gpt-5-mini', '/v1/chat/completions', 404],
    ['few', 'gpt-5-mini', '/v1/chat/completions', 404],
    ['few', 'a:qwen:7b', '/api/chat', 404],
    ['few', 'qwen:7b', '/api/chat', 404],
    ['none', 'a:llama3', '/api/chat', 404],
    ['none', 'b:gpt-5', '/v1/chat/completions', 404])
{
    my ($who, $model, $uri, $status) = @$case;
    for my $how (shown($key{$who})) {
        my ($name, $prefix, $headers) = @$how;
        $_->clear for $a, $b;
        my $r = $t->post("$prefix$uri", { %chat, model => $model },
            headers => $headers);
        is $r->status, $status, "$who, $model, $name";
        unlike $r->body =~ s/\Q$model\E//gr, qr/qwen:7b|gpt-5-mini/,
            "$who, $model, $name: near are names that it may use"
            if $who ne 'all';
        for my $q ($a->requests(qr/chat/), $b->requests(qr/chat/)) {
            unlike $q->head, qr/gw-key/, "$who, $model, $name: no key";
            is $q->uri, $uri, "$who, $model, $name: path";
        }
    }
}

is $t->post('/api/show', { model => 'a:qwen:7b' },
    headers => ['x-api-key' => $key{few}])->status, 404, 'show is limited';
is $t->get('/v1/models/a:qwen:7b', headers => ['x-api-key' => $key{few}])
    ->status, 404, 'one model is limited';

# An unlisted path keeps no key either
is $t->get("/team/$key{all}/v1/x%20y?z=1")->status, 404, 'unlisted path';
is $b->last(qr/x%20/)->uri, '/v1/x%20y?z=1', 'unlisted path: as sent';

# Nobody comes in without
for my $case (
    ['/api/tags', sub { $_[0]{error} }],
    ['/v1/models', sub { $_[0]{error}{message} }],
    ['/v1/chat/completions', sub { $_[0]{error}{code} eq 'invalid_api_key'
        && $_[0]{error}{message} }],
    ['/v1/messages', sub { $_[0]{error}{type} eq 'authentication_error'
        && $_[0]{error}{message} }],
    ['/nothing', sub { $_[0]{error}{message} }],
    ['/wrong-key-0123456789/v1/chat/completions',
        sub { $_[0]{error}{message} }])
{
    my ($uri, $text) = @$case;
    for my $h ([], [Authorization => 'Bearer '], [Authorization =>
        "Basic $key{all}"], [Authorization => $key{all}], ['x-api-key' => ''],
        ['api-key' => $key{all}], ['x-api-key' => $key{all} . ' '  x 0 . 'x'])
    {
        my $r = $t->request($uri =~ /chat|mess/ ? 'POST' : 'GET', $uri,
            $uri =~ /chat|mess/ ? { model => 'a:llama3' } : undef,
            headers => $h);
        is $r->status, 401, "$uri without a key";
        like $text->($r->json), qr/^a key of this gateway is needed/,
            "$uri without a key: words";
        is $r->header('www-authenticate'), 'Bearer', "$uri: challenge";
    }
}

# The log knows the client, and no key where it is not the client's own bytes
my $log = $t->read_file('model.log');
like $log, qr/^200\|[^\n]*\|few\|-\|a:llama3$/m, 'client and model in the log';
like $log, qr/^404\|[^\n]*\|none\|[^\n]+\|a:llama3$/m, 'refused client, too';
is scalar(grep { (split /\|/)[4] =~ /gw-key/ } split /\n/, $log), 0,
    'no key in $model_error';
unlike $t->log =~ s/request: "[^"]*"//gr, qr/gw-key/, 'no key in the log';

$t->done;
