package ModelTest::Talk;

# What scripted servers answer to the words of a conversation, whatever
# dialect it came in, so that a test can ask each of them the same:
#
#     my $s = $t->openai('p', models => ['m'], ModelTest::Talk::script());
#
#     "weather"    with tools: two calls at once, one more when their results
#                  are there, then a text of all results
#     "think"      thinks first, if the request lets it
#     "picture"    type, size of the pictures of the last turn
#     "schema"     a document, if the request has a schema with "people" in it
#     "system"     the system prompt
#     "refuse", "long", "nothing", "too much": a refusal, an end that came too
#                  early, an empty answer, a 400
#     anything     Hello wörld ..., 11 tokens of which 4 were cached, 7 tokens
#
# A conversation that a real server would not take is a 400 here, too.

use strict;
use warnings;

use MIME::Base64 qw(decode_base64);

use ModelTest::JSON;

our $SIGNATURE = 'EqQBCkYIBxgCKkDsig/+==';
our @TEXT = ('Hello', " w\xc3\xb6rld", ' "quoted"', "\n\n", "\xe2\x80\xa8",
    "\xf0\x9f\x98\x80", ' end');
our @THOUGHT = ('I think', ', so', " \xe2\x80\xa8", "I\nam");
my $DOCUMENT = '{"city":"Z\u00fcrich","people":434000,"river":"Limmat"}';


sub script { return (script => \&_script) }


sub _script {
    my ($server, $q, $j) = @_;
    my $dialect = $q->{path} =~ m{^/api/} ? 'ollama'
        : $q->{path} =~ m{/messages$} ? 'anthropic' : 'openai';
    my $o = eval { _answer($dialect, ModelTest::Talk->can("_$dialect")->($j))
    };
    return $o || { refused => $@ =~ s/\n//r };
}


sub _answer {
    my ($dialect, $t) = @_;
    my %o = (reply => \@TEXT, usage => [11, 7], cached => 4,
        details => [4, 3], signature => $SIGNATURE);
    my ($user) = grep { $_->{role} eq 'user' && length $_->{text} }
        reverse @{ $t->{turns} };
    my $say = $user ? $user->{text} : '';

    if ($say =~ /think/ && $t->{think}) {
        $o{thinking} = \@THOUGHT;
        $o{redacted} = 'c2VhbGVk' if $say =~ /secretly/;
    }

    $say =~ /weather/ && @{ $t->{tools} } ? _weather(\%o, $t, $dialect)
        : $say =~ /picture/ ? _pictures(\%o, $t)
        : $say =~ /schema/ ? _document(\%o, $t)
        : $say =~ /system/ ? ($o{reply} = [map { $_->{text} }
            grep { $_->{role} eq 'system' } @{ $t->{turns} }])
        : $say =~ /refuse/ ? _refusal(\%o, $dialect)
        : $say =~ /long/ ? ($o{reply} = ['Once', ' upon'],
            $o{finish} = $dialect eq 'anthropic' ? 'max_tokens' : 'length',
            $o{done_reason} = 'length')
        : $say =~ /nothing/ ? ($o{reply} = [])
        : $say =~ /too much/ ? ($o{refused} = 'the prompt is "too" long')
        : 1;

    return \%o;
}


sub _weather {
    my ($o, $t, $dialect) = @_;
    my @rounds = grep { @{ $_->{calls} || [] } } @{ $t->{turns} };
    my @results = map { @{ $_->{results} || [] } } @{ $t->{turns} };
    my $n = @rounds;

    die "tools: " . join(' ', @{ $t->{tools} })
        if "@{ $t->{tools} }" ne 'weather average';

    if ($n == 2) {
        $o->{reply} = [map { "$_->{name} $_->{text}; " } @results];
        return;
    }

    # an old Ollama's calls have no id

    my @id = map { { id => $dialect eq 'ollama' && !$n ? ''
        : ($dialect eq 'anthropic' ? 'toolu_01' : 'call_') . "r${n}c$_" } }
        0, 1;
    $o->{weave} = 1;
    $o->{tool_calls} = $n ? [{ name => 'average', arguments => '{"values":['
            . join(', ', map { $_->{text} =~ /([\d.]+)/ } @results)
            . '],"round":true}', %{ $id[0] } }]
        : [{ name => 'weather', arguments => '{"n":1.50,"city":"Z\u00fcrich"}',
            %{ $id[0] } }, { name => 'weather', arguments =>
            '{"city":"Bern"}', %{ $id[1] } }];
}


sub _pictures {
    my ($o, $t) = @_;
    $o->{reply} = [map { "$_->[0] " . length($_->[1]) . '; ' }
        @{ $t->{turns}[-1]{images} }];
}


sub _document {
    my ($o, $t) = @_;
    my $p = $t->{schema} && $t->{schema}{properties};
    die "no schema of people\n" if !$p || !$p->{people};
    $o->{reply} = [$DOCUMENT =~ /.{1,7}/g];
}


sub _refusal {
    my ($o, $dialect) = @_;
    $o->{refusal} = 'I will not do that';
    $o->{reply} = $dialect eq 'anthropic' ? ['Well'] : ['I will not do that'];
    $o->{finish} = 'refusal' if $dialect eq 'anthropic';
}


# ------------------------------------- requests, read as the servers do

sub _turn {
    my ($t, $role) = @_;
    push @{ $t->{turns} }, { role => $role, text => '', images => [] };
    return $t->{turns}[-1];
}


# Results by the calls that they answer; each call has one.
sub _answered {
    my ($calls, $results) = @_;
    my %open = map { $_->{id} => $_ } @$calls;

    for (@$results) {
        my $call = delete $open{ $_->{id} // '' }
            or die "no call has the id \"$_->{id}\"\n";
        $_->{name} = $call->{name};
    }

    die 'no result for ' . join(', ', sort keys %open) . "\n" if %open;
}


sub _openai {
    my $j = shift;
    my $effort = $j->{reasoning_effort} // '';
    my $template = ($j->{chat_template_kwargs} || {})->{enable_thinking};
    my $format = $j->{response_format} || {};
    my %t = (turns => [], tools => [map { $_->{function}{name} }
        @{ $j->{tools} || [] }], think => $template ? $$template
        : length $effort && $effort ne 'none');
    my $calls;

    $t{schema} = $format->{json_schema}{schema}
        if ($format->{type} // '') eq 'json_schema'
        && ($format->{json_schema}{name} // '') =~ /^[a-zA-Z0-9_-]{1,64}$/;

    for my $m (@{ $j->{messages} }) {
        my $role = $m->{role};

        if ($role eq 'tool') {
            die "no calls before a tool message\n" if !$calls;
            push @{ $t{turns}[-1]{results} }, { id => $m->{tool_call_id},
                text => _openai_text($m->{content}) };
            next;
        }

        _answered($calls, $t{turns}[-1]{results}) if $calls;
        undef $calls;
        $role = 'system' if $role eq 'developer';
        my $turn = _turn(\%t, $role);
        $turn->{text} = _openai_text($m->{content}, $turn);
        next if !$m->{tool_calls};
        $calls = $turn->{calls} = [map { decode("$_->{function}{arguments}");
            { id => $_->{id}, name => $_->{function}{name} } }
            @{ $m->{tool_calls} }];
        die "no id\n" if grep { !length($_->{id} // '') } @$calls;
    }

    _answered($calls, $t{turns}[-1]{results}) if $calls;
    return \%t;
}


sub _openai_text {
    my ($content, $turn) = @_;
    return $content // '' if !ref $content;

    for (grep { $_->{type} eq 'image_url' } @$content) {
        $_->{image_url}{url} =~ m{^data:(image/\w+);base64,(.*)$}s
            or die "image_url: not a data URL\n";
        push @{ $turn->{images} }, [$1, decode_base64($2)];
    }

    return join '', map { $_->{text} // '' } @$content;
}


sub _anthropic {
    my $j = shift;
    my $think = $j->{thinking} ? $j->{thinking}{type} : '';
    my $effort = ($j->{output_config} || {})->{effort};
    my $format = ($j->{output_config} || {})->{format} || {};
    my %t = (turns => [], tools => [map { $_->{name} } @{ $j->{tools} || [] }],
        think => scalar($think =~ /^(?:enabled|adaptive)$/),
        schema => $format->{schema});
    my ($role, $calls, $thought) = ('');

    _thinking_rules($j) if $think eq 'enabled';
    _turn(\%t, 'system')->{text} = ref $j->{system} ? join '',
        map { $_->{text} } @{ $j->{system} } : $j->{system}
        if defined $j->{system};
    die "the first is no user\n" if $j->{messages}[0]{role} ne 'user';

    for my $m (@{ $j->{messages} }) {
        my $turn = _turn(\%t, $m->{role});
        $thought = _blocks($turn, $m);
        _answered($calls, $turn->{results} || []) if $calls;
        die "results without calls\n" if !$calls && $turn->{results};
        $calls = $turn->{calls};
        $turn->{thought} = $thought;
    }

    _answered($calls, []) if $calls;
    my ($last) = grep { $_->{role} eq 'assistant' } reverse @{ $t{turns} };
    die "messages: Expected `thinking` or `redacted_thinking`, but found "
        . "`tool_use`\n" if $think eq 'enabled' && $last && $last->{calls}
        && $t{turns}[-1]{results} && !$last->{thought};

    return \%t;
}


sub _thinking_rules {
    my $j = shift;
    my $n = $j->{thinking}{budget_tokens} // 0;
    die "thinking.budget_tokens: $n\n" if $n < 1024 || $n >= $j->{max_tokens};
    die "temperature with thinking\n" if ($j->{temperature} // 1) != 1;
    die "a forced call with thinking\n" if ($j->{tool_choice} || {
        type => 'auto' })->{type} =~ /^(?:any|tool)$/;
}


sub _blocks {
    my ($turn, $m) = @_;
    my ($thought, $other) = (0, 0);

    if (!ref $m->{content}) {
        die "text content blocks must be non-empty\n" if $m->{content} eq '';
        $turn->{text} = $m->{content};
        return 0;
    }

    for (@{ $m->{content} }) {
        my $type = $_->{type};

        if ($type eq 'text') {
            die "text content blocks must be non-empty\n" if $_->{text} eq '';
            $turn->{text} .= $_->{text};

        } elsif ($type eq 'image') {
            push @{ $turn->{images} }, [$_->{source}{media_type},
                decode_base64($_->{source}{data})];

        } elsif ($type eq 'tool_use') {
            die "id \"$_->{id}\"\n" if $_->{id} !~ /^[a-zA-Z0-9_-]+$/;
            die "input is no object\n" if ref $_->{input} ne 'HASH';
            push @{ $turn->{calls} }, { id => $_->{id}, name => $_->{name} };

        } elsif ($type eq 'tool_result') {
            die "results come first\n" if $other;
            push @{ $turn->{results} }, { id => $_->{tool_use_id}, text =>
                ref $_->{content} ? join('', map { $_->{text} }
                @{ $_->{content} }) : $_->{content} // '' };
            next;

        } elsif ($type eq 'thinking') {
            die "Invalid `signature` in `thinking` block\n"
                if ($_->{signature} // '') ne $SIGNATURE;
            die "thinking is not as it was\n"
                if $_->{thinking} ne join '', @THOUGHT;
            $thought = !$other || $thought;
            next if $thought;

        } elsif ($type eq 'redacted_thinking') {
            die "Invalid `data`\n" if $_->{data} ne 'c2VhbGVk';
            next;

        } else {
            die "block of type $type\n";
        }

        $other = 1;
    }

    return $thought;
}


sub _ollama {
    my $j = shift;
    my %t = (turns => [], tools => [map { $_->{function}{name} }
        @{ $j->{tools} || [] }], think => ref $j->{think} ? ${ $j->{think} }
        : $j->{think} // '', schema => ref $j->{format} ? $j->{format} : undef);

    return _generate(\%t, $j) if defined $j->{prompt};

    for my $m (@{ $j->{messages} }) {
        my ($role, $last) = ($m->{role}, $t{turns}[-1]);

        if ($role eq 'tool') {
            my $n = @{ $last->{results} || [] };
            my $name = $last->{calls} && $last->{calls}[$n]
                ? $last->{calls}[$n]{name} : die "a result without a call\n";
            die "result of $m->{tool_name}, call of $name\n"
                if ($m->{tool_name} // $name) ne $name;
            push @{ $last->{results} }, { name => $name,
                text => $m->{content} };
            next;
        }

        my $turn = _turn(\%t, $role);
        $turn->{text} = $m->{content} // '';
        $turn->{calls} = [map { { name => $_->{function}{name} } }
            @{ $m->{tool_calls} }] if @{ $m->{tool_calls} || [] };
        $turn->{images} = _sniff(@{ $m->{images} || [] });
    }

    return \%t;
}


sub _generate {
    my ($t, $j) = @_;
    my $turn;
    _turn($t, 'system')->{text} = $j->{system} if length($j->{system} // '');
    $turn = _turn($t, 'user');
    $turn->{text} = $j->{prompt};
    $turn->{images} = _sniff(@{ $j->{images} || [] });
    return $t;
}


# An Ollama looks into the pictures themselves.
sub _sniff {
    return [map {
        die "illegal base64 data\n" if m{[^A-Za-z0-9+/=]};
        my $bytes = decode_base64($_);
        [$bytes =~ /^\x89PNG/ ? 'image/png' : $bytes =~ /^\xff\xd8\xff/
            ? 'image/jpeg' : 'unknown', $bytes]
    } @_];
}

1;
