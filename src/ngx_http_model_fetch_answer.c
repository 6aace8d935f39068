
/*
 * Copyright (C) the ngx_http_model_module authors
 */


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "ngx_http_model_fetch.h"


#define NGX_HTTP_MODEL_FETCH_BLOCK  4096


static const char *ngx_http_model_fetch_failure(ngx_http_model_fetch_t *fetch,
    ngx_http_request_t *r);
static ngx_int_t ngx_http_model_fetch_too_large(
    ngx_http_model_fetch_t *fetch);
static u_char *ngx_http_model_fetch_reserve(ngx_http_model_fetch_t *fetch,
    size_t size);
static ngx_int_t ngx_http_model_fetch_take(ngx_http_model_fetch_t *fetch,
    ngx_buf_t *b);


ngx_int_t
ngx_http_model_fetch_header(ngx_http_request_t *r,
    ngx_http_model_fetch_t *fetch)
{
    off_t                 length;
    ngx_http_upstream_t  *u;

    r->header_sent = 1;

    u = r->upstream;

    fetch->status = r->headers_out.status;
    fetch->answered = (u && u->headers_in.status_n
                       && u->headers_in.status_n == fetch->status);

    if (!fetch->answered) {
        if (fetch->error == NULL) {
            fetch->error = ngx_http_model_fetch_failure(fetch, r);
        }

        return NGX_OK;
    }

    length = r->headers_out.content_length_n;

    if (length > (off_t) fetch->limit) {
        return ngx_http_model_fetch_too_large(fetch);
    }

    if (length > 0 && ngx_http_model_fetch_reserve(fetch, length) == NULL) {
        return NGX_ERROR;
    }

    return NGX_OK;
}


ngx_int_t
ngx_http_model_fetch_body(ngx_http_request_t *r,
    ngx_http_model_fetch_t *fetch, ngx_chain_t *in)
{
    ngx_chain_t  *cl;

    (void) r;

    for (cl = in; cl; cl = cl->next) {

        if (fetch->answered
            && ngx_http_model_fetch_take(fetch, cl->buf) != NGX_OK)
        {
            return NGX_ERROR;
        }

        cl->buf->pos = cl->buf->last;
        cl->buf->file_pos = cl->buf->file_last;

        if (cl->buf->last_buf || cl->buf->last_in_chain) {
            fetch->complete = 1;
        }
    }

    return NGX_OK;
}


/* why nginx answered instead of the server */

static const char *
ngx_http_model_fetch_failure(ngx_http_model_fetch_t *fetch,
    ngx_http_request_t *r)
{
    ngx_uint_t                  connected;
    ngx_http_model_ctx_t       *ctx;
    ngx_http_upstream_state_t  *state;

    ctx = ngx_http_model_ctx(r);

    state = r->upstream ? r->upstream->state : NULL;
    connected = (state && state->connect_time != (ngx_msec_t) -1);

    switch (fetch->status) {

    case NGX_HTTP_GATEWAY_TIME_OUT:
        return connected ? "timed out" : "connection timed out";

    case NGX_HTTP_BAD_GATEWAY:

        if (ctx && ctx->unresolved) {
            return "host name could not be resolved";
        }

        if (connected) {
            return "no valid HTTP answer";
        }

        return fetch->vendor->ssl ? "connection or TLS handshake failed"
                                  : "connection refused or failed";

    default:
        return "request could not be sent";
    }
}


static ngx_int_t
ngx_http_model_fetch_too_large(ngx_http_model_fetch_t *fetch)
{
    u_char  *p;

    fetch->error = "answer is too large";

    p = ngx_pnalloc(fetch->pool, sizeof("answer is larger than  bytes")
                                 + NGX_SIZE_T_LEN);
    if (p) {
        fetch->error = (const char *) p;
        (void) ngx_sprintf(p, "answer is larger than %uz bytes%Z",
                           fetch->limit);
    }

    return NGX_ERROR;
}


/* room for size more bytes after the content */

static u_char *
ngx_http_model_fetch_reserve(ngx_http_model_fetch_t *fetch, size_t size)
{
    size_t   need;
    u_char  *p;

    need = fetch->content.len + size;

    if (need > fetch->size) {
        need = ngx_max(need, 2 * fetch->size);
        need = ngx_max(need, NGX_HTTP_MODEL_FETCH_BLOCK);

        p = ngx_palloc(fetch->pool, need);
        if (p == NULL) {
            fetch->error = "not enough memory";
            return NULL;
        }

        if (fetch->content.len) {
            ngx_memcpy(p, fetch->content.data, fetch->content.len);
        }

        if (fetch->size) {
            (void) ngx_pfree(fetch->pool, fetch->content.data);
        }

        fetch->content.data = p;
        fetch->size = need;
    }

    return fetch->content.data + fetch->content.len;
}


static ngx_int_t
ngx_http_model_fetch_take(ngx_http_model_fetch_t *fetch, ngx_buf_t *b)
{
    off_t    size;
    u_char  *p;

    if (ngx_buf_special(b)) {
        return NGX_OK;
    }

    size = ngx_buf_size(b);

    if (size <= 0) {
        return NGX_OK;
    }

    if (size > (off_t) (fetch->limit - fetch->content.len)) {
        return ngx_http_model_fetch_too_large(fetch);
    }

    p = ngx_http_model_fetch_reserve(fetch, (size_t) size);
    if (p == NULL) {
        return NGX_ERROR;
    }

    if (ngx_buf_in_memory(b)) {
        ngx_memcpy(p, b->pos, (size_t) size);

    } else if (ngx_read_file(b->file, p, (size_t) size, b->file_pos) != size) {
        fetch->error = "temporary file could not be read";
        return NGX_ERROR;
    }

    fetch->content.len += (size_t) size;

    return NGX_OK;
}
