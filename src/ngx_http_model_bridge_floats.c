
/*
 * Copyright (C) the ngx_http_model_module authors
 */


#include <ngx_config.h>
#include <ngx_core.h>

#include <math.h>

#include "ngx_http_model_bridge_vectors.h"
#include "ngx_http_model_bridge_openai.h"


#define NGX_HTTP_MODEL_FLOAT_DIGITS  9     /* which tell any float apart */
#define NGX_HTTP_MODEL_FLOAT_TEXT    64


static ngx_int_t ngx_http_model_floats_take(ngx_http_model_bridge_t *b,
    ngx_http_model_vector_t *vector, ngx_http_model_json_t *value);
static ngx_int_t ngx_http_model_floats_check(ngx_http_model_json_t *numbers);
static ngx_int_t ngx_http_model_floats_encode(ngx_http_model_bridge_t *b,
    ngx_http_model_json_t *numbers, ngx_str_t *base64);
static ngx_int_t ngx_http_model_floats_value(ngx_pool_t *pool,
    ngx_str_t *number, float *value);
static ngx_int_t ngx_http_model_floats_decode(ngx_http_model_bridge_t *b,
    ngx_str_t *base64, ngx_str_t *bytes);
static float ngx_http_model_floats_at(u_char *p);
static void ngx_http_model_floats_write(ngx_http_model_json_writer_t *w,
    float value);
static ngx_int_t ngx_http_model_floats_fail(ngx_http_model_bridge_t *b,
    const char *text);


ngx_int_t
ngx_http_model_vectors_add(ngx_http_model_bridge_t *b, ngx_uint_t i,
    ngx_http_model_json_t *value)
{
    ngx_int_t                       rc;
    ngx_http_model_vector_t        *vector;
    ngx_http_model_bridge_embed_t  *embed;

    embed = b->embed;

    if (embed->vectors == NULL) {
        embed->vectors = ngx_pcalloc(b->pool,
                                  embed->n * sizeof(ngx_http_model_vector_t));
        if (embed->vectors == NULL) {
            return NGX_ERROR;
        }
    }

    if (i >= embed->n) {
        return ngx_http_model_floats_fail(b, "the answer has more vectors than "
                                          "there were texts");
    }

    vector = &embed->vectors[i];

    if (vector->there) {
        return ngx_http_model_floats_fail(b, "the answer has two vectors of "
                                          "one text");
    }

    vector->there = 1;

    rc = value ? ngx_http_model_floats_take(b, vector, value) : NGX_DECLINED;

    return (rc == NGX_DECLINED)
           ? ngx_http_model_floats_fail(b, "the answer has a vector that is "
                                        "not made of numbers")
           : rc;
}


/* in the form in which it is wanted; NGX_DECLINED: there is none of it */

static ngx_int_t
ngx_http_model_floats_take(ngx_http_model_bridge_t *b,
    ngx_http_model_vector_t *vector, ngx_http_model_json_t *value)
{
    ngx_int_t                       rc;
    ngx_http_model_bridge_embed_t  *embed;

    embed = b->embed;

    switch (value->type) {

    case NGX_HTTP_MODEL_JSON_ARRAY:

        rc = ngx_http_model_floats_check(value);

        if (rc != NGX_OK || !embed->base64) {
            vector->numbers = value;
            return rc;
        }

        return ngx_http_model_floats_encode(b, value, &vector->base64);

    case NGX_HTTP_MODEL_JSON_STRING:
        vector->base64 = value->value;

        return ngx_http_model_floats_decode(b, &value->value, &vector->bytes);

    default:
        return NGX_DECLINED;
    }
}


ngx_int_t
ngx_http_model_vectors_end(ngx_http_model_bridge_t *b)
{
    ngx_uint_t                      i;
    ngx_http_model_event_t          e;
    ngx_http_model_bridge_embed_t  *embed;

    embed = b->embed;

    for (i = 0; i < embed->n; i++) {

        if (embed->vectors && embed->vectors[i].there) {
            continue;
        }

        return (ngx_http_model_floats_fail(b, "the answer has fewer vectors "
                                           "than there were texts")
                == NGX_ERROR) ? NGX_ERROR : NGX_OK;
    }

    ngx_memzero(&e, sizeof(ngx_http_model_event_t));

    e.type = NGX_HTTP_MODEL_EVENT_END;

    return ngx_http_model_bridge_emit(b, &e);
}


ngx_int_t
ngx_http_model_vectors_error(ngx_http_model_bridge_t *b,
    ngx_http_model_json_t *root)
{
    return ngx_http_model_openai_is_error(root)
           ? ngx_http_model_openai_error(b, root) : NGX_DECLINED;
}


/* NGX_DECLINED: the answer has ended with an error */

static ngx_int_t
ngx_http_model_floats_fail(ngx_http_model_bridge_t *b, const char *text)
{
    ngx_str_t  s;

    s.data = (u_char *) text;
    s.len = ngx_strlen(text);

    return (ngx_http_model_bridge_fail(b, 502, &s) == NGX_OK) ? NGX_DECLINED
                                                              : NGX_ERROR;
}


void
ngx_http_model_vectors_put(ngx_http_model_json_writer_t *w,
    ngx_http_model_vector_t *vector, ngx_uint_t base64)
{
    size_t  i;

    if (base64) {
        ngx_http_model_json_str(w, &vector->base64);
        return;
    }

    if (vector->numbers) {
        ngx_http_model_json_tree(w, vector->numbers);
        return;
    }

    ngx_http_model_json_array(w);

    for (i = 0; i < vector->bytes.len; i += sizeof(uint32_t)) {
        ngx_http_model_floats_write(w,
                             ngx_http_model_floats_at(vector->bytes.data + i));
    }

    ngx_http_model_json_array_end(w);
}


static ngx_int_t
ngx_http_model_floats_check(ngx_http_model_json_t *numbers)
{
    ngx_http_model_json_t  *number;

    for (number = numbers->child; number; number = number->next) {
        if (number->type != NGX_HTTP_MODEL_JSON_NUMBER) {
            return NGX_DECLINED;
        }
    }

    return NGX_OK;
}


static ngx_int_t
ngx_http_model_floats_encode(ngx_http_model_bridge_t *b,
    ngx_http_model_json_t *numbers, ngx_str_t *base64)
{
    u_char                 *p;
    size_t                  n;
    uint32_t                bits;
    float                   value;
    ngx_int_t               rc;
    ngx_str_t               bytes;
    ngx_http_model_json_t  *number;

    n = 0;

    for (number = numbers->child; number; number = number->next) {
        n++;
    }

    bytes.len = n * sizeof(uint32_t);
    base64->len = ngx_base64_encoded_length(bytes.len);

    bytes.data = ngx_pnalloc(b->pool, bytes.len + 1);
    base64->data = ngx_pnalloc(b->pool, base64->len + 1);

    if (bytes.data == NULL || base64->data == NULL) {
        return NGX_ERROR;
    }

    p = bytes.data;

    for (number = numbers->child; number; number = number->next) {

        rc = ngx_http_model_floats_value(b->pool, &number->value, &value);

        if (rc != NGX_OK) {
            return rc;
        }

        ngx_memcpy(&bits, &value, sizeof(uint32_t));

        *p++ = (u_char) bits;
        *p++ = (u_char) (bits >> 8);
        *p++ = (u_char) (bits >> 16);
        *p++ = (u_char) (bits >> 24);
    }

    ngx_encode_base64(base64, &bytes);

    (void) ngx_pfree(b->pool, bytes.data);

    return NGX_OK;
}


/* NGX_DECLINED: it is larger than any float */

static ngx_int_t
ngx_http_model_floats_value(ngx_pool_t *pool, ngx_str_t *number, float *value)
{
    char  text[NGX_HTTP_MODEL_FLOAT_TEXT], *p;

    p = text;

    if (number->len >= sizeof(text)) {
        p = ngx_pnalloc(pool, number->len + 1);
        if (p == NULL) {
            return NGX_ERROR;
        }
    }

    ngx_memcpy(p, number->data, number->len);
    p[number->len] = '\0';

    *value = strtof(p, NULL);

    return isfinite(*value) ? NGX_OK : NGX_DECLINED;
}


static ngx_int_t
ngx_http_model_floats_decode(ngx_http_model_bridge_t *b, ngx_str_t *base64,
    ngx_str_t *bytes)
{
    size_t  i;

    bytes->data = ngx_pnalloc(b->pool,
                              ngx_base64_decoded_length(base64->len) + 1);
    if (bytes->data == NULL) {
        return NGX_ERROR;
    }

    if (ngx_decode_base64(bytes, base64) != NGX_OK
        || bytes->len % sizeof(uint32_t))
    {
        return NGX_DECLINED;
    }

    for (i = 0; i < bytes->len; i += sizeof(uint32_t)) {
        if (!isfinite(ngx_http_model_floats_at(bytes->data + i))) {
            return NGX_DECLINED;
        }
    }

    return NGX_OK;
}


static float
ngx_http_model_floats_at(u_char *p)
{
    float     value;
    uint32_t  bits;

    bits = p[0] | p[1] << 8 | p[2] << 16 | (uint32_t) p[3] << 24;

    ngx_memcpy(&value, &bits, sizeof(uint32_t));

    return value;
}


/* digits that make the same float again, and no more than it takes */

static void
ngx_http_model_floats_write(ngx_http_model_json_writer_t *w, float value)
{
    int        digits;
    char       text[NGX_HTTP_MODEL_FLOAT_TEXT];
    ngx_str_t  number;

    number.data = (u_char *) text;

    for (digits = 6; digits <= NGX_HTTP_MODEL_FLOAT_DIGITS; digits++) {

        number.len = snprintf(text, sizeof(text), "%.*g", digits, value);

        if (strtof(text, NULL) == value) {
            break;
        }
    }

    ngx_http_model_json_raw(w, &number);
}
