#!/usr/bin/perl

# Tests for model_queue with model_aware: who waits for what, and what is
# tried when there is no place or no time.

use FindBin;
use lib "$FindBin::Bin/lib";

use ModelTest;

my $t = ModelTest->new(access_log => 1);
my $a = $t->ollama('a', models => ['both', 'left']);
my $b = $t->ollama('b', models => ['both', 'right']);
my $c = $t->backend('c', reply => '{"from":"c"}');
my $e = $t->backend('e', reply => '{"from":"e"}');

$t->conf(<<'CONF')->start;
log_format queue '$model|$status|$model_vendor|$model_queue_time';
access_log {{dir}}/access.log queue;
upstream pair {
    server {{a}} max_conns=1 max_fails=0;
    server {{b}} max_conns=1 max_fails=0;
    model_aware;
    model_queue 4 timeout=30s;
}
upstream short { server {{c}} max_conns=1; model_queue 1 timeout=200ms; }
upstream second { server {{c}} max_conns=1; model_queue 5; }
upstream cool { server {{c}} max_conns=1; server {{e}} max_conns=1;
    model_queue 3 timeout=30s; }
model_vendor cool { proxy_pass http://cool; discover off; }
model_vendor pair { proxy_pass http://pair; discover 50ms; }
model_vendor short { proxy_pass http://short; discover off; }
model_vendor second { proxy_pass http://second; discover off; }
model_vendor other { proxy_pass http://{{c}}; discover off; }
model_alias smart { target short:m; target other:n backup; }
model_alias late { target short:m; target second:n backup; }
model_alias mixed { target pair:left; target other:n backup; }
server {
    {{listen}}
    location / { model_pass; }
    location /stay/ { model_pass; model_failover off; }
}
CONF

my $chat = qr{/api/chat};

sub ask {
    my ($model, %o) = @_;
    return $t->open(POST => ($o{at} // '') . '/api/chat', body => {
        model => $model, stream => \0, messages => [
        { role => 'user', content => 'x' }] });
}

sub parked { is $t->get('/')->status, 200, "$_[0]: others are answered" }

$t->eventually(sub { $t->get('/api/tags')->body =~ /left.*right|right.*left/s },
    'both lists are known');

# One model's requests wait, another's server is free
$_->hold(match => $chat) for $a, $b;
my @left = ask('pair:left');
$a->wait_for(1, $chat);
push @left, ask('pair:left'), ask('pair:left');
parked('two for the left one');

my $right = ask('pair:right');
$b->wait_for(1, $chat);
is $a->hits($chat), 1, 'two wait for the left one';
is $b->release, 1, 'the right one is free';
is $right->finish->status, 200, 'at once';

my $both = ask('pair:both');
$b->wait_for(2, $chat);
is $b->last($chat)->json->{model}, 'both', 'what both have as well';

# Behind them, each for its server, in order
my $both2 = ask('pair:both');
parked('both');
my $right2 = ask('pair:right');
parked('right');
is ask('pair:both')->finish->status, 503, 'four places for all models';

$b->release;
is $both->finish->status, 200, 'both';
$b->wait_for(3, $chat);
is $b->last($chat)->json->{model}, 'both', 'the older one first';
is $a->hits($chat), 1, 'the left one is not touched';
$b->release;
is $both2->finish->status, 200, 'both, the second one';
$b->wait_for(4, $chat);
$b->release;
is $right2->finish->status, 200, 'right';

for my $r (@left) {
    is $a->release, 1, 'one at the left one';
    is $r->finish->status, 200, 'left';
    $a->wait_for($a->hits($chat) < 3 ? 2 : 3, $chat) if $r != $left[2];
    $t->eventually(sub { $a->in_flight($chat) }, 'next') if $r != $left[2];
}
is_deeply [map { $_->json->{model} } $a->requests($chat)], [('left') x 3],
    'the left one had its own only';

# A server that gets the model while requests wait for it
my $first = ask('pair:left');
$t->eventually(sub { $a->in_flight($chat) }, 'the slot is taken');
my $wait = ask('pair:left');
parked('one waits');
$b->set(models => ['both', 'right', 'left']);
$t->eventually(sub { $b->last($chat)->json->{model} =~ /left/ },
    'it goes to the server that has it now');
$b->release;
is $wait->finish->status, 200, 'answered';
$b->set(models => ['both', 'right']);
$b->clear;
$b->wait_for(3, qr/tags/);

# A server that loses the model, or goes away, while requests wait for it
$wait = ask('pair:left');
parked('one waits again');
$a->set(models => ['both']);
is $wait->finish->status, 404, 'no server has it any more';
like $wait->json->{error}, qr/'pair:left' not found/, 'says so';
$a->set(models => ['both', 'left']);
$a->clear;
$a->wait_for(3, qr/tags/);

$wait = ask('mixed');
parked('an alias waits');
is $c->hits, 0, 'not yet at the other';
$a->set(models => ['both']);
is $wait->finish->status, 404, 'no_model is no condition';
is $c->hits, 0, 'nobody else was asked';
$a->set(models => ['both', 'left']);
$a->ok->release;
is $first->finish->status, 200, 'the first one';

# An alias: the queue is full, the time is up
$_->clear->ok for $a, $b;
$c->clear->hold(match => $chat);
$first = ask('short:m');
$c->wait_for(1);
$wait = ask('smart');
parked('the alias waits');
my $full = ask('smart');
$c->wait_for(2);
is $c->last->json->{model}, 'n', 'full: the next target at once';
$c->wait_for(3);
is $c->last->json->{model}, 'n', 'too long: the next target';
$c->release;
is $_->finish->json->{from}, 'c', 'answered' for $first, $wait, $full;
$t->eventually(sub { 2 == (() = $t->access_log =~ /^smart\|200\|other/gm) },
    'the other vendor is in the log');
like $t->access_log, qr/^smart\|200\|other\|0\.[2-9]/m, 'with its time';
like $t->access_log, qr/^smart\|200\|other\|0\.000/m, 'and the one without';

# Later hops never wait, and nothing moves where nothing is tried again
$c->clear;
$first = ask('short:m');
$c->wait_for(1);
my $second = ask('second:n');
$c->wait_for(2);
$wait = ask('late');
parked('late');
$full = ask('late')->finish;
is $full->status, 503, 'the second target is busy: it does not wait there';
$wait->finish;
is $wait->status, 503, 'nor when its time is up';
cmp_ok $wait->time, '<', 5 * $t->factor, 'after the first one\'s time';
$wait = ask('smart', at => '/stay');
parked('stays');
is ask('smart', at => '/stay')->finish->status, 503, 'full, failover off';
is $wait->finish->status, 503, 'too long, failover off';
is $c->hits, 2, 'nobody else was asked';
$c->ok->release;
is $_->finish->status, 200, 'answered' for $first, $second;

# Servers that ask to be left alone are none that one waits for
$_->clear->fault(hold => 1, status => 429, json => { error => 'slow' },
    headers => ['Retry-After' => 40]) for $c, $e;
my @two = map { ask('cool:m', at => '/stay') } 1, 2;
$_->wait_for(1) for $c, $e;
$wait = ask('cool:m');
parked('waits for one of two');
$c->release;
parked('the other one is left');
is $e->hits + $c->hits, 2, 'it waits on';
$e->release;
is $_->finish->status, 429, 'their own answer' for @two;
is $wait->finish->status, 503, 'nobody to wait for';
like $wait->json->{error}, qr/^no server of vendor "cool" .* is up, try/,
    'says so';
like $wait->header('retry-after'), qr/^(?:40|3\d)$/, 'and when to come back';

$t->done;
