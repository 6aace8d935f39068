
/*
 * Copyright (C) the ngx_http_model_module authors
 */


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "ngx_http_model_translate.h"


#define NGX_HTTP_MODEL_HEADER_AS_IS   0
#define NGX_HTTP_MODEL_HEADER_RESET   1   /* a time at Anthropic's, a length of
                                             time at OpenAI's */


typedef struct {
    ngx_str_t    anthropic;
    ngx_str_t    openai;
    ngx_uint_t   type;
} ngx_http_model_translate_header_t;


static ngx_int_t ngx_http_model_translate_header(ngx_http_request_t *r,
    ngx_table_elt_t *h, ngx_uint_t to);
static ngx_int_t ngx_http_model_translate_reset(ngx_http_request_t *r,
    ngx_str_t *value, ngx_uint_t to);
static time_t ngx_http_model_translate_length(ngx_str_t *value);
static time_t ngx_http_model_translate_time(ngx_str_t *value);


/* Ollama's servers send nothing of the kind, its clients read OpenAI's */

static ngx_http_model_translate_header_t  ngx_http_model_translate_table[] = {

    { ngx_string("request-id"), ngx_string("x-request-id"),
      NGX_HTTP_MODEL_HEADER_AS_IS },

    { ngx_string("anthropic-ratelimit-requests-limit"),
      ngx_string("x-ratelimit-limit-requests"),
      NGX_HTTP_MODEL_HEADER_AS_IS },

    { ngx_string("anthropic-ratelimit-requests-remaining"),
      ngx_string("x-ratelimit-remaining-requests"),
      NGX_HTTP_MODEL_HEADER_AS_IS },

    { ngx_string("anthropic-ratelimit-requests-reset"),
      ngx_string("x-ratelimit-reset-requests"),
      NGX_HTTP_MODEL_HEADER_RESET },

    { ngx_string("anthropic-ratelimit-tokens-limit"),
      ngx_string("x-ratelimit-limit-tokens"),
      NGX_HTTP_MODEL_HEADER_AS_IS },

    { ngx_string("anthropic-ratelimit-tokens-remaining"),
      ngx_string("x-ratelimit-remaining-tokens"),
      NGX_HTTP_MODEL_HEADER_AS_IS },

    { ngx_string("anthropic-ratelimit-tokens-reset"),
      ngx_string("x-ratelimit-reset-tokens"),
      NGX_HTTP_MODEL_HEADER_RESET },

    { ngx_null_string, ngx_null_string, 0 }
};


ngx_int_t
ngx_http_model_translate_headers(ngx_http_request_t *r, ngx_uint_t from,
    ngx_uint_t to)
{
    ngx_uint_t        i;
    ngx_list_part_t  *part;
    ngx_table_elt_t  *h;

    /* OpenAI's and Ollama's clients read the same */

    if ((from == NGX_HTTP_MODEL_ANTHROPIC) == (to == NGX_HTTP_MODEL_ANTHROPIC))
    {
        return NGX_OK;
    }

    part = &r->headers_out.headers.part;
    h = part->elts;

    for (i = 0; /* void */; i++) {

        if (i >= part->nelts) {
            if (part->next == NULL) {
                break;
            }

            part = part->next;
            h = part->elts;
            i = 0;
        }

        if (h[i].hash
            && ngx_http_model_translate_header(r, &h[i], to) != NGX_OK)
        {
            return NGX_ERROR;
        }
    }

    return NGX_OK;
}


static ngx_int_t
ngx_http_model_translate_header(ngx_http_request_t *r, ngx_table_elt_t *h,
    ngx_uint_t to)
{
    ngx_str_t                          *was, *name;
    ngx_http_model_translate_header_t  *row;

    static ngx_str_t  prefix = ngx_string("anthropic-");

    for (row = ngx_http_model_translate_table; row->openai.len; row++) {

        was = (to == NGX_HTTP_MODEL_ANTHROPIC) ? &row->openai
                                               : &row->anthropic;

        if (h->key.len != was->len
            || ngx_strncasecmp(h->key.data, was->data, was->len) != 0)
        {
            continue;
        }

        name = (to == NGX_HTTP_MODEL_ANTHROPIC) ? &row->anthropic
                                                : &row->openai;

        h->key = *name;
        h->lowcase_key = name->data;

        if (row->type == NGX_HTTP_MODEL_HEADER_AS_IS) {
            return NGX_OK;
        }

        return ngx_http_model_translate_reset(r, &h->value, to);
    }

    /* the rest tells of the account, in words that nobody knows there */

    if (to != NGX_HTTP_MODEL_ANTHROPIC && h->key.len > prefix.len
        && ngx_strncasecmp(h->key.data, prefix.data, prefix.len) == 0)
    {
        h->hash = 0;
    }

    return NGX_OK;
}


/* "6m0s", "1.5s", "17ms" from now on, or "2026-01-02T03:04:05Z" */

static ngx_int_t
ngx_http_model_translate_reset(ngx_http_request_t *r, ngx_str_t *value,
    ngx_uint_t to)
{
    u_char    *p;
    time_t     when;
    ngx_tm_t   tm;

    p = ngx_pnalloc(r->pool, NGX_TIME_T_LEN + sizeof("1970-01-01T00:00:00Z"));
    if (p == NULL) {
        return NGX_ERROR;
    }

    if (to != NGX_HTTP_MODEL_ANTHROPIC) {
        when = ngx_http_model_translate_time(value);

        if (when == (time_t) NGX_ERROR) {
            return NGX_OK;
        }

        value->data = p;
        value->len = ngx_sprintf(p, "%Ts", ngx_max(when - ngx_time(), 0)) - p;

        return NGX_OK;
    }

    when = ngx_http_model_translate_length(value);

    if (when == (time_t) NGX_ERROR) {
        return NGX_OK;
    }

    ngx_gmtime(ngx_time() + when, &tm);

    value->data = p;
    value->len = ngx_sprintf(p, "%4d-%02d-%02dT%02d:%02d:%02dZ",
                             tm.ngx_tm_year, tm.ngx_tm_mon, tm.ngx_tm_mday,
                             tm.ngx_tm_hour, tm.ngx_tm_min, tm.ngx_tm_sec)
                 - p;

    return NGX_OK;
}


/* whole seconds, rounded up; NGX_ERROR: not as OpenAI writes it */

static time_t
ngx_http_model_translate_length(ngx_str_t *value)
{
    u_char      *p, *last;
    time_t       total, n;
    ngx_uint_t   rest;

    p = value->data;
    last = p + value->len;
    total = 0;

    while (p < last) {
        n = 0;
        rest = 0;

        if (*p < '0' || *p > '9') {
            return (time_t) NGX_ERROR;
        }

        while (p < last && *p >= '0' && *p <= '9' && n < 100000000) {
            n = n * 10 + (*p++ - '0');
        }

        if (p < last && *p == '.') {
            for (p++; p < last && *p >= '0' && *p <= '9'; p++) {
                rest |= (*p != '0');
            }
        }

        if (last - p >= 2 && p[0] == 'm' && p[1] == 's') {
            total += (n || rest) ? 1 : 0;
            p += 2;
            continue;
        }

        if (p == last) {
            return (time_t) NGX_ERROR;
        }

        switch (*p++) {

        case 'd':
            n *= 24;
            /* fall through */

        case 'h':
            n *= 60;
            /* fall through */

        case 'm':
            n *= 60;
            /* fall through */

        case 's':
            break;

        default:
            return (time_t) NGX_ERROR;
        }

        total += n + rest;
    }

    return value->len ? total : (time_t) NGX_ERROR;
}


static time_t
ngx_http_model_translate_time(ngx_str_t *value)
{
    u_char     *p;
    ngx_int_t   year, month, day, hour, min, sec;
    struct tm   tm;

    p = value->data;

    if (value->len < 20 || p[4] != '-' || p[7] != '-' || p[10] != 'T'
        || p[13] != ':' || p[16] != ':' || p[value->len - 1] != 'Z')
    {
        return (time_t) NGX_ERROR;
    }

    year = ngx_atoi(p, 4);
    month = ngx_atoi(p + 5, 2);
    day = ngx_atoi(p + 8, 2);
    hour = ngx_atoi(p + 11, 2);
    min = ngx_atoi(p + 14, 2);
    sec = ngx_atoi(p + 17, 2);

    if (year < 1970 || month < 1 || month > 12 || day < 1 || day > 31
        || hour < 0 || min < 0 || sec < 0)
    {
        return (time_t) NGX_ERROR;
    }

    ngx_memzero(&tm, sizeof(struct tm));

    tm.tm_year = year - 1900;
    tm.tm_mon = month - 1;
    tm.tm_mday = day;
    tm.tm_hour = hour;
    tm.tm_min = min;
    tm.tm_sec = sec;

    return timegm(&tm);
}
