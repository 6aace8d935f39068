
/*
 * Copyright (C) the ngx_http_model_module authors
 */


#include <ngx_config.h>
#include <ngx_core.h>

#include <yajl/yajl_gen.h>

#include "ngx_http_model_json.h"


/* yajl_gen fails when it opens its 128th container */
#define NGX_HTTP_MODEL_JSON_WRITE_DEPTH  127

#define NGX_HTTP_MODEL_JSON_BUFFER       4096
#define NGX_HTTP_MODEL_JSON_SLICE        8192


struct ngx_http_model_json_writer_s {
    yajl_gen                  gen;
    ngx_pool_t               *pool;
    u_char                   *start;
    u_char                   *pos;
    u_char                   *end;
    ngx_array_t              *pieces;     /* of what was written, before
                                             start; or NULL */
    ngx_uint_t                depth;
    u_char                    open[NGX_HTTP_MODEL_JSON_WRITE_DEPTH];
    unsigned                  key:1;
    unsigned                  done:1;
    unsigned                  failed:1;
};


static ngx_uint_t ngx_http_model_json_ready(ngx_http_model_json_writer_t *w);
static void ngx_http_model_json_result(ngx_http_model_json_writer_t *w,
    yajl_gen_status status);
static void ngx_http_model_json_begin(ngx_http_model_json_writer_t *w,
    u_char type);
static void ngx_http_model_json_end(ngx_http_model_json_writer_t *w,
    u_char type);
static void ngx_http_model_json_put_key(ngx_http_model_json_writer_t *w,
    const void *data, size_t len);
static ngx_uint_t ngx_http_model_json_plain(ngx_str_t *s);
static void ngx_http_model_json_put_str(ngx_http_model_json_writer_t *w,
    const void *data, size_t len);
static void ngx_http_model_json_scalar(ngx_http_model_json_writer_t *w,
    ngx_http_model_json_t *json);
static ngx_uint_t ngx_http_model_json_tree_open(
    ngx_http_model_json_writer_t *w, ngx_http_model_json_t *json);
static void ngx_http_model_json_print(void *data, const char *str,
    size_t len);
static ngx_uint_t ngx_http_model_json_slice(ngx_http_model_json_writer_t *w,
    u_char *p, size_t len);
static ngx_int_t ngx_http_model_json_piece(ngx_http_model_json_writer_t *w,
    u_char *p, size_t len);
static ngx_int_t ngx_http_model_json_reserve(ngx_http_model_json_writer_t *w,
    size_t len);
static void ngx_http_model_json_writer_cleanup(void *data);


ngx_http_model_json_writer_t *
ngx_http_model_json_writer(ngx_pool_t *pool)
{
    ngx_pool_cleanup_t            *cln;
    ngx_http_model_json_writer_t  *w;

    cln = ngx_pool_cleanup_add(pool, sizeof(ngx_http_model_json_writer_t));
    if (cln == NULL) {
        return NULL;
    }

    w = cln->data;
    ngx_memzero(w, sizeof(ngx_http_model_json_writer_t));

    w->pool = pool;

    w->gen = yajl_gen_alloc(NULL);
    if (w->gen == NULL) {
        return NULL;
    }

    cln->handler = ngx_http_model_json_writer_cleanup;

    (void) yajl_gen_config(w->gen, yajl_gen_print_callback,
                           ngx_http_model_json_print, w);

    return w;
}


static void
ngx_http_model_json_writer_cleanup(void *data)
{
    ngx_http_model_json_writer_t *w = data;

    if (w->gen != NULL) {
        yajl_gen_free(w->gen);
        w->gen = NULL;
    }
}


ngx_int_t
ngx_http_model_json_finish(ngx_http_model_json_writer_t *w, ngx_str_t *out)
{
    ngx_str_null(out);

    if (w == NULL || w->gen == NULL) {
        return NGX_ERROR;
    }

    ngx_http_model_json_writer_cleanup(w);

    if (w->failed || !w->done) {
        return NGX_ERROR;
    }

    out->data = w->start;
    out->len = w->pos - w->start;

    return NGX_OK;
}


void
ngx_http_model_json_sliced(ngx_http_model_json_writer_t *w)
{
    if (w == NULL) {
        return;
    }

    w->pieces = ngx_array_create(w->pool, 4, sizeof(ngx_str_t));

    if (w->pieces == NULL) {
        w->failed = 1;
    }
}


ngx_int_t
ngx_http_model_json_finish_pieces(ngx_http_model_json_writer_t *w,
    ngx_array_t **pieces)
{
    ngx_str_t  rest;

    if (ngx_http_model_json_finish(w, &rest) != NGX_OK
        || ngx_http_model_json_piece(w, rest.data, rest.len) != NGX_OK)
    {
        return NGX_ERROR;
    }

    *pieces = w->pieces;

    return NGX_OK;
}


static ngx_uint_t
ngx_http_model_json_ready(ngx_http_model_json_writer_t *w)
{
    if (w == NULL || w->gen == NULL || w->failed) {
        return 0;
    }

    /* yajl checks that keys come first, not that containers match */

    if (w->done) {
        w->failed = 1;
        return 0;
    }

    return 1;
}


static void
ngx_http_model_json_result(ngx_http_model_json_writer_t *w,
    yajl_gen_status status)
{
    if (status != yajl_gen_status_ok) {
        w->failed = 1;
        return;
    }

    w->key = 0;
    w->done = (w->depth == 0);
}


static void
ngx_http_model_json_begin(ngx_http_model_json_writer_t *w, u_char type)
{
    yajl_gen_status  status;

    if (!ngx_http_model_json_ready(w)) {
        return;
    }

    if (w->depth == NGX_HTTP_MODEL_JSON_WRITE_DEPTH) {
        w->failed = 1;
        return;
    }

    w->open[w->depth++] = type;

    status = (type == '{') ? yajl_gen_map_open(w->gen)
                           : yajl_gen_array_open(w->gen);

    ngx_http_model_json_result(w, status);
}


static void
ngx_http_model_json_end(ngx_http_model_json_writer_t *w, u_char type)
{
    yajl_gen_status  status;

    if (!ngx_http_model_json_ready(w)) {
        return;
    }

    if (w->depth == 0 || w->open[w->depth - 1] != type || w->key) {
        w->failed = 1;
        return;
    }

    w->depth--;

    status = (type == '{') ? yajl_gen_map_close(w->gen)
                           : yajl_gen_array_close(w->gen);

    ngx_http_model_json_result(w, status);
}


void
ngx_http_model_json_object(ngx_http_model_json_writer_t *w)
{
    ngx_http_model_json_begin(w, '{');
}


void
ngx_http_model_json_object_end(ngx_http_model_json_writer_t *w)
{
    ngx_http_model_json_end(w, '{');
}


void
ngx_http_model_json_array(ngx_http_model_json_writer_t *w)
{
    ngx_http_model_json_begin(w, '[');
}


void
ngx_http_model_json_array_end(ngx_http_model_json_writer_t *w)
{
    ngx_http_model_json_end(w, '[');
}


void
ngx_http_model_json_key(ngx_http_model_json_writer_t *w, const char *key)
{
    ngx_http_model_json_put_key(w, key, ngx_strlen(key));
}


void
ngx_http_model_json_key_str(ngx_http_model_json_writer_t *w, ngx_str_t *key)
{
    ngx_http_model_json_put_key(w, key->data, key->len);
}


static void
ngx_http_model_json_put_key(ngx_http_model_json_writer_t *w, const void *data,
    size_t len)
{
    if (!ngx_http_model_json_ready(w)) {
        return;
    }

    if (w->depth == 0 || w->open[w->depth - 1] != '{' || w->key) {
        w->failed = 1;
        return;
    }

    ngx_http_model_json_put_str(w, data, len);

    w->key = 1;
}


void
ngx_http_model_json_str(ngx_http_model_json_writer_t *w, ngx_str_t *s)
{
    ngx_http_model_json_put_str(w, s->data, s->len);
}


void
ngx_http_model_json_cstr(ngx_http_model_json_writer_t *w, const char *s)
{
    ngx_http_model_json_put_str(w, s, ngx_strlen(s));
}


/*
 * yajl takes a string at once, so what is to stay where it lies follows the
 * start of a value that yajl holds for whole.
 */

void
ngx_http_model_json_str2(ngx_http_model_json_writer_t *w, ngx_str_t *prefix,
    ngx_str_t *s)
{
    u_char      *p;
    ngx_str_t    head;
    ngx_uint_t   slice;

    if (!ngx_http_model_json_ready(w)) {
        return;
    }

    slice = (w->pieces != NULL
             && s->len >= NGX_HTTP_MODEL_JSON_SLICE
             && ngx_http_model_json_plain(prefix)
             && ngx_http_model_json_plain(s));

    head.len = 1 + prefix->len + (slice ? 0 : s->len);

    head.data = ngx_pnalloc(w->pool, head.len);
    if (head.data == NULL) {
        w->failed = 1;
        return;
    }

    head.data[0] = '"';
    p = ngx_cpymem(head.data + 1, prefix->data, prefix->len);

    if (!slice) {
        ngx_memcpy(p, s->data, s->len);
        ngx_http_model_json_put_str(w, head.data + 1, head.len - 1);
        return;
    }

    ngx_http_model_json_raw(w, &head);
    ngx_http_model_json_print(w, (char *) s->data, s->len);
    ngx_http_model_json_print(w, (char *) head.data, 1);
}


/* printable ASCII that needs no escapes */

static ngx_uint_t
ngx_http_model_json_plain(ngx_str_t *s)
{
    size_t  i;

    for (i = 0; i < s->len; i++) {
        if (s->data[i] < 0x20 || s->data[i] > 0x7e
            || s->data[i] == '"' || s->data[i] == '\\')
        {
            return 0;
        }
    }

    return 1;
}


static void
ngx_http_model_json_put_str(ngx_http_model_json_writer_t *w, const void *data,
    size_t len)
{
    if (!ngx_http_model_json_ready(w)) {
        return;
    }

    if (len == 0) {
        data = "";
    }

    ngx_http_model_json_result(w, yajl_gen_string(w->gen, data, len));
}


void
ngx_http_model_json_int(ngx_http_model_json_writer_t *w, int64_t n)
{
    if (ngx_http_model_json_ready(w)) {
        ngx_http_model_json_result(w, yajl_gen_integer(w->gen, n));
    }
}


void
ngx_http_model_json_bool(ngx_http_model_json_writer_t *w, ngx_uint_t b)
{
    if (ngx_http_model_json_ready(w)) {
        ngx_http_model_json_result(w, yajl_gen_bool(w->gen, b ? 1 : 0));
    }
}


void
ngx_http_model_json_null(ngx_http_model_json_writer_t *w)
{
    if (ngx_http_model_json_ready(w)) {
        ngx_http_model_json_result(w, yajl_gen_null(w->gen));
    }
}


void
ngx_http_model_json_raw(ngx_http_model_json_writer_t *w, ngx_str_t *s)
{
    if (!ngx_http_model_json_ready(w)) {
        return;
    }

    if (s->len == 0) {
        w->failed = 1;
        return;
    }

    ngx_http_model_json_result(w, yajl_gen_number(w->gen, (char *) s->data,
                                                  s->len));
}


void
ngx_http_model_json_tree(ngx_http_model_json_writer_t *w,
    ngx_http_model_json_t *json)
{
    ngx_uint_t              n;
    ngx_http_model_json_t  *stack[NGX_HTTP_MODEL_JSON_WRITE_DEPTH];

    if (json == NULL) {
        ngx_http_model_json_null(w);
        return;
    }

    n = 0;

    for ( ;; ) {

        if (!ngx_http_model_json_ready(w)) {
            return;
        }

        if (n && stack[n - 1]->type == NGX_HTTP_MODEL_JSON_OBJECT) {
            ngx_http_model_json_key_str(w, &json->key);
        }

        if (ngx_http_model_json_tree_open(w, json)) {
            stack[n++] = json;

            if (json->child != NULL) {
                json = json->child;
                continue;
            }

        } else {
            ngx_http_model_json_scalar(w, json);

            if (n == 0) {
                return;
            }

            if (json->next != NULL) {
                json = json->next;
                continue;
            }
        }

        do {
            json = stack[--n];
            ngx_http_model_json_end(w, w->open[w->depth - 1]);

            if (n == 0) {
                return;
            }

        } while (json->next == NULL);

        json = json->next;
    }
}


static ngx_uint_t
ngx_http_model_json_tree_open(ngx_http_model_json_writer_t *w,
    ngx_http_model_json_t *json)
{
    if (json->type < NGX_HTTP_MODEL_JSON_ARRAY
        || w->failed
        || w->depth == NGX_HTTP_MODEL_JSON_WRITE_DEPTH)
    {
        return 0;
    }

    ngx_http_model_json_begin(w, (json->type == NGX_HTTP_MODEL_JSON_OBJECT)
                                 ? '{' : '[');

    return !w->failed;
}


static void
ngx_http_model_json_scalar(ngx_http_model_json_writer_t *w,
    ngx_http_model_json_t *json)
{
    switch (json->type) {

    case NGX_HTTP_MODEL_JSON_STRING:
        ngx_http_model_json_str(w, &json->value);
        break;

    case NGX_HTTP_MODEL_JSON_NUMBER:
        ngx_http_model_json_raw(w, &json->value);
        break;

    case NGX_HTTP_MODEL_JSON_BOOL:
        ngx_http_model_json_bool(w, json->value.len);
        break;

    default:
        ngx_http_model_json_null(w);
        break;
    }
}


/*
 * All that yajl writes comes through here.  Outside of strings it is ASCII,
 * and a string comes in runs that end only at a character yajl escapes.
 */

static void
ngx_http_model_json_print(void *data, const char *str, size_t len)
{
    ngx_http_model_json_writer_t *w = data;

    size_t   n;
    u_char  *p, *last;

    p = (u_char *) str;
    last = p + len;

    if (w->pieces && len >= NGX_HTTP_MODEL_JSON_SLICE
        && ngx_http_model_json_slice(w, p, len))
    {
        return;
    }

    if (ngx_http_model_json_reserve(w, len) != NGX_OK) {
        return;
    }

    while (p < last) {

        if (*p < 0x80) {
            *w->pos++ = (*p < 0x20) ? ' ' : *p;
            p++;

        } else {
            n = ngx_http_model_json_utf8(p, last);

            /* an escape of six bytes is the longest replacement */

            if (ngx_http_model_json_reserve(w, (last - p) + 6) != NGX_OK) {
                return;
            }

            if (n == 0) {
                w->pos = ngx_cpymem(w->pos, "\xef\xbf\xbd", 3);
                n = 1;

            } else if (n == 2 && p[0] == 0xc2 && p[1] == 0x85) {
                w->pos = ngx_cpymem(w->pos, "\\u0085", 6);

            } else if (n == 3 && p[0] == 0xe2 && p[1] == 0x80
                       && (p[2] == 0xa8 || p[2] == 0xa9))
            {
                w->pos = ngx_cpymem(w->pos, (p[2] == 0xa8) ? "\\u2028"
                                                           : "\\u2029", 6);

            } else {
                w->pos = ngx_cpymem(w->pos, p, n);
            }

            p += n;
        }
    }
}


/* 1 when the run was taken as it lies: all of it is printable ASCII */

static ngx_uint_t
ngx_http_model_json_slice(ngx_http_model_json_writer_t *w, u_char *p,
    size_t len)
{
    size_t  i;

    for (i = 0; i < len; i++) {
        if (p[i] < 0x20 || p[i] > 0x7e) {
            return 0;
        }
    }

    if (ngx_http_model_json_piece(w, w->start, w->pos - w->start) != NGX_OK
        || ngx_http_model_json_piece(w, p, len) != NGX_OK)
    {
        w->failed = 1;
        return 1;
    }

    w->start = w->pos;

    return 1;
}


static ngx_int_t
ngx_http_model_json_piece(ngx_http_model_json_writer_t *w, u_char *p,
    size_t len)
{
    ngx_str_t  *piece;

    if (len == 0) {
        return NGX_OK;
    }

    piece = w->pieces ? ngx_array_push(w->pieces) : NULL;
    if (piece == NULL) {
        return NGX_ERROR;
    }

    piece->data = p;
    piece->len = len;

    return NGX_OK;
}


static ngx_int_t
ngx_http_model_json_reserve(ngx_http_model_json_writer_t *w, size_t len)
{
    size_t   used, size;
    u_char  *start;

    if (w->failed) {
        return NGX_ERROR;
    }

    if ((size_t) (w->end - w->pos) >= len) {
        return NGX_OK;
    }

    used = w->pos - w->start;
    size = ngx_max(2 * (used + len), NGX_HTTP_MODEL_JSON_BUFFER);

    start = ngx_pnalloc(w->pool, size);
    if (start == NULL) {
        w->failed = 1;
        return NGX_ERROR;
    }

    if (used) {
        ngx_memcpy(start, w->start, used);

        if (w->pieces == NULL) {
            (void) ngx_pfree(w->pool, w->start);
        }
    }

    w->start = start;
    w->pos = start + used;
    w->end = start + size;

    return NGX_OK;
}
