#!/usr/bin/perl

# Tests for names right after the start: a list that is on its way counts.

use FindBin;
use lib "$FindBin::Bin/lib";

use ModelTest;

my $t = ModelTest->new;
my $router = $t->openai('router', models => ['openai/gpt-4o']);
my $openai = $t->openai('openai', models => ['gpt-4o']);
my $first = $t->ollama('first', models => ['llama3', 'one']);
my $second = $t->ollama('second', models => ['llama3', 'two']);
$_->delay(1.5, match => qr/tags|models/, times => 1) for $router, $first;

$t->conf(<<'CONF')->start;
client_max_body_size 10m;
model_vendor openai { proxy_pass http://{{openai}}; dialect openai; }
model_vendor first { proxy_pass http://{{first}}; }
model_vendor second { proxy_pass http://{{second}}; }
model_vendor router {
    proxy_pass http://{{router}};
    dialect openai;
    prefix off;
}
server {
    {{listen}}
    location / { model_pass; }
    location /prefixed/ { model_pass openai first second; }
}
CONF

my @cases = (['openai:gpt-4o', 'prefixed/', 0, 'a prefix'],
    ['second:llama3', 'prefixed/', 0, 'a prefix of an Ollama'],
    ['gpt-4o', 'prefixed/', 0, 'the smallest rank is known'],
    ['openai/gpt-4o', '', 1, 'listed by a slow vendor'],
    ['llama3', '', 1, 'the smallest rank is slow']);

# the fast vendors' lists first, so that a wrong choice could be made

$t->eventually(sub { $t->count_log(qr/vendor "(?:openai|second)" \S+ \S+ is up/)
    == 2 }, 'the fast ones are known');
my @open = map { $t->open('POST', "/$_->[1]v1/chat/completions",
    body => { model => $_->[0],
    messages => [{ role => 'user', content => 'x' }] }) } @cases;

for my $i (0 .. $#cases) {
    my ($model, $path, $waits, $name) = @{ $cases[$i] };
    my $r = $open[$i];
    $r->finish;
    is $r->status, 200, "$name: status";
    cmp_ok $r->time, '<', 1, "$name: no waiting" if !$waits;
}

is join(' ', map { $_->json->{model} } $router->requests(qr/^POST/)),
    'openai/gpt-4o', 'router';
is join(' ', sort map { $_->json->{model} } $openai->requests(qr/^POST.*chat/)),
    'gpt-4o gpt-4o', 'openai';
is join(' ', map { $_->json->{model} } $first->requests(qr/^POST.*chat/)),
    'llama3', 'first';
is join(' ', map { $_->json->{model} } $second->requests(qr/^POST.*chat/)),
    'llama3', 'second';

$t->done;
