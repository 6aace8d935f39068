
/*
 * Copyright (C) the ngx_http_model_module authors
 */


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "ngx_http_model_json.h"
#include "ngx_http_model_names.h"


typedef struct {
    const ngx_http_model_scan_key_t  *keys;
    ngx_uint_t                        nkeys;
} ngx_http_model_names_keys_t;


static ngx_http_model_scan_member_t *ngx_http_model_names_member(
    ngx_http_model_body_t *body, const ngx_http_model_endpoint_t *endpoint,
    const char *name);
static ngx_uint_t ngx_http_model_names_plain(ngx_str_t *value);
static void ngx_http_model_names_take(ngx_http_model_scan_member_t *member,
    ngx_http_model_name_t *name);
static ngx_int_t ngx_http_model_names_insert_field(ngx_pool_t *pool,
    ngx_http_model_multipart_t *form, ngx_str_t *value,
    ngx_http_model_edit_t *edit);


static const ngx_http_model_scan_key_t  ngx_http_model_keys_model[] = {
    { ngx_string("model"), NGX_HTTP_MODEL_SCAN_NAME },
    { ngx_string("stream"), 0 },
    { ngx_string("models"), 0 },
    { ngx_string("stream_options"), 0 },
    { ngx_string("stream_options.include_usage"), 0 }
};


static const ngx_http_model_scan_key_t  ngx_http_model_keys_either[] = {
    { ngx_string("model"), NGX_HTTP_MODEL_SCAN_NAME },
    { ngx_string("stream"), 0 },
    { ngx_string("name"), NGX_HTTP_MODEL_SCAN_NAME },
    { ngx_string("verbose"), 0 }
};


static const ngx_http_model_scan_key_t  ngx_http_model_keys_create[] = {
    { ngx_string("model"), NGX_HTTP_MODEL_SCAN_NAME },
    { ngx_string("stream"), 0 },
    { ngx_string("name"), NGX_HTTP_MODEL_SCAN_NAME },
    { ngx_string("from"), NGX_HTTP_MODEL_SCAN_NAME }
};


static const ngx_http_model_scan_key_t  ngx_http_model_keys_copy[] = {
    { ngx_string("source"), NGX_HTTP_MODEL_SCAN_NAME },
    { ngx_string("destination"), NGX_HTTP_MODEL_SCAN_NAME }
};


static const ngx_http_model_names_keys_t  ngx_http_model_names_keys[] = {
    { ngx_http_model_keys_model, 5 },
    { ngx_http_model_keys_model, 5 },
    { ngx_http_model_keys_either, 4 },
    { ngx_http_model_keys_create, 4 },
    { ngx_http_model_keys_copy, 2 }
};


ngx_http_model_body_t *
ngx_http_model_names_body(ngx_http_request_t *r,
    const ngx_http_model_endpoint_t *endpoint)
{
    ngx_str_t                           type;
    ngx_http_model_body_t              *body;
    const ngx_http_model_names_keys_t  *keys;

    body = ngx_pcalloc(r->pool, sizeof(ngx_http_model_body_t));
    if (body == NULL) {
        return NULL;
    }

    if (endpoint->multipart && r->headers_in.content_type) {
        type = r->headers_in.content_type->value;

        if (type.len >= 10
            && ngx_strncasecmp(type.data, (u_char *) "multipart/", 10) == 0)
        {
            body->multipart = ngx_palloc(r->pool,
                                         sizeof(ngx_http_model_multipart_t));
            if (body->multipart == NULL) {
                return NULL;
            }

            if (ngx_http_model_multipart_init(body->multipart, &type)
                != NGX_OK)
            {
                body->failed = 1;
            }

            return body;
        }
    }

    keys = &ngx_http_model_names_keys[endpoint->names];

    body->scan = ngx_palloc(r->pool, ngx_http_model_scan_size(keys->nkeys));
    if (body->scan == NULL) {
        return NULL;
    }

    ngx_http_model_scan_init(body->scan, keys->keys, keys->nkeys);

    return body;
}


static ngx_http_model_scan_member_t *
ngx_http_model_names_member(ngx_http_model_body_t *body,
    const ngx_http_model_endpoint_t *endpoint, const char *name)
{
    size_t                              len;
    ngx_uint_t                          i;
    const ngx_http_model_names_keys_t  *keys;

    keys = &ngx_http_model_names_keys[endpoint->names];
    len = ngx_strlen(name);

    for (i = 0; i < keys->nkeys; i++) {
        if (keys->keys[i].path.len == len
            && ngx_strncmp(keys->keys[i].path.data, name, len) == 0)
        {
            return body->scan->members[i].found ? &body->scan->members[i]
                                                : NULL;
        }
    }

    return NULL;
}


void
ngx_http_model_names(ngx_http_model_body_t *body,
    const ngx_http_model_endpoint_t *endpoint,
    ngx_http_model_name_t names[NGX_HTTP_MODEL_NNAMES])
{
    ngx_http_model_name_t         *model, *other;
    ngx_http_model_scan_member_t  *member;

    ngx_memzero(names, NGX_HTTP_MODEL_NNAMES * sizeof(ngx_http_model_name_t));

    model = &names[NGX_HTTP_MODEL_NAME_MODEL];
    other = &names[NGX_HTTP_MODEL_NAME_OTHER];

    if (body->multipart) {

        if (body->multipart->found) {
            model->found = 1;
            model->raw = 1;
            model->value = body->multipart->value;
            model->start = body->multipart->start;
            model->end = body->multipart->end;
        }

        return;
    }

    if (endpoint->names == NGX_HTTP_MODEL_NAMES_COPY) {
        member = ngx_http_model_names_member(body, endpoint, "source");
        ngx_http_model_names_take(member, model);

        member = ngx_http_model_names_member(body, endpoint, "destination");
        ngx_http_model_names_take(member, other);

        return;
    }

    member = ngx_http_model_names_member(body, endpoint, "model");
    ngx_http_model_names_take(member, model);

    /* Ollama takes "name" where "model" is absent or empty */

    if (model->value.len == 0) {
        member = ngx_http_model_names_member(body, endpoint, "name");
        ngx_http_model_names_take(member, model);
    }

    member = ngx_http_model_names_member(body, endpoint, "from");
    ngx_http_model_names_take(member, other);
}


static void
ngx_http_model_names_take(ngx_http_model_scan_member_t *member,
    ngx_http_model_name_t *name)
{
    if (member == NULL) {
        return;
    }

    name->found = 1;
    name->value = member->value;
    name->start = member->start;
    name->end = member->end;
}


ngx_int_t
ngx_http_model_names_flag(ngx_http_model_body_t *body,
    const ngx_http_model_endpoint_t *endpoint, const char *name)
{
    ngx_http_model_scan_member_t  *member;

    if (body->scan == NULL) {
        return -1;
    }

    member = ngx_http_model_names_member(body, endpoint, name);

    if (member == NULL) {
        return -1;
    }

    if (member->type == NGX_HTTP_MODEL_SCAN_TRUE) {
        return 1;
    }

    if (member->type == NGX_HTTP_MODEL_SCAN_FALSE) {
        return 0;
    }

    return -1;
}


ngx_uint_t
ngx_http_model_names_fallbacks(ngx_http_model_body_t *body,
    const ngx_http_model_endpoint_t *endpoint)
{
    return body->scan
           && ngx_http_model_names_member(body, endpoint, "models") != NULL;
}


ngx_uint_t
ngx_http_model_names_usage(ngx_http_model_body_t *body,
    const ngx_http_model_endpoint_t *endpoint)
{
    ngx_http_model_scan_member_t  *member;

    if (body->scan == NULL) {
        return 0;
    }

    member = ngx_http_model_names_member(body, endpoint, "stream_options");

    if (member == NULL) {
        return 1;
    }

    if (member->dup || member->type != NGX_HTTP_MODEL_SCAN_OBJECT) {
        return !member->dup && member->type == NGX_HTTP_MODEL_SCAN_NULL;
    }

    member = ngx_http_model_names_member(body, endpoint,
                                         "stream_options.include_usage");

    return member == NULL
           || (!member->dup && (member->type == NGX_HTTP_MODEL_SCAN_FALSE
                                || member->type == NGX_HTTP_MODEL_SCAN_NULL));
}


/* what stands in a JSON string as it is, as nearly every name does */

static ngx_uint_t
ngx_http_model_names_plain(ngx_str_t *value)
{
    u_char  c;
    size_t  i;

    for (i = 0; i < value->len; i++) {
        c = value->data[i];

        if (c < 0x20 || c > 0x7e || c == '"' || c == '\\') {
            return 0;
        }
    }

    return 1;
}


ngx_int_t
ngx_http_model_names_edit(ngx_pool_t *pool, ngx_http_model_name_t *name,
    ngx_str_t *value, ngx_http_model_edit_t *edit)
{
    u_char                        *p;
    ngx_http_model_json_writer_t  *w;

    edit->start = name->start;
    edit->end = name->end;

    if (name->raw) {
        edit->text = *value;
        edit->pad = 0;
        return NGX_OK;
    }

    edit->pad = 1;

    if (ngx_http_model_names_plain(value)) {

        p = ngx_pnalloc(pool, value->len + 2);
        if (p == NULL) {
            return NGX_ERROR;
        }

        edit->text.data = p;
        edit->text.len = value->len + 2;

        *p++ = '"';
        p = ngx_cpymem(p, value->data, value->len);
        *p = '"';

        return NGX_OK;
    }

    w = ngx_http_model_json_writer(pool);
    if (w == NULL) {
        return NGX_ERROR;
    }

    ngx_http_model_json_str(w, value);

    return ngx_http_model_json_finish(w, &edit->text);
}


ngx_int_t
ngx_http_model_names_insert(ngx_pool_t *pool, ngx_http_model_body_t *body,
    ngx_str_t *value, ngx_http_model_edit_t *edit)
{
    u_char                        *p;
    ngx_str_t                      text;
    ngx_http_model_json_writer_t  *w;

    if (body->multipart) {
        return ngx_http_model_names_insert_field(pool, body->multipart, value,
                                                 edit);
    }

    w = ngx_http_model_json_writer(pool);
    if (w == NULL) {
        return NGX_ERROR;
    }

    ngx_http_model_json_str(w, value);

    if (ngx_http_model_json_finish(w, &text) != NGX_OK) {
        return NGX_ERROR;
    }

    p = ngx_pnalloc(pool, sizeof("\"model\":,") - 1 + text.len);
    if (p == NULL) {
        return NGX_ERROR;
    }

    edit->start = body->scan->root_start + 1;
    edit->end = edit->start;
    edit->pad = 0;
    edit->text.data = p;
    edit->text.len = ngx_sprintf(p, "\"model\":%V%s", &text,
                                 body->scan->root_empty ? "" : ",")
                     - p;

    return NGX_OK;
}


/* a form that was accepted starts with its boundary */

static ngx_int_t
ngx_http_model_names_insert_field(ngx_pool_t *pool,
    ngx_http_model_multipart_t *form, ngx_str_t *value,
    ngx_http_model_edit_t *edit)
{
    u_char     *p;
    ngx_str_t   boundary;

    static ngx_str_t  head = ngx_string(CRLF "Content-Disposition: form-data; "
                                        "name=\"model\"" CRLF CRLF);

    boundary.data = form->delimiter + sizeof(CRLF) - 1;
    boundary.len = form->size - (sizeof(CRLF) - 1);

    p = ngx_pnalloc(pool, boundary.len + head.len + value->len
                          + sizeof(CRLF) - 1);
    if (p == NULL) {
        return NGX_ERROR;
    }

    edit->start = 0;
    edit->end = 0;
    edit->pad = 0;
    edit->text.data = p;
    edit->text.len = ngx_sprintf(p, "%V%V%V" CRLF, &boundary, &head, value)
                     - p;

    return NGX_OK;
}


ngx_int_t
ngx_http_model_names_finish(ngx_http_model_body_t *body)
{
    if (body->failed) {
        return NGX_ERROR;
    }

    if (body->multipart) {
        return ngx_http_model_multipart_finish(body->multipart);
    }

    return ngx_http_model_scan_finish(body->scan);
}


const char *
ngx_http_model_names_error(ngx_http_model_body_t *body, ngx_uint_t dialect)
{
    if (body->multipart) {
        return ngx_http_model_multipart_strerror(body->multipart->error);
    }

    if (body->scan->error == NGX_HTTP_MODEL_SCAN_EMPTY
        && dialect == NGX_HTTP_MODEL_OLLAMA)
    {
        return "missing request body";
    }

    return ngx_http_model_scan_strerror(body->scan->error);
}
