
/*
 * Copyright (C) the ngx_http_model_module authors
 *
 * A buffer of the upstream's is cut into what passes.  The last such piece is
 * left to the buffer itself: what is behind it in the same memory is gone when
 * it is sent, so the upstream may take it for free.  What waits is copied, and
 * no more than an event.
 */


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "ngx_http_model_ask.h"
#include "ngx_http_model_names.h"
#include "ngx_http_model_preset.h"
#include "ngx_http_model_stream.h"
#include "ngx_http_model_usage.h"


#define NGX_HTTP_MODEL_ASK_TAG  ((ngx_buf_tag_t) &ngx_http_model_ask_preset)

#define NGX_HTTP_MODEL_ASK_LEAST  128   /* bytes, of what waits */


static ngx_int_t ngx_http_model_ask_buf(ngx_http_request_t *r,
    ngx_http_model_ctx_t *ctx, ngx_buf_t *b);
static ngx_int_t ngx_http_model_ask_hold(ngx_http_request_t *r,
    ngx_http_model_ask_t *ask, u_char *p, u_char *last);
static ngx_int_t ngx_http_model_ask_grow(ngx_http_request_t *r, ngx_buf_t *b,
    size_t more);
static ngx_int_t ngx_http_model_ask_release(ngx_http_request_t *r,
    ngx_http_model_ask_t *ask);
static void ngx_http_model_ask_drop(ngx_http_model_ask_t *ask);
static ngx_int_t ngx_http_model_ask_piece(ngx_http_request_t *r,
    ngx_http_model_ask_t *ask, u_char *p, u_char *last);
static ngx_buf_t *ngx_http_model_ask_get(ngx_http_request_t *r,
    ngx_http_model_ask_t *ask);
static ngx_int_t ngx_http_model_ask_add(ngx_http_request_t *r,
    ngx_http_model_ask_t *ask, ngx_buf_t *b);


ngx_http_model_preset_t  ngx_http_model_ask_preset = {
    ngx_string("stream_options.include_usage"), ngx_string("true"), 1
};


ngx_uint_t
ngx_http_model_ask(ngx_http_request_t *r, ngx_http_model_ctx_t *ctx,
    ngx_http_model_hop_t *hop)
{
    /* a preset of the vendor's for the same member is what its owner wants */

    return ctx->rules->usage == NGX_HTTP_MODEL_USAGE_ASK
           && r == r->main
           && ctx->endpoint->usage
           && hop->dialect == NGX_HTTP_MODEL_OPENAI
           && ctx->stream
           && ngx_http_model_names_usage(ctx->body, ctx->endpoint)
           && ngx_http_model_preset_conflict(&hop->vendor->presets,
                                             &ngx_http_model_ask_preset.path)
              == NULL;
}


ngx_int_t
ngx_http_model_ask_start(ngx_http_request_t *r, ngx_http_model_ctx_t *ctx)
{
    ctx->ask = ngx_pcalloc(r->pool, sizeof(ngx_http_model_ask_t));
    if (ctx->ask == NULL) {
        return NGX_ERROR;
    }

    /* what comes is longer than what goes */

    ngx_http_clear_content_length(r);
    ngx_http_clear_accept_ranges(r);
    ngx_http_weak_etag(r);

    r->filter_need_in_memory = 1;

    return NGX_OK;
}


ngx_int_t
ngx_http_model_ask_body(ngx_http_request_t *r, ngx_http_model_ctx_t *ctx,
    ngx_chain_t **in)
{
    ngx_buf_t             *b;
    ngx_chain_t           *cl;
    ngx_http_model_ask_t  *ask;

    ask = ctx->ask;

    ask->out = NULL;
    ask->last = &ask->out;
    ask->data = 0;

    for (cl = *in; cl; cl = cl->next) {
        b = cl->buf;

        if (ngx_buf_in_memory(b) && b->last > b->pos) {

            ask->data = 1;

            if (ngx_http_model_ask_buf(r, ctx, b) != NGX_OK) {
                return NGX_ERROR;
            }

            continue;
        }

        if (ngx_http_model_stream_last(r, b)) {

            if (ngx_http_model_strip_end(&ask->strip, &ctx->usage->observe)
                == NGX_HTTP_MODEL_STRIP_DROP)
            {
                ngx_http_model_ask_drop(ask);

            } else if (ngx_http_model_ask_release(r, ask) != NGX_OK) {
                return NGX_ERROR;
            }
        }

        if (ngx_http_model_ask_add(r, ask, b) != NGX_OK) {
            return NGX_ERROR;
        }
    }

    *in = ask->out;

    return NGX_OK;
}


/* [from, to) passes so far, and [start, end) before it */

static ngx_int_t
ngx_http_model_ask_buf(ngx_http_request_t *r, ngx_http_model_ctx_t *ctx,
    ngx_buf_t *b)
{
    u_char                  *p, *next, *last, *start, *end, *from, *to;
    ngx_uint_t               fate, content;
    ngx_http_model_ask_t    *ask;
    ngx_http_model_usage_t  *usage;

    ask = ctx->ask;
    usage = ctx->usage;

    last = b->last;
    start = b->pos;
    end = b->pos;
    from = b->pos;
    to = b->pos;

    content = usage->observe.content;

    for (p = b->pos; p < last; p = next) {

        fate = ngx_http_model_strip_line(&ask->strip, &usage->observe, p,
                                         last, &next);

        if (fate == NGX_HTTP_MODEL_STRIP_HOLD) {
            continue;
        }

        if (fate == NGX_HTTP_MODEL_STRIP_PASS) {

            /* what waited from buffers before comes first */

            if (ngx_http_model_ask_release(r, ask) != NGX_OK) {
                return NGX_ERROR;
            }

            to = next;
            continue;
        }

        ngx_http_model_ask_drop(ask);

        if (from < to) {

            if (ngx_http_model_ask_piece(r, ask, start, end) != NGX_OK) {
                return NGX_ERROR;
            }

            start = from;
            end = to;
        }

        from = next;
        to = next;
    }

    ngx_http_model_usage_times(r, usage, usage->observe.content != content);

    if (ngx_http_model_ask_hold(r, ask, to, last) != NGX_OK) {
        return NGX_ERROR;
    }

    if (from < to) {

        if (ngx_http_model_ask_piece(r, ask, start, end) != NGX_OK) {
            return NGX_ERROR;
        }

        start = from;
        end = to;
    }

    if (start == end) {
        b->pos = b->last;
        return NGX_OK;
    }

    b->pos = start;
    b->last = end;

    return ngx_http_model_ask_add(r, ask, b);
}


static ngx_int_t
ngx_http_model_ask_hold(ngx_http_request_t *r, ngx_http_model_ask_t *ask,
    u_char *p, u_char *last)
{
    ngx_buf_t  *b;

    if (p == last) {
        return NGX_OK;
    }

    if (ask->held == NULL) {
        ask->held = ngx_http_model_ask_get(r, ask);

        if (ask->held == NULL) {
            return NGX_ERROR;
        }

        ask->held->pos = ask->held->start;
        ask->held->last = ask->held->start;
    }

    b = ask->held;

    if (last - p > b->end - b->last
        && ngx_http_model_ask_grow(r, b, last - p) != NGX_OK)
    {
        return NGX_ERROR;
    }

    b->last = ngx_cpymem(b->last, p, last - p);

    return NGX_OK;
}


/*
 * Where a client is slow, what waited before is still on its way: memory is
 * as large as what waits, mostly a few bytes.
 */

static ngx_int_t
ngx_http_model_ask_grow(ngx_http_request_t *r, ngx_buf_t *b, size_t more)
{
    u_char  *p;
    size_t   len, size;

    len = b->last - b->pos;

    if (len + more > NGX_HTTP_MODEL_STRIP_SIZE) {
        ngx_log_error(NGX_LOG_ALERT, r->connection->log, 0,
                      "too many bytes of a stream are held back");
        return NGX_ERROR;
    }

    size = ngx_max(len + more, 2 * (size_t) (b->end - b->start));
    size = ngx_max(size, NGX_HTTP_MODEL_ASK_LEAST);
    size = ngx_min(size, NGX_HTTP_MODEL_STRIP_SIZE);

    p = ngx_pnalloc(r->pool, size);
    if (p == NULL) {
        return NGX_ERROR;
    }

    if (len) {
        ngx_memcpy(p, b->pos, len);
    }

    b->start = p;
    b->pos = p;
    b->last = p + len;
    b->end = p + size;

    return NGX_OK;
}


static ngx_int_t
ngx_http_model_ask_release(ngx_http_request_t *r, ngx_http_model_ask_t *ask)
{
    ngx_buf_t  *b;

    b = ask->held;

    if (b == NULL || b->pos == b->last) {
        return NGX_OK;
    }

    ask->held = NULL;

    return ngx_http_model_ask_add(r, ask, b);
}


/* the buffer stays, for what waits next */

static void
ngx_http_model_ask_drop(ngx_http_model_ask_t *ask)
{
    if (ask->held) {
        ask->held->last = ask->held->pos;
    }
}


static ngx_int_t
ngx_http_model_ask_piece(ngx_http_request_t *r, ngx_http_model_ask_t *ask,
    u_char *p, u_char *last)
{
    ngx_buf_t  *b;

    if (p == last) {
        return NGX_OK;
    }

    b = ngx_http_model_ask_get(r, ask);
    if (b == NULL) {
        return NGX_ERROR;
    }

    b->pos = p;
    b->last = last;

    return ngx_http_model_ask_add(r, ask, b);
}


/* an empty buffer; with start set it has memory of its own */

static ngx_buf_t *
ngx_http_model_ask_get(ngx_http_request_t *r, ngx_http_model_ask_t *ask)
{
    ngx_buf_t    *b;
    ngx_chain_t  *cl;

    cl = ngx_chain_get_free_buf(r->pool, &ask->free);
    if (cl == NULL) {
        return NULL;
    }

    b = cl->buf;

    b->tag = NGX_HTTP_MODEL_ASK_TAG;
    b->memory = 1;
    b->flush = 1;

    ngx_free_chain(r->pool, cl);

    return b;
}


static ngx_int_t
ngx_http_model_ask_add(ngx_http_request_t *r, ngx_http_model_ask_t *ask,
    ngx_buf_t *b)
{
    ngx_chain_t  *cl;

    cl = ngx_alloc_chain_link(r->pool);
    if (cl == NULL) {
        return NGX_ERROR;
    }

    cl->buf = b;
    cl->next = NULL;

    *ask->last = cl;
    ask->last = &cl->next;

    return NGX_OK;
}


void
ngx_http_model_ask_sent(ngx_http_request_t *r, ngx_http_model_ctx_t *ctx,
    ngx_chain_t *out)
{
    ngx_chain_update_chains(r->pool, &ctx->ask->free, &ctx->ask->busy, &out,
                            NGX_HTTP_MODEL_ASK_TAG);
}
