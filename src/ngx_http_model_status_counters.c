
/*
 * Copyright (C) the ngx_http_model_module authors
 */


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "ngx_http_model_listing.h"
#include "ngx_http_model_status_api.h"


#define NGX_HTTP_MODEL_COST_UNIT  1000000000


static void ngx_http_model_status_counter(ngx_http_model_json_writer_t *w,
    ngx_http_model_metrics_model_t *model);
static uint64_t ngx_http_model_status_duration(
    ngx_http_model_numbers_t *numbers, ngx_http_model_histogram_t *sum);
static void ngx_http_model_status_numbers(ngx_http_model_json_writer_t *w,
    const char *key, ngx_str_t *names, uint64_t *values, ngx_uint_t n);
static void ngx_http_model_status_histogram(ngx_http_model_json_writer_t *w,
    const char *key, ngx_uint_t kind, ngx_http_model_histogram_t *histogram);


ngx_int_t
ngx_http_model_status_counters(ngx_http_model_status_api_t *api)
{
    ngx_uint_t                       i;
    ngx_http_model_metrics_model_t  *model;

    ngx_http_model_json_key(api->w, "counters");
    ngx_http_model_json_array(api->w);

    model = api->models ? api->models->elts : NULL;

    for (i = 0; model && i < api->models->nelts; i++) {
        ngx_http_model_status_counter(api->w, &model[i]);
    }

    ngx_http_model_json_array_end(api->w);

    return NGX_OK;
}


static void
ngx_http_model_status_counter(ngx_http_model_json_writer_t *w,
    ngx_http_model_metrics_model_t *model)
{
    u_char                       cost[NGX_INT64_LEN + sizeof(".000000000")];
    uint64_t                     outcomes[NGX_HTTP_MODEL_NOUTCOMES], requests;
    ngx_str_t                    text;
    ngx_uint_t                   i;
    ngx_http_model_numbers_t    *numbers;
    ngx_http_model_histogram_t   duration;

    numbers = &model->numbers;

    for (i = 0; i < NGX_HTTP_MODEL_NOUTCOMES; i++) {
        outcomes[i] = ngx_http_model_metrics_total(&numbers->duration[i]);
    }

    requests = ngx_http_model_status_duration(numbers, &duration);

    text.data = cost;
    text.len = ngx_sprintf(cost, "%uL.%09uL",
                           numbers->cost / NGX_HTTP_MODEL_COST_UNIT,
                           numbers->cost % NGX_HTTP_MODEL_COST_UNIT)
               - cost;

    ngx_http_model_json_object(w);
    ngx_http_model_listing_or_null(w, "vendor", &model->vendor);
    ngx_http_model_listing_or_null(w, "model", &model->model);
    ngx_http_model_listing_member(w, "operation",
                               &ngx_http_model_operations[model->operation]);
    ngx_http_model_status_int(w, "requests", requests);
    ngx_http_model_status_numbers(w, "outcomes", ngx_http_model_outcomes,
                                  outcomes, NGX_HTTP_MODEL_NOUTCOMES);
    ngx_http_model_status_numbers(w, "errors", ngx_http_model_errors,
                                  numbers->errors, NGX_HTTP_MODEL_NERRORS);
    ngx_http_model_status_int(w, "tries", numbers->tries);
    ngx_http_model_status_int(w, "failovers", numbers->failovers);
    ngx_http_model_status_int(w, "in_flight", model->in_flight);
    ngx_http_model_status_int(w, "waiting", model->waiting);
    ngx_http_model_status_numbers(w, "tokens", ngx_http_model_tokens,
                                  numbers->tokens, NGX_HTTP_MODEL_NTOKENS);
    ngx_http_model_listing_member(w, "cost", &text);
    ngx_http_model_status_numbers(w, "unobserved", ngx_http_model_unobserved,
                                  numbers->unobserved,
                                  NGX_HTTP_MODEL_NUNOBSERVED);

    ngx_http_model_status_histogram(w, "duration",
                                    NGX_HTTP_MODEL_HISTOGRAM_DURATION,
                                    &duration);
    ngx_http_model_status_histogram(w, "first_token",
                                    NGX_HTTP_MODEL_HISTOGRAM_FIRST_TOKEN,
                                    &numbers->first_token);
    ngx_http_model_status_histogram(w, "token_time",
                                    NGX_HTTP_MODEL_HISTOGRAM_TOKEN_TIME,
                                    &numbers->token_time);
    ngx_http_model_status_histogram(w, "queued",
                                    NGX_HTTP_MODEL_HISTOGRAM_DURATION,
                                    &numbers->queued);
    ngx_http_model_json_object_end(w);
}


/* of all outcomes; the number of requests is returned */

static uint64_t
ngx_http_model_status_duration(ngx_http_model_numbers_t *numbers,
    ngx_http_model_histogram_t *sum)
{
    ngx_uint_t                   i, n;
    ngx_http_model_histogram_t  *part;

    ngx_memzero(sum, sizeof(ngx_http_model_histogram_t));

    for (i = 0; i < NGX_HTTP_MODEL_NOUTCOMES; i++) {
        part = &numbers->duration[i];

        sum->sum += part->sum;

        for (n = 0; n < NGX_HTTP_MODEL_METRICS_NBUCKETS; n++) {
            sum->counts[n] += part->counts[n];
        }
    }

    return ngx_http_model_metrics_total(sum);
}


/* those that are not 0 */

static void
ngx_http_model_status_numbers(ngx_http_model_json_writer_t *w,
    const char *key, ngx_str_t *names, uint64_t *values, ngx_uint_t n)
{
    ngx_uint_t  i;

    ngx_http_model_json_key(w, key);
    ngx_http_model_json_object(w);

    for (i = 0; i < n; i++) {
        if (values[i]) {
            ngx_http_model_json_key_str(w, &names[i]);
            ngx_http_model_json_int(w, values[i]);
        }
    }

    ngx_http_model_json_object_end(w);
}


/* milliseconds throughout, whatever the unit of the metric is */

static void
ngx_http_model_status_histogram(ngx_http_model_json_writer_t *w,
    const char *key, ngx_uint_t kind, ngx_http_model_histogram_t *histogram)
{
    uint64_t                        unit;
    ngx_uint_t                      i;
    const ngx_http_model_bounds_t  *bounds;

    ngx_http_model_json_key(w, key);
    ngx_http_model_json_object(w);
    ngx_http_model_status_int(w, "count",
                              ngx_http_model_metrics_total(histogram));

    bounds = &ngx_http_model_bounds[kind];
    unit = bounds->unit / 1000;

    ngx_http_model_status_int(w, "sum_ms", histogram->sum / unit);

    /* how many took no longer than the bound and longer than the one before */

    ngx_http_model_json_key(w, "buckets");
    ngx_http_model_json_array(w);

    for (i = 0; i <= bounds->n; i++) {

        if (histogram->counts[i] == 0) {
            continue;
        }

        ngx_http_model_json_object(w);
        ngx_http_model_status_int(w, "to_ms", (i < bounds->n)
                                  ? (int64_t) (bounds->bounds[i] / unit) : -1);
        ngx_http_model_status_int(w, "count", histogram->counts[i]);
        ngx_http_model_json_object_end(w);
    }

    ngx_http_model_json_array_end(w);
    ngx_http_model_json_object_end(w);
}
