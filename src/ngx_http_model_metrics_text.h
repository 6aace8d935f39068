
/*
 * Copyright (C) the ngx_http_model_module authors
 *
 * Metrics in Prometheus's text format, version 0.0.4.  Owns their names, help
 * and labels, which docs/metrics.md tells of; the names of gen_ai_* are those
 * of the OpenTelemetry conventions for GenAI.  Pure.  Calls metrics for its
 * names and bounds, json for UTF-8.
 */


#ifndef _NGX_HTTP_MODEL_METRICS_TEXT_H_INCLUDED_
#define _NGX_HTTP_MODEL_METRICS_TEXT_H_INCLUDED_


#include "ngx_http_model_metrics.h"


/* a server as it stands: of the configuration, not only of the counters */

typedef struct {
    ngx_str_t                         vendor;
    ngx_str_t                         server;
    ngx_uint_t                        state;     /* NGX_HTTP_MODEL_SERVER_* */
    ngx_str_t                         reason;    /* why it is down, or "" */
    ngx_uint_t                        breaker;   /* NGX_HTTP_MODEL_BREAKER_* */
    ngx_uint_t                        failures;  /* in a row */
    ngx_uint_t                        models;    /* that it has; 0 unknown */
    ngx_int_t                         age;       /* of its list, s; -1 none */
    ngx_msec_t                        cooldown;  /* left, of all its models */
    ngx_uint_t                        cooling;   /* of its models, those that
                                                    have one of their own */
    ngx_http_model_metrics_server_t  *counts;    /* or NULL: none yet */
} ngx_http_model_text_server_t;


typedef struct {
    ngx_array_t                      *models;    /* ngx_http_model_metrics_
                                                    model_t */
    ngx_array_t                      *servers;   /* ngx_http_model_text_
                                                    server_t */
    ngx_uint_t                        generation;  /* of the catalogue */
    const char                       *nginx;     /* its version */
} ngx_http_model_text_t;


/* the text as buffers in pool, the last one marked; NULL without memory */
ngx_chain_t *ngx_http_model_metrics_text(ngx_http_model_text_t *text,
    ngx_pool_t *pool);


#endif /* _NGX_HTTP_MODEL_METRICS_TEXT_H_INCLUDED_ */
