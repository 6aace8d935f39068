
/*
 * Copyright (C) the ngx_http_model_module authors
 *
 * The names in a scanned body: which members hold them, and the edits that
 * put others in their place.  Calls body, edit, json.
 */


#ifndef _NGX_HTTP_MODEL_NAMES_H_INCLUDED_
#define _NGX_HTTP_MODEL_NAMES_H_INCLUDED_


#include "ngx_http_model_edit.h"
#include "ngx_http_model_endpoint.h"


/* what a request names, by role */

#define NGX_HTTP_MODEL_NAME_MODEL   0   /* the model, or a copy's source */
#define NGX_HTTP_MODEL_NAME_OTHER   1   /* create's from, a copy's target */
#define NGX_HTTP_MODEL_NNAMES       2


typedef struct {
    ngx_str_t    value;      /* decoded, in the scan; "" absent */
    off_t        start;      /* in the body, quotes included for JSON */
    off_t        end;
    unsigned     found:1;
    unsigned     raw:1;      /* a form's field: no quotes, no padding */
} ngx_http_model_name_t;


/* prepares a body for the endpoint: a form where the type says so */
ngx_http_model_body_t *ngx_http_model_names_body(ngx_http_request_t *r,
    const ngx_http_model_endpoint_t *endpoint);

/* the body has ended; NGX_ERROR: it is refused */
ngx_int_t ngx_http_model_names_finish(ngx_http_model_body_t *body);

/* why it is refused, in words that a client of the dialect knows */
const char *ngx_http_model_names_error(ngx_http_model_body_t *body,
    ngx_uint_t dialect);

/* the names of a body that was read whole and accepted */
void ngx_http_model_names(ngx_http_model_body_t *body,
    const ngx_http_model_endpoint_t *endpoint,
    ngx_http_model_name_t names[NGX_HTTP_MODEL_NNAMES]);

/* -1: not said; 0, 1: the member "stream" or "verbose" */
ngx_int_t ngx_http_model_names_flag(ngx_http_model_body_t *body,
    const ngx_http_model_endpoint_t *endpoint, const char *name);

/*
 * 1 when the body has a member "models": OpenRouter takes it for a list of
 * fallbacks, names that nobody here has looked at.
 */
ngx_uint_t ngx_http_model_names_fallbacks(ngx_http_model_body_t *body,
    const ngx_http_model_endpoint_t *endpoint);

/*
 * 1 when the client of a stream did not ask for usage: "include_usage" of
 * "stream_options" is absent, false or null.  0 also where either is what no
 * server takes, or stands twice: that is for the server to judge.
 */
ngx_uint_t ngx_http_model_names_usage(ngx_http_model_body_t *body,
    const ngx_http_model_endpoint_t *endpoint);

/* the edit that puts value in the place of a name */
ngx_int_t ngx_http_model_names_edit(ngx_pool_t *pool,
    ngx_http_model_name_t *name, ngx_str_t *value,
    ngx_http_model_edit_t *edit);

/* the edit that adds a model where a body, JSON or form, names none */
ngx_int_t ngx_http_model_names_insert(ngx_pool_t *pool,
    ngx_http_model_body_t *body, ngx_str_t *value,
    ngx_http_model_edit_t *edit);


#endif /* _NGX_HTTP_MODEL_NAMES_H_INCLUDED_ */
