#!/usr/bin/perl

# Tests for POST <status>/test: what is found at each server, in words.

use FindBin;
use lib "$FindBin::Bin/lib";

use ModelTest;
use ModelTest::DNS;

use JSON::PP;

my $t = ModelTest->new(env => { KEY => 'sk-good-0123' });
my $dns = ModelTest::DNS->new('broken.test' => 'fail');

$t->ollama('good', models => ['llama3', 'qwen3:4b']);
$t->openai('keyed', models => ['gpt'], keys => ['sk-good-0123']);
$t->anthropic('claude', models => ['a', 'b', 'c'], keys => ['sk-other']);
$t->ollama('empty', models => []);
$t->openai('nothing', models => []);
$t->ollama('hidden', models => ['a', 'b']);
$t->openai('off', models => ['x']);
my $refused = $t->ollama('refused');
$refused->refuse;

# What servers answer, and what is said of it

my @faults = (
    [hang => sub { $_[0]->hang }, undef,
        'timed out; the connection stands, but there was no answer within '
        . '300 ms: is the server overloaded, or no model server?'],
    [closed => sub { $_[0]->close }, undef,
        'no valid HTTP answer; is {{server}} a model server? If it speaks '
        . 'https, proxy_pass must say https://'],
    [truncated => sub { $_[0]->truncate(20) }, undef,
        "answer was cut; the server's own log may tell why"],
    [large => sub { $_[0]->raw("HTTP/1.1 200 OK\r\nContent-Length: "
        . 17 * 1024 * 1024 . "\r\n\r\n{") }, undef,
        'answer is larger than 16777216 bytes; is it a list of models?'],
    [page => sub { $_[0]->status(200, '<html>') }, 200,
        'answer is not JSON; /api/tags is answered by something else: is the '
        . 'address right, and the "dialect"?'],
    [list => sub { $_[0]->status(200, '{"error":"x"}') }, 200,
        'answer has no list of models; /api/tags is answered by something '
        . 'else: is the address right, and the "dialect"?'],
    [s400 => sub { $_[0]->status(400, 'x') }, 400,
        'HTTP 400; if it speaks https, proxy_pass must say https://'],
    [s401 => sub { $_[0]->status(401, 'x') }, 401,
        'HTTP 401: the key was not accepted; the vendor has no "key"'],
    [s403 => sub { $_[0]->status(403, 'x') }, 403,
        'HTTP 403: the key or the host name was not accepted; the vendor has '
        . 'no "key", or the server does not know the Host "{{server}}"'],
    [s404 => sub { $_[0]->status(404, 'x') }, 404,
        'HTTP 404: not a model server?; it has no /api/tags: is the "dialect" '
        . 'right, and the base path in proxy_pass?'],
    [s429 => sub { $_[0]->status(429, 'x') }, 429,
        'HTTP 429: too many requests; the vendor limits how much may be '
        . 'asked, try later'],
    [s301 => sub { $_[0]->status(301, 'x', headers => [Location => '/x']) },
        301, 'HTTP 301; it redirects: proxy_pass must name the place where '
        . 'the API is'],
    [s500 => sub { $_[0]->status(500, 'x') }, 500,
        "HTTP 500; the server's own log may tell why"],
);

my $vendors = '';

for my $case (@faults) {
    my ($name, $fault) = @$case;
    $fault->($t->ollama($name, models => ['m']));
    $vendors .= "model_vendor $name { proxy_pass http://{{$name}};"
        . " discover 1h timeout=300ms; }\n";
}

$t->conf("resolver " . $dns->address . " ipv6=off;\n"
    . "resolver_timeout 300ms;\n$vendors" . <<'CONF')->start;
upstream several {
    server {{good}};
    server {{refused}};
    server 127.0.0.1:1 down;
}
upstream none { server 127.0.0.1:1 down; server 127.0.0.1:2 down; }
model_vendor good { proxy_pass http://{{good}}; discover 1h; }
model_vendor keyed { proxy_pass http://{{keyed}}; dialect openai; key env:KEY;
    discover 1h; }
model_vendor wrong { proxy_pass http://{{claude}}; dialect anthropic;
    key literal:sk-wrong-4567; discover 1h; }
model_vendor client { proxy_pass http://{{keyed}}; dialect openai; key client;
    discover 1h; }
model_vendor dialect { proxy_pass http://{{good}}/base/v1; dialect anthropic;
    discover 1h; }
model_vendor empty { proxy_pass http://{{empty}}; discover 1h; }
model_vendor nothing { proxy_pass http://{{nothing}}; dialect openai;
    discover 1h; }
model_vendor hidden { proxy_pass http://{{hidden}}; expose x*; discover 1h; }
model_vendor off { proxy_pass http://{{off}}; dialect openai; discover off;
    model x; }
model_vendor refused { proxy_pass http://{{refused}}; discover 1h; }
model_vendor several { proxy_pass http://several; discover 1h; }
model_vendor none { proxy_pass http://none; discover 1h; }
model_vendor dns { proxy_pass http://broken.test:1; discover 1h; }
server {
    {{listen}}
    location / { model_pass; client_max_body_size 1m; }
    location /status/ { model_status; }
}
CONF

my %texts;

sub test {
    my ($vendor) = @_;
    my $r = $t->post("/status/test?vendor=$vendor", '');

    is $r->status, 200, "$vendor: status";
    is $r->header('content-type'), 'application/json', "$vendor: type";
    is $r->header('cache-control'), 'no-store', "$vendor: not cached";
    $texts{$vendor} = $r->body;
    return $r->json;
}

my ($false, $true) = (JSON::PP::false(), JSON::PP::true());

# Servers that answer

for (['good', 2], ['keyed', 1], ['off', 1]) {
    my ($vendor, $models) = @$_;
    my $got = test($vendor);
    my ($server) = @{ $got->{servers} };

    cmp_ok delete $got->{time_ms}, '<', 5000, "$vendor: time of all";
    cmp_ok delete $server->{time_ms}, '<', 5000, "$vendor: time";
    is_deeply $got, { success => $true, error => undef, vendor => $vendor, asked => 1,
        failed => 0, servers => [{ server => $t->{backends}{$vendor}->address,
            success => $true, error => undef, warning => undef,
            asked => $true, status => 200, models => $models }] }, $vendor;
}

is $t->{backends}{keyed}->last(qr/models/)->header('authorization'),
    'Bearer sk-good-0123', 'with the key of the vendor';

for (['empty', 'the server has no models yet: "ollama pull llama3.2" would '
        . 'get one', 0],
    ['nothing', 'the server lists no models: "model" in the vendor\'s block '
        . 'declares what it has', 0],
    ['hidden', '"expose" of the vendor lets none of its models be seen', 2])
{
    my ($vendor, $warning, $models) = @$_;
    my $got = test($vendor);

    is_deeply $got->{success}, $true, "$vendor: success";
    is $got->{servers}[0]{warning}, $warning, "$vendor: warning";
    is $got->{servers}[0]{models}, $models, "$vendor: models";
}

# Servers that do not

my $key = 'HTTP 401: the key was not accepted; ';

for (@faults,
    [wrong => 0, 401, $key . 'is the key right that "key" of the vendor '
        . 'names, and not expired?'],
    [client => 0, 401, $key . 'the vendor has "key client": a test has no key '
        . 'to show'],
    [dialect => 0, 404, 'HTTP 404: not a model server?; it has no '
        . '/v1/models?limit=1000: is the "dialect" right, and the base path '
        . 'in proxy_pass?'],
    [refused => 0, undef, 'connection refused or failed; is a model server '
        . 'running, and does it listen on this address and port: '
        . '{{server}}?'],
    [dns => 0, undef, 'host name could not be resolved; is "broken.test:1" '
        . 'spelled right in proxy_pass, and does the "resolver" know it?'])
{
    my ($vendor, undef, $status, $error) = @$_;
    my $backend = $t->{backends}{$vendor};
    my $address = $backend ? $backend->address : '';

    $error =~ s/\{\{server\}\}/$address/;

    my $got = test($vendor);
    my ($server) = @{ $got->{servers} };
    is_deeply [$got->{success}, $got->{asked}, $got->{failed}],
        [$false, 1, 1], "$vendor: no success";
    is_deeply $server->{success}, $false, "$vendor: nor its server";
    is $server->{error}, "Connection failed: $error", "$vendor: error";
    is $got->{error}, $server->{error}, "$vendor: error of the whole";
    is $server->{status}, $status, "$vendor: status of it";
    is $server->{models}, undef, "$vendor: no models";
}

# Several servers

my $got = test('several');
my %by = map { $_->{server} => $_ } @{ $got->{servers} };
is scalar @{ $got->{servers} }, 3, 'several: all';
is_deeply [$got->{success}, $got->{asked}, $got->{failed}], [$false, 2, 1],
    'several: one fails';
is_deeply $by{$t->{backends}{good}->address}{success}, $true,
    'several: one does not';
like $by{$refused->address}{error}, qr/^Connection failed: connection refu/,
    'several: each has its own error';
is $got->{error}, $by{$refused->address}{error}, 'several: that of the whole';
is_deeply $by{'127.0.0.1:1'}, { server => '127.0.0.1:1', success => $false,
    error => 'not asked: it is "down" in the upstream block',
    warning => undef, asked => $false, time_ms => 0, status => undef,
    models => undef }, 'several: one is down';

$got = test('none');
is_deeply [$got->{success}, $got->{asked}, $got->{failed}], [$false, 0, 0],
    'none: nobody to ask is no success';
is $got->{error}, 'Connection failed: the vendor has no server that may be '
    . 'asked', 'none: error';

# What was meant by the request

for (['', 400], ['?vendor=', 400], ['?x=y', 400]) {
    my $r = $t->post("/status/test$_->[0]", '');
    is $r->status, $_->[1], "no vendor $_->[0]";
    is index($r->json->{error}, 'the argument "vendor" says which one is '
        . 'tested, there are: "'), 0, "no vendor $_->[0]: told";
}

my $r = $t->post('/status/test?vendor=n%22%0a%c3%28', '');
is $r->status, 404, 'unknown vendor';
like $r->json->{error}, qr/^there is no vendor "n\?\?\?\(", there are: "/,
    'unknown vendor: told';
like $r->json->{error}, qr/"good", "keyed", /, 'unknown vendor: names';

is $t->post('/status/test?vendor=%67ood', 'x' x 100_000)->json->{vendor},
    'good', 'escaped, with a body';
is $t->post('/status/test?vendor=good', '', chunked => 1)->status, 200,
    'with a chunked body';
is $t->get('/status/test?vendor=good')->status, 405, 'GET';
is $t->get('/status/test?vendor=good')->header('allow'), 'POST', 'GET: Allow';

$t->{backends}{good}->clear;
is $t->post('/status/test?vendor=good', '',
    headers => [Origin => 'https://evil.example'])->status, 403,
    'a web page from elsewhere';
is $t->{backends}{good}->hits(qr/GET/), 0, 'it asks nobody';

# What a test finds is known soon, but for a vendor that is not discovered

my $later = $t->{backends}{refused};
$later->accept;
is_deeply test('refused')->{success}, $true, 'it runs now';
$t->eventually(sub { !grep { $_->{id} eq 'refused'
    && $_->{servers}[0]{state} ne 'up' }
    @{ $t->get('/status/api')->json->{vendors} } }, 'and all know');
is join(' ', map { $_->{id} } grep { $_->{vendor} eq 'off' }
    @{ $t->get('/status/api')->json->{models} }), 'off:x',
    'what is not discovered stays as it is declared';
is +(grep { $_->{id} eq 'off' } @{ $t->get('/status/api')->json->{vendors} })
    [0]{servers}[0]{state}, 'unknown', 'and of unknown state';

# Secrets

for my $vendor (sort keys %texts) {
    unlike $texts{$vendor}, qr/sk-|0123|4567/, "$vendor: no key";
    unlike $texts{$vendor}, qr/\n/, "$vendor: one line";
}

unlike $t->log, qr/sk-good|sk-wrong/, 'nor in the log';

$t->done;
