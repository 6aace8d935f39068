#!/usr/bin/perl

# Tests for requests that waited: their answer, the connection after it, a
# reload and a stop in between.

use FindBin;
use lib "$FindBin::Bin/lib";

use ModelTest;

my $t = ModelTest->new;
my $a = $t->ollama('a', models => ['llama3', 'qwen']);
$a->delay(0.4, match => qr/tags/);
my $h2 = $t->has('http_v2');

my $conf = <<'CONF' . ($h2 ? <<'H2' : '');
client_max_body_size 100m;
model_vendor a { proxy_pass http://{{a}}; discover 100ms timeout=4s; }
server { {{listen}} location / { model_pass; gzip on; gzip_types *; } }
CONF
server { {{listen:h2 http2}} location / { model_pass; } }
H2

$t->conf($conf)->start;

my $chat = { model => 'qwen', stream => \0,
    messages => [{ role => 'user', content => 'x' }] };

sub answered {
    my ($name, $r, $second) = @_;
    is $r->finish->status, 200, "$name: status";
    return if !$second;
    is $r->client->get('/api/version')->status, 200, "$name: next request";
}

# Parked, with all that may come behind a request
my $tags = $t->open(GET => '/api/tags');
my $head = $t->open(HEAD => '/api/tags');
my $post = $t->open(POST => '/api/chat', body => $chat);
my $show = $t->open(POST => '/api/show', body => { model => 'qwen' });
my $gzip = $t->open(GET => '/v1/models',
    headers => ['Accept-Encoding' => 'gzip']);
my $body = $t->open(GET => '/api/tags', body => 'x' x 100);
my $late = $t->open(GET => '/api/tags', body => 'x' x 100000, part => 1,
    headers => ['Content-Length' => 200000]);
my $chunks = $t->open(GET => '/api/tags', body => 'abc', chunked => 1,
    part => 1);
my $pipe = $t->client;
my @pipe = map { ModelTest::Response->new($pipe, 'GET', keep => 1) } 1 .. 3;
$pipe->write(join '', map { "GET $_ HTTP/1.1\r\nHost: x\r\n\r\n" }
    '/api/tags', '/v1/models', '/');
my $c = $h2 && $t->h2(listen => 'h2');
my @streams = $h2 ? (map({ $c->open(GET => $_) } '/api/tags', '/v1/models'),
    $c->open(POST => '/api/chat', body => $chat)) : ();

$a->wait_for(1);
ok !$tags->client->wait_closed(0.1), 'nothing is answered early';
is $tags->client->{buf}, '', 'not a byte';

answered('tags', $tags, 1);
like $tags->body, qr/"a:qwen:latest"/, 'tags: the list';
answered('HEAD', $head, 1);
answered('chat', $post, 1);
is $a->last(qr/chat/)->json->{model}, 'qwen', 'chat: went to its vendor';
answered('show', $show, 1);
answered('gzip', $gzip, 1);
is $gzip->header('content-encoding'), 'gzip', 'gzip: is it';
answered('body', $body, 1);

answered('late body', $late);
$late->write('x' x 100000);
is $late->client->get('/')->status, 200, 'late body: next request';

answered('late chunks', $chunks);
$chunks->write_chunk('def');
$chunks->end_chunks;
is $chunks->client->get('/')->status, 200, 'late chunks: next request';

is join(' ', map { $_->finish->status } @pipe), '200 200 200', 'pipelined';
is $pipe[2]->body, 'Ollama is running', 'pipelined: in order';

if ($h2) {
    is join(' ', map { $_->finish->status } @streams), '200 200 200',
        'HTTP/2 streams';
    like $streams[0]->body, qr/a:qwen/, 'HTTP/2: the list';
    $c->close;
}

# A reload while requests wait: they get their answer of the old worker
$t->stop;
$a->clear;
$t->start;
$a->wait_for(1);
$tags = $t->open(GET => '/api/tags');
$post = $t->open(POST => '/api/chat', body => $chat);
$show = $t->open(POST => '/api/show', body => { model => 'a:qwen' });
ok !$tags->client->wait_closed(0.1), 'they wait again';
my ($old) = reverse $t->workers;
$t->reload($conf, wait => 0);
answered('reload, tags', $tags);
like $tags->body, qr/"a:qwen:latest"/, 'reload, tags: the list';
answered('reload, chat', $post);
answered('reload, show', $show);
$_->close for $tags, $post, $show;
$t->eventually(sub { !kill 0, $old }, 'the old worker leaves');

# A stop while requests wait does not wait for ever
$t->stop;
$a->clear;
$t->start;
$a->wait_for(1);
my @all = map { $t->open(GET => '/api/tags') } 1 .. 3;
ok !$all[0]->client->wait_closed(0.02), 'they wait once more';

$t->done;
