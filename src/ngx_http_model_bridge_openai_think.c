
/*
 * Copyright (C) the ngx_http_model_module authors
 */


#include <ngx_config.h>
#include <ngx_core.h>

#include "ngx_http_model_bridge_openai.h"


#define MAP     NGX_HTTP_MODEL_FIELD_MAP
#define DROP    NGX_HTTP_MODEL_FIELD_DROP
#define SAME    NGX_HTTP_MODEL_FIELD_SAME

#define TAKEN   ngx_http_model_openai_taken


static ngx_int_t ngx_http_model_openai_reasoning(ngx_http_model_bridge_t *b,
    ngx_http_model_json_t *value);
static ngx_int_t ngx_http_model_openai_thinking(ngx_http_model_bridge_t *b,
    ngx_http_model_json_t *value);
static ngx_int_t ngx_http_model_openai_switch(ngx_http_model_bridge_t *b,
    ngx_http_model_json_t *object, const char *name, const char *what);
static ngx_int_t ngx_http_model_openai_budget(ngx_http_model_bridge_t *b,
    ngx_http_model_json_t *object, const char *name, const char *what);
static ngx_int_t ngx_http_model_openai_effort(ngx_http_model_bridge_t *b,
    ngx_http_model_json_t *object, const char *name, const char *what);


/* towards Ollama, OpenAI, Anthropic */

const ngx_http_model_field_t  ngx_http_model_openai_kwargs_rows[] = {
    { "enable_thinking", TAKEN, { MAP, SAME, MAP }, "think; thinking" },
    { "thinking", TAKEN, { MAP, SAME, MAP },
      "the same, as some templates name it" },
    { "reasoning_effort", TAKEN, { MAP, SAME, MAP },
      "as the member of this name" },
    { NULL, NULL, { 0, 0, 0 }, NULL }
};


const ngx_http_model_field_t  ngx_http_model_openai_reasoning_rows[] = {
    { "effort", TAKEN, { MAP, SAME, MAP }, "as reasoning_effort" },
    { "max_tokens", TAKEN, { MAP, SAME, MAP },
      "think; thinking.budget_tokens" },
    { "enabled", TAKEN, { MAP, SAME, MAP }, "think; thinking" },
    { "exclude", TAKEN, { MAP, SAME, MAP },
      "thinking is left out of the answer" },
    { "summary", NULL, { DROP, SAME, DROP }, "thinking comes as it is" },
    { NULL, NULL, { 0, 0, 0 }, NULL }
};


const ngx_http_model_field_t  ngx_http_model_openai_thinking_rows[] = {
    { "type", TAKEN, { MAP, SAME, MAP },
      "enabled, adaptive, auto; disabled" },
    { "budget_tokens", TAKEN, { MAP, SAME, MAP },
      "think; thinking.budget_tokens" },
    { NULL, NULL, { 0, 0, 0 }, NULL }
};


/* the same in the words of several servers; an effort says most */

ngx_int_t
ngx_http_model_openai_read_think(ngx_http_model_bridge_t *b,
    ngx_http_model_json_t *root)
{
    ngx_int_t                       rc;
    ngx_uint_t                      flag;
    ngx_http_model_json_t          *value;
    ngx_http_model_openai_input_t  *input;

    rc = ngx_http_model_openai_get(b, root, "chat_template_kwargs",
                                   NGX_HTTP_MODEL_JSON_OBJECT,
                                   "chat_template_kwargs", &value);

    if (rc == NGX_OK && value) {
        rc = ngx_http_model_bridge_fields(b,
                 &ngx_http_model_openai_tables[NGX_HTTP_MODEL_OPENAI_KWARGS],
                 value, NULL, NULL);
    }

    if (rc == NGX_OK) {
        rc = ngx_http_model_openai_switch(b, value, "thinking",
                                          "chat_template_kwargs.thinking");
    }

    if (rc == NGX_OK) {
        rc = ngx_http_model_openai_switch(b, value, "enable_thinking",
                                          "chat_template_kwargs."
                                          "enable_thinking");
    }

    if (rc == NGX_OK) {
        rc = ngx_http_model_openai_effort(b, value, "reasoning_effort",
                                          "chat_template_kwargs."
                                          "reasoning_effort");
    }

    if (rc == NGX_OK) {
        rc = ngx_http_model_openai_switch(b, root, "enable_thinking",
                                          "enable_thinking");
    }

    if (rc == NGX_OK) {
        rc = ngx_http_model_openai_budget(b, root, "thinking_budget",
                                          "thinking_budget");
    }

    if (rc == NGX_OK) {
        rc = ngx_http_model_openai_get(b, root, "thinking",
                                       NGX_HTTP_MODEL_JSON_OBJECT, "thinking",
                                       &value);
    }

    if (rc == NGX_OK && value) {
        rc = ngx_http_model_openai_thinking(b, value);
    }

    if (rc == NGX_OK) {
        rc = ngx_http_model_openai_get(b, root, "reasoning",
                                       NGX_HTTP_MODEL_JSON_OBJECT, "reasoning",
                                       &value);
    }

    if (rc == NGX_OK && value) {
        rc = ngx_http_model_openai_reasoning(b, value);
    }

    if (rc == NGX_OK) {
        rc = ngx_http_model_openai_flag(b, root, "include_reasoning",
                                        "include_reasoning", &flag);
    }

    if (rc != NGX_OK) {
        return rc;
    }

    if (flag == NGX_HTTP_MODEL_OFF) {
        input = b->input;
        input->silent = 1;
    }

    return ngx_http_model_openai_effort(b, root, "reasoning_effort",
                                        "reasoning_effort");
}


static ngx_int_t
ngx_http_model_openai_reasoning(ngx_http_model_bridge_t *b,
    ngx_http_model_json_t *value)
{
    ngx_int_t                       rc;
    ngx_uint_t                      flag;
    ngx_http_model_openai_input_t  *input;

    rc = ngx_http_model_bridge_fields(b,
             &ngx_http_model_openai_tables[NGX_HTTP_MODEL_OPENAI_REASONING],
             value, NULL, NULL);

    if (rc == NGX_OK) {
        rc = ngx_http_model_openai_switch(b, value, "enabled",
                                          "reasoning.enabled");
    }

    if (rc == NGX_OK) {
        rc = ngx_http_model_openai_budget(b, value, "max_tokens",
                                          "reasoning.max_tokens");
    }

    if (rc == NGX_OK) {
        rc = ngx_http_model_openai_flag(b, value, "exclude",
                                        "reasoning.exclude", &flag);
    }

    if (rc != NGX_OK) {
        return rc;
    }

    if (flag == NGX_HTTP_MODEL_ON) {
        input = b->input;
        input->silent = 1;
    }

    return ngx_http_model_openai_effort(b, value, "effort",
                                        "reasoning.effort");
}


static ngx_int_t
ngx_http_model_openai_thinking(ngx_http_model_bridge_t *b,
    ngx_http_model_json_t *value)
{
    ngx_int_t               rc;
    ngx_http_model_json_t  *type;

    rc = ngx_http_model_bridge_fields(b,
             &ngx_http_model_openai_tables[NGX_HTTP_MODEL_OPENAI_THINKING],
             value, NULL, NULL);

    if (rc == NGX_OK) {
        rc = ngx_http_model_openai_budget(b, value, "budget_tokens",
                                          "thinking.budget_tokens");
    }

    if (rc != NGX_OK) {
        return rc;
    }

    type = ngx_http_model_json_get(value, "type");

    if (ngx_http_model_openai_word(type, "disabled")) {
        b->talk.think = NGX_HTTP_MODEL_OFF;
        return NGX_OK;
    }

    if (ngx_http_model_openai_word(type, "enabled")
        || ngx_http_model_openai_word(type, "adaptive")
        || ngx_http_model_openai_word(type, "auto"))
    {
        b->talk.think = NGX_HTTP_MODEL_ON;
        return NGX_OK;
    }

    return ngx_http_model_bridge_refuse(b, "thinking",
                                        "\"thinking.type\" must be enabled or "
                                        "disabled");
}


static ngx_int_t
ngx_http_model_openai_switch(ngx_http_model_bridge_t *b,
    ngx_http_model_json_t *object, const char *name, const char *what)
{
    ngx_int_t   rc;
    ngx_uint_t  flag;

    rc = ngx_http_model_openai_flag(b, object, name, what, &flag);

    if (rc == NGX_OK && flag != NGX_HTTP_MODEL_UNSET) {
        b->talk.think = flag;
    }

    return rc;
}


/* 0: not to think at all */

static ngx_int_t
ngx_http_model_openai_budget(ngx_http_model_bridge_t *b,
    ngx_http_model_json_t *object, const char *name, const char *what)
{
    ngx_int_t               rc;
    ngx_http_model_json_t  *value;

    rc = ngx_http_model_openai_get(b, object, name, NGX_HTTP_MODEL_JSON_NUMBER,
                                   what, &value);
    if (rc != NGX_OK || value == NULL) {
        return rc;
    }

    b->talk.budget = ngx_http_model_json_get_int(object, name);

    if (b->talk.budget == 0) {
        b->talk.budget = -1;
        b->talk.think = NGX_HTTP_MODEL_OFF;

    } else if (b->talk.budget > 0) {
        b->talk.think = NGX_HTTP_MODEL_ON;
    }

    return NGX_OK;
}


static ngx_int_t
ngx_http_model_openai_effort(ngx_http_model_bridge_t *b,
    ngx_http_model_json_t *object, const char *name, const char *what)
{
    ngx_int_t               rc;
    ngx_uint_t              i;
    ngx_http_model_json_t  *value;

    static const char  *efforts[] = {
        "none", "minimal", "low", "medium", "high", "xhigh", "max"
    };

    rc = ngx_http_model_openai_get(b, object, name, NGX_HTTP_MODEL_JSON_STRING,
                                   what, &value);
    if (rc != NGX_OK || value == NULL) {
        return rc;
    }

    for (i = 0; i < sizeof(efforts) / sizeof(efforts[0]); i++) {

        if (!ngx_http_model_openai_word(value, efforts[i])) {
            continue;
        }

        b->talk.effort_only = 1;

        if (i == 0) {
            b->talk.think = NGX_HTTP_MODEL_OFF;
            ngx_str_null(&b->talk.effort);

        } else {
            b->talk.think = NGX_HTTP_MODEL_ON;
            b->talk.effort = value->value;
        }

        return NGX_OK;
    }

    return ngx_http_model_bridge_refuse(b, name, "\"%s\" must be one of none, "
                                        "minimal, low, medium, high, xhigh, "
                                        "max", what);
}
