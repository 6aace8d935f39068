
/*
 * Copyright (C) the ngx_http_model_module authors
 */


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "ngx_http_model_again.h"
#include "ngx_http_model_alias.h"
#include "ngx_http_model_chain.h"
#include "ngx_http_model_error.h"
#include "ngx_http_model_follow.h"
#include "ngx_http_model_handover.h"
#include "ngx_http_model_path.h"
#include "ngx_http_model_queue.h"
#include "ngx_http_model_reason.h"
#include "ngx_http_model_respond.h"
#include "ngx_http_model_speak.h"
#include "ngx_http_model_survey.h"


/* why no hop took the request; of several reasons the largest is told */

#define NGX_HTTP_MODEL_CHAIN_NO_MODEL  1
#define NGX_HTTP_MODEL_CHAIN_DOWN      2
#define NGX_HTTP_MODEL_CHAIN_BUSY      3


static ngx_int_t ngx_http_model_chain_add(ngx_http_request_t *r,
    ngx_http_model_ctx_t *ctx, ngx_http_model_view_t *view,
    ngx_http_model_route_t *route, ngx_str_t *other, ngx_str_t *uri);
static ngx_int_t ngx_http_model_chain_uri(ngx_http_request_t *r,
    ngx_http_model_ctx_t *ctx, ngx_str_t *path, ngx_str_t *uri);
static void ngx_http_model_chain_prepare(ngx_http_request_t *r,
    ngx_http_model_ctx_t *ctx);
static ngx_int_t ngx_http_model_chain_look(ngx_http_request_t *r,
    ngx_http_model_ctx_t *ctx, ngx_http_model_look_t *look,
    ngx_uint_t *why);
static ngx_int_t ngx_http_model_chain_copy(ngx_pool_t *pool, ngx_str_t *to,
    ngx_str_t *from);
static ngx_uint_t ngx_http_model_chain_anywhere(
    const ngx_http_model_endpoint_t *endpoint);
static ngx_int_t ngx_http_model_chain_enter(ngx_http_request_t *r,
    ngx_http_model_ctx_t *ctx, ngx_http_model_look_t *look,
    ngx_uint_t *why);
static ngx_uint_t ngx_http_model_chain_why(ngx_http_request_t *r,
    ngx_http_model_ctx_t *ctx, ngx_http_model_look_t *look);
static ngx_int_t ngx_http_model_chain_run(ngx_http_request_t *r,
    ngx_http_model_ctx_t *ctx, ngx_uint_t reason);
static ngx_int_t ngx_http_model_chain_resume(ngx_http_request_t *r,
    ngx_int_t rc);
static ngx_int_t ngx_http_model_chain_refuse(ngx_http_request_t *r,
    ngx_http_model_ctx_t *ctx, ngx_uint_t reason);
static ngx_int_t ngx_http_model_chain_spent(ngx_http_request_t *r,
    ngx_http_model_ctx_t *ctx, ngx_uint_t reason);
static ngx_int_t ngx_http_model_chain_none(ngx_http_request_t *r,
    ngx_http_model_ctx_t *ctx);


static const char  *ngx_http_model_chain_words[] = {
    NULL,
    "no_model",
    "down",
    "busy"
};


ngx_int_t
ngx_http_model_chain(ngx_http_request_t *r, ngx_http_model_ctx_t *ctx,
    ngx_http_model_scope_t *scope, ngx_http_model_route_t *route,
    ngx_str_t *other)
{
    ngx_str_t                uri, path;
    ngx_uint_t               i;
    ngx_array_t             *targets;
    ngx_http_model_hop_t    *hop;
    ngx_http_model_route_t  *target;

    path = ctx->endpoint->path;

    ctx->hops = ngx_array_create(r->pool, 4, sizeof(ngx_http_model_hop_t));

    if (ctx->hops == NULL
        || ngx_http_model_chain_uri(r, ctx, &path, &uri) != NGX_OK)
    {
        return NGX_ERROR;
    }

    if (route->alias) {
        targets = ngx_http_model_alias_targets(scope, route->alias,
                                               &route->star, !ctx->dry,
                                               r->pool);
        if (targets == NULL) {
            return NGX_ERROR;
        }

        target = targets->elts;

        for (i = 0; i < targets->nelts; i++) {

            if (ngx_http_model_chain_add(r, ctx, scope->view, &target[i],
                                         other, &uri)
                != NGX_OK)
            {
                return NGX_ERROR;
            }
        }

        hop = ctx->hops->elts;

        for (i = 0; i < ctx->hops->nelts; i++) {
            hop[i].configured = (route->star.len == 0);
        }

    } else if (ngx_http_model_chain_add(r, ctx, scope->view, route, other,
                                        &uri)
               != NGX_OK)
    {
        return NGX_ERROR;
    }

    return ctx->hops->nelts ? NGX_OK : NGX_DECLINED;
}


static ngx_int_t
ngx_http_model_chain_add(ngx_http_request_t *r, ngx_http_model_ctx_t *ctx,
    ngx_http_model_view_t *view, ngx_http_model_route_t *route,
    ngx_str_t *other, ngx_str_t *uri)
{
    ngx_uint_t                          dialect;
    ngx_http_model_hop_t               *hop;
    const ngx_http_model_bridge_api_t  *bridge;

    if (ngx_http_model_speak(route->vendor, ctx->endpoint, view, &dialect,
                             &bridge)
        != NGX_OK)
    {
        ngx_log_debug2(NGX_LOG_DEBUG_HTTP, r->connection->log, 0,
                       "model: vendor \"%V\" does not answer \"%V\"",
                       &route->vendor->id, &ctx->endpoint->path);
        return NGX_OK;
    }

    ngx_log_debug3(NGX_LOG_DEBUG_HTTP, r->connection->log, 0,
                   "model: hop %ui is \"%V\" of vendor \"%V\"",
                   ctx->hops->nelts + 1, &route->name, &route->vendor->id);

    hop = ngx_array_push(ctx->hops);
    if (hop == NULL) {
        return NGX_ERROR;
    }

    ngx_memzero(hop, sizeof(ngx_http_model_hop_t));

    hop->vendor = route->vendor;
    hop->dialect = dialect;
    hop->bridge = bridge;

    if (bridge == NULL) {
        hop->instead = ngx_http_model_speak_instead(route->vendor,
                                                    ctx->endpoint);
    }

    hop->uri = *uri;
    hop->other = *other;
    hop->anywhere = ngx_http_model_chain_anywhere(ctx->endpoint);

    /* the view may be gone before the request is */

    if (ngx_http_model_chain_copy(r->pool, &hop->name, &route->name)
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    if (route->model == NULL) {
        hop->known = hop->name;
        return NGX_OK;
    }

    return ngx_http_model_chain_copy(r->pool, &hop->known,
                                     &route->model->name);
}


static ngx_int_t
ngx_http_model_chain_copy(ngx_pool_t *pool, ngx_str_t *to, ngx_str_t *from)
{
    if (from->len == 0) {
        ngx_str_null(to);
        return NGX_OK;
    }

    to->len = from->len;
    to->data = ngx_pstrdup(pool, from);

    return to->data ? NGX_OK : NGX_ERROR;
}


/* what a server is to get need not be there yet */

static ngx_uint_t
ngx_http_model_chain_anywhere(const ngx_http_model_endpoint_t *endpoint)
{
    static ngx_str_t  pull = ngx_string("/api/pull");

    return endpoint->names == NGX_HTTP_MODEL_NAMES_CREATE
           || endpoint->names == NGX_HTTP_MODEL_NAMES_NONE
           || (endpoint->path.len == pull.len
               && ngx_memcmp(endpoint->path.data, pull.data, pull.len) == 0);
}


ngx_int_t
ngx_http_model_chain_unread(ngx_http_request_t *r, ngx_http_model_ctx_t *ctx,
    ngx_http_model_vendor_t *vendor, ngx_str_t *path)
{
    ngx_http_model_hop_t  *hop;

    ctx->hops = ngx_array_create(r->pool, 1, sizeof(ngx_http_model_hop_t));
    if (ctx->hops == NULL) {
        return NGX_ERROR;
    }

    hop = ngx_array_push(ctx->hops);
    if (hop == NULL) {
        return NGX_ERROR;
    }

    ngx_memzero(hop, sizeof(ngx_http_model_hop_t));

    hop->vendor = vendor;
    hop->dialect = ctx->endpoint->dialect;
    hop->anywhere = 1;

    if (ctx->endpoint->type == NGX_HTTP_MODEL_EP_OTHER
        && !(vendor->dialects & ngx_http_model_dialect_bit(hop->dialect)))
    {
        /* the path's was a guess */
        hop->dialect = vendor->dialect;
    }

    return ngx_http_model_chain_uri(r, ctx, path, &hop->uri);
}


/* the arguments of a dry run are not those of what it asks about */

static ngx_int_t
ngx_http_model_chain_uri(ngx_http_request_t *r, ngx_http_model_ctx_t *ctx,
    ngx_str_t *path, ngx_str_t *uri)
{
    if (ctx->dry) {
        *uri = *path;
        return NGX_OK;
    }

    return ngx_http_model_path_args(r, path, uri);
}


ngx_int_t
ngx_http_model_chain_start(ngx_http_request_t *r, ngx_http_model_ctx_t *ctx)
{
    ngx_http_model_chain_prepare(r, ctx);

    return ngx_http_model_chain_run(r, ctx, 0);
}


static void
ngx_http_model_chain_prepare(ngx_http_request_t *r, ngx_http_model_ctx_t *ctx)
{
    ngx_http_model_loc_conf_t   *mlcf;
    ngx_http_model_main_conf_t  *mmcf;

    mlcf = ngx_http_get_module_loc_conf(r, ngx_http_model_module);
    mmcf = ngx_http_get_module_main_conf(r, ngx_http_model_module);

    ctx->rules = &mlcf->rules;
    ctx->views = &mmcf->views;
    ctx->next = 0;
    ctx->busy = 0;
    ctx->retry = 0;
}


void
ngx_http_model_chain_preview(ngx_http_request_t *r, ngx_http_model_ctx_t *ctx,
    ngx_http_model_chain_mark_t *marks)
{
    ngx_int_t                        rc;
    ngx_uint_t                       i, n, why, reason;
    ngx_http_model_hop_t            *hops;
    ngx_http_model_look_t            look;
    ngx_http_model_balancer_conf_t  *bcf;

    ngx_http_model_chain_prepare(r, ctx);

    hops = ctx->hops->elts;
    n = ctx->hops->nelts;
    reason = 0;

    for (i = 0; i < n; i++) {

        ctx->hop = &hops[i];
        ctx->next = i + 1;

        marks[i].state = NGX_HTTP_MODEL_CHAIN_ASKED;
        marks[i].why = NULL;

        rc = ngx_http_model_chain_look(r, ctx, &look, &why);

        if (rc == NGX_AGAIN && look.free == 0) {
            bcf = ngx_http_model_balancer_conf(ctx->hop->vendor->upstream);

            rc = (ngx_http_model_queue_length(bcf) < bcf->queue)
                 ? NGX_AGAIN : NGX_BUSY;

            marks[i].state = NGX_HTTP_MODEL_CHAIN_QUEUED;
        }

        if (rc != NGX_BUSY) {
            break;
        }

        marks[i].state = NGX_HTTP_MODEL_CHAIN_PASSED;
        marks[i].why = ngx_http_model_chain_words[why];

        reason = ngx_max(reason, why);

        if (!ngx_http_model_again_passes(ctx, &look)) {
            marks[i].state = NGX_HTTP_MODEL_CHAIN_REFUSED;
            break;
        }
    }

    if (i == n || marks[i].state == NGX_HTTP_MODEL_CHAIN_REFUSED) {
        (void) ngx_http_model_chain_refuse(r, ctx, reason);
    }

    ctx->hop = NULL;

    while (++i < n) {
        marks[i].state = (marks[i - 1].state == NGX_HTTP_MODEL_CHAIN_REFUSED
                          || marks[i - 1].state == NGX_HTTP_MODEL_CHAIN_UNUSED
                          || ctx->rules->conditions == 0)
                         ? NGX_HTTP_MODEL_CHAIN_UNUSED
                         : NGX_HTTP_MODEL_CHAIN_NEXT;
        marks[i].why = NULL;
    }
}


/* goes from hop to hop; reason is why those before did not take the request */

static ngx_int_t
ngx_http_model_chain_run(ngx_http_request_t *r, ngx_http_model_ctx_t *ctx,
    ngx_uint_t reason)
{
    ngx_int_t               rc;
    ngx_uint_t              why;
    ngx_http_model_hop_t   *hops;
    ngx_http_model_look_t   look;

    hops = ctx->hops->elts;

    while (ctx->next < ctx->hops->nelts) {

        ctx->hop = &hops[ctx->next++];
        ctx->vendor = ctx->hop->vendor;
        ctx->name = ctx->hop->name;

        rc = ngx_http_model_chain_enter(r, ctx, &look, &why);

        if (rc == NGX_OK) {

            if (ngx_http_model_follow(r, ctx) != NGX_OK) {
                return NGX_HTTP_INTERNAL_SERVER_ERROR;
            }

            return ngx_http_model_handover(r, ctx);
        }

        if (rc != NGX_BUSY) {
            return (rc == NGX_DONE) ? NGX_DONE
                                    : NGX_HTTP_INTERNAL_SERVER_ERROR;
        }

        ngx_http_model_reason_note(r, ctx, ngx_http_model_chain_words[why],
                                   &ctx->vendor->id);

        reason = ngx_max(reason, why);

        if (!ngx_http_model_again_passes(ctx, &look)) {
            break;
        }
    }

    return ngx_http_model_chain_refuse(r, ctx, reason);
}


/* NGX_OK: the hop can be asked; NGX_BUSY: it cannot, *why says why */

static ngx_int_t
ngx_http_model_chain_enter(ngx_http_request_t *r, ngx_http_model_ctx_t *ctx,
    ngx_http_model_look_t *look, ngx_uint_t *why)
{
    ngx_int_t  rc;

    rc = ngx_http_model_chain_look(r, ctx, look, why);

    if (rc != NGX_AGAIN) {
        return rc;
    }

    return ngx_http_model_queue(r, ctx->hop,
                        ngx_http_model_balancer_conf(ctx->vendor->upstream),
                        ngx_http_model_chain_resume);
}


/* the same; NGX_AGAIN: the queue has the slots */

static ngx_int_t
ngx_http_model_chain_look(ngx_http_request_t *r, ngx_http_model_ctx_t *ctx,
    ngx_http_model_look_t *look, ngx_uint_t *why)
{
    ngx_http_model_balancer_conf_t  *bcf;

    bcf = ngx_http_model_balancer_conf(ctx->hop->vendor->upstream);

    /* others tell when they are asked */

    if (bcf == NULL) {
        return NGX_OK;
    }

    *why = ngx_http_model_chain_why(r, ctx, look);

    if (*why != NGX_HTTP_MODEL_CHAIN_BUSY) {
        return NGX_BUSY;
    }

    if (look->sick) {
        ctx->down = 1;
    }

    /* later hops never wait */

    if (bcf->queue && ctx->next == 1) {
        return NGX_AGAIN;
    }

    return look->free ? NGX_OK : NGX_BUSY;
}


/* what stands against the hop at this moment, where it has no slot */

static ngx_uint_t
ngx_http_model_chain_why(ngx_http_request_t *r, ngx_http_model_ctx_t *ctx,
    ngx_http_model_look_t *look)
{
    ngx_http_model_survey_look(r, ctx->hop, NULL, look);

    ngx_log_debug4(NGX_LOG_DEBUG_HTTP, r->connection->log, 0,
                   "model: servers of vendor \"%V\" have:%ui up:%ui free:%ui",
                   &ctx->hop->vendor->id, look->has, look->up, look->free);

    if (look->has == 0) {
        return NGX_HTTP_MODEL_CHAIN_NO_MODEL;
    }

    return look->up ? NGX_HTTP_MODEL_CHAIN_BUSY : NGX_HTTP_MODEL_CHAIN_DOWN;
}


static ngx_int_t
ngx_http_model_chain_resume(ngx_http_request_t *r, ngx_int_t rc)
{
    ngx_uint_t              why;
    ngx_http_model_ctx_t   *ctx;
    ngx_http_model_look_t   look;

    ctx = ngx_http_model_ctx(r);

    if (rc == NGX_OK) {

        if (ngx_http_model_follow(r, ctx) != NGX_OK) {
            return NGX_HTTP_INTERNAL_SERVER_ERROR;
        }

        return ngx_http_model_handover(r, ctx);
    }

    why = ngx_http_model_chain_why(r, ctx, &look);

    ngx_http_model_reason_note(r, ctx, ngx_http_model_chain_words[why],
                               &ctx->vendor->id);

    if (!ngx_http_model_again_passes(ctx, &look)) {
        return ngx_http_model_chain_refuse(r, ctx, why);
    }

    return ngx_http_model_chain_run(r, ctx, why);
}


static ngx_int_t
ngx_http_model_chain_refuse(ngx_http_request_t *r, ngx_http_model_ctx_t *ctx,
    ngx_uint_t reason)
{
    ngx_http_model_hop_t  *hop;

    /* of several hops the first is the one that was meant */

    hop = ctx->hops->elts;

    if (ctx->next > 1 && ctx->alias.len
        && reason != NGX_HTTP_MODEL_CHAIN_NO_MODEL)
    {
        return ngx_http_model_chain_spent(r, ctx, reason);
    }

    ctx->hop = NULL;
    ctx->vendor = hop->vendor;
    ctx->name = hop->name;

    if (reason == NGX_HTTP_MODEL_CHAIN_NO_MODEL) {
        return ngx_http_model_chain_none(r, ctx);
    }

    return ngx_http_model_respond_error(r, NGX_HTTP_SERVICE_UNAVAILABLE, NULL,
                                        NULL, "%s of vendor \"%V\" with this "
                                        "model %s, try again later",
                                        reason == NGX_HTTP_MODEL_CHAIN_BUSY
                                            ? "every server" : "no server",
                                        &ctx->vendor->id,
                                        reason == NGX_HTTP_MODEL_CHAIN_BUSY
                                            ? "is busy" : "is up");
}


/* several targets were looked at, each had its own reason */

static ngx_int_t
ngx_http_model_chain_spent(ngx_http_request_t *r, ngx_http_model_ctx_t *ctx,
    ngx_uint_t reason)
{
    ngx_str_t  name;

    ctx->hop = NULL;

    name = ngx_http_model_error_quote(r->pool, &ctx->alias);

    return ngx_http_model_respond_error(r, NGX_HTTP_SERVICE_UNAVAILABLE, NULL,
                                        NULL, "no server of the targets of "
                                        "\"%V\" is %s, try again later",
                                        &name,
                                        reason == NGX_HTTP_MODEL_CHAIN_BUSY
                                            ? "free" : "up");
}


static ngx_int_t
ngx_http_model_chain_none(ngx_http_request_t *r, ngx_http_model_ctx_t *ctx)
{
    ngx_str_t    name;
    const char  *code, *fmt;

    name = ngx_http_model_error_quote(r->pool, &ctx->model);
    code = NULL;

    switch (ctx->dialect) {

    case NGX_HTTP_MODEL_OLLAMA:
        fmt = "model '%V' not found, no server of vendor \"%V\" has it";
        break;

    case NGX_HTTP_MODEL_ANTHROPIC:
        fmt = "model: %V, no server of vendor \"%V\" has it";
        break;

    default:
        fmt = "The model `%V` does not exist, no server of vendor \"%V\" has "
              "it";
        code = "model_not_found";
    }

    return ngx_http_model_respond_error(r, NGX_HTTP_NOT_FOUND, code,
                                        code ? "model" : NULL, fmt, &name,
                                        &ctx->vendor->id);
}
