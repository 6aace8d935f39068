#!/usr/bin/perl

# Tests for model_stall: silence before the first frame is answered by another
# server, and what is no silence.

use FindBin;
use lib "$FindBin::Bin/lib";

use ModelTest;

my $t = ModelTest->new(access_log => 1);
my $stall = 0.4 * $t->factor;
my $ms = 1000 * $stall;
my @frames = map { qq({"n":$_,"done":false}\n) } 1 .. 9;
my $end = qq({"done":true}\n);
my @h = (headers => ['Content-Type' => 'application/x-ndjson']);

my %do = (
    ok => { @h, chunks => [@frames, $end] },
    silent => { @h, chunks => [@frames, $end], stall => 0 },
    cut => { @h, chunks => [@frames, $end], close_after => 0, abort => 1 },
    empty => { @h, chunks => [] },
    late => { @h, chunks => [@frames, $end], body_delay => 0.6 * $stall },
    steady => { @h, chunks => [@frames, $end], interval => 0.6 * $stall },
    plain => { body => '{"done":true}', body_delay => 2 * $stall,
        headers => ['Content-Type' => 'application/json'] },
    length => { body => join('', @frames, $end), @h, close_after => 1,
        rechunk => 50, framing => 'length' },
    pings => { headers => ['Content-Type' => 'text/event-stream'],
        interval => 0.6 * $stall, chunks => [(": ping\n\n") x 7,
        qq(data: {"a":1}\n\n), "data: [DONE]\n\n"] },
    error => { status => 500, body_delay => 2 * $stall, body => 'e', @h },
);

my ($a, $b) = map { my $name = $_; $t->backend($name, on => {
    map { $_ => sub { $do{$_[1]{headers}{"x-$name"} // 'ok'} } }
    '/api/chat', '/v1/chat/completions' }) } qw(a b);

$t->conf(<<"CONF")->start;
log_format stall '\$http_x_case|\$status|\$upstream_status|\$model_tries|'
    '\$model_vendor';
access_log {{dir}}/access.log stall;
upstream two {
    server {{a}} max_fails=0; server {{b}} max_fails=0 backup; keepalive 4;
}
model_vendor one { proxy_pass http://{{a}}; discover off; dialect ollama openai; }
model_vendor two { proxy_pass http://two; discover off; }
model_vendor other { proxy_pass http://{{b}}; discover off; }
model_alias smart { target one:m; target other:n backup; }
server {
    {{listen}}
    model_stall ${ms}ms;
    location / { model_pass; }
    location /off/ { model_pass; model_failover off; }
    location /error/ { model_pass; model_failover error; }
    location /0/ { model_pass; model_stall 0; }
    location /tries/ { model_pass; model_failover connect tries=1; }
}
CONF

my ($n, @cases) = 0;

sub ask {
    my ($do, $uri, $model, @want) = @_;
    $uri .= $do eq 'pings' ? '/v1/chat/completions' : '/api/chat';
    my @x = map { ("X-$_" => $do =~ /^$_ (\w+)/ ? $1 : $_ eq 'a' ? $do
        : 'ok') } qw(a b);
    @x = ('X-a' => $1, 'X-b' => $1) if $do =~ /^both (\w+)/;
    push @cases, { name => "$do, $model$uri", want => \@want, n => ++$n,
        r => $t->open(POST => $uri, body => { model => $model, stream => \1 },
        headers => ['Content-Type' => 'application/json', 'X-Case' => $n, @x])
    };
}

my $all = join '', @frames, $end;
my $late = '{"error":"vendor \"%s\" did not answer in time"}';
my $broke = '{"error":"vendor \"%s\" broke off, the answer is not complete"}';

# silent, and how: status, body, states, tries, vendor
ask('silent', '', 'one:m', 504, sprintf($late, 'one'), 504, 1, 'one');
ask('silent', '', 'two:m', 200, $all, '504, 200', 2, 'two');
ask('silent', '', 'smart', 200, $all, '504, 200', 2, 'other');
ask('both silent', '', 'two:m', 504, sprintf($late, 'two'), '504, 504', 2,
    'two');
ask('both silent', '', 'smart', 504, sprintf($late, 'other'), '504, 504', 2,
    'other');
ask('silent', '/off', $_, 504, sprintf($late, $_ eq 'smart' ? 'one' : 'two'),
    504, 1, $_ eq 'smart' ? 'one' : 'two') for 'two:m', 'smart';
ask('silent', '/tries', 'two:m', 504, sprintf($late, 'two'), 504, 1, 'two');

# a break before the first byte is an error, not a stream
ask('cut', '', 'two:m', 502, qr/^\{"error":"vendor "|sent an invalid|closed/,
    502, 1, 'two');
ask('cut', '/error', 'two:m', 200, $all, '502, 200', 2, 'two');
ask('cut', '/error', 'smart', 200, $all, '502, 200', 2, 'other');
ask('cut', '/0', 'two:m', 200, sprintf("$broke\n", 'two'), 200, 1, 'two');

# no silence at all
ask($_, '', 'two:m', 200, $all, 200, 1, 'two') for qw(ok late steady);
ask($_, '', 'smart', 200, $all, 200, 1, 'one') for qw(ok late steady);
ask('empty', '', 'two:m', 200, '', 200, 1, 'two');
ask('plain', '', 'two:m', 200, '{"done":true}', 200, 1, 'two');
ask('pings', '', 'one:m', 200, join('', @{ $do{pings}{chunks} }), 200, 1,
    'one');
ask('error', '', 'two:m', 500, 'e', 500, 1, 'two');

$_->{r}->finish->close for @cases;
$t->eventually(sub { @cases <= (() = $t->access_log =~ /\n/g) }, 'logged');
my %log = map { /^(\d+)\|(.*)/ ? ($1, $2) : () } split /\n/, $t->access_log;

for my $c (@cases) {
    my ($status, $body, @logged) = @{ $c->{want} };
    my $r = $c->{r};
    is $r->status, $status, "$c->{name}: status";
    ref $body ? like $r->body, $body, "$c->{name}: body"
        : is $r->body =~ s/\}\n\z/}/r, $body =~ s/\}\n\z/}/r,
            "$c->{name}: body";
    is $r->complete, 1, "$c->{name}: whole";
    is $log{$c->{n}}, join('|', $status, @logged), "$c->{name}: as logged";
}

is $t->count_log(qr/sent nothing for $ms ms in a stream/), 10,
    'a line for each silence';

# A length that is not reached: nothing can be put behind it
my $r = $t->post('/api/chat', { model => 'one:m' }, headers =>
    ['X-a' => 'length', 'Content-Type' => 'application/json']);
is $r->body, substr($all, 0, 50), 'a known length: what was sent';
is $r->complete, 0, 'and it is not whole';

$t->done;
