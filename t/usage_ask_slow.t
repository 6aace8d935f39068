#!/usr/bin/perl

# Tests for "model_usage ask": what waits of a stream that comes in many small
# pieces needs little memory, also while nothing of it goes to the client.

use FindBin;
use lib "$FindBin::Bin/lib";

use ModelTest;

my $t = ModelTest->new;
$t->needs('http_v2');

# the first byte of each event waits until the next piece is here
my @chunks = ('d', ("\n\nd") x 2000, "\n\ndata: [DONE]\n\n");
my $a = $t->backend('a', on => { '/v1/chat/completions' => sub {
    return { headers => ['Content-Type' => 'text/event-stream'],
        framing => 'close', chunks => [@chunks], interval => 0.0001 };
} });

$t->conf(<<'CONF')->start;
model_usage ask;
model_vendor v { proxy_pass http://{{a}}; discover off; model m;
    proxy_buffer_size 64k; proxy_buffers 8 64k; }
server {
    {{listen}} {{listen:h2 http2}}
    location / { model_pass v; }
}
CONF

sub peak {
    my ($pid) = $t->workers;
    return $t->read_file("/proc/$pid/status") =~ /VmHWM:\s+(\d+)/ ? $1 : 0;
}

my $chat = '/v1/chat/completions';
my $body = { model => 'm', stream => \1 };

# Warm: nobody is slow
ok $t->post($chat, $body)->body eq join('', @chunks), 'bytes';
my $before = peak();

# a window that is soon full, and never opened
my $c = $t->h2(listen => 'h2', window => 20);
my $s = $c->open(POST => $chat, body => $body);
is $s->status, 200, 'slow: head';
$t->eventually(sub { !$a->open_connections }, 'slow: all came');

SKIP: {
    skip 'checkers of memory need some of their own', 1
        if $t->has('sanitizer') || $ENV{TEST_NGINX_VALGRIND};
    cmp_ok peak() - $before, '<', 1024, 'slow: memory of the worker, KB';
}

$c->close;

$t->done;
