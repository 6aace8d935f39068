#!/usr/bin/perl

# Tests for examples/: each is accepted as it stands, and works when its
# addresses are those of scripted servers.

use FindBin;
use lib "$FindBin::Bin/lib";

use ModelTest;

use Digest::SHA qw(sha256_hex);
use File::Basename qw(basename);
use JSON::PP;

my $examples = "$FindBin::Bin/../examples";
my $key = 'a-key-of-this-gateway';
my %bearer = (headers => [Authorization => "Bearer $key"]);
my $sum = sha256_hex($key);


sub text {
    my ($file) = @_;

    open my $in, '<', "$examples/$file" or die "$file: $!";
    local $/ = undef;
    return scalar <$in>;
}


# The whole file, untouched, beside the files that its head asks for.

sub accepted {
    my ($t, $text) = @_;
    my $dir = $t->dir . '/asis';
    my $module = $ModelTest::Nginx::MODULE =~ s{/[^/]*$}{}r;

    mkdir $_ for $dir, "$dir/logs";
    symlink $module, "$dir/modules";
    $text =~ s/^load_module.*\n//m if $ENV{TEST_NGINX_STATIC};
    $t->write_file("$dir/nginx.conf", $text);

    my %env = $t->_environment;

    # nginx frees nothing when it exits after a test

    $env{ASAN_OPTIONS} .= ':detect_leaks=0' if defined $env{ASAN_OPTIONS};

    my ($out, $status) = ModelTest::Nginx::_run(\%env,
        $ModelTest::Nginx::BINARY, '-t', '-p', "$dir/", '-e', 'logs/error.log',
        '-c', "$dir/nginx.conf");

    ok $status == 0 && $out !~ /\[(?:warn|emerg|alert|crit)\]/,
        'nginx -t takes it as it stands' or diag $out;
}


# What is replaced: each "listen", and the addresses in the given table.

sub started {
    my ($t, $text, %to) = @_;

    my ($http) = $text =~ /^http \{\n(.*)^\}\n/ms;
    my $rest = $text =~ s/^http \{\n.*^\}\n//msr =~ s/#.*//gr;

    is $rest =~ s/\s+/ /gr, ' load_module modules/ngx_http_model_module.so;'
        . ' pid logs/nginx.pid; error_log logs/error.log'
        . ($rest =~ /notice/ ? ' notice' : '') . '; events { } ',
        'usual top level';

    $http =~ s/listen +127\.0\.0\.1:(\d+)( ssl)?;/{{listen:p$1@{[$2 || '']}}}/g;

    for my $from (keys %to) {
        $http =~ s/\Q$from\E/$to{$from}/g or fail "$from is not in the file";
    }

    mkdir $t->dir . '/logs';
    return $t->conf($http)->start;
}


# nginx's own module, where there is one

sub otel_module {
    my ($path) = $ModelTest::Nginx::V =~ /--modules-path=(\S+)/;
    my ($file) = grep { -f } map { "$_/ngx_otel_module.so" } grep { defined }
        $path, $ENV{TEST_NGINX_OTEL_DIR};
    return $file;
}


# The file without what only that module knows: its spans become lines of a
# log, of the same names and values, evaluated at the same moment.

sub without_otel {
    my ($text) = @_;
    my %known = (otel_service_name => 1, otel_trace => 1,
        otel_trace_context => 1, otel_span_name => 1, otel_span_attr => 2);

    $text =~ s/#.*//g;
    my @lines = $text =~ /\b(otel_\w+\s[^;{]*);/g;
    my @bad = grep { my @w = /"[^"]*"|\S+/g;
        !$known{$w[0]} || @w != 1 + $known{$w[0]} } @lines;
    is join("\n", @bad), '', 'its directives have their arguments';

    my @values = map { /^otel_span_name\s+(.*)/ ? ['name', $1 =~ tr/"//dr]
        : /^otel_span_attr\s+(\S+)\s+(.*)/ ? [$1, $2] : () } @lines;
    my $format = join ',', map { qq("$_->[0]":"$_->[1]") } @values;

    $text =~ s/^load_module \S*otel\S*;\n//m or fail 'load_module';
    $text =~ s/\botel_exporter\s*\{\s*endpoint\s+\S+:\d+;\s*\}//
        or fail 'otel_exporter';
    $text =~ s/\botel_\w+\s[^;{]*;//g;
    $text =~ s/^http \{\n/http {\nlog_format otel escape=json '{$format}';
        access_log logs\/spans.json otel;\n/m;

    return $text;
}


sub names { return join ' ', map { $_->{name} } @{ $_[0]->json->{models} } }
sub ids { return join ' ', map { $_->{id} } @{ $_[0]->json->{data} } }
sub chat { return { model => $_[0], messages => [{ role => 'user',
    content => 'hi' }], stream => \0 } }


my %drive = (

'quickstart.conf' => sub {
    my ($t, $text) = @_;

    $t->ollama('box', models => ['llama3:8b'], reply => 'from box');
    accepted($t, $text);
    started($t, $text, '127.0.0.1:11434' => '{{box}}');

    my @to = (listen => 'p8080');
    is names($t->get('/api/tags', @to)), 'ollama:llama3:8b', 'listed';
    is $t->post('/api/chat', chat('ollama:llama3:8b'), @to)
        ->json->{message}{content}, 'from box', 'answered';
    is $t->get('/api/tags', @to, headers => [Origin => 'http://evil.test'])
        ->status, 403, 'not to a foreign page';
},

'status.conf' => sub {
    my ($t, $text) = @_;
    my $box = $t->ollama('box', models => ['llama3:8b'], loaded => []);

    accepted($t, $text);
    started($t, $text, '127.0.0.1:11434' => '{{box}}');

    my @gateway = (listen => 'p8080');
    my @status = (listen => 'p8081');

    is $t->get('/status/ready', @gateway)->body,
        '{"ready":true,"vendors":{"ollama":true}}', 'ready';
    is $t->get('/status/api', @gateway)->status, 403,
        'nothing more for those who reach the gateway';

    my $api = $t->get('/api', @status)->json;
    is $api->{models}[0]{id}, 'ollama:llama3:8b', 'models';
    is $api->{vendors}[0]{servers}[0]{in_flight}, 0, 'requests of all workers';
    is $api->{configuration}{locations}[0]{prefix}, '/', 'where clients go';

    my $test = $t->post('/test?vendor=ollama', '', @status)->json;
    is $test->{servers}[0]{models}, 1, 'test';

    $box->refuse;
    like $t->post('/test?vendor=ollama', '', @status)->json->{servers}[0]
        {error}, qr/^Connection failed: /, 'a test of what is dead';
    $t->eventually(sub { $t->get('/status/ready', @gateway)->status == 503 },
        'not ready');

},

'many-hosts.conf' => sub {
    my ($t, $text) = @_;
    my @desks = map { $t->ollama("desk$_", models => ['llama3:8b']) } 1 .. 3;
    my $rack = $t->ollama('rack', models => ['llama3:70b'],
        registry => ['llama3:405b']);

    accepted($t, $text);
    started($t, $text, '192.168.1.20:11434' => '{{rack}}', map {
        ("192.168.1.1$_:11434" => "{{desk$_}}") } 1 .. 3);

    my @to = (listen => 'p8080');
    is names($t->get('/api/tags', @to)), 'llama3:8b rack:llama3:70b', 'listed';

    $t->post('/v1/chat/completions', chat('llama3:8b'), @to) for 1 .. 4;
    is join(' ', map { $_->hits(qr{^POST /v1/chat}) } @desks), '2 2 0',
        'the desks share the requests';
    is $t->post('/api/chat', chat('rack:llama3:70b'), @to)->status, 200,
        'the rack answers';

    my $sent = $rack->last(qr{^POST /api/chat})->json;
    is $sent->{model}, 'llama3:70b', 'by its own name';
    is "$sent->{keep_alive} $sent->{options}{num_predict}", '-1 4096',
        'force and default';

    is $t->post('/rack/api/pull', { model => 'llama3:405b' }, @to)->status,
        200, 'pull from this machine';
    is $t->post('/api/pull', { model => 'rack:x' }, @to)->status, 403,
        'no pull elsewhere';
    like $t->read_file('logs/access.log'), qr{model="rack:llama3:70b"\ vendor="rack"
        \ sent="llama3:70b"\ server="127}x, 'the log tells';
},

'mixed.conf' => sub {
    my ($t, $text) = @_;
    my $local = $t->ollama('local', models => ['llama3:8b']);
    my $openai = $t->openai('openai', keys => ['sk-o'],
        models => ['gpt-5-mini', 'gpt-4o']);
    my $claude = $t->anthropic('claude', keys => ['sk-a'],
        models => ['claude-sonnet-4-5'], reply => 'from claude');

    $t->{env} = { OPENAI_API_KEY => 'sk-o' };

    for my $d ('', 'asis/') {
        $t->write_file("${d}anthropic.key", "sk-a\n");
        $t->write_file("${d}clients.keys", "alice:$sum\nbob:"
            . sha256_hex('another-key') . " ollama:*\n");
    }

    accepted($t, $text);
    started($t, $text, '127.0.0.1:11434' => '{{local}}',
        'https://api.openai.com' => 'http://{{openai}}',
        'https://api.anthropic.com' => 'http://{{claude}}');

    my @to = (listen => 'p8080');
    is $t->get('/api/tags', @to)->status, 401, 'a key is needed';
    is ids($t->get('/v1/models', @to, %bearer)), 'ollama:llama3:8b '
        . 'openai:gpt-5-mini anthropic:claude-sonnet-4-5', 'what is exposed';
    is $t->get('/v1/models/openai:gpt-5-mini', @to, %bearer)->json->{name},
        'GPT-5 mini', 'the declared label';
    is ids($t->get('/v1/models', @to, headers => [Authorization =>
        'Bearer another-key'])), 'ollama:llama3:8b', 'what bob may see';

    is $t->post('/v1/chat/completions', chat('openai:gpt-5-mini'), @to,
        %bearer)->status, 200, 'openai answers';
    is $openai->last(qr{^POST})->header('authorization'), 'Bearer sk-o',
        'to the key from the environment';

    my $r = $t->post('/v1/messages', { %{ chat('anthropic:claude-sonnet-4-5') },
        max_tokens => 9 }, @to, headers => ['x-api-key' => $key]);
    is $r->json->{content}[0]{text}, 'from claude', 'anthropic answers';
    is $claude->last(qr{^POST})->header('x-api-key'), 'sk-a',
        'to the key from the file';

    my @codes = map { $t->post('/v1/chat/completions',
        chat('openai:gpt-5-mini'), @to, %bearer)->status } 1 .. 40;
    is scalar(grep { $_ == 429 } @codes) > 0, 1, 'a client has its limit';
    is $t->post('/api/chat', chat('ollama:llama3:8b'), @to, headers =>
        [Authorization => 'Bearer another-key'])->status, 200, 'of its own';
    like $t->read_file('logs/access.log'), qr/ alice "POST .* vendor="openai"/, 'the log tells';
},

'fleet.conf' => sub {
    my ($t, $text) = @_;
    my ($a, $b, $c) = map { $t->ollama("host$_->[0]", models => $_->[1]) }
        [1, ['llama3:8b']], [2, ['llama3:8b', 'qwen3:8b']], [3, ['llama3:70b']];
    my $chat = qr{^POST /v1/chat};

    accepted($t, $text);
    started($t, $text, map { ("192.168.1.1$_:11434" => "{{host$_}}") } 1 .. 3);

    my @to = (listen => 'p8080');
    my $ask = sub { $t->post('/v1/chat/completions', chat($_[0]), @to) };
    my $hits = sub { join ' ', map { $_->hits($chat) } $a, $b, $c };

    is names($t->get('/api/tags', @to)), 'llama3:8b qwen3:8b llama3:70b',
        'one list';

    $ask->('llama3:8b') for 1 .. 8;
    is $hits->(), '4 4 0', 'those that have the model share the requests';
    $ask->('llama3:70b') for 1 .. 3;
    is $hits->(), '4 4 3', 'the others get none';
    is $ask->('llama9')->status, 404, 'nobody has it';

    # one is dead

    $a->refuse->close_idle;
    is join(' ', map { $ask->('llama3:8b')->status } 1 .. 6),
        '200 200 200 200 200 200', 'a dead host is survived';
    is $hits->(), '4 10 3', 'by the other one that has the model';
    $t->eventually(sub { $t->read_file('logs/access.log')
        =~ /states="502, 200" tries=2 / }, 'the log tells');

    # all slots of the one that has the model are taken

    $c->hang(match => $chat, times => 2);
    my @held = map { $t->open(POST => '/v1/chat/completions', @to,
        body => chat('llama3:70b')) } 1 .. 2;
    $c->wait_for(5, $chat);

    my $waits = $t->open(POST => '/v1/chat/completions', @to,
        body => chat('llama3:70b'));
    is $ask->('llama3:8b')->status, 200, 'the other hosts have slots';
    is $c->hits($chat), 5, 'a request waits';

    $held[0]->close;
    is $waits->finish->status, 200, 'until a slot is free';
    $held[1]->close;
    $t->eventually(sub { $t->read_file('logs/access.log')
        =~ /" 200 model="llama3:70b" .* queue=\d+\.\d{3} / }, 'the log tells');
},

'local-first.conf' => sub {
    my ($t, $text) = @_;
    my $local = $t->ollama('local', models => ['llama3:8b'], reply => 'local');
    my $cloud = $t->openai('cloud', keys => ['sk-o'], models => ['gpt-5-mini'],
        reply => 'cloud');
    my $chat = qr{^POST /v1/chat};

    $t->{env} = { OPENAI_API_KEY => 'sk-o' };
    accepted($t, $text);
    started($t, $text, '127.0.0.1:11434' => '{{local}}',
        'https://api.openai.com' => 'http://{{cloud}}');

    my @to = (listen => 'p8080');
    my $says = sub {
        my $r = $t->post('/v1/chat/completions', chat('chat'), @to);
        return $r->status . ' ' . $r->json->{choices}[0]{message}{content};
    };

    is ids($t->get('/v1/models', @to)),
        'chat local:llama3:8b openai:gpt-5-mini', 'listed';
    is $says->(), '200 local', 'local first';
    is $local->last($chat)->json->{model}, 'llama3:8b', 'by its name';
    is $cloud->hits($chat), 0, 'the cloud is not asked';

    $local->status(503, { error => 'busy' }, match => $chat, times => 1);
    is $says->(), '200 cloud', 'busy: the cloud answers';

    my $sent = $cloud->last($chat);
    is $sent->json->{model}, 'gpt-5-mini', 'by its own name';
    is $sent->header('authorization'), 'Bearer sk-o', 'to its own key';
    is $local->last($chat)->header('authorization'), undef,
        'which the local one does not see';

    $local->status(500, { error => 'x' }, match => $chat, times => 1);
    is $t->post('/v1/chat/completions', chat('chat'), @to)->status, 500,
        'an error in the middle of the work is told';

    $local->fault(match => $chat, times => 1, status => 503,
        json => { error => 'busy' }, headers => ['Retry-After' => 20]);
    is $says->(), '200 cloud', 'it says for how long';
    is $says->(), '200 cloud', 'and is left alone';
    is $local->hits($chat), 4, 'until then';

    $local->refuse->close_idle;
    is $says->(), '200 cloud', 'down: the cloud answers';
    $t->eventually(sub { $t->post('/api/chat', chat('local:llama3:8b'), @to)
        ->status == 503 }, 'a name of its own goes nowhere else');
    $t->eventually(sub { $t->read_file('logs/access.log') =~ m{model="chat"
        \ alias="chat"\ vendor="openai"\ sent="gpt-5-mini"\ tries=2
        \ states="503,\ 200"}x }, 'the log tells');
},

'canary.conf' => sub {
    my ($t, $text) = @_;
    my $stable = $t->ollama('stable', models => ['llama3:8b']);
    my $canary = $t->ollama('canary', models => ['qwen3:8b']);
    my $chat = qr{^POST /};

    accepted($t, $text);
    started($t, $text, '192.168.1.11:11434' => '{{stable}}',
        '192.168.1.12:11434' => '{{canary}}');

    my @to = (listen => 'p8080');
    my $conn = $t->client(listen => 'p8080');
    my $ask = sub { $conn->request(POST => $_[0], { %{ chat($_[1]) },
        max_tokens => 9 })->status };
    my $hits = sub { join ' ', map { $_->hits($chat) } $stable, $canary };

    is names($t->get('/api/tags', @to)), 'chat stable:llama3:8b '
        . 'canary:qwen3:8b', 'listed';
    $_->clear for $stable, $canary;

    is scalar(grep { $ask->('/api/chat', 'chat') == 200 } 1 .. 200), 200,
        'all are answered';
    is $hits->(), '190 10', 'by weight';
    is $canary->last($chat)->json->{model}, 'qwen3:8b', 'by its own name';

    is scalar(grep { $ask->('/v1/messages', 'claude-sonnet-4-5') == 200 }
        1 .. 20), 20, 'a name of Claude';
    is $hits->(), '209 11', 'is the same';

    $canary->refuse->close_idle;
    is scalar(grep { $ask->('/api/chat', 'chat') == 200 } 1 .. 20), 20,
        'the canary is down';
    is $hits->(), '229 11', 'nobody sees it';
},

'log.conf' => sub {
    my ($t, $text) = @_;
    my $local = $t->ollama('local', models => ['llama3:8b']);
    my $openai = $t->openai('openai', keys => ['sk-o'],
        models => ['gpt-5-mini']);
    my $posts = qr{^POST };

    $t->{env} = { OPENAI_API_KEY => 'sk-o' };
    accepted($t, $text);
    started($t, $text, '127.0.0.1:11434' => '{{local}}',
        'https://api.openai.com' => 'http://{{openai}}');

    my @to = (listen => 'p8080');
    my ($want, @lines) = (0);

    # the line of the request that was just made

    my $logged = sub {
        $want++;
        $t->eventually(sub { $want == (() = $t->read_file('logs/models.json')
            =~ /\n/g) }, 'logged');
        push @lines, (split /\n/, $t->read_file('logs/models.json'))[-1];
        return eval { JSON::PP->new->utf8->decode($lines[-1]) }
            || fail("JSON: $lines[-1]");
    };
    my $is = sub {
        my ($line, $name, %want) = @_;
        is $line->{$_}, $want{$_}, "$name: $_" for sort keys %want;
    };

    is $t->get('/api/tags', @to)->status, 200, 'a listing';

    my $r = $t->post('/v1/chat/completions', { %{ chat('openai:gpt-5-mini') },
        stream => \1, stream_options => { include_usage => \1 } }, @to);
    is $r->header('x-vendor'), 'openai', 'a header of the answer';
    my $line = $logged->();
    is $line->{id}, $r->header('x-gateway-id'), 'one id';
    $is->($line, 'stream', status => 200, model => 'openai:gpt-5-mini',
        alias => '', client => '', vendor => 'openai', name => 'gpt-5-mini',
        stream => 1, tries => 1, finish => 'stop', error => '',
        queue_seconds => '', servers => $openai->address);
    like $line->{$_}, qr/^[1-9]\d*$/, "stream: $_"
        for 'input_tokens', 'output_tokens', 'bytes_in', 'bytes_out';
    like $line->{$_}, qr/^\d+\.\d{3}$/, "stream: $_"
        for 'seconds', 'first_token_seconds';
    is $line->{cost}, sprintf('%.9f', ($line->{input_tokens} * 0.25
        + $line->{output_tokens} * 2) / 1e6), 'stream: cost';

    is $t->post('/api/chat', chat('ollama:llama3:8b'), @to)->status, 200,
        'a server of this machine';
    $line = $logged->();
    $is->($line, 'no stream', vendor => 'ollama', stream => 0, cost => '',
        first_token_seconds => '');
    like $line->{output_tokens}, qr/^[1-9]\d*$/, 'no stream: tokens';

    $local->status(503, { error => 'busy' }, match => $posts, times => 1);
    is $t->post('/v1/chat/completions', chat('chat'), @to)->status, 200,
        'failover';
    $is->($logged->(), 'failover', model => 'chat', alias => 'chat',
        vendor => 'openai', tries => 2, server_statuses => '503, 200');

    # what a client can put into it

    for my $name ('a"b\\c', 'x","vendor":"forged', "\x{4e2d}\x{1f600}",
        '</script>', '${model}%s', 'x' x 256)
    {
        is $t->post('/api/chat', chat($name), @to)->status, 404, 'unknown';
        $is->($logged->(), substr($name, 0, 8) =~ s/[^ -~]/?/gr,
            model => $name, vendor => '', tries => '', status => 404);
    }

    for my $body ('{', '{"model":"a\u0000b"}', "{\"model\":\"a\xff\xfe\"}",
        "{\"model\":\"\xed\xa0\x80\"}", '{"model":"\ud800"}')
    {
        cmp_ok $t->post('/api/chat', $body, @to)->status, '>=', 400,
            'refused';
        $logged->();
    }

    my %sets = map { join(' ', sort keys %{ JSON::PP->new->utf8->decode($_) })
        => 1 } @lines;
    is keys %sets, 1, 'all lines have the same members';
    is scalar(grep { /:(?!")/ } map { s/"(?:[^"\\]|\\.)*"/""/gr } @lines), 0,
        'and only strings';
    $t->eventually(sub { 12 == (() = $t->read_file('logs/trouble.json')
        =~ /\n/g) }, 'trouble has a log of its own');
    unlike $t->read_file('logs/trouble.json'), qr/"status":"200".*"tries":"1"/,
        'for nothing else';
},

'otel.conf' => sub {
    my ($t, $text) = @_;

    $t->ollama('local', models => ['llama3:8b']);

    if (my $module = otel_module()) {
        accepted($t, $text =~ s/modules\/ngx_otel_module.so/$module/r);

    } else {
        note 'no ngx_otel_module.so: only that its directives have their '
            . 'arguments, and their variables values, is tested';
    }

    my $plain = without_otel($text);
    accepted($t, $plain);
    started($t, $plain, '127.0.0.1:11434' => '{{local}}');

    my @to = (listen => 'p8080');
    is $t->post('/v1/chat/completions', { %{ chat('ollama:llama3:8b') },
        stream => \1, stream_options => { include_usage => \1 } }, @to)
        ->status, 200, 'answered';
    is $t->post('/v1/embeddings', { model => 'none', input => 'x' }, @to)
        ->status, 404, 'and refused';
    $t->eventually(sub { 2 == (() = $t->read_file('logs/spans.json')
        =~ /\n/g) }, 'two spans');

    my ($chat, $none) = map { JSON::PP->new->utf8->decode($_) } split /\n/,
        $t->read_file('logs/spans.json');
    my %want = (name => 'chat llama3:8b', 'gen_ai.operation.name' => 'chat',
        'gen_ai.provider.name' => 'ollama',
        'gen_ai.request.model' => 'llama3:8b',
        'gen_ai.response.finish_reasons' => 'stop', 'model.tries' => 1,
        'model.asked' => 'ollama:llama3:8b', 'model.stream' => 1,
        'model.error' => '');
    is $chat->{$_}, $want{$_}, $_ for sort keys %want;
    like $chat->{"gen_ai.usage.${_}_tokens"}, qr/^[1-9]\d*$/, "$_ tokens"
        for 'input', 'output';
    is $none->{'gen_ai.operation.name'}, 'embeddings', 'another operation';
    is $none->{'gen_ai.usage.input_tokens'}, '', 'nothing is known';
    like $none->{'model.error'}, qr/`none` does not exist/, 'but why';
},

'environment.conf.template' => sub {
    my ($t, $text) = @_;
    my $b = $t->openai('custom', base => '/api/v1', keys => ['sk-custom'],
        models => ['m1'], reply => 'from custom');

    my %env = (CUSTOMMODEL_API_KEY => 'sk-custom',
        CUSTOMMODEL_API_HOST => 'http://' . $b->address . '/api/v1');
    $t->{env} = { CUSTOMMODEL_API_KEY => 'sk-custom' };

    # what envsubst does with this one variable

    my $done = $text =~ s/\$\{CUSTOMMODEL_API_HOST\}
        /$env{CUSTOMMODEL_API_HOST}/grx;
    my ($command) = $text =~ /^#\s+(envsubst.*?\\\n.*)$/m;

    SKIP: {
        my ($out, $status) = ModelTest::Nginx::_run(\%env, '/bin/sh', '-c',
            "cd $examples && command -v envsubst > /dev/null || exit 99; "
            . $command =~ s/\\\n#//r =~ s/> nginx.conf//r);

        skip 'no envsubst', 1 if $status >> 8 == 99;
        is $out, $done =~ s/(envsubst )'[^']*'/$1'$env{CUSTOMMODEL_API_HOST}'/r,
            'the command of its head';
    }

    $done =~ s/^#.*\n//mg;
    accepted($t, $done);
    started($t, $done);

    my @to = (listen => 'p8080');
    is ids($t->get('/v1/models', @to)), 'custom:m1', 'listed';
    is $t->post('/v1/chat/completions', chat('m1'), @to)
        ->json->{choices}[0]{message}{content}, 'from custom', 'answered';
    is $b->last(qr{^POST})->path, '/api/v1/chat/completions', 'base path';

    $t->{env} = { CUSTOMMODEL_API_KEY => undef };
    my ($http) = $done =~ /^http \{\n(.*)^\}\n/ms;
    $t->config_error($http, qr/environment variable "CUSTOMMODEL_API_KEY"/,
        'nothing without the key');
},

'big-agi.conf' => sub {
    my ($t, $text) = @_;

    $t->ollama('local', models => ['llama3.2-vision:11b']);
    $t->ollama('rack', models => ['llama3:70b']);
    $t->openai('openai', keys => ['sk-o'], models => ['gpt-4o']);
    $t->{env} = { OPENAI_API_KEY => 'sk-o' };
    $t->write_file("${_}big-agi.keys", "big-agi:$sum\n") for '', 'asis/';

    accepted($t, $text);
    started($t, $text, '127.0.0.1:11434' => '{{local}}',
        '192.168.1.20:11434' => '{{rack}}',
        'https://api.openai.com' => 'http://{{openai}}');

    my @to = (listen => 'p8080');
    is $t->get('/api/tags', @to)->status, 401, 'a key is needed';

    # its Ollama: the list, a show for each by "name", OpenAI's chat

    my $tags = $t->get("/$key/api/tags", @to);
    is names($tags), 'llama3.2-vision:11b rack/llama3:70b', 'listed';

    for my $model (@{ $tags->json->{models} }) {
        like $model->{modified_at}, qr/^\d{4}-\d\d-\d\dT/, 'a time';
        is ref $t->post("/$key/api/show", { name => $model->{name} }, @to)
            ->json->{details}, 'HASH', "show of $model->{name}";
    }

    my $parts = { model => 'rack/llama3:70b', messages => [{ role => 'user',
        content => [{ type => 'text', text => 'hi' }] }] };
    is $t->post("/$key/v1/chat/completions", $parts, @to)->status, 200,
        'content in parts';

    # its OpenAI

    is ids($t->get('/openai/v1/models', @to, %bearer)), 'gpt-4o', 'listed';
    is $t->post('/openai/v1/chat/completions', chat('gpt-4o'), @to, %bearer)
        ->status, 200, 'answered';

    # its LM Studio

    is join(' ', map { "$_->{key}=$_->{display_name}" } @{ $t->get(
        "/$key/api/v1/models", @to)->json->{models} }),
        'llama3.2-vision:11b=Llama 3.2 Vision 11B '
        . 'rack/llama3:70b=Llama 3 70B', 'labels';

    # the browser itself

    my $r = $t->request('OPTIONS', "/$key/api/tags", undef, @to, headers => [
        Origin => 'http://localhost:3000',
        'Access-Control-Request-Method' => 'GET']);
    is $r->status, 204, 'preflight';
    is $r->header('access-control-allow-origin'), 'http://localhost:3000',
        'for its page';
},

'open-webui.conf' => sub {
    my ($t, $text) = @_;
    my $local = $t->ollama('local', models => ['llama3'], version => '0.12.3',
        registry => ['qwen3:8b'], loaded => ['llama3']);

    $t->openai('vllm', style => 'vllm', models => ['Qwen/Qwen3-8B']);
    $t->write_file("${_}open-webui.keys", "webui:$sum\n") for '', 'asis/';

    accepted($t, $text);
    started($t, $text, '127.0.0.1:11434' => '{{local}}',
        '127.0.0.1:8000' => '{{vllm}}');

    my @to = (listen => 'p8080');
    my %as = (headers => [Authorization => "Bearer $key",
        'X-OpenWebUI-User-Email' => 'a@b.test', Cookie => 'token=1']);

    is $t->get('/api/version', @to, %as)->json->{version}, '0.12.3', 'version';
    is names($t->get('/api/tags', @to, %as)),
        'ollama:llama3:latest vllm:Qwen/Qwen3-8B', 'tags';
    is names($t->get('/api/ps', @to, %as)), 'ollama:llama3:latest', 'ps';
    is ids($t->get('/v1/models', @to, %as)),
        'ollama:llama3:latest vllm:Qwen/Qwen3-8B', 'models';

    is $t->post('/api/chat', chat('ollama:llama3:latest'), @to, %as)->status,
        200, 'chat';
    is $t->post('/v1/chat/completions', chat('vllm:Qwen/Qwen3-8B:latest'), @to,
        %as)->status, 200, 'a tag that it added';
    unlike $local->last(qr{^POST /api/chat})->head, qr/openwebui|cookie|$key/i,
        'nothing of the user reaches the vendor';

    is $t->post('/api/pull', { model => 'qwen3:8b', stream => \0 }, @to, %as)
        ->status, 200, 'pull by a name that is new';
},

'tls-clients.conf' => sub {
    my ($t, $text) = @_;

    $t->needs('tls', 'http_ssl');
    $t->ollama('box', models => ['llama3:8b']);
    my $pki = $t->pki;
    my %file = ('server.crt' => 'server', 'server.key' => 'server_key',
        'clients.crt' => 'ca');

    for my $d ('', 'asis/') {
        $t->write_file("$d$_", $t->read_file($pki->{$file{$_}}))
            for keys %file;

        # no crypt(): the sanitizer's own version of it crashes

        $t->write_file("${d}users", "me:{PLAIN}secret\n");
    }

    accepted($t, $text);
    started($t, $text, '127.0.0.1:11434' => '{{box}}');

    my @cert = (listen => 'p8443', tls => { SSL_ca_file => $pki->{ca},
        SSL_verify_mode => 1, SSL_cert_file => $pki->{client},
        SSL_key_file => $pki->{client_key} });
    is names($t->get('/api/tags', @cert)), 'ollama:llama3:8b', 'certificate';

    is $t->get('/api/tags', listen => 'p8443', tls => 1)->status, 400,
        'no certificate';

    my $r = $t->get('/v1/models', listen => 'p8444', tls => 1);
    is $r->status, 401, 'no password';
    is $r->json->{error}{code}, 'invalid_api_key', 'an error in JSON';
    like $r->header('www-authenticate'), qr/^Basic realm/, 'how to come in';

    is ids($t->get('/v1/models', listen => 'p8444', tls => 1, headers =>
        [Authorization => 'Basic bWU6c2VjcmV0'])), 'ollama:llama3:8b',
        'password';
},

);

for my $path (sort glob "$examples/*.conf $examples/*.template") {
    my $file = basename($path);

    subtest $file => sub {
        my $t = ModelTest->new;
        my $drive = $drive{$file} or return fail 'it is driven by a test';

        $drive->($t, text($file));
        $t->done;
    };
}

is scalar(glob "$examples/*.conf") ? 1 : 0, 1, 'there are examples';

done_testing();
