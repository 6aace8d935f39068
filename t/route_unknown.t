#!/usr/bin/perl

# Tests for names that cannot be routed: errors in the caller's dialect.

use FindBin;
use lib "$FindBin::Bin/lib";

use ModelTest;

my $t = ModelTest->new;
my $ollama = $t->ollama('ollama', models => ['llama3', 'qwen:7b'],
    version => '0.14.0');
my $openai = $t->openai('openai', models => ['gpt-4o']);
my $claude = $t->anthropic('claude', models => ['claude-a']);

$t->conf(<<'CONF')->start;
model_vendor local { proxy_pass http://{{ollama}}; }
model_vendor cloud { proxy_pass http://{{openai}}; dialect openai; }
model_vendor claude { proxy_pass http://{{claude}}; dialect anthropic; }
server { {{listen}} location / { model_pass; model_allow inference manage; } }
CONF

$t->get('/v1/models');

sub error {
    my ($r, $dialect) = @_;
    my $e = $r->json;
    is $r->header('content-type'), 'application/json', 'type';
    unlike $r->body, qr/\n./, 'one line';
    return $e->{error} if $dialect eq 'ollama';
    is $e->{type}, 'error', 'outer type' if $dialect eq 'anthropic';
    return $e->{error}{message};
}

# Unknown: 404 with the names that are near
for (['/api/chat', 'ollama', 'local:lama3', "model 'local:lama3' not found"],
    ['/api/generate', 'ollama', 'lama3', "model 'lama3' not found"],
    ['/api/embed', 'ollama', 'lama3', "model 'lama3' not found"],
    ['/v1/chat/completions', 'openai', 'lama3', 'The model `lama3` does not'],
    ['/v1/messages', 'anthropic', 'lama3', 'model: lama3'])
{
    my ($path, $dialect, $asked, $text) = @$_;

    # a prefix is routed as it stands: only the server knows
    next if $asked =~ /^local:/;

    my $r = $t->post($path, { model => $asked, messages => [] });
    is $r->status, 404, "$path: status";
    my $message = error($r, $dialect);
    like $message, qr/^\Q$text\E/, "$path: text";
    like $message, qr/near to it .*local:llama3:latest/, "$path: near";
}

my $r = $t->post('/v1/chat/completions', { model => 'lama3' });
is $r->json->{error}{type}, 'invalid_request_error', 'openai type';
is $r->json->{error}{code}, 'model_not_found', 'openai code';
is $r->json->{error}{param}, 'model', 'openai param';
is $t->post('/v1/messages', { model => 'lama3' })->json->{error}{type},
    'not_found_error', 'anthropic type';

$r = $t->post('/api/chat', { model => 'zzzzzzzzzzzz' });
is $r->body =~ /near/ ? 1 : 0, 0, 'nothing near, nothing said';
is $t->post('/api/show', { model => 'nope' })->json->{error},
    "model 'nope:latest' not found", "show has Ollama's words";

$r = $t->post('/api/chat', "{\"model\":\"a\\\"b<\x{c3}\x{a9}>\"}");
is $r->status, 404, 'a name that needs escapes';
like $r->json->{error}, qr/a.*b.*not found/, 'is quoted in the error';

# No name at all
for (['/api/chat', 'ollama', {}, 'model is required'],
    ['/api/chat', 'ollama', { model => '' }, 'model is required'],
    ['/api/copy', 'ollama', {}, 'source "" is invalid'],
    ['/v1/chat/completions', 'openai', {}, 'you must provide a model'],
    ['/v1/messages', 'anthropic', {}, 'model: Field required'])
{
    my ($path, $dialect, $body, $text) = @$_;
    $r = $t->post($path, $body);
    is $r->status, 400, "$path without a name";
    like error($r, $dialect), qr/\Q$text\E/, "$path without a name: text";
}

# A model of a vendor that does not speak the path's dialect
# and has no bridge
for (['/api/embed', 'ollama', 'claude:claude-a', '/v1/messages'],
    ['/v1/completions', 'openai', 'claude-a', '/v1/messages'],
    ['/v1/rerank', 'openai', 'llama3', '/api/chat'],
    ['/v1/messages/count_tokens', 'anthropic', 'llama3', '/api/chat', 404])
{
    my ($path, $dialect, $asked, $paths, $status) = @$_;
    $r = $t->post($path, { model => $asked });
    is $r->status, $status // 400, "$asked by $path: status";
    like error($r, $dialect), qr/do not answer \Q$path\E.*\Q$paths\E/,
        "$asked by $path: text";
}

is $ollama->hits(qr{POST /(?:api/(?!show)|v1)}) + $openai->hits(qr/^POST/)
    + $claude->hits(qr/^POST/), 0, 'nothing went upstream';

# An Ollama server's own /v1 is used as it is
for ('chat/completions', 'completions', 'embeddings', 'responses',
    'messages')
{
    $ollama->clear;
    $t->post("/v1/$_", { model => 'local:llama3', prompt => 'x',
        input => 'x', max_tokens => 1, messages => [] });
    is $ollama->hits(qr{^POST /v1/\Q$_\E$}), 1, "/v1/$_ is native";
}

$t->done;
