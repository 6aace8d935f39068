
/*
 * Copyright (C) the ngx_http_model_module authors
 */


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "ngx_http_model_balancer.h"
#include "ngx_http_model_health.h"
#include "ngx_http_model_listing.h"
#include "ngx_http_model_peers.h"
#include "ngx_http_model_status_api.h"


/* a vendor, and where its models stand in the view */

typedef struct {
    ngx_http_model_vendor_t    *vendor;
    ngx_http_model_model_t     *models;
    ngx_uint_t                  nmodels;
} ngx_http_model_status_vendor_t;


static ngx_int_t ngx_http_model_status_vendor(ngx_http_model_status_api_t *api,
    ngx_http_model_status_vendor_t *sv);
static void ngx_http_model_status_find_models(ngx_http_model_view_t *view,
    ngx_http_model_status_vendor_t *sv);
static void ngx_http_model_status_dialects(ngx_http_model_json_writer_t *w,
    ngx_http_model_vendor_t *vendor);
static void ngx_http_model_status_queue(ngx_http_model_status_api_t *api,
    ngx_http_model_vendor_t *vendor, ngx_http_model_balancer_conf_t *bcf);
static void ngx_http_model_status_server(ngx_http_model_status_api_t *api,
    ngx_http_model_status_vendor_t *sv, ngx_http_model_peer_t *peer);
static void ngx_http_model_status_facts(ngx_http_model_json_writer_t *w,
    ngx_http_model_catalogue_server_t *facts);
static void ngx_http_model_status_has(ngx_http_model_status_api_t *api,
    ngx_http_model_status_vendor_t *sv, ngx_http_model_server_t *server);
static void ngx_http_model_status_health(ngx_http_model_status_api_t *api,
    ngx_http_model_vendor_t *vendor, ngx_str_t *server);
static void ngx_http_model_status_cooldowns(ngx_http_model_status_api_t *api,
    ngx_http_model_vendor_t *vendor, ngx_str_t *server);
static void ngx_http_model_status_tries(ngx_http_model_status_api_t *api,
    ngx_http_model_vendor_t *vendor, ngx_str_t *server);
static ngx_uint_t ngx_http_model_status_same(ngx_str_t *a, ngx_str_t *b);


static const char  *ngx_http_model_status_dialect_names[] = {
    "ollama",
    "openai",
    "anthropic"
};


static const char  *ngx_http_model_status_states[] = {
    "unknown",
    "up",
    "down"
};


static const char  *ngx_http_model_status_breakers[] = {
    "closed",
    "open",
    "half_open"
};


ngx_int_t
ngx_http_model_status_vendors(ngx_http_model_status_api_t *api)
{
    ngx_uint_t                       i;
    ngx_http_model_vendor_t        **vendor;
    ngx_http_model_status_vendor_t   sv;

    ngx_http_model_json_key(api->w, "vendors");
    ngx_http_model_json_array(api->w);

    vendor = api->mmcf->ranked.elts;

    for (i = 0; i < api->mmcf->ranked.nelts; i++) {

        sv.vendor = vendor[i];

        ngx_http_model_status_find_models(api->view, &sv);

        if (ngx_http_model_status_vendor(api, &sv) != NGX_OK) {
            return NGX_ERROR;
        }
    }

    ngx_http_model_json_array_end(api->w);

    return NGX_OK;
}


static ngx_int_t
ngx_http_model_status_vendor(ngx_http_model_status_api_t *api,
    ngx_http_model_status_vendor_t *sv)
{
    ngx_uint_t                       i;
    ngx_array_t                     *peers;
    ngx_http_model_peer_t           *peer;
    ngx_http_model_vendor_t         *vendor;
    ngx_http_model_json_writer_t    *w;
    ngx_http_model_balancer_conf_t  *bcf;

    w = api->w;
    vendor = sv->vendor;

    peers = ngx_http_model_peers(vendor, api->request->pool);
    if (peers == NULL) {
        return NGX_ERROR;
    }

    bcf = ngx_http_model_balancer_conf(vendor->upstream);

    ngx_http_model_json_object(w);

    ngx_http_model_listing_member(w, "id", &vendor->id);
    ngx_http_model_listing_member(w, "label", &vendor->label);
    ngx_http_model_status_word(w, "hosting",
                               vendor->hosting == NGX_HTTP_MODEL_HOSTING_LOCAL
                               ? "local" : "cloud");
    ngx_http_model_status_dialects(w, vendor);
    ngx_http_model_listing_member(w, "url", &vendor->url);
    ngx_http_model_status_word(w, "key",
                               vendor->key.type == NGX_HTTP_MODEL_KEY_VALUE
                               ? "set"
                               : vendor->key.type == NGX_HTTP_MODEL_KEY_CLIENT
                               ? "client" : "off");
    ngx_http_model_status_bool(w, "prefix", vendor->prefix);
    ngx_http_model_status_bool(w, "discover", vendor->discover);
    ngx_http_model_status_int(w, "interval_ms",
                              vendor->discover ? (int64_t) vendor->interval
                                               : -1);
    ngx_http_model_status_int(w, "timeout_ms", vendor->timeout);
    ngx_http_model_status_bool(w, "aware", bcf && bcf->aware);
    ngx_http_model_status_bool(w, "warm", bcf && bcf->warm);
    ngx_http_model_status_queue(api, vendor, bcf);
    ngx_http_model_status_int(w, "models", sv->nmodels);

    ngx_http_model_json_key(w, "servers");
    ngx_http_model_json_array(w);

    peer = peers->elts;

    for (i = 0; i < peers->nelts; i++) {
        ngx_http_model_status_server(api, sv, &peer[i]);
    }

    ngx_http_model_json_array_end(w);
    ngx_http_model_json_object_end(w);

    return NGX_OK;
}


/* those of one vendor stand together */

static void
ngx_http_model_status_find_models(ngx_http_model_view_t *view,
    ngx_http_model_status_vendor_t *sv)
{
    ngx_uint_t               i;
    ngx_http_model_model_t  *model;

    model = view->models.elts;

    for (i = 0; i < view->models.nelts; i++) {
        if (model[i].vendor == sv->vendor) {
            break;
        }
    }

    sv->models = model + i;
    sv->nmodels = 0;

    while (i < view->models.nelts && model[i].vendor == sv->vendor) {
        sv->nmodels++;
        i++;
    }
}


static void
ngx_http_model_status_dialects(ngx_http_model_json_writer_t *w,
    ngx_http_model_vendor_t *vendor)
{
    ngx_uint_t  i;

    ngx_http_model_json_key(w, "dialects");
    ngx_http_model_json_array(w);

    for (i = 0; i < NGX_HTTP_MODEL_NDIALECTS; i++) {
        if (vendor->dialects & ngx_http_model_dialect_bit(i)) {
            ngx_http_model_json_cstr(w,
                                     ngx_http_model_status_dialect_names[i]);
        }
    }

    ngx_http_model_json_array_end(w);
}


static void
ngx_http_model_status_queue(ngx_http_model_status_api_t *api,
    ngx_http_model_vendor_t *vendor, ngx_http_model_balancer_conf_t *bcf)
{
    ngx_uint_t                       i, waiting;
    ngx_http_model_json_writer_t    *w;
    ngx_http_model_metrics_model_t  *model;

    w = api->w;

    ngx_http_model_json_key(w, "queue");

    if (bcf == NULL || bcf->queue == 0) {
        ngx_http_model_json_null(w);
        return;
    }

    /* of all workers */

    waiting = 0;
    model = api->models->elts;

    for (i = 0; i < api->models->nelts; i++) {
        if (ngx_http_model_status_same(&model[i].vendor, &vendor->id)) {
            waiting += model[i].waiting;
        }
    }

    ngx_http_model_json_object(w);
    ngx_http_model_status_int(w, "size", bcf->queue);
    ngx_http_model_status_int(w, "timeout_ms", bcf->timeout);
    ngx_http_model_status_int(w, "length", waiting);
    ngx_http_model_json_object_end(w);
}


static void
ngx_http_model_status_server(ngx_http_model_status_api_t *api,
    ngx_http_model_status_vendor_t *sv, ngx_http_model_peer_t *peer)
{
    ngx_http_model_server_t            *server;
    ngx_http_model_json_writer_t       *w;
    ngx_http_model_catalogue_server_t   facts;

    w = api->w;

    server = ngx_http_model_view_server(api->view, sv->vendor, &peer->name);

    if (server) {

        /* the times of this moment, where it has not gone meanwhile */

        facts = server->facts;

        (void) ngx_http_model_catalogue_times(api->mmcf->views.catalogue,
                                              &facts);

    } else {
        ngx_memzero(&facts, sizeof(ngx_http_model_catalogue_server_t));
    }

    ngx_http_model_json_object(w);

    ngx_http_model_listing_member(w, "name", &peer->name);
    ngx_http_model_listing_member(w, "address", &peer->server);
    ngx_http_model_status_facts(w, &facts);
    ngx_http_model_status_has(api, sv, server);
    ngx_http_model_status_health(api, sv->vendor, &peer->name);

    ngx_http_model_status_tries(api, sv->vendor, &peer->name);
    ngx_http_model_status_int(w, "max_conns", peer->max_conns
                              ? (int64_t) peer->max_conns : -1);
    ngx_http_model_status_int(w, "weight", peer->weight);
    ngx_http_model_status_bool(w, "backup", peer->backup);
    ngx_http_model_status_bool(w, "down", peer->down);

    ngx_http_model_json_object_end(w);
}


static void
ngx_http_model_status_facts(ngx_http_model_json_writer_t *w,
    ngx_http_model_catalogue_server_t *facts)
{
    ngx_http_model_status_word(w, "state",
                               ngx_http_model_status_states[facts->state]);
    ngx_http_model_listing_or_null(w, "reason", &facts->reason);
    ngx_http_model_status_time(w, "since", facts->since);
    ngx_http_model_status_time(w, "checked", facts->checked);
    ngx_http_model_status_time(w, "listed", facts->listed);
    ngx_http_model_status_int(w, "list_age_s", facts->listed
                             ? ngx_max(ngx_time() - facts->listed, 0) : -1);
    ngx_http_model_listing_or_null(w, "version", &facts->version);
}


static void
ngx_http_model_status_has(ngx_http_model_status_api_t *api,
    ngx_http_model_status_vendor_t *sv, ngx_http_model_server_t *server)
{
    ngx_uint_t                     i, n;
    ngx_http_model_json_writer_t  *w;

    n = 0;
    w = api->w;

    ngx_http_model_json_key(w, "loaded");
    ngx_http_model_json_array(w);

    for (i = 0; server && i < sv->nmodels; i++) {

        n += ngx_http_model_view_has(api->view, &sv->models[i], server);

        if (ngx_http_model_view_loaded(api->view, &sv->models[i], server)) {
            ngx_http_model_json_str(w, &sv->models[i].name);
        }
    }

    ngx_http_model_json_array_end(w);

    ngx_http_model_status_int(w, "models", n);
}


static void
ngx_http_model_status_health(ngx_http_model_status_api_t *api,
    ngx_http_model_vendor_t *vendor, ngx_str_t *server)
{
    ngx_uint_t                     i, failures, breaker;
    ngx_msec_t                     left;
    ngx_http_model_health_t       *health;
    ngx_http_model_json_writer_t  *w;

    w = api->w;

    left = 0;
    failures = 0;
    breaker = NGX_HTTP_MODEL_BREAKER_CLOSED;

    health = api->health ? api->health->elts : NULL;

    for (i = 0; health && i < api->health->nelts; i++) {

        if (health[i].model.len == 0
            && ngx_http_model_status_same(&health[i].vendor, &vendor->id)
            && ngx_http_model_status_same(&health[i].server, server))
        {
            left = health[i].left;
            failures = health[i].failures;
            breaker = health[i].breaker;
            break;
        }
    }

    ngx_http_model_status_word(w, "breaker",
                               ngx_http_model_status_breakers[breaker]);
    ngx_http_model_status_int(w, "left_ms", left);
    ngx_http_model_status_int(w, "failures", failures);
    ngx_http_model_status_cooldowns(api, vendor, server);
}


/* models that only this server is to be left alone with */

static void
ngx_http_model_status_cooldowns(ngx_http_model_status_api_t *api,
    ngx_http_model_vendor_t *vendor, ngx_str_t *server)
{
    ngx_uint_t                     i;
    ngx_http_model_health_t       *health;
    ngx_http_model_json_writer_t  *w;

    w = api->w;

    ngx_http_model_json_key(w, "cooldowns");
    ngx_http_model_json_array(w);

    health = api->health ? api->health->elts : NULL;

    for (i = 0; health && i < api->health->nelts; i++) {

        if (health[i].model.len == 0
            || !ngx_http_model_status_same(&health[i].vendor, &vendor->id)
            || !ngx_http_model_status_same(&health[i].server, server))
        {
            continue;
        }

        ngx_http_model_json_object(w);
        ngx_http_model_listing_member(w, "model", &health[i].model);
        ngx_http_model_status_word(w, "breaker",
                           ngx_http_model_status_breakers[health[i].breaker]);
        ngx_http_model_status_int(w, "left_ms", health[i].left);
        ngx_http_model_json_object_end(w);
    }

    ngx_http_model_json_array_end(w);
}


static void
ngx_http_model_status_tries(ngx_http_model_status_api_t *api,
    ngx_http_model_vendor_t *vendor, ngx_str_t *server)
{
    ngx_uint_t                        i;
    ngx_http_model_json_writer_t     *w;
    ngx_http_model_metrics_server_t  *counts, none;

    w = api->w;

    ngx_memzero(&none, sizeof(ngx_http_model_metrics_server_t));

    counts = api->servers->elts;

    for (i = 0; i < api->servers->nelts; i++) {

        if (ngx_http_model_status_same(&counts[i].vendor, &vendor->id)
            && ngx_http_model_status_same(&counts[i].server, server))
        {
            break;
        }
    }

    counts = (i < api->servers->nelts) ? &counts[i] : &none;

    ngx_http_model_status_int(w, "in_flight", counts->in_flight);
    ngx_http_model_status_int(w, "tries", counts->tries);
    ngx_http_model_status_int(w, "failed", counts->failures);
    ngx_http_model_status_int(w, "time_ms", counts->time);
}


static ngx_uint_t
ngx_http_model_status_same(ngx_str_t *a, ngx_str_t *b)
{
    return a->len == b->len && ngx_memcmp(a->data, b->data, a->len) == 0;
}
