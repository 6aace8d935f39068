#!/usr/bin/perl

# Tests for the paths of the endpoint table: what goes upstream, and methods.

use FindBin;
use lib "$FindBin::Bin/lib";

use ModelTest;

my $t = ModelTest->new;
my $s = $t->backend('s', reply => '{}');

$t->conf(<<'CONF')->start;
model_vendor s {
    proxy_pass http://{{s}};
    dialect    ollama openai anthropic;
    discover   off;
}
model_vendor based {
    proxy_pass http://{{s}}/api/v1;
    dialect    openai;
    discover   off;
}
model_vendor deep {
    proxy_pass http://{{s}}/deep/;
    discover   off;
}
server {
    {{listen}}
    merge_slashes off;
    location / { model_pass; model_allow inference manage; }
    location /team-a/ { model_pass; }
    location /team%20b/ { model_pass; }
    location "/team b/" { model_pass; }
}
CONF

my @ollama = map { "/api/$_" } qw(chat generate embed embeddings);
my @v1 = map { "/v1/$_" } qw(chat/completions completions embeddings responses
    messages messages/count_tokens rerank moderations audio/speech
    audio/transcriptions audio/translations images/generations images/edits
    images/variations);

sub upstream {
    my ($method, $uri, $body, %o) = @_;
    $s->clear;
    my $r = $t->request($method, $uri, $body, %o);
    my $q = $s->last(qr/./);
    return ($r, $q, $q ? "$q->{method} $q->{uri}" : 'nothing');
}

my $json = '{"model":"s:m","n":1}';
my $cut = '{"model":"m"  ,"n":1}';

for my $path (@ollama, @v1) {
    my @asked = ($path, "$path/", $path =~ s{/}{//}gr);
    push @asked, $path =~ s{^/v1}{}r if $path =~ m{^/v1};

    for my $asked (@asked, map { "/team-a$_" } @asked) {
        my ($r, $q, $line) = upstream(POST => $asked, $json);
        is $line, "POST $path", "$asked goes to $path";
        is $q && $q->body, $cut, 'with the prefix cut';
    }

    my ($r) = upstream(GET => $path);
    is $r->status, 405, "GET $path is refused";
    is $r->header('allow'), 'POST', 'Allow';
    like $r->body, qr/^\{.*this path takes POST.*\}$/, 'says what it takes';
    is $s->hits(qr/./), 0, 'nothing goes upstream';
}

# Managing paths, each with its method
for (['POST', '/api/pull', $json, $cut],
    ['POST', '/api/push', $json, $cut],
    ['POST', '/api/pull', '{"model":"","name":"s:m"}',
        '{"model":"","name":"m"  }'],
    ['POST', '/api/pull', '{"name":"s:m","model":"s:x"}',
        '{"name":"s:m","model":"x"  }'],
    ['DELETE', '/api/delete', $json, $cut],
    ['DELETE', '/api/delete', '{"name":"s/m","model":""}',
        '{"name":"m"  ,"model":""}'],
    ['POST', '/api/create', '{"model":"s:new","from":"s:old:8b"}',
        '{"model":"new"  ,"from":"old:8b"  }'],
    ['POST', '/api/create', '{"from":"old","model":"s:new"}',
        '{"from":"old","model":"new"  }'],
    ['POST', '/api/create', '{"from":"s:old","name":"s:new"}',
        '{"from":"old"  ,"name":"new"  }'],
    ['POST', '/api/copy', '{"source":"s:a","destination":"s:b"}',
        '{"source":"a"  ,"destination":"b"  }'],
    ['POST', '/api/copy', '{"destination":"b:8b","source":"s:a"}',
        '{"destination":"b:8b","source":"a"  }'])
{
    my ($method, $path, $in, $out) = @$_;
    my ($r, $q, $line) = upstream($method, $path, $in);
    is $line, "$method $path", "$method $path";
    is $q && $q->body, $out, "$path: $in";
}

for (['GET', '/api/pull', 'POST'], ['POST', '/api/delete', 'DELETE'],
    ['PUT', '/api/tags', 'GET, HEAD'], ['GET', '/api/show', 'POST'],
    ['DELETE', '/v1/models', 'GET, HEAD'], ['POST', '/', 'GET, HEAD'],
    ['GET', '/api/blobs/sha256:' . 'a' x 64, 'HEAD, POST'])
{
    my ($method, $path, $allow) = @$_;
    my ($r) = upstream($method, $path);
    is $r->status, 405, "$method $path is refused";
    is $r->header('allow'), $allow, 'Allow';
}

my ($r) = upstream(POST => '/api/copy',
    '{"source":"s:a","destination":"deep:b"}');
is $r->status, 400, 'a copy to another vendor';
like $r->json->{error}, qr/one vendor.*"s".*"deep"/, 'says why';

# Arguments
for (['?beta=true', '?beta=true'], ['?key=secret', ''],
    ['?key=secret&beta=true', '?beta=true'], ['?a=1&KEY=x&b=2', '?a=1&b=2'],
    ['?a=?&b=1', '?a=?&b=1'], ['?a=1?', '?a=1?'], ['?', ''],
    ['?k%65y=secret&x=%6b', '?x=%6b'], ['?monkey=1&keys=2', '?monkey=1&keys=2'],
    ['?api-version=2024-10-21', '?api-version=2024-10-21'])
{
    my ($args, $sent) = @$_;
    my (undef, $q) = upstream(POST => "/v1/messages$args", $json);
    is $q->uri, "/v1/messages$sent", "arguments $args";
}

# The vendor's base URL
for (['/v1/chat/completions', 'based', '/api/v1/chat/completions'],
    ['/chat/completions?a=1', 'based', '/api/v1/chat/completions?a=1'],
    ['/api/chat', 'deep', '/deep/api/chat'],
    ['/v1/messages', 'deep', '/deep/api/chat'])
{
    my ($path, $vendor, $uri) = @$_;
    my (undef, $q) = upstream(POST => $path, { model => "$vendor:m",
        max_tokens => 1, messages => [{ role => 'user', content => 'x' }] });
    is $q && $q->uri, $uri, "$path of a vendor with a base URL";
}

# A prefix with an escape in it
my (undef, $q) = upstream(POST => '/team%20b/api/chat', $json);
is $q && $q->uri, '/api/chat', 'prefix with a blank';

$t->done;
