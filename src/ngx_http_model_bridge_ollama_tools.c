
/*
 * Copyright (C) the ngx_http_model_module authors
 */


#include <ngx_config.h>
#include <ngx_core.h>

#include "ngx_http_model_bridge_ollama.h"


/* a call that may still be answered */

struct ngx_http_model_ollama_pending_s {
    ngx_str_node_t                    id;        /* in turn->ids */
    ngx_str_t                         name;
    ngx_http_model_ollama_pending_t  *next;
    ngx_http_model_ollama_pending_t  *same;      /* next of the same name */
    unsigned                          made:1;    /* its id was */
    unsigned                          answered:1;
};


typedef struct {
    ngx_str_node_t                    name;      /* in turn->names */
    ngx_http_model_ollama_pending_t  *first;
    ngx_http_model_ollama_pending_t **last;
} ngx_http_model_ollama_named_t;


typedef struct {
    ngx_str_t                         id;
    ngx_str_t                         name;
    ngx_http_model_json_t            *function;
    ngx_http_model_json_t            *arguments;
} ngx_http_model_ollama_call_t;


typedef struct {
    ngx_str_t                         type;
    ngx_str_t                         name;
    ngx_str_t                         description;
    ngx_http_model_json_t            *function;
    ngx_http_model_json_t            *parameters;
    ngx_http_model_json_t            *strict;
} ngx_http_model_ollama_tool_t;


static ngx_int_t ngx_http_model_ollama_read_call(ngx_http_model_bridge_t *b,
    ngx_http_model_json_t *value, ngx_http_model_part_t *part);

static ngx_int_t ngx_http_model_ollama_called(ngx_http_model_bridge_t *b,
    ngx_http_model_ollama_turn_t *turn, ngx_http_model_part_t *part);
static ngx_http_model_ollama_pending_t *ngx_http_model_ollama_find(
    ngx_http_model_ollama_turn_t *turn, ngx_http_model_part_t *part);
static ngx_int_t ngx_http_model_ollama_make_id(ngx_http_model_bridge_t *b,
    ngx_http_model_ollama_turn_t *turn, ngx_str_t *id);

static ngx_int_t ngx_http_model_ollama_read_tool(ngx_http_model_bridge_t *b,
    ngx_http_model_json_t *value);


static const ngx_http_model_ollama_slot_t  ngx_http_model_ollama_call_slots[]
    =
{
    { "id", "tool_calls[].id", NGX_HTTP_MODEL_JSON_STRING,
      offsetof(ngx_http_model_ollama_call_t, id) },

    { "function", "tool_calls[].function", NGX_HTTP_MODEL_JSON_OBJECT,
      offsetof(ngx_http_model_ollama_call_t, function) },

    { "name", "tool_calls[].function.name", NGX_HTTP_MODEL_JSON_STRING,
      offsetof(ngx_http_model_ollama_call_t, name) },

    { "arguments", "tool_calls[].function.arguments",
      NGX_HTTP_MODEL_JSON_OBJECT,
      offsetof(ngx_http_model_ollama_call_t, arguments) },

    { NULL, NULL, 0, 0 }
};


static const ngx_http_model_ollama_slot_t  ngx_http_model_ollama_tool_slots[]
    =
{
    { "type", "tools[].type", NGX_HTTP_MODEL_JSON_STRING,
      offsetof(ngx_http_model_ollama_tool_t, type) },

    { "function", "tools[].function", NGX_HTTP_MODEL_JSON_OBJECT,
      offsetof(ngx_http_model_ollama_tool_t, function) },

    { "name", "tools[].function.name", NGX_HTTP_MODEL_JSON_STRING,
      offsetof(ngx_http_model_ollama_tool_t, name) },

    { "description", "tools[].function.description",
      NGX_HTTP_MODEL_JSON_STRING,
      offsetof(ngx_http_model_ollama_tool_t, description) },

    { "parameters", "tools[].function.parameters",
      NGX_HTTP_MODEL_JSON_OBJECT,
      offsetof(ngx_http_model_ollama_tool_t, parameters) },

    { "strict", "tools[].function.strict", NGX_HTTP_MODEL_JSON_BOOL,
      offsetof(ngx_http_model_ollama_tool_t, strict) },

    { NULL, NULL, 0, 0 }
};


const ngx_http_model_field_t  ngx_http_model_ollama_call_fields[] = {

    { "id", ngx_http_model_ollama_read_member,
      ngx_http_model_ollama_to(MAP, MAP), NULL },

    { "type", NULL,
      ngx_http_model_ollama_to(DROP, DROP), "always \"function\"" },

    { "function", ngx_http_model_ollama_read_member,
      ngx_http_model_ollama_to(MAP, MAP), NULL },

    { NULL, NULL, { 0 }, NULL }
};


const ngx_http_model_field_t  ngx_http_model_ollama_called_fields[] = {

    { "index", NULL,
      ngx_http_model_ollama_to(DROP, DROP), "calls keep their order" },

    { "name", ngx_http_model_ollama_read_member,
      ngx_http_model_ollama_to(MAP, MAP), NULL },

    { "description", NULL,
      ngx_http_model_ollama_to(DROP, DROP), "is the tool's" },

    { "arguments", ngx_http_model_ollama_read_member,
      ngx_http_model_ollama_to(MAP, MAP),
      "an object; keys keep their order, numbers their digits" },

    { NULL, NULL, { 0 }, NULL }
};


const ngx_http_model_field_t  ngx_http_model_ollama_tool_fields[] = {

    { "type", ngx_http_model_ollama_read_member,
      ngx_http_model_ollama_to(MAP, MAP), "\"function\", or absent" },

    { "items", NULL,
      ngx_http_model_ollama_to(DROP, DROP), "means nothing" },

    { "function", ngx_http_model_ollama_read_member,
      ngx_http_model_ollama_to(MAP, MAP), NULL },

    { NULL, NULL, { 0 }, NULL }
};


const ngx_http_model_field_t  ngx_http_model_ollama_function_fields[] = {

    { "name", ngx_http_model_ollama_read_member,
      ngx_http_model_ollama_to(MAP, MAP), NULL },

    { "description", ngx_http_model_ollama_read_member,
      ngx_http_model_ollama_to(MAP, MAP), NULL },

    { "parameters", ngx_http_model_ollama_read_member,
      ngx_http_model_ollama_to(MAP, MAP), NULL },

    { "strict", ngx_http_model_ollama_read_member,
      ngx_http_model_ollama_to(MAP, MAP),
      "not known to Ollama, but to others" },

    { NULL, NULL, { 0 }, NULL }
};


ngx_int_t
ngx_http_model_ollama_read_calls(ngx_http_model_bridge_t *b,
    ngx_http_model_json_t *calls, ngx_http_model_message_t *message,
    ngx_http_model_ollama_turn_t *turn)
{
    ngx_int_t               rc;
    ngx_http_model_part_t  *part;
    ngx_http_model_json_t  *element;

    if (calls->child && !turn->open) {
        ngx_http_model_ollama_turn(turn);
        turn->open = 1;
    }

    for (element = calls->child; element; element = element->next) {

        part = ngx_http_model_talk_part(&message->parts,
                                        NGX_HTTP_MODEL_PART_CALL);
        if (part == NULL) {
            return NGX_ERROR;
        }

        rc = ngx_http_model_ollama_read_call(b, element, part);

        if (rc != NGX_OK) {
            return rc;
        }

        if (ngx_http_model_ollama_called(b, turn, part) != NGX_OK) {
            return NGX_ERROR;
        }
    }

    return NGX_OK;
}


static ngx_int_t
ngx_http_model_ollama_read_call(ngx_http_model_bridge_t *b,
    ngx_http_model_json_t *value, ngx_http_model_part_t *part)
{
    ngx_int_t                      rc;
    ngx_http_model_ollama_call_t   call;
    ngx_http_model_ollama_into_t   into;

    static const ngx_http_model_field_table_t  table =
                                              ngx_http_model_ollama_call_table;
    static const ngx_http_model_field_table_t  called =
                                            ngx_http_model_ollama_called_table;

    ngx_memzero(&call, sizeof(ngx_http_model_ollama_call_t));

    into.slots = ngx_http_model_ollama_call_slots;
    into.object = &call;

    if (value->type != NGX_HTTP_MODEL_JSON_OBJECT) {
        return ngx_http_model_bridge_refuse(b, "messages",
                                            "\"messages[].tool_calls\" must "
                                            "be an array of objects");
    }

    rc = ngx_http_model_bridge_fields(b, &table, value, &into, &part->extra);

    if (rc == NGX_OK && call.function) {
        rc = ngx_http_model_bridge_fields(b, &called, call.function, &into,
                                          NULL);
    }

    if (rc != NGX_OK) {
        return rc;
    }

    if (call.name.len == 0) {
        return ngx_http_model_bridge_refuse(b, "messages",
                                            "\"messages[].tool_calls[]"
                                            ".function.name\" is missing");
    }

    part->id = call.id;
    part->name = call.name;

    if (call.arguments == NULL) {
        return NGX_OK;
    }

    return ngx_http_model_talk_json(b->pool, call.arguments, &part->text);
}


void
ngx_http_model_ollama_turn(ngx_http_model_ollama_turn_t *turn)
{
    ngx_rbtree_init(&turn->ids, &turn->sentinel, ngx_str_rbtree_insert_value);
    ngx_rbtree_init(&turn->names, &turn->sentinel,
                    ngx_str_rbtree_insert_value);

    turn->first = NULL;
    turn->last = &turn->first;
    turn->calls = 0;
    turn->open = 0;
}


/* a call of the assistant: it has an id from here on */

static ngx_int_t
ngx_http_model_ollama_called(ngx_http_model_bridge_t *b,
    ngx_http_model_ollama_turn_t *turn, ngx_http_model_part_t *part)
{
    uint32_t                          hash;
    ngx_http_model_ollama_named_t    *named;
    ngx_http_model_ollama_pending_t  *call;

    call = ngx_pcalloc(b->pool, sizeof(ngx_http_model_ollama_pending_t));
    if (call == NULL) {
        return NGX_ERROR;
    }

    if (part->id.len == 0) {
        call->made = 1;

        if (ngx_http_model_ollama_make_id(b, turn, &part->id) != NGX_OK) {
            return NGX_ERROR;
        }
    }

    turn->calls++;

    call->name = part->name;
    call->id.str = part->id;
    call->id.node.key = ngx_crc32_long(part->id.data, part->id.len);

    ngx_rbtree_insert(&turn->ids, &call->id.node);

    *turn->last = call;
    turn->last = &call->next;

    hash = ngx_crc32_long(part->name.data, part->name.len);

    named = (ngx_http_model_ollama_named_t *)
                ngx_str_rbtree_lookup(&turn->names, &part->name, hash);

    if (named == NULL) {
        named = ngx_pcalloc(b->pool, sizeof(ngx_http_model_ollama_named_t));
        if (named == NULL) {
            return NGX_ERROR;
        }

        named->last = &named->first;
        named->name.str = part->name;
        named->name.node.key = hash;

        ngx_rbtree_insert(&turn->names, &named->name.node);
    }

    *named->last = call;
    named->last = &call->same;

    return NGX_OK;
}


ngx_int_t
ngx_http_model_ollama_answered(ngx_http_model_bridge_t *b,
    ngx_http_model_ollama_turn_t *turn, ngx_http_model_part_t *part)
{
    ngx_http_model_ollama_pending_t  *call;

    call = ngx_http_model_ollama_find(turn, part);

    if (call) {
        call->answered = 1;
        part->id = call->id.str;

        if (part->name.len == 0) {
            part->name = call->name;
        }

        return NGX_OK;
    }

    return part->id.len ? NGX_OK
                        : ngx_http_model_ollama_make_id(b, turn, &part->id);
}


/*
 * The call that a result is of: by its id, else the first of its name, else
 * the first, that is not answered.  An id that no call has can be of one whose
 * own was lost, but not of another that has one.
 */

static ngx_http_model_ollama_pending_t *
ngx_http_model_ollama_find(ngx_http_model_ollama_turn_t *turn,
    ngx_http_model_part_t *part)
{
    uint32_t                          hash;
    ngx_str_node_t                   *node;
    ngx_http_model_ollama_named_t    *named;
    ngx_http_model_ollama_pending_t  *call;

    if (part->id.len) {
        hash = ngx_crc32_long(part->id.data, part->id.len);
        node = ngx_str_rbtree_lookup(&turn->ids, &part->id, hash);

        if (node) {
            return (ngx_http_model_ollama_pending_t *) node;
        }
    }

    if (part->name.len) {
        hash = ngx_crc32_long(part->name.data, part->name.len);

        named = (ngx_http_model_ollama_named_t *)
                    ngx_str_rbtree_lookup(&turn->names, &part->name, hash);

        if (named) {
            while (named->first && named->first->answered) {
                named->first = named->first->same;
            }

            call = named->first;

            if (call && (part->id.len == 0 || call->made)) {
                return call;
            }
        }
    }

    while (turn->first && turn->first->answered) {
        turn->first = turn->first->next;
    }

    call = turn->first;

    return (call && (part->id.len == 0 || call->made)) ? call : NULL;
}


/* call_<message>_<number>: the same one for the same conversation */

static ngx_int_t
ngx_http_model_ollama_make_id(ngx_http_model_bridge_t *b,
    ngx_http_model_ollama_turn_t *turn, ngx_str_t *id)
{
    u_char  *p;

    p = ngx_pnalloc(b->pool, sizeof("call__") - 1 + 2 * NGX_INT_T_LEN);
    if (p == NULL) {
        return NGX_ERROR;
    }

    id->data = p;
    id->len = ngx_sprintf(p, "call_%ui_%ui", turn->message, turn->calls) - p;

    return NGX_OK;
}


ngx_int_t
ngx_http_model_ollama_read_tools(ngx_http_model_bridge_t *b,
    ngx_http_model_json_t *value, void *data)
{
    ngx_int_t               rc;
    ngx_http_model_json_t  *element;

    (void) data;

    rc = ngx_http_model_bridge_is(b, value, NGX_HTTP_MODEL_JSON_ARRAY,
                                  "tools");

    for (element = value->child; rc == NGX_OK && element;
         element = element->next)
    {
        rc = ngx_http_model_ollama_read_tool(b, element);
    }

    return rc;
}


static ngx_int_t
ngx_http_model_ollama_read_tool(ngx_http_model_bridge_t *b,
    ngx_http_model_json_t *value)
{
    ngx_int_t                      rc;
    ngx_array_t                   *extra;
    ngx_http_model_tool_t         *tool;
    ngx_http_model_ollama_tool_t   t;
    ngx_http_model_ollama_into_t   into;

    static const ngx_http_model_field_table_t  table =
                                              ngx_http_model_ollama_tool_table;
    static const ngx_http_model_field_table_t  function =
                                          ngx_http_model_ollama_function_table;

    ngx_memzero(&t, sizeof(ngx_http_model_ollama_tool_t));
    extra = NULL;

    into.slots = ngx_http_model_ollama_tool_slots;
    into.object = &t;

    if (value->type != NGX_HTTP_MODEL_JSON_OBJECT) {
        return ngx_http_model_bridge_refuse(b, "tools", "\"tools\" must be an "
                                            "array of objects");
    }

    rc = ngx_http_model_bridge_fields(b, &table, value, &into, &extra);

    if (rc == NGX_OK && t.function) {
        rc = ngx_http_model_bridge_fields(b, &function, t.function, &into,
                                          &extra);
    }

    if (rc != NGX_OK) {
        return rc;
    }

    if (t.type.len
        && (t.type.len != 8 || ngx_memcmp(t.type.data, "function", 8) != 0))
    {
        return ngx_http_model_bridge_refuse(b, "tools", "\"tools[].type\" "
                                            "must be \"function\"");
    }

    if (t.name.len == 0) {
        return ngx_http_model_bridge_refuse(b, "tools", "\"tools[].function"
                                            ".name\" is missing");
    }

    tool = ngx_http_model_talk_tool(&b->talk);
    if (tool == NULL) {
        return NGX_ERROR;
    }

    tool->name = t.name;
    tool->description = t.description;
    tool->parameters = t.parameters;
    tool->extra = extra;

    if (t.strict) {
        tool->strict = t.strict->value.len ? NGX_HTTP_MODEL_ON
                                           : NGX_HTTP_MODEL_OFF;
    }

    return NGX_OK;
}
