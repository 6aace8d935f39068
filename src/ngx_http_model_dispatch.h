
/*
 * Copyright (C) the ngx_http_model_module authors
 *
 * A request whose body was read: its name resolved, the chain started; or the
 * error that says why not.  Calls names, route, local, chain.
 */


#ifndef _NGX_HTTP_MODEL_DISPATCH_H_INCLUDED_
#define _NGX_HTTP_MODEL_DISPATCH_H_INCLUDED_


#include "ngx_http_model_route.h"
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


/*
 * What the above are made of, for explain, too.  Each returns NGX_DECLINED when
 * the request goes on, else what a content handler returns: the error is sent.
 */

/* the end of the scan */
ngx_int_t ngx_http_model_dispatch_scanned(ngx_http_request_t *r,
    ngx_http_model_ctx_t *ctx);

/*
 * What the name means at this moment, no list waited for, and the hops; those
 * are NULL where the gateway itself answers.
 */
ngx_int_t ngx_http_model_dispatch_decide(ngx_http_request_t *r,
    ngx_http_model_ctx_t *ctx, ngx_http_model_scope_t *scope,
    ngx_http_model_route_t *route);

/* the hop of a request that is not read */
ngx_int_t ngx_http_model_dispatch_hop(ngx_http_request_t *r,
    ngx_http_model_ctx_t *ctx, ngx_http_model_vendor_t *vendor,
    ngx_str_t *path);


#endif /* _NGX_HTTP_MODEL_DISPATCH_H_INCLUDED_ */
