#!/usr/bin/perl

# Tests for models that no server up has: listed for the grace of "discover",
# then not, and again when a server is back.  Their names keep their meaning.

use FindBin;
use lib "$FindBin::Bin/lib";

use ModelTest;

my $t = ModelTest->new;

my $a = $t->ollama('a', models => ['llama3', 'qwen:7b']);
my $b = $t->ollama('b', models => ['llama3']);
my $c = $t->openai('c', models => ['gpt']);
my $d = $t->openai('d', models => ['phi']);
my $e = $t->ollama('e', models => ['llama3', 'only-e']);
$c->refuse;

$t->conf(<<'CONF')->start;
upstream many { server {{b}}; server {{e}}; }
model_vendor a { prefix off; discover 100ms grace=2s; proxy_pass http://{{a}};
    model extra; }
model_vendor b { prefix off; discover 100ms; proxy_pass http://{{b}}; }
model_vendor c { discover off; dialect openai; proxy_pass http://{{c}};
    model fixed; }
model_vendor d { discover 100ms grace=0; dialect openai; model extra;
    proxy_pass http://{{d}}; }
model_vendor many { discover 100ms grace=0; proxy_pass http://many; }
server { {{listen}} location / { model_pass; } }
CONF

my ($of_a, $of_d, $rest) = ('extra llama3:latest qwen:7b', 'd:extra d:phi',
    'c:fixed many:llama3:latest many:only-e:latest');
my %shapes = ('/api/tags' => ['models', 'name'],
    '/v1/models' => ['data', 'id'], '/api/v1/models' => ['models', 'key']);

sub list {
    my ($path, @o) = @_;
    my ($array, $key) = @{ $shapes{$path} };
    return join ' ', sort map { $_->{$key} }
        @{ $t->get($path, @o)->json->{$array} };
}

sub all { return join ' ', sort map { split } @_ }

sub shows {
    my ($name, @names) = @_;
    my $want = all(@names);
    is list($_), $want, "$name: $_" for sort keys %shapes;
    is list('/v1/models', headers => { 'anthropic-version' => '2023-06-01' }),
        $want, "$name: Anthropic's list";
}

sub chat {
    my ($model) = @_;
    return $t->post('/api/chat', { model => $model, stream => \0,
        messages => [{ role => 'user', content => 'x' }] });
}

shows('all up', $of_a, $of_d, $rest);
my $etag = $t->get('/api/tags')->header('etag');

# No grace: at once, and what is only declared as well
$d->refuse;
$t->eventually(sub { list('/api/tags') eq all($of_a, $rest) }, 'no grace');
is $t->get('/v1/models/d:phi')->status, 200, 'a hidden model is known';
is $t->get('/v1/models/d:nothing')->status, 404, 'another is not';
isnt $t->get('/api/tags')->header('etag'), $etag, 'another tag';

# A grace; the other vendor's model of this name is not what the name means
$a->refuse;
$t->eventually(sub { $t->count_log(qr/vendor "a" server .* is down/) },
    'a is down');
my $down = time;
like list('/api/tags'), qr/^.*llama3:latest.*qwen:7b/, 'listed for the grace';
$t->eventually(sub { list('/api/tags') eq all($rest) }, 'then hidden', 10);
cmp_ok time - $down, '>=', 2, 'not before';
shows('hidden', $rest);

$b->clear;
for my $model ('llama3', 'llama3:latest', 'qwen:7b') {
    my $r = chat($model);
    is $r->status, 503, "$model: 503";
    is $r->header('retry-after'), 5, "$model: when to try again";
    is $r->json->{error}, 'vendor "a" could not be reached',
        "$model: which vendor";
}
is $b->hits(qr/chat/), 0, 'not the other vendor';
is $t->get('/v1/models/qwen:7b')->json->{id}, 'qwen:7b', 'described still';
is $t->get('/api/v1/models')->status, 200, 'other lists';

# A reload keeps them hidden
$t->reload;
is list('/api/tags'), all($rest), 'hidden over a reload';

# Back within an interval
$a->accept;
$t->eventually(sub { list('/api/tags') eq all($of_a, $rest) }, 'back', 2);
is chat('llama3')->status, 200, 'and answers';
$d->accept;
$t->eventually(sub { list('/api/tags') eq all($of_a, $of_d, $rest) },
    'all are back', 2);
is $t->get('/api/tags')->header('etag'), $etag, 'the tag of before';

# Of several servers one is enough
$e->refuse;
$t->eventually(sub { list('/api/tags') eq all($of_a, $of_d,
    $rest =~ s/ many:only-e:latest//r) }, 'one of two servers');
$e->accept;
$t->eventually(sub { list('/api/tags') =~ /only-e/ }, 'which comes back');

$t->done;
