#!/usr/bin/perl

# Tests for what answers tell of themselves: tokens, times, cost, in variables
# and metrics; the bytes of the answer stay as they are.

use FindBin;
use lib "$FindBin::Bin/lib";

use ModelTest;
use ModelTest::Metrics;

my $t = ModelTest->new(access_log => 1);

sub sse { return join '', map { "data: $_\n\n" } @_ }

my %answer = (
    # wire/openai.md: usage in the last frame, with choices []
    chat => ['text/event-stream', sse(
        '{"model":"gpt-x","choices":[{"delta":{"role":"assistant"}}]}',
        '{"choices":[{"delta":{"content":"Hello"}}]}',
        '{"choices":[{"delta":{"content":" you"}}]}',
        '{"choices":[{"delta":{},"finish_reason":"stop"}]}',
        '{"choices":[],"usage":{"prompt_tokens":1000,"completion_tokens":30,'
        . '"total_tokens":1030,"prompt_tokens_details":{"cached_tokens":400},'
        . '"completion_tokens_details":{"reasoning_tokens":12}}}', '[DONE]')],
    silent => ['text/event-stream', sse(
        '{"choices":[{"delta":{"content":"Hello"}}]}',
        '{"choices":[{"delta":{},"finish_reason":"length"}]}', '[DONE]')],
    whole => ['application/json', '{"choices":[{"message":{"content":"Hi"},'
        . '"finish_reason":"stop"}],"usage":{"prompt_tokens":7,'
        . '"completion_tokens":3,"total_tokens":10}}'],
    anthropic => ['text/event-stream', join '', map {
        "event: $_->[0]\ndata: $_->[1]\n\n" } ['message_start',
        '{"type":"message_start","message":{"usage":{"input_tokens":25,'
        . '"cache_read_input_tokens":100,"cache_creation_input_tokens":8,'
        . '"output_tokens":1}}}'],
        ['content_block_delta', '{"type":"content_block_delta","index":0,'
        . '"delta":{"type":"text_delta","text":"Hi"}}'],
        ['message_delta', '{"type":"message_delta","delta":'
        . '{"stop_reason":"end_turn"},"usage":{"output_tokens":15}}'],
        ['message_stop', '{"type":"message_stop"}']],
    ollama => ['application/x-ndjson', join '', map { "$_\n" }
        '{"model":"m","message":{"content":"Hi"},"done":false}',
        '{"model":"m","message":{"content":""},"done":true,'
        . '"done_reason":"stop","total_duration":5000000000,'
        . '"prompt_eval_count":26,"eval_count":101,'
        . '"eval_duration":2020000000}'],
    failed => ['text/event-stream', sse(
        '{"choices":[{"delta":{"content":"He"}}]}',
        '{"error":{"message":"out of memory"}}')],
    text => ['text/plain', 'Hello'],
    nasty => ['application/json', '{"choices":[{"finish_reason":'
        . '"a\\u000ab"}],"usage":{"prompt_tokens":-1,'
        . '"completion_tokens":1e99}}'],
);

$answer{large} = ['application/json', '{"choices":[],"x":"' . 'x' x 16_000_000
    . '","usage":{"prompt_tokens":7,"completion_tokens":3}}'];

my $reply = sub {
    my ($name) = $_[1]{headers}{'x-case'};
    my $answer = $answer{$name};
    return { status => 400, json => { error => 'x' } } if $name eq 'refused';
    return { body => $answer->[1], headers => ['Content-Type' =>
        $answer->[0]] } if $name eq 'large';
    my $encoding = $_[1]{headers}{'x-encoding'};

    # cut at every few bytes
    my @chunks = $answer->[1] =~ /(.{1,7})/gs;
    return { headers => ['Content-Type' => $answer->[0],
        $encoding ? ('Content-Encoding' => $encoding) : ()],
        framing => 'chunked', chunks => \@chunks };
};
my $v = $t->backend('v', on => { (map { $_ => $reply } '/api/chat',
    '/v1/messages', '/v1/chat/completions'),
    '/api/delete' => sub { { status => 200, body => '' } } });

$t->conf(<<'CONF')->start;
log_format usage '$http_x_case|$model_prompt_tokens|$model_completion_tokens|'
    '$model_cached_tokens|$model_reasoning_tokens|$model_finish_reason|'
    '$model_tokens_per_second|$model_cost|$model_first_token_time';
model_vendor v {
    proxy_pass http://{{v}};
    dialect openai anthropic ollama;
    discover off;
    model m input_price=0.15 output_price=0.60 cached_price=0.0375;
    model third input_price=0.333333 output_price=0.333333;
    model free;
}
server {
    {{listen}}
    access_log {{dir}}/usage.log usage;
    location / { model_pass; model_allow inference manage; sendfile on; }
    location /status/ { model_status; }
}
CONF

my $n = 0;

sub told {
    my ($case, $path, $model, @headers) = @_;
    my $r = $t->post($path, { model => "v:$model", stream => \1 },
        headers => ['X-Case' => $case, @headers]);
    is $r->body, $answer{$case}[1], "$case: every byte";
    $n++;
    $t->eventually(sub { $n == (() = $t->read_file('usage.log') =~ /\n/g) },
        'logged');
    my @told = split /\|/, (split /\n/, $t->read_file('usage.log'))[-1], -1;
    $_ = $_ eq '-' ? '' : $_ for @told;
    return \@told;
}

my $chat = '/v1/chat/completions';

# 600 at 0.15, 400 at 0.0375, 30 at 0.60 per million
my $told = told('chat', $chat, 'm');
is "@$told[1 .. 5]", '1000 30 400 12 stop', 'OpenAI stream: tokens';
is $told->[7], '0.000123000', 'cost';
like $told->[8], qr/^\d+\.\d{3}$/, 'time of the first token';

$told = told('silent', $chat, 'm');
is join('|', @$told[1 .. 5]), '||||length', 'no usage: nothing is guessed';
is $told->[7], '', 'nor a cost';

$told = told('whole', $chat, 'third');
is join('|', @$told[1 .. 5]), '7|3|||stop', 'one document';
is $told->[7], '0.000003333', 'cost, rounded once';
is $told->[8], '', 'no first token of its own';

is told('whole', $chat, 'free')->[7], '', 'no price, no cost';

$told = told('anthropic', '/v1/messages', 'm');
is join('|', @$told[1 .. 5]), '133|15|100||end_turn', 'Anthropic stream';
is $told->[7], '', 'tokens of a kind without a price: no cost';

$told = told('ollama', '/api/chat', 'm');
is join('|', @$told[1 .. 6]), '26|101|||stop|50.00', 'Ollama stream';
is $told->[7], '0.000064500', 'cost';

is join('|', @{ told('nasty', $chat, 'm') }[1 .. 8]), '|||||||',
    'nonsense is nothing';

is join('|', @{ told('whole', $chat, 'm', 'X-Encoding' => 'gzip') }[1 .. 8]),
    '|||||||', 'what is compressed is not looked into';
is join('|', @{ told('chat', $chat, 'm', 'X-Encoding' => 'br') }[1 .. 2]), '|',
    'no stream either';
is join('|', @{ told('text', $chat, 'm') }[1 .. 2]), '|', 'nor another type';
is join('|', @{ told('whole', $chat, 'third', 'X-Encoding' => 'identity') }
    [1 .. 2]), '7|3', 'identity is no compression';

told('failed', $chat, 'm');

# The same in the metrics
my $m = ModelTest::Metrics->new($t->get('/status/metrics'));

is $m->value('model_tokens_total', vendor => 'v', model => 'm',
    type => 'input'), 1000 + 133 + 26, 'metrics: input';
is $m->value('model_tokens_total', vendor => 'v', model => 'm',
    type => 'output'), 30 + 15 + 101, 'metrics: output';

is $m->value('model_unobserved_total', vendor => 'v', model => 'm',
    operation => 'chat', reason => $_->[0]), $_->[1],
    "metrics: not observed, $_->[0]" for ['encoding', 2], ['type', 1],
    ['file', 0];
is $m->value('model_unobserved_total', model => 'third'), 0,
    'metrics: observed';
my ($counter) = grep { ($_->{model} // '') eq 'm' && $_->{operation} eq 'chat' }
    @{ $t->get('/status/api')->json->{counters} };
is_deeply $counter->{unobserved}, { encoding => 2, type => 1 },
    'the same in the api';

# What leaves no answer to look into
is $t->post($chat, { model => 'v:m' }, headers => ['X-Case' => 'refused'])
    ->status, 400, 'an error';
is $t->request('DELETE', '/api/delete', { model => 'v:m' })->status, 200,
    'a deletion';
$n += 2;

# A document that goes through a file: gaps are not looked into
my $slow = $t->open(POST => $chat, body => { model => 'v:free' },
    headers => ['X-Case' => 'large']);
$t->eventually(sub { $t->log =~ /buffered to a temporary file/ },
    'a file is used');
my $r = $slow->finish;
is length $r->body, length $answer{large}[1], 'all of it arrives';
$t->eventually(sub { ModelTest::Metrics->new($t->get('/status/metrics'))
    ->value('model_unobserved_total', model => 'free', reason => 'file') == 1 },
    'metrics: not observed, file');
$m = ModelTest::Metrics->new($t->get('/status/metrics'));
is $m->value('model_unobserved_total', model => 'm'), 3,
    'nothing else is counted as such';

$t->done;
