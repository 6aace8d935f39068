
/*
 * Copyright (C) the ngx_http_model_module authors
 *
 * Why a request went where it went: what did not answer before, kept in the
 * context, and the headers of model_explain_header.  Owns their words; calls
 * rules, respond, request.
 */


#ifndef _NGX_HTTP_MODEL_REASON_H_INCLUDED_
#define _NGX_HTTP_MODEL_REASON_H_INCLUDED_


#include "ngx_http_model_request.h"


/*
 * Notes that a server, or a vendor as a whole, did not answer; word is static
 * text, at is copied.  Of many the first ones are kept; what finds no memory is
 * not.
 */
void ngx_http_model_reason_note(ngx_http_request_t *r,
    ngx_http_model_ctx_t *ctx, const char *word, ngx_str_t *at);

/* the same, for a condition of model_failover */
void ngx_http_model_reason_failed(ngx_http_request_t *r,
    ngx_http_model_ctx_t *ctx, ngx_uint_t condition, ngx_str_t *at);

/*
 * Adds X-Model-Vendor, -Name, -Server, -Tries and -Reason to the answer, as far
 * as they are known; such headers of the vendor's are removed.  Values have
 * printable ASCII only, all else is percent-encoded.  NGX_OK or NGX_ERROR.
 */
ngx_int_t ngx_http_model_reason_headers(ngx_http_request_t *r,
    ngx_http_model_ctx_t *ctx);


#endif /* _NGX_HTTP_MODEL_REASON_H_INCLUDED_ */
