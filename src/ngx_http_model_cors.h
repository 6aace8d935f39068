
/*
 * Copyright (C) the ngx_http_model_module authors
 *
 * Browsers: which Origin may ask, the preflight, the headers on answers.
 * Calls nothing of ours.
 */


#ifndef _NGX_HTTP_MODEL_CORS_H_INCLUDED_
#define _NGX_HTTP_MODEL_CORS_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>


typedef struct {
    ngx_array_t   *origins;    /* ngx_str_t, lower case; NULL: off or any */
    unsigned       any:1;      /* "*" */
} ngx_http_model_cors_t;


#define NGX_HTTP_MODEL_ORIGIN_NONE     0   /* no Origin, or the same host */
#define NGX_HTTP_MODEL_ORIGIN_ALLOWED  1
#define NGX_HTTP_MODEL_ORIGIN_FOREIGN  2


/*
 * Sets cors from the arguments of "model_cors origin ... | * | off;": an
 * origin is a scheme, host and optional port without path; a star may stand
 * for the first label of the host, the whole host, or the port.  Errors are
 * logged.
 */
char *ngx_http_model_cors_set(ngx_conf_t *cf, ngx_http_model_cors_t *cors);

/*
 * What the request's Origin is, see above; "null" is foreign unless "*".
 * cors NULL is "off".
 */
ngx_uint_t ngx_http_model_cors_origin(ngx_http_request_t *r,
    ngx_http_model_cors_t *cors);

/* 1 when the request is a preflight: OPTIONS, Origin, Access-Control-... */
ngx_uint_t ngx_http_model_cors_preflight(ngx_http_request_t *r);

/*
 * Adds Access-Control-Allow-Origin, Vary and Expose-Headers to the answer;
 * for a preflight also methods, headers (those of Ollama's, OpenAI's and
 * Anthropic's clients, and what the request names that is harmless),
 * Max-Age.  To be called once, for an allowed origin.
 */
ngx_int_t ngx_http_model_cors_headers(ngx_http_request_t *r,
    ngx_http_model_cors_t *cors, ngx_uint_t preflight);


#endif /* _NGX_HTTP_MODEL_CORS_H_INCLUDED_ */
