/* unit: src/ngx_http_model_preset.c src/ngx_http_model_edit.c + nginx */

/*
 * Copyright (C) the ngx_http_model_module authors
 *
 * Presets: what they make of a body, which are refused, merging of edits.
 */


#include "preset.h"


typedef struct {
    const char  *name;
    const char  *presets;
    const char  *body;
    const char  *want;
} test_plan_t;


typedef struct {
    const char  *path;
    const char  *value;
    const char  *error;     /* part of it; NULL: accepted */
} test_check_t;


static void ok(ngx_uint_t good, const char *name);
static void set_str(ngx_str_t *s, const char *text);
static void test_plans(void);
static void test_declined(void);
static void test_given(void);
static void test_checks(void);
static void test_conflicts(void);
static void test_merge(void);
static ngx_int_t merge(const char *a, const char *b, ngx_str_t *result);
static ngx_uint_t read_edits(const char *text, ngx_http_model_edit_t *edits);


static ngx_log_t        test_log;
static ngx_open_file_t  test_log_file;
static ngx_pool_t      *pool;
static ngx_uint_t       tests, failed;


static test_plan_t  plans[] = {

    { "no presets", "", "{\"a\":1}", "{\"a\":1}" },

    { "default, absent", "d a 1", "{\"b\":2}", "{\"a\":1,\"b\":2}" },

    { "default, empty object", "d a 1", " { } ", " {\"a\":1 } " },

    { "default, present", "d a 1", "{\"a\":2}", "{\"a\":2}" },

    { "default, null stays", "d a 1", "{\"a\":null}", "{\"a\":null}" },

    { "default, in a string only", "d a 1",
      "{\"b\":\"\\\"a\\\":2\",\"c\":[{\"a\":3}]}",
      "{\"a\":1,\"b\":\"\\\"a\\\":2\",\"c\":[{\"a\":3}]}" },

    { "default, present by escapes", "d a-b 1",
      "{\"\\u0061-\\u0062\":2}", "{\"\\u0061-\\u0062\":2}" },

    { "default, letters whose low byte is the name", "f s 1",
      "{\"\\u0273\":2,\"\311\263\":3}",
      "{\"s\":1,\"\\u0273\":2,\"\311\263\":3}" },

    { "default, other case", "d a 1", "{\"A\":2}", "{\"a\":1,\"A\":2}" },

    { "default, longer and shorter names", "d ab 1",
      "{\"a\":2,\"abc\":3,\"\":4}", "{\"ab\":1,\"a\":2,\"abc\":3,\"\":4}" },

    { "force, absent", "f a 1", "{\"b\":2}", "{\"a\":1,\"b\":2}" },

    { "force, present", "f a -1", "{\"b\":2 , \"a\" : \"5m\" }",
      "{\"b\":2 , \"a\" : -1 }" },

    { "force, null", "f a {\"x\":[1]}", "{\"a\":null}",
      "{\"a\":{\"x\":[1]}}" },

    { "force, number at the end", "f a 1", "{\"a\":12.5e3}", "{\"a\":1}" },

    { "force, nested value", "f a 1",
      "{\"a\":{\"b\":[\"}\",{}]},\"c\":\"\\\\\"}",
      "{\"a\":1,\"c\":\"\\\\\"}" },

    { "force, every one of several", "f a 1", "{\"a\":2,\"a\":3}",
      "{\"a\":1,\"a\":1}" },

    { "force, other case", "f ask 1",
      "{\"ASK\":2,\"a\\u017f\\u212a\":3,\"a\305\277\342\204\252\":4}",
      "{\"ask\":1,\"ASK\":1,\"a\\u017f\\u212a\":1,"
      "\"a\305\277\342\204\252\":1}" },

    { "nested, parent absent", "d options.temperature 0.7", "{\"b\":2}",
      "{\"options\":{\"temperature\":0.7},\"b\":2}" },

    { "nested, several below one absent parent",
      "d o.a 1\nf x 5\nf o.b 2\nd o.c.d 3\nd o.c.e 4", "{}",
      "{\"o\":{\"a\":1,\"b\":2,\"c\":{\"d\":3,\"e\":4}},\"x\":5}" },

    { "nested, parent there", "d o.a 1\nf o.b 2", "{\"o\":{\"b\":3,\"c\":4}}",
      "{\"o\":{\"a\":1,\"b\":2,\"c\":4}}" },

    { "nested, parent empty", "d o.a 1\nd p 2", "{\"o\":{}}",
      "{\"p\":2,\"o\":{\"a\":1}}" },

    { "default, parent is no object", "d o.a 1", "{\"o\":[{}]}",
      "{\"o\":[{}]}" },

    { "default, parent is null", "d o.a 1", "{\"o\":null}", "{\"o\":null}" },

    { "force, parent is no object", "d o.a 1\nf o.b.c 2", "{\"o\":\"x\"}",
      "{\"o\":{\"a\":1,\"b\":{\"c\":2}}}" },

    { "force, parent twice and in other case", "f o.a 1",
      "{\"o\":{\"a\":2},\"O\":{},\"o\":7}",
      "{\"o\":{\"a\":1},\"O\":{\"a\":1},\"o\":{\"a\":1}}" },

    { "same name at another depth", "d o.a 1\nd b 2",
      "{\"a\":3,\"o\":{\"b\":4}}",
      "{\"b\":2,\"a\":3,\"o\":{\"a\":1,\"b\":4}}" },

    { "eight deep", "f a.b.c.d.e.f.g.h 1",
      "{\"a\":{\"b\":{\"c\":{\"d\":{\"e\":{\"f\":{\"g\":{\"h\":2}}}}}}}}",
      "{\"a\":{\"b\":{\"c\":{\"d\":{\"e\":{\"f\":{\"g\":{\"h\":1}}}}}}}}" },
};


static test_check_t  checks[] = {
    { "temperature", "0.7", NULL },
    { "options.num_ctx", "8192", NULL },
    { "a-b_C9", "null", NULL },
    { "a.b.c.d.e.f.g.h", "true", NULL },
    { "options.model", "\"x\"", NULL },
    { "reasoning_effort", "\"high\"", NULL },
    { "response_format", "{\"type\":\"text\"}", NULL },
    { "stop", "[\"a b\", 1]", NULL },
    { "a.b.c.d.e.f.g.h.i", "1", "deeper" },
    { "", "1", "joined by dots" },
    { ".a", "1", "joined by dots" },
    { "a.", "1", "joined by dots" },
    { "a..b", "1", "joined by dots" },
    { "a b", "1", "letters, digits" },
    { "a\"b", "1", "letters, digits" },
    { "caf\303\251", "1", "letters, digits" },
    { "model", "\"x\"", "names the model" },
    { "Model", "\"x\"", "names the model" },
    { "name", "\"x\"", "names the model" },
    { "source", "\"x\"", "names the model" },
    { "destination", "\"x\"", "names the model" },
    { "from", "\"x\"", "names the model" },
    { "model.x", "1", "names the model" },
    { "effort", "high", "a string is written" },
    { "effort", "", "a string is written" },
    { "effort", "1 2", "a string is written" },
    { "effort", "1 \"x", "a string is written" },
    { "effort", "{\"a\":1", "a string is written" },
    { "effort", "[1,\n2]", "one line" },
    { "effort", "[1,\r2]", "one line" },
    { "effort", "[1,\v2]", "control characters" },
};


int ngx_cdecl
main(void)
{
    ngx_pagesize = getpagesize();
    ngx_time_init();

    test_log_file.fd = ngx_stderr;
    test_log.file = &test_log_file;
    test_log.log_level = NGX_LOG_EMERG;

    pool = ngx_create_pool(4096, &test_log);
    if (pool == NULL) {
        return 1;
    }

    test_plans();
    test_declined();
    test_given();
    test_checks();
    test_conflicts();
    test_merge();

    ngx_destroy_pool(pool);

    printf("1..%lu\n", (unsigned long) tests);

    return failed ? 1 : 0;
}


static void
ok(ngx_uint_t good, const char *name)
{
    printf("%sok %lu - %s\n", good ? "" : "not ",
           (unsigned long) ++tests, name);

    if (!good) {
        failed++;
    }
}


static void
set_str(ngx_str_t *s, const char *text)
{
    s->data = (u_char *) text;
    s->len = ngx_strlen(text);
}


static void
test_plans(void)
{
    size_t                  i;
    ngx_str_t               text, body, result;
    ngx_uint_t              n, good;
    ngx_http_model_edit_t  *edits;

    for (i = 0; i < sizeof(plans) / sizeof(plans[0]); i++) {
        set_str(&text, plans[i].presets);
        set_str(&body, plans[i].body);

        edits = NULL;
        n = 0;

        good = (ngx_http_model_preset_plan(pool, preset_read(pool, &text),
                                           body.data, body.len, &edits, &n)
                == NGX_OK);

        preset_apply(pool, &body, edits, n, &result);

        good = good && result.len == ngx_strlen(plans[i].want)
               && ngx_memcmp(result.data, plans[i].want, result.len) == 0;

        ok(good, plans[i].name);

        if (!good) {
            printf("# got %.*s\n", (int) result.len, result.data);
        }
    }
}


/* no body may lead outside of itself, whatever it is */

static void
test_declined(void)
{
    size_t                  len;
    u_char                 *copy;
    ngx_str_t               text;
    ngx_uint_t              n, good;
    ngx_array_t            *presets;
    ngx_http_model_edit_t  *edits;

    static const char  body[] =
        " { \"o\" : { \"a\" : [ 1, \"\\u0062\\\"\" ] } , \"c\" : tru }";

    set_str(&text, "f o.a 1\nd b 2");
    presets = preset_read(pool, &text);
    good = 1;

    for (len = 0; len < sizeof(body) - 1; len++) {
        copy = malloc(len + 1);
        if (copy == NULL) {
            abort();
        }

        ngx_memcpy(copy + 1, body, len);

        edits = NULL;
        n = 0;

        good &= (ngx_http_model_preset_plan(pool, presets, copy + 1, len,
                                            &edits, &n)
                 == NGX_DECLINED && n == 0);
        free(copy);
    }

    ok(good, "each beginning of a body is declined");

    good = (ngx_http_model_preset_plan(pool, presets, (u_char *) "[{}]", 4,
                                       &edits, &n)
            == NGX_DECLINED);

    ok(good, "an array is declined");
}


/* the edit of the model, already planned, in the same body */

static void
test_given(void)
{
    size_t                  i;
    ngx_str_t               text, body, result;
    ngx_uint_t              n, good;
    ngx_array_t            *presets;
    ngx_http_model_edit_t   given, *edits;

    static struct {
        const char  *name;
        const char  *body;
        off_t        start;
        off_t        end;
        const char  *text;
        const char  *want;
    } cases[] = {
        { "beside a replaced model", "{\"model\":\"m\"}", 9, 12, "\"n\"",
          "{\"a\":1,\"model\":\"n\"}" },

        { "beside an inserted model", "{\"b\":2}", 1, 1, "\"model\":\"n\",",
          "{\"a\":1,\"model\":\"n\",\"b\":2}" },

        { "beside a model inserted into nothing", "{}", 1, 1,
          "\"model\":\"n\"", "{\"a\":1,\"model\":\"n\"}" },
    };

    set_str(&text, "d a 1");
    presets = preset_read(pool, &text);

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        ngx_memzero(&given, sizeof(ngx_http_model_edit_t));
        given.start = cases[i].start;
        given.end = cases[i].end;
        set_str(&given.text, cases[i].text);
        set_str(&body, cases[i].body);

        edits = &given;
        n = 1;

        good = (ngx_http_model_preset_plan(pool, presets, body.data,
                                           body.len, &edits, &n)
                == NGX_OK && n == 2);

        preset_apply(pool, &body, edits, n, &result);

        ok(good && result.len == ngx_strlen(cases[i].want)
           && ngx_memcmp(result.data, cases[i].want, result.len) == 0,
           cases[i].name);
    }
}


static void
test_checks(void)
{
    char         name[128];
    size_t       i;
    ngx_str_t    path, value;
    const char  *error, *want;

    for (i = 0; i < sizeof(checks) / sizeof(checks[0]); i++) {
        set_str(&path, checks[i].path);
        set_str(&value, checks[i].value);
        want = checks[i].error;

        error = ngx_http_model_preset_check(pool, &path, &value);

        snprintf(name, sizeof(name), "check \"%s\" %s", checks[i].path,
                 want ? want : "accepted");

        ok(want ? (error && strstr(error, want)) : (error == NULL), name);
    }
}


static void
test_conflicts(void)
{
    size_t        i;
    ngx_str_t     text, path;
    const char   *error;
    ngx_array_t  *presets;

    static test_check_t  cases[] = {
        { "options", NULL, "leads through" },
        { "options.temperature.x", NULL, "leads through" },
        { "options.temperature", NULL, "already" },
        { "options.Temperature", NULL, "case" },
        { "Options.top_p", NULL, "case" },
        { "option", NULL, NULL },
        { "options.top_p", NULL, NULL },
        { "temperature", NULL, NULL },
    };

    set_str(&text, "d options.temperature 0.7");
    presets = preset_read(pool, &text);

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        set_str(&path, cases[i].path);

        error = ngx_http_model_preset_conflict(presets, &path);

        ok(cases[i].error ? (error && strstr(error, cases[i].error))
                          : (error == NULL),
           cases[i].path);
    }
}


/* lists are written as "start-end=text ..." over the body 0123456789 */

static void
test_merge(void)
{
    ngx_str_t  result;

    ok(merge("2-3=a 7-7=b", "4-6=c", &result) == NGX_OK
       && ngx_memcmp(result.data, "01a3c6b789", 10) == 0,
       "two lists merged");

    ok(merge("", "4-6=c", &result) == NGX_OK
       && ngx_memcmp(result.data, "0123c6789", 9) == 0,
       "merged with an empty list");

    ok(merge("4-4=a", "4-4=b", &result) == NGX_OK
       && ngx_memcmp(result.data, "0123ab456789", 12) == 0,
       "insertions at one place in order");

    ok(merge("4-6=a", "4-4=b 6-6=c", &result) == NGX_OK
       && ngx_memcmp(result.data, "0123bac6789", 11) == 0,
       "insertions beside a replacement");

    ok(merge("4-6=a", "5-5=b", &result) == NGX_ERROR,
       "an insertion into a replacement is refused");

    ok(merge("4-6=a", "4-6=a", &result) == NGX_ERROR,
       "two replacements of the same are refused");

    ok(merge("1-2=x 4-6=a", "3-5=b", &result) == NGX_ERROR,
       "overlapping replacements are refused");
}


static ngx_int_t
merge(const char *a, const char *b, ngx_str_t *result)
{
    ngx_str_t               body = ngx_string("0123456789");
    ngx_uint_t              na, nb, n;
    ngx_http_model_edit_t   first[4], second[4], *edits;

    na = read_edits(a, first);
    nb = read_edits(b, second);

    if (ngx_http_model_edit_merge(pool, first, na, second, nb, &edits, &n)
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    preset_apply(pool, &body, edits, n, result);

    return (n == na + nb && result->len != (size_t) -1) ? NGX_OK
                                                        : NGX_DECLINED;
}


static ngx_uint_t
read_edits(const char *text, ngx_http_model_edit_t *edits)
{
    ngx_uint_t  n;

    for (n = 0; *text; n++) {
        ngx_memzero(&edits[n], sizeof(ngx_http_model_edit_t));

        edits[n].start = text[0] - '0';
        edits[n].end = text[2] - '0';
        edits[n].text.data = (u_char *) text + 4;
        edits[n].text.len = 1;

        text += (text[5] == ' ') ? 6 : 5;
    }

    return n;
}
