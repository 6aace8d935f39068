
/*
 * Copyright (C) the ngx_http_model_module authors
 */


#include <ngx_config.h>
#include <ngx_core.h>

#include "ngx_http_model_bridge.h"
#include "ngx_http_model_frame.h"


/* of b->line */

#define NGX_HTTP_MODEL_FEED_START  0   /* nothing was fed */
#define NGX_HTTP_MODEL_FEED_LINE   1
#define NGX_HTTP_MODEL_FEED_CR     2   /* a line ended with a CR */


static ngx_uint_t ngx_http_model_feed_whole(ngx_http_model_bridge_t *b,
    ngx_str_t *data);
static ngx_int_t ngx_http_model_feed_sse(ngx_http_model_bridge_t *b,
    ngx_str_t *line);
static ngx_int_t ngx_http_model_feed_field(ngx_http_model_bridge_t *b,
    ngx_str_t *line);
static ngx_int_t ngx_http_model_feed_event(ngx_http_model_bridge_t *b);
static ngx_int_t ngx_http_model_feed_frame(ngx_http_model_bridge_t *b,
    ngx_str_t *event, ngx_str_t *data);
static ngx_int_t ngx_http_model_feed_add(ngx_http_model_bridge_t *b,
    ngx_http_model_bridge_text_t *to, u_char *p, size_t len);
static ngx_int_t ngx_http_model_feed_large(ngx_http_model_bridge_t *b);
static void ngx_http_model_feed_reset(ngx_pool_t *pool);


/*
 * Lines end with LF, in SSE also with CR or CRLF.  What is whole in the bytes
 * that are fed is not copied, but for the data of an event of SSE, whose end is
 * a blank line.
 */

ngx_int_t
ngx_http_model_bridge_feed(ngx_http_model_bridge_t *b, u_char *p, size_t len)
{
    u_char     *last, *end;
    ngx_int_t   rc;
    ngx_str_t   line;
    ngx_uint_t  sse;

    last = p + len;
    sse = (b->server->framing == NGX_HTTP_MODEL_FRAME_SSE);

    while (p < last && !b->ended) {

        if (b->line == NGX_HTTP_MODEL_FEED_CR) {
            b->line = NGX_HTTP_MODEL_FEED_LINE;

            if (*p == LF) {
                p++;
                continue;
            }
        }

        end = p;

        while (end < last && *end != LF && (*end != CR || !sse)) {
            end++;
        }

        if (end == last) {
            return ngx_http_model_feed_add(b, &b->partial, p, last - p);
        }

        line.data = p;
        line.len = end - p;

        p = end + 1;

        if (*end == CR) {
            b->line = NGX_HTTP_MODEL_FEED_CR;
        }

        if (b->partial.s.len) {

            rc = ngx_http_model_feed_add(b, &b->partial, line.data, line.len);

            if (rc != NGX_OK || b->ended) {
                return rc;
            }

            line = b->partial.s;
            b->partial.s.len = 0;
        }

        rc = sse ? ngx_http_model_feed_sse(b, &line)
                 : ngx_http_model_feed_frame(b, NULL, &line);

        if (rc != NGX_OK) {
            return rc;
        }
    }

    return NGX_OK;
}


ngx_int_t
ngx_http_model_bridge_feed_end(ngx_http_model_bridge_t *b)
{
    ngx_str_t  line;

    line = b->partial.s;
    b->partial.s.len = 0;

    if (b->server->framing != NGX_HTTP_MODEL_FRAME_SSE) {
        return ngx_http_model_feed_whole(b, &line)
               ? ngx_http_model_feed_frame(b, NULL, &line) : NGX_OK;
    }

    /* some servers leave the last blank line out */

    if (line.len && ngx_http_model_feed_sse(b, &line) != NGX_OK) {
        return NGX_ERROR;
    }

    return ngx_http_model_feed_whole(b, &b->frame.s)
           ? ngx_http_model_feed_event(b) : NGX_OK;
}


/* 1 for what was not cut, as far as one can see */

static ngx_uint_t
ngx_http_model_feed_whole(ngx_http_model_bridge_t *b, ngx_str_t *data)
{
    ngx_str_t   err;
    ngx_uint_t  whole;

    static ngx_str_t  done = ngx_string("[DONE]");

    if (data->len == done.len
        && ngx_memcmp(data->data, done.data, done.len) == 0)
    {
        return 1;
    }

    whole = (ngx_http_model_json_slices(b->temp, data->data, data->len, 1,
                                        &err)
             != NULL);

    ngx_http_model_feed_reset(b->temp);

    return whole;
}


static ngx_int_t
ngx_http_model_feed_sse(ngx_http_model_bridge_t *b, ngx_str_t *line)
{
    if (b->line == NGX_HTTP_MODEL_FEED_START) {
        b->line = NGX_HTTP_MODEL_FEED_LINE;

        if (line->len >= 3 && ngx_memcmp(line->data, "\xef\xbb\xbf", 3) == 0) {
            line->data += 3;
            line->len -= 3;
        }
    }

    return line->len ? ngx_http_model_feed_field(b, line)
                     : ngx_http_model_feed_event(b);
}


static ngx_int_t
ngx_http_model_feed_field(ngx_http_model_bridge_t *b, ngx_str_t *line)
{
    u_char                 *colon;
    ngx_str_t               name, value;
    ngx_http_model_event_t  e;

    colon = ngx_strlchr(line->data, line->data + line->len, ':');

    name.data = line->data;
    name.len = colon ? (size_t) (colon - line->data) : line->len;

    ngx_str_set(&value, "");

    if (colon) {
        value.data = colon + 1;
        value.len = line->data + line->len - value.data;

        if (value.len && value.data[0] == ' ') {
            value.data++;
            value.len--;
        }
    }

    if (name.len == 0) {

        /* a comment: that the server is alive */

        ngx_memzero(&e, sizeof(ngx_http_model_event_t));
        e.type = NGX_HTTP_MODEL_EVENT_PING;

        if (b->begun && ngx_http_model_bridge_emit(b, &e) != NGX_OK) {
            return NGX_ERROR;
        }

        ngx_http_model_feed_reset(b->temp);

        return NGX_OK;
    }

    if (name.len == 5 && ngx_memcmp(name.data, "event", 5) == 0) {

        b->event.data = b->named;
        b->event.len = ngx_min(value.len, sizeof(b->named));
        ngx_memcpy(b->named, value.data, b->event.len);

        return NGX_OK;
    }

    if (name.len != 4 || ngx_memcmp(name.data, "data", 4) != 0) {
        return NGX_OK;
    }

    if (b->lines++
        && ngx_http_model_feed_add(b, &b->frame, (u_char *) "\n", 1) != NGX_OK)
    {
        return NGX_ERROR;
    }

    return ngx_http_model_feed_add(b, &b->frame, value.data, value.len);
}


static ngx_int_t
ngx_http_model_feed_event(ngx_http_model_bridge_t *b)
{
    ngx_str_t   event, data;
    ngx_uint_t  lines;

    event = b->event;
    data = b->frame.s;
    lines = b->lines;

    ngx_str_null(&b->event);
    b->frame.s.len = 0;
    b->lines = 0;

    return lines ? ngx_http_model_feed_frame(b, &event, &data) : NGX_OK;
}


static ngx_int_t
ngx_http_model_feed_frame(ngx_http_model_bridge_t *b, ngx_str_t *event,
    ngx_str_t *data)
{
    ngx_int_t  rc;
    ngx_str_t  none, trimmed;

    ngx_str_null(&none);

    trimmed = *data;

    while (trimmed.len && trimmed.data[trimmed.len - 1] <= ' ') {
        trimmed.len--;
    }

    if (trimmed.len == 0 || b->ended) {
        return NGX_OK;
    }

    if (trimmed.len > b->limit) {
        return ngx_http_model_feed_large(b);
    }

    rc = b->server->read_event(b, event ? event : &none, &trimmed);

    ngx_http_model_feed_reset(b->temp);

    return (rc == NGX_ERROR) ? NGX_ERROR : NGX_OK;
}


static ngx_int_t
ngx_http_model_feed_add(ngx_http_model_bridge_t *b,
    ngx_http_model_bridge_text_t *to, u_char *p, size_t len)
{
    u_char  *data;
    size_t   size;

    if (b->ended || len == 0) {
        return NGX_OK;
    }

    if (len > b->limit || to->s.len > b->limit - len) {
        return ngx_http_model_feed_large(b);
    }

    if (to->size - to->s.len < len) {
        size = ngx_max(2 * (to->s.len + len), 1024);
        size = ngx_min(size, b->limit);

        data = ngx_palloc(b->pool, size);
        if (data == NULL) {
            return NGX_ERROR;
        }

        if (to->s.len) {
            ngx_memcpy(data, to->s.data, to->s.len);
        }

        if (to->s.data) {
            (void) ngx_pfree(b->pool, to->s.data);
        }

        to->s.data = data;
        to->size = size;
    }

    ngx_memcpy(to->s.data + to->s.len, p, len);
    to->s.len += len;

    return NGX_OK;
}


static ngx_int_t
ngx_http_model_feed_large(ngx_http_model_bridge_t *b)
{
    static ngx_str_t  large = ngx_string("an event of the answer is larger "
                                         "than model_bridge_buffer");

    b->overflow = 1;

    return ngx_http_model_bridge_fail(b, 502, &large);
}


/*
 * As ngx_reset_pool(), which forgets cleanups rather than runs them, and keeps
 * the blocks of the largest frame: each small allocation of the next one would
 * go through those that are full.
 */

static void
ngx_http_model_feed_reset(ngx_pool_t *pool)
{
    ngx_pool_t          *p, *next;
    ngx_pool_cleanup_t  *c;

    for (c = pool->cleanup; c; c = c->next) {
        if (c->handler) {
            c->handler(c->data);
        }
    }

    pool->cleanup = NULL;

    ngx_reset_pool(pool);

    for (p = pool->d.next; p; p = next) {
        next = p->d.next;
        ngx_free(p);
    }

    pool->d.next = NULL;
}
