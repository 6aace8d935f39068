#!/usr/bin/perl

# Tests for forms: the field that names the model, and a file beside it.

use FindBin;
use lib "$FindBin::Bin/lib";

use Digest::SHA qw(sha256_hex);

use ModelTest;

my $t = ModelTest->new(log_level => 'info');
my $s = $t->backend('s', reply => '{"text":"x"}');

$t->conf(<<'CONF')->start;
client_max_body_size 64m;
model_vendor acme { proxy_pass http://{{s}}; dialect openai; discover off; }
server {
    {{listen}}
    client_body_buffer_size 1k;
    location / { model_pass; model_default acme:something-longer; }
    location /memory/ {
        model_pass;
        client_body_buffer_size 8m;
        model_default acme:something-longer;
    }
}
CONF

my $path = '/v1/audio/transcriptions';
my $audio = join '', map { chr($_ * 7 & 255) } 1 .. 65536;
my %file = (small => "RIFF\r\n--not the boundary\r\n\0", large => $audio x 48);

for my $size (sort keys %file) {
    my $file = ['file', $file{$size}, 'model', 'audio/wav'];
    my @other = (['language', 'de'], ['prompt', 'name="model"']);

    for (['before', 'acme:w-1', 'w-1', sub { $_[0], @other, $file }],
        ['after', 'acme:w-1', 'w-1', sub { @other, $file, $_[0] }],
        ['between', 'acme/w-1', 'w-1', sub { @other, $_[0], $file }],
        ['longer, before', 'w', 'something-longer', sub { $_[0], $file }],
        ['longer, after', 'w', 'something-longer', sub { $file, $_[0] }])
    {
        my ($name, $asked, $sent, $parts) = @$_;
        my ($out) = ModelTest::Client::multipart($parts->(['model', $sent]));

        for my $prefix ('', '/memory') {
            my $r = $t->post_form("$prefix$path",
                [$parts->(['model', $asked])], chunked => $prefix ne '');
            is $r->status, 200, "$size file, field $name $prefix";
            my $q = $s->last(qr/POST/);
            is $q->sha256, sha256_hex($out), 'exact bytes';
            is $q->header('content-length'), length $out, 'length';
            like $q->header('content-type'), qr{^multipart/form-data; bound},
                'type';
        }
    }

    $s->clear;
}

# JSON on a path that takes forms, and a form where none belongs
is $t->post('/v1/images/edits', '{"model":"acme:m"}')->status, 200, 'JSON';
is $s->last(qr/POST/)->body, '{"model":"m"     }', 'is edited';
is $t->post_form('/v1/chat/completions', [['model', 'acme:m']])->status, 400,
    'a form for chat';
$s->clear;

# What is ambiguous or broken
my $b = 'Content-Type: multipart/form-data; boundary=B';
my $part = "--B\r\nContent-Disposition: form-data; name=";
for (['two models', "$part\"model\"\r\n\r\na\r\n$part\"model\"\r\n\r\nb\r\n"
        . "--B--\r\n"],
    ['another case', "$part\"Model\"\r\n\r\na\r\n--B--\r\n"],
    ['a file', "$part\"model\"; filename=\"x\"\r\n\r\na\r\n--B--\r\n"],
    ['name*', "--B\r\nContent-Disposition: form-data; name*=utf-8''model"
        . "\r\n\r\na\r\n--B--\r\n"],
    ['no end', "$part\"model\"\r\n\r\na\r\n"],
    ['no boundary in it', 'hello'],
    ['nothing', ''],
    ['a line break in the name', "$part\"model\"\r\n\r\na\nb\r\n--B--\r\n"])
{
    my ($name, $body) = @$_;
    my $r = $t->post($path, $body, headers => [split /: /, $b, 2]);
    is $r->status, 400, $name;
    like $r->json->{error}{message}, qr/\w/, "$name: says why";
}

is $t->post($path, 'x', headers => ['Content-Type', 'multipart/form-data'])
    ->status, 400, 'no boundary';
is $s->hits(qr/./), 0, 'nothing went upstream';

$t->done;
