
/*
 * Copyright (C) the ngx_http_model_module authors
 */


#include <ngx_config.h>
#include <ngx_core.h>

#include "ngx_http_model_backoff.h"
#include "ngx_http_model_decimal.h"


#define NGX_HTTP_MODEL_BACKOFF_SEC        1000000ULL         /* us */
#define NGX_HTTP_MODEL_BACKOFF_MSEC       1000ULL
#define NGX_HTTP_MODEL_BACKOFF_MAX_US     (NGX_HTTP_MODEL_BACKOFF_MAX * 1000ULL)

/* numbers from which on they are unix time, and are no larger */

#define NGX_HTTP_MODEL_BACKOFF_UNIX       1000000000ULL      /* s */
#define NGX_HTTP_MODEL_BACKOFF_UNIX_MSEC  1000000000000ULL   /* ms */
#define NGX_HTTP_MODEL_BACKOFF_HUGE       1000000000000000ULL


typedef struct {
    uint64_t          whole;
    uint64_t          millionths;
} ngx_http_model_backoff_number_t;


typedef struct {
    ngx_list_part_t  *part;
    ngx_uint_t        i;
} ngx_http_model_backoff_walk_t;


static ngx_msec_t ngx_http_model_backoff_retry(ngx_list_t *headers,
    ngx_str_t *name, uint64_t unit, time_t now);
static ngx_msec_t ngx_http_model_backoff_resets(ngx_list_t *headers,
    time_t now);
static ngx_uint_t ngx_http_model_backoff_reset(ngx_str_t *name, size_t *at);
static ngx_uint_t ngx_http_model_backoff_exhausted(ngx_list_t *headers,
    ngx_str_t *name, size_t at);
static ngx_msec_t ngx_http_model_backoff_delay(ngx_str_t *value, uint64_t unit,
    time_t now);
static ngx_msec_t ngx_http_model_backoff_duration(ngx_str_t *value);
static ngx_msec_t ngx_http_model_backoff_date(ngx_str_t *value, time_t now);
static u_char *ngx_http_model_backoff_number(u_char *p, u_char *last,
    ngx_http_model_backoff_number_t *n);
static u_char *ngx_http_model_backoff_unit(u_char *p, u_char *last,
    uint64_t *unit);
static uint64_t ngx_http_model_backoff_us(ngx_http_model_backoff_number_t *n,
    uint64_t unit);
static ngx_msec_t ngx_http_model_backoff_msec(uint64_t us);
static ngx_table_elt_t *ngx_http_model_backoff_next(
    ngx_http_model_backoff_walk_t *walk);
static ngx_uint_t ngx_http_model_backoff_is(u_char *p, ngx_str_t *name);


static ngx_str_t  ngx_http_model_backoff_retry_ms =
    ngx_string("retry-after-ms");
static ngx_str_t  ngx_http_model_backoff_retry_after =
    ngx_string("retry-after");
static ngx_str_t  ngx_http_model_backoff_remaining = ngx_string("remaining");
static ngx_str_t  ngx_http_model_backoff_suffix = ngx_string("-reset");


/* what stands before "reset", and whether it is the end of the name */

static struct {
    ngx_str_t   prefix;
    ngx_uint_t  last;
} ngx_http_model_backoff_names[] = {
    { ngx_string("x-ratelimit-reset"),    0 },
    { ngx_string("ratelimit-reset"),      0 },
    { ngx_string("anthropic-ratelimit-"), 1 }
};


ngx_msec_t
ngx_http_model_backoff(ngx_list_t *headers, ngx_uint_t status, time_t now)
{
    ngx_msec_t  delay;

    if (status != 429 && status != 503 && status != 529) {
        return 0;
    }

    delay = ngx_http_model_backoff_retry(headers,
                                         &ngx_http_model_backoff_retry_ms,
                                         NGX_HTTP_MODEL_BACKOFF_MSEC, now);

    if (delay == 0) {
        delay = ngx_http_model_backoff_retry(headers,
                                          &ngx_http_model_backoff_retry_after,
                                          NGX_HTTP_MODEL_BACKOFF_SEC, now);
    }

    if (delay == 0 && status == 429) {
        delay = ngx_http_model_backoff_resets(headers, now);
    }

    return delay;
}


/* the first header of this name that says something */

static ngx_msec_t
ngx_http_model_backoff_retry(ngx_list_t *headers, ngx_str_t *name,
    uint64_t unit, time_t now)
{
    ngx_msec_t                      delay;
    ngx_table_elt_t                *h;
    ngx_http_model_backoff_walk_t   walk;

    walk.part = &headers->part;
    walk.i = 0;

    while ((h = ngx_http_model_backoff_next(&walk)) != NULL) {

        if (h->key.len != name->len
            || !ngx_http_model_backoff_is(h->key.data, name))
        {
            continue;
        }

        delay = ngx_http_model_backoff_delay(&h->value, unit, now);

        if (delay) {
            return delay;
        }
    }

    return 0;
}


static ngx_msec_t
ngx_http_model_backoff_resets(ngx_list_t *headers, time_t now)
{
    size_t                          at;
    ngx_msec_t                      delay, longest, shortest;
    ngx_table_elt_t                *h;
    ngx_http_model_backoff_walk_t   walk;

    walk.part = &headers->part;
    walk.i = 0;

    longest = 0;
    shortest = 0;

    while ((h = ngx_http_model_backoff_next(&walk)) != NULL) {

        if (!ngx_http_model_backoff_reset(&h->key, &at)) {
            continue;
        }

        delay = ngx_http_model_backoff_delay(&h->value,
                                             NGX_HTTP_MODEL_BACKOFF_SEC, now);

        if (delay > longest
            && ngx_http_model_backoff_exhausted(headers, &h->key, at))
        {
            longest = delay;
        }

        if (delay && (shortest == 0 || delay < shortest)) {
            shortest = delay;
        }
    }

    return longest ? longest : shortest;
}


/* 1 for a header that tells of a reset, and where its name says so */

static ngx_uint_t
ngx_http_model_backoff_reset(ngx_str_t *name, size_t *at)
{
    ngx_str_t   *prefix, *suffix;
    ngx_uint_t   i, n;

    suffix = &ngx_http_model_backoff_suffix;
    n = sizeof(ngx_http_model_backoff_names)
        / sizeof(ngx_http_model_backoff_names[0]);

    for (i = 0; i < n; i++) {
        prefix = &ngx_http_model_backoff_names[i].prefix;

        if (name->len < prefix->len
            || !ngx_http_model_backoff_is(name->data, prefix))
        {
            continue;
        }

        if (!ngx_http_model_backoff_names[i].last) {
            *at = prefix->len - (suffix->len - 1);

            return name->len == prefix->len || name->data[prefix->len] == '-';
        }

        if (name->len <= prefix->len + suffix->len) {
            return 0;
        }

        *at = name->len - (suffix->len - 1);

        return ngx_http_model_backoff_is(name->data + *at - 1, suffix);
    }

    return 0;
}


/* 1 when the same name with "remaining" for "reset" is there and is 0 */

static ngx_uint_t
ngx_http_model_backoff_exhausted(ngx_list_t *headers, ngx_str_t *name,
    size_t at)
{
    u_char                           *p, *last;
    ngx_str_t                         head, tail, *word;
    ngx_table_elt_t                  *h;
    ngx_http_model_backoff_walk_t     walk;
    ngx_http_model_backoff_number_t   n;

    word = &ngx_http_model_backoff_remaining;

    head.data = name->data;
    head.len = at;
    tail.data = name->data + at + sizeof("reset") - 1;
    tail.len = name->len - at - (sizeof("reset") - 1);

    walk.part = &headers->part;
    walk.i = 0;

    while ((h = ngx_http_model_backoff_next(&walk)) != NULL) {

        p = h->key.data;

        if (h->key.len != head.len + word->len + tail.len
            || !ngx_http_model_backoff_is(p, &head)
            || !ngx_http_model_backoff_is(p + head.len, word)
            || !ngx_http_model_backoff_is(p + head.len + word->len, &tail))
        {
            continue;
        }

        last = h->value.data + h->value.len;
        p = ngx_http_model_backoff_number(h->value.data, last, &n);

        if (p != NULL && p == last && n.whole == 0 && n.millionths == 0) {
            return 1;
        }
    }

    return 0;
}


/* a number alone is in units of that many microseconds, large: unix time */

static ngx_msec_t
ngx_http_model_backoff_delay(ngx_str_t *value, uint64_t unit, time_t now)
{
    u_char                           *p, *last;
    uint64_t                          at;
    ngx_msec_t                        delay;
    ngx_http_model_backoff_number_t   n;

    last = value->data + value->len;
    p = ngx_http_model_backoff_number(value->data, last, &n);

    if (p == NULL || p != last) {
        delay = ngx_http_model_backoff_duration(value);

        return delay ? delay : ngx_http_model_backoff_date(value, now);
    }

    if (n.whole < NGX_HTTP_MODEL_BACKOFF_UNIX
        || unit != NGX_HTTP_MODEL_BACKOFF_SEC)
    {
        return ngx_http_model_backoff_msec(ngx_http_model_backoff_us(&n, unit));
    }

    at = n.whole;

    if (at < NGX_HTTP_MODEL_BACKOFF_UNIX_MSEC) {
        at *= 1000;
    }

    if (at / 1000 < (uint64_t) now) {
        return 0;
    }

    at -= (uint64_t) now * 1000;

    return (ngx_msec_t) ngx_min(at, NGX_HTTP_MODEL_BACKOFF_MAX);
}


/* such as "1h2m3.5s" */

static ngx_msec_t
ngx_http_model_backoff_duration(ngx_str_t *value)
{
    u_char                           *p, *last;
    uint64_t                          us, unit;
    ngx_http_model_backoff_number_t   n;

    us = 0;
    p = value->data;
    last = value->data + value->len;

    do {
        p = ngx_http_model_backoff_number(p, last, &n);

        if (p != NULL) {
            p = ngx_http_model_backoff_unit(p, last, &unit);
        }

        if (p == NULL) {
            return 0;
        }

        us = ngx_min(us + ngx_http_model_backoff_us(&n, unit),
                     NGX_HTTP_MODEL_BACKOFF_MAX_US);

    } while (p < last);

    return ngx_http_model_backoff_msec(us);
}


static ngx_msec_t
ngx_http_model_backoff_date(ngx_str_t *value, time_t now)
{
    time_t  date;

    date = ngx_http_model_decimal_time(value);

    if (date == NGX_ERROR) {
        date = ngx_parse_http_time(value->data, value->len);
    }

    if (date == NGX_ERROR || date <= now) {
        return 0;
    }

    if (date - now >= NGX_HTTP_MODEL_BACKOFF_MAX / 1000) {
        return NGX_HTTP_MODEL_BACKOFF_MAX;
    }

    return (ngx_msec_t) (date - now) * 1000;
}


/* the end of the number, NULL if there is none */

static u_char *
ngx_http_model_backoff_number(u_char *p, u_char *last,
    ngx_http_model_backoff_number_t *n)
{
    uint64_t  place;

    n->whole = 0;
    n->millionths = 0;

    if (p == last || *p < '0' || *p > '9') {
        return NULL;
    }

    for ( /* void */ ; p < last && *p >= '0' && *p <= '9'; p++) {
        n->whole = ngx_min(n->whole * 10 + (*p - '0'),
                           NGX_HTTP_MODEL_BACKOFF_HUGE);
    }

    if (p == last || *p != '.') {
        return p;
    }

    place = 100000;

    for (p++; p < last && *p >= '0' && *p <= '9'; p++) {
        n->millionths += place * (*p - '0');
        place /= 10;
    }

    return p;
}


static u_char *
ngx_http_model_backoff_unit(u_char *p, u_char *last, uint64_t *unit)
{
    if (last - p >= 2 && p[0] == 'm' && p[1] == 's') {
        *unit = NGX_HTTP_MODEL_BACKOFF_MSEC;

        return p + 2;
    }

    *unit = NGX_HTTP_MODEL_BACKOFF_SEC;

    switch (p < last ? *p : '\0') {

    case 'd':
        *unit *= 24;
        /* fall through */

    case 'h':
        *unit *= 60;
        /* fall through */

    case 'm':
        *unit *= 60;
        /* fall through */

    case 's':
        return p + 1;

    default:
        return NULL;
    }
}


static uint64_t
ngx_http_model_backoff_us(ngx_http_model_backoff_number_t *n, uint64_t unit)
{
    if (n->whole > NGX_HTTP_MODEL_BACKOFF_MAX_US / unit) {
        return NGX_HTTP_MODEL_BACKOFF_MAX_US;
    }

    return n->whole * unit + n->millionths * unit / 1000000;
}


/* a beginning millisecond is one */

static ngx_msec_t
ngx_http_model_backoff_msec(uint64_t us)
{
    us = (us + 999) / 1000;

    return (ngx_msec_t) ngx_min(us, NGX_HTTP_MODEL_BACKOFF_MAX);
}


static ngx_table_elt_t *
ngx_http_model_backoff_next(ngx_http_model_backoff_walk_t *walk)
{
    ngx_table_elt_t  *h;

    while (walk->part != NULL) {

        if (walk->i == walk->part->nelts) {
            walk->part = walk->part->next;
            walk->i = 0;
            continue;
        }

        h = walk->part->elts;
        h += walk->i++;

        if (h->key.len) {
            return h;
        }
    }

    return NULL;
}


static ngx_uint_t
ngx_http_model_backoff_is(u_char *p, ngx_str_t *name)
{
    return ngx_strncasecmp(p, name->data, name->len) == 0;
}
