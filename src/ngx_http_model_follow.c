
/*
 * Copyright (C) the ngx_http_model_module authors
 */


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "ngx_http_model_balancer.h"
#include "ngx_http_model_error.h"
#include "ngx_http_model_failover.h"
#include "ngx_http_model_fetch.h"
#include "ngx_http_model_follow.h"
#include "ngx_http_model_peers.h"
#include "ngx_http_model_reading.h"


#define NGX_HTTP_MODEL_FOLLOW_ANSWER  65536   /* bytes */


typedef struct {
    ngx_http_request_t          *request;
    ngx_http_model_ctx_t        *ctx;
} ngx_http_model_follow_t;


/* a deletion at one server, in the memory of its fetch */

typedef struct {
    ngx_addr_t                   addr;
    ngx_str_t                    model;
    ngx_http_model_catalogue_t  *catalogue;
} ngx_http_model_follow_delete_t;


static void ngx_http_model_follow_cleanup(void *data);
static void ngx_http_model_follow_others(ngx_http_model_ctx_t *ctx);
static ngx_int_t ngx_http_model_follow_start(ngx_http_model_ctx_t *ctx,
    ngx_http_model_peer_t *peer);
static ngx_int_t ngx_http_model_follow_fill(ngx_http_model_fetch_t *fetch,
    ngx_http_model_ctx_t *ctx, ngx_http_model_peer_t *peer);
static ngx_int_t ngx_http_model_follow_copy(ngx_pool_t *pool, ngx_str_t *to,
    ngx_str_t *from);
static void ngx_http_model_follow_handler(ngx_http_model_fetch_t *fetch);


ngx_int_t
ngx_http_model_follow(ngx_http_request_t *r, ngx_http_model_ctx_t *ctx)
{
    ngx_uint_t                i, n;
    ngx_pool_cleanup_t       *cln;
    ngx_http_model_hop_t     *hops;
    ngx_http_model_follow_t  *follow;

    hops = ctx->hops->elts;
    n = (ctx->endpoint->kind == NGX_HTTP_MODEL_MANAGE);

    for (i = 0; i < ctx->hops->nelts; i++) {
        n += hops[i].vendor->warm;
    }

    if (n == 0) {
        return NGX_OK;
    }

    cln = ngx_pool_cleanup_add(r->pool, sizeof(ngx_http_model_follow_t));
    if (cln == NULL) {
        return NGX_ERROR;
    }

    follow = cln->data;
    follow->request = r;
    follow->ctx = ctx;

    cln->handler = ngx_http_model_follow_cleanup;

    return NGX_OK;
}


static void
ngx_http_model_follow_cleanup(void *data)
{
    ngx_http_model_follow_t  *follow = data;

    ngx_http_model_ctx_t            *ctx;
    ngx_http_model_vendor_t         *vendor;
    ngx_http_model_balancer_conf_t  *bcf;

    ctx = follow->ctx;

    /* the one that answered */

    vendor = ctx->vendor;

    if (ctx->hop == NULL || vendor == NULL || !vendor->discover) {
        return;
    }

    if (ctx->endpoint->kind != NGX_HTTP_MODEL_MANAGE) {

        if (vendor->warm) {
            ngx_http_model_catalogue_want_loaded(ctx->views->catalogue,
                                                 &vendor->id);
        }

        return;
    }

    bcf = ngx_http_model_balancer_conf(vendor->upstream);

    if (follow->request->method == NGX_HTTP_DELETE
        && follow->request->headers_out.status == NGX_HTTP_OK
        && bcf && bcf->aware && ctx->run)
    {
        ngx_http_model_follow_others(ctx);
    }

    ngx_http_model_catalogue_want(ctx->views->catalogue, &vendor->id);
}


static void
ngx_http_model_follow_others(ngx_http_model_ctx_t *ctx)
{
    ngx_uint_t                i;
    ngx_pool_t               *pool;
    ngx_array_t              *peers;
    ngx_http_model_view_t    *view;
    ngx_http_model_peer_t    *peer;
    ngx_http_model_model_t   *model;
    ngx_http_model_server_t  *server;

    pool = ngx_create_pool(4096, ngx_cycle->log);
    if (pool == NULL) {
        return;
    }

    peers = ngx_http_model_peers(ctx->vendor, pool);
    view = ngx_http_model_view(ctx->views, ngx_cycle->log);

    model = view ? ngx_http_model_view_find(view, ctx->vendor,
                                            &ctx->hop->known)
                 : NULL;

    if (peers && model) {
        peer = peers->elts;

        for (i = 0; i < peers->nelts; i++) {

            server = ngx_http_model_view_server(view, ctx->vendor,
                                                &peer[i].name);

            if (server == NULL || peer[i].down
                || (peer[i].name.len == ctx->run->server.len
                    && ngx_memcmp(peer[i].name.data, ctx->run->server.data,
                                  peer[i].name.len)
                       == 0)
                || !ngx_http_model_view_has(view, model, server))
            {
                continue;
            }

            if (ngx_http_model_follow_start(ctx, &peer[i]) != NGX_OK) {
                break;
            }
        }
    }

    ngx_destroy_pool(pool);
}


static ngx_int_t
ngx_http_model_follow_start(ngx_http_model_ctx_t *ctx,
    ngx_http_model_peer_t *peer)
{
    ngx_http_model_fetch_t  *fetch;

    fetch = ngx_http_model_fetch_create(ngx_cycle->log);
    if (fetch == NULL) {
        return NGX_ERROR;
    }

    if (ngx_http_model_follow_fill(fetch, ctx, peer) != NGX_OK) {
        ngx_http_model_fetch_cancel(fetch);
        return NGX_ERROR;
    }

    ngx_http_model_fetch_start(fetch);

    return NGX_OK;
}


static ngx_int_t
ngx_http_model_follow_fill(ngx_http_model_fetch_t *fetch,
    ngx_http_model_ctx_t *ctx, ngx_http_model_peer_t *peer)
{
    ngx_pool_t                      *pool;
    ngx_http_model_follow_delete_t  *delete;

    pool = fetch->pool;

    delete = ngx_pcalloc(pool, sizeof(ngx_http_model_follow_delete_t));
    if (delete == NULL) {
        return NGX_ERROR;
    }

    delete->catalogue = ctx->views->catalogue;
    delete->addr.socklen = peer->addr.socklen;
    delete->addr.sockaddr = ngx_palloc(pool, peer->addr.socklen);

    if (delete->addr.sockaddr == NULL
        || ngx_http_model_follow_copy(pool, &delete->addr.name, &peer->name)
           != NGX_OK
        || ngx_http_model_follow_copy(pool, &delete->model, &ctx->hop->name)
           != NGX_OK
        || ngx_http_model_reading_question(pool, &delete->model, &fetch->body)
           != NGX_OK)
    {
        return NGX_ERROR;
    }

    ngx_memcpy(delete->addr.sockaddr, peer->addr.sockaddr,
               peer->addr.socklen);

    fetch->vendor = ctx->vendor;
    fetch->dialect = NGX_HTTP_MODEL_OLLAMA;
    fetch->peer = &delete->addr;
    fetch->method = NGX_HTTP_DELETE;
    fetch->timeout = ctx->vendor->timeout;
    fetch->limit = NGX_HTTP_MODEL_FOLLOW_ANSWER;
    fetch->handler = ngx_http_model_follow_handler;
    fetch->data = delete;

    ngx_str_set(&fetch->uri, "/api/delete");

    return NGX_OK;
}


static ngx_int_t
ngx_http_model_follow_copy(ngx_pool_t *pool, ngx_str_t *to, ngx_str_t *from)
{
    to->data = ngx_pstrdup(pool, from);
    to->len = from->len;

    return to->data ? NGX_OK : NGX_ERROR;
}


static void
ngx_http_model_follow_handler(ngx_http_model_fetch_t *fetch)
{
    ngx_str_t                        name;
    ngx_http_model_follow_delete_t  *delete;

    delete = fetch->data;

    if (fetch->status != NGX_HTTP_OK && fetch->status != NGX_HTTP_NOT_FOUND) {
        name = ngx_http_model_error_quote(fetch->pool, &delete->model);

        ngx_log_error(NGX_LOG_WARN, ngx_cycle->log, 0,
                      "model \"%V\" was deleted, but not at server \"%V\" of "
                      "model vendor \"%V\": %s %ui", &name,
                      &delete->addr.name, &fetch->vendor->id,
                      fetch->error ? fetch->error : "status", fetch->status);
    }

    ngx_http_model_catalogue_want(delete->catalogue, &fetch->vendor->id);
}
