#!/usr/bin/perl

# Tests for requests over a bridge: big ones, presets, credentials, chains of
# vendors of several dialects, paths that a vendor lacks, refusals.

use FindBin;
use lib "$FindBin::Bin/lib";

use MIME::Base64 qw(encode_base64);

use ModelTest;
use ModelTest::Answer;

my $t = ModelTest->new(env => { K => 'sk-vendor' });
my $h2 = $t->has('http_v2');

my $o = $t->ollama('o', models => ['m'], version => '0.9.0');
my $n = $t->ollama('n', models => ['m'], version => '0.15.1');
my $p = $t->openai('p', models => ['m'], keys => ['sk-vendor']);
my $a = $t->anthropic('a', models => ['m'], keys => ['sk-vendor']);
my $old = $t->openai('old', models => ['m']);
my $dead = $t->openai('dead')->refuse;

my $second = $h2 ? 'server { {{listen:h2 http2}} location / { model_pass; } }'
    : '';

$t->conf(<<'CONF' . $second)->start;
client_max_body_size 50m;
model_vendor o { proxy_pass http://{{o}}; }
model_vendor n { proxy_pass http://{{n}}; }
model_vendor nt { proxy_pass http://{{n}}; bridge translate; }
model_vendor p { proxy_pass http://{{p}}; dialect openai; key env:K; }
model_vendor a { proxy_pass http://{{a}}; dialect anthropic; key env:K; }
model_vendor both { proxy_pass http://{{a}}; dialect anthropic openai;
    key env:K; discover off; }
model_vendor old { proxy_pass http://{{old}}; dialect openai; }
model_vendor dead { proxy_pass http://{{dead}}; dialect openai; discover off; }
model_vendor set { proxy_pass http://{{p}}; dialect openai; key env:K;
    discover off; force temperature 0.5; default user '"me"'; }
model_alias chain { target dead:m; target a:m backup; target p:m backup;
    target o:m backup; }
model_alias none { target a:m; target p:m backup; }
server {
    {{listen}}
    location / {
        model_pass;
        model_failover connect http_429 http_503 http_529 tries=4;
    }
    location /memory/ { model_pass; client_body_buffer_size 8m; }
    location /file/ { model_pass; client_body_in_file_only clean; }
    location /early/ { model_pass; model_read preaccess; }
    location /status/ { model_status; }
    location /manage/ { model_pass; model_allow manage inference; }
}
CONF

my %server = (o => $o, p => $p, a => $a);

sub ask {
    my ($api, $model, %o) = @_;
    my ($path, $body) = ModelTest::Answer::request($api, $model, %o);
    my $r = $t->post(($o{at} // '') . $path, $body, headers =>
        $o{headers} || [], %{ $o{post} || {} });
    return ($r, ModelTest::Answer::read($api, $r));
}

# pictures of some size, in memory, in a file, in chunks

my $png = encode_base64("\x89PNG\r\n\x1a\n" . join('', map { chr($_ * 7 % 251) }
    1 .. 600000), '');

for my $how ('memory', 'file', 'chunked', 'h2', 'early') {
    next if $how eq 'h2' && !$h2;
    my %at = map { ($_ => "/$_") } qw(memory file early);

    for (['chat', { messages => [{ role => 'user', content => 'see',
            images => [$png] }] }],
        ['completions', { messages => [{ role => 'user', content => [
            { type => 'text', text => 'see' }, { type => 'image_url',
            image_url => { url => "data:image/png;base64,$png" } }] }] }],
        ['messages', { messages => [{ role => 'user', content => [
            { type => 'text', text => 'see' }, { type => 'image', source => {
            type => 'base64', media_type => 'image/png', data => $png } }] }] }])
    {
        my ($api, $more) = @$_;

        for my $vendor (qw(o p a)) {
            next if $vendor eq { chat => 'o', completions => 'p',
                messages => 'a' }->{$api} || "$api$vendor" eq 'completionso'
                || "$api$vendor" eq 'messageso' && $how eq 'early';
            my ($path, $body) = ModelTest::Answer::request($api, "$vendor:m",
                more => $more);
            my $r = $how eq 'h2' ? $t->h2(listen => 'h2')->open(POST => $path,
                    body => $body)->finish
                : $t->post(($at{$how} // '') . $path, $body,
                    $how eq 'chunked' ? (chunked => 1) : ());
            my $name = "$api to $vendor, $how";
            my $sent = $server{$vendor}->last(qr/^POST/);

            is $r->status, 200, "$name: a large picture" or diag $r->body;
            ok index($sent->body, $png) > 0, "$name: arrives";
            is $sent->header('content-length'), $sent->body_length,
                "$name: with its length";
            is $sent->header('content-type'), 'application/json',
                "$name: and its type";
        }
    }
}

# credentials of the server's dialect

ask('chat', 'a:m');
my $q = $a->last(qr/^POST/);
is $q->header('x-api-key'), 'sk-vendor', 'the key as the server has it';
is $q->header('authorization'), undef, 'and not as the client has it';
is $q->header('anthropic-version'), '2023-06-01', 'its version';
like $q->{path}, qr{^/v1/messages$}, 'its path';
is $q->json->{max_tokens}, 64000, 'the largest output of the model';

ask('messages', 'p:m', headers => ['anthropic-version' => '2023-06-01',
    'anthropic-beta' => 'x', 'x-api-key' => 'mine']);
$q = $p->last(qr/^POST/);
is $q->header('authorization'), 'Bearer sk-vendor', 'a key for OpenAI';
is $q->header($_), undef, "no $_" for qw(x-api-key anthropic-beta);

my ($r) = ask('messages', 'both:m');
is $r->status, 200, 'one dialect of several is native';
is $a->last(qr/^POST/)->json->{model}, 'm', 'there';

# what is put into the body is put into the server's

ask('messages', 'set:m', more => { temperature => '0.1' + 0 });
my $j = $p->last(qr/^POST/)->json;
is "$j->{temperature} $j->{user}", '0.5 me', 'force and default';

# an Ollama server's own API, by its version and the directive

for (['messages', 'o:m', $o, '/api/chat'], ['messages', 'n:m', $n,
        '/v1/messages'], ['messages', 'nt:m', $n, '/api/chat'],
    ['responses', 'o:m', $o, '/api/chat'], ['responses', 'n:m', $n,
        '/v1/responses'], ['completions', 'o:m', $o, '/v1/chat/completions'],
    ['completions', 'nt:m', $n, '/api/chat'])
{
    my ($api, $model, $server, $path) = @$_;
    my ($r, $a) = ask($api, $model);
    is $r->status, 200, "$api of $model" or diag $r->body;
    is $server->last(qr/^POST/)->{path}, $path, "$api of $model: by $path";
    is $a->{text}, 'Hello from ' . $server->name, "$api of $model: text";
}

# the vendor's answer in the path that it lacks, once

$old->fault(match => qr{^POST /v1/responses}, status => 404,
    body => '{"error":{"message":"File Not Found","code":404}}',
    headers => ['content-type' => 'application/json']);

for my $n (1, 2) {
    my ($r, $a) = ask('responses', 'old:m', stream => $n - 1);
    is $r->status, 200, "without /v1/responses, $n" or diag $r->body;
    is $a->{text}, 'Hello from old', "by /v1/chat/completions, $n";
    is_deeply $a->{wrong}, [], "as it should be, $n";
}

is $old->hits(qr{^POST /v1/responses}), 1, 'it is asked for that once';
is $old->hits(qr{^POST /v1/chat}), 2, 'and each time for this';
is $t->count_log(qr/does not answer \/v1\/responses/), 1, 'a line says so';

($r) = ask('responses', 'old:gone');
is $r->status, 404, 'a model that it does not have stays unknown';

# a chain of dialects

for my $api (sort keys %ModelTest::Answer::PATH) {
    for my $stream (0, 1) {
        $_->clear for $a, $p, $o;
        $a->overloaded(times => 1);
        $p->rate_limit(1, times => 1);

        my ($r, $x) = ask($api, 'chain', stream => $stream, text => "to $api");
        my $name = "$api over four vendors, $stream";
        is $r->status, 200, $name or diag $r->body;
        is $x->{text}, 'Hello from o', "$name: the last one answers";
        is $x->{model}, 'chain', "$name: the client's name"
            if $api !~ /^(?:chat|completions|generate)$/;
        is_deeply $x->{wrong}, [], "$name: as it should be" or diag $r->body;
        like $_->last(qr/^POST/)->body, qr/to $api/, "$name: each was asked"
            for $a, $p, $o;
        is $a->last(qr/^POST/)->json->{messages}[0]{role}, 'user',
            "$name: in its dialect";
        $_->clear for $a, $p, $o;
        sleep 1.1;
    }
}

# refusals

for (['completions', 'a:m', { n => 2 }, qr/"n" cannot be had from vendor "a"/],
    ['completions', 'a:m', { seed => [] }, qr/seed/],
    ['responses', 'a:m', { previous_response_id => 'x' },
        qr/"previous_response_id"/],
    ['messages', 'p:m', { max_tokens => 'x' }, qr/max_tokens/],
    ['generate', 'a:m', { raw => \1 }, qr/raw/],
    ['chat', 'p:m', { messages => 'x' }, qr/messages/])
{
    my ($api, $model, $more, $text) = @$_;
    my ($r, $a) = ask($api, $model, more => $more);
    is $r->status, 400, "$api: " . join(' ', %$more);
    like $a->{error}, $text, "$api: says what";
}

($r, my $x) = ask('completions', 'none', more => { n => 2 });
is $r->status, 200, 'a target that can is taken' or diag $r->body;
is $x->{text}, 'Hello from p', 'it is the other one';

$r = $t->post('/v1/messages/count_tokens', { model => 'p:m', messages => [] },
    headers => ['anthropic-version' => '2023-06-01']);
is $r->status, 404, 'tokens are counted by nobody';
is $r->json->{error}{type}, 'not_found_error', 'in the dialect';

# what explain tells of it, with a name and with a body

my $x1 = $t->get('/status/explain?model=chain&path=/api/chat')->json;
is_deeply [map { [$_->{vendor}, $_->{bridge}{to}, $_->{uri}] }
    @{ $x1->{hops} }], [['dead', ('/v1/chat/completions') x 2],
    ['a', ('/v1/messages') x 2], ['p', ('/v1/chat/completions') x 2],
    ['o', undef, '/api/chat']], 'explain: the ways of a chain';

$x1 = $t->post('/status/explain?path=/v1/chat/completions', { model => 'a:m',
    n => 2, messages => [] })->json;
is $x1->{error}{status}, 400, 'explain: a refusal';
like $x1->{error}{message}, qr/"n" cannot be had/, 'explain: its text';

$x1 = $t->post('/status/explain?path=/api/chat', { model => 'a:m',
    messages => [] })->json;
is_deeply [@$x1{qw(answered_by error hops)}], ['gateway', undef, []],
    'explain: what loads a model';

# what loads and unloads a model

$r = $t->post('/api/generate', { model => 'p:m', prompt => '' });
is $r->json->{done_reason}, 'load', 'a model is loaded';
$r = $t->post('/api/chat', { model => 'a:m', messages => [],
    keep_alive => 0 });
is $r->json->{done_reason}, 'unload', 'and unloaded';
is $r->json->{model}, 'a:m', 'by its name';

# what a vendor has needs no pull, and what it has not cannot be pulled

for (['p:m', '{"status":"success"}', 200], ['p:x',
        '{"error":"pull model manifest: file does not exist"}', 500])
{
    my ($model, $last, $status) = @$_;
    $r = $t->post('/manage/api/pull', { model => $model });
    is $r->body, qq({"status":"pulling manifest"}\n$last\n), "pull of $model";
    $r = $t->post('/manage/api/pull', { model => $model, stream => \0 });
    is $r->status . $r->body, $status . $last, "pull of $model, no stream";
}

$t->done;
