
/*
 * Copyright (C) the ngx_http_model_module authors
 */


#include <ngx_config.h>
#include <ngx_core.h>

#include "ngx_http_model_catalogue.h"


#define NGX_HTTP_MODEL_CATALOGUE_REASON   0
#define NGX_HTTP_MODEL_CATALOGUE_VERSION  1
#define NGX_HTTP_MODEL_CATALOGUE_LIST     2
#define NGX_HTTP_MODEL_CATALOGUE_LOADED   3
#define NGX_HTTP_MODEL_CATALOGUE_NBLOBS   4

/* what a vendor may be wanted for */

#define NGX_HTTP_MODEL_CATALOGUE_FACTS    0
#define NGX_HTTP_MODEL_CATALOGUE_PS       1
#define NGX_HTTP_MODEL_CATALOGUE_NMARKS   2


/*
 * A text in the zone never changes: a new one takes its place by the write
 * of one pointer, so length and bytes always belong together.
 */

typedef struct {
    size_t                                len;
    u_char                                data[1];
} ngx_http_model_blob_t;


typedef struct ngx_http_model_node_s  ngx_http_model_node_t;

struct ngx_http_model_node_s {
    ngx_http_model_node_t                *next;
    ngx_http_model_blob_t                *blobs[
                                            NGX_HTTP_MODEL_CATALOGUE_NBLOBS];
    ngx_uint_t                            state;
    time_t                                since;
    time_t                                checked;
    time_t                                listed;
    time_t                                loaded_at;
    size_t                                vendor_len;
    size_t                                server_len;
    u_char                                data[1];  /* vendor, server */
};


typedef struct ngx_http_model_want_s  ngx_http_model_want_t;

/* is never freed: found without the mutex */

struct ngx_http_model_want_s {
    ngx_http_model_want_t                *next;
    ngx_atomic_t                          raised[
                                            NGX_HTTP_MODEL_CATALOGUE_NMARKS];
    size_t                                len;
    u_char                                data[1];
};


typedef struct {
    ngx_atomic_t                          generation;
    ngx_atomic_t                          raised[   /* of any vendor */
                                            NGX_HTTP_MODEL_CATALOGUE_NMARKS];
    ngx_http_model_node_t                *servers;
    ngx_http_model_want_t                *wants;
    void                                 *slots[NGX_HTTP_MODEL_NSLOTS];
} ngx_http_model_catalogue_sh_t;


struct ngx_http_model_catalogue_s {
    ngx_http_model_catalogue_sh_t        *sh;
    ngx_slab_pool_t                      *shpool;
    unsigned                              full:1;   /* was logged */
};


static ngx_int_t ngx_http_model_catalogue_init_zone(ngx_shm_zone_t *shm_zone,
    void *data);
static ngx_http_model_node_t **ngx_http_model_catalogue_lookup(
    ngx_http_model_catalogue_t *cat, ngx_str_t *vendor, ngx_str_t *server);
static ngx_http_model_node_t *ngx_http_model_catalogue_create(
    ngx_http_model_catalogue_t *cat, ngx_http_model_catalogue_server_t *server);
static void ngx_http_model_catalogue_free_node(ngx_http_model_catalogue_t *cat,
    ngx_http_model_node_t *node);
static ngx_int_t ngx_http_model_catalogue_store(
    ngx_http_model_catalogue_t *cat, ngx_http_model_catalogue_server_t *server);
static ngx_int_t ngx_http_model_catalogue_place(
    ngx_http_model_catalogue_t *cat, ngx_http_model_node_t *node,
    ngx_http_model_catalogue_server_t *server);
static ngx_uint_t ngx_http_model_catalogue_differs(ngx_http_model_blob_t *blob,
    ngx_str_t *text);
static ngx_http_model_blob_t *ngx_http_model_catalogue_blob(
    ngx_http_model_catalogue_t *cat, ngx_str_t *text);
static void ngx_http_model_catalogue_free_blob(ngx_http_model_catalogue_t *cat,
    ngx_http_model_blob_t *blob);
static ngx_uint_t ngx_http_model_catalogue_place_state(
    ngx_http_model_node_t *node, ngx_http_model_catalogue_server_t *server);
static ngx_int_t ngx_http_model_catalogue_copy(ngx_pool_t *pool,
    ngx_http_model_node_t *node, ngx_http_model_catalogue_server_t *server);
static ngx_int_t ngx_http_model_catalogue_copy_text(ngx_pool_t *pool,
    ngx_str_t *dst, u_char *data, size_t len);
static void ngx_http_model_catalogue_key(ngx_http_model_node_t *node,
    ngx_str_t *vendor, ngx_str_t *server);
static void ngx_http_model_catalogue_raise(ngx_http_model_catalogue_t *cat,
    ngx_str_t *vendor, ngx_uint_t mark);
static ngx_uint_t ngx_http_model_catalogue_take(
    ngx_http_model_catalogue_t *cat, ngx_str_t *vendor, ngx_uint_t mark);
static ngx_http_model_want_t *ngx_http_model_catalogue_want_lookup(
    ngx_http_model_catalogue_t *cat, ngx_str_t *vendor);
static ngx_http_model_want_t *ngx_http_model_catalogue_want_create(
    ngx_http_model_catalogue_t *cat, ngx_str_t *vendor);


ngx_http_model_catalogue_t *
ngx_http_model_catalogue_add(ngx_conf_t *cf, ngx_str_t *name, size_t size,
    void *tag)
{
    ngx_shm_zone_t              *shm_zone;
    ngx_http_model_catalogue_t  *cat;

    if (size && size < (size_t) (8 * ngx_pagesize)) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "model zone \"%V\" is too small", name);
        return NULL;
    }

    shm_zone = ngx_shared_memory_add(cf, name, size, tag);
    if (shm_zone == NULL) {
        return NULL;
    }

    if (shm_zone->data) {
        return shm_zone->data;
    }

    cat = ngx_pcalloc(cf->pool, sizeof(ngx_http_model_catalogue_t));
    if (cat == NULL) {
        return NULL;
    }

    shm_zone->init = ngx_http_model_catalogue_init_zone;
    shm_zone->data = cat;

    return cat;
}


static ngx_int_t
ngx_http_model_catalogue_init_zone(ngx_shm_zone_t *shm_zone, void *data)
{
    ngx_http_model_catalogue_t *ocat = data;

    size_t                          len;
    ngx_slab_pool_t                *shpool;
    ngx_http_model_catalogue_t     *cat;
    ngx_http_model_catalogue_sh_t  *sh;

    cat = shm_zone->data;

    if (ocat) {
        cat->sh = ocat->sh;
        cat->shpool = ocat->shpool;

        return NGX_OK;
    }

    shpool = (ngx_slab_pool_t *) shm_zone->shm.addr;

    if (shm_zone->shm.exists) {
        cat->sh = shpool->data;
        cat->shpool = shpool;

        return NGX_OK;
    }

    sh = ngx_slab_calloc(shpool, sizeof(ngx_http_model_catalogue_sh_t));
    if (sh == NULL) {
        return NGX_ERROR;
    }

    sh->generation = 1;

    len = sizeof(" in model zone \"\"") + shm_zone->shm.name.len;

    shpool->log_ctx = ngx_slab_alloc(shpool, len);
    if (shpool->log_ctx == NULL) {
        return NGX_ERROR;
    }

    (void) ngx_sprintf(shpool->log_ctx, " in model zone \"%V\"%Z",
                       &shm_zone->shm.name);

    shpool->log_nomem = 0;
    shpool->data = sh;

    cat->sh = sh;
    cat->shpool = shpool;

    return NGX_OK;
}


ngx_uint_t
ngx_http_model_catalogue_generation(ngx_http_model_catalogue_t *cat)
{
    return (cat->sh != NULL) ? cat->sh->generation : 0;
}


ngx_int_t
ngx_http_model_catalogue_update(ngx_http_model_catalogue_t *cat,
    ngx_http_model_catalogue_server_t *server, ngx_log_t *log)
{
    ngx_int_t  rc;

    if (cat->sh == NULL) {
        return NGX_ERROR;
    }

    ngx_shmtx_lock(&cat->shpool->mutex);

    rc = ngx_http_model_catalogue_store(cat, server);

    ngx_shmtx_unlock(&cat->shpool->mutex);

    if (rc == NGX_ERROR) {
        ngx_http_model_catalogue_full(cat, &server->vendor, &server->server,
                                      log);
    }

    return rc;
}


void
ngx_http_model_catalogue_full(ngx_http_model_catalogue_t *cat,
    ngx_str_t *vendor, ngx_str_t *server, ngx_log_t *log)
{
    if (cat->full) {
        return;
    }

    cat->full = 1;

    ngx_log_error(NGX_LOG_ALERT, log, 0,
                  "could not allocate node%s for server \"%V\" of vendor "
                  "\"%V\", what is known of it stays as it was",
                  cat->shpool->log_ctx, server, vendor);
}


/* under the mutex, as all that follows up to the reader */

static ngx_int_t
ngx_http_model_catalogue_store(ngx_http_model_catalogue_t *cat,
    ngx_http_model_catalogue_server_t *server)
{
    ngx_http_model_node_t  *node, *created, **last;

    created = NULL;

    last = ngx_http_model_catalogue_lookup(cat, &server->vendor,
                                           &server->server);
    node = *last;

    if (node == NULL) {
        node = ngx_http_model_catalogue_create(cat, server);
        if (node == NULL) {
            return NGX_ERROR;
        }

        created = node;
    }

    switch (ngx_http_model_catalogue_place(cat, node, server)) {

    case NGX_OK:
        break;

    case NGX_DECLINED:

        if (created == NULL) {
            return NGX_DECLINED;
        }

        break;

    default: /* NGX_ERROR */

        if (created != NULL) {
            ngx_http_model_catalogue_free_node(cat, created);
        }

        return NGX_ERROR;
    }

    if (created != NULL) {
        ngx_memory_barrier();
        *last = created;
    }

    (void) ngx_atomic_fetch_add(&cat->sh->generation, 1);

    return NGX_OK;
}


/* the link to the node, or the one at the end of the list */

static ngx_http_model_node_t **
ngx_http_model_catalogue_lookup(ngx_http_model_catalogue_t *cat,
    ngx_str_t *vendor, ngx_str_t *server)
{
    ngx_str_t                nvendor, nserver;
    ngx_http_model_node_t  **link;

    for (link = &cat->sh->servers; *link != NULL; link = &(*link)->next) {

        ngx_http_model_catalogue_key(*link, &nvendor, &nserver);

        if (nvendor.len == vendor->len
            && nserver.len == server->len
            && ngx_memcmp(nvendor.data, vendor->data, vendor->len) == 0
            && ngx_memcmp(nserver.data, server->data, server->len) == 0)
        {
            break;
        }
    }

    return link;
}


static void
ngx_http_model_catalogue_key(ngx_http_model_node_t *node, ngx_str_t *vendor,
    ngx_str_t *server)
{
    vendor->len = node->vendor_len;
    vendor->data = node->data;

    server->len = node->server_len;
    server->data = node->data + node->vendor_len;
}


static ngx_http_model_node_t *
ngx_http_model_catalogue_create(ngx_http_model_catalogue_t *cat,
    ngx_http_model_catalogue_server_t *server)
{
    u_char                 *p;
    size_t                  size;
    ngx_http_model_node_t  *node;

    size = offsetof(ngx_http_model_node_t, data)
           + server->vendor.len + server->server.len;

    node = ngx_slab_calloc_locked(cat->shpool, size);
    if (node == NULL) {
        return NULL;
    }

    node->vendor_len = server->vendor.len;
    node->server_len = server->server.len;

    p = ngx_cpymem(node->data, server->vendor.data, server->vendor.len);
    ngx_memcpy(p, server->server.data, server->server.len);

    node->since = ngx_time();

    return node;
}


static void
ngx_http_model_catalogue_free_node(ngx_http_model_catalogue_t *cat,
    ngx_http_model_node_t *node)
{
    ngx_uint_t  i;

    for (i = 0; i < NGX_HTTP_MODEL_CATALOGUE_NBLOBS; i++) {
        ngx_http_model_catalogue_free_blob(cat, node->blobs[i]);
    }

    ngx_slab_free_locked(cat->shpool, node);
}


static ngx_int_t
ngx_http_model_catalogue_place(ngx_http_model_catalogue_t *cat,
    ngx_http_model_node_t *node, ngx_http_model_catalogue_server_t *server)
{
    ngx_str_t              *texts[NGX_HTTP_MODEL_CATALOGUE_NBLOBS], none;
    ngx_uint_t              i, changed;
    ngx_http_model_blob_t  *blobs[NGX_HTTP_MODEL_CATALOGUE_NBLOBS], *old;

    ngx_str_set(&none, "");

    /* a reason belongs to the state */

    texts[NGX_HTTP_MODEL_CATALOGUE_REASON] = server->reason.data
                               || server->state == NGX_HTTP_MODEL_SERVER_UNKNOWN
                               ? &server->reason : &none;
    texts[NGX_HTTP_MODEL_CATALOGUE_VERSION] = &server->version;
    texts[NGX_HTTP_MODEL_CATALOGUE_LIST] = &server->list;
    texts[NGX_HTTP_MODEL_CATALOGUE_LOADED] = &server->loaded;

    changed = 0;

    for (i = 0; i < NGX_HTTP_MODEL_CATALOGUE_NBLOBS; i++) {

        blobs[i] = node->blobs[i];

        if (texts[i]->data == NULL
            || !ngx_http_model_catalogue_differs(node->blobs[i], texts[i]))
        {
            continue;
        }

        changed = 1;
        blobs[i] = NULL;

        if (texts[i]->len == 0) {
            continue;
        }

        blobs[i] = ngx_http_model_catalogue_blob(cat, texts[i]);

        if (blobs[i] == NULL) {
            goto failed;
        }
    }

    ngx_memory_barrier();

    for (i = 0; i < NGX_HTTP_MODEL_CATALOGUE_NBLOBS; i++) {
        old = node->blobs[i];
        node->blobs[i] = blobs[i];
        blobs[i] = (blobs[i] != old) ? old : NULL;
    }

    changed |= ngx_http_model_catalogue_place_state(node, server);

    ngx_memory_barrier();

    for (i = 0; i < NGX_HTTP_MODEL_CATALOGUE_NBLOBS; i++) {
        ngx_http_model_catalogue_free_blob(cat, blobs[i]);
    }

    return changed ? NGX_OK : NGX_DECLINED;

failed:

    while (i-- > 0) {
        if (blobs[i] != node->blobs[i]) {
            ngx_http_model_catalogue_free_blob(cat, blobs[i]);
        }
    }

    return NGX_ERROR;
}


static ngx_uint_t
ngx_http_model_catalogue_differs(ngx_http_model_blob_t *blob, ngx_str_t *text)
{
    if (blob == NULL) {
        return text->len != 0;
    }

    return blob->len != text->len
           || ngx_memcmp(blob->data, text->data, text->len) != 0;
}


static ngx_http_model_blob_t *
ngx_http_model_catalogue_blob(ngx_http_model_catalogue_t *cat, ngx_str_t *text)
{
    ngx_http_model_blob_t  *blob;

    if (text->len > (size_t) (cat->shpool->end - cat->shpool->start)) {
        return NULL;
    }

    blob = ngx_slab_alloc_locked(cat->shpool,
                                 offsetof(ngx_http_model_blob_t, data)
                                 + text->len);

    if (blob != NULL) {
        blob->len = text->len;
        ngx_memcpy(blob->data, text->data, text->len);
    }

    return blob;
}


static void
ngx_http_model_catalogue_free_blob(ngx_http_model_catalogue_t *cat,
    ngx_http_model_blob_t *blob)
{
    if (blob != NULL) {
        ngx_slab_free_locked(cat->shpool, blob);
    }
}


/* returns 1 when the state changed */

static ngx_uint_t
ngx_http_model_catalogue_place_state(ngx_http_model_node_t *node,
    ngx_http_model_catalogue_server_t *server)
{
    if (server->checked) {
        node->checked = server->checked;
    }

    if (server->listed) {
        node->listed = server->listed;
    }

    if (server->loaded_at) {
        node->loaded_at = server->loaded_at;
    }

    if (server->state == node->state
        || server->state == NGX_HTTP_MODEL_SERVER_UNKNOWN)
    {
        return 0;
    }

    node->since = server->since ? server->since : ngx_time();
    node->state = server->state;

    return 1;
}


ngx_int_t
ngx_http_model_catalogue_times(ngx_http_model_catalogue_t *cat,
    ngx_http_model_catalogue_server_t *server)
{
    ngx_http_model_node_t  *node;

    if (cat->sh == NULL) {
        return NGX_DECLINED;
    }

    ngx_shmtx_lock(&cat->shpool->mutex);

    node = *ngx_http_model_catalogue_lookup(cat, &server->vendor,
                                            &server->server);

    if (node != NULL) {
        server->state = node->state;
        server->since = node->since;
        server->checked = node->checked;
        server->listed = node->listed;
        server->loaded_at = node->loaded_at;
    }

    ngx_shmtx_unlock(&cat->shpool->mutex);

    return (node != NULL) ? NGX_OK : NGX_DECLINED;
}


ngx_array_t *
ngx_http_model_catalogue_read(ngx_http_model_catalogue_t *cat,
    ngx_pool_t *pool, ngx_uint_t *generation)
{
    ngx_array_t                        *servers;
    ngx_http_model_node_t              *node;
    ngx_http_model_catalogue_server_t  *server;

    *generation = 0;

    servers = ngx_array_create(pool, 4,
                               sizeof(ngx_http_model_catalogue_server_t));

    if (servers == NULL || cat->sh == NULL) {
        return servers;
    }

    ngx_shmtx_lock(&cat->shpool->mutex);

    *generation = cat->sh->generation;

    for (node = cat->sh->servers; node != NULL; node = node->next) {

        server = ngx_array_push(servers);

        if (server == NULL
            || ngx_http_model_catalogue_copy(pool, node, server) != NGX_OK)
        {
            servers = NULL;
            break;
        }
    }

    ngx_shmtx_unlock(&cat->shpool->mutex);

    return servers;
}


static ngx_int_t
ngx_http_model_catalogue_copy(ngx_pool_t *pool, ngx_http_model_node_t *node,
    ngx_http_model_catalogue_server_t *server)
{
    ngx_str_t               vendor, name, *texts[
                                            NGX_HTTP_MODEL_CATALOGUE_NBLOBS];
    ngx_uint_t              i;
    ngx_http_model_blob_t  *blob;

    ngx_memzero(server, sizeof(ngx_http_model_catalogue_server_t));

    server->state = node->state;
    server->since = node->since;
    server->checked = node->checked;
    server->listed = node->listed;
    server->loaded_at = node->loaded_at;

    ngx_http_model_catalogue_key(node, &vendor, &name);

    if (ngx_http_model_catalogue_copy_text(pool, &server->vendor, vendor.data,
                                           vendor.len)
        != NGX_OK
        || ngx_http_model_catalogue_copy_text(pool, &server->server, name.data,
                                              name.len)
           != NGX_OK)
    {
        return NGX_ERROR;
    }

    texts[NGX_HTTP_MODEL_CATALOGUE_REASON] = &server->reason;
    texts[NGX_HTTP_MODEL_CATALOGUE_VERSION] = &server->version;
    texts[NGX_HTTP_MODEL_CATALOGUE_LIST] = &server->list;
    texts[NGX_HTTP_MODEL_CATALOGUE_LOADED] = &server->loaded;

    for (i = 0; i < NGX_HTTP_MODEL_CATALOGUE_NBLOBS; i++) {

        blob = node->blobs[i];

        if (blob != NULL
            && ngx_http_model_catalogue_copy_text(pool, texts[i], blob->data,
                                                  blob->len)
               != NGX_OK)
        {
            return NGX_ERROR;
        }
    }

    return NGX_OK;
}


static ngx_int_t
ngx_http_model_catalogue_copy_text(ngx_pool_t *pool, ngx_str_t *dst,
    u_char *data, size_t len)
{
    dst->data = ngx_pnalloc(pool, len);
    if (dst->data == NULL) {
        return NGX_ERROR;
    }

    ngx_memcpy(dst->data, data, len);
    dst->len = len;

    return NGX_OK;
}


void
ngx_http_model_catalogue_prune(ngx_http_model_catalogue_t *cat,
    ngx_uint_t (*keep)(ngx_str_t *vendor, ngx_str_t *server, void *data),
    void *data)
{
    ngx_str_t                vendor, server;
    ngx_uint_t               pruned;
    ngx_http_model_node_t   *node, **link;

    if (cat->sh == NULL) {
        return;
    }

    pruned = 0;

    ngx_shmtx_lock(&cat->shpool->mutex);

    link = &cat->sh->servers;

    while (*link != NULL) {
        node = *link;

        ngx_http_model_catalogue_key(node, &vendor, &server);

        if (keep(&vendor, &server, data)) {
            link = &node->next;
            continue;
        }

        *link = node->next;
        ngx_memory_barrier();

        ngx_http_model_catalogue_free_node(cat, node);
        pruned = 1;
    }

    if (pruned) {
        (void) ngx_atomic_fetch_add(&cat->sh->generation, 1);
    }

    ngx_shmtx_unlock(&cat->shpool->mutex);
}


void
ngx_http_model_catalogue_want(ngx_http_model_catalogue_t *cat,
    ngx_str_t *vendor)
{
    ngx_http_model_catalogue_raise(cat, vendor,
                                   NGX_HTTP_MODEL_CATALOGUE_FACTS);
}


ngx_uint_t
ngx_http_model_catalogue_wanted(ngx_http_model_catalogue_t *cat,
    ngx_str_t *vendor)
{
    return ngx_http_model_catalogue_take(cat, vendor,
                                         NGX_HTTP_MODEL_CATALOGUE_FACTS);
}


void
ngx_http_model_catalogue_want_loaded(ngx_http_model_catalogue_t *cat,
    ngx_str_t *vendor)
{
    ngx_http_model_catalogue_raise(cat, vendor, NGX_HTTP_MODEL_CATALOGUE_PS);
}


ngx_uint_t
ngx_http_model_catalogue_wanted_loaded(ngx_http_model_catalogue_t *cat,
    ngx_str_t *vendor)
{
    return ngx_http_model_catalogue_take(cat, vendor,
                                         NGX_HTTP_MODEL_CATALOGUE_PS);
}


static void
ngx_http_model_catalogue_raise(ngx_http_model_catalogue_t *cat,
    ngx_str_t *vendor, ngx_uint_t mark)
{
    ngx_http_model_want_t  *want;

    if (cat->sh == NULL) {
        return;
    }

    /* who takes a mark that stands now asks the servers after that */

    ngx_memory_barrier();

    want = ngx_http_model_catalogue_want_lookup(cat, vendor);

    if (want != NULL && want->raised[mark] && cat->sh->raised[mark]) {
        return;
    }

    ngx_shmtx_lock(&cat->shpool->mutex);

    want = ngx_http_model_catalogue_want_lookup(cat, vendor);

    if (want == NULL) {
        want = ngx_http_model_catalogue_want_create(cat, vendor);
    }

    if (want != NULL) {
        want->raised[mark] = 1;
        cat->sh->raised[mark] = 1;
    }

    ngx_shmtx_unlock(&cat->shpool->mutex);
}


static ngx_uint_t
ngx_http_model_catalogue_take(ngx_http_model_catalogue_t *cat,
    ngx_str_t *vendor, ngx_uint_t mark)
{
    ngx_uint_t              raised;
    ngx_http_model_want_t  *want;

    /* vendors are polled often: no lock while no mark stands */

    if (cat->sh == NULL || cat->sh->raised[mark] == 0) {
        return 0;
    }

    raised = 0;

    ngx_shmtx_lock(&cat->shpool->mutex);

    want = ngx_http_model_catalogue_want_lookup(cat, vendor);

    if (want != NULL) {
        raised = want->raised[mark];
        want->raised[mark] = 0;
    }

    for (want = cat->sh->wants; want != NULL; want = want->next) {
        if (want->raised[mark]) {
            break;
        }
    }

    cat->sh->raised[mark] = (want != NULL);

    ngx_shmtx_unlock(&cat->shpool->mutex);

    return raised;
}


static ngx_http_model_want_t *
ngx_http_model_catalogue_want_lookup(ngx_http_model_catalogue_t *cat,
    ngx_str_t *vendor)
{
    ngx_http_model_want_t  *want;

    for (want = cat->sh->wants; want != NULL; want = want->next) {

        if (want->len == vendor->len
            && ngx_memcmp(want->data, vendor->data, vendor->len) == 0)
        {
            return want;
        }
    }

    return NULL;
}


static ngx_http_model_want_t *
ngx_http_model_catalogue_want_create(ngx_http_model_catalogue_t *cat,
    ngx_str_t *vendor)
{
    ngx_http_model_want_t  *want;

    want = ngx_slab_calloc_locked(cat->shpool,
                                  offsetof(ngx_http_model_want_t, data)
                                  + vendor->len);
    if (want == NULL) {
        return NULL;
    }

    want->len = vendor->len;
    ngx_memcpy(want->data, vendor->data, vendor->len);

    want->next = cat->sh->wants;
    ngx_memory_barrier();
    cat->sh->wants = want;

    return want;
}


ngx_slab_pool_t *
ngx_http_model_catalogue_pool(ngx_http_model_catalogue_t *cat)
{
    return (cat->sh != NULL) ? cat->shpool : NULL;
}


void **
ngx_http_model_catalogue_slot(ngx_http_model_catalogue_t *cat, ngx_uint_t i)
{
    return (cat->sh != NULL) ? &cat->sh->slots[i] : NULL;
}
