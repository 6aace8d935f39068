/* unit: src/ngx_http_model_usage.c + nginx */

/*
 * Copyright (C) the ngx_http_model_module authors
 *
 * What tokens cost: exact to 1e-9, rounded once, nothing where a kind of token
 * has no price or a number is no count; and the time of output tokens.
 */


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include <limits.h>

#include "ngx_http_model_usage.h"
#include "tap.h"


#define NONE   -1
#define MOST   NGX_HTTP_MODEL_USAGE_TOKENS

#define NRANDOM  100000


typedef struct {
    int64_t      tokens[4];     /* prompt with its parts, completion, cached,
                                   cache_write */
    int64_t      prices[4];     /* input, output, cached, cache_write: 1e-9 of
                                   a million */
    int64_t      want;
    const char  *name;
} cost_t;


static int64_t sum(const int64_t tokens[4], const int64_t prices[4]);
static void test_costs(void);
static void test_exact(void);
static void test_large(void);
static void test_output_time(void);


static cost_t  costs[] = {
    { { 1000, 30, 400, NONE }, { 150000000, 600000000, 37500000, NONE },
      123000, "input, output, cached" },
    { { 7, 3, NONE, NONE }, { 333333000, 333333000, NONE, NONE },
      3333, "rounded down" },
    { { 1, 0, 0, 0 }, { 500000, 0, 0, 0 }, 1, "a half is rounded up" },
    { { 1, 0, 0, 0 }, { 499999, 0, 0, 0 }, 0, "less than a half is not" },
    { { 1, 1, 0, 0 }, { 250000, 250000, 0, 0 }, 1,
      "the sum is rounded, not each kind" },
    { { 3, 3, 1, 1 }, { 400000, 400000, 400000, 400000 }, 2,
      "of four kinds, too" },
    { { 100, 10, 60, 30 }, { 1000000, 2000000, 100000, 1250000 },
      10 + 20 + 6 + 38, "cache read and write are parts of the prompt" },
    { { 1000000, 1000000, NONE, NONE }, { 1, 1, NONE, NONE }, 2,
      "the smallest price" },
    { { 0, 0, 0, 0 }, { NONE, NONE, NONE, NONE }, 0,
      "no tokens need no price" },
    { { 5, 5, NONE, NONE }, { 0, 0, NONE, NONE }, 0, "for nothing" },

    { { NONE, 30, NONE, NONE }, { 1, 1, 1, 1 }, NONE, "no prompt is known" },
    { { 10, NONE, NONE, NONE }, { 1000000, NONE, NONE, NONE }, 10,
      "embeddings have no completion" },
    { { 10, 1, NONE, NONE }, { 1000000, NONE, NONE, NONE }, NONE,
      "no price of output" },
    { { 10, 1, NONE, NONE }, { NONE, 1000000, NONE, NONE }, NONE,
      "no price of input" },
    { { 10, 1, 10, NONE }, { NONE, 1000000, 1000000, NONE }, 11,
      "nor is one needed where all was cached" },
    { { 10, 1, 4, NONE }, { 1000000, 1000000, NONE, NONE }, NONE,
      "no price of cached" },
    { { 10, 1, NONE, 4 }, { 1000000, 1000000, 1000000, NONE }, NONE,
      "no price of cache writes" },
    { { 10, 1, 11, NONE }, { 1, 1, 1, 1 }, NONE,
      "more cached than there are" },
    { { 10, 1, 6, 6 }, { 1, 1, 1, 1 }, NONE, "both together, too" }
};


int
main(void)
{
    tap_init();

    test_costs();
    test_exact();
    test_large();
    test_output_time();

    return tap_done();
}


static int64_t
sum(const int64_t tokens[4], const int64_t prices[4])
{
    int64_t                   p[NGX_HTTP_MODEL_NPRICES];
    ngx_http_model_observe_t  o;

    ngx_memzero(&o, sizeof(ngx_http_model_observe_t));

    o.prompt = tokens[0];
    o.completion = tokens[1];
    o.cached = tokens[2];
    o.cache_write = tokens[3];

    p[NGX_HTTP_MODEL_PRICE_INPUT] = prices[0];
    p[NGX_HTTP_MODEL_PRICE_OUTPUT] = prices[1];
    p[NGX_HTTP_MODEL_PRICE_CACHED] = prices[2];
    p[NGX_HTTP_MODEL_PRICE_CACHE_WRITE] = prices[3];

    return ngx_http_model_usage_sum(&o, p);
}


static void
test_costs(void)
{
    char        want[NGX_INT64_LEN + 1];
    u_char      buf[NGX_INT64_LEN];
    ngx_str_t   got;
    ngx_uint_t  i;

    got.data = buf;

    for (i = 0; i < sizeof(costs) / sizeof(costs[0]); i++) {

        got.len = ngx_sprintf(buf, "%L", sum(costs[i].tokens, costs[i].prices))
                  - buf;
        (void) snprintf(want, sizeof(want), "%lld", (long long) costs[i].want);

        is(&got, want, costs[i].name);
    }
}


/* against 128 bits, where nothing is cut */

static void
test_exact(void)
{
    int64_t     tokens[4], prices[4], got;
    __int128    all, want;
    ngx_uint_t  i, k, bad, none;

    bad = 0;
    none = 0;

    srandom(1);

    for (i = 0; i < NRANDOM; i++) {

        for (k = 0; k < 4; k++) {
            tokens[k] = random() % (1 << (1 + random() % 24));
            prices[k] = random() % ((int64_t) 1 << (1 + random() % 40));
        }

        tokens[0] += tokens[2] + tokens[3];

        all = (__int128) (tokens[0] - tokens[2] - tokens[3]) * prices[0]
              + (__int128) tokens[1] * prices[1]
              + (__int128) tokens[2] * prices[2]
              + (__int128) tokens[3] * prices[3];

        want = (all + 500000) / 1000000;

        got = sum(tokens, prices);

        none += (got == NONE);
        bad += (got != NONE && got != want);
    }

    ok(bad == 0, "exact for any tokens and prices");
    ok(none == 0, "and known for all of them");
}


static void
test_large(void)
{
    int64_t           n;
    ngx_uint_t        i, bad;
    static int64_t    counts[] = { MOST - 1, MOST, MOST + 1, LLONG_MAX };
    static int64_t    prices[] = { 1, 1000000, 100000000000000LL,
                                   1000000000000009LL };
    const int64_t     all[4] = { prices[3], prices[3], prices[3], prices[3] };
    const int64_t     free_of_charge[4] = { 0, 0, 0, 0 };

    bad = 0;

    /* the sanitizers watch, too */

    for (i = 0; i < 16; i++) {
        const int64_t  t[4] = { counts[i / 4], counts[i / 4], 0, 0 };
        const int64_t  p[4] = { prices[i % 4], prices[i % 4], 0, 0 };

        n = sum(t, p);

        if (counts[i / 4] > MOST) {
            bad += (n != NONE);

        } else if (n != NONE) {
            bad += (n != (int64_t) (((__int128) 2 * t[0] * p[0] + 500000)
                                    / 1000000));
        }
    }

    ok(bad == 0, "large numbers are exact, or nothing");

    {
        const int64_t  t[4] = { MOST, MOST, MOST / 2, MOST / 2 };

        ok(sum(t, all) == NONE, "what does not fit is not known");
        ok(sum(t, free_of_charge) == 0, "what costs nothing fits");
    }

    {
        const int64_t  t[4] = { 1000000000, 1000000000, 0, 0 };
        const int64_t  p[4] = { 1000000000000LL, 1000000000000LL, 0, 0 };

        ok(sum(t, p) == 2000000000000000LL,
           "a thousand million tokens at a thousand a million");
    }
}


static void
test_output_time(void)
{
    ngx_http_model_usage_t  usage;

    ngx_memzero(&usage, sizeof(ngx_http_model_usage_t));

    usage.first = -1;
    usage.last = -1;
    usage.observe.completion = 101;
    usage.observe.eval_duration = -1;

    ok(ngx_http_model_usage_output_time(&usage) == -1, "no time is known");

    usage.first = 300;
    usage.last = 1300;
    ok(ngx_http_model_usage_output_time(&usage) == 1000, "by the clock");

    usage.observe.eval_duration = 2020000000;
    ok(ngx_http_model_usage_output_time(&usage) == 2000,
       "by the server's own, without the first token");

    usage.observe.completion = 1;
    ok(ngx_http_model_usage_output_time(&usage) == 1000,
       "of one token there is none");

    usage.observe.completion = LLONG_MAX;
    usage.observe.eval_duration = LLONG_MAX;
    ok(ngx_http_model_usage_output_time(&usage) == 1000,
       "nonsense is not used");

    usage.observe.completion = MOST - 1;
    ok(ngx_http_model_usage_output_time(&usage) >= 0, "nor overflows");
}
