#!/usr/bin/perl

# Tests for clients of streams with model_stall: one that reads late is no
# silence of the server, one that leaves takes the server's connection along.

use FindBin;
use lib "$FindBin::Bin/lib";

use Digest::SHA qw(sha256_hex);

use ModelTest;

my $t = ModelTest->new;
my $stall = 0.3 * $t->factor;
my $ms = 1000 * $stall;
my $h2 = $t->has('http_v2');
my @large = map { qq({"n":$_,"text":") . chr(97 + $_ % 26) x 65000
    . qq("}\n) } 1 .. 120;
my $all = join '', @large, qq({"done":true}\n);
my @h = (headers => ['Content-Type' => 'application/x-ndjson']);

my %do = (
    all => { @h, chunks => [@large, qq({"done":true}\n)] },
    part => { @h, chunks => \@large, stall => 110 },
    cut => { @h, chunks => \@large, close_after => 110 },
    reset => { @h, chunks => \@large, close_after => 110, abort => 1 },
    none => { @h, chunks => \@large, stall => 0 },
    some => { @h, chunks => [@large[0 .. 3]], stall => 2 },
    slow => { @h, chunks => [(qq({"n":1}\n)) x 1000], interval => 0.02 },
    hang => { hang => 1 },
    busy => { status => 503, json => { error => 'busy' } },
    later => { delay => 3 * $stall, body => 'later' },
);

my ($a, $b) = map { my $name = $_; $t->backend($name, on => {
    '/api/chat' => sub { $do{$_[1]{headers}{"x-$name"}} } }) } qw(a b);

$t->conf(<<"CONF" . ($h2 ? <<"H2" : ''))->start;
upstream two { server {{a}} max_fails=0; server {{b}} max_fails=0 backup; }
model_vendor one { proxy_pass http://{{a}}; discover off; }
model_vendor two { proxy_pass http://two; discover off; }
server { {{listen}} model_stall ${ms}ms; location / { model_pass; } }
CONF
server {
    {{listen:h2 http2}} model_stall ${ms}ms; location / { model_pass; }
}
H2

sub asked {
    my ($do, $other) = @_;
    return (POST => '/api/chat', body => { model => $other ? 'two:m'
        : 'one:m' }, headers => ['Content-Type' => 'application/json',
        'X-a' => $do, $other ? ('X-b' => $other) : ()]);
}

# Clients that read nothing for three times the silence
my %late = map { $_ => $t->open(asked($_), rcvbuf => 4096, timeout => 30) }
    qw(all part cut reset);
my @c;
if ($h2) {
    for (qw(all part cut reset)) {
        push @c, $t->h2(listen => 'h2', window => 20_000);
        $late{"$_, HTTP/2"} = $c[-1]->open(asked($_), timeout => 30);
    }
}

$a->wait_for(scalar keys %late);
my @later = asked('later');
is $t->open(@later)->finish->body, 'later', 'time passes';
is $t->count_log(qr/sent nothing/), 0, 'nobody is blamed while they wait';

for my $name (sort keys %late) {
    my $r = $late{$name};
    my $i = 0;

    while ($r->more) {
        next if $name !~ /HTTP/;
        my $n = 0;
        $n += length $r->{chunks}[$i++][1] while $i < @{ $r->{chunks} };
        $r->{h2}->write(ModelTest::HTTP2::frame(8, 0, $_, pack 'N', $n))
            for 0, $r->{id};
    }

    my $body = $r->body;
    is $r->complete, 1, "$name: whole";
    if ($name =~ /all/) {
        is sha256_hex($body), sha256_hex($all), "$name: its bytes";
        next;
    }

    my $frame = '';
    $frame = $1 if $body =~ s/(\{"error":[^\n]*\n)\z//;
    my $sent = join '', @large[0 .. 109];

    # a reset takes what was not received yet
    if ($name =~ /reset/) {
        $body =~ s/\n\z//;
        $sent = substr $sent, 0, length $body;
    }

    is sha256_hex($body), sha256_hex($sent), "$name: what was sent";
    like $frame, $name =~ /part/ ? qr/"vendor .* sent nothing for $ms ms, /
        : qr/"vendor .* broke off, /, "$name: an error at its end";
}
$_->close for @c, grep { !$_->{h2} } values %late;
is $t->count_log(qr/sent nothing/), $h2 ? 2 : 1, 'silence that was real';

# Clients that leave
sub gone {
    my ($name, $s, $r, $wait, $leave) = @_;
    $s->wait_for(1);
    $r->read_until($wait) if $wait;
    $leave->($r);
    my ($closed) = $s->wait_closed;
    is $closed->{by}, 'peer', "$name: the server's connection is closed";
    is $s->open_connections, 0, "$name: none is left";
}

for my $case (['a head without body', $a, ['none']],
    ['silence in a stream', $a, ['some'], qr/"n":2,/],
    ['a stream', $a, ['slow'], qr/\n.*\n/],
    ['the second server', $b, ['busy', 'hang']],
    ['the second head', $b, ['busy', 'none']])
{
    my ($name, $s, $do, $wait) = @$case;

    for my $how (qw(close abort)) {
        $_->reset_all->clear for $a, $b;
        gone("$name, $how", $s, $t->open(asked(@$do)), $wait,
            sub { $_[0]->$how });
    }

    next if !$h2;
    for my $how (qw(reset close)) {
        $_->reset_all->clear for $a, $b;
        my $c = $t->h2(listen => 'h2');
        gone("$name, HTTP/2 $how", $s, $c->open(asked(@$do)), $wait,
            sub { $how eq 'reset' ? $_[0]->reset : $c->close });
        $c->close;
    }
}

$t->done;
