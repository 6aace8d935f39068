#!/usr/bin/perl

# Tests for a body with "models", a list of fallbacks that some vendors take:
# refused where not every model may be used.

use FindBin;
use lib "$FindBin::Bin/lib";

use ModelTest;

my $t = ModelTest->new;
my $a = $t->openai('a', models => ['good', 'other']);

$t->conf(<<'CONF')->start;
model_vendor all { proxy_pass http://{{a}}; dialect openai; }
model_vendor some { proxy_pass http://{{a}}; dialect openai; expose good; }
server { {{listen}} location / { model_pass; } }
CONF

my %body = (messages => [{ role => 'user', content => 'x' }],
    models => ['other']);

is $t->post('/v1/chat/completions', { model => 'all:good', %body })->status,
    200, 'passed on where all models may be used';
is_deeply $a->last(qr/chat/)->json->{models}, ['other'], 'as it is';

my $n = $a->hits(qr/chat/);
my $r = $t->post('/v1/chat/completions', { model => 'some:good', %body });

is $r->status, 400, 'refused where they may not';
is $r->json->{error}{param}, 'models', 'names the member';
like $r->json->{error}{message}, qr/name one with "model"/, 'says what to do';
is $a->hits(qr/chat/), $n, 'nothing goes upstream';

delete $body{models};
is $t->post('/v1/chat/completions', { model => 'some:good', %body })->status,
    200, 'good without it';

$t->done;
