#!/usr/bin/perl

# Tests for discovery: servers of OpenAI's and Anthropic's dialects.

use FindBin;
use lib "$FindBin::Bin/lib";

use ModelTest;

my $t = ModelTest->new(env => { KEY => 'sk-good', ANT => 'sk-ant-good' });

my $vllm = $t->openai('vllm', style => 'vllm', models => ['served']);
my $cloud = $t->openai('cloud', keys => ['sk-good'], base => '/openai/v1',
    models => ['gpt-a', 'gpt-b']);
my $claude = $t->anthropic('claude', keys => ['sk-ant-good'], page => 2,
    models => [map { "claude-$_" } 'a' .. 'e']);
my $studio = $t->openai('studio', style => 'lmstudio', models => ['local/m']);
my $both = $t->ollama('both', models => ['llama3']);
my $none = $t->openai('none', on => { 'GET /v1/models' =>
    { json => { object => 'list', data => undef } } });
my $array = $t->openai('array', on => { 'GET /v1/models' =>
    { json => [{ id => 'bare', object => 'model' }] } });

$t->conf(<<'CONF')->start;
model_vendor vllm { proxy_pass http://{{vllm}}; dialect openai;
    discover 100ms; }
model_vendor cloud { proxy_pass http://{{cloud}}/openai/v1; dialect openai;
    key env:KEY; discover 100ms; }
model_vendor claude { proxy_pass http://{{claude}}; dialect anthropic;
    key env:ANT; discover 100ms; }
model_vendor studio { proxy_pass http://{{studio}}; dialect openai;
    discover 100ms; }
model_vendor both { proxy_pass http://{{both}}; dialect openai ollama;
    discover 100ms; }
model_vendor none { proxy_pass http://{{none}}; dialect openai;
    discover 100ms; }
model_vendor array { proxy_pass http://{{array}}; dialect openai;
    discover 100ms; }
model_vendor off { proxy_pass http://{{cloud}}/openai/v1; dialect openai;
    discover off; model declared; }
server { {{listen}} location / { model_pass; } }
CONF

my $r = $t->get('/v1/models');
is $r->status, 200, 'status';
is join(' ', map { $_->{id} } @{ $r->json->{data} }),
    'vllm:served cloud:gpt-a cloud:gpt-b '
    . join(' ', map { "claude:claude-$_" } 'a' .. 'e')
    . ' studio:local/m both:llama3:latest array:bare off:declared',
    'models of all, in order';

# Credentials, paths, pages
is $cloud->last(qr/GET/)->header('authorization'), 'Bearer sk-good',
    'key of an OpenAI vendor';
is $claude->last(qr/GET/)->header('x-api-key'), 'sk-ant-good',
    'key of an Anthropic vendor';
is $claude->last(qr/GET/)->header('anthropic-version'), '2023-06-01',
    'version of an Anthropic vendor';
ok $claude->hits(qr{^GET /v1/models\?limit=1000$}), 'first page';
ok $claude->hits(qr{^GET /v1/models\?limit=1000&after_id=claude-b$}),
    'second page';
ok $claude->hits(qr{^GET /v1/models\?limit=1000&after_id=claude-d$}),
    'third page';
ok !$both->hits(qr{^GET /v1/models}), 'one dialect is asked';
ok $both->hits(qr{^POST /api/show}), 'the one that tells most';

# An empty list is an answer
$t->eventually(sub { $t->count_log(qr/vendor "none" \S+ \S+ is up, 0 models/)
    }, 'none: is up');

# vLLM tells another time at each question; that is no change
my ($entry) = grep { $_->{id} eq 'vllm:served' } @{ $r->json->{data} };
unlike $r->body, qr/"root"|"permission"/, 'no paths of a server';
my $n = $vllm->hits(qr{/v1/models});
my $time = time;
$t->eventually(sub { time > $time + 1 && $vllm->hits(qr{/v1/models}) > $n + 3
    }, 'asked again');
my ($again) = grep { $_->{id} eq 'vllm:served' }
    @{ $t->get('/v1/models')->json->{data} };
is $again->{created}, $entry->{created}, 'created stays';

is $t->count_log(qr/is down/), 0, 'none is down';

$t->done;
