
/*
 * Copyright (C) the ngx_http_model_module authors
 */


#include <ngx_config.h>
#include <ngx_core.h>

#include "ngx_http_model_bridge_anthropic.h"


/* blocks that are open at a time: one, by the protocol */

#define NGX_HTTP_MODEL_ANTHROPIC_NOPEN  16

/* what nobody counts to */

#define NGX_HTTP_MODEL_ANTHROPIC_COUNT  (1ll << 53)


typedef struct {
    int64_t       index;       /* of the block, as the server says */
    ngx_uint_t    call;
    unsigned      whole:1;     /* its start had the input */
} ngx_http_model_anthropic_open_t;


/* counts as the server tells them, -1: not told */

typedef struct {
    int64_t                          input;
    int64_t                          output;
    int64_t                          read;
    int64_t                          write;
    int64_t                          thinking;
    ngx_uint_t                       calls;
    ngx_uint_t                       nopen;
    ngx_http_model_anthropic_open_t  open[NGX_HTTP_MODEL_ANTHROPIC_NOPEN];
} ngx_http_model_anthropic_reader_t;


typedef ngx_int_t (*ngx_http_model_anthropic_event_pt)(
    ngx_http_model_bridge_t *b, ngx_http_model_anthropic_reader_t *rd,
    ngx_http_model_json_t *root);

typedef struct {
    const char                         *type;
    ngx_http_model_anthropic_event_pt   read;
} ngx_http_model_anthropic_event_t;


static ngx_http_model_anthropic_reader_t *ngx_http_model_anthropic_reader(
    ngx_http_model_bridge_t *b);
static ngx_int_t ngx_http_model_anthropic_read_block(
    ngx_http_model_bridge_t *b, ngx_http_model_anthropic_reader_t *rd,
    ngx_http_model_json_t *block);
static ngx_int_t ngx_http_model_anthropic_start(ngx_http_model_bridge_t *b,
    ngx_http_model_json_t *message);
static ngx_int_t ngx_http_model_anthropic_finish(ngx_http_model_bridge_t *b,
    ngx_http_model_json_t *json);
static ngx_uint_t ngx_http_model_anthropic_reason(ngx_str_t *reason);
static ngx_int_t ngx_http_model_anthropic_end(ngx_http_model_bridge_t *b);
static ngx_int_t ngx_http_model_anthropic_fail(ngx_http_model_bridge_t *b,
    ngx_http_model_json_t *root);
static void ngx_http_model_anthropic_count_usage(ngx_http_model_bridge_t *b,
    ngx_http_model_anthropic_reader_t *rd, ngx_http_model_json_t *usage);
static void ngx_http_model_anthropic_count(ngx_http_model_json_t *usage,
    const char *name, int64_t *n);
static ngx_int_t ngx_http_model_anthropic_message_start(
    ngx_http_model_bridge_t *b, ngx_http_model_anthropic_reader_t *rd,
    ngx_http_model_json_t *root);
static ngx_int_t ngx_http_model_anthropic_block_start(
    ngx_http_model_bridge_t *b, ngx_http_model_anthropic_reader_t *rd,
    ngx_http_model_json_t *root);
static ngx_int_t ngx_http_model_anthropic_block_delta(
    ngx_http_model_bridge_t *b, ngx_http_model_anthropic_reader_t *rd,
    ngx_http_model_json_t *root);
static ngx_int_t ngx_http_model_anthropic_block_stop(
    ngx_http_model_bridge_t *b, ngx_http_model_anthropic_reader_t *rd,
    ngx_http_model_json_t *root);
static ngx_int_t ngx_http_model_anthropic_message_delta(
    ngx_http_model_bridge_t *b, ngx_http_model_anthropic_reader_t *rd,
    ngx_http_model_json_t *root);
static ngx_int_t ngx_http_model_anthropic_message_stop(
    ngx_http_model_bridge_t *b, ngx_http_model_anthropic_reader_t *rd,
    ngx_http_model_json_t *root);
static ngx_int_t ngx_http_model_anthropic_error(ngx_http_model_bridge_t *b,
    ngx_http_model_anthropic_reader_t *rd, ngx_http_model_json_t *root);
static ngx_int_t ngx_http_model_anthropic_ping(ngx_http_model_bridge_t *b,
    ngx_http_model_anthropic_reader_t *rd, ngx_http_model_json_t *root);
static ngx_int_t ngx_http_model_anthropic_open_call(ngx_http_model_bridge_t *b,
    ngx_http_model_anthropic_reader_t *rd, ngx_http_model_json_t *block,
    int64_t index);
static ngx_int_t ngx_http_model_anthropic_close_call(
    ngx_http_model_bridge_t *b, ngx_http_model_anthropic_reader_t *rd,
    ngx_uint_t n);
static ngx_int_t ngx_http_model_anthropic_close_calls(
    ngx_http_model_bridge_t *b, ngx_http_model_anthropic_reader_t *rd);
static ngx_int_t ngx_http_model_anthropic_emit_member(
    ngx_http_model_bridge_t *b, ngx_http_model_event_e type,
    ngx_http_model_json_t *json, const char *key);
static ngx_int_t ngx_http_model_anthropic_emit_call(
    ngx_http_model_bridge_t *b, ngx_http_model_event_e type, ngx_uint_t call,
    ngx_http_model_json_t *block, ngx_str_t *text);


static const ngx_http_model_anthropic_event_t
    ngx_http_model_anthropic_events[] =
{
    { "content_block_delta", ngx_http_model_anthropic_block_delta },
    { "content_block_start", ngx_http_model_anthropic_block_start },
    { "content_block_stop", ngx_http_model_anthropic_block_stop },
    { "message_start", ngx_http_model_anthropic_message_start },
    { "message_delta", ngx_http_model_anthropic_message_delta },
    { "message_stop", ngx_http_model_anthropic_message_stop },
    { "error", ngx_http_model_anthropic_error },
    { "ping", ngx_http_model_anthropic_ping },
    { NULL, NULL }
};


ngx_int_t
ngx_http_model_anthropic_read_answer(ngx_http_model_bridge_t *b,
    ngx_http_model_json_t *root)
{
    ngx_http_model_json_t              *block;
    ngx_http_model_anthropic_reader_t  *rd;

    static ngx_str_t  none = ngx_string("the answer is not a message");

    rd = ngx_http_model_anthropic_reader(b);
    if (rd == NULL) {
        return NGX_ERROR;
    }

    if (ngx_http_model_anthropic_get(root, "error")) {
        return ngx_http_model_anthropic_fail(b, root);
    }

    block = ngx_http_model_anthropic_get(root, "content");

    if (block == NULL || block->type != NGX_HTTP_MODEL_JSON_ARRAY) {
        return ngx_http_model_bridge_fail(b, 502, &none);
    }

    if (ngx_http_model_anthropic_start(b, root) != NGX_OK) {
        return NGX_ERROR;
    }

    for (block = block->child; block; block = block->next) {
        if (ngx_http_model_anthropic_read_block(b, rd, block) != NGX_OK) {
            return NGX_ERROR;
        }
    }

    ngx_http_model_anthropic_count_usage(b, rd,
                               ngx_http_model_anthropic_get(root, "usage"));

    if (ngx_http_model_anthropic_finish(b, root) != NGX_OK) {
        return NGX_ERROR;
    }

    return ngx_http_model_anthropic_end(b);
}


ngx_int_t
ngx_http_model_anthropic_read_event(ngx_http_model_bridge_t *b,
    ngx_str_t *event, ngx_str_t *data)
{
    ngx_str_t                                err, type, name;
    ngx_http_model_json_t                   *root;
    ngx_http_model_anthropic_reader_t       *rd;
    const ngx_http_model_anthropic_event_t  *known;

    static ngx_str_t  broken = ngx_string("the answer has an event that is "
                                          "not JSON");

    rd = ngx_http_model_anthropic_reader(b);
    if (rd == NULL) {
        return NGX_ERROR;
    }

    root = ngx_http_model_json_slices(b->temp, data->data, data->len, 1, &err);

    type = *event;

    if (root && root->type == NGX_HTTP_MODEL_JSON_OBJECT) {
        if (ngx_http_model_json_get_str(root, "type", &name) == NGX_OK) {
            type = name;

        } else if (ngx_http_model_anthropic_get(root, "error")) {
            return ngx_http_model_anthropic_fail(b, root);
        }
    }

    for (known = ngx_http_model_anthropic_events; known->type; known++) {

        if (ngx_strlen(known->type) != type.len
            || ngx_memcmp(known->type, type.data, type.len) != 0)
        {
            continue;
        }

        if (root && root->type == NGX_HTTP_MODEL_JSON_OBJECT) {
            return known->read(b, rd, root);
        }

        return (known->read == ngx_http_model_anthropic_ping)
               ? NGX_OK : ngx_http_model_bridge_fail(b, 502, &broken);
    }

    /* events of later versions are to be ignored */

    return NGX_OK;
}


static ngx_http_model_anthropic_reader_t *
ngx_http_model_anthropic_reader(ngx_http_model_bridge_t *b)
{
    ngx_http_model_anthropic_reader_t  *rd;

    if (b->reader) {
        return b->reader;
    }

    rd = ngx_pcalloc(b->pool, sizeof(ngx_http_model_anthropic_reader_t));
    if (rd == NULL) {
        return NULL;
    }

    rd->input = -1;
    rd->output = -1;
    rd->read = -1;
    rd->write = -1;
    rd->thinking = -1;

    b->reader = rd;

    return rd;
}


/* a block of a whole message */

static ngx_int_t
ngx_http_model_anthropic_read_block(ngx_http_model_bridge_t *b,
    ngx_http_model_anthropic_reader_t *rd, ngx_http_model_json_t *block)
{
    if (ngx_http_model_anthropic_is_type(block, "text")) {
        return ngx_http_model_anthropic_emit_member(b,
                                                 NGX_HTTP_MODEL_EVENT_TEXT,
                                                 block, "text");
    }

    if (ngx_http_model_anthropic_is_type(block, "thinking")) {

        if (ngx_http_model_anthropic_emit_member(b,
                                                NGX_HTTP_MODEL_EVENT_THINKING,
                                                block, "thinking")
            != NGX_OK)
        {
            return NGX_ERROR;
        }

        return ngx_http_model_anthropic_emit_member(b,
                                               NGX_HTTP_MODEL_EVENT_SIGNATURE,
                                               block, "signature");
    }

    if (ngx_http_model_anthropic_is_type(block, "redacted_thinking")) {
        return ngx_http_model_anthropic_emit_member(b,
                                                NGX_HTTP_MODEL_EVENT_REDACTED,
                                                block, "data");
    }

    if (ngx_http_model_anthropic_is_type(block, "tool_use")) {

        if (ngx_http_model_anthropic_open_call(b, rd, block, 0) != NGX_OK) {
            return NGX_ERROR;
        }

        return ngx_http_model_anthropic_close_calls(b, rd);
    }

    /* of tools of Anthropic's own, which were not asked for */

    return NGX_OK;
}


static ngx_int_t
ngx_http_model_anthropic_start(ngx_http_model_bridge_t *b,
    ngx_http_model_json_t *message)
{
    ngx_http_model_event_t  e;

    ngx_memzero(&e, sizeof(ngx_http_model_event_t));

    e.type = NGX_HTTP_MODEL_EVENT_START;

    (void) ngx_http_model_json_get_str(message, "id", &e.id);
    (void) ngx_http_model_json_get_str(message, "model", &e.model);

    return ngx_http_model_bridge_emit(b, &e);
}


/* json has stop_reason, stop_sequence, stop_details: a message, or a delta */

static ngx_int_t
ngx_http_model_anthropic_finish(ngx_http_model_bridge_t *b,
    ngx_http_model_json_t *json)
{
    ngx_str_t               reason;
    ngx_http_model_event_t  e;
    ngx_http_model_json_t  *details;

    if (ngx_http_model_json_get_str(json, "stop_reason", &reason) != NGX_OK) {
        return NGX_OK;
    }

    ngx_memzero(&e, sizeof(ngx_http_model_event_t));

    e.type = NGX_HTTP_MODEL_EVENT_FINISH;
    e.reason = ngx_http_model_anthropic_reason(&reason);

    if (e.reason == NGX_HTTP_MODEL_FINISH_STRING) {
        (void) ngx_http_model_json_get_str(json, "stop_sequence", &e.text);
    }

    details = ngx_http_model_anthropic_get(json, "stop_details");

    if (details
        && e.reason == NGX_HTTP_MODEL_FINISH_FILTER
        && ngx_http_model_anthropic_emit_member(b,
                                                NGX_HTTP_MODEL_EVENT_REFUSAL,
                                                details, "explanation")
           != NGX_OK)
    {
        return NGX_ERROR;
    }

    return ngx_http_model_bridge_emit(b, &e);
}


static ngx_uint_t
ngx_http_model_anthropic_reason(ngx_str_t *reason)
{
    ngx_uint_t  i;

    static const struct {
        const char  *word;
        ngx_uint_t   reason;
    } reasons[] = {
        { "end_turn", NGX_HTTP_MODEL_FINISH_STOP },
        { "tool_use", NGX_HTTP_MODEL_FINISH_CALLS },
        { "max_tokens", NGX_HTTP_MODEL_FINISH_LENGTH },
        { "stop_sequence", NGX_HTTP_MODEL_FINISH_STRING },
        { "refusal", NGX_HTTP_MODEL_FINISH_FILTER },
        { "pause_turn", NGX_HTTP_MODEL_FINISH_PAUSE },
        { "model_context_window_exceeded", NGX_HTTP_MODEL_FINISH_LENGTH },
        { NULL, NGX_HTTP_MODEL_FINISH_STOP }
    };

    for (i = 0; reasons[i].word; i++) {
        if (ngx_strlen(reasons[i].word) == reason->len
            && ngx_memcmp(reasons[i].word, reason->data, reason->len) == 0)
        {
            break;
        }
    }

    return reasons[i].reason;
}


static ngx_int_t
ngx_http_model_anthropic_end(ngx_http_model_bridge_t *b)
{
    ngx_http_model_event_t  e;

    ngx_memzero(&e, sizeof(ngx_http_model_event_t));

    e.type = NGX_HTTP_MODEL_EVENT_END;

    return ngx_http_model_bridge_emit(b, &e);
}


/* {"type":"error","error":{"type":,"message":}}, or what others make of it */

static ngx_int_t
ngx_http_model_anthropic_fail(ngx_http_model_bridge_t *b,
    ngx_http_model_json_t *root)
{
    ngx_str_t               text, type;
    ngx_uint_t              i;
    ngx_http_model_json_t  *error;

    /* 401 and 403 are about the gateway's key, not the client's */

    static const struct {
        const char  *type;
        ngx_uint_t   status;
    } statuses[] = {
        { "invalid_request_error", 400 },
        { "not_found_error", 404 },
        { "request_too_large", 413 },
        { "rate_limit_error", 429 },
        { "overloaded_error", 503 },
        { "timeout_error", 504 },
        { NULL, 502 }
    };

    ngx_str_null(&type);

    error = ngx_http_model_anthropic_get(root, "error");

    if (error) {
        (void) ngx_http_model_json_get_str(error, "type", &type);
    }

    for (i = 0; statuses[i].type; i++) {
        if (ngx_strlen(statuses[i].type) == type.len
            && ngx_memcmp(statuses[i].type, type.data, type.len) == 0)
        {
            break;
        }
    }

    ngx_str_null(&text);

    if (ngx_http_model_talk_json(b->temp, root, &text) != NGX_OK) {
        return NGX_ERROR;
    }

    text = ngx_http_model_bridge_message(b->temp, text.data, text.len);

    if (text.len == 0) {
        ngx_str_set(&text, "the server reports an error");
    }

    return ngx_http_model_bridge_fail(b, statuses[i].status, &text);
}


/* Anthropic's input_tokens are those that no cache had */

static void
ngx_http_model_anthropic_count_usage(ngx_http_model_bridge_t *b,
    ngx_http_model_anthropic_reader_t *rd, ngx_http_model_json_t *usage)
{
    ngx_http_model_json_t  *details;

    if (usage == NULL) {
        return;
    }

    /* some servers end with a 0 for what they told at the start */

    ngx_http_model_anthropic_count(usage, "input_tokens", &rd->input);
    ngx_http_model_anthropic_count(usage, "output_tokens", &rd->output);
    ngx_http_model_anthropic_count(usage, "cache_read_input_tokens",
                                   &rd->read);
    ngx_http_model_anthropic_count(usage, "cache_creation_input_tokens",
                                   &rd->write);

    details = ngx_http_model_anthropic_get(usage, "output_tokens_details");

    if (details) {
        ngx_http_model_anthropic_count(details, "thinking_tokens",
                                       &rd->thinking);
    }

    if (rd->input >= 0) {
        b->usage.prompt = rd->input + ngx_max(rd->read, 0)
                          + ngx_max(rd->write, 0);
    }

    b->usage.completion = rd->output;
    b->usage.cached = rd->read;
    b->usage.cache_write = rd->write;
    b->usage.reasoning = rd->thinking;
}


static void
ngx_http_model_anthropic_count(ngx_http_model_json_t *usage, const char *name,
    int64_t *n)
{
    int64_t  value;

    value = ngx_http_model_json_get_int(usage, name);

    if (value < 0
        || value > NGX_HTTP_MODEL_ANTHROPIC_COUNT
        || (value == 0 && *n > 0))
    {
        return;
    }

    *n = value;
}


static ngx_int_t
ngx_http_model_anthropic_message_start(ngx_http_model_bridge_t *b,
    ngx_http_model_anthropic_reader_t *rd, ngx_http_model_json_t *root)
{
    ngx_http_model_json_t  *message;

    message = ngx_http_model_anthropic_get(root, "message");

    if (message == NULL) {
        return NGX_OK;
    }

    ngx_http_model_anthropic_count_usage(b, rd,
                             ngx_http_model_anthropic_get(message, "usage"));

    return ngx_http_model_anthropic_start(b, message);
}


static ngx_int_t
ngx_http_model_anthropic_block_start(ngx_http_model_bridge_t *b,
    ngx_http_model_anthropic_reader_t *rd, ngx_http_model_json_t *root)
{
    ngx_http_model_json_t  *block;

    block = ngx_http_model_anthropic_get(root, "content_block");

    if (block == NULL) {
        return NGX_OK;
    }

    if (ngx_http_model_anthropic_is_type(block, "tool_use")) {
        return ngx_http_model_anthropic_open_call(b, rd, block,
                                 ngx_http_model_json_get_int(root, "index"));
    }

    return ngx_http_model_anthropic_read_block(b, rd, block);
}


static ngx_int_t
ngx_http_model_anthropic_block_delta(ngx_http_model_bridge_t *b,
    ngx_http_model_anthropic_reader_t *rd, ngx_http_model_json_t *root)
{
    int64_t                 index;
    ngx_str_t               text;
    ngx_uint_t              i;
    ngx_http_model_json_t  *delta;

    delta = ngx_http_model_anthropic_get(root, "delta");

    if (delta == NULL) {
        return NGX_OK;
    }

    if (ngx_http_model_anthropic_is_type(delta, "text_delta")) {
        return ngx_http_model_anthropic_emit_member(b,
                                                 NGX_HTTP_MODEL_EVENT_TEXT,
                                                 delta, "text");
    }

    if (ngx_http_model_anthropic_is_type(delta, "thinking_delta")) {
        return ngx_http_model_anthropic_emit_member(b,
                                                NGX_HTTP_MODEL_EVENT_THINKING,
                                                delta, "thinking");
    }

    if (ngx_http_model_anthropic_is_type(delta, "signature_delta")) {
        return ngx_http_model_anthropic_emit_member(b,
                                               NGX_HTTP_MODEL_EVENT_SIGNATURE,
                                               delta, "signature");
    }

    if (!ngx_http_model_anthropic_is_type(delta, "input_json_delta")) {

        /* citations, and what later versions have */

        return NGX_OK;
    }

    /* input of tools that are Anthropic's own has no open call */

    index = ngx_http_model_json_get_int(root, "index");

    for (i = 0; i < rd->nopen; i++) {

        if (rd->open[i].index == index) {

            if (rd->open[i].whole) {
                break;
            }

            (void) ngx_http_model_json_get_str(delta, "partial_json", &text);

            return ngx_http_model_anthropic_emit_call(b,
                                               NGX_HTTP_MODEL_EVENT_ARGUMENTS,
                                               rd->open[i].call, NULL, &text);
        }
    }

    return NGX_OK;
}


static ngx_int_t
ngx_http_model_anthropic_block_stop(ngx_http_model_bridge_t *b,
    ngx_http_model_anthropic_reader_t *rd, ngx_http_model_json_t *root)
{
    int64_t     index;
    ngx_uint_t  i;

    index = ngx_http_model_json_get_int(root, "index");

    for (i = 0; i < rd->nopen; i++) {
        if (rd->open[i].index == index) {
            return ngx_http_model_anthropic_close_call(b, rd, i);
        }
    }

    return NGX_OK;
}


static ngx_int_t
ngx_http_model_anthropic_message_delta(ngx_http_model_bridge_t *b,
    ngx_http_model_anthropic_reader_t *rd, ngx_http_model_json_t *root)
{
    ngx_http_model_json_t  *delta;

    ngx_http_model_anthropic_count_usage(b, rd,
                               ngx_http_model_anthropic_get(root, "usage"));

    if (ngx_http_model_anthropic_close_calls(b, rd) != NGX_OK) {
        return NGX_ERROR;
    }

    delta = ngx_http_model_anthropic_get(root, "delta");

    return delta ? ngx_http_model_anthropic_finish(b, delta) : NGX_OK;
}


static ngx_int_t
ngx_http_model_anthropic_message_stop(ngx_http_model_bridge_t *b,
    ngx_http_model_anthropic_reader_t *rd, ngx_http_model_json_t *root)
{
    (void) root;

    if (ngx_http_model_anthropic_close_calls(b, rd) != NGX_OK) {
        return NGX_ERROR;
    }

    return ngx_http_model_anthropic_end(b);
}


static ngx_int_t
ngx_http_model_anthropic_error(ngx_http_model_bridge_t *b,
    ngx_http_model_anthropic_reader_t *rd, ngx_http_model_json_t *root)
{
    (void) rd;

    return ngx_http_model_anthropic_fail(b, root);
}


static ngx_int_t
ngx_http_model_anthropic_ping(ngx_http_model_bridge_t *b,
    ngx_http_model_anthropic_reader_t *rd, ngx_http_model_json_t *root)
{
    ngx_http_model_event_t  e;

    (void) rd;
    (void) root;

    ngx_memzero(&e, sizeof(ngx_http_model_event_t));

    e.type = NGX_HTTP_MODEL_EVENT_PING;

    return ngx_http_model_bridge_emit(b, &e);
}


/* the input of a block's start is empty, or, from some servers, all of it */

static ngx_int_t
ngx_http_model_anthropic_open_call(ngx_http_model_bridge_t *b,
    ngx_http_model_anthropic_reader_t *rd, ngx_http_model_json_t *block,
    int64_t index)
{
    ngx_str_t                         text;
    ngx_http_model_json_t            *input;
    ngx_http_model_anthropic_open_t  *open;

    if (rd->nopen == NGX_HTTP_MODEL_ANTHROPIC_NOPEN
        && ngx_http_model_anthropic_close_call(b, rd, 0) != NGX_OK)
    {
        return NGX_ERROR;
    }

    open = &rd->open[rd->nopen++];

    open->index = index;
    open->call = rd->calls++;
    open->whole = 0;

    if (ngx_http_model_anthropic_emit_call(b, NGX_HTTP_MODEL_EVENT_CALL,
                                           open->call, block, NULL)
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    input = ngx_http_model_anthropic_get(block, "input");

    if (input == NULL || input->child == NULL) {
        return NGX_OK;
    }

    open->whole = 1;

    if (ngx_http_model_talk_json(b->temp, input, &text) != NGX_OK) {
        return NGX_ERROR;
    }

    return ngx_http_model_anthropic_emit_call(b,
                                              NGX_HTTP_MODEL_EVENT_ARGUMENTS,
                                              open->call, NULL, &text);
}


static ngx_int_t
ngx_http_model_anthropic_close_call(ngx_http_model_bridge_t *b,
    ngx_http_model_anthropic_reader_t *rd, ngx_uint_t n)
{
    ngx_uint_t  call;

    call = rd->open[n].call;

    rd->nopen--;

    ngx_memmove(&rd->open[n], &rd->open[n + 1],
                (rd->nopen - n) * sizeof(ngx_http_model_anthropic_open_t));

    return ngx_http_model_anthropic_emit_call(b, NGX_HTTP_MODEL_EVENT_CALL_END,
                                              call, NULL, NULL);
}


static ngx_int_t
ngx_http_model_anthropic_close_calls(ngx_http_model_bridge_t *b,
    ngx_http_model_anthropic_reader_t *rd)
{
    while (rd->nopen) {
        if (ngx_http_model_anthropic_close_call(b, rd, 0) != NGX_OK) {
            return NGX_ERROR;
        }
    }

    return NGX_OK;
}


/* an event of a member that is a string, unless that is empty */

static ngx_int_t
ngx_http_model_anthropic_emit_member(ngx_http_model_bridge_t *b,
    ngx_http_model_event_e type, ngx_http_model_json_t *json, const char *key)
{
    ngx_str_t  text;

    (void) ngx_http_model_json_get_str(json, key, &text);

    return text.len ? ngx_http_model_bridge_emit_text(b, type, &text) : NGX_OK;
}


static ngx_int_t
ngx_http_model_anthropic_emit_call(ngx_http_model_bridge_t *b,
    ngx_http_model_event_e type, ngx_uint_t call, ngx_http_model_json_t *block,
    ngx_str_t *text)
{
    ngx_http_model_event_t  e;

    ngx_memzero(&e, sizeof(ngx_http_model_event_t));

    e.type = type;
    e.index = call;

    if (block) {
        (void) ngx_http_model_json_get_str(block, "id", &e.id);
        (void) ngx_http_model_json_get_str(block, "name", &e.name);
    }

    if (text) {
        e.text = *text;
    }

    return ngx_http_model_bridge_emit(b, &e);
}
