
/*
 * Copyright (C) the ngx_http_model_module authors
 */


#include <ngx_config.h>
#include <ngx_core.h>

#include "ngx_http_model_bridge_anthropic.h"
#include "ngx_http_model_error.h"


static ngx_int_t ngx_http_model_anthropic_source(ngx_http_model_bridge_t *b,
    ngx_http_model_json_t *block, ngx_http_model_json_t **source,
    ngx_http_model_part_t *part);


ngx_int_t
ngx_http_model_anthropic_add_text(ngx_array_t *parts, ngx_str_t *text)
{
    ngx_http_model_part_t  *part;

    if (text->len == 0) {
        return NGX_OK;
    }

    part = ngx_http_model_talk_part(parts, NGX_HTTP_MODEL_PART_TEXT);
    if (part == NULL) {
        return NGX_ERROR;
    }

    part->text = *text;

    return NGX_OK;
}


ngx_int_t
ngx_http_model_anthropic_text(ngx_http_model_bridge_t *b,
    ngx_http_model_anthropic_reading_t *rd, ngx_array_t *parts,
    ngx_http_model_json_t *block)
{
    ngx_int_t  rc;
    ngx_str_t  text;

    (void) rd;

    rc = ngx_http_model_anthropic_str(b, block, "content[].", "text", 1,
                                      &text);

    return (rc == NGX_OK) ? ngx_http_model_anthropic_add_text(parts, &text)
                          : rc;
}


ngx_int_t
ngx_http_model_anthropic_image(ngx_http_model_bridge_t *b,
    ngx_http_model_anthropic_reading_t *rd, ngx_array_t *parts,
    ngx_http_model_json_t *block)
{
    ngx_int_t               rc;
    ngx_http_model_json_t  *source;
    ngx_http_model_part_t  *part;

    (void) rd;

    part = ngx_http_model_talk_part(parts, NGX_HTTP_MODEL_PART_IMAGE);
    if (part == NULL) {
        return NGX_ERROR;
    }

    rc = ngx_http_model_anthropic_source(b, block, &source, part);

    if (rc != NGX_OK) {
        return rc;
    }

    if (part->text.len == 0 && part->url.len == 0) {
        return ngx_http_model_anthropic_missing(b, "content[].source.",
                                                "data");
    }

    return NGX_OK;
}


ngx_int_t
ngx_http_model_anthropic_document(ngx_http_model_bridge_t *b,
    ngx_http_model_anthropic_reading_t *rd, ngx_array_t *parts,
    ngx_http_model_json_t *block)
{
    ngx_int_t               rc;
    ngx_str_t               title, context;
    ngx_uint_t              place;
    ngx_http_model_json_t  *source;
    ngx_http_model_part_t  *part, file;

    ngx_memzero(&file, sizeof(ngx_http_model_part_t));

    rc = ngx_http_model_anthropic_str(b, block, "content[].", "title", 0,
                                      &title);
    if (rc == NGX_OK) {
        rc = ngx_http_model_anthropic_str(b, block, "content[].", "context",
                                          0, &context);
    }

    if (rc == NGX_OK) {
        rc = ngx_http_model_anthropic_source(b, block, &source, &file);
    }

    if (rc == NGX_OK) {
        rc = ngx_http_model_anthropic_add_text(parts, &context);
    }

    if (rc != NGX_OK) {
        return rc;
    }

    if (ngx_http_model_anthropic_is_type(source, "content")) {

        source = ngx_http_model_anthropic_get(source, "content");

        if (source == NULL) {
            return ngx_http_model_anthropic_missing(b, "content[].source.",
                                                    "content");
        }

        rc = ngx_http_model_anthropic_add_text(parts, &title);

        if (rc == NGX_OK) {
            place = rd->place;
            rd->place = NGX_HTTP_MODEL_ANTHROPIC_INSIDE;

            rc = ngx_http_model_anthropic_content(b, rd, parts, source);

            rd->place = place;
        }

        return rc;
    }

    if (file.text.len == 0 && file.url.len == 0) {
        return ngx_http_model_anthropic_missing(b, "content[].source.",
                                                "data");
    }

    if (rd->place == NGX_HTTP_MODEL_ANTHROPIC_INSIDE) {

        /* the result of a tool has nothing but text and images elsewhere */

        if (!ngx_http_model_anthropic_is_type(source, "text")) {
            return ngx_http_model_bridge_refuse(b, "messages", "a document "
                                  "in the result of a tool cannot be put to "
                                  "vendor \"%V\" unless it is text; put it "
                                  "beside the result", &b->vendor);
        }

        rc = ngx_http_model_anthropic_add_text(parts, &title);

        return (rc == NGX_OK)
               ? ngx_http_model_anthropic_add_text(parts, &file.text) : rc;
    }

    part = ngx_http_model_talk_part(parts, NGX_HTTP_MODEL_PART_FILE);
    if (part == NULL) {
        return NGX_ERROR;
    }

    *part = file;
    part->type = NGX_HTTP_MODEL_PART_FILE;
    part->name = title;

    if (part->url.len) {
        ngx_str_set(&part->media, "application/pdf");
    }

    return NGX_OK;
}


/* what an image or a document is made of: text and media, or url of the part;
   neither where the source is of type "content" */

static ngx_int_t
ngx_http_model_anthropic_source(ngx_http_model_bridge_t *b,
    ngx_http_model_json_t *block, ngx_http_model_json_t **source,
    ngx_http_model_part_t *part)
{
    u_char     *p;
    ngx_int_t   rc;
    ngx_str_t   type, media;

    *source = ngx_http_model_anthropic_get(block, "source");

    if (*source == NULL) {
        return ngx_http_model_anthropic_missing(b, "content[].", "source");
    }

    rc = ngx_http_model_bridge_is(b, *source, NGX_HTTP_MODEL_JSON_OBJECT,
                                  "content[].source");
    if (rc == NGX_OK) {
        rc = ngx_http_model_bridge_fields(b,
            &ngx_http_model_anthropic_tables[NGX_HTTP_MODEL_ANTHROPIC_SOURCE],
            *source, NULL, NULL);
    }

    if (rc == NGX_OK) {
        rc = ngx_http_model_anthropic_str(b, *source, "content[].source.",
                                          "type", 1, &type);
    }

    if (rc == NGX_OK) {
        rc = ngx_http_model_anthropic_str(b, *source, "content[].source.",
                                          "media_type", 0, &media);
    }

    if (rc != NGX_OK) {
        return rc;
    }

    if (type.len == 3 && ngx_memcmp(type.data, "url", 3) == 0) {
        return ngx_http_model_anthropic_str(b, *source, "content[].source.",
                                            "url", 1, &part->url);
    }

    if (ngx_http_model_anthropic_is_type(*source, "content")) {
        return NGX_OK;
    }

    if (!ngx_http_model_anthropic_is_type(*source, "base64")
        && !ngx_http_model_anthropic_is_type(*source, "text"))
    {
        type = ngx_http_model_error_quote(b->pool, &type);

        return ngx_http_model_bridge_refuse(b, "messages", "a source of type "
                                            "\"%V\" cannot be put to vendor "
                                            "\"%V\": send it as base64",
                                            &type, &b->vendor);
    }

    media.len = ngx_min(media.len, 128);

    p = ngx_pnalloc(b->pool, media.len + 1);
    if (p == NULL) {
        return NGX_ERROR;
    }

    ngx_strlow(p, media.data, media.len);

    part->media.data = p;
    part->media.len = media.len;

    if (ngx_http_model_anthropic_is_type(*source, "text")) {
        ngx_str_set(&part->media, "text/plain");
    }

    return ngx_http_model_anthropic_str(b, *source, "content[].source.",
                                        "data", 1, &part->text);
}


ngx_int_t
ngx_http_model_anthropic_search(ngx_http_model_bridge_t *b,
    ngx_http_model_anthropic_reading_t *rd, ngx_array_t *parts,
    ngx_http_model_json_t *block)
{
    u_char                 *p;
    ngx_int_t               rc;
    ngx_str_t               title, source, body, text;
    ngx_array_t             texts;
    ngx_uint_t              place;
    ngx_http_model_json_t  *content;

    rc = ngx_http_model_anthropic_str(b, block, "content[].", "title", 1,
                                      &title);
    if (rc == NGX_OK) {
        rc = ngx_http_model_anthropic_str(b, block, "content[].", "source", 1,
                                          &source);
    }

    if (rc != NGX_OK) {
        return rc;
    }

    content = ngx_http_model_anthropic_get(block, "content");

    if (content == NULL) {
        return ngx_http_model_anthropic_missing(b, "content[].", "content");
    }

    if (ngx_array_init(&texts, b->pool, 4, sizeof(ngx_http_model_part_t))
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    /* text alone, as in a system prompt */

    place = rd->place;
    rd->place = NGX_HTTP_MODEL_ROLE_SYSTEM;

    rc = ngx_http_model_anthropic_content(b, rd, &texts, content);

    rd->place = place;

    if (rc != NGX_OK) {
        return rc;
    }

    if (ngx_http_model_talk_join(b->pool, &texts, NGX_HTTP_MODEL_PART_TEXT,
                                 "\n", &body)
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    p = ngx_pnalloc(b->pool, title.len + source.len + body.len + 3);
    if (p == NULL) {
        return NGX_ERROR;
    }

    text.data = p;
    text.len = ngx_sprintf(p, "%V\n%V\n\n", &title, &source) - p;

    ngx_memcpy(p + text.len, body.data, body.len);
    text.len += body.len;

    return ngx_http_model_anthropic_add_text(parts, &text);
}


ngx_int_t
ngx_http_model_anthropic_use(ngx_http_model_bridge_t *b,
    ngx_http_model_anthropic_reading_t *rd, ngx_array_t *parts,
    ngx_http_model_json_t *block)
{
    ngx_int_t                         rc;
    ngx_http_model_json_t            *input;
    ngx_http_model_part_t            *part;
    ngx_http_model_anthropic_made_t  *made;

    part = ngx_http_model_talk_part(parts, NGX_HTTP_MODEL_PART_CALL);
    made = ngx_palloc(b->pool, sizeof(ngx_http_model_anthropic_made_t));

    if (part == NULL || made == NULL) {
        return NGX_ERROR;
    }

    rc = ngx_http_model_anthropic_str(b, block, "content[].", "id", 1,
                                      &part->id);
    if (rc == NGX_OK) {
        rc = ngx_http_model_anthropic_str(b, block, "content[].", "name", 1,
                                          &part->name);
    }

    if (rc != NGX_OK) {
        return rc;
    }

    made->sn.node.key = ngx_crc32_long(part->id.data, part->id.len);
    made->sn.str = part->id;
    made->name = part->name;

    ngx_rbtree_insert(&rd->calls, &made->sn.node);

    input = ngx_http_model_anthropic_get(block, "input");

    if (input == NULL) {
        return NGX_OK;
    }

    if (ngx_http_model_bridge_is(b, input, NGX_HTTP_MODEL_JSON_OBJECT,
                                 "content[].input")
        != NGX_OK)
    {
        return NGX_DECLINED;
    }

    return ngx_http_model_talk_json(b->pool, input, &part->text);
}


ngx_int_t
ngx_http_model_anthropic_result(ngx_http_model_bridge_t *b,
    ngx_http_model_anthropic_reading_t *rd, ngx_array_t *parts,
    ngx_http_model_json_t *block)
{
    ngx_int_t                         rc;
    ngx_uint_t                        error, place;
    ngx_http_model_json_t            *content;
    ngx_http_model_part_t            *part;
    ngx_http_model_anthropic_made_t  *made;

    part = ngx_http_model_talk_part(parts, NGX_HTTP_MODEL_PART_RESULT);
    if (part == NULL) {
        return NGX_ERROR;
    }

    part->parts = ngx_array_create(b->pool, 1, sizeof(ngx_http_model_part_t));
    if (part->parts == NULL) {
        return NGX_ERROR;
    }

    rc = ngx_http_model_anthropic_str(b, block, "content[].", "tool_use_id", 1,
                                      &part->id);
    if (rc == NGX_OK) {
        rc = ngx_http_model_anthropic_bool(b, block, "content[].", "is_error",
                                           &error);
    }

    if (rc != NGX_OK) {
        return rc;
    }

    part->error = (error == NGX_HTTP_MODEL_ON);

    made = (ngx_http_model_anthropic_made_t *)
               ngx_str_rbtree_lookup(&rd->calls, &part->id,
                                     ngx_crc32_long(part->id.data,
                                                    part->id.len));
    if (made) {
        part->name = made->name;
    }

    content = ngx_http_model_anthropic_get(block, "content");

    if (content == NULL) {
        return NGX_OK;
    }

    place = rd->place;
    rd->place = NGX_HTTP_MODEL_ANTHROPIC_INSIDE;

    rc = ngx_http_model_anthropic_content(b, rd, part->parts, content);

    rd->place = place;

    return rc;
}


ngx_int_t
ngx_http_model_anthropic_thought(ngx_http_model_bridge_t *b,
    ngx_http_model_anthropic_reading_t *rd, ngx_array_t *parts,
    ngx_http_model_json_t *block)
{
    ngx_int_t               rc;
    ngx_http_model_part_t  *part;

    (void) rd;

    part = ngx_http_model_talk_part(parts, NGX_HTTP_MODEL_PART_THINKING);
    if (part == NULL) {
        return NGX_ERROR;
    }

    rc = ngx_http_model_anthropic_str(b, block, "content[].", "thinking", 1,
                                      &part->text);
    if (rc == NGX_OK) {
        rc = ngx_http_model_anthropic_str(b, block, "content[].", "signature",
                                          0, &part->signature);
    }

    if (rc == NGX_OK && part->text.len == 0 && part->signature.len == 0) {
        parts->nelts--;
    }

    return rc;
}


ngx_int_t
ngx_http_model_anthropic_redacted(ngx_http_model_bridge_t *b,
    ngx_http_model_anthropic_reading_t *rd, ngx_array_t *parts,
    ngx_http_model_json_t *block)
{
    ngx_http_model_part_t  *part;

    (void) rd;

    part = ngx_http_model_talk_part(parts, NGX_HTTP_MODEL_PART_REDACTED);
    if (part == NULL) {
        return NGX_ERROR;
    }

    return ngx_http_model_anthropic_str(b, block, "content[].", "data", 1,
                                        &part->text);
}
