
/*
 * Copyright (C) the ngx_http_model_module authors
 *
 * An exchange of a client of the responses API, and words about it.
 */


#ifndef _BRIDGE_RESPONSES_H_INCLUDED_
#define _BRIDGE_RESPONSES_H_INCLUDED_


#include "ngx_http_model_bridge_responses.h"
#include "tap.h"


#define OLLAMA     NGX_HTTP_MODEL_OLLAMA

#define LONG       65536

#define ID         "0123456789abcdef01234567"

#define STR(s)     (int) (s).len, (s).len ? (char *) (s).data : ""


static ngx_http_model_bridge_t  b;
static char                     out[LONG];
static size_t                   out_len;
static char                     told[LONG];
static char                    *told_end;


static ngx_int_t
sink(void *data, u_char *p, size_t len)
{
    (void) data;

    if (len >= LONG - out_len) {

        /* only the end of what is large is looked at */

        out_len = 0;
        len = ngx_min(len, LONG / 2);
    }

    ngx_memcpy(out + out_len, p, len);
    out_len += len;
    out[out_len] = '\0';

    return NGX_OK;
}


static void
begin(ngx_uint_t to)
{
    ngx_memset(&b, 0x5a, sizeof(b));

    b.client = &ngx_http_model_bridge_responses;
    b.to = to;
    b.pool = ngx_create_pool(4096, &tap_log);
    b.temp = ngx_create_pool(4096, &tap_log);
    b.limit = 1024 * 1024;
    ngx_str_set(&b.vendor, "acme");
    ngx_str_set(&b.model, "acme:m");
    ngx_str_set(&b.name, "m");
    ngx_str_set(&b.nonce, ID);
    b.output = -1;
    b.started = 1700000000 * (int64_t) 1000000000;
    b.clock = b.started + 2500000000;
    b.proper = 0;
    b.sink = sink;
    b.data = NULL;

    out_len = 0;
    told_end = told;
    *told_end = '\0';

    (void) ngx_http_model_bridge_init(&b);
}


static void
finish(void)
{
    ngx_destroy_pool(b.temp);
    ngx_destroy_pool(b.pool);
}


static ngx_int_t
ask(ngx_uint_t to, const char *body)
{
    ngx_str_t               err;
    ngx_http_model_json_t  *root;

    begin(to);

    root = ngx_http_model_json_slices(b.pool, (u_char *) body,
                                      ngx_strlen(body), 0, &err);
    if (root == NULL) {
        printf("# %.*s\n", (int) err.len, err.data);
        return NGX_ERROR;
    }

    return b.client->read_request(&b, root);
}


static void
put(const char *fmt, ...)
{
    va_list  args;

    va_start(args, fmt);
    told_end += vsnprintf(told_end, told + LONG - told_end, fmt, args);
    va_end(args);

    if (told_end >= told + LONG) {
        told_end = told + LONG - 1;
    }
}


static void
told_is(const char *want, const char *name)
{
    ngx_str_t  s;

    s.data = (u_char *) told;
    s.len = told_end - told;

    is(&s, want, name);
}


#endif /* _BRIDGE_RESPONSES_H_INCLUDED_ */
