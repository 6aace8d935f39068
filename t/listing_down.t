#!/usr/bin/perl

# Tests for a vendor whose servers are all marked down: nobody waits for it
# longer than for a first discovery.

use FindBin;
use lib "$FindBin::Bin/lib";

use ModelTest;

my $t = ModelTest->new;
my $a = $t->ollama('a', models => ['llama3']);

$t->conf(<<'CONF')->start;
upstream off { server {{a}} down; }
model_vendor a { proxy_pass http://{{a}}; }
model_vendor off { proxy_pass http://off; discover 30s timeout=200ms; }
model_vendor far { proxy_pass http://{{a}}; discover 30s timeout=200ms; }
server { {{listen}} location / { model_pass a off; } }
CONF

like $t->get('/api/tags')->body, qr/"a:llama3:latest"/, 'the other is listed';

my $r;
$t->eventually(sub { ($r = $t->get('/api/tags'))->time < 0.2 },
    'after its time at once', 8);
is scalar @{ $r->json->{models} }, 1, 'one model';

$t->done;
