
/*
 * Copyright (C) the ngx_http_model_module authors
 *
 * The credential of a vendor: where it comes from and which header carries
 * it.  Owns the secret's bytes: nothing else reads them but the variable
 * that answers while a request head is made.  Calls nothing of ours.
 */


#ifndef _NGX_HTTP_MODEL_KEY_H_INCLUDED_
#define _NGX_HTTP_MODEL_KEY_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "ngx_http_model.h"


#define NGX_HTTP_MODEL_KEY_OFF      0
#define NGX_HTTP_MODEL_KEY_VALUE    1   /* env, file, literal */
#define NGX_HTTP_MODEL_KEY_CLIENT   2


typedef struct {
    ngx_uint_t    type;
    ngx_str_t     source;    /* "env:NAME", "file:PATH", "literal", for logs */
    ngx_str_t     value;     /* the secret */
    ngx_str_t     header;    /* of header=, "" follows the dialect */
    ngx_str_t     scheme;    /* of scheme= */
    unsigned      scheme_set:1;
} ngx_http_model_key_t;


/*
 * Sets key from the arguments of "key source [header=] [scheme=];" in
 * cf->args.  Registers env names so that a binary upgrade passes them on.
 * Errors are logged with file and line, never with the value.
 */
char *ngx_http_model_key_set(ngx_conf_t *cf, ngx_http_model_key_t *key);


#endif /* _NGX_HTTP_MODEL_KEY_H_INCLUDED_ */
