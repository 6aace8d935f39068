
/*
 * Copyright (C) the ngx_http_model_module authors
 */


#include <ngx_config.h>
#include <ngx_core.h>

#include <signal.h>

#include "ngx_http_model_metrics_row.h"


static void ngx_http_model_metrics_tell(ngx_http_model_metrics_t *metrics,
    ngx_str_t *vendor);
static void ngx_http_model_metrics_observe(
    ngx_http_model_histogram_t *histogram, ngx_uint_t kind, int64_t value);
static ngx_array_t *ngx_http_model_metrics_read(
    ngx_http_model_metrics_t *metrics, ngx_pool_t *pool, size_t size,
    ngx_uint_t servers);
static void ngx_http_model_metrics_copy_model(ngx_http_model_metrics_sh_t *sh,
    ngx_http_model_metrics_row_t *row, ngx_http_model_metrics_model_t *model);
static void ngx_http_model_metrics_copy_server(
    ngx_http_model_metrics_sh_t *sh, ngx_http_model_metrics_row_t *row,
    ngx_http_model_metrics_server_t *server);
static ngx_uint_t ngx_http_model_metrics_on(
    ngx_http_model_metrics_sh_t *sh, uint32_t index, ngx_uint_t *waiting);


ngx_str_t  ngx_http_model_operations[] = {
    ngx_string("other"),
    ngx_string("chat"),
    ngx_string("text_completion"),
    ngx_string("embeddings"),
    ngx_string("rerank"),
    ngx_string("audio"),
    ngx_string("images"),
    ngx_string("manage"),
    ngx_string("listing")
};


ngx_str_t  ngx_http_model_outcomes[] = {
    ngx_string("ok"),
    ngx_string("client_error"),
    ngx_string("server_error"),
    ngx_string("canceled"),
    ngx_string("incomplete")
};


ngx_str_t  ngx_http_model_errors[] = {
    ngx_string("bad_request"),
    ngx_string("unauthorized"),
    ngx_string("forbidden"),
    ngx_string("not_found"),
    ngx_string("too_large"),
    ngx_string("rate_limited"),
    ngx_string("canceled"),
    ngx_string("internal"),
    ngx_string("bad_gateway"),
    ngx_string("unavailable"),
    ngx_string("timeout"),
    ngx_string("stream")
};


ngx_str_t  ngx_http_model_tokens[] = {
    ngx_string("input"),
    ngx_string("output"),
    ngx_string("cached"),
    ngx_string("cache_write"),
    ngx_string("reasoning")
};


ngx_str_t  ngx_http_model_unobserved[] = {
    ngx_string("encoding"),
    ngx_string("type"),
    ngx_string("file")
};


/* as the OpenTelemetry conventions for GenAI have them */

const ngx_http_model_bounds_t  ngx_http_model_bounds[] = {

    /* duration, ms */
    { 14, 1000,
      { 10, 20, 40, 80, 160, 320, 640, 1280, 2560, 5120, 10240, 20480, 40960,
        81920 } },

    /* time to first token, ms */
    { 16, 1000,
      { 1, 5, 10, 20, 40, 60, 80, 100, 250, 500, 750, 1000, 2500, 5000, 7500,
        10000 } },

    /* time per output token, us */
    { 13, 1000000,
      { 10000, 25000, 50000, 75000, 100000, 150000, 200000, 300000, 400000,
        500000, 750000, 1000000, 2500000 } },

    /* tokens */
    { 14, 1,
      { 1, 4, 16, 64, 256, 1024, 4096, 16384, 65536, 262144, 1048576, 4194304,
        16777216, 67108864 } }
};


static ngx_str_t  ngx_http_model_metrics_other = ngx_string("other");


/* sums have 64 bits on every machine */

#if (NGX_PTR_SIZE == 8)

#define ngx_http_model_metrics_add(p, n)                                      \
    (void) ngx_atomic_fetch_add((ngx_atomic_t *) (p), (ngx_atomic_int_t) (n))

#else

#define ngx_http_model_metrics_add(p, n)                                      \
    (void) __sync_fetch_and_add((p), (uint64_t) (n))

#endif


ngx_http_model_metrics_t *
ngx_http_model_metrics_create(ngx_pool_t *pool,
    ngx_http_model_catalogue_t *cat)
{
    ngx_http_model_metrics_t  *metrics;

    metrics = ngx_pcalloc(pool, sizeof(ngx_http_model_metrics_t));

    if (metrics != NULL) {
        metrics->catalogue = cat;
    }

    return metrics;
}


void
ngx_http_model_metrics_init_worker(ngx_http_model_metrics_t *metrics,
    ngx_log_t *log)
{
    size_t                            size;
    ngx_slab_pool_t                  *shpool;
    ngx_http_model_metrics_sh_t      *sh;
    ngx_http_model_metrics_worker_t  *worker;

    metrics->worker = NULL;

    shpool = ngx_http_model_catalogue_pool(metrics->catalogue);

    if (shpool == NULL
        || (ngx_process != NGX_PROCESS_WORKER
            && ngx_process != NGX_PROCESS_SINGLE))
    {
        return;
    }

    worker = NULL;

    ngx_shmtx_lock(&shpool->mutex);

    sh = ngx_http_model_metrics_sh_get(metrics);

    if (sh == NULL) {
        goto done;
    }

    size = sh->nrows * sizeof(ngx_http_model_metrics_gauge_t);

    for (worker = sh->workers; worker != NULL; worker = worker->next) {

        if (worker->slot == ngx_process_slot) {

            /* whoever had the slot is no more */

            worker->pid = ngx_pid;
            ngx_memzero(worker->gauges, size);

            goto done;
        }
    }

    worker = ngx_slab_calloc_locked(shpool,
                            offsetof(ngx_http_model_metrics_worker_t, gauges)
                            + size);

    if (worker != NULL) {
        worker->slot = ngx_process_slot;
        worker->pid = ngx_pid;

        worker->next = sh->workers;
        ngx_memory_barrier();
        sh->workers = worker;
    }

done:

    ngx_shmtx_unlock(&shpool->mutex);

    metrics->worker = worker;

    if (worker == NULL) {
        ngx_log_error(NGX_LOG_WARN, log, 0,
                      "no room for the metrics of this worker%s, its requests "
                      "in flight are not told", shpool->log_ctx);
    }
}


ngx_http_model_metrics_row_t *
ngx_http_model_metrics_model(ngx_http_model_metrics_t *metrics,
    ngx_str_t *vendor, ngx_str_t *model, ngx_uint_t operation,
    ngx_uint_t known)
{
    ngx_http_model_metrics_key_t   key;
    ngx_http_model_metrics_row_t  *row;

    ngx_http_model_metrics_key(&key, vendor, model, operation);

    switch (known) {

    case NGX_HTTP_MODEL_NAME_KNOWN:
        row = ngx_http_model_metrics_get(metrics, &key,
                                         model->len
                                         ? NGX_HTTP_MODEL_METRICS_OF_MODELS
                                         : NGX_HTTP_MODEL_METRICS_OF_OTHERS);
        break;

    case NGX_HTTP_MODEL_NAME_ANSWERED:
        row = ngx_http_model_metrics_get(metrics, &key,
                                         NGX_HTTP_MODEL_METRICS_OF_ANSWERED);
        break;

    default: /* NGX_HTTP_MODEL_NAME_UNKNOWN */
        row = ngx_http_model_metrics_find(metrics, &key);
    }

    if (row != NULL) {
        return row;
    }

    if (known == NGX_HTTP_MODEL_NAME_KNOWN) {
        ngx_http_model_metrics_tell(metrics, vendor);
    }

    ngx_http_model_metrics_key(&key, vendor, &ngx_http_model_metrics_other,
                               operation);

    row = ngx_http_model_metrics_get(metrics, &key,
                                     NGX_HTTP_MODEL_METRICS_OF_OTHERS);

    if (row == NULL) {
        ngx_http_model_metrics_tell(metrics, vendor);
    }

    return row;
}


ngx_http_model_metrics_row_t *
ngx_http_model_metrics_server(ngx_http_model_metrics_t *metrics,
    ngx_str_t *vendor, ngx_str_t *server)
{
    ngx_http_model_metrics_key_t   key;
    ngx_http_model_metrics_row_t  *row;

    ngx_http_model_metrics_key(&key, vendor, server,
                               NGX_HTTP_MODEL_METRICS_SERVER);

    row = ngx_http_model_metrics_get(metrics, &key,
                                     NGX_HTTP_MODEL_METRICS_OF_SERVERS);

    if (row == NULL) {
        ngx_http_model_metrics_tell(metrics, vendor);
    }

    return row;
}


/* one line for all workers */

static void
ngx_http_model_metrics_tell(ngx_http_model_metrics_t *metrics,
    ngx_str_t *vendor)
{
    ngx_slab_pool_t              *shpool;
    ngx_http_model_metrics_sh_t  *sh;

    sh = ngx_http_model_metrics_sh(metrics);

    if (sh == NULL || sh->told || !ngx_atomic_cmp_set(&sh->told, 0, 1)) {
        return;
    }

    shpool = ngx_http_model_catalogue_pool(metrics->catalogue);

    ngx_log_error(NGX_LOG_WARN, ngx_cycle->log, 0,
                  "no more rows for metrics%s, what is new of vendor \"%V\" "
                  "and others is counted as model \"other\", or not for a "
                  "server; a larger \"model_zone\" has more",
                  shpool->log_ctx, vendor);
}


void
ngx_http_model_metrics_in_flight(ngx_http_model_metrics_t *metrics,
    ngx_http_model_metrics_row_t *row, ngx_int_t n)
{
    if (row != NULL && metrics->worker != NULL) {
        metrics->worker->gauges[row->index].in_flight += (uint32_t) n;
    }
}


void
ngx_http_model_metrics_waiting(ngx_http_model_metrics_t *metrics,
    ngx_http_model_metrics_row_t *row, ngx_int_t n)
{
    if (row != NULL && metrics->worker != NULL) {
        metrics->worker->gauges[row->index].waiting += (uint32_t) n;
    }
}


void
ngx_http_model_metrics_tried(ngx_http_model_metrics_row_t *row,
    ngx_uint_t failed, ngx_msec_t ms)
{
    ngx_http_model_metrics_server_row_t  *server;

    if (row == NULL) {
        return;
    }

    server = (ngx_http_model_metrics_server_row_t *) row;

    ngx_http_model_metrics_add(&server->tries, 1);
    ngx_http_model_metrics_add(&server->time, ms);

    if (failed) {
        ngx_http_model_metrics_add(&server->failures, 1);
    }
}


void
ngx_http_model_metrics_count(ngx_http_model_metrics_t *metrics,
    ngx_http_model_metrics_sample_t *sample)
{
    int64_t                        n;
    ngx_uint_t                     i;
    ngx_http_model_numbers_t      *numbers;
    ngx_http_model_metrics_row_t  *row;

    row = ngx_http_model_metrics_model(metrics, &sample->vendor,
                                       &sample->model, sample->operation,
                                       sample->known);
    if (row == NULL) {
        return;
    }

    numbers = ngx_http_model_metrics_numbers(row);

    ngx_http_model_metrics_observe(&numbers->duration[sample->outcome],
                                   NGX_HTTP_MODEL_HISTOGRAM_DURATION,
                                   ngx_max(sample->duration, 0));

    if (sample->outcome != NGX_HTTP_MODEL_OUTCOME_OK) {
        ngx_http_model_metrics_add(&numbers->errors[sample->error], 1);
    }

    if (sample->tries) {
        ngx_http_model_metrics_add(&numbers->tries, sample->tries);
    }

    if (sample->failovers) {
        ngx_http_model_metrics_add(&numbers->failovers, sample->failovers);
    }

    if (sample->unobserved) {
        ngx_http_model_metrics_add(
                            &numbers->unobserved[sample->unobserved - 1], 1);
    }

    for (i = 0; i < NGX_HTTP_MODEL_NTOKENS; i++) {
        if (sample->tokens[i] > 0) {
            ngx_http_model_metrics_add(&numbers->tokens[i], sample->tokens[i]);
        }
    }

    for (i = 0; i < 2; i++) {
        ngx_http_model_metrics_observe(&numbers->usage[i],
                                       NGX_HTTP_MODEL_HISTOGRAM_TOKENS,
                                       sample->tokens[i]);
    }

    if (sample->cost > 0) {
        ngx_http_model_metrics_add(&numbers->cost, sample->cost);
    }

    ngx_http_model_metrics_observe(&numbers->queued,
                                   NGX_HTTP_MODEL_HISTOGRAM_DURATION,
                                   sample->queued);

    if (sample->outcome != NGX_HTTP_MODEL_OUTCOME_OK) {
        return;
    }

    ngx_http_model_metrics_observe(&numbers->first_token,
                                   NGX_HTTP_MODEL_HISTOGRAM_FIRST_TOKEN,
                                   sample->first_token);

    n = sample->tokens[NGX_HTTP_MODEL_TOKENS_OUTPUT];

    if (n > 1 && sample->output_time >= 0) {

        /* us a token, those after the first */

        ngx_http_model_metrics_observe(&numbers->token_time,
                                       NGX_HTTP_MODEL_HISTOGRAM_TOKEN_TIME,
                                       sample->output_time * 1000 / (n - 1));
    }
}


static void
ngx_http_model_metrics_observe(ngx_http_model_histogram_t *histogram,
    ngx_uint_t kind, int64_t value)
{
    ngx_uint_t                      i;
    const ngx_http_model_bounds_t  *bounds;

    if (value < 0) {
        return;
    }

    bounds = &ngx_http_model_bounds[kind];

    for (i = 0; i < bounds->n; i++) {
        if ((uint64_t) value <= bounds->bounds[i]) {
            break;
        }
    }

    ngx_http_model_metrics_add(&histogram->sum, value);
    ngx_http_model_metrics_add(&histogram->counts[i], 1);
}


uint64_t
ngx_http_model_metrics_total(ngx_http_model_histogram_t *histogram)
{
    uint64_t    n;
    ngx_uint_t  i;

    n = 0;

    for (i = 0; i < NGX_HTTP_MODEL_METRICS_NBUCKETS; i++) {
        n += histogram->counts[i];
    }

    return n;
}


ngx_array_t *
ngx_http_model_metrics_models(ngx_http_model_metrics_t *metrics,
    ngx_pool_t *pool)
{
    return ngx_http_model_metrics_read(metrics, pool,
                                       sizeof(ngx_http_model_metrics_model_t),
                                       0);
}


ngx_array_t *
ngx_http_model_metrics_servers(ngx_http_model_metrics_t *metrics,
    ngx_pool_t *pool)
{
    return ngx_http_model_metrics_read(metrics, pool,
                                       sizeof(ngx_http_model_metrics_server_t),
                                       1);
}


static ngx_array_t *
ngx_http_model_metrics_read(ngx_http_model_metrics_t *metrics,
    ngx_pool_t *pool, size_t size, ngx_uint_t servers)
{
    void                           *elt;
    ngx_uint_t                      i;
    ngx_array_t                    *array;
    ngx_http_model_metrics_sh_t    *sh;
    ngx_http_model_metrics_row_t   *row, **rows;

    array = ngx_array_create(pool, 16, size);
    sh = ngx_http_model_metrics_sh(metrics);

    if (array == NULL || sh == NULL) {
        return array;
    }

    rows = ngx_pcalloc(pool, sh->nrows * sizeof(*rows));
    if (rows == NULL) {
        return NULL;
    }

    for (i = 0; i < NGX_HTTP_MODEL_METRICS_BUCKETS; i++) {

        for (row = sh->buckets[i]; row != NULL; row = row->next) {

            if ((row->kind == NGX_HTTP_MODEL_METRICS_SERVER) == servers) {
                rows[row->index] = row;
            }
        }
    }

    for (i = 0; i < sh->nrows; i++) {

        if (rows[i] == NULL) {
            continue;
        }

        elt = ngx_array_push(array);
        if (elt == NULL) {
            return NULL;
        }

        if (servers) {
            ngx_http_model_metrics_copy_server(sh, rows[i], elt);

        } else {
            ngx_http_model_metrics_copy_model(sh, rows[i], elt);
        }
    }

    return array;
}


/* names do not change, and are there as long as the zone */

static void
ngx_http_model_metrics_copy_model(ngx_http_model_metrics_sh_t *sh,
    ngx_http_model_metrics_row_t *row, ngx_http_model_metrics_model_t *model)
{
    model->vendor.data = row->data;
    model->vendor.len = row->vendor_len;
    model->model.data = row->data + row->vendor_len;
    model->model.len = row->name_len;
    model->operation = row->kind;

    model->in_flight = ngx_http_model_metrics_on(sh, row->index,
                                                 &model->waiting);

    ngx_memcpy(&model->numbers, ngx_http_model_metrics_numbers(row),
               sizeof(ngx_http_model_numbers_t));
}


static void
ngx_http_model_metrics_copy_server(ngx_http_model_metrics_sh_t *sh,
    ngx_http_model_metrics_row_t *row, ngx_http_model_metrics_server_t *server)
{
    ngx_uint_t                            waiting;
    ngx_http_model_metrics_server_row_t  *from;

    from = (ngx_http_model_metrics_server_row_t *) row;

    server->vendor.data = row->data;
    server->vendor.len = row->vendor_len;
    server->server.data = row->data + row->vendor_len;
    server->server.len = row->name_len;

    server->in_flight = ngx_http_model_metrics_on(sh, row->index, &waiting);
    server->tries = from->tries;
    server->failures = from->failures;
    server->time = from->time;
}


/* what is on in all processes that live */

static ngx_uint_t
ngx_http_model_metrics_on(ngx_http_model_metrics_sh_t *sh, uint32_t index,
    ngx_uint_t *waiting)
{
    ngx_uint_t                        n, w;
    ngx_http_model_metrics_gauge_t   *gauge;
    ngx_http_model_metrics_worker_t  *worker;

    n = 0;
    w = 0;

    for (worker = sh->workers; worker != NULL; worker = worker->next) {

        gauge = &worker->gauges[index];

        if (gauge->in_flight == 0 && gauge->waiting == 0) {
            continue;
        }

        if (kill(worker->pid, 0) == -1 && ngx_errno == ESRCH) {
            continue;
        }

        n += gauge->in_flight;
        w += gauge->waiting;
    }

    *waiting = w;

    return n;
}
