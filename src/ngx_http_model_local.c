
/*
 * Copyright (C) the ngx_http_model_module authors
 */


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "ngx_http_model_discover.h"
#include "ngx_http_model_error.h"
#include "ngx_http_model_listing.h"
#include "ngx_http_model_local.h"
#include "ngx_http_model_peers.h"
#include "ngx_http_model_respond.h"
#include "ngx_http_model_wait.h"


#define NGX_HTTP_MODEL_SHOW_LIMIT  (32 * 1024 * 1024)
#define NGX_HTTP_MODEL_SHOW_WAIT   1000   /* ms, for a model that is listed */
#define NGX_HTTP_MODEL_SHOW_SLOW   10000  /* ms, not asked again after that */
#define NGX_HTTP_MODEL_PS_WAIT     1000   /* ms */


/* answers that are under way for one GET /api/ps; outlives its request */

typedef struct {
    ngx_uint_t                  pending;
    ngx_uint_t                  orphan;
} ngx_http_model_local_ps_t;


typedef struct {
    ngx_http_model_wait_t       wait;
    ngx_http_model_vendor_t    *vendor;
    ngx_str_t                   name;      /* that its server is asked for */
    ngx_str_t                   known;     /* as listed, or empty */
} ngx_http_model_local_show_t;


static ngx_int_t ngx_http_model_local_answer(ngx_http_request_t *r,
    ngx_http_model_wait_t *wait);
static ngx_int_t ngx_http_model_local_list(ngx_http_request_t *r,
    ngx_http_model_ctx_t *ctx, ngx_http_model_scope_t *scope, ngx_str_t *doc);
static ngx_uint_t ngx_http_model_local_anthropic(ngx_http_request_t *r);
static ngx_int_t ngx_http_model_local_model(ngx_http_request_t *r,
    ngx_http_model_ctx_t *ctx, ngx_http_model_scope_t *scope);
static ngx_int_t ngx_http_model_local_model_doc(ngx_http_request_t *r,
    ngx_http_model_scope_t *scope, ngx_http_model_route_t *route,
    ngx_str_t *doc);
static ngx_int_t ngx_http_model_local_page(ngx_http_request_t *r,
    ngx_http_model_scope_t *scope, ngx_str_t *doc);
static ngx_int_t ngx_http_model_local_ps(ngx_http_request_t *r,
    ngx_http_model_scope_t *scope);
static void ngx_http_model_local_ps_done(void *data);
static void ngx_http_model_local_ps_cleanup(void *data);
static ngx_uint_t ngx_http_model_local_ps_ready(ngx_http_request_t *r,
    void *data);
static ngx_int_t ngx_http_model_local_ps_answer(ngx_http_request_t *r,
    ngx_http_model_wait_t *wait);
static ngx_int_t ngx_http_model_local_show_alias(ngx_http_request_t *r,
    ngx_http_model_route_t *route);
static ngx_int_t ngx_http_model_local_show_known(ngx_http_request_t *r,
    ngx_http_model_model_t *model);
static ngx_int_t ngx_http_model_local_show_answer(ngx_http_request_t *r,
    ngx_http_model_wait_t *wait);
static ngx_int_t ngx_http_model_local_show_body(ngx_pool_t *pool,
    ngx_str_t *name, ngx_uint_t verbose, ngx_str_t *body);
static ngx_addr_t *ngx_http_model_local_show_peer(ngx_pool_t *pool,
    ngx_http_model_scope_t *scope, ngx_http_model_model_t *model);


static const char  ngx_http_model_json_type[] =
                                             "application/json; charset=utf-8";


ngx_int_t
ngx_http_model_local(ngx_http_request_t *r)
{
    ngx_http_model_ctx_t    *ctx;
    ngx_http_model_wait_t   *wait;
    ngx_http_model_scope_t   scope;

    static ngx_str_t  running = ngx_string("Ollama is running");

    ctx = ngx_http_model_ctx(r);

    if (ctx->endpoint->type == NGX_HTTP_MODEL_EP_ROOT) {
        return ngx_http_model_respond(r, NGX_HTTP_OK,
                                      "text/plain; charset=utf-8", &running,
                                      NULL);
    }

    if (ngx_http_model_scope(r, &scope) != NGX_OK) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    /* the first discovery may be under way: once, at most its timeout */

    wait = ngx_pcalloc(r->pool, sizeof(ngx_http_model_wait_t));
    if (wait == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    wait->ready = ngx_http_model_scope_ready;
    wait->resume = ngx_http_model_local_answer;

    return ngx_http_model_wait(r, wait, scope.timeout);
}


static ngx_int_t
ngx_http_model_local_answer(ngx_http_request_t *r, ngx_http_model_wait_t *wait)
{
    ngx_str_t                doc, etag;
    ngx_http_model_ctx_t    *ctx;
    ngx_http_model_scope_t   scope;

    (void) wait;

    ctx = ngx_http_model_ctx(r);

    if (ngx_http_model_scope(r, &scope) != NGX_OK) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    if (ctx->endpoint->type == NGX_HTTP_MODEL_EP_PS) {
        return ngx_http_model_local_ps(r, &scope);
    }

    if (ctx->endpoint->type == NGX_HTTP_MODEL_EP_MODEL) {
        return ngx_http_model_local_model(r, ctx, &scope);
    }

    if (ngx_http_model_local_list(r, ctx, &scope, &doc) != NGX_OK
        || ngx_http_model_listing_etag(&doc, r->pool, &etag) != NGX_OK)
    {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    return ngx_http_model_respond(r, NGX_HTTP_OK, ngx_http_model_json_type,
                                  &doc, &etag);
}


static ngx_int_t
ngx_http_model_local_list(ngx_http_request_t *r, ngx_http_model_ctx_t *ctx,
    ngx_http_model_scope_t *scope, ngx_str_t *doc)
{
    switch (ctx->endpoint->type) {

    case NGX_HTTP_MODEL_EP_TAGS:
        return ngx_http_model_listing_tags(scope, r->pool, doc);

    case NGX_HTTP_MODEL_EP_VERSION:
        return ngx_http_model_listing_version(scope, r->pool, doc);

    case NGX_HTTP_MODEL_EP_LMSTUDIO:
        return ngx_http_model_listing_lmstudio(scope, r->pool, doc);

    case NGX_HTTP_MODEL_EP_MODELS:

        if (ngx_http_model_local_anthropic(r)) {
            return ngx_http_model_local_page(r, scope, doc);
        }

        return ngx_http_model_listing_openai(scope, r->pool, doc);

    default:
        return NGX_ERROR;
    }
}


static ngx_uint_t
ngx_http_model_local_anthropic(ngx_http_request_t *r)
{
    return ngx_http_model_ctx(r)->dialect == NGX_HTTP_MODEL_ANTHROPIC;
}


/* Anthropic's paging: limit, after_id, before_id */

static ngx_int_t
ngx_http_model_local_page(ngx_http_request_t *r, ngx_http_model_scope_t *scope,
    ngx_str_t *doc)
{
    u_char      *src, *dst;
    ngx_int_t    limit;
    ngx_str_t    value, id[2];
    ngx_uint_t   i;

    static ngx_str_t  names[2] = {
        ngx_string("after_id"),
        ngx_string("before_id")
    };

    limit = 0;

    if (ngx_http_arg(r, (u_char *) "limit", 5, &value) == NGX_OK) {
        limit = ngx_atoi(value.data, value.len);

        if (limit == NGX_ERROR || limit > 1000) {
            limit = 1000;
        }
    }

    for (i = 0; i < 2; i++) {
        ngx_str_null(&id[i]);

        if (ngx_http_arg(r, names[i].data, names[i].len, &value) != NGX_OK) {
            continue;
        }

        dst = ngx_pnalloc(r->pool, value.len + 1);
        if (dst == NULL) {
            return NGX_ERROR;
        }

        id[i].data = dst;
        src = value.data;

        ngx_unescape_uri(&dst, &src, value.len, 0);

        id[i].len = dst - id[i].data;
    }

    return ngx_http_model_listing_anthropic(scope, limit, &id[0], &id[1],
                                            r->pool, doc);
}


static ngx_int_t
ngx_http_model_local_model(ngx_http_request_t *r, ngx_http_model_ctx_t *ctx,
    ngx_http_model_scope_t *scope)
{
    ngx_int_t               rc;
    ngx_str_t               name, doc, etag;
    ngx_http_model_route_t  route;

    ctx->model = ctx->rest;

    rc = (ctx->rest.len && ctx->rest.len <= NGX_HTTP_MODEL_NAME_LEN)
         ? ngx_http_model_route(scope, &ctx->rest, &route, r->pool)
         : NGX_DECLINED;

    if (rc == NGX_OK) {
        rc = ngx_http_model_local_model_doc(r, scope, &route, &doc);
    }

    if (rc == NGX_ERROR) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    if (rc != NGX_OK) {
        name = ngx_http_model_error_quote(r->pool, &ctx->rest);
        ctx->model = name;

        if (ngx_http_model_local_anthropic(r)) {
            return ngx_http_model_respond_error(r, NGX_HTTP_NOT_FOUND, NULL,
                                                NULL, "model: %V", &name);
        }

        return ngx_http_model_respond_error(r, NGX_HTTP_NOT_FOUND,
                                            "model_not_found", "model",
                                            "The model `%V` does not exist or "
                                            "you do not have access to it.",
                                            &name);
    }

    /* the answer may be logged when its view is gone */

    ctx->name.data = ngx_pstrdup(r->pool, &route.name);
    if (ctx->name.data == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    ctx->name.len = route.name.len;
    ctx->vendor = route.vendor;

    if (ngx_http_model_listing_etag(&doc, r->pool, &etag) != NGX_OK) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    return ngx_http_model_respond(r, NGX_HTTP_OK, ngx_http_model_json_type,
                                  &doc, &etag);
}


static ngx_int_t
ngx_http_model_local_model_doc(ngx_http_request_t *r,
    ngx_http_model_scope_t *scope, ngx_http_model_route_t *route,
    ngx_str_t *doc)
{
    ngx_uint_t  anthropic;

    anthropic = ngx_http_model_local_anthropic(r);

    if (route->alias) {
        return ngx_http_model_listing_alias(scope, route->alias, &route->star,
                                            anthropic, r->pool, doc);
    }

    if (route->model == NULL) {
        return NGX_DECLINED;
    }

    return ngx_http_model_listing_model(route->model, anthropic, r->pool, doc);
}


static ngx_int_t
ngx_http_model_local_ps(ngx_http_request_t *r, ngx_http_model_scope_t *scope)
{
    ngx_uint_t                   i;
    ngx_pool_cleanup_t          *cln;
    ngx_http_model_wait_t       *wait;
    ngx_http_model_vendor_t    **vendor;
    ngx_http_model_local_ps_t   *ps;
    ngx_http_model_main_conf_t  *mmcf;

    mmcf = ngx_http_get_module_main_conf(r, ngx_http_model_module);

    wait = ngx_pcalloc(r->pool, sizeof(ngx_http_model_wait_t));
    cln = ngx_pool_cleanup_add(r->pool, 0);

    if (wait == NULL || cln == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    ps = ngx_calloc(sizeof(ngx_http_model_local_ps_t), r->connection->log);
    if (ps == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    cln->handler = ngx_http_model_local_ps_cleanup;
    cln->data = ps;

    vendor = scope->vendors->elts;

    for (i = 0; i < scope->vendors->nelts; i++) {

        if (!vendor[i]->discover
            || !(vendor[i]->dialects
                 & ngx_http_model_dialect_bit(NGX_HTTP_MODEL_OLLAMA)))
        {
            continue;
        }

        ps->pending++;

        ngx_http_model_discover_loaded(&mmcf->views, vendor[i],
                                       NGX_HTTP_MODEL_PS_WAIT,
                                       ngx_http_model_local_ps_done, ps);
    }

    wait->ready = ngx_http_model_local_ps_ready;
    wait->resume = ngx_http_model_local_ps_answer;
    wait->data = ps;

    return ngx_http_model_wait(r, wait, NGX_HTTP_MODEL_PS_WAIT);
}


static void
ngx_http_model_local_ps_done(void *data)
{
    ngx_http_model_local_ps_t  *ps = data;

    if (--ps->pending == 0 && ps->orphan) {
        ngx_free(ps);
    }
}


static void
ngx_http_model_local_ps_cleanup(void *data)
{
    ngx_http_model_local_ps_t  *ps = data;

    ps->orphan = 1;

    if (ps->pending == 0) {
        ngx_free(ps);
    }
}


static ngx_uint_t
ngx_http_model_local_ps_ready(ngx_http_request_t *r, void *data)
{
    ngx_http_model_local_ps_t  *ps = data;

    (void) r;

    return ps->pending == 0;
}


static ngx_int_t
ngx_http_model_local_ps_answer(ngx_http_request_t *r,
    ngx_http_model_wait_t *wait)
{
    ngx_str_t               doc;
    ngx_http_model_scope_t  scope;

    (void) wait;

    if (ngx_http_model_scope(r, &scope) != NGX_OK
        || ngx_http_model_listing_ps(&scope, r->pool, &doc) != NGX_OK)
    {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    return ngx_http_model_respond(r, NGX_HTTP_OK, ngx_http_model_json_type,
                                  &doc, NULL);
}


ngx_int_t
ngx_http_model_local_show(ngx_http_request_t *r, ngx_http_model_route_t *route,
    ngx_uint_t verbose)
{
    ngx_msec_t                    timeout;
    ngx_http_model_fetch_t       *fetch;
    ngx_http_model_model_t       *model;
    ngx_http_model_scope_t        scope;
    ngx_http_model_vendor_t      *vendor;
    ngx_http_model_local_show_t  *show;

    model = route->model;
    vendor = route->vendor;

    if (route->alias) {
        return ngx_http_model_local_show_alias(r, route);
    }

    if (!(vendor->dialects
          & ngx_http_model_dialect_bit(NGX_HTTP_MODEL_OLLAMA)))
    {
        return ngx_http_model_local_show_known(r, model);
    }

    if (model && !verbose
        && ((model->show && model->nup == 0)
            || (ngx_msec_int_t) (vendor->show_slow - ngx_current_msec) > 0))
    {
        return ngx_http_model_local_show_known(r, model);
    }

    if (ngx_http_model_scope(r, &scope) != NGX_OK) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    show = ngx_pcalloc(r->pool, sizeof(ngx_http_model_local_show_t));
    fetch = show ? ngx_http_model_fetch_create(r->connection->log) : NULL;

    if (fetch == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    show->vendor = vendor;
    show->name.data = ngx_pstrdup(r->pool, &route->name);
    show->name.len = route->name.len;
    show->wait.resume = ngx_http_model_local_show_answer;
    show->wait.data = show;

    fetch->vendor = vendor;
    fetch->dialect = NGX_HTTP_MODEL_OLLAMA;
    fetch->method = NGX_HTTP_POST;
    fetch->limit = NGX_HTTP_MODEL_SHOW_LIMIT;
    ngx_str_set(&fetch->uri, "/api/show");

    if (model) {
        fetch->peer = ngx_http_model_local_show_peer(fetch->pool, &scope,
                                                     model);

        show->known.data = ngx_pstrdup(r->pool, &model->name);
        show->known.len = show->known.data ? model->name.len : 0;
    }

    if (show->name.data == NULL
        || ngx_http_model_local_show_body(fetch->pool, &show->name, verbose,
                                          &fetch->body)
           != NGX_OK)
    {
        ngx_http_model_fetch_cancel(fetch);
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    timeout = vendor->timeout;

    if (model) {
        timeout = ngx_min(timeout, NGX_HTTP_MODEL_SHOW_WAIT);
    }

    fetch->timeout = timeout;

    return ngx_http_model_wait_fetch(r, &show->wait, fetch, timeout + 100);
}


/* of an alias no server knows the name, nor would one speak for the others */

static ngx_int_t
ngx_http_model_local_show_alias(ngx_http_request_t *r,
    ngx_http_model_route_t *route)
{
    ngx_int_t                rc;
    ngx_http_model_scope_t   scope;
    ngx_http_model_model_t  *model;

    if (ngx_http_model_scope(r, &scope) != NGX_OK) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    model = NULL;

    rc = ngx_http_model_alias_model(&scope, route->alias, &route->star,
                                    r->pool, &model);

    if (rc == NGX_ERROR) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    return ngx_http_model_local_show_known(r, model);
}


static ngx_int_t
ngx_http_model_local_show_body(ngx_pool_t *pool, ngx_str_t *name,
    ngx_uint_t verbose, ngx_str_t *body)
{
    ngx_http_model_json_writer_t  *w;

    w = ngx_http_model_json_writer(pool);
    if (w == NULL) {
        return NGX_ERROR;
    }

    ngx_http_model_json_object(w);
    ngx_http_model_json_key(w, "model");
    ngx_http_model_json_str(w, name);

    if (verbose) {
        ngx_http_model_json_key(w, "verbose");
        ngx_http_model_json_bool(w, 1);
    }

    ngx_http_model_json_object_end(w);

    return ngx_http_model_json_finish(w, body);
}


/* a server that has the model, where the vendor has more than one */

static ngx_addr_t *
ngx_http_model_local_show_peer(ngx_pool_t *pool, ngx_http_model_scope_t *scope,
    ngx_http_model_model_t *model)
{
    ngx_uint_t                i, j;
    ngx_array_t              *peers;
    ngx_http_model_peer_t    *peer;
    ngx_http_model_server_t  *server;

    peers = ngx_http_model_peers(model->vendor, pool);

    if (peers == NULL || peers->nelts < 2) {
        return NULL;
    }

    peer = peers->elts;
    server = scope->view->servers.elts;

    for (i = 0; i < scope->view->servers.nelts; i++) {

        if (server[i].facts.state != NGX_HTTP_MODEL_SERVER_UP
            || !ngx_http_model_view_has(scope->view, model, &server[i]))
        {
            continue;
        }

        for (j = 0; j < peers->nelts; j++) {
            if (peer[j].addr.sockaddr
                && peer[j].name.len == server[i].facts.server.len
                && ngx_memcmp(peer[j].name.data, server[i].facts.server.data,
                              peer[j].name.len)
                   == 0)
            {
                return &peer[j].addr;
            }
        }
    }

    return NULL;
}


static ngx_int_t
ngx_http_model_local_show_answer(ngx_http_request_t *r,
    ngx_http_model_wait_t *wait)
{
    ngx_http_model_scope_t        scope;
    ngx_http_model_model_t       *model;
    ngx_http_model_local_show_t  *show;

    show = wait->data;

    if (wait->status == NGX_HTTP_OK || (wait->status >= 400
                                        && wait->status < 500
                                        && wait->status != 401
                                        && wait->status != 403))
    {
        return ngx_http_model_respond(r, wait->status,
                                      ngx_http_model_json_type,
                                      &wait->content, NULL);
    }

    if (wait->status == 0) {
        show->vendor->show_slow = ngx_current_msec + NGX_HTTP_MODEL_SHOW_SLOW;
    }

    if (ngx_http_model_scope(r, &scope) != NGX_OK) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    model = ngx_http_model_view_find(scope.view, show->vendor, &show->known);

    if (model) {
        return ngx_http_model_local_show_known(r, model);
    }

    return ngx_http_model_respond_error(r, NGX_HTTP_BAD_GATEWAY, NULL, NULL,
                                        "vendor \"%V\" could not be asked for "
                                        "this model", &show->vendor->id);
}


static ngx_int_t
ngx_http_model_local_show_known(ngx_http_request_t *r,
    ngx_http_model_model_t *model)
{
    ngx_str_t              doc, name;
    ngx_http_model_ctx_t  *ctx;

    if (model == NULL) {
        ctx = ngx_http_model_ctx(r);
        name = ngx_http_model_error_quote(r->pool, &ctx->model);

        return ngx_http_model_respond_error(r, NGX_HTTP_NOT_FOUND, NULL, NULL,
                                            "model '%V' not found", &name);
    }

    if (ngx_http_model_listing_show(model, r->pool, &doc) != NGX_OK) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    return ngx_http_model_respond(r, NGX_HTTP_OK, ngx_http_model_json_type,
                                  &doc, NULL);
}


ngx_int_t
ngx_http_model_local_pull(ngx_http_request_t *r, ngx_uint_t known,
    ngx_uint_t stream)
{
    ngx_str_t  body;

    if (!stream && known) {
        ngx_str_set(&body, "{\"status\":\"success\"}");

        return ngx_http_model_respond(r, NGX_HTTP_OK, "application/json",
                                      &body, NULL);
    }

    if (!stream) {
        return ngx_http_model_respond_error(r, NGX_HTTP_INTERNAL_SERVER_ERROR,
                                            NULL, NULL, "pull model manifest: "
                                            "file does not exist");
    }

    if (known) {
        ngx_str_set(&body, "{\"status\":\"pulling manifest\"}\n"
                           "{\"status\":\"success\"}\n");

    } else {
        ngx_str_set(&body, "{\"status\":\"pulling manifest\"}\n"
                           "{\"error\":\"pull model manifest: file does not "
                           "exist\"}\n");
    }

    return ngx_http_model_respond(r, NGX_HTTP_OK, "application/x-ndjson", &body,
                                  NULL);
}
