#!/usr/bin/perl

# Tests for metrics with Prometheus itself: promtool has nothing to say, a
# server on loopback scrapes them, the dashboard's and the manual's queries are
# understood.

use FindBin;
use lib "$FindBin::Bin/lib";

use ModelTest;

use Encode qw(decode);
use JSON::PP;

plan skip_all => 'promtool is missing, Debian\'s package "prometheus" has it'
    if !grep { -x "$_/promtool" } split /:/, $ENV{PATH};

my $t = ModelTest->new;
my $a = $t->backend('a', reply => 'from a');
my $odd = "o'dd\\\"\xc3\xa4";
my $server = (grep { -x "$_/prometheus" } split /:/, $ENV{PATH})[0];
my $dir = $t->dir;
my $prometheus;

END { kill 'TERM', $prometheus if $prometheus }

$t->conf(<<'CONF' =~ s/\@\@/\xc3\xa4/r)->start;
upstream u { server {{a}}; model_queue 1; }
model_vendor v { proxy_pass http://u; discover off; model llama3;
    model "o'dd\\\"@@"; }
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

sub run {
    my ($input, @command) = @_;
    $t->write_file('input', $input);
    my $pid = fork // die "fork: $!";

    if (!$pid) {
        open STDIN, '<', "$dir/input" or exit 99;
        open STDOUT, '>', "$dir/output" or exit 99;
        open STDERR, '>&', \*STDOUT or exit 99;
        exec @command or exit 99;
    }

    waitpid $pid, 0;
    return ($? >> 8, $t->read_file('output'));
}

# A request of each model
is $t->post('/api/chat', { model => $_, stream => \0, messages => [] })->status,
    200, 'answered' for 'llama3', decode('UTF-8', $odd);
$t->eventually(sub { 2 == (() = $t->get('/status/metrics')->body
    =~ /^model_requests_total\{.*"ok"\} 1$/mg) }, 'counted');

my $body = $t->get('/status/metrics')->body;
my ($status, $out) = run($body, qw(promtool check metrics));
is $status, 0, 'promtool check metrics';
is $out, '', 'without a remark';

# The queries of the dashboard, and those of the manual
my $board = decode_json(text('examples/grafana.json'));
my @asked = map { s/\$__rate_interval/5m/gr =~ s/\$__range/1h/gr }
    map { $_->{expr} } map { @{ $_->{targets} || [] } }
    @{ $board->{panels} };
my ($manual) = text('docs/metrics.md') =~ /^```promql\n(.*?)^```/ms;
push @asked, map { s/\s+/ /gr } grep { /\S/ } split /^(?:#.*)?\n/m, $manual;

my $rules = join '', "groups:\n- name: g\n  rules:\n",
    map { "  - record: x:y$_\n    expr: " . encode_json([$asked[$_]])
    =~ s/^\[|\]$//gr . "\n" } 0 .. $#asked;
$t->write_file('rules.yml', $rules);
($status, $out) = run('', 'promtool', 'check', 'rules', "$dir/rules.yml");
is $status, 0, scalar(@asked) . ' queries' or diag $out;

# A server scrapes
SKIP: {
    skip 'prometheus is missing', 1 if !$server;

    my $port = $t->port('prometheus');
    my $target = $t->address;
    $t->write_file('prometheus.yml', <<"YML");
global: { scrape_interval: 200ms, scrape_timeout: 200ms }
scrape_configs:
  - job_name: nginx-model
    metrics_path: /status/metrics
    static_configs: [{ targets: ["$target"] }]
YML

    my $prometheus = fork // die "fork: $!";

    if (!$prometheus) {
        open STDOUT, '>', "$dir/prometheus.log" or exit 99;
        open STDERR, '>&', \*STDOUT or exit 99;
        exec 'prometheus', "--config.file=$dir/prometheus.yml",
            "--storage.tsdb.path=$dir/tsdb",
            "--web.listen-address=127.0.0.1:$port" or exit 99;
    }

    my $query = sub {
        my ($q) = @_;
        my $r = $t->get("/api/v1/query?query=$q", port => $port);
        return $r->status == 200 ? $r->json->{data}{result} : [];
    };

    $t->eventually(sub { ($query->('up')->[0]{value}[1] // 0) == 1 },
        'up', 30) or diag $t->read_file('prometheus.log');
    $t->eventually(sub { ($query->('sum(model_requests_total)')->[0]{value}[1]
        // 0) == 2 }, 'counted', 30);
    my $got = $query->('model_requests_total{outcome="ok",model=~"o.*"}');
    is $got->[0]{metric}{model}, decode('UTF-8', $odd),
        'labels come through';

    kill 'TERM', $prometheus;
    waitpid $prometheus, 0;
    $prometheus = 0;
}

$t->done;
