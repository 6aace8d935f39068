#!/usr/bin/perl

# Tests for mistakes in model_vendor: what the message says, and where.

use FindBin;
use lib "$FindBin::Bin/lib";

use ModelTest;
use ModelTest::Mistakes;

my $t = ModelTest->new;
my $pass = 'proxy_pass http://127.0.0.1:1;';

# the block

mistakes($t, '',
    ['unknown directive', vendor('frobnicate on;'),
        qr/unknown directive "frobnicate" in "model_vendor"/],
    ['directive of http', vendor('server { }'), qr/unexpected "\{"/],
    ['no proxy_pass', "model_vendor v {\n    rank 1;\n} #!\n",
        qr/"model_vendor" "v" has no "proxy_pass"/],
    ['bridge translate', "model_vendor v {\nproxy_pass http://127.0.0.1:1;\n"
        . "dialect openai;\nbridge translate;\n} #!\n",
        qr/"bridge translate" of "model_vendor" "v" needs "dialect ollama"/],
    ['no id', "model_vendor { $pass } #!\n",
        qr/invalid number of arguments in "model_vendor"/],
    ['two ids', "model_vendor a b { $pass } #!\n",
        qr/invalid number of arguments in "model_vendor"/],
    ['no block', "model_vendor a; #!\n", qr/"model_vendor" has no opening/],
    ['no end', "model_vendor a {\n    $pass\n", qr/expecting "}"/],
    ['duplicate', "model_vendor a { $pass }\nmodel_vendor a { #!\n $pass\n}\n",
        qr/duplicate "model_vendor" "a", it is declared in \S+:1 in/],
    ['in a server', "server {\n    model_vendor a { $pass } #!\n}\n",
        qr/"model_vendor" directive is not allowed here/],
    (map { ["id $_", "model_vendor $_ { #!\n $pass\n}\n",
        qr/invalid vendor id "\Q@{[$_ eq '""' ? '' : $_]}\E", it must be 1 to/]
    } qw(Acme a.b a:b a/b -a _a), '""', 'a' x 33),
    ['nested block', "model_vendor a {\n    location / { #!\n    }\n}\n",
        qr/unexpected "\{"/],
);

# its directives: value, and what would be right

mistakes($t, '',
    ['label with a newline', vendor("label \"a\tb\";"),
        qr/"label" directive must be a text without control/],
    ['rank', vendor('rank first;'),
        qr/invalid value "first" of "rank", it must be a number/],
    ['negative rank', vendor('rank -1;'), qr/"-1" of "rank"/],
    ['hosting', vendor('hosting moon;'), qr/invalid\ value\ "moon"\ of
        \ "hosting",\ it\ must\ be\ "local"\ or\ "cloud"/x],
    ['instances', vendor('instances few;'), qr/invalid\ value\ "few"\ of
        \ "instances",\ it\ must\ be\ the\ largest\ number\ of/x],
    ['no instances', vendor('instances 0;'), qr/"0" of "instances"/],
    ['dialect', vendor('dialect ollama klingon;'), qr/invalid\ value\ "klingon"
        \ of\ "dialect",\ it\ must\ be\ "ollama",\ "openai"\ or/x],
    ['dialect twice in one', vendor('dialect openai openai;'),
        qr/duplicate value "openai" of "dialect"/],
    ['bridge', vendor('bridge iron;'),
        qr/invalid value "iron" of "bridge", it must be "native" or "translate"/],
    ['discover', vendor('discover maybe;'), qr/invalid\ value\ "maybe"\ of
        \ "discover",\ it\ must\ be\ "on",\ "off"\ or\ an\ interval/x],
    ['discover 0', vendor('discover 0;'), qr/"0" of "discover"/],
    ['discover what', vendor('discover on wait=5s;'),
        qr/invalid\ parameter\ "wait=5s"\ of\ "discover",\ only
            \ "timeout=time"\ and\ "grace=time"\ are\ known/x],
    ['discover timeout', vendor('discover on timeout=x;'),
        qr/invalid time in "timeout=x"/],
    ['discover timeout 0', vendor('discover on timeout=0;'),
        qr/invalid time in "timeout=0"/],
    ['discover grace', vendor('discover on grace=x;'),
        qr/invalid time in "grace=x", "grace=5s" would be one/],
    ['discover timeout twice', vendor('discover on timeout=1s timeout=2s;'),
        qr/duplicate parameter "timeout=2s" of "discover"/],
    ['discover grace twice', vendor('discover on grace=1s grace=1s;'),
        qr/duplicate parameter "grace=1s" of "discover"/],
    ['expose', vendor('expose llama* "";'), qr/"expose" .*empty pattern/],
    ['prefix', vendor('prefix maybe;'),
        qr/invalid value "maybe" of "prefix", it must be "on" or "off"/],
);

# arguments too few, too many, twice

mistakes($t, '', map {
    my ($name, $value, $more) = @$_;

    (["$name without value", vendor("$name;"),
        qr/invalid number of arguments in "$name" directive/],
    $more ? ["$name with too many values", vendor("$name $value $more;"),
        qr/invalid number of arguments in "$name" directive/] : (),
    $name =~ /model|default|force|include/ ? () :
        ["$name twice", vendor("$name $value;\n    $name $value;"),
            qr/"$name" directive is duplicate/]);
} ['label', 'x', 'y'], ['rank', 1, 2], ['hosting', 'local', 'cloud'],
    ['instances', 1, 2], ['dialect', 'openai', 'ollama anthropic openai'],
    ['bridge', 'native', 'x'], ['key', 'literal:x', 'header=a scheme=b x'],
    ['discover', 'on', 'timeout=1s grace=1s x'], ['expose', 'a'],
    ['prefix', 'on', 'off'], ['model', 'm'], ['default', 'a 1', '2'],
    ['force', 'a 1', '2'], ['include', 'x', 'y']);

# include: the file and line are those of the included file

$t->write_file('vendor.inc', "rank 1;\n\nrank one;\n");
$t->config_error(vendor('include {{dir}}/vendor.inc;'),
    qr{"rank" directive is duplicate in \S+/vendor\.inc:3$}, 'in an include');
$t->config_error(vendor('include {{dir}}/absent.inc;'),
    qr{open\(\) "\S+/absent\.inc" failed}, 'include that is not there');

# more servers than instances

my $two = "upstream u { server 127.0.0.1:1; server 127.0.0.1:2; "
    . "keepalive_timeout 4s; }\n";

mistakes($t, $two,
    ['more servers than instances',
        "model_vendor v {\n    instances 1;\n    proxy_pass http://u; #!\n}\n",
        qr/vendor "v" has 2 servers in upstream "u", "instances" allows 1/]);
$t->config_ok($two . "model_vendor v { instances 2; proxy_pass http://u; }\n",
    'as many servers as instances');

$t->done;
