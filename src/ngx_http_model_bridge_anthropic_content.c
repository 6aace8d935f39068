
/*
 * Copyright (C) the ngx_http_model_module authors
 */


#include <ngx_config.h>
#include <ngx_core.h>

#include "ngx_http_model_bridge_anthropic.h"
#include "ngx_http_model_error.h"


/* before what is written of ids that do not fit, and of those that begin so */

#define NGX_HTTP_MODEL_ANTHROPIC_ID  "bridge_"


/*
 * Anthropic has no mode of JSON without a schema: what the mode asks for is
 * said, as OpenAI and Ollama tell their users to do anyway.
 */

#define NGX_HTTP_MODEL_ANTHROPIC_JSON                                         \
    "Answer with one JSON object and nothing else: no text before or after "  \
    "it, no code fence around it."


static ngx_int_t ngx_http_model_anthropic_system_text(
    ngx_http_model_bridge_t *b, ngx_array_t *texts, ngx_array_t *parts);
static ngx_uint_t ngx_http_model_anthropic_written(ngx_uint_t role,
    ngx_http_model_part_t *part);
static ngx_uint_t ngx_http_model_anthropic_count(
    ngx_http_model_message_t *message, ngx_http_model_part_t **one);
static ngx_int_t ngx_http_model_anthropic_turn(ngx_http_model_bridge_t *b,
    ngx_http_model_json_writer_t *w, ngx_http_model_message_t *message,
    ngx_uint_t n, ngx_uint_t last);
static ngx_int_t ngx_http_model_anthropic_turn_blocks(
    ngx_http_model_bridge_t *b, ngx_http_model_json_writer_t *w,
    ngx_http_model_message_t *message, ngx_uint_t n, ngx_uint_t results,
    ngx_http_model_part_t *end);
static ngx_str_t ngx_http_model_anthropic_trim(ngx_str_t *text);
static ngx_int_t ngx_http_model_anthropic_write_part(
    ngx_http_model_bridge_t *b, ngx_http_model_json_writer_t *w,
    ngx_http_model_part_t *part, ngx_uint_t trim);
static ngx_int_t ngx_http_model_anthropic_write_image(
    ngx_http_model_bridge_t *b, ngx_http_model_json_writer_t *w,
    ngx_http_model_part_t *part);
static ngx_int_t ngx_http_model_anthropic_write_file(
    ngx_http_model_bridge_t *b, ngx_http_model_json_writer_t *w,
    ngx_http_model_part_t *part);
static ngx_int_t ngx_http_model_anthropic_write_result(
    ngx_http_model_bridge_t *b, ngx_http_model_json_writer_t *w,
    ngx_http_model_part_t *part);
static ngx_uint_t ngx_http_model_anthropic_fits(ngx_str_t *id);


/*
 * All that is said in the role system, wherever it stands, goes on top: only
 * some of Anthropic's models take it later, and as a user's words it would
 * weigh less.
 */

ngx_int_t
ngx_http_model_anthropic_write_system(ngx_http_model_bridge_t *b,
    ngx_http_model_json_writer_t *w, ngx_uint_t json, ngx_uint_t *any)
{
    ngx_int_t                  rc;
    ngx_str_t                  text;
    ngx_uint_t                 i;
    ngx_array_t                texts;
    ngx_http_model_part_t     *part;
    ngx_http_model_message_t  *message;

    static ngx_str_t  ask = ngx_string(NGX_HTTP_MODEL_ANTHROPIC_JSON);

    *any = 0;

    if (ngx_array_init(&texts, b->pool, 2, sizeof(ngx_http_model_part_t))
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    message = b->talk.messages.elts;

    for (i = 0; i < b->talk.messages.nelts; i++) {

        if (message[i].role != NGX_HTTP_MODEL_ROLE_SYSTEM) {
            continue;
        }

        rc = ngx_http_model_anthropic_system_text(b, &texts,
                                                  &message[i].parts);
        if (rc != NGX_OK) {
            return rc;
        }
    }

    if (json) {
        part = ngx_http_model_talk_part(&texts, NGX_HTTP_MODEL_PART_TEXT);
        if (part == NULL) {
            return NGX_ERROR;
        }

        part->text = ask;
    }

    if (texts.nelts == 0) {
        return NGX_OK;
    }

    if (ngx_http_model_talk_join(b->pool, &texts, NGX_HTTP_MODEL_PART_TEXT,
                                 "\n\n", &text)
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    *any = 1;

    ngx_http_model_anthropic_put(w, "system", &text);

    return NGX_OK;
}


static ngx_int_t
ngx_http_model_anthropic_system_text(ngx_http_model_bridge_t *b,
    ngx_array_t *texts, ngx_array_t *parts)
{
    ngx_str_t               text;
    ngx_uint_t              i;
    ngx_http_model_part_t  *part;

    part = parts->elts;

    for (i = 0; i < parts->nelts; i++) {
        if (part[i].type != NGX_HTTP_MODEL_PART_TEXT) {
            return ngx_http_model_bridge_refuse(b, "messages", "a message of "
                               "role system can have nothing but text towards "
                               "vendor \"%V\"", &b->vendor);
        }
    }

    if (ngx_http_model_talk_join(b->pool, parts, NGX_HTTP_MODEL_PART_TEXT,
                                 "\n", &text)
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    return ngx_http_model_anthropic_blank(&text)
           ? NGX_OK : ngx_http_model_anthropic_add_text(texts, &text);
}


/*
 * Messages of user and assistant in turns: neighbours of the same role are
 * one, those without anything to say are none.  What other members a message
 * has belongs to it alone.
 */

ngx_int_t
ngx_http_model_anthropic_write_messages(ngx_http_model_bridge_t *b,
    ngx_http_model_json_writer_t *w)
{
    ngx_int_t                  rc;
    ngx_uint_t                 i, n, next, assistant;
    ngx_http_model_part_t     *one;
    ngx_http_model_message_t  *message;

    message = b->talk.messages.elts;
    n = b->talk.messages.nelts;

    ngx_http_model_json_key(w, "messages");
    ngx_http_model_json_array(w);

    for (i = 0; i < n; i = next) {

        next = i + 1;

        if (ngx_http_model_anthropic_count(&message[i], &one) == 0) {
            continue;
        }

        assistant = (message[i].role == NGX_HTTP_MODEL_ROLE_ASSISTANT);

        for ( /* void */ ; next < n; next++) {

            if (ngx_http_model_anthropic_count(&message[next], &one) == 0) {
                continue;
            }

            if (assistant != (message[next].role
                              == NGX_HTTP_MODEL_ROLE_ASSISTANT)
                || message[i].extra
                || message[next].extra)
            {
                break;
            }
        }

        rc = ngx_http_model_anthropic_turn(b, w, &message[i], next - i,
                                           next == n);
        if (rc != NGX_OK) {
            return rc;
        }
    }

    ngx_http_model_json_array_end(w);

    return NGX_OK;
}


/* whether a part becomes a block */

static ngx_uint_t
ngx_http_model_anthropic_written(ngx_uint_t role, ngx_http_model_part_t *part)
{
    if (role == NGX_HTTP_MODEL_ROLE_SYSTEM) {
        return 0;
    }

    switch (part->type) {

    case NGX_HTTP_MODEL_PART_TEXT:
    case NGX_HTTP_MODEL_PART_REFUSAL:
        return !ngx_http_model_anthropic_blank(&part->text);

    case NGX_HTTP_MODEL_PART_THINKING:

        /* the API takes back only what it has signed */
        return part->signature.len != 0;

    case NGX_HTTP_MODEL_PART_REDACTED:
        return part->text.len != 0;

    default:
        return 1;
    }
}


/* how many blocks a message becomes, one: the last of them */

static ngx_uint_t
ngx_http_model_anthropic_count(ngx_http_model_message_t *message,
    ngx_http_model_part_t **one)
{
    ngx_uint_t              i, n;
    ngx_http_model_part_t  *part;

    part = message->parts.elts;
    n = 0;

    for (i = 0; i < message->parts.nelts; i++) {
        if (ngx_http_model_anthropic_written(message->role, &part[i])) {
            *one = &part[i];
            n++;
        }
    }

    return n;
}


/* a message of n; last: nothing follows it */

static ngx_int_t
ngx_http_model_anthropic_turn(ngx_http_model_bridge_t *b,
    ngx_http_model_json_writer_t *w, ngx_http_model_message_t *message,
    ngx_uint_t n, ngx_uint_t last)
{
    ngx_int_t               rc;
    ngx_str_t               text;
    ngx_uint_t              i, blocks, assistant;
    ngx_http_model_part_t  *one;

    assistant = (message->role == NGX_HTTP_MODEL_ROLE_ASSISTANT);
    blocks = 0;
    one = NULL;

    for (i = 0; i < n; i++) {
        blocks += ngx_http_model_anthropic_count(&message[i], &one);
    }

    ngx_http_model_json_object(w);
    ngx_http_model_json_key(w, "role");
    ngx_http_model_json_cstr(w, assistant ? "assistant" : "user");
    ngx_http_model_json_key(w, "content");

    /* the beginning of an answer may not end with blanks */

    last = (last && assistant);

    if (blocks == 1
        && one->extra == NULL
        && one->type == NGX_HTTP_MODEL_PART_TEXT)
    {
        text = last ? ngx_http_model_anthropic_trim(&one->text) : one->text;
        ngx_http_model_json_str(w, &text);

    } else {
        ngx_http_model_json_array(w);

        /* the results of a turn's tools come before anything else */

        rc = ngx_http_model_anthropic_turn_blocks(b, w, message, n, 1, NULL);

        if (rc == NGX_OK) {
            rc = ngx_http_model_anthropic_turn_blocks(b, w, message, n, 0,
                                                      last ? one : NULL);
        }

        if (rc != NGX_OK) {
            return rc;
        }

        ngx_http_model_json_array_end(w);
    }

    for (i = 0; i < n; i++) {
        if (message[i].role != NGX_HTTP_MODEL_ROLE_SYSTEM) {
            ngx_http_model_bridge_extra(w, message[i].extra);
        }
    }

    ngx_http_model_json_object_end(w);

    return NGX_OK;
}


static ngx_int_t
ngx_http_model_anthropic_turn_blocks(ngx_http_model_bridge_t *b,
    ngx_http_model_json_writer_t *w, ngx_http_model_message_t *message,
    ngx_uint_t n, ngx_uint_t results, ngx_http_model_part_t *end)
{
    ngx_int_t               rc;
    ngx_uint_t              i;
    ngx_http_model_part_t  *part, *last;

    for (i = 0; i < n; i++) {

        part = message[i].parts.elts;
        last = part + message[i].parts.nelts;

        for ( /* void */ ; part < last; part++) {

            if (results != (part->type == NGX_HTTP_MODEL_PART_RESULT)
                || !ngx_http_model_anthropic_written(message[i].role, part))
            {
                continue;
            }

            rc = ngx_http_model_anthropic_write_part(b, w, part, part == end);

            if (rc != NGX_OK) {
                return rc;
            }
        }
    }

    return NGX_OK;
}


static ngx_str_t
ngx_http_model_anthropic_trim(ngx_str_t *text)
{
    ngx_str_t  trimmed;

    trimmed = *text;

    while (trimmed.len
           && ngx_strchr(" \t\r\n", trimmed.data[trimmed.len - 1])
           && trimmed.data[trimmed.len - 1])
    {
        trimmed.len--;
    }

    return trimmed;
}


static ngx_int_t
ngx_http_model_anthropic_write_part(ngx_http_model_bridge_t *b,
    ngx_http_model_json_writer_t *w, ngx_http_model_part_t *part,
    ngx_uint_t trim)
{
    ngx_int_t  rc;
    ngx_str_t  text;

    rc = NGX_OK;

    switch (part->type) {

    case NGX_HTTP_MODEL_PART_TEXT:
    case NGX_HTTP_MODEL_PART_REFUSAL:
        text = trim ? ngx_http_model_anthropic_trim(&part->text) : part->text;

        ngx_http_model_anthropic_open(w, "text");
        ngx_http_model_anthropic_put(w, "text", &text);
        break;

    case NGX_HTTP_MODEL_PART_IMAGE:
        rc = ngx_http_model_anthropic_write_image(b, w, part);
        break;

    case NGX_HTTP_MODEL_PART_FILE:
        rc = ngx_http_model_anthropic_write_file(b, w, part);
        break;

    case NGX_HTTP_MODEL_PART_THINKING:
        ngx_http_model_anthropic_open(w, "thinking");
        ngx_http_model_anthropic_put(w, "thinking", &part->text);
        ngx_http_model_anthropic_put(w, "signature", &part->signature);
        break;

    case NGX_HTTP_MODEL_PART_REDACTED:
        ngx_http_model_anthropic_open(w, "redacted_thinking");
        ngx_http_model_anthropic_put(w, "data", &part->text);
        break;

    case NGX_HTTP_MODEL_PART_CALL:
        text = ngx_http_model_anthropic_id(b->pool, &part->id);

        ngx_http_model_anthropic_open(w, "tool_use");
        ngx_http_model_anthropic_put(w, "id", &text);
        ngx_http_model_anthropic_put(w, "name", &part->name);
        ngx_http_model_json_key(w, "input");
        ngx_http_model_anthropic_input(b, w, &part->text);
        break;

    case NGX_HTTP_MODEL_PART_RESULT:
        rc = ngx_http_model_anthropic_write_result(b, w, part);
        break;

    default:
        return ngx_http_model_bridge_refuse(b, "messages", "vendor \"%V\" "
                                            "takes no audio: send text or "
                                            "images", &b->vendor);
    }

    if (rc != NGX_OK) {
        return rc;
    }

    ngx_http_model_bridge_extra(w, part->extra);
    ngx_http_model_json_object_end(w);

    return NGX_OK;
}


/* the block is left open; what the bytes say wins over what was said of them,
   as the API compares the two */

static ngx_int_t
ngx_http_model_anthropic_write_image(ngx_http_model_bridge_t *b,
    ngx_http_model_json_writer_t *w, ngx_http_model_part_t *part)
{
    ngx_int_t   rc;
    ngx_str_t   media, data;
    ngx_uint_t  i;

    static ngx_str_t  medias[] = {
        ngx_string("image/png"),
        ngx_string("image/jpeg"),
        ngx_string("image/gif"),
        ngx_string("image/webp")
    };

    data = part->text;
    media = part->media;

    if (part->url.len) {

        rc = ngx_http_model_talk_data_url(b->pool, &part->url, &media, &data);

        if (rc == NGX_ERROR) {
            return NGX_ERROR;
        }

        if (rc == NGX_DECLINED) {
            ngx_http_model_anthropic_open(w, "image");
            ngx_http_model_json_key(w, "source");
            ngx_http_model_anthropic_open(w, "url");
            ngx_http_model_anthropic_put(w, "url", &part->url);
            ngx_http_model_json_object_end(w);

            return NGX_OK;
        }
    }

    if (media.len == 9 && ngx_memcmp(media.data, "image/jpg", 9) == 0) {
        media = medias[1];
    }

    if (ngx_http_model_talk_image(&data).len) {
        media = ngx_http_model_talk_image(&data);
    }

    for (i = 0; i < sizeof(medias) / sizeof(medias[0]); i++) {
        if (medias[i].len == media.len
            && ngx_memcmp(medias[i].data, media.data, media.len) == 0)
        {
            ngx_http_model_anthropic_open(w, "image");
            ngx_http_model_json_key(w, "source");
            ngx_http_model_anthropic_open(w, "base64");
            ngx_http_model_anthropic_put(w, "media_type", &media);
            ngx_http_model_anthropic_put(w, "data", &data);
            ngx_http_model_json_object_end(w);

            return NGX_OK;
        }
    }

    return ngx_http_model_bridge_refuse(b, "messages", "vendor \"%V\" takes "
                                        "images of PNG, JPEG, GIF and WebP "
                                        "only", &b->vendor);
}


static ngx_int_t
ngx_http_model_anthropic_write_file(ngx_http_model_bridge_t *b,
    ngx_http_model_json_writer_t *w, ngx_http_model_part_t *part)
{
    ngx_int_t    rc;
    ngx_str_t    media, data, url;
    const char  *type;

    media = part->media;
    data = part->text;
    url = part->url;

    if (url.len) {

        rc = ngx_http_model_talk_data_url(b->pool, &part->url, &media, &data);

        if (rc == NGX_ERROR) {
            return NGX_ERROR;
        }

        if (rc == NGX_OK) {
            ngx_str_null(&url);
        }
    }

    if (url.len) {
        type = "url";

    } else if (media.len == 15
               && ngx_memcmp(media.data, "application/pdf", 15) == 0)
    {
        type = "base64";

    } else if (part->url.len == 0
               && media.len == 10
               && ngx_memcmp(media.data, "text/plain", 10) == 0)
    {
        type = "text";

    } else {
        return ngx_http_model_bridge_refuse(b, "messages", "vendor \"%V\" "
                                            "takes files of PDF and plain "
                                            "text only", &b->vendor);
    }

    ngx_http_model_anthropic_open(w, "document");
    ngx_http_model_json_key(w, "source");
    ngx_http_model_anthropic_open(w, type);

    if (url.len) {
        ngx_http_model_anthropic_put(w, "url", &url);

    } else {
        ngx_http_model_anthropic_put(w, "media_type", &media);
        ngx_http_model_anthropic_put(w, "data", &data);
    }

    ngx_http_model_json_object_end(w);

    if (part->name.len) {
        ngx_http_model_anthropic_put(w, "title", &part->name);
    }

    return NGX_OK;
}


static ngx_int_t
ngx_http_model_anthropic_write_result(ngx_http_model_bridge_t *b,
    ngx_http_model_json_writer_t *w, ngx_http_model_part_t *part)
{
    ngx_int_t               rc;
    ngx_str_t               id;
    ngx_uint_t              i;
    ngx_http_model_part_t  *inner;

    id = ngx_http_model_anthropic_id(b->pool, &part->id);

    ngx_http_model_anthropic_open(w, "tool_result");
    ngx_http_model_anthropic_put(w, "tool_use_id", &id);

    if (part->parts && part->parts->nelts) {

        inner = part->parts->elts;

        ngx_http_model_json_key(w, "content");

        if (part->parts->nelts == 1
            && inner->extra == NULL
            && inner->type == NGX_HTTP_MODEL_PART_TEXT)
        {
            ngx_http_model_json_str(w, &inner->text);

        } else {
            ngx_http_model_json_array(w);

            for (i = 0; i < part->parts->nelts; i++) {

                if (inner[i].type == NGX_HTTP_MODEL_PART_RESULT
                    || !ngx_http_model_anthropic_written(
                                    NGX_HTTP_MODEL_ROLE_TOOL, &inner[i]))
                {
                    continue;
                }

                rc = ngx_http_model_anthropic_write_part(b, w, &inner[i], 0);

                if (rc != NGX_OK) {
                    return rc;
                }
            }

            ngx_http_model_json_array_end(w);
        }
    }

    if (part->error) {
        ngx_http_model_json_key(w, "is_error");
        ngx_http_model_json_bool(w, 1);
    }

    return NGX_OK;
}


ngx_uint_t
ngx_http_model_anthropic_blank(ngx_str_t *text)
{
    size_t  i;

    for (i = 0; i < text->len; i++) {
        if (text->data[i] != ' '
            && (text->data[i] < '\t' || text->data[i] > '\r'))
        {
            return 0;
        }
    }

    return 1;
}


static ngx_uint_t
ngx_http_model_anthropic_fits(ngx_str_t *id)
{
    u_char  ch;
    size_t  i;

    for (i = 0; i < id->len; i++) {

        ch = id->data[i] | 0x20;

        if ((ch < 'a' || ch > 'z')
            && (id->data[i] < '0' || id->data[i] > '9')
            && id->data[i] != '-'
            && id->data[i] != '_')
        {
            return 0;
        }
    }

    return id->len != 0;
}


ngx_str_t
ngx_http_model_anthropic_id(ngx_pool_t *pool, ngx_str_t *id)
{
    u_char     *p;
    size_t      i, len;
    ngx_str_t   out, ch;

    len = sizeof(NGX_HTTP_MODEL_ANTHROPIC_ID) - 1;

    if (ngx_http_model_anthropic_fits(id)
        && (id->len < len
            || ngx_memcmp(id->data, NGX_HTTP_MODEL_ANTHROPIC_ID, len) != 0))
    {
        return *id;
    }

    ngx_str_null(&out);

    p = ngx_pnalloc(pool, len + 3 * id->len);
    if (p == NULL) {
        return out;
    }

    out.data = p;

    p = ngx_cpymem(p, NGX_HTTP_MODEL_ANTHROPIC_ID, len);

    ch.len = 1;

    for (i = 0; i < id->len; i++) {

        ch.data = &id->data[i];

        if (*ch.data != '_' && ngx_http_model_anthropic_fits(&ch)) {
            *p++ = *ch.data;

        } else {
            *p++ = '_';
            p = ngx_hex_dump(p, ch.data, 1);
        }
    }

    out.len = p - out.data;

    return out;
}


void
ngx_http_model_anthropic_input(ngx_http_model_bridge_t *b,
    ngx_http_model_json_writer_t *w, ngx_str_t *text)
{
    ngx_str_t               err;
    ngx_http_model_json_t  *root;

    if (ngx_http_model_anthropic_blank(text)) {
        ngx_http_model_json_object(w);
        ngx_http_model_json_object_end(w);

        return;
    }

    root = ngx_http_model_json_slices(b->pool, text->data, text->len, 1, &err);

    if (root && root->type == NGX_HTTP_MODEL_JSON_OBJECT) {
        ngx_http_model_json_tree(w, root);
        return;
    }

    ngx_http_model_json_object(w);
    ngx_http_model_anthropic_put(w, "_raw", text);
    ngx_http_model_json_object_end(w);
}
