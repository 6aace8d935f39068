
/*
 * Copyright (C) the ngx_http_model_module authors
 */


#include <ngx_config.h>
#include <ngx_core.h>

#include "ngx_http_model_bridge_vectors.h"
#include "ngx_http_model_bridge_openai.h"
#include "ngx_http_model_frame.h"


#define NGX_HTTP_MODEL_VECTORS_NONE  "Anthropic has no embeddings"


static ngx_int_t ngx_http_model_vectors_encoding(ngx_http_model_bridge_t *b,
    ngx_http_model_json_t *value, void *data);
static ngx_int_t ngx_http_model_vectors_read_request(
    ngx_http_model_bridge_t *b, ngx_http_model_json_t *root);
static ngx_int_t ngx_http_model_vectors_write_request(
    ngx_http_model_bridge_t *b, ngx_http_model_json_writer_t *w);
static ngx_int_t ngx_http_model_vectors_read_answer(
    ngx_http_model_bridge_t *b, ngx_http_model_json_t *root);
static ngx_int_t ngx_http_model_vectors_write_answer(
    ngx_http_model_bridge_t *b, ngx_http_model_json_writer_t *w);


/* towards Ollama, OpenAI, Anthropic */

#define ngx_http_model_vectors_to(ollama)                                     \
    { NGX_HTTP_MODEL_FIELD_##ollama, NGX_HTTP_MODEL_FIELD_SAME,               \
      NGX_HTTP_MODEL_FIELD_REFUSE }


static const ngx_http_model_field_t  ngx_http_model_vectors_rows[] = {

    { "model", ngx_http_model_vectors_taken, ngx_http_model_vectors_to(MAP),
      "the name that the vendor has; " NGX_HTTP_MODEL_VECTORS_NONE },

    { "input", ngx_http_model_vectors_input, ngx_http_model_vectors_to(MAP),
      "texts, not tokens; " NGX_HTTP_MODEL_VECTORS_NONE },

    { "encoding_format", ngx_http_model_vectors_encoding,
      ngx_http_model_vectors_to(MAP),
      "float or base64, as the answer has it; " NGX_HTTP_MODEL_VECTORS_NONE },

    { "dimensions", ngx_http_model_vectors_dimensions,
      ngx_http_model_vectors_to(MAP),
      "dimensions; " NGX_HTTP_MODEL_VECTORS_NONE },

    { "user", NULL, ngx_http_model_vectors_to(DROP),
      "nobody asks; " NGX_HTTP_MODEL_VECTORS_NONE },

    { NULL, NULL, { 0, 0, 0 }, NULL }
};


static const ngx_http_model_field_table_t  ngx_http_model_vectors_tables[] = {
    { "request", "", ngx_http_model_vectors_rows },
    { NULL, NULL, NULL }
};


const ngx_http_model_bridge_api_t  ngx_http_model_bridge_vectors = {
    ngx_string("/v1/embeddings"),
    NGX_HTTP_MODEL_OPENAI,
    NGX_HTTP_MODEL_FRAME_SSE,
    ngx_http_model_vectors_tables,

    ngx_http_model_vectors_read_request,
    ngx_http_model_vectors_write_request,
    ngx_http_model_vectors_read_answer,
    NULL,
    NULL,
    ngx_http_model_vectors_write_answer
};


ngx_http_model_bridge_embed_t *
ngx_http_model_vectors(ngx_http_model_bridge_t *b)
{
    if (b->embed == NULL) {
        b->embed = ngx_pcalloc(b->pool, sizeof(ngx_http_model_bridge_embed_t));
    }

    return b->embed;
}


ngx_int_t
ngx_http_model_vectors_taken(ngx_http_model_bridge_t *b,
    ngx_http_model_json_t *value, void *data)
{
    (void) value;
    (void) data;

    return (b->to == NGX_HTTP_MODEL_ANTHROPIC) ? NGX_DECLINED : NGX_OK;
}


ngx_int_t
ngx_http_model_vectors_input(ngx_http_model_bridge_t *b,
    ngx_http_model_json_t *value, void *data)
{
    ngx_http_model_json_t          *element;
    ngx_http_model_bridge_embed_t  *embed;

    (void) data;

    if (b->to == NGX_HTTP_MODEL_ANTHROPIC) {
        return NGX_DECLINED;
    }

    embed = ngx_http_model_vectors(b);
    if (embed == NULL) {
        return NGX_ERROR;
    }

    embed->input = value;

    if (value->type == NGX_HTTP_MODEL_JSON_STRING) {
        embed->n = (value->value.len != 0);
        return NGX_OK;
    }

    if (value->type != NGX_HTTP_MODEL_JSON_ARRAY) {
        return ngx_http_model_bridge_refuse(b, "input", "\"input\" must be a "
                                            "string or an array of strings");
    }

    for (element = value->child; element; element = element->next) {

        if (element->type != NGX_HTTP_MODEL_JSON_STRING) {
            return ngx_http_model_bridge_refuse(b, "input", "\"input\" must be "
                                                "a string or an array of "
                                                "strings: tokens mean nothing "
                                                "to vendor \"%V\"",
                                                &b->vendor);
        }

        embed->n++;
    }

    return NGX_OK;
}


ngx_int_t
ngx_http_model_vectors_dimensions(ngx_http_model_bridge_t *b,
    ngx_http_model_json_t *value, void *data)
{
    ngx_http_model_bridge_embed_t  *embed;

    (void) data;

    if (b->to == NGX_HTTP_MODEL_ANTHROPIC) {
        return NGX_DECLINED;
    }

    embed = ngx_http_model_vectors(b);
    if (embed == NULL) {
        return NGX_ERROR;
    }

    /* 0 is how Ollama's clients say nothing */

    if (value->type != NGX_HTTP_MODEL_JSON_NUMBER
        || ngx_http_model_talk_value(&value->value) != 0)
    {
        embed->dimensions = value->value;
    }

    return ngx_http_model_bridge_is(b, value, NGX_HTTP_MODEL_JSON_NUMBER,
                                    "dimensions");
}


static ngx_int_t
ngx_http_model_vectors_encoding(ngx_http_model_bridge_t *b,
    ngx_http_model_json_t *value, void *data)
{
    ngx_http_model_bridge_embed_t  *embed;

    (void) data;

    if (b->to == NGX_HTTP_MODEL_ANTHROPIC) {
        return NGX_DECLINED;
    }

    embed = ngx_http_model_vectors(b);
    if (embed == NULL) {
        return NGX_ERROR;
    }

    if (ngx_http_model_openai_word(value, "float")) {
        return NGX_OK;
    }

    if (ngx_http_model_openai_word(value, "base64")) {
        embed->base64 = 1;
        return NGX_OK;
    }

    return ngx_http_model_bridge_refuse(b, "encoding_format",
                                        "\"encoding_format\" must be float or "
                                        "base64");
}


static ngx_int_t
ngx_http_model_vectors_read_request(ngx_http_model_bridge_t *b,
    ngx_http_model_json_t *root)
{
    ngx_int_t                       rc;
    ngx_http_model_bridge_embed_t  *embed;

    rc = ngx_http_model_bridge_fields(b, ngx_http_model_vectors_tables, root,
                                      NULL, &b->talk.extra);
    if (rc != NGX_OK) {
        return rc;
    }

    embed = ngx_http_model_vectors(b);
    if (embed == NULL) {
        return NGX_ERROR;
    }

    if (embed->n == 0) {
        return ngx_http_model_bridge_refuse(b, "input", "\"input\" must have a "
                                            "text at least");
    }

    /* a text that is too long is an error here */

    embed->truncate = NGX_HTTP_MODEL_OFF;

    return NGX_OK;
}


static ngx_int_t
ngx_http_model_vectors_write_request(ngx_http_model_bridge_t *b,
    ngx_http_model_json_writer_t *w)
{
    ngx_uint_t                      i;
    ngx_http_model_json_t         **member;
    const ngx_http_model_field_t   *row;
    ngx_http_model_bridge_embed_t  *embed;

    embed = b->embed;

    ngx_http_model_json_object(w);

    ngx_http_model_json_key(w, "model");
    ngx_http_model_json_str(w, &b->name);

    ngx_http_model_json_key(w, "input");
    ngx_http_model_json_tree(w, embed->input);

    ngx_http_model_json_key(w, "encoding_format");
    ngx_http_model_json_cstr(w, "float");

    if (embed->dimensions.len) {
        ngx_http_model_json_key(w, "dimensions");
        ngx_http_model_json_raw(w, &embed->dimensions);
    }

    /* but not what is said already */

    member = b->talk.extra ? b->talk.extra->elts : NULL;

    for (i = 0; member && i < b->talk.extra->nelts; i++) {
        for (row = ngx_http_model_vectors_rows; row->name; row++) {

            if (ngx_strlen(row->name) == member[i]->key.len
                && ngx_memcmp(row->name, member[i]->key.data,
                              member[i]->key.len)
                   == 0)
            {
                return ngx_http_model_bridge_refuse(b, row->name, "\"%V\" "
                                              "has no member \"%s\"",
                                              &b->client->path, row->name);
            }
        }
    }

    ngx_http_model_bridge_extra(w, b->talk.extra);

    ngx_http_model_json_object_end(w);

    return NGX_OK;
}


/* vectors are in any order, numbered by "index" */

static ngx_int_t
ngx_http_model_vectors_read_answer(ngx_http_model_bridge_t *b,
    ngx_http_model_json_t *root)
{
    int64_t                 index;
    ngx_int_t               rc;
    ngx_uint_t              i;
    ngx_http_model_json_t  *data, *element;

    rc = ngx_http_model_vectors_error(b, root);

    if (rc != NGX_DECLINED) {
        return rc;
    }

    b->usage.prompt = ngx_http_model_json_get_int(
                              ngx_http_model_json_get(root, "usage"),
                              "prompt_tokens");

    data = ngx_http_model_json_get(root, "data");
    i = 0;

    for (element = data ? data->child : NULL; element; element = element->next)
    {
        index = ngx_http_model_json_get_int(element, "index");

        rc = ngx_http_model_vectors_add(b, (index < 0) ? i : (ngx_uint_t) index,
                           ngx_http_model_json_get(element, "embedding"));

        if (rc != NGX_OK) {
            return (rc == NGX_DECLINED) ? NGX_OK : rc;
        }

        i++;
    }

    return ngx_http_model_vectors_end(b);
}


static ngx_int_t
ngx_http_model_vectors_write_answer(ngx_http_model_bridge_t *b,
    ngx_http_model_json_writer_t *w)
{
    ngx_uint_t                      i;
    ngx_http_model_bridge_embed_t  *embed;

    embed = b->embed;

    ngx_http_model_json_object(w);

    ngx_http_model_json_key(w, "object");
    ngx_http_model_json_cstr(w, "list");

    ngx_http_model_json_key(w, "data");
    ngx_http_model_json_array(w);

    for (i = 0; i < embed->n; i++) {
        ngx_http_model_json_object(w);

        ngx_http_model_json_key(w, "object");
        ngx_http_model_json_cstr(w, "embedding");
        ngx_http_model_json_key(w, "index");
        ngx_http_model_json_int(w, i);
        ngx_http_model_json_key(w, "embedding");

        ngx_http_model_vectors_put(w, &embed->vectors[i], embed->base64);

        ngx_http_model_json_object_end(w);
    }

    ngx_http_model_json_array_end(w);

    ngx_http_model_json_key(w, "model");
    ngx_http_model_json_str(w, &b->model);

    /* clients count on it; Ollama leaves a count of 0 out */

    ngx_http_model_json_key(w, "usage");
    ngx_http_model_json_object(w);
    ngx_http_model_json_key(w, "prompt_tokens");
    ngx_http_model_json_int(w, ngx_max(b->usage.prompt, 0));
    ngx_http_model_json_key(w, "total_tokens");
    ngx_http_model_json_int(w, ngx_max(b->usage.prompt, 0));
    ngx_http_model_json_object_end(w);

    ngx_http_model_json_object_end(w);

    return NGX_OK;
}
