#!/usr/bin/perl

# Tests for discovery: servers by https, by a name, and what the log says.

use FindBin;
use lib "$FindBin::Bin/lib";

use ModelTest;

my $t = ModelTest->new(log_level => 'info', env => { KEY => 'sk-good' })
    ->needs('http_ssl', 'tls');

my $safe = $t->openai('safe', tls => 1, keys => ['sk-good'],
    models => ['gpt']);
my $foreign = $t->openai('foreign', tls => { pki => 'other' },
    models => ['x']);
my $named = $t->ollama('named', models => ['llama3']);
my $gone = $t->ollama('gone', models => ['none']);
$gone->refuse;

$t->conf(<<'CONF')->start;
upstream safe { server localhost:{{safe.port}}; keepalive 4; }
model_vendor safe { proxy_pass https://safe; dialect openai; key env:KEY;
    proxy_ssl_trusted_certificate {{dir}}/ca/ca.crt; discover 100ms; }
model_vendor foreign { proxy_pass https://{{foreign}}; dialect openai;
    proxy_ssl_trusted_certificate {{dir}}/ca/ca.crt; discover 100ms; }
model_vendor renamed { proxy_pass https://{{safe}}; dialect openai;
    proxy_ssl_name other.invalid;
    proxy_ssl_trusted_certificate {{dir}}/ca/ca.crt; discover 100ms; }
model_vendor plain { proxy_pass https://{{named}};
    proxy_ssl_trusted_certificate {{dir}}/ca/ca.crt;
    discover 100ms timeout=200ms; }
model_vendor named { proxy_pass http://localhost:{{named.port}};
    discover 100ms; }
model_vendor gone { proxy_pass http://{{gone}}; discover 20ms; }
server { {{listen}} location / { model_pass; } }
CONF

is join(' ', map { $_->{id} } @{ $t->get('/v1/models')->json->{data} }),
    'safe:gpt named:llama3:latest', 'models';

sub down {
    my ($vendor, $why) = @_;
    my %of = (renamed => 'safe', plain => 'named');
    my $address = $t->{backends}{$of{$vendor} // $vendor}->address;
    return $t->count_log(qr/"$vendor" server "$address" is down: $why$/m);
}

my $port = $named->port;
is $t->count_log(qr/vendor "named" server "localhost:$port" is up, 1 model$/m),
    1, 'a name is one server';
is $safe->last(qr/GET/)->header('authorization'), 'Bearer sk-good', 'key';

is down('foreign', 'certificate is not accepted: '
    . 'unable to verify the first certificate'), 1,
    'a certificate of another authority';
is down('renamed', 'certificate is not accepted: '
    . 'it is not of "other.invalid"'), 1, 'a certificate of another name';
is down('plain', 'TLS handshake timed out'), 1, 'a server without TLS';

# The reason stands in the log once, and not again at each interval
$t->eventually(sub { $safe->hits(qr/models/) > 6 }, 'several intervals');

is down('gone', 'connection refused or failed'), 1,
    'a server that is not there';
is $t->count_log(qr/connect\(\) failed .* model vendor: "gone", upstream:/),
    1, 'why, once';
cmp_ok $t->count_log(qr/certificate verify error.* model vendor: "foreign"/),
    '==', 1, 'why not trusted, once';
unlike $t->log, qr/sk-good/, 'no key in the log';

$t->done;
