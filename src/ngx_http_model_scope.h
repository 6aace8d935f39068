
/*
 * Copyright (C) the ngx_http_model_module authors
 *
 * What a request may see: the location's vendors, the client's patterns, the
 * worker's view.  Reads module's configuration, view, request.
 */


#ifndef _NGX_HTTP_MODEL_SCOPE_H_INCLUDED_
#define _NGX_HTTP_MODEL_SCOPE_H_INCLUDED_


#include "ngx_http_model_module.h"
#include "ngx_http_model_route.h"


/*
 * Fills the scope of the request; its view is good until the next event.  In a
 * location without model_pass all vendors count.  NGX_ERROR when memory ran
 * out.
 */
ngx_int_t ngx_http_model_scope(ngx_http_request_t *r,
    ngx_http_model_scope_t *scope);

/*
 * The vendor of a request that names no model and is not read, and how it was
 * found; NULL: there is none.
 */
ngx_http_model_vendor_t *ngx_http_model_scope_unnamed(
    ngx_http_model_scope_t *scope, const char **reason);

/* 1 when every server of the scope's vendors was asked at least once */
ngx_uint_t ngx_http_model_scope_complete(ngx_http_model_scope_t *scope);

/* for ngx_http_model_wait(): 1 when the request's scope is complete */
ngx_uint_t ngx_http_model_scope_ready(ngx_http_request_t *r, void *data);


#endif /* _NGX_HTTP_MODEL_SCOPE_H_INCLUDED_ */
