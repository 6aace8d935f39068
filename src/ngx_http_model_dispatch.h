
/*
 * Copyright (C) the ngx_http_model_module authors
 *
 * A request whose body was read: its name resolved, the chain started; or the
 * error that says why not.  Calls names, route, local, chain.
 */


#ifndef _NGX_HTTP_MODEL_DISPATCH_H_INCLUDED_
#define _NGX_HTTP_MODEL_DISPATCH_H_INCLUDED_


#include "ngx_http_model_scope.h"


/* returns what a content handler returns */
ngx_int_t ngx_http_model_dispatch(ngx_http_request_t *r,
    ngx_http_model_ctx_t *ctx);

/* fills in what variables tell, without an answer and without an edit */
void ngx_http_model_dispatch_peek(ngx_http_request_t *r,
    ngx_http_model_ctx_t *ctx);

/* hands the request over as it is; path goes upstream with its arguments */
ngx_int_t ngx_http_model_dispatch_unread(ngx_http_request_t *r,
    ngx_http_model_ctx_t *ctx, ngx_http_model_vendor_t *vendor,
    ngx_str_t *path);


#endif /* _NGX_HTTP_MODEL_DISPATCH_H_INCLUDED_ */
