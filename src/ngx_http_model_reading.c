
/*
 * Copyright (C) the ngx_http_model_module authors
 */


#include <ngx_config.h>
#include <ngx_core.h>

#include "ngx_http_model_reading.h"


/* most entries of /api/ps */

#define NGX_HTTP_MODEL_READING_LOADED      1000


typedef struct {
    ngx_str_node_t                   sn;
    void                            *data;
} ngx_http_model_reading_node_t;


static ngx_http_model_json_t *ngx_http_model_reading_parse(ngx_pool_t *pool,
    ngx_str_t *body, const char **reason);
static ngx_int_t ngx_http_model_reading_add(ngx_http_model_reading_t *reading,
    ngx_http_model_json_t *entry, const char *key);
static ngx_uint_t ngx_http_model_reading_name(ngx_http_model_json_t *entry,
    const char *key, ngx_str_t *name);
static void ngx_http_model_reading_unlink(ngx_http_model_json_t *entry,
    const char *key);
static void *ngx_http_model_reading_lookup(ngx_rbtree_t *tree, ngx_str_t *key);
static ngx_int_t ngx_http_model_reading_insert(ngx_pool_t *pool,
    ngx_rbtree_t *tree, ngx_str_t *key, void *data);
static ngx_int_t ngx_http_model_reading_index(ngx_pool_t *pool,
    ngx_http_model_json_t *list, ngx_rbtree_t *names, ngx_rbtree_t *digests);
static void ngx_http_model_reading_keep(ngx_http_model_reading_model_t *model,
    ngx_http_model_json_t *old, ngx_rbtree_t *digests);
static ngx_uint_t ngx_http_model_reading_equal(ngx_http_model_json_t *a,
    ngx_http_model_json_t *b, const char *except);
static ngx_uint_t ngx_http_model_reading_same(ngx_str_t *a, ngx_str_t *b);
ngx_http_model_reading_t *
ngx_http_model_reading_create(ngx_pool_t *pool)
{
    ngx_http_model_reading_t  *reading;

    reading = ngx_pcalloc(pool, sizeof(ngx_http_model_reading_t));
    if (reading == NULL) {
        return NULL;
    }

    reading->pool = pool;

    if (ngx_array_init(&reading->models, pool, 16,
                       sizeof(ngx_http_model_reading_model_t *))
        != NGX_OK)
    {
        return NULL;
    }

    ngx_rbtree_init(&reading->names, &reading->names_sentinel,
                    ngx_str_rbtree_insert_value);
    ngx_rbtree_init(&reading->digests, &reading->digests_sentinel,
                    ngx_str_rbtree_insert_value);

    return reading;
}


ngx_int_t
ngx_http_model_reading_tags(ngx_http_model_reading_t *reading, ngx_str_t *body,
    const char **reason)
{
    ngx_http_model_json_t  *root, *models, *entry;

    root = ngx_http_model_reading_parse(reading->pool, body, reason);
    if (root == NULL) {
        return NGX_ERROR;
    }

    models = ngx_http_model_json_get(root, "models");

    if (models == NULL
        || (models->type != NGX_HTTP_MODEL_JSON_ARRAY
            && models->type != NGX_HTTP_MODEL_JSON_NULL))
    {
        *reason = "answer has no list of models";
        return NGX_ERROR;
    }

    for (entry = models->child; entry; entry = entry->next) {

        if (ngx_http_model_reading_add(reading, entry, "name") == NGX_ERROR) {
            *reason = "not enough memory";
            return NGX_ERROR;
        }
    }

    return NGX_OK;
}


ngx_int_t
ngx_http_model_reading_models(ngx_http_model_reading_t *reading,
    ngx_str_t *body, const char **reason)
{
    ngx_uint_t              n;
    ngx_http_model_json_t  *root, *data, *entry, *more;

    reading->more = 0;

    root = ngx_http_model_reading_parse(reading->pool, body, reason);
    if (root == NULL) {
        return NGX_ERROR;
    }

    data = root;

    if (root->type != NGX_HTTP_MODEL_JSON_ARRAY) {
        data = ngx_http_model_json_get(root, "data");
    }

    if (data == NULL
        || (data->type != NGX_HTTP_MODEL_JSON_ARRAY
            && data->type != NGX_HTTP_MODEL_JSON_NULL))
    {
        *reason = "answer has no list of models";
        return NGX_ERROR;
    }

    n = reading->models.nelts;

    for (entry = data->child; entry; entry = entry->next) {

        /* vLLM: a path on the server's disk, and an id that always changes */

        ngx_http_model_reading_unlink(entry, "root");
        ngx_http_model_reading_unlink(entry, "permission");

        if (ngx_http_model_reading_add(reading, entry, "id") == NGX_ERROR) {
            *reason = "not enough memory";
            return NGX_ERROR;
        }
    }

    more = ngx_http_model_json_get(root, "has_more");

    /* a page without anything new is the end, whatever the server says */

    if (more && more->type == NGX_HTTP_MODEL_JSON_BOOL && more->value.len
        && reading->models.nelts > n && !reading->cut
        && ngx_http_model_json_get_str(root, "last_id", &reading->last_id)
           == NGX_OK
        && reading->last_id.len
        && reading->last_id.len <= NGX_HTTP_MODEL_NAME_LEN)
    {
        reading->more = 1;
    }

    return NGX_OK;
}


static ngx_http_model_json_t *
ngx_http_model_reading_parse(ngx_pool_t *pool, ngx_str_t *body,
    const char **reason)
{
    size_t                  i;
    ngx_str_t               err;
    ngx_uint_t              n;
    ngx_http_model_json_t  *root;

    /* each value costs far more memory than its bytes */

    n = 0;

    for (i = 0; i < body->len; i++) {
        n += (body->data[i] == ',');
    }

    if (n > NGX_HTTP_MODEL_READING_VALUES) {
        *reason = "answer holds too many values";
        return NULL;
    }

    root = ngx_http_model_json_parse(pool, body->data, body->len, &err);

    if (root == NULL) {
        *reason = "answer is not JSON";
    }

    return root;
}


/* NGX_DECLINED when the entry is skipped */

static ngx_int_t
ngx_http_model_reading_add(ngx_http_model_reading_t *reading,
    ngx_http_model_json_t *entry, const char *key)
{
    ngx_str_t                         name;
    ngx_http_model_reading_model_t   *model, **modelp;

    if (!ngx_http_model_reading_name(entry, key, &name)
        && !ngx_http_model_reading_name(entry, "model", &name))
    {
        return NGX_DECLINED;
    }

    if (ngx_http_model_reading_lookup(&reading->names, &name) != NULL) {
        return NGX_DECLINED;
    }

    if (reading->models.nelts >= NGX_HTTP_MODEL_READING_MODELS) {
        reading->cut = 1;
        return NGX_DECLINED;
    }

    model = ngx_pcalloc(reading->pool, sizeof(ngx_http_model_reading_model_t));
    if (model == NULL) {
        return NGX_ERROR;
    }

    model->name = name;
    model->entry = entry;

    modelp = ngx_array_push(&reading->models);
    if (modelp == NULL) {
        return NGX_ERROR;
    }

    *modelp = model;

    (void) ngx_http_model_json_get_str(entry, "digest", &model->digest);

    if (model->digest.len) {
        model->twin = ngx_http_model_reading_lookup(&reading->digests,
                                                    &model->digest);
        if (model->twin == NULL
            && ngx_http_model_reading_insert(reading->pool, &reading->digests,
                                             &model->digest, model)
               != NGX_OK)
        {
            return NGX_ERROR;
        }
    }

    return ngx_http_model_reading_insert(reading->pool, &reading->names, &name,
                                         model);
}


/* 1 when the entry has a name that can be listed and routed */

static ngx_uint_t
ngx_http_model_reading_name(ngx_http_model_json_t *entry, const char *key,
    ngx_str_t *name)
{
    size_t  i;

    if (entry->type != NGX_HTTP_MODEL_JSON_OBJECT
        || ngx_http_model_json_get_str(entry, key, name) != NGX_OK
        || name->len == 0
        || name->len > NGX_HTTP_MODEL_NAME_LEN)
    {
        return 0;
    }

    for (i = 0; i < name->len; i++) {
        if (name->data[i] < 0x20 || name->data[i] == 0x7f) {
            return 0;
        }
    }

    return 1;
}


static void
ngx_http_model_reading_unlink(ngx_http_model_json_t *entry, const char *key)
{
    size_t                   len;
    ngx_http_model_json_t  **link;

    if (entry->type != NGX_HTTP_MODEL_JSON_OBJECT) {
        return;
    }

    len = ngx_strlen(key);

    for (link = &entry->child; *link; /* void */ ) {

        if ((*link)->key.len == len
            && ngx_strncmp((*link)->key.data, key, len) == 0)
        {
            *link = (*link)->next;
            continue;
        }

        link = &(*link)->next;
    }
}


static void *
ngx_http_model_reading_lookup(ngx_rbtree_t *tree, ngx_str_t *key)
{
    uint32_t                        hash;
    ngx_http_model_reading_node_t  *node;

    hash = ngx_crc32_long(key->data, key->len);

    node = (ngx_http_model_reading_node_t *)
               ngx_str_rbtree_lookup(tree, key, hash);

    return node ? node->data : NULL;
}


static ngx_int_t
ngx_http_model_reading_insert(ngx_pool_t *pool, ngx_rbtree_t *tree,
    ngx_str_t *key, void *data)
{
    ngx_http_model_reading_node_t  *node;

    node = ngx_palloc(pool, sizeof(ngx_http_model_reading_node_t));
    if (node == NULL) {
        return NGX_ERROR;
    }

    node->sn.node.key = ngx_crc32_long(key->data, key->len);
    node->sn.str = *key;
    node->data = data;

    ngx_rbtree_insert(tree, &node->sn.node);

    return NGX_OK;
}


ngx_int_t
ngx_http_model_reading_recall(ngx_http_model_reading_t *reading,
    ngx_http_model_json_t *list)
{
    ngx_uint_t                        i;
    ngx_rbtree_t                      names, digests;
    ngx_rbtree_node_t                 names_sentinel, digests_sentinel;
    ngx_http_model_json_t            *old;
    ngx_http_model_reading_model_t  **models;

    if (list == NULL) {
        return NGX_OK;
    }

    ngx_rbtree_init(&names, &names_sentinel, ngx_str_rbtree_insert_value);
    ngx_rbtree_init(&digests, &digests_sentinel, ngx_str_rbtree_insert_value);

    if (ngx_http_model_reading_index(reading->pool, list, &names, &digests)
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    models = reading->models.elts;

    for (i = 0; i < reading->models.nelts; i++) {
        old = ngx_http_model_reading_lookup(&names, &models[i]->name);
        ngx_http_model_reading_keep(models[i], old, &digests);
    }

    return NGX_OK;
}


static ngx_int_t
ngx_http_model_reading_index(ngx_pool_t *pool, ngx_http_model_json_t *list,
    ngx_rbtree_t *names, ngx_rbtree_t *digests)
{
    ngx_str_t               name, digest;
    ngx_http_model_json_t  *models, *model, *entry;

    models = ngx_http_model_json_get(list, "models");

    if (models == NULL || models->type != NGX_HTTP_MODEL_JSON_ARRAY) {
        return NGX_OK;
    }

    for (model = models->child; model; model = model->next) {

        entry = ngx_http_model_json_get(model, "entry");

        if (entry == NULL
            || ngx_http_model_json_get_str(model, "name", &name) != NGX_OK)
        {
            continue;
        }

        if (ngx_http_model_reading_insert(pool, names, &name, model)
            != NGX_OK)
        {
            return NGX_ERROR;
        }

        (void) ngx_http_model_json_get_str(entry, "digest", &digest);

        if (digest.len == 0
            || ngx_http_model_json_get(model, "show") == NULL
            || ngx_http_model_reading_lookup(digests, &digest) != NULL)
        {
            continue;
        }

        if (ngx_http_model_reading_insert(pool, digests, &digest, model)
            != NGX_OK)
        {
            return NGX_ERROR;
        }
    }

    return NGX_OK;
}


static void
ngx_http_model_reading_keep(ngx_http_model_reading_model_t *model,
    ngx_http_model_json_t *old, ngx_rbtree_t *digests)
{
    ngx_http_model_json_t  *known, *entry, *created, *then;

    known = NULL;

    if (model->digest.len) {
        known = ngx_http_model_reading_lookup(digests, &model->digest);
    }

    if (old) {
        entry = ngx_http_model_json_get(old, "entry");

        created = ngx_http_model_json_get(model->entry, "created");
        then = ngx_http_model_json_get(entry, "created");

        if (created && created->type == NGX_HTTP_MODEL_JSON_NUMBER
            && then && then->type == NGX_HTTP_MODEL_JSON_NUMBER
            && ngx_http_model_reading_equal(model->entry, entry, "created"))
        {
            created->value = then->value;
        }

        if (model->digest.len == 0
            && ngx_http_model_reading_equal(model->entry, entry, NULL))
        {
            known = old;
        }
    }

    if (known) {
        model->recalled = ngx_http_model_json_get(known, "show");
    }
}


/* 1 when the trees are the same, but for the value of one member of the root */

static ngx_uint_t
ngx_http_model_reading_equal(ngx_http_model_json_t *a,
    ngx_http_model_json_t *b, const char *except)
{
    size_t  len;

    if (a->type != b->type
        || !ngx_http_model_reading_same(&a->value, &b->value))
    {
        return 0;
    }

    len = except ? ngx_strlen(except) : 0;

    for (a = a->child, b = b->child; a && b; a = a->next, b = b->next) {

        if (!ngx_http_model_reading_same(&a->key, &b->key)) {
            return 0;
        }

        if (len && a->key.len == len
            && ngx_memcmp(a->key.data, except, len) == 0)
        {
            continue;
        }

        if (!ngx_http_model_reading_equal(a, b, NULL)) {
            return 0;
        }
    }

    return a == NULL && b == NULL;
}


static ngx_uint_t
ngx_http_model_reading_same(ngx_str_t *a, ngx_str_t *b)
{
    return a->len == b->len
           && (a->len == 0 || ngx_memcmp(a->data, b->data, a->len) == 0);
}


ngx_uint_t
ngx_http_model_reading_lacks(ngx_http_model_reading_model_t *model)
{
    return model->twin == NULL && model->recalled == NULL
           && model->show.len == 0;
}


ngx_int_t
ngx_http_model_reading_list(ngx_http_model_reading_t *reading, ngx_str_t *list)
{
    ngx_uint_t                        i;
    ngx_http_model_json_writer_t     *w;
    ngx_http_model_reading_model_t   *from, **models;

    w = ngx_http_model_json_writer(reading->pool);

    ngx_http_model_json_object(w);
    ngx_http_model_json_key(w, "models");
    ngx_http_model_json_array(w);

    models = reading->models.elts;

    for (i = 0; i < reading->models.nelts; i++) {

        ngx_http_model_json_object(w);

        ngx_http_model_json_key(w, "name");
        ngx_http_model_json_str(w, &models[i]->name);

        ngx_http_model_json_key(w, "entry");
        ngx_http_model_json_tree(w, models[i]->entry);

        from = models[i]->twin ? models[i]->twin : models[i];

        if (from->show.len) {
            ngx_http_model_json_key(w, "show");
            ngx_http_model_json_raw(w, &from->show);

        } else if (from->recalled) {
            ngx_http_model_json_key(w, "show");
            ngx_http_model_json_tree(w, from->recalled);
        }

        ngx_http_model_json_object_end(w);
    }

    ngx_http_model_json_array_end(w);
    ngx_http_model_json_object_end(w);

    return ngx_http_model_json_finish(w, list);
}


ngx_int_t
ngx_http_model_reading_loaded(ngx_pool_t *pool, ngx_str_t *body,
    ngx_str_t *loaded)
{
    ngx_str_t                      name;
    ngx_uint_t                     n;
    const char                    *reason;
    ngx_http_model_json_t         *root, *models, *entry;
    ngx_http_model_json_writer_t  *w;

    root = ngx_http_model_reading_parse(pool, body, &reason);
    if (root == NULL) {
        return NGX_ERROR;
    }

    models = ngx_http_model_json_get(root, "models");

    if (models == NULL
        || (models->type != NGX_HTTP_MODEL_JSON_ARRAY
            && models->type != NGX_HTTP_MODEL_JSON_NULL))
    {
        return NGX_ERROR;
    }

    w = ngx_http_model_json_writer(pool);

    ngx_http_model_json_object(w);
    ngx_http_model_json_key(w, "models");
    ngx_http_model_json_array(w);

    n = 0;

    for (entry = models->child; entry; entry = entry->next) {

        if (!ngx_http_model_reading_name(entry, "name", &name)
            && !ngx_http_model_reading_name(entry, "model", &name))
        {
            continue;
        }

        if (n++ == NGX_HTTP_MODEL_READING_LOADED) {
            break;
        }

        ngx_http_model_json_tree(w, entry);
    }

    ngx_http_model_json_array_end(w);
    ngx_http_model_json_object_end(w);

    return ngx_http_model_json_finish(w, loaded);
}


ngx_int_t
ngx_http_model_reading_version(ngx_pool_t *pool, ngx_str_t *body,
    ngx_str_t *version)
{
    u_char                  ch;
    size_t                  i;
    const char             *reason;
    ngx_http_model_json_t  *root;

    root = ngx_http_model_reading_parse(pool, body, &reason);

    if (root == NULL
        || ngx_http_model_json_get_str(root, "version", version) != NGX_OK
        || version->len == 0
        || version->len > 64)
    {
        return NGX_ERROR;
    }

    for (i = 0; i < version->len; i++) {
        ch = version->data[i];

        if ((ch >= '0' && ch <= '9')
            || ((ch | 0x20) >= 'a' && (ch | 0x20) <= 'z')
            || ch == '.' || ch == '-' || ch == '+' || ch == '_')
        {
            continue;
        }

        return NGX_ERROR;
    }

    return NGX_OK;
}


ngx_int_t
ngx_http_model_reading_question(ngx_pool_t *pool, ngx_str_t *name,
    ngx_str_t *body)
{
    ngx_http_model_json_writer_t  *w;

    w = ngx_http_model_json_writer(pool);

    ngx_http_model_json_object(w);
    ngx_http_model_json_key(w, "model");
    ngx_http_model_json_str(w, name);
    ngx_http_model_json_object_end(w);

    return ngx_http_model_json_finish(w, body);
}


void
ngx_http_model_reading_status(ngx_pool_t *pool, ngx_uint_t status,
    ngx_str_t *reason)
{
    u_char      *p;
    const char  *text;

    switch (status) {

    case 401:
        text = ": the key was not accepted";
        break;

    case 403:
        text = ": the key or the host name was not accepted";
        break;

    case 404:
        text = ": not a model server?";
        break;

    case 429:
        text = ": too many requests";
        break;

    case 503:
        text = ": not ready";
        break;

    default:
        text = "";
    }

    ngx_str_set(reason, "not enough memory");

    p = ngx_pnalloc(pool, sizeof("HTTP ") + NGX_INT_T_LEN + ngx_strlen(text));
    if (p == NULL) {
        return;
    }

    reason->data = p;
    reason->len = ngx_sprintf(p, "HTTP %ui%s", status, text) - p;
}
