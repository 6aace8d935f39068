
/*
 * Copyright (C) the ngx_http_model_module authors
 */


#include <ngx_config.h>
#include <ngx_core.h>

#include "ngx_http_model_bridge_openai.h"


static ngx_int_t ngx_http_model_openai_turn(ngx_http_model_bridge_t *b,
    ngx_http_model_json_writer_t *w, ngx_http_model_message_t *message);
static ngx_int_t ngx_http_model_openai_turn_user(ngx_http_model_bridge_t *b,
    ngx_http_model_json_writer_t *w, ngx_http_model_message_t *message);
static ngx_int_t ngx_http_model_openai_turn_assistant(
    ngx_http_model_bridge_t *b, ngx_http_model_json_writer_t *w,
    ngx_http_model_message_t *message);
static void ngx_http_model_openai_turn_calls(ngx_http_model_json_writer_t *w,
    ngx_array_t *parts);
static ngx_int_t ngx_http_model_openai_turn_results(ngx_http_model_bridge_t *b,
    ngx_http_model_json_writer_t *w, ngx_http_model_message_t *message);
static ngx_int_t ngx_http_model_openai_turn_images(ngx_http_model_bridge_t *b,
    ngx_http_model_json_writer_t *w, ngx_http_model_message_t *message,
    ngx_uint_t n);
static ngx_int_t ngx_http_model_openai_write_part(ngx_http_model_bridge_t *b,
    ngx_http_model_json_writer_t *w, ngx_http_model_part_t *part);
static ngx_int_t ngx_http_model_openai_write_image(ngx_http_model_bridge_t *b,
    ngx_http_model_json_writer_t *w, ngx_http_model_part_t *part);
static ngx_int_t ngx_http_model_openai_write_audio(ngx_http_model_bridge_t *b,
    ngx_http_model_json_writer_t *w, ngx_http_model_part_t *part);
static ngx_int_t ngx_http_model_openai_write_file(ngx_http_model_bridge_t *b,
    ngx_http_model_json_writer_t *w, ngx_http_model_part_t *part);
static ngx_int_t ngx_http_model_openai_data_url(ngx_http_model_bridge_t *b,
    ngx_http_model_json_writer_t *w, ngx_str_t *media, ngx_str_t *base64);


static const char  *ngx_http_model_openai_roles[] = {
    "system", "user", "assistant", "tool"
};


/*
 * A tool's message has text only, and such messages must follow the calls at
 * once: images among the results come in a message behind the last of them.
 */

ngx_int_t
ngx_http_model_openai_write_messages(ngx_http_model_bridge_t *b,
    ngx_http_model_json_writer_t *w)
{
    ngx_int_t                  rc;
    ngx_uint_t                 i, n, first;
    ngx_http_model_message_t  *message;

    message = b->talk.messages.elts;
    n = b->talk.messages.nelts;
    first = 0;

    ngx_http_model_json_array(w);

    for (i = 0; i < n; i++) {

        rc = ngx_http_model_openai_turn(b, w, &message[i]);

        if (rc != NGX_OK) {
            return rc;
        }

        if (message[i].role != NGX_HTTP_MODEL_ROLE_TOOL) {
            first = i + 1;
            continue;
        }

        if (i + 1 < n && message[i + 1].role == NGX_HTTP_MODEL_ROLE_TOOL) {
            continue;
        }

        rc = ngx_http_model_openai_turn_images(b, w, &message[first],
                                               i + 1 - first);
        if (rc != NGX_OK) {
            return rc;
        }

        first = i + 1;
    }

    ngx_http_model_json_array_end(w);

    return NGX_OK;
}


static ngx_int_t
ngx_http_model_openai_turn(ngx_http_model_bridge_t *b,
    ngx_http_model_json_writer_t *w, ngx_http_model_message_t *message)
{
    ngx_int_t  rc;
    ngx_str_t  text;

    if (message->role == NGX_HTTP_MODEL_ROLE_TOOL) {
        return ngx_http_model_openai_turn_results(b, w, message);
    }

    if (message->role != NGX_HTTP_MODEL_ROLE_USER
        && ngx_http_model_openai_has(&message->parts,
                                     NGX_HTTP_MODEL_PART_IMAGE))
    {
        return ngx_http_model_bridge_refuse(b, "messages", "images can be put "
                                            "to vendor \"%V\" in messages of "
                                            "the user and of tools only",
                                            &b->vendor);
    }

    ngx_http_model_json_object(w);

    ngx_http_model_json_key(w, "role");
    ngx_http_model_json_cstr(w, ngx_http_model_openai_roles[message->role]);

    if (message->name.len) {
        ngx_http_model_json_key(w, "name");
        ngx_http_model_json_str(w, &message->name);
    }

    switch (message->role) {

    case NGX_HTTP_MODEL_ROLE_SYSTEM:

        rc = ngx_http_model_talk_join(b->pool, &message->parts,
                                      NGX_HTTP_MODEL_PART_TEXT, "\n\n", &text);

        ngx_http_model_json_key(w, "content");
        ngx_http_model_json_str(w, &text);

        break;

    case NGX_HTTP_MODEL_ROLE_USER:
        rc = ngx_http_model_openai_turn_user(b, w, message);
        break;

    default: /* NGX_HTTP_MODEL_ROLE_ASSISTANT */
        rc = ngx_http_model_openai_turn_assistant(b, w, message);
        break;
    }

    ngx_http_model_bridge_extra(w, message->extra);

    ngx_http_model_json_object_end(w);

    return rc;
}


static ngx_int_t
ngx_http_model_openai_turn_user(ngx_http_model_bridge_t *b,
    ngx_http_model_json_writer_t *w, ngx_http_model_message_t *message)
{
    ngx_int_t               rc;
    ngx_uint_t              i, n;
    ngx_http_model_part_t  *part;

    part = message->parts.elts;
    n = message->parts.nelts;

    for (i = 0; i < n; i++) {
        if (part[i].type != NGX_HTTP_MODEL_PART_TEXT || part[i].text.len) {
            break;
        }
    }

    ngx_http_model_json_key(w, "content");

    if (i == n) {
        ngx_http_model_json_cstr(w, "");
        return NGX_OK;
    }

    if (n == 1
        && part->type == NGX_HTTP_MODEL_PART_TEXT
        && part->extra == NULL)
    {
        ngx_http_model_json_str(w, &part->text);
        return NGX_OK;
    }

    ngx_http_model_json_array(w);

    for (i = 0; i < n; i++) {

        rc = ngx_http_model_openai_write_part(b, w, &part[i]);

        if (rc != NGX_OK) {
            return rc;
        }
    }

    ngx_http_model_json_array_end(w);

    return NGX_OK;
}


static ngx_int_t
ngx_http_model_openai_turn_assistant(ngx_http_model_bridge_t *b,
    ngx_http_model_json_writer_t *w, ngx_http_model_message_t *message)
{
    ngx_str_t   text, refusal, thinking;
    ngx_uint_t  calls;

    if (ngx_http_model_talk_join(b->pool, &message->parts,
                                 NGX_HTTP_MODEL_PART_TEXT, "", &text)
        != NGX_OK
        || ngx_http_model_talk_join(b->pool, &message->parts,
                                    NGX_HTTP_MODEL_PART_REFUSAL, "", &refusal)
           != NGX_OK
        || ngx_http_model_talk_join(b->pool, &message->parts,
                                    NGX_HTTP_MODEL_PART_THINKING, "",
                                    &thinking)
           != NGX_OK)
    {
        return NGX_ERROR;
    }

    calls = ngx_http_model_openai_has(&message->parts,
                                      NGX_HTTP_MODEL_PART_CALL);

    ngx_http_model_json_key(w, "content");

    if (text.len == 0 && (calls || refusal.len)) {
        ngx_http_model_json_null(w);

    } else {
        ngx_http_model_json_str(w, &text);
    }

    if (refusal.len) {
        ngx_http_model_json_key(w, "refusal");
        ngx_http_model_json_str(w, &refusal);
    }

    if (thinking.len && !b->proper) {
        ngx_http_model_json_key(w, "reasoning_content");
        ngx_http_model_json_str(w, &thinking);
    }

    if (calls) {
        ngx_http_model_openai_turn_calls(w, &message->parts);
    }

    return NGX_OK;
}


static void
ngx_http_model_openai_turn_calls(ngx_http_model_json_writer_t *w,
    ngx_array_t *parts)
{
    ngx_uint_t              i;
    ngx_http_model_part_t  *part;

    part = parts->elts;

    ngx_http_model_json_key(w, "tool_calls");
    ngx_http_model_json_array(w);

    for (i = 0; i < parts->nelts; i++) {

        if (part[i].type != NGX_HTTP_MODEL_PART_CALL) {
            continue;
        }

        ngx_http_model_json_object(w);

        ngx_http_model_json_key(w, "id");
        ngx_http_model_json_str(w, &part[i].id);

        ngx_http_model_json_key(w, "type");
        ngx_http_model_json_cstr(w, "function");

        ngx_http_model_json_key(w, "function");
        ngx_http_model_json_object(w);

        ngx_http_model_json_key(w, "name");
        ngx_http_model_json_str(w, &part[i].name);

        ngx_http_model_json_key(w, "arguments");

        if (part[i].text.len) {
            ngx_http_model_json_str(w, &part[i].text);

        } else {
            ngx_http_model_json_cstr(w, "{}");
        }

        ngx_http_model_json_object_end(w);

        ngx_http_model_bridge_extra(w, part[i].extra);

        ngx_http_model_json_object_end(w);
    }

    ngx_http_model_json_array_end(w);
}


static ngx_int_t
ngx_http_model_openai_turn_results(ngx_http_model_bridge_t *b,
    ngx_http_model_json_writer_t *w, ngx_http_model_message_t *message)
{
    ngx_str_t               text;
    ngx_uint_t              i;
    ngx_http_model_part_t  *part;

    static ngx_str_t  error = ngx_string("Error: ");

    part = message->parts.elts;

    for (i = 0; i < message->parts.nelts; i++) {

        if (part[i].type != NGX_HTTP_MODEL_PART_RESULT) {
            continue;
        }

        ngx_str_null(&text);

        if (part[i].parts
            && ngx_http_model_talk_join(b->pool, part[i].parts,
                                        NGX_HTTP_MODEL_PART_TEXT, "\n", &text)
               != NGX_OK)
        {
            return NGX_ERROR;
        }

        ngx_http_model_json_object(w);

        ngx_http_model_json_key(w, "role");
        ngx_http_model_json_cstr(w, "tool");

        ngx_http_model_json_key(w, "tool_call_id");
        ngx_http_model_json_str(w, &part[i].id);

        ngx_http_model_json_key(w, "content");

        if (part[i].error) {
            ngx_http_model_json_str2(w, &error, &text);

        } else {
            ngx_http_model_json_str(w, &text);
        }

        ngx_http_model_bridge_extra(w, part[i].extra);

        if (message->parts.nelts == 1) {
            ngx_http_model_bridge_extra(w, message->extra);
        }

        ngx_http_model_json_object_end(w);
    }

    return NGX_OK;
}


/* of all results of n messages of tools: a message, if there are any */

static ngx_int_t
ngx_http_model_openai_turn_images(ngx_http_model_bridge_t *b,
    ngx_http_model_json_writer_t *w, ngx_http_model_message_t *message,
    ngx_uint_t n)
{
    ngx_int_t               rc;
    ngx_uint_t              i, j, k, begun;
    ngx_http_model_part_t  *result, *part;

    begun = 0;

    for (i = 0; i < n; i++) {
        result = message[i].parts.elts;

        for (j = 0; j < message[i].parts.nelts; j++) {

            if (result[j].parts == NULL) {
                continue;
            }

            part = result[j].parts->elts;

            for (k = 0; k < result[j].parts->nelts; k++) {

                if (part[k].type == NGX_HTTP_MODEL_PART_TEXT) {
                    continue;
                }

                if (!begun) {
                    begun = 1;

                    ngx_http_model_json_object(w);
                    ngx_http_model_json_key(w, "role");
                    ngx_http_model_json_cstr(w, "user");
                    ngx_http_model_json_key(w, "content");
                    ngx_http_model_json_array(w);
                }

                rc = ngx_http_model_openai_write_part(b, w, &part[k]);

                if (rc != NGX_OK) {
                    return rc;
                }
            }
        }
    }

    if (begun) {
        ngx_http_model_json_array_end(w);
        ngx_http_model_json_object_end(w);
    }

    return NGX_OK;
}


ngx_uint_t
ngx_http_model_openai_has(ngx_array_t *parts, ngx_uint_t type)
{
    ngx_uint_t              i;
    ngx_http_model_part_t  *part;

    part = parts->elts;

    for (i = 0; i < parts->nelts; i++) {
        if (part[i].type == type) {
            return 1;
        }
    }

    return 0;
}


static ngx_int_t
ngx_http_model_openai_write_part(ngx_http_model_bridge_t *b,
    ngx_http_model_json_writer_t *w, ngx_http_model_part_t *part)
{
    ngx_int_t  rc;

    rc = NGX_OK;

    switch (part->type) {

    case NGX_HTTP_MODEL_PART_TEXT:

        if (part->text.len == 0) {
            return NGX_OK;
        }

        ngx_http_model_json_object(w);
        ngx_http_model_json_key(w, "type");
        ngx_http_model_json_cstr(w, "text");
        ngx_http_model_json_key(w, "text");
        ngx_http_model_json_str(w, &part->text);

        break;

    case NGX_HTTP_MODEL_PART_IMAGE:
        ngx_http_model_json_object(w);
        rc = ngx_http_model_openai_write_image(b, w, part);
        break;

    case NGX_HTTP_MODEL_PART_AUDIO:
        ngx_http_model_json_object(w);
        rc = ngx_http_model_openai_write_audio(b, w, part);
        break;

    case NGX_HTTP_MODEL_PART_FILE:
        ngx_http_model_json_object(w);
        rc = ngx_http_model_openai_write_file(b, w, part);
        break;

    default:
        return NGX_OK;
    }

    ngx_http_model_bridge_extra(w, part->extra);

    ngx_http_model_json_object_end(w);

    return rc;
}


static ngx_int_t
ngx_http_model_openai_write_image(ngx_http_model_bridge_t *b,
    ngx_http_model_json_writer_t *w, ngx_http_model_part_t *part)
{
    ngx_int_t  rc;
    ngx_str_t  media;

    ngx_http_model_json_key(w, "type");
    ngx_http_model_json_cstr(w, "image_url");

    ngx_http_model_json_key(w, "image_url");
    ngx_http_model_json_object(w);

    ngx_http_model_json_key(w, "url");

    rc = NGX_OK;

    if (part->url.len) {
        ngx_http_model_json_str(w, &part->url);

    } else {
        media = part->media;

        if (media.len == 0) {
            media = ngx_http_model_talk_image(&part->text);
        }

        if (media.len == 0) {
            ngx_str_set(&media, "image/png");
        }

        rc = ngx_http_model_openai_data_url(b, w, &media, &part->text);
    }

    if (part->detail.len) {
        ngx_http_model_json_key(w, "detail");
        ngx_http_model_json_str(w, &part->detail);
    }

    ngx_http_model_json_object_end(w);

    return rc;
}


static ngx_int_t
ngx_http_model_openai_write_audio(ngx_http_model_bridge_t *b,
    ngx_http_model_json_writer_t *w, ngx_http_model_part_t *part)
{
    ngx_uint_t  i;

    static const struct {
        ngx_str_t    media;
        const char  *format;
    } formats[] = {
        { ngx_string("audio/wav"), "wav" },
        { ngx_string("audio/x-wav"), "wav" },
        { ngx_string("audio/wave"), "wav" },
        { ngx_string("audio/mpeg"), "mp3" },
        { ngx_string("audio/mp3"), "mp3" },
        { ngx_null_string, NULL }
    };

    for (i = 0; formats[i].format; i++) {
        if (formats[i].media.len == part->media.len
            && ngx_memcmp(formats[i].media.data, part->media.data,
                          part->media.len)
               == 0)
        {
            break;
        }
    }

    if (formats[i].format == NULL) {
        return ngx_http_model_bridge_refuse(b, "messages", "audio can be put "
                                            "to vendor \"%V\" as wav or mp3 "
                                            "only", &b->vendor);
    }

    ngx_http_model_json_key(w, "type");
    ngx_http_model_json_cstr(w, "input_audio");

    ngx_http_model_json_key(w, "input_audio");
    ngx_http_model_json_object(w);

    ngx_http_model_json_key(w, "data");
    ngx_http_model_json_str(w, &part->text);

    ngx_http_model_json_key(w, "format");
    ngx_http_model_json_cstr(w, formats[i].format);

    ngx_http_model_json_object_end(w);

    return NGX_OK;
}


/* a document; one of plain text is text */

static ngx_int_t
ngx_http_model_openai_write_file(ngx_http_model_bridge_t *b,
    ngx_http_model_json_writer_t *w, ngx_http_model_part_t *part)
{
    ngx_int_t  rc;

    if (part->url.len) {
        return ngx_http_model_bridge_refuse(b, "messages", "a document cannot "
                                            "be put to vendor \"%V\" by its "
                                            "URL, send it as base64",
                                            &b->vendor);
    }

    ngx_http_model_json_key(w, "type");

    if (part->media.len == 10
        && ngx_memcmp(part->media.data, "text/plain", 10) == 0)
    {
        ngx_http_model_json_cstr(w, "text");
        ngx_http_model_json_key(w, "text");
        ngx_http_model_json_str(w, &part->text);

        return NGX_OK;
    }

    ngx_http_model_json_cstr(w, "file");

    ngx_http_model_json_key(w, "file");
    ngx_http_model_json_object(w);

    ngx_http_model_json_key(w, "filename");

    if (part->name.len) {
        ngx_http_model_json_str(w, &part->name);

    } else {
        ngx_http_model_json_cstr(w, "document.pdf");
    }

    ngx_http_model_json_key(w, "file_data");
    rc = ngx_http_model_openai_data_url(b, w, &part->media, &part->text);

    ngx_http_model_json_object_end(w);

    return rc;
}


static ngx_int_t
ngx_http_model_openai_data_url(ngx_http_model_bridge_t *b,
    ngx_http_model_json_writer_t *w, ngx_str_t *media, ngx_str_t *base64)
{
    u_char     *p;
    ngx_str_t   head;

    head.len = media->len + sizeof("data:;base64,") - 1;

    head.data = ngx_pnalloc(b->pool, head.len);
    if (head.data == NULL) {
        return NGX_ERROR;
    }

    p = ngx_cpymem(head.data, "data:", 5);
    p = ngx_cpymem(p, media->data, media->len);
    ngx_memcpy(p, ";base64,", 8);

    ngx_http_model_json_str2(w, &head, base64);

    return NGX_OK;
}
