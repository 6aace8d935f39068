
/*
 * Copyright (C) the ngx_http_model_module authors
 */


#include <ngx_config.h>
#include <ngx_core.h>

#include "ngx_http_model_bridge_ollama.h"
#include "ngx_http_model_bridge_vectors.h"
#include "ngx_http_model_frame.h"


#define NGX_HTTP_MODEL_VECTORS_NONE  "Anthropic has no embeddings"


static ngx_int_t ngx_http_model_embed_read_request(ngx_http_model_bridge_t *b,
    ngx_http_model_json_t *root);
static ngx_int_t ngx_http_model_embed_write_request(ngx_http_model_bridge_t *b,
    ngx_http_model_json_writer_t *w);
static ngx_int_t ngx_http_model_embed_read_answer(ngx_http_model_bridge_t *b,
    ngx_http_model_json_t *root);
static ngx_int_t ngx_http_model_embed_write_answer(ngx_http_model_bridge_t *b,
    ngx_http_model_json_writer_t *w);
static ngx_int_t ngx_http_model_embed_read_prompt(ngx_http_model_bridge_t *b,
    ngx_http_model_json_t *value, void *data);
static ngx_int_t ngx_http_model_embed_read_older(ngx_http_model_bridge_t *b,
    ngx_http_model_json_t *root);
static ngx_int_t ngx_http_model_embed_write_older(ngx_http_model_bridge_t *b,
    ngx_http_model_json_writer_t *w);
static ngx_int_t ngx_http_model_embed_read(ngx_http_model_bridge_t *b,
    ngx_http_model_json_t *root, const ngx_http_model_field_table_t *table);


/* towards Ollama, OpenAI, Anthropic */

#define ngx_http_model_embed_to(openai)                                       \
    { NGX_HTTP_MODEL_FIELD_SAME, NGX_HTTP_MODEL_FIELD_##openai,               \
      NGX_HTTP_MODEL_FIELD_REFUSE }

#define NGX_HTTP_MODEL_EMBED_COMMON                                           \
                                                                              \
    { "model", ngx_http_model_vectors_taken, ngx_http_model_embed_to(MAP),    \
      "the name that the vendor has; " NGX_HTTP_MODEL_VECTORS_NONE },         \
                                                                              \
    { "keep_alive", NULL, ngx_http_model_embed_to(DROP),                      \
      "how long a model stays loaded is the vendor's own matter; "            \
      NGX_HTTP_MODEL_VECTORS_NONE },                                          \
                                                                              \
    { "options", NULL, ngx_http_model_embed_to(DROP),                         \
      "how a model is loaded is the vendor's own matter; "                    \
      NGX_HTTP_MODEL_VECTORS_NONE }


static const ngx_http_model_field_t  ngx_http_model_embed_rows[] = {

    { "input", ngx_http_model_vectors_input, ngx_http_model_embed_to(MAP),
      "a text or several; " NGX_HTTP_MODEL_VECTORS_NONE },

    { "dimensions", ngx_http_model_vectors_dimensions,
      ngx_http_model_embed_to(MAP),
      "dimensions; " NGX_HTTP_MODEL_VECTORS_NONE },

    { "truncate", NULL, ngx_http_model_embed_to(DROP),
      "a text that is too long is refused there; "
      NGX_HTTP_MODEL_VECTORS_NONE },

    NGX_HTTP_MODEL_EMBED_COMMON,

    { NULL, NULL, { 0, 0, 0 }, NULL }
};


static const ngx_http_model_field_t  ngx_http_model_embeddings_rows[] = {

    { "prompt", ngx_http_model_embed_read_prompt,
      ngx_http_model_embed_to(MAP), "the text; " NGX_HTTP_MODEL_VECTORS_NONE },

    NGX_HTTP_MODEL_EMBED_COMMON,

    { NULL, NULL, { 0, 0, 0 }, NULL }
};


static const ngx_http_model_field_table_t  ngx_http_model_embed_tables[] = {
    { "request", "", ngx_http_model_embed_rows },
    { NULL, NULL, NULL }
};


static const ngx_http_model_field_table_t
    ngx_http_model_embeddings_tables[] =
{
    { "request", "", ngx_http_model_embeddings_rows },
    { NULL, NULL, NULL }
};


const ngx_http_model_bridge_api_t  ngx_http_model_bridge_embed = {
    ngx_string("/api/embed"),
    NGX_HTTP_MODEL_OLLAMA,
    NGX_HTTP_MODEL_FRAME_NDJSON,
    ngx_http_model_embed_tables,

    ngx_http_model_embed_read_request,
    ngx_http_model_embed_write_request,
    ngx_http_model_embed_read_answer,
    NULL,
    NULL,
    ngx_http_model_embed_write_answer
};


/* the older one, of clients only; servers are asked by /api/embed */

const ngx_http_model_bridge_api_t  ngx_http_model_bridge_embeddings = {
    ngx_string("/api/embeddings"),
    NGX_HTTP_MODEL_OLLAMA,
    NGX_HTTP_MODEL_FRAME_NDJSON,
    ngx_http_model_embeddings_tables,

    ngx_http_model_embed_read_older,
    NULL,
    NULL,
    NULL,
    NULL,
    ngx_http_model_embed_write_older
};


static ngx_int_t
ngx_http_model_embed_read_request(ngx_http_model_bridge_t *b,
    ngx_http_model_json_t *root)
{
    return ngx_http_model_embed_read(b, root, ngx_http_model_embed_tables);
}


static ngx_int_t
ngx_http_model_embed_read_older(ngx_http_model_bridge_t *b,
    ngx_http_model_json_t *root)
{
    return ngx_http_model_embed_read(b, root,
                                     ngx_http_model_embeddings_tables);
}


/* without a text Ollama loads the model: there is nothing to ask others for */

static ngx_int_t
ngx_http_model_embed_read(ngx_http_model_bridge_t *b,
    ngx_http_model_json_t *root, const ngx_http_model_field_table_t *table)
{
    ngx_int_t                       rc;
    ngx_http_model_json_writer_t   *w;
    ngx_http_model_bridge_embed_t  *embed;

    rc = ngx_http_model_bridge_fields(b, table, root, NULL, &b->talk.extra);

    if (rc != NGX_OK) {
        return rc;
    }

    embed = ngx_http_model_vectors(b);
    if (embed == NULL) {
        return NGX_ERROR;
    }

    if (embed->n) {
        return NGX_OK;
    }

    w = ngx_http_model_json_writer(b->pool);

    rc = b->client->write_answer(b, w);

    if (rc != NGX_OK || ngx_http_model_json_finish(w, &b->text) != NGX_OK) {
        return NGX_ERROR;
    }

    return NGX_DONE;
}


static ngx_int_t
ngx_http_model_embed_read_prompt(ngx_http_model_bridge_t *b,
    ngx_http_model_json_t *value, void *data)
{
    ngx_int_t  rc;

    if (b->to != NGX_HTTP_MODEL_ANTHROPIC) {

        rc = ngx_http_model_bridge_is(b, value, NGX_HTTP_MODEL_JSON_STRING,
                                      "prompt");
        if (rc != NGX_OK) {
            return rc;
        }
    }

    return ngx_http_model_vectors_input(b, value, data);
}


static ngx_int_t
ngx_http_model_embed_write_request(ngx_http_model_bridge_t *b,
    ngx_http_model_json_writer_t *w)
{
    ngx_int_t                       rc;
    ngx_http_model_bridge_embed_t  *embed;

    embed = b->embed;

    ngx_http_model_json_object(w);

    ngx_http_model_json_key(w, "model");
    ngx_http_model_json_str(w, &b->name);

    ngx_http_model_json_key(w, "input");
    ngx_http_model_json_tree(w, embed->input);

    if (embed->truncate != NGX_HTTP_MODEL_UNSET) {
        ngx_http_model_json_key(w, "truncate");
        ngx_http_model_json_bool(w, embed->truncate == NGX_HTTP_MODEL_ON);
    }

    if (embed->dimensions.len) {
        ngx_http_model_json_key(w, "dimensions");
        ngx_http_model_json_raw(w, &embed->dimensions);
    }

    /* Ollama reads members whatever the case of their names */

    rc = ngx_http_model_ollama_pass(b, w, b->talk.extra,
                                    ngx_http_model_embed_rows);

    ngx_http_model_json_object_end(w);

    return rc;
}


static ngx_int_t
ngx_http_model_embed_read_answer(ngx_http_model_bridge_t *b,
    ngx_http_model_json_t *root)
{
    ngx_int_t               rc;
    ngx_uint_t              i;
    ngx_http_model_json_t  *data, *element;

    rc = ngx_http_model_vectors_error(b, root);

    if (rc != NGX_DECLINED) {
        return rc;
    }

    b->usage.prompt = ngx_http_model_json_get_int(root, "prompt_eval_count");

    data = ngx_http_model_json_get(root, "embeddings");
    i = 0;

    for (element = data ? data->child : NULL; element; element = element->next)
    {
        rc = ngx_http_model_vectors_add(b, i++, element);

        if (rc != NGX_OK) {
            return (rc == NGX_DECLINED) ? NGX_OK : rc;
        }
    }

    return ngx_http_model_vectors_end(b);
}


static ngx_int_t
ngx_http_model_embed_write_answer(ngx_http_model_bridge_t *b,
    ngx_http_model_json_writer_t *w)
{
    ngx_uint_t                      i;
    ngx_http_model_bridge_embed_t  *embed;

    embed = b->embed;

    ngx_http_model_json_object(w);

    ngx_http_model_json_key(w, "model");
    ngx_http_model_json_str(w, &b->model);

    ngx_http_model_json_key(w, "embeddings");
    ngx_http_model_json_array(w);

    for (i = 0; i < embed->n; i++) {
        ngx_http_model_vectors_put(w, &embed->vectors[i], 0);
    }

    ngx_http_model_json_array_end(w);

    if (b->clock > b->started) {
        ngx_http_model_json_key(w, "total_duration");
        ngx_http_model_json_int(w, b->clock - b->started);
    }

    if (b->usage.prompt > 0) {
        ngx_http_model_json_key(w, "prompt_eval_count");
        ngx_http_model_json_int(w, b->usage.prompt);
    }

    ngx_http_model_json_object_end(w);

    return NGX_OK;
}


static ngx_int_t
ngx_http_model_embed_write_older(ngx_http_model_bridge_t *b,
    ngx_http_model_json_writer_t *w)
{
    ngx_http_model_bridge_embed_t  *embed;

    embed = b->embed;

    ngx_http_model_json_object(w);
    ngx_http_model_json_key(w, "embedding");

    if (embed->n) {
        ngx_http_model_vectors_put(w, &embed->vectors[0], 0);

    } else {
        ngx_http_model_json_array(w);
        ngx_http_model_json_array_end(w);
    }

    ngx_http_model_json_object_end(w);

    return NGX_OK;
}
