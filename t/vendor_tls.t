#!/usr/bin/perl

# Tests for https vendors: verified by default, against what and how.

use FindBin;
use lib "$FindBin::Bin/lib";

use ModelTest;

my $t = ModelTest->new(workers => 2);
$t->needs('http_ssl', 'tls');
my $pki = $t->pki;
my $other = $t->pki('other');
my $s = $t->backend('s', tls => 1);
my $m = $t->backend('m', tls => { client => 1 });

sub vendor {
    my ($id, $url, $lines) = @_;
    return "model_vendor $id {\n    proxy_pass $url;\n    discover off;\n"
        . "    $lines\n}\n";
}

my $ca = "proxy_ssl_trusted_certificate $pki->{ca};";
my $cert = "proxy_ssl_certificate $pki->{client};"
    . "proxy_ssl_certificate_key $pki->{client_key};";

$t->conf("client_max_body_size 10m;\n"
    . "upstream named { server localhost:{{s.port}}; }\n"
    . "upstream wrong { server 127.0.0.2:1; server {{s}} backup; }\n"
    . vendor('good', 'https://localhost:{{s.port}}', $ca)
    . vendor('system', 'https://localhost:{{s.port}}', '')
    . vendor('alien', 'https://localhost:{{s.port}}',
        "proxy_ssl_trusted_certificate $other->{ca};")
    . vendor('named', 'https://named', $ca)
    . vendor('name', 'https://localhost:{{s.port}}',
        "$ca proxy_ssl_name a.example.test;")
    . vendor('badname', 'https://localhost:{{s.port}}',
        "$ca proxy_ssl_name a.example.org;")
    . vendor('ip', 'https://{{s}}', $ca)
    . vendor('ipname', 'https://{{s}}', "$ca proxy_ssl_name localhost;")
    . vendor('wrong', 'https://wrong', $ca)
    . vendor('blind', 'https://localhost:{{s.port}}',
        'proxy_ssl_verify off; proxy_ssl_name a.example.org;')
    . vendor('silent', 'https://localhost:{{s.port}}',
        "$ca proxy_ssl_server_name off;")
    . vendor('cert', 'https://localhost:{{m.port}}', $ca . $cert)
    . vendor('nocert', 'https://localhost:{{m.port}}', $ca)
    . vendor('old', 'https://localhost:{{s.port}}',
        "$ca proxy_ssl_protocols TLSv1.2;")
    . vendor('clear', 'http://{{s}}', '')
    . "server { {{listen}} location / { model_pass; } }\n");
$t->start;

is $t->count_log(qr/\[warn\].*looked up once, .* vendor "good"/), 1,
    'warned once, not by each worker';

sub post { return $t->post('/api/chat', { model => "$_[0]:m" }) }

# what works

for (['good', 'localhost', 'own authority'],
    ['named', 'localhost', 'name of the first server'],
    ['name', 'a.example.test', 'proxy_ssl_name'],
    ['ipname', 'localhost', 'an address with a name'],
    ['blind', 'a.example.org', 'verification switched off'],
    ['silent', undef, 'server name switched off'])
{
    my ($vendor, $sni, $name) = @$_;
    my $r = post($vendor);
    is $r->status, 200, $name or diag $r->raw;
    is $s->last->tls->{sni}, $sni, "$name: server name";
}

is post('old')->status, 200, 'protocol';
is $s->last->tls->{version}, 'TLSv1_2', 'protocol as asked for';

# what must not

my $hits = $s->hits;

for (['system', 'certificate of an unknown authority'],
    ['alien', 'authority of another'],
    ['badname', 'certificate for another name'],
    ['ip', 'an address is no name'],
    ['wrong', 'certificate for another name, second server'],
    ['clear', 'http to an https server'])
{
    my ($vendor, $name) = @$_;
    my $r = post($vendor);
    my $want = $vendor eq 'clear' ? qr/^(?:400|502)$/ : qr/^502$/;
    like $r->status, $want, $name;
    ok $r->json->{error}, "$name: JSON" if $r->status == 502;
}

is $s->hits, $hits, 'nothing was sent';
like $t->log, qr/upstream SSL certificate verify error: \(2[01]:/,
    'the reason is logged';
like $t->log, qr/upstream SSL certificate does not match "a\.example\.org"/,
    'the name is logged';

# client certificates

is post('cert')->status, 200, 'client certificate';
like $m->last->tls->{client}, qr/CN=test client/, 'the certificate arrives';

$t->done;
