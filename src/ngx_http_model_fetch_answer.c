
/*
 * Copyright (C) the ngx_http_model_module authors
 */


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "ngx_http_model_fetch.h"


#define NGX_HTTP_MODEL_FETCH_BLOCK  4096


static void ngx_http_model_fetch_failure(ngx_http_model_fetch_t *fetch,
    ngx_http_request_t *r);
static ngx_uint_t ngx_http_model_fetch_connected(ngx_http_request_t *r);
static void ngx_http_model_fetch_certificate(ngx_http_model_fetch_t *fetch);
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
            ngx_http_model_fetch_failure(fetch, r);
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

static void
ngx_http_model_fetch_failure(ngx_http_model_fetch_t *fetch,
    ngx_http_request_t *r)
{
    ngx_http_model_ctx_t  *ctx;

    ctx = ngx_http_model_ctx(r);

    switch (fetch->status) {

    case NGX_HTTP_GATEWAY_TIME_OUT:
        ngx_http_model_fetch_expired(fetch);
        break;

    case NGX_HTTP_BAD_GATEWAY:

        if (ctx && ctx->unresolved) {
            fetch->error = "host name could not be resolved";
            fetch->failure = NGX_HTTP_MODEL_FETCH_UNRESOLVED;

        } else if (ngx_http_model_fetch_connected(r)) {
            fetch->error = "no valid HTTP answer";
            fetch->failure = NGX_HTTP_MODEL_FETCH_INVALID;

        } else if (fetch->certificate) {
            ngx_http_model_fetch_certificate(fetch);

        } else if (fetch->tls) {
            fetch->error = "TLS handshake failed";
            fetch->failure = NGX_HTTP_MODEL_FETCH_TLS;

        } else {
            fetch->error = "connection refused or failed";
            fetch->failure = NGX_HTTP_MODEL_FETCH_CONNECT;
        }

        break;

    default:
        fetch->error = "request could not be sent";
        break;
    }
}


/* the handshake included */

static ngx_uint_t
ngx_http_model_fetch_connected(ngx_http_request_t *r)
{
    ngx_http_upstream_state_t  *state;

    state = r->upstream ? r->upstream->state : NULL;

    return state && state->connect_time != (ngx_msec_t) -1;
}


void
ngx_http_model_fetch_expired(ngx_http_model_fetch_t *fetch)
{
    ngx_http_request_t  *r;

    r = fetch->request;

    if (r == NULL || ngx_http_model_fetch_connected(r)) {
        fetch->error = "timed out";
        fetch->failure = NGX_HTTP_MODEL_FETCH_TIMEOUT;
        return;
    }

    if (r->upstream) {
        ngx_http_model_fetch_connection(fetch, r->upstream);
    }

    if (fetch->tls) {
        fetch->error = "TLS handshake timed out";
        fetch->failure = NGX_HTTP_MODEL_FETCH_TLS;
        return;
    }

    fetch->error = "connection timed out";
    fetch->failure = NGX_HTTP_MODEL_FETCH_CONNECTING;
}


void
ngx_http_model_fetch_connection(ngx_http_model_fetch_t *fetch,
    ngx_http_upstream_t *u)
{
#if (NGX_HTTP_SSL)

    long               rc;
    u_char            *p;
    ngx_connection_t  *c;

    c = u->peer.connection;

    fetch->tls = 0;
    fetch->certificate = NULL;

    if (c == NULL || c->ssl == NULL || u->request_sent) {
        return;
    }

    fetch->tls = 1;

    if (!c->ssl->handshaked) {
        return;
    }

    /* nginx gives up a connection at this point for one reason */

    rc = SSL_get_verify_result(c->ssl->connection);

    if (rc != X509_V_OK) {
        fetch->certificate = X509_verify_cert_error_string(rc);
        return;
    }

    fetch->certificate = "it is of another name";

    p = ngx_pnalloc(fetch->pool, sizeof("it is not of \"\"") + u->ssl_name.len);

    if (p) {
        fetch->certificate = (const char *) p;
        (void) ngx_sprintf(p, "it is not of \"%V\"%Z", &u->ssl_name);
    }

#else

    (void) fetch;
    (void) u;

#endif
}


static void
ngx_http_model_fetch_certificate(ngx_http_model_fetch_t *fetch)
{
    u_char  *p;

    fetch->error = "certificate is not accepted";
    fetch->failure = NGX_HTTP_MODEL_FETCH_CERTIFICATE;

    p = ngx_pnalloc(fetch->pool, sizeof("certificate is not accepted: ")
                                 + ngx_strlen(fetch->certificate));
    if (p) {
        fetch->error = (const char *) p;
        (void) ngx_sprintf(p, "certificate is not accepted: %s%Z",
                           fetch->certificate);
    }
}


static ngx_int_t
ngx_http_model_fetch_too_large(ngx_http_model_fetch_t *fetch)
{
    u_char  *p;

    fetch->error = "answer is too large";
    fetch->failure = NGX_HTTP_MODEL_FETCH_LARGE;

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
