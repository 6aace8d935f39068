
/*
 * Copyright (C) the ngx_http_model_module authors
 */


#include <ngx_config.h>
#include <ngx_core.h>

#include "ngx_http_model_bridge.h"
#include "ngx_http_model_frame.h"


#define NGX_HTTP_MODEL_BRIDGE_TEXT     2048  /* longest of a refusal */
#define NGX_HTTP_MODEL_BRIDGE_MESSAGE  1024  /* longest of a vendor's error */
#define NGX_HTTP_MODEL_BRIDGE_RAW      200


static ngx_int_t ngx_http_model_bridge_read(ngx_http_model_bridge_t *b,
    ngx_str_t *body);
static ngx_str_t *ngx_http_model_bridge_find_message(
    ngx_http_model_json_t *json, ngx_uint_t depth);


ngx_int_t
ngx_http_model_bridge_init(ngx_http_model_bridge_t *b)
{
    ngx_http_model_bridge_usage_t  *u;

    ngx_memzero(&b->server, sizeof(ngx_http_model_bridge_t)
                            - offsetof(ngx_http_model_bridge_t, server));

    u = &b->usage;

    u->prompt = -1;
    u->completion = -1;
    u->cached = -1;
    u->cache_write = -1;
    u->reasoning = -1;
    u->total_duration = -1;
    u->load_duration = -1;
    u->prompt_duration = -1;
    u->eval_duration = -1;

    b->first = -1;

    if (ngx_http_model_talk_init(&b->talk, b->pool) != NGX_OK) {
        return NGX_ERROR;
    }

    return ngx_array_init(&b->answer.parts, b->pool, 4,
                          sizeof(ngx_http_model_part_t));
}


ngx_int_t
ngx_http_model_bridge_request(ngx_http_model_bridge_t *b, ngx_str_t *body,
    ngx_array_t **pieces)
{
    ngx_int_t                      rc;
    ngx_str_t                      err;
    ngx_http_model_json_t         *root;
    ngx_http_model_json_writer_t  *w;

    root = ngx_http_model_json_slices(b->pool, body->data, body->len, 0,
                                      &err);
    if (root == NULL) {
        return ngx_http_model_bridge_refuse(b, NULL, "the body cannot be "
                                            "read: %V", &err);
    }

    if (root->type != NGX_HTTP_MODEL_JSON_OBJECT) {
        return ngx_http_model_bridge_refuse(b, NULL, "the body must be a JSON "
                                            "object");
    }

    rc = b->client->read_request(b, root);

    if (rc != NGX_OK) {
        return rc;
    }

    b->stream = b->talk.stream;
    b->server = ngx_http_model_bridge_server(b);

    if (b->server == NULL) {
        return ngx_http_model_bridge_refuse(b, NULL, "vendor \"%V\" has "
                                            "nothing like \"%V\"", &b->vendor,
                                            &b->client->path);
    }

    w = ngx_http_model_json_writer(b->pool);

    ngx_http_model_json_sliced(w);

    rc = b->server->write_request(b, w);

    if (rc != NGX_OK) {
        return rc;
    }

    if (ngx_http_model_json_finish_pieces(w, pieces) != NGX_OK) {
        return ngx_http_model_bridge_refuse(b, NULL, "the body nests too "
                                            "deeply");
    }

    return NGX_OK;
}


ngx_int_t
ngx_http_model_bridge_answer(ngx_http_model_bridge_t *b, ngx_str_t *body,
    ngx_str_t *out)
{
    ngx_int_t  rc;

    b->stream = 0;

    rc = ngx_http_model_bridge_read(b, body);

    return (rc == NGX_OK) ? ngx_http_model_bridge_document(b, out) : rc;
}


ngx_int_t
ngx_http_model_bridge_replay(ngx_http_model_bridge_t *b, ngx_str_t *body)
{
    ngx_int_t  rc;

    b->limit = ngx_max(b->limit, body->len);

    rc = ngx_http_model_bridge_read(b, body);

    return (rc == NGX_OK && b->failed) ? NGX_DECLINED : rc;
}


static ngx_int_t
ngx_http_model_bridge_read(ngx_http_model_bridge_t *b, ngx_str_t *body)
{
    ngx_str_t               err;
    ngx_http_model_json_t  *root;

    root = ngx_http_model_json_slices(b->pool, body->data, body->len, 1,
                                      &err);

    if (root == NULL || root->type != NGX_HTTP_MODEL_JSON_OBJECT) {
        b->failed = 1;
        b->status = 502;
        ngx_str_set(&b->text, "the answer is not a JSON object");

        return NGX_DECLINED;
    }

    if (b->server->read_answer(b, root) != NGX_OK) {
        return NGX_ERROR;
    }

    if (!b->ended) {
        b->failed = 1;
        b->status = 502;
        ngx_str_set(&b->text, "the answer is not complete");

        return NGX_DECLINED;
    }

    return NGX_OK;
}


ngx_int_t
ngx_http_model_bridge_document(ngx_http_model_bridge_t *b, ngx_str_t *out)
{
    ngx_int_t                      rc;
    ngx_http_model_json_writer_t  *w;

    if (b->failed) {
        return NGX_DECLINED;
    }

    w = ngx_http_model_json_writer(b->pool);

    rc = b->client->write_answer(b, w);

    return (rc == NGX_OK) ? ngx_http_model_json_finish(w, out) : rc;
}


ngx_int_t
ngx_http_model_bridge_put(ngx_http_model_bridge_t *b, u_char *p, size_t len)
{
    return b->sink(b->data, p, len);
}


ngx_int_t
ngx_http_model_bridge_frame(ngx_http_model_bridge_t *b, const char *name,
    ngx_http_model_json_writer_t *w)
{
    ngx_str_t  text;

    if (ngx_http_model_json_finish(w, &text) != NGX_OK) {
        return NGX_ERROR;
    }

    if (b->client->framing == NGX_HTTP_MODEL_FRAME_NDJSON) {
        return (b->sink(b->data, text.data, text.len) == NGX_OK
                && b->sink(b->data, (u_char *) "\n", 1) == NGX_OK)
               ? NGX_OK : NGX_ERROR;
    }

    if (name
        && (b->sink(b->data, (u_char *) "event: ", 7) != NGX_OK
            || b->sink(b->data, (u_char *) name, ngx_strlen(name)) != NGX_OK
            || b->sink(b->data, (u_char *) "\n", 1) != NGX_OK))
    {
        return NGX_ERROR;
    }

    return (b->sink(b->data, (u_char *) "data: ", 6) == NGX_OK
            && b->sink(b->data, text.data, text.len) == NGX_OK
            && b->sink(b->data, (u_char *) "\n\n", 2) == NGX_OK)
           ? NGX_OK : NGX_ERROR;
}


ngx_int_t
ngx_http_model_bridge_refuse(ngx_http_model_bridge_t *b, const char *field,
    const char *fmt, ...)
{
    u_char     *p, *last;
    size_t      len;
    va_list     args;
    ngx_str_t   text;

    b->status = 400;

    p = ngx_pnalloc(b->pool, NGX_HTTP_MODEL_BRIDGE_TEXT);
    if (p == NULL) {
        return NGX_ERROR;
    }

    va_start(args, fmt);
    last = ngx_vslprintf(p, p + NGX_HTTP_MODEL_BRIDGE_TEXT, fmt, args);
    va_end(args);

    text.data = p;
    text.len = last - p;

    /* names of members are the client's */

    b->text = ngx_http_model_bridge_clean(b->pool, &text);

    if (b->text.data == NULL) {
        return NGX_ERROR;
    }

    ngx_str_null(&b->field);

    if (field) {
        len = ngx_strlen(field);

        b->field.data = ngx_pnalloc(b->pool, len + 1);
        if (b->field.data == NULL) {
            return NGX_ERROR;
        }

        ngx_memcpy(b->field.data, field, len + 1);
        b->field.len = len;
    }

    return NGX_DECLINED;
}


ngx_str_t
ngx_http_model_bridge_id(ngx_http_model_bridge_t *b, const char *prefix,
    ngx_int_t n)
{
    u_char     *p;
    size_t      len;
    ngx_str_t   id;

    len = ngx_strlen(prefix) + b->nonce.len + NGX_INT_T_LEN + 1;

    p = ngx_pnalloc(b->pool, len);
    if (p == NULL) {
        ngx_str_null(&id);
        return id;
    }

    id.data = p;

    if (n < 0) {
        p = ngx_snprintf(p, len, "%s%V", prefix, &b->nonce);

    } else {
        p = ngx_snprintf(p, len, "%s%V_%i", prefix, &b->nonce, n);
    }

    id.len = p - id.data;

    return id;
}


ngx_int_t
ngx_http_model_bridge_keep(ngx_http_model_bridge_t *b,
    ngx_http_model_bridge_text_t *text, ngx_str_t *add)
{
    u_char  *p;
    size_t   size;

    static ngx_str_t  large = ngx_string("the answer's parts are larger than "
                                         "model_bridge_buffer");

    if (add->len == 0) {
        return NGX_OK;
    }

    /* a whole answer is bounded already */

    if (b->stream) {
        if (b->kept + add->len > b->limit) {
            b->overflow = 1;

            return (ngx_http_model_bridge_fail(b, 502, &large) == NGX_OK)
                   ? NGX_DECLINED : NGX_ERROR;
        }

        b->kept += add->len;
    }

    if (text->size - text->s.len < add->len) {
        size = ngx_max(2 * (text->s.len + add->len), 64);

        p = ngx_pnalloc(b->pool, size);
        if (p == NULL) {
            return NGX_ERROR;
        }

        if (text->s.len) {
            ngx_memcpy(p, text->s.data, text->s.len);
            (void) ngx_pfree(b->pool, text->s.data);
        }

        text->s.data = p;
        text->size = size;
    }

    ngx_memcpy(text->s.data + text->s.len, add->data, add->len);
    text->s.len += add->len;

    return NGX_OK;
}


ngx_str_t
ngx_http_model_bridge_message(ngx_pool_t *pool, u_char *p, size_t len)
{
    ngx_str_t               text, out, err, *found;
    ngx_http_model_json_t  *root;

    ngx_str_null(&out);

    root = ngx_http_model_json_slices(pool, p, len, 1, &err);

    text.data = p;
    text.len = ngx_min(len, NGX_HTTP_MODEL_BRIDGE_RAW);

    if (root) {
        found = ngx_http_model_bridge_find_message(root, 0);

        if (found == NULL) {
            return out;
        }

        text.data = found->data;
        text.len = ngx_min(found->len, NGX_HTTP_MODEL_BRIDGE_MESSAGE);
    }

    return ngx_http_model_bridge_clean(pool, &text);
}


ngx_str_t
ngx_http_model_bridge_clean(ngx_pool_t *pool, ngx_str_t *text)
{
    u_char     *p, *q, *last;
    size_t      n;
    ngx_str_t   out;

    ngx_str_null(&out);

    q = ngx_pnalloc(pool, text->len + 1);
    if (q == NULL) {
        return out;
    }

    out.data = q;

    p = text->data;
    last = p + text->len;

    while (p < last) {
        n = ngx_http_model_json_utf8(p, last);

        if (n == 0) {

            /* the beginning of a character, whose rest was cut off */

            if (last - p < 4 && *p >= 0xc2) {
                break;
            }

            *q++ = '?';
            n = 1;

        } else if (*p < 0x20 || *p == 0x7f) {
            *q++ = ' ';

        } else {
            q = ngx_cpymem(q, p, n);
        }

        p += n;
    }

    out.len = q - out.data;

    return out;
}


/* "error" as a string or with a "message"; "message"; "detail" */

static ngx_str_t *
ngx_http_model_bridge_find_message(ngx_http_model_json_t *json,
    ngx_uint_t depth)
{
    ngx_str_t              *found;
    ngx_uint_t              i;
    ngx_http_model_json_t  *member;

    static const char  *names[] = { "error", "message", "detail", "msg" };

    if (json->type == NGX_HTTP_MODEL_JSON_STRING) {
        return json->value.len ? &json->value : NULL;
    }

    if (depth == 4) {
        return NULL;
    }

    if (json->type == NGX_HTTP_MODEL_JSON_ARRAY) {
        return json->child
               ? ngx_http_model_bridge_find_message(json->child, depth + 1)
               : NULL;
    }

    for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        member = ngx_http_model_json_get(json, names[i]);

        if (member) {
            found = ngx_http_model_bridge_find_message(member, depth + 1);

            if (found) {
                return found;
            }
        }
    }

    return NULL;
}
