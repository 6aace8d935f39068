
/*
 * Copyright (C) the ngx_http_model_module authors
 *
 * What completes a vendor's proxy configuration: defaults, TLS, hidden and
 * sent headers, and the merge against http level.  Calls proxy_stock.
 */


#ifndef _NGX_HTTP_MODEL_PROXY_MERGE_H_INCLUDED_
#define _NGX_HTTP_MODEL_PROXY_MERGE_H_INCLUDED_


#include "ngx_http_model_proxy_stock.h"


/*
 * Adds what the block and, where it counts, http level have not set, and
 * merges.  parent is the proxy configuration of http level; cf->ctx is the
 * vendor's.  NGX_ERROR with the reason logged.
 */
ngx_int_t ngx_http_model_proxy_complete(ngx_conf_t *cf,
    ngx_http_model_vendor_t *vendor, void *parent);


#endif /* _NGX_HTTP_MODEL_PROXY_MERGE_H_INCLUDED_ */
