#!/usr/bin/perl

# Tests for GET <status>/metrics: what requests of all kinds add to it.

use FindBin;
use lib "$FindBin::Bin/lib";

use ModelTest;
use ModelTest::Metrics;

my $t = ModelTest->new(workers => 2);
my $a = $t->ollama('a', models => ['llama3', 'gemma']);
my $b = $t->openai('b', models => ['gpt-4o']);
my $c = $t->openai('c', models => ['gpt-4o']);
my $d = $t->backend('d', reply => '{}');

$t->conf(<<'CONF')->start;
upstream pair { zone pair 64k; server {{b}} max_fails=0;
    server {{c}} max_fails=0 backup; model_queue 5 timeout=30s; }
model_vendor ollama { proxy_pass http://{{a}}; }
model_vendor pair { proxy_pass http://pair; dialect openai; }
model_vendor all { proxy_pass http://{{d}}; discover off; model declared; }
model_alias fixed { target all:of-the-operator; }
server {
    {{listen}}
    location / { model_pass; model_allow inference other; }
    location /status/ { model_status; }
    location /plain { return 200 ok; }
}
CONF

sub metrics { return ModelTest::Metrics->new($t->get('/status/metrics')) }

sub chat {
    my ($model, %o) = @_;
    return $t->post('/v1/chat/completions', { model => $model,
        messages => [{ role => 'user', content => 'hi' }] }, %o);
}

# Of servers before any request
$t->eventually(sub { metrics()->value('model_server_models',
    vendor => 'ollama') == 2 && metrics()->value('model_server_up',
    vendor => 'pair', server => $b->address) == 1 }, 'servers');

my $r = $t->get('/status/metrics');
is $r->status, 200, 'status';
is $r->header('content-type'), 'text/plain; version=0.0.4; charset=utf-8',
    'type';
is $t->head('/status/metrics')->header('content-length'), length $r->body,
    'HEAD';
is $t->post('/status/metrics', {})->status, 405, 'POST';

my $m = metrics();
is $m->value('model_build_info'), 1, 'version';
is $m->value('model_server_breaker', server => $c->address), 0, 'breaker';
is $m->value('model_server_tries_total', server => $c->address), 0, 'tries';
like $m->value('model_server_list_age_seconds', vendor => 'ollama'),
    qr/^\d$/, 'age of a list';

# Requests that end well, each way to name the model
is chat('ollama:llama3')->status, 200, 'openai' for 1 .. 2;
is $t->post('/api/chat', { model => 'llama3:latest', stream => \0,
    messages => [] })->status, 200, 'ollama';
is $t->post('/api/embed', { model => 'gemma', input => 'x' })->status, 200,
    'embed';
is $t->get('/plain')->status, 200, 'not ours';

my @llama = (vendor => 'ollama', model => 'llama3:latest',
    operation => 'chat');
$t->eventually(sub { metrics()->value('model_requests_total', @llama,
    outcome => 'ok') == 3 }, 'counted under one name');
$m = metrics();
is $m->value('model_requests_total', model => 'gemma:latest',
    operation => 'embeddings', outcome => 'ok'), 1, 'embeddings';
is $m->value('model_tries_total', @llama), 3, 'tries';
is $m->value('model_failovers_total', @llama), 0, 'no failover';
is $m->value('model_requests_in_flight', @llama), 0, 'nothing in flight';
is $m->value('gen_ai_server_request_duration_seconds_count',
    gen_ai_provider_name => 'ollama', gen_ai_operation_name => 'chat',
    gen_ai_request_model => 'llama3:latest', error_type => ''), 3,
    'durations';
is $m->value('model_server_tries_total', vendor => 'ollama'), 4, 'server';

# Those that are answered here have no vendor
is $t->get('/api/tags')->status, 200, 'listing';
is chat('unknown:x')->status, 404, 'unknown';
$t->eventually(sub { metrics()->value('model_requests_total', vendor => '',
    operation => 'listing', outcome => 'ok') == 1 }, 'listings');
is metrics()->value('model_errors_total', vendor => '', model => '',
    operation => 'chat', kind => 'not_found'), 1, 'a name of nobody';

# Names that a client makes up get no rows
chat("pair:made-up-$_") for 1 .. 3;
$t->eventually(sub { metrics()->value('model_errors_total', vendor => 'pair',
    model => 'other', kind => 'not_found') == 3 }, 'made-up names');

# Nor do many of them where a server answers to every name
chat("all:made-up-$_") for 1 .. 40;
is chat($_)->status, 200, $_ for 'all:declared', 'fixed', 'fixed';
$t->eventually(sub { metrics()->value('model_requests_total', vendor => 'all',
    outcome => 'ok') == 43 }, 'a server that answers all');
$m = metrics();
is $m->value('model_requests_total', vendor => 'all', model => 'made-up-32'),
    1, 'the first 32 names';
is $m->value('model_requests_total', vendor => 'all', model => 'other'), 8,
    'and no more';
is $m->value('model_requests_total', vendor => 'all', model => 'declared'), 1,
    'what is declared';
is $m->value('model_requests_total', vendor => 'all',
    model => 'of-the-operator'), 2, "and an alias's own name";

# Failover, and a failure
$b->status(503, { error => { message => 'x' } }, match => qr/chat/,
    times => 1);
is chat('pair:gpt-4o')->status, 200, 'failover';
$b->status(500, { error => { message => 'x' } }, match => qr/chat/,
    times => 1);
is chat('pair:gpt-4o')->status, 500, 'failure';

my @gpt = (vendor => 'pair', model => 'gpt-4o');
$t->eventually(sub { metrics()->value('model_errors_total', @gpt,
    kind => 'internal') == 1 }, 'the failure');
$m = metrics();
is $m->value('model_failovers_total', @gpt), 1, 'the failover';
is $m->value('model_tries_total', @gpt), 3, 'tries';
is $m->value('model_requests_total', @gpt, outcome => 'server_error'), 1,
    'outcome';
is $m->value('model_server_failures_total', server => $b->address), 2,
    'failures of the server';
is $m->value('model_server_failures_total', server => $c->address), 0,
    'not of the other';

# An answer that is cut, and a stream
$a->truncate(10, match => qr/chat/, times => 2);
$r = $t->post('/api/chat', { model => 'llama3', stream => \0,
    messages => [] });
is $r->status, 200, 'an answer';
ok !$r->complete, 'that is cut';
$r = $t->post('/api/chat', { model => 'llama3', stream => \1,
    messages => [] });
is $r->status, 200, 'a stream';
$t->eventually(sub { metrics()->value('model_requests_total', @llama,
    outcome => 'incomplete') == 2 }, 'incomplete');
is metrics()->value('model_errors_total', @llama, kind => 'stream'), 2,
    'kind of it';
is $t->head('/api/tags')->status, 200, 'HEAD';
$t->eventually(sub { metrics()->value('model_requests_total', vendor => '',
    operation => 'listing', outcome => 'ok') == 2 }, 'is whole');

# In flight, and then not, when the client has left
$a->hold;
my $open = $t->open(POST => '/api/chat', body => { model => 'llama3',
    messages => [] });
$t->eventually(sub { metrics()->value('model_requests_in_flight', @llama)
    == 1 }, 'in flight');
is metrics()->value('model_server_in_flight', vendor => 'ollama'), 1,
    'at the server';
$open->close;
$t->eventually(sub { metrics()->value('model_requests_total', @llama,
    outcome => 'canceled') == 1 }, 'canceled');
$m = metrics();
is $m->value('model_requests_in_flight', @llama), 0, 'nothing in flight';
is $m->value('model_server_in_flight', vendor => 'ollama'), 0,
    'nor at the server';
is $m->value('model_errors_total', @llama, kind => 'canceled'), 1, 'kind';
$a->ok->release;

# Every histogram adds up
is join("\n", $m->faults), '', 'well formed';

$t->done;
