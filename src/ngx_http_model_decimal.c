
/*
 * Copyright (C) the ngx_http_model_module authors
 */


#include <ngx_config.h>
#include <ngx_core.h>

#include "ngx_http_model_decimal.h"


#define NGX_HTTP_MODEL_DECIMAL_LEN    64

/* leap days of the calendar before 1970 */

#define NGX_HTTP_MODEL_DECIMAL_LEAPS  477


typedef struct {
    u_char      digits[NGX_HTTP_MODEL_DECIMAL_LEN];
    ngx_int_t   n;        /* how many */
    ngx_int_t   point;    /* digits before the point, may be outside 0..n */
} ngx_http_model_decimal_t;


static ngx_int_t ngx_http_model_decimal_parse(ngx_str_t *text,
    ngx_http_model_decimal_t *d);
static ngx_int_t ngx_http_model_decimal_exponent(u_char *p, u_char *last,
    ngx_int_t *exponent);
static ngx_int_t ngx_http_model_decimal_offset(u_char *p, u_char *last);


/* days of a common year before each month */

static const ngx_int_t  ngx_http_model_decimal_months[] = {
    0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334
};


ngx_int_t
ngx_http_model_decimal_shift(ngx_pool_t *pool, ngx_str_t *text,
    ngx_int_t places, ngx_str_t *out)
{
    u_char                    *p;
    ngx_int_t                  i;
    ngx_http_model_decimal_t   d;

    ngx_str_null(out);

    if (ngx_http_model_decimal_parse(text, &d) != NGX_OK) {
        return NGX_DECLINED;
    }

    if (d.n == 0) {
        ngx_str_set(out, "0");
        return NGX_OK;
    }

    d.point += places;

    p = ngx_pnalloc(pool, d.n + ngx_abs(d.point) + 2);
    if (p == NULL) {
        return NGX_ERROR;
    }

    out->data = p;

    if (d.point <= 0) {
        *p++ = '0';
        *p++ = '.';

        for (i = d.point; i < 0; i++) {
            *p++ = '0';
        }

        d.point = -1;
    }

    for (i = 0; i < d.n; i++) {
        if (i == d.point) {
            *p++ = '.';
        }

        *p++ = d.digits[i];
    }

    for ( /* void */ ; i < d.point; i++) {
        *p++ = '0';
    }

    out->len = p - out->data;

    return NGX_OK;
}


static ngx_int_t
ngx_http_model_decimal_parse(ngx_str_t *text, ngx_http_model_decimal_t *d)
{
    u_char      *p, *last;
    ngx_int_t    exponent;
    ngx_uint_t   seen, fraction;

    if (text->len == 0 || text->len > NGX_HTTP_MODEL_DECIMAL_LEN) {
        return NGX_DECLINED;
    }

    d->n = 0;
    d->point = 0;

    seen = 0;
    fraction = 0;
    exponent = 0;

    p = text->data;
    last = text->data + text->len;

    if (*p == '+') {
        p++;
    }

    for ( /* void */ ; p < last; p++) {

        if (*p == '.' && !fraction) {
            fraction = 1;
            continue;
        }

        if (*p < '0' || *p > '9') {
            break;
        }

        seen = 1;

        if (*p == '0' && d->n == 0) {
            d->point -= fraction;
            continue;
        }

        d->digits[d->n++] = *p;
        d->point += !fraction;
    }

    if (!seen || ngx_http_model_decimal_exponent(p, last, &exponent) != NGX_OK)
    {
        return NGX_DECLINED;
    }

    d->point += exponent;

    while (d->n > 0 && d->digits[d->n - 1] == '0') {
        d->n--;
    }

    return NGX_OK;
}


static ngx_int_t
ngx_http_model_decimal_exponent(u_char *p, u_char *last, ngx_int_t *exponent)
{
    ngx_int_t  n, sign;

    *exponent = 0;

    if (p == last) {
        return NGX_OK;
    }

    if (*p != 'e' && *p != 'E') {
        return NGX_DECLINED;
    }

    sign = 1;
    p++;

    if (p < last && (*p == '-' || *p == '+')) {
        sign = (*p == '-') ? -1 : 1;
        p++;
    }

    n = ngx_atoi(p, last - p);

    if (n == NGX_ERROR || n > NGX_HTTP_MODEL_DECIMAL_LEN) {
        return NGX_DECLINED;
    }

    *exponent = sign * n;

    return NGX_OK;
}


time_t
ngx_http_model_decimal_time(ngx_str_t *text)
{
    u_char     *p, *last;
    int64_t     days;
    ngx_int_t   year, month, day, hour, min, sec, leap, offset;

    p = text->data;
    last = text->data + text->len;

    if (text->len < sizeof("1970-01-01T00:00:00Z") - 1
        || p[4] != '-' || p[7] != '-' || p[13] != ':' || p[16] != ':'
        || (p[10] != 'T' && p[10] != 't' && p[10] != ' '))
    {
        return NGX_ERROR;
    }

    year = ngx_atoi(p, 4);
    month = ngx_atoi(p + 5, 2);
    day = ngx_atoi(p + 8, 2);
    hour = ngx_atoi(p + 11, 2);
    min = ngx_atoi(p + 14, 2);
    sec = ngx_atoi(p + 17, 2);

    if (year < 1970 || month < 1 || month > 12 || day < 1 || day > 31
        || hour < 0 || hour > 23 || min < 0 || min > 59 || sec < 0 || sec > 60)
    {
        return NGX_ERROR;
    }

    p += 19;

    if (*p == '.') {
        for (p++; p < last && *p >= '0' && *p <= '9'; p++) { /* void */ }
    }

    offset = ngx_http_model_decimal_offset(p, last);

    if (offset == NGX_ERROR) {
        return NGX_ERROR;
    }

    /* leap days before this year, and this year's once February is over */

    leap = (month > 2) ? year : year - 1;

    days = 365 * (int64_t) (year - 1970) + leap / 4 - leap / 100 + leap / 400
           - NGX_HTTP_MODEL_DECIMAL_LEAPS
           + ngx_http_model_decimal_months[month - 1] + day - 1;

    return days * 86400 + hour * 3600 + min * 60 + sec
           - (offset - 86400);
}


/* the zone in seconds, plus a day so that it is never negative */

static ngx_int_t
ngx_http_model_decimal_offset(u_char *p, u_char *last)
{
    ngx_int_t  hour, min, offset;

    if (last - p == 1 && (*p == 'Z' || *p == 'z')) {
        return 86400;
    }

    if (last - p != 6 || (*p != '+' && *p != '-') || p[3] != ':') {
        return NGX_ERROR;
    }

    hour = ngx_atoi(p + 1, 2);
    min = ngx_atoi(p + 4, 2);

    if (hour < 0 || hour > 23 || min < 0 || min > 59) {
        return NGX_ERROR;
    }

    offset = hour * 3600 + min * 60;

    return 86400 + (*p == '-' ? -offset : offset);
}


ngx_int_t
ngx_http_model_decimal_rfc3339(ngx_pool_t *pool, time_t sec, ngx_str_t *out)
{
    ngx_tm_t  tm;

    out->data = ngx_pnalloc(pool, sizeof("9999-12-31T23:59:60Z"));
    if (out->data == NULL) {
        return NGX_ERROR;
    }

    ngx_gmtime(sec, &tm);

    out->len = ngx_sprintf(out->data, "%4d-%02d-%02dT%02d:%02d:%02dZ",
                           tm.ngx_tm_year, tm.ngx_tm_mon, tm.ngx_tm_mday,
                           tm.ngx_tm_hour, tm.ngx_tm_min, tm.ngx_tm_sec)
               - out->data;

    return NGX_OK;
}
