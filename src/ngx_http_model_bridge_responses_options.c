
/*
 * Copyright (C) the ngx_http_model_module authors
 */


#include <ngx_config.h>
#include <ngx_core.h>

#include "ngx_http_model_bridge_responses.h"


static ngx_int_t ngx_http_model_responses_format(ngx_http_model_bridge_t *b,
    ngx_http_model_json_t *value, void *data);
static ngx_int_t ngx_http_model_responses_schema(ngx_http_model_bridge_t *b,
    ngx_http_model_json_t *value);
static ngx_int_t ngx_http_model_responses_verbosity(ngx_http_model_bridge_t *b,
    ngx_http_model_json_t *value, void *data);
static ngx_int_t ngx_http_model_responses_effort(ngx_http_model_bridge_t *b,
    ngx_http_model_json_t *value, void *data);


const ngx_http_model_field_t  ngx_http_model_responses_texts[] = {

    { "format", ngx_http_model_responses_format,
      NGX_HTTP_MODEL_RESPONSES_MAP,
      "text, a JSON object, or what fits a schema" },

    { "verbosity", ngx_http_model_responses_verbosity,
      NGX_HTTP_MODEL_RESPONSES_TO_OPENAI,
      "is a hint that OpenAI's models know" },

    { NULL, NULL, NGX_HTTP_MODEL_RESPONSES_DROP, NULL }
};


const ngx_http_model_field_t  ngx_http_model_responses_formats[] = {
    { "type", ngx_http_model_responses_a_string,
      NGX_HTTP_MODEL_RESPONSES_MAP, NULL },

    { "name", ngx_http_model_responses_a_string,
      NGX_HTTP_MODEL_RESPONSES_TO_OPENAI,
      "of the schema" },

    { "description", ngx_http_model_responses_a_string,
      NGX_HTTP_MODEL_RESPONSES_TO_OPENAI,
      "of the schema" },

    { "schema", ngx_http_model_responses_an_object,
      NGX_HTTP_MODEL_RESPONSES_MAP, NULL },

    { "strict", ngx_http_model_responses_a_flag,
      NGX_HTTP_MODEL_RESPONSES_TO_OPENAI,
      "others make all answers fit" },

    { NULL, NULL, NGX_HTTP_MODEL_RESPONSES_DROP, NULL }
};


const ngx_http_model_field_t  ngx_http_model_responses_reasonings[] = {

    { "effort", ngx_http_model_responses_effort, NGX_HTTP_MODEL_RESPONSES_MAP,
      "\"none\" turns thinking off" },

    { "summary", NULL, NGX_HTTP_MODEL_RESPONSES_DROP,
      "what the model thinks is told as the summary whenever it is known" },

    { "generate_summary", NULL, NGX_HTTP_MODEL_RESPONSES_DROP,
      "is the old name of \"summary\"" },

    { "context", NULL, NGX_HTTP_MODEL_RESPONSES_DROP,
      "reasoning that stands in \"input\" is told to servers that know such" },

    { "mode", ngx_http_model_responses_only_usual,
      NGX_HTTP_MODEL_RESPONSES_REFUSE,
      "it is OpenAI's own, send \"standard\" or leave it out" },

    { NULL, NULL, NGX_HTTP_MODEL_RESPONSES_DROP, NULL }
};


const ngx_http_model_field_t  ngx_http_model_responses_caches[] = {

    { "mode", NULL, NGX_HTTP_MODEL_RESPONSES_DROP,
      "is a hint for OpenAI's caches" },

    { "ttl", NULL, NGX_HTTP_MODEL_RESPONSES_DROP,
      "is a hint for OpenAI's caches" },

    { "comparison_response_id", NULL, NGX_HTTP_MODEL_RESPONSES_DROP,
      "nothing is kept here to be compared with" },

    { "prewarm", NULL, NGX_HTTP_MODEL_RESPONSES_REFUSE,
      "a chat cannot be asked without an answer, leave it out" },

    { NULL, NULL, NGX_HTTP_MODEL_RESPONSES_DROP, NULL }
};


const ngx_http_model_field_t  ngx_http_model_responses_pictures[] = {

    { "context_compression", ngx_http_model_responses_only_usual,
      NGX_HTTP_MODEL_RESPONSES_REFUSE,
      "it is OpenAI's own, send \"auto\" or leave it out" },

    { NULL, NULL, NGX_HTTP_MODEL_RESPONSES_DROP, NULL }
};


/* "text", "reasoning" and others that are objects of members of their own */

ngx_int_t
ngx_http_model_responses_read_object(ngx_http_model_bridge_t *b,
    ngx_http_model_json_t *value, void *data)
{
    ngx_int_t   rc;
    ngx_uint_t  i;

    static const ngx_http_model_field_table_t  tables[] = {
        { "text", "text.", ngx_http_model_responses_texts },
        { "reasoning", "reasoning.", ngx_http_model_responses_reasonings },
        { "image", "image.", ngx_http_model_responses_pictures },
        { "prompt_cache_options", "prompt_cache_options.",
          ngx_http_model_responses_caches }
    };

    /* the last one is what is left */

    for (i = 0; i < sizeof(tables) / sizeof(tables[0]) - 1; i++) {
        if (ngx_http_model_responses_is(&value->key, tables[i].title)) {
            break;
        }
    }

    rc = ngx_http_model_bridge_is(b, value, NGX_HTTP_MODEL_JSON_OBJECT,
                                  tables[i].title);

    if (rc != NGX_OK) {
        return rc;
    }

    return ngx_http_model_bridge_fields(b, &tables[i], value, data, NULL);
}


static ngx_int_t
ngx_http_model_responses_format(ngx_http_model_bridge_t *b,
    ngx_http_model_json_t *value, void *data)
{
    ngx_int_t  rc;
    ngx_str_t  type;

    (void) data;

    static const ngx_http_model_field_table_t  table = {
        "text.format", "text.format.", ngx_http_model_responses_formats
    };

    rc = ngx_http_model_bridge_is(b, value, NGX_HTTP_MODEL_JSON_OBJECT,
                                  "text.format");
    if (rc == NGX_OK) {
        rc = ngx_http_model_bridge_fields(b, &table, value, NULL, NULL);
    }

    if (rc != NGX_OK) {
        return rc;
    }

    (void) ngx_http_model_json_get_str(value, "type", &type);

    if (ngx_http_model_responses_is(&type, "text")) {
        return NGX_OK;
    }

    if (ngx_http_model_responses_is(&type, "json_object")) {
        b->talk.format = NGX_HTTP_MODEL_FORMAT_JSON;
        return NGX_OK;
    }

    if (ngx_http_model_responses_is(&type, "json_schema")) {
        return ngx_http_model_responses_schema(b, value);
    }

    return ngx_http_model_responses_refuse_type(b, "text.format", &type,
                       "it must be \"text\", \"json_object\" or "
                       "\"json_schema\"");
}


static ngx_int_t
ngx_http_model_responses_schema(ngx_http_model_bridge_t *b,
    ngx_http_model_json_t *value)
{
    ngx_http_model_talk_t  *talk;
    ngx_http_model_json_t  *strict;

    talk = &b->talk;

    talk->format = NGX_HTTP_MODEL_FORMAT_SCHEMA;
    talk->schema = ngx_http_model_json_get(value, "schema");

    if (talk->schema == NULL
        || talk->schema->type != NGX_HTTP_MODEL_JSON_OBJECT)
    {
        return ngx_http_model_bridge_refuse(b, "text.format",
                                            "\"text.format.schema\" must be "
                                            "an object");
    }

    (void) ngx_http_model_json_get_str(value, "name", &talk->schema_name);
    (void) ngx_http_model_json_get_str(value, "description",
                                       &talk->schema_description);

    strict = ngx_http_model_json_get(value, "strict");

    if (strict && strict->type == NGX_HTTP_MODEL_JSON_BOOL) {
        talk->schema_strict = strict->value.len ? NGX_HTTP_MODEL_ON
                                                : NGX_HTTP_MODEL_OFF;
    }

    return NGX_OK;
}


/* a member of the request there */

static ngx_int_t
ngx_http_model_responses_verbosity(ngx_http_model_bridge_t *b,
    ngx_http_model_json_t *value, void *data)
{
    (void) data;

    return ngx_http_model_talk_extra(b->pool, &b->talk.extra, value);
}


static ngx_int_t
ngx_http_model_responses_effort(ngx_http_model_bridge_t *b,
    ngx_http_model_json_t *value, void *data)
{
    ngx_int_t   rc;
    ngx_uint_t  i;

    (void) data;

    static const char  *efforts[] = {
        "minimal", "low", "medium", "high", "xhigh", "max"
    };

    rc = ngx_http_model_bridge_is(b, value, NGX_HTTP_MODEL_JSON_STRING,
                                  "reasoning.effort");
    if (rc != NGX_OK) {
        return rc;
    }

    b->talk.effort_only = 1;

    if (ngx_http_model_responses_is(&value->value, "none")) {
        b->talk.think = NGX_HTTP_MODEL_OFF;
        return NGX_OK;
    }

    for (i = 0; i < sizeof(efforts) / sizeof(efforts[0]); i++) {
        if (ngx_http_model_responses_is(&value->value, efforts[i])) {
            b->talk.think = NGX_HTTP_MODEL_ON;
            b->talk.effort = value->value;

            return NGX_OK;
        }
    }

    return ngx_http_model_bridge_refuse(b, "reasoning.effort",
                                        "\"reasoning.effort\" must be none, "
                                        "minimal, low, medium, high, xhigh or "
                                        "max");
}


ngx_int_t
ngx_http_model_responses_read_include(ngx_http_model_bridge_t *b,
    ngx_http_model_json_t *value, void *data)
{
    ngx_int_t               rc;
    ngx_uint_t              i;
    ngx_http_model_json_t  *name;

    (void) data;

    /* encrypted content is told in any case; of the others there is none */

    static const char  *harmless[] = {
        "reasoning.encrypted_content",
        "file_search_call.results",
        "web_search_call.results",
        "web_search_call.action.sources",
        "message.input_image.image_url",
        "computer_call_output.output.image_url",
        "code_interpreter_call.outputs",
        NULL
    };

    rc = ngx_http_model_bridge_is(b, value, NGX_HTTP_MODEL_JSON_ARRAY,
                                  "include");
    if (rc != NGX_OK) {
        return rc;
    }

    for (name = value->child; name; name = name->next) {

        if (name->type == NGX_HTTP_MODEL_JSON_STRING
            && ngx_http_model_responses_is(&name->value,
                                           "message.output_text.logprobs"))
        {
            if (b->to == NGX_HTTP_MODEL_ANTHROPIC) {
                return ngx_http_model_bridge_refuse(b, "include", "vendor "
                           "\"%V\" tells no logprobs, leave "
                           "\"message.output_text.logprobs\" out of "
                           "\"include\"", &b->vendor);
            }

            b->talk.logprobs = NGX_HTTP_MODEL_ON;
            continue;
        }

        i = 0;

        while (harmless[i]
               && (name->type != NGX_HTTP_MODEL_JSON_STRING
                   || !ngx_http_model_responses_is(&name->value, harmless[i])))
        {
            i++;
        }

        if (harmless[i] == NULL) {
            return ngx_http_model_responses_refuse_type(b, "include",
                       (name->type == NGX_HTTP_MODEL_JSON_STRING)
                       ? &name->value : NULL, "it is not known");
        }
    }

    return NGX_OK;
}


ngx_int_t
ngx_http_model_responses_read_truncation(ngx_http_model_bridge_t *b,
    ngx_http_model_json_t *value, void *data)
{
    (void) data;

    if (value->type == NGX_HTTP_MODEL_JSON_STRING
        && (ngx_http_model_responses_is(&value->value, "auto")
            || ngx_http_model_responses_is(&value->value, "disabled")))
    {
        return NGX_OK;
    }

    return ngx_http_model_bridge_refuse(b, "truncation", "\"truncation\" must "
                                        "be \"auto\" or \"disabled\"");
}


ngx_int_t
ngx_http_model_responses_read_metadata(ngx_http_model_bridge_t *b,
    ngx_http_model_json_t *value, void *data)
{
    ngx_int_t               rc;
    ngx_http_model_json_t  *member;

    (void) data;

    rc = ngx_http_model_bridge_is(b, value, NGX_HTTP_MODEL_JSON_OBJECT,
                                  "metadata");
    if (rc != NGX_OK) {
        return rc;
    }

    for (member = value->child; member; member = member->next) {
        if (member->type != NGX_HTTP_MODEL_JSON_STRING) {
            return ngx_http_model_bridge_refuse(b, "metadata", "the values of "
                                                "\"metadata\" must be strings");
        }
    }

    return NGX_OK;
}


/* values of what is refused that ask for what is done anyway */

ngx_int_t
ngx_http_model_responses_only_usual(ngx_http_model_bridge_t *b,
    ngx_http_model_json_t *value, void *data)
{
    ngx_uint_t  i;

    (void) b;
    (void) data;

    static const char  *usual[] = { "auto", "default", "standard", "disabled" };

    if (value->type != NGX_HTTP_MODEL_JSON_STRING) {
        return NGX_DECLINED;
    }

    for (i = 0; i < sizeof(usual) / sizeof(usual[0]); i++) {
        if (ngx_http_model_responses_is(&value->value, usual[i])) {
            return NGX_OK;
        }
    }

    return NGX_DECLINED;
}
