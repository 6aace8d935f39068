#!/usr/bin/perl

# Tests for VS Code Copilot Chat's Ollama provider.

use FindBin;
use lib "$FindBin::Bin/lib";

use ModelTest;

use Digest::SHA qw(sha256_hex);
use JSON::PP ();

my $t = ModelTest->new(env => { KEY => 'sk-good' });
my @tool = (tool_calls => [{ name => 'read', arguments => '{"file":"a.c"}' }]);
my $acme = $t->ollama('acme', @tool, models => [
    { name => 'llama3', family => 'llama', context_length => 131072,
        capabilities => ['completion', 'tools', 'vision'] },
    { name => 'nomic-embed', capabilities => ['embedding'] }]);
my $zero = $t->ollama('zero', models => ['llama3'], version => '0.0.0');
my $cloud = $t->openai('cloud', keys => ['sk-good'], style => 'openrouter',
    models => ['gpt-x', { id => 'org/model-a', context => 65536 }], @tool);
my $open = $t->openai('open', models => ['free']);

$t->write_file('keys', 'ide:' . sha256_hex('gw-secret') . "\n");
$t->conf(<<'CONF')->start;
model_vendor acme { proxy_pass http://{{acme}}; }
model_vendor zero { proxy_pass http://{{zero}}; }
model_vendor cloud { proxy_pass http://{{cloud}}; dialect openai; key env:KEY; }
model_vendor open { proxy_pass http://{{open}}; dialect openai; key client; }
server {
    {{listen}}
    location / { model_pass acme cloud open; }
    location /zero/ { model_pass zero; }
    location /cloud/ { model_pass cloud; }
    location /guarded/ { model_pass; model_keys file:{{dir}}/keys; }
}
CONF

my @h = ('User-Agent' => 'GitHubCopilotChat/0.32.4', Accept => '*/*',
    'Content-Type' => 'application/json');

# The version is 0.6.4 or newer, or 0.0.0
for my $base ('', '/zero', '/cloud') {
    my $r = $t->get("$base/api/version", headers => \@h);
    is $r->status, 200, "$base: version";
    my $version = $r->json->{version};
    my @v = split /\./, $version;
    ok $version eq '0.0.0' || $v[0] > 0 || $v[1] > 6
        || $v[1] == 6 && $v[2] >= 4, "$base: is new enough: $version";
}

# Each model of the list is shown
my @names = map { $_->{model} } @{ $t->get('/api/tags', headers => \@h)
    ->json->{models} };
is_deeply [sort @names], [qw(acme:llama3:latest acme:nomic-embed:latest
    cloud:gpt-x cloud:org/model-a open:free)], 'tags';

my %show;
for my $name (@names) {
    my $r = $t->post('/api/show', { model => $name }, headers => \@h);
    is $r->status, 200, "$name: show";
    my $s = $show{$name} = $r->json;
    my $arch = $s->{model_info}{'general.architecture'};
    is ref $s->{capabilities}, 'ARRAY', "$name: capabilities";
    ok $arch, "$name: architecture";
    like $s->{model_info}{"$arch.context_length"}, qr/^[1-9]\d+$/,
        "$name: context length";
}

sub can_do { my ($name, $what) = @_;
    return scalar grep { $_ eq $what } @{ $show{$name}{capabilities} } }

ok can_do('acme:llama3:latest', 'tools'), 'tools of an Ollama';
ok can_do('acme:llama3:latest', 'vision'), 'vision of an Ollama';
ok !can_do('acme:nomic-embed:latest', 'tools'), 'no tools in embeddings';
ok can_do('cloud:org/model-a', 'tools'), 'tools as the cloud says';
is $show{'acme:llama3:latest'}{model_info}{'llama.context_length'}, 131072,
    'context of an Ollama';

my $info = $show{'cloud:org/model-a'}{model_info};
is $info->{"$info->{'general.architecture'}.context_length"}, 65536,
    'context as the cloud says';

# The chat comes with an empty token, which is none
sub chat {
    my ($base, $model, @more) = @_;
    return $t->post("$base/v1/chat/completions", { model => $model,
        stream => \1, messages => [{ role => 'user', content => 'hi' }],
        tools => [{ type => 'function', function => { name => 'read',
            parameters => { type => 'object' } } }] },
        headers => [@h, Authorization => 'Bearer ', @more]);
}

for my $case (['acme:llama3:latest', $acme, undef],
    ['cloud:org/model-a', $cloud, 'Bearer sk-good'], ['open:free', $open,
    undef])
{
    my ($model, $server, $key) = @$case;
    my $r = chat('', $model);
    is $r->status, 200, "$model: chat";
    is scalar $server->last(qr/^POST.*chat/)->header('authorization'), $key,
        "$model: what the server gets as a key";
    next if $model =~ /open/;

    my @calls = map { @{ $_->{choices}[0]{delta}{tool_calls} || [] } }
        map { JSON::PP::decode_json($_) } grep { /^\{/ }
        map { $_->{data} // '' } $r->sse;
    is join('', map { $_->{function}{arguments} // '' } @calls),
        '{"file":"a.c"}', "$model: a tool call";
}

my $r = chat('/guarded', 'acme:llama3:latest');
is $r->status, 401, 'empty token where a key is needed';
like $r->header('content-type'), qr{^application/json}, 'in JSON';
ok $r->json->{error}{message}, 'with a text';

$t->done;
