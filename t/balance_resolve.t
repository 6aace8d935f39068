#!/usr/bin/perl

# Tests for model_aware and "resolve": servers come and go while requests run.

use FindBin;
use lib "$FindBin::Bin/lib";

use ModelTest;
use ModelTest::DNS;

my $t = ModelTest->new(workers => 2)->needs('1.27.3');
my %b = map { $_->[0] => $t->ollama($_->[0], models => [@$_[1 .. $#$_]],
    host_check => 0, reply => $_->[0]) } ['a', 'm', 'one'], ['b', 'm', 'two'],
    ['c', 'm'], ['s', 'm'];
my $dns = ModelTest::DNS->new('a.test' => [['127.0.0.1'], 1]);
my $resolver = 'resolver ' . $dns->address . ' ipv6=off valid=1s;';
my @message = (stream => \0, messages => [{ role => 'user', content => 'x' }]);

my @methods = ('', 'least_conn;', 'random;', 'random two;', 'hash $arg_k;',
    'hash $arg_k consistent;', $t->has('1.31.0') ? 'least_time header;' : ());
my %methods = map { ("u$_" => $methods[$_]) } 0 .. $#methods;
my $conf = join '', map { <<"CONF" } sort keys %methods;
upstream $_ {
    zone $_ 256k;
    $methods{$_}
    server a.test:{{a.port}} resolve max_fails=0;
    server b.test:{{b.port}} resolve max_fails=0;
    model_aware;
}
model_vendor $_ { proxy_pass http://$_; discover 1h; }
CONF

$t->conf("$resolver\n$conf" . <<'CONF')->start;
upstream later {
    zone later 256k;
    server c.test:{{c.port}} resolve;
    server s.test:{{s.port}} resolve backup;
    model_aware;
}
model_vendor later { proxy_pass http://later; discover 1h; }
server {
    {{listen}}
    location / { model_pass; model_failover error; }
}
CONF

sub who {
    my ($n, $model) = @_;
    my %n;
    for my $k (1 .. $n) {
        my $r = $t->post("/api/chat?k=$k", { model => $model, @message });
        $n{ $r->status == 200 ? $r->json->{message}{content} : $r->status }++;
    }
    return \%n;
}

sub come { $dns->set(map { ("$_.test" => [['127.0.0.1'], 1]) } @_) }
sub go { $dns->set(map { ("$_.test" => undef) } @_) }

# polls until these and no others answer
sub answers {
    my ($what, $model, @want) = @_;
    $t->eventually(sub { "@want" eq join ' ', sort keys %{ who(8, $model) } },
        "$what: $model", 10);
}

# for the upstreams of all methods
sub all {
    my ($what, $model, @want) = @_;
    answers("$what: " . ($methods{$_} || 'round robin'), "$_:$model", @want)
        for sort keys %methods;
}

all('one server', 'm', 'a');
all('one server', 'none', 404);

# no server at all: what it would have is not known, and it is not there

my $r = $t->post('/api/chat', { model => 'later:m', @message });
is $r->status, 503, 'no name resolves';
ok $r->header('Retry-After'), 'Retry-After';

# a server that comes is asked for its list, and takes its part

come('b');
all('two servers', 'm', 'a', 'b');
all('two servers', 'one', 'a');
all('two servers', 'two', 'b');
is $b{a}->hits(qr{/api/tags}), @methods, 'the other one is not asked again';

# it goes while requests are on: a second try knows those of that moment

for my $u ('u0', 'u2') {
    my $what = $methods{$u} || 'round robin';
    come('b');
    answers("$what: b is there", "$u:m", 'a', 'b');
    $b{b}->hang(match => qr{/api/chat}, times => 1);
    my @open;
    $t->eventually(sub {
        push @open, $t->open('POST', '/api/chat', body =>
            { model => "$u:m", @message });
        return $b{b}->in_flight;
    }, "$what: one hangs at b");
    go('b');
    answers("$what: b is gone", "$u:m", 'a');
    $b{b}->refuse->reset_all;
    is scalar(grep { $_->finish->status != 200 } @open), 0,
        "$what: tried at a";
    $b{b}->accept->ok;
}

# it goes while the one request is on that only it can answer

come('b');
answers('b is there', 'u0:two', 'b');
$b{b}->hang(match => qr{/api/chat}, times => 1);
my $o = $t->open('POST', '/api/chat', body => { model => 'u0:two', @message });
$t->eventually(sub { $b{b}->in_flight }, 'a request at b');
go('b');
answers('b is gone', 'u0:m', 'a');
$b{b}->reset_all;
$r = $o->finish;
is $r->status, 502, 'nobody else has the model';
like $r->json->{error}, qr/vendor "u0"/, 'in words';

# primary ones and backup ones

come('s');
answers('the backup one', 'later:m', 's');
come('c');
answers('the primary one', 'later:m', 'c');
go('c');
answers('the backup one again', 'later:m', 's');

# while they come and go, every request is answered by one that has the model

my %n;
for my $round (1 .. 4) {
    $round % 2 ? come('b') : go('b');
    $t->eventually(sub {
        my $now = who(10, 'u0:m');
        $n{$_} += $now->{$_} for keys %$now;
        return $round % 2 ? $now->{b} : !$now->{b};
    }, "round $round", 10);
}
is join(' ', sort keys %n), 'a b', 'no request failed' or diag explain \%n;

$t->stop;
$dns->stop;
$t->done;
