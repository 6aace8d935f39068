
/*
 * Copyright (C) the ngx_http_model_module authors
 *
 * The log phase: what a request adds to the metrics when it has ended.  Owns
 * what an outcome and a kind of error are; calls gauge, metrics, request.
 */


#ifndef _NGX_HTTP_MODEL_COUNT_H_INCLUDED_
#define _NGX_HTTP_MODEL_COUNT_H_INCLUDED_


#include "ngx_http_model_module.h"


/* registers the handler of the log phase: NGX_OK or NGX_ERROR */
ngx_int_t ngx_http_model_count_init(ngx_conf_t *cf);

/*
 * How a request ended that got this status, 0 when none: an outcome, and in
 * *error the kind of error where it is not OK.
 */
ngx_uint_t ngx_http_model_count_outcome(ngx_uint_t status, ngx_uint_t *error);


#endif /* _NGX_HTTP_MODEL_COUNT_H_INCLUDED_ */
