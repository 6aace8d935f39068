
/*
 * Copyright (C) the ngx_http_model_module authors
 */


#include <ngx_config.h>
#include <ngx_core.h>

#include "ngx_http_model_bridge_ollama.h"


/* a message while its members are read, in whatever order they come */

typedef struct {
    ngx_str_t                         role;
    ngx_str_t                         content;
    ngx_str_t                         thinking;
    ngx_str_t                         tool_name;
    ngx_str_t                         tool_call_id;
    ngx_http_model_json_t            *images;
    ngx_http_model_json_t            *tool_calls;
} ngx_http_model_ollama_message_t;


static ngx_int_t ngx_http_model_ollama_read_message(
    ngx_http_model_bridge_t *b, ngx_http_model_json_t *value,
    ngx_http_model_ollama_turn_t *turn);
static ngx_int_t ngx_http_model_ollama_read_role(ngx_http_model_bridge_t *b,
    ngx_http_model_ollama_message_t *m, ngx_uint_t *role);
static ngx_int_t ngx_http_model_ollama_read_parts(ngx_http_model_bridge_t *b,
    ngx_http_model_ollama_message_t *m, ngx_http_model_message_t *message);
static ngx_int_t ngx_http_model_ollama_read_result(
    ngx_http_model_bridge_t *b, ngx_http_model_ollama_message_t *m,
    ngx_http_model_message_t *message, ngx_http_model_ollama_turn_t *turn);
static ngx_int_t ngx_http_model_ollama_add_text(ngx_array_t *parts,
    ngx_uint_t type, ngx_str_t *text);

static ngx_int_t ngx_http_model_ollama_read_image(ngx_http_model_bridge_t *b,
    ngx_http_model_json_t *value, ngx_array_t *parts);
static ngx_int_t ngx_http_model_ollama_unfold(ngx_http_model_bridge_t *b,
    ngx_str_t *base64);
static ngx_str_t ngx_http_model_ollama_audio(ngx_str_t *base64);

static const ngx_http_model_ollama_slot_t
    ngx_http_model_ollama_message_slots[] =
{
    { "role", "messages[].role", NGX_HTTP_MODEL_JSON_STRING,
      offsetof(ngx_http_model_ollama_message_t, role) },

    { "content", "messages[].content", NGX_HTTP_MODEL_JSON_STRING,
      offsetof(ngx_http_model_ollama_message_t, content) },

    { "thinking", "messages[].thinking", NGX_HTTP_MODEL_JSON_STRING,
      offsetof(ngx_http_model_ollama_message_t, thinking) },

    { "tool_name", "messages[].tool_name", NGX_HTTP_MODEL_JSON_STRING,
      offsetof(ngx_http_model_ollama_message_t, tool_name) },

    { "tool_call_id", "messages[].tool_call_id", NGX_HTTP_MODEL_JSON_STRING,
      offsetof(ngx_http_model_ollama_message_t, tool_call_id) },

    { "images", "messages[].images", NGX_HTTP_MODEL_JSON_ARRAY,
      offsetof(ngx_http_model_ollama_message_t, images) },

    { "tool_calls", "messages[].tool_calls", NGX_HTTP_MODEL_JSON_ARRAY,
      offsetof(ngx_http_model_ollama_message_t, tool_calls) },

    { NULL, NULL, 0, 0 }
};


const ngx_http_model_field_t  ngx_http_model_ollama_message_fields[] = {

    { "role", ngx_http_model_ollama_read_member,
      ngx_http_model_ollama_to(MAP, MAP),
      "system, user, assistant or tool" },

    { "content", ngx_http_model_ollama_read_member,
      ngx_http_model_ollama_to(MAP, MAP), NULL },

    { "thinking", ngx_http_model_ollama_read_member,
      ngx_http_model_ollama_to(MAP, DROP),
      "thinking that they did not sign is not taken there" },

    { "images", ngx_http_model_ollama_read_member,
      ngx_http_model_ollama_to(MAP, MAP),
      "PNG, JPEG, GIF, WebP; WAV and MP3 where the vendor takes audio" },

    { "tool_calls", ngx_http_model_ollama_read_member,
      ngx_http_model_ollama_to(MAP, MAP),
      "one without an id gets one, and so does its result" },

    { "tool_name", ngx_http_model_ollama_read_member,
      ngx_http_model_ollama_to(MAP, MAP),
      "finds the call that is answered where no id does" },

    { "tool_call_id", ngx_http_model_ollama_read_member,
      ngx_http_model_ollama_to(MAP, MAP), NULL },

    { NULL, NULL, { 0 }, NULL }
};


ngx_int_t
ngx_http_model_ollama_read_member(ngx_http_model_bridge_t *b,
    ngx_http_model_json_t *value, void *data)
{
    ngx_http_model_ollama_into_t *into = data;

    u_char                              *p;
    ngx_int_t                            rc;
    const ngx_http_model_ollama_slot_t  *slot;

    for (slot = into->slots; slot->name; slot++) {

        if (ngx_strlen(slot->name) != value->key.len
            || ngx_memcmp(slot->name, value->key.data, value->key.len) != 0)
        {
            continue;
        }

        rc = ngx_http_model_bridge_is(b, value, slot->type, slot->what);

        if (rc != NGX_OK) {
            return rc;
        }

        p = (u_char *) into->object + slot->offset;

        if (slot->type == NGX_HTTP_MODEL_JSON_STRING) {
            *(ngx_str_t *) p = value->value;

        } else {
            *(ngx_http_model_json_t **) p = value;
        }

        break;
    }

    return NGX_OK;
}


ngx_int_t
ngx_http_model_ollama_read_messages(ngx_http_model_bridge_t *b,
    ngx_http_model_json_t *value, void *data)
{
    ngx_int_t                      rc;
    ngx_http_model_json_t         *element;
    ngx_http_model_ollama_turn_t   turn;

    (void) data;

    rc = ngx_http_model_bridge_is(b, value, NGX_HTTP_MODEL_JSON_ARRAY,
                                  "messages");
    if (rc != NGX_OK) {
        return rc;
    }

    ngx_http_model_ollama_turn(&turn);
    turn.message = 0;

    for (element = value->child; element; element = element->next) {

        if (element->type != NGX_HTTP_MODEL_JSON_OBJECT) {
            return ngx_http_model_bridge_refuse(b, "messages", "\"messages\" "
                                                "must be an array of objects");
        }

        rc = ngx_http_model_ollama_read_message(b, element, &turn);

        if (rc != NGX_OK) {
            return rc;
        }

        turn.message++;
    }

    return NGX_OK;
}


static ngx_int_t
ngx_http_model_ollama_read_message(ngx_http_model_bridge_t *b,
    ngx_http_model_json_t *value, ngx_http_model_ollama_turn_t *turn)
{
    ngx_int_t                         rc;
    ngx_uint_t                        role;
    ngx_array_t                      *extra;
    ngx_http_model_message_t         *message;
    ngx_http_model_ollama_into_t      into;
    ngx_http_model_ollama_message_t   m;

    static const ngx_http_model_field_table_t  table =
                                           ngx_http_model_ollama_message_table;

    ngx_memzero(&m, sizeof(ngx_http_model_ollama_message_t));
    extra = NULL;
    role = NGX_HTTP_MODEL_ROLE_USER;

    into.slots = ngx_http_model_ollama_message_slots;
    into.object = &m;

    rc = ngx_http_model_bridge_fields(b, &table, value, &into, &extra);

    if (rc == NGX_OK) {
        rc = ngx_http_model_ollama_read_role(b, &m, &role);
    }

    if (rc != NGX_OK) {
        return rc;
    }

    message = ngx_http_model_talk_message(&b->talk, role);
    if (message == NULL) {
        return NGX_ERROR;
    }

    message->extra = extra;
    turn->calls = 0;

    if (role == NGX_HTTP_MODEL_ROLE_TOOL) {
        turn->open = 0;

        return ngx_http_model_ollama_read_result(b, &m, message, turn);
    }

    rc = ngx_http_model_ollama_read_parts(b, &m, message);

    if (rc != NGX_OK || role != NGX_HTTP_MODEL_ROLE_ASSISTANT) {
        turn->open = 0;
        return rc;
    }

    return m.tool_calls ? ngx_http_model_ollama_read_calls(b, m.tool_calls,
                                                           message, turn)
                        : NGX_OK;
}


static ngx_int_t
ngx_http_model_ollama_read_role(ngx_http_model_bridge_t *b,
    ngx_http_model_ollama_message_t *m, ngx_uint_t *role)
{
    ngx_uint_t  i;

    static const struct {
        ngx_str_t   name;
        ngx_uint_t  role;
    } roles[] = {
        { ngx_string("system"), NGX_HTTP_MODEL_ROLE_SYSTEM },
        { ngx_string("user"), NGX_HTTP_MODEL_ROLE_USER },
        { ngx_string("assistant"), NGX_HTTP_MODEL_ROLE_ASSISTANT },
        { ngx_string("tool"), NGX_HTTP_MODEL_ROLE_TOOL },
        { ngx_null_string, 0 }
    };

    for (i = 0; roles[i].name.len; i++) {

        /* Ollama folds its case, too */

        if (m->role.len == roles[i].name.len
            && ngx_strncasecmp(m->role.data, roles[i].name.data, m->role.len)
               == 0)
        {
            break;
        }
    }

    if (roles[i].name.len == 0) {
        return ngx_http_model_bridge_refuse(b, "messages",
                                            "\"messages[].role\" must be "
                                            "\"system\", \"user\", "
                                            "\"assistant\" or \"tool\"");
    }

    *role = roles[i].role;

    if (m->tool_calls
        && m->tool_calls->child
        && *role != NGX_HTTP_MODEL_ROLE_ASSISTANT)
    {
        return ngx_http_model_bridge_refuse(b, "messages",
                                            "\"messages[].tool_calls\" are of "
                                            "messages with the role "
                                            "\"assistant\" only");
    }

    if (m->images
        && m->images->child
        && (*role == NGX_HTTP_MODEL_ROLE_SYSTEM
            || *role == NGX_HTTP_MODEL_ROLE_ASSISTANT))
    {
        return ngx_http_model_bridge_refuse(b, "messages",
                                            "\"messages[].images\" with the "
                                            "role \"%V\" cannot be had from "
                                            "vendor \"%V\"; give them to a "
                                            "message with the role \"user\"",
                                            &roles[i].name, &b->vendor);
    }

    return NGX_OK;
}


/* images come first, as Ollama puts them into the prompt */

static ngx_int_t
ngx_http_model_ollama_read_parts(ngx_http_model_bridge_t *b,
    ngx_http_model_ollama_message_t *m, ngx_http_model_message_t *message)
{
    ngx_int_t  rc;

    if (m->images) {
        rc = ngx_http_model_ollama_read_images(b, m->images, &message->parts);

        if (rc != NGX_OK) {
            return rc;
        }
    }

    if (message->role == NGX_HTTP_MODEL_ROLE_ASSISTANT
        && ngx_http_model_ollama_add_text(&message->parts,
                                          NGX_HTTP_MODEL_PART_THINKING,
                                          &m->thinking)
           != NGX_OK)
    {
        return NGX_ERROR;
    }

    return ngx_http_model_ollama_add_text(&message->parts,
                                          NGX_HTTP_MODEL_PART_TEXT,
                                          &m->content);
}


static ngx_int_t
ngx_http_model_ollama_add_text(ngx_array_t *parts, ngx_uint_t type,
    ngx_str_t *text)
{
    ngx_http_model_part_t  *part;

    if (text->len == 0) {
        return NGX_OK;
    }

    part = ngx_http_model_talk_part(parts, type);
    if (part == NULL) {
        return NGX_ERROR;
    }

    part->text = *text;

    return NGX_OK;
}


static ngx_int_t
ngx_http_model_ollama_read_result(ngx_http_model_bridge_t *b,
    ngx_http_model_ollama_message_t *m, ngx_http_model_message_t *message,
    ngx_http_model_ollama_turn_t *turn)
{
    ngx_http_model_part_t  *part;

    part = ngx_http_model_talk_part(&message->parts,
                                    NGX_HTTP_MODEL_PART_RESULT);
    if (part == NULL) {
        return NGX_ERROR;
    }

    part->id = m->tool_call_id;
    part->name = m->tool_name;

    part->parts = ngx_array_create(b->pool, 1, sizeof(ngx_http_model_part_t));
    if (part->parts == NULL) {
        return NGX_ERROR;
    }

    if (ngx_http_model_ollama_answered(b, turn, part) != NGX_OK
        || ngx_http_model_ollama_add_text(part->parts,
                                          NGX_HTTP_MODEL_PART_TEXT,
                                          &m->content)
           != NGX_OK)
    {
        return NGX_ERROR;
    }

    return m->images ? ngx_http_model_ollama_read_images(b, m->images,
                                                         part->parts)
                     : NGX_OK;
}


ngx_int_t
ngx_http_model_ollama_read_images(ngx_http_model_bridge_t *b,
    ngx_http_model_json_t *images, ngx_array_t *parts)
{
    ngx_int_t               rc;
    ngx_http_model_json_t  *element;

    for (element = images->child; element; element = element->next) {

        rc = ngx_http_model_ollama_read_image(b, element, parts);

        if (rc != NGX_OK) {
            return rc;
        }
    }

    return NGX_OK;
}


static ngx_int_t
ngx_http_model_ollama_read_image(ngx_http_model_bridge_t *b,
    ngx_http_model_json_t *value, ngx_array_t *parts)
{
    ngx_str_t               base64, media;
    ngx_uint_t              type;
    ngx_http_model_part_t  *part;

    if (value->type != NGX_HTTP_MODEL_JSON_STRING) {
        return ngx_http_model_bridge_refuse(b, "images", "\"images\" must be "
                                            "an array of strings of base64");
    }

    base64 = value->value;

    if (ngx_http_model_ollama_unfold(b, &base64) != NGX_OK) {
        return NGX_ERROR;
    }

    type = NGX_HTTP_MODEL_PART_IMAGE;
    media = ngx_http_model_talk_image(&base64);

    if (media.len == 0) {
        type = NGX_HTTP_MODEL_PART_AUDIO;
        media = ngx_http_model_ollama_audio(&base64);
    }

    if (media.len == 0) {
        return ngx_http_model_bridge_refuse(b, "images", "one of \"images\" "
                                            "is not the base64, without a "
                                            "\"data:\" in front, of a PNG, "
                                            "JPEG, GIF or WebP file, which "
                                            "vendor \"%V\" has to be told",
                                            &b->vendor);
    }

    part = ngx_http_model_talk_part(parts, type);
    if (part == NULL) {
        return NGX_ERROR;
    }

    part->text = base64;
    part->media = media;

    return NGX_OK;
}


/* Ollama takes base64 in lines, others do not */

static ngx_int_t
ngx_http_model_ollama_unfold(ngx_http_model_bridge_t *b, ngx_str_t *base64)
{
    u_char  *p, *q, *last;

    p = base64->data;
    last = p + base64->len;

    if (ngx_strlchr(p, last, LF) == NULL && ngx_strlchr(p, last, CR) == NULL) {
        return NGX_OK;
    }

    q = ngx_pnalloc(b->pool, base64->len);
    if (q == NULL) {
        return NGX_ERROR;
    }

    base64->data = q;

    for ( /* void */ ; p < last; p++) {
        if (*p != LF && *p != CR) {
            *q++ = *p;
        }
    }

    base64->len = q - base64->data;

    return NGX_OK;
}


/* newer servers take audio as if it were an image */

static ngx_str_t
ngx_http_model_ollama_audio(ngx_str_t *base64)
{
    u_char  *p;

    static ngx_str_t  wav = ngx_string("audio/wav");
    static ngx_str_t  mp3 = ngx_string("audio/mpeg");
    static ngx_str_t  none = ngx_null_string;

    p = base64->data;

    /* RIFF, four bytes of size, WAVE */

    if (base64->len >= 16
        && ngx_memcmp(p, "UklGR", 5) == 0
        && ngx_memcmp(p + 11, "XQVZF", 5) == 0)
    {
        return wav;
    }

    /* ID3; or eleven bits set, which is no JPEG */

    if (base64->len >= 4
        && (ngx_memcmp(p, "SUQz", 4) == 0
            || ngx_memcmp(p, "//", 2) == 0
            || ngx_memcmp(p, "/+", 2) == 0))
    {
        return mp3;
    }

    return none;
}
