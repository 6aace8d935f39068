
/*
 * Copyright (C) the ngx_http_model_module authors
 *
 * Whose turn it is among the workers: since when a request of an upstream
 * waits in each of them.  Owns its structures in the catalogue's zone; calls
 * catalogue.
 *
 * A mark is taken for true as long as it is renewed: that of a worker that was
 * killed is over after NGX_HTTP_MODEL_TURN_FRESH.  No lock is held to read or
 * to write one.  Where the zone has no room there are no turns.
 */


#ifndef _NGX_HTTP_MODEL_TURN_H_INCLUDED_
#define _NGX_HTTP_MODEL_TURN_H_INCLUDED_


#include "ngx_http_model_catalogue.h"


#define NGX_HTTP_MODEL_TURN_FRESH    100   /* ms */

/* bounds of a zone: upstreams, workers at a time (more share a mark) */

#define NGX_HTTP_MODEL_TURN_PLACES   64
#define NGX_HTTP_MODEL_TURN_WORKERS  64


typedef struct ngx_http_model_turn_s  ngx_http_model_turn_t;


/*
 * The place of the upstream of this name, which is created at need.  It stays
 * for the life of the zone.  NULL when there is no room.
 */
ngx_http_model_turn_t *ngx_http_model_turn(ngx_http_model_catalogue_t *cat,
    ngx_str_t *upstream);

/*
 * A request of this worker waits since start (ngx_current_msec), the oldest
 * one; to be called again within NGX_HTTP_MODEL_TURN_FRESH.
 */
void ngx_http_model_turn_wait(ngx_http_model_turn_t *turn, ngx_msec_t start);

/* none waits in this worker */
void ngx_http_model_turn_done(ngx_http_model_turn_t *turn);

/* 1 when another worker has a request that waits since before start */
ngx_uint_t ngx_http_model_turn_behind(ngx_http_model_turn_t *turn,
    ngx_msec_t start);


#endif /* _NGX_HTTP_MODEL_TURN_H_INCLUDED_ */
