/* unit: src/ngx_http_model_strip.c src/ngx_http_model_observe.c + nginx */

/*
 * Copyright (C) the ngx_http_model_module authors
 *
 * The first bytes say where a stream, which is the rest, is cut.  What passes
 * is the stream without the events that a reader finds who splits it first and
 * looks at each event alone.  No more waits than may.
 */


#include <ngx_config.h>
#include <ngx_core.h>

#include "ngx_http_model_strip.h"


#define CUTS  4


typedef struct {
    ngx_http_model_strip_t    strip;
    ngx_http_model_observe_t  observe;
    u_char                   *out;
    u_char                   *last;
    u_char                    held[NGX_HTTP_MODEL_STRIP_SIZE];
    size_t                    nheld;
} run_t;


int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void feed(run_t *run, const u_char *p, size_t len);
static void end(run_t *run);
static u_char *slow(u_char *out, const u_char *p, const u_char *last);
static const u_char *line_end(const u_char *p, const u_char *last);
static ngx_uint_t usage(const u_char *p, const u_char *last,
    ngx_uint_t first, ngx_uint_t ended);
static void must(ngx_uint_t good);


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    run_t                *run;
    size_t                len, want, piece;
    u_char               *out;
    ngx_uint_t            i;
    const u_char         *p;

    if (size < CUTS) {
        return 0;
    }

    p = data + CUTS;
    size -= CUTS;

    run = calloc(1, sizeof(run_t));
    out = malloc(size + 1);
    must(run != NULL && out != NULL);

    ngx_http_model_observe_init(&run->observe, NGX_HTTP_MODEL_FRAME_SSE,
                                NGX_HTTP_MODEL_OPENAI);
    run->out = malloc(size + 1);
    must(run->out != NULL);

    run->last = run->out;

    want = slow(out, p, p + size) - out;

    for (i = 0; size; i++) {

        /* pieces of as many bytes as each says in turn, the last repeated */

        piece = data[ngx_min(i, CUTS - 1)] + 1;
        piece = ngx_min(piece, size);

        feed(run, p, piece);

        p += piece;
        size -= piece;
    }

    end(run);

    len = run->last - run->out;

    must(len == want && ngx_memcmp(run->out, out, len) == 0);

    free(run->out);
    free(run);
    free(out);

    return 0;
}


static void
feed(run_t *run, const u_char *text, size_t len)
{
    u_char      *copy, *p, *next, *last;
    ngx_uint_t   fate;

    /* a block of its own shows what is overread */

    copy = malloc(len);
    must(copy != NULL);
    ngx_memcpy(copy, text, len);

    last = copy + len;

    for (p = copy; p < last; p = next) {
        fate = ngx_http_model_strip_line(&run->strip, &run->observe, p, last,
                                         &next);

        must(next > p && next <= last);

        if (fate == NGX_HTTP_MODEL_STRIP_HOLD) {
            must(run->nheld + (next - p) <= sizeof(run->held));

            ngx_memcpy(run->held + run->nheld, p, next - p);
            run->nheld += next - p;

        } else {

            if (fate == NGX_HTTP_MODEL_STRIP_PASS) {
                run->last = ngx_cpymem(run->last, run->held, run->nheld);
                run->last = ngx_cpymem(run->last, p, next - p);
            }

            run->nheld = 0;
        }

        must(run->nheld == run->strip.held);
    }

    free(copy);
}


static void
end(run_t *run)
{
    if (ngx_http_model_strip_end(&run->strip, &run->observe)
        == NGX_HTTP_MODEL_STRIP_PASS)
    {
        run->last = ngx_cpymem(run->last, run->held, run->nheld);
    }
}


/* the stream without its events of usage */

static u_char *
slow(u_char *out, const u_char *p, const u_char *last)
{
    ngx_uint_t     blank, gone;
    const u_char  *start, *next, *begin;

    start = NULL;
    begin = p;

    while (p < last) {
        next = line_end(p, last);
        blank = (*p == '\n' || *p == '\r');

        if (start == NULL && (blank || *p == ':')) {
            out = ngx_cpymem(out, p, next - p);
            p = next;
            continue;
        }

        if (start == NULL) {
            start = p;
        }

        p = next;

        if (!blank && p < last) {
            continue;
        }

        gone = usage(start, p, start == begin, blank);

        if (!gone) {
            out = ngx_cpymem(out, start, p - start);
        }

        start = NULL;
    }

    return out;
}


static const u_char *
line_end(const u_char *p, const u_char *last)
{
    while (p < last && *p != '\n' && *p != '\r') {
        p++;
    }

    if (last - p > 1 && p[0] == '\r' && p[1] == '\n') {
        p++;
    }

    return (p < last) ? p + 1 : p;
}


/* whether an event has usage alone; what has not ended may lack its end */

static ngx_uint_t
usage(const u_char *p, const u_char *last, ngx_uint_t first, ngx_uint_t ended)
{
    size_t                     len;
    u_char                    *copy;
    ngx_uint_t                 good;
    ngx_http_model_observe_t   o;

    len = last - p;

    copy = malloc(len + 4);
    must(copy != NULL);
    ngx_memcpy(copy, p, len);

    ngx_http_model_observe_init(&o, NGX_HTTP_MODEL_FRAME_SSE,
                                NGX_HTTP_MODEL_OPENAI);

    /* only the first may have a byte-order mark */

    if (!first) {
        (void) ngx_http_model_observe_feed(&o, (u_char *) "\n", 1);
    }

    (void) ngx_http_model_observe_feed(&o, copy, len);

    if (!ended) {
        (void) ngx_http_model_observe_feed(&o, (u_char *) "\n\n", 2);
    }

    good = (o.usage_frames == 1);

    len -= (ended && len > 1 && last[-1] == '\n' && last[-2] == '\r');

    free(copy);

    return good && len <= NGX_HTTP_MODEL_STRIP_EVENT;
}


static void
must(ngx_uint_t good)
{
    if (!good) {
        abort();
    }
}
