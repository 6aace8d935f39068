
/*
 * Copyright (C) the ngx_http_model_module authors
 */


#include <ngx_config.h>
#include <ngx_core.h>

#include "ngx_http_model_scan.h"
#include "ngx_http_model_scan_member.h"


/* where a string goes that is put together from pieces */

#define NGX_HTTP_MODEL_SCAN_TO_KEY    1
#define NGX_HTTP_MODEL_SCAN_TO_VALUE  2


static ngx_int_t ngx_http_model_scan_value(ngx_http_model_scan_t *scan,
    ngx_http_model_scan_view_t *v, ngx_uint_t i, ngx_uint_t kind);
static ngx_uint_t ngx_http_model_scan_type(u_char c);
static void ngx_http_model_scan_push(ngx_http_model_scan_t *scan,
    uint32_t mask);
static void ngx_http_model_scan_close(ngx_http_model_scan_t *scan, off_t end,
    ngx_uint_t empty);
static ngx_int_t ngx_http_model_scan_key(ngx_http_model_scan_t *scan,
    ngx_http_model_scan_view_t *v, ngx_uint_t i);
static ngx_int_t ngx_http_model_scan_match(ngx_http_model_scan_t *scan,
    u_char *key, size_t len, off_t start);
static ngx_int_t ngx_http_model_scan_matched(ngx_http_model_scan_t *scan,
    ngx_int_t member, uint32_t nested, off_t start);
static ngx_int_t ngx_http_model_scan_variant(ngx_http_model_scan_t *scan,
    ngx_uint_t k, off_t start);
static ngx_uint_t ngx_http_model_scan_fold(u_char *key, size_t len,
    u_char *name, size_t nlen);
static ngx_int_t ngx_http_model_scan_string(ngx_http_model_scan_t *scan,
    ngx_http_model_scan_view_t *v, ngx_uint_t i, ngx_uint_t target);
static void ngx_http_model_scan_collect(ngx_http_model_scan_string_t *s,
    u_char *p, u_char *last);
static void ngx_http_model_scan_unit(ngx_http_model_scan_string_t *s);
static void ngx_http_model_scan_put(ngx_http_model_scan_string_t *s,
    uint32_t code);
static void ngx_http_model_scan_lone(ngx_http_model_scan_string_t *s);
static ngx_int_t ngx_http_model_scan_string_end(ngx_http_model_scan_t *scan,
    off_t end);
static ngx_int_t ngx_http_model_scan_value_end(ngx_http_model_scan_t *scan,
    off_t end);
static size_t ngx_http_model_scan_whole(u_char *p, size_t len);


/* after a backslash: the byte meant */

const u_char  ngx_http_model_scan_unescape[256] = {
    ['"'] = '"', ['\\'] = '\\', ['/'] = '/', ['b'] = '\b', ['f'] = '\f',
    ['n'] = '\n', ['r'] = '\r', ['t'] = '\t'
};


/* the value of a hexadecimal digit, plus one */

const u_char  ngx_http_model_scan_hex[256] = {
    ['0'] = 1, ['1'] = 2, ['2'] = 3, ['3'] = 4, ['4'] = 5, ['5'] = 6,
    ['6'] = 7, ['7'] = 8, ['8'] = 9, ['9'] = 10, ['a'] = 11, ['b'] = 12,
    ['c'] = 13, ['d'] = 14, ['e'] = 15, ['f'] = 16, ['A'] = 11, ['B'] = 12,
    ['C'] = 13, ['D'] = 14, ['E'] = 15, ['F'] = 16
};


ngx_int_t
ngx_http_model_scan_event(ngx_http_model_scan_t *scan,
    ngx_http_model_scan_view_t *v, ngx_uint_t i, ngx_uint_t kind,
    ngx_uint_t prev)
{
    if (scan->state == NGX_HTTP_MODEL_SCAN_S_COLON) {
        return ngx_http_model_scan_key(scan, v, i);
    }

    if (kind >= NGX_HTTP_MODEL_SCAN_K_ARRAY_END) {
        ngx_http_model_scan_close(scan, v->offset + (off_t) i + 1,
                                  prev == NGX_HTTP_MODEL_SCAN_S_OBJECT
                                  || prev == NGX_HTTP_MODEL_SCAN_S_ARRAY);
        return NGX_OK;
    }

    if (scan->depth > NGX_HTTP_MODEL_SCAN_DEPTH) {
        return ngx_http_model_scan_error(scan, NGX_HTTP_MODEL_SCAN_TOO_DEEP,
                                         v->offset + (off_t) i,
                                         NGX_HTTP_MODEL_SCAN_NONE);
    }

    if (scan->pending && kind != NGX_HTTP_MODEL_SCAN_K_COLON) {
        return ngx_http_model_scan_value(scan, v, i, kind);
    }

    if (scan->level == 0) {
        scan->root_start = v->offset + (off_t) i;
        ngx_http_model_scan_push(scan, ((uint32_t) 1 << scan->nkeys) - 1);
    }

    return NGX_OK;
}


/* the first token of a value whose key matched */

static ngx_int_t
ngx_http_model_scan_value(ngx_http_model_scan_t *scan,
    ngx_http_model_scan_view_t *v, ngx_uint_t i, ngx_uint_t kind)
{
    ngx_int_t                      rc;
    ngx_uint_t                     c, n;
    ngx_http_model_scan_member_t  *m;

    rc = NGX_OK;
    c = v->p[i];

    scan->pending = 0;
    scan->low = scan->level + 1;

    if (scan->member != NGX_HTTP_MODEL_SCAN_NONE) {
        m = &scan->members[scan->member];

        m->found = 1;
        m->empty = 0;
        m->escaped = 0;
        m->truncated = 0;
        m->value.len = 0;
        m->key_start = scan->key_start;
        m->start = v->offset + (off_t) i;
        m->type = ngx_http_model_scan_type((u_char) c);

        if ((scan->keys[scan->member].flags & NGX_HTTP_MODEL_SCAN_NAME)
            && c != '"')
        {
            return ngx_http_model_scan_error(scan,
                                             NGX_HTTP_MODEL_SCAN_NAME_TYPE,
                                             m->start, scan->member);
        }

        if (kind == NGX_HTTP_MODEL_SCAN_K_STRING) {
            rc = ngx_http_model_scan_string(scan, v, i,
                                            NGX_HTTP_MODEL_SCAN_TO_VALUE);

        } else if (kind == NGX_HTTP_MODEL_SCAN_K_SCALAR) {
            n = ngx_http_model_scan_run(v->scalar >> i);
            m->end = m->start + (off_t) n;

            if (i + n == NGX_HTTP_MODEL_SCAN_BLOCK) {
                scan->open_scalar = scan->member;
            }

        } else {
            scan->frames[scan->level].open = scan->member;
        }
    }

    if (scan->nested && kind == NGX_HTTP_MODEL_SCAN_K_OBJECT
        && scan->level < NGX_HTTP_MODEL_SCAN_LEVELS)
    {
        ngx_http_model_scan_push(scan, scan->nested);
    }

    return rc;
}


static ngx_uint_t
ngx_http_model_scan_type(u_char c)
{
    switch (c) {

    case '"':
        return NGX_HTTP_MODEL_SCAN_STRING;

    case '{':
        return NGX_HTTP_MODEL_SCAN_OBJECT;

    case '[':
        return NGX_HTTP_MODEL_SCAN_ARRAY;

    case 't':
        return NGX_HTTP_MODEL_SCAN_TRUE;

    case 'f':
        return NGX_HTTP_MODEL_SCAN_FALSE;

    case 'n':
        return NGX_HTTP_MODEL_SCAN_NULL;

    default:
        return NGX_HTTP_MODEL_SCAN_NUMBER;
    }
}


/* enters an object in which the keys of the mask may be */

static void
ngx_http_model_scan_push(ngx_http_model_scan_t *scan, uint32_t mask)
{
    u_char                        c;
    ngx_uint_t                    k, part;
    ngx_http_model_scan_frame_t  *frame, *parent;

    parent = &scan->frames[scan->level];
    frame = parent + 1;

    frame->mask = mask;
    frame->open = NGX_HTTP_MODEL_SCAN_NONE;

    ngx_memzero(frame->first, sizeof(frame->first));

    for ( /* void */ ; mask; mask &= mask - 1) {
        k = ngx_http_model_scan_bit(mask);
        part = scan->level ? parent->part[k] + scan->key_len + 1 : 0;
        c = scan->keys[k].path.data[part];

        frame->part[k] = (u_char) part;
        frame->first[c & 0x1f] |= (uint16_t) (1 << k);
    }

    scan->level++;
    scan->low = scan->level + 1;
}


static void
ngx_http_model_scan_close(ngx_http_model_scan_t *scan, off_t end,
    ngx_uint_t empty)
{
    ngx_http_model_scan_frame_t   *frame;
    ngx_http_model_scan_member_t  *m;

    if (scan->depth < scan->level) {
        scan->level = scan->depth;
        scan->low = scan->level + 1;
    }

    if (scan->level == 0) {
        scan->root_empty = empty;
        scan->state = NGX_HTTP_MODEL_SCAN_S_END;
        return;
    }

    frame = &scan->frames[scan->level];

    if (frame->open != NGX_HTTP_MODEL_SCAN_NONE) {
        m = &scan->members[frame->open];
        m->end = end;
        m->empty = empty;

        frame->open = NGX_HTTP_MODEL_SCAN_NONE;
    }
}


static ngx_int_t
ngx_http_model_scan_key(ngx_http_model_scan_t *scan,
    ngx_http_model_scan_view_t *v, ngx_uint_t i)
{
    uint64_t    quote, backslash;
    ngx_uint_t  len;

    quote = (v->quote >> i) >> 1;

    if (quote) {
        len = ngx_http_model_scan_bit(quote);

        backslash = (v->backslash >> i) >> 1;

        if ((backslash & ngx_http_model_scan_before(quote)) == 0) {
            return ngx_http_model_scan_match(scan, v->p + i + 1, len,
                                             v->offset + (off_t) i);
        }
    }

    return ngx_http_model_scan_string(scan, v, i, NGX_HTTP_MODEL_SCAN_TO_KEY);
}


/* compares a key, unescaped, with those that are tracked at this level */

static ngx_int_t
ngx_http_model_scan_match(ngx_http_model_scan_t *scan, u_char *key,
    size_t len, off_t start)
{
    size_t                            n;
    u_char                           *p;
    uint32_t                          mask, nested;
    ngx_int_t                         member;
    ngx_uint_t                        k, part;
    ngx_http_model_scan_frame_t      *frame;
    const ngx_http_model_scan_key_t  *tracked;

    frame = &scan->frames[scan->level];

    if (len == 0) {
        return NGX_OK;
    }

    /* U+017F and U+212A fold to letters, so what is not ASCII goes on */

    mask = (key[0] < 0x80) ? frame->first[key[0] & 0x1f] : frame->mask;

    if (mask == 0) {
        return NGX_OK;
    }

    nested = 0;
    member = NGX_HTTP_MODEL_SCAN_NONE;

    for ( /* void */ ; mask; mask &= mask - 1) {
        k = ngx_http_model_scan_bit(mask);
        part = frame->part[k];
        tracked = &scan->keys[k];

        p = tracked->path.data + part;
        n = tracked->path.len - part;

        if (len == n && ngx_memcmp(p, key, len) == 0) {
            member = (ngx_int_t) k;

        } else if (len < n && p[len] == '.' && ngx_memcmp(p, key, len) == 0) {
            nested |= (uint32_t) 1 << k;

        } else if (len >= n && (tracked->flags & NGX_HTTP_MODEL_SCAN_NAME)
                   && ngx_http_model_scan_fold(key, len, p, n)
                   && ngx_http_model_scan_variant(scan, k, start) != NGX_OK)
        {
            return NGX_ERROR;
        }
    }

    if (member == NGX_HTTP_MODEL_SCAN_NONE && nested == 0) {
        return NGX_OK;
    }

    /* a dot in the key itself is none of the path */

    for (n = 0; n < len; n++) {
        if (key[n] == '.') {
            return NGX_OK;
        }
    }

    scan->key_len = len;

    return ngx_http_model_scan_matched(scan, member, nested, start);
}


static ngx_int_t
ngx_http_model_scan_matched(ngx_http_model_scan_t *scan, ngx_int_t member,
    uint32_t nested, off_t start)
{
    uint32_t                       bit;
    ngx_uint_t                     k;
    ngx_http_model_scan_member_t  *m;

    if (member != NGX_HTTP_MODEL_SCAN_NONE) {
        bit = (uint32_t) 1 << member;

        if (scan->seen & bit) {

            if (scan->keys[member].flags & NGX_HTTP_MODEL_SCAN_NAME) {
                return ngx_http_model_scan_error(scan,
                                                 NGX_HTTP_MODEL_SCAN_DUPLICATE,
                                                 start, member);
            }

            scan->members[member].dup = 1;
        }

        scan->seen |= bit;
    }

    scan->pending = 1;
    scan->member = member;
    scan->nested = nested;
    scan->key_start = start;

    /* of two parents only the last one counts */

    for ( /* void */ ; nested; nested &= nested - 1) {
        k = ngx_http_model_scan_bit(nested);
        m = &scan->members[k];

        if (m->found) {
            m->found = 0;
            m->dup = 1;
        }
    }

    /* the token that begins the value may be one level deeper */

    scan->low = scan->level + 2;

    return NGX_OK;
}


/* a routing key in another case: an error, but which one the rest tells */

static ngx_int_t
ngx_http_model_scan_variant(ngx_http_model_scan_t *scan, ngx_uint_t k,
    off_t start)
{
    uint32_t  bit;

    bit = (uint32_t) 1 << k;

    if (scan->seen & bit) {
        return ngx_http_model_scan_error(scan, NGX_HTTP_MODEL_SCAN_DUPLICATE,
                                         start, (ngx_int_t) k);
    }

    if (scan->variant == 0) {
        scan->variant_start = start;
        scan->variant_key = k;
    }

    scan->seen |= bit;
    scan->variant |= bit;

    return NGX_OK;
}


/* whether key and name are the same where case is folded as Go does */

static ngx_uint_t
ngx_http_model_scan_fold(u_char *key, size_t len, u_char *name, size_t nlen)
{
    u_char  c, *last, *end;

    last = key + len;
    end = name + nlen;

    while (key < last && name < end) {
        c = *key++;

        if (c == 0xc5 && key < last && *key == 0xbf) {
            c = 's';
            key++;

        } else if (c == 0xe2 && last - key >= 2
                   && key[0] == 0x84 && key[1] == 0xaa)
        {
            c = 'k';
            key += 2;
        }

        if (c == '.' || ngx_tolower(c) != ngx_tolower(*name)) {
            return 0;
        }

        name++;
    }

    return key == last && name == end;
}


/* begins to keep the string that opens at i, as far as the block has it */

static ngx_int_t
ngx_http_model_scan_string(ngx_http_model_scan_t *scan,
    ngx_http_model_scan_view_t *v, ngx_uint_t i, ngx_uint_t target)
{
    ngx_http_model_scan_view_t     rest;
    ngx_http_model_scan_string_t  *s;

    s = &scan->string;

    s->start = v->offset + (off_t) i;
    s->len = 0;
    s->high = 0;
    s->digits = 0;
    s->target = target;
    s->escape = 0;
    s->escaped = 0;
    s->full = 0;
    s->lone = 0;

    if (target == NGX_HTTP_MODEL_SCAN_TO_KEY) {
        s->data = scan->key;
        s->size = NGX_HTTP_MODEL_SCAN_KEY_SIZE;

    } else {
        s->data = scan->values[scan->member];
        s->size = (scan->keys[scan->member].flags & NGX_HTTP_MODEL_SCAN_NAME)
                  ? NGX_HTTP_MODEL_SCAN_NAME_SIZE
                  : NGX_HTTP_MODEL_SCAN_VALUE_SIZE;
    }

    if (i == NGX_HTTP_MODEL_SCAN_BLOCK - 1) {
        return NGX_OK;
    }

    rest.p = v->p + i + 1;
    rest.offset = s->start + 1;
    rest.quote = v->quote >> (i + 1);
    rest.backslash = v->backslash >> (i + 1);
    rest.scalar = 0;
    rest.bad = v->bad >> (i + 1);
    rest.size = v->size - (i + 1);

    return ngx_http_model_scan_continue(scan, &rest);
}


ngx_int_t
ngx_http_model_scan_continue(ngx_http_model_scan_t *scan,
    ngx_http_model_scan_view_t *v)
{
    ngx_uint_t                     end;
    ngx_http_model_scan_string_t  *s;

    s = &scan->string;
    end = v->quote ? ngx_http_model_scan_bit(v->quote) : v->size;

    if (v->bad && ngx_http_model_scan_bit(v->bad) <= end) {
        return NGX_OK;
    }

    if (v->backslash & ngx_http_model_scan_before(v->quote)) {
        s->escaped = 1;
    }

    ngx_http_model_scan_collect(s, v->p, v->p + end);

    if (v->quote) {
        return ngx_http_model_scan_string_end(scan, v->offset + (off_t) end);
    }

    return NGX_OK;
}


/* decodes what is known to be right; stops for good when there is no room */

static void
ngx_http_model_scan_collect(ngx_http_model_scan_string_t *s, u_char *p,
    u_char *last)
{
    u_char   c, *start;
    size_t   n;

    while (p < last && !s->full) {
        c = *p;

        if (s->digits) {
            s->code = (s->code << 4) | (ngx_http_model_scan_hex[c] - 1);
            p++;

            if (--s->digits == 0) {
                ngx_http_model_scan_unit(s);
            }

            continue;
        }

        if (s->escape) {
            s->escape = 0;
            p++;

            if (c != 'u') {
                ngx_http_model_scan_lone(s);
                ngx_http_model_scan_put(s, ngx_http_model_scan_unescape[c]);
                continue;
            }

            if (last - p < 4) {
                s->code = 0;
                s->digits = 4;
                continue;
            }

            s->code = (uint32_t) (ngx_http_model_scan_hex[p[0]] - 1) << 12
                      | (uint32_t) (ngx_http_model_scan_hex[p[1]] - 1) << 8
                      | (uint32_t) (ngx_http_model_scan_hex[p[2]] - 1) << 4
                      | (uint32_t) (ngx_http_model_scan_hex[p[3]] - 1);
            p += 4;

            ngx_http_model_scan_unit(s);
            continue;
        }

        if (c == '\\') {
            s->escape = 1;
            p++;
            continue;
        }

        ngx_http_model_scan_lone(s);

        for (start = p; p < last && *p != '\\'; p++) { /* void */ }

        n = p - start;

        if (n > s->size - s->len) {
            n = s->size - s->len;
            s->full = 1;
        }

        ngx_memcpy(s->data + s->len, start, n);
        s->len += n;
    }
}


/* takes the UTF-16 unit of a \u */

static void
ngx_http_model_scan_unit(ngx_http_model_scan_string_t *s)
{
    uint32_t  code;

    code = s->code;

    if (code >= 0xdc00 && code <= 0xdfff && s->high) {
        code = 0x10000 + ((s->high - 0xd800) << 10) + (code - 0xdc00);
        s->high = 0;
        ngx_http_model_scan_put(s, code);
        return;
    }

    ngx_http_model_scan_lone(s);

    if (code >= 0xd800 && code <= 0xdbff) {
        s->high = code;
        return;
    }

    if (code >= 0xdc00 && code <= 0xdfff) {
        s->high = code;
        ngx_http_model_scan_lone(s);
        return;
    }

    ngx_http_model_scan_put(s, code);
}


/* puts U+FFFD for a surrogate that has no other half */

static void
ngx_http_model_scan_lone(ngx_http_model_scan_string_t *s)
{
    if (s->high) {
        s->high = 0;
        s->lone = 1;
        ngx_http_model_scan_put(s, 0xfffd);
    }
}


static void
ngx_http_model_scan_put(ngx_http_model_scan_string_t *s, uint32_t code)
{
    size_t      n;
    u_char     *p;

    n = (code < 0x80) ? 1 : (code < 0x800) ? 2 : (code < 0x10000) ? 3 : 4;

    if (s->full || n > s->size - s->len) {
        s->full = 1;
        return;
    }

    p = s->data + s->len;
    s->len += n;

    switch (n) {

    case 1:
        p[0] = (u_char) code;
        return;

    case 2:
        p[0] = (u_char) (0xc0 | (code >> 6));
        break;

    case 3:
        p[0] = (u_char) (0xe0 | (code >> 12));
        p[1] = (u_char) (0x80 | ((code >> 6) & 0x3f));
        break;

    default:
        p[0] = (u_char) (0xf0 | (code >> 18));
        p[1] = (u_char) (0x80 | ((code >> 12) & 0x3f));
        p[2] = (u_char) (0x80 | ((code >> 6) & 0x3f));
        break;
    }

    p[n - 1] = (u_char) (0x80 | (code & 0x3f));
}


static ngx_int_t
ngx_http_model_scan_string_end(ngx_http_model_scan_t *scan, off_t end)
{
    ngx_uint_t                     target;
    ngx_http_model_scan_string_t  *s;

    s = &scan->string;
    target = s->target;
    s->target = 0;

    ngx_http_model_scan_lone(s);

    if (target == NGX_HTTP_MODEL_SCAN_TO_VALUE) {
        return ngx_http_model_scan_value_end(scan, end + 1);
    }

    if (s->full) {
        return NGX_OK;
    }

    return ngx_http_model_scan_match(scan, s->data, s->len, s->start);
}


static ngx_int_t
ngx_http_model_scan_value_end(ngx_http_model_scan_t *scan, off_t end)
{
    ngx_uint_t                     error;
    ngx_http_model_scan_member_t  *m;
    ngx_http_model_scan_string_t  *s;

    s = &scan->string;
    m = &scan->members[scan->member];

    m->end = end;
    m->escaped = s->escaped;
    m->truncated = s->full;
    m->value.data = s->data;
    m->value.len = s->full ? ngx_http_model_scan_whole(s->data, s->len)
                           : s->len;

    if (!(scan->keys[scan->member].flags & NGX_HTTP_MODEL_SCAN_NAME)) {
        return NGX_OK;
    }

    error = s->full ? NGX_HTTP_MODEL_SCAN_NAME_TOO_LONG
            : s->lone ? NGX_HTTP_MODEL_SCAN_NAME_UTF8
            : ngx_http_model_scan_name(s->data, s->len);

    if (error == NGX_HTTP_MODEL_SCAN_OK) {
        return NGX_OK;
    }

    return ngx_http_model_scan_error(scan, error, m->start, scan->member);
}


/* the length without a character that was cut at the end */

static size_t
ngx_http_model_scan_whole(u_char *p, size_t len)
{
    size_t  i, n;

    for (i = len; i > 0 && len - i < 4; i--) {

        if ((p[i - 1] & 0xc0) == 0x80) {
            continue;
        }

        n = (p[i - 1] < 0xc0) ? 1 : (p[i - 1] < 0xe0) ? 2
            : (p[i - 1] < 0xf0) ? 3 : 4;

        return (i - 1 + n > len) ? i - 1 : len;
    }

    return len;
}


ngx_uint_t
ngx_http_model_scan_name(u_char *p, size_t len)
{
    u_char      c, *last;
    uint32_t    code, least;
    ngx_uint_t  n;

    last = p + len;

    while (p < last) {
        c = *p++;

        if (c < 0x80) {

            if (c < 0x20 || c == 0x7f) {
                return NGX_HTTP_MODEL_SCAN_NAME_CONTROL;
            }

            continue;
        }

        n = (c < 0xc2) ? 0 : (c < 0xe0) ? 1 : (c < 0xf0) ? 2
            : (c < 0xf5) ? 3 : 0;

        if (n == 0 || (size_t) (last - p) < n) {
            return NGX_HTTP_MODEL_SCAN_NAME_UTF8;
        }

        code = c & (0x3f >> n);
        least = (n == 1) ? 0x80 : (n == 2) ? 0x800 : 0x10000;

        for ( /* void */ ; n; n--) {
            if ((*p & 0xc0) != 0x80) {
                return NGX_HTTP_MODEL_SCAN_NAME_UTF8;
            }

            code = (code << 6) | (*p++ & 0x3f);
        }

        if (code < least || code > 0x10ffff
            || (code >= 0xd800 && code <= 0xdfff))
        {
            return NGX_HTTP_MODEL_SCAN_NAME_UTF8;
        }

        if (code < 0xa0) {
            return NGX_HTTP_MODEL_SCAN_NAME_CONTROL;
        }
    }

    return NGX_HTTP_MODEL_SCAN_OK;
}


ngx_int_t
ngx_http_model_scan_error(ngx_http_model_scan_t *scan, ngx_uint_t error,
    off_t offset, ngx_int_t key)
{
    scan->error = error;
    scan->error_offset = offset;
    scan->error_key = key;

    return NGX_ERROR;
}
