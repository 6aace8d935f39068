#!/usr/bin/perl

# Tests for listings over a reload: what was known is listed at once.

use FindBin;
use lib "$FindBin::Bin/lib";

use ModelTest;

my $t = ModelTest->new(workers => 2);

my $acme = $t->ollama('acme', models => ['llama3', 'qwen2:7b'],
    version => '0.11.4');
my $cloud = $t->openai('cloud', models => ['gpt-4o']);

my $vendors = <<'CONF';
model_vendor acme { proxy_pass http://{{acme}}; discover 100ms timeout=2s; }
model_vendor cloud { proxy_pass http://{{cloud}}; dialect openai;
    discover 100ms timeout=2s; }
CONF

$t->conf($vendors . <<'CONF')->start;
server { {{listen}} location / { model_pass; } }
CONF

my @paths = ('/api/tags', '/v1/models', '/api/v1/models', '/api/version',
    '/v1/models/acme:llama3');
my %before = map { $_ => $t->get($_)->body } @paths;
$t->eventually(sub { $t->get('/v1/models')->body =~ /acme.*cloud/ }, 'known');
%before = map { $_ => $t->get($_)->body } @paths;

# Servers that went away before the reload
$acme->stop;
$cloud->stop;
$t->reload($vendors . <<'CONF');
server { {{listen}} location / { model_pass; } }
CONF

for my $path (@paths) {
    my $r = $t->get($path);
    is $r->body, $before{$path}, "$path: as before";
    cmp_ok $r->time, '<', 0.5 * $t->factor, "$path: at once";
}

# Told as down, with what was known
$t->eventually(sub { $t->count_log(qr/is down/) >= 2 }, 'down');
is $t->get('/api/tags')->body, $before{'/api/tags'}, 'stale data stays';
is $t->post('/api/show', { model => 'acme:llama3' })->json
    ->{model_info}{'llama.context_length'}, 8192, 'show as well';

# Other options of a vendor show at once
$t->reload("model_separator /;\n" . $vendors =~ s/100ms/1h/gr
    =~ s/(acme \{)/$1 prefix off; expose qwen*;/r
    =~ s/(cloud \{)/$1 rank 0; model gpt-5;/r
    . "server { {{listen}} location / { model_pass; } }\n");
is join(' ', map { $_->{name} } @{ $t->get('/api/tags')->json->{models} }),
    'cloud/gpt-4o cloud/gpt-5 qwen2:7b', 'rank, prefix, expose, model';

# A vendor that went is not listed
$t->reload("server { {{listen}} location / { model_pass; } }\n"
    . $vendors =~ s/100ms/1h/gr =~ s/model_vendor cloud.*//sr);
is join(' ', map { $_->{name} } @{ $t->get('/api/tags')->json->{models} }),
    'acme:llama3:latest acme:qwen2:7b', 'the one that stayed';

$t->done;
