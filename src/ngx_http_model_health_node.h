
/*
 * Copyright (C) the ngx_http_model_module authors
 *
 * The table in shared memory that health keeps: a node for each server, and
 * one for each model of a server that is out.  Owns its layout and bounds;
 * calls catalogue.  Used by health alone.
 *
 * All but the counters is read and written under the mutex of the slab pool.
 * A node is filled before it is linked; an update in place writes few words,
 * the one that makes them count last.
 */


#ifndef _NGX_HTTP_MODEL_HEALTH_NODE_H_INCLUDED_
#define _NGX_HTTP_MODEL_HEALTH_NODE_H_INCLUDED_


#include "ngx_http_model_health.h"


#define NGX_HTTP_MODEL_HEALTH_BUCKETS  128


typedef struct ngx_http_model_health_node_s  ngx_http_model_health_node_t;

struct ngx_http_model_health_node_s {
    ngx_http_model_health_node_t  *next;
    u_char                        *data;     /* vendor, server, model */
    ngx_msec_t                     until;
    ngx_msec_t                     length;   /* of the cooldown */
    ngx_msec_t                     lease;    /* its end, while trying */
    uint32_t                       hash;
    uint16_t                       vendor_len;
    uint16_t                       server_len;
    uint16_t                       model_len;
    u_char                         cooling;  /* what is above counts */
    u_char                         trying;
};


/* a node without a model is that of the server, and larger */

typedef struct {
    ngx_http_model_health_node_t   node;
    ngx_uint_t                     failures;
    ngx_msec_t                     touched;
    ngx_msec_t                     quiet;    /* the end of it, while silent */
    ngx_uint_t                     silent;
    ngx_uint_t                     nlines;
    ngx_msec_t                     lines[NGX_HTTP_MODEL_HEALTH_LINES - 1];
} ngx_http_model_health_server_t;


/*
 * The counters are raised before and lowered after what they count: where a
 * worker is killed between, they stay too high, which costs look-ups, until
 * the next prune counts anew.
 */

typedef struct {
    ngx_atomic_t                   rows;     /* servers with failures */
    ngx_atomic_t                   cooling;
    ngx_uint_t                     servers;
    ngx_msec_t                     sweep;    /* when the next one is due */
    ngx_http_model_health_node_t  *buckets[NGX_HTTP_MODEL_HEALTH_BUCKETS];
} ngx_http_model_health_sh_t;


#define ngx_http_model_health_row(node)                                       \
    ((ngx_http_model_health_server_t *) (node))


/* the table, NULL while there is none; under no mutex */
ngx_http_model_health_sh_t *ngx_http_model_health_sh(
    ngx_http_model_catalogue_t *cat);

/* 1 when the names are short enough to be kept */
ngx_uint_t ngx_http_model_health_fits(ngx_str_t *vendor, ngx_str_t *server,
    ngx_str_t *model);

/* the node of these names, or NULL */
ngx_http_model_health_node_t *ngx_http_model_health_find(
    ngx_http_model_health_sh_t *sh, ngx_str_t *vendor, ngx_str_t *server,
    ngx_str_t *model);

/*
 * The same, created at need, and with it the table; the names must fit.  Of
 * too many servers the one heard of least recently is given up.  NULL when
 * memory ran out.
 */
ngx_http_model_health_node_t *ngx_http_model_health_get(
    ngx_http_model_catalogue_t *cat, ngx_str_t *vendor, ngx_str_t *server,
    ngx_str_t *model);

/*
 * What to give up first: of cooldowns the one that ends first, else of servers
 * without one that heard of least recently.  NULL: there is none.
 */
ngx_http_model_health_node_t *ngx_http_model_health_first(
    ngx_http_model_health_sh_t *sh, ngx_uint_t cooling);

/* takes the node out of the table and the counters, and frees it */
void ngx_http_model_health_forget(ngx_http_model_catalogue_t *cat,
    ngx_http_model_health_node_t *node);

/* the names of a node, as they lie in it */
void ngx_http_model_health_names(ngx_http_model_health_node_t *node,
    ngx_str_t *vendor, ngx_str_t *server, ngx_str_t *model);


#endif /* _NGX_HTTP_MODEL_HEALTH_NODE_H_INCLUDED_ */
