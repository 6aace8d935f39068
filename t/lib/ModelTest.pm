package ModelTest;

# The test library: one nginx, any number of scripted servers, raw clients.
# See the manual at the end of this file.

use strict;
use warnings;

use parent 'ModelTest::Nginx';

use File::Path ();
use Scalar::Util qw(weaken);
use Test::More ();

use ModelTest::Backend;
use ModelTest::Client;

my %TYPES = (ollama => 'Ollama', openai => 'OpenAI',
    anthropic => 'Anthropic', generic => 'Backend');

my (@LIVE, $COUNT);


sub import {
    strict->import;
    warnings->import;
    @_ = ('Test::More');
    goto &{ Test::More->can('import') };
}


sub _skip {
    my $why = shift;
    Test::More::plan(skip_all => $why);
}


sub new {
    my ($class, %o) = @_;

    my $bad = ModelTest::Nginx::missing($o{module} // 1);
    _skip($bad) if $bad;
    my $self = bless { module => 1, workers => 1, env => {}, main => '',
        events => '', backends => {}, order => [], sockets => {},
        owner => $$, mark => 0, %o }, $class;

    my $factor = $ENV{TEST_NGINX_VALGRIND} ? 10
        : $self->has('sanitizer') ? 3 : 1;
    $_ = $factor for $self->{factor}, $ModelTest::Backend::FACTOR,
        $ModelTest::Client::FACTOR;

    my $base = $ENV{TMPDIR} || '/tmp';

    # one of a test that was killed may be there

    do {
        $self->{dir} = "$base/model-test-$$-" . ++$COUNT;
    } until mkdir $self->{dir}, 0755 or !$!{EEXIST};
    -d $self->{dir} or die "$self->{dir}: $!";
    push @LIVE, $self;
    weaken $LIVE[-1];

    return $self;
}


sub factor { return $_[0]{factor} }
sub dir { return $_[0]{dir} }
sub root { return $ModelTest::Nginx::ROOT }


# needs('1.29.7'), needs('http_ssl'), needs('tls'): or skip the file.
sub needs {
    my ($self, @what) = @_;

    for my $w (@what) {
        $self->has($w) or _skip($w =~ /^\d/
            ? "nginx $w or newer needed, this is " . $self->version
            : "$w is missing");
    }

    return $self;
}


# --------------------------------------------------------------- servers

sub backend {
    my ($self, $name, %o) = @_;

    my $type = $TYPES{delete $o{type} // 'generic'}
        // die "no such type of server\n";
    my $class = "ModelTest::$type";
    require "ModelTest/$type.pm";
    $o{tls} = $self->server_tls(ref $o{tls} ? %{ $o{tls} } : ()) if $o{tls};

    my $b = $class->new(name => $name, %o);
    $self->{backends}{$name} = $b;
    push @{ $self->{order} }, $b;
    return $b;
}

sub ollama { my ($self, $n, @o) = @_; $self->backend($n, @o,
    type => 'ollama') }
sub openai { my ($self, $n, @o) = @_; $self->backend($n, @o,
    type => 'openai') }
sub anthropic { my ($self, $n, @o) = @_; $self->backend($n, @o,
    type => 'anthropic') }


# Certificates of a private authority, made with the openssl command.
sub pki {
    my ($self, $name) = @_;
    $name //= 'ca';
    return $self->{pki}{$name} if $self->{pki}{$name};
    $self->needs('tls');

    my $d = "$self->{dir}/$name";
    mkdir $d or die "$d: $!";
    my $san = 'DNS:localhost,DNS:*.test,DNS:*.example.test,IP:127.0.0.1';
    my @key = qw(-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes
        -days 30);
    my @ca = ('-CA', "$d/ca.crt", '-CAkey', "$d/ca.key");
    _openssl('req', '-x509', @key, '-subj', "/CN=$name authority",
        '-keyout', "$d/ca.key", '-out', "$d/ca.crt");

    for (['server', 'localhost'], ['client', 'test client']) {
        my ($file, $cn) = @$_;
        my @name = ('-subj', "/CN=$cn", '-addext', "subjectAltName=$san");
        _openssl('req', @key, @name, '-keyout', "$d/$file.key",
            '-out', "$d/$file.csr");
        _openssl('x509', '-req', '-in', "$d/$file.csr", @ca, '-days', 30,
            '-set_serial', length $file, '-copy_extensions', 'copy',
            '-out', "$d/$file.crt");
    }

    return $self->{pki}{$name} = { ca => "$d/ca.crt",
        map { $_ => "$d/$_.crt", "${_}_key" => "$d/$_.key" }
        qw(server client) };
}


sub _openssl {
    my ($out, $status) = ModelTest::Nginx::_run({}, '/usr/bin/env',
        'openssl', @_);
    die "openssl @_: $out" if $status;
}


sub server_tls {
    my ($self, %o) = @_;
    my $p = $self->pki(delete $o{pki});
    return { SSL_cert_file => $p->{server}, SSL_key_file => $p->{server_key},
        $o{client} ? (SSL_verify_mode => 1, SSL_ca_file => $p->{ca}) : () };
}


# ---------------------------------------------------------------- clients

# A connection of its own: ->request, ->get, ->open ... one after another.
sub client {
    my ($self, %o) = @_;
    $o{port} //= $self->port(delete $o{listen} // 1);
    my $c = ModelTest::Client->new(%o);
    push @{ $self->{clients} }, $c;
    weaken $self->{clients}[-1];
    return $c;
}


sub h2 {
    my ($self, %o) = @_;
    require ModelTest::HTTP2;
    return ModelTest::HTTP2->new($self->client(%o), %o);
}


sub open {
    my ($self, $method, $uri, %o) = @_;
    my %c = map { exists $o{$_} ? ($_ => delete $o{$_}) : () }
        qw(listen tls rcvbuf port);
    return $self->client(%c)->open($method, $uri, %o);
}


sub request {
    my ($self, $method, $uri, $body, %o) = @_;
    my $c = delete $o{conn};
    return $c->request($method, $uri, $body, %o) if $c;
    $o{body} = $body if defined $body;
    my $r = $self->open($method, $uri, %o)->finish;
    $r->close;
    return $r;
}

sub get { my ($self, $uri, %o) = @_; $self->request('GET', $uri, undef, %o) }
sub head { my ($self, $uri, %o) = @_; $self->request('HEAD', $uri, undef, %o) }
sub post { my $self = shift; $self->request('POST', @_) }
sub delete { my $self = shift; $self->request('DELETE', @_) }


# Sends bytes as they are and reads one answer.
sub raw {
    my ($self, $bytes, %o) = @_;
    my $r = $self->client(%o)->raw($bytes, %o);
    $r->close;
    return $r;
}


# A form: [[name, content, filename, type], ...]
sub post_form {
    my ($self, $uri, $parts, %o) = @_;
    my ($body, $type) = ModelTest::Client::multipart(@$parts);
    my @h = ref $o{headers} eq 'HASH' ? %{ $o{headers} }
        : @{ $o{headers} || [] };
    return $self->post($uri, $body, %o,
        headers => [@h, 'Content-Type' => $type]);
}


# Polls until the condition holds: the only way to wait in a test.
sub eventually {
    my ($self, $cb, $name, $seconds) = @_;
    my $ok = $self->_poll($seconds // 5, sub { eval { $cb->() } });
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    Test::More::ok($ok, $name // 'condition comes true');
    Test::More::diag($@) if !$ok && $@;
    return $ok;
}


# -------------------------------------------------------------------- end

# Allows lines of [crit] or [alert] in the log: tests of failures need some.
sub allow { my ($self, @re) = @_; push @{ $self->{allow} }, @re; return $self }


# Stops everything, checks that nothing went wrong on the way, ends the plan.
sub done {
    my $self = shift;
    local $Test::Builder::Level = $Test::Builder::Level + 1;

    $_ && $_->close for @{ $self->{clients} || [] };

    if (defined $self->{pid}) {
        Test::More::ok($self->stop, 'nginx stops cleanly')
            or Test::More::diag('exit status ' . ($self->{exit} // 'none'));
        Test::More::is(join("\n", $self->_troubles), '',
            'nothing wrong in the logs');
    }

    if (my @b = @{ $self->{order} }) {
        my @bad = map { $_->stop ? () : $_->name . ' failed' } @b;
        Test::More::is(join("\n", @bad, map { $_->violations } @b), '',
            'servers saw only good requests and ended well');
    }

    Test::More::diag($self->log_all) if $ENV{TEST_NGINX_CATLOG};
    $self->_clean;
    Test::More::done_testing();
}


sub _clean {
    my $self = shift;
    return if $self->{owner} != $$ || $self->{cleaned}++;
    local ($?, $!, $@);

    $self->stop('TERM', 2);
    $_->stop for @{ $self->{order} };
    return Test::More::diag("left: $self->{dir}") if $ENV{TEST_NGINX_LEAVE};
    File::Path::remove_tree($self->{dir});
}

sub DESTROY { $_[0]->_clean }
END { $_ && $_->_clean for @LIVE }

1;

__END__

=head1 NAME

ModelTest - one nginx, scripted model servers, raw clients

=head1 EXAMPLE

    #!/usr/bin/perl

    # Tests for a prefix that names the vendor.

    use FindBin;
    use lib "$FindBin::Bin/lib";

    use ModelTest;                  # strict, warnings, Test::More come along

    my $t = ModelTest->new(env => { KEY => 'sk-good' });
    my $a = $t->ollama('a', models => ['llama3'], reply => 'from a');
    my $b = $t->openai('b', models => ['gpt-4o'], keys => ['sk-good']);

    $t->conf(<<'CONF')->start;
    model_vendor local { proxy_pass http://{{a}}; }
    model_vendor cloud { proxy_pass http://{{b}}; dialect openai; key env:KEY; }
    server { {{listen}} location / { model_pass; } }
    CONF

    my $r = $t->post('/api/chat', { model => 'local:llama3', stream => \0,
        messages => [{ role => 'user', content => 'hi' }] });
    is $r->status, 200, 'status';
    is $r->json->{message}{content}, 'from a', 'text';
    is $a->last(qr/chat/)->json->{model}, 'llama3', 'prefix is cut';
    is $b->hits(qr/^POST/), 0, 'not to b';

    $b->status(503, { error => 'x' }, match => qr/chat/, times => 1);

    $t->config_error("model_vendor x { }\n", qr/no "proxy_pass" .* in/,
        'no proxy_pass', line => 1);

    $t->done;

=head1 NGINX

C<new> takes module (0: without ours), workers, env (undef unsets), main and
events (more lines), log_level, access_log.  C<needs>, C<has>: a version, a
module such as http_v2, tls, debug, sanitizer.

C<conf> is the whole text inside of http {}, from line 1 on.  {{listen}} is a
complete listen directive, {{listen:name ssl}} another one, {{listen:h2 http2}}
one for HTTP/2; {{addr:name}}, {{port:name}}; {{server}} is the address of a
scripted server, {{server.port}}; {{dir}}.  C<start>, C<stop>, C<reload($text)>
(close HTTP/2 clients first, nginx lingers on them), C<workers>, C<log>,
C<mark>, C<count_log>, C<access_log>, C<write_file>, C<read_file>, C<allow>
(log lines that are no trouble), C<config_error>, C<config_warns>,
C<config_ok>, C<test_config>, C<eventually>, C<pki>, C<done>.

=head1 CLIENTS

C<get>, C<head>, C<post>, C<delete>, C<request(method, uri, body, options)>,
C<post_form>, C<raw>.  A reference as body becomes JSON.  Options: headers
(list or hash), host, chunked, split (size, [sizes] or 'bytes'), split_head,
pause, expect, http, timeout, listen or port, tls, rcvbuf, conn (a
C<< $t->client >>, kept alive).

C<open> gives the answer to come: C<write>, C<write_chunk>, C<end_chunks>,
C<read_until>, C<finish>, C<close>, C<abort>; with part => 1 the body is not
all.  Answers: status (0: none came), reason, header, headers, body, chunks
([time, bytes]), complete, json, ndjson, sse, time, started, head_at, raw,
informational, continued, trailers, error.  C<h2> is a connection of
L<ModelTest::HTTP2>.

=head1 SERVERS

C<backend>, C<ollama>, C<openai>, C<anthropic>: a name and the options of
L<ModelTest::Ollama>, L<ModelTest::OpenAI>, L<ModelTest::Anthropic>; all take
on => { 'POST /path' => sub or answer }, tls (1, or { pki => name, client => 1
}), idle, max_requests, interval, and are changed by C<set>.

Journal: C<requests>, C<hits>, C<last> (of a pattern on "METHOD uri"; think of
discovery's own), C<wait_for>, C<connections>, C<open_connections>, C<closed>,
C<wait_closed>, C<in_flight>, C<violations>, C<clear>.  A request has method,
uri, path, query, head, raw_headers, headers, header, body (up to 1 MB),
body_length, sha256, json, framing, conn, served, time, body_time, sent,
answered, closed, tls.

Faults, each with match, times, skip, until C<ok>: C<status>, C<delay>,
C<hang>, C<hold> (until C<release(n)>), C<reset>, C<close>, C<drop>,
C<truncate>, C<close_after>, C<stall>, C<slow>, C<raw>, C<framing>, C<rechunk>,
C<bad_header>, C<redirect>, C<early>, C<fault(...)>; C<refuse>, C<accept>,
C<blackhole>, C<close_idle>, C<reset_all>, C<stop>, C<start>.  What handlers return: L<ModelTest::Server>.

=cut
