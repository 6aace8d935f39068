package ModelTest::Schema;

# Documents checked against a JSON schema of docs/, by Debian's
# python3-jsonschema.
#
#     ModelTest::Schema::available() or skip ...
#     is ModelTest::Schema::faults($t, 'status', $r->body), '', 'schema';

use strict;
use warnings;

my $python = '/usr/bin/python3';
my $program = <<'PYTHON';
import json, sys, jsonschema
sys.stderr = sys.stdout
schema = json.load(open(sys.argv[1]))
jsonschema.Draft202012Validator.check_schema(schema)
validator = jsonschema.Draft202012Validator(schema)
for line in open(sys.argv[2]):
    for error in validator.iter_errors(json.loads(line)):
        print(list(error.path), error.message[:200])
PYTHON


sub available {
    return -x $python && system("$python -c 'import jsonschema' 2> /dev/null")
        == 0;
}


# What is wrong with the documents, each of one line; '' when nothing is
sub faults {
    my ($t, $schema, @documents) = @_;

    $t->write_file('documents.json', join '', map { "$_\n" } @documents);

    open my $out, '-|', $python, '-c', $program,
        $t->root . "/docs/$schema.schema.json", $t->dir . '/documents.json'
        or die "$python: $!";
    local $/ = undef;
    my $text = <$out>;
    close $out;

    return $? ? "python3: status $?\n$text" : $text // '';
}

1;
