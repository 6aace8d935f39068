
/*
 * Copyright (C) the ngx_http_model_module authors
 *
 * The descriptor of a model: label, family, context window, capabilities ...
 * What is declared beats what its server reports, that beats the family
 * table.  Pure: reads a view's model, calls capability, label,
 * decimal, json.
 */


#ifndef _NGX_HTTP_MODEL_DESCRIBE_H_INCLUDED_
#define _NGX_HTTP_MODEL_DESCRIBE_H_INCLUDED_


#include "ngx_http_model_view.h"


typedef struct {
    ngx_str_t     id;              /* listed name */
    ngx_str_t     label;           /* "Llama 2 7B Chat" */
    ngx_str_t     family;          /* "" unknown, so below */
    ngx_str_t     parameter_size;  /* "7B", "8.0B" */
    ngx_str_t     quantization;    /* "Q4_0" */
    ngx_str_t     format;          /* "gguf" */
    ngx_str_t     architecture;    /* of model_info, else the family */
    ngx_str_t     description;     /* "7B model (Q4_0) - gguf" */
    ngx_uint_t    capabilities;    /* NGX_HTTP_MODEL_CAP_* */
    int64_t       context;         /* tokens; table's default 4096 */
    int64_t       output;          /* largest output, tokens */
    time_t        created;         /* 0 unknown */
    ngx_str_t     modified_at;     /* RFC 3339, never empty */
    ngx_str_t     digest;          /* 64 hex, never empty */
    int64_t       size;            /* bytes, 0 unknown */
    ngx_str_t     prices[NGX_HTTP_MODEL_NPRICES];  /* per million tokens,
                                                      decimal, "" unknown */
    unsigned      context_known:1; /* declared or reported, not the table's */
    unsigned      output_known:1;
    unsigned      capabilities_known:1;
} ngx_http_model_descriptor_t;


/* fills d from the model; strings in pool or in the view */
ngx_int_t ngx_http_model_describe(ngx_pool_t *pool,
    ngx_http_model_model_t *model, ngx_http_model_descriptor_t *d);

/* 1 when the entry is of Ollama's /api/tags, 0 when of a /v1/models */
ngx_uint_t ngx_http_model_describe_ollama(ngx_http_model_model_t *model);

/*
 * Takes the next "key   value" line off the text that a show document has as
 * "parameters"; key and value point into it.  0 at the end.
 */
ngx_uint_t ngx_http_model_describe_parameter(ngx_str_t *text, ngx_str_t *key,
    ngx_str_t *value);


#endif /* _NGX_HTTP_MODEL_DESCRIBE_H_INCLUDED_ */
