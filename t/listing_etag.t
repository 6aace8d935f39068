#!/usr/bin/perl

# Tests for ETag and 304 of each listing.

use FindBin;
use lib "$FindBin::Bin/lib";

use ModelTest;

my $t = ModelTest->new(workers => 2);

my $acme = $t->ollama('acme', models => ['llama3']);
my $vllm = $t->openai('vllm', style => 'vllm', models => ['served']);

$t->conf(<<'CONF')->start;
model_vendor acme { proxy_pass http://{{acme}}; discover 100ms; }
model_vendor vllm { proxy_pass http://{{vllm}}; dialect openai;
    discover 100ms; }
server {
    {{listen}}
    location / { model_pass; }
    location /sub/ { model_pass acme; }
}
CONF

my @a = ('anthropic-version' => '2023-06-01');
my @lists = (['/api/tags'], ['/v1/models'], ['/v1/models', @a],
    ['/api/v1/models'], ['/v1/models/acme:llama3'], ['/api/version']);
my %etag;

for my $list (@lists) {
    my ($path, @h) = @$list;
    my $name = @h ? "$path Anthropic" : $path;

    my $r = $t->get($path, headers => [@h]);
    my $etag = $etag{$name} = $r->header('etag');
    like $etag, qr{^(?:W/)?"[^"]+"$}, "$name: ETag";

    # The same in each worker, over the questions of discovery
    my $n = $acme->hits(qr/tags/);
    $t->eventually(sub { $acme->hits(qr/tags/) > $n + 1 }, "$name: asked");
    is $t->get($path, headers => [@h])->header('etag'), $etag,
        "$name: the same" for 1 .. 4;

    for my $match ($etag, "\"x\", $etag", '*', $etag =~ s{^W/}{}r) {
        $r = $t->get($path, headers => [@h, 'If-None-Match' => $match]);
        is $r->status, 304, "$name: 304 for $match";
        is $r->body, '', "$name: without body";
        is $r->header('etag'), $etag, "$name: with ETag";
    }

    is $t->head($path, headers => [@h, 'If-None-Match' => $etag])->status,
        304, "$name: 304 for HEAD";
    is $t->get($path, headers => [@h, 'If-None-Match' => '"other"'])->status,
        200, "$name: 200 for another one";
}

isnt $etag{'/v1/models'}, $etag{'/v1/models Anthropic'}, 'one for each shape';
isnt $t->get('/sub/api/tags')->header('etag'), $etag{'/api/tags'},
    'one for each set of models';

# What changes the catalogue changes them
$acme->set(models => [{ name => 'llama3', context_length => 4242,
    size => 5, digest => 'e' x 64 }, 'new'], version => '0.11.1');
$t->eventually(sub { $t->get('/api/tags')->body =~ /acme:new.*4242|4242.*new/ },
    'the catalogue changes');
$t->eventually(sub { $t->get('/api/version')->body =~ /0\.11\.1/ },
    'the version changes');

for my $list (@lists) {
    my ($path, @h) = @$list;
    my $name = @h ? "$path Anthropic" : $path;
    my $old = $etag{$name};
    my $r = $t->get($path, headers => [@h, 'If-None-Match' => $old]);
    is $r->status, 200, "$name: sent again";
    isnt $r->header('etag'), $old, "$name: another ETag";
}

$t->done;
