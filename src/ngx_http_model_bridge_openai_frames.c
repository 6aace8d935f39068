
/*
 * Copyright (C) the ngx_http_model_module authors
 */


#include <ngx_config.h>
#include <ngx_core.h>

#include "ngx_http_model_bridge_openai.h"
#include "ngx_http_model_error.h"


/* b->writer */

typedef struct {
    ngx_str_t                       id;
    ngx_array_t                     calls;  /* u_char: whether arguments of
                                               the call were written */
} ngx_http_model_openai_writer_t;


static ngx_http_model_openai_writer_t *ngx_http_model_openai_writer(
    ngx_http_model_bridge_t *b);
static ngx_http_model_json_writer_t *ngx_http_model_openai_open(
    ngx_http_model_bridge_t *b, ngx_uint_t choice);
static ngx_int_t ngx_http_model_openai_close(ngx_http_model_bridge_t *b,
    ngx_http_model_json_writer_t *w, ngx_http_model_json_t *logprobs,
    const char *reason);
static ngx_int_t ngx_http_model_openai_frame_text(ngx_http_model_bridge_t *b,
    const char *name, ngx_str_t *text);
static ngx_int_t ngx_http_model_openai_frame_call(ngx_http_model_bridge_t *b,
    ngx_http_model_event_t *e);
static ngx_int_t ngx_http_model_openai_frame_arguments(
    ngx_http_model_bridge_t *b, ngx_uint_t index, ngx_str_t *text);
static ngx_int_t ngx_http_model_openai_frame_call_end(
    ngx_http_model_bridge_t *b, ngx_uint_t index);
static ngx_int_t ngx_http_model_openai_frame_end(ngx_http_model_bridge_t *b);
static ngx_int_t ngx_http_model_openai_frame_error(ngx_http_model_bridge_t *b,
    ngx_http_model_event_t *e);
static ngx_int_t ngx_http_model_openai_frame_done(ngx_http_model_bridge_t *b);


ngx_int_t
ngx_http_model_openai_write_event(ngx_http_model_bridge_t *b,
    ngx_http_model_event_t *e)
{
    ngx_http_model_json_writer_t  *w;

    if (ngx_http_model_openai_writer(b) == NULL) {
        return NGX_ERROR;
    }

    switch (e->type) {

    case NGX_HTTP_MODEL_EVENT_START:

        w = ngx_http_model_openai_open(b, 1);

        ngx_http_model_json_key(w, "role");
        ngx_http_model_json_cstr(w, "assistant");
        ngx_http_model_json_key(w, "content");
        ngx_http_model_json_cstr(w, "");
        ngx_http_model_json_key(w, "refusal");
        ngx_http_model_json_null(w);

        return ngx_http_model_openai_close(b, w, NULL, NULL);

    case NGX_HTTP_MODEL_EVENT_TEXT:
        return ngx_http_model_openai_frame_text(b, "content", &e->text);

    case NGX_HTTP_MODEL_EVENT_THINKING:
        return ngx_http_model_openai_silent(b)
               ? NGX_OK
               : ngx_http_model_openai_frame_text(b, "reasoning_content",
                                                  &e->text);

    case NGX_HTTP_MODEL_EVENT_REFUSAL:
        return ngx_http_model_openai_frame_text(b, "refusal", &e->text);

    case NGX_HTTP_MODEL_EVENT_CALL:
        return ngx_http_model_openai_frame_call(b, e);

    case NGX_HTTP_MODEL_EVENT_ARGUMENTS:
        return ngx_http_model_openai_frame_arguments(b, e->index, &e->text);

    case NGX_HTTP_MODEL_EVENT_CALL_END:
        return ngx_http_model_openai_frame_call_end(b, e->index);

    case NGX_HTTP_MODEL_EVENT_LOGPROBS:

        if (b->talk.logprobs != NGX_HTTP_MODEL_ON) {
            return NGX_OK;
        }

        w = ngx_http_model_openai_open(b, 1);

        return ngx_http_model_openai_close(b, w, e->json, NULL);

    case NGX_HTTP_MODEL_EVENT_PING:
        return ngx_http_model_bridge_put(b, (u_char *) ": ping\n\n", 8);

    case NGX_HTTP_MODEL_EVENT_ERROR:
        return ngx_http_model_openai_frame_error(b, e);

    case NGX_HTTP_MODEL_EVENT_END:
        return ngx_http_model_openai_frame_end(b);

    default: /* signatures and redacted thinking */
        return NGX_OK;
    }
}


static ngx_http_model_openai_writer_t *
ngx_http_model_openai_writer(ngx_http_model_bridge_t *b)
{
    ngx_http_model_openai_writer_t  *writer;

    if (b->writer) {
        return b->writer;
    }

    writer = ngx_pcalloc(b->pool, sizeof(ngx_http_model_openai_writer_t));
    if (writer == NULL) {
        return NULL;
    }

    if (ngx_array_init(&writer->calls, b->pool, 4, sizeof(u_char)) != NGX_OK) {
        return NULL;
    }

    writer->id = ngx_http_model_bridge_id(b, "chatcmpl-", -1);
    if (writer->id.len == 0) {
        return NULL;
    }

    b->writer = writer;

    return writer;
}


/* a chunk, open at its delta; without a choice open at the end */

static ngx_http_model_json_writer_t *
ngx_http_model_openai_open(ngx_http_model_bridge_t *b, ngx_uint_t choice)
{
    ngx_http_model_json_writer_t    *w;
    ngx_http_model_openai_writer_t  *writer;

    writer = b->writer;

    w = ngx_http_model_json_writer(b->temp);

    ngx_http_model_json_object(w);

    ngx_http_model_openai_put_head(b, w, &writer->id, "chat.completion.chunk");

    ngx_http_model_json_key(w, "choices");
    ngx_http_model_json_array(w);

    if (!choice) {
        ngx_http_model_json_array_end(w);
        return w;
    }

    ngx_http_model_json_object(w);
    ngx_http_model_json_key(w, "index");
    ngx_http_model_json_int(w, 0);
    ngx_http_model_json_key(w, "delta");
    ngx_http_model_json_object(w);

    return w;
}


static ngx_int_t
ngx_http_model_openai_close(ngx_http_model_bridge_t *b,
    ngx_http_model_json_writer_t *w, ngx_http_model_json_t *logprobs,
    const char *reason)
{
    ngx_http_model_json_t  *entry;

    ngx_http_model_json_object_end(w);

    ngx_http_model_json_key(w, "logprobs");

    if (logprobs) {
        ngx_http_model_json_object(w);
        ngx_http_model_json_key(w, "content");
        ngx_http_model_json_array(w);

        for (entry = logprobs->child; entry; entry = entry->next) {
            ngx_http_model_openai_put_logprob(w, entry, 1);
        }

        ngx_http_model_json_array_end(w);
        ngx_http_model_json_key(w, "refusal");
        ngx_http_model_json_null(w);
        ngx_http_model_json_object_end(w);

    } else {
        ngx_http_model_json_null(w);
    }

    ngx_http_model_json_key(w, "finish_reason");

    if (reason) {
        ngx_http_model_json_cstr(w, reason);

    } else {
        ngx_http_model_json_null(w);
    }

    ngx_http_model_json_object_end(w);
    ngx_http_model_json_array_end(w);

    /* who asked for usage finds it in each chunk */

    if (b->talk.usage) {
        ngx_http_model_json_key(w, "usage");
        ngx_http_model_json_null(w);
    }

    ngx_http_model_json_object_end(w);

    return ngx_http_model_bridge_frame(b, NULL, w);
}


static ngx_int_t
ngx_http_model_openai_frame_text(ngx_http_model_bridge_t *b, const char *name,
    ngx_str_t *text)
{
    ngx_http_model_json_writer_t  *w;

    w = ngx_http_model_openai_open(b, 1);

    ngx_http_model_json_key(w, name);
    ngx_http_model_json_str(w, text);

    return ngx_http_model_openai_close(b, w, NULL, NULL);
}


static ngx_int_t
ngx_http_model_openai_frame_call(ngx_http_model_bridge_t *b,
    ngx_http_model_event_t *e)
{
    u_char                          *written;
    ngx_str_t                        id;
    ngx_http_model_part_t            part;
    ngx_http_model_json_writer_t    *w;
    ngx_http_model_openai_writer_t  *writer;

    writer = b->writer;

    while (writer->calls.nelts <= e->index) {
        written = ngx_array_push(&writer->calls);
        if (written == NULL) {
            return NGX_ERROR;
        }

        *written = 0;
    }

    ngx_memzero(&part, sizeof(ngx_http_model_part_t));

    part.name = e->name;

    if (ngx_http_model_openai_legacy(b)) {

        if (e->index) {
            return NGX_OK;
        }

        w = ngx_http_model_openai_open(b, 1);

        ngx_http_model_json_key(w, "function_call");
        ngx_http_model_openai_put_function(w, &part);

        return ngx_http_model_openai_close(b, w, NULL, NULL);
    }

    id = e->id;

    if (id.len == 0) {
        id = ngx_http_model_bridge_id(b, "call_", e->index);
    }

    w = ngx_http_model_openai_open(b, 1);

    ngx_http_model_json_key(w, "tool_calls");
    ngx_http_model_json_array(w);
    ngx_http_model_json_object(w);

    ngx_http_model_json_key(w, "index");
    ngx_http_model_json_int(w, e->index);
    ngx_http_model_json_key(w, "id");
    ngx_http_model_json_str(w, &id);
    ngx_http_model_json_key(w, "type");
    ngx_http_model_json_cstr(w, "function");
    ngx_http_model_json_key(w, "function");
    ngx_http_model_openai_put_function(w, &part);

    ngx_http_model_json_object_end(w);
    ngx_http_model_json_array_end(w);

    return ngx_http_model_openai_close(b, w, NULL, NULL);
}


static ngx_int_t
ngx_http_model_openai_frame_arguments(ngx_http_model_bridge_t *b,
    ngx_uint_t index, ngx_str_t *text)
{
    u_char                          *written;
    ngx_uint_t                       legacy;
    ngx_http_model_json_writer_t    *w;
    ngx_http_model_openai_writer_t  *writer;

    writer = b->writer;

    if (index >= writer->calls.nelts) {
        return NGX_OK;
    }

    written = writer->calls.elts;
    written[index] = 1;

    legacy = ngx_http_model_openai_legacy(b);

    if (legacy && index) {
        return NGX_OK;
    }

    w = ngx_http_model_openai_open(b, 1);

    if (!legacy) {
        ngx_http_model_json_key(w, "tool_calls");
        ngx_http_model_json_array(w);
        ngx_http_model_json_object(w);

        ngx_http_model_json_key(w, "index");
        ngx_http_model_json_int(w, index);
    }

    ngx_http_model_json_key(w, legacy ? "function_call" : "function");
    ngx_http_model_json_object(w);
    ngx_http_model_json_key(w, "arguments");
    ngx_http_model_json_str(w, text);
    ngx_http_model_json_object_end(w);

    if (!legacy) {
        ngx_http_model_json_object_end(w);
        ngx_http_model_json_array_end(w);
    }

    return ngx_http_model_openai_close(b, w, NULL, NULL);
}


/* clients parse the arguments, also those of a tool that takes none */

static ngx_int_t
ngx_http_model_openai_frame_call_end(ngx_http_model_bridge_t *b,
    ngx_uint_t index)
{
    u_char                          *written;
    ngx_http_model_openai_writer_t  *writer;

    static ngx_str_t  none = ngx_string("{}");

    writer = b->writer;
    written = writer->calls.elts;

    if (index >= writer->calls.nelts || written[index]) {
        return NGX_OK;
    }

    return ngx_http_model_openai_frame_arguments(b, index, &none);
}


static ngx_int_t
ngx_http_model_openai_frame_end(ngx_http_model_bridge_t *b)
{
    ngx_http_model_json_writer_t  *w;

    w = ngx_http_model_openai_open(b, 1);

    if (ngx_http_model_openai_close(b, w, NULL,
                                    ngx_http_model_openai_reason(b))
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    if (b->talk.usage && ngx_http_model_openai_counted(b)) {

        w = ngx_http_model_openai_open(b, 0);

        ngx_http_model_openai_put_usage(b, w);
        ngx_http_model_json_object_end(w);

        if (ngx_http_model_bridge_frame(b, NULL, w) != NGX_OK) {
            return NGX_ERROR;
        }
    }

    return ngx_http_model_openai_frame_done(b);
}


static ngx_int_t
ngx_http_model_openai_frame_error(ngx_http_model_bridge_t *b,
    ngx_http_model_event_t *e)
{
    ngx_str_t  body;

    if (ngx_http_model_error_body(b->temp, NGX_HTTP_MODEL_OPENAI, e->status,
                                  NULL, NULL, &e->text, &body)
        != NGX_OK
        || ngx_http_model_bridge_put(b, (u_char *) "data: ", 6) != NGX_OK
        || ngx_http_model_bridge_put(b, body.data, body.len) != NGX_OK
        || ngx_http_model_bridge_put(b, (u_char *) "\n\n", 2) != NGX_OK)
    {
        return NGX_ERROR;
    }

    return ngx_http_model_openai_frame_done(b);
}


static ngx_int_t
ngx_http_model_openai_frame_done(ngx_http_model_bridge_t *b)
{
    return ngx_http_model_bridge_put(b, (u_char *) "data: [DONE]\n\n", 14);
}
