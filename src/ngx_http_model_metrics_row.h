
/*
 * Copyright (C) the ngx_http_model_module authors
 *
 * The rows in shared memory that metrics keeps, and what is on in each
 * process.  Owns their layout and bounds; calls catalogue.  Used by metrics
 * alone.
 */


#ifndef _NGX_HTTP_MODEL_METRICS_ROW_H_INCLUDED_
#define _NGX_HTTP_MODEL_METRICS_ROW_H_INCLUDED_


#include "ngx_http_model_metrics.h"


#define NGX_HTTP_MODEL_METRICS_BUCKETS  256

#define NGX_HTTP_MODEL_METRICS_SERVER   NGX_HTTP_MODEL_NOPS


struct ngx_http_model_metrics_row_s {
    ngx_http_model_metrics_row_t     *next;     /* in the bucket */
    u_char                           *data;     /* vendor, model or server */
    uint32_t                          hash;
    uint32_t                          index;    /* of what is on */
    uint16_t                          vendor_len;
    uint16_t                          name_len;
    uint16_t                          kind;     /* operation, or _SERVER */
};


typedef struct {
    ngx_http_model_metrics_row_t      row;
    ngx_http_model_numbers_t          numbers;
} ngx_http_model_metrics_request_row_t;


typedef struct {
    ngx_http_model_metrics_row_t      row;
    uint64_t                          tries;
    uint64_t                          failures;
    uint64_t                          time;
} ngx_http_model_metrics_server_row_t;


/* what is on in one process, which alone writes it */

typedef struct {
    uint32_t                          in_flight;
    uint32_t                          waiting;
} ngx_http_model_metrics_gauge_t;


typedef struct ngx_http_model_metrics_worker_s
    ngx_http_model_metrics_worker_t;

struct ngx_http_model_metrics_worker_s {
    ngx_http_model_metrics_worker_t  *next;
    ngx_int_t                         slot;
    ngx_pid_t                         pid;
    ngx_http_model_metrics_gauge_t    gauges[1];
};


/*
 * Written under the mutex.  Rows and workers are filled before they are linked
 * by the write of one pointer, and stay.
 */

typedef struct {
    ngx_uint_t                        models;   /* rows that may be had more */
    ngx_uint_t                        others;
    ngx_uint_t                        servers;
    ngx_uint_t                        answered; /* of models, such names */
    ngx_uint_t                        index;    /* of the next row */
    ngx_uint_t                        nrows;    /* at most */
    ngx_atomic_t                      told;     /* that there are no more */
    ngx_http_model_metrics_worker_t  *workers;
    ngx_http_model_metrics_row_t     *buckets[
                                              NGX_HTTP_MODEL_METRICS_BUCKETS];
    uint16_t                          vendors[
                                              NGX_HTTP_MODEL_METRICS_BUCKETS];
                                                /* rows of answered names, by
                                                   the vendor's hash; those of
                                                   one hash share the bound */
} ngx_http_model_metrics_sh_t;


/* what bounds a new row */

typedef enum {
    NGX_HTTP_MODEL_METRICS_OF_MODELS = 0,
    NGX_HTTP_MODEL_METRICS_OF_OTHERS,
    NGX_HTTP_MODEL_METRICS_OF_SERVERS,
    NGX_HTTP_MODEL_METRICS_OF_ANSWERED
} ngx_http_model_metrics_bound_e;


struct ngx_http_model_metrics_s {
    ngx_http_model_catalogue_t       *catalogue;
    ngx_http_model_metrics_worker_t  *worker;   /* of this process */
};


typedef struct {
    ngx_str_t                        *vendor;
    ngx_str_t                        *name;
    ngx_uint_t                        kind;
    uint32_t                          hash;
} ngx_http_model_metrics_key_t;


#define ngx_http_model_metrics_numbers(r)                                     \
    (&((ngx_http_model_metrics_request_row_t *) (r))->numbers)


/* what is kept, NULL while there is nothing */
ngx_http_model_metrics_sh_t *ngx_http_model_metrics_sh(
    ngx_http_model_metrics_t *metrics);

/* under the mutex: the same, made at need; NULL when memory ran out */
ngx_http_model_metrics_sh_t *ngx_http_model_metrics_sh_get(
    ngx_http_model_metrics_t *metrics);

/* fills the key, which refers to the names; kind: an operation, or _SERVER */
void ngx_http_model_metrics_key(ngx_http_model_metrics_key_t *key,
    ngx_str_t *vendor, ngx_str_t *name, ngx_uint_t kind);

/* the row of this key, or NULL; needs no lock, as rows stay */
ngx_http_model_metrics_row_t *ngx_http_model_metrics_find(
    ngx_http_model_metrics_t *metrics, ngx_http_model_metrics_key_t *key);

/*
 * The same, made at need.  NULL when there are as many as the bound
 * (NGX_HTTP_MODEL_METRICS_OF_*) lets be, which takes no lock, a name is too
 * long, or memory ran out.
 */
ngx_http_model_metrics_row_t *ngx_http_model_metrics_get(
    ngx_http_model_metrics_t *metrics, ngx_http_model_metrics_key_t *key,
    ngx_uint_t bound);


#endif /* _NGX_HTTP_MODEL_METRICS_ROW_H_INCLUDED_ */
