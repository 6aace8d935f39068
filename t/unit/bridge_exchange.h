
/*
 * Copyright (C) the ngx_http_model_module authors
 *
 * Exchanges for the programs that test bridges: texts with ' for ", documents
 * compared by what they say.
 */


#ifndef _BRIDGE_EXCHANGE_H_INCLUDED_
#define _BRIDGE_EXCHANGE_H_INCLUDED_


#include "ngx_http_model_bridge_api.h"
#include "tap.h"


static ngx_pool_t  *bridge_pool;
static u_char       bridge_out[1024 * 1024];
static size_t       bridge_len;


/* text with ' as ", in memory of the pool */

static ngx_str_t
q(const char *text)
{
    size_t     i;
    ngx_str_t  s;

    s.len = ngx_strlen(text);
    s.data = ngx_pnalloc(bridge_pool, s.len + 1);

    for (i = 0; i < s.len; i++) {
        s.data[i] = (text[i] == '\'') ? '"' : text[i];
    }

    s.data[s.len] = '\0';

    return s;
}


static void
bridge_case(void)
{
    if (bridge_pool) {
        ngx_destroy_pool(bridge_pool);
    }

    bridge_pool = ngx_create_pool(4096, &tap_log);
}


static ngx_int_t
bridge_sink(void *data, u_char *p, size_t len)
{
    (void) data;

    if (bridge_len + len >= sizeof(bridge_out)) {
        return NGX_ERROR;
    }

    ngx_memcpy(bridge_out + bridge_len, p, len);
    bridge_len += len;

    return NGX_OK;
}


static void
bridge_init(ngx_http_model_bridge_t *b,
    const ngx_http_model_bridge_api_t *client, ngx_uint_t to)
{
    ngx_memzero(b, sizeof(ngx_http_model_bridge_t));

    b->client = client;
    b->to = to;
    b->pool = bridge_pool;
    b->temp = ngx_create_pool(4096, &tap_log);
    b->limit = 64 * 1024;

    ngx_str_set(&b->vendor, "acme");
    ngx_str_set(&b->model, "acme:m");
    ngx_str_set(&b->name, "m");
    ngx_str_set(&b->nonce, "0123456789abcdef01234567");

    b->output = -1;
    b->started = 1700000000ll * 1000000000;
    b->clock = b->started;
    b->sink = bridge_sink;

    if (ngx_http_model_bridge_init(b) != NGX_OK) {
        printf("# no memory\n");
    }

    bridge_len = 0;
}


static void
bridge_done(ngx_http_model_bridge_t *b)
{
    ngx_destroy_pool(b->temp);
}


/* whether two documents say the same, in whatever order of members */

static ngx_uint_t
bridge_same(ngx_http_model_json_t *x, ngx_http_model_json_t *y)
{
    ngx_uint_t              n;
    ngx_http_model_json_t  *a, *b;

    if (x == NULL || y == NULL || x->type != y->type
        || x->value.len != y->value.len
        || (x->value.len && x->type != NGX_HTTP_MODEL_JSON_BOOL
            && ngx_memcmp(x->value.data, y->value.data, x->value.len) != 0))
    {
        return 0;
    }

    n = 0;

    for (a = x->child, b = y->child; a; a = a->next, n++) {

        if (x->type == NGX_HTTP_MODEL_JSON_OBJECT) {
            for (b = y->child; b; b = b->next) {
                if (b->key.len == a->key.len
                    && ngx_memcmp(b->key.data, a->key.data, a->key.len) == 0)
                {
                    break;
                }
            }
        }

        if (!bridge_same(a, b)) {
            return 0;
        }

        b = b->next;
    }

    for (b = y->child; b; b = b->next) {
        n--;
    }

    return n == 0;
}


static void
same(ngx_str_t *got, const char *want, const char *name)
{
    ngx_str_t   text, err;
    ngx_uint_t  good;

    text = q(want);

    good = bridge_same(ngx_http_model_json_parse(bridge_pool, got->data,
                                                 got->len, &err),
                       ngx_http_model_json_parse(bridge_pool, text.data,
                                                 text.len, &err));
    ok(good, name);

    if (!good) {
        printf("# got  %.*s\n# want %.*s\n", (int) got->len,
               got->len ? (char *) got->data : "", (int) text.len,
               (char *) text.data);
    }
}


#endif /* _BRIDGE_EXCHANGE_H_INCLUDED_ */
