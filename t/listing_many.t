#!/usr/bin/perl

# Tests for listings of a thousand models: whole and valid in each shape.

use FindBin;
use lib "$FindBin::Bin/lib";

use Digest::SHA 'sha256_hex';

use ModelTest;

my $t = ModelTest->new;

my @names = map { sprintf "ns%d/model%04d:%db", $_ % 7, $_, $_ % 70 }
    1 .. 500;
my @ids = map { "org/caf\xc3\xa9 \"$_\" \\ <&>" } 1 .. 500;

my $a = $t->ollama('a', models => \@names);
my $b = $t->openai('b', style => 'openrouter', models => \@ids);
$a->status(404, { error => 'none' }, match => qr/show/);

$t->conf(<<'CONF')->start;
model_vendor a { proxy_pass http://{{a}}; }
model_vendor b { proxy_pass http://{{b}}; dialect openai; }
server { {{listen}} location / { model_pass; } }
CONF

sub sum { return sha256_hex(join "\n", @_) }

my @want = ((map { "a:$_" } @names), (map { "b:$_" } @ids));
utf8::decode($_) for @want;

for my $case (['/api/tags', 'models', 'name'], ['/v1/models', 'data', 'id'],
    ['/api/v1/models', 'models', 'key'])
{
    my ($path, $array, $key) = @$case;
    my $r = $t->get($path);
    is $r->status, 200, "$path: status";
    is $r->header('content-length'), length $r->body, "$path: length";
    my @got = map { $_->{$key} } @{ $r->json->{$array} };
    is scalar(@got), 1000, "$path: number";
    is sum(@got), sum(@want), "$path: names";
}

my $j = $t->get('/v1/models?limit=1000',
    headers => { 'anthropic-version' => '2023-06-01' })->json;
is sum(map { $_->{id} } @{ $j->{data} }), sum(@want),
    'Anthropic shape: names';
ok !$j->{has_more}, 'Anthropic shape: all of it';

# A slow reader gets the same
my $r = $t->get('/v1/models');
my $slow = $t->client(rcvbuf => 4096);
ok $slow->request('GET', '/v1/models', undef)->body eq $r->body,
    'slow reader';

# Each can be asked for by its name
for my $id (@want[0, 499, 500, 999]) {
    utf8::encode(my $bytes = $id);
    my $uri = $bytes =~ s/([^A-Za-z0-9])/sprintf '%%%02X', ord $1/ger;
    is $t->get("/v1/models/$uri")->json->{id}, $id, "one of many";
}

$t->done;
