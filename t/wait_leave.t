#!/usr/bin/perl

# Tests for requests that wait for a list, for a document or for a name: they
# end with their client, and what is done for them ends too.

use FindBin;
use lib "$FindBin::Bin/lib";

use ModelTest;
use ModelTest::DNS;

my $t = ModelTest->new->needs('http_stub_status');
my $a = $t->ollama('a', models => ['llama3']);
my $b = $t->ollama('b', models => ['qwen'])->hang;
my $dns = ModelTest::DNS->new('no.test' => 'drop');
my $h2 = $t->has('http_v2');

$t->conf(<<"DNS" . <<'CONF' . ($h2 ? <<'H2' : ''))->start;
resolver @{[$dns->address]} valid=1s ipv6=off;
resolver_timeout 20s;
DNS
model_vendor a { proxy_pass http://{{a}}; discover 1h timeout=20s; }
model_vendor b { proxy_pass http://{{b}}; discover 1h timeout=20s; }
model_vendor name { proxy_pass http://no.test:{{a.port}}; discover off;
    model m; }
server {
    {{listen}}
    location / { model_pass; }
    location /known/ { model_pass a name; }
}
server { {{listen:status}} location = /status { stub_status; } }
CONF
server { {{listen:h2 http2}} location / { model_pass; }
    location /known/ { model_pass a name; } }
H2

my $status = $t->client(listen => 'status');

sub active { return $status->get('/status')->body =~ /^Active.*?(\d+)/
    ? $1 - 1 : die "no status\n" }
sub waiting { my $n = shift; $t->eventually(sub { active() >= $n }, shift) }
sub gone { my $name = shift; my $n = shift // 0;
    $t->eventually(sub { active() <= $n }, "$name: is gone", 1) }

$t->eventually(sub { $t->get('/known/api/tags')->body =~ /llama3/ },
    'one vendor is known');
$b->wait_for(1);

# Discovery of b hangs, its connection to itself counts
my $base = do { gone('nothing else', 2); active() };
my $show = { model => 'a:llama3', verbose => \1 };
my @cases = (
    ['listing', GET => '/api/tags'], ['openai', GET => '/v1/models'],
    ['one model', GET => '/v1/models/b%2Fnew'],
    ['a name', POST => '/api/chat', { model => 'unknown' }],
    ['a name, completions', POST => '/v1/chat/completions',
        { model => 'unknown' }],
    ['show', POST => '/known/api/show', $show],
    ['ps', GET => '/known/api/ps'],
    ['resolver', POST => '/known/api/chat', { model => 'name:m' }],
);

$a->hang(match => qr{/api/(?:show|ps)});

for my $case (@cases) {
    my ($name, $method, $uri, $body) = @$case;
    my @o = defined $body ? (body => $body) : ();

    for my $how (qw(close abort shutdown)) {
        my $r = $t->open($method, $uri, @o);
        $r->client->shutdown if $how eq 'shutdown';
        waiting($base + 1, "$name, $how: under way") if $how ne 'shutdown';
        $r->$how if $how ne 'shutdown';
        ok $r->client->wait_closed(1), "$name: half closed is closed"
            if $how eq 'shutdown';
        gone("$name, $how", $base + ($name eq 'ps' ? 2 : 0));
    }

    next if !$h2;
    my $c = $t->h2(listen => 'h2');
    my $r = $c->open($method, $uri, @o);
    $r->reset(8);
    is $c->get('/known/')->status, 200, "$name, HTTP/2: another stream";
    $c->close;
    gone("$name, HTTP/2", $base + ($name eq 'ps' ? 2 : 0));
}

is $t->get('/known/')->body, 'Ollama is running', 'nginx is well';
$b->ok->reset_all;
$a->ok->reset_all;
$t->eventually(sub { $t->get('/api/tags')->status == 200 }, 'goes on');

$dns->stop;
$t->done;
