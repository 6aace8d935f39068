#!/usr/bin/perl

# Tests for bridges: each API of a client with each dialect of a server, as a
# stream and not: text, a call of a tool, an end that came too early, an error.

use FindBin;
use lib "$FindBin::Bin/lib";

use ModelTest;
use ModelTest::Answer;

my $t = ModelTest->new;

my @reply = (reply => ['Hello', " w\xc3\xb6rld", ' "quoted"', "\n\n",
    "\xe2\x80\xa8", ' end'], usage => [11, 7]);
my @calls = (tool_calls => [
    { name => 'weather', arguments => '{"city":"Z\u00fcrich","n":1.50}' },
    { name => 'weather', arguments => '{"city":"Bern"}' }]);
my %server = (
    ollama => $t->ollama('ollama', models => ['m'], version => '0.9.0',
        @reply),
    openai => $t->openai('openai', models => ['m'], @reply),
    anthropic => $t->anthropic('anthropic', models => ['m'], @reply),
);

$t->conf(<<'CONF')->start;
model_vendor o { proxy_pass http://{{ollama}}; bridge translate; }
model_vendor p { proxy_pass http://{{openai}}; dialect openai; }
model_vendor a { proxy_pass http://{{anthropic}}; dialect anthropic; }
server { {{listen}} location / { model_pass; } }
CONF

my %vendor = (ollama => 'o', openai => 'p', anthropic => 'a');
my $text = "Hello w\x{f6}rld \"quoted\"\n\n\x{2028} end";
my @apis = sort keys %ModelTest::Answer::PATH;

# true where the server has the API itself
sub native {
    my ($api, $dialect) = @_;
    my %own = (ollama => qr/^(?:chat|generate)$/, anthropic => qr/^messages$/,
        openai => qr/^(?:completions|responses)$/);
    return $api =~ $own{$dialect};
}

sub ask {
    my ($api, $dialect, %o) = @_;
    my $r = $t->post(ModelTest::Answer::request($api, "$vendor{$dialect}:m",
        %o));
    return ($r, ModelTest::Answer::read($api, $r));
}

for my $dialect (sort keys %server) {
    for my $api (@apis) {
        next if native($api, $dialect);

        for my $stream (0, 1) {
            my $name = "$api to $dialect" . ($stream ? ', stream' : '');
            my ($r, $a) = ask($api, $dialect, stream => $stream);

            is $r->status, 200, "$name: status" or diag $r->body;
            is_deeply $a->{wrong}, [], "$name: as the API has it"
                or diag $r->body;
            is $a->{text}, $text, "$name: text";
            is $a->{finish}, 'stop', "$name: why it ended";
            ok $a->{done}, "$name: its end";
            is $a->{model}, "$vendor{$dialect}:m", "$name: the client's name";
            is "$a->{prompt} $a->{completion}", '11 7', "$name: usage";
            is $a->{error}, undef, "$name: no error";
            cmp_ok $a->{frames}, '>=', 6, "$name: a frame for each piece"
                if $stream;

            my $sent = $server{$dialect}->last(qr/^POST/)->json;
            like $sent->{model}, qr/^m(?::latest)?$/,
                "$name: the server's name";
        }
    }
}

for my $dialect (sort keys %server) {
    $server{$dialect}->set(@calls);

    for my $api (@apis) {
        next if native($api, $dialect) || $api eq 'generate';

        for my $stream (0, 1) {
            my $name = "$api to $dialect, tools" . ($stream ? ', stream' : '');
            my ($r, $a) = ask($api, $dialect, stream => $stream, tools => 1);

            is $r->status, 200, "$name: status" or diag $r->body;
            is_deeply $a->{wrong}, [], "$name: as the API has it"
                or diag $r->body;
            is_deeply [map { [@$_{qw(name arguments)}] } @{ $a->{calls} }],
                [['weather', { city => "Z\x{fc}rich", n => '1.5' }],
                ['weather', { city => 'Bern' }]], "$name: calls"
                or diag $r->body;
            is $a->{finish}, 'calls', "$name: why it ended";
            like $r->body, qr/1\.50/, "$name: digits"
                if $stream || $dialect eq 'openai';

            my %ids = map { ($_->{id} // '') => 1 } @{ $a->{calls} };
            is scalar(grep { length } keys %ids), 2, "$name: two ids";
        }
    }

    $server{$dialect}->set(tool_calls => undef);
}

# what goes wrong

for my $dialect (sort keys %server) {
    my $s = $server{$dialect};

    for my $api (@apis) {
        next if native($api, $dialect);
        my $name = "$api to $dialect";

        $s->set(error_after => 3);
        my ($r, $a) = ask($api, $dialect, stream => 1);
        is $r->status, 200, "$name: an error in the stream";
        like $a->{error}, qr/\S/, "$name: is told" or diag $r->body;
        ok !$a->{done} || $api eq 'completions', "$name: without an end";
        is_deeply $a->{wrong}, [], "$name: as the API has it"
            or diag $r->body;
        $s->set(error_after => undef);

        $s->fault(times => 1, match => qr/^POST/, status => 429, body =>
            '{"error":{"message":"slow \"down\"","type":"x"}}', headers =>
            ['content-type', 'application/json', 'retry-after', 7]);
        ($r, $a) = ask($api, $dialect, stream => 1);
        is $r->status, 429, "$name: a status passes";
        is $a->{error}, 'slow "down"', "$name: with its text";
        is $r->header('Retry-After'), 7, "$name: and when to come again";
    }
}

$t->done;
