#!/usr/bin/perl

# Tests for what keeps a server out, for whom, and for how long.

use FindBin;
use lib "$FindBin::Bin/lib";

use ModelTest;

my $t = ModelTest->new(workers => 2);

# X-Do-NAME: status and one header, for as long as it is sent
my ($a, $b) = map { my $name = $_; $t->backend($name, on => { map { $_ => sub {
    my ($status, $k, $v) = split / /, $_[1]{headers}{"x-do-$name"} // '', 3;
    return { body => "from $name", $status ? (status => $status,
        body => "{\"error\":\"$status $name\"}",
        headers => [$k ? ($k => $v) : ()]) : () };
} } '/api/chat', '/v1/messages', '/v1/chat/completions' }) } qw(a b);

my $text = <<'CONF';
upstream two {
    server {{a}} max_fails=0; server {{b}} max_fails=0 backup;
}
upstream aware {
    zone aware 64k; server {{a}} max_fails=0; server {{b}} max_fails=0 backup;
    model_aware;
}
upstream single { server {{a}} max_fails=0; }
upstream single_aware { server {{a}} max_fails=0; model_aware; }
model_vendor two { proxy_pass http://two; discover off; dialect ollama openai anthropic; }
model_vendor aware { proxy_pass http://aware; discover off; }
model_vendor single { proxy_pass http://single; discover off; }
model_vendor single_aware { proxy_pass http://single_aware; discover off; }
model_vendor va { proxy_pass http://{{a}}; discover off; }
model_vendor vb { proxy_pass http://{{b}}; discover off; }
model_alias alias-* { target va:*; target vb:* backup; }
server {
    {{listen}}
    location / { model_pass; }
    location /0/ { model_pass; model_failover http_429 cooldown=0; }
    location /1s/ { model_pass; model_failover http_429 cooldown=1s; }
    location /no/ { model_pass; model_failover http_500; }
    location /off/ { model_pass; model_failover off; }
}
CONF
$t->conf($text)->start;

my $n = 0;

sub ask {
    my ($uri, $model, %do) = @_;
    my $r = $t->post($uri =~ /v1/ ? $uri : "$uri/api/chat",
        { model => $model, stream => \0, max_tokens => 9 }, headers =>
        ['Content-Type' => 'application/json', map { ("X-Do-$_" => $do{$_}) }
        keys %do]);
    return $r;
}

# model, what a says, kept out or not, the time in the log
for my $case (
    ['', '429 Retry-After 7', 7000], ['', '503 Retry-After 7', 7000],
    ['', '529 Retry-After 7', 7000], ['', '429 retry-after-ms 1500', 1500],
    ['', '429 x-ratelimit-reset-requests 6s', 6000],
    ['', '429 anthropic-ratelimit-requests-reset 2999-01-01T00:00:00Z', 60000],
    ['', '429 Retry-After 3600', 60000], ['/1s', '429 Retry-After 60', 1000],
    ['', '429 Retry-After Fri, 01 Jan 2100 00:00:00 GMT', 60000],
    ['/no', '429 Retry-After 7', 7000],
    ['', '429'], ['', '429 Retry-After 0'], ['', '429 Retry-After soon'],
    ['', '429 Retry-After -5'], ['/0', '429 Retry-After 60'],
    ['', '503 x-ratelimit-reset-requests 6s'],
    ['', '429 Retry-After Fri, 01 Jan 1999 00:00:00 GMT'],
    ['/no', '500 Retry-After 7'], ['', '200 Retry-After 7'])
{
    my ($prefix, $do, $ms) = @$case;

    for my $kind (qw(two: aware: alias-)) {
        my $model = $kind . 'm' . ++$n;
        my $name = "$model$prefix, $do";
        $t->mark;
        my ($status) = $do =~ /^(\d+)/;
        my $r = ask($prefix, $model, a => $do);
        my $other = $status != 200 && ($prefix ne '/no' ? $status != 500
            : $status == 500);
        is $r->body, $other ? 'from b' : "{\"error\":\"$status a\"}",
            "$name: who answers";

        # where no condition leads past a target, it is the only one
        is ask($prefix, $model)->body,
            $ms && ($prefix ne '/no' || $kind ne 'alias-') ? 'from b'
            : 'from a', "$name: next";
        is ask('', "${model}x")->body, 'from a', "$name: another model";
        my $time = $ms // '\d+';
        is $t->count_log(qr/cooldown of $time ms for model "m$n"/),
            $ms ? 1 : 0, "$name: in the log" if !$ms || $n < 19;
    }
}

# A server without any other is never kept out
for my $model (qw(single:m single_aware:m va:s)) {
    is ask('', $model, a => '429 Retry-After 60')->status, 429,
        "$model: its answer";
    is ask('', $model)->body, 'from a', "$model: asked again at once";
}

# All of them are kept out
for my $case (['two:all', '/api/chat', 503, qr/^\{"error":"[^{]+"\}$/],
    ['two:all', '/v1/messages', 529, qr/^\{"type":"error","error":\{/],
    ['two:all', '/v1/chat/completions', 503, qr/^\{"error":\{"message":"/],
    ['aware:all', '/api/chat', 503], ['alias-all', '/api/chat', 503])
{
    my ($model, $uri, $status, $like) = @$case;
    if ($uri eq '/api/chat') {
        my $r = ask('', $model, a => '429 Retry-After 40',
            b => '429 Retry-After 20');
        is $r->body, '{"error":"429 b"}', "$model: the last answer";
        is $r->header('retry-after'), 20, "$model: with its header";
    }
    $_->clear for $a, $b;
    my $r = $uri eq '/api/chat' ? ask('', $model) : ask($uri, $model);
    is $r->status, $status, "$model$uri: none is left";
    like $r->header('retry-after') // '', qr/^(?:19|20)$/,
        "$model$uri: when the first one is back";
    like $r->body, $like // qr/^\{"error":"/, "$model$uri: in its dialect";
    is $_->hits, 0, "$model$uri: nobody is asked" for $a, $b;
}

# A reload keeps what is known
ask('', 'two:r', a => '429 Retry-After 50');
ask('', 'alias-r', a => '429 Retry-After 50');
$t->reload($text =~ s/max_fails=0/max_fails=0 weight=3/gr);
for my $model (qw(two:r alias-r)) {
    is ask('', $model)->body, 'from b', "$model: after a reload" for 1 .. 3;
}
is ask('', 'two:all')->status, 503, 'two:all: after a reload';

$t->done;
