#!/usr/bin/perl

# Random sequences of servers that go down and come back, get slow, get and
# lose models, while requests are on their way: none goes to a server that
# lacks its model while one that has it is up, all end, and no slot and no
# place of the queue is lost.
#
# TEST_NGINX_SEED repeats a run, TEST_NGINX_LONG=1 makes it a long one.

use FindBin;
use lib "$FindBin::Bin/lib";

use ModelTest;

my $seed = $ENV{TEST_NGINX_SEED} // (time ^ $$ << 8) & 0x7fffffff;
my $sequences = $ENV{TEST_NGINX_LONG} ? 1000 : 60;
my $queue = 12;
my %max = (a => 1, b => 2, c => 3, d => 2);
my $slots = 8;
my @models = map { "m$_" } 1 .. 5;

srand $seed;
note "TEST_NGINX_SEED=$seed";

sub list {
    my ($server) = @_;
    return { json => { object => 'list', data => [map { { id => $_,
        object => 'model', created => 1, owned_by => 'x' } }
        @{ $server->{have} }] } };
}

sub answer {
    my ($server, $q) = @_;
    my ($model) = $q->{body} =~ /"model":"(\w+)"/;
    return { status => 404, json => { error => { message => 'lacks it' } } }
        if !grep { $_ eq $model } @{ $server->{have} };
    return { status => 503, json => { error => { message => 'fails' } } }
        if $server->{fails};
    return { delay => $server->{slow}, json => { from => $server->name } };
}

my $t = ModelTest->new;
my %b = map { $_ => $t->backend($_, have => [], slow => 0, fails => 0,
    max_requests => 1, on => {
    'GET /v1/models' => \&list, 'POST /v1/chat/completions' => \&answer }) }
    sort(keys %max), 'clock';
my (%is, $where);
my $chat = qr/POST/;

sub ask {
    my ($c, $model) = @_;
    return $c->open(POST => '/v1/chat/completions', headers => [$c == $t
        ? (Connection => 'close') : ()], body =>
        "{\"model\":\"v:$model\",\"messages\":[]}");
}

sub flying { my $f = 0; $f += $_->in_flight($chat) for values %b; return $f }

sub some { return grep { rand() < $_[0] } @models }

# Discovery has seen the servers as they are now, also those that are down
sub settle {
    my %from = map { $_ => $b{$_}->hits(qr/GET/) } keys %b;
    for my $name (sort keys %b) {
        $is{$name}{leaving} = 0;
        my $n = $name eq 'clock' ? 4 : $is{$name}{up} ? 2 : next;
        $b{$name}->wait_for($from{$name} + $n, qr/GET/);
        $is{$name}{lists} = [$is{$name}{models}];
    }
}

# One or two servers change in one or two ways
sub change {
    for (0 .. rand 2) {
        my $name = (sort keys %max)[rand 4];
        my $s = $is{$name};
        my $what = rand;

        if ($what < 0.3) {
            $s->{up} = !$s->{up};
            if ($s->{up}) {
                $b{$name}->accept;

            } else {
                $b{$name}->refuse;
                $b{$name}->reset_all if rand() < 0.5;
                $s->{leaving} = 1;      # a question may be under way
            }
            push @{ $s->{lists} }, $s->{models} if $s->{up} || $s->{leaving};

        } elsif ($what < 0.7) {
            $s->{models} = { map { $_ => 1 } some(0.1 + rand 0.6) };
            $b{$name}->set(have => [sort keys %{ $s->{models} }]);
            push @{ $s->{lists} }, $s->{models} if $s->{up} || $s->{leaving};

        } elsif ($what < 0.9) {
            $b{$name}->set(slow => rand() < 0.5 ? 0 : rand 0.03);

        } else {
            $s->{fails} = !$s->{fails};
            $b{$name}->set(fails => $s->{fails});
        }
    }
}

# What is wrong with an answer that a request got at a quiet time, if anything.
# The list that counts for a server that is down is the last one that was seen.
sub wrong {
    my ($model, $r) = @_;
    my $status = $r->status;
    my (@up, $known, $perhaps);

    for my $name (sort keys %max) {
        my @lists = @{ $is{$name}{lists} };
        my $n = grep { $_->{$model} } @lists;
        push @up, $name if $n && $is{$name}{up};
        $known = 1 if $n == @lists;
        $perhaps = 1 if $n;
    }

    if (!@up) {
        return if $status == 404 && !$known
            || $status =~ /^50[23]$/ && $perhaps;
        return "$model: $status, " . ($known ? 'all that have it are down'
            : $perhaps ? 'one has it, perhaps' : 'no server has it')
            . ': ' . $r->body;
    }

    # One that fails is given up for one that is free, but not for long maybe
    return if $status == 503 && grep { $is{$_}{fails} } @up;
    return "$model: $status, @up have it: " . $r->body if $status != 200;
    my $from = $r->json->{from};
    return (grep { $_ eq $from } @up) ? () : "$model: from $from, not @up";
}

# Requests while servers change: they end, one way or the other
sub unrest {
    my $c = $t->has('http_v2') && rand() < 0.5 ? $t->h2(listen => 'h2') : $t;
    my $more = sub { map { ask(rand() < 0.5 ? $c : $t, $models[rand @models]) }
        0 .. rand 6 };
    my @r = $more->();
    change();
    push @r, $more->();
    my @bad;

    for my $r (@r) {
        if (rand() < 0.2) {
            $r->abort;
            next;
        }
        my $status = $r->finish->status;
        push @bad, "$status in unrest: " . $r->body
            if $status !~ /^(?:200|404|50[23])$/;
    }

    # Streams that are cut with their connection
    if ($c != $t) {
        $more->() if rand() < 0.3;
        $c->close;
    }

    return @bad;
}

sub quiet {
    $_->clear for values %b;
    my @ask = map { $models[rand @models] } 0 .. 3 + rand 8;
    my @r = map { ask($t, $_) } @ask;
    my @bad = map { wrong($ask[$_], $r[$_]->finish) } 0 .. $#ask;

    for my $name (sort keys %max) {
        push @bad, map { "$name was asked for $_" }
            grep { !$is{$name}{models}{$_} }
            map { $_->json->{model} } $b{$name}->requests($chat);
    }

    return @bad;
}

# All slots and all places of each worker, no more and no less
sub full {
    for my $name (sort keys %max) {
        $is{$name} = { up => 1, models => { map { $_ => 1 } @models } };
        $b{$name}->ok->set(have => [@models], slow => 0, fails => 0);
    }
    $_->clear for values %b;
    settle();
    $b{$_}->clear->hold(match => $chat) for sort keys %max;

    my %conns;
    for (1 .. 1000) {
        my $c = $t->client;
        my $pid = $c->get('/')->header('x-pid');
        push @{ $conns{$pid} }, $c if @{ $conns{$pid} || [] } < $queue + 2;
        last if keys %conns == $t->{workers}
            && !grep { @$_ < $queue + 2 } values %conns;
    }

    my @r = map { ask($t, $models[$_ % 5]) } 1 .. $slots;
    $t->eventually(sub { flying() == $slots }, "$where: all slots", 3);
    is join(' ', map { $b{$_}->in_flight($chat) } sort keys %max), '1 2 3 2',
        "$where: each server has its max_conns";

    for my $pid (sort keys %conns) {
        my $probe = shift @{ $conns{$pid} };
        my $last = shift @{ $conns{$pid} };
        next if @{ $conns{$pid} } < $queue;
        push @r, map { ask($_, $models[rand 5]) } @{ $conns{$pid} };
        is $probe->get('/')->status, 200, "$where: $queue wait";
        is ask($last, 'm1')->finish->status, 503, "$where: one is too many";
    }

    is flying(), $slots, "$where: no server has more";
    $_->ok->release for map { $b{$_} } sort keys %max;
    is 0 + (grep { $_->finish->status != 200 } @r), 0,
        "$where: all are answered";
}

my %setups = (
    'one worker' => [1, ''],
    'two workers' => [2, 'zone v 256k; least_conn;'],
);

for my $setup (sort keys %setups) {
    my ($workers, $lines) = @{ $setups{$setup} };
    $where = $setup;
    $t->{workers} = $workers;
    $_->clear->ok->set(have => [], slow => 0, fails => 0) for values %b;
    %is = map { $_ => { up => 1, models => {}, lists => [{}] } } keys %b;

    $t->conf("upstream v {\n$lines\n" . join('', map { "server {{$_}} "
        . "max_fails=0" . ($max{$_} ? " max_conns=$max{$_}" : '') . ";\n" }
        sort keys %b) . <<"CONF")->start;
    model_aware;
    model_queue $queue timeout=20s;
}
model_vendor v { proxy_pass http://v; dialect openai; hosting local;
    discover 10ms timeout=2s; }
model_failover connect http_503;
add_header X-Pid \$pid always;
server { {{listen}} location / { model_pass; } }
@{[$t->has('http_v2') ? 'server { {{listen:h2 http2}}
    location / { model_pass; } }' : '']}
CONF

    my ($steps, @bad) = (0);
    for my $sequence (1 .. $sequences / 2) {
        for my $step (0 .. rand 4) {
            $steps++;
            push @bad, map { "sequence $sequence, step $step: $_" } unrest();
            settle();
            push @bad, map { "sequence $sequence, step $step: $_" } quiet();
            last if @bad;
        }
        last if @bad;
    }

    is "@bad", '', "$where: $steps steps"
        or diag "TEST_NGINX_SEED=$seed: ", join "\n", @bad;
    full();
    ok $t->stop, "$where: nginx stops cleanly";
    last if @bad;
}

$t->done;
