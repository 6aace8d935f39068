#!/usr/bin/perl

# Tests for vendors that fail before the first byte: the status, and one line
# of JSON in the caller's dialect, on a connection that stays usable.

use FindBin;
use lib "$FindBin::Bin/lib";

use ModelTest;

my $t = ModelTest->new;
my $a = $t->backend('a');
my $b = $t->backend('b');
my $tls = $t->has('tls');

$t->backend('c', tls => 1) if $tls;
$b->refuse;

my $conf = join '', map { <<"CONF" } 'a', 'b', $tls ? 'c' : ();
model_vendor $_ {
    proxy_pass @{[$_ eq 'c' ? 'https' : 'http']}://{{$_}};
    dialect ollama openai anthropic;
    @{[$_ eq 'c' ? 'proxy_ssl_session_reuse off;' : '']}
    discover off;
    model m;
}
CONF

$t->conf($conf . <<'CONF')->start;
model_vendor slow {
    proxy_pass http://{{a}};
    dialect ollama openai anthropic;
    proxy_read_timeout 100ms;
    proxy_connect_timeout 100ms;
    discover off;
    model m;
}
server { {{listen}} location / { model_pass; } }
CONF

my %path = (ollama => '/api/chat', openai => '/v1/chat/completions',
    anthropic => '/v1/messages');
my $c = $t->client;

sub dialect_error {
    my ($dialect, $r, $name) = @_;
    my $j = $r->json;
    is $r->header('content-type'), 'application/json', "$name: type";
    unlike $r->body, qr/\n/, "$name: one line";
    return $j->{error} if $dialect eq 'ollama';
    is $j->{type}, 'error', "$name: type of the body"
        if $dialect eq 'anthropic';
    return wantarray ? ($j->{error}{message}, $j->{error}{type})
        : $j->{error}{message};
}

sub fails {
    my ($name, $vendor, $status, $words, %type) = @_;

    for my $dialect (sort keys %path) {
        my $n = "$name, $dialect";
        my $r = $c->post($path{$dialect}, { model => "$vendor:m" });
        is $r->status, $status, "$n: status";
        my ($text, $type) = dialect_error($dialect, $r, $n);
        like $text, $words, "$n: text";
        is $type, $type{$dialect}, "$n: type of error" if $type{$dialect};
        is $r->header('retry-after'), undef, "$n: no Retry-After";
    }
}

my %api = (openai => 'server_error', anthropic => 'api_error');
my %timeout = (openai => 'server_error', anthropic => 'timeout_error');

fails('refused', 'b', 502, qr/^vendor "b" could not be reached$/, %api);
fails('TLS fails', 'c', 502, qr/^vendor "c" could not be reached$/, %api)
    if $tls;

my @cases = (
    [reset => 502, qr/^vendor "a" closed the connection without/, %api],
    [close => 502, qr/^vendor "a" closed the connection without/, %api],
    [bad_header => 502, qr/^vendor "a" sent an invalid answer$/, %api],
);

for my $case (@cases) {
    my ($fault, @want) = @$case;
    $a->$fault;
    fails($fault, 'a', @want);
    $a->ok;
}

for my $raw ("HTTP/1.1 2x0 OK\r\n\r\n", "no server of models\n",
    "HTTP/1.1 200 OK\r\nX: 1\r\n",
    "HTTP/1.1 200 OK\r\nX: " . 'x' x 70000 . "\r\n\r\n")
{
    $a->raw($raw);
    fails('no head: ' . $raw =~ s/\r\n.*//sr, 'a', 502,
        qr/^vendor "a" sent an invalid answer$/, %api);
    $a->ok;
}

$a->hang;
fails('hang', 'slow', 504, qr/^vendor "slow" did not answer in time$/,
    %timeout);
$a->ok;

$a->blackhole;
fails('connect timeout', 'slow', 504,
    qr/^vendor "slow" did not answer in time$/, %timeout);
$a->ok;

is $c->post('/api/chat', { model => 'a:m' })->status, 200,
    'the connection of the client has served all of it';
is $t->get('/api/version')->status, 200, 'nginx is well';

$t->done;
