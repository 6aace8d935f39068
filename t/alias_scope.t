#!/usr/bin/perl

# Tests for which targets of an alias a location and a client's key leave.

use FindBin;
use lib "$FindBin::Bin/lib";

use Digest::SHA 'sha256_hex';

use ModelTest;

my $t = ModelTest->new;
my %server = (
    acme => $t->ollama('acme', models => ['llama3', 'qwen:7b']),
    cloud => $t->openai('cloud', models => ['gpt-5', 'o4', 'claude-1']),
);

my %patterns = (all => '', alias => 'smart', first => 'cloud:gpt-5',
    second => 'acme:*', star => '*', none => 'nothing', outer => 'outer',
    inner => 'cloud:o4 inner', one => 'claude-1', some => 'claude-2*',
    shadow => 'acme:qwen:7b', slash => 'acme/llama3');
my %key = map { $_ => "key-of-$_" } keys %patterns;
$t->write_file('keys', join '', map { "$_:" . sha256_hex($key{$_})
    . " $patterns{$_}\n" } sort keys %key);

$t->conf(<<'CONF')->start;
model_alias smart { target cloud:gpt-5; target acme:llama3 backup; }
model_alias inner { target acme:llama3; target acme:qwen:7b backup; }
model_alias outer { target inner; target cloud:gpt-5 backup; }
model_alias acme:qwen:7b { target cloud:o4; }
model_alias claude-* { target cloud:claude-*; target acme:llama3 backup; }
model_vendor acme { proxy_pass http://{{acme}}; rank 2; }
model_vendor cloud { proxy_pass http://{{cloud}}; dialect openai; rank 1;
    expose gpt-5 o4 claude-1; }
server {
    {{listen}}
    location / { model_pass; model_keys file:{{dir}}/keys; }
    location /acme/ { model_pass acme; }
    location /cloud/ { model_pass cloud; model_default cloud:gpt-5; }
}
CONF

$t->get('/v1/models', headers => { Authorization => "Bearer $key{all}" });
$t->get("/$_/v1/models") for 'acme', 'cloud';

# which, asked, vendor and name that is sent, or nothing: 404

for (
    ['all', 'smart', 'cloud', 'gpt-5'],
    ['alias', 'smart', 'cloud', 'gpt-5'],
    ['alias', 'cloud:gpt-5'], ['alias', 'acme:llama3'], ['alias', 'outer'],
    ['first', 'smart', 'cloud', 'gpt-5'],
    ['second', 'smart', 'acme', 'llama3'],
    ['slash', 'smart', 'acme', 'llama3'],
    ['star', 'smart', 'cloud', 'gpt-5'],
    ['none', 'smart'], ['none', 'outer'], ['none', 'claude-1'],
    ['outer', 'outer', 'acme', 'llama3'],
    ['outer', 'inner'], ['outer', 'acme:llama3'],
    ['inner', 'outer', 'acme', 'llama3'],
    ['inner', 'inner', 'acme', 'llama3'],
    ['first', 'outer', 'cloud', 'gpt-5'],
    ['all', 'claude-1', 'cloud', 'claude-1'],
    ['all', 'claude-2', 'acme', 'llama3'],     # expose lets claude-1 only
    ['one', 'claude-1', 'cloud', 'claude-1'],
    ['one', 'claude-2'],
    ['some', 'claude-2.5', 'acme', 'llama3'],
    ['some', 'claude-1'],
    ['shadow', 'acme:qwen:7b', 'cloud', 'o4'],
    ['second', 'acme:qwen:7b', 'cloud', 'o4'],
    ['first', 'acme:qwen:7b'],
    ['/acme', 'smart', 'acme', 'llama3'],
    ['/acme', 'outer', 'acme', 'llama3'],
    ['/acme', 'acme:qwen:7b'],
    ['/acme', 'claude-9', 'acme', 'llama3'],
    ['/cloud', 'smart', 'cloud', 'gpt-5'],
    ['/cloud', 'inner'],
    ['/cloud', 'outer', 'cloud', 'gpt-5'],
    ['/cloud', 'claude-9'])
{
    my ($who, $asked, $vendor, $name) = @$_;
    my ($prefix, @h) = $who =~ /^\// ? $who : ('', headers => {
        Authorization => "Bearer $key{$who}" });

    $_->clear for values %server;
    my $r = $t->post("$prefix/v1/chat/completions", { model => $asked,
        messages => [{ role => 'user', content => 'hi' }] }, @h);

    if (!$vendor) {
        is $r->status, 404, "$who: \"$asked\" is none";
        is $server{acme}->hits(qr/POST/) + $server{cloud}->hits(qr/POST/), 0,
            "$who: \"$asked\" goes nowhere";
        unlike $r->json->{error}{message}, qr/near.* \Q$asked\E\b/,
            "$who: \"$asked\" is not told of";
        next;
    }

    is $r->status, 200, "$who: \"$asked\" is one";
    my $q = $server{$vendor}->last(qr{chat/completions});
    is $q && $q->json->{model}, $name, "$who: \"$asked\" is $vendor:$name";
}

# What is listed

for (['all', 'smart inner outer acme:qwen:7b cloud:gpt-5 cloud:o4 '
        . 'cloud:claude-1 acme:llama3:latest'],
    ['alias', 'smart'], ['none', ''],
    ['first', 'smart outer cloud:gpt-5'],
    ['second', 'smart inner outer acme:qwen:7b acme:llama3:latest'],
    ['inner', 'inner outer acme:qwen:7b cloud:o4'],
    ['outer', 'outer'],
    ['/acme', 'smart inner outer acme:llama3:latest'],
    ['/cloud', 'smart outer acme:qwen:7b cloud:gpt-5 cloud:o4 '
        . 'cloud:claude-1'])
{
    my ($who, $want) = @$_;
    my ($prefix, @h) = $who =~ /^\// ? $who : ('', headers => {
        Authorization => "Bearer $key{$who}" });

    for my $case (['/v1/models', 'data', 'id'], ['/api/tags', 'models',
        'name'])
    {
        my ($path, $array, $member) = @$case;
        is join(' ', map { $_->{$member} } @{ $t->get("$prefix$path", @h)
            ->json->{$array} }), $want, "$who: $path";
    }
}

# The targets of one
for (['all', 'cloud:gpt-5 acme:llama3:latest'],
    ['second', 'acme:llama3:latest'], ['none', ''])
{
    my ($who, $want) = @$_;
    my $r = $t->get('/v1/models/smart', headers => {
        Authorization => "Bearer $key{$who}" });
    is join(' ', map { $_->{id} } @{ $r->json->{targets} || [] }), $want,
        "$who: targets";
}

$t->done;
