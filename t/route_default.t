#!/usr/bin/perl

# Tests for model_default and for a location with exactly one vendor.

use FindBin;
use lib "$FindBin::Bin/lib";

use ModelTest;

my $t = ModelTest->new;

my $any = ['POST /v1/chat/completions' => sub { +{ json => {} } }];
my $acme = $t->ollama('acme', models => ['llama3'], on => { @$any });
my $bolt = $t->openai('bolt', models => ['gpt-4o'], on => { @$any,
    'POST /v1/responses' => { json => {} },
    'POST /v1/audio/transcriptions' => { json => {} } });
my $only = $t->openai('only', models => ['open-1', 'closed-1'],
    on => { @$any });

$t->conf(<<'CONF')->start;
model_vendor acme { proxy_pass http://{{acme}}; }
model_vendor bolt { proxy_pass http://{{bolt}}; dialect openai; }
model_vendor only {
    proxy_pass http://{{only}};
    dialect openai;
    expose open-* fallback;
}
server {
    {{listen}}
    client_body_buffer_size 1k;
    location / { model_pass acme bolt; model_default bolt; }
    location /named/ {
        model_pass acme bolt;
        model_default bolt:a-much-longer-name-than-any-client-would-use;
    }
    location /none/ { model_pass acme bolt; }
    location /single/ { model_pass acme; }
    location /closed/ { model_pass only; }
    location /exposed/ { model_pass acme only; model_default only:fallback; }
    location /hidden/ { model_pass acme only; model_default only; }
}
CONF

$t->get('/v1/models');
my $long = 'a-much-longer-name-than-any-client-would-use';

sub ask {
    my ($uri, $body) = @_;
    $_->clear for $acme, $bolt, $only;
    return $t->post($uri, $body);
}

# model_default with a vendor: the name stays
for (['nobody-has-it', 'nobody-has-it'], ['other:thing', 'other:thing']) {
    is ask('/v1/chat/completions', { model => $_->[0] })->status, 200,
        "\"$_->[0]\" goes to the default";
    is $bolt->last(qr/chat/)->json->{model}, $_->[1], 'under its own name';
}
is ask('/v1/chat/completions', { model => 'llama3' })->status, 200, 'known';
is $acme->hits(qr/POST.*chat/), 1, 'a known name is not the default';
is ask('/v1/chat/completions', { messages => [] })->status, 200, 'no name';
is $bolt->last(qr/chat/)->body, '{"messages":[]}', 'goes on as it is';

# model_default with a model: the name grows, or is put in
my $pad = 'x' x 5000;
for (['unknown name', qq({"model":"nope","x":"$pad","y":1}),
        qq({"model":"$long","x":"$pad","y":1})],
    ['unknown name at the end', qq({"x":"$pad", "model" : "nope" }),
        qq({"x":"$pad", "model" : "$long" })],
    ['no name', qq({"x":"$pad"}), qq({"model":"$long","x":"$pad"})],
    ['empty name', qq({"model":"","x":"$pad"}),
        qq({"model":"$long","x":"$pad"})],
    ['no member', ' { } ', qq( {"model":"$long" } )])
{
    my ($name, $in, $out) = @$_;
    is ask('/named/v1/chat/completions', $in)->status, 200, $name;
    my $q = $bolt->last(qr/chat/);
    is $q->body, $out, "$name: body";
    is $q->header('content-length'), length $out, "$name: length";
}

my $form = $t->post_form('/named/v1/audio/transcriptions',
    [['file', "RIFF\0$pad", 'a.wav', 'audio/wav'], ['model', 'nope']]);
is $form->status, 200, 'a form';
like $bolt->last(qr/audio/)->body,
    qr/name="model"\r\n\r\n\Q$long\E\r\n--[^\n]*--\r\n\z/, 'its field grew';

$form = $t->post_form('/named/v1/audio/transcriptions',
    [['file', "RIFF\0$pad", 'a.wav', 'audio/wav']]);
is $form->status, 200, 'a form without the field';
like $bolt->last(qr/audio/)->body, qr/name="model"\r\n\r\n\Q$long\E\r\n--/,
    'has got one';
like $bolt->last(qr/audio/)->body, qr/RIFF\0\Q$pad\E\r\n--[^\n]*--\r\n\z/,
    'and is whole';

# Without a default
is ask('/none/v1/chat/completions', { model => 'nope' })->status, 404,
    'unknown without a default';
is ask('/none/v1/chat/completions', {})->status, 400,
    'no name without a default';
is ask('/none/v1/responses', {})->status, 400,
    'no name where the dialect has a default, but no vendor is known';
is $acme->hits(qr/POST/) + $bolt->hits(qr/POST/), 0, 'nothing went on';

# A location with one vendor takes what comes
for (['llama3', 'llama3'], ['acme:llama3', 'llama3'], ['acme/new', 'new'],
    ['bolt:gpt-4o', 'bolt:gpt-4o'], ['never/heard', 'never/heard'])
{
    is ask('/single/v1/chat/completions', { model => $_->[0] })->status, 200,
        "single vendor, \"$_->[0]\"";
    is $acme->last(qr/chat/)->json->{model}, $_->[1], 'its name there';
}
is ask('/single/v1/chat/completions', '{}')->status, 200, 'no name';
is $acme->last(qr/chat/)->body, '{}', 'goes on as it is';

# expose binds everywhere
for (['/closed', 'open-1', 200], ['/closed', 'open-2', 200],
    ['/closed', 'closed-1', 404], ['/closed', 'only:closed-1', 404],
    ['/closed', 'only/closed-1', 404], ['/exposed', 'nope', 200],
    ['/exposed', 'only:closed-1', 404], ['/hidden', 'closed-1', 404],
    ['/hidden', 'open-7', 200], ['/hidden', 'nope', 404])
{
    my ($prefix, $asked, $status) = @$_;
    is ask("$prefix/v1/chat/completions", { model => $asked })->status,
        $status, "expose: \"$asked\" in $prefix";
    is $only->hits(qr/POST/), $status == 200 ? 1 : 0, 'and upstream';
}

$t->done;
