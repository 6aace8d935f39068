
/*
 * Copyright (C) the ngx_http_model_module authors
 */


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "ngx_http_model_alias.h"
#include "ngx_http_model_chain.h"
#include "ngx_http_model_dispatch.h"
#include "ngx_http_model_error.h"
#include "ngx_http_model_local.h"
#include "ngx_http_model_names.h"
#include "ngx_http_model_respond.h"
#include "ngx_http_model_speak.h"
#include "ngx_http_model_translate.h"
#include "ngx_http_model_wait.h"


#define NGX_HTTP_MODEL_NEAR  3


static ngx_int_t ngx_http_model_dispatch_finish(ngx_http_model_ctx_t *ctx);
static ngx_uint_t ngx_http_model_dispatch_ready(ngx_http_request_t *r,
    void *data);
static ngx_uint_t ngx_http_model_dispatch_settled(
    ngx_http_model_scope_t *scope, ngx_str_t *name,
    ngx_http_model_route_t *route);
static ngx_int_t ngx_http_model_dispatch_resume(ngx_http_request_t *r,
    ngx_http_model_wait_t *wait);
static ngx_int_t ngx_http_model_dispatch_translate(ngx_http_request_t *r,
    ngx_http_model_ctx_t *ctx);
static ngx_uint_t ngx_http_model_dispatch_binds(ngx_http_model_ctx_t *ctx,
    ngx_http_model_scope_t *scope);
static ngx_int_t ngx_http_model_dispatch_name(ngx_http_request_t *r,
    ngx_http_model_ctx_t *ctx, ngx_http_model_route_t *route);
static ngx_int_t ngx_http_model_dispatch_other(ngx_http_request_t *r,
    ngx_http_model_ctx_t *ctx, ngx_http_model_scope_t *scope,
    ngx_http_model_name_t *name, ngx_http_model_route_t *route,
    ngx_str_t *value);
static ngx_int_t ngx_http_model_dispatch_silent(ngx_http_request_t *r,
    ngx_http_model_ctx_t *ctx);
static ngx_uint_t ngx_http_model_dispatch_is(ngx_http_model_ctx_t *ctx,
    const char *path);
static ngx_int_t ngx_http_model_dispatch_missing(ngx_http_request_t *r,
    ngx_http_model_ctx_t *ctx);
static ngx_int_t ngx_http_model_dispatch_unknown(ngx_http_request_t *r,
    ngx_http_model_ctx_t *ctx, ngx_http_model_scope_t *scope);
static ngx_int_t ngx_http_model_dispatch_near(ngx_http_request_t *r,
    ngx_http_model_scope_t *scope, ngx_str_t *name, ngx_str_t *text);


ngx_int_t
ngx_http_model_dispatch(ngx_http_request_t *r, ngx_http_model_ctx_t *ctx)
{
    ngx_int_t                rc;
    ngx_http_model_wait_t   *wait;
    ngx_http_model_scope_t   scope;

    rc = ngx_http_model_dispatch_scanned(r, ctx);

    if (rc != NGX_DECLINED) {
        return rc;
    }

    if (ngx_http_model_scope(r, &scope) != NGX_OK) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    /* a name that is not known yet may be in a list that is on its way */

    wait = ngx_pcalloc(r->pool, sizeof(ngx_http_model_wait_t));
    if (wait == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    wait->ready = ngx_http_model_dispatch_ready;
    wait->resume = ngx_http_model_dispatch_resume;

    return ngx_http_model_wait(r, wait, scope.timeout);
}


ngx_int_t
ngx_http_model_dispatch_scanned(ngx_http_request_t *r,
    ngx_http_model_ctx_t *ctx)
{
    if (ctx->body == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    if (ngx_http_model_dispatch_finish(ctx) == NGX_OK) {
        return NGX_DECLINED;
    }

    if (ctx->body->failed && ctx->body->scan) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    return ngx_http_model_respond_error(r, NGX_HTTP_BAD_REQUEST, NULL, NULL,
                            "%s", ngx_http_model_names_error(ctx->body,
                                                             ctx->dialect));
}


static ngx_int_t
ngx_http_model_dispatch_finish(ngx_http_model_ctx_t *ctx)
{
    ngx_int_t              stream;
    ngx_http_model_name_t  names[NGX_HTTP_MODEL_NNAMES];

    if (ctx->scanned) {
        return ctx->accepted ? NGX_OK : NGX_ERROR;
    }

    ctx->scanned = 1;

    if (ngx_http_model_names_finish(ctx->body) != NGX_OK) {
        ngx_log_debug1(NGX_LOG_DEBUG_HTTP, ctx->request->connection->log, 0,
                       "model: body of %O bytes is refused", ctx->body->fed);
        return NGX_ERROR;
    }

    ctx->accepted = 1;

    ngx_http_model_names(ctx->body, ctx->endpoint, names);

    if (ctx->model.len == 0) {
        ctx->model = names[NGX_HTTP_MODEL_NAME_MODEL].value;
    }

    stream = ngx_http_model_names_flag(ctx->body, ctx->endpoint, "stream");

    ctx->stream = (stream == -1) ? ctx->endpoint->stream : stream;
    ctx->stream_known = 1;

    ngx_log_debug3(NGX_LOG_DEBUG_HTTP, ctx->request->connection->log, 0,
                   "model: body of %O bytes names \"%V\", stream:%ui",
                   ctx->body->fed, &ctx->model, (ngx_uint_t) ctx->stream);

    return NGX_OK;
}


void
ngx_http_model_dispatch_peek(ngx_http_request_t *r, ngx_http_model_ctx_t *ctx)
{
    ngx_http_model_route_t  route;
    ngx_http_model_scope_t  scope;

    if (ctx->body && ngx_http_model_dispatch_finish(ctx) == NGX_OK
        && ngx_http_model_scope(r, &scope) == NGX_OK
        && ngx_http_model_route(&scope, &ctx->model, &route, r->pool)
           == NGX_OK)
    {
        (void) ngx_http_model_dispatch_name(r, ctx, &route);
    }
}


static ngx_uint_t
ngx_http_model_dispatch_ready(ngx_http_request_t *r, void *data)
{
    ngx_http_model_ctx_t    *ctx;
    ngx_http_model_route_t   route;
    ngx_http_model_scope_t   scope;

    (void) data;

    ctx = ngx_http_model_ctx(r);

    if (ngx_http_model_scope(r, &scope) != NGX_OK
        || ngx_http_model_scope_complete(&scope))
    {
        return 1;
    }

    /* the default is the answer only when nobody has the name */

    scope.fallback = NULL;

    if (ngx_http_model_route(&scope, &ctx->model, &route, r->pool) != NGX_OK) {
        return 0;
    }

    /* which of its servers has the model is not known yet */

    if (ctx->endpoint->type == NGX_HTTP_MODEL_EP_SHOW && route.model == NULL
        && !ngx_http_model_view_complete(scope.view, route.vendor))
    {
        return 0;
    }

    return ngx_http_model_dispatch_settled(&scope, &ctx->model, &route);
}


/*
 * 1 when no list that is on its way can give the name another meaning: what is
 * listed as it stands comes before a prefix, a smaller rank before a larger.
 */

static ngx_uint_t
ngx_http_model_dispatch_settled(ngx_http_model_scope_t *scope,
    ngx_str_t *name, ngx_http_model_route_t *route)
{
    size_t                     len;
    ngx_str_t                 *id;
    ngx_uint_t                 i, prefixed, listed;
    ngx_http_model_vendor_t  **vendor;

    id = &route->vendor->id;
    len = id->len;

    /* an alias comes before all, a pattern before what follows */

    if (route->alias && !route->alias->pattern) {
        return 1;
    }

    prefixed = name->len > len
               && (name->data[len] == ':' || name->data[len] == '/')
               && ngx_memcmp(name->data, id->data, len) == 0;

    listed = route->model && route->model->listed.len == name->len
             && ngx_memcmp(route->model->listed.data, name->data, name->len)
                == 0;

    vendor = scope->vendors->elts;

    for (i = 0; i < scope->vendors->nelts; i++) {

        if (vendor[i] == route->vendor) {

            if (!prefixed) {
                break;
            }

        } else if (!((prefixed || listed) && vendor[i]->prefix)
                   && !ngx_http_model_view_complete(scope->view, vendor[i]))
        {
            return 0;
        }
    }

    return 1;
}


static ngx_int_t
ngx_http_model_dispatch_resume(ngx_http_request_t *r,
    ngx_http_model_wait_t *wait)
{
    ngx_int_t                rc;
    ngx_http_model_ctx_t    *ctx;
    ngx_http_model_route_t   route;
    ngx_http_model_scope_t   scope;

    (void) wait;

    ctx = ngx_http_model_ctx(r);

    if (ngx_http_model_scope(r, &scope) != NGX_OK) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    rc = ngx_http_model_dispatch_decide(r, ctx, &scope, &route);

    if (rc != NGX_DECLINED) {
        return rc;
    }

    if (ctx->endpoint->type == NGX_HTTP_MODEL_EP_SHOW) {
        return ngx_http_model_local_show(r, &route,
                       ngx_http_model_names_flag(ctx->body, ctx->endpoint,
                                                 "verbose")
                       == 1);
    }

    return ngx_http_model_chain_start(r, ctx);
}


ngx_int_t
ngx_http_model_dispatch_decide(ngx_http_request_t *r,
    ngx_http_model_ctx_t *ctx, ngx_http_model_scope_t *scope,
    ngx_http_model_route_t *route)
{
    ngx_int_t              rc;
    ngx_str_t              other;
    ngx_http_model_name_t  names[NGX_HTTP_MODEL_NNAMES];

    ngx_http_model_names(ctx->body, ctx->endpoint, names);

    rc = ngx_http_model_route(scope, &ctx->model, route, r->pool);

    if (rc == NGX_ERROR) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    if (rc != NGX_OK) {
        ctx->reason = ctx->model.len ? "unknown" : "no name";

        ngx_log_debug2(NGX_LOG_DEBUG_HTTP, r->connection->log, 0,
                       "model: \"%V\" means nothing: %s", &ctx->model,
                       ctx->reason);

        return ctx->model.len ? ngx_http_model_dispatch_unknown(r, ctx, scope)
                              : ngx_http_model_dispatch_missing(r, ctx);
    }

    if (ngx_http_model_dispatch_name(r, ctx, route) != NGX_OK) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    ctx->down = route->model && route->model->nservers
                && route->model->nup == 0;

    if (ctx->endpoint->type == NGX_HTTP_MODEL_EP_SHOW) {
        return NGX_DECLINED;
    }

    if (route->alias && ctx->endpoint->kind == NGX_HTTP_MODEL_MANAGE) {
        return ngx_http_model_respond_error(r, NGX_HTTP_BAD_REQUEST, NULL,
                                            "model", "an alias stands for "
                                            "models, and cannot be pulled, "
                                            "created, copied, pushed or "
                                            "deleted itself");
    }

    rc = ngx_http_model_dispatch_other(r, ctx, scope,
                                       &names[NGX_HTTP_MODEL_NAME_OTHER],
                                       route, &other);
    if (rc != NGX_DECLINED) {
        return rc;
    }

    rc = ngx_http_model_chain(r, ctx, scope, route, &other);

    if (rc == NGX_ERROR) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    if (rc != NGX_OK) {

        if (ngx_http_model_dispatch_is(ctx, "/api/pull") && !ctx->dry) {
            return ngx_http_model_local_pull(r, route->model != NULL,
                                             ctx->stream);
        }

        return ngx_http_model_dispatch_silent(r, ctx);
    }

    rc = ngx_http_model_dispatch_translate(r, ctx);

    if (rc != NGX_DECLINED || ctx->hops == NULL) {
        return rc;
    }

    if (ngx_http_model_dispatch_binds(ctx, scope)
        && ngx_http_model_names_fallbacks(ctx->body, ctx->endpoint))
    {
        return ngx_http_model_respond_error(r, NGX_HTTP_BAD_REQUEST, NULL,
                                            "models", "\"models\" is not "
                                            "taken here, where not every "
                                            "model may be used: name one "
                                            "with \"model\"");
    }

    return NGX_DECLINED;
}


/* NGX_DECLINED: the request goes on, else what a content handler returns */

static ngx_int_t
ngx_http_model_dispatch_translate(ngx_http_request_t *r,
    ngx_http_model_ctx_t *ctx)
{
    ngx_int_t                 rc;
    ngx_http_model_bridge_t  *b;

    rc = ngx_http_model_translate_plan(r, ctx, &b);

    if (rc == NGX_OK) {
        return NGX_DECLINED;
    }

    if (rc == NGX_ERROR) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    if (rc == NGX_DONE) {

        if (ctx->dry) {
            ctx->hops = NULL;
            return NGX_DECLINED;
        }

        return ngx_http_model_respond(r, NGX_HTTP_OK,
                                      "application/json; charset=utf-8",
                                      &b->text, NULL);
    }

    return ngx_http_model_respond_error(r, b->status, b->code,
                                        b->field.len ? (char *) b->field.data
                                                     : NULL,
                                        "%V", &b->text);
}


/* 1 when not every model of the hops' vendors may be used */

static ngx_uint_t
ngx_http_model_dispatch_binds(ngx_http_model_ctx_t *ctx,
    ngx_http_model_scope_t *scope)
{
    ngx_uint_t             i;
    ngx_http_model_hop_t  *hops;

    if (scope->patterns) {
        return 1;
    }

    hops = ctx->hops->elts;

    for (i = 0; i < ctx->hops->nelts; i++) {
        if (hops[i].vendor->expose) {
            return 1;
        }
    }

    return 0;
}


/* keeps what was decided beyond the life of the view */

static ngx_int_t
ngx_http_model_dispatch_name(ngx_http_request_t *r, ngx_http_model_ctx_t *ctx,
    ngx_http_model_route_t *route)
{
    ctx->vendor = route->vendor;
    ctx->reason = route->reason;
    ctx->name.len = 0;

    if (route->name.len) {
        ctx->name.data = ngx_pstrdup(r->pool, &route->name);
        if (ctx->name.data == NULL) {
            return NGX_ERROR;
        }

        ctx->name.len = route->name.len;
    }

    if (route->alias
        && ngx_http_model_alias_name(route->alias, &route->star, r->pool,
                                     &ctx->alias)
           != NGX_OK)
    {
        return NGX_ERROR;
    }

    ngx_log_debug4(NGX_LOG_DEBUG_HTTP, r->connection->log, 0,
                   "model: \"%V\" is \"%V\" of vendor \"%V\" by %s",
                   &ctx->model, &ctx->name, &route->vendor->id,
                   route->reason);

    return NGX_OK;
}


/*
 * The second name, of create's base or a copy's target: it stays with the
 * vendor of the first.  NGX_DECLINED lets the request go on.
 */

static ngx_int_t
ngx_http_model_dispatch_other(ngx_http_request_t *r, ngx_http_model_ctx_t *ctx,
    ngx_http_model_scope_t *scope, ngx_http_model_name_t *name,
    ngx_http_model_route_t *route, ngx_str_t *value)
{
    u_char                   *p, *last;
    ngx_str_t                 id;
    ngx_http_model_vendor_t  *vendor;

    *value = name->value;

    if (name->value.len == 0) {
        return NGX_DECLINED;
    }

    last = name->value.data + name->value.len;

    for (p = name->value.data; p < last && *p != ':' && *p != '/'; p++) {
        /* void */
    }

    id.data = name->value.data;
    id.len = p - id.data;

    vendor = NULL;

    if (last - p > 1) {
        vendor = ngx_http_model_vendor_find(scope->vendors, &id);
    }

    if (vendor && vendor != route->vendor) {
        return ngx_http_model_respond_error(r, NGX_HTTP_BAD_REQUEST, NULL,
                                            NULL, "both names must be of one "
                                            "vendor, not of \"%V\" and "
                                            "\"%V\"", &ctx->vendor->id,
                                            &vendor->id);
    }

    if (vendor) {
        value->data = p + 1;
        value->len = last - (p + 1);
    }

    if (!ngx_http_model_route_permits(scope, route->vendor, value)) {
        return ngx_http_model_respond_error(r, NGX_HTTP_BAD_REQUEST, NULL,
                                            NULL, "vendor \"%V\" does not "
                                            "offer a model of that name",
                                            &route->vendor->id);
    }

    return NGX_DECLINED;
}


ngx_int_t
ngx_http_model_dispatch_unread(ngx_http_request_t *r,
    ngx_http_model_ctx_t *ctx, ngx_http_model_vendor_t *vendor,
    ngx_str_t *path)
{
    ngx_int_t  rc;

    rc = ngx_http_model_dispatch_hop(r, ctx, vendor, path);

    return (rc == NGX_DECLINED) ? ngx_http_model_chain_start(r, ctx) : rc;
}


ngx_int_t
ngx_http_model_dispatch_hop(ngx_http_request_t *r, ngx_http_model_ctx_t *ctx,
    ngx_http_model_vendor_t *vendor, ngx_str_t *path)
{
    ngx_uint_t                          dialect;
    const ngx_http_model_bridge_api_t  *bridge;

    if (ctx->endpoint->type == NGX_HTTP_MODEL_EP_BLOB
        && ngx_http_model_speak(vendor, ctx->endpoint, NULL, &dialect, &bridge)
           != NGX_OK)
    {
        (void) ngx_http_discard_request_body(r);

        return ngx_http_model_dispatch_silent(r, ctx);
    }

    if (ngx_http_model_chain_unread(r, ctx, vendor, path) != NGX_OK) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    return NGX_DECLINED;
}


/* the vendor does not speak the dialect of the path */

static ngx_int_t
ngx_http_model_dispatch_silent(ngx_http_request_t *r,
    ngx_http_model_ctx_t *ctx)
{
    u_char                             *p, *last;
    ngx_str_t                           paths, rest;
    ngx_uint_t                          i, n, dialect;
    const ngx_http_model_bridge_api_t  *bridge;

    static ngx_str_t  texts[] = {
        ngx_string("/api/chat"),
        ngx_string("/api/generate"),
        ngx_string("/api/embed"),
        ngx_string("/v1/chat/completions"),
        ngx_string("/v1/completions"),
        ngx_string("/v1/embeddings"),
        ngx_string("/v1/responses"),
        ngx_string("/v1/messages"),
        ngx_null_string
    };

    p = ngx_pnalloc(r->pool, 256);
    if (p == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    paths.data = p;
    last = p + 256;

    for (i = 0, n = 0; texts[i].len; i++) {

        if (ngx_http_model_speak(ctx->vendor,
                                 ngx_http_model_endpoint_find(&texts[i],
                                                              &rest),
                                 NULL, &dialect, &bridge)
            == NGX_OK)
        {
            p = ngx_slprintf(p, last, "%s%V", n++ ? ", " : "", &texts[i]);
        }
    }

    paths.len = p - paths.data;

    /* a client of Anthropic's estimates by itself after a 404 */

    return ngx_http_model_respond_error(r,
                                        ngx_http_model_dispatch_is(ctx,
                                                "/v1/messages/count_tokens")
                                            ? NGX_HTTP_NOT_FOUND
                                            : NGX_HTTP_BAD_REQUEST,
                                        NULL, "model",
                                        "models of vendor \"%V\" do not "
                                        "answer %V, they answer %V",
                                        &ctx->vendor->id, &ctx->endpoint->path,
                                        &paths);
}


static ngx_uint_t
ngx_http_model_dispatch_is(ngx_http_model_ctx_t *ctx, const char *path)
{
    size_t  len;

    len = ngx_strlen(path);

    return ctx->endpoint->path.len == len
           && ngx_memcmp(ctx->endpoint->path.data, path, len) == 0;
}


static ngx_int_t
ngx_http_model_dispatch_missing(ngx_http_request_t *r,
    ngx_http_model_ctx_t *ctx)
{
    const char  *text;

    text = (ctx->dialect == NGX_HTTP_MODEL_OPENAI)
               ? "you must provide a model parameter"
           : (ctx->dialect == NGX_HTTP_MODEL_ANTHROPIC)
               ? "model: Field required"
           : (ctx->endpoint->names == NGX_HTTP_MODEL_NAMES_COPY)
               ? "source \"\" is invalid" : "model is required";

    return ngx_http_model_respond_error(r, NGX_HTTP_BAD_REQUEST, NULL, "model",
                                        "%s", text);
}


static ngx_int_t
ngx_http_model_dispatch_unknown(ngx_http_request_t *r,
    ngx_http_model_ctx_t *ctx, ngx_http_model_scope_t *scope)
{
    ngx_str_t   name, near;
    ngx_uint_t  tag, i;

    name = ngx_http_model_error_quote(r->pool, &ctx->model);

    if (ctx->endpoint->type == NGX_HTTP_MODEL_EP_SHOW) {

        /* the words that Ollama's own clients look for, in display form */

        tag = 0;

        for (i = 0; i < name.len; i++) {
            if (name.data[i] == ':') {
                tag = 1;

            } else if (name.data[i] == '/') {
                tag = 0;
            }
        }

        return ngx_http_model_respond_error(r, NGX_HTTP_NOT_FOUND, NULL, NULL,
                                            "model '%V%s' not found", &name,
                                            tag ? "" : ":latest");
    }

    if (ngx_http_model_dispatch_near(r, scope, &ctx->model, &near) != NGX_OK) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    switch (ctx->dialect) {

    case NGX_HTTP_MODEL_OLLAMA:
        return ngx_http_model_respond_error(r, NGX_HTTP_NOT_FOUND, NULL, NULL,
                                            "model '%V' not found%V", &name,
                                            &near);

    case NGX_HTTP_MODEL_ANTHROPIC:
        return ngx_http_model_respond_error(r, NGX_HTTP_NOT_FOUND, NULL, NULL,
                                            "model: %V%V", &name, &near);

    default:
        return ngx_http_model_respond_error(r, NGX_HTTP_NOT_FOUND,
                                            "model_not_found", "model",
                                            "The model `%V` does not exist or "
                                            "you do not have access to "
                                            "it%V", &name, &near);
    }
}


static ngx_int_t
ngx_http_model_dispatch_near(ngx_http_request_t *r,
    ngx_http_model_scope_t *scope, ngx_str_t *name, ngx_str_t *text)
{
    u_char       *p, *last;
    ngx_str_t    *near, quoted;
    ngx_uint_t    i;
    ngx_array_t  *names;

    ngx_str_null(text);

    names = ngx_http_model_route_near(scope, name, NGX_HTTP_MODEL_NEAR,
                                      r->pool);
    if (names == NULL) {
        return NGX_ERROR;
    }

    if (names->nelts == 0) {
        return NGX_OK;
    }

    p = ngx_pnalloc(r->pool, 512);
    if (p == NULL) {
        return NGX_ERROR;
    }

    text->data = p;
    last = p + 512;
    near = names->elts;

    p = ngx_slprintf(p, last, ", near to it are");

    for (i = 0; i < names->nelts; i++) {
        quoted = ngx_http_model_error_quote(r->pool, &near[i]);
        p = ngx_slprintf(p, last, "%s %V", i ? "," : "", &quoted);
    }

    text->len = p - text->data;

    return NGX_OK;
}
