
/*
 * Copyright (C) the ngx_http_model_module authors
 */


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "ngx_http_model_count.h"
#include "ngx_http_model_gauge.h"
#include "ngx_http_model_usage.h"


#define NGX_HTTP_MODEL_COUNT_OVERLOADED  529


static ngx_int_t ngx_http_model_count_handler(ngx_http_request_t *r);
static void ngx_http_model_count_ended(ngx_http_request_t *r,
    ngx_http_model_ctx_t *ctx, ngx_http_model_metrics_sample_t *sample);
static void ngx_http_model_count_model(ngx_http_model_views_t *views,
    ngx_http_model_ctx_t *ctx, ngx_http_model_metrics_sample_t *sample);
static void ngx_http_model_count_usage(ngx_http_request_t *r,
    ngx_http_model_ctx_t *ctx, ngx_http_model_metrics_sample_t *sample);


static struct {
    ngx_uint_t  status;
    ngx_uint_t  error;
} ngx_http_model_count_errors[] = {
    { NGX_HTTP_UNAUTHORIZED, NGX_HTTP_MODEL_ERROR_UNAUTHORIZED },
    { NGX_HTTP_FORBIDDEN, NGX_HTTP_MODEL_ERROR_FORBIDDEN },
    { NGX_HTTP_NOT_FOUND, NGX_HTTP_MODEL_ERROR_NOT_FOUND },
    { NGX_HTTP_REQUEST_TIME_OUT, NGX_HTTP_MODEL_ERROR_TIMEOUT },
    { NGX_HTTP_REQUEST_ENTITY_TOO_LARGE, NGX_HTTP_MODEL_ERROR_TOO_LARGE },
    { NGX_HTTP_TOO_MANY_REQUESTS, NGX_HTTP_MODEL_ERROR_RATE_LIMITED },
    { NGX_HTTP_BAD_GATEWAY, NGX_HTTP_MODEL_ERROR_BAD_GATEWAY },
    { NGX_HTTP_SERVICE_UNAVAILABLE, NGX_HTTP_MODEL_ERROR_UNAVAILABLE },
    { NGX_HTTP_GATEWAY_TIME_OUT, NGX_HTTP_MODEL_ERROR_TIMEOUT },
    { NGX_HTTP_MODEL_COUNT_OVERLOADED, NGX_HTTP_MODEL_ERROR_UNAVAILABLE },
    { 0, 0 }
};


ngx_int_t
ngx_http_model_count_init(ngx_conf_t *cf)
{
    ngx_http_handler_pt        *h;
    ngx_http_core_main_conf_t  *cmcf;

    cmcf = ngx_http_conf_get_module_main_conf(cf, ngx_http_core_module);

    h = ngx_array_push(&cmcf->phases[NGX_HTTP_LOG_PHASE].handlers);
    if (h == NULL) {
        return NGX_ERROR;
    }

    *h = ngx_http_model_count_handler;

    return NGX_OK;
}


static ngx_int_t
ngx_http_model_count_handler(ngx_http_request_t *r)
{
    ngx_uint_t                        i;
    ngx_http_model_ctx_t             *ctx;
    ngx_http_model_main_conf_t       *mmcf;
    ngx_http_model_metrics_sample_t   sample;

    if (r != r->main) {
        return NGX_OK;
    }

    ctx = ngx_http_model_ctx(r);

    /* no endpoint: the status; a preflight asks for nothing yet */

    if (ctx == NULL || ctx->endpoint == NULL || ctx->preflight
        || ctx->explained)
    {
        return NGX_OK;
    }

    mmcf = ngx_http_get_module_main_conf(r, ngx_http_model_module);

    if (mmcf->views.metrics == NULL) {
        return NGX_OK;
    }

    ngx_memzero(&sample, sizeof(ngx_http_model_metrics_sample_t));

    for (i = 0; i < NGX_HTTP_MODEL_NTOKENS; i++) {
        sample.tokens[i] = -1;
    }

    sample.cost = -1;
    sample.first_token = -1;
    sample.output_time = -1;

    if (ctx->usage) {
        ngx_http_model_count_usage(r, ctx, &sample);
    }

    sample.operation = ngx_http_model_gauge_operation(ctx->endpoint);
    sample.tries = ctx->tries;
    sample.unobserved = ctx->unobserved;
    sample.failovers = ctx->tries ? ctx->tries - 1 : 0;
    sample.queued = ctx->was_queued ? (int64_t) ctx->queued : -1;
    sample.duration = ngx_http_model_usage_elapsed(r);

    ngx_http_model_count_ended(r, ctx, &sample);
    ngx_http_model_count_model(&mmcf->views, ctx, &sample);

    ngx_http_model_metrics_count(mmcf->views.metrics, &sample);

    return NGX_OK;
}


static void
ngx_http_model_count_ended(ngx_http_request_t *r, ngx_http_model_ctx_t *ctx,
    ngx_http_model_metrics_sample_t *sample)
{
    ngx_uint_t  status;

    status = r->err_status ? r->err_status : r->headers_out.status;

    sample->outcome = ngx_http_model_count_outcome(status, &sample->error);

    if (sample->outcome != NGX_HTTP_MODEL_OUTCOME_OK) {
        return;
    }

    if (ctx->broken || (ctx->usage && ctx->usage->observe.error)) {
        sample->outcome = NGX_HTTP_MODEL_OUTCOME_INCOMPLETE;
        sample->error = NGX_HTTP_MODEL_ERROR_STREAM;

    } else if (r->connection->error || r->connection->timedout) {

        /* after the head, which told of no error */

        sample->outcome = NGX_HTTP_MODEL_OUTCOME_CANCELED;
        sample->error = NGX_HTTP_MODEL_ERROR_CANCELED;

    } else if (!ctx->ended && !r->header_only) {
        sample->outcome = NGX_HTTP_MODEL_OUTCOME_INCOMPLETE;
        sample->error = NGX_HTTP_MODEL_ERROR_STREAM;
    }
}


ngx_uint_t
ngx_http_model_count_outcome(ngx_uint_t status, ngx_uint_t *error)
{
    ngx_uint_t  i;

    *error = 0;

    if (status == 0 || status == NGX_HTTP_CLIENT_CLOSED_REQUEST) {
        *error = NGX_HTTP_MODEL_ERROR_CANCELED;
        return NGX_HTTP_MODEL_OUTCOME_CANCELED;
    }

    if (status < NGX_HTTP_BAD_REQUEST) {
        return NGX_HTTP_MODEL_OUTCOME_OK;
    }

    *error = (status < NGX_HTTP_INTERNAL_SERVER_ERROR)
             ? NGX_HTTP_MODEL_ERROR_BAD_REQUEST
             : NGX_HTTP_MODEL_ERROR_INTERNAL;

    for (i = 0; ngx_http_model_count_errors[i].status; i++) {
        if (ngx_http_model_count_errors[i].status == status) {
            *error = ngx_http_model_count_errors[i].error;
        }
    }

    return (status < NGX_HTTP_INTERNAL_SERVER_ERROR)
           ? NGX_HTTP_MODEL_OUTCOME_CLIENT_ERROR
           : NGX_HTTP_MODEL_OUTCOME_SERVER_ERROR;
}


/* that had it last, or was meant where none did */

static void
ngx_http_model_count_model(ngx_http_model_views_t *views,
    ngx_http_model_ctx_t *ctx, ngx_http_model_metrics_sample_t *sample)
{
    ngx_http_model_hop_t     *hop;
    ngx_http_model_vendor_t  *vendor;

    hop = ctx->hop;

    if (hop == NULL && ctx->hops && ctx->hops->nelts) {
        hop = ctx->hops->elts;
    }

    vendor = hop ? hop->vendor : ctx->vendor;

    if (vendor == NULL) {

        /* a name that leads nowhere is the client's own */

        sample->known = NGX_HTTP_MODEL_NAME_KNOWN;
        return;
    }

    sample->vendor = vendor->id;
    sample->model = hop ? *ngx_http_model_gauge_name(hop) : ctx->name;
    sample->known = ngx_http_model_gauge_known(views, vendor, hop,
                                               &sample->model);

    if (sample->known == NGX_HTTP_MODEL_NAME_UNKNOWN && ctx->tries
        && sample->outcome == NGX_HTTP_MODEL_OUTCOME_OK)
    {
        sample->known = NGX_HTTP_MODEL_NAME_ANSWERED;
    }
}


static void
ngx_http_model_count_usage(ngx_http_request_t *r, ngx_http_model_ctx_t *ctx,
    ngx_http_model_metrics_sample_t *sample)
{
    ngx_uint_t                 i;
    ngx_http_model_observe_t  *o;

    o = &ctx->usage->observe;

    sample->tokens[NGX_HTTP_MODEL_TOKENS_INPUT] = o->prompt;
    sample->tokens[NGX_HTTP_MODEL_TOKENS_OUTPUT] = o->completion;
    sample->tokens[NGX_HTTP_MODEL_TOKENS_CACHED] = o->cached;
    sample->tokens[NGX_HTTP_MODEL_TOKENS_CACHE_WRITE] = o->cache_write;
    sample->tokens[NGX_HTTP_MODEL_TOKENS_REASONING] = o->reasoning;

    /* a server may tell anything: sums stay those of all the others */

    for (i = 0; i < NGX_HTTP_MODEL_NTOKENS; i++) {
        if (sample->tokens[i] > NGX_HTTP_MODEL_USAGE_TOKENS) {
            sample->tokens[i] = -1;
        }
    }

    sample->cost = ngx_http_model_usage_cost(r, ctx);
    sample->first_token = ctx->usage->first;
    sample->output_time = ngx_http_model_usage_output_time(ctx->usage);
}
