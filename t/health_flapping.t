#!/usr/bin/perl

# Tests that a server that comes and goes does not flood the log.

use FindBin;
use lib "$FindBin::Bin/lib";

use ModelTest;

my $t = ModelTest->new(workers => 2);

my $n = 0;
my $flap = $t->ollama('flap', models => ['flapped'], on => {
    'GET /api/tags' => sub { return $n++ % 2 && { status => 500, body => '' } },
});
my $calm = $t->ollama('calm', models => ['one']);
my $other = $t->ollama('other', models => ['two']);

my $conf = <<'CONF';
upstream pair { server {{flap}}; server {{calm}}; }
model_vendor pair { proxy_pass http://pair; discover 50ms; }
model_vendor other { proxy_pass http://{{other}}; discover 50ms; }
server { {{listen}} location / { model_pass; } }
CONF

# Lines of the log about a server
sub lines {
    my $address = shift->address;
    return grep { /model vendor "\w+" server "\Q$address\E" is / }
        split /\n/, $t->log_all;
}

sub flaps {
    my $more = shift;
    my $before = $flap->hits(qr/tags/);
    $t->eventually(sub { $flap->hits(qr/tags/) > $before + $more },
        "$more changes more", 20);
}

my $last = qr/, further changes of its state are not logged for a minute$/;

$t->conf($conf)->start;
flaps(20);

my @lines = lines($flap);
is @lines, 6, 'six lines' or diag join "\n", @lines;
like $lines[$_], $_ % 2 ? qr/ is down: HTTP 500$/ : qr/ is up, 1 model$/,
    "line $_ tells the change" for 0 .. 4;
like $lines[5], qr/ is down: HTTP 500$last/, 'the last one says so';

# Those of others are not lost, in the same upstream or not
is join(' ', map { scalar lines($_) } $calm, $other), '1 1', 'others are up';
$_->status(503, '') for $calm, $other;

for my $server ($calm, $other) {
    $t->eventually(sub { lines($server) == 2 }, 'another is down');
    like((lines($server))[1], qr/is down: HTTP 503: not ready$/, 'in full');
}

# Nor does a reload begin anew
$t->reload($conf . "# again\n");
flaps(12);
is lines($flap), 6, 'still six lines';

$_->ok for $calm, $other;
$t->eventually(sub { lines($calm) == 3 && lines($other) == 3 },
    'others are up again');

# All workers know what it is like at this moment
$t->eventually(sub { $t->get('/api/tags')->body =~ /flapped/ }, 'listed');

$t->done;
