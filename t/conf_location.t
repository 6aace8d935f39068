#!/usr/bin/perl

# Tests for mistakes in the directives of http, server and location.

use FindBin;
use lib "$FindBin::Bin/lib";

use ModelTest;
use ModelTest::Mistakes;

my $t = ModelTest->new;
my $v = "client_max_body_size 10m;\n"
    . "model_vendor v { proxy_pass http://127.0.0.1:1; }\n";

sub server { return "server { {{listen}}\n$_[0]\n}\n" }
sub location { return server("location / { model_pass;\n    $_[0]\n}") }

# where model_pass may stand

mistakes($t, $v,
    (map { [$_->[0], server("    location $_->[1] {\n    model_pass; #!\n}"),
        qr/"model_pass"\ must\ be\ in\ a\ prefix\ location\ such\ as
            \ "location\ \/\ \{\ \}"/x] }
        ['regex', '~ ^/x'], ['regex without case', '~* ^/x'],
        ['exact', '= /x'], ['named', '@x']),
    ['if', server("location / {\n if (\$arg_a) {\n model_pass; #!\n}}"),
        qr/"model_pass" directive is not allowed here/],
    ['limit_except',
        server("location / {\n limit_except GET {\n model_pass; #!\n}}"),
        qr/"model_pass" directive is not allowed here/],
    ['server', server('model_pass; #!'), qr/"model_pass" .* not allowed here/],
    ['http', "model_pass; #!\n", qr/"model_pass" .* not allowed here/],
    ['twice', server("location / { model_pass;\n model_pass; #!\n}"),
        qr/"model_pass" directive is duplicate/],
    ['after proxy_pass', server("location / { proxy_pass http://127.0.0.1:1;\n"
        . " model_pass; #!\n}"),
        qr/"model_pass" directive is in a location that another/],
    ['before proxy_pass', server("location / {\n model_pass; #!\n"
        . " proxy_pass http://127.0.0.1:1; }"),
        qr/another directive answers this location too, "model_pass"/],
    ['unknown vendor', server("location / {\n model_pass v nobody; #!\n}"),
        qr/unknown vendor "nobody" in "model_pass"/],
    ['vendor twice', server("location / {\n model_pass v v; #!\n}"),
        qr/duplicate vendor "v" in "model_pass"/]);

mistakes($t, '', ['no vendors', server("location / {\n model_pass; #!\n}"),
    qr/"model_pass" needs at least one "model_vendor" at http level/]);

$t->config_ok($v . server("location $_ { model_pass; }"), "location $_")
    for '/', '/a/', '^~ /b/', '/a/b';

# model_default

mistakes($t, $v =~ s/\}\n/expose a*; }\n/r,
    ['unknown vendor', location('model_default nobody; #!'),
        qr/unknown vendor "nobody" in "model_default"/],
    ['unknown vendor of a model', location('model_default nobody:m; #!'),
        qr/unknown vendor "nobody" in "model_default"/],
    ['model that is not offered', location('model_default v:b; #!'),
        qr/"expose"\ of\ vendor\ "v"\ does\ not\ offer\ the\ model\ "b"\ of
            \ "model_default"/x],
    ['twice', location("model_default v;\n model_default v; #!"),
        qr/"model_default" directive is duplicate/],
    ['no value', location('model_default; #!'),
        qr/invalid number of arguments in "model_default"/]);

# values

mistakes($t, $v,
    (map { ["separator $_", "model_separator $_; #!\n",
        qr/of "model_separator", it must be ":" or "\/"/] }
        '-', '::', '""', '.'),
    ['separator twice', "model_separator :;\nmodel_separator :; #!\n",
        qr/"model_separator" directive is duplicate/],
    (map { ["zone $_", "model_zone $_; #!\n", qr/invalid\ value\ "\Q$_\E"\ of
        \ "model_zone",\ it\ must\ be\ name:size\ such\ as\ "model:16m"/x] }
        'model', ':1m'),
    (map { ["zone $_", "model_zone $_; #!\n",
        qr/invalid zone size in "$_" of "model_zone"/] }
        'm:', 'm:large', 'm:-1'),
    ['small zone', "model_zone m:1k; #!\n", qr/zone\ "m"\ of\ "model_zone"\ is
        \ too\ small,\ it\ must\ have\ \d+\ bytes\ or\ more/x],
    ['zone twice', "model_zone m:1m;\nmodel_zone m:1m; #!\n",
        qr/"model_zone" directive is duplicate/],
    ['zone of another', "limit_req_zone \$uri zone=m:1m rate=1r/s;\n"
        . "model_zone m:1m;\n", qr/zone "m" is already declared/],
    ['allow', "model_allow inference everything; #!\n",
        qr/invalid\ value\ "everything"\ in\ "model_allow"\ directive,
            \ known\ are\ "inference"\ "manage"\ "other"/x],
    ['allow nothing', "model_allow; #!\n",
        qr/invalid number of arguments in "model_allow"/],
    ['read', "model_read early; #!\n",
        qr/invalid\ value\ "early"\ in\ "model_read"\ directive,\ known\ are
            \ "content"\ "preaccess"/x],
    ['usage', "model_usage on; #!\n",
        qr/invalid\ value\ "on"\ in\ "model_usage"\ directive,\ known\ are
            \ "ask"\ "observe"\ "off"/x],
    ['usage twice', "model_usage ask;\nmodel_usage off; #!\n",
        qr/"model_usage" directive is duplicate/],
    ['usage without value', "model_usage; #!\n",
        qr/invalid number of arguments in "model_usage"/],
    ['read twice', "model_read content;\nmodel_read content; #!\n",
        qr/"model_read" directive is duplicate/],
    (map { ["origin $_", "model_cors $_; #!\n",
        qr/invalid origin "\Q$_\E" in "model_cors" directive, a scheme/] }
        'chat.example.com', 'https://a/b', 'https://a/', 'ftp//a',
        'https://', 'https://a:x', 'https://a*b*'),
    ['origin and off', "model_cors https://a off; #!\n",
        qr/"off" must be the only parameter of "model_cors"/],
    ['origin and *', "model_cors * https://a; #!\n",
        qr/"\*" must be the only parameter of "model_cors"/],
    ['cors twice', "model_cors off;\nmodel_cors off; #!\n",
        qr/"model_cors" directive is duplicate/],
    ['cors without value', "model_cors; #!\n",
        qr/invalid number of arguments in "model_cors"/]);

# a limit on what is known after the body only

for my $limit (map { ("limit_req_zone $_ zone=l:1m rate=1r/s;\n",
    "limit_conn_zone $_ zone=l:1m;\n") }
    '$model', '$binary_remote_addr$model_name', 'a${model_vendor}b')
{
    my ($name) = $limit =~ /^(.*) zone/;
    mistakes($t, $v . $limit, [$name, server("location / {\n model_pass; #!\n}"),
        qr/limit zone "l" has the key .* needs "model_read preaccess"/]);
    $t->config_ok($v . $limit . location('model_read preaccess;'),
        "$name, read early");
    $t->config_ok($v . $limit . server(''), "$name, no gateway");
}

$t->config_ok("$v limit_req_zone \$remote_addr zone=model:1m rate=1r/s;\n"
    . "model_zone m:1m;\n" . location(''), 'limits on other keys');

$t->done;
