#!/usr/bin/perl

# Tests for Open WebUI: its Ollama connections and its OpenAI connections.

use FindBin;
use lib "$FindBin::Bin/lib";

use ModelTest;

use Digest::SHA qw(sha256_hex);

my $t = ModelTest->new(env => { KEY => 'sk-good' });
my $acme = $t->ollama('acme', models => ['llama3', 'qwen3:8b'],
    version => '0.12.3', loaded => ['llama3'], registry => ['tiny:1b']);
my $beta = $t->ollama('beta', models => ['llama3'], version => '0.13.1-rc2');
my $cloud = $t->openai('cloud', keys => ['sk-good'], models => ['gpt-x',
    'org/model-a']);

$t->write_file('keys', 'webui:' . sha256_hex('gw-secret') . "\n");
$t->conf(<<'CONF')->start;
model_vendor acme { proxy_pass http://{{acme}}; discover 100ms; }
model_vendor beta { proxy_pass http://{{beta}}; }
model_vendor cloud { proxy_pass http://{{cloud}}; dialect openai; key env:KEY; }
model_keys file:{{dir}}/keys;
model_allow inference manage;
server {
    {{listen}}
    location / { model_pass; }
    location /beta/ { model_pass beta; }
    location /cloud/ { model_pass cloud; }
}
CONF

my @user = map { ("X-OpenWebUI-User-$_" => 'jane') } qw(Name Id Email Role);
my @h = (Accept => '*/*', 'Accept-Encoding' => 'gzip, deflate',
    'User-Agent' => 'Python/3.11 aiohttp/3.11.11', 'Content-Type' =>
    'application/json', Authorization => 'Bearer gw-secret', @user);

# Verify: the version, with the key and without
for my $case (['', '0.12.3'], ['/beta', '0.13.1'], ['/cloud', undef]) {
    my ($base, $want) = @$case;
    my $r = $t->get("$base/api/version", headers => \@h);
    is $r->status, 200, "$base: verified";
    my $version = $r->json->{version} =~ s/^v|-.*//gr;
    like $version, qr/^\d+(?:\.\d+)+$/, "$base: version of digits and dots";
    is $r->json->{version}, $want, "$base: which" if $want;
    cmp_ok +(split /\./, $version)[1], '>=', 6, "$base: not too old";
}

my $r = $t->get('/api/version');
is $r->status, 401, 'no key';
like $r->json->{error}, qr/key/, 'no key: a text to show';

# Lists, asked for at the same time, joined by name
my ($tags, $ps) = map { $_->finish } map { $t->open('GET', "/api/$_",
    headers => \@h) } 'tags', 'ps';
my %listed = map { $_->{model} => $_ } @{ $tags->json->{models} };
is_deeply [sort keys %listed], [qw(acme:llama3:latest acme:qwen3:8b
    beta:llama3:latest cloud:gpt-x cloud:org/model-a)], 'tags';
is_deeply [grep { $listed{$_}{name} ne $_ || !/:/ } keys %listed], [],
    'names are ids with a colon: no ":latest" is appended';
is $tags->header('content-encoding'), undef, 'not compressed';

my @loaded = @{ $ps->json->{models} };
is_deeply [map { $_->{name} } @loaded], ['acme:llama3:latest'], 'ps';
like $loaded[0]{expires_at}, qr/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?
    (?:Z|[+-]\d\d:\d\d)$/x, 'ps: a time for fromisoformat';
ok $loaded[0]{size_vram}, 'ps: size_vram';

# A chat, and what becomes of its headers
$acme->clear;
$r = $t->post('/api/chat', { model => 'acme:llama3:latest', stream => \1,
    messages => [{ role => 'user', content => 'hi' }], options => {} },
    headers => [@h, 'X-OpenWebUI-Chat-Id' => 'c-1']);
is $r->status, 200, 'chat';
like $r->header('content-type'), qr{^application/x-ndjson}, 'chat: type';
is join('', map { $_->{message}{content} } $r->ndjson), 'Hello from acme',
    'chat: text';

my $q = $acme->last(qr{/api/chat});
is_deeply [grep { /^(?:x-openwebui|authorization)/i } map { $_->[0] }
    @{ $q->raw_headers }], [], 'the user is not told to the server';
is $q->header('accept-encoding'), 'identity', 'nothing compressed asked for';

# Unload
$r = $t->post('/api/generate', { model => 'acme:llama3:latest', keep_alive =>
    0, prompt => '' }, headers => \@h);
is $r->json->{done_reason}, 'unload', 'unload';
is $acme->last(qr{generate})->json->{model}, 'llama3:latest',
    'unload: of the model';

# Its administration gives the name twice
$r = $t->post('/api/pull', { name => 'acme:tiny:1b', model => 'acme:tiny:1b',
    insecure => \1 }, headers => \@h);
is +($r->ndjson)[-1]{status}, 'success', 'pull';
$t->eventually(sub { grep { $_->{model} eq 'acme:tiny:1b' } @{ $t->get(
    '/api/tags', headers => \@h)->json->{models} } }, 'pull: listed');
$r = $t->post('/api/copy', { source => 'acme:tiny:1b', destination =>
    'acme:tiny:copy' }, headers => \@h);
is $r->status, 200, 'copy';
$r = $t->delete('/api/delete', { name => 'acme:tiny:1b', model =>
    'acme:tiny:1b' }, headers => \@h);
is $r->status, 200, 'delete';
is join(' ', sort $acme->names), 'llama3:latest qwen3:8b tiny:copy',
    'what is there now';

# Errors have a text
$r = $t->post('/api/chat', { model => 'acme:nope:latest', messages => [] },
    headers => \@h);
is $r->status, 404, 'unknown model';
is $r->json->{error}, "model 'nope:latest' not found", 'its text';

# An OpenAI connection, with a slash too many
for my $base ('/v1', '/v1/', '', '/', '/cloud/v1', '/cloud/v1/') {
    $r = $t->get("$base/models", headers => \@h);
    is $r->status, 200, "$base/models";
    my %id = map { $_->{id} => $_ } @{ $r->json->{data} };
    ok $id{'cloud:org/model-a'}, "$base/models: ids";
    is_deeply [grep { ($_->{object} // '') ne 'model' } values %id], [],
        "$base/models: shape";

    $r = $t->post("$base/chat/completions", { model => 'cloud:gpt-x',
        stream => \1, messages => [{ role => 'user', content => 'hi' }] },
        headers => \@h);
    is $r->status, 200, "$base/chat/completions";
    is $r->header('content-type'), 'text/event-stream; charset=utf-8',
        "$base/chat/completions: type";
    like $r->body, qr/data: \[DONE\]\n\n\z/, "$base/chat/completions: end";
}

is_deeply [grep { /^x-openwebui/i } map { map { $_->[0] }
    @{ $_->raw_headers } } $cloud->requests], [],
    'the user is not told to the cloud';

$t->done;
