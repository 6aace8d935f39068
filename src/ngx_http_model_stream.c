
/*
 * Copyright (C) the ngx_http_model_module authors
 */


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "ngx_http_model_ask.h"
#include "ngx_http_model_ending.h"
#include "ngx_http_model_stream.h"
#include "ngx_http_model_usage.h"


static void ngx_http_model_stream_arm(ngx_http_model_run_t *run,
    ngx_msec_t msec);
static void ngx_http_model_stream_timer_handler(ngx_event_t *ev);
static void ngx_http_model_stream_cold(ngx_http_model_run_t *run,
    ngx_connection_t *pc);
static ngx_uint_t ngx_http_model_stream_unread(ngx_http_request_t *r);
static ngx_int_t ngx_http_model_stream_input_init(void *data);
static ngx_int_t ngx_http_model_stream_input(void *data, ssize_t bytes);
static ngx_uint_t ngx_http_model_stream_whole(ngx_http_request_t *r,
    ngx_http_model_ctx_t *ctx);
static ngx_int_t ngx_http_model_stream_end(ngx_http_request_t *r,
    ngx_http_model_ctx_t *ctx, ngx_chain_t *cl);


/*
 * The time for the first byte is the proxy's, whose configuration all
 * requests share.  A model that has to be loaded first gets more by moving
 * the timer that the proxy has set; whether it is set is looked at twice in
 * its time.
 */

void
ngx_http_model_stream_asked(ngx_http_model_run_t *run)
{
    ngx_http_model_ctx_t     *ctx;
    ngx_http_model_view_t    *view;
    ngx_http_model_model_t   *model;
    ngx_http_model_server_t  *server;

    ctx = run->ctx;

    if (ctx->views == NULL || ctx->hop->known.len == 0
        || ctx->rules->cold <= ctx->vendor->conf->read_timeout)
    {
        return;
    }

    view = ngx_http_model_view(ctx->views, run->request->connection->log);
    if (view == NULL) {
        return;
    }

    server = ngx_http_model_view_server(view, ctx->vendor, &run->server);
    model = ngx_http_model_view_find(view, ctx->vendor, &ctx->hop->known);

    if (server == NULL || model == NULL || server->facts.loaded_at == 0
        || ngx_http_model_view_loaded(view, model, server))
    {
        return;
    }

    ngx_log_debug1(NGX_LOG_DEBUG_HTTP, run->request->connection->log, 0,
                   "model: cold on server \"%V\"", &run->server);

    run->deadline = ngx_current_msec + ctx->rules->cold;

    ngx_http_model_stream_arm(run, ctx->vendor->conf->read_timeout / 2);
}


static void
ngx_http_model_stream_arm(ngx_http_model_run_t *run, ngx_msec_t msec)
{
    run->timer.handler = ngx_http_model_stream_timer_handler;
    run->timer.data = run;
    run->timer.log = run->request->connection->log;

    /* a timer that is moved a little stays as it is: it may come too early */

    run->due = ngx_current_msec + msec;

    ngx_add_timer(&run->timer, msec);
}


void
ngx_http_model_stream_stop(ngx_http_model_run_t *run)
{
    if (run->timer.timer_set) {
        ngx_del_timer(&run->timer);
    }
}


static void
ngx_http_model_stream_timer_handler(ngx_event_t *ev)
{
    ngx_msec_int_t         left;
    ngx_connection_t      *c, *pc;
    ngx_http_request_t    *r;
    ngx_http_upstream_t   *u;
    ngx_http_model_ctx_t  *ctx;
    ngx_http_model_run_t  *run;

    run = ev->data;
    r = run->request;
    ctx = run->ctx;
    c = r->connection;
    u = r->upstream;

    ngx_http_set_log_request(c->log, r);

    if (u == NULL || u->cleanup == NULL || u->peer.connection == NULL) {
        return;
    }

    left = (ngx_msec_int_t) (run->due - ngx_current_msec);

    if (left > 0) {
        ngx_add_timer(ev, (ngx_msec_t) left);
        return;
    }

    pc = u->peer.connection;

    if (!run->head) {
        ngx_http_model_stream_cold(run, pc);
        return;
    }

    if (ngx_http_model_stream_unread(r)) {

        /* it is the client that is slow */

        ngx_http_model_stream_arm(run, ctx->rules->stall);
        return;
    }

    ngx_log_error(NGX_LOG_WARN, c->log, 0,
                  "model vendor \"%V\" server \"%V\" sent nothing for %M ms "
                  "in a stream", &ctx->vendor->id, &run->server,
                  ctx->rules->stall);

    run->stalled = 1;

    /* as if the proxy's own time had passed */

    if (pc->read->timer_set) {
        ngx_del_timer(pc->read);
    }

    pc->read->timedout = 1;
    pc->read->handler(pc->read);
}


static void
ngx_http_model_stream_cold(ngx_http_model_run_t *run, ngx_connection_t *pc)
{
    ngx_msec_int_t  left;

    left = (ngx_msec_int_t) (run->deadline - ngx_current_msec);

    if (left <= 0) {
        return;
    }

    if (pc->read->timer_set) {
        ngx_del_timer(pc->read);
        ngx_add_timer(pc->read, (ngx_msec_t) left);
        return;
    }

    /* the request is still being sent */

    ngx_http_model_stream_arm(run, run->ctx->vendor->conf->read_timeout / 2);
}


static ngx_uint_t
ngx_http_model_stream_unread(ngx_http_request_t *r)
{
    ngx_http_upstream_t  *u;

    u = r->upstream;

    return u->header_sent && (u->busy_bufs || u->out_bufs
                              || r->connection->buffered || r->buffered);
}


ngx_uint_t
ngx_http_model_stream_framing(ngx_str_t *type)
{
    if (type->len >= 17
        && ngx_strncasecmp(type->data, (u_char *) "text/event-stream", 17)
           == 0)
    {
        return NGX_HTTP_MODEL_FRAME_SSE;
    }

    if (type->len >= 20
        && ngx_strncasecmp(type->data, (u_char *) "application/x-ndjson", 20)
           == 0)
    {
        return NGX_HTTP_MODEL_FRAME_NDJSON;
    }

    return 0;
}


ngx_uint_t
ngx_http_model_stream_head(ngx_http_model_run_t *run)
{
    ngx_msec_t            stall;
    ngx_http_request_t   *r;
    ngx_http_upstream_t  *u;

    ngx_http_model_stream_stop(run);

    r = run->request;
    u = r->upstream;
    stall = run->ctx->rules->stall;

    if (stall == 0
        || u->headers_in.status_n != NGX_HTTP_OK
        || u->headers_in.content_length_n == 0
        || u->headers_in.content_type == NULL
        || !ngx_http_model_stream_framing(&u->headers_in.content_type->value)
        || r->method == NGX_HTTP_HEAD
        || u->buffer.pos != u->buffer.last
        || u->buffer.last == u->buffer.end)
    {
        return 0;
    }

    ngx_http_model_stream_arm(run, stall);

    return 1;
}


ngx_int_t
ngx_http_model_stream_start(ngx_http_request_t *r, ngx_http_model_ctx_t *ctx)
{
    ngx_uint_t  framing;

    framing = ngx_http_model_stream_framing(&r->headers_out.content_type);

    /* an error of the vendor's, or bytes that cannot be looked into */

    if (framing == 0
        || r->headers_out.status != NGX_HTTP_OK
        || r->headers_out.content_length_n >= 0
        || (r->headers_out.content_encoding
            && r->headers_out.content_encoding->value.len))
    {
        return NGX_OK;
    }

    /* usage follows the same bytes */

    if (ctx->usage) {
        ctx->ending = &ctx->usage->observe.ending;

    } else {
        ctx->ending = ngx_palloc(r->pool, sizeof(ngx_http_model_ending_t));
        if (ctx->ending == NULL) {
            return NGX_ERROR;
        }

        ngx_http_model_ending_init(ctx->ending, framing);
    }

    ngx_http_model_stream_watch(ctx);

    return NGX_OK;
}


void
ngx_http_model_stream_guard(ngx_http_request_t *r, ngx_http_model_ctx_t *ctx)
{
    ngx_http_upstream_t  *u;

    u = r->upstream;

    if (ctx->run == NULL
        || ctx->run->input_init
        || u->input_filter_init == NULL
        || u->input_filter_ctx != r)
    {
        return;
    }

    ctx->run->input_init = u->input_filter_init;
    u->input_filter_init = ngx_http_model_stream_input_init;
}


/* the proxy's own chooses the filter */

static ngx_int_t
ngx_http_model_stream_input_init(void *data)
{
    ngx_http_request_t *r = data;

    ngx_http_upstream_t   *u;
    ngx_http_model_run_t  *run;

    u = r->upstream;
    run = ngx_http_model_ctx(r)->run;

    if (run->input_init(data) != NGX_OK) {
        return NGX_ERROR;
    }

    run->input = u->input_filter;
    u->input_filter = ngx_http_model_stream_input;

    return NGX_OK;
}


static ngx_int_t
ngx_http_model_stream_input(void *data, ssize_t bytes)
{
    ngx_http_request_t *r = data;

    ngx_http_upstream_t  *u;

    u = r->upstream;

    if (u->error) {
        return NGX_OK;
    }

    if (ngx_http_model_ctx(r)->run->input(data, bytes) == NGX_ERROR) {

        /* as if the connection had broken off there */

        u->error = 1;
        u->length = 1;
        u->keepalive = 0;
    }

    return NGX_OK;
}


ngx_int_t
ngx_http_model_stream_body(ngx_http_request_t *r, ngx_http_model_ctx_t *ctx,
    ngx_chain_t *in)
{
    ngx_buf_t    *b;
    ngx_uint_t    data;
    ngx_chain_t  *cl;

    /* all of what came may wait */

    data = ctx->ask ? ctx->ask->data : 0;

    for (cl = in; cl; cl = cl->next) {
        b = cl->buf;

        if (ngx_buf_in_memory(b) && b->last > b->pos) {
            if (ctx->usage == NULL) {
                ngx_http_model_ending_feed(ctx->ending, b->pos,
                                           b->last - b->pos);
            }

            data = 1;
        }

        if (ngx_http_model_stream_last(r, b)) {
            return ngx_http_model_stream_end(r, ctx, cl);
        }
    }

    if (data) {
        ngx_http_model_stream_watch(ctx);
    }

    return NGX_OK;
}


ngx_uint_t
ngx_http_model_stream_last(ngx_http_request_t *r, ngx_buf_t *b)
{
    /* a flush after the upstream was finalized: the stream was cut */

    return b->last_buf
           || (ngx_buf_special(b) && b->flush && r->upstream->cleanup == NULL);
}


/* 1 when the connection told that the answer was whole, or else its content */

static ngx_uint_t
ngx_http_model_stream_whole(ngx_http_request_t *r, ngx_http_model_ctx_t *ctx)
{
    ngx_http_upstream_t  *u;

    u = r->upstream;

    return ctx->endpoint->type != NGX_HTTP_MODEL_EP_ROUTED
           || u->headers_in.chunked
           || u->headers_in.content_length_n >= 0
           || ctx->vendor->version > NGX_HTTP_VERSION_11
           || ngx_http_model_ending_finished(ctx->ending);
}


/* the last buffer of a stream: an unfinished one must not look finished */

static ngx_int_t
ngx_http_model_stream_end(ngx_http_request_t *r, ngx_http_model_ctx_t *ctx,
    ngx_chain_t *cl)
{
    ngx_buf_t  *b;
    ngx_str_t   frame;

    if (ctx->run) {
        ngx_http_model_stream_stop(ctx->run);
    }

    b = cl->buf;

    if (b->last_buf) {

        if (!ngx_buf_special(b)
            || ngx_http_model_stream_whole(r, ctx))
        {
            return NGX_OK;
        }

    } else if (ngx_http_model_ending_finished(ctx->ending)) {

        /* only the end of the connection was lacking */

        b->last_buf = (r == r->main);
        return NGX_OK;
    }

    if (ngx_http_model_stream_message(r, ctx) != NGX_OK
        || ngx_http_model_ending_frame(r->pool, ctx->ending, ctx->dialect,
                                       ctx->endpoint->path.len == 13
                                       && ngx_strncmp(ctx->endpoint->path.data,
                                                      "/v1/responses", 13)
                                          == 0,
                                       (ctx->run && ctx->run->stalled)
                                           ? NGX_HTTP_GATEWAY_TIME_OUT
                                           : NGX_HTTP_BAD_GATEWAY,
                                       &ctx->message, &frame)
           != NGX_OK)
    {
        return NGX_ERROR;
    }

    ctx->ending = NULL;
    ctx->broken = 1;

    b = ngx_calloc_buf(r->pool);
    if (b == NULL) {
        return NGX_ERROR;
    }

    b->pos = frame.data;
    b->last = frame.data + frame.len;
    b->memory = 1;
    b->flush = 1;
    b->last_buf = (r == r->main);
    b->last_in_chain = 1;

    cl->buf = b;

    return NGX_OK;
}


void
ngx_http_model_stream_watch(ngx_http_model_ctx_t *ctx)
{
    if (ctx->run && ctx->rules->stall) {
        ngx_http_model_stream_arm(ctx->run, ctx->rules->stall);
    }
}


ngx_int_t
ngx_http_model_stream_message(ngx_http_request_t *r,
    ngx_http_model_ctx_t *ctx)
{
    u_char  *p;

    p = ngx_pnalloc(r->pool, 128);
    if (p == NULL) {
        return NGX_ERROR;
    }

    ctx->message.data = p;

    if (ctx->run && ctx->run->stalled) {
        p = ngx_snprintf(p, 128, "vendor \"%V\" sent nothing for %M ms, the "
                         "answer is not complete", &ctx->vendor->id,
                         ctx->rules->stall);

    } else {
        p = ngx_snprintf(p, 128, "vendor \"%V\" broke off, the answer is not "
                         "complete", &ctx->vendor->id);

        ngx_log_error(NGX_LOG_WARN, r->connection->log, 0,
                      "model vendor \"%V\" broke off a stream",
                      &ctx->vendor->id);
    }

    ctx->message.len = p - ctx->message.data;

    return NGX_OK;
}
