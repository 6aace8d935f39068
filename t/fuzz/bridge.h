
/*
 * Copyright (C) the ngx_http_model_module authors
 *
 * What the fuzz targets of bridges share: an exchange with memory that is
 * counted, what it writes, and whether that is sound.
 */


#ifndef _FUZZ_BRIDGE_H_INCLUDED_
#define _FUZZ_BRIDGE_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>

#include <sanitizer/allocator_interface.h>

#include "ngx_http_model_bridge_api.h"
#include "ngx_http_model_frame.h"


#define demand(x)  do { if (!(x)) { abort(); } } while (0)

#define LIMIT  4096


int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);


typedef struct {
    u_char  *data;
    size_t   len;
    size_t   size;
} sink_t;


static ngx_log_t  quiet;


static ngx_int_t
take(void *data, u_char *p, size_t len)
{
    sink_t *sink = data;

    if (sink->size - sink->len < len) {
        sink->size = 2 * (sink->len + len);
        sink->data = realloc(sink->data, sink->size);
        demand(sink->data != NULL);
    }

    if (len) {
        memcpy(sink->data + sink->len, p, len);
    }

    sink->len += len;

    return NGX_OK;
}


static void
init(ngx_http_model_bridge_t *b, const ngx_http_model_bridge_api_t *client,
    ngx_uint_t to, sink_t *sink)
{
    if (ngx_pagesize == 0) {
        ngx_pagesize = getpagesize();
        ngx_time_init();

        quiet.log_level = NGX_LOG_EMERG;
    }

    ngx_memzero(b, sizeof(ngx_http_model_bridge_t));

    b->client = client;
    b->to = to;
    b->pool = ngx_create_pool(4096, &quiet);
    b->temp = ngx_create_pool(4096, &quiet);
    b->limit = LIMIT;
    b->output = -1;
    b->started = 1755770000123456789;
    b->clock = b->started + 1500000000;
    b->sink = take;
    b->data = sink;

    ngx_str_set(&b->vendor, "acme");
    ngx_str_set(&b->model, "acme:m");
    ngx_str_set(&b->name, "m");
    ngx_str_set(&b->nonce, "0123456789abcdef01234567");

    demand(b->pool != NULL && b->temp != NULL);
    demand(ngx_http_model_bridge_init(b) == NGX_OK);
}


static void
done(ngx_http_model_bridge_t *b)
{
    ngx_destroy_pool(b->temp);
    ngx_destroy_pool(b->pool);
}


/* whether a member is there twice in any object of a document */

static ngx_uint_t
twice(ngx_http_model_json_t *json, ngx_str_t *key)
{
    ngx_uint_t              n;
    ngx_http_model_json_t  *m;

    n = 0;

    for (m = json ? json->child : NULL; m; m = m->next) {

        n += (json->type == NGX_HTTP_MODEL_JSON_OBJECT
              && m->key.len == key->len
              && memcmp(m->key.data, key->data, key->len) == 0);

        if (n > 1 || twice(m, key)) {
            return 1;
        }
    }

    return 0;
}


/*
 * One document, whose outer members are there once each, but for those that
 * are twice somewhere in the one that it was made of.
 */

static ngx_http_model_json_t *
document(ngx_pool_t *pool, u_char *p, size_t len, ngx_http_model_json_t *from)
{
    ngx_str_t               err;
    ngx_http_model_json_t  *root, *a, *b;

    root = ngx_http_model_json_parse(pool, p, len, &err);
    demand(root != NULL && root->type == NGX_HTTP_MODEL_JSON_OBJECT);

    for (a = root->child; a; a = a->next) {
        for (b = a->next; b; b = b->next) {
            demand(a->key.len != b->key.len
                   || memcmp(a->key.data, b->key.data, a->key.len) != 0
                   || twice(from, &a->key));
        }
    }

    return root;
}


#endif /* _FUZZ_BRIDGE_H_INCLUDED_ */
