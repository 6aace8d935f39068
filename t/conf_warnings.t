#!/usr/bin/perl

# Tests for what nginx -t warns of, once each, and what it does not.

use FindBin;
use lib "$FindBin::Bin/lib";

use ModelTest;

my $t = ModelTest->new(env => { KEY => 'x' });
my $size = 'client_max_body_size 100m;';
my $keyed = "$size model_vendor v { proxy_pass http://127.0.0.1:1;
    key env:KEY; }\n";
my $plain = "$size model_vendor v { proxy_pass http://127.0.0.1:1; }\n";
my $sum = 'a' x 64;

$t->write_file('clients', "alice:$sum\n");
$t->write_file('users', "alice:x\n");

# Exactly these warnings come: their texts, in any order.
sub warns {
    my ($name, $conf, @want) = @_;
    my ($out, $status) = $t->test_config($conf);
    my @got = grep { /\[warn\]/ } split /\n/, $out;

    is $status, 0, "$name: accepted" or diag($out);
    for my $re (@want) {
        is scalar(grep { $_ =~ $re } @got), 1, "$name: warning";
        @got = grep { $_ !~ $re } @got;
    }
    is_deeply \@got, [], @want ? "$name: no other" : "$name: no warning";
}


sub server {
    my ($location, $listen) = @_;
    return "server {\n    " . ($listen // '{{listen}}') . "\n    location / {\n"
        . "        model_pass;\n        $location\n    }\n}\n";
}

# a key that everyone can use

my $open = qr/the\ key\ of\ vendor\ "v"\ can\ be\ used\ by\ everyone\ who
    \ reaches\ this\ server:\ "model_keys",\ "auth_basic",\ "auth_request"
    \ or\ "allow"\ and\ "deny"\ would\ guard\ "model_pass"
    \ in\ \S+test\.http\.conf:6$/x;
my $all = 'listen 0.0.0.0:{{port}};';

warns($_->[0], $keyed . server('', $_->[1]), $open)
    for ['all addresses', $all], ['by port', 'listen {{port}};'],
    ['loopback too', "{{listen:x}} $all"];
warns('all IPv6 addresses', $keyed . server('', 'listen [::]:{{port}};'), $open)
    if -e '/proc/net/if_inet6';

warns("guarded by $_->[0]", $keyed . server($_->[1], $all))
    for ['model_keys', 'model_keys file:{{dir}}/clients;'],
    ['auth_basic', 'auth_basic x; auth_basic_user_file {{dir}}/users;'],
    ['allow', 'allow 127.0.0.1; deny all;'], ['deny', 'deny all;'];
warns('guarded by auth_request', $keyed . server('auth_request /a;', $all))
    if $t->has('http_auth_request');
warns('guarded by the server', $keyed . server('',
    "$all auth_basic x; auth_basic_user_file {{dir}}/users;"));
warns('a guard switched off', $keyed . server($_, "$all auth_basic x;
    auth_basic_user_file {{dir}}/users;") =~ s/\n    auth/ auth/r, $open)
    for 'auth_basic off;';
warns('keys switched off', $keyed . 'model_keys file:{{dir}}/clients;'
    . server('model_keys off;', $all), $open);

warns("no warning: $_->[0]", $_->[1]) for
    ['loopback', $keyed . server('')],
    ['127.9.9.9', $keyed . server('', 'listen 127.9.9.9:{{port}};')],
    ['unix socket', $keyed . server('', 'listen unix:{{dir}}/s;')],
    ['without key', $plain . server('', $all)],
    ['key client', $keyed =~ s/env:KEY/client/r . server('', $all)],
    ['key off', $keyed =~ s/env:KEY/off/r . server('', $all)],
    ['keyed vendor elsewhere', "model_vendor w { proxy_pass
        http://127.0.0.1:1; }\n" . $keyed . server('', $all)
        =~ s/model_pass/model_pass w/r];
warns('no warning: loopback IPv6', $keyed
    . server('', 'listen [::1]:{{port}};')) if -e '/proc/net/if_inet6';

# the size of bodies

my $small = qr/"client_max_body_size"\ is\ 1m,\ .*\ 100m\ would\ do\ for
    \ "model_pass"\ in\ \S+:5$/x;

warns('1m by default', $plain =~ s/\Q$size//r . server(''), $small);
warns('1m as said', $plain =~ s/100m/1m/r . server(''), $small);
warns("size at the location $_", $plain =~ s/\Q$size//r
    . server("client_max_body_size $_;")) for '0', '50m', '100k';

# idle connections to local servers, which close them after 5 s

sub keepalive {
    my ($lines, $vendor) = @_;
    return "$size upstream u { server 127.0.0.1:1; $lines }\n"
        . "model_vendor v { proxy_pass http://u; $vendor }\n" . server('');
}

my $idle = qr/"keepalive_timeout" of upstream "u" is above 4s, .* vendor "v"/;
my @default = $t->has('1.29.7') ? ($idle) : ();

warns('keepalive', keepalive('keepalive 2;', ''), $idle);
warns('keepalive 5s', keepalive('keepalive 2; keepalive_timeout 5s;', ''),
    $idle);
warns('keepalive 4s', keepalive('keepalive 2; keepalive_timeout 4s;', ''));
warns('no keepalive', keepalive('', ''), @default);
warns('keepalive of a cloud', keepalive('keepalive 2;', 'hosting cloud;'));

# stock proxy_* beside model_pass

warns("$_->[0] at the location", $plain . server("$_->[1];"),
    qr/"$_->[0]"\ in\ the\ location\ of\ "model_pass"\ does\ not\ reach\ its
        \ vendors,\ it\ belongs\ into\ "model_vendor"\ or\ at\ http\ level,
        \ in\ \S+:5$/x)
    for ['proxy_read_timeout', 'proxy_read_timeout 1h'],
    ['proxy_set_header', 'proxy_set_header X-A b'],
    ['proxy_buffering', 'proxy_buffering off'],
    ['proxy_hide_header', 'proxy_hide_header X-A'],
    ['proxy_buffers', 'proxy_buffers 4 16k'],
    ['proxy_next_upstream', 'proxy_next_upstream off'];
warns('proxy_* at http level', "proxy_read_timeout 1h; proxy_hide_header X-A;
    proxy_set_header X-A b; proxy_buffers 4 16k;" . $plain . server(''));
warns('proxy_* at the server', $plain . server('', "{{listen}}
    proxy_read_timeout 1h; proxy_hide_header X-A; proxy_set_header X-A b;"));
warns('proxy_* in another location', $plain . server("")
    =~ s!location!location /x { proxy_read_timeout 1h; } location!r);

# a name that is looked up once

my $name = "$size model_vendor v { proxy_pass http://localhost:1; }\n";

warns('frozen name', $name . server(''), qr/the\ addresses\ of\ "localhost:1"
    \ are\ looked\ up\ once,\ now;\ a\ "resolver"\ at\ http\ level\ makes
    \ vendor\ "v"\ follow\ them\ in\ \S+:1$/x);
warns('with a resolver', 'resolver 127.0.0.1; ' . $name . server(''));
warns('unknown name with a resolver', 'resolver 127.0.0.1; '
    . $name =~ s/localhost/no-such-host.invalid/r . server(''));

# proxy_next_upstream of a vendor

warns('proxy_next_upstream', $plain
    =~ s/ \}/\n proxy_next_upstream error; }/r . server(''),
    qr/"proxy_next_upstream" has no effect in "model_vendor": .* in \S+:2$/);

# the smallest configuration

warns('smallest', <<'CONF');
client_max_body_size 100m;

upstream ollama {
    zone ollama 64k;
    server 127.0.0.1:11434;
    server 127.0.0.1:11435;
    keepalive 32;
    keepalive_timeout 4s;
}

model_vendor ollama {
    proxy_pass http://ollama;
}

model_vendor openai {
    proxy_pass https://127.0.0.1:1;
    dialect    openai;
    key        env:KEY;
    expose     gpt-5* o4*;
}

server {
    {{listen}}
    location / { model_pass; }
}
CONF

$t->done;
