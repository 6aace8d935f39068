#!/usr/bin/perl

# Tests for rewritten URIs and for subrequests.

use FindBin;
use lib "$FindBin::Bin/lib";

use ModelTest;

my $t = ModelTest->new;
my $s = $t->ollama('s', models => ['llama3'], reply => 'hello');
my $g = $t->backend('g', reply => '{}');
my $m = $t->backend('m', reply => '{}', type => 'generic');

$t->conf(<<'CONF')->start;
client_body_buffer_size 1k;
model_vendor s { proxy_pass http://{{s}}; }
model_vendor g { proxy_pass http://{{g}}; discover off; }
server {
    {{listen}}
    location / { model_pass; }
    location /v2/ { rewrite ^/v2/(.*)$ /v1/$1 break; model_pass; }
    location /deep/gw/ { rewrite ^/deep/gw/x/(.*) /deep/gw/$1 break;
        model_pass; model_allow inference other; model_default g; }
    location /moved/ { rewrite ^/moved/(.*)$ /api/$1 last; }
    location /page/ { root {{dir}}; ssi on; }
    location /guard/ { auth_request /deep/gw/guard; model_pass; }
    location /stock/ { mirror /copy; proxy_pass http://{{m}}; }
    location /copy {
        internal;
        rewrite ^ /copy/api/chat break;
        model_pass;
    }
}
CONF

$t->get('/api/tags');

# Rewritten before model_pass
$t->post('/v2/chat/completions?beta=true', { model => 'g:m' });
my $q = $g->last(qr/POST/);
is $q->uri, '/v1/chat/completions?beta=true', 'rewrite without the prefix';
is $q->body, '{"model":"m"  }', 'body';

$t->post('/deep/gw/x/api/chat', { model => 'g:m' });
is $g->last(qr/POST/)->uri, '/api/chat', 'rewrite within the prefix';
$t->get('/deep/gw/x/odd%20one?a=%20');
is $g->last(qr/GET/)->uri, '/odd%20one?a=%20', 'an unlisted path is escaped';
$t->post('/moved/chat', { model => 'g:m' });
is $g->last(qr/POST/)->uri, '/api/chat', 'rewrite to another location';

# Server side includes
$t->write_file('page/index.html', '[<!--# include virtual="/api/version" -->]'
    . '[<!--# include virtual="/v1/models/s:llama3" -->]'
    . '[<!--# include virtual="/deep/gw/v1/some" -->]');
my $r = $t->get('/page/index.html');
is $r->status, 200, 'a page with includes';
like $r->body, qr/^\[\{"version":"[^"]+"\}\]\[\{"id":"s:llama3:latest".*\]\[\{\}\]$/,
    'of listings and of an answer';

# A guard that is a request of the gateway
$g->status(403, 'no', match => qr/guard/, times => 1);
is $t->post('/guard/api/chat', { model => 'g:m' })->status, 403,
    'auth_request to the gateway refuses';
is $t->post('/guard/api/chat', { model => 'g:m' })->status, 200,
    'and lets pass';
is $g->last(qr/chat/)->body, '{"model":"m"  }', 'the body is scanned then';

# A mirror to the gateway does not change what is mirrored
for my $fill ('', 'x' x 3000, 'x' x 100_000) {
    $_->clear for $g, $m;
    my $in = "{\"model\":\"g:m\",\"x\":\"$fill\"}";
    is $t->post('/stock/x', $in)->status, 200, 'status of what is mirrored';
    $t->eventually(sub { $g->hits(qr/chat/) == 1 }, 'the mirror goes');
    is $g->last(qr/chat/)->body, $in =~ s/"g:m"/"m"  /r, 'with its edit';
    is $m->last(qr/POST/)->body, $in, 'the original without';
}

$t->done;
