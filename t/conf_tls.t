#!/usr/bin/perl

# Tests for mistakes in the TLS settings of vendors.

use FindBin;
use lib "$FindBin::Bin/lib";

use ModelTest;
use ModelTest::Mistakes;

my $t = ModelTest->new;
$t->needs('http_ssl', 'tls');
my $pki = $t->pki;
my $other = $t->pki('other');

sub https {
    my ($id, $lines, $url) = @_;
    return "model_vendor $id {\n    proxy_pass " . ($url // 'https://u')
        . ";\n    $lines\n}\n";
}

# files

for (['no such authority', 'proxy_ssl_trusted_certificate /no/such/file;',
        qr{(?:verify_locations\(|load certificate )"/no/such/file"\)?:? }],
    ['certificate without key', "proxy_ssl_certificate $pki->{client};",
        qr/no "proxy_ssl_certificate_key" is defined for certificate/],
    ['key of another', "proxy_ssl_certificate $pki->{client};"
        . "proxy_ssl_certificate_key $other->{client_key};",
        qr/key values mismatch/],
    ['ciphers', 'proxy_ssl_ciphers NOPE;', qr/no cipher match/])
{
    my ($name, $line, $re) = @$_;
    my $conf = https('v', $line, 'https://127.0.0.1:1');

    $t->config_error($conf, $re, $name);
    $t->config_error($conf, qr/proxy configuration of vendor "v" is refused/,
        "$name: place", line => 1);
}

mistakes($t, '', ['protocol', vendor('proxy_ssl_protocols TLSv9;'),
    qr/invalid value "TLSv9"/]);

# two vendors on one upstream {}: connections and sessions are shared

my $up = "upstream u { server 127.0.0.1:1; keepalive 2; "
    . "keepalive_timeout 4s; }\n";
my $cert = "proxy_ssl_certificate $pki->{client};"
    . "proxy_ssl_certificate_key $pki->{client_key};";
my $cert2 = "proxy_ssl_certificate $other->{client};"
    . "proxy_ssl_certificate_key $other->{client_key};";

mistakes($t, $up, map {
    my ($name, $one, $two, $setting) = @$_;
    my $second = https('b', $two) =~ s/\{/{ #!/r;
    [$name, https('a', $one) . $second, qr/vendors\ "a"\ and\ "b"\ use\ one
        \ upstream\ "u"\ with\ different\ TLS\ settings\ \($setting\)/x]
} ['verify', '', 'proxy_ssl_verify off;', 'proxy_ssl_verify'],
    ['depth', '', 'proxy_ssl_verify_depth 1;', 'proxy_ssl_verify_depth'],
    ['name', '', 'proxy_ssl_name a.test;', 'proxy_ssl_name'],
    ['names', 'proxy_ssl_name b.test;', 'proxy_ssl_name a.test;',
        'proxy_ssl_name'],
    ['server name', '', 'proxy_ssl_server_name off;', 'proxy_ssl_server_name'],
    ['authority', '', "proxy_ssl_trusted_certificate $pki->{ca};",
        'proxy_ssl_trusted_certificate'],
    ['client certificate', '', $cert, 'proxy_ssl_certificate'],
    ['client certificates', $cert, $cert2, 'proxy_ssl_certificate'],
    ['protocols', '', 'proxy_ssl_protocols TLSv1.2;', 'proxy_ssl_protocols'],
    ['ciphers', '', 'proxy_ssl_ciphers HIGH;', 'proxy_ssl_ciphers'],
    ['command', '', 'proxy_ssl_conf_command Options -SessionTicket;',
        'proxy_ssl_conf_command']);

mistakes($t, $up, ['scheme',
    https('a', '', 'http://u') . (https('b', '') =~ s/\{/{ #!/r),
    qr/"a" and "b" use one upstream "u" .* \(the scheme of proxy_pass\)/]);

for (['nothing', '', ''], ['client certificate', $cert, $cert],
    ['other settings', 'proxy_read_timeout 1s;', 'key literal:x;'],
    ['name', 'proxy_ssl_name a.test;', 'proxy_ssl_name a.test;'],
    ['command', ('proxy_ssl_conf_command Options -SessionTicket;') x 2])
{
    my ($name, $one, $two) = @$_;
    $t->config_ok($up . https('a', $one) . https('b', $two),
        "one upstream, the same TLS settings: $name");
}

$t->config_ok($up . https('a', 'proxy_ssl_verify off;', 'http://u')
    . https('b', '', 'http://u'), 'without TLS they do not matter');

$t->done;
