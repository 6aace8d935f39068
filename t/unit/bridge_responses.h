
/*
 * Copyright (C) the ngx_http_model_module authors
 *
 * An exchange of a client of the responses API.
 */


#ifndef _BRIDGE_RESPONSES_H_INCLUDED_
#define _BRIDGE_RESPONSES_H_INCLUDED_


#include "ngx_http_model_bridge_responses.h"
#include "bridge_responses_words.h"


#define OLLAMA     NGX_HTTP_MODEL_OLLAMA

#define ID         "0123456789abcdef01234567"

static ngx_http_model_bridge_t  b;
static char                     out[LONG];
static size_t                   out_len;


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
    (void) ngx_http_model_bridge_init(&b);

    words(b.pool);
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


#endif /* _BRIDGE_RESPONSES_H_INCLUDED_ */
