
/*
 * Copyright (C) the ngx_http_model_module authors
 *
 * Endpoints that the gateway answers itself: it waits for the first
 * discovery, takes the document of listing, and sends it.  Calls listing,
 * scope, wait, discover, respond.
 */


#ifndef _NGX_HTTP_MODEL_LOCAL_H_INCLUDED_
#define _NGX_HTTP_MODEL_LOCAL_H_INCLUDED_


#include "ngx_http_model_scope.h"


/* GET endpoints; returns what a content handler returns */
ngx_int_t ngx_http_model_local(ngx_http_request_t *r);

/*
 * POST /api/show of what the name was resolved to.  verbose as the request
 * says it.  From the real server for Ollama vendors, from the catalogue where
 * that does not answer soon.
 */
ngx_int_t ngx_http_model_local_show(ngx_http_request_t *r,
    ngx_http_model_route_t *route, ngx_uint_t verbose);

/*
 * POST /api/pull of a model of a vendor whose servers pull nothing: what is
 * known is there, and anything else cannot be had, in Ollama's words.
 */
ngx_int_t ngx_http_model_local_pull(ngx_http_request_t *r, ngx_uint_t known,
    ngx_uint_t stream);


#endif /* _NGX_HTTP_MODEL_LOCAL_H_INCLUDED_ */
