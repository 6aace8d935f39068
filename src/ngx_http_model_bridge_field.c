
/*
 * Copyright (C) the ngx_http_model_module authors
 */


#include <ngx_config.h>
#include <ngx_core.h>

#include "ngx_http_model_bridge_field.h"


#define NGX_HTTP_MODEL_FIELD_ROWS  128


static ngx_int_t ngx_http_model_bridge_field(ngx_http_model_bridge_t *b,
    const ngx_http_model_field_table_t *table,
    const ngx_http_model_field_t *field, ngx_http_model_json_t *value,
    void *data, ngx_array_t **extra);
static ngx_int_t ngx_http_model_bridge_field_refuse(
    ngx_http_model_bridge_t *b, const ngx_http_model_field_table_t *table,
    ngx_str_t *key, const char *note);
static ngx_uint_t ngx_http_model_bridge_field_asks(
    ngx_http_model_json_t *value);


static const char  *ngx_http_model_bridge_dialects[] = {
    "Ollama", "OpenAI", "Anthropic"
};


ngx_int_t
ngx_http_model_bridge_fields(ngx_http_model_bridge_t *b,
    const ngx_http_model_field_table_t *table, ngx_http_model_json_t *object,
    void *data, ngx_array_t **extra)
{
    u_char                         seen[NGX_HTTP_MODEL_FIELD_ROWS];
    ngx_int_t                      rc;
    ngx_uint_t                     i;
    ngx_http_model_json_t         *member;
    const ngx_http_model_field_t  *fields;

    fields = table->fields;

    ngx_memzero(seen, sizeof(seen));

    for (member = object->child; member; member = member->next) {

        for (i = 0; fields[i].name; i++) {
            if (ngx_strlen(fields[i].name) == member->key.len
                && ngx_memcmp(fields[i].name, member->key.data,
                              member->key.len)
                   == 0)
            {
                break;
            }
        }

        if (fields[i].name == NULL) {

            if (member->type == NGX_HTTP_MODEL_JSON_NULL) {
                continue;
            }

            if (extra == NULL) {
                return ngx_http_model_bridge_field_refuse(b, table,
                                             &member->key,
                                             "it is not known");
            }

            if (ngx_http_model_talk_extra(b->pool, extra, member) != NGX_OK) {
                return NGX_ERROR;
            }

            continue;
        }

        if (seen[i]) {
            return ngx_http_model_bridge_refuse(b, fields[i].name,
                                                "\"%s%s\" is given twice",
                                                table->prefix,
                                                fields[i].name);
        }

        seen[i] = 1;

        if (member->type == NGX_HTTP_MODEL_JSON_NULL) {
            continue;
        }

        rc = ngx_http_model_bridge_field(b, table, &fields[i], member, data,
                                         extra);
        if (rc != NGX_OK) {
            return rc;
        }
    }

    return NGX_OK;
}


static ngx_int_t
ngx_http_model_bridge_field(ngx_http_model_bridge_t *b,
    const ngx_http_model_field_table_t *table,
    const ngx_http_model_field_t *field, ngx_http_model_json_t *value,
    void *data, ngx_array_t **extra)
{
    ngx_int_t  rc;

    switch (field->to[b->to]) {

    case NGX_HTTP_MODEL_FIELD_MAP:
        return field->read ? field->read(b, value, data) : NGX_OK;

    case NGX_HTTP_MODEL_FIELD_PASS:
        return extra ? ngx_http_model_talk_extra(b->pool, extra, value)
                     : NGX_OK;

    case NGX_HTTP_MODEL_FIELD_REFUSE:

        if (!ngx_http_model_bridge_field_asks(value)) {
            return NGX_OK;
        }

        rc = field->read ? field->read(b, value, data) : NGX_DECLINED;

        if (rc != NGX_DECLINED || b->text.len) {
            return rc;
        }

        return ngx_http_model_bridge_field_refuse(b, table, &value->key,
                                                  field->note);

    default: /* NGX_HTTP_MODEL_FIELD_DROP, NGX_HTTP_MODEL_FIELD_SAME */
        return NGX_OK;
    }
}


static ngx_int_t
ngx_http_model_bridge_field_refuse(ngx_http_model_bridge_t *b,
    const ngx_http_model_field_table_t *table, ngx_str_t *key,
    const char *note)
{
    char       name[64];
    ngx_str_t  quoted;

    quoted = *key;
    quoted.len = ngx_min(quoted.len, sizeof(name) - 1);

    ngx_cpystrn((u_char *) name, quoted.data, quoted.len + 1);

    return ngx_http_model_bridge_refuse(b, name, "\"%s%V\" cannot be had from "
                                        "vendor \"%V\", whose servers speak "
                                        "%s's API: %s", table->prefix, &quoted,
                                        &b->vendor,
                                        ngx_http_model_bridge_dialects[b->to],
                                        note ? note : "nothing is like it "
                                                      "there");
}


/* 0 for what might as well not be there */

static ngx_uint_t
ngx_http_model_bridge_field_asks(ngx_http_model_json_t *value)
{
    switch (value->type) {

    case NGX_HTTP_MODEL_JSON_NULL:
        return 0;

    case NGX_HTTP_MODEL_JSON_BOOL:
    case NGX_HTTP_MODEL_JSON_STRING:
        return value->value.len != 0;

    case NGX_HTTP_MODEL_JSON_ARRAY:
    case NGX_HTTP_MODEL_JSON_OBJECT:
        return value->child != NULL;

    default:
        return 1;
    }
}


void
ngx_http_model_bridge_extra(ngx_http_model_json_writer_t *w,
    ngx_array_t *extra)
{
    ngx_uint_t               i;
    ngx_http_model_json_t  **member;

    if (extra == NULL) {
        return;
    }

    member = extra->elts;

    for (i = 0; i < extra->nelts; i++) {
        ngx_http_model_json_key_str(w, &member[i]->key);
        ngx_http_model_json_tree(w, member[i]);
    }
}


ngx_int_t
ngx_http_model_bridge_is(ngx_http_model_bridge_t *b,
    ngx_http_model_json_t *value, ngx_uint_t type, const char *what)
{
    char       name[64];
    ngx_str_t  key;

    static const char  *types[] = {
        "null", "a boolean", "a number", "a string", "an array", "an object"
    };

    if (value->type == type) {
        return NGX_OK;
    }

    key = value->key;
    key.len = ngx_min(key.len, sizeof(name) - 1);

    ngx_cpystrn((u_char *) name, key.data, key.len + 1);

    return ngx_http_model_bridge_refuse(b, name, "\"%s\" must be %s, not %s",
                                        what, types[type], types[value->type]);
}
