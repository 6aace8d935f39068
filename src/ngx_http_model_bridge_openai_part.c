
/*
 * Copyright (C) the ngx_http_model_module authors
 */


#include <ngx_config.h>
#include <ngx_core.h>

#include "ngx_http_model_bridge_openai.h"
#include "ngx_http_model_error.h"


#define MAP     NGX_HTTP_MODEL_FIELD_MAP
#define DROP    NGX_HTTP_MODEL_FIELD_DROP
#define REFUSE  NGX_HTTP_MODEL_FIELD_REFUSE
#define PASS    NGX_HTTP_MODEL_FIELD_PASS
#define SAME    NGX_HTTP_MODEL_FIELD_SAME

#define TAKEN         ngx_http_model_openai_taken
#define TO_OLLAMA     ngx_http_model_openai_to_ollama
#define TO_ANTHROPIC  ngx_http_model_openai_to_anthropic


static ngx_int_t ngx_http_model_openai_part(ngx_http_model_bridge_t *b,
    ngx_http_model_json_t *object, ngx_array_t *parts, ngx_uint_t role);
static ngx_int_t ngx_http_model_openai_part_text(ngx_http_model_bridge_t *b,
    ngx_http_model_json_t *object, ngx_http_model_part_t *part);
static ngx_int_t ngx_http_model_openai_part_refusal(ngx_http_model_bridge_t *b,
    ngx_http_model_json_t *object, ngx_http_model_part_t *part);
static ngx_int_t ngx_http_model_openai_part_image(ngx_http_model_bridge_t *b,
    ngx_http_model_json_t *object, ngx_http_model_part_t *part);
static ngx_int_t ngx_http_model_openai_part_audio(ngx_http_model_bridge_t *b,
    ngx_http_model_json_t *object, ngx_http_model_part_t *part);
static ngx_int_t ngx_http_model_openai_part_file(ngx_http_model_bridge_t *b,
    ngx_http_model_json_t *object, ngx_http_model_part_t *part);
static ngx_int_t ngx_http_model_openai_part_plain(ngx_http_model_bridge_t *b,
    ngx_http_model_part_t *part);


/* towards Ollama, OpenAI, Anthropic */

const ngx_http_model_field_t  ngx_http_model_openai_part_rows[] = {
    { "type", TAKEN, { MAP, SAME, MAP },
      "text, image_url, input_audio, file, refusal" },
    { "text", TAKEN, { MAP, SAME, MAP }, "text" },
    { "image_url", TAKEN, { MAP, SAME, MAP }, "an image" },
    { "input_audio", TO_OLLAMA, { MAP, SAME, REFUSE },
      "put among the images of a message; Anthropic takes no sound" },
    { "file", TO_ANTHROPIC, { REFUSE, SAME, MAP }, "documents are not taken" },
    { "refusal", TAKEN, { MAP, SAME, MAP }, "becomes text" },
    { "prompt_cache_breakpoint", NULL, { DROP, SAME, DROP },
      "a hint for caches" },
    { "cache_control", NULL, { DROP, SAME, PASS },
      "Anthropic's own hint for caches" },
    { NULL, NULL, { 0, 0, 0 }, NULL }
};


const ngx_http_model_field_t  ngx_http_model_openai_image_rows[] = {
    { "url", TAKEN, { MAP, SAME, MAP },
      "a data URL as base64 and type; others go to Anthropic only" },
    { "detail", NULL, { DROP, SAME, DROP }, "how finely it is looked at" },
    { NULL, NULL, { 0, 0, 0 }, NULL }
};


const ngx_http_model_field_t  ngx_http_model_openai_audio_rows[] = {
    { "data", TO_OLLAMA, { MAP, SAME, REFUSE }, "base64" },
    { "format", TO_OLLAMA, { MAP, SAME, REFUSE }, "the media type" },
    { NULL, NULL, { 0, 0, 0 }, NULL }
};


const ngx_http_model_field_t  ngx_http_model_openai_file_rows[] = {
    { "file_data", TO_ANTHROPIC, { REFUSE, SAME, MAP }, "a document, base64" },
    { "filename", TAKEN, { DROP, SAME, MAP }, "its title" },
    { "file_id", NULL, { REFUSE, SAME, REFUSE },
      "uploaded files are kept by OpenAI alone" },
    { NULL, NULL, { 0, 0, 0 }, NULL }
};


ngx_int_t
ngx_http_model_openai_read_content(ngx_http_model_bridge_t *b,
    ngx_http_model_json_t *object, ngx_array_t *parts, ngx_uint_t role)
{
    ngx_int_t               rc;
    ngx_http_model_part_t  *part;
    ngx_http_model_json_t  *content, *element;

    content = ngx_http_model_json_get(object, "content");

    if (content == NULL || content->type == NGX_HTTP_MODEL_JSON_NULL) {
        return NGX_OK;
    }

    if (content->type == NGX_HTTP_MODEL_JSON_STRING) {

        if (content->value.len == 0) {
            return NGX_OK;
        }

        part = ngx_http_model_talk_part(parts, NGX_HTTP_MODEL_PART_TEXT);
        if (part == NULL) {
            return NGX_ERROR;
        }

        part->text = content->value;

        return NGX_OK;
    }

    if (content->type != NGX_HTTP_MODEL_JSON_ARRAY) {
        return ngx_http_model_bridge_refuse(b, "messages",
                                            "\"messages.content\" must be a "
                                            "string or an array of parts");
    }

    for (element = content->child; element; element = element->next) {

        rc = ngx_http_model_bridge_is(b, element, NGX_HTTP_MODEL_JSON_OBJECT,
                                      "messages.content[]");
        if (rc != NGX_OK) {
            return rc;
        }

        rc = ngx_http_model_openai_part(b, element, parts, role);

        if (rc != NGX_OK) {
            return rc;
        }
    }

    return NGX_OK;
}


static ngx_int_t
ngx_http_model_openai_part(ngx_http_model_bridge_t *b,
    ngx_http_model_json_t *object, ngx_array_t *parts, ngx_uint_t role)
{
    ngx_int_t               rc;
    ngx_str_t               word;
    ngx_uint_t              i;
    ngx_http_model_part_t  *part;

    static const struct {
        ngx_str_t   name;
        ngx_uint_t  type;
        ngx_uint_t  roles;
        ngx_int_t   (*read)(ngx_http_model_bridge_t *b,
                        ngx_http_model_json_t *object,
                        ngx_http_model_part_t *part);
    } types[] = {
        { ngx_string("text"), NGX_HTTP_MODEL_PART_TEXT, 0x0f,
          ngx_http_model_openai_part_text },
        { ngx_string("refusal"), NGX_HTTP_MODEL_PART_REFUSAL,
          1 << NGX_HTTP_MODEL_ROLE_ASSISTANT,
          ngx_http_model_openai_part_refusal },
        { ngx_string("image_url"), NGX_HTTP_MODEL_PART_IMAGE,
          1 << NGX_HTTP_MODEL_ROLE_USER | 1 << NGX_HTTP_MODEL_ROLE_TOOL,
          ngx_http_model_openai_part_image },
        { ngx_string("input_audio"), NGX_HTTP_MODEL_PART_AUDIO,
          1 << NGX_HTTP_MODEL_ROLE_USER, ngx_http_model_openai_part_audio },
        { ngx_string("file"), NGX_HTTP_MODEL_PART_FILE,
          1 << NGX_HTTP_MODEL_ROLE_USER, ngx_http_model_openai_part_file },
        { ngx_null_string, 0, 0, NULL }
    };

    rc = ngx_http_model_openai_get_str(b, object, "type",
                                       "messages.content.type", &word);
    if (rc != NGX_OK) {
        return rc;
    }

    for (i = 0; types[i].name.len; i++) {
        if (types[i].name.len == word.len
            && ngx_memcmp(types[i].name.data, word.data, word.len) == 0)
        {
            break;
        }
    }

    if (types[i].name.len == 0 || !(types[i].roles & (1 << role))) {
        word = ngx_http_model_error_quote(b->pool, &word);

        return ngx_http_model_bridge_refuse(b, "messages",
                                            "\"messages.content.type\" \"%V\" "
                                            "cannot be put to vendor \"%V\" "
                                            "in such a message", &word,
                                            &b->vendor);
    }

    part = ngx_http_model_talk_part(parts, types[i].type);
    if (part == NULL) {
        return NGX_ERROR;
    }

    rc = ngx_http_model_bridge_fields(b,
             &ngx_http_model_openai_tables[NGX_HTTP_MODEL_OPENAI_PART],
             object, NULL, &part->extra);

    return (rc == NGX_OK) ? types[i].read(b, object, part) : rc;
}


static ngx_int_t
ngx_http_model_openai_part_text(ngx_http_model_bridge_t *b,
    ngx_http_model_json_t *object, ngx_http_model_part_t *part)
{
    return ngx_http_model_openai_get_str(b, object, "text",
                                         "messages.content.text",
                                         &part->text);
}


static ngx_int_t
ngx_http_model_openai_part_refusal(ngx_http_model_bridge_t *b,
    ngx_http_model_json_t *object, ngx_http_model_part_t *part)
{
    return ngx_http_model_openai_get_str(b, object, "refusal",
                                         "messages.content.refusal",
                                         &part->text);
}


static ngx_int_t
ngx_http_model_openai_part_image(ngx_http_model_bridge_t *b,
    ngx_http_model_json_t *object, ngx_http_model_part_t *part)
{
    ngx_int_t               rc;
    ngx_str_t               url;
    ngx_http_model_json_t  *value;

    value = ngx_http_model_json_get(object, "image_url");

    if (value && value->type == NGX_HTTP_MODEL_JSON_STRING) {

        /* as some clients write it */

        url = value->value;

    } else {
        rc = ngx_http_model_openai_get(b, object, "image_url",
                                       NGX_HTTP_MODEL_JSON_OBJECT,
                                       "messages.content.image_url", &value);
        if (rc != NGX_OK) {
            return rc;
        }

        ngx_str_null(&url);

        if (value) {
            rc = ngx_http_model_bridge_fields(b,
                    &ngx_http_model_openai_tables[NGX_HTTP_MODEL_OPENAI_IMAGE],
                    value, NULL, NULL);

            if (rc != NGX_OK) {
                return rc;
            }

            rc = ngx_http_model_openai_get_str(b, value, "url",
                                               "messages.content.image_url."
                                               "url", &url);
            if (rc != NGX_OK) {
                return rc;
            }

            rc = ngx_http_model_openai_get_str(b, value, "detail",
                                               "messages.content.image_url."
                                               "detail", &part->detail);
            if (rc != NGX_OK) {
                return rc;
            }
        }
    }

    if (url.len == 0) {
        return ngx_http_model_bridge_refuse(b, "messages",
                                            "\"messages.content.image_url."
                                            "url\" is missing");
    }

    rc = ngx_http_model_talk_data_url(b->pool, &url, &part->media,
                                      &part->text);

    if (rc == NGX_DECLINED && url.len > 5
        && ngx_strncasecmp(url.data, (u_char *) "data:", 5) == 0)
    {
        return ngx_http_model_bridge_refuse(b, "messages",
                                            "\"messages.content.image_url."
                                            "url\" is a data URL without "
                                            "\";base64,\"");
    }

    if (rc == NGX_DECLINED) {
        part->url = url;
        return NGX_OK;
    }

    return rc;
}


static ngx_int_t
ngx_http_model_openai_part_audio(ngx_http_model_bridge_t *b,
    ngx_http_model_json_t *object, ngx_http_model_part_t *part)
{
    ngx_int_t               rc;
    ngx_str_t               format;
    ngx_uint_t              i;
    ngx_http_model_json_t  *audio;

    static const struct {
        ngx_str_t  format;
        ngx_str_t  media;
    } formats[] = {
        { ngx_string("wav"), ngx_string("audio/wav") },
        { ngx_string("mp3"), ngx_string("audio/mpeg") },
        { ngx_null_string, ngx_null_string }
    };

    rc = ngx_http_model_openai_get(b, object, "input_audio",
                                   NGX_HTTP_MODEL_JSON_OBJECT,
                                   "messages.content.input_audio", &audio);

    if (rc == NGX_OK && audio) {
        rc = ngx_http_model_bridge_fields(b,
                 &ngx_http_model_openai_tables[NGX_HTTP_MODEL_OPENAI_AUDIO],
                 audio, NULL, NULL);
    }

    if (rc != NGX_OK) {
        return rc;
    }

    rc = ngx_http_model_openai_get_str(b, audio, "data",
                                       "messages.content.input_audio.data",
                                       &part->text);
    if (rc != NGX_OK) {
        return rc;
    }

    rc = ngx_http_model_openai_get_str(b, audio, "format",
                                       "messages.content.input_audio.format",
                                       &format);
    if (rc != NGX_OK) {
        return rc;
    }

    for (i = 0; formats[i].format.len; i++) {
        if (formats[i].format.len == format.len
            && ngx_memcmp(formats[i].format.data, format.data, format.len)
               == 0)
        {
            part->media = formats[i].media;
            return NGX_OK;
        }
    }

    return ngx_http_model_bridge_refuse(b, "messages",
                                        "\"messages.content.input_audio."
                                        "format\" must be wav or mp3");
}


static ngx_int_t
ngx_http_model_openai_part_file(ngx_http_model_bridge_t *b,
    ngx_http_model_json_t *object, ngx_http_model_part_t *part)
{
    ngx_int_t               rc;
    ngx_str_t               data;
    ngx_http_model_json_t  *file;

    rc = ngx_http_model_openai_get(b, object, "file",
                                   NGX_HTTP_MODEL_JSON_OBJECT,
                                   "messages.content.file", &file);

    if (rc == NGX_OK && file) {
        rc = ngx_http_model_bridge_fields(b,
                 &ngx_http_model_openai_tables[NGX_HTTP_MODEL_OPENAI_FILE],
                 file, NULL, NULL);
    }

    if (rc != NGX_OK) {
        return rc;
    }

    rc = ngx_http_model_openai_get_str(b, file, "filename",
                                       "messages.content.file.filename",
                                       &part->name);
    if (rc != NGX_OK) {
        return rc;
    }

    rc = ngx_http_model_openai_get_str(b, file, "file_data",
                                       "messages.content.file.file_data",
                                       &data);
    if (rc != NGX_OK) {
        return rc;
    }

    if (data.len == 0) {
        return ngx_http_model_bridge_refuse(b, "messages",
                                            "\"messages.content.file."
                                            "file_data\" is missing");
    }

    rc = ngx_http_model_talk_data_url(b->pool, &data, &part->media,
                                      &part->text);

    if (rc == NGX_DECLINED && data.len > 5
        && ngx_strncasecmp(data.data, (u_char *) "data:", 5) == 0)
    {
        return ngx_http_model_bridge_refuse(b, "messages",
                                            "\"messages.content.file."
                                            "file_data\" is a data URL "
                                            "without \";base64,\"");
    }

    if (rc == NGX_DECLINED) {

        /* base64 alone: a PDF, as OpenAI takes it */

        part->text = data;
        ngx_str_set(&part->media, "application/pdf");

        return NGX_OK;
    }

    if (rc == NGX_OK
        && part->media.len == 10
        && ngx_memcmp(part->media.data, "text/plain", 10) == 0)
    {
        return ngx_http_model_openai_part_plain(b, part);
    }

    return rc;
}


static ngx_int_t
ngx_http_model_openai_part_plain(ngx_http_model_bridge_t *b,
    ngx_http_model_part_t *part)
{
    ngx_str_t  text;

    text.data = ngx_pnalloc(b->pool, ngx_base64_decoded_length(part->text.len)
                                     + 1);
    if (text.data == NULL) {
        return NGX_ERROR;
    }

    if (ngx_decode_base64(&text, &part->text) != NGX_OK) {
        return ngx_http_model_bridge_refuse(b, "messages",
                                            "\"messages.content.file."
                                            "file_data\" is not base64");
    }

    part->text = text;

    return NGX_OK;
}
