package ModelTest::HTTP2;

# A small HTTP/2 client over a connection of ModelTest::Client: prior
# knowledge, or TLS with ALPN.  Requests are HPACK literals; answers may use
# all of RFC 7541.
#
#     my $h2 = $t->h2(listen => 'h2');
#     my $r = $h2->post('/api/chat', { ... }, split => 100);
#     my $s = $h2->open(POST => '/x', body => $part, part => 1);
#     $s->write($rest, end => 1);  $s->read_until(qr/x/);  $s->reset(8);
#
# split => sizes: the DATA frames; length => 0: no content-length;
# continuation => n: the header block in pieces of n bytes; pause => s.
# chunks are the DATA frames with their arrival times.

use strict;
use warnings;

use ModelTest::Client;
use ModelTest::JSON ();

use constant { DATA => 0, HEADERS => 1, RST => 3, SETTINGS => 4, PING => 6,
    GOAWAY => 7, WINDOW => 8, CONTINUATION => 9 };

my @STATIC = (undef, [':authority', ''], [':method', 'GET'],
    [':method', 'POST'], [':path', '/'], [':path', '/index.html'],
    [':scheme', 'http'], [':scheme', 'https'], (map { [':status', $_] }
        qw(200 204 206 304 400 404 500)), ['accept-charset', ''],
    ['accept-encoding', 'gzip, deflate'], map { [$_, ''] } qw(accept-language
        accept-ranges accept access-control-allow-origin age allow
        authorization cache-control content-disposition content-encoding
        content-language content-length content-location content-range
        content-type cookie date etag expect expires from host if-match
        if-modified-since if-none-match if-range if-unmodified-since
        last-modified link location max-forwards proxy-authenticate
        proxy-authorization range referer refresh retry-after server
        set-cookie strict-transport-security transfer-encoding user-agent
        vary via www-authenticate));

# The lengths of the Huffman codes of all bytes and the end mark (A = 5); the
# code is canonical, so they tell everything.
my $LENGTHS = 'ISXXXXXXXTZXXZXXXXXXXXZXXXXXXXXXBFFHIBDGFFDGDBBBAAABBBBBBBCD'
    . 'KBHFIBCCCCCCCCCCCCCCCCCCCCCCDCDIOIJBKABABABBBACCBBBABCBAABCCCCCKGJIX'
    . 'PRPPRRRSRSSSSSTSTTRSTSSSSQRSRSSTRQPRRSSQSRRTQRSSQQRQSRSSPRRRSRRSVVPO'
    . 'RSRUVVVWWVTUOQVWWVWTQQVVXWWWPTPQRQQSRRUUTTVSVWVVWWWWWXWWWWWVZ';
my $HUFFMAN;


sub new {
    my ($class, $c, %o) = @_;
    my $self = bless { c => $c, next => 1, streams => {}, table => [],
        table_size => 0, table_max => 4096, window => 65535,
        stream_window => 65535, frame_max => 16384 }, $class;

    # No push, and as much as they like to send.
    $c->write("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" . frame(SETTINGS, 0, 0,
        pack 'nNnN', 2, 0, 4, $o{window} // 2147483647)
        . ($o{window} ? '' : frame(WINDOW, 0, 0, pack 'N', 2147418112)));
    return $self;
}


sub frame {
    my ($type, $flags, $id, $payload) = @_;
    my $n = length $payload;
    return pack('CnCCN', $n >> 16, $n & 0xffff, $type, $flags, $id) . $payload;
}

sub close { $_[0]{c}->close }
sub write { $_[0]{c}->write($_[1]) }
sub goaway { return $_[0]{goaway} }


# ------------------------------------------------------------------ HPACK

sub _integer {
    my ($n, $bits, $first) = @_;
    my $max = (1 << $bits) - 1;
    return chr($first | $n) if $n < $max;

    my $out = chr($first | $max);
    for ($n -= $max; $n >= 128; $n >>= 7) {
        $out .= chr($n & 127 | 128);
    }
    return $out . chr $n;
}


sub encode_headers {
    return join '', map { "\0" . _integer(length $_->[0], 7, 0) . $_->[0]
        . _integer(length $_->[1], 7, 0) . $_->[1] } @_;
}


sub _huffman {
    my $bits = unpack 'B*', shift;

    if (!$HUFFMAN) {
        my @l = map { ord($_) - 60 } split //, $LENGTHS;
        my ($code, $last) = (0, 0);
        for my $i (sort { $l[$a] <=> $l[$b] || $a <=> $b } 0 .. $#l) {
            $code <<= $l[$i] - $last;
            $last = $l[$i];
            $HUFFMAN->{sprintf "%0${last}b", $code++} = $i;
        }
    }

    my ($out, $at, $n) = ('', 0, 5);
    while ($at + $n <= length $bits) {
        my $v = $HUFFMAN->{substr $bits, $at, $n};
        if (!defined $v) {
            die "bad Huffman code\n" if ++$n > 30;
            next;
        }
        $out .= chr $v;
        $at += $n;
        $n = 5;
    }

    die "bad Huffman padding\n"
        if length($bits) - $at > 7 || substr($bits, $at) =~ /0/;
    return $out;
}


sub decode_headers {
    my ($self, $in) = @_;
    my @out;

    my $int = sub {
        my $max = (1 << $_[0]) - 1;
        my $n = ord(substr $in, 0, 1, '') & $max;
        return $n if $n < $max;
        for (my $shift = 0; ; $shift += 7) {
            my $b = ord substr $in, 0, 1, '';
            $n += ($b & 127) << $shift;
            return $n if $b < 128;
        }
    };
    my $string = sub {
        my $huffman = ord($in) & 128;
        my $s = substr $in, 0, $int->(7), '';
        return $huffman ? _huffman($s) : $s;
    };
    my $entry = sub {
        my $e = $_[0] < @STATIC ? $STATIC[$_[0]]
            : $self->{table}[$_[0] - @STATIC];
        return $e // die "bad header index $_[0]\n";
    };

    while (length $in) {
        my $b = ord $in;

        if ($b & 128) {
            push @out, $entry->($int->(7));

        } elsif (($b & 0xe0) == 0x20) {
            $self->{table_max} = $int->(5);
            $self->_evict;

        } else {
            my $i = $int->($b & 64 ? 6 : 4);
            my $name = $i ? $entry->($i)->[0] : $string->();
            my $e = [$name, $string->()];
            push @out, $e;
            next if !($b & 64);
            unshift @{ $self->{table} }, $e;
            $self->{table_size} += 32 + length($e->[0]) + length $e->[1];
            $self->_evict;
        }
    }

    return @out;
}


sub _evict {
    my $self = shift;
    while ($self->{table_size} > $self->{table_max}) {
        my $e = pop @{ $self->{table} };
        $self->{table_size} -= 32 + length($e->[0]) + length $e->[1];
    }
}


# ----------------------------------------------------------------- frames

# Reads one frame and hands it to its stream.  False at the end.
sub turn {
    my ($self, $deadline) = @_;
    my $c = $self->{c};

    while (length $c->{buf} < 9
        || length $c->{buf} < 9 + _size($c->{buf}))
    {
        $c->fill($deadline) or return 0;
    }

    my ($h, $l, $type, $flags, $id) = unpack 'CnCCN', substr $c->{buf}, 0, 9,
        '';
    my $p = substr $c->{buf}, 0, ($h << 16) + $l, '';
    my $s = $self->{streams}{$id & 0x7fffffff};
    my $t = $c->{read_at};

    if ($type == SETTINGS && !($flags & 1)) {
        while (length $p) {
            my ($k, $v) = unpack 'nN', substr $p, 0, 6, '';
            $self->{frame_max} = $v if $k == 5;
            $self->{settings}{$k} = $v;
            if ($k == 4) {
                $_->{window} += $v - $self->{stream_window}
                    for values %{ $self->{streams} };
                $self->{stream_window} = $v;
            }
        }
        $self->write(frame(SETTINGS, 1, 0, ''));

    } elsif ($type == PING && !($flags & 1)) {
        $self->write(frame(PING, 1, 0, $p));

    } elsif ($type == WINDOW) {
        ($s || $self)->{window} += unpack 'N', $p if $s || !$id;

    } elsif ($type == GOAWAY) {
        $self->{goaway} = [unpack 'NN', $p];

    } elsif ($type == HEADERS || $type == CONTINUATION) {
        if ($type == HEADERS) {
            my $pad = $flags & 8 ? ord substr $p, 0, 1, '' : 0;
            substr $p, 0, 5, '' if $flags & 32;
            substr $p, length($p) - $pad, $pad, '';
            @$self{qw(block ends)} = ('', $flags & 1);
        }
        $self->{block} .= $p;
        if ($flags & 4) {
            my @h = $self->decode_headers($self->{block});
            $s->_headers($t, $self->{ends}, @h) if $s;
        }

    } elsif ($type == DATA) {
        if ($flags & 8) {
            my $pad = ord substr $p, 0, 1, '';
            substr $p, length($p) - $pad, $pad, '';
        }
        $s->_data($t, $flags & 1, $p) if $s;

    } elsif ($type == RST && $s) {
        $s->{reset_code} = unpack 'N', $p;
        $s->{error} = "reset with $s->{reset_code}";
        $s->_end(0) if $s->{state} ne 'done';
    }

    return 1;
}

sub _size { my ($h, $l) = unpack 'Cn', $_[0]; return ($h << 16) + $l }


# --------------------------------------------------------------- requests

sub open {
    my ($self, $method, $uri, %o) = @_;
    my $c = $self->{c};
    my $body = $o{body};
    my @h = ref $o{headers} eq 'HASH' ? %{ $o{headers} }
        : @{ $o{headers} || [] };

    if (ref $body) {
        $body = ModelTest::JSON::encode($body);
        push @h, 'content-type', 'application/json'
            if !grep { lc $_ eq 'content-type' } @h;
    }
    push @h, 'content-length', length $body if defined $body && !$o{part}
        && ($o{length} // 1) && !grep { lc $_ eq 'content-length' } @h;

    my @fields = ([':method', $method], [':scheme', $c->{tls} ? 'https'
        : 'http'], [':authority', $o{host} // "$c->{host}:$c->{port}"],
        [':path', $uri]);
    while (my ($k, $v) = splice @h, 0, 2) {
        push @fields, [lc $k, $v];
    }

    my $s = bless { h2 => $self, c => $c, id => $self->{next},
        method => $method, window => $self->{stream_window}, body => '',
        raw => '', chunks => [], state => 'head', started => $c->now,
        deadline => $c->deadline($o{timeout}), informational => [],
        keep => 1 }, 'ModelTest::HTTP2::Stream';
    $self->{streams}{$s->{id}} = $s;
    $self->{next} += 2;

    my @blocks = ModelTest::Client::_pieces(encode_headers(@fields),
        $o{continuation});
    my $end = !defined $body && !$o{part} ? 1 : 0;
    $self->write(join '', map { frame($_ ? CONTINUATION : HEADERS,
        ($_ ? 0 : $end) | ($_ == $#blocks ? 4 : 0), $s->{id}, $blocks[$_]) }
        0 .. $#blocks);
    return $s if !defined $body;

    my @p = ModelTest::Client::_pieces($body, $o{split});
    push @p, '' if !@p;
    for my $i (0 .. $#p) {
        select undef, undef, undef, $o{pause} if $o{pause} && $i;
        $s->write($p[$i], end => $i == $#p && !$o{part}) or last;
    }

    return $s;
}


sub request {
    my ($self, $method, $uri, $body, %o) = @_;
    $o{body} = $body if defined $body;
    return $self->open($method, $uri, %o)->finish;
}

sub get { my ($self, $uri, %o) = @_; $self->request('GET', $uri, undef, %o) }
sub post { my $self = shift; $self->request('POST', @_) }
sub delete { my $self = shift; $self->request('DELETE', @_) }


package ModelTest::HTTP2::Stream;

use strict;
use warnings;

use parent -norequire, 'ModelTest::Response';


# Sends DATA within the windows of the other side.
sub write {
    my ($self, $bytes, %o) = @_;
    my $h2 = $self->{h2};

    do {
        my $n = length $bytes;
        for my $max ($h2->{frame_max}, $h2->{window}, $self->{window}) {
            $n = $max if $n > $max;
        }

        if ($n <= 0 && length $bytes) {
            $h2->turn($self->{deadline}) or return 0;
            return 0 if defined $self->{reset_code};

        } else {
            my $piece = substr $bytes, 0, $n, '';
            $_->{window} -= $n for $h2, $self;
            $h2->write(ModelTest::HTTP2::frame(0, $o{end} && !length $bytes
                ? 1 : 0, $self->{id}, $piece)) or return 0;
        }
    } while (length $bytes);

    return 1;
}


sub reset {
    my ($self, $code) = @_;
    $self->{h2}->write(ModelTest::HTTP2::frame(3, 0, $self->{id},
        pack 'N', $code // 8));
    $self->_end(0);
}

sub abort { $_[0]->reset }
sub close { $_[0]->reset if $_[0]{state} ne 'done' }
sub reset_code { return $_[0]{reset_code} }
sub id { return $_[0]{id} }


sub _headers {
    my ($self, $t, $end, @h) = @_;
    my ($status) = map { $_->[1] } grep { $_->[0] eq ':status' } @h;
    @h = grep { $_->[0] ne ':status' } @h;

    if ($self->{state} ne 'head') {
        push @{ $self->{trailers} }, map { "$_->[0]: $_->[1]" } @h;

    } elsif ($status < 200) {
        push @{ $self->{informational} }, { status => $status,
            headers => \@h };
        return;

    } else {
        @$self{qw(status reason version headers head_at state)} =
            (0 + $status, '', '2', \@h, $t, 'body');
    }

    $self->_end(1) if $end;
}


sub _data {
    my ($self, $t, $end, $piece) = @_;
    $self->{body} .= $piece;
    push @{ $self->{chunks} }, [$t, $piece] if length $piece;
    $self->_end(1) if $end;
}


sub _turn {
    my $self = shift;
    my $ok = eval { $self->{h2}->turn($self->{deadline}) };
    die "$@ in stream $self->{id}, received so far: status "
        . ($self->{status} // 'none') . ", body: $self->{body}\n" if $@;
    return 1 if $ok;
    $self->{error} //= "no answer: $self->{c}{eof}";
    $self->_end(0);
    return 0;
}


sub _head {
    my $self = shift;
    while ($self->{state} eq 'head') {
        $self->_turn or last;
    }
    return $self;
}


sub more {
    my $self = shift;
    my $n = @{ $self->{chunks} };
    while ($self->{state} ne 'done' && $n == @{ $self->{chunks} }) {
        $self->_turn or last;
    }
    return $n < @{ $self->{chunks} };
}

1;
