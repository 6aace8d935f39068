
/*
 * Copyright (C) the ngx_http_model_module authors
 */


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "ngx_http_model_discover.h"
#include "ngx_http_model_discover_run.h"
#include "ngx_http_model_peers.h"
#include "ngx_http_model_reading.h"


/* milliseconds */

#define NGX_HTTP_MODEL_DISCOVER_FRESH   2000   /* what is loaded is known */
#define NGX_HTTP_MODEL_DISCOVER_WARM    3000   /* asked for without need */
#define NGX_HTTP_MODEL_DISCOVER_REST    500    /* between two marks */
#define NGX_HTTP_MODEL_DISCOVER_PATIENCE  2000 /* with a server, unasked */


/* which servers are asked */

typedef enum {
    NGX_HTTP_MODEL_DISCOVER_OLD = 0,  /* of which is known what is old */
    NGX_HTTP_MODEL_DISCOVER_ALL,
    NGX_HTTP_MODEL_DISCOVER_AGAIN     /* all, and once more those that are
                                         being asked, when they answered */
} ngx_http_model_discover_which_e;


/* one server that is being asked, in the pool of the fetch */

typedef struct {
    ngx_queue_t                     queue;
    ngx_http_model_discover_job_t  *job;
    ngx_http_model_peer_t           peer;
    unsigned                        again:1;
} ngx_http_model_discover_load_t;


typedef struct {
    ngx_queue_t                     queue;
    ngx_pool_t                     *pool;
    ngx_event_t                     timer;
    void                          (*done)(void *data);
    void                           *data;
} ngx_http_model_discover_waiter_t;


static ngx_uint_t ngx_http_model_discover_load_asks(
    ngx_http_model_vendor_t *vendor);
static void ngx_http_model_discover_warm_handler(ngx_event_t *ev);
static void ngx_http_model_discover_load(ngx_http_model_discover_job_t *job,
    ngx_msec_t timeout, ngx_http_model_discover_which_e which);
static ngx_uint_t ngx_http_model_discover_load_old(
    ngx_http_model_server_t *server);
static ngx_http_model_discover_load_t *ngx_http_model_discover_load_find(
    ngx_http_model_discover_job_t *job, ngx_str_t *name);
static void ngx_http_model_discover_load_peer(
    ngx_http_model_discover_job_t *job, ngx_http_model_peer_t *peer,
    ngx_msec_t timeout);
static void ngx_http_model_discover_load_handler(void *data,
    ngx_http_model_fetch_t *fetch);
static void ngx_http_model_discover_load_done(
    ngx_http_model_discover_job_t *job);
static ngx_int_t ngx_http_model_discover_wait(
    ngx_http_model_discover_job_t *job, ngx_msec_t timeout,
    void (*done)(void *data), void *data);
static void ngx_http_model_discover_wake(
    ngx_http_model_discover_waiter_t *waiter);
static void ngx_http_model_discover_waiter_handler(ngx_event_t *ev);


void
ngx_http_model_discover_load_init(ngx_http_model_discover_job_t *job)
{
    ngx_queue_init(&job->loads);
    ngx_queue_init(&job->waiters);

    job->warm.handler = ngx_http_model_discover_warm_handler;
    job->warm.data = job;
    job->warm.log = &job->discover->log;
    job->warm.cancelable = 1;
}


void
ngx_http_model_discover_load_start(ngx_http_model_discover_job_t *job)
{
    if (job->vendor->warm && ngx_http_model_discover_load_asks(job->vendor)) {
        ngx_add_timer(&job->warm, ngx_http_model_discover_jitter(
                                      NGX_HTTP_MODEL_DISCOVER_WARM));
    }
}


/* 1 when the vendor has servers that can be asked for what is loaded */

static ngx_uint_t
ngx_http_model_discover_load_asks(ngx_http_model_vendor_t *vendor)
{
    return vendor->discover
           && (vendor->dialects
               & ngx_http_model_dialect_bit(NGX_HTTP_MODEL_OLLAMA));
}


static void
ngx_http_model_discover_warm_handler(ngx_event_t *ev)
{
    if (ngx_http_model_discover_stopping()) {
        return;
    }

    ngx_add_timer(ev, ngx_http_model_discover_jitter(
                          NGX_HTTP_MODEL_DISCOVER_WARM));

    ngx_http_model_discover_load(ev->data, NGX_HTTP_MODEL_DISCOVER_PATIENCE,
                                 NGX_HTTP_MODEL_DISCOVER_ALL);
}


void
ngx_http_model_discover_load_tick(ngx_http_model_discover_job_t *job)
{
    if (!job->vendor->warm
        || !ngx_http_model_discover_load_asks(job->vendor))
    {
        return;
    }

    /* a mark that is not taken stands until the next tick */

    if (job->asked
        && ngx_current_msec - job->loaded < NGX_HTTP_MODEL_DISCOVER_REST)
    {
        return;
    }

    if (ngx_http_model_catalogue_wanted_loaded(job->discover->views->catalogue,
                                               &job->vendor->id))
    {
        ngx_http_model_discover_load(job, NGX_HTTP_MODEL_DISCOVER_PATIENCE,
                                     NGX_HTTP_MODEL_DISCOVER_AGAIN);
    }
}


void
ngx_http_model_discover_loaded(ngx_http_model_views_t *views,
    ngx_http_model_vendor_t *vendor, ngx_msec_t timeout,
    void (*done)(void *data), void *data)
{
    ngx_http_model_discover_t      *d;
    ngx_http_model_discover_job_t  *job;

    d = views->discover;

    job = d ? ngx_http_model_discover_find(d, vendor) : NULL;

    if (job == NULL
        || timeout == 0
        || !ngx_http_model_discover_load_asks(vendor)
        || ngx_http_model_discover_stopping())
    {
        done(data);
        return;
    }

    /* servers that do not answer are not asked by each request */

    if (ngx_queue_empty(&job->loads)
        && (!job->asked
            || ngx_current_msec - job->loaded >= NGX_HTTP_MODEL_DISCOVER_FRESH))
    {
        ngx_http_model_discover_load(job, timeout,
                                     NGX_HTTP_MODEL_DISCOVER_OLD);
    }

    if (ngx_queue_empty(&job->loads)
        || ngx_http_model_discover_wait(job, timeout, done, data) != NGX_OK)
    {
        done(data);
    }
}


static void
ngx_http_model_discover_load(ngx_http_model_discover_job_t *job,
    ngx_msec_t timeout, ngx_http_model_discover_which_e which)
{
    ngx_uint_t                       i;
    ngx_pool_t                      *pool;
    ngx_array_t                     *peers;
    ngx_http_model_view_t           *view;
    ngx_http_model_peer_t           *peer;
    ngx_http_model_server_t         *server;
    ngx_http_model_discover_t       *d;
    ngx_http_model_discover_load_t  *load;

    d = job->discover;

    pool = ngx_create_pool(4096, &d->log);
    if (pool == NULL) {
        return;
    }

    view = ngx_http_model_view(d->views, &d->log);
    peers = ngx_http_model_peers(job->vendor, pool);

    if (view == NULL || peers == NULL) {
        goto done;
    }

    job->asked = 1;
    job->loaded = ngx_current_msec;

    peer = peers->elts;

    for (i = 0; i < peers->nelts; i++) {

        server = ngx_http_model_view_server(view, job->vendor, &peer[i].name);

        /* those that are not known to be up are left to the timers */

        if (peer[i].down
            || server == NULL
            || server->facts.state != NGX_HTTP_MODEL_SERVER_UP
            || (which == NGX_HTTP_MODEL_DISCOVER_OLD
                && !ngx_http_model_discover_load_old(server)))
        {
            continue;
        }

        load = ngx_http_model_discover_load_find(job, &peer[i].name);

        if (load == NULL) {
            ngx_http_model_discover_load_peer(job, &peer[i], timeout);

        } else if (which == NGX_HTTP_MODEL_DISCOVER_AGAIN) {
            load->again = 1;
        }
    }

done:

    ngx_destroy_pool(pool);
}


static ngx_uint_t
ngx_http_model_discover_load_old(ngx_http_model_server_t *server)
{
    return ngx_time() - server->facts.loaded_at
           >= NGX_HTTP_MODEL_DISCOVER_FRESH / 1000;
}


static ngx_http_model_discover_load_t *
ngx_http_model_discover_load_find(ngx_http_model_discover_job_t *job,
    ngx_str_t *name)
{
    ngx_queue_t                     *q;
    ngx_http_model_discover_load_t  *load;

    for (q = ngx_queue_head(&job->loads);
         q != ngx_queue_sentinel(&job->loads);
         q = ngx_queue_next(q))
    {
        load = ngx_queue_data(q, ngx_http_model_discover_load_t, queue);

        if (load->peer.name.len == name->len
            && ngx_memcmp(load->peer.name.data, name->data, name->len) == 0)
        {
            return load;
        }
    }

    return NULL;
}


static void
ngx_http_model_discover_load_peer(ngx_http_model_discover_job_t *job,
    ngx_http_model_peer_t *peer, ngx_msec_t timeout)
{
    ngx_http_model_fetch_t          *fetch;
    ngx_http_model_discover_load_t  *load;

    fetch = ngx_http_model_discover_fetch(job, &peer->addr,
                                          NGX_HTTP_MODEL_OLLAMA, "/api/ps");
    if (fetch == NULL) {
        return;
    }

    load = ngx_pcalloc(fetch->pool, sizeof(ngx_http_model_discover_load_t));

    if (load == NULL
        || ngx_http_model_discover_copy_peer(fetch->pool, &load->peer, peer)
           != NGX_OK)
    {
        ngx_http_model_fetch_cancel(fetch);
        return;
    }

    load->job = job;

    fetch->peer = load->peer.addr.sockaddr ? &load->peer.addr : NULL;
    fetch->timeout = ngx_min(timeout, job->vendor->timeout);

    if (ngx_http_model_discover_ask(job->discover, fetch,
                                    ngx_http_model_discover_load_handler, load)
        == NGX_OK)
    {
        ngx_queue_insert_tail(&job->loads, &load->queue);
    }
}


static void
ngx_http_model_discover_load_handler(void *data, ngx_http_model_fetch_t *fetch)
{
    ngx_http_model_discover_load_t *load = data;

    ngx_str_t                       loaded;
    ngx_http_model_discover_job_t  *job;

    job = load->job;

    ngx_queue_remove(&load->queue);

    if (fetch->status == NGX_HTTP_OK
        && ngx_http_model_reading_loaded(fetch->pool, &fetch->content, &loaded)
           == NGX_OK)
    {
        ngx_http_model_discover_load_put(job, &load->peer.name, &loaded);
    }

    if (load->again && !ngx_http_model_discover_stopping()) {
        ngx_http_model_catalogue_want_loaded(job->discover->views->catalogue,
                                             &job->vendor->id);
    }

    ngx_http_model_discover_load_done(job);
}


void
ngx_http_model_discover_load_put(ngx_http_model_discover_job_t *job,
    ngx_str_t *server, ngx_str_t *loaded)
{
    ngx_http_model_catalogue_server_t  facts;

    ngx_memzero(&facts, sizeof(ngx_http_model_catalogue_server_t));

    facts.vendor = job->vendor->id;
    facts.server = *server;
    facts.state = NGX_HTTP_MODEL_SERVER_UNKNOWN;
    facts.loaded = *loaded;
    facts.loaded_at = ngx_time();

    (void) ngx_http_model_catalogue_update(job->discover->views->catalogue,
                                           &facts, &job->discover->log);
}


static void
ngx_http_model_discover_load_done(ngx_http_model_discover_job_t *job)
{
    ngx_queue_t  waiters, *q, *next;

    if (!ngx_queue_empty(&job->loads) || ngx_queue_empty(&job->waiters)) {
        return;
    }

    /* who is woken may wait again, for the next answers */

    ngx_queue_init(&waiters);
    ngx_queue_add(&waiters, &job->waiters);
    ngx_queue_init(&job->waiters);

    for (q = ngx_queue_head(&waiters);
         q != ngx_queue_sentinel(&waiters);
         q = next)
    {
        next = ngx_queue_next(q);

        ngx_http_model_discover_wake(
            ngx_queue_data(q, ngx_http_model_discover_waiter_t, queue));
    }
}


static ngx_int_t
ngx_http_model_discover_wait(ngx_http_model_discover_job_t *job,
    ngx_msec_t timeout, void (*done)(void *data), void *data)
{
    ngx_pool_t                        *pool;
    ngx_http_model_discover_waiter_t  *waiter;

    pool = ngx_create_pool(512, &job->discover->log);
    if (pool == NULL) {
        return NGX_ERROR;
    }

    waiter = ngx_pcalloc(pool, sizeof(ngx_http_model_discover_waiter_t));
    if (waiter == NULL) {
        ngx_destroy_pool(pool);
        return NGX_ERROR;
    }

    waiter->pool = pool;
    waiter->done = done;
    waiter->data = data;

    waiter->timer.handler = ngx_http_model_discover_waiter_handler;
    waiter->timer.data = waiter;
    waiter->timer.log = &job->discover->log;

    ngx_queue_insert_tail(&job->waiters, &waiter->queue);
    ngx_add_timer(&waiter->timer, timeout);

    return NGX_OK;
}


static void
ngx_http_model_discover_wake(ngx_http_model_discover_waiter_t *waiter)
{
    void  *data;
    void  (*done)(void *data);

    if (waiter->timer.timer_set) {
        ngx_del_timer(&waiter->timer);
    }

    ngx_queue_remove(&waiter->queue);

    done = waiter->done;
    data = waiter->data;

    ngx_destroy_pool(waiter->pool);

    done(data);
}


static void
ngx_http_model_discover_waiter_handler(ngx_event_t *ev)
{
    ngx_http_model_discover_wake(ev->data);
}
