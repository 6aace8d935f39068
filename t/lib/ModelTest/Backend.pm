package ModelTest::Backend;

# A scripted HTTP/1.1 server as a test sees it: where it listens, what came,
# what it shall do wrong.  The server is a process of its own (see
# ModelTest::Server for what handlers return); it is told and asked over a
# socket pair and ends with its parent.

use strict;
use warnings;

use Digest::SHA ();
use POSIX ();
use Socket;
use Storable qw(thaw);

use ModelTest::JSON;
use ModelTest::Server qw(now bound exact send_frame);

use parent -norequire, 'ModelTest::Server';

our $FACTOR = 1;


sub new {
    my ($class, %o) = @_;

    my $self = bless { max_requests => 0, on => {}, %o }, $class;
    $self->{hold} = bound(0);
    $self->{port} = (unpack_sockaddr_in(getsockname $self->{hold}))[0];
    $self->{owner} = $$;
    $self->clear;
    $self->prepare;
    $self->start;

    return $self;
}


sub address { return "127.0.0.1:$_[0]{port}" }
sub port { return $_[0]{port} }
sub name { return $_[0]{name} // 'backend' }
sub pid { return $_[0]{pid} }
sub url { return ($_[0]{tls} ? 'https' : 'http') . '://' . $_[0]->address }


sub start {
    my $self = shift;
    return $self if $self->{pid};

    $self->{listener} = bound($self->{port});
    listen $self->{listener}, 511 or die "listen: $!";
    socketpair(my $mine, my $theirs, AF_UNIX, SOCK_STREAM, PF_UNSPEC)
        or die "socketpair: $!";

    my $base = 1 + 1_000_000 * $self->{starts}++;
    @$self{qw(next_conn next_id)} = ($base, $base);

    my $pid = fork // die "fork: $!";
    if (!$pid) {
        $self->{control} = $theirs;
        eval { $self->_child };
        print STDERR $self->name, ": $@" if $@;
        POSIX::_exit($@ ? 1 : 0);
    }

    close delete $self->{listener};
    $self->{control} = $mine;
    $self->{pid} = $pid;

    return $self;
}


# Ends the process.  True when it ended by itself without an error.
sub stop {
    my $self = shift;
    my $pid = $self->{pid} or return 1;

    local ($?, $!);
    eval { $self->sync };
    close delete $self->{control};
    $self->{pid} = 0;
    $self->{open} = {};

    my $deadline = now() + 5 * $FACTOR;
    while (now() < $deadline) {
        return $? == 0 if waitpid($pid, POSIX::WNOHANG()) != 0;
        select undef, undef, undef, 0.001;
    }

    kill KILL => $pid;
    waitpid $pid, 0;
    return 0;
}

sub DESTROY {
    my $self = shift;
    $self->stop if ($self->{owner} // 0) == $$ && $self->{pid};
}


sub _call {
    my ($self, @command) = @_;
    my $fh = $self->{control} or die $self->name . " is stopped\n";
    my $deadline = now() + 10 * $FACTOR;

    local ($!, $SIG{PIPE}) = (0, 'IGNORE');
    send_frame($fh, \@command);
    my $head = exact($fh, 4, $deadline) // die $self->name . " died\n";
    my $answer = thaw(exact($fh, unpack('N', $head), $deadline));
    die $self->name . ": $answer->{error}" if $answer->{error};

    return $answer->{value};
}


# Changes a setting of the running server: models, reply, interval, idle ...
sub set {
    my ($self, %o) = @_;
    @$self{keys %o} = values %o;
    $self->_call(set => \%o) if $self->{pid};
    return $self;
}


# Calls a method of the running server, in its process.
sub ask { my $self = shift; return $self->_call(ask => @_) }


# Reads the journal up to now.
sub sync {
    my $self = shift;
    return $self if !$self->{pid};

    for my $e (@{ $self->_call('sync') }) {
        my ($what, @a) = @$e;

        if ($what eq 'request') {
            my $q = bless $a[0], 'ModelTest::Backend::Request';
            push @{ $self->{requests} }, $q;
            $self->{by_id}{$q->{id}} = $q;

        } elsif ($what eq 'update') {
            my $q = $self->{by_id}{$a[0]} or next;
            @$q{keys %{ $a[1] }} = values %{ $a[1] };

        } elsif ($what eq 'sent') {
            my $q = $self->{by_id}{$a[0]} or next;
            push @{ $q->{sent} }, $a[1];

        } elsif ($what eq 'connect') {
            $self->{accepted}++;
            $self->{open}{$a[0]} = $a[1];

        } elsif ($what eq 'closed') {
            delete $self->{open}{$a[0]{conn}};
            push @{ $self->{closed} }, $a[0];

        } else {
            push @{ $self->{violations} }, $a[0];
        }
    }

    return $self;
}


sub clear {
    my $self = shift;
    $self->sync;
    @$self{qw(requests by_id closed accepted)} = ([], {}, [], 0);
    $self->{open} ||= {};
    $self->{violations} ||= [];
    return $self;
}


sub requests {
    my ($self, $re) = @_;
    $self->sync;
    my @r = @{ $self->{requests} };
    @r = grep { "$_->{method} $_->{uri}" =~ $re } @r if $re;
    return @r;
}

sub hits { return scalar(my @r = $_[0]->requests($_[1])) }
sub last { return ($_[0]->requests($_[1]))[-1] }
sub connections { return $_[0]->sync->{accepted} }
sub open_connections { return scalar keys %{ $_[0]->sync->{open} } }
sub closed { return @{ $_[0]->sync->{closed} } }
sub violations { return @{ $_[0]->sync->{violations} } }


sub in_flight {
    my ($self, $re) = @_;
    return scalar grep { !$_->{answered} && !$_->{closed} }
        $self->requests($re);
}


sub _until {
    my ($self, $what, $cb) = @_;
    my $deadline = now() + 5 * $FACTOR;

    while (1) {
        my $r = $cb->();
        return $r if $r;
        die $self->name . ": waited in vain for $what\n" if now() > $deadline;
        select undef, undef, undef, 0.002;
    }
}


# Waits until n requests (matching re) have come, body included.
sub wait_for {
    my ($self, $n, $re) = @_;
    $self->_until("$n requests", sub {
        $n <= grep { $_->{complete} } $self->requests($re);
    });
    return $self->requests($re);
}


# Waits until n connections were closed by the peer.
sub wait_closed {
    my ($self, $n) = @_;
    my @c;
    $self->_until(($n // 1) . ' closed connections', sub {
        @c = grep { $_->{by} eq 'peer' } $self->closed;
        return @c >= ($n // 1);
    });
    return @c;
}


# Lays an answer or a change over the next answers.  match => regex on
# "METHOD uri", skip => n, times => n choose which.
sub fault {
    my ($self, %f) = @_;
    $f{match} = "$f{match}" if defined $f{match};
    $self->_call(fault => \%f);
    return $self;
}

sub ok { $_[0]->_call('ok'); return $_[0] }
sub refuse { $_[0]->_call('listen', 0); return $_[0] }
sub accept { $_[0]->_call('listen', 1); return $_[0] }
sub blackhole { $_[0]->_call('blackhole'); return $_[0] }
sub close_idle { $_[0]->_call('close_idle'); return $_[0] }
sub reset_all { $_[0]->_call('reset_all'); return $_[0] }

# Lets n answers that hold() keeps back go on (all of them without n), the
# oldest requests first; returns how many there were.
sub release { return $_[0]->_call(release => $_[1] // 1e9) }

{
    no strict 'refs';
    for my $k (qw(hang hold reset close drop bad_header early)) {
        *$k = sub { my ($self, %o) = @_; $self->fault(%o, $k => 1) };
    }
    for my $k (qw(delay truncate close_after stall raw framing rechunk)) {
        *$k = sub { my ($self, $v, %o) = @_; $self->fault(%o, $k => $v) };
    }
}

sub slow { my ($self, $v, %o) = @_; $self->fault(%o, interval => $v) }
sub redirect {
    my ($self, $to, %o) = @_;
    $self->fault(status => 302, headers => [Location => $to], body => '', %o);
}

sub status {
    my ($self, $code, $body, %o) = @_;
    $self->fault(%o, status => $code, ref $body ? (json => $body)
        : (body => $body // ''));
}



package ModelTest::Backend::Request;

sub header {
    my ($q, $name) = @_;
    my @v = map { $_->[1] } grep { lc $_->[0] eq lc $name }
        @{ $q->{raw_headers} };
    return wantarray ? @v : $v[0];
}

sub json { return ModelTest::JSON::decode($_[0]{body}) }
sub sha256 { return $_[0]{sha256}
    // Digest::SHA::sha256_hex($_[0]{body} // '') }

for my $k (qw(method uri path query version head raw_headers headers body
    body_length complete conn time body_time sent closed closed_by answered
    tls framing trailers served))
{
    no strict 'refs';
    *$k = sub { $_[0]{$k} };
}

1;
