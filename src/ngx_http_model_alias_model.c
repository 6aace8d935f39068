
/*
 * Copyright (C) the ngx_http_model_module authors
 */


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "ngx_http_model_alias_model.h"


static ngx_int_t ngx_http_model_alias_model_merge(ngx_pool_t *pool,
    ngx_http_model_model_t *model, ngx_array_t *routes, ngx_uint_t listed);
static void ngx_http_model_alias_model_vendor(ngx_http_model_vendor_t *to,
    ngx_http_model_vendor_t *from, ngx_uint_t first);
static void ngx_http_model_alias_model_add(ngx_http_model_descriptor_t *to,
    ngx_http_model_descriptor_t *from);
static void ngx_http_model_alias_model_tokens(int64_t *to, ngx_uint_t known,
    int64_t from, ngx_uint_t from_known);
static void ngx_http_model_alias_model_agree(ngx_str_t *to, ngx_str_t *from);
static void ngx_http_model_alias_model_finish(ngx_http_model_descriptor_t *to,
    ngx_http_model_descriptor_t *own);


ngx_int_t
ngx_http_model_alias_model(ngx_http_model_scope_t *scope,
    ngx_http_model_alias_t *alias, ngx_str_t *star, ngx_pool_t *pool,
    ngx_http_model_model_t **out)
{
    ngx_uint_t               i, listed;
    ngx_array_t             *routes;
    ngx_http_model_route_t  *route;
    ngx_http_model_model_t  *model;

    routes = ngx_http_model_alias_targets(scope, alias, star, 0, pool);
    model = ngx_pcalloc(pool, sizeof(ngx_http_model_model_t));

    if (routes == NULL || model == NULL) {
        return NGX_ERROR;
    }

    route = routes->elts;
    listed = 0;

    for (i = 0; i < routes->nelts; i++) {

        if (route[i].model) {
            listed++;
            model->nservers += route[i].model->nservers;
            model->nup += route[i].model->nup;
        }
    }

    if (routes->nelts == 0 || (alias->pattern && listed == 0)) {
        return NGX_DECLINED;
    }

    if (ngx_http_model_alias_name(alias, star, pool, &model->name) != NGX_OK) {
        return NGX_ERROR;
    }

    model->listed = model->name;

    *out = model;

    return ngx_http_model_alias_model_merge(pool, model, routes, listed);
}


static ngx_int_t
ngx_http_model_alias_model_merge(ngx_pool_t *pool,
    ngx_http_model_model_t *model, ngx_array_t *routes, ngx_uint_t listed)
{
    ngx_uint_t                    i, n, ollama;
    ngx_http_model_route_t       *route;
    ngx_http_model_model_t        unlisted, *target;
    ngx_http_model_vendor_t      *vendor;
    ngx_http_model_descriptor_t  *d, own, one;

    d = ngx_palloc(pool, sizeof(ngx_http_model_descriptor_t));
    vendor = ngx_pcalloc(pool, sizeof(ngx_http_model_vendor_t));

    if (d == NULL || vendor == NULL) {
        return NGX_ERROR;
    }

    model->vendor = vendor;
    route = routes->elts;
    n = 0;
    ollama = 0;

    for (i = 0; i < routes->nelts; i++) {

        ngx_http_model_alias_model_vendor(vendor, route[i].vendor, i == 0);

        ollama |= route[i].vendor->dialects
                  & ngx_http_model_dialect_bit(NGX_HTTP_MODEL_OLLAMA);

        /* of a model that is in no list only its name could be described */

        target = route[i].model;

        if (target == NULL && listed) {
            continue;
        }

        if (target == NULL) {
            ngx_memzero(&unlisted, sizeof(ngx_http_model_model_t));

            unlisted.vendor = route[i].vendor;
            unlisted.name = route[i].name;
            unlisted.listed = route[i].name;

            target = &unlisted;
        }

        if (ngx_http_model_describe(pool, target, &one) != NGX_OK) {
            return NGX_ERROR;
        }

        if (n++ == 0) {
            *d = one;

        } else {
            ngx_http_model_alias_model_add(d, &one);
        }
    }

    if (listed != routes->nelts) {
        ngx_memzero(d->prices, sizeof(d->prices));
    }

    /* the alias's own name gives the rest */

    if (ngx_http_model_describe(pool, model, &own) != NGX_OK) {
        return NGX_ERROR;
    }

    ngx_http_model_alias_model_finish(d, &own);

    model->merged = d;

    /*
     * An Ollama server would load the model anew with a num_ctx that a client
     * read in a document of ours, so none is made up: as with a model whose
     * show document is known, and says nothing.
     */

    if (ollama) {
        model->show = ngx_pcalloc(pool, sizeof(ngx_http_model_json_t));
        if (model->show == NULL) {
            return NGX_ERROR;
        }

        model->show->type = NGX_HTTP_MODEL_JSON_OBJECT;
    }

    return NGX_OK;
}


/* the vendor of the targets, or what several have in common */

static void
ngx_http_model_alias_model_vendor(ngx_http_model_vendor_t *to,
    ngx_http_model_vendor_t *from, ngx_uint_t first)
{
    if (first) {
        to->id = from->id;
        to->label = from->label;
        to->hosting = from->hosting;
        to->dialect = from->dialect;
        to->dialects = from->dialects;

        return;
    }

    if (to->id.len != from->id.len
        || ngx_memcmp(to->id.data, from->id.data, to->id.len) != 0)
    {
        ngx_str_set(&to->id, "alias");
        ngx_str_set(&to->label, "alias");
    }

    if (from->hosting == NGX_HTTP_MODEL_HOSTING_CLOUD) {
        to->hosting = NGX_HTTP_MODEL_HOSTING_CLOUD;
    }

    /* a path is answered where one of them answers it */

    to->dialects |= from->dialects;
}


static void
ngx_http_model_alias_model_add(ngx_http_model_descriptor_t *to,
    ngx_http_model_descriptor_t *from)
{
    ngx_uint_t  i;

    ngx_http_model_alias_model_agree(&to->family, &from->family);
    ngx_http_model_alias_model_agree(&to->parameter_size,
                                     &from->parameter_size);
    ngx_http_model_alias_model_agree(&to->quantization, &from->quantization);
    ngx_http_model_alias_model_agree(&to->format, &from->format);
    ngx_http_model_alias_model_agree(&to->architecture, &from->architecture);
    ngx_http_model_alias_model_agree(&to->description, &from->description);
    ngx_http_model_alias_model_agree(&to->modified_at, &from->modified_at);
    ngx_http_model_alias_model_agree(&to->digest, &from->digest);

    for (i = 0; i < NGX_HTTP_MODEL_NPRICES; i++) {
        ngx_http_model_alias_model_agree(&to->prices[i], &from->prices[i]);
    }

    if (to->created != from->created) {
        to->created = 0;
    }

    if (to->size != from->size) {
        to->size = 0;
    }

    to->capabilities &= from->capabilities;
    to->capabilities_known &= from->capabilities_known;

    ngx_http_model_alias_model_tokens(&to->context, to->context_known,
                                      from->context, from->context_known);
    ngx_http_model_alias_model_tokens(&to->output, to->output_known,
                                      from->output, from->output_known);

    to->context_known |= from->context_known;
    to->output_known |= from->output_known;
}


/* the smaller one, and what is known before what is a guess */

static void
ngx_http_model_alias_model_tokens(int64_t *to, ngx_uint_t known, int64_t from,
    ngx_uint_t from_known)
{
    if (from_known == known ? from < *to : from_known) {
        *to = from;
    }
}


static void
ngx_http_model_alias_model_agree(ngx_str_t *to, ngx_str_t *from)
{
    if (to->len != from->len
        || ngx_memcmp(to->data, from->data, to->len) != 0)
    {
        ngx_str_null(to);
    }
}


static void
ngx_http_model_alias_model_finish(ngx_http_model_descriptor_t *to,
    ngx_http_model_descriptor_t *own)
{
    to->id = own->id;
    to->label = own->label;

    if (to->digest.len == 0) {
        to->digest = own->digest;
    }

    if (to->created == 0 || to->modified_at.len == 0) {
        to->created = own->created;
        to->modified_at = own->modified_at;
    }

    /* the limits may be those of different targets */

    if (to->context_known || !to->output_known) {
        to->output = ngx_min(to->output, to->context);

    } else {
        to->context = ngx_max(to->context, to->output);
    }
}
