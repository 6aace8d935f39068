
/*
 * Copyright (C) the ngx_http_model_module authors
 *
 * Variables: what users may log, map and limit by, and the internal ones that
 * put a credential into a request head.  Reads request and vendor.
 */


#ifndef _NGX_HTTP_MODEL_VARIABLES_H_INCLUDED_
#define _NGX_HTTP_MODEL_VARIABLES_H_INCLUDED_


#include "ngx_http_model_request.h"


/* adds all variables; to be called in preconfiguration */
ngx_int_t ngx_http_model_variables_add(ngx_conf_t *cf);

/*
 * Indexes $request_uri and the internal variables; to be called in
 * postconfiguration.
 */
ngx_int_t ngx_http_model_variables_init(ngx_conf_t *cf);

/* evaluates $request_uri before the URI is swapped */
void ngx_http_model_variables_prime(ngx_http_request_t *r);

/* drops cached values of the internal variables */
void ngx_http_model_variables_forget(ngx_http_request_t *r);


#endif /* _NGX_HTTP_MODEL_VARIABLES_H_INCLUDED_ */
