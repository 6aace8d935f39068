
/*
 * Copyright (C) the ngx_http_model_module authors
 */


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "ngx_http_model_capability.h"
#include "ngx_http_model_decimal.h"
#include "ngx_http_model_listing.h"


/* the command line slices digest[:12] without a look at its length */

#define NGX_HTTP_MODEL_LISTING_DIGEST_LEN  12

/* where values stand in the text of parameters */

#define NGX_HTTP_MODEL_LISTING_COLUMN      31


typedef struct {
    ngx_http_model_json_writer_t  *w;
    ngx_http_model_model_t        *model;
    ngx_http_model_descriptor_t    d;
    ngx_pool_t                    *pool;
    ngx_str_t                      arch;       /* of model_info */
    unsigned                       loaded:1;   /* an entry of /api/ps */
} ngx_http_model_listing_t;


typedef struct {
    ngx_http_model_model_t        *model;
    ngx_http_model_json_t         *entry;
    time_t                         expires;
} ngx_http_model_listing_loaded_t;


/* writes a member's value: its own (NULL: it has none), or what is better */

typedef void (*ngx_http_model_listing_value_pt)(ngx_http_model_listing_t *l,
    ngx_uint_t field, ngx_http_model_json_t *value);


static ngx_int_t ngx_http_model_listing_init(ngx_http_model_listing_t *l,
    ngx_http_model_json_writer_t *w, ngx_http_model_model_t *model,
    ngx_pool_t *pool);
static void ngx_http_model_listing_object(ngx_http_model_listing_t *l,
    ngx_http_model_json_t *json, const char **names, ngx_uint_t needed,
    ngx_http_model_listing_value_pt value);
static ngx_uint_t ngx_http_model_listing_is(ngx_str_t *key, const char *name);

static void ngx_http_model_listing_entry(ngx_http_model_listing_t *l,
    ngx_http_model_json_t *entry);
static void ngx_http_model_listing_entry_value(ngx_http_model_listing_t *l,
    ngx_uint_t field, ngx_http_model_json_t *value);
static void ngx_http_model_listing_details(ngx_http_model_listing_t *l,
    ngx_http_model_json_t *details);
static void ngx_http_model_listing_details_value(ngx_http_model_listing_t *l,
    ngx_uint_t field, ngx_http_model_json_t *value);
static void ngx_http_model_listing_capabilities(ngx_http_model_listing_t *l,
    ngx_http_model_json_t *value);
static void ngx_http_model_listing_modified(ngx_http_model_listing_t *l,
    ngx_http_model_json_t *value);

static void ngx_http_model_listing_show_value(ngx_http_model_listing_t *l,
    ngx_uint_t field, ngx_http_model_json_t *value);
static void ngx_http_model_listing_modelfile(ngx_http_model_listing_t *l,
    ngx_http_model_json_t *value);
static void ngx_http_model_listing_parameters(ngx_http_model_listing_t *l,
    ngx_http_model_json_t *value);
static u_char *ngx_http_model_listing_column(u_char *p, ngx_str_t *key);
static void ngx_http_model_listing_info(ngx_http_model_listing_t *l,
    ngx_http_model_json_t *info);
static void ngx_http_model_listing_info_value(ngx_http_model_listing_t *l,
    ngx_uint_t field, ngx_http_model_json_t *value);

static ngx_array_t *ngx_http_model_listing_loaded(
    ngx_http_model_scope_t *scope, ngx_pool_t *pool);
static ngx_int_t ngx_http_model_listing_loaded_server(
    ngx_http_model_scope_t *scope, ngx_http_model_server_t *server,
    ngx_array_t *loaded);
static ngx_int_t ngx_http_model_listing_loaded_add(ngx_array_t *loaded,
    ngx_http_model_model_t *model, ngx_http_model_json_t *entry);


enum {
    NGX_HTTP_MODEL_ENTRY_NAME = 0,
    NGX_HTTP_MODEL_ENTRY_MODEL,
    NGX_HTTP_MODEL_ENTRY_MODIFIED,
    NGX_HTTP_MODEL_ENTRY_SIZE,
    NGX_HTTP_MODEL_ENTRY_DIGEST,
    NGX_HTTP_MODEL_ENTRY_DETAILS,
    NGX_HTTP_MODEL_ENTRY_CAPABILITIES
};


static const char  *ngx_http_model_listing_entry_names[] = {
    "name",
    "model",
    "modified_at",
    "size",
    "digest",
    "details",
    "capabilities",
    NULL
};


enum {
    NGX_HTTP_MODEL_DETAILS_PARENT = 0,
    NGX_HTTP_MODEL_DETAILS_FORMAT,
    NGX_HTTP_MODEL_DETAILS_FAMILY,
    NGX_HTTP_MODEL_DETAILS_FAMILIES,
    NGX_HTTP_MODEL_DETAILS_PARAMETERS,
    NGX_HTTP_MODEL_DETAILS_QUANTIZATION,
    NGX_HTTP_MODEL_DETAILS_CONTEXT
};


static const char  *ngx_http_model_listing_details_names[] = {
    "parent_model",
    "format",
    "family",
    "families",
    "parameter_size",
    "quantization_level",
    "context_length",
    NULL
};


enum {
    NGX_HTTP_MODEL_SHOW_MODELFILE = 0,
    NGX_HTTP_MODEL_SHOW_PARAMETERS,
    NGX_HTTP_MODEL_SHOW_TEMPLATE,
    NGX_HTTP_MODEL_SHOW_DETAILS,
    NGX_HTTP_MODEL_SHOW_INFO,
    NGX_HTTP_MODEL_SHOW_CAPABILITIES,
    NGX_HTTP_MODEL_SHOW_MODIFIED
};


enum {
    NGX_HTTP_MODEL_INFO_ARCH = 0,
    NGX_HTTP_MODEL_INFO_BASENAME,
    NGX_HTTP_MODEL_INFO_CONTEXT
};


/* big-AGI refuses its whole list when one answer has no "modelfile" */

static const char  *ngx_http_model_listing_show_names[] = {
    "modelfile",
    "parameters",
    "template",
    "details",
    "model_info",
    "capabilities",
    "modified_at",
    NULL
};


ngx_int_t
ngx_http_model_listing_tags(ngx_http_model_scope_t *scope, ngx_pool_t *pool,
    ngx_str_t *out)
{
    ngx_uint_t                     i;
    ngx_array_t                   *models;
    ngx_http_model_model_t       **model;
    ngx_http_model_listing_t       l;
    ngx_http_model_json_writer_t  *w;

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

        if (ngx_http_model_listing_init(&l, w, model[i], pool) != NGX_OK) {
            return NGX_ERROR;
        }

        ngx_http_model_listing_entry(&l,
                                     ngx_http_model_describe_ollama(model[i])
                                     ? model[i]->entry : NULL);
    }

    ngx_http_model_json_array_end(w);
    ngx_http_model_json_object_end(w);

    return ngx_http_model_json_finish(w, out);
}


ngx_int_t
ngx_http_model_listing_show(ngx_http_model_model_t *model, ngx_pool_t *pool,
    ngx_str_t *out)
{
    ngx_http_model_listing_t       l;
    ngx_http_model_json_writer_t  *w;

    w = ngx_http_model_json_writer(pool);

    if (w == NULL
        || ngx_http_model_listing_init(&l, w, model, pool) != NGX_OK)
    {
        return NGX_ERROR;
    }

    ngx_http_model_listing_object(&l, model->show,
                                  ngx_http_model_listing_show_names,
                                  (ngx_uint_t) -1,
                                  ngx_http_model_listing_show_value);

    return ngx_http_model_json_finish(w, out);
}


ngx_int_t
ngx_http_model_listing_ps(ngx_http_model_scope_t *scope, ngx_pool_t *pool,
    ngx_str_t *out)
{
    ngx_uint_t                        i;
    ngx_array_t                      *loaded;
    ngx_http_model_listing_t          l;
    ngx_http_model_json_writer_t     *w;
    ngx_http_model_listing_loaded_t  *item;

    loaded = ngx_http_model_listing_loaded(scope, pool);
    w = ngx_http_model_json_writer(pool);

    if (loaded == NULL || w == NULL) {
        return NGX_ERROR;
    }

    ngx_http_model_json_object(w);
    ngx_http_model_json_key(w, "models");
    ngx_http_model_json_array(w);

    item = loaded->elts;

    for (i = 0; i < loaded->nelts; i++) {

        if (ngx_http_model_listing_init(&l, w, item[i].model, pool) != NGX_OK) {
            return NGX_ERROR;
        }

        l.loaded = 1;

        ngx_http_model_listing_entry(&l, item[i].entry);
    }

    ngx_http_model_json_array_end(w);
    ngx_http_model_json_object_end(w);

    return ngx_http_model_json_finish(w, out);
}


static ngx_int_t
ngx_http_model_listing_init(ngx_http_model_listing_t *l,
    ngx_http_model_json_writer_t *w, ngx_http_model_model_t *model,
    ngx_pool_t *pool)
{
    l->w = w;
    l->model = model;
    l->pool = pool;
    l->loaded = 0;

    return ngx_http_model_describe(pool, model, &l->d);
}


/*
 * Writes json again, every member in its place, but those that names has by
 * way of value(), and those that it lacks and are needed (bits) after them.
 */

static void
ngx_http_model_listing_object(ngx_http_model_listing_t *l,
    ngx_http_model_json_t *json, const char **names, ngx_uint_t needed,
    ngx_http_model_listing_value_pt value)
{
    ngx_uint_t              i, seen;
    ngx_http_model_json_t  *item;

    seen = 0;
    item = NULL;

    if (json != NULL && json->type == NGX_HTTP_MODEL_JSON_OBJECT) {
        item = json->child;
    }

    ngx_http_model_json_object(l->w);

    for ( /* void */ ; item != NULL; item = item->next) {

        for (i = 0; names[i] != NULL; i++) {
            if (ngx_http_model_listing_is(&item->key, names[i])) {
                break;
            }
        }

        if (names[i] == NULL) {
            ngx_http_model_json_key_str(l->w, &item->key);
            ngx_http_model_json_tree(l->w, item);
            continue;
        }

        if (seen & ((ngx_uint_t) 1 << i)) {
            continue;
        }

        seen |= (ngx_uint_t) 1 << i;

        ngx_http_model_json_key(l->w, names[i]);
        value(l, i, ngx_http_model_json_get(json, names[i]));
    }

    for (i = 0; names[i] != NULL; i++) {

        if (needed & ~seen & ((ngx_uint_t) 1 << i)) {
            ngx_http_model_json_key(l->w, names[i]);
            value(l, i, NULL);
        }
    }

    ngx_http_model_json_object_end(l->w);
}


static ngx_uint_t
ngx_http_model_listing_is(ngx_str_t *key, const char *name)
{
    return key->len == ngx_strlen(name)
           && ngx_memcmp(key->data, name, key->len) == 0;
}


static void
ngx_http_model_listing_entry(ngx_http_model_listing_t *l,
    ngx_http_model_json_t *entry)
{
    ngx_uint_t  needed;

    needed = 1 << NGX_HTTP_MODEL_ENTRY_NAME
             | 1 << NGX_HTTP_MODEL_ENTRY_MODEL
             | 1 << NGX_HTTP_MODEL_ENTRY_SIZE
             | 1 << NGX_HTTP_MODEL_ENTRY_DIGEST
             | 1 << NGX_HTTP_MODEL_ENTRY_DETAILS;

    if (!l->loaded) {
        needed |= 1 << NGX_HTTP_MODEL_ENTRY_MODIFIED;

        if (entry == NULL || l->d.capabilities_known) {
            needed |= 1 << NGX_HTTP_MODEL_ENTRY_CAPABILITIES;
        }
    }

    ngx_http_model_listing_object(l, entry, ngx_http_model_listing_entry_names,
                                  needed, ngx_http_model_listing_entry_value);
}


static void
ngx_http_model_listing_entry_value(ngx_http_model_listing_t *l,
    ngx_uint_t field, ngx_http_model_json_t *value)
{
    switch (field) {

    case NGX_HTTP_MODEL_ENTRY_NAME:
    case NGX_HTTP_MODEL_ENTRY_MODEL:
        ngx_http_model_json_str(l->w, &l->d.id);
        break;

    case NGX_HTTP_MODEL_ENTRY_MODIFIED:
        ngx_http_model_listing_modified(l, value);
        break;

    case NGX_HTTP_MODEL_ENTRY_SIZE:
        if (value != NULL && value->type == NGX_HTTP_MODEL_JSON_NUMBER) {
            ngx_http_model_json_tree(l->w, value);

        } else {
            ngx_http_model_json_int(l->w, l->d.size);
        }

        break;

    case NGX_HTTP_MODEL_ENTRY_DIGEST:
        if (value != NULL && value->type == NGX_HTTP_MODEL_JSON_STRING
            && value->value.len >= NGX_HTTP_MODEL_LISTING_DIGEST_LEN)
        {
            ngx_http_model_json_tree(l->w, value);

        } else {
            ngx_http_model_json_str(l->w, &l->d.digest);
        }

        break;

    case NGX_HTTP_MODEL_ENTRY_DETAILS:
        ngx_http_model_listing_details(l, value);
        break;

    default: /* NGX_HTTP_MODEL_ENTRY_CAPABILITIES */
        ngx_http_model_listing_capabilities(l, value);
    }
}


static void
ngx_http_model_listing_details(ngx_http_model_listing_t *l,
    ngx_http_model_json_t *details)
{
    ngx_uint_t  needed;

    needed = (1 << NGX_HTTP_MODEL_DETAILS_CONTEXT) - 1;

    if (l->d.context_known && !l->loaded) {
        needed |= 1 << NGX_HTTP_MODEL_DETAILS_CONTEXT;
    }

    ngx_http_model_listing_object(l, details,
                                  ngx_http_model_listing_details_names, needed,
                                  ngx_http_model_listing_details_value);
}


static void
ngx_http_model_listing_details_value(ngx_http_model_listing_t *l,
    ngx_uint_t field, ngx_http_model_json_t *value)
{
    ngx_str_t                   text;
    ngx_uint_t                  ours;
    ngx_http_model_declared_t  *declared;

    declared = l->model->declared;
    ours = (value == NULL || value->type == NGX_HTTP_MODEL_JSON_NULL);

    ngx_str_null(&text);

    switch (field) {

    case NGX_HTTP_MODEL_DETAILS_PARENT:
        break;

    case NGX_HTTP_MODEL_DETAILS_FORMAT:
        text = l->d.format;
        break;

    case NGX_HTTP_MODEL_DETAILS_FAMILIES:
        ours = (value == NULL);   /* of servers, null may stand here */
        /* fall through */

    case NGX_HTTP_MODEL_DETAILS_FAMILY:
        text = l->d.family;
        ours |= (declared != NULL && declared->family.len);
        break;

    case NGX_HTTP_MODEL_DETAILS_PARAMETERS:
        text = l->d.parameter_size;
        ours |= (declared != NULL && declared->parameters.len);
        break;

    case NGX_HTTP_MODEL_DETAILS_QUANTIZATION:
        text = l->d.quantization;
        ours |= (declared != NULL && declared->quantization.len);
        break;

    default: /* NGX_HTTP_MODEL_DETAILS_CONTEXT */
        ours |= (declared != NULL && declared->context > 0);
    }

    if (!ours) {
        ngx_http_model_json_tree(l->w, value);

    } else if (field == NGX_HTTP_MODEL_DETAILS_CONTEXT) {
        ngx_http_model_json_int(l->w, l->d.context);

    } else if (field == NGX_HTTP_MODEL_DETAILS_FAMILIES) {
        ngx_http_model_json_array(l->w);

        if (text.len) {
            ngx_http_model_json_str(l->w, &text);
        }

        ngx_http_model_json_array_end(l->w);

    } else {
        ngx_http_model_json_str(l->w, &text);
    }
}


/* the server's own words are kept, also those that are not known here */

static void
ngx_http_model_listing_capabilities(ngx_http_model_listing_t *l,
    ngx_http_model_json_t *value)
{
    ngx_http_model_declared_t  *declared;

    declared = l->model->declared;

    if (value != NULL && value->type == NGX_HTTP_MODEL_JSON_ARRAY
        && (declared == NULL || !declared->capabilities_set))
    {
        ngx_http_model_json_tree(l->w, value);
        return;
    }

    ngx_http_model_capability_write(l->w, l->d.capabilities);
}


static void
ngx_http_model_listing_modified(ngx_http_model_listing_t *l,
    ngx_http_model_json_t *value)
{
    if (value != NULL && value->type == NGX_HTTP_MODEL_JSON_STRING
        && ngx_http_model_decimal_time(&value->value) >= 0)
    {
        ngx_http_model_json_tree(l->w, value);
        return;
    }

    ngx_http_model_json_str(l->w, &l->d.modified_at);
}


static void
ngx_http_model_listing_show_value(ngx_http_model_listing_t *l,
    ngx_uint_t field, ngx_http_model_json_t *value)
{
    switch (field) {

    case NGX_HTTP_MODEL_SHOW_MODELFILE:
        ngx_http_model_listing_modelfile(l, value);
        break;

    case NGX_HTTP_MODEL_SHOW_PARAMETERS:
        ngx_http_model_listing_parameters(l, value);
        break;

    case NGX_HTTP_MODEL_SHOW_TEMPLATE:
        if (value != NULL && value->type == NGX_HTTP_MODEL_JSON_STRING) {
            ngx_http_model_json_tree(l->w, value);

        } else {
            ngx_http_model_json_cstr(l->w, "");
        }

        break;

    case NGX_HTTP_MODEL_SHOW_DETAILS:
        ngx_http_model_listing_details(l, value);
        break;

    case NGX_HTTP_MODEL_SHOW_INFO:
        ngx_http_model_listing_info(l, value);
        break;

    case NGX_HTTP_MODEL_SHOW_CAPABILITIES:
        ngx_http_model_listing_capabilities(l, value);
        break;

    default: /* NGX_HTTP_MODEL_SHOW_MODIFIED */
        ngx_http_model_listing_modified(l, value);
    }
}


static void
ngx_http_model_listing_modelfile(ngx_http_model_listing_t *l,
    ngx_http_model_json_t *value)
{
    ngx_str_t  text;

    if (value != NULL && value->type == NGX_HTTP_MODEL_JSON_STRING) {
        ngx_http_model_json_tree(l->w, value);
        return;
    }

    ngx_str_null(&text);

    text.data = ngx_pnalloc(l->pool, l->d.id.len + sizeof("FROM \n"));

    if (text.data != NULL) {
        text.len = ngx_sprintf(text.data, "FROM %V\n", &l->d.id) - text.data;
    }

    ngx_http_model_json_str(l->w, &text);
}


/*
 * num_ctx of an Ollama server's model is not made up: clients send back what
 * they read here, and the server would load the model with it.
 */

static void
ngx_http_model_listing_parameters(ngx_http_model_listing_t *l,
    ngx_http_model_json_t *value)
{
    size_t                      len;
    u_char                     *p;
    ngx_str_t                   text, rest, key, word, out;
    ngx_http_model_declared_t  *declared;

    declared = l->model->declared;

    ngx_str_null(&text);

    if (value != NULL && value->type == NGX_HTTP_MODEL_JSON_STRING) {
        text = value->value;
    }

    if ((declared == NULL || declared->context <= 0)
        && (l->model->show != NULL
            || ngx_http_model_describe_ollama(l->model)))
    {
        ngx_http_model_json_str(l->w, &text);
        return;
    }

    rest = text;

    for (len = 2 * NGX_HTTP_MODEL_LISTING_COLUMN + NGX_INT64_LEN;
         ngx_http_model_describe_parameter(&rest, &key, &word);
         len += NGX_HTTP_MODEL_LISTING_COLUMN + key.len + word.len + 1)
    {
        /* void */
    }

    out.data = ngx_pnalloc(l->pool, len);
    if (out.data == NULL) {
        ngx_http_model_json_cstr(l->w, "");
        return;
    }

    p = out.data;

    while (ngx_http_model_describe_parameter(&text, &key, &word)) {

        if (!ngx_http_model_listing_is(&key, "num_ctx")) {
            p = ngx_http_model_listing_column(p, &key);
            p = ngx_cpymem(p, word.data, word.len);
            *p++ = '\n';
        }
    }

    ngx_str_set(&key, "num_ctx");

    p = ngx_http_model_listing_column(p, &key);
    p = ngx_sprintf(p, "%L", l->d.context);

    out.len = p - out.data;

    ngx_http_model_json_str(l->w, &out);
}


static u_char *
ngx_http_model_listing_column(u_char *p, ngx_str_t *key)
{
    size_t  len;

    p = ngx_cpymem(p, key->data, key->len);
    len = key->len;

    do {
        *p++ = ' ';
        len++;
    } while (len < NGX_HTTP_MODEL_LISTING_COLUMN);

    return p;
}


static void
ngx_http_model_listing_info(ngx_http_model_listing_t *l,
    ngx_http_model_json_t *info)
{
    u_char                     *context;
    ngx_uint_t                  needed;
    const char                 *names[4];
    ngx_http_model_declared_t  *declared;

    (void) ngx_http_model_json_get_str(info, "general.architecture", &l->arch);

    if (l->arch.len == 0) {
        l->arch = l->d.architecture;
    }

    if (l->arch.len == 0) {
        ngx_str_set(&l->arch, "unknown");
    }

    context = ngx_pnalloc(l->pool, l->arch.len + sizeof(".context_length"));
    if (context == NULL) {
        ngx_http_model_json_null(l->w);
        return;
    }

    (void) ngx_sprintf(context, "%V.context_length%Z", &l->arch);

    names[NGX_HTTP_MODEL_INFO_ARCH] = "general.architecture";
    names[NGX_HTTP_MODEL_INFO_BASENAME] = "general.basename";
    names[NGX_HTTP_MODEL_INFO_CONTEXT] = (char *) context;
    names[NGX_HTTP_MODEL_INFO_CONTEXT + 1] = NULL;

    declared = l->model->declared;
    needed = 1 << NGX_HTTP_MODEL_INFO_ARCH;

    if (l->model->show == NULL || (declared != NULL && declared->label.len)) {
        needed |= 1 << NGX_HTTP_MODEL_INFO_BASENAME;
    }

    if (l->model->show == NULL || l->d.context_known) {
        needed |= 1 << NGX_HTTP_MODEL_INFO_CONTEXT;
    }

    ngx_http_model_listing_object(l, info, names, needed,
                                  ngx_http_model_listing_info_value);
}


static void
ngx_http_model_listing_info_value(ngx_http_model_listing_t *l,
    ngx_uint_t field, ngx_http_model_json_t *value)
{
    ngx_uint_t                  ours;
    ngx_http_model_declared_t  *declared;

    declared = l->model->declared;
    ours = (value == NULL || value->type == NGX_HTTP_MODEL_JSON_NULL);

    switch (field) {

    case NGX_HTTP_MODEL_INFO_ARCH:
        ngx_http_model_json_str(l->w, &l->arch);
        break;

    case NGX_HTTP_MODEL_INFO_BASENAME:
        if (ours || (declared != NULL && declared->label.len)) {
            ngx_http_model_json_str(l->w, &l->d.label);

        } else {
            ngx_http_model_json_tree(l->w, value);
        }

        break;

    default: /* NGX_HTTP_MODEL_INFO_CONTEXT */
        if (ours || (declared != NULL && declared->context > 0)) {
            ngx_http_model_json_int(l->w, l->d.context);

        } else {
            ngx_http_model_json_tree(l->w, value);
        }
    }
}


static ngx_array_t *
ngx_http_model_listing_loaded(ngx_http_model_scope_t *scope, ngx_pool_t *pool)
{
    ngx_uint_t                 i, n;
    ngx_array_t               *loaded;
    ngx_http_model_server_t   *server;
    ngx_http_model_vendor_t  **vendor;

    loaded = ngx_array_create(pool, 8,
                              sizeof(ngx_http_model_listing_loaded_t));
    if (loaded == NULL) {
        return NULL;
    }

    vendor = scope->vendors->elts;
    server = scope->view->servers.elts;

    for (i = 0; i < scope->vendors->nelts; i++) {

        for (n = 0; n < scope->view->servers.nelts; n++) {

            if (server[n].vendor == vendor[i]
                && ngx_http_model_listing_loaded_server(scope, &server[n],
                                                        loaded)
                   != NGX_OK)
            {
                return NULL;
            }
        }
    }

    return loaded;
}


static ngx_int_t
ngx_http_model_listing_loaded_server(ngx_http_model_scope_t *scope,
    ngx_http_model_server_t *server, ngx_array_t *loaded)
{
    ngx_str_t                name;
    ngx_http_model_json_t   *models, *entry;
    ngx_http_model_model_t  *model;

    /* what a server had loaded is gone with it */

    if (server->facts.state == NGX_HTTP_MODEL_SERVER_DOWN) {
        return NGX_OK;
    }

    models = ngx_http_model_json_get(server->loaded, "models");

    if (models == NULL || models->type != NGX_HTTP_MODEL_JSON_ARRAY) {
        return NGX_OK;
    }

    for (entry = models->child; entry != NULL; entry = entry->next) {

        if (ngx_http_model_json_get_str(entry, "name", &name) != NGX_OK
            && ngx_http_model_json_get_str(entry, "model", &name) != NGX_OK)
        {
            continue;
        }

        model = ngx_http_model_view_find(scope->view, server->vendor, &name);

        if (model != NULL
            && ngx_http_model_route_visible(scope, model)
            && ngx_http_model_listing_loaded_add(loaded, model, entry)
               != NGX_OK)
        {
            return NGX_ERROR;
        }
    }

    return NGX_OK;
}


static ngx_int_t
ngx_http_model_listing_loaded_add(ngx_array_t *loaded,
    ngx_http_model_model_t *model, ngx_http_model_json_t *entry)
{
    time_t                            expires;
    ngx_str_t                         text;
    ngx_uint_t                        i;
    ngx_http_model_listing_loaded_t  *item;

    (void) ngx_http_model_json_get_str(entry, "expires_at", &text);

    expires = ngx_http_model_decimal_time(&text);
    item = loaded->elts;

    for (i = 0; i < loaded->nelts; i++) {

        if (item[i].model->listed.len == model->listed.len
            && ngx_memcmp(item[i].model->listed.data, model->listed.data,
                          model->listed.len)
               == 0)
        {
            if (expires > item[i].expires && item[i].model == model) {
                item[i].entry = entry;
                item[i].expires = expires;
            }

            return NGX_OK;
        }
    }

    item = ngx_array_push(loaded);
    if (item == NULL) {
        return NGX_ERROR;
    }

    item->model = model;
    item->entry = entry;
    item->expires = expires;

    return NGX_OK;
}
