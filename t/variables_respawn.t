#!/usr/bin/perl

# Tests for a worker that is started anew after a reload that was refused.

use FindBin;
use lib "$FindBin::Bin/lib";

use ModelTest;

my $t = ModelTest->new(access_log => 1, env => { KEY => 'sk-good' });
my $s = $t->openai('s', models => ['gpt'], keys => ['sk-good']);

my $conf = <<'CONF';
log_format m '$request_uri|$status|$model_internal_authorization|'
    '$http_authorization|';
access_log {{dir}}/access.log m;
model_vendor s { proxy_pass http://{{s}}; dialect openai; key env:KEY; }
server { {{listen}} location / { model_pass; } }
CONF

# More variables than before, and a file that cannot be opened at the end
my $more = join '', map { "map \$arg_$_ \$v$_ { default \$http_x$_; }\n"
    . "log_format l$_ '\$v$_';\n" } 1 .. 40;

$t->conf($conf)->start;

sub ask {
    my ($id) = @_;
    my $r = $t->post("/v1/chat/completions?$id", { model => 's:gpt',
        messages => [] }, headers => [Authorization => 'Bearer mine']);
    is $r->status, 200, "$id: status";
    $t->eventually(sub { $t->access_log =~ m{\?$id\|}m }, "$id: logged");
    like $t->access_log, qr{\?$id\|200\|-?\|Bearer mine\|}, "$id: no key";
}

$t->eventually(sub { $t->get('/v1/models')->body =~ /gpt/ }, 'listed');
ask('before');

eval { $t->reload("$more${conf}server { {{listen:other}} "
    . 'access_log {{dir}}/none/x.log m; }') };
like $@, qr/reload failed: .*none/, 'the reload is refused';
$t->allow(qr{none/x.log" failed}, qr/exited on signal 9/);

my ($old) = $t->workers;
kill 'KILL', $old;
$t->eventually(sub { my ($now) = $t->workers; $now && $now != $old },
    'a worker anew');
ask('after');
ask('again');

$t->done;
