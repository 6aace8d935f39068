
/*
 * Copyright (C) the ngx_http_model_module authors
 *
 * The response side, and the eye on request bodies.  A module of its own
 * type: an output filter that an HTTP module registers is overwritten.
 */


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "ngx_http_model_ask.h"
#include "ngx_http_model_compat.h"
#include "ngx_http_model_fetch.h"
#include "ngx_http_model_gateway.h"
#include "ngx_http_model_handover.h"
#include "ngx_http_model_reason.h"
#include "ngx_http_model_respond.h"
#include "ngx_http_model_stream.h"
#include "ngx_http_model_translate.h"
#include "ngx_http_model_usage.h"


#define NGX_HTTP_MODEL_HELD  4096


static ngx_int_t ngx_http_model_header_filter(ngx_http_request_t *r);
static ngx_int_t ngx_http_model_header_upstream(ngx_http_request_t *r,
    ngx_http_model_ctx_t *ctx);
static ngx_int_t ngx_http_model_header_translate(ngx_http_request_t *r,
    ngx_http_model_ctx_t *ctx);
static ngx_int_t ngx_http_model_header_vendor(ngx_http_request_t *r,
    ngx_http_model_ctx_t *ctx, const char *what);
static ngx_int_t ngx_http_model_header_refused(ngx_http_request_t *r,
    ngx_http_model_ctx_t *ctx);
static ngx_int_t ngx_http_model_header_forbidden(ngx_http_request_t *r,
    ngx_http_model_ctx_t *ctx);
static ngx_uint_t ngx_http_model_header_code(u_char *p, u_char *last);
static ngx_uint_t ngx_http_model_header_streams(ngx_http_request_t *r,
    ngx_http_model_ctx_t *ctx);
static ngx_int_t ngx_http_model_header_stream(ngx_http_request_t *r,
    ngx_http_model_ctx_t *ctx);
static ngx_int_t ngx_http_model_header_replace(ngx_http_request_t *r,
    ngx_http_model_ctx_t *ctx, ngx_uint_t status, ngx_str_t *body);
static ngx_int_t ngx_http_model_header_send(ngx_http_request_t *r,
    ngx_http_model_ctx_t *ctx);
static ngx_uint_t ngx_http_model_header_explains(ngx_http_model_ctx_t *ctx);
static ngx_int_t ngx_http_model_header_cors(ngx_http_request_t *r,
    ngx_http_model_ctx_t *ctx, ngx_http_model_loc_conf_t *mlcf);
static ngx_int_t ngx_http_model_body_filter(ngx_http_request_t *r,
    ngx_chain_t *in);
static ngx_int_t ngx_http_model_body_asked(ngx_http_request_t *r,
    ngx_http_model_ctx_t *ctx, ngx_chain_t *in);
static ngx_int_t ngx_http_model_body_followed(ngx_http_request_t *r,
    ngx_http_model_ctx_t *ctx, ngx_chain_t *in);
static ngx_int_t ngx_http_model_body_held(ngx_http_request_t *r,
    ngx_http_model_ctx_t *ctx, ngx_chain_t *in);
static ngx_int_t ngx_http_model_body_translated(ngx_http_request_t *r,
    ngx_http_model_ctx_t *ctx, ngx_chain_t *in);
static ngx_uint_t ngx_http_model_body_pending(ngx_http_request_t *r);
static ngx_int_t ngx_http_model_body_replaced(ngx_http_request_t *r,
    ngx_http_model_ctx_t *ctx, ngx_chain_t *in);
static ngx_int_t ngx_http_model_request_body_filter(ngx_http_request_t *r,
    ngx_chain_t *in);
static ngx_int_t ngx_http_model_filter_init(ngx_conf_t *cf);


static ngx_http_module_t  ngx_http_model_filter_module_ctx = {
    NULL,                                  /* preconfiguration */
    ngx_http_model_filter_init,            /* postconfiguration */

    NULL,                                  /* create main configuration */
    NULL,                                  /* init main configuration */

    NULL,                                  /* create server configuration */
    NULL,                                  /* merge server configuration */

    NULL,                                  /* create location configuration */
    NULL                                   /* merge location configuration */
};


ngx_module_t  ngx_http_model_filter_module = {
    NGX_MODULE_V1,
    &ngx_http_model_filter_module_ctx,     /* module context */
    NULL,                                  /* module directives */
    NGX_HTTP_MODULE,                       /* module type */
    NULL,                                  /* init master */
    NULL,                                  /* init module */
    NULL,                                  /* init process */
    NULL,                                  /* init thread */
    NULL,                                  /* exit thread */
    NULL,                                  /* exit process */
    NULL,                                  /* exit master */
    NGX_MODULE_V1_PADDING
};


static ngx_http_output_header_filter_pt  ngx_http_next_header_filter;
static ngx_http_output_body_filter_pt    ngx_http_next_body_filter;
static ngx_http_request_body_filter_pt   ngx_http_next_request_body_filter;


static ngx_int_t
ngx_http_model_header_filter(ngx_http_request_t *r)
{
    ngx_int_t                   rc;
    ngx_str_t                   body;
    ngx_uint_t                  status;
    ngx_http_upstream_t        *u;
    ngx_http_model_ctx_t       *ctx;
    ngx_http_model_loc_conf_t  *mlcf;

    ctx = ngx_http_model_ctx(r);

    if (ctx && ctx->fetch) {
        return ngx_http_model_fetch_header(r, ctx->fetch);
    }

    mlcf = ngx_http_get_module_loc_conf(r, ngx_http_model_module);

    if (mlcf->pass == NULL || r != r->main) {
        return ngx_http_next_header_filter(r);
    }

    /* phases before ours may have answered already */

    ctx = ngx_http_model_gateway_identify(r);
    if (ctx == NULL) {
        return NGX_ERROR;
    }

    u = r->upstream;
    rc = NGX_OK;

    if ((!ctx->local && !ctx->replaced) || r->filter_finalize) {

        if (u && u->cleanup && !r->filter_finalize) {

            /* an "if" of the location may hold a proxy_pass of its own */

            if (ctx->hop && u->conf->upstream == &ctx->hop->vendor->mux) {
                rc = ngx_http_model_header_upstream(r, ctx);
            }

        } else if (r->err_status >= NGX_HTTP_BAD_REQUEST) {

            /* nginx's own page */

            ngx_http_model_handover_leave(r, ctx);

            status = r->headers_out.status;

            rc = ngx_http_model_respond_page(r, &status, &body);

            if (rc == NGX_OK) {
                rc = ngx_http_model_header_replace(r, ctx, status, &body);
            }
        }
    }

    if (rc != NGX_OK) {
        return (rc == NGX_DONE) ? NGX_OK : NGX_ERROR;
    }

    return ngx_http_model_header_send(r, ctx);
}


/* NGX_DONE: the head waits for the body */

static ngx_int_t
ngx_http_model_header_upstream(ngx_http_request_t *r,
    ngx_http_model_ctx_t *ctx)
{
    ngx_uint_t  status;

    status = r->headers_out.status;

    if (status >= NGX_HTTP_SPECIAL_RESPONSE && status < NGX_HTTP_BAD_REQUEST
        && status != NGX_HTTP_NOT_MODIFIED)
    {
        ngx_log_error(NGX_LOG_ERR, r->connection->log, 0,
                      "model vendor \"%V\" answered with a redirect, status "
                      "%ui: its proxy_pass is not where its API is",
                      &ctx->vendor->id, status);

        return ngx_http_model_header_vendor(r, ctx,
                                            "answered with a redirect");
    }

    if (ctx->vendor->key.type == NGX_HTTP_MODEL_KEY_VALUE) {

        if (status == NGX_HTTP_UNAUTHORIZED) {
            return ngx_http_model_header_refused(r, ctx);
        }

        /* a bridge waits for the body of an error itself */

        if (status == NGX_HTTP_FORBIDDEN && ctx->hop->translation == NULL) {
            return ngx_http_model_header_forbidden(r, ctx);
        }
    }

    if (ngx_http_model_usage_start(r, ctx) != NGX_OK) {
        return NGX_ERROR;
    }

    if (ctx->hop->translation) {
        return ngx_http_model_header_translate(r, ctx);
    }

    if (ngx_http_model_header_streams(r, ctx)) {
        return ngx_http_model_header_stream(r, ctx);
    }

    return NGX_OK;
}


static ngx_int_t
ngx_http_model_header_translate(ngx_http_request_t *r,
    ngx_http_model_ctx_t *ctx)
{
    ngx_int_t    rc;
    const char  *why;

    rc = ngx_http_model_translate_head(r, ctx, &why);

    if (rc == NGX_DECLINED) {
        return ngx_http_model_header_vendor(r, ctx, why);
    }

    return (rc == NGX_OK)
           ? ngx_http_model_respond_header(r, "X-Accel-Buffering", "no") : rc;
}


/* 502 in place of the vendor's answer */

static ngx_int_t
ngx_http_model_header_vendor(ngx_http_request_t *r, ngx_http_model_ctx_t *ctx,
    const char *what)
{
    ngx_str_t  body;

    if (ngx_http_model_respond_vendor(r, ctx->vendor, what, &body) != NGX_OK) {
        return NGX_ERROR;
    }

    ngx_http_model_respond_remove(r, "www-authenticate");
    ngx_http_model_respond_remove(r, "location");
    ngx_http_clear_location(r);

    return ngx_http_model_header_replace(r, ctx, NGX_HTTP_BAD_GATEWAY, &body);
}


static ngx_int_t
ngx_http_model_header_refused(ngx_http_request_t *r, ngx_http_model_ctx_t *ctx)
{
    ngx_log_error(NGX_LOG_ERR, r->connection->log, 0,
                  "model vendor \"%V\" refused the key from \"%V\" with "
                  "status %ui", &ctx->vendor->id, &ctx->vendor->key.source,
                  r->headers_out.status);

    if (ngx_http_model_respond_header(r, "x-should-retry", "false")
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    return ngx_http_model_header_vendor(r, ctx, "refused the key that this "
                                        "gateway has for it");
}


/* only its body tells what a 403 is about, and that may come later */

static ngx_int_t
ngx_http_model_header_forbidden(ngx_http_request_t *r,
    ngx_http_model_ctx_t *ctx)
{
    ngx_buf_t  *b;

    b = &r->upstream->buffer;

    if (ngx_http_model_header_code(b->pos, b->last)) {
        return ngx_http_model_header_refused(r, ctx);
    }

    if (r->method == NGX_HTTP_HEAD
        || b->last - b->pos >= NGX_HTTP_MODEL_HELD
        || (r->headers_out.content_length_n >= 0
            && b->last - b->pos >= r->headers_out.content_length_n))
    {
        return NGX_OK;
    }

    ctx->held = ngx_create_temp_buf(r->pool, NGX_HTTP_MODEL_HELD);
    if (ctx->held == NULL) {
        return NGX_ERROR;
    }

    ctx->holding = 1;
    r->filter_need_in_memory = 1;

    return NGX_DONE;
}


static ngx_uint_t
ngx_http_model_header_code(u_char *p, u_char *last)
{
    ngx_uint_t  i;

    static ngx_str_t  codes[] = {
        ngx_string("authentication_error"),
        ngx_string("invalid_api_key"),
        ngx_string("invalid_authentication"),
        ngx_string("API_KEY_INVALID")
    };

    for (i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
        if ((size_t) (last - p) >= codes[i].len
            && ngx_strlcasestrn(p, last, codes[i].data, codes[i].len - 1))
        {
            return 1;
        }
    }

    return 0;
}


static ngx_uint_t
ngx_http_model_header_streams(ngx_http_request_t *r, ngx_http_model_ctx_t *ctx)
{
    if (ngx_http_model_stream_framing(&r->headers_out.content_type)) {
        return 1;
    }

    /* a stream was asked for, and its length is not known */

    return ctx->stream && ctx->stream_known
           && r->headers_out.content_length_n == -1
           && r->headers_out.status == NGX_HTTP_OK;
}


/* frames leave as they come, whatever the location says */

static ngx_int_t
ngx_http_model_header_stream(ngx_http_request_t *r, ngx_http_model_ctx_t *ctx)
{
    r->upstream->buffering = 0;
    ngx_http_model_stream_guard(r, ctx);

    if (ngx_http_model_stream_start(r, ctx) != NGX_OK) {
        return NGX_ERROR;
    }

    /* for a proxy in front of us; the vendor's own line is hidden */

    return ngx_http_model_respond_header(r, "X-Accel-Buffering", "no");
}


static ngx_int_t
ngx_http_model_header_replace(ngx_http_request_t *r, ngx_http_model_ctx_t *ctx,
    ngx_uint_t status, ngx_str_t *body)
{
    ngx_buf_t  *b;

    b = ngx_calloc_buf(r->pool);
    if (b == NULL) {
        return NGX_ERROR;
    }

    b->pos = body->data;
    b->last = body->data + body->len;
    b->memory = 1;
    b->last_buf = 1;
    b->last_in_chain = 1;

    ctx->replacement = b;
    ctx->replaced = 1;

    if (r->headers_out.content_encoding) {
        r->headers_out.content_encoding->hash = 0;
        r->headers_out.content_encoding = NULL;
    }

    ngx_http_clear_content_length(r);
    ngx_http_clear_accept_ranges(r);
    ngx_http_clear_last_modified(r);
    ngx_http_clear_etag(r);

    if (r->err_status) {

        /* the log tells what the client was told */

        r->err_status = status;
    }

    r->headers_out.status = status;
    r->headers_out.status_line.len = 0;
    r->headers_out.content_length_n = body->len;

    ngx_str_set(&r->headers_out.content_type, "application/json");
    r->headers_out.content_type_len = r->headers_out.content_type.len;
    r->headers_out.content_type_lowcase = NULL;
    ngx_str_null(&r->headers_out.charset);

    return NGX_OK;
}


static ngx_int_t
ngx_http_model_header_send(ngx_http_request_t *r, ngx_http_model_ctx_t *ctx)
{
    ngx_http_model_loc_conf_t  *mlcf;

    mlcf = ngx_http_get_module_loc_conf(r, ngx_http_model_module);

    if (ngx_http_model_header_cors(r, ctx, mlcf) != NGX_OK) {
        return NGX_ERROR;
    }

    if (mlcf->explain && ngx_http_model_header_explains(ctx)
        && ngx_http_model_reason_headers(r, ctx) != NGX_OK)
    {
        return NGX_ERROR;
    }

    return ngx_http_next_header_filter(r);
}


/* what may have gone somewhere: no listing, no preflight */

static ngx_uint_t
ngx_http_model_header_explains(ngx_http_model_ctx_t *ctx)
{
    return (ctx->endpoint->type == NGX_HTTP_MODEL_EP_ROUTED
            || ctx->endpoint->type == NGX_HTTP_MODEL_EP_BLOB
            || ctx->endpoint->type == NGX_HTTP_MODEL_EP_OTHER)
           && !ctx->preflight;
}


static ngx_int_t
ngx_http_model_header_cors(ngx_http_request_t *r, ngx_http_model_ctx_t *ctx,
    ngx_http_model_loc_conf_t *mlcf)
{
    if (ctx->cors_done) {
        return NGX_OK;
    }

    ctx->cors_done = 1;

    if (!ctx->origin_checked) {
        ctx->origin_checked = 1;
        ctx->origin = ngx_http_model_cors_origin(r, mlcf->cors);
    }

    if (ctx->origin != NGX_HTTP_MODEL_ORIGIN_ALLOWED) {
        return NGX_OK;
    }

    return ngx_http_model_cors_headers(r, mlcf->cors, ctx->preflight);
}


static ngx_int_t
ngx_http_model_body_filter(ngx_http_request_t *r, ngx_chain_t *in)
{
    ngx_http_model_ctx_t  *ctx;

    ctx = ngx_http_model_ctx(r);

    if (ctx == NULL) {
        return ngx_http_next_body_filter(r, in);
    }

    if (ctx->fetch) {
        return ngx_http_model_fetch_body(r, ctx->fetch, in);
    }

    if (ctx->holding) {
        return ngx_http_model_body_held(r, ctx, in);
    }

    if (ctx->replaced) {
        return ngx_http_model_body_replaced(r, ctx, in);
    }

    if (ctx->ask) {
        return ngx_http_model_body_asked(r, ctx, in);
    }

    if (ctx->usage) {
        ngx_http_model_usage_body(r, ctx, in);
    }

    if (ctx->translating) {
        return ngx_http_model_body_translated(r, ctx, in);
    }

    if (ngx_http_model_body_followed(r, ctx, in) != NGX_OK) {
        return NGX_ERROR;
    }

    return ngx_http_next_body_filter(r, in);
}


/* what follows the end sees less than what came */

static ngx_int_t
ngx_http_model_body_asked(ngx_http_request_t *r, ngx_http_model_ctx_t *ctx,
    ngx_chain_t *in)
{
    ngx_int_t     rc;
    ngx_chain_t  *out;

    out = in;

    if (ngx_http_model_ask_body(r, ctx, &out) != NGX_OK
        || ngx_http_model_body_followed(r, ctx, out) != NGX_OK)
    {
        return NGX_ERROR;
    }

    rc = (in && out == NULL && !ngx_http_model_body_pending(r))
         ? NGX_OK : ngx_http_next_body_filter(r, out);

    ngx_http_model_ask_sent(r, ctx, out);

    return rc;
}


static ngx_int_t
ngx_http_model_body_followed(ngx_http_request_t *r, ngx_http_model_ctx_t *ctx,
    ngx_chain_t *in)
{
    ngx_chain_t  *cl;

    if (ctx->ending && ngx_http_model_stream_body(r, ctx, in) != NGX_OK) {
        return NGX_ERROR;
    }

    for (cl = in; cl; cl = cl->next) {
        ctx->ended |= cl->buf->last_buf;
    }

    return NGX_OK;
}


/* with nothing left to send an empty chain is taken for a mistake */

static ngx_uint_t
ngx_http_model_body_pending(ngx_http_request_t *r)
{
    return r->out != NULL || r->buffered;
}


/* collects what a head waits for, up to the size of the buffer */

static ngx_int_t
ngx_http_model_body_held(ngx_http_request_t *r, ngx_http_model_ctx_t *ctx,
    ngx_chain_t *in)
{
    size_t        n;
    ngx_int_t     rc;
    ngx_buf_t    *b, *held;
    ngx_chain_t  *cl, out;

    held = ctx->held;

    for (cl = in; cl; cl = cl->next) {
        b = cl->buf;

        if (ngx_buf_in_memory(b)) {
            n = ngx_min(b->last - b->pos, held->end - held->last);

            held->last = ngx_cpymem(held->last, b->pos, n);
            b->pos += n;
        }

        /* a flush without data: the vendor's answer was cut */

        if (ngx_buf_size(b) || b->last_buf
            || (b->flush && ngx_buf_special(b)))
        {
            break;
        }
    }

    if (cl == NULL) {
        return NGX_OK;
    }

    ctx->holding = 0;

    rc = ngx_http_model_header_code(held->pos, held->last)
         ? ngx_http_model_header_refused(r, ctx) : NGX_OK;

    if (rc != NGX_OK) {
        return NGX_ERROR;
    }

    rc = ngx_http_model_header_send(r, ctx);

    if (rc == NGX_ERROR || rc > NGX_OK || r->header_only) {
        return rc;
    }

    if (ctx->replaced) {
        return ngx_http_model_body_replaced(r, ctx, cl);
    }

    if (held->pos == held->last) {
        return ngx_http_next_body_filter(r, cl);
    }

    out.buf = held;
    out.next = cl;

    return ngx_http_next_body_filter(r, &out);
}


static ngx_int_t
ngx_http_model_body_translated(ngx_http_request_t *r,
    ngx_http_model_ctx_t *ctx, ngx_chain_t *in)
{
    ngx_int_t                      rc;
    ngx_chain_t                   *out, *cl;
    ngx_http_model_translation_t  *t;

    t = ctx->hop->translation;

    for ( ;; ) {
        rc = ngx_http_model_translate_answer(r, ctx, in, &out);

        if (rc == NGX_DONE) {
            break;
        }

        if (rc != NGX_OK) {
            return (rc == NGX_AGAIN) ? NGX_OK : NGX_ERROR;
        }

        for (cl = out; cl; cl = cl->next) {
            ctx->ended |= cl->buf->last_buf;
        }

        if (out == NULL && t->busy == NULL) {
            return NGX_OK;
        }

        rc = ngx_http_next_body_filter(r, out);

        ngx_http_model_translate_sent(r, ctx);

        if (rc == NGX_ERROR || t->in == NULL || t->busy) {
            return rc;
        }

        /* the client has taken what stood in the way of the rest */

        in = NULL;
    }

    ctx->translating = 0;

    rc = (t->status == NGX_HTTP_FORBIDDEN
          && ctx->vendor->key.type == NGX_HTTP_MODEL_KEY_VALUE
          && ngx_http_model_header_code(t->whole.data,
                                        t->whole.data + t->whole.len))
         ? ngx_http_model_header_refused(r, ctx)
         : ngx_http_model_header_replace(r, ctx, t->status, &t->document);

    if (rc != NGX_OK) {
        return NGX_ERROR;
    }

    if (t->framed) {
        r->headers_out.content_type = t->type;
        r->headers_out.content_type_len = t->type.len;
    }

    rc = ngx_http_model_header_send(r, ctx);

    if (rc == NGX_ERROR || rc > NGX_OK || r->header_only) {
        return rc;
    }

    return ngx_http_model_body_replaced(r, ctx, NULL);
}


/* what comes is not wanted: ours goes once in its place */

static ngx_int_t
ngx_http_model_body_replaced(ngx_http_request_t *r, ngx_http_model_ctx_t *ctx,
    ngx_chain_t *in)
{
    ngx_chain_t  *cl, out;

    for (cl = in; cl; cl = cl->next) {
        cl->buf->pos = cl->buf->last;
        cl->buf->file_pos = cl->buf->file_last;
    }

    if (ctx->replaced_sent) {
        return (in && !ngx_http_model_body_pending(r))
               ? NGX_OK : ngx_http_next_body_filter(r, NULL);
    }

    ctx->replaced_sent = 1;
    ctx->ended = 1;

    out.buf = ctx->replacement;
    out.next = NULL;

    return ngx_http_next_body_filter(r, &out);
}


static ngx_int_t
ngx_http_model_request_body_filter(ngx_http_request_t *r, ngx_chain_t *in)
{
    ngx_http_model_ctx_t  *ctx;

    ctx = ngx_http_get_module_ctx(r, ngx_http_model_module);

    if (ctx && ctx->scanning && ctx->body) {
        ngx_http_model_body_feed(ctx->body, in);
    }

    return ngx_http_next_request_body_filter(r, in);
}


static ngx_int_t
ngx_http_model_filter_init(ngx_conf_t *cf)
{
    (void) cf;

    ngx_http_next_header_filter = ngx_http_top_header_filter;
    ngx_http_top_header_filter = ngx_http_model_header_filter;

    ngx_http_next_body_filter = ngx_http_top_body_filter;
    ngx_http_top_body_filter = ngx_http_model_body_filter;

    ngx_http_next_request_body_filter = ngx_http_top_request_body_filter;
    ngx_http_top_request_body_filter = ngx_http_model_request_body_filter;

    return NGX_OK;
}
