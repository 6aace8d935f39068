#!/usr/bin/perl

# Tests for bodies that another module has read before the gateway: a mirror
# gets what the client sent, whatever is edited for the vendor.

use FindBin;
use lib "$FindBin::Bin/lib";

use ModelTest;

my $t = ModelTest->new;
my $a = $t->ollama('a', models => ['llama3'], reply => ['Hel', 'lo']);
my $m = $t->backend('m', on => { 'POST /copy' => { status => 204 } });

$t->conf(<<'CONF')->start;
model_vendor local { proxy_pass http://{{a}}; }
model_vendor more { proxy_pass http://{{a}}; force options.seed 7; }
server {
    {{listen}}
    client_body_buffer_size 1k;
    location / { mirror /copy; model_pass; }
    location /early/ { mirror /copy; model_pass; model_read preaccess; }
    location = /copy { internal; proxy_pass http://{{m}}; }
}
CONF

for my $size (10, 5000, 300_000) {
    for my $vendor ('local', 'more') {
        for my $prefix ('', '/early') {
            my $name = "$vendor, $size bytes$prefix";
            my $body = qq({"model":"$vendor:llama3","stream":false,)
                . '"messages":[{"role":"user","content":"' . 'x' x $size
                . '"}]}';
            my $n = $m->hits;
            my $r = $t->post("$prefix/api/chat", $body);

            is $r->status, 200, "$name: status";

            my $sent = $a->last(qr/chat/)->json;
            is $sent->{model}, 'llama3', "$name: prefix is cut";
            is $sent->{options}{seed}, $vendor eq 'more' ? 7 : undef,
                "$name: preset";

            $t->eventually(sub { $m->hits > $n }, "$name: mirrored");
            is $m->last->body, $body, "$name: as the client sent it";
        }
    }
}

$t->done;
