
/*
 * Copyright (C) the ngx_http_model_module authors
 *
 * The table of API paths: what a path is, which dialect it speaks, where it
 * names the model.  Pure.
 */


#ifndef _NGX_HTTP_MODEL_ENDPOINT_H_INCLUDED_
#define _NGX_HTTP_MODEL_ENDPOINT_H_INCLUDED_


#include "ngx_http_model.h"


/* kinds, as model_allow names them */

#define NGX_HTTP_MODEL_INFERENCE   0x01
#define NGX_HTTP_MODEL_MANAGE      0x02
#define NGX_HTTP_MODEL_OTHER       0x04


/* who answers */

typedef enum {
    NGX_HTTP_MODEL_EP_ROOT = 0,       /* GET / */
    NGX_HTTP_MODEL_EP_VERSION,        /* GET /api/version */
    NGX_HTTP_MODEL_EP_TAGS,           /* GET /api/tags */
    NGX_HTTP_MODEL_EP_PS,             /* GET /api/ps */
    NGX_HTTP_MODEL_EP_SHOW,           /* POST /api/show */
    NGX_HTTP_MODEL_EP_MODELS,         /* GET /v1/models */
    NGX_HTTP_MODEL_EP_MODEL,          /* GET /v1/models/{id} */
    NGX_HTTP_MODEL_EP_LMSTUDIO,       /* GET /api/v1/models */
    NGX_HTTP_MODEL_EP_ROUTED,         /* body names the model */
    NGX_HTTP_MODEL_EP_BLOB,           /* /api/blobs/:digest, unread */
    NGX_HTTP_MODEL_EP_OTHER           /* unlisted, unread */
} ngx_http_model_endpoint_e;


/* which members of the body name a model */

#define NGX_HTTP_MODEL_NAMES_NONE      0
#define NGX_HTTP_MODEL_NAMES_MODEL     1   /* model */
#define NGX_HTTP_MODEL_NAMES_EITHER    2   /* model, or name when that is
                                              absent or empty */
#define NGX_HTTP_MODEL_NAMES_CREATE    3   /* as EITHER, and from */
#define NGX_HTTP_MODEL_NAMES_COPY      4   /* source and destination */


/* methods, as bits of NGX_HTTP_GET ... of ngx_http_request.h */

typedef struct {
    ngx_str_t                  path;      /* as it goes upstream */
    ngx_uint_t                 methods;
    ngx_http_model_endpoint_e  type;
    ngx_uint_t                 kind;      /* NGX_HTTP_MODEL_INFERENCE ... */
    ngx_uint_t                 dialect;
    ngx_uint_t                 names;
    unsigned                   optional:1;  /* model may be absent (the
                                               dialect has a default) */
    unsigned                   multipart:1; /* form bodies occur */
    unsigned                   stream:1;    /* streams unless told not to */
    unsigned                   usage:1;     /* streams tell usage when asked */
} ngx_http_model_endpoint_t;


/*
 * The row for a decoded path that starts with "/", runs of "/" collapsed; one
 * "/" at the end is ignored.  Paths of OpenAI's are known without "/v1" too.
 * Never NULL: unlisted paths get the row EP_OTHER (of the dialect that its
 * prefix says: /api/ Ollama, /v1/messages Anthropic, else OpenAI).
 * For EP_MODEL and EP_BLOB *rest is what follows the last fixed "/".
 */
const ngx_http_model_endpoint_t *ngx_http_model_endpoint_find(ngx_str_t *path,
    ngx_str_t *rest);

/* all rows, for docs and tests; *n is how many */
const ngx_http_model_endpoint_t *ngx_http_model_endpoints(ngx_uint_t *n);


#endif /* _NGX_HTTP_MODEL_ENDPOINT_H_INCLUDED_ */
