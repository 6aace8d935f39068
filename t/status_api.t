#!/usr/bin/perl

# Tests for GET <status>/api: what it tells, that it is what the schema says,
# that no secret is in it.

use FindBin;
use lib "$FindBin::Bin/lib";

use ModelTest;
use ModelTest::Schema;

use JSON::PP;

my $t = ModelTest->new(workers => 2, env => { KEY_OF_B => 'sk-b-0123456789' });
my $a1 = $t->ollama('a1', version => '0.12.3', models => ['llama3:8b', 'qwen3:4b'],
    loaded => ['llama3:8b']);
my $a2 = $t->ollama('a2', models => ['llama3:8b']);
my $b = $t->openai('b', models => ['gpt"<b>'], keys => ['sk-b-0123456789']);
my $c = $t->anthropic('c', models => ['claude-x'], keys => ['sk-c-file']);
my $dead = $t->openai('dead');
$dead->refuse;

$t->write_file('key', "sk-c-file\n");
$t->write_file('htpasswd', "joe:{PLAIN}hunter22\n");
$t->write_file('keys', 'joe:' . 'ab' x 32 . " a:*\n");

my $conf = <<'CONF';
model_separator /;
model_zone own:2m;
upstream a {
    zone a 64k;
    server {{a1}} weight=3 max_conns=2;
    server {{a2}} backup;
    server 127.0.0.1:1 down;
    model_aware warm;
    model_queue 5 timeout=7s;
}
model_vendor a {
    proxy_pass http://a;
    label "A <script>";
    rank 2;
    model qwen3:4b context=1234 input_price=0.1 cached_price=2;
}
model_vendor b {
    proxy_pass http://{{b}}/v1;
    dialect openai;
    rank 1;
    key env:KEY_OF_B;
    prefix off;
    discover 1h timeout=2s;
}
model_vendor c {
    proxy_pass http://{{c}};
    dialect anthropic;
    key file:{{dir}}/key;
    proxy_set_header X-Other "sk-other-header";
    discover 1h timeout=2s;
}
model_vendor dead {
    proxy_pass http://{{dead}};
    dialect openai anthropic;
    key literal:sk-dead-literal;
    discover 1h timeout=2s;
}
model_vendor off { proxy_pass http://127.0.0.1:1; discover off; model m;
    key client; force user '"sk-forced"'; }
model_alias fast {
    target a:llama3:8b weight=2;
    target c:claude-x backup;
}
model_alias any/* { target b:*; }
model_alias nested { target fast; }
server {
    {{listen}}
    client_max_body_size 1m;
    server_name gw.test other.test;
    location / { model_pass; model_allow inference manage; }
    location /some/ {
        model_pass a b;
        model_keys file:{{dir}}/keys;
        model_default a:qwen3:4b;
    }
    location /status/ {
        model_status;
        auth_basic "x";
        auth_basic_user_file {{dir}}/htpasswd;
    }
}
server {
    {{listen:two}}
    location / { model_pass c; client_max_body_size 1m; }
}
CONF

$t->conf($conf)->start;

my @auth = (headers => [Authorization => 'Basic am9lOmh1bnRlcjIy']);
my $doc;

sub api {
    my $r = $t->get('/status/api', @auth);
    $doc = $r->json;
    return $r;
}

sub vendor { my ($id) = @_; return (grep { $_->{id} eq $id }
    @{ $doc->{vendors} })[0] }
sub model { my ($id) = @_; return (grep { $_->{id} eq $id }
    @{ $doc->{models} })[0] }

$t->eventually(sub {
    api();
    return !grep { $_->{state} eq 'unknown' && !$_->{down} } map {
        @{ $_->{servers} } } grep { $_->{discover} } @{ $doc->{vendors} };
}, 'all servers are asked');

# Head

is $doc->{nginx}, $t->version, 'nginx';
like $doc->{version}, qr/^\d+\.\d+\.\d+$/, 'version';
cmp_ok abs($doc->{time} - time), '<', 100, 'time';
cmp_ok $doc->{generation}, '>', 4, 'generation';
is ref $doc->{counters}, 'ARRAY', 'counters';

cmp_ok abs($doc->{configured} - time), '<', 100, 'configured';
is join(' ', sort keys %$doc), 'aliases configuration configured counters '
    . 'generation models nginx time vendors version', 'all parts';

# Configuration

my $conf_doc = $doc->{configuration};
my $zone = $conf_doc->{zone};
my $free = delete $zone->{free};
cmp_ok $free, '>', 100_000, 'zone: free';
cmp_ok $free, '<', 2 * 1024 * 1024, 'zone: not all of it';
is_deeply $zone, { name => 'own', size => 2 * 1024 * 1024 }, 'zone';
is $conf_doc->{separator}, '/', 'separator';
is $conf_doc->{workers}, 2, 'workers';

my ($false, $true) = (JSON::PP::false(), JSON::PP::true());
is_deeply $conf_doc->{locations}, [
    { prefix => '/', server => 'gw.test', here => $true, listen => [$t->url],
        keys => $false,
        manage => $true, default => undef,
        vendors => ['b', 'a', 'c', 'dead', 'off'] },
    { prefix => '/some/', server => 'gw.test', here => $true,
        listen => [$t->url], keys => $true,
        manage => $false, default => 'a:qwen3:4b', vendors => ['b', 'a'] },
    { prefix => '/', server => '', here => $false,
        listen => [$t->url('two')], keys => $false,
        manage => $false, default => undef, vendors => ['c'] },
], 'locations' or diag explain $conf_doc->{locations};

# Vendors

is_deeply [map { $_->{id} } @{ $doc->{vendors} }],
    ['b', 'a', 'c', 'dead', 'off'], 'vendors by rank';

my %want = (
    a => { label => 'A <script>', hosting => 'local', url => 'http://a',
        dialects => ['ollama'], key => 'off', prefix => $true,
        discover => $true, interval_ms => 30000, timeout_ms => 5000,
        aware => $true, warm => $true, models => 2,
        queue => { size => 5, timeout_ms => 7000, length => 0 } },
    b => { label => 'b', hosting => 'local',
        url => 'http://' . $b->address . '/v1',
        dialects => ['openai'], key => 'set', prefix => $false,
        discover => $true, interval_ms => 3600000, timeout_ms => 2000,
        aware => $false, warm => $false, models => 1, queue => undef },
    c => { key => 'set', dialects => ['anthropic'] },
    dead => { key => 'set', dialects => ['openai', 'anthropic'],
        models => 0 },
    off => { key => 'client', discover => $false, interval_ms => undef,
        models => 1 },
);

for my $id (sort keys %want) {
    for my $key (sort keys %{ $want{$id} }) {
        is_deeply vendor($id)->{$key}, $want{$id}{$key}, "vendor $id: $key";
    }
}

# Servers

my ($one, $two, $three) = @{ vendor('a')->{servers} };
my %server = (name => $a1->address, address => $a1->address, state => 'up',
    reason => undef, version => '0.12.3', loaded => ['llama3:8b'],
    models => 2, breaker => 'closed', left_ms => 0, failures => 0,
    cooldowns => [], in_flight => 0, tries => 0, failed => 0, max_conns => 2, weight => 3,
    backup => $false, down => $false);

is_deeply $one->{$_}, $server{$_}, "server: $_" for sort keys %server;

for my $key ('since', 'checked', 'listed') {
    cmp_ok abs($one->{$key} - time), '<', 100, "server: $key";
}

cmp_ok $one->{list_age_s}, '<', 100, 'server: age of its list';

my ($found) = grep { $_->{address} eq $a2->address }
    @{ vendor('a')->{servers} };
is_deeply $found->{backup}, $true, 'backup';
is $found->{max_conns}, undef, 'no limit';

($found) = grep { $_->{address} eq '127.0.0.1:1' } @{ vendor('a')->{servers} };
is_deeply $found->{down}, $true, 'down by the configuration';
is $found->{state}, 'unknown', 'not asked';
is $found->{$_}, undef, "not asked: $_"
    for 'since', 'checked', 'listed', 'list_age_s', 'version', 'reason';

($found) = @{ vendor('dead')->{servers} };
is $found->{state}, 'down', 'dead: state';
is $found->{reason}, 'connection refused or failed', 'dead: reason';
is $found->{failures}, 1, 'dead: failures in a row';
is $found->{in_flight}, 0, 'dead: nothing in flight';

# Models

is_deeply [map { $_->{id} } @{ $doc->{models} }],
    ['gpt"<b>', 'a/llama3:8b', 'a/qwen3:4b', 'c/claude-x', 'off/m'], 'models';

my %model = (vendor => 'a', name => 'llama3:8b', declared => $false,
    servers => 2, up => 2, loaded => 1, hidden => $false, prices => {});
is_deeply model('a/llama3:8b')->{$_}, $model{$_}, "model: $_"
    for sort keys %model;

is model('a/qwen3:4b')->{context}, 1234, 'declared: context';
is_deeply model('a/qwen3:4b')->{prices}, { input => '0.1', cached => '2' },
    'declared: prices';
is_deeply model('a/qwen3:4b')->{declared}, $true, 'declared';
is model('off/m')->{context}, undef, 'context that is not known';
is ref model('off/m')->{capabilities}, 'ARRAY', 'capabilities';

# Aliases

is_deeply $doc->{aliases}, [
    { name => 'fast', pattern => $false, targets => [
        { target => 'a:llama3:8b', vendor => 'a', model => 'llama3:8b',
            weight => 2, backup => $false },
        { target => 'c:claude-x', vendor => 'c', model => 'claude-x',
            weight => 1, backup => $true } ] },
    { name => 'any/*', pattern => $true, targets => [
        { target => 'b:*', vendor => 'b', model => '*', weight => 1,
            backup => $false } ] },
    { name => 'nested', pattern => $false, targets => [
        { target => 'fast', alias => 'fast', weight => 1,
            backup => $false } ] },
], 'aliases' or diag explain $doc->{aliases};

# Parts of it alone

for my $parts ('counters', 'vendors,counters', 'counters,vendors,counters',
    'models', 'configuration,vendors,models,aliases,counters', 'aliases,')
{
    my %want = map { $_ => 1 } split(/,/, $parts), qw(configured generation
        nginx time version);
    my $r = $t->get('/status/api?parts=' . $parts =~ s/,/%2C/r, @auth);
    is join(' ', sort keys %{ $r->json }), join(' ', sort keys %want),
        "parts: $parts";
    is_deeply $r->json->{models}, $doc->{models}, 'the same models'
        if $want{models};
}

for my $bad ('x', 'counter', 'counters,x', ',', 'counters%00', 'models,,') {
    my $r = $t->get("/status/api?parts=$bad", @auth);
    is $r->status, 400, "no part: $bad";
    like $r->json->{error}, qr/^"parts" must be a list of /, 'error';
}

is join(' ', sort keys %{ $t->get('/status/api?parts=', @auth)->json }),
    join(' ', sort keys %$doc), 'none named: all';

# Requests in flight, a cooldown, a model that is down

$a1->hold(match => qr/chat/);
my $open = $t->open(POST => '/api/chat',
    body => { model => 'a/llama3:8b' });
$a1->wait_for(1, qr/chat/);
api();
is vendor('a')->{servers}[0]{in_flight}, 1, 'in flight';
$a1->ok;
$a1->release(1);
is $open->finish->status, 200, 'answered';
$t->eventually(sub { api(); vendor('a')->{servers}[0]{in_flight} == 0 },
    'no more');

$a1->status(429, { error => 'x' }, match => qr/chat/,
    headers => ['Retry-After' => 100]);
is $t->post('/api/chat', { model => 'a/llama3:8b' })->status, 200,
    'the backup answers';
api();
my ($cooldown) = @{ vendor('a')->{servers}[0]{cooldowns} };
is $cooldown->{model}, 'llama3:8b', 'cooldown: model';
is $cooldown->{breaker}, 'open', 'cooldown: breaker';
cmp_ok $cooldown->{left_ms}, '>', 50_000, 'cooldown: time left';
is vendor('a')->{servers}[0]{breaker}, 'closed', 'cooldown: not of all';
$a1->ok;

# Counters

my ($counter) = grep { ($_->{vendor} // '') eq 'a'
    && $_->{operation} eq 'chat' } @{ $doc->{counters} };
is $counter->{model}, 'llama3:8b', 'counter: model';
is $counter->{requests}, 2, 'counter: requests';
is_deeply $counter->{outcomes}, { ok => 2 }, 'counter: outcomes';
is_deeply $counter->{errors}, {}, 'counter: errors';
is $counter->{tries}, 3, 'counter: tries';
is $counter->{failovers}, 1, 'counter: failovers';
is $counter->{in_flight}, 0, 'counter: in flight';
is $counter->{cost}, '0.000000000', 'counter: cost';
is $counter->{duration}{count}, 2, 'counter: duration';

my $n = 0;
$n += $_->{count} for @{ $counter->{duration}{buckets} };
is $n, 2, 'counter: in buckets';

$one = vendor('a')->{servers}[0];
is "$one->{tries} $one->{failed}", '2 1', 'tries of a server';

# Several workers show one truth, of each generation of what servers told

my %seen;
for (1 .. 40) {
    $t->post('/status/test?vendor=a', '', @auth) if $_ == 20;
    my $body = $t->get('/status/api', @auth)->body;
    my ($generation) = $body =~ /"generation":(\d+)/;
    $body =~ s/"(?:time|left_ms|list_age_s|checked|listed|free)":\d+//g;
    $seen{$generation}{$body}++;
}
is_deeply [map { scalar keys %$_ } values %seen], [(1) x keys %seen],
    'one truth';

# Secrets

my $body = api()->body;
my $all = join "\n", $body, map { $t->get("/status/$_", @auth)->body }
    'ready', 'x';
for my $secret ('sk-b-0123456789', '0123456789', 'sk-c-file', 'sk-c',
    'sk-dead-literal', 'dead-literal', 'sk-other', 'sk-forced', 'hunter22',
    'abababab', 'KEY_OF_B')
{
    is index($all, $secret), -1, "no $secret";
}

unlike $body, qr/[^\x20-\x7e]/, 'one line, plain';
is $t->head('/status/api', @auth)->header('content-length'), length $body,
    'HEAD' if $body !~ /"left_ms":[1-9]/;

# The schema

sub valid { return ModelTest::Schema::faults($t, 'status', $_[0]) }

SKIP: {
    skip 'python3-jsonschema is missing', 4
        if !ModelTest::Schema::available();

    is valid($body), '', 'schema';
    is valid($t->get('/status/api?parts=aliases', @auth)->body), '',
        'schema: a part';

    my $bad = decode_json($body);
    $bad->{vendors}[0]{servers}[0]{secret} = 'x';
    like valid(encode_json($bad)), qr/'secret' was unexpected/,
        'schema: what it does not have is refused';

    my $configured = $doc->{configured};
    $t->eventually(sub { time > $configured }, 'the next second');
    $t->reload("server { {{listen}} location /status/ { model_status; } }\n");
    is valid($t->get('/status/api')->body), '', 'schema: no vendors';
    cmp_ok $t->get('/status/api')->json->{configured}, '>', $configured,
        'another configuration';
}

$t->done;
