/* unit: src/ngx_http_model_json.c src/ngx_http_model_json_writer.c + nginx */

/*
 * Copyright (C) the ngx_http_model_module authors
 *
 * Documents read into trees and written again: what is refused and why, what
 * strings and numbers become, that every failure is told once, at the end.
 */


#include <ngx_config.h>
#include <ngx_core.h>

#include "ngx_http_model_json.h"
#include "tap.h"


static ngx_pool_t  *pool;


static void parsed(const char *text, size_t len, const char *want,
    const char *name);
static void refused(const char *text, size_t len, const char *want,
    const char *name);
static ngx_http_model_json_t *tree(const char *text);
static void nested(ngx_uint_t depth, u_char *buf);
static void test_read(void);
static void test_refused(void);
static void test_members(void);
static void test_integers(void);
static void test_write(void);
static void test_strings(void);
static void test_misuse(void);
static void test_depth(void);
static void test_large(void);


#define S(s)  s, sizeof(s) - 1


int
main(void)
{
    tap_init();

    pool = ngx_create_pool(4096, &tap_log);

    test_read();
    test_refused();
    test_members();
    test_integers();
    test_write();
    test_strings();
    test_misuse();
    test_depth();
    test_large();

    ngx_destroy_pool(pool);

    return tap_done();
}


static void
parsed(const char *text, size_t len, const char *want, const char *name)
{
    ngx_str_t                      err, out;
    ngx_http_model_json_t         *json;
    ngx_http_model_json_writer_t  *w;

    json = ngx_http_model_json_parse(pool, (u_char *) text, len, &err);

    if (json == NULL) {
        is(&err, want, name);
        return;
    }

    w = ngx_http_model_json_writer(pool);
    ngx_http_model_json_tree(w, json);

    if (ngx_http_model_json_finish(w, &out) != NGX_OK) {
        ok(0, name);
        return;
    }

    is(&out, want, name);
}


static void
refused(const char *text, size_t len, const char *want, const char *name)
{
    u_char     *copy;
    ngx_str_t   err;

    /* on the heap, so that a sanitizer sees what is read past the end */

    copy = malloc(len ? len : 1);
    ngx_memcpy(copy, text, len);

    ok(ngx_http_model_json_parse(pool, copy, len, &err) == NULL, name);
    is(&err, want, name);

    free(copy);
}


static ngx_http_model_json_t *
tree(const char *text)
{
    ngx_str_t  err;

    return ngx_http_model_json_parse(pool, (u_char *) text, ngx_strlen(text),
                                     &err);
}


static void
nested(ngx_uint_t depth, u_char *buf)
{
    ngx_memset(buf, '[', depth);
    ngx_memset(buf + depth, ']', depth);
}


static void
test_read(void)
{
    parsed(S("{}"), "{}", "empty object");
    parsed(S(" [ ] "), "[]", "empty array");
    parsed(S("\"a\""), "\"a\"", "string alone");
    parsed(S("12"), "12", "number alone");
    parsed(S("null"), "null", "null alone");
    parsed(S("[true,false,null,\"\"]"), "[true,false,null,\"\"]", "words");
    parsed(S("{\"b\":1,\"a\":2,\"b\":3}"), "{\"b\":1,\"a\":2,\"b\":3}",
           "document order");
    parsed(S("[1.50,-0,1E+05,123456789012345678901234567890]"),
           "[1.50,-0,1E+05,123456789012345678901234567890]",
           "numbers as written");
    parsed(S("{\n\t\"a\" :\r [ {} , [ ] , { \"b\" : [ 1 , [ 2 ] ] } , 3 ] }"),
           "{\"a\":[{},[],{\"b\":[1,[2]]},3]}", "containers in containers");
    parsed(S("[\"\\u0041\\n\\\"\\\\\\/\\u00e9\\ud83d\\ude00\"]"),
           "[\"A\\n\\\"\\\\/\xc3\xa9\xf0\x9f\x98\x80\"]", "escapes");
    parsed(S("{\"\\u0061\":1,\"\":2}"), "{\"a\":1,\"\":2}", "escaped key");
    parsed(S("[\"\\u0000\"]"), "[\"\\u0000\"]", "escaped NUL");
}


static void
test_refused(void)
{
    refused(S(""), "empty document", "nothing");
    refused(S(" "), "parse error: premature EOF", "blank");
    refused(S("[1"), "parse error: premature EOF", "cut array");
    refused(S("{\"a\":1} {}"), "parse error: trailing garbage",
            "second document");
    refused(S("{a:1}"), "lexical error: invalid char in json text",
            "bare key");
    refused(S("[\"\xff\"]"), "invalid UTF-8", "bad byte");
    refused(S("[\"\xc0\x80\"]"), "invalid UTF-8", "overlong NUL");
    refused(S("[\"\xed\xa0\x80\"]"), "invalid UTF-8", "surrogate byte form");
    refused(S("[\"\xf4\x90\x80\x80\"]"), "invalid UTF-8", "past U+10FFFF");
    refused(S("[\"\xe2\x80"), "invalid UTF-8", "cut character");
    refused(S("[\"\\\xff\"]"), "invalid UTF-8", "bad byte after a backslash");
    refused(S("[\"\\ud800\"]"), "half of a surrogate pair in a string",
            "high half alone");
    refused(S("[\"\\ud800\\u0041\"]"), "half of a surrogate pair in a string",
            "high half and letter");
    refused(S("[\"\\udc00\"]"), "half of a surrogate pair in a string",
            "low half alone");
    refused(S("[\"\\ud800\\\\u12\"]"), "half of a surrogate pair in a string",
            "high half and backslash");
    refused(S("\\"), "lexical error: invalid char in json text",
            "backslash alone");
    refused(S("[\"\\ud8"), "lexical error: invalid (non-hex) character "
            "occurs after '\\u' inside string", "cut escape");
    refused(S("\xef\xbb\xbf{}"), "lexical error: invalid char in json text",
            "byte-order mark");
    refused(S("1 \"x"), "parse error: trailing garbage",
            "cut string after the document");
    refused(S("[1,\v2]"), "invalid white space", "vertical tab");
    refused(S("[\"\\\"\"]\f"), "invalid white space", "form feed");
    refused(S("[1] // x"), "parse error: trailing garbage", "comment");
}


static void
test_members(void)
{
    ngx_str_t               value;
    ngx_http_model_json_t  *json;

    json = tree("{\"a\":1,\"s\":\"x\",\"a\":\"last\",\"t\":true,\"f\":false,"
                "\"aa\":[\"e\"]}");

    ok(ngx_http_model_json_get(json, "no") == NULL, "no member");
    ok(ngx_http_model_json_get(NULL, "a") == NULL, "no object");
    ok(ngx_http_model_json_get(json->child, "a") == NULL, "not an object");

    ok(ngx_http_model_json_get_str(json, "a", &value) == NGX_OK,
       "member is a string");
    is(&value, "last", "last member of a name");

    ok(ngx_http_model_json_get_str(json, "t", &value) == NGX_DECLINED
       && value.len == 0, "member is no string");

    ok(ngx_http_model_json_get(json, "t")->value.len == 1, "true");
    ok(ngx_http_model_json_get(json, "f")->value.len == 0, "false");

    json = ngx_http_model_json_get(json, "aa");
    ok(json->type == NGX_HTTP_MODEL_JSON_ARRAY && json->next == NULL,
       "last member");
    is(&json->key, "aa", "key of a member");
    is(&json->child->value, "e", "element");
    ok(json->child->key.len == 0, "element has no key");
}


static void
test_integers(void)
{
    ngx_uint_t    i;
    const char   *name;
    char          text[128];

    static struct {
        const char  *text;
        int64_t      want;
    } cases[] = {
        { "0", 0 },
        { "-0", 0 },
        { "0.000e99", 0 },
        { "0e-999999999999", 0 },
        { "7", 7 },
        { "131072", 131072 },
        { "1e3", 1000 },
        { "1E+3", 1000 },
        { "3.0", 3 },
        { "1.5e1", 15 },
        { "0.00125e5", 125 },
        { "12000e-3", 12 },
        { "1e003", 1000 },
        { "100.00e-2", 1 },
        { "9223372036854775807", INT64_MAX },
        { "9223372036854775.807e3", INT64_MAX },
        { "9223372036854775808", -1 },
        { "1e19", -1 },
        { "1e18", 1000000000000000000 },
        { "1e999999999999999999999", -1 },
        { "1e-999999999999999999999", -1 },
        { "1.5", -1 },
        { "15e-1", -1 },
        { "-1", -1 },
        { "-1e2", -1 },
        { "\"1\"", -1 },
        { "true", -1 },
        { "null", -1 }
    };

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        name = cases[i].text;
        (void) snprintf(text, sizeof(text), "{\"n\":%s}", name);

        ok(ngx_http_model_json_get_int(tree(text), "n") == cases[i].want,
           name);
    }

    ok(ngx_http_model_json_get_int(tree("{}"), "n") == -1, "no number");
}


static void
test_write(void)
{
    ngx_str_t                      key, out, raw;
    ngx_http_model_json_writer_t  *w;

    ngx_str_set(&key, "k\"y");
    ngx_str_set(&raw, "{\"a\":\n1}");

    w = ngx_http_model_json_writer(pool);

    ngx_http_model_json_object(w);
    ngx_http_model_json_key(w, "i");
    ngx_http_model_json_int(w, INT64_MIN);
    ngx_http_model_json_key(w, "b");
    ngx_http_model_json_bool(w, 8);
    ngx_http_model_json_key_str(w, &key);
    ngx_http_model_json_array(w);
    ngx_http_model_json_null(w);
    ngx_http_model_json_cstr(w, "c");
    ngx_http_model_json_str(w, &key);
    ngx_http_model_json_raw(w, &raw);
    ngx_http_model_json_tree(w, tree("[1,{\"a\":[]}]"));
    ngx_http_model_json_tree(w, NULL);
    ngx_http_model_json_array_end(w);
    ngx_http_model_json_key(w, "e");
    ngx_http_model_json_object(w);
    ngx_http_model_json_object_end(w);
    ngx_http_model_json_object_end(w);

    ok(ngx_http_model_json_finish(w, &out) == NGX_OK, "finish");
    is(&out, "{\"i\":-9223372036854775808,\"b\":true,\"k\\\"y\":[null,\"c\","
             "\"k\\\"y\",{\"a\": 1},[1,{\"a\":[]}],null],\"e\":{}}",
       "every kind of value");

    ok(ngx_http_model_json_finish(w, &out) == NGX_ERROR, "finish again");
    ngx_http_model_json_null(w);

    w = ngx_http_model_json_writer(pool);
    ngx_http_model_json_object(w);
    ok(w != NULL, "a writer that is never finished");
}


static void
test_strings(void)
{
    ngx_str_t                      s, out;
    ngx_uint_t                     i;
    ngx_http_model_json_writer_t  *w;

    static struct {
        ngx_str_t    text;
        const char  *want;
        const char  *name;
    } cases[] = {
        { ngx_string(""), "{\"\":\"\"}", "empty string" },
        { ngx_string("a\x01\n\t\x1f"),
          "{\"a\\u0001\\n\\t\\u001F\":\"a\\u0001\\n\\t\\u001F\"}",
          "control characters" },
        { ngx_string("\xc2\x85|\xe2\x80\xa8|\xe2\x80\xa9"),
          "{\"\\u0085|\\u2028|\\u2029\":\"\\u0085|\\u2028|\\u2029\"}",
          "other line ends" },
        { ngx_string("\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80"),
          "{\"\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\":"
          "\"\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\"}", "good UTF-8" },
        { ngx_string("a\xff" "b\xe2\x80"),
          "{\"a\xef\xbf\xbd" "b\xef\xbf\xbd\xef\xbf\xbd\":"
          "\"a\xef\xbf\xbd" "b\xef\xbf\xbd\xef\xbf\xbd\"}", "bad UTF-8" },
        { ngx_string("\xe2\x80\"\xa8"),
          "{\"\xef\xbf\xbd\xef\xbf\xbd\\\"\xef\xbf\xbd\":"
          "\"\xef\xbf\xbd\xef\xbf\xbd\\\"\xef\xbf\xbd\"}",
          "an escape between bad bytes" },
        { ngx_string("\xed\xa0\x80"),
          "{\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\":"
          "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\"}", "surrogate" }
    };

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        s = cases[i].text;

        w = ngx_http_model_json_writer(pool);
        ngx_http_model_json_object(w);
        ngx_http_model_json_key_str(w, &s);
        ngx_http_model_json_str(w, &s);
        ngx_http_model_json_object_end(w);

        (void) ngx_http_model_json_finish(w, &out);
        is(&out, cases[i].want, cases[i].name);
    }

    ngx_str_null(&s);

    w = ngx_http_model_json_writer(pool);
    ngx_http_model_json_str(w, &s);
    (void) ngx_http_model_json_finish(w, &out);
    is(&out, "\"\"", "null string");
}


static void
test_misuse(void)
{
    ngx_str_t                      s, out;
    ngx_uint_t                     i, c;
    const char                    *p;
    ngx_http_model_json_writer_t  *w;

    /* "{", "}", "[", "]", "k" a key, "v" a value, "r" an empty raw */

    static const char  *cases[] = {
        "", "{", "[", "{k", "{k}", "{v}", "{kk", "[k", "k", "{]", "[}", "]",
        "vv", "{}{}", "{}}", "[v", "[r]", "{{}}"
    };

    ngx_str_null(&s);

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {

        w = ngx_http_model_json_writer(pool);

        for (p = cases[i]; *p; p++) {
            c = *p;

            if (c == '{') {
                ngx_http_model_json_object(w);

            } else if (c == '}') {
                ngx_http_model_json_object_end(w);

            } else if (c == '[') {
                ngx_http_model_json_array(w);

            } else if (c == ']') {
                ngx_http_model_json_array_end(w);

            } else if (c == 'k') {
                ngx_http_model_json_key(w, "k");

            } else if (c == 'r') {
                ngx_http_model_json_raw(w, &s);

            } else {
                ngx_http_model_json_int(w, 1);
            }
        }

        ok(ngx_http_model_json_finish(w, &out) == NGX_ERROR && out.len == 0,
           cases[i]);
    }

    ngx_http_model_json_object(NULL);
    ngx_http_model_json_key(NULL, "k");
    ngx_http_model_json_tree(NULL, tree("{\"a\":1}"));
    ok(ngx_http_model_json_finish(NULL, &out) == NGX_ERROR, "no writer");
}


static void
test_depth(void)
{
    u_char                         buf[2 * 200000];
    ngx_str_t                      err, out;
    ngx_http_model_json_t         *json;
    ngx_http_model_json_writer_t  *w;

    nested(128, buf);
    json = ngx_http_model_json_parse(pool, buf, 256, &err);
    ok(json != NULL, "128 arrays");

    w = ngx_http_model_json_writer(pool);
    ngx_http_model_json_array(w);
    ngx_http_model_json_tree(w, json);
    ngx_http_model_json_int(w, 1);
    ngx_http_model_json_array_end(w);

    ok(ngx_http_model_json_finish(w, &out) == NGX_OK, "too deep to write");
    ok(out.len == 127 * 2 + sizeof("null,1") - 1
       && ngx_strncmp(out.data + 127, "null]", 5) == 0,
       "null where it is too deep");

    nested(129, buf);
    ok(ngx_http_model_json_parse(pool, buf, 258, &err) == NULL, "129 arrays");
    is(&err, "nested too deep", "129 arrays");

    nested(200000, buf);
    ok(ngx_http_model_json_parse(pool, buf, 400000, &err) == NULL,
       "200,000 arrays");
}


static void
test_large(void)
{
    u_char                         text[1000];
    ngx_str_t                      err, out, s;
    ngx_uint_t                     i, n;
    ngx_pool_t                    *own;
    ngx_http_model_json_t         *json, *element;
    ngx_http_model_json_writer_t  *w;

    own = ngx_create_pool(4096, &tap_log);

    for (i = 0; i < sizeof(text); i++) {
        text[i] = (i % 3) ? 'a' : 0x85;
    }

    s.data = text;
    s.len = sizeof(text);

    w = ngx_http_model_json_writer(own);
    ngx_http_model_json_array(w);

    for (i = 0; i < 2000; i++) {
        ngx_http_model_json_str(w, &s);
    }

    ngx_http_model_json_array_end(w);

    ok(ngx_http_model_json_finish(w, &out) == NGX_OK
       && out.len == 2000 * (1000 + 334 * 2 + 3) + 1, "3 MB written");

    json = ngx_http_model_json_parse(own, out.data, out.len, &err);
    ok(json != NULL, "3 MB read");

    n = 0;

    for (element = json ? json->child : NULL;
         element != NULL;
         element = element->next)
    {
        n += (element->value.len == 1000 + 334 * 2);
    }

    ok(n == 2000, "2000 elements");

    ngx_destroy_pool(own);
}
