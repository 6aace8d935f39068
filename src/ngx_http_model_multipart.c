
/*
 * Copyright (C) the ngx_http_model_module authors
 */


#include <ngx_config.h>
#include <ngx_core.h>

#include "ngx_http_model_multipart.h"
#include "ngx_http_model_scan.h"


/* states */

#define NGX_HTTP_MODEL_MULTIPART_S_START   0   /* the first boundary */
#define NGX_HTTP_MODEL_MULTIPART_S_BODY    1   /* content of a part */
#define NGX_HTTP_MODEL_MULTIPART_S_AFTER   2   /* first byte after boundary */
#define NGX_HTTP_MODEL_MULTIPART_S_LAST    3   /* second byte after it */
#define NGX_HTTP_MODEL_MULTIPART_S_HEAD    4
#define NGX_HTTP_MODEL_MULTIPART_S_FIRST   5   /* content has just begun */
#define NGX_HTTP_MODEL_MULTIPART_S_END     6


static ngx_int_t ngx_http_model_multipart_boundary(
    ngx_http_model_multipart_t *m, u_char *p, u_char *last);
static ngx_int_t ngx_http_model_multipart_step(ngx_http_model_multipart_t *m,
    u_char c);
static u_char *ngx_http_model_multipart_body(ngx_http_model_multipart_t *m,
    u_char *p, u_char *last);
static ngx_int_t ngx_http_model_multipart_put(ngx_http_model_multipart_t *m,
    u_char *p, size_t len);
static ngx_int_t ngx_http_model_multipart_value(
    ngx_http_model_multipart_t *m);
static u_char *ngx_http_model_multipart_head(ngx_http_model_multipart_t *m,
    u_char *p, u_char *last);
static ngx_int_t ngx_http_model_multipart_head_end(
    ngx_http_model_multipart_t *m);
static ngx_int_t ngx_http_model_multipart_header(
    ngx_http_model_multipart_t *m, u_char *p, u_char *last);
static ngx_uint_t ngx_http_model_multipart_delimits(
    ngx_http_model_multipart_t *m, u_char *p, u_char *last);
static ngx_int_t ngx_http_model_multipart_disposition(
    ngx_http_model_multipart_t *m, u_char *p, u_char *last);
static ngx_int_t ngx_http_model_multipart_parameter(
    ngx_http_model_multipart_t *m, ngx_str_t *name, ngx_str_t *value);
static u_char *ngx_http_model_multipart_next(u_char *p, u_char *last,
    ngx_str_t *name, ngx_str_t *value);
static ngx_uint_t ngx_http_model_multipart_like(ngx_str_t *value);
static ngx_int_t ngx_http_model_multipart_hex(u_char c);
static ngx_uint_t ngx_http_model_multipart_is(u_char *p, u_char *last,
    const char *word);
static ngx_uint_t ngx_http_model_multipart_token(u_char c);
static ngx_int_t ngx_http_model_multipart_error(
    ngx_http_model_multipart_t *m, ngx_uint_t error, off_t offset);


static const char  *ngx_http_model_multipart_errors[] = {
    "no error",
    "request has an invalid multipart boundary",
    "request body is empty",
    "request body does not begin with its multipart boundary",
    "request body has data after a multipart boundary",
    "request body ends before the final multipart boundary",
    "request body has data after the final multipart boundary",
    "request body has an invalid header in a form part",
    "request body has too long headers in a form part",
    "request body has an invalid content disposition in a form part",
    "request body has two \"model\" fields",
    "request body has a field that could be taken for \"model\"",
    "request body has a file as \"model\" field",
    "request body has an encoded \"model\" field",
    "request body has a model name that is too long",
    "request body has a model name with control characters",
    "request body has a model name that is not valid Unicode",
    "request body is multipart but no form"
};


ngx_int_t
ngx_http_model_multipart_init(ngx_http_model_multipart_t *m, ngx_str_t *type)
{
    u_char     *p, *last, *end;
    ngx_str_t   name, value;

    ngx_memzero(m, offsetof(ngx_http_model_multipart_t, delimiter));

    p = type->data;
    end = p + type->len;

    for (last = p; last < end && *last != ';' && *last != ' '
                   && *last != '\t'; last++)
    {
        /* void */
    }

    if (!ngx_http_model_multipart_is(p, last, "multipart/form-data")) {
        m->error = NGX_HTTP_MODEL_MULTIPART_TYPE;
        return NGX_DECLINED;
    }

    for (p = last; p < end; /* void */ ) {
        p = ngx_http_model_multipart_next(p, end, &name, &value);

        if (p == NULL) {
            break;
        }

        if (name.len >= 8
            && ngx_http_model_multipart_is(name.data, name.data + 8,
                                           "boundary"))
        {
            /* no boundary*, nor a second one */

            if (name.len > 8 || m->size
                || ngx_http_model_multipart_boundary(m, value.data,
                                                value.data + value.len)
                   != NGX_OK)
            {
                p = NULL;
                break;
            }
        }
    }

    if (p == NULL || m->size == 0) {
        return ngx_http_model_multipart_error(m,
                                         NGX_HTTP_MODEL_MULTIPART_BOUNDARY, 0);
    }

    /* the first boundary has no line break before it */

    m->matched = 2;

    return NGX_OK;
}


static ngx_int_t
ngx_http_model_multipart_boundary(ngx_http_model_multipart_t *m, u_char *p,
    u_char *last)
{
    size_t  len;

    len = last - p;

    if (len == 0 || len > NGX_HTTP_MODEL_MULTIPART_BOUNDARY_SIZE
        || last[-1] == ' ')
    {
        return NGX_ERROR;
    }

    m->delimiter[0] = '\r';
    m->delimiter[1] = '\n';
    m->delimiter[2] = '-';
    m->delimiter[3] = '-';

    ngx_memcpy(m->delimiter + 4, p, len);
    m->size = 4 + len;

    for ( /* void */ ; p < last; p++) {

        if ((*p >= '0' && *p <= '9') || (*p >= 'a' && *p <= 'z')
            || (*p >= 'A' && *p <= 'Z'))
        {
            continue;
        }

        if (*p == '\0' || ngx_strchr("'()+_,-./:=? ", *p) == NULL) {
            return NGX_ERROR;
        }
    }

    return NGX_OK;
}


ngx_int_t
ngx_http_model_multipart_feed(ngx_http_model_multipart_t *m, u_char *p,
    size_t len)
{
    off_t    offset;
    u_char  *last, *start;

    if (m->error) {
        return NGX_ERROR;
    }

    start = p;
    last = p + len;
    offset = m->offset;

    while (p < last) {
        m->offset = offset + (p - start);

        switch (m->state) {

        case NGX_HTTP_MODEL_MULTIPART_S_BODY:
            p = ngx_http_model_multipart_body(m, p, last);
            break;

        case NGX_HTTP_MODEL_MULTIPART_S_HEAD:
            p = ngx_http_model_multipart_head(m, p, last);
            break;

        default:
            p = ngx_http_model_multipart_step(m, *p) == NGX_OK ? p + 1 : NULL;
            break;
        }

        if (p == NULL) {
            return NGX_ERROR;
        }
    }

    m->offset = offset + (off_t) len;

    return NGX_OK;
}


ngx_int_t
ngx_http_model_multipart_finish(ngx_http_model_multipart_t *m)
{
    if (m->error) {
        return NGX_ERROR;
    }

    if (m->offset == 0) {
        return ngx_http_model_multipart_error(m,
                                          NGX_HTTP_MODEL_MULTIPART_EMPTY, 0);
    }

    if (m->state != NGX_HTTP_MODEL_MULTIPART_S_END) {
        return ngx_http_model_multipart_error(m, NGX_HTTP_MODEL_MULTIPART_END,
                                              m->offset);
    }

    return NGX_OK;
}


const char *
ngx_http_model_multipart_strerror(ngx_uint_t error)
{
    if (error > NGX_HTTP_MODEL_MULTIPART_TYPE) {
        return "request body is not valid";
    }

    return ngx_http_model_multipart_errors[error];
}


/* the states that take one byte at a time */

static ngx_int_t
ngx_http_model_multipart_step(ngx_http_model_multipart_t *m, u_char c)
{
    switch (m->state) {

    case NGX_HTTP_MODEL_MULTIPART_S_START:

        if (c != m->delimiter[m->matched]) {
            return ngx_http_model_multipart_error(m,
                                 NGX_HTTP_MODEL_MULTIPART_START, m->offset);
        }

        if (++m->matched == m->size) {
            m->state = NGX_HTTP_MODEL_MULTIPART_S_AFTER;
        }

        return NGX_OK;

    case NGX_HTTP_MODEL_MULTIPART_S_AFTER:

        if (c == '\r' || c == '-') {
            m->last = c;
            m->state = NGX_HTTP_MODEL_MULTIPART_S_LAST;
            return NGX_OK;
        }

        break;

    case NGX_HTTP_MODEL_MULTIPART_S_LAST:

        if (m->last == '-' && c == '-') {
            m->state = NGX_HTTP_MODEL_MULTIPART_S_END;
            return NGX_OK;
        }

        if (m->last == '\r' && c == '\n') {
            m->state = NGX_HTTP_MODEL_MULTIPART_S_HEAD;
            m->head = m->offset + 1;
            m->head_len = 0;
            m->line_len = 0;
            m->disposition = 0;
            m->named = 0;
            m->variant = 0;
            m->file = 0;
            m->encoded = 0;
            return NGX_OK;
        }

        break;

    case NGX_HTTP_MODEL_MULTIPART_S_FIRST:

        /*
         * A boundary may follow at once, sharing the line break with the
         * headers, in the eyes of some parsers only.
         */

        if (c == m->delimiter[m->matched]) {

            if (++m->matched < m->size) {
                return NGX_OK;
            }

            break;
        }

        m->state = NGX_HTTP_MODEL_MULTIPART_S_BODY;

        if (m->model) {

            /* shorter than what there is room for */

            (void) ngx_http_model_multipart_put(m, m->delimiter + 2,
                                                m->matched - 2);
        }

        m->matched = 0;

        return ngx_http_model_multipart_body(m, &c, &c + 1) ? NGX_OK
                                                            : NGX_ERROR;

    default: /* NGX_HTTP_MODEL_MULTIPART_S_END */

        if (c == '\r' || c == '\n') {
            return NGX_OK;
        }

        return ngx_http_model_multipart_error(m,
                              NGX_HTTP_MODEL_MULTIPART_TRAILING, m->offset);
    }

    return ngx_http_model_multipart_error(m,
                             NGX_HTTP_MODEL_MULTIPART_DELIMITER, m->offset);
}


/*
 * Looks for the delimiter.  Its CR is the only one in it, so after a mismatch
 * no byte is ever looked at again but the one that did not match.
 */

static u_char *
ngx_http_model_multipart_body(ngx_http_model_multipart_t *m, u_char *p,
    u_char *last)
{
    u_char  *start, *cr;

    start = p;

    while (p < last) {

        if (m->matched == 0) {

            cr = (*p == '\r') ? p : memchr(p, '\r', last - p);

            if (m->model
                && ngx_http_model_multipart_put(m, p, (cr ? cr : last) - p)
                   != NGX_OK)
            {
                return NULL;
            }

            if (cr == NULL) {
                return last;
            }

            m->matched = 1;
            m->end = m->model ? m->offset + (cr - start) : m->end;
            p = cr + 1;
            continue;
        }

        if (*p != m->delimiter[m->matched]) {

            if (m->model) {
                (void) ngx_http_model_multipart_error(m,
                                  NGX_HTTP_MODEL_MULTIPART_CONTROL, m->start);
                return NULL;
            }

            m->matched = 0;
            continue;
        }

        p++;

        if (++m->matched == m->size) {
            m->state = NGX_HTTP_MODEL_MULTIPART_S_AFTER;

            if (m->model && ngx_http_model_multipart_value(m) != NGX_OK) {
                return NULL;
            }

            return p;
        }
    }

    return p;
}


static ngx_int_t
ngx_http_model_multipart_put(ngx_http_model_multipart_t *m, u_char *p,
    size_t len)
{
    if (len > NGX_HTTP_MODEL_MULTIPART_VALUE_SIZE - m->value.len) {
        return ngx_http_model_multipart_error(m,
                                 NGX_HTTP_MODEL_MULTIPART_TOO_LONG, m->start);
    }

    ngx_memcpy(m->text + m->value.len, p, len);
    m->value.len += len;

    return NGX_OK;
}


static ngx_int_t
ngx_http_model_multipart_value(ngx_http_model_multipart_t *m)
{
    ngx_uint_t  error;

    m->model = 0;

    switch (ngx_http_model_scan_name(m->text, m->value.len)) {

    case NGX_HTTP_MODEL_SCAN_OK:
        return NGX_OK;

    case NGX_HTTP_MODEL_SCAN_NAME_CONTROL:
        error = NGX_HTTP_MODEL_MULTIPART_CONTROL;
        break;

    default:
        error = NGX_HTTP_MODEL_MULTIPART_UTF8;
        break;
    }

    return ngx_http_model_multipart_error(m, error, m->start);
}


static u_char *
ngx_http_model_multipart_head(ngx_http_model_multipart_t *m, u_char *p,
    u_char *last)
{
    u_char  *end;
    size_t   n;

    end = memchr(p, '\n', last - p);

    if (end) {
        last = end + 1;
    }

    n = last - p;

    if (n > NGX_HTTP_MODEL_MULTIPART_HEAD_SIZE - m->head_len) {
        (void) ngx_http_model_multipart_error(m,
                             NGX_HTTP_MODEL_MULTIPART_HEAD_TOO_LONG, m->head);
        return NULL;
    }

    ngx_memcpy(m->line + m->line_len, p, n);
    m->line_len += n;
    m->head_len += n;

    if (end == NULL) {
        return last;
    }

    n = m->line_len;
    m->line_len = 0;

    if (n < 2 || m->line[n - 2] != '\r') {
        (void) ngx_http_model_multipart_error(m,
                                      NGX_HTTP_MODEL_MULTIPART_HEAD, m->head);
        return NULL;
    }

    m->offset += last - p;

    if (n == 2) {
        return ngx_http_model_multipart_head_end(m) == NGX_OK ? last : NULL;
    }

    if (ngx_http_model_multipart_header(m, m->line, m->line + n - 2)
        != NGX_OK)
    {
        return NULL;
    }

    return last;
}


static ngx_int_t
ngx_http_model_multipart_head_end(ngx_http_model_multipart_t *m)
{
    ngx_uint_t  error;

    error = !m->disposition ? NGX_HTTP_MODEL_MULTIPART_DISPOSITION
            : m->variant ? NGX_HTTP_MODEL_MULTIPART_VARIANT
            : !m->named ? NGX_HTTP_MODEL_MULTIPART_OK
            : m->file ? NGX_HTTP_MODEL_MULTIPART_FILE
            : m->encoded ? NGX_HTTP_MODEL_MULTIPART_ENCODING
            : m->found ? NGX_HTTP_MODEL_MULTIPART_DUPLICATE
            : NGX_HTTP_MODEL_MULTIPART_OK;

    if (error) {
        return ngx_http_model_multipart_error(m, error, m->head);
    }

    if (m->named) {
        m->found = 1;
        m->model = 1;
        m->start = m->offset;
        m->value.data = m->text;
    }

    m->state = NGX_HTTP_MODEL_MULTIPART_S_FIRST;
    m->matched = 2;

    return NGX_OK;
}


/* one header line, without its line break */

static ngx_int_t
ngx_http_model_multipart_header(ngx_http_model_multipart_t *m, u_char *p,
    u_char *last)
{
    u_char  *c, *colon;

    for (colon = p; colon < last && ngx_http_model_multipart_token(*colon);
         colon++)
    {
        /* void */
    }

    if (colon == p || colon == last || *colon != ':'
        || ngx_http_model_multipart_delimits(m, p, last))
    {
        return ngx_http_model_multipart_error(m,
                                      NGX_HTTP_MODEL_MULTIPART_HEAD, m->head);
    }

    for (c = colon; c < last; c++) {
        if ((*c < 0x20 && *c != '\t') || *c == 0x7f) {
            return ngx_http_model_multipart_error(m,
                                      NGX_HTTP_MODEL_MULTIPART_HEAD, m->head);
        }
    }

    c = colon + 1;

    while (c < last && (*c == ' ' || *c == '\t')) {
        c++;
    }

    while (c < last && (last[-1] == ' ' || last[-1] == '\t')) {
        last--;
    }

    if (ngx_http_model_multipart_is(p, colon, "content-disposition")) {
        return ngx_http_model_multipart_disposition(m, c, last);
    }

    if (ngx_http_model_multipart_is(p, colon, "content-transfer-encoding")
        && !ngx_http_model_multipart_is(c, last, "7bit")
        && !ngx_http_model_multipart_is(c, last, "8bit")
        && !ngx_http_model_multipart_is(c, last, "binary"))
    {
        m->encoded = 1;
    }

    return NGX_OK;
}


/* a header may look like a boundary to those who search for that first */

static ngx_uint_t
ngx_http_model_multipart_delimits(ngx_http_model_multipart_t *m, u_char *p,
    u_char *last)
{
    return (size_t) (last - p) >= m->size - 2
           && ngx_memcmp(p, m->delimiter + 2, m->size - 2) == 0;
}


static ngx_int_t
ngx_http_model_multipart_disposition(ngx_http_model_multipart_t *m, u_char *p,
    u_char *last)
{
    u_char     *end;
    ngx_str_t   name, value;

    for (end = p; end < last && ngx_http_model_multipart_token(*end); end++) {
        /* void */
    }

    if (m->disposition || !ngx_http_model_multipart_is(p, end, "form-data")) {
        return ngx_http_model_multipart_error(m,
                               NGX_HTTP_MODEL_MULTIPART_DISPOSITION, m->head);
    }

    for (p = end; p < last; /* void */ ) {
        p = ngx_http_model_multipart_next(p, last, &name, &value);

        if (p == NULL
            || ngx_http_model_multipart_parameter(m, &name, &value) != NGX_OK)
        {
            return ngx_http_model_multipart_error(m,
                               NGX_HTTP_MODEL_MULTIPART_DISPOSITION, m->head);
        }
    }

    /* a part that nobody can name is no field */

    if (!m->disposition) {
        return ngx_http_model_multipart_error(m,
                               NGX_HTTP_MODEL_MULTIPART_DISPOSITION, m->head);
    }

    return NGX_OK;
}


static ngx_int_t
ngx_http_model_multipart_parameter(ngx_http_model_multipart_t *m,
    ngx_str_t *name, ngx_str_t *value)
{
    u_char  *p, *last;

    p = name->data;
    last = p + name->len;

    if (ngx_http_model_multipart_is(p, last, "name")) {

        if (m->disposition) {
            return NGX_ERROR;
        }

        m->disposition = 1;

        if (value->len == 5 && ngx_memcmp(value->data, "model", 5) == 0) {
            m->named = 1;

        } else if (ngx_http_model_multipart_like(value)) {
            m->variant = 1;
        }

        return NGX_OK;
    }

    /* RFC 7578, 4.2 forbids name*, RFC 2231 has name*0 and name*0* too */

    if (name->len > 4 && p[4] == '*'
        && ngx_http_model_multipart_is(p, p + 4, "name"))
    {
        m->variant = 1;
        return NGX_OK;
    }

    if (name->len >= 8
        && ngx_http_model_multipart_is(p, p + 8, "filename"))
    {
        m->file = 1;
    }

    return NGX_OK;
}


/*
 * The next parameter of a header, from the ";" before it; without one, at a
 * ";" that ends the header, name and value are empty.  A quoted value comes
 * without its quotes, otherwise as it is.  Returns where to go on, or NULL.
 */

static u_char *
ngx_http_model_multipart_next(u_char *p, u_char *last, ngx_str_t *name,
    ngx_str_t *value)
{
    name->data = p;
    name->len = 0;
    *value = *name;

    while (p < last && (*p == ' ' || *p == '\t')) {
        p++;
    }

    if (p == last) {
        return p;
    }

    if (*p++ != ';') {
        return NULL;
    }

    while (p < last && (*p == ' ' || *p == '\t')) {
        p++;
    }

    if (p == last) {
        return p;
    }

    name->data = p;

    while (p < last && ngx_http_model_multipart_token(*p)) {
        p++;
    }

    name->len = p - name->data;

    if (name->len == 0 || p == last || *p++ != '=' || p == last) {
        return NULL;
    }

    if (*p != '"') {
        value->data = p;

        while (p < last && *p > 0x20 && *p != ';' && *p != '"'
               && *p != '\\' && *p != 0x7f)
        {
            p++;
        }

        value->len = p - value->data;

        return value->len ? p : NULL;
    }

    value->data = ++p;

    while (p < last && *p != '"') {
        p += (*p == '\\' && last - p > 1) ? 2 : 1;
    }

    if (p == last) {
        return NULL;
    }

    value->len = p - value->data;

    return p + 1;
}


/*
 * Whether some parser could read a name as "model": by folding case, taking
 * away backslashes or white space, or decoding percent signs.
 */

static ngx_uint_t
ngx_http_model_multipart_like(ngx_str_t *value)
{
    u_char       c, *p, *last;
    ngx_int_t    high, low;
    ngx_uint_t   n;
    const char  *model;

    n = 0;
    model = "model";
    last = value->data + value->len;

    for (p = value->data; p < last; p++) {
        c = *p;

        if (c == '%' && last - p > 2) {
            high = ngx_http_model_multipart_hex(p[1]);
            low = ngx_http_model_multipart_hex(p[2]);

            if (high >= 0 && low >= 0) {
                c = (u_char) (high * 16 + low);
                p += 2;
            }
        }

        if (c <= 0x20 || c == '\\') {
            continue;
        }

        if (n == 5 || ngx_tolower(c) != (u_char) model[n]) {
            return 0;
        }

        n++;
    }

    return n == 5;
}


static ngx_int_t
ngx_http_model_multipart_hex(u_char c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }

    c = ngx_tolower(c);

    return (c >= 'a' && c <= 'f') ? c - 'a' + 10 : -1;
}


/* whether the bytes are the word, which is in lower case, in any case */

static ngx_uint_t
ngx_http_model_multipart_is(u_char *p, u_char *last, const char *word)
{
    for ( /* void */ ; p < last; p++, word++) {
        if (*word == '\0' || ngx_tolower(*p) != (u_char) *word) {
            return 0;
        }
    }

    return *word == '\0';
}


/* RFC 9110, 5.6.2 */

static ngx_uint_t
ngx_http_model_multipart_token(u_char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')
           || (c >= '0' && c <= '9')
           || (c != '\0' && ngx_strchr("!#$%&'*+-.^_`|~", c) != NULL);
}


static ngx_int_t
ngx_http_model_multipart_error(ngx_http_model_multipart_t *m,
    ngx_uint_t error, off_t offset)
{
    m->error = error;
    m->error_offset = offset;

    return NGX_ERROR;
}
