#!/usr/bin/perl

# Tests for model_cold_timeout: a model that has to be loaded first may take
# longer for its first byte, all others may not.

use FindBin;
use lib "$FindBin::Bin/lib";

use ModelTest;

my $t = ModelTest->new(access_log => 1);
my $f = $t->factor;
my @o = (models => ['hot', 'cold'], loaded => ['hot']);
my $a = $t->ollama('a', @o, reply => 'from a');
my $b = $t->ollama('b', @o, reply => 'from b', loaded => ['hot', 'cold']);
my $other = $t->openai('other', models => ['gpt'], reply => 'from other');
my ($read, $cold) = map { $_ * $f . 'ms' } 500, 2500;

$t->conf(<<"CONF")->start;
log_format cold '\$http_x_case|\$upstream_status|\$model_tries';
access_log {{dir}}/access.log cold;
proxy_read_timeout $read;
upstream two {
    server {{a}} max_fails=0; server {{b}} max_fails=0 backup; keepalive 4;
}
model_vendor a { proxy_pass http://{{a}}; discover 1h; }
model_vendor two { proxy_pass http://two; discover 1h; }
model_vendor other { proxy_pass http://{{other}}; discover 1h; dialect openai; }
server {
    {{listen}}
    model_cold_timeout $cold;
    location / { model_pass; }
    location /short/ { model_pass; model_cold_timeout 1ms; }
    location /timeout/ { model_pass; model_failover timeout; }
    location /503/ { model_pass; model_failover http_503; }
}
CONF

$t->eventually(sub {
    my $loaded = join ' ', sort map { $_->{name} }
        @{ $t->get('/api/ps')->json->{models} };
    return $loaded eq 'a:hot:latest two:cold:latest two:hot:latest'
        && $t->get('/v1/models')->body =~ /gpt/;
}, 'what is loaded is known');

my ($n, @cases) = 0;

# X-Slow: seconds before the answer of a server
for my $s ($a, $b, $other) {
    my $name = $s->name;
    $s->fault(delay => 1.2 * $f, match => qr/slow_$name/);
    $s->fault(delay => 60, match => qr/hang_$name/);
    $s->fault(status => 503, json => { error => 'e' }, match => qr/busy_$name/);
}

sub ask {
    my ($what, $uri, $model, $want, $states, %o) = @_;
    my $body = { model => $model, messages => [{ role => 'user',
        content => 'hi' }], stream => $o{stream} ? \1 : \0 };
    push @cases, { name => "$what, $model$uri", want => $want, n => ++$n,
        states => $states, r => $t->open(POST => "$uri?$what", body => $body,
        timeout => 30, headers => ['Content-Type' => 'application/json',
        'X-Case' => $n]), %o };
}

my $late = qr/did not answer in time/;
ask('slow_a', '/api/chat', 'a:cold', qr/from a/, 200);
ask('slow_a', '/api/chat', 'a:cold', qr/"done":true/, 200, stream => 1);
ask('slow_a', '/v1/chat/completions', 'a:cold', qr/from a/, 200);
ask('slow_a', '/api/chat', 'two:cold', qr/from a/, 200);
ask('slow_a', '/timeout/api/chat', 'two:cold', qr/from a/, 200);
ask('slow_a', '/api/chat', 'a:hot', $late, 504);
ask('slow_a', '/api/chat', 'a:hot', $late, 504, stream => 1);
ask('slow_a', '/short/api/chat', 'a:cold', $late, 504);
ask('slow_other', '/v1/chat/completions', 'other:gpt', $late, 504);
ask('slow_a', '/api/chat', 'a:unheard', $late, 504);
ask('hang_a', '/api/chat', 'a:cold', $late, 504, slow => 1);
ask('hang_a', '/timeout/api/chat', 'two:cold', qr/from b/, '504, 200',
    slow => 1);
ask('slow_a', '/timeout/api/chat', 'two:hot', qr/from b/, '504, 200');

# the time of a server counts for no other one
ask('busy_a_slow_b', '/503/api/chat', 'two:cold', $late, '503, 504');

$_->{r}->finish->close for @cases;
$t->eventually(sub { @cases <= grep { /^\d/ } split /\n/, $t->access_log },
    'logged');
my %log = map { /^(\d+)\|(.*)/ ? ($1, $2) : () } split /\n/, $t->access_log;

for my $c (@cases) {
    my $r = $c->{r};
    like $r->body, $c->{want}, $c->{name};
    is $log{$c->{n}}, "$c->{states}|" . (1 + $c->{states} =~ tr/,//),
        "$c->{name}: as logged";
    my $time = $r->time / $f;
    cmp_ok $time, '>', 2.1, "$c->{name}: all of its time" if $c->{slow};
}

$t->done;
