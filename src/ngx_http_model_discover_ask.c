
/*
 * Copyright (C) the ngx_http_model_module authors
 */


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "ngx_http_model_discover_run.h"


#define NGX_HTTP_MODEL_DISCOVER_INFLIGHT  64    /* fetches of a worker */


/* a fetch on its way through the queue, in its own pool */

typedef struct {
    ngx_queue_t                      queue;
    ngx_http_model_discover_t       *discover;
    ngx_http_model_fetch_t          *fetch;
    ngx_http_model_discover_pt       handler;
    void                            *data;
} ngx_http_model_discover_ask_t;


static void ngx_http_model_discover_ask_handler(ngx_http_model_fetch_t *fetch);


ngx_uint_t
ngx_http_model_discover_stopping(void)
{
    return ngx_exiting || ngx_quit || ngx_terminate;
}


ngx_msec_t
ngx_http_model_discover_jitter(ngx_msec_t interval)
{
    ngx_msec_t  jitter;

    jitter = interval / 10;

    if (jitter) {
        interval += (ngx_msec_t) ngx_random() % (2 * jitter + 1) - jitter;
    }

    return ngx_max(interval, 1);
}


ngx_http_model_discover_job_t *
ngx_http_model_discover_find(ngx_http_model_discover_t *d,
    ngx_http_model_vendor_t *vendor)
{
    ngx_uint_t                      i;
    ngx_http_model_discover_job_t  *job;

    job = d->jobs.elts;

    for (i = 0; i < d->jobs.nelts; i++) {

        if (job[i].vendor == vendor) {
            return &job[i];
        }
    }

    return NULL;
}


ngx_int_t
ngx_http_model_discover_copy_peer(ngx_pool_t *pool, ngx_http_model_peer_t *dst,
    ngx_http_model_peer_t *src)
{
    *dst = *src;

    dst->name.data = ngx_pstrdup(pool, &src->name);

    if (dst->name.data == NULL) {
        return NGX_ERROR;
    }

    ngx_str_null(&dst->server);

    if (src->addr.sockaddr == NULL) {
        return NGX_OK;
    }

    dst->addr.name = dst->name;
    dst->addr.sockaddr = ngx_palloc(pool, src->addr.socklen);

    if (dst->addr.sockaddr == NULL) {
        return NGX_ERROR;
    }

    ngx_memcpy(dst->addr.sockaddr, src->addr.sockaddr, src->addr.socklen);

    return NGX_OK;
}


ngx_http_model_fetch_t *
ngx_http_model_discover_fetch(ngx_http_model_discover_job_t *job,
    ngx_addr_t *addr, ngx_uint_t dialect, const char *uri)
{
    ngx_http_model_fetch_t  *fetch;

    fetch = ngx_http_model_fetch_create(&job->discover->log);
    if (fetch == NULL) {
        return NULL;
    }

    fetch->vendor = job->vendor;
    fetch->dialect = dialect;
    fetch->peer = addr->sockaddr ? addr : NULL;
    fetch->method = NGX_HTTP_GET;
    fetch->uri.data = (u_char *) uri;
    fetch->uri.len = ngx_strlen(uri);
    fetch->timeout = job->vendor->timeout;
    fetch->limit = NGX_HTTP_MODEL_DISCOVER_SMALL;
    fetch->quiet = 1;

    return fetch;
}


ngx_int_t
ngx_http_model_discover_ask(ngx_http_model_discover_t *d,
    ngx_http_model_fetch_t *fetch, ngx_http_model_discover_pt handler,
    void *data)
{
    ngx_http_model_discover_ask_t  *ask;

    ask = ngx_palloc(fetch->pool, sizeof(ngx_http_model_discover_ask_t));

    if (ask == NULL) {
        ngx_http_model_fetch_cancel(fetch);
        return NGX_ERROR;
    }

    ask->discover = d;
    ask->fetch = fetch;
    ask->handler = handler;
    ask->data = data;

    fetch->handler = ngx_http_model_discover_ask_handler;
    fetch->data = ask;

    if (d->inflight >= NGX_HTTP_MODEL_DISCOVER_INFLIGHT) {
        ngx_queue_insert_tail(&d->queue, &ask->queue);
        return NGX_OK;
    }

    d->inflight++;

    ngx_http_model_fetch_start(fetch);

    return NGX_OK;
}


static void
ngx_http_model_discover_ask_handler(ngx_http_model_fetch_t *fetch)
{
    ngx_queue_t                    *q;
    ngx_http_model_discover_t      *d;
    ngx_http_model_discover_ask_t  *ask, *next;

    ask = fetch->data;
    d = ask->discover;

    if (ngx_queue_empty(&d->queue)) {
        d->inflight--;

    } else {
        q = ngx_queue_head(&d->queue);
        ngx_queue_remove(q);

        next = ngx_queue_data(q, ngx_http_model_discover_ask_t, queue);

        ngx_http_model_fetch_start(next->fetch);
    }

    ask->handler(ask->data, fetch);
}
