
/*
 * Copyright (C) the ngx_http_model_module authors
 */


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "ngx_http_model_backoff.h"
#include "ngx_http_model_error.h"
#include "ngx_http_model_health.h"
#include "ngx_http_model_learn.h"


static ngx_uint_t ngx_http_model_learn_counts(ngx_http_model_run_t *run,
    ngx_uint_t status);
static void ngx_http_model_learn_cool(ngx_http_model_run_t *run,
    ngx_uint_t status, ngx_msec_t ms);


void
ngx_http_model_learn_status(ngx_http_model_run_t *run, ngx_uint_t status)
{
    ngx_msec_t             ms;
    ngx_http_model_ctx_t  *ctx;

    ctx = run->ctx;

    if (ctx->views == NULL) {
        return;
    }

    ms = 0;

    if (status == NGX_HTTP_TOO_MANY_REQUESTS
        || status == NGX_HTTP_SERVICE_UNAVAILABLE || status == 529)
    {
        ms = ngx_http_model_backoff(
                              &run->request->upstream->headers_in.headers,
                              status, ngx_time());

    }

    if (ms) {
        run->told = 1;

        if (ctx->rules->cooldown && ngx_http_model_learn_counts(run, status)) {
            ngx_http_model_learn_cool(run, status,
                                      ngx_min(ms, ctx->rules->cooldown));
        }

    } else if (status >= NGX_HTTP_INTERNAL_SERVER_ERROR) {
        ngx_http_model_learn_failed(run);

    } else {
        run->told = 0;

        ngx_http_model_health_answered(ctx->views->catalogue,
                                       &ctx->vendor->id, &run->server);

        ngx_http_model_learn_probed(run,
                               status == NGX_HTTP_TOO_MANY_REQUESTS ? 0 : 1);
    }
}


/* what one client is told by its own limit, or of no model, binds no other */

static ngx_uint_t
ngx_http_model_learn_counts(ngx_http_model_run_t *run, ngx_uint_t status)
{
    ngx_http_model_ctx_t  *ctx;

    ctx = run->ctx;

    return ctx->hop->known.len
           && (status != NGX_HTTP_TOO_MANY_REQUESTS
               || ctx->vendor->key.type != NGX_HTTP_MODEL_KEY_CLIENT);
}


static void
ngx_http_model_learn_cool(ngx_http_model_run_t *run, ngx_uint_t status,
    ngx_msec_t ms)
{
    ngx_str_t                    model;
    ngx_uint_t                   note;
    ngx_http_model_ctx_t        *ctx;
    ngx_http_model_catalogue_t  *cat;

    ctx = run->ctx;
    cat = ctx->views->catalogue;

    run->probe = 0;

    if (!ngx_http_model_health_cool(cat, &ctx->vendor->id, &run->server,
                                    &ctx->hop->known, ms))
    {
        return;
    }

    note = ngx_http_model_health_note(cat, &ctx->vendor->id, &run->server);

    if (note == NGX_HTTP_MODEL_HEALTH_QUIET) {
        return;
    }

    model = ngx_http_model_error_quote(run->request->pool,
                                       &ctx->hop->known);

    ngx_log_error(NGX_LOG_NOTICE, run->request->connection->log, 0,
                  "model vendor \"%V\" server \"%V\" has a cooldown of %M ms "
                  "for model \"%V\": status %ui%s", &ctx->vendor->id,
                  &run->server, ms, &model, status,
                  note == NGX_HTTP_MODEL_HEALTH_LAST
                      ? ", further changes of its state are not logged for a "
                        "minute" : "");
}


void
ngx_http_model_learn_failed(ngx_http_model_run_t *run)
{
    ngx_http_model_ctx_t  *ctx;

    ctx = run->ctx;

    if (ctx->views == NULL || run->told) {
        return;
    }

    run->told = 1;

    /* the first one of a row makes discovery look at once */

    if (ngx_http_model_health_failed(ctx->views->catalogue, &ctx->vendor->id,
                                     &run->server)
        == 1
        && ctx->vendor->discover)
    {
        ngx_http_model_catalogue_want(ctx->views->catalogue,
                                      &ctx->vendor->id);
    }

    ngx_http_model_learn_probed(run, 0);
}


void
ngx_http_model_learn_probed(ngx_http_model_run_t *run, ngx_int_t ok)
{
    ngx_http_model_ctx_t        *ctx;
    ngx_http_model_catalogue_t  *cat;

    if (!run->probe) {
        return;
    }

    run->probe = 0;

    ctx = run->ctx;
    cat = ctx->views->catalogue;

    if (ngx_http_model_health_probed(cat, &ctx->vendor->id, &run->server,
                                     &ctx->hop->known, ok)
        && ngx_http_model_health_note(cat, &ctx->vendor->id, &run->server)
           != NGX_HTTP_MODEL_HEALTH_QUIET)
    {
        ngx_log_error(NGX_LOG_NOTICE, run->request->connection->log, 0,
                      "model vendor \"%V\" server \"%V\" is asked again",
                      &ctx->vendor->id, &run->server);
    }
}
