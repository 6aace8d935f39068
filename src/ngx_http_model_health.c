
/*
 * Copyright (C) the ngx_http_model_module authors
 */


#include <ngx_config.h>
#include <ngx_core.h>

#include "ngx_http_model_health_node.h"


#define NGX_HTTP_MODEL_HEALTH_MINUTE  60000
#define NGX_HTTP_MODEL_HEALTH_SWEEP   10000


static void ngx_http_model_health_pair(ngx_http_model_health_sh_t *sh,
    ngx_str_t *vendor, ngx_str_t *server, ngx_str_t *model,
    ngx_http_model_health_node_t *nodes[2]);
static ngx_uint_t ngx_http_model_health_breaker(
    ngx_http_model_health_node_t *node, ngx_msec_t *left);
static ngx_int_t ngx_http_model_health_open(ngx_http_model_catalogue_t *cat,
    ngx_str_t *vendor, ngx_str_t *server, ngx_str_t *model, ngx_msec_t ms);
static void ngx_http_model_health_close(ngx_http_model_catalogue_t *cat,
    ngx_http_model_health_node_t *node);
static void ngx_http_model_health_sweep(ngx_http_model_catalogue_t *cat,
    ngx_http_model_health_sh_t *sh);
static ngx_int_t ngx_http_model_health_copy(ngx_array_t *array,
    ngx_http_model_health_node_t *node);
static ngx_uint_t ngx_http_model_health_line(
    ngx_http_model_health_server_t *row);


ngx_uint_t
ngx_http_model_health_failed(ngx_http_model_catalogue_t *cat,
    ngx_str_t *vendor, ngx_str_t *server)
{
    ngx_str_t                        all;
    ngx_uint_t                       failures;
    ngx_slab_pool_t                 *shpool;
    ngx_http_model_health_node_t    *node;
    ngx_http_model_health_server_t  *row;

    ngx_str_set(&all, "");

    shpool = ngx_http_model_catalogue_pool(cat);

    if (shpool == NULL
        || !ngx_http_model_health_fits(vendor, server, &all))
    {
        return 0;
    }

    failures = 0;

    ngx_shmtx_lock(&shpool->mutex);

    node = ngx_http_model_health_get(cat, vendor, server, &all);

    if (node != NULL) {
        row = ngx_http_model_health_row(node);

        if (row->failures == 0) {
            ngx_http_model_health_sh(cat)->rows++;
            ngx_memory_barrier();
        }

        failures = ++row->failures;
    }

    ngx_shmtx_unlock(&shpool->mutex);

    if (node == NULL) {
        ngx_http_model_catalogue_full(cat, vendor, server, ngx_cycle->log);
    }

    return failures;
}


void
ngx_http_model_health_answered(ngx_http_model_catalogue_t *cat,
    ngx_str_t *vendor, ngx_str_t *server)
{
    ngx_str_t                        all;
    ngx_slab_pool_t                 *shpool;
    ngx_http_model_health_sh_t      *sh;
    ngx_http_model_health_node_t    *node;
    ngx_http_model_health_server_t  *row;

    ngx_str_set(&all, "");

    sh = ngx_http_model_health_sh(cat);

    if (sh == NULL || sh->rows == 0) {
        return;
    }

    shpool = ngx_http_model_catalogue_pool(cat);

    ngx_shmtx_lock(&shpool->mutex);

    node = ngx_http_model_health_find(sh, vendor, server, &all);

    if (node != NULL) {
        row = ngx_http_model_health_row(node);

        if (row->failures) {
            row->failures = 0;
            ngx_memory_barrier();
            sh->rows--;
        }
    }

    ngx_shmtx_unlock(&shpool->mutex);
}


ngx_uint_t
ngx_http_model_health_failures(ngx_http_model_catalogue_t *cat,
    ngx_str_t *vendor, ngx_str_t *server)
{
    ngx_str_t                      all;
    ngx_uint_t                     failures;
    ngx_slab_pool_t               *shpool;
    ngx_http_model_health_sh_t    *sh;
    ngx_http_model_health_node_t  *node;

    ngx_str_set(&all, "");

    sh = ngx_http_model_health_sh(cat);

    if (sh == NULL || sh->rows == 0) {
        return 0;
    }

    shpool = ngx_http_model_catalogue_pool(cat);

    ngx_shmtx_lock(&shpool->mutex);

    node = ngx_http_model_health_find(sh, vendor, server, &all);

    failures = node ? ngx_http_model_health_row(node)->failures : 0;

    ngx_shmtx_unlock(&shpool->mutex);

    return failures;
}


/* that of the model and that of the whole server, NULL where there is none */

static void
ngx_http_model_health_pair(ngx_http_model_health_sh_t *sh, ngx_str_t *vendor,
    ngx_str_t *server, ngx_str_t *model, ngx_http_model_health_node_t *nodes[2])
{
    ngx_str_t  all;

    ngx_str_set(&all, "");

    nodes[0] = ngx_http_model_health_find(sh, vendor, server, &all);
    nodes[1] = NULL;

    if (model->len) {
        nodes[1] = ngx_http_model_health_find(sh, vendor, server, model);
    }
}


/* *left: milliseconds of the cooldown, or of the lease while one runs */

static ngx_uint_t
ngx_http_model_health_breaker(ngx_http_model_health_node_t *node,
    ngx_msec_t *left)
{
    ngx_msec_int_t  ms;

    *left = 0;

    if (node == NULL || !node->cooling) {
        return NGX_HTTP_MODEL_BREAKER_CLOSED;
    }

    /* workers update their time each on its own: it may lag a little */

    ms = (ngx_msec_int_t) (node->until - ngx_current_msec);

    if (ms > 0) {
        *left = (ngx_msec_t) ms;
        return NGX_HTTP_MODEL_BREAKER_OPEN;
    }

    ms = (ngx_msec_int_t) (node->lease - ngx_current_msec);

    if (node->trying && ms > 0) {
        *left = (ngx_msec_t) ms;
    }

    return NGX_HTTP_MODEL_BREAKER_HALF_OPEN;
}


ngx_uint_t
ngx_http_model_health_cool(ngx_http_model_catalogue_t *cat,
    ngx_str_t *vendor, ngx_str_t *server, ngx_str_t *model, ngx_msec_t ms)
{
    ngx_int_t         rc;
    ngx_slab_pool_t  *shpool;

    shpool = ngx_http_model_catalogue_pool(cat);

    if (shpool == NULL
        || ms == 0
        || !ngx_http_model_health_fits(vendor, server, model))
    {
        return 0;
    }

    ngx_shmtx_lock(&shpool->mutex);

    rc = ngx_http_model_health_open(cat, vendor, server, model,
                                    ngx_min(ms, NGX_MAX_INT32_VALUE));

    ngx_shmtx_unlock(&shpool->mutex);

    if (rc == NGX_ERROR) {
        ngx_http_model_catalogue_full(cat, vendor, server, ngx_cycle->log);
    }

    return rc == NGX_OK;
}


static ngx_int_t
ngx_http_model_health_open(ngx_http_model_catalogue_t *cat, ngx_str_t *vendor,
    ngx_str_t *server, ngx_str_t *model, ngx_msec_t ms)
{
    ngx_msec_t                     until, left;
    ngx_http_model_health_sh_t    *sh;
    ngx_http_model_health_node_t  *node, *first;

    until = ngx_current_msec + ms;

    sh = ngx_http_model_health_sh(cat);

    node = sh ? ngx_http_model_health_find(sh, vendor, server, model) : NULL;

    if (ngx_http_model_health_breaker(node, &left)
        == NGX_HTTP_MODEL_BREAKER_OPEN)
    {
        if (ms > left) {
            node->length = ms;
            node->until = until;
        }

        return NGX_DECLINED;
    }

    if (node == NULL || !node->cooling) {

        if (sh && sh->cooling >= NGX_HTTP_MODEL_HEALTH_COOLDOWNS) {

            first = ngx_http_model_health_first(sh, 1);

            if (first && (ngx_msec_int_t) (first->until - until) > 0) {
                return NGX_DECLINED;
            }

            if (first) {
                ngx_http_model_health_close(cat, first);
            }
        }

        node = ngx_http_model_health_get(cat, vendor, server, model);
        if (node == NULL) {
            return NGX_ERROR;
        }

        ngx_http_model_health_sh(cat)->cooling++;
    }

    node->length = ms;
    node->until = until;
    node->trying = 0;

    ngx_memory_barrier();
    node->cooling = 1;

    return NGX_OK;
}


static void
ngx_http_model_health_close(ngx_http_model_catalogue_t *cat,
    ngx_http_model_health_node_t *node)
{
    if (node->model_len) {
        ngx_http_model_health_forget(cat, node);
        return;
    }

    node->cooling = 0;
    ngx_memory_barrier();
    ngx_http_model_health_sh(cat)->cooling--;
}


/*
 * Closes what nobody has tried for as long again as it was out, at least for a
 * minute: while anything is out every request takes the mutex.  Once in a
 * while, by who has taken it.
 */

static void
ngx_http_model_health_sweep(ngx_http_model_catalogue_t *cat,
    ngx_http_model_health_sh_t *sh)
{
    ngx_uint_t                     i;
    ngx_msec_t                     left, length;
    ngx_http_model_health_node_t  *node, *next;

    if ((ngx_msec_int_t) (sh->sweep - ngx_current_msec) > 0
        && sh->sweep - ngx_current_msec <= NGX_HTTP_MODEL_HEALTH_SWEEP)
    {
        return;
    }

    sh->sweep = ngx_current_msec + NGX_HTTP_MODEL_HEALTH_SWEEP;

    for (i = 0; i < NGX_HTTP_MODEL_HEALTH_BUCKETS; i++) {

        for (node = sh->buckets[i]; node != NULL; node = next) {

            next = node->next;

            if (ngx_http_model_health_breaker(node, &left)
                != NGX_HTTP_MODEL_BREAKER_HALF_OPEN
                || left)
            {
                continue;
            }

            length = ngx_max(node->length, NGX_HTTP_MODEL_HEALTH_MINUTE);

            if (ngx_current_msec - node->until > length) {
                ngx_http_model_health_close(cat, node);
            }
        }
    }
}


ngx_uint_t
ngx_http_model_health_cooling(ngx_http_model_catalogue_t *cat)
{
    ngx_http_model_health_sh_t  *sh;

    sh = ngx_http_model_health_sh(cat);

    return sh && sh->cooling;
}


ngx_msec_t
ngx_http_model_health_out(ngx_http_model_catalogue_t *cat,
    ngx_str_t *vendor, ngx_str_t *server, ngx_str_t *model)
{
    ngx_msec_t                     left, other;
    ngx_slab_pool_t               *shpool;
    ngx_http_model_health_sh_t    *sh;
    ngx_http_model_health_node_t  *nodes[2];

    sh = ngx_http_model_health_sh(cat);

    if (sh == NULL || sh->cooling == 0) {
        return 0;
    }

    shpool = ngx_http_model_catalogue_pool(cat);

    ngx_shmtx_lock(&shpool->mutex);

    ngx_http_model_health_sweep(cat, sh);

    ngx_http_model_health_pair(sh, vendor, server, model, nodes);

    (void) ngx_http_model_health_breaker(nodes[0], &left);
    (void) ngx_http_model_health_breaker(nodes[1], &other);

    ngx_shmtx_unlock(&shpool->mutex);

    return ngx_max(left, other);
}


ngx_msec_t
ngx_http_model_health_probe(ngx_http_model_catalogue_t *cat,
    ngx_str_t *vendor, ngx_str_t *server, ngx_str_t *model, ngx_uint_t *probe)
{
    ngx_uint_t                     i, half[2];
    ngx_msec_t                     left[2];
    ngx_slab_pool_t               *shpool;
    ngx_http_model_health_sh_t    *sh;
    ngx_http_model_health_node_t  *nodes[2];

    *probe = 0;

    sh = ngx_http_model_health_sh(cat);

    if (sh == NULL || sh->cooling == 0) {
        return 0;
    }

    shpool = ngx_http_model_catalogue_pool(cat);

    ngx_shmtx_lock(&shpool->mutex);

    ngx_http_model_health_pair(sh, vendor, server, model, nodes);

    for (i = 0; i < 2; i++) {
        half[i] = (ngx_http_model_health_breaker(nodes[i], &left[i])
                   == NGX_HTTP_MODEL_BREAKER_HALF_OPEN);
    }

    for (i = 0; i < 2; i++) {

        if (!half[i] || left[0] || left[1]) {
            continue;
        }

        nodes[i]->lease = ngx_current_msec + NGX_HTTP_MODEL_HEALTH_LEASE;
        ngx_memory_barrier();
        nodes[i]->trying = 1;

        *probe = 1;
    }

    ngx_shmtx_unlock(&shpool->mutex);

    return ngx_max(left[0], left[1]);
}


ngx_uint_t
ngx_http_model_health_probed(ngx_http_model_catalogue_t *cat,
    ngx_str_t *vendor, ngx_str_t *server, ngx_str_t *model, ngx_int_t ok)
{
    ngx_uint_t                     i, closed;
    ngx_msec_t                     left;
    ngx_slab_pool_t               *shpool;
    ngx_http_model_health_sh_t    *sh;
    ngx_http_model_health_node_t  *nodes[2];

    sh = ngx_http_model_health_sh(cat);

    if (sh == NULL || sh->cooling == 0) {
        return 0;
    }

    closed = 0;

    shpool = ngx_http_model_catalogue_pool(cat);

    ngx_shmtx_lock(&shpool->mutex);

    ngx_http_model_health_pair(sh, vendor, server, model, nodes);

    for (i = 0; i < 2; i++) {

        if (ngx_http_model_health_breaker(nodes[i], &left)
            != NGX_HTTP_MODEL_BREAKER_HALF_OPEN
            || !nodes[i]->trying)
        {
            continue;
        }

        if (ok > 0) {
            ngx_http_model_health_close(cat, nodes[i]);
            closed = 1;
            continue;
        }

        if (ok == 0) {
            nodes[i]->until = ngx_current_msec + nodes[i]->length;
        }

        nodes[i]->trying = 0;
    }

    ngx_shmtx_unlock(&shpool->mutex);

    return closed;
}


ngx_array_t *
ngx_http_model_health_read(ngx_http_model_catalogue_t *cat, ngx_pool_t *pool)
{
    ngx_uint_t                     i;
    ngx_array_t                   *array;
    ngx_slab_pool_t               *shpool;
    ngx_http_model_health_sh_t    *sh;
    ngx_http_model_health_node_t  *node;

    array = ngx_array_create(pool, 4, sizeof(ngx_http_model_health_t));

    sh = ngx_http_model_health_sh(cat);

    if (array == NULL
        || sh == NULL
        || (sh->rows == 0 && sh->cooling == 0))
    {
        return array;
    }

    shpool = ngx_http_model_catalogue_pool(cat);

    ngx_shmtx_lock(&shpool->mutex);

    for (i = 0; i < NGX_HTTP_MODEL_HEALTH_BUCKETS; i++) {

        for (node = sh->buckets[i]; node != NULL; node = node->next) {

            if (ngx_http_model_health_copy(array, node) != NGX_OK) {
                array = NULL;
                goto done;
            }
        }
    }

done:

    ngx_shmtx_unlock(&shpool->mutex);

    return array;
}


static ngx_int_t
ngx_http_model_health_copy(ngx_array_t *array,
    ngx_http_model_health_node_t *node)
{
    u_char                   *p;
    size_t                    len;
    ngx_msec_t                left;
    ngx_uint_t                breaker, failures;
    ngx_http_model_health_t  *health;

    breaker = ngx_http_model_health_breaker(node, &left);

    failures = node->model_len ? 0 : ngx_http_model_health_row(node)->failures;

    if (breaker == NGX_HTTP_MODEL_BREAKER_CLOSED && failures == 0) {
        return NGX_OK;
    }

    health = ngx_array_push(array);
    if (health == NULL) {
        return NGX_ERROR;
    }

    health->failures = failures;
    health->breaker = breaker;
    health->left = left;

    ngx_http_model_health_names(node, &health->vendor, &health->server,
                                &health->model);

    len = health->vendor.len + health->server.len + health->model.len;

    p = ngx_pnalloc(array->pool, len);
    if (p == NULL) {
        return NGX_ERROR;
    }

    ngx_memcpy(p, node->data, len);

    health->vendor.data = p;
    health->server.data = p + health->vendor.len;
    health->model.data = health->server.data + health->server.len;

    return NGX_OK;
}


ngx_uint_t
ngx_http_model_health_note(ngx_http_model_catalogue_t *cat,
    ngx_str_t *vendor, ngx_str_t *server)
{
    ngx_str_t                      all;
    ngx_uint_t                     rc;
    ngx_slab_pool_t               *shpool;
    ngx_http_model_health_node_t  *node;

    ngx_str_set(&all, "");

    shpool = ngx_http_model_catalogue_pool(cat);

    if (shpool == NULL
        || !ngx_http_model_health_fits(vendor, server, &all))
    {
        return NGX_HTTP_MODEL_HEALTH_LOG;
    }

    rc = NGX_HTTP_MODEL_HEALTH_LOG;

    ngx_shmtx_lock(&shpool->mutex);

    node = ngx_http_model_health_get(cat, vendor, server, &all);

    if (node != NULL) {
        rc = ngx_http_model_health_line(ngx_http_model_health_row(node));
    }

    ngx_shmtx_unlock(&shpool->mutex);

    if (node == NULL) {
        ngx_http_model_catalogue_full(cat, vendor, server, ngx_cycle->log);
    }

    return rc;
}


/*
 * A line is the last one when as many as precede it in a minute stand in the
 * ring; the minute after it is quiet, so the ring then starts anew.
 */

static ngx_uint_t
ngx_http_model_health_line(ngx_http_model_health_server_t *row)
{
    ngx_msec_t  now, *line;

    now = ngx_current_msec;

    if (row->silent) {

        if ((ngx_msec_int_t) (row->quiet - now) > 0) {
            return NGX_HTTP_MODEL_HEALTH_QUIET;
        }

        row->silent = 0;
    }

    line = &row->lines[row->nlines % (NGX_HTTP_MODEL_HEALTH_LINES - 1)];

    if (row->nlines >= NGX_HTTP_MODEL_HEALTH_LINES - 1
        && (ngx_msec_int_t) (now - *line) < NGX_HTTP_MODEL_HEALTH_MINUTE)
    {
        row->quiet = now + NGX_HTTP_MODEL_HEALTH_MINUTE;
        row->silent = 1;
        row->nlines = 0;

        return NGX_HTTP_MODEL_HEALTH_LAST;
    }

    *line = now;
    row->nlines++;

    return NGX_HTTP_MODEL_HEALTH_LOG;
}


void
ngx_http_model_health_prune(ngx_http_model_catalogue_t *cat,
    ngx_uint_t (*keep)(ngx_str_t *vendor, ngx_str_t *server, void *data),
    void *data)
{
    ngx_str_t                      vendor, server, model;
    ngx_uint_t                     i, rows, cooling, servers;
    ngx_slab_pool_t               *shpool;
    ngx_http_model_health_sh_t    *sh;
    ngx_http_model_health_node_t  *node, *next;

    sh = ngx_http_model_health_sh(cat);

    if (sh == NULL) {
        return;
    }

    rows = 0;
    cooling = 0;
    servers = 0;

    shpool = ngx_http_model_catalogue_pool(cat);

    ngx_shmtx_lock(&shpool->mutex);

    for (i = 0; i < NGX_HTTP_MODEL_HEALTH_BUCKETS; i++) {

        for (node = sh->buckets[i]; node != NULL; node = next) {

            next = node->next;

            ngx_http_model_health_names(node, &vendor, &server, &model);

            /* a killed worker may have left a model's that never counted */

            if (!keep(&vendor, &server, data)
                || (node->model_len && !node->cooling))
            {
                ngx_http_model_health_forget(cat, node);
                continue;
            }

            cooling += node->cooling;

            if (node->model_len == 0) {
                servers++;
                rows += (ngx_http_model_health_row(node)->failures != 0);
            }
        }
    }

    sh->rows = rows;
    sh->cooling = cooling;
    sh->servers = servers;

    ngx_shmtx_unlock(&shpool->mutex);
}
