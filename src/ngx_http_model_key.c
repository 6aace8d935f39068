
/*
 * Copyright (C) the ngx_http_model_module authors
 */


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "ngx_http_model_key.h"


#define NGX_HTTP_MODEL_KEY_MAX  8192


static char *ngx_http_model_key_source(ngx_conf_t *cf,
    ngx_http_model_key_t *key, ngx_str_t *source);
static char *ngx_http_model_key_env(ngx_conf_t *cf, ngx_http_model_key_t *key,
    ngx_str_t *name);
static char *ngx_http_model_key_file(ngx_conf_t *cf,
    ngx_http_model_key_t *key, ngx_str_t *path);
static char *ngx_http_model_key_value(ngx_conf_t *cf,
    ngx_http_model_key_t *key, u_char *p, size_t len);
static ngx_uint_t ngx_http_model_key_token(ngx_str_t *s);


char *
ngx_http_model_key_set(ngx_conf_t *cf, ngx_http_model_key_t *key)
{
    ngx_str_t   *value;
    ngx_uint_t   i;

    value = cf->args->elts;

    if (key->source.data) {
        return "is duplicate";
    }

    for (i = 2; i < cf->args->nelts; i++) {

        if (ngx_strncmp(value[i].data, "header=", 7) == 0) {
            key->header.data = value[i].data + 7;
            key->header.len = value[i].len - 7;

            if (!ngx_http_model_key_token(&key->header)) {
                ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                                   "invalid header name in \"%V\", "
                                   "\"header=api-key\" would be one",
                                   &value[i]);
                return NGX_CONF_ERROR;
            }

            continue;
        }

        if (ngx_strncmp(value[i].data, "scheme=", 7) == 0) {
            key->scheme.data = value[i].data + 7;
            key->scheme.len = value[i].len - 7;
            key->scheme_set = 1;

            if (key->scheme.len && !ngx_http_model_key_token(&key->scheme)) {
                ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                                   "invalid scheme in \"%V\", "
                                   "\"scheme=Bearer\" would be one",
                                   &value[i]);
                return NGX_CONF_ERROR;
            }

            continue;
        }

        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "invalid parameter of \"key\", only \"header=name\" "
                           "and \"scheme=word\" may follow the source");
        return NGX_CONF_ERROR;
    }

    return ngx_http_model_key_source(cf, key, &value[1]);
}


static char *
ngx_http_model_key_source(ngx_conf_t *cf, ngx_http_model_key_t *key,
    ngx_str_t *source)
{
    ngx_str_t  rest;

    if (source->len == 3 && ngx_strncmp(source->data, "off", 3) == 0) {
        key->type = NGX_HTTP_MODEL_KEY_OFF;
        key->source = *source;
        return NGX_CONF_OK;
    }

    if (source->len == 6 && ngx_strncmp(source->data, "client", 6) == 0) {
        key->type = NGX_HTTP_MODEL_KEY_CLIENT;
        key->source = *source;
        return NGX_CONF_OK;
    }

    key->type = NGX_HTTP_MODEL_KEY_VALUE;

    if (ngx_strncmp(source->data, "env:", 4) == 0) {
        key->source = *source;
        rest.data = source->data + 4;
        rest.len = source->len - 4;

        return ngx_http_model_key_env(cf, key, &rest);
    }

    if (ngx_strncmp(source->data, "file:", 5) == 0) {
        key->source = *source;
        rest.data = source->data + 5;
        rest.len = source->len - 5;

        return ngx_http_model_key_file(cf, key, &rest);
    }

    if (ngx_strncmp(source->data, "literal:", 8) == 0) {
        ngx_str_set(&key->source, "literal");

        return ngx_http_model_key_value(cf, key, source->data + 8,
                                        source->len - 8);
    }

    /* what stands there may be the secret itself: it is not repeated */

    ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                       "invalid source of \"key\", it must be \"env:NAME\", "
                       "\"file:PATH\", \"literal:TEXT\", \"client\" "
                       "or \"off\"");
    return NGX_CONF_ERROR;
}


static char *
ngx_http_model_key_env(ngx_conf_t *cf, ngx_http_model_key_t *key,
    ngx_str_t *name)
{
    char             *text;
    u_char            c;
    ngx_str_t        *var;
    ngx_uint_t        i;
    ngx_core_conf_t  *ccf;

    for (i = 0; i < name->len; i++) {
        c = name->data[i];

        if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'
              || (i && c >= '0' && c <= '9')))
        {
            break;
        }
    }

    if (name->len == 0 || i != name->len) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "invalid environment variable name in \"key\", "
                           "\"env:OPENAI_API_KEY\" would be one");
        return NGX_CONF_ERROR;
    }

    /* a new binary gets only the variables that "env" names */

    ccf = (ngx_core_conf_t *) ngx_get_conf(cf->cycle->conf_ctx,
                                           ngx_core_module);

    var = ngx_array_push(&ccf->env);
    if (var == NULL) {
        return NGX_CONF_ERROR;
    }

    *var = *name;

    text = getenv((char *) name->data);

    if (text == NULL || *text == '\0') {

        if (ngx_process == NGX_PROCESS_SIGNALLER) {

            /* "nginx -s": the running master has an environment of its own */

            ngx_conf_log_error(NGX_LOG_WARN, cf, 0,
                               "environment variable \"%V\" of \"key\" "
                               "is not set in this shell", name);
            return NGX_CONF_OK;
        }

        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "environment variable \"%V\" of \"key\" "
                           "is not set or empty", name);
        return NGX_CONF_ERROR;
    }

    return ngx_http_model_key_value(cf, key, (u_char *) text,
                                    ngx_strlen(text));
}


static char *
ngx_http_model_key_file(ngx_conf_t *cf, ngx_http_model_key_t *key,
    ngx_str_t *path)
{
    u_char     *p, *last;
    size_t      size;
    ssize_t     n;
    ngx_fd_t    fd;
    ngx_str_t   name;
    char       *rv;

    if (path->len == 0) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "empty path in \"key\", "
                           "\"file:/etc/nginx/openai.key\" would be one");
        return NGX_CONF_ERROR;
    }

    name = *path;

    if (ngx_conf_full_name(cf->cycle, &name, 1) != NGX_OK) {
        return NGX_CONF_ERROR;
    }

    fd = ngx_open_file(name.data, NGX_FILE_RDONLY, NGX_FILE_OPEN, 0);

    if (fd == NGX_INVALID_FILE) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, ngx_errno,
                           "cannot read the source of \"key\": "
                           ngx_open_file_n " \"%V\" failed", &name);
        return NGX_CONF_ERROR;
    }

    size = NGX_HTTP_MODEL_KEY_MAX + 2;
    rv = NGX_CONF_ERROR;

    p = ngx_pnalloc(cf->pool, size + 1);
    if (p == NULL) {
        goto done;
    }

    n = ngx_read_fd(fd, p, size);

    if (n == -1) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, ngx_errno,
                           "cannot read the source of \"key\": "
                           ngx_read_fd_n " \"%V\" failed", &name);
        goto done;
    }

    last = p + n;

    if (last != p && last[-1] == LF) {
        last--;
    }

    if (last != p && last[-1] == CR) {
        last--;
    }

    rv = ngx_http_model_key_value(cf, key, p, last - p);

done:

    if (ngx_close_file(fd) == NGX_FILE_ERROR) {
        ngx_conf_log_error(NGX_LOG_ALERT, cf, ngx_errno,
                           ngx_close_file_n " \"%V\" failed", &name);
    }

    return rv;
}


static char *
ngx_http_model_key_value(ngx_conf_t *cf, ngx_http_model_key_t *key,
    u_char *p, size_t len)
{
    size_t  i;

    if (len == 0) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"key\" is empty in its source \"%V\"",
                           &key->source);
        return NGX_CONF_ERROR;
    }

    if (len > NGX_HTTP_MODEL_KEY_MAX) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"key\" from \"%V\" is longer than %d bytes",
                           &key->source, NGX_HTTP_MODEL_KEY_MAX);
        return NGX_CONF_ERROR;
    }

    if (p[0] == '"') {

        /* also of a variable: some tools keep the quotes of their files */

        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"key\" from \"%V\" begins with a quote, none "
                           "belongs to a key; here they stand around all of "
                           "it: \"literal:TEXT\"", &key->source);
        return NGX_CONF_ERROR;
    }

    for (i = 0; i < len; i++) {
        if (p[i] <= 0x20 || p[i] >= 0x7f) {
            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                               "\"key\" from \"%V\" must be one line of "
                               "printable ASCII without spaces", &key->source);
            return NGX_CONF_ERROR;
        }
    }

    key->value.data = ngx_pnalloc(cf->pool, len);
    if (key->value.data == NULL) {
        return NGX_CONF_ERROR;
    }

    ngx_memcpy(key->value.data, p, len);
    key->value.len = len;

    return NGX_CONF_OK;
}


static ngx_uint_t
ngx_http_model_key_token(ngx_str_t *s)
{
    u_char  c;
    size_t  i;

    for (i = 0; i < s->len; i++) {
        c = s->data[i];

        if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')
              || (c >= '0' && c <= '9') || c == '-'))
        {
            return 0;
        }
    }

    return s->len != 0;
}
