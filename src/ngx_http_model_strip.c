
/*
 * Copyright (C) the ngx_http_model_module authors
 */


#include <ngx_config.h>
#include <ngx_core.h>

#include "ngx_http_model_strip.h"


static u_char *ngx_http_model_strip_find(ngx_http_model_frame_t *f, u_char *p,
    u_char *last);
static ngx_uint_t ngx_http_model_strip_fate(ngx_http_model_strip_t *s,
    ngx_http_model_observe_t *o, size_t len, ngx_uint_t usage);


ngx_uint_t
ngx_http_model_strip_line(ngx_http_model_strip_t *s,
    ngx_http_model_observe_t *o, u_char *p, u_char *last, u_char **end)
{
    u_char                  *e;
    size_t                   len;
    uint64_t                 frames;
    ngx_uint_t               half;
    ngx_http_model_frame_t  *f;

    f = &o->ending.frame;

    e = ngx_http_model_strip_find(f, p, last);
    *end = e;

    half = (f->cr && *p == LF);
    frames = o->usage_frames;

    if (!s->inside && !half) {
        s->comment = (*p == ':');
    }

    (void) ngx_http_model_observe_feed(o, p, e - p);

    len = e - p;

    if (half) {

        /* the rest of a CRLF is of the line that its CR has ended */

        s->held += (s->fate == NGX_HTTP_MODEL_STRIP_HOLD);

        return s->fate;
    }

    s->inside = (e[-1] != LF && e[-1] != CR);

    /* and counts as little as if it had not come yet */

    if (len > 1 && e[-1] == LF && e[-2] == CR) {
        len--;
    }

    s->fate = ngx_http_model_strip_fate(s, o, len, o->usage_frames != frames);

    s->held = (s->fate == NGX_HTTP_MODEL_STRIP_HOLD) ? s->held + (e - p) : 0;

    return s->fate;
}


/* where the line ends, or the piece */

static u_char *
ngx_http_model_strip_find(ngx_http_model_frame_t *f, u_char *p, u_char *last)
{
    if (f->cr && *p == LF) {
        return p + 1;
    }

    while (p < last) {

        switch (*p++) {

        case LF:
            return p;

        case CR:
            return (p < last && *p == LF) ? p + 1 : p;
        }
    }

    return last;
}


static ngx_uint_t
ngx_http_model_strip_fate(ngx_http_model_strip_t *s,
    ngx_http_model_observe_t *o, size_t len, ngx_uint_t usage)
{
    ngx_uint_t               large, released;
    ngx_http_model_frame_t  *f;

    f = &o->ending.frame;

    large = (s->held + len > NGX_HTTP_MODEL_STRIP_EVENT);

    if (f->begin == f->offset) {

        /* no event is on: a blank line */

        released = s->released;
        s->released = 0;

        return (usage && !released && !large) ? NGX_HTTP_MODEL_STRIP_DROP
                                              : NGX_HTTP_MODEL_STRIP_PASS;
    }

    if (s->comment && s->held == 0) {
        return NGX_HTTP_MODEL_STRIP_PASS;
    }

    s->released |= (large || !ngx_http_model_observe_undecided(o));

    return s->released ? NGX_HTTP_MODEL_STRIP_PASS : NGX_HTTP_MODEL_STRIP_HOLD;
}


ngx_uint_t
ngx_http_model_strip_end(ngx_http_model_strip_t *s,
    ngx_http_model_observe_t *o)
{
    ngx_http_model_observe_t  ended;

    ended = *o;

    (void) ngx_http_model_observe_feed(&ended, (u_char *) "\n\n", 2);

    s->held = 0;

    return (!s->released && ended.usage_frames != o->usage_frames)
           ? NGX_HTTP_MODEL_STRIP_DROP : NGX_HTTP_MODEL_STRIP_PASS;
}
