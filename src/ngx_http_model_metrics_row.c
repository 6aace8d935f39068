
/*
 * Copyright (C) the ngx_http_model_module authors
 */


#include <ngx_config.h>
#include <ngx_core.h>

#include "ngx_http_model_metrics_row.h"


#define NGX_HTTP_MODEL_METRICS_LEAST    4      /* rows in a small zone */


static ngx_uint_t *ngx_http_model_metrics_left(
    ngx_http_model_metrics_sh_t *sh, ngx_http_model_metrics_key_t *key,
    ngx_uint_t bound);
static uint16_t *ngx_http_model_metrics_answered(
    ngx_http_model_metrics_sh_t *sh, ngx_str_t *vendor);
static ngx_http_model_metrics_row_t *ngx_http_model_metrics_add_row(
    ngx_http_model_metrics_t *metrics, ngx_http_model_metrics_key_t *key,
    ngx_uint_t bound);


ngx_http_model_metrics_sh_t *
ngx_http_model_metrics_sh(ngx_http_model_metrics_t *metrics)
{
    void  **slot;

    slot = ngx_http_model_catalogue_slot(metrics->catalogue,
                                         NGX_HTTP_MODEL_SLOT_METRICS);

    return slot ? *slot : NULL;
}


ngx_http_model_metrics_sh_t *
ngx_http_model_metrics_sh_get(ngx_http_model_metrics_t *metrics)
{
    ngx_uint_t                    n;
    ngx_slab_pool_t              *shpool;
    ngx_http_model_metrics_sh_t  *sh;

    sh = ngx_http_model_metrics_sh(metrics);
    if (sh != NULL) {
        return sh;
    }

    shpool = ngx_http_model_catalogue_pool(metrics->catalogue);

    sh = ngx_slab_calloc_locked(shpool, sizeof(ngx_http_model_metrics_sh_t));
    if (sh == NULL) {
        return NULL;
    }

    n = (shpool->end - (u_char *) shpool) / NGX_HTTP_MODEL_METRICS_SHARE;
    n = ngx_max(n, NGX_HTTP_MODEL_METRICS_LEAST);

    sh->models = ngx_min(n, NGX_HTTP_MODEL_METRICS_MODELS);
    sh->servers = ngx_min(n, NGX_HTTP_MODEL_METRICS_SERVERS);
    sh->others = sh->models;
    sh->answered = sh->models / 4;
    sh->nrows = sh->models + sh->others + sh->servers;

    ngx_memory_barrier();

    *ngx_http_model_catalogue_slot(metrics->catalogue,
                                   NGX_HTTP_MODEL_SLOT_METRICS) = sh;

    return sh;
}


void
ngx_http_model_metrics_key(ngx_http_model_metrics_key_t *key,
    ngx_str_t *vendor, ngx_str_t *name, ngx_uint_t kind)
{
    size_t    i;
    uint32_t  hash;

    hash = (uint32_t) kind;

    for (i = 0; i < vendor->len; i++) {
        hash = ngx_hash(hash, vendor->data[i]);
    }

    for (i = 0; i < name->len; i++) {
        hash = ngx_hash(hash, name->data[i]);
    }

    key->vendor = vendor;
    key->name = name;
    key->kind = kind;
    key->hash = hash;
}


ngx_http_model_metrics_row_t *
ngx_http_model_metrics_find(ngx_http_model_metrics_t *metrics,
    ngx_http_model_metrics_key_t *key)
{
    ngx_http_model_metrics_sh_t   *sh;
    ngx_http_model_metrics_row_t  *row;

    sh = ngx_http_model_metrics_sh(metrics);

    if (sh == NULL) {
        return NULL;
    }

    row = sh->buckets[key->hash % NGX_HTTP_MODEL_METRICS_BUCKETS];

    for ( /* void */ ; row != NULL; row = row->next) {

        if (row->hash == key->hash
            && row->kind == key->kind
            && row->vendor_len == key->vendor->len
            && row->name_len == key->name->len
            && ngx_memcmp(row->data, key->vendor->data, row->vendor_len) == 0
            && ngx_memcmp(row->data + row->vendor_len, key->name->data,
                          row->name_len)
               == 0)
        {
            return row;
        }
    }

    return NULL;
}


ngx_http_model_metrics_row_t *
ngx_http_model_metrics_get(ngx_http_model_metrics_t *metrics,
    ngx_http_model_metrics_key_t *key, ngx_uint_t bound)
{
    ngx_slab_pool_t               *shpool;
    ngx_http_model_metrics_sh_t   *sh;
    ngx_http_model_metrics_row_t  *row;

    row = ngx_http_model_metrics_find(metrics, key);
    if (row != NULL) {
        return row;
    }

    shpool = ngx_http_model_catalogue_pool(metrics->catalogue);

    if (shpool == NULL
        || key->vendor->len > NGX_HTTP_MODEL_METRICS_NAME
        || key->name->len > NGX_HTTP_MODEL_METRICS_NAME)
    {
        return NULL;
    }

    /* the lock is for those that may get one: this is asked by each request */

    sh = ngx_http_model_metrics_sh(metrics);

    if (sh && ngx_http_model_metrics_left(sh, key, bound) == NULL) {
        return NULL;
    }

    ngx_shmtx_lock(&shpool->mutex);

    row = ngx_http_model_metrics_find(metrics, key);

    if (row == NULL) {
        row = ngx_http_model_metrics_add_row(metrics, key, bound);
    }

    ngx_shmtx_unlock(&shpool->mutex);

    return row;
}


/* how many rows may be had more; NULL: none */

static ngx_uint_t *
ngx_http_model_metrics_left(ngx_http_model_metrics_sh_t *sh,
    ngx_http_model_metrics_key_t *key, ngx_uint_t bound)
{
    ngx_uint_t  *left;

    switch (bound) {

    case NGX_HTTP_MODEL_METRICS_OF_SERVERS:
        left = &sh->servers;
        break;

    case NGX_HTTP_MODEL_METRICS_OF_OTHERS:
        left = &sh->others;
        break;

    case NGX_HTTP_MODEL_METRICS_OF_ANSWERED:

        if (sh->answered == 0
            || *ngx_http_model_metrics_answered(sh, key->vendor)
               >= NGX_HTTP_MODEL_METRICS_ANSWERED)
        {
            return NULL;
        }

        /* fall through */

    default: /* NGX_HTTP_MODEL_METRICS_OF_MODELS */
        left = &sh->models;
    }

    return (*left == 0 || sh->index >= sh->nrows) ? NULL : left;
}


static uint16_t *
ngx_http_model_metrics_answered(ngx_http_model_metrics_sh_t *sh,
    ngx_str_t *vendor)
{
    return &sh->vendors[ngx_hash_key(vendor->data, vendor->len)
                        % NGX_HTTP_MODEL_METRICS_BUCKETS];
}


/* under the mutex */

static ngx_http_model_metrics_row_t *
ngx_http_model_metrics_add_row(ngx_http_model_metrics_t *metrics,
    ngx_http_model_metrics_key_t *key, ngx_uint_t bound)
{
    u_char                         *p;
    size_t                          size;
    ngx_uint_t                     *left;
    ngx_http_model_metrics_sh_t    *sh;
    ngx_http_model_metrics_row_t   *row, **bucket;

    sh = ngx_http_model_metrics_sh_get(metrics);

    if (sh == NULL) {
        return NULL;
    }

    left = ngx_http_model_metrics_left(sh, key, bound);

    if (left == NULL) {
        return NULL;
    }

    size = (bound == NGX_HTTP_MODEL_METRICS_OF_SERVERS)
           ? sizeof(ngx_http_model_metrics_server_row_t)
           : sizeof(ngx_http_model_metrics_request_row_t);

    row = ngx_slab_calloc_locked(
                    ngx_http_model_catalogue_pool(metrics->catalogue),
                    size + key->vendor->len + key->name->len);
    if (row == NULL) {
        return NULL;
    }

    row->data = (u_char *) row + size;
    row->hash = key->hash;
    row->kind = (uint16_t) key->kind;
    row->vendor_len = (uint16_t) key->vendor->len;
    row->name_len = (uint16_t) key->name->len;

    p = ngx_cpymem(row->data, key->vendor->data, key->vendor->len);
    ngx_memcpy(p, key->name->data, key->name->len);

    /* a worker killed before the last of these lines costs a row */

    (*left)--;

    if (bound == NGX_HTTP_MODEL_METRICS_OF_ANSWERED) {
        sh->answered--;
        (*ngx_http_model_metrics_answered(sh, key->vendor))++;
    }

    row->index = (uint32_t) sh->index++;

    bucket = &sh->buckets[key->hash % NGX_HTTP_MODEL_METRICS_BUCKETS];

    row->next = *bucket;
    ngx_memory_barrier();
    *bucket = row;

    return row;
}
