
/*
 * Copyright (C) the ngx_http_model_module authors
 */


#include <ngx_config.h>
#include <ngx_core.h>

#include "ngx_http_model_frame.h"


#define ngx_http_model_frame_word(s, id)                                      \
    if (ngx_memcmp(p, s, sizeof(s) - 1) == 0) {                               \
        return NGX_HTTP_MODEL_M_##id;                                         \
    }


static ngx_uint_t ngx_http_model_frame_long_member(u_char *p, size_t len);


ngx_uint_t
ngx_http_model_frame_member(u_char *p, size_t len)
{
    switch (len) {

    case 4:
        ngx_http_model_frame_word("text", TEXT);
        ngx_http_model_frame_word("type", TYPE);
        ngx_http_model_frame_word("done", DONE);
        ngx_http_model_frame_word("data", DATA);
        ngx_http_model_frame_word("name", NAME);
        break;

    case 5:
        ngx_http_model_frame_word("model", MODEL);
        ngx_http_model_frame_word("delta", DELTA);
        ngx_http_model_frame_word("usage", USAGE);
        ngx_http_model_frame_word("error", ERROR);
        ngx_http_model_frame_word("audio", AUDIO);
        break;

    case 6:
        ngx_http_model_frame_word("object", OBJECT);
        ngx_http_model_frame_word("status", STATUS);
        ngx_http_model_frame_word("output", OUTPUT);
        ngx_http_model_frame_word("reason", REASON);
        break;

    case 7:
        ngx_http_model_frame_word("choices", CHOICES);
        ngx_http_model_frame_word("content", CONTENT);
        ngx_http_model_frame_word("message", MESSAGE);
        ngx_http_model_frame_word("refusal", REFUSAL);
        break;

    case 8:
        ngx_http_model_frame_word("response", RESPONSE);
        ngx_http_model_frame_word("thinking", THINKING);
        ngx_http_model_frame_word("b64_json", B64_JSON);
        break;

    case 9:
        ngx_http_model_frame_word("reasoning", REASONING);
        ngx_http_model_frame_word("arguments", ARGUMENTS);
        break;

    case 10:
        ngx_http_model_frame_word("tool_calls", TOOL_CALLS);
        ngx_http_model_frame_word("eval_count", EVAL_COUNT);
        ngx_http_model_frame_word("transcript", TRANSCRIPT);
        break;

    case 11:
        ngx_http_model_frame_word("done_reason", DONE_REASON);
        ngx_http_model_frame_word("stop_reason", STOP_REASON);
        break;

    default:
        if (len > 11) {
            return ngx_http_model_frame_long_member(p, len);
        }
    }

    return NGX_HTTP_MODEL_M_NONE;
}


static ngx_uint_t
ngx_http_model_frame_long_member(u_char *p, size_t len)
{
    switch (len) {

    case 12:
        ngx_http_model_frame_word("input_tokens", INPUT);
        ngx_http_model_frame_word("partial_json", PARTIAL_JSON);
        ngx_http_model_frame_word("total_tokens", TOTAL);
        break;

    case 13:
        ngx_http_model_frame_word("finish_reason", FINISH_REASON);
        ngx_http_model_frame_word("content_block", CONTENT_BLOCK);
        ngx_http_model_frame_word("output_tokens", OUTPUT_TOKENS);
        ngx_http_model_frame_word("prompt_tokens", PROMPT);
        ngx_http_model_frame_word("cached_tokens", CACHED);
        ngx_http_model_frame_word("eval_duration", EVAL_DURATION);
        ngx_http_model_frame_word("load_duration", LOAD_DURATION);
        ngx_http_model_frame_word("function_call", FUNCTION_CALL);
        break;

    case 14:
        ngx_http_model_frame_word("total_duration", TOTAL_DURATION);
        break;

    case 15:
        ngx_http_model_frame_word("sequence_number", SEQUENCE);
        break;

    case 16:
        ngx_http_model_frame_word("reasoning_tokens", REASONING_TOKENS);
        break;

    case 17:
        ngx_http_model_frame_word("reasoning_content", REASONING_CONTENT);
        ngx_http_model_frame_word("completion_tokens", COMPLETION);
        ngx_http_model_frame_word("prompt_eval_count", PROMPT_EVAL);
        break;

    case 18:
        ngx_http_model_frame_word("incomplete_details", INCOMPLETE);
        ngx_http_model_frame_word("cache_write_tokens", CACHE_WRITE);
        break;

    case 20:
        ngx_http_model_frame_word("prompt_eval_duration", PROMPT_DURATION);
        ngx_http_model_frame_word("input_tokens_details", INPUT_DETAILS);
        break;

    case 21:
        ngx_http_model_frame_word("prompt_tokens_details", PROMPT_DETAILS);
        ngx_http_model_frame_word("output_tokens_details", OUTPUT_DETAILS);
        break;

    case 23:
        ngx_http_model_frame_word("cache_read_input_tokens", CACHE_READ);
        break;

    case 25:
        ngx_http_model_frame_word("completion_tokens_details",
                                  COMPLETION_DETAILS);
        break;

    case 27:
        ngx_http_model_frame_word("cache_creation_input_tokens",
                                  CACHE_CREATION);
        break;
    }

    return NGX_HTTP_MODEL_M_NONE;
}
