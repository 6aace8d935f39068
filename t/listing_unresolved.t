#!/usr/bin/perl

# Tests for an upstream whose only server never resolves: it has no server to
# ask, and listings wait for it no longer than for a first discovery.

use FindBin;
use lib "$FindBin::Bin/lib";

use ModelTest;
use ModelTest::DNS;

my $t = ModelTest->new;
$t->needs('1.27.3');

my $up = $t->ollama('up', models => ['llama3']);
my $dns = ModelTest::DNS->new;

$t->conf('resolver ' . $dns->address . " ipv6=off;\n" . <<'CONF')->start;
upstream lost { zone lost 64k; server absent.test:80 resolve; }
model_vendor up { proxy_pass http://{{up}}; discover 30s timeout=300ms; }
model_vendor lost { proxy_pass http://lost; discover 30s timeout=300ms; }
server { {{listen}} location / { model_pass lost; } }
server { {{listen:both}} location / { model_pass; } }
CONF

# Right after the start it may still be found
my $r = $t->get('/api/tags');
cmp_ok $r->time, '>', 0.2, 'the first listing waits';
is scalar @{ $r->json->{models} }, 0, 'and is empty';

$t->eventually(sub { ($r = $t->get('/api/tags'))->time < 0.1 },
    'later ones do not');

for my $n (1 .. 3) {
    cmp_ok $t->get('/api/tags')->time, '<', 0.1, "at once $n";
}

$t->eventually(sub { $t->get('/api/tags', listen => 'both')->body
    =~ /"up:llama3:latest"/ }, 'the other vendor is listed');

$dns->stop;
$t->done;
