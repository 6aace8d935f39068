
/*
 * Copyright (C) the ngx_http_model_module authors
 */


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "ngx_http_model_peers.h"
#include "ngx_http_model_respond.h"
#include "ngx_http_model_status.h"
#include "ngx_http_model_wait.h"


/* how a vendor stands to requests; the first is the best */

#define NGX_HTTP_MODEL_READY_YES      0
#define NGX_HTTP_MODEL_READY_UNKNOWN  1   /* not asked yet */
#define NGX_HTTP_MODEL_READY_NO       2


static ngx_uint_t ngx_http_model_status_ready_known(ngx_http_request_t *r,
    void *data);
static ngx_int_t ngx_http_model_status_ready_answer(ngx_http_request_t *r,
    ngx_http_model_wait_t *wait);
static ngx_uint_t ngx_http_model_status_ready_vendor(ngx_http_request_t *r,
    ngx_http_model_view_t *view, ngx_http_model_vendor_t *vendor);
static ngx_http_model_view_t *ngx_http_model_status_ready_view(
    ngx_http_request_t *r, ngx_http_model_main_conf_t *mmcf);


ngx_int_t
ngx_http_model_status_ready(ngx_http_request_t *r)
{
    ngx_uint_t                    i;
    ngx_msec_t                    timeout;
    ngx_http_model_wait_t        *wait;
    ngx_http_model_vendor_t     **vendor;
    ngx_http_model_main_conf_t   *mmcf;

    mmcf = ngx_http_get_module_main_conf(r, ngx_http_model_module);

    wait = ngx_pcalloc(r->pool, sizeof(ngx_http_model_wait_t));
    if (wait == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    timeout = 0;
    vendor = mmcf->ranked.elts;

    for (i = 0; i < mmcf->ranked.nelts; i++) {
        timeout = ngx_max(timeout, vendor[i]->timeout);
    }

    wait->ready = ngx_http_model_status_ready_known;
    wait->resume = ngx_http_model_status_ready_answer;

    return ngx_http_model_wait(r, wait, timeout);
}


/*
 * After a start nothing is known before the first discovery: the answer waits
 * until one vendor is known to serve, or all are known.
 */

static ngx_uint_t
ngx_http_model_status_ready_known(ngx_http_request_t *r, void *data)
{
    ngx_uint_t                    i, unknown;
    ngx_http_model_view_t        *view;
    ngx_http_model_vendor_t     **vendor;
    ngx_http_model_main_conf_t   *mmcf;

    (void) data;

    mmcf = ngx_http_get_module_main_conf(r, ngx_http_model_module);
    view = ngx_http_model_status_ready_view(r, mmcf);
    vendor = mmcf->ranked.elts;
    unknown = 0;

    for (i = 0; i < mmcf->ranked.nelts; i++) {

        switch (ngx_http_model_status_ready_vendor(r, view, vendor[i])) {

        case NGX_HTTP_MODEL_READY_YES:
            return 1;

        case NGX_HTTP_MODEL_READY_UNKNOWN:
            unknown = 1;
            break;

        default: /* NGX_HTTP_MODEL_READY_NO */
            break;
        }
    }

    return !unknown;
}


static ngx_int_t
ngx_http_model_status_ready_answer(ngx_http_request_t *r,
    ngx_http_model_wait_t *wait)
{
    ngx_str_t                      doc;
    ngx_uint_t                     i, state, ready;
    ngx_http_model_view_t         *view;
    ngx_http_model_vendor_t      **vendor;
    ngx_http_model_main_conf_t    *mmcf;
    ngx_http_model_json_writer_t  *w, *vendors;

    (void) wait;

    mmcf = ngx_http_get_module_main_conf(r, ngx_http_model_module);
    view = ngx_http_model_status_ready_view(r, mmcf);
    vendor = mmcf->ranked.elts;
    ready = 0;

    vendors = ngx_http_model_json_writer(r->pool);

    ngx_http_model_json_object(vendors);

    for (i = 0; i < mmcf->ranked.nelts; i++) {

        /* requests do go to servers of which nothing is known */

        state = ngx_http_model_status_ready_vendor(r, view, vendor[i]);

        ngx_http_model_json_key_str(vendors, &vendor[i]->id);
        ngx_http_model_json_bool(vendors, state != NGX_HTTP_MODEL_READY_NO);

        ready |= (state != NGX_HTTP_MODEL_READY_NO);
    }

    ngx_http_model_json_object_end(vendors);

    if (ngx_http_model_json_finish(vendors, &doc) != NGX_OK) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    w = ngx_http_model_json_writer(r->pool);

    ngx_http_model_json_object(w);
    ngx_http_model_json_key(w, "ready");
    ngx_http_model_json_bool(w, ready);
    ngx_http_model_json_key(w, "vendors");
    ngx_http_model_json_raw(w, &doc);
    ngx_http_model_json_object_end(w);

    if (ngx_http_model_json_finish(w, &doc) != NGX_OK) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    if (!ready
        && ngx_http_model_respond_header(r, "Retry-After", "5") != NGX_OK)
    {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    return ngx_http_model_respond(r, ready ? NGX_HTTP_OK
                                           : NGX_HTTP_SERVICE_UNAVAILABLE,
                                  "application/json", &doc, NULL);
}


/* the best that one of its servers is */

static ngx_uint_t
ngx_http_model_status_ready_vendor(ngx_http_request_t *r,
    ngx_http_model_view_t *view, ngx_http_model_vendor_t *vendor)
{
    ngx_uint_t                i, state;
    ngx_pool_t               *pool;
    ngx_array_t              *peers;
    ngx_http_model_peer_t    *peer;
    ngx_http_model_server_t  *server;

    state = NGX_HTTP_MODEL_READY_NO;

    /* a request that waits looks again and again */

    pool = ngx_create_pool(1024, r->connection->log);
    if (pool == NULL) {
        return state;
    }

    peers = ngx_http_model_peers(vendor, pool);
    peer = peers ? peers->elts : NULL;

    for (i = 0; peers && i < peers->nelts; i++) {

        if (peer[i].down) {
            continue;
        }

        server = ngx_http_model_view_server(view, vendor, &peer[i].name);

        if (!vendor->discover
            || (server && server->facts.state == NGX_HTTP_MODEL_SERVER_UP))
        {
            state = NGX_HTTP_MODEL_READY_YES;

        } else if (server == NULL
                   || server->facts.state == NGX_HTTP_MODEL_SERVER_UNKNOWN)
        {
            state = ngx_min(state, NGX_HTTP_MODEL_READY_UNKNOWN);
        }
    }

    ngx_destroy_pool(pool);

    return state;
}


static ngx_http_model_view_t *
ngx_http_model_status_ready_view(ngx_http_request_t *r,
    ngx_http_model_main_conf_t *mmcf)
{
    /* without vendors there is no catalogue */

    return mmcf->ranked.nelts
           ? ngx_http_model_view(&mmcf->views, r->connection->log) : NULL;
}
