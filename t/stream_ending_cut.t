#!/usr/bin/perl

# Tests for streams that a vendor cuts: an error frame in the dialect of the
# caller ends them, and what came before stays as it was.

use FindBin;
use lib "$FindBin::Bin/lib";

use Compress::Zlib ();

use ModelTest;
use ModelTest::Streams;

my $t = ModelTest->new(access_log => 1);
my $a = $t->backend('a', ModelTest::Streams::server());
my $h2 = $t->has('http_v2') ? ' http2' : '';
my $ms = 1000 * $t->factor;

my $locations = join '', map { <<"CONF" } qw(o n ot nt s m);
    location /$_/ { model_pass $_; }
    location /gzip/$_/ {
        model_pass $_; gzip on; gzip_min_length 1; gzip_http_version 1.0;
        gzip_types application/x-ndjson text/event-stream;
    }
CONF
$locations =~ s/(?=model_pass [sm])/model_stall ${ms}ms; /g;

# ot, nt: silence is for the proxy's time to end, s, m: for model_stall
$t->conf(<<"CONF")->start;
log_format cut '\$http_x_cut|\$status|\$upstream_status';
access_log {{dir}}/access.log cut;
model_vendor ot {
    proxy_pass http://{{a}}; discover off; proxy_read_timeout ${ms}ms;
    dialect ollama openai;
}
model_vendor nt {
    proxy_pass http://{{a}}; discover off; proxy_read_timeout ${ms}ms;
    dialect anthropic;
}
model_vendor o { proxy_pass http://{{a}}; discover off; dialect ollama openai; }
model_vendor n { proxy_pass http://{{a}}; discover off; dialect anthropic; }
model_vendor s { proxy_pass http://{{a}}; discover off; dialect ollama openai; }
model_vendor m { proxy_pass http://{{a}}; discover off; dialect anthropic; }
server { {{listen}} {{listen:h2$h2}} $locations }
CONF

my (@cases, %client);

for my $stream (sort keys %ModelTest::Streams::STREAMS) {
    for my $cut (sort keys %ModelTest::Streams::CUTS) {
        for my $how ('', 'HTTP/2', 'gzip', 'HTTP/1.0', 'stall') {
            next if $how eq 'HTTP/2' && !$h2;
            push @cases, { stream => $stream, cut => $cut, how => $how };
        }
    }
}

for my $c (@cases) {
    my $s = $ModelTest::Streams::STREAMS{$c->{stream}};
    my $vendor = $s->{vendor};
    $vendor = $c->{how} eq 'stall' ? $vendor eq 'o' ? 's' : 'm' : "${vendor}t"
        if $c->{cut} =~ /silence/ || $c->{how} eq 'stall'
            && $c->{cut} =~ /none/;
    my @h = @{ ModelTest::Streams::headers($c->{stream}, $c->{cut}) };
    push @h, 'Accept-Encoding' => 'gzip' if $c->{how} eq 'gzip';
    my $uri = ($c->{how} eq 'gzip' ? '/gzip' : '') . "/$vendor$s->{path}";
    my $body = { model => 'm', stream => \1, max_tokens => 1, messages => [] };

    $c->{vendor} = $vendor;
    $c->{r} = $c->{how} eq 'HTTP/2'
        ? ($client{$c->{stream}} ||= $t->h2(listen => 'h2'))->open(
            POST => $uri, body => $body, headers => \@h)
        : $t->open(POST => $uri, body => $body, headers => \@h,
            $c->{how} eq 'HTTP/1.0' ? (http => '1.0') : ());
}

for my $c (@cases) {
    my $r = $c->{r}->finish;
    my $name = "$c->{stream}, $c->{cut}" . ($c->{how} ? ", $c->{how}" : '');
    my $body = $r->body;

    if ($c->{how} eq 'gzip') {
        is $r->header('content-encoding'), 'gzip', "$name: is zipped";
        $body = Compress::Zlib::memGunzip($body) // 'not whole';
    }

    my ($wrong, $message) = ModelTest::Streams::wrong($c->{stream}, $c->{cut},
        $body);
    is $wrong, undef, $name;
    is $r->status, 200, "$name: status" if $r->status != 200;
    is $r->complete, 1, "$name: the answer is whole" if !$r->complete;
    like $message, $c->{how} eq 'stall' && $c->{cut} =~ /silence/
        ? qr/^vendor "$c->{vendor}" sent nothing for $ms ms, the answer is /
        : qr/^vendor "$c->{vendor}" broke off, the answer is not complete$/,
        "$name: says so" if $c->{cut} !~ /none/;
    $r->close;
}

$_->close for values %client;

my $silent = grep { $_->{how} eq 'stall' && $_->{cut} =~ /silence/ } @cases;
my $cut = grep { $_->{cut} !~ /none/ } @cases;
is $t->count_log(qr/sent nothing for $ms ms in a stream/), $silent,
    'a line for each silence';
is $t->count_log(qr/\[warn\] .* broke off a stream/), $cut - $silent,
    'a line for each other cut';
$t->eventually(sub { $a->open_connections == 0 }, 'no connection is left');

$t->done;
