package ModelTest::JSON;

# JSON over bytes for the scripted servers: strict, ordered, and fast on the
# long strings that JSON::PP takes seconds for.  Strings are bytes and stay
# as they are; a \u escape becomes UTF-8.
#
#     my $value = decode($bytes, prefix => 1, utf8 => 1);
#     my ($value, $pairs) = decode_pairs($bytes, ...);
#     my $bytes = encode(obj(model => 'x', done => $TRUE), html => 1);
#
# $pairs are the members of a top-level object in the order of the document,
# duplicates included.  decode() dies with the text that Go's decoder uses.

use strict;
use warnings;

use B ();
use Exporter 'import';
use JSON::PP::Boolean;

our @EXPORT = qw(decode decode_pairs encode obj literal quote $TRUE $FALSE);

our $TRUE = bless \(my $one = 1), 'JSON::PP::Boolean';
our $FALSE = bless \(my $zero = 0), 'JSON::PP::Boolean';

my $MAX_DEPTH = 10000;
my %UNESCAPE = ('"' => '"', '\\' => '\\', '/' => '/', b => "\b", f => "\f",
    n => "\n", r => "\r", t => "\t");
my %ESCAPE = ("\b" => '\\b', "\f" => '\\f', "\n" => '\\n', "\r" => '\\r',
    "\t" => '\\t', '"' => '\\"', '\\' => '\\\\');

our ($in, $depth);


sub decode { return (decode_pairs(@_))[0] }


sub decode_pairs {
    my (undef, %o) = @_;
    local *in = \$_[0];
    local $depth = 0;

    if ($o{utf8}) {
        my $copy = $in;
        utf8::decode($copy) or die "invalid UTF-8\n";
    }

    pos($in) = 0;
    my ($value, $pairs) = _value();

    if (!$o{prefix}) {
        $in =~ /\G[ \t\r\n]*/gc;
        _fail('after top-level value') if pos($in) < length $in;
    }

    return ($value, $pairs);
}


sub _fail {
    my $where = shift;
    my $c = substr $in, pos($in) // 0, 1;
    die "unexpected EOF\n" if $c eq '';
    die "invalid character '$c' $where\n";
}


sub _value {
    $in =~ /\G[ \t\r\n]*/gc;
    my $c = substr $in, pos($in), 1;

    return _string() if $c eq '"';
    return _object() if $c eq '{';
    return _array() if $c eq '[';

    my $at = pos $in;
    if ($in =~ /\G-?(?:0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]+)?/gc) {
        my $n = substr $in, $at, pos($in) - $at;
        return length $n < 19 || defined $1 || defined $2 ? 0 + $n : $n;
    }

    return $TRUE if $in =~ /\Gtrue/gc;
    return $FALSE if $in =~ /\Gfalse/gc;
    return undef if $in =~ /\Gnull/gc;
    _fail('looking for beginning of value');
}


sub _string {
    my $s = '';
    pos($in)++;

    while (1) {
        my $at = pos $in;
        $in =~ /\G[^"\\\x00-\x1f]*/gc;
        $s .= substr $in, $at, pos($in) - $at;

        my $c = substr $in, pos($in), 1;
        if ($c eq '"') {
            pos($in)++;
            return $s;
        }

        if ($c ne '\\') {
            _fail('in string literal');
        }

        my $e = substr $in, pos($in) + 1, 1;
        if (defined $UNESCAPE{$e}) {
            pos($in) += 2;
            $s .= $UNESCAPE{$e};

        } elsif ($in =~ /\G\\u([0-9a-fA-F]{4})/gc) {
            my $u = hex $1;
            if ($u >= 0xd800 && $u < 0xdc00
                && $in =~ /\G\\u([dD][c-fC-F][0-9a-fA-F]{2})/gc)
            {
                $u = 0x10000 + (($u - 0xd800) << 10) + (hex($1) - 0xdc00);
            }
            $u = 0xfffd if $u >= 0xd800 && $u < 0xe000;
            my $char = chr $u;
            utf8::encode($char);
            $s .= $char;

        } else {
            pos($in)++;
            _fail('in string escape code');
        }
    }
}


sub _object {
    my (%h, @pairs);
    pos($in)++;
    die "exceeded max depth\n" if ++$depth > $MAX_DEPTH;
    $in =~ /\G[ \t\r\n]*/gc;

    if ($in !~ /\G\}/gc) {
        while (1) {
            $in =~ /\G[ \t\r\n]*/gc;
            substr($in, pos($in), 1) eq '"'
                or _fail('looking for beginning of object key string');
            my $k = _string();
            $in =~ /\G[ \t\r\n]*:/gc or do {
                $in =~ /\G[ \t\r\n]*/gc;
                _fail('after object key');
            };
            my $v = _value();
            $h{$k} = $v;
            push @pairs, [$k, $v] if $depth == 1;
            $in =~ /\G[ \t\r\n]*/gc;
            next if $in =~ /\G,/gc;
            last if $in =~ /\G\}/gc;
            _fail('after object key:value pair');
        }
    }

    $depth--;
    return $depth == 0 ? (\%h, \@pairs) : \%h;
}


sub _array {
    my @a;
    pos($in)++;
    die "exceeded max depth\n" if ++$depth > $MAX_DEPTH;
    $in =~ /\G[ \t\r\n]*/gc;

    if ($in !~ /\G\]/gc) {
        while (1) {
            push @a, scalar _value();
            $in =~ /\G[ \t\r\n]*/gc;
            next if $in =~ /\G,/gc;
            last if $in =~ /\G\]/gc;
            _fail('after array element');
        }
    }

    $depth--;
    return \@a;
}


# An object whose members keep the order in which they are given.
sub obj {
    return bless [@_], 'ModelTest::JSON::Object';
}


# JSON that goes out as it is.
sub literal {
    my $text = shift;
    return bless \$text, 'ModelTest::JSON::Literal';
}


sub quote {
    my ($s, %o) = @_;

    $s =~ s/([\x00-\x1f"\\])/$ESCAPE{$1} || sprintf '\\u%04x', ord $1/ge;
    if ($o{html}) {
        $s =~ s/([<>&])/sprintf '\\u%04x', ord $1/ge;
        $s =~ s/\xe2\x80([\xa8\xa9])/sprintf '\\u20%02x', ord($1) - 0x80/ge;
    }

    return qq{"$s"};
}


sub encode {
    my ($v, %o) = @_;
    my $ref = ref $v;

    return 'null' if !defined $v;

    if ($ref eq 'ModelTest::JSON::Object') {
        my @p = @$v;
        my @m;
        while (my ($k, $w) = splice @p, 0, 2) {
            push @m, quote($k, %o) . ':' . encode($w, %o);
        }
        return '{' . join(',', @m) . '}';
    }

    if ($ref eq 'HASH') {
        return '{' . join(',', map { quote($_, %o) . ':'
            . encode($v->{$_}, %o) } sort keys %$v) . '}';
    }

    return $$v if $ref eq 'ModelTest::JSON::Literal';
    return '[' . join(',', map { encode($_, %o) } @$v) . ']'
        if $ref eq 'ARRAY';
    return $$v ? 'true' : 'false' if $ref eq 'SCALAR';
    return $v ? 'true' : 'false' if $ref eq 'JSON::PP::Boolean';
    return "$v" if $ref;

    my $flags = B::svref_2object(\$v)->FLAGS;
    if ($flags & (B::SVp_IOK | B::SVp_NOK) && !($flags & B::SVp_POK)) {
        return "$v";
    }

    utf8::encode($v) if utf8::is_utf8($v);
    return quote($v, %o);
}

1;
