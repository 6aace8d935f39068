#!/usr/bin/perl

# Tests for a reload that adds, removes and moves vendors and keys.

use FindBin;
use lib "$FindBin::Bin/lib";

use ModelTest;

my $t = ModelTest->new(env => { VENDOR_KEY => 'sk-env' });
my ($a, $b) = map { $t->backend($_, interval => 0.02) } 'a', 'b';

sub conf {
    my ($vendors, $passes) = @_;
    return "client_max_body_size 10m;\n"
        . join('', map { "model_vendor $_->[0] { proxy_pass http://$_->[1];
            discover off; $_->[2] }\n" } @$vendors)
        . "server { {{listen}}\n" . ($passes // 'location / { model_pass; }')
        . "}\n";
}

sub chat {
    my ($vendor, %o) = @_;
    return $t->post(($o{at} // '') . '/api/chat', { model => "$vendor:m" });
}

$t->write_file('v.key', "sk-file-1\n");
$t->conf(conf([['one', '{{a}}', 'key env:VENDOR_KEY;'],
    ['two', '{{b}}', 'key file:{{dir}}/v.key;']]))->start;

is chat('one')->status, 200, 'first vendor';
is $a->last->header('Authorization'), 'Bearer sk-env', 'key of environment';
is chat('two')->status, 200, 'second vendor';
is $b->last->header('Authorization'), 'Bearer sk-file-1', 'key of file';

# the same text again: the environment is the master's, the file is read anew

$t->write_file('v.key', "sk-file-2\n");
$t->reload;

chat('one');
is $a->last->header('Authorization'), 'Bearer sk-env', 'environment is kept';
chat('two');
is $b->last->header('Authorization'), 'Bearer sk-file-2', 'file is read again';

# a file that is gone: the reload is refused, the old configuration stays

unlink $t->dir . '/v.key';
eval { $t->reload };
like $@, qr/reload failed: .*"key": open\(\) .* failed/, 'reload is refused';
chat('two');
is $b->last->header('Authorization'), 'Bearer sk-file-2', 'the old key stays';
$t->allow(qr/"key": open\(\) "\S+v\.key" failed/);

# one removed, one moved, one added; a stream of the old one goes on

$a->set(on => { '/api/chat' => { status => 200,
    headers => ['Content-Type' => 'application/x-ndjson'],
    chunks => [map { "{\"n\":$_}\n" } 1 .. 20], interval => 0.02 } });
my $stream = $t->open('POST', '/api/chat',
    body => { model => 'one:m', stream => \1 });
$stream->read_until(qr/"n":2/);

$t->reload(conf([['two', '{{a}}', ''], ['three', '{{b}}', 'key literal:k3;']]),
    wait => 0);

$stream->finish;
is scalar(my @lines = $stream->body =~ /"n"/g), 20, 'old stream is whole';
ok $stream->complete, 'old stream ends well';
$stream->close;

my $r = chat('one');
is $r->status, 404, 'removed vendor';
ok $r->json->{error}, 'removed vendor: JSON';

my $n = $a->hits;
is chat('two')->status, 200, 'moved vendor';
is $a->hits, $n + 1, 'moved vendor: to its new server';
is $a->last->header('Authorization'), undef, 'its key is gone';
is chat('three')->status, 200, 'new vendor';
is $b->last->header('Authorization'), 'Bearer k3', 'new vendor: key';

# several servers and locations with vendors of their own

$t->reload(conf([['x', '{{a}}', ''], ['y', '{{b}}', ''], ['z', '{{b}}', '']],
    'location / { model_pass y; } location /xz/ { model_pass z x; }
     location /all/ { model_pass; }')
    . "server { listen unix:{{dir}}/s; location / { model_pass x; } }\n");

for (['', 'y', 200], ['', 'x', 404], ['', 'z', 404], ['/xz', 'x', 200],
    ['/xz', 'z', 200], ['/xz', 'y', 404], ['/all', 'x', 200],
    ['/all', 'y', 200], ['/all', 'z', 200])
{
    my ($at, $vendor, $want) = @$_;
    my $to = $vendor eq 'x' ? $a : $b;
    my @before = ($a->hits, $b->hits);

    # a single vendor takes any name: it is not its own there

    my $r = chat($vendor, at => $at);
    if ($at eq '' && $vendor ne 'y') {
        is $b->last->json->{model}, "$vendor:m", "$at/ $vendor: only a name";
        next;
    }

    is $r->status, $want, "$at/ $vendor";
    is $to->hits, ($to == $a ? $before[0] : $before[1]) + ($want == 200),
        "$at/ $vendor: its server";
}

$t->done;
