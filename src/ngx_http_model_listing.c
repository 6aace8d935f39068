
/*
 * Copyright (C) the ngx_http_model_module authors
 */


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include <openssl/evp.h>

#include "ngx_http_model_capability.h"
#include "ngx_http_model_listing.h"


/* clients refuse servers that are older than this one */

#define NGX_HTTP_MODEL_LISTING_VERSION    "0.6.4"

#define NGX_HTTP_MODEL_LISTING_ETAG_LEN   16


static ngx_uint_t ngx_http_model_listing_gone(ngx_http_model_scope_t *scope,
    ngx_http_model_alias_t *alias, ngx_pool_t *pool);
static ngx_int_t ngx_http_model_listing_aliases(ngx_http_model_scope_t *scope,
    ngx_array_t *models, ngx_pool_t *pool);
static ngx_uint_t ngx_http_model_listing_first(ngx_http_model_model_t *model,
    void *data);

static ngx_int_t ngx_http_model_listing_info_lmstudio(
    ngx_http_model_json_writer_t *w, ngx_http_model_scope_t *scope,
    ngx_http_model_model_t *model, ngx_pool_t *pool);
static void ngx_http_model_listing_instances(ngx_http_model_json_writer_t *w,
    ngx_http_model_scope_t *scope, ngx_http_model_model_t *model);
static ngx_uint_t ngx_http_model_listing_bits(ngx_str_t *quantization);

static ngx_uint_t ngx_http_model_listing_number(ngx_str_t *version);
static ngx_int_t ngx_http_model_listing_compare(ngx_str_t *one,
    ngx_str_t *two);
static ngx_uint_t ngx_http_model_listing_part(ngx_str_t *version);
static ngx_uint_t ngx_http_model_listing_in_scope(
    ngx_http_model_scope_t *scope, ngx_http_model_vendor_t *vendor);


ngx_array_t *
ngx_http_model_listing_models(ngx_http_model_scope_t *scope, ngx_pool_t *pool)
{
    ngx_uint_t                i;
    ngx_array_t              *models;
    ngx_http_model_model_t   *model, *first, **p;

    models = ngx_array_create(pool, ngx_max(scope->view->models.nelts, 1),
                              sizeof(ngx_http_model_model_t *));
    if (models == NULL
        || ngx_http_model_listing_aliases(scope, models, pool) != NGX_OK)
    {
        return NULL;
    }

    model = scope->view->models.elts;

    for (i = 0; i < scope->view->models.nelts; i++) {

        /* an alias takes the name, whether it has targets here or not */

        if (!ngx_http_model_route_visible(scope, &model[i])
            || ngx_http_model_view_hidden(scope->view, &model[i])
            || ngx_http_model_alias_find(scope, &model[i].listed))
        {
            continue;
        }

        /* a hidden one keeps its name: others of it are not listed */

        first = ngx_http_model_view_each(scope->view, &model[i].listed, 1,
                                         ngx_http_model_listing_first, scope);

        if (first != NULL && first != &model[i]) {
            continue;
        }

        p = ngx_array_push(models);
        if (p == NULL) {
            return NULL;
        }

        *p = &model[i];
    }

    return models;
}


/* 1 when all targets of an alias are hidden */

static ngx_uint_t
ngx_http_model_listing_gone(ngx_http_model_scope_t *scope,
    ngx_http_model_alias_t *alias, ngx_pool_t *pool)
{
    ngx_uint_t               i;
    ngx_array_t             *targets;
    ngx_http_model_route_t  *target;

    targets = ngx_http_model_alias_targets(scope, alias, NULL, 0, pool);

    if (targets == NULL) {
        return 0;
    }

    target = targets->elts;

    for (i = 0; i < targets->nelts; i++) {

        if (target[i].model == NULL
            || !ngx_http_model_view_hidden(scope->view, target[i].model))
        {
            return 0;
        }
    }

    return 1;
}


static ngx_int_t
ngx_http_model_listing_aliases(ngx_http_model_scope_t *scope,
    ngx_array_t *models, ngx_pool_t *pool)
{
    ngx_int_t                 rc;
    ngx_uint_t                i;
    ngx_http_model_model_t   *model, **p;
    ngx_http_model_alias_t  **alias;

    if (scope->aliases == NULL) {
        return NGX_OK;
    }

    alias = scope->aliases->elts;

    for (i = 0; i < scope->aliases->nelts; i++) {

        if (alias[i]->pattern) {
            continue;
        }

        rc = ngx_http_model_alias_model(scope, alias[i], NULL, pool, &model);

        if (rc == NGX_DECLINED
            || (rc == NGX_OK
                && ngx_http_model_listing_gone(scope, alias[i], pool)))
        {
            continue;
        }

        p = (rc == NGX_OK) ? ngx_array_push(models) : NULL;
        if (p == NULL) {
            return NGX_ERROR;
        }

        *p = model;
    }

    return NGX_OK;
}


static ngx_uint_t
ngx_http_model_listing_first(ngx_http_model_model_t *model, void *data)
{
    return ngx_http_model_route_visible(data, model);
}


ngx_int_t
ngx_http_model_listing_lmstudio(ngx_http_model_scope_t *scope,
    ngx_pool_t *pool, ngx_str_t *out)
{
    ngx_uint_t                      i;
    ngx_array_t                    *models;
    ngx_http_model_model_t        **model;
    ngx_http_model_json_writer_t   *w;

    models = ngx_http_model_listing_models(scope, pool);
    w = ngx_http_model_json_writer(pool);

    if (models == NULL || w == NULL) {
        return NGX_ERROR;
    }

    ngx_http_model_json_object(w);
    ngx_http_model_json_key(w, "models");
    ngx_http_model_json_array(w);

    model = models->elts;

    for (i = 0; i < models->nelts; i++) {
        if (ngx_http_model_listing_info_lmstudio(w, scope, model[i], pool)
            != NGX_OK)
        {
            return NGX_ERROR;
        }
    }

    ngx_http_model_json_array_end(w);
    ngx_http_model_json_object_end(w);

    return ngx_http_model_json_finish(w, out);
}


static ngx_int_t
ngx_http_model_listing_info_lmstudio(ngx_http_model_json_writer_t *w,
    ngx_http_model_scope_t *scope, ngx_http_model_model_t *model,
    ngx_pool_t *pool)
{
    ngx_uint_t                   bits, embedding;
    ngx_http_model_descriptor_t  d;

    if (ngx_http_model_describe(pool, model, &d) != NGX_OK) {
        return NGX_ERROR;
    }

    embedding = !(d.capabilities & NGX_HTTP_MODEL_CAP_COMPLETION)
                && (d.capabilities & NGX_HTTP_MODEL_CAP_EMBEDDING);

    ngx_http_model_json_object(w);

    ngx_http_model_json_key(w, "type");
    ngx_http_model_json_cstr(w, embedding ? "embedding" : "llm");
    ngx_http_model_listing_member(w, "publisher", &model->vendor->id);
    ngx_http_model_listing_member(w, "key", &d.id);
    ngx_http_model_listing_member(w, "display_name", &d.label);
    ngx_http_model_listing_or_null(w, "architecture", &d.architecture);

    ngx_http_model_json_key(w, "quantization");

    if (d.quantization.len) {
        bits = ngx_http_model_listing_bits(&d.quantization);

        ngx_http_model_json_object(w);
        ngx_http_model_listing_member(w, "name", &d.quantization);
        ngx_http_model_json_key(w, "bits_per_weight");

        if (bits) {
            ngx_http_model_json_int(w, bits);

        } else {
            ngx_http_model_json_null(w);
        }

        ngx_http_model_json_object_end(w);

    } else {
        ngx_http_model_json_null(w);
    }

    ngx_http_model_json_key(w, "size_bytes");
    ngx_http_model_json_int(w, d.size);
    ngx_http_model_listing_or_null(w, "params_string", &d.parameter_size);
    ngx_http_model_listing_instances(w, scope, model);
    ngx_http_model_json_key(w, "max_context_length");
    ngx_http_model_json_int(w, d.context);
    ngx_http_model_listing_or_null(w, "format", &d.format);

    if (!embedding) {
        ngx_http_model_json_key(w, "capabilities");
        ngx_http_model_json_object(w);
        ngx_http_model_json_key(w, "vision");
        ngx_http_model_json_bool(w,
                                 d.capabilities & NGX_HTTP_MODEL_CAP_VISION);
        ngx_http_model_json_key(w, "trained_for_tool_use");
        ngx_http_model_json_bool(w,
                                 d.capabilities & NGX_HTTP_MODEL_CAP_TOOLS);
        ngx_http_model_json_object_end(w);
    }

    ngx_http_model_json_object_end(w);

    return NGX_OK;
}


/* one for each server that has the model loaded */

static void
ngx_http_model_listing_instances(ngx_http_model_json_writer_t *w,
    ngx_http_model_scope_t *scope, ngx_http_model_model_t *model)
{
    int64_t                   context;
    ngx_str_t                 name;
    ngx_uint_t                i;
    ngx_http_model_json_t    *entry;
    ngx_http_model_server_t  *server;

    ngx_http_model_json_key(w, "loaded_instances");
    ngx_http_model_json_array(w);

    server = scope->view->servers.elts;

    for (i = 0; i < scope->view->servers.nelts; i++) {

        if (server[i].vendor != model->vendor
            || server[i].facts.state == NGX_HTTP_MODEL_SERVER_DOWN)
        {
            continue;
        }

        entry = ngx_http_model_json_get(server[i].loaded, "models");

        for (entry = entry ? entry->child : NULL;
             entry != NULL;
             entry = entry->next)
        {
            if (ngx_http_model_json_get_str(entry, "name", &name) != NGX_OK
                || name.len != model->name.len
                || ngx_memcmp(name.data, model->name.data, name.len) != 0)
            {
                continue;
            }

            context = ngx_http_model_json_get_int(entry, "context_length");

            ngx_http_model_json_object(w);
            ngx_http_model_listing_member(w, "id", &model->listed);
            ngx_http_model_json_key(w, "config");
            ngx_http_model_json_object(w);

            if (context > 0) {
                ngx_http_model_json_key(w, "context_length");
                ngx_http_model_json_int(w, context);
            }

            ngx_http_model_json_object_end(w);
            ngx_http_model_json_object_end(w);
        }
    }

    ngx_http_model_json_array_end(w);
}


/* the number in "Q4_K_M", "FP16", "mxfp4"; 0 where there is none */

static ngx_uint_t
ngx_http_model_listing_bits(ngx_str_t *quantization)
{
    size_t      i;
    ngx_uint_t  bits;

    for (i = 0; i < quantization->len; i++) {
        if (quantization->data[i] >= '0' && quantization->data[i] <= '9') {
            break;
        }
    }

    bits = 0;

    for ( /* void */ ; i < quantization->len && bits < 10; i++) {

        if (quantization->data[i] < '0' || quantization->data[i] > '9') {
            break;
        }

        bits = bits * 10 + quantization->data[i] - '0';
    }

    return bits <= 64 ? bits : 0;
}


ngx_int_t
ngx_http_model_listing_version(ngx_http_model_scope_t *scope,
    ngx_pool_t *pool, ngx_str_t *out)
{
    ngx_str_t                      version, smallest;
    ngx_uint_t                     i;
    ngx_http_model_server_t       *server;
    ngx_http_model_json_writer_t  *w;

    w = ngx_http_model_json_writer(pool);
    if (w == NULL) {
        return NGX_ERROR;
    }

    ngx_str_null(&smallest);

    server = scope->view->servers.elts;

    for (i = 0; i < scope->view->servers.nelts; i++) {

        version = server[i].facts.version;

        if (!(server[i].vendor->dialects
              & ngx_http_model_dialect_bit(NGX_HTTP_MODEL_OLLAMA))
            || !ngx_http_model_listing_in_scope(scope, server[i].vendor)
            || !ngx_http_model_listing_number(&version))
        {
            continue;
        }

        if (smallest.len == 0
            || ngx_http_model_listing_compare(&version, &smallest) < 0)
        {
            smallest = version;
        }
    }

    if (smallest.len == 0) {
        ngx_str_set(&smallest, NGX_HTTP_MODEL_LISTING_VERSION);
    }

    ngx_http_model_json_object(w);
    ngx_http_model_listing_member(w, "version", &smallest);
    ngx_http_model_json_object_end(w);

    return ngx_http_model_json_finish(w, out);
}


/*
 * Leaves the digits and dots of "v0.12.3-rc1": Open WebUI takes nothing else.
 * 0 when there are none, and for 0.0.0, which is a build from a work tree.
 */

static ngx_uint_t
ngx_http_model_listing_number(ngx_str_t *version)
{
    u_char      c;
    size_t      i;
    ngx_uint_t  zero;

    if (version->len && (version->data[0] | 0x20) == 'v') {
        version->data++;
        version->len--;
    }

    zero = 1;
    c = '.';

    for (i = 0; i < version->len && i < 32; i++) {

        if (version->data[i] == '.' && c == '.') {
            break;
        }

        c = version->data[i];

        if (c != '.' && (c < '0' || c > '9')) {
            break;
        }

        if (c >= '1' && c <= '9') {
            zero = 0;
        }
    }

    while (i > 0 && version->data[i - 1] == '.') {
        i--;
    }

    version->len = i;

    return !zero;
}


static ngx_int_t
ngx_http_model_listing_compare(ngx_str_t *one, ngx_str_t *two)
{
    ngx_str_t   a, b;
    ngx_uint_t  m, n;

    a = *one;
    b = *two;

    while (a.len || b.len) {
        m = ngx_http_model_listing_part(&a);
        n = ngx_http_model_listing_part(&b);

        if (m != n) {
            return m < n ? -1 : 1;
        }
    }

    return 0;
}


/* takes the number up to the next dot */

static ngx_uint_t
ngx_http_model_listing_part(ngx_str_t *version)
{
    ngx_uint_t  n;

    n = 0;

    while (version->len) {
        version->len--;

        if (*version->data++ == '.') {
            break;
        }

        n = ngx_min(n * 10 + version->data[-1] - '0', 1000000000);
    }

    return n;
}


ngx_int_t
ngx_http_model_listing_etag(ngx_str_t *document, ngx_pool_t *pool,
    ngx_str_t *etag)
{
    u_char  *p, sum[EVP_MAX_MD_SIZE];

    if (EVP_Digest(document->data, document->len, sum, NULL, EVP_sha256(),
                   NULL)
        != 1)
    {
        return NGX_ERROR;
    }

    p = ngx_pnalloc(pool, sizeof("W/\"\"") - 1
                          + 2 * NGX_HTTP_MODEL_LISTING_ETAG_LEN);
    if (p == NULL) {
        return NGX_ERROR;
    }

    etag->data = p;

    p = ngx_cpymem(p, "W/\"", 3);
    p = ngx_hex_dump(p, sum, NGX_HTTP_MODEL_LISTING_ETAG_LEN);
    *p++ = '"';

    etag->len = p - etag->data;

    return NGX_OK;
}


static ngx_uint_t
ngx_http_model_listing_in_scope(ngx_http_model_scope_t *scope,
    ngx_http_model_vendor_t *vendor)
{
    ngx_uint_t                 i;
    ngx_http_model_vendor_t  **vendors;

    vendors = scope->vendors->elts;

    for (i = 0; i < scope->vendors->nelts; i++) {
        if (vendors[i] == vendor) {
            return 1;
        }
    }

    return 0;
}


void
ngx_http_model_listing_member(ngx_http_model_json_writer_t *w,
    const char *key, ngx_str_t *value)
{
    ngx_http_model_json_key(w, key);
    ngx_http_model_json_str(w, value);
}


void
ngx_http_model_listing_or_null(ngx_http_model_json_writer_t *w,
    const char *key, ngx_str_t *value)
{
    ngx_http_model_json_key(w, key);

    if (value->len) {
        ngx_http_model_json_str(w, value);

    } else {
        ngx_http_model_json_null(w);
    }
}
