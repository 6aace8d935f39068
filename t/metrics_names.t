#!/usr/bin/perl

# Tests for docs/metrics.md and examples/grafana.json: they tell of what the
# metrics have, and of nothing else.

use FindBin;
use lib "$FindBin::Bin/lib";

use ModelTest;
use ModelTest::Metrics;

use JSON::PP;

my $t = ModelTest->new;
my $a = $t->ollama('a', models => ['llama3']);
$t->ollama('dead')->refuse;

$t->conf(<<'CONF')->start;
upstream u { server {{a}}; model_queue 1; }
model_vendor ollama { proxy_pass http://u; }
model_vendor dead { proxy_pass http://{{dead}}; }
server {
    {{listen}}
    location / { model_pass; }
    location /status/ { model_status; }
}
CONF

sub text {
    my ($name) = @_;
    open my $in, '<', $t->root . "/$name" or die "$name: $!";
    local $/ = undef;
    return scalar <$in>;
}

sub metrics { return ModelTest::Metrics->new($t->get('/status/metrics')) }

is $t->post('/api/chat', { model => 'llama3', stream => \0,
    messages => [] })->status, 200, 'a request';
$t->eventually(sub { metrics()->value('model_server_models') == 1
    && metrics()->value('model_server_down_reason', vendor => 'dead',
        reason => 'connection refused or failed') == 1
    && metrics()->value('model_requests_total', outcome => 'ok') == 1 },
    'is counted');

my $m = metrics();
my %known = map { $_ => 1 } $m->names;
my $docs = text('docs/metrics.md');

# Each metric has its line, with its type and labels
my @rows = map { [split / \| /, $_] } $docs =~ /^\| (.*) \|$/mg;
my @metrics = grep { ($_->[1] // '') =~ /^(?:counter|gauge|histogram)$/ }
    @rows;

is join("\n", sort map { $_->[0] =~ tr/`//dr } @metrics),
    join("\n", sort keys %known), 'each metric is told of, and no other';

for (@metrics) {
    my ($name, $type, $labels) = @$_;
    $name =~ tr/`//d;
    $labels = $name eq 'model_server_down_reason' ? 'reason server vendor'
        : $name =~ /^model_server/ ? 'server vendor'
        : join ' ', sort $labels =~ /`(\w+)`/g;
    is $m->type($name), $type, "$name: type";
    my $got = $m->labels($name) // next;
    is $got, $labels, "$name: labels";
}

# What the dashboard asks for exists, with the labels that it names
my $board = decode_json(text('examples/grafana.json'));
my @asked = ((map { $_->{expr} } map { @{ $_->{targets} || [] } }
    @{ $board->{panels} }), (map { $_->{query}{query} // () }
    grep { ref $_->{query} } @{ $board->{templating}{list} }));
my (@bad, %used);

for my $expr (@asked) {
    while ($expr =~ /\b((?:model|gen_ai)_\w+)(?=[{\[,)]|$)(?:\{([^}]*)\})?/g) {
        my ($name, $labels) = ($1, $2 // '');
        my $of = $known{$name} ? $name : $name =~ s/_(?:bucket|sum|count)$//r;

        next if $name =~ /^gen_ai_(?:operation|provider|request_model|token_type)/;
        push @bad, "$name: $expr" if !$known{$of};
        $used{$of} = 1;

        for my $label ($labels =~ /(\w+)=~?"/g) {
            my $all = $m->labels($of) // next;
            push @bad, "$name: $label" if " $all " !~ / $label /;
        }
    }
}

is join("\n", @bad), '', 'the dashboard asks for what there is';
cmp_ok scalar @asked, '>', 25, 'queries';
is join(' ', grep { !$used{$_} } sort keys %known),
    'model_build_info model_catalogue_generation', 'and shows the others';

my %ids;
is join(' ', grep { $ids{$_->{id}}++ } @{ $board->{panels} }), '',
    'panels are told apart';

$t->done;
