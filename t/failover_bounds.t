#!/usr/bin/perl

# Tests for what a failed try leaves behind: values of one vendor do not reach
# another, and a cooldown binds only those whom it is meant for.

use FindBin;
use lib "$FindBin::Bin/lib";

use ModelTest;

my $t = ModelTest->new(access_log => 1);

my $limit = sub {
    my $r = $_[1];
    return { body => 'from a' } if !$r->{headers}{'x-wait'};
    return { status => 429, body => 'later', headers => ['Retry-After' => 30] };
};

my $a = $t->backend('a', on => {
    '/api/chat' => sub {
        my $m = $_[1]->json->{model};
        return { status => 503, body => 'no' } if $m eq 'broken';
        return $limit->(@_);
    },
    '/v1/files' => $limit,
});
my $b = $t->backend('b', reply => 'from b');
my $stock = $t->backend('stock', reply => 'from stock');

$t->conf(<<'CONF')->start;
log_format ids '$request_id|$model_vendor|$secret';
map $model_vendor $secret { a secret-of-a; b secret-of-b; default none; }
proxy_set_header X-Secret $secret;
proxy_set_header X-Id $request_id;
upstream pair { server {{a}} max_fails=1; server {{b}} backup; }
model_vendor a { proxy_pass http://{{a}}; discover off; }
model_vendor b { proxy_pass http://{{b}}; discover off; }
model_vendor dead { proxy_pass http://127.0.0.1:1; discover off; }
model_vendor own { proxy_pass http://pair; discover off; key client; }
model_vendor pair { proxy_pass http://pair; discover off; }
model_alias next { target a:broken; target b:m backup; }
model_alias off { target a:off; target b:m backup; }
model_alias rest { target a:rest; target b:m backup; }
model_alias files { target a:files; target b:m backup; }
server {
    {{listen}}
    access_log {{dir}}/ids.log ids;
    location / { model_pass; model_allow inference other; }
    location /off/ { model_pass; model_failover off; }
    location /500/ { model_pass; model_failover http_500; }
    location /zero/ { model_pass; model_failover http_429 cooldown=0; }
    location /error/ { model_pass; error_page 502 503 = @stock; }
    location /rest/ { model_pass a; model_allow inference other; }
    location @stock { proxy_pass http://{{stock}}; }
}
CONF

sub ask {
    my ($path, $model, @headers) = @_;
    return $t->post("$path/api/chat", qq({"model":"$model","stream":false}),
        headers => ['Content-Type' => 'application/json', @headers]);
}

# Values of a vendor
my $r = ask('', 'next');
is $r->body, 'from b', 'the second target answers';
my ($ra) = $a->requests(qr/POST/);
my ($rb) = $b->requests(qr/POST/);
is $ra->header('x-secret'), 'secret-of-a', 'the first one had its own value';
is $rb->header('x-secret'), 'secret-of-b', 'and the second one its own';
is $rb->header('x-id'), $ra->header('x-id'), 'of the same request';
$t->eventually(sub { $t->read_file('ids.log') =~ /^\w+\|b\|secret-of-b$/m },
    'which the log tells, too');
like $t->read_file('ids.log'), qr/^\Q@{[$ra->header('x-id')]}\E\|/m, 'with its id';

# A location that is not ours
$r = ask('/error', 'dead:m');
is $r->body, 'from stock', 'error_page leads elsewhere';
my ($rs) = $stock->requests(qr/POST/);
is $rs->header('host'), $stock->address, 'with the host of that one';
is $rs->{body}, '{"model":"dead:m","stream":false}',
    "and the client's body";

# A client's own limit
$r = ask('', 'own:m', 'X-Wait' => 1, Authorization => 'Bearer one');
is $r->status, 200, "its own limit: another server is asked" or diag $r->body;
is ask('', 'own:m', Authorization => 'Bearer two')->body, 'from a',
    'another client is not bound by it';

# No choice
is ask('/off', 'off', 'X-Wait' => 1)->status, 429, 'failover off: told so';
is ask('/off', 'off')->body, 'from a', 'asked again, as nothing else may be';
is ask('/500', 'rest', 'X-Wait' => 1)->status, 429, 'no condition: told so';
is ask('/500', 'rest')->body, 'from a', 'asked again';

# Paths that name no model
$r = $t->get('/rest/v1/files', headers => ['X-Wait' => 1]);
is $r->status, 429, 'a path without a model: told so';
is ask('', 'files')->body, 'from a', 'the models are not bound by it';

# cooldown=0
is ask('/zero', 'pair:z', 'X-Wait' => 1)->body, 'from b', 'another is asked';
is ask('/zero', 'pair:z')->body, 'from a',
    'without a cooldown, and without a failure of the server';

$t->done;
