package ModelTest::SDKBridge;

# Runs a script of t/sdk against vendors of other dialects than its SDK's, all
# of which answer as ModelTest::Talk has it:
#
#     ModelTest::SDKBridge::run(node => 'openai', 'bridge_openai.js',
#         qw(ollama anthropic));
#
# Vendor "bare" is an OpenAI one that has no /v1/responses.

use strict;
use warnings;

use Test::More ();

use ModelTest;
use ModelTest::SDK;
use ModelTest::Talk;

my $PNG = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk'
    . '+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==';

my %VENDOR = (ollama => 'bridge translate;', openai => 'dialect openai;',
    anthropic => 'dialect anthropic;', bare => 'dialect openai;');
my %ERROR = (
    ollama => ['{"error":"slow down"}', '{"error":"server busy, please try '
        . 'again.  maximum pending requests exceeded"}', 503],
    openai => ['{"error":{"message":"slow down","type":"requests",'
        . '"param":null,"code":"rate_limit_exceeded"}}', '{"error":{"message":'
        . '"overloaded","type":"server_error","param":null,"code":null}}',
        503],
    anthropic => ['{"type":"error","error":{"type":"rate_limit_error",'
        . '"message":"slow down"},"request_id":"req_1"}', '{"type":"error",'
        . '"error":{"type":"overloaded_error","message":"Overloaded"}}', 529],
);


sub _characters {
    my $text = join '', @_;
    utf8::decode($text);
    return $text;
}


sub run {
    my ($language, $package, $script, @kinds) = @_;
    my $sdk = ModelTest::SDK->new($language => $package)->limit(120);
    my $t = ModelTest->new;
    my (%server, $conf);

    Test::More::plan(skip_all => 'the types of the SDKs are not there: run '
        . 'make sdk') if $language eq 'node' && !-f $sdk->types;

    for my $kind (@kinds) {
        my $type = $kind eq 'bare' ? 'openai' : $kind;
        $server{"$kind:m"} = $t->$type($kind, models => ['m'],
            version => '0.9.0', ModelTest::Talk::script(), $kind eq 'bare'
            ? (on => { '/v1/responses' => { status => 404, json => { error =>
            { message => 'Not Found', code => 404 } } } }) : ());
        $conf .= "model_vendor $kind { proxy_pass http://{{$kind}}; "
            . "$VENDOR{$kind} }\n";
    }

    $t->conf("$conf\nserver { {{listen}} location / { model_pass; } }")
        ->start;
    $sdk->run($t, $script, { url => $t->url, png => $PNG,
        vendors => { map { ("$_:m" => $_) } @kinds },
        text => _characters(@ModelTest::Talk::TEXT),
        thought => _characters(@ModelTest::Talk::THOUGHT) },
        _steps($t, $sdk, \%server));

    $t->allow(qr/does not answer \/v1\/responses/);
    Test::More::ok($sdk->aborts >= @kinds, 'each was left in mid-stream');
    $t->done;
}


# What the script has done to a vendor, by the model that it names.
sub _steps {
    my ($t, $sdk, $server) = @_;
    my %once = (match => qr{^POST}, times => 1);
    my $error = sub {
        my ($model, $n) = @_;
        my $kind = $model =~ /^bare/ ? 'openai' : $model =~ s/:.*//r;
        my $e = $ERROR{$kind};
        $server->{$model}->fault(%once, body => $e->[$n], status =>
            $n ? $e->[2] : 429, headers => ['content-type',
            'application/json', $n ? () : ('retry-after', 7)]);
    };

    return (
        stall => sub { $server->{ $_[0] }->stall(6, %once) },
        closed => sub { $sdk->aborted($t, $server->{ $_[0] }) },
        limit => sub { $error->($_[0], 0) },
        overload => sub { $error->($_[0], 1) },
        broken => sub { $server->{ $_[0] }->set(error_after => 5) },
        cut => sub { $server->{ $_[0] }->close_after(5, %once) },
        whole => sub { $server->{ $_[0] }->set(error_after => undef) },
    );
}

1;
