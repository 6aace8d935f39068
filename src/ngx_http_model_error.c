
/*
 * Copyright (C) the ngx_http_model_module authors
 */


#include <ngx_config.h>
#include <ngx_core.h>

#include "ngx_http_model_error.h"
#include "ngx_http_model_json.h"


#define NGX_HTTP_MODEL_ERROR_MESSAGE  2048
#define NGX_HTTP_MODEL_ERROR_QUOTE    128


typedef struct {
    ngx_uint_t    status;
    const char   *type;
    const char   *code;
} ngx_http_model_error_kind_t;


static const ngx_http_model_error_kind_t *ngx_http_model_error_kind(
    ngx_uint_t dialect, ngx_uint_t status);
static void ngx_http_model_error_optional(ngx_http_model_json_writer_t *w,
    const char *key, const char *value);
static size_t ngx_http_model_error_cut(ngx_str_t *s, size_t max);
static ngx_uint_t ngx_http_model_error_fit(u_char *p, size_t n);


/* what is not listed is as the first line or, from 500 on, as the last one */

static const ngx_http_model_error_kind_t  ngx_http_model_error_openai[] = {
    { 400, "invalid_request_error", NULL },
    { 401, "invalid_request_error", "invalid_api_key" },
    { 405, "invalid_request_error", "method_not_supported" },
    { 429, "requests",              "rate_limit_exceeded" },
    { 500, "server_error",          NULL },
    { 0,   NULL,                    NULL }
};


static const ngx_http_model_error_kind_t  ngx_http_model_error_anthropic[] = {
    { 400, "invalid_request_error", NULL },
    { 401, "authentication_error",  NULL },
    { 402, "billing_error",         NULL },
    { 403, "permission_error",      NULL },
    { 404, "not_found_error",       NULL },
    { 408, "timeout_error",         NULL },
    { 413, "request_too_large",     NULL },
    { 429, "rate_limit_error",      NULL },
    { 503, "overloaded_error",      NULL },
    { 504, "timeout_error",         NULL },
    { 529, "overloaded_error",      NULL },
    { 500, "api_error",             NULL },
    { 0,   NULL,                    NULL }
};


ngx_uint_t
ngx_http_model_error_status(ngx_uint_t dialect, ngx_uint_t status)
{
    if (dialect == NGX_HTTP_MODEL_ANTHROPIC
        && status == 503)
    {
        return 529;
    }

    return status;
}


ngx_int_t
ngx_http_model_error_body(ngx_pool_t *pool, ngx_uint_t dialect,
    ngx_uint_t status, const char *code, const char *param,
    ngx_str_t *message, ngx_str_t *body)
{
    ngx_str_t                           text;
    ngx_http_model_json_writer_t       *w;
    const ngx_http_model_error_kind_t  *kind;

    text.data = message->data;
    text.len = ngx_http_model_error_cut(message, NGX_HTTP_MODEL_ERROR_MESSAGE);

    w = ngx_http_model_json_writer(pool);

    ngx_http_model_json_object(w);

    if (dialect == NGX_HTTP_MODEL_OLLAMA) {
        ngx_http_model_json_key(w, "error");
        ngx_http_model_json_str(w, &text);
        ngx_http_model_json_object_end(w);

        return ngx_http_model_json_finish(w, body);
    }

    kind = ngx_http_model_error_kind(dialect, status);

    if (dialect == NGX_HTTP_MODEL_ANTHROPIC) {
        ngx_http_model_json_key(w, "type");
        ngx_http_model_json_cstr(w, "error");
        ngx_http_model_json_key(w, "error");
        ngx_http_model_json_object(w);
        ngx_http_model_json_key(w, "type");
        ngx_http_model_json_cstr(w, kind->type);
        ngx_http_model_json_key(w, "message");
        ngx_http_model_json_str(w, &text);

        if (code != NULL) {
            ngx_http_model_json_key(w, "details");
            ngx_http_model_json_object(w);
            ngx_http_model_json_key(w, "error_code");
            ngx_http_model_json_cstr(w, code);
            ngx_http_model_json_object_end(w);
        }

    } else {
        ngx_http_model_json_key(w, "error");
        ngx_http_model_json_object(w);
        ngx_http_model_json_key(w, "message");
        ngx_http_model_json_str(w, &text);
        ngx_http_model_json_key(w, "type");
        ngx_http_model_json_cstr(w, kind->type);
        ngx_http_model_error_optional(w, "param", param);
        ngx_http_model_error_optional(w, "code",
                                      (code != NULL) ? code : kind->code);
    }

    ngx_http_model_json_object_end(w);
    ngx_http_model_json_object_end(w);

    return ngx_http_model_json_finish(w, body);
}


static const ngx_http_model_error_kind_t *
ngx_http_model_error_kind(ngx_uint_t dialect, ngx_uint_t status)
{
    const ngx_http_model_error_kind_t  *kind, *table;

    table = (dialect == NGX_HTTP_MODEL_ANTHROPIC)
            ? ngx_http_model_error_anthropic
            : ngx_http_model_error_openai;

    for (kind = table; kind->status; kind++) {
        if (kind->status == status) {
            return kind;
        }
    }

    return (status < 500) ? table : kind - 1;
}


static void
ngx_http_model_error_optional(ngx_http_model_json_writer_t *w,
    const char *key, const char *value)
{
    ngx_http_model_json_key(w, key);

    if (value != NULL) {
        ngx_http_model_json_cstr(w, value);

    } else {
        ngx_http_model_json_null(w);
    }
}


/* a length of at most max bytes that splits no character */

static size_t
ngx_http_model_error_cut(ngx_str_t *s, size_t max)
{
    size_t  len, i;

    if (s->len <= max) {
        return s->len;
    }

    len = max;

    for (i = 0; i < 3 && (s->data[len] & 0xc0) == 0x80; i++) {
        len--;
    }

    return len;
}


ngx_str_t
ngx_http_model_error_quote(ngx_pool_t *pool, ngx_str_t *s)
{
    size_t      n;
    u_char     *p, *last;
    ngx_str_t   quoted;

    quoted.len = 0;
    quoted.data = ngx_pnalloc(pool, NGX_HTTP_MODEL_ERROR_QUOTE);
    if (quoted.data == NULL) {
        return quoted;
    }

    last = s->data + s->len;

    for (p = s->data; p < last; p += ngx_max(n, 1)) {

        n = ngx_http_model_json_utf8(p, last);

        if (quoted.len + ngx_max(n, 1) > NGX_HTTP_MODEL_ERROR_QUOTE) {
            break;
        }

        if (ngx_http_model_error_fit(p, n)) {
            ngx_memcpy(quoted.data + quoted.len, p, n);
            quoted.len += n;

        } else {
            quoted.data[quoted.len++] = '?';
        }
    }

    if (p < last) {
        quoted.len = ngx_http_model_error_cut(&quoted,
                                            NGX_HTTP_MODEL_ERROR_QUOTE - 3);
        ngx_memcpy(quoted.data + quoted.len, "...", 3);
        quoted.len += 3;
    }

    return quoted;
}


/* 1 for a character of n bytes that may stand in a line between quotes */

static ngx_uint_t
ngx_http_model_error_fit(u_char *p, size_t n)
{
    switch (n) {

    case 0:
        return 0;

    case 1:
        return *p >= 0x20 && *p != 0x7f && ngx_strchr("\"'`\\", *p) == NULL;

    case 2:
        /* C1 controls */
        return p[0] != 0xc2 || p[1] >= 0xa0;

    case 3:
        /* line and paragraph separator */
        return p[0] != 0xe2 || p[1] != 0x80 || (p[2] & 0xfe) != 0xa8;

    default:
        return 1;
    }
}
