#!/usr/bin/perl

# Tests for model_aware and what changes models: delete, copy and push go
# where the model is, pull and create to any server.

use FindBin;
use lib "$FindBin::Bin/lib";

use ModelTest;

my $t = ModelTest->new;
my %b = map { $_->[0] => $t->ollama($_->[0], models => [@$_[1 .. $#$_]],
    registry => ['new', 'm']) } ['a', 'm'], ['b', 'm', 'one'], ['c', 'two'];

$t->conf(<<'CONF')->start;
upstream u {
    zone u 64k;
    server {{a}}; server {{b}}; server {{c}};
    model_aware;
}
model_vendor v { proxy_pass http://u; }
server {
    {{listen}}
    location / { model_pass v; model_allow inference manage other; }
}
CONF

sub where {
    my ($method, $path, $body, $n) = @_;
    my %n;
    for (1 .. $n // 1) {
        $_->clear for values %b;
        my $r = $t->request($method, $path, { %$body, stream => \0 });
        $n{ join ' ', $r->status, grep { $b{$_}->hits(qr/\Q$path\E/) }
            sort keys %b }++;
    }
    return \%n;
}

sub listed {
    my ($what, @want) = @_;
    $t->eventually(sub {
        "@want" eq join ' ', sort map { $_->{name} =~ /^v:(.*?)(?::latest)?$/ }
            @{ $t->get('/api/tags')->json->{models} };
    }, "$what: @want");
}

listed('at first', qw(m one two));

# pull and create: by the method, whoever has it

is_deeply where('POST', '/api/pull', { model => 'v:m' }, 6),
    { '200 a' => 2, '200 b' => 2, '200 c' => 2 }, 'pull what two have';
is_deeply where('POST', '/api/pull', { model => 'v:absent' }, 3),
    { '500 a' => 1, '500 b' => 1, '500 c' => 1 }, 'pull what nobody has';
is_deeply where('POST', '/api/create', { model => 'v:made', from => 'm' }, 3),
    { '200 a' => 1, '200 b' => 1, '200 c' => 1 }, 'create: any';
listed('after that', qw(m made one two));

# delete, copy, push: where it is

is_deeply where('POST', '/api/push', { model => 'v:one' }, 3),
    { '200 b' => 3 }, 'push: where it is';
is_deeply where('POST', '/api/push', { model => 'v:absent' }, 2),
    { 404 => 2 }, 'push: nowhere';
is_deeply where('POST', '/api/copy',
    { source => 'v:two', destination => 'copied' }),
    { '200 c' => 1 }, 'copy: where its source is';
listed('after the copy', qw(copied m made one two));
is_deeply where('DELETE', '/api/delete', { model => 'v:copied' }),
    { '200 c' => 1 }, 'delete: where the copy is';
listed('after the deletion', qw(m made one two));
is_deeply where('DELETE', '/api/delete', { model => 'v:one' }),
    { '200 b' => 1 }, 'delete: where it is';
listed('without it', qw(m made two));
is_deeply where('DELETE', '/api/delete', { model => 'v:one' }),
    { 404 => 1 }, 'delete: it is gone';

# of several that have it: at all of them

my ($made) = keys %{ where('DELETE', '/api/delete', { model => 'v:made' }) };
like $made, qr/^200 /, 'delete: where three have it';
$t->eventually(sub {
    3 == grep { $_->hits(qr/DELETE/) == 1 } values %b;
}, 'at all of them, once');
listed('without that, too', qw(m two));

# blobs and what is not known go anywhere

is_deeply where('POST', '/api/blobs/sha256:' . 'a' x 64, {}, 3),
    { '400 a' => 1, '400 b' => 1, '400 c' => 1 }, 'blobs: any server';

$t->done;
