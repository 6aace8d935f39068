#!/usr/bin/perl

# Tests for model_pass below a prefix: a secret path, a team's path, nested
# ones, and rewrites.

use FindBin;
use lib "$FindBin::Bin/lib";

use ModelTest;

my $t = ModelTest->new;
my $a = $t->ollama('a', models => ['llama3']);
my $b = $t->ollama('b', models => ['llama3', 'only-b']);

$t->conf(<<'CONF')->start;
model_vendor a { proxy_pass http://{{a}}; }
model_vendor b { proxy_pass http://{{b}}; }
server {
    {{listen}}
    location /secret-3f9c/ { model_pass; }
    location /team-a { model_pass a; }
    location /team-b/ { model_pass b; model_allow inference other;
        location /team-b/deep/ { model_pass a; }
        location /team-b/api/version { return 204; }
    }
    location ^~ /caret/ { model_pass a; }
    location "/with space/" { model_pass a; }
    location /old/ { rewrite ^/old/(.*)$ /team-a/$1 last; }
    location /broken/ { rewrite ^/broken/(.*)$ /$1 break; model_pass a; }
    location / { return 404; }
}
CONF

$t->eventually(sub { my $b = $t->get('/secret-3f9c/api/tags')->body;
    $b =~ /a:llama3/ && $b =~ /b:only-b/ }, 'models are known');

my $chat = { model => 'llama3', stream => \0,
    messages => [{ role => 'user', content => 'x' }] };

for my $case (
    ['/secret-3f9c', 'a'], ['/team-a', 'a'], ['/team-b', 'b'],
    ['/team-b/deep', 'a'], ['/caret', 'a'], ['/with%20space', 'a'],
    ['/old', 'a'], ['/broken', 'a'], ['//team-a', 'a'],
    ['/team-a/', 'a'], ['/x/../team-a', 'a'], ['/te%61m-a', 'a'])
{
    my ($prefix, $who) = @$case;
    my $s = $t->{backends}{$who};
    my $ok = $prefix eq '/team-b' ? 204 : 200;

    $_->clear for $a, $b;
    is $t->get("$prefix/api/version")->status, $ok, "$prefix: version";
    like $t->get("$prefix/api/tags")->body, qr/"$who:llama3:latest"/,
        "$prefix: tags";
    like $t->get("$prefix/v1/models")->body, qr/"$who:llama3/,
        "$prefix: models";
    is $t->get("$prefix/v1/models/$who:llama3")->status, 200,
        "$prefix: one model";
    is $t->post("$prefix/api/chat", $chat)->status, 200,
        "$prefix: chat";
    is $s->last(qr/chat/)->uri, '/api/chat', "$prefix: path upstream";
    is $t->post("$prefix/v1/chat/completions?a=b", $chat)->status,
        200, "$prefix: chat completions";
    is $s->last(qr/completions/)->uri, '/v1/chat/completions?a=b',
        "$prefix: arguments";
}

# The root of a prefix
is $t->get('/secret-3f9c/')->body, 'Ollama is running', 'root';
is $t->head('/secret-3f9c/')->status, 200, 'root, HEAD';
is $t->get('/team-a')->body, 'Ollama is running', 'root without a slash';
is $t->get('/secret-3f9c')->status, 404, 'no redirect to the slash';
is $t->get('/api/tags')->status, 404, 'nothing outside of the prefixes';
is $t->get('/team-b/api/version')->status, 204, 'a location inside';

# Which vendors a prefix has
is $t->post('/team-a/api/chat', { %$chat, model => 'only-b' })->status, 404,
    'not in this one';
is $t->post('/secret-3f9c/api/chat', { %$chat, model => 'b:only-b' })->status,
    200, 'in that one';

# Paths with a slash or its code at the end
is $t->get('/secret-3f9c/api/tags/')->status, 200, 'slash at the end';
is $t->get('/secret-3f9c/api//tags')->status, 200, 'two slashes';
is $t->get('/secret-3f9c/api%2Ftags')->status, 200, 'coded slash';

$t->done;
