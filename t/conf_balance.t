#!/usr/bin/perl

# Tests for the configuration of model_aware and model_queue.

use FindBin;
use lib "$FindBin::Bin/lib";

use ModelTest;

my $t = ModelTest->new;

sub upstream {
    my ($lines) = @_;
    return "upstream u {\n$lines\nkeepalive_timeout 4s;\n}\n"
        . "model_vendor v {\n    proxy_pass http://u;\n}\n"
        . "server { {{listen}} client_max_body_size 100m; "
        . "location / { model_pass; } }\n";
}

my $s = 'server 127.0.0.1:11434;';
my $slots = 'server 127.0.0.1:11434 max_conns=2;';
my $place = qr/after the balancing method and before keepalive/;

# what is accepted, wherever it stands among the servers

for my $method ('', 'least_conn;', 'ip_hash;', 'random;',
    'random two least_conn;', 'hash $model;', 'hash $model consistent;',
    $t->has('1.31.0') ? 'least_time header;' : ())
{
    for my $zone ('', 'zone u 64k;') {
        $t->config_ok(upstream("$method model_aware; $zone $s"),
            "$method $zone model_aware");
        $t->config_ok(upstream("$s $zone $method model_aware warm;"
            . ' keepalive 4;'),
            "$method $zone model_aware warm, keepalive");
    }
}

$t->config_ok(upstream("$slots model_queue 10;"), 'model_queue');
$t->config_ok(upstream("$slots model_queue 10 timeout=1m30s;"), 'its timeout');
$t->config_ok(upstream("least_conn; $slots model_queue 1; model_aware;"
    . 'keepalive 1;'), 'both');
$t->config_ok(upstream("$slots model_aware; keepalive 1; model_queue 1;"),
    'the first one is what counts');
$t->config_ok(upstream("$slots model_aware; model_queue 1000000;"),
    'in the other order');
$t->config_ok("upstream u {\n$s\nmodel_aware;\n}\nserver { {{listen}} "
    . "location / { proxy_pass http://u; } }\n", 'without a vendor');

# what is not

my @errors = (
    ['model_aware hot;', qr/invalid parameter "hot" in "model_aware"/],
    ['model_aware warm warm;', qr/invalid number of arguments/],
    ["model_aware;\nmodel_aware;", qr/"model_aware" directive is duplicate/, 4],
    ["model_aware;\nmodel_aware warm;", qr/is duplicate/, 4],
    (map { ["model_queue $_;", qr/invalid value "\Q$_\E" in "model_queue"/] }
        '0', '-1', 'many', '1000001', '1k', '99999999999999999999'),
    (map { ["model_queue 1 $_;", qr/invalid parameter "\Q$_\E" in "model_queue"/]
        } 'timeout=', 'timeout=0', 'timeout=x', 'timeout', 'time=1s', '60s'),
    ['model_queue;', qr/invalid number of arguments/],
    ['model_queue 1 timeout=1s 2;', qr/invalid number of arguments/],
    ["model_queue 1;\nmodel_queue 1;", qr/"model_queue" directive is duplicate/,
        4],
);

for (@errors) {
    my ($lines, $re, $line) = @$_;
    $t->config_error(upstream("$slots\n$lines"), $re, $lines,
        line => $line // 3);
}

# the method stands behind: it would take the place

for my $directive ('model_aware;', 'model_queue 3;') {
    for my $method ('least_conn;', 'ip_hash;', 'random;', 'hash $uri;',
        'hash $uri consistent;', $t->has('1.31.0') ? 'least_time header;' : ())
    {
        my ($name) = $directive =~ /(\w+)/;
        $t->config_error(upstream("$slots\n$directive\n$method"),
            qr/"$name" of upstream "u" is not in effect: place it $place/,
            "$directive $method", line => 3);
    }
}

# keepalive stands before: it would hide the servers; newer ones put it last

my $behind = upstream("$s\nkeepalive 4;\nmodel_aware;");
if ($t->has('1.29.7')) {
    $t->config_ok($behind, 'keepalive before model_aware');

} else {
    $t->config_error($behind,
        qr/"model_aware" stands behind "keepalive" .*: place it $place/,
        'keepalive before model_aware', line => 4);
    $t->config_error(upstream("$slots\nkeepalive 4;\nmodel_queue 1;"),
        qr/"model_queue" stands behind "keepalive"/,
        'keepalive before model_queue', line => 4);
}

if ($t->has('1.29.6')) {
    my $cookie = 'sticky cookie srv;';
    $t->config_ok(upstream("$s model_aware; $cookie"), 'sticky after it');
    $t->config_error(upstream("$s\n$cookie\nmodel_aware;"),
        qr/"model_aware" stands behind "keepalive" or "sticky"/,
        'sticky before it', line => 4);
}

# a queue without slots to wait for

$t->config_warns(upstream("$s model_queue 3;"),
    qr/"model_queue" of upstream "u" has no effect: no server has "max_conns"/,
    'no max_conns');

# elsewhere

for my $directive ('model_aware', 'model_queue 3') {
    my ($name) = $directive =~ /(\w+)/;
    for ("$directive;\n", "server { {{listen}} $directive; }\n",
        "server { {{listen}} location / { $directive; } }\n",
        "model_vendor v { proxy_pass http://127.0.0.1:1; $directive; }\n")
    {
        $t->config_error($_, qr/"$name"|directive "$name" is not allowed here/,
            "$directive where it does not belong", line => 1);
    }
}

$t->done;
