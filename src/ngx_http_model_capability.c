
/*
 * Copyright (C) the ngx_http_model_module authors
 */


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "ngx_http_model_capability.h"


typedef struct {
    ngx_str_t    name;
    ngx_uint_t   capability;
} ngx_http_model_capability_t;


static ngx_uint_t ngx_http_model_capability_entry(
    ngx_http_model_json_t *entry, ngx_uint_t *known);
static ngx_uint_t ngx_http_model_capability_type(ngx_http_model_json_t *entry,
    ngx_uint_t *known);
static ngx_uint_t ngx_http_model_capability_set(ngx_http_model_json_t *json,
    ngx_uint_t *known);
static ngx_uint_t ngx_http_model_capability_has(ngx_http_model_json_t *array,
    const char *name);


/* the first of each capability is the name that is written */

static const ngx_http_model_capability_t  ngx_http_model_capabilities[] = {
    { ngx_string("completion"), NGX_HTTP_MODEL_CAP_COMPLETION },
    { ngx_string("tools"), NGX_HTTP_MODEL_CAP_TOOLS },
    { ngx_string("insert"), NGX_HTTP_MODEL_CAP_INSERT },
    { ngx_string("vision"), NGX_HTTP_MODEL_CAP_VISION },
    { ngx_string("embedding"), NGX_HTTP_MODEL_CAP_EMBEDDING },
    { ngx_string("thinking"), NGX_HTTP_MODEL_CAP_THINKING },
    { ngx_string("image"), NGX_HTTP_MODEL_CAP_IMAGE },
    { ngx_string("audio"), NGX_HTTP_MODEL_CAP_AUDIO },
    { ngx_string("completion_chat"), NGX_HTTP_MODEL_CAP_COMPLETION },
    { ngx_string("tool_use"), NGX_HTTP_MODEL_CAP_TOOLS },
    { ngx_string("trained_for_tool_use"), NGX_HTTP_MODEL_CAP_TOOLS },
    { ngx_string("function_calling"), NGX_HTTP_MODEL_CAP_TOOLS },
    { ngx_string("image_input"), NGX_HTTP_MODEL_CAP_VISION },
    { ngx_string("reasoning"), NGX_HTTP_MODEL_CAP_THINKING },
    { ngx_null_string, 0 }
};


ngx_uint_t
ngx_http_model_capability_read(ngx_http_model_model_t *model,
    ngx_uint_t *known)
{
    ngx_uint_t              set;
    ngx_http_model_json_t  *json;

    *known = 0;

    json = ngx_http_model_json_get(model->show, "capabilities");
    set = ngx_http_model_capability_set(json, known);

    if (*known) {
        return set;
    }

    json = ngx_http_model_json_get(model->entry, "capabilities");
    set = ngx_http_model_capability_set(json, known);

    return set | ngx_http_model_capability_entry(model->entry, known)
           | ngx_http_model_capability_type(model->entry, known);
}


/* OpenRouter's supported_parameters, its and llama-server's modalities */

static ngx_uint_t
ngx_http_model_capability_entry(ngx_http_model_json_t *entry,
    ngx_uint_t *known)
{
    ngx_uint_t              set;
    ngx_http_model_json_t  *json;

    set = 0;

    json = ngx_http_model_json_get(entry, "supported_parameters");

    if (json != NULL && json->type == NGX_HTTP_MODEL_JSON_ARRAY) {
        *known |= NGX_HTTP_MODEL_CAP_TOOLS|NGX_HTTP_MODEL_CAP_THINKING;

        if (ngx_http_model_capability_has(json, "tools")) {
            set |= NGX_HTTP_MODEL_CAP_TOOLS;
        }

        if (ngx_http_model_capability_has(json, "reasoning")) {
            set |= NGX_HTTP_MODEL_CAP_THINKING;
        }
    }

    json = ngx_http_model_json_get(entry, "architecture");
    json = ngx_http_model_json_get(json, "input_modalities");

    if (json != NULL && json->type == NGX_HTTP_MODEL_JSON_ARRAY) {
        *known |= NGX_HTTP_MODEL_CAP_VISION|NGX_HTTP_MODEL_CAP_AUDIO;

        if (ngx_http_model_capability_has(json, "image")) {
            set |= NGX_HTTP_MODEL_CAP_VISION;
        }

        if (ngx_http_model_capability_has(json, "audio")) {
            set |= NGX_HTTP_MODEL_CAP_AUDIO;
        }
    }

    return set;
}


/* LM Studio's type */

static ngx_uint_t
ngx_http_model_capability_type(ngx_http_model_json_t *entry,
    ngx_uint_t *known)
{
    ngx_str_t  type;

    if (ngx_http_model_json_get_str(entry, "type", &type) != NGX_OK) {
        return 0;
    }

    if (type.len == 3 && ngx_strncmp(type.data, "llm", 3) == 0) {
        return NGX_HTTP_MODEL_CAP_COMPLETION;
    }

    if (type.len == 3 && ngx_strncmp(type.data, "vlm", 3) == 0) {
        *known |= NGX_HTTP_MODEL_CAP_VISION;

        return NGX_HTTP_MODEL_CAP_VISION|NGX_HTTP_MODEL_CAP_COMPLETION;
    }

    if (type.len >= 9 && ngx_strncmp(type.data, "embedding", 9) == 0) {
        *known = NGX_HTTP_MODEL_CAPABILITY_ALL;

        return NGX_HTTP_MODEL_CAP_EMBEDDING;
    }

    return 0;
}


/* a list of names, or an object of names with true, or {"supported":true} */

static ngx_uint_t
ngx_http_model_capability_set(ngx_http_model_json_t *json, ngx_uint_t *known)
{
    ngx_str_t                          *name;
    ngx_uint_t                          set, object, on;
    ngx_http_model_json_t              *item, *value;
    const ngx_http_model_capability_t  *cap;

    if (json == NULL || json->child == NULL
        || (json->type != NGX_HTTP_MODEL_JSON_ARRAY
            && json->type != NGX_HTTP_MODEL_JSON_OBJECT))
    {
        return 0;
    }

    set = 0;
    object = (json->type == NGX_HTTP_MODEL_JSON_OBJECT);

    if (!object) {
        *known = NGX_HTTP_MODEL_CAPABILITY_ALL;
    }

    for (item = json->child; item != NULL; item = item->next) {

        value = item;
        on = 1;

        if (object) {

            if (item->type == NGX_HTTP_MODEL_JSON_OBJECT) {
                value = ngx_http_model_json_get(item, "supported");
            }

            if (value == NULL || value->type != NGX_HTTP_MODEL_JSON_BOOL) {
                continue;
            }

            on = value->value.len;

        } else if (item->type != NGX_HTTP_MODEL_JSON_STRING) {
            continue;
        }

        name = object ? &item->key : &item->value;

        for (cap = ngx_http_model_capabilities; cap->name.len; cap++) {

            if (cap->name.len == name->len
                && ngx_memcmp(cap->name.data, name->data, name->len) == 0)
            {
                *known |= cap->capability;
                set |= on ? cap->capability : 0;
            }
        }
    }

    return set;
}


static ngx_uint_t
ngx_http_model_capability_has(ngx_http_model_json_t *array, const char *name)
{
    size_t                  len;
    ngx_http_model_json_t  *item;

    len = ngx_strlen(name);

    for (item = array->child; item != NULL; item = item->next) {

        if (item->type == NGX_HTTP_MODEL_JSON_STRING
            && item->value.len == len
            && ngx_memcmp(item->value.data, name, len) == 0)
        {
            return 1;
        }
    }

    return 0;
}


void
ngx_http_model_capability_write(ngx_http_model_json_writer_t *w,
    ngx_uint_t capabilities)
{
    ngx_str_t                           name;
    const ngx_http_model_capability_t  *cap;

    ngx_http_model_json_array(w);

    for (cap = ngx_http_model_capabilities; cap->name.len; cap++) {

        if (capabilities & cap->capability) {
            name = cap->name;
            ngx_http_model_json_str(w, &name);
            capabilities &= ~cap->capability;
        }
    }

    ngx_http_model_json_array_end(w);
}
