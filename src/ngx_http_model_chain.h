
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


/* what becomes of a hop */

#define NGX_HTTP_MODEL_CHAIN_ASKED     0   /* takes the request */
#define NGX_HTTP_MODEL_CHAIN_QUEUED    1   /* takes it when a slot is free */
#define NGX_HTTP_MODEL_CHAIN_PASSED    2   /* cannot: the next one's turn */
#define NGX_HTTP_MODEL_CHAIN_REFUSED   3   /* cannot, and that ends it */
#define NGX_HTTP_MODEL_CHAIN_NEXT      4   /* if those before fail */
#define NGX_HTTP_MODEL_CHAIN_UNUSED    5   /* model_failover does not go on */


typedef struct {
    ngx_uint_t    state;
    const char   *why;     /* of PASSED and REFUSED, else NULL */
} ngx_http_model_chain_mark_t;


/*
 * Fills ctx->hops with where the route leads, in the order in which it is
 * tried; what cannot answer the path is left out.  other is the second name
 * of the body.  NGX_OK; NGX_DECLINED: none of them can; NGX_ERROR.  In a dry
 * run an alias's weights stay where they are, and the path has no arguments.
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

/*
 * What the start would do with each hop at this moment: marks has one for each
 * of them.  For a dry run; nothing is taken.  Where no hop would take the
 * request the error is sent, which in a dry run is kept in the context.
 */
void ngx_http_model_chain_preview(ngx_http_request_t *r,
    ngx_http_model_ctx_t *ctx, ngx_http_model_chain_mark_t *marks);


#endif /* _NGX_HTTP_MODEL_CHAIN_H_INCLUDED_ */
