#!/usr/bin/perl

# Tests for our own style rules over the sources, tests and scripts.

use strict;
use warnings;

use File::Find;
use FindBin;
use Test::More;

my $root = "$FindBin::Bin/..";
my $leftover = join '|', 'TO' . 'DO', 'FIX' . 'ME', 'X' x 3, 'HA' . 'CK',
    '[Pp]lace' . 'holder|[Ff]or' . ' now|[Nn]ot ' . 'implemented';

# every check takes a name and lines, and gives complaints: [line, what]

sub check_text {
    my ($name, @lines) = @_;
    my @bad;

    for my $i (0 .. $#lines) {
        my $at = $i + 1;

        push @bad, [$at, 'tab'] if $lines[$i] =~ /\t/
            && $name !~ m{\.go$|/go\.mod$};
        push @bad, [$at, 'trailing blank'] if $lines[$i] =~ /[ \t\r]$/;
        push @bad, [$at, 'leftover word'] if $lines[$i] =~ /\b(?:$leftover)\b/;
    }

    push @bad, [scalar @lines, 'blank line at the end']
        if @lines && $lines[-1] eq '';

    return @bad;
}


# the same lines with strings and comments emptied

sub code {
    my $text = join "\n", @_;

    $text =~ s{(/\*.*?\*/)|"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)+'}
              {defined $1 ? $1 =~ tr/\n//cdr : '""'}gse;

    return split /\n/, $text, -1;
}


sub balanced {
    my ($line) = @_;

    return ($line =~ tr/(//) == ($line =~ tr/)//);
}


sub check_c {
    my ($name, @lines) = @_;
    my @bad = check_text($name, @lines);
    my @code = code(@lines);
    my ($open, $closed, $blank) = (0, 0, 0);

    push @bad, [900, 'file over 900 lines'] if @lines > 900;

    for my $i (0 .. $#lines) {
        my ($at, $line, $code) = ($i + 1, $lines[$i], $code[$i] // '');
        my $next = $code[$i + 1] // '';
        my $bad = sub { push @bad, [$at, $_[0]] };

        $code =~ s/\s+$//;

        if ($line eq '') {
            $bad->('three blank lines') if ++$blank == 3;
            next;
        }

        $bad->('over 80 columns') if length $line > 80;
        $bad->('// comment') if $code =~ m{//};
        $bad->('keyword without blank')
            if $code =~ /\b(?:if|for|while|switch|return)\(/;
        $bad->('version #if outside compat.h')
            if $code =~ /^#\s*(?:el)?if.*\bnginx_version\b/
               && $name !~ /_compat\.h$/;
        $bad->('brace placement')
            if $code =~ /\)\{|\}\s*else\b(?!\ (?:\{|if\ \())|^\s*else\b/
               || $code =~ /^\w.*\)\s*\{$/ && $code !~ /=/
               || $code =~ /^\s+(?:if|for|while|switch) \(.*\)$/
                  && balanced($code) && $next =~ /^\s*\{/
                  && length $line < 79;
        $bad->('statement without braces')
            if $code =~ /^\s+(?:if|for|while) \(.*\)$/ && balanced($code)
               && $next !~ /^\s*\{/;
        $bad->('no blank line before else')
            if $code =~ /^\s*\} else\b/ && $lines[$i - 1] ne '';

        # functions: their type, name, braces at column 0

        if ($closed) {
            my $least = $code =~ /^#\s*(?:endif|el)/ ? 1 : 2;

            $bad->('not two blank lines after a function') if $blank < $least;
            $closed = 0;
        }

        if ($code =~ /^[a-z]\w*\(/ && $i > 0 && $lines[$i - 1] =~ /^\w/) {
            my $above = $i > 1 ? $lines[$i - 2] : '';

            $bad->('not two blank lines before a function')
                if $above eq '' && $i > 2
                   && $lines[$i - 3] !~ m{^$|^\}$|^#|\*/$};
        }

        $bad->('return type on the line of the name')
            if $code =~ /^[a-z][\w \*]*[ \*]\w+\(.*[^;,]$/ && $next eq '{';

        $open = $at if $code eq '{';

        if ($open && $code =~ /^\}/) {
            $bad->('function over 100 lines') if $at - $open > 100;
            ($open, $closed) = (0, $code eq '}');
        }

        $blank = 0;
    }

    return @bad;
}


# the checks themselves: one complaint each, and none

my $good = "static int\nf(int a)\n{\n    if (a) {\n        return \"//\";\n\n"
    . "    } else {\n        a = 'x';  /* if(a) // */\n    }\n}\n";

my @samples = (
    ['good', $good . "\n\n" . $good, undef],
    ['wrapped condition',
     "int\nf(int a)\n{\n    if (a\n        && a)\n    {\n    }\n}\n", undef],
    ['tab', "int\ta;\n", 'tab'],
    ['trailing blank', "int a; \n", 'trailing blank'],
    ['leftover', '/* TO' . "DO: more */\n", 'leftover word'],
    ['long line', '/* ' . 'x' x 80 . " */\n", 'over 80 columns'],
    ['long file', "int a;\n" x 901, 'file over 900 lines'],
    ['comment', "int a;  // a\n", '// comment'],
    ['if(', "    if(a) {\n    }\n", 'keyword without blank'],
    ['version', "#if (nginx_version >= 1023000)\n#endif\n",
     'version #if outside compat.h'],
    ['){', "    if (a){\n    }\n", 'brace placement'],
    ['lone else', "    }\n\n    else {\n    }\n", 'brace placement'],
    ['brace below', "    if (a)\n    {\n    }\n", 'brace placement'],
    ['brace beside a function', "int\nf(void) {\n}\n", 'brace placement'],
    ['no braces', "    if (a)\n        b();\n", 'statement without braces'],
    ['tight else', "    if (a) {\n        b();\n    } else {\n    }\n",
     'no blank line before else'],
    ['one blank line', $good . "\n" . $good,
     'not two blank lines after a function'],
    ['three blank lines', "int a;\n\n\n\nint b;\n", 'three blank lines'],
    ['close to a table', "};\n\nint\nf(void)\n{\n}\n",
     'not two blank lines before a function'],
    ['type beside name', "static int f(void)\n{\n}\n",
     'return type on the line of the name'],
    ['long function', "int\nf(void)\n{\n" . "    a();\n" x 100 . "}\n",
     'function over 100 lines'],
);

for my $sample (@samples) {
    my ($name, $text, $want) = @$sample;
    my @got = map { $_->[1] } check_c('x.c', split /\n/, $text);

    is_deeply(\@got, [$want // ()], "sample: $name");
}


# the repository

sub lines {
    my ($file) = @_;

    open my $in, '<', $file or die "$file: $!";
    local $/ = undef;
    my $text = <$in> // '';

    return split /\n/, $text, -1;
}


my @files;
find({ no_chdir => 1, wanted => sub {
    $File::Find::prune = 1 if m{/t/(?:fuzz/corpus|corpus)$};
    push @files, $_ if -f && !/\.(?:pem|bin|gz|png)$/;
} }, grep { -e } map { "$root/$_" } qw(src t examples docs config .ci));

for my $file (sort @files) {
    my $name = substr $file, length "$root/";
    my @lines = lines($file);

    my $ended = @lines == 0 || pop @lines eq '';
    my $check = $name =~ /\.[ch]$/ ? \&check_c : \&check_text;
    my @bad = $check->($name, @lines);

    push @bad, [scalar @lines, 'no line end at the end'] unless $ended;
    push @bad, [51, 'over 50 lines'] if $name eq 'config' && @lines > 50;

    ok(!@bad, $name) or diag(map { "$name:$_->[0]: $_->[1]\n" } @bad);
}

SKIP: {
    skip 'no README.md', 1 unless -f "$root/README.md";

    cmp_ok(scalar(lines("$root/README.md")) - 1, '<=', 250, 'README is short');
}

opendir my $dir, $root or die "$root: $!";
my %top = map { $_ => 1 } grep { !/^\./ } readdir $dir;
delete @top{qw(config config.make README.md LICENSE src t examples docs Makefile
               CHANGES build)};

is_deeply([sort keys %top], [], 'nothing else at the top level');

done_testing();
