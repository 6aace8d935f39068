
/*
 * Copyright (C) the ngx_http_model_module authors
 */


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "ngx_http_model_view_build.h"


/* of one server's list */
#define NGX_HTTP_MODEL_VIEW_LIST        10000

/* no natural set of names shares a hash bucket so often */
#define NGX_HTTP_MODEL_VIEW_CHAIN       256

/* bits of views->noted */
#define NGX_HTTP_MODEL_VIEW_CUT         0x0001
#define NGX_HTTP_MODEL_VIEW_UNREADABLE  0x0002


/* of a model, while the view is built */

typedef struct {
    unsigned                        up:1;     /* entry is of one that is up */
} ngx_http_model_mark_t;


typedef struct {
    ngx_http_model_views_t         *views;
    ngx_http_model_view_t          *view;
    ngx_http_model_index_t         *index;
    ngx_pool_t                     *temp;
    ngx_log_t                      *log;
    ngx_http_model_table_t          own;
    ngx_http_model_mark_t          *marks;
    ngx_uint_t                      bound;    /* of models and marks */
} ngx_http_model_build_t;


static ngx_int_t ngx_http_model_view_vendors(ngx_http_model_build_t *b);
static ngx_int_t ngx_http_model_view_servers(ngx_http_model_build_t *b,
    ngx_array_t *facts);
static void ngx_http_model_view_parse(ngx_http_model_build_t *b,
    ngx_http_model_server_t *server);
static ngx_http_model_json_t *ngx_http_model_view_parse_text(
    ngx_http_model_build_t *b, ngx_http_model_server_t *server,
    ngx_str_t *text);
static ngx_int_t ngx_http_model_view_models(ngx_http_model_build_t *b);
static ngx_uint_t ngx_http_model_view_bound(ngx_http_model_build_t *b);
static ngx_int_t ngx_http_model_view_discovered(ngx_http_model_build_t *b,
    ngx_http_model_slot_t *slot, ngx_uint_t i);
static ngx_int_t ngx_http_model_view_take(ngx_http_model_build_t *b,
    ngx_http_model_slot_t *slot, ngx_uint_t i, ngx_http_model_json_t *element);
static ngx_int_t ngx_http_model_view_declared(ngx_http_model_build_t *b,
    ngx_http_model_slot_t *slot);
static ngx_int_t ngx_http_model_view_declared_lookup(
    ngx_http_model_build_t *b, ngx_http_model_vendor_t *vendor,
    ngx_str_t *name);
static ngx_uint_t ngx_http_model_view_tagged(ngx_str_t *name);
static ngx_int_t ngx_http_model_view_lookup(ngx_http_model_build_t *b,
    ngx_http_model_vendor_t *vendor, ngx_str_t *name);
static ngx_int_t ngx_http_model_view_add(ngx_http_model_build_t *b,
    ngx_http_model_slot_t *slot, ngx_str_t *name);
static ngx_int_t ngx_http_model_view_set_listed(ngx_http_model_build_t *b,
    ngx_http_model_model_t *model);
static ngx_uint_t ngx_http_model_view_fit(ngx_str_t *name);
static ngx_int_t ngx_http_model_view_tables(ngx_http_model_build_t *b);
static ngx_int_t ngx_http_model_table_init(ngx_http_model_table_t *table,
    ngx_pool_t *pool, ngx_uint_t n);
static void ngx_http_model_table_add(ngx_http_model_table_t *table,
    uint32_t hash, ngx_uint_t i);


ngx_int_t
ngx_http_model_view_build(ngx_http_model_views_t *views,
    ngx_http_model_view_t *view, ngx_pool_t *temp, ngx_log_t *log)
{
    ngx_array_t             *facts;
    ngx_http_model_build_t   b;

    ngx_memzero(&b, sizeof(ngx_http_model_build_t));

    b.views = views;
    b.view = view;
    b.temp = temp;
    b.log = log;

    b.index = ngx_pcalloc(view->pool, sizeof(ngx_http_model_index_t));
    if (b.index == NULL) {
        return NGX_ERROR;
    }

    view->index = b.index;

    facts = ngx_http_model_catalogue_read(views->catalogue, view->pool,
                                          &view->generation);

    if (facts == NULL
        || ngx_http_model_view_vendors(&b) != NGX_OK
        || ngx_http_model_view_servers(&b, facts) != NGX_OK
        || ngx_http_model_view_models(&b) != NGX_OK
        || ngx_http_model_view_tables(&b) != NGX_OK)
    {
        return NGX_ERROR;
    }

    ngx_http_model_view_mark_loaded(view);

    return NGX_OK;
}


static ngx_int_t
ngx_http_model_view_vendors(ngx_http_model_build_t *b)
{
    ngx_uint_t                 i, n;
    ngx_http_model_index_t    *index;
    ngx_http_model_vendor_t  **vendors;

    index = b->index;
    n = b->views->vendors->nelts;
    vendors = b->views->vendors->elts;

    index->nslots = n;
    index->slots = ngx_pcalloc(b->view->pool,
                               (n + 1) * sizeof(ngx_http_model_slot_t));

    if (index->slots == NULL
        || ngx_http_model_table_init(&index->vendors, b->view->pool, n)
           != NGX_OK)
    {
        return NGX_ERROR;
    }

    for (i = 0; i < n; i++) {
        index->slots[i].vendor = vendors[i];

        ngx_http_model_table_add(&index->vendors,
                                 ngx_crc32_long(vendors[i]->id.data,
                                                vendors[i]->id.len),
                                 i);
    }

    return NGX_OK;
}


ngx_http_model_slot_t *
ngx_http_model_view_slot(ngx_http_model_index_t *index, ngx_str_t *id)
{
    uint32_t                 i;
    ngx_http_model_table_t  *table;

    table = &index->vendors;
    i = table->heads[ngx_crc32_long(id->data, id->len) & table->mask];

    for ( /* void */ ; i; i = table->next[i - 1]) {

        if (ngx_http_model_view_eq(&index->slots[i - 1].vendor->id, id)) {
            return &index->slots[i - 1];
        }
    }

    return NULL;
}


/* the servers of vendors that still exist, grouped by vendor */

static ngx_int_t
ngx_http_model_view_servers(ngx_http_model_build_t *b, ngx_array_t *facts)
{
    uint32_t                            hash;
    ngx_uint_t                          i, n;
    ngx_http_model_slot_t              *slot, *last;
    ngx_http_model_server_t            *servers, *server;
    ngx_http_model_catalogue_server_t  *elts;

    n = 0;
    elts = facts->elts;

    for (i = 0; i < facts->nelts; i++) {

        slot = ngx_http_model_view_slot(b->index, &elts[i].vendor);

        if (slot != NULL) {
            slot->n++;
            n++;
        }
    }

    if (ngx_array_init(&b->view->servers, b->view->pool, n + 1,
                       sizeof(ngx_http_model_server_t))
        != NGX_OK
        || ngx_http_model_table_init(&b->index->servers, b->view->pool, n)
           != NGX_OK)
    {
        return NGX_ERROR;
    }

    servers = b->view->servers.elts;
    b->view->servers.nelts = n;

    last = b->index->slots + b->index->nslots;
    n = 0;

    for (slot = b->index->slots; slot < last; slot++) {
        slot->first = n;
        n += slot->n;
        slot->n = 0;
    }

    for (i = 0; i < facts->nelts; i++) {

        slot = ngx_http_model_view_slot(b->index, &elts[i].vendor);

        if (slot == NULL) {
            continue;
        }

        server = &servers[slot->first + slot->n++];

        server->facts = elts[i];
        server->vendor = slot->vendor;

        ngx_http_model_view_parse(b, server);

        hash = ngx_http_model_view_hash(server->vendor, &server->facts.server);

        ngx_http_model_table_add(&b->index->servers, hash, server - servers);
    }

    return NGX_OK;
}


static void
ngx_http_model_view_parse(ngx_http_model_build_t *b,
    ngx_http_model_server_t *server)
{
    ngx_http_model_json_t  *model;

    server->list = ngx_http_model_view_parse_text(b, server,
                                                  &server->facts.list);
    server->loaded = ngx_http_model_view_parse_text(b, server,
                                                    &server->facts.loaded);
    server->nlisted = 0;

    model = server->list ? ngx_http_model_view_array(server->list) : NULL;

    for ( /* void */ ; model != NULL; model = model->next) {
        server->nlisted++;
    }
}


static ngx_http_model_json_t *
ngx_http_model_view_parse_text(ngx_http_model_build_t *b,
    ngx_http_model_server_t *server, ngx_str_t *text)
{
    ngx_str_t               err;
    ngx_http_model_json_t  *json;

    if (text->len == 0) {
        return NULL;
    }

    json = ngx_http_model_json_parse(b->view->pool, text->data, text->len,
                                     &err);

    if (json == NULL && !(b->views->noted & NGX_HTTP_MODEL_VIEW_UNREADABLE)) {
        b->views->noted |= NGX_HTTP_MODEL_VIEW_UNREADABLE;

        ngx_log_error(NGX_LOG_ERR, b->log, 0,
                      "model list of server \"%V\" of vendor \"%V\" in the "
                      "zone is not readable: %V",
                      &server->facts.server, &server->facts.vendor, &err);
    }

    return json;
}


ngx_http_model_json_t *
ngx_http_model_view_array(ngx_http_model_json_t *json)
{
    ngx_http_model_json_t  *models;

    models = ngx_http_model_json_get(json, "models");

    if (models == NULL || models->type != NGX_HTTP_MODEL_JSON_ARRAY) {
        return NULL;
    }

    return models->child;
}


static ngx_int_t
ngx_http_model_view_models(ngx_http_model_build_t *b)
{
    ngx_uint_t              i;
    ngx_http_model_slot_t  *slot, *last;

    b->bound = ngx_http_model_view_bound(b);

    b->marks = ngx_pcalloc(b->temp,
                           (b->bound + 1) * sizeof(ngx_http_model_mark_t));

    if (b->marks == NULL
        || ngx_http_model_table_init(&b->own, b->temp, b->bound) != NGX_OK
        || ngx_array_init(&b->view->models, b->view->pool, 64,
                          sizeof(ngx_http_model_model_t))
           != NGX_OK)
    {
        return NGX_ERROR;
    }

    last = b->index->slots + b->index->nslots;

    for (slot = b->index->slots; slot < last; slot++) {

        for (i = slot->first; i < slot->first + slot->n; i++) {

            if (ngx_http_model_view_discovered(b, slot, i) != NGX_OK) {
                return NGX_ERROR;
            }
        }

        if (ngx_http_model_view_declared(b, slot) != NGX_OK) {
            return NGX_ERROR;
        }
    }

    return NGX_OK;
}


static ngx_uint_t
ngx_http_model_view_bound(ngx_http_model_build_t *b)
{
    ngx_uint_t                i, n, bound;
    ngx_http_model_json_t    *element;
    ngx_http_model_server_t  *servers;

    bound = 0;
    servers = b->view->servers.elts;

    for (i = 0; i < b->view->servers.nelts; i++) {

        element = ngx_http_model_view_array(servers[i].list);

        for (n = 0; element != NULL && n < NGX_HTTP_MODEL_VIEW_LIST; n++) {
            element = element->next;
        }

        bound += n;
    }

    for (i = 0; i < b->index->nslots; i++) {
        bound += b->index->slots[i].vendor->declared.nelts;
    }

    return bound;
}


static ngx_int_t
ngx_http_model_view_discovered(ngx_http_model_build_t *b,
    ngx_http_model_slot_t *slot, ngx_uint_t i)
{
    ngx_uint_t                n;
    ngx_http_model_json_t    *element;
    ngx_http_model_server_t  *server;

    server = (ngx_http_model_server_t *) b->view->servers.elts + i;
    element = ngx_http_model_view_array(server->list);

    for (n = 0; element != NULL && n < NGX_HTTP_MODEL_VIEW_LIST; n++) {

        if (ngx_http_model_view_take(b, slot, i, element) != NGX_OK) {
            return NGX_ERROR;
        }

        element = element->next;
    }

    if (element != NULL && !(b->views->noted & NGX_HTTP_MODEL_VIEW_CUT)) {
        b->views->noted |= NGX_HTTP_MODEL_VIEW_CUT;

        ngx_log_error(NGX_LOG_WARN, b->log, 0,
                      "server \"%V\" of vendor \"%V\" lists more than %d "
                      "models, only the first are taken",
                      &server->facts.server, &server->facts.vendor,
                      NGX_HTTP_MODEL_VIEW_LIST);
    }

    return NGX_OK;
}


static ngx_int_t
ngx_http_model_view_take(ngx_http_model_build_t *b,
    ngx_http_model_slot_t *slot, ngx_uint_t i, ngx_http_model_json_t *element)
{
    ngx_int_t                 n;
    ngx_str_t                 name;
    ngx_http_model_json_t    *entry, *show;
    ngx_http_model_mark_t    *mark;
    ngx_http_model_model_t   *model;
    ngx_http_model_server_t  *server;

    entry = ngx_http_model_json_get(element, "entry");
    show = ngx_http_model_json_get(element, "show");

    if (ngx_http_model_json_get_str(element, "name", &name) != NGX_OK
        || !ngx_http_model_view_fit(&name)
        || entry == NULL
        || entry->type != NGX_HTTP_MODEL_JSON_OBJECT)
    {
        return NGX_OK;
    }

    if (show != NULL && show->type != NGX_HTTP_MODEL_JSON_OBJECT) {
        show = NULL;
    }

    n = ngx_http_model_view_lookup(b, slot->vendor, &name);

    if (n == NGX_DECLINED) {
        n = ngx_http_model_view_add(b, slot, &name);
    }

    if (n < 0) {
        return (n == NGX_ERROR) ? NGX_ERROR : NGX_OK;
    }

    mark = &b->marks[n];
    model = (ngx_http_model_model_t *) b->view->models.elts + n;
    server = (ngx_http_model_server_t *) b->view->servers.elts + i;

    ngx_http_model_view_add_server(b->view, model, server);

    if (model->entry == NULL
        || (!mark->up && server->facts.state == NGX_HTTP_MODEL_SERVER_UP))
    {
        mark->up = (server->facts.state == NGX_HTTP_MODEL_SERVER_UP);
        model->entry = entry;
        model->show = (show != NULL) ? show : model->show;
    }

    if (model->show == NULL) {
        model->show = show;
    }

    return NGX_OK;
}


static ngx_int_t
ngx_http_model_view_declared(ngx_http_model_build_t *b,
    ngx_http_model_slot_t *slot)
{
    ngx_int_t                   n;
    ngx_uint_t                  i;
    ngx_http_model_model_t     *model;
    ngx_http_model_declared_t  *declared;

    declared = slot->vendor->declared.elts;

    for (i = 0; i < slot->vendor->declared.nelts; i++) {

        if (!ngx_http_model_view_fit(&declared[i].name)) {
            continue;
        }

        n = ngx_http_model_view_declared_lookup(b, slot->vendor,
                                                &declared[i].name);

        if (n == NGX_DECLINED) {
            n = ngx_http_model_view_add(b, slot, &declared[i].name);
        }

        if (n == NGX_ERROR) {
            return NGX_ERROR;
        }

        if (n >= 0) {
            model = (ngx_http_model_model_t *) b->view->models.elts + n;
            model->declared = &declared[i];

            if (model->nservers == 0) {
                ngx_http_model_view_add_declared(b->view, model, slot);
            }
        }
    }

    return NGX_OK;
}


/* Ollama's own names always have a tag, those that people write need not */

static ngx_int_t
ngx_http_model_view_declared_lookup(ngx_http_model_build_t *b,
    ngx_http_model_vendor_t *vendor, ngx_str_t *name)
{
    u_char     *p, buf[NGX_HTTP_MODEL_NAME_LEN + sizeof(":latest") - 1];
    ngx_int_t   n;
    ngx_str_t   latest;

    n = ngx_http_model_view_lookup(b, vendor, name);

    if (n != NGX_DECLINED
        || !(vendor->dialects
             & ngx_http_model_dialect_bit(NGX_HTTP_MODEL_OLLAMA))
        || ngx_http_model_view_tagged(name))
    {
        return n;
    }

    latest.data = buf;

    p = ngx_cpymem(buf, name->data, name->len);
    p = ngx_cpymem(p, ":latest", sizeof(":latest") - 1);

    latest.len = p - buf;

    return ngx_http_model_view_lookup(b, vendor, &latest);
}


static ngx_uint_t
ngx_http_model_view_tagged(ngx_str_t *name)
{
    u_char  *p;

    for (p = name->data + name->len; p > name->data; p--) {

        if (p[-1] == ':') {
            return 1;
        }

        if (p[-1] == '/') {
            break;
        }
    }

    return 0;
}


/* index of the model; NGX_DECLINED: none; NGX_ABORT: not to be added */

static ngx_int_t
ngx_http_model_view_lookup(ngx_http_model_build_t *b,
    ngx_http_model_vendor_t *vendor, ngx_str_t *name)
{
    uint32_t                 i;
    ngx_uint_t               steps;
    ngx_http_model_model_t  *models;

    models = b->view->models.elts;

    steps = 0;
    i = b->own.heads[ngx_http_model_view_hash_own(vendor, name) & b->own.mask];

    for ( /* void */ ; i; i = b->own.next[i - 1]) {

        if (models[i - 1].vendor == vendor
            && ngx_http_model_view_eq(&models[i - 1].name, name))
        {
            return i - 1;
        }

        if (++steps == NGX_HTTP_MODEL_VIEW_CHAIN) {
            return NGX_ABORT;
        }
    }

    return NGX_DECLINED;
}


/* index of the new model; NGX_ABORT: not exposed; NGX_ERROR */

static ngx_int_t
ngx_http_model_view_add(ngx_http_model_build_t *b,
    ngx_http_model_slot_t *slot, ngx_str_t *name)
{
    ngx_uint_t                n, words;
    ngx_http_model_model_t   *model;
    ngx_http_model_vendor_t  *vendor;

    vendor = slot->vendor;
    n = b->view->models.nelts;

    if (n == b->bound || !ngx_http_model_vendor_exposes(vendor, name)) {
        return NGX_ABORT;
    }

    words = ngx_http_model_view_words(slot->n);

    model = ngx_array_push(&b->view->models);
    if (model == NULL) {
        return NGX_ERROR;
    }

    ngx_memzero(model, sizeof(ngx_http_model_model_t));

    model->vendor = vendor;
    model->name = *name;
    model->first = slot->first;
    model->has = ngx_pcalloc(b->view->pool, 2 * words * sizeof(uint64_t));

    if (model->has == NULL) {
        return NGX_ERROR;
    }

    model->loaded = model->has + words;

    if (ngx_http_model_view_set_listed(b, model) != NGX_OK) {
        return NGX_ERROR;
    }

    ngx_http_model_table_add(&b->own,
                             ngx_http_model_view_hash_own(vendor, name), n);

    return n;
}


static ngx_int_t
ngx_http_model_view_set_listed(ngx_http_model_build_t *b,
    ngx_http_model_model_t *model)
{
    u_char     *p;
    ngx_str_t  *id, *separator;

    if (!model->vendor->prefix) {
        model->listed = model->name;
        return NGX_OK;
    }

    id = &model->vendor->id;
    separator = &b->views->separator;

    model->listed.len = id->len + separator->len + model->name.len;
    model->listed.data = ngx_pnalloc(b->view->pool, model->listed.len);
    if (model->listed.data == NULL) {
        return NGX_ERROR;
    }

    p = ngx_cpymem(model->listed.data, id->data, id->len);
    p = ngx_cpymem(p, separator->data, separator->len);
    ngx_memcpy(p, model->name.data, model->name.len);

    return NGX_OK;
}


static ngx_uint_t
ngx_http_model_view_fit(ngx_str_t *name)
{
    size_t  i;

    if (name->len == 0 || name->len > NGX_HTTP_MODEL_NAME_LEN) {
        return 0;
    }

    for (i = 0; i < name->len; i++) {
        if (name->data[i] < 0x20 || name->data[i] == 0x7f) {
            return 0;
        }
    }

    return 1;
}


/* models are final now; filled from the end, chains keep their order */

static ngx_int_t
ngx_http_model_view_tables(ngx_http_model_build_t *b)
{
    ngx_uint_t               i;
    ngx_http_model_index_t  *index;
    ngx_http_model_model_t  *models;

    index = b->index;
    i = b->view->models.nelts;
    models = b->view->models.elts;

    if (ngx_http_model_table_init(&index->listed, b->view->pool, i) != NGX_OK
        || ngx_http_model_table_init(&index->name, b->view->pool, i) != NGX_OK
        || ngx_http_model_table_init(&index->own, b->view->pool, i) != NGX_OK)
    {
        return NGX_ERROR;
    }

    while (i-- > 0) {
        ngx_http_model_table_add(&index->listed,
                                 ngx_http_model_view_hash(NULL,
                                                          &models[i].listed),
                                 i);
        ngx_http_model_table_add(&index->name,
                                 ngx_http_model_view_hash(NULL,
                                                          &models[i].name),
                                 i);
        ngx_http_model_table_add(&index->own,
                                 ngx_http_model_view_hash_own(models[i].vendor,
                                                              &models[i].name),
                                 i);
    }

    return NGX_OK;
}


uint32_t
ngx_http_model_view_hash(ngx_http_model_vendor_t *vendor, ngx_str_t *name)
{
    uint32_t  hash;

    hash = ngx_crc32_long(name->data, name->len);

    /* the low bits of the product spread, those of an address do not */

    return hash ^ (((uint32_t) ((uintptr_t) vendor >> 4) * 0x9e3779b1) >> 7);
}


void
ngx_http_model_view_fold(ngx_str_t *name, u_char *buf, ngx_str_t *folded)
{
    folded->data = buf;
    folded->len = name->len;

    ngx_strlow(buf, name->data, name->len);

    if (!ngx_http_model_view_tagged(name)) {
        ngx_memcpy(buf + name->len, ":latest", sizeof(":latest") - 1);
        folded->len += sizeof(":latest") - 1;
    }
}


uint32_t
ngx_http_model_view_hash_own(ngx_http_model_vendor_t *vendor, ngx_str_t *name)
{
    u_char     buf[NGX_HTTP_MODEL_VIEW_FOLDED];
    ngx_str_t  folded;

    ngx_http_model_view_fold(name, buf, &folded);

    return ngx_http_model_view_hash(vendor, &folded);
}


static ngx_int_t
ngx_http_model_table_init(ngx_http_model_table_t *table, ngx_pool_t *pool,
    ngx_uint_t n)
{
    ngx_uint_t  size;

    for (size = 16; size < n; size *= 2) { /* void */ }

    table->mask = size - 1;
    table->heads = ngx_pcalloc(pool, size * sizeof(uint32_t));
    table->next = ngx_palloc(pool, (n + 1) * sizeof(uint32_t));

    if (table->heads == NULL || table->next == NULL) {
        return NGX_ERROR;
    }

    return NGX_OK;
}


static void
ngx_http_model_table_add(ngx_http_model_table_t *table, uint32_t hash,
    ngx_uint_t i)
{
    uint32_t  *head;

    head = &table->heads[hash & table->mask];

    table->next[i] = *head;
    *head = i + 1;
}
