package ModelTest::Streams;

# Streams of all dialects, and a server that cuts them where a request's
# header X-Cut says.
#
#     my $a = $t->backend('a', ModelTest::Streams::server());
#
# %STREAMS: path, type, frames, how many of them are its end, and what an
# error at the end of it looks like.  The last error gives its message.

use strict;
use warnings;

use ModelTest::JSON;

my @WORDS = ('Hello', " w\xc3\xb6rld", ' \"quoted\" ', '{"done":true}' =~
    s/"/\\"/gr, ' [DONE]', "\\n\\n", ' end');
my $SSE = 'text/event-stream; charset=utf-8';
my $NDJSON = 'application/x-ndjson';

sub _data { return map { "data: $_\n\n" } @_ }
sub _event { return map { my ($t) = /"type":"([^"]+)"/;
    "event: $t\ndata: $_\n\n" } @_ }

our %STREAMS = (
    chat => { path => '/api/chat', type => $NDJSON, last => 1, vendor => 'o',
        error => qr/^\{"error":("(?:[^"\\]|\\.)*")\}\n\z/, frames => [
        (map { qq({"model":"m","message":{"role":"assistant","content":"$_"},)
            . qq("done":false}\n) } @WORDS),
        qq({"model":"m","done":true,"done_reason":"stop","eval_count":7}\n)] },
    generate => { path => '/api/generate', type => $NDJSON, last => 1,
        vendor => 'o', error => qr/^\{"error":("(?:[^"\\]|\\.)*")\}\n\z/,
        frames => [
        (map { qq({"model":"m","response":"$_","done":false}\n) } @WORDS),
        qq({"model":"m","response":"","done":true,"context":[1,2]}\n)] },
    completions => { path => '/v1/chat/completions', type => $SSE, last => 3,
        vendor => 'o', error => qr/^data:\ \{"error":\{"message":
        ("(?:[^"\\]|\\.)*"),"type":"\w+","param":null,"code":[^{}]+\}\}\n\n\z/x,
        frames => [
        _data((map { qq({"id":"c","object":"chat.completion.chunk","choices":)
            . qq([{"index":0,"delta":{"content":"$_"},"finish_reason":null}]}) }
            @WORDS),
        '{"id":"c","choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}',
        '{"id":"c","choices":[],"usage":{"total_tokens":9}}', '[DONE]')] },
    responses => { path => '/v1/responses', type => $SSE, last => 1,
        vendor => 'o', error => qr/^event:\ error\ndata:\ \{"type":"error",
        "sequence_number":\d+,"error":\{"message":("(?:[^"\\]|\\.)*"),
        [^{}]+\}\}\n\n\z/x, frames => [_event(
        '{"type":"response.created","sequence_number":0,"response":{"id":"r"}}',
        (map { my $n = $_ + 1; qq({"type":"response.output_text.delta",)
            . qq("sequence_number":$n,"delta":"$WORDS[$_]"}) } 0 .. $#WORDS),
        '{"type":"response.completed","sequence_number":8,"response":{}}')] },
    messages => { path => '/v1/messages', type => $SSE, last => 1,
        vendor => 'n', error => qr/^event:\ error\ndata:\ \{"type":"error",
        "error":\{"type":"\w+","message":("(?:[^"\\]|\\.)*")\}\}\n\n\z/x,
        frames => [_event(
        '{"type":"message_start","message":{"id":"m","usage":{}}}',
        '{"type":"ping"}',
        (map { qq({"type":"content_block_delta","index":0,"delta":)
            . qq({"type":"text_delta","text":"$_"}}) } @WORDS),
        '{"type":"message_delta","delta":{"stop_reason":"end_turn"}}',
        '{"type":"message_stop"}')] },
);

# how a stream is cut; the numbers are bytes or frames of it

our %CUTS = (
    'reset between frames' => { close_after => 4, abort => 1 },
    'reset in a frame' => { truncate => 250, abort => 1 },
    'close in a chunk' => { truncate => 250 },
    'close between chunks' => { close_after => 4 },
    'no end of what is chunked' => { close_after => 'last' },
    'no end marker' => { framing => 'close', close_after => 4 },
    'close in a frame' => { framing => 'close', truncate => 250 },
    'close in small pieces' => { framing => 'close', truncate => 251,
        rechunk => 3 },
    'silence' => { stall => 4 },
    'silence in a frame' => { stall => 50, rechunk => 5 },
    'silence, close-delimited' => { framing => 'close', stall => 4 },
    'none' => {},
    'none, close-delimited' => { framing => 'close' },
    'none, in small pieces' => { rechunk => 3 },
);


# What a server is told to do with the answer to X-Stream: its frames, cut.
sub answer {
    my ($stream, $cut) = @_;
    my $s = $STREAMS{$stream};
    my %c = (chunks => [@{ $s->{frames} }], headers =>
        ['Content-Type' => $s->{type}], %{ $CUTS{$cut} });
    $c{close_after} = @{ $s->{frames} } - $s->{last}
        if ($c{close_after} // '') eq 'last';
    return \%c;
}


# The bytes of it that the server sends, and whether that is all.
sub sent {
    my ($stream, $cut) = @_;
    my $c = answer($stream, $cut);
    my @frames = @{ $c->{chunks} };
    my $all = join '', @frames;

    @frames = unpack "(a$c->{rechunk})*", $all if $c->{rechunk};
    my $n = $c->{close_after} // $c->{stall};
    my $part = join '', defined $n ? @frames[0 .. $n - 1] : @frames;
    $part = substr $part, 0, $c->{truncate} if $c->{truncate};

    return ($part, $cut =~ /^none/ ? 1 : 0);
}


sub server {
    my $handler = sub {
        my $h = $_[1]{headers};
        return answer($h->{'x-stream'}, $h->{'x-cut'});
    };
    return on => { map { $_->{path} => $handler } values %STREAMS };
}


sub headers {
    my ($stream, $cut) = @_;
    return ['X-Stream' => $stream, 'X-Cut' => $cut, 'Content-Type' =>
        'application/json', $stream eq 'messages'
        ? ('anthropic-version' => '2023-06-01') : ()];
}


# What is wrong with a body: undef, or how it ends.  The message comes second.
sub wrong {
    my ($stream, $cut, $body) = @_;
    my ($sent, $whole) = sent($stream, $cut);
    my $s = $STREAMS{$stream};

    return "begins not with what was sent:\n$body"
        if substr($body, 0, length $sent) ne $sent;
    my $rest = substr $body, length $sent;
    return length $rest ? "has more at the end: $rest" : () if $whole;

    # a frame that was not whole is ended first
    my $open = $s->{type} eq $NDJSON ? $sent =~ /\n\z/ ? '' : "\n"
        : $sent =~ /\n\n\z/ ? '' : $sent =~ /\n\z/ ? "\n" : "\n\n";
    return "has not ended the last frame: $rest"
        if substr($rest, 0, length $open, '') ne $open;
    return "has no error at the end: $rest" if $rest !~ $s->{error};
    my $message = decode("$1");

    # the number of the event goes on
    my @n = $sent =~ /"sequence_number":(\d+),/g;
    return "has the wrong number: $rest" if $stream eq 'responses'
        && $rest !~ /"sequence_number":@{[$n[-1] + 1]},/;
    return (undef, $message);
}

1;
