#!/usr/bin/perl

# Tests for a model that is known while all its servers are down: 503 with
# Retry-After, never another vendor's model; 502 while the outage is news.

use FindBin;
use lib "$FindBin::Bin/lib";

use ModelTest;

my $t = ModelTest->new;
my $a = $t->ollama('a', models => ['llama3']);
my $b = $t->ollama('b', models => ['llama3']);

$t->conf(<<'CONF')->start;
model_vendor a { proxy_pass http://{{a}}; discover 100ms; }
model_vendor b { proxy_pass http://{{b}}; discover 100ms; }
model_vendor c { proxy_pass http://{{b}}; }
server { {{listen}} location / { model_pass; } }
CONF

my @body = (messages => [{ role => 'user', content => 'x' }]);

is $t->post('/api/chat', { model => 'llama3', stream => \0, @body })->status,
    200, 'answers while it is up';
is $b->hits(qr{/api/chat}), 0, 'the smaller rank is asked';

$a->refuse;
$t->eventually(sub { $t->count_log(qr/vendor "a" server .* is down/) },
    'seen to be down');

for my $model ('a:llama3', 'llama3') {
    my $r = $t->post('/api/chat', { model => $model, @body });
    is $r->status, 503, "$model: 503";
    is $r->header('retry-after'), 5, "$model: when to try again";
    is $r->json->{error}, 'vendor "a" could not be reached',
        "$model: who is down";
}

my $r = $t->post('/v1/chat/completions', { model => 'a:llama3', @body });
is $r->status, 503, 'in the dialect of OpenAI';
ok $r->json->{error}{type}, 'its type';
is $b->hits(qr{/api/chat|/v1/chat}), 0, 'never another vendor';

$r = $t->post('/api/chat', { model => 'a:unheard-of', @body });
is $r->status, 502, 'a name that is not known: 502';

$a->accept;
$t->eventually(sub { $t->post('/api/chat', { model => 'llama3',
    stream => \0, @body })->status == 200 }, 'answers when it is back');

# An outage that nobody has noticed yet
$b->refuse;
$r = $t->post('/api/chat', { model => 'c:llama3', @body });
is $r->status, 502, 'news is a 502';

$t->done;
