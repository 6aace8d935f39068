
/*
 * Copyright (C) the ngx_http_model_module authors
 */


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "ngx_http_model_path.h"


static u_char *ngx_http_model_path_collapse(u_char *dst, u_char *src,
    size_t len);
static ngx_uint_t ngx_http_model_path_is_key(u_char *arg, u_char *last);


ngx_int_t
ngx_http_model_path(ngx_http_request_t *r, ngx_str_t *prefix, ngx_str_t *path)
{
    u_char  *p;
    size_t   skip;

    skip = prefix->len;

    /* the "/" that ends a prefix begins the path */

    if (skip && prefix->data[skip - 1] == '/') {
        skip--;
    }

    /* what a rewrite made without the prefix is all path */

    if (r->uri.len < skip
        || ngx_memcmp(r->uri.data, prefix->data, skip) != 0)
    {
        skip = 0;
    }

    p = ngx_pnalloc(r->pool, r->uri.len - skip + 1);
    if (p == NULL) {
        return NGX_ERROR;
    }

    path->data = p;
    *p++ = '/';

    p = ngx_http_model_path_collapse(p, r->uri.data + skip,
                                     r->uri.len - skip);

    path->len = p - path->data;

    return NGX_OK;
}


/* copies without the "/" that follow another one, or the one before dst */

static u_char *
ngx_http_model_path_collapse(u_char *dst, u_char *src, size_t len)
{
    size_t  i;

    for (i = 0; i < len; i++) {
        if (src[i] == '/' && dst[-1] == '/') {
            continue;
        }

        *dst++ = src[i];
    }

    return dst;
}


ngx_int_t
ngx_http_model_path_raw(ngx_http_request_t *r, ngx_str_t *prefix,
    ngx_str_t *path, ngx_str_t *raw)
{
    u_char     *p, *q, *last, *src, *dst, *copy;
    size_t      skip, len;
    uintptr_t   escape;

    skip = prefix->len;

    if (skip && prefix->data[skip - 1] == '/') {
        skip--;
    }

    len = r->unparsed_uri.len;

    last = ngx_strlchr(r->unparsed_uri.data, r->unparsed_uri.data + len, '?');
    if (last) {
        len = last - r->unparsed_uri.data;
    }

    if (!r->valid_unparsed_uri || len < skip
        || ngx_strncmp(r->unparsed_uri.data, prefix->data, skip) != 0)
    {
        goto decoded;
    }

    p = ngx_pnalloc(r->pool, len - skip + 1);
    copy = ngx_pnalloc(r->pool, 2 * (len - skip + 1));
    if (p == NULL || copy == NULL) {
        return NGX_ERROR;
    }

    raw->data = p;
    *p++ = '/';
    p = ngx_http_model_path_collapse(p, r->unparsed_uri.data + skip,
                                     len - skip);
    raw->len = p - raw->data;

    /* the same thing only if decoding gives the path that was looked up */

    src = raw->data;
    dst = copy;
    ngx_unescape_uri(&dst, &src, raw->len, 0);

    q = copy + (len - skip + 1);
    *q = '/';
    last = ngx_http_model_path_collapse(q + 1, copy, dst - copy);

    if ((size_t) (last - q) == path->len
        && ngx_memcmp(q, path->data, path->len) == 0)
    {
        return NGX_OK;
    }

decoded:

    escape = 2 * ngx_escape_uri(NULL, path->data, path->len, NGX_ESCAPE_URI);

    p = ngx_pnalloc(r->pool, path->len + escape);
    if (p == NULL) {
        return NGX_ERROR;
    }

    raw->data = p;
    raw->len = path->len + escape;

    if (escape) {
        ngx_escape_uri(p, path->data, path->len, NGX_ESCAPE_URI);

    } else {
        ngx_memcpy(p, path->data, path->len);
    }

    return NGX_OK;
}


ngx_int_t
ngx_http_model_path_args(ngx_http_request_t *r, ngx_str_t *path,
    ngx_str_t *uri)
{
    u_char  *p, *start, *arg, *next, *last;

    if (r->args.len == 0) {
        *uri = *path;
        return NGX_OK;
    }

    p = ngx_pnalloc(r->pool, path->len + 1 + r->args.len);
    if (p == NULL) {
        return NGX_ERROR;
    }

    uri->data = p;
    p = ngx_cpymem(p, path->data, path->len);
    *p++ = '?';
    start = p;

    arg = r->args.data;
    last = arg + r->args.len;

    while (arg < last) {

        next = ngx_strlchr(arg, last, '&');
        if (next == NULL) {
            next = last;
        }

        if (!ngx_http_model_path_is_key(arg, next)) {

            if (p > start) {
                *p++ = '&';
            }

            p = ngx_cpymem(p, arg, next - arg);
        }

        arg = next + 1;
    }

    if (p == start) {
        p--;
    }

    uri->len = p - uri->data;

    return NGX_OK;
}


/* an argument "key", also in an escaped spelling */

static ngx_uint_t
ngx_http_model_path_is_key(u_char *arg, u_char *last)
{
    u_char  name[sizeof("%6b%65%79") - 1], *src, *dst, *end;

    end = ngx_strlchr(arg, last, '=');

    if (end == NULL || end == arg || (size_t) (end - arg) > sizeof(name)) {
        return 0;
    }

    src = arg;
    dst = name;

    ngx_unescape_uri(&dst, &src, end - arg, 0);

    return dst - name == 3
           && ngx_strncasecmp(name, (u_char *) "key", 3) == 0;
}


ngx_int_t
ngx_http_model_path_argument(ngx_http_request_t *r, const char *name,
    ngx_str_t *value)
{
    u_char     *p, *from;
    ngx_str_t   raw;

    ngx_str_null(value);

    if (ngx_http_arg(r, (u_char *) name, ngx_strlen(name), &raw) != NGX_OK
        || raw.len == 0)
    {
        return NGX_OK;
    }

    p = ngx_pnalloc(r->pool, raw.len);
    if (p == NULL) {
        return NGX_ERROR;
    }

    value->data = p;
    from = raw.data;

    ngx_unescape_uri(&p, &from, raw.len, 0);

    value->len = p - value->data;

    return NGX_OK;
}
