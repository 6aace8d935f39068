#!/usr/bin/perl

# Tests for big-AGI's Ollama vendor: its calls, in its order.

use FindBin;
use lib "$FindBin::Bin/lib";

use ModelTest;

use JSON::PP ();
use List::Util qw(max);

my $t = ModelTest->new(env => { KEY => 'sk-good' });
my @hosts = map { $t->ollama("host$_", models => ["llama3", "qwen$_:7b",
    { name => "vision$_", old => 1, capabilities => ['vision'] }]) } 1 .. 3;
my $old = $t->ollama('old', models => ['phi'], old => 1);
my $cloud = $t->openai('cloud', keys => ['sk-good'], models => ['gpt-x',
    'org/model-a'], usage => [5, 3]);

my $conf = <<'CONF';
model_vendor host1 { proxy_pass http://{{host1}}; }
model_vendor host2 { proxy_pass http://{{host2}}; }
model_vendor host3 { proxy_pass http://{{host3}}; }
model_vendor old { proxy_pass http://{{old}}; }
model_vendor cloud { proxy_pass http://{{cloud}}; dialect openai; key env:KEY; }
SEPARATOR
model_allow inference manage;
server { {{listen}} location / { model_pass; } }
CONF
$t->conf($conf =~ s/SEPARATOR//r)->start;

# what its server sends with every call
my @headers = ('Content-Type' => 'application/json', Accept => '*/*',
    'Accept-Language' => '*', 'Sec-Fetch-Mode' => 'cors',
    'User-Agent' => 'node', 'Accept-Encoding' => 'br, gzip, deflate');

sub is_string { my $v = shift; return defined $v && !ref $v
    && JSON::PP->new->allow_nonref->encode($v) =~ /^"/ }
sub is_number { my $v = shift; return defined $v && !ref $v
    && JSON::PP->new->allow_nonref->encode($v) =~ /^[0-9]/ }


# The whole list is lost when one document misses its schema.
sub listing {
    my $sep = shift;
    my $r = $t->get('/api/tags', headers => \@headers);
    is $r->status, 200, 'tags';
    is $r->header('content-encoding'), undef, 'tags: as they are';
    my @models = @{ $r->json->{models} };
    is_deeply [grep { !is_string($_->{name}) || !is_string($_->{modified_at})
        || !is_number($_->{size}) } @models], [], 'tags: schema';
    is scalar @models, 12, 'tags: all models';
    is scalar(grep { $_->{name} =~ /^\w+\Q$sep\E/ } @models), 12,
        'tags: names with their vendor';

    # all shows at the same time
    my @open = map { [$_->{name}, $t->open('POST', '/api/show', body =>
        { name => $_->{name} }, headers => \@headers)] } @models;
    my (@bad, @slow, %context);
    for (@open) {
        my ($name, $answer) = @$_;
        my $show = $answer->finish->json;

        push @bad, [$name, $answer->status, $answer->body]
            if $answer->status != 200 || grep { !is_string($show->{$_}) }
                qw(modelfile parameters template);
        push @bad, [$name, 'license'] if exists $show->{license}
            && !is_string($show->{license});
        push @slow, $answer->time;
        $answer->close;
        ($context{$name}) = ($show->{parameters} // '')
            =~ /^num_ctx\s+(\d+)$/m;
    }

    is_deeply \@bad, [], 'show: schema';
    is_deeply [grep { !$context{$_} } sort keys %context], [],
        'show: a context length in the parameters';

    return ($models[0]{name}, max @slow);
}


my ($name) = listing(':');
is $name, 'host1:llama3:latest', 'first vendor first';

# All servers fall silent: it lists them all the same
$_->hang(match => qr{^(?:GET|POST) /(?:api|v1)/}) for @hosts, $old, $cloud;
my (undef, $longest) = listing(':');
cmp_ok $longest, '<', 3 * $t->factor, 'a list of silent servers is quick';
$_->ok for @hosts, $old, $cloud;

# The chat goes to /v1, with content in parts
for my $case (['host2:llama3:latest', $hosts[1], 'llama3:latest'],
    ['cloud:gpt-x', $cloud, 'gpt-x'], ['cloud:org/model-a', $cloud,
    'org/model-a'])
{
    my ($model, $server, $plain) = @$case;
    my $body = sub { '{"model":"' . $_[0] . '","messages":[{"role":"system",'
        . '"content":"Be brief"},{"role":"user","content":[{"type":"text",'
        . '"text":"hi"},{"type":"image_url","image_url":{"url":'
        . '"data:image/png;base64,AAAA"}}]}],"temperature":0.5,'
        . '"max_tokens":4096,"stream":true,"stream_options":'
        . '{"include_usage":true}}' };

    $server->clear;
    my $r = $t->post('/v1/chat/completions', $body->($model),
        headers => \@headers);
    is $r->status, 200, "$model: chat";
    like $r->header('content-type'), qr{^text/event-stream}, "$model: type";

    my @data = map { $_->{data} } $r->sse;
    is pop @data, '[DONE]', "$model: end";
    my @chunks = map { JSON::PP::decode_json($_) } @data;
    is join('', map { map { $_->{delta}{content} // '' } @{ $_->{choices} } }
        @chunks), 'Hello from ' . $server->name, "$model: text";
    ok $chunks[-1]{usage}{completion_tokens}, "$model: usage";

    is $server->last(qr/^POST/)->body =~ s/"model":"\Q$plain\E"\K {0,99}//r,
        $body->($plain), "$model: only the name is another";
}

# What it tells the user of an error
my $r = $t->post('/v1/chat/completions', { model => 'host1:nope', stream =>
    \1, messages => [{ role => 'user', content => [] }] },
    headers => \@headers);
is $r->status, 404, 'unknown model';
like $r->json->{error}{message}, qr/nope/, 'its text';

# Its administration: pull and delete by name
$hosts[0]->set(registry => ['tiny:1b']);
$r = $t->post('/api/pull', { name => 'host1:tiny:1b' }, headers => \@headers);
is +($r->ndjson)[-1]{status}, 'success', 'pull';
$r = $t->delete('/api/delete', { name => 'host1:tiny:1b' },
    headers => \@headers);
is $r->status, 200, 'delete';
is $r->body, '', 'delete: says nothing';

# With a slash between vendor and model the tag alone is in parentheses
$t->reload($conf =~ s/SEPARATOR/model_separator "\/";/r);
($name) = listing('/');
my ($label, $tag) = split /:/, $name;
is_deeply [$label, $tag], ['host1/llama3', 'latest'], 'label by slash';

$t->done;
