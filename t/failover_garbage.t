#!/usr/bin/perl

# Tests for servers whose lists are garbage, or none: requests go on.

use FindBin;
use lib "$FindBin::Bin/lib";

use ModelTest;

my %LISTS = (
    empty => { body => '' },
    text => { body => 'this is no JSON', headers =>
        ['Content-Type' => 'text/html'] },
    cut => { body => '{"models":[{"name":"m' },
    array => { body => '[1,2,{"models":' . '[' x 2000 },
    wrong => { json => { models => { name => 'm' } } },
    types => { json => { models => [1, undef, 'x', { name => [] },
        { name => "\n" }, {}] } },
    bytes => { body => "\0\xff\xfe" x 1000 },
    closed => { close => 1 },
    reset => { reset => 1, raw => "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n" },
    head => { raw => "nonsense\r\n\r\n" },
    401 => { status => 401, json => { error => 'who' } },
    500 => { status => 500, body => 'x' x 70000 },
);

my $t = ModelTest->new(access_log => 1);
my @names = sort keys %LISTS;
my %s = map { $_ => $t->backend("s$_", reply => "from $_",
    on => { '/api/tags' => $LISTS{$_}, '/v1/models' => $LISTS{$_},
    '/api/ps' => $LISTS{$_} }) } @names;
my $b = $t->backend('b', reply => 'from b', on => {
    '/api/tags' => { json => { models => [{ name => 'm:latest',
        model => 'm:latest' }] } } });

my $conf = '';
for my $n (@names) {
    $conf .= "upstream u$n { server {{s$n}} max_fails=0; "
        . "server {{b}} max_fails=0 backup; }\n"
        . "model_vendor v$n { proxy_pass http://{{s$n}}; discover 1s; }\n"
        . "model_vendor o$n { proxy_pass http://{{s$n}}; discover 1s; "
        . "dialect openai; }\n"
        . "model_vendor w$n { proxy_pass http://u$n; discover 1s; }\n"
        . "model_alias a$n { target v$n:m; target good:m backup; }\n";
}

$t->conf($conf . <<'CONF')->start;
model_vendor good { proxy_pass http://{{b}}; discover 1s; }
server { {{listen}} location / { model_pass; } }
CONF

$t->eventually(sub { $t->get('/api/tags')->body =~ /"good:m:latest"/ },
    'the list of the good one is there');

for my $n (@names) {
    $s{$n}->wait_for(2, $_) for qr/tags/;

    for ("v$n:m", "w$n:m", "a$n") {
        my $r = $t->post('/api/chat', { model => $_ });
        is $r->status, 200, "$_: status";
        is $r->body, "from $n", "$_: the first one is asked";
    }

    is $t->post('/v1/chat/completions', { model => "o$n:m" })->body,
        "from $n", "o$n:m: dialect openai";

    # what is wrong with its list is no reason against failover
    $s{$n}->status(503, { error => 'x' }, match => qr/chat/, times => 2);
    is $t->post('/api/chat', { model => $_ })->body, 'from b',
        "$_: the other one is asked" for "w$n:m", "a$n";
}

is $b->hits(qr/chat/), 2 * @names, 'each came once';

$t->done;
