#!/usr/bin/perl

# Tests that what is logged of a slow answer outlives the catalogue's view.

use FindBin;
use lib "$FindBin::Bin/lib";

use ModelTest;

my $t = ModelTest->new(access_log => 1);
my $s = $t->ollama('s', models => ['llama3']);

$t->conf(<<'CONF')->start;
log_format m '$request_uri|$status|$model|$model_vendor|$model_name|';
access_log {{dir}}/access.log m;
model_vendor s { proxy_pass http://{{s}}; discover 50ms; }
server {
    {{listen}}
    location / { model_pass; }
    location /slow/ { model_pass; limit_rate 500; }
}
CONF

sub names { join ' ', sort map { $_->{name} }
    @{ $t->get('/api/tags')->json->{models} } }

$t->eventually(sub { names() eq 's:llama3:latest' }, 'listed');

my $slow = $t->open('GET', '/slow/v1/models/s:llama3:latest');

# The view that the answer was made of is replaced, twice
for my $name ('other', 'more') {
    $s->set(models => [$name]);
    $t->eventually(sub { names() eq "s:$name:latest" }, "$name is listed", 10);
}

$slow->finish;
is $slow->status, 200, 'status';
$t->eventually(sub { $t->access_log =~ m{^/slow}m }, "logged");
my ($line) = $t->access_log =~ m{^/slow/(.*)$}m;
is $line, 'v1/models/s:llama3:latest|200|s:llama3:latest|s|llama3:latest|',
    'what it was about';

$t->done;
