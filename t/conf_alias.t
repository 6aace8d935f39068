#!/usr/bin/perl

# Tests for mistakes in model_alias.

use FindBin;
use lib "$FindBin::Bin/lib";

use ModelTest;
use ModelTest::Mistakes;

my $t = ModelTest->new;

my $vendors = <<'CONF';
model_vendor acme { proxy_pass http://127.0.0.1:1; }
model_vendor cloud { proxy_pass http://127.0.0.1:1; dialect openai;
    expose gpt-5* o4; }
CONF

sub alias { return "model_alias $_[0] { $_[1] }\n" }
sub marked { return "model_alias $_[0] {\n    $_[1] #!\n}\n" }

# the name

mistakes($t, $vendors,
    (map { ["name \"$_->[0]\"", "model_alias $_->[1] { #!\n"
            . "target acme:x; }\n", $_->[2]] }
        ['empty', '""', qr/invalid name in "model_alias" directive, it must/],
        ['too long', 'x' x 257, qr/it must be 1 to 256 bytes without control/],
        ['control', "\"a\tb\"", qr/invalid name in "model_alias" directive/],
        ['two stars', 'a*b*', qr/invalid name "a\*b\*" in "model_alias"/]),
    ['no name', "model_alias { target acme:x; } #!\n",
        qr/invalid number of arguments in "model_alias" directive/],
    ['no block', "model_alias smart; #!\n",
        qr/directive "model_alias" has no opening/],
    ['duplicate', alias('smart', 'target acme:x;')
        . "model_alias smart { #!\ntarget acme:y; }\n",
        qr/duplicate "model_alias" "smart", it is declared in \S+:\d+/],
    ['not at http level', "server { model_alias smart { #!\n} }\n",
        qr/"model_alias" directive is not allowed here/],
);

# what stands in the block

mistakes($t, $vendors,
    ['no target', "model_alias smart {\n} #!\n",
        qr/"model_alias" "smart" has no "target", it takes "target vendor/],
    ['only backups', "model_alias smart {\n    target acme:x backup;\n} #!\n",
        qr/"model_alias" "smart" has only backup targets, one at least must/],
    ['unknown directive', marked('smart', 'server acme:x;'),
        qr/unknown directive "server" in "model_alias", it takes "target ven/],
    ['no value', marked('smart', 'target;'),
        qr/invalid number of arguments in "target" directive/],
    ['empty value', marked('smart', 'target "";'),
        qr/invalid value of "target" in "model_alias" "smart", it must be ven/],
    ['control character', marked('smart', "target \"acme:x\ty\";"),
        qr/invalid value of "target" in "model_alias" "smart", .* control/],
    ['too long', marked('smart', 'target acme:' . 'x' x 300 . ';'),
        qr/invalid value of "target" in "model_alias" "smart", it must be ven/],
    ['too long a model', marked('smart', 'target acme:' . 'x' x 257 . ';'),
        qr/too long model in "target" of "model_alias" "smart", it must be/],
    ['duplicate target', "model_alias smart {\n    target acme:x;\n"
        . "    target acme:x backup; #!\n}\n",
        qr/duplicate "target" "acme:x" in "model_alias" "smart"/],
    ['unknown parameter', marked('smart', 'target acme:x down;'),
        qr/invalid parameter "down" of "target", known are "weight=number"/],
    ['backup twice', marked('smart', 'target acme:x backup backup;'),
        qr/duplicate parameter "backup" of "target"/],
    ['weight twice', marked('smart', 'target acme:x weight=1 weight=2;'),
        qr/duplicate parameter "weight=2" of "target"/],
    (map { ["weight \"$_\"", marked('smart', "target acme:x weight=$_;"),
            qr/invalid\ value\ in\ "weight=\Q$_\E"\ of\ "target",
                \ it\ must\ be\ a\ number\ from\ 1\ to\ 65535/x]
    } '', 0, -1, 'x', '1.5', '2k', 65536, '99999999999999999999'),
    ['include without a file', marked('smart', 'include;'),
        qr/invalid number of arguments in "include" directive/],
);

# what the targets are

my $right = qr/it must be vendor:model with a declared vendor, or the name of/;

mistakes($t, $vendors,
    (map { ["target $_", marked('smart', "target $_;"),
            qr/invalid value "\Q$_\E" of "target" in "model_alias" "smart", $right/]
    } 'llama3', 'nobody:llama3', 'acme', 'acme:', 'acme/', ':x', 'fast'),
    ['not exposed', marked('smart', 'target cloud:gpt-4o;'),
        qr/"expose"\ of\ vendor\ "cloud"\ does\ not\ offer\ the\ model
            \ "gpt-4o"\ of\ "target"\ in\ "model_alias"\ "smart"/x],
    ['not exposed, from a pattern', marked('"a-*"', 'target cloud:o3;'),
        qr/does not offer the model "o3" of "target" in "model_alias" "a-\*"/],
    ['a star without one', marked('smart', 'target cloud:gpt-5*;'),
        qr/invalid\ value\ "cloud:gpt-5\*"\ of\ "target"\ in\ "model_alias"
            \ "smart",\ only\ where\ the\ alias's\ name\ has\ a\ "\*"/x],
    ['two stars', marked('"a*"', 'target cloud:gpt-5*-*;'),
        qr/"a\*", it may have one "\*" only/],
    ['a pattern as target', alias('"b-*"', 'target acme:*;')
        . marked('"a-*"', 'target "b-*";'),
        qr/invalid value "b-\*" of "target" in "model_alias" "a-\*", $right/],
    ['itself', marked('smart', 'target smart;'),
        qr/"target" "smart" in "model_alias" "smart" leads back to it/],
    ['a loop of two', alias('one', 'target two;') . marked('two',
        'target one;'),
        qr/"target" "one" in "model_alias" "two" leads back to it, aliases/],
    ['a loop of three', alias('one', 'target acme:x; target two;')
        . alias('two', 'target three backup; target acme:x;')
        . marked('three', 'target one;'), qr/must not make a loop/],
    ['too deep', alias('a0', 'target acme:x;') . join('', map {
        alias("a$_", 'target a' . ($_ - 1) . ';') } 1 .. 7)
        . marked('a8', 'target a7;'),
        qr/the last of more than 8 aliases that lead to each other/],
);

mistakes($t, '', ['no vendors', marked('smart', 'target acme:x;'),
    qr/invalid value "acme:x" of "target" in "model_alias" "smart"/]);

# what is right

$t->write_file('targets', "target acme:x;\ntarget cloud:o4 backup;\n");
$t->config_ok($vendors . <<'CONF', 'everything that it takes');
model_alias smart { target acme:x weight=3; target acme/y weight=65535;
    target cloud:gpt-5-mini backup weight=2; target later; }
model_alias later { target smart2 backup; target acme:z; }
model_alias smart2 { include {{dir}}/targets; }
model_alias claude-* { target cloud:*; target acme:big; target later backup; }
model_alias *-small { target acme:small-*; }
model_alias * { target acme:rest; }
model_alias acme:llama3 { target acme:llama3; }
model_alias "with space" { target "acme:with space"; }
CONF
$t->config_ok($vendors . alias('x' x 256, 'target acme:' . 'y' x 256 . ';'),
    'the longest names');
$t->config_ok(alias('early', 'target acme:x;') . $vendors,
    'vendors may be declared after it');
$t->config_ok($vendors . alias('a0', 'target acme:x;') . join('', map {
    alias("a$_", 'target a' . ($_ - 1) . ';') } 1 .. 7), 'eight in a row');

$t->done;
