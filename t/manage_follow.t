#!/usr/bin/perl

# Tests for pull, create, copy and delete through the gateway: its lists show
# the change within a second, whichever of a vendor's servers it was made on.

use FindBin;
use lib "$FindBin::Bin/lib";

use ModelTest;

my $t = ModelTest->new(workers => 2);

my @registry = map { "new$_:1b" } 1 .. 9;
my $one = $t->ollama('one', models => ['llama3'], registry => \@registry);
my %many = map { $_ => $t->ollama($_, models => ['shared', "only-$_"],
    registry => \@registry) } qw(a b c);

$t->conf(<<'CONF')->start;
upstream many { zone many 64k; server {{a}}; server {{b}}; server {{c}}; }
model_vendor one { proxy_pass http://{{one}}; discover 1h; }
model_vendor many { proxy_pass http://many; discover 1h timeout=2s; }
server { {{listen}} location / { model_pass; model_allow inference manage; } }
CONF

sub names { return map { $_->{name} } @{ $t->get('/api/tags')->json->{models} } }
sub listed { my $name = shift; return scalar grep { $_ eq $name } names() }

sub follows {
    my ($name, $method, $path, $body, $model, $there) = @_;

    my $r = $t->request($method, $path, $body);
    is $r->status, 200, $name;
    my ($last) = reverse eval { $r->ndjson };
    is $last->{status}, 'success', "$name: done" if $path =~ /pull|create/;

    $t->eventually(sub { listed($model) == $there }, "$name: seen", 1);
}

is join(' ', sort(names())), 'many:only-a:latest many:only-b:latest '
    . 'many:only-c:latest many:shared:latest one:llama3:latest', 'at first';

# A vendor of one server
follows('pull', POST => '/api/pull', { model => 'one:new1:1b' },
    'one:new1:1b', 1);
follows('pull as one answer', POST => '/api/pull',
    { model => 'one:new2:1b', stream => \0 }, 'one:new2:1b', 1);
follows('copy', POST => '/api/copy', { source => 'one:llama3',
    destination => 'mine' }, 'one:mine:latest', 1);
follows('create', POST => '/api/create', { model => 'one:made',
    from => 'llama3' }, 'one:made:latest', 1);
follows('delete', DELETE => '/api/delete', { model => 'one:new1:1b' },
    'one:new1:1b', 0);
follows('delete of the old name', DELETE => '/api/delete',
    { name => 'one:llama3' }, 'one:llama3:latest', 0);
is $t->post('/api/show', { model => 'one:new2:1b' })->status, 200,
    'what is new can be asked for';

# One after the other, without a rest: the last one counts
$t->post('/api/pull', { model => "one:new$_:1b" }) for 3 .. 6;
$t->eventually(sub { (grep { /one:new[3-6]/ } names()) == 4 },
    'several pulls: seen', 1);

# A vendor of three servers: each in turn
my %pulled;
for my $n (1 .. 3) {
    follows("pull $n of three servers", POST => '/api/pull',
        { model => "many:new$n:1b", stream => $n % 2 ? \1 : \0 },
        "many:new$n:1b", 1);
    $pulled{$_}++ for grep { grep { $_ eq "new$n:1b" } $many{$_}->names }
        keys %many;
}
is scalar keys %pulled, 3, 'each server was pulled to';
follows('copy on one of three', POST => '/api/copy', { source => 'many:shared',
    destination => 'more' }, 'many:more:latest', 1);

# Servers that hang hold up no other
my ($owner) = grep { $many{$_}->hits(qr/copy/) } keys %many;
my @others = grep { $_ ne $owner } sort keys %many;
$many{$_}->hang(match => qr{/api/(?:tags|version|ps|show)}) for @others;
my $r;
for (1 .. 3) {
    $r = $t->request(DELETE => '/api/delete', { model => 'many:more' });
    last if $r->status == 200;
}
is $r->status, 200, 'delete while two servers hang';
$t->eventually(sub { !listed('many:more:latest') }, 'seen while they hang', 1);
$many{$_}->ok for @others;

# What has been refused changes nothing
is $t->post('/api/pull', { model => 'one:absent', stream => \0 })->status, 500,
    'a pull that fails';
ok !listed('one:absent:latest'), 'is not listed';

$t->done;
