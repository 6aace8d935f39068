#!/usr/bin/perl

# Tests for GET /api/ps: what is loaded on all servers of all vendors.

use FindBin;
use lib "$FindBin::Bin/lib";

use ModelTest;

my $t = ModelTest->new;

my $a = $t->ollama('a', models => ['llama3', 'qwen2:7b'],
    loaded => ['llama3', 'qwen2:7b']);
my $b = $t->ollama('b', models => ['llama3', 'hidden'],
    loaded => ['llama3', 'hidden']);
my $c = $t->ollama('c', models => ['phi'], loaded => ['phi']);
my $dead = $t->ollama('dead', models => ['x'], loaded => ['x']);
$t->openai('cloud', models => ['gpt-4o']);
$dead->refuse;

$t->conf(<<'CONF')->start;
upstream pair { server {{a}}; server {{b}}; }
model_vendor pair { proxy_pass http://pair; expose llama* qwen*; }
model_vendor solo { proxy_pass http://{{c}}; prefix off; }
model_vendor dead { proxy_pass http://{{dead}}; discover 30s timeout=1s; }
model_vendor cloud { proxy_pass http://{{cloud}}; dialect openai; }
server {
    {{listen}}
    location / { model_pass; }
    location /solo/ { model_pass solo cloud; }
}
CONF

sub names {
    my $r = $t->get(($_[0] // '') . '/api/ps');
    return join ' ', map { $_->{name} } @{ $r->json->{models} };
}

# By rank, each once, only what is listed; a dead server costs nothing
my $r = $t->get('/api/ps');
is $r->status, 200, 'status';
is names(), 'pair:llama3:latest pair:qwen2:7b phi:latest', 'names';
is names('/solo'), 'phi:latest', 'of the location';

# Every field of the real one
my ($phi) = grep { $_->{name} eq 'phi:latest' } @{ $r->json->{models} };
my $real = $t->get('/api/ps', port => $c->port)->json->{models}[0];
$_->{expires_at} =~ s/T.*// for $phi, $real;
is_deeply $phi, $real, 'an entry, without a prefix';

my ($llama) = grep { $_->{name} =~ /llama/ } @{ $r->json->{models} };
is $llama->{model}, 'pair:llama3:latest', 'model as name';
like $llama->{expires_at}, qr/^\d{4}-\d\d-\d\dT/, 'expires_at';
ok $llama->{size_vram} > 0, 'size_vram';
is $llama->{context_length}, 4096, 'context_length';

# Ollama has no HEAD here
is $t->head('/api/ps')->status, 200, 'HEAD is answered all the same';

# What one server unloads, another may still have
$a->set(loaded => ['qwen2:7b']);
$c->set(loaded => []);
$t->eventually(sub { join(' ', sort split / /, names())
    eq 'pair:llama3:latest pair:qwen2:7b' },
    'unloaded', 10);

$t->done;
