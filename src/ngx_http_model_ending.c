
/*
 * Copyright (C) the ngx_http_model_module authors
 */


#include <ngx_config.h>
#include <ngx_core.h>

#include "ngx_http_model_ending.h"
#include "ngx_http_model_error.h"


#define NGX_HTTP_MODEL_ENDING_SEQ_MAX    9999999999999999LL

#define ngx_http_model_ending_at(m)                                           \
    ngx_http_model_frame_in(NGX_HTTP_MODEL_FRAME_TOP, NGX_HTTP_MODEL_M_##m)


static ngx_uint_t ngx_http_model_ending_sse(ngx_http_model_ending_t *e,
    ngx_uint_t what, uint64_t path, ngx_str_t *text);
static ngx_uint_t ngx_http_model_ending_line(ngx_uint_t what, uint64_t path,
    ngx_str_t *text);
static ngx_uint_t ngx_http_model_ending_error(ngx_uint_t what,
    ngx_str_t *text);
static ngx_uint_t ngx_http_model_ending_final(ngx_str_t *text);


/* events after which nothing comes */

static const ngx_str_t  ngx_http_model_ending_events[] = {
    ngx_string("error"),
    ngx_string("image_edit.completed"),
    ngx_string("image_generation.completed"),
    ngx_string("message_stop"),
    ngx_string("response.completed"),
    ngx_string("response.failed"),
    ngx_string("response.incomplete"),
    ngx_string("speech.audio.done"),
    ngx_string("transcript.text.done"),
    ngx_null_string
};


void
ngx_http_model_ending_init(ngx_http_model_ending_t *e, ngx_uint_t framing)
{
    ngx_http_model_frame_init(&e->frame, framing,
                              ngx_http_model_ending_handler);

    e->sequence = -1;
    e->finished = 0;
}


void
ngx_http_model_ending_feed(ngx_http_model_ending_t *e, u_char *p, size_t len)
{
    ngx_http_model_frame_feed(&e->frame, p, len);
}


void
ngx_http_model_ending_handler(ngx_http_model_frame_t *f, ngx_uint_t what,
    uint64_t path, ngx_str_t *text)
{
    ngx_uint_t                hit;
    ngx_http_model_ending_t  *e;

    e = (ngx_http_model_ending_t *) f;

    switch (what) {

    case NGX_HTTP_MODEL_FRAME_DONE:
        e->finished = 1;
        return;

    case NGX_HTTP_MODEL_FRAME_EVENT:
        e->finished |= ngx_http_model_ending_final(text);
        return;

    case NGX_HTTP_MODEL_FRAME_DOCUMENT:
        e->finished |= (f->framing == NGX_HTTP_MODEL_FRAME_JSON
                        || (f->marks & NGX_HTTP_MODEL_ENDING_MARK));
        return;

    case NGX_HTTP_MODEL_FRAME_EMPTY:
    case NGX_HTTP_MODEL_FRAME_END:
        return;
    }

    if (path == ngx_http_model_ending_at(ERROR)) {
        hit = ngx_http_model_ending_error(what, text);

    } else if (f->framing == NGX_HTTP_MODEL_FRAME_SSE) {
        hit = ngx_http_model_ending_sse(e, what, path, text);

    } else {
        hit = ngx_http_model_ending_line(what, path, text);
    }

    if (hit) {
        f->marks |= NGX_HTTP_MODEL_ENDING_MARK;
    }
}


static ngx_uint_t
ngx_http_model_ending_sse(ngx_http_model_ending_t *e, ngx_uint_t what,
    uint64_t path, ngx_str_t *text)
{
    if (what == NGX_HTTP_MODEL_FRAME_STRING) {

        if (path == ngx_http_model_ending_at(TYPE)) {
            return ngx_http_model_ending_final(text);
        }

        return (path & 0xff) == NGX_HTTP_MODEL_M_FINISH_REASON
               && e->frame.depth > 1 && text->len;
    }

    if (what == NGX_HTTP_MODEL_FRAME_NUMBER && e->frame.number >= 0
        && path == ngx_http_model_ending_at(SEQUENCE))
    {
        e->sequence = ngx_min(e->frame.number, NGX_HTTP_MODEL_ENDING_SEQ_MAX);
    }

    return 0;
}


static ngx_uint_t
ngx_http_model_ending_line(ngx_uint_t what, uint64_t path, ngx_str_t *text)
{
    if (path == ngx_http_model_ending_at(DONE)) {
        return what == NGX_HTTP_MODEL_FRAME_LITERAL && *text->data == 't';
    }

    return path == ngx_http_model_ending_at(STATUS)
           && what == NGX_HTTP_MODEL_FRAME_STRING
           && text->len == 7 && ngx_memcmp(text->data, "success", 7) == 0;
}


/* neither null, nor false, nor "" */

static ngx_uint_t
ngx_http_model_ending_error(ngx_uint_t what, ngx_str_t *text)
{
    switch (what) {

    case NGX_HTTP_MODEL_FRAME_LITERAL:
        return *text->data != 'n' && *text->data != 'f';

    case NGX_HTTP_MODEL_FRAME_STRING:
        return text->len != 0;
    }

    return 1;
}


static ngx_uint_t
ngx_http_model_ending_final(ngx_str_t *text)
{
    const ngx_str_t  *event;

    for (event = ngx_http_model_ending_events; event->len; event++) {

        if (text->len == event->len && *text->data == *event->data
            && ngx_memcmp(text->data, event->data, event->len) == 0)
        {
            return 1;
        }
    }

    return 0;
}


ngx_uint_t
ngx_http_model_ending_finished(ngx_http_model_ending_t *e)
{
    return e->finished;
}


ngx_uint_t
ngx_http_model_ending_open(ngx_http_model_ending_t *e)
{
    return e->frame.open + e->frame.cr;
}


ngx_int_t
ngx_http_model_ending_frame(ngx_pool_t *pool, ngx_http_model_ending_t *e,
    ngx_uint_t dialect, ngx_uint_t responses, ngx_uint_t status,
    ngx_str_t *message, ngx_str_t *out)
{
    u_char      *p;
    ngx_str_t    body;
    ngx_uint_t   open, sse;
    const char  *head;

    static const char  typed[] = "{\"type\":\"error\",\"sequence_number\":";

    sse = (e->frame.framing == NGX_HTTP_MODEL_FRAME_SSE);

    if (!sse) {
        dialect = NGX_HTTP_MODEL_OLLAMA;
        responses = 0;

    } else if (dialect == NGX_HTTP_MODEL_OLLAMA) {
        dialect = NGX_HTTP_MODEL_OPENAI;
    }

    if (dialect != NGX_HTTP_MODEL_OPENAI) {
        responses = 0;
    }

    if (ngx_http_model_error_body(pool, dialect, status, NULL, NULL, message,
                                  &body)
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    head = !sse ? ""
           : (responses || dialect == NGX_HTTP_MODEL_ANTHROPIC)
             ? "event: error\ndata: " : "data: ";

    out->data = ngx_pnalloc(pool, 2 + ngx_strlen(head) + sizeof(typed)
                                  + NGX_INT64_LEN + body.len + 2);
    if (out->data == NULL) {
        return NGX_ERROR;
    }

    p = out->data;

    for (open = ngx_http_model_ending_open(e); open; open--) {
        *p++ = LF;
    }

    p = ngx_cpymem(p, head, ngx_strlen(head));

    if (responses) {

        /* the members of the body follow */

        p = ngx_sprintf(p, "%s%L,", typed, e->sequence + 1);
        body.data++;
        body.len--;
    }

    p = ngx_cpymem(p, body.data, body.len);
    p = ngx_cpymem(p, "\n\n", sse ? 2 : 1);

    out->len = p - out->data;

    return NGX_OK;
}
