#!/usr/bin/perl

# Tests for vendors whose names are resolved at run time.

use FindBin;
use lib "$FindBin::Bin/lib";

use ModelTest;
use ModelTest::DNS;

my $t = ModelTest->new;
my $s = $t->backend('s');
my $port = $s->port;
my $dns = ModelTest::DNS->new('good.test' => [['127.0.0.1'], 60],
    'moving.test' => [['127.0.0.2'], 1],
    'several.test' => [['127.0.0.1', '127.0.0.2'], 60],
    'broken.test' => 'fail', 'silent.test' => 'drop');

# 127.0.0.1 and .2 are one machine: nothing listens on .2

my $vendors = join '', map { "model_vendor $_ {\n"
    . "    proxy_pass http://$_.test:$port/base;\n    discover off;\n}\n" }
    qw(good moving several absent broken silent);

$t->conf("client_max_body_size 10m;\nresolver " . $dns->address
    . " ipv6=off;\nresolver_timeout 300ms;\n$vendors"
    . "server { {{listen}} location / { model_pass; } }\n")->start;

is $t->count_log(qr/looked up once/), 0, 'no warning';

sub post { return $t->post('/api/chat', { model => "$_[0]:m" }, @_[1 .. $#_]) }

# a name that is known

my $r = post('good');
is $r->status, 200, 'resolved' or diag $r->raw;
is $s->last->uri, '/base/api/chat', 'path';
is $s->last->header('Host'), "good.test:$port", 'Host is the name';
is $s->last->json->{model}, 'm', 'body';
is post('good')->status, 200, 'again';
is scalar(grep { $_ eq 'good.test' } $dns->queries), 1,
    'the answer is kept as long as it says';

# several addresses are tried one after another

is post('several')->status, 200, "several addresses $_" for 1 .. 3;

# names that do not resolve: nginx runs, the vendor is down

for (['absent', 'Host not found'], ['broken', 'Server failure'],
    ['silent', 'Operation timed out'])
{
    my ($vendor, $why) = @$_;
    $t->mark;
    $r = post($vendor);
    is $r->status, 502, $vendor;
    ok $r->json->{error}, "$vendor: JSON";
    unlike $r->body, qr/\n./, "$vendor: one line";
    is $t->count_log(qr/"$vendor\.test" of model vendor "$vendor" could not be/),
        1, "$vendor: logged";
    is $t->count_log(qr/could not be resolved \(\d+: \Q$why/), 1,
        "$vendor: the log says why";
    is $t->post('/v1/chat/completions', { model => "$vendor:m" })
        ->json->{error}{type} // '', 'server_error', "$vendor: in dialect";
}

# the address changes

is post('moving')->status, 502, 'nobody at the old address';
$dns->set('moving.test' => [['127.0.0.1'], 1]);
$t->eventually(sub { post('moving')->status == 200 }, 'new address followed');

# the name comes into being

$dns->set('absent.test' => [['127.0.0.1'], 60]);
$t->eventually(sub { post('absent')->status == 200 }, 'down no more');

# the client goes while its vendor is being looked up

my $o = $t->open('POST', '/api/chat', body => { model => 'silent:m' });
$t->eventually(sub { 1 < grep { $_ eq 'silent.test' } $dns->queries },
    'asked');
$o->abort;
is post('good')->status, 200, 'after a client that went away';

$t->stop;
$dns->stop;

# without a resolver such a name is an error at the start

$t->config_error("model_vendor v {\n    proxy_pass http://absent.invalid;\n}\n",
    qr/host not found in upstream "absent\.invalid"/, 'no resolver', line => 2);

$t->done;
