
/*
 * Copyright (C) the ngx_http_model_module authors
 *
 * Shared memory: what each server of each vendor has, and how it is.  Owns the
 * zone's layout; servers are keyed by (vendor id, server name), never by
 * index.  Only the slab pool's own mutex and atomics are used, and every
 * update is prepared first and then put in place by few pointer writes, so a
 * worker killed inside leaves the zone usable.  Survives a reload.
 */


#ifndef _NGX_HTTP_MODEL_CATALOGUE_H_INCLUDED_
#define _NGX_HTTP_MODEL_CATALOGUE_H_INCLUDED_


#include "ngx_http_model.h"


#define NGX_HTTP_MODEL_SERVER_UNKNOWN  0   /* not asked yet */
#define NGX_HTTP_MODEL_SERVER_UP       1
#define NGX_HTTP_MODEL_SERVER_DOWN     2

/* who else keeps facts in the zone */

#define NGX_HTTP_MODEL_SLOT_HEALTH     0
#define NGX_HTTP_MODEL_SLOT_METRICS    1
#define NGX_HTTP_MODEL_SLOT_TURNS      2
#define NGX_HTTP_MODEL_NSLOTS          3


typedef struct ngx_http_model_catalogue_s  ngx_http_model_catalogue_t;


/* what a writer says, and a reader gets, of one server */

typedef struct {
    ngx_str_t    vendor;     /* vendor id */
    ngx_str_t    server;     /* peer name, or the authority of proxy_pass */
    ngx_uint_t   state;
    ngx_str_t    reason;     /* why it is down: one line, no secrets, or "" */
    time_t       since;      /* of the last state change */
    time_t       checked;    /* last answer or failure, 0: never */
    time_t       listed;     /* when the list was last confirmed, 0: never */
    time_t       loaded_at;  /* when "loaded" was last confirmed, 0: never */
    ngx_str_t    version;    /* as the server reports it, or "" */
    ngx_str_t    list;       /* {"models":[...]}, see discover.h; "" never */
    ngx_str_t    loaded;     /* {"models":[...]} of /api/ps; "" never */
} ngx_http_model_catalogue_server_t;


/*
 * Creates or finds the zone, to be called while the configuration is read.
 * tag is the module.  The returned catalogue lives as long as the cycle.
 */
ngx_http_model_catalogue_t *ngx_http_model_catalogue_add(ngx_conf_t *cf,
    ngx_str_t *name, size_t size, void *tag);

/*
 * Grows by one with each change that a reader can see (list, loaded, state,
 * reason, version; not times alone).  One atomic read; 0 before the zone
 * exists.
 */
ngx_uint_t ngx_http_model_catalogue_generation(ngx_http_model_catalogue_t *cat);

/*
 * Puts one server's facts in place, creating its node at need.  Strings are
 * copied.  list, loaded or version with data == NULL keep what is there; on
 * state DOWN the lists are kept with their age.  Times of 0 keep what is
 * there, since is taken with a change of state only (0: now), and UNKNOWN
 * takes no known state nor its reason away.  NGX_OK; NGX_DECLINED when
 * nothing a reader sees changed; NGX_ERROR when the zone is full (the old
 * facts stay; logged once per zone and generation of workers).
 */
ngx_int_t ngx_http_model_catalogue_update(ngx_http_model_catalogue_t *cat,
    ngx_http_model_catalogue_server_t *server, ngx_log_t *log);

/*
 * Copies all servers, in order of creation, into an array of
 * ngx_http_model_catalogue_server_t in pool.  NULL when memory ran out.
 * *generation is the one that the copy belongs to.
 */
ngx_array_t *ngx_http_model_catalogue_read(ngx_http_model_catalogue_t *cat,
    ngx_pool_t *pool, ngx_uint_t *generation);

/*
 * State and times of the server that server->vendor and server->server name,
 * at this moment: a view has those of its generation.  NGX_DECLINED when it
 * is not there.  Short, to be called per request.
 */
ngx_int_t ngx_http_model_catalogue_times(ngx_http_model_catalogue_t *cat,
    ngx_http_model_catalogue_server_t *server);

/*
 * Removes every server for which keep(vendor, server, data) answers 0.
 * keep runs under the mutex: no logging, no allocation.
 */
void ngx_http_model_catalogue_prune(ngx_http_model_catalogue_t *cat,
    ngx_uint_t (*keep)(ngx_str_t *vendor, ngx_str_t *server, void *data),
    void *data);

/*
 * A worker asks for fresh facts of a vendor (after a pull, a delete ...): the
 * discovering worker sees it within 250 ms.  want() raises the mark of the
 * vendor, wanted() takes it: 1 when it was raised since the last call.
 */
void ngx_http_model_catalogue_want(ngx_http_model_catalogue_t *cat,
    ngx_str_t *vendor);
ngx_uint_t ngx_http_model_catalogue_wanted(ngx_http_model_catalogue_t *cat,
    ngx_str_t *vendor);

/*
 * For those that keep their own facts in the zone: the slab pool, and the
 * address of a pointer that is theirs by NGX_HTTP_MODEL_SLOT_*, NULL in a new
 * zone.  Both NULL before the zone exists.
 */
ngx_slab_pool_t *ngx_http_model_catalogue_pool(ngx_http_model_catalogue_t *cat);
void **ngx_http_model_catalogue_slot(ngx_http_model_catalogue_t *cat,
    ngx_uint_t i);

/*
 * Logs, once per zone and generation of workers, that the zone had no room
 * for what is known of a server.  Not to be called under the mutex.
 */
void ngx_http_model_catalogue_full(ngx_http_model_catalogue_t *cat,
    ngx_str_t *vendor, ngx_str_t *server, ngx_log_t *log);

/*
 * The same, by a mark of its own, for what the vendor's servers have loaded.
 * To be called after each request of a vendor that is warm: no lock is taken
 * while the mark stands.
 */
void ngx_http_model_catalogue_want_loaded(ngx_http_model_catalogue_t *cat,
    ngx_str_t *vendor);
ngx_uint_t ngx_http_model_catalogue_wanted_loaded(
    ngx_http_model_catalogue_t *cat, ngx_str_t *vendor);


#endif /* _NGX_HTTP_MODEL_CATALOGUE_H_INCLUDED_ */
