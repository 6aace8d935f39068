/* unit: src/ngx_http_model_scan.c src/ngx_http_model_scan_member.c */

/*
 * Copyright (C) the ngx_http_model_module authors
 *
 * The body scanner.  Each document is scanned with every block classifier,
 * whole, cut in two at every byte, byte by byte, cut in three at random, and
 * with 1 to 130 blanks before it: always with the same outcome, which is
 * written as text and compared.
 */


#include <ngx_config.h>
#include <ngx_core.h>

#include "ngx_http_model_scan.h"


#define BLANKS     130
#define DOCUMENTS  6000


typedef struct {
    const char  *name;
    ngx_str_t    body;
    const char  *want;
} test_t;


typedef struct {
    u_char       text[8192];
    size_t       len;
} outcome_t;


#define X8(s)    s s s s s s s s
#define X16(s)   X8(s) X8(s)
#define X64(s)   X16(s) X16(s) X16(s) X16(s)
#define X256(s)  X64(s) X64(s) X64(s) X64(s)


static ngx_http_model_scan_key_t  keys[] = {
    { ngx_string("model"), NGX_HTTP_MODEL_SCAN_NAME },
    { ngx_string("source"), NGX_HTTP_MODEL_SCAN_NAME },
    { ngx_string("kind"), NGX_HTTP_MODEL_SCAN_NAME },
    { ngx_string("stream"), 0 },
    { ngx_string("options"), 0 },
    { ngx_string("options.seed"), 0 },
    { ngx_string("options.stop"), 0 },
    { ngx_string("a.b.c"), 0 },
    { ngx_string("d.n"), NGX_HTTP_MODEL_SCAN_NAME },
    { ngx_string("p1.p2.p3.p4.p5.p6.p7.p8"), 0 },
    { ngx_string("p1.p2.p3.p4.p5.p6.p7.p8.p9"), 0 }
};

#define NKEYS  (sizeof(keys) / sizeof(keys[0]))


static const char  *errors[] = {
    "OK", "EMPTY", "UNEXPECTED_END", "BOM", "ENCODING", "ROOT", "SYNTAX",
    "CONTROL", "ESCAPE", "TOO_DEEP", "TRAILING", "DUPLICATE", "CASE",
    "NAME_TYPE", "NAME_TOO_LONG", "NAME_CONTROL", "NAME_UTF8"
};


static const char  *types[] = {
    "none", "string", "number", "true", "false", "null", "object", "array"
};


/* of a member: type, offsets of key, value and end, flags, text */

static test_t  tests[] = {

    /* members */

    { "empty object", ngx_string("{}"), "root 0 empty" },

    { "empty object in blanks", ngx_string(" \t\r\n{ \n} \r\n"),
      "root 4 empty" },

    { "name", ngx_string("{\"model\":\"a:1\"}"),
      "root 0; model string 1 9 14 a:1" },

    { "name last, blanks", ngx_string("{ \"x\" : 1 ,\n \"model\" : \"a\" } "),
      "root 0; model string 13 23 26 a" },

    { "empty name", ngx_string("{\"model\":\"\"}"),
      "root 0; model string 1 9 11 " },

    { "escaped key and name",
      ngx_string("{\"\\u006Dod\\u0065l\":\"\\u0061\\/\\\"\\\\b\"}"),
      "root 0; model string 1 19 34 escaped a/\"\\b" },

    { "name in UTF-8 and by surrogates",
      ngx_string("{\"model\":\"\xc3\xa9\\u00e9\\ud83d\\ude00"
                 "\xf0\x9f\x98\x80\"}"),
      "root 0; model string 1 9 35 escaped "
      "\xc3\xa9\xc3\xa9\xf0\x9f\x98\x80\xf0\x9f\x98\x80" },

    { "types",
      ngx_string("{\"stream\":true,\"options\":{\"seed\":-1.5e+3,"
                 "\"stop\":[ ]},\"a\":{\"b\":{\"c\":null}}}"),
      "root 0; stream true 1 10 14; options object 15 25 52; "
      "options.seed number 26 33 40; options.stop array 41 48 51 empty; "
      "a.b.c null 63 67 71" },

    { "more types",
      ngx_string("{\"stream\":false,\"options\":{},"
                 "\"a\":{\"b\":{\"c\":[1,[],{}]}}}"),
      "root 0; stream false 1 10 15; options object 16 26 28 empty; "
      "a.b.c array 39 43 52" },

    { "every escape",
      ngx_string("{\"stream\":\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u20AC\\u0000|\"}"),
      "root 0; stream string 1 10 41 escaped "
      "\"\\/<08><0c><0a><0d><09>\xe2\x82\xac<00>|" },

    { "lone surrogates outside names",
      ngx_string("{\"stream\":\"\\ud800\\ud800x\\udc00\\ud83d\\n\\ud83d\"}"),
      "root 0; stream string 1 10 45 escaped \xef\xbf\xbd\xef\xbf\xbdx"
      "\xef\xbf\xbd\xef\xbf\xbd<0a>\xef\xbf\xbd" },

    { "name deeper or in a string is none",
      ngx_string("{\"a\":{\"model\":1},\"b\":[{\"model\":\"x\"}],"
                 "\"c\":\"{\\\"model\\\":\\\"y\\\"}\",\"models\":1,"
                 "\"mode\":2,\"\":3,\"m\":4}"),
      "root 0" },

    { "name as value", ngx_string("{\"x\":\"model\",\"y\":\"z\"}"),
      "root 0" },

    { "paths do not go through arrays",
      ngx_string("{\"options\":[{\"seed\":1}],\"a\":{\"b\":[{\"c\":1}]},"
                 "\"a.b.c\":2,\"options.seed\":3}"),
      "root 0; options array 1 11 23" },

    { "paths do not go past an object",
      ngx_string("{\"a\":{\"x\":{\"c\":1},\"b\":{\"x\":{\"c\":2}}},"
                 "\"b\":{\"c\":3},\"a\":4}"),
      "root 0" },

    { "last of several",
      ngx_string("{\"stream\":[1],\"stream\":\"x\\n\",\"stream\":1}"),
      "root 0; stream number 29 38 39 dup" },

    { "last of several parents",
      ngx_string("{\"options\":{\"seed\":1,\"stop\":2},"
                 "\"options\":{\"stop\":3}}"),
      "root 0; options object 31 41 51 dup; options.seed dup; "
      "options.stop number 42 49 50 dup" },

    { "no folding outside names",
      ngx_string("{\"STREAM\":1,\"Options\":{\"seed\":1}}"), "root 0" },

    { "the most and more parts",
      ngx_string("{\"p1\":{\"p2\":{\"p3\":{\"p4\":{\"p5\":{\"p6\":{\"p7\":"
                 "{\"p8\":{\"p9\":1}}}}}}}}}"),
      "root 0; p1.p2.p3.p4.p5.p6.p7.p8 object 43 48 56" },

    { "name in an object", ngx_string("{\"d\":{\"n\":\"x\"}}"),
      "root 0; d.n string 6 10 13 x" },

    { "numbers",
      ngx_string("{\"x\":[0,-0,1,12,-120,0.0,-0.5,10.25,1e1,1E+2,0e-3,"
                 "1.5e10,123456789012345678901234567890]}"), "root 0" },

    { "literals",
      ngx_string("{\"x\":[true,false,null,true ,false\n,null\t]}"),
      "root 0" },

    { "runs of backslashes",
      ngx_string("{\"x\":\"\\\\\",\"y\":\"\\\\\\\\\\\"\","
                 "\"z\":\"\\\\\\\\\\\\\"}"),
      "root 0" },

    { "long run of backslashes",
      ngx_string("{\"x\":\"" X64("\\\\") X64("\\\\") "\\\"\",\"model\":\"a\"}"),
      "root 0; model string 266 274 277 a" },

    { "long strings and numbers",
      ngx_string("{\"stream\":1" X256("0") ",\"x\":\"" X256("xyz\\n")
                 "\",\"options\":[" X64("1,") X64("22,") "\n3]}"),
      "root 0; stream number 1 10 267; options array 1555 1565 1889" },

    { "DEL and C1 in other strings",
      ngx_string("{\"stream\":\"\x7f\xc2\x85\"}"),
      "root 0; stream string 1 10 15 \x7f\xc2\x85" },

    { "invalid UTF-8 in other strings",
      ngx_string("{\"x\xff\":\"\xfe\xc0\"}"), "root 0" },

    { "the longest name", ngx_string("{\"model\":\"" X256("x") "\"}"),
      "root 0; model string 1 9 267 " X256("x") },

    { "the longest name by escapes",
      ngx_string("{\"model\":\"" X256("\\u0078") "\"}"),
      "root 0; model string 1 9 1547 escaped " X256("x") },

    { "truncated value",
      ngx_string("{\"stream\":\"x" X256("\xc3\xa9") "\"}"),
      "root 0; stream string 1 10 525 truncated x" X64("\xc3\xa9")
      X64("\xc3\xa9") X64("\xc3\xa9") X16("\xc3\xa9") X16("\xc3\xa9")
      X16("\xc3\xa9") "\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9"
      "\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9"
      "\xc3\xa9\xc3\xa9\xc3\xa9" },

    { "truncated value, three bytes a character",
      ngx_string("{\"stream\":\"" X256("\xe2\x82\xac") "\"}"),
      "root 0; stream string 1 10 780 truncated " X64("\xe2\x82\xac")
      X64("\xe2\x82\xac") X16("\xe2\x82\xac") X16("\xe2\x82\xac")
      X8("\xe2\x82\xac") "\xe2\x82\xac\xe2\x82\xac" },

    { "truncated value, four bytes a character",
      ngx_string("{\"stream\":\"x" X256("\xf0\x9f\x98\x80") "\"}"),
      "root 0; stream string 1 10 1037 truncated x"
      X64("\xf0\x9f\x98\x80") X16("\xf0\x9f\x98\x80")
      X16("\xf0\x9f\x98\x80") X16("\xf0\x9f\x98\x80")
      X8("\xf0\x9f\x98\x80") "\xf0\x9f\x98\x80\xf0\x9f\x98\x80"
      "\xf0\x9f\x98\x80\xf0\x9f\x98\x80\xf0\x9f\x98\x80"
      "\xf0\x9f\x98\x80\xf0\x9f\x98\x80" },

    { "truncated value, no characters",
      ngx_string("{\"stream\":\"" X256("\x80\x80\x80") "\"}"),
      "root 0; stream string 1 10 780 truncated "
      X256("\x80") X256("\x80") },

    { "value cut before a character",
      ngx_string("{\"stream\":\"" X256("xx") "\\u20ac\"}"),
      "root 0; stream string 1 10 530 truncated escaped " X256("xx") },

    { "key longer than any", ngx_string("{\"model" X256("l") "\":1}"),
      "root 0" },

    { "key longer than any, escaped",
      ngx_string("{\"\\u006dodel" X256("\\n") "\":1}"), "root 0" },

    { "deepest",
      ngx_string("{\"x\":" X64("[") X64("[") X64("[") X16("[") X16("[")
                 X16("[") "[[[[[[[[[[[[[[[" "]]]]]]]]]]]]]]]" X16("]")
                 X16("]") X16("]") X64("]") X64("]") X64("]") "}"),
      "root 0" },

    /* what is refused as a whole */

    { "nothing", ngx_string(""), "EMPTY 0" },
    { "blanks", ngx_string(" \r\n"), "EMPTY 3" },
    { "byte-order mark", ngx_string("\xef\xbb\xbf{}"), "BOM 0" },
    { "UTF-16 with a mark", ngx_string("\xff\xfe{\0}\0"), "BOM 0" },
    { "UTF-16, big first", ngx_string("\xfe\xff\0{\0}"), "BOM 0" },
    { "UTF-16", ngx_string("{\0}\0"), "ENCODING 1" },
    { "UTF-16, big first, no mark", ngx_string("\0{\0}"), "ENCODING 0" },
    { "array", ngx_string("[]"), "ROOT 0" },
    { "string", ngx_string(" \"x\""), "ROOT 1" },
    { "number", ngx_string("1"), "ROOT 0" },
    { "literal", ngx_string("null"), "ROOT 0" },
    { "form", ngx_string("model=x"), "ROOT 0" },
    { "closed before opened", ngx_string("}{"), "ROOT 0" },
    { "second document", ngx_string("{}{}"), "TRAILING 2" },
    { "second document after a blank", ngx_string("{}\n {}"), "TRAILING 4" },
    { "garbage behind", ngx_string("{} x"), "TRAILING 3" },
    { "comma behind", ngx_string("{},"), "TRAILING 2" },
    { "brace behind", ngx_string("{}}"), "TRAILING 2" },
    { "too deep",
      ngx_string("{\"x\":" X64("[") X64("[") X64("[") X64("[") "1"),
      "TOO_DEEP 260" },
    { "too deep with objects",
      ngx_string("{\"x\":" X256("{\"a\":") "1"), "TOO_DEEP 1280" },

    /* cut short */

    { "cut after brace", ngx_string("{"), "UNEXPECTED_END 1" },
    { "cut in key", ngx_string("{\"mod"), "UNEXPECTED_END 5" },
    { "cut after key", ngx_string("{\"model\""), "UNEXPECTED_END 8" },
    { "cut after colon", ngx_string("{\"model\": "), "UNEXPECTED_END 10" },
    { "cut in name", ngx_string("{\"model\":\"x"), "UNEXPECTED_END 11" },
    { "cut in escape", ngx_string("{\"model\":\"x\\"), "UNEXPECTED_END 12" },
    { "cut in digits", ngx_string("{\"x\":\"\\u00"), "UNEXPECTED_END 10" },
    { "cut in literal", ngx_string("{\"stream\":tru"), "UNEXPECTED_END 13" },
    { "cut in number", ngx_string("{\"stream\":1."), "UNEXPECTED_END 12" },
    { "cut after number", ngx_string("{\"stream\":1"), "UNEXPECTED_END 11" },
    { "cut after comma", ngx_string("{\"x\":1,"), "UNEXPECTED_END 7" },
    { "cut in array", ngx_string("{\"x\":[[]"), "UNEXPECTED_END 8" },

    /* syntax */

    { "no colon", ngx_string("{\"x\" 1}"), "SYNTAX 5" },
    { "colon twice", ngx_string("{\"x\"::1}"), "SYNTAX 5" },
    { "comma for colon", ngx_string("{\"x\",1}"), "SYNTAX 4" },
    { "no value", ngx_string("{\"x\":}"), "SYNTAX 5" },
    { "no comma", ngx_string("{\"x\":1 \"y\":2}"), "SYNTAX 7" },
    { "comma first", ngx_string("{,\"x\":1}"), "SYNTAX 1" },
    { "comma last", ngx_string("{\"x\":1,}"), "SYNTAX 7" },
    { "comma twice", ngx_string("{\"x\":1,,\"y\":1}"), "SYNTAX 7" },
    { "number as key", ngx_string("{1:2}"), "SYNTAX 1" },
    { "bare key", ngx_string("{model:\"x\"}"), "SYNTAX 1" },
    { "single quotes", ngx_string("{'model':\"x\"}"), "SYNTAX 1" },
    { "object as key", ngx_string("{{}:1}"), "SYNTAX 1" },
    { "two strings", ngx_string("{\"x\":\"a\"\"b\"}"), "SYNTAX 8" },
    { "string and number", ngx_string("{\"x\":\"a\"1}"), "SYNTAX 8" },
    { "number and string", ngx_string("{\"x\":1\"a\"}"), "SYNTAX 6" },
    { "two numbers", ngx_string("{\"x\":1 2}"), "SYNTAX 7" },
    { "wrong bracket", ngx_string("{\"x\":[1}"), "SYNTAX 7" },
    { "wrong brace", ngx_string("{\"x\":1]"), "SYNTAX 6" },
    { "empty with the wrong bracket", ngx_string("{\"x\":{]}"), "SYNTAX 6" },
    { "array: comma first", ngx_string("{\"x\":[,1]}"), "SYNTAX 6" },
    { "array: comma last", ngx_string("{\"x\":[1,]}"), "SYNTAX 8" },
    { "array: colon", ngx_string("{\"x\":[\"a\":1]}"), "SYNTAX 9" },
    { "array: no comma", ngx_string("{\"x\":[1 []]}"), "SYNTAX 8" },
    { "comment", ngx_string("{\"x\":1/**/}"), "SYNTAX 6" },
    { "line comment", ngx_string("{// \"\n\"x\":1}"), "SYNTAX 1" },
    { "backslash outside", ngx_string("{\\\"x\":1}"), "SYNTAX 1" },
    { "NUL between", ngx_string("{\"x\":\0 1}"), "ENCODING 5" },
    { "form feed between", ngx_string("{\"x\":\f1}"), "SYNTAX 5" },
    { "form feed for comma", ngx_string("{\"x\":1\f\"y\":1}"), "SYNTAX 6" },
    { "0x1a for colon", ngx_string("{\"x\"\x1a" "1}"), "SYNTAX 4" },
    { "vertical tab", ngx_string("{\v}"), "SYNTAX 1" },
    { "no-break space", ngx_string("{\xc2\xa0}"), "SYNTAX 1" },
    { "hash", ngx_string("{\"x\":[1,#]}"), "SYNTAX 8" },

    /* scalars */

    { "leading zero", ngx_string("{\"x\":01}"), "SYNTAX 6" },
    { "leading zeros", ngx_string("{\"x\":[1,00]}"), "SYNTAX 9" },
    { "minus zero one", ngx_string("{\"x\":[1,-01]}"), "SYNTAX 10" },
    { "plus", ngx_string("{\"x\":[1,+1]}"), "SYNTAX 8" },
    { "minus alone", ngx_string("{\"x\":[1,-]}"), "SYNTAX 9" },
    { "minus twice", ngx_string("{\"x\":[1,--1]}"), "SYNTAX 9" },
    { "no fraction", ngx_string("{\"x\":[1,1.]}"), "SYNTAX 10" },
    { "no integer", ngx_string("{\"x\":[1,.5]}"), "SYNTAX 8" },
    { "two points", ngx_string("{\"x\":[1,1.2.3]}"), "SYNTAX 11" },
    { "no exponent", ngx_string("{\"x\":[1,1e]}"), "SYNTAX 10" },
    { "no exponent but sign", ngx_string("{\"x\":[1,1e+]}"), "SYNTAX 11" },
    { "exponent twice", ngx_string("{\"x\":[1,1e1e1]}"), "SYNTAX 11" },
    { "point in the exponent", ngx_string("{\"x\":[1,1e1.5]}"), "SYNTAX 11" },
    { "hexadecimal", ngx_string("{\"x\":[1,0x10]}"), "SYNTAX 9" },
    { "sign inside", ngx_string("{\"x\":[1,1-1]}"), "SYNTAX 9" },
    { "letters in a number", ngx_string("{\"x\":[1,12a]}"), "SYNTAX 10" },
    { "NaN", ngx_string("{\"x\":NaN}"), "SYNTAX 5" },
    { "Infinity", ngx_string("{\"x\":[1,-Infinity]}"), "SYNTAX 9" },
    { "upper case literal", ngx_string("{\"x\":[1,True]}"), "SYNTAX 8" },
    { "literal too short", ngx_string("{\"x\":[1,tru]}"), "SYNTAX 11" },
    { "literal too long", ngx_string("{\"x\":[1,nulll]}"), "SYNTAX 12" },
    { "mistyped literal", ngx_string("{\"x\":[1,fa1se]}"), "SYNTAX 10" },
    { "literals together", ngx_string("{\"x\":[1,truefalse]}"), "SYNTAX 12" },
    { "undefined", ngx_string("{\"x\":undefined}"), "SYNTAX 5" },
    { "two wrong numbers", ngx_string("{\"x\":[1,0x1,00]}"), "SYNTAX 9" },

    /* strings */

    { "raw control", ngx_string("{\"x\":\"a\nb\"}"), "CONTROL 7" },
    { "raw control in a key", ngx_string("{\"x\t\":1}"), "CONTROL 3" },
    { "raw control in a name", ngx_string("{\"model\":\"a\0\"}"),
      "CONTROL 11" },
    { "raw control in an escaped name",
      ngx_string("{\"model\":\"\\u0061\x1f\"}"), "CONTROL 16" },
    { "unknown escape", ngx_string("{\"x\":\"\\x41\"}"), "ESCAPE 7" },
    { "escaped quote mark", ngx_string("{\"x\":\"\\'\"}"), "ESCAPE 7" },
    { "escaped line end", ngx_string("{\"x\":\"\\\n\"}"), "CONTROL 7" },
    { "upper case U", ngx_string("{\"x\":\"\\U0041\"}"), "ESCAPE 7" },
    { "digits missing", ngx_string("{\"x\":\"\\u041\"}"), "ESCAPE 11" },
    { "wrong digit", ngx_string("{\"x\":\"\\u00g1\"}"), "ESCAPE 10" },
    { "digit by escape", ngx_string("{\"x\":\"\\u00\\u0031\"}"),
      "ESCAPE 10" },
    { "unknown escape in a name", ngx_string("{\"model\":\"\\a\"}"),
      "ESCAPE 11" },
    { "unknown escape in a key", ngx_string("{\"\\model\":\"a\"}"),
      "ESCAPE 3" },

    /* names */

    { "name twice", ngx_string("{\"model\":\"a\",\"model\":\"a\"}"),
      "DUPLICATE 13 of model" },
    { "name twice, escaped",
      ngx_string("{\"model\":\"a\",\"mode\\u006c\":\"b\"}"),
      "DUPLICATE 13 of model" },
    { "name and variant", ngx_string("{\"model\":\"a\",\"MODEL\":1}"),
      "DUPLICATE 13 of model" },
    { "variant and name", ngx_string("{\"Model\":\"a\",\"model\":\"b\"}"),
      "DUPLICATE 13 of model" },
    { "two variants", ngx_string("{\"Model\":\"a\",\"mOdel\":\"b\"}"),
      "DUPLICATE 13 of model" },
    { "lone variant", ngx_string("{\"x\":1,\"Model\":\"a\"}"),
      "CASE 7 of model" },
    { "lone variant, escaped", ngx_string("{\"\\u004dodel\":\"a\"}"),
      "CASE 1 of model" },
    { "variants of two", ngx_string("{\"SOURCE\":\"a\",\"Model\":\"b\"}"),
      "CASE 1 of source" },
    { "variant in an object", ngx_string("{\"d\":{\"N\":\"x\"}}"),
      "CASE 6 of d.n" },
    { "long s", ngx_string("{\"\xc5\xbfource\":\"a\"}"),
      "CASE 1 of source" },
    { "long s, escaped", ngx_string("{\"\\u017Fource\":\"a\"}"),
      "CASE 1 of source" },
    { "kelvin sign", ngx_string("{\"kind\":\"a\",\"\xe2\x84\xaaind\":\"a\"}"),
      "DUPLICATE 12 of kind" },
    { "other signs do not fold",
      ngx_string("{\"\xe2\x84\xabind\":1,\"\xc5\xbeource\":2,"
                 "\"\xc5\":3,\"\xe2\x84\":4,\"mo\xe2\":5}"), "root 0" },
    { "null name", ngx_string("{\"model\":null}"), "NAME_TYPE 9 of model" },
    { "number name", ngx_string("{\"model\" : 1}"), "NAME_TYPE 11 of model" },
    { "array name", ngx_string("{\"model\":[\"x\"]}"),
      "NAME_TYPE 9 of model" },
    { "object name", ngx_string("{\"model\":{}}"), "NAME_TYPE 9 of model" },
    { "name too long", ngx_string("{\"model\":\"" X256("x") "y\"}"),
      "NAME_TOO_LONG 9 of model" },
    { "name too long by one character",
      ngx_string("{\"model\":\"x" X64("xxx") X16("xxx") "xxxxxxxxxxxxxx"
                 "\\u00e9\"}"), "NAME_TOO_LONG 9 of model" },
    { "1 MB of name would be too long",
      ngx_string("{\"model\":\"" X256("xxxxxxxxxx") "\"}"),
      "NAME_TOO_LONG 9 of model" },
    { "NUL in a name", ngx_string("{\"model\":\"a\\u0000\"}"),
      "NAME_CONTROL 9 of model" },
    { "line end in a name", ngx_string("{\"model\":\"a\\r\\nb\"}"),
      "NAME_CONTROL 9 of model" },
    { "DEL in a name", ngx_string("{\"model\":\"\x7f\"}"),
      "NAME_CONTROL 9 of model" },
    { "C1 in a name", ngx_string("{\"model\":\"\\u0085\"}"),
      "NAME_CONTROL 9 of model" },
    { "lone high surrogate in a name", ngx_string("{\"model\":\"\\ud83d\"}"),
      "NAME_UTF8 9 of model" },
    { "lone low surrogate in a name", ngx_string("{\"model\":\"\\ude00a\"}"),
      "NAME_UTF8 9 of model" },
    { "raw surrogate in a name", ngx_string("{\"model\":\"\xed\xa0\x80\"}"),
      "NAME_UTF8 9 of model" },
    { "overlong in a name", ngx_string("{\"model\":\"\xc0\xaf\"}"),
      "NAME_UTF8 9 of model" },
    { "overlong of three", ngx_string("{\"model\":\"\xe0\x82\xaf\"}"),
      "NAME_UTF8 9 of model" },
    { "overlong of four", ngx_string("{\"model\":\"\xf0\x80\x80\xaf\"}"),
      "NAME_UTF8 9 of model" },
    { "past Unicode", ngx_string("{\"model\":\"\xf4\x90\x80\x80\"}"),
      "NAME_UTF8 9 of model" },
    { "past UTF-8", ngx_string("{\"model\":\"\xf8\x88\x80\x80\"}"),
      "NAME_UTF8 9 of model" },
    { "character cut", ngx_string("{\"model\":\"\xe2\x82\"}"),
      "NAME_UTF8 9 of model" },
    { "character broken", ngx_string("{\"model\":\"\xe2\x82x\"}"),
      "NAME_UTF8 9 of model" },
    { "continuation alone", ngx_string("{\"model\":\"\x80\"}"),
      "NAME_UTF8 9 of model" }
};

#define NTESTS  (sizeof(tests) / sizeof(tests[0]))


static ngx_uint_t   count;
static ngx_uint_t   failures;
static uint64_t     seed = 20;


static ngx_uint_t
any(ngx_uint_t n)
{
    seed = seed * 6364136223846793005ULL + 1442695040888963407ULL;

    return (ngx_uint_t) ((seed >> 33) % n);
}


static void
ok(ngx_uint_t good, const char *name, const char *what)
{
    failures += !good;

    printf("%sok %lu - %s%s\n", good ? "" : "not ", (unsigned long) ++count,
           name, what);
}


/* in a block of its own size, so that the sanitizer sees what is overread */

static void
feed(ngx_http_model_scan_t *scan, u_char *p, size_t len)
{
    u_char  *copy;

    copy = malloc(len ? len : 1);
    ngx_memcpy(copy, p, len);

    if (ngx_http_model_scan_feed(scan, copy, len)
        != (scan->error ? NGX_ERROR : NGX_OK))
    {
        ok(0, "feed", " returns what is in the scan");
    }

    free(copy);
}


static void
put(outcome_t *o, const char *fmt, ...)
{
    va_list  args;

    va_start(args, fmt);
    o->len += vsnprintf((char *) o->text + o->len, sizeof(o->text) - o->len,
                        fmt, args);
    va_end(args);
}


static void
put_member(outcome_t *o, ngx_http_model_scan_t *scan, ngx_uint_t k,
    off_t base)
{
    u_char                         c;
    size_t                         i;
    ngx_http_model_scan_member_t  *m;

    m = &scan->members[k];

    if (!m->found) {

        if (m->dup) {
            put(o, "; %s dup", keys[k].path.data);
        }

        return;
    }

    put(o, "; %s %s %ld %ld %ld%s%s%s%s", keys[k].path.data, types[m->type],
        (long) (m->key_start - base), (long) (m->start - base),
        (long) (m->end - base), m->truncated ? " truncated" : "",
        m->escaped ? " escaped" : "", m->empty ? " empty" : "",
        m->dup ? " dup" : "");

    if (m->type != NGX_HTTP_MODEL_SCAN_STRING) {
        return;
    }

    put(o, " ");

    for (i = 0; i < m->value.len; i++) {
        c = m->value.data[i];
        put(o, c < 0x20 ? "<%02x>" : "%c", c);
    }
}


static void
outcome(outcome_t *o, ngx_http_model_scan_t *scan, off_t base)
{
    ngx_uint_t  k;

    o->len = 0;

    if (ngx_http_model_scan_finish(scan) != NGX_OK) {
        put(o, "%s %ld", errors[scan->error],
            (long) (scan->error_offset - base));

        if (scan->error_key >= 0) {
            put(o, " of %s", keys[scan->error_key].path.data);
        }

        return;
    }

    put(o, "root %ld%s", (long) (scan->root_start - base),
        scan->root_empty ? " empty" : "");

    for (k = 0; k < NKEYS; k++) {
        put_member(o, scan, k, base);
    }
}


static ngx_http_model_scan_t *
begin(ngx_uint_t block)
{
    size_t                  size;
    ngx_http_model_scan_t  *scan;

    /* as big as is asked for, with a pattern: init sets all that counts */

    size = ngx_http_model_scan_size(NKEYS);

    scan = malloc(size);
    ngx_memset(scan, 0xa5, size);

    ngx_http_model_scan_init(scan, keys, NKEYS);

    if (ngx_http_model_scan_use(scan, block) != NGX_OK) {
        free(scan);
        return NULL;
    }

    return scan;
}


/* scans blanks and the body, cut at both places */

static void
run(outcome_t *o, ngx_uint_t block, ngx_str_t *body, size_t one, size_t two,
    size_t blanks)
{
    u_char                  space[BLANKS];
    ngx_http_model_scan_t  *scan;

    scan = begin(block);

    ngx_memset(space, ' ', sizeof(space));
    feed(scan, space, blanks);

    feed(scan, body->data, one);
    feed(scan, body->data + one, two - one);
    feed(scan, body->data + two, body->len - two);

    outcome(o, scan, (off_t) blanks);
    free(scan);
}


static ngx_uint_t
same(outcome_t *a, outcome_t *b)
{
    return a->len == b->len && ngx_memcmp(a->text, b->text, a->len) == 0;
}


static ngx_uint_t
cut(outcome_t *want, ngx_uint_t block, ngx_str_t *body)
{
    size_t                  i, one, two;
    outcome_t               got;
    ngx_uint_t              good;
    ngx_http_model_scan_t  *scan;

    good = 1;

    for (i = 0; i <= body->len; i++) {
        run(&got, block, body, i, i, 0);
        good &= same(want, &got);

        one = any(body->len + 1);
        two = one + any(body->len - one + 1);
        run(&got, block, body, one, two, 0);
        good &= same(want, &got);
    }

    scan = begin(block);

    for (i = 0; i < body->len; i++) {
        feed(scan, body->data + i, 1);
    }

    outcome(&got, scan, 0);
    free(scan);

    return good && same(want, &got);
}


static ngx_uint_t
moved(outcome_t *want, ngx_uint_t block, ngx_str_t *body)
{
    size_t      i;
    outcome_t   got;
    ngx_uint_t  good;

    good = 1;

    for (i = 1; i <= BLANKS; i++) {
        run(&got, block, body, 0, body->len, i);
        good &= same(want, &got);
    }

    return good;
}


static void
test(test_t *t)
{
    size_t                  len;
    outcome_t               want, got;
    ngx_uint_t              block, good, good_cut, good_moved;
    ngx_http_model_scan_t  *scan;

    len = ngx_strlen(t->want);
    good = 1;
    good_cut = 1;
    good_moved = 1;

    run(&want, NGX_HTTP_MODEL_SCAN_BEST, &t->body, 0, 0, 0);

    for (block = NGX_HTTP_MODEL_SCAN_PORTABLE;
         block <= NGX_HTTP_MODEL_SCAN_AVX2;
         block++)
    {
        scan = begin(block);

        if (scan == NULL) {
            continue;
        }

        free(scan);

        run(&got, block, &t->body, 0, 0, 0);
        good &= (got.len == len && ngx_memcmp(got.text, t->want, len) == 0);

        if (!good) {
            printf("# got  %.*s\n# want %s\n", (int) got.len, got.text,
                   t->want);
        }

        good_cut &= cut(&want, block, &t->body);

        /* a byte-order mark is one only at the very beginning */

        if (ngx_strncmp(t->want, "BOM", 3) != 0) {
            good_moved &= moved(&want, block, &t->body);
        }
    }

    ok(good, t->name, "");
    ok(good_cut, t->name, ", cut");
    ok(good_moved, t->name, ", moved");
}


/* documents by chance, of which about a third are right */

static size_t
document(u_char *p, size_t size)
{
    size_t      len, n;
    ngx_uint_t  i;

    static const char  *pieces[] = {
        "{", "}", "[", "]", ":", ",", "\"x\"", "\"model\":", "\"stream\":",
        "\"options\":{", "\"seed\":", "\"a\\\"b\\\\\"", "\"\\u00e9\"", "1",
        "-2.5e+10", "true", "null", "false", " ", "\n", "\"d\":{\"n\":\"",
        "\"", "\\", "0", "{}", "[1,2,3]", "\"y\":[", "],", "},", "\"z\":1,",
        "\"\\ud83d\\ude00\",", "\"Model\"", "\xc3\xa9", "e", "-", "\\u12"
    };

    len = 0;
    p[len++] = '{';

    for (i = any(40); i; i--) {
        const char  *piece;

        piece = pieces[any(sizeof(pieces) / sizeof(pieces[0]))];
        n = ngx_strlen(piece);

        if (len + n < size) {
            ngx_memcpy(p + len, piece, n);
            len += n;
        }
    }

    p[len++] = '}';

    return len;
}


static void
test_random(void)
{
    size_t      one, two;
    u_char      text[512];
    outcome_t   want, got;
    ngx_str_t   body;
    ngx_uint_t  i, block, good;

    good = 1;
    body.data = text;

    for (i = 0; i < DOCUMENTS; i++) {
        body.len = document(text, sizeof(text) - 1);
        run(&want, NGX_HTTP_MODEL_SCAN_PORTABLE, &body, 0, 0, 0);

        for (block = NGX_HTTP_MODEL_SCAN_BEST;
             block <= NGX_HTTP_MODEL_SCAN_SSE2;
             block++)
        {
            one = any(body.len + 1);
            two = one + any(body.len - one + 1);

#if !(__x86_64__)
            if (block == NGX_HTTP_MODEL_SCAN_SSE2) {
                continue;
            }
#endif

            run(&got, block, &body, one, two, any(BLANKS));

            if (!same(&want, &got)) {
                printf("# %.*s\n# %.*s\n# %.*s\n", (int) body.len, text,
                       (int) want.len, want.text, (int) got.len, got.text);
                good = 0;
            }
        }
    }

    ok(good, "documents by chance", "");
}


static void
test_interface(void)
{
    u_char                  byte;
    ngx_uint_t              i, good;
    ngx_http_model_scan_t  *scan;

    byte = '[';
    scan = begin(NGX_HTTP_MODEL_SCAN_BEST);

    ok(ngx_http_model_scan_use(scan, 4) == NGX_DECLINED,
       "no such classifier", "");

    feed(scan, &byte, 1);
    ok(ngx_http_model_scan_finish(scan) == NGX_ERROR, "array refused", "");

    byte = '{';
    feed(scan, &byte, 1);

    ok(ngx_http_model_scan_feed(scan, &byte, 1) == NGX_ERROR,
       "feed repeats the error", "");
    ok(ngx_http_model_scan_finish(scan) == NGX_ERROR
       && scan->error == NGX_HTTP_MODEL_SCAN_ROOT && scan->error_offset == 0,
       "finish repeats the error", "");

    free(scan);

    good = 1;

    for (i = 0; i <= NGX_HTTP_MODEL_SCAN_NAME_UTF8 + 1; i++) {
        good &= (ngx_strlen(ngx_http_model_scan_strerror(i)) > 5);
    }

    ok(good, "each error has a text", "");
}


int
main(void)
{
    ngx_uint_t  i;

    for (i = 0; i < NTESTS; i++) {
        test(&tests[i]);
    }

    test_random();
    test_interface();

    printf("1..%lu\n", (unsigned long) count);

    return failures ? 1 : 0;
}
