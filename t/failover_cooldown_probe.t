#!/usr/bin/perl

# Tests for the request that tries a server after its cooldown: how it may
# end, and what follows.

use FindBin;
use lib "$FindBin::Bin/lib";

use ModelTest;

my $t = ModelTest->new(workers => 2);
my $h2 = $t->has('http_v2') ? ' http2' : '';
my $ms = 400 * $t->factor;
my %n;

my %do = (
    503 => { status => 503, body => 'e' }, 500 => { status => 500 },
    429 => { status => 429 }, 529 => { status => 529 },
    400 => { status => 400 }, 404 => { status => 404 }, 200 => {},
    reset => { reset => 1 }, garbage => { raw => "garbage\r\n\r\n" },
    hang => { hang => 1 }, wait => { hang => 1 },
    more => { status => 429, headers => ['retry-after-ms' => 2 * $ms] },
);

# the first answer asks for a wait, the second one is that of the probe
my $a = $t->backend('a', on => { '/api/chat' => sub {
    my ($do) = (my $case = $_[1]{headers}{'x-case'}) =~ /^(\w+)/;
    my $n = $n{$case}++;
    return $n > 1 ? { body => 'from a' } : $n == 1 ? { body => 'from a',
        %{ $do{$do} } } : { status => 429, body => 'e', headers =>
        ['retry-after-ms' => $ms] };
} });
my $b = $t->backend('b', reply => 'from b');
my $r = $t->backend('r', reply => 'from r');

my $time = "discover off; proxy_read_timeout " . 1000 * $t->factor . "ms;";
$t->conf(<<"CONF")->start;
upstream two { server {{a}} max_fails=0; server {{b}} max_fails=0 backup; }
upstream aware {
    server {{a}} max_fails=0; server {{b}} max_fails=0 backup; model_aware;
}
upstream refused { server {{r}} max_fails=0; server {{b}} max_fails=0 backup; }
model_vendor two { proxy_pass http://two; $time }
model_vendor aware { proxy_pass http://aware; $time }
model_vendor va { proxy_pass http://{{a}}; $time }
model_vendor refused { proxy_pass http://refused; $time }
model_vendor long { proxy_pass http://two; discover off; }
model_vendor vb { proxy_pass http://{{b}}; discover off; }
model_alias alias-* { target va:*; target vb:* backup; }
server { {{listen}} {{listen:h2$h2}} location / { model_pass; } }
CONF

sub start {
    my ($c, $client) = @_;
    return ($client // $t)->open(POST => '/api/chat', body => { model =>
        $c->{model}, stream => \0 }, headers => ['X-Case' =>
        $c->{case}, 'Content-Type' => 'application/json']);
}

sub ask { my $r = start(@_)->finish; $r->close; return $r }

sub hits {
    my $c = shift;
    return scalar grep { $_->header('x-case') eq $c->{case} }
        $a->requests(qr/POST/);
}

# The request that comes to a is left as it is, others are finished.
sub probe {
    my ($c, $client) = @_;
    my $r = start($c, $client);
    $t->_poll(5, sub {
        my $soon = $r->{c}->now + 0.001;
        my $read = eval { $r->{h2} ? $r->{h2}->turn($soon)
            : $r->{c}->fill($soon) };
        return hits($c) == 2 || ($r->{h2} ? $r->{state} eq 'done' : $read);
    });
    return $r if hits($c) == 2;
    $r->finish;
    return;
}

# what a does, what the client sees, whether a is back then
my @cases;
for (['503', 200, 0], ['529', 200, 0], ['429', 200, 0], ['500', 500, 0],
    ['reset', 502, 0], ['garbage', 502, 0], ['hang', 504, 0], ['more', 200, 0],
    ['400', 400, 1], ['404', 404, 1], ['200', 200, 1])
{
    for my $kind (qw(two: aware: alias-)) {
        push @cases, { do => $_->[0], status => $_->[1], back => $_->[2],
            model => "${kind}m$_->[0]", case => "$_->[0] $kind" };
    }
}
push @cases, map { { do => 'wait', model => "long:$_", how => $_,
    case => "wait $_" } } qw(close abort), $h2 ? 'reset' : ();

for my $c (@cases) {
    is ask($c)->body, 'from b', "$c->{case}: is kept out";
}

for my $c (@cases) {
    my $name = $c->{case};
    $c->{c} = $t->h2(listen => 'h2') if ($c->{how} // '') eq 'reset';
    $t->eventually(sub { $c->{r} ||= probe($c, $c->{c}) }, "$name: is tried");
    is ask($c)->body, 'from b', "$name: by this one only"
        if $c->{do} =~ /hang|wait/;
}

for my $c (grep { !$_->{how} } @cases) {
    my $name = $c->{case};
    my $r = $c->{r}->finish;
    is $r->status, $c->{status}, "$name: what the client sees";
    $r->close;

    # one that is back late has been asked again meanwhile
    next if hits($c) > 2;
    my $body = ask($c)->body;
    is $body, $c->{back} ? 'from a' : 'from b', "$name: and the next one"
        if $c->{back} || hits($c) == 2;
}

# A client that leaves gives the right to try back
for my $c (grep { $_->{how} } @cases) {
    my $open = $a->open_connections;
    my $how = $c->{how};
    $c->{r}->$how;
    $t->eventually(sub { $a->open_connections < $open }, "$how: is gone");
    is ask($c)->body, 'from a', "$how: the next one may try";
    $c->{c}->close if $c->{c};
}

for my $c (@cases) {
    $t->eventually(sub { ask($c)->body eq 'from a' },
        "$c->{case}: all is well in the end");
}

# One that does not take the connection of its probe
my $c = { model => 'refused:m', case => 'refused' };
$r->status(429, { error => 'e' }, times => 1, headers =>
    ['retry-after-ms' => $ms]);
is ask($c)->body, 'from b', 'refused: is kept out';
$r->refuse;
$t->eventually(sub { ask($c); $t->count_log(qr/Connection refused/) },
    'refused: is tried');
$r->accept;
$r->clear;
is ask($c)->body, 'from b', 'refused: out again';
$t->eventually(sub { ask($c)->body eq 'from r' }, 'refused: and in the end');

$t->done;
