#!/usr/bin/perl

# Tests for the credential of a vendor, and for what of the client's own
# headers never reaches one.

use FindBin;
use lib "$FindBin::Bin/lib";

use Digest::SHA qw(sha256_hex);

use ModelTest;

my $t = ModelTest->new(env => { MODEL_KEY => 'sk-env-1' });
my $s = $t->backend('s', reply => '{}');
$t->write_file('key', "sk-file-2\n");
$t->write_file('clients', 'alice:' . sha256_hex('gw-secret') . "\n");
$t->write_file('users', "u:{PLAIN}p\n");

$t->conf(<<'CONF')->start;
model_vendor env {
    proxy_pass http://{{s}};
    dialect ollama openai anthropic;
    key env:MODEL_KEY;
    discover off;
}
model_vendor file {
    proxy_pass http://{{s}};
    dialect openai;
    key file:{{dir}}/key scheme=Token;
    discover off;
}
model_vendor azure {
    proxy_pass http://{{s}};
    dialect openai;
    key literal:sk-azure-3 header=api-key;
    discover off;
}
model_vendor bare {
    proxy_pass http://{{s}};
    dialect openai;
    key literal:sk-bare-4 header=Authorization scheme=;
    discover off;
}
model_vendor off { proxy_pass http://{{s}}; discover off; }
model_vendor client {
    proxy_pass http://{{s}};
    dialect ollama openai anthropic;
    key client;
    discover off;
}
model_vendor clientaz {
    proxy_pass http://{{s}};
    dialect openai;
    key client header=api-key;
    discover off;
}
proxy_set_header Authorization "Bearer of-http";
proxy_set_header X-Http "kept";
server {
    {{listen}}
    underscores_in_headers on;
    location / { model_pass; }
    location /keyed/ { model_pass; model_keys file:{{dir}}/clients; }
    location /auth/ {
        auth_basic gw;
        auth_basic_user_file {{dir}}/users;
        model_pass;
    }
}
CONF

sub sent {
    my ($uri, $vendor, @headers) = @_;
    my $r = $t->post($uri, { model => "$vendor:m" }, headers => [@headers]);
    is $r->status, 200, "$uri of $vendor";
    return $s->last(qr/POST/);
}

my $chat = '/v1/chat/completions';

for (['env', '/api/chat', authorization => 'Bearer sk-env-1'],
    ['env', $chat, authorization => 'Bearer sk-env-1'],
    ['env', '/v1/messages', 'x-api-key' => 'sk-env-1'],
    ['file', $chat, authorization => 'Token sk-file-2'],
    ['azure', $chat, 'api-key' => 'sk-azure-3'],
    ['bare', $chat, authorization => 'sk-bare-4'],
    ['off', $chat], ['client', $chat])
{
    my ($vendor, $path, $name, $value) = @$_;
    my $q = sent($path, $vendor);

    for (qw(authorization x-api-key api-key)) {
        is_deeply [$q->header($_)], defined $name && $name eq $_ ? [$value]
            : [], "$_ to $vendor";
    }
    is $q->header('x-http'), 'kept', 'the http level has its other headers';
}

my $q = sent('/v1/messages', 'env');
is $q->header('anthropic-version'), '2023-06-01', 'anthropic-version';
$q = sent('/v1/messages', 'env', 'Anthropic-Version', '2024-01-01');
is_deeply [$q->header('anthropic-version')], ['2024-01-01'], "the client's";
is sent($chat, 'env')->header('anthropic-version'), undef, 'only there';

# What the client sends stays here
my @private = (Authorization => 'Bearer sk-of-client', 'X-Api-Key' => 'priv1',
    'Api-Key' => 'priv2', 'x-goog-api-key' => 'priv3', Cookie => 'a=priv4',
    'Proxy-Authorization' => 'Basic priv5', Referer => 'http://priv6/',
    'OpenAI-Organization' => 'priv7', 'OpenAI-Project' => 'priv8',
    'X-OpenWebUI-User-Email' => 'priv9', 'X-OpenWebUI-User-Name' => 'priv10',
    'x-openwebui-unheard-of' => 'priv11', 'X-OpenWebUI-Chat-Id' => 'priv12',
    'X-OpenWebUI-' => 'priv13', 'X-OpenWebUI-Message-Id' => 'priv14',
    'X_OpenWebUI_User_Id' => 'priv15');
my @kept = ('X-Stainless-Lang' => 'js', 'User-Agent' => 'test/1',
    'OpenAI-Beta' => 'x=v1', 'X-OpenWeb' => 'no', 'X-Request-Id' => '7');

for my $vendor (qw(env file azure off)) {
    my $q = sent($chat, $vendor, @private, @kept,
        Origin => $t->url);
    unlike $q->head, qr/priv\d|sk-of-client|openwebui|^origin/im,
        "nothing private to $vendor";
    my %kept = @kept;
    is $q->header($_), $kept{$_}, "$_ goes through" for sort keys %kept;
}

# key client: the one credential of the dialect
for (['Bearer', 'client', $chat, [@private],
        { authorization => 'Bearer sk-of-client' }],
    ['x-api-key', 'client', '/v1/messages', [@private],
        { 'x-api-key' => 'priv1' }],
    ['empty Bearer', 'client', $chat, [Authorization => 'Bearer'], {}],
    ['Bearer and a blank', 'client', $chat, [Authorization => 'Bearer '], {}],
    ['empty x-api-key', 'client', '/v1/messages', ['x-api-key' => ''], {}],
    ['Basic', 'client', $chat, [Authorization => 'Basic eDp5'], {}],
    ['none', 'client', $chat, [], {}],
    ['Bearer on Anthropic', 'client', '/v1/messages',
        [Authorization => 'Bearer x'], {}],
    ['api-key', 'clientaz', $chat, ['Api-Key' => 'az'], { 'api-key' => 'az' }],
    ['Bearer to api-key', 'clientaz', $chat, [Authorization => 'Bearer az'],
        { 'api-key' => 'az' }],
    ['nothing to api-key', 'clientaz', $chat, [], {}])
{
    my ($name, $vendor, $path, $headers, $want) = @$_;
    my $q = sent($path, $vendor, @$headers);
    my %got = map { my @v = $q->header($_); @v ? ($_ => "@v") : () }
        qw(authorization x-api-key api-key cookie proxy-authorization);
    is_deeply \%got, $want, "key client: $name";
}

# A key that opened the gateway is not a vendor's
for (['env', 'Bearer sk-env-1'], ['off'], ['client']) {
    my ($vendor, $value) = @$_;
    $q = sent("/keyed$chat", $vendor, Authorization => 'Bearer gw-secret');
    is_deeply [$q->header('authorization')], [$value // ()],
        "the gateway's key, $vendor";
    $q = sent("/keyed/gw-secret$chat", $vendor);
    unlike $q->head, qr/gw-secret/, "nor in the path, $vendor";
}

$q = sent("/auth$chat", 'client', Authorization => 'Basic dTpw');
is $q->header('authorization'), undef, 'nor that of auth_basic';

$t->done;
