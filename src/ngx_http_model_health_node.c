
/*
 * Copyright (C) the ngx_http_model_module authors
 */


#include <ngx_config.h>
#include <ngx_core.h>

#include "ngx_http_model_health_node.h"


static uint32_t ngx_http_model_health_hash(ngx_str_t *vendor,
    ngx_str_t *server, ngx_str_t *model);
static ngx_http_model_health_node_t *ngx_http_model_health_create(
    ngx_slab_pool_t *shpool, ngx_str_t *vendor, ngx_str_t *server,
    ngx_str_t *model);


ngx_http_model_health_sh_t *
ngx_http_model_health_sh(ngx_http_model_catalogue_t *cat)
{
    void  **slot;

    slot = ngx_http_model_catalogue_slot(cat, NGX_HTTP_MODEL_SLOT_HEALTH);

    return slot ? *slot : NULL;
}


ngx_uint_t
ngx_http_model_health_fits(ngx_str_t *vendor, ngx_str_t *server,
    ngx_str_t *model)
{
    return vendor->len <= NGX_HTTP_MODEL_HEALTH_NAME
           && server->len <= NGX_HTTP_MODEL_HEALTH_NAME
           && model->len <= NGX_HTTP_MODEL_HEALTH_NAME;
}


static uint32_t
ngx_http_model_health_hash(ngx_str_t *vendor, ngx_str_t *server,
    ngx_str_t *model)
{
    size_t      i;
    uint32_t    hash;
    ngx_str_t  *names[3];
    ngx_uint_t  n;

    names[0] = vendor;
    names[1] = server;
    names[2] = model;

    hash = 0;

    for (n = 0; n < 3; n++) {

        for (i = 0; i < names[n]->len; i++) {
            hash = ngx_hash(hash, names[n]->data[i]);
        }
    }

    return hash;
}


ngx_http_model_health_node_t *
ngx_http_model_health_find(ngx_http_model_health_sh_t *sh, ngx_str_t *vendor,
    ngx_str_t *server, ngx_str_t *model)
{
    u_char                        *data;
    uint32_t                       hash;
    ngx_http_model_health_node_t  *node;

    hash = ngx_http_model_health_hash(vendor, server, model);

    node = sh->buckets[hash % NGX_HTTP_MODEL_HEALTH_BUCKETS];

    for ( /* void */ ; node != NULL; node = node->next) {

        if (node->hash != hash
            || node->vendor_len != vendor->len
            || node->server_len != server->len
            || node->model_len != model->len)
        {
            continue;
        }

        data = node->data;

        if (ngx_memcmp(data, vendor->data, vendor->len) == 0
            && ngx_memcmp(data + vendor->len, server->data, server->len) == 0
            && ngx_memcmp(data + vendor->len + server->len, model->data,
                          model->len)
               == 0)
        {
            return node;
        }
    }

    return NULL;
}


void
ngx_http_model_health_names(ngx_http_model_health_node_t *node,
    ngx_str_t *vendor, ngx_str_t *server, ngx_str_t *model)
{
    vendor->len = node->vendor_len;
    vendor->data = node->data;

    server->len = node->server_len;
    server->data = vendor->data + vendor->len;

    model->len = node->model_len;
    model->data = server->data + server->len;
}


ngx_http_model_health_node_t *
ngx_http_model_health_get(ngx_http_model_catalogue_t *cat, ngx_str_t *vendor,
    ngx_str_t *server, ngx_str_t *model)
{
    ngx_slab_pool_t                *shpool;
    ngx_http_model_health_sh_t     *sh;
    ngx_http_model_health_node_t   *node, *first, **bucket;

    shpool = ngx_http_model_catalogue_pool(cat);

    sh = ngx_http_model_health_sh(cat);

    if (sh == NULL) {
        sh = ngx_slab_calloc_locked(shpool, sizeof(ngx_http_model_health_sh_t));
        if (sh == NULL) {
            return NULL;
        }

        ngx_memory_barrier();
        *ngx_http_model_catalogue_slot(cat, NGX_HTTP_MODEL_SLOT_HEALTH) = sh;
    }

    node = ngx_http_model_health_find(sh, vendor, server, model);

    if (node == NULL) {

        if (model->len == 0
            && sh->servers >= NGX_HTTP_MODEL_HEALTH_SERVERS)
        {
            first = ngx_http_model_health_first(sh, 0);

            if (first) {
                ngx_http_model_health_forget(cat, first);
            }
        }

        node = ngx_http_model_health_create(shpool, vendor, server, model);
        if (node == NULL) {
            return NULL;
        }

        sh->servers += (model->len == 0);

        bucket = &sh->buckets[node->hash % NGX_HTTP_MODEL_HEALTH_BUCKETS];

        node->next = *bucket;
        ngx_memory_barrier();
        *bucket = node;
    }

    if (model->len == 0) {
        ngx_http_model_health_row(node)->touched = ngx_current_msec;
    }

    return node;
}


static ngx_http_model_health_node_t *
ngx_http_model_health_create(ngx_slab_pool_t *shpool, ngx_str_t *vendor,
    ngx_str_t *server, ngx_str_t *model)
{
    u_char                        *p;
    size_t                         size;
    ngx_http_model_health_node_t  *node;

    size = model->len ? sizeof(ngx_http_model_health_node_t)
                      : sizeof(ngx_http_model_health_server_t);

    node = ngx_slab_calloc_locked(shpool, size + vendor->len + server->len
                                          + model->len);
    if (node == NULL) {
        return NULL;
    }

    node->data = (u_char *) node + size;

    node->vendor_len = (uint16_t) vendor->len;
    node->server_len = (uint16_t) server->len;
    node->model_len = (uint16_t) model->len;

    node->hash = ngx_http_model_health_hash(vendor, server, model);

    p = ngx_cpymem(node->data, vendor->data, vendor->len);
    p = ngx_cpymem(p, server->data, server->len);
    ngx_memcpy(p, model->data, model->len);

    return node;
}


ngx_http_model_health_node_t *
ngx_http_model_health_first(ngx_http_model_health_sh_t *sh, ngx_uint_t cooling)
{
    ngx_uint_t                     i;
    ngx_msec_t                     at, earliest;
    ngx_http_model_health_node_t  *node, *first;

    first = NULL;
    earliest = 0;

    for (i = 0; i < NGX_HTTP_MODEL_HEALTH_BUCKETS; i++) {

        for (node = sh->buckets[i]; node != NULL; node = node->next) {

            if (node->cooling != cooling || (!cooling && node->model_len)) {
                continue;
            }

            at = cooling ? node->until
                         : ngx_http_model_health_row(node)->touched;

            if (first == NULL || (ngx_msec_int_t) (at - earliest) < 0) {
                first = node;
                earliest = at;
            }
        }
    }

    return first;
}


void
ngx_http_model_health_forget(ngx_http_model_catalogue_t *cat,
    ngx_http_model_health_node_t *node)
{
    ngx_http_model_health_sh_t     *sh;
    ngx_http_model_health_node_t  **link;

    sh = ngx_http_model_health_sh(cat);

    link = &sh->buckets[node->hash % NGX_HTTP_MODEL_HEALTH_BUCKETS];

    while (*link != node) {
        link = &(*link)->next;
    }

    *link = node->next;
    ngx_memory_barrier();

    if (node->cooling) {
        sh->cooling--;
    }

    if (node->model_len == 0) {
        sh->servers--;

        if (ngx_http_model_health_row(node)->failures) {
            sh->rows--;
        }
    }

    ngx_slab_free_locked(ngx_http_model_catalogue_pool(cat), node);
}
