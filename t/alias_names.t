#!/usr/bin/perl

# Tests for what an alias means: its place among names, patterns, ":latest".

use FindBin;
use lib "$FindBin::Bin/lib";

use ModelTest;

my $t = ModelTest->new;
my @say = (messages => [{ role => 'user', content => 'hi' }]);

my %server = (
    acme => $t->ollama('acme', models => ['llama3', 'llama3:8b', 'taken',
        'smarter:latest', 'claude-bare']),
    router => $t->openai('router', style => 'openrouter', models => [
        'meta/llama', 'x-listed', 'gpt-4o']),
    claude => $t->openai('claude', models => ['claude-opus-4',
        'claude-haiku-4']),
);

$t->conf(<<'CONF')->start;
model_alias smart { target acme:llama3:8b; }
model_alias slash { target acme/llama3:8b; }
model_alias acme:llama3 { target router:gpt-4o; }
model_alias acme:real { target acme:llama3; }
model_alias x-listed { target acme:llama3; }
model_alias nested { target smart; }
model_alias fresh { target acme:not-listed-yet; }
model_alias tagged:latest { target acme:llama3:8b; }
model_alias smarter { target acme:llama3:8b; }
model_alias UPPER { target acme:llama3:8b; }
model_alias "with space" { target acme:llama3:8b; }
model_alias acme:big { target router:gpt-4o; }
model_alias claude-* { target claude:claude-*; }
model_alias claude-opus-* { target acme:never; }
model_alias *-mini { target router:small-*-x; }
model_alias x-* { target acme:fixed; }
model_alias acme:p* { target router:gpt-4o; }
model_vendor acme { proxy_pass http://{{acme}}; }
model_vendor router { proxy_pass http://{{router}}; dialect openai;
    prefix off; }
model_vendor claude { proxy_pass http://{{claude}}; dialect openai;
    expose claude-*; }
server {
    {{listen}}
    location / { model_pass; }
    location /default/ { model_pass; model_default acme:taken; }
}
CONF

$t->get('/v1/models');

my @cases = (
    # asked, vendor, name that the vendor sees
    ['smart', 'acme', 'llama3:8b'],
    ['smart:latest', 'acme', 'llama3:8b', 'a tag that a client added'],
    ['smart:LATEST', 'acme', 'llama3:8b', 'in any case'],
    ['slash', 'acme', 'llama3:8b', 'the other separator'],
    ['acme:llama3', 'router', 'gpt-4o', 'before a listed name'],
    ['acme:llama3:latest', 'acme', 'llama3:latest', 'listed as it stands'],
    ['acme:real', 'acme', 'llama3', 'its target is the model, no alias'],
    ['x-listed', 'acme', 'llama3', 'before a listed name'],
    ['nested', 'acme', 'llama3:8b', 'through another alias'],
    ['fresh', 'acme', 'not-listed-yet', 'newer than the list'],
    ['tagged', 'acme', 'llama3:8b', 'a tag that is implied'],
    ['tagged:latest', 'acme', 'llama3:8b'],
    ['smarter', 'acme', 'llama3:8b'],
    ['UPPER', 'acme', 'llama3:8b'],
    ['with space', 'acme', 'llama3:8b'],
    ['acme:big', 'router', 'gpt-4o', 'looks like a prefix'],
    ['acme:big:latest', 'router', 'gpt-4o', 'before a prefix'],
    ['acme/big', 'acme', 'big', 'another name: a prefix'],
    ['claude-opus-4', 'claude', 'claude-opus-4', 'a pattern'],
    ['claude-bare', 'claude', 'claude-bare', 'a pattern before a bare name'],
    ['claude-new-9', 'claude', 'claude-new-9', 'newer than the list'],
    ['claude-opus-4:latest', 'claude', 'claude-opus-4', 'a tag taken off'],
    ['claude:claude-opus-4', 'claude', 'claude-opus-4', 'as listed'],
    ['claude/claude-x', 'claude', 'claude-x', 'a prefix before a pattern'],
    ['gpt-mini', 'router', 'small-gpt-x', 'a star in the middle'],
    ['-mini', 'router', 'small--x', 'a star that is nothing'],
    ['x-y', 'acme', 'fixed', 'a target without a star'],
    ['acme:pal', 'acme', 'pal', 'a prefix before a pattern'],
    ['meta/llama', 'router', 'meta/llama', 'no alias'],
    ['llama3:8b', 'acme', 'llama3:8b', 'no alias'],
);

for my $case (@cases) {
    my ($asked, $vendor, $name, $why) = @$case;

    $_->clear for values %server;
    my $r = $t->post('/v1/chat/completions', { model => $asked, @say });

    my $q = $server{$vendor}->last(qr{chat/completions});
    is $q && $q->json->{model}, $name,
        "\"$asked\" is \"$name\" of $vendor" . ($why ? ": $why" : '');
    is scalar(grep { $_->hits(qr{^POST /v1/chat}) } values %server), 1,
        "\"$asked\" goes to one vendor only";
}

# What no alias is, and what is near to one
for (['SMART', 'smart'], ['smrat', 'smart'], ['smartt', 'smart'],
    ['neste', 'nested'])
{
    my ($asked, $near) = @$_;
    my $r = $t->post('/v1/chat/completions', { model => $asked, @say });
    is $r->status, 404, "\"$asked\": unknown";
    like $r->json->{error}{message}, qr/near to it are.* \Q$near\E\b/,
        "\"$asked\": \"$near\" is near";
}

my $r = $t->post('/v1/chat/completions', { model => 'claud', @say });
unlike $r->json->{error}{message}, qr/\*/, 'patterns are not near';

# A star that makes too long a name leaves no target
my $long = 'y' x 248 . '-mini';
is $t->post('/v1/chat/completions', { model => $long, @say })->status, 404,
    'too long with the star put in';
is $t->post('/default/v1/chat/completions', { model => $long, @say })
    ->status, 404, 'and model_default does not take it';

# An alias is no way around model_allow
is $t->post('/api/pull', { model => 'smart' })->status, 403, 'not allowed';

$t->done;
