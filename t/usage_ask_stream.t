#!/usr/bin/perl

# Tests for "model_usage ask": the event that tells usage is taken out of the
# stream, wherever it is cut, and no other byte.

use FindBin;
use lib "$FindBin::Bin/lib";

use Compress::Zlib ();

use ModelTest;

my $t = ModelTest->new(access_log => 1);
my $h2 = $t->has('http_v2') ? ' http2' : '';

my $data = 'data: {"id":"1","choices":';
my $chunk = $data . '[{"delta":{"content":"\u00e9 \"[]"}}],"usage":null}'
    . "\n\n";
my $usage = $data . '[],"usage":{"prompt_tokens":7,"completion_tokens":3,'
    . '"prompt_tokens_details":{"cached_tokens":2}}}' . "\n\n";
my $done = "data: [DONE]\n\n";

# what is between < and > is to go
my %stream = (
    plain => "$chunk$chunk<$usage>$done",
    first => "<$usage>$chunk$done",
    last => "$chunk$done<$usage>",
    comments => ": a\n\n$chunk: b\n<$usage>: c\n\n$done",
    fields => "event: e\nid: 1\n$chunk<event: e\n: x\nid: 2\n$usage>$done",
    lines => "$chunk<data: {\"usage\":{\"prompt_tokens\":7,\n"
        . "data: \"completion_tokens\":3},\ndata:\"choices\": [ ]}\n\n>$done",
    twice => "$chunk<$usage$usage>$chunk<$usage>$done",
    # vLLM's continuous_usage_stats, and usage with the last choice
    continuous => $chunk =~ s/null/{"prompt_tokens":7}/r
        . $data . '[{"delta":{},"finish_reason":"stop"}],"usage":'
        . '{"prompt_tokens":7,"completion_tokens":3}}' . "\n\n$done",
    null => "$chunk$data" . "[],\"usage\":null}\n\n$done",
    filter => $data . '[],"prompt_filter_results":[]}' . "\n\n$chunk<$usage>"
        . $done,
    whole => "$chunk<" . $usage =~ s/\n\n/\n/r . '>',
    large => $chunk =~ s/"\[\]/"[]x' . ('x' x 30000) . '/r . "<$usage>$done",
    huge => $data . '[],"usage":{"x":"' . 'x' x 9000 . '"}}' . "\n\n$done",
    many => join('', map { $chunk =~ s/id":"1/id":"$_/r . ($_ % 5 ? ''
        : "<$usage>") } 1 .. 20000),
);

sub eol { return $_[0] =~ s/\n/$_[1]/gr }

sub sent { return $_[0] =~ tr/<>//dr }
sub wanted { return $_[0] =~ s/<[^>]*>//gr }

my $a = $t->backend('a', on => { map { $_ => sub {
    my %h = %{ $_[1]{headers} };
    my $text = $h{'x-case'} ? eol(sent($stream{$h{'x-case'}}),
        { lf => "\n", crlf => "\r\n", cr => "\r" }->{$h{'x-eol'} // 'lf'})
        : sent($stream{plain});
    my @more;
    if ($h{'x-gzip'}) {
        $text = Compress::Zlib::memGzip($text);
        @more = ('Content-Encoding' => 'gzip');
    }
    return { headers => ['Content-Type' => $h{'x-type'} // 'text/event-stream',
        ETag => '"e"', @more], status => $h{'x-status'} // 200,
        ($h{'x-framing'} // '') eq 'length' ? (body => $text)
        : (chunks => [$text], framing => $h{'x-framing'} // 'chunked'),
        $h{'x-rechunk'} ? (rechunk => $h{'x-rechunk'}) : (),
        $h{'x-truncate'} ? (truncate => $h{'x-truncate'}) : (),
    };
} } '/v1/chat/completions', '/v1/completions' });

# a vendor of HTTP/2, where nginx can
my ($up, $loc) = ('', '');
if ($h2 && $t->has('1.29.4')) {
    $loc = 'location /two/ { model_pass two; }';
    $up = <<'CONF';
model_vendor two { proxy_pass http://127.0.0.1:{{port:in}};
    proxy_http_version 2; discover off; model m; }
server {
    {{listen:in http2}}
    access_log off;
    location / { proxy_pass http://{{a}}; proxy_buffering off;
        proxy_http_version 1.1; }
}
CONF
}

$t->conf(<<"CONF")->start;
log_format usage '\$http_x_id|\$model_prompt_tokens|'
    '\$model_completion_tokens|\$model_finish_reason|\$model_first_token_time';
model_usage ask;
model_vendor v { proxy_pass http://{{a}}; discover off; model m; }
model_vendor buffered { proxy_pass http://{{a}}; discover off; model m;
    proxy_buffering on; proxy_buffer_size 1k; proxy_buffers 4 1k;
    proxy_busy_buffers_size 1k; }
$up
server {
    {{listen}} {{listen:h2$h2}}
    access_log {{dir}}/usage.log usage;
    location / { model_pass v; }
    $loc
    location /buffered/ { model_pass buffered; }
    location /gzip/ { model_pass v; gzip on; gzip_min_length 1;
        gzip_types text/event-stream; }
    location /stall/ { model_pass v; model_stall 5m; }
}
CONF

my $body = { model => 'm', stream => \1 };
my $chat = '/v1/chat/completions';
my $id = 0;

# the headers of a request, and what was logged of the last one
sub headers { return headers => ['X-Id' => 'i' . ++$id, @_] }

sub told {
    my $line;
    $t->eventually(sub { ($line) = $t->read_file('usage.log')
        =~ /^i$id\|(.*)\n/m }, 'logged');
    return $line;
}

my %eol = (lf => "\n", crlf => "\r\n", cr => "\r");

for my $case (grep { $_ ne 'many' } sort keys %stream) {
    for my $eol (sort keys %eol) {
        my $want = eol(wanted($stream{$case}), $eol{$eol});
        my @headers = ('X-Case' => $case, 'X-Eol' => $eol);
        my $small = length $want < 2000;

        for my $n (0, $small ? (1, 2, 7, 64) : (1000, 5000)) {
            my $r = $t->post($n == 7 ? "/buffered$chat" : $chat, $body,
                headers(@headers, 'X-Rechunk' => $n));
            is $r->body, $want, "$case, $eol, pieces of $n";
            ok $r->complete, "$case, $eol, $n: whole";
            is((split /\|/, told())[0], 7, "$case: tokens")
                if $case =~ /plain|comments|fields|lines|twice|whole/;
        }
    }
}

# Each cut in two of a short stream
my $plain = sent($stream{plain});
for my $at (1 .. length($plain) - 1) {
    $a->fault(match => qr/completions/, times => 1, chunks =>
        [substr($plain, 0, $at), substr($plain, $at)], interval => 0.001,
        headers => ['Content-Type' => 'text/event-stream']);
    my $r = $t->post($chat, $body);
    is $r->body, wanted($stream{plain}), "cut at $at";
}

# The head
my $r = $t->post($chat, $body, headers('X-Framing' => 'length',
    'X-Case' => 'plain'));
is $r->body, wanted($stream{plain}), 'with a length';
ok $r->complete, 'with a length: whole';
is $r->header('content-length'), undef, 'the length does not count';
is $r->header('etag'), 'W/"e"', 'nor the strong tag';
like told(), qr/^7\|3\|-\|\d+\.\d{3}$/, 'with a length: tokens and time';

$r = $t->post($chat, $body, headers('X-Framing' => 'close',
    'X-Case' => 'last'));
is $r->body, wanted($stream{last}), 'until close';

# What is no stream of events, or cannot be read, stays
for (['JSON', 'X-Type' => 'application/json'], ['an error', 'X-Status' => 400,
    'X-Type' => 'application/json'], ['an error as a stream', 'X-Status' =>
    404], ['text', 'X-Type' => 'text/plain'])
{
    my ($name, @headers) = @$_;
    $r = $t->post($chat, $body, headers(@headers, 'X-Case' => 'plain'));
    is $r->body, sent($stream{plain}), "$name stays";
}

$r = $t->post($chat, $body, headers('X-Gzip' => 1, 'X-Case' => 'plain'));
is Compress::Zlib::memGunzip($r->body), sent($stream{plain}),
    'what the server compresses stays';

# nginx's own gzip comes after us
for my $n (0, 3) {
    $r = $t->post("/gzip$chat", $body, headers('X-Case' => 'twice',
        'X-Rechunk' => $n, 'Accept-Encoding' => 'gzip'));
    is $r->header('content-encoding'), 'gzip', 'gzip';
    is Compress::Zlib::memGunzip($r->body), wanted($stream{twice}),
        "gzip, pieces of $n";
}

if ($loc) {
    for my $case (sort keys %stream) {
        for my $n ($case eq 'many' ? 5000 : length $stream{$case} > 2000
            ? (0, 1000) : (0, 1, 9))
        {
            is $t->post("/two$chat", $body, headers('X-Case' => $case,
                'X-Rechunk' => $n))->body, wanted($stream{$case}),
                "vendor of HTTP/2, $case, pieces of $n";
        }
    }
}

# Old clients, and HTTP/2
$r = $t->post($chat, $body, version => '1.0', headers('X-Case' =>
    'comments', 'X-Rechunk' => 5));
is $r->body, wanted($stream{comments}), 'HTTP/1.0';

if ($h2) {
    my $c = $t->h2(listen => 'h2');
    for my $case (sort keys %stream) {
        for my $n (0, 3, 1000) {
            next if $n == 3 && length $stream{$case} > 2000;
            is $c->post($chat, $body, headers('x-case' => $case,
                'x-rechunk' => $n))->body, wanted($stream{$case}),
                "HTTP/2, $case, pieces of $n";
        }
    }
    $c->close;
}

# A stream that is cut: what waited comes before the error
for my $in ($chunk, $data . '[],"usage":{"prompt_') {
    for my $n (0, 3) {
        my $at = index($plain, $in, length $chunk) + length($in) - 1;
        $r = $t->post("/stall$chat", $body, headers('X-Case' => 'plain',
            'X-Truncate' => $at, 'X-Rechunk' => $n));
        my $came = substr $plain, 0, $at;
        is substr($r->body, 0, $at), $came, "cut at $at: what came";
        like substr($r->body, $at), qr/^\n\n?data:\ \{"error":\{"message":
            "vendor\ [^\n]+\}\}\n\n\z/x, "cut at $at: an error";
    }
}

# What waits is no more than that: a server that stops in the middle
for (["$chunk: a\n", '', 'a comment'], ["$chunk$data" . '[{', '',
    'a choice'], [$chunk . $data . '[', $data . '[', 'no choice'],
    ["$chunk$usage", $usage, 'usage'])
{
    my ($came, $waits, $name) = @$_;
    my $want = substr $came, 0, length($came) - length $waits;
    $a->fault(match => qr/completions/, times => 1, stall => 1,
        chunks => [$came, "never"],
        headers => ['Content-Type' => 'text/event-stream']);
    my $s = $t->open(POST => $chat, body => $body);
    is $s->read_until(qr/\Q$want\E/) && $s->body, $want, "$name: what passes";
    $s->close;
}

# A slow client, with buffers of two kinds on their way
my $s = $t->open(POST => $chat, body => $body, rcvbuf => 4096,
    headers('X-Case' => 'many', 'X-Rechunk' => 3000));
is $s->status, 200, 'slow client: head';
is $s->finish->body, wanted($stream{many}), 'slow client: bytes';

$t->done;
