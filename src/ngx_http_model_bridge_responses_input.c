
/*
 * Copyright (C) the ngx_http_model_module authors
 */


#include <ngx_config.h>
#include <ngx_core.h>

#include "ngx_http_model_bridge_responses.h"


typedef ngx_int_t (*ngx_http_model_responses_item_pt)(
    ngx_http_model_bridge_t *b, ngx_http_model_json_t *value,
    ngx_http_model_responses_input_t *input);


typedef struct {
    const char                        *type;
    ngx_http_model_field_table_t       table;
    ngx_http_model_responses_item_pt   read;
} ngx_http_model_responses_kind_t;


static ngx_int_t ngx_http_model_responses_read_item(ngx_http_model_bridge_t *b,
    ngx_http_model_json_t *value, ngx_http_model_responses_input_t *input);
static ngx_int_t ngx_http_model_responses_read_message(
    ngx_http_model_bridge_t *b, ngx_http_model_json_t *value,
    ngx_http_model_responses_input_t *input);
static ngx_int_t ngx_http_model_responses_read_call(ngx_http_model_bridge_t *b,
    ngx_http_model_json_t *value, ngx_http_model_responses_input_t *input);
static ngx_int_t ngx_http_model_responses_read_custom(
    ngx_http_model_bridge_t *b, ngx_http_model_json_t *value,
    ngx_http_model_responses_input_t *input);
static ngx_int_t ngx_http_model_responses_read_output(
    ngx_http_model_bridge_t *b, ngx_http_model_json_t *value,
    ngx_http_model_responses_input_t *input);
static ngx_int_t ngx_http_model_responses_read_reasoning(
    ngx_http_model_bridge_t *b, ngx_http_model_json_t *value,
    ngx_http_model_responses_input_t *input);
static ngx_int_t ngx_http_model_responses_read_more_tools(
    ngx_http_model_bridge_t *b, ngx_http_model_json_t *value,
    ngx_http_model_responses_input_t *input);
static ngx_int_t ngx_http_model_responses_role(ngx_http_model_bridge_t *b,
    ngx_str_t *role, ngx_uint_t *n);
static ngx_http_model_message_t *ngx_http_model_responses_turn(
    ngx_http_model_bridge_t *b, ngx_uint_t spoken);
static ngx_int_t ngx_http_model_responses_call_part(ngx_http_model_bridge_t *b,
    ngx_http_model_json_t *value, ngx_http_model_part_t **part);
static ngx_int_t ngx_http_model_responses_arguments(ngx_http_model_bridge_t *b,
    ngx_str_t *text, ngx_str_t *arguments);
static ngx_int_t ngx_http_model_responses_wrap(ngx_http_model_bridge_t *b,
    const char *member, ngx_str_t *text, ngx_str_t *json);
static ngx_int_t ngx_http_model_responses_thought(ngx_http_model_bridge_t *b,
    ngx_http_model_json_t *value, ngx_str_t *text);
static ngx_uint_t ngx_http_model_responses_cut(ngx_str_t *s,
    const char *prefix);
static ngx_int_t ngx_http_model_responses_string(ngx_http_model_bridge_t *b,
    ngx_http_model_json_t *value, const char *name, const char *what,
    ngx_str_t *text);


const ngx_http_model_field_t  ngx_http_model_responses_message[] = {

    { "type", ngx_http_model_responses_a_string,
      NGX_HTTP_MODEL_RESPONSES_MAP, NULL },

    { "role", ngx_http_model_responses_a_string,
      NGX_HTTP_MODEL_RESPONSES_MAP,
      "\"developer\" and \"system\" are the same" },

    { "content", ngx_http_model_responses_any,
      NGX_HTTP_MODEL_RESPONSES_MAP,
      "a text or parts" },

    { "id", NULL, NGX_HTTP_MODEL_RESPONSES_DROP, "is this API's own" },
    { "status", NULL, NGX_HTTP_MODEL_RESPONSES_DROP, "is this API's own" },
    { "phase", NULL, NGX_HTTP_MODEL_RESPONSES_DROP, "is a word to the client" },
    { "end_turn", NULL, NGX_HTTP_MODEL_RESPONSES_DROP,
      "is a word to the client" },

    { "internal_chat_message_metadata_passthrough", NULL,
      NGX_HTTP_MODEL_RESPONSES_DROP, "is Codex's word to itself" },

    { NULL, NULL, NGX_HTTP_MODEL_RESPONSES_DROP, NULL }
};


const ngx_http_model_field_t  ngx_http_model_responses_call[] = {

    { "type", ngx_http_model_responses_a_string,
      NGX_HTTP_MODEL_RESPONSES_MAP,
      "becomes a call of the assistant's message; neighbors become one "
      "message" },

    { "call_id", ngx_http_model_responses_a_string,
      NGX_HTTP_MODEL_RESPONSES_MAP, NULL },

    { "name", ngx_http_model_responses_a_string,
      NGX_HTTP_MODEL_RESPONSES_MAP, NULL },

    { "namespace", ngx_http_model_responses_a_string,
      NGX_HTTP_MODEL_RESPONSES_MAP,
      "becomes a part of the name" },

    { "arguments", ngx_http_model_responses_a_string,
      NGX_HTTP_MODEL_RESPONSES_MAP,
      "what is no JSON object becomes its \"_raw\"" },

    { "input", ngx_http_model_responses_a_string,
      NGX_HTTP_MODEL_RESPONSES_MAP,
      "of a custom tool: becomes the argument \"input\"" },

    { "id", NULL, NGX_HTTP_MODEL_RESPONSES_DROP, "is this API's own" },
    { "status", NULL, NGX_HTTP_MODEL_RESPONSES_DROP, "is this API's own" },
    { "caller", NULL, NGX_HTTP_MODEL_RESPONSES_DROP, "is this API's own" },
    { "async", NULL, NGX_HTTP_MODEL_RESPONSES_DROP, "is this API's own" },

    { "internal_chat_message_metadata_passthrough", NULL,
      NGX_HTTP_MODEL_RESPONSES_DROP, "is Codex's word to itself" },

    { NULL, NULL, NGX_HTTP_MODEL_RESPONSES_DROP, NULL }
};


const ngx_http_model_field_t  ngx_http_model_responses_output[] = {

    { "type", ngx_http_model_responses_a_string,
      NGX_HTTP_MODEL_RESPONSES_MAP,
      "becomes a tool's message" },

    { "call_id", ngx_http_model_responses_a_string,
      NGX_HTTP_MODEL_RESPONSES_MAP, NULL },

    { "name", ngx_http_model_responses_a_string,
      NGX_HTTP_MODEL_RESPONSES_MAP, NULL },

    { "namespace", ngx_http_model_responses_a_string,
      NGX_HTTP_MODEL_RESPONSES_MAP,
      "becomes a part of the name" },

    { "output", ngx_http_model_responses_any,
      NGX_HTTP_MODEL_RESPONSES_MAP,
      "a text, or texts and images" },

    { "id", NULL, NGX_HTTP_MODEL_RESPONSES_DROP, "is this API's own" },
    { "status", NULL, NGX_HTTP_MODEL_RESPONSES_DROP, "is this API's own" },
    { "caller", NULL, NGX_HTTP_MODEL_RESPONSES_DROP, "is this API's own" },

    { "internal_chat_message_metadata_passthrough", NULL,
      NGX_HTTP_MODEL_RESPONSES_DROP, "is Codex's word to itself" },

    { NULL, NULL, NGX_HTTP_MODEL_RESPONSES_DROP, NULL }
};


const ngx_http_model_field_t  ngx_http_model_responses_reasoning[] = {

    { "type", ngx_http_model_responses_a_string,
      NGX_HTTP_MODEL_RESPONSES_MAP,
      "becomes thinking of the assistant's message" },

    { "content", ngx_http_model_responses_an_array,
      NGX_HTTP_MODEL_RESPONSES_MAP,
      "what was thought" },

    { "summary", ngx_http_model_responses_an_array,
      NGX_HTTP_MODEL_RESPONSES_MAP,
      "what was thought, where there is no \"content\"" },

    { "encrypted_content", ngx_http_model_responses_a_string,
      NGX_HTTP_MODEL_RESPONSES_TO_ANTHROPIC,
      "a signature that came from here; what OpenAI encrypted is left out" },

    { "id", NULL, NGX_HTTP_MODEL_RESPONSES_DROP, "is this API's own" },
    { "status", NULL, NGX_HTTP_MODEL_RESPONSES_DROP, "is this API's own" },

    { "internal_chat_message_metadata_passthrough", NULL,
      NGX_HTTP_MODEL_RESPONSES_DROP, "is Codex's word to itself" },

    { NULL, NULL, NGX_HTTP_MODEL_RESPONSES_DROP, NULL }
};


const ngx_http_model_field_t  ngx_http_model_responses_more_tools[] = {

    { "type", ngx_http_model_responses_a_string,
      NGX_HTTP_MODEL_RESPONSES_MAP, NULL },

    { "tools", ngx_http_model_responses_an_array,
      NGX_HTTP_MODEL_RESPONSES_MAP,
      "as if they stood in \"tools\" of the request" },

    { "role", NULL, NGX_HTTP_MODEL_RESPONSES_DROP, "is \"developer\" always" },
    { "id", NULL, NGX_HTTP_MODEL_RESPONSES_DROP, "is this API's own" },
    { NULL, NULL, NGX_HTTP_MODEL_RESPONSES_DROP, NULL }
};


static const ngx_http_model_responses_kind_t  ngx_http_model_responses_kinds[] =
{
    { "message",
      { "message", "input.", ngx_http_model_responses_message },
      ngx_http_model_responses_read_message },

    { "function_call",
      { "function_call", "input.", ngx_http_model_responses_call },
      ngx_http_model_responses_read_call },

    { "custom_tool_call",
      { "custom_tool_call", "input.", ngx_http_model_responses_call },
      ngx_http_model_responses_read_custom },

    { "function_call_output",
      { "function_call_output", "input.", ngx_http_model_responses_output },
      ngx_http_model_responses_read_output },

    { "custom_tool_call_output",
      { "custom_tool_call_output", "input.",
        ngx_http_model_responses_output },
      ngx_http_model_responses_read_output },

    { "reasoning",
      { "reasoning", "input.", ngx_http_model_responses_reasoning },
      ngx_http_model_responses_read_reasoning },

    { "additional_tools",
      { "additional_tools", "input.", ngx_http_model_responses_more_tools },
      ngx_http_model_responses_read_more_tools },

    { NULL, { NULL, NULL, NULL }, NULL }
};


ngx_int_t
ngx_http_model_responses_read_input(ngx_http_model_bridge_t *b,
    ngx_http_model_json_t *value, void *data)
{
    ngx_int_t                  rc;
    ngx_http_model_json_t     *item;
    ngx_http_model_message_t  *message;

    if (value->type == NGX_HTTP_MODEL_JSON_STRING) {

        message = ngx_http_model_talk_message(&b->talk,
                                              NGX_HTTP_MODEL_ROLE_USER);
        if (message == NULL) {
            return NGX_ERROR;
        }

        return ngx_http_model_responses_read_parts(b, value, &message->parts,
                                               NGX_HTTP_MODEL_RESPONSES_ALL);
    }

    if (value->type != NGX_HTTP_MODEL_JSON_ARRAY) {
        return ngx_http_model_bridge_refuse(b, "input", "\"input\" must be a "
                                            "text or an array of items");
    }

    for (item = value->child; item; item = item->next) {
        rc = ngx_http_model_responses_read_item(b, item, data);

        if (rc != NGX_OK) {
            return rc;
        }
    }

    return NGX_OK;
}


static ngx_int_t
ngx_http_model_responses_read_item(ngx_http_model_bridge_t *b,
    ngx_http_model_json_t *value, ngx_http_model_responses_input_t *input)
{
    ngx_str_t                               type;
    const ngx_http_model_responses_kind_t  *kind;

    if (value->type != NGX_HTTP_MODEL_JSON_OBJECT) {
        return ngx_http_model_bridge_refuse(b, "input", "items of \"input\" "
                                            "must be objects");
    }

    (void) ngx_http_model_json_get_str(value, "type", &type);

    if (type.len == 0) {

        /* a short message; a reference has none of it */

        if (ngx_http_model_json_get(value, "role")) {
            ngx_str_set(&type, "message");

        } else {
            ngx_str_set(&type, "item_reference");
        }
    }

    for (kind = ngx_http_model_responses_kinds; kind->type; kind++) {
        if (ngx_http_model_responses_is(&type, kind->type)) {
            return kind->read(b, value, input);
        }
    }

    if (ngx_http_model_responses_is(&type, "item_reference")) {
        return ngx_http_model_responses_refuse_type(b, "input", &type,
                       "nothing is kept here, send the item itself");
    }

    return ngx_http_model_responses_refuse_type(b, "input", &type,
                       "it is of tools or a state that only OpenAI has, leave "
                       "it out");
}


static ngx_int_t
ngx_http_model_responses_read_message(ngx_http_model_bridge_t *b,
    ngx_http_model_json_t *value, ngx_http_model_responses_input_t *input)
{
    ngx_int_t                  rc;
    ngx_str_t                  role;
    ngx_uint_t                 n;
    ngx_array_t               *extra;
    ngx_http_model_json_t     *content;
    ngx_http_model_message_t  *message;

    n = NGX_HTTP_MODEL_ROLE_USER;
    extra = NULL;

    rc = ngx_http_model_bridge_fields(b,
                                    &ngx_http_model_responses_kinds[0].table,
                                      value, input, &extra);
    if (rc != NGX_OK) {
        return rc;
    }

    rc = ngx_http_model_responses_string(b, value, "role", "input.role",
                                         &role);
    if (rc == NGX_OK) {
        rc = ngx_http_model_responses_role(b, &role, &n);
    }

    if (rc != NGX_OK) {
        return rc;
    }

    message = (n == NGX_HTTP_MODEL_ROLE_ASSISTANT)
              ? ngx_http_model_responses_turn(b, 1)
              : ngx_http_model_talk_message(&b->talk, n);

    if (message == NULL) {
        return NGX_ERROR;
    }

    if (extra) {
        message->extra = extra;
    }

    content = ngx_http_model_json_get(value, "content");

    if (content == NULL || content->type == NGX_HTTP_MODEL_JSON_NULL) {
        return ngx_http_model_bridge_refuse(b, "input", "a message of "
                                            "\"input\" has no \"content\"");
    }

    return ngx_http_model_responses_read_parts(b, content, &message->parts,
                                      (n == NGX_HTTP_MODEL_ROLE_SYSTEM)
                                      ? NGX_HTTP_MODEL_RESPONSES_TEXTS
                                      : NGX_HTTP_MODEL_RESPONSES_ALL);
}


static ngx_int_t
ngx_http_model_responses_role(ngx_http_model_bridge_t *b, ngx_str_t *role,
    ngx_uint_t *n)
{
    ngx_uint_t  i;

    static const struct {
        const char   *name;
        ngx_uint_t    role;
    } roles[] = {
        { "user", NGX_HTTP_MODEL_ROLE_USER },
        { "assistant", NGX_HTTP_MODEL_ROLE_ASSISTANT },
        { "system", NGX_HTTP_MODEL_ROLE_SYSTEM },
        { "developer", NGX_HTTP_MODEL_ROLE_SYSTEM }
    };

    for (i = 0; i < sizeof(roles) / sizeof(roles[0]); i++) {
        if (ngx_http_model_responses_is(role, roles[i].name)) {
            *n = roles[i].role;
            return NGX_OK;
        }
    }

    return ngx_http_model_responses_refuse_type(b, "input.role", role,
                       "it must be user, assistant, system or developer");
}


/*
 * The assistant's message that is being put together.  What it thinks, says
 * and calls comes in items of their own; a text after a text that no call
 * followed is a message of its own again.
 */

static ngx_http_model_message_t *
ngx_http_model_responses_turn(ngx_http_model_bridge_t *b, ngx_uint_t spoken)
{
    ngx_uint_t                 i, said;
    ngx_http_model_part_t     *part;
    ngx_http_model_message_t  *message;

    message = b->talk.messages.elts;

    if (b->talk.messages.nelts) {
        message += b->talk.messages.nelts - 1;
    }

    if (b->talk.messages.nelts == 0
        || message->role != NGX_HTTP_MODEL_ROLE_ASSISTANT)
    {
        return ngx_http_model_talk_message(&b->talk,
                                           NGX_HTTP_MODEL_ROLE_ASSISTANT);
    }

    if (!spoken) {
        return message;
    }

    part = message->parts.elts;
    said = 0;

    for (i = message->parts.nelts; i-- > 0; /* void */) {

        if (part[i].type == NGX_HTTP_MODEL_PART_CALL) {
            return message;
        }

        if (part[i].type == NGX_HTTP_MODEL_PART_TEXT
            || part[i].type == NGX_HTTP_MODEL_PART_REFUSAL)
        {
            said = 1;
            break;
        }
    }

    return said ? ngx_http_model_talk_message(&b->talk,
                                              NGX_HTTP_MODEL_ROLE_ASSISTANT)
                : message;
}


static ngx_int_t
ngx_http_model_responses_read_call(ngx_http_model_bridge_t *b,
    ngx_http_model_json_t *value, ngx_http_model_responses_input_t *input)
{
    ngx_int_t               rc;
    ngx_str_t               text;
    ngx_http_model_part_t  *part;

    (void) input;

    rc = ngx_http_model_responses_call_part(b, value, &part);

    if (rc == NGX_OK) {
        rc = ngx_http_model_responses_string(b, value, "arguments",
                                             "input.arguments", &text);
    }

    return (rc == NGX_OK)
           ? ngx_http_model_responses_arguments(b, &text, &part->text) : rc;
}


static ngx_int_t
ngx_http_model_responses_read_custom(ngx_http_model_bridge_t *b,
    ngx_http_model_json_t *value, ngx_http_model_responses_input_t *input)
{
    ngx_int_t               rc;
    ngx_str_t               text;
    ngx_http_model_part_t  *part;

    (void) input;

    rc = ngx_http_model_responses_call_part(b, value, &part);

    if (rc == NGX_OK) {
        rc = ngx_http_model_responses_string(b, value, "input",
                                             "input.input", &text);
    }

    return (rc == NGX_OK)
           ? ngx_http_model_responses_wrap(b, "input", &text, &part->text)
           : rc;
}


static ngx_int_t
ngx_http_model_responses_call_part(ngx_http_model_bridge_t *b,
    ngx_http_model_json_t *value, ngx_http_model_part_t **part)
{
    ngx_int_t                  rc;
    ngx_str_t                  id, name, space;
    ngx_array_t               *extra;
    ngx_http_model_message_t  *message;

    extra = NULL;

    rc = ngx_http_model_bridge_fields(b,
                                    &ngx_http_model_responses_kinds[1].table,
                                      value, NULL, &extra);
    if (rc == NGX_OK) {
        rc = ngx_http_model_responses_string(b, value, "call_id",
                                             "input.call_id", &id);
    }

    if (rc == NGX_OK) {
        rc = ngx_http_model_responses_string(b, value, "name", "input.name",
                                             &name);
    }

    if (rc != NGX_OK) {
        return rc;
    }

    (void) ngx_http_model_json_get_str(value, "namespace", &space);

    message = ngx_http_model_responses_turn(b, 0);
    if (message == NULL) {
        return NGX_ERROR;
    }

    *part = ngx_http_model_talk_part(&message->parts,
                                     NGX_HTTP_MODEL_PART_CALL);
    if (*part == NULL) {
        return NGX_ERROR;
    }

    (*part)->id = id;
    (*part)->extra = extra;

    return ngx_http_model_responses_flat(b->pool, &space, &name,
                                         &(*part)->name);
}


/* models write what is no JSON now and then, and it is in the history then */

static ngx_int_t
ngx_http_model_responses_arguments(ngx_http_model_bridge_t *b,
    ngx_str_t *text, ngx_str_t *arguments)
{
    u_char                 *p;
    ngx_str_t               err;
    ngx_http_model_json_t  *json;

    for (p = text->data; p < text->data + text->len; p++) {
        if (*p > ' ') {
            break;
        }
    }

    if (p == text->data + text->len) {
        ngx_str_null(arguments);
        return NGX_OK;
    }

    json = ngx_http_model_json_slices(b->temp, text->data, text->len, 0, &err);

    if (json && json->type == NGX_HTTP_MODEL_JSON_OBJECT) {
        *arguments = *text;
        return NGX_OK;
    }

    return ngx_http_model_responses_wrap(b, "_raw", text, arguments);
}


static ngx_int_t
ngx_http_model_responses_wrap(ngx_http_model_bridge_t *b, const char *member,
    ngx_str_t *text, ngx_str_t *json)
{
    ngx_http_model_json_writer_t  *w;

    w = ngx_http_model_json_writer(b->pool);

    ngx_http_model_json_object(w);
    ngx_http_model_json_key(w, member);
    ngx_http_model_json_str(w, text);
    ngx_http_model_json_object_end(w);

    return ngx_http_model_json_finish(w, json);
}


static ngx_int_t
ngx_http_model_responses_read_output(ngx_http_model_bridge_t *b,
    ngx_http_model_json_t *value, ngx_http_model_responses_input_t *input)
{
    ngx_int_t                  rc;
    ngx_str_t                  id, name, space;
    ngx_array_t               *extra;
    ngx_http_model_part_t     *part;
    ngx_http_model_json_t     *output;
    ngx_http_model_message_t  *message;

    (void) input;

    extra = NULL;

    rc = ngx_http_model_bridge_fields(b,
                                    &ngx_http_model_responses_kinds[3].table,
                                      value, NULL, &extra);
    if (rc == NGX_OK) {
        rc = ngx_http_model_responses_string(b, value, "call_id",
                                             "input.call_id", &id);
    }

    if (rc != NGX_OK) {
        return rc;
    }

    (void) ngx_http_model_json_get_str(value, "name", &name);
    (void) ngx_http_model_json_get_str(value, "namespace", &space);

    message = ngx_http_model_talk_message(&b->talk, NGX_HTTP_MODEL_ROLE_TOOL);
    if (message == NULL) {
        return NGX_ERROR;
    }

    part = ngx_http_model_talk_part(&message->parts,
                                    NGX_HTTP_MODEL_PART_RESULT);
    if (part == NULL) {
        return NGX_ERROR;
    }

    part->id = id;
    part->extra = extra;

    if (name.len
        && ngx_http_model_responses_flat(b->pool, &space, &name, &part->name)
           != NGX_OK)
    {
        return NGX_ERROR;
    }

    part->parts = ngx_array_create(b->pool, 1, sizeof(ngx_http_model_part_t));
    if (part->parts == NULL) {
        return NGX_ERROR;
    }

    output = ngx_http_model_json_get(value, "output");

    if (output == NULL || output->type == NGX_HTTP_MODEL_JSON_NULL) {
        return ngx_http_model_bridge_refuse(b, "input", "an item of \"input\" "
                                            "has no \"output\"");
    }

    return ngx_http_model_responses_read_parts(b, output, part->parts,
                                           NGX_HTTP_MODEL_RESPONSES_IMAGES);
}


static ngx_int_t
ngx_http_model_responses_read_reasoning(ngx_http_model_bridge_t *b,
    ngx_http_model_json_t *value, ngx_http_model_responses_input_t *input)
{
    ngx_int_t                  rc;
    ngx_str_t                  text, seal;
    ngx_uint_t                 signedby, redacted;
    ngx_array_t               *extra;
    ngx_http_model_part_t     *part;
    ngx_http_model_message_t  *message;

    (void) input;

    extra = NULL;

    rc = ngx_http_model_bridge_fields(b,
                                    &ngx_http_model_responses_kinds[5].table,
                                      value, NULL, &extra);
    if (rc == NGX_OK) {
        rc = ngx_http_model_responses_thought(b,
                            ngx_http_model_json_get(value, "content"), &text);
    }

    if (rc == NGX_OK && text.len == 0) {
        rc = ngx_http_model_responses_thought(b,
                            ngx_http_model_json_get(value, "summary"), &text);
    }

    if (rc != NGX_OK) {
        return rc;
    }

    ngx_str_null(&seal);

    if (b->to == NGX_HTTP_MODEL_ANTHROPIC) {
        (void) ngx_http_model_json_get_str(value, "encrypted_content", &seal);
    }

    signedby = ngx_http_model_responses_cut(&seal,
                                            NGX_HTTP_MODEL_RESPONSES_SIGNED);
    redacted = ngx_http_model_responses_cut(&seal,
                                            NGX_HTTP_MODEL_RESPONSES_REDACTED);

    if (text.len == 0 && !redacted) {
        return NGX_OK;
    }

    message = ngx_http_model_responses_turn(b, 0);
    if (message == NULL) {
        return NGX_ERROR;
    }

    part = ngx_http_model_talk_part(&message->parts,
                                    redacted ? NGX_HTTP_MODEL_PART_REDACTED
                                             : NGX_HTTP_MODEL_PART_THINKING);
    if (part == NULL) {
        return NGX_ERROR;
    }

    part->text = redacted ? seal : text;
    part->extra = extra;

    if (signedby) {
        part->signature = seal;
    }

    return NGX_OK;
}


/* texts of an array of parts, joined */

static ngx_int_t
ngx_http_model_responses_thought(ngx_http_model_bridge_t *b,
    ngx_http_model_json_t *value, ngx_str_t *text)
{
    ngx_int_t               rc;
    ngx_array_t             parts;
    ngx_http_model_json_t  *json;
    ngx_http_model_part_t  *part;

    ngx_str_null(text);

    if (value == NULL || value->type == NGX_HTTP_MODEL_JSON_NULL) {
        return NGX_OK;
    }

    rc = ngx_http_model_bridge_is(b, value, NGX_HTTP_MODEL_JSON_ARRAY,
                                  "the content of reasoning");
    if (rc != NGX_OK) {
        return rc;
    }

    if (ngx_array_init(&parts, b->pool, 1, sizeof(ngx_http_model_part_t))
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    for (json = value->child; json; json = json->next) {

        part = ngx_http_model_talk_part(&parts, NGX_HTTP_MODEL_PART_TEXT);
        if (part == NULL) {
            return NGX_ERROR;
        }

        if (json->type != NGX_HTTP_MODEL_JSON_OBJECT
            || ngx_http_model_json_get_str(json, "text", &part->text)
               != NGX_OK)
        {
            return ngx_http_model_bridge_refuse(b, "input", "a part of "
                                                "reasoning has no \"text\"");
        }
    }

    return ngx_http_model_talk_join(b->pool, &parts, NGX_HTTP_MODEL_PART_TEXT,
                                    "\n\n", text);
}


static ngx_int_t
ngx_http_model_responses_read_more_tools(ngx_http_model_bridge_t *b,
    ngx_http_model_json_t *value, ngx_http_model_responses_input_t *input)
{
    ngx_int_t               rc;
    ngx_http_model_json_t  *tools;

    rc = ngx_http_model_bridge_fields(b,
                                    &ngx_http_model_responses_kinds[6].table,
                                      value, NULL, NULL);
    if (rc != NGX_OK) {
        return rc;
    }

    tools = ngx_http_model_json_get(value, "tools");

    return tools ? ngx_http_model_responses_read_tools(b, tools, input)
                 : NGX_OK;
}


/* 1 when it begins so, and what follows */

static ngx_uint_t
ngx_http_model_responses_cut(ngx_str_t *s, const char *prefix)
{
    size_t  len;

    len = ngx_strlen(prefix);

    if (s->len < len || ngx_memcmp(s->data, prefix, len) != 0) {
        return 0;
    }

    s->data += len;
    s->len -= len;

    return 1;
}


/* a member that must be there */

static ngx_int_t
ngx_http_model_responses_string(ngx_http_model_bridge_t *b,
    ngx_http_model_json_t *value, const char *name, const char *what,
    ngx_str_t *text)
{
    if (ngx_http_model_json_get_str(value, name, text) == NGX_OK) {
        return NGX_OK;
    }

    return ngx_http_model_bridge_refuse(b, what, "\"%s\" must be a string",
                                        what);
}
