#!/usr/bin/perl

# Tests for discovery: over a reload, with several workers, at the end.

use FindBin;
use lib "$FindBin::Bin/lib";

use Time::HiRes 'time';

use ModelTest;

my $t = ModelTest->new(workers => 2);

my $keep = $t->ollama('keep', models => ['kept']);
my $drop = $t->ollama('drop', models => ['dropped']);
my $late = $t->ollama('late', models => ['added']);

my $conf = <<'CONF';
upstream pair { server {{keep}}; server {{drop}}; }
model_vendor pair { proxy_pass http://pair; discover 30s; }
server { {{listen}} location / { model_pass; } }
CONF

sub names { return join ' ', map { $_->{name} }
    @{ $t->get('/api/tags')->json->{models} } }

# One worker asks, all know
$t->conf($conf)->start;
is names(), 'pair:dropped:latest pair:kept:latest', 'listed' or diag $t->log
    if names() ne 'pair:kept:latest pair:dropped:latest';
is $keep->hits(qr/tags/), 1, 'asked by one worker';

# Facts survive, and fresh ones are not asked for again
$t->reload($conf);
like names(), qr/pair:kept:latest/, 'known after a reload';
is $keep->hits(qr/tags/), 1, 'not asked again';
is $t->count_log(qr/is up/), 2, 'nor told again';

# A vendor and a server that go are forgotten, new ones are asked at once
$t->reload(<<'CONF');
upstream pair { server {{keep}}; }
model_vendor pair { proxy_pass http://pair; discover 30s; }
model_vendor late { proxy_pass http://{{late}}; discover 30s; }
server { {{listen}} location / { model_pass; } }
CONF
$t->eventually(sub { names() eq 'pair:kept:latest late:added:latest' },
    'as configured now');
ok $late->hits(qr/tags/), 'the new one was asked';
is $keep->hits(qr/tags/), 1, 'the old one was not';

# What changes models asks again at once
$keep->set(models => ['kept', 'other']);
SKIP: {
    my $r = $t->reload(<<'CONF');
upstream pair { server {{keep}}; }
model_vendor pair { proxy_pass http://pair; discover 30s; }
model_vendor late { proxy_pass http://{{late}}; discover 30s; }
server { {{listen}} location / { model_pass; model_allow inference manage; } }
CONF
    $r = $t->request('DELETE', '/api/delete', { model => 'pair:kept' });
    is $r->status, 200, 'delete';
    $t->eventually(sub { names() eq 'pair:other:latest late:added:latest' },
        'seen without waiting for the interval');
}

# Fetches under way do not hold a worker back
$keep->hang;
$late->hang;
my $hanging = <<'CONF';
upstream pair { server {{keep}}; }
model_vendor pair { proxy_pass http://pair; discover 100ms timeout=60s; }
model_vendor late { proxy_pass http://{{late}}; discover 100ms timeout=60s; }
server { {{listen}} location / { model_pass; } }
CONF
$keep->clear;
$t->reload($hanging);
$keep->wait_for(1, qr/tags/);
$keep->clear;
my $start = time;
$t->reload($hanging . "# again\n");
cmp_ok time - $start, '<', 5 * $t->factor, 'reload does not wait for them';
is $t->count_log(qr/is down: worker/), 0, 'a worker that exits blames none';

$keep->wait_for(1, qr/tags/);
$start = time;
ok $t->stop, 'stopped while a fetch is under way';
cmp_ok time - $start, '<', 5 * $t->factor, 'at once';

$t->done;
