package ModelTest::Ollama;

# A scripted Ollama that is as strict as a real one: Host and Origin rules,
# name rules, error texts, Go's way to read JSON (one value, case folded,
# last wins), NDJSON.  Options:
#
#     models => ['llama3', { name => 'qwen:7b', context_length => ... }]
#     reply => text | [pieces] | sub { my ($server, $request, $json) = @_ }
#     interval => s, usage => [prompt, completion], thinking => text or pieces,
#     tool_calls => [{ name => ..., arguments => {...}, id => ... }] (if tools
#         are given; id => '' is none), refused => text (a 400)
#     script => sub { my ($server, $request, $json) = @_ } gives such options
#     error_after => n chunks, done_reason, loaded => [names], version
#     registry => [names that can be pulled], origins => [...], busy => 1
#     old => 1 (no capabilities), host_check => 0, utf8 => 1 (400 if invalid)

use strict;
use warnings;

use parent 'ModelTest::Backend';

use Digest::SHA qw(sha256_hex);
use POSIX qw(strftime);
use Time::HiRes ();

use ModelTest::JSON;

my %STRING = map { $_ => 1 } qw(model name source destination prompt suffix
    system template from quantize);
my %REQUEST = (chat => 'ChatRequest', generate => 'GenerateRequest',
    embed => 'EmbedRequest', embeddings => 'EmbeddingRequest',
    show => 'ShowRequest', pull => 'PullRequest', push => 'PushRequest',
    copy => 'CopyRequest', delete => 'DeleteRequest',
    create => 'CreateRequest');

my %ROUTES = (
    '/' => { GET => 'root', HEAD => 'root' },
    '/api/version' => { GET => 'get_version', HEAD => 'get_version' },
    '/api/status' => { GET => 'get_status' },
    '/api/tags' => { GET => 'tags', HEAD => 'tags' },
    '/api/ps' => { GET => 'ps' },
    '/v1/models' => { GET => 'openai_models' },
    '/api/delete' => { DELETE => 'api_delete' },
    (map { ("/api/$_" => { POST => "api_$_" }) } qw(show generate chat embed
        embeddings pull push create copy)),
    (map { ("/v1/$_" => { POST => 'openai' }) } qw(chat/completions
        completions embeddings responses)),
    '/v1/messages' => { POST => 'messages' },
);


sub prepare {
    my $self = shift;

    $self->{html_escape} = 1;
    $self->{version} //= '0.12.3';
    $self->{models} ||= [];
    return if $self->{seen} && $self->{seen} == $self->{models};
    $self->{seen} = $self->{models};
    $self->{installed} = {};
    $self->{blobs} ||= {};
    $self->{age} = 0;
    $self->_add($_) for @{ $self->{models} };
}


sub _add {
    my ($self, $m) = @_;
    my %m = ref $m ? %$m : (name => $m);
    my $age = $self->{age}++;
    my $name = _display($m{name}) // die "bad model name \"$m{name}\"\n";
    my ($family) = $m{name} =~ /(codellama|llama|qwen|mistral|gemma|phi)/;

    my $e = {
        size => 4661224676 - $age,
        digest => sha256_hex($name),
        modified_at => strftime('%Y-%m-%dT%H:%M:%S', gmtime
            1787220000 - 60 * $age) . sprintf('.%09d+02:00', 123456789 + $age),
        family => $family // 'llama',
        parameter_size => '8.0B', quantization_level => 'Q4_0',
        context_length => 8192, embedding_length => 4096,
        capabilities => ['completion', 'tools'], license => 'MIT',
        template => '{{ .Prompt }}', %m, name => $name };
    $e->{families} = [$e->{family}] if !exists $e->{families};

    return $self->{installed}{lc $name} = $e;
}


# The names of the models that the running server has now.
sub names { return @{ $_[0]->ask('_names') } }
sub _names { return [map { $_->{name} } _sorted($_[0])] }

sub _sorted {
    my $self = shift;
    return sort { $b->{modified_at} cmp $a->{modified_at} }
        values %{ $self->{installed} };
}


# The display form of a name, undef when the name is invalid.
sub _display {
    my $n = shift;
    my $tag = 'latest';

    $n =~ s/^\s+|\s+$//g;
    $n =~ s{^[a-z]+://}{};
    my $colon = rindex $n, ':';
    if ($colon > rindex $n, '/') {
        $tag = substr $n, $colon + 1;
        $n = substr $n, 0, $colon;
    }

    my @p = split m{/}, $n, -1;
    my $model = pop @p;
    my $ns = pop @p // 'library';
    my $host = join '/', @p;
    $host = 'registry.ollama.ai' if !@p;

    return if !defined $model
        || $host !~ /^[A-Za-z0-9_][A-Za-z0-9_.:-]{0,349}$/
        || $ns !~ /^[A-Za-z0-9_][A-Za-z0-9_-]{0,79}$/
        || $model !~ /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,79}$/
        || $tag !~ /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,79}$/;

    my $prefix = $host ne 'registry.ollama.ai' ? "$host/$ns/"
        : $ns ne 'library' ? "$ns/" : '';
    return "$prefix$model:$tag";
}


# The installed model of a name, or an answer that says why not.
sub _find {
    my ($self, $n, %text) = @_;
    my $plain = $n;

    return (undef, err(@{ $text{missing} })) if $n !~ /\S/;
    return (undef, err(400, "use either :local or :cloud, not both: \"$n\""))
        if $n =~ /:(?:local|cloud):(?:local|cloud)$/i;

    my $cloud = $plain =~ s/:cloud$//i || $plain =~ /:[^:\/]*-cloud$/i;
    $plain =~ s/:local$//i;
    my $name = _display($plain);
    return (undef, err(400, $text{invalid} // 'invalid model name'))
        if !defined $name;

    my $e = $self->{installed}{lc $name};
    return $e if $e && (!$text{exact} || $e->{name} eq $name);
    return (undef, { status => 401, json => { error => 'unauthorized',
        signin_url => 'https://ollama.com/connect' } }) if $cloud;

    my $x = $text{display} ? $name : $n;
    return (undef, err(404, $text{quoted}
        ? 'model ' . quote($x) . ($text{pull} ? ' not found, try pulling it '
            . 'first' : ' not found')
        : "model '$x' not found"));
}


# ------------------------------------------------------------- the router

sub err {
    my ($status, $text) = @_;
    return { status => $status, json => { error => $text },
        headers => ['Content-Type', 'application/json; charset=utf-8'] };
}


sub _text {
    my ($status, $text, @h) = @_;
    return { status => $status, body => $text,
        headers => ['Content-Type', 'text/plain', @h] };
}


sub _good {
    my $data = shift;
    return { json => $data,
        headers => ['Content-Type', 'application/json; charset=utf-8'] };
}


sub sink {
    my ($self, $q) = @_;
    return "$q->{method} $q->{path}" =~ m{^POST /api/blobs/};
}


sub _origin {
    my ($self, $q) = @_;
    my $o = $q->{headers}{origin} // return ();
    my $host = $q->{headers}{host} // '';

    return () if $o eq '' || $o eq "http://$host" || $o eq "https://$host";
    my $ok = $o =~ m{^https?://(?:localhost|127\.0\.0\.1|0\.0\.0\.0)(?::\d+)?$}
        || $o =~ m{^(?:app|file|tauri|vscode-webview|vscode-file
            |chrome-extension|moz-extension|safari-web-extension)://}x;
    my $star = 0;
    for (@{ $self->{origins} || [] }) {
        my $re = join '.*', map { quotemeta } split /\*/, $_, -1;
        $star = 1 if $_ eq '*';
        $ok = 1 if $o =~ /^$re$/;
    }

    return { status => 403, body => '' } if !$ok;

    my @h = ('Access-Control-Allow-Origin', $star ? '*' : $o, 'Vary',
        'Origin');
    return (undef, @h) if $q->{method} ne 'OPTIONS';
    return { status => 204, headers => [@h,
        'Access-Control-Allow-Methods',
            'GET,POST,PUT,PATCH,DELETE,HEAD,OPTIONS',
        'Access-Control-Allow-Headers', 'Authorization,Content-Type,User-Agent,'
            . 'Accept,X-Requested-With,OpenAI-Beta,x-stainless-timeout',
        'Access-Control-Max-Age', '43200',
        'Vary', 'Access-Control-Request-Method'] };
}


sub _host_allowed {
    my $host = shift;
    $host =~ s/:\d+$//;
    $host =~ s/^\[(.*)\]$/$1/;

    return 1 if $host eq '' || $host =~ /^localhost$|\.(?:localhost|local
        |internal)$/xi || $host =~ /^(?:::1|::|f[cd][0-9a-f:]+)$/i;
    return $host =~ /^(?:0\.0\.0\.0|127\.|10\.|192\.168\.
        |172\.(?:1[6-9]|2\d|3[01])\.)/x && $host =~ /^[\d.]+$/;
}


sub handle {
    my ($self, $q) = @_;
    my ($refused, @h) = $self->_origin($q);
    return $refused if $refused;
    return { status => 403, body => '' } if ($self->{host_check} // 1)
        && !_host_allowed($q->{headers}{host} // '');

    my $r = $self->_route($q);
    push @{ $r->{headers} }, @h;
    return $r;
}


sub _route {
    my ($self, $q) = @_;
    my ($path, $m) = @$q{qw(path method)};

    if ($path =~ m{//}) {
        (my $to = $path) =~ s{//+}{/}g;
        return _text(301, '', Location => $to);
    }

    if ($path =~ m{^/v1/models/([^/]+)$}) {
        return $m eq 'GET' ? $self->openai_model($1)
            : _text(405, '405 method not allowed', Allow => 'GET');
    }

    if ($path =~ m{^/api/blobs/([^/]+)$}) {
        return _text(405, '405 method not allowed', Allow => 'HEAD, POST')
            if $m ne 'HEAD' && $m ne 'POST';
        return $self->blob($q, $1);
    }

    my $route = $ROUTES{$path};
    if (!$route) {
        my $other = $path =~ m{^(.+)/$} ? $1 : "$path/";
        return _text($m eq 'GET' ? 301 : 307, '', Location => $other)
            if $ROUTES{$other} && $other ne '/';
        return _text(404, '404 page not found');
    }

    my $do = $route->{$m} or return _text(405, '405 method not allowed',
        Allow => join ', ', sort keys %$route);
    return $self->$do($q) if $do !~ /^api_(.*)/;

    my ($j, $bad) = $self->_decode($q, $REQUEST{$1});
    return $bad if $bad;
    return err(503, 'server busy, please try again.  maximum pending requests'
        . ' exceeded') if $self->{busy} && $1 =~ /^(?:chat|generate|embed)/;
    return $self->$do($q, $j);
}


sub _kind {
    my $v = shift;
    return ref $v eq 'HASH' ? 'object' : ref $v eq 'ARRAY' ? 'array'
        : ref $v ? 'bool' : encode($v) =~ /^"/ ? 'string' : 'number';
}


# Reads a body as Go does: one value, keys folded, null is no change.
sub _decode {
    my ($self, $q, $type) = @_;
    return (undef, err(400, 'missing request body')) if $q->{body} !~ /\S/;

    my ($v, $pairs) = eval {
        decode_pairs($q->{body}, prefix => 1, utf8 => $self->{utf8});
    };
    return (undef, err(400, $@ =~ s/\n//r)) if $@;
    return (undef, err(400, 'json: cannot unmarshal ' . _kind($v)
        . " into Go value of type api.$type")) if ref $v ne 'HASH';

    my %j;
    for (@$pairs) {
        my ($k, $w) = (lc $_->[0], $_->[1]);
        next if !defined $w || $k eq 'system' && $type eq 'MessagesRequest';
        my $want = $STRING{$k} ? 'string' : $k eq 'stream' ? 'bool'
            : $k eq 'messages' ? 'array' : next;
        return (undef, err(400, 'json: cannot unmarshal ' . _kind($w)
            . " into Go struct field $type.$k of type "
            . ($want eq 'array' ? '[]api.Message' : $want)))
            if _kind($w) ne $want;
    } continue {
        $j{lc $_->[0]} = $_->[1] if defined $_->[1];
    }

    return \%j;
}


sub _model { my $j = shift; return length($j->{model} // '') ? $j->{model}
    : $j->{name} // '' }

sub _streams {
    my $s = shift->{stream};
    return !defined $s || $$s;
}


sub _ndjson {
    my @objects = @_;
    return { headers => ['Content-Type', 'application/x-ndjson'],
        chunks => [map { encode($_, html => 1) . "\n" } @objects] };
}


sub _time {
    my ($s, $us) = Time::HiRes::gettimeofday();
    return strftime('%Y-%m-%dT%H:%M:%S', gmtime $s)
        . sprintf '.%06d789Z', $us;
}


# -------------------------------------------------------- simple documents

sub root {
    my ($self, $q) = @_;
    return { body => 'Ollama is running',
        headers => ['Content-Type', 'text/plain; charset=utf-8'] };
}

sub get_version { return _good({ version => $_[0]{version} }) }
sub get_status {
    return _good({ cloud => { disabled => $FALSE, source => 'none' } });
}


sub _details {
    my ($self, $e) = @_;
    return obj(parent_model => '', format => 'gguf', family => $e->{family},
        families => $e->{families}, parameter_size => $e->{parameter_size},
        quantization_level => $e->{quantization_level},
        $self->{old} ? () : (context_length => $e->{context_length},
            embedding_length => $e->{embedding_length}));
}


sub tags {
    my $self = shift;
    return _good(obj(models => [map { obj(
        name => $_->{name}, model => $_->{name},
        $_->{remote_model} ? (remote_model => $_->{remote_model},
            remote_host => $_->{remote_host}) : (),
        modified_at => $_->{modified_at}, size => $_->{size},
        digest => $_->{digest}, details => $self->_details($_),
        $self->{old} ? () : (capabilities => $_->{capabilities}),
        %{ $_->{extra} || {} },
    ) } $self->_sorted]));
}


sub ps {
    my $self = shift;
    my @loaded = grep { defined } map { $self->{installed}{lc(_display($_)
        // '')} } @{ $self->{loaded} || [] };
    return _good({ models => [map { obj(name => $_->{name},
        model => $_->{name}, size => $_->{size}, digest => $_->{digest},
        details => $self->_details($_),
        expires_at => strftime('%Y-%m-%dT%H:%M:%S.123456789+02:00',
            gmtime time + 7500), size_vram => $_->{size},
        context_length => 4096) } @loaded] });
}


sub api_show {
    my ($self, $q, $j) = @_;
    my ($e, $bad) = $self->_find(_model($j), display => 1,
        missing => [400, 'model is required']);
    return $bad if $bad;

    my $a = $e->{family};
    my $verbose = $j->{verbose} && ${ $j->{verbose} };
    return _good(obj(
        license => $e->{license},
        modelfile => "# Modelfile generated by \"ollama show\"\n"
            . "FROM $e->{name}\nTEMPLATE $e->{template}\n",
        parameters => $e->{parameters} // "num_ctx                        4096",
        template => $e->{template},
        details => $self->_details($e),
        model_info => obj('general.architecture' => $a,
            'general.basename' => $e->{name} =~ s/:.*//r,
            'general.parameter_count' => 8030261248,
            "$a.context_length" => $e->{context_length},
            "$a.embedding_length" => $e->{embedding_length},
            'tokenizer.ggml.tokens' => $verbose ? ['<s>', '</s>', 'a'] : undef,
            %{ $e->{model_info} || {} }),
        $verbose ? (tensors => [obj(name => 'token_embd.weight',
            type => 'Q4_0', shape => [4096, 128256])]) : (),
        $self->{old} ? () : (capabilities => $e->{capabilities}),
        modified_at => $e->{modified_at}));
}


# ------------------------------------------------------------ inference

# The pieces of an answer.
sub pieces {
    my ($self, $q, $j) = @_;
    my $r = $self->{reply} // 'Hello from ' . $self->name;
    $r = $r->($self, $q, $j) if ref $r eq 'CODE';
    return ref $r ? @$r : $r =~ /\s*\S+|\s+$/g;
}

sub usage { my ($self, $n) = @_; return @{ $self->{usage} || [11, $n] } }


sub _metrics {
    my ($self, $n) = @_;
    my ($prompt, $completion) = $self->usage($n);
    return (total_duration => 5043500667, load_duration => 5025959,
        $prompt ? (prompt_eval_count => $prompt) : (),
        prompt_eval_duration => 325953000,
        $completion ? (eval_count => $completion) : (),
        eval_duration => 4709213000);
}


sub _options {
    my $j = shift;
    my $o = $j->{options} or return;
    return err(400, 'option "stop" must be of type array')
        if ref $o eq 'HASH' && defined $o->{stop} && !ref $o->{stop};
    return;
}


sub _is_zero {
    my $k = shift;
    return defined $k && $k =~ /^-?0+(?:\.0+)?(?:[smh]|ms)?$/;
}


sub _generation {
    my ($self, $q, $j, $part) = @_;

    $self = $self->scripted($q, $j);
    return err(400, $self->{refused}) if defined $self->{refused};

    my @p = $self->pieces($q, $j);
    my @head = (model => _model($j), created_at => _time());
    my $calls = @{ $j->{tools} || [] } && $self->{tool_calls};
    my @thinking = map { ref ? @$_ : $_ } $self->{thinking} // ();
    @p = () if $calls;

    my @o = map { obj(@head, $part->('', thinking => $_), done => $FALSE) }
        @thinking;
    push @o, map { obj(@head, $part->($_), done => $FALSE) } @p;
    if ($calls) {
        my $i = 0;
        push @o, obj(@head, $part->('', tool_calls => [map {
            my $id = $_->{id} // sprintf 'call_%08d', $i + 1;
            obj(length $id ? (id => $id) : (), function => obj(
            index => $i++, name => $_->{name},
            arguments => ref $_->{arguments} ? $_->{arguments}
                : literal($_->{arguments}))) } @$calls]), done => $FALSE);
    }

    my @tail = (done => $TRUE, done_reason => $self->{done_reason} // 'stop',
        $self->_metrics(scalar @p));

    if (!_streams($j)) {
        my %more = @thinking ? (thinking => join '', @thinking) : ();
        my %calls = $calls ? @{ $o[-1] } : ();
        $more{tool_calls} = $calls{message}[-1] if $calls;
        return _good(obj(@head, $part->(join('', @p), %more), @tail));
    }

    if (defined $self->{error_after}) {
        splice @o, $self->{error_after};
        return _ndjson(@o, { error => 'an error was encountered while running'
            . ' the model' });
    }

    return _ndjson(@o, obj(@head, $part->(''), @tail));
}


sub api_chat {
    my ($self, $q, $j) = @_;

    for my $m (@{ $j->{messages} || [] }) {
        return err(400, 'json: cannot unmarshal ' . _kind($m->{content})
            . ' into Go struct field ChatRequest.messages.content of type'
            . ' string') if defined $m->{content}
            && _kind($m->{content}) ne 'string';
        return err(400, 'json: cannot unmarshal string into Go struct field '
            . 'ToolCallFunction.messages.tool_calls.function.arguments of '
            . 'type api.ToolCallFunctionArguments')
            if grep { !ref $_->{function}{arguments} }
                @{ $m->{tool_calls} || [] };
    }

    my ($e, $bad) = $self->_find($j->{model} // '',
        missing => [400, 'model is required']);
    $bad ||= _options($j);
    return $bad if $bad;

    my $part = sub { my ($text, @more) = @_;
        return message => obj(role => 'assistant', content => $text, @more) };
    if (!@{ $j->{messages} || [] }) {
        return _good(obj(model => $j->{model}, created_at => _time(),
            $part->(''), done => $TRUE, done_reason => _is_zero(
            $j->{keep_alive}) ? 'unload' : 'load'));
    }

    return err(400, "$e->{name} does not support tools")
        if @{ $j->{tools} || [] }
        && !grep { $_ eq 'tools' } @{ $e->{capabilities} };
    return $self->_generation($q, $j, $part);
}


sub api_generate {
    my ($self, $q, $j) = @_;
    my ($e, $bad) = $self->_find($j->{model} // '',
        missing => [404, "model '' not found"]);
    $bad ||= _options($j);
    return $bad if $bad;

    my $part = sub { return (response => @_) };
    if (!length($j->{prompt} // '')) {
        return _good(obj(model => $j->{model}, created_at => _time(),
            response => '', done => $TRUE, done_reason => _is_zero(
            $j->{keep_alive}) ? 'unload' : 'load'));
    }

    return $self->_generation($q, $j, $part);
}


sub vector {
    my ($text, $n) = @_;
    my @b = unpack 'C*', pack 'H*', sha256_hex($text);
    return [map { $b[$_ % 32] / 256 } 0 .. ($n || 4) - 1];
}


sub api_embed {
    my ($self, $q, $j) = @_;
    my ($e, $bad) = $self->_find($j->{model} // '', quoted => 1, pull => 1,
        missing => [404, "model '' not found"]);
    return $bad if $bad && $bad->{status} != 404;

    my $in = $j->{input} // [];
    return err(400, 'invalid input type') if _kind($in) !~ /string|array/
        || ref $in && grep { ref || _kind($_) ne 'string' } @$in;
    return $bad if $bad;

    my @in = ref $in ? @$in : length $in ? $in : ();
    return _good(obj(model => $j->{model}, embeddings => [map { vector($_,
        $j->{dimensions}) } @in], total_duration => 14143917,
        load_duration => 1019500, prompt_eval_count => 8));
}


sub api_embeddings {
    my ($self, $q, $j) = @_;
    my ($e, $bad) = $self->_find($j->{model} // '', quoted => 1, pull => 1,
        exact => 1, missing => [400, 'model is required']);
    return $bad if $bad;
    return _good({ embedding => length($j->{prompt} // '')
        ? vector($j->{prompt}) : [] });
}


# ----------------------------------------------------------- management

sub _progress {
    my ($j, @o) = @_;
    return _ndjson(@o) if _streams($j);
    my %last = @{ $o[-1] };
    return { status => $last{error} ? 500 : 200, json => $o[-1],
        headers => ['Content-Type', 'application/json'] };
}


sub _layers {
    my ($verb, $name) = @_;
    my $d = sha256_hex($name);
    my @p = (status => "$verb " . substr($d, 0, 12), digest => "sha256:$d",
        total => 4661224676);
    return (obj(@p), obj(@p, completed => 2330612338),
        obj(@p, completed => 4661224676));
}


sub api_pull {
    my ($self, $q, $j) = @_;
    my $name = _display(_model($j)) // return err(400, 'invalid model name');

    my @o = obj(status => 'pulling manifest');
    my ($known) = grep { lc _display($_) eq lc $name }
        @{ $self->{registry} || [] }, map { $_->{name} } $self->_sorted;
    return _progress($j, @o, obj(error =>
        'pull model manifest: file does not exist')) if !defined $known;

    $self->_add($name) if !$self->{installed}{lc $name};
    return _progress($j, @o, _layers('pulling', $name), map { obj(
        status => $_) } 'verifying sha256 digest', 'writing manifest',
        'success');
}


sub api_push {
    my ($self, $q, $j) = @_;
    my $n = _model($j);
    return err(400, 'model is required') if $n !~ /\S/;
    my ($e) = $self->_find($n, missing => [400, '']);
    return _progress($j, obj(error => "model '$n' not found")) if !$e;
    return _progress($j, obj(status => 'retrieving manifest'),
        _layers('pushing', $n), obj(status => 'pushing manifest'),
        obj(status => 'success'));
}


sub api_create {
    my ($self, $q, $j) = @_;
    my $n = _model($j);
    return err(400, 'invalid model name') if !defined _display($n);

    my @o = obj(status => 'gathering model components');
    if (length($j->{from} // '')) {
        my ($e, $bad) = $self->_find($j->{from}, missing => [400, '']);
        return $bad->{status} == 404 ? _progress($j, @o, obj(error =>
            'pull model manifest: file does not exist')) : $bad if !$e;

    } elsif (!%{ $j->{files} || {} }) {
        return err(400, 'neither \'from\' or \'files\' was specified');
    }

    for (values %{ $j->{files} || {} }) {
        return err(400, 'invalid digest format') if !$self->{blobs}{$_};
    }

    $self->_add($n);
    return _progress($j, @o, obj(status => 'writing manifest'),
        obj(status => 'success'));
}


sub api_copy {
    my ($self, $q, $j) = @_;
    my ($from, $to) = map { $_ // '' } @$j{qw(source destination)};

    for (['source', $from], ['destination', $to]) {
        return err(400, "$_->[0] " . quote($_->[1]) . ' is invalid')
            if !defined _display($_->[1]);
    }

    my ($e, $bad) = $self->_find($from, quoted => 1, missing => [400, '']);
    return $bad if $bad;
    $self->_add({ %$e, name => $to });
    return { status => 200, body => '' };
}


sub api_delete {
    my ($self, $q, $j) = @_;
    my $n = _model($j);
    my ($e, $bad) = $self->_find($n, missing => [400, 'model is required'],
        invalid => 'name ' . quote($n) . ' is invalid');
    return $bad if $bad;
    delete $self->{installed}{lc $e->{name}};
    return { status => 200, body => '' };
}


sub blob {
    my ($self, $q, $digest) = @_;
    return err(400, 'invalid digest format')
        if $digest !~ /^sha256[:-]([0-9a-fA-F]{64})$/;
    my $key = 'sha256:' . lc $1;

    if ($q->{method} eq 'HEAD') {
        return $self->{blobs}{$key} ? { body => '' }
            : err(404, "blob \"$key\" not found");
    }

    return { body => '' } if $self->{blobs}{$key};
    return err(400, "digest mismatch, expected \"$key\", got "
        . "\"sha256:$q->{sha256}\"") if $key ne "sha256:$q->{sha256}";
    $self->{blobs}{$key} = 1;
    return { status => 201, body => '' };
}


# ------------------------------------------------ the other two dialects

sub openai_error {
    my ($status, $text) = @_;
    return { status => $status, json => { error => obj(message => $text,
        type => $status == 400 ? 'invalid_request_error' : $status == 404
            ? 'not_found_error' : 'api_error', param => undef,
        code => undef) } };
}


sub _openai_model {
    my $e = shift;
    return obj(id => $e->{name}, object => 'model', created => 1787220000,
        owned_by => $e->{name} =~ m{^(?:.*/)?([^/]+)/} ? $1 : 'library');
}

sub openai_models {
    my $self = shift;
    my @m = map { _openai_model($_) } $self->_sorted;
    return _good(obj(object => 'list', data => @m ? \@m : undef));
}

sub openai_model {
    my ($self, $id) = @_;
    $id =~ s/%([0-9a-fA-F]{2})/chr hex $1/ge;
    my ($e) = $self->_find($id, missing => [404, '']);
    return $e ? _good(_openai_model($e))
        : openai_error(404, "model '$id' not found");
}


sub openai {
    my ($self, $q) = @_;
    require ModelTest::OpenAI;

    my ($j, $bad) = $self->_decode($q, 'ChatCompletionRequest');
    my $e;
    ($e, $bad) = $self->_find($j->{model} // '', missing =>
        [400, 'model is required']) if $j;
    return openai_error($bad->{status}, $bad->{json}{error}) if $bad;
    return openai_error(400, "[] is too short - 'messages'")
        if $q->{path} =~ /chat/ && !@{ $j->{messages} || [] };

    return ModelTest::OpenAI::answer($self, $q, $j, ollama => 1);
}


sub messages {
    my ($self, $q) = @_;
    require ModelTest::Anthropic;

    my ($j, $bad) = $self->_decode($q, 'MessagesRequest');
    my $e;
    ($e, $bad) = $self->_find($j->{model} // '', missing =>
        [400, 'model is required']) if $j;
    return ModelTest::Anthropic::failure($bad->{status}, $bad->{json}{error})
        if $bad;
    return ModelTest::Anthropic::answer($self, $q, $j);
}

1;
