
/*
 * Copyright (C) the ngx_http_model_module authors
 *
 * A worker's own view of the catalogue: parsed once per generation, merged
 * with what the vendors declare, indexed by name.  Owns its pool; reads
 * catalogue and vendor.  A view is counted: whoever keeps a pointer into it
 * across events holds a reference.
 */


#ifndef _NGX_HTTP_MODEL_VIEW_H_INCLUDED_
#define _NGX_HTTP_MODEL_VIEW_H_INCLUDED_


#include "ngx_http_model_catalogue.h"
#include "ngx_http_model_json.h"
#include "ngx_http_model_metrics.h"
#include "ngx_http_model_vendor.h"


typedef struct ngx_http_model_view_s   ngx_http_model_view_t;
typedef struct ngx_http_model_model_s  ngx_http_model_model_t;


typedef struct {
    ngx_http_model_catalogue_server_t   facts;    /* strings in the view */
    ngx_http_model_vendor_t            *vendor;
    ngx_http_model_json_t              *list;     /* parsed, or NULL */
    ngx_http_model_json_t              *loaded;   /* parsed, or NULL */
    ngx_uint_t                          nlisted;  /* in list, exposed or not */
} ngx_http_model_server_t;


/* one model of one vendor, however many of its servers have it */

struct ngx_http_model_model_s {
    ngx_http_model_vendor_t            *vendor;
    ngx_str_t                           name;     /* the vendor's own */
    ngx_str_t                           listed;   /* name in our listings */
    ngx_http_model_json_t              *entry;    /* as its server lists it,
                                                     NULL: only declared */
    ngx_http_model_json_t              *show;     /* reduced show document */
    ngx_http_model_declared_t          *declared; /* or NULL */
    ngx_uint_t                          nservers; /* that have it */
    ngx_uint_t                          nup;      /* of them up or unknown */

    /* of view alone: bits, one for each server of the vendor */
    ngx_uint_t                          first;    /* of them in servers */
    uint64_t                           *has;
    uint64_t                           *loaded;
    time_t                              since;    /* the last went down */
    unsigned                            down:1;   /* all did */

    void                               *merged;   /* of an alias, which is in
                                                     no view: its descriptor */
};


struct ngx_http_model_view_s {
    ngx_pool_t                         *pool;
    ngx_uint_t                          generation;
    ngx_uint_t                          refs;
    ngx_array_t                         servers;  /* ngx_http_model_server_t */
    ngx_array_t                         models;   /* ngx_http_model_model_t,
                                                     by rank of the vendor,
                                                     then as listed by its
                                                     servers, declared ones
                                                     not found last; exposed
                                                     ones only */
    void                               *index;    /* by names */
    ngx_http_model_view_t              *next;     /* retired before it */
};


typedef struct {
    ngx_http_model_catalogue_t         *catalogue;
    ngx_http_model_metrics_t           *metrics;
    ngx_array_t                        *vendors;  /* of the configuration, by
                                                     rank: ngx_http_model_
                                                     vendor_t * */
    ngx_str_t                           separator;
    ngx_http_model_view_t              *current;  /* per worker */
    ngx_http_model_view_t              *retired;  /* per worker: may be in use
                                                     until time goes on */
    ngx_msec_t                          retired_at;
    ngx_uint_t                          noted;    /* bits: what was logged,
                                                     per worker */
    void                               *discover; /* of discover, per worker */
    ngx_msec_t                          started;  /* this worker */
} ngx_http_model_views_t;


/*
 * The view of the present generation, built at need (parse errors of one
 * server's list leave that server without models, and of a list no more than
 * 10,000 models are taken).  When memory ran out, the one before, or NULL.
 * The pointer is good until the next event; see ref.
 */
ngx_http_model_view_t *ngx_http_model_view(ngx_http_model_views_t *views,
    ngx_log_t *log);

/*
 * Pool cleanup handler, data is the views: drops the views.  To be
 * registered in the pool of the cycle that the views belong to.
 */
void ngx_http_model_view_cleanup(void *data);

/* keeps the view until the pool is destroyed */
ngx_int_t ngx_http_model_view_ref(ngx_http_model_view_t *view,
    ngx_pool_t *pool);

/* a vendor's model by its own name, exact; NULL: not known */
ngx_http_model_model_t *ngx_http_model_view_find(ngx_http_model_view_t *view,
    ngx_http_model_vendor_t *vendor, ngx_str_t *name);

/*
 * All models with this listed name (by_listed) or own name, exact, in order
 * of rank: calls visit for each until it answers nonzero, and returns that.
 */
ngx_http_model_model_t *ngx_http_model_view_each(ngx_http_model_view_t *view,
    ngx_str_t *name, ngx_uint_t by_listed,
    ngx_uint_t (*visit)(ngx_http_model_model_t *model, void *data),
    void *data);

/*
 * What is known of a vendor's server, by the name that peers gives it; NULL
 * when it is not known, or view is NULL.
 */
ngx_http_model_server_t *ngx_http_model_view_server(
    ngx_http_model_view_t *view, ngx_http_model_vendor_t *vendor,
    ngx_str_t *name);

/*
 * 1 when the last list of the server, up or not, has the model; both are of
 * this view.  No list has a model that is only declared.
 */
ngx_uint_t ngx_http_model_view_has(ngx_http_model_view_t *view,
    ngx_http_model_model_t *model, ngx_http_model_server_t *server);

/*
 * 1 when the server is not down and has the model in memory: an Ollama server
 * that reported so, under this name or one that it takes for the same; or
 * another kind of server that lists this model and no other.
 */
ngx_uint_t ngx_http_model_view_loaded(ngx_http_model_view_t *view,
    ngx_http_model_model_t *model, ngx_http_model_server_t *server);

/*
 * 1 when listings leave the model out: all its servers are down, the last of
 * them for longer than the grace of its vendor.  Servers of a model that is
 * only declared are all of the vendor; a vendor that discovers nothing has no
 * hidden ones.  Changes with time (whole seconds), and never what a name
 * means.
 */
ngx_uint_t ngx_http_model_view_hidden(ngx_http_model_view_t *view,
    ngx_http_model_model_t *model);

/* 1 when every server of the vendor that is to be discovered was asked once */
ngx_uint_t ngx_http_model_view_complete(ngx_http_model_view_t *view,
    ngx_http_model_vendor_t *vendor);


#endif /* _NGX_HTTP_MODEL_VIEW_H_INCLUDED_ */
