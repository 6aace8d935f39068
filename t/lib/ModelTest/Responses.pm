package ModelTest::Responses;

# Answers of the responses API, as the C program bridge_responses_answer writes
# them, for scripts of t/sdk:
#
#     my @answers = ModelTest::Responses::answers($t);   # or skips the file

use strict;
use warnings;

use Test::More ();

use ModelTest::Nginx;

# what is in them that a client makes a text or an error of

my %TEXT = (
    'a text' => 'Hello', 'thinking before a text' => 'Hi',
    'a call after a text' => 'I look', 'a refusal after a text' => 'Well',
    'a text that is cut' => 'Once', 'a text that is filtered' => 'No',
    'a text after a call, and a sign of life' => 'ab',
    'logprobs before and after their text' => 'Hi!',
);
my %ERROR = (
    'an error amid an answer' => 'the vendor "broke"',
    'an error in place of an answer' => 'slow down',
);


sub answers {
    my ($t) = @_;
    my $program = ($ENV{TEST_UNIT_DIR} || "$ModelTest::Nginx::ROOT/build/unit")
        . '/bridge_responses_answer';

    Test::More::plan(skip_all => "$program is missing, \"make unit\" builds it")
        if !-x $program;

    open my $fh, '-|', $program, 'print' or die "$program: $!";
    my (undef, @parts) = split /^== (stream|whole): (.*)\n/m,
        do { local $/; <$fh> };
    close $fh or die "$program: exit status $?";

    my @answers;

    while (my ($kind, $name, $text) = splice @parts, 0, 3) {
        push @answers, { kind => $kind, name => "$name, $kind",
            file => $t->write_file('answer.' . @answers, $text),
            text => $TEXT{$name} // '', error => $ERROR{$name} };
    }

    return @answers;
}

1;
