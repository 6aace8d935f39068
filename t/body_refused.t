#!/usr/bin/perl

# Tests for bodies that are refused: one line of JSON, and nothing upstream.

use FindBin;
use lib "$FindBin::Bin/lib";

use Encode ();

use ModelTest;

my $t = ModelTest->new;
my $s = $t->backend('s', reply => '{}');

$t->conf(<<'CONF')->start;
model_vendor acme { proxy_pass http://{{s}}; discover off; }
server {
    {{listen}}
    client_body_buffer_size 1k;
    location / { model_pass acme; model_allow inference manage; }
    location /early/ { model_pass acme; model_read preaccess; }
    location /tiny/ { model_pass acme; client_max_body_size 10; }
}
CONF

my $deep = sub { '{"model":"m","a":' . '[' x $_[0] . ']' x $_[0] . '}' };
my $pad = ' ' x 3000;

my @bad = (
    ['two models', '{"model":"a","model":"b"}'],
    ['twice the same', '{"model":"a","model":"a"}'],
    ['far from each other', "{\"model\":\"a\",$pad\"model\":\"b\"}"],
    ['an escaped second', '{"model":"a","m\u006fdel":"b"}'],
    ['another case second', '{"model":"a","MODEL":"b"}'],
    ['another case alone', '{"Model":"a"}'],
    ['escaped other case', '{"\u004dodel":"a"}'],
    ['a number', '{"model":1}'],
    ['null', '{"model":null}'],
    ['true', '{"model":true}'],
    ['an array', '{"model":["a"]}'],
    ['an object', '{"model":{"model":"a"}}'],
    ['a line break in it', '{"model":"a\nb"}'],
    ['an escaped NUL', '{"model":"a\u0000"}'],
    ['a raw control', "{\"model\":\"a\x01\"}"],
    ['DEL', '{"model":"a\u007f"}'],
    ['a lone surrogate', '{"model":"\ud800"}'],
    ['bad UTF-8 in it', "{\"model\":\"\xff\"}"],
    ['257 bytes', '{"model":"' . 'm' x 257 . '"}'],
    ['a second document', '{"model":"a"}{"model":"b"}'],
    ['text behind', '{"model":"a"} x'],
    ['NUL behind', "{\"model\":\"a\"}\0"],
    ['a byte-order mark', "\xef\xbb\xbf{\"model\":\"a\"}"],
    ['UTF-16', Encode::encode('UTF-16LE', '{"model":"a"}')],
    ['UTF-16 with its mark', Encode::encode('UTF-16', '{"model":"a"}')],
    ['257 levels', $deep->(256)],
    ['an array', '[{"model":"a"}]'],
    ['a string', '"model"'],
    ['nothing', ''],
    ['blanks', $pad],
    ['cut', '{"model":"a"'],
    ['cut in the name', '{"model":"a'],
    ['cut far away', "{\"model\":\"a\",\"x\":\"$pad"],
    ['a comment', '{"model":"a"/* b */}'],
    ['single quotes', "{'model':'a'}"],
    ['no quotes', '{model:"a"}'],
    ['a form', 'model=a&x=1'],
);

my %error = ('/api/chat' => sub { $_[0]{error} },
    '/v1/chat/completions' => sub { $_[0]{error}{message} },
    '/v1/messages' => sub { $_[0]{type} eq 'error' && $_[0]{error}{message} });

for (@bad) {
    my ($name, $body) = @$_;

    for my $path (sort keys %error) {
        my $r = $t->post($path, $body);
        is $r->status, 400, "$name: $path";
        is $r->header('content-type'), 'application/json', "$name: type";
        like $r->body, qr/\A\{[^\n]*\}\n?\z/, "$name: one line";
        ok length $error{$path}->($r->json), "$name: says why";
    }

    is $t->post('/early/api/chat', $body)->status, 400, "$name: preaccess";
}

is $t->post('/api/chat', '')->json->{error}, 'missing request body',
    "no body, in Ollama's words";
is $t->post('/api/show', '{"name":"a","NAME":"b"}')->status, 400,
    'two names';
is $t->post('/api/copy', '{"source":"a","Source":"b","destination":"c"}')
    ->status, 400, 'two sources';
is $t->post('/api/create', '{"model":"a","from":1}')->status, 400,
    'a base that is no string';

# Encodings
for my $path ('', '/early') {
    my $r = $t->post("$path/api/chat", '{"model":"a"}',
        headers => ['Content-Encoding', 'gzip']);
    is $r->status, 415, "gzip $path";
    like $r->json->{error}, qr/Content-Encoding/, 'names the header';
}

my $r = $t->post('/tiny/api/chat', '{"model":"a"}');
is $r->status, 413, 'too large';
like $r->json->{error}, qr/\w/, 'in dialect';

is $s->hits(qr/./), 0, 'nothing went upstream';

# What is no reason to refuse
for (['identity', ['Content-Encoding', 'identity']], ['no type', []],
    ['as curl -d', ['Content-Type', 'application/x-www-form-urlencoded']],
    ['as text', ['Content-Type', 'text/plain']])
{
    $r = $t->post('/api/chat', '{"model":"acme:m"}', headers => $_->[1]);
    is $r->status, 200, $_->[0];
    is $s->last(qr/./)->body, '{"model":"m"     }', "$_->[0]: edited";
}

for (['256 levels', $deep->(255)], ['256 bytes', '{"model":"' . 'm' x 256
    . '"}'], ['an inner one', '{"x":{"model":1,"Model":2},"model":"m"}'],
    ['one in a string', '{"x":"\"model\":\"a\"","model":"m"}'],
    ['names alike', '{"models":1,"_model":2,"model":"m"}'],
    ['bad UTF-8 elsewhere', "{\"model\":\"m\",\"x\":\"\xff\"}"])
{
    is $t->post('/api/chat', $_->[1])->status, 200, $_->[0];
    is $s->last(qr/./)->body, $_->[1], "$_->[0]: as it was";
}

$t->done;
