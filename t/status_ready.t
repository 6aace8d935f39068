#!/usr/bin/perl

# Tests for GET <status>/ready: when vendors can serve, when that is known.

use FindBin;
use lib "$FindBin::Bin/lib";

use ModelTest;

my $t = ModelTest->new(workers => 2);
my $a = $t->ollama('a', models => ['llama3']);
my $b = $t->openai('b', models => ['gpt']);

my $status = "server {\n    {{listen}}\n    location /status/ {"
    . " model_status; }\n}\n";
my $a_conf = "model_vendor a { proxy_pass http://{{a}}; discover 50ms; }\n";

sub ready { return $t->get('/status/ready') }

# Without vendors nothing can serve

$t->conf($status)->start;

my $r = ready();
is $r->status, 503, 'no vendor: status';
is $r->body, '{"ready":false,"vendors":{}}', 'no vendor: body';
is $r->header('retry-after'), 5, 'no vendor: Retry-After';
is $t->head('/status/ready')->status, 503, 'no vendor: HEAD';

# It waits for the first discovery

$a->hold(match => qr/tags/);
$t->reload($a_conf . $status);

my $open = $t->open(GET => '/status/ready');
$a->wait_for(1, qr/tags/);
$a->ok;
$a->release(1);
$r = $open->finish;
is $r->status, 200, 'first discovery: status';
is $r->body, '{"ready":true,"vendors":{"a":true}}', 'first discovery: body';

# A server that is down, and up again

$a->refuse;
$t->eventually(sub { ready()->status == 503 }, 'down');
is ready()->body, '{"ready":false,"vendors":{"a":false}}', 'down: body';

$a->accept;
$t->eventually(sub { ready()->status == 200 }, 'up again');

# One vendor is enough; what is not discovered is taken for able

$a->refuse;
$t->reload($a_conf . "model_vendor b { proxy_pass http://{{b}};"
    . " dialect openai; discover off; model m; }\n" . $status);
$t->eventually(sub { ready()->body
    eq '{"ready":true,"vendors":{"a":false,"b":true}}' }, 'one is enough');

# A server that the configuration has taken out

$t->reload("upstream u { zone u 64k; server {{a}} down; server {{b}} backup;"
    . " }\nmodel_vendor a { proxy_pass http://u; dialect openai;"
    . " discover 50ms; }\n" . $status);
$t->eventually(sub { ready()->status == 200 }, 'a backup is enough');

$t->done;
