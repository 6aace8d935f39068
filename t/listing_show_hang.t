#!/usr/bin/perl

# Tests for POST /api/show while the model's server hangs or is down.

use FindBin;
use lib "$FindBin::Bin/lib";

use ModelTest;

my $t = ModelTest->new;

my $acme = $t->ollama('acme', models => ['llama3', 'qwen2:7b']);
my $mute = $t->ollama('mute', models => ['seer']);
my $dead = $t->ollama('dead', models => ['late']);
$mute->hang(match => qr/show/);

$t->conf(<<'CONF')->start;
model_vendor acme { proxy_pass http://{{acme}}; }
model_vendor mute { proxy_pass http://{{mute}}; }
model_vendor dead { proxy_pass http://{{dead}}; discover 100ms timeout=1s; }
server { {{listen}} location / { model_pass; } }
CONF

# All show documents that can be had are known
$t->eventually(sub { @{ $t->get('/api/tags')->json->{models} } == 4 },
    'listed');
my $full = $t->post('/api/show', { model => 'acme:llama3' })->json;
is $full->{license}, 'MIT', 'whole while the server answers';

# The first one that hangs costs a second, those after it nothing
$acme->hang(match => qr/show/);
my $r = $t->post('/api/show', { model => 'acme:llama3' });
is $r->status, 200, 'hanging: status';
cmp_ok $r->time, '<', 1.5 * $t->factor, 'hanging: soon';

my $j = $r->json;
is_deeply $j->{details}, $full->{details}, 'reduced: details';
is_deeply $j->{capabilities}, $full->{capabilities}, 'reduced: capabilities';
is $j->{model_info}{'llama.context_length'}, 8192, 'reduced: context';
is $j->{parameters}, $full->{parameters}, 'reduced: parameters';
is $j->{template}, $full->{template}, 'reduced: template';
is $j->{license}, undef, 'reduced: no license';

my $n = $acme->hits(qr/show/);

for my $name ('llama3', 'qwen2:7b') {
    $r = $t->post('/api/show', { name => "acme:$name" });
    is $r->status, 200, "$name: later: status";
    cmp_ok $r->time, '<', 0.5 * $t->factor, "$name: later: at once";
}

is $acme->hits(qr/show/), $n, 'the server is left alone for a while';

# big-AGI asks for all models at once
$r = [map { $t->open('POST', '/api/show', body => { name => $_ }) }
    ('acme:llama3', 'acme:qwen2:7b', 'mute:seer') x 3];
for (@$r) {
    $_->finish;
    is $_->status, 200, 'in parallel: status';
    cmp_ok $_->time, '<', 1.5 * $t->factor, 'in parallel: soon';
    $_->close;
}

# One whose show document never came is told from the list
$r = $t->post('/api/show', { model => 'mute:seer' });
is $r->status, 200, 'never shown: status';
is_deeply $r->json->{capabilities}, ['completion', 'tools'],
    'never shown: capabilities';
is $r->json->{details}{context_length}, 8192, 'never shown: context';
cmp_ok $r->time, '<', 0.5 * $t->factor, 'never shown: at once';

# A server that is down is not asked at all
$dead->refuse;
$t->eventually(sub { $t->count_log(qr/vendor "dead" \S+ \S+ is down/) },
    'down');
$r = $t->post('/api/show', { model => 'dead:late' });
is $r->status, 200, 'down: status';
is $r->json->{model_info}{'llama.context_length'}, 8192, 'down: context';
cmp_ok $r->time, '<', 0.5 * $t->factor, 'down: at once';

$t->done;
