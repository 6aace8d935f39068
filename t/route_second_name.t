#!/usr/bin/perl

# Tests for the second name of create and copy: expose and the client's
# patterns hold for it too.

use FindBin;
use lib "$FindBin::Bin/lib";

use Digest::SHA qw(sha256_hex);

use ModelTest;

my $t = ModelTest->new;
my $s = $t->backend('s', reply => '{}');
$t->write_file('keys', 'bob:' . sha256_hex('k') . " acme:open-a*\n");

$t->conf(<<'CONF')->start;
model_vendor acme { proxy_pass http://{{s}}; expose open-*; discover off; }
model_vendor bolt { proxy_pass http://{{s}}; discover off; }
server {
    {{listen}}
    location / { model_pass; model_allow manage; }
    location /keyed/ {
        model_pass;
        model_allow manage;
        model_keys file:{{dir}}/keys;
    }
}
CONF

my @cases = (
    ['/api/copy', { source => 'acme:open-1', destination => 'open-2' }, 200],
    ['/api/copy', { source => 'acme:open-1', destination => 'acme/open-2' },
        200],
    ['/api/copy', { source => 'acme:hidden', destination => 'open-2' }, 404],
    ['/api/copy', { source => 'acme:open-1', destination => 'hidden' }, 400],
    ['/api/copy', { source => 'acme:open-1', destination => 'acme:hidden' },
        400],
    ['/api/copy', { source => 'acme:open-1', destination => 'bolt:x' }, 400],
    ['/api/copy', { source => 'bolt:x', destination => 'hidden' }, 200],
    ['/api/create', { model => 'acme:open-1', from => 'open-2' }, 200],
    ['/api/create', { model => 'acme:open-1', from => 'hidden' }, 400],
    ['/api/create', { model => 'acme:open-1', from => '' }, 200],
    ['/api/create', { model => 'acme:open-1', files => {} }, 200],
    ['/keyed/api/copy', { source => 'acme:open-a1',
        destination => 'acme:open-a2' }, 200],
    ['/keyed/api/copy', { source => 'acme:open-a1',
        destination => 'acme:open-b' }, 400],
    ['/keyed/api/create', { model => 'acme:open-a1', from => 'open-b' }, 400],
    ['/keyed/api/create', { model => 'acme:open-b', from => 'open-a1' }, 404],
    ['/keyed/api/pull', { model => 'bolt:x' }, 404],
);

for (@cases) {
    my ($path, $body, $status) = @$_;
    $s->clear;
    my $r = $t->post($path, $body, headers => [Authorization => 'Bearer k']);
    my $name = $path . ' ' . join ' ', map { "$_=$body->{$_}" }
        sort keys %$body;
    is $r->status, $status, $name;
    is $s->hits(qr/./), $status == 200 ? 1 : 0, 'and upstream';
    like $r->json->{error}, qr/\w/, 'an error of one line' if $status != 200;
}

$t->done;
