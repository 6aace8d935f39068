
/*
 * Copyright (C) the ngx_http_model_module authors
 *
 * Configuration structures of the module, and the names of pointers to them:
 *   mmcf  ngx_http_model_main_conf_t
 *   mlcf  ngx_http_model_loc_conf_t
 *   bcf   ngx_http_model_balancer_conf_t, of a server, meant for upstream {}
 */


#ifndef _NGX_HTTP_MODEL_MODULE_H_INCLUDED_
#define _NGX_HTTP_MODEL_MODULE_H_INCLUDED_


#include "ngx_http_model_balancer.h"
#include "ngx_http_model_client.h"
#include "ngx_http_model_cors.h"
#include "ngx_http_model_request.h"
#include "ngx_http_model_view.h"


extern ngx_module_t  ngx_http_model_module;


#define NGX_HTTP_MODEL_READ_CONTENT    0
#define NGX_HTTP_MODEL_READ_PREACCESS  1


/* one model_pass */

typedef struct {
    ngx_array_t                      *names;      /* of vendors, ngx_str_t;
                                                     NULL: all */
    ngx_array_t                      *vendors;    /* resolved, by rank */
    ngx_http_model_vendor_t          *single;
    ngx_str_t                         prefix;     /* the location's name */
    ngx_msec_t                        timeout;    /* longest of a discovery */
    ngx_array_t                      *listen;     /* URLs of its server */

    /* where it stands, for what is checked after everything is read */
    ngx_http_conf_ctx_t              *ctx;
    u_char                           *file_name;
    ngx_uint_t                        line;
} ngx_http_model_pass_t;


/* one model_status */

typedef struct {
    ngx_str_t                         prefix;     /* the location's name */
    time_t                            configured; /* when it was read */
    unsigned                          open:1;     /* nothing to guard */

    /* what its page is sent with */
    u_char                           *policy;
    ngx_str_t                         etag;

    /* as of model_pass */
    ngx_http_conf_ctx_t              *ctx;
    u_char                           *file_name;
    ngx_uint_t                        line;
} ngx_http_model_status_t;


/* one model_default */

typedef struct {
    ngx_str_t                         text;
    ngx_http_model_vendor_t          *vendor;
    ngx_str_t                         model;
    u_char                           *file_name;
    ngx_uint_t                        line;
} ngx_http_model_default_t;


typedef struct {
    ngx_array_t                       vendors;    /* ngx_http_model_vendor_t *
                                                     in order of the file */
    ngx_array_t                       ranked;     /* the same, by rank */
    ngx_array_t                       passes;     /* ngx_http_model_pass_t * */
    ngx_array_t                       statuses;   /* ngx_http_model_status_t
                                                     * */
    ngx_array_t                       defaults;   /* ngx_http_model_default_t
                                                     * */
    ngx_array_t                       aliases;    /* ngx_http_model_alias_t *
                                                     in order of the file */
    ngx_str_t                         zone_name;
    size_t                            zone_size;
    ngx_str_t                         separator;
    ngx_http_model_views_t            views;
    ngx_uint_t                        preaccess;  /* some location reads so */
    ngx_uint_t                        tests;      /* of model_status, that run
                                                     in this worker */
} ngx_http_model_main_conf_t;


typedef struct {
    ngx_http_model_pass_t            *pass;       /* NULL: not ours */
    ngx_http_model_status_t          *status;     /* NULL: none */
    ngx_uint_t                        allow;      /* kinds */
    ngx_array_t                      *clients;    /* NULL: off */
    ngx_uint_t                        read;
    ngx_http_model_cors_t            *cors;
    ngx_http_model_default_t         *fallback;   /* NULL: none */
    ngx_http_model_rules_t            rules;
    ngx_flag_t                        explain;    /* headers that tell why */
    size_t                            bridge_buffer;
} ngx_http_model_loc_conf_t;


#endif /* _NGX_HTTP_MODEL_MODULE_H_INCLUDED_ */
