
/*
 * Copyright (C) the ngx_http_model_module authors
 *
 * From what a name means to the servers that may answer: the hops of a
 * request, and its start with the first that can take it.  Calls scope,
 * survey, queue, follow, handover, respond.
 */


#ifndef _NGX_HTTP_MODEL_CHAIN_H_INCLUDED_
#define _NGX_HTTP_MODEL_CHAIN_H_INCLUDED_


#include "ngx_http_model_scope.h"


/*
 * Fills ctx->hops with where the route leads, in the order in which it is
 * tried; what cannot answer the path is left out.  other is the second name
 * of the body.  NGX_OK; NGX_DECLINED: none of them can; NGX_ERROR.
 */
ngx_int_t ngx_http_model_chain(ngx_http_request_t *r,
    ngx_http_model_ctx_t *ctx, ngx_http_model_scope_t *scope,
    ngx_http_model_route_t *route, ngx_str_t *other);

/* the same for a request that is not read: path goes upstream */
ngx_int_t ngx_http_model_chain_unread(ngx_http_request_t *r,
    ngx_http_model_ctx_t *ctx, ngx_http_model_vendor_t *vendor,
    ngx_str_t *path);

/*
 * Hands the request to the first hop that can take it, or lets it wait for
 * that, or answers why there is none.  Returns what a content handler returns.
 */
ngx_int_t ngx_http_model_chain_start(ngx_http_request_t *r,
    ngx_http_model_ctx_t *ctx);

/* 1 when servers of the vendor answer the endpoint's path */
ngx_uint_t ngx_http_model_chain_speaks(ngx_http_model_vendor_t *vendor,
    const ngx_http_model_endpoint_t *endpoint);


#endif /* _NGX_HTTP_MODEL_CHAIN_H_INCLUDED_ */
