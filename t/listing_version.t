#!/usr/bin/perl

# Tests for GET /api/version and the root.

use FindBin;
use lib "$FindBin::Bin/lib";

use ModelTest;

my $t = ModelTest->new;

$t->ollama('new', version => '0.12.3', models => ['a']);
$t->ollama('older', version => '0.9.10', models => ['b']);
$t->ollama('dev', version => '0.0.0', models => ['c']);
$t->ollama('rc', version => '0.13.0-rc1', models => ['d']);
$t->openai('cloud', models => ['gpt']);
my $dead = $t->ollama('dead', version => '0.1.0');
$dead->refuse;

$t->conf(<<'CONF')->start;
model_vendor new { proxy_pass http://{{new}}; }
model_vendor older { proxy_pass http://{{older}}; }
model_vendor dev { proxy_pass http://{{dev}}; }
model_vendor rc { proxy_pass http://{{rc}}; }
model_vendor cloud { proxy_pass http://{{cloud}}; dialect openai; }
model_vendor dead { proxy_pass http://{{dead}}; discover 30s timeout=1s; }
server {
    {{listen}}
    location / { model_pass new older rc cloud dead; }
    location /new/ { model_pass rc new; }
    location /cloud/ { model_pass cloud; }
    location /dead/ { model_pass dead; }
    location /dev/ { model_pass dev; }
}
CONF

my %want = ('' => '0.9.10', '/new' => '0.12.3', '/cloud' => '0.6.4',
    '/dead' => '0.6.4');

for my $path (sort keys %want) {
    my $r = $t->get("$path/api/version");
    is $r->status, 200, "$path: status";
    is $r->body, "{\"version\":\"$want{$path}\"}", "$path: version";
}

# A development build has no version that can be compared
is $t->get('/dev/api/version')->json->{version}, '0.6.4',
    'development build';

is $t->head('/api/version')->status, 200, 'HEAD: status';
is $t->head('/api/version')->body, '', 'HEAD: no body';

# The root says that something is there, whatever the servers do
for my $path ('/', '/dead/') {
    my $r = $t->get($path);
    is $r->status, 200, "$path: status";
    is $r->body, 'Ollama is running', "$path: body";
    is $r->header('content-type'), 'text/plain; charset=utf-8', "$path: type";
    is $t->head($path)->status, 200, "$path: HEAD";
}

$t->done;
