
/*
 * Copyright (C) the ngx_http_model_module authors
 */


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "ngx_http_model_ask.h"
#include "ngx_http_model_decimal.h"
#include "ngx_http_model_metrics.h"
#include "ngx_http_model_stream.h"
#include "ngx_http_model_usage.h"
#include "ngx_http_model_view.h"


#define NGX_HTTP_MODEL_USAGE_MILLION  1000000
#define NGX_HTTP_MODEL_USAGE_PRICE    100000000000000LL


static ngx_uint_t ngx_http_model_usage_encoded(ngx_http_request_t *r);
static ngx_uint_t ngx_http_model_usage_framing(ngx_str_t *type);
static int64_t ngx_http_model_usage_price(ngx_pool_t *pool, ngx_str_t *text);


ngx_int_t
ngx_http_model_usage_start(ngx_http_request_t *r, ngx_http_model_ctx_t *ctx)
{
    ngx_uint_t               framing, off;
    ngx_http_model_usage_t  *usage;

    if (ctx->endpoint->type != NGX_HTTP_MODEL_EP_ROUTED
        || r->headers_out.status >= NGX_HTTP_SPECIAL_RESPONSE
        || r->headers_out.status == NGX_HTTP_NO_CONTENT
        || r->headers_out.content_length_n == 0
        || r->method == NGX_HTTP_HEAD)
    {
        return NGX_OK;
    }

    framing = ngx_http_model_usage_framing(&r->headers_out.content_type);

    off = (ctx->rules->usage == NGX_HTTP_MODEL_USAGE_OFF);

    if (ngx_http_model_usage_encoded(r)) {
        ctx->unobserved = off ? 0 : 1 + NGX_HTTP_MODEL_UNOBSERVED_ENCODING;
        return NGX_OK;
    }

    if (framing == NGX_HTTP_MODEL_FRAME_NONE) {
        ctx->unobserved = off ? 0 : 1 + NGX_HTTP_MODEL_UNOBSERVED_TYPE;
        return NGX_OK;
    }

    usage = ngx_palloc(r->pool, sizeof(ngx_http_model_usage_t));
    if (usage == NULL) {
        return NGX_ERROR;
    }

    ngx_http_model_observe_init(&usage->observe, framing, ctx->hop->dialect);

    usage->first = -1;
    usage->last = -1;
    usage->stream = (framing != NGX_HTTP_MODEL_FRAME_JSON);

    ctx->usage = usage;

    usage->observe.errors = off;

    if (ctx->asked && framing == NGX_HTTP_MODEL_FRAME_SSE
        && r->headers_out.status == NGX_HTTP_OK)
    {
        return ngx_http_model_ask_start(r, ctx);
    }

    return NGX_OK;
}


static ngx_uint_t
ngx_http_model_usage_encoded(ngx_http_request_t *r)
{
    ngx_table_elt_t  *h;

    h = r->headers_out.content_encoding;

    return h && h->value.len
           && !(h->value.len == 8
                && ngx_strncasecmp(h->value.data, (u_char *) "identity", 8)
                   == 0);
}


static ngx_uint_t
ngx_http_model_usage_framing(ngx_str_t *type)
{
    ngx_uint_t  framing;

    framing = ngx_http_model_stream_framing(type);

    if (framing) {
        return framing;
    }

    return (type->len >= 16
            && ngx_strncasecmp(type->data, (u_char *) "application/json", 16)
               == 0)
           ? NGX_HTTP_MODEL_FRAME_JSON : NGX_HTTP_MODEL_FRAME_NONE;
}


void
ngx_http_model_usage_body(ngx_http_request_t *r, ngx_http_model_ctx_t *ctx,
    ngx_chain_t *in)
{
    ngx_buf_t               *b;
    ngx_uint_t               first;
    ngx_chain_t             *cl;
    ngx_http_model_usage_t  *usage;

    usage = ctx->usage;

    for (cl = in; cl; cl = cl->next) {
        b = cl->buf;

        if (ngx_buf_special(b)) {
            continue;
        }

        if (!ngx_buf_in_memory(b)) {

            /* a document with a gap tells nothing */

            if (ctx->ending == NULL) {
                ctx->usage = NULL;
                ctx->unobserved = usage->observe.errors
                                  ? 0 : 1 + NGX_HTTP_MODEL_UNOBSERVED_FILE;
            }

            return;
        }

        first = ngx_http_model_observe_feed(&usage->observe, b->pos,
                                            b->last - b->pos);

        if (usage->stream) {
            ngx_http_model_usage_times(r, usage, first);
        }
    }
}


void
ngx_http_model_usage_times(ngx_http_request_t *r,
    ngx_http_model_usage_t *usage, ngx_uint_t first)
{
    if (first) {
        usage->first = ngx_http_model_usage_elapsed(r);
    }

    if (usage->first != -1) {
        usage->last = ngx_http_model_usage_elapsed(r);
    }
}


int64_t
ngx_http_model_usage_elapsed(ngx_http_request_t *r)
{
    int64_t      ms;
    ngx_time_t  *tp;

    tp = ngx_timeofday();

    ms = (int64_t) (tp->sec - r->start_sec) * 1000
         + (int64_t) tp->msec - (int64_t) r->start_msec;

    return ngx_max(ms, 0);
}


int64_t
ngx_http_model_usage_output_time(ngx_http_model_usage_t *usage)
{
    int64_t  n;

    n = usage->observe.completion;

    if (n > 1 && n < NGX_HTTP_MODEL_USAGE_TOKENS
        && usage->observe.eval_duration > 0)
    {
        /* the time of all of them, the first one too */

        return usage->observe.eval_duration / n * (n - 1) / 1000000;
    }

    return (usage->first == -1) ? -1 : usage->last - usage->first;
}


int64_t
ngx_http_model_usage_cost(ngx_http_request_t *r, ngx_http_model_ctx_t *ctx)
{
    int64_t                  prices[NGX_HTTP_MODEL_NPRICES];
    ngx_uint_t               i;
    ngx_http_model_view_t   *view;
    ngx_http_model_model_t  *model;

    if (ctx->usage == NULL || ctx->hop == NULL || ctx->views == NULL) {
        return -1;
    }

    view = ngx_http_model_view(ctx->views, r->connection->log);

    model = view ? ngx_http_model_view_find(view, ctx->hop->vendor,
                                            &ctx->hop->known)
                 : NULL;

    if (model == NULL || model->declared == NULL) {
        return -1;
    }

    for (i = 0; i < NGX_HTTP_MODEL_NPRICES; i++) {
        prices[i] = ngx_http_model_usage_price(r->pool,
                                               &model->declared->prices[i]);
    }

    return ngx_http_model_usage_sum(&ctx->usage->observe, prices);
}


/* 1e-9 of the currency per million tokens, what is below that is cut off */

static int64_t
ngx_http_model_usage_price(ngx_pool_t *pool, ngx_str_t *text)
{
    u_char     *p, *last;
    int64_t     price;
    ngx_str_t   nano;

    if (text->len == 0
        || ngx_http_model_decimal_shift(pool, text, 9, &nano) != NGX_OK)
    {
        return -1;
    }

    price = 0;
    last = nano.data + nano.len;

    for (p = nano.data; p < last && *p != '.'; p++) {

        if (price > NGX_HTTP_MODEL_USAGE_PRICE) {
            return -1;
        }

        price = price * 10 + (*p - '0');
    }

    return price;
}


int64_t
ngx_http_model_usage_sum(ngx_http_model_observe_t *o,
    int64_t prices[NGX_HTTP_MODEL_NPRICES])
{
    int64_t     tokens[NGX_HTTP_MODEL_NPRICES], sum, rest;
    ngx_uint_t  i;

    tokens[NGX_HTTP_MODEL_PRICE_CACHED] = ngx_max(o->cached, 0);
    tokens[NGX_HTTP_MODEL_PRICE_CACHE_WRITE] = ngx_max(o->cache_write, 0);
    tokens[NGX_HTTP_MODEL_PRICE_OUTPUT] = ngx_max(o->completion, 0);

    if (o->prompt < 0) {
        return -1;
    }

    tokens[NGX_HTTP_MODEL_PRICE_INPUT] =
                              o->prompt
                              - tokens[NGX_HTTP_MODEL_PRICE_CACHED]
                              - tokens[NGX_HTTP_MODEL_PRICE_CACHE_WRITE];

    sum = 0;
    rest = 0;

    for (i = 0; i < NGX_HTTP_MODEL_NPRICES; i++) {

        if (tokens[i] == 0) {
            continue;
        }

        if (tokens[i] < 0 || tokens[i] > NGX_HTTP_MODEL_USAGE_TOKENS
            || prices[i] < 0
            || prices[i] / NGX_HTTP_MODEL_USAGE_MILLION
               > NGX_MAX_INT_T_VALUE / 8 / tokens[i])
        {
            return -1;
        }

        sum += tokens[i] * (prices[i] / NGX_HTTP_MODEL_USAGE_MILLION);
        rest += tokens[i] * (prices[i] % NGX_HTTP_MODEL_USAGE_MILLION);
    }

    return sum + (rest + NGX_HTTP_MODEL_USAGE_MILLION / 2)
                 / NGX_HTTP_MODEL_USAGE_MILLION;
}
