package ModelTest::Server;

# The process of a scripted server: a select loop that parses HTTP/1.1
# strictly, answers by script, and keeps a journal.  ModelTest::Backend is
# its other side.
#
# A handler gets ($server, $request) and returns a hash:
#
#     status => 200, reason => 'OK', headers => [name => value, ...]
#     body => $bytes | json => $data | chunks => [$bytes, ...] | sub { ... }
#     framing => 'length' | 'chunked' | 'close'
#     delay => s (before the head), body_delay => s, interval => s (chunks)
#     hold => 1 (before the head, until released)
#     rechunk => n, truncate => n bytes, close_after => n chunks,
#     stall => n chunks, hang => 1, reset => 1, close => 1, drop => 1,
#     raw => $bytes (reset => 1: then a reset), bad_header => 1,
#     last => 1 (Connection: close), abort => 1 (cuts with a reset)
#
# chunks as code is called for one chunk after another, undef ends it.
# Faults are such hashes laid over the answer while the server runs.

use strict;
use warnings;

use Digest::SHA ();
use Errno qw(EAGAIN EINTR);
use Exporter 'import';
use POSIX ();
use Socket qw(:DEFAULT IPPROTO_TCP TCP_NODELAY SO_LINGER);
use Storable qw(freeze thaw);
use Time::HiRes qw(clock_gettime CLOCK_MONOTONIC);

use ModelTest::JSON;

our @EXPORT_OK = qw(now bound exact send_frame);

my $KEEP = 1024 * 1024;
my %REASON = (
    100 => 'Continue', 200 => 'OK', 201 => 'Created', 204 => 'No Content',
    301 => 'Moved Permanently', 302 => 'Found', 304 => 'Not Modified',
    307 => 'Temporary Redirect', 400 => 'Bad Request', 401 => 'Unauthorized',
    403 => 'Forbidden', 404 => 'Not Found', 405 => 'Method Not Allowed',
    408 => 'Request Timeout', 409 => 'Conflict',
    413 => 'Request Entity Too Large', 415 => 'Unsupported Media Type',
    422 => 'Unprocessable Entity', 429 => 'Too Many Requests',
    500 => 'Internal Server Error', 501 => 'Not Implemented',
    502 => 'Bad Gateway', 503 => 'Service Unavailable',
    504 => 'Gateway Timeout');


sub now { return clock_gettime(CLOCK_MONOTONIC) }


# The held socket is bound but never listens: the port stays ours while the
# server refuses connections or is stopped.
sub bound {
    my $port = shift;
    socket(my $s, AF_INET, SOCK_STREAM, 0) or die "socket: $!";
    setsockopt($s, SOL_SOCKET, SO_REUSEADDR, 1) or die "setsockopt: $!";
    bind($s, pack_sockaddr_in($port, INADDR_LOOPBACK)) or die "bind: $!";
    return $s;
}


sub exact {
    my ($fh, $n, $deadline) = @_;
    my $in = '';

    while (length $in < $n) {
        my $left = $deadline ? $deadline - now() : undef;
        my $bits = '';
        vec($bits, fileno $fh, 1) = 1;
        die "the scripted server does not answer\n"
            if defined $left
            && ($left <= 0 || !select $bits, undef, undef, $left);
        my $got = sysread $fh, $in, $n - length $in, length $in;
        next if !defined $got && $! == EINTR;
        return if !$got;
    }

    return $in;
}


sub send_frame {
    my ($fh, $data) = @_;
    my $out = pack 'N/a*', freeze($data);
    while (length $out) {
        my $n = syswrite $fh, $out;
        if (!defined $n) {
            next if $! == EINTR;
            return;
        }
        substr $out, 0, $n, '';
    }
    return 1;
}


# ---------------------------------------------------- for the subclasses

sub prepare { }
sub sink { return defined $_[0]{sink} && "$_[1]{method} $_[1]{path}"
    =~ $_[0]{sink} }

sub handle {
    my ($self, $q) = @_;
    return { status => 200, headers => ['Content-Type' => 'text/plain'],
        body => $self->{reply} // 'ok' };
}


# The server as it is for one request: what its script, if it has one, gives
# for the request lies over what is set.
sub scripted {
    my ($self, $q, $j) = @_;
    my $s = $self->{script} or return $self;
    return bless { %$self, %{ $s->($self, $q, $j) } }, ref $self;
}


sub violation {
    my ($self, $text) = @_;
    push @{ $self->{events} }, [violation => $self->name . ": $text"];
}


# ---------------------------------------------------------------- child

sub _child {
    my $self = shift;
    open my $null, '+<', '/dev/null' or die "/dev/null: $!";
    my %keep = map { fileno($_) => 1 } $null, @$self{qw(control listener)};

    # Nothing of the test's may stay open here.  Its handles still count
    # their descriptors, so the numbers must not come back as new ones.
    opendir my $d, '/proc/self/fd' or die "/proc/self/fd: $!";
    my @fds = grep { /^\d+$/ && $_ > 2 && $_ != fileno $d } readdir $d;
    closedir $d;
    POSIX::dup2(fileno $null, $_) for grep { !$keep{$_} } @fds;
    open STDOUT, '>&', \*STDERR or die "stdout: $!";

    @SIG{qw(PIPE INT)} = ('IGNORE') x 2;
    @SIG{qw(TERM CHLD ALRM __DIE__ __WARN__)} = ('DEFAULT') x 5;
    @$self{qw(events conns faults)} = ([], {}, []);
    $self->{listener}->blocking(0);
    require IO::Socket::SSL if $self->{tls};

    1 while $self->_turn;
}


sub _turn {
    my $self = shift;
    my ($r, $w, $wake) = ('', '', 3600);
    my $now = now();

    vec($r, fileno $self->{control}, 1) = 1;
    vec($r, fileno $self->{listener}, 1) = 1 if $self->{listener};

    for my $c (values %{ $self->{conns} }) {
        vec($r, $c->{fd}, 1) = 1 if !$c->{want_write};
        vec($w, $c->{fd}, 1) = 1 if length $c->{out} || $c->{want_write};
        for (grep { defined } @$c{qw(wake idle_at)}) {
            $wake = $_ - $now if $_ - $now < $wake;
        }
    }

    my $n = select $r, $w, undef, $wake > 0 ? $wake : 0;
    $r = $w = '' if $n < 1;

    if (vec $r, fileno $self->{control}, 1) {
        $self->_command or return 0;
    }

    if ($self->{listener} && vec $r, fileno $self->{listener}, 1) {
        $self->_accept;
    }

    $now = now();
    for my $c (values %{ $self->{conns} }) {
        $self->_read($c)
            if vec($r, $c->{fd}, 1) || $c->{want_write} && vec $w, $c->{fd}, 1;
        next if $c->{dead};

        if ($c->{wake} && $c->{wake} <= $now) {
            $c->{wake} = undef;
            $self->_advance($c);

        } elsif (length $c->{out} && vec $w, $c->{fd}, 1) {
            $self->_advance($c);
        }

        if ($c->{idle_at} && $c->{idle_at} <= $now && !$c->{dead}) {
            $self->_close($c, 'idle');
        }
    }

    return 1;
}


sub _command {
    my $self = shift;
    my $head = exact($self->{control}, 4) // return 0;
    my ($name, @a) = @{ thaw(exact($self->{control}, unpack 'N', $head)) };

    my $value = eval {
        if ($name eq 'sync') {
            my $e = $self->{events};
            $self->{events} = [];
            return $e;
        }

        if ($name eq 'set') {
            @$self{keys %{ $a[0] }} = values %{ $a[0] };
            $self->prepare;

        } elsif ($name eq 'fault') {
            push @{ $self->{faults} }, $a[0];

        } elsif ($name eq 'listen') {
            $self->_listen($a[0]);

        } elsif ($name eq 'ok') {
            $self->{faults} = [];
            $self->_listen(1) if !$self->{listener} || $self->{fillers};

        } elsif ($name eq 'blackhole') {
            $self->_blackhole;

        } elsif ($name eq 'release') {
            return $self->_release(@a);

        } elsif ($name eq 'ask') {
            my $method = shift @a;
            return $self->$method(@a);

        } else {
            for my $c (values %{ $self->{conns} }) {
                next if $name eq 'close_idle' && $c->{request};
                _linger($c) if $name eq 'reset_all';
                $self->_close($c, $name);
            }
        }

        return 1;
    };

    return send_frame($self->{control}, { value => $value,
        error => $@ || undef });
}


# Answers that are held go on, those of the oldest requests first.
sub _release {
    my ($self, $n) = @_;
    my @c = sort { $a->{request}{id} <=> $b->{request}{id} }
        grep { $_->{request} && $_->{request}{held} }
        values %{ $self->{conns} };

    splice @c, $n if $n < @c;
    for my $c (@c) {
        delete $c->{request}{held};
        $self->_advance($c);
    }

    return scalar @c;
}


sub _listen {
    my ($self, $on) = @_;

    close $_ for @{ delete $self->{fillers} || [] };
    close $self->{listener} if $self->{listener};
    delete $self->{listener};
    return if !$on;

    $self->{listener} = bound($self->{port});
    $self->{listener}->blocking(0);
    listen $self->{listener}, 511 or die "listen: $!";
}


# Connections to a full backlog are not answered at all.
sub _blackhole {
    my $self = shift;
    $self->_listen(0);

    my $l = bound($self->{port});
    listen $l, 0 or die "listen: $!";
    $self->{fillers} = [$l];
    for (1 .. 3) {
        socket(my $s, AF_INET, SOCK_STREAM, 0) or die "socket: $!";
        $s->blocking(0);
        connect $s, pack_sockaddr_in($self->{port}, INADDR_LOOPBACK);
        push @{ $self->{fillers} }, $s;
    }
}


sub _accept {
    my $self = shift;

    while (CORE::accept(my $s, $self->{listener})) {
        my $n = $self->{next_conn}++;
        push @{ $self->{events} }, [connect => $n, now()];
        setsockopt $s, IPPROTO_TCP, TCP_NODELAY, 1;
        $s->blocking(0);

        my $c = { n => $n, fd => fileno $s, s => $s, in => '', out => '',
            ops => [], state => 'head', served => 0 };
        if ($self->{tls}) {
            IO::Socket::SSL->start_SSL($s, SSL_server => 1,
                SSL_startHandshake => 0, %{ $self->{tls} }) or next;
            $c->{handshake} = 1;
        }

        $c->{idle_at} = now() + $self->{idle} if $self->{idle};
        $self->{conns}{$n} = $c;
    }
}


sub _linger { setsockopt $_[0]{s}, SOL_SOCKET, SO_LINGER, pack 'ii', 1, 0 }


sub _close {
    my ($self, $c, $why, $by) = @_;
    return if $c->{dead};

    my $q = $c->{request};
    my $during = !$q ? 'idle' : $c->{state} !~ /busy|drain/ ? 'request'
        : $q->{head_sent} ? 'response' : 'waiting';
    my $t = now();
    push @{ $self->{events} }, [closed => { conn => $c->{n}, time => $t,
        by => $by // 'us', why => $why, during => $during,
        request => $q && $q->{id} }];
    push @{ $self->{events} }, [update => $q->{id}, { closed => $t,
        closed_by => $by // 'us' }] if $q;

    if ($self->{tls} && !$c->{handshake}) {
        $c->{s}->close(SSL_no_shutdown => $why eq 'reset' ? 1 : 0);
    }
    close $c->{s};
    $c->{dead} = 1;
    delete $self->{conns}{$c->{n}};
}


sub _handshake {
    my ($self, $c) = @_;
    my $s = $c->{s};

    $c->{want_write} = 0;
    if ($s->accept_SSL) {
        $c->{handshake} = 0;
        my $peer = eval { $s->peer_certificate('subject') };
        $c->{tls} = { sni => scalar eval { $s->get_servername },
            client => $peer, version => $s->get_sslversion };
        return 1;
    }

    no warnings 'once';
    if ($IO::Socket::SSL::SSL_ERROR == IO::Socket::SSL::SSL_WANT_WRITE()) {
        $c->{want_write} = 1;

    } elsif ($IO::Socket::SSL::SSL_ERROR != IO::Socket::SSL::SSL_WANT_READ()) {
        $self->_close($c, "TLS: $IO::Socket::SSL::SSL_ERROR", 'peer');
    }

    return 0;
}


sub _read {
    my ($self, $c) = @_;

    if ($c->{handshake}) {
        $self->_handshake($c) or return;
    }

    for (1 .. 64) {
        my $n = sysread $c->{s}, $c->{in}, 262144, length $c->{in};

        if (!defined $n) {
            return if $! == EAGAIN || $! == EINTR;
            return $self->_close($c, "$!", 'peer');
        }

        return $self->_close($c, 'EOF', 'peer') if !$n;

        $c->{idle_at} = undef;
        $self->_parse($c);
        return if $c->{dead};
        last if $n < 262144 && !$self->{tls};
    }
}


sub _parse {
    my ($self, $c) = @_;

    while (!$c->{dead}) {
        my $state = $c->{state};

        if ($state eq 'head') {
            $c->{in} =~ s/^(?:\r\n)+//;
            return if !length $c->{in};
            $c->{request} ||= { id => 0 };
            my $end = index $c->{in}, "\r\n\r\n";
            return if $end < 0 && length $c->{in} < 1048576;
            my $head = substr $c->{in}, 0, $end + 4, '';
            $self->_head($c, $head) or return;

        } elsif ($state eq 'length') {
            my $q = $c->{request};
            my $piece = substr $c->{in}, 0, $c->{left}, '';
            $c->{left} -= length $piece;
            $self->_body($q, $piece);
            return if $c->{left};
            $self->_complete($c);

        } elsif ($state eq 'chunk') {
            $c->{in} =~ s/^([^\r\n]{0,4096})\r\n// or return;
            my $line = $1;
            $line =~ /^([0-9a-fA-F]{1,15})(?:[ \t]*;.*)?$/
                or return $self->_bad($c, "bad chunk size \"$line\"");
            $c->{left} = hex $1;
            $c->{state} = $c->{left} ? 'data' : 'trailer';

        } elsif ($state eq 'data') {
            my $piece = substr $c->{in}, 0, $c->{left}, '';
            $c->{left} -= length $piece;
            $self->_body($c->{request}, $piece);
            return if $c->{left} || length $c->{in} < 2;
            substr($c->{in}, 0, 2, '') eq "\r\n"
                or return $self->_bad($c, 'no CRLF after a chunk');
            $c->{state} = 'chunk';

        } elsif ($state eq 'trailer') {
            $c->{in} =~ s/^([^\r\n]*)\r\n// or return;
            if (length $1) {
                push @{ $c->{request}{trailers} }, $1;
                next;
            }
            $self->_complete($c);

        } elsif ($state eq 'drain') {
            $c->{in} = '';
            return;

        } else {
            $self->_bad($c, 'bytes after the end of the request: "'
                . substr($c->{in}, 0, 60) . '"') if length $c->{in};
            return;
        }
    }
}


sub _bad {
    my ($self, $c, $text) = @_;

    $self->violation("malformed request on connection $c->{n}: $text");
    syswrite $c->{s}, "HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n"
        . "Connection: close\r\n\r\n";
    $self->_close($c, 'bad request');
    return;
}


sub _head {
    my ($self, $c, $head) = @_;
    my ($first, @lines) = split /\r\n/, $head;

    $first =~ m{^([A-Z]+) (\S+) HTTP/(1\.[01])$}
        or return $self->_bad($c, "request line \"$first\"");
    my $q = $c->{request} = bless { id => $self->{next_id}++, method => $1,
        uri => $2, version => $3, head => $head, conn => $c->{n},
        time => now(), raw_headers => [], headers => {}, body => '',
        body_length => 0, complete => 0, tls => $c->{tls}, sent => [],
        served => $c->{served}++ }, 'ModelTest::Backend::Request';
    @$q{qw(path query)} = split /\?/, $q->{uri}, 2;

    my %count;
    for (@lines) {
        /^([!#\$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*(.*?)[ \t]*$/
            or return $self->_bad($c, "header \"$_\"");
        push @{ $q->{raw_headers} }, [$1, $2];
        my $k = lc $1;
        $q->{headers}{$k} = $count{$k}++ ? "$q->{headers}{$k}, $2" : $2;
    }

    my ($h, $fail) = ($q->{headers});
    $fail = 'no Host or two' if $q->{version} eq '1.1'
        && ($count{host} // 0) != 1;
    my $l = $h->{'content-length'};
    my $te = $h->{'transfer-encoding'};
    $fail = 'bad Content-Length' if defined $l && $l !~ /^\d{1,15}$/;
    $fail = 'bad Transfer-Encoding' if defined $te && lc $te ne 'chunked';
    $fail = 'both framings' if defined $te && defined $l;
    return $self->_bad($c, $fail) if $fail;

    $q->{framing} = defined $te ? 'chunked' : defined $l ? 'length' : 'none';
    $q->{digest} = Digest::SHA->new(256) if $q->{is_sink} = $self->sink($q);
    my %journal = (%$q, headers => { %$h }, body => '', sent => []);
    delete $journal{digest};
    push @{ $self->{events} }, [request => \%journal];

    if (my $early = $self->_fault($q, 1)) {
        $c->{state} = 'drain';
        $q->{fault} = { %$early, last => 1 };
        $self->_respond($c);
        return 1;
    }

    if (lc($h->{expect} // '') eq '100-continue' && !length $c->{in}) {
        syswrite $c->{s}, "HTTP/1.1 100 Continue\r\n\r\n";
    }

    $c->{left} = $l || 0;
    $c->{state} = defined $te ? 'chunk' : $l ? 'length' : 'none';
    $self->_complete($c) if $c->{state} eq 'none';
    return 1;
}


sub _body {
    my ($self, $q, $piece) = @_;

    $q->{body_length} += length $piece;
    if ($q->{digest}) {
        $q->{digest}->add($piece);

    } else {
        $q->{body} .= $piece;
    }
}


sub _complete {
    my ($self, $c) = @_;
    my $q = $c->{request};
    my %u = (complete => 1, body_length => $q->{body_length},
        body_time => now(), trailers => $q->{trailers});

    if ($q->{digest}) {
        $u{sha256} = $q->{sha256} = (delete $q->{digest})->hexdigest;

    } elsif ($q->{body_length} > $KEEP) {
        $u{sha256} = $q->{sha256} = Digest::SHA::sha256_hex($q->{body});

    } else {
        $u{body} = $q->{body};
    }

    $q->{complete} = 1;
    push @{ $self->{events} }, [update => $q->{id}, \%u];
    $c->{state} = 'busy';
    $self->_respond($c);
}


# The fault for a request: early ones are asked for before the body came.
sub _fault {
    my ($self, $q, $early) = @_;

    for my $f (@{ $self->{faults} }) {
        next if !!$f->{early} != !!$early;
        next if defined $f->{match}
            && "$q->{method} $q->{uri}" !~ /$f->{match}/;
        next if $f->{skip} && $f->{skip}-- > 0;
        next if defined $f->{times} && $f->{times}-- <= 0;
        return $q->{fault} = $f;
    }

    return;
}


sub _respond {
    my ($self, $c) = @_;
    my $q = $c->{request};
    my $f = $q->{fault} || $self->_fault($q);
    my $r;

    if (!$f || !grep { exists $f->{$_} } qw(status body json raw hang)) {
        $r = eval {
            my $on = $self->{on}{"$q->{method} $q->{path}"}
                || $self->{on}{$q->{path}};
            return { %$on } if ref $on eq 'HASH';
            my $v = $on && $on->($self, $q);
            return $v || $self->handle($q);
        };
        if (!$r) {
            $self->violation("handler died: $@");
            $r = { status => 500, body => "$@" };
        }
    }

    $r = { %{ $r || {} }, %$f } if $f;
    $c->{ops} = [$self->_ops($q, $r)];
    delete $q->{body};
    $self->_advance($c);
}


sub _ops {
    my ($self, $q, $r) = @_;
    my @ops = $r->{delay} ? [wait => $r->{delay}] : ();
    push @ops, ['hold'] if $r->{hold};

    return @ops, ['hang'] if $r->{hang};
    return @ops, [write => $r->{raw}], [$r->{keep} ? 'done'
        : $r->{reset} ? 'reset' : 'close'] if defined $r->{raw};
    return @ops, ['reset'] if $r->{reset};
    return @ops, ['close'] if $r->{close};

    my $status = $r->{status} // 200;
    my @h = @{ $r->{headers} || [] };
    my $chunks = $r->{chunks};

    if (exists $r->{json}) {
        my $lc = $self->{lower_case};
        push @h, ($lc ? 'content-type' : 'Content-Type'), 'application/json'
            if !grep { lc $_ eq 'content-type' } @h;
        $r->{body} = encode($r->{json}, html => $self->{html_escape});
    }

    my $framing = $r->{framing} // (defined $r->{body} ? 'length'
        : $chunks ? 'chunked' : 'length');
    if ($r->{rechunk} || $framing eq 'length' && !defined $r->{body}) {
        my $all = $r->{body} // _drain($chunks);
        $chunks = $r->{rechunk}
            ? [unpack "(a$r->{rechunk})*", $all] : length $all ? [$all] : [];
        $r->{body} = $all if $framing eq 'length';

    } elsif (defined $r->{body}) {
        $chunks = length $r->{body} ? [$r->{body}] : [];
    }

    my $empty = $q->{method} eq 'HEAD' || $status == 204 || $status == 304;
    $framing = 'close' if $framing eq 'chunked' && $q->{version} eq '1.0';
    my $last = $framing eq 'close' || $r->{last} || $q->{version} eq '1.0'
        || lc($q->{headers}{connection} // '') eq 'close'
        || $self->{max_requests} && $q->{served} + 1 >= $self->{max_requests};

    push @h, 'Content-Length', length $r->{body} if $framing eq 'length'
        && $status != 204 && !grep { lc $_ eq 'content-length' } @h;
    push @h, 'Transfer-Encoding', 'chunked'
        if $framing eq 'chunked' && !$empty;
    push @h, 'Connection', 'close' if $last;

    my $head = sprintf "HTTP/1.1 %d %s\r\n", $status,
        $r->{reason} // $REASON{$status} // '';
    while (my ($k, $v) = splice @h, 0, 2) {
        $k = lc $k if $self->{lower_case};
        $head .= "$k: $v\r\n";
    }
    $head .= "this is no header\r\n" if $r->{bad_header};

    push @ops, [head => "$head\r\n"];
    push @ops, [wait => $r->{body_delay}] if $r->{body_delay};
    push @ops, [chunks => { next => _next($chunks), r => $r, bytes => 0,
        count => 0, framed => $framing eq 'chunked' }] if !$empty;
    push @ops, [$last || $r->{drop} ? 'close' : 'done'];

    return @ops;
}


sub _next {
    my $chunks = shift || [];
    return $chunks if ref $chunks eq 'CODE';
    my $i = 0;
    return sub { $chunks->[$i++] };
}

sub _drain {
    my $next = _next(shift);
    my ($all, $s) = ('');
    $all .= $s while defined($s = $next->());
    return $all;
}


# Sends what is due: an operation at a time, until one has to wait.
sub _advance {
    my ($self, $c) = @_;

    while (!$c->{dead}) {
        if (length $c->{out}) {
            my $n = syswrite $c->{s}, $c->{out}, 262144;
            if (!defined $n) {
                return if $! == EAGAIN || $! == EINTR;
                return $self->_close($c, "$!", 'peer');
            }
            substr $c->{out}, 0, $n, '';
            next;
        }

        my $q = $c->{request};
        if (delete $c->{mark}) {
            push @{ $self->{events} }, [sent => $q->{id}, now()];
        }

        my $op = $c->{ops}[0] or return;
        my ($what, $arg) = @$op;

        if ($what eq 'chunks') {
            $self->_chunk($c, $arg) or return;
            next;
        }

        shift @{ $c->{ops} };

        if ($what eq 'head' || $what eq 'write') {
            $c->{out} = $arg;
            $q->{head_sent} = 1;

        } elsif ($what eq 'wait') {
            $c->{wake} = now() + $arg;
            return;

        } elsif ($what eq 'hang') {
            return;

        } elsif ($what eq 'hold') {
            $q->{held} = 1;
            return;

        } elsif ($what eq 'reset') {
            _linger($c);
            return $self->_close($c, 'reset');

        } else {
            push @{ $self->{events} }, [update => $q->{id},
                { answered => now() }];
            if ($what eq 'close') {
                if ($c->{state} eq 'drain') {
                    shutdown $c->{s}, 1;
                    $c->{idle_at} = now() + 1;
                    return;
                }
                shutdown $c->{s}, 1 if !$self->{tls};
                return $self->_close($c, 'close');
            }
            $c->{request} = undef;
            $c->{state} = 'head';
            $c->{idle_at} = now() + $self->{idle} if $self->{idle};
            return;
        }
    }
}


sub _chunk {
    my ($self, $c, $s) = @_;
    my $r = $s->{r};

    if (defined $r->{stall} && $s->{count} >= $r->{stall}) {
        $c->{ops} = [];
        return 0;
    }

    if (defined $r->{close_after} && $s->{count} >= $r->{close_after}
        || defined $r->{truncate} && $s->{bytes} >= $r->{truncate})
    {
        _linger($c) if $r->{abort};
        $self->_close($c, 'cut');
        return 0;
    }

    my $interval = $r->{interval} // $self->{interval};
    if ($interval && $s->{count} && !$s->{waited}) {
        $s->{waited} = 1;
        $c->{wake} = now() + $interval;
        return 0;
    }

    $s->{waited} = 0;
    my $bytes = $s->{next}->();

    if (!defined $bytes) {
        shift @{ $c->{ops} };
        $c->{out} = "0\r\n" . join('', map { "$_\r\n" }
            @{ $r->{trailers} || [] }) . "\r\n" if $s->{framed};
        return 1;
    }

    my $size = length $bytes;
    if (defined $r->{truncate} && $s->{bytes} + $size > $r->{truncate}) {
        $bytes = substr $bytes, 0, $r->{truncate} - $s->{bytes};
    }

    $s->{count}++;
    $s->{bytes} += length $bytes;
    $c->{mark} = 1;
    $c->{out} = $s->{framed}
        ? sprintf("%x\r\n", $size) . $bytes
            . ($size == length $bytes ? "\r\n" : '')
        : $bytes;

    return 1;
}

1;
