#!/usr/bin/perl

# Tests for model_pass in locations with if and limit_except in them.

use FindBin;
use lib "$FindBin::Bin/lib";

use ModelTest;

my $t = ModelTest->new;
my $s = $t->ollama('s', models => ['m'], reply => 'hello');

$t->write_file('vendor.inc', "dialect ollama;\ninclude {{dir}}/more.inc;\n"
    =~ s/\{\{dir\}\}/$t->dir/er);
$t->write_file('more.inc', "proxy_set_header X-Included yes;\nkey literal:k;\n");

$t->conf(<<'CONF')->start;
client_max_body_size 10m;

model_vendor v {
    proxy_pass http://{{s}};
    include {{dir}}/vendor.inc;
}

server {
    {{listen}}

    location / {
        model_pass;
        if ($http_x_if) { set $x 1; }
        if ($http_x_header) { add_header X-If yes always; }
        if ($http_x_stop) { return 418; }
    }

    location /limited/ {
        model_pass;
        limit_except GET { deny 127.0.0.9; allow all; }
    }

    location /read-only/ {
        model_pass;
        limit_except GET { deny all; }
    }

    location /outer/ {
        model_pass;
        location /outer/inner/ {
            add_header X-Inner yes;
            model_pass v;
        }
        location /outer/static/ { return 200 static; }
        location /outer/empty/ { }
    }
}
CONF

sub chat {
    my ($at, @headers) = @_;
    return $t->post("$at/api/chat", { model => 'v:m', stream => \0,
        messages => [{ role => 'user', content => 'x' }] },
        headers => \@headers);
}

for (['', 'nothing'], ['', 'if with set', 'X-If', 1],
    ['', 'if with a header', 'X-Header', 1], ['/limited', 'limit_except'],
    ['/outer', 'outer location'], ['/outer/inner', 'inner location'])
{
    my ($at, $name, @headers) = @$_;
    my $r = chat($at, @headers);

    is $r->status, 200, $name or diag $r->raw;
    is $r->json->{message}{content}, 'hello', "$name: answer";
    is $s->last(qr/chat/)->uri, '/api/chat', "$name: path";
    is $s->last(qr/chat/)->header('X-Included'), 'yes', "$name: include";
    is $s->last(qr/chat/)->header('Authorization'), 'Bearer k', "$name: key";
    is $r->header('X-If'), $name =~ /header/ ? 'yes' : undef,
        "$name: header of the if";
    is $r->header('X-Inner'), $name =~ /inner/ ? 'yes' : undef,
        "$name: header of the location";
}

for my $at ('', '/limited', '/read-only', '/outer', '/outer/inner') {
    my $r = $t->get("$at/api/tags", headers => ['X-If' => 1]);
    is $r->status, 200, "$at/api/tags";
    is $r->json->{models}[0]{name}, 'v:m:latest', "$at/api/tags: model";
}

# what these blocks refuse

my $n = $s->hits(qr/chat/);
my $r = chat('/read-only');
is $r->status, 403, 'limit_except denies';
ok $r->json->{error}, 'in JSON';
is chat('', 'X-Stop' => 1)->status, 418, 'if stops';
is $s->hits(qr/chat/), $n, 'nothing was sent';

# a location inside does not inherit the handler

is $t->get('/outer/static/api/tags')->body, 'static', 'other handler inside';
isnt chat('/outer/empty')->status, 200, 'no handler inside';

$t->done;
