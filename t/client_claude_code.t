#!/usr/bin/perl

# Tests for Claude Code: its requests, whatever it sends beside them.

use FindBin;
use lib "$FindBin::Bin/lib";

use ModelTest;

use Digest::SHA qw(sha256_hex);
use JSON::PP ();

my $t = ModelTest->new(env => { KEY => 'sk-ant-good' });
my $claude = $t->anthropic('claude', keys => ['sk-ant-good'], models =>
    ['claude-big-1', 'claude-haiku-1'], tool_calls => [{ name => 'Read',
    arguments => '{"file_path":"/a"}' }]);
my $local = $t->ollama('local', models => ['qwen3-coder:30b']);
my $gone = $t->anthropic('gone')->refuse;

$t->write_file('keys', 'dev:' . sha256_hex('gw-secret') . "\n");
$t->conf(<<'CONF')->start;
model_vendor claude { proxy_pass http://{{claude}}; dialect anthropic;
    key env:KEY; }
model_vendor local { proxy_pass http://{{local}};
    dialect ollama openai anthropic; }
model_vendor gone { proxy_pass http://{{gone}}; dialect anthropic;
    discover off; model lost; }
model_keys file:{{dir}}/keys;
server { {{listen}} location / { model_pass; } }
CONF

my @auth = ('x-api-key' => 'gw-secret', Authorization => 'Bearer gw-secret');
my $betas = 'claude-code-20250219,oauth-2025-04-20,'
    . 'interleaved-thinking-2025-05-14,fine-grained-tool-streaming-2025-05-14';
my @h = (Accept => 'application/json', 'Content-Type' => 'application/json',
    'User-Agent' => 'claude-cli/2.0.14 (external, cli)', 'x-app' => 'cli',
    'anthropic-version' => '2023-06-01', 'anthropic-beta' => $betas,
    'anthropic-dangerous-direct-browser-access' => 'true',
    'X-Stainless-Retry-Count' => '0', 'X-Stainless-Lang' => 'js',
    'Accept-Language' => '*', 'Sec-Fetch-Mode' => 'cors');

sub body {
    my ($model, @more) = @_;
    return { model => $model, max_tokens => 32000, stream => \1,
        system => [{ type => 'text', text => 'x-anthropic-billing-header: '
            . 'cc_version=2.0; model=claude-other' }, { type => 'text',
            text => 'You are an agent', cache_control => { type =>
            'ephemeral' } }],
        messages => [{ role => 'user', content => [{ type => 'text',
            text => "\"model\":\"no\" \x{2028}" }] }],
        tools => [{ name => 'Read', input_schema => { '$schema' =>
            'http://json-schema.org/draft-07/schema#', type => 'object',
            properties => { model => { type => 'string' } } } }],
        metadata => { user_id => 'user_1' },
        thinking => { type => 'enabled', budget_tokens => 10000 },
        context_management => { edits => [] }, @more };
}

# Is somebody there
is $t->head('/', headers => [@h, @auth])->status, 200, 'HEAD /';
is $t->get('/', headers => [@h, @auth])->status, 200, 'GET /';

# Both models, by their own names, with either header or both
for my $case (['both headers', @auth], ['key', @auth[0, 1]],
    ['token', @auth[2, 3]])
{
    my ($name, @key) = @$case;

    for my $model ('claude-big-1', 'claude-haiku-1', 'claude:claude-big-1') {
        $claude->clear;
        my $r = $t->post('/v1/messages?beta=true', body($model),
            headers => [@h, @key]);
        is $r->status, 200, "$name, $model: status";
        my @events = map { $_->{event} } $r->sse;
        is $events[0], 'message_start', "$name, $model: begins";
        is $events[-1], 'message_stop', "$name, $model: ends";

        my $q = $claude->last(qr{messages});
        is $q->uri, '/v1/messages?beta=true', "$name, $model: query";
        is scalar $q->header('x-api-key'), 'sk-ant-good', "$name, $model: key";
        is scalar $q->header('authorization'), undef, "$name, $model: alone";
        is scalar $q->header('anthropic-beta'), $betas,
            "$name, $model: betas";
        is_deeply $q->json, ModelTest::JSON::decode(ModelTest::JSON::encode(
            body($model =~ s/.*://r))), "$name, $model: body";
    }
}

# Counting
my $r = $t->post('/v1/messages/count_tokens?beta=true', { model =>
    'claude-big-1', messages => [{ role => 'user', content => 'hi' }] },
    headers => [@h, @auth]);
is $r->status, 200, 'count_tokens';
is $r->json->{input_tokens}, 14, 'the count';
is $claude->last(qr/count/)->uri, '/v1/messages/count_tokens?beta=true',
    'count_tokens: query';

# A model of an Ollama by its own /v1/messages; it has no count_tokens
$r = $t->post('/v1/messages?beta=true', body('qwen3-coder:30b'),
    headers => [@h, @auth]);
is $r->status, 200, 'a local model';
like $r->body, qr/event: message_stop\n/, 'its end';
is scalar $local->last(qr/messages/)->header('x-api-key'), undef,
    'no key for it';
$r = $t->post('/v1/messages/count_tokens?beta=true', { model =>
    'qwen3-coder:30b', messages => [] }, headers => [@h, @auth]);
is $r->status, 404, 'count_tokens of a local model';

# Its discovery of models, and errors in its dialect
$r = $t->get('/v1/models?limit=1000', headers => [@h, @auth]);
my %type = map { $_->{id} => $_->{type} } @{ $r->json->{data} };
is $type{'claude:claude-big-1'}, 'model', 'models';
is $r->json->{has_more}, JSON::PP::false(), 'all of them';

for my $case (['no key', 401, 'authentication_error', 'claude-big-1', []],
    ['unknown model', 404, 'not_found_error', 'claude-next', \@auth],
    ['server is down', 502, 'api_error', 'gone:lost', \@auth])
{
    my ($name, $status, $type, $model, $key) = @$case;
    $r = $t->post('/v1/messages?beta=true', body($model),
        headers => [@h, @$key]);
    is $r->status, $status, "$name: status";
    is $r->json->{type}, 'error', "$name: shape";
    is $r->json->{error}{type}, $type, "$name: type";
}

$claude->overloaded(times => 1);
$r = $t->post('/v1/messages?beta=true', body('claude-big-1'),
    headers => [@h, @auth]);
is $r->status, 529, 'overloaded';
is scalar $r->header('x-should-retry'), 'true', 'overloaded: try again';
is $r->json->{error}{type}, 'overloaded_error', 'overloaded: type';

$t->done;
