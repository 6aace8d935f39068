
/*
 * Copyright (C) the ngx_http_model_module authors
 */


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "ngx_http_model_discover.h"
#include "ngx_http_model_discover_run.h"
#include "ngx_http_model_health.h"
#include "ngx_http_model_peers.h"


/* milliseconds */

#define NGX_HTTP_MODEL_DISCOVER_TICK    250    /* marks of other workers */
#define NGX_HTTP_MODEL_DISCOVER_RELOAD  60000  /* facts outlive a reload */

/* ticks after the start in which workers of the cycle before may still run */

#define NGX_HTTP_MODEL_DISCOVER_HEAL    40


typedef struct {
    ngx_http_model_discover_t      *discover;
    ngx_array_t                   **peers;     /* by the order of the jobs */
} ngx_http_model_discover_prune_t;


static ngx_int_t ngx_http_model_discover_add_jobs(ngx_cycle_t *cycle,
    ngx_http_model_discover_t *d);
static void ngx_http_model_discover_start(ngx_http_model_discover_t *d);
static ngx_msec_t ngx_http_model_discover_delay(
    ngx_http_model_discover_job_t *job);
static ngx_msec_t ngx_http_model_discover_age(
    ngx_http_model_discover_job_t *job, ngx_array_t *peers);
static void ngx_http_model_discover_tick_handler(ngx_event_t *ev);
static void ngx_http_model_discover_heal(ngx_http_model_discover_t *d);
static void ngx_http_model_discover_new(ngx_http_model_discover_job_t *job);
static void ngx_http_model_discover_timer_handler(ngx_event_t *ev);
static void ngx_http_model_discover_job(ngx_http_model_discover_job_t *job,
    ngx_uint_t wanted);
static void ngx_http_model_discover_announce(
    ngx_http_model_discover_job_t *job, ngx_str_t *name);
static ngx_uint_t ngx_http_model_discover_stale(ngx_http_model_view_t *view,
    ngx_http_model_vendor_t *vendor, ngx_array_t *peers);
static void ngx_http_model_discover_prune(ngx_http_model_discover_t *d);
static ngx_uint_t ngx_http_model_discover_prune_keep(ngx_str_t *vendor,
    ngx_str_t *server, void *data);
static ngx_uint_t ngx_http_model_discover_prune_keep_health(ngx_str_t *vendor,
    ngx_str_t *server, void *data);
static ngx_http_model_peer_t *ngx_http_model_discover_prune_peer(
    ngx_http_model_discover_prune_t *prune, ngx_str_t *vendor,
    ngx_str_t *server, ngx_http_model_vendor_t **found);


ngx_int_t
ngx_http_model_discover_init(ngx_cycle_t *cycle, ngx_http_model_views_t *views)
{
    ngx_http_model_discover_t  *d;

    if (ngx_process != NGX_PROCESS_WORKER && ngx_process != NGX_PROCESS_SINGLE)
    {
        return NGX_OK;
    }

    d = ngx_pcalloc(cycle->pool, sizeof(ngx_http_model_discover_t));
    if (d == NULL) {
        return NGX_ERROR;
    }

    d->views = views;
    d->log = *cycle->log;

    ngx_queue_init(&d->runs);
    ngx_queue_init(&d->queue);

    if (ngx_http_model_discover_add_jobs(cycle, d) != NGX_OK) {
        return NGX_ERROR;
    }

    views->discover = d;

    if (ngx_process == NGX_PROCESS_SINGLE || ngx_worker == 0) {
        ngx_http_model_discover_start(d);
    }

    return NGX_OK;
}


static ngx_int_t
ngx_http_model_discover_add_jobs(ngx_cycle_t *cycle,
    ngx_http_model_discover_t *d)
{
    ngx_uint_t                       i;
    ngx_array_t                     *vendors;
    ngx_http_model_vendor_t        **vendor;
    ngx_http_model_discover_job_t   *job;

    vendors = d->views->vendors;

    /* the array never grows: the events in it keep their place */

    if (ngx_array_init(&d->jobs, cycle->pool, ngx_max(vendors->nelts, 1),
                       sizeof(ngx_http_model_discover_job_t))
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    vendor = vendors->elts;

    for (i = 0; i < vendors->nelts; i++) {

        job = ngx_array_push(&d->jobs);
        if (job == NULL) {
            return NGX_ERROR;
        }

        ngx_memzero(job, sizeof(ngx_http_model_discover_job_t));

        job->discover = d;
        job->vendor = vendor[i];

        job->timer.handler = ngx_http_model_discover_timer_handler;
        job->timer.data = job;
        job->timer.log = &d->log;
        job->timer.cancelable = 1;

        ngx_http_model_discover_load_init(job);
    }

    return NGX_OK;
}


static void
ngx_http_model_discover_start(ngx_http_model_discover_t *d)
{
    ngx_uint_t                      i;
    ngx_http_model_discover_job_t  *job;

    if (d->jobs.nelts == 0) {
        return;
    }

    d->tick.handler = ngx_http_model_discover_tick_handler;
    d->tick.data = d;
    d->tick.log = &d->log;
    d->tick.cancelable = 1;

    ngx_add_timer(&d->tick, NGX_HTTP_MODEL_DISCOVER_TICK);

    job = d->jobs.elts;

    for (i = 0; i < d->jobs.nelts; i++) {

        if (job[i].vendor->discover) {
            ngx_add_timer(&job[i].timer,
                          ngx_http_model_discover_delay(&job[i]));
        }

        ngx_http_model_discover_load_start(&job[i]);
    }
}


/* milliseconds to the first run: at once, or later where a reload kept facts */

static ngx_msec_t
ngx_http_model_discover_delay(ngx_http_model_discover_job_t *job)
{
    ngx_pool_t   *pool;
    ngx_msec_t    delay, age, interval;
    ngx_array_t  *peers;

    delay = 1;
    interval = job->vendor->interval;

    pool = ngx_create_pool(4096, &job->discover->log);
    if (pool == NULL) {
        return delay;
    }

    peers = ngx_http_model_peers(job->vendor, pool);

    if (peers) {
        age = ngx_http_model_discover_age(job, peers);

        if (age < interval / 2 && age < NGX_HTTP_MODEL_DISCOVER_RELOAD) {
            delay = ngx_min(interval - age, NGX_HTTP_MODEL_DISCOVER_RELOAD);
        }
    }

    ngx_destroy_pool(pool);

    return delay;
}


/* milliseconds since the least recent answer; the most when one is lacking */

static ngx_msec_t
ngx_http_model_discover_age(ngx_http_model_discover_job_t *job,
    ngx_array_t *peers)
{
    time_t                    now, oldest;
    ngx_uint_t                i;
    ngx_http_model_view_t    *view;
    ngx_http_model_peer_t    *peer;
    ngx_http_model_server_t  *server;

    view = ngx_http_model_view(job->discover->views, &job->discover->log);

    now = ngx_time();
    oldest = now;

    peer = peers->elts;

    for (i = 0; i < peers->nelts; i++) {

        if (peer[i].down) {
            continue;
        }

        server = ngx_http_model_view_server(view, job->vendor, &peer[i].name);

        if (server == NULL
            || server->facts.state != NGX_HTTP_MODEL_SERVER_UP)
        {
            return NGX_MAX_INT32_VALUE;
        }

        oldest = ngx_min(oldest, server->facts.checked);
    }

    if (now - oldest > NGX_HTTP_MODEL_DISCOVER_RELOAD / 1000) {
        return NGX_MAX_INT32_VALUE;
    }

    return (ngx_msec_t) (now - oldest) * 1000;
}


static void
ngx_http_model_discover_tick_handler(ngx_event_t *ev)
{
    ngx_uint_t                      i, config;
    ngx_http_model_discover_t      *d;
    ngx_http_model_discover_job_t  *job;

    if (ngx_http_model_discover_stopping()) {
        return;
    }

    d = ev->data;

    ngx_add_timer(ev, NGX_HTTP_MODEL_DISCOVER_TICK);

    if (d->ticks++ == 0) {
        ngx_http_model_discover_prune(d);

    } else if (d->ticks < NGX_HTTP_MODEL_DISCOVER_HEAL) {
        ngx_http_model_discover_heal(d);
    }

    job = d->jobs.elts;

    for (i = 0; i < d->jobs.nelts; i++) {

        config = ngx_http_model_peers_state(job[i].vendor);

        if (config != job[i].config) {
            job[i].config = config;
            ngx_http_model_discover_new(&job[i]);
        }

        if (job[i].vendor->discover
            && ngx_http_model_catalogue_wanted(d->views->catalogue,
                                               &job[i].vendor->id))
        {
            ngx_http_model_discover_job(&job[i], 1);
        }

        ngx_http_model_discover_load_tick(&job[i]);
    }
}


/*
 * While reloads follow closely, the worker of the cycle before may prune what
 * was just learnt of servers that are new to it: those are asked again.
 */

static void
ngx_http_model_discover_heal(ngx_http_model_discover_t *d)
{
    ngx_uint_t                      i, generation;
    ngx_http_model_discover_job_t  *job;

    generation = ngx_http_model_catalogue_generation(d->views->catalogue);

    if (generation == d->generation) {
        return;
    }

    d->generation = generation;

    job = d->jobs.elts;

    for (i = 0; i < d->jobs.nelts; i++) {
        ngx_http_model_discover_new(&job[i]);
    }
}


/* asks the servers of which the catalogue knows nothing */

static void
ngx_http_model_discover_new(ngx_http_model_discover_job_t *job)
{
    ngx_uint_t                  i;
    ngx_pool_t                 *pool;
    ngx_array_t                *peers;
    ngx_http_model_view_t      *view;
    ngx_http_model_peer_t      *peer;
    ngx_http_model_discover_t  *d;

    if (!job->vendor->discover) {
        return;
    }

    d = job->discover;

    pool = ngx_create_pool(4096, &d->log);
    if (pool == NULL) {
        return;
    }

    view = ngx_http_model_view(d->views, &d->log);
    peers = ngx_http_model_peers(job->vendor, pool);

    if (peers == NULL) {
        goto done;
    }

    peer = peers->elts;

    for (i = 0; i < peers->nelts; i++) {

        if (!peer[i].down
            && ngx_http_model_view_server(view, job->vendor, &peer[i].name)
               == NULL)
        {
            ngx_http_model_discover_announce(job, &peer[i].name);
            ngx_http_model_discover_run(job, &peer[i], view, 1);
        }
    }

done:

    ngx_destroy_pool(pool);
}


static void
ngx_http_model_discover_timer_handler(ngx_event_t *ev)
{
    ngx_http_model_discover_job_t  *job;

    if (ngx_http_model_discover_stopping()) {
        return;
    }

    job = ev->data;

    ngx_add_timer(ev, ngx_http_model_discover_jitter(job->vendor->interval));

    ngx_http_model_discover_job(job, 0);
}


static void
ngx_http_model_discover_job(ngx_http_model_discover_job_t *job,
    ngx_uint_t wanted)
{
    ngx_uint_t                  i;
    ngx_pool_t                 *pool;
    ngx_array_t                *peers;
    ngx_http_model_view_t      *view;
    ngx_http_model_peer_t      *peer;
    ngx_http_model_discover_t  *d;

    d = job->discover;

    pool = ngx_create_pool(4096, &d->log);
    if (pool == NULL) {
        return;
    }

    peers = ngx_http_model_peers(job->vendor, pool);

    if (peers) {
        view = ngx_http_model_view(d->views, &d->log);
        peer = peers->elts;

        for (i = 0; i < peers->nelts; i++) {

            if (peer[i].down) {
                continue;
            }

            if (ngx_http_model_view_server(view, job->vendor, &peer[i].name)
                == NULL)
            {
                ngx_http_model_discover_announce(job, &peer[i].name);
            }

            ngx_http_model_discover_run(job, &peer[i], view, wanted);
        }

        if (view && ngx_http_model_discover_stale(view, job->vendor, peers)) {

            /* the first time it may be a server of the next cycle */

            if (job->stale) {
                ngx_http_model_discover_prune(d);
            }

            job->stale = !job->stale;

        } else {
            job->stale = 0;
        }
    }

    ngx_destroy_pool(pool);
}


/* all servers stand there before the first answers: who waits, waits for all */

static void
ngx_http_model_discover_announce(ngx_http_model_discover_job_t *job,
    ngx_str_t *name)
{
    ngx_http_model_catalogue_server_t  facts;

    ngx_memzero(&facts, sizeof(ngx_http_model_catalogue_server_t));

    facts.vendor = job->vendor->id;
    facts.server = *name;
    facts.state = NGX_HTTP_MODEL_SERVER_UNKNOWN;

    (void) ngx_http_model_catalogue_update(job->discover->views->catalogue,
                                           &facts, &job->discover->log);
}


/* 1 when the catalogue has a server that the vendor has not */

static ngx_uint_t
ngx_http_model_discover_stale(ngx_http_model_view_t *view,
    ngx_http_model_vendor_t *vendor, ngx_array_t *peers)
{
    ngx_uint_t                i, n;
    ngx_http_model_peer_t    *peer;
    ngx_http_model_server_t  *server;

    n = 0;
    server = view->servers.elts;

    for (i = 0; i < view->servers.nelts; i++) {

        if (server[i].vendor == vendor) {
            n++;
        }
    }

    peer = peers->elts;

    for (i = 0; i < peers->nelts; i++) {

        if (!peer[i].down
            && ngx_http_model_view_server(view, vendor, &peer[i].name))
        {
            n--;
        }
    }

    return n != 0;
}


static void
ngx_http_model_discover_prune(ngx_http_model_discover_t *d)
{
    ngx_uint_t                        i;
    ngx_pool_t                       *pool;
    ngx_http_model_discover_job_t    *job;
    ngx_http_model_discover_prune_t   prune;

    pool = ngx_create_pool(4096, &d->log);
    if (pool == NULL) {
        return;
    }

    prune.discover = d;
    prune.peers = ngx_pcalloc(pool, d->jobs.nelts * sizeof(ngx_array_t *));

    if (prune.peers == NULL) {
        goto done;
    }

    job = d->jobs.elts;

    for (i = 0; i < d->jobs.nelts; i++) {

        prune.peers[i] = ngx_http_model_peers(job[i].vendor, pool);

        if (prune.peers[i] == NULL) {
            goto done;
        }
    }

    ngx_http_model_catalogue_prune(d->views->catalogue,
                                   ngx_http_model_discover_prune_keep, &prune);

    ngx_http_model_health_prune(d->views->catalogue,
                                ngx_http_model_discover_prune_keep_health,
                                &prune);

done:

    ngx_destroy_pool(pool);
}


static ngx_uint_t
ngx_http_model_discover_prune_keep(ngx_str_t *vendor, ngx_str_t *server,
    void *data)
{
    ngx_http_model_peer_t    *peer;
    ngx_http_model_vendor_t  *found;

    peer = ngx_http_model_discover_prune_peer(data, vendor, server, &found);

    return peer != NULL && !peer->down && found->discover;
}


/* requests go to servers of vendors without discovery, too */

static ngx_uint_t
ngx_http_model_discover_prune_keep_health(ngx_str_t *vendor,
    ngx_str_t *server, void *data)
{
    ngx_http_model_vendor_t  *found;

    return ngx_http_model_discover_prune_peer(data, vendor, server, &found)
           != NULL;
}


static ngx_http_model_peer_t *
ngx_http_model_discover_prune_peer(ngx_http_model_discover_prune_t *prune,
    ngx_str_t *vendor, ngx_str_t *server, ngx_http_model_vendor_t **found)
{
    ngx_uint_t                      i, n;
    ngx_http_model_peer_t          *peer;
    ngx_http_model_discover_job_t  *job;

    job = prune->discover->jobs.elts;

    for (i = 0; i < prune->discover->jobs.nelts; i++) {

        if (job[i].vendor->id.len != vendor->len
            || ngx_memcmp(job[i].vendor->id.data, vendor->data, vendor->len)
               != 0)
        {
            continue;
        }

        peer = prune->peers[i]->elts;

        for (n = 0; n < prune->peers[i]->nelts; n++) {

            if (peer[n].name.len == server->len
                && ngx_memcmp(peer[n].name.data, server->data, server->len)
                   == 0)
            {
                *found = job[i].vendor;
                return &peer[n];
            }
        }
    }

    return NULL;
}
