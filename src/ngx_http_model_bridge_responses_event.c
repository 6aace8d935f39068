
/*
 * Copyright (C) the ngx_http_model_module authors
 */


#include <ngx_config.h>
#include <ngx_core.h>

#include "ngx_http_model_bridge_responses.h"
#include "ngx_http_model_error.h"


static ngx_int_t ngx_http_model_responses_event(ngx_http_model_bridge_t *b,
    ngx_http_model_event_t *e);
static ngx_int_t ngx_http_model_responses_start(ngx_http_model_bridge_t *b);
static ngx_int_t ngx_http_model_responses_say(ngx_http_model_bridge_t *b,
    ngx_uint_t type, ngx_str_t *text);
static ngx_int_t ngx_http_model_responses_say_part(ngx_http_model_bridge_t *b,
    ngx_uint_t type, ngx_http_model_responses_part_t **part);
static ngx_int_t ngx_http_model_responses_think(ngx_http_model_bridge_t *b,
    ngx_str_t *text);
static ngx_int_t ngx_http_model_responses_redact(ngx_http_model_bridge_t *b,
    ngx_str_t *text);
static ngx_int_t ngx_http_model_responses_call_begin(
    ngx_http_model_bridge_t *b, ngx_http_model_event_t *e);
static ngx_int_t ngx_http_model_responses_call_more(ngx_http_model_bridge_t *b,
    ngx_http_model_event_t *e);
static ngx_int_t ngx_http_model_responses_call_done(ngx_http_model_bridge_t *b,
    ngx_http_model_responses_item_t *item);
static ngx_http_model_responses_item_t *ngx_http_model_responses_call_find(
    ngx_http_model_bridge_t *b, ngx_uint_t index);
static ngx_int_t ngx_http_model_responses_likely(ngx_http_model_bridge_t *b,
    ngx_http_model_event_t *e);
static ngx_int_t ngx_http_model_responses_close(ngx_http_model_bridge_t *b);
static ngx_int_t ngx_http_model_responses_close_part(
    ngx_http_model_bridge_t *b, ngx_http_model_responses_item_t *item);
static ngx_int_t ngx_http_model_responses_end(ngx_http_model_bridge_t *b);
static ngx_int_t ngx_http_model_responses_fail(ngx_http_model_bridge_t *b,
    ngx_http_model_event_t *e);


ngx_int_t
ngx_http_model_responses_write_event(ngx_http_model_bridge_t *b,
    ngx_http_model_event_t *e)
{
    ngx_int_t  rc;

    if (ngx_http_model_responses_writer(b) == NULL) {
        return NGX_ERROR;
    }

    rc = ngx_http_model_responses_event(b, e);

    /* the exchange became too large, and has ended with an error already */

    return (rc == NGX_DECLINED) ? NGX_OK : rc;
}


static ngx_int_t
ngx_http_model_responses_event(ngx_http_model_bridge_t *b,
    ngx_http_model_event_t *e)
{
    ngx_http_model_responses_item_t    *item;
    ngx_http_model_responses_writer_t  *writer;

    writer = b->writer;

    switch (e->type) {

    case NGX_HTTP_MODEL_EVENT_START:
        return ngx_http_model_responses_start(b);

    case NGX_HTTP_MODEL_EVENT_TEXT:
        return ngx_http_model_responses_say(b, NGX_HTTP_MODEL_PART_TEXT,
                                            &e->text);

    case NGX_HTTP_MODEL_EVENT_REFUSAL:
        return ngx_http_model_responses_say(b, NGX_HTTP_MODEL_PART_REFUSAL,
                                            &e->text);

    case NGX_HTTP_MODEL_EVENT_THINKING:
        return ngx_http_model_responses_think(b, &e->text);

    case NGX_HTTP_MODEL_EVENT_SIGNATURE:
        item = writer->open;

        if (item == NULL
            || item->type != NGX_HTTP_MODEL_RESPONSES_REASONING)
        {
            return NGX_OK;
        }

        return ngx_http_model_responses_item_seal(b, item,
                                    NGX_HTTP_MODEL_RESPONSES_SIGNED, &e->text);

    case NGX_HTTP_MODEL_EVENT_REDACTED:
        return ngx_http_model_responses_redact(b, &e->text);

    case NGX_HTTP_MODEL_EVENT_CALL:
        return ngx_http_model_responses_call_begin(b, e);

    case NGX_HTTP_MODEL_EVENT_ARGUMENTS:
        return ngx_http_model_responses_call_more(b, e);

    case NGX_HTTP_MODEL_EVENT_CALL_END:
        item = ngx_http_model_responses_call_find(b, e->index);

        return item ? ngx_http_model_responses_call_done(b, item) : NGX_OK;

    case NGX_HTTP_MODEL_EVENT_LOGPROBS:
        return ngx_http_model_responses_likely(b, e);

    case NGX_HTTP_MODEL_EVENT_PING:
        return ngx_http_model_bridge_put(b, (u_char *) ": ping\n\n", 8);

    case NGX_HTTP_MODEL_EVENT_END:
        return ngx_http_model_responses_end(b);

    case NGX_HTTP_MODEL_EVENT_ERROR:
        return ngx_http_model_responses_fail(b, e);

    default:
        return NGX_OK;
    }
}


static ngx_int_t
ngx_http_model_responses_start(ngx_http_model_bridge_t *b)
{
    ngx_int_t  rc;

    rc = ngx_http_model_responses_frame_response(b, "response.created",
                                    NGX_HTTP_MODEL_RESPONSES_IN_PROGRESS, NULL);
    if (rc != NGX_OK) {
        return rc;
    }

    return ngx_http_model_responses_frame_response(b, "response.in_progress",
                                    NGX_HTTP_MODEL_RESPONSES_IN_PROGRESS, NULL);
}


static ngx_int_t
ngx_http_model_responses_say(ngx_http_model_bridge_t *b, ngx_uint_t type,
    ngx_str_t *text)
{
    ngx_int_t                           rc;
    ngx_str_t                           logprobs;
    ngx_http_model_responses_part_t    *part;
    ngx_http_model_responses_writer_t  *writer;

    writer = b->writer;

    rc = ngx_http_model_responses_say_part(b, type, &part);

    if (rc == NGX_OK) {
        rc = ngx_http_model_bridge_keep(b, &part->text, text);
    }

    if (rc != NGX_OK) {
        return rc;
    }

    if (type == NGX_HTTP_MODEL_PART_REFUSAL) {
        return ngx_http_model_responses_frame_text(b, "response.refusal.delta",
                                                   writer->open, "delta", text,
                                                   NULL);
    }

    ngx_str_null(&logprobs);

    if (writer->logprobs.s.len) {

        /* they came before it, so it is the first of its part */

        part->logprobs = writer->logprobs;
        logprobs = part->logprobs.s;
        ngx_memzero(&writer->logprobs, sizeof(ngx_http_model_bridge_text_t));
    }

    return ngx_http_model_responses_frame_text(b, "response.output_text.delta",
                                               writer->open, "delta", text,
                                               &logprobs);
}


/* the part of the type that is being written, if need be a new one */

static ngx_int_t
ngx_http_model_responses_say_part(ngx_http_model_bridge_t *b, ngx_uint_t type,
    ngx_http_model_responses_part_t **part)
{
    ngx_int_t                           rc;
    ngx_http_model_responses_item_t    *item;
    ngx_http_model_responses_writer_t  *writer;

    writer = b->writer;
    item = writer->open;

    if (item && item->type == NGX_HTTP_MODEL_RESPONSES_MESSAGE) {

        *part = item->parts.elts;
        *part += item->parts.nelts - 1;

        if ((*part)->type == type) {
            return NGX_OK;
        }

        rc = ngx_http_model_responses_close_part(b, item);

    } else {
        rc = ngx_http_model_responses_close(b);

        if (rc == NGX_OK) {
            rc = ngx_http_model_responses_item(b,
                                     NGX_HTTP_MODEL_RESPONSES_MESSAGE, &item);
        }

        if (rc == NGX_OK) {
            writer->open = item;
            rc = ngx_http_model_responses_frame_item(b,
                                        "response.output_item.added", item);
        }
    }

    if (rc != NGX_OK) {
        return rc;
    }

    *part = ngx_http_model_responses_item_part(item, type);

    return *part ? ngx_http_model_responses_frame_part(b,
                                         "response.content_part.added", item)
                 : NGX_ERROR;
}


static ngx_int_t
ngx_http_model_responses_think(ngx_http_model_bridge_t *b, ngx_str_t *text)
{
    ngx_int_t                           rc;
    ngx_http_model_responses_item_t    *item;
    ngx_http_model_responses_writer_t  *writer;

    writer = b->writer;
    item = writer->open;

    /* what is signed is whole */

    if (item == NULL
        || item->type != NGX_HTTP_MODEL_RESPONSES_REASONING
        || item->seal.s.len)
    {
        rc = ngx_http_model_responses_close(b);

        if (rc == NGX_OK) {
            rc = ngx_http_model_responses_item(b,
                                   NGX_HTTP_MODEL_RESPONSES_REASONING, &item);
        }

        if (rc == NGX_OK) {
            writer->open = item;
            rc = ngx_http_model_responses_frame_item(b,
                                        "response.output_item.added", item);
        }

        if (rc == NGX_OK) {
            rc = ngx_http_model_responses_frame_part(b,
                               "response.reasoning_summary_part.added", item);
        }

        if (rc != NGX_OK) {
            return rc;
        }
    }

    rc = ngx_http_model_bridge_keep(b, &item->text, text);

    return (rc == NGX_OK)
           ? ngx_http_model_responses_frame_text(b,
                                    "response.reasoning_summary_text.delta",
                                    item, "delta", text, NULL)
           : rc;
}


static ngx_int_t
ngx_http_model_responses_redact(ngx_http_model_bridge_t *b, ngx_str_t *text)
{
    ngx_int_t                         rc;
    ngx_http_model_responses_item_t  *item;

    rc = ngx_http_model_responses_close(b);

    if (rc == NGX_OK) {
        rc = ngx_http_model_responses_item(b,
                                   NGX_HTTP_MODEL_RESPONSES_REASONING, &item);
    }

    if (rc == NGX_OK) {
        rc = ngx_http_model_responses_frame_item(b,
                                        "response.output_item.added", item);
    }

    if (rc == NGX_OK) {
        rc = ngx_http_model_responses_item_seal(b, item,
                                   NGX_HTTP_MODEL_RESPONSES_REDACTED, text);
    }

    if (rc != NGX_OK) {
        return rc;
    }

    item->done = 1;

    return ngx_http_model_responses_frame_item(b, "response.output_item.done",
                                               item);
}


/* calls may be written side by side */

static ngx_int_t
ngx_http_model_responses_call_begin(ngx_http_model_bridge_t *b,
    ngx_http_model_event_t *e)
{
    ngx_int_t                         rc;
    ngx_http_model_responses_item_t  *item;

    item = NULL;

    rc = ngx_http_model_responses_close(b);

    if (rc == NGX_OK) {
        rc = ngx_http_model_responses_item_call(b, e->index, &e->id, &e->name,
                                                &item);
    }

    return (rc == NGX_OK)
           ? ngx_http_model_responses_frame_item(b,
                                        "response.output_item.added", item)
           : rc;
}


static ngx_int_t
ngx_http_model_responses_call_more(ngx_http_model_bridge_t *b,
    ngx_http_model_event_t *e)
{
    ngx_int_t                         rc;
    ngx_http_model_responses_item_t  *item;

    item = ngx_http_model_responses_call_find(b, e->index);

    if (item == NULL) {
        return NGX_OK;
    }

    rc = ngx_http_model_bridge_keep(b, &item->text, &e->text);

    if (rc != NGX_OK || item->type == NGX_HTTP_MODEL_RESPONSES_CUSTOM) {
        return rc;
    }

    return ngx_http_model_responses_frame_text(b,
                                     "response.function_call_arguments.delta",
                                     item, "delta", &e->text, NULL);
}


static ngx_int_t
ngx_http_model_responses_call_done(ngx_http_model_bridge_t *b,
    ngx_http_model_responses_item_t *item)
{
    ngx_int_t     rc;
    ngx_uint_t    custom;
    const char   *delta, *done;

    custom = (item->type == NGX_HTTP_MODEL_RESPONSES_CUSTOM);

    delta = custom ? "response.custom_tool_call_input.delta"
                   : "response.function_call_arguments.delta";
    done = custom ? "response.custom_tool_call_input.done"
                  : "response.function_call_arguments.done";

    /* of what came whole or not at all there was no delta */

    if (ngx_http_model_responses_item_whole(b, item) && item->text.s.len) {

        rc = ngx_http_model_responses_frame_text(b, delta, item, "delta",
                                                 &item->text.s, NULL);
        if (rc != NGX_OK) {
            return rc;
        }
    }

    item->done = 1;

    rc = ngx_http_model_responses_frame_text(b, done, item,
                                             custom ? "input" : "arguments",
                                             &item->text.s, NULL);
    if (rc != NGX_OK) {
        return rc;
    }

    return ngx_http_model_responses_frame_item(b, "response.output_item.done",
                                               item);
}


/* the last call with an index whose arguments are not whole, or NULL */

static ngx_http_model_responses_item_t *
ngx_http_model_responses_call_find(ngx_http_model_bridge_t *b,
    ngx_uint_t index)
{
    ngx_uint_t                           i;
    ngx_http_model_responses_item_t    **item;
    ngx_http_model_responses_writer_t   *writer;

    writer = b->writer;
    item = writer->items.elts;

    for (i = writer->items.nelts; i-- > 0; /* void */) {

        if ((item[i]->type == NGX_HTTP_MODEL_RESPONSES_CALL
             || item[i]->type == NGX_HTTP_MODEL_RESPONSES_CUSTOM)
            && item[i]->index == index)
        {
            return item[i]->done ? NULL : item[i];
        }
    }

    return NULL;
}


/* logprobs: of the text that is being written, else of the one to come */

static ngx_int_t
ngx_http_model_responses_likely(ngx_http_model_bridge_t *b,
    ngx_http_model_event_t *e)
{
    size_t                              before;
    ngx_int_t                           rc;
    ngx_str_t                           more, none;
    ngx_http_model_json_t              *entry;
    ngx_http_model_bridge_text_t       *text;
    ngx_http_model_responses_item_t    *item;
    ngx_http_model_responses_part_t    *part;
    ngx_http_model_responses_writer_t  *writer;

    if (e->json == NULL
        || e->json->type != NGX_HTTP_MODEL_JSON_ARRAY
        || e->json->child == NULL)
    {
        return NGX_OK;
    }

    writer = b->writer;
    item = writer->open;
    text = &writer->logprobs;

    if (item && item->type == NGX_HTTP_MODEL_RESPONSES_MESSAGE) {
        part = item->parts.elts;
        part += item->parts.nelts - 1;

        if (part->type == NGX_HTTP_MODEL_PART_TEXT) {
            text = &part->logprobs;
        }
    }

    before = text->s.len;

    for (entry = e->json->child; entry; entry = entry->next) {
        rc = ngx_http_model_responses_logprobs(b, entry, text);

        if (rc != NGX_OK) {
            return rc;
        }
    }

    if (text == &writer->logprobs || text->s.len == before) {
        return NGX_OK;
    }

    /* without the comma before them */

    more = text->s;
    before += before ? 1 : 0;
    more.data += before;
    more.len -= before;

    ngx_str_null(&none);

    return ngx_http_model_responses_frame_text(b, "response.output_text.delta",
                                               item, "delta", &none, &more);
}


/* the message or the reasoning that is being written */

static ngx_int_t
ngx_http_model_responses_close(ngx_http_model_bridge_t *b)
{
    ngx_int_t                           rc;
    ngx_http_model_responses_item_t    *item;
    ngx_http_model_responses_writer_t  *writer;

    writer = b->writer;
    item = writer->open;

    if (item == NULL) {
        return NGX_OK;
    }

    rc = ngx_http_model_responses_close_part(b, item);

    if (rc != NGX_OK) {
        return rc;
    }

    item->done = 1;
    writer->open = NULL;

    return ngx_http_model_responses_frame_item(b, "response.output_item.done",
                                               item);
}


static ngx_int_t
ngx_http_model_responses_close_part(ngx_http_model_bridge_t *b,
    ngx_http_model_responses_item_t *item)
{
    ngx_int_t                         rc;
    const char                       *type;
    ngx_http_model_responses_part_t  *part;

    if (item->type == NGX_HTTP_MODEL_RESPONSES_REASONING) {
        type = "response.reasoning_summary_part.done";

        rc = ngx_http_model_responses_frame_text(b,
                                      "response.reasoning_summary_text.done",
                                      item, "text", &item->text.s, NULL);

    } else {
        type = "response.content_part.done";

        part = item->parts.elts;
        part += item->parts.nelts - 1;

        if (part->type == NGX_HTTP_MODEL_PART_REFUSAL) {
            rc = ngx_http_model_responses_frame_text(b,
                                             "response.refusal.done", item,
                                             "refusal", &part->text.s, NULL);

        } else {
            rc = ngx_http_model_responses_frame_text(b,
                                             "response.output_text.done", item,
                                             "text", &part->text.s,
                                             &part->logprobs.s);
        }
    }

    return (rc == NGX_OK) ? ngx_http_model_responses_frame_part(b, type, item)
                          : rc;
}


static ngx_int_t
ngx_http_model_responses_end(ngx_http_model_bridge_t *b)
{
    ngx_int_t                            rc;
    ngx_uint_t                           i, cut;
    ngx_http_model_responses_part_t     *part;
    ngx_http_model_responses_item_t    **item;
    ngx_http_model_responses_writer_t   *writer;

    writer = b->writer;
    cut = ngx_http_model_responses_is_cut(b);

    if (writer->items.nelts == 0 && !cut) {

        /* an answer of nothing is one, too */

        rc = ngx_http_model_responses_say_part(b, NGX_HTTP_MODEL_PART_TEXT,
                                               &part);
        if (rc != NGX_OK) {
            return rc;
        }
    }

    item = writer->items.elts;

    if (writer->open) {
        writer->open->cut = cut;

        rc = ngx_http_model_responses_close(b);
        if (rc != NGX_OK) {
            return rc;
        }
    }

    for (i = 0; i < writer->items.nelts; i++) {

        if (item[i]->done) {
            continue;
        }

        item[i]->cut = cut;

        rc = ngx_http_model_responses_call_done(b, item[i]);
        if (rc != NGX_OK) {
            return rc;
        }
    }

    return cut ? ngx_http_model_responses_frame_response(b,
                             "response.incomplete",
                             NGX_HTTP_MODEL_RESPONSES_INCOMPLETE, NULL)
               : ngx_http_model_responses_frame_response(b,
                             "response.completed",
                             NGX_HTTP_MODEL_RESPONSES_COMPLETED, NULL);
}


static ngx_int_t
ngx_http_model_responses_fail(ngx_http_model_bridge_t *b,
    ngx_http_model_event_t *e)
{
    ngx_int_t                            rc;
    ngx_str_t                            body, err;
    ngx_uint_t                           i;
    ngx_http_model_json_t               *error;
    ngx_http_model_responses_item_t    **item;
    ngx_http_model_responses_writer_t   *writer;

    rc = ngx_http_model_error_body(b->temp, NGX_HTTP_MODEL_OPENAI, e->status,
                                   NULL, NULL, &e->text, &body);
    if (rc != NGX_OK) {
        return rc;
    }

    error = ngx_http_model_json_get(ngx_http_model_json_parse(b->temp,
                                             body.data, body.len, &err),
                                    "error");
    if (error == NULL) {
        return NGX_ERROR;
    }

    writer = b->writer;
    item = writer->items.elts;

    for (i = 0; i < writer->items.nelts; i++) {
        item[i]->cut = !item[i]->done;
    }

    rc = ngx_http_model_responses_frame_error(b, error);

    if (rc != NGX_OK) {
        return rc;
    }

    return ngx_http_model_responses_frame_response(b, "response.failed",
                                   NGX_HTTP_MODEL_RESPONSES_FAILED, error);
}
