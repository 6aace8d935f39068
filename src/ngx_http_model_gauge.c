
/*
 * Copyright (C) the ngx_http_model_module authors
 */


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "ngx_http_model_gauge.h"


static ngx_http_model_metrics_row_t *ngx_http_model_gauge_row(
    ngx_http_model_ctx_t *ctx);


/* what a path is for, by its beginning */

static struct {
    ngx_str_t   path;
    ngx_uint_t  operation;
} ngx_http_model_gauge_paths[] = {
    { ngx_string("/api/chat"), NGX_HTTP_MODEL_OP_CHAT },
    { ngx_string("/api/generate"), NGX_HTTP_MODEL_OP_COMPLETION },
    { ngx_string("/api/embed"), NGX_HTTP_MODEL_OP_EMBEDDINGS },
    { ngx_string("/v1/chat/completions"), NGX_HTTP_MODEL_OP_CHAT },
    { ngx_string("/v1/messages/count_tokens"), NGX_HTTP_MODEL_OP_OTHER },
    { ngx_string("/v1/messages"), NGX_HTTP_MODEL_OP_CHAT },
    { ngx_string("/v1/responses"), NGX_HTTP_MODEL_OP_CHAT },
    { ngx_string("/v1/completions"), NGX_HTTP_MODEL_OP_COMPLETION },
    { ngx_string("/v1/embeddings"), NGX_HTTP_MODEL_OP_EMBEDDINGS },
    { ngx_string("/v1/rerank"), NGX_HTTP_MODEL_OP_RERANK },
    { ngx_string("/v1/audio/"), NGX_HTTP_MODEL_OP_AUDIO },
    { ngx_string("/v1/images/"), NGX_HTTP_MODEL_OP_IMAGES },
    { ngx_null_string, 0 }
};


static ngx_http_model_metrics_row_t *
ngx_http_model_gauge_row(ngx_http_model_ctx_t *ctx)
{
    ngx_str_t                *name;
    ngx_http_model_hop_t     *hop;
    ngx_http_model_vendor_t  *vendor;

    hop = ctx->hop;
    vendor = hop->vendor;
    name = ngx_http_model_gauge_name(hop);

    return ngx_http_model_metrics_model(ctx->views->metrics, &vendor->id, name,
                              ngx_http_model_gauge_operation(ctx->endpoint),
                              ngx_http_model_gauge_known(ctx->views, vendor,
                                                         hop, name));
}


void
ngx_http_model_gauge_asked(ngx_http_model_run_t *run)
{
    ngx_http_model_ctx_t  *ctx;

    ctx = run->ctx;

    if (ctx->views == NULL) {
        return;
    }

    run->counted = ngx_http_model_metrics_server(ctx->views->metrics,
                                                 &ctx->vendor->id,
                                                 &run->server);
    run->asked = ngx_current_msec;

    ctx->counted = ngx_http_model_gauge_row(ctx);

    ngx_http_model_metrics_in_flight(ctx->views->metrics, run->counted, 1);
    ngx_http_model_metrics_in_flight(ctx->views->metrics, ctx->counted, 1);
}


void
ngx_http_model_gauge_answered(ngx_http_model_run_t *run, ngx_uint_t failed)
{
    ngx_http_model_ctx_t  *ctx;

    ctx = run->ctx;

    if (ctx->views == NULL) {
        return;
    }

    if (run->request->upstream->headers_in.status_n
        >= NGX_HTTP_INTERNAL_SERVER_ERROR)
    {
        failed = 1;
    }

    ngx_http_model_metrics_in_flight(ctx->views->metrics, run->counted, -1);
    ngx_http_model_metrics_in_flight(ctx->views->metrics, ctx->counted, -1);
    ngx_http_model_metrics_tried(run->counted, failed,
                                 ngx_current_msec - run->asked);

    run->counted = NULL;
    ctx->counted = NULL;
}


void
ngx_http_model_gauge_waits(ngx_http_model_ctx_t *ctx)
{
    ctx->waiting = ngx_http_model_gauge_row(ctx);

    ngx_http_model_metrics_waiting(ctx->views->metrics, ctx->waiting, 1);
}


void
ngx_http_model_gauge_waited(ngx_http_model_ctx_t *ctx)
{
    ngx_http_model_metrics_waiting(ctx->views->metrics, ctx->waiting, -1);

    ctx->waiting = NULL;
}


ngx_uint_t
ngx_http_model_gauge_operation(const ngx_http_model_endpoint_t *endpoint)
{
    ngx_str_t   *path;
    ngx_uint_t   i;

    switch (endpoint->type) {

    case NGX_HTTP_MODEL_EP_ROUTED:
        break;

    case NGX_HTTP_MODEL_EP_BLOB:
        return NGX_HTTP_MODEL_OP_MANAGE;

    case NGX_HTTP_MODEL_EP_OTHER:
        return NGX_HTTP_MODEL_OP_OTHER;

    default:
        return NGX_HTTP_MODEL_OP_LISTING;
    }

    if (endpoint->kind == NGX_HTTP_MODEL_MANAGE) {
        return NGX_HTTP_MODEL_OP_MANAGE;
    }

    for (i = 0; ngx_http_model_gauge_paths[i].path.len; i++) {

        path = &ngx_http_model_gauge_paths[i].path;

        if (endpoint->path.len >= path->len
            && ngx_memcmp(endpoint->path.data, path->data, path->len) == 0)
        {
            return ngx_http_model_gauge_paths[i].operation;
        }
    }

    return NGX_HTTP_MODEL_OP_OTHER;
}


ngx_str_t *
ngx_http_model_gauge_name(ngx_http_model_hop_t *hop)
{
    return hop->known.len ? &hop->known : &hop->name;
}


ngx_uint_t
ngx_http_model_gauge_known(ngx_http_model_views_t *views,
    ngx_http_model_vendor_t *vendor, ngx_http_model_hop_t *hop,
    ngx_str_t *name)
{
    ngx_http_model_view_t  *view;

    if (name->len == 0 || (hop && hop->configured)) {
        return NGX_HTTP_MODEL_NAME_KNOWN;
    }

    view = ngx_http_model_view(views, ngx_cycle->log);

    return (view && ngx_http_model_view_find(view, vendor, name))
           ? NGX_HTTP_MODEL_NAME_KNOWN : NGX_HTTP_MODEL_NAME_UNKNOWN;
}
