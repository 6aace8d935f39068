
/*
 * Copyright (C) the ngx_http_model_module authors
 *
 * model_queue: requests of a worker that wait for a slot at a server, in
 * order, and leave slots to those of other workers that wait longer.  Owns the
 * queue of an upstream.  Calls balancer, survey, turn, wait.
 */


#ifndef _NGX_HTTP_MODEL_QUEUE_H_INCLUDED_
#define _NGX_HTTP_MODEL_QUEUE_H_INCLUDED_


#include "ngx_http_model_balancer.h"


/*
 * Goes on with a request that waited: rc is NGX_OK when it has a slot, else
 * NGX_BUSY.  Returns what a content handler returns.
 */
typedef ngx_int_t (*ngx_http_model_queue_pt)(ngx_http_request_t *r,
    ngx_int_t rc);


/* the setter of "model_queue number [timeout=time];" in upstream {} */
char *ngx_http_model_queue_set(ngx_conf_t *cf,
    ngx_http_model_balancer_conf_t *bcf);

/*
 * Takes a slot for the hop, whose upstream has a queue.  NGX_OK: it is there;
 * NGX_BUSY: it is not, and the queue is full; NGX_DONE: the request waits,
 * resume is called; NGX_ERROR.
 */
ngx_int_t ngx_http_model_queue(ngx_http_request_t *r,
    ngx_http_model_hop_t *hop, ngx_http_model_balancer_conf_t *bcf,
    ngx_http_model_queue_pt resume);

/* requests that wait in this worker */
ngx_uint_t ngx_http_model_queue_length(ngx_http_model_balancer_conf_t *bcf);


#endif /* _NGX_HTTP_MODEL_QUEUE_H_INCLUDED_ */
