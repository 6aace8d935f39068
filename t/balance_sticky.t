#!/usr/bin/perl

# Tests for model_aware with sticky behind it: a session stays at its server
# where that has the model, else it goes to one that does.

use FindBin;
use lib "$FindBin::Bin/lib";

use ModelTest;

my $t = ModelTest->new->needs('1.29.6');
my %b = map { $_->[0] => $t->ollama($_->[0], models => [@$_[1 .. $#$_]],
    reply => $_->[0]) } ['a', 'm', 'ab', 'a'], ['b', 'm', 'ab'], ['c', 'm'];
my @message = (stream => \0, messages => [{ role => 'user', content => 'x' }]);

my @methods = ('', 'least_conn;', 'random;', 'random two;', 'hash $arg_k;',
    'hash $arg_k consistent;', 'ip_hash;',
    $t->has('1.31.0') ? 'least_time header;' : ());
my @upstreams;
for my $i (0 .. $#methods) {
    push @upstreams, ["u$i$_", $methods[$i], $_] for 0, 1;
}
my $conf = join '', map { my ($u, $method, $zone) = @$_;
    my $z = $zone ? "zone $u 64k;" : '';
    <<"CONF" } @upstreams;
upstream $u {
    $z
    $method
    server {{a}} max_fails=0 route=ra;
    server {{b}} max_fails=0 route=rb max_conns=2;
    server {{c}} max_fails=0 route=rc;
    model_aware;
    sticky cookie srv;
}
model_vendor $u { proxy_pass http://$u; discover 1h; }
CONF

$t->conf($conf . <<'CONF')->start;
upstream queue {
    server {{b}} max_conns=1 route=rb;
    server {{c}} max_conns=1 route=rc;
    model_aware;
    model_queue 5;
    sticky cookie srv;
}
model_vendor queue { proxy_pass http://queue; discover 1h; }
server { {{listen}} location / { model_pass; } }
CONF

# who answers, and the cookie that it sets
sub ask {
    my ($model, $cookie, $k) = @_;
    my $r = $t->post('/api/chat?k=' . ($k // 0), { model => $model, @message },
        headers => [$cookie ? (Cookie => "srv=$cookie") : ()]);
    my ($set) = ($r->header('Set-Cookie') // '') =~ /^srv=(\w+)/;
    return $r->status == 200 ? ($r->json->{message}{content}, $set) : $r->status;
}

$t->eventually(sub { 4 == grep { $_->{name} =~ /^u01:|^queue:m/ }
    @{ $t->get('/api/tags')->json->{models} } }, 'lists are known');

for (@upstreams) {
    my ($u, $method, $zone) = @$_;
    my $what = ($method || 'round robin') . ($zone && ' zone');

    for my $name ('a', 'b', 'c') {
        is join(' ', map { (ask("$u:m", "r$name", $_))[0] } 1 .. 5),
            "$name $name $name $name $name", "$what: stays at $name";
    }

    # a new session gets a cookie that leads to its server

    my ($first, $cookie) = ask("$u:m");
    is $cookie, "r$first", "$what: a cookie";

    # its server has not the model

    my @moved = map { [ask("$u:ab", 'rc', $_)] } 1 .. 6;
    is scalar(grep { $_->[0] !~ /^[ab]$/ || $_->[1] ne "r$_->[0]" } @moved), 0,
        "$what: to one that has it, with a new cookie";
    is join(' ', ask("$u:a", 'rb')), 'a ra', "$what: the only one";
    is ask("$u:none", 'ra'), 404, "$what: nobody has it";
}

# its server is busy, gone, or comes free

$b{b}->hang(match => qr{/api/chat}, times => 2);
my @open = map { $t->open('POST', '/api/chat', body => { model => 'u01:m' },
    headers => [Cookie => 'srv=rb']) } 1, 2;
$t->eventually(sub { $b{b}->in_flight == 2 }, 'its server is busy');
like +(ask('u01:m', 'rb'))[0], qr/^[ac]$/, 'another one';
$_->abort for @open;
$t->eventually(sub { (ask('u01:m', 'rb'))[0] eq 'b' }, 'it is free again');
$b{a}->refuse->close_idle;
is +(ask('u01:ab', 'ra'))[0], 'b', 'its server is gone: another with the model';
$b{a}->accept;

# one that waited for a slot goes where its session is

$_->hang(match => qr{/api/chat}) for @b{qw(b c)};
@open = map { $t->open('POST', '/api/chat', body => { model => 'queue:m' }) }
    1, 2;
$t->eventually(sub { $b{b}->in_flight + $b{c}->in_flight == 2 }, 'all busy');
my $o = $t->open('POST', '/api/chat', headers => [Cookie => 'srv=rc'],
    body => { model => 'queue:m', @message });
$t->eventually(sub { $t->count_log(qr/waits for a slot/) }, 'it waits')
    if $t->has('debug');
$_->ok for values %b;
$_->abort for @open;
my $r = $o->finish;
is $r->status, 200, 'then it is answered';
like $r->json->{message}{content}, qr/^[bc]$/, 'by one of them';

$t->done;
