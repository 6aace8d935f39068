
/*
 * Copyright (C) the ngx_http_model_module authors
 *
 * How a view is made: the inside of view, shared by its two files and by
 * nobody else.  Owns the layout of the index; calls what view may call.
 */


#ifndef _NGX_HTTP_MODEL_VIEW_BUILD_H_INCLUDED_
#define _NGX_HTTP_MODEL_VIEW_BUILD_H_INCLUDED_


#include "ngx_http_model_view.h"


/* chains of indexes + 1; 0 ends one */

typedef struct {
    uint32_t                       *heads;
    uint32_t                       *next;
    uint32_t                        mask;
} ngx_http_model_table_t;


/* a vendor and its servers: a range of view->servers */

typedef struct {
    ngx_http_model_vendor_t        *vendor;
    ngx_uint_t                      first;
    ngx_uint_t                      n;
} ngx_http_model_slot_t;


typedef struct {
    ngx_http_model_slot_t          *slots;
    ngx_uint_t                      nslots;
    ngx_http_model_table_t          vendors;  /* slots by vendor id */
    ngx_http_model_table_t          listed;
    ngx_http_model_table_t          name;
    ngx_http_model_table_t          own;      /* vendor and name */
} ngx_http_model_index_t;


#define ngx_http_model_view_eq(a, b)                                          \
    ((a)->len == (b)->len && ngx_memcmp((a)->data, (b)->data, (a)->len) == 0)


/*
 * Fills a view, zeroed but for its pool, from the catalogue and the vendors.
 * temp is a pool for what is needed only meanwhile.
 */
ngx_int_t ngx_http_model_view_build(ngx_http_model_views_t *views,
    ngx_http_model_view_t *view, ngx_pool_t *temp, ngx_log_t *log);

/* the vendor with this id, or NULL */
ngx_http_model_slot_t *ngx_http_model_view_slot(ngx_http_model_index_t *index,
    ngx_str_t *id);

/* of a name, or of a vendor's name: of the tables listed and name, or own */
uint32_t ngx_http_model_view_hash(ngx_http_model_vendor_t *vendor,
    ngx_str_t *name);


#endif /* _NGX_HTTP_MODEL_VIEW_BUILD_H_INCLUDED_ */
