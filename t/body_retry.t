#!/usr/bin/perl

# Tests for requests that go to a second server: the same bytes again.

use FindBin;
use lib "$FindBin::Bin/lib";

use ModelTest;

my $t = ModelTest->new;
my $bad = $t->backend('bad', reply => '{}');
my $good = $t->backend('good', reply => '{}');

$t->conf(<<'CONF')->start;
upstream two {
    server {{bad}} max_fails=0;
    server {{good}} backup;
}
model_vendor acme {
    proxy_pass http://two;
    discover off;
    key literal:sk-1;
}
model_failover error timeout http_503;
server {
    {{listen}}
    location / { model_pass; }
    location /small/ { model_pass; client_body_buffer_size 1k; }
    location /file/ { model_pass; client_body_in_file_only clean; }
    location /long/ { model_pass; model_default acme:much-longer-than-it; }
    location /long/small/ {
        model_pass;
        client_body_buffer_size 1k;
        model_default acme:much-longer-than-it;
    }
    location /long/file/ {
        model_pass;
        client_body_in_file_only clean;
        model_default acme:much-longer-than-it;
    }
}
CONF

my @faults = (
    ['refused', sub { $bad->refuse }],
    ['reset', sub { $bad->reset }],
    ['closed', sub { $bad->close }],
    ['answers 503', sub { $bad->status(503, {}) }],
);

for my $fault (@faults) {
    my ($what, $do) = @$fault;
    $bad->ok;
    $do->();

    for my $size (10, 3000, 200_000) {
        for my $prefix ('', '/small', '/file', '/long', '/long/small',
            '/long/file')
        {
            my $fill = 'x' x $size;
            my $grow = $prefix =~ /long/;
            my $in = $grow ? "{\"a\":\"$fill\",\"model\":\"it\",\"b\":1}"
                : "{\"a\":\"$fill\",\"model\":\"acme:it\",\"b\":1}";
            my $out = $grow ? $in =~ s/"it"/"much-longer-than-it"/r
                : $in =~ s/"acme:it"/"it"     /r;

            $_->clear for $bad, $good;
            my $r = $t->post("$prefix/api/chat", $in);
            is $r->status, 200, "$what: $prefix with $size bytes";

            my @q = grep { $_->complete } map { $_->requests(qr/POST/) }
                $bad, $good;
            is @q + 0, $what eq 'refused' ? 1 : 2, 'tries';
            is_deeply [map { $_->body eq $out ? 'same' : $_->body } @q],
                [('same') x @q], 'the same bytes in each';
            is_deeply [map { $_->header('content-length') } @q],
                [(length $out) x @q], 'the same length';
            is_deeply [map { $_->header('authorization') } @q],
                [('Bearer sk-1') x @q], 'the credential in each';
        }
    }
}

$t->done;
