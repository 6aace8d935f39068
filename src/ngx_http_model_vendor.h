
/*
 * Copyright (C) the ngx_http_model_module authors
 *
 * The registry of vendors: what a model_vendor block says.  Owns the block's
 * own directives; calls proxy (the vendor's proxy configuration) and key.
 * Everything here but the worker's own marks is written while the
 * configuration is read and constant afterwards; it lives as long as the
 * cycle.
 */


#ifndef _NGX_HTTP_MODEL_VENDOR_H_INCLUDED_
#define _NGX_HTTP_MODEL_VENDOR_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "ngx_http_model.h"
#include "ngx_http_model_key.h"


#define NGX_HTTP_MODEL_HOSTING_LOCAL     1
#define NGX_HTTP_MODEL_HOSTING_CLOUD     2

#define NGX_HTTP_MODEL_PRICE_INPUT       0
#define NGX_HTTP_MODEL_PRICE_OUTPUT      1
#define NGX_HTTP_MODEL_PRICE_CACHED      2
#define NGX_HTTP_MODEL_PRICE_CACHE_WRITE 3
#define NGX_HTTP_MODEL_NPRICES           4


typedef struct ngx_http_model_vendor_s  ngx_http_model_vendor_t;


/* "model name param=value ...;": what the operator declares of a model */

typedef struct {
    ngx_str_t                      name;
    ngx_str_t                      label;        /* "" unset, so below */
    ngx_str_t                      family;
    ngx_str_t                      parameters;   /* size such as 8B */
    ngx_str_t                      quantization;
    ngx_int_t                      context;      /* tokens, -1 unset */
    ngx_int_t                      output;       /* tokens, -1 unset */
    ngx_uint_t                     capabilities; /* NGX_HTTP_MODEL_CAP_* */
    ngx_str_t                      prices[NGX_HTTP_MODEL_NPRICES];
                                         /* per million tokens, decimal text
                                            as written, checked, "" unset */
    unsigned                       capabilities_set:1;
} ngx_http_model_declared_t;


/* "default path value;" and "force path value;" */

typedef struct {
    ngx_str_t                      path;    /* dots nest */
    ngx_str_t                      value;   /* one JSON value, one line */
    unsigned                       force:1;
} ngx_http_model_preset_t;


struct ngx_http_model_vendor_s {
    ngx_str_t                      id;
    ngx_str_t                      label;
    ngx_int_t                      rank;
    ngx_uint_t                     index;      /* order of declaration */
    ngx_uint_t                     hosting;
    ngx_uint_t                     dialects;   /* bits */
    ngx_uint_t                     dialect;    /* the first one named */
    ngx_int_t                      instances;  /* -1: no limit */
    ngx_msec_t                     interval;   /* of discovery */
    ngx_msec_t                     timeout;    /* of discovery */
    ngx_msec_t                     grace;      /* listed so long while down */
    ngx_http_model_key_t           key;

    ngx_array_t                    declared;   /* ngx_http_model_declared_t */
    ngx_array_t                   *expose;     /* ngx_str_t, NULL: all */
    ngx_array_t                    presets;    /* ngx_http_model_preset_t */

    unsigned                       prefix:1;
    unsigned                       discover:1;
    unsigned                       warm:1;     /* loaded models are kept
                                                  fresh */
    unsigned                       prefix_set:1;
    unsigned                       discover_set:1;
    unsigned                       bridge_set:1;
    unsigned                       translate:1;  /* an Ollama server's own
                                                    /v1 is not used */
    unsigned                       group:1;    /* has an upstream {} */

    /* this worker's marks: its servers answer /v1/responses, or do not */
    unsigned                       responses:1;
    unsigned                       no_responses:1;

    /* where it is; filled by proxy */
    ngx_str_t                      url;        /* as proxy_pass says */
    ngx_str_t                      authority;  /* host[:port] as written */
    ngx_str_t                      base;       /* URI part, no "/" at its end */
    ngx_str_t                      host;       /* value of the Host header */
    ngx_str_t                      tls_name;
    in_port_t                      port;
    unsigned                       ssl:1;
    unsigned                       resolve:1;  /* name resolved at run time */

    void                         **loc_conf;   /* of the block, merged */
    ngx_http_handler_pt            handler;    /* the stock proxy's */
    ngx_http_upstream_conf_t      *conf;       /* in the proxy's */
    ngx_uint_t                     version;    /* of HTTP, as nginx has it */
    ngx_http_upstream_srv_conf_t  *upstream;   /* NULL with resolve */
    ngx_http_upstream_srv_conf_t   mux;        /* our entry into upstream */

    /* of proxy, while the configuration is read */
    ngx_http_conf_ctx_t           *ctx;
    void                          *pristine;   /* an unset proxy conf */
    ngx_uint_t                     pass_line;  /* of proxy_pass */
    u_char                        *pass_file;

    u_char                        *file_name;  /* of the block */
    ngx_uint_t                     line;

    /* of this worker */
    ngx_msec_t                     show_slow;  /* until then not asked */
    ngx_msec_t                     unresolved; /* until then not waited for;
                                                  0: never failed */
};


/* 1 when expose of the vendor lets the model be listed and routed */
ngx_uint_t ngx_http_model_vendor_exposes(ngx_http_model_vendor_t *vendor,
    ngx_str_t *model);

/*
 * 1 when name matches the pattern, in which each "*" stands for any bytes;
 * linear time but for the number of stars.
 */
ngx_uint_t ngx_http_model_wildcard(ngx_str_t *pattern, ngx_str_t *name);

/* the vendor with this id in an array of ngx_http_model_vendor_t *, or NULL */
ngx_http_model_vendor_t *ngx_http_model_vendor_find(ngx_array_t *vendors,
    ngx_str_t *id);

/*
 * Reads a "model_vendor id { }" block and appends it to vendors (array of
 * ngx_http_model_vendor_t *).  The setter of the directive calls it with its
 * own cf.  Errors are logged with file and line: NGX_CONF_ERROR.
 */
char *ngx_http_model_vendor_block(ngx_conf_t *cf, ngx_array_t *vendors);


#endif /* _NGX_HTTP_MODEL_VENDOR_H_INCLUDED_ */
