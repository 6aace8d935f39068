package ModelTest::Anthropic;

# A scripted server of Anthropic's dialect.  Options:
#
#     keys => ['sk-ant-...'] (x-api-key or Bearer; 401 without),
#     models => ['claude-a', { id => ..., display_name => ... }]
#     page => n (entries a page of /v1/models, 20), base => ''
#     reply, interval, usage, error_after as in ModelTest::Ollama
#     tool_calls => [{ name => ..., arguments => '{"a":1}', id => ... }]
#     thinking => [pieces], signature, redacted (data of a block after it),
#     cached => n, ping => 1, refused => text (a 400)
#     script => sub { my ($server, $request, $json) = @_ } gives such options
#
# anthropic-version is required, as is max_tokens.

use strict;
use warnings;

use parent 'ModelTest::Backend';

use ModelTest::JSON;

my %TYPE = (400 => 'invalid_request_error', 401 => 'authentication_error',
    402 => 'billing_error', 403 => 'permission_error',
    404 => 'not_found_error', 413 => 'request_too_large',
    429 => 'rate_limit_error', 503 => 'overloaded_error',
    529 => 'overloaded_error');


sub prepare {
    my $self = shift;
    $self->{models} ||= [];
    $self->{base} //= '';
    $self->{page} //= 20;
    $self->{lower_case} = 1;
}


sub failure {
    my ($status, $text) = @_;
    return { status => $status, json => obj(type => 'error', error =>
        obj(type => $TYPE{$status} // 'api_error', message => $text),
        request_id => 'req_011CSHoEeqs5C35K2UUqR7Fy') };
}


# 529 on demand: overloaded(times => n)
sub overloaded {
    my ($self, %o) = @_;
    return $self->fault(%o, status => 529, reason => '',
        body => encode(failure(529, 'Overloaded')->{json}),
        headers => ['content-type', 'application/json', 'x-should-retry',
            'true']);
}


sub rate_limit {
    my ($self, $after, %o) = @_;
    return $self->fault(%o, status => 429,
        body => encode(failure(429, 'Number of requests has exceeded your '
            . 'rate limit')->{json}),
        headers => ['content-type', 'application/json', 'retry-after', $after,
            'anthropic-ratelimit-requests-remaining', 0,
            'anthropic-ratelimit-requests-reset', '2026-08-21T10:00:00Z']);
}


sub handle {
    my ($self, $q) = @_;
    my $r = $self->_route($q);
    push @{ $r->{headers} }, 'request-id', "req_$q->{id}",
        'anthropic-organization-id', 'org-test';
    return $r;
}


sub _route {
    my ($self, $q) = @_;
    my ($path, $m, $h) = @$q{qw(path method headers)};

    $path =~ s{^\Q$self->{base}\E(?=/v1/)}{}
        or return failure(404, 'Not found');
    my ($bearer) = ($h->{authorization} // '') =~ /^Bearer (.+)$/;
    if ($self->{keys}) {
        my @given = grep { defined } $h->{'x-api-key'}, $bearer;
        return failure(401, 'x-api-key header is required') if !@given;
        for my $k (@given) {
            return failure(401, 'invalid x-api-key')
                if !grep { $_ eq $k } @{ $self->{keys} };
        }
    }
    return failure(400, 'anthropic-version: header is required')
        if !defined $h->{'anthropic-version'};

    return $self->_models($q) if $path eq '/v1/models' && $m eq 'GET';
    if ($path =~ m{^/v1/models/(.+)$} && $m eq 'GET') {
        (my $id = $1) =~ s/%([0-9a-fA-F]{2})/chr hex $1/ge;
        my ($e) = grep { $_->{id} eq $id } $self->_entries;
        return $e ? { json => $e } : failure(404, "model: $id");
    }

    return failure(404, 'Not found')
        if $path !~ m{^/v1/messages(?:/count_tokens)?$};
    return failure(405, 'Method Not Allowed') if $m ne 'POST';

    my $j = eval { decode($q->{body}, utf8 => 1) };
    return failure(400, 'The request body is not valid JSON: '
        . ($@ =~ s/\n//r)) if $@ || ref $j ne 'HASH';
    return failure(400, 'model: Field required')
        if !defined $j->{model} || ref $j->{model};
    return failure(404, "model: $j->{model}")
        if !grep { $_->{id} eq $j->{model} } $self->_entries;

    return answer($self, $q, $j);
}


sub _entries {
    my $self = shift;
    return map {
        my %e = ref $_ ? %$_ : (id => $_);
        { type => 'model', display_name => "Name of $e{id}",
            created_at => '2025-05-22T00:00:00Z',
            max_input_tokens => 200000, max_tokens => 64000, %e }
    } @{ $self->{models} };
}


sub _models {
    my ($self, $q) = @_;
    my %arg = map { split /=/, $_, 2 } split /&/, $q->{query} // '';
    my @e = $self->_entries;
    my $limit = $arg{limit} // $self->{page};
    $limit = $self->{page} if $limit > $self->{page};

    if (defined(my $id = $arg{after_id})) {
        $id =~ s/%([0-9a-fA-F]{2})/chr hex $1/ge;
        return failure(400, 'after_id: unknown')
            if !grep { $_->{id} eq $id } @e;
        shift @e while $e[0]{id} ne $id;
        shift @e;
    }

    my $more = @e > $limit;
    splice @e, $limit if $more;
    return { json => obj(data => \@e, has_more => $more ? $TRUE : $FALSE,
        first_id => @e ? $e[0]{id} : undef,
        last_id => @e ? $e[-1]{id} : undef) };
}


# Also used by the scripted Ollama for /v1/messages.
sub answer {
    my ($self, $q, $j) = @_;
    my $count = $q->{path} =~ /count_tokens$/;

    for my $m (@{ $j->{messages} || [] }) {
        return failure(400, 'messages: Unexpected role "' . ($m->{role} // '')
            . '"') if ($m->{role} // '') !~ /^(?:user|assistant)$/;
    }
    return failure(400, 'messages: at least one message is required')
        if !@{ $j->{messages} || [] };
    return { json => { input_tokens => 14 } } if $count;
    return failure(400, 'max_tokens: Field required')
        if ($j->{max_tokens} // 0) < 1;

    $self = $self->scripted($q, $j);
    return failure(400, $self->{refused}) if defined $self->{refused};

    my $r = $self->{reply} // 'Hello from ' . $self->name;
    $r = $r->($self, $q, $j) if ref $r eq 'CODE';
    my @p = ref $r ? @$r : $r =~ /\s*\S+|\s+$/g;
    my $calls = $j->{tools} && $self->{tool_calls} || [];
    my @thinking = @{ $self->{thinking} || [] };
    @p = () if @$calls;
    my $stop = $self->{finish} // (@$calls ? 'tool_use' : 'end_turn');
    my ($in, $out) = @{ $self->{usage} || [11, scalar @p] };
    my $cached = $self->{cached} // 0;
    my @redacted = defined $self->{redacted} ? obj(type =>
        'redacted_thinking', data => $self->{redacted}) : ();
    my @head = (id => "msg_$q->{id}", type => 'message',
        role => 'assistant', model => $j->{model});
    my @input = (input_tokens => $in - $cached,
        cache_creation_input_tokens => 0, cache_read_input_tokens => $cached);

    if (!(ref $j->{stream} && ${ $j->{stream} })) {
        my $i = 0;
        my @blocks = (@thinking ? obj(type => 'thinking', thinking =>
                join('', @thinking), signature => $self->{signature}) : (),
            @redacted, @p ? obj(type => 'text', text => join '', @p) : (),
            map { obj(type => 'tool_use', id => $_->{id} // 'toolu_' . ++$i,
            name => $_->{name}, input => literal($_->{arguments})) }
            @$calls);
        return { json => obj(@head, content => \@blocks,
            stop_reason => $stop, stop_sequence => undef,
            usage => obj(@input, output_tokens => $out)) };
    }

    my @e = obj(type => 'message_start', message => obj(@head, content => [],
        stop_reason => undef, stop_sequence => undef,
        usage => obj(@input, output_tokens => 1)));
    push @e, obj(type => 'ping') if $self->{ping} // 1;

    my $i = 0;
    push @e, _block($i++, obj(type => 'thinking', thinking => '',
            signature => ''), map({ obj(type => 'thinking_delta',
            thinking => $_) } @thinking), obj(type => 'signature_delta',
            signature => $self->{signature})) if @thinking;
    push @e, _block($i++, $_) for @redacted;
    push @e, _block($i++, obj(type => 'text', text => ''),
        map { obj(type => 'text_delta', text => $_) } @p) if @p;
    for (@$calls) {
        push @e, _block($i++, obj(type => 'tool_use',
            id => $_->{id} // "toolu_$i",
            name => $_->{name}, input => {}), map { obj(
            type => 'input_json_delta', partial_json => $_) }
            $_->{arguments} =~ /.{1,5}/gs);
    }

    push @e, obj(type => 'message_delta', delta => obj(stop_reason => $stop,
        stop_sequence => undef), usage => obj(output_tokens => $out)),
        obj(type => 'message_stop');

    if (defined $self->{error_after}) {
        splice @e, $self->{error_after};
        push @e, obj(type => 'error', error => obj(
            type => 'overloaded_error', message => 'Overloaded'));
    }

    return { headers => ['content-type', 'text/event-stream; charset=utf-8'],
        chunks => [map { "event: $_->[1]\ndata: " . encode($_) . "\n\n" }
            @e] };
}


sub _block {
    my ($i, $start, @deltas) = @_;
    return (obj(type => 'content_block_start', index => $i,
            content_block => $start),
        map({ obj(type => 'content_block_delta', index => $i, delta => $_) }
            @deltas),
        obj(type => 'content_block_stop', index => $i));
}

1;
