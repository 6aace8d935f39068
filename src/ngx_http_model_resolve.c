
/*
 * Copyright (C) the ngx_http_model_module authors
 */


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "ngx_http_model_resolve.h"


#define NGX_HTTP_MODEL_RESOLVE_LATER  1000     /* ms, all later hops' names */
#define NGX_HTTP_MODEL_RESOLVE_AGAIN  10000    /* ms, not waited for again */


typedef struct {
    ngx_http_request_t            *request;
    ngx_http_model_ctx_t          *ctx;
    ngx_http_model_hop_t          *hop;      /* being looked up */
    ngx_uint_t                     next;     /* index of a later one */
    ngx_msec_t                     end;      /* of waiting for those */
    ngx_resolver_ctx_t            *resolve;
    ngx_int_t                    (*go)(ngx_http_request_t *r);
    unsigned                       async:1;  /* the caller has returned */
} ngx_http_model_resolve_t;


static ngx_int_t ngx_http_model_resolve_next(
    ngx_http_model_resolve_t *resolve);
static ngx_http_model_hop_t *ngx_http_model_resolve_hop(
    ngx_http_model_resolve_t *resolve);
static ngx_uint_t ngx_http_model_resolve_lacks(ngx_http_model_hop_t *hop);
static ngx_int_t ngx_http_model_resolve_start(
    ngx_http_model_resolve_t *resolve, ngx_http_model_hop_t *hop);
static void ngx_http_model_resolve_park(ngx_http_request_t *r);
static void ngx_http_model_resolve_handler(ngx_resolver_ctx_t *rctx);
static ngx_int_t ngx_http_model_resolve_addresses(ngx_http_request_t *r,
    ngx_http_model_hop_t *hop, ngx_resolver_ctx_t *rctx);
static ngx_int_t ngx_http_model_resolve_skip(ngx_http_model_ctx_t *ctx);
static void ngx_http_model_resolve_cleanup(void *data);


ngx_int_t
ngx_http_model_resolve(ngx_http_request_t *r, ngx_http_model_ctx_t *ctx,
    ngx_int_t (*go)(ngx_http_request_t *r))
{
    ngx_uint_t                 i, n;
    ngx_http_cleanup_t        *cln;
    ngx_http_model_hop_t      *hops;
    ngx_http_model_resolve_t  *resolve;

    n = ngx_http_model_resolve_lacks(ctx->hop);

    if (ctx->hops) {
        hops = ctx->hops->elts;

        for (i = ctx->next; i < ctx->hops->nelts; i++) {
            n += ngx_http_model_resolve_lacks(&hops[i]);
        }
    }

    if (n == 0) {
        return go(r);
    }

    resolve = ngx_pcalloc(r->pool, sizeof(ngx_http_model_resolve_t));
    cln = resolve ? ngx_http_cleanup_add(r, 0) : NULL;

    if (cln == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    resolve->request = r;
    resolve->ctx = ctx;
    resolve->next = ctx->next;
    resolve->go = go;

    cln->handler = ngx_http_model_resolve_cleanup;
    cln->data = resolve;

    return ngx_http_model_resolve_next(resolve);
}


static ngx_int_t
ngx_http_model_resolve_next(ngx_http_model_resolve_t *resolve)
{
    ngx_int_t              rc;
    ngx_http_request_t    *r;
    ngx_http_model_hop_t  *hop;

    r = resolve->request;

    for ( ;; ) {
        hop = ngx_http_model_resolve_hop(resolve);

        if (hop == NULL) {
            break;
        }

        rc = ngx_http_model_resolve_start(resolve, hop);

        if (rc == NGX_AGAIN) {
            ngx_http_model_resolve_park(r);
            return NGX_DONE;
        }

        if (rc != NGX_OK) {
            return NGX_HTTP_INTERNAL_SERVER_ERROR;
        }
    }

    if (ngx_http_model_resolve_skip(resolve->ctx) != NGX_OK) {
        resolve->ctx->unresolved = 1;
        return NGX_HTTP_BAD_GATEWAY;
    }

    return resolve->go(r);
}


/* the first one as long as it takes, the others while nobody minds */

static ngx_http_model_hop_t *
ngx_http_model_resolve_hop(ngx_http_model_resolve_t *resolve)
{
    ngx_http_model_ctx_t  *ctx;
    ngx_http_model_hop_t  *hop;

    ctx = resolve->ctx;

    if (resolve->hop == NULL) {
        resolve->hop = ctx->hop;

        if (ngx_http_model_resolve_lacks(ctx->hop)) {
            return ctx->hop;
        }
    }

    if (resolve->end == 0) {
        resolve->end = ngx_current_msec + NGX_HTTP_MODEL_RESOLVE_LATER;
    }

    while (ctx->hops && resolve->next < ctx->hops->nelts
           && (ngx_msec_int_t) (resolve->end - ngx_current_msec) > 0)
    {

        hop = (ngx_http_model_hop_t *) ctx->hops->elts + resolve->next++;

        if (ngx_http_model_resolve_lacks(hop)
            && (ngx_msec_int_t) (hop->vendor->unresolved - ngx_current_msec)
               <= 0)
        {
            return hop;
        }
    }

    return NULL;
}


static ngx_uint_t
ngx_http_model_resolve_lacks(ngx_http_model_hop_t *hop)
{
    return hop->vendor->resolve && hop->resolved == NULL;
}


/* NGX_OK: it was looked up, with or without success; NGX_AGAIN: it will be */

static ngx_int_t
ngx_http_model_resolve_start(ngx_http_model_resolve_t *resolve,
    ngx_http_model_hop_t *hop)
{
    ngx_uint_t                 later;
    ngx_resolver_ctx_t        *rctx, temp;
    ngx_http_request_t        *r;
    ngx_http_core_loc_conf_t  *clcf;

    r = resolve->request;
    later = (hop != resolve->ctx->hop);
    clcf = ngx_http_get_module_loc_conf(r, ngx_http_core_module);

    temp.name = hop->vendor->tls_name;

    rctx = ngx_resolve_start(clcf->resolver, &temp);

    if (rctx == NULL) {
        return later ? NGX_OK : NGX_ERROR;
    }

    if (rctx == NGX_NO_RESOLVER) {
        ngx_log_error(NGX_LOG_ERR, r->connection->log, 0,
                      "no resolver defined to resolve \"%V\"", &temp.name);
        return NGX_OK;
    }

    resolve->hop = hop;
    resolve->resolve = rctx;
    resolve->async = 0;

    rctx->name = hop->vendor->tls_name;
    rctx->handler = ngx_http_model_resolve_handler;
    rctx->data = resolve;
    rctx->timeout = clcf->resolver_timeout;

    if (later) {
        rctx->timeout = ngx_min(rctx->timeout,
                                resolve->end - ngx_current_msec);

        if (hop->vendor->unresolved) {

            /* it failed the last time: one request tries, no other waits */

            hop->vendor->unresolved = ngx_current_msec
                                      + NGX_HTTP_MODEL_RESOLVE_AGAIN;
        }
    }

    if (ngx_resolve_name(rctx) != NGX_OK) {
        resolve->resolve = NULL;
        return later ? NGX_OK : NGX_ERROR;
    }

    if (resolve->resolve == NULL) {

        /* the name was known */

        return NGX_OK;
    }

    resolve->async = 1;

    return NGX_AGAIN;
}


/* the count is that of the stock handler, which is called later */

static void
ngx_http_model_resolve_park(ngx_http_request_t *r)
{
    /* a client that has left already is told of by no further event */

    if (r->connection->read->ready) {
        ngx_post_event(r->connection->read, &ngx_posted_events);
    }

    r->main->count++;
    r->read_event_handler = ngx_http_test_reading;
    r->write_event_handler = ngx_http_request_empty_handler;
}


static void
ngx_http_model_resolve_handler(ngx_resolver_ctx_t *rctx)
{
    ngx_uint_t                 async;
    ngx_connection_t          *c;
    ngx_http_request_t        *r;
    ngx_http_model_hop_t      *hop;
    ngx_http_model_resolve_t  *resolve;

    resolve = rctx->data;
    async = resolve->async;
    r = resolve->request;
    hop = resolve->hop;
    c = r->connection;

    ngx_http_set_log_request(c->log, r);

    if (rctx->state) {
        ngx_log_error(NGX_LOG_ERR, c->log, 0,
                      "\"%V\" of model vendor \"%V\" could not be resolved "
                      "(%i: %s)", &rctx->name, &hop->vendor->id,
                      rctx->state, ngx_resolver_strerror(rctx->state));

        hop->vendor->unresolved = ngx_current_msec
                                  + NGX_HTTP_MODEL_RESOLVE_AGAIN;

    } else if (ngx_http_model_resolve_addresses(r, hop, rctx) == NGX_OK) {
        hop->vendor->unresolved = 0;
    }

    ngx_resolve_name_done(rctx);
    resolve->resolve = NULL;

    if (!async) {
        return;
    }

    r->read_event_handler = ngx_http_block_reading;

    ngx_http_finalize_request(r, ngx_http_model_resolve_next(resolve));

    ngx_http_run_posted_requests(c);
}


static ngx_int_t
ngx_http_model_resolve_addresses(ngx_http_request_t *r,
    ngx_http_model_hop_t *hop, ngx_resolver_ctx_t *rctx)
{
    u_char                        *p;
    ngx_uint_t                     i;
    ngx_http_upstream_resolved_t  *ur;

    ur = ngx_pcalloc(r->pool, sizeof(ngx_http_upstream_resolved_t));
    if (ur == NULL) {
        return NGX_ERROR;
    }

    ur->addrs = ngx_palloc(r->pool,
                           rctx->naddrs * sizeof(ngx_resolver_addr_t));
    if (ur->addrs == NULL) {
        return NGX_ERROR;
    }

    for (i = 0; i < rctx->naddrs; i++) {
        ur->addrs[i] = rctx->addrs[i];

        p = ngx_pnalloc(r->pool, rctx->addrs[i].socklen);
        if (p == NULL) {
            return NGX_ERROR;
        }

        ngx_memcpy(p, rctx->addrs[i].sockaddr, rctx->addrs[i].socklen);
        ur->addrs[i].sockaddr = (struct sockaddr *) p;
    }

    ur->naddrs = rctx->naddrs;
    ur->host = hop->vendor->tls_name;
    ur->port = hop->vendor->port;

    hop->resolved = ur;

    return NGX_OK;
}


/* goes on to the first hop that has an address, as far as the rules allow */

static ngx_int_t
ngx_http_model_resolve_skip(ngx_http_model_ctx_t *ctx)
{
    while (ngx_http_model_resolve_lacks(ctx->hop)) {

        if (ctx->hops == NULL || ctx->next == ctx->hops->nelts
            || !(ctx->rules->conditions & NGX_HTTP_MODEL_ON_CONNECT))
        {
            return NGX_ERROR;
        }

        ctx->hop = (ngx_http_model_hop_t *) ctx->hops->elts + ctx->next++;
    }

    return NGX_OK;
}


static void
ngx_http_model_resolve_cleanup(void *data)
{
    ngx_http_model_resolve_t  *resolve = data;

    if (resolve->resolve) {
        ngx_resolve_name_done(resolve->resolve);
        resolve->resolve = NULL;
    }
}
