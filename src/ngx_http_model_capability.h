
/*
 * Copyright (C) the ngx_http_model_module authors
 *
 * What a model can do, as each kind of server tells it.  Pure: reads a view's
 * model, calls json.
 */


#ifndef _NGX_HTTP_MODEL_CAPABILITY_H_INCLUDED_
#define _NGX_HTTP_MODEL_CAPABILITY_H_INCLUDED_


#include "ngx_http_model_view.h"


#define NGX_HTTP_MODEL_CAPABILITY_ALL  0xffff


/*
 * The capabilities (NGX_HTTP_MODEL_CAP_*) that the model's server reports;
 * *known gets those of which it says yes or no, 0 when it says nothing.
 */
ngx_uint_t ngx_http_model_capability_read(ngx_http_model_model_t *model,
    ngx_uint_t *known);

/* names of set capabilities as a JSON array of strings, written to w */
void ngx_http_model_capability_write(ngx_http_model_json_writer_t *w,
    ngx_uint_t capabilities);


#endif /* _NGX_HTTP_MODEL_CAPABILITY_H_INCLUDED_ */
