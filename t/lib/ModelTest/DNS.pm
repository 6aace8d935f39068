package ModelTest::DNS;

# A scripted DNS server over UDP: A records with their TTL, everything else
# does not exist.
#
#     my $d = ModelTest::DNS->new('a.test' => [['127.0.0.1'], 60], ...);
#     $d->set('a.test' => [['127.0.0.2', '127.0.0.3'], 1], 'b.test' => 'drop')
#     $d->address, $d->queries (names asked so far), $d->stop
#
# 'drop' gives no answer, 'fail' a SERVFAIL.

use strict;
use warnings;

use POSIX ();
use Socket;
use Storable qw(freeze thaw);

use ModelTest::Server qw(exact now send_frame);


sub new {
    my ($class, %records) = @_;

    socket(my $s, AF_INET, SOCK_DGRAM, 0) or die "socket: $!";
    bind $s, pack_sockaddr_in(0, INADDR_LOOPBACK) or die "bind: $!";
    socketpair(my $mine, my $theirs, AF_UNIX, SOCK_STREAM, PF_UNSPEC)
        or die "socketpair: $!";

    my $self = bless { port => (unpack_sockaddr_in(getsockname $s))[0],
        owner => $$ }, $class;

    my $pid = fork // die "fork: $!";
    if (!$pid) {
        close $mine;
        eval { _serve($s, $theirs, \%records) };
        POSIX::_exit($@ ? 1 : 0);
    }

    @$self{qw(pid control)} = ($pid, $mine);
    return $self;
}


sub address { return "127.0.0.1:$_[0]{port}" }
sub set { my ($self, %r) = @_; $self->_call(\%r); return $self }
sub queries { return @{ $_[0]->_call({}) } }


sub _call {
    my ($self, $records) = @_;
    my $deadline = now() + 10;

    send_frame($self->{control}, $records);
    my $head = exact($self->{control}, 4, $deadline) // die "DNS died\n";
    return thaw(exact($self->{control}, unpack('N', $head), $deadline));
}


# Ends the process, which leaves by itself when its control is closed.
sub stop {
    my $self = shift;
    my $pid = delete $self->{pid} or return;

    local ($?, $!);
    close delete $self->{control};
    waitpid $pid, 0;
}

sub DESTROY { $_[0]{owner} == $$ && $_[0]->stop }


# ---------------------------------------------------------------- child

sub _serve {
    my ($s, $control, $records) = @_;
    my @asked;

    while (1) {
        my $bits = '';
        vec($bits, fileno $_, 1) = 1 for $s, $control;
        next if select($bits, undef, undef, undef) < 1;

        if (vec $bits, fileno $control, 1) {
            my $head = exact($control, 4) // return;
            my $new = thaw(exact($control, unpack 'N', $head));
            %$records = (%$records, %$new);
            send_frame($control, \@asked);
        }

        if (vec $bits, fileno $s, 1) {
            my $from = recv $s, my $query, 4096, 0;
            my ($name, $answer) = _answer($query, $records);
            push @asked, $name if defined $name;
            send $s, $answer, 0, $from if defined $answer;
        }
    }
}


sub _answer {
    my ($query, $records) = @_;
    my ($id, $flags, $count) = unpack 'nnn', $query;
    my ($at, @labels) = (12);

    while (my $n = ord substr $query, $at, 1) {
        push @labels, substr $query, $at + 1, $n;
        $at += $n + 1;
    }

    my $name = lc join '.', @labels;
    my $type = unpack 'n', substr $query, $at + 1, 2;
    my $question = substr $query, 12, $at + 5 - 12;
    my $r = $records->{$name};
    return ($name) if ($r // '') eq 'drop';

    my $code = !defined $r ? 3 : $r eq 'fail' ? 2 : 0;
    my @rr = ref $r && $type == 1 ? map { pack 'nnnNn/a*', 0xc00c, 1, 1,
        $r->[1], inet_aton($_) } @{ $r->[0] } : ();

    return ($type == 1 ? $name : undef, pack('n6', $id,
        0x8180 | $code, 1, scalar @rr, 0, 0) . $question . join '', @rr);
}

1;
