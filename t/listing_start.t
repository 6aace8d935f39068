#!/usr/bin/perl

# Tests for listings right after the start, with several workers.

use FindBin;
use lib "$FindBin::Bin/lib";

use ModelTest;

my $t = ModelTest->new(workers => 2);

my $slow = $t->ollama('slow', models => ['llama3']);
my $fast = $t->openai('fast', models => ['gpt-4o']);
my $hole = $t->ollama('hole', models => ['never']);
$slow->delay(0.6, match => qr/tags/, times => 1);
$hole->hang;

$t->conf(<<'CONF')->start;
model_vendor slow { proxy_pass http://{{slow}}; }
model_vendor fast { proxy_pass http://{{fast}}; dialect openai; }
model_vendor hole { proxy_pass http://{{hole}}; discover 30s timeout=1s; }
server {
    {{listen}}
    location / { model_pass slow fast; }
    location /fast/ { model_pass fast; }
    location /all/ { model_pass; }
}
CONF

# Many at once, on both workers: each waits for the discovery that runs
my @r = map { $t->open('GET', '/api/tags') } 1 .. 6;
my $all = $t->open('GET', '/all/v1/models');
my $only = $t->open('GET', '/fast/v1/models');

$only->finish;
is @{ $only->json->{data} }, 1, 'a location of its own';
cmp_ok $only->time, '<', 0.6, 'waits for its own vendors only';

for (@r) {
    $_->finish;
    is join(' ', map { $_->{name} } @{ $_->json->{models} }),
        'slow:llama3:latest fast:gpt-4o', 'complete at the first request';
    $_->close;
}

is $slow->hits(qr/tags/), 1, 'one discovery served all';

# A server that hangs holds the first listings up to its timeout, not longer
$all->finish;
is $all->status, 200, 'with a hanging server: status';
is join(' ', map { $_->{id} } @{ $all->json->{data} }),
    'slow:llama3:latest fast:gpt-4o', 'with a hanging server: the others';
cmp_ok $all->time, '<', 1.6 * $t->factor, 'with a hanging server: in time';

# And none after that
$t->eventually(sub { $t->count_log(qr/vendor "hole" \S+ \S+ is down/) },
    'the hanging server is down');

for my $path ('/all/api/tags', '/all/v1/models', '/all/api/v1/models',
    '/all/api/version')
{
    for (1 .. 4) {
        my $r = $t->get($path);
        cmp_ok $r->time, '<', 0.3 * $t->factor, "$path: does not wait";
    }
}

# Both workers tell the same
my %seen;
$seen{ $t->get('/all/api/tags')->body }++ for 1 .. 12;
is keys %seen, 1, 'one truth';

$t->done;
