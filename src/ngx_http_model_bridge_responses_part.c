
/*
 * Copyright (C) the ngx_http_model_module authors
 */


#include <ngx_config.h>
#include <ngx_core.h>

#include "ngx_http_model_bridge_responses.h"


static ngx_int_t ngx_http_model_responses_read_part(ngx_http_model_bridge_t *b,
    ngx_http_model_json_t *value, ngx_array_t *parts, ngx_uint_t kinds);
static ngx_int_t ngx_http_model_responses_read_text(ngx_http_model_bridge_t *b,
    ngx_http_model_json_t *value, ngx_array_t *parts, const char *member,
    ngx_uint_t type);
static ngx_int_t ngx_http_model_responses_read_image(
    ngx_http_model_bridge_t *b, ngx_http_model_json_t *value,
    ngx_array_t *parts);
static ngx_int_t ngx_http_model_responses_read_file(ngx_http_model_bridge_t *b,
    ngx_http_model_json_t *value, ngx_array_t *parts);
static ngx_int_t ngx_http_model_responses_plain(ngx_http_model_bridge_t *b,
    ngx_str_t *text);
static ngx_int_t ngx_http_model_responses_url(ngx_http_model_bridge_t *b,
    ngx_str_t *url, const char *field, ngx_str_t *to);
static ngx_int_t ngx_http_model_responses_read_audio(
    ngx_http_model_bridge_t *b, ngx_http_model_json_t *value,
    ngx_array_t *parts);
static ngx_int_t ngx_http_model_responses_fetched(ngx_http_model_bridge_t *b,
    ngx_http_model_json_t *value, void *data);
static ngx_int_t ngx_http_model_responses_heard(ngx_http_model_bridge_t *b,
    ngx_http_model_json_t *value, void *data);
static ngx_int_t ngx_http_model_responses_new(ngx_http_model_bridge_t *b,
    const ngx_http_model_field_table_t *table, ngx_http_model_json_t *value,
    ngx_array_t *parts, ngx_uint_t type, ngx_http_model_part_t **part);


/* towards Ollama, OpenAI, Anthropic */

#define NGX_HTTP_MODEL_RESPONSES_FETCHED                                      \
    { NGX_HTTP_MODEL_FIELD_REFUSE, NGX_HTTP_MODEL_FIELD_REFUSE,               \
      NGX_HTTP_MODEL_FIELD_MAP }
#define NGX_HTTP_MODEL_RESPONSES_HEARD                                        \
    { NGX_HTTP_MODEL_FIELD_MAP, NGX_HTTP_MODEL_FIELD_MAP,                     \
      NGX_HTTP_MODEL_FIELD_REFUSE }


const ngx_http_model_field_t  ngx_http_model_responses_text[] = {

    { "type", ngx_http_model_responses_a_string,
      NGX_HTTP_MODEL_RESPONSES_MAP, NULL },

    { "text", ngx_http_model_responses_a_string,
      NGX_HTTP_MODEL_RESPONSES_MAP, NULL },

    { "refusal", ngx_http_model_responses_a_string,
      NGX_HTTP_MODEL_RESPONSES_MAP, NULL },

    { "annotations", NULL, NGX_HTTP_MODEL_RESPONSES_DROP,
      "are of answers" },

    { "logprobs", NULL, NGX_HTTP_MODEL_RESPONSES_DROP,
      "are of answers" },

    { "prompt_cache_breakpoint", NULL, NGX_HTTP_MODEL_RESPONSES_DROP,
      "is a hint for OpenAI's caches" },

    { NULL, NULL, NGX_HTTP_MODEL_RESPONSES_DROP, NULL }
};


const ngx_http_model_field_t  ngx_http_model_responses_image[] = {

    { "type", ngx_http_model_responses_a_string,
      NGX_HTTP_MODEL_RESPONSES_MAP, NULL },

    { "image_url", ngx_http_model_responses_a_string,
      NGX_HTTP_MODEL_RESPONSES_MAP,
      "a data URL, or the URL of a picture where servers fetch it" },

    { "detail", ngx_http_model_responses_a_string,
      NGX_HTTP_MODEL_RESPONSES_TO_OPENAI,
      "a hint for OpenAI's models" },

    { "file_id", NULL, NGX_HTTP_MODEL_RESPONSES_REFUSE,
      "files are kept at OpenAI, send a data URL as \"image_url\"" },

    { "prompt_cache_breakpoint", NULL, NGX_HTTP_MODEL_RESPONSES_DROP,
      "is a hint for OpenAI's caches" },

    { NULL, NULL, NGX_HTTP_MODEL_RESPONSES_DROP, NULL }
};


const ngx_http_model_field_t  ngx_http_model_responses_file[] = {

    { "type", ngx_http_model_responses_a_string,
      NGX_HTTP_MODEL_RESPONSES_MAP, NULL },

    { "file_data", ngx_http_model_responses_a_string,
      NGX_HTTP_MODEL_RESPONSES_MAP,
      "base64, alone or in a data URL; Ollama's models read plain text only" },

    { "file_url", ngx_http_model_responses_fetched,
      NGX_HTTP_MODEL_RESPONSES_FETCHED,
      "only Anthropic fetches files, send it as \"file_data\"" },

    { "filename", ngx_http_model_responses_a_string,
      NGX_HTTP_MODEL_RESPONSES_NOT_OLLAMA, NULL },

    { "detail", NULL, NGX_HTTP_MODEL_RESPONSES_DROP,
      "a hint for OpenAI's models" },

    { "file_id", NULL, NGX_HTTP_MODEL_RESPONSES_REFUSE,
      "files are kept at OpenAI, send the file as \"file_data\"" },

    { "prompt_cache_breakpoint", NULL, NGX_HTTP_MODEL_RESPONSES_DROP,
      "is a hint for OpenAI's caches" },

    { NULL, NULL, NGX_HTTP_MODEL_RESPONSES_DROP, NULL }
};


const ngx_http_model_field_t  ngx_http_model_responses_audio[] = {

    { "type", ngx_http_model_responses_a_string,
      NGX_HTTP_MODEL_RESPONSES_MAP, NULL },

    { "input_audio", ngx_http_model_responses_heard,
      NGX_HTTP_MODEL_RESPONSES_HEARD,
      "its \"data\" and \"format\"; Anthropic's models do not hear" },

    { NULL, NULL, NGX_HTTP_MODEL_RESPONSES_DROP, NULL }
};


static const ngx_http_model_field_table_t  ngx_http_model_responses_parts[] = {
    { "text", "input.content.", ngx_http_model_responses_text },
    { "input_image", "input.content.", ngx_http_model_responses_image },
    { "input_file", "input.content.", ngx_http_model_responses_file },
    { "input_audio", "input.content.", ngx_http_model_responses_audio }
};


ngx_int_t
ngx_http_model_responses_read_parts(ngx_http_model_bridge_t *b,
    ngx_http_model_json_t *value, ngx_array_t *parts, ngx_uint_t kinds)
{
    ngx_int_t               rc;
    ngx_http_model_json_t  *json;
    ngx_http_model_part_t  *part;

    if (value->type == NGX_HTTP_MODEL_JSON_STRING) {

        part = ngx_http_model_talk_part(parts, NGX_HTTP_MODEL_PART_TEXT);
        if (part == NULL) {
            return NGX_ERROR;
        }

        part->text = value->value;

        return NGX_OK;
    }

    if (value->type != NGX_HTTP_MODEL_JSON_ARRAY) {
        return ngx_http_model_bridge_refuse(b, "input", "content must be a "
                                            "text or an array of parts");
    }

    for (json = value->child; json; json = json->next) {
        rc = ngx_http_model_responses_read_part(b, json, parts, kinds);

        if (rc != NGX_OK) {
            return rc;
        }
    }

    return NGX_OK;
}


static ngx_int_t
ngx_http_model_responses_read_part(ngx_http_model_bridge_t *b,
    ngx_http_model_json_t *value, ngx_array_t *parts, ngx_uint_t kinds)
{
    ngx_str_t  type;

    if (value->type != NGX_HTTP_MODEL_JSON_OBJECT) {
        return ngx_http_model_bridge_refuse(b, "input", "parts of content "
                                            "must be objects");
    }

    (void) ngx_http_model_json_get_str(value, "type", &type);

    if (ngx_http_model_responses_is(&type, "input_text")
        || ngx_http_model_responses_is(&type, "output_text")
        || ngx_http_model_responses_is(&type, "text"))
    {
        return ngx_http_model_responses_read_text(b, value, parts, "text",
                                                  NGX_HTTP_MODEL_PART_TEXT);
    }

    if (kinds == NGX_HTTP_MODEL_RESPONSES_TEXTS) {
        return ngx_http_model_responses_refuse_type(b, "content", &type,
                       "messages of the roles system and developer are texts");
    }

    if (ngx_http_model_responses_is(&type, "input_image")) {
        return ngx_http_model_responses_read_image(b, value, parts);
    }

    if (kinds == NGX_HTTP_MODEL_RESPONSES_IMAGES) {
        return ngx_http_model_responses_refuse_type(b, "output", &type,
                       "outputs of tools are texts and images");
    }

    if (ngx_http_model_responses_is(&type, "refusal")) {
        return ngx_http_model_responses_read_text(b, value, parts, "refusal",
                                                  NGX_HTTP_MODEL_PART_REFUSAL);
    }

    if (ngx_http_model_responses_is(&type, "input_file")) {
        return ngx_http_model_responses_read_file(b, value, parts);
    }

    if (ngx_http_model_responses_is(&type, "input_audio")) {
        return ngx_http_model_responses_read_audio(b, value, parts);
    }

    return ngx_http_model_responses_refuse_type(b, "content", &type,
                       "send texts, images, files or audio");
}


static ngx_int_t
ngx_http_model_responses_read_text(ngx_http_model_bridge_t *b,
    ngx_http_model_json_t *value, ngx_array_t *parts, const char *member,
    ngx_uint_t type)
{
    ngx_int_t               rc;
    ngx_http_model_part_t  *part;

    rc = ngx_http_model_responses_new(b, &ngx_http_model_responses_parts[0],
                                      value, parts, type, &part);
    if (rc != NGX_OK) {
        return rc;
    }

    if (ngx_http_model_json_get_str(value, member, &part->text) == NGX_OK) {
        return NGX_OK;
    }

    return ngx_http_model_bridge_refuse(b, "content", "\"input.content.%s\" "
                                        "must be a string", member);
}


static ngx_int_t
ngx_http_model_responses_read_image(ngx_http_model_bridge_t *b,
    ngx_http_model_json_t *value, ngx_array_t *parts)
{
    ngx_int_t               rc;
    ngx_str_t               url;
    ngx_http_model_part_t  *part;

    rc = ngx_http_model_responses_new(b, &ngx_http_model_responses_parts[1],
                                      value, parts, NGX_HTTP_MODEL_PART_IMAGE,
                                      &part);
    if (rc != NGX_OK) {
        return rc;
    }

    (void) ngx_http_model_json_get_str(value, "detail", &part->detail);
    (void) ngx_http_model_json_get_str(value, "image_url", &url);

    if (url.len == 0) {
        return ngx_http_model_bridge_refuse(b, "image_url", "\"image_url\" of "
                                            "an input_image must be a URL as "
                                            "a string");
    }

    rc = ngx_http_model_talk_data_url(b->pool, &url, &part->media,
                                      &part->text);
    if (rc == NGX_DECLINED) {
        return ngx_http_model_responses_url(b, &url, "image_url", &part->url);
    }

    return rc;
}


static ngx_int_t
ngx_http_model_responses_read_file(ngx_http_model_bridge_t *b,
    ngx_http_model_json_t *value, ngx_array_t *parts)
{
    ngx_int_t               rc;
    ngx_str_t               data, url;
    ngx_http_model_part_t  *part;

    rc = ngx_http_model_responses_new(b, &ngx_http_model_responses_parts[2],
                                      value, parts, NGX_HTTP_MODEL_PART_FILE,
                                      &part);
    if (rc != NGX_OK) {
        return rc;
    }

    (void) ngx_http_model_json_get_str(value, "filename", &part->name);
    (void) ngx_http_model_json_get_str(value, "file_data", &data);
    (void) ngx_http_model_json_get_str(value, "file_url", &url);

    if (data.len == 0) {
        return ngx_http_model_responses_url(b, &url, "file_url", &part->url);
    }

    rc = ngx_http_model_talk_data_url(b->pool, &data, &part->media,
                                      &part->text);

    if (rc == NGX_DECLINED) {

        /* base64 alone */

        part->text = data;

        if (part->name.len >= 4
            && ngx_strncasecmp(part->name.data + part->name.len - 4,
                               (u_char *) ".pdf", 4)
               == 0)
        {
            ngx_str_set(&part->media, "application/pdf");
        }

        return NGX_OK;
    }

    if (rc == NGX_OK && ngx_http_model_responses_is(&part->media, "text/plain"))
    {
        return ngx_http_model_responses_plain(b, &part->text);
    }

    return rc;
}


/* a text is told as itself */

static ngx_int_t
ngx_http_model_responses_plain(ngx_http_model_bridge_t *b, ngx_str_t *text)
{
    ngx_str_t  decoded;

    decoded.data = ngx_pnalloc(b->pool, ngx_base64_decoded_length(text->len));
    if (decoded.data == NULL) {
        return NGX_ERROR;
    }

    if (ngx_decode_base64(&decoded, text) != NGX_OK) {
        return ngx_http_model_bridge_refuse(b, "file_data", "\"file_data\" is "
                                            "no base64");
    }

    *text = decoded;

    return NGX_OK;
}


/* what is not here: a server may fetch it */

static ngx_int_t
ngx_http_model_responses_url(ngx_http_model_bridge_t *b, ngx_str_t *url,
    const char *field, ngx_str_t *to)
{
    if ((url->len > 8
         && ngx_strncasecmp(url->data, (u_char *) "https://", 8) == 0)
        || (url->len > 7
            && ngx_strncasecmp(url->data, (u_char *) "http://", 7) == 0))
    {
        *to = *url;
        return NGX_OK;
    }

    return ngx_http_model_bridge_refuse(b, field, "\"%s\" must be a data URL "
                                        "with base64, or an http URL", field);
}


static ngx_int_t
ngx_http_model_responses_read_audio(ngx_http_model_bridge_t *b,
    ngx_http_model_json_t *value, ngx_array_t *parts)
{
    ngx_int_t               rc;
    ngx_str_t               format;
    ngx_http_model_json_t  *audio;
    ngx_http_model_part_t  *part;

    rc = ngx_http_model_responses_new(b, &ngx_http_model_responses_parts[3],
                                      value, parts, NGX_HTTP_MODEL_PART_AUDIO,
                                      &part);
    if (rc != NGX_OK) {
        return rc;
    }

    audio = ngx_http_model_json_get(value, "input_audio");
    ngx_str_null(&format);

    if (audio && audio->type == NGX_HTTP_MODEL_JSON_OBJECT) {
        (void) ngx_http_model_json_get_str(audio, "data", &part->text);
        (void) ngx_http_model_json_get_str(audio, "format", &format);
    }

    if (ngx_http_model_responses_is(&format, "wav")) {
        ngx_str_set(&part->media, "audio/wav");

    } else if (ngx_http_model_responses_is(&format, "mp3")) {
        ngx_str_set(&part->media, "audio/mp3");
    }

    if (part->text.len == 0 || part->media.len == 0) {
        return ngx_http_model_bridge_refuse(b, "input_audio", "\"input_audio\" "
                                            "must have \"data\" and a "
                                            "\"format\" of wav or mp3");
    }

    return NGX_OK;
}


/* a part of the type, when value has no members that are refused */

static ngx_int_t
ngx_http_model_responses_new(ngx_http_model_bridge_t *b,
    const ngx_http_model_field_table_t *table, ngx_http_model_json_t *value,
    ngx_array_t *parts, ngx_uint_t type, ngx_http_model_part_t **part)
{
    ngx_int_t     rc;
    ngx_array_t  *extra;

    extra = NULL;

    rc = ngx_http_model_bridge_fields(b, table, value, NULL, &extra);

    if (rc != NGX_OK) {
        return rc;
    }

    *part = ngx_http_model_talk_part(parts, type);
    if (*part == NULL) {
        return NGX_ERROR;
    }

    (*part)->extra = extra;

    return NGX_OK;
}


/* readers of rows that are refused towards some */

static ngx_int_t
ngx_http_model_responses_fetched(ngx_http_model_bridge_t *b,
    ngx_http_model_json_t *value, void *data)
{
    if (b->to != NGX_HTTP_MODEL_ANTHROPIC) {
        return NGX_DECLINED;
    }

    return ngx_http_model_responses_a_string(b, value, data);
}


static ngx_int_t
ngx_http_model_responses_heard(ngx_http_model_bridge_t *b,
    ngx_http_model_json_t *value, void *data)
{
    if (b->to == NGX_HTTP_MODEL_ANTHROPIC) {
        return NGX_DECLINED;
    }

    return ngx_http_model_responses_an_object(b, value, data);
}
