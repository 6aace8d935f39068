#!/usr/bin/perl

# Tests for listings of nothing: the arrays are there.

use FindBin;
use lib "$FindBin::Bin/lib";

use ModelTest;

my $t = ModelTest->new;

$t->ollama('none');
$t->ollama('hidden', models => ['llama3']);
$t->openai('bare', models => []);
$t->anthropic('claude', models => []);

$t->conf(<<'CONF')->start;
model_vendor none { proxy_pass http://{{none}}; }
model_vendor hidden { proxy_pass http://{{hidden}}; expose other*; }
model_vendor bare { proxy_pass http://{{bare}}; dialect openai; }
model_vendor claude { proxy_pass http://{{claude}}; dialect anthropic; }
model_vendor off { proxy_pass http://{{bare}}; dialect openai; discover off; }
server { {{listen}} location / { model_pass; } }
CONF

my @anthropic = (headers => ['anthropic-version', '2023-06-01']);

for my $case (
    ['/api/tags', '{"models":[]}'],
    ['/api/ps', '{"models":[]}'],
    ['/v1/models', '{"object":"list","data":[]}'],
    ['/v1/models', '{"data":[],"has_more":false,"first_id":null,'
        . '"last_id":null}', @anthropic],
    ['/api/v1/models', '{"models":[]}'])
{
    my ($path, $want, @o) = @$case;
    my $r = $t->get($path, @o);

    is $r->status, 200, "$path: status";
    is $r->body, $want, "$path: body";
}

is $t->get('/v1/models/hidden:llama3')->status, 404, 'hidden is not found';

$t->done;
