#!/usr/bin/perl

# Tests for Continue's Ollama provider, its base URL being a path of ours.

use FindBin;
use lib "$FindBin::Bin/lib";

use ModelTest;

use Digest::SHA qw(sha256_hex);

my $t = ModelTest->new;
my $acme = $t->ollama('acme', models => [{ name => 'coder:7b', template =>
    '{{- if .Suffix }}<PRE>{{ .Prompt }}<SUF>{{ .Suffix }}{{ end }}',
    capabilities => ['completion', 'insert', 'tools'], parameters =>
    "num_ctx                        16384\nstop                           "
    . '"<EOT>"' }, { name => 'nomic-embed', capabilities => ['embedding'] }]);

$t->write_file('keys', 'dev:' . sha256_hex('gw-secret') . "\n");
$t->conf(<<'CONF')->start;
model_vendor acme { proxy_pass http://{{acme}}; }
server {
    {{listen}}
    location / { model_pass; model_keys file:{{dir}}/keys; }
    location /team-a/ { model_pass acme; }
}
CONF

my @body = (options => { num_ctx => 16384, num_predict => 2048, stop =>
    ['<EOT>'] }, keep_alive => 1800);

for my $case (['', 'acme:', Authorization => 'Bearer gw-secret'],
    ['/gw-secret', 'acme:'], ['/team-a', ''])
{
    my ($base, $prefix, @key) = @$case;
    my $model = "${prefix}coder:7b";
    my @o = (headers => [@key, 'Content-Type' => 'application/json',
        'User-Agent' => 'node-fetch', 'Accept-Encoding' => 'gzip, br']);
    $acme->clear;

    # At start: the list, then one document by name
    my @names = map { $_->{name} } @{ $t->get("$base/api/tags", @o)
        ->json->{models} };
    ok !!(grep { /\bcoder:7b$/ } @names), "$base: tags";
    my $show = $t->post("$base/api/show", { name => $model }, @o)->json;
    my %parameter = map { /^(\S+)\s+(.*)$/ ? ($1 => $2) : () }
        split /\n/, $show->{parameters};
    is_deeply \%parameter, { num_ctx => 16384, stop => '"<EOT>"' },
        "$base: parameters";
    like $show->{template}, qr/\.Suffix/, "$base: template";
    ok !!(grep { $_ eq 'tools' } @{ $show->{capabilities} }),
        "$base: capabilities";

    # Warm-up: an empty prompt
    my $r = $t->post("$base/api/generate", { model => $model, prompt => '',
        raw => \0, keep_alive => 1800 }, @o);
    is $r->status, 200, "$base: warm-up";
    is $r->json->{done_reason}, 'load', "$base: loaded";

    # Chat, completion between two texts, embeddings
    $r = $t->post("$base/api/chat", { model => $model, stream => \1, @body,
        messages => [{ role => 'user', content => 'see', images => ['AQL/']
        }] }, @o);
    is $r->status, 200, "$base: chat";
    is $r->header('content-encoding'), undef, "$base: not compressed";
    like $r->body, qr/"done":true.*\}\n\z/, "$base: its last line is ended";
    is join('', map { $_->{message}{content} } $r->ndjson),
        'Hello from acme', "$base: text";
    my $sent = $acme->last(qr/chat/)->json;
    is $sent->{keep_alive}, 1800, "$base: keep_alive";
    is $sent->{options}{num_ctx}, 16384, "$base: options";

    $r = $t->post("$base/api/generate", { model => $model, prompt => 'a(',
        suffix => ')', raw => \0, stream => \1, @body }, @o);
    is join('', map { $_->{response} } $r->ndjson), 'Hello from acme',
        "$base: between two texts";
    is $acme->last(qr/generate/)->json->{suffix}, ')', "$base: suffix";

    $r = $t->post("$base/api/embed", { model => "${prefix}nomic-embed",
        input => ['a', 'b'] }, @o);
    is scalar @{ $r->json->{embeddings} }, 2, "$base: embeddings";
    is $acme->last(qr/embed/)->uri, '/api/embed', "$base: path";

    # Errors: it shows the text
    $r = $t->post("$base/api/chat", { model => "${prefix}nope", messages =>
        [] }, @o);
    is $r->status, 404, "$base: unknown model";
    is $r->json->{error}, "model 'nope' not found", "$base: its text";
}

# A base URL that does not end in a slash loses its last part
my $r = $t->get('/api/tags');
is $r->status, 401, 'without its path';
is ref $r->json->{error}, '', 'a text, as everywhere';
is $t->get('/team-b/api/tags')->status, 401, 'another path';

$t->done;
