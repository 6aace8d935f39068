package ModelTest::Client;

# A raw HTTP/1.1 client: one connection, requests sent exactly as asked for,
# answers kept with the arrival time of every piece.  Times are those of the
# monotonic clock, which the scripted servers use as well.

use strict;
use warnings;

use Errno qw(EAGAIN EINTR EPIPE ECONNRESET);
use Socket qw(:DEFAULT IPPROTO_TCP TCP_NODELAY SO_LINGER);
use Time::HiRes qw(clock_gettime CLOCK_MONOTONIC);

use ModelTest::JSON ();

our $FACTOR = 1;

my $VERBOSE = $ENV{TEST_NGINX_VERBOSE};


sub now { return clock_gettime(CLOCK_MONOTONIC) }


sub new {
    my ($class, %o) = @_;
    my $self = bless { host => '127.0.0.1', timeout => 10, buf => '', %o },
        $class;

    socket(my $s, AF_INET, SOCK_STREAM, 0) or die "socket: $!";
    setsockopt $s, SOL_SOCKET, SO_RCVBUF, $o{rcvbuf} if $o{rcvbuf};
    connect $s, pack_sockaddr_in($o{port}, inet_aton($self->{host}))
        or die "connect to $self->{host}:$o{port}: $!\n";
    setsockopt $s, IPPROTO_TCP, TCP_NODELAY, 1;

    if ($o{tls}) {
        require IO::Socket::SSL;
        IO::Socket::SSL->start_SSL($s, SSL_verifycn_scheme => 'http',
            SSL_hostname => 'localhost', SSL_verify_mode => 0,
            ref $o{tls} ? %{ $o{tls} } : ())
            or die "TLS: " . IO::Socket::SSL::errstr() . "\n";
    }

    $s->blocking(0);
    @$self{qw(s fd)} = ($s, fileno $s);

    return $self;
}


sub deadline { return now() + ($_[1] // $_[0]{timeout}) * $FACTOR }


sub write {
    my ($self, $bytes, $deadline) = @_;
    $deadline //= $self->deadline;
    local ($!, $SIG{PIPE}) = (0, 'IGNORE');

    my $at = 0;
    while ($at < length $bytes && $self->{s}) {
        my $n = syswrite $self->{s}, $bytes, 262144, $at;
        if (defined $n) {
            _verbose('> ', substr $bytes, $at, $n) if $VERBOSE;
            $at += $n;
            next;
        }

        next if $! == EINTR;
        if ($! != EAGAIN) {
            $self->{write_error} = "$!";
            return 0;
        }

        my $w = '';
        vec($w, $self->{fd}, 1) = 1;
        my $left = $deadline - now();
        die "timeout: sent $at of " . length($bytes) . " bytes\n"
            if $left <= 0 || !select undef, $w, undef, $left;
    }

    return 1;
}


sub _verbose {
    my ($sign, $bytes) = @_;
    $bytes = substr($bytes, 0, 2000) . '...' if length $bytes > 2000;
    $bytes =~ s/([^\n -~])/$1 eq "\r" ? '' : sprintf '\\x%02x', ord $1/ge;
    print STDERR $bytes =~ s/^/# $sign/gmr, "\n";
}


# Reads once into the buffer.  False at the end; dies at the deadline.
sub fill {
    my ($self, $deadline) = @_;
    return 0 if !$self->{s} || $self->{eof};
    local $!;

    while (1) {
        my $n = sysread $self->{s}, $self->{buf}, 262144,
            length $self->{buf};
        if ($n) {
            $self->{read_at} = now();
            _verbose('< ', substr $self->{buf}, -$n) if $VERBOSE;
            return 1;
        }

        if (defined $n || $! != EAGAIN && $! != EINTR) {
            $self->{eof} = defined $n ? 'closed' : "$!";
            return 0;
        }

        next if $! == EINTR;
        my $r = '';
        vec($r, $self->{fd}, 1) = 1;
        my $left = $deadline - now();
        die "timeout\n" if $left <= 0 || !select $r, undef, undef, $left;
    }
}


# True when the other side has closed the connection within the time.
sub wait_closed {
    my ($self, $seconds) = @_;
    my $deadline = $self->deadline($seconds // 5);
    eval { 1 while $self->fill($deadline) };
    return $self->{eof} ? 1 : 0;
}


sub close {
    my $self = shift;
    return if !$self->{s};
    $self->{s}->close(SSL_no_shutdown => 1) if $self->{tls};
    CORE::close(delete $self->{s});
}


# Closes with a reset.
sub abort {
    my $self = shift;
    setsockopt $self->{s}, SOL_SOCKET, SO_LINGER, pack 'ii', 1, 0
        if $self->{s};
    $self->close;
}


sub shutdown { CORE::shutdown($_[0]{s}, 1) if $_[0]{s} }


sub _pieces {
    my ($bytes, $split) = @_;
    return length $bytes ? $bytes : () if !$split;
    return split //, $bytes if $split eq 'bytes';

    my @sizes = ref $split ? @$split : ($split) x (length($bytes) / $split);
    my @p;
    for my $n (@sizes) {
        push @p, substr $bytes, 0, $n, '' if length $bytes;
    }

    return grep { length } @p, $bytes;
}


# The head and the body of a request, as they will be sent.
sub format {
    my ($self, $method, $uri, %o) = @_;
    my $body = $o{body};
    my @h = ref $o{headers} eq 'HASH'
        ? map { $_ => $o{headers}{$_} } sort keys %{ $o{headers} }
        : @{ $o{headers} || [] };
    my %has;
    for (my $i = 0; $i < @h; $i += 2) {
        $has{lc $h[$i]} = 1;
    }

    if (ref $body) {
        $body = ModelTest::JSON::encode($body);
        push @h, 'Content-Type', 'application/json'
            if !$has{'content-type'};
    }

    unshift @h, Host => $o{host} // "$self->{host}:$self->{port}"
        if !$has{host};
    push @h, 'Content-Length', length $body if defined $body
        && !$o{chunked} && !$has{'content-length'};
    push @h, 'Transfer-Encoding', 'chunked' if $o{chunked};
    push @h, 'Expect', '100-continue' if $o{expect};

    my $head = "$method $uri HTTP/" . ($o{http} // '1.1') . "\r\n";
    while (my ($k, $v) = splice @h, 0, 2) {
        $head .= "$k: $v\r\n" if defined $v;
    }

    return ("$head\r\n", $body // '');
}


sub chunk { return sprintf("%x\r\n", length $_[0]) . $_[0] . "\r\n" }


# Sends a request, whole unless part => 1, and returns its answer to come.
sub open {
    my ($self, $method, $uri, %o) = @_;
    my ($head, $body) = $self->format($method, $uri, %o);
    my $r = ModelTest::Response->new($self, $method, %o);
    my @p = _pieces($body, $o{split});

    if ($o{chunked}) {
        @p = map { chunk($_) } @p;
        push @p, "0\r\n\r\n" if !$o{part};
    }

    if ($o{expect}) {
        $self->write($head);
        $r->wait_continue or return $r;
        $r->{continued} = 1;

    } elsif ($o{split_head}) {
        unshift @p, _pieces($head, $o{split_head});

    } elsif ($o{split}) {
        unshift @p, $head;

    } else {
        @p = $head . join '', @p;
    }

    for my $i (0 .. $#p) {
        select undef, undef, undef, $o{pause} if $o{pause} && $i;
        $self->write($p[$i]) or last;
    }

    return $r;
}


sub request {
    my ($self, $method, $uri, $body, %o) = @_;
    $o{body} = $body if defined $body;
    return $self->open($method, $uri, %o)->finish;
}

sub get { my ($self, $uri, %o) = @_; $self->request('GET', $uri, undef, %o) }
sub post { my $self = shift; $self->request('POST', @_) }
sub delete { my $self = shift; $self->request('DELETE', @_) }


# Sends bytes as they are and reads one answer.
sub raw {
    my ($self, $bytes, %o) = @_;
    my $r = ModelTest::Response->new($self, $bytes =~ /^(\S+)/ ? $1 : 'GET',
        %o);
    $self->write($bytes);
    return $r->finish;
}


# A multipart/form-data body: [name, content, filename, type], ...
sub multipart {
    my @parts = @_;
    my $b = 'model-test-7d81f2a9';
    my $body = '';

    for (@parts) {
        my ($name, $content, $file, $type) = @$_;
        $body .= "--$b\r\nContent-Disposition: form-data; name=\"$name\"";
        $body .= "; filename=\"$file\"" if defined $file;
        $body .= "\r\n";
        $type //= 'application/octet-stream' if defined $file;
        $body .= "Content-Type: $type\r\n" if defined $type;
        $body .= "\r\n$content\r\n";
    }

    return ("$body--$b--\r\n", "multipart/form-data; boundary=$b");
}


package ModelTest::Response;

# An answer, read as far as somebody asks.  status is 0 when the connection
# ended before a head came; complete is false when the body was cut.

use strict;
use warnings;


sub new {
    my ($class, $c, $method, %o) = @_;
    return bless { c => $c, method => $method, started => $c->now,
        deadline => $c->deadline($o{timeout}), raw => '', body => '',
        chunks => [], state => 'head', informational => [],
        keep => $o{keep} || !$c->{once} }, $class;
}


sub _want {
    my ($self, $n) = @_;
    my $c = $self->{c};

    while (length $c->{buf} < $n) {
        my $ok = eval { $c->fill($self->{deadline}) };
        die 'timeout in ' . $self->{method} . ", received so far: "
            . $self->{raw} . $c->{buf} . "\n" if $@;
        return 0 if !$ok;
    }

    return 1;
}


sub _take {
    my ($self, $n) = @_;
    my $bytes = substr $self->{c}{buf}, 0, $n, '';
    $self->{raw} .= $bytes;
    return $bytes;
}


sub _line {
    my $self = shift;
    my ($c, $from) = ($self->{c}, 0);

    while ((my $at = index $c->{buf}, "\r\n", $from) < 0) {
        $from = length($c->{buf}) - 1;
        $from = 0 if $from < 0;
        $self->_want(length($c->{buf}) + 1) or return;
    }

    return substr $self->_take(index($c->{buf}, "\r\n") + 2), 0, -2;
}


sub _one_head {
    my $self = shift;
    my $first = $self->_line;
    my (@h, $line);

    if (!defined $first || $first !~ m{^HTTP/(\d\.\d) (\d{3}) ?(.*)$}) {
        $self->{error} = defined $first ? "not an HTTP answer: $first"
            : "no answer: $self->{c}{eof}";
        $self->{state} = 'done';
        return;
    }

    my %r = (version => $1, status => 0 + $2, reason => $3, headers => \@h);
    while (defined($line = $self->_line) && length $line) {
        push @h, $line =~ /^([^:]+):[ \t]*(.*)$/ ? [$1, $2] : ['', $line];
    }

    return \%r;
}


sub wait_continue {
    my $self = shift;
    my $r = $self->_one_head or return 0;

    if ($r->{status} == 100) {
        push @{ $self->{informational} }, $r;
        return 1;
    }

    $self->_final($r);
    return 0;
}


sub _final {
    my ($self, $r) = @_;

    @$self{keys %$r} = values %$r;
    $self->{head_at} = $self->{c}{read_at};
    $self->{state} = 'close';

    my $te = $self->header('transfer-encoding') // '';
    my $l = $self->header('content-length');
    my $s = $self->{status};

    if ($self->{method} eq 'HEAD' || $s == 204 || $s == 304) {
        $self->_end(1);

    } elsif (lc $te eq 'chunked') {
        $self->{state} = 'chunked';

    } elsif (defined $l) {
        $self->{left} = $l;
        $self->{state} = 'length';
        $self->_end(1) if !$l;
    }
}


sub _end {
    my ($self, $complete) = @_;
    $self->{state} = 'done';
    $self->{complete} = $complete;
    $self->{ended} = $self->{c}->now;
    $self->{c}->close if !$self->{keep};
}


sub _head {
    my $self = shift;

    while ($self->{state} eq 'head') {
        my $r = $self->_one_head or last;
        if ($r->{status} < 200 && $r->{status} != 101) {
            push @{ $self->{informational} }, $r;
            next;
        }
        $self->_final($r);
    }

    return $self;
}


# Reads one more piece of the body.  False at its end.
sub more {
    my $self = shift;
    $self->_head;
    my ($state, $c) = ($self->{state}, $self->{c});
    return 0 if $state eq 'done';

    my $piece;
    if ($state eq 'chunked') {
        my $line = $self->_line;
        return $self->_end(0), 0 if !defined $line;
        die "bad chunk size \"$line\"\n"
            if $line !~ /^([0-9a-fA-F]+)[ \t]*(?:;.*)?$/;
        my $n = hex $1;

        if (!$n) {
            while (defined(my $t = $self->_line)) {
                return $self->_end(1), 0 if $t eq '';
                push @{ $self->{trailers} }, $t;
            }
            return $self->_end(0), 0;
        }

        if (!$self->_want($n + 2)) {
            $self->{body} .= $self->_take(length $c->{buf});
            return $self->_end(0), 0;
        }
        $piece = $self->_take($n);
        die "no CRLF after a chunk\n" if $self->_take(2) ne "\r\n";

    } else {
        if (!length $c->{buf} && !$self->_want(1)) {
            return $self->_end($state eq 'close' && $c->{eof} eq 'closed'), 0;
        }
        my $n = length $c->{buf};
        $n = $self->{left} if $state eq 'length' && $n > $self->{left};
        $piece = $self->_take($n);
        $self->{left} -= $n if $state eq 'length';
    }

    $self->{body} .= $piece;
    push @{ $self->{chunks} }, [$c->{read_at}, $piece];
    $self->_end(1) if $state eq 'length' && !$self->{left};

    return 1;
}


sub finish {
    my $self = shift;
    1 while $self->more;
    return $self;
}


# Reads until the body so far matches; returns the match.
sub read_until {
    my ($self, $re) = @_;

    while (1) {
        return substr $self->{body}, $-[0], $+[0] - $-[0]
            if $self->{body} =~ $re;
        $self->more or die "the answer ended before $re: status "
            . $self->status . ", body: $self->{body}\n";
    }
}


sub write { $_[0]{c}->write($_[1]) }
sub write_chunk { $_[0]{c}->write(ModelTest::Client::chunk($_[1])) }
sub end_chunks { $_[0]{c}->write("0\r\n\r\n") }
sub close { $_[0]{c}->close }
sub abort { $_[0]{c}->abort }
sub client { return $_[0]{c} }

sub status { return $_[0]->_head->{status} // 0 }
sub reason { return $_[0]->_head->{reason} }
sub version { return $_[0]->_head->{version} }
sub headers { return @{ $_[0]->_head->{headers} || [] } }
sub head_at { return $_[0]->_head->{head_at} }
sub body { return $_[0]{body} }
sub raw { return $_[0]{raw} }
sub chunks { return @{ $_[0]{chunks} } }
sub started { return $_[0]{started} }
sub time { return ($_[0]{ended} // $_[0]{c}->now) - $_[0]{started} }
sub complete { return $_[0]{complete} ? 1 : 0 }
sub continued { return $_[0]{continued} ? 1 : 0 }
sub informational { return @{ $_[0]{informational} } }
sub trailers { return @{ $_[0]{trailers} || [] } }
sub error { return $_[0]{error} // '' }


sub header {
    my ($self, $name) = @_;
    my @v = map { $_->[1] } grep { lc $_->[0] eq lc $name } $self->headers;
    return wantarray ? @v : $v[0];
}


sub json {
    my $self = shift;
    require JSON::PP;
    my $v = eval { JSON::PP->new->utf8->allow_nonref->allow_bignum
        ->decode($self->{body}) };
    die "not JSON: $@ status " . $self->status . ", body: $self->{body}\n"
        if $@;
    return $v;
}


# The lines of an NDJSON body, decoded.
sub ndjson {
    my $self = shift;
    require JSON::PP;
    my $j = JSON::PP->new->utf8->allow_nonref->allow_bignum;
    return map { $j->decode($_) } grep { length } split /\n/, $self->{body};
}


# The events of an SSE body: hashes of event, data and comment.
sub sse {
    my $self = shift;
    my @events;

    for my $block (split /\n\n/, $self->{body} =~ s/\r\n?/\n/gr) {
        my %e;
        for (split /\n/, $block) {
            next if !/^([^:]*)(?::[ ]?(.*))?$/;
            my $k = $1 eq '' ? 'comment' : $1;
            $e{$k} = exists $e{$k} ? "$e{$k}\n" . ($2 // '') : $2 // '';
        }
        push @events, \%e if %e;
    }

    return @events;
}

1;
