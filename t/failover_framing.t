#!/usr/bin/perl

# Tests for model_failover with clients of HTTP/2, chunked bodies and forms:
# each server gets the whole body, with its own name of the model in it.

use FindBin;
use lib "$FindBin::Bin/lib";

use ModelTest;
use ModelTest::Faults;

my $t = ModelTest->new(access_log => 1);
my $m = ModelTest::Faults->new($t);
my $h2 = $t->has('http_v2') ? ' http2' : '';
my %client;

$t->conf($m->conf =~ s/\{\{listen\}\}/{{listen}} {{listen:h2$h2}}/r)->start;

sub form {
    my ($size, $order) = @_;
    return sub {
        my @parts = (['response_format', 'json'], ['model', $_[0]],
            ['file', "\0\r\n--\xff" x ($size / 6), 'a.wav', 'audio/wav']);
        return (ModelTest::Client::multipart(@parts[@$order]))[0];
    };
}

# many streams of few connections: nginx takes 128 of each
sub over_h2 {
    my ($c, $body) = @_;
    my $h = $client{$c->{n} % 8} ||= $t->h2(listen => 'h2');
    my @h = map { $_ } @{ $c->{headers} };
    return $h->open(POST => $c->{uri}, body => $body, headers => \@h,
        length => $c->{n} % 2);
}

my $type = (ModelTest::Client::multipart())[1];
my @ways = (
    ['chunked', chunked => 1, stream => 1],
    $h2 ? (['HTTP/2', open => \&over_h2, stream => 0],
        ['HTTP/2', open => \&over_h2, stream => 1]) : (),
    (map { ['form, model ' . ['first', 'last']->[$_ > 0],
        path => '/v1/audio/transcriptions', type => $type, order => $_
            ? [0, 2, 1] : [1, 0, 2] ] } 0, 1),
    ['form, chunked', path => '/v1/audio/transcriptions', type => $type,
        order => [2, 1, 0], chunked => 1],
    $h2 ? ['form, HTTP/2', path => '/v1/audio/transcriptions', type => $type,
        order => [2, 1, 0], open => \&over_h2] : (),
);

for my $fault (qw(refused hang 408 429 503 cut), 'reset before head',
    'reset in head', 'no head')
{
    for my $shape (qw(two alias twofail aliasfail)) {
        for my $way (@ways) {
            my ($how, %c) = @$way;
            for my $size (60, 20_000) {
                $m->add(fault => $fault, shape => $shape, prefix => '/all',
                    stream => 0, %c, size => $size, how => $how,
                    $c{order} ? (make => form($size, $c{order})) : ());
            }
        }
    }
}

$m->run;
$_->close for values %client;
$m->check;

$t->done;
