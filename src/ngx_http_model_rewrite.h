
/*
 * Copyright (C) the ngx_http_model_module authors
 *
 * The body as one vendor is to get it: the names that its models have there,
 * its presets, what we ask for; and the client's bytes again when another
 * vendor's turn comes.  Calls names, preset, ask, edit, body.
 */


#ifndef _NGX_HTTP_MODEL_REWRITE_H_INCLUDED_
#define _NGX_HTTP_MODEL_REWRITE_H_INCLUDED_


#include "ngx_http_model_request.h"


/*
 * Edits the body that was read and scanned for the hop, after taking back
 * what was done for an earlier one.  A body that was not scanned stays as it
 * is.  NGX_OK or NGX_ERROR; after that it must not be sent.
 */
ngx_int_t ngx_http_model_rewrite(ngx_http_request_t *r,
    ngx_http_model_ctx_t *ctx, ngx_http_model_hop_t *hop);

/*
 * The edits that it would make of the client's body, nothing done: n of them,
 * 0 where the body is not scanned.  Sets ctx->asked.  NGX_OK or NGX_ERROR.
 */
ngx_int_t ngx_http_model_rewrite_plan(ngx_http_request_t *r,
    ngx_http_model_ctx_t *ctx, ngx_http_model_hop_t *hop,
    ngx_http_model_edit_t **edits, ngx_uint_t *n);

/* only takes back what was done: the body is the client's again */
ngx_int_t ngx_http_model_rewrite_undo(ngx_http_request_t *r,
    ngx_http_model_ctx_t *ctx);


#endif /* _NGX_HTTP_MODEL_REWRITE_H_INCLUDED_ */
