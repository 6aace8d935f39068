
/*
 * Copyright (C) the ngx_http_model_module authors
 *
 * Keeps the catalogue fresh: asks each server of each vendor what it has, in
 * one worker.  Owns its timers; calls fetch, peers, reading, view, health and
 * catalogue.
 *
 * A server's list in the catalogue, whatever its dialect:
 *   {"models":[{"name":"the server's own name",
 *               "entry":{ the object as the server lists it, every field },
 *               "show":{ reduced /api/show answer: no license, no modelfile,
 *                        no tensors, no arrays in model_info } }, ...]}
 * "show" only for Ollama servers.  loaded: {"models":[entries of /api/ps]}.
 */


#ifndef _NGX_HTTP_MODEL_DISCOVER_H_INCLUDED_
#define _NGX_HTTP_MODEL_DISCOVER_H_INCLUDED_


#include "ngx_http_model_fetch.h"
#include "ngx_http_model_peers.h"
#include "ngx_http_model_view.h"


/* a question to one server, for somebody who waits for the answer */

typedef struct ngx_http_model_discover_test_s  ngx_http_model_discover_test_t;

struct ngx_http_model_discover_test_s {
    /* set by the caller; lives, as its pool, until the handler is called */
    ngx_pool_t                 *pool;
    void                      (*handler)(ngx_http_model_discover_test_t *test);
    void                       *data;

    /* result, in the pool */
    ngx_str_t                   uri;       /* that it was asked for */
    ngx_uint_t                  failure;   /* NGX_HTTP_MODEL_FETCH_* */
    ngx_uint_t                  status;    /* of HTTP, 0: no answer */
    ngx_str_t                   reason;    /* one line; "": it has a list */
    ngx_uint_t                  models;    /* in it */
    ngx_uint_t                  exposed;   /* of them */
};


/*
 * Starts the timers in the worker that discovers (worker 0, or the single
 * process), and makes discover_loaded work in every worker.  To be called once
 * from init_process.
 */
ngx_int_t ngx_http_model_discover_init(ngx_cycle_t *cycle,
    ngx_http_model_views_t *views);

/*
 * Asks the Ollama servers of the vendor for /api/ps in this worker when what
 * is known is older than 2 s (single flight per worker), updating the
 * catalogue.  done is called once, at most after timeout; at once when there
 * is nothing to ask.
 */
void ngx_http_model_discover_loaded(ngx_http_model_views_t *views,
    ngx_http_model_vendor_t *vendor, ngx_msec_t timeout,
    void (*done)(void *data), void *data);

/*
 * Asks one server of the vendor for its list, in this worker and now, whatever
 * is known of it, at most for the vendor's timeout; the catalogue is not told.
 * The worker does not exit before.  The handler is called once, never from
 * within.  NGX_ERROR: it is not.
 */
ngx_int_t ngx_http_model_discover_test(ngx_http_model_views_t *views,
    ngx_http_model_vendor_t *vendor, ngx_http_model_peer_t *peer,
    ngx_http_model_discover_test_t *test);


#endif /* _NGX_HTTP_MODEL_DISCOVER_H_INCLUDED_ */
