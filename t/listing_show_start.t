#!/usr/bin/perl

# Tests for POST /api/show right after the start: the server that has the model
# is asked, once it is known which one that is.

use FindBin;
use lib "$FindBin::Bin/lib";

use ModelTest;

my $t = ModelTest->new;
my $a = $t->ollama('a', models => ['llama3']);
my $b = $t->ollama('b', models => ['mistral']);
$_->delay(0.5, match => qr/tags/, times => 1) for $a, $b;

$t->conf(<<'CONF')->start;
client_max_body_size 10m;
upstream pair { server {{a}}; server {{b}}; }
model_vendor pair { proxy_pass http://pair; }
server { {{listen}} location / { model_pass; } }
CONF

my @open = map { $t->open('POST', '/api/show', body => { name => $_ }) }
    ('pair:llama3') x 3, 'pair:mistral';

for (@open) {
    $_->finish;
    is $_->status, 200, 'show';
    ok $_->json->{model_info}, 'document';
}

my $r = $t->post('/api/show', { name => 'pair:absent' });
is $r->status, 404, 'absent';

$t->done;
