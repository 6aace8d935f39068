
/*
 * Copyright (C) the ngx_http_model_module authors
 */


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "ngx_http_model_health.h"
#include "ngx_http_model_metrics_handler.h"
#include "ngx_http_model_metrics_text.h"
#include "ngx_http_model_peers.h"


/* what the servers of a vendor are told from */

typedef struct {
    ngx_http_model_view_t            *view;
    ngx_http_model_catalogue_t       *catalogue;
    ngx_array_t                      *health;   /* ngx_http_model_health_t */
    ngx_array_t                      *counts;   /* ngx_http_model_metrics_
                                                   server_t */
    ngx_array_t                      *servers;  /* that come out */
    ngx_pool_t                       *pool;
} ngx_http_model_metrics_gather_t;


static ngx_int_t ngx_http_model_metrics_gather(ngx_http_request_t *r,
    ngx_http_model_text_t *text);
static ngx_int_t ngx_http_model_metrics_vendor(
    ngx_http_model_metrics_gather_t *gather, ngx_http_model_vendor_t *vendor);
static void ngx_http_model_metrics_facts(
    ngx_http_model_metrics_gather_t *gather, ngx_http_model_vendor_t *vendor,
    ngx_http_model_text_server_t *server);
static void ngx_http_model_metrics_health(
    ngx_http_model_metrics_gather_t *gather,
    ngx_http_model_text_server_t *server);
static ngx_uint_t ngx_http_model_metrics_same(ngx_str_t *a, ngx_str_t *b);


ngx_int_t
ngx_http_model_metrics_handler(ngx_http_request_t *r)
{
    ngx_int_t               rc;
    ngx_chain_t            *out, *cl;
    ngx_http_model_text_t   text;

    if (ngx_http_model_metrics_gather(r, &text) != NGX_OK) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    out = ngx_http_model_metrics_text(&text, r->pool);
    if (out == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    r->headers_out.status = NGX_HTTP_OK;
    r->headers_out.content_length_n = 0;

    for (cl = out; cl; cl = cl->next) {
        r->headers_out.content_length_n += cl->buf->last - cl->buf->pos;
    }

    ngx_str_set(&r->headers_out.content_type,
                "text/plain; version=0.0.4; charset=utf-8");
    r->headers_out.content_type_len = sizeof("text/plain") - 1;
    r->headers_out.content_type_lowcase = NULL;

    rc = ngx_http_send_header(r);

    if (rc == NGX_ERROR || rc > NGX_OK || r->header_only) {
        return rc;
    }

    return ngx_http_output_filter(r, out);
}


static ngx_int_t
ngx_http_model_metrics_gather(ngx_http_request_t *r,
    ngx_http_model_text_t *text)
{
    ngx_uint_t                         i;
    ngx_http_model_vendor_t          **vendor;
    ngx_http_model_main_conf_t        *mmcf;
    ngx_http_model_metrics_gather_t    gather;

    mmcf = ngx_http_get_module_main_conf(r, ngx_http_model_module);

    ngx_memzero(&gather, sizeof(ngx_http_model_metrics_gather_t));

    gather.pool = r->pool;
    gather.servers = ngx_array_create(r->pool, 8,
                                      sizeof(ngx_http_model_text_server_t));

    text->servers = gather.servers;
    text->nginx = NGINX_VERSION;
    text->generation = 0;

    if (mmcf->views.metrics == NULL) {

        /* no vendor */

        text->models = ngx_array_create(r->pool, 1,
                                     sizeof(ngx_http_model_metrics_model_t));

        return (text->models && text->servers) ? NGX_OK : NGX_ERROR;
    }

    gather.catalogue = mmcf->views.catalogue;
    gather.view = ngx_http_model_view(&mmcf->views, r->connection->log);
    gather.health = ngx_http_model_health_read(gather.catalogue, r->pool);
    gather.counts = ngx_http_model_metrics_servers(mmcf->views.metrics,
                                                   r->pool);

    text->models = ngx_http_model_metrics_models(mmcf->views.metrics, r->pool);
    text->generation = ngx_http_model_catalogue_generation(gather.catalogue);

    if (gather.servers == NULL || gather.health == NULL
        || gather.counts == NULL || text->models == NULL)
    {
        return NGX_ERROR;
    }

    vendor = mmcf->ranked.elts;

    for (i = 0; i < mmcf->ranked.nelts; i++) {

        if (ngx_http_model_metrics_vendor(&gather, vendor[i]) != NGX_OK) {
            return NGX_ERROR;
        }
    }

    return NGX_OK;
}


static ngx_int_t
ngx_http_model_metrics_vendor(ngx_http_model_metrics_gather_t *gather,
    ngx_http_model_vendor_t *vendor)
{
    ngx_uint_t                        i, k;
    ngx_array_t                      *peers;
    ngx_http_model_peer_t            *peer;
    ngx_http_model_text_server_t     *server;
    ngx_http_model_metrics_server_t  *counts;

    peers = ngx_http_model_peers(vendor, gather->pool);
    if (peers == NULL) {
        return NGX_ERROR;
    }

    peer = peers->elts;
    counts = gather->counts->elts;

    for (i = 0; i < peers->nelts; i++) {

        server = ngx_array_push(gather->servers);
        if (server == NULL) {
            return NGX_ERROR;
        }

        ngx_memzero(server, sizeof(ngx_http_model_text_server_t));

        server->vendor = vendor->id;
        server->server = peer[i].name;

        ngx_http_model_metrics_facts(gather, vendor, server);
        ngx_http_model_metrics_health(gather, server);

        for (k = 0; k < gather->counts->nelts; k++) {

            if (ngx_http_model_metrics_same(&counts[k].vendor, &server->vendor)
                && ngx_http_model_metrics_same(&counts[k].server,
                                               &server->server))
            {
                server->counts = &counts[k];
                break;
            }
        }
    }

    return NGX_OK;
}


static void
ngx_http_model_metrics_facts(ngx_http_model_metrics_gather_t *gather,
    ngx_http_model_vendor_t *vendor, ngx_http_model_text_server_t *server)
{
    ngx_http_model_server_t            *known;
    ngx_http_model_catalogue_server_t   facts;

    server->age = -1;

    known = ngx_http_model_view_server(gather->view, vendor, &server->server);

    if (known == NULL) {
        return;
    }

    /* the times of this moment, where it has not gone meanwhile */

    facts = known->facts;

    (void) ngx_http_model_catalogue_times(gather->catalogue, &facts);

    server->state = facts.state;
    server->reason = facts.reason;

    if (facts.listed) {
        server->age = ngx_max(ngx_time() - facts.listed, 0);
        server->models = known->nlisted;
    }
}


static void
ngx_http_model_metrics_health(ngx_http_model_metrics_gather_t *gather,
    ngx_http_model_text_server_t *server)
{
    ngx_uint_t                i;
    ngx_http_model_health_t  *health;

    health = gather->health->elts;

    for (i = 0; i < gather->health->nelts; i++) {

        if (!ngx_http_model_metrics_same(&health[i].vendor, &server->vendor)
            || !ngx_http_model_metrics_same(&health[i].server,
                                            &server->server))
        {
            continue;
        }

        if (health[i].model.len) {
            server->cooling++;
            continue;
        }

        server->failures = health[i].failures;
        server->breaker = health[i].breaker;
        server->cooldown = health[i].left;
    }
}


static ngx_uint_t
ngx_http_model_metrics_same(ngx_str_t *a, ngx_str_t *b)
{
    return a->len == b->len && ngx_memcmp(a->data, b->data, a->len) == 0;
}
