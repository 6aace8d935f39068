#!/usr/bin/perl

# Tests for the paths of model_status: what each takes, who may ask.

use FindBin;
use lib "$FindBin::Bin/lib";

use ModelTest;

my $t = ModelTest->new;
my $a = $t->ollama('a', models => ['llama3']);
my $dead = $t->openai('dead');
$dead->refuse;

$t->write_file('htpasswd', "joe:{PLAIN}secret\n");

$t->conf(<<'CONF')->start;
model_vendor a { proxy_pass http://{{a}}; }
model_vendor dead {
    proxy_pass http://{{dead}};
    dialect openai;
    discover 1h timeout=1s;
}
auth_basic_user_file {{dir}}/htpasswd;
server {
    {{listen}}
    location / { model_pass; client_max_body_size 1m; }
    location /status/ { model_status; }
    location = /exact { model_status; }
    location = /exact/ { model_status; }
    location /bare { model_status; }
    location "/a b:c" { model_status; }
    location /cors/ { model_status; model_cors https://*.example.org; }
    location /basic/ { model_status; auth_basic "x"; }
    location /deny/ { model_status; deny all; }
    location /some/ { model_status; limit_except GET { deny all; } }
    location /if/ {
        model_status;
        if ($arg_a) { set $b 1; }
    }
    location = /one/ready { model_status; }
    location = /ready { model_status; }
    location = /one/test { model_status; deny all; }
    location /inside/ { rewrite ^ /status/ready last; }
}
CONF

# What every path has in common

for my $path ('api', 'ready') {
    my $r = $t->get("/status/$path");

    is $r->status, 200, "$path: status";
    is $r->header('content-type'), 'application/json', "$path: type";
    is $r->header('cache-control'), 'no-store', "$path: not cached";
    is $r->header('x-content-type-options'), 'nosniff', "$path: no sniffing";
    unlike $r->body, qr/\n/, "$path: one line";
    is $t->get("/status//$path?x=1")->status, 200, "$path: slashes, arguments";
    is $t->get("/if/$path?a=1")->status, 200, "$path: in an if";

    my $head = $t->head("/status/$path");
    is $head->status, 200, "$path: HEAD";
    is $head->body, '', "$path: no body";

    for my $method (qw(POST PUT DELETE OPTIONS PROPFIND)) {
        my $bad = $t->request($method, "/status/$path", 'x');
        is $bad->status, 405, "$path: $method";
        is $bad->header('allow'), 'GET, HEAD', "$path: $method: Allow";
        is $bad->json->{error}, 'this path takes GET, HEAD',
            "$path: $method: told";
    }
}

for my $path ('x', 'api/', 'API', 'api/x', 'readyx', "a%22%0d%0ab", '%c3%28') {
    my $r = $t->get("/status/$path");
    is $r->status, 404, "$path: 404";
    like $r->json->{error}, qr{^there\ is\ nothing\ at\ "/[^"\n]+"\ of
        \ model_status,\ known\ are\ .*/api,.*\ /ready}x, "$path: told";
}

# Without the slash

my $r = $t->get('/exact?x=1&y');
is $r->status, 301, 'exact: redirect';
is $r->header('location'), 'exact/?x=1&y', 'exact: relative, with arguments';
is $t->get('/bare')->header('location'), 'bare/', 'prefix: relative';
is $t->get('/a%20b:c')->header('location'), 'a%20b%3Ac/', 'escaped';
is $t->get('/status')->status, 301, 'slash: redirect of nginx';
like $t->get('/status')->header('location'), qr{/status/$}, 'slash: to it';
is $t->get('/bare/api')->status, 200, 'prefix: below it';
is $t->get('/bareapi')->status, 404, 'prefix: not part of a word';
is $t->get('/bareapi/api')->status, 404, 'prefix: nor of a longer one';
ok $t->get('/inside/')->json->{ready}, 'after a rewrite';

# Web pages of others

my $here = $t->address;

for my $origin ('https://evil.example', 'null', "http://$here.evil.example") {
    for (['GET', 'api'], ['POST', 'api'], ['POST', 'ready'], ['GET', 'x']) {
        my ($method, $path) = @$_;
        my $bad = $t->request($method, "/status/$path",
            $method eq 'POST' ? 'x' : undef, headers => [Origin => $origin]);

        is $bad->status, 403, "$origin: $method $path";
        is $bad->json->{error}, 'requests from this Origin are not allowed, '
            . 'model_cors says which are', "$origin: $method $path: told";
        is $bad->header('access-control-allow-origin'), undef,
            "$origin: $method $path: no CORS";
    }
}

is $t->get('/status/api', headers => [Origin => "http://$here"])->status, 200,
    'same Origin';
is $t->get('/cors/api', headers => [Origin => 'https://a.example.org'])
    ->status, 200, 'listed Origin';
is $t->get('/cors/api', headers => [Origin => 'https://a.example.org'])
    ->header('access-control-allow-origin'), undef, 'it cannot read the answer';
is $t->get('/cors/api', headers => [Origin => 'https://a.example.com'])
    ->status, 403, 'Origin that is not listed';

# Access is nginx's

is $t->get('/deny/api')->status, 403, 'deny';
is $t->get('/basic/api')->status, 401, 'auth_basic';
is $t->get('/basic/api', headers => [Authorization => 'Basic am9lOnNlY3JldA=='])
    ->status, 200, 'auth_basic with a password';
is $t->get('/some/api')->status, 200, 'limit_except';
is $t->post('/some/api', 'x')->status, 403, 'limit_except: others';

# One path alone, with access of its own

is $t->get('/one/ready')->json->{ready}, 1, 'ready alone';
is $t->get('/ready')->json->{ready}, 1, 'ready at the root';
is $t->post('/ready', 'x')->status, 405, 'ready at the root: POST';
is $t->post('/one/test?vendor=a', '')->status, 403, 'test alone, denied';

# Ready

$t->eventually(sub { $t->get('/status/ready')->body
    eq '{"ready":true,"vendors":{"a":true,"dead":false}}' },
    'one vendor serves');

$t->done;
