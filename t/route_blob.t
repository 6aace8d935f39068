#!/usr/bin/perl

# Tests for blobs: handed over unread, in constant memory.

use FindBin;
use lib "$FindBin::Bin/lib";

use Digest::SHA;

use ModelTest;

my $t = ModelTest->new(log_level => 'info');
my $s = $t->backend('s', reply => '', sink => '/api/blobs/');

$t->conf(<<'CONF')->start;
client_max_body_size 0;
model_vendor s { proxy_pass http://{{s}}; discover off; }
server { {{listen}} location / { model_pass s; model_allow manage; } }
server { {{listen:h2 http2}} location / { model_pass s; model_allow manage; } }
CONF

my $path = '/api/blobs/sha256:' . 'b' x 64;


sub peak {
    my ($pid) = $t->workers;
    return $t->read_file("/proc/$pid/status") =~ /VmHWM:\s+(\d+)/ ? $1 : 0;
}


# The server has the head while the client still sends
my $r = $t->open(POST => $path, body => 'first ', part => 1, headers =>
    ['Content-Length', 11]);
$t->eventually(sub { $s->hits(qr/POST/) == 1 }, 'the head goes at once');
is $s->last(qr/POST/)->complete, 0, 'the body is not all there';
$r->write('later');
is $r->finish->status, 200, 'then it is';
is $s->last(qr/POST/)->sha256, Digest::SHA::sha256_hex('first later'), 'whole';

# So also by chunks, and over HTTP/2
$r = $t->open(POST => $path, body => 'first ', chunked => 1, part => 1);
$t->eventually(sub { $s->hits(qr/POST/) == 2 }, 'chunks: head at once');
$r->write_chunk('later');
$r->end_chunks;
is $r->finish->status, 200, 'chunks: status';
is $s->last(qr/POST/)->sha256, Digest::SHA::sha256_hex('first later'),
    'chunks: whole';

if ($t->has('http_v2')) {
    my $h2 = $t->h2(listen => 'h2');
    $r = $h2->open(POST => $path, body => 'first ', part => 1,
        headers => ['content-length', 11]);
    $t->eventually(sub { $s->hits(qr/POST/) == 3 }, 'HTTP/2: head at once');
    $r->write('later', end => 1);
    is $r->finish->status, 200, 'HTTP/2: status';
    is $s->last(qr/POST/)->sha256, Digest::SHA::sha256_hex('first later'),
        'HTTP/2: whole';
    $h2->close;
}

# Many bytes
my $mb = $ENV{TEST_NGINX_LONG} ? 1024 : $t->has('sanitizer') ? 64 : 256;
my $piece = join '', map { chr($_ & 255) } 1 .. 1 << 20;
my $sha = Digest::SHA->new(256);
$sha->add($piece) for 1 .. $mb;

my $before = peak();
my $left = $mb;
$r = $t->open(POST => $path, part => 1, timeout => 60, headers =>
    ['Content-Length', $mb << 20]);
while ($left--) {
    $r->client->write($piece) or last;
}
is $r->finish->status, 200, "$mb MB";
my $q = $s->last(qr/POST/);
is $q->body_length, $mb << 20, 'all bytes came';
is $q->sha256, $sha->hexdigest, 'the same bytes';
cmp_ok peak() - $before, '<', 4096, 'memory of the worker stays, KB';
is_deeply [glob($t->dir . '/temp_client_body/*')], [], 'no temporary file';

$t->done;
