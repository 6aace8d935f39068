#!/usr/bin/perl

# Tests for mistakes in the proxy_* directives of model_vendor.

use FindBin;
use lib "$FindBin::Bin/lib";

use ModelTest;
use ModelTest::Mistakes;

my $t = ModelTest->new;

sub passes { return "model_vendor v {\n    proxy_pass $_[0]; #!\n}\n" }

# proxy_pass

mistakes($t, '',
    ['duplicate', vendor('proxy_pass http://127.0.0.1:2;'),
        qr/"proxy_pass" directive is duplicate/],
    ['no value', passes(''), qr/invalid number of arguments in "proxy_pass"/],
    ['two values', passes('http://a http://b'),
        qr/invalid number of arguments in "proxy_pass"/],
    ['variable', passes('http://$host'),
        qr{"proxy_pass" of .* takes no variables: "http://\$host"}],
    (map { ["scheme of $_", passes($_), qr{invalid\ URL\ prefix\ in\ "\Q$_\E",
        \ it\ must\ be\ "http://"\ or\ "https://"}x] }
        '127.0.0.1:1', 'ftp://a', 'localhost', 'http:/a'),
    (map { ["URL $_", passes($_), qr{invalid\ URL\ in\ "proxy_pass":
        \ "\Q$_\E",\ it\ must\ be\ the\ vendor's\ host}x] }
        'http://', 'https:///v1', 'http://a?x=1', 'http://a/v1?x=1',
        'http://a/v1#x'),
    ['port', passes('http://127.0.0.1:99999'), qr/invalid port in upstream/],
    ['port of an upstream',
        "upstream u { server 127.0.0.1:1; }\n" . passes('http://u:8080'),
        qr/upstream "u" may not have port 8080/],
    ['name that nobody knows', passes('http://no-such-host.invalid'),
        qr/host not found in upstream "no-such-host\.invalid"/]);

# what would defeat a vendor

mistakes($t, '', map {
    my ($line) = @$_;
    my ($name) = $line =~ /^(\w+)/;
    [$line, vendor("$line;"),
        qr/"$name" is refused in "model_vendor": \w.{10,}/];
} map { [$_] } 'proxy_set_body x', 'proxy_method GET',
    'proxy_pass_request_body off', 'proxy_pass_request_body on',
    'proxy_pass_request_headers off', 'proxy_store on',
    'proxy_store_access user:rw', 'proxy_redirect default',
    'proxy_redirect a b', 'proxy_cookie_domain a b', 'proxy_cookie_path a b',
    'proxy_cookie_flags a secure', 'proxy_bind 127.0.0.1', 'proxy_cache off',
    'proxy_cache x', 'proxy_cache_key x', 'proxy_cache_valid 1m',
    'proxy_cache_methods POST', 'proxy_no_cache 1', 'proxy_cache_path /x');

# errors of the directives themselves

mistakes($t, '',
    ['unknown', vendor('proxy_frobnicate on;'),
        qr/unknown directive "proxy_frobnicate" in "model_vendor"/],
    ['bare', vendor('proxy_ on;'), qr/unknown directive "proxy_" in/],
    ['time', vendor('proxy_read_timeout soon;'),
        qr/"proxy_read_timeout" directive invalid value/],
    ['size', vendor('proxy_buffer_size large;'),
        qr/"proxy_buffer_size" directive invalid value/],
    ['flag', vendor('proxy_buffering maybe;'),
        qr/invalid value "maybe" in "proxy_buffering" directive/],
    ['enumeration', vendor('proxy_http_version 0.9;'),
        qr/invalid value "0\.9"/],
    ['mask', vendor('proxy_ignore_headers X-None;'),
        qr/invalid value "X-None"/],
    ['duplicate', vendor("proxy_read_timeout 1s;\n    proxy_read_timeout 1s;"),
        qr/"proxy_read_timeout" directive is duplicate/],
    ['nothing', vendor('proxy_read_timeout;'),
        qr/invalid number of arguments in "proxy_read_timeout" directive/],
    ['one too many', vendor('proxy_read_timeout 1s 2s;'),
        qr/invalid number of arguments in "proxy_read_timeout" directive/],
    ['one too few', vendor('proxy_set_header X-A;'),
        qr/invalid number of arguments in "proxy_set_header" directive/],
    ['many too many', vendor('proxy_set_header 1 2 3 4 5 6 7 8 9 10;'),
        qr/invalid number of arguments in "proxy_set_header" directive/],
    ['flag twice', vendor('proxy_buffering on off;'),
        qr/invalid number of arguments in "proxy_buffering" directive/]);

# nginx itself names no place here

$t->config_error(vendor('proxy_set_header X-A $no_such_thing;'),
    qr/unknown "no_such_thing" variable/, 'unknown variable');

# errors of the merge: the place is the vendor's block

mistakes($t, '', ['buffers', "model_vendor v { #!\n"
    . "    proxy_pass http://127.0.0.1:1;\n    proxy_buffer_size 4k;\n"
    . "    proxy_buffers 2 4k;\n    proxy_busy_buffers_size 64k;\n}\n",
    qr/"proxy_busy_buffers_size" must be less than/]);
$t->config_error(vendor("proxy_buffer_size 4k; proxy_buffers 2 4k;\n"
    . 'proxy_busy_buffers_size 64k;'),
    qr/proxy configuration of vendor "v" is refused/, 'the vendor is named');

# the rest of the configuration does not suffer: errors after it keep their
# place, and locations keep their proxy settings

mistakes($t, vendor('proxy_read_timeout 1s;') =~ s/ #!//r,
    ['a mistake after a vendor', "server {\n    proxy_read_timeout x; #!\n}\n",
        qr/"proxy_read_timeout" directive invalid value/]);

$t->done;
