
/*
 * Copyright (C) the ngx_http_model_module authors
 */


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "ngx_http_model_again.h"
#include "ngx_http_model_failover.h"
#include "ngx_http_model_fetch.h"
#include "ngx_http_model_gauge.h"
#include "ngx_http_model_handover.h"
#include "ngx_http_model_health.h"
#include "ngx_http_model_learn.h"
#include "ngx_http_model_peers.h"
#include "ngx_http_model_reason.h"
#include "ngx_http_model_rules.h"
#include "ngx_http_model_stream.h"
#include "ngx_http_model_translate.h"


static void ngx_http_model_failover_cleanup(void *data);
static ngx_int_t ngx_http_model_failover_select(ngx_http_request_t *r,
    ngx_http_model_run_t *run);
static ngx_int_t ngx_http_model_failover_pinned(ngx_http_request_t *r,
    ngx_http_model_hop_t *hop);
static ngx_int_t ngx_http_model_failover_get(ngx_peer_connection_t *pc,
    void *data);
static ngx_int_t ngx_http_model_failover_renew(ngx_peer_connection_t *pc,
    ngx_http_model_run_t *run);
static ngx_int_t ngx_http_model_failover_server(ngx_peer_connection_t *pc,
    ngx_http_model_run_t *run);
static ngx_int_t ngx_http_model_failover_taken(ngx_peer_connection_t *pc,
    ngx_http_model_run_t *run);
static ngx_msec_t ngx_http_model_failover_out(ngx_http_model_run_t *run,
    ngx_str_t *server);
static void ngx_http_model_failover_back(ngx_peer_connection_t *pc,
    ngx_http_model_run_t *run);
static ngx_http_model_hop_t *ngx_http_model_failover_next(
    ngx_http_model_run_t *run);
static void ngx_http_model_failover_free(ngx_peer_connection_t *pc,
    void *data, ngx_uint_t state);
static ngx_int_t ngx_http_model_failover_reinit_request(
    ngx_http_request_t *r);
static ngx_int_t ngx_http_model_failover_process_header(
    ngx_http_request_t *r);
static ngx_int_t ngx_http_model_failover_head(ngx_http_model_run_t *run);
static ngx_int_t ngx_http_model_failover_bridge(ngx_http_request_t *r,
    ngx_http_model_run_t *run);
static ngx_uint_t ngx_http_model_failover_lacks(ngx_http_model_run_t *run,
    ngx_uint_t status);
static ngx_uint_t ngx_http_model_failover_no_model(ngx_http_model_run_t *run);
static ngx_uint_t ngx_http_model_failover_says(ngx_http_model_run_t *run,
    ngx_str_t *word);


ngx_int_t
ngx_http_model_failover_init_peer(ngx_http_request_t *r,
    ngx_http_upstream_srv_conf_t *us)
{
    ngx_http_upstream_t   *u;
    ngx_pool_cleanup_t    *cln;
    ngx_http_model_ctx_t  *ctx;
    ngx_http_model_run_t  *run;

    ctx = ngx_http_model_ctx(r);

    if (ctx == NULL || ctx->hop == NULL || us != &ctx->hop->vendor->mux) {
        ngx_log_error(NGX_LOG_ALERT, r->connection->log, 0,
                      "a model vendor was entered without a request for it");
        return NGX_ERROR;
    }

    ctx->created = 1;

    ngx_http_model_handover_leave(r, ctx);

    run = ngx_pcalloc(r->pool, sizeof(ngx_http_model_run_t));
    cln = ngx_pool_cleanup_add(r->pool, 0);

    if (run == NULL || cln == NULL
        || ngx_array_init(&run->tried, r->pool, 4, sizeof(ngx_str_t))
           != NGX_OK)
    {
        return NGX_ERROR;
    }

    cln->handler = ngx_http_model_failover_cleanup;
    cln->data = run;

    run->request = r;
    run->ctx = ctx;
    run->start = ngx_current_msec;

    ctx->run = run;

    u = r->upstream;

    run->reinit_request = u->reinit_request;
    run->process_header = u->process_header;

    u->reinit_request = ngx_http_model_failover_reinit_request;
    u->process_header = ngx_http_model_failover_process_header;

    return ngx_http_model_failover_select(r, run);
}


static void
ngx_http_model_failover_cleanup(void *data)
{
    ngx_http_model_run_t *run = data;

    ngx_http_model_stream_stop(run);
}


/* the balancer of the hop is asked from now on */

static ngx_int_t
ngx_http_model_failover_select(ngx_http_request_t *r,
    ngx_http_model_run_t *run)
{
    ngx_int_t                 rc;
    ngx_http_upstream_t      *u;
    ngx_http_model_hop_t     *hop;
    ngx_http_model_vendor_t  *vendor;

    u = r->upstream;
    hop = run->ctx->hop;
    vendor = hop->vendor;

    u->peer.data = NULL;
    u->peer.notify = NULL;

    run->state = ngx_http_model_peers_state(vendor);

#if (NGX_HTTP_SSL)
    u->ssl_name = vendor->tls_name;
#endif

    if (hop->peer) {
        rc = ngx_http_model_failover_pinned(r, hop);

    } else if (hop->resolved) {
        rc = ngx_http_upstream_create_round_robin_peer(r, hop->resolved);

    } else {
        u->upstream = vendor->upstream;
        rc = vendor->upstream->peer.init(r, vendor->upstream);
    }

    if (rc != NGX_OK) {
        return NGX_ERROR;
    }

    run->left = u->peer.tries;

    ngx_http_model_wrap(&u->peer, &run->wrap, ngx_http_model_failover_get,
                        ngx_http_model_failover_free);

    /* one by one: the decision to go on is made after each */

    u->peer.tries = 1;

    return NGX_OK;
}


static ngx_int_t
ngx_http_model_failover_pinned(ngx_http_request_t *r,
    ngx_http_model_hop_t *hop)
{
    ngx_http_upstream_resolved_t  *ur;

    ur = ngx_pcalloc(r->pool, sizeof(ngx_http_upstream_resolved_t));
    if (ur == NULL) {
        return NGX_ERROR;
    }

    ur->host = hop->vendor->authority;
    ur->name = hop->peer->name;
    ur->sockaddr = hop->peer->sockaddr;
    ur->socklen = hop->peer->socklen;
    ur->naddrs = 1;

    return ngx_http_upstream_create_round_robin_peer(r, ur);
}


static ngx_int_t
ngx_http_model_failover_get(ngx_peer_connection_t *pc, void *data)
{
    ngx_http_model_run_t *run = data;

    ngx_int_t                   rc;
    ngx_http_request_t         *r;
    ngx_http_model_hop_t       *hop;
    ngx_http_upstream_state_t  *state;

    r = run->request;

    if (run->status) {

        /* the state of the answer that took the way of an invalid head */

        state = r->upstream_states->elts;

        if (r->upstream_states->nelts > 1) {
            state[r->upstream_states->nelts - 2].status = run->status;
        }

        run->status = 0;
    }

    run->condition = 0;
    run->given_up = 0;

    if (run->lacking && run->ctx->hop->translation == NULL
        && ngx_http_model_failover_bridge(r, run) != NGX_OK)
    {
        return NGX_ERROR;
    }

    for ( ;; ) {
        rc = ngx_http_model_failover_server(pc, run);

        if (rc == NGX_BUSY) {
            rc = ngx_http_model_failover_renew(pc, run);
        }

        if (rc != NGX_BUSY) {
            return rc;
        }

        if (run->tried.nelts == 0) {
            ngx_http_model_reason_note(r, run->ctx, "no server",
                                       &run->ctx->vendor->id);
        }

        hop = ngx_http_model_failover_next(run);

        if (hop == NULL) {
            run->ctx->busy = 1;

            if (pc->name == NULL) {
                pc->name = &run->ctx->vendor->authority;
            }

            return NGX_BUSY;
        }

        run->tried.nelts = 0;
        run->renewed = 0;
        run->lacking = 0;

        if (ngx_http_model_handover_switch(r, run->ctx, hop) != NGX_OK
            || ngx_http_model_failover_select(r, run) != NGX_OK)
        {
            return NGX_ERROR;
        }
    }
}


/* the same vendor again, in another of its APIs */

static ngx_int_t
ngx_http_model_failover_bridge(ngx_http_request_t *r,
    ngx_http_model_run_t *run)
{
    ngx_http_model_hop_t  *hop;

    hop = run->ctx->hop;

    hop->bridge = hop->instead;
    hop->translation = hop->spare;
    hop->uri = hop->spare->b.server->path;

    run->tried.nelts = 0;
    run->renewed = 0;

    if (ngx_http_model_handover_switch(r, run->ctx, hop) != NGX_OK) {
        return NGX_ERROR;
    }

    return ngx_http_model_failover_select(r, run);
}


/*
 * Stock balancers give up when "resolve" has changed the servers since the
 * request began, which may be minutes ago: they are asked anew.
 */

static ngx_int_t
ngx_http_model_failover_renew(ngx_peer_connection_t *pc,
    ngx_http_model_run_t *run)
{
    ngx_http_model_hop_t  *hop;

    hop = run->ctx->hop;

    if (hop->peer || ngx_http_model_peers_state(hop->vendor) == run->state) {
        return NGX_BUSY;
    }

    run->renewed = 1;

    if (ngx_http_model_failover_select(run->request, run) != NGX_OK) {
        return NGX_ERROR;
    }

    return ngx_http_model_failover_server(pc, run);
}


/* a server of the hop that is not kept out */

static ngx_int_t
ngx_http_model_failover_server(ngx_peer_connection_t *pc,
    ngx_http_model_run_t *run)
{
    ngx_int_t             rc;
    ngx_msec_t            out;
    ngx_http_model_ctx_t *ctx;

    ctx = run->ctx;
    rc = NGX_BUSY;

    while (run->left) {
        pc->tries = run->left;

        rc = run->wrap.get(pc, run->wrap.data);

        pc->tries = 1;

        if (rc != NGX_OK && rc != NGX_DONE) {
            break;
        }

        if (run->renewed
            && ngx_http_model_survey_tried(&run->tried, pc->name))
        {
            ngx_http_model_failover_back(pc, run);
            rc = NGX_BUSY;
            continue;
        }

        out = ngx_http_model_failover_out(run, pc->name);

        if (out == 0) {
            return (ngx_http_model_failover_taken(pc, run) == NGX_OK)
                   ? rc : NGX_ERROR;
        }

        ngx_log_debug2(NGX_LOG_DEBUG_HTTP, run->request->connection->log, 0,
                       "model: server \"%V\" is kept out for %M ms",
                       pc->name, out);

        ngx_http_model_reason_note(run->request, ctx, "cooldown", pc->name);

        ngx_http_model_failover_back(pc, run);

        ngx_http_model_again_retry(ctx, out);

        rc = NGX_BUSY;
    }

    /* for the log: the last one that was passed over is not meant */

    pc->name = ctx->hop->vendor->group ? &ctx->hop->vendor->upstream->host
                                       : &ctx->hop->vendor->authority;

    return (rc == NGX_ERROR) ? NGX_ERROR : NGX_BUSY;
}


static ngx_int_t
ngx_http_model_failover_taken(ngx_peer_connection_t *pc,
    ngx_http_model_run_t *run)
{
    ngx_str_t             *name;
    ngx_http_model_ctx_t  *ctx;

    ctx = run->ctx;

    name = ngx_array_push(&run->tried);

    if (name == NULL) {
        return NGX_ERROR;
    }

    /* the peer may go away before the request does */

    name->len = pc->name->len;
    name->data = ngx_pstrdup(run->request->pool, pc->name);

    if (name->data == NULL) {
        return NGX_ERROR;
    }

    run->server = ctx->hop->vendor->group ? *name
                                          : ctx->hop->vendor->authority;
    run->head = 0;
    run->held = 0;
    run->stalled = 0;
    run->told = 0;

    ctx->tries++;

    ngx_http_model_gauge_asked(run);

    ngx_log_debug4(NGX_LOG_DEBUG_HTTP, run->request->connection->log, 0,
                   "model: try %ui is server \"%V\" of vendor \"%V\", "
                   "model \"%V\"", ctx->tries, &run->server,
                   &ctx->vendor->id, &ctx->hop->name);

    ngx_http_model_stream_asked(run);

    return NGX_OK;
}


/*
 * ms that the server is kept out, 0: it is not; after a cooldown the request
 * may be the one that tries it.  An upstream with our balancer leaves such
 * servers out by itself; as with max_fails the only one that there is never
 * is.
 */

static ngx_msec_t
ngx_http_model_failover_out(ngx_http_model_run_t *run, ngx_str_t *server)
{
    ngx_msec_t                out;
    ngx_uint_t                probe;
    ngx_http_model_ctx_t     *ctx;
    ngx_http_model_vendor_t  *vendor;

    ctx = run->ctx;
    vendor = ctx->hop->vendor;

    if (ctx->views == NULL) {
        return 0;
    }

    out = ngx_http_model_health_probe(ctx->views->catalogue, &vendor->id,
                                      vendor->group ? server
                                                    : &vendor->authority,
                                      &ctx->hop->known, &probe);
    run->probe = probe;

    if (!ngx_http_model_rules_choice(ctx)
        && (!vendor->group
            || !ngx_http_model_peers_choice(vendor->upstream->peer.data)))
    {
        return 0;
    }

    return out;
}


/* nothing was sent: an idle connection goes back to where it was kept */

static void
ngx_http_model_failover_back(ngx_peer_connection_t *pc,
    ngx_http_model_run_t *run)
{
    ngx_uint_t            keepalive, sent;
    ngx_connection_t     *c;
    ngx_http_upstream_t  *u;

    u = run->request->upstream;

    keepalive = u->keepalive;
    sent = u->request_body_sent;

    u->keepalive = 1;
    u->request_body_sent = 1;

    pc->tries = run->left;

    ngx_http_model_peers_unasked(run->ctx->hop->vendor->upstream, pc->name);

    run->wrap.free(pc, run->wrap.data, 0);

    run->left = pc->tries;
    pc->tries = 1;
    pc->sockaddr = NULL;

    u->keepalive = keepalive;
    u->request_body_sent = sent;

    c = pc->connection;

    if (c == NULL) {
        return;
    }

    /* it was not kept: too old, or too often used */

#if (NGX_HTTP_SSL)

    if (c->ssl) {
        c->ssl->no_wait_shutdown = 1;
        c->ssl->no_send_shutdown = 1;

        (void) ngx_ssl_shutdown(c);
    }

#endif

    if (c->pool) {
        ngx_destroy_pool(c->pool);
    }

    ngx_close_connection(c);

    pc->connection = NULL;
}


/* the next hop that can take the request */

static ngx_http_model_hop_t *
ngx_http_model_failover_next(ngx_http_model_run_t *run)
{
    ngx_http_model_ctx_t   *ctx;
    ngx_http_model_hop_t   *hop;
    ngx_http_model_look_t   look;

    ctx = run->ctx;

    if (ctx->hops == NULL) {
        return NULL;
    }

    if (run->tried.nelts == 0) {

        /* nobody was asked, and so nobody was asked whether to go on */

        ngx_http_model_survey_look(run->request, ctx->hop, NULL, &look);

        if (!ngx_http_model_again_passes(ctx, &look)) {
            return NULL;
        }
    }

    while (ctx->next < ctx->hops->nelts) {

        hop = (ngx_http_model_hop_t *) ctx->hops->elts + ctx->next++;

        if (ngx_http_model_again_usable(run, hop)) {
            return hop;
        }

        ngx_http_model_reason_note(run->request, ctx, "no server",
                                   &hop->vendor->id);
    }

    return NULL;
}


/* decides whether nginx's own loop goes on: pc->tries is 1 or 0 after it */

static void
ngx_http_model_failover_free(ngx_peer_connection_t *pc, void *data,
    ngx_uint_t state)
{
    ngx_http_model_run_t *run = data;

    ngx_uint_t  condition, again;

    ngx_http_model_stream_stop(run);
    ngx_http_model_gauge_answered(run, state & NGX_PEER_FAILED);

    again = 0;

    if (state & (NGX_PEER_FAILED|NGX_PEER_NEXT)) {

        if (run->ctx->fetch) {
            ngx_http_model_fetch_connection(run->ctx->fetch,
                                            run->request->upstream);
        }

        condition = ngx_http_model_again_condition(pc, run);

        /* an answer that was given up is gone: that stands */

        again = run->given_up
                || ngx_http_model_again(run, condition);

        ngx_http_model_reason_failed(run->request, run->ctx, condition,
                                     &run->server);

        ngx_log_debug3(NGX_LOG_DEBUG_HTTP, run->request->connection->log, 0,
                       "model: server \"%V\" failed by %s, another one:%ui",
                       &run->server, ngx_http_model_rules_name(condition),
                       again);

        if (run->condition == 0 || condition == NGX_HTTP_MODEL_ON_INVALID) {
            ngx_http_model_learn_failed(run);
        }

        /* a status says little against the server as such */

        if (condition & (NGX_HTTP_MODEL_ON_401|NGX_HTTP_MODEL_ON_403
                         |NGX_HTTP_MODEL_ON_404|NGX_HTTP_MODEL_ON_NO_MODEL)
            || (run->told && condition == NGX_HTTP_MODEL_ON_429))
        {
            state = NGX_PEER_NEXT;
        }

    } else {
        condition = 0;
    }

    if (run->probe) {

        /* it told nothing: the client has left */

        ngx_http_model_learn_probed(run, -1);
    }

    pc->tries = run->left;

    run->wrap.free(pc, run->wrap.data, state);

    run->left = ngx_http_model_again_same(run, condition) ? pc->tries : 0;

    pc->tries = again;

    if (!again) {

        /* else a connection that was kept idle means one more try */

        pc->cached = 0;
    }
}


/* the stock one puts its own process_header there */

static ngx_int_t
ngx_http_model_failover_reinit_request(ngx_http_request_t *r)
{
    ngx_int_t              rc;
    ngx_http_upstream_t   *u;
    ngx_http_model_ctx_t  *ctx;
    ngx_http_model_run_t  *run;

    u = r->upstream;
    ctx = ngx_http_model_ctx(r);
    run = ctx->run;

    u->process_header = run->process_header;

    rc = run->reinit_request(r);

    run->process_header = u->process_header;
    u->process_header = ngx_http_model_failover_process_header;

    return rc;
}


/* the stock one goes from step to step by the pointer to itself */

static ngx_int_t
ngx_http_model_failover_process_header(ngx_http_request_t *r)
{
    ngx_int_t              rc;
    ngx_http_upstream_t   *u;
    ngx_http_model_ctx_t  *ctx;
    ngx_http_model_run_t  *run;

    u = r->upstream;
    ctx = ngx_http_model_ctx(r);
    run = ctx->run;

    if (run->held) {
        run->held = 0;
        ngx_http_model_stream_stop(run);
        return NGX_OK;
    }

    u->process_header = run->process_header;

    rc = u->process_header(r);

    run->process_header = u->process_header;
    u->process_header = ngx_http_model_failover_process_header;

    if (rc == NGX_HTTP_UPSTREAM_INVALID_HEADER) {
        run->condition = NGX_HTTP_MODEL_ON_INVALID;
        return rc;
    }

    if (rc != NGX_OK) {
        return rc;
    }

    run->head = 1;

    return ngx_http_model_failover_head(run);
}


static ngx_int_t
ngx_http_model_failover_head(ngx_http_model_run_t *run)
{
    ngx_uint_t             status, condition;
    ngx_http_request_t    *r;
    ngx_http_upstream_t   *u;
    ngx_http_model_ctx_t  *ctx;

    r = run->request;
    u = r->upstream;
    ctx = run->ctx;

    status = u->headers_in.status_n;

    if (ctx->http_version && r->http_version != ctx->http_version) {

        /* what came is no head */

        r->http_version = ctx->http_version;
        run->condition = NGX_HTTP_MODEL_ON_INVALID;

        return NGX_HTTP_UPSTREAM_INVALID_HEADER;
    }

    ngx_http_model_learn_status(run, status);

    condition = ngx_http_model_rules_status(status);

    if (condition == NGX_HTTP_MODEL_ON_404
        && !(ctx->rules->conditions & NGX_HTTP_MODEL_ON_404)
        && ngx_http_model_failover_no_model(run))
    {
        condition = NGX_HTTP_MODEL_ON_NO_MODEL;
    }

    if (ngx_http_model_failover_lacks(run, status)) {
        run->condition = condition;
        run->status = status;
        run->given_up = 1;

        return NGX_HTTP_UPSTREAM_INVALID_HEADER;
    }

    if (condition && ngx_http_model_again(run, condition)) {

        ngx_log_error(NGX_LOG_WARN, r->connection->log, 0,
                      "model vendor \"%V\" server \"%V\" answered with status "
                      "%ui, another one is asked", &ctx->vendor->id,
                      &run->server, status);

        run->condition = condition;
        run->status = status;
        run->given_up = 1;

        return NGX_HTTP_UPSTREAM_INVALID_HEADER;
    }

    if (ngx_http_model_stream_head(run)) {
        run->held = 1;
        return NGX_AGAIN;
    }

    return NGX_OK;
}


/*
 * 1 when the answer says that there is no such path, and a bridge is at hand;
 * what was seen is remembered once it is sure.
 */

static ngx_uint_t
ngx_http_model_failover_lacks(ngx_http_model_run_t *run, ngx_uint_t status)
{
    ngx_http_model_hop_t  *hop;

    static ngx_str_t  model = ngx_string("model");

    hop = run->ctx->hop;

    if (hop->instead == NULL) {
        return 0;
    }

    if (status < NGX_HTTP_SPECIAL_RESPONSE) {

        if (run->lacking) {
            hop->vendor->no_responses = 1;

        } else {
            hop->vendor->responses = 1;
        }

        return 0;
    }

    /* an error of the model's would be one over the bridge, too */

    if (hop->spare == NULL || run->lacking
        || (status != NGX_HTTP_NOT_FOUND && status != NGX_HTTP_NOT_ALLOWED
            && status != NGX_HTTP_NOT_IMPLEMENTED)
        || ngx_http_model_failover_says(run, &model))
    {
        return 0;
    }

    ngx_log_error(NGX_LOG_NOTICE, run->request->connection->log, 0,
                  "model vendor \"%V\" does not answer /v1/responses, "
                  "\"%V\" is used instead", &hop->vendor->id,
                  &hop->spare->b.server->path);

    run->lacking = 1;

    return 1;
}


/* a 404 that says so, as far as its body came with the head */

static ngx_uint_t
ngx_http_model_failover_no_model(ngx_http_model_run_t *run)
{
    ngx_uint_t  i;

    static ngx_str_t  words[] = {
        ngx_string("model_not_found"),
        ngx_string("not found"),
        ngx_string("does not exist"),
        ngx_string("not_found_error")
    };

    for (i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        if (ngx_http_model_failover_says(run, &words[i])) {
            return 1;
        }
    }

    return 0;
}


/* 1 when the word is in what came of the body, in any case */

static ngx_uint_t
ngx_http_model_failover_says(ngx_http_model_run_t *run, ngx_str_t *word)
{
    size_t      len;
    ngx_buf_t  *b;

    b = &run->request->upstream->buffer;
    len = b->last - b->pos;

    return len >= word->len
           && ngx_strlcasestrn(b->pos, b->last, word->data, word->len - 1);
}
