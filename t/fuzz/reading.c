/* unit: src/ngx_http_model_reading.c src/ngx_http_model_show.c + nginx */

/*
 * Copyright (C) the ngx_http_model_module authors
 *
 * An earlier list, a zero byte, an answer.  The answer is read as every kind
 * that there is.  What is written of it is one JSON document, has only names
 * that can be routed, each once, and read again as an earlier list it gives
 * the same document.
 */


#include <ngx_config.h>
#include <ngx_core.h>

#include "ngx_http_model_reading.h"


int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);


typedef ngx_int_t (*read_pt)(ngx_http_model_reading_t *reading,
    ngx_str_t *body, const char **reason);


static void check(ngx_pool_t *pool, read_pt read, ngx_str_t *old,
    ngx_str_t *body);
static ngx_str_t list(ngx_pool_t *pool, read_pt read, ngx_str_t *old,
    ngx_str_t *body);
static ngx_http_model_json_t *parse(ngx_pool_t *pool, ngx_str_t *text);
static void names(ngx_http_model_json_t *root);
static void details(ngx_pool_t *pool, ngx_str_t *body);
static void demand(ngx_uint_t good);


static ngx_log_t        test_log;
static ngx_open_file_t  test_log_file;


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    u_char      *copy, *p;
    ngx_str_t    old, body;
    ngx_pool_t  *pool;

    if (ngx_pagesize == 0) {
        ngx_pagesize = getpagesize();
        ngx_time_init();

        test_log_file.fd = ngx_stderr;
        test_log.file = &test_log_file;
        test_log.log_level = NGX_LOG_EMERG;
    }

    pool = ngx_create_pool(4096, &test_log);
    demand(pool != NULL);

    /* of its own size: a read past the end is found */

    copy = malloc(size ? size : 1);
    demand(copy != NULL);

    if (size) {
        memcpy(copy, data, size);
    }

    p = size ? memchr(copy, '\0', size) : NULL;

    ngx_str_null(&old);
    body.data = copy;
    body.len = size;

    if (p) {
        old.data = copy;
        old.len = p - copy;
        body.data = p + 1;
        body.len = size - old.len - 1;
    }

    check(pool, ngx_http_model_reading_tags, &old, &body);
    check(pool, ngx_http_model_reading_models, &old, &body);
    details(pool, &body);

    free(copy);
    ngx_destroy_pool(pool);

    return 0;
}


static void
check(ngx_pool_t *pool, read_pt read, ngx_str_t *old, ngx_str_t *body)
{
    ngx_str_t  first, second;

    first = list(pool, read, old, body);

    if (first.len == 0) {
        return;
    }

    names(parse(pool, &first));

    second = list(pool, read, &first, body);

    demand(second.len == first.len
           && memcmp(second.data, first.data, first.len) == 0);
}


static ngx_str_t
list(ngx_pool_t *pool, read_pt read, ngx_str_t *old, ngx_str_t *body)
{
    ngx_str_t                  text, err;
    const char                *reason;
    ngx_http_model_json_t     *json;
    ngx_http_model_reading_t  *reading;

    ngx_str_null(&text);

    reading = ngx_http_model_reading_create(pool);
    demand(reading != NULL);

    reason = NULL;

    if (read(reading, body, &reason) != NGX_OK) {
        demand(reason != NULL);
        return text;
    }

    json = ngx_http_model_json_parse(pool, old->data, old->len, &err);

    demand(ngx_http_model_reading_recall(reading, json) == NGX_OK);
    demand(ngx_http_model_reading_list(reading, &text) == NGX_OK);

    return text;
}


static ngx_http_model_json_t *
parse(ngx_pool_t *pool, ngx_str_t *text)
{
    ngx_str_t               err;
    ngx_http_model_json_t  *json;

    json = ngx_http_model_json_parse(pool, text->data, text->len, &err);
    demand(json != NULL);

    return json;
}


static void
names(ngx_http_model_json_t *root)
{
    size_t                  i;
    ngx_str_t               name, other;
    ngx_http_model_json_t  *model, *next;

    model = ngx_http_model_json_get(root, "models");
    demand(model != NULL && model->type == NGX_HTTP_MODEL_JSON_ARRAY);

    for (model = model->child; model; model = model->next) {

        demand(ngx_http_model_json_get_str(model, "name", &name) == NGX_OK);
        demand(name.len > 0 && name.len <= NGX_HTTP_MODEL_NAME_LEN);

        for (i = 0; i < name.len; i++) {
            demand(name.data[i] >= 0x20 && name.data[i] != 0x7f);
        }

        for (next = model->next; next; next = next->next) {
            demand(ngx_http_model_json_get_str(next, "name", &other)
                   == NGX_OK);
            demand(name.len != other.len
                   || memcmp(name.data, other.data, name.len) != 0);
        }
    }
}


static void
details(ngx_pool_t *pool, ngx_str_t *body)
{
    ngx_str_t  text;

    if (ngx_http_model_reading_loaded(pool, body, &text) == NGX_OK) {
        (void) parse(pool, &text);
    }

    if (ngx_http_model_reading_show(pool, body, &text) == NGX_OK) {
        demand(text.len <= NGX_HTTP_MODEL_READING_SHOW);
        (void) parse(pool, &text);
    }

    if (ngx_http_model_reading_version(pool, body, &text) == NGX_OK) {
        demand(text.len > 0 && text.len <= 64);
    }
}


static void
demand(ngx_uint_t good)
{
    if (!good) {
        abort();
    }
}
