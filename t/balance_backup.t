#!/usr/bin/perl

# Tests for model_aware with backup servers: a warm primary one before a cold
# primary one before a backup one, and only those that have the model.

use FindBin;
use lib "$FindBin::Bin/lib";

use ModelTest;

my $t = ModelTest->new;
my @names = qw(p1 p2 b1 b2);
my %b = (p1 => $t->ollama('p1', models => [qw(m one)]),
    p2 => $t->ollama('p2', models => [qw(m)]),
    b1 => $t->ollama('b1', models => [qw(m spare)], loaded => ['m', 'spare']),
    b2 => $t->ollama('b2', models => [qw(m one)]));
my @methods = ('', 'least_conn', $t->has('1.31.0') ? 'least_time header' : ());

sub conf {
    my ($method, $zone, $warm) = @_;
    return "upstream u {\n" . ($zone ? "zone u 64k;\n" : '')
        . ($method ? "$method;\n" : '') . join('', map {
            "server {{$_}} max_fails=0" . (/^b/ ? ' backup' : '') . ";\n"
        } @names) . "model_aware" . ($warm ? ' warm' : '') . ";\n}\n"
        . "model_vendor v { proxy_pass http://u; discover 1h; }\n"
        . "server { {{listen}} location / { model_pass;\n"
        . "model_failover connect tries=9; } }\n";
}

my @message = (stream => \0, messages => [{ role => 'user', content => 'x' }]);

# who answers, in n requests
sub who {
    my ($n, $model) = @_;
    my %n;
    $_->clear for values %b;
    for (1 .. $n) {
        my $r = $t->post('/api/chat', { model => $model, @message });
        $n{$r->status}++ if $r->status != 200;
    }
    for my $name (@names) {
        my $hits = $b{$name}->hits(qr{/api/chat});
        $n{$name} = $hits if $hits;
    }
    return \%n;
}

sub run {
    my ($method, $zone, $warm) = @_;
    my $what = ($method || 'round robin') . ($zone ? ' zone' : '')
        . ($warm ? ' warm' : '');

    $_->accept for values %b;
    $b{p2}->set(loaded => $warm > 1 ? ['m'] : []);
    $t->conf(conf(@_))->start;
    $t->eventually(sub { 3 == @{ $t->get('/api/tags')->json->{models} } },
        "$what: lists are known");

    # a backup that has it loaded is still one

    is_deeply who(4, 'm'), $warm > 1 ? { p2 => 4 } : { p1 => 2, p2 => 2 },
        "$what: primary ones";
    is_deeply who(2, 'one'), { p1 => 2 }, "$what: the primary one";
    is_deeply who(2, 'spare'), { b1 => 2 }, "$what: only a backup has it";

    # who cannot be used

    if ($warm > 1) {
        $b{p2}->refuse->close_idle;
        is_deeply who(2, 'm'), { p1 => 2 }, "$what: the cold primary one";
        $b{p1}->refuse->close_idle;

    } else {
        $b{p1}->refuse->close_idle;
        is_deeply who(2, 'm'), { p2 => 2 }, "$what: one primary is gone";
        is_deeply who(2, 'one'), { b2 => 2 }, "$what: the backup that has it";
        $b{p2}->refuse->close_idle;
    }

    is_deeply who(4, 'm'), $warm ? { b1 => 4 } : { b1 => 2, b2 => 2 },
        "$what: backups";
    $b{b1}->refuse->close_idle;
    is_deeply who(2, 'm'), { b2 => 2 }, "$what: the last one";
    $b{b2}->refuse->close_idle;
    is_deeply who(1, 'm'), { 502 => 1 }, "$what: all are gone";

    $t->stop;
}

for my $method (@methods) {
    for my $zone (0, 1) {
        run($method, $zone, $_) for 0 .. 2;
    }
}

$t->done;
