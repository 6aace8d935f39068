
/*
 * Copyright (C) the ngx_http_model_module authors
 */


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "ngx_http_model_speak.h"
#include "ngx_http_model_capability.h"
#include "ngx_http_model_decimal.h"
#include "ngx_http_model_listing.h"


#define NGX_HTTP_MODEL_LISTING_PAGE       20
#define NGX_HTTP_MODEL_LISTING_MAX_PAGE   1000

/* Anthropic's word for a date that is not known */

#define NGX_HTTP_MODEL_LISTING_NO_TIME    "1970-01-01T00:00:00Z"


typedef struct {
    const char    *path;
    ngx_uint_t     capability;
} ngx_http_model_listing_path_t;


static void ngx_http_model_listing_openai_members(
    ngx_http_model_json_writer_t *w, ngx_http_model_model_t *model,
    ngx_http_model_descriptor_t *d, ngx_pool_t *pool);
static void ngx_http_model_listing_pricing(ngx_http_model_json_writer_t *w,
    ngx_http_model_descriptor_t *d, ngx_pool_t *pool);
static void ngx_http_model_listing_whole(ngx_http_model_json_writer_t *w,
    ngx_http_model_model_t *model, ngx_http_model_descriptor_t *d,
    ngx_pool_t *pool);
static void ngx_http_model_listing_targets(ngx_http_model_json_writer_t *w,
    ngx_http_model_alias_t *alias, ngx_array_t **parts, ngx_pool_t *pool);
static void ngx_http_model_listing_interfaces(ngx_http_model_json_writer_t *w,
    ngx_http_model_model_t *model, ngx_http_model_descriptor_t *d);
static void ngx_http_model_listing_options(ngx_http_model_json_writer_t *w,
    ngx_http_model_json_t *show, ngx_pool_t *pool);
static void ngx_http_model_listing_option(ngx_http_model_json_writer_t *w,
    ngx_str_t *value, ngx_pool_t *pool);
static ngx_int_t ngx_http_model_listing_info_anthropic(
    ngx_http_model_json_writer_t *w, ngx_http_model_model_t *model,
    ngx_pool_t *pool);
static void ngx_http_model_listing_page(ngx_array_t *models,
    ngx_uint_t limit, ngx_str_t *after_id, ngx_str_t *before_id,
    ngx_uint_t *start, ngx_uint_t *end, ngx_uint_t *more);
static ngx_uint_t ngx_http_model_listing_index(ngx_array_t *models,
    ngx_str_t *id);


/* what a model answers on, by the dialect of its vendor */

static const ngx_http_model_listing_path_t  ngx_http_model_listing_paths[] = {
    { "/api/chat", NGX_HTTP_MODEL_CAP_COMPLETION },
    { "/api/generate", NGX_HTTP_MODEL_CAP_COMPLETION },
    { "/api/embed", NGX_HTTP_MODEL_CAP_EMBEDDING },
    { "/v1/chat/completions", NGX_HTTP_MODEL_CAP_COMPLETION },
    { "/v1/completions", NGX_HTTP_MODEL_CAP_COMPLETION },
    { "/v1/embeddings", NGX_HTTP_MODEL_CAP_EMBEDDING },
    { "/v1/messages", NGX_HTTP_MODEL_CAP_COMPLETION },
    { "/v1/responses", NGX_HTTP_MODEL_CAP_COMPLETION },
    { NULL, 0 }
};


/* OpenRouter's names, and the directive's; by the index of a price */

static const char  *ngx_http_model_listing_token_prices[] = {
    "prompt",
    "completion",
    "input_cache_read",
    "input_cache_write"
};


static const char  *ngx_http_model_listing_million_prices[] = {
    "input",
    "output",
    "cached",
    "cache_write"
};


ngx_int_t
ngx_http_model_listing_openai(ngx_http_model_scope_t *scope, ngx_pool_t *pool,
    ngx_str_t *out)
{
    ngx_uint_t                      i;
    ngx_array_t                    *models;
    ngx_http_model_model_t        **model;
    ngx_http_model_descriptor_t     d;
    ngx_http_model_json_writer_t   *w;

    models = ngx_http_model_listing_models(scope, pool);
    w = ngx_http_model_json_writer(pool);

    if (models == NULL || w == NULL) {
        return NGX_ERROR;
    }

    ngx_http_model_json_object(w);
    ngx_http_model_json_key(w, "object");
    ngx_http_model_json_cstr(w, "list");
    ngx_http_model_json_key(w, "data");
    ngx_http_model_json_array(w);

    model = models->elts;

    for (i = 0; i < models->nelts; i++) {

        if (ngx_http_model_describe(pool, model[i], &d) != NGX_OK) {
            return NGX_ERROR;
        }

        ngx_http_model_json_object(w);
        ngx_http_model_listing_openai_members(w, model[i], &d, pool);
        ngx_http_model_json_object_end(w);
    }

    ngx_http_model_json_array_end(w);
    ngx_http_model_json_object_end(w);

    return ngx_http_model_json_finish(w, out);
}


static void
ngx_http_model_listing_openai_members(ngx_http_model_json_writer_t *w,
    ngx_http_model_model_t *model, ngx_http_model_descriptor_t *d,
    ngx_pool_t *pool)
{
    ngx_http_model_listing_member(w, "id", &d->id);
    ngx_http_model_json_key(w, "object");
    ngx_http_model_json_cstr(w, "model");
    ngx_http_model_json_key(w, "created");
    ngx_http_model_json_int(w, d->created);
    ngx_http_model_listing_member(w, "owned_by", &model->vendor->id);
    ngx_http_model_listing_member(w, "name", &d->label);
    ngx_http_model_json_key(w, "context_length");
    ngx_http_model_json_int(w, d->context);
    ngx_http_model_json_key(w, "max_output_tokens");
    ngx_http_model_json_int(w, d->output);
    ngx_http_model_listing_pricing(w, d, pool);
    ngx_http_model_json_key(w, "capabilities");
    ngx_http_model_capability_write(w, d->capabilities);
    ngx_http_model_listing_member(w, "description", &d->description);
}


/* per token, as OpenRouter has it */

static void
ngx_http_model_listing_pricing(ngx_http_model_json_writer_t *w,
    ngx_http_model_descriptor_t *d, ngx_pool_t *pool)
{
    ngx_str_t   price;
    ngx_uint_t  i, open;

    open = 0;

    for (i = 0; i < NGX_HTTP_MODEL_NPRICES; i++) {

        if (ngx_http_model_decimal_shift(pool, &d->prices[i], -6, &price)
            != NGX_OK)
        {
            continue;
        }

        if (!open) {
            ngx_http_model_json_key(w, "pricing");
            ngx_http_model_json_object(w);
            open = 1;
        }

        ngx_http_model_listing_member(w,
                                      ngx_http_model_listing_token_prices[i],
                                      &price);
    }

    if (open) {
        ngx_http_model_json_object_end(w);
    }
}


ngx_int_t
ngx_http_model_listing_model(ngx_http_model_model_t *model,
    ngx_uint_t anthropic, ngx_pool_t *pool, ngx_str_t *out)
{
    ngx_http_model_descriptor_t    d;
    ngx_http_model_json_writer_t  *w;

    w = ngx_http_model_json_writer(pool);
    if (w == NULL) {
        return NGX_ERROR;
    }

    if (anthropic) {
        if (ngx_http_model_listing_info_anthropic(w, model, pool) != NGX_OK) {
            return NGX_ERROR;
        }

        return ngx_http_model_json_finish(w, out);
    }

    if (ngx_http_model_describe(pool, model, &d) != NGX_OK) {
        return NGX_ERROR;
    }

    ngx_http_model_json_object(w);
    ngx_http_model_listing_openai_members(w, model, &d, pool);
    ngx_http_model_listing_whole(w, model, &d, pool);
    ngx_http_model_json_object_end(w);

    return ngx_http_model_json_finish(w, out);
}


ngx_int_t
ngx_http_model_listing_alias(ngx_http_model_scope_t *scope,
    ngx_http_model_alias_t *alias, ngx_str_t *star, ngx_uint_t anthropic,
    ngx_pool_t *pool, ngx_str_t *out)
{
    ngx_int_t                       rc;
    ngx_array_t                   **parts;
    ngx_http_model_model_t         *model;
    ngx_http_model_descriptor_t     d;
    ngx_http_model_json_writer_t   *w;

    rc = ngx_http_model_alias_model(scope, alias, star, pool, &model);

    if (rc != NGX_OK) {
        return rc;
    }

    if (anthropic) {
        return ngx_http_model_listing_model(model, 1, pool, out);
    }

    parts = ngx_http_model_alias_each(scope, alias, star, pool);
    w = ngx_http_model_json_writer(pool);

    if (parts == NULL || w == NULL
        || ngx_http_model_describe(pool, model, &d) != NGX_OK)
    {
        return NGX_ERROR;
    }

    ngx_http_model_json_object(w);
    ngx_http_model_listing_openai_members(w, model, &d, pool);
    ngx_http_model_listing_whole(w, model, &d, pool);
    ngx_http_model_listing_targets(w, alias, parts, pool);
    ngx_http_model_json_object_end(w);

    return ngx_http_model_json_finish(w, out);
}


void
ngx_http_model_listing_prices(ngx_http_model_json_writer_t *w,
    ngx_http_model_descriptor_t *d)
{
    ngx_uint_t  i;

    ngx_http_model_json_object(w);

    for (i = 0; i < NGX_HTTP_MODEL_NPRICES; i++) {
        if (d->prices[i].len) {
            ngx_http_model_listing_member(w,
                                    ngx_http_model_listing_million_prices[i],
                                    &d->prices[i]);
        }
    }

    ngx_http_model_json_object_end(w);
}


/* those that are permitted, in order of the file */

static void
ngx_http_model_listing_targets(ngx_http_model_json_writer_t *w,
    ngx_http_model_alias_t *alias, ngx_array_t **parts, ngx_pool_t *pool)
{
    ngx_str_t                       id, none;
    ngx_uint_t                      i;
    ngx_http_model_route_t         *route;
    ngx_http_model_alias_target_t  *target;

    ngx_str_null(&none);

    target = alias->targets.elts;

    ngx_http_model_json_key(w, "targets");
    ngx_http_model_json_array(w);

    for (i = 0; i < alias->targets.nelts; i++) {

        if (parts[i]->nelts == 0) {
            continue;
        }

        route = parts[i]->elts;
        id = target[i].text;

        if (target[i].vendor && route->model) {
            id = route->model->listed;

        } else if (target[i].vendor) {
            id.len = route->vendor->id.len + 1 + route->name.len;
            id.data = ngx_pnalloc(pool, id.len);

            if (id.data == NULL) {
                id = none;

            } else {
                (void) ngx_sprintf(id.data, "%V:%V", &route->vendor->id,
                                   &route->name);
            }
        }

        ngx_http_model_json_object(w);
        ngx_http_model_listing_member(w, "id", &id);
        ngx_http_model_listing_or_null(w, "vendor", target[i].vendor
                                                    ? &route->vendor->id
                                                    : &none);
        ngx_http_model_listing_or_null(w, "model", target[i].vendor
                                                   ? &route->name : &none);
        ngx_http_model_json_key(w, "weight");
        ngx_http_model_json_int(w, target[i].weight);
        ngx_http_model_json_key(w, "backup");
        ngx_http_model_json_bool(w, target[i].backup);
        ngx_http_model_json_object_end(w);
    }

    ngx_http_model_json_array_end(w);
}


static void
ngx_http_model_listing_whole(ngx_http_model_json_writer_t *w,
    ngx_http_model_model_t *model, ngx_http_model_descriptor_t *d,
    ngx_pool_t *pool)
{
    ngx_http_model_json_t  *json;

    ngx_http_model_listing_member(w, "family", &d->family);
    ngx_http_model_listing_member(w, "architecture", &d->architecture);
    ngx_http_model_listing_member(w, "parameter_size", &d->parameter_size);
    ngx_http_model_listing_member(w, "quantization", &d->quantization);
    ngx_http_model_listing_member(w, "format", &d->format);
    ngx_http_model_listing_member(w, "digest", &d->digest);
    ngx_http_model_json_key(w, "size");
    ngx_http_model_json_int(w, d->size);
    ngx_http_model_listing_member(w, "modified_at", &d->modified_at);

    ngx_http_model_json_key(w, "function_calling");
    ngx_http_model_json_bool(w,
                             d->capabilities & NGX_HTTP_MODEL_CAP_TOOLS);
    ngx_http_model_json_key(w, "vision");
    ngx_http_model_json_bool(w,
                             d->capabilities & NGX_HTTP_MODEL_CAP_VISION);

    ngx_http_model_listing_interfaces(w, model, d);

    ngx_http_model_json_key(w, "vendor");
    ngx_http_model_json_object(w);
    ngx_http_model_listing_member(w, "id", &model->vendor->id);
    ngx_http_model_listing_member(w, "label", &model->vendor->label);
    ngx_http_model_json_key(w, "hosting");
    ngx_http_model_json_cstr(w, model->vendor->hosting
                                == NGX_HTTP_MODEL_HOSTING_CLOUD
                                ? "cloud" : "local");
    ngx_http_model_json_object_end(w);

    ngx_http_model_json_key(w, "servers");
    ngx_http_model_json_int(w, model->nservers);

    ngx_http_model_json_key(w, "pricing_per_million");
    ngx_http_model_listing_prices(w, d);

    ngx_http_model_listing_options(w, model->show, pool);

    json = ngx_http_model_json_get(model->entry, "supported_parameters");

    if (json != NULL && json->type == NGX_HTTP_MODEL_JSON_ARRAY) {
        ngx_http_model_json_key(w, "supported_parameters");
        ngx_http_model_json_tree(w, json);
    }
}


static void
ngx_http_model_listing_interfaces(ngx_http_model_json_writer_t *w,
    ngx_http_model_model_t *model, ngx_http_model_descriptor_t *d)
{
    ngx_str_t                             name, rest;
    ngx_uint_t                            dialect;
    const ngx_http_model_endpoint_t      *endpoint;
    const ngx_http_model_bridge_api_t    *bridge;
    const ngx_http_model_listing_path_t  *path;

    ngx_http_model_json_key(w, "interfaces");
    ngx_http_model_json_array(w);

    for (path = ngx_http_model_listing_paths; path->path; path++) {

        name.data = (u_char *) path->path;
        name.len = ngx_strlen(path->path);

        endpoint = ngx_http_model_endpoint_find(&name, &rest);

        if ((d->capabilities & path->capability)
            && ngx_http_model_speak(model->vendor, endpoint, NULL, &dialect,
                                    &bridge)
               == NGX_OK)
        {
            ngx_http_model_json_cstr(w, path->path);
        }
    }

    ngx_http_model_json_array_end(w);
}


/*
 * The lines of a show document's "parameters" as the object that Ollama takes
 * as "options": "stop" is a list there, of all others the last one counts.
 */

static void
ngx_http_model_listing_options(ngx_http_model_json_writer_t *w,
    ngx_http_model_json_t *show, ngx_pool_t *pool)
{
    ngx_str_t   text, rest, key, value, after, later, ignored;
    ngx_uint_t  stops, again;

    (void) ngx_http_model_json_get_str(show, "parameters", &text);

    rest = text;
    stops = 0;

    ngx_http_model_json_key(w, "parameters");
    ngx_http_model_json_object(w);

    while (ngx_http_model_describe_parameter(&rest, &key, &value)) {

        if (key.len == 4 && ngx_strncmp(key.data, "stop", 4) == 0) {
            stops++;
            continue;
        }

        again = 0;
        after = rest;

        while (!again
               && ngx_http_model_describe_parameter(&after, &later, &ignored))
        {
            again = (later.len == key.len
                     && ngx_memcmp(later.data, key.data, key.len) == 0);
        }

        if (!again) {
            ngx_http_model_json_key_str(w, &key);
            ngx_http_model_listing_option(w, &value, pool);
        }
    }

    if (stops) {
        ngx_http_model_json_key(w, "stop");
        ngx_http_model_json_array(w);

        while (ngx_http_model_describe_parameter(&text, &key, &value)) {
            if (key.len == 4 && ngx_strncmp(key.data, "stop", 4) == 0) {
                ngx_http_model_listing_option(w, &value, pool);
            }
        }

        ngx_http_model_json_array_end(w);
    }

    ngx_http_model_json_object_end(w);
}


static void
ngx_http_model_listing_option(ngx_http_model_json_writer_t *w,
    ngx_str_t *value, ngx_pool_t *pool)
{
    ngx_str_t               err;
    ngx_http_model_json_t  *json;

    json = ngx_http_model_json_parse(pool, value->data, value->len, &err);

    if (json != NULL) {
        ngx_http_model_json_tree(w, json);

    } else {
        ngx_http_model_json_str(w, value);
    }
}


ngx_int_t
ngx_http_model_listing_anthropic(ngx_http_model_scope_t *scope,
    ngx_uint_t limit, ngx_str_t *after_id, ngx_str_t *before_id,
    ngx_pool_t *pool, ngx_str_t *out)
{
    ngx_uint_t                      i, start, end, more;
    ngx_array_t                    *models;
    ngx_http_model_model_t        **model;
    ngx_http_model_json_writer_t   *w;

    models = ngx_http_model_listing_models(scope, pool);
    w = ngx_http_model_json_writer(pool);

    if (models == NULL || w == NULL) {
        return NGX_ERROR;
    }

    ngx_http_model_listing_page(models, limit, after_id, before_id, &start,
                                &end, &more);

    ngx_http_model_json_object(w);
    ngx_http_model_json_key(w, "data");
    ngx_http_model_json_array(w);

    model = models->elts;

    for (i = start; i < end; i++) {
        if (ngx_http_model_listing_info_anthropic(w, model[i], pool) != NGX_OK)
        {
            return NGX_ERROR;
        }
    }

    ngx_http_model_json_array_end(w);

    ngx_http_model_json_key(w, "has_more");
    ngx_http_model_json_bool(w, more);

    ngx_http_model_json_key(w, "first_id");

    if (start < end) {
        ngx_http_model_json_str(w, &model[start]->listed);
        ngx_http_model_listing_member(w, "last_id", &model[end - 1]->listed);

    } else {
        ngx_http_model_json_null(w);
        ngx_http_model_json_key(w, "last_id");
        ngx_http_model_json_null(w);
    }

    ngx_http_model_json_object_end(w);

    return ngx_http_model_json_finish(w, out);
}


static ngx_int_t
ngx_http_model_listing_info_anthropic(ngx_http_model_json_writer_t *w,
    ngx_http_model_model_t *model, ngx_pool_t *pool)
{
    ngx_str_t                     none = ngx_string(
                                             NGX_HTTP_MODEL_LISTING_NO_TIME);
    ngx_http_model_json_t        *json;
    ngx_http_model_descriptor_t   d;

    if (ngx_http_model_describe(pool, model, &d) != NGX_OK) {
        return NGX_ERROR;
    }

    ngx_http_model_json_object(w);

    ngx_http_model_json_key(w, "type");
    ngx_http_model_json_cstr(w, "model");
    ngx_http_model_listing_member(w, "id", &d.id);
    ngx_http_model_listing_member(w, "display_name", &d.label);
    ngx_http_model_listing_member(w, "created_at",
                                  d.created ? &d.modified_at : &none);

    /* a guess would make clients cut conversations: null is "not known" */

    ngx_http_model_json_key(w, "max_input_tokens");

    if (d.context_known) {
        ngx_http_model_json_int(w, d.context);

    } else {
        ngx_http_model_json_null(w);
    }

    ngx_http_model_json_key(w, "max_tokens");

    if (d.output_known) {
        ngx_http_model_json_int(w, d.output);

    } else {
        ngx_http_model_json_null(w);
    }

    ngx_http_model_json_key(w, "capabilities");

    json = ngx_http_model_json_get(model->entry, "capabilities");

    if (json != NULL && json->type == NGX_HTTP_MODEL_JSON_OBJECT
        && (model->declared == NULL || !model->declared->capabilities_set))
    {
        ngx_http_model_json_tree(w, json);

    } else {
        ngx_http_model_json_null(w);
    }

    ngx_http_model_json_object_end(w);

    return NGX_OK;
}


/* an id that is not listed gives an empty page, which ends a client's loop */

static void
ngx_http_model_listing_page(ngx_array_t *models, ngx_uint_t limit,
    ngx_str_t *after_id, ngx_str_t *before_id, ngx_uint_t *start,
    ngx_uint_t *end, ngx_uint_t *more)
{
    ngx_uint_t  n, first, last;

    if (limit == 0) {
        limit = NGX_HTTP_MODEL_LISTING_PAGE;
    }

    limit = ngx_min(limit, NGX_HTTP_MODEL_LISTING_MAX_PAGE);

    n = models->nelts;
    first = 0;
    last = n;

    if (after_id->len) {
        first = ngx_http_model_listing_index(models, after_id);
        first = ngx_min(first + 1, n);
    }

    if (before_id->len) {
        last = ngx_http_model_listing_index(models, before_id);

        if (last == n) {
            last = first;
        }
    }

    last = ngx_max(first, last);

    *more = (last - first > limit);

    if (*more && before_id->len && after_id->len == 0) {
        first = last - limit;

    } else if (*more) {
        last = first + limit;
    }

    *start = first;
    *end = last;
}


static ngx_uint_t
ngx_http_model_listing_index(ngx_array_t *models, ngx_str_t *id)
{
    ngx_uint_t                i;
    ngx_http_model_model_t  **model;

    model = models->elts;

    for (i = 0; i < models->nelts; i++) {

        if (model[i]->listed.len == id->len
            && ngx_memcmp(model[i]->listed.data, id->data, id->len) == 0)
        {
            break;
        }
    }

    return i;
}
