
/*
 * Copyright (C) the ngx_http_model_module authors
 *
 * Sends what the gateway says itself: documents and errors.  Calls error,
 * request.
 */


#ifndef _NGX_HTTP_MODEL_RESPOND_H_INCLUDED_
#define _NGX_HTTP_MODEL_RESPOND_H_INCLUDED_


#include "ngx_http_model_request.h"


/*
 * Sends a whole body with the status and content type (with ETag when etag is
 * not NULL).  HEAD gets the head.  Returns what a content handler returns.
 */
ngx_int_t ngx_http_model_respond(ngx_http_request_t *r, ngx_uint_t status,
    const char *type, ngx_str_t *body, ngx_str_t *etag);

/*
 * Sends an error in the dialect of the request's context.  code and param as
 * of ngx_http_model_error_body().  The message is made by ngx_vslprintf of
 * fmt, at most 1 KB; client data in it was checked or quoted before.  In a dry
 * run status and message are kept in the context, nothing is sent: NGX_OK.
 */
ngx_int_t ngx_cdecl ngx_http_model_respond_error(ngx_http_request_t *r,
    ngx_uint_t status, const char *code, const char *param, const char *fmt,
    ...);

/*
 * Sends 405 with Allow: methods are those that the path takes, NGX_HTTP_GET
 * and so on.
 */
ngx_int_t ngx_http_model_respond_method(ngx_http_request_t *r,
    ngx_uint_t methods);

/* adds a header to the answer; value is copied by reference */
ngx_int_t ngx_http_model_respond_header(ngx_http_request_t *r,
    const char *name, const char *value);

/* takes all headers of this name, in any case, out of the answer */
void ngx_http_model_respond_remove(ngx_http_request_t *r, const char *name);

/*
 * The document for a page that nginx made itself, for the header filter:
 * fills *body in the request's dialect and corrects *status.
 */
ngx_int_t ngx_http_model_respond_page(ngx_http_request_t *r,
    ngx_uint_t *status, ngx_str_t *body);

/* the document "vendor "id" what" in the request's dialect, for status 502 */
ngx_int_t ngx_http_model_respond_vendor(ngx_http_request_t *r,
    ngx_http_model_vendor_t *vendor, const char *what, ngx_str_t *body);


#endif /* _NGX_HTTP_MODEL_RESPOND_H_INCLUDED_ */
