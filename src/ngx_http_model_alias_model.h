
/*
 * Copyright (C) the ngx_http_model_module authors
 *
 * What listings show of an alias: one model made of those of its targets.
 * Pure: reads a scope, calls alias, describe, label.
 */


#ifndef _NGX_HTTP_MODEL_ALIAS_MODEL_H_INCLUDED_
#define _NGX_HTTP_MODEL_ALIAS_MODEL_H_INCLUDED_


#include "ngx_http_model_alias.h"
#include "ngx_http_model_describe.h"


/*
 * Makes the model in pool, for the targets that the scope permits: what all
 * of them can do, the smallest limits, and of the rest that on which they
 * agree.  Its vendor is made up too.  star is what "*" stands for, or NULL.
 * NGX_OK; NGX_DECLINED: no target is permitted, or of a pattern none is
 * listed; NGX_ERROR: memory ran out.
 */
ngx_int_t ngx_http_model_alias_model(ngx_http_model_scope_t *scope,
    ngx_http_model_alias_t *alias, ngx_str_t *star, ngx_pool_t *pool,
    ngx_http_model_model_t **model);


#endif /* _NGX_HTTP_MODEL_ALIAS_MODEL_H_INCLUDED_ */
