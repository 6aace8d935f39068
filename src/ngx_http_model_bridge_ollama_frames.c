
/*
 * Copyright (C) the ngx_http_model_module authors
 */


#include <ngx_config.h>
#include <ngx_core.h>

#include "ngx_http_model_bridge_ollama.h"
#include "ngx_http_model_decimal.h"
#include "ngx_http_model_error.h"


#define NGX_HTTP_MODEL_OLLAMA_PENDING  128   /* most calls that are not whole */

#define NGX_HTTP_MODEL_OLLAMA_SECOND   1000000000


/* a call, which Ollama's clients get whole */

typedef struct {
    ngx_uint_t                     index;    /* of events */
    ngx_uint_t                     number;   /* in the answer */
    ngx_http_model_bridge_text_t   id;
    ngx_http_model_bridge_text_t   name;
    ngx_http_model_bridge_text_t   arguments;
    unsigned                       ended:1;
} ngx_http_model_ollama_whole_t;


typedef struct {
    ngx_array_t                    calls;    /* ngx_http_model_ollama_whole_t,
                                                not written yet */
    ngx_uint_t                     number;   /* of the next one */
} ngx_http_model_ollama_writer_t;


static ngx_int_t ngx_http_model_ollama_write_text(ngx_http_model_bridge_t *b,
    ngx_http_model_event_t *e);
static ngx_int_t ngx_http_model_ollama_write_end(ngx_http_model_bridge_t *b);
static ngx_int_t ngx_http_model_ollama_write_error(ngx_http_model_bridge_t *b,
    ngx_uint_t status, ngx_str_t *text);

static ngx_int_t ngx_http_model_ollama_add_call(ngx_http_model_bridge_t *b,
    ngx_http_model_event_t *e);
static ngx_int_t ngx_http_model_ollama_add_arguments(
    ngx_http_model_bridge_t *b, ngx_http_model_event_t *e);
static ngx_int_t ngx_http_model_ollama_end_call(ngx_http_model_bridge_t *b,
    ngx_http_model_event_t *e);
static ngx_int_t ngx_http_model_ollama_end_calls(ngx_http_model_bridge_t *b);
static ngx_http_model_ollama_whole_t *ngx_http_model_ollama_pending(
    ngx_http_model_bridge_t *b, ngx_uint_t index);
static ngx_int_t ngx_http_model_ollama_write_whole(ngx_http_model_bridge_t *b,
    ngx_http_model_ollama_whole_t *call);

static void ngx_http_model_ollama_head(ngx_http_model_bridge_t *b,
    ngx_http_model_json_writer_t *w, ngx_pool_t *pool);
static void ngx_http_model_ollama_body(ngx_http_model_bridge_t *b,
    ngx_http_model_json_writer_t *w, ngx_str_t *content, ngx_str_t *thinking);
static void ngx_http_model_ollama_body_end(ngx_http_model_bridge_t *b,
    ngx_http_model_json_writer_t *w);
static void ngx_http_model_ollama_write_call(ngx_http_model_bridge_t *b,
    ngx_http_model_json_writer_t *w, ngx_uint_t number, ngx_str_t *id,
    ngx_str_t *name, ngx_str_t *arguments);
static ngx_int_t ngx_http_model_ollama_answer_calls(
    ngx_http_model_bridge_t *b, ngx_http_model_json_writer_t *w);
static ngx_int_t ngx_http_model_ollama_answer_text(ngx_http_model_bridge_t *b,
    ngx_str_t *content);
static void ngx_http_model_ollama_tail(ngx_http_model_bridge_t *b,
    ngx_http_model_json_writer_t *w);
static void ngx_http_model_ollama_count(ngx_http_model_json_writer_t *w,
    const char *name, int64_t n);


static ngx_str_t  ngx_http_model_ollama_nothing = ngx_null_string;

static ngx_str_t  ngx_http_model_ollama_broken =
    ngx_string("the arguments of a tool call are not a JSON object");


ngx_int_t
ngx_http_model_ollama_write_event(ngx_http_model_bridge_t *b,
    ngx_http_model_event_t *e)
{
    switch (e->type) {

    case NGX_HTTP_MODEL_EVENT_TEXT:
    case NGX_HTTP_MODEL_EVENT_REFUSAL:
    case NGX_HTTP_MODEL_EVENT_THINKING:
    case NGX_HTTP_MODEL_EVENT_LOGPROBS:
        return ngx_http_model_ollama_write_text(b, e);

    case NGX_HTTP_MODEL_EVENT_CALL:
        return ngx_http_model_ollama_add_call(b, e);

    case NGX_HTTP_MODEL_EVENT_ARGUMENTS:
        return ngx_http_model_ollama_add_arguments(b, e);

    case NGX_HTTP_MODEL_EVENT_CALL_END:
        return ngx_http_model_ollama_end_call(b, e);

    case NGX_HTTP_MODEL_EVENT_ERROR:
        return ngx_http_model_ollama_write_error(b, e->status, &e->text);

    case NGX_HTTP_MODEL_EVENT_END:
        return ngx_http_model_ollama_write_end(b);

    default:

        /*
         * Ollama's clients know nothing of signatures, and nothing in NDJSON
         * would tell them that the server is alive
         */

        return NGX_OK;
    }
}


static ngx_int_t
ngx_http_model_ollama_write_text(ngx_http_model_bridge_t *b,
    ngx_http_model_event_t *e)
{
    ngx_str_t                     *content, *thinking;
    ngx_http_model_json_writer_t  *w;

    content = &ngx_http_model_ollama_nothing;
    thinking = &ngx_http_model_ollama_nothing;

    if (e->type == NGX_HTTP_MODEL_EVENT_THINKING) {
        thinking = &e->text;

    } else if (e->type != NGX_HTTP_MODEL_EVENT_LOGPROBS) {
        content = &e->text;
    }

    w = ngx_http_model_json_writer(b->temp);

    ngx_http_model_ollama_head(b, w, b->temp);
    ngx_http_model_ollama_body(b, w, content, thinking);
    ngx_http_model_ollama_body_end(b, w);

    if (e->type == NGX_HTTP_MODEL_EVENT_LOGPROBS) {
        ngx_http_model_json_key(w, "logprobs");
        ngx_http_model_json_tree(w, e->json);
    }

    ngx_http_model_json_key(w, "done");
    ngx_http_model_json_bool(w, 0);
    ngx_http_model_json_object_end(w);

    return ngx_http_model_bridge_frame(b, NULL, w);
}


static ngx_int_t
ngx_http_model_ollama_write_end(ngx_http_model_bridge_t *b)
{
    ngx_int_t                      rc;
    ngx_http_model_json_writer_t  *w;

    rc = ngx_http_model_ollama_end_calls(b);

    if (rc != NGX_OK) {
        return (rc == NGX_DECLINED) ? NGX_OK : rc;
    }

    w = ngx_http_model_json_writer(b->temp);

    ngx_http_model_ollama_head(b, w, b->temp);
    ngx_http_model_ollama_body(b, w, &ngx_http_model_ollama_nothing,
                               &ngx_http_model_ollama_nothing);
    ngx_http_model_ollama_body_end(b, w);
    ngx_http_model_ollama_tail(b, w);

    return ngx_http_model_bridge_frame(b, NULL, w);
}


static ngx_int_t
ngx_http_model_ollama_write_error(ngx_http_model_bridge_t *b,
    ngx_uint_t status, ngx_str_t *text)
{
    ngx_str_t  body;

    if (ngx_http_model_error_body(b->temp, NGX_HTTP_MODEL_OLLAMA, status, NULL,
                                  NULL, text, &body)
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    if (ngx_http_model_bridge_put(b, body.data, body.len) != NGX_OK) {
        return NGX_ERROR;
    }

    return ngx_http_model_bridge_put(b, (u_char *) "\n", 1);
}


static ngx_int_t
ngx_http_model_ollama_add_call(ngx_http_model_bridge_t *b,
    ngx_http_model_event_t *e)
{
    ngx_int_t                        rc;
    ngx_http_model_ollama_whole_t   *call;
    ngx_http_model_ollama_writer_t  *writer;

    static ngx_str_t  many = ngx_string("the answer has too many tool calls "
                                        "at once");

    writer = b->writer;

    if (writer == NULL) {
        writer = ngx_pcalloc(b->pool, sizeof(ngx_http_model_ollama_writer_t));
        if (writer == NULL) {
            return NGX_ERROR;
        }

        if (ngx_array_init(&writer->calls, b->pool, 2,
                           sizeof(ngx_http_model_ollama_whole_t))
            != NGX_OK)
        {
            return NGX_ERROR;
        }

        b->writer = writer;
    }

    if (writer->calls.nelts == NGX_HTTP_MODEL_OLLAMA_PENDING) {
        return ngx_http_model_bridge_fail(b, 502, &many);
    }

    call = ngx_array_push(&writer->calls);
    if (call == NULL) {
        return NGX_ERROR;
    }

    ngx_memzero(call, sizeof(ngx_http_model_ollama_whole_t));

    call->index = e->index;
    call->number = writer->number++;

    rc = ngx_http_model_bridge_keep(b, &call->id, &e->id);

    if (rc == NGX_OK) {
        rc = ngx_http_model_bridge_keep(b, &call->name, &e->name);
    }

    return (rc == NGX_DECLINED) ? NGX_OK : rc;
}


static ngx_int_t
ngx_http_model_ollama_add_arguments(ngx_http_model_bridge_t *b,
    ngx_http_model_event_t *e)
{
    ngx_int_t                       rc;
    ngx_http_model_ollama_whole_t  *call;

    call = ngx_http_model_ollama_pending(b, e->index);

    if (call == NULL) {
        return NGX_OK;
    }

    rc = ngx_http_model_bridge_keep(b, &call->arguments, &e->text);

    return (rc == NGX_DECLINED) ? NGX_OK : rc;
}


/* calls go out in their order: one may depend on what another has done */

static ngx_int_t
ngx_http_model_ollama_end_call(ngx_http_model_bridge_t *b,
    ngx_http_model_event_t *e)
{
    ngx_int_t                        rc;
    ngx_uint_t                       n;
    ngx_http_model_ollama_whole_t   *call;
    ngx_http_model_ollama_writer_t  *writer;

    call = ngx_http_model_ollama_pending(b, e->index);

    if (call == NULL) {
        return NGX_OK;
    }

    call->ended = 1;

    writer = b->writer;
    call = writer->calls.elts;

    for (n = 0; n < writer->calls.nelts && call[n].ended; n++) {

        rc = ngx_http_model_ollama_write_whole(b, &call[n]);

        if (rc == NGX_ERROR) {
            return NGX_ERROR;
        }

        /* whether what is broken was only cut short is known at the end */

        if (rc == NGX_DECLINED) {
            call[n].ended = 0;
            break;
        }
    }

    writer->calls.nelts -= n;

    ngx_memmove(call, call + n,
                writer->calls.nelts * sizeof(ngx_http_model_ollama_whole_t));

    return NGX_OK;
}


/* NGX_DECLINED: an error was written, and the stream is at its end */

static ngx_int_t
ngx_http_model_ollama_end_calls(ngx_http_model_bridge_t *b)
{
    ngx_int_t                        rc;
    ngx_uint_t                       i;
    ngx_http_model_ollama_whole_t   *call;
    ngx_http_model_ollama_writer_t  *writer;

    writer = b->writer;

    if (writer == NULL) {
        return NGX_OK;
    }

    call = writer->calls.elts;

    for (i = 0; i < writer->calls.nelts; i++) {

        rc = ngx_http_model_ollama_write_whole(b, &call[i]);

        if (rc == NGX_ERROR) {
            return NGX_ERROR;
        }

        if (rc == NGX_DECLINED && b->reason != NGX_HTTP_MODEL_FINISH_LENGTH) {
            b->failed = 1;

            rc = ngx_http_model_ollama_write_error(b, 502,
                                             &ngx_http_model_ollama_broken);

            return (rc == NGX_OK) ? NGX_DECLINED : rc;
        }
    }

    writer->calls.nelts = 0;

    return NGX_OK;
}


static ngx_http_model_ollama_whole_t *
ngx_http_model_ollama_pending(ngx_http_model_bridge_t *b, ngx_uint_t index)
{
    ngx_uint_t                       i;
    ngx_http_model_ollama_whole_t   *call;
    ngx_http_model_ollama_writer_t  *writer;

    writer = b->writer;

    if (writer == NULL) {
        return NULL;
    }

    call = writer->calls.elts;

    for (i = writer->calls.nelts; i-- > 0; /* void */) {
        if (call[i].index == index) {
            return &call[i];
        }
    }

    return NULL;
}


/* NGX_DECLINED: its arguments are no object */

static ngx_int_t
ngx_http_model_ollama_write_whole(ngx_http_model_bridge_t *b,
    ngx_http_model_ollama_whole_t *call)
{
    ngx_int_t                      rc;
    ngx_str_t                      arguments;
    ngx_http_model_json_writer_t  *w;

    rc = ngx_http_model_ollama_arguments(b->temp, &call->arguments.s,
                                         &arguments);

    if (rc != NGX_OK) {
        return rc;
    }

    w = ngx_http_model_json_writer(b->temp);

    ngx_http_model_ollama_head(b, w, b->temp);
    ngx_http_model_ollama_body(b, w, &ngx_http_model_ollama_nothing,
                               &ngx_http_model_ollama_nothing);

    ngx_http_model_json_key(w, "tool_calls");
    ngx_http_model_json_array(w);
    ngx_http_model_ollama_write_call(b, w, call->number, &call->id.s,
                                     &call->name.s, &arguments);
    ngx_http_model_json_array_end(w);

    ngx_http_model_ollama_body_end(b, w);

    ngx_http_model_json_key(w, "done");
    ngx_http_model_json_bool(w, 0);
    ngx_http_model_json_object_end(w);

    return ngx_http_model_bridge_frame(b, NULL, w);
}


ngx_int_t
ngx_http_model_ollama_write_answer(ngx_http_model_bridge_t *b,
    ngx_http_model_json_writer_t *w)
{
    ngx_int_t                rc;
    ngx_str_t                content, thinking;
    ngx_uint_t               i;
    ngx_http_model_json_t  **entry;

    rc = ngx_http_model_talk_join(b->pool, &b->answer.parts,
                                  NGX_HTTP_MODEL_PART_THINKING, "",
                                  &thinking);

    if (rc != NGX_OK
        || ngx_http_model_ollama_answer_text(b, &content) != NGX_OK)
    {
        return NGX_ERROR;
    }

    ngx_http_model_ollama_head(b, w, b->pool);
    ngx_http_model_ollama_body(b, w, &content, &thinking);

    rc = ngx_http_model_ollama_answer_calls(b, w);

    if (rc != NGX_OK) {
        return rc;
    }

    ngx_http_model_ollama_body_end(b, w);

    if (b->answer.logprobs) {
        ngx_http_model_json_key(w, "logprobs");
        ngx_http_model_json_array(w);

        entry = b->answer.logprobs->elts;

        for (i = 0; i < b->answer.logprobs->nelts; i++) {
            ngx_http_model_json_tree(w, entry[i]);
        }

        ngx_http_model_json_array_end(w);
    }

    ngx_http_model_ollama_tail(b, w);

    return NGX_OK;
}


/* texts and refusals in their order, as a stream has them */

static ngx_int_t
ngx_http_model_ollama_answer_text(ngx_http_model_bridge_t *b,
    ngx_str_t *content)
{
    ngx_uint_t              i;
    ngx_array_t             texts;
    ngx_http_model_part_t  *part, *text;

    if (ngx_array_init(&texts, b->pool, 4, sizeof(ngx_http_model_part_t))
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    part = b->answer.parts.elts;

    for (i = 0; i < b->answer.parts.nelts; i++) {

        if (part[i].type != NGX_HTTP_MODEL_PART_TEXT
            && part[i].type != NGX_HTTP_MODEL_PART_REFUSAL)
        {
            continue;
        }

        text = ngx_http_model_talk_part(&texts, NGX_HTTP_MODEL_PART_TEXT);
        if (text == NULL) {
            return NGX_ERROR;
        }

        text->text = part[i].text;
    }

    return ngx_http_model_talk_join(b->pool, &texts, NGX_HTTP_MODEL_PART_TEXT,
                                    "", content);
}


/* NGX_DECLINED: the exchange has failed */

static ngx_int_t
ngx_http_model_ollama_answer_calls(ngx_http_model_bridge_t *b,
    ngx_http_model_json_writer_t *w)
{
    ngx_int_t               rc;
    ngx_str_t               arguments;
    ngx_uint_t              i, n;
    ngx_http_model_part_t  *part;

    part = b->answer.parts.elts;
    n = 0;

    for (i = 0; i < b->answer.parts.nelts; i++) {

        if (part[i].type != NGX_HTTP_MODEL_PART_CALL) {
            continue;
        }

        rc = ngx_http_model_ollama_arguments(b->pool, &part[i].text,
                                             &arguments);

        if (rc == NGX_ERROR) {
            return NGX_ERROR;
        }

        if (rc == NGX_DECLINED) {

            /* the rest of it was cut off */

            if (b->reason == NGX_HTTP_MODEL_FINISH_LENGTH) {
                continue;
            }

            b->failed = 1;
            b->status = 502;
            b->text = ngx_http_model_ollama_broken;

            return NGX_DECLINED;
        }

        if (n == 0) {
            ngx_http_model_json_key(w, "tool_calls");
            ngx_http_model_json_array(w);
        }

        ngx_http_model_ollama_write_call(b, w, n++, &part[i].id, &part[i].name,
                                         &arguments);
    }

    if (n) {
        ngx_http_model_json_array_end(w);
    }

    return NGX_OK;
}


ngx_int_t
ngx_http_model_ollama_write_load(ngx_http_model_bridge_t *b,
    const char *reason, ngx_str_t *document)
{
    ngx_http_model_json_writer_t  *w;

    w = ngx_http_model_json_writer(b->pool);

    ngx_http_model_ollama_head(b, w, b->pool);
    ngx_http_model_ollama_body(b, w, &ngx_http_model_ollama_nothing,
                               &ngx_http_model_ollama_nothing);
    ngx_http_model_ollama_body_end(b, w);

    ngx_http_model_json_key(w, "done");
    ngx_http_model_json_bool(w, 1);
    ngx_http_model_json_key(w, "done_reason");
    ngx_http_model_json_cstr(w, reason);
    ngx_http_model_json_object_end(w);

    return ngx_http_model_json_finish(w, document);
}


/* pool is for the time of the call */

static void
ngx_http_model_ollama_head(ngx_http_model_bridge_t *b,
    ngx_http_model_json_writer_t *w, ngx_pool_t *pool)
{
    u_char      buf[NGX_TIME_T_LEN + 64];
    ngx_str_t   text, time;

    ngx_http_model_json_object(w);

    ngx_http_model_json_key(w, "model");
    ngx_http_model_json_str(w, &b->model);

    /* RFC 3339 to the nanosecond */

    ngx_str_null(&time);

    if (ngx_http_model_decimal_rfc3339(pool, (time_t) (b->clock
                                       / NGX_HTTP_MODEL_OLLAMA_SECOND), &text)
        == NGX_OK)
    {
        text.len--;   /* "Z" */

        time.data = buf;
        time.len = ngx_snprintf(buf, sizeof(buf), "%V.%09LZ", &text,
                                b->clock % NGX_HTTP_MODEL_OLLAMA_SECOND)
                   - buf;
    }

    ngx_http_model_json_key(w, "created_at");
    ngx_http_model_json_str(w, &time);
}


/* what is in the message of a chat, and beside the model in /api/generate */

static void
ngx_http_model_ollama_body(ngx_http_model_bridge_t *b,
    ngx_http_model_json_writer_t *w, ngx_str_t *content, ngx_str_t *thinking)
{
    if (b->client == &ngx_http_model_bridge_generate) {
        ngx_http_model_json_key(w, "response");

    } else {
        ngx_http_model_json_key(w, "message");
        ngx_http_model_json_object(w);
        ngx_http_model_json_key(w, "role");
        ngx_http_model_json_cstr(w, "assistant");
        ngx_http_model_json_key(w, "content");
    }

    ngx_http_model_json_str(w, content);

    if (thinking->len) {
        ngx_http_model_json_key(w, "thinking");
        ngx_http_model_json_str(w, thinking);
    }
}


static void
ngx_http_model_ollama_body_end(ngx_http_model_bridge_t *b,
    ngx_http_model_json_writer_t *w)
{
    if (b->client != &ngx_http_model_bridge_generate) {
        ngx_http_model_json_object_end(w);
    }
}


static void
ngx_http_model_ollama_write_call(ngx_http_model_bridge_t *b,
    ngx_http_model_json_writer_t *w, ngx_uint_t number, ngx_str_t *id,
    ngx_str_t *name, ngx_str_t *arguments)
{
    ngx_str_t  made;

    ngx_http_model_json_object(w);

    made = id->len ? *id : ngx_http_model_bridge_id(b, "call_",
                                                    (ngx_int_t) number);
    ngx_http_model_json_key(w, "id");
    ngx_http_model_json_str(w, &made);

    ngx_http_model_json_key(w, "function");
    ngx_http_model_json_object(w);
    ngx_http_model_json_key(w, "index");
    ngx_http_model_json_int(w, number);
    ngx_http_model_json_key(w, "name");
    ngx_http_model_json_str(w, name);
    ngx_http_model_json_key(w, "arguments");
    ngx_http_model_json_raw(w, arguments);
    ngx_http_model_json_object_end(w);

    ngx_http_model_json_object_end(w);
}


/*
 * The end of the last object.  Where the server does not tell times, they are
 * what was measured here: up to the first content is the prompt's, the rest
 * the answer's; of what came in one piece all is the answer's.
 */

static void
ngx_http_model_ollama_tail(ngx_http_model_bridge_t *b,
    ngx_http_model_json_writer_t *w)
{
    int64_t                         total, prompt, eval;
    ngx_http_model_bridge_usage_t  *u;

    u = &b->usage;

    ngx_http_model_json_key(w, "done");
    ngx_http_model_json_bool(w, 1);

    ngx_http_model_json_key(w, "done_reason");
    ngx_http_model_json_cstr(w, (b->reason == NGX_HTTP_MODEL_FINISH_LENGTH)
                                ? "length" : "stop");

    total = b->clock - b->started;
    prompt = 0;
    eval = total;

    if (b->stream) {
        prompt = (b->first < 0) ? total : b->first - b->started;
        eval = total - prompt;
    }

    total = (u->total_duration < 0) ? total : u->total_duration;
    prompt = (u->prompt_duration < 0) ? prompt : u->prompt_duration;
    eval = (u->eval_duration < 0) ? eval : u->eval_duration;

    if (total > 0) {
        ngx_http_model_ollama_count(w, "total_duration", total);
    }

    if (u->load_duration > 0) {
        ngx_http_model_ollama_count(w, "load_duration", u->load_duration);
    }

    ngx_http_model_ollama_count(w, "prompt_eval_count", u->prompt);

    if (prompt > 0) {
        ngx_http_model_ollama_count(w, "prompt_eval_duration", prompt);
    }

    ngx_http_model_ollama_count(w, "eval_count", u->completion);

    if (eval > 0) {
        ngx_http_model_ollama_count(w, "eval_duration", eval);
    }

    ngx_http_model_json_object_end(w);
}


/* what is not known is left out */

static void
ngx_http_model_ollama_count(ngx_http_model_json_writer_t *w, const char *name,
    int64_t n)
{
    if (n >= 0) {
        ngx_http_model_json_key(w, name);
        ngx_http_model_json_int(w, n);
    }
}
