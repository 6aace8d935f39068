/* unit: src/ngx_http_model_multipart.c src/ngx_http_model_scan_member.c */

/*
 * Copyright (C) the ngx_http_model_module authors
 *
 * The scanner of multipart bodies.  The first byte says where the body is
 * cut, the second how long the boundary is that follows; the rest is the body.
 * The outcome must not depend on the cuts, and a form that is accepted must
 * come apart the same way when it is searched as a whole.
 */


#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif

#include <ngx_config.h>
#include <ngx_core.h>

#include "ngx_http_model_multipart.h"


int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(ngx_uint_t good);
static ngx_int_t scan(ngx_http_model_multipart_t *m, const u_char *boundary,
    size_t len, const u_char *data, size_t size, size_t piece);
static void compare(ngx_http_model_multipart_t *a,
    ngx_http_model_multipart_t *b);
static void check(ngx_http_model_multipart_t *m, const u_char *data,
    size_t size);
static ngx_uint_t check_part(ngx_http_model_multipart_t *m,
    const u_char *data, const u_char *p, const u_char *last);
static const u_char *find(const u_char *p, const u_char *last,
    const void *text, size_t len);


static ngx_http_model_multipart_t  whole;
static ngx_http_model_multipart_t  pieces;


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    size_t         len, piece;
    const u_char  *boundary;

    if (size < 2) {
        return 0;
    }

    piece = data[0] + 1;
    len = data[1] & 0x7f;
    data += 2;
    size -= 2;

    len = ngx_min(len, size);
    boundary = data;
    data += len;
    size -= len;

    if (scan(&whole, boundary, len, data, size, size + 1) == NGX_OK) {
        must(scan(&pieces, boundary, len, data, size, piece) == NGX_OK);
        compare(&whole, &pieces);
        check(&whole, data, size);

    } else if (whole.size) {
        must(scan(&pieces, boundary, len, data, size, piece) == NGX_ERROR);
        compare(&whole, &pieces);
    }

    return 0;
}


static void
must(ngx_uint_t good)
{
    if (!good) {
        abort();
    }
}


static ngx_int_t
scan(ngx_http_model_multipart_t *m, const u_char *boundary, size_t len,
    const u_char *data, size_t size, size_t piece)
{
    u_char    *copy;
    size_t     n;
    ngx_str_t  type;

    type.len = sizeof("multipart/form-data; boundary=\"\"") - 1 + len;
    type.data = malloc(type.len);

    copy = ngx_cpymem(type.data, "multipart/form-data; boundary=\"",
                      type.len - len - 1);
    copy = ngx_cpymem(copy, boundary, len);
    *copy = '"';

    ngx_memset(m, 0xa5, sizeof(ngx_http_model_multipart_t));

    (void) ngx_http_model_multipart_init(m, &type);
    free(type.data);

    while (size) {
        n = ngx_min(piece, size);

        /* a block of its own shows what is overread */

        copy = malloc(n);
        ngx_memcpy(copy, data, n);
        (void) ngx_http_model_multipart_feed(m, copy, n);
        free(copy);

        data += n;
        size -= n;
    }

    return ngx_http_model_multipart_finish(m);
}


static void
compare(ngx_http_model_multipart_t *a, ngx_http_model_multipart_t *b)
{
    must(a->error == b->error);
    must(a->error_offset == b->error_offset);

    if (a->error) {
        return;
    }

    must(a->found == b->found);

    if (a->found) {
        must(a->start == b->start);
        must(a->end == b->end);
        must(a->value.len == b->value.len);
        must(ngx_memcmp(a->value.data, b->value.data, a->value.len) == 0);
    }
}


static void
check(ngx_http_model_multipart_t *m, const u_char *data, size_t size)
{
    ngx_uint_t     models;
    const u_char  *p, *last, *end;

    models = 0;
    last = data + size;

    must(size >= m->size);
    must(ngx_memcmp(data, m->delimiter + 2, m->size - 2) == 0);

    for (p = data + m->size - 2; /* void */ ; p = end + m->size) {
        must(last - p >= 2);

        if (ngx_memcmp(p, "--", 2) == 0) {
            break;
        }

        must(ngx_memcmp(p, "\r\n", 2) == 0);
        p += 2;

        end = find(p, last, m->delimiter, m->size);
        must(end != NULL);

        models += check_part(m, data, p, end);
    }

    for (p += 2; p < last; p++) {
        must(*p == '\r' || *p == '\n');
    }

    must(models == m->found);
}


/* whether it is the field "model", which then must be as reported */

static ngx_uint_t
check_part(ngx_http_model_multipart_t *m, const u_char *data,
    const u_char *p, const u_char *last)
{
    const u_char  *value;

    value = find(p, last, "\r\n\r\n", 4);
    must(value != NULL);
    value += 4;

    if (!m->found || value - data != m->start) {

        /* the plainest form of it would have been found */

        must(find(p, value, "\r\nContent-Disposition: form-data; "
                  "name=\"model\"\r\n", 49) == NULL);
        return 0;
    }

    must(last - data == m->end);
    must((size_t) (last - value) == m->value.len);
    must(ngx_memcmp(value, m->value.data, m->value.len) == 0);
    must(m->value.len <= NGX_HTTP_MODEL_MULTIPART_VALUE_SIZE);

    must(find(p, value, "model", 5) != NULL);

    return 1;
}


static const u_char *
find(const u_char *p, const u_char *last, const void *text, size_t len)
{
    return memmem(p, last - p, text, len);
}
