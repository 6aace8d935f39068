
/*
 * Copyright (C) the ngx_http_model_module authors
 *
 * The variables that tell what an answer told of itself.  Calls usage.
 */


#ifndef _NGX_HTTP_MODEL_USAGE_VARIABLES_H_INCLUDED_
#define _NGX_HTTP_MODEL_USAGE_VARIABLES_H_INCLUDED_


#include "ngx_http_model.h"


/* adds them; to be called in preconfiguration */
ngx_int_t ngx_http_model_usage_variables_add(ngx_conf_t *cf);


#endif /* _NGX_HTTP_MODEL_USAGE_VARIABLES_H_INCLUDED_ */
