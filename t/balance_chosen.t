#!/usr/bin/perl

# Tests for model_aware: which servers count as having a model, and what is
# answered when there is none.

use FindBin;
use lib "$FindBin::Bin/lib";

use ModelTest;

my $t = ModelTest->new;
my %b = map { $_->[0] => $t->ollama($_->[0], models => [@$_[1 .. $#$_]]) }
    ['a', 'both', 'onlya', 'Odd:Tag'], ['b', 'both', 'onlyb'];
my $busy = $t->ollama('busy', models => ['x']);

$t->conf(<<'CONF')->start;
upstream two { server {{a}} max_fails=0; server {{b}} max_fails=0; model_aware; }
upstream off { server {{a}} down; server {{b}} down; model_aware; }
upstream half { server {{a}}; server {{b}} down; model_aware; }
upstream one { server {{a}}; model_aware; }
upstream full { server {{busy}} max_conns=1; model_aware; }
model_vendor two {
    proxy_pass http://two;
    model said;
    model both label=Both;
}
model_vendor off { proxy_pass http://off; }
model_vendor half { proxy_pass http://half; }
model_vendor one { proxy_pass http://one; }
model_vendor undiscovered { proxy_pass http://half; discover off; }
model_vendor full { proxy_pass http://full; }
server {
    {{listen}}
    location / { model_pass; model_allow inference manage other; }
    location /two/ { model_pass two; model_allow inference manage; }
}
CONF

sub from {
    my ($path, $body, %o) = @_;
    $_->clear for values %b;
    my $r = $t->request($o{method} // 'POST', $path, $body);
    my ($what) = $path =~ m{(/[^/]*)$};
    return join ' ', $r->status, grep { $b{$_}->hits(qr/\Q$what\E/) } sort keys %b;
}

$t->eventually(sub {
    my %have = map { $_->{name} => 1 }
        @{ $t->get('/api/tags')->json->{models} };
    return $have{'two:onlyb:latest'} && $have{'one:onlya:latest'}
        && $have{'half:onlya:latest'} && $have{'full:x:latest'};
}, 'lists are known');

# which servers are asked, of five requests each

my @cases = (
    ['two:both', '200 a', '200 b'],
    ['two:both:latest', '200 a', '200 b'],
    ['two:onlya', '200 a'],
    ['two:onlyb', '200 b'],
    ['two:Odd:Tag', '200 a'],
    ['one:onlya', '200 a'],
    ['half:onlya', '200 a'],

    # declared, and in no list: the servers say themselves
    ['two:said', '404 a', '404 b'],

    # nobody has it: nobody is asked
    ['two:none', '404'],
    ['one:none', '404'],
    ['half:onlyb', '404'],

    # nothing is known of them
    ['undiscovered:onlyb', '404 a'],

    # all are taken out
    ['off:both', '503'],
);

for (@cases) {
    my ($model, @want) = @$_;
    my %got;
    $got{ from('/api/chat', { model => $model, stream => \0,
        messages => [{ role => 'user', content => 'x' }] }) }++ for 1 .. 5;
    is_deeply [sort keys %got], \@want, $model;
}

# in the caller's dialect, naming the vendor

my $r = $t->post('/api/chat', { model => 'two:none' });
is_deeply $r->json, { error => 'model \'two:none\' not found, no server of '
    . 'vendor "two" has it' }, 'Ollama';
$r = $t->post('/v1/chat/completions', { model => 'two:none' });
is $r->status, 404, 'OpenAI';
is_deeply $r->json, { error => { message => 'The model `two:none` does not '
    . 'exist, no server of vendor "two" has it', type =>
    'invalid_request_error', param => 'model', code => 'model_not_found' } },
    'its words';
$r = $t->post('/v1/messages', { model => 'two:none', max_tokens => 1,
    messages => [{ role => 'user', content => 'x' }] },
    headers => { 'anthropic-version' => '2023-06-01' });
is $r->status, 404, 'Anthropic';
is $r->json->{error}{type}, 'not_found_error', 'its type';
like $r->json->{error}{message}, qr/^model: two:none, .* vendor "two"/,
    'its words';

# busy: 503 with Retry-After, 529 for Anthropic's

$busy->hang(match => qr{/api/chat});
my $o = $t->open('POST', '/api/chat', body => { model => 'full:x' });
$busy->wait_for(1, qr{/api/chat});
for (['/api/chat', 503], ['/v1/chat/completions', 503], ['/v1/messages', 529]) {
    my ($path, $status) = @$_;
    $r = $t->post($path, { model => 'full:x', max_tokens => 1,
        messages => [{ role => 'user', content => 'x' }] });
    is $r->status, $status, "busy: $path";
    like $r->header('Retry-After'), qr/^\d+$/, 'Retry-After';
    like $r->body, qr/vendor \\?"full\\?" with this model is busy/, 'in words';
}
$o->abort;

$r = $t->post('/api/chat', { model => 'off:both' });
like $r->header('Retry-After'), qr/^\d+$/, 'all are taken out: Retry-After';
like $r->json->{error}, qr/no server of vendor "off" .* is up/, 'in words';

# a request that names no model is for every server

my %got;
$got{ from('/two/api/chat', { messages => [] }) }++ for 1 .. 4;
is_deeply [sort keys %got], ['400 a', '400 b'], 'no model in the body';
%got = ();
$got{ from('/two/api/chat', { model => '', messages => [] }) }++ for 1 .. 4;
is_deeply [sort keys %got], ['400 a', '400 b'], 'an empty one';

$t->done;
