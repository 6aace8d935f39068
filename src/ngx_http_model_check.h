
/*
 * Copyright (C) the ngx_http_model_module authors
 *
 * What the whole configuration together gets wrong: warnings and refusals
 * that no single directive can see.  Reads module's configuration, calls
 * listen.
 */


#ifndef _NGX_HTTP_MODEL_CHECK_H_INCLUDED_
#define _NGX_HTTP_MODEL_CHECK_H_INCLUDED_


#include "ngx_http_model_module.h"


/* to be called in postconfiguration; NGX_ERROR with the reason logged */
ngx_int_t ngx_http_model_check(ngx_conf_t *cf,
    ngx_http_model_main_conf_t *mmcf);


#endif /* _NGX_HTTP_MODEL_CHECK_H_INCLUDED_ */
