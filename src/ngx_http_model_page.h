
/*
 * Copyright (C) the ngx_http_model_module authors
 *
 * The page of model_status: owns ngx_http_model_page.html, which the build
 * makes an array of, and the headers that it goes with.  Calls listing,
 * respond.
 */


#ifndef _NGX_HTTP_MODEL_PAGE_H_INCLUDED_
#define _NGX_HTTP_MODEL_PAGE_H_INCLUDED_


#include "ngx_http_model_module.h"


/*
 * Fills in what the page is sent with: its Content-Security-Policy and ETag,
 * in memory of the pool.
 */
ngx_int_t ngx_http_model_page_init(ngx_pool_t *pool,
    ngx_http_model_status_t *status);

/* GET <status>/: the page; a handler of the table of paths */
ngx_int_t ngx_http_model_status_page(ngx_http_request_t *r);


#endif /* _NGX_HTTP_MODEL_PAGE_H_INCLUDED_ */
