
/*
 * Copyright (C) the ngx_http_model_module authors
 *
 * What a model's name tells a reader: a label for people, the size and the
 * quantization that many names carry.  Pure: bytes in, bytes out.
 */


#ifndef _NGX_HTTP_MODEL_LABEL_H_INCLUDED_
#define _NGX_HTTP_MODEL_LABEL_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>


/*
 * "llama2:7b-chat" is "Llama 2 7B Chat".  The part before the last "/", the
 * tag "latest" and the ending ".gguf" are left out.  In memory of pool; never
 * empty for a name that is not.  NGX_OK or NGX_ERROR.
 */
ngx_int_t ngx_http_model_label(ngx_pool_t *pool, ngx_str_t *name,
    ngx_str_t *label);

/*
 * The first word that is a number of parameters ("7B", "8x7B", "1.5B",
 * "135M"), the last one that is a quantization ("Q4_0", "FP16"), upper case,
 * in memory of pool; empty where the name has none.  NGX_OK or NGX_ERROR.
 */
ngx_int_t ngx_http_model_label_size(ngx_pool_t *pool, ngx_str_t *name,
    ngx_str_t *size);
ngx_int_t ngx_http_model_label_quantization(ngx_pool_t *pool,
    ngx_str_t *name, ngx_str_t *quantization);


#endif /* _NGX_HTTP_MODEL_LABEL_H_INCLUDED_ */
