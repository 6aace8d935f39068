
/*
 * Copyright (C) the ngx_http_model_module authors
 *
 * The content handler of model_pass, and the phase handlers before it: who
 * asks for what, and where it goes.  Owns the life of a request; calls
 * everything below: path, endpoint, client, cors, names, route, local, body,
 * preset, handover.
 */


#ifndef _NGX_HTTP_MODEL_GATEWAY_H_INCLUDED_
#define _NGX_HTTP_MODEL_GATEWAY_H_INCLUDED_


#include "ngx_http_model_scope.h"


/* the content handler */
ngx_int_t ngx_http_model_gateway_handler(ngx_http_request_t *r);

/*
 * In the preaccess phase: the answer to a preflight, the refusal of a foreign
 * Origin, and with "model_read preaccess" the reading of the body.
 */
ngx_int_t ngx_http_model_gateway_preaccess_handler(ngx_http_request_t *r);

/*
 * Makes the request's context and finds its path, endpoint and client.  For
 * the filters, which may see a request that no phase of ours has seen.
 */
ngx_http_model_ctx_t *ngx_http_model_gateway_identify(ngx_http_request_t *r);


/* what follows is for explain, too */

/*
 * Readies the scan of a body for ctx->endpoint.  NGX_OK, or NGX_DECLINED with
 * status and message in the context: not this body.
 */
ngx_int_t ngx_http_model_gateway_prepare(ngx_http_request_t *r,
    ngx_http_model_ctx_t *ctx);

/*
 * A body that another module has read before us (mirror) was not scanned: it
 * is now, where ctx->body was readied for it.  NGX_ERROR: it cannot be read.
 */
ngx_int_t ngx_http_model_gateway_late(ngx_http_request_t *r,
    ngx_http_model_ctx_t *ctx);

/*
 * The vendor of a path whose body is not read.  NGX_DECLINED: here it is; else
 * what a content handler returns, the error is sent.
 */
ngx_int_t ngx_http_model_gateway_unnamed(ngx_http_request_t *r,
    ngx_http_model_ctx_t *ctx, ngx_http_model_vendor_t **vendor);


#endif /* _NGX_HTTP_MODEL_GATEWAY_H_INCLUDED_ */
