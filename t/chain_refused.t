#!/usr/bin/perl

# Tests for what a refusal says when nobody can be asked: who was looked at,
# what stood in the way, and when the first of them can be asked again.

use FindBin;
use lib "$FindBin::Bin/lib";

use ModelTest;

my $t = ModelTest->new;

my $a = $t->backend('a', on => { '/api/chat' => sub {
    my $m = $_[1]->json->{model};
    return { status => 429, body => 'later',
        headers => ['Retry-After' => $m eq 'long' ? 50 : 20] };
} });
my $b = $t->backend('b', on => { '/api/chat' => { hold => 1, body => 'b' } });

$t->conf(<<'CONF')->start;
upstream cool { zone cool 64k; server {{a}}; server {{b}} down; model_aware; }
upstream two { zone two 64k; server {{a}} max_fails=0;
    server 127.0.0.1:1 max_fails=0; model_aware; }
upstream busy { zone busy 64k; server {{b}} max_conns=1; model_aware; }
model_vendor cool { proxy_pass http://cool; discover off; }
model_vendor two { proxy_pass http://two; discover off; }
model_vendor busy { proxy_pass http://busy; discover off; }
model_alias mixed { target cool:long; target busy:m backup; }
model_alias cold { target cool:long; target cool:short backup; }
server {
    {{listen}}
    location / { model_pass; model_failover off; }
    location /next/ { model_pass; model_failover connect; }
}
CONF

sub start {
    my ($path, $model) = @_;
    return $t->open(POST => "$path/api/chat",
        body => { model => $model, stream => \0 });
}

sub ask { my $r = start(@_)->finish; $r->close; return $r }

# The server that is "down" is no choice: a is asked, however often it says so
is ask('', 'cool:x')->status, 429, "its only usable server is asked ($_)"
    for 1 .. 3;
is scalar($a->requests(qr/POST/)), 3, 'each time';

# A cooldown of a target of an alias counts
is ask('', 'cold')->status, 429, 'the first target is asked';
is ask('/next', 'cold')->status, 429, 'and then the other, since it is out';

my $r = ask('/next', 'cold');
is $r->status, 503, 'both are out';
like $r->json->{error}, qr/^no server of the targets of \W*cold\W* is up, try/,
    'and the alias is named';
cmp_ok $r->header('retry-after'), '<=', 20, 'with the shorter time';
cmp_ok $r->header('retry-after'), '>', 10, 'that is left';

# One is out, one busy
my $hold = start('', 'busy:m');
$t->eventually(sub { scalar($b->requests(qr/POST/)) == 1 }, 'the slot is taken');
$r = ask('/next', 'mixed');
is $r->status, 503, 'one is out, one busy';
like $r->json->{error}, qr/^no server of the targets of \W*mixed\W* is free,/,
    'which the text does not mix up';
cmp_ok $r->header('retry-after'), '<=', 50, 'the time is known';
cmp_ok $r->header('retry-after'), '>', 30, 'of the cooldown';

# Without a condition there is no other one, and no cooldown
is ask('', 'mixed')->status, 429, 'the first alone: it is asked';

$b->release;
is $hold->finish->status, 200, 'the held one has its answer';

$t->done;
