#!/usr/bin/perl

# Tests for a key with patterns on paths whose body is not read.

use FindBin;
use lib "$FindBin::Bin/lib";

use Digest::SHA qw(sha256_hex);

use ModelTest;

my $t = ModelTest->new;
my $s = $t->backend('s', reply => '{}');
$t->write_file('keys', 'some:' . sha256_hex('key-some') . " s:good*\n"
    . 'all:' . sha256_hex('key-all') . "\n");

$t->conf(<<'CONF')->start;
model_vendor s { proxy_pass http://{{s}}; discover off; }
server {
    {{listen}}
    location / {
        model_pass s;
        model_allow inference manage other;
        model_keys file:{{dir}}/keys;
    }
}
CONF

my $c = $t->client;

for my $case (['some', '/v1/score', 403], ['all', '/v1/score', 200],
    ['some', '/api/pull/x', 403], ['all', '/api/pull/x', 200],
    ['some', '/api/blobs/sha256:' . 'a' x 64, 200],
    ['some', '/v1/chat/completions', 404], ['all', '/v1/embeddings', 200])
{
    my ($who, $path, $status) = @$case;
    $s->clear;
    my $r = $c->post($path, { model => 's:bad' },
        headers => [Authorization => "Bearer key-$who"]);
    is $r->status, $status, "$who $path: status";
    is $s->hits, $status == 200 ? 1 : 0, "$who $path: to the vendor";
    like $r->body, qr/key of \\"some\\" is for some models only/,
        "$who $path: text" if $status == 403;
}

$t->done;
