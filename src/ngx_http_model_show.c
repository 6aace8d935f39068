
/*
 * Copyright (C) the ngx_http_model_module authors
 */


#include <ngx_config.h>
#include <ngx_core.h>

#include "ngx_http_model_reading.h"


/* longest strings that are kept of a show document, in bytes */

#define NGX_HTTP_MODEL_READING_TEMPLATE    8192
#define NGX_HTTP_MODEL_READING_SYSTEM      4096
#define NGX_HTTP_MODEL_READING_PARAMETERS  8192
#define NGX_HTTP_MODEL_READING_VALUE       1024


/* what is done with a member of a show document */

typedef enum {
    NGX_HTTP_MODEL_READING_DROP = 0,
    NGX_HTTP_MODEL_READING_TEXT,       /* a string up to its limit */
    NGX_HTTP_MODEL_READING_TREE,       /* kept as it is */
    NGX_HTTP_MODEL_READING_INFO        /* an object of plain values */
} ngx_http_model_reading_member_e;


typedef struct {
    ngx_str_t                        key;
    ngx_http_model_reading_member_e  type;
    size_t                           limit;
    ngx_uint_t                       level;  /* of reduction: last kept at */
} ngx_http_model_reading_member_t;


static ngx_int_t ngx_http_model_reading_reduce(ngx_pool_t *pool,
    ngx_http_model_json_t *root, ngx_uint_t level, ngx_str_t *show);
static void ngx_http_model_reading_member(ngx_http_model_json_writer_t *w,
    ngx_http_model_json_t *json, ngx_uint_t level);
static void ngx_http_model_reading_info(ngx_http_model_json_writer_t *w,
    ngx_http_model_json_t *json, ngx_uint_t level);
static ngx_uint_t ngx_http_model_reading_vital(ngx_str_t *key);


static const ngx_http_model_reading_member_t
    ngx_http_model_reading_members[] =
{
    { ngx_string("details"), NGX_HTTP_MODEL_READING_TREE, 0, 1 },
    { ngx_string("capabilities"), NGX_HTTP_MODEL_READING_TREE, 0, 2 },
    { ngx_string("modified_at"), NGX_HTTP_MODEL_READING_TEXT,
      NGX_HTTP_MODEL_READING_VALUE, 2 },
    { ngx_string("parameters"), NGX_HTTP_MODEL_READING_TEXT,
      NGX_HTTP_MODEL_READING_PARAMETERS, 1 },
    { ngx_string("template"), NGX_HTTP_MODEL_READING_TEXT,
      NGX_HTTP_MODEL_READING_TEMPLATE, 0 },
    { ngx_string("system"), NGX_HTTP_MODEL_READING_TEXT,
      NGX_HTTP_MODEL_READING_SYSTEM, 0 },
    { ngx_string("renderer"), NGX_HTTP_MODEL_READING_TEXT,
      NGX_HTTP_MODEL_READING_VALUE, 1 },
    { ngx_string("parser"), NGX_HTTP_MODEL_READING_TEXT,
      NGX_HTTP_MODEL_READING_VALUE, 1 },
    { ngx_string("requires"), NGX_HTTP_MODEL_READING_TEXT,
      NGX_HTTP_MODEL_READING_VALUE, 1 },
    { ngx_string("remote_model"), NGX_HTTP_MODEL_READING_TEXT,
      NGX_HTTP_MODEL_READING_VALUE, 2 },
    { ngx_string("remote_host"), NGX_HTTP_MODEL_READING_TEXT,
      NGX_HTTP_MODEL_READING_VALUE, 2 },
    { ngx_string("model_info"), NGX_HTTP_MODEL_READING_INFO,
      NGX_HTTP_MODEL_READING_VALUE, 2 },
    { ngx_null_string, NGX_HTTP_MODEL_READING_DROP, 0, 0 }
};


ngx_int_t
ngx_http_model_reading_show(ngx_pool_t *pool, ngx_str_t *body, ngx_str_t *show)
{
    ngx_str_t               err;
    ngx_uint_t              level;
    ngx_http_model_json_t  *root;

    root = ngx_http_model_json_parse(pool, body->data, body->len, &err);

    if (root == NULL
        || root->type != NGX_HTTP_MODEL_JSON_OBJECT
        || (ngx_http_model_json_get(root, "details") == NULL
            && ngx_http_model_json_get(root, "model_info") == NULL))
    {
        return NGX_ERROR;
    }

    for (level = 0; level < 3; level++) {

        if (ngx_http_model_reading_reduce(pool, root, level, show) != NGX_OK) {
            return NGX_ERROR;
        }

        if (show->len <= NGX_HTTP_MODEL_READING_SHOW) {
            return NGX_OK;
        }
    }

    return NGX_ERROR;
}


static ngx_int_t
ngx_http_model_reading_reduce(ngx_pool_t *pool, ngx_http_model_json_t *root,
    ngx_uint_t level, ngx_str_t *show)
{
    ngx_http_model_json_t         *json;
    ngx_http_model_json_writer_t  *w;

    w = ngx_http_model_json_writer(pool);

    ngx_http_model_json_object(w);

    for (json = root->child; json; json = json->next) {
        ngx_http_model_reading_member(w, json, level);
    }

    ngx_http_model_json_object_end(w);

    return ngx_http_model_json_finish(w, show);
}


static void
ngx_http_model_reading_member(ngx_http_model_json_writer_t *w,
    ngx_http_model_json_t *json, ngx_uint_t level)
{
    const ngx_http_model_reading_member_t  *m;

    for (m = ngx_http_model_reading_members; m->key.len; m++) {

        if (m->key.len == json->key.len
            && ngx_strncmp(m->key.data, json->key.data, m->key.len) == 0)
        {
            break;
        }
    }

    if (m->type == NGX_HTTP_MODEL_READING_DROP || level > m->level) {
        return;
    }

    switch (m->type) {

    case NGX_HTTP_MODEL_READING_TEXT:

        if (json->type == NGX_HTTP_MODEL_JSON_STRING
            && json->value.len <= m->limit)
        {
            ngx_http_model_json_key_str(w, &json->key);
            ngx_http_model_json_str(w, &json->value);
        }

        break;

    case NGX_HTTP_MODEL_READING_INFO:

        if (json->type == NGX_HTTP_MODEL_JSON_OBJECT) {
            ngx_http_model_json_key_str(w, &json->key);
            ngx_http_model_reading_info(w, json, level);
        }

        break;

    default: /* NGX_HTTP_MODEL_READING_TREE */
        ngx_http_model_json_key_str(w, &json->key);
        ngx_http_model_json_tree(w, json);
    }
}


static void
ngx_http_model_reading_info(ngx_http_model_json_writer_t *w,
    ngx_http_model_json_t *json, ngx_uint_t level)
{
    ngx_http_model_json_t  *value;

    ngx_http_model_json_object(w);

    for (value = json->child; value; value = value->next) {

        if (value->type == NGX_HTTP_MODEL_JSON_ARRAY
            || value->type == NGX_HTTP_MODEL_JSON_OBJECT
            || value->value.len > NGX_HTTP_MODEL_READING_VALUE)
        {
            continue;
        }

        if (level == 2 && !ngx_http_model_reading_vital(&value->key)) {
            continue;
        }

        ngx_http_model_json_key_str(w, &value->key);
        ngx_http_model_json_tree(w, value);
    }

    ngx_http_model_json_object_end(w);
}


/* the values that clients look for, kept when all else is too long */

static ngx_uint_t
ngx_http_model_reading_vital(ngx_str_t *key)
{
    ngx_uint_t  i;

    static const ngx_str_t  vital[] = {
        ngx_string("general.architecture"),
        ngx_string("general.basename"),
        ngx_string("general.parameter_count"),
        ngx_string(".context_length"),
        ngx_string(".embedding_length")
    };

    if (key->len > 128) {
        return 0;
    }

    for (i = 0; i < sizeof(vital) / sizeof(vital[0]); i++) {

        if (key->len >= vital[i].len
            && ngx_strncmp(key->data + key->len - vital[i].len, vital[i].data,
                           vital[i].len)
               == 0)
        {
            return 1;
        }
    }

    return 0;
}
