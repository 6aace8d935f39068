/* unit: src/ngx_http_model_preset.c src/ngx_http_model_json.c + nginx */

/*
 * Copyright (C) the ngx_http_model_module authors
 *
 * Presets, an empty line, a body.  What the edits make of a body that the
 * scanner accepts is parsed by yajl and compared with the body's tree after
 * the presets were put into it one by one.
 */


#include "preset.h"


#define DEPTH  120


int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);


static ngx_uint_t accepted(ngx_str_t *body);
static void check(ngx_pool_t *pool, ngx_str_t *text, ngx_str_t *body);
static void put(ngx_pool_t *pool, ngx_http_model_json_t *object,
    ngx_str_t path, ngx_http_model_json_t *value, ngx_uint_t force);
static void replace(ngx_http_model_json_t *json,
    ngx_http_model_json_t *value);
static ngx_uint_t fold_equal(ngx_str_t *key, ngx_str_t *part);
static size_t fold(u_char *dst, ngx_str_t *src);
static ngx_uint_t same(ngx_http_model_json_t *a, ngx_http_model_json_t *b);
static ngx_http_model_json_t *member(ngx_http_model_json_t *object,
    ngx_str_t *key, ngx_uint_t n);
static ngx_uint_t equal(ngx_str_t *a, ngx_str_t *b);
static ngx_uint_t depth(ngx_http_model_json_t *json);


static ngx_log_t        test_log;
static ngx_open_file_t  test_log_file;


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    size_t       i;
    u_char      *copy;
    ngx_str_t    text, body;
    ngx_pool_t  *pool;

    if (ngx_pagesize == 0) {
        ngx_pagesize = getpagesize();
        ngx_time_init();
        test_log_file.fd = ngx_stderr;
        test_log.file = &test_log_file;
        test_log.log_level = NGX_LOG_EMERG;
    }

    for (i = 0; i + 1 < size; i++) {

        if (data[i] == '\n' && data[i + 1] == '\n') {
            break;
        }
    }

    if (i + 1 >= size) {
        return 0;
    }

    pool = ngx_create_pool(4096, &test_log);
    copy = malloc(size);

    if (pool == NULL || copy == NULL) {
        abort();
    }

    ngx_memcpy(copy, data, size);

    text.data = copy;
    text.len = i;

    /* a block of its own, so that reading past its end is seen */

    body.len = size - i - 2;
    body.data = malloc(body.len + (body.len == 0));

    if (body.data == NULL) {
        abort();
    }

    ngx_memcpy(body.data, data + i + 2, body.len);

    check(pool, &text, &body);

    free(body.data);
    free(copy);
    ngx_destroy_pool(pool);

    return 0;
}


static ngx_uint_t
accepted(ngx_str_t *body)
{
    static ngx_http_model_scan_t  scan;

    ngx_http_model_scan_init(&scan, NULL, 0);

    return ngx_http_model_scan_feed(&scan, body->data, body->len) == NGX_OK
           && ngx_http_model_scan_finish(&scan) == NGX_OK;
}


static void
check(ngx_pool_t *pool, ngx_str_t *text, ngx_str_t *body)
{
    ngx_int_t                 rc;
    ngx_str_t                 err, result;
    ngx_uint_t                i, n, force;
    ngx_array_t              *presets;
    ngx_http_model_json_t    *root, *value;
    ngx_http_model_edit_t    *edits;
    ngx_http_model_preset_t  *preset;

    presets = preset_read(pool, text);

    if (presets->nelts == 0) {
        return;
    }

    edits = NULL;
    n = 0;

    rc = ngx_http_model_preset_plan(pool, presets, body->data, body->len,
                                    &edits, &n);

    if (rc == NGX_OK) {
        preset_apply(pool, body, edits, n, &result);

        if (result.len == (size_t) -1) {
            abort();
        }

    } else if (rc != NGX_DECLINED || n) {
        abort();
    }

    if (!accepted(body)) {
        return;
    }

    if (rc != NGX_OK) {
        abort();
    }

    /* yajl is stricter inside strings, and takes no such depth */

    root = ngx_http_model_json_parse(pool, body->data, body->len, &err);

    if (root == NULL) {
        return;
    }

    preset = presets->elts;

    for (force = 1; /* void */ ; force--) {

        for (i = 0; i < presets->nelts; i++) {

            if (preset[i].force != force) {
                continue;
            }

            value = ngx_http_model_json_parse(pool, preset[i].value.data,
                                              preset[i].value.len, &err);
            if (value == NULL) {
                abort();
            }

            put(pool, root, preset[i].path, value, force);
        }

        if (force == 0) {
            break;
        }
    }

    if (depth(root) > DEPTH) {
        return;
    }

    value = ngx_http_model_json_parse(pool, result.data, result.len, &err);

    if (value == NULL || !same(root, value)) {
        fprintf(stderr, "got %.*s\n", (int) result.len, result.data);
        abort();
    }
}


static void
put(ngx_pool_t *pool, ngx_http_model_json_t *object, ngx_str_t path,
    ngx_http_model_json_t *value, ngx_uint_t force)
{
    u_char                 *dot;
    ngx_str_t               part, rest;
    ngx_uint_t              exact;
    ngx_http_model_json_t  *json, empty;

    part = path;
    ngx_str_null(&rest);

    dot = ngx_strlchr(path.data, path.data + path.len, '.');

    if (dot) {
        part.len = dot - path.data;
        rest.data = dot + 1;
        rest.len = path.len - part.len - 1;
    }

    ngx_memzero(&empty, sizeof(ngx_http_model_json_t));
    empty.type = NGX_HTTP_MODEL_JSON_OBJECT;

    exact = 0;

    for (json = object->child; json; json = json->next) {

        if (!fold_equal(&json->key, &part)) {
            continue;
        }

        if (equal(&json->key, &part)) {
            exact = 1;
        }

        if (rest.len == 0) {

            if (force) {
                replace(json, value);
            }

            continue;
        }

        if (json->type != NGX_HTTP_MODEL_JSON_OBJECT) {

            if (!force) {
                continue;
            }

            replace(json, &empty);
        }

        put(pool, json, rest, value, force);
    }

    if (exact) {
        return;
    }

    json = ngx_pcalloc(pool, sizeof(ngx_http_model_json_t));
    if (json == NULL) {
        abort();
    }

    json->key = part;
    json->next = object->child;
    object->child = json;

    if (rest.len == 0) {
        replace(json, value);
        return;
    }

    replace(json, &empty);
    put(pool, json, rest, value, force);
}


static void
replace(ngx_http_model_json_t *json, ngx_http_model_json_t *value)
{
    json->type = value->type;
    json->value = value->value;
    json->child = value->child;
}


static ngx_uint_t
fold_equal(ngx_str_t *key, ngx_str_t *part)
{
    size_t       len;
    u_char      *a, *b;
    ngx_uint_t   rc;

    a = malloc(key->len + 1);
    b = malloc(part->len + 1);

    if (a == NULL || b == NULL) {
        abort();
    }

    len = fold(a, key);

    rc = (fold(b, part) == len && ngx_memcmp(a, b, len) == 0);

    free(a);
    free(b);

    return rc;
}


static size_t
fold(u_char *dst, ngx_str_t *src)
{
    u_char  *p, *d, *last;

    d = dst;
    last = src->data + src->len;

    for (p = src->data; p < last; /* void */ ) {

        if (last - p >= 2 && ngx_memcmp(p, "\305\277", 2) == 0) {
            *d++ = 's';
            p += 2;

        } else if (last - p >= 3 && ngx_memcmp(p, "\342\204\252", 3) == 0) {
            *d++ = 'k';
            p += 3;

        } else {
            *d++ = ngx_tolower(*p);
            p++;
        }
    }

    return d - dst;
}


/* members may stand in any order, those of one key in the same */

static ngx_uint_t
same(ngx_http_model_json_t *a, ngx_http_model_json_t *b)
{
    ngx_uint_t              na, nb, n;
    ngx_http_model_json_t  *x, *y;

    if (a->type != b->type || !equal(&a->value, &b->value)) {
        return 0;
    }

    na = 0;
    nb = 0;

    for (x = a->child; x; x = x->next) {
        na++;
    }

    for (x = b->child; x; x = x->next) {
        nb++;
    }

    if (na != nb) {
        return 0;
    }

    if (a->type == NGX_HTTP_MODEL_JSON_ARRAY) {

        for (x = a->child, y = b->child; x; x = x->next, y = y->next) {

            if (!same(x, y)) {
                return 0;
            }
        }

        return 1;
    }

    for (x = a->child; x; x = x->next) {
        n = 0;

        for (y = a->child; y != x; y = y->next) {
            n += equal(&y->key, &x->key);
        }

        y = member(b, &x->key, n);

        if (y == NULL || !same(x, y)) {
            return 0;
        }
    }

    return 1;
}


static ngx_http_model_json_t *
member(ngx_http_model_json_t *object, ngx_str_t *key, ngx_uint_t n)
{
    ngx_http_model_json_t  *json;

    for (json = object->child; json; json = json->next) {

        if (equal(&json->key, key) && n-- == 0) {
            return json;
        }
    }

    return NULL;
}


static ngx_uint_t
equal(ngx_str_t *a, ngx_str_t *b)
{
    return a->len == b->len && ngx_memcmp(a->data, b->data, a->len) == 0;
}


static ngx_uint_t
depth(ngx_http_model_json_t *json)
{
    ngx_uint_t              n, deepest;
    ngx_http_model_json_t  *child;

    deepest = 0;

    for (child = json->child; child; child = child->next) {
        n = depth(child);
        deepest = ngx_max(n, deepest);
    }

    return deepest + 1;
}
