
/*
 * Copyright (C) the ngx_http_model_module authors
 *
 * Counters in the catalogue's zone: of requests by vendor, model and
 * operation, of tries by server.  Seen alike by all workers, kept over a
 * reload.  Owns its structures there; calls catalogue.
 *
 * Counting takes no lock, only atomics: the mutex of the slab pool is held to
 * add a row.  Rows are never freed, so a pointer to one is good as long as the
 * zone.  What is on at this moment is kept for each process, by its slot in
 * the master: whoever gets the slot begins with zero, and what a process left
 * that is no more does not count.
 *
 * Rows are bounded by the size of the zone: what comes after the last one, or
 * has a name of over NGX_HTTP_MODEL_METRICS_NAME bytes, is counted under model
 * "other" of its vendor, as are names that clients make up.  A name that is in
 * no list but that a server answered to may be such a one, too: a vendor has
 * at most NGX_HTTP_MODEL_METRICS_ANSWERED rows of those, and all vendors
 * together a quarter of all rows.
 */


#ifndef _NGX_HTTP_MODEL_METRICS_H_INCLUDED_
#define _NGX_HTTP_MODEL_METRICS_H_INCLUDED_


#include "ngx_http_model_catalogue.h"


/* bounds of a zone: rows of models, of servers, one for so many bytes of it */

#define NGX_HTTP_MODEL_METRICS_MODELS    1024
#define NGX_HTTP_MODEL_METRICS_SERVERS   1024
#define NGX_HTTP_MODEL_METRICS_ANSWERED  32
#define NGX_HTTP_MODEL_METRICS_SHARE     16384
#define NGX_HTTP_MODEL_METRICS_NAME      NGX_HTTP_MODEL_NAME_LEN

/* buckets of a histogram, the one without bound too */

#define NGX_HTTP_MODEL_METRICS_NBUCKETS  17

/* kinds of tokens */

#define NGX_HTTP_MODEL_TOKENS_INPUT        0
#define NGX_HTTP_MODEL_TOKENS_OUTPUT       1
#define NGX_HTTP_MODEL_TOKENS_CACHED       2
#define NGX_HTTP_MODEL_TOKENS_CACHE_WRITE  3
#define NGX_HTTP_MODEL_TOKENS_REASONING    4
#define NGX_HTTP_MODEL_NTOKENS             5


/* what a request was for */

typedef enum {
    NGX_HTTP_MODEL_OP_OTHER = 0,
    NGX_HTTP_MODEL_OP_CHAT,
    NGX_HTTP_MODEL_OP_COMPLETION,
    NGX_HTTP_MODEL_OP_EMBEDDINGS,
    NGX_HTTP_MODEL_OP_RERANK,
    NGX_HTTP_MODEL_OP_AUDIO,
    NGX_HTTP_MODEL_OP_IMAGES,
    NGX_HTTP_MODEL_OP_MANAGE,
    NGX_HTTP_MODEL_OP_LISTING,
    NGX_HTTP_MODEL_NOPS
} ngx_http_model_operation_e;


/* how a request ended */

typedef enum {
    NGX_HTTP_MODEL_OUTCOME_OK = 0,
    NGX_HTTP_MODEL_OUTCOME_CLIENT_ERROR,  /* 4xx */
    NGX_HTTP_MODEL_OUTCOME_SERVER_ERROR,  /* 5xx */
    NGX_HTTP_MODEL_OUTCOME_CANCELED,      /* the client has left */
    NGX_HTTP_MODEL_OUTCOME_INCOMPLETE,    /* an error in or instead of the rest
                                             of an answer with status 200 */
    NGX_HTTP_MODEL_NOUTCOMES
} ngx_http_model_outcome_e;


/* errors by kind; of all but OK a request has one */

typedef enum {
    NGX_HTTP_MODEL_ERROR_BAD_REQUEST = 0, /* other 4xx */
    NGX_HTTP_MODEL_ERROR_UNAUTHORIZED,    /* 401 */
    NGX_HTTP_MODEL_ERROR_FORBIDDEN,       /* 403 */
    NGX_HTTP_MODEL_ERROR_NOT_FOUND,       /* 404 */
    NGX_HTTP_MODEL_ERROR_TOO_LARGE,       /* 413 */
    NGX_HTTP_MODEL_ERROR_RATE_LIMITED,    /* 429 */
    NGX_HTTP_MODEL_ERROR_CANCELED,        /* 499 */
    NGX_HTTP_MODEL_ERROR_INTERNAL,        /* other 5xx */
    NGX_HTTP_MODEL_ERROR_BAD_GATEWAY,     /* 502 */
    NGX_HTTP_MODEL_ERROR_UNAVAILABLE,     /* 503, 529 */
    NGX_HTTP_MODEL_ERROR_TIMEOUT,         /* 408, 504 */
    NGX_HTTP_MODEL_ERROR_STREAM,          /* the answer was cut or has one */
    NGX_HTTP_MODEL_NERRORS
} ngx_http_model_error_e;


/* what is known of a model's name */

typedef enum {
    NGX_HTTP_MODEL_NAME_UNKNOWN = 0,
    NGX_HTTP_MODEL_NAME_ANSWERED,         /* in no list, but not refused */
    NGX_HTTP_MODEL_NAME_KNOWN             /* listed, or in the configuration */
} ngx_http_model_name_e;


/* why an answer was not looked into */

typedef enum {
    NGX_HTTP_MODEL_UNOBSERVED_ENCODING = 0,  /* it is compressed */
    NGX_HTTP_MODEL_UNOBSERVED_TYPE,          /* neither JSON nor a stream */
    NGX_HTTP_MODEL_UNOBSERVED_FILE,          /* it went through a file */
    NGX_HTTP_MODEL_NUNOBSERVED
} ngx_http_model_unobserved_e;


/* numbers that are histograms */

typedef enum {
    NGX_HTTP_MODEL_HISTOGRAM_DURATION = 0,
    NGX_HTTP_MODEL_HISTOGRAM_FIRST_TOKEN,
    NGX_HTTP_MODEL_HISTOGRAM_TOKEN_TIME,
    NGX_HTTP_MODEL_HISTOGRAM_TOKENS,
    NGX_HTTP_MODEL_NHISTOGRAMS
} ngx_http_model_histogram_e;


typedef struct {
    uint64_t                      sum;
    uint64_t                      counts[NGX_HTTP_MODEL_METRICS_NBUCKETS];
                                  /* of each bucket alone, the last used one
                                     has no bound */
} ngx_http_model_histogram_t;


/* constant: upper bounds, which belong to their bucket */

typedef struct {
    ngx_uint_t                    n;
    uint64_t                      unit;     /* of bounds and sum, in one of
                                               what the metric is in */
    uint64_t                      bounds[NGX_HTTP_MODEL_METRICS_NBUCKETS - 1];
} ngx_http_model_bounds_t;


/* all but what is on; requests are the counts of duration */

typedef struct {
    uint64_t                      errors[NGX_HTTP_MODEL_NERRORS];
    uint64_t                      tries;      /* servers asked */
    uint64_t                      failovers;  /* of them not the first */
    uint64_t                      tokens[NGX_HTTP_MODEL_NTOKENS];
    uint64_t                      cost;       /* 1e-9 of the currency */
    uint64_t                      unobserved[NGX_HTTP_MODEL_NUNOBSERVED];

    ngx_http_model_histogram_t    duration[NGX_HTTP_MODEL_NOUTCOMES];  /* ms */
    ngx_http_model_histogram_t    first_token;                         /* ms */
    ngx_http_model_histogram_t    token_time;                          /* us */
    ngx_http_model_histogram_t    usage[2];    /* tokens: input, output */
    ngx_http_model_histogram_t    queued;      /* ms, of those that waited */
} ngx_http_model_numbers_t;


/* what a reader gets */

typedef struct {
    ngx_str_t                     vendor;     /* id, "": of no vendor */
    ngx_str_t                     model;
    ngx_uint_t                    operation;
    ngx_uint_t                    in_flight;
    ngx_uint_t                    waiting;    /* for a slot: the queue */
    ngx_http_model_numbers_t      numbers;
} ngx_http_model_metrics_model_t;


typedef struct {
    ngx_str_t                     vendor;
    ngx_str_t                     server;     /* as in the catalogue */
    ngx_uint_t                    in_flight;
    uint64_t                      tries;
    uint64_t                      failures;   /* of them */
    uint64_t                      time;       /* of all tries, ms */
} ngx_http_model_metrics_server_t;


/* one request that has ended */

typedef struct {
    ngx_str_t                     vendor;     /* id, "" none */
    ngx_str_t                     model;      /* as sent upstream, "" none */
    ngx_uint_t                    operation;
    ngx_uint_t                    outcome;
    ngx_uint_t                    error;      /* kind, where not OK */
    ngx_uint_t                    tries;
    ngx_uint_t                    failovers;
    ngx_uint_t                    unobserved;   /* 1 + reason, 0: it was */

    /* -1 where unknown, as all that follows */
    int64_t                       tokens[NGX_HTTP_MODEL_NTOKENS];
    int64_t                       cost;         /* 1e-9 of the currency */
    int64_t                       duration;     /* ms; unknown is 0 */
    int64_t                       first_token;  /* ms, from the start */
    int64_t                       output_time;  /* ms, from the first token to
                                                   the last */
    int64_t                       queued;       /* ms, -1: did not wait */

    ngx_uint_t                    known;        /* NGX_HTTP_MODEL_NAME_* */
} ngx_http_model_metrics_sample_t;


typedef struct ngx_http_model_metrics_s      ngx_http_model_metrics_t;
typedef struct ngx_http_model_metrics_row_s  ngx_http_model_metrics_row_t;


/* names as they are told, by the enumerations above, and bounds */

extern ngx_str_t  ngx_http_model_operations[];
extern ngx_str_t  ngx_http_model_outcomes[];
extern ngx_str_t  ngx_http_model_errors[];
extern ngx_str_t  ngx_http_model_tokens[];
extern ngx_str_t  ngx_http_model_unobserved[];

extern const ngx_http_model_bounds_t  ngx_http_model_bounds[];


/* to be called while the configuration is read; lives as long as the cycle */
ngx_http_model_metrics_t *ngx_http_model_metrics_create(ngx_pool_t *pool,
    ngx_http_model_catalogue_t *cat);

/*
 * To be called when a worker starts: nothing is on in it.  Without memory, or
 * the call, what is on is not told.
 */
void ngx_http_model_metrics_init_worker(ngx_http_model_metrics_t *metrics,
    ngx_log_t *log);

/*
 * The row of a model, made at need when known (NGX_HTTP_MODEL_NAME_*) lets it.
 * NULL when there is no memory for any row; all that follows takes NULL for
 * nothing to do.
 */
ngx_http_model_metrics_row_t *ngx_http_model_metrics_model(
    ngx_http_model_metrics_t *metrics, ngx_str_t *vendor, ngx_str_t *model,
    ngx_uint_t operation, ngx_uint_t known);

/* the row of a server, made at need, or NULL */
ngx_http_model_metrics_row_t *ngx_http_model_metrics_server(
    ngx_http_model_metrics_t *metrics, ngx_str_t *vendor, ngx_str_t *server);

/* one more, or one less, is on in this process: requests or tries; waiting */
void ngx_http_model_metrics_in_flight(ngx_http_model_metrics_t *metrics,
    ngx_http_model_metrics_row_t *row, ngx_int_t n);
void ngx_http_model_metrics_waiting(ngx_http_model_metrics_t *metrics,
    ngx_http_model_metrics_row_t *row, ngx_int_t n);

/* a try at a server has ended, after ms milliseconds */
void ngx_http_model_metrics_tried(ngx_http_model_metrics_row_t *row,
    ngx_uint_t failed, ngx_msec_t ms);

/* counts a request that has ended; below 1 us */
void ngx_http_model_metrics_count(ngx_http_model_metrics_t *metrics,
    ngx_http_model_metrics_sample_t *sample);

/*
 * Copies all rows, in order of creation, into arrays in pool of
 * ngx_http_model_metrics_model_t, and _server_t.  NULL when memory ran out.
 * No lock is held; each number is whole, together they are not of one moment.
 */
ngx_array_t *ngx_http_model_metrics_models(ngx_http_model_metrics_t *metrics,
    ngx_pool_t *pool);
ngx_array_t *ngx_http_model_metrics_servers(ngx_http_model_metrics_t *metrics,
    ngx_pool_t *pool);

/* the number of a histogram's observations */
uint64_t ngx_http_model_metrics_total(ngx_http_model_histogram_t *histogram);


#endif /* _NGX_HTTP_MODEL_METRICS_H_INCLUDED_ */
