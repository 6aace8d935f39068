
/*
 * Copyright (C) the ngx_http_model_module authors
 *
 * What the answer of a vendor told of itself: it is followed on its way to the
 * client, and none of its bytes is held back, copied or changed; where usage
 * was asked for, ask does that in its place.  Owns the times of its first and
 * last content, and the cost.  Calls observe, ask, stream, decimal, view,
 * request.
 */


#ifndef _NGX_HTTP_MODEL_USAGE_H_INCLUDED_
#define _NGX_HTTP_MODEL_USAGE_H_INCLUDED_


#include "ngx_http_model_observe.h"
#include "ngx_http_model_request.h"
#include "ngx_http_model_vendor.h"


#define NGX_HTTP_MODEL_USAGE_TOKENS  10000000000LL  /* more is no count */


struct ngx_http_model_usage_s {
    ngx_http_model_observe_t  observe;
    int64_t                   first;     /* ms from the start of the request
                                            to the first content of a stream,
                                            -1: none came */
    int64_t                   last;      /* the same to the last bytes after
                                            that */
    unsigned                  stream:1;
};


/*
 * The head of a vendor's answer is to be sent: sets ctx->usage when its body
 * is to be followed, and ctx->ask.  One that is compressed, or that is of no
 * known kind, is not, and ctx->unobserved tells why; so it is with one that
 * goes through a file.  With model_usage off only errors are followed.
 * NGX_ERROR without memory.
 */
ngx_int_t ngx_http_model_usage_start(ngx_http_request_t *r,
    ngx_http_model_ctx_t *ctx);

/* the next buffers of that body, ctx->usage is set */
void ngx_http_model_usage_body(ngx_http_request_t *r,
    ngx_http_model_ctx_t *ctx, ngx_chain_t *in);

/* bytes of a stream came, with the first content of all in them if first */
void ngx_http_model_usage_times(ngx_http_request_t *r,
    ngx_http_model_usage_t *usage, ngx_uint_t first);

/* ms since the request began */
int64_t ngx_http_model_usage_elapsed(ngx_http_request_t *r);

/*
 * ms from the first token to the last one, by the server's own clock where it
 * tells, -1: not known.
 */
int64_t ngx_http_model_usage_output_time(ngx_http_model_usage_t *usage);

/*
 * What the tokens cost by the prices that the model is declared with, in 1e-9
 * of the currency, rounded once; -1 where tokens of a kind are not known or
 * have no price.
 */
int64_t ngx_http_model_usage_cost(ngx_http_request_t *r,
    ngx_http_model_ctx_t *ctx);

/* the sum of all kinds in 1e-9; prices: 1e-9 per million, -1 none.  Pure. */
int64_t ngx_http_model_usage_sum(ngx_http_model_observe_t *o,
    int64_t prices[NGX_HTTP_MODEL_NPRICES]);


#endif /* _NGX_HTTP_MODEL_USAGE_H_INCLUDED_ */
