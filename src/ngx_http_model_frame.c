
/*
 * Copyright (C) the ngx_http_model_module authors
 *
 * Lines are found by memchr, ends of strings too; what is between strings is
 * looked at byte by byte.  A string counts as the name of a member when a
 * colon follows.  Strings with escapes equal no word: no server writes those
 * so.
 */


#include <ngx_config.h>
#include <ngx_core.h>

#include "ngx_http_model_frame.h"


/* what a line of SSE is */

#define NGX_HTTP_MODEL_FRAME_L_NAME    0    /* not known before the colon */
#define NGX_HTTP_MODEL_FRAME_L_EVENT   1
#define NGX_HTTP_MODEL_FRAME_L_START   2    /* data, before the first byte */
#define NGX_HTTP_MODEL_FRAME_L_DONE    3    /* data, so far as "[DONE]" */
#define NGX_HTTP_MODEL_FRAME_L_DATA    4
#define NGX_HTTP_MODEL_FRAME_L_OTHER   5

#define NGX_HTTP_MODEL_FRAME_FIELD     32   /* more than a field's name has */


/* parts of a number */

#define NGX_HTTP_MODEL_FRAME_INTEGER   1
#define NGX_HTTP_MODEL_FRAME_FRACTION  2
#define NGX_HTTP_MODEL_FRAME_ODD       3    /* negative, or has an exponent */


#define ngx_http_model_frame_is(p, len, s)                                    \
    ((len) == sizeof(s) - 1 && ngx_memcmp(p, s, sizeof(s) - 1) == 0)


static void ngx_http_model_frame_lines(ngx_http_model_frame_t *f, u_char *p,
    u_char *last);
static void ngx_http_model_frame_sse(ngx_http_model_frame_t *f, u_char *p,
    u_char *last);
static void ngx_http_model_frame_line(ngx_http_model_frame_t *f, u_char *p,
    u_char *last);
static u_char *ngx_http_model_frame_field(ngx_http_model_frame_t *f, u_char *p,
    u_char *last);
static void ngx_http_model_frame_data_line(ngx_http_model_frame_t *f);
static u_char *ngx_http_model_frame_data(ngx_http_model_frame_t *f, u_char *p,
    u_char *last);
static void ngx_http_model_frame_line_end(ngx_http_model_frame_t *f);
static void ngx_http_model_frame_event_end(ngx_http_model_frame_t *f,
    uint64_t end);
static void ngx_http_model_frame_json(ngx_http_model_frame_t *f, u_char *p,
    u_char *last);
static void ngx_http_model_frame_open(ngx_http_model_frame_t *f, u_char c);
static void ngx_http_model_frame_close(ngx_http_model_frame_t *f, u_char c);
static u_char *ngx_http_model_frame_scalar(ngx_http_model_frame_t *f,
    u_char *p, u_char *last);
static u_char *ngx_http_model_frame_number(ngx_http_model_frame_t *f,
    u_char *p, u_char *last);
static void ngx_http_model_frame_number_end(ngx_http_model_frame_t *f);
static u_char *ngx_http_model_frame_string(ngx_http_model_frame_t *f,
    u_char *p, u_char *last);
static u_char *ngx_http_model_frame_quote(u_char *p, u_char *last,
    ngx_uint_t *escape);
static void ngx_http_model_frame_keep(ngx_http_model_frame_t *f, u_char *p,
    size_t len);
static void ngx_http_model_frame_text(ngx_http_model_frame_t *f, u_char *p,
    size_t len);
static void ngx_http_model_frame_tell(ngx_http_model_frame_t *f,
    ngx_uint_t what, ngx_uint_t member, u_char *p, size_t len);
static void ngx_http_model_frame_forget(ngx_http_model_frame_t *f);


void
ngx_http_model_frame_init(ngx_http_model_frame_t *f, ngx_uint_t framing,
    ngx_http_model_frame_handler_pt handler)
{
    ngx_memzero(f, sizeof(ngx_http_model_frame_t));

    f->handler = handler;
    f->framing = framing;
    f->first = 1;
}


void
ngx_http_model_frame_feed(ngx_http_model_frame_t *f, u_char *p, size_t len)
{
    if (len == 0) {
        return;
    }

    f->offset += len;

    switch (f->framing) {

    case NGX_HTTP_MODEL_FRAME_SSE:
        ngx_http_model_frame_sse(f, p, p + len);
        break;

    case NGX_HTTP_MODEL_FRAME_NDJSON:
        ngx_http_model_frame_lines(f, p, p + len);
        break;

    case NGX_HTTP_MODEL_FRAME_JSON:
        ngx_http_model_frame_json(f, p, p + len);
        break;
    }
}


static void
ngx_http_model_frame_lines(ngx_http_model_frame_t *f, u_char *p, u_char *last)
{
    u_char  *lf;

    f->open = (last[-1] != LF);

    for ( ;; ) {
        lf = memchr(p, LF, last - p);

        ngx_http_model_frame_json(f, p, lf ? lf : last);

        if (lf == NULL) {
            return;
        }

        ngx_http_model_frame_forget(f);

        p = lf + 1;

        if (p == last) {
            return;
        }
    }
}


static void
ngx_http_model_frame_sse(ngx_http_model_frame_t *f, u_char *p, u_char *last)
{
    u_char  *lf, *cr, *end;

    lf = NULL;
    cr = NULL;

    if (f->cr && *p == LF) {

        /* it belongs to what its CR has ended */

        p++;

        f->begin += (f->begin == f->offset - (last - p) - 1);
        f->end += (f->end == f->offset - (last - p) - 1);
    }

    f->cr = 0;

    while (p < last) {

        if (lf == NULL || lf < p) {
            lf = memchr(p, LF, last - p);
            lf = lf ? lf : last;
        }

        if (cr == NULL || cr < p) {
            cr = memchr(p, CR, last - p);
            cr = cr ? cr : last;
        }

        end = ngx_min(lf, cr);

        if (p < end) {
            ngx_http_model_frame_line(f, p, end);
        }

        if (end == last) {
            return;
        }

        p = end + 1;

        if (*end == CR) {

            if (p == last) {
                f->cr = 1;

            } else if (*p == LF) {
                p++;
            }
        }

        if (f->line == NGX_HTTP_MODEL_FRAME_L_NAME && f->len == 0) {
            ngx_http_model_frame_event_end(f, f->offset - (last - p));

        } else {
            ngx_http_model_frame_line_end(f);
        }
    }
}


/* a piece of a line, not empty, without its end */

static void
ngx_http_model_frame_line(ngx_http_model_frame_t *f, u_char *p, u_char *last)
{
    f->open = 2;

    if (f->line == NGX_HTTP_MODEL_FRAME_L_NAME) {

        if (f->len == 0 && last - p >= 5 && ngx_memcmp(p, "data:", 5) == 0) {
            ngx_http_model_frame_data_line(f);
            p += 5;

        } else if (f->len == 0 && last - p >= 6
                   && ngx_memcmp(p, "event:", 6) == 0)
        {
            f->line = NGX_HTTP_MODEL_FRAME_L_EVENT;
            p += 6;

        } else {
            p = ngx_http_model_frame_field(f, p, last);
        }
    }

    if (f->line == NGX_HTTP_MODEL_FRAME_L_EVENT) {
        ngx_http_model_frame_keep(f, p, last - p);
        return;
    }

    if (f->line == NGX_HTTP_MODEL_FRAME_L_START
        || f->line == NGX_HTTP_MODEL_FRAME_L_DONE)
    {
        p = ngx_http_model_frame_data(f, p, last);
    }

    if (f->line == NGX_HTTP_MODEL_FRAME_L_DATA) {
        ngx_http_model_frame_json(f, p, last);
    }
}


static u_char *
ngx_http_model_frame_field(ngx_http_model_frame_t *f, u_char *p, u_char *last)
{
    size_t   len;
    u_char  *text, *colon;

    colon = memchr(p, ':', ngx_min(last - p, NGX_HTTP_MODEL_FRAME_FIELD));

    ngx_http_model_frame_keep(f, p, colon ? colon - p : last - p);

    if (f->len > NGX_HTTP_MODEL_FRAME_FIELD) {
        f->line = NGX_HTTP_MODEL_FRAME_L_OTHER;
        return last;
    }

    if (colon == NULL) {
        return last;
    }

    text = f->text;
    len = f->len;

    if (f->first && len >= 3 && ngx_memcmp(text, "\xef\xbb\xbf", 3) == 0) {
        text += 3;
        len -= 3;
    }

    f->line = NGX_HTTP_MODEL_FRAME_L_OTHER;
    f->len = 0;

    if (ngx_http_model_frame_is(text, len, "data")) {
        ngx_http_model_frame_data_line(f);

    } else if (ngx_http_model_frame_is(text, len, "event")) {
        f->line = NGX_HTTP_MODEL_FRAME_L_EVENT;
    }

    return colon + 1;
}


static void
ngx_http_model_frame_data_line(ngx_http_model_frame_t *f)
{
    f->data = 1;
    f->line = f->broken ? NGX_HTTP_MODEL_FRAME_L_OTHER
                        : NGX_HTTP_MODEL_FRAME_L_START;
}


/* the beginning of a line of data: "[DONE]" or JSON */

static u_char *
ngx_http_model_frame_data(ngx_http_model_frame_t *f, u_char *p, u_char *last)
{
    if (f->line == NGX_HTTP_MODEL_FRAME_L_START) {

        while (p < last && (*p == ' ' || *p == '\t')) {
            p++;
        }

        if (p == last) {
            return p;
        }

        f->line = NGX_HTTP_MODEL_FRAME_L_DATA;

        if (*p != '[' || f->depth) {
            return p;
        }

        f->line = NGX_HTTP_MODEL_FRAME_L_DONE;
        f->len = 0;
    }

    for ( /* void */ ; p < last; p++) {

        if (*p != "[DONE]"[f->len]) {

            /* an array: what was passed over is "[", or is no JSON */

            f->line = NGX_HTTP_MODEL_FRAME_L_DATA;
            f->len = 0;

            ngx_http_model_frame_open(f, '[');

            return p;
        }

        if (++f->len == sizeof("[DONE]") - 1) {
            f->line = NGX_HTTP_MODEL_FRAME_L_OTHER;

            ngx_http_model_frame_tell(f, NGX_HTTP_MODEL_FRAME_DONE, 0, NULL, 0);

            return last;
        }
    }

    return p;
}


/* of a line that is not blank */

static void
ngx_http_model_frame_line_end(ngx_http_model_frame_t *f)
{
    size_t   len;
    u_char  *text;

    f->open = 1;
    f->lines = 1;

    switch (f->line) {

    case NGX_HTTP_MODEL_FRAME_L_EVENT:
        text = f->text;
        len = f->len;

        if (len && *text == ' ') {
            text++;
            len--;
        }

        ngx_http_model_frame_tell(f, NGX_HTTP_MODEL_FRAME_EVENT, 0, text, len);
        break;

    case NGX_HTTP_MODEL_FRAME_L_DONE:
        ngx_http_model_frame_open(f, '[');
        f->broken = (f->len > 1);
        break;

    case NGX_HTTP_MODEL_FRAME_L_DATA:
        if (f->digits) {
            ngx_http_model_frame_number_end(f);
        }

        f->broken = f->string;
        break;
    }

    f->line = NGX_HTTP_MODEL_FRAME_L_NAME;
    f->len = 0;
    f->first = 0;
}


/* a blank line */

static void
ngx_http_model_frame_event_end(ngx_http_model_frame_t *f, uint64_t end)
{
    if (f->lines) {
        f->start = f->begin;
        f->end = end;

        ngx_http_model_frame_tell(f, NGX_HTTP_MODEL_FRAME_END, 0, NULL, 0);
    }

    ngx_http_model_frame_forget(f);

    f->begin = end;
    f->open = 0;
    f->lines = 0;
    f->data = 0;
    f->broken = 0;
    f->first = 0;
}


/* a piece of a document, of a line where lines matter */

static void
ngx_http_model_frame_json(ngx_http_model_frame_t *f, u_char *p, u_char *last)
{
    u_char  c, *q;

    if (f->string) {
        p = ngx_http_model_frame_string(f, p, last);

    } else if (f->digits) {
        p = ngx_http_model_frame_number(f, p, last);
    }

    while (p < last) {

        c = *p++;

        switch (c) {

        case '"':
            q = memchr(p, '"', last - p);

            if (q && q[-1] != '\\') {
                ngx_http_model_frame_text(f, p, q - p);
                p = q + 1;
                break;
            }

            f->len = 0;
            p = ngx_http_model_frame_string(f, p, last);
            break;

        case ':':
            f->member = f->key ? f->key : NGX_HTTP_MODEL_M_OTHER;
            f->key = NGX_HTTP_MODEL_M_NONE;
            break;

        case ',':
            f->member = NGX_HTTP_MODEL_M_NONE;
            f->key = NGX_HTTP_MODEL_M_NONE;
            break;

        case '{':
        case '[':
            ngx_http_model_frame_open(f, c);
            break;

        case '}':
        case ']':
            ngx_http_model_frame_close(f, c);
            break;

        default:
            if (c <= ' ') {
                break;
            }

            if (f->member >= NGX_HTTP_MODEL_M_KNOWN) {
                p = ngx_http_model_frame_scalar(f, p - 1, last);

            } else if (f->member == NGX_HTTP_MODEL_M_FIRST) {
                f->member = NGX_HTTP_MODEL_M_NONE;
            }
        }
    }
}


static void
ngx_http_model_frame_open(ngx_http_model_frame_t *f, u_char c)
{
    ngx_uint_t  id;

    id = f->member;

    if (f->depth == 0) {
        id = NGX_HTTP_MODEL_M_ROOT;

    } else {

        if (id == NGX_HTTP_MODEL_M_FIRST) {
            id = NGX_HTTP_MODEL_M_NONE;
        }

        if (id >= NGX_HTTP_MODEL_M_KNOWN
            || (f->path & 0xff) >= (NGX_HTTP_MODEL_M_ARRAY
                                    |NGX_HTTP_MODEL_M_KNOWN))
        {
            ngx_http_model_frame_tell(f, c == '{' ? NGX_HTTP_MODEL_FRAME_OBJECT
                                                  : NGX_HTTP_MODEL_FRAME_ARRAY,
                                      id, NULL, 0);
        }
    }

    f->key = NGX_HTTP_MODEL_M_NONE;
    f->member = NGX_HTTP_MODEL_M_NONE;

    if (c == '[') {
        f->member = NGX_HTTP_MODEL_M_FIRST;
        id |= NGX_HTTP_MODEL_M_ARRAY;
    }

    if (f->depth++ < NGX_HTTP_MODEL_FRAME_DEPTH) {
        f->path = ngx_http_model_frame_in(f->path, id);
    }
}


static void
ngx_http_model_frame_close(ngx_http_model_frame_t *f, u_char c)
{
    ngx_uint_t  id;

    if (f->depth <= 1) {

        if (f->depth) {
            ngx_http_model_frame_tell(f, NGX_HTTP_MODEL_FRAME_DOCUMENT, 0,
                                      NULL, 0);
        }

        ngx_http_model_frame_forget(f);
        return;
    }

    id = f->path & (NGX_HTTP_MODEL_M_ARRAY - 1);

    if (f->depth-- <= NGX_HTTP_MODEL_FRAME_DEPTH) {
        f->path >>= 8;

        if (c == ']' && f->member == NGX_HTTP_MODEL_M_FIRST
            && id >= NGX_HTTP_MODEL_M_KNOWN)
        {
            ngx_http_model_frame_tell(f, NGX_HTTP_MODEL_FRAME_EMPTY, id, NULL,
                                      0);
        }
    }

    f->key = NGX_HTTP_MODEL_M_NONE;
    f->member = NGX_HTTP_MODEL_M_NONE;
}


/* p is its first byte, which tells: true, false, null, or a number */

static u_char *
ngx_http_model_frame_scalar(ngx_http_model_frame_t *f, u_char *p, u_char *last)
{
    f->number = 0;

    if (*p == '-') {
        f->digits = NGX_HTTP_MODEL_FRAME_ODD;
        return ngx_http_model_frame_number(f, p + 1, last);
    }

    if (*p >= '0' && *p <= '9') {
        f->digits = NGX_HTTP_MODEL_FRAME_INTEGER;
        return ngx_http_model_frame_number(f, p, last);
    }

    ngx_http_model_frame_tell(f, NGX_HTTP_MODEL_FRAME_LITERAL, f->member, p, 1);

    f->member = NGX_HTTP_MODEL_M_NONE;

    return p + 1;
}


/* to behind the number, or to the end of the piece */

static u_char *
ngx_http_model_frame_number(ngx_http_model_frame_t *f, u_char *p, u_char *last)
{
    ngx_uint_t  digit;

    for ( /* void */ ; p < last; p++) {

        if (*p >= '0' && *p <= '9') {

            if (f->digits == NGX_HTTP_MODEL_FRAME_INTEGER) {
                digit = *p - '0';

                if (f->number > (INT64_MAX - (int64_t) digit) / 10) {
                    f->number = INT64_MAX;
                    continue;
                }

                f->number = f->number * 10 + digit;
            }

        } else if (*p == '.') {

            if (f->digits == NGX_HTTP_MODEL_FRAME_INTEGER) {
                f->digits = NGX_HTTP_MODEL_FRAME_FRACTION;
            }

        } else if (*p == 'e' || *p == 'E') {
            f->digits = NGX_HTTP_MODEL_FRAME_ODD;

        } else if (*p != '+' && *p != '-') {
            ngx_http_model_frame_number_end(f);
            break;
        }
    }

    return p;
}


static void
ngx_http_model_frame_number_end(ngx_http_model_frame_t *f)
{
    if (f->digits == NGX_HTTP_MODEL_FRAME_ODD) {
        f->number = -1;
    }

    ngx_http_model_frame_tell(f, NGX_HTTP_MODEL_FRAME_NUMBER, f->member, NULL,
                              0);

    f->digits = 0;
    f->member = NGX_HTTP_MODEL_M_NONE;
}


/* from inside a string to behind its quote, or to the end of the piece */

static u_char *
ngx_http_model_frame_string(ngx_http_model_frame_t *f, u_char *p, u_char *last)
{
    u_char      *quote;
    ngx_uint_t   escape;

    escape = f->escape;

    quote = ngx_http_model_frame_quote(p, last, &escape);

    if (quote == NULL) {

        if (f->member != NGX_HTTP_MODEL_M_OTHER) {
            ngx_http_model_frame_keep(f, p, last - p);
        }

        f->string = 1;
        f->escape = escape;

        return last;
    }

    if (f->len == 0) {
        ngx_http_model_frame_text(f, p, quote - p);

    } else {
        ngx_http_model_frame_keep(f, p, quote - p);
        ngx_http_model_frame_text(f, f->text, f->len);
        f->len = 0;
    }

    f->string = 0;
    f->escape = 0;

    return quote + 1;
}


/*
 * The quote that ends a string, the first behind an even number of
 * backslashes; NULL if it is not here, then whether the next byte is escaped.
 */

static u_char *
ngx_http_model_frame_quote(u_char *p, u_char *last, ngx_uint_t *escape)
{
    u_char  *q, *b, *end;

    if (*escape && p < last) {
        p++;
        *escape = 0;
    }

    while (p < last) {

        q = memchr(p, '"', last - p);
        end = q ? q : last;

        for (b = end; b > p && b[-1] == '\\'; b--) { /* void */ }

        if (q == NULL) {
            *escape = (end - b) & 1;
            return NULL;
        }

        if (((end - b) & 1) == 0) {
            return q;
        }

        p = q + 1;
    }

    return NULL;
}


/* adds to text what was cut; where it is full there may have been more */

static void
ngx_http_model_frame_keep(ngx_http_model_frame_t *f, u_char *p, size_t len)
{
    len = ngx_min(len, (size_t) (NGX_HTTP_MODEL_FRAME_TEXT - f->len));

    ngx_memcpy(f->text + f->len, p, len);
    f->len += len;
}


/* a whole string, as it is written */

static void
ngx_http_model_frame_text(ngx_http_model_frame_t *f, u_char *p, size_t len)
{
    if (f->member <= NGX_HTTP_MODEL_M_FIRST) {
        f->key = ngx_http_model_frame_member(p, len);

    } else if (f->member >= NGX_HTTP_MODEL_M_KNOWN) {
        ngx_http_model_frame_tell(f, NGX_HTTP_MODEL_FRAME_STRING, f->member, p,
                                  len);
    }

    f->member = NGX_HTTP_MODEL_M_NONE;
}


static void
ngx_http_model_frame_tell(ngx_http_model_frame_t *f, ngx_uint_t what,
    ngx_uint_t member, u_char *p, size_t len)
{
    uint64_t   path;
    ngx_str_t  text;

    path = (f->depth <= NGX_HTTP_MODEL_FRAME_DEPTH) ? f->path
                                                    : NGX_HTTP_MODEL_M_DEEP;
    text.data = p;
    text.len = len;

    f->handler(f, what, ngx_http_model_frame_in(path, member), &text);
}


/* before a document */

static void
ngx_http_model_frame_forget(ngx_http_model_frame_t *f)
{
    f->depth = 0;
    f->path = 0;
    f->key = NGX_HTTP_MODEL_M_NONE;
    f->member = NGX_HTTP_MODEL_M_NONE;
    f->marks = 0;
    f->digits = 0;
    f->len = 0;
    f->string = 0;
    f->escape = 0;
}
