
/*
 * Copyright (C) the ngx_http_model_module authors
 */


#include <ngx_config.h>
#include <ngx_core.h>

#include "ngx_http_model_bridge_responses.h"


/* names in "allowed_tools", each of which is sought among the tools */
#define NGX_HTTP_MODEL_RESPONSES_ALLOWED  256


static ngx_int_t ngx_http_model_responses_read_tool(ngx_http_model_bridge_t *b,
    ngx_http_model_json_t *value, ngx_str_t *space,
    ngx_http_model_responses_input_t *input);
static ngx_int_t ngx_http_model_responses_read_function(
    ngx_http_model_bridge_t *b, ngx_http_model_json_t *value,
    ngx_http_model_tool_t *tool);
static ngx_int_t ngx_http_model_responses_read_custom_tool(
    ngx_http_model_bridge_t *b, ngx_http_model_json_t *value,
    ngx_http_model_tool_t *tool);
static ngx_int_t ngx_http_model_responses_grammar(ngx_http_model_bridge_t *b,
    ngx_http_model_json_t *format, ngx_str_t *description);
static ngx_int_t ngx_http_model_responses_read_space(
    ngx_http_model_bridge_t *b, ngx_http_model_json_t *value,
    ngx_http_model_responses_input_t *input);
static ngx_int_t ngx_http_model_responses_known(ngx_http_model_bridge_t *b,
    ngx_http_model_responses_input_t *input, ngx_http_model_tool_t *tool,
    ngx_str_t *space, ngx_str_t *name, ngx_uint_t custom);
static ngx_int_t ngx_http_model_responses_named(ngx_http_model_bridge_t *b,
    ngx_http_model_json_t *choice, ngx_http_model_responses_input_t *input);
static ngx_int_t ngx_http_model_responses_allowed(ngx_http_model_bridge_t *b,
    ngx_http_model_json_t *choice, ngx_http_model_responses_input_t *input);
static ngx_uint_t ngx_http_model_responses_listed(
    ngx_http_model_responses_tool_t *tool, ngx_str_t *names, ngx_uint_t n);
static ngx_int_t ngx_http_model_responses_callers(ngx_http_model_bridge_t *b,
    ngx_http_model_json_t *value, void *data);
static ngx_int_t ngx_http_model_responses_copy(ngx_pool_t *pool,
    ngx_str_t *to, ngx_str_t *from);


const ngx_http_model_field_t  ngx_http_model_responses_function[] = {

    { "type", ngx_http_model_responses_a_string,
      NGX_HTTP_MODEL_RESPONSES_MAP, NULL },

    { "name", ngx_http_model_responses_a_string,
      NGX_HTTP_MODEL_RESPONSES_MAP, NULL },

    { "description", ngx_http_model_responses_a_string,
      NGX_HTTP_MODEL_RESPONSES_MAP, NULL },

    { "parameters", ngx_http_model_responses_an_object,
      NGX_HTTP_MODEL_RESPONSES_MAP, NULL },

    { "strict", ngx_http_model_responses_a_flag,
      NGX_HTTP_MODEL_RESPONSES_NOT_OLLAMA,
      "Ollama's models call as they like" },

    { "output_schema", NULL, NGX_HTTP_MODEL_RESPONSES_DROP,
      "is for programs that OpenAI runs" },

    { "allowed_callers", ngx_http_model_responses_callers,
      NGX_HTTP_MODEL_RESPONSES_REFUSE,
      "programs run at OpenAI only, let it have \"direct\"" },

    { "defer_loading", NULL, NGX_HTTP_MODEL_RESPONSES_DROP,
      "the tool is there at once" },

    { "async", NULL, NGX_HTTP_MODEL_RESPONSES_REFUSE,
      "a chat waits for outputs, leave it out" },

    { NULL, NULL, NGX_HTTP_MODEL_RESPONSES_DROP, NULL }
};


const ngx_http_model_field_t  ngx_http_model_responses_custom[] = {

    { "type", ngx_http_model_responses_a_string,
      NGX_HTTP_MODEL_RESPONSES_MAP,
      "becomes a function with one parameter, \"input\"" },

    { "name", ngx_http_model_responses_a_string,
      NGX_HTTP_MODEL_RESPONSES_MAP, NULL },

    { "description", ngx_http_model_responses_a_string,
      NGX_HTTP_MODEL_RESPONSES_MAP, NULL },

    { "format", ngx_http_model_responses_an_object,
      NGX_HTTP_MODEL_RESPONSES_MAP,
      "a grammar is told in the description: models follow it without being "
      "made to" },

    { "allowed_callers", ngx_http_model_responses_callers,
      NGX_HTTP_MODEL_RESPONSES_REFUSE,
      "programs run at OpenAI only, let it have \"direct\"" },

    { "defer_loading", NULL, NGX_HTTP_MODEL_RESPONSES_DROP,
      "the tool is there at once" },

    { "async", NULL, NGX_HTTP_MODEL_RESPONSES_REFUSE,
      "a chat waits for outputs, leave it out" },

    { NULL, NULL, NGX_HTTP_MODEL_RESPONSES_DROP, NULL }
};


const ngx_http_model_field_t  ngx_http_model_responses_namespace[] = {

    { "type", ngx_http_model_responses_a_string,
      NGX_HTTP_MODEL_RESPONSES_MAP, NULL },

    { "name", ngx_http_model_responses_a_string,
      NGX_HTTP_MODEL_RESPONSES_MAP,
      "goes in front of its tools' names, and is apart again in the answer" },

    { "description", NULL, NGX_HTTP_MODEL_RESPONSES_DROP,
      "its tools have descriptions of their own" },

    { "tools", ngx_http_model_responses_an_array,
      NGX_HTTP_MODEL_RESPONSES_MAP,
      "functions and custom tools" },

    { NULL, NULL, NGX_HTTP_MODEL_RESPONSES_DROP, NULL }
};


static const ngx_http_model_field_table_t  ngx_http_model_responses_kind[] = {
    { "function", "tools.", ngx_http_model_responses_function },
    { "custom", "tools.", ngx_http_model_responses_custom },
    { "namespace", "tools.", ngx_http_model_responses_namespace }
};


ngx_int_t
ngx_http_model_responses_read_tools(ngx_http_model_bridge_t *b,
    ngx_http_model_json_t *value, void *data)
{
    ngx_int_t               rc;
    ngx_str_t               none;
    ngx_http_model_json_t  *tool;

    rc = ngx_http_model_bridge_is(b, value, NGX_HTTP_MODEL_JSON_ARRAY,
                                  "tools");
    if (rc != NGX_OK) {
        return rc;
    }

    ngx_str_null(&none);

    for (tool = value->child; tool; tool = tool->next) {
        rc = ngx_http_model_responses_read_tool(b, tool, &none, data);

        if (rc != NGX_OK) {
            return rc;
        }
    }

    return NGX_OK;
}


static ngx_int_t
ngx_http_model_responses_read_tool(ngx_http_model_bridge_t *b,
    ngx_http_model_json_t *value, ngx_str_t *space,
    ngx_http_model_responses_input_t *input)
{
    ngx_int_t               rc;
    ngx_str_t               type, name;
    ngx_uint_t              custom;
    ngx_http_model_tool_t  *tool;

    if (value->type != NGX_HTTP_MODEL_JSON_OBJECT) {
        return ngx_http_model_bridge_refuse(b, "tools", "\"tools\" must be an "
                                            "array of objects");
    }

    (void) ngx_http_model_json_get_str(value, "type", &type);

    if (space->len == 0 && ngx_http_model_responses_is(&type, "namespace")) {
        return ngx_http_model_responses_read_space(b, value, input);
    }

    custom = ngx_http_model_responses_is(&type, "custom");

    if (!custom && !ngx_http_model_responses_is(&type, "function")) {
        return ngx_http_model_responses_refuse_type(b, "tools", &type,
                       "it is run by OpenAI itself, leave it out or give a "
                       "function in its place");
    }

    (void) ngx_http_model_json_get_str(value, "name", &name);

    if (name.len == 0) {
        return ngx_http_model_bridge_refuse(b, "tools", "\"tools.name\" must "
                                            "be a string");
    }

    tool = ngx_http_model_talk_tool(&b->talk);
    if (tool == NULL) {
        return NGX_ERROR;
    }

    (void) ngx_http_model_json_get_str(value, "description",
                                       &tool->description);

    rc = custom ? ngx_http_model_responses_read_custom_tool(b, value, tool)
                : ngx_http_model_responses_read_function(b, value, tool);

    if (rc != NGX_OK) {
        return rc;
    }

    return ngx_http_model_responses_known(b, input, tool, space, &name,
                                          custom);
}


static ngx_int_t
ngx_http_model_responses_read_function(ngx_http_model_bridge_t *b,
    ngx_http_model_json_t *value, ngx_http_model_tool_t *tool)
{
    ngx_int_t               rc;
    ngx_http_model_json_t  *json;

    rc = ngx_http_model_bridge_fields(b, &ngx_http_model_responses_kind[0],
                                      value, NULL, &tool->extra);
    if (rc != NGX_OK) {
        return rc;
    }

    json = ngx_http_model_json_get(value, "parameters");

    if (json && json->type != NGX_HTTP_MODEL_JSON_NULL) {

        if (json->type != NGX_HTTP_MODEL_JSON_OBJECT) {
            return ngx_http_model_bridge_refuse(b, "tools",
                                                "\"tools.parameters\" must "
                                                "be an object");
        }

        tool->parameters = json;
    }

    json = ngx_http_model_json_get(value, "strict");

    if (json && json->type == NGX_HTTP_MODEL_JSON_BOOL) {
        tool->strict = json->value.len ? NGX_HTTP_MODEL_ON
                                       : NGX_HTTP_MODEL_OFF;
    }

    return NGX_OK;
}


static ngx_int_t
ngx_http_model_responses_read_custom_tool(ngx_http_model_bridge_t *b,
    ngx_http_model_json_t *value, ngx_http_model_tool_t *tool)
{
    ngx_int_t               rc;
    ngx_str_t               err;
    ngx_http_model_json_t  *format;

    static ngx_str_t  schema = ngx_string(
        "{\"type\":\"object\",\"properties\":{\"input\":{\"type\":\"string\","
        "\"description\":\"The whole input, as it is.\"}},"
        "\"required\":[\"input\"],\"additionalProperties\":false}");

    rc = ngx_http_model_bridge_fields(b, &ngx_http_model_responses_kind[1],
                                      value, NULL, &tool->extra);
    if (rc != NGX_OK) {
        return rc;
    }

    tool->parameters = ngx_http_model_json_slices(b->pool, schema.data,
                                                  schema.len, 0, &err);
    if (tool->parameters == NULL) {
        return NGX_ERROR;
    }

    format = ngx_http_model_json_get(value, "format");

    if (format && format->type == NGX_HTTP_MODEL_JSON_OBJECT) {
        return ngx_http_model_responses_grammar(b, format, &tool->description);
    }

    return NGX_OK;
}


static ngx_int_t
ngx_http_model_responses_grammar(ngx_http_model_bridge_t *b,
    ngx_http_model_json_t *format, ngx_str_t *description)
{
    u_char     *p;
    size_t      len;
    ngx_str_t   type, syntax, grammar;

    static const char  *fmt = "%V\n\nThe input must match this grammar (%V):"
                              "\n%V";

    (void) ngx_http_model_json_get_str(format, "type", &type);
    (void) ngx_http_model_json_get_str(format, "syntax", &syntax);
    (void) ngx_http_model_json_get_str(format, "definition", &grammar);

    if (!ngx_http_model_responses_is(&type, "grammar")) {

        if (ngx_http_model_responses_is(&type, "text")) {
            return NGX_OK;
        }

        return ngx_http_model_responses_refuse_type(b, "tools.format", &type,
                       "it must be \"text\" or \"grammar\"");
    }

    len = ngx_strlen(fmt) + description->len + syntax.len + grammar.len;

    p = ngx_pnalloc(b->pool, len);
    if (p == NULL) {
        return NGX_ERROR;
    }

    len = ngx_snprintf(p, len, fmt, description, &syntax, &grammar) - p;

    description->data = p;
    description->len = len;

    return NGX_OK;
}


static ngx_int_t
ngx_http_model_responses_read_space(ngx_http_model_bridge_t *b,
    ngx_http_model_json_t *value, ngx_http_model_responses_input_t *input)
{
    ngx_int_t               rc;
    ngx_str_t               space;
    ngx_http_model_json_t  *tools, *tool;

    rc = ngx_http_model_bridge_fields(b, &ngx_http_model_responses_kind[2],
                                      value, NULL, NULL);
    if (rc != NGX_OK) {
        return rc;
    }

    (void) ngx_http_model_json_get_str(value, "name", &space);

    tools = ngx_http_model_json_get(value, "tools");

    if (space.len == 0
        || tools == NULL
        || tools->type != NGX_HTTP_MODEL_JSON_ARRAY)
    {
        return ngx_http_model_bridge_refuse(b, "tools", "a namespace in "
                                            "\"tools\" must have a \"name\" "
                                            "and \"tools\"");
    }

    for (tool = tools->child; tool; tool = tool->next) {
        rc = ngx_http_model_responses_read_tool(b, tool, &space, input);

        if (rc != NGX_OK) {
            return rc;
        }
    }

    return NGX_OK;
}


static ngx_int_t
ngx_http_model_responses_known(ngx_http_model_bridge_t *b,
    ngx_http_model_responses_input_t *input, ngx_http_model_tool_t *tool,
    ngx_str_t *space, ngx_str_t *name, ngx_uint_t custom)
{
    ngx_http_model_responses_tool_t  *known;

    known = ngx_array_push(&input->tools);
    if (known == NULL) {
        return NGX_ERROR;
    }

    known->custom = custom;

    if (ngx_http_model_responses_copy(b->pool, &known->name, name) != NGX_OK
        || ngx_http_model_responses_copy(b->pool, &known->space, space)
           != NGX_OK
        || ngx_http_model_responses_flat(b->pool, &known->space, &known->name,
                                         &known->flat)
           != NGX_OK)
    {
        return NGX_ERROR;
    }

    tool->name = known->flat;

    return NGX_OK;
}


ngx_int_t
ngx_http_model_responses_flat(ngx_pool_t *pool, ngx_str_t *space,
    ngx_str_t *name, ngx_str_t *flat)
{
    u_char  *p;

    if (space->len == 0) {
        *flat = *name;
        return NGX_OK;
    }

    p = ngx_pnalloc(pool, space->len + 2 + name->len);
    if (p == NULL) {
        return NGX_ERROR;
    }

    flat->data = p;

    p = ngx_cpymem(p, space->data, space->len);

    /* some end so already */

    if (space->len < 2 || ngx_memcmp(p - 2, "__", 2) != 0) {
        p = ngx_cpymem(p, "__", 2);
    }

    p = ngx_cpymem(p, name->data, name->len);

    flat->len = p - flat->data;

    return NGX_OK;
}


ngx_int_t
ngx_http_model_responses_read_choice(ngx_http_model_bridge_t *b,
    ngx_http_model_responses_input_t *input)
{
    ngx_str_t               type;
    ngx_http_model_json_t  *choice;

    choice = input->choice;

    if (choice == NULL) {
        return NGX_OK;
    }

    if (choice->type == NGX_HTTP_MODEL_JSON_STRING) {

        if (ngx_http_model_responses_is(&choice->value, "auto")) {
            b->talk.choice = NGX_HTTP_MODEL_CHOICE_AUTO;

        } else if (ngx_http_model_responses_is(&choice->value, "none")) {
            b->talk.choice = NGX_HTTP_MODEL_CHOICE_NONE;

        } else if (ngx_http_model_responses_is(&choice->value, "required")) {
            b->talk.choice = NGX_HTTP_MODEL_CHOICE_ANY;

        } else {
            return ngx_http_model_responses_refuse_type(b, "tool_choice",
                           &choice->value, "it must be auto, none, required "
                           "or an object");
        }

        return NGX_OK;
    }

    if (choice->type != NGX_HTTP_MODEL_JSON_OBJECT) {
        return ngx_http_model_bridge_refuse(b, "tool_choice", "\"tool_choice\" "
                                            "must be a string or an object");
    }

    (void) ngx_http_model_json_get_str(choice, "type", &type);

    if (ngx_http_model_responses_is(&type, "function")
        || ngx_http_model_responses_is(&type, "custom"))
    {
        return ngx_http_model_responses_named(b, choice, input);
    }

    if (ngx_http_model_responses_is(&type, "allowed_tools")) {
        return ngx_http_model_responses_allowed(b, choice, input);
    }

    return ngx_http_model_responses_refuse_type(b, "tool_choice", &type,
                   "it is run by OpenAI itself, choose a function");
}


static ngx_int_t
ngx_http_model_responses_named(ngx_http_model_bridge_t *b,
    ngx_http_model_json_t *choice, ngx_http_model_responses_input_t *input)
{
    ngx_str_t                         name;
    ngx_uint_t                        i;
    ngx_http_model_responses_tool_t  *tool;

    (void) ngx_http_model_json_get_str(choice, "name", &name);

    tool = input->tools.elts;

    for (i = 0; i < input->tools.nelts; i++) {

        if (tool[i].name.len == name.len
            && ngx_memcmp(tool[i].name.data, name.data, name.len) == 0)
        {
            b->talk.choice = NGX_HTTP_MODEL_CHOICE_NAMED;
            b->talk.chosen = tool[i].flat;

            return NGX_OK;
        }
    }

    return ngx_http_model_responses_refuse_type(b, "tool_choice", &name,
                   "\"tools\" has none of that name");
}


/* the other tools are left out: nothing else keeps a model from calling them */

static ngx_int_t
ngx_http_model_responses_allowed(ngx_http_model_bridge_t *b,
    ngx_http_model_json_t *choice, ngx_http_model_responses_input_t *input)
{
    ngx_str_t                         mode;
    ngx_str_t                         names[NGX_HTTP_MODEL_RESPONSES_ALLOWED];
    ngx_uint_t                        i, n, listed;
    ngx_http_model_json_t            *tools, *json;
    ngx_http_model_tool_t            *tool;
    ngx_http_model_responses_tool_t  *known;

    (void) ngx_http_model_json_get_str(choice, "mode", &mode);

    b->talk.choice = ngx_http_model_responses_is(&mode, "required")
                     ? NGX_HTTP_MODEL_CHOICE_ANY : NGX_HTTP_MODEL_CHOICE_AUTO;

    tools = ngx_http_model_json_get(choice, "tools");
    listed = 0;

    if (tools && tools->type == NGX_HTTP_MODEL_JSON_ARRAY) {

        for (json = tools->child; json; json = json->next) {

            if (listed == NGX_HTTP_MODEL_RESPONSES_ALLOWED) {
                return ngx_http_model_bridge_refuse(b, "tool_choice",
                                                    "\"tool_choice.tools\" "
                                                    "must be at most %d",
                                             NGX_HTTP_MODEL_RESPONSES_ALLOWED);
            }

            if (json->type == NGX_HTTP_MODEL_JSON_OBJECT
                && ngx_http_model_json_get_str(json, "name", &names[listed])
                   == NGX_OK)
            {
                listed++;
            }
        }
    }

    tool = b->talk.tools.elts;
    known = input->tools.elts;
    n = 0;

    for (i = 0; i < b->talk.tools.nelts; i++) {
        if (ngx_http_model_responses_listed(&known[i], names, listed)) {
            tool[n++] = tool[i];
        }
    }

    b->talk.tools.nelts = n;

    if (n == 0) {
        return ngx_http_model_bridge_refuse(b, "tool_choice",
                                            "\"tool_choice.tools\" names none "
                                            "of \"tools\"");
    }

    return NGX_OK;
}


/* 1 when it or its namespace is one of n names */

static ngx_uint_t
ngx_http_model_responses_listed(ngx_http_model_responses_tool_t *tool,
    ngx_str_t *names, ngx_uint_t n)
{
    ngx_uint_t  i;

    for (i = 0; i < n; i++) {

        if ((names[i].len == tool->name.len
             && ngx_memcmp(names[i].data, tool->name.data, tool->name.len)
                == 0)
            || (tool->space.len
                && names[i].len == tool->space.len
                && ngx_memcmp(names[i].data, tool->space.data,
                              tool->space.len)
                   == 0))
        {
            return 1;
        }
    }

    return 0;
}


static ngx_int_t
ngx_http_model_responses_callers(ngx_http_model_bridge_t *b,
    ngx_http_model_json_t *value, void *data)
{
    ngx_http_model_json_t  *caller;

    (void) b;
    (void) data;

    for (caller = value->child; caller; caller = caller->next) {
        if (caller->type == NGX_HTTP_MODEL_JSON_STRING
            && ngx_http_model_responses_is(&caller->value, "direct"))
        {
            return NGX_OK;
        }
    }

    return NGX_DECLINED;
}


static ngx_int_t
ngx_http_model_responses_copy(ngx_pool_t *pool, ngx_str_t *to, ngx_str_t *from)
{
    ngx_str_null(to);

    if (from->len == 0) {
        return NGX_OK;
    }

    to->data = ngx_pstrdup(pool, from);
    if (to->data == NULL) {
        return NGX_ERROR;
    }

    to->len = from->len;

    return NGX_OK;
}
