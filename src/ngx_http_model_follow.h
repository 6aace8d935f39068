
/*
 * Copyright (C) the ngx_http_model_module authors
 *
 * What follows a request at its vendor: a fresh look at lists that it has
 * changed, or at what is loaded; a model that was deleted at one server is
 * deleted at the others.  Calls fetch, balancer, peers, view, catalogue.
 */


#ifndef _NGX_HTTP_MODEL_FOLLOW_H_INCLUDED_
#define _NGX_HTTP_MODEL_FOLLOW_H_INCLUDED_


#include "ngx_http_model_request.h"


/*
 * To be called before the request is handed over: does the rest when it ends.
 * NGX_OK or NGX_ERROR.
 */
ngx_int_t ngx_http_model_follow(ngx_http_request_t *r,
    ngx_http_model_ctx_t *ctx);


#endif /* _NGX_HTTP_MODEL_FOLLOW_H_INCLUDED_ */
