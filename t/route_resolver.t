#!/usr/bin/perl

# Tests for a vendor whose name is resolved at run time, and for clients that
# leave while a name or a list is awaited.

use FindBin;
use lib "$FindBin::Bin/lib";

use Socket;

use ModelTest;

my $t = ModelTest->new->needs('debug');
my $s = $t->backend('s', reply => '{}');
my $slow = $t->ollama('slow', models => ['llama3']);

# The test is the DNS server
socket(my $dns, AF_INET, SOCK_DGRAM, 0) or die "socket: $!";
bind $dns, pack_sockaddr_in(0, INADDR_LOOPBACK) or die "bind: $!";
my $port = (unpack_sockaddr_in(getsockname $dns))[0];

$slow->hang(match => qr/tags/);
$t->conf(<<"CONF")->start;
resolver 127.0.0.1:$port ipv6=off valid=1h;
resolver_timeout 5s;
model_vendor named {
    proxy_pass http://one.test:{{s.port}};
    discover off;
}
model_vendor other {
    proxy_pass http://two.test:{{s.port}}/base;
    dialect openai;
    discover off;
}
model_vendor third { proxy_pass http://three.test:{{s.port}}; discover off; }
model_vendor slow { proxy_pass http://{{slow}}; discover 30s timeout=3s; }
server {
    {{listen}}
    location / { model_pass named other third; }
    location /blob/ { model_pass named; model_allow manage; }
    location /slow/ { model_pass slow named; }
}
server { {{listen:h2 http2}} location / { model_pass named other third; } }
CONF


# Waits for a question; returns what is needed to answer it.
sub question {
    my $bits = '';
    vec($bits, fileno $dns, 1) = 1;
    select $bits, undef, undef, 5 * $t->factor or return;
    my $from = recv $dns, my $packet, 512, 0;
    my $name = join '.', unpack '(C/a)*', substr $packet, 12, -5;
    return { from => $from, packet => $packet, name => $name };
}

sub answer {
    my ($q, $code) = @_;
    my ($id, $rest) = (substr($q->{packet}, 0, 2), substr $q->{packet}, 12);
    my $record = pack 'nnnNn/a', 0xc00c, 1, 1, 60, inet_aton('127.0.0.1');
    send $dns, $id . pack('n5', 0x8180 | $code, 1, $code ? 0 : 1, 0, 0)
        . $rest . ($code ? '' : $record), 0, $q->{from};
}

sub ask {
    my ($model, %o) = @_;
    my $h2 = delete $o{h2};
    return ($h2 // $t)->open(POST => '/v1/chat/completions', body => {
        model => $model }, %o);
}

# No such name: an error in dialect
my $r = ask('third:m');
my $q = question();
is $q->{name}, 'three.test', 'the name is asked for when it is needed';
answer($q, 3);
is $r->finish->status, 502, 'no such name';
like $r->json->{error}{message}, qr/"third"/, 'names the vendor';
like $t->log, qr/"three.test" of model vendor "third" could not be resolved/,
    'so the log';

# The client leaves while the name is awaited; another one stays
my $gone = ask('named:m');
$q = question();
is $q->{name}, 'one.test', 'asked for';
my $stays = ask('named:m');
$t->eventually(sub { $t->count_log(qr/model: "named:m" is/) == 2 }, 'both wait');
$t->mark;
$gone->abort;
$t->eventually(sub { $t->log =~ /499|client prematurely closed|close http/ },
    'one has left');
answer($q, 0);
is $stays->finish->status, 200, 'the other has its answer';
is $s->hits(qr/POST/), 1, 'nothing goes for the one that left';
is $s->last(qr/POST/)->body, '{"model":"m"      }', 'the body is right';
is $s->last(qr/POST/)->header('host'), 'one.test:' . $s->port, 'and Host';

# From the resolver's cache, at once
for (1 .. 3) {
    is ask('named:m')->finish->status, 200, 'from the cache';
}
$s->refuse;
is ask('named:m')->finish->status, 502, 'from the cache, refused';
$s->ok;

# A body that is not read
my $path = '/api/blobs/sha256:' . 'c' x 64;
is $t->post("/blob$path", 'x' x 100_000)->status, 200, 'a blob';
is $s->last(qr/blob/)->body, 'x' x 100_000, 'whole';

# HTTP/2
if ($t->has('http_v2')) {
    my $h2 = $t->h2(listen => 'h2');
    my @r = map { ask('other:m', h2 => $h2) } 1 .. 3;
    $q = question();
    is $q->{name}, 'two.test', 'HTTP/2: asked for';
    $r[1]->reset(8);
    $h2->write(ModelTest::HTTP2::frame(6, 0, 0, 'pingpong'));
    $t->eventually(sub { $t->log =~ /http2 RST_STREAM|RST_STREAM frame/ },
        'HTTP/2: one was reset');
    answer($q, 0);
    is $_->finish->status, 200, 'HTTP/2: status' for @r[0, 2];
    is $s->hits(qr{/base/chat}), 2, 'HTTP/2: two went on';
    $h2->close;
}

# The client leaves while a list is awaited
$t->mark;
$gone = $t->open(POST => '/slow/api/chat', body => { model => 'llama3' });
$t->eventually(sub { $t->log =~ /http request body|slow\/api\/chat/ }, 'waits');
$gone->abort;
$stays = $t->open(POST => '/slow/api/chat', body => { model => 'unknown',
    x => 'y' x 5000 });
$t->eventually(sub { $slow->hits(qr/tags/) }, 'the server was asked');
$slow->reset_all;
is $stays->finish->status, 404, 'the other hears what became of it';

$t->done;
