
/*
 * Copyright (C) the ngx_http_model_module authors
 *
 * The inside of status_api, shared by its files and by nobody else: the parts
 * of the document.  Each writes one member of the object that is open.  Calls
 * describe, capability, alias, health, metrics, peers, view, json.
 */


#ifndef _NGX_HTTP_MODEL_STATUS_API_H_INCLUDED_
#define _NGX_HTTP_MODEL_STATUS_API_H_INCLUDED_


#include "ngx_http_model_metrics.h"
#include "ngx_http_model_module.h"


typedef struct {
    ngx_http_request_t            *request;
    ngx_http_model_main_conf_t    *mmcf;
    time_t                         configured;
    ngx_http_model_view_t         *view;      /* NULL: there are no vendors */
    ngx_array_t                   *health;    /* ngx_http_model_health_t, or
                                                 NULL */
    ngx_array_t                   *models;    /* ngx_http_model_metrics_
                                                 model_t, or NULL */
    ngx_array_t                   *servers;   /* ngx_http_model_metrics_
                                                 server_t, or NULL */
    ngx_http_model_json_writer_t  *w;
} ngx_http_model_status_api_t;


/* "vendors" with their servers; NGX_ERROR when memory ran out */
ngx_int_t ngx_http_model_status_vendors(ngx_http_model_status_api_t *api);

/* "counters": by vendor, model and operation; NGX_OK */
ngx_int_t ngx_http_model_status_counters(ngx_http_model_status_api_t *api);

/* a member that is an integer, null when it is negative */
void ngx_http_model_status_int(ngx_http_model_json_writer_t *w,
    const char *key, int64_t n);

/* a member that is true or false */
void ngx_http_model_status_bool(ngx_http_model_json_writer_t *w,
    const char *key, ngx_uint_t b);

/* a member that is a time in seconds, null when it is 0: never */
void ngx_http_model_status_time(ngx_http_model_json_writer_t *w,
    const char *key, time_t t);

/* a member that is one of our own words */
void ngx_http_model_status_word(ngx_http_model_json_writer_t *w,
    const char *key, const char *word);


#endif /* _NGX_HTTP_MODEL_STATUS_API_H_INCLUDED_ */
