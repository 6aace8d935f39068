package ModelTest::SDK;

# Runs a script of t/sdk, which drives an official SDK, beside a test:
#
#     my $sdk = ModelTest::SDK->new(node => 'ollama');   # or skips the file
#     $sdk->run($t, 'ollama_client.js', { url => $t->url },
#         stall => sub { ... });
#
# The script prints a line of JSON for each of its checks, which become tests
# here, and for each step: then the code of that name is called, and what it
# returns goes back to the script, which waits for it.

use strict;
use warnings;

use IO::Handle;
use JSON::PP ();
use POSIX ();
use Test::More ();

use ModelTest::Nginx;

my $JSON = JSON::PP->new->ascii->canonical->allow_nonref;


sub new {
    my ($class, $language, $package) = @_;
    my $dir = "$ModelTest::Nginx::ROOT/build/sdk";
    my $self = bless { language => $language }, $class;
    my $there;

    if ($language eq 'go') {
        $self->{binary} = $ENV{TEST_SDK_GO} || "$dir/$package";
        $there = 1;

    } elsif ($language eq 'node') {
        $self->{binary} = $ENV{TEST_SDK_NODE} || "$dir/node";
        $self->{modules} = $ENV{TEST_SDK_NODE_MODULES} || "$dir/node_modules";
        $there = -d "$self->{modules}/$package";

    } else {
        $self->{binary} = $ENV{TEST_SDK_PYTHON} || "$dir/venv/bin/python";
        my $lib = $self->{binary} =~ s{bin/[^/]*$}{lib}r;
        $there = grep { -d } glob "$lib/python3*/site-packages/$package";
    }

    Test::More::plan(skip_all => "the $language SDK \"$package\" is not "
        . 'installed: run make sdk') if !$there || !-x $self->{binary};
    return $self;
}


# Where Chromium is; or skips the file.
sub chromium {
    my ($path) = grep { -x } $ENV{TEST_CHROMIUM} // (),
        map { "$_/chromium" } split /:/, $ENV{PATH};

    Test::More::plan(skip_all => 'chromium is not installed: run make '
        . 'prove-deps') if !$path;
    return $path;
}


# What t/tools/sdk makes of the types that npm packages declare.
sub types { return $_[0]{modules} =~ s{[^/]*$}{schemas.json}r }


# How long a script may take, in seconds; 60 unless told.
sub limit { my ($self, $limit) = @_; $self->{limit} = $limit; return $self }


# What the script sees: nothing of this machine's proxies and keys.
sub _environment {
    my $self = shift;
    delete @ENV{grep { /_proxy$|^(?:openai|anthropic|ollama)_/i } keys %ENV};
    @ENV{qw(NO_PROXY PYTHONDONTWRITEBYTECODE PYTHONUNBUFFERED)} = ('*', 1, 1);
    $ENV{TEST_SDK_NODE_MODULES} = $self->{modules} if $self->{modules};
}


sub _start {
    my ($self, $t, $script, $config) = @_;
    pipe(my $in, my $to) or die "pipe: $!";
    pipe(my $from, my $out) or die "pipe: $!";

    my $pid = fork // die "fork: $!";
    if (!$pid) {
        open STDIN, '<&', $in;
        open STDOUT, '>&', $out;
        open STDERR, '>', $t->dir . '/sdk.log';
        $self->_environment;
        exec { $self->{binary} } $self->{binary},
            "$ModelTest::Nginx::ROOT/t/sdk/$script", $JSON->encode($config)
            or POSIX::_exit(127);
    }

    $to->autoflush(1);
    @$self{qw(pid to from buf)} = ($pid, $to, $from, '');
}


sub _line {
    my ($self, $deadline) = @_;

    while (index($self->{buf}, "\n") < 0) {
        my $r = '';
        vec($r, fileno $self->{from}, 1) = 1;
        my $left = $deadline - ModelTest::Nginx::now();
        return if $left <= 0 || !select $r, undef, undef, $left;
        sysread $self->{from}, $self->{buf}, 65536, length $self->{buf}
            or return;
    }

    $self->{buf} =~ s/^([^\n]*)\n//;
    return $1;
}


# Waits until a server has seen its connection closed in mid-answer, or
# while its answer was waited for: within a second.
sub aborted {
    my ($self, $t, $server, $during) = @_;
    $during //= 'response';
    $t->eventually(sub { grep { $_->{by} eq 'peer'
        && $_->{during} eq $during } $server->closed },
        'the abort reaches server ' . $server->name, 1);
    $self->{aborts}++;
    $server->ok;
    $server->clear;
    return;
}

sub aborts { return $_[0]{aborts} // 0 }


sub run {
    my ($self, $t, $script, $config, %steps) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    local ($?, $!, $SIG{PIPE}) = (0, 0, 'IGNORE');
    my $deadline = ModelTest::Nginx::now() + ($self->{limit} // 60)
        * $t->factor;
    my ($ended, @strange);

    $self->_start($t, $script, $config);
    while (defined(my $line = $self->_line($deadline))) {
        my $o = eval { $JSON->decode($line) };

        if (ref $o ne 'HASH') {
            push @strange, $line;

        } elsif (exists $o->{check}) {
            Test::More::ok($o->{ok}, $o->{check})
                or Test::More::diag($JSON->encode($o->{got}));

        } elsif (exists $o->{step}) {
            my $do = $steps{$o->{step}} or die "no step \"$o->{step}\"\n";
            my $answer = eval { $do->($o->{with}) };
            Test::More::fail("step $o->{step}: $@") if $@;
            $answer = {} if ref $answer ne 'HASH';
            print { $self->{to} } $JSON->encode($answer), "\n";

        } else {
            $ended = $o->{end};
        }
    }

    close delete $self->{to};
    kill KILL => $self->{pid} if !$ended;
    waitpid $self->{pid}, 0;
    Test::More::is($?, 0, "$script runs to its end");
    Test::More::is(join("\n", @strange), '', 'the SDK complains of nothing');
    Test::More::diag($t->read_file('sdk.log')) if $? || @strange;
}

1;
