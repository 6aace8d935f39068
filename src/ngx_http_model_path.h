
/*
 * Copyright (C) the ngx_http_model_module authors
 *
 * The API path of a request: what follows the prefix of its location, and
 * the form of it that goes upstream.  Calls nothing of ours.
 */


#ifndef _NGX_HTTP_MODEL_PATH_H_INCLUDED_
#define _NGX_HTTP_MODEL_PATH_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>


/*
 * *path becomes the decoded API path of the request, with one "/" in front
 * and runs of "/" collapsed, in memory of the request.  prefix is the name of
 * the prefix location.
 */
ngx_int_t ngx_http_model_path(ngx_http_request_t *r, ngx_str_t *prefix,
    ngx_str_t *path);

/*
 * The same path as it goes upstream for an unlisted one: the client's own
 * bytes where they mean exactly path, else path escaped again.
 */
ngx_int_t ngx_http_model_path_raw(ngx_http_request_t *r, ngx_str_t *prefix,
    ngx_str_t *path, ngx_str_t *raw);

/* path and the request's arguments, without a "key" argument */
ngx_int_t ngx_http_model_path_args(ngx_http_request_t *r, ngx_str_t *path,
    ngx_str_t *uri);

/*
 * An argument of the request, decoded, in its memory; "" when there is none.
 * NGX_ERROR without memory.
 */
ngx_int_t ngx_http_model_path_argument(ngx_http_request_t *r,
    const char *name, ngx_str_t *value);


#endif /* _NGX_HTTP_MODEL_PATH_H_INCLUDED_ */
