
/*
 * Copyright (C) the ngx_http_model_module authors
 *
 * Streams for the programs that test bridges: a server of events, a client
 * that notes them.
 */


#ifndef _BRIDGE_SCRIPT_H_INCLUDED_
#define _BRIDGE_SCRIPT_H_INCLUDED_


#include "bridge_exchange.h"
#include "ngx_http_model_frame.h"


/* events by these words, of a server's frames and to a client's */

static const char  *bridge_events[] = {
    "start", "text", "think", "sign", "redacted", "refuse", "call", "args",
    "done", "logprobs", "ping", "finish", "error", "end"
};


/* a frame: word|index|text|id|name, a finish: finish|reason|string; usage:
   usage|prompt|completion|cached|written|reasoning */

static ngx_int_t
bridge_read_event(ngx_http_model_bridge_t *b, ngx_str_t *event,
    ngx_str_t *data)
{
    u_char                  *p, *last;
    ngx_str_t                f[6];
    ngx_uint_t               n, i;
    ngx_http_model_event_t   e;

    (void) event;

    ngx_memzero(&f, sizeof(f));
    ngx_memzero(&e, sizeof(e));

    p = data->data;
    last = p + data->len;

    for (n = 0; n < 6 && p; n++) {
        f[n].data = p;
        p = (n == 5) ? NULL : ngx_strlchr(p, last, '|');
        f[n].len = (p ? p : last) - f[n].data;
        p = p ? p + 1 : NULL;
    }

    if (f[0].len == 5 && ngx_memcmp(f[0].data, "usage", 5) == 0) {
        b->usage.prompt = ngx_atoi(f[1].data, f[1].len);
        b->usage.completion = ngx_atoi(f[2].data, f[2].len);
        b->usage.cached = ngx_atoi(f[3].data, f[3].len);
        b->usage.cache_write = ngx_atoi(f[4].data, f[4].len);
        b->usage.reasoning = ngx_atoi(f[5].data, f[5].len);

        return NGX_OK;
    }

    for (i = 0; i < sizeof(bridge_events) / sizeof(char *); i++) {
        if (ngx_strlen(bridge_events[i]) == f[0].len
            && ngx_memcmp(bridge_events[i], f[0].data, f[0].len) == 0)
        {
            break;
        }
    }

    e.type = i;
    e.index = f[1].len ? (ngx_uint_t) ngx_atoi(f[1].data, f[1].len) : 0;
    e.reason = e.index;
    e.status = e.index;
    e.text = f[2];
    e.id = f[3];
    e.name = f[4];

    return ngx_http_model_bridge_emit(b, &e);
}


static ngx_int_t
bridge_write_event(ngx_http_model_bridge_t *b, ngx_http_model_event_t *e)
{
    u_char  *p, buf[4096];

    p = ngx_snprintf(buf, sizeof(buf), "%s", bridge_events[e->type]);

    switch (e->type) {

    case NGX_HTTP_MODEL_EVENT_START:
        p = ngx_sprintf(p, "(%V,%V)", &e->id, &e->model);
        break;

    case NGX_HTTP_MODEL_EVENT_CALL:
        p = ngx_sprintf(p, "%ui(%V,%V)", e->index, &e->id, &e->name);
        break;

    case NGX_HTTP_MODEL_EVENT_ARGUMENTS:
        p = ngx_sprintf(p, "%ui(%V)", e->index, &e->text);
        break;

    case NGX_HTTP_MODEL_EVENT_CALL_END:
        p = ngx_sprintf(p, "%ui", e->index);
        break;

    case NGX_HTTP_MODEL_EVENT_ERROR:
        p = ngx_sprintf(p, "%ui(%V)", e->status, &e->text);
        break;

    case NGX_HTTP_MODEL_EVENT_END:
        p = ngx_sprintf(p, "%ui(%V) %L/%L %L+%L %L", b->reason,
                        &b->answer.stop, b->usage.prompt, b->usage.completion,
                        b->usage.cached, b->usage.cache_write,
                        b->usage.reasoning);
        break;

    case NGX_HTTP_MODEL_EVENT_PING:
        break;

    default:
        p = ngx_sprintf(p, "(%V)", &e->text);
    }

    *p++ = ' ';

    return ngx_http_model_bridge_put(b, buf, p - buf);
}


static const ngx_http_model_bridge_api_t  bridge_script = {
    ngx_string("/script"), NGX_HTTP_MODEL_OPENAI, NGX_HTTP_MODEL_FRAME_NDJSON,
    NULL, NULL, NULL, NULL, bridge_read_event, bridge_write_event, NULL
};


/*
 * The answer of a stream, fed whole, cut before each byte, and byte by byte:
 * what comes out must be the same; it is in bridge_out.
 */

static ngx_uint_t
bridge_stream(const ngx_http_model_bridge_api_t *client,
    const ngx_http_model_bridge_api_t *server, ngx_str_t *in,
    void (*set)(ngx_http_model_bridge_t *b))
{
    size_t                    i, j, len;
    u_char                   *first;
    ngx_str_t                 text;
    ngx_uint_t                good;
    ngx_http_model_bridge_t   b;

    static ngx_str_t  cut = ngx_string("cut");

    first = NULL;
    len = 0;
    good = 1;

    for (i = 0; i <= in->len + 1 && good; i++) {

        bridge_init(&b, client, NGX_HTTP_MODEL_OPENAI);
        b.server = server;
        b.stream = 1;

        if (set) {
            set(&b);
        }

        if (i <= in->len) {
            (void) ngx_http_model_bridge_feed(&b, in->data, i);
            (void) ngx_http_model_bridge_feed(&b, in->data + i, in->len - i);

        } else {
            for (j = 0; j < in->len; j++) {
                (void) ngx_http_model_bridge_feed(&b, in->data + j, 1);
            }
        }

        text = cut;
        (void) ngx_http_model_bridge_close(&b, 502, &text);

        bridge_done(&b);

        if (first == NULL) {
            len = bridge_len;
            first = ngx_pnalloc(bridge_pool, len + 1);
            ngx_memcpy(first, bridge_out, len);
        }

        good = (bridge_len == len && ngx_memcmp(bridge_out, first, len) == 0);

        if (!good) {
            printf("# cut at %lu\n", (unsigned long) i);
        }
    }

    return good;
}


#endif /* _BRIDGE_SCRIPT_H_INCLUDED_ */
