
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


#endif /* _NGX_HTTP_MODEL_GATEWAY_H_INCLUDED_ */
