
/*
 * Copyright (C) the ngx_http_model_module authors
 *
 * Hands a request to the stock proxy with a vendor's configuration in the
 * place of the location's.  Owns the swap of slot, URI and log level around
 * create_request, and that of vendors within a run.  Calls resolve, rewrite,
 * variables, request.
 */


#ifndef _NGX_HTTP_MODEL_HANDOVER_H_INCLUDED_
#define _NGX_HTTP_MODEL_HANDOVER_H_INCLUDED_


#include "ngx_http_model_request.h"


/*
 * Runs the stock proxy handler for ctx->hop, and what may follow: ctx->hops
 * from ctx->next on; ctx->rules and ctx->views say how.  Takes a request with
 * or without its body read; returns what the stock handler does, to be
 * returned from a content handler or given to finalize.  A vendor that is
 * resolved at run time is resolved first: then NGX_DONE, the request goes on
 * by itself.
 */
ngx_int_t ngx_http_model_handover(ngx_http_request_t *r,
    ngx_http_model_ctx_t *ctx);

/*
 * Within an upstream run, between two connections: what belongs to the vendor
 * before becomes that of the hop, body and head are made anew.  NGX_OK or
 * NGX_ERROR.
 */
ngx_int_t ngx_http_model_handover_switch(ngx_http_request_t *r,
    ngx_http_model_ctx_t *ctx, ngx_http_model_hop_t *hop);

/*
 * The URI that a hop's server gets.  The vendor's URI part is its base URL as
 * its documentation gives it: for an OpenAI vendor it stands for "/v1", else it
 * goes in front of the path.  NGX_OK or NGX_ERROR.
 */
ngx_int_t ngx_http_model_handover_uri(ngx_http_request_t *r,
    ngx_http_model_hop_t *hop, ngx_str_t *uri);

/*
 * Ends the vendor's view of the request, if it is still on: the page of a head
 * that could not be made must not be written in it.
 */
void ngx_http_model_handover_leave(ngx_http_request_t *r,
    ngx_http_model_ctx_t *ctx);


#endif /* _NGX_HTTP_MODEL_HANDOVER_H_INCLUDED_ */
