#!/usr/bin/perl

# Tests for GET /api/tags: order, names, every field that the servers sent.

use FindBin;
use lib "$FindBin::Bin/lib";

use ModelTest;

my $t = ModelTest->new;

my $acme = $t->ollama('acme', models => [
    { name => 'llama3', extra => { big => 12345678901234567890,
        odd => [1.50, { deep => "caf\xc3\xa9 \"x\"" }, $ModelTest::JSON::FALSE],
        none => undef } },
    'ns/qwen2.5:7b',
    { name => 'hub.test/org/phi:q4', families => undef, family => 'phi3' },
    { name => 'stub:cloud', size => 384, remote_model => 'gpt-oss:120b',
        remote_host => 'https://ollama.com:443' },
]);
my $old = $t->ollama('old', old => 1, models => ['mistral', 'llama2:7b-chat']);
my $top = $t->ollama('top', models => ['first', 'llama3']);
my $bare = $t->ollama('bare', models => ['own-name', 'llama3']);

$t->conf(<<'CONF')->start;
model_vendor acme { proxy_pass http://{{acme}}; }
model_vendor old { proxy_pass http://{{old}}; rank 20; }
model_vendor top { proxy_pass http://{{top}}; rank 0; }
model_vendor bare { proxy_pass http://{{bare}}; prefix off; rank 10; }
server { {{listen}} location / { model_pass; } }
CONF

my $r = $t->get('/api/tags');
is $r->status, 200, 'status';
is $r->header('content-type'), 'application/json; charset=utf-8', 'type';
is $r->header('content-length'), length $r->body, 'length';
unlike $r->body, qr/\n/, 'one line';

my %real;
for my $server ($acme, $old, $top, $bare) {
    my $name = $server->name;
    my $prefix = $name eq 'bare' ? '' : "$name:";

    $real{$name} = [map {
        +{ %$_, name => "$prefix$_->{name}", model => "$prefix$_->{name}" }
    } @{ $t->get('/api/tags', port => $server->port)->json->{models} }];
}

# By rank (without one: the order of declaration), each as its server lists
my @got = @{ $r->json->{models} };
my @order = map { @{ $real{$_} } } qw(top acme bare old);
is join(' ', map { $_->{name} } @got), join(' ', map { $_->{name} } @order),
    'order';

# Nothing is lost, also what is not known here; old servers say less
for my $i (0 .. $#order) {
    my ($want, $have) = ($order[$i], $got[$i]);

    if ($want->{name} =~ /^old:/) {
        is delete $have->{details}{context_length}, 8192,
            "$want->{name}: context length of its show document";
    }

    is_deeply $have, $want, "$want->{name}: every field";
}

like $r->body, qr/"big":12345678901234567890\b/, 'long numbers stay';
like $r->body, qr/"odd":\[1\.5,\{"deep":"caf\xc3\xa9 \\"x\\""\},false\]/,
    'bytes stay';

# HEAD is GET without the body
my $h = $t->head('/api/tags');
is $h->status, 200, 'HEAD: status';
is $h->body, '', 'HEAD: no body';
is $h->header('content-length'), $r->header('content-length'), 'HEAD: length';
is $h->header('etag'), $r->header('etag'), 'HEAD: ETag';

# Another method is refused in Ollama's own way
my $p = $t->post('/api/tags', {});
is $p->status, 405, 'POST: status';
like $p->header('allow'), qr/GET/, 'POST: Allow';

$t->done;
