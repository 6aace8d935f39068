#!/usr/bin/perl

# Tests for an "if" with a stock proxy_pass inside of a model_pass location.

use FindBin;
use lib "$FindBin::Bin/lib";

use ModelTest;

my $t = ModelTest->new;
my $b = $t->backend('b', reply => 'of the vendor');
my $other = $t->backend('other', reply => 'of another server');
$other->status(404, 'its own 404', match => qr/lost/);

$t->conf(<<'CONF')->start;
model_vendor b { proxy_pass http://{{b}}; discover off; }
server {
    {{listen}}
    location / {
        model_pass;
        if ($arg_other) { proxy_pass http://{{other}}; }
    }
    location /down/ {
        model_pass;
        if ($arg_other) { proxy_pass http://127.0.0.1:1; }
    }
}
CONF

for my $case (['GET', '/api/version'], ['POST', '/api/chat'], ['GET', '/x']) {
    my ($method, $uri) = @$case;
    my $r = $t->request($method, "$uri?other=1", $method eq 'POST'
        ? { model => 'b:m' } : undef);
    is $r->status, 200, "$uri: status";
    is $r->body, 'of another server', "$uri: its answer";
}

my $r = $t->get('/lost?other=1');
is $r->status, 404, 'its error: status';
is $r->body, 'its own 404', 'its error: as it came';

$r = $t->post('/down/api/chat?other=1', { model => 'b:m' });
is $r->status, 502, 'no such server: status';
ok $r->json->{error}, 'no such server: in dialect';

$r = $t->post('/api/chat', { model => 'b:m' });
is $r->body, 'of the vendor', 'the others go to the vendor';
is $b->hits, 1, 'only they';

$t->done;
