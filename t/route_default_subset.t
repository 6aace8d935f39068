#!/usr/bin/perl

# Tests for a model_default that is inherited by a location without its vendor.

use FindBin;
use lib "$FindBin::Bin/lib";

use ModelTest;

my $t = ModelTest->new;

$t->ollama($_, models => ["model-$_"], reply => "from $_") for qw(a b c);

$t->conf(<<'CONF')->start;
model_vendor a { proxy_pass http://{{a}}; }
model_vendor b { proxy_pass http://{{b}}; }
model_vendor c { proxy_pass http://{{c}}; }
model_allow inference other;
model_default c;
server {
    {{listen}}
    location / { model_pass; }
    location /some/ { model_pass a b; }
}
CONF

my $c = $t->{backends}{c};

for (['', 200], ['/some', 404]) {
    my ($prefix, $status) = @$_;

    $c->clear;
    $t->post("$prefix/api/chat", { model => 'new:1b', messages => [] });
    is $c->hits(qr{^POST /api/chat}), $prefix ? 0 : 1,
        "$prefix/: a name that nobody has";
    is $t->post("$prefix/api/chat", { model => 'model-c', messages => [],
        stream => \0 })->status, $status, "$prefix/: a model of the vendor";
    is $t->get("$prefix/api/status")->status, $status,
        "$prefix/: a path that names no model";
    is $c->hits(qr{^POST /api/chat|/api/status}), $prefix ? 0 : 3,
        "$prefix/: the vendor was asked";
}

$t->done;
