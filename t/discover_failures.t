#!/usr/bin/perl

# Tests for discovery: why a server is down, in words, and what is kept.

use FindBin;
use lib "$FindBin::Bin/lib";

use ModelTest;

my $t = ModelTest->new(env => { KEY => 'sk-wrong' });

my @cases = (
    [refused => sub { $_[0]->refuse },
        qr/connection refused or failed/],
    [silent => sub { $_[0]->hang }, qr/timed out/],
    [reset => sub { $_[0]->reset }, qr/no valid HTTP answer/],
    [closed => sub { $_[0]->close }, qr/no valid HTTP answer/],
    [no_http => sub { $_[0]->raw("garbage\n\n") }, qr/^.+/],
    [header => sub { $_[0]->bad_header }, qr/no valid HTTP answer/],
    [cut => sub { $_[0]->truncate(20) }, qr/answer was cut/],
    [stalled => sub { $_[0]->raw("HTTP/1.1 200 OK\r\nContent-Length: 50\r\n"
        . "\r\n{\"models\":") }, qr/answer was cut|timed out/],
    [status_401 => sub { $_[0]->status(401, { error => 'no' }) },
        qr/HTTP 401: the key was not accepted/],
    [status_404 => sub { $_[0]->status(404, 'none here') },
        qr/HTTP 404: not a model server\?/],
    [status_429 => sub { $_[0]->status(429, 'x') },
        qr/HTTP 429: too many requests/],
    [status_500 => sub { $_[0]->status(500, 'x') }, qr/HTTP 500/],
    [status_503 => sub { $_[0]->status(503, 'x') }, qr/HTTP 503: not ready/],
    [page => sub { $_[0]->status(200, '<html>') }, qr/answer is not JSON/],
    [empty => sub { $_[0]->status(200, '') }, qr/answer is not JSON/],
    [list => sub { $_[0]->status(200, '{"error":"Unexpected endpoint"}') },
        qr/answer has no list of models/],
    [array => sub { $_[0]->status(200, '{"models":"x"}') },
        qr/answer has no list of models/],
    [large => sub { $_[0]->raw("HTTP/1.1 200 OK\r\nContent-Length: "
        . 17 * 1024 * 1024 . "\r\n\r\n{") },
        qr/answer is larger than 16777216 bytes/],
);

my $conf = '';

for my $case (@cases) {
    my ($name) = @$case;
    $t->ollama($name, models => ["of_$name"]);
    $conf .= "model_vendor $name { proxy_pass http://{{$name}}; "
        . "discover 100ms timeout=500ms; }\n";
}

$t->conf($conf . <<'CONF')->start;
server { {{listen}} location / { model_pass; } }
CONF

sub lists {
    my $name = shift;
    return scalar grep { $_->{name} eq "$name:of_$name:latest" }
        @{ $t->get('/api/tags')->json->{models} };
}

# All are well first
for my $case (@cases) {
    my ($name) = @$case;
    $t->eventually(sub { lists($name) }, "$name: listed");
    is $t->count_log(qr/vendor "$name" server "\S+" is up, 1 model$/m), 1,
        "$name: is up";
}

# Each fails in its own way: told once, in words, and the list is kept
for my $case (@cases) {
    my ($name, $fault) = @$case;
    $fault->($t->{backends}{$name});
}

for my $case (@cases) {
    my ($name, undef, $words) = @$case;

    $t->eventually(sub { $t->count_log(qr/vendor "$name" \S+ \S+ is down/) },
        "$name: is down");
    my ($reason) = $t->log =~ /vendor "$name" server "\S+" is down: (.*)/;
    like $reason, $words, "$name: why";
    ok lists($name), "$name: its models are still known";
}

for my $case (@cases) {
    my ($name) = @$case;
    my $server = $t->{backends}{$name};
    my $n = $server->hits(qr/tags/);

    $t->eventually(sub { $name eq 'refused' || $server->hits(qr/tags/) > $n },
        "$name: is asked again");
    is $t->count_log(qr/vendor "$name" server "\S+" is down/), 1,
        "$name: told once";
}

# And they come back
for my $case (@cases) {
    my ($name) = @$case;
    my $server = $t->{backends}{$name};
    $server->ok;
    $server->accept if $name eq 'refused';
}

for my $case (@cases) {
    my ($name) = @$case;
    $t->eventually(sub { $t->count_log(qr/vendor "$name" \S+ \S+ is up, 1 /)
        == 2 }, "$name: is up again");
}

$t->done;
