
/*
 * Copyright (C) the ngx_http_model_module authors
 *
 * Names of vendors that are followed at run time, looked up before a request
 * is handed over.  Owns the wait for the resolver.  Calls request.
 */


#ifndef _NGX_HTTP_MODEL_RESOLVE_H_INCLUDED_
#define _NGX_HTTP_MODEL_RESOLVE_H_INCLUDED_


#include "ngx_http_model_request.h"


/*
 * Looks up the name of the context's hop and of those that may follow, then
 * calls go, whose result is returned, or finalizes the request when that came
 * later: then NGX_DONE is returned.  A later hop's name is waited for at most
 * a second; a hop whose name has no address is left out.  Without any hop left
 * NGX_HTTP_BAD_GATEWAY, ctx->unresolved is set.
 */
ngx_int_t ngx_http_model_resolve(ngx_http_request_t *r,
    ngx_http_model_ctx_t *ctx, ngx_int_t (*go)(ngx_http_request_t *r));


#endif /* _NGX_HTTP_MODEL_RESOLVE_H_INCLUDED_ */
