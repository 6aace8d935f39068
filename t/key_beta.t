#!/usr/bin/perl

# Tests for anthropic-beta, which only vendors of that dialect get, and for
# client-key patterns with either separator.

use FindBin;
use lib "$FindBin::Bin/lib";

use Digest::SHA 'sha256_hex';
use ModelTest;

my $t = ModelTest->new;
my $a = $t->ollama('a', models => ['llama3'], version => '0.14.0');
my $c = $t->anthropic('c', models => ['claude-x'], keys => ['sk-a']);

$t->write_file('keys', join '', map { "$_->[0]:" . sha256_hex($_->[1])
    . " $_->[2]\n" } ['colon', 'key-colon', 'a:*'], ['slash', 'key-slash',
    'a/*']);

$t->conf(<<'CONF')->start;
model_vendor a { proxy_pass http://{{a}}; }
model_vendor c {
    proxy_pass http://{{c}};
    dialect anthropic;
    key literal:sk-a;
}
server { {{listen}} location / { model_pass; } }
server {
    {{listen:k}}
    location / { model_pass; model_keys file:{{dir}}/keys; }
}
CONF

# the server's version, which says that it has the path, is known then

$t->get('/api/tags');

my @h = ('anthropic-version' => '2023-06-01', 'anthropic-beta' => 'one',
    'anthropic-beta' => 'two');

for my $case (['a:llama3', $a, ''], ['c:claude-x', $c, 'one,two']) {
    my ($model, $server, $want) = @$case;
    my $r = $t->post('/v1/messages', { model => $model, max_tokens => 5,
        messages => [{ role => 'user', content => 'x' }] }, headers => \@h);

    is $r->status, 200, "$model answers";
    is join(',', map { $_->[1] } grep { lc $_->[0] eq 'anthropic-beta' }
        @{ $server->last(qr{/v1/messages})->raw_headers }), $want,
        "betas for $model";
}

for my $key ('key-colon', 'key-slash') {
    my @o = (listen => 'k', headers => [Authorization => "Bearer $key"]);
    my $r = $t->get('/api/tags', @o);
    is join(' ', map { $_->{name} } @{ $r->json->{models} }),
        'a:llama3:latest', "$key lists its models";
    is $t->post('/api/chat', { model => 'a/llama3', messages => [] }, @o)
        ->status, 200, "$key is let through";
    is $t->post('/v1/messages', { model => 'c:claude-x', max_tokens => 5,
        messages => [] }, @o)->status, 404, "$key goes no further";
}

$t->done;
