#!/usr/bin/perl

# Tests for "model_usage ask": streams that go on over a reload, clients that
# leave in the middle, a vendor that is read to its end all the same.

use FindBin;
use lib "$FindBin::Bin/lib";

use ModelTest;

my $t = ModelTest->new(workers => 2);
my $h2 = $t->has('http_v2') ? ' http2' : '';

my $usage = 'data: {"choices":[],"usage":{"prompt_tokens":7,'
    . '"completion_tokens":3}}' . "\n\n";
my $done = "data: [DONE]\n\n";
my @chunks = map { qq(data: {"choices":[{"delta":{"content":"x$_"}}]}\n\n)
    . ($_ % 3 ? '' : $usage) } 1 .. 150;
my $want = join('', @chunks, $done) =~ s/\Q$usage\E//gr;

# cut at every few bytes
my @pieces = map { /(.{1,11})/gs } @chunks, $usage, $done;
my $a = $t->backend('a', on => { '/v1/chat/completions' => sub {
    return { headers => ['Content-Type' => 'text/event-stream'],
        chunks => [@pieces], interval => 0.0002 };
} });

my $conf = <<"CONF";
model_usage ask;
model_vendor v {
    proxy_pass http://{{a}};
    discover off;
    model m;
    proxy_ignore_client_abort on;
    proxy_buffer_size 1k;
    proxy_buffers 4 1k;
    proxy_busy_buffers_size 1k;
}
server {
    {{listen}} {{listen:h2$h2}}
    location / { model_pass v; }
    location /gzip/ { model_pass v; gzip on; gzip_types *; gzip_min_length 0; }
}
CONF

$t->conf($conf)->start;

my $chat = '/v1/chat/completions';
my $body = { model => 'm', stream => \1 };
my @gzip = (headers => ['Accept-Encoding' => 'gzip']);
my @open = map { $t->open(POST => $chat, body => $body) } 1 .. 4;
my ($c, @streams);

# A connection on which some streams are reset, and others are not
if ($h2) {
    $c = $t->h2(listen => 'h2', window => 20000);
    @streams = map { $c->open(POST => $_ % 2 ? "/gzip$chat" : $chat,
        body => $body, $_ % 2 ? @gzip : ()) } 1 .. 6;
    $_->status for @streams;
    $_->reset(8) for @streams[0, 1];
}

$t->reload($conf, wait => 0);
is $_->finish->body, $want, 'over a reload' for @open;

if ($h2) {
    ok $streams[2]->finish->complete, 'HTTP/2, gzip';
    is $streams[3]->finish->body, $want, 'HTTP/2';
    $c->close;
}

# Clients that leave, sooner or later
for my $n (1 .. 20) {
    my $s = $t->open(POST => $n % 2 ? $chat : "/gzip$chat", body => $body,
        @gzip);
    $s->status;
    select undef, undef, undef, 0.001 * $n;
    $n % 3 ? $s->close : $s->abort;
}

is $t->post($chat, $body)->body, $want, 'and another one';

$t->done;
