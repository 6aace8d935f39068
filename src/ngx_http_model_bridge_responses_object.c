
/*
 * Copyright (C) the ngx_http_model_module authors
 */


#include <ngx_config.h>
#include <ngx_core.h>

#include "ngx_http_model_bridge_responses.h"


static void ngx_http_model_responses_write_end(ngx_http_model_bridge_t *b,
    ngx_http_model_json_writer_t *w, ngx_http_model_responses_status_e status,
    ngx_http_model_json_t *error);
static void ngx_http_model_responses_write_error(
    ngx_http_model_json_writer_t *w, ngx_http_model_json_t *error);
static void ngx_http_model_responses_write_usage(ngx_http_model_bridge_t *b,
    ngx_http_model_json_writer_t *w);
static void ngx_http_model_responses_write_summary(
    ngx_http_model_json_writer_t *w, ngx_http_model_responses_item_t *item);
static void ngx_http_model_responses_write_call(
    ngx_http_model_json_writer_t *w, ngx_http_model_responses_item_t *item);
static void ngx_http_model_responses_member(ngx_http_model_json_writer_t *w,
    const char *name, ngx_str_t *value);
static void ngx_http_model_responses_word(ngx_http_model_json_writer_t *w,
    const char *name, const char *value);
static void ngx_http_model_responses_count(ngx_http_model_json_writer_t *w,
    const char *name, int64_t n);


void
ngx_http_model_responses_write_response(ngx_http_model_bridge_t *b,
    ngx_http_model_json_writer_t *w, ngx_http_model_responses_status_e status,
    ngx_http_model_json_t *error)
{
    ngx_uint_t                           i;
    ngx_http_model_responses_echo_t     *echo;
    ngx_http_model_responses_item_t    **item;
    ngx_http_model_responses_input_t    *input;
    ngx_http_model_responses_writer_t   *writer;

    writer = b->writer;
    input = b->input;

    ngx_http_model_json_object(w);

    ngx_http_model_responses_member(w, "id", &writer->id);
    ngx_http_model_responses_word(w, "object", "response");
    ngx_http_model_responses_count(w, "created_at", b->started / 1000000000);

    ngx_http_model_responses_write_end(b, w, status, error);

    ngx_http_model_responses_member(w, "model", &b->model);

    ngx_http_model_json_key(w, "output");
    ngx_http_model_json_array(w);

    item = writer->items.elts;

    for (i = 0; i < writer->items.nelts; i++) {
        ngx_http_model_responses_write_item(w, item[i]);
    }

    ngx_http_model_json_array_end(w);

    echo = input->echo.elts;

    for (i = 0; i < input->echo.nelts; i++) {
        ngx_http_model_json_key(w, echo[i].name);
        ngx_http_model_json_raw(w, &echo[i].value);
    }

    ngx_http_model_json_key(w, "previous_response_id");
    ngx_http_model_json_null(w);

    ngx_http_model_json_key(w, "access_programs");
    ngx_http_model_json_null(w);

    ngx_http_model_json_key(w, "background");
    ngx_http_model_json_bool(w, 0);

    /* in the types of the SDKs it may be absent, but not null */

    if (status != NGX_HTTP_MODEL_RESPONSES_IN_PROGRESS
        && (b->usage.prompt >= 0 || b->usage.completion >= 0))
    {
        ngx_http_model_json_key(w, "usage");
        ngx_http_model_responses_write_usage(b, w);
    }

    ngx_http_model_json_object_end(w);
}


static void
ngx_http_model_responses_write_end(ngx_http_model_bridge_t *b,
    ngx_http_model_json_writer_t *w, ngx_http_model_responses_status_e status,
    ngx_http_model_json_t *error)
{
    static const char  *names[] = {
        "in_progress", "completed", "incomplete", "failed"
    };

    ngx_http_model_responses_word(w, "status", names[status]);

    ngx_http_model_json_key(w, "completed_at");

    if (status == NGX_HTTP_MODEL_RESPONSES_COMPLETED) {
        ngx_http_model_json_int(w, b->clock / 1000000000);

    } else {
        ngx_http_model_json_null(w);
    }

    ngx_http_model_json_key(w, "error");

    if (status == NGX_HTTP_MODEL_RESPONSES_FAILED) {
        ngx_http_model_responses_write_error(w, error);

    } else {
        ngx_http_model_json_null(w);
    }

    ngx_http_model_json_key(w, "incomplete_details");

    if (status == NGX_HTTP_MODEL_RESPONSES_INCOMPLETE) {
        ngx_http_model_json_object(w);
        ngx_http_model_responses_word(w, "reason",
                                      (b->reason
                                       == NGX_HTTP_MODEL_FINISH_LENGTH)
                                      ? "max_output_tokens"
                                      : "content_filter");
        ngx_http_model_json_object_end(w);

    } else {
        ngx_http_model_json_null(w);
    }
}


/* its codes are other ones than those of OpenAI's other errors */

static void
ngx_http_model_responses_write_error(ngx_http_model_json_writer_t *w,
    ngx_http_model_json_t *error)
{
    ngx_str_t    code, type, message;
    const char  *word;

    (void) ngx_http_model_json_get_str(error, "code", &code);
    (void) ngx_http_model_json_get_str(error, "type", &type);
    (void) ngx_http_model_json_get_str(error, "message", &message);

    if (ngx_http_model_responses_is(&code, "rate_limit_exceeded")) {
        word = "rate_limit_exceeded";

    } else if (ngx_http_model_responses_is(&type, "invalid_request_error")) {
        word = "invalid_prompt";

    } else {
        word = "server_error";
    }

    ngx_http_model_json_object(w);
    ngx_http_model_responses_word(w, "code", word);
    ngx_http_model_responses_member(w, "message", &message);
    ngx_http_model_json_object_end(w);
}


static void
ngx_http_model_responses_write_usage(ngx_http_model_bridge_t *b,
    ngx_http_model_json_writer_t *w)
{
    ngx_http_model_bridge_usage_t  *u;

    u = &b->usage;

    ngx_http_model_json_object(w);
    ngx_http_model_responses_count(w, "input_tokens", u->prompt);

    ngx_http_model_json_key(w, "input_tokens_details");
    ngx_http_model_json_object(w);
    ngx_http_model_responses_count(w, "cached_tokens", u->cached);
    ngx_http_model_responses_count(w, "cache_write_tokens", u->cache_write);
    ngx_http_model_json_object_end(w);

    ngx_http_model_responses_count(w, "output_tokens", u->completion);

    ngx_http_model_json_key(w, "output_tokens_details");
    ngx_http_model_json_object(w);
    ngx_http_model_responses_count(w, "reasoning_tokens", u->reasoning);
    ngx_http_model_json_object_end(w);

    ngx_http_model_responses_count(w, "total_tokens",
                                   ngx_max(u->prompt, 0)
                                   + ngx_max(u->completion, 0));
    ngx_http_model_json_object_end(w);
}


void
ngx_http_model_responses_write_item(ngx_http_model_json_writer_t *w,
    ngx_http_model_responses_item_t *item)
{
    ngx_uint_t                        i;
    ngx_http_model_responses_part_t  *part;

    static const char  *types[] = {
        "message", "reasoning", "function_call", "custom_tool_call"
    };

    ngx_http_model_json_object(w);

    ngx_http_model_responses_member(w, "id", &item->id.s);
    ngx_http_model_responses_word(w, "type", types[item->type]);

    if (item->type == NGX_HTTP_MODEL_RESPONSES_REASONING) {
        ngx_http_model_responses_write_summary(w, item);

    } else if (item->type == NGX_HTTP_MODEL_RESPONSES_MESSAGE) {

        ngx_http_model_responses_word(w, "role", "assistant");

        ngx_http_model_json_key(w, "content");
        ngx_http_model_json_array(w);

        part = item->parts.elts;

        for (i = 0; i < item->parts.nelts; i++) {
            ngx_http_model_responses_write_part(w, &part[i]);
        }

        ngx_http_model_json_array_end(w);

    } else {
        ngx_http_model_responses_write_call(w, item);
    }

    /* the others have none */

    if (item->type == NGX_HTTP_MODEL_RESPONSES_MESSAGE
        || item->type == NGX_HTTP_MODEL_RESPONSES_CALL)
    {
        ngx_http_model_responses_word(w, "status", item->cut ? "incomplete"
                                                   : item->done ? "completed"
                                                   : "in_progress");
    }

    ngx_http_model_json_object_end(w);
}


static void
ngx_http_model_responses_write_summary(ngx_http_model_json_writer_t *w,
    ngx_http_model_responses_item_t *item)
{
    ngx_http_model_json_key(w, "summary");
    ngx_http_model_json_array(w);

    if (item->text.s.len) {
        ngx_http_model_json_object(w);
        ngx_http_model_responses_word(w, "type", "summary_text");
        ngx_http_model_responses_member(w, "text", &item->text.s);
        ngx_http_model_json_object_end(w);
    }

    ngx_http_model_json_array_end(w);

    if (item->seal.s.len) {
        ngx_http_model_responses_member(w, "encrypted_content",
                                        &item->seal.s);
    }
}


static void
ngx_http_model_responses_write_call(ngx_http_model_json_writer_t *w,
    ngx_http_model_responses_item_t *item)
{
    ngx_str_t  *text, none;

    ngx_http_model_responses_member(w, "call_id", &item->call.s);
    ngx_http_model_responses_member(w, "name", &item->name.s);

    if (item->space.len) {
        ngx_http_model_responses_member(w, "namespace", &item->space);
    }

    text = &item->text.s;

    if (item->type == NGX_HTTP_MODEL_RESPONSES_CALL) {
        ngx_http_model_responses_member(w, "arguments", text);
        return;
    }

    /* what it is of, while it comes, are arguments yet */

    ngx_str_null(&none);

    ngx_http_model_responses_member(w, "input", item->done ? text : &none);
}


void
ngx_http_model_responses_write_part(ngx_http_model_json_writer_t *w,
    ngx_http_model_responses_part_t *part)
{
    ngx_http_model_json_object(w);

    if (part->type == NGX_HTTP_MODEL_PART_REFUSAL) {
        ngx_http_model_responses_word(w, "type", "refusal");
        ngx_http_model_responses_member(w, "refusal", &part->text.s);
        ngx_http_model_json_object_end(w);

        return;
    }

    ngx_http_model_responses_word(w, "type", "output_text");
    ngx_http_model_responses_member(w, "text", &part->text.s);

    ngx_http_model_json_key(w, "annotations");
    ngx_http_model_json_array(w);
    ngx_http_model_json_array_end(w);

    ngx_http_model_json_key(w, "logprobs");
    ngx_http_model_responses_write_logprobs(w, &part->logprobs.s);

    ngx_http_model_json_object_end(w);
}


void
ngx_http_model_responses_write_logprobs(ngx_http_model_json_writer_t *w,
    ngx_str_t *entries)
{
    ngx_http_model_json_array(w);

    if (entries->len) {
        ngx_http_model_json_raw(w, entries);
    }

    ngx_http_model_json_array_end(w);
}


static void
ngx_http_model_responses_member(ngx_http_model_json_writer_t *w,
    const char *name, ngx_str_t *value)
{
    ngx_http_model_json_key(w, name);
    ngx_http_model_json_str(w, value);
}


static void
ngx_http_model_responses_word(ngx_http_model_json_writer_t *w,
    const char *name, const char *value)
{
    ngx_http_model_json_key(w, name);
    ngx_http_model_json_cstr(w, value);
}


static void
ngx_http_model_responses_count(ngx_http_model_json_writer_t *w,
    const char *name, int64_t n)
{
    ngx_http_model_json_key(w, name);
    ngx_http_model_json_int(w, ngx_max(n, 0));
}
