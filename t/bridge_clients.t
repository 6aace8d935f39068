#!/usr/bin/perl

# Tests for what real clients send, asked of vendors that do not speak their
# API: the ollama command, Open WebUI, big-AGI, Continue, Claude Code, Codex.

use FindBin;
use lib "$FindBin::Bin/lib";

use JSON::PP ();

use ModelTest;
use ModelTest::Answer;

my $t = ModelTest->new(env => { K => 'sk-v' });
my %server = (
    cloud => $t->openai('cloud', models => ['gpt-x'], keys => ['sk-v']),
    claude => $t->anthropic('claude', models => ['opus'], keys => ['sk-v']),
    local => $t->ollama('local', models => ['qwen'], version => '0.9.0'),
);

$t->conf(<<'CONF')->start;
client_max_body_size 10m;
model_allow inference manage;
model_vendor cloud { proxy_pass http://{{cloud}}; dialect openai; key env:K;
    model gpt-x context=128000 capabilities=completion,tools,vision; }
model_vendor claude { proxy_pass http://{{claude}}; dialect anthropic;
    key env:K; model opus capabilities=completion,tools,thinking; }
model_vendor local { proxy_pass http://{{local}}; }
server { {{listen}} location / { model_pass; } }
CONF

my @cli = ('User-Agent' => 'ollama/0.12.3 (amd64 linux) Go/go1.24.1',
    'Content-Type' => 'application/json', 'Accept-Encoding' => 'gzip');

# one call of Go's client: each line, an error's as well, is an object whose
# "error", if any, is a string
sub call {
    my ($name, $method, $uri, $body) = @_;
    my $r = $t->request($method, $uri, $body, headers => \@cli);
    my @bad = grep { my $j = eval { JSON::PP->new->utf8->decode($_) };
        ref $j ne 'HASH' || exists $j->{error} && ref $j->{error} }
        split /\n/, $r->body, -1;
    pop @bad if $r->body =~ /\n\z/;
    is "@bad", '', "$name: lines of JSON" if $uri ne '/';
    return $r;
}

for my $case (['cloud:gpt-x', 'cloud'], ['claude:opus', 'claude']) {
    my ($model, $vendor) = @$case;
    my $s = $server{$vendor};
    my $name = "ollama run $model";
    my %named = (model => '', name => $model);

    # list, show, run: it is there, it is loaded, it talks, it is unloaded

    call($name, 'HEAD', '/');
    ok scalar(grep { $_->{name} eq $model } @{ call("ollama list", 'GET',
        '/api/tags')->json->{models} }), "$name: is listed";
    my $show = call($name, 'POST', '/api/show', { %named, system => '',
        template => '', verbose => \0, options => undef });
    is $show->status, 200, "$name: is shown";
    ok scalar(grep { $_ eq 'tools' } @{ $show->json->{capabilities} }),
        "$name: what it can do";

    $s->clear;
    my $r = call($name, 'POST', '/api/generate', { model => $model,
        prompt => '', suffix => '', system => '', template => '',
        options => undef, $vendor eq 'claude' ? (think => \1) : () });
    is $r->json->{done_reason}, 'load', "$name: is loaded";
    is $s->hits(qr/^POST/), 0, "$name: which asks nobody";

    my @history = { role => 'user', content => 'hi' };

    for my $turn (1, 2) {
        $r = call($name, 'POST', '/api/chat', { model => $model, messages =>
            [@history], format => '', options => {} });
        is $r->status, 200, "$name: turn $turn" or diag $r->body;
        my $a = ModelTest::Answer::read('chat', $r);
        is $a->{text}, "Hello from $vendor", "$name: turn $turn, text";
        is_deeply $a->{wrong}, [], "$name: turn $turn, as Ollama has it";
        ok $a->{done}, "$name: turn $turn, its end";
        push @history, { role => 'assistant', content => $a->{text} },
            { role => 'user', content => 'and?' };
    }

    is scalar @{ $s->last(qr/^POST/)->json->{messages} }, 3,
        "$name: the history is sent";
    $r = call('ollama stop', 'POST', '/api/generate', { model => $model,
        prompt => '', keep_alive => 0 });
    is $r->json->{done_reason}, 'unload', "ollama stop $model";
    $r = call('ollama pull', 'POST', '/api/pull', { %named, insecure => \0 });
    is +($r->ndjson)[-1]{status}, 'success', "ollama pull $model";
    is call('ollama rm', 'DELETE', '/api/delete', { %named })->status, 400,
        "ollama rm $model: says that it cannot";

    # Open WebUI

    my @h = ('User-Agent' => 'Python/3.11 aiohttp/3.11.11', 'Content-Type' =>
        'application/json', 'X-OpenWebUI-User-Email' => 'jane@x');
    $s->clear;
    $r = $t->post('/api/chat', { model => $model, stream => \1, messages =>
        [{ role => 'system', content => 'Be brief' }, { role => 'user',
        content => 'hi', images => ['iVBORw0KGgo='] }], options => {
        temperature => 0.5, num_ctx => 4096, stop => ['END'] } },
        headers => \@h);
    is $r->status, 200, "Open WebUI, $model" or diag $r->body;
    is join('', map { $_->{message}{content} } $r->ndjson),
        "Hello from $vendor", "Open WebUI, $model: text";
    my $sent = $s->last(qr/^POST/);
    is_deeply [grep { /openwebui/i } map { $_->[0] }
        @{ $sent->raw_headers }], [], "Open WebUI, $model: no user";
    is $sent->json->{temperature}, 0.5, "Open WebUI, $model: an option";
    like $sent->body, qr/iVBORw0KGgo=/, "Open WebUI, $model: a picture";

    # a title for the chat, not a stream

    $r = $t->post('/api/generate', { model => $model, stream => \0, prompt =>
        'title', options => { num_predict => 50 } }, headers => \@h);
    is $r->json->{response}, "Hello from $vendor", "Open WebUI, $model: title";
    is $r->json->{done}, JSON::PP::true(), "Open WebUI, $model: done";

    # Continue: warms up, always has num_ctx and keep_alive

    $r = $t->post('/api/chat', { model => $model, raw => \0, keep_alive =>
        1800, options => { num_predict => 2048, num_ctx => 8096 }, messages =>
        [{ role => 'user', content => 'hi' }], stream => \1 });
    is $r->status, 200, "Continue, $model" or diag $r->body;
    like $r->body, qr/"done":true[^\n]*\n\z/, "Continue, $model: its end";

    # tools of an Ollama client to the end of the loop, without ids as the
    # Python package has them

    my $arguments = '{"city":"Bern"}';
    $s->set(tool_calls => [{ name => 'weather', arguments => $arguments }]);
    my @tools = (tools => [{ type => 'function', function => { name =>
        'weather', description => 'w', parameters => { type => 'object',
        properties => { city => { type => 'string' } } } } }]);
    $r = $t->post('/api/chat', { model => $model, stream => \0, @tools,
        messages => [{ role => 'user', content => 'weather?' }] });
    my $m = $r->json->{message};
    is $m->{tool_calls}[0]{function}{arguments}{city}, 'Bern',
        "tools, $model: a call";
    $s->set(tool_calls => undef);
    delete $_->{id} for @{ $m->{tool_calls} };
    $r = $t->post('/api/chat', { model => $model, stream => \0, @tools,
        messages => [{ role => 'user', content => 'weather?' }, $m,
        { role => 'tool', tool_name => 'weather', content => 'sunny' }] });
    is $r->status, 200, "tools, $model: the result" or diag $r->body;
    $sent = $s->last(qr/^POST/)->json->{messages};
    my ($call, $result) = $vendor eq 'cloud' ? ($sent->[1]{tool_calls}[0]{id},
        $sent->[2]{tool_call_id}) : ($sent->[1]{content}[0]{id},
        $sent->[2]{content}[0]{tool_use_id});
    ok length($call) && $call eq $result, "tools, $model: belong together";
}

# big-AGI asks all by OpenAI's paths, with content in parts

for my $case (['claude:opus', 'claude'], ['local:qwen', 'local']) {
    my ($model, $vendor) = @$case;
    my $r = $t->post('/v1/chat/completions', '{"model":"' . $model . '",'
        . '"messages":[{"role":"system","content":"Be brief"},{"role":"user",'
        . '"content":[{"type":"text","text":"hi"},{"type":"image_url",'
        . '"image_url":{"url":"data:image/png;base64,iVBORw0KGgo="}}]}],'
        . '"temperature":0.5,"max_tokens":4096,"stream":true,'
        . '"stream_options":{"include_usage":true}}');
    my $a = ModelTest::Answer::read('completions', $r);
    is $r->status, 200, "big-AGI, $model" or diag $r->body;
    is $a->{text}, "Hello from $vendor", "big-AGI, $model: text";
    is $a->{prompt}, 11, "big-AGI, $model: usage";
    like $r->body, qr/data: \[DONE\]\n\n\z/, "big-AGI, $model: its end";
}

# Claude Code

for my $case (['cloud:gpt-x', 'cloud'], ['local:qwen', 'local']) {
    my ($model, $vendor) = @$case;
    my @h = ('anthropic-version' => '2023-06-01', 'anthropic-beta' =>
        'claude-code-20250219,interleaved-thinking-2025-05-14',
        'x-api-key' => 'none');
    my $r = $t->post('/v1/messages?beta=true', { model => $model, max_tokens =>
        32000, stream => \1, system => [{ type => 'text', text =>
        'x-anthropic-billing-header: cc_version=2.0' }, { type => 'text',
        text => 'You are an agent', cache_control => { type => 'ephemeral' }
        }], messages => [{ role => 'user', content => [{ type => 'text',
        text => "go \x{2028}" }] }], tools => [{ name => 'Read',
        input_schema => { '$schema' =>
        'http://json-schema.org/draft-07/schema#', type => 'object' } }],
        metadata => { user_id => 'u' }, thinking => { type => 'enabled',
        budget_tokens => 10000 } }, headers => \@h);
    my $a = ModelTest::Answer::read('messages', $r);
    is $r->status, 200, "Claude Code, $model" or diag $r->body;
    is $a->{text}, "Hello from $vendor", "Claude Code, $model: text";
    is_deeply $a->{wrong}, [], "Claude Code, $model: as Anthropic has it";
    cmp_ok $a->{start}, '>', 0, "Claude Code, $model: a meter of the context";
    my $sent = $server{$vendor}->last(qr/^POST/);
    unlike $sent->body, qr/billing/, "Claude Code, $model: no billing line";
    is $sent->header('anthropic-beta'), undef, "Claude Code, $model: no betas";
    is $t->post('/v1/messages/count_tokens?beta=true', { model => $model,
        messages => [] }, headers => \@h)->status, 404,
        "Claude Code, $model: counts by itself";
}

# Codex

for my $case (['claude:opus', 'claude'], ['local:qwen', 'local']) {
    my ($model, $vendor) = @$case;
    my $r = $t->post('/v1/responses', { model => $model, instructions =>
        'You are Codex', input => [{ type => 'message', role => 'user',
        content => [{ type => 'input_text', text => 'hi' }] }], tools =>
        [{ type => 'function', name => 'shell', description => 's', strict =>
        \0, parameters => { type => 'object', properties => {} } }],
        tool_choice => 'auto', parallel_tool_calls => \0, store => \0,
        stream => \1, include => ['reasoning.encrypted_content'],
        prompt_cache_key => 'k', reasoning => undef });
    my $a = ModelTest::Answer::read('responses', $r);
    is $r->status, 200, "Codex, $model" or diag $r->body;
    is $a->{text}, "Hello from $vendor", "Codex, $model: text";
    is_deeply $a->{wrong}, [], "Codex, $model: as OpenAI has it";
}

$t->done;
