#!/usr/bin/perl

# Tests for model_explain_header: which headers tell of what, HTTP/1 and
# HTTP/2, failover, aliases, queue, errors; no byte of a client gets out of its
# header, no key into one.

use FindBin;
use lib "$FindBin::Bin/lib";

use ModelTest;

use Digest::SHA qw(sha256_hex);

my $t = ModelTest->new(env => { KEY => 'sk-secret-key' });
my $a = $t->backend('a', reply => '{"from":"a"}');
my $b = $t->backend('b', reply => '{"from":"b"}');
my $h2 = $t->has('http_v2');
my @fields = qw(vendor name server tries reason);

$t->write_file('clients', 'team:' . sha256_hex('gateway-key-1') . "\n");

$t->conf(<<'CONF' . ($h2 ? <<'H2' : ''))->start;
upstream two { server {{a}} max_fails=0; server {{b}} backup; }
upstream slot { server {{a}} max_conns=1; model_queue 5 timeout=30s; }
model_vendor two { proxy_pass http://two; discover off; model m; }
model_vendor one { proxy_pass http://{{b}}; discover off; model only;
    key env:KEY; dialect ollama openai; }
model_vendor slot { proxy_pass http://slot; discover off; }
model_vendor bare { proxy_pass http://{{b}}; discover off; prefix off;
    model listed; }
model_alias fast { target two:m; target one:x backup; }
model_explain_header on;
server {
    {{listen}}
    location / { model_pass; model_failover connect http_503 tries=3
        cooldown=0; }
    location /default/ { model_pass; model_default one:std; }
    location /single/ { model_pass two; model_allow inference other; }
    location /off/ { model_pass; model_explain_header off; }
    location /keys/ { model_pass; model_keys file:{{dir}}/clients; }
    location /plain/ { proxy_pass http://{{a}}/; }
}
CONF
server {
    {{listen:h2 http2}}
    location / { model_pass; model_failover connect http_503 cooldown=0; }
}
H2

my ($at_a, $at_b) = map { '127.0.0.1:' . $_->port } $a, $b;

sub ask {
    my ($model, %o) = @_;
    return ($o{client} || $t)->post($o{path} // '/api/chat',
        { defined $model ? (model => $model) : (), stream => \0,
        messages => [] }, %{ $o{options} || {} });
}

# vendor, name, server, tries, reason; undef: no such header
sub tells {
    my ($r, $want, $name) = @_;
    is_deeply [map { [$r->header("x-model-$_")] } @fields],
        [map { defined $_ ? [$_] : [] } @$want], $name
        or diag $r->raw // '';
}

my @none = (undef) x 5;


# how a name was resolved

tells ask('two:m'), ['two', 'm', $at_a, 1, 'listed'], 'listed';
tells ask('two:other'), ['two', 'other', $at_a, 1, 'prefix'], 'prefix';
tells ask('only', path => '/v1/chat/completions'),
    ['one', 'only', $at_b, 1, 'bare'], 'bare';
tells ask('listed'), ['bare', 'listed', $at_b, 1, 'listed'], 'own name';
tells ask('fast'), ['two', 'm', $at_a, 1, 'alias'], 'alias';
tells ask('odd', path => '/default/v1/completions'),
    ['one', 'std', $at_b, 1, 'default'], 'default';
tells ask('odd', path => '/single/api/chat'),
    ['two', 'odd', $at_a, 1, 'only vendor'], 'only vendor';
tells ask('two:m', path => '/keys/gateway-key-1/api/chat'),
    ['two', 'm', $at_a, 1, 'listed, path key'], 'key in the path';
tells $t->get('/single/unlisted'), ['two', undef, $at_a, 1, 'only vendor'],
    'a request that is not read';


# failover

$a->status(503, { error => 'x' }, match => qr/POST/);
tells ask('two:m'), ['two', 'm', $at_b, 2, "listed, http_503 at $at_a"],
    'a status';
$b->status(503, { error => 'y' }, match => qr/POST/);
tells ask('two:m'), ['two', 'm', $at_b, 2, "listed, http_503 at $at_a"],
    'the last answer is passed';
$_->ok for $a, $b;
$a->refuse;
tells ask('fast'), ['two', 'm', $at_b, 2, "alias, connect at $at_a"],
    'no connection';

if ($h2) {
    my $c = $t->h2(listen => 'h2');
    tells ask('fast', client => $c), ['two', 'm', $at_b, 2,
        "alias, connect at $at_a"], 'HTTP/2';
    is ask('only', client => $c, path => '/v1/messages')->status, 400,
        'HTTP/2: an error';
    tells ask('none', client => $c), [(undef) x 4, 'unknown'],
        'HTTP/2: unknown';
    $c->close;
}

$b->refuse->close_idle;
my $r = ask('two:m');
is $r->status, 502, 'nobody is there';
tells $r, ['two', 'm', $at_b, 2, "listed, connect at $at_a, connect at $at_b"],
    'an error of the gateway';
$_->accept for $a, $b;


# errors, listings, other places

tells ask('none'), [(undef) x 4, 'unknown'], 'unknown';
tells ask(undef), [(undef) x 4, 'no name'], 'no name';
tells ask('only', path => '/v1/messages'), ['one', 'only', undef, 0, 'bare'],
    'what a bridge refuses';
tells $t->post('/api/chat', '{"model":'), [@none], 'no JSON';
tells ask('two:m', path => '/keys/api/chat'), [@none], 'no key';
tells ask('two:m', path => '/off/api/chat'), [@none], 'off';
tells $t->get($_), [@none], $_ for '/api/tags', '/v1/models', '/';
tells $t->post('/api/show', { model => 'two:m' }), [@none], 'show';


# a gateway behind the gateway, and a location that is none

$a->fault(status => 200, body => '{}', headers => [map {
    ("X-Model-\u$_" => 'inner') } @fields]);
tells ask('two:m'), ['two', 'm', $at_a, 1, 'listed'], 'only our own';
is $t->get('/plain/x')->header('x-model-name'), 'inner', 'others as they are';
tells ask('two:m', path => '/off/api/chat'), [('inner') x 5],
    'off: as the vendor sends them';
$a->ok;


# a queue

$a->clear;
$a->hold(match => qr/POST/, times => 1);
my @open = map { $t->open(POST => '/api/chat', body => { model => 'slot:m',
    stream => \0, messages => [] }) } 1, 2;
$a->wait_for(1, qr/POST/);
is $t->get('/')->status, 200, 'others are answered';
select undef, undef, undef, 0.01;
$a->release(1);
my @answers = map { $_->finish->header('x-model-reason') }
    @open;
@answers = sort @answers;
is_deeply \@answers, ['prefix', 'prefix, queued'], 'one waited';


# what a client writes

for my $case (["two:\x{4e2d}", '%E4%B8%AD'], ['two:a b%0', 'a%20b%250'],
    ["two:\x{2028}x", '%E2%80%A8x'])
{
    my $r = ask($case->[0]);
    is $r->header('x-model-name'), $case->[1], "name $case->[1]";
}

for my $bad ("two:a\r\nX-Evil: 1", "two:\x{0}", "two:\x{7f}") {
    my $r = ask($bad);
    is $r->status, 400, 'control characters';
    tells $r, [@none], 'are not repeated';
    is $r->header('x-evil'), undef, 'no header of theirs';
}

unlike ask('only', path => '/v1/chat/completions')->raw, qr/sk-secret/,
    'no key';

$t->config_error("server { listen 1; model_explain_header maybe; }\n",
    qr/invalid value "maybe" in "model_explain_header" directive/, 'value');

$t->done;
