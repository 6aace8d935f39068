#!/usr/bin/perl

# Tests for model_queue with each balancing method: no server ever has more
# than max_conns requests, and no slot or place is lost by whatever happens.

use FindBin;
use lib "$FindBin::Bin/lib";

use ModelTest;

my %max = (a => 1, b => 2, c => 3);
my $queue = 7;
my $t = ModelTest->new(access_log => 1);
my @b = map { $t->ollama($_, models => ['m']) } sort keys %max;

my %methods = (
    'round robin' => '', 'least_conn' => 'least_conn;',
    'hash' => 'hash $http_n;', 'consistent hash' => 'hash $http_n consistent;',
    'ip_hash' => 'ip_hash;', 'random' => 'random;',
    'random two' => 'random two least_conn;',
);
$methods{least_time} = 'least_time header;' if $t->has('1.31.0');
$methods{sticky} = '' if $t->has('1.31.0');

my $conf = <<'CONF';
log_format queue '$status|$http_n';
access_log {{dir}}/access.log queue;
CONF
my %vendor;

for my $method (sort keys %methods) {
    for my $zone ('', 'zone') {
        my $v = "v" . keys %vendor;
        $vendor{"$method $zone"} = $v;
        $conf .= "upstream $v {\n" . ($zone ? "zone $v 256k;\n" : '')
            . "$methods{$method}\n"
            . join('', map { "server {{$_}} max_conns=$max{$_} max_fails=0;\n" }
                sort keys %max)
            . ($zone ? "model_aware;\n" : '')
            . "model_queue $queue timeout=30s;\n"
            . ($method eq 'sticky' ? "sticky cookie srv;\n" : '')
            . "}\nmodel_vendor $v { proxy_pass http://$v; discover "
            . ($zone ? '1h' : 'off') . "; model m; }\n";
    }
}

$t->conf($conf . <<'CONF')->start;
server { {{listen}} location / { model_pass; }
    location /retry/ { model_pass; model_failover error http_503; } }
CONF

my $chat = qr{/api/chat};
my $n = 0;

sub ask {
    my ($v, %o) = @_;
    return $t->open(POST => ($o{at} // '') . '/api/chat', body => {
        model => "$v:m", stream => \0, messages => [{ role => 'user',
        content => 'x' }] }, headers => [N => $o{n} // ++$n,
        $o{cookie} ? (Cookie => $o{cookie}) : ()]);
}

sub flying { my $f = 0; $f += $_->in_flight($chat) for @b; return $f }
sub hits { my $h = 0; $h += $_->hits($chat) for @b; return $h }

# The most requests that a server had at a time; when it sees that one was cut
# is not sure
sub most {
    my $server = shift;
    my ($now, $most) = (0, 0);

    for (sort { $a->[0] <=> $b->[0] || $a->[1] <=> $b->[1] }
        map { ([$_->time, 1], [$_->answered // 9e9, -1]) }
        grep { !$_->closed } $server->requests($chat))
    {
        $now += $_->[1];
        $most = $now if $now > $most;
    }

    return $most;
}

# All slots and all places, no more and no less
sub full {
    my ($name, $v) = @_;
    $_->clear->ok->hold(match => $chat) for @b;
    my @r = map { ask($v) } 1 .. 6;
    $t->eventually(sub { flying() == 6 }, "$name: six slots")
        or diag join ' ', map { $_->in_flight($chat) } @b;
    push @r, map { ask($v) } 1 .. $queue;
    is $t->get('/')->status, 200, "$name: they wait";
    is ask($v)->finish->status, 503, "$name: one more is too many";
    is join(' ', map { $_->in_flight($chat) } @b), '1 2 3',
        "$name: each has its max_conns";
    $_->ok for @b;
    $_->release for @b;
    is join(' ', map { my $s = $_->finish->status; $_->close; $s } @r),
        join(' ', (200) x @r), "$name: all are answered";
}

for my $name (sort keys %vendor) {
    my $v = $vendor{$name};

    my $r = ask($v)->finish;
    is $r->status, 200, "$name: works";
    my ($cookie) = ($r->header('set-cookie') // '') =~ /^([^;]+)/;
    is $r->header('set-cookie') ? 1 : 0, $name =~ /sticky/ ? 1 : 0,
        "$name: cookie";
    full($name, $v);

    # Waves of requests
    $_->clear->ok->delay(0.01, match => $chat) for @b;
    my @r = map { ask($v, cookie => $_ % 2 && $cookie) } 1 .. 13;
    is join(' ', map { my $s = $_->finish->status; $_->close; $s } @r),
        join(' ', (200) x @r), "$name: a wave";
    is hits(), 13, "$name: each once";
    cmp_ok most($b[$_]), '<=', $_ + 1, "$name: not over max_conns"
        for 0 .. $#b;

    # What ends badly: servers that fail, with and without another try,
    # clients that leave while they wait and while they are answered
    $_->clear->ok->reset(match => $chat, times => 1)
        ->status(503, {}, match => $chat, times => 1)
        ->hold(match => $chat) for @b;
    @r = map { ask($v, at => $_ % 2 ? '/retry' : '') } 1 .. 12;
    $t->eventually(sub { flying() == 6 }, "$name: trouble");
    $_->abort for @r[map { 2 * $_ } 0 .. 5];
    is $t->get('/')->status, 200, "$name: goes on";
    $_->ok for @b;
    $_->release for @b;
    my @s = map { $_->client->{s} ? $_->finish->status : () } @r;
    $_->close for @r;
    is 0 + (grep { !/^(?:200|502|503)$/ } @s), 0, "$name: all end" or diag "@s";
    cmp_ok most($b[$_]), '<=', $_ + 1, "$name: nor over max_conns then"
        for 0 .. $#b;
    $t->eventually(sub { !flying() }, "$name: quiet");

    full("$name, after all", $v);
}

$t->done;
