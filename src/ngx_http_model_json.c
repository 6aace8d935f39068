
/*
 * Copyright (C) the ngx_http_model_module authors
 */


#include <ngx_config.h>
#include <ngx_core.h>

#include <yajl/yajl_parse.h>

#include "ngx_http_model_json.h"


#define NGX_HTTP_MODEL_JSON_DEPTH  128

/* of a client's document: a value takes many times what "0," does */
#define NGX_HTTP_MODEL_JSON_VALUES (512 * 1024)


typedef struct {
    ngx_pool_t               *pool;
    const char               *err;
    ngx_str_t                 key;
    ngx_uint_t                depth;
    ngx_http_model_json_t    *root;
    u_char                   *start;   /* of the text, where strings may be
                                          slices of it; or NULL */
    u_char                   *end;
    ngx_uint_t                left;    /* values that it may still have */
    ngx_http_model_json_t   **last[NGX_HTTP_MODEL_JSON_DEPTH + 1];
} ngx_http_model_json_parser_t;


static ngx_http_model_json_t *ngx_http_model_json_read(
    ngx_http_model_json_parser_t *ctx, u_char *p, size_t len,
    ngx_uint_t lenient, ngx_str_t *err);
static const char *ngx_http_model_json_check(u_char *p, size_t len);
static const char *ngx_http_model_json_check_escape(u_char **pp,
    u_char *last);
static ngx_int_t ngx_http_model_json_hex(u_char *p, u_char *last);
static ngx_int_t ngx_http_model_json_copy_error(yajl_handle handle,
    ngx_pool_t *pool, ngx_str_t *err);

static ngx_http_model_json_t *ngx_http_model_json_add(
    ngx_http_model_json_parser_t *ctx, ngx_uint_t type);
static int ngx_http_model_json_add_text(ngx_http_model_json_parser_t *ctx,
    ngx_uint_t type, const void *data, size_t len);
static int ngx_http_model_json_open(ngx_http_model_json_parser_t *ctx,
    ngx_uint_t type);
static ngx_int_t ngx_http_model_json_copy(ngx_http_model_json_parser_t *ctx,
    ngx_str_t *dst, const void *data, size_t len);
static int ngx_http_model_json_null_handler(void *data);
static int ngx_http_model_json_bool_handler(void *data, int value);
static int ngx_http_model_json_number_handler(void *data, const char *value,
    size_t len);
static int ngx_http_model_json_string_handler(void *data,
    const unsigned char *value, size_t len);
static int ngx_http_model_json_object_handler(void *data);
static int ngx_http_model_json_key_handler(void *data,
    const unsigned char *value, size_t len);
static int ngx_http_model_json_array_handler(void *data);
static int ngx_http_model_json_end_handler(void *data);

static int64_t ngx_http_model_json_integer(u_char *p, u_char *last);
static ngx_int_t ngx_http_model_json_exponent(u_char *p, u_char *last);
static ngx_int_t ngx_http_model_json_scale(int64_t *value, ngx_int_t power,
    ngx_int_t digit);

static yajl_callbacks  ngx_http_model_json_callbacks = {
    ngx_http_model_json_null_handler,
    ngx_http_model_json_bool_handler,
    NULL,
    NULL,
    ngx_http_model_json_number_handler,
    ngx_http_model_json_string_handler,
    ngx_http_model_json_object_handler,
    ngx_http_model_json_key_handler,
    ngx_http_model_json_end_handler,
    ngx_http_model_json_array_handler,
    ngx_http_model_json_end_handler
};


size_t
ngx_http_model_json_utf8(u_char *p, u_char *last)
{
    size_t  i, len;
    u_char  low, high;

    if (p[0] < 0x80) {
        return 1;
    }

    low = 0x80;
    high = 0xbf;

    if (p[0] >= 0xc2 && p[0] <= 0xdf) {
        len = 2;

    } else if ((p[0] & 0xf0) == 0xe0) {
        len = 3;

        /* no overlong forms, no surrogates */

        low = (p[0] == 0xe0) ? 0xa0 : 0x80;
        high = (p[0] == 0xed) ? 0x9f : 0xbf;

    } else if (p[0] >= 0xf0 && p[0] <= 0xf4) {
        len = 4;

        /* no overlong forms, nothing above U+10FFFF */

        low = (p[0] == 0xf0) ? 0x90 : 0x80;
        high = (p[0] == 0xf4) ? 0x8f : 0xbf;

    } else {
        return 0;
    }

    if ((size_t) (last - p) < len || p[1] < low || p[1] > high) {
        return 0;
    }

    for (i = 2; i < len; i++) {
        if ((p[i] & 0xc0) != 0x80) {
            return 0;
        }
    }

    return len;
}


ngx_http_model_json_t *
ngx_http_model_json_parse(ngx_pool_t *pool, u_char *p, size_t len,
    ngx_str_t *err)
{
    ngx_http_model_json_parser_t  ctx;

    ctx.pool = pool;
    ctx.left = NGX_MAX_UINT32_VALUE;
    ctx.start = NULL;
    ctx.end = NULL;

    return ngx_http_model_json_read(&ctx, p, len, 0, err);
}


ngx_http_model_json_t *
ngx_http_model_json_slices(ngx_pool_t *pool, u_char *p, size_t len,
    ngx_uint_t lenient, ngx_str_t *err)
{
    ngx_http_model_json_parser_t  ctx;

    ctx.pool = pool;
    ctx.left = lenient ? NGX_MAX_UINT32_VALUE : NGX_HTTP_MODEL_JSON_VALUES;
    ctx.start = p;
    ctx.end = p + len;

    return ngx_http_model_json_read(&ctx, p, len, lenient, err);
}


static ngx_http_model_json_t *
ngx_http_model_json_read(ngx_http_model_json_parser_t *ctx, u_char *p,
    size_t len, ngx_uint_t lenient, ngx_str_t *err)
{
    yajl_handle  handle;
    yajl_status  status;

    ngx_str_null(err);

    ctx->depth = 0;
    ctx->last[0] = &ctx->root;
    ngx_str_null(&ctx->key);

    ctx->root = NULL;

    ctx->err = lenient ? NULL : ngx_http_model_json_check(p, len);
    if (ctx->err != NULL) {
        goto failed;
    }

    handle = yajl_alloc(&ngx_http_model_json_callbacks, NULL, ctx);
    if (handle == NULL) {
        ctx->err = "not enough memory";
        goto failed;
    }

    if (lenient) {
        (void) yajl_config(handle, yajl_dont_validate_strings, 1);
    }

    status = yajl_parse(handle, p, len);

    /* a string that is cut short after the document would go unnoticed */

    if (status == yajl_status_ok && ctx->root != NULL && ctx->depth == 0) {
        status = yajl_parse(handle, (u_char *) "\n", 1);
    }

    if (status == yajl_status_ok) {
        status = yajl_complete_parse(handle);
    }

    if (status != yajl_status_ok && ctx->err == NULL) {

        if (ngx_http_model_json_copy_error(handle, ctx->pool, err) != NGX_OK) {
            ctx->err = "not valid JSON";
        }
    }

    yajl_free(handle);

    if (status == yajl_status_ok) {
        return ctx->root;
    }

failed:

    if (ctx->err != NULL) {
        err->data = (u_char *) ctx->err;
        err->len = ngx_strlen(ctx->err);
    }

    return NULL;
}


/*
 * yajl lets overlong forms and surrogates pass, decodes half a surrogate pair
 * to invalid UTF-8, swallows what follows the other half, and takes vertical
 * tabs and form feeds for white space.
 */

static const char *
ngx_http_model_json_check(u_char *p, size_t len)
{
    size_t       n;
    u_char      *last;
    const char  *err;
    ngx_uint_t   string;

    if (len == 0) {
        return "empty document";
    }

    last = p + len;
    string = 0;

    while (p < last) {

        if (*p == '"') {
            string = !string;

        } else if ((*p == '\v' || *p == '\f') && !string) {
            return "invalid white space";
        }

        if (*p == '\\') {
            err = ngx_http_model_json_check_escape(&p, last);
            if (err != NULL) {
                return err;
            }

            continue;
        }

        n = ngx_http_model_json_utf8(p, last);
        if (n == 0) {
            return "invalid UTF-8";
        }

        p += n;
    }

    return NULL;
}


static const char *
ngx_http_model_json_check_escape(u_char **pp, u_char *last)
{
    u_char     *p;
    ngx_int_t   high, low;

    p = *pp;

    if (last - p < 2 || p[1] != 'u') {

        /* a byte that is not ASCII is left to the caller's loop */

        *pp = (last - p > 1 && p[1] < 0x80) ? p + 2 : p + 1;
        return NULL;
    }

    high = ngx_http_model_json_hex(p + 2, last);

    if (high < 0xd800 || high > 0xdfff) {
        *pp = p + 2;
        return NULL;
    }

    if (high < 0xdc00 && last - p >= 12 && p[6] == '\\' && p[7] == 'u') {

        low = ngx_http_model_json_hex(p + 8, last);

        if (low >= 0xdc00 && low <= 0xdfff) {
            *pp = p + 12;
            return NULL;
        }
    }

    return "half of a surrogate pair in a string";
}


static ngx_int_t
ngx_http_model_json_hex(u_char *p, u_char *last)
{
    if (last - p < 4) {
        return NGX_ERROR;
    }

    return ngx_hextoi(p, 4);
}


static ngx_int_t
ngx_http_model_json_copy_error(yajl_handle handle, ngx_pool_t *pool,
    ngx_str_t *err)
{
    size_t   len;
    u_char  *text;

    text = yajl_get_error(handle, 0, NULL, 0);
    if (text == NULL) {
        return NGX_ERROR;
    }

    len = ngx_strlen(text);

    while (len && (text[len - 1] == '\n' || text[len - 1] == '.')) {
        len--;
    }

    err->data = ngx_pnalloc(pool, len);
    if (err->data != NULL) {
        ngx_memcpy(err->data, text, len);
        err->len = len;
    }

    yajl_free_error(handle, text);

    return (err->data != NULL) ? NGX_OK : NGX_ERROR;
}


static ngx_http_model_json_t *
ngx_http_model_json_add(ngx_http_model_json_parser_t *ctx, ngx_uint_t type)
{
    ngx_http_model_json_t  *json;

    if (ctx->left-- == 0) {
        ctx->err = "too many values";
        return NULL;
    }

    json = ngx_pcalloc(ctx->pool, sizeof(ngx_http_model_json_t));
    if (json == NULL) {
        ctx->err = "not enough memory";
        return NULL;
    }

    json->type = type;
    json->key = ctx->key;
    ngx_str_null(&ctx->key);

    *ctx->last[ctx->depth] = json;
    ctx->last[ctx->depth] = &json->next;

    return json;
}


static int
ngx_http_model_json_add_text(ngx_http_model_json_parser_t *ctx,
    ngx_uint_t type, const void *data, size_t len)
{
    ngx_http_model_json_t  *json;

    json = ngx_http_model_json_add(ctx, type);
    if (json == NULL) {
        return 0;
    }

    return ngx_http_model_json_copy(ctx, &json->value, data, len) == NGX_OK;
}


static int
ngx_http_model_json_open(ngx_http_model_json_parser_t *ctx, ngx_uint_t type)
{
    ngx_http_model_json_t  *json;

    if (ctx->depth == NGX_HTTP_MODEL_JSON_DEPTH) {
        ctx->err = "nested too deep";
        return 0;
    }

    json = ngx_http_model_json_add(ctx, type);
    if (json == NULL) {
        return 0;
    }

    ctx->depth++;
    ctx->last[ctx->depth] = &json->child;

    return 1;
}


static ngx_int_t
ngx_http_model_json_copy(ngx_http_model_json_parser_t *ctx, ngx_str_t *dst,
    const void *data, size_t len)
{
    dst->len = len;

    if (len == 0) {
        dst->data = (u_char *) "";
        return NGX_OK;
    }

    if ((u_char *) data >= ctx->start && (u_char *) data < ctx->end) {
        dst->data = (u_char *) data;
        return NGX_OK;
    }

    dst->data = ngx_pnalloc(ctx->pool, len);
    if (dst->data == NULL) {
        ctx->err = "not enough memory";
        return NGX_ERROR;
    }

    ngx_memcpy(dst->data, data, len);

    return NGX_OK;
}


static int
ngx_http_model_json_null_handler(void *data)
{
    return ngx_http_model_json_add(data, NGX_HTTP_MODEL_JSON_NULL) != NULL;
}


static int
ngx_http_model_json_bool_handler(void *data, int value)
{
    ngx_http_model_json_t  *json;

    json = ngx_http_model_json_add(data, NGX_HTTP_MODEL_JSON_BOOL);
    if (json == NULL) {
        return 0;
    }

    json->value.data = (u_char *) (value ? "true" : "false");
    json->value.len = value ? 1 : 0;

    return 1;
}


static int
ngx_http_model_json_number_handler(void *data, const char *value, size_t len)
{
    return ngx_http_model_json_add_text(data, NGX_HTTP_MODEL_JSON_NUMBER,
                                        value, len);
}


static int
ngx_http_model_json_string_handler(void *data, const unsigned char *value,
    size_t len)
{
    return ngx_http_model_json_add_text(data, NGX_HTTP_MODEL_JSON_STRING,
                                        value, len);
}


static int
ngx_http_model_json_object_handler(void *data)
{
    return ngx_http_model_json_open(data, NGX_HTTP_MODEL_JSON_OBJECT);
}


static int
ngx_http_model_json_key_handler(void *data, const unsigned char *value,
    size_t len)
{
    ngx_http_model_json_parser_t *ctx = data;

    return ngx_http_model_json_copy(ctx, &ctx->key, value, len) == NGX_OK;
}


static int
ngx_http_model_json_array_handler(void *data)
{
    return ngx_http_model_json_open(data, NGX_HTTP_MODEL_JSON_ARRAY);
}


static int
ngx_http_model_json_end_handler(void *data)
{
    ngx_http_model_json_parser_t *ctx = data;

    ctx->depth--;

    return 1;
}


/* documents nest at most NGX_HTTP_MODEL_JSON_DEPTH deep */

ngx_http_model_json_t *
ngx_http_model_json_dup(ngx_pool_t *pool, ngx_http_model_json_t *json,
    size_t *size)
{
    size_t                   len;
    u_char                  *p;
    ngx_http_model_json_t   *copy, *child, **next;

    /* a bool has a length that is none */

    len = (json->type == NGX_HTTP_MODEL_JSON_BOOL) ? 0 : json->value.len;

    copy = ngx_palloc(pool, sizeof(ngx_http_model_json_t));
    p = ngx_pnalloc(pool, json->key.len + len + 1);

    if (copy == NULL || p == NULL) {
        return NULL;
    }

    *size += sizeof(ngx_http_model_json_t) + json->key.len + len;

    *copy = *json;

    copy->key.data = p;
    p = ngx_cpymem(p, json->key.data, json->key.len);

    if (len) {
        copy->value.data = p;
        ngx_memcpy(p, json->value.data, len);
    }

    copy->child = NULL;
    copy->next = NULL;

    next = &copy->child;

    for (child = json->child; child; child = child->next) {

        *next = ngx_http_model_json_dup(pool, child, size);
        if (*next == NULL) {
            return NULL;
        }

        next = &(*next)->next;
    }

    return copy;
}


ngx_http_model_json_t *
ngx_http_model_json_get(ngx_http_model_json_t *json, const char *key)
{
    size_t                  len;
    ngx_http_model_json_t  *member, *found;

    if (json == NULL || json->type != NGX_HTTP_MODEL_JSON_OBJECT) {
        return NULL;
    }

    found = NULL;
    len = ngx_strlen(key);

    for (member = json->child; member != NULL; member = member->next) {

        if (member->key.len == len
            && ngx_memcmp(member->key.data, key, len) == 0)
        {
            found = member;
        }
    }

    return found;
}


ngx_int_t
ngx_http_model_json_get_str(ngx_http_model_json_t *json, const char *key,
    ngx_str_t *value)
{
    ngx_http_model_json_t  *member;

    member = ngx_http_model_json_get(json, key);

    if (member == NULL || member->type != NGX_HTTP_MODEL_JSON_STRING) {
        ngx_str_null(value);
        return NGX_DECLINED;
    }

    *value = member->value;

    return NGX_OK;
}


int64_t
ngx_http_model_json_get_int(ngx_http_model_json_t *json, const char *key)
{
    ngx_http_model_json_t  *member;

    member = ngx_http_model_json_get(json, key);

    if (member == NULL || member->type != NGX_HTTP_MODEL_JSON_NUMBER) {
        return -1;
    }

    return ngx_http_model_json_integer(member->value.data,
                                       member->value.data + member->value.len);
}


static int64_t
ngx_http_model_json_integer(u_char *p, u_char *last)
{
    int64_t     value;
    ngx_int_t   zeros, exponent;
    ngx_uint_t  fraction, negative;

    value = 0;
    zeros = 0;
    exponent = 0;
    fraction = 0;

    negative = (*p == '-');
    p += negative;

    /* what has been read is value * 10^zeros * 10^exponent */

    for ( /* void */ ; p < last && *p != 'e' && *p != 'E'; p++) {

        if (*p == '.') {
            fraction = 1;
            continue;
        }

        exponent -= fraction;
        zeros++;

        if (*p == '0') {
            continue;
        }

        if (ngx_http_model_json_scale(&value, zeros, *p - '0') != NGX_OK) {
            return -1;
        }

        zeros = 0;
    }

    if (value == 0) {
        return 0;
    }

    if (p < last) {
        exponent += ngx_http_model_json_exponent(p + 1, last);
    }

    exponent += zeros;

    if (negative
        || exponent < 0
        || ngx_http_model_json_scale(&value, exponent, 0) != NGX_OK)
    {
        return -1;
    }

    return value;
}


static ngx_int_t
ngx_http_model_json_exponent(u_char *p, u_char *last)
{
    ngx_int_t  n, sign;

    sign = (*p == '-') ? -1 : 1;

    if (*p == '-' || *p == '+') {
        p++;
    }

    /* a cap that no number of digits in a document outweighs */

    for (n = 0; p < last && n < NGX_MAX_INT32_VALUE / 10; p++) {
        n = n * 10 + (*p - '0');
    }

    return (p < last) ? sign * NGX_MAX_INT32_VALUE : sign * n;
}


static ngx_int_t
ngx_http_model_json_scale(int64_t *value, ngx_int_t power, ngx_int_t digit)
{
    if (*value == 0) {
        *value = digit;
        return NGX_OK;
    }

    for ( /* void */ ; power; power--) {

        if (*value > INT64_MAX / 10) {
            return NGX_ERROR;
        }

        *value *= 10;
    }

    if (*value > INT64_MAX - digit) {
        return NGX_ERROR;
    }

    *value += digit;

    return NGX_OK;
}
