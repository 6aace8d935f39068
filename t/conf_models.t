#!/usr/bin/perl

# Tests for mistakes in model, default and force of model_vendor.

use FindBin;
use lib "$FindBin::Bin/lib";

use ModelTest;
use ModelTest::Mistakes;

my $t = ModelTest->new;

# model: names and parameters

mistakes($t, '',
    ['duplicate model', vendor("model m;\n    model m;"),
        qr/duplicate "model" "m"/],
    ['empty model name', vendor('model "";'),
        qr/invalid model name, it must be 1 to 256 bytes/],
    ['long model name', vendor('model ' . 'x' x 257 . ';'),
        qr/invalid model name, it must be 1 to 256 bytes/],
    ['control character', vendor("model \"a\tb\";"),
        qr/invalid model name, .* without control characters/],
    ['unknown parameter', vendor('model m colour=red;'),
        qr/invalid parameter "colour=red" of "model", known are "label"/],
    ['parameter without value', vendor('model m label;'),
        qr/invalid parameter "label" of "model"/],
    ['empty label', vendor('model m label=;'),
        qr/invalid value in "label=", it must be a text/],
    ['quotes inside', vendor('model m label="GPT-5";'),
        qr/invalid value in "label="GPT-5"", quotes stand around all of it: /],
    ['quotes inside, and a blank', vendor('model m label="GPT 5";'),
        qr/quotes stand around all of it: "label=Two Words"/],
    (map { ["$_ of letters", vendor("model m $_=8k;"),
            qr/invalid value in "$_=8k", it must be a number of tokens/],
        ["$_ of zero", vendor("model m $_=0;"),
            qr/invalid value in "$_=0", it must be a number of tokens/],
    } 'context', 'output'),
    ['capability', vendor('model m capabilities=tools,flying;'),
        qr/invalid capability "flying", known are "completion", "tools"/],
    ['empty capability', vendor('model m capabilities=tools,,vision;'),
        qr/invalid capability "", known are/],
);

# prices

mistakes($t, '', map {
    my $p = $_;
    map { ["$p of \"$_\"", vendor("model m \"$p=$_\";"),
        qr/invalid\ price\ in\ "$p=\Q$_\E",\ it\ must\ be\ a\ decimal\ number
            \ per\ million\ tokens\ such\ as\ "2\.50"/x]
    } '', 'x', '-1', '1,5', '$2', '1e3', '.5', '1.', '1.2.3', '1.1234567',
        '1234567890', ' 1'
} qw(input_price output_price cached_price cache_write_price));

$t->config_ok(vendor("model a context=8192 output=4096 family=llama "
    . "'label=A B' parameters=8B quantization=Q4_0 "
    . "capabilities=tools,vision,thinking,embedding,completion "
    . "input_price=2.50 output_price=10 cached_price=0.000001 "
    . "cache_write_price=0;"), 'everything that model takes');

# default and force

for my $name ('default', 'force') {
    mistakes($t, '',
        ["$name: no JSON", vendor("$name a warm;"),
            qr/invalid\ "$name\ a\ warm":\ the\ value\ is\ not\ JSON;
                \ a\ string\ is\ written\ '"text"'/x],
        ["$name: empty value", vendor("$name a '';"),
            qr/invalid "$name a ": the value is not JSON/],
        ["$name: half a document", vendor("$name a '{\"b\":';"),
            qr/invalid "$name a \{"b":": the value is not JSON/],
        ["$name: two values", vendor("$name a '1 2';"),
            qr/the value is not JSON/],
        ["$name: empty path", vendor("$name '' 1;"),
            qr/invalid "$name  1": the path must be names/],
        ["$name: two dots", vendor("$name a..b 1;"),
            qr/invalid "$name a\.\.b 1": the path must be names/],
        ["$name: dot at the end", vendor("$name a. 1;"),
            qr/the path must be names/],
        ["$name: odd character", vendor("$name a\\\"b 1;"),
            qr/the path must be names of letters/],
        ["$name: model", vendor("$name model '\"x\"';"),
            qr/invalid "$name model "x"": the gateway itself sets/],
        ["$name: deep", vendor("$name a.b.c.d.e.f.g.h.i 1;"),
            qr/the path must not nest deeper than 8 names/],
        ["$name: twice", vendor("$name a 1;\n    $name a 2;"),
            qr/invalid path "a" of "$name": the path has a preset already/],
        ["$name: other case", vendor("$name a 1;\n    $name A 2;"),
            qr/"A" of "$name": .*differs .* in case only/],
        ["$name: through another", vendor("$name a 1;\n    $name a.b 2;"),
            qr/"a\.b" of "$name": the path leads through that of another/],
    );
}

mistakes($t, '', ['default and force of one path',
    vendor("default a 1;\n    force a 2;"),
    qr/invalid path "a" of "force": the path has a preset already/]);

$t->config_ok(vendor("default options.temperature 0.7; force keep_alive -1; "
    . "default options.stop '[\"a\", \"b\"]'; force think false;"),
    'presets that are right');

$t->done;
