
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
#include "ngx_http_model_view.h"


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


#endif /* _NGX_HTTP_MODEL_DISCOVER_H_INCLUDED_ */
