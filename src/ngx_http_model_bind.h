
/*
 * Copyright (C) the ngx_http_model_module authors
 *
 * Binds the names in model_pass, model_default and model_alias to vendors,
 * when all of them are known.  Reads module's configuration, alias, vendor,
 * gateway, listen.
 */


#ifndef _NGX_HTTP_MODEL_BIND_H_INCLUDED_
#define _NGX_HTTP_MODEL_BIND_H_INCLUDED_


#include "ngx_http_model_module.h"


/* to be called in postconfiguration; NGX_ERROR with the reason logged */
ngx_int_t ngx_http_model_bind(ngx_conf_t *cf,
    ngx_http_model_main_conf_t *mmcf);


#endif /* _NGX_HTTP_MODEL_BIND_H_INCLUDED_ */
