#!/usr/bin/perl

# Tests for answers over a bridge: cut, silent, slow, compressed, too large, of
# another kind than was asked for; clients that leave or read slowly.

use FindBin;
use lib "$FindBin::Bin/lib";

use Compress::Zlib ();

use ModelTest;
use ModelTest::Answer;
use ModelTest::Streams;

my $t = ModelTest->new;
my $s = $t->backend('s', ModelTest::Streams::server());
my $h2 = $t->has('http_v2');
my $ms = 1000 * $t->factor;

my ($sse, $ndjson) = ('text/event-stream', 'application/x-ndjson');
my $chunk = '{"id":"c","object":"chat.completion.chunk","choices":[{"index":0,'
    . '"delta":{"content":"%s"},"finish_reason":null}]}';
my $end = qq(data: {"id":"c","choices":[{"index":0,"delta":{},)
    . qq("finish_reason":"stop"}]}\n\ndata: [DONE]\n\n);
my $doc = '{"id":"c","object":"chat.completion","choices":[{"index":0,'
    . '"message":{"role":"assistant","content":"whole"},"finish_reason":'
    . '"stop"}],"usage":{"prompt_tokens":3,"completion_tokens":1}}';
my $piece = sprintf "data: $chunk\n\n", 'x' x 1000;

my $p = $t->backend('p', on => { '/v1/chat/completions' => sub {
    my ($server, $q) = @_;
    my ($what) = $q->{body} =~ /"content":"(\w+)"/;
    my $n = 0;

    return {
        document => { body => $doc, headers => ['Content-Type' =>
            'application/json'] },
        events => { chunks => [sprintf("data: $chunk\n\n", 'who'),
            sprintf("data: $chunk\r\n\r\n", 'le'), $end], headers =>
            ['Content-Type' => $sse] },
        gzip => { body => Compress::Zlib::memGzip($doc), headers =>
            ['Content-Type' => 'application/json', 'Content-Encoding' =>
            'gzip'] },
        html => { body => '<html>no</html>', headers => ['Content-Type' =>
            'text/html'] },
        failed => { body => '{"error":{"message":"it is broken"}}', headers =>
            ['Content-Type' => 'application/json'] },
        page => { status => 503, body => "<html>\n<b>down</b>", headers =>
            ['Content-Type' => 'text/html'] },
        empty => { status => 500, body => '' },
        large => { chunks => [sprintf("data: $chunk\n\n", 'a'),
            sprintf("data: $chunk\n\n", 'b' x 20000), $end], headers =>
            ['Content-Type' => $sse] },
        half => { body => $doc, truncate => 100, headers =>
            ['Content-Type' => 'application/json'] },
        endless => { interval => 0.01, headers => ['Content-Type' => $sse],
            chunks => sub { return sprintf "data: $chunk\n\n", $n++ } },
        many => { headers => ['Content-Type' => $sse], chunks => sub {
            return $n++ < 8000 ? $piece : $n == 8001 ? $end : undef } },
        ahead => { chunks => ["\xef\xbb\xbf: hello\n\n",
            "event: x\nid: 1\nretry: 5\ndata\n\n",
            sprintf("data: $chunk\r\r", "\\ud83d\\ude00"),
            "data:{\"choices\":[],\ndata: \"usage\":{\"prompt_tokens\":4,\n"
            . "data: \"completion_tokens\":2}}\n\n", $end =~ s/\n\z//r],
            headers => ['Content-Type' => $sse], rechunk => 1 },
    }->{$what};
} });

# vectors come as a document, whatever it is called

my $v = $t->backend('v', on => {
    '/api/embed' => { body => '{"embeddings":[[0.5]]}', headers =>
        ['Content-Type' => $ndjson] },
    '/v1/embeddings' => { body => '{"data":[{"index":0,"embedding":[0.5]}]}',
        headers => ['Content-Type' => $sse] },
});

my $second = $h2 ? 'server { {{listen:h2 http2}} location / { model_pass; } }'
    : '';

$t->conf(<<"CONF" . $second)->start;
model_bridge_buffer 16k;
model_vendor p { proxy_pass http://{{p}}; dialect openai; discover off; }
model_vendor vo { proxy_pass http://{{v}}; discover off; bridge translate; }
model_vendor vp { proxy_pass http://{{v}}; discover off; dialect openai; }
model_vendor o { proxy_pass http://{{s}}; discover off; bridge translate;
    proxy_read_timeout ${ms}ms; }
model_vendor q { proxy_pass http://{{s}}; discover off; dialect openai;
    proxy_read_timeout ${ms}ms; }
model_vendor n { proxy_pass http://{{s}}; discover off; dialect anthropic;
    proxy_read_timeout ${ms}ms; }
server {
    {{listen}}
    location / { model_pass; }
    location /stall/ { model_pass; model_stall ${ms}ms; }
    location /gzip/ { model_pass; gzip on; gzip_min_length 1; gzip_types *; }
}
CONF

sub ask {
    my ($api, $text, $stream, %o) = @_;
    my ($path, $body) = ModelTest::Answer::request($api, 'p:m',
        text => $text, stream => $stream);
    my $r = $t->post(($o{at} // '') . $path, $body, headers =>
        $o{headers} || []);
    return ($r, ModelTest::Answer::read($api, $r));
}

# what was asked for, and what came

for my $api (qw(chat generate messages)) {
    for my $stream (0, 1) {
        my $name = "$api, " . ($stream ? 'stream' : 'no stream');

        for my $what (qw(document events)) {
            my ($r, $a) = ask($api, $what, $stream);
            is $r->status, 200, "$name: $what: status" or diag $r->body;
            is $a->{text}, 'whole', "$name: $what: text";
            is $a->{finish}, 'stop', "$name: $what: its end";
            is_deeply $a->{wrong}, [], "$name: $what: as it should be";
        }

        my ($r, $a) = ask($api, 'ahead', $stream);
        is $a->{text}, "\x{1f600}", "$name: odd framing" or diag $r->body;
        is "$a->{prompt}-$a->{completion}", '4-2', "$name: lines of data";

        for ([gzip => 502, qr/answered compressed/], [html => 502, qr/JSON/],
            [failed => 502, qr/^it is broken$/], [empty => 500, qr/status 500/],
            [page => $api eq 'messages' ? 529 : 503, qr/^<html> <b>down/],
            [half => 502, qr/broke off/])
        {
            my ($what, $status, $text) = @$_;
            ($r, $a) = ask($api, $what, $stream);
            is $r->status, $status, "$name: $what: status";
            like $a->{error}, $text, "$name: $what: error" or diag $r->body;
            is $r->header('Content-Type'), 'application/json',
                "$name: $what: type";
        }
    }

    my ($r, $a) = ask($api, 'large', 1);
    is $a->{text} || $a->{deltas}, 'a', "$api: before a large event";
    like $a->{error}, qr/larger than model_bridge_buffer$/, "$api: large event"
        or diag $r->body;

    my ($path, $sent) = ModelTest::Answer::request($api, 'p:m',
        text => 'events', stream => 1);
    $r = $t->post("/gzip$path", $sent, headers =>
        ['Accept-Encoding' => 'gzip']);
    my $body = Compress::Zlib::memGunzip($r->body) // '';
    like $body, qr/who/, "$api: zipped by the location";
}

for (['/v1/embeddings' => 'vo', qr/"embedding":\[0\.5\]/],
    ['/api/embed' => 'vp', qr/"embeddings":\[\[0\.5\]\]/])
{
    my ($path, $vendor, $want) = @$_;
    my $r = $t->post($path, { model => "$vendor:m", input => 'a' });
    is $r->status, 200, "$path: vectors in a stream's type";
    like $r->body, $want, "$path: the vectors";
}

# streams of each dialect, cut

my %cut = (chat => [o => 'completions'], completions => [q => 'chat'],
    messages => [n => 'chat']);
my @cases;

for my $stream (sort keys %cut) {
    my ($vendor, $api) = @{ $cut{$stream} };

    for my $cut (sort keys %ModelTest::Streams::CUTS) {
        for my $how ('', 'h2', 'stall') {
            next if $how eq 'h2' && !$h2;
            my ($path, $body) = ModelTest::Answer::request($api, "$vendor:m",
                stream => 1);
            my %o = (body => $body, headers =>
                ModelTest::Streams::headers($stream, $cut));
            push @cases, { name => "$stream, $cut, $how", api => $api,
                cut => $cut, vendor => $vendor, r => $how eq 'h2'
                    ? $t->h2(listen => 'h2')->open(POST => $path, %o)
                    : $t->open(POST => ($how ? '/stall' : '') . $path, %o) };
        }
    }
}

for my $c (@cases) {
    my $r = $c->{r}->finish;
    my $a = ModelTest::Answer::read($c->{api}, $r);

    is $r->status, 200, "$c->{name}: status" if $r->status != 200;
    is $r->complete, 1, "$c->{name}: the answer is whole" if !$r->complete;
    is_deeply $a->{wrong}, [], "$c->{name}: as the API has it"
        or diag $r->body;

    # what has told why it ended is whole, also without its mark

    if ($c->{cut} =~ /^none/
        || $c->{cut} =~ /^no end of/ && $c->{vendor} eq 'n')
    {
        is $a->{error}, undef, "$c->{name}: no error";
        is $a->{finish}, 'stop', "$c->{name}: its end" or diag $r->body;

    } else {
        like $a->{error}, qr/^vendor\ "$c->{vendor}"\ (?:broke\ off|
            sent\ nothing\ for\ $ms\ ms),\ the\ answer\ is\ not\ complete$/x,
            "$c->{name}: says so" or diag $r->body;
    }

    $r->close;
}

$t->eventually(sub { $s->open_connections == 0 }, 'no connection is left');

# a client that leaves

for my $api (qw(chat messages)) {
    my ($path, $body) = ModelTest::Answer::request($api, 'p:m',
        text => 'endless', stream => 1);

    $p->clear;
    my $r = $t->open(POST => $path, body => $body);
    $r->read_until(qr/"5"/);
    $r->abort;
    $p->wait_closed;
    is $p->open_connections, 0, "$api: the vendor's connection is closed";
}

# one that reads slowly gets all

my ($path, $body) = ModelTest::Answer::request('chat', 'p:m', text => 'many',
    stream => 1);
my $r = $t->open(POST => $path, body => $body);
$r->read_until(qr/xxx/);
$r->finish;
my $a = ModelTest::Answer::read('chat', $r);
is length $a->{text}, 8000 * 1000, 'a slow client gets all';
is $a->{finish}, 'stop', 'and its end';

$t->done;
