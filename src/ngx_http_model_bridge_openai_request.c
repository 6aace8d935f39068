
/*
 * Copyright (C) the ngx_http_model_module authors
 */


#include <ngx_config.h>
#include <ngx_core.h>

#include "ngx_http_model_bridge_openai.h"
#include "ngx_http_model_frame.h"


#define MAP     NGX_HTTP_MODEL_FIELD_MAP
#define DROP    NGX_HTTP_MODEL_FIELD_DROP
#define REFUSE  NGX_HTTP_MODEL_FIELD_REFUSE
#define SAME    NGX_HTTP_MODEL_FIELD_SAME

#define TAKEN         ngx_http_model_openai_taken
#define TO_OLLAMA     ngx_http_model_openai_to_ollama


static ngx_int_t ngx_http_model_openai_only_one(ngx_http_model_bridge_t *b,
    ngx_http_model_json_t *value, void *data);
static ngx_int_t ngx_http_model_openai_only_zero(ngx_http_model_bridge_t *b,
    ngx_http_model_json_t *value, void *data);
static ngx_int_t ngx_http_model_openai_only_text(ngx_http_model_bridge_t *b,
    ngx_http_model_json_t *value, void *data);
static ngx_int_t ngx_http_model_openai_only_usual(ngx_http_model_bridge_t *b,
    ngx_http_model_json_t *value, void *data);
static ngx_int_t ngx_http_model_openai_numbers(ngx_http_model_bridge_t *b,
    ngx_http_model_json_t *root);
static ngx_int_t ngx_http_model_openai_stop(ngx_http_model_bridge_t *b,
    ngx_http_model_json_t *root);
static ngx_int_t ngx_http_model_openai_stream(ngx_http_model_bridge_t *b,
    ngx_http_model_json_t *root);
static ngx_int_t ngx_http_model_openai_format(ngx_http_model_bridge_t *b,
    ngx_http_model_json_t *root);
static ngx_int_t ngx_http_model_openai_schema(ngx_http_model_bridge_t *b,
    ngx_http_model_json_t *value);
static ngx_int_t ngx_http_model_openai_messages(ngx_http_model_bridge_t *b,
    ngx_http_model_json_t *root);


const ngx_http_model_bridge_api_t  ngx_http_model_bridge_completions = {
    ngx_string("/v1/chat/completions"),
    NGX_HTTP_MODEL_OPENAI,
    NGX_HTTP_MODEL_FRAME_SSE,
    ngx_http_model_openai_tables,

    ngx_http_model_openai_read_request,
    ngx_http_model_openai_write_request,
    ngx_http_model_openai_read_answer,
    ngx_http_model_openai_read_event,
    ngx_http_model_openai_write_event,
    ngx_http_model_openai_write_answer
};


/* of servers only: clients of it find it everywhere but at Anthropic */

const ngx_http_model_bridge_api_t  ngx_http_model_bridge_text = {
    ngx_string("/v1/completions"),
    NGX_HTTP_MODEL_OPENAI,
    NGX_HTTP_MODEL_FRAME_SSE,
    NULL,

    NULL,
    ngx_http_model_openai_write_text,
    ngx_http_model_openai_read_answer,
    ngx_http_model_openai_read_event,
    NULL,
    NULL
};


/* towards Ollama, OpenAI, Anthropic */

static const ngx_http_model_field_t  ngx_http_model_openai_rows[] = {
    { "model", TAKEN, { MAP, SAME, MAP }, "the name that the vendor has" },
    { "messages", TAKEN, { MAP, SAME, MAP }, "see below" },
    { "stream", TAKEN, { MAP, SAME, MAP }, "always written" },
    { "stream_options", TAKEN, { MAP, SAME, MAP }, "see below" },
    { "max_completion_tokens", TAKEN, { MAP, SAME, MAP },
      "options.num_predict; max_tokens" },
    { "max_tokens", TAKEN, { MAP, SAME, MAP },
      "the same, where max_completion_tokens is not given" },
    { "temperature", TAKEN, { MAP, SAME, MAP },
      "options.temperature; at most 1 for Anthropic, not where it thinks" },
    { "top_p", TAKEN, { MAP, SAME, MAP },
      "options.top_p; top_p, not next to a temperature" },
    { "presence_penalty", TAKEN, { MAP, SAME, DROP },
      "options.presence_penalty; Anthropic samples without" },
    { "frequency_penalty", TAKEN, { MAP, SAME, DROP },
      "options.frequency_penalty; Anthropic samples without" },
    { "seed", TAKEN, { MAP, SAME, DROP },
      "options.seed; Anthropic samples without" },
    { "stop", TAKEN, { MAP, SAME, MAP },
      "options.stop; stop_sequences; a string is a list of one" },
    { "n", ngx_http_model_openai_only_one, { REFUSE, SAME, REFUSE },
      "one answer a request is all that can be had, ask n times" },
    { "logit_bias", NULL, { REFUSE, SAME, REFUSE },
      "tokens cannot be weighed there" },
    { "logprobs", TO_OLLAMA, { MAP, SAME, REFUSE },
      "logprobs; Anthropic does not tell them" },
    { "top_logprobs", ngx_http_model_openai_only_zero, { MAP, SAME, REFUSE },
      "top_logprobs; Anthropic does not tell them" },
    { "response_format", TAKEN, { MAP, SAME, MAP },
      "format; output_config.format" },
    { "tools", TAKEN, { MAP, SAME, MAP }, "tools of type function" },
    { "tool_choice", TAKEN, { MAP, SAME, MAP },
      "allowed_tools and, for Ollama, a name leave the other tools out; "
      "Ollama cannot be told to call one of several" },
    { "parallel_tool_calls", TAKEN, { MAP, SAME, MAP },
      "disable_parallel_tool_use; with false only the first of Ollama's "
      "calls is told" },
    { "functions", TAKEN, { MAP, SAME, MAP },
      "becomes tools; the answer has function_call" },
    { "function_call", TAKEN, { MAP, SAME, MAP }, "becomes tool_choice" },
    { "reasoning_effort", TAKEN, { MAP, SAME, MAP },
      "think; thinking and output_config.effort" },
    { "user", TAKEN, { DROP, SAME, MAP }, "metadata.user_id" },
    { "safety_identifier", TAKEN, { DROP, SAME, MAP },
      "metadata.user_id, where user is not given" },
    { "metadata", NULL, { DROP, SAME, DROP },
      "labels of stored answers only" },
    { "store", NULL, { REFUSE, SAME, REFUSE },
      "answers are stored by OpenAI alone" },
    { "service_tier", ngx_http_model_openai_only_usual,
      { REFUSE, SAME, REFUSE }, "other tiers than auto and default are "
      "OpenAI's" },
    { "modalities", ngx_http_model_openai_only_text, { REFUSE, SAME, REFUSE },
      "answers are text only" },
    { "audio", NULL, { REFUSE, SAME, REFUSE }, "answers are text only" },
    { "web_search_options", NULL, { REFUSE, SAME, REFUSE },
      "the web is searched by OpenAI alone" },
    { "moderation", NULL, { REFUSE, SAME, REFUSE },
      "moderated by OpenAI alone" },
    { "prediction", NULL, { DROP, SAME, DROP },
      "only makes an answer faster" },
    { "verbosity", NULL, { DROP, SAME, DROP },
      "a hint for OpenAI's models" },
    { "prompt_cache_key", NULL, { DROP, SAME, DROP }, "a hint for caches" },
    { "prompt_cache_options", NULL, { DROP, SAME, DROP },
      "a hint for caches" },
    { "prompt_cache_retention", NULL, { DROP, SAME, DROP },
      "a hint for caches" },

    /* which only servers like OpenAI's have */

    { "top_k", TAKEN, { MAP, SAME, MAP }, "options.top_k; top_k" },
    { "min_p", TAKEN, { MAP, SAME, DROP },
      "options.min_p; Anthropic samples without" },
    { "repeat_penalty", TAKEN, { MAP, SAME, DROP },
      "options.repeat_penalty; Anthropic samples without" },
    { "repetition_penalty", TAKEN, { MAP, SAME, DROP },
      "the same, as vLLM names it" },
    { "chat_template_kwargs", TAKEN, { MAP, SAME, MAP }, "see below" },
    { "enable_thinking", TAKEN, { MAP, SAME, MAP }, "think; thinking" },
    { "thinking_budget", TAKEN, { MAP, SAME, MAP },
      "think; thinking.budget_tokens" },
    { "thinking", TAKEN, { MAP, SAME, MAP }, "see below" },
    { "reasoning", TAKEN, { MAP, SAME, MAP }, "see below" },
    { "include_reasoning", TAKEN, { MAP, SAME, MAP },
      "false: thinking is left out of the answer" },
    { NULL, NULL, { 0, 0, 0 }, NULL }
};


static const ngx_http_model_field_t  ngx_http_model_openai_stream_rows[] = {
    { "include_usage", TAKEN, { MAP, SAME, MAP },
      "decides about the chunk with usage" },
    { "include_obfuscation", NULL, { DROP, SAME, DROP },
      "there is no padding" },
    { "continuous_usage_stats", NULL, { DROP, SAME, DROP },
      "usage is told once" },
    { NULL, NULL, { 0, 0, 0 }, NULL }
};


static const ngx_http_model_field_t  ngx_http_model_openai_format_rows[] = {
    { "type", TAKEN, { MAP, SAME, MAP }, "text, json_object, json_schema" },
    { "json_schema", TAKEN, { MAP, SAME, MAP }, "see below" },
    { "schema", TAKEN, { MAP, SAME, MAP },
      "of json_object, as llama-server has it" },
    { NULL, NULL, { 0, 0, 0 }, NULL }
};


static const ngx_http_model_field_t  ngx_http_model_openai_schema_rows[] = {
    { "name", NULL, { DROP, SAME, DROP }, "schemas have no name there" },
    { "description", NULL, { DROP, SAME, DROP },
      "schemas have their own there" },
    { "schema", TAKEN, { MAP, SAME, MAP }, "the schema" },
    { "strict", NULL, { DROP, SAME, DROP }, "schemas always bind there" },
    { NULL, NULL, { 0, 0, 0 }, NULL }
};


/* in the order of the enum */

const ngx_http_model_field_table_t  ngx_http_model_openai_tables[] = {
    { "request", "", ngx_http_model_openai_rows },
    { "stream_options", "stream_options.",
      ngx_http_model_openai_stream_rows },
    { "messages", "messages.", ngx_http_model_openai_message_rows },
    { "parts of content", "messages.content.",
      ngx_http_model_openai_part_rows },
    { "image_url", "messages.content.image_url.",
      ngx_http_model_openai_image_rows },
    { "input_audio", "messages.content.input_audio.",
      ngx_http_model_openai_audio_rows },
    { "file", "messages.content.file.", ngx_http_model_openai_file_rows },
    { "tool_calls", "messages.tool_calls.", ngx_http_model_openai_call_rows },
    { "function of tool_calls", "messages.tool_calls.function.",
      ngx_http_model_openai_called_rows },
    { "tools", "tools.", ngx_http_model_openai_tool_rows },
    { "function of tools", "tools.function.",
      ngx_http_model_openai_function_rows },
    { "tool_choice", "tool_choice.", ngx_http_model_openai_choice_rows },
    { "response_format", "response_format.",
      ngx_http_model_openai_format_rows },
    { "json_schema", "response_format.json_schema.",
      ngx_http_model_openai_schema_rows },
    { "chat_template_kwargs", "chat_template_kwargs.",
      ngx_http_model_openai_kwargs_rows },
    { "reasoning", "reasoning.", ngx_http_model_openai_reasoning_rows },
    { "thinking", "thinking.", ngx_http_model_openai_thinking_rows },
    { NULL, NULL, NULL }
};


ngx_int_t
ngx_http_model_openai_read_request(ngx_http_model_bridge_t *b,
    ngx_http_model_json_t *root)
{
    ngx_int_t   rc;
    ngx_uint_t  i;

    static ngx_int_t  (*const steps[])(ngx_http_model_bridge_t *b,
                          ngx_http_model_json_t *root) = {
        ngx_http_model_openai_stream,
        ngx_http_model_openai_numbers,
        ngx_http_model_openai_stop,
        ngx_http_model_openai_read_tools,
        ngx_http_model_openai_format,
        ngx_http_model_openai_read_think,
        ngx_http_model_openai_messages,
        NULL
    };

    b->input = ngx_pcalloc(b->pool, sizeof(ngx_http_model_openai_input_t));
    if (b->input == NULL) {
        return NGX_ERROR;
    }

    rc = ngx_http_model_bridge_fields(b,
             &ngx_http_model_openai_tables[NGX_HTTP_MODEL_OPENAI_TOP], root,
             NULL, &b->talk.extra);

    for (i = 0; steps[i] && rc == NGX_OK; i++) {
        rc = steps[i](b, root);
    }

    return rc;
}


static ngx_int_t
ngx_http_model_openai_only_one(ngx_http_model_bridge_t *b,
    ngx_http_model_json_t *value, void *data)
{
    (void) b;
    (void) data;

    return (value->type == NGX_HTTP_MODEL_JSON_NUMBER
            && ngx_http_model_talk_value(&value->value) == 1)
           ? NGX_OK : NGX_DECLINED;
}


static ngx_int_t
ngx_http_model_openai_only_zero(ngx_http_model_bridge_t *b,
    ngx_http_model_json_t *value, void *data)
{
    (void) data;

    return (b->to == NGX_HTTP_MODEL_OLLAMA
            || (value->type == NGX_HTTP_MODEL_JSON_NUMBER
                && ngx_http_model_talk_value(&value->value) == 0))
           ? NGX_OK : NGX_DECLINED;
}


static ngx_int_t
ngx_http_model_openai_only_text(ngx_http_model_bridge_t *b,
    ngx_http_model_json_t *value, void *data)
{
    ngx_http_model_json_t  *element;

    (void) b;
    (void) data;

    if (value->type != NGX_HTTP_MODEL_JSON_ARRAY) {
        return NGX_DECLINED;
    }

    for (element = value->child; element; element = element->next) {
        if (!ngx_http_model_openai_word(element, "text")) {
            return NGX_DECLINED;
        }
    }

    return NGX_OK;
}


static ngx_int_t
ngx_http_model_openai_only_usual(ngx_http_model_bridge_t *b,
    ngx_http_model_json_t *value, void *data)
{
    (void) b;
    (void) data;

    return (ngx_http_model_openai_word(value, "auto")
            || ngx_http_model_openai_word(value, "default"))
           ? NGX_OK : NGX_DECLINED;
}


/* digits as they are written; the later of a name that has several wins */

static ngx_int_t
ngx_http_model_openai_numbers(ngx_http_model_bridge_t *b,
    ngx_http_model_json_t *root)
{
    double                  max;
    ngx_int_t               rc;
    ngx_str_t              *numbers;
    ngx_uint_t              i;
    ngx_http_model_json_t  *value;

    static const struct {
        const char  *name;
        ngx_uint_t   number;
    } names[] = {
        { "temperature", NGX_HTTP_MODEL_TALK_TEMPERATURE },
        { "top_p", NGX_HTTP_MODEL_TALK_TOP_P },
        { "top_k", NGX_HTTP_MODEL_TALK_TOP_K },
        { "min_p", NGX_HTTP_MODEL_TALK_MIN_P },
        { "seed", NGX_HTTP_MODEL_TALK_SEED },
        { "presence_penalty", NGX_HTTP_MODEL_TALK_PRESENCE },
        { "frequency_penalty", NGX_HTTP_MODEL_TALK_FREQUENCY },
        { "repetition_penalty", NGX_HTTP_MODEL_TALK_REPEAT },
        { "repeat_penalty", NGX_HTTP_MODEL_TALK_REPEAT },
        { "top_logprobs", NGX_HTTP_MODEL_TALK_TOP_LOGPROBS },
        { "max_tokens", NGX_HTTP_MODEL_TALK_MAX },
        { "max_completion_tokens", NGX_HTTP_MODEL_TALK_MAX },
        { NULL, 0 }
    };

    numbers = b->talk.numbers;

    for (i = 0; names[i].name; i++) {

        rc = ngx_http_model_openai_get(b, root, names[i].name,
                                       NGX_HTTP_MODEL_JSON_NUMBER,
                                       names[i].name, &value);
        if (rc != NGX_OK) {
            return rc;
        }

        if (value) {
            numbers[names[i].number] = value->value;
        }
    }

    if (numbers[NGX_HTTP_MODEL_TALK_MAX].len) {
        max = ngx_http_model_talk_value(&numbers[NGX_HTTP_MODEL_TALK_MAX]);

        if (max < 0) {

            /* no limit, as servers like LM Studio have it */

            ngx_str_null(&numbers[NGX_HTTP_MODEL_TALK_MAX]);

        } else if (max < 1) {
            return ngx_http_model_bridge_refuse(b, "max_tokens",
                                                "\"max_tokens\" must be at "
                                                "least 1");
        }
    }

    return ngx_http_model_openai_flag(b, root, "logprobs", "logprobs",
                                      &b->talk.logprobs);
}


static ngx_int_t
ngx_http_model_openai_stop(ngx_http_model_bridge_t *b,
    ngx_http_model_json_t *root)
{
    ngx_int_t               rc;
    ngx_str_t              *stop;
    ngx_http_model_json_t  *value, *element;

    value = ngx_http_model_json_get(root, "stop");

    if (value == NULL || value->type == NGX_HTTP_MODEL_JSON_NULL) {
        return NGX_OK;
    }

    if (value->type != NGX_HTTP_MODEL_JSON_STRING
        && value->type != NGX_HTTP_MODEL_JSON_ARRAY)
    {
        return ngx_http_model_bridge_refuse(b, "stop", "\"stop\" must be a "
                                            "string or an array of strings");
    }

    element = (value->type == NGX_HTTP_MODEL_JSON_STRING) ? value
                                                          : value->child;

    while (element) {

        rc = ngx_http_model_bridge_is(b, element, NGX_HTTP_MODEL_JSON_STRING,
                                      "stop[]");
        if (rc != NGX_OK) {
            return rc;
        }

        if (element->value.len) {
            stop = ngx_array_push(&b->talk.stop);
            if (stop == NULL) {
                return NGX_ERROR;
            }

            *stop = element->value;
        }

        element = (element == value) ? NULL : element->next;
    }

    return NGX_OK;
}


/* and the user */

static ngx_int_t
ngx_http_model_openai_stream(ngx_http_model_bridge_t *b,
    ngx_http_model_json_t *root)
{
    ngx_int_t               rc;
    ngx_uint_t              flag;
    ngx_http_model_json_t  *value;

    rc = ngx_http_model_openai_flag(b, root, "stream", "stream", &flag);

    if (rc != NGX_OK) {
        return rc;
    }

    b->talk.stream = (flag == NGX_HTTP_MODEL_ON);

    rc = ngx_http_model_openai_get(b, root, "stream_options",
                                   NGX_HTTP_MODEL_JSON_OBJECT,
                                   "stream_options", &value);

    if (rc == NGX_OK && value) {
        rc = ngx_http_model_bridge_fields(b,
                 &ngx_http_model_openai_tables[
                                        NGX_HTTP_MODEL_OPENAI_STREAM_OPTIONS],
                 value, NULL, NULL);
    }

    if (rc != NGX_OK) {
        return rc;
    }

    rc = ngx_http_model_openai_flag(b, value, "include_usage",
                                    "stream_options.include_usage", &flag);
    if (rc != NGX_OK) {
        return rc;
    }

    b->talk.usage = (flag == NGX_HTTP_MODEL_ON);

    rc = ngx_http_model_openai_get_str(b, root, "user", "user",
                                       &b->talk.user);

    if (rc == NGX_OK && b->talk.user.len == 0) {
        rc = ngx_http_model_openai_get_str(b, root, "safety_identifier",
                                           "safety_identifier",
                                           &b->talk.user);
    }

    return rc;
}


static ngx_int_t
ngx_http_model_openai_format(ngx_http_model_bridge_t *b,
    ngx_http_model_json_t *root)
{
    ngx_int_t               rc;
    ngx_http_model_json_t  *value, *type;

    rc = ngx_http_model_openai_get(b, root, "response_format",
                                   NGX_HTTP_MODEL_JSON_OBJECT,
                                   "response_format", &value);
    if (rc != NGX_OK || value == NULL) {
        return rc;
    }

    rc = ngx_http_model_bridge_fields(b,
             &ngx_http_model_openai_tables[NGX_HTTP_MODEL_OPENAI_FORMAT],
             value, NULL, NULL);

    if (rc != NGX_OK) {
        return rc;
    }

    type = ngx_http_model_json_get(value, "type");

    if (ngx_http_model_openai_word(type, "text")) {
        return NGX_OK;
    }

    if (ngx_http_model_openai_word(type, "json_schema")) {
        return ngx_http_model_openai_schema(b, value);
    }

    if (!ngx_http_model_openai_word(type, "json_object")) {
        return ngx_http_model_bridge_refuse(b, "response_format",
                                            "\"response_format.type\" must be "
                                            "text, json_object or "
                                            "json_schema");
    }

    b->talk.format = NGX_HTTP_MODEL_FORMAT_JSON;

    rc = ngx_http_model_openai_get(b, value, "schema",
                                   NGX_HTTP_MODEL_JSON_OBJECT,
                                   "response_format.schema", &b->talk.schema);

    if (rc == NGX_OK && b->talk.schema) {
        b->talk.format = NGX_HTTP_MODEL_FORMAT_SCHEMA;
    }

    return rc;
}


static ngx_int_t
ngx_http_model_openai_schema(ngx_http_model_bridge_t *b,
    ngx_http_model_json_t *value)
{
    ngx_int_t               rc;
    ngx_http_model_json_t  *schema;

    rc = ngx_http_model_openai_get(b, value, "json_schema",
                                   NGX_HTTP_MODEL_JSON_OBJECT,
                                   "response_format.json_schema", &schema);

    if (rc == NGX_OK && schema == NULL) {
        return ngx_http_model_bridge_refuse(b, "response_format",
                                            "\"response_format.json_schema\" "
                                            "is missing");
    }

    if (rc == NGX_OK) {
        rc = ngx_http_model_bridge_fields(b,
                 &ngx_http_model_openai_tables[NGX_HTTP_MODEL_OPENAI_SCHEMA],
                 schema, NULL, NULL);
    }

    if (rc == NGX_OK) {
        rc = ngx_http_model_openai_get(b, schema, "schema",
                                       NGX_HTTP_MODEL_JSON_OBJECT,
                                       "response_format.json_schema.schema",
                                       &b->talk.schema);
    }

    if (rc == NGX_OK) {
        rc = ngx_http_model_openai_get_str(b, schema, "name",
                                           "response_format.json_schema.name",
                                           &b->talk.schema_name);
    }

    if (rc == NGX_OK) {
        rc = ngx_http_model_openai_get_str(b, schema, "description",
                                           "response_format.json_schema."
                                           "description",
                                           &b->talk.schema_description);
    }

    if (rc != NGX_OK) {
        return rc;
    }

    /* without a schema any object will do */

    b->talk.format = b->talk.schema ? NGX_HTTP_MODEL_FORMAT_SCHEMA
                                    : NGX_HTTP_MODEL_FORMAT_JSON;

    return ngx_http_model_openai_flag(b, schema, "strict",
                                      "response_format.json_schema.strict",
                                      &b->talk.schema_strict);
}


static ngx_int_t
ngx_http_model_openai_messages(ngx_http_model_bridge_t *b,
    ngx_http_model_json_t *root)
{
    ngx_int_t               rc;
    ngx_http_model_json_t  *value;

    rc = ngx_http_model_openai_get(b, root, "messages",
                                   NGX_HTTP_MODEL_JSON_ARRAY, "messages",
                                   &value);
    if (rc != NGX_OK) {
        return rc;
    }

    if (value == NULL || value->child == NULL) {
        return ngx_http_model_bridge_refuse(b, "messages", "\"messages\" must "
                                            "have a message at least");
    }

    return ngx_http_model_openai_read_messages(b, value);
}
