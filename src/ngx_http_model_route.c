
/*
 * Copyright (C) the ngx_http_model_module authors
 */


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "ngx_http_model_alias.h"


/* a vendor's id, a separator, a name, its implied tag */
#define NGX_HTTP_MODEL_FORM_LEN                                               \
    (32 + 1 + NGX_HTTP_MODEL_NAME_LEN + NGX_HTTP_MODEL_LATEST_LEN)


/* how sure a look-up is that the name means the model, surest first */

typedef enum {
    NGX_HTTP_MODEL_LOOKUP_SAME = 0,     /* exact, but for ":latest" */
    NGX_HTTP_MODEL_LOOKUP_UNTAGGED,     /* ":latest" that a client added */
    NGX_HTTP_MODEL_LOOKUP_FOLDED,       /* ASCII case apart */
    NGX_HTTP_MODEL_LOOKUP_LAST
} ngx_http_model_lookup_e;


static ngx_int_t ngx_http_model_route_listed(ngx_http_model_scope_t *scope,
    ngx_str_t *name, ngx_http_model_route_t *route);
static ngx_uint_t ngx_http_model_route_visit(ngx_http_model_model_t *model,
    void *data);
static ngx_int_t ngx_http_model_route_prefixed(ngx_http_model_scope_t *scope,
    ngx_str_t *name, ngx_http_model_route_t *route);
static ngx_int_t ngx_http_model_route_bare(ngx_http_model_scope_t *scope,
    ngx_str_t *name, ngx_http_model_route_t *route);
static ngx_int_t ngx_http_model_route_unknown(ngx_http_model_scope_t *scope,
    ngx_str_t *name, ngx_http_model_route_t *route);
static ngx_int_t ngx_http_model_route_lookup(ngx_http_model_scope_t *scope,
    ngx_http_model_vendor_t *vendor, ngx_str_t *name,
    ngx_http_model_lookup_e lookup, ngx_http_model_route_t *route);
static ngx_int_t ngx_http_model_route_folded(ngx_http_model_scope_t *scope,
    ngx_http_model_vendor_t *vendor, ngx_str_t *name,
    ngx_http_model_route_t *route);
static ngx_uint_t ngx_http_model_route_matches(ngx_http_model_scope_t *scope,
    ngx_http_model_vendor_t *vendor, ngx_str_t *name);
static ngx_uint_t ngx_http_model_route_ollama(
    ngx_http_model_vendor_t *vendor);
static ngx_int_t ngx_http_model_route_latest(ngx_str_t *name, u_char *buf,
    ngx_str_t *other);


ngx_int_t
ngx_http_model_route(ngx_http_model_scope_t *scope, ngx_str_t *name,
    ngx_http_model_route_t *route, ngx_pool_t *pool)
{
    ngx_int_t  rc;

    ngx_memzero(route, sizeof(ngx_http_model_route_t));

    if (name->len > NGX_HTTP_MODEL_NAME_LEN) {
        return NGX_DECLINED;
    }

    rc = ngx_http_model_alias_route(scope, name, NGX_HTTP_MODEL_ALIAS_EXACT,
                                    route, pool);
    if (rc != NGX_DECLINED) {
        return rc;
    }

    if (ngx_http_model_route_listed(scope, name, route) == NGX_OK) {
        goto found;
    }

    rc = ngx_http_model_alias_route(scope, name, NGX_HTTP_MODEL_ALIAS_LATEST,
                                    route, pool);
    if (rc != NGX_DECLINED) {
        return rc;
    }

    if (ngx_http_model_route_prefixed(scope, name, route) == NGX_OK) {
        goto found;
    }

    rc = ngx_http_model_alias_route(scope, name, NGX_HTTP_MODEL_ALIAS_PATTERN,
                                    route, pool);
    if (rc != NGX_DECLINED) {
        return rc;
    }

    if (ngx_http_model_route_bare(scope, name, route) != NGX_OK
        && ngx_http_model_route_unknown(scope, name, route) != NGX_OK)
    {
        return NGX_DECLINED;
    }

found:

    /* what stands in the view is exposed */

    if (route->model == NULL
        && !ngx_http_model_route_exposed(route->vendor, &route->name))
    {
        return NGX_ABORT;
    }

    if (!ngx_http_model_route_allowed(scope, route->vendor, route->model,
                                      &route->name))
    {
        return NGX_ABORT;
    }

    return NGX_OK;
}


static ngx_int_t
ngx_http_model_route_listed(ngx_http_model_scope_t *scope, ngx_str_t *name,
    ngx_http_model_route_t *route)
{
    ngx_http_model_model_t  *model;

    if (name->len == 0) {
        return NGX_DECLINED;
    }

    model = ngx_http_model_view_each(scope->view, name, 1,
                                     ngx_http_model_route_visit, scope);
    if (model == NULL) {
        return NGX_DECLINED;
    }

    route->vendor = model->vendor;
    route->model = model;
    route->name = model->name;
    route->reason = "listed";

    return NGX_OK;
}


static ngx_uint_t
ngx_http_model_route_visit(ngx_http_model_model_t *model, void *data)
{
    return ngx_http_model_route_has(data, model->vendor);
}


static ngx_int_t
ngx_http_model_route_prefixed(ngx_http_model_scope_t *scope, ngx_str_t *name,
    ngx_http_model_route_t *route)
{
    ngx_str_t                 rest;
    ngx_http_model_vendor_t  *vendor;

    vendor = ngx_http_model_route_prefix(scope->vendors, name, &rest);

    if (vendor == NULL) {
        return NGX_DECLINED;
    }

    ngx_http_model_route_vendor(scope, vendor, &rest, route);
    route->reason = "prefix";

    return NGX_OK;
}


ngx_http_model_vendor_t *
ngx_http_model_route_prefix(ngx_array_t *vendors, ngx_str_t *name,
    ngx_str_t *rest)
{
    size_t     i;
    ngx_str_t  id;

    for (i = 0; i < name->len; i++) {
        if (name->data[i] == ':' || name->data[i] == '/') {
            break;
        }
    }

    if (i == 0 || i + 1 >= name->len) {
        return NULL;
    }

    id.len = i;
    id.data = name->data;

    rest->len = name->len - i - 1;
    rest->data = name->data + i + 1;

    return ngx_http_model_vendor_find(vendors, &id);
}


static ngx_int_t
ngx_http_model_route_bare(ngx_http_model_scope_t *scope, ngx_str_t *name,
    ngx_http_model_route_t *route)
{
    ngx_uint_t                 i, n;
    ngx_http_model_vendor_t  **vendors;

    if (name->len == 0) {
        return NGX_DECLINED;
    }

    vendors = scope->vendors->elts;

    for (n = 0; n < NGX_HTTP_MODEL_LOOKUP_FOLDED; n++) {
        for (i = 0; i < scope->vendors->nelts; i++) {

            if (ngx_http_model_route_lookup(scope, vendors[i], name, n, route)
                == NGX_OK)
            {
                goto found;
            }
        }
    }

    if (ngx_http_model_route_folded(scope, NULL, name, route) != NGX_OK) {
        return NGX_DECLINED;
    }

found:

    route->reason = "bare";

    return NGX_OK;
}


static ngx_int_t
ngx_http_model_route_unknown(ngx_http_model_scope_t *scope, ngx_str_t *name,
    ngx_http_model_route_t *route)
{
    if (scope->single) {
        route->vendor = scope->single;
        route->name = *name;
        route->reason = "only vendor";

        return NGX_OK;
    }

    if (scope->fallback == NULL) {
        return NGX_DECLINED;
    }

    if (scope->fallback_model.len) {
        name = &scope->fallback_model;
    }

    ngx_http_model_route_vendor(scope, scope->fallback, name, route);
    route->reason = "default";

    return NGX_OK;
}


/* the name is the vendor's own, known or not */

void
ngx_http_model_route_vendor(ngx_http_model_scope_t *scope,
    ngx_http_model_vendor_t *vendor, ngx_str_t *name,
    ngx_http_model_route_t *route)
{
    ngx_uint_t  n;

    if (name->len) {

        for (n = 0; n < NGX_HTTP_MODEL_LOOKUP_LAST; n++) {
            if (ngx_http_model_route_lookup(scope, vendor, name, n, route)
                == NGX_OK)
            {
                return;
            }
        }
    }

    route->vendor = vendor;
    route->model = NULL;
    route->name = *name;
}


static ngx_int_t
ngx_http_model_route_lookup(ngx_http_model_scope_t *scope,
    ngx_http_model_vendor_t *vendor, ngx_str_t *name,
    ngx_http_model_lookup_e lookup, ngx_http_model_route_t *route)
{
    u_char                   buf[NGX_HTTP_MODEL_FORM_LEN];
    ngx_str_t                sent, other;
    ngx_http_model_model_t  *model;

    sent = *name;

    switch (lookup) {

    case NGX_HTTP_MODEL_LOOKUP_SAME:
        model = ngx_http_model_view_find(scope->view, vendor, name);

        if (model == NULL && ngx_http_model_route_ollama(vendor)
            && ngx_http_model_route_latest(name, buf, &other) == NGX_OK)
        {
            model = ngx_http_model_view_find(scope->view, vendor, &other);
        }

        break;

    case NGX_HTTP_MODEL_LOOKUP_UNTAGGED:

        /* Open WebUI adds ":latest" to every name without a tag */

        if (ngx_http_model_route_ollama(vendor)
            || !ngx_http_model_route_is_latest(name))
        {
            return NGX_DECLINED;
        }

        sent.len -= NGX_HTTP_MODEL_LATEST_LEN;
        model = ngx_http_model_view_find(scope->view, vendor, &sent);

        break;

    default:
        return ngx_http_model_route_folded(scope, vendor, name, route);
    }

    if (model == NULL) {
        return NGX_DECLINED;
    }

    route->vendor = vendor;
    route->model = model;
    route->name = sent;

    return NGX_OK;
}


/*
 * Ollama's servers ignore case but in the legacy /api/embeddings, so the
 * installed spelling is sent.  With vendor NULL: of all vendors by rank.
 */

static ngx_int_t
ngx_http_model_route_folded(ngx_http_model_scope_t *scope,
    ngx_http_model_vendor_t *vendor, ngx_str_t *name,
    ngx_http_model_route_t *route)
{
    size_t                   len, own;
    ngx_uint_t               i;
    ngx_http_model_model_t  *model;

    len = name->len;

    if (ngx_http_model_route_is_latest(name)) {
        len -= NGX_HTTP_MODEL_LATEST_LEN;
    }

    model = scope->view->models.elts;

    for (i = 0; i < scope->view->models.nelts; i++, model++) {

        if (vendor && model->vendor != vendor) {
            continue;
        }

        own = model->name.len;

        if (ngx_http_model_route_is_latest(&model->name)) {
            own -= NGX_HTTP_MODEL_LATEST_LEN;
        }

        if (own != len
            || ngx_strncasecmp(model->name.data, name->data, len) != 0
            || !ngx_http_model_route_ollama(model->vendor)
            || (vendor == NULL
                && !ngx_http_model_route_has(scope, model->vendor)))
        {
            continue;
        }

        route->vendor = model->vendor;
        route->model = model;
        route->name = model->name;

        if (name->len == len) {
            route->name.len = len;
        }

        return NGX_OK;
    }

    return NGX_DECLINED;
}


ngx_uint_t
ngx_http_model_route_exposed(ngx_http_model_vendor_t *vendor, ngx_str_t *name)
{
    u_char     buf[NGX_HTTP_MODEL_FORM_LEN];
    ngx_str_t  other;

    if (ngx_http_model_vendor_exposes(vendor, name)) {
        return 1;
    }

    if (!ngx_http_model_route_ollama(vendor)
        || ngx_http_model_route_latest(name, buf, &other) != NGX_OK)
    {
        return 0;
    }

    return ngx_http_model_vendor_exposes(vendor, &other);
}


/* the client key's patterns, on each form of the model's listed name */

ngx_uint_t
ngx_http_model_route_allowed(ngx_http_model_scope_t *scope,
    ngx_http_model_vendor_t *vendor, ngx_http_model_model_t *model,
    ngx_str_t *name)
{
    u_char     buf[NGX_HTTP_MODEL_FORM_LEN];
    ngx_str_t  other;

    if (scope->patterns == NULL) {
        return 1;
    }

    if (model) {
        name = &model->name;

        if (ngx_http_model_route_pattern(scope->patterns, &model->listed)) {
            return 1;
        }
    }

    if (ngx_http_model_route_matches(scope, vendor, name)) {
        return 1;
    }

    if (!ngx_http_model_route_ollama(vendor)
        || ngx_http_model_route_latest(name, buf, &other) != NGX_OK)
    {
        return 0;
    }

    return ngx_http_model_route_matches(scope, vendor, &other);
}


static ngx_uint_t
ngx_http_model_route_matches(ngx_http_model_scope_t *scope,
    ngx_http_model_vendor_t *vendor, ngx_str_t *name)
{
    u_char     buf[NGX_HTTP_MODEL_FORM_LEN], *p;
    ngx_str_t  form;

    if (!vendor->prefix
        && ngx_http_model_route_pattern(scope->patterns, name))
    {
        return 1;
    }

    if (vendor->id.len + 1 + name->len > sizeof(buf)) {
        return 0;
    }

    /* both separators are understood, in patterns as in requests */

    p = ngx_cpymem(buf, vendor->id.data, vendor->id.len);
    *p++ = ':';
    p = ngx_cpymem(p, name->data, name->len);

    form.len = p - buf;
    form.data = buf;

    if (ngx_http_model_route_pattern(scope->patterns, &form)) {
        return 1;
    }

    buf[vendor->id.len] = '/';

    return ngx_http_model_route_pattern(scope->patterns, &form);
}


ngx_uint_t
ngx_http_model_route_pattern(ngx_array_t *patterns, ngx_str_t *name)
{
    ngx_str_t   *pattern;
    ngx_uint_t   i;

    pattern = patterns->elts;

    for (i = 0; i < patterns->nelts; i++) {
        if (ngx_http_model_wildcard(&pattern[i], name)) {
            return 1;
        }
    }

    return 0;
}


ngx_uint_t
ngx_http_model_route_has(ngx_http_model_scope_t *scope,
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


static ngx_uint_t
ngx_http_model_route_ollama(ngx_http_model_vendor_t *vendor)
{
    return (vendor->dialects
            & ngx_http_model_dialect_bit(NGX_HTTP_MODEL_OLLAMA)) ? 1 : 0;
}


/*
 * The other spelling of a name for Ollama: without ":latest", or with it
 * where no tag stands after the last slash.  buf has FORM_LEN bytes.
 */

static ngx_int_t
ngx_http_model_route_latest(ngx_str_t *name, u_char *buf, ngx_str_t *other)
{
    u_char     *p;
    ngx_str_t   untagged;

    if (ngx_http_model_route_is_latest(name)) {
        other->len = name->len - NGX_HTTP_MODEL_LATEST_LEN;
        other->data = name->data;

        return NGX_OK;
    }

    untagged = ngx_http_model_route_untagged(name);

    if (name->len == 0
        || untagged.len != name->len
        || name->len > NGX_HTTP_MODEL_NAME_LEN)
    {
        return NGX_DECLINED;
    }

    p = ngx_cpymem(buf, name->data, name->len);
    p = ngx_cpymem(p, NGX_HTTP_MODEL_LATEST, NGX_HTTP_MODEL_LATEST_LEN);

    other->len = p - buf;
    other->data = buf;

    return NGX_OK;
}


ngx_uint_t
ngx_http_model_route_is_latest(ngx_str_t *name)
{
    size_t  len;

    if (name->len <= NGX_HTTP_MODEL_LATEST_LEN) {
        return 0;
    }

    len = name->len - NGX_HTTP_MODEL_LATEST_LEN;

    return ngx_strncasecmp(name->data + len,
                           (u_char *) NGX_HTTP_MODEL_LATEST,
                           NGX_HTTP_MODEL_LATEST_LEN) == 0;
}


ngx_str_t
ngx_http_model_route_untagged(ngx_str_t *name)
{
    size_t     i;
    ngx_str_t  untagged;

    untagged = *name;

    for (i = name->len; i > 1; i--) {

        if (name->data[i - 1] == '/') {
            break;
        }

        if (name->data[i - 1] == ':') {
            untagged.len = i - 1;
            break;
        }
    }

    return untagged;
}


ngx_uint_t
ngx_http_model_route_permits(ngx_http_model_scope_t *scope,
    ngx_http_model_vendor_t *vendor, ngx_str_t *name)
{
    return ngx_http_model_route_exposed(vendor, name)
           && ngx_http_model_route_allowed(scope, vendor, NULL, name);
}


ngx_uint_t
ngx_http_model_route_visible(ngx_http_model_scope_t *scope,
    ngx_http_model_model_t *model)
{
    return ngx_http_model_route_has(scope, model->vendor)
           && ngx_http_model_route_allowed(scope, model->vendor, model,
                                           &model->name);
}
