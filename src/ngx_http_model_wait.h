
/*
 * Copyright (C) the ngx_http_model_module authors
 *
 * A client's request that waits: for a condition, a fetch, a call.  Owns the
 * count, the timer and the cancelling when the client leaves.  Calls request,
 * fetch.
 */


#ifndef _NGX_HTTP_MODEL_WAIT_H_INCLUDED_
#define _NGX_HTTP_MODEL_WAIT_H_INCLUDED_


#include "ngx_http_model_fetch.h"


typedef struct ngx_http_model_wait_s  ngx_http_model_wait_t;

typedef ngx_int_t (*ngx_http_model_wait_pt)(ngx_http_request_t *r,
    ngx_http_model_wait_t *wait);


struct ngx_http_model_wait_s {
    ngx_http_model_wait_pt      resume;    /* what a content handler returns */
    ngx_uint_t                (*ready)(ngx_http_request_t *r, void *data);
    void                      (*leave)(ngx_http_model_wait_t *wait);
    void                       *data;

    /* of a fetch: set when resume is called after it came to an end */
    ngx_uint_t                  status;    /* 0: no answer, or too late */
    ngx_str_t                   content;   /* in memory of the request */

    /* private */
    ngx_http_request_t         *request;
    ngx_http_model_fetch_t     *fetch;
    ngx_event_t                 timer;
    ngx_msec_t                  deadline;
    unsigned                    done:1;
};


/*
 * Parks the request until ready(r, data) or the timeout (ms), looking every
 * 20 ms; then resume's result finalizes it.  Returns NGX_DONE, or an error
 * status; or resume's result when it was ready at once.
 */
ngx_int_t ngx_http_model_wait(ngx_http_request_t *r,
    ngx_http_model_wait_t *wait, ngx_msec_t timeout);

/*
 * Parks the request until the fetch (made, not started) came to an end or the
 * timeout passed.  wait->data is the caller's.
 */
ngx_int_t ngx_http_model_wait_fetch(ngx_http_request_t *r,
    ngx_http_model_wait_t *wait, ngx_http_model_fetch_t *fetch,
    ngx_msec_t timeout);

/*
 * Parks the request until it is woken or the timeout passed: resume is called
 * then, leave (where not NULL) when the request ends before.  Returns NGX_DONE
 * or NGX_ERROR.
 */
ngx_int_t ngx_http_model_wait_call(ngx_http_request_t *r,
    ngx_http_model_wait_t *wait, ngx_msec_t timeout);

/* ends that wait: resume is called within; the request may be gone after it */
void ngx_http_model_wait_wake(ngx_http_model_wait_t *wait);


#endif /* _NGX_HTTP_MODEL_WAIT_H_INCLUDED_ */
