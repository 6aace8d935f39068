#!/usr/bin/perl

# Tests for model_aware and servers whose discovery failed: used only where no
# healthy one has the model and their last list did.

use FindBin;
use lib "$FindBin::Bin/lib";

use ModelTest;

my $t = ModelTest->new;
my %b = map { $_->[0] => $t->ollama($_->[0], models => [@$_[1 .. $#$_]]) }
    ['a', 'm', 'x'], ['b', 'm', 'y'], ['c', 'z'], ['dead', 'm'],
    ['late', 'm'];
$_->refuse for @b{qw(dead late)};

$t->conf(<<'CONF')->start;
upstream two {
    zone two 64k;
    server {{a}} max_fails=0; server {{b}} max_fails=0; server {{c}} max_fails=0;
    model_aware;
}
upstream unseen { server {{c}}; server {{dead}}; model_aware; }
upstream late { server {{late}} max_fails=0; server {{dead}} max_fails=0; model_aware; }
model_vendor two { proxy_pass http://two; discover 100ms; }
model_vendor unseen { proxy_pass http://unseen; discover 1h; }
model_vendor late { proxy_pass http://late; discover 1h; }
server {
    {{listen}}
    location / { model_pass; model_allow inference manage; }
    location /status/ { model_status; model_failover off; }
}
CONF

my @message = (stream => \0, messages => [{ role => 'user', content => 'x' }]);

# who answers, in six requests
sub who {
    my $model = shift;
    my %n;
    for (1 .. 6) {
        $_->clear for values %b;
        my $r = $t->post('/api/chat', { model => $model, @message });
        $n{ join ' ', $r->status, grep { $b{$_}->hits(qr{/api/chat}) }
            sort keys %b }++;
    }
    return \%n;
}

# what explain tells of each server
sub told {
    my $e = $t->get('/status/explain?model=' . shift)->json->{hops}[0];
    return { outcome => $e->{outcome}, map {
        my $s = $_;
        $s->{name} => join ', ', @$s{qw(now suits)},
            $s->{asked_first} ? 'first' : ();
    } @{ $e->{servers} } };
}

my %at = map { $_ => $b{$_}->address } keys %b;

sub state {
    my ($name, $state) = @_;
    my $address = $b{$name}->address;
    $t->mark;
    $state eq 'down' ? $b{$name}->status(500, { error => 'no' },
        match => qr/tags/) : $b{$name}->ok;
    $t->eventually(sub { $t->count_log(qr/server "$address" is $state/) },
        "$name is $state");
}

$t->eventually(sub { 5 <= @{ $t->get('/api/tags')->json->{models} } },
    'lists are known');
is_deeply who('two:m'), { '200 a' => 3, '200 b' => 3 }, 'both are well';

state('b', 'down');
is_deeply who('two:m'), { '200 a' => 6 }, 'the other one';
is_deeply told('two:m'), { outcome => 'asked', $at{a} => 'free, suits, first',
    $at{b} => 'free, sick', $at{c} => 'lacks the model, lacks the model' },
    'that is explained';
is_deeply who('two:y'), { '200 b' => 6 }, 'the only one that had it';
is told('two:y')->{ $at{b} }, 'free, sick, first', 'that is explained, too';
is_deeply who('two:none'), { '404' => 6 }, 'nobody had it';

state('a', 'down');
is_deeply who('two:m'), { '200 a' => 3, '200 b' => 3 }, 'both are down';

$_->refuse->close_idle for @b{qw(a b)};
my $r = $t->post('/api/chat', { model => 'two:m', @message });
is $r->status, 503, 'both are gone, as is known';
like $r->header('Retry-After'), qr/^\d+$/, 'Retry-After';
like $r->json->{error}, qr/vendor "two"/, 'who is';

$_->accept for @b{qw(a b)};
state('b', 'up');
is_deeply who('two:m'), { '200 b' => 6 }, 'one is back';

# what is pulled needs no list

my %asked;
for (1 .. 12) {
    $_->clear for values %b;
    $t->post('/api/pull', { model => 'two:m', stream => \0 });
    $asked{$_}++ for grep { $b{$_}->hits(qr{/api/pull}) } keys %b;
}
is_deeply \%asked, { a => 4, b => 4, c => 4 }, 'pull goes to any server';

# a server that never had a list: another one's list says what there is

is_deeply who('unseen:z'), { '200 c' => 6 }, 'one was never seen';
is_deeply told('unseen:z'), { outcome => 'asked',
    $at{c} => 'free, suits, first', $at{dead} => 'free, never listed' },
    'that is explained';
is_deeply who('unseen:m'), { '404' => 6 }, 'it counts for nothing';

# nothing is known of any: it counts as having every model, and is down

is_deeply who('late:m'), { '503' => 6 }, 'none was ever seen';
is_deeply told('late:m'), { outcome => 'asked',
    map { $at{$_} => 'free, never listed, first' } 'dead', 'late' },
    'that is explained';
$r = $t->post('/v1/messages', { model => 'late:m', max_tokens => 1,
    messages => [{ role => 'user', content => 'x' }] });
is $r->status, 529, 'in dialect';
like $r->header('Retry-After'), qr/^\d+$/, 'Retry-After';
$b{late}->accept;
is_deeply who('late:m'), { '200 late' => 6 }, 'before discovery knows';

$t->done;
