#!/usr/bin/perl

# Tests for aliases over vendors of different versions of HTTP: one cannot
# take over from the other within a request.

use FindBin;
use lib "$FindBin::Bin/lib";

use ModelTest;
use ModelTest::Mistakes;

my $t = ModelTest->new;
$t->needs('1.29.4', 'http_v2');

my $vendors = <<'CONF';
model_vendor a { proxy_pass http://127.0.0.1:1; }
model_vendor b { proxy_pass http://127.0.0.1:2; proxy_http_version 2; }
model_vendor c { proxy_pass http://127.0.0.1:3; proxy_http_version 1.0; }
CONF

mistakes($t, $vendors,
    ['mixed', "model_alias x { #!\n target a:m; target b:m; }\n",
        qr/targets of "model_alias" "x" differ in "proxy_http_version"/],
    ['mixed by an alias', "model_alias x { target a:m; }\n"
        . "model_alias y { #!\n target b:m; target x; }\n",
        qr/targets of "model_alias" "y" differ in "proxy_http_version"/],
);

$t->config_ok($vendors . "model_alias x { target a:m; target c:m; }\n"
    . "model_alias y { target b:m; target b:n; }\n", 'each by itself');

$t->done;
