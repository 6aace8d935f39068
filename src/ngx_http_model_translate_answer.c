
/*
 * Copyright (C) the ngx_http_model_module authors
 */


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "ngx_http_model_error.h"
#include "ngx_http_model_frame.h"
#include "ngx_http_model_stream.h"
#include "ngx_http_model_translate.h"


#define NGX_HTTP_MODEL_TRANSLATE_ERROR  (64 * 1024)
#define NGX_HTTP_MODEL_TRANSLATE_BUSY   (256 * 1024)
#define NGX_HTTP_MODEL_TRANSLATE_BUFFER 4096


static ngx_int_t ngx_http_model_translate_start(ngx_http_request_t *r,
    ngx_http_model_ctx_t *ctx, ngx_http_model_translation_t *t);
static ngx_uint_t ngx_http_model_translate_waits(
    ngx_http_model_translation_t *t);
static ngx_int_t ngx_http_model_translate_take(ngx_http_request_t *r,
    ngx_http_model_ctx_t *ctx, ngx_http_model_translation_t *t,
    ngx_buf_t *b);
static ngx_int_t ngx_http_model_translate_keep(ngx_http_request_t *r,
    ngx_http_model_translation_t *t, u_char *p, size_t len);
static ngx_int_t ngx_http_model_translate_end(ngx_http_request_t *r,
    ngx_http_model_ctx_t *ctx, ngx_http_model_translation_t *t,
    ngx_uint_t cut);
static ngx_uint_t ngx_http_model_translate_status(ngx_http_model_ctx_t *ctx);
static ngx_int_t ngx_http_model_translate_make(ngx_http_request_t *r,
    ngx_http_model_ctx_t *ctx, ngx_http_model_translation_t *t,
    ngx_uint_t cut);
static ngx_int_t ngx_http_model_translate_frames(
    ngx_http_model_translation_t *t);
static ngx_int_t ngx_http_model_translate_error(ngx_http_request_t *r,
    ngx_http_model_ctx_t *ctx, ngx_http_model_translation_t *t,
    ngx_uint_t status, ngx_str_t *text);
static ngx_int_t ngx_http_model_translate_sink(void *data, u_char *p,
    size_t len);
static ngx_buf_t *ngx_http_model_translate_buf(
    ngx_http_model_translation_t *t);
static void ngx_http_model_translate_pool_cleanup(void *data);


ngx_int_t
ngx_http_model_translate_head(ngx_http_request_t *r, ngx_http_model_ctx_t *ctx,
    const char **why)
{
    ngx_uint_t                     framing, status;
    ngx_pool_cleanup_t            *cln;
    ngx_http_model_translation_t  *t;

    t = ctx->hop->translation;
    status = r->headers_out.status;

    if (r->headers_out.content_encoding
        && r->headers_out.content_encoding->value.len)
    {
        *why = "answered compressed, against what was asked";
        return NGX_DECLINED;
    }

    if (ngx_http_model_translate_headers(r, ctx->hop->dialect, ctx->dialect)
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    framing = ngx_http_model_stream_framing(&r->headers_out.content_type);

    t->refused = (status >= NGX_HTTP_SPECIAL_RESPONSE);
    t->events = (framing && !t->refused && t->b.server->read_event);

    cln = ngx_pool_cleanup_add(r->pool, 0);
    if (cln == NULL) {
        return NGX_ERROR;
    }

    t->b.temp = ngx_create_pool(NGX_DEFAULT_POOL_SIZE, r->connection->log);
    if (t->b.temp == NULL) {
        return NGX_ERROR;
    }

    cln->handler = ngx_http_model_translate_pool_cleanup;
    cln->data = t;

    t->b.sink = ngx_http_model_translate_sink;
    t->b.data = t;
    t->last = &t->out;
    t->left = NGX_HTTP_MODEL_BRIDGE_WHOLE;

    if (t->b.client->framing == NGX_HTTP_MODEL_FRAME_SSE) {
        ngx_str_set(&t->type, "text/event-stream");

    } else {
        ngx_str_set(&t->type, "application/x-ndjson");
    }

    ctx->translating = 1;

    r->upstream->buffering = 0;
    ngx_http_model_stream_guard(r, ctx);

    r->filter_need_in_memory = 1;

    if (!t->events || !t->b.stream) {
        return NGX_DONE;
    }

    return ngx_http_model_translate_start(r, ctx, t);
}


/* frames follow at once */

static ngx_int_t
ngx_http_model_translate_start(ngx_http_request_t *r,
    ngx_http_model_ctx_t *ctx, ngx_http_model_translation_t *t)
{
    t->streaming = 1;

    ngx_http_clear_content_length(r);
    ngx_http_clear_accept_ranges(r);
    ngx_http_clear_last_modified(r);
    ngx_http_clear_etag(r);

    r->headers_out.content_type = t->type;
    r->headers_out.content_type_len = r->headers_out.content_type.len;
    r->headers_out.content_type_lowcase = NULL;
    ngx_str_null(&r->headers_out.charset);

    ngx_http_model_stream_watch(ctx);

    return NGX_OK;
}


ngx_int_t
ngx_http_model_translate_answer(ngx_http_request_t *r,
    ngx_http_model_ctx_t *ctx, ngx_chain_t *in, ngx_chain_t **out)
{
    ngx_int_t                      rc;
    ngx_buf_t                     *b;
    ngx_time_t                    *tp;
    ngx_uint_t                     cut, last;
    ngx_chain_t                   *cl;
    ngx_http_model_translation_t  *t;

    t = ctx->hop->translation;

    tp = ngx_timeofday();

    t->b.clock = (int64_t) tp->sec * 1000000000
                 + (int64_t) tp->msec * 1000000;

    if (in && ngx_chain_add_copy(r->pool, &t->in, in) != NGX_OK) {
        return NGX_ERROR;
    }

    while (t->in && !ngx_http_model_translate_waits(t)) {

        cl = t->in;
        b = cl->buf;

        /* a flush after the upstream was finalized: the answer was cut */

        last = b->last_buf;
        cut = ngx_buf_special(b) && b->flush && r->upstream->cleanup == NULL;

        rc = ngx_http_model_translate_take(r, ctx, t, b);

        b->pos = b->last;

        t->in = cl->next;
        ngx_free_chain(r->pool, cl);

        if (rc == NGX_OK && (last || cut)) {
            rc = ngx_http_model_translate_end(r, ctx, t, !last);
        }

        if (rc != NGX_OK) {
            return rc;
        }
    }

    *out = t->out;

    return t->streaming ? NGX_OK : NGX_AGAIN;
}


void
ngx_http_model_translate_sent(ngx_http_request_t *r, ngx_http_model_ctx_t *ctx)
{
    ngx_http_model_translation_t  *t;

    t = ctx->hop->translation;

    ngx_chain_update_chains(r->pool, &t->free, &t->busy, &t->out,
                            (ngx_buf_tag_t) &ngx_http_model_module);
    t->last = &t->out;
}


/* 1 while the client has not taken enough of what it was sent */

static ngx_uint_t
ngx_http_model_translate_waits(ngx_http_model_translation_t *t)
{
    off_t         size;
    ngx_chain_t  *cl;

    size = 0;

    for (cl = t->busy; cl; cl = cl->next) {
        size += ngx_buf_size(cl->buf);
    }

    return size > NGX_HTTP_MODEL_TRANSLATE_BUSY;
}


static ngx_int_t
ngx_http_model_translate_take(ngx_http_request_t *r,
    ngx_http_model_ctx_t *ctx, ngx_http_model_translation_t *t, ngx_buf_t *b)
{
    ngx_chain_t  *cl;

    if (!ngx_buf_in_memory(b) || b->pos == b->last || t->done) {
        return NGX_OK;
    }

    if (!t->events) {
        return ngx_http_model_translate_keep(r, t, b->pos, b->last - b->pos);
    }

    ngx_http_model_stream_watch(ctx);

    /* of frames that become a document nothing else sets a bound */

    if (!t->streaming) {

        if (b->last - b->pos > t->left) {
            t->large = 1;
            return NGX_OK;
        }

        t->left -= b->last - b->pos;
    }

    if (ngx_http_model_bridge_feed(&t->b, b->pos, b->last - b->pos)
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    for (cl = t->out; cl && t->streaming; cl = cl->next) {
        if (cl->next == NULL) {
            cl->buf->flush = 1;
        }
    }

    return NGX_OK;
}


/* of an error's body the beginning is enough */

static ngx_int_t
ngx_http_model_translate_keep(ngx_http_request_t *r,
    ngx_http_model_translation_t *t, u_char *p, size_t len)
{
    off_t    known;
    size_t   size, most;
    u_char  *data;

    most = t->refused ? NGX_HTTP_MODEL_TRANSLATE_ERROR
                      : NGX_HTTP_MODEL_BRIDGE_WHOLE;

    if (len > most - t->whole.len) {

        if (!t->refused) {
            t->large = 1;
            return NGX_OK;
        }

        len = most - t->whole.len;
    }

    if (t->size - t->whole.len < len) {
        known = r->headers_out.content_length_n;

        size = ngx_max(2 * (t->whole.len + len), 4096);

        if (t->whole.data == NULL && known >= (off_t) len
            && known <= (off_t) most)
        {
            size = (size_t) known;
        }

        data = ngx_palloc(r->pool, size);
        if (data == NULL) {
            return NGX_ERROR;
        }

        if (t->whole.data) {
            ngx_memcpy(data, t->whole.data, t->whole.len);
            (void) ngx_pfree(r->pool, t->whole.data);
        }

        t->whole.data = data;
        t->size = size;
    }

    ngx_memcpy(t->whole.data + t->whole.len, p, len);
    t->whole.len += len;

    return NGX_OK;
}


static ngx_int_t
ngx_http_model_translate_end(ngx_http_request_t *r, ngx_http_model_ctx_t *ctx,
    ngx_http_model_translation_t *t, ngx_uint_t cut)
{
    ngx_buf_t   *b;
    ngx_str_t    message;
    ngx_uint_t   whole;

    if (t->done) {
        return NGX_OK;
    }

    t->done = 1;

    message = ctx->message;

    /* what has told its end needs none of the connection */

    whole = t->refused || (t->events ? t->b.ended || t->b.finished : !cut);

    if (!whole) {

        if (ngx_http_model_stream_message(r, ctx) != NGX_OK) {
            return NGX_ERROR;
        }

        message = ctx->message;
        ctx->broken = 1;
    }

    if (ctx->run) {
        ngx_http_model_stream_stop(ctx->run);
    }

    if (!t->streaming) {
        return (ngx_http_model_translate_make(r, ctx, t, cut) == NGX_OK)
               ? NGX_DONE : NGX_ERROR;
    }

    if (ngx_http_model_bridge_close(&t->b, ngx_http_model_translate_status(ctx),
                                    &message)
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    ctx->broken |= t->b.failed;

    b = ngx_http_model_translate_buf(t);
    if (b == NULL) {
        return NGX_ERROR;
    }

    /* nothing is in it */

    b->temporary = 0;
    b->last_buf = (r == r->main);
    b->last_in_chain = 1;
    b->flush = 1;

    return NGX_OK;
}


static ngx_uint_t
ngx_http_model_translate_status(ngx_http_model_ctx_t *ctx)
{
    return (ctx->run && ctx->run->stalled) ? NGX_HTTP_GATEWAY_TIME_OUT
                                           : NGX_HTTP_BAD_GATEWAY;
}


/* the answer's status and document, once all is there */

static ngx_int_t
ngx_http_model_translate_make(ngx_http_request_t *r, ngx_http_model_ctx_t *ctx,
    ngx_http_model_translation_t *t, ngx_uint_t cut)
{
    ngx_int_t                 rc;
    ngx_str_t                 text;
    ngx_http_model_bridge_t  *b;

    static ngx_str_t  large = ngx_string("the vendor's answer is too large to "
                                         "be translated");

    b = &t->b;

    /* to a POST there is no such answer as 304 */

    t->status = (r->headers_out.status == NGX_HTTP_NOT_MODIFIED)
                ? NGX_HTTP_BAD_GATEWAY : r->headers_out.status;

    if (t->refused) {
        text = ngx_http_model_bridge_message(r->pool, t->whole.data,
                                             t->whole.len);

        return ngx_http_model_translate_error(r, ctx, t, t->status, &text);
    }

    if (t->large) {
        return ngx_http_model_translate_error(r, ctx, t, NGX_HTTP_BAD_GATEWAY,
                                              &large);
    }

    if (cut && !(t->events && (b->ended || b->finished))) {
        return ngx_http_model_translate_error(r, ctx, t,
                                       ngx_http_model_translate_status(ctx),
                                       &ctx->message);
    }

    if (t->events) {
        rc = ngx_http_model_bridge_close(b,
                                       ngx_http_model_translate_status(ctx),
                                       &ctx->message);

        if (rc == NGX_OK) {
            rc = ngx_http_model_bridge_document(b, &t->document);
        }

    } else if (b->stream) {
        rc = ngx_http_model_translate_frames(t);

    } else {
        rc = ngx_http_model_bridge_answer(b, &t->whole, &t->document);
    }

    if (rc != NGX_DECLINED) {
        return rc;
    }

    return ngx_http_model_translate_error(r, ctx, t, b->status, &b->text);
}


/* a stream was asked for, and a document came */

static ngx_int_t
ngx_http_model_translate_frames(ngx_http_model_translation_t *t)
{
    u_char       *p;
    size_t        len;
    ngx_int_t     rc;
    ngx_chain_t  *cl;

    rc = ngx_http_model_bridge_replay(&t->b, &t->whole);

    if (rc != NGX_OK) {
        return rc;
    }

    len = 0;

    for (cl = t->out; cl; cl = cl->next) {
        len += cl->buf->last - cl->buf->pos;
    }

    p = ngx_pnalloc(t->b.pool, len + 1);
    if (p == NULL) {
        return NGX_ERROR;
    }

    t->framed = 1;
    t->document.data = p;
    t->document.len = len;

    for (cl = t->out; cl; cl = cl->next) {
        p = ngx_cpymem(p, cl->buf->pos, cl->buf->last - cl->buf->pos);
    }

    return NGX_OK;
}


static ngx_int_t
ngx_http_model_translate_error(ngx_http_request_t *r,
    ngx_http_model_ctx_t *ctx, ngx_http_model_translation_t *t,
    ngx_uint_t status, ngx_str_t *text)
{
    u_char     *p;
    ngx_str_t   message;

    /* Anthropic's word for 503, which the other dialects' clients lack */

    if (status == 529 && ctx->dialect != NGX_HTTP_MODEL_ANTHROPIC) {
        status = NGX_HTTP_SERVICE_UNAVAILABLE;
    }

    message = *text;

    if (message.len == 0) {
        p = ngx_pnalloc(r->pool, 128);
        if (p == NULL) {
            return NGX_ERROR;
        }

        message.data = p;
        message.len = ngx_snprintf(p, 128, "vendor \"%V\" answered with "
                                   "status %ui and no text", &t->b.vendor,
                                   status)
                      - p;
    }

    ctx->message = message;
    t->status = ngx_http_model_error_status(ctx->dialect, status);

    return ngx_http_model_error_body(r->pool, ctx->dialect, t->status, NULL,
                                     NULL, &message, &t->document);
}


static ngx_int_t
ngx_http_model_translate_sink(void *data, u_char *p, size_t len)
{
    ngx_http_model_translation_t *t = data;

    size_t      n;
    ngx_buf_t  *b;

    b = t->out ? t->tail : NULL;

    while (len) {

        if (b == NULL || b->last == b->end) {
            b = ngx_http_model_translate_buf(t);
            if (b == NULL) {
                return NGX_ERROR;
            }
        }

        n = ngx_min(len, (size_t) (b->end - b->last));

        b->last = ngx_cpymem(b->last, p, n);

        p += n;
        len -= n;
    }

    return NGX_OK;
}


/* an empty one at the end of out */

static ngx_buf_t *
ngx_http_model_translate_buf(ngx_http_model_translation_t *t)
{
    u_char       *start;
    ngx_buf_t    *b;
    ngx_chain_t  *cl;

    cl = ngx_chain_get_free_buf(t->request->pool, &t->free);
    if (cl == NULL) {
        return NULL;
    }

    b = cl->buf;
    start = b->start;

    if (start == NULL) {
        start = ngx_palloc(t->request->pool, NGX_HTTP_MODEL_TRANSLATE_BUFFER);
        if (start == NULL) {
            return NULL;
        }
    }

    ngx_memzero(b, sizeof(ngx_buf_t));

    b->start = start;
    b->pos = start;
    b->last = start;
    b->end = start + NGX_HTTP_MODEL_TRANSLATE_BUFFER;
    b->temporary = 1;
    b->tag = (ngx_buf_tag_t) &ngx_http_model_module;

    *t->last = cl;
    t->last = &cl->next;
    t->tail = b;

    return b;
}


static void
ngx_http_model_translate_pool_cleanup(void *data)
{
    ngx_http_model_translation_t *t = data;

    ngx_destroy_pool(t->b.temp);
}
