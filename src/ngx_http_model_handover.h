
/*
 * Copyright (C) the ngx_http_model_module authors
 *
 * Hands a request to the stock proxy with a vendor's configuration in the
 * place of the location's.  Owns the swap of slot, URI and log level around
 * create_request, and the entry into the upstream (mux).  Calls request,
 * vendor.
 */


#ifndef _NGX_HTTP_MODEL_HANDOVER_H_INCLUDED_
#define _NGX_HTTP_MODEL_HANDOVER_H_INCLUDED_


#include "ngx_http_model_request.h"


/*
 * Runs the stock proxy handler for the hop.  Takes a request whose context
 * exists, with or without its body read; returns what the stock handler does,
 * to be returned from a content handler or given to finalize.  A vendor that
 * is resolved at run time is resolved first: then NGX_DONE, the request goes
 * on by itself.
 */
ngx_int_t ngx_http_model_handover(ngx_http_request_t *r,
    ngx_http_model_hop_t *hop);

/* peer.init of every vendor's mux */
ngx_int_t ngx_http_model_handover_init_peer(ngx_http_request_t *r,
    ngx_http_upstream_srv_conf_t *us);

/*
 * Ends the vendor's view of the request, if it is still on: the page of a head
 * that could not be made must not be written in it.
 */
void ngx_http_model_handover_leave(ngx_http_request_t *r,
    ngx_http_model_ctx_t *ctx);


#endif /* _NGX_HTTP_MODEL_HANDOVER_H_INCLUDED_ */
