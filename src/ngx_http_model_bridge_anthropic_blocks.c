
/*
 * Copyright (C) the ngx_http_model_module authors
 */


#include <ngx_config.h>
#include <ngx_core.h>

#include "ngx_http_model_bridge_anthropic.h"
#include "ngx_http_model_error.h"


#define NGX_HTTP_MODEL_ANTHROPIC_BILLING  "x-anthropic-billing-header:"


typedef struct {
    const char                        *type;
    ngx_uint_t                         table;
    ngx_uint_t                         places;     /* bits */
    ngx_http_model_anthropic_block_pt  read;
} ngx_http_model_anthropic_kind_t;


static ngx_int_t ngx_http_model_anthropic_message(ngx_http_model_bridge_t *b,
    ngx_http_model_anthropic_reading_t *rd, ngx_http_model_json_t *value);
static ngx_int_t ngx_http_model_anthropic_role(ngx_http_model_bridge_t *b,
    ngx_http_model_json_t *value, ngx_uint_t *role);
static ngx_int_t ngx_http_model_anthropic_blocks(ngx_http_model_bridge_t *b,
    ngx_http_model_anthropic_reading_t *rd, ngx_uint_t role,
    ngx_http_model_json_t *content);
static ngx_int_t ngx_http_model_anthropic_block(ngx_http_model_bridge_t *b,
    ngx_http_model_anthropic_reading_t *rd, ngx_array_t *parts,
    ngx_http_model_json_t *block);
static ngx_int_t ngx_http_model_anthropic_other(ngx_http_model_bridge_t *b,
    ngx_str_t *type);


#define SYSTEM     (1 << NGX_HTTP_MODEL_ROLE_SYSTEM)
#define USER       (1 << NGX_HTTP_MODEL_ROLE_USER)
#define ASSISTANT  (1 << NGX_HTTP_MODEL_ROLE_ASSISTANT)
#define INSIDE     (1 << NGX_HTTP_MODEL_ANTHROPIC_INSIDE)

static const ngx_http_model_anthropic_kind_t
    ngx_http_model_anthropic_kinds[] =
{
    { "text", NGX_HTTP_MODEL_ANTHROPIC_TEXT,
      SYSTEM|USER|ASSISTANT|INSIDE, ngx_http_model_anthropic_text },

    { "image", NGX_HTTP_MODEL_ANTHROPIC_IMAGE, USER|INSIDE,
      ngx_http_model_anthropic_image },

    { "document", NGX_HTTP_MODEL_ANTHROPIC_DOCUMENT, USER|INSIDE,
      ngx_http_model_anthropic_document },

    { "search_result", NGX_HTTP_MODEL_ANTHROPIC_SEARCH_RESULT, USER|INSIDE,
      ngx_http_model_anthropic_search },

    { "tool_use", NGX_HTTP_MODEL_ANTHROPIC_TOOL_USE, ASSISTANT,
      ngx_http_model_anthropic_use },

    { "tool_result", NGX_HTTP_MODEL_ANTHROPIC_TOOL_RESULT, USER,
      ngx_http_model_anthropic_result },

    { "thinking", NGX_HTTP_MODEL_ANTHROPIC_THOUGHT, ASSISTANT,
      ngx_http_model_anthropic_thought },

    { "redacted_thinking", NGX_HTTP_MODEL_ANTHROPIC_REDACTED, ASSISTANT,
      ngx_http_model_anthropic_redacted },

    { NULL, 0, 0, NULL }
};


ngx_int_t
ngx_http_model_anthropic_read_system(ngx_http_model_bridge_t *b,
    ngx_http_model_json_t *value)
{
    size_t                              len;
    ngx_int_t                           rc;
    ngx_str_t                           text;
    ngx_http_model_json_t               first;
    ngx_http_model_message_t           *message;
    ngx_http_model_anthropic_reading_t  rd;

    if (value->type == NGX_HTTP_MODEL_JSON_ARRAY && value->child) {

        /* Claude Code's: it differs from request to request, which spoils
           the caches of prompts, and is for Anthropic's eyes */

        (void) ngx_http_model_json_get_str(value->child, "text", &text);

        len = sizeof(NGX_HTTP_MODEL_ANTHROPIC_BILLING) - 1;

        if (text.len >= len
            && ngx_memcmp(text.data, NGX_HTTP_MODEL_ANTHROPIC_BILLING, len)
               == 0)
        {
            first = *value;
            first.child = value->child->next;
            value = &first;
        }
    }

    message = ngx_http_model_talk_message(&b->talk,
                                          NGX_HTTP_MODEL_ROLE_SYSTEM);
    if (message == NULL) {
        return NGX_ERROR;
    }

    rd.place = NGX_HTTP_MODEL_ROLE_SYSTEM;

    rc = ngx_http_model_anthropic_content(b, &rd, &message->parts, value);

    if (message->parts.nelts == 0) {
        b->talk.messages.nelts--;
    }

    return rc;
}


ngx_int_t
ngx_http_model_anthropic_read_messages(ngx_http_model_bridge_t *b,
    ngx_http_model_json_t *value)
{
    ngx_int_t                           rc;
    ngx_http_model_json_t              *message;
    ngx_http_model_anthropic_reading_t  rd;

    ngx_rbtree_init(&rd.calls, &rd.sentinel, ngx_str_rbtree_insert_value);

    if (ngx_http_model_bridge_is(b, value, NGX_HTTP_MODEL_JSON_ARRAY,
                                 "messages")
        != NGX_OK)
    {
        return NGX_DECLINED;
    }

    if (value->child == NULL) {
        return ngx_http_model_bridge_refuse(b, "messages", "messages: at "
                                            "least one message is required");
    }

    for (message = value->child; message; message = message->next) {

        rc = ngx_http_model_anthropic_message(b, &rd, message);

        if (rc != NGX_OK) {
            return rc;
        }
    }

    return NGX_OK;
}


static ngx_int_t
ngx_http_model_anthropic_message(ngx_http_model_bridge_t *b,
    ngx_http_model_anthropic_reading_t *rd, ngx_http_model_json_t *value)
{
    ngx_int_t                  rc;
    ngx_uint_t                 role, i, n;
    ngx_array_t               *extra;
    ngx_http_model_json_t     *content;
    ngx_http_model_message_t  *message;

    if (ngx_http_model_bridge_is(b, value, NGX_HTTP_MODEL_JSON_OBJECT,
                                 "messages[]")
        != NGX_OK)
    {
        return NGX_DECLINED;
    }

    role = NGX_HTTP_MODEL_ROLE_USER;
    extra = NULL;

    rc = ngx_http_model_bridge_fields(b,
           &ngx_http_model_anthropic_tables[NGX_HTTP_MODEL_ANTHROPIC_MESSAGE],
           value, NULL, &extra);

    if (rc == NGX_OK) {
        rc = ngx_http_model_anthropic_role(b, value, &role);
    }

    if (rc != NGX_OK) {
        return rc;
    }

    content = ngx_http_model_anthropic_get(value, "content");

    if (content == NULL) {

        /* system messages may have an effort alone */

        return (role == NGX_HTTP_MODEL_ROLE_SYSTEM)
               ? NGX_OK
               : ngx_http_model_anthropic_missing(b, "messages[].", "content");
    }

    n = b->talk.messages.nelts;

    /* the results of tools, then the rest */

    for (i = 0; i < 2; i++) {

        if (i == 0) {
            if (role != NGX_HTTP_MODEL_ROLE_USER) {
                continue;
            }

            rc = ngx_http_model_anthropic_blocks(b, rd,
                                                 NGX_HTTP_MODEL_ROLE_TOOL,
                                                 content);

        } else {
            rc = ngx_http_model_anthropic_blocks(b, rd, role, content);
        }

        if (rc != NGX_OK) {
            return rc;
        }
    }

    if (extra && b->talk.messages.nelts > n) {
        message = b->talk.messages.elts;
        message[b->talk.messages.nelts - 1].extra = extra;
    }

    return NGX_OK;
}


static ngx_int_t
ngx_http_model_anthropic_role(ngx_http_model_bridge_t *b,
    ngx_http_model_json_t *value, ngx_uint_t *role)
{
    ngx_int_t   rc;
    ngx_str_t   name;
    ngx_uint_t  i;

    static const char  *roles[] = { "system", "user", "assistant" };

    rc = ngx_http_model_anthropic_str(b, value, "messages[].", "role", 1,
                                      &name);
    if (rc != NGX_OK) {
        return rc;
    }

    for (i = 0; i < 3; i++) {
        if (ngx_strlen(roles[i]) == name.len
            && ngx_memcmp(roles[i], name.data, name.len) == 0)
        {
            *role = i;
            return NGX_OK;
        }
    }

    return ngx_http_model_bridge_refuse(b, "messages", "messages[].role: "
                                        "Input should be \"user\", "
                                        "\"assistant\" or \"system\"");
}


/*
 * A message of those blocks of the content that are of the role: TOOL has the
 * results, the others what is not one.  There is none where nothing is left.
 */

static ngx_int_t
ngx_http_model_anthropic_blocks(ngx_http_model_bridge_t *b,
    ngx_http_model_anthropic_reading_t *rd, ngx_uint_t role,
    ngx_http_model_json_t *content)
{
    ngx_int_t                  rc;
    ngx_uint_t                 result;
    ngx_http_model_json_t     *block;
    ngx_http_model_message_t  *message;

    message = ngx_http_model_talk_message(&b->talk, role);
    if (message == NULL) {
        return NGX_ERROR;
    }

    rd->place = (role == NGX_HTTP_MODEL_ROLE_TOOL) ? NGX_HTTP_MODEL_ROLE_USER
                                                   : role;

    if (content->type != NGX_HTTP_MODEL_JSON_ARRAY) {

        if (role != NGX_HTTP_MODEL_ROLE_TOOL) {

            rc = ngx_http_model_anthropic_content(b, rd, &message->parts,
                                                  content);
            if (rc != NGX_OK) {
                return rc;
            }
        }

    } else {

        for (block = content->child; block; block = block->next) {

            result = (rd->place == NGX_HTTP_MODEL_ROLE_USER
                      && ngx_http_model_anthropic_is_type(block,
                                                          "tool_result"));

            if (result != (role == NGX_HTTP_MODEL_ROLE_TOOL)) {
                continue;
            }

            rc = ngx_http_model_anthropic_block(b, rd, &message->parts,
                                                block);
            if (rc != NGX_OK) {
                return rc;
            }
        }
    }

    if (message->parts.nelts == 0) {
        b->talk.messages.nelts--;
    }

    return NGX_OK;
}


ngx_uint_t
ngx_http_model_anthropic_is_type(ngx_http_model_json_t *block,
    const char *type)
{
    ngx_str_t  value;

    return ngx_http_model_json_get_str(block, "type", &value) == NGX_OK
           && value.len == ngx_strlen(type)
           && ngx_memcmp(value.data, type, value.len) == 0;
}


/* text, or blocks that stand where rd says */

ngx_int_t
ngx_http_model_anthropic_content(ngx_http_model_bridge_t *b,
    ngx_http_model_anthropic_reading_t *rd, ngx_array_t *parts,
    ngx_http_model_json_t *content)
{
    ngx_int_t               rc;
    ngx_http_model_json_t  *block;

    if (content->type == NGX_HTTP_MODEL_JSON_STRING) {
        return ngx_http_model_anthropic_add_text(parts, &content->value);
    }

    if (content->type != NGX_HTTP_MODEL_JSON_ARRAY) {
        return ngx_http_model_bridge_refuse(b, "messages", "content: Input "
                                            "should be a string or an array "
                                            "of blocks");
    }

    for (block = content->child; block; block = block->next) {

        rc = ngx_http_model_anthropic_block(b, rd, parts, block);

        if (rc != NGX_OK) {
            return rc;
        }
    }

    return NGX_OK;
}


static ngx_int_t
ngx_http_model_anthropic_block(ngx_http_model_bridge_t *b,
    ngx_http_model_anthropic_reading_t *rd, ngx_array_t *parts,
    ngx_http_model_json_t *block)
{
    ngx_int_t                               rc;
    ngx_str_t                               type;
    ngx_uint_t                              n;
    ngx_array_t                            *extra;
    ngx_http_model_part_t                  *part;
    const ngx_http_model_anthropic_kind_t  *kind;

    if (ngx_http_model_bridge_is(b, block, NGX_HTTP_MODEL_JSON_OBJECT,
                                 "content[]")
        != NGX_OK)
    {
        return NGX_DECLINED;
    }

    rc = ngx_http_model_anthropic_str(b, block, "content[].", "type", 1,
                                      &type);
    if (rc != NGX_OK) {
        return rc;
    }

    for (kind = ngx_http_model_anthropic_kinds; kind->type; kind++) {
        if (ngx_http_model_anthropic_is_type(block, kind->type)) {
            break;
        }
    }

    if (kind->type == NULL) {
        return ngx_http_model_anthropic_other(b, &type);
    }

    if (!(kind->places & (1 << rd->place))) {
        return ngx_http_model_bridge_refuse(b, "messages", "a block of type "
                                            "\"%s\" cannot stand where it "
                                            "does: it is for %s messages",
                                            kind->type,
                                            (kind->places & USER)
                                            ? "user" : "assistant");
    }

    extra = NULL;

    rc = ngx_http_model_bridge_fields(b,
                                &ngx_http_model_anthropic_tables[kind->table],
                                block, NULL, &extra);
    if (rc != NGX_OK) {
        return rc;
    }

    n = parts->nelts;

    rc = kind->read(b, rd, parts, block);

    if (rc == NGX_OK && extra && parts->nelts > n) {
        part = parts->elts;
        part[n].extra = extra;
    }

    return rc;
}


static ngx_int_t
ngx_http_model_anthropic_other(ngx_http_model_bridge_t *b, ngx_str_t *type)
{
    ngx_str_t                      quoted;
    const char                    *note;
    const ngx_http_model_field_t  *row;

    row = ngx_http_model_anthropic_tables[NGX_HTTP_MODEL_ANTHROPIC_BLOCKS]
          .fields;
    note = "it is not known";

    for ( /* void */ ; row->name; row++) {

        if (ngx_strlen(row->name) == type->len
            && ngx_memcmp(row->name, type->data, type->len) == 0)
        {
            if (row->to[b->to] != NGX_HTTP_MODEL_FIELD_REFUSE) {
                return NGX_OK;
            }

            note = row->note;
            break;
        }
    }

    quoted = ngx_http_model_error_quote(b->pool, type);

    return ngx_http_model_bridge_refuse(b, "messages", "a block of type "
                                        "\"%V\" cannot be put to vendor "
                                        "\"%V\": %s", &quoted, &b->vendor,
                                        note);
}
