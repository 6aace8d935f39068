
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


static void ngx_http_model_variable_unset(ngx_http_variable_value_t *v);
static ngx_uint_t ngx_http_model_variable_holds(ngx_http_variable_value_t *v,
    ngx_str_t *key);
static ngx_http_model_ctx_t *ngx_http_model_variable_ctx(
    ngx_http_request_t *r);
static ngx_int_t ngx_http_model_variable_str(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data);
static ngx_int_t ngx_http_model_variable_vendor(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data);
static ngx_int_t ngx_http_model_variable_client(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data);
static ngx_int_t ngx_http_model_variable_stream(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data);
static ngx_int_t ngx_http_model_variable_tries(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data);
static ngx_int_t ngx_http_model_variable_queued(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data);
static ngx_int_t ngx_http_model_variable_proxy_host(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data);
static ngx_int_t ngx_http_model_variable_proxy_port(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data);
static ngx_int_t ngx_http_model_variable_internal(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data);
static ngx_int_t ngx_http_model_variable_credential(ngx_http_request_t *r,
    ngx_http_model_ctx_t *ctx, ngx_uint_t which, ngx_str_t *value);
static ngx_uint_t ngx_http_model_variable_at_vendor(ngx_http_request_t *r,
    ngx_http_model_ctx_t *ctx);
static ngx_uint_t ngx_http_model_variable_home(ngx_http_model_hop_t *hop);
static ngx_str_t ngx_http_model_variable_token(ngx_http_request_t *r,
    ngx_http_model_key_t *key, ngx_uint_t anthropic);


static ngx_str_t  ngx_http_model_variable_request_uri =
    ngx_string("request_uri");

static ngx_str_t  ngx_http_model_variable_request_id =
    ngx_string("request_id");


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

    { ngx_string("model_alias"), NULL, ngx_http_model_variable_str,
      offsetof(ngx_http_model_ctx_t, alias), NGX_HTTP_VAR_NOCACHEABLE, 0 },

    { ngx_string("model_tries"), NULL, ngx_http_model_variable_tries,
      0, NGX_HTTP_VAR_NOCACHEABLE, 0 },

    { ngx_string("model_queue_time"), NULL, ngx_http_model_variable_queued,
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


/* of the stock proxy, which knows the first vendor of a run only */

static ngx_http_variable_t  ngx_http_model_proxy_variables[] = {

    { ngx_string("proxy_host"), NULL, ngx_http_model_variable_proxy_host, 0,
      NGX_HTTP_VAR_CHANGEABLE|NGX_HTTP_VAR_NOCACHEABLE, 0 },

    { ngx_string("proxy_port"), NULL, ngx_http_model_variable_proxy_port, 0,
      NGX_HTTP_VAR_CHANGEABLE|NGX_HTTP_VAR_NOCACHEABLE, 0 },

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

    for (v = ngx_http_model_proxy_variables; v->name.len; v++) {

        var = ngx_http_add_variable(cf, &v->name, v->flags);
        if (var == NULL) {
            return NGX_ERROR;
        }

        /* the stock handler takes no data: it is kept there */

        if (var->get_handler) {
            var->data = (uintptr_t) var->get_handler;
            var->get_handler = v->get_handler;
        }
    }

    return NGX_OK;
}


ngx_int_t
ngx_http_model_variables_init(ngx_conf_t *cf)
{
    ngx_http_variable_t  *v;

    /*
     * their positions are not kept: a refused reload would leave those of
     * the wrong configuration in the master, and in the workers it starts
     */

    if (ngx_http_get_variable_index(cf, &ngx_http_model_variable_request_uri)
        == NGX_ERROR)
    {
        return NGX_ERROR;
    }

    for (v = ngx_http_model_variables; v->name.len; v++) {

        if (v->get_handler == ngx_http_model_variable_internal
            && ngx_http_get_variable_index(cf, &v->name) == NGX_ERROR)
        {
            return NGX_ERROR;
        }
    }

    return NGX_OK;
}


ngx_int_t
ngx_http_model_variables_prime(ngx_http_request_t *r,
    ngx_http_model_ctx_t *ctx)
{
    ngx_str_t                  *name;
    ngx_uint_t                  i;
    ngx_http_variable_t        *v;
    ngx_http_core_main_conf_t  *cmcf;

    cmcf = ngx_http_get_module_main_conf(r, ngx_http_core_module);

    if (ctx->known == NULL) {
        ctx->known = ngx_pnalloc(r->pool, cmcf->variables.nelts);
        if (ctx->known == NULL) {
            return NGX_ERROR;
        }
    }

    v = cmcf->variables.elts;
    name = &ngx_http_model_variable_request_uri;

    for (i = 0; i < cmcf->variables.nelts; i++) {

        if (v[i].name.len == name->len
            && ngx_memcmp(v[i].name.data, name->data, name->len) == 0)
        {
            (void) ngx_http_get_indexed_variable(r, i);
        }

        ctx->known[i] = r->variables[i].valid;
    }

    return NGX_OK;
}


void
ngx_http_model_variables_renew(ngx_http_request_t *r,
    ngx_http_model_ctx_t *ctx)
{
    ngx_str_t                  *name;
    ngx_uint_t                  i;
    ngx_http_variable_t        *v;
    ngx_http_core_main_conf_t  *cmcf;

    if (ctx->known == NULL) {
        return;
    }

    cmcf = ngx_http_get_module_main_conf(r, ngx_http_core_module);

    v = cmcf->variables.elts;
    name = &ngx_http_model_variable_request_id;

    for (i = 0; i < cmcf->variables.nelts; i++) {

        if (ctx->known[i]
            || (v[i].name.len == name->len
                && ngx_memcmp(v[i].name.data, name->data, name->len) == 0))
        {
            continue;
        }

        ngx_http_model_variable_unset(&r->variables[i]);
    }
}


void
ngx_http_model_variables_forget(ngx_http_request_t *r,
    ngx_http_model_ctx_t *ctx)
{
    ngx_str_t                  *key;
    ngx_uint_t                  i;
    ngx_http_variable_t        *v;
    ngx_http_core_main_conf_t  *cmcf;

    key = &ctx->hop->vendor->key.value;

    cmcf = ngx_http_get_module_main_conf(r, ngx_http_core_module);
    v = cmcf->variables.elts;

    for (i = 0; i < cmcf->variables.nelts; i++) {

        /* ours, or a map that was made of ours in the meantime */

        if (v[i].get_handler == ngx_http_model_variable_internal
            || (key->len && !ctx->known[i]
                && ngx_http_model_variable_holds(&r->variables[i], key)))
        {
            ngx_http_model_variable_unset(&r->variables[i]);
        }
    }
}


static void
ngx_http_model_variable_unset(ngx_http_variable_value_t *v)
{
    v->valid = 0;
    v->not_found = 0;
    v->len = 0;
    v->data = NULL;
}


static ngx_uint_t
ngx_http_model_variable_holds(ngx_http_variable_value_t *v, ngx_str_t *key)
{
    u_char  *p, *last;

    if (!v->valid || v->len < key->len) {
        return 0;
    }

    last = v->data + v->len - key->len + 1;

    for (p = v->data; p < last; p++) {
        p = ngx_strlchr(p, last, key->data[0]);

        if (p == NULL) {
            return 0;
        }

        if (ngx_memcmp(p, key->data, key->len) == 0) {
            return 1;
        }
    }

    return 0;
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


/* a subrequest that is not of the gateway, as auth_request's, asks for r's */

static ngx_http_model_ctx_t *
ngx_http_model_variable_ctx(ngx_http_request_t *r)
{
    ngx_http_model_ctx_t  *ctx;

    ctx = ngx_http_model_ctx(r);

    return (ctx || r == r->main) ? ctx : ngx_http_model_ctx(r->main);
}


static ngx_int_t
ngx_http_model_variable_str(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data)
{
    ngx_str_t             *value;
    ngx_http_model_ctx_t  *ctx;

    ctx = ngx_http_model_variable_ctx(r);

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

    ctx = ngx_http_model_variable_ctx(r);

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

    ctx = ngx_http_model_variable_ctx(r);

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

    ctx = ngx_http_model_variable_ctx(r);

    if (ctx == NULL || !ctx->stream_known) {
        v->not_found = 1;
        return NGX_OK;
    }

    ngx_http_model_variable_set(v, &values[ctx->stream]);

    return NGX_OK;
}


static ngx_int_t
ngx_http_model_variable_tries(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data)
{
    u_char                *p;
    ngx_str_t              value;
    ngx_http_model_ctx_t  *ctx;

    (void) data;

    ctx = ngx_http_model_variable_ctx(r);

    if (ctx == NULL || ctx->hops == NULL) {
        v->not_found = 1;
        return NGX_OK;
    }

    p = ngx_pnalloc(r->pool, NGX_INT_T_LEN);
    if (p == NULL) {
        return NGX_ERROR;
    }

    value.data = p;
    value.len = ngx_sprintf(p, "%ui", ctx->tries) - p;

    ngx_http_model_variable_set(v, &value);

    return NGX_OK;
}


/* seconds with milliseconds, where there is a queue */

static ngx_int_t
ngx_http_model_variable_queued(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data)
{
    u_char                *p;
    ngx_str_t              value;
    ngx_http_model_ctx_t  *ctx;

    (void) data;

    ctx = ngx_http_model_variable_ctx(r);

    if (ctx == NULL || !ctx->was_queued) {
        v->not_found = 1;
        return NGX_OK;
    }

    p = ngx_pnalloc(r->pool, NGX_TIME_T_LEN + 4);
    if (p == NULL) {
        return NGX_ERROR;
    }

    value.data = p;
    value.len = ngx_sprintf(p, "%T.%03M", (time_t) (ctx->queued / 1000),
                            ctx->queued % 1000)
                - p;

    ngx_http_model_variable_set(v, &value);

    return NGX_OK;
}


/* error_page may have led to a proxy_pass that is not ours */

static ngx_uint_t
ngx_http_model_variable_at_vendor(ngx_http_request_t *r,
    ngx_http_model_ctx_t *ctx)
{
    if (ctx == NULL || ctx->hop == NULL) {
        return 0;
    }

    return ctx->swapped
           || (r->upstream && r->upstream->conf == ctx->hop->vendor->conf);
}


static ngx_int_t
ngx_http_model_variable_proxy_host(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data)
{
    ngx_http_model_ctx_t  *ctx;

    ctx = ngx_http_model_ctx(r);

    if (!ngx_http_model_variable_at_vendor(r, ctx)) {
        return ((ngx_http_get_variable_pt) data)(r, v, 0);
    }

    ngx_http_model_variable_set(v, &ctx->hop->vendor->authority);

    return NGX_OK;
}


static ngx_int_t
ngx_http_model_variable_proxy_port(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data)
{
    u_char                   *p, *last;
    ngx_str_t                 value;
    ngx_http_model_ctx_t     *ctx;
    ngx_http_model_vendor_t  *vendor;

    ctx = ngx_http_model_ctx(r);

    if (!ngx_http_model_variable_at_vendor(r, ctx)) {
        return ((ngx_http_get_variable_pt) data)(r, v, 0);
    }

    vendor = ctx->hop->vendor;

    p = vendor->authority.data;
    last = p + vendor->authority.len;

    for (value.data = last; value.data > p; value.data--) {

        if (value.data[-1] < '0' || value.data[-1] > '9') {
            break;
        }
    }

    value.len = last - value.data;

    if (value.len == 0 || value.data - p < 2 || value.data[-1] != ':') {

        if (vendor->ssl) {
            ngx_str_set(&value, "443");

        } else {
            ngx_str_set(&value, "80");
        }
    }

    ngx_http_model_variable_set(v, &value);

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
    ngx_str_t              scheme, text;
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

    home = ngx_http_model_variable_home(ctx->hop);

    if (which != home || key->type == NGX_HTTP_MODEL_KEY_OFF) {
        return NGX_OK;
    }

    text = key->value;

    if (key->type == NGX_HTTP_MODEL_KEY_CLIENT) {

        /* a key that opened this gateway is not the vendor's to see */

        if (ctx->client || ctx->fetch) {
            return NGX_OK;
        }

        text = ngx_http_model_variable_token(r, key, anthropic);

        if (text.len == 0) {
            return NGX_OK;
        }
    }

    ngx_str_null(&scheme);

    if (key->scheme_set) {
        scheme = key->scheme;

    } else if (home == NGX_HTTP_MODEL_VAR_AUTHORIZATION) {
        ngx_str_set(&scheme, "Bearer");
    }

    if (scheme.len == 0) {
        *value = text;
        return NGX_OK;
    }

    p = ngx_pnalloc(r->pool, scheme.len + 1 + text.len);
    if (p == NULL) {
        return NGX_ERROR;
    }

    value->data = p;
    value->len = scheme.len + 1 + text.len;

    p = ngx_cpymem(p, scheme.data, scheme.len);
    *p++ = ' ';
    ngx_memcpy(p, text.data, text.len);

    return NGX_OK;
}


/* which of the headers is at home for the key and path */

static ngx_uint_t
ngx_http_model_variable_home(ngx_http_model_hop_t *hop)
{
    if (hop->vendor->key.header.len) {
        return NGX_HTTP_MODEL_VAR_KEY;
    }

    return (hop->dialect == NGX_HTTP_MODEL_ANTHROPIC)
           ? NGX_HTTP_MODEL_VAR_API_KEY : NGX_HTTP_MODEL_VAR_AUTHORIZATION;
}


const char *
ngx_http_model_variables_source(ngx_http_model_hop_t *hop, ngx_str_t *value)
{
    u_char               *last;
    ngx_http_variable_t  *v;

    last = value->data + value->len;

    for (v = ngx_http_model_variables; v->name.len; v++) {

        if (v->get_handler == ngx_http_model_variable_internal
            && value->len > v->name.len
            && ngx_strlcasestrn(value->data, last, v->name.data,
                                v->name.len - 1))
        {
            break;
        }
    }

    if (v->name.len == 0) {
        return NULL;
    }

    if (v->data == NGX_HTTP_MODEL_VAR_VERSION) {
        return (hop->dialect == NGX_HTTP_MODEL_ANTHROPIC)
               ? "client, else gateway" : "client, if it sends one";
    }

    if (v->data != ngx_http_model_variable_home(hop)
        || hop->vendor->key.type == NGX_HTTP_MODEL_KEY_OFF)
    {
        return "";
    }

    return (hop->vendor->key.type == NGX_HTTP_MODEL_KEY_CLIENT)
           ? "client's key, if it sends one" : "vendor's key";
}


/*
 * The client's own credential, without a scheme: of the vendor's header where
 * that has another name, else of the dialect; "" for none, as the "Bearer "
 * without a key that some clients send.
 */

static ngx_str_t
ngx_http_model_variable_token(ngx_http_request_t *r,
    ngx_http_model_key_t *key, ngx_uint_t anthropic)
{
    u_char           *name;
    ngx_str_t         token;
    ngx_table_elt_t  *h;

    ngx_str_null(&token);

    if (key->header.len) {
        name = ngx_pnalloc(r->pool, key->header.len + 1);
        if (name == NULL) {
            return token;
        }

        ngx_strlow(name, key->header.data, key->header.len);
        name[key->header.len] = '\0';

        h = ngx_http_model_request_header(r, (char *) name);

        if (h && h->value.len && ngx_strcmp(name, "authorization") != 0) {
            return h->value;
        }
    }

    if (anthropic) {
        h = ngx_http_model_request_header(r, "x-api-key");

        return h ? h->value : token;
    }

    h = ngx_http_model_request_header(r, "authorization");

    if (h && h->value.len > sizeof("Bearer ") - 1
        && ngx_strncasecmp(h->value.data, (u_char *) "Bearer ",
                           sizeof("Bearer ") - 1)
           == 0)
    {
        token.data = h->value.data + sizeof("Bearer ") - 1;
        token.len = h->value.len - (sizeof("Bearer ") - 1);
    }

    return token;
}
