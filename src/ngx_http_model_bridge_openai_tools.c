
/*
 * Copyright (C) the ngx_http_model_module authors
 */


#include <ngx_config.h>
#include <ngx_core.h>

#include "ngx_http_model_bridge_openai.h"


#define MAP     NGX_HTTP_MODEL_FIELD_MAP
#define DROP    NGX_HTTP_MODEL_FIELD_DROP
#define REFUSE  NGX_HTTP_MODEL_FIELD_REFUSE
#define PASS    NGX_HTTP_MODEL_FIELD_PASS
#define SAME    NGX_HTTP_MODEL_FIELD_SAME

#define TAKEN   ngx_http_model_openai_taken

#define NGX_HTTP_MODEL_OPENAI_ALLOWED  1024   /* most allowed_tools */


static ngx_int_t ngx_http_model_openai_tools(ngx_http_model_bridge_t *b,
    ngx_http_model_json_t *root);
static ngx_int_t ngx_http_model_openai_functions(ngx_http_model_bridge_t *b,
    ngx_http_model_json_t *root);
static ngx_int_t ngx_http_model_openai_function(ngx_http_model_bridge_t *b,
    ngx_http_model_json_t *object, ngx_http_model_tool_t *tool);
static ngx_int_t ngx_http_model_openai_choice(ngx_http_model_bridge_t *b,
    ngx_http_model_json_t *root);
static ngx_int_t ngx_http_model_openai_choice_word(ngx_http_model_bridge_t *b,
    ngx_http_model_json_t *value, const char *name);
static ngx_int_t ngx_http_model_openai_choice_name(ngx_http_model_bridge_t *b,
    ngx_http_model_json_t *value, const char *what);
static ngx_int_t ngx_http_model_openai_allowed(ngx_http_model_bridge_t *b,
    ngx_http_model_json_t *value);
static ngx_int_t ngx_http_model_openai_leave(ngx_http_model_bridge_t *b,
    ngx_http_model_json_t *list);
static ngx_uint_t ngx_http_model_openai_listed(ngx_http_model_json_t *list,
    ngx_str_t *name);


/* towards Ollama, OpenAI, Anthropic */

const ngx_http_model_field_t  ngx_http_model_openai_tool_rows[] = {
    { "type", TAKEN, { MAP, SAME, MAP }, "function" },
    { "function", TAKEN, { MAP, SAME, MAP }, "see below" },
    { "custom", NULL, { REFUSE, SAME, REFUSE },
      "tools are called with arguments of JSON only" },
    { "cache_control", NULL, { DROP, SAME, PASS },
      "Anthropic's own hint for caches" },
    { NULL, NULL, { 0, 0, 0 }, NULL }
};


/* of "functions", too */

const ngx_http_model_field_t  ngx_http_model_openai_function_rows[] = {
    { "name", TAKEN, { MAP, SAME, MAP }, "name" },
    { "description", TAKEN, { MAP, SAME, MAP }, "description" },
    { "parameters", TAKEN, { MAP, SAME, MAP }, "parameters; input_schema" },
    { "strict", TAKEN, { DROP, SAME, MAP },
      "strict; Ollama's models are not held to a schema" },
    { NULL, NULL, { 0, 0, 0 }, NULL }
};


const ngx_http_model_field_t  ngx_http_model_openai_choice_rows[] = {
    { "type", TAKEN, { MAP, SAME, MAP }, "function, allowed_tools" },
    { "function", TAKEN, { MAP, SAME, MAP },
      "the tool; Ollama is told of no other" },
    { "allowed_tools", TAKEN, { MAP, SAME, MAP },
      "the other tools are left out" },
    { "custom", NULL, { REFUSE, SAME, REFUSE },
      "tools are called with arguments of JSON only" },
    { NULL, NULL, { 0, 0, 0 }, NULL }
};


ngx_int_t
ngx_http_model_openai_read_tools(ngx_http_model_bridge_t *b,
    ngx_http_model_json_t *root)
{
    ngx_int_t  rc;

    rc = ngx_http_model_openai_tools(b, root);

    if (rc == NGX_OK) {
        rc = ngx_http_model_openai_functions(b, root);
    }

    return (rc == NGX_OK) ? ngx_http_model_openai_choice(b, root) : rc;
}


static ngx_int_t
ngx_http_model_openai_tools(ngx_http_model_bridge_t *b,
    ngx_http_model_json_t *root)
{
    ngx_int_t               rc;
    ngx_http_model_tool_t  *tool;
    ngx_http_model_json_t  *tools, *element, *function;

    tools = NULL;

    rc = ngx_http_model_openai_flag(b, root, "parallel_tool_calls",
                                    "parallel_tool_calls", &b->talk.parallel);

    if (rc == NGX_OK) {
        rc = ngx_http_model_openai_get(b, root, "tools",
                                       NGX_HTTP_MODEL_JSON_ARRAY, "tools",
                                       &tools);
    }

    if (rc != NGX_OK || tools == NULL) {
        return rc;
    }

    for (element = tools->child; element; element = element->next) {

        rc = ngx_http_model_bridge_is(b, element, NGX_HTTP_MODEL_JSON_OBJECT,
                                      "tools[]");
        if (rc != NGX_OK) {
            return rc;
        }

        tool = ngx_http_model_talk_tool(&b->talk);
        if (tool == NULL) {
            return NGX_ERROR;
        }

        rc = ngx_http_model_bridge_fields(b,
                 &ngx_http_model_openai_tables[NGX_HTTP_MODEL_OPENAI_TOOL],
                 element, NULL, &tool->extra);

        if (rc != NGX_OK) {
            return rc;
        }

        if (!ngx_http_model_openai_word(ngx_http_model_json_get(element,
                                                                "type"),
                                        "function"))
        {
            return ngx_http_model_bridge_refuse(b, "tools", "\"tools.type\" "
                                                "must be \"function\" for "
                                                "vendor \"%V\"", &b->vendor);
        }

        rc = ngx_http_model_openai_get(b, element, "function",
                                       NGX_HTTP_MODEL_JSON_OBJECT,
                                       "tools.function", &function);

        if (rc == NGX_OK) {
            rc = ngx_http_model_openai_function(b, function, tool);
        }

        if (rc != NGX_OK) {
            return rc;
        }
    }

    return NGX_OK;
}


/* what tools were before: one call an answer, which has no id */

static ngx_int_t
ngx_http_model_openai_functions(ngx_http_model_bridge_t *b,
    ngx_http_model_json_t *root)
{
    ngx_int_t                       rc;
    ngx_http_model_tool_t          *tool;
    ngx_http_model_json_t          *functions, *element;
    ngx_http_model_openai_input_t  *input;

    rc = ngx_http_model_openai_get(b, root, "functions",
                                   NGX_HTTP_MODEL_JSON_ARRAY, "functions",
                                   &functions);

    if (rc != NGX_OK || functions == NULL || functions->child == NULL) {
        return rc;
    }

    if (b->talk.tools.nelts == 0) {
        input = b->input;
        input->functions = 1;

        /* more calls than one are left out of the answer at the latest */

        if (b->to != NGX_HTTP_MODEL_OLLAMA) {
            b->talk.parallel = NGX_HTTP_MODEL_OFF;
        }
    }

    for (element = functions->child; element; element = element->next) {

        rc = ngx_http_model_bridge_is(b, element, NGX_HTTP_MODEL_JSON_OBJECT,
                                      "functions[]");
        if (rc != NGX_OK) {
            return rc;
        }

        tool = ngx_http_model_talk_tool(&b->talk);
        if (tool == NULL) {
            return NGX_ERROR;
        }

        rc = ngx_http_model_openai_function(b, element, tool);

        if (rc != NGX_OK) {
            return rc;
        }
    }

    return NGX_OK;
}


static ngx_int_t
ngx_http_model_openai_function(ngx_http_model_bridge_t *b,
    ngx_http_model_json_t *object, ngx_http_model_tool_t *tool)
{
    ngx_int_t  rc;

    rc = NGX_OK;

    if (object) {
        rc = ngx_http_model_bridge_fields(b,
                 &ngx_http_model_openai_tables[NGX_HTTP_MODEL_OPENAI_FUNCTION],
                 object, NULL, &tool->extra);
    }

    if (rc == NGX_OK) {
        rc = ngx_http_model_openai_get_str(b, object, "name",
                                           "tools.function.name", &tool->name);
    }

    if (rc == NGX_OK && tool->name.len == 0) {
        return ngx_http_model_bridge_refuse(b, "tools",
                                            "\"tools.function.name\" is "
                                            "missing");
    }

    if (rc == NGX_OK) {
        rc = ngx_http_model_openai_get_str(b, object, "description",
                                           "tools.function.description",
                                           &tool->description);
    }

    if (rc == NGX_OK) {
        rc = ngx_http_model_openai_get(b, object, "parameters",
                                       NGX_HTTP_MODEL_JSON_OBJECT,
                                       "tools.function.parameters",
                                       &tool->parameters);
    }

    if (rc == NGX_OK) {
        rc = ngx_http_model_openai_flag(b, object, "strict",
                                        "tools.function.strict",
                                        &tool->strict);
    }

    return rc;
}


static ngx_int_t
ngx_http_model_openai_choice(ngx_http_model_bridge_t *b,
    ngx_http_model_json_t *root)
{
    ngx_int_t               rc;
    ngx_http_model_json_t  *value, *type;

    /* "auto", "none" or {"name": ..} of functions, if nothing newer is said */

    value = ngx_http_model_json_get(root, "function_call");

    if (value && value->type == NGX_HTTP_MODEL_JSON_STRING) {
        rc = ngx_http_model_openai_choice_word(b, value, "function_call");

        if (rc != NGX_OK) {
            return rc;
        }

    } else if (value && value->type != NGX_HTTP_MODEL_JSON_NULL) {
        rc = ngx_http_model_openai_choice_name(b, value, "function_call.name");

        if (rc != NGX_OK) {
            return rc;
        }
    }

    value = ngx_http_model_json_get(root, "tool_choice");

    if (value == NULL || value->type == NGX_HTTP_MODEL_JSON_NULL) {
        return NGX_OK;
    }

    if (value->type == NGX_HTTP_MODEL_JSON_STRING) {
        return ngx_http_model_openai_choice_word(b, value, "tool_choice");
    }

    if (value->type != NGX_HTTP_MODEL_JSON_OBJECT) {
        return ngx_http_model_bridge_refuse(b, "tool_choice",
                                            "\"tool_choice\" must be a string "
                                            "or an object");
    }

    rc = ngx_http_model_bridge_fields(b,
             &ngx_http_model_openai_tables[NGX_HTTP_MODEL_OPENAI_CHOICE],
             value, NULL, NULL);

    if (rc != NGX_OK) {
        return rc;
    }

    type = ngx_http_model_json_get(value, "type");

    if (ngx_http_model_openai_word(type, "function")) {
        return ngx_http_model_openai_choice_name(b,
                           ngx_http_model_json_get(value, "function"),
                           "tool_choice.function.name");
    }

    if (ngx_http_model_openai_word(type, "allowed_tools")) {
        return ngx_http_model_openai_allowed(b,
                           ngx_http_model_json_get(value, "allowed_tools"));
    }

    return ngx_http_model_bridge_refuse(b, "tool_choice",
                                        "\"tool_choice.type\" must be function "
                                        "or allowed_tools for vendor \"%V\"",
                                        &b->vendor);
}


static ngx_int_t
ngx_http_model_openai_choice_word(ngx_http_model_bridge_t *b,
    ngx_http_model_json_t *value, const char *name)
{
    if (ngx_http_model_openai_word(value, "auto")) {
        b->talk.choice = NGX_HTTP_MODEL_CHOICE_AUTO;
        return NGX_OK;
    }

    if (ngx_http_model_openai_word(value, "none")) {
        b->talk.choice = NGX_HTTP_MODEL_CHOICE_NONE;
        return NGX_OK;
    }

    if (ngx_http_model_openai_word(value, "required")) {
        b->talk.choice = NGX_HTTP_MODEL_CHOICE_ANY;
        return NGX_OK;
    }

    return ngx_http_model_bridge_refuse(b, name, "\"%s\" must be none, auto, "
                                        "required or an object", name);
}


static ngx_int_t
ngx_http_model_openai_choice_name(ngx_http_model_bridge_t *b,
    ngx_http_model_json_t *value, const char *what)
{
    ngx_int_t  rc;

    rc = ngx_http_model_openai_get_str(b, value, "name", what,
                                       &b->talk.chosen);
    if (rc != NGX_OK) {
        return rc;
    }

    if (b->talk.chosen.len == 0) {
        return ngx_http_model_bridge_refuse(b, "tool_choice",
                                            "\"%s\" is missing", what);
    }

    b->talk.choice = NGX_HTTP_MODEL_CHOICE_NAMED;

    return NGX_OK;
}


static ngx_int_t
ngx_http_model_openai_allowed(ngx_http_model_bridge_t *b,
    ngx_http_model_json_t *value)
{
    ngx_int_t               rc;
    ngx_http_model_json_t  *mode, *list;

    mode = ngx_http_model_json_get(value, "mode");

    if (ngx_http_model_openai_word(mode, "required")) {
        b->talk.choice = NGX_HTTP_MODEL_CHOICE_ANY;

    } else if (mode == NULL || ngx_http_model_openai_word(mode, "auto")) {
        b->talk.choice = NGX_HTTP_MODEL_CHOICE_AUTO;

    } else {
        return ngx_http_model_bridge_refuse(b, "tool_choice",
                                            "\"tool_choice.allowed_tools.mode"
                                            "\" must be auto or required");
    }

    rc = ngx_http_model_openai_get(b, value, "tools",
                                   NGX_HTTP_MODEL_JSON_ARRAY,
                                   "tool_choice.allowed_tools.tools", &list);
    if (rc != NGX_OK) {
        return rc;
    }

    return ngx_http_model_openai_leave(b, list);
}


/* only tools that are listed */

static ngx_int_t
ngx_http_model_openai_leave(ngx_http_model_bridge_t *b,
    ngx_http_model_json_t *list)
{
    ngx_uint_t              i, n;
    ngx_http_model_tool_t  *tool;
    ngx_http_model_json_t  *element;

    n = 0;

    for (element = list ? list->child : NULL; element; element = element->next)
    {
        if (++n > NGX_HTTP_MODEL_OPENAI_ALLOWED) {
            return ngx_http_model_bridge_refuse(b, "tool_choice",
                                                "\"tool_choice.allowed_tools."
                                                "tools\" has too many");
        }
    }

    tool = b->talk.tools.elts;
    n = 0;

    for (i = 0; i < b->talk.tools.nelts; i++) {
        if (ngx_http_model_openai_listed(list, &tool[i].name)) {
            tool[n++] = tool[i];
        }
    }

    if (n == 0) {
        return ngx_http_model_bridge_refuse(b, "tool_choice",
                                            "\"tool_choice.allowed_tools."
                                            "tools\" names none of \"tools\"");
    }

    b->talk.tools.nelts = n;

    return NGX_OK;
}


static ngx_uint_t
ngx_http_model_openai_listed(ngx_http_model_json_t *list, ngx_str_t *name)
{
    ngx_str_t               listed;
    ngx_http_model_json_t  *element, *function;

    for (element = list ? list->child : NULL; element; element = element->next)
    {
        function = ngx_http_model_json_get(element, "function");

        (void) ngx_http_model_json_get_str(function ? function : element,
                                           "name", &listed);

        if (listed.len == name->len
            && ngx_memcmp(listed.data, name->data, name->len) == 0)
        {
            return 1;
        }
    }

    return 0;
}
