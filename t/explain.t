#!/usr/bin/perl

# Tests for explain: it tells what a request then does, takes nothing from it,
# and no key.

use FindBin;
use lib "$FindBin::Bin/lib";

use ModelTest;
use ModelTest::Schema;

my $t = ModelTest->new(access_log => 1, env => { KEY => 'sk-secret-key' });
my $a = $t->ollama('a', models => ['m', 'n'], loaded => ['m']);
my $b = $t->ollama('b', models => ['n']);
my $c = $t->backend('c', reply => '{}');
my $h2 = $t->has('http_v2');

$t->conf(<<'CONF' . ($h2 ? <<'H2' : ''))->start;
upstream two { zone two 64k; server {{a}} max_conns=1; server {{b}};
    server {{c}} down; model_aware warm; }
upstream slow { zone slow 64k; server {{c}} max_conns=1; model_queue 2
    timeout=30s; }
upstream more { zone more 64k; server {{c}} max_conns=1; model_aware; }
model_vendor two { proxy_pass http://two; key env:KEY; }
model_vendor one { proxy_pass http://{{c}}/api/v1; discover off; model only;
    dialect openai; key literal:sk-other-secret header=X-Key scheme=Token;
    proxy_set_header X-Mine sk-third-secret; }
model_vendor claude { proxy_pass http://{{c}}; discover off; dialect anthropic;
    key client; expose opus*; }
model_vendor slow { proxy_pass http://slow; discover off; }
model_vendor more { proxy_pass http://more; discover off;
    force keep_alive -1; }
model_alias fast { target two:m weight=3; target one:x weight=2;
    target one:y backup; }
model_alias any-* { target one:*; target nested; }
model_alias nested { target one:z; }
model_explain_header on;
server {
    {{listen}}
    location / { model_pass; }
    location /status/ { model_status; model_failover http_503 timeout
        tries=2 timeout=9s cooldown=0; model_stall 3s; }
    location /all/ { model_status; model_allow inference manage other;
        model_default one:std; }
    location /read/ { mirror /mirrored; client_body_buffer_size 16k;
        model_status; }
    location /mirrored { internal; return 204; }
}
CONF
server {
    {{listen:h2 http2}}
    location /status/ { model_status; }
}
H2

$t->get('/v1/models');

my ($at_a, $at_b, $at_c) = map { '127.0.0.1:' . $_->port } $a, $b, $c;
my $all = '';
my @documents;

sub uri { return $_[0] =~ s/([^\w.:\/-])/sprintf '%%%02X', ord $1/ger }

sub told {
    my ($model, %o) = @_;
    my $at = $o{at} // '/status';
    my $r = $t->get("$at/explain?" . join '&',
        defined $model ? 'model=' . uri($model) : (),
        defined $o{path} ? 'path=' . uri($o{path}) : ());
    is $r->status, 200, 'explained: ' . ($model // 'no model');
    $all .= $r->raw;
    push @documents, $r->body;
    return $r->json;
}

sub posted {
    my ($body, $path, %o) = @_;
    my $r = $t->post(($o{at} // '/status') . '/explain' . ($path ? "?path=$path" : ''), $body,
        %o);
    is $r->status, 200, 'a body is explained';
    $all .= $r->raw;
    push @documents, $r->body;
    return $r->json;
}

sub servers {
    my ($hop, @keys) = @_;
    return { map { my $s = $_; $s->{name} => [map { ref $_ ? $_ ? 1 : 0 : $_ }
        @$s{@keys}] } @{ $hop->{servers} } };
}


# a request then does what was told

for my $case (['two:m'], ['m'], ['n'], ['two:new'], ['fast'], ['any-x'],
    ['m:latest'], ['M'], ['one:x'], ['only'], ['nobody'], ['two:n'],
    ['claude:opus-5', '/v1/messages'], ['claude:haiku', '/v1/messages'],
    ['one:x', '/v1/messages'], ['onyl'], ["a\r\nb"], ['x' x 300], ['a"b\\c'],
    ["two:\xe4\xb8\xad"])
{
    my ($model, $path) = @$case;
    $path //= '/v1/chat/completions';
    my $e = told($model, path => $path);
    my $text = $model;
    utf8::decode($text);
    my $r = $t->post($path, { model => $text, messages => [{ role => 'user',
        content => 'x' }], max_tokens => 1 });
    my $name = $model =~ s/[^\x20-\x7e]/?/gr;

    if ($e->{error}) {
        is $r->status, $e->{error}{status}, "$name: refused";
        is $r->json->{error}{message}, $e->{error}{message}, "$name: words";
        is scalar(grep { $_->{outcome} eq 'asked' } @{ $e->{hops} }), 0,
            "$name: goes nowhere";
        is $e->{answered_by}, 'gateway', "$name: by whom";
        next;
    }

    my ($how) = split /,/, $r->header('x-model-reason');
    my $hop = $e->{hops}[0];
    is $e->{meaning}{how}, $how, "$name: how";
    is $e->{meaning}{vendor}, $r->header('x-model-vendor'), "$name: vendor";
    is uri($hop->{name} =~ s/([^\x00-\x7f])/my $x = $1; utf8::encode($x); $x/ger),
        uri($r->header('x-model-name')) =~ s/%25/%/gr, "$name: name";
    is $hop->{outcome}, 'asked', "$name: outcome";
    my %first = map { $_->{name} => $_->{asked_first} } @{ $hop->{servers} };
    ok $first{$r->header('x-model-server')}, "$name: server";
}


# an alias: weights, and an order that stays until it is used

my $e = told('fast');
is_deeply [map { [@$_{qw(target weight)}, $_->{backup} ? 1 : 0] }
    @{ $e->{alias}{targets} }], [['two:m', 3, 0], ['one:x', 2, 0],
    ['one:y', 1, 1]], 'weights';
my %seen;

for (1 .. 5) {
    my @first = map { told('fast')->{hops}[0]{name} } 1 .. 3;
    my $r = $t->post('/v1/chat/completions', { model => 'fast',
        messages => [] });
    is_deeply \@first, [($r->header('x-model-name')) x 3], 'no turn is taken';
    $seen{$first[0]}++;
}

is_deeply \%seen, { m => 3, x => 2 }, 'by weight';
is told('any-x')->{meaning}{alias}, 'any-x', 'a pattern';
$e = told('any-x')->{hops};
is_deeply [map { [@$_{qw(vendor uri outcome)}] } @$e], [
    ['one', '/api/v1/chat/completions', 'asked'],
    ['one', '/api/v1/chat/completions', 'next, if those before fail']],
    'hops of a nested one';
is_deeply [sort map { $_->{name} } @$e], ['x', 'z'], 'its names';


# names that mean nothing

is_deeply told('two:mm')->{near}, [], 'a prefix means something';
is_deeply told('onl')->{near}, ['one:only'], 'near';
is told('onyl')->{meaning}{how}, 'unknown', 'unknown';
is told(undef)->{meaning}{how}, 'no name', 'none';
is told(undef, at => '/all')->{meaning}{how}, 'default', 'a default';


# servers

$e = told('m')->{hops}[0];
is_deeply servers($e, qw(now suits asked_first state lists_model warm)), {
    $at_a => ['free', 'warm', 1, 'up', 1, 1],
    $at_b => ['lacks the model', 'lacks the model', 0, 'up', 0, 0],
    $at_c => ['down in the configuration', 'lacks the model', 0, 'unknown',
        undef, undef],
}, 'warm, without the model, down';
is_deeply servers(told('n')->{hops}[0], qw(now suits asked_first)), {
    $at_a => ['free', 'suits', 1], $at_b => ['free', 'suits', 1],
    $at_c => ['down in the configuration', 'lacks the model', 0],
}, 'either';

$c->hold(match => qr/POST/);
my @open = map { $t->open(POST => '/api/chat', body => { model => $_,
    stream => \0, messages => [] }) } 'slow:m', 'more:m';
$c->wait_for(2, qr/chat/);
$e = told('slow:x', path => '/api/chat');
is $e->{hops}[0]{outcome}, 'waits in the queue', 'a queue';
is_deeply $e->{hops}[0]{queue}, { size => 2, timeout_ms => 30000,
    length => 0 }, 'its numbers';
is_deeply servers($e->{hops}[0], qw(now in_flight max_conns asked_first)),
    { $at_c => ['busy', 1, 1, 0] }, 'its server';
$e = told('more:x', path => '/api/chat');
is_deeply [@{ $e->{hops}[0] }{qw(outcome why)}], ['passed over', 'busy'],
    'busy, and no queue';
is $e->{error}{status}, 503, 'what the client would get';
like $e->{error}{message}, qr/^every server of vendor "more"/, 'its words';
$c->release(2);
$_->finish for @open;
$c->ok;
is told('more:x', path => '/api/chat')->{hops}[0]{outcome}, 'asked',
    'free again';

$a->status(429, { error => 'x' }, match => qr/POST/, headers =>
    ['Retry-After' => 50]);
$t->post('/api/chat', { model => 'two:n', messages => [] }) for 1 .. 4;
$a->ok;
my $s = (grep { $_->{name} eq $at_a }
    @{ told('two:n')->{hops}[0]{servers} })[0];
is $s->{now}, 'cooldown', 'kept out';
cmp_ok $s->{cooldown_left_ms}, '>', 0, 'for some time';
ok !$s->{asked_first}, 'not asked';


# headers, without their values

sub sent { return { map { $_->{name} => $_->{from} } @{ $_[0]{headers} } } }

is_deeply sent(told('m')->{hops}[0]), { Host => 'gateway',
    'Accept-Encoding' => 'gateway', Authorization => "vendor's key",
    'anthropic-version' => 'client, if it sends one' }, 'a key';
is_deeply sent(told('one:x')->{hops}[0]), { Host => 'gateway',
    'Accept-Encoding' => 'gateway', 'X-Key' => "vendor's key",
    'X-Mine' => 'configuration',
    'anthropic-version' => 'client, if it sends one' }, 'another header';
$e = told('claude:opus', path => '/v1/messages')->{hops}[0];
is_deeply sent($e), { Host => 'gateway', 'Accept-Encoding' => 'gateway',
    'x-api-key' => "client's key, if it sends one",
    'anthropic-version' => 'client, else gateway' }, "a client's key";
ok scalar(grep { $_ eq 'Cookie' } @{ $e->{never_sent} }), 'never sent';


# bodies

for my $case (
    [{ model => 'two:m', messages => [] }, undef, 'm', 1, 'in place'],
    [{ model => 'm', messages => [] }, undef, 'm', 0, 'none'],
    [{ model => 'one/longer', messages => [] }, undef, 'longer', 1,
        'in place'],
    [{ model => 'nested', messages => [] }, undef, 'z', 1, 'in place'],
    [{ model => 'm:latest', x => 'y' x 200000 }, undef, 'm:latest', 0, 'none'],
    [{ model => 'more:m' }, '/api/chat', 'm', 2, 'splice'])
{
    my ($body, $path, $name, $n, $how) = @$case;
    my $hop = posted($body, $path)->{hops}[0];
    is_deeply [@$hop{qw(name edits edit)}], [$name, $n, $how],
        "$body->{model}: $how";
}

is posted({ model => 'm', stream => \1 })->{stream}, 1, 'stream';
is posted('{"model":')->{error}{status}, 400, 'no JSON';
is posted('{"model":"m","Model":"n"}')->{error}{status}, 400, 'two names';
is posted({ model => 'm' }, undef, headers => ['Content-Encoding' => 'gzip'])
    ->{error}{status}, 415, 'compressed';
is posted({ name => 'two:m' }, '/api/show')->{answered_by}, 'gateway', 'show';
is posted({ model => 'm' }, undef, chunked => 1)->{meaning}{name}, 'm',
    'chunked';

for my $size (0, 200_000) {
    my $hop = posted({ x => 'y' x $size, model => 'two:m' }, undef,
        at => '/read')->{hops}[0];
    is_deeply [@$hop{qw(name edit)}], ['m', 'in place'],
        "a body that was read before, $size bytes";
}

is posted('{"model":', undef, at => '/read')->{error}{status}, 400,
    'read before: no JSON';
is posted({ model => 'm' }, undef, at => '/read', headers =>
    ['Content-Encoding' => 'gzip'])->{error}{status}, 415,
    'read before: compressed';


# rules, kinds, paths

is_deeply told('m')->{failover}, {
    conditions => ['connect', 'timeout', 'http_503'],
    tries => 2, timeout_ms => 9000, cooldown_ms => undef, stall_ms => 3000,
    cold_timeout_ms => 600000 }, 'the rules';
is told('m', path => '/api/tags')->{answered_by}, 'gateway', 'a listing';
$e = told(undef, path => '/x/y z');
is $e->{error}{status}, 404, 'unlisted, without a default';
ok !$e->{limits}{model_allow}, 'and not allowed';
$e = told(undef, path => '/x/y z', at => '/all');
ok $e->{limits}{model_allow}, 'allowed here';
is $e->{hops}[0]{uri}, '/api/v1/x/y%20z', 'and escaped again';
is told('two:m', path => '/api/pull', at => '/all')->{limits}{kind},
    'manage', 'a kind';
is told('m', path => '/api/copy', at => '/all')->{meaning}{name}, 'm',
    'a source';

for my $bad ('x', '', '/a%0ab', '/a?b', '/' . 'x' x 2000) {
    my $r = $t->get('/status/explain?model=m&path=' . ($bad =~ /%/ ? $bad
        : uri($bad)));
    is $r->status, $bad eq '' ? 200 : 400, 'path ' . substr $bad, 0, 8;
    $all .= $r->raw;
}

is $t->delete('/status/explain')->status, 405, 'a method';
is $t->head('/status/explain?model=m')->status, 200, 'HEAD';

if ($h2) {
    my $h = $t->h2(listen => 'h2');
    is $h->get('/status/explain?model=two:m')->json->{meaning}{how}, 'prefix',
        'HTTP/2';
    is $h->post('/status/explain', { model => 'two:m' })->json
        ->{hops}[0]{edit}, 'in place', 'HTTP/2: a body';
    $h->close;
}


# nothing was sent, and no key told

my $sent = $a->hits(qr/POST/);
told('m');
posted({ model => 'm' });
is $a->hits(qr/POST/), $sent, 'nothing goes upstream';
unlike $all, qr/sk-/, 'no key';

# All of them are what the schema says
SKIP: {
    skip 'python3-jsonschema is missing', 3
        if !ModelTest::Schema::available();

    cmp_ok scalar @documents, '>', 60, 'documents';
    is ModelTest::Schema::faults($t, 'explain', @documents), '', 'schema';

    my ($one) = grep { /"edit":/ } @documents;
    like ModelTest::Schema::faults($t, 'explain', $one =~ s/"edit":/"secret":/r),
        qr/'secret' was unexpected/, 'schema: what it does not have is refused';
}

# A body of GET that comes in pieces is read to its end, as one
my $slow = $t->client;
$slow->write("GET /status/explain?model=none HTTP/1.1\r\nHost: x\r\n"
    . "Transfer-Encoding: chunked\r\n\r\n2000\r\n" . 'x' x 100);
select undef, undef, undef, 0.1;
$slow->write("0\r\n\r\n" . "GET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n" x 200);
select undef, undef, undef, 0.1;
$slow->close;
$t->eventually(sub { $t->access_log =~ m{/status/explain\?model=none} },
    'the request is logged');
unlike $t->access_log, qr/smuggled/, 'and no part of its body is another';

$t->done;
