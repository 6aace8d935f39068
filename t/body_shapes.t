#!/usr/bin/perl

# Tests for the edit of bodies of every shape: only the prefix goes.

use FindBin;
use lib "$FindBin::Bin/lib";

use ModelTest;

my $t = ModelTest->new(log_level => 'info');
my $s = $t->backend('s', reply => '{}');

$t->conf(<<'CONF')->start;
client_max_body_size 64m;
model_vendor acme { proxy_pass http://{{s}}; discover off; }
server {
    {{listen}}
    location / { model_pass; }
    location /small/ { model_pass; client_body_buffer_size 1k; }
    location /file/ { model_pass; client_body_in_file_only on; }
    location /clean/ { model_pass; client_body_in_file_only clean; }
    location /single/ { model_pass; client_body_in_single_buffer on; }
    location /early/ { model_pass; model_read preaccess; }
    location /early/file/ {
        model_pass;
        model_read preaccess;
        client_body_in_file_only clean;
    }
    location /long/ {
        model_pass;
        model_default acme:a-name-that-is-longer-than-what-the-client-sent;
    }
    location /long/small/ {
        model_pass;
        client_body_buffer_size 1k;
        model_default acme:a-name-that-is-longer-than-what-the-client-sent;
    }
    location /long/file/ {
        model_pass;
        client_body_in_file_only clean;
        model_default acme:a-name-that-is-longer-than-what-the-client-sent;
    }
}
server {
    {{listen:h2 http2}}
    location / { model_pass; }
    location /small/ { model_pass; client_body_buffer_size 1k; }
    location /file/ { model_pass; client_body_in_file_only clean; }
}
CONF

my $long = 'a-name-that-is-longer-than-what-the-client-sent';
my $text = join '', map { "$_ \\\"\\u00e4\x{c3}\x{a4}{}[],: " } 1 .. 60;
my $h2 = $t->has('http_v2') ? $t->h2(listen => 'h2') : undef;

# where the key stands x size of the rest
sub body {
    my ($where, $fill, $model) = @_;
    my $rest = "\"messages\":[{\"role\":\"user\",\"content\":\"$fill\","
        . "\"model\":\"acme:inner\"}]";
    my $m = "\"model\" : \"$model\"";
    return $where eq 'first' ? "{$m,$rest}" : $where eq 'last'
        ? "{$rest , $m }\n" : " {\"a\":[1,2],$m,$rest,\"model2\":\"acme:x\"}";
}


my %fill = (small => 'hi', some => $text, big => $text x 400);
my $n = 0;

sub check {
    my ($name, $prefix, $where, $size, $grow, $send) = @_;
    my $in = body($where, $fill{$size}, $grow ? 'nobody' : 'acme:llama3:8b');
    my $out = $in;
    $grow ? $out =~ s/nobody/$long/
        : $out =~ s/"acme:llama3:8b"/"llama3:8b"     /;

    my $r = $send->("$prefix/v1/chat/completions", $in);
    my $q = $s->last(qr/^POST/);
    is $r->status, 200, "$name, key $where, $size";
    is $q && $q->body eq $out, 1, 'body but for the name';
    is $q && $q->header('content-length'), length $out, 'length';
    $s->clear if ++$n % 20 == 0;
}


my $plain = sub { $t->post($_[0], $_[1]) };
my %how = (
    'at once' => $plain,
    'chunked' => sub { $t->post(@_, chunked => 1, split => 777) },
    'expected' => sub { $t->post(@_, expect => 1) },
    'in three' => sub { $t->post(@_, split => [200, 1000], pause => 0.001) },
);

for my $where (qw(first last middle)) {
    for my $size (qw(small some big)) {
        for my $prefix ('', map { "/$_" } qw(small file clean single early
            early/file))
        {
            check("at once $prefix", $prefix, $where, $size, 0, $plain);
        }

        for my $prefix (map { "/long$_" } '', '/small', '/file') {
            check("grown $prefix", $prefix, $where, $size, 1, $plain);
        }

        for my $prefix ('', '/small', '/file', '/early') {
            check("$_ $prefix", $prefix, $where, $size, 0, $how{$_})
                for 'chunked', 'expected', 'in three';
        }

        next if !$h2;
        for my $prefix ('', '/small', '/file') {
            check("HTTP/2 $prefix", $prefix, $where, $size, 0,
                sub { $h2->post(@_) });
            check("HTTP/2 without length $prefix", $prefix, $where, $size, 0,
                sub { $h2->post(@_, length => 0, split => 5000) });
        }
    }
}

# A small body split at every byte, into a head and a body and not
my $in = '{"stream" : false,"m":{"model":1},"mo\u0064el":"a\u0063me:ll\u00e4"}';
my $out = '{"stream" : false,"m":{"model":1},"mo\u0064el":"' . "ll\x{c3}\x{a4}"
    . '"' . ' ' x 14 . '}';
my $c = $t->client;
my $bad = 0;

for my $prefix ('', '/small', '/file', '/early') {
    for my $at (1 .. length($in) - 1) {
        my $r = $c->post("$prefix/api/chat", $in, split => [$at],
            chunked => $at % 2);
        my $q = $s->last(qr/^POST/);
        $bad++ if $r->status != 200 || $q->body ne $out;
    }
    $s->clear;
}
is $bad, 0, 'split in two at every byte';

my $r = $t->post('/api/chat', $in, split => 'bytes');
is $s->last(qr/POST/)->body, $out, 'byte by byte';
$r = $t->post('/small/api/chat', $in, split => 'bytes', chunked => 1);
is $s->last(qr/POST/)->body, $out, 'byte by byte in chunks';

$h2->close if $h2;
$t->done;
