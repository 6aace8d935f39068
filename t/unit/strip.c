/* unit: src/ngx_http_model_strip.c src/ngx_http_model_observe.c + nginx */

/*
 * Copyright (C) the ngx_http_model_module authors
 *
 * Which bytes of a stream pass.  Each sample is fed whole, cut at every byte,
 * at every two bytes, and byte by byte, with LF, CRLF and CR: the outcome is
 * the same.  In a sample the part between "<" and ">" is to go.
 */


#include <ngx_config.h>
#include <ngx_core.h>

#include "ngx_http_model_strip.h"
#include "tap.h"


#define DATA      "data: {\"id\":\"1\",\"choices\":"
#define USAGE     DATA "[],\"usage\":{\"prompt_tokens\":3}}\n\n"
#define CHUNK     DATA "[{\"delta\":{\"content\":\"\\\"[]\"}}],"               \
                  "\"usage\":null}\n\n"
#define DONE      "data: [DONE]\n\n"


typedef struct {
    ngx_http_model_strip_t    strip;
    ngx_http_model_observe_t  observe;
    u_char                   *out;
    u_char                   *last;
    u_char                    held[NGX_HTTP_MODEL_STRIP_SIZE];
    size_t                    nheld;
    size_t                    most;
} run_t;


static void sample(const char *name, const char *text);
static ngx_uint_t same(const char *in, size_t len, const char *want,
    size_t nwant, size_t one, size_t two, size_t step);
static void start(run_t *run, size_t len);
static void feed(run_t *run, const char *p, size_t len);
static void end(run_t *run);
static size_t replace(char *to, const char *text, const char *eol);
static void test_samples(void);
static void test_waiting(void);
static void test_size(void);


int
main(void)
{
    tap_init();

    test_samples();
    test_waiting();
    test_size();

    return tap_done();
}


static void
test_samples(void)
{
    sample("stream", CHUNK CHUNK "<" USAGE ">" DONE);
    sample("first", "<" USAGE ">" CHUNK DONE);
    sample("alone", "<" USAGE ">");
    sample("last", CHUNK DONE "<" USAGE ">");
    sample("twice", CHUNK "<" USAGE ">" CHUNK "<" USAGE USAGE ">" DONE);
    sample("none", CHUNK CHUNK DONE);
    sample("empty", "");

    sample("comments around", ": a\n\n<" USAGE ">: b\n\n" DONE ":\n\n");
    sample("a comment before it", CHUNK ": a\n:b\n<" USAGE ">" DONE);
    sample("a comment inside", CHUNK "<event: x\n: a\nid: 7\n" USAGE ">" DONE);
    sample("blank lines", "\n\n<" USAGE ">\n\n\n" CHUNK "\n" DONE "\n");
    sample("data in lines", CHUNK "<data: {\"usage\":{},\ndata:\"choices\":\n"
           "data: [ ]}\n\n>" DONE);
    sample("other order", "<data:{\"usage\":{\"x\":[{}]} , \"choices\": [ ] }"
           "\n\n>" DONE);

    sample("usage with a choice", DATA "[{\"delta\":{}}],\"usage\":{}}\n\n"
           DONE);
    sample("usage with a number", DATA "[0],\"usage\":{}}\n\n" DONE);
    sample("choices twice", DATA "[{}],\"choices\":[],\"usage\":{}}\n\n");
    sample("choices twice, otherwise", DATA "[],\"choices\":[{}],"
           "\"usage\":{}}\n\n");
    sample("usage null", DATA "[],\"usage\":null}\n\n" DONE);
    sample("no usage", DATA "[],\"prompt_filter_results\":[]}\n\n" CHUNK);
    sample("no choices", "data: {\"usage\":{}}\n\n" DONE);
    sample("deeper", "data: {\"x\":" "{\"choices\":[],\"usage\":{}}}\n\n");
    sample("in an array", "data: [{\"choices\":[],\"usage\":{}}]\n\n");
    sample("an error", DATA "[],\"usage\":{},\"error\":{\"a\":1}}\n\n");
    sample("not JSON", "data: {\"choices\":[],\"usage\":{},\"a\n\n" DONE);
    sample("no data", "event: usage\nid: 1\n\n" DONE);
    sample("with another document", DATA "[],\"usage\":{}}\ndata: {}\n\n");
    sample("with the end", DATA "[],\"usage\":{}}\ndata: [DONE]\n\n" CHUNK);
    sample("a text", "data: {\"choices\":[],"
           "\"text\":\"\\\"usage\\\":{}\"}\n\n");
    sample("another framing", "{\"choices\":[],\"usage\":{}}\n\n");

    sample("without its blank line", CHUNK "<" DATA "[],\"usage\":{}}\n>");
    sample("without its line end", CHUNK "<" DATA "[],\"usage\":{}}>");
    sample("cut in it", CHUNK DATA "[],\"usage\":{\"prompt_to");
    sample("cut in a choice", CHUNK DATA "[{\"delta\":{\"conte");
    sample("cut in a name", CHUNK "da");
    sample("cut in a comment", CHUNK ": a");
}


static void
sample(const char *name, const char *text)
{
    char         *in, *want, *p;
    size_t        i, j, len, nwant;
    ngx_uint_t    k, good, inside;

    static const char  *eols[] = { "\n", "\r\n", "\r" };

    in = malloc(2 * ngx_strlen(text) + 1);
    want = malloc(2 * ngx_strlen(text) + 1);
    good = 1;

    for (k = 0; k < 3 && good; k++) {
        (void) replace(in, text, eols[k]);

        len = 0;
        nwant = 0;
        inside = 0;

        for (p = in; *p; p++) {

            if (*p == '<' || *p == '>') {
                inside = (*p == '<');
                continue;
            }

            if (!inside) {
                want[nwant++] = *p;
            }

            in[len++] = *p;
        }

        good = same(in, len, want, nwant, len, len, 1);

        for (i = 0; i < len && good; i++) {
            good = same(in, len, want, nwant, i, len, 0);

            for (j = i + 1; j < len && len < 120 && good; j++) {
                good = same(in, len, want, nwant, i, j, 0);
            }
        }
    }

    ok(good, name);

    free(in);
    free(want);
}


static size_t
replace(char *to, const char *text, const char *eol)
{
    char  *p;

    for (p = to; *text; text++) {

        if (*text == '\n') {
            p = (char *) ngx_cpymem(p, eol, ngx_strlen(eol));

        } else {
            *p++ = *text;
        }
    }

    *p = '\0';

    return p - to;
}


/* cut before one and two, or in pieces of step bytes */

static ngx_uint_t
same(const char *in, size_t len, const char *want, size_t nwant, size_t one,
    size_t two, size_t step)
{
    size_t      i;
    run_t       run;
    ngx_uint_t  good;

    start(&run, len);

    if (step) {
        for (i = 0; i < len; i += step) {
            feed(&run, in + i, ngx_min(step, len - i));
        }

    } else {
        feed(&run, in, one);
        feed(&run, in + one, two - one);
        feed(&run, in + two, len - two);
    }

    end(&run);

    good = ((size_t) (run.last - run.out) == nwant
            && ngx_memcmp(run.out, want, nwant) == 0);

    if (!good) {
        printf("# cut at %lu and %lu, step %lu\n# got  %.*s\n# want %.*s\n",
               (unsigned long) one, (unsigned long) two, (unsigned long) step,
               (int) (run.last - run.out), run.out, (int) nwant, want);
    }

    free(run.out);

    return good;
}


static void
start(run_t *run, size_t len)
{
    ngx_memzero(run, sizeof(run_t));

    ngx_http_model_observe_init(&run->observe, NGX_HTTP_MODEL_FRAME_SSE,
                                NGX_HTTP_MODEL_OPENAI);

    run->out = malloc(len + 1);
    run->last = run->out;
}


static void
feed(run_t *run, const char *text, size_t len)
{
    u_char      *copy, *p, *next, *last;
    ngx_uint_t   fate;

    copy = malloc(len + 1);
    ngx_memcpy(copy, text, len);
    last = copy + len;

    for (p = copy; p < last; p = next) {
        fate = ngx_http_model_strip_line(&run->strip, &run->observe, p, last,
                                         &next);

        if (fate == NGX_HTTP_MODEL_STRIP_HOLD) {

            if (run->nheld + (next - p) > sizeof(run->held)) {
                printf("# too much is held\n");
                abort();
            }

            ngx_memcpy(run->held + run->nheld, p, next - p);
            run->nheld += next - p;
            run->most = ngx_max(run->most, run->nheld);
            continue;
        }

        if (fate == NGX_HTTP_MODEL_STRIP_PASS) {
            run->last = ngx_cpymem(run->last, run->held, run->nheld);
            run->last = ngx_cpymem(run->last, p, next - p);
        }

        run->nheld = 0;
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

    run->nheld = 0;
}


/* no byte waits longer than it must */

static void
test_waiting(void)
{
    run_t       run;
    ngx_str_t   held;
    ngx_uint_t  i;

    static const struct {
        const char  *text;
        const char  *held;
        const char  *name;
    } cases[] = {
        { CHUNK, "", "nothing waits behind an event" },
        { ": a", "", "nor in a comment" },
        { ": a\n", "", "nor behind one" },
        { CHUNK "data: [DONE]", "", "nor at the end" },
        { DATA "[{", "", "the first choice tells" },
        { ": a\n" DATA "[", DATA "[", "before it all waits" },
        { CHUNK DATA "[],\"usage\":{}}\n", DATA "[],\"usage\":{}}\n",
          "an event of that kind waits" },
        { "data: {}\ndata: {", "", "two documents tell" },
        { "data: {\"error\":{", "", "an error tells" }
    };

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        start(&run, 4096);
        feed(&run, cases[i].text, ngx_strlen(cases[i].text));

        held.data = run.held;
        held.len = run.strip.held;

        is(&held, cases[i].held, cases[i].name);

        free(run.out);
    }
}


/* an event of the most bytes goes, a longer one passes, wherever it is cut */

static void
test_size(void)
{
    char        *text;
    size_t       len, i, n;
    run_t        run;
    ngx_uint_t   k, good, more;

    static const char  head[] = DATA "[],\"usage\":{},\"x\":\"";

    static const char  *tails[] = { "\"}\n\n", "\"}\r\n\r\n", "\"}\r\r" };

    text = malloc(NGX_HTTP_MODEL_STRIP_EVENT + 64);

    for (k = 0; k < 3; k++) {
        for (more = 0; more < 2; more++) {

            n = ngx_strlen(tails[k]);

            /* the LF of a last CRLF does not count */

            len = NGX_HTTP_MODEL_STRIP_EVENT + more + (k == 1);

            ngx_memset(text, 'x', len);
            ngx_memcpy(text, head, sizeof(head) - 1);
            ngx_memcpy(text + len - n, tails[k], n);

            good = 1;

            for (i = 0; i <= len && good; i += (i < len - 9) ? 7 : 1) {
                start(&run, len);
                feed(&run, text, i);
                feed(&run, text + i, len - i);
                end(&run);

                good = ((size_t) (run.last - run.out) == (more ? len : 0));

                free(run.out);
            }

            ok(good, more ? "too long an event" : "the longest event");
        }
    }

    free(text);

    /* and one without end */

    start(&run, 64 * NGX_HTTP_MODEL_STRIP_EVENT);
    feed(&run, head, sizeof(head) - 1);

    for (i = 0; i < 2 * NGX_HTTP_MODEL_STRIP_EVENT; i++) {
        feed(&run, "xy", 2);
    }

    ok(run.nheld == 0 && run.most <= NGX_HTTP_MODEL_STRIP_EVENT,
       "no more than that waits");

    free(run.out);
}
