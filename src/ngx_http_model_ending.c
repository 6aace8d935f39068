
/*
 * Copyright (C) the ngx_http_model_module authors
 *
 * Lines are found by memchr, ends of strings too; what is between strings is
 * looked at byte by byte.  A string counts as the name of a member when a
 * colon follows.  Strings with escapes equal no marker: no server writes
 * those so.
 */


#include <ngx_config.h>
#include <ngx_core.h>

#include "ngx_http_model_ending.h"
#include "ngx_http_model_error.h"


/* what a line of SSE is */

#define NGX_HTTP_MODEL_ENDING_NAME       0    /* not known before the colon */
#define NGX_HTTP_MODEL_ENDING_EVENT      1
#define NGX_HTTP_MODEL_ENDING_START      2    /* data, before the first byte */
#define NGX_HTTP_MODEL_ENDING_DONE       3    /* data, so far as "[DONE]" */
#define NGX_HTTP_MODEL_ENDING_DATA       4
#define NGX_HTTP_MODEL_ENDING_OTHER      5


/* members that matter */

#define NGX_HTTP_MODEL_ENDING_M_NONE     0
#define NGX_HTTP_MODEL_ENDING_M_DONE     1
#define NGX_HTTP_MODEL_ENDING_M_TYPE     2
#define NGX_HTTP_MODEL_ENDING_M_ERROR    3
#define NGX_HTTP_MODEL_ENDING_M_STATUS   4
#define NGX_HTTP_MODEL_ENDING_M_FINISH   5
#define NGX_HTTP_MODEL_ENDING_M_SEQUENCE 6

#define NGX_HTTP_MODEL_ENDING_SEQ_MAX    1000000000000000LL


#define ngx_http_model_ending_is(p, len, s)                                   \
    ((len) == sizeof(s) - 1 && ngx_memcmp(p, s, sizeof(s) - 1) == 0)


static void ngx_http_model_ending_sse(ngx_http_model_ending_t *e, u_char *p,
    u_char *last);
static void ngx_http_model_ending_line(ngx_http_model_ending_t *e, u_char *p,
    u_char *last);
static u_char *ngx_http_model_ending_name(ngx_http_model_ending_t *e,
    u_char *p, u_char *last);
static u_char *ngx_http_model_ending_data(ngx_http_model_ending_t *e,
    u_char *p, u_char *last);
static void ngx_http_model_ending_line_end(ngx_http_model_ending_t *e);
static void ngx_http_model_ending_json(ngx_http_model_ending_t *e, u_char *p,
    u_char *last);
static void ngx_http_model_ending_scalar(ngx_http_model_ending_t *e, u_char c);
static u_char *ngx_http_model_ending_string(ngx_http_model_ending_t *e,
    u_char *p, u_char *last);
static u_char *ngx_http_model_ending_quote(u_char *p, u_char *last,
    ngx_uint_t *escape);
static void ngx_http_model_ending_keep(ngx_http_model_ending_t *e, u_char *p,
    size_t len);
static void ngx_http_model_ending_text(ngx_http_model_ending_t *e, u_char *p,
    size_t len);
static ngx_uint_t ngx_http_model_ending_member(ngx_http_model_ending_t *e,
    u_char *p, size_t len);
static ngx_uint_t ngx_http_model_ending_final(u_char *p, size_t len);
static void ngx_http_model_ending_forget(ngx_http_model_ending_t *e);


/* events after which nothing comes */

static const ngx_str_t  ngx_http_model_ending_events[] = {
    ngx_string("error"),
    ngx_string("image_edit.completed"),
    ngx_string("image_generation.completed"),
    ngx_string("message_stop"),
    ngx_string("response.completed"),
    ngx_string("response.failed"),
    ngx_string("response.incomplete"),
    ngx_string("speech.audio.done"),
    ngx_string("transcript.text.done"),
    ngx_null_string
};


void
ngx_http_model_ending_init(ngx_http_model_ending_t *e, ngx_uint_t framing)
{
    ngx_memzero(e, sizeof(ngx_http_model_ending_t));

    e->framing = framing;
    e->first = 1;
    e->sequence = -1;
}


void
ngx_http_model_ending_feed(ngx_http_model_ending_t *e, u_char *p, size_t len)
{
    u_char  *last, *lf;

    if (len == 0) {
        return;
    }

    last = p + len;

    if (e->framing == NGX_HTTP_MODEL_ENDING_SSE) {
        ngx_http_model_ending_sse(e, p, last);
        return;
    }

    e->open = (last[-1] != LF);

    for ( ;; ) {
        lf = memchr(p, LF, last - p);

        ngx_http_model_ending_json(e, p, lf ? lf : last);

        if (lf == NULL) {
            return;
        }

        ngx_http_model_ending_forget(e);

        p = lf + 1;

        if (p == last) {
            return;
        }
    }
}


static void
ngx_http_model_ending_sse(ngx_http_model_ending_t *e, u_char *p, u_char *last)
{
    u_char  *lf, *cr, *end;

    lf = NULL;
    cr = NULL;

    while (p < last) {

        if (e->cr) {
            e->cr = 0;

            if (*p == LF) {
                p++;
                continue;
            }
        }

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
            ngx_http_model_ending_line(e, p, end);
        }

        if (end == last) {
            return;
        }

        ngx_http_model_ending_line_end(e);

        e->cr = (*end == CR);
        p = end + 1;
    }
}


/* a piece of a line, not empty, without its end */

static void
ngx_http_model_ending_line(ngx_http_model_ending_t *e, u_char *p, u_char *last)
{
    e->open = 2;

    if (e->line == NGX_HTTP_MODEL_ENDING_NAME) {
        p = ngx_http_model_ending_name(e, p, last);
    }

    if (e->line == NGX_HTTP_MODEL_ENDING_EVENT) {
        ngx_http_model_ending_keep(e, p, last - p);
        return;
    }

    if (e->line == NGX_HTTP_MODEL_ENDING_START
        || e->line == NGX_HTTP_MODEL_ENDING_DONE)
    {
        p = ngx_http_model_ending_data(e, p, last);
    }

    if (e->line == NGX_HTTP_MODEL_ENDING_DATA) {
        ngx_http_model_ending_json(e, p, last);
    }
}


static u_char *
ngx_http_model_ending_name(ngx_http_model_ending_t *e, u_char *p, u_char *last)
{
    size_t   len;
    u_char  *text, *colon;

    colon = memchr(p, ':', ngx_min(last - p, NGX_HTTP_MODEL_ENDING_TEXT));

    ngx_http_model_ending_keep(e, p, colon ? colon - p : last - p);

    if (e->len > NGX_HTTP_MODEL_ENDING_TEXT) {
        e->line = NGX_HTTP_MODEL_ENDING_OTHER;
        return last;
    }

    if (colon == NULL) {
        return last;
    }

    text = e->text;
    len = e->len;

    if (e->first && len >= 3 && ngx_memcmp(text, "\xef\xbb\xbf", 3) == 0) {
        text += 3;
        len -= 3;
    }

    e->line = NGX_HTTP_MODEL_ENDING_OTHER;
    e->len = 0;

    if (ngx_http_model_ending_is(text, len, "data") && !e->broken) {
        e->line = NGX_HTTP_MODEL_ENDING_START;

    } else if (ngx_http_model_ending_is(text, len, "event")) {
        e->line = NGX_HTTP_MODEL_ENDING_EVENT;
    }

    return colon + 1;
}


/* the beginning of a line of data: "[DONE]" or JSON */

static u_char *
ngx_http_model_ending_data(ngx_http_model_ending_t *e, u_char *p, u_char *last)
{
    if (e->line == NGX_HTTP_MODEL_ENDING_START) {

        while (p < last && (*p == ' ' || *p == '\t')) {
            p++;
        }

        if (p == last) {
            return p;
        }

        e->line = NGX_HTTP_MODEL_ENDING_DATA;

        if (*p != '[' || e->depth) {
            return p;
        }

        e->line = NGX_HTTP_MODEL_ENDING_DONE;
        e->len = 0;
    }

    for ( /* void */ ; p < last; p++) {

        if (*p != "[DONE]"[e->len]) {

            /* an array: what was passed over is "[", or is no JSON */

            e->line = NGX_HTTP_MODEL_ENDING_DATA;
            e->depth = 1;
            e->len = 0;

            return p;
        }

        if (++e->len == sizeof("[DONE]") - 1) {
            e->line = NGX_HTTP_MODEL_ENDING_OTHER;
            e->finished = 1;

            return last;
        }
    }

    return p;
}


static void
ngx_http_model_ending_line_end(ngx_http_model_ending_t *e)
{
    size_t   len;
    u_char  *text;

    if (e->line == NGX_HTTP_MODEL_ENDING_NAME && e->len == 0) {

        /* a blank line: the event is whole */

        ngx_http_model_ending_forget(e);
        e->broken = 0;
        e->open = 0;

    } else {
        e->open = 1;
    }

    switch (e->line) {

    case NGX_HTTP_MODEL_ENDING_EVENT:
        text = e->text;
        len = e->len;

        if (len && *text == ' ') {
            text++;
            len--;
        }

        e->finished |= ngx_http_model_ending_final(text, len);
        break;

    case NGX_HTTP_MODEL_ENDING_DONE:
        e->depth = 1;
        e->broken = (e->len > 1);
        break;

    case NGX_HTTP_MODEL_ENDING_DATA:
        e->broken = e->string;
        break;
    }

    e->line = NGX_HTTP_MODEL_ENDING_NAME;
    e->len = 0;
    e->first = 0;
}


/* a piece of a document, without newlines */

static void
ngx_http_model_ending_json(ngx_http_model_ending_t *e, u_char *p, u_char *last)
{
    u_char  c;

    if (e->string) {
        p = ngx_http_model_ending_string(e, p, last);
    }

    while (p < last) {

        c = *p++;

        switch (c) {

        case '"':
            e->len = 0;
            p = ngx_http_model_ending_string(e, p, last);
            break;

        case ':':
            e->member = e->key;
            e->key = NGX_HTTP_MODEL_ENDING_M_NONE;

            if (e->member == NGX_HTTP_MODEL_ENDING_M_SEQUENCE) {
                e->sequence = 0;
            }

            break;

        case '{':
        case '[':
            if (e->member == NGX_HTTP_MODEL_ENDING_M_ERROR) {
                e->hit = 1;
            }

            e->key = NGX_HTTP_MODEL_ENDING_M_NONE;
            e->member = NGX_HTTP_MODEL_ENDING_M_NONE;
            e->depth++;
            break;

        case '}':
        case ']':
            if (e->depth <= 1) {
                e->finished |= e->hit;
                ngx_http_model_ending_forget(e);
                break;
            }

            e->depth--;
            /* fall through */

        case ',':
            e->key = NGX_HTTP_MODEL_ENDING_M_NONE;
            e->member = NGX_HTTP_MODEL_ENDING_M_NONE;
            break;

        default:
            if (e->member && c > ' ') {
                ngx_http_model_ending_scalar(e, c);
            }
        }
    }
}


/* a byte of a number or literal that is the value of a member */

static void
ngx_http_model_ending_scalar(ngx_http_model_ending_t *e, u_char c)
{
    if (e->member == NGX_HTTP_MODEL_ENDING_M_SEQUENCE) {

        if (c >= '0' && c <= '9'
            && e->sequence < NGX_HTTP_MODEL_ENDING_SEQ_MAX)
        {
            e->sequence = e->sequence * 10 + (c - '0');
        }

        return;
    }

    /* the first byte tells: true, false, null, or a number */

    if ((e->member == NGX_HTTP_MODEL_ENDING_M_DONE && c == 't')
        || (e->member == NGX_HTTP_MODEL_ENDING_M_ERROR
            && c != 'n' && c != 'f'))
    {
        e->hit = 1;
    }

    e->member = NGX_HTTP_MODEL_ENDING_M_NONE;
}


/* from inside a string to behind its quote, or to the end of the piece */

static u_char *
ngx_http_model_ending_string(ngx_http_model_ending_t *e, u_char *p,
    u_char *last)
{
    u_char      *quote;
    ngx_uint_t   escape;

    escape = e->escape;

    quote = ngx_http_model_ending_quote(p, last, &escape);

    if (quote == NULL) {
        ngx_http_model_ending_keep(e, p, last - p);

        e->string = 1;
        e->escape = escape;

        return last;
    }

    if (e->len == 0) {
        ngx_http_model_ending_text(e, p, quote - p);

    } else {
        ngx_http_model_ending_keep(e, p, quote - p);
        ngx_http_model_ending_text(e, e->text, e->len);
        e->len = 0;
    }

    e->string = 0;
    e->escape = 0;

    return quote + 1;
}


/*
 * The quote that ends a string, the first behind an even number of
 * backslashes; NULL if it is not here, then whether the next byte is escaped.
 */

static u_char *
ngx_http_model_ending_quote(u_char *p, u_char *last, ngx_uint_t *escape)
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


/* adds to text what was cut; one byte too many marks what is too long */

static void
ngx_http_model_ending_keep(ngx_http_model_ending_t *e, u_char *p, size_t len)
{
    if (e->len + len > NGX_HTTP_MODEL_ENDING_TEXT) {
        e->len = NGX_HTTP_MODEL_ENDING_TEXT + 1;
        return;
    }

    ngx_memcpy(e->text + e->len, p, len);
    e->len += len;
}


/* a whole string, as it is written */

static void
ngx_http_model_ending_text(ngx_http_model_ending_t *e, u_char *p, size_t len)
{
    switch (e->member) {

    case NGX_HTTP_MODEL_ENDING_M_NONE:
        e->key = ngx_http_model_ending_member(e, p, len);
        return;

    case NGX_HTTP_MODEL_ENDING_M_TYPE:
        e->hit |= ngx_http_model_ending_final(p, len);
        break;

    case NGX_HTTP_MODEL_ENDING_M_STATUS:
        e->hit |= ngx_http_model_ending_is(p, len, "success");
        break;

    case NGX_HTTP_MODEL_ENDING_M_ERROR:
    case NGX_HTTP_MODEL_ENDING_M_FINISH:
        e->hit |= (len != 0);
        break;
    }

    e->member = NGX_HTTP_MODEL_ENDING_M_NONE;
}


static ngx_uint_t
ngx_http_model_ending_member(ngx_http_model_ending_t *e, u_char *p, size_t len)
{
    ngx_uint_t  sse;

    sse = (e->framing == NGX_HTTP_MODEL_ENDING_SSE);

    if (e->depth != 1) {

        if (sse && e->depth > 1
            && ngx_http_model_ending_is(p, len, "finish_reason"))
        {
            return NGX_HTTP_MODEL_ENDING_M_FINISH;
        }

        return NGX_HTTP_MODEL_ENDING_M_NONE;
    }

    if (ngx_http_model_ending_is(p, len, "error")) {
        return NGX_HTTP_MODEL_ENDING_M_ERROR;
    }

    if (sse) {

        if (ngx_http_model_ending_is(p, len, "type")) {
            return NGX_HTTP_MODEL_ENDING_M_TYPE;
        }

        if (ngx_http_model_ending_is(p, len, "sequence_number")) {
            return NGX_HTTP_MODEL_ENDING_M_SEQUENCE;
        }

    } else {

        if (ngx_http_model_ending_is(p, len, "done")) {
            return NGX_HTTP_MODEL_ENDING_M_DONE;
        }

        if (ngx_http_model_ending_is(p, len, "status")) {
            return NGX_HTTP_MODEL_ENDING_M_STATUS;
        }
    }

    return NGX_HTTP_MODEL_ENDING_M_NONE;
}


static ngx_uint_t
ngx_http_model_ending_final(u_char *p, size_t len)
{
    const ngx_str_t  *event;

    for (event = ngx_http_model_ending_events; event->len; event++) {

        if (len == event->len && ngx_memcmp(p, event->data, len) == 0) {
            return 1;
        }
    }

    return 0;
}


/* before a document */

static void
ngx_http_model_ending_forget(ngx_http_model_ending_t *e)
{
    e->depth = 0;
    e->key = NGX_HTTP_MODEL_ENDING_M_NONE;
    e->member = NGX_HTTP_MODEL_ENDING_M_NONE;
    e->len = 0;
    e->string = 0;
    e->escape = 0;
    e->hit = 0;
}


ngx_uint_t
ngx_http_model_ending_finished(ngx_http_model_ending_t *e)
{
    return e->finished;
}


ngx_uint_t
ngx_http_model_ending_open(ngx_http_model_ending_t *e)
{
    return e->open + e->cr;
}


ngx_int_t
ngx_http_model_ending_frame(ngx_pool_t *pool, ngx_http_model_ending_t *e,
    ngx_uint_t dialect, ngx_uint_t responses, ngx_uint_t status,
    ngx_str_t *message, ngx_str_t *out)
{
    u_char      *p;
    ngx_str_t    body;
    ngx_uint_t   open, sse;
    const char  *head;

    static const char  typed[] = "{\"type\":\"error\",\"sequence_number\":";

    sse = (e->framing == NGX_HTTP_MODEL_ENDING_SSE);

    if (!sse) {
        dialect = NGX_HTTP_MODEL_OLLAMA;
        responses = 0;

    } else if (dialect == NGX_HTTP_MODEL_OLLAMA) {
        dialect = NGX_HTTP_MODEL_OPENAI;
    }

    if (dialect != NGX_HTTP_MODEL_OPENAI) {
        responses = 0;
    }

    if (ngx_http_model_error_body(pool, dialect, status, NULL, NULL, message,
                                  &body)
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    head = !sse ? ""
           : (responses || dialect == NGX_HTTP_MODEL_ANTHROPIC)
             ? "event: error\ndata: " : "data: ";

    out->data = ngx_pnalloc(pool, 2 + ngx_strlen(head) + sizeof(typed)
                                  + NGX_INT64_LEN + body.len + 2);
    if (out->data == NULL) {
        return NGX_ERROR;
    }

    p = out->data;

    for (open = ngx_http_model_ending_open(e); open; open--) {
        *p++ = LF;
    }

    p = ngx_cpymem(p, head, ngx_strlen(head));

    if (responses) {

        /* the members of the body follow */

        p = ngx_sprintf(p, "%s%L,", typed, e->sequence + 1);
        body.data++;
        body.len--;
    }

    p = ngx_cpymem(p, body.data, body.len);
    p = ngx_cpymem(p, "\n\n", sse ? 2 : 1);

    out->len = p - out->data;

    return NGX_OK;
}
