#!/usr/bin/perl

# Tests for streams: every chunk leaves before the vendor sends the next one,
# whatever the location says, and no byte is changed.

use FindBin;
use lib "$FindBin::Bin/lib";

use Compress::Raw::Zlib;

use ModelTest;

my $t = ModelTest->new;

my @ndjson = map { qq({"model":"m","message":{"role":"assistant",)
    . qq("content":"word $_ "},"done":false}\n) } 1 .. 10;
my @sse = map { "data: {\"choices\":[{\"delta\":{\"content\":\"word $_\"}}]}"
    . "\n\n" } 1 .. 10;
$ndjson[-1] =~ s/false/true/;
$sse[-1] = "data: [DONE]\n\n";
my %streams = (
    'POST /api/chat' => ['application/x-ndjson', @ndjson],
    'POST /v1/chat/completions' => ['text/event-stream', @sse],
    'POST /v1/completions' => ['application/octet-stream', @sse],
);

sub answer {
    my ($server, $q) = @_;
    my ($type, @chunks) = @{ $streams{"$q->{method} $q->{path}"} };
    return { headers => ['Content-Type' => $type], chunks => \@chunks,
        interval => 0.02, framing => $server->{framing} };
}

my $a = $t->backend('a', on => { map { $_ => \&answer }
    qw(/api/chat /v1/chat/completions /v1/completions) });
my $h2 = $t->has('http_v2');

$t->conf(<<'CONF' . ($h2 ? <<'H2' : ''))->start;
proxy_buffering on;
proxy_buffers 8 64k;
gzip_types application/x-ndjson text/event-stream application/octet-stream;
model_vendor a {
    proxy_pass http://{{a}};
    discover off;
    model m;
}
server {
    {{listen}}
    location / { model_pass; }
    location /gzip/ { gzip on; gzip_min_length 1; model_pass; }
    location /on/ { proxy_buffering on; postpone_output 4k; model_pass; }
}
CONF
server {
    {{listen:h2 http2}}
    location / { model_pass; }
    location /gzip/ { gzip on; model_pass; }
}
H2

# When each chunk of the vendor was whole at the client
sub arrivals {
    my ($r, $whole, @chunks) = @_;
    my ($have, $want, $i, @at, $z) = ('', 0, 0);
    $z = Compress::Raw::Zlib::Inflate->new(-WindowBits => WANT_GZIP)
        if ($r->header('content-encoding') // '') eq 'gzip';

    for my $piece ($r->chunks) {
        my ($time, $bytes) = @$piece;
        if ($z) {
            $z->inflate($bytes, my $out);
            $bytes = $out;
        }
        $have .= $bytes;

        while ($i < @chunks && length $have >= $want + length $chunks[$i]) {
            $want += length $chunks[$i++];
            push @at, $time;
        }
    }

    $$whole = $have;
    return @at;
}

sub streams {
    my ($name, $client, $uri, %o) = @_;
    my ($path) = $uri =~ m{(/(?:api|v1)/.*)};
    my ($type, @chunks) = @{ $streams{"POST $path"} };

    $a->clear->set(framing => $o{framing} // 'chunked');
    my $r = $client->post($uri, { model => 'm', stream => \1 },
        headers => $o{headers} || []);
    is $r->status, 200, "$name: status";

    my @at = arrivals($r, \my $body, @chunks);
    my @sent = @{ $a->last(qr/POST/)->sent };
    my $early = grep { $at[$_] && $at[$_] < $sent[$_ + 1] } 0 .. 8;

    # one late reader is allowed: the machine may be busy
    cmp_ok $early, '>=', 7, "$name: leaves as it comes";
    is $body, join('', @chunks), "$name: bytes";
    is $r->header('content-type'), $type, "$name: type";
    is_deeply [$r->header('x-accel-buffering')], ['no'],
        "$name: asks others not to buffer";
    is $r->header('content-encoding'), $o{gzip} ? 'gzip' : undef,
        "$name: coding";
}

my @gzip = (headers => ['Accept-Encoding' => 'gzip'], gzip => 1);

streams('ndjson', $t, '/api/chat');
streams('sse', $t, '/v1/chat/completions');
streams('ndjson, gzip', $t, '/gzip/api/chat', @gzip);
streams('sse, gzip', $t, '/gzip/v1/chat/completions', @gzip);
streams('other type, buffering on', $t, '/on/v1/completions');
streams('ndjson, until close', $t, '/on/api/chat', framing => 'close');
streams('sse, until close, gzip', $t, '/gzip/v1/chat/completions', @gzip,
    framing => 'close');

if ($h2) {
    my $c = $t->h2(listen => 'h2');
    streams('HTTP/2, sse', $c, '/v1/chat/completions');
    streams('HTTP/2, ndjson, gzip', $c, '/gzip/api/chat', @gzip);
    $c->close;
}

$t->done;
