package ModelTest::OpenAI;

# A scripted server of OpenAI's dialect, by default one behind uvicorn:
# lower-case header names, idle connections closed after 5 s.  Options:
#
#     style => 'openai' | 'vllm' | 'llama' | 'lmstudio' | 'openrouter'
#     base => '/v1' (or '/api/v1', '/openai/v1', '')
#     keys => ['sk-...'] (401 without one of them)
#     models => ['gpt-4o', { id => ..., context => 8192, ... extra fields }]
#     reply, interval, usage, error_after as in ModelTest::Ollama
#     tool_calls => [{ name => ..., arguments => '{"a":1}', id => ... }] (in
#         fragments, if the request has tools), comment => 'text' (SSE first)
#     finish => 'stop', utf8 => 1 (400 for invalid UTF-8)
#     thinking => [pieces], refusal => text, details => [cached, reasoning]
#     weave => 1 (fragments of calls by turns), refused => text (a 400)
#     script => sub { my ($server, $request, $json) = @_ } gives such options
#     idle => s until an idle connection is closed (5; 0 is never)
#
# Model ids are exact and case sensitive; a body is one JSON document.

use strict;
use warnings;

use parent 'ModelTest::Backend';

use ModelTest::JSON;


sub prepare {
    my $self = shift;
    $self->{style} //= 'openai';
    $self->{base} //= '/v1';
    $self->{models} ||= [];
    $self->{lower_case} = 1;
    $self->{idle} //= 5;
}


sub entries {
    my $self = shift;
    return map { ref $_ ? $_ : { id => $_ } } @{ $self->{models} };
}


sub failure {
    my ($self, $status, $text, %o) = @_;
    my $style = $self->{style};
    my %name = (400 => 'BadRequestError', 404 => 'NotFoundError');

    my $e = $style eq 'vllm' ? obj(message => $text, type => $name{$status}
            // 'InternalServerError', param => $o{param}, code => $status)
        : $style eq 'llama' ? obj(code => $status, message => $text,
            type => $status == 404 ? 'not_found_error'
                : $status == 401 ? 'authentication_error'
                : 'invalid_request_error')
        : $style eq 'openrouter' ? obj(code => $status, message => $text)
        : obj(message => $text, type => $o{type} // 'invalid_request_error',
            param => $o{param}, code => $o{code});

    return { status => $status, json => { error => $e } };
}


# 429 on demand: rate_limit($seconds, times => n)
sub rate_limit {
    my ($self, $after, %o) = @_;
    my $r = failure({ style => 'openai' }, 429, 'Rate limit reached',
        type => 'requests', code => 'rate_limit_exceeded');
    return $self->fault(%o, status => 429, body => encode($r->{json}),
        headers => ['content-type', 'application/json', 'retry-after', $after,
            'retry-after-ms', $after * 1000,
            'x-ratelimit-remaining-requests', 0,
            'x-ratelimit-reset-requests', "${after}s"]);
}


sub _unauthorized {
    my ($self, $q) = @_;
    my $keys = $self->{keys} or return;
    my ($bearer) = ($q->{headers}{authorization} // '') =~ /^Bearer (.+)$/;
    $bearer //= $q->{headers}{'x-api-key'} if $self->{style} eq 'llama';
    return if defined $bearer && grep { $_ eq $bearer } @$keys;

    return { status => 401, json => { error => 'Unauthorized' } }
        if $self->{style} eq 'vllm';
    return failure($self, 401, 'Invalid API Key') if $self->{style} eq 'llama';
    return failure($self, 401, "You didn't provide an API key.")
        if !defined $bearer;
    return failure($self, 401, 'Incorrect API key provided: '
        . substr($bearer, 0, 3) . '****.', code => 'invalid_api_key');
}


sub handle {
    my ($self, $q) = @_;
    my $r = $self->_route($q);

    push @{ $r->{headers} }, 'server', 'uvicorn',
        'x-request-id', "req_$q->{id}";
    push @{ $r->{headers} }, 'openai-organization', 'org-test',
        'openai-processing-ms', 7, 'openai-version', '2020-10-01',
        'x-ratelimit-limit-requests', 500,
        'x-ratelimit-remaining-requests', 499,
        'x-ratelimit-reset-requests', '120ms',
        'set-cookie', '__cf_bm=secret; path=/; HttpOnly',
        'set-cookie', '_cfuvid=secret2; path=/'
        if $self->{style} eq 'openai';
    push @{ $r->{headers} }, 'access-control-allow-origin',
        $q->{headers}{origin} // '' if $self->{style} eq 'llama';

    return $r;
}


sub _route {
    my ($self, $q) = @_;
    my ($path, $m) = @$q{qw(path method)};

    return { body => '' } if $path eq '/health' && $m eq 'GET';
    my $unknown = failure($self, 404, "Invalid URL ($m $path)",
        code => 'unknown_url');
    $unknown = { json => { error => 'Unexpected endpoint or method. '
        . "($m $path)" } } if $self->{style} eq 'lmstudio';
    $path =~ s{^\Q$self->{base}\E(?=/)}{} or return $unknown;

    my $denied = $self->_unauthorized($q);
    return $denied if $denied;

    if ($path eq '/models' && $m eq 'GET') {
        my @d = map { $self->_entry($_) } $self->entries;
        return { json => $self->{style} eq 'openrouter' ? { data => \@d }
            : obj(object => 'list', data => \@d) };
    }

    if ($path =~ m{^/models/(.+)$} && $m eq 'GET') {
        (my $id = $1) =~ s/%([0-9a-fA-F]{2})/chr hex $1/ge;
        my ($e) = grep { $_->{id} eq $id } $self->entries;
        return $e ? { json => $self->_entry($e) } : $self->_no_model($id);
    }

    return $unknown if $path !~ m{^/(?:chat/completions|completions|embeddings
        |responses|moderations|rerank|images/\w+|audio/\w+)$}x;
    return failure($self, 405, 'Method Not Allowed',
        code => 'method_not_supported') if $m ne 'POST';

    my $type = $q->{headers}{'content-type'} // '';
    return $self->_form($q, $path, $type) if $type =~ m{^multipart/form-data}i;

    my $j = eval { decode($q->{body}, utf8 => $self->{utf8}) };
    return failure($self, 400, 'We could not parse the JSON body of your '
        . "request: $@") if $@ || ref $j ne 'HASH';
    my $bad = $self->_check($j->{model}, $path);
    return $bad if $bad;

    return answer($self, $q, $j);
}


sub _no_model {
    my ($self, $id) = @_;
    return failure($self, 404, "The model `$id` does not exist.",
        param => 'model') if $self->{style} eq 'vllm';
    return failure($self, 404, "The model `$id` does not exist or you do not "
        . 'have access to it.', code => 'model_not_found');
}


sub _check {
    my ($self, $id, $path) = @_;
    return if !defined $id && $path =~ m{^/(?:moderations|images|responses)};
    return failure($self, 400, 'you must provide a model parameter')
        if !defined $id || ref $id || $id eq '';
    return if grep { $_->{id} eq $id } $self->entries;
    return $self->_no_model($id);
}


sub _entry {
    my ($self, $e) = @_;
    my %e = %$e;
    my ($id, $context, $created) = delete @e{qw(id context created)};
    my $style = $self->{style};
    my @head = (id => $id, object => 'model', created => $created
        // 1686935002);
    $context //= 8192;

    my @r = $style eq 'vllm' ? (@head, owned_by => 'vllm', root => "/srv/$id",
            parent => undef, max_model_len => $context, permission =>
            [obj(id => 'modelperm-1', object => 'model_permission')])
        : $style eq 'llama' ? (@head, owned_by => 'llamacpp',
            meta => obj(vocab_type => 2, n_vocab => 128256,
                n_ctx_train => $context, n_embd => 4096,
                n_params => 8030261312, size => 4912898304))
        : $style eq 'openrouter' ? (id => $id, canonical_slug => $id,
            name => "Name of $id", created => $created // 1686935002,
            description => 'A model', context_length => $context,
            architecture => obj(input_modalities => ['text', 'image'],
                output_modalities => ['text'], tokenizer => 'GPT'),
            pricing => obj(prompt => '0.0000025', completion => '0.00001',
                request => '0', image => '0.003613'),
            top_provider => obj(context_length => $context,
                max_completion_tokens => 4096, is_moderated => $FALSE),
            supported_parameters => ['tools', 'temperature'])
        : $style eq 'lmstudio' ? (id => $id, object => 'model',
            owned_by => 'organization_owner')
        : (@head, owned_by => 'openai');

    return obj(@r, map { $_ => $e{$_} } sort keys %e);
}


# The parts of a form by name; a file part counts by its content.
sub form {
    my ($body, $type) = @_;
    my ($b) = $type =~ /boundary="?([^";]+)"?/ or return;
    my %f;

    for (split /(?:^|\r\n)--\Q$b\E/, $body) {
        next if !s/^\r\n//;
        my ($head, $content) = split /\r\n\r\n/, $_, 2;
        $f{$1} = $content if defined $content
            && $head =~ /[;\s]name="?([^";\r\n]+)"?/i;
    }

    return \%f;
}


sub _form {
    my ($self, $q, $path, $type) = @_;
    my $f = form($q->{body}, $type)
        or return failure($self, 400, 'could not parse the form');
    my $bad = $self->_check($f->{model}, $path);
    return $bad if $bad;

    if ($path =~ m{^/audio/} && !defined $f->{file}) {
        return failure($self, 400, 'file is missing', param => 'file');
    }

    return _images() if $path =~ m{^/images};
    my $text = 'heard ' . length($f->{file} // '') . ' bytes';
    my $format = $f->{response_format} // 'json';
    return { body => "$text\n", headers => ['content-type',
        'text/plain; charset=utf-8'] } if $format =~ /^(?:text|srt|vtt)$/;
    return { json => { text => $text } };
}

sub _images { return { json => obj(created => 1755770000,
    data => [{ b64_json => 'aGVsbG8=' }]) } }


# ------------------------------------------------------------- answers

sub _pieces {
    my ($self, $q, $j) = @_;
    my $r = $self->{reply} // 'Hello from ' . $self->name;
    $r = $r->($self, $q, $j) if ref $r eq 'CODE';
    return ref $r ? @$r : $r =~ /\s*\S+|\s+$/g;
}

sub _usage {
    my ($self, $n) = @_;
    my ($p, $c) = @{ $self->{usage} || [11, $n] };
    my ($cached, $reasoning) = @{ $self->{details} || [] };
    return obj(prompt_tokens => $p, completion_tokens => $c,
        total_tokens => $p + $c, defined $cached ? (
        prompt_tokens_details => obj(cached_tokens => $cached,
            audio_tokens => 0),
        completion_tokens_details => obj(reasoning_tokens => $reasoning,
            audio_tokens => 0, accepted_prediction_tokens => 0,
            rejected_prediction_tokens => 0)) : ());
}

sub _true { return ref $_[0] && ref $_[0] ne 'HASH' && ${ $_[0] } }

sub _sse { return ['content-type', 'text/event-stream; charset=utf-8'] }


# Also used by the scripted Ollama for its /v1 routes.
sub answer {
    my ($self, $q, $j, %o) = @_;
    my $path = $q->{path};

    $self = $self->scripted($q, $j);
    return failure($self, 400, $self->{refused}) if defined $self->{refused};

    return _chat($self, $q, $j, %o) if $path =~ m{/chat/completions$};
    return _completion($self, $q, $j, %o) if $path =~ m{/completions$};
    return _embeddings($j) if $path =~ m{/embeddings$};
    return _responses($self, $q, $j) if $path =~ m{/responses$};
    return _images() if $path =~ m{/images/};
    return { body => "\xff\xfb\x90\x44" . "\0\x01\x02\xff" x 256,
        headers => ['content-type', 'audio/mpeg'] } if $path =~ m{/speech$};
    return { json => obj(id => 'modr-1', model => $j->{model}
        // 'omni-moderation-latest', results => [obj(flagged => $FALSE,
        categories => { hate => $FALSE }, category_scores => { hate => 0.01 }
        )]) } if $path =~ m{/moderations$};

    my $i = 0;
    return { json => obj(id => 'rerank-1', model => $j->{model},
        results => [map { obj(index => $i++, relevance_score => 0.5 / $i) }
        @{ $j->{documents} || [] }]) };
}


sub _chat {
    my ($self, $q, $j, %o) = @_;
    my @p = _pieces($self, $q, $j);
    my $calls = $j->{tools} && $self->{tool_calls} || [];
    my $finish = $self->{finish} // (@$calls ? 'tool_calls' : 'stop');
    my @thinking = @{ $self->{thinking} || [] };
    my $refusal = $self->{refusal};
    @p = () if @$calls || defined $refusal;
    my @tail = $o{ollama} ? (system_fingerprint => 'fp_ollama') : ();
    my @head = (id => "chatcmpl-$q->{id}");
    my @rest = (created => 1755770000, model => $j->{model}, @tail);

    if (!_true($j->{stream})) {
        my $i = 0;
        my @calls = map { obj(id => $_->{id} // 'call_' . ++$i,
            type => 'function', function => obj(name => $_->{name},
                arguments => $_->{arguments})) } @$calls;
        return { json => obj(@head, object => 'chat.completion', @rest,
            choices => [obj(index => 0, message => obj(role => 'assistant',
                content => (@calls || defined $refusal) && !$o{ollama}
                    ? undef : join('', @p),
                @thinking ? (reasoning_content => join '', @thinking) : (),
                defined $refusal ? (refusal => $refusal) : (),
                @calls ? (tool_calls => \@calls) : ()),
                finish_reason => $finish)],
            usage => _usage($self, scalar @p)) };
    }

    my $ask = ref $j->{stream_options} eq 'HASH'
        && _true($j->{stream_options}{include_usage});
    my @null = $ask && !$o{ollama} ? (usage => undef) : ();
    my $chunk = sub {
        my ($delta, $reason) = @_;
        return obj(@head, object => 'chat.completion.chunk', @rest,
            choices => [obj(index => 0, delta => $delta,
                finish_reason => $reason)], @null);
    };

    my @e = $chunk->(obj(role => 'assistant', content => ''));
    push @e, map { $chunk->(obj(reasoning_content => $_)) } @thinking;
    push @e, map { $chunk->(obj(content => $_)) } @p;
    push @e, map { $chunk->(obj(refusal => $_)) } $refusal =~ /\s*\S+/g
        if defined $refusal;
    push @e, map { $chunk->(obj(tool_calls => [$_])) }
        _fragments($self, @$calls);
    push @e, $chunk->(obj(), $finish);
    push @e, obj(@head, object => 'chat.completion.chunk', @rest,
        choices => [], usage => _usage($self, scalar @p)) if $ask;

    return _stream($self, @e);
}


# Calls in pieces, one call after the other or by turns.
sub _fragments {
    my ($self, @calls) = @_;
    my @of;

    for my $i (0 .. $#calls) {
        my ($id, $name, $arguments) = @{ $calls[$i] }{qw(id name arguments)};
        push @{ $of[$i] }, obj(index => $i, id => $id // 'call_' . ($i + 1),
            type => 'function', function => obj(name => $name,
            arguments => '')), map { obj(index => $i,
            function => obj(arguments => $_)) } $arguments =~ /.{1,5}/gs;
    }

    return map { @$_ } @of if !$self->{weave};

    my @f;
    while (my @rest = grep { @$_ } @of) {
        push @f, map { shift @$_ } @rest;
    }
    return @f;
}


sub _stream {
    my ($self, @e) = @_;

    if (defined $self->{error_after}) {
        splice @e, $self->{error_after};
        push @e, { error => obj(message => 'The server had an error',
            type => 'server_error', param => undef, code => undef) };
    }

    return { headers => _sse(), chunks => [
        defined $self->{comment} ? ": $self->{comment}\n\n" : (),
        map({ 'data: ' . encode($_, html => $self->{html_escape}) . "\n\n" }
            @e), "data: [DONE]\n\n"] };
}


sub _completion {
    my ($self, $q, $j, %o) = @_;
    my @p = _pieces($self, $q, $j);
    my $make = sub {
        my ($text, $reason, @more) = @_;
        return obj(id => "cmpl-$q->{id}", object => 'text_completion',
            created => 1755770000, model => $j->{model}, choices =>
            [obj(text => $text, index => 0, logprobs => undef,
            finish_reason => $reason)], @more);
    };

    return { json => $make->(join('', @p), 'stop',
        usage => _usage($self, scalar @p)) } if !_true($j->{stream});
    return _stream($self, map({ $make->($_) } @p), $make->('', 'stop'));
}


sub _embeddings {
    my $j = shift;
    my @in = ref $j->{input} ? @{ $j->{input} } : ($j->{input} // '');
    my $base64 = ($j->{encoding_format} // '') eq 'base64';
    my ($i, @d) = (0);
    require MIME::Base64;

    for my $text (@in) {
        my @v = map { (ord(substr(ref $text ? 'x' : "$text    ", $_, 1)) % 64)
            / 64 } 0 .. 3;
        push @d, obj(object => 'embedding', index => $i++,
            embedding => $base64
                ? MIME::Base64::encode_base64(pack('f<*', @v), '') : \@v);
    }

    return { json => obj(object => 'list', data => \@d,
        model => $j->{model}, usage => obj(prompt_tokens => 4 * @in,
        total_tokens => 4 * @in)) };
}


sub _responses {
    my ($self, $q, $j) = @_;
    my @p = _pieces($self, $q, $j);
    my $id = "resp_$q->{id}";
    my $make = sub {
        my ($status, @more) = @_;
        return obj(id => $id, object => 'response', created_at => 1755770000,
            status => $status, model => $j->{model}, @more);
    };
    my $message = obj(type => 'message', id => "msg_$q->{id}",
        role => 'assistant', status => 'completed', content =>
        [obj(type => 'output_text', text => join('', @p), annotations => [])]);
    my $n = scalar @p;
    my $whole = $make->('completed', output => [$message],
        usage => obj(input_tokens => 11, output_tokens => $n,
        total_tokens => 11 + $n));

    return { json => $whole } if !_true($j->{stream});

    my $s = 0;
    my @e = (['response.created', response => $make->('in_progress',
            output => [])],
        ['response.output_item.added', output_index => 0,
            item => obj(type => 'message', id => "msg_$q->{id}")],
        map({ ['response.output_text.delta', output_index => 0,
            content_index => 0, delta => $_] } @p),
        ['response.output_text.done', output_index => 0,
            text => join('', @p)],
        ['response.output_item.done', output_index => 0, item => $message],
        ['response.completed', response => $whole]);

    return { headers => _sse(), chunks => [map { my ($type, @m) = @$_;
        "event: $type\ndata: " . encode(obj(type => $type,
            sequence_number => $s++, @m)) . "\n\n" } @e] };
}

1;
