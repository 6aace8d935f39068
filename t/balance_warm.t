#!/usr/bin/perl

# Tests for model_aware warm: servers that have the model loaded come first,
# and what is loaded is looked at again every few seconds and after a request.

use FindBin;
use lib "$FindBin::Bin/lib";

use Time::HiRes 'time';

use ModelTest;

my $t = ModelTest->new(workers => 2);

# a server that loads what it is asked for, one model at a time
my %b;
my $load = sub {
    my ($server, $request, $json) = @_;
    $server->{loaded} = [$json->{model}] if $server->{loads};
    return $server->{name};
};
for (['a', 'm', 'x'], ['b', 'm', 'x'], ['c', 'm']) {
    my ($name, @models) = @$_;
    $b{$name} = $t->ollama($name, models => \@models, loaded => [], loads => 0,
        reply => $load);
}
my %o = map { $_->[0] => $t->openai($_->[0], models => [@$_[1 .. $#$_]],
    reply => $_->[0]) } ['one', 'gpt'], ['many', 'gpt', 'other'],
    ['single', 'gpt'];

my %methods = (rr => '', lc => 'least_conn;', hash => 'hash $arg_k;');
my $conf = join '', map { <<"CONF" } sort keys %methods;
upstream $_ {
    zone $_ 64k;
    $methods{$_}
    server {{a}}; server {{b}} weight=2; server {{c}};
    model_aware warm;
}
model_vendor $_ { proxy_pass http://$_; }
CONF

$t->conf($conf . <<'CONF')->start;
upstream cold { server {{a}}; server {{b}}; server {{c}}; model_aware; }
model_vendor cold { proxy_pass http://cold; }
upstream gpt {
    zone gpt 64k;
    server {{one}}; server {{many}}; server {{single}};
    model_aware warm;
}
model_vendor gpt { proxy_pass http://gpt; dialect openai; }
server { {{listen}} location / { model_pass; } }
CONF

my @message = (stream => \0, messages => [{ role => 'user', content => 'x' }]);

# who answers n requests
sub who {
    my ($n, $model) = @_;
    my %n;
    for my $k (1 .. $n) {
        my $r = $t->post("/api/chat?k=$k", { model => $model, @message });
        $n{ $r->status == 200 ? $r->json->{message}{content} : $r->status }++;
    }
    return \%n;
}

sub is_warm {
    my ($what, $model, $seconds, @want) = @_;
    my $want = join ' ', @want;
    $t->eventually(sub { $want eq join ' ', sort keys %{ who(4, $model) } },
        $what, $seconds);
}

$t->eventually(sub { 10 == @{ $t->get('/api/tags')->json->{models} } },
    'lists are known');

# Nothing is loaded: by the method; all is loaded: as well
is_deeply who(8, 'rr:m'), { a => 2, b => 4, c => 2 }, 'all are cold';

# Somebody else loads one: seen within a few seconds
$b{b}->set(loaded => ['m']);
for my $v (sort keys %methods) {
    is_warm("$v: one is warm", "$v:m", 8, 'b');
    is_deeply who(12, "$v:m"), { b => 12 }, "$v: it gets all";
}
is_deeply [sort keys %{ who(12, 'cold:m') }], ['a', 'b', 'c'],
    'not without "warm"';

$b{$_}->set(loaded => ['x', 'm']) for 'a', 'c';
is_warm('all are warm', 'rr:m', 8, 'a', 'b', 'c');
is_deeply who(8, 'rr:m'), { a => 2, b => 4, c => 2 }, 'by the method again';
is_warm('another model', 'rr:x', 8, 'a');

$b{$_}->set(loaded => []) for 'a', 'b', 'c';
is_warm('none is warm', 'rr:x', 8, 'a', 'b');

# A request of ours loads it: seen within a second
for my $round (1 .. 3) {
    $b{$_}->set(loaded => [], loads => 0) for 'a', 'b', 'c';
    is_warm("$round: none", 'rr:m', 8, 'a', 'b', 'c');
    $b{$_}->set(loads => 1) for 'a', 'b', 'c';
    my ($first) = keys %{ who(1, 'rr:m') };
    my $from = time;
    my $n = $b{$first}->hits(qr{/api/ps});
    $t->eventually(sub { $b{$first}->hits(qr{/api/ps}) > $n },
        "$round: it is asked again", 1.5);
    $t->eventually(sub { grep { $_->{name} eq 'rr:m:latest' }
        @{ $t->get('/api/ps')->json->{models} } }, "$round: and its answer");
    is_deeply who(6, 'rr:m'), { $first => 6 }, "$round: it stays there";
    cmp_ok time - $from, '<', 1.5 * $t->factor, "$round: within a second";
}

# Which of the openai servers list one model only
my %n;
$n{ $t->post('/v1/chat/completions', { model => 'gpt:gpt', @message })
    ->json->{choices}[0]{message}{content} }++ for 1 .. 8;
is_deeply \%n, { one => 4, single => 4 }, 'openai: servers of one model';
%n = ();
$o{$_}->refuse->close_idle for 'one', 'single';
$n{ $t->post('/v1/chat/completions', { model => 'gpt:gpt', @message })
    ->json->{choices}[0]{message}{content} }++ for 1 .. 2;
is_deeply \%n, { many => 2 }, 'openai: then the other one';

$t->done;
