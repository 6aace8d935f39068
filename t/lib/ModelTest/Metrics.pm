package ModelTest::Metrics;

# Prometheus's text format, read: samples by name and labels, and what is
# wrong with it.

use strict;
use warnings;


sub new {
    my ($class, $r) = @_;
    die 'status ' . $r->status . "\n" if $r->status != 200;

    my $self = bless { samples => [], types => {}, text => $r->body,
        faults => [] }, $class;
    my $label = qr/[a-z_]+="(?:[^"\\\n]|\\["\\n])*"/;

    for my $line (split /\n/, $r->body) {
        if ($line =~ /^# TYPE (\S+) (counter|gauge|histogram)$/) {
            $self->_fault("$1 twice") if $self->{types}{$1};
            $self->{types}{$1} = $2;

        } elsif ($line =~ /^([a-z_]+)(?:\{($label(?:,$label)*)\})? (\S+)$/) {
            my ($name, $labels, $value) = ($1, $2 // '', $3);
            my %labels = $labels =~ /([a-z_]+)="((?:[^"\\]|\\.)*)"/g;
            push @{ $self->{samples} }, [$name, \%labels, $value];
            $self->_fault("$line twice") if $self->{seen}{"$name$labels"}++;

        } elsif ($line !~ /^# HELP \S+ [A-Z0-9].*\.$/) {
            $self->_fault("line $line");
        }
    }

    return $self;
}


sub _fault { push @{ $_[0]{faults} }, $_[1]; return }
sub text { return $_[0]{text} }
sub names { return sort keys %{ $_[0]{types} } }
sub type { return $_[0]{types}{$_[1]} }


# The labels of a metric, but "le"; undef: it has no samples
sub labels {
    my ($self, $name) = @_;
    my ($s) = grep { $_->[0] =~ /^\Q$name\E(?:_bucket)?$/ }
        @{ $self->{samples} };
    return $s && join ' ', sort grep { $_ ne 'le' } keys %{ $s->[1] };
}


# The sum of the samples that have these labels; -1: there are none
sub value {
    my ($self, $name, %labels) = @_;
    my $sum;

    for my $s (@{ $self->{samples} }) {
        next if $s->[0] ne $name
            || grep { ($s->[1]{$_} // '-') ne $labels{$_} } keys %labels;
        $sum = ($sum // 0) + $s->[2];
    }

    return $sum // -1;
}


# What is wrong: lines, doubles, label sets, histograms that do not add up
sub faults {
    my ($self) = @_;
    my @bad = @{ $self->{faults} };
    my (%sets, %buckets);

    for (@{ $self->{samples} }) {
        my ($name, $labels, $value) = @$_;
        my $of = $name =~ s/_(?:bucket|sum|count)$//r;
        $of = $name if ($self->{types}{$of} // '') ne 'histogram';
        push @bad, "$name: no type" if !$self->{types}{$of};

        my $le = delete $labels->{le};
        my $set = join ',', sort keys %$labels;
        push @bad, "$name: $set" if ($sets{$of} //= $set) ne $set;
        next if $of eq $name;

        my $key = join ',', $of, map { "$_=$labels->{$_}" }
            sort keys %$labels;
        push @{ $buckets{$key} }, [$le, $value] if defined $le;
        push @bad, "$key: count $value" if $name =~ /_count$/
            && $buckets{$key}[-1][1] != $value;
        $labels->{le} = $le if defined $le;
    }

    for my $key (keys %buckets) {
        my @b = @{ $buckets{$key} };
        push @bad, "$key: no +Inf" if $b[-1][0] ne '+Inf';
        push @bad, "$key: order" if grep { $b[$_][1] < $b[$_ - 1][1]
            || ($b[$_][0] ne '+Inf' && $b[$_][0] <= $b[$_ - 1][0]) }
            1 .. $#b;
    }

    return @bad;
}

1;
