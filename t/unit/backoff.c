/* unit: src/ngx_http_model_backoff.c + nginx */

/*
 * Copyright (C) the ngx_http_model_module authors
 *
 * How long an answer asks to be left alone: headers as vendors send them, and
 * as nobody should.
 */


#include <ngx_config.h>
#include <ngx_core.h>

#include "ngx_http_model_backoff.h"
#include "tap.h"


#define NOW   1767225600    /* 2026-01-01T00:00:00Z */
#define DAY   NGX_HTTP_MODEL_BACKOFF_MAX


typedef struct {
    const char  *value;
    ngx_msec_t   delay;
} case_t;


static ngx_msec_t delay(ngx_uint_t status, const char *text);
static void add(ngx_list_t *headers, const char *text, size_t len);
static void values(const char *name, case_t *cases, ngx_uint_t n);
static void test_retry(void);
static void test_values(void);
static void test_statuses(void);
static void test_openai(void);
static void test_anthropic(void);
static void test_others(void);
static void test_list(void);


static ngx_pool_t  *pool;


int
main(void)
{
    tap_init();

    pool = ngx_create_pool(4096, &tap_log);

    test_retry();
    test_values();
    test_statuses();
    test_openai();
    test_anthropic();
    test_others();
    test_list();

    ngx_destroy_pool(pool);

    return tap_done();
}


/* the headers are lines "name: value" */

static ngx_msec_t
delay(ngx_uint_t status, const char *text)
{
    size_t      len;
    ngx_list_t  headers;

    (void) ngx_list_init(&headers, pool, 2, sizeof(ngx_table_elt_t));

    for ( /* void */ ; *text; text += len + (text[len] == '\n')) {
        len = strcspn(text, "\n");
        add(&headers, text, len);
    }

    return ngx_http_model_backoff(&headers, status, NOW);
}


/* blocks of their own show what is overread */

static void
add(ngx_list_t *headers, const char *text, size_t len)
{
    const char       *colon;
    ngx_table_elt_t  *h;

    colon = memchr(text, ':', len);

    h = ngx_list_push(headers);
    ngx_memzero(h, sizeof(ngx_table_elt_t));

    h->key.len = colon - text;
    h->key.data = ngx_palloc(pool, h->key.len ? h->key.len : 1);
    ngx_memcpy(h->key.data, text, h->key.len);

    h->value.len = len - h->key.len - 2;
    h->value.data = ngx_palloc(pool, h->value.len ? h->value.len : 1);
    ngx_memcpy(h->value.data, colon + 2, h->value.len);
}


static void
values(const char *name, case_t *cases, ngx_uint_t n)
{
    char        text[200], want[NGX_INT_T_LEN + 1];
    u_char      digits[NGX_INT_T_LEN];
    ngx_str_t   got;
    ngx_uint_t  i;

    for (i = 0; i < n; i++) {
        (void) snprintf(text, sizeof(text), "%s: %s", name, cases[i].value);
        (void) snprintf(want, sizeof(want), "%lu",
                        (unsigned long) cases[i].delay);

        got.data = digits;
        got.len = ngx_sprintf(digits, "%M", delay(429, text)) - digits;

        is(&got, want, text);
    }
}


static void
test_retry(void)
{
    ok(delay(429, "") == 0, "no header");
    ok(delay(429, "content-type: 5\nx-retry-after: 5") == 0, "other headers");
    ok(delay(429, "retry-after: 7") == 7000, "retry-after");
    ok(delay(429, "RETRY-After: 7") == 7000, "in any case");
    ok(delay(429, "retry-after-ms: 250") == 250, "retry-after-ms");
    ok(delay(429, "retry-after: 7\nretry-after-ms: 250") == 250,
       "milliseconds win");
    ok(delay(429, "retry-after-ms: soon\nretry-after: 7") == 7000,
       "bad milliseconds do not");
    ok(delay(429, "retry-after: 0\nRetry-After: 3") == 3000,
       "the first that says something");
    ok(delay(429, "retry-after: 2\nx-ratelimit-reset-tokens: 9s") == 2000,
       "retry-after wins");
    ok(delay(429, "retry-after: -1\nx-ratelimit-reset-tokens: 9s") == 9000,
       "bad retry-after does not");
    ok(delay(429, "retry-after-ms: 5000000000") == DAY, "long milliseconds");
    ok(delay(429, "retry-after-ms: 0.2") == 1, "part of a millisecond");
}


static void
test_values(void)
{
    static case_t  retry[] = {
        { "", 0 },
        { "0", 0 },
        { "1", 1000 },
        { "1.5", 1500 },
        { "0.0301", 31 },
        { "1.", 1000 },
        { ".5", 0 },
        { "-1", 0 },
        { "+1", 0 },
        { "1e99", 0 },
        { "0x10", 0 },
        { "1 ", 0 },
        { "1,2", 0 },
        { "1.2.3", 0 },
        { "nan", 0 },
        { "inf", 0 },
        { "soon", 0 },
        { "86399.9999", DAY },
        { "86400", DAY },
        { "999999999", DAY },
        { "99999999999999999999999999999999999999999", DAY },
        { "0.99999999999999999999999999999999999999999", 1000 },
        { "Thu, 01 Jan 2026 00:00:30 GMT", 30000 },
        { "Thursday, 01-Jan-26 00:00:30 GMT", 30000 },
        { "Thu Jan  1 00:00:30 2026", 30000 },
        { "Thu, 01 Jan 2026 00:00:00 GMT", 0 },
        { "Wed, 31 Dec 2025 23:59:59 GMT", 0 },
        { "Fri, 02 Jan 2026 00:00:00 GMT", DAY },
        { "Fri, 31 Dec 9999 23:59:59 GMT", DAY },
        { "Thu, 01 Jan 0000 00:00:00 GMT", 0 },
        { "Thu, 32 Jan 2026 00:00:30 GMT", 0 },
        { "Thu, 01 Jan 2026", 0 }
    };

    static case_t  durations[] = {
        { "1s", 1000 },
        { "6m0s", 360000 },
        { "17ms", 17 },
        { "1h2m3.5s", 3723500 },
        { "2m59.56s", 179560 },
        { "7.66s", 7660 },
        { "1s500ms", 1500 },
        { "0.001ms", 1 },
        { "23h59m59s", DAY - 1000 },
        { "1d", DAY },
        { "9999999999999999999h", DAY },
        { "9999999999999999999h9999999999999999999h", DAY },
        { "12.5", 12500 },
        { "0s", 0 },
        { "0ms", 0 },
        { "-1s", 0 },
        { "1x", 0 },
        { "1s ", 0 },
        { "1s5", 0 },
        { "1 s", 0 },
        { "s", 0 },
        { "9999999999999999999h!", 0 }
    };

    static case_t  resets[] = {
        { "30", 30000 },
        { "1767225630", 30000 },
        { "1767225630.5", 30000 },
        { "1767225630250", 30250 },
        { "1767225600001", 1 },
        { "1767225600000", 0 },
        { "1767225600", 0 },
        { "1767225599", 0 },
        { "1767225599999", 0 },
        { "1000000000", 0 },
        { "1767312000", DAY },
        { "999999999999", DAY },
        { "999999999999999999999999999", DAY },
        { "2026-01-01T00:00:30Z", 30000 },
        { "never", 0 }
    };

    values("retry-after", retry, sizeof(retry) / sizeof(case_t));
    values("x-ratelimit-reset-requests", durations,
           sizeof(durations) / sizeof(case_t));
    values("x-ratelimit-reset", resets, sizeof(resets) / sizeof(case_t));
}


static void
test_statuses(void)
{
    char        name[40];
    ngx_uint_t  i;

    static ngx_uint_t  statuses[] = { 0, 200, 400, 401, 408, 500, 502, 504 };

    ok(delay(503, "retry-after: 2") == 2000, "503");
    ok(delay(529, "retry-after: 2") == 2000, "529");
    ok(delay(529, "retry-after-ms: 20") == 20, "529, milliseconds");
    ok(delay(503, "x-ratelimit-reset: 2") == 0, "503 is about no limit");
    ok(delay(529, "anthropic-ratelimit-requests-reset: "
                  "2026-01-01T00:00:30Z") == 0, "nor is 529");

    for (i = 0; i < sizeof(statuses) / sizeof(statuses[0]); i++) {
        (void) snprintf(name, sizeof(name), "status %lu",
                        (unsigned long) statuses[i]);
        ok(delay(statuses[i], "retry-after: 2\nx-ratelimit-reset: 2") == 0,
           name);
    }
}


static void
test_openai(void)
{
    ok(delay(429, "x-ratelimit-limit-requests: 60\n"
                  "x-ratelimit-remaining-requests: 0\n"
                  "x-ratelimit-remaining-tokens: 149984\n"
                  "x-ratelimit-reset-requests: 8s\n"
                  "x-ratelimit-reset-tokens: 17ms") == 8000, "requests");
    ok(delay(429, "x-ratelimit-reset-tokens: 6m0s\n"
                  "x-ratelimit-reset-requests: 1s\n"
                  "X-RateLimit-Remaining-Tokens: 0\n"
                  "x-ratelimit-remaining-requests: 59") == 360000, "tokens");
    ok(delay(429, "x-ratelimit-reset-tokens: 6m0s\n"
                  "x-ratelimit-reset-requests: 1s\n"
                  "x-ratelimit-remaining-tokens: 0\n"
                  "x-ratelimit-remaining-requests: 0") == 360000,
       "both exhausted, the longer");
    ok(delay(429, "x-ratelimit-reset-tokens: 6m0s\n"
                  "x-ratelimit-reset-requests: 1s\n"
                  "x-ratelimit-remaining-tokens: 1\n"
                  "x-ratelimit-remaining-requests: 10") == 1000,
       "none exhausted, the shorter");
    ok(delay(429, "x-ratelimit-reset-tokens: 6m0s\n"
                  "x-ratelimit-reset-requests: 0s\n"
                  "x-ratelimit-remaining-requests: 0") == 360000,
       "an exhausted one that is over does not count");
    ok(delay(429, "x-ratelimit-reset-tokens: 6m0s\n"
                  "x-ratelimit-reset-requests: 1s") == 1000, "no companions");
    ok(delay(429, "x-ratelimit-reset-tokens: 6m0s\n"
                  "x-ratelimit-reset-requests: 1s\n"
                  "x-ratelimit-remaining-tokens: \n"
                  "x-ratelimit-remaining-requests: zero") == 1000,
       "companions without number");
    ok(delay(429, "x-ratelimit-reset-tokens: 6m0s\n"
                  "x-ratelimit-reset-requests: 1s\n"
                  "x-ratelimit-remaining-tokens: 0.0") == 360000, "0.0 is 0");
    ok(delay(429, "x-ratelimit-reset-tokens-minute: 12.25\n"
                  "x-ratelimit-reset-requests-day: 33000\n"
                  "x-ratelimit-remaining-tokens-minute: 0\n"
                  "x-ratelimit-remaining-requests-day: 14000") == 12250,
       "plain seconds of lookalikes");
}


static void
test_anthropic(void)
{
    ok(delay(429, "anthropic-ratelimit-requests-limit: 50\n"
                  "anthropic-ratelimit-requests-remaining: 49\n"
                  "anthropic-ratelimit-requests-reset: "
                  "2026-01-01T00:00:01Z\n"
                  "anthropic-ratelimit-input-tokens-remaining: 0\n"
                  "anthropic-ratelimit-input-tokens-reset: "
                  "2026-01-01T00:00:42Z\n"
                  "anthropic-ratelimit-output-tokens-remaining: 8000\n"
                  "anthropic-ratelimit-output-tokens-reset: "
                  "2026-01-01T00:00:03Z") == 42000, "input tokens");
    ok(delay(429, "anthropic-ratelimit-tokens-remaining: 0\n"
                  "Anthropic-RateLimit-Tokens-Reset: "
                  "2026-01-01T02:00:30.5+02:00\n"
                  "anthropic-ratelimit-requests-reset: "
                  "2026-01-01T00:00:10Z") == 30000, "offset and fraction");
    ok(delay(429, "anthropic-ratelimit-output-tokens-reset: "
                  "2025-12-31T19:00:05-05:00") == 5000, "offset to the west");
    ok(delay(429, "anthropic-ratelimit-requests-reset: "
                  "2025-12-31T23:59:59Z") == 0, "past");
    ok(delay(429, "anthropic-ratelimit-requests-reset: "
                  "9999-12-31T23:59:59Z") == DAY, "far");
    ok(delay(429, "anthropic-ratelimit-requests-reset: "
                  "2026-13-01T00:00:00Z") == 0, "no date");
}


static void
test_others(void)
{
    ok(delay(429, "ratelimit-limit: 10\nratelimit-remaining: 0\n"
                  "ratelimit-reset: 50") == 50000, "draft of the IETF");
    ok(delay(429, "X-RateLimit-Limit: 20\nX-RateLimit-Remaining: 0\n"
                  "X-RateLimit-Reset: 1767225660000") == 60000, "OpenRouter");
    ok(delay(429, "x-ratelimit-resets: 5\nx-ratelimit: 5\n"
                  "anthropic-ratelimit-reset: 5\nxratelimit-reset: 5\n"
                  "anthropic-ratelimit-requests-resets: 5\n"
                  "my-x-ratelimit-reset: 5\nanthropic-ratelimit-: 5\n"
                  "x-ratelimit-rese: 5") == 0, "names that are none of them");
}


static void
test_list(void)
{
    ngx_list_t        headers;
    ngx_table_elt_t  *h;

    (void) ngx_list_init(&headers, pool, 1, sizeof(ngx_table_elt_t));

    ok(ngx_http_model_backoff(&headers, 429, NOW) == 0, "empty list");

    h = ngx_list_push(&headers);
    ngx_memzero(h, sizeof(ngx_table_elt_t));

    ok(ngx_http_model_backoff(&headers, 429, NOW) == 0, "removed header");

    add(&headers, "retry-after: 4", 14);

    ok(ngx_http_model_backoff(&headers, 429, NOW) == 4000, "hidden header");

    h = ngx_list_push(&headers);
    ngx_memzero(h, sizeof(ngx_table_elt_t));
    ngx_str_set(&h->key, "retry-after-ms");

    ok(ngx_http_model_backoff(&headers, 429, NOW) == 4000, "without value");
}
