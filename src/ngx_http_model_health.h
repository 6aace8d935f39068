
/*
 * Copyright (C) the ngx_http_model_module authors
 *
 * How servers are, in the catalogue's zone: failures in a row, cooldowns of a
 * server or of one model there, and how much of their changes is told to the
 * log.  Seen alike by all workers, kept over a reload.  Owns its structures
 * there; calls catalogue.
 *
 * A breaker is closed, open for a cooldown, and then half open: one request
 * tries the server, for as long as its lease lasts.  One that nobody tries is
 * closed when it was half open for as long as it was open, at least a minute.
 *
 * Servers are keyed by (vendor id, server name) as in the catalogue.  Names of
 * over NGX_HTTP_MODEL_HEALTH_NAME bytes are not kept; before the zone exists,
 * and for what found no room in it, nothing is known: the server is healthy.
 */


#ifndef _NGX_HTTP_MODEL_HEALTH_H_INCLUDED_
#define _NGX_HTTP_MODEL_HEALTH_H_INCLUDED_


#include "ngx_http_model_catalogue.h"


#define NGX_HTTP_MODEL_HEALTH_NAME       256    /* bytes */
#define NGX_HTTP_MODEL_HEALTH_LEASE      30000  /* milliseconds */

/* bounds of a zone: cooldowns, servers, lines of a server in a minute */

#define NGX_HTTP_MODEL_HEALTH_COOLDOWNS  1024
#define NGX_HTTP_MODEL_HEALTH_SERVERS    1024
#define NGX_HTTP_MODEL_HEALTH_LINES      6

#define NGX_HTTP_MODEL_HEALTH_QUIET      0
#define NGX_HTTP_MODEL_HEALTH_LOG        1
#define NGX_HTTP_MODEL_HEALTH_LAST       2

#define NGX_HTTP_MODEL_BREAKER_CLOSED    0
#define NGX_HTTP_MODEL_BREAKER_OPEN      1
#define NGX_HTTP_MODEL_BREAKER_HALF_OPEN 2


typedef struct {
    ngx_str_t     vendor;     /* vendor id */
    ngx_str_t     server;     /* as in the catalogue */
    ngx_str_t     model;      /* the server's own name, "": all its models */
    ngx_uint_t    failures;   /* in a row, of the server: 0 with a model */
    ngx_uint_t    breaker;
    ngx_msec_t    left;       /* ms of the cooldown or lease, 0: none runs */
} ngx_http_model_health_t;


/*
 * A request to the server failed: nothing sent, cut, timed out, 5xx.  Returns
 * how many did in a row; 0 when that is not kept.
 */
ngx_uint_t ngx_http_model_health_failed(ngx_http_model_catalogue_t *cat,
    ngx_str_t *vendor, ngx_str_t *server);

/*
 * The server answered: the row is over.  One atomic read where no server of
 * the zone has a row.
 */
void ngx_http_model_health_answered(ngx_http_model_catalogue_t *cat,
    ngx_str_t *vendor, ngx_str_t *server);

/* failures in a row of the server, 0 when none */
ngx_uint_t ngx_http_model_health_failures(ngx_http_model_catalogue_t *cat,
    ngx_str_t *vendor, ngx_str_t *server);

/*
 * Keeps the server out for this model ("": for all) for ms milliseconds from
 * now; a longer cooldown that stands stays.  Returns 1 when it was not out
 * before, a change of state; 0 when it was, or when it is not kept.  Of too
 * many cooldowns the one that ends first is given up.
 */
ngx_uint_t ngx_http_model_health_cool(ngx_http_model_catalogue_t *cat,
    ngx_str_t *vendor, ngx_str_t *server, ngx_str_t *model, ngx_msec_t ms);

/*
 * 0 when the server may be asked for this model.  Else the milliseconds, at
 * least 1, that are left of its cooldown, or of the lease of the request that
 * tries it; the longer one of the model's and of the whole server's.  One
 * atomic read where nothing in the zone is out.
 */
ngx_msec_t ngx_http_model_health_out(ngx_http_model_catalogue_t *cat,
    ngx_str_t *vendor, ngx_str_t *server, ngx_str_t *model);

/* 0 when nothing in the zone is out; one atomic read */
ngx_uint_t ngx_http_model_health_cooling(ngx_http_model_catalogue_t *cat);

/*
 * To be called when a request is to be sent, in place of the look above.
 * Returns the same, and sets *probe to 1 when a cooldown of the model or of
 * the whole server is over and nobody tries it: the request has the lease and
 * must call ngx_http_model_health_probed().  Of all workers one gets it.
 */
ngx_msec_t ngx_http_model_health_probe(ngx_http_model_catalogue_t *cat,
    ngx_str_t *vendor, ngx_str_t *server, ngx_str_t *model,
    ngx_uint_t *probe);

/*
 * How the probe ended.  ok 1: it answered, the cooldown is gone; 0: it failed,
 * out again for as long as the last time; -1: it told nothing, the lease is
 * given back.  A cooldown that was started meanwhile stays.  Returns 1 when
 * the breaker was closed, a change of state, else 0.
 */
ngx_uint_t ngx_http_model_health_probed(ngx_http_model_catalogue_t *cat,
    ngx_str_t *vendor, ngx_str_t *server, ngx_str_t *model, ngx_int_t ok);

/*
 * Copies what is not plain healthy, in no order, into an array of
 * ngx_http_model_health_t in pool.  NULL when memory ran out.
 */
ngx_array_t *ngx_http_model_health_read(ngx_http_model_catalogue_t *cat,
    ngx_pool_t *pool);

/*
 * To be called with each change of state of the server that the log should
 * tell of: NGX_HTTP_MODEL_HEALTH_LOG, _QUIET, or _LAST: to be logged with the
 * remark that the next minute is left out.  Over all workers no minute has
 * more lines of a server than NGX_HTTP_MODEL_HEALTH_LINES.  _LOG where that
 * cannot be kept.
 */
ngx_uint_t ngx_http_model_health_note(ngx_http_model_catalogue_t *cat,
    ngx_str_t *vendor, ngx_str_t *server);

/* forgets servers as ngx_http_model_catalogue_prune() does, on its terms */
void ngx_http_model_health_prune(ngx_http_model_catalogue_t *cat,
    ngx_uint_t (*keep)(ngx_str_t *vendor, ngx_str_t *server, void *data),
    void *data);


#endif /* _NGX_HTTP_MODEL_HEALTH_H_INCLUDED_ */
