
/*
 * Copyright (C) the ngx_http_model_module authors
 */


#include <ngx_config.h>
#include <ngx_core.h>

#include "ngx_http_model_bridge_openai.h"


ngx_int_t
ngx_http_model_openai_taken(ngx_http_model_bridge_t *b,
    ngx_http_model_json_t *value, void *data)
{
    (void) b;
    (void) value;
    (void) data;

    return NGX_OK;
}


ngx_int_t
ngx_http_model_openai_to_ollama(ngx_http_model_bridge_t *b,
    ngx_http_model_json_t *value, void *data)
{
    (void) value;
    (void) data;

    return (b->to == NGX_HTTP_MODEL_OLLAMA) ? NGX_OK : NGX_DECLINED;
}


ngx_int_t
ngx_http_model_openai_to_anthropic(ngx_http_model_bridge_t *b,
    ngx_http_model_json_t *value, void *data)
{
    (void) value;
    (void) data;

    return (b->to == NGX_HTTP_MODEL_ANTHROPIC) ? NGX_OK : NGX_DECLINED;
}


ngx_int_t
ngx_http_model_openai_get(ngx_http_model_bridge_t *b,
    ngx_http_model_json_t *object, const char *name, ngx_uint_t type,
    const char *what, ngx_http_model_json_t **value)
{
    *value = ngx_http_model_json_get(object, name);

    if (*value == NULL || (*value)->type == NGX_HTTP_MODEL_JSON_NULL) {
        *value = NULL;
        return NGX_OK;
    }

    return ngx_http_model_bridge_is(b, *value, type, what);
}


ngx_int_t
ngx_http_model_openai_get_str(ngx_http_model_bridge_t *b,
    ngx_http_model_json_t *object, const char *name, const char *what,
    ngx_str_t *value)
{
    ngx_int_t               rc;
    ngx_http_model_json_t  *member;

    ngx_str_null(value);

    rc = ngx_http_model_openai_get(b, object, name, NGX_HTTP_MODEL_JSON_STRING,
                                   what, &member);

    if (rc == NGX_OK && member) {
        *value = member->value;
    }

    return rc;
}


ngx_int_t
ngx_http_model_openai_flag(ngx_http_model_bridge_t *b,
    ngx_http_model_json_t *object, const char *name, const char *what,
    ngx_uint_t *flag)
{
    ngx_int_t               rc;
    ngx_http_model_json_t  *member;

    *flag = NGX_HTTP_MODEL_UNSET;

    rc = ngx_http_model_openai_get(b, object, name, NGX_HTTP_MODEL_JSON_BOOL,
                                   what, &member);

    if (rc == NGX_OK && member) {
        *flag = member->value.len ? NGX_HTTP_MODEL_ON : NGX_HTTP_MODEL_OFF;
    }

    return rc;
}


ngx_uint_t
ngx_http_model_openai_word(ngx_http_model_json_t *value, const char *word)
{
    return value != NULL
           && value->type == NGX_HTTP_MODEL_JSON_STRING
           && value->value.len == ngx_strlen(word)
           && ngx_memcmp(value->value.data, word, value->value.len) == 0;
}
