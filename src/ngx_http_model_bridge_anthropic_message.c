
/*
 * Copyright (C) the ngx_http_model_module authors
 */


#include <ngx_config.h>
#include <ngx_core.h>

#include "ngx_http_model_bridge_anthropic.h"


static void ngx_http_model_anthropic_nulls(ngx_http_model_json_writer_t *w,
    const char **names);
static void ngx_http_model_anthropic_put_count(
    ngx_http_model_json_writer_t *w, const char *key, int64_t n);
static ngx_int_t ngx_http_model_anthropic_write_block(
    ngx_http_model_bridge_t *b, ngx_http_model_json_writer_t *w,
    ngx_http_model_part_t *part, ngx_uint_t *calls);


ngx_int_t
ngx_http_model_anthropic_write_answer(ngx_http_model_bridge_t *b,
    ngx_http_model_json_writer_t *w)
{
    ngx_str_t               id;
    ngx_uint_t              i, calls, refused;
    ngx_http_model_part_t  *part;

    id = ngx_http_model_bridge_id(b, "msg_", -1);

    ngx_http_model_json_object(w);
    ngx_http_model_anthropic_head(b, w, &id);

    ngx_http_model_json_key(w, "content");
    ngx_http_model_json_array(w);

    part = b->answer.parts.elts;
    calls = 0;
    refused = 0;

    for (i = 0; i < b->answer.parts.nelts; i++) {

        if (part[i].type == NGX_HTTP_MODEL_PART_REFUSAL) {
            refused = 1;
        }

        if (ngx_http_model_anthropic_write_block(b, w, &part[i], &calls)
            != NGX_OK)
        {
            return NGX_ERROR;
        }
    }

    ngx_http_model_json_array_end(w);

    ngx_http_model_anthropic_stop(b, w, refused);

    ngx_http_model_json_key(w, "usage");
    ngx_http_model_anthropic_usage(b, w, 1, b->usage.prompt);

    ngx_http_model_json_object_end(w);

    return NGX_OK;
}


static ngx_int_t
ngx_http_model_anthropic_write_block(ngx_http_model_bridge_t *b,
    ngx_http_model_json_writer_t *w, ngx_http_model_part_t *part,
    ngx_uint_t *calls)
{
    if (part->type != NGX_HTTP_MODEL_PART_CALL
        && part->text.len == 0
        && part->signature.len == 0)
    {
        return NGX_OK;
    }

    switch (part->type) {

    case NGX_HTTP_MODEL_PART_TEXT:
    case NGX_HTTP_MODEL_PART_REFUSAL:
        ngx_http_model_anthropic_open(w, "text");
        ngx_http_model_anthropic_put(w, "text", &part->text);
        ngx_http_model_json_key(w, "citations");
        ngx_http_model_json_null(w);
        break;

    case NGX_HTTP_MODEL_PART_THINKING:
        ngx_http_model_anthropic_open(w, "thinking");
        ngx_http_model_anthropic_put(w, "thinking", &part->text);
        ngx_http_model_anthropic_put(w, "signature", &part->signature);
        break;

    case NGX_HTTP_MODEL_PART_REDACTED:
        ngx_http_model_anthropic_open(w, "redacted_thinking");
        ngx_http_model_anthropic_put(w, "data", &part->text);
        break;

    case NGX_HTTP_MODEL_PART_CALL:

        if (ngx_http_model_anthropic_call(b, w, (*calls)++, &part->id,
                                          &part->name)
            != NGX_OK)
        {
            return NGX_ERROR;
        }

        ngx_http_model_json_key(w, "input");
        ngx_http_model_anthropic_input(b, w, &part->text);
        break;

    default:
        return NGX_OK;
    }

    ngx_http_model_json_object_end(w);

    return NGX_OK;
}


/* members that are there and null are so in the types of the SDKs */

void
ngx_http_model_anthropic_head(ngx_http_model_bridge_t *b,
    ngx_http_model_json_writer_t *w, ngx_str_t *id)
{
    static const char  *names[] = {
        "container", "diagnostics", "stop_details", NULL
    };

    ngx_http_model_anthropic_put(w, "id", id);
    ngx_http_model_json_key(w, "type");
    ngx_http_model_json_cstr(w, "message");
    ngx_http_model_json_key(w, "role");
    ngx_http_model_json_cstr(w, "assistant");
    ngx_http_model_anthropic_put(w, "model", &b->model);

    ngx_http_model_anthropic_nulls(w, names);
}


void
ngx_http_model_anthropic_usage(ngx_http_model_bridge_t *b,
    ngx_http_model_json_writer_t *w, ngx_uint_t whole, int64_t prompt)
{
    int64_t  input;

    static const char  *names[] = {
        "cache_creation", "inference_geo", "service_tier", "speed", NULL
    };

    ngx_http_model_json_object(w);

    /* OpenAI's count has what caches had, Anthropic's has not */

    input = prompt - ngx_max(b->usage.cached, 0)
            - ngx_max(b->usage.cache_write, 0);

    if (prompt >= 0) {
        ngx_http_model_anthropic_put_count(w, "input_tokens",
                                           ngx_max(input, 0));

    } else if (whole) {
        ngx_http_model_anthropic_put_count(w, "input_tokens", 0);

    } else {
        ngx_http_model_anthropic_put_count(w, "input_tokens", -1);
    }

    ngx_http_model_anthropic_put_count(w, "cache_creation_input_tokens",
                                       b->usage.cache_write);
    ngx_http_model_anthropic_put_count(w, "cache_read_input_tokens",
                                       b->usage.cached);
    ngx_http_model_anthropic_put_count(w, "output_tokens",
                                       ngx_max(b->usage.completion, 0));

    ngx_http_model_json_key(w, "output_tokens_details");

    if (b->usage.reasoning >= 0) {
        ngx_http_model_json_object(w);
        ngx_http_model_anthropic_put_count(w, "thinking_tokens",
                                           b->usage.reasoning);
        ngx_http_model_json_object_end(w);

    } else {
        ngx_http_model_json_null(w);
    }

    ngx_http_model_json_key(w, "server_tool_use");
    ngx_http_model_json_null(w);

    if (whole) {
        ngx_http_model_anthropic_nulls(w, names);
    }

    ngx_http_model_json_object_end(w);
}


void
ngx_http_model_anthropic_stop(ngx_http_model_bridge_t *b,
    ngx_http_model_json_writer_t *w, ngx_uint_t refused)
{
    ngx_uint_t  reason;

    /* by NGX_HTTP_MODEL_FINISH_* */

    static const char  *words[] = {
        "end_turn", "end_turn", "stop_sequence", "max_tokens", "tool_use",
        "refusal", "pause_turn"
    };

    reason = b->reason;

    if (refused
        && (reason == NGX_HTTP_MODEL_FINISH_STOP
            || reason == NGX_HTTP_MODEL_FINISH_NONE))
    {
        reason = NGX_HTTP_MODEL_FINISH_FILTER;
    }

    ngx_http_model_json_key(w, "stop_reason");
    ngx_http_model_json_cstr(w, words[reason]);

    ngx_http_model_json_key(w, "stop_sequence");

    if (reason == NGX_HTTP_MODEL_FINISH_STRING && b->answer.stop.len) {
        ngx_http_model_json_str(w, &b->answer.stop);

    } else {
        ngx_http_model_json_null(w);
    }
}


ngx_int_t
ngx_http_model_anthropic_call(ngx_http_model_bridge_t *b,
    ngx_http_model_json_writer_t *w, ngx_uint_t n, ngx_str_t *id,
    ngx_str_t *name)
{
    ngx_str_t  fit;

    /* the id comes back in the conversation, perhaps to Anthropic */

    fit = id->len ? ngx_http_model_anthropic_id(b->pool, id)
                  : ngx_http_model_bridge_id(b, "toolu_", n);

    if (fit.len == 0) {
        return NGX_ERROR;
    }

    ngx_http_model_anthropic_open(w, "tool_use");
    ngx_http_model_anthropic_put(w, "id", &fit);
    ngx_http_model_anthropic_put(w, "name", name);

    ngx_http_model_json_key(w, "caller");
    ngx_http_model_anthropic_open(w, "direct");
    ngx_http_model_json_object_end(w);

    return NGX_OK;
}


void
ngx_http_model_anthropic_open(ngx_http_model_json_writer_t *w,
    const char *type)
{
    ngx_http_model_json_object(w);
    ngx_http_model_json_key(w, "type");
    ngx_http_model_json_cstr(w, type);
}


void
ngx_http_model_anthropic_put(ngx_http_model_json_writer_t *w, const char *key,
    ngx_str_t *value)
{
    ngx_http_model_json_key(w, key);
    ngx_http_model_json_str(w, value);
}


/* -1 is null */

static void
ngx_http_model_anthropic_put_count(ngx_http_model_json_writer_t *w,
    const char *key, int64_t n)
{
    ngx_http_model_json_key(w, key);

    if (n < 0) {
        ngx_http_model_json_null(w);

    } else {
        ngx_http_model_json_int(w, n);
    }
}


static void
ngx_http_model_anthropic_nulls(ngx_http_model_json_writer_t *w,
    const char **names)
{
    for ( /* void */ ; *names; names++) {
        ngx_http_model_json_key(w, *names);
        ngx_http_model_json_null(w);
    }
}
