#!/usr/bin/perl

# Tests for a zone that is too small for the lists: service goes on.

use FindBin;
use lib "$FindBin::Bin/lib";

use ModelTest;

my $t = ModelTest->new(workers => 2);

my @long = map { "model-$_-" . 'x' x 60 } 1 .. 400;
my $small = $t->ollama('small', models => ['llama3']);
my $big = $t->openai('big', models => \@long);
my $also = $t->openai('also', models => \@long);
my $late = $t->openai('late', models => ['gpt-4o']);

my $conf = <<'CONF';
model_zone tiny:64k;
model_vendor small { proxy_pass http://{{small}}; discover 100ms timeout=1s; }
model_vendor big { proxy_pass http://{{big}}; dialect openai;
    discover 100ms timeout=1s; }
model_vendor also { proxy_pass http://{{also}}; dialect openai;
    discover 100ms timeout=1s; }
model_vendor late { proxy_pass http://{{late}}; dialect openai;
    discover 100ms timeout=1s; }
server { {{listen}} location / { model_pass; } }
CONF

$t->conf($conf)->start;

sub names {
    return join ' ', map { $_->{id} } @{ $t->get('/v1/models')->json->{data} };
}

# What fits is listed
$t->eventually(sub { names() eq 'small:llama3:latest late:gpt-4o' },
    'what fits is listed');

# One line, however often it is tried
my $n = $big->hits(qr/models/);
$t->eventually(sub { $big->hits(qr/models/) > $n + 4 }, 'asked on');
my @lines = grep { /\[(?:alert|crit|error|warn)\]/ } split /\n/, $t->log;
is scalar(grep { /zone "tiny"|could not allocate|no memory/ } @lines), 1,
    'one line' or diag join "\n", @lines;

# Lists that did not fit are no reason to wait for
my $r = $t->get('/api/tags');
is $r->status, 200, 'status';
cmp_ok $r->time, '<', 0.5 * $t->factor, 'no waiting';

# Requests go through, also for models that could not be listed
$r = $t->post('/v1/chat/completions', { model => "big:$long[7]",
    messages => [{ role => 'user', content => 'x' }] });
is $r->status, 200, 'a model that is not listed is served by its vendor';
is $big->hits(qr/^POST/), 1, 'at its server';

# A list that gets smaller fits again
$big->set(models => ['short']);
$t->eventually(sub { names() =~ /\bbig:short\b/ }, 'fits later');

# So does all of it in a larger zone, after a reload
$t->reload($conf =~ s/tiny:64k/large:4m/r);
$t->eventually(sub { () = names() =~ /also:/g;
    my $count = () = names() =~ /also:/g; $count == 400 }, 'a larger zone');

$t->allow(qr/could not allocate|no memory|zone "tiny"/);
$t->done;
