#!/usr/bin/perl

# Tests for vendors whose TLS handshake fails: nothing was sent, the next one
# is asked, and nothing of the request is seen by the wrong one.

use FindBin;
use lib "$FindBin::Bin/lib";

use ModelTest;

my $t = ModelTest->new(access_log => 1)->needs('tls');
my $bad = $t->backend('bad', tls => { pki => 'other' }, reply => 'bad');
my $good = $t->backend('good', tls => 1, reply => 'good');
my $plain = $t->backend('plain', reply => 'plain');
my $ca = $t->pki->{ca};

# a handshake that fails is logged as critical
$t->allow(qr/SSL_do_handshake\(\) failed/);

$t->conf(<<"CONF")->start;
log_format tries '\$status|\$upstream_status|\$upstream_addr|\$model_tries|'
    '\$model_vendor|\$model_name';
access_log {{dir}}/access.log tries;
proxy_ssl_trusted_certificate $ca;
client_body_buffer_size 1k;
upstream two {
    server {{bad}} max_fails=0; server {{good}} max_fails=0 backup;
    keepalive 4;
}
model_vendor two { proxy_pass https://two; discover off; proxy_ssl_name localhost; }
model_vendor bad { proxy_pass https://localhost:{{bad.port}}; discover off; key literal:k1; }
model_vendor name {
    proxy_pass https://{{good}}; discover off; proxy_ssl_name no.such.name;
}
model_vendor plain {
    proxy_pass https://localhost:{{plain.port}}; discover off;
    proxy_connect_timeout 200ms;
}
model_vendor good {
    proxy_pass https://localhost:{{good.port}}/base; discover off; key literal:k2;
}
model_vendor clear { proxy_pass http://{{plain}}; discover off; }
model_alias a1 { target bad:m; target good:a-longer-name-than-it backup; }
model_alias a2 { target plain:m; target good:m2 backup; }
model_alias a3 { target name:m; target good:m2 backup; }
model_alias a4 { target bad:m; target clear:m2 backup; }
model_alias a5 { target clear:m; target good:m2 backup; }
model_alias a6 { target bad:m; target plain:x backup; target name:y backup; }
server {
    {{listen}}
    location / { model_pass; }
    location /429/ { model_pass; model_failover http_429; }
}
CONF

my $line = 0;

sub ask {
    my ($uri, $model, $size) = @_;
    $_->clear for $bad, $good, $plain;
    my $r = $t->post($uri, '{"fill":"' . 'x' x $size . "\",\"model\":\"$model\"}");
    $t->eventually(sub { $line < (() = $t->access_log =~ /\n/g) }, 'logged');
    $line++;
    return ($r, split /\|/, (split /\n/, $t->access_log)[-1]);
}

for my $size (10, 20_000) {

    # "plain" never answers a handshake
    # model, who answers, tries, vendor, name, path, key
    for (['two:m', 'good', 2, 'two', 'm', '/api/chat'],
        ['a1', 'good', 2, 'good', 'a-longer-name-than-it', '/base/api/chat', 'Bearer k2'],
        ['a2', 'good', 2, 'good', 'm2', '/base/api/chat', 'Bearer k2'],
        ['a3', 'good', 2, 'good', 'm2', '/base/api/chat', 'Bearer k2'],
        ['a4', 'plain', 2, 'clear', 'm2', '/api/chat'],
        ['a5', 'plain', 1, 'clear', 'm', '/api/chat'])
    {
        my ($model, $who, $n, $vendor, $name, $path, $key) = @$_;
        my ($r, $status, $states, $addrs, $tries, $v, $as) = ask('/api/chat',
            $model, $size);
        my %s = (bad => $bad, good => $good, plain => $plain);

        is $r->body, $who, "$model: who answers";
        is_deeply [split /, /, $states], [($model eq 'a2' ? 504 : 502) x
            ($n - 1), 200],
            "$model: as logged";
        is "$tries $v $as", "$n $vendor $name", "$model: and its variables";
        my ($q, @more) = $s{$who}->requests(qr/POST/);
        is @more + 0, 0, "$model: asked once";
        is $q->uri, $path, "$model: its path";
        is $q->header('authorization'), $key, "$model: its key";
        is $q->body =~ s/ +\}$/}/r, '{"fill":"' . 'x' x $size
            . "\",\"model\":\"$name\"}", "$model: its body";
        is $q->header('content-length'), length $q->body, "$model: the length";
        is $_->hits, 0, "$model: nothing for " . $_->name
            for grep { $_->name ne $who } values %s;
    }
}

# None is left, or it is no condition
for (['/api/chat', 'bad:m', 'bad', 1], ['/api/chat', 'a6', 'name', 3], ['/429/api/chat', 'a1', 'bad', 1],
    ['/429/api/chat', 'two:m', 'two', 1])
{
    my ($uri, $model, $vendor, $n) = @$_;
    my ($r, $status, $states, $addrs, $tries) = ask($uri, $model, 10);
    is $r->status, 502, "$uri $model: status";
    is $r->json->{error}, "vendor \"$vendor\" could not be reached",
        "$uri $model: in words";
    is $tries, $n, "$uri $model: tries";
    is $_->hits, 0, "$uri $model: nothing came" for $bad, $good, $plain;
}

# Connections of TLS are used again after others have failed
$_->clear->reset_all for $bad, $good, $plain;
is $t->post('/api/chat', { model => 'two:m' })->body, 'good', 'again'
    for 1 .. 5;
is $good->connections, 1, 'on one connection';
is $bad->open_connections, 0, 'none is left of the handshakes';

$t->done;
