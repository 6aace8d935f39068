
/*
 * Copyright (C) the ngx_http_model_module authors
 */


#include <ngx_config.h>
#include <ngx_core.h>

#include "ngx_http_model_bridge_anthropic.h"
#include "ngx_http_model_error.h"
#include "ngx_http_model_frame.h"


typedef ngx_int_t (*ngx_http_model_anthropic_read_pt)(
    ngx_http_model_bridge_t *b, ngx_http_model_json_t *value);

typedef struct {
    const char                        *name;
    ngx_http_model_anthropic_read_pt   read;
} ngx_http_model_anthropic_step_t;


static ngx_int_t ngx_http_model_anthropic_read_request(
    ngx_http_model_bridge_t *b, ngx_http_model_json_t *root);
static void ngx_http_model_anthropic_settle(ngx_http_model_bridge_t *b);
static ngx_int_t ngx_http_model_anthropic_max(ngx_http_model_bridge_t *b,
    ngx_http_model_json_t *value);
static ngx_int_t ngx_http_model_anthropic_stream(ngx_http_model_bridge_t *b,
    ngx_http_model_json_t *value);
static ngx_int_t ngx_http_model_anthropic_stops(ngx_http_model_bridge_t *b,
    ngx_http_model_json_t *value);
static ngx_int_t ngx_http_model_anthropic_temperature(
    ngx_http_model_bridge_t *b, ngx_http_model_json_t *value);
static ngx_int_t ngx_http_model_anthropic_top_p(ngx_http_model_bridge_t *b,
    ngx_http_model_json_t *value);
static ngx_int_t ngx_http_model_anthropic_top_k(ngx_http_model_bridge_t *b,
    ngx_http_model_json_t *value);
static ngx_int_t ngx_http_model_anthropic_number(ngx_http_model_bridge_t *b,
    ngx_http_model_json_t *value, const char *name, ngx_uint_t n);
static ngx_int_t ngx_http_model_anthropic_tools(ngx_http_model_bridge_t *b,
    ngx_http_model_json_t *value);
static ngx_int_t ngx_http_model_anthropic_tool(ngx_http_model_bridge_t *b,
    ngx_http_model_json_t *value);
static ngx_int_t ngx_http_model_anthropic_choice(ngx_http_model_bridge_t *b,
    ngx_http_model_json_t *value);
static ngx_int_t ngx_http_model_anthropic_thinking(ngx_http_model_bridge_t *b,
    ngx_http_model_json_t *value);
static ngx_int_t ngx_http_model_anthropic_output(ngx_http_model_bridge_t *b,
    ngx_http_model_json_t *value);
static ngx_int_t ngx_http_model_anthropic_format(ngx_http_model_bridge_t *b,
    ngx_http_model_json_t *value);
static ngx_int_t ngx_http_model_anthropic_metadata(ngx_http_model_bridge_t *b,
    ngx_http_model_json_t *value);
static ngx_uint_t ngx_http_model_anthropic_word(ngx_str_t *s,
    const char **words, ngx_uint_t *n);


/* system comes first in the conversation, wherever it stands */

static const ngx_http_model_anthropic_step_t
    ngx_http_model_anthropic_steps[] =
{
    { "max_tokens", ngx_http_model_anthropic_max },
    { "stream", ngx_http_model_anthropic_stream },
    { "system", ngx_http_model_anthropic_read_system },
    { "messages", ngx_http_model_anthropic_read_messages },
    { "tools", ngx_http_model_anthropic_tools },
    { "tool_choice", ngx_http_model_anthropic_choice },
    { "thinking", ngx_http_model_anthropic_thinking },
    { "output_format", ngx_http_model_anthropic_format },
    { "output_config", ngx_http_model_anthropic_output },
    { "stop_sequences", ngx_http_model_anthropic_stops },
    { "temperature", ngx_http_model_anthropic_temperature },
    { "top_p", ngx_http_model_anthropic_top_p },
    { "top_k", ngx_http_model_anthropic_top_k },
    { "metadata", ngx_http_model_anthropic_metadata },
    { NULL, NULL }
};


const ngx_http_model_bridge_api_t  ngx_http_model_bridge_messages = {
    ngx_string("/v1/messages"),
    NGX_HTTP_MODEL_ANTHROPIC,
    NGX_HTTP_MODEL_FRAME_SSE,
    ngx_http_model_anthropic_tables,
    ngx_http_model_anthropic_read_request,
    ngx_http_model_anthropic_write_request,
    ngx_http_model_anthropic_read_answer,
    ngx_http_model_anthropic_read_event,
    ngx_http_model_anthropic_write_event,
    ngx_http_model_anthropic_write_answer
};


/*
 * Servers of other dialects do not count the tokens of a request, and a number
 * that nobody counted is not given: clients estimate by themselves.
 */

const ngx_http_model_bridge_api_t  ngx_http_model_bridge_count_tokens = {
    ngx_string("/v1/messages/count_tokens"),
    NGX_HTTP_MODEL_ANTHROPIC,
    NGX_HTTP_MODEL_FRAME_NONE,
    NULL,
    NULL,
    NULL,
    NULL,
    NULL,
    NULL,
    NULL
};


static ngx_int_t
ngx_http_model_anthropic_read_request(ngx_http_model_bridge_t *b,
    ngx_http_model_json_t *root)
{
    ngx_int_t                               rc;
    ngx_http_model_json_t                  *value;
    const ngx_http_model_anthropic_step_t  *step;

    rc = ngx_http_model_bridge_fields(b,
                &ngx_http_model_anthropic_tables[
                                           NGX_HTTP_MODEL_ANTHROPIC_REQUEST],
                root, NULL, &b->talk.extra);
    if (rc != NGX_OK) {
        return rc;
    }

    if (ngx_http_model_anthropic_get(root, "max_tokens") == NULL) {
        return ngx_http_model_anthropic_missing(b, "", "max_tokens");
    }

    if (ngx_http_model_anthropic_get(root, "messages") == NULL) {
        return ngx_http_model_anthropic_missing(b, "", "messages");
    }

    for (step = ngx_http_model_anthropic_steps; step->name; step++) {

        value = ngx_http_model_anthropic_get(root, step->name);

        if (value == NULL) {
            continue;
        }

        rc = step->read(b, value);

        if (rc != NGX_OK) {
            return rc;
        }
    }

    ngx_http_model_anthropic_settle(b);

    /* Anthropic's servers always tell it */
    b->talk.usage = 1;

    return NGX_OK;
}


/*
 * "adaptive" leaves it to the model whether it thinks, which is what servers
 * do that are not told; only an effort is something to tell.
 */

static void
ngx_http_model_anthropic_settle(ngx_http_model_bridge_t *b)
{
    ngx_http_model_talk_t  *talk;

    talk = &b->talk;

    if (talk->think == NGX_HTTP_MODEL_OFF) {
        ngx_str_null(&talk->effort);

    } else if (talk->think == NGX_HTTP_MODEL_UNSET && talk->effort.len) {
        talk->think = NGX_HTTP_MODEL_ON;
        talk->effort_only = 1;
    }
}


static ngx_int_t
ngx_http_model_anthropic_max(ngx_http_model_bridge_t *b,
    ngx_http_model_json_t *value)
{
    double  n;

    n = (value->type == NGX_HTTP_MODEL_JSON_NUMBER)
        ? ngx_http_model_talk_value(&value->value) : 0;

    if (!(n >= 1) || n > 1e15 || n != (double) (int64_t) n) {
        return ngx_http_model_bridge_refuse(b, "max_tokens", "max_tokens: "
                                            "Input should be an integer "
                                            "greater than or equal to 1");
    }

    b->talk.numbers[NGX_HTTP_MODEL_TALK_MAX] = value->value;

    return NGX_OK;
}


static ngx_int_t
ngx_http_model_anthropic_stream(ngx_http_model_bridge_t *b,
    ngx_http_model_json_t *value)
{
    if (ngx_http_model_bridge_is(b, value, NGX_HTTP_MODEL_JSON_BOOL, "stream")
        != NGX_OK)
    {
        return NGX_DECLINED;
    }

    b->talk.stream = value->value.len ? 1 : 0;

    return NGX_OK;
}


static ngx_int_t
ngx_http_model_anthropic_stops(ngx_http_model_bridge_t *b,
    ngx_http_model_json_t *value)
{
    ngx_str_t  *stop;

    if (ngx_http_model_bridge_is(b, value, NGX_HTTP_MODEL_JSON_ARRAY,
                                 "stop_sequences")
        != NGX_OK)
    {
        return NGX_DECLINED;
    }

    for (value = value->child; value; value = value->next) {

        if (ngx_http_model_bridge_is(b, value, NGX_HTTP_MODEL_JSON_STRING,
                                     "stop_sequences[]")
            != NGX_OK)
        {
            return NGX_DECLINED;
        }

        stop = ngx_array_push(&b->talk.stop);
        if (stop == NULL) {
            return NGX_ERROR;
        }

        *stop = value->value;
    }

    return NGX_OK;
}


static ngx_int_t
ngx_http_model_anthropic_temperature(ngx_http_model_bridge_t *b,
    ngx_http_model_json_t *value)
{
    return ngx_http_model_anthropic_number(b, value, "temperature",
                                           NGX_HTTP_MODEL_TALK_TEMPERATURE);
}


static ngx_int_t
ngx_http_model_anthropic_top_p(ngx_http_model_bridge_t *b,
    ngx_http_model_json_t *value)
{
    return ngx_http_model_anthropic_number(b, value, "top_p",
                                           NGX_HTTP_MODEL_TALK_TOP_P);
}


static ngx_int_t
ngx_http_model_anthropic_top_k(ngx_http_model_bridge_t *b,
    ngx_http_model_json_t *value)
{
    return ngx_http_model_anthropic_number(b, value, "top_k",
                                           NGX_HTTP_MODEL_TALK_TOP_K);
}


static ngx_int_t
ngx_http_model_anthropic_number(ngx_http_model_bridge_t *b,
    ngx_http_model_json_t *value, const char *name, ngx_uint_t n)
{
    if (ngx_http_model_bridge_is(b, value, NGX_HTTP_MODEL_JSON_NUMBER, name)
        != NGX_OK)
    {
        return NGX_DECLINED;
    }

    b->talk.numbers[n] = value->value;

    return NGX_OK;
}


static ngx_int_t
ngx_http_model_anthropic_tools(ngx_http_model_bridge_t *b,
    ngx_http_model_json_t *value)
{
    ngx_int_t  rc;

    if (ngx_http_model_bridge_is(b, value, NGX_HTTP_MODEL_JSON_ARRAY, "tools")
        != NGX_OK)
    {
        return NGX_DECLINED;
    }

    for (value = value->child; value; value = value->next) {

        if (ngx_http_model_bridge_is(b, value, NGX_HTTP_MODEL_JSON_OBJECT,
                                     "tools[]")
            != NGX_OK)
        {
            return NGX_DECLINED;
        }

        rc = ngx_http_model_anthropic_tool(b, value);

        if (rc != NGX_OK) {
            return rc;
        }
    }

    return NGX_OK;
}


static ngx_int_t
ngx_http_model_anthropic_tool(ngx_http_model_bridge_t *b,
    ngx_http_model_json_t *value)
{
    ngx_int_t               rc;
    ngx_str_t               type;
    ngx_array_t            *extra;
    ngx_http_model_tool_t  *tool;

    rc = ngx_http_model_anthropic_str(b, value, "tools[].", "type", 0, &type);
    if (rc != NGX_OK) {
        return rc;
    }

    if (type.len
        && (type.len != 6 || ngx_memcmp(type.data, "custom", 6) != 0))
    {
        type = ngx_http_model_error_quote(b->pool, &type);

        return ngx_http_model_bridge_refuse(b, "tools", "a tool of type "
                          "\"%V\" cannot be had from vendor \"%V\": Anthropic "
                          "defines it, and other servers do not know it; use "
                          "tools with a name and an \"input_schema\" of your "
                          "own", &type, &b->vendor);
    }

    extra = NULL;

    rc = ngx_http_model_bridge_fields(b,
              &ngx_http_model_anthropic_tables[NGX_HTTP_MODEL_ANTHROPIC_TOOL],
              value, NULL, &extra);
    if (rc != NGX_OK) {
        return rc;
    }

    tool = ngx_http_model_talk_tool(&b->talk);
    if (tool == NULL) {
        return NGX_ERROR;
    }

    tool->extra = extra;

    rc = ngx_http_model_anthropic_str(b, value, "tools[].", "name", 1,
                                      &tool->name);
    if (rc == NGX_OK) {
        rc = ngx_http_model_anthropic_str(b, value, "tools[].", "description",
                                          0, &tool->description);
    }

    if (rc == NGX_OK) {
        rc = ngx_http_model_anthropic_bool(b, value, "tools[].", "strict",
                                           &tool->strict);
    }

    if (rc != NGX_OK) {
        return rc;
    }

    tool->parameters = ngx_http_model_anthropic_get(value, "input_schema");

    if (tool->parameters == NULL) {
        return ngx_http_model_anthropic_missing(b, "tools[].", "input_schema");
    }

    return ngx_http_model_bridge_is(b, tool->parameters,
                                    NGX_HTTP_MODEL_JSON_OBJECT,
                                    "tools[].input_schema");
}


static ngx_int_t
ngx_http_model_anthropic_choice(ngx_http_model_bridge_t *b,
    ngx_http_model_json_t *value)
{
    ngx_int_t               rc;
    ngx_str_t               type;
    ngx_uint_t              n, single;
    ngx_http_model_talk_t  *talk;

    static const char  *types[] = { "auto", "any", "tool", "none", NULL };

    static const ngx_uint_t  choices[] = {
        NGX_HTTP_MODEL_CHOICE_AUTO,
        NGX_HTTP_MODEL_CHOICE_ANY,
        NGX_HTTP_MODEL_CHOICE_NAMED,
        NGX_HTTP_MODEL_CHOICE_NONE
    };

    talk = &b->talk;

    rc = ngx_http_model_bridge_is(b, value, NGX_HTTP_MODEL_JSON_OBJECT,
                                  "tool_choice");
    if (rc == NGX_OK) {
        rc = ngx_http_model_bridge_fields(b,
            &ngx_http_model_anthropic_tables[NGX_HTTP_MODEL_ANTHROPIC_CHOICE],
            value, NULL, NULL);
    }

    if (rc == NGX_OK) {
        rc = ngx_http_model_anthropic_str(b, value, "tool_choice.", "type", 1,
                                          &type);
    }

    if (rc == NGX_OK) {
        rc = ngx_http_model_anthropic_bool(b, value, "tool_choice.",
                                           "disable_parallel_tool_use",
                                           &single);
    }

    if (rc != NGX_OK) {
        return rc;
    }

    if (!ngx_http_model_anthropic_word(&type, types, &n)) {
        return ngx_http_model_bridge_refuse(b, "tool_choice",
                                            "tool_choice.type: Input should "
                                            "be \"auto\", \"any\", \"tool\" "
                                            "or \"none\"");
    }

    talk->choice = choices[n];

    if (single == NGX_HTTP_MODEL_ON) {
        talk->parallel = NGX_HTTP_MODEL_OFF;
    }

    if (talk->choice != NGX_HTTP_MODEL_CHOICE_NAMED) {
        return NGX_OK;
    }

    return ngx_http_model_anthropic_str(b, value, "tool_choice.", "name", 1,
                                        &talk->chosen);
}


static ngx_int_t
ngx_http_model_anthropic_thinking(ngx_http_model_bridge_t *b,
    ngx_http_model_json_t *value)
{
    ngx_int_t   rc;
    ngx_str_t   type;
    ngx_uint_t  n;

    static const char  *types[] = {
        "enabled", "disabled", "adaptive", "between_tools", NULL
    };

    static const ngx_uint_t  thinks[] = {
        NGX_HTTP_MODEL_ON,
        NGX_HTTP_MODEL_OFF,
        NGX_HTTP_MODEL_UNSET,
        NGX_HTTP_MODEL_OFF
    };

    rc = ngx_http_model_bridge_is(b, value, NGX_HTTP_MODEL_JSON_OBJECT,
                                  "thinking");
    if (rc == NGX_OK) {
        rc = ngx_http_model_bridge_fields(b,
          &ngx_http_model_anthropic_tables[NGX_HTTP_MODEL_ANTHROPIC_THINKING],
          value, NULL, NULL);
    }

    if (rc == NGX_OK) {
        rc = ngx_http_model_anthropic_str(b, value, "thinking.", "type", 1,
                                          &type);
    }

    if (rc != NGX_OK) {
        return rc;
    }

    if (!ngx_http_model_anthropic_word(&type, types, &n)) {
        return ngx_http_model_bridge_refuse(b, "thinking", "thinking.type: "
                                            "Input should be \"enabled\", "
                                            "\"disabled\" or \"adaptive\"");
    }

    b->talk.think = thinks[n];

    if (b->talk.think != NGX_HTTP_MODEL_ON) {
        return NGX_OK;
    }

    value = ngx_http_model_anthropic_get(value, "budget_tokens");

    if (value == NULL) {
        return ngx_http_model_anthropic_missing(b, "thinking.",
                                                "budget_tokens");
    }

    if (ngx_http_model_bridge_is(b, value, NGX_HTTP_MODEL_JSON_NUMBER,
                                 "thinking.budget_tokens")
        != NGX_OK)
    {
        return NGX_DECLINED;
    }

    b->talk.budget = (int64_t) ngx_min(ngx_http_model_talk_value(
                                                      &value->value), 1e15);

    if (b->talk.budget < 1024) {
        return ngx_http_model_bridge_refuse(b, "thinking",
                                            "thinking.budget_tokens: Input "
                                            "should be greater than or equal "
                                            "to 1024");
    }

    return NGX_OK;
}


static ngx_int_t
ngx_http_model_anthropic_output(ngx_http_model_bridge_t *b,
    ngx_http_model_json_t *value)
{
    ngx_int_t   rc;
    ngx_uint_t  n;

    static const char  *efforts[] = {
        "minimal", "low", "medium", "high", "xhigh", "max", NULL
    };

    rc = ngx_http_model_bridge_is(b, value, NGX_HTTP_MODEL_JSON_OBJECT,
                                  "output_config");
    if (rc == NGX_OK) {
        rc = ngx_http_model_bridge_fields(b,
            &ngx_http_model_anthropic_tables[NGX_HTTP_MODEL_ANTHROPIC_OUTPUT],
            value, NULL, NULL);
    }

    if (rc == NGX_OK) {
        rc = ngx_http_model_anthropic_str(b, value, "output_config.", "effort",
                                          0, &b->talk.effort);
    }

    if (rc != NGX_OK) {
        return rc;
    }

    if (b->talk.effort.len
        && !ngx_http_model_anthropic_word(&b->talk.effort, efforts, &n))
    {
        return ngx_http_model_bridge_refuse(b, "output_config",
                                            "output_config.effort: Input "
                                            "should be \"low\", \"medium\", "
                                            "\"high\", \"xhigh\" or \"max\"");
    }

    value = ngx_http_model_anthropic_get(value, "format");

    return value ? ngx_http_model_anthropic_format(b, value) : NGX_OK;
}


static ngx_int_t
ngx_http_model_anthropic_format(ngx_http_model_bridge_t *b,
    ngx_http_model_json_t *value)
{
    ngx_int_t               rc;
    ngx_str_t               type;
    ngx_http_model_talk_t  *talk;

    talk = &b->talk;

    rc = ngx_http_model_bridge_is(b, value, NGX_HTTP_MODEL_JSON_OBJECT,
                                  "output_config.format");
    if (rc == NGX_OK) {
        rc = ngx_http_model_bridge_fields(b,
            &ngx_http_model_anthropic_tables[NGX_HTTP_MODEL_ANTHROPIC_FORMAT],
            value, NULL, NULL);
    }

    if (rc == NGX_OK) {
        rc = ngx_http_model_anthropic_str(b, value, "output_config.format.",
                                          "type", 1, &type);
    }

    if (rc == NGX_OK) {
        rc = ngx_http_model_anthropic_str(b, value, "output_config.format.",
                                          "name", 0, &talk->schema_name);
    }

    if (rc != NGX_OK) {
        return rc;
    }

    if (type.len != 11 || ngx_memcmp(type.data, "json_schema", 11) != 0) {
        return ngx_http_model_bridge_refuse(b, "output_config",
                                            "output_config.format.type: Input "
                                            "should be \"json_schema\"");
    }

    talk->schema = ngx_http_model_anthropic_get(value, "schema");

    if (talk->schema == NULL) {
        return ngx_http_model_anthropic_missing(b, "output_config.format.",
                                                "schema");
    }

    talk->format = NGX_HTTP_MODEL_FORMAT_SCHEMA;

    return ngx_http_model_bridge_is(b, talk->schema,
                                    NGX_HTTP_MODEL_JSON_OBJECT,
                                    "output_config.format.schema");
}


static ngx_int_t
ngx_http_model_anthropic_metadata(ngx_http_model_bridge_t *b,
    ngx_http_model_json_t *value)
{
    ngx_int_t  rc;

    rc = ngx_http_model_bridge_is(b, value, NGX_HTTP_MODEL_JSON_OBJECT,
                                  "metadata");
    if (rc == NGX_OK) {
        rc = ngx_http_model_bridge_fields(b,
          &ngx_http_model_anthropic_tables[NGX_HTTP_MODEL_ANTHROPIC_METADATA],
          value, NULL, NULL);
    }

    if (rc != NGX_OK) {
        return rc;
    }

    return ngx_http_model_anthropic_str(b, value, "metadata.", "user_id", 0,
                                        &b->talk.user);
}


/* whom Anthropic bills: the key's owner, as everybody does, is fine */

ngx_int_t
ngx_http_model_anthropic_billing(ngx_http_model_bridge_t *b,
    ngx_http_model_json_t *value, void *data)
{
    ngx_str_t  to;

    (void) b;
    (void) data;

    (void) ngx_http_model_json_get_str(value, "bill_to", &to);

    return (to.len == 0
            || (to.len == 4 && ngx_memcmp(to.data, "self", 4) == 0))
           ? NGX_OK : NGX_DECLINED;
}


/* with this code SDKs send the conversation whole, without a thread */

ngx_int_t
ngx_http_model_anthropic_thread(ngx_http_model_bridge_t *b,
    ngx_http_model_json_t *value, void *data)
{
    (void) value;
    (void) data;

    b->code = "thread_unsupported_request";

    return NGX_DECLINED;
}


ngx_int_t
ngx_http_model_anthropic_clear(ngx_http_model_bridge_t *b,
    ngx_http_model_json_t *value, void *data)
{
    (void) b;
    (void) data;

    return (value->type == NGX_HTTP_MODEL_JSON_STRING
            && value->value.len == 5
            && ngx_memcmp(value->value.data, "never", 5) == 0)
           ? NGX_OK : NGX_DECLINED;
}


ngx_int_t
ngx_http_model_anthropic_citations(ngx_http_model_bridge_t *b,
    ngx_http_model_json_t *value, void *data)
{
    ngx_http_model_json_t  *enabled;

    (void) b;
    (void) data;

    enabled = ngx_http_model_anthropic_get(value, "enabled");

    return (enabled && enabled->value.len) ? NGX_DECLINED : NGX_OK;
}


static ngx_uint_t
ngx_http_model_anthropic_word(ngx_str_t *s, const char **words, ngx_uint_t *n)
{
    ngx_uint_t  i;

    for (i = 0; words[i]; i++) {

        if (ngx_strlen(words[i]) == s->len
            && ngx_memcmp(words[i], s->data, s->len) == 0)
        {
            *n = i;
            return 1;
        }
    }

    return 0;
}


ngx_http_model_json_t *
ngx_http_model_anthropic_get(ngx_http_model_json_t *object, const char *key)
{
    ngx_http_model_json_t  *value;

    value = ngx_http_model_json_get(object, key);

    return (value && value->type != NGX_HTTP_MODEL_JSON_NULL) ? value : NULL;
}


ngx_int_t
ngx_http_model_anthropic_str(ngx_http_model_bridge_t *b,
    ngx_http_model_json_t *object, const char *where, const char *key,
    ngx_uint_t required, ngx_str_t *value)
{
    ngx_http_model_json_t  *member;

    ngx_str_null(value);

    member = ngx_http_model_anthropic_get(object, key);

    if (member == NULL) {
        return required ? ngx_http_model_anthropic_missing(b, where, key)
                        : NGX_OK;
    }

    if (member->type != NGX_HTTP_MODEL_JSON_STRING) {
        return ngx_http_model_bridge_refuse(b, key, "%s%s: Input should be a "
                                            "valid string", where, key);
    }

    *value = member->value;

    return NGX_OK;
}


ngx_int_t
ngx_http_model_anthropic_bool(ngx_http_model_bridge_t *b,
    ngx_http_model_json_t *object, const char *where, const char *key,
    ngx_uint_t *value)
{
    ngx_http_model_json_t  *member;

    *value = NGX_HTTP_MODEL_UNSET;

    member = ngx_http_model_anthropic_get(object, key);

    if (member == NULL) {
        return NGX_OK;
    }

    if (member->type != NGX_HTTP_MODEL_JSON_BOOL) {
        return ngx_http_model_bridge_refuse(b, key, "%s%s: Input should be a "
                                            "valid boolean", where, key);
    }

    *value = member->value.len ? NGX_HTTP_MODEL_ON : NGX_HTTP_MODEL_OFF;

    return NGX_OK;
}


ngx_int_t
ngx_http_model_anthropic_missing(ngx_http_model_bridge_t *b,
    const char *where, const char *key)
{
    return ngx_http_model_bridge_refuse(b, key, "%s%s: Field required", where,
                                        key);
}
