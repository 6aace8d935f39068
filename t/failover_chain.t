#!/usr/bin/perl

# Tests for a request that goes from vendor to vendor: each gets its own
# host, path, credential, model name and defaults, and the client's bytes.

use FindBin;
use lib "$FindBin::Bin/lib";

use ModelTest;

my $t = ModelTest->new(access_log => 1);
my @b = map { $t->backend($_, reply => "{\"from\":\"$_\"}",
    $_ eq 'b' && $t->has('tls') ? (tls => 1) : ()) } qw(a b c);
my ($a, $b, $c) = @b;
my $tls = $t->has('tls');
my $ca = $tls ? $t->pki->{ca} : '';
my $scheme = $tls ? 'https' : 'http';
my $verify = $tls ? "proxy_ssl_trusted_certificate $ca;" : '';

$t->conf(<<"CONF")->start;
log_format tries '\$upstream_status|\$upstream_addr|\$model_tries|\$status|'
    '\$model|\$model_alias|\$model_vendor|\$model_name|\$proxy_host|'
    '\$proxy_port';
access_log {{dir}}/access.log tries;
model_vendor a {
    proxy_pass http://{{a}}; discover off; key literal:key-of-a;
    default options.num_ctx 1;
}
model_vendor b {
    proxy_pass $scheme://localhost:{{b.port}}/base; discover off;
    $verify
    dialect ollama openai; key literal:key-of-b;
    proxy_set_header X-B yes;
}
model_vendor c {
    proxy_pass http://{{c}}/deep/path/; discover off;
    force options.temperature 0.5;
}
model_alias smart {
    target a:one;
    target b:a-much-longer-name backup;
    target c:x backup;
}
server {
    {{listen}}
    location / { model_pass; model_failover error timeout http_429 http_503 tries=9; }
    location /small/ {
        model_pass; client_body_buffer_size 1k;
        model_failover error timeout http_429 http_503 tries=9;
    }
    location /two/ { model_pass; model_failover http_503 connect tries=2; }
}
CONF

sub line {
    my $n = shift;
    $t->eventually(sub { $n < (() = $t->access_log =~ /\n/g) }, 'logged');
    return split /\|/, (split /\n/, $t->access_log)[-1];
}

for my $prefix ('', '/small') {
    for my $size (10, 50_000) {
        my $fill = 'y' x $size;
        my $body = "{\"fill\":\"$fill\",\"model\":\"smart\",\"stream\":false}";
        my $want = { a => "{\"options\":{\"num_ctx\":1},\"fill\":\"$fill\","
            . '"model":"one","stream":false}',
            b => "{\"fill\":\"$fill\",\"model\":\"a-much-longer-name\","
            . '"stream":false}',
            c => "{\"options\":{\"temperature\":0.5},\"fill\":\"$fill\","
            . '"model":"x","stream":false}' };

        for my $bad (0 .. 3) {
            $_->clear->ok for @b;
            for my $i (0 .. $bad - 1) {
                $b[$i]->status(503, { error => "$i" });
            }
            my $n = () = $t->access_log =~ /\n/g;
            my $r = $t->post("$prefix/api/chat", $body);
            my ($states, $addrs, $tries, $status, $model, $alias, $vendor,
                $name, $host, $port) = line($n);
            my $what = "$bad bad, $size bytes $prefix";

            is $r->status, $bad == 3 ? 503 : 200, "$what: status";
            is $r->json->{error} // $r->json->{from}, $bad == 3 ? 2
                : qw(a b c)[$bad], "$what: the last one's body";
            my $asked = $bad == 3 ? 3 : $bad + 1;
            is $tries, $asked, "$what: tries";
            is_deeply [split /, /, $states],
                [(503) x $bad, $bad == 3 ? () : 200], "$what: states";
            is_deeply [split /, /, $addrs],
                [map { $_->address } @b[0 .. $asked - 1]], "$what: addresses";
            is $model, 'smart', "$what: as the client named it";
            is $alias, 'smart', "$what: the alias";
            is $vendor, qw(a b c)[$asked - 1], "$what: who answered";
            is $name, ('one', 'a-much-longer-name', 'x')[$asked - 1],
                "$what: under which name";

            is $port, $b[$asked - 1]->port, "$what: port";
            is $host, ($asked == 2 ? 'localhost' : '127.0.0.1') . ":$port",
                "$what: host";

            for my $i (0 .. 2) {
                my @q = $b[$i]->requests(qr/POST/);
                is @q + 0, $i < $asked ? 1 : 0, "$what: $i asked once";
                next if !@q;
                my $q = $q[0];
                my $v = qw(a b c)[$i];
                is $q->body, $want->{$v}, "$what: bytes for $v"
                    if $q->body ne $want->{$v};
                is $q->header('content-length'), length $want->{$v},
                    "$what: length for $v";
                is $q->header('authorization'),
                    ('Bearer key-of-a', 'Bearer key-of-b', undef)[$i],
                    "$what: key for $v";
                is $q->header('x-b'), $i == 1 ? 'yes' : undef,
                    "$what: header of $v";
                is $q->header('host'), ($a->address,
                    'localhost:' . $b->port, $c->address)[$i],
                    "$what: host of $v";
                is $q->uri, ('/api/chat', '/base/api/chat',
                    '/deep/path/api/chat')[$i], "$what: path of $v";
                is $q->{tls}{sni}, 'localhost', "$what: TLS name of $v"
                    if $i == 1 && $tls;
            }
        }
    }
}

# tries= ends it, a refused connection costs nothing but a try
$_->clear->ok for @b;
$_->status(503, {}) for @b;
my $r = $t->post('/two/api/chat', { model => 'smart' });
is $r->status, 503, 'two tries';
is $c->hits(qr/POST/), 0, 'the third is not asked';

$_->ok for @b;
$a->refuse;
$b->refuse;
$r = $t->post('/api/chat', { model => 'smart' });
is $r->json->{from}, 'c', 'two refuse';
$c->refuse;
$r = $t->post('/api/chat', { model => 'smart' });
is $r->status, 502, 'all refuse';
like $r->json->{error}, qr/^vendor "c" could not be reached$/, 'in words';

$t->done;
