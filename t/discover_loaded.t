#!/usr/bin/perl

# Tests for discovery: what is loaded is asked for when somebody wants to know.

use FindBin;
use lib "$FindBin::Bin/lib";

use Time::HiRes 'time';

use ModelTest;

my $t = ModelTest->new(workers => 2);

my $one = $t->ollama('one', models => ['a', 'b'], loaded => ['a']);
my $two = $t->ollama('two', models => ['c'], loaded => ['c']);
my $dead = $t->ollama('dead', models => ['d']);
my $cloud = $t->openai('cloud', models => ['gpt']);
my $slow = $t->ollama('slow', models => ['x', 'y'], loaded => ['x']);
$dead->refuse;
$slow->hang(match => qr/show/);

$t->conf(<<'CONF')->start;
upstream many { server {{one}}; server {{two}}; server {{dead}}; }
model_vendor many { proxy_pass http://many; discover 1h timeout=1s; }
model_vendor cloud { proxy_pass http://{{cloud}}; dialect openai; }
model_vendor slow { proxy_pass http://{{slow}}; discover 1h timeout=3s; }
server { {{listen}}
    location / { model_pass many cloud; }
    location /slow/ { model_pass slow; }
}
CONF

sub loaded {
    my $r = $t->get('/api/ps');
    return join ' ', sort map { $_->{name} } @{ $r->json->{models} };
}

# Known from the first question
$t->eventually(sub { loaded() eq 'many:a:latest many:c:latest' },
    'loaded models of all servers');

# What changes is seen without the interval of discovery
$one->set(loaded => ['b']);
$two->set(loaded => []);
$t->eventually(sub { loaded() eq 'many:b:latest' }, 'changes are seen', 10);
is $one->hits(qr/tags/), 1, 'the list was not asked for again';

# A discovery that is under way for long does not bring back what was before
my ($stale, $seen) = (0, 0);
$slow->set(loaded => ['y']);
$t->eventually(sub {
    my $name = $t->get('/slow/api/ps')->json->{models}[0]{name};
    $seen ||= $name eq 'slow:y:latest';
    $stale ||= $seen && $name ne 'slow:y:latest';
    return $seen && $slow->in_flight == 0;
}, 'asked while a discovery runs', 10);
is $t->get('/slow/api/ps')->json->{models}[0]{name}, 'slow:y:latest',
    'when it ended';
ok !$stale, 'nor meanwhile';

# Many at once are one question per worker, at most one in two seconds
my $n = $one->hits(qr{/api/ps});
my $time = time;
loaded() for 1 .. 20;
cmp_ok $one->hits(qr{/api/ps}) - $n, '<=', 2 + 2 * int((time - $time) / 2),
    'a question serves many';

# A server that hangs costs its timeout, not more, and its facts stay
$one->hang(match => qr{/api/ps});
$n = $one->hits(qr{/api/ps});
$t->eventually(sub { loaded(); $one->hits(qr{/api/ps}) > $n },
    'asked while it hangs', 10);
$time = time;
is loaded(), 'many:b:latest', 'what was known';
cmp_ok time - $time, '<', 3 * $t->factor, 'in time';
$one->ok;

is $t->count_log(qr/server "\S+" is down/), 1, 'only the dead one is down';

# Nor does a fetch for a client outlive nginx
$two->hang(match => qr{/api/ps});
my $open = $two->hits(qr{/api/ps});
my @waiting;
$t->eventually(sub {
    push @waiting, $t->open('GET', '/api/ps');
    $two->hits(qr{/api/ps}) > $open;
}, 'asked at the end', 10);
$_->abort for @waiting;

$t->done;
