#!/usr/bin/perl

# Tests for GET /v1/models in Anthropic's shape: who gets it, and pages.

use FindBin;
use lib "$FindBin::Bin/lib";

use ModelTest;

my $t = ModelTest->new;

my @n = map { sprintf '%02d', $_ } 1 .. 25;
$t->openai('v', models => [map { "m/$_" } @n]);

$t->conf(<<'CONF')->start;
model_vendor v { proxy_pass http://{{v}}; dialect openai; }
server { {{listen}} location / { model_pass; } }
CONF

my @version = (headers => { 'anthropic-version' => '2023-06-01' });

# By either header
for my $case (['anthropic-version' => '2023-06-01'], ['x-api-key' => 'sk'],
    ['X-Api-Key' => 'sk'])
{
    my $j = $t->get('/v1/models', headers => $case)->json;
    is $j->{data}[0]{type}, 'model', "$case->[0]: Anthropic's";
}

is $t->get('/v1/models', headers => { Authorization => 'Bearer sk' })
    ->json->{object}, 'list', "else OpenAI's";

# Pages: 20 unless the client says more, both ways
for my $case (
    ['', '01 .. 20', 1],
    ['limit=1000', '01 .. 25', 0],
    ['limit=25', '01 .. 25', 0],
    ['limit=24', '01 .. 24', 1],
    ['limit=3', '01 .. 03', 1],
    ['limit=5&after_id=v:m/20', '21 .. 25', 0],
    ['limit=4&after_id=v%3Am%2F20', '21 .. 24', 1],
    ['after_id=v:m/03', '04 .. 23', 1],
    ['after_id=v:m/25', '', 0],
    ['before_id=v:m/04', '01 .. 03', 0],
    ['limit=2&before_id=v%3am%2f10', '08 .. 09', 1],
    ['after_id=v:m/03&before_id=v:m/06', '04 .. 05', 0],
    ['after_id=unknown', '', 0],
    ['before_id=unknown', '', 0],
    ['limit=0', '01 .. 20', 1],
    ['limit=x', '01 .. 25', 0],
    ['limit=99999999999999999999', '01 .. 25', 0])
{
    my ($query, $range, $more) = @$case;
    my @want = $range =~ /(\d+) .. (\d+)/ ? map { "v:m/$_" }
        @n[$1 - 1 .. $2 - 1] : ();
    my $j = $t->get("/v1/models?$query", @version)->json;

    is join(' ', map { $_->{id} } @{ $j->{data} }), "@want", "\"$query\"";
    is $j->{has_more} ? 1 : 0, $more, "\"$query\": has_more";
    is_deeply [@$j{qw(first_id last_id)}],
        [@want ? @want[0, -1] : (undef, undef)], "\"$query\": ends";
}

# As the SDK goes on: all of them, each once
my (@all, $after);
for (1 .. 10) {
    my $q = '?limit=7' . (defined $after ? "&after_id=$after" : '');
    my $j = $t->get("/v1/models$q", @version)->json;
    push @all, map { $_->{id} } @{ $j->{data} };
    last if !$j->{has_more};
    ($after = $j->{last_id}) =~ s{/}{%2F}g;
}
is "@all", join(' ', map { "v:m/$_" } @n), 'all pages';

$t->done;
