
/*
 * Copyright (C) the ngx_http_model_module authors
 */


#include <ngx_config.h>
#include <ngx_core.h>

#include "ngx_http_model_bridge_openai.h"


/* OpenAI's own logprob of a token that is not among the likely ones */
#define NGX_HTTP_MODEL_OPENAI_UNLIKELY  -9999


static ngx_int_t ngx_http_model_openai_message(ngx_http_model_bridge_t *b,
    ngx_http_model_json_writer_t *w);
static ngx_int_t ngx_http_model_openai_calls(ngx_http_model_bridge_t *b,
    ngx_http_model_json_writer_t *w);


void
ngx_http_model_openai_put_head(ngx_http_model_bridge_t *b,
    ngx_http_model_json_writer_t *w, ngx_str_t *id, const char *object)
{
    ngx_http_model_json_key(w, "id");
    ngx_http_model_json_str(w, id);
    ngx_http_model_json_key(w, "object");
    ngx_http_model_json_cstr(w, object);
    ngx_http_model_json_key(w, "created");
    ngx_http_model_json_int(w, b->started / 1000000000);
    ngx_http_model_json_key(w, "model");
    ngx_http_model_json_str(w, &b->model);
}


const char *
ngx_http_model_openai_reason(ngx_http_model_bridge_t *b)
{
    switch (b->reason) {

    case NGX_HTTP_MODEL_FINISH_LENGTH:
        return "length";

    case NGX_HTTP_MODEL_FINISH_CALLS:
        return ngx_http_model_openai_legacy(b) ? "function_call"
                                               : "tool_calls";

    case NGX_HTTP_MODEL_FINISH_FILTER:
        return "content_filter";

    default:
        return "stop";
    }
}


/* what the server did not tell is not made up */

ngx_uint_t
ngx_http_model_openai_counted(ngx_http_model_bridge_t *b)
{
    return b->usage.prompt >= 0 || b->usage.completion >= 0;
}


void
ngx_http_model_openai_put_usage(ngx_http_model_bridge_t *b,
    ngx_http_model_json_writer_t *w)
{
    int64_t                         prompt, completion;
    ngx_http_model_bridge_usage_t  *u;

    u = &b->usage;

    prompt = ngx_max(u->prompt, 0);
    completion = ngx_max(u->completion, 0);

    ngx_http_model_json_key(w, "usage");
    ngx_http_model_json_object(w);

    ngx_http_model_json_key(w, "prompt_tokens");
    ngx_http_model_json_int(w, prompt);
    ngx_http_model_json_key(w, "completion_tokens");
    ngx_http_model_json_int(w, completion);
    ngx_http_model_json_key(w, "total_tokens");
    ngx_http_model_json_int(w, (prompt > INT64_MAX - completion)
                               ? INT64_MAX : prompt + completion);

    if (u->cached >= 0 || u->cache_write >= 0) {
        ngx_http_model_json_key(w, "prompt_tokens_details");
        ngx_http_model_json_object(w);
        ngx_http_model_json_key(w, "cached_tokens");
        ngx_http_model_json_int(w, ngx_max(u->cached, 0));

        if (u->cache_write >= 0) {
            ngx_http_model_json_key(w, "cache_write_tokens");
            ngx_http_model_json_int(w, u->cache_write);
        }

        ngx_http_model_json_object_end(w);
    }

    if (u->reasoning >= 0) {
        ngx_http_model_json_key(w, "completion_tokens_details");
        ngx_http_model_json_object(w);
        ngx_http_model_json_key(w, "reasoning_tokens");
        ngx_http_model_json_int(w, u->reasoning);
        ngx_http_model_json_object_end(w);
    }

    ngx_http_model_json_object_end(w);
}


ngx_int_t
ngx_http_model_openai_write_answer(ngx_http_model_bridge_t *b,
    ngx_http_model_json_writer_t *w)
{
    ngx_str_t                id;
    ngx_uint_t               i;
    ngx_http_model_json_t  **entry;

    id = ngx_http_model_bridge_id(b, "chatcmpl-", -1);

    ngx_http_model_json_object(w);

    ngx_http_model_openai_put_head(b, w, &id, "chat.completion");

    ngx_http_model_json_key(w, "choices");
    ngx_http_model_json_array(w);
    ngx_http_model_json_object(w);

    ngx_http_model_json_key(w, "index");
    ngx_http_model_json_int(w, 0);
    ngx_http_model_json_key(w, "message");

    if (ngx_http_model_openai_message(b, w) != NGX_OK) {
        return NGX_ERROR;
    }

    ngx_http_model_json_key(w, "logprobs");

    if (b->answer.logprobs && b->talk.logprobs == NGX_HTTP_MODEL_ON) {
        entry = b->answer.logprobs->elts;

        ngx_http_model_json_object(w);
        ngx_http_model_json_key(w, "content");
        ngx_http_model_json_array(w);

        for (i = 0; i < b->answer.logprobs->nelts; i++) {
            ngx_http_model_openai_put_logprob(w, entry[i], 1);
        }

        ngx_http_model_json_array_end(w);
        ngx_http_model_json_key(w, "refusal");
        ngx_http_model_json_null(w);
        ngx_http_model_json_object_end(w);

    } else {
        ngx_http_model_json_null(w);
    }

    ngx_http_model_json_key(w, "finish_reason");
    ngx_http_model_json_cstr(w, ngx_http_model_openai_reason(b));

    ngx_http_model_json_object_end(w);
    ngx_http_model_json_array_end(w);

    if (ngx_http_model_openai_counted(b)) {
        ngx_http_model_openai_put_usage(b, w);
    }

    ngx_http_model_json_object_end(w);

    return NGX_OK;
}


static ngx_int_t
ngx_http_model_openai_message(ngx_http_model_bridge_t *b,
    ngx_http_model_json_writer_t *w)
{
    ngx_str_t     text, refusal, thinking;
    ngx_array_t  *parts;

    parts = &b->answer.parts;

    if (ngx_http_model_talk_join(b->pool, parts, NGX_HTTP_MODEL_PART_TEXT, "",
                                 &text)
        != NGX_OK
        || ngx_http_model_talk_join(b->pool, parts,
                                    NGX_HTTP_MODEL_PART_REFUSAL, "", &refusal)
           != NGX_OK
        || ngx_http_model_talk_join(b->pool, parts,
                                    NGX_HTTP_MODEL_PART_THINKING, "",
                                    &thinking)
           != NGX_OK)
    {
        return NGX_ERROR;
    }

    ngx_http_model_json_object(w);

    ngx_http_model_json_key(w, "role");
    ngx_http_model_json_cstr(w, "assistant");

    ngx_http_model_json_key(w, "content");

    if (text.len == 0 && (b->calls || refusal.len)) {
        ngx_http_model_json_null(w);

    } else {
        ngx_http_model_json_str(w, &text);
    }

    ngx_http_model_json_key(w, "refusal");

    if (refusal.len) {
        ngx_http_model_json_str(w, &refusal);

    } else {
        ngx_http_model_json_null(w);
    }

    if (thinking.len && !ngx_http_model_openai_silent(b)) {
        ngx_http_model_json_key(w, "reasoning_content");
        ngx_http_model_json_str(w, &thinking);
    }

    if (b->calls && ngx_http_model_openai_calls(b, w) != NGX_OK) {
        return NGX_ERROR;
    }

    ngx_http_model_json_object_end(w);

    return NGX_OK;
}


static ngx_int_t
ngx_http_model_openai_calls(ngx_http_model_bridge_t *b,
    ngx_http_model_json_writer_t *w)
{
    ngx_str_t               id;
    ngx_uint_t              i, n;
    ngx_http_model_part_t  *part;

    part = b->answer.parts.elts;
    n = 0;

    if (!ngx_http_model_openai_legacy(b)) {
        ngx_http_model_json_key(w, "tool_calls");
        ngx_http_model_json_array(w);
    }

    for (i = 0; i < b->answer.parts.nelts; i++) {

        if (part[i].type != NGX_HTTP_MODEL_PART_CALL) {
            continue;
        }

        if (part[i].text.len == 0) {
            ngx_str_set(&part[i].text, "{}");
        }

        if (ngx_http_model_openai_legacy(b)) {
            ngx_http_model_json_key(w, "function_call");
            ngx_http_model_openai_put_function(w, &part[i]);

            return NGX_OK;
        }

        id = part[i].id;

        if (id.len == 0) {
            id = ngx_http_model_bridge_id(b, "call_", n);
        }

        n++;

        ngx_http_model_json_object(w);

        ngx_http_model_json_key(w, "id");
        ngx_http_model_json_str(w, &id);
        ngx_http_model_json_key(w, "type");
        ngx_http_model_json_cstr(w, "function");
        ngx_http_model_json_key(w, "function");
        ngx_http_model_openai_put_function(w, &part[i]);

        ngx_http_model_json_object_end(w);
    }

    ngx_http_model_json_array_end(w);

    return NGX_OK;
}


void
ngx_http_model_openai_put_function(ngx_http_model_json_writer_t *w,
    ngx_http_model_part_t *part)
{
    ngx_http_model_json_object(w);

    ngx_http_model_json_key(w, "name");
    ngx_http_model_json_str(w, &part->name);
    ngx_http_model_json_key(w, "arguments");
    ngx_http_model_json_str(w, &part->text);

    ngx_http_model_json_object_end(w);
}


/* calls as they were before tools */

ngx_uint_t
ngx_http_model_openai_legacy(ngx_http_model_bridge_t *b)
{
    ngx_http_model_openai_input_t  *input;

    input = b->input;

    return input != NULL && input->functions;
}


ngx_uint_t
ngx_http_model_openai_silent(ngx_http_model_bridge_t *b)
{
    ngx_http_model_openai_input_t  *input;

    input = b->input;

    return input != NULL && input->silent;
}


/* with all members that the SDKs insist on */

void
ngx_http_model_openai_put_logprob(ngx_http_model_json_writer_t *w,
    ngx_http_model_json_t *entry, ngx_uint_t top)
{
    ngx_str_t               text;
    ngx_http_model_json_t  *value;

    (void) ngx_http_model_json_get_str(entry, "token", &text);

    ngx_http_model_json_object(w);

    ngx_http_model_json_key(w, "token");
    ngx_http_model_json_str(w, &text);

    value = ngx_http_model_json_get(entry, "logprob");

    ngx_http_model_json_key(w, "logprob");

    if (value && value->type == NGX_HTTP_MODEL_JSON_NUMBER) {
        ngx_http_model_json_tree(w, value);

    } else {
        ngx_http_model_json_int(w, NGX_HTTP_MODEL_OPENAI_UNLIKELY);
    }

    ngx_http_model_json_key(w, "bytes");
    ngx_http_model_json_tree(w, ngx_http_model_json_get(entry, "bytes"));

    if (top) {
        ngx_http_model_json_key(w, "top_logprobs");
        ngx_http_model_json_array(w);

        value = ngx_http_model_json_get(entry, "top_logprobs");

        for (value = value ? value->child : NULL; value; value = value->next) {
            ngx_http_model_openai_put_logprob(w, value, 0);
        }

        ngx_http_model_json_array_end(w);
    }

    ngx_http_model_json_object_end(w);
}
