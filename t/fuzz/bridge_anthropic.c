/* unit: src/ngx_http_model_bridge_anthropic_*.c + nginx */

/*
 * Copyright (C) the ngx_http_model_module authors
 *
 * The first byte says what the rest is.  A request: what is read and written
 * again stays the same when that is done once more.  A message: it becomes
 * one.  A stream of Anthropic's, or of events in any order: whole and in
 * pieces it becomes the same frames, which are in their order, with blocks
 * one after another.
 */


#include <ngx_config.h>
#include <ngx_core.h>

#include "ngx_http_model_bridge_api.h"
#include "ngx_http_model_frame.h"


#define MESSAGES  (&ngx_http_model_bridge_messages)

#define demand(x)  do { if (!(x)) { abort(); } } while (0)


typedef struct {
    u_char  *data;
    size_t   len;
    size_t   size;
} sink_t;


int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void request(ngx_pool_t *pool, ngx_str_t *body, ngx_uint_t to);
static ngx_uint_t again(ngx_pool_t *pool, ngx_str_t *body, ngx_uint_t to,
    ngx_str_t *out);
static void answer(ngx_pool_t *pool, ngx_str_t *body);
static void stream(ngx_pool_t *pool, ngx_str_t *body, ngx_uint_t events);
static void feed(ngx_pool_t *pool, ngx_str_t *body, ngx_uint_t events,
    size_t piece, sink_t *sink);
static void frames(ngx_pool_t *pool, sink_t *sink);
static void init(ngx_http_model_bridge_t *b, ngx_pool_t *pool, sink_t *sink);
static ngx_int_t take(void *data, u_char *p, size_t len);
static ngx_int_t read_event(ngx_http_model_bridge_t *b, ngx_str_t *event,
    ngx_str_t *data);


static ngx_log_t  quiet;


/* each line an event: its type, its index, its text */

static const ngx_http_model_bridge_api_t  script = {
    ngx_string("/script"), NGX_HTTP_MODEL_OPENAI, NGX_HTTP_MODEL_FRAME_NDJSON,
    NULL, NULL, NULL, NULL, read_event, NULL, NULL
};


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    u_char      *copy;
    ngx_str_t    body;
    ngx_pool_t  *pool;

    if (size < 1) {
        return 0;
    }

    pool = ngx_create_pool(4096, &quiet);
    copy = malloc(size);

    demand(pool != NULL && copy != NULL);

    memcpy(copy, data, size);

    body.data = copy + 1;
    body.len = size - 1;

    switch (data[0] % 5) {

    case 0:
        request(pool, &body, NGX_HTTP_MODEL_OPENAI);
        break;

    case 1:
        request(pool, &body, NGX_HTTP_MODEL_OLLAMA);
        break;

    case 2:
        answer(pool, &body);
        break;

    case 3:
        stream(pool, &body, 0);
        break;

    default:
        stream(pool, &body, 1);
        break;
    }

    ngx_destroy_pool(pool);
    free(copy);

    return 0;
}


static void
request(ngx_pool_t *pool, ngx_str_t *body, ngx_uint_t to)
{
    ngx_str_t  first, second;

    if (!again(pool, body, to, &first)) {
        return;
    }

    demand(again(pool, &first, to, &second));

    /* an id that had to be changed is changed once more */

    if (ngx_strnstr(first.data, "bridge_", first.len)) {
        return;
    }

    demand(first.len == second.len
           && memcmp(first.data, second.data, first.len) == 0);
}


/* 0 if it is refused */

static ngx_uint_t
again(ngx_pool_t *pool, ngx_str_t *body, ngx_uint_t to, ngx_str_t *out)
{
    u_char                        *p;
    sink_t                         sink;
    ngx_int_t                      rc;
    ngx_str_t                      err, *piece;
    ngx_uint_t                     i;
    ngx_array_t                   *pieces;
    ngx_http_model_json_t         *root;
    ngx_http_model_bridge_t        b;
    ngx_http_model_json_writer_t  *w;

    ngx_memzero(&sink, sizeof(sink_t));

    init(&b, pool, &sink);
    b.to = to;

    root = ngx_http_model_json_slices(pool, body->data, body->len, 0, &err);

    rc = NGX_DECLINED;

    if (root && root->type == NGX_HTTP_MODEL_JSON_OBJECT) {
        rc = MESSAGES->read_request(&b, root);

        demand(rc == NGX_OK || (rc == NGX_DECLINED && b.text.len));

        if (rc == NGX_OK) {
            w = ngx_http_model_json_writer(pool);
            ngx_http_model_json_sliced(w);

            rc = MESSAGES->write_request(&b, w);

            demand(rc == NGX_OK || (rc == NGX_DECLINED && b.text.len));

            if (rc == NGX_OK
                && ngx_http_model_json_finish_pieces(w, &pieces) != NGX_OK)
            {
                /* too deep */
                rc = NGX_DECLINED;
            }
        }
    }

    ngx_destroy_pool(b.temp);

    if (rc != NGX_OK) {
        return 0;
    }

    piece = pieces->elts;
    out->len = 0;

    for (i = 0; i < pieces->nelts; i++) {
        out->len += piece[i].len;
    }

    p = ngx_pnalloc(pool, out->len + 1);
    demand(p != NULL);

    out->data = p;

    for (i = 0; i < pieces->nelts; i++) {
        p = ngx_cpymem(p, piece[i].data, piece[i].len);
    }

    return 1;
}


static void
answer(ngx_pool_t *pool, ngx_str_t *body)
{
    sink_t                    sink;
    ngx_int_t                 rc;
    ngx_str_t                 out, err;
    ngx_http_model_json_t    *root;
    ngx_http_model_bridge_t   b;

    ngx_memzero(&sink, sizeof(sink_t));

    init(&b, pool, &sink);
    b.server = MESSAGES;

    rc = ngx_http_model_bridge_answer(&b, body, &out);

    ngx_destroy_pool(b.temp);

    if (rc == NGX_OK) {
        root = ngx_http_model_json_parse(pool, out.data, out.len, &err);

        demand(root && ngx_http_model_json_get(root, "content"));

    } else {
        demand(rc == NGX_DECLINED && b.text.len && b.status >= 400);
    }
}


static void
stream(ngx_pool_t *pool, ngx_str_t *body, ngx_uint_t events)
{
    size_t  piece;
    sink_t  whole, cut;

    piece = body->len ? body->data[0] % 32 + 1 : 1;

    feed(pool, body, events, body->len + 1, &whole);
    feed(pool, body, events, piece, &cut);

    demand(whole.len == cut.len
           && (whole.len == 0 || memcmp(whole.data, cut.data, cut.len) == 0));

    frames(pool, &whole);

    free(whole.data);
    free(cut.data);
}


static void
feed(ngx_pool_t *pool, ngx_str_t *body, ngx_uint_t events, size_t piece,
    sink_t *sink)
{
    u_char                   *p;
    size_t                    i, n;
    ngx_str_t                 text;
    ngx_http_model_bridge_t   b;

    ngx_memzero(sink, sizeof(sink_t));

    init(&b, pool, sink);

    b.server = events ? &script : MESSAGES;
    b.stream = 1;

    for (i = 0; i < body->len; i += n) {
        n = ngx_min(piece, body->len - i);

        /* on its own, so that reading past it is seen */

        p = malloc(n);
        demand(p != NULL);
        memcpy(p, body->data + i, n);

        demand(ngx_http_model_bridge_feed(&b, p, n) == NGX_OK);
        free(p);
    }

    ngx_str_set(&text, "cut");
    demand(ngx_http_model_bridge_close(&b, 502, &text) == NGX_OK);
    demand(b.ended);

    ngx_destroy_pool(b.temp);
}


/* message_start, blocks, message_delta, message_stop; or error as the last */

static void
frames(ngx_pool_t *pool, sink_t *sink)
{
    u_char                 *p, *end, *last;
    int64_t                 index, open;
    ngx_str_t               type, err;
    ngx_uint_t              state;
    ngx_http_model_json_t  *root;

    p = sink->data;
    last = p + sink->len;
    index = 0;
    open = -1;
    state = 0;

    while (p < last) {

        demand(state < 3 && last - p > 7 && memcmp(p, "event: ", 7) == 0);

        type.data = p + 7;
        p = memchr(p, '\n', last - p);
        demand(p != NULL);
        type.len = p - type.data;
        p += sizeof("\ndata: ") - 1;

        end = memchr(p, '\n', last - p);
        demand(end != NULL && end[1] == '\n');

        root = ngx_http_model_json_parse(pool, p, end - p, &err);
        demand(root != NULL);

        p = end + 2;

#define is(s)  (type.len == sizeof(s) - 1                                     \
                && memcmp(type.data, s, sizeof(s) - 1) == 0)

        if (is("error")) {
            state = 3;

        } else if (is("ping")) {
            demand(state == 1);

        } else if (is("message_start")) {
            demand(state++ == 0);

        } else if (is("content_block_start")) {
            demand(state == 1 && open == -1
                   && ngx_http_model_json_get_int(root, "index") == index);
            open = index++;

        } else if (is("content_block_delta")) {
            demand(open != -1
                   && ngx_http_model_json_get_int(root, "index") == open);

        } else if (is("content_block_stop")) {
            demand(open != -1
                   && ngx_http_model_json_get_int(root, "index") == open);
            open = -1;

        } else if (is("message_delta")) {
            demand(state++ == 1 && open == -1);

        } else {
            demand(is("message_stop") && state++ == 2);
        }
    }

    demand(state == 3);
}


static void
init(ngx_http_model_bridge_t *b, ngx_pool_t *pool, sink_t *sink)
{
    ngx_memzero(b, sizeof(ngx_http_model_bridge_t));

    b->client = MESSAGES;
    b->to = NGX_HTTP_MODEL_OPENAI;
    b->pool = pool;
    b->temp = ngx_create_pool(4096, &quiet);
    b->limit = 4096;
    b->output = -1;
    b->sink = take;
    b->data = sink;

    ngx_str_set(&b->vendor, "acme");
    ngx_str_set(&b->model, "acme:m");
    ngx_str_set(&b->name, "m");
    ngx_str_set(&b->nonce, "0123456789abcdef01234567");

    demand(b->temp != NULL && ngx_http_model_bridge_init(b) == NGX_OK);
}


static ngx_int_t
take(void *data, u_char *p, size_t len)
{
    sink_t *sink = data;

    if (sink->size - sink->len < len) {
        sink->size = 2 * (sink->len + len);
        sink->data = realloc(sink->data, sink->size);
        demand(sink->data != NULL);
    }

    memcpy(sink->data + sink->len, p, len);
    sink->len += len;

    return NGX_OK;
}


static ngx_int_t
read_event(ngx_http_model_bridge_t *b, ngx_str_t *event, ngx_str_t *data)
{
    ngx_http_model_event_t  e;

    (void) event;

    ngx_memzero(&e, sizeof(ngx_http_model_event_t));

    if (data->len < 2) {
        return NGX_OK;
    }

    e.type = data->data[0] % (NGX_HTTP_MODEL_EVENT_END + 1);
    e.index = data->data[1] % 8;
    e.reason = e.index % 7;
    e.status = 400 + e.index * 20;
    e.text.data = data->data + 2;
    e.text.len = data->len - 2;
    e.id = e.text;
    e.name = e.text;

    return ngx_http_model_bridge_emit(b, &e);
}
