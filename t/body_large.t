#!/usr/bin/perl

# Tests for large bodies: memory does not grow with them.

use FindBin;
use lib "$FindBin::Bin/lib";

use Digest::SHA qw(sha256_hex);

use ModelTest;

my $t = ModelTest->new(log_level => 'info');
my $s = $t->backend('s', reply => '{}', sink => 'api|v1');

$t->conf(<<'CONF')->start;
client_max_body_size 0;
model_vendor acme { proxy_pass http://{{s}}; discover off; }
server {
    {{listen}}
    location / { model_pass; model_default acme:longer-than-before; }
}
CONF

my $mb = $t->has('sanitizer') || $ENV{TEST_NGINX_VALGRIND} ? 20 : 100;
my $block = join '', map { chr 65 + $_ % 26 } 1 .. 65536;
my $image = $block x (16 * $mb);
my $photo = $block x (16 * 20);


sub peak {
    my ($pid) = $t->workers;
    return $t->read_file("/proc/$pid/status") =~ /VmHWM:\s+(\d+)/ ? $1 : 0;
}


# Warm: buffers of the usual size are there
$t->post('/api/chat', { model => 'acme:x', x => 'y' x 100_000 });
my $before = peak();

for (["key after $mb MB", "{\"image\":\"$image\",\"model\":\"", 'acme:m',
        'm', '}'],
    ['key first', '{"model":"', 'acme:m', 'm', ",\"i\":\"$photo\"}"],
    ['key grows', '{"model":"', 'unknown', 'longer-than-before',
        ",\"i\":\"$photo\"}"])
{
    my ($name, $head, $asked, $sent, $tail) = @$_;
    my $in = "$head$asked\"$tail";
    my $cut = length($asked) - length $sent;
    my $pad = $cut > 0 ? ' ' x $cut : '';
    my $out = "$head$sent\"$pad$tail";

    my $r = $t->post('/api/chat', $in, timeout => 60);
    is $r->status, 200, "$name: status";
    my $q = $s->last(qr/POST/);
    is $q->body_length, length $out, "$name: length";
    is $q->sha256, sha256_hex($out), "$name: bytes";
    cmp_ok peak() - $before, '<', 8192, "$name: memory of the worker, KB";
}

$t->done;
