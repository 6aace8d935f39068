
/*
 * Copyright (C) the ngx_http_model_module authors
 *
 * "model name param=value ...;" in a vendor's block: what the operator declares
 * of a model.  Owns the check of each parameter; calls nothing of ours.
 */


#ifndef _NGX_HTTP_MODEL_DECLARE_H_INCLUDED_
#define _NGX_HTTP_MODEL_DECLARE_H_INCLUDED_


#include "ngx_http_model_vendor.h"


/*
 * Handles the "model" directive in cf->args.  NGX_CONF_OK; NGX_CONF_ERROR with
 * the reason logged.
 */
char *ngx_http_model_declare(ngx_conf_t *cf, ngx_http_model_vendor_t *vendor);

/* 1 when the text may go into headers, lists and logs */
ngx_uint_t ngx_http_model_declare_text(ngx_str_t *s);


#endif /* _NGX_HTTP_MODEL_DECLARE_H_INCLUDED_ */
