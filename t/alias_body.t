#!/usr/bin/perl

# Tests for the name that is sent for an alias, in all kinds of bodies.

use FindBin;
use lib "$FindBin::Bin/lib";

use Digest::SHA qw(sha256_hex);

use ModelTest;

my $t = ModelTest->new(log_level => 'info');
my $s = $t->backend('s', reply => '{"text":"x"}', sink => 'api|v1');

$t->conf(<<'CONF')->start;
client_max_body_size 64m;
model_alias a { target acme:something-much-longer-than-it; }
model_alias an-alias-of-some-length { target acme:s; }
model_alias same { target acme:same; }
model_alias "qu\"ote" { target 'acme:the "other" \\one'; }
model_alias p-* { target acme:longer-than-p-*; }
model_vendor acme { proxy_pass http://{{s}}; dialect openai ollama;
    discover off; }
server {
    {{listen}}
    client_body_buffer_size 1k;
    location / { model_pass; }
    location /memory/ { model_pass; client_body_buffer_size 16m; }
}
CONF

my $image = join '', map { chr 65 + $_ % 26 } 1 .. 100_000;
my %size = (short => '', kilobytes => substr($image, 0, 3000),
    megabytes => $image x 40);

my @names = (['a', 'something-much-longer-than-it'],
    ['an-alias-of-some-length', 's'], ['same', 'same'],
    ['same:latest', 'same'], ['qu\"ote', 'the \"other\" \\\\one'],
    ['p-1', 'longer-than-p-1'], ['p-', 'longer-than-p-']);

# JSON: the name first, last, alone; in memory and in a temporary file

for my $size (sort keys %size) {
    for (@names) {
        my ($asked, $sent) = @$_;
        my $cut = length($asked) - length $sent;
        my $pad = $cut > 0 ? ' ' x $cut : '';

        for (['first', '{"model":"', ",\"i\":\"$size{$size}\"}"],
            ['last', "{\"i\":\"$size{$size}\",\"model\":\"", '}'])
        {
            my ($where, $head, $tail) = @$_;
            my $out = "$head$sent\"$pad$tail";

            for my $prefix ('', '/memory') {
                my $name = "\"$asked\", $size, $where $prefix";
                my $r = $t->post("$prefix/v1/chat/completions",
                    "$head$asked\"$tail", chunked => $prefix ne '');
                is $r->status, 200, $name;
                my $q = $s->last(qr/POST/);
                is $q->body_length, length $out, "$name: length";
                is $q->sha256, sha256_hex($out), "$name: bytes";
            }
        }
    }
}

# A form: the field before and after the file
for my $size ('kilobytes', 'megabytes') {
    my $file = ['file', $size{$size}, 'model', 'audio/wav'];

    for (['a', 'something-much-longer-than-it'],
        ['an-alias-of-some-length', 's'], ['p-1', 'longer-than-p-1'])
    {
        my ($asked, $sent) = @$_;

        for my $parts (sub { $_[0], $file }, sub { $file, $_[0] }) {
            my ($out) = ModelTest::Client::multipart($parts->(
                ['model', $sent]));

            for my $prefix ('', '/memory') {
                my $r = $t->post_form("$prefix/v1/audio/transcriptions",
                    [$parts->(['model', $asked])]);
                is $r->status, 200, "form, \"$asked\", $size $prefix";
                my $q = $s->last(qr/POST/);
                is $q->sha256, sha256_hex($out), 'exact bytes';
                is $q->header('content-length'), length $out, 'length';
            }
        }
    }
}

$t->done;
