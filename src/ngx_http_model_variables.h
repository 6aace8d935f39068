
/*
 * Copyright (C) the ngx_http_model_module authors
 *
 * Variables: what users may log, map and limit by, and the internal ones that
 * put a credential into a request head.  Reads request and vendor.
 */


#ifndef _NGX_HTTP_MODEL_VARIABLES_H_INCLUDED_
#define _NGX_HTTP_MODEL_VARIABLES_H_INCLUDED_


#include "ngx_http_model_request.h"


/* adds all variables; to be called in preconfiguration */
ngx_int_t ngx_http_model_variables_add(ngx_conf_t *cf);

/*
 * Indexes $request_uri and the internal variables; to be called in
 * postconfiguration.
 */
ngx_int_t ngx_http_model_variables_init(ngx_conf_t *cf);

/*
 * Before the URI is swapped and the internal variables answer: evaluates
 * $request_uri, notes what has a value already.
 */
ngx_int_t ngx_http_model_variables_prime(ngx_http_request_t *r,
    ngx_http_model_ctx_t *ctx);

/*
 * Before a request is made anew for another vendor: drops what was evaluated
 * while the one before was made, a map of $model_vendor for one.  $request_id
 * stays, it is one of the client's request.
 */
void ngx_http_model_variables_renew(ngx_http_request_t *r,
    ngx_http_model_ctx_t *ctx);

/*
 * Drops the cached values of the internal variables, and of those that were
 * evaluated since and hold the vendor's key.
 */
void ngx_http_model_variables_forget(ngx_http_request_t *r,
    ngx_http_model_ctx_t *ctx);

/*
 * Where the value of a line of the vendor's header list comes from, for a
 * request of the hop: value is the line's text.  "" when nothing is sent, NULL
 * when the text holds none of the internal variables.
 */
const char *ngx_http_model_variables_source(ngx_http_model_hop_t *hop,
    ngx_str_t *value);


#endif /* _NGX_HTTP_MODEL_VARIABLES_H_INCLUDED_ */
