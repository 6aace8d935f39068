package ModelTest::Balance;

# Many requests and many servers, cheaply: servers that the nginx under test
# plays itself, and requests sent in one go on a connection.
#
#     server('a', 'm1', 'm2')   a server block: an Ollama named a with these
#         models, at {{addr:a}}; answers have the header X-Server: a
#     many()                    what nginx needs for drive, at http level
#     drive($client, $n, $path, $body) sends n requests one behind the other;
#         path and body may be functions of the number of the request, from 0,
#         path also [uri, headers].  A list of [status, X-Server, X-Worker,
#         body]
#     tally(@answers)           { a => 700, b => 300 }
#     sequence(@answers)        "aabac"
#     spread($t, $n, $path)     clients of n workers that answer with X-Worker
#     outside($tally, a => share, ...)   how many sigma the worst one is off

use strict;
use warnings;

use Exporter 'import';
use Test::More ();

use ModelTest::JSON ();

our @EXPORT = qw(server many drive tally sequence spread outside);


sub server {
    my ($name, @models) = @_;
    my $list = ModelTest::JSON::encode({ models => [map {
        { name => "$_:latest", model => "$_:latest", size => 1,
            digest => $name, modified_at => '2026-01-01T00:00:00Z' }
    } @models] });

    return <<"END";
server {
    {{listen:$name}}
    default_type application/json;
    location = /api/tags { return 200 '$list'; }
    location = /api/version { return 200 '{"version":"0.12.3"}'; }
    location = /api/ps { return 200 '{"models":[]}'; }
    location = /api/show { return 200 '{"capabilities":["completion"]}'; }
    location / { add_header X-Server $name; return 200 '{"from":"$name"}'; }
}
END
}


# The whole of what is sent in one go fits: nginx moves no head about.
sub many {
    return "keepalive_requests 1000000;\nclient_header_buffer_size 64k;\n";
}


sub drive {
    my ($c, $n, $path, $body) = @_;
    my @answers;

    for (my $i = 0; $i < $n; $i += 100) {
        my $bytes = '';
        my $last = $i + 100 < $n ? $i + 100 : $n;

        for my $k ($i .. $last - 1) {
            my ($p, $b) = map { ref eq 'CODE' ? $_->($k) : $_ } $path, $body;
            my ($uri, @headers) = ref $p ? @$p : $p;
            $bytes .= join '', $c->format('POST', $uri, body => $b,
                headers => \@headers);
        }

        $c->write($bytes);
        my $deadline = $c->deadline;
        push @answers, _answer($c, $deadline) while @answers < $last;
    }

    return @answers;
}


sub _answer {
    my ($c, $deadline) = @_;

    while ($c->{buf} !~ /\A(.*?\r\n)\r\n/s
        || length $c->{buf} < length($1) + 2 + _length($1))
    {
        $c->fill($deadline) or die "the connection ended: $c->{buf}\n";
    }

    $c->{buf} =~ /\A(.*?\r\n)\r\n/s;
    my ($head, $length) = ($1, _length($1));
    my $body = substr $c->{buf}, length($head) + 2, $length;
    substr $c->{buf}, 0, length($head) + 2 + $length, '';

    return [$head =~ /\AHTTP\S+ (\d+)/, (map { $head =~ /^\Q$_\E: (.*)\r$/m
        ? $1 : '' } 'X-Server', 'X-Worker'), $body];
}


sub _length {
    my ($head) = @_;
    return $head =~ /^Content-Length: (\d+)\r$/m ? $1
        : die "an answer without length: $head\n";
}


sub tally {
    my %n;
    $n{ $_->[1] || $_->[0] }++ for @_;
    return \%n;
}


sub sequence { return join '', map { $_->[1] || "<$_->[0]>" } @_ }


# Workers take connections as they like: opens some until each has one.
sub spread {
    my ($t, $n, $path) = @_;
    my %of;

    for (1 .. 500) {
        my $c = $t->client(timeout => 60);
        my ($r) = drive($c, 1, $path, '{}');
        $of{ $r->[2] } ||= $c;
        last if keys %of == $n;
    }

    Test::More::is(keys %of, $n, "connections to $n workers");
    return map { $of{$_} } sort keys %of;
}


sub outside {
    my ($counts, %share) = @_;
    my ($n, $worst) = (0, 0);
    $n += $_ for values %$counts;
    return 1e9 if grep { !$share{$_} } keys %$counts;

    for (keys %share) {
        my $p = $share{$_};
        my $sigma = sqrt($n * $p * (1 - $p)) or next;
        my $off = abs(($counts->{$_} || 0) - $n * $p) / $sigma;
        $worst = $off if $off > $worst;
    }

    return $worst;
}

1;
