
/*
 * Copyright (C) the ngx_http_model_module authors
 */


#include <ngx_config.h>
#include <ngx_core.h>

#include "ngx_http_model_bridge.h"


#define NGX_HTTP_MODEL_BRIDGE_CALLS  32768  /* most of an answer */


static ngx_int_t ngx_http_model_bridge_forward(ngx_http_model_bridge_t *b,
    ngx_http_model_event_t *e);
static ngx_int_t ngx_http_model_bridge_begin(ngx_http_model_bridge_t *b,
    ngx_http_model_event_t *e);
static ngx_int_t ngx_http_model_bridge_stopped(ngx_http_model_bridge_t *b,
    ngx_str_t *text);
static void ngx_http_model_bridge_note(ngx_http_model_bridge_t *b,
    ngx_http_model_event_t *e);
static ngx_int_t ngx_http_model_bridge_end(ngx_http_model_bridge_t *b);


ngx_int_t
ngx_http_model_bridge_emit(ngx_http_model_bridge_t *b,
    ngx_http_model_event_t *e)
{
    static ngx_str_t  many = ngx_string("the answer has too many calls");

    if (b->ended) {
        return NGX_OK;
    }

    if (e->type == NGX_HTTP_MODEL_EVENT_ERROR) {
        b->ended = 1;
        b->failed = 1;
        b->status = e->status;

        b->text = ngx_http_model_bridge_clean(b->pool, &e->text);

        if (b->text.data == NULL) {
            return NGX_ERROR;
        }

        return ngx_http_model_bridge_forward(b, e);
    }

    if (!b->begun && ngx_http_model_bridge_begin(b, e) != NGX_OK) {
        return NGX_ERROR;
    }

    switch (e->type) {

    case NGX_HTTP_MODEL_EVENT_START:
        return NGX_OK;

    case NGX_HTTP_MODEL_EVENT_FINISH:
        b->finished = 1;
        b->reason = e->reason;

        return ngx_http_model_bridge_stopped(b, &e->text);

    case NGX_HTTP_MODEL_EVENT_END:
        return ngx_http_model_bridge_end(b);

    case NGX_HTTP_MODEL_EVENT_CALL:

        /* writers keep a little of each */

        if (b->calls == NGX_HTTP_MODEL_BRIDGE_CALLS) {
            return ngx_http_model_bridge_fail(b, 502, &many);
        }

        break;

    case NGX_HTTP_MODEL_EVENT_TEXT:
    case NGX_HTTP_MODEL_EVENT_THINKING:
    case NGX_HTTP_MODEL_EVENT_REFUSAL:
    case NGX_HTTP_MODEL_EVENT_ARGUMENTS:

        if (e->text.len == 0) {
            return NGX_OK;
        }

        break;

    default:
        break;
    }

    ngx_http_model_bridge_note(b, e);

    return ngx_http_model_bridge_forward(b, e);
}


ngx_int_t
ngx_http_model_bridge_emit_text(ngx_http_model_bridge_t *b,
    ngx_http_model_event_e type, ngx_str_t *text)
{
    ngx_http_model_event_t  e;

    ngx_memzero(&e, sizeof(ngx_http_model_event_t));

    e.type = type;
    e.text = *text;

    return ngx_http_model_bridge_emit(b, &e);
}


/* START, of its own or before another */

static ngx_int_t
ngx_http_model_bridge_begin(ngx_http_model_bridge_t *b,
    ngx_http_model_event_t *e)
{
    ngx_http_model_event_t  start;

    b->begun = 1;

    if (e->type == NGX_HTTP_MODEL_EVENT_START) {
        return ngx_http_model_bridge_forward(b, e);
    }

    ngx_memzero(&start, sizeof(ngx_http_model_event_t));

    start.type = NGX_HTTP_MODEL_EVENT_START;

    return ngx_http_model_bridge_forward(b, &start);
}


/* the memory of a stop string is used again: a server may tell many */

static ngx_int_t
ngx_http_model_bridge_stopped(ngx_http_model_bridge_t *b, ngx_str_t *text)
{
    ngx_str_t  *stop;

    if (text->len == 0) {
        return NGX_OK;
    }

    stop = &b->answer.stop;

    if (text->len > b->answer.room) {

        stop->data = ngx_pnalloc(b->pool, 2 * text->len);
        if (stop->data == NULL) {
            return NGX_ERROR;
        }

        b->answer.room = 2 * text->len;
    }

    ngx_memcpy(stop->data, text->data, text->len);
    stop->len = text->len;

    return NGX_OK;
}


static void
ngx_http_model_bridge_note(ngx_http_model_bridge_t *b,
    ngx_http_model_event_t *e)
{
    switch (e->type) {

    case NGX_HTTP_MODEL_EVENT_CALL:
        b->calls++;
        break;

    case NGX_HTTP_MODEL_EVENT_TEXT:
    case NGX_HTTP_MODEL_EVENT_THINKING:
    case NGX_HTTP_MODEL_EVENT_REFUSAL:
        break;

    default:
        return;
    }

    if (!b->content) {
        b->content = 1;
        b->first = b->clock;
    }
}


static ngx_int_t
ngx_http_model_bridge_end(ngx_http_model_bridge_t *b)
{
    ngx_http_model_event_t  e;

    b->ended = 1;

    /* servers say "stop" after calls, too */

    if (b->calls
        && (b->reason == NGX_HTTP_MODEL_FINISH_STOP
            || b->reason == NGX_HTTP_MODEL_FINISH_NONE))
    {
        b->reason = NGX_HTTP_MODEL_FINISH_CALLS;

    } else if (b->calls == 0 && b->reason == NGX_HTTP_MODEL_FINISH_CALLS) {
        b->reason = NGX_HTTP_MODEL_FINISH_STOP;

    } else if (b->reason == NGX_HTTP_MODEL_FINISH_NONE) {
        b->reason = NGX_HTTP_MODEL_FINISH_STOP;
    }

    ngx_memzero(&e, sizeof(ngx_http_model_event_t));

    e.type = NGX_HTTP_MODEL_EVENT_END;
    e.reason = b->reason;

    return ngx_http_model_bridge_forward(b, &e);
}


static ngx_int_t
ngx_http_model_bridge_forward(ngx_http_model_bridge_t *b,
    ngx_http_model_event_t *e)
{
    return b->stream ? b->client->write_event(b, e)
                     : ngx_http_model_bridge_collect(b, e);
}


ngx_int_t
ngx_http_model_bridge_fail(ngx_http_model_bridge_t *b, ngx_uint_t status,
    ngx_str_t *text)
{
    ngx_http_model_event_t  e;

    ngx_memzero(&e, sizeof(ngx_http_model_event_t));

    e.type = NGX_HTTP_MODEL_EVENT_ERROR;
    e.status = status;
    e.text = *text;

    return ngx_http_model_bridge_emit(b, &e);
}


ngx_int_t
ngx_http_model_bridge_close(ngx_http_model_bridge_t *b, ngx_uint_t status,
    ngx_str_t *text)
{
    ngx_http_model_event_t  e;

    if (b->ended) {
        return NGX_OK;
    }

    if (ngx_http_model_bridge_feed_end(b) != NGX_OK) {
        return NGX_ERROR;
    }

    if (b->ended) {
        return NGX_OK;
    }

    if (!b->finished) {
        return ngx_http_model_bridge_fail(b, status, text);
    }

    ngx_memzero(&e, sizeof(ngx_http_model_event_t));

    e.type = NGX_HTTP_MODEL_EVENT_END;

    return ngx_http_model_bridge_emit(b, &e);
}
