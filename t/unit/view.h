
/*
 * Copyright (C) the ngx_http_model_module authors
 *
 * A catalogue in a real slab pool, as discovery leaves it, and its views.
 */


#ifndef _VIEW_H_INCLUDED_
#define _VIEW_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include <sys/mman.h>

#include "ngx_http_model_view.h"
#include "tap.h"


#define OLLAMA  ngx_http_model_dialect_bit(NGX_HTTP_MODEL_OLLAMA)
#define OPENAI  ngx_http_model_dialect_bit(NGX_HTTP_MODEL_OPENAI)


static ngx_pool_t              *pool;
static ngx_array_t              vendors;
static ngx_http_model_views_t   views;


static void begin(size_t size);
static void end(void);
static ngx_http_model_vendor_t *vendor(const char *id, ngx_uint_t dialects);
static ngx_http_model_declared_t *declare(ngx_http_model_vendor_t *v,
    const char *name);
static void expose(ngx_http_model_vendor_t *v, const char *pattern);
static void server(const char *id, const char *name, ngx_uint_t state,
    const char *list);
static void text(ngx_str_t *s, const char *value);
static ngx_http_model_model_t *find(ngx_http_model_view_t *view,
    ngx_http_model_vendor_t *v, const char *name);


static void
begin(size_t size)
{
    ngx_str_t         name;
    ngx_conf_t        cf;
    ngx_cycle_t       cycle;
    ngx_shm_zone_t   *zone;
    ngx_slab_pool_t  *sp;

    ngx_str_set(&name, "model");

    pool = ngx_create_pool(4096, &tap_log);

    ngx_memzero(&cycle, sizeof(ngx_cycle_t));
    ngx_memzero(&cf, sizeof(ngx_conf_t));
    ngx_memzero(&views, sizeof(ngx_http_model_views_t));

    cycle.log = &tap_log;
    cf.cycle = &cycle;
    cf.pool = pool;

    (void) ngx_list_init(&cycle.shared_memory, pool, 1,
                         sizeof(ngx_shm_zone_t));
    (void) ngx_array_init(&vendors, pool, 4,
                          sizeof(ngx_http_model_vendor_t *));

    views.catalogue = ngx_http_model_catalogue_add(&cf, &name, size, &cf);
    views.vendors = &vendors;
    ngx_str_set(&views.separator, ":");

    sp = mmap(NULL, size, PROT_READ|PROT_WRITE, MAP_ANON|MAP_SHARED, -1, 0);

    sp->end = (u_char *) sp + size;
    sp->min_shift = 3;
    sp->addr = sp;
    (void) ngx_shmtx_create(&sp->mutex, &sp->lock, NULL);
    ngx_slab_init(sp);

    zone = cycle.shared_memory.part.elts;
    zone->shm.addr = (u_char *) sp;

    if (zone->init(zone, NULL) != NGX_OK) {
        ok(0, "zone");
    }
}


static void
end(void)
{
    ngx_http_model_view_cleanup(&views);
    ngx_http_model_view_cleanup(&views);

    ngx_destroy_pool(pool);
}


static void
text(ngx_str_t *s, const char *value)
{
    s->data = (u_char *) value;
    s->len = ngx_strlen(value);
}


static ngx_http_model_vendor_t *
vendor(const char *id, ngx_uint_t dialects)
{
    ngx_http_model_vendor_t  *v, **p;

    v = ngx_pcalloc(pool, sizeof(ngx_http_model_vendor_t));
    p = ngx_array_push(&vendors);

    *p = v;

    text(&v->id, id);
    v->index = vendors.nelts - 1;
    v->dialects = dialects;
    v->prefix = 1;
    v->discover = 1;

    (void) ngx_array_init(&v->declared, pool, 4,
                          sizeof(ngx_http_model_declared_t));

    return v;
}


static ngx_http_model_declared_t *
declare(ngx_http_model_vendor_t *v, const char *name)
{
    ngx_http_model_declared_t  *d;

    d = ngx_array_push(&v->declared);
    ngx_memzero(d, sizeof(ngx_http_model_declared_t));

    text(&d->name, name);

    return d;
}


static void
expose(ngx_http_model_vendor_t *v, const char *pattern)
{
    if (v->expose == NULL) {
        v->expose = ngx_array_create(pool, 4, sizeof(ngx_str_t));
    }

    text(ngx_array_push(v->expose), pattern);
}


static void
server(const char *id, const char *name, ngx_uint_t state, const char *list)
{
    ngx_http_model_catalogue_server_t  f;

    ngx_memzero(&f, sizeof(ngx_http_model_catalogue_server_t));

    text(&f.vendor, id);
    text(&f.server, name);
    text(&f.list, list);
    f.state = state;

    if (ngx_http_model_catalogue_update(views.catalogue, &f, &tap_log)
        == NGX_ERROR)
    {
        ok(0, "update");
    }
}


static ngx_http_model_model_t *
find(ngx_http_model_view_t *view, ngx_http_model_vendor_t *v,
    const char *name)
{
    ngx_str_t  s;

    text(&s, name);

    return ngx_http_model_view_find(view, v, &s);
}


#endif /* _VIEW_H_INCLUDED_ */
