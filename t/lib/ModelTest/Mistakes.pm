package ModelTest::Mistakes;

# Tables of configuration mistakes.
#
#     mistakes($t, 'conf to put before each', ['name', "conf", qr/text/], ...)
#
# nginx -t must refuse each conf with one message that has the text, the file
# and the number of the line that is marked "#!" (none: any line).  vendor()
# makes a model_vendor block that needs only what is wrong in it.

use strict;
use warnings;

use Exporter 'import';
use Test::More ();

our @EXPORT = qw(mistakes vendor);


sub vendor {
    my ($line, $id) = @_;
    return 'model_vendor ' . ($id // 'v') . " {\n"
        . "    proxy_pass http://127.0.0.1:1;\n    $line #!\n}\n";
}


sub mistakes {
    my ($t, $before, @table) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 1;

    for (@table) {
        my ($name, $conf, $re) = @$_;
        my $n = 0;
        my ($line) = map { $_->[0] } grep { $_->[1] =~ /#!/ }
            map { [++$n, $_] } split /\n/, $before . $conf;

        $t->config_error($before . $conf, $re, $name, line => $line);
    }
}

1;
