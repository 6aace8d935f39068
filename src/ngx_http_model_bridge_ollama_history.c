
/*
 * Copyright (C) the ngx_http_model_module authors
 */


#include <ngx_config.h>
#include <ngx_core.h>

#include "ngx_http_model_bridge_ollama.h"


/* a tool's name by the id of its call, which is all that a result may have */

typedef struct {
    ngx_str_node_t           id;
    ngx_str_t                name;
} ngx_http_model_ollama_named_t;


typedef struct {
    ngx_rbtree_t             names;
    ngx_rbtree_node_t        sentinel;
    ngx_array_t              texts;      /* ngx_http_model_part_t: of the
                                            message that is being written */
    ngx_array_t              images;     /* ngx_str_t */
    ngx_pool_t              *pool;       /* of all this */
} ngx_http_model_ollama_history_t;


static ngx_int_t ngx_http_model_ollama_write_list(ngx_http_model_bridge_t *b,
    ngx_http_model_json_writer_t *w, ngx_http_model_ollama_history_t *h);
static ngx_int_t ngx_http_model_ollama_write_message(
    ngx_http_model_bridge_t *b, ngx_http_model_json_writer_t *w,
    ngx_http_model_message_t *message, ngx_http_model_ollama_history_t *h);
static ngx_int_t ngx_http_model_ollama_write_results(
    ngx_http_model_bridge_t *b, ngx_http_model_json_writer_t *w,
    ngx_http_model_message_t *message, ngx_http_model_ollama_history_t *h);
static ngx_int_t ngx_http_model_ollama_write_content(
    ngx_http_model_bridge_t *b, ngx_http_model_json_writer_t *w,
    const char *role, ngx_array_t *parts, ngx_uint_t error,
    ngx_http_model_ollama_history_t *h);
static ngx_int_t ngx_http_model_ollama_prefix(ngx_http_model_bridge_t *b,
    ngx_str_t *text);
static ngx_int_t ngx_http_model_ollama_content(ngx_http_model_bridge_t *b,
    ngx_http_model_part_t *part, ngx_http_model_ollama_history_t *h);
static ngx_int_t ngx_http_model_ollama_image(ngx_http_model_bridge_t *b,
    ngx_http_model_part_t *part, ngx_http_model_ollama_history_t *h);

static ngx_int_t ngx_http_model_ollama_audio(ngx_http_model_bridge_t *b,
    ngx_http_model_part_t *part, ngx_http_model_ollama_history_t *h);

static ngx_int_t ngx_http_model_ollama_write_calls(ngx_http_model_bridge_t *b,
    ngx_http_model_json_writer_t *w, ngx_array_t *parts,
    ngx_http_model_ollama_history_t *h);
static ngx_int_t ngx_http_model_ollama_note(ngx_http_model_part_t *call,
    ngx_http_model_ollama_history_t *h);
static ngx_str_t ngx_http_model_ollama_name(ngx_http_model_part_t *result,
    ngx_http_model_ollama_history_t *h);


ngx_int_t
ngx_http_model_ollama_write_messages(ngx_http_model_bridge_t *b,
    ngx_http_model_json_writer_t *w)
{
    ngx_int_t                         rc;
    ngx_http_model_ollama_history_t   h;

    h.pool = ngx_create_pool(4096, b->pool->log);
    if (h.pool == NULL) {
        return NGX_ERROR;
    }

    rc = ngx_http_model_ollama_write_list(b, w, &h);

    ngx_destroy_pool(h.pool);

    return rc;
}


static ngx_int_t
ngx_http_model_ollama_write_list(ngx_http_model_bridge_t *b,
    ngx_http_model_json_writer_t *w, ngx_http_model_ollama_history_t *h)
{
    ngx_int_t                  rc;
    ngx_uint_t                 i;
    ngx_http_model_message_t  *message;

    ngx_rbtree_init(&h->names, &h->sentinel, ngx_str_rbtree_insert_value);

    if (ngx_array_init(&h->texts, h->pool, 8, sizeof(ngx_http_model_part_t))
        != NGX_OK
        || ngx_array_init(&h->images, h->pool, 4, sizeof(ngx_str_t)) != NGX_OK)
    {
        return NGX_ERROR;
    }

    ngx_http_model_json_key(w, "messages");
    ngx_http_model_json_array(w);

    message = b->talk.messages.elts;

    for (i = 0; i < b->talk.messages.nelts; i++) {

        rc = (message[i].role == NGX_HTTP_MODEL_ROLE_TOOL)
             ? ngx_http_model_ollama_write_results(b, w, &message[i], h)
             : ngx_http_model_ollama_write_message(b, w, &message[i], h);

        if (rc != NGX_OK) {
            return rc;
        }
    }

    ngx_http_model_json_array_end(w);

    return NGX_OK;
}


static ngx_int_t
ngx_http_model_ollama_write_message(ngx_http_model_bridge_t *b,
    ngx_http_model_json_writer_t *w, ngx_http_model_message_t *message,
    ngx_http_model_ollama_history_t *h)
{
    ngx_int_t  rc;
    ngx_str_t  thinking;

    static const char  *roles[] = { "system", "user", "assistant" };

    ngx_http_model_json_object(w);

    rc = ngx_http_model_ollama_write_content(b, w, roles[message->role],
                                             &message->parts, 0, h);
    if (rc != NGX_OK) {
        return rc;
    }

    rc = ngx_http_model_talk_join(b->pool, &message->parts,
                                  NGX_HTTP_MODEL_PART_THINKING, "\n",
                                  &thinking);
    if (rc != NGX_OK) {
        return rc;
    }

    if (thinking.len) {
        ngx_http_model_json_key(w, "thinking");
        ngx_http_model_json_str(w, &thinking);
    }

    rc = ngx_http_model_ollama_write_calls(b, w, &message->parts, h);

    if (rc == NGX_OK) {
        rc = ngx_http_model_ollama_pass(b, w, message->extra,
                                        ngx_http_model_ollama_message_fields);
    }

    ngx_http_model_json_object_end(w);

    return rc;
}


/* each result is a message of its own */

static ngx_int_t
ngx_http_model_ollama_write_results(ngx_http_model_bridge_t *b,
    ngx_http_model_json_writer_t *w, ngx_http_model_message_t *message,
    ngx_http_model_ollama_history_t *h)
{
    ngx_int_t               rc;
    ngx_str_t               name;
    ngx_uint_t              i;
    ngx_array_t             none;
    ngx_http_model_part_t  *part;

    ngx_memzero(&none, sizeof(ngx_array_t));

    part = message->parts.elts;

    for (i = 0; i < message->parts.nelts; i++) {

        if (part[i].type != NGX_HTTP_MODEL_PART_RESULT) {
            continue;
        }

        ngx_http_model_json_object(w);

        rc = ngx_http_model_ollama_write_content(b, w, "tool",
                                                 part[i].parts ? part[i].parts
                                                               : &none,
                                                 part[i].error, h);
        if (rc != NGX_OK) {
            return rc;
        }

        name = ngx_http_model_ollama_name(&part[i], h);

        if (name.len) {
            ngx_http_model_json_key(w, "tool_name");
            ngx_http_model_json_str(w, &name);
        }

        if (part[i].id.len) {
            ngx_http_model_json_key(w, "tool_call_id");
            ngx_http_model_json_str(w, &part[i].id);
        }

        /* of the message, which has one result where it can have members */

        if (i == 0) {
            rc = ngx_http_model_ollama_pass(b, w, message->extra,
                                        ngx_http_model_ollama_message_fields);
            if (rc != NGX_OK) {
                return rc;
            }
        }

        ngx_http_model_json_object_end(w);
    }

    return NGX_OK;
}


/* the content is one string, and images lie beside it */

static ngx_int_t
ngx_http_model_ollama_write_content(ngx_http_model_bridge_t *b,
    ngx_http_model_json_writer_t *w, const char *role, ngx_array_t *parts,
    ngx_uint_t error, ngx_http_model_ollama_history_t *h)
{
    ngx_int_t               rc;
    ngx_str_t               text, *image;
    ngx_uint_t              i;
    ngx_http_model_part_t  *part;

    h->texts.nelts = 0;
    h->images.nelts = 0;

    part = parts->elts;

    for (i = 0; i < parts->nelts; i++) {
        rc = ngx_http_model_ollama_content(b, &part[i], h);

        if (rc != NGX_OK) {
            return rc;
        }
    }

    rc = ngx_http_model_talk_join(b->pool, &h->texts,
                                  NGX_HTTP_MODEL_PART_TEXT, "\n", &text);

    if (rc == NGX_OK && error) {
        rc = ngx_http_model_ollama_prefix(b, &text);
    }

    if (rc != NGX_OK) {
        return rc;
    }

    ngx_http_model_json_key(w, "role");
    ngx_http_model_json_cstr(w, role);

    ngx_http_model_json_key(w, "content");
    ngx_http_model_json_str(w, &text);

    if (h->images.nelts == 0) {
        return NGX_OK;
    }

    ngx_http_model_json_key(w, "images");
    ngx_http_model_json_array(w);

    image = h->images.elts;

    for (i = 0; i < h->images.nelts; i++) {
        ngx_http_model_json_str(w, &image[i]);
    }

    ngx_http_model_json_array_end(w);

    return NGX_OK;
}


/* that a tool failed can be said in words only */

static ngx_int_t
ngx_http_model_ollama_prefix(ngx_http_model_bridge_t *b, ngx_str_t *text)
{
    u_char  *p;
    size_t   len;

    len = sizeof("Error: ") - 1 + text->len;

    p = ngx_pnalloc(b->pool, len);
    if (p == NULL) {
        return NGX_ERROR;
    }

    ngx_memcpy(ngx_cpymem(p, "Error: ", sizeof("Error: ") - 1), text->data,
               text->len);

    text->data = p;
    text->len = len;

    return NGX_OK;
}


static ngx_int_t
ngx_http_model_ollama_content(ngx_http_model_bridge_t *b,
    ngx_http_model_part_t *part, ngx_http_model_ollama_history_t *h)
{
    ngx_http_model_part_t  *text;

    static ngx_str_t  plain = ngx_string("text/plain");

    switch (part->type) {

    case NGX_HTTP_MODEL_PART_FILE:

        if (part->url.len
            || part->media.len != plain.len
            || ngx_memcmp(part->media.data, plain.data, plain.len) != 0)
        {
            return ngx_http_model_bridge_refuse(b, "messages", "files other "
                            "than of plain text cannot be had from vendor "
                            "\"%V\", whose servers speak Ollama's API; send "
                            "their text", &b->vendor);
        }

        /* fall through */

    case NGX_HTTP_MODEL_PART_TEXT:
    case NGX_HTTP_MODEL_PART_REFUSAL:

        text = ngx_http_model_talk_part(&h->texts, NGX_HTTP_MODEL_PART_TEXT);
        if (text == NULL) {
            return NGX_ERROR;
        }

        text->text = part->text;

        return NGX_OK;

    case NGX_HTTP_MODEL_PART_IMAGE:
        return ngx_http_model_ollama_image(b, part, h);

    case NGX_HTTP_MODEL_PART_AUDIO:
        return ngx_http_model_ollama_audio(b, part, h);

    default:

        /*
         * THINKING and CALL have members of their own; what is REDACTED only
         * its maker can read
         */

        return NGX_OK;
    }
}


static ngx_int_t
ngx_http_model_ollama_image(ngx_http_model_bridge_t *b,
    ngx_http_model_part_t *part, ngx_http_model_ollama_history_t *h)
{
    ngx_int_t   rc;
    ngx_str_t  *image, media, base64;

    base64 = part->text;

    if (part->url.len) {
        rc = ngx_http_model_talk_data_url(b->pool, &part->url, &media,
                                          &base64);
        if (rc == NGX_ERROR) {
            return NGX_ERROR;
        }

        if (rc == NGX_DECLINED) {
            return ngx_http_model_bridge_refuse(b, "messages", "images by URL "
                            "cannot be had from vendor \"%V\", whose servers "
                            "speak Ollama's API and fetch nothing; send them "
                            "as base64", &b->vendor);
        }
    }

    image = ngx_array_push(&h->images);
    if (image == NULL) {
        return NGX_ERROR;
    }

    *image = base64;

    return NGX_OK;
}


/* what its servers know by the first bytes, as they do images */

static ngx_int_t
ngx_http_model_ollama_audio(ngx_http_model_bridge_t *b,
    ngx_http_model_part_t *part, ngx_http_model_ollama_history_t *h)
{
    ngx_str_t  *audio;

    if ((part->media.len != 9
         || ngx_memcmp(part->media.data, "audio/wav", 9) != 0)
        && (part->media.len != 10
            || ngx_memcmp(part->media.data, "audio/mpeg", 10) != 0))
    {
        return ngx_http_model_bridge_refuse(b, "messages", "audio other than "
                            "WAV and MP3 cannot be had from vendor \"%V\", "
                            "whose servers speak Ollama's API", &b->vendor);
    }

    audio = ngx_array_push(&h->images);
    if (audio == NULL) {
        return NGX_ERROR;
    }

    *audio = part->text;

    return NGX_OK;
}


static ngx_int_t
ngx_http_model_ollama_write_calls(ngx_http_model_bridge_t *b,
    ngx_http_model_json_writer_t *w, ngx_array_t *parts,
    ngx_http_model_ollama_history_t *h)
{
    ngx_int_t               rc;
    ngx_str_t               arguments;
    ngx_uint_t              i, n;
    ngx_http_model_part_t  *part;

    part = parts->elts;
    n = 0;

    for (i = 0; i < parts->nelts; i++) {

        if (part[i].type != NGX_HTTP_MODEL_PART_CALL) {
            continue;
        }

        if (ngx_http_model_ollama_note(&part[i], h) != NGX_OK) {
            return NGX_ERROR;
        }

        rc = ngx_http_model_ollama_arguments(h->pool, &part[i].text,
                                             &arguments);

        if (rc != NGX_OK) {
            return ngx_http_model_bridge_refuse(b, "messages", "the arguments "
                            "of a tool call are not a JSON object, as which "
                            "vendor \"%V\", whose servers speak Ollama's API, "
                            "takes them", &b->vendor);
        }

        if (n == 0) {
            ngx_http_model_json_key(w, "tool_calls");
            ngx_http_model_json_array(w);
        }

        ngx_http_model_json_object(w);

        if (part[i].id.len) {
            ngx_http_model_json_key(w, "id");
            ngx_http_model_json_str(w, &part[i].id);
        }

        ngx_http_model_json_key(w, "function");
        ngx_http_model_json_object(w);
        ngx_http_model_json_key(w, "index");
        ngx_http_model_json_int(w, n++);
        ngx_http_model_json_key(w, "name");
        ngx_http_model_json_str(w, &part[i].name);
        ngx_http_model_json_key(w, "arguments");
        ngx_http_model_json_raw(w, &arguments);
        ngx_http_model_json_object_end(w);

        rc = ngx_http_model_ollama_pass(b, w, part[i].extra,
                                        ngx_http_model_ollama_call_fields);
        if (rc != NGX_OK) {
            return rc;
        }

        ngx_http_model_json_object_end(w);
    }

    if (n) {
        ngx_http_model_json_array_end(w);
    }

    return NGX_OK;
}


/* of an id that is used again the last call counts */

static ngx_int_t
ngx_http_model_ollama_note(ngx_http_model_part_t *call,
    ngx_http_model_ollama_history_t *h)
{
    uint32_t                        hash;
    ngx_http_model_ollama_named_t  *named;

    if (call->id.len == 0) {
        return NGX_OK;
    }

    hash = ngx_crc32_long(call->id.data, call->id.len);

    named = (ngx_http_model_ollama_named_t *)
                ngx_str_rbtree_lookup(&h->names, &call->id, hash);

    if (named == NULL) {
        named = ngx_pcalloc(h->pool, sizeof(ngx_http_model_ollama_named_t));
        if (named == NULL) {
            return NGX_ERROR;
        }

        named->id.str = call->id;
        named->id.node.key = hash;

        ngx_rbtree_insert(&h->names, &named->id.node);
    }

    named->name = call->name;

    return NGX_OK;
}


static ngx_str_t
ngx_http_model_ollama_name(ngx_http_model_part_t *result,
    ngx_http_model_ollama_history_t *h)
{
    uint32_t                        hash;
    ngx_http_model_ollama_named_t  *named;

    if (result->name.len || result->id.len == 0) {
        return result->name;
    }

    hash = ngx_crc32_long(result->id.data, result->id.len);

    named = (ngx_http_model_ollama_named_t *)
                ngx_str_rbtree_lookup(&h->names, &result->id, hash);

    return named ? named->name : result->name;
}


ngx_int_t
ngx_http_model_ollama_arguments(ngx_pool_t *pool, ngx_str_t *text,
    ngx_str_t *object)
{
    ngx_str_t               err;
    ngx_http_model_json_t  *root;

    if (text->len == 0) {
        ngx_str_set(object, "{}");
        return NGX_OK;
    }

    root = ngx_http_model_json_slices(pool, text->data, text->len, 1, &err);

    if (root == NULL || root->type != NGX_HTTP_MODEL_JSON_OBJECT) {
        return NGX_DECLINED;
    }

    *object = *text;

    return NGX_OK;
}


ngx_int_t
ngx_http_model_ollama_pass(ngx_http_model_bridge_t *b,
    ngx_http_model_json_writer_t *w, ngx_array_t *extra,
    const ngx_http_model_field_t *fields)
{
    ngx_uint_t               i;
    ngx_http_model_json_t  **member;

    if (extra == NULL) {
        return NGX_OK;
    }

    member = extra->elts;

    for (i = 0; i < extra->nelts; i++) {

        if (ngx_http_model_ollama_row(fields, &member[i]->key) != NGX_ERROR) {
            return ngx_http_model_bridge_refuse(b, "messages", "\"%V\" has no "
                                                "member \"%V\" there, but "
                                                "Ollama has",
                                                &b->client->path,
                                                &member[i]->key);
        }

        ngx_http_model_json_key_str(w, &member[i]->key);
        ngx_http_model_json_tree(w, member[i]);
    }

    return NGX_OK;
}
