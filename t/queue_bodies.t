#!/usr/bin/perl

# Tests for model_queue: bodies that wait arrive as they were sent, whatever
# their size and framing.

use FindBin;
use lib "$FindBin::Bin/lib";

use Digest::SHA qw(sha256_hex);

use ModelTest;

my $t = ModelTest->new;
my $a = $t->backend('a', reply => '{"from":"a"}', sink => qr/POST/);
my $h2 = $t->has('http_v2');

$t->conf(<<'CONF' . ($h2 ? <<'H2' : ''))->start;
client_max_body_size 50m;
upstream one { server {{a}} max_conns=1; model_queue 60 timeout=30s; }
model_vendor one { proxy_pass http://one; discover off;
    dialect ollama openai; }
model_vendor two { proxy_pass http://one; discover off;
    dialect ollama openai; default options.num_ctx 7; force keep_alive 1; }
model_alias a-name-that-is-shorter { target one:a-name-that-is-longer-than-it; }
server {
    {{listen}}
    location / { model_pass; model_allow inference manage; }
    location /small/ { model_pass; client_body_buffer_size 1k; }
    location /file/ { model_pass; client_body_in_file_only clean; }
    location /early/ { model_pass; model_read preaccess; }
    location /blob/ { model_pass one; model_allow manage; }
}
CONF
server { {{listen:h2 http2}} location / { model_pass;
    client_body_buffer_size 4k; } }
H2

sub text {
    my ($model, $size, %o) = @_;
    my $fill = join '', map { chr(97 + $_ * 7 % 26) } 1 .. 97;
    $fill = substr $fill x (1 + $size / 97), 0, $size;
    return "{ \"x\":\"$fill\", " . ($o{more} // '') . "\"model\": \"$model\" , "
        . "\"stream\": false,\"messages\":[ ] }\n";
}

# path, size, name sent, name that arrives, options of the client
my @cases;
for my $prefix ('', '/small', '/file', '/early') {
    for my $size (0, 900, 20_000, 3_000_000) {
        push @cases, ["$prefix/api/chat", $size, 'one:m', 'm', {}];
        push @cases, ["$prefix/v1/chat/completions", $size, 'one:m', 'm',
            { chunked => 1, split => 8000 }] if $size;
        push @cases, ["$prefix/api/chat", $size, 'a-name-that-is-shorter',
            'a-name-that-is-longer-than-it', {}];
    }
}
push @cases, ['/api/chat', $_, 'one:m', 'm', { expect => 1 }]
    for 100, 100_000;
push @cases, map { ['/api/chat', $_, 'one:m', 'm', { h2 => 1 }] } 100, 300_000
    if $h2;

$a->hold(match => qr/first/);
my $first = $t->open(POST => '/api/chat?first', body => { model => 'one:m' });
$a->wait_for(1);

my (@r, @want, %got);
for my $case (@cases) {
    my ($path, $size, $name, $to, $o) = @$case;
    my $c = delete $o->{h2} ? $t->h2(listen => 'h2') : $t->client;
    my $n = @r;
    push @r, $c->open(POST => "$path?$n", %$o, body => text($name, $size));
    push @want, text($to, $size);
    is $t->get('/')->status, 200, "$n waits" if $n % 10 == 9;
}

is $t->get('/')->status, 200, 'all wait';
is $a->hits, 1, 'nobody is at the server';
$a->release;
is $first->finish->status, 200, 'the first one';

for (@r) {
    $_->finish;
    $_->client->close;
}

for my $q ($a->requests(qr/\?\d/)) {
    push @{ $got{$1} }, $q if $q->uri =~ /\?(\d+)$/;
}

for my $i (0 .. $#r) {
    my $name = "$cases[$i][0], $cases[$i][1] bytes, $cases[$i][2]";
    is $r[$i]->status, 200, "$name: status";
    my @q = @{ $got{$i} || [] };
    is @q + 0, 1, "$name: once";
    next if !@q;

    # Padding behind a name that became shorter is ours
    my $sum = $q[0]->sha256;
    ok $sum eq sha256_hex($want[$i])
        || $sum eq sha256_hex($want[$i] =~ s/"m"/"m"    /r), "$name: bytes";
    is $q[0]->framing, 'length', "$name: with its length";
}

# Blobs are not read before they have a slot; forms and presets
$a->clear->ok->hold(match => qr/chat/);
$first = $t->open(POST => '/api/chat', body => { model => 'one:m' });
$a->wait_for(1);
my $blob = join '', map { chr($_ * 31 % 256) } 1 .. 1_000_000;
my $digest = 'sha256:' . sha256_hex($blob);
my @s = map { $t->open(POST => "/blob/api/blobs/$digest", part => 1, @$_) }
    [body => substr($blob, 0, 1000), headers => ['Content-Length' =>
        length $blob]],
    [body => substr($blob, 0, 1000), chunked => 1];
my ($form, $type) = ModelTest::Client::multipart(
    ['file', 'RIFF' . 'x' x 200_000, 'a.wav'], ['model', 'one:whisper']);
my $audio = $t->open(POST => '/v1/audio/transcriptions', body => $form,
    headers => ['Content-Type' => $type]);
my $preset = $t->open(POST => '/api/chat', body => text('two:m', 50_000));
is $t->get('/')->status, 200, 'they wait';
is $a->hits, 1, 'all of them';
$a->ok->release;
$s[0]->write(substr $blob, 1000);
is $s[0]->finish->status, 200, 'blob with a length';
$s[1]->write_chunk(substr $blob, 1000);
$s[1]->end_chunks;
is $s[1]->finish->status, 200, 'blob in chunks';
is $_->sha256, $digest =~ s/.*://r, 'blob, byte for byte'
    for $a->requests(qr/blobs/);
is $audio->finish->status, 200, 'form';
is $a->last(qr/audio/)->sha256, sha256_hex($form =~ s/one:whisper/whisper/r),
    'form, byte for byte';
is $preset->finish->status, 200, 'presets';
like $a->last(qr/chat/)->body_length, qr/^50\d\d\d$/, 'presets: its size';
is $first->finish->status, 200, 'the first one';

$t->done;
