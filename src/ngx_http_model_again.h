
/*
 * Copyright (C) the ngx_http_model_module authors
 *
 * Whether what happened is tried again: which condition of model_failover it
 * is, and whether the rules, and servers that can be asked, let the request go
 * on.  Calls survey and rules.
 */


#ifndef _NGX_HTTP_MODEL_AGAIN_H_INCLUDED_
#define _NGX_HTTP_MODEL_AGAIN_H_INCLUDED_


#include "ngx_http_model_failover.h"
#include "ngx_http_model_survey.h"


/*
 * The condition, NGX_HTTP_MODEL_ON_*, that the failed try of the run is; pc is
 * still that of this try.
 */
ngx_uint_t ngx_http_model_again_condition(ngx_peer_connection_t *pc,
    ngx_http_model_run_t *run);

/*
 * 1 when the rules let the request go on after the condition, and somebody can
 * be asked: an answer is given up only then.
 */
ngx_uint_t ngx_http_model_again(ngx_http_model_run_t *run,
    ngx_uint_t condition);

/* 1 when another address of the same vendor is worth a try */
ngx_uint_t ngx_http_model_again_same(ngx_http_model_run_t *run,
    ngx_uint_t condition);

/* 1 when a server of the hop can be asked now */
ngx_uint_t ngx_http_model_again_usable(ngx_http_model_run_t *run,
    ngx_http_model_hop_t *hop);

/* keeps the first end, in ms from now, of the cooldowns for Retry-After */
void ngx_http_model_again_retry(ngx_http_model_ctx_t *ctx, ngx_msec_t out);

/* 1 when the context's rules let a request go on for one of the conditions */
ngx_uint_t ngx_http_model_again_allows(ngx_http_model_ctx_t *ctx,
    ngx_uint_t conditions);

/*
 * The same past a hop of which a look has shown that nobody can be asked; when
 * its servers are kept out, keeps the time for Retry-After.
 */
ngx_uint_t ngx_http_model_again_passes(ngx_http_model_ctx_t *ctx,
    ngx_http_model_look_t *look);


#endif /* _NGX_HTTP_MODEL_AGAIN_H_INCLUDED_ */
