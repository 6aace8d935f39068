package ModelTest::Answer;

# Requests and answers of each API in one shape, for tests of bridges.
#
#     my $r = $t->post(ModelTest::Answer::request('messages', $model,
#         stream => 1, tools => 1));
#     my $a = ModelTest::Answer::read('messages', $r);
#     $a->{text}, {thinking}, {calls} = [{ id, name, arguments }], {finish},
#     {prompt}, {completion}, {model}, {error}, {wrong} = [what is not as the
#     API has it]
#
# Finish is one of stop, length, calls, filter.

use strict;
use warnings;

use JSON::PP ();

use ModelTest::JSON qw(encode $TRUE $FALSE);

my $JSON = JSON::PP->new->utf8->allow_nonref->allow_bignum;

our %PATH = (chat => '/api/chat', generate => '/api/generate',
    completions => '/v1/chat/completions', responses => '/v1/responses',
    messages => '/v1/messages');

my %STREAM = (chat => 'application/x-ndjson',
    generate => 'application/x-ndjson', completions => 'text/event-stream',
    responses => 'text/event-stream', messages => 'text/event-stream');

my $SCHEMA = { type => 'object', properties => { city =>
    { type => 'string' } }, required => ['city'] };


sub decode { return $JSON->decode($_[0]) }
sub _inner { return JSON::PP->new->allow_nonref->allow_bignum->decode($_[0]) }


sub request {
    my ($api, $model, %o) = @_;
    my $text = $o{text} // 'Hi';
    my %r = (model => $model);
    my %function = (name => 'weather', description => 'How it is',
        parameters => $SCHEMA);

    $r{stream} = $o{stream} ? $TRUE : $FALSE;

    if ($api eq 'generate') {
        $r{prompt} = $text;

    } elsif ($api eq 'responses') {
        $r{input} = $text;
        $r{tools} = [{ type => 'function', %function }] if $o{tools};

    } else {
        $r{messages} = [{ role => 'user', content => $text }];
        $r{tools} = [{ type => 'function', function => \%function }]
            if $o{tools};
    }

    if ($api eq 'messages') {
        $r{max_tokens} = 100;
        $r{tools} = [{ name => 'weather', description => 'How it is',
            input_schema => $SCHEMA }] if $o{tools};
    }

    $r{stream_options} = { include_usage => $TRUE }
        if $api eq 'completions' && $o{stream};

    return ($PATH{$api}, encode({ %r, %{ $o{more} || {} } }));
}


sub read {
    my ($api, $r) = @_;
    my $type = $r->header('Content-Type') // '';
    my %a = (text => '', thinking => '', calls => [], wrong => []);
    my $reader = ModelTest::Answer->can("_$api");

    if ($type =~ m{^application/json}) {
        my $j = $r->json;
        $a{error} = _error($api, $j);
        $reader->(\%a, $j, 0) if !defined $a{error};
        return \%a;
    }

    push @{ $a{wrong} }, "type $type"
        if $type !~ /^\Q$STREAM{$api}\E(?:; charset=utf-8)?$/;

    for my $frame ($STREAM{$api} =~ /ndjson/ ? map({ [undef, $_] } _lines(
        \%a, $r)) : _events(\%a, $r))
    {
        my ($event, $j) = @$frame;
        $a{after_error} = 1 if defined $a{error};
        $a{error} //= _error($api, $j) if ref $j;
        $a{frames}++;
        $reader->(\%a, $j, 1, $event) if !defined $a{error};
    }

    return \%a;
}


sub _lines {
    my ($a, $r) = @_;
    my $body = $r->body;
    push @{ $a->{wrong} }, 'no newline at the end' if $body !~ /\n\z/;
    return map { decode($_) } split /\n/, $body;
}


sub _events {
    my ($a, $r) = @_;
    my @e;
    push @{ $a->{wrong} }, 'no blank line at the end'
        if $r->body !~ /\n\n\z/;

    for (split /\n\n/, $r->body) {
        next if /\A:/;
        my ($event) = /^event: (.*)$/m;
        my ($data) = /^data: (.*)$/m;
        push @e, [$event, $data eq '[DONE]' ? $data : decode($data)];
    }

    return @e;
}


sub _error {
    my ($api, $j) = @_;
    my $e = $j->{error};
    return if !defined $e;
    return $e if $api =~ /^(?:chat|generate)$/;
    return ref $e eq 'HASH' ? $e->{message} : "not an object: $e";
}


my %FINISH = (stop => 'stop', length => 'length', tool_calls => 'calls',
    content_filter => 'filter', end_turn => 'stop', stop_sequence => 'stop',
    max_tokens => 'length', tool_use => 'calls', refusal => 'filter');


sub _chat {
    my ($a, $j, $stream) = @_;
    my $m = $j->{message} || {};

    $a->{model} = $j->{model};
    push @{ $a->{wrong} }, 'after done' if $a->{done};
    push @{ $a->{wrong} }, 'no content' if !defined $m->{content};
    push @{ $a->{wrong} }, 'created_at' if ($j->{created_at} // '')
        !~ /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?Z$/;
    $a->{text} .= $m->{content} // '';
    $a->{thinking} .= $m->{thinking} // '';

    for (@{ $m->{tool_calls} || [] }) {
        push @{ $a->{wrong} }, 'arguments are no object'
            if ref $_->{function}{arguments} ne 'HASH';
        push @{ $a->{calls} }, { id => $_->{id},
            name => $_->{function}{name},
            arguments => $_->{function}{arguments} };
    }

    _done($a, $j, $stream);
}


sub _generate {
    my ($a, $j, $stream) = @_;

    $a->{model} = $j->{model};
    push @{ $a->{wrong} }, 'no response' if !defined $j->{response};
    $a->{text} .= $j->{response} // '';
    $a->{thinking} .= $j->{thinking} // '';
    _done($a, $j, $stream);
}


sub _done {
    my ($a, $j, $stream) = @_;
    return if $stream && !${ $j->{done} };

    push @{ $a->{wrong} }, 'done' if !${ $j->{done} };
    $a->{done} = 1;
    $a->{finish} = @{ $a->{calls} } ? 'calls'
        : $FINISH{ $j->{done_reason} // '' };
    $a->{prompt} = $j->{prompt_eval_count};
    $a->{completion} = $j->{eval_count};
}


sub _completions {
    my ($a, $j, $stream) = @_;

    if (!ref $j) {
        $a->{done} = 1;
        return;
    }

    $a->{model} = $j->{model};
    push @{ $a->{wrong} }, 'object' if $j->{object}
        ne 'chat.completion' . ($stream ? '.chunk' : '');
    push @{ $a->{wrong} }, 'ids differ' if ($a->{id} //= $j->{id}) ne $j->{id};
    push @{ $a->{wrong} }, 'after [DONE]' if $a->{done};

    if ($j->{usage}) {
        $a->{prompt} = $j->{usage}{prompt_tokens};
        $a->{completion} = $j->{usage}{completion_tokens};
    }

    my $c = $j->{choices}[0] or return;
    my $d = $stream ? $c->{delta} : $c->{message};
    push @{ $a->{wrong} }, 'role is not first'
        if $stream && !$a->{started}++ && ($d->{role} // '') ne 'assistant';
    push @{ $a->{wrong} }, 'content after finish'
        if defined $a->{finish} && length($d->{content} // '');
    $a->{text} .= $d->{content} // '';
    $a->{thinking} .= $d->{reasoning_content} // '';

    for (@{ $d->{tool_calls} || [] }) {
        my $i = $stream ? $_->{index} : @{ $a->{calls} };
        my $call = $a->{calls}[$i] ||= { arguments => '' };
        $call->{id} //= $_->{id};
        $call->{name} //= $_->{function}{name};
        $call->{arguments} .= $_->{function}{arguments} // '';
    }

    $a->{finish} = $FINISH{ $c->{finish_reason} } if $c->{finish_reason};
    $a->{done} = 1 if !$stream;
    _parse($a) if defined $a->{finish};
}


sub _parse {
    my $a = shift;

    for (@{ $a->{calls} }) {
        $_->{arguments} = eval { _inner($_->{arguments} || '{}') }
            // "no JSON: $_->{arguments}" if !ref $_->{arguments};
    }
}


sub _responses {
    my ($a, $j, $stream, $event) = @_;
    my $whole = $stream ? $j->{response} : $j;

    if ($stream) {
        push @{ $a->{wrong} }, "event $event" if ($j->{type} // '') ne $event;
        push @{ $a->{wrong} }, 'sequence_number'
            if $j->{sequence_number} != ($a->{sequence} // -1) + 1;
        $a->{sequence} = $j->{sequence_number};
        $a->{deltas} .= $j->{delta}
            if $j->{type} eq 'response.output_text.delta';
        return if $j->{type} !~ /^response\.(?:completed|incomplete|failed)$/;
    }

    $a->{done} = 1;
    $a->{model} = $whole->{model};
    $a->{prompt} = $whole->{usage}{input_tokens};
    $a->{completion} = $whole->{usage}{output_tokens};

    for (@{ $whole->{output} }) {
        $a->{text} .= join '', map { $_->{text} // '' } @{ $_->{content} }
            if $_->{type} eq 'message';
        $a->{thinking} .= join '', map { $_->{text} } @{ $_->{summary} || [] },
            @{ $_->{content} || [] } if $_->{type} eq 'reasoning';
        push @{ $a->{calls} }, { id => $_->{call_id}, name => $_->{name},
            arguments => _inner($_->{arguments}) }
            if $_->{type} eq 'function_call';
    }

    push @{ $a->{wrong} }, 'deltas are not the text'
        if $stream && ($a->{deltas} // '') ne $a->{text};
    my $why = $whole->{incomplete_details}{reason} // '';
    $a->{finish} = $whole->{status} eq 'completed'
        ? (@{ $a->{calls} } ? 'calls' : 'stop')
        : { max_output_tokens => 'length', content_filter => 'filter' }->{$why};
}


sub _messages {
    my ($a, $j, $stream, $event) = @_;

    return _message($a, $j) if !$stream;
    push @{ $a->{wrong} }, 'event ' . ($event // 'without a name')
        if ($event // '') ne $j->{type};
    push @{ $a->{wrong} }, 'after message_stop' if $a->{done};

    my $type = $j->{type};

    if ($type eq 'message_start') {
        push @{ $a->{wrong} }, 'two starts' if $a->{started}++;
        $a->{model} = $j->{message}{model};
        $a->{start} = $j->{message}{usage}{input_tokens};

    } elsif ($type eq 'content_block_start') {
        push @{ $a->{wrong} }, 'index ' . $j->{index}
            if $j->{index} != ($a->{blocks} // 0) || $a->{open};
        $a->{open} = $j->{content_block}{type};
        push @{ $a->{calls} }, { id => $j->{content_block}{id},
            name => $j->{content_block}{name}, arguments => '' }
            if $a->{open} eq 'tool_use';

    } elsif ($type eq 'content_block_delta') {
        my $d = $j->{delta};
        my %of = (text_delta => 'text', thinking_delta => 'thinking',
            signature_delta => 'thinking', input_json_delta => 'tool_use');
        push @{ $a->{wrong} }, "$d->{type} in " . ($a->{open} // 'no block')
            if $of{ $d->{type} } ne ($a->{open} // '');
        $a->{text} .= $d->{text} // '';
        $a->{thinking} .= $d->{thinking} // '';
        $a->{calls}[-1]{arguments} .= $d->{partial_json}
            if defined $d->{partial_json};

    } elsif ($type eq 'content_block_stop') {
        $a->{blocks}++;
        delete $a->{open};

    } elsif ($type eq 'message_delta') {
        $a->{finish} = $FINISH{ $j->{delta}{stop_reason} };
        $a->{completion} = $j->{usage}{output_tokens};
        $a->{prompt} = $j->{usage}{input_tokens} // $a->{start};

    } elsif ($type eq 'message_stop') {
        push @{ $a->{wrong} }, 'a block is open' if $a->{open};
        $a->{done} = 1;
        _parse($a);
    }
}


sub _message {
    my ($a, $j) = @_;

    $a->{done} = 1;
    $a->{model} = $j->{model};
    $a->{finish} = $FINISH{ $j->{stop_reason} };
    $a->{prompt} = $j->{usage}{input_tokens};
    $a->{completion} = $j->{usage}{output_tokens};

    for (@{ $j->{content} }) {
        $a->{text} .= $_->{text} if $_->{type} eq 'text';
        $a->{thinking} .= $_->{thinking} if $_->{type} eq 'thinking';
        push @{ $a->{calls} }, { id => $_->{id}, name => $_->{name},
            arguments => $_->{input} } if $_->{type} eq 'tool_use';
    }
}


1;
