
/*
 * Copyright (C) the ngx_http_model_module authors
 *
 * GET <status>/metrics.  Owns what is put together for it of servers; calls
 * metrics, metrics_text, view, peers, health.
 */


#ifndef _NGX_HTTP_MODEL_METRICS_HANDLER_H_INCLUDED_
#define _NGX_HTTP_MODEL_METRICS_HANDLER_H_INCLUDED_


#include "ngx_http_model_module.h"


/* for the table of status; the answer is Prometheus's text format */
ngx_int_t ngx_http_model_metrics_handler(ngx_http_request_t *r);


#endif /* _NGX_HTTP_MODEL_METRICS_HANDLER_H_INCLUDED_ */
