
/*
 * Copyright (C) the ngx_http_model_module authors
 */


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "ngx_http_model_view_build.h"


/* no machine has so many models in memory */
#define NGX_HTTP_MODEL_VIEW_LOADED  1000

#define ngx_http_model_view_bit(n)  ((uint64_t) 1 << ((n) % 64))


static void ngx_http_model_view_mark_ollama(ngx_http_model_view_t *view,
    ngx_http_model_server_t *server);
static void ngx_http_model_view_mark_names(ngx_http_model_view_t *view,
    ngx_http_model_server_t *server, ngx_str_t *name);
static void ngx_http_model_view_mark_single(ngx_http_model_view_t *view,
    ngx_http_model_server_t *server);
static ngx_uint_t ngx_http_model_view_bits(ngx_http_model_view_t *view,
    ngx_http_model_model_t *model, ngx_http_model_server_t *server,
    ngx_uint_t *n);


ngx_uint_t
ngx_http_model_view_has(ngx_http_model_view_t *view,
    ngx_http_model_model_t *model, ngx_http_model_server_t *server)
{
    ngx_uint_t  n;

    return ngx_http_model_view_bits(view, model, server, &n)
           && (model->has[n / 64] & ngx_http_model_view_bit(n));
}


ngx_uint_t
ngx_http_model_view_loaded(ngx_http_model_view_t *view,
    ngx_http_model_model_t *model, ngx_http_model_server_t *server)
{
    ngx_uint_t  n;

    return ngx_http_model_view_bits(view, model, server, &n)
           && (model->loaded[n / 64] & ngx_http_model_view_bit(n));
}


/* *n is the server's bit; 0 when it has none in this model */

static ngx_uint_t
ngx_http_model_view_bits(ngx_http_model_view_t *view,
    ngx_http_model_model_t *model, ngx_http_model_server_t *server,
    ngx_uint_t *n)
{
    *n = server - (ngx_http_model_server_t *) view->servers.elts
         - model->first;

    return server->vendor == model->vendor;
}


ngx_uint_t
ngx_http_model_view_hidden(ngx_http_model_view_t *view,
    ngx_http_model_model_t *model)
{
    ngx_msec_t  grace;

    (void) view;

    grace = model->vendor->grace;

    return model->vendor->discover
           && model->down
           && (grace == 0
               || (ngx_time() - model->since) * 1000 > (time_t) grace);
}


void
ngx_http_model_view_add_server(ngx_http_model_view_t *view,
    ngx_http_model_model_t *model, ngx_http_model_server_t *server)
{
    ngx_uint_t  n;

    if (ngx_http_model_view_has(view, model, server)
        || !ngx_http_model_view_bits(view, model, server, &n))
    {
        return;
    }

    model->has[n / 64] |= ngx_http_model_view_bit(n);
    model->nservers++;

    if (server->facts.state == NGX_HTTP_MODEL_SERVER_DOWN) {
        model->since = ngx_max(model->since, server->facts.since);

    } else {
        model->nup++;
    }

    model->down = (model->nup == 0);
}


void
ngx_http_model_view_add_declared(ngx_http_model_view_t *view,
    ngx_http_model_model_t *model, ngx_http_model_slot_t *slot)
{
    ngx_uint_t                i;
    ngx_http_model_server_t  *server;

    server = (ngx_http_model_server_t *) view->servers.elts + slot->first;

    model->down = (slot->n != 0);

    for (i = 0; i < slot->n; i++) {

        if (server[i].facts.state != NGX_HTTP_MODEL_SERVER_DOWN) {
            model->down = 0;
            return;
        }

        model->since = ngx_max(model->since, server[i].facts.since);
    }
}


void
ngx_http_model_view_mark_loaded(ngx_http_model_view_t *view)
{
    ngx_uint_t                i;
    ngx_http_model_server_t  *server;

    server = view->servers.elts;

    for (i = 0; i < view->servers.nelts; i++) {

        /* what a server had loaded is gone with it */

        if (server[i].facts.state == NGX_HTTP_MODEL_SERVER_DOWN) {
            continue;
        }

        if (server[i].vendor->dialects
            & ngx_http_model_dialect_bit(NGX_HTTP_MODEL_OLLAMA))
        {
            ngx_http_model_view_mark_ollama(view, &server[i]);

        } else {
            ngx_http_model_view_mark_single(view, &server[i]);
        }
    }
}


static void
ngx_http_model_view_mark_ollama(ngx_http_model_view_t *view,
    ngx_http_model_server_t *server)
{
    ngx_str_t               name, model;
    ngx_uint_t              n;
    ngx_http_model_json_t  *entry;

    n = 0;
    entry = ngx_http_model_view_array(server->loaded);

    for ( /* void */ ; entry != NULL; entry = entry->next) {

        if (n++ == NGX_HTTP_MODEL_VIEW_LOADED) {
            break;
        }

        ngx_str_null(&name);

        if (ngx_http_model_json_get_str(entry, "name", &name) == NGX_OK) {
            ngx_http_model_view_mark_names(view, server, &name);
        }

        if (ngx_http_model_json_get_str(entry, "model", &model) == NGX_OK
            && !ngx_http_model_view_eq(&model, &name))
        {
            ngx_http_model_view_mark_names(view, server, &model);
        }
    }
}


/* of two servers the names of one model may be spelled in two ways */

static void
ngx_http_model_view_mark_names(ngx_http_model_view_t *view,
    ngx_http_model_server_t *server, ngx_str_t *name)
{
    u_char                   buf[NGX_HTTP_MODEL_VIEW_FOLDED];
    u_char                   own[NGX_HTTP_MODEL_VIEW_FOLDED];
    uint32_t                 i;
    ngx_str_t                folded, other;
    ngx_uint_t               n;
    ngx_http_model_model_t  *models;
    ngx_http_model_table_t  *table;

    if (name->len == 0 || name->len > NGX_HTTP_MODEL_NAME_LEN) {
        return;
    }

    ngx_http_model_view_fold(name, buf, &folded);

    models = view->models.elts;
    table = &((ngx_http_model_index_t *) view->index)->own;

    i = table->heads[ngx_http_model_view_hash(server->vendor, &folded)
                     & table->mask];

    for ( /* void */ ; i; i = table->next[i - 1]) {

        if (!ngx_http_model_view_bits(view, &models[i - 1], server, &n)
            || (models[i - 1].loaded[n / 64] & ngx_http_model_view_bit(n)))
        {
            continue;
        }

        ngx_http_model_view_fold(&models[i - 1].name, own, &other);

        if (ngx_http_model_view_eq(&folded, &other)) {
            models[i - 1].loaded[n / 64] |= ngx_http_model_view_bit(n);
        }
    }
}


/* a server of one model exists for it */

static void
ngx_http_model_view_mark_single(ngx_http_model_view_t *view,
    ngx_http_model_server_t *server)
{
    ngx_str_t                name;
    ngx_uint_t               n;
    ngx_http_model_json_t   *element;
    ngx_http_model_model_t  *model;

    element = ngx_http_model_view_array(server->list);

    if (element == NULL
        || element->next != NULL
        || ngx_http_model_json_get_str(element, "name", &name) != NGX_OK)
    {
        return;
    }

    model = ngx_http_model_view_find(view, server->vendor, &name);

    if (model != NULL
        && ngx_http_model_view_bits(view, model, server, &n))
    {
        model->loaded[n / 64] |= ngx_http_model_view_bit(n);
    }
}
