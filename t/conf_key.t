#!/usr/bin/perl

# Tests for mistakes in key and model_keys; a secret is never repeated.

use FindBin;
use lib "$FindBin::Bin/lib";

use ModelTest;
use ModelTest::Mistakes;

my $secret = 'sk-unlikely-4711';
my $t = ModelTest->new(env => { GOOD_KEY => $secret, EMPTY_KEY => '',
    TWO_LINES => "$secret\nb", UNSET_KEY => undef });
my $right = qr/it must be "env:NAME", "file:PATH", "literal:TEXT", "client"/;

# sources

mistakes($t, '',
    (map { ["source $_", vendor("key $_;"),
        qr/invalid source of "key", $right/] }
        "evn:$secret", $secret, 'env', 'Off', 'clients', "text:$secret", '""'),
    ['no name', vendor('key env:;'),
        qr/invalid environment variable name in "key", "env:OPENAI/],
    ['odd name', vendor("key env:$secret;"),
        qr/invalid environment variable name in "key", "env:OPENAI/],
    ['unset variable', vendor('key env:UNSET_KEY;'), qr/environment\ variable
        \ "UNSET_KEY"\ of\ "key"\ is\ not\ set\ or\ empty/x],
    ['empty variable', vendor('key env:EMPTY_KEY;'),
        qr/"EMPTY_KEY" of "key" is not set or empty/],
    ['variable of two lines', vendor('key env:TWO_LINES;'),
        qr/"key" from "env:TWO_LINES" must be one line of printable ASCII/],
    ['no path', vendor('key file:;'),
        qr{empty path in "key", "file:/etc/nginx/openai\.key"}],
    ['no file', vendor('key file:{{dir}}/absent.key;'), qr{cannot\ read\ the
        \ source\ of\ "key":\ open\(\)\ "\S+/absent\.key"\ failed\ \(2:}x],
    ['a directory', vendor('key file:{{dir}};'),
        qr/cannot read the source of "key": read\(\) "\S+" failed/],
    ['empty literal', vendor('key literal:;'),
        qr/"key" is empty in its source "literal"/],
    ['blank in a literal', vendor("key 'literal:$secret b';"),
        qr/"key" from "literal" must be one line/],
    ['quotes inside a literal', vendor(qq(key literal:"$secret";)),
        qr/"key" from "literal" begins with a quote, .* "literal:TEXT"/]);

for (['empty', '', qr/"key" is empty in its source "file:/],
    ['newline', "\n", qr/"key" is empty in its source "file:/],
    ['two lines', "$secret\nb\n", qr/"key" from "file:\S+" must be one line/],
    ['byte order mark', "\xef\xbb\xbf$secret\n", qr/must be one line/],
    ['long', 'x' x 8300, qr/is longer than 8192 bytes/])
{
    my ($name, $content, $re) = @$_;
    $t->write_file('bad.key', $content);
    mistakes($t, '', ["key file: $name",
        vendor('key file:{{dir}}/bad.key;'), $re]);
}

# parameters

mistakes($t, '',
    ['unknown parameter', vendor("key env:GOOD_KEY $secret;"),
        qr/invalid parameter of "key", only "header=name" and "scheme=word"/],
    ['empty header', vendor('key env:GOOD_KEY header=;'),
        qr/invalid header name in "header=", "header=api-key" would be one/],
    ['odd header', vendor('key env:GOOD_KEY "header=a b";'),
        qr/invalid header name in "header=a b"/],
    ['odd scheme', vendor('key env:GOOD_KEY "scheme=a:b";'),
        qr/invalid scheme in "scheme=a:b", "scheme=Bearer" would be one/]);

# no message holds the secret

for my $line ("key evn:$secret;", "key $secret;", "key env:$secret;",
    "key 'literal:$secret b';", 'key env:TWO_LINES;', "key env:GOOD_KEY $secret;",
    "key off $secret;", 'key file:{{dir}}/two.key;')
{
    $t->write_file('two.key', "$secret\nb\n");
    my ($out) = $t->test_config(vendor($line));
    unlike $out . $t->read_file('test.log'), qr/unlikely|4711/,
        'not repeated: ' . $line =~ s/\Q$secret/SECRET/r;
}

# what is right

$t->write_file('good.key', "$secret\n");
$t->write_file('good.crlf', "$secret\r\n");
$t->config_ok(vendor("$_;"), $_) for 'key env:GOOD_KEY', 'key off',
    'key client', 'key file:{{dir}}/good.key', 'key file:good.key',
    'key file:{{dir}}/good.crlf', 'key literal:x', 'key env:GOOD_KEY scheme=',
    'key env:GOOD_KEY header=api-key scheme=Token';

# model_keys

my $v = "model_vendor v { proxy_pass http://127.0.0.1:1; }\n";
my $sum = 'a' x 64;

mistakes($t, $v,
    ['model_keys without file:', "model_keys $secret; #!\n",
        qr/invalid value of "model_keys", it must be "file:PATH" or "off"/],
    ['model_keys without path', "model_keys file:; #!\n",
        qr/invalid value of "model_keys", it must be "file:PATH" or "off"/],
    ['model_keys without file', "model_keys file:{{dir}}/absent; #!\n",
        qr/"model_keys": open\(\) "\S+absent" failed \(2: No such/],
    ['model_keys with a directory', "model_keys file:{{dir}}; #!\n",
        qr/"model_keys": "\S+" is not a regular file/],
    ['model_keys twice', "model_keys off;\nmodel_keys off; #!\n",
        qr/"model_keys" directive is duplicate/],
    ['model_keys twice', "model_keys off on; #!\n",
        qr/invalid number of arguments in "model_keys"/]);

for (['empty file', '', qr/"model_keys": no client key in "\S+", lines of/],
    ['one word', "alice\n", qr/"model_keys": .* in line 1 of "/],
    ['short sum', "alice:abc\n", qr/"model_keys": .* in line 1 of "/],
    ['no hex', "# x\nalice:" . 'g' x 64 . "\n", qr/ in line 2 of "/],
    ['a name twice', "a:$sum\na:" . 'b' x 64 . "\n", qr/ in line 2 of "/],
    ['a key twice', "a:$sum\n\nb:$sum\n", qr/ in line 3 of "/],
    ['no name', ":$sum\n", qr/ in line 1 of "/])
{
    my ($name, $content, $re) = @$_;
    $t->write_file('clients', $content);
    mistakes($t, $v, ["model_keys: $name",
        "model_keys file:{{dir}}/clients; #!\n", $re]);
}

$t->write_file('clients', "alice:$secret\n");
unlike +($t->test_config("${v}model_keys file:{{dir}}/clients;\n"))[0],
    qr/unlikely/, 'a key in the place of its sum is not repeated';

$t->done;
