#!/usr/bin/perl

# Tests for servers marked "down": none is asked, and nobody waits for a list.

use FindBin;
use lib "$FindBin::Bin/lib";

use ModelTest;

my $t = ModelTest->new;
my $up = $t->ollama('up', models => ['llama3']);
my $down = $t->ollama('down', models => ['mistral']);

$t->conf(<<'CONF')->start;
client_max_body_size 10m;
upstream none { server {{down}} down; server {{down}} backup down; }
upstream some { server {{down}} down; server {{up}}; }
model_vendor up { proxy_pass http://{{up}}; }
model_vendor none { proxy_pass http://none; model declared; }
model_vendor some { proxy_pass http://some; }
server { {{listen}} location / { model_pass; } }
CONF

my @listed = ('up:llama3:latest', 'none:declared', 'some:llama3:latest');

for ((['/v1/models', sub { map { $_->{id} } @{ $_[0]{data} } }],
    ['/api/tags', sub { map { $_->{name} } @{ $_[0]{models} } }]) x 2)
{
    my ($path, $names) = @$_;
    my $r = $t->get($path);
    is_deeply [$names->($r->json)], \@listed, "$path: what is declared, and up";
    cmp_ok $r->time, '<', 2 * $t->factor, "$path: no waiting";
}

for (['nobody', 404], ['declared', 503], ['none:new', 503],
    ['some:llama3', 200])
{
    my ($model, $status) = @$_;
    my $r = $t->post('/api/chat', { model => $model, stream => \0 });
    is $r->status, $status, "$model: status";
    cmp_ok $r->time, '<', 2 * $t->factor, "$model: no waiting";
}

is $down->hits(qr/./), 0, 'servers marked "down" are not asked';

$t->done;
