
/*
 * Copyright (C) the ngx_http_model_module authors
 */


#include <ngx_config.h>
#include <ngx_core.h>

#include "ngx_http_model_bridge_responses.h"
#include "ngx_http_model_error.h"
#include "ngx_http_model_frame.h"


static ngx_int_t ngx_http_model_responses_read_request(
    ngx_http_model_bridge_t *b, ngx_http_model_json_t *root);
static ngx_int_t ngx_http_model_responses_instructions(
    ngx_http_model_bridge_t *b, ngx_http_model_json_t *value);
static ngx_int_t ngx_http_model_responses_number(ngx_http_model_bridge_t *b,
    ngx_http_model_json_t *value, ngx_uint_t n);
static ngx_int_t ngx_http_model_responses_temperature(
    ngx_http_model_bridge_t *b, ngx_http_model_json_t *value, void *data);
static ngx_int_t ngx_http_model_responses_top_p(ngx_http_model_bridge_t *b,
    ngx_http_model_json_t *value, void *data);
static ngx_int_t ngx_http_model_responses_presence(ngx_http_model_bridge_t *b,
    ngx_http_model_json_t *value, void *data);
static ngx_int_t ngx_http_model_responses_frequency(ngx_http_model_bridge_t *b,
    ngx_http_model_json_t *value, void *data);
static ngx_int_t ngx_http_model_responses_top_k(ngx_http_model_bridge_t *b,
    ngx_http_model_json_t *value, void *data);
static ngx_int_t ngx_http_model_responses_seed(ngx_http_model_bridge_t *b,
    ngx_http_model_json_t *value, void *data);
static ngx_int_t ngx_http_model_responses_max(ngx_http_model_bridge_t *b,
    ngx_http_model_json_t *value, void *data);
static ngx_int_t ngx_http_model_responses_top_logprobs(
    ngx_http_model_bridge_t *b, ngx_http_model_json_t *value, void *data);
static ngx_int_t ngx_http_model_responses_stream(ngx_http_model_bridge_t *b,
    ngx_http_model_json_t *value, void *data);
static ngx_int_t ngx_http_model_responses_parallel(ngx_http_model_bridge_t *b,
    ngx_http_model_json_t *value, void *data);
static ngx_int_t ngx_http_model_responses_choice(ngx_http_model_bridge_t *b,
    ngx_http_model_json_t *value, void *data);
static ngx_int_t ngx_http_model_responses_user(ngx_http_model_bridge_t *b,
    ngx_http_model_json_t *value, void *data);
static ngx_int_t ngx_http_model_responses_safety(ngx_http_model_bridge_t *b,
    ngx_http_model_json_t *value, void *data);

static ngx_int_t ngx_http_model_responses_of(ngx_http_model_bridge_t *b,
    ngx_http_model_json_t *value, ngx_uint_t type);


/* b->to: Ollama, OpenAI, Anthropic */

#define NGX_HTTP_MODEL_RESPONSES_TIER                                         \
    { NGX_HTTP_MODEL_FIELD_REFUSE, NGX_HTTP_MODEL_FIELD_PASS,                 \
      NGX_HTTP_MODEL_FIELD_REFUSE }
#define NGX_HTTP_MODEL_RESPONSES_SAFETY                                       \
    { NGX_HTTP_MODEL_FIELD_DROP, NGX_HTTP_MODEL_FIELD_PASS,                   \
      NGX_HTTP_MODEL_FIELD_MAP }


static const ngx_http_model_field_t  ngx_http_model_responses_fields[] = {

    { "model", ngx_http_model_responses_any,
      NGX_HTTP_MODEL_RESPONSES_MAP,
      "the vendor's own name of it" },

    { "input", ngx_http_model_responses_read_input,
      NGX_HTTP_MODEL_RESPONSES_MAP,
      "becomes messages" },

    { "instructions", ngx_http_model_responses_a_string,
      NGX_HTTP_MODEL_RESPONSES_MAP,
      "becomes the first system message" },

    { "stream", ngx_http_model_responses_stream,
      NGX_HTTP_MODEL_RESPONSES_MAP, NULL },

    { "stream_options", NULL, NGX_HTTP_MODEL_RESPONSES_DROP,
      "is about padding of events, which have none" },

    { "max_output_tokens", ngx_http_model_responses_max,
      NGX_HTTP_MODEL_RESPONSES_MAP,
      "becomes the limit of the chat" },

    { "temperature", ngx_http_model_responses_temperature,
      NGX_HTTP_MODEL_RESPONSES_MAP, NULL },

    { "top_p", ngx_http_model_responses_top_p,
      NGX_HTTP_MODEL_RESPONSES_MAP, NULL },

    { "top_logprobs", ngx_http_model_responses_top_logprobs,
      NGX_HTTP_MODEL_RESPONSES_NOT_ANTHROPIC,
      "counts when \"include\" asks for logprobs" },

    { "tools", ngx_http_model_responses_read_tools,
      NGX_HTTP_MODEL_RESPONSES_MAP,
      "functions, custom tools and namespaces of both; tools that OpenAI "
      "runs itself are refused" },

    { "tool_choice", ngx_http_model_responses_choice,
      NGX_HTTP_MODEL_RESPONSES_MAP,
      "\"allowed_tools\" leaves the other tools out" },

    { "parallel_tool_calls", ngx_http_model_responses_parallel,
      NGX_HTTP_MODEL_RESPONSES_MAP,
      "with false only the first of Ollama's calls is told" },

    { "text", ngx_http_model_responses_read_object,
      NGX_HTTP_MODEL_RESPONSES_MAP, NULL },

    { "reasoning", ngx_http_model_responses_read_object,
      NGX_HTTP_MODEL_RESPONSES_MAP, NULL },

    { "store", NULL, NGX_HTTP_MODEL_RESPONSES_REFUSE,
      "nothing is kept here, send \"store\": false or leave it out" },

    { "previous_response_id", NULL, NGX_HTTP_MODEL_RESPONSES_REFUSE,
      "nothing is kept here, send the whole conversation in \"input\"" },

    { "conversation", NULL, NGX_HTTP_MODEL_RESPONSES_REFUSE,
      "nothing is kept here, send the whole conversation in \"input\"" },

    { "prompt", NULL, NGX_HTTP_MODEL_RESPONSES_REFUSE,
      "templates are kept at OpenAI, send \"instructions\" and \"input\"" },

    { "background", NULL, NGX_HTTP_MODEL_RESPONSES_REFUSE,
      "nothing is kept here, send \"background\": false or leave it out" },

    { "background_options", NULL, NGX_HTTP_MODEL_RESPONSES_DROP,
      "counts with \"background\" only" },

    { "include", ngx_http_model_responses_read_include,
      NGX_HTTP_MODEL_RESPONSES_MAP,
      "\"message.output_text.logprobs\" asks for logprobs; what is about "
      "tools that OpenAI runs itself asks for nothing" },

    { "truncation", ngx_http_model_responses_read_truncation,
      NGX_HTTP_MODEL_RESPONSES_MAP,
      "is left to the server; the answer repeats it" },

    { "metadata", ngx_http_model_responses_read_metadata,
      NGX_HTTP_MODEL_RESPONSES_MAP,
      "stays here; the answer repeats it" },

    { "user", ngx_http_model_responses_user,
      NGX_HTTP_MODEL_RESPONSES_NOT_OLLAMA,
      "becomes the end user's id where there is one" },

    { "safety_identifier", ngx_http_model_responses_safety,
      NGX_HTTP_MODEL_RESPONSES_SAFETY,
      "becomes the end user's id for Anthropic, unless there is a \"user\"" },

    { "prompt_cache_key", NULL, NGX_HTTP_MODEL_RESPONSES_PASS,
      "is a hint for OpenAI's caches" },

    { "prompt_cache_retention", NULL, NGX_HTTP_MODEL_RESPONSES_PASS,
      "is a hint for OpenAI's caches" },

    { "prompt_cache_options", ngx_http_model_responses_read_object,
      NGX_HTTP_MODEL_RESPONSES_MAP, NULL },

    { "service_tier", ngx_http_model_responses_only_usual,
      NGX_HTTP_MODEL_RESPONSES_TIER,
      "it has no such tiers, send \"auto\" or leave it out" },

    { "max_tool_calls", NULL, NGX_HTTP_MODEL_RESPONSES_DROP,
      "counts calls of tools that OpenAI runs itself, there are none; the "
      "answer repeats it" },

    { "context_management", NULL, NGX_HTTP_MODEL_RESPONSES_REFUSE,
      "no server of a chat compacts it, send a shorter \"input\" in time" },

    { "moderation", NULL, NGX_HTTP_MODEL_RESPONSES_REFUSE,
      "a chat is not moderated, ask /v1/moderations" },

    { "access_programs", NULL, NGX_HTTP_MODEL_RESPONSES_REFUSE,
      "they are OpenAI's own, leave it out" },

    { "image", ngx_http_model_responses_read_object,
      NGX_HTTP_MODEL_RESPONSES_MAP, NULL },

    { "client_metadata", NULL, NGX_HTTP_MODEL_RESPONSES_DROP,
      "is Codex's word about itself" },

    /* which other servers of this API have */

    { "presence_penalty", ngx_http_model_responses_presence,
      NGX_HTTP_MODEL_RESPONSES_NOT_ANTHROPIC,
      "Anthropic samples without" },

    { "frequency_penalty", ngx_http_model_responses_frequency,
      NGX_HTTP_MODEL_RESPONSES_NOT_ANTHROPIC,
      "Anthropic samples without" },

    { "top_k", ngx_http_model_responses_top_k,
      NGX_HTTP_MODEL_RESPONSES_MAP, NULL },

    { "seed", ngx_http_model_responses_seed,
      NGX_HTTP_MODEL_RESPONSES_NOT_ANTHROPIC,
      "Anthropic samples without" },

    /* of another API, and they would meet what is written of this one */

    { "messages", NULL, NGX_HTTP_MODEL_RESPONSES_REFUSE,
      "/v1/responses has \"input\" in its place" },

    { "max_tokens", NULL, NGX_HTTP_MODEL_RESPONSES_REFUSE,
      "/v1/responses has \"max_output_tokens\" in its place" },

    { "max_completion_tokens", NULL, NGX_HTTP_MODEL_RESPONSES_REFUSE,
      "/v1/responses has \"max_output_tokens\" in its place" },

    { "reasoning_effort", NULL, NGX_HTTP_MODEL_RESPONSES_REFUSE,
      "/v1/responses has \"reasoning\" in its place" },

    { "response_format", NULL, NGX_HTTP_MODEL_RESPONSES_REFUSE,
      "/v1/responses has \"text\" in its place" },

    { "logprobs", NULL, NGX_HTTP_MODEL_RESPONSES_REFUSE,
      "/v1/responses has \"include\" in its place" },

    { "verbosity", NULL, NGX_HTTP_MODEL_RESPONSES_REFUSE,
      "/v1/responses has \"text\" in its place" },

    { "stop", NULL, NGX_HTTP_MODEL_RESPONSES_REFUSE,
      "/v1/responses has no stop strings" },

    { "n", NULL, NGX_HTTP_MODEL_RESPONSES_REFUSE,
      "/v1/responses gives one answer a request" },

    { "functions", NULL, NGX_HTTP_MODEL_RESPONSES_REFUSE,
      "/v1/responses has \"tools\" in its place" },

    { "function_call", NULL, NGX_HTTP_MODEL_RESPONSES_REFUSE,
      "/v1/responses has \"tool_choice\" in its place" },

    { NULL, NULL, NGX_HTTP_MODEL_RESPONSES_DROP, NULL }
};


static const ngx_http_model_field_table_t  ngx_http_model_responses_tables[] = {
    { "request", "", ngx_http_model_responses_fields },
    { "text", "text.", ngx_http_model_responses_texts },
    { "text.format", "text.format.", ngx_http_model_responses_formats },
    { "reasoning", "reasoning.", ngx_http_model_responses_reasonings },
    { "prompt_cache_options", "prompt_cache_options.",
      ngx_http_model_responses_caches },
    { "image", "image.", ngx_http_model_responses_pictures },
    { "message", "input.", ngx_http_model_responses_message },
    { "function_call and custom_tool_call", "input.",
      ngx_http_model_responses_call },
    { "function_call_output and custom_tool_call_output", "input.",
      ngx_http_model_responses_output },
    { "reasoning that was", "input.", ngx_http_model_responses_reasoning },
    { "additional_tools", "input.", ngx_http_model_responses_more_tools },
    { "input_text, output_text and refusal", "input.content.",
      ngx_http_model_responses_text },
    { "input_image", "input.content.", ngx_http_model_responses_image },
    { "input_file", "input.content.", ngx_http_model_responses_file },
    { "input_audio", "input.content.", ngx_http_model_responses_audio },
    { "function", "tools.", ngx_http_model_responses_function },
    { "custom tool", "tools.", ngx_http_model_responses_custom },
    { "namespace", "tools.", ngx_http_model_responses_namespace },
    { NULL, NULL, NULL }
};


const ngx_http_model_bridge_api_t  ngx_http_model_bridge_responses = {
    ngx_string("/v1/responses"),
    NGX_HTTP_MODEL_OPENAI,
    NGX_HTTP_MODEL_FRAME_SSE,
    ngx_http_model_responses_tables,
    ngx_http_model_responses_read_request,
    NULL,                                  /* write_request */
    NULL,                                  /* read_answer */
    NULL,                                  /* read_event */
    ngx_http_model_responses_write_event,
    ngx_http_model_responses_write_answer
};


static ngx_int_t
ngx_http_model_responses_read_request(ngx_http_model_bridge_t *b,
    ngx_http_model_json_t *root)
{
    ngx_int_t                          rc;
    ngx_http_model_json_t             *instructions;
    ngx_http_model_responses_input_t  *input;

    input = ngx_http_model_responses_input(b);
    if (input == NULL) {
        return NGX_ERROR;
    }

    /* they come first wherever they stand */

    rc = NGX_OK;
    instructions = ngx_http_model_json_get(root, "instructions");

    if (instructions && instructions->type != NGX_HTTP_MODEL_JSON_NULL) {
        rc = ngx_http_model_responses_instructions(b, instructions);
    }

    if (rc == NGX_OK) {
        rc = ngx_http_model_bridge_fields(b,
                                          &ngx_http_model_responses_tables[0],
                                          root, input, &b->talk.extra);
    }

    if (rc == NGX_OK) {
        rc = ngx_http_model_responses_read_choice(b, input);
    }

    if (rc != NGX_OK) {
        return rc;
    }

    if (ngx_http_model_json_get(root, "input") == NULL) {
        return ngx_http_model_bridge_refuse(b, "input", "\"input\" is missing: "
                                            "a text or an array of items");
    }

    if (b->talk.logprobs == NGX_HTTP_MODEL_ON) {
        b->talk.numbers[NGX_HTTP_MODEL_TALK_TOP_LOGPROBS] =
                                                           input->top_logprobs;
    }

    /* it is a part of every answer */

    b->talk.usage = 1;

    return ngx_http_model_responses_read_echo(b, root, input);
}


static ngx_int_t
ngx_http_model_responses_instructions(ngx_http_model_bridge_t *b,
    ngx_http_model_json_t *value)
{
    ngx_int_t                  rc;
    ngx_http_model_part_t     *part;
    ngx_http_model_message_t  *message;

    rc = ngx_http_model_bridge_is(b, value, NGX_HTTP_MODEL_JSON_STRING,
                                  "instructions");

    if (rc != NGX_OK || value->value.len == 0) {
        return rc;
    }

    message = ngx_http_model_talk_message(&b->talk,
                                          NGX_HTTP_MODEL_ROLE_SYSTEM);
    if (message == NULL) {
        return NGX_ERROR;
    }

    part = ngx_http_model_talk_part(&message->parts, NGX_HTTP_MODEL_PART_TEXT);
    if (part == NULL) {
        return NGX_ERROR;
    }

    part->text = value->value;

    return NGX_OK;
}


static ngx_int_t
ngx_http_model_responses_number(ngx_http_model_bridge_t *b,
    ngx_http_model_json_t *value, ngx_uint_t n)
{
    ngx_int_t  rc;

    static const char  *names[NGX_HTTP_MODEL_TALK_NNUMBERS] = {
        [NGX_HTTP_MODEL_TALK_TEMPERATURE] = "temperature",
        [NGX_HTTP_MODEL_TALK_TOP_P] = "top_p",
        [NGX_HTTP_MODEL_TALK_TOP_K] = "top_k",
        [NGX_HTTP_MODEL_TALK_SEED] = "seed",
        [NGX_HTTP_MODEL_TALK_PRESENCE] = "presence_penalty",
        [NGX_HTTP_MODEL_TALK_FREQUENCY] = "frequency_penalty",
        [NGX_HTTP_MODEL_TALK_MAX] = "max_output_tokens",
    };

    rc = ngx_http_model_bridge_is(b, value, NGX_HTTP_MODEL_JSON_NUMBER,
                                  names[n]);

    if (rc == NGX_OK) {
        b->talk.numbers[n] = value->value;
    }

    return rc;
}


static ngx_int_t
ngx_http_model_responses_temperature(ngx_http_model_bridge_t *b,
    ngx_http_model_json_t *value, void *data)
{
    (void) data;

    return ngx_http_model_responses_number(b, value,
                                           NGX_HTTP_MODEL_TALK_TEMPERATURE);
}


static ngx_int_t
ngx_http_model_responses_top_p(ngx_http_model_bridge_t *b,
    ngx_http_model_json_t *value, void *data)
{
    (void) data;

    return ngx_http_model_responses_number(b, value,
                                           NGX_HTTP_MODEL_TALK_TOP_P);
}


static ngx_int_t
ngx_http_model_responses_presence(ngx_http_model_bridge_t *b,
    ngx_http_model_json_t *value, void *data)
{
    (void) data;

    return ngx_http_model_responses_number(b, value,
                                           NGX_HTTP_MODEL_TALK_PRESENCE);
}


static ngx_int_t
ngx_http_model_responses_frequency(ngx_http_model_bridge_t *b,
    ngx_http_model_json_t *value, void *data)
{
    (void) data;

    return ngx_http_model_responses_number(b, value,
                                           NGX_HTTP_MODEL_TALK_FREQUENCY);
}


static ngx_int_t
ngx_http_model_responses_top_k(ngx_http_model_bridge_t *b,
    ngx_http_model_json_t *value, void *data)
{
    (void) data;

    return ngx_http_model_responses_number(b, value,
                                           NGX_HTTP_MODEL_TALK_TOP_K);
}


static ngx_int_t
ngx_http_model_responses_seed(ngx_http_model_bridge_t *b,
    ngx_http_model_json_t *value, void *data)
{
    (void) data;

    return ngx_http_model_responses_number(b, value,
                                           NGX_HTTP_MODEL_TALK_SEED);
}


static ngx_int_t
ngx_http_model_responses_max(ngx_http_model_bridge_t *b,
    ngx_http_model_json_t *value, void *data)
{
    (void) data;

    if (value->type == NGX_HTTP_MODEL_JSON_NUMBER
        && ngx_http_model_talk_value(&value->value) < 1)
    {
        return ngx_http_model_bridge_refuse(b, "max_output_tokens",
                                            "\"max_output_tokens\" must be 1 "
                                            "or more");
    }

    return ngx_http_model_responses_number(b, value, NGX_HTTP_MODEL_TALK_MAX);
}


static ngx_int_t
ngx_http_model_responses_top_logprobs(ngx_http_model_bridge_t *b,
    ngx_http_model_json_t *value, void *data)
{
    ngx_http_model_responses_input_t *input = data;

    input->top_logprobs = value->value;

    return ngx_http_model_bridge_is(b, value, NGX_HTTP_MODEL_JSON_NUMBER,
                                    "top_logprobs");
}


static ngx_int_t
ngx_http_model_responses_stream(ngx_http_model_bridge_t *b,
    ngx_http_model_json_t *value, void *data)
{
    (void) data;

    b->talk.stream = (value->value.len != 0);

    return ngx_http_model_bridge_is(b, value, NGX_HTTP_MODEL_JSON_BOOL,
                                    "stream");
}


static ngx_int_t
ngx_http_model_responses_parallel(ngx_http_model_bridge_t *b,
    ngx_http_model_json_t *value, void *data)
{
    (void) data;

    b->talk.parallel = value->value.len ? NGX_HTTP_MODEL_ON
                                        : NGX_HTTP_MODEL_OFF;

    return ngx_http_model_bridge_is(b, value, NGX_HTTP_MODEL_JSON_BOOL,
                                    "parallel_tool_calls");
}


/* tools may come after it */

static ngx_int_t
ngx_http_model_responses_choice(ngx_http_model_bridge_t *b,
    ngx_http_model_json_t *value, void *data)
{
    ngx_http_model_responses_input_t *input = data;

    (void) b;

    input->choice = value;

    return NGX_OK;
}


static ngx_int_t
ngx_http_model_responses_user(ngx_http_model_bridge_t *b,
    ngx_http_model_json_t *value, void *data)
{
    (void) data;

    b->talk.user = value->value;

    return ngx_http_model_bridge_is(b, value, NGX_HTTP_MODEL_JSON_STRING,
                                    "user");
}


static ngx_int_t
ngx_http_model_responses_safety(ngx_http_model_bridge_t *b,
    ngx_http_model_json_t *value, void *data)
{
    ngx_int_t  rc;

    (void) data;

    rc = ngx_http_model_bridge_is(b, value, NGX_HTTP_MODEL_JSON_STRING,
                                  "safety_identifier");

    if (rc == NGX_OK && b->talk.user.len == 0) {
        b->talk.user = value->value;
    }

    return rc;
}


ngx_int_t
ngx_http_model_responses_any(ngx_http_model_bridge_t *b,
    ngx_http_model_json_t *value, void *data)
{
    (void) b;
    (void) data;
    (void) value;

    return NGX_OK;
}


ngx_int_t
ngx_http_model_responses_a_string(ngx_http_model_bridge_t *b,
    ngx_http_model_json_t *value, void *data)
{
    (void) data;

    return ngx_http_model_responses_of(b, value, NGX_HTTP_MODEL_JSON_STRING);
}


ngx_int_t
ngx_http_model_responses_a_flag(ngx_http_model_bridge_t *b,
    ngx_http_model_json_t *value, void *data)
{
    (void) data;

    return ngx_http_model_responses_of(b, value, NGX_HTTP_MODEL_JSON_BOOL);
}


ngx_int_t
ngx_http_model_responses_an_array(ngx_http_model_bridge_t *b,
    ngx_http_model_json_t *value, void *data)
{
    (void) data;

    return ngx_http_model_responses_of(b, value, NGX_HTTP_MODEL_JSON_ARRAY);
}


ngx_int_t
ngx_http_model_responses_an_object(ngx_http_model_bridge_t *b,
    ngx_http_model_json_t *value, void *data)
{
    (void) data;

    return ngx_http_model_responses_of(b, value, NGX_HTTP_MODEL_JSON_OBJECT);
}


static ngx_int_t
ngx_http_model_responses_of(ngx_http_model_bridge_t *b,
    ngx_http_model_json_t *value, ngx_uint_t type)
{
    char  *name;

    if (value->type == type) {
        return NGX_OK;
    }

    name = ngx_pcalloc(b->pool, value->key.len + 1);
    if (name == NULL) {
        return NGX_ERROR;
    }

    ngx_memcpy(name, value->key.data, value->key.len);

    return ngx_http_model_bridge_is(b, value, type, name);
}


ngx_uint_t
ngx_http_model_responses_is(ngx_str_t *s, const char *word)
{
    return ngx_strlen(word) == s->len
           && ngx_memcmp(word, s->data, s->len) == 0;
}


ngx_int_t
ngx_http_model_responses_refuse_type(ngx_http_model_bridge_t *b,
    const char *field, ngx_str_t *type, const char *why)
{
    ngx_str_t  quoted;

    if (type == NULL || type->len == 0) {
        return ngx_http_model_bridge_refuse(b, field, "\"%s\" has something "
                                            "without a type: %s", field, why);
    }

    quoted = ngx_http_model_error_quote(b->pool, type);

    return ngx_http_model_bridge_refuse(b, field, "\"%s\" has \"%V\", which "
                                        "cannot be had from vendor \"%V\": %s",
                                        field, &quoted, &b->vendor, why);
}
