#!/usr/bin/perl

# Tests for streams: frames cut anywhere, far larger than all buffers, and a
# slow client get the vendor's bytes.

use FindBin;
use lib "$FindBin::Bin/lib";

use Digest::SHA qw(sha256_hex);

use ModelTest;

my $t = ModelTest->new;

my @frames = map { qq(data: {"id":$_,"text":") . 'x' x ($_ % 700)
    . qq(\\u00e9 \xc3\xa9 \xe2\x80\xa8"}\n\n) } 1 .. 40;
push @frames, "data: [DONE]\n\n";
my @large = map { qq({"n":$_,"text":") . chr(97 + $_ % 26) x 65000
    . qq("}\n) } 1 .. 80;

my $a = $t->backend('a', on => {
    '/v1/chat/completions' => { chunks => \@frames, rechunk => 1000,
        headers => ['Content-Type' => 'text/event-stream'] },
    '/api/chat' => { chunks => \@large,
        headers => ['Content-Type' => 'application/x-ndjson'] },
});
my $h2 = $t->has('http_v2');

$t->conf(<<'CONF' . ($h2 ? <<'H2' : ''))->start;
model_vendor a {
    proxy_pass http://{{a}};
    discover off;
    model m;
}
server { {{listen}} location / { model_pass; } }
CONF
server { {{listen:h2 http2}} location / { model_pass; } }
H2

my $body = { model => 'm', stream => \1 };

# Cut anywhere
for my $n (1, 2, 3, 7, 1460, 5000) {
    $a->rechunk($n, match => qr/completions/, times => 1);
    my $r = $t->post('/v1/chat/completions', $body);
    is $r->body, join('', @frames), "pieces of $n";
    ok $r->complete, "pieces of $n: whole";
}

$a->rechunk(11, match => qr/completions/, times => 1, framing => 'close');
is $t->post('/v1/chat/completions', $body)->body, join('', @frames),
    'pieces of 11 until close';

# Large ones
my $sum = sha256_hex(join '', @large);

my $r = $t->post('/api/chat', $body);
is sha256_hex($r->body), $sum, '5 MB';
ok $r->complete, '5 MB: whole';

# A client that reads late and little at once
$a->clear;
$r = $t->open(POST => '/api/chat', body => $body, rcvbuf => 4096);
is $r->status, 200, 'slow client: head comes';
$t->eventually(sub { @{ $a->last(qr/chat/)->sent } >= 2 },
    'slow client: vendor has begun');
is sha256_hex($r->finish->body), $sum, 'slow client: bytes';

if ($h2) {
    my $c = $t->h2(listen => 'h2');
    is sha256_hex($c->post('/api/chat', $body)->body), $sum, 'HTTP/2: 5 MB';
    $a->rechunk(3, match => qr/completions/, times => 1);
    is $c->post('/v1/chat/completions', $body)->body, join('', @frames),
        'HTTP/2: pieces of 3';
    $c->close;

    $c = $t->h2(listen => 'h2', window => 20000);
    my $s = $c->open(POST => '/api/chat', body => $body);
    my $i = 0;
    while ($s->more) {
        my $n = 0;
        $n += length $s->{chunks}[$i++][1] while $i < @{ $s->{chunks} };
        $c->write(ModelTest::HTTP2::frame(8, 0, $_, pack 'N', $n))
            for 0, $s->{id};
    }
    is sha256_hex($s->body), $sum, 'HTTP/2: small window';
    $c->close;
}

$t->done;
