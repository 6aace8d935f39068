
/*
 * Copyright (C) the ngx_http_model_module authors
 */


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "ngx_http_model_ask.h"
#include "ngx_http_model_names.h"
#include "ngx_http_model_preset.h"
#include "ngx_http_model_rewrite.h"
#include "ngx_http_model_translate.h"


static ngx_int_t ngx_http_model_rewrite_names(ngx_http_request_t *r,
    ngx_http_model_ctx_t *ctx, ngx_http_model_hop_t *hop,
    ngx_http_model_edit_t *edits, ngx_uint_t *n);
static ngx_int_t ngx_http_model_rewrite_presets(ngx_http_request_t *r,
    ngx_http_model_ctx_t *ctx, ngx_http_model_hop_t *hop,
    ngx_http_model_edit_t **edits, ngx_uint_t *n);
static ngx_int_t ngx_http_model_rewrite_own(ngx_http_request_t *r);


ngx_int_t
ngx_http_model_rewrite(ngx_http_request_t *r, ngx_http_model_ctx_t *ctx,
    ngx_http_model_hop_t *hop)
{
    ngx_uint_t              n;
    ngx_http_model_edit_t  *edits;

    if (ngx_http_model_rewrite_undo(r, ctx) != NGX_OK) {
        return NGX_ERROR;
    }

    if (hop->translation) {
        ctx->asked = 0;

        return ngx_http_model_translate_body(r, ctx, hop);
    }

    if (ngx_http_model_rewrite_plan(r, ctx, hop, &edits, &n) != NGX_OK) {
        return NGX_ERROR;
    }

    ngx_log_debug2(NGX_LOG_DEBUG_HTTP, r->connection->log, 0,
                   "model: %ui edits of the body for vendor \"%V\"", n,
                   &hop->vendor->id);

    if (n == 0) {
        return NGX_OK;
    }

    if (r != r->main || ctx->shared) {

        if (ngx_http_model_rewrite_own(r) != NGX_OK) {
            return NGX_ERROR;
        }

        ctx->shared = 0;
    }

    ctx->undo = ngx_palloc(r->pool, n * sizeof(ngx_http_model_edit_t));
    if (ctx->undo == NULL) {
        return NGX_ERROR;
    }

    if (ngx_http_model_edit_apply(r, edits, n, ctx->undo) != NGX_OK) {
        ctx->torn = 1;
        return NGX_ERROR;
    }

    ctx->nundo = n;

    return NGX_OK;
}


ngx_int_t
ngx_http_model_rewrite_plan(ngx_http_request_t *r, ngx_http_model_ctx_t *ctx,
    ngx_http_model_hop_t *hop, ngx_http_model_edit_t **edits, ngx_uint_t *n)
{
    *n = 0;
    ctx->asked = 0;

    if (ctx->body == NULL || !ctx->accepted
        || ctx->scanned_for != ctx->endpoint)
    {
        return NGX_OK;
    }

    *edits = ngx_palloc(r->pool, (NGX_HTTP_MODEL_NNAMES + 1)
                                 * sizeof(ngx_http_model_edit_t));
    if (*edits == NULL) {
        return NGX_ERROR;
    }

    if (ngx_http_model_rewrite_names(r, ctx, hop, *edits, n) != NGX_OK) {
        return NGX_ERROR;
    }

    return ngx_http_model_rewrite_presets(r, ctx, hop, edits, n);
}


ngx_int_t
ngx_http_model_rewrite_undo(ngx_http_request_t *r, ngx_http_model_ctx_t *ctx)
{
    ngx_uint_t  n;

    ngx_http_model_translate_restore(r, ctx);

    n = ctx->nundo;
    ctx->nundo = 0;

    if (!ctx->torn
        && ngx_http_model_edit_apply(r, ctx->undo, n, NULL) != NGX_OK)
    {
        ctx->torn = 1;
    }

    return ctx->torn ? NGX_ERROR : NGX_OK;
}


static ngx_int_t
ngx_http_model_rewrite_names(ngx_http_request_t *r, ngx_http_model_ctx_t *ctx,
    ngx_http_model_hop_t *hop, ngx_http_model_edit_t *edits, ngx_uint_t *n)
{
    ngx_str_t              values[NGX_HTTP_MODEL_NNAMES];
    ngx_uint_t             i;
    ngx_http_model_edit_t  swap;
    ngx_http_model_name_t  names[NGX_HTTP_MODEL_NNAMES];

    ngx_http_model_names(ctx->body, ctx->endpoint, names);

    values[NGX_HTTP_MODEL_NAME_MODEL] = hop->name;
    values[NGX_HTTP_MODEL_NAME_OTHER] = hop->other;

    *n = 0;

    for (i = 0; i < NGX_HTTP_MODEL_NNAMES; i++) {

        if (!names[i].found || values[i].len == 0
            || (names[i].value.len == values[i].len
                && ngx_memcmp(names[i].value.data, values[i].data,
                              values[i].len)
                   == 0))
        {
            continue;
        }

        if (ngx_http_model_names_edit(r->pool, &names[i], &values[i],
                                      &edits[*n])
            != NGX_OK)
        {
            return NGX_ERROR;
        }

        (*n)++;
    }

    /* a default model where the request names none */

    if (!names[NGX_HTTP_MODEL_NAME_MODEL].found
        && values[NGX_HTTP_MODEL_NAME_MODEL].len)
    {
        if (ngx_http_model_names_insert(r->pool, ctx->body,
                                        &values[NGX_HTTP_MODEL_NAME_MODEL],
                                        &edits[*n])
            != NGX_OK)
        {
            return NGX_ERROR;
        }

        (*n)++;
    }

    if (*n == 2 && edits[0].start > edits[1].start) {
        swap = edits[0];
        edits[0] = edits[1];
        edits[1] = swap;
    }

    return NGX_OK;
}


static ngx_int_t
ngx_http_model_rewrite_presets(ngx_http_request_t *r,
    ngx_http_model_ctx_t *ctx, ngx_http_model_hop_t *hop,
    ngx_http_model_edit_t **edits, ngx_uint_t *n)
{
    ngx_str_t                 body;
    ngx_uint_t                i;
    ngx_array_t               presets;
    ngx_http_model_preset_t  *from, *to;

    if (ctx->body->scan == NULL
        || ctx->endpoint->kind != NGX_HTTP_MODEL_INFERENCE)
    {
        return NGX_OK;
    }

    presets = hop->vendor->presets;
    ctx->asked = ngx_http_model_ask(r, ctx, hop);

    if (ctx->asked) {
        ngx_log_debug1(NGX_LOG_DEBUG_HTTP, r->connection->log, 0,
                       "model: usage is asked for from vendor \"%V\"",
                       &hop->vendor->id);

        from = presets.elts;

        if (ngx_array_init(&presets, r->pool, presets.nelts + 1,
                           sizeof(ngx_http_model_preset_t))
            != NGX_OK)
        {
            return NGX_ERROR;
        }

        /* as many as there is room for */

        to = ngx_array_push_n(&presets, hop->vendor->presets.nelts + 1);

        for (i = 0; i < hop->vendor->presets.nelts; i++) {
            to[i] = from[i];
        }

        to[i] = ngx_http_model_ask_preset;
    }

    if (presets.nelts == 0) {
        return NGX_OK;
    }

    if (ngx_http_model_body_whole(r, &body) != NGX_OK) {
        return NGX_ERROR;
    }

    return ngx_http_model_preset_plan(r->pool, &presets, body.data, body.len,
                                      edits, n);
}


/* a request and its subrequests have one body, which may be on its way */

static ngx_int_t
ngx_http_model_rewrite_own(ngx_http_request_t *r)
{
    ngx_buf_t                *b;
    ngx_str_t                 body;
    ngx_http_request_body_t  *rb;

    if (ngx_http_model_body_whole(r, &body) != NGX_OK) {
        return NGX_ERROR;
    }

    rb = ngx_pcalloc(r->pool, sizeof(ngx_http_request_body_t));
    b = ngx_create_temp_buf(r->pool, body.len);

    if (rb == NULL || b == NULL) {
        return NGX_ERROR;
    }

    b->last = ngx_cpymem(b->pos, body.data, body.len);
    b->last_buf = 1;

    rb->bufs = ngx_alloc_chain_link(r->pool);
    if (rb->bufs == NULL) {
        return NGX_ERROR;
    }

    rb->bufs->buf = b;
    rb->bufs->next = NULL;

    r->request_body = rb;

    return NGX_OK;
}
