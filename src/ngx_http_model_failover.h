
/*
 * Copyright (C) the ngx_http_model_module authors
 *
 * One upstream run over several servers and vendors: model_failover.  Owns the
 * entry into every vendor's upstream (mux) and the change of vendor; tells
 * health what it saw.  Calls handover, rewrite, balancer, stream, learn, again,
 * health, rules, wrap.
 *
 * nginx's own loop does the work: next_upstream of every vendor lets it go on
 * after every failure, and u->peer.tries, which it reads then, is 1 or 0 as
 * again says.  An answer that is given up takes the way of an invalid head.
 */


#ifndef _NGX_HTTP_MODEL_FAILOVER_H_INCLUDED_
#define _NGX_HTTP_MODEL_FAILOVER_H_INCLUDED_


#include "ngx_http_model_request.h"
#include "ngx_http_model_wrap.h"


/* the run of one request */

struct ngx_http_model_run_s {
    ngx_http_model_wrap_t    wrap;       /* of the hop's balancer */
    ngx_http_request_t      *request;
    ngx_http_model_ctx_t    *ctx;

    ngx_uint_t               left;       /* tries that the balancer has */
    ngx_msec_t               start;
    ngx_str_t                server;     /* that is asked, by its name in
                                            the catalogue */
    ngx_array_t              tried;      /* of the hop: names, ngx_str_t */
    ngx_uint_t               state;      /* of its servers, by peers */

    ngx_http_model_metrics_row_t
                            *counted;    /* of gauge: the server's */
    ngx_msec_t               asked;      /* since when */

    ngx_uint_t               condition;  /* that its answer is */
    ngx_uint_t               status;     /* of that answer */

    ngx_int_t              (*process_header)(ngx_http_request_t *r);
    ngx_int_t              (*reinit_request)(ngx_http_request_t *r);

    ngx_int_t              (*input_init)(void *data);   /* of stream */
    ngx_int_t              (*input)(void *data, ssize_t bytes);

    ngx_event_t              timer;      /* of stream */
    ngx_msec_t               due;        /* when it is to fire */
    ngx_msec_t               deadline;   /* of a cold server's first byte */

    unsigned                 head:1;     /* a head came from this server */
    unsigned                 given_up:1; /* its answer, for another one */
    unsigned                 held:1;     /* it waits for the first byte */
    unsigned                 stalled:1;
    unsigned                 probe:1;    /* after a cooldown, the first one */
    unsigned                 told:1;     /* health knows the outcome */
    unsigned                 renewed:1;  /* its balancer forgot the tried */
    unsigned                 lacking:1;  /* the path, over a bridge now */
};


/* peer.init of every vendor's mux */
ngx_int_t ngx_http_model_failover_init_peer(ngx_http_request_t *r,
    ngx_http_upstream_srv_conf_t *us);


#endif /* _NGX_HTTP_MODEL_FAILOVER_H_INCLUDED_ */
