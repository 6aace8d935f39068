
/*
 * Copyright (C) the ngx_http_model_module authors
 *
 * How a view is made: the inside of view, shared by its files and by nobody
 * else.  Owns the layout of the index; calls what view may call.
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
    ngx_http_model_table_t          servers;  /* by vendor and name */
    ngx_http_model_table_t          listed;
    ngx_http_model_table_t          name;
    ngx_http_model_table_t          own;      /* vendor and folded name */
} ngx_http_model_index_t;


/* a name folded: ASCII case apart, ":latest" where it has no tag */

#define NGX_HTTP_MODEL_VIEW_FOLDED                                            \
    (NGX_HTTP_MODEL_NAME_LEN + sizeof(":latest") - 1)


#define ngx_http_model_view_eq(a, b)                                          \
    ((a)->len == (b)->len && ngx_memcmp((a)->data, (b)->data, (a)->len) == 0)


/*
 * Fills a view, zeroed but for its pool, from the catalogue and the vendors.
 * temp is a pool for what is needed only meanwhile.
 */
ngx_int_t ngx_http_model_view_build(ngx_http_model_views_t *views,
    ngx_http_model_view_t *view, ngx_pool_t *temp, ngx_log_t *log);

/* of the bits of n servers */
#define ngx_http_model_view_words(n)  (((n) + 63) / 64)


/* the vendor with this id, or NULL */
ngx_http_model_slot_t *ngx_http_model_view_slot(ngx_http_model_index_t *index,
    ngx_str_t *id);

/* of a name (vendor is NULL), or of a vendor's: of all tables of names */
uint32_t ngx_http_model_view_hash(ngx_http_model_vendor_t *vendor,
    ngx_str_t *name);

/*
 * The name as all names have it that Ollama takes for the same; buf has
 * NGX_HTTP_MODEL_VIEW_FOLDED bytes, the name at most 256.
 */
void ngx_http_model_view_fold(ngx_str_t *name, u_char *buf,
    ngx_str_t *folded);

/* of the table own; name has at most 256 bytes */
uint32_t ngx_http_model_view_hash_own(ngx_http_model_vendor_t *vendor,
    ngx_str_t *name);

/* the first of an array "models", as lists and "loaded" have it, or NULL */
ngx_http_model_json_t *ngx_http_model_view_array(ngx_http_model_json_t *json);

/* counts server, of the model's vendor, as one that has it; once */
void ngx_http_model_view_add_server(ngx_http_model_view_t *view,
    ngx_http_model_model_t *model, ngx_http_model_server_t *server);

/* a model that no list has: it is down when all servers of the slot are */
void ngx_http_model_view_add_declared(ngx_http_model_view_t *view,
    ngx_http_model_model_t *model, ngx_http_model_slot_t *slot);

/* what servers have loaded; of a view whose models are final */
void ngx_http_model_view_mark_loaded(ngx_http_model_view_t *view);


#endif /* _NGX_HTTP_MODEL_VIEW_BUILD_H_INCLUDED_ */
