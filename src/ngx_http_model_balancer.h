
/*
 * Copyright (C) the ngx_http_model_module authors
 *
 * Which server of an upstream gets a request: "model_aware".  Owns the choice
 * among the servers that have the model, by whatever method the block has; a
 * slot taken before the stock handler runs.  Calls survey, wrap, request.
 */


#ifndef _NGX_HTTP_MODEL_BALANCER_H_INCLUDED_
#define _NGX_HTTP_MODEL_BALANCER_H_INCLUDED_


#include "ngx_http_model_request.h"


/* of an upstream {}; what changes belongs to the worker */

typedef struct {
    ngx_http_upstream_init_pt        init_upstream;  /* of the method */
    ngx_http_upstream_init_peer_pt   init_peer;
    ngx_http_upstream_srv_conf_t    *us;

    ngx_uint_t                       queue;     /* requests that may wait */
    ngx_msec_t                       timeout;   /* of them */
    void                           (*freed)(void *data);  /* a slot */
    void                            *data;

    u_char                          *file_name; /* of the directive */
    ngx_uint_t                       line;
    const char                      *directive; /* the first one, or NULL */

    unsigned                         aware:1;
    unsigned                         warm:1;
    unsigned                         sticky:1;     /* asks us for a server */
    unsigned                         in_effect:1;  /* the method calls us */
} ngx_http_model_balancer_conf_t;


/* what a try for a slot needs, from the pool of the request */

typedef struct {
    ngx_pool_cleanup_t              *cln;
    ngx_http_upstream_t             *shadow;  /* stands for the request's */
    ngx_http_upstream_state_t       *state;
} ngx_http_model_place_t;


/*
 * The setter of model_aware and model_queue calls it: puts us between the
 * method that the block has so far and what comes later.  NGX_CONF_OK, or
 * NGX_CONF_ERROR with the reason logged.
 */
char *ngx_http_model_balancer_install(ngx_conf_t *cf,
    ngx_http_model_balancer_conf_t *bcf);

/* the configuration of an upstream, NULL where neither directive stands */
ngx_http_model_balancer_conf_t *ngx_http_model_balancer_conf(
    ngx_http_upstream_srv_conf_t *us);

/*
 * Takes a slot at one of the hop's servers, by the method of its upstream, and
 * keeps it in the context for the run that follows; a request that ends before
 * gives it back.  place is zeroed by the caller before the first try of the
 * request, and kept for the next ones.  NGX_OK; NGX_BUSY: there is none;
 * NGX_ERROR.
 */
ngx_int_t ngx_http_model_balancer_reserve(ngx_http_request_t *r,
    ngx_http_model_hop_t *hop, ngx_http_model_place_t *place);


#endif /* _NGX_HTTP_MODEL_BALANCER_H_INCLUDED_ */
