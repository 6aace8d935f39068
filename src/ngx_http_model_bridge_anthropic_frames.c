
/*
 * Copyright (C) the ngx_http_model_module authors
 */


#include <ngx_config.h>
#include <ngx_core.h>

#include "ngx_http_model_bridge_anthropic.h"
#include "ngx_http_model_error.h"


/*
 * Blocks come one after another, each whole before the next: what belongs to
 * another block than a call that is open waits for that call's end.
 */

typedef struct ngx_http_model_anthropic_wait_s  ngx_http_model_anthropic_wait_t;

struct ngx_http_model_anthropic_wait_s {
    ngx_rbtree_node_t                 node;    /* of calls, by their index */
    ngx_http_model_anthropic_wait_t  *next;
    ngx_http_model_event_e            type;
    ngx_http_model_bridge_text_t      text;
    ngx_http_model_bridge_text_t      id;
    ngx_http_model_bridge_text_t      name;
    unsigned                          ended:1;
};


/* START stands for "no block", CALL for one of a call */

typedef struct {
    ngx_http_model_event_e             type;     /* of the block that is open */
    ngx_uint_t                         index;    /* of it, or of the next */
    ngx_uint_t                         call;     /* its index, with CALL */
    ngx_uint_t                         calls;    /* so far */
    ngx_http_model_anthropic_wait_t   *first;
    ngx_http_model_anthropic_wait_t  **last;
    ngx_http_model_anthropic_wait_t   *tail;
    ngx_rbtree_t                       waiting;
    ngx_rbtree_node_t                  sentinel;
    unsigned                           refused:1;
} ngx_http_model_anthropic_writer_t;


static ngx_http_model_anthropic_writer_t *ngx_http_model_anthropic_writer(
    ngx_http_model_bridge_t *b);
static ngx_int_t ngx_http_model_anthropic_frame(ngx_http_model_bridge_t *b,
    ngx_http_model_anthropic_writer_t *st, ngx_http_model_event_t *e);
static ngx_int_t ngx_http_model_anthropic_begin(ngx_http_model_bridge_t *b);
static ngx_int_t ngx_http_model_anthropic_finish(ngx_http_model_bridge_t *b,
    ngx_http_model_anthropic_writer_t *st);
static ngx_int_t ngx_http_model_anthropic_failed(ngx_http_model_bridge_t *b,
    ngx_http_model_event_t *e);
static ngx_int_t ngx_http_model_anthropic_say(ngx_http_model_bridge_t *b,
    ngx_http_model_anthropic_writer_t *st, ngx_http_model_event_e type,
    ngx_str_t *text);
static ngx_int_t ngx_http_model_anthropic_sign(ngx_http_model_bridge_t *b,
    ngx_http_model_anthropic_writer_t *st, ngx_str_t *signature);
static ngx_int_t ngx_http_model_anthropic_redact(ngx_http_model_bridge_t *b,
    ngx_http_model_anthropic_writer_t *st, ngx_str_t *data);
static ngx_int_t ngx_http_model_anthropic_make(ngx_http_model_bridge_t *b,
    ngx_http_model_anthropic_writer_t *st, ngx_uint_t call, ngx_str_t *id,
    ngx_str_t *name);
static ngx_int_t ngx_http_model_anthropic_arguments(ngx_http_model_bridge_t *b,
    ngx_http_model_anthropic_writer_t *st, ngx_http_model_event_t *e);
static ngx_int_t ngx_http_model_anthropic_made(ngx_http_model_bridge_t *b,
    ngx_http_model_anthropic_writer_t *st, ngx_http_model_event_t *e);
static ngx_int_t ngx_http_model_anthropic_wait(ngx_http_model_bridge_t *b,
    ngx_http_model_anthropic_writer_t *st, ngx_http_model_event_t *e);
static ngx_http_model_anthropic_wait_t *ngx_http_model_anthropic_waiting(
    ngx_http_model_anthropic_writer_t *st, ngx_uint_t call);
static ngx_int_t ngx_http_model_anthropic_go_on(ngx_http_model_bridge_t *b,
    ngx_http_model_anthropic_writer_t *st, ngx_uint_t all);
static ngx_http_model_json_writer_t *ngx_http_model_anthropic_block_open(
    ngx_http_model_bridge_t *b, ngx_http_model_anthropic_writer_t *st);
static ngx_int_t ngx_http_model_anthropic_block_frame(
    ngx_http_model_bridge_t *b, ngx_http_model_json_writer_t *w);
static ngx_int_t ngx_http_model_anthropic_delta(ngx_http_model_bridge_t *b,
    ngx_http_model_anthropic_writer_t *st, const char *type, const char *key,
    ngx_str_t *text);
static ngx_int_t ngx_http_model_anthropic_close(ngx_http_model_bridge_t *b,
    ngx_http_model_anthropic_writer_t *st);
static int64_t ngx_http_model_anthropic_estimate(ngx_http_model_bridge_t *b);
static size_t ngx_http_model_anthropic_length(ngx_array_t *parts);
static size_t ngx_http_model_anthropic_json_length(
    ngx_http_model_json_t *json);


ngx_int_t
ngx_http_model_anthropic_write_event(ngx_http_model_bridge_t *b,
    ngx_http_model_event_t *e)
{
    ngx_int_t                           rc;
    ngx_http_model_anthropic_writer_t  *st;

    st = ngx_http_model_anthropic_writer(b);
    if (st == NULL) {
        return NGX_ERROR;
    }

    rc = ngx_http_model_anthropic_frame(b, st, e);

    /* too much waits: the stream has ended with an error */

    return (rc == NGX_DECLINED) ? NGX_OK : rc;
}


static ngx_http_model_anthropic_writer_t *
ngx_http_model_anthropic_writer(ngx_http_model_bridge_t *b)
{
    ngx_http_model_anthropic_writer_t  *st;

    if (b->writer) {
        return b->writer;
    }

    st = ngx_pcalloc(b->pool, sizeof(ngx_http_model_anthropic_writer_t));
    if (st == NULL) {
        return NULL;
    }

    st->type = NGX_HTTP_MODEL_EVENT_START;
    st->last = &st->first;

    ngx_rbtree_init(&st->waiting, &st->sentinel, ngx_rbtree_insert_value);

    b->writer = st;

    return st;
}


static ngx_int_t
ngx_http_model_anthropic_frame(ngx_http_model_bridge_t *b,
    ngx_http_model_anthropic_writer_t *st, ngx_http_model_event_t *e)
{
    ngx_http_model_json_writer_t  *w;

    switch (e->type) {

    case NGX_HTTP_MODEL_EVENT_START:
        return ngx_http_model_anthropic_begin(b);

    case NGX_HTTP_MODEL_EVENT_END:
        return ngx_http_model_anthropic_finish(b, st);

    case NGX_HTTP_MODEL_EVENT_ERROR:
        return ngx_http_model_anthropic_failed(b, e);

    case NGX_HTTP_MODEL_EVENT_PING:
        w = ngx_http_model_json_writer(b->temp);
        ngx_http_model_anthropic_open(w, "ping");
        ngx_http_model_json_object_end(w);

        return ngx_http_model_bridge_frame(b, "ping", w);

    case NGX_HTTP_MODEL_EVENT_ARGUMENTS:
        return ngx_http_model_anthropic_arguments(b, st, e);

    case NGX_HTTP_MODEL_EVENT_CALL_END:
        return ngx_http_model_anthropic_made(b, st, e);

    case NGX_HTTP_MODEL_EVENT_REFUSAL:
        st->refused = 1;

        /* fall through */

    case NGX_HTTP_MODEL_EVENT_TEXT:
    case NGX_HTTP_MODEL_EVENT_THINKING:
    case NGX_HTTP_MODEL_EVENT_SIGNATURE:
    case NGX_HTTP_MODEL_EVENT_REDACTED:

        if (e->text.len == 0) {
            return NGX_OK;
        }

        break;

    case NGX_HTTP_MODEL_EVENT_CALL:
        break;

    default:
        return NGX_OK;
    }

    if (st->type == NGX_HTTP_MODEL_EVENT_CALL) {
        return ngx_http_model_anthropic_wait(b, st, e);
    }

    switch (e->type) {

    case NGX_HTTP_MODEL_EVENT_CALL:
        return ngx_http_model_anthropic_make(b, st, e->index, &e->id,
                                             &e->name);

    case NGX_HTTP_MODEL_EVENT_SIGNATURE:
        return ngx_http_model_anthropic_sign(b, st, &e->text);

    case NGX_HTTP_MODEL_EVENT_REDACTED:
        return ngx_http_model_anthropic_redact(b, st, &e->text);

    default:
        return ngx_http_model_anthropic_say(b, st, e->type, &e->text);
    }
}


/*
 * message_start, whose count of the prompt clients show as what their context
 * has: where the server does not tell it yet, an estimate is better than 0.
 */

static ngx_int_t
ngx_http_model_anthropic_begin(ngx_http_model_bridge_t *b)
{
    int64_t                        prompt;
    ngx_str_t                      id;
    ngx_http_model_json_writer_t  *w;

    id = ngx_http_model_bridge_id(b, "msg_", -1);

    w = ngx_http_model_json_writer(b->temp);

    ngx_http_model_anthropic_open(w, "message_start");
    ngx_http_model_json_key(w, "message");
    ngx_http_model_json_object(w);

    ngx_http_model_anthropic_head(b, w, &id);

    ngx_http_model_json_key(w, "content");
    ngx_http_model_json_array(w);
    ngx_http_model_json_array_end(w);
    ngx_http_model_json_key(w, "stop_reason");
    ngx_http_model_json_null(w);
    ngx_http_model_json_key(w, "stop_sequence");
    ngx_http_model_json_null(w);

    prompt = b->usage.prompt;

    if (prompt < 0) {
        prompt = ngx_http_model_anthropic_estimate(b);
    }

    ngx_http_model_json_key(w, "usage");
    ngx_http_model_anthropic_usage(b, w, 1, prompt);

    ngx_http_model_json_object_end(w);
    ngx_http_model_json_object_end(w);

    return ngx_http_model_bridge_frame(b, "message_start", w);
}


static ngx_int_t
ngx_http_model_anthropic_finish(ngx_http_model_bridge_t *b,
    ngx_http_model_anthropic_writer_t *st)
{
    ngx_http_model_json_writer_t  *w;

    if (ngx_http_model_anthropic_close(b, st) != NGX_OK
        || ngx_http_model_anthropic_go_on(b, st, 1) != NGX_OK
        || ngx_http_model_anthropic_close(b, st) != NGX_OK)
    {
        return NGX_ERROR;
    }

    w = ngx_http_model_json_writer(b->temp);

    ngx_http_model_anthropic_open(w, "message_delta");
    ngx_http_model_json_key(w, "delta");
    ngx_http_model_json_object(w);
    ngx_http_model_anthropic_stop(b, w, st->refused);
    ngx_http_model_json_key(w, "stop_details");
    ngx_http_model_json_null(w);
    ngx_http_model_json_key(w, "container");
    ngx_http_model_json_null(w);
    ngx_http_model_json_object_end(w);
    ngx_http_model_json_key(w, "usage");
    ngx_http_model_anthropic_usage(b, w, 0, b->usage.prompt);
    ngx_http_model_json_object_end(w);

    if (ngx_http_model_bridge_frame(b, "message_delta", w) != NGX_OK) {
        return NGX_ERROR;
    }

    w = ngx_http_model_json_writer(b->temp);

    ngx_http_model_anthropic_open(w, "message_stop");
    ngx_http_model_json_object_end(w);

    return ngx_http_model_bridge_frame(b, "message_stop", w);
}


static ngx_int_t
ngx_http_model_anthropic_failed(ngx_http_model_bridge_t *b,
    ngx_http_model_event_t *e)
{
    ngx_str_t                      body;
    ngx_http_model_json_writer_t  *w;

    if (ngx_http_model_error_body(b->temp, NGX_HTTP_MODEL_ANTHROPIC, e->status,
                                  NULL, NULL, &e->text, &body)
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    w = ngx_http_model_json_writer(b->temp);
    ngx_http_model_json_raw(w, &body);

    return ngx_http_model_bridge_frame(b, "error", w);
}


/* text, thinking: in the block that is open, or in one of its own */

static ngx_int_t
ngx_http_model_anthropic_say(ngx_http_model_bridge_t *b,
    ngx_http_model_anthropic_writer_t *st, ngx_http_model_event_e type,
    ngx_str_t *text)
{
    ngx_uint_t                     thinking;
    ngx_http_model_json_writer_t  *w;

    static ngx_str_t  none = ngx_string("");

    thinking = (type == NGX_HTTP_MODEL_EVENT_THINKING);

    if (!thinking) {
        type = NGX_HTTP_MODEL_EVENT_TEXT;
    }

    if (st->type != type) {

        if (ngx_http_model_anthropic_close(b, st) != NGX_OK) {
            return NGX_ERROR;
        }

        st->type = type;

        w = ngx_http_model_anthropic_block_open(b, st);

        if (thinking) {
            ngx_http_model_anthropic_open(w, "thinking");
            ngx_http_model_anthropic_put(w, "thinking", &none);
            ngx_http_model_anthropic_put(w, "signature", &none);

        } else {
            ngx_http_model_anthropic_open(w, "text");
            ngx_http_model_anthropic_put(w, "text", &none);
            ngx_http_model_json_key(w, "citations");
            ngx_http_model_json_null(w);
        }

        if (ngx_http_model_anthropic_block_frame(b, w) != NGX_OK) {
            return NGX_ERROR;
        }
    }

    if (text->len == 0) {
        return NGX_OK;
    }

    return thinking
           ? ngx_http_model_anthropic_delta(b, st, "thinking_delta",
                                            "thinking", text)
           : ngx_http_model_anthropic_delta(b, st, "text_delta", "text", text);
}


/* a signature is the last of its block, and never made up here */

static ngx_int_t
ngx_http_model_anthropic_sign(ngx_http_model_bridge_t *b,
    ngx_http_model_anthropic_writer_t *st, ngx_str_t *signature)
{
    static ngx_str_t  none = ngx_string("");

    if (ngx_http_model_anthropic_say(b, st, NGX_HTTP_MODEL_EVENT_THINKING,
                                     &none)
        != NGX_OK
        || ngx_http_model_anthropic_delta(b, st, "signature_delta",
                                          "signature", signature)
           != NGX_OK)
    {
        return NGX_ERROR;
    }

    return ngx_http_model_anthropic_close(b, st);
}


static ngx_int_t
ngx_http_model_anthropic_redact(ngx_http_model_bridge_t *b,
    ngx_http_model_anthropic_writer_t *st, ngx_str_t *data)
{
    ngx_http_model_json_writer_t  *w;

    if (ngx_http_model_anthropic_close(b, st) != NGX_OK) {
        return NGX_ERROR;
    }

    st->type = NGX_HTTP_MODEL_EVENT_REDACTED;

    w = ngx_http_model_anthropic_block_open(b, st);

    ngx_http_model_anthropic_open(w, "redacted_thinking");
    ngx_http_model_anthropic_put(w, "data", data);

    if (ngx_http_model_anthropic_block_frame(b, w) != NGX_OK) {
        return NGX_ERROR;
    }

    return ngx_http_model_anthropic_close(b, st);
}


static ngx_int_t
ngx_http_model_anthropic_make(ngx_http_model_bridge_t *b,
    ngx_http_model_anthropic_writer_t *st, ngx_uint_t call, ngx_str_t *id,
    ngx_str_t *name)
{
    ngx_http_model_json_writer_t  *w;

    if (ngx_http_model_anthropic_close(b, st) != NGX_OK) {
        return NGX_ERROR;
    }

    st->type = NGX_HTTP_MODEL_EVENT_CALL;
    st->call = call;

    w = ngx_http_model_anthropic_block_open(b, st);

    if (ngx_http_model_anthropic_call(b, w, st->calls++, id, name) != NGX_OK) {
        return NGX_ERROR;
    }

    ngx_http_model_json_key(w, "input");
    ngx_http_model_json_object(w);
    ngx_http_model_json_object_end(w);

    return ngx_http_model_anthropic_block_frame(b, w);
}


static ngx_int_t
ngx_http_model_anthropic_arguments(ngx_http_model_bridge_t *b,
    ngx_http_model_anthropic_writer_t *st, ngx_http_model_event_t *e)
{
    ngx_http_model_anthropic_wait_t  *wait;

    if (st->type == NGX_HTTP_MODEL_EVENT_CALL && st->call == e->index) {
        return ngx_http_model_anthropic_delta(b, st, "input_json_delta",
                                              "partial_json", &e->text);
    }

    wait = ngx_http_model_anthropic_waiting(st, e->index);

    return (wait && !wait->ended)
           ? ngx_http_model_bridge_keep(b, &wait->text, &e->text) : NGX_OK;
}


static ngx_int_t
ngx_http_model_anthropic_made(ngx_http_model_bridge_t *b,
    ngx_http_model_anthropic_writer_t *st, ngx_http_model_event_t *e)
{
    ngx_http_model_anthropic_wait_t  *wait;

    if (st->type == NGX_HTTP_MODEL_EVENT_CALL && st->call == e->index) {

        if (ngx_http_model_anthropic_close(b, st) != NGX_OK) {
            return NGX_ERROR;
        }

        return ngx_http_model_anthropic_go_on(b, st, 0);
    }

    wait = ngx_http_model_anthropic_waiting(st, e->index);

    if (wait) {
        wait->ended = 1;
    }

    return NGX_OK;
}


static ngx_int_t
ngx_http_model_anthropic_wait(ngx_http_model_bridge_t *b,
    ngx_http_model_anthropic_writer_t *st, ngx_http_model_event_t *e)
{
    ngx_int_t                         rc;
    ngx_http_model_anthropic_wait_t  *wait;

    static ngx_str_t  many = ngx_string("the answer has too many calls at "
                                        "a time");

    wait = st->tail;

    if (wait
        && wait->type == e->type
        && (e->type == NGX_HTTP_MODEL_EVENT_TEXT
            || e->type == NGX_HTTP_MODEL_EVENT_THINKING
            || e->type == NGX_HTTP_MODEL_EVENT_REFUSAL))
    {
        return ngx_http_model_bridge_keep(b, &wait->text, &e->text);
    }

    if (b->kept + sizeof(ngx_http_model_anthropic_wait_t) > b->limit) {
        return ngx_http_model_bridge_fail(b, 502, &many);
    }

    b->kept += sizeof(ngx_http_model_anthropic_wait_t);

    wait = ngx_pcalloc(b->pool, sizeof(ngx_http_model_anthropic_wait_t));
    if (wait == NULL) {
        return NGX_ERROR;
    }

    wait->type = e->type;

    *st->last = wait;
    st->last = &wait->next;
    st->tail = wait;

    if (e->type == NGX_HTTP_MODEL_EVENT_CALL) {
        wait->node.key = e->index;
        ngx_rbtree_insert(&st->waiting, &wait->node);
    }

    rc = ngx_http_model_bridge_keep(b, &wait->text, &e->text);

    if (rc == NGX_OK) {
        rc = ngx_http_model_bridge_keep(b, &wait->id, &e->id);
    }

    if (rc == NGX_OK) {
        rc = ngx_http_model_bridge_keep(b, &wait->name, &e->name);
    }

    return rc;
}


static ngx_http_model_anthropic_wait_t *
ngx_http_model_anthropic_waiting(ngx_http_model_anthropic_writer_t *st,
    ngx_uint_t call)
{
    ngx_rbtree_node_t  *node;

    node = st->waiting.root;

    while (node != &st->sentinel) {

        if (node->key == call) {
            return ngx_rbtree_data(node, ngx_http_model_anthropic_wait_t,
                                   node);
        }

        node = (call < node->key) ? node->left : node->right;
    }

    return NULL;
}


/* what waited for the end of a call, up to the next that is not at its end;
   all: nothing more comes */

static ngx_int_t
ngx_http_model_anthropic_go_on(ngx_http_model_bridge_t *b,
    ngx_http_model_anthropic_writer_t *st, ngx_uint_t all)
{
    ngx_int_t                         rc;
    ngx_uint_t                        call;
    ngx_http_model_anthropic_wait_t  *wait;

    while (st->first) {

        wait = st->first;
        st->first = wait->next;

        if (st->first == NULL) {
            st->last = &st->first;
            st->tail = NULL;
        }

        switch (wait->type) {

        case NGX_HTTP_MODEL_EVENT_SIGNATURE:
            rc = ngx_http_model_anthropic_sign(b, st, &wait->text.s);
            break;

        case NGX_HTTP_MODEL_EVENT_REDACTED:
            rc = ngx_http_model_anthropic_redact(b, st, &wait->text.s);
            break;

        case NGX_HTTP_MODEL_EVENT_CALL:
            call = wait->node.key;

            ngx_rbtree_delete(&st->waiting, &wait->node);

            rc = ngx_http_model_anthropic_make(b, st, call, &wait->id.s,
                                               &wait->name.s);

            if (rc == NGX_OK && wait->text.s.len) {
                rc = ngx_http_model_anthropic_delta(b, st, "input_json_delta",
                                                    "partial_json",
                                                    &wait->text.s);
            }

            if (rc == NGX_OK && !wait->ended && !all) {
                return NGX_OK;
            }

            if (rc == NGX_OK) {
                rc = ngx_http_model_anthropic_close(b, st);
            }

            break;

        default:
            rc = ngx_http_model_anthropic_say(b, st, wait->type,
                                              &wait->text.s);
            break;
        }

        if (rc != NGX_OK) {
            return rc;
        }
    }

    return NGX_OK;
}


/* content_block_start, up to the value of the block */

static ngx_http_model_json_writer_t *
ngx_http_model_anthropic_block_open(ngx_http_model_bridge_t *b,
    ngx_http_model_anthropic_writer_t *st)
{
    ngx_http_model_json_writer_t  *w;

    w = ngx_http_model_json_writer(b->temp);

    ngx_http_model_anthropic_open(w, "content_block_start");
    ngx_http_model_json_key(w, "index");
    ngx_http_model_json_int(w, st->index);
    ngx_http_model_json_key(w, "content_block");

    return w;
}


/* ends the block's object, and the event */

static ngx_int_t
ngx_http_model_anthropic_block_frame(ngx_http_model_bridge_t *b,
    ngx_http_model_json_writer_t *w)
{
    ngx_http_model_json_object_end(w);
    ngx_http_model_json_object_end(w);

    return ngx_http_model_bridge_frame(b, "content_block_start", w);
}


static ngx_int_t
ngx_http_model_anthropic_delta(ngx_http_model_bridge_t *b,
    ngx_http_model_anthropic_writer_t *st, const char *type, const char *key,
    ngx_str_t *text)
{
    ngx_http_model_json_writer_t  *w;

    w = ngx_http_model_json_writer(b->temp);

    ngx_http_model_anthropic_open(w, "content_block_delta");
    ngx_http_model_json_key(w, "index");
    ngx_http_model_json_int(w, st->index);
    ngx_http_model_json_key(w, "delta");
    ngx_http_model_anthropic_open(w, type);
    ngx_http_model_anthropic_put(w, key, text);
    ngx_http_model_json_object_end(w);
    ngx_http_model_json_object_end(w);

    return ngx_http_model_bridge_frame(b, "content_block_delta", w);
}


static ngx_int_t
ngx_http_model_anthropic_close(ngx_http_model_bridge_t *b,
    ngx_http_model_anthropic_writer_t *st)
{
    ngx_http_model_json_writer_t  *w;

    if (st->type == NGX_HTTP_MODEL_EVENT_START) {
        return NGX_OK;
    }

    w = ngx_http_model_json_writer(b->temp);

    ngx_http_model_anthropic_open(w, "content_block_stop");
    ngx_http_model_json_key(w, "index");
    ngx_http_model_json_int(w, st->index);
    ngx_http_model_json_object_end(w);

    st->type = NGX_HTTP_MODEL_EVENT_START;
    st->index++;

    return ngx_http_model_bridge_frame(b, "content_block_stop", w);
}


/* tokens of the request: a quarter of the bytes of its text, one at least */

static int64_t
ngx_http_model_anthropic_estimate(ngx_http_model_bridge_t *b)
{
    size_t                     len;
    ngx_uint_t                 i;
    ngx_http_model_tool_t     *tool;
    ngx_http_model_message_t  *message;

    len = b->talk.prompt.len + b->talk.suffix.len;

    message = b->talk.messages.elts;

    for (i = 0; i < b->talk.messages.nelts; i++) {
        len += ngx_http_model_anthropic_length(&message[i].parts);
    }

    tool = b->talk.tools.elts;

    for (i = 0; i < b->talk.tools.nelts; i++) {
        len += tool[i].name.len + tool[i].description.len;

        if (tool[i].parameters) {
            len += ngx_http_model_anthropic_json_length(tool[i].parameters);
        }
    }

    return ngx_max(len / 4, 1);
}


static size_t
ngx_http_model_anthropic_length(ngx_array_t *parts)
{
    size_t                  len;
    ngx_uint_t              i;
    ngx_http_model_part_t  *part;

    len = 0;
    part = parts->elts;

    for (i = 0; i < parts->nelts; i++) {

        switch (part[i].type) {

        case NGX_HTTP_MODEL_PART_IMAGE:
        case NGX_HTTP_MODEL_PART_AUDIO:
        case NGX_HTTP_MODEL_PART_REDACTED:
            break;

        case NGX_HTTP_MODEL_PART_FILE:

            if (part[i].media.len == 10) {  /* text/plain */
                len += part[i].text.len;
            }

            break;

        case NGX_HTTP_MODEL_PART_RESULT:

            if (part[i].parts) {
                len += ngx_http_model_anthropic_length(part[i].parts);
            }

            break;

        default:
            len += part[i].name.len + part[i].text.len;
            break;
        }
    }

    return len;
}


static size_t
ngx_http_model_anthropic_json_length(ngx_http_model_json_t *json)
{
    size_t  len;

    len = json->key.len + json->value.len;

    for (json = json->child; json; json = json->next) {
        len += ngx_http_model_anthropic_json_length(json);
    }

    return len;
}
