#!/usr/bin/perl

# Tests for README.md and docs/: they tell what the sources have, their links
# lead somewhere, their examples are accepted.

use FindBin;
use lib "$FindBin::Bin/lib";

use ModelTest;

use JSON::PP;

my $root = "$FindBin::Bin/..";
my $t = ModelTest->new(env => { OPENAI_API_KEY => 'sk-x' });
my @pages = map { s{^\Q$root\E/}{}r } "$root/README.md",
    sort glob "$root/docs/*.md";


sub text {
    my ($name) = @_;

    open my $in, '<', "$root/$name" or die "$name: $!";
    local $/ = undef;
    return scalar <$in>;
}


sub source { return text("src/ngx_http_model_$_[0].c") }
sub table { return $_[0] =~ /^static [^;]*\b$_[1]\[\] = \{(.*?)^\};/ms
    ? $1 : die "no $_[1]" }
sub same { my ($got, $want, $name) = @_;
    is join("\n", sort @$got), join("\n", sort @$want), $name }


# directives

my $directives = text('docs/directives.md');
my %entry = $directives =~ /^### (\S[^\n]*)\n(.*?)(?=^##|\z)/msg;
my @own = table(source('vendor'), 'ngx_http_model_vendor_commands')
    =~ /\{ ngx_string\("(\w+)"\)/g;
my @module = table(source('module'), 'ngx_http_model_commands')
    =~ /\{ ngx_string\("(\w+)"\)/g;

cmp_ok scalar @module, '>', 5, 'directives in the source';
same [keys %entry], [@own, @module, 'include', 'proxy_pass',
    'Proxy directives'], 'each directive has its entry, and no other';

for my $name (sort keys %entry) {
    my $first = $name eq 'Proxy directives' ? 'proxy_' : $name;

    like $entry{$name}, qr/\A\n\*\*Syntax:\*\*\ `$first.*`<br>\n
        \*\*Default:\*\*\ [^*]+<br>\n\*\*Context:\*\*\ (?:`\w+`(?:,\ )?)+\n\n/x,
        "head of $name";
    next if $name =~ /^(?:include|Proxy directives)$/;
    like $entry{$name}, qr/^This directive appeared in version \d/m,
        "version of $name";
}


# bridges: the tables are those of the code

my $printed = $ENV{TEST_UNIT_DIR} || "$root/build/unit";

SKIP: {
    skip "$printed/bridge_tables is missing, \"make unit\" builds it", 1
        if !-x "$printed/bridge_tables";
    my ($tables) = text('docs/bridges.md')
        =~ /^This part is printed from the tables [^\n]*\n(.*)\z/ms;
    is $tables, scalar `$printed/bridge_tables docs`, 'tables of bridges: '
        . "$printed/bridge_tables docs prints what docs/bridges.md must have";
}


# variables, paths, files

same [text('docs/variables.md') =~ /^`(\$\w+)`\n:/mg], [map { "\$$_" }
    grep { !/^model_internal_/ } map { /ngx_string\("(\w+)"\)/g }
    table(source('variables'), 'ngx_http_model_variables'),
    table(source('usage_variables'), 'ngx_http_model_usage_variables')],
    'each variable has its entry, and no other';

my ($paths) = text('docs/endpoints.md') =~ /^## Table\n(.*?)^## /ms;
same [map { s/\{\w+\}$//r } map { /`(\/[^`]*)`/g } $paths =~ /^\| ([^|]*)/mg],
    [grep { length } table(source('endpoint'), 'ngx_http_model_endpoint_rows')
    =~ /ngx_http_model_\w+\("([^"]*)"/g], 'each path is in the table';

my ($files) = text('docs/architecture.md') =~ /^\| file \|.*?\n(.*?)^$/ms;
my %files = map { s/.*model_//r => 1 } map { s/\.[ch]$//r }
    grep { !/ngx_http_model\.h$|_compat\.h$/ } glob "$root/src/*.[ch]";
same [map { /`(\w+)`/g } $files =~ /^\| ([^|]*)/mg], [keys %files],
    'each source file is in the table';


# messages that are told of must be messages of the sources

my $strings = join "\n", map { text(s{.*/src}{src}r) } glob "$root/src/*.c";
$strings =~ s/"\s*\n\s*"//g;
$strings =~ s/\\"/"/g;

my %foreign = map { $_ => 1 } 'unknown directive', 'module', 'version ',
    'is not binary compatible', 'host not found in upstream ', 'instead of',
    'upstream SSL certificate verify error', ' failed', 'cannot read the key',
    'upstream SSL certificate does not match ', ' instead of ', ' version ';

for my $page ('docs/errors.md', 'docs/troubleshooting.md') {
    my @bad;

    for my $cell (text($page) =~ /^\| ([^|]*`[^|]*?) \|/mg) {
        for my $message ($cell =~ /`(.*?)`/g) {
            my @parts = split /"[\w.\$-]+"|\.\.\.|\([^)]*\)|'x'|\b\d+\b|:|\/\w+\/\w+/,
                $message;

            push @bad, grep { length > 6 && !$foreign{$_ =~ s/^ +| +$//gr}
                && !$foreign{$_} && index($strings, $_ =~ s/^ +| +$//gr) < 0 }
                @parts;
        }
    }

    is join("\n", @bad), '', "$page: messages are those of the code";
}

my $told = text('docs/errors.md') =~ s/\s+/ /gr;

for (['respond', 'ngx_http_model_pages', qr/,\s*"(.*?)" \}/],
    ['scan', 'ngx_http_model_scan_errors', qr/"(.*?[^\\])"/],
    ['multipart', 'ngx_http_model_multipart_errors', qr/"(.*?[^\\])"/])
{
    my ($file, $name, $message) = @$_;
    my @all = map { s/\\"/"/gr } table(source($file), $name) =~ /$message/g;

    is join("\n", grep { index($told, $_) < 0 && $_ ne 'no error' } @all), '',
        "docs/errors.md: all of $name" if cmp_ok scalar @all, '>', 10, $name;
}


# links

sub anchors {
    my @heads = text($_[0]) =~ /^#+ (.*)$/mg;
    return map { lc =~ s/[^\w\s-]//gr =~ s/ /-/gr => 1 } @heads;
}

for my $page (@pages) {
    my ($dir) = $page =~ m{^(.*/)?};
    my @bad;

    for my $link (text($page) =~ /\]\(([^)\s]+)\)/g) {
        my ($file, $anchor) = $link =~ /^([^#]*)#?(.*)$/;
        my $to = $file eq '' ? $page : ($dir // '') . $file;

        push @bad, $link if $file =~ /^\w+:/ || !-e "$root/$to"
            || $anchor ne '' && !{ anchors($to) }->{$anchor};
    }

    is join(' ', @bad), '', "$page: links";
}


# examples

my @around = (['http', '%s'], ['server', 'server { %s }'],
    ['location', 'model_vendor v { proxy_pass http://127.0.0.1; }
    client_max_body_size 100m;
    server { location / { model_pass; %s } }'],
    ['upstream', 'upstream u { server 127.0.0.1; %s }'],
    ['vendor', 'model_vendor v { proxy_pass http://127.0.0.1; %s }']);

mkdir $t->dir . '/logs';

for my $page (@pages) {
    my $n = 0;

    for my $example (text($page) =~ /^```nginx\n(.*?)^```$/msg) {
        my $name = "$page: example " . ++$n;

        # no test asks a name server

        $example =~ s{https://[a-z.]+\.com}{https://127.0.0.1}g;

        if ($example =~ /^http \{\n(.*)^\}\n\z/ms) {
            $t->config_ok($1, $name);

        } elsif ($example !~ /^load_module modules\/\w+\.so;\n\z/) {
            my @fits = grep { ($t->test_config(sprintf $_->[1], $example))[1]
                == 0 } @around;
            ok scalar @fits, $name or diag $example;
        }
    }

    for my $json (text($page) =~ /^```json\n(.*?)^```$/msg) {
        my $name = "$page: JSON " . ++$n;
        ok eval { decode_json($json) }, $name or diag "$@$json";
    }
}

cmp_ok text('README.md') =~ tr/\n//, '<=', 250, 'README is short';

$t->done;
