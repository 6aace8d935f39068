#!/usr/bin/perl

# Tests for the debug log: one line a decision, no key and no prompt in them.

use FindBin;
use lib "$FindBin::Bin/lib";

use ModelTest;

my $t = ModelTest->new(env => { KEY => 'sk-secret-key' },
    log_level => 'debug');
$t->needs('debug');

my $a = $t->backend('a', reply => '{"from":"a"}');
my $b = $t->backend('b', reply => '{"from":"b"}');

$t->conf(<<'CONF')->start;
upstream one { server {{a}}; model_aware; }
model_vendor one { proxy_pass http://one; discover off; model m; key env:KEY; }
model_vendor two { proxy_pass http://{{b}}; discover off; }
model_alias fast { target one:m; target two:longer backup; }
server {
    {{listen}}
    location / { model_pass; }
    location /other/ { model_pass one; model_allow other; }
}
CONF

$a->status(503, { error => 'x' }, match => qr/POST/);

is $t->post('/api/chat', { model => 'fast', stream => \0, messages =>
    [{ role => 'user', content => 'my prompt' }] })->json->{from}, 'b',
    'answered';
is $t->post('/api/chat', { model => 'none', messages => [] })->status, 404,
    'unknown';
is $t->post('/api/chat', '{')->status, 400, 'refused';
is $t->get('/other/x')->status, 200, 'unread';

my ($at_a, $at_b) = map { '127.0.0.1:' . $_->port } $a, $b;
my @lines = grep { /model: / } split /\n/, $t->log;
my @want = (
    qr/body of \d+ bytes names "fast", stream:0/,
    qr/"fast" is "m" of vendor "one" by alias/,
    qr/hop 1 is "m" of vendor "one"/,
    qr/hop 2 is "longer" of vendor "two"/,
    qr/servers of vendor "one" have:1 up:1 free:1/,
    qr/1 edits of the body for vendor "one"/,
    qr/body edit at /,
    qr/server "$at_a" is chosen, suits, backup:0/,
    qr/try 1 is server "$at_a" of vendor "one", model "m"/,
    qr/server "$at_a" failed by http_503, another one:1/,
    qr/goes on with "longer" of vendor "two"/,
    qr/1 edits of the body for vendor "two"/,
    qr/body splice /,
    qr/try 2 is server "$at_b" of vendor "two", model "longer"/,
    qr/body of \d+ bytes names "none", stream:1/,
    qr/"none" means nothing: unknown/,
    qr/body of 1 bytes is refused/,
    qr/unread request is for vendor "one" by only vendor/,
);

for my $want (@want) {
    shift @lines while @lines && $lines[0] !~ /model: $want/;
    ok scalar @lines, "a line, in order: $want";
}

unlike $t->log, qr/sk-secret/, 'no key';
unlike join("\n", grep { /model: / } split /\n/, $t->log), qr/my prompt/,
    'no prompt';

$t->done;
