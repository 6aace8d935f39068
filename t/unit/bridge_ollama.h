
/*
 * Copyright (C) the ngx_http_model_module authors
 *
 * An exchange of a bridge without nginx: what is set by its caller, what comes
 * out of it, documents compared as such.
 */


#ifndef _TEST_BRIDGE_OLLAMA_H_INCLUDED_
#define _TEST_BRIDGE_OLLAMA_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>

#include "ngx_http_model_bridge_api.h"
#include "ngx_http_model_bridge_field.h"
#include "tap.h"


#define OLLAMA     NGX_HTTP_MODEL_OLLAMA
#define OPENAI     NGX_HTTP_MODEL_OPENAI
#define ANTHROPIC  NGX_HTTP_MODEL_ANTHROPIC

#define CHAT       (&ngx_http_model_bridge_chat)
#define GENERATE   (&ngx_http_model_bridge_generate)

#define SECOND     1000000000LL
#define START      (1787227200LL * SECOND)    /* 2026-08-20T12:00:00Z */

#define OUT        (8 * 1024 * 1024)


static ngx_pool_t               *pool;
static ngx_http_model_bridge_t   b;

static u_char                   *out;       /* what the sink got */
static size_t                    out_len;


static ngx_int_t
sink(void *data, u_char *p, size_t len)
{
    (void) data;

    if (out_len + len > OUT) {
        return NGX_ERROR;
    }

    ngx_memcpy(out + out_len, p, len);
    out_len += len;

    return NGX_OK;
}


static void
end(void)
{
    if (pool) {
        ngx_destroy_pool(b.temp);
        ngx_destroy_pool(pool);
        pool = NULL;
    }
}


static void
begin(const ngx_http_model_bridge_api_t *client, ngx_uint_t to)
{
    end();

    if (out == NULL) {
        out = malloc(OUT);
    }

    out_len = 0;

    pool = ngx_create_pool(4096, &tap_log);

    ngx_memzero(&b, sizeof(ngx_http_model_bridge_t));

    b.client = client;
    b.to = to;
    b.pool = pool;
    b.temp = ngx_create_pool(4096, &tap_log);
    b.limit = 1024 * 1024;
    ngx_str_set(&b.vendor, "acme");
    ngx_str_set(&b.model, "acme:m");
    ngx_str_set(&b.name, "m");
    ngx_str_set(&b.nonce, "0123456789abcdef01234567");
    b.output = -1;
    b.started = START;
    b.clock = START + SECOND / 4;
    b.sink = sink;

    (void) ngx_http_model_bridge_init(&b);
}


static ngx_http_model_json_t *
parse(const char *text, size_t len)
{
    ngx_str_t  err;

    return ngx_http_model_json_parse(pool, (u_char *) text, len, &err);
}


/* members in any order, numbers as written; 1 when they are the same */

static ngx_uint_t
equal(ngx_http_model_json_t *one, ngx_http_model_json_t *two)
{
    ngx_uint_t              n;
    ngx_http_model_json_t  *a, *c;

    if (one == NULL || two == NULL || one->type != two->type
        || one->value.len != two->value.len
        || (one->value.len && ngx_memcmp(one->value.data, two->value.data,
                                         one->value.len)
                              != 0))
    {
        return 0;
    }

    if (one->type == NGX_HTTP_MODEL_JSON_ARRAY) {

        a = one->child;
        c = two->child;

        while (a && c && equal(a, c)) {
            a = a->next;
            c = c->next;
        }

        return a == NULL && c == NULL;
    }

    n = 0;

    for (a = one->child; a; a = a->next) {
        n++;

        for (c = two->child; c; c = c->next) {
            if (c->key.len == a->key.len
                && ngx_memcmp(c->key.data, a->key.data, a->key.len) == 0)
            {
                break;
            }
        }

        if (!equal(a, c)) {
            return 0;
        }
    }

    for (c = two->child; c; c = c->next) {
        n--;
    }

    return n == 0;
}


/*
 * Documents, one a line.  1 when they are the same, else *at is where they
 * are not.
 */

static ngx_uint_t
same_as(u_char *got, size_t len, const char *want, u_char **at)
{
    size_t       n, m;
    u_char      *p, *last, *end_got;
    const char  *end_want;

    p = got;
    last = got + len;

    while (p < last && *want) {

        end_got = ngx_strlchr(p, last, '\n');
        end_want = strchr(want, '\n');

        n = end_got ? (size_t) (end_got - p) : (size_t) (last - p);
        m = end_want ? (size_t) (end_want - want) : strlen(want);

        if ((end_got == NULL) != (end_want == NULL)
            || !equal(parse((char *) p, n), parse(want, m)))
        {
            break;
        }

        p += n + (end_got != NULL);
        want += m + (end_want != NULL);
    }

    if (at) {
        *at = p;
    }

    return p == last && *want == '\0';
}


static void
same(u_char *got, size_t len, const char *want, const char *name)
{
    u_char      *at;
    ngx_uint_t   good;

    good = same_as(got, len, want, &at);

    ok(good, name);

    if (!good) {
        printf("# got  %.*s\n# want %s\n# from %.*s\n", (int) len, got, want,
               (int) (got + len - at), at);
    }
}


#endif /* _TEST_BRIDGE_OLLAMA_H_INCLUDED_ */
