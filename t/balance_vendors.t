#!/usr/bin/perl

# Tests for model_aware: two vendors on one upstream share its state, each has
# its own lists; models of one vendor in servers of another are none.

use FindBin;
use lib "$FindBin::Bin/lib";

use ModelTest;

my $t = ModelTest->new;
my %b = map { $_->[0] => $t->ollama($_->[0], models => [@$_[1 .. $#$_]]) }
    ['a', 'm', 'gpt-a:1', 'hidden'], ['b', 'm', 'gpt-b:1'];

$t->conf(<<'CONF')->start;
upstream shared { server {{a}} max_conns=2; server {{b}} max_conns=2; model_aware; }
upstream own { server {{a}}; model_aware; }
model_vendor local { proxy_pass http://shared; }
model_vendor cloud {
    proxy_pass http://shared;
    dialect openai;
    expose gpt-*;
}
model_vendor off { proxy_pass http://shared; discover off; }
model_vendor own { proxy_pass http://own; }
server { {{listen}} location / { model_pass; } }
CONF

$t->eventually(sub {
    my $n = @{ $t->get('/api/tags')->json->{models} };
    return $n == 9;
}, 'lists are known') or diag $t->get('/api/tags')->body;

sub who {
    my ($model, $path) = @_;
    my %n;
    for (1 .. 4) {
        $_->clear for values %b;
        my $r = $t->post($path // '/v1/chat/completions', { model => $model,
            messages => [{ role => 'user', content => 'x' }], stream => \0 });
        $n{ join ' ', $r->status, grep { $b{$_}->hits(qr/POST/) } keys %b }++;
    }
    return \%n;
}

is_deeply who('local:m'), { '200 a' => 2, '200 b' => 2 }, 'of both';
is_deeply who('local:gpt-a:1'), { '200 a' => 4 }, 'of one';
is_deeply who('cloud:gpt-b:1'), { '200 b' => 4 }, 'of the other, in its dialect';
is_deeply who('cloud:hidden'), { '404' => 4 }, 'not exposed there';
is_deeply who('local:hidden'), { '200 a' => 4 }, 'exposed here';
is_deeply who('off:m'), { '200 a' => 2, '200 b' => 2 }, 'not asked: any';
is_deeply who('own:gpt-b:1'), { '404' => 4 }, 'of a server of another';

# the slots are those of the upstream

$_->hang(match => qr/POST/) for values %b;
my @open = map { $t->open('POST', '/v1/chat/completions',
    body => { model => $_ }) }
    'local:gpt-a:1', 'off:m', 'cloud:gpt-b:1', 'off:m';
$t->eventually(sub { 4 == $b{a}->in_flight + $b{b}->in_flight },
    'all slots are taken');
for my $model ('local:m', 'cloud:gpt-b:1', 'off:m') {
    my $r = $t->post('/v1/chat/completions', { model => $model });
    is $r->status, 503, "$model: busy";
    ok $r->header('Retry-After'), 'Retry-After';
}
$_->abort for @open;

$t->done;
