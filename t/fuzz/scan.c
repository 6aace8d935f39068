/* unit: src/ngx_http_model_scan.c src/ngx_http_model_scan_member.c */

/*
 * Copyright (C) the ngx_http_model_module authors
 *
 * The body scanner against yajl.  The first byte says where the document,
 * which follows, is cut.  What both accept must have the same members; what
 * yajl accepts must be accepted, but for what the scanner refuses on purpose;
 * what yajl refuses must be refused.  All block classifiers must agree.
 */


#include <ngx_config.h>
#include <ngx_core.h>

#include <yajl/yajl_parse.h>

#include "ngx_http_model_scan.h"


#define LEVELS  4096


typedef struct {
    ngx_uint_t      type;
    off_t           key_start;
    off_t           start;
    off_t           end;
    size_t          len;
    u_char          value[NGX_HTTP_MODEL_SCAN_VALUE_SIZE];
    unsigned        found:1;
    unsigned        empty:1;
    unsigned        dup:1;
} expected_t;


typedef struct {
    u_char          path[64];   /* of the value to come, empty: not tracked */
    ngx_int_t       member;     /* whose value this object or array is */
    unsigned        object:1;
    unsigned        tracked:1;  /* only objects above */
    unsigned        used:1;
} level_t;


typedef struct {
    yajl_handle     yajl;
    const u_char   *data;
    size_t          size;
    size_t          last;       /* end of the last token */
    off_t           key_start;
    off_t           root_end;
    ngx_uint_t      depth;
    ngx_uint_t      root;       /* type */
    ngx_uint_t      seen;       /* names by bit, in any case */
    unsigned        too_deep:1;
    unsigned        bad_name:1;
    unsigned        surrogates:1;
    level_t         levels[LEVELS];
    expected_t      expected[NGX_HTTP_MODEL_SCAN_KEYS];
} oracle_t;


int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void scan(ngx_http_model_scan_t *s, ngx_uint_t block,
    const u_char *data, size_t size, size_t piece);
static void compare(ngx_http_model_scan_t *a, ngx_http_model_scan_t *b);
static ngx_uint_t parse(oracle_t *o);
static void check(oracle_t *o, ngx_http_model_scan_t *s);
static void must(ngx_uint_t good);
static ngx_int_t value(oracle_t *o, ngx_uint_t type, size_t len);
static void value_end(oracle_t *o, level_t *level);
static size_t skip(oracle_t *o, size_t i, const char *bytes);
static ngx_uint_t fold(const u_char *key, size_t len, const u_char *name);

static int on_null(void *ctx);
static int on_boolean(void *ctx, int boolean);
static int on_number(void *ctx, const char *number, size_t len);
static int on_string(void *ctx, const unsigned char *text, size_t len);
static int on_start_map(void *ctx);
static int on_map_key(void *ctx, const unsigned char *key, size_t len);
static int on_end(void *ctx);
static int on_start_array(void *ctx);


static ngx_http_model_scan_key_t  keys[] = {
    { ngx_string("model"), NGX_HTTP_MODEL_SCAN_NAME },
    { ngx_string("ks"), NGX_HTTP_MODEL_SCAN_NAME },
    { ngx_string("stream"), 0 },
    { ngx_string("o"), 0 },
    { ngx_string("o.a"), 0 },
    { ngx_string("o.b.c"), 0 },
    { ngx_string("o.n"), NGX_HTTP_MODEL_SCAN_NAME },
    { ngx_string("x.y"), 0 }
};

#define NKEYS  (sizeof(keys) / sizeof(keys[0]))


static yajl_callbacks  callbacks = {
    on_null,
    on_boolean,
    NULL,
    NULL,
    on_number,
    on_string,
    on_start_map,
    on_map_key,
    on_end,
    on_start_array,
    on_end
};


static oracle_t               oracle;
static ngx_http_model_scan_t  scans[4];


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    size_t      piece;
    ngx_uint_t  block;

    if (size == 0) {
        return 0;
    }

    piece = data[0] + 1;
    data++;
    size--;

    scan(&scans[0], NGX_HTTP_MODEL_SCAN_BEST, data, size, size + 1);

    for (block = NGX_HTTP_MODEL_SCAN_PORTABLE;
         block <= NGX_HTTP_MODEL_SCAN_AVX2;
         block++)
    {
        scan(&scans[block], block, data, size, piece);
        compare(&scans[0], &scans[block]);
    }

    ngx_memzero(&oracle, sizeof(oracle_t));
    oracle.data = data;
    oracle.size = size;

    if (!parse(&oracle)) {
        must(scans[0].error != 0);
        return 0;
    }

    check(&oracle, &scans[0]);

    return 0;
}


static void
must(ngx_uint_t good)
{
    if (!good) {
        abort();
    }
}


static void
scan(ngx_http_model_scan_t *s, ngx_uint_t block, const u_char *data,
    size_t size, size_t piece)
{
    u_char  *copy;
    size_t   n;

    ngx_memset(s, 0xa5, sizeof(ngx_http_model_scan_t));
    ngx_http_model_scan_init(s, keys, NKEYS);

    if (ngx_http_model_scan_use(s, block) != NGX_OK) {
        (void) ngx_http_model_scan_use(s, NGX_HTTP_MODEL_SCAN_BEST);
    }

    while (size) {
        n = ngx_min(piece, size);

        /* a block of its own shows what is overread */

        copy = malloc(n);
        ngx_memcpy(copy, data, n);
        (void) ngx_http_model_scan_feed(s, copy, n);
        free(copy);

        data += n;
        size -= n;
    }

    (void) ngx_http_model_scan_finish(s);
}


static void
compare(ngx_http_model_scan_t *a, ngx_http_model_scan_t *b)
{
    ngx_uint_t                     i;
    ngx_http_model_scan_member_t  *m, *n;

    must(a->error == b->error);

    if (a->error) {
        must(a->error_offset == b->error_offset);
        must(a->error_key == b->error_key);
        return;
    }

    must(a->root_start == b->root_start);
    must(a->root_empty == b->root_empty);

    for (i = 0; i < NKEYS; i++) {
        m = &a->members[i];
        n = &b->members[i];

        must(m->found == n->found);
        must(m->dup == n->dup);

        if (!m->found) {
            continue;
        }

        must(m->type == n->type);
        must(m->key_start == n->key_start);
        must(m->start == n->start);
        must(m->end == n->end);
        must(m->empty == n->empty);
        must(m->escaped == n->escaped);
        must(m->truncated == n->truncated);
        must(m->value.len == n->value.len);
        must(m->value.len == 0
             || ngx_memcmp(m->value.data, n->value.data, m->value.len) == 0);
    }
}


static ngx_uint_t
parse(oracle_t *o)
{
    yajl_status  status;

    o->yajl = yajl_alloc(&callbacks, NULL, o);
    must(o->yajl != NULL);

    (void) yajl_config(o->yajl, yajl_dont_validate_strings, 1);

    status = yajl_parse(o->yajl, o->data, o->size);

    if (status == yajl_status_ok) {
        status = yajl_complete_parse(o->yajl);
    }

    yajl_free(o->yajl);

    return status == yajl_status_ok;
}


static void
check(oracle_t *o, ngx_http_model_scan_t *s)
{
    ngx_uint_t                     i;
    expected_t                    *e;
    ngx_http_model_scan_member_t  *m;

    /* form feed and vertical tab are white space to yajl alone */

    if (o->root != NGX_HTTP_MODEL_SCAN_OBJECT || o->too_deep || o->bad_name
        || memchr(o->data, '\v', o->size) || memchr(o->data, '\f', o->size))
    {
        must(s->error != 0);
        return;
    }

    /* yajl overlooks the beginning of a token behind the document */

    if (s->error && s->error_offset >= o->root_end) {
        must(skip(o, (size_t) o->root_end, " \t\r\n")
             == (size_t) s->error_offset);
        must(s->error_offset < (off_t) o->size);
        return;
    }

    /* the text that yajl makes of half a pair is of another length */

    if (s->error >= NGX_HTTP_MODEL_SCAN_NAME_TOO_LONG) {
        must(o->surrogates);
        return;
    }

    must(s->error == 0);

    for (i = 0; i < NKEYS; i++) {
        e = &o->expected[i];
        m = &s->members[i];

        must(m->found == e->found);
        must(m->dup == e->dup);

        if (!e->found) {
            continue;
        }

        must(m->type == e->type);
        must(m->key_start == e->key_start);
        must(m->start == e->start);
        must(m->end == e->end);
        must(m->empty == e->empty);

        if (e->type != NGX_HTTP_MODEL_SCAN_STRING || o->surrogates) {
            continue;
        }

        must(m->truncated == (e->len > NGX_HTTP_MODEL_SCAN_VALUE_SIZE));

        if (m->truncated) {
            must(m->value.len > NGX_HTTP_MODEL_SCAN_VALUE_SIZE - 4);

        } else {
            must(m->value.len == e->len);
        }

        must(ngx_memcmp(m->value.data, e->value, m->value.len) == 0);
    }
}


/* notes a value that begins, len bytes back for those that are complete */

static ngx_int_t
value(oracle_t *o, ngx_uint_t type, size_t len)
{
    off_t        start;
    ngx_int_t    member;
    ngx_uint_t   i, n;
    level_t     *level;
    expected_t  *e;

    if (o->depth == 0) {
        o->root = type;
    }

    level = o->depth ? &o->levels[o->depth - 1] : NULL;
    o->last = yajl_get_bytes_consumed(o->yajl);
    start = (off_t) (o->last - len);
    member = -1;

    if (level) {
        level->used = 1;
    }

    if (level == NULL || !level->tracked || !level->object
        || level->path[0] == '\0')
    {
        return -1;
    }

    if (type == NGX_HTTP_MODEL_SCAN_STRING) {
        start = (off_t) skip(o, (size_t) o->key_start, NULL);
    }

    for (i = 0; i < NKEYS; i++) {
        e = &o->expected[i];
        n = ngx_strlen(level->path);

        if (n < keys[i].path.len && keys[i].path.data[n] == '.'
            && ngx_memcmp(level->path, keys[i].path.data, n) == 0)
        {
            if (e->found) {
                e->found = 0;
                e->dup = 1;
            }

            continue;
        }

        if (n != keys[i].path.len
            || ngx_memcmp(level->path, keys[i].path.data, n) != 0)
        {
            continue;
        }

        if (o->seen & (1 << (i + 16))) {
            e->dup = 1;
        }

        o->seen |= 1 << (i + 16);
        member = (ngx_int_t) i;

        e->found = 1;
        e->empty = 0;
        e->type = type;
        e->key_start = o->key_start;
        e->start = start;
        e->end = (off_t) o->last;

        if ((keys[i].flags & NGX_HTTP_MODEL_SCAN_NAME)
            && type != NGX_HTTP_MODEL_SCAN_STRING)
        {
            o->bad_name = 1;
        }
    }

    return member;
}


/* from a key to its value */

static size_t
skip(oracle_t *o, size_t i, const char *bytes)
{
    if (bytes == NULL) {

        for (i++; o->data[i] != '"'; i++) {
            if (o->data[i] == '\\') {
                i++;
            }
        }

        i++;
        bytes = ": \t\r\n";
    }

    while (i < o->size && o->data[i] && strchr(bytes, o->data[i])) {
        i++;
    }

    return i;
}


static int
on_null(void *ctx)
{
    (void) value(ctx, NGX_HTTP_MODEL_SCAN_NULL, 4);

    return 1;
}


static int
on_boolean(void *ctx, int boolean)
{
    (void) value(ctx, boolean ? NGX_HTTP_MODEL_SCAN_TRUE
                              : NGX_HTTP_MODEL_SCAN_FALSE, boolean ? 4 : 5);

    return 1;
}


static int
on_number(void *ctx, const char *number, size_t len)
{
    (void) number;
    (void) value(ctx, NGX_HTTP_MODEL_SCAN_NUMBER, len);

    return 1;
}


static int
on_string(void *ctx, const unsigned char *text, size_t len)
{
    size_t       i;
    ngx_int_t    member;
    oracle_t    *o;
    expected_t  *e;

    o = ctx;
    member = value(o, NGX_HTTP_MODEL_SCAN_STRING, 0);

    if (member < 0) {
        return 1;
    }

    e = &o->expected[member];
    e->len = len;
    ngx_memcpy(e->value, text, ngx_min(len, sizeof(e->value)));

    /* yajl has a question mark for half a pair */

    for (i = (size_t) e->start; i + 2 < (size_t) e->end; i++) {
        if (o->data[i] == 'u' && (o->data[i + 1] | 0x20) == 'd') {
            o->surrogates = 1;
        }
    }

    if (keys[member].flags & NGX_HTTP_MODEL_SCAN_NAME) {
        if (len > NGX_HTTP_MODEL_SCAN_NAME_SIZE
            || ngx_http_model_scan_name((u_char *) text, len) != 0)
        {
            o->bad_name |= !o->surrogates
                           || len > 3 * NGX_HTTP_MODEL_SCAN_NAME_SIZE;
            o->surrogates |= o->bad_name ? 0 : 1;
        }
    }

    return 1;
}


static int
on_start(oracle_t *o, ngx_uint_t object)
{
    size_t     n;
    level_t   *level, *up;
    ngx_int_t  member;

    member = value(o, object ? NGX_HTTP_MODEL_SCAN_OBJECT
                             : NGX_HTTP_MODEL_SCAN_ARRAY, 1);

    if (o->depth == NGX_HTTP_MODEL_SCAN_DEPTH) {
        o->too_deep = 1;
    }

    if (o->depth == LEVELS) {
        return 0;
    }

    level = &o->levels[o->depth++];
    level->member = member;
    level->object = object;
    level->used = 0;
    level->path[0] = '\0';
    level->tracked = (o->depth == 1);

    if (o->depth > 1) {
        up = level - 1;
        n = ngx_strlen(up->path);
        level->tracked = up->tracked && up->object && n;
    }

    return 1;
}


static int
on_start_map(void *ctx)
{
    return on_start(ctx, 1);
}


static int
on_start_array(void *ctx)
{
    return on_start(ctx, 0);
}


static int
on_map_key(void *ctx, const unsigned char *key, size_t len)
{
    size_t       n, i;
    level_t     *level;
    oracle_t    *o;
    ngx_str_t   *path;

    o = ctx;
    level = &o->levels[o->depth - 1];

    o->key_start = (off_t) skip(o, o->last, ", \t\r\n");
    o->last = yajl_get_bytes_consumed(o->yajl);
    level->used = 1;

    if (!level->tracked) {
        return 1;
    }

    n = 0;
    level->path[0] = '\0';

    if (o->depth > 1) {
        n = ngx_strlen((level - 1)->path);
        ngx_memcpy(level->path, (level - 1)->path, n);
        level->path[n++] = '.';
    }

    for (i = 0; i < NKEYS; i++) {
        path = &keys[i].path;

        if ((keys[i].flags & NGX_HTTP_MODEL_SCAN_NAME) && path->len > n
            && ngx_memcmp(path->data, level->path, n) == 0
            && memchr(path->data + n, '.', path->len - n) == NULL
            && fold(key, len, path->data + n))
        {
            o->bad_name |= (o->seen >> i) & 1;
            o->seen |= 1 << i;

            if (len != path->len - n
                || ngx_memcmp(key, path->data + n, len) != 0)
            {
                o->bad_name = 1;
            }
        }
    }

    if (len == 0 || len > 16 || n + len >= sizeof(level->path)
        || memchr(key, '.', len) || memchr(key, '\0', len))
    {
        level->path[0] = '\0';
        return 1;
    }

    ngx_memcpy(level->path + n, key, len);
    level->path[n + len] = '\0';

    return 1;
}


static ngx_uint_t
fold(const u_char *key, size_t len, const u_char *name)
{
    size_t  i;

    for (i = 0; i < len && *name; name++) {

        if (*name == 's' && len - i > 1
            && ngx_memcmp(key + i, "\xc5\xbf", 2) == 0)
        {
            i += 2;

        } else if (*name == 'k' && len - i > 2
                   && ngx_memcmp(key + i, "\xe2\x84\xaa", 3) == 0)
        {
            i += 3;

        } else if (ngx_tolower(key[i]) == *name) {
            i++;

        } else {
            return 0;
        }
    }

    return i == len && *name == '\0';
}


static int
on_end(void *ctx)
{
    oracle_t  *o;

    o = ctx;
    value_end(o, &o->levels[--o->depth]);

    if (o->depth == 0) {
        o->root_end = (off_t) o->last;
    }

    return 1;
}


static void
value_end(oracle_t *o, level_t *level)
{
    o->last = yajl_get_bytes_consumed(o->yajl);

    if (level->member >= 0) {
        o->expected[level->member].end = (off_t) o->last;
        o->expected[level->member].empty = !level->used;
    }
}
