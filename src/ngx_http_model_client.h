
/*
 * Copyright (C) the ngx_http_model_module authors
 *
 * Client keys of model_keys: a file of names and SHA-256 sums.  Owns the
 * list; secrets are compared in constant time.  Calls nothing of ours.
 */


#ifndef _NGX_HTTP_MODEL_CLIENT_H_INCLUDED_
#define _NGX_HTTP_MODEL_CLIENT_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>


typedef struct {
    ngx_str_t      name;
    u_char         sum[32];
    ngx_array_t   *patterns;   /* ngx_str_t, NULL: every model */
} ngx_http_model_client_t;


/*
 * Reads the file of "model_keys file:PATH;" (path relative to the prefix of
 * the configuration): a line each, "name:sha256-of-key [pattern ...]", "#"
 * starts a comment line.  name is [A-Za-z0-9_.@-]{1,64}, unique; the sum 64
 * hex digits.  Errors are logged with the directive's file and line, and the
 * line of the key file.  Returns an array of ngx_http_model_client_t, NULL on
 * error.  An empty list is an error.
 */
ngx_array_t *ngx_http_model_client_read(ngx_conf_t *cf, ngx_str_t *path);

/*
 * The client whose key hashes to the same sum, or NULL.  Every entry is
 * compared, in constant time, whatever matches.
 */
ngx_http_model_client_t *ngx_http_model_client_find(ngx_array_t *clients,
    ngx_str_t *key);

/*
 * The key that a request shows: Authorization Bearer, x-api-key, or the first
 * segment of path (then *rest is the path after it, from "/" on).  Returns
 * the client, or NULL when none fits; a header that does not fit is not an
 * error when the path segment does.
 */
ngx_http_model_client_t *ngx_http_model_client_identify(
    ngx_http_request_t *r, ngx_array_t *clients, ngx_str_t *path,
    ngx_str_t *rest);


#endif /* _NGX_HTTP_MODEL_CLIENT_H_INCLUDED_ */
