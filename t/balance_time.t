#!/usr/bin/perl

# Tests for model_aware with least_time: the quicker one of those that have
# the model; times are learnt also from requests that waited for a slot.

use FindBin;
use lib "$FindBin::Bin/lib";

use ModelTest;

my $t = ModelTest->new->needs('1.31.0');
my %b = map { $_->[0] => $t->ollama($_->[0], models => [@$_[1 .. $#$_]],
    reply => $_->[0]) } ['slow', 'm', 'x'], ['quick', 'm'], ['quicker', 'x'];
$b{slow}->delay(0.1, match => qr{/api/chat});
$b{quick}->delay(0.03, match => qr{/api/chat});

my @upstreams = map { my $m = $_; map { ["u$m->[0]$_", $m->[1], $_] } 0, 1 }
    [0, 'least_time header;'], [1, 'least_time last_byte;'],
    [2, 'least_time header inflight;'];
my $conf = join '', map { my ($u, $method, $zone) = @$_;
    my $z = $zone ? "zone $u 64k;" : '';
    <<"CONF" } @upstreams;
upstream $u {
    $z
    $method
    server {{slow}} max_conns=4; server {{quick}}; server {{quicker}};
    model_aware;
    model_queue 10;
}
model_vendor $u { proxy_pass http://$u; discover 1h; }
CONF

$t->conf($conf . 'server { {{listen}} location / { model_pass; } }')->start;
my @message = (stream => \0, messages => [{ role => 'user', content => 'x' }]);

sub who {
    my ($n, $model) = @_;
    my %n;
    for (1 .. $n) {
        my $r = $t->post('/api/chat', { model => $model, @message });
        $n{ $r->status == 200 ? $r->json->{message}{content} : $r->status }++;
    }
    return \%n;
}

$t->eventually(sub { 2 * @upstreams == @{ $t->get('/api/tags')->json
    ->{models} } }, 'lists are known');

for (@upstreams) {
    my ($u, $method, $zone) = @$_;
    my $what = $method . ($zone && ' zone');

    my $n = who(10, "$u:m");
    cmp_ok $n->{quick}, '>=', 8, "$what: the quick one" or diag explain $n;
    is $n->{quicker}, undef, "$what: not the quickest: it lacks the model";
    $n = who(10, "$u:x");
    cmp_ok $n->{quicker}, '>=', 8, "$what: another model" or diag explain $n;
}

$t->done;
