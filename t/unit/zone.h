
/*
 * Copyright (C) the ngx_http_model_module authors
 *
 * A catalogue on a real slab pool, as nginx would set it up, for the programs
 * that test what is in shared memory.
 */


#ifndef _ZONE_H_INCLUDED_
#define _ZONE_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>

#include <sys/mman.h>

#include "ngx_http_model_catalogue.h"
#include "tap.h"


static ngx_pool_t  *pool;
static ngx_cycle_t  conf_cycle;
static ngx_str_t    zone_name = ngx_string("model");


static void
zone_init(void)
{
    tap_init();

    pool = ngx_create_pool(4096, &tap_log);
    conf_cycle.pool = pool;
    conf_cycle.log = &tap_log;
}


/* old_zone: that of the cycle before a reload, or NULL for a new one */

static ngx_http_model_catalogue_t *
zone(size_t size, ngx_shm_zone_t *old_zone, ngx_shm_zone_t **shm_zone)
{
    ngx_conf_t                   cf;
    ngx_slab_pool_t             *sp;
    ngx_http_model_catalogue_t  *cat;

    ngx_memzero(&cf, sizeof(ngx_conf_t));
    cf.cycle = &conf_cycle;
    cf.pool = pool;
    cf.log = &tap_log;

    if (ngx_list_init(&conf_cycle.shared_memory, pool, 1,
                      sizeof(ngx_shm_zone_t))
        != NGX_OK)
    {
        return NULL;
    }

    cat = ngx_http_model_catalogue_add(&cf, &zone_name, size, &tap_tests);
    if (cat == NULL) {
        return NULL;
    }

    *shm_zone = conf_cycle.shared_memory.part.elts;

    if (old_zone != NULL) {
        (*shm_zone)->shm = old_zone->shm;

        return (*shm_zone)->init(*shm_zone, old_zone->data) == NGX_OK
               ? cat : NULL;
    }

    sp = mmap(NULL, size, PROT_READ|PROT_WRITE, MAP_ANON|MAP_SHARED, -1, 0);
    if (sp == MAP_FAILED) {
        return NULL;
    }

    (*shm_zone)->shm.addr = (u_char *) sp;

    sp->end = (u_char *) sp + size;
    sp->min_shift = 3;
    sp->addr = sp;

    if (ngx_shmtx_create(&sp->mutex, &sp->lock, NULL) != NGX_OK) {
        return NULL;
    }

    ngx_slab_init(sp);

    return (*shm_zone)->init(*shm_zone, NULL) == NGX_OK ? cat : NULL;
}


#endif /* _ZONE_H_INCLUDED_ */
