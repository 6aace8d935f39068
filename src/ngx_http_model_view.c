
/*
 * Copyright (C) the ngx_http_model_module authors
 */


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "ngx_http_model_view_build.h"


#define NGX_HTTP_MODEL_VIEW_POOL  32768


static ngx_http_model_view_t *ngx_http_model_view_create(
    ngx_http_model_views_t *views, ngx_log_t *log);
static void ngx_http_model_view_drop(ngx_http_model_views_t *views);
static void ngx_http_model_view_release(void *data);


ngx_http_model_view_t *
ngx_http_model_view(ngx_http_model_views_t *views, ngx_log_t *log)
{
    ngx_http_model_view_t  *view, *current;

    current = views->current;

    /* the cached time stands still while an event is handled */

    if (views->retired != NULL && views->retired_at != ngx_current_msec) {
        ngx_http_model_view_drop(views);
    }

    if (current != NULL
        && current->generation
           == ngx_http_model_catalogue_generation(views->catalogue))
    {
        return current;
    }

    view = ngx_http_model_view_create(views, log);
    if (view == NULL) {
        return current;
    }

    views->current = view;

    if (current != NULL) {
        current->next = views->retired;
        views->retired = current;
        views->retired_at = ngx_current_msec;
    }

    return view;
}


static ngx_http_model_view_t *
ngx_http_model_view_create(ngx_http_model_views_t *views, ngx_log_t *log)
{
    ngx_int_t               rc;
    ngx_pool_t             *pool, *temp;
    ngx_http_model_view_t  *view;

    /* a view outlives the log of the request that needed it */

    pool = ngx_create_pool(NGX_HTTP_MODEL_VIEW_POOL, ngx_cycle->log);
    if (pool == NULL) {
        return NULL;
    }

    view = ngx_pcalloc(pool, sizeof(ngx_http_model_view_t));
    if (view == NULL) {
        ngx_destroy_pool(pool);
        return NULL;
    }

    view->pool = pool;
    view->refs = 1;

    temp = ngx_create_pool(NGX_DEFAULT_POOL_SIZE, ngx_cycle->log);
    if (temp == NULL) {
        ngx_destroy_pool(pool);
        return NULL;
    }

    rc = ngx_http_model_view_build(views, view, temp, log);

    ngx_destroy_pool(temp);

    if (rc != NGX_OK) {
        ngx_destroy_pool(pool);
        return NULL;
    }

    ngx_log_debug3(NGX_LOG_DEBUG_HTTP, log, 0,
                   "model: view of generation %ui, servers:%ui models:%ui",
                   view->generation, view->servers.nelts, view->models.nelts);

    return view;
}


ngx_int_t
ngx_http_model_view_ref(ngx_http_model_view_t *view, ngx_pool_t *pool)
{
    ngx_pool_cleanup_t  *cln;

    cln = ngx_pool_cleanup_add(pool, 0);
    if (cln == NULL) {
        return NGX_ERROR;
    }

    cln->handler = ngx_http_model_view_release;
    cln->data = view;

    view->refs++;

    return NGX_OK;
}


static void
ngx_http_model_view_drop(ngx_http_model_views_t *views)
{
    ngx_http_model_view_t  *view;

    while (views->retired != NULL) {
        view = views->retired;
        views->retired = view->next;

        ngx_http_model_view_release(view);
    }
}


static void
ngx_http_model_view_release(void *data)
{
    ngx_http_model_view_t *view = data;

    if (--view->refs == 0) {
        ngx_destroy_pool(view->pool);
    }
}


void
ngx_http_model_view_cleanup(void *data)
{
    ngx_http_model_views_t *views = data;

    ngx_http_model_view_drop(views);

    if (views->current != NULL) {
        ngx_http_model_view_release(views->current);
        views->current = NULL;
    }
}


ngx_http_model_model_t *
ngx_http_model_view_find(ngx_http_model_view_t *view,
    ngx_http_model_vendor_t *vendor, ngx_str_t *name)
{
    uint32_t                 i;
    ngx_http_model_table_t  *table;
    ngx_http_model_model_t  *models;

    if (name->len > NGX_HTTP_MODEL_NAME_LEN) {
        return NULL;
    }

    models = view->models.elts;
    table = &((ngx_http_model_index_t *) view->index)->own;

    i = table->heads[ngx_http_model_view_hash_own(vendor, name) & table->mask];

    for ( /* void */ ; i; i = table->next[i - 1]) {

        if (models[i - 1].vendor == vendor
            && ngx_http_model_view_eq(&models[i - 1].name, name))
        {
            return &models[i - 1];
        }
    }

    return NULL;
}


ngx_http_model_model_t *
ngx_http_model_view_each(ngx_http_model_view_t *view, ngx_str_t *name,
    ngx_uint_t by_listed,
    ngx_uint_t (*visit)(ngx_http_model_model_t *model, void *data), void *data)
{
    uint32_t                 i;
    ngx_str_t               *found;
    ngx_http_model_index_t  *index;
    ngx_http_model_model_t  *models;
    ngx_http_model_table_t  *table;

    index = view->index;
    models = view->models.elts;
    table = by_listed ? &index->listed : &index->name;

    i = table->heads[ngx_http_model_view_hash(NULL, name) & table->mask];

    for ( /* void */ ; i; i = table->next[i - 1]) {

        found = by_listed ? &models[i - 1].listed : &models[i - 1].name;

        if (ngx_http_model_view_eq(found, name)
            && visit(&models[i - 1], data))
        {
            return &models[i - 1];
        }
    }

    return NULL;
}


ngx_http_model_server_t *
ngx_http_model_view_server(ngx_http_model_view_t *view,
    ngx_http_model_vendor_t *vendor, ngx_str_t *name)
{
    uint32_t                  i;
    ngx_http_model_table_t   *table;
    ngx_http_model_server_t  *servers;

    if (view == NULL) {
        return NULL;
    }

    servers = view->servers.elts;
    table = &((ngx_http_model_index_t *) view->index)->servers;

    i = table->heads[ngx_http_model_view_hash(vendor, name) & table->mask];

    for ( /* void */ ; i; i = table->next[i - 1]) {

        if (servers[i - 1].vendor == vendor
            && ngx_http_model_view_eq(&servers[i - 1].facts.server, name))
        {
            return &servers[i - 1];
        }
    }

    return NULL;
}


ngx_uint_t
ngx_http_model_view_complete(ngx_http_model_view_t *view,
    ngx_http_model_vendor_t *vendor)
{
    ngx_uint_t                i;
    ngx_http_model_slot_t    *slot;
    ngx_http_model_server_t  *servers;

    if (!vendor->discover) {
        return 1;
    }

    slot = ngx_http_model_view_slot(view->index, &vendor->id);

    if (slot == NULL || slot->n == 0) {
        return 0;
    }

    servers = view->servers.elts;

    for (i = slot->first; i < slot->first + slot->n; i++) {

        if (servers[i].facts.checked == 0
            && servers[i].facts.state == NGX_HTTP_MODEL_SERVER_UNKNOWN)
        {
            return 0;
        }
    }

    return 1;
}
