
/*
 * Copyright (C) the ngx_http_model_module authors
 *
 * What is on: requests in flight by the vendor and model that has them, tries
 * by server, requests that wait for a slot.  Owns the rows that they hold
 * meanwhile; calls metrics, view, request.  Requests of our own, which
 * have no views, are not counted.
 */


#ifndef _NGX_HTTP_MODEL_GAUGE_H_INCLUDED_
#define _NGX_HTTP_MODEL_GAUGE_H_INCLUDED_


#include "ngx_http_model_failover.h"


/*
 * A server of the hop was chosen, and has the request no more, as nginx asks
 * for and frees a peer: once each, however the request ends.  It has failed
 * when failed says so or its status is 5xx.
 */
void ngx_http_model_gauge_asked(ngx_http_model_run_t *run);
void ngx_http_model_gauge_answered(ngx_http_model_run_t *run,
    ngx_uint_t failed);

/* the request waits for a slot of its hop, and waits no more */
void ngx_http_model_gauge_waits(ngx_http_model_ctx_t *ctx);
void ngx_http_model_gauge_waited(ngx_http_model_ctx_t *ctx);

/* NGX_HTTP_MODEL_OP_* of an endpoint */
ngx_uint_t ngx_http_model_gauge_operation(
    const ngx_http_model_endpoint_t *endpoint);

/* the name by which a hop's model is counted: that of the catalogue */
ngx_str_t *ngx_http_model_gauge_name(ngx_http_model_hop_t *hop);

/*
 * NGX_HTTP_MODEL_NAME_KNOWN when a list or the configuration has the model; "",
 * of none, is known, too.  Else _UNKNOWN.  hop may be NULL.
 */
ngx_uint_t ngx_http_model_gauge_known(ngx_http_model_views_t *views,
    ngx_http_model_vendor_t *vendor, ngx_http_model_hop_t *hop,
    ngx_str_t *name);


#endif /* _NGX_HTTP_MODEL_GAUGE_H_INCLUDED_ */
