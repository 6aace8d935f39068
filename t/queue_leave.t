#!/usr/bin/perl

# Tests for model_queue: a client that leaves gives back its place, and the
# slot that it was given.

use FindBin;
use lib "$FindBin::Bin/lib";

use ModelTest;

my $t = ModelTest->new(access_log => 1);
my $a = $t->backend('a', reply => 'from a', sink => qr/blobs/);
my $h2 = $t->has('http_v2');

$t->conf(<<'CONF' . ($h2 ? <<'H2' : ''))->start;
log_format queue '$status|$model_queue_time|$http_n';
access_log {{dir}}/access.log queue;
upstream one { server {{a}} max_conns=1; model_queue 2 timeout=30s; }
model_vendor one { proxy_pass http://one; discover off; }
model_vendor whole { proxy_pass http://one; discover off;
    proxy_request_buffering on; }
server {
    {{listen}}
    client_max_body_size 0;
    location / { model_pass one; model_allow inference manage; }
    location /whole/ { model_pass whole; model_allow inference manage; }
}
CONF
server { {{listen:h2 http2}} location / { model_pass; } }
H2

my $body = { model => 'one:m', stream => \0, messages => [] };

sub ask {
    my ($c, $n) = @_;
    return $c->open(POST => '/api/chat', body => $body, headers => [N => $n]);
}

sub parked { is $t->get('/')->status, 200, "$_[0]: others are answered" }

# Whether the queue takes exactly two
sub places {
    my $name = shift;
    my @r = map { ask($t, "$name $_") } 1, 2;
    parked($name);
    is ask($t, "$name 3")->finish->status, 503, "$name: a third is too many";
    return @r;
}

my @leave = (
    ['close', sub { $_[0]->close }], ['abort', sub { $_[0]->abort }],
    ['shutdown', sub { my $c = $_[0]->client; $c->shutdown;
        ok $c->wait_closed(2), 'half closed is closed' }]
);

$a->hold(match => qr/POST/);
my $first = ask($t, 'first');
$a->wait_for(1, qr/POST/);

push @leave, ['HTTP/2 reset', sub { $_[0]->reset(8) }],
    ['HTTP/2 close', sub { $_[0]->{h2}->close }] if $h2;

for my $leave (@leave) {
    my ($name, $how) = @$leave;
    my $c = $name =~ /HTTP/ ? $t->h2(listen => 'h2') : undef;
    my @r = map { ask($c // $t, "$name $_") } 1, 2;
    my $beside = $c && $c->get('/')->status;
    is ask($t, "$name 3")->finish->status, 503, "$name: two wait";

    $how->($_) for $name eq 'HTTP/2 close' ? $r[0] : @r;
    $t->eventually(sub { 2 <= (() = $t->access_log =~ /^499.*\|$name/gm) },
        "$name: both are gone");
    is $c->get('/')->status, 200, "$name: other streams go on"
        if $name eq 'HTTP/2 reset';

    @r = places($name);
    $_->close for @r;
    $t->eventually(sub { 4 <= (() = $t->access_log =~ /^499.*\|$name/gm) },
        "$name: these as well");
}

is $a->hits(qr/POST/), 1, 'none of them reached the server';
like $t->access_log, qr/^499\|0\.0*[1-9]\d*\|/m, 'the time they waited';

# One in the middle leaves: the others keep their order
my @r = map { ask($t, $_) } 'left', 'last';
parked('two');
$r[0]->close;
$t->eventually(sub { $t->access_log =~ /^499.*\|left$/m }, 'it left');
push @r, ask($t, 'end');
parked('the place is taken again');
$a->release;
$a->wait_for(2, qr/POST/);
$a->release;
$a->wait_for(3, qr/POST/);
$a->release;
is $_->finish->status, 200, 'answered' for $first, @r[1, 2];
is join(' ', map { $_->header('n') } $a->requests(qr/POST/)),
    'first last end', 'in order';

# A slot that is given while the body is still to come: blobs are not read
# before they are handed over
my $digest = 'sha256:' . 'a' x 64;

for my $path ('/api', '/whole/api') {
    my @blob = (POST => "$path/blobs/$digest", headers => ['Content-Length',
        100], body => 'x' x 50, part => 1);

    $a->clear;
    $first = ask($t, 'holder');
    $a->wait_for(1, qr/chat/);
    my $blob = $t->open(@blob);
    parked("$path: blob");
    my $next = ask($t, 'behind');
    parked("$path: behind the blob");
    $a->release;
    is $first->finish->status, 200, "$path: the holder is answered";
    parked("$path: the blob is on its way");
    is $a->hits(qr/chat/), 1, "$path: nobody overtakes it";
    $blob->write('x' x 50);
    $a->wait_for(1, qr/blobs/);
    is $a->last(qr/blobs/)->body_length, 100, "$path: it arrives whole";
    $a->release;
    is $blob->finish->status, 200, "$path: and is answered";
    $a->wait_for(2, qr/chat/);

    $blob = $t->open(@blob);
    parked("$path: blob again");
    my $last = ask($t, 'after it');
    parked("$path: behind it again");
    $a->release;
    is $next->finish->status, 200, "$path: the slot goes to the blob";
    parked("$path: it has it");
    is $a->hits(qr/chat/), 2, "$path: and keeps it";
    $blob->close;
    $a->wait_for(3, qr/chat/);
    is 0 + (grep { $_->complete } $a->requests(qr/blobs/)), 1,
        "$path: its client leaves, the next one has the slot";
    $a->release;
    is $last->finish->status, 200, "$path: and is answered";
}

# Leaving at the server as well, with requests behind
$a->clear;
$first = ask($t, 'at the server');
$a->wait_for(1, qr/POST/);
@r = places('at the end');
$first->close;
$a->wait_for(2, qr/POST/);
is $a->in_flight(qr/POST/), 1, 'the next one has its slot';
$a->ok->release;
is $_->finish->status, 200, 'answered' for @r;

$t->done;
