
/*
 * Copyright (C) the ngx_http_model_module authors
 */


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "ngx_http_model_variables.h"


#define NGX_HTTP_MODEL_VAR_AUTHORIZATION  0
#define NGX_HTTP_MODEL_VAR_API_KEY        1
#define NGX_HTTP_MODEL_VAR_KEY            2
#define NGX_HTTP_MODEL_VAR_VERSION        3
#define NGX_HTTP_MODEL_NINTERNAL          4


static ngx_int_t ngx_http_model_variable_str(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data);
static ngx_int_t ngx_http_model_variable_vendor(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data);
static ngx_int_t ngx_http_model_variable_client(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data);
static ngx_int_t ngx_http_model_variable_stream(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data);
static ngx_int_t ngx_http_model_variable_internal(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data);
static ngx_int_t ngx_http_model_variable_credential(ngx_http_request_t *r,
    ngx_http_model_ctx_t *ctx, ngx_uint_t which, ngx_str_t *value);


/* positions in r->variables: constant after the configuration was read */

static ngx_int_t  ngx_http_model_variable_request_uri;
static ngx_int_t  ngx_http_model_variable_index[NGX_HTTP_MODEL_NINTERNAL];


static ngx_http_variable_t  ngx_http_model_variables[] = {

    { ngx_string("model"), NULL, ngx_http_model_variable_str,
      offsetof(ngx_http_model_ctx_t, model), NGX_HTTP_VAR_NOCACHEABLE, 0 },

    { ngx_string("model_name"), NULL, ngx_http_model_variable_str,
      offsetof(ngx_http_model_ctx_t, name), NGX_HTTP_VAR_NOCACHEABLE, 0 },

    { ngx_string("model_error"), NULL, ngx_http_model_variable_str,
      offsetof(ngx_http_model_ctx_t, message), NGX_HTTP_VAR_NOCACHEABLE, 0 },

    { ngx_string("model_vendor"), NULL, ngx_http_model_variable_vendor,
      0, NGX_HTTP_VAR_NOCACHEABLE, 0 },

    { ngx_string("model_client"), NULL, ngx_http_model_variable_client,
      0, NGX_HTTP_VAR_NOCACHEABLE, 0 },

    { ngx_string("model_stream"), NULL, ngx_http_model_variable_stream,
      0, NGX_HTTP_VAR_NOCACHEABLE, 0 },

    { ngx_string("model_internal_authorization"), NULL,
      ngx_http_model_variable_internal, NGX_HTTP_MODEL_VAR_AUTHORIZATION,
      NGX_HTTP_VAR_NOCACHEABLE, 0 },

    { ngx_string("model_internal_api_key"), NULL,
      ngx_http_model_variable_internal, NGX_HTTP_MODEL_VAR_API_KEY,
      NGX_HTTP_VAR_NOCACHEABLE, 0 },

    { ngx_string("model_internal_key"), NULL,
      ngx_http_model_variable_internal, NGX_HTTP_MODEL_VAR_KEY,
      NGX_HTTP_VAR_NOCACHEABLE, 0 },

    { ngx_string("model_internal_anthropic_version"), NULL,
      ngx_http_model_variable_internal, NGX_HTTP_MODEL_VAR_VERSION,
      NGX_HTTP_VAR_NOCACHEABLE, 0 },

      ngx_http_null_variable
};


ngx_int_t
ngx_http_model_variables_add(ngx_conf_t *cf)
{
    ngx_http_variable_t  *var, *v;

    for (v = ngx_http_model_variables; v->name.len; v++) {

        var = ngx_http_add_variable(cf, &v->name, v->flags);
        if (var == NULL) {
            return NGX_ERROR;
        }

        var->get_handler = v->get_handler;
        var->data = v->data;
    }

    return NGX_OK;
}


ngx_int_t
ngx_http_model_variables_init(ngx_conf_t *cf)
{
    ngx_int_t             n;
    ngx_http_variable_t  *v;

    static ngx_str_t  request_uri = ngx_string("request_uri");

    n = ngx_http_get_variable_index(cf, &request_uri);
    if (n == NGX_ERROR) {
        return NGX_ERROR;
    }

    ngx_http_model_variable_request_uri = n;

    for (v = ngx_http_model_variables; v->name.len; v++) {

        if (v->get_handler != ngx_http_model_variable_internal) {
            continue;
        }

        n = ngx_http_get_variable_index(cf, &v->name);
        if (n == NGX_ERROR) {
            return NGX_ERROR;
        }

        ngx_http_model_variable_index[v->data] = n;
    }

    return NGX_OK;
}


void
ngx_http_model_variables_prime(ngx_http_request_t *r)
{
    (void) ngx_http_get_indexed_variable(r,
                                         ngx_http_model_variable_request_uri);
}


void
ngx_http_model_variables_forget(ngx_http_request_t *r)
{
    ngx_uint_t                  i;
    ngx_http_variable_value_t  *v;

    for (i = 0; i < NGX_HTTP_MODEL_NINTERNAL; i++) {
        v = &r->variables[ngx_http_model_variable_index[i]];

        v->valid = 0;
        v->not_found = 0;
        v->len = 0;
        v->data = NULL;
    }
}


static void
ngx_http_model_variable_set(ngx_http_variable_value_t *v, ngx_str_t *value)
{
    v->valid = 1;
    v->no_cacheable = 0;
    v->not_found = 0;
    v->len = value->len;
    v->data = value->data;
}


static ngx_int_t
ngx_http_model_variable_str(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data)
{
    ngx_str_t             *value;
    ngx_http_model_ctx_t  *ctx;

    ctx = ngx_http_model_ctx(r);

    if (ctx == NULL) {
        v->not_found = 1;
        return NGX_OK;
    }

    value = (ngx_str_t *) ((char *) ctx + data);

    if (value->len == 0) {
        v->not_found = 1;
        return NGX_OK;
    }

    ngx_http_model_variable_set(v, value);

    return NGX_OK;
}


static ngx_int_t
ngx_http_model_variable_vendor(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data)
{
    ngx_http_model_ctx_t  *ctx;

    (void) data;

    ctx = ngx_http_model_ctx(r);

    if (ctx == NULL || ctx->vendor == NULL) {
        v->not_found = 1;
        return NGX_OK;
    }

    ngx_http_model_variable_set(v, &ctx->vendor->id);

    return NGX_OK;
}


static ngx_int_t
ngx_http_model_variable_client(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data)
{
    ngx_http_model_ctx_t  *ctx;

    (void) data;

    ctx = ngx_http_model_ctx(r);

    if (ctx == NULL || ctx->client == NULL) {
        v->not_found = 1;
        return NGX_OK;
    }

    ngx_http_model_variable_set(v, &ctx->client->name);

    return NGX_OK;
}


static ngx_int_t
ngx_http_model_variable_stream(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data)
{
    ngx_http_model_ctx_t  *ctx;

    static ngx_str_t  values[] = { ngx_string("0"), ngx_string("1") };

    (void) data;

    ctx = ngx_http_model_ctx(r);

    if (ctx == NULL || !ctx->stream_known) {
        v->not_found = 1;
        return NGX_OK;
    }

    ngx_http_model_variable_set(v, &values[ctx->stream]);

    return NGX_OK;
}


/* answers while a request head is made, and then only what it must hold */

static ngx_int_t
ngx_http_model_variable_internal(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data)
{
    ngx_str_t              value;
    ngx_http_model_ctx_t  *ctx;

    ctx = ngx_http_model_ctx(r);

    if (ctx == NULL || !ctx->swapped) {
        v->not_found = 1;
        return NGX_OK;
    }

    ngx_str_null(&value);

    if (ngx_http_model_variable_credential(r, ctx, data, &value) != NGX_OK) {
        return NGX_ERROR;
    }

    ngx_http_model_variable_set(v, &value);
    v->no_cacheable = 1;

    return NGX_OK;
}


static ngx_int_t
ngx_http_model_variable_credential(ngx_http_request_t *r,
    ngx_http_model_ctx_t *ctx, ngx_uint_t which, ngx_str_t *value)
{
    u_char                *p;
    ngx_str_t              scheme;
    ngx_uint_t             anthropic, home;
    ngx_table_elt_t       *h;
    ngx_http_model_key_t  *key;

    key = &ctx->hop->vendor->key;
    anthropic = (ctx->hop->dialect == NGX_HTTP_MODEL_ANTHROPIC);

    if (which == NGX_HTTP_MODEL_VAR_VERSION) {
        h = ngx_http_model_request_header(r, "anthropic-version");

        if (h && h->value.len) {
            *value = h->value;

        } else if (anthropic) {
            ngx_str_set(value, "2023-06-01");
        }

        return NGX_OK;
    }

    /* which of the headers is at home for this key and path */

    home = anthropic ? NGX_HTTP_MODEL_VAR_API_KEY
                     : NGX_HTTP_MODEL_VAR_AUTHORIZATION;

    if (key->header.len) {
        home = NGX_HTTP_MODEL_VAR_KEY;
    }

    if (which != home || key->type == NGX_HTTP_MODEL_KEY_OFF) {
        return NGX_OK;
    }

    if (key->type == NGX_HTTP_MODEL_KEY_CLIENT) {

        /* a key that opened this gateway is not the vendor's to see */

        if (ctx->client || ctx->fetch) {
            return NGX_OK;
        }

        if (home == NGX_HTTP_MODEL_VAR_AUTHORIZATION) {
            h = ngx_http_model_request_header(r, "authorization");

            /* an empty "Bearer" of some clients is none */

            if (h && h->value.len > 7
                && ngx_strncasecmp(h->value.data, (u_char *) "Bearer ", 7)
                   == 0)
            {
                *value = h->value;
            }

        } else if (home == NGX_HTTP_MODEL_VAR_API_KEY) {
            h = ngx_http_model_request_header(r, "x-api-key");

            if (h) {
                *value = h->value;
            }
        }

        return NGX_OK;
    }

    ngx_str_null(&scheme);

    if (key->scheme_set) {
        scheme = key->scheme;

    } else if (home == NGX_HTTP_MODEL_VAR_AUTHORIZATION) {
        ngx_str_set(&scheme, "Bearer");
    }

    if (scheme.len == 0) {
        *value = key->value;
        return NGX_OK;
    }

    p = ngx_pnalloc(r->pool, scheme.len + 1 + key->value.len);
    if (p == NULL) {
        return NGX_ERROR;
    }

    value->data = p;
    value->len = scheme.len + 1 + key->value.len;

    p = ngx_cpymem(p, scheme.data, scheme.len);
    *p++ = ' ';
    ngx_memcpy(p, key->value.data, key->value.len);

    return NGX_OK;
}
