#!/usr/bin/perl

# Tests for tests that run: clients that leave, reloads, HTTP/2, workers, too
# many at a time.

use FindBin;
use lib "$FindBin::Bin/lib";

use ModelTest;

my $t = ModelTest->new(workers => 2, log_level => 'info');
my $h2 = $t->has('http_v2');
my $a = $t->ollama('a', models => ['llama3']);
my $b = $t->ollama('b', models => ['qwen']);

my $conf = <<'CONF' . ($h2 ? <<'H2' : '');
upstream u { server {{a}}; server {{b}}; }
model_vendor u { proxy_pass http://u; discover 1h timeout=20s; }
server {
    {{listen}}
    location / { model_pass; client_max_body_size 1m; }
    location /status/ { model_status; }
}
CONF
server { {{listen:h2 http2}} location /status/ { model_status; } }
H2

$t->conf($conf)->start;

my $uri = '/status/test?vendor=u';

$t->eventually(sub { $t->get('/status/api')->body !~ /"state":"unknown"/ },
    'discovered');

sub held {
    $_->ok->clear->hold(match => qr/tags/) for $a, $b;
}

sub released {
    $_->ok->release(100) for $a, $b;
}

sub good {
    my ($r, $name) = @_;
    is $r->status, 200, "$name: status";
    is_deeply [map { $_->{error} // $_->{models} } @{ $r->json->{servers} }],
        [1, 1], "$name: servers" or diag $r->raw;
    ok $r->json->{success}, "$name: success";
}

# All servers are asked at once, and the answer waits for all

held();
my $open = $t->open(POST => $uri, body => '');
$_->wait_for(1, qr/tags/) for $a, $b;
$a->ok->release(1);
$t->eventually(sub { $a->in_flight == 0 }, 'one has answered');
$b->ok->release(1);
good($open->finish, 'one after another');

# Both workers

good($t->post($uri, ''), "again $_") for 1 .. 20;

# Clients that leave

my @leave = (['close', sub { $_[0]->close }], ['abort', sub { $_[0]->abort }]);

for (@leave) {
    my ($name, $leave) = @$_;

    held();
    $open = $t->open(POST => $uri, body => '');
    $_->wait_for(1, qr/tags/) for $a, $b;
    $leave->($open);
    good($t->post($uri, '', timeout => 20), "$name: another one")
        if do { released(); 1 };
}

if ($h2) {
    held();
    my $c = $t->h2(listen => 'h2');
    my @streams = map { $c->open(POST => $uri, body => '') } 1 .. 3;
    $_->wait_for(3, qr/tags/) for $a, $b;
    $streams[0]->reset(8);
    released();
    good($_->finish, 'HTTP/2') for @streams[1, 2];

    held();
    $open = $c->open(POST => $uri, body => '');
    $_->wait_for(1, qr/tags/) for $a, $b;
    $c->close;
    released();
    good($t->post($uri, ''), 'HTTP/2 closed: another one');
}

# Too many at a time: each worker lets 16 run

held();
my @many = map { $t->open(POST => $uri, body => '') } 1 .. 40;
$t->eventually(sub { $a->hits(qr/tags/) + $t->count_log(qr/refused with 429/)
    == 40 }, 'some run, others are refused');
released();
$_->finish for @many;
my @bad = grep { $_->status != 200 } @many;
cmp_ok scalar @bad, '>=', 8, 'refused';
is +(grep { $_->status != 429 || $_->json->{error}
    ne '16 tests are running already, try again later' } @bad), 0,
    'refused: told';
good($_, 'many') for grep { $_->status == 200 } @many;
good($t->post($uri, ''), 'afterwards');

# A reload meanwhile: the old worker ends its tests

held();
$open = $t->open(POST => $uri, body => '');
$_->wait_for(1, qr/tags/) for $a, $b;
my $old = $t->open(POST => $uri, body => '');
$_->wait_for(2, qr/tags/) for $a, $b;
$old->abort;
$t->reload($conf =~ s/20s/19s/r, wait => 0);
released();
good($open->finish, 'reload');
good($t->post($uri, ''), 'after a reload');

my @workers;
$t->eventually(sub { @workers = $t->workers; @workers == 2 },
    'the old workers are gone', 20);

$t->done;
