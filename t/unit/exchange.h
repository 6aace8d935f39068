
/*
 * Copyright (C) the ngx_http_model_module authors
 *
 * An exchange between a client's API and a server's, without a connection:
 * requests and answers as text, compared as JSON.
 */


#ifndef _EXCHANGE_H_INCLUDED_
#define _EXCHANGE_H_INCLUDED_


#include "ngx_http_model_bridge_api.h"
#include "ngx_http_model_bridge_field.h"
#include "tap.h"


typedef struct {
    ngx_http_model_bridge_t   b;
    ngx_str_t                 out;     /* what went to the client */
    size_t                    size;
} exchange_t;


static ngx_int_t
exchange_sink(void *data, u_char *p, size_t len)
{
    exchange_t *x = data;

    if (x->size < x->out.len + len + 1) {
        x->size = 2 * (x->out.len + len) + 1024;
        x->out.data = realloc(x->out.data, x->size);
    }

    ngx_memcpy(x->out.data + x->out.len, p, len);
    x->out.len += len;
    x->out.data[x->out.len] = '\0';

    return NGX_OK;
}


/* to: the dialect by which the client's reader refuses */

static void
exchange_init(exchange_t *x, const ngx_http_model_bridge_api_t *client,
    const ngx_http_model_bridge_api_t *server, ngx_uint_t to)
{
    ngx_http_model_bridge_t  *b = &x->b;

    ngx_memset(x, 0x5a, sizeof(exchange_t));

    ngx_str_null(&x->out);
    x->size = 0;

    ngx_memzero(b, offsetof(ngx_http_model_bridge_t, server));

    b->client = client;
    b->to = to;
    b->pool = ngx_create_pool(4096, &tap_log);
    b->temp = ngx_create_pool(4096, &tap_log);
    b->limit = 1024 * 1024;
    b->output = -1;
    b->started = 1755770000123456789;
    b->clock = b->started + 1500000000;
    b->sink = exchange_sink;
    b->data = x;

    ngx_str_set(&b->vendor, "acme");
    ngx_str_set(&b->model, "acme:small");
    ngx_str_set(&b->name, "small");
    ngx_str_set(&b->nonce, "0123456789abcdef01234567");

    (void) ngx_http_model_bridge_init(b);

    b->server = server;
}


static void
exchange_done(exchange_t *x)
{
    ngx_destroy_pool(x->b.temp);
    ngx_destroy_pool(x->b.pool);
    free(x->out.data);
}


static ngx_str_t
exchange_str(const char *text)
{
    ngx_str_t  s;

    s.data = (u_char *) text;
    s.len = ngx_strlen(text);

    return s;
}


static ngx_inline void
exchange_join(exchange_t *x, ngx_array_t *pieces)
{
    ngx_str_t   *piece;
    ngx_uint_t   i;

    piece = pieces->elts;

    x->out.len = 0;

    for (i = 0; i < pieces->nelts; i++) {
        (void) exchange_sink(x, piece[i].data, piece[i].len);
    }
}


/* the request as the server gets it: x->out; NGX_DECLINED: why it is not */

static ngx_inline ngx_int_t
exchange_request(exchange_t *x, ngx_str_t *body)
{
    ngx_int_t                      rc;
    ngx_str_t                      err;
    ngx_array_t                   *pieces;
    ngx_http_model_json_t         *root;
    ngx_http_model_bridge_t       *b = &x->b;
    ngx_http_model_json_writer_t  *w;

    x->out.len = 0;

    root = ngx_http_model_json_slices(b->pool, body->data, body->len, 0,
                                      &err);
    if (root == NULL) {
        return NGX_ERROR;
    }

    rc = b->client->read_request(b, root);

    if (rc == NGX_OK) {
        b->stream = b->talk.stream;

        w = ngx_http_model_json_writer(b->pool);
        ngx_http_model_json_sliced(w);

        rc = b->server->write_request(b, w);

        if (rc == NGX_OK) {
            rc = ngx_http_model_json_finish_pieces(w, &pieces);
        }
    }

    if (rc == NGX_DECLINED) {
        (void) exchange_sink(x, b->text.data, b->text.len);
    }

    if (rc != NGX_OK) {
        return rc;
    }

    exchange_join(x, pieces);

    return (ngx_int_t) pieces->nelts;
}


/* memory of its own, so that nothing reads past it or keeps it */

static ngx_inline void
exchange_feed(exchange_t *x, u_char *p, size_t len)
{
    u_char  *copy;

    copy = malloc(len + 1);
    ngx_memcpy(copy, p, len);

    if (ngx_http_model_bridge_feed(&x->b, copy, len) != NGX_OK) {
        ok(0, "fed");
    }

    ngx_memset(copy, 0x5a, len);
    free(copy);
}


/* a stream, in two at a cut; 0: byte by byte */

static ngx_inline void
exchange_stream(exchange_t *x, ngx_str_t *stream, size_t cut)
{
    size_t  i;

    static ngx_str_t  lost = ngx_string("the stream broke off");

    x->out.len = 0;
    x->b.stream = 1;

    if (cut) {
        exchange_feed(x, stream->data, cut);
        exchange_feed(x, stream->data + cut, stream->len - cut);

    } else {
        for (i = 0; i < stream->len; i++) {
            exchange_feed(x, stream->data + i, 1);
        }
    }

    (void) ngx_http_model_bridge_close(&x->b, 502, &lost);
}


/* objects may have their members in any order */

static ngx_uint_t
exchange_same(ngx_http_model_json_t *a, ngx_http_model_json_t *b)
{
    ngx_uint_t              n, m;
    ngx_http_model_json_t  *x, *y;

    if (a == NULL || b == NULL || a->type != b->type) {
        return 0;
    }

    if (a->type < NGX_HTTP_MODEL_JSON_ARRAY) {
        return a->value.len == b->value.len
               && ngx_memcmp(a->value.data, b->value.data, a->value.len) == 0;
    }

    n = 0;
    m = 0;

    for (y = b->child; y; y = y->next) {
        m++;
    }

    y = b->child;

    for (x = a->child; x; x = x->next) {

        if (a->type == NGX_HTTP_MODEL_JSON_OBJECT) {
            for (y = b->child; y; y = y->next) {
                if (y->key.len == x->key.len
                    && ngx_memcmp(y->key.data, x->key.data, x->key.len) == 0)
                {
                    break;
                }
            }
        }

        if (!exchange_same(x, y)) {
            return 0;
        }

        y = y->next;
        n++;
    }

    return n == m;
}


static ngx_inline void
json_is(ngx_str_t *got, const char *want, const char *name)
{
    ngx_str_t               err;
    ngx_uint_t              good;
    ngx_pool_t             *pool;
    ngx_http_model_json_t  *a, *b;

    pool = ngx_create_pool(4096, &tap_log);

    a = ngx_http_model_json_parse(pool, got->data, got->len, &err);
    b = ngx_http_model_json_parse(pool, (u_char *) want, ngx_strlen(want),
                                  &err);

    good = exchange_same(a, b);

    ok(good, name);

    if (!good) {
        printf("# got  %.*s\n# want %s\n", (int) got->len,
               got->len ? (char *) got->data : "", want);
    }

    ngx_destroy_pool(pool);
}


#endif /* _EXCHANGE_H_INCLUDED_ */
