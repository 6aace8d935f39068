#!/usr/bin/perl

# Tests for "default" and "force" on the wire.

use FindBin;
use lib "$FindBin::Bin/lib";

use ModelTest;

my $t = ModelTest->new;
my $s = $t->backend('s', reply => '{}');

$t->conf(<<'CONF')->start;
model_vendor acme {
    proxy_pass http://{{s}};
    discover   off;
    default    options.temperature 0.7;
    default    options.num_predict 4096;
    default    options.deep.er true;
    force      keep_alive -1;
    force      options.seed 7;
}
model_vendor plain { proxy_pass http://{{s}}; discover off; }
server {
    {{listen}}
    client_body_buffer_size 1k;
    location / { model_pass; model_allow inference manage; }
    location /named/ { model_pass; model_default acme:other; }
    location /file/ { model_pass; client_body_in_file_only clean; }
}
CONF

my $fill = 'x' x 4000;
my @cases = (
    ['nothing there', {}, { keep_alive => -1, options => { temperature => 0.7,
        num_predict => 4096, deep => { er => 1 }, seed => 7 } }],
    ['some there', { options => { temperature => 0, num_ctx => 8 },
        keep_alive => '5m' }, { keep_alive => -1, options => {
        temperature => 0, num_ctx => 8, num_predict => 4096,
        deep => { er => 1 }, seed => 7 } }],
    ['forced ones there', { options => { seed => 1, temperature => 1,
        num_predict => 1, deep => { er => 0, x => 1 } }, keep_alive => 0 },
        { options => { seed => 7, temperature => 1, num_predict => 1,
        deep => { er => 0, x => 1 } }, keep_alive => -1 }],
);

for my $prefix ('', '/named', '/file') {
    for my $size ('', $fill) {
        for (@cases) {
            my ($name, $in, $out) = @$_;
            my %asked = $prefix eq '/named' ? () : (model => 'acme:other');
            my $r = $t->post("$prefix/api/chat", { %$in, %asked,
                prompt => $size });
            is $r->status, 200, "$name $prefix";
            my $q = $s->last(qr/POST/);
            my $got = $q->json;
            is delete $got->{model}, 'other', 'model';
            is delete $got->{prompt}, $size, 'prompt';
            is_deeply norm($got), norm($out), 'presets';
            is $q->header('content-length'), length $q->body, 'length';
        }
    }
}


# numbers and booleans as text
sub norm {
    my $v = shift;
    return ref $v eq 'HASH' ? { map { $_ => norm($v->{$_}) } keys %$v }
        : $v ? "$v" : '0';
}


# Not for other vendors, not for managing
my $r = $t->post('/api/chat', '{"model":"plain:m"}');
is $s->last(qr/POST/)->body, '{"model":"m"      }', 'another vendor';
$r = $t->post('/api/pull', '{"model":"acme:m"}');
is $s->last(qr/POST/)->body, '{"model":"m"     }', 'pull';
$r = $t->post('/api/copy', '{"source":"acme:m","destination":"x"}');
is $s->last(qr/POST/)->body, '{"source":"m"     ,"destination":"x"}', 'copy';

$t->done;
