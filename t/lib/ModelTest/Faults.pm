package ModelTest::Faults;

# What can go wrong with a server, as a table, and the run of all of it.
#
#     my $m = ModelTest::Faults->new($t);
#     $t->conf($m->conf . $more)->start;
#     $m->add(fault => 'refused', shape => 'two', prefix => '/all',
#         stream => 1, size => 20000);
#     $m->run;                         # all at once
#     $m->check;                       # what everybody saw
#
# Shapes: one server; two of one upstream; an alias of two vendors; twofail
# and aliasfail, where the second one fails alike.  The header X-Case names a
# request, X-Fault what its server does, so that all can be in flight.

use strict;
use warnings;

use Test::More ();

# status of the last answer, as logged; again: by default; which servers

our @ALL = (
    ['refused', 502, 1, 'r'],
    ['reset before head', 502, 0, 'n', { reset => 1 }],
    ['reset in head', 502, 0, 'n', { reset => 1,
        raw => "HTTP/1.1 200 OK\r\nContent-Ty" }],
    ['close in head', 502, 0, 'n', { raw => "HTTP/1.1 200 OK\r\nX: y" }],
    ['no head', 502, 0, 'n', { raw => "garbage\r\n\r\n" }],
    ['timeout', 504, 1, 't'],
    (map { [$_, $_, $_ =~ /429|503|529/ ? 1 : 0, 'n', { status => $_,
        json => { error => "e$_" } }] } 408, 429, 500, 502, 503, 504, 529),
    ['429 later', 429, 1, 'n', { status => 429, json => { error => 'e429' },
        headers => ['Retry-After' => 7] }],
    ['hang', 504, 0, 's', { hang => 1 }],
    ['cut', 200, 0, 'n', { close_after => 1 }],
    ['reset after a chunk', 200, 0, 'n', { close_after => 1, abort => 1 }],
    ['stall', 200, 0, 's', { stall => 1 }],
);

our @SHAPES = qw(one two alias twofail aliasfail);

my %FAULT = map { $_->[0] => $_ } @ALL;
my @CHUNKS = map { qq({"message":{"content":"$_"},"done":false}\n) } 'a' .. 'c';


sub new {
    my ($class, $t, %o) = @_;
    my $self = bless { t => $t, n => 0, cases => [], %o }, $class;

    for my $name (qw(a b)) {
        $self->{$name} = $t->backend($name, on => {
            '/api/chat' => sub { _answer($name, $_[1]) },
            '/v1/audio/transcriptions' => sub { _answer($name, $_[1]) } },
            @{ $o{$name} || [] });
    }
    $t->backend($_)->refuse for qw(r r2);
    $t->backend($_)->blackhole for qw(t t2);

    return $self;
}


sub _answer {
    my ($name, $q) = @_;
    my $h = $q->{headers};
    my $f = $FAULT{$h->{'x-fault'}}[4] || {};

    $f = {} if $name eq 'b' && !$h->{'x-both'};
    return { %$f, json => { error => "$f->{json}{error} $name" } }
        if $f->{json};
    return { %$f, headers => ['Content-Type' => 'application/x-ndjson'],
        chunks => [@CHUNKS, qq({"from":"$name","done":true}\n)] }
        if $h->{'x-stream'};
    return { %$f, headers => ['Content-Type' => 'application/json'],
        body => qq({"from":"$name","done":true}), rechunk => 12 };
}


sub conf {
    my $self = shift;
    my $wait = 1000 * $self->{t}->factor;
    my $conf = 'log_format faults \'$http_x_case|$status|$upstream_status|'
        . '$upstream_addr|$upstream_response_time|$model_tries|$model_vendor|'
        . "\$model_name|\$model';\naccess_log {{dir}}/access.log faults;\n"
        . "client_body_buffer_size 1k;\nclient_max_body_size 1m;\n";

    for my $k (['n', 'a', 'b', ''], ['r', 'r', 'r2', ''],
        ['t', 't', 't2', "proxy_connect_timeout ${wait}ms;"],
        ['s', 'a', 'b', "proxy_read_timeout ${wait}ms;"])
    {
        my ($id, $first, $bad, $time) = @$k;
        my $vendor = "discover off; $time }\n";
        $conf .= <<"CONF";
upstream two_$id {
    server {{$first}} max_fails=0; server {{b}} max_fails=0 backup;
    keepalive 8;
}
upstream twofail_$id {
    server {{$first}} max_fails=0; server {{$bad}} max_fails=0 backup;
    keepalive 8;
}
model_vendor one_$id { proxy_pass http://{{$first}}; $vendor
model_vendor two_$id { proxy_pass http://two_$id; $vendor
model_vendor twofail_$id { proxy_pass http://twofail_$id; $vendor
model_vendor good_$id { proxy_pass http://{{b}}; $vendor
model_vendor bad_$id { proxy_pass http://{{$bad}}; $vendor
model_alias alias_$id:* {
    target one_$id:*s; target good_$id:*-by-another-vendor backup;
}
model_alias aliasfail_$id:* {
    target one_$id:*s; target bad_$id:*-by-another-vendor backup;
}
CONF
    }

    return $conf . <<'CONF';
server {
    {{listen}}
    location / { model_pass; }
    location /off/ { model_pass; model_failover off; }
    location /all/ {
        model_pass;
        model_failover error timeout invalid_header http_401 http_403 http_404
            http_408 http_429 http_500 http_502 http_503 http_504 http_529;
    }
}
CONF
}


# fault, shape, prefix, stream, size; and what the body is, how it is sent:
# path, make => sub ($model), type, chunked, open => sub ($case, $body), how
sub add {
    my ($self, %c) = @_;
    my $f = $FAULT{$c{fault}};
    my $n = ++$self->{n};
    my $body = sub { return "{\"fill\":\"" . 'x' x $c{size} . "\",\"model\":"
        . "\"$_[0]\"," . '"stream":' . ($c{stream} ? 'true' : 'false') . '}' };

    @c{qw(n status kind)} = ($n, @$f[1, 3]);
    $c{model} = "$c{shape}_$c{kind}:m$n";
    $c{names} = $c{shape} =~ /alias/ ? ["m${n}s", "m$n-by-another-vendor"]
        : ["m$n", "m$n"];
    $c{uri} = $c{prefix} . ($c{path} // '/api/chat');
    $c{make} ||= $body;
    $c{again} = $c{shape} eq 'one' || $f->[1] == 200 || $c{prefix} eq '/off'
        ? 0 : $c{prefix} eq '/all' ? 1 : $f->[2];
    $c{bad} = $c{again} && $c{shape} !~ /fail/ ? 0 : 1;
    $c{what} = "$n: $c{fault}, $c{shape}$c{prefix}, "
        . ($c{stream} ? 'stream' : 'plain') . ", $c{size} bytes"
        . ($c{how} ? ", $c{how}" : '');
    $c{headers} = ['X-Case' => $n, 'X-Fault' => $c{fault},
        $c{shape} =~ /fail/ ? ('X-Both' => 1) : (),
        $c{stream} ? ('X-Stream' => 1) : (),
        'Content-Type' => $c{type} // 'application/json'];
    push @{ $self->{cases} }, \%c;
}


sub run {
    my $self = shift;
    my $t = $self->{t};

    for my $c (@{ $self->{cases} }) {
        my $body = $c->{make}->($c->{model});
        $c->{r} = $c->{open} ? $c->{open}->($c, $body)
            : $t->open(POST => $c->{uri}, body => $body,
                headers => $c->{headers}, chunked => $c->{chunked});
    }

    for my $c (@{ $self->{cases} }) {
        $c->{r}->finish;
        $c->{r}->close;
    }
}


sub check {
    my $self = shift;
    my ($t, @cases) = ($self->{t}, @{ $self->{cases} });
    my (%log, %seen);

    $t->eventually(sub { @cases <= (() = $t->access_log =~ /\n/g) }, 'logged');
    for (split /\n/, $t->access_log) {
        my ($n, @f) = split /\|/, $_, -1;
        $log{$n} = \@f if $n ne '-';
    }
    for my $s (qw(a b)) {
        push @{ $seen{$s}{$_->header('x-case')} }, $_
            for $self->{$s}->requests(qr/POST/);
    }

    for my $c (@cases) {
        my @bad = ($self->_client($c), $self->_log($c, $log{$c->{n}}),
            map { $self->_server($c, $_, $seen{$_}{$c->{n}}) } qw(a b));
        Test::More::is(join('; ', @bad), '', $c->{what});
    }

    my $told = grep { $_->{again} && $_->{fault} =~ /^\d/ } @cases;
    Test::More::is($t->count_log(qr/answered with status \d+, another one is/),
        $told, 'as many lines as answers given up');
}


sub _differ {
    my ($what, $got, $want) = @_;
    $got //= 'undef';
    $want //= 'undef';
    return $got eq $want ? () : "$what is \"" . substr($got, 0, 300)
        . '" and not "' . substr($want, 0, 300) . '"';
}


# What the client saw.
sub _client {
    my ($self, $c) = @_;
    my $r = $c->{r};
    my $last = $c->{again} ? 'b' : 'a';
    my $body = $r->body;
    my @bad = _differ('status', $r->status, $c->{bad} ? $c->{status} : 200);
    my $whole = $c->{stream} ? join '', @CHUNKS, qq({"from":"b","done":true}\n)
        : '{"from":"b","done":true}';

    return @bad, _differ('body', $body, $whole),
        _differ('complete', $r->complete, 1) if !$c->{bad};

    if ($c->{status} == 200) {
        return @bad, _differ('complete', $r->complete, 0),
            _differ('body', $body, substr '{"from":"a",', 0, length $body)
            if !$c->{stream};
        push @bad, 'first chunk is lost' if index $body, $CHUNKS[0];
        push @bad, "no error at the end: $body"
            if substr($body, length $CHUNKS[0]) !~ /^\{"error":"vendor [^\n]+"\}\n\z/;
        return @bad, _differ('complete', $r->complete, 1);
    }

    push @bad, _differ('complete', $r->complete, 1),
        _differ('type', $r->header('content-type'), 'application/json');
    my $error = eval { $r->json->{error} } // '';
    $error = $error->{message} if ref $error;

    return @bad, _differ('body', $body, "{\"error\":\"e$c->{status} $last\"}"),
        _differ('Retry-After', $r->header('retry-after'),
            $c->{fault} eq '429 later' ? 7 : undef)
        if $c->{fault} =~ /^\d/;
    push @bad, "error is \"$error\"" if $error !~ /^vendor[ ]"\w+"[ ](?:could|did
        |closed|sent)/x;
    return @bad;
}


sub _log {
    my ($self, $c, $log) = @_;
    my ($status, $states, $addrs, $times, $tries, $vendor, $name, $model)
        = @{ $log || [] } or return 'not logged';
    my $n = $c->{again} + 1;
    my $t = $self->{t};
    my ($first, $other) = $c->{kind} eq 'r' ? qw(r r2)
        : $c->{kind} eq 't' ? qw(t t2) : qw(a b);
    $other = 'b' if $c->{shape} !~ /fail/;
    my @addrs = map { $t->{backends}{$_}->address } $first, $other;
    my $id = $c->{shape} !~ /alias/ ? $c->{shape}
        : $n == 1 ? 'one' : $c->{shape} eq 'alias' ? 'good' : 'bad';

    return _differ('logged status', $status, $c->{r}->status),
        _differ('$upstream_status', $states, join ', ',
            ($c->{status}) x ($n - !$c->{bad}), $c->{bad} ? () : 200),
        _differ('$upstream_addr', $addrs, join ', ', @addrs[0 .. $n - 1]),
        _differ('number of times', scalar(() = $times =~ /\d\.\d{3}/g), $n),
        _differ('$model_tries', $tries, $n),
        _differ('$model_vendor', $vendor, "${id}_$c->{kind}"),
        _differ('$model_name', $name, $c->{names}[$n - 1]),
        _differ('$model', $model, $c->{model});
}


sub _server {
    my ($self, $c, $name, $seen) = @_;
    my @q = @{ $seen || [] };
    my $asked = $name eq 'b' ? $c->{again} : 1;
    $asked = 0 if $c->{kind} =~ /[rt]/
        && ($name eq 'a' || $c->{shape} =~ /fail/);
    return _differ("number of requests at $name", scalar @q, $asked)
        if @q != $asked || !$asked;

    my $q = $q[0];
    my $want = $c->{make}->($c->{names}[$name eq 'b' ? 1 : 0]);
    my $got = $q->body;


    # a name that is cut leaves blanks behind it
    $got =~ s/ +(?=,"stream")// if $q->header('content-length')
        == length $c->{make}->($c->{model});

    return _differ("body at $name", $got, $want),
        _differ("framing at $name", $q->framing, 'length'),
        _differ("complete at $name", $q->{complete}, 1),
        _differ("path at $name", $q->uri, $c->{uri} =~ s{^/all|^/off}{}r);
}

1;
