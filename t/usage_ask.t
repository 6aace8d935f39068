#!/usr/bin/perl

# Tests for "model_usage ask": what is put into the body, and for whom.

use FindBin;
use lib "$FindBin::Bin/lib";

use ModelTest;

my $t = ModelTest->new(access_log => 1);

my $chunk = 'data: {"choices":[{"delta":{"content":"Hi"}}]}' . "\n\n";
my $chat = '/v1/chat/completions';
my $usage = 'data: {"choices":[],"usage":{"prompt_tokens":7,'
    . '"completion_tokens":3}}' . "\n\n";
my $done = "data: [DONE]\n\n";

# as servers do: usage where it is asked for
my $reply = sub {
    my $asked = $_[1]{body} =~ /"include_usage"\s*:\s*true/;
    my $stream = $_[1]{body} =~ /"stream"\s*:\s*true/;
    return { body => '{"choices":[],"usage":{"prompt_tokens":7,'
        . '"completion_tokens":3}}', headers => ['Content-Type' =>
        'application/json'] } if !$stream;
    return { headers => ['Content-Type' => 'text/event-stream'],
        chunks => [$chunk, $asked ? $usage : (), $done] };
};
my @paths = map { $_ => $reply } '/v1/chat/completions', '/v1/completions',
    '/v1/responses', '/v1/embeddings', '/api/chat', '/v1/messages';
my $a = $t->backend('a', on => { @paths });
my $b = $t->backend('b', on => { @paths });
my $h2 = $t->has('http_v2') ? ' http2' : '';

$t->conf(<<"CONF")->start;
log_format usage '\$model_prompt_tokens|\$model_completion_tokens';
model_usage ask;
model_vendor v {
    proxy_pass http://{{a}};
    discover off;
    dialect openai ollama anthropic;
    model m;
}
model_vendor o { proxy_pass http://{{a}}; discover off; model m;
    dialect ollama; proxy_buffering on; }
model_vendor no { proxy_pass http://{{a}}; discover off; model m;
    force stream_options.include_usage false; }
model_vendor yes { proxy_pass http://{{a}}; discover off; model m;
    default stream_options '{"include_usage":true}'; }
model_vendor more { proxy_pass http://{{a}}; discover off; model m;
    default stream_options.x 1; force seed 3; }
model_vendor b { proxy_pass http://{{b}}; discover off; model m;
    force stream_options.include_usage false; }
model_vendor c { proxy_pass http://{{b}}; discover off; model m; }
model_alias both { target v:m; target b:m backup; }
model_alias again { target b:m; target c:m backup; }
server {
    {{listen}} {{listen:h2$h2}}
    client_body_buffer_size 1k;
    access_log {{dir}}/usage.log usage;
    location / { model_pass; model_failover http_503; }
    location /observe/ { model_pass; model_usage observe; }
    location /off/ { model_pass; model_usage off; }
    location /file/ { model_pass; client_body_in_file_only clean; }
    location /mirrored/ { mirror /copy$chat; model_pass; }
    location /copy/ { internal; model_pass c; }
    location /early/ { model_pass; model_read preaccess; }
}
CONF

my $n = 0;

sub asks {
    my ($name, $uri, $in, $out, $seen, %o) = @_;
    my $r = ($o{client} || $t)->post($uri, $in, %{ $o{options} || {} });
    is $r->body, join('', $chunk, $seen ? $usage : (), $done), "$name: answer"
        if !$o{whole};
    is +($o{backend} || $a)->last(qr/POST/)->body, $out, "$name: body";
    $n++;
    $t->eventually(sub { $n == (() = $t->read_file('usage.log') =~ /\n/g) },
        "$name: logged");
    is +(split /\n/, $t->read_file('usage.log'))[-1], $o{told} // '7|3',
        "$name: tokens";
}

# Whatever the client's options are
my $s = '"stream":true';
my $on = '"stream_options":{"include_usage":true}';

for my $prefix ('', '/file', '/early') {
    for my $path ($chat, '/v1/completions', '/completions') {
        asks("$prefix$path none", "$prefix$path", qq({"model":"m",$s}),
            qq({$on,"model":"m",$s}), 0);
    }

    for (
        ['none', '', "$on,"],
        ['empty', ',"stream_options":{}', undef, ",$on"],
        ['null', ',"stream_options":null', undef, ",$on"],
        ['false', ',"stream_options":{"include_usage":false}', undef, ",$on"],
        ['usage null', ',"stream_options":{"include_usage":null}', undef,
            ",$on"],
        ['another', ',"stream_options":{"a":[1]}', undef,
            ',"stream_options":{"include_usage":true,"a":[1]}'],
        ['another and false',
            ',"stream_options" : { "a":1, "include_usage" : false }', undef,
            ',"stream_options" : { "a":1, "include_usage" : true }'],
        ['true', ",$on", undef, ",$on", 1],
        ['true and more',
            ',"stream_options":{"include_usage":true,"a":{}}', undef,
            ',"stream_options":{"include_usage":true,"a":{}}', 1],
        ['twice', ',"stream_options":{},"stream_options":{"a":1}', undef,
            ',"stream_options":{},"stream_options":{"a":1}', 0, '-|-'],
        ['a number', ',"stream_options":1', undef, ',"stream_options":1', 0,
            '-|-'],
        ['usage a string', ',"stream_options":{"include_usage":"x"}', undef,
            ',"stream_options":{"include_usage":"x"}', 0, '-|-'],
    ) {
        my ($name, $in, $first, $out, $seen, $told) = @$_;
        my $rest = qq("model":"m","prompt":") . 'x' x 3000 . qq(",$s);
        asks("$prefix $name", $prefix . $chat, "{$rest$in}",
            '{' . ($first // '') . $rest . ($out // '') . '}', $seen,
            told => $told);
    }
}

# Not where there is no stream, or one that tells by itself
my $plain = '{"model":"m"}';
asks('no stream', $chat, $plain, $plain, 0, whole => 1);
$plain = '{"model":"m","stream":false,"stream_options":null}';
asks('stream off', $chat, $plain, $plain, 0, whole => 1);
$plain = qq({"model":"m",$s});
asks($_, $_, $plain, $plain, 0, told => '-|-', whole => 1)
    for '/v1/responses', '/v1/messages', '/v1/embeddings', '/api/chat';

# By location
asks('observe', "/observe$chat", $plain, $plain, 0, told => '-|-');
asks('observe, asked', "/observe$chat", qq({"model":"m",$s,$on}),
    qq({"model":"m",$s,$on}), 1);
asks('off', "/off$chat", $plain, $plain, 0, told => '-|-');
asks('off, asked', "/off$chat", qq({"model":"m",$s,$on}),
    qq({"model":"m",$s,$on}), 1, told => '-|-');
asks('off, no stream', "/off$chat", '{"model":"m"}', '{"model":"m"}', 0,
    whole => 1, told => '-|-');

# By vendor: its presets count, and one edit has them all
asks('Ollama', $chat, qq({"model":"o:m",$s}), qq({$on,"model":"m",$s}), 0);
asks('forced off', $chat, qq({"model":"no:m",$s}),
    qq({"stream_options":{"include_usage":false},"model":"m",$s}), 0,
    told => '-|-');
asks('on by default', $chat, qq({"model":"yes:m",$s}),
    qq({$on,"model":"m",$s}), 1);
asks('with presets', $chat, qq({"model":"more:m",$s}),
    qq({"stream_options":{"x":1,"include_usage":true},"seed":3,)
    . qq("model":"m",$s}), 0);

# Each vendor of a request gets its own
$a->status(503, '', match => qr/POST/, times => 1);
asks('next vendor, off', $chat, qq({"model":"both",$s}),
    qq({"stream_options":{"include_usage":false},"model":"m",$s}), 0,
    told => '-|-', backend => $b);
is $a->last(qr/POST/)->body, qq({$on,"model":"m",$s}), 'the first, on';

$b->status(503, '', match => qr/POST/, times => 1);
asks('next vendor, on', $chat, qq({"model":"again",$s}),
    qq({$on,"model":"m",$s}), 0, backend => $b);

# However the body comes
asks('chunked', $chat, qq({"model":"m",$s}), qq({$on,"model":"m",$s}), 0,
    options => { chunked => 1 });

$b->clear;
asks('mirrored', "/mirrored$chat", qq({"model":"v:m",$s}),
    qq({$on,"model":"m",$s}), 0);
$t->eventually(sub { $b->hits(qr/POST/) }, 'the mirror has it');
is $b->last(qr/POST/)->body, qq({"model":"v:m",$s}),
    'a subrequest asks for nothing';

if ($h2) {
    my $c = $t->h2(listen => 'h2');
    asks('HTTP/2', $chat, qq({"model":"m",$s}), qq({$on,"model":"m",$s}), 0,
        client => $c);
    asks('HTTP/2, large', $chat, qq({"model":"m",$s,"x":") . 'x' x 9000
        . '"}', qq({$on,"model":"m",$s,"x":") . 'x' x 9000 . '"}', 0,
        client => $c);
    $c->close;
}

$t->done;
