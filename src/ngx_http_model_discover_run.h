
/*
 * Copyright (C) the ngx_http_model_module authors
 *
 * The inside of discover, shared by its files and by nobody else: one server
 * being asked what it has (discover_run, and discover_list for the list alone)
 * and what it has loaded (discover_load); the queue of a worker's fetches
 * (discover_ask).  Calls fetch, peers, reading, view, health, catalogue.
 */


#ifndef _NGX_HTTP_MODEL_DISCOVER_RUN_H_INCLUDED_
#define _NGX_HTTP_MODEL_DISCOVER_RUN_H_INCLUDED_


#include "ngx_http_model_fetch.h"
#include "ngx_http_model_peers.h"
#include "ngx_http_model_reading.h"
#include "ngx_http_model_view.h"


/* largest answer that is not a list or a show document, bytes */

#define NGX_HTTP_MODEL_DISCOVER_SMALL  (1024 * 1024)


/* discovery in one worker */

typedef struct {
    ngx_http_model_views_t     *views;
    ngx_log_t                   log;
    ngx_array_t                 jobs;      /* ngx_http_model_discover_job_t */
    ngx_queue_t                 runs;
    ngx_queue_t                 queue;     /* fetches that wait */
    ngx_uint_t                  inflight;
    ngx_event_t                 tick;
    ngx_uint_t                  ticks;
    ngx_uint_t                  generation;  /* looked at by a tick */
} ngx_http_model_discover_t;


/* one vendor */

typedef struct {
    ngx_http_model_discover_t  *discover;
    ngx_http_model_vendor_t    *vendor;
    ngx_event_t                 timer;
    ngx_uint_t                  config;    /* of its servers, looked at by a
                                              tick */

    ngx_queue_t                 loads;     /* servers asked for /api/ps */
    ngx_msec_t                  loaded;    /* when they were, the last time */
    ngx_event_t                 warm;      /* for a vendor that is */
    ngx_queue_t                 waiters;
    unsigned                    asked:1;   /* loaded is set */
    unsigned                    stale:1;   /* a server was not ours */
} ngx_http_model_discover_job_t;


/* one server that is asked for its list */

typedef struct ngx_http_model_discover_list_s  ngx_http_model_discover_list_t;

struct ngx_http_model_discover_list_s {
    /* set by the caller */
    ngx_http_model_discover_job_t  *job;
    ngx_pool_t                     *pool;      /* these three live until the */
    ngx_http_model_peer_t          *peer;      /* handler is called */
    ngx_http_model_reading_t       *reading;   /* is filled */
    ngx_msec_t                      deadline;  /* of all pages, 0: none */
    void                          (*handler)(
                                      ngx_http_model_discover_list_t *list);
    void                           *data;
    unsigned                        quiet:1;   /* as of a fetch */
    unsigned                        keep:1;    /* as of a fetch */

    /* result */
    unsigned                        refused:1; /* as of a fetch */
    ngx_uint_t                      failure;   /* as of a fetch */
    ngx_uint_t                      status;    /* as of a fetch */
    ngx_str_t                       reason;    /* why there is no list, "" */
    ngx_uint_t                      pages;
};


typedef void (*ngx_http_model_discover_pt)(void *data,
    ngx_http_model_fetch_t *fetch);


/* 1 when nothing is to be started any more */
ngx_uint_t ngx_http_model_discover_stopping(void);

/* the interval, or up to a tenth more or less; milliseconds, at least 1 */
ngx_msec_t ngx_http_model_discover_jitter(ngx_msec_t interval);

/* what discovery has of the vendor in this worker, or NULL */
ngx_http_model_discover_job_t *ngx_http_model_discover_find(
    ngx_http_model_discover_t *d, ngx_http_model_vendor_t *vendor);

/* the dialect in which a vendor that speaks several is asked */
ngx_uint_t ngx_http_model_discover_dialect(ngx_http_model_vendor_t *vendor);

/*
 * Asks for the list, page by page.  The handler is called once, never from
 * within.  NGX_ERROR: it is not.
 */
ngx_int_t ngx_http_model_discover_list(ngx_http_model_discover_list_t *list);

/* a copy of src that needs nothing but pool */
ngx_int_t ngx_http_model_discover_copy_peer(ngx_pool_t *pool,
    ngx_http_model_peer_t *dst, ngx_http_model_peer_t *src);

/*
 * Asks the server for its list and updates the catalogue.  When it is being
 * asked already nothing is done, or, if wanted, the vendor's mark is raised
 * once more at the end.
 */
void ngx_http_model_discover_run(ngx_http_model_discover_job_t *job,
    ngx_http_model_peer_t *peer, ngx_http_model_view_t *view,
    ngx_uint_t wanted);

/* what is loaded: readies a zeroed job, in every worker */
void ngx_http_model_discover_load_init(ngx_http_model_discover_job_t *job);

/*
 * In the worker that discovers: keeps what is loaded on servers of a warm
 * vendor fresh, by a timer from the start on, and at each tick by the mark
 * of catalogue.  Does nothing for other vendors.
 */
void ngx_http_model_discover_load_start(ngx_http_model_discover_job_t *job);
void ngx_http_model_discover_load_tick(ngx_http_model_discover_job_t *job);

/*
 * Puts an answer of /api/ps, as reading made it, in the place of what was
 * known of the server; in pools of the caller.
 */
void ngx_http_model_discover_load_put(ngx_http_model_discover_job_t *job,
    ngx_str_t *server, ngx_str_t *loaded);

/*
 * A GET of the uri (NUL-terminated) at a server; what addr points to must
 * live as long as the fetch.  NULL when memory ran out.
 */
ngx_http_model_fetch_t *ngx_http_model_discover_fetch(
    ngx_http_model_discover_job_t *job, ngx_addr_t *addr, ngx_uint_t dialect,
    const char *uri);

/*
 * Starts the fetch, or lets it wait for its turn.  handler is called once,
 * never from within.  NGX_ERROR: the fetch was freed, no handler is called.
 */
ngx_int_t ngx_http_model_discover_ask(ngx_http_model_discover_t *d,
    ngx_http_model_fetch_t *fetch, ngx_http_model_discover_pt handler,
    void *data);


#endif /* _NGX_HTTP_MODEL_DISCOVER_RUN_H_INCLUDED_ */
