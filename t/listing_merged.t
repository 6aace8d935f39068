#!/usr/bin/perl

# Tests for listings of a vendor with several servers.

use FindBin;
use lib "$FindBin::Bin/lib";

use ModelTest;

my $t = ModelTest->new;

my $a = $t->ollama('a', models => ['shared', 'only-a']);
my $b = $t->ollama('b', models => ['only-b', { name => 'shared',
    size => 111, digest => 'f' x 64 }, 'ns/both:1b']);
my $c = $t->ollama('c', models => ['ns/both:1b', 'only-c']);

$t->conf(<<'CONF')->start;
upstream many { zone many 64k; server {{a}}; server {{b}}; server {{c}}; }
model_vendor many { proxy_pass http://many; discover 100ms timeout=1s; }
server { {{listen}} location / { model_pass; } }
CONF

sub list { return @{ $t->get('/api/tags')->json->{models} } }
sub names { return join ' ', sort map { $_->{name} } list() }

my $all = 'many:ns/both:1b many:only-a:latest many:only-b:latest '
    . 'many:only-c:latest many:shared:latest';

# Each stands once, whole, with the facts of one server
is names(), $all, 'every model once';
my ($shared) = grep { $_->{name} eq 'many:shared:latest' } list();
ok $shared->{size} == 111 && $shared->{digest} eq 'f' x 64
    || $shared->{size} > 1e9 && $shared->{digest} ne 'f' x 64,
    'facts of two servers are not mixed';

for my $path ('/v1/models', '/api/v1/models') {
    my $j = $t->get($path)->json;
    is join(' ', sort map { $_->{id} // $_->{key} }
        @{ $j->{data} || $j->{models} }), $all, "$path: the same";
}

my %count = ('shared' => 2, 'ns%2Fboth:1b' => 2, 'only-c' => 1);
is $t->get("/v1/models/many:$_")->json->{servers}, $count{$_}, "$_: servers"
    for sort keys %count;

# A dead server's models stay, and a listing does not wait for it
$c->blackhole;
$t->eventually(sub { $t->count_log(qr/is down/) }, 'c is down');
my $r = $t->get('/api/tags');
cmp_ok $r->time, '<', 0.5 * $t->factor, 'no waiting';
is names(), $all, 'stale models are listed';

# One that takes its model away leaves the other's
$b->set(models => ['only-b']);
$t->eventually(sub { $t->get('/v1/models/many:shared')->json->{servers} == 1 },
    'gone from one');
is names(), $all, 'and listed still';
$a->set(models => ['only-a']);
$t->eventually(sub { names() !~ /shared/ }, 'gone from all');

$t->done;
