#!/usr/bin/perl

# Tests for discovery: many models, many servers, shows that fail.

use FindBin;
use lib "$FindBin::Bin/lib";

use ModelTest;

my $t = ModelTest->new(log_level => 'info');

my $many = $t->ollama('many', models => [map { "model$_" } 1 .. 60]);
my $mean = $t->ollama('mean', models => ['good', 'evil', 'next']);
my $slow = $t->ollama('slow', models => ['s1', 's2']);

$mean->status(500, { error => 'x' }, match => qr/show/);
$slow->hang(match => qr/show/);
$many->hang(match => qr/show/, skip => 10);

$t->conf(<<'CONF')->start;
model_vendor many { proxy_pass http://{{many}}; discover 200ms timeout=1s; }
model_vendor mean { proxy_pass http://{{mean}}; discover 200ms timeout=1s; }
model_vendor slow { proxy_pass http://{{slow}}; discover 200ms timeout=3s; }
server { {{listen}} location / { model_pass; } }
CONF

sub count {
    my $vendor = shift;
    return scalar grep { $_->{name} =~ /^$vendor:/ }
        @{ $t->get('/api/tags')->json->{models} };
}

# Lists do not wait for show documents that do not come
is count('many'), 60, 'many: listed while its shows hang';
is count('mean'), 3, 'mean: listed while its shows fail';
$t->eventually(sub { count('slow') == 2 }, 'slow: listed after the grace');

# Not more than four at a time, and a hanging server is not asked about all
cmp_ok $many->hits(qr/show/), '<=', 20, 'many: not asked in vain';
$t->eventually(sub { $mean->hits(qr/tags/) > 3 && $mean->hits(qr/show/) > 6 },
    'mean: asked again');

$_->ok for $many, $mean, $slow;

$t->eventually(sub { $many->hits(qr/show/) >= 60 }, 'many: all are asked', 20);
$t->eventually(sub {
    my $r = $t->post('/api/show', { model => 'mean:evil' });
    return $r->status == 200 && $r->json->{model_info}
        {'general.parameter_count'};
}, 'mean: show is known now');

my %asked;
$asked{ $_->json->{model} }++ for $many->requests(qr/show/);
is scalar(grep { $_ > 3 } values %asked), 0, 'many: hardly any asked twice';

is $t->count_log(qr/is down/), 0, 'none is down';

$t->done;
