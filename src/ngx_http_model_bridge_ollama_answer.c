
/*
 * Copyright (C) the ngx_http_model_module authors
 */


#include <ngx_config.h>
#include <ngx_core.h>

#include "ngx_http_model_bridge_ollama.h"


static ngx_int_t ngx_http_model_ollama_read_object(ngx_http_model_bridge_t *b,
    ngx_http_model_json_t *root);
static ngx_int_t ngx_http_model_ollama_read_error(ngx_http_model_bridge_t *b,
    ngx_http_model_json_t *root);
static ngx_int_t ngx_http_model_ollama_start(ngx_http_model_bridge_t *b,
    ngx_http_model_json_t *root);
static ngx_int_t ngx_http_model_ollama_text(ngx_http_model_bridge_t *b,
    ngx_http_model_json_t *message, const char *name,
    ngx_http_model_event_e type);
static ngx_int_t ngx_http_model_ollama_calls(ngx_http_model_bridge_t *b,
    ngx_http_model_json_t *message);
static ngx_int_t ngx_http_model_ollama_call(ngx_http_model_bridge_t *b,
    ngx_http_model_json_t *call);
static ngx_int_t ngx_http_model_ollama_finish(ngx_http_model_bridge_t *b,
    ngx_http_model_json_t *root);
static void ngx_http_model_ollama_usage(ngx_http_model_bridge_t *b,
    ngx_http_model_json_t *root);
static ngx_uint_t ngx_http_model_ollama_done(ngx_http_model_json_t *root);


ngx_int_t
ngx_http_model_ollama_read_answer(ngx_http_model_bridge_t *b,
    ngx_http_model_json_t *root)
{
    ngx_int_t               rc;
    ngx_http_model_event_t  e;

    rc = ngx_http_model_ollama_read_object(b, root);

    if (rc != NGX_OK || b->ended) {
        return rc;
    }

    /* the document is the whole of it, whether it says so or not */

    ngx_memzero(&e, sizeof(ngx_http_model_event_t));

    e.type = NGX_HTTP_MODEL_EVENT_END;

    return ngx_http_model_bridge_emit(b, &e);
}


ngx_int_t
ngx_http_model_ollama_read_event(ngx_http_model_bridge_t *b, ngx_str_t *event,
    ngx_str_t *data)
{
    ngx_str_t               err;
    ngx_http_model_json_t  *root;

    static ngx_str_t  invalid = ngx_string("the server sent a line that is "
                                           "not a JSON object");

    (void) event;

    root = ngx_http_model_json_slices(b->temp, data->data, data->len, 1, &err);

    if (root == NULL || root->type != NGX_HTTP_MODEL_JSON_OBJECT) {
        return ngx_http_model_bridge_fail(b, 502, &invalid);
    }

    return ngx_http_model_ollama_read_object(b, root);
}


/* one line of a stream, or all of an answer: the members are the same */

static ngx_int_t
ngx_http_model_ollama_read_object(ngx_http_model_bridge_t *b,
    ngx_http_model_json_t *root)
{
    ngx_int_t               rc;
    ngx_http_model_json_t  *message, *error;
    ngx_http_model_event_t  e;

    static ngx_str_t  other = ngx_string("the server sent no chat answer");

    error = ngx_http_model_json_get(root, "error");

    if (error && error->type != NGX_HTTP_MODEL_JSON_NULL) {
        return ngx_http_model_ollama_read_error(b, root);
    }

    message = ngx_http_model_json_get(root, "message");

    if (message == NULL && !ngx_http_model_ollama_done(root)) {
        return ngx_http_model_bridge_fail(b, 502, &other);
    }

    rc = ngx_http_model_ollama_start(b, root);

    if (rc == NGX_OK) {
        rc = ngx_http_model_ollama_text(b, message, "thinking",
                                        NGX_HTTP_MODEL_EVENT_THINKING);
    }

    if (rc == NGX_OK) {
        rc = ngx_http_model_ollama_text(b, message, "content",
                                        NGX_HTTP_MODEL_EVENT_TEXT);
    }

    ngx_memzero(&e, sizeof(ngx_http_model_event_t));

    e.type = NGX_HTTP_MODEL_EVENT_LOGPROBS;
    e.json = ngx_http_model_json_get(root, "logprobs");

    if (rc == NGX_OK && e.json && e.json->child
        && e.json->type == NGX_HTTP_MODEL_JSON_ARRAY)
    {
        rc = ngx_http_model_bridge_emit(b, &e);
    }

    if (rc == NGX_OK) {
        rc = ngx_http_model_ollama_calls(b, message);
    }

    if (rc == NGX_OK && ngx_http_model_ollama_done(root)) {
        rc = ngx_http_model_ollama_finish(b, root);
    }

    return rc;
}


static ngx_uint_t
ngx_http_model_ollama_done(ngx_http_model_json_t *root)
{
    ngx_http_model_json_t  *done;

    done = ngx_http_model_json_get(root, "done");

    return done && done->type == NGX_HTTP_MODEL_JSON_BOOL && done->value.len;
}


static ngx_int_t
ngx_http_model_ollama_read_error(ngx_http_model_bridge_t *b,
    ngx_http_model_json_t *root)
{
    ngx_str_t  text, document;

    static ngx_str_t  unknown = ngx_string("the server failed");

    if (ngx_http_model_talk_json(b->temp, root, &document) != NGX_OK) {
        return NGX_ERROR;
    }

    text = ngx_http_model_bridge_message(b->pool, document.data,
                                         document.len);

    return ngx_http_model_bridge_fail(b, 502, text.len ? &text : &unknown);
}


static ngx_int_t
ngx_http_model_ollama_start(ngx_http_model_bridge_t *b,
    ngx_http_model_json_t *root)
{
    ngx_http_model_event_t  e;

    if (b->begun) {
        return NGX_OK;
    }

    ngx_memzero(&e, sizeof(ngx_http_model_event_t));

    e.type = NGX_HTTP_MODEL_EVENT_START;
    (void) ngx_http_model_json_get_str(root, "model", &e.model);

    return ngx_http_model_bridge_emit(b, &e);
}


static ngx_int_t
ngx_http_model_ollama_text(ngx_http_model_bridge_t *b,
    ngx_http_model_json_t *message, const char *name,
    ngx_http_model_event_e type)
{
    ngx_str_t  text;

    (void) ngx_http_model_json_get_str(message, name, &text);

    return text.len ? ngx_http_model_bridge_emit_text(b, type, &text)
                    : NGX_OK;
}


static ngx_int_t
ngx_http_model_ollama_calls(ngx_http_model_bridge_t *b,
    ngx_http_model_json_t *message)
{
    ngx_int_t               rc;
    ngx_http_model_json_t  *calls, *call;

    calls = ngx_http_model_json_get(message, "tool_calls");

    if (calls == NULL || calls->type != NGX_HTTP_MODEL_JSON_ARRAY) {
        return NGX_OK;
    }

    for (call = calls->child; call && !b->ended; call = call->next) {
        rc = ngx_http_model_ollama_call(b, call);

        if (rc != NGX_OK) {
            return rc;
        }
    }

    return NGX_OK;
}


/*
 * Calls come whole.  Their own index begins anew in each line with some
 * servers, so they are counted.  That there must not be several cannot be
 * told to Ollama: where the client said so, it gets the first, and the model
 * can make the others when it has seen the result.
 */

static ngx_int_t
ngx_http_model_ollama_call(ngx_http_model_bridge_t *b,
    ngx_http_model_json_t *call)
{
    ngx_http_model_json_t   *function, *arguments;
    ngx_http_model_event_t   e;

    ngx_memzero(&e, sizeof(ngx_http_model_event_t));

    function = ngx_http_model_json_get(call, "function");

    (void) ngx_http_model_json_get_str(function, "name", &e.name);

    if (e.name.len == 0
        || (b->calls && b->talk.parallel == NGX_HTTP_MODEL_OFF))
    {
        return NGX_OK;
    }

    (void) ngx_http_model_json_get_str(call, "id", &e.id);

    e.type = NGX_HTTP_MODEL_EVENT_CALL;
    e.index = b->calls;

    if (ngx_http_model_bridge_emit(b, &e) != NGX_OK) {
        return NGX_ERROR;
    }

    ngx_str_null(&e.id);
    ngx_str_null(&e.name);

    arguments = ngx_http_model_json_get(function, "arguments");

    if (arguments && arguments->type == NGX_HTTP_MODEL_JSON_STRING) {
        e.text = arguments->value;

    } else if (arguments
               && arguments->type == NGX_HTTP_MODEL_JSON_OBJECT
               && ngx_http_model_talk_json(b->temp, arguments, &e.text)
                  != NGX_OK)
    {
        return NGX_ERROR;
    }

    if (e.text.len) {
        e.type = NGX_HTTP_MODEL_EVENT_ARGUMENTS;

        if (ngx_http_model_bridge_emit(b, &e) != NGX_OK) {
            return NGX_ERROR;
        }
    }

    ngx_str_null(&e.text);

    e.type = NGX_HTTP_MODEL_EVENT_CALL_END;

    return ngx_http_model_bridge_emit(b, &e);
}


static ngx_int_t
ngx_http_model_ollama_finish(ngx_http_model_bridge_t *b,
    ngx_http_model_json_t *root)
{
    ngx_str_t               reason;
    ngx_http_model_event_t  e;

    ngx_http_model_ollama_usage(b, root);

    ngx_memzero(&e, sizeof(ngx_http_model_event_t));

    (void) ngx_http_model_json_get_str(root, "done_reason", &reason);

    /* "stop", whatever it stopped for; "load" of a request without messages */

    e.type = NGX_HTTP_MODEL_EVENT_FINISH;
    e.reason = (reason.len == 6
                && ngx_memcmp(reason.data, "length", 6) == 0)
               ? NGX_HTTP_MODEL_FINISH_LENGTH : NGX_HTTP_MODEL_FINISH_STOP;

    if (ngx_http_model_bridge_emit(b, &e) != NGX_OK) {
        return NGX_ERROR;
    }

    ngx_memzero(&e, sizeof(ngx_http_model_event_t));

    e.type = NGX_HTTP_MODEL_EVENT_END;

    return ngx_http_model_bridge_emit(b, &e);
}


/* Ollama leaves out what is zero: one that tells anything has told all */

static void
ngx_http_model_ollama_usage(ngx_http_model_bridge_t *b,
    ngx_http_model_json_t *root)
{
    ngx_http_model_bridge_usage_t  *u;

    u = &b->usage;

    u->prompt = ngx_http_model_json_get_int(root, "prompt_eval_count");
    u->completion = ngx_http_model_json_get_int(root, "eval_count");
    u->total_duration = ngx_http_model_json_get_int(root, "total_duration");
    u->load_duration = ngx_http_model_json_get_int(root, "load_duration");
    u->prompt_duration = ngx_http_model_json_get_int(root,
                                                     "prompt_eval_duration");
    u->eval_duration = ngx_http_model_json_get_int(root, "eval_duration");

    if (u->prompt < 0 && u->completion < 0 && u->total_duration < 0) {
        return;
    }

    u->prompt = ngx_max(u->prompt, 0);
    u->completion = ngx_max(u->completion, 0);
}
