
/*
 * Copyright (C) the ngx_http_model_module authors
 */


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "ngx_http_model_again.h"
#include "ngx_http_model_rules.h"
#include "ngx_http_model_survey.h"


static ngx_uint_t ngx_http_model_again_live(ngx_http_model_run_t *run,
    ngx_uint_t condition);


ngx_uint_t
ngx_http_model_again_condition(ngx_peer_connection_t *pc,
    ngx_http_model_run_t *run)
{
    ngx_connection_t     *c;
    ngx_http_upstream_t  *u;

    if (run->condition) {
        return run->condition;
    }

    u = run->request->upstream;
    c = pc->connection;

    if (run->stalled) {
        return NGX_HTTP_MODEL_ON_STALL;
    }

    if (c == NULL || !u->request_sent || c->sent == 0) {
        return NGX_HTTP_MODEL_ON_CONNECT;
    }

    if (c->read->timedout || c->write->timedout) {
        return NGX_HTTP_MODEL_ON_TIMEOUT;
    }

    if (u->buffer.start && u->buffer.last == u->buffer.end) {
        return NGX_HTTP_MODEL_ON_INVALID;
    }

    return NGX_HTTP_MODEL_ON_ERROR;
}


ngx_uint_t
ngx_http_model_again(ngx_http_model_run_t *run, ngx_uint_t condition)
{
    ngx_http_request_t            *r;
    const ngx_http_model_rules_t  *rules;

    r = run->request;
    rules = run->ctx->rules;

    if (condition == NGX_HTTP_MODEL_ON_STALL) {

        /* model_stall itself asks for it */

        if (rules->conditions == 0) {
            return 0;
        }

    } else if (!(rules->conditions & condition)) {
        return 0;
    }

    if (run->ctx->tries >= rules->tries
        || (rules->timeout
            && ngx_current_msec - run->start >= rules->timeout)
        || (r->upstream->request_sent && r->request_body_no_buffering))
    {
        return 0;
    }

    return ngx_http_model_again_live(run, condition);
}


/* an answer is given up only where another one can be had */

static ngx_uint_t
ngx_http_model_again_live(ngx_http_model_run_t *run, ngx_uint_t condition)
{
    ngx_uint_t              i;
    ngx_http_model_ctx_t   *ctx;
    ngx_http_model_hop_t   *hop;
    ngx_http_model_look_t   look;

    ctx = run->ctx;
    hop = ctx->hop;

    if (ngx_http_model_again_same(run, condition)) {

        if (!hop->vendor->group || hop->peer) {

            /* the other addresses of the one server */

            if (run->left > 1) {
                return 1;
            }

        } else {
            ngx_http_model_survey_look(run->request, hop, &run->tried,
                                         &look);

            if (look.free) {
                return 1;
            }
        }
    }

    if (ctx->hops == NULL) {
        return 0;
    }

    hop = ctx->hops->elts;

    for (i = ctx->next; i < ctx->hops->nelts; i++) {

        if (ngx_http_model_again_usable(run, &hop[i])) {
            return 1;
        }
    }

    return 0;
}


/* whether another address of the same vendor is worth a try */

ngx_uint_t
ngx_http_model_again_same(ngx_http_model_run_t *run, ngx_uint_t condition)
{
    return run->ctx->hop->vendor->group
           || condition == NGX_HTTP_MODEL_ON_CONNECT;
}


ngx_uint_t
ngx_http_model_again_usable(ngx_http_model_run_t *run,
    ngx_http_model_hop_t *hop)
{
    ngx_http_model_look_t  look;

    if (hop->vendor->resolve && hop->resolved == NULL) {
        return 0;
    }

    ngx_http_model_survey_look(run->request, hop, NULL, &look);

    ngx_http_model_again_retry(run->ctx, look.out);

    return look.free != 0;
}


ngx_uint_t
ngx_http_model_again_allows(ngx_http_model_ctx_t *ctx,
    ngx_uint_t conditions)
{
    return (ctx->rules->conditions & conditions) != 0;
}


/* those that are kept out have said so by a status that is a condition, too */

ngx_uint_t
ngx_http_model_again_passes(ngx_http_model_ctx_t *ctx,
    ngx_http_model_look_t *look)
{
    ngx_uint_t  conditions;

    ngx_http_model_again_retry(ctx, look->out);

    conditions = look->has ? NGX_HTTP_MODEL_ON_CONNECT
                           : NGX_HTTP_MODEL_ON_NO_MODEL;

    if (look->out) {
        conditions |= NGX_HTTP_MODEL_ON_COOLDOWN;
    }

    return ngx_http_model_again_allows(ctx, conditions);
}


/* the first cooldown that is over, of all that are met */

void
ngx_http_model_again_retry(ngx_http_model_ctx_t *ctx, ngx_msec_t out)
{
    if (out && (ctx->retry == 0 || out < ctx->retry)) {
        ctx->retry = out;
    }
}
