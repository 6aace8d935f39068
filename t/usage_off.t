#!/usr/bin/perl

# Tests for "model_usage off": no tokens, times and cost, but how a stream ends
# is noticed all the same.

use FindBin;
use lib "$FindBin::Bin/lib";

use ModelTest;
use ModelTest::Metrics;

my $t = ModelTest->new(access_log => 1);

my $head = 'data: {"model":"m","choices":[{"delta":{"content":"Hi"},'
    . '"finish_reason":null}]}' . "\n\n";
my $usage = '"usage":{"prompt_tokens":7,"completion_tokens":3,'
    . '"prompt_tokens_details":{"cached_tokens":2}}';
my $stop = 'data: {"choices":[{"delta":{},"finish_reason":"stop"}]}' . "\n\n";
my %answer = (
    good => ["$head${stop}data: {\"choices\":[],$usage}\n\ndata: [DONE]\n\n"],
    unsaid => ["$head${stop}"],
    cut => [$head],
    failed => [$head . qq(data: {"error":{"message":"out of memory"}}\n\n)],
    whole => [qq({"choices":[{"message":{"content":"Hi"},"finish_reason":)
        . qq("stop"}],$usage}), 'application/json'],
    wrong => ['{"error":{"message":"x"}}', 'application/json'],
    ollama => [qq({"message":{"content":"Hi"},"done":false}\n)
        . qq({"done":true,"done_reason":"stop","eval_count":3,)
        . qq("prompt_eval_count":7,"eval_duration":1000000}\n),
        'application/x-ndjson'],
    anthropic => [qq(event: message_start\ndata: {"type":"message_start",)
        . qq("message":{"usage":{"input_tokens":7,"output_tokens":1}}}\n\n)
        . qq(event: message_stop\ndata: {"type":"message_stop"}\n\n)],
);

my $reply = sub {
    my $answer = $answer{$_[1]{headers}{'x-case'}};
    return { headers => ['Content-Type' => $answer->[1]
        // 'text/event-stream'], framing => 'close', chunks => [$answer->[0]] };
};
my $a = $t->backend('a', on => { map { $_ => $reply } '/api/chat',
    '/v1/messages', '/v1/chat/completions' });

$t->conf(<<'CONF')->start;
log_format usage '$http_x_case|$model_prompt_tokens$model_completion_tokens'
    '$model_cached_tokens$model_reasoning_tokens$model_finish_reason'
    '$model_tokens_per_second$model_cost$model_first_token_time|$status';
model_vendor off { proxy_pass http://{{a}}; discover off;
    dialect openai anthropic ollama;
    model m input_price=1 output_price=1 cached_price=1; }
model_vendor on { proxy_pass http://{{a}}; discover off;
    dialect openai anthropic ollama; model m; }
server {
    {{listen}}
    access_log {{dir}}/usage.log usage;
    model_usage off;
    location / { model_pass off; }
    location /on/ { model_pass on; model_usage observe; }
    location /status/ { model_status; }
}
CONF

my %path = (ollama => '/api/chat', anthropic => '/v1/messages');
my $asked = 0;

for my $case (sort keys %answer) {
    my %body;

    for my $prefix ('', '/on') {
        my $r = $t->post($prefix . ($path{$case} // '/v1/chat/completions'),
            { model => 'm', stream => \1 }, headers => ['X-Case' => $case]);
        $body{$prefix} = $r->body =~ s/vendor \\"\w+\\"//r;
        $asked++;
    }

    is $body{''}, $body{'/on'}, "$case: the same as with observe";
    like $body{''}, $case eq 'cut' ? qr/^\Q$head\Edata: \{"error"/
        : qr/^\Q$answer{$case}[0]\E$/, "$case: the answer";
    $t->eventually(sub { $asked == (() = $t->read_file('usage.log')
        =~ /\n/g) }, "$case: logged");
    like $t->read_file('usage.log'), qr/^$case\|-{8}\|200$/m,
        "$case: nothing is told";
}

my $m = ModelTest::Metrics->new($t->get('/status/metrics'));

for my $vendor (qw(off on)) {
    for my $outcome (qw(ok incomplete)) {
        is $m->value('model_requests_total', vendor => $vendor,
            model => 'm', operation => 'chat', outcome => $outcome),
            { ok => 5, incomplete => 3 }->{$outcome},
            "$vendor: $outcome";
    }
}

for my $type (qw(input output cached)) {
    is $m->value('model_tokens_total', vendor => 'off', model => 'm',
        operation => 'chat', type => $type) // 0, 0, "no tokens: $type";
}

is $m->value('model_tokens_total', vendor => 'on', model => 'm',
    operation => 'chat', type => 'input'), 7 * 4, 'observe: tokens';

$t->done;
