#!/usr/bin/perl

# Tests for discovery: the servers of an Ollama vendor, each by its address.

use FindBin;
use lib "$FindBin::Bin/lib";

use ModelTest;

my $t = ModelTest->new(access_log => 1);

my $first = $t->ollama('first', version => '0.12.3', models => ['llama3',
    { name => 'tiny:1b', context_length => 2048 }]);
my $second = $t->ollama('second', version => '0.11.0', models => ['llama3',
    'qwen3']);
my $down = $t->ollama('down', models => ['never']);
my $spare = $t->ollama('spare', models => ['reserve']);

$t->conf(<<'CONF')->start;
upstream many {
    zone many 64k;
    server {{first}};
    server {{second}};
    server {{down}} down;
    server {{spare}} backup;
}
model_vendor many { proxy_pass http://many; discover 100ms; }
server {
    {{listen}}
    location / { model_pass; }
    location = /stub { stub_status; }
}
CONF

sub names { return join ' ', sort map { $_->{name} } @{ $_[0]->json->{models} } }

# The first listing waits for all servers
my $r = $t->get('/api/tags');
is $r->status, 200, 'status of the first listing';
is names($r), 'many:llama3:latest many:qwen3:latest many:reserve:latest '
    . 'many:tiny:1b', 'models of all servers, each once';
is $t->get('/api/version')->json->{version}, '0.11.0', 'smallest version';

# Each server was asked itself, and by a Host that it accepts
is $down->hits(qr/./), 0, 'a server that is marked down is not asked';

for my $server ($first, $second, $spare) {
    my $name = $server->name;
    ok $server->hits(qr{^GET /api/tags$}), "$name: tags";
    ok $server->hits(qr{^GET /api/version$}), "$name: version";
    ok $server->hits(qr{^GET /api/ps$}), "$name: ps";
}

my $tags = $first->last(qr{^GET /api/tags});
is $tags->body_length, 0, 'a question without body';
is $tags->header('accept'), 'application/json', 'Accept';

my $show = $first->last(qr{^POST /api/show});
is $show->header('content-type'), 'application/json', 'Content-Type of show';
is $show->header('content-length'), length $show->body, 'length of show';

# Over and over, but a show document only once per digest
$t->eventually(sub { $first->hits(qr{/api/tags}) > 5
    && $second->hits(qr{/api/tags}) > 5 }, 'asked at each interval');
is $first->hits(qr{/api/show}), 2, 'first: a show for each digest';
is $second->hits(qr{/api/show}), 2, 'second: a show for each digest';

# A new model is found, and it alone is asked about
$first->set(models => ['llama3', { name => 'tiny:1b', context_length => 2048 },
    { name => 'fresh', capabilities => ['completion', 'vision'] }]);
$t->eventually(sub { names($t->get('/api/tags')) =~ /many:fresh/ },
    'a new model is listed');
$t->eventually(sub { $first->hits(qr{/api/show}) == 3 }, 'and asked about');
is $first->last(qr{/api/show})->json->{model}, 'fresh:latest', 'by its name';

# The next question comes when the answers of the one before are in place
my $n = $first->hits(qr{/api/tags});
$t->eventually(sub { $first->hits(qr{/api/tags}) > $n }, 'asked again');

$first->hang(match => qr{/api/show});
$r = $t->post('/api/show', { model => 'many:fresh:latest' });
is $r->status, 200, 'show while the server hangs';
ok !!(grep { $_ eq 'vision' } @{ $r->json->{capabilities} }),
    'show tells the capabilities';
is $r->json->{license}, undef, 'show is reduced';
$first->ok;

# One that went is gone
$second->set(models => ['llama3']);
$t->eventually(sub { names($t->get('/api/tags')) !~ /qwen3/ },
    'a deleted model is not listed');

# State changes are told once, requests of our own not at all
for my $server ($first, $second, $spare) {
    my $address = $server->address;
    is $t->count_log(qr/vendor "many" server "$address" is up, \d+ model/), 1,
        $server->name . ' came up once';
}
is $t->count_log(qr/is down/), 0, 'none went down';
unlike $t->access_log, qr{/api/ps}, 'nothing in the access log';

SKIP: {
    skip 'no stub_status', 1 if !$t->has('http_stub_status');
    $t->eventually(sub { my $stub = $t->get('/stub')->body;
        $stub =~ /^Active connections: 1 / && $stub =~ /Reading: 0 Writing: 1/ },
        'no connection of ours is left or counted');
}

$t->done;
