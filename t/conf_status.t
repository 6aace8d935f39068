#!/usr/bin/perl

# Tests for mistakes in model_status, and for where it may stand.

use FindBin;
use lib "$FindBin::Bin/lib";

use ModelTest;
use ModelTest::Mistakes;

my $t = ModelTest->new;
my $v = "client_max_body_size 10m;\n"
    . "model_vendor v { proxy_pass http://127.0.0.1:1; }\n";

sub server { return "server { {{listen}}\n$_[0]\n}\n" }

mistakes($t, $v,
    (map { [$_->[0], server("    location $_->[1] {\n    model_status; #!\n}"),
        qr/"model_status"\ must\ be\ in\ a\ prefix\ location\ such\ as
            \ "location\ \/status\/\ \{\ \}"/x] }
        ['regex', '~ ^/x'], ['regex without case', '~* ^/x'],
        ['named', '@x']),
    ['if', server("location / {\n if (\$arg_a) {\n model_status; #!\n}}"),
        qr/"model_status" directive is not allowed here/],
    ['limit_except',
        server("location / {\n limit_except GET {\n model_status; #!\n}}"),
        qr/"model_status" directive is not allowed here/],
    ['server', server('model_status; #!'),
        qr/"model_status" directive is not allowed here/],
    ['http', "model_status; #!\n",
        qr/"model_status" directive is not allowed here/],
    ['parameter', server("location / {\n model_status on; #!\n}"),
        qr/invalid number of arguments in "model_status"/],
    ['twice', server("location / { model_status;\n model_status; #!\n}"),
        qr/"model_status" directive is duplicate/],
    ['after model_pass',
        server("location / { model_pass;\n model_status; #!\n}"),
        qr/"model_status" directive is in a location that another/],
    ['before model_pass',
        server("location / { model_status;\n model_pass; #!\n}"),
        qr/"model_pass" directive is in a location that another/],
    ['after proxy_pass', server("location / { proxy_pass http://127.0.0.1:1;\n"
        . " model_status; #!\n}"),
        qr/"model_status" directive is in a location that another/],
    ['before proxy_pass', server("location / {\n model_status; #!\n"
        . " proxy_pass http://127.0.0.1:1; }"),
        qr/another directive answers this location too, "model_status"/]);

$t->config_ok($v . server("location $_ { model_status; }"), "location $_")
    for '/', '/status/', '/status', '= /status', '^~ /status/', '/a/b/';

$t->config_ok(server('location /status/ { model_status; }'), 'no vendors');
$t->config_ok($v . server('location /status/ { model_status;'
    . ' limit_except GET { deny all; } if ($arg_a) { set $b 1; } }'),
    'blocks inside');

# Who may see it

my $open = qr/ everyone who reaches this server can see .* "model_status" in /;
my $all = "server { listen {{port}};\nlocation /status/ {\nmodel_status; %s }\n}\n";

$t->config_warns($v . sprintf($all, ''), $open, 'for all the world');
$t->config_warns($v . sprintf($all =~ s/listen/{{listen:x}} listen/r, ''), $open,
    'on loopback, too');

for (['allow 127.0.0.1; deny all;', 'allow'],
    ['auth_basic x; auth_basic_user_file x;', 'auth_basic'])
{
    $t->config_ok($v . sprintf($all, $_->[0]), "guarded by $_->[1]");
}

$t->config_ok($v . 'server { {{listen}} location /status/ {'
    . ' model_status; } }', 'on loopback');
$t->config_ok($v . 'server { listen {{port}}; location = /status/ready {'
    . ' model_status; } }', 'ready alone is for all');
$t->config_warns($v . "server { listen {{port}}; location = /status/test {"
    . " model_status; } }", $open, 'test alone is not');

$t->done;
