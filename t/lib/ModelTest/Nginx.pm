package ModelTest::Nginx;

# One nginx: its files, its sockets, its process, its log.  ModelTest is one.

use strict;
use warnings;

use Cwd ();
use Fcntl qw(F_SETFD);
use File::Path ();
use IO::Handle;
use POSIX ();
use Socket;
use Test::More ();
use Time::HiRes qw(clock_gettime CLOCK_MONOTONIC);

our $ROOT = Cwd::abs_path(__FILE__ =~ s{[^/]*$}{../../..}r);
our $BINARY = $ENV{TEST_NGINX_BINARY} || '/usr/sbin/nginx';
our $MODULE = $ENV{TEST_NGINX_MODULE}
    || "$ROOT/build/ngx_http_model_module.so";
our $V;


sub now { return clock_gettime(CLOCK_MONOTONIC) }


sub _run {
    my ($env, @command) = @_;
    local ($?, $!);

    my $pid = open my $fh, '-|' // die "fork: $!";
    if (!$pid) {
        open STDERR, '>&', \*STDOUT;
        _set_environment(%$env);
        exec { $command[0] } @command or POSIX::_exit(127);
    }

    local $/;
    my $out = <$fh> // '';
    close $fh;
    return ($out, $?);
}


# Why nothing can be tested, or nothing.
sub missing {
    my $module = shift;
    return "no nginx at $BINARY (TEST_NGINX_BINARY)" if !-x $BINARY;
    return "no module at $MODULE (TEST_NGINX_MODULE): run make first"
        if $module && !$ENV{TEST_NGINX_STATIC} && !-e $MODULE;
    $V //= (_run({}, $BINARY, '-V'))[0];
    return;
}


sub version { return $V =~ m{version: \S+?/(\d+\.\d+\.\d+)} ? $1 : '0.0.0' }
sub version_number { return _number(version()) }
sub _number { my @v = split /\./, $_[0]; $v[0] * 1e6 + $v[1] * 1e3 + $v[2] }


sub has {
    my ($self, $what) = @_;
    return version_number() >= _number($what) if $what =~ /^\d+\.\d+\.\d+$/;
    return eval { require IO::Socket::SSL; 1 } && `openssl version` ? 1 : 0
        if $what eq 'tls';
    return $V =~ /--with-debug/ ? 1 : 0 if $what eq 'debug';
    return $V =~ /-fsanitize/ ? 1 : 0 if $what eq 'sanitizer';
    my $m = $what =~ /_module$/ ? $what : "${what}_module";
    return 0 if $V =~ /--without-$m\b/;
    return $V =~ /--with-$m\b(?!=dynamic)/
        || $m =~ /^http_(?:fastcgi|uwsgi|scgi|memcached|grpc|proxy|gzip|map
            |auth_basic|limit_req|limit_conn|access|rewrite|mirror)_module$/x
        ? 1 : 0;
}


# ----------------------------------------------------------- configuration

sub write_file {
    my ($self, $name, $content) = @_;
    my $path = $name =~ m{^/} ? $name : "$self->{dir}/$name";
    File::Path::make_path($path =~ s{/[^/]*$}{}r);
    open my $fh, '>:raw', $path or die "$path: $!";
    print $fh $content;
    close $fh or die "$path: $!";
    return $path;
}


sub read_file {
    my ($self, $name, $from) = @_;
    my $path = $name =~ m{^/} ? $name : "$self->{dir}/$name";
    open my $fh, '<:raw', $path or return '';
    seek $fh, $from, 0 if $from;
    local $/;
    return <$fh> // '';
}


# Listening sockets are bound here and inherited by nginx: no port is guessed.
# One that comes while nginx runs is only held for it.
sub _socket {
    my ($self, $name) = @_;

    return $self->{sockets}{$name} ||= do {
        socket(my $s, AF_INET, SOCK_STREAM, 0) or die "socket: $!";
        setsockopt $s, SOL_SOCKET, SO_REUSEADDR, 1;
        bind $s, pack_sockaddr_in(0, INADDR_LOOPBACK) or die "bind: $!";
        $self->{pid} or listen $s, 511 or die "listen: $!";
        $s->blocking(0);        # nginx leaves an inherited one as it is
        my $port = (unpack_sockaddr_in(getsockname $s))[0];
        { fh => $s, port => $port, held => $self->{pid} ? 1 : 0 };
    };
}

sub port { return $_[0]->_socket($_[1] // 1)->{port} }
sub address { return '127.0.0.1:' . $_[0]->port($_[1]) }
sub url { return 'http://' . $_[0]->address($_[1]) }


sub _expand {
    my ($self, $text) = @_;

    $text =~ s!\{\{(listen|addr|port)(?::(\w+))?((?: [^}]*)?)\}\}!
        my ($what, $n, $flags) = ($1, $2 // 1, $3);
        my $h2 = $what eq 'listen' && version_number() >= 1025001
            && $flags =~ s/ http2\b// ? ' http2 on;' : '';
        $what eq 'port' ? $self->port($n)
            : $what eq 'addr' ? $self->address($n)
            : 'listen ' . $self->address($n) . "$flags;$h2"!gex;
    $text =~ s/\{\{dir\}\}/$self->{dir}/g;
    $text =~ s/\{\{(\w+)(\.port)?\}\}/
        my $b = $self->{backends}{$1} or die "no server named $1\n";
        $2 ? $b->port : $b->address/gex;

    return $text;
}


# http-level text; stands in its own file, so that lines count from 1.
sub conf {
    my ($self, $text, %o) = @_;
    @$self{keys %o} = values %o;
    $self->{text} = $text;
    $self->_write('nginx', $text) if $self->{pid};
    return $self;
}

sub http { my $self = shift; return $self->conf(@_) }


sub _write {
    my ($self, $name, $text) = @_;
    my $d = $self->{dir};
    $text = $self->_expand($text);
    $self->write_file("$name.http.conf", $text);

    my $top = $text =~ s/(["'])(?:\\.|(?!\1).)*\1|#[^\n]*/$1 ? 'x' : ''/gesr;
    1 while $top =~ s/\{[^{}]*\}//g;
    my %has = map { $_ => 1 } $top =~ /^\s*(\w+)/gm, $top =~ /;\s*(\w+)/g;
    my $http = '';
    for (['access_log', $self->{access_log} ? "$d/access.log" : 'off'],
        map { ["${_}_temp_path", "$d/temp_$_"] } 'client_body', 'proxy',
            grep { $self->has("http_$_") } qw(fastcgi uwsgi scgi))
    {
        $http .= "    $_->[0] $_->[1];\n" if !$has{$_->[0]};
    }

    my $level = $self->{log_level} || ($V =~ /--with-debug/ ? 'debug' : 'info');
    my $load = $self->{module} && !$ENV{TEST_NGINX_STATIC}
        ? "load_module $MODULE;" : '';
    my $user = $> == 0 ? 'user root;' : '';
    my $globals = $ENV{TEST_NGINX_GLOBALS} || '';
    my $events = $self->{events} =~ /worker_connections/ ? ''
        : 'worker_connections 512;';

    return $self->write_file("$name.conf", <<"EOF");
$load
$user
daemon off;
worker_processes $self->{workers};
pid $d/$name.pid;
error_log $d/error.log $level;
$globals
$self->{main}
events {
    $events $self->{events}
}
http {
$http
    include $d/$name.http.conf;
}
EOF
}


sub test_config {
    my ($self, $text) = @_;
    my $file = $self->_write('test', $text);
    my %env = $self->_environment;

    # nginx frees nothing when it exits after a test
    $env{ASAN_OPTIONS} .= ':detect_leaks=0' if defined $env{ASAN_OPTIONS};

    return _run(\%env, $self->_valgrind, $BINARY, '-t',
        '-p', "$self->{dir}/", '-c', $file, '-e', "$self->{dir}/test.log");
}


sub _verdict {
    my ($self, $ok, $name, $why) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 2;
    Test::More::ok($ok, $name) or Test::More::diag($why);
    return $ok;
}


# nginx -t refuses the text with this message (which holds file and line).
sub config_error {
    my ($self, $text, $re, $name, %o) = @_;
    my ($out, $status) = $self->test_config($text);

    my @e = grep { /\[emerg\]/ && $_ =~ $re } split /\n/, $out;
    @e = grep { /test\.http\.conf:$o{line}$/ } @e if $o{line};
    my $ok = $status != 0 && ($status & 127) == 0 && @e
        && $out !~ /Sanitizer|runtime error/;
    return $self->_verdict($ok, $name, "status $status, wanted $re"
        . ($o{line} ? " at line $o{line}" : '') . ", got:\n$out");
}


# nginx -t accepts the text with this warning.
sub config_warns {
    my ($self, $text, $re, $name) = @_;
    my ($out, $status) = $self->test_config($text);
    my $ok = $status == 0
        && grep { /\[warn\]/ && $_ =~ $re } split /\n/, $out;
    return $self->_verdict($ok, $name, "status $status, wanted $re, got:\n"
        . $out);
}


# nginx -t accepts the text without any warning.
sub config_ok {
    my ($self, $text, $name) = @_;
    my ($out, $status) = $self->test_config($text);
    my $ok = $status == 0 && $out !~ /\[(?:warn|emerg|alert|crit)\]/;
    return $self->_verdict($ok, $name, "status $status, got:\n$out");
}


# ------------------------------------------------------------------ nginx

sub _set_environment {
    my %env = @_;
    defined $env{$_} ? $ENV{$_} = $env{$_} : delete $ENV{$_} for keys %env;
}


sub _environment {
    my $self = shift;
    my %env = %{ $self->{env} };

    if ($V =~ /-fsanitize/) {
        my $supp = "$ROOT/t/lsan.supp";
        $env{ASAN_OPTIONS} = $ENV{ASAN_OPTIONS} // 'detect_odr_violation=0';
        $env{LSAN_OPTIONS} = $ENV{LSAN_OPTIONS} // (-e $supp
            ? "suppressions=$supp:print_suppressions=0" : '');
        $env{UBSAN_OPTIONS} = $ENV{UBSAN_OPTIONS} // 'print_stacktrace=1';
    }

    return %env;
}


sub _valgrind {
    my $self = shift;
    my $opt = $ENV{TEST_NGINX_VALGRIND} or return;
    return ('/usr/bin/env', 'valgrind', '-q',
        "--log-file=$self->{dir}/valgrind.%p",
        $opt =~ /^-/ ? split(/ /, $opt) : ());
}


sub start {
    my $self = shift;
    die "nginx runs already\n" if $self->{pid};

    my $file = $self->_write('nginx', $self->{text} // '');
    my @fds = map { $_->{fh} } grep { !$_->{held} }
        values %{ $self->{sockets} };
    my @command = ($self->_valgrind, $BINARY, '-p', "$self->{dir}/", '-c',
        $file, '-e', "$self->{dir}/error.log");

    my $from = $self->log_size;
    my $pid = fork // die "fork: $!";
    if (!$pid) {
        syscall 157, 1, 15 if (POSIX::uname())[4] eq 'x86_64';
        fcntl $_, F_SETFD, 0 for @fds;
        _set_environment($self->_environment,
            NGINX => join '', map { fileno($_) . ';' } @fds);
        open STDOUT, '>>', "$self->{dir}/stderr.log";
        open STDERR, '>&', \*STDOUT;
        exec { $command[0] } @command or POSIX::_exit(127);
    }

    $self->{pid} = $pid;
    $self->_poll(10, sub {
        die "nginx did not start:\n" . $self->read_file('stderr.log')
            . $self->log_from($from) . "\n" if $self->_exited;
        my $n = () = $self->log_from($from) =~ /start worker process /g;
        return -s "$self->{dir}/nginx.pid" && $n >= $self->{workers};
    }) or die "nginx did not start in time\n";

    return $self;
}


sub _exited {
    my $self = shift;
    return 1 if !$self->{pid};
    local ($?, $!);
    return 0 if waitpid($self->{pid}, POSIX::WNOHANG()) == 0;
    $self->{exit} = $?;
    $self->{pid} = 0;
    return 1;
}


sub _poll {
    my ($self, $seconds, $cb) = @_;
    my $deadline = now() + $seconds * $self->{factor};

    while (1) {
        my $r = $cb->();
        return $r if $r || now() > $deadline;
        select undef, undef, undef, 0.002;
    }
}


sub running { my $self = shift; return $self->{pid} && !$self->_exited }


# Stops nginx with QUIT (or another signal).  True when it left by itself, 0.
sub stop {
    my ($self, $signal, $seconds) = @_;
    return 1 if !$self->{pid};

    kill $signal // 'QUIT', $self->{pid} if !$self->_exited;
    my $ok = $self->_poll($seconds // 5, sub { $self->_exited });
    for my $s ('TERM', 'KILL') {
        last if $self->_exited;
        kill $s, $self->{pid};
        $self->_poll(2, sub { $self->_exited });
    }

    return $ok && $self->{exit} == 0;
}


# Tells nginx to read the configuration again (new text may be given) and
# waits until the new workers run and the old ones are gone; a refused
# configuration dies with its message.  wait => 0: leaves the old ones alone.
sub reload {
    my ($self, $text, %o) = @_;
    $self->{text} = $text if defined $text;
    $self->_write('nginx', $self->{text});

    my $from = $self->log_size;
    my @old = $self->workers;
    kill HUP => $self->{pid};

    $self->_poll(10, sub {
        my $log = $self->log_from($from);
        my $n = () = $log =~ /start worker process /g;
        die "reload failed: $1\n" if $log =~ /(\[emerg\].*)/;
        return 0 if $n < $self->{workers};
        return 1 if defined $o{wait} && !$o{wait};
        my %alive = map { $_ => 1 } $self->workers;
        return !grep { $alive{$_} } @old;
    }) or die "reload: the old workers did not go\n";

    return $self;
}


# The process ids of the workers that the log knows as running.
sub workers {
    my $self = shift;
    my $seen = $self->{workers_seen} ||= { at => 0, ids => {} };
    my $new = $self->log_from($seen->{at}) =~ s/[^\n]*\z//r;

    $seen->{at} += length $new;
    while ($new =~ /start worker process (\d+)|process (\d+) exited/g) {
        defined $1 ? $seen->{ids}{$1} = 1 : delete $seen->{ids}{$2};
    }

    return sort { $a <=> $b } keys %{ $seen->{ids} };
}


sub log_size { return -s "$_[0]{dir}/error.log" || 0 }
sub log_from { return $_[0]->read_file('error.log', $_[1]) }
sub log_all { return $_[0]->log_from(0) }
sub log { return $_[0]->log_from($_[0]{mark}) }
sub mark { $_[0]{mark} = $_[0]->log_size; return $_[0] }
sub access_log { return $_[0]->read_file('access.log') }

sub count_log {
    my ($self, $re) = @_;
    return scalar grep { $_ =~ $re } split /\n/, $self->log;
}


# The lines of a log that no run may leave behind, but for one of nginx's own:
# least_time shifts a time of 0 by as much as a server was never checked.
sub troubles_of {
    my ($text, @allow) = @_;
    push @allow, qr/least_time_module\.c:[\d:]+ runtime error: shift exponent/;
    my (@bad, %running);

    for my $line (split /\n/, $text) {
        my $bad = $line =~ /\[(?:alert|emerg|crit)\]|Sanitizer
            |:[ ]runtime[ ]error:[ ]/x;
        $running{$1} = 1 if $line =~ /start worker process (\d+)/;

        if ($line =~ /worker process (\d+) exited (with code|on signal) (\d+)/)
        {
            delete $running{$1};
            $bad = 1 if $2 ne 'with code' || $3 != 0;
        }

        push @bad, $line if $bad && !grep { $line =~ $_ } @allow;
    }

    return @bad, map { "worker $_ has not exited" } sort keys %running;
}


sub _troubles {
    my $self = shift;
    return troubles_of($self->log_all . $self->read_file('stderr.log'),
            @{ $self->{allow} || [] }),
        map { $self->read_file($_) } grep { -s }
            glob "$self->{dir}/valgrind.*";
}

1;
