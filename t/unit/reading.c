/* unit: src/ngx_http_model_reading.c src/ngx_http_model_show.c + nginx */

/*
 * Copyright (C) the ngx_http_model_module authors
 *
 * Answers of model servers of several kinds: what is kept of them, what is
 * taken over from the earlier list, and what is refused.
 */


#include <ngx_config.h>
#include <ngx_core.h>

#include "ngx_http_model_reading.h"
#include "tap.h"


typedef ngx_int_t (*read_pt)(ngx_http_model_reading_t *reading,
    ngx_str_t *body, const char **reason);


static ngx_pool_t  *pool;


static ngx_str_t str(const char *text);
static ngx_http_model_reading_t *page(ngx_http_model_reading_t *reading,
    read_pt read, const char *body);
static void list(ngx_http_model_reading_t *reading, const char *want,
    const char *name);
static void refused(read_pt read, const char *body, const char *want,
    const char *name);
static ngx_http_model_json_t *parsed(const char *text);
static void show(const char *body, const char *want, const char *name);
static ngx_str_t filled(const char *before, char fill, size_t n,
    const char *after);
static ngx_http_model_reading_model_t *model(
    ngx_http_model_reading_t *reading, ngx_uint_t i);
static void test_tags(void);
static void test_names(void);
static void test_models(void);
static void test_pages(void);
static void test_cut(void);
static void test_shows(void);
static void test_recall(void);
static void test_created(void);
static void test_details(void);
static void test_reduced(void);
static void test_large(void);
static void test_words(void);


int
main(void)
{
    tap_init();

    pool = ngx_create_pool(16384, &tap_log);
    if (pool == NULL) {
        return 2;
    }

    test_tags();
    test_names();
    test_models();
    test_pages();
    test_cut();
    test_shows();
    test_recall();
    test_created();
    test_details();
    test_reduced();
    test_large();
    test_words();

    ngx_destroy_pool(pool);

    return tap_done();
}


static ngx_str_t
str(const char *text)
{
    ngx_str_t  s;

    s.data = (u_char *) text;
    s.len = ngx_strlen(text);

    return s;
}


/* the reading after one more answer; a new one for NULL; NULL: refused */

static ngx_http_model_reading_t *
page(ngx_http_model_reading_t *reading, read_pt read, const char *body)
{
    ngx_str_t    text;
    const char  *reason;

    if (reading == NULL) {
        reading = ngx_http_model_reading_create(pool);

        if (reading == NULL) {
            return NULL;
        }
    }

    text = str(body);

    if (read(reading, &text, &reason) != NGX_OK) {
        printf("# refused: %s\n", reason);
        return NULL;
    }

    return reading;
}


static void
list(ngx_http_model_reading_t *reading, const char *want, const char *name)
{
    ngx_str_t  text;

    if (reading == NULL
        || ngx_http_model_reading_list(reading, &text) != NGX_OK)
    {
        ok(0, name);
        return;
    }

    is(&text, want, name);
}


static void
refused(read_pt read, const char *body, const char *want, const char *name)
{
    ngx_str_t                  text, got;
    const char                *reason;
    ngx_http_model_reading_t  *reading;

    reading = ngx_http_model_reading_create(pool);
    text = str(body);
    reason = "";

    if (read(reading, &text, &reason) == NGX_OK) {
        reason = "was read";
    }

    got = str(reason);
    is(&got, want, name);
}


static ngx_http_model_json_t *
parsed(const char *text)
{
    ngx_str_t  err;

    return ngx_http_model_json_parse(pool, (u_char *) text, ngx_strlen(text),
                                     &err);
}


static void
show(const char *body, const char *want, const char *name)
{
    ngx_str_t  text, got;

    text = str(body);

    if (ngx_http_model_reading_show(pool, &text, &got) != NGX_OK) {
        got = str("refused");
    }

    is(&got, want, name);
}


static ngx_str_t
filled(const char *before, char fill, size_t n, const char *after)
{
    u_char     *p;
    ngx_str_t   s;

    s.len = ngx_strlen(before) + n + ngx_strlen(after);
    s.data = ngx_pnalloc(pool, s.len + 1);

    if (s.data == NULL) {
        exit(2);
    }

    p = ngx_cpymem(s.data, before, ngx_strlen(before));
    ngx_memset(p, fill, n);
    p = ngx_cpymem(p + n, after, ngx_strlen(after));
    *p = '\0';

    return s;
}


static ngx_http_model_reading_model_t *
model(ngx_http_model_reading_t *reading, ngx_uint_t i)
{
    return ((ngx_http_model_reading_model_t **) reading->models.elts)[i];
}


static void
test_tags(void)
{
    list(page(NULL, ngx_http_model_reading_tags,
              "{\"models\":[{\"name\":\"a:1\",\"model\":\"a:1\",\"size\":7,"
              "\"digest\":\"d1\",\"details\":{\"families\":null},"
              "\"new\":[1.50,true]},{\"name\":\"b\"}]}"),
         "{\"models\":[{\"name\":\"a:1\",\"entry\":{\"name\":\"a:1\","
         "\"model\":\"a:1\",\"size\":7,\"digest\":\"d1\","
         "\"details\":{\"families\":null},\"new\":[1.50,true]}},"
         "{\"name\":\"b\",\"entry\":{\"name\":\"b\"}}]}",
         "tags: every field is kept, in order");

    list(page(NULL, ngx_http_model_reading_tags, "{\"models\":[]}"),
         "{\"models\":[]}", "tags: empty");
    list(page(NULL, ngx_http_model_reading_tags, "{\"models\":null}"),
         "{\"models\":[]}", "tags: null");

    refused(ngx_http_model_reading_tags, "<html>", "answer is not JSON",
            "tags: a page");
    refused(ngx_http_model_reading_tags, "", "answer is not JSON",
            "tags: nothing");
    refused(ngx_http_model_reading_tags, "{\"models\":[]} x",
            "answer is not JSON", "tags: trailing text");
    refused(ngx_http_model_reading_tags, "{}",
            "answer has no list of models", "tags: no member");
    refused(ngx_http_model_reading_tags, "{\"models\":{\"a\":1}}",
            "answer has no list of models", "tags: an object");
    refused(ngx_http_model_reading_tags, "[{\"name\":\"a\"}]",
            "answer has no list of models", "tags: an array");
    refused(ngx_http_model_reading_tags,
            "{\"error\":\"Unexpected endpoint or method\"}",
            "answer has no list of models", "tags: an error with status 200");
}


static void
test_names(void)
{
    ngx_str_t  long_name, last_name;

    long_name = filled("{\"models\":[{\"name\":\"", 'n', 257,
                       "\"},{\"name\":\"a\"}]}");
    last_name = filled("{\"models\":[{\"name\":\"", 'n', 256, "\"}]}");

    list(page(NULL, ngx_http_model_reading_tags, (char *) long_name.data),
         "{\"models\":[{\"name\":\"a\",\"entry\":{\"name\":\"a\"}}]}",
         "names: 257 bytes are too many");

    ok(page(NULL, ngx_http_model_reading_tags, (char *) last_name.data)
       ->models.nelts == 1, "names: 256 bytes are good");

    list(page(NULL, ngx_http_model_reading_tags,
              "{\"models\":[1,null,\"a\",[],{},{\"name\":\"\"},"
              "{\"name\":null},{\"name\":\"a\\nb\"},{\"name\":\"a\\u0000\"},"
              "{\"name\":\"a\\u007f\"},{\"model\":\"m\"},{\"id\":\"i\"}]}"),
         "{\"models\":[{\"name\":\"m\",\"entry\":{\"model\":\"m\"}}]}",
         "names: without one, empty, control characters");

    list(page(NULL, ngx_http_model_reading_tags,
              "{\"models\":[{\"name\":\"a\",\"n\":1},{\"name\":\"A\"},"
              "{\"name\":\"a\",\"n\":2}]}"),
         "{\"models\":[{\"name\":\"a\",\"entry\":{\"name\":\"a\",\"n\":1}},"
         "{\"name\":\"A\",\"entry\":{\"name\":\"A\"}}]}",
         "names: the first of several, case matters");
}


static void
test_models(void)
{
    list(page(NULL, ngx_http_model_reading_models,
              "{\"object\":\"list\",\"data\":[{\"id\":\"m\",\"created\":5,"
              "\"root\":\"/srv/m\",\"permission\":[{\"id\":\"p\"}],"
              "\"max_model_len\":8192,\"root\":\"/srv/again\"}]}"),
         "{\"models\":[{\"name\":\"m\",\"entry\":{\"id\":\"m\",\"created\":5,"
         "\"max_model_len\":8192}}]}",
         "models: no paths of the server");

    list(page(NULL, ngx_http_model_reading_models,
              "{\"object\":\"list\",\"data\":[{\"id\":\"g\",\"meta\":null}],"
              "\"models\":[{\"name\":\"g\",\"model\":\"g\"}]}"),
         "{\"models\":[{\"name\":\"g\",\"entry\":{\"id\":\"g\","
         "\"meta\":null}}]}",
         "models: llama-server");

    list(page(NULL, ngx_http_model_reading_models,
              "{\"object\":\"list\",\"data\":null}"),
         "{\"models\":[]}", "models: null");
    list(page(NULL, ngx_http_model_reading_models, "[{\"id\":\"t\"}]"),
         "{\"models\":[{\"name\":\"t\",\"entry\":{\"id\":\"t\"}}]}",
         "models: a bare array");

    refused(ngx_http_model_reading_models,
            "{\"error\":\"Unexpected endpoint or method. (GET /v1/x)\"}",
            "answer has no list of models",
            "models: an error with status 200");
    refused(ngx_http_model_reading_models, "{\"data\":\"x\"}",
            "answer has no list of models", "models: a string");
    refused(ngx_http_model_reading_models, "data: {}", "answer is not JSON",
            "models: a stream");
}


static void
test_pages(void)
{
    ngx_str_t                  huge;
    ngx_http_model_reading_t  *reading;

    reading = page(NULL, ngx_http_model_reading_models,
                   "{\"data\":[{\"id\":\"a\"}],\"has_more\":true,"
                   "\"first_id\":\"a\",\"last_id\":\"a\"}");

    ok(reading->more, "pages: another one follows");
    is(&reading->last_id, "a", "pages: last_id");

    reading = page(reading, ngx_http_model_reading_models,
                   "{\"data\":[{\"id\":\"b\"}],\"has_more\":false,"
                   "\"last_id\":\"b\"}");

    ok(!reading->more, "pages: the last one");
    list(reading,
         "{\"models\":[{\"name\":\"a\",\"entry\":{\"id\":\"a\"}},"
         "{\"name\":\"b\",\"entry\":{\"id\":\"b\"}}]}",
         "pages: both are in the list");

    reading = page(reading, ngx_http_model_reading_models,
                   "{\"data\":[{\"id\":\"a\"}],\"has_more\":true,"
                   "\"last_id\":\"a\"}");

    ok(!reading->more, "pages: one without news ends it");

    ok(!page(NULL, ngx_http_model_reading_models,
             "{\"data\":[{\"id\":\"a\"}],\"has_more\":true,"
             "\"last_id\":null}")->more,
       "pages: no last_id");
    ok(!page(NULL, ngx_http_model_reading_models,
             "{\"data\":[{\"id\":\"a\"}],\"has_more\":1,"
             "\"last_id\":\"a\"}")->more,
       "pages: has_more is no boolean");
    ok(!page(NULL, ngx_http_model_reading_models,
             "{\"data\":[],\"has_more\":true,\"last_id\":\"a\"}")->more,
       "pages: an empty one");

    huge = filled("{\"data\":[{\"id\":\"a\"}],\"has_more\":true,"
                  "\"last_id\":\"", 'x', 300, "\"}");

    ok(!page(NULL, ngx_http_model_reading_models, (char *) huge.data)->more,
       "pages: last_id is too long");
}


static void
test_cut(void)
{
    u_char                    *p;
    ngx_str_t                  text;
    ngx_uint_t                 i;
    const char                *reason;
    ngx_http_model_reading_t  *reading;

    text.data = ngx_alloc(20 * (NGX_HTTP_MODEL_READING_MODELS + 10), &tap_log);

    if (text.data == NULL) {
        exit(2);
    }

    p = ngx_cpymem(text.data, "{\"data\":[", 9);

    for (i = 0; i < NGX_HTTP_MODEL_READING_MODELS + 1; i++) {
        p = ngx_sprintf(p, "%s{\"id\":\"m%ui\"}", i ? "," : "", i);
    }

    p = ngx_cpymem(p, "]}", 2);
    text.len = p - text.data;

    reading = ngx_http_model_reading_create(pool);

    ok(ngx_http_model_reading_models(reading, &text, &reason) == NGX_OK
       && reading->models.nelts == NGX_HTTP_MODEL_READING_MODELS
       && reading->cut,
       "cut: 10,001 models");

    ngx_free(text.data);
}


static void
test_shows(void)
{
    ngx_http_model_reading_t  *reading;

    reading = page(NULL, ngx_http_model_reading_tags,
                   "{\"models\":[{\"name\":\"a\",\"digest\":\"d\"},"
                   "{\"name\":\"b\",\"digest\":\"d\"},"
                   "{\"name\":\"c\",\"digest\":\"e\"},"
                   "{\"name\":\"d\"},{\"name\":\"e\"}]}");

    ok(ngx_http_model_reading_lacks(model(reading, 0)), "shows: the first");
    ok(!ngx_http_model_reading_lacks(model(reading, 1)),
       "shows: once for a digest");
    ok(ngx_http_model_reading_lacks(model(reading, 2)), "shows: another one");
    ok(ngx_http_model_reading_lacks(model(reading, 3))
       && ngx_http_model_reading_lacks(model(reading, 4)),
       "shows: each without a digest");

    ngx_str_set(&model(reading, 0)->show, "{\"s\":1}");

    ok(!ngx_http_model_reading_lacks(model(reading, 0)), "shows: known");

    list(reading,
         "{\"models\":[{\"name\":\"a\",\"entry\":{\"name\":\"a\","
         "\"digest\":\"d\"},\"show\":{\"s\":1}},{\"name\":\"b\","
         "\"entry\":{\"name\":\"b\",\"digest\":\"d\"},\"show\":{\"s\":1}},"
         "{\"name\":\"c\",\"entry\":{\"name\":\"c\",\"digest\":\"e\"}},"
         "{\"name\":\"d\",\"entry\":{\"name\":\"d\"}},"
         "{\"name\":\"e\",\"entry\":{\"name\":\"e\"}}]}",
         "shows: of a digest under both names");
}


static void
test_recall(void)
{
    ngx_http_model_json_t     *old;
    ngx_http_model_reading_t  *reading;

    old = parsed("{\"models\":["
                 "{\"name\":\"a\",\"entry\":{\"name\":\"a\","
                 "\"digest\":\"d\"},\"show\":{\"s\":1}},"
                 "{\"name\":\"n\",\"entry\":{\"name\":\"n\",\"x\":[1,2]},"
                 "\"show\":{\"s\":2}},"
                 "{\"name\":\"o\",\"entry\":{\"name\":\"o\",\"x\":[1,2]},"
                 "\"show\":{\"s\":3}},"
                 "{\"name\":\"p\",\"entry\":{\"name\":\"p\","
                 "\"digest\":\"f\"}}]}");

    reading = page(NULL, ngx_http_model_reading_tags,
                   "{\"models\":[{\"name\":\"renamed\",\"digest\":\"d\"},"
                   "{\"name\":\"a\",\"digest\":\"new\"},"
                   "{\"name\":\"n\",\"x\":[1,2]},"
                   "{\"name\":\"o\",\"x\":[1,3]},"
                   "{\"name\":\"p\",\"digest\":\"f\"}]}");

    ok(ngx_http_model_reading_recall(reading, old) == NGX_OK, "recall");
    ok(!ngx_http_model_reading_lacks(model(reading, 0)),
       "recall: a digest under another name");
    ok(ngx_http_model_reading_lacks(model(reading, 1)),
       "recall: a name with another digest");
    ok(!ngx_http_model_reading_lacks(model(reading, 2)),
       "recall: no digest, the same entry");
    ok(ngx_http_model_reading_lacks(model(reading, 3)),
       "recall: no digest, another entry");
    ok(ngx_http_model_reading_lacks(model(reading, 4)),
       "recall: a show that failed before");

    ok(ngx_http_model_reading_recall(reading, NULL) == NGX_OK,
       "recall: no earlier list");
    ok(ngx_http_model_reading_recall(reading, parsed("{\"models\":1}"))
       == NGX_OK
       && ngx_http_model_reading_recall(reading, parsed("[]")) == NGX_OK
       && ngx_http_model_reading_recall(reading,
                                        parsed("{\"models\":[1,{}]}"))
          == NGX_OK,
       "recall: earlier lists that are none");

    list(reading,
         "{\"models\":[{\"name\":\"renamed\",\"entry\":{\"name\":\"renamed\","
         "\"digest\":\"d\"},\"show\":{\"s\":1}},{\"name\":\"a\","
         "\"entry\":{\"name\":\"a\",\"digest\":\"new\"}},{\"name\":\"n\","
         "\"entry\":{\"name\":\"n\",\"x\":[1,2]},\"show\":{\"s\":2}},"
         "{\"name\":\"o\",\"entry\":{\"name\":\"o\",\"x\":[1,3]}},"
         "{\"name\":\"p\",\"entry\":{\"name\":\"p\",\"digest\":\"f\"}}]}",
         "recall: the shows are in the list");
}


static void
test_created(void)
{
    ngx_http_model_json_t     *old;
    ngx_http_model_reading_t  *reading;

    old = parsed("{\"models\":["
                 "{\"name\":\"same\",\"entry\":{\"id\":\"same\","
                 "\"created\":100,\"o\":{\"a\":1}}},"
                 "{\"name\":\"other\",\"entry\":{\"id\":\"other\","
                 "\"created\":100,\"o\":{\"a\":1}}},"
                 "{\"name\":\"nested\",\"entry\":{\"id\":\"nested\","
                 "\"created\":100,\"o\":{\"created\":1}}},"
                 "{\"name\":\"text\",\"entry\":{\"id\":\"text\","
                 "\"created\":\"then\"}}]}");

    reading = page(NULL, ngx_http_model_reading_models,
                   "{\"data\":["
                   "{\"id\":\"same\",\"created\":200,\"o\":{\"a\":1}},"
                   "{\"id\":\"other\",\"created\":200,\"o\":{\"a\":2}},"
                   "{\"id\":\"nested\",\"created\":200,"
                   "\"o\":{\"created\":2}},"
                   "{\"id\":\"text\",\"created\":\"now\"},"
                   "{\"id\":\"new\",\"created\":200}]}");

    ok(ngx_http_model_reading_recall(reading, old) == NGX_OK, "created");

    list(reading,
         "{\"models\":[{\"name\":\"same\",\"entry\":{\"id\":\"same\","
         "\"created\":100,\"o\":{\"a\":1}}},{\"name\":\"other\","
         "\"entry\":{\"id\":\"other\",\"created\":200,\"o\":{\"a\":2}}},"
         "{\"name\":\"nested\",\"entry\":{\"id\":\"nested\",\"created\":200,"
         "\"o\":{\"created\":2}}},{\"name\":\"text\",\"entry\":"
         "{\"id\":\"text\",\"created\":\"now\"}},{\"name\":\"new\","
         "\"entry\":{\"id\":\"new\",\"created\":200}}]}",
         "created: kept where nothing else changed");
}


static void
test_details(void)
{
    size_t     i;
    ngx_str_t  text, got;

    static const char  *bad[] = {
        "{\"version\":\"\"}", "{\"version\":5}", "{}", "x", "\"0.1.0\"",
        "{\"version\":\"0.1\\n\"}", "{\"version\":\"<b>\"}"
    };

    text = str("{\"version\":\"0.12.3-rc1+b_2\"}");
    ok(ngx_http_model_reading_version(pool, &text, &got) == NGX_OK,
       "version");
    is(&got, "0.12.3-rc1+b_2", "version: its text");

    for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        text = str(bad[i]);
        ok(ngx_http_model_reading_version(pool, &text, &got) != NGX_OK,
           bad[i]);
    }

    text = filled("{\"version\":\"", '1', 65, "\"}");
    ok(ngx_http_model_reading_version(pool, &text, &got) != NGX_OK,
       "version: 65 bytes");

    text = str("{\"models\":[{\"name\":\"a\",\"size_vram\":9},{},"
               "{\"model\":\"b\",\"expires_at\":\"t\"}]}");
    ok(ngx_http_model_reading_loaded(pool, &text, &got) == NGX_OK, "loaded");
    is(&got, "{\"models\":[{\"name\":\"a\",\"size_vram\":9},"
       "{\"model\":\"b\",\"expires_at\":\"t\"}]}", "loaded: the entries");

    text = str("{\"models\":null}");
    ok(ngx_http_model_reading_loaded(pool, &text, &got) == NGX_OK,
       "loaded: null");
    is(&got, "{\"models\":[]}", "loaded: none");

    text = str("{\"models\":5}");
    ok(ngx_http_model_reading_loaded(pool, &text, &got) != NGX_OK,
       "loaded: a number");
    text = str("404 page not found");
    ok(ngx_http_model_reading_loaded(pool, &text, &got) != NGX_OK,
       "loaded: a text");
}


static void
test_reduced(void)
{
    ngx_str_t  text;

    show("{\"license\":\"L\",\"modelfile\":\"M\",\"parameters\":\"stop x\","
         "\"template\":\"{{ .Suffix }}\",\"system\":\"S\","
         "\"renderer\":\"r\",\"parser\":\"p\","
         "\"details\":{\"family\":\"llama\",\"families\":null},"
         "\"messages\":[{\"role\":\"user\"}],\"remote_model\":\"rm\","
         "\"remote_host\":\"rh\",\"model_info\":{"
         "\"general.architecture\":\"llama\",\"llama.context_length\":8192,"
         "\"tokenizer.ggml.tokens\":[\"a\"],\"x\":{\"y\":1},\"z\":null,"
         "\"t\":true,\"f\":1.5e3},\"projector_info\":{\"a\":1},"
         "\"tensors\":[{\"name\":\"t\"}],\"capabilities\":[\"tools\"],"
         "\"modified_at\":\"2026-01-01T00:00:00Z\",\"requires\":\"0.9\","
         "\"unheard\":1}",
         "{\"parameters\":\"stop x\",\"template\":\"{{ .Suffix }}\","
         "\"system\":\"S\",\"renderer\":\"r\",\"parser\":\"p\","
         "\"details\":{\"family\":\"llama\",\"families\":null},"
         "\"remote_model\":\"rm\",\"remote_host\":\"rh\",\"model_info\":{"
         "\"general.architecture\":\"llama\",\"llama.context_length\":8192,"
         "\"z\":null,\"t\":true,\"f\":1.5e3},\"capabilities\":[\"tools\"],"
         "\"modified_at\":\"2026-01-01T00:00:00Z\",\"requires\":\"0.9\"}",
         "show: reduced");

    show("{\"details\":{},\"template\":[1],\"parameters\":null,"
         "\"model_info\":[]}", "{\"details\":{}}", "show: odd types");
    show("{\"model_info\":null}", "{}", "show: null");
    show("{\"error\":\"x\"}", "refused", "show: an error");
    show("[]", "refused", "show: an array");
    show("nothing", "refused", "show: no JSON");

    text = filled("{\"details\":{},\"template\":\"", 't', 8193, "\"}");
    show((char *) text.data, "{\"details\":{}}", "show: a long template");

    text = filled("{\"details\":{},\"template\":\"", 't', 8192, "\"}");
    show((char *) text.data, (char *) text.data, "show: a template");

    text = filled("{\"details\":{},\"system\":\"", 's', 4097, "\"}");
    show((char *) text.data, "{\"details\":{}}", "show: a long system text");

    text = filled("{\"model_info\":{\"a\":\"", 's', 1025, "\",\"b\":1}}");
    show((char *) text.data, "{\"model_info\":{\"b\":1}}",
         "show: a long value");
}


static void
test_large(void)
{
    ngx_str_t  text;

    /* first texts go, then all that clients do not look for */

    text = filled("{\"template\":\"t\",\"parameters\":\"p\",\"details\":"
                  "{\"family\":\"f\"},\"capabilities\":[\"vision\"],"
                  "\"model_info\":{\"a.context_length\":1,\"v\":2},"
                  "\"system\":\"",
                  's', 10,
                  "\"}");
    show((char *) text.data, (char *) text.data, "large: it is not");

    text = filled("{\"details\":{\"families\":[\"", 'f', 40000,
                  "\"]},\"template\":\"t\",\"parameters\":\"p\","
                  "\"capabilities\":[\"vision\"],\"model_info\":{"
                  "\"general.architecture\":\"a\",\"a.context_length\":1,"
                  "\"v\":2}}");
    show((char *) text.data,
         "{\"capabilities\":[\"vision\"],\"model_info\":{"
         "\"general.architecture\":\"a\",\"a.context_length\":1}}",
         "large: details");

    text = filled("{\"details\":{},\"capabilities\":[\"", 'c', 40000, "\"]}");
    show((char *) text.data, "refused", "large: capabilities");
}


static void
test_words(void)
{
    ngx_str_t  name, got;

    name = str("a\"b\\c/\xc3\xa9:1");
    ok(ngx_http_model_reading_question(pool, &name, &got) == NGX_OK,
       "question");
    is(&got, "{\"model\":\"a\\\"b\\\\c/\xc3\xa9:1\"}", "question: escaped");

    ngx_http_model_reading_status(pool, 401, &got);
    is(&got, "HTTP 401: the key was not accepted", "status: 401");

    ngx_http_model_reading_status(pool, 404, &got);
    is(&got, "HTTP 404: not a model server?", "status: 404");

    ngx_http_model_reading_status(pool, 418, &got);
    is(&got, "HTTP 418", "status: 418");
}
