
/*
 * Copyright (C) the ngx_http_model_module authors
 */


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "ngx_http_model_compat.h"
#include "ngx_http_model_cors.h"


#define NGX_HTTP_MODEL_CORS_METHODS  "GET, POST, DELETE, HEAD, OPTIONS"

#define NGX_HTTP_MODEL_CORS_MAX_AGE  "43200"

/* what the clients of Ollama, OpenAI, Anthropic and OpenRouter send */

#define NGX_HTTP_MODEL_CORS_HEADERS                                           \
    "authorization, content-type, accept, user-agent, x-requested-with, "     \
    "x-api-key, api-key, anthropic-version, anthropic-beta, "                 \
    "anthropic-dangerous-direct-browser-access, openai-beta, "                \
    "openai-organization, openai-project, http-referer, x-title, "            \
    "last-event-id"

/* and these, of the official SDKs, each as far as it is asked for */

#define NGX_HTTP_MODEL_CORS_STAINLESS  "x-stainless-"

#define NGX_HTTP_MODEL_CORS_EXPOSE                                            \
    "x-request-id, request-id, retry-after, retry-after-ms, "                 \
    "x-should-retry, "                                                        \
    "x-ratelimit-limit-requests, x-ratelimit-limit-tokens, "                  \
    "x-ratelimit-remaining-requests, x-ratelimit-remaining-tokens, "          \
    "x-ratelimit-reset-requests, x-ratelimit-reset-tokens, "                  \
    "anthropic-ratelimit-requests-limit, "                                    \
    "anthropic-ratelimit-requests-remaining, "                                \
    "anthropic-ratelimit-requests-reset, "                                    \
    "anthropic-ratelimit-tokens-limit, "                                      \
    "anthropic-ratelimit-tokens-remaining, "                                  \
    "anthropic-ratelimit-tokens-reset, "                                      \
    "anthropic-ratelimit-input-tokens-limit, "                                \
    "anthropic-ratelimit-input-tokens-remaining, "                            \
    "anthropic-ratelimit-input-tokens-reset, "                                \
    "anthropic-ratelimit-output-tokens-limit, "                               \
    "anthropic-ratelimit-output-tokens-remaining, "                           \
    "anthropic-ratelimit-output-tokens-reset, "                               \
    "x-model-vendor, x-model-name, x-model-server, x-model-tries, "           \
    "x-model-reason"


#define ngx_http_model_cors_is(s, text)                                       \
    ((s)->len == sizeof(text) - 1                                             \
     && ngx_strncasecmp((s)->data, (u_char *) text, sizeof(text) - 1) == 0)


typedef struct {
    ngx_str_t    scheme;
    ngx_str_t    host;
    ngx_str_t    port;     /* "" is the scheme's own */
} ngx_http_model_origin_t;


static ngx_uint_t ngx_http_model_cors_listed(ngx_http_model_cors_t *cors,
    ngx_http_model_origin_t *origin);
static ngx_uint_t ngx_http_model_cors_same(ngx_http_request_t *r,
    ngx_http_model_origin_t *origin);
static ngx_int_t ngx_http_model_cors_parse(ngx_str_t *text,
    ngx_http_model_origin_t *origin);
static ngx_int_t ngx_http_model_cors_authority(ngx_str_t *text,
    ngx_http_model_origin_t *origin);
static ngx_uint_t ngx_http_model_cors_pattern(
    ngx_http_model_origin_t *pattern);
static ngx_uint_t ngx_http_model_cors_match(ngx_http_model_origin_t *pattern,
    ngx_http_model_origin_t *origin);
static ngx_uint_t ngx_http_model_cors_equal(ngx_str_t *a, ngx_str_t *b);
static ngx_uint_t ngx_http_model_cors_ports(ngx_str_t *scheme, ngx_str_t *a,
    ngx_str_t *b);
static ngx_table_elt_t *ngx_http_model_cors_find(ngx_list_t *headers,
    const char *name, ngx_uint_t *n);
static ngx_int_t ngx_http_model_cors_add(ngx_http_request_t *r,
    const char *name, const char *text, ngx_str_t *value);
static ngx_int_t ngx_http_model_cors_vary(ngx_http_request_t *r);
static ngx_int_t ngx_http_model_cors_allow(ngx_http_request_t *r);
static ngx_uint_t ngx_http_model_cors_token(ngx_str_t *list,
    ngx_str_t *token);


ngx_uint_t
ngx_http_model_cors_origin(ngx_http_request_t *r, ngx_http_model_cors_t *cors)
{
    ngx_uint_t                n;
    ngx_table_elt_t          *h;
    ngx_http_model_origin_t   origin;

    h = ngx_http_model_cors_find(&r->headers_in.headers, "Origin", &n);

    if (h == NULL || h->value.len == 0) {
        return NGX_HTTP_MODEL_ORIGIN_NONE;
    }

    if (cors && cors->any) {
        return NGX_HTTP_MODEL_ORIGIN_ALLOWED;
    }

    if (n > 1 || ngx_http_model_cors_parse(&h->value, &origin) != NGX_OK) {
        return NGX_HTTP_MODEL_ORIGIN_FOREIGN;
    }

    /*
     * an origin of the same host but another scheme is the browser's
     * business to tell apart: where it is listed, the answer must say so
     */

    if (ngx_http_model_cors_listed(cors, &origin)) {
        return NGX_HTTP_MODEL_ORIGIN_ALLOWED;
    }

    if (ngx_http_model_cors_same(r, &origin)) {
        return NGX_HTTP_MODEL_ORIGIN_NONE;
    }

    return NGX_HTTP_MODEL_ORIGIN_FOREIGN;
}


static ngx_uint_t
ngx_http_model_cors_listed(ngx_http_model_cors_t *cors,
    ngx_http_model_origin_t *origin)
{
    ngx_str_t                *text;
    ngx_uint_t                i;
    ngx_http_model_origin_t   pattern;

    if (cors == NULL || cors->origins == NULL) {
        return 0;
    }

    text = cors->origins->elts;

    for (i = 0; i < cors->origins->nelts; i++) {

        if (ngx_http_model_cors_parse(&text[i], &pattern) == NGX_OK
            && ngx_http_model_cors_match(&pattern, origin))
        {
            return 1;
        }
    }

    return 0;
}


/* a proxy in front may end TLS, so the scheme tells the default port only */

static ngx_uint_t
ngx_http_model_cors_same(ngx_http_request_t *r,
    ngx_http_model_origin_t *origin)
{
    ngx_str_t                text;
    ngx_http_model_origin_t  host;

    if (!ngx_http_model_cors_is(&origin->scheme, "http")
        && !ngx_http_model_cors_is(&origin->scheme, "https"))
    {
        return 0;
    }

    if (r->headers_in.host) {
        text = r->headers_in.host->value;

    } else if (r->host_end) {
        text.len = r->host_end - r->host_start;
        text.data = r->host_start;

    } else {
        return 0;
    }

    return ngx_http_model_cors_authority(&text, &host) == NGX_OK
           && host.host.len
           && ngx_http_model_cors_equal(&host.host, &origin->host)
           && ngx_http_model_cors_ports(&origin->scheme, &host.port,
                                        &origin->port);
}


static ngx_int_t
ngx_http_model_cors_parse(ngx_str_t *text, ngx_http_model_origin_t *origin)
{
    u_char     c;
    size_t     i;
    ngx_str_t  rest;

    for (i = 0; i < text->len; i++) {
        c = ngx_tolower(text->data[i]);

        if (c >= 'a' && c <= 'z') {
            continue;
        }

        if (i == 0) {
            return NGX_DECLINED;
        }

        if ((c >= '0' && c <= '9') || c == '+' || c == '-' || c == '.') {
            continue;
        }

        break;
    }

    if (i == 0
        || text->len - i < sizeof("://") - 1
        || ngx_strncmp(text->data + i, "://", sizeof("://") - 1) != 0)
    {
        return NGX_DECLINED;
    }

    origin->scheme.len = i;
    origin->scheme.data = text->data;

    rest.len = text->len - i - (sizeof("://") - 1);
    rest.data = text->data + i + sizeof("://") - 1;

    return ngx_http_model_cors_authority(&rest, origin);
}


/* host and port; a star counts as a letter of either */

static ngx_int_t
ngx_http_model_cors_authority(ngx_str_t *text,
    ngx_http_model_origin_t *origin)
{
    u_char      c;
    size_t      i;
    ngx_uint_t  literal;

    ngx_str_null(&origin->port);

    literal = (text->len && text->data[0] == '[');

    for (i = literal; i < text->len; i++) {
        c = ngx_tolower(text->data[i]);

        if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9')
            || c == '.' || (literal && c == ':')
            || (!literal && (c == '-' || c == '_' || c == '*')))
        {
            continue;
        }

        break;
    }

    if (literal && (i == text->len || text->data[i++] != ']')) {
        return NGX_DECLINED;
    }

    origin->host.len = i;
    origin->host.data = text->data;

    if (i == text->len) {
        return NGX_OK;
    }

    if (text->data[i++] != ':') {
        return NGX_DECLINED;
    }

    origin->port.len = text->len - i;
    origin->port.data = text->data + i;

    if (ngx_http_model_cors_is(&origin->port, "*")) {
        return NGX_OK;
    }

    if (origin->port.len > sizeof("65535") - 1
        || ngx_atoi(origin->port.data, origin->port.len) < 1)
    {
        return NGX_DECLINED;
    }

    return NGX_OK;
}


/* stars only for the whole host, its first label, the port */

static ngx_uint_t
ngx_http_model_cors_pattern(ngx_http_model_origin_t *pattern)
{
    ngx_str_t  host;

    host = pattern->host;

    if (host.len == 0) {
        return 0;
    }

    if (ngx_http_model_cors_is(&host, "*")) {
        return 1;
    }

    if (host.data[0] == '*') {

        if (host.len < sizeof("*.x") - 1 || host.data[1] != '.') {
            return 0;
        }

        host.data++;
        host.len--;
    }

    return ngx_strlchr(host.data, host.data + host.len, '*') == NULL;
}


static ngx_uint_t
ngx_http_model_cors_match(ngx_http_model_origin_t *pattern,
    ngx_http_model_origin_t *origin)
{
    u_char     *p;
    ngx_str_t   host, domain;

    if (!ngx_http_model_cors_equal(&pattern->scheme, &origin->scheme)) {
        return 0;
    }

    if (!ngx_http_model_cors_is(&pattern->port, "*")
        && !ngx_http_model_cors_ports(&pattern->scheme, &pattern->port,
                                      &origin->port))
    {
        return 0;
    }

    if (ngx_http_model_cors_is(&pattern->host, "*")) {
        return 1;
    }

    host = origin->host;
    domain = pattern->host;

    if (domain.data[0] == '*') {
        domain.data++;
        domain.len--;

        p = ngx_strlchr(host.data, host.data + host.len, '.');

        if (p == NULL || p == host.data) {
            return 0;
        }

        host.len -= p - host.data;
        host.data = p;
    }

    return host.len && ngx_http_model_cors_equal(&domain, &host);
}


static ngx_uint_t
ngx_http_model_cors_equal(ngx_str_t *a, ngx_str_t *b)
{
    return a->len == b->len
           && ngx_strncasecmp(a->data, b->data, a->len) == 0;
}


static ngx_uint_t
ngx_http_model_cors_ports(ngx_str_t *scheme, ngx_str_t *a, ngx_str_t *b)
{
    ngx_int_t  port, n, m;

    port = ngx_http_model_cors_is(scheme, "http") ? 80
           : ngx_http_model_cors_is(scheme, "https") ? 443 : 0;

    /* NGX_ERROR, of a star that an origin itself bears, equals nothing */

    n = a->len ? ngx_atoi(a->data, a->len) : port;
    m = b->len ? ngx_atoi(b->data, b->len) : port;

    return n == m && n != NGX_ERROR;
}


ngx_uint_t
ngx_http_model_cors_preflight(ngx_http_request_t *r)
{
    ngx_uint_t  n;

    return r->method == NGX_HTTP_OPTIONS
           && ngx_http_model_cors_find(&r->headers_in.headers, "Origin", &n)
              != NULL
           && ngx_http_model_cors_find(&r->headers_in.headers,
                                       "Access-Control-Request-Method", &n)
              != NULL;
}


/* the first header of the name, and how many there are */

static ngx_table_elt_t *
ngx_http_model_cors_find(ngx_list_t *headers, const char *name,
    ngx_uint_t *n)
{
    size_t            len;
    ngx_uint_t        i;
    ngx_list_part_t  *part;
    ngx_table_elt_t  *h, *found;

    *n = 0;
    found = NULL;
    len = ngx_strlen(name);

    part = &headers->part;
    h = part->elts;

    for (i = 0; /* void */ ; i++) {

        if (i >= part->nelts) {

            if (part->next == NULL) {
                break;
            }

            part = part->next;
            h = part->elts;
            i = 0;
        }

        if (h[i].hash == 0
            || h[i].key.len != len
            || ngx_strncasecmp(h[i].key.data, (u_char *) name, len) != 0)
        {
            continue;
        }

        if (found == NULL) {
            found = &h[i];
        }

        (*n)++;
    }

    return found;
}


ngx_int_t
ngx_http_model_cors_headers(ngx_http_request_t *r,
    ngx_http_model_cors_t *cors, ngx_uint_t preflight)
{
    ngx_uint_t        n;
    ngx_table_elt_t  *h;

    h = ngx_http_model_cors_find(&r->headers_in.headers, "Origin", &n);

    if (h == NULL) {
        return NGX_OK;
    }

    if (cors->any) {
        if (ngx_http_model_cors_add(r, "Access-Control-Allow-Origin", "*",
                                    NULL)
            != NGX_OK)
        {
            return NGX_ERROR;
        }

    } else if (ngx_http_model_cors_add(r, "Access-Control-Allow-Origin", NULL,
                                       &h->value)
               != NGX_OK
               || ngx_http_model_cors_vary(r) != NGX_OK)
    {
        return NGX_ERROR;
    }

    if (!preflight) {
        return ngx_http_model_cors_add(r, "Access-Control-Expose-Headers",
                                       NGX_HTTP_MODEL_CORS_EXPOSE, NULL);
    }

    if (ngx_http_model_cors_add(r, "Access-Control-Allow-Methods",
                                NGX_HTTP_MODEL_CORS_METHODS, NULL)
        != NGX_OK
        || ngx_http_model_cors_add(r, "Access-Control-Max-Age",
                                   NGX_HTTP_MODEL_CORS_MAX_AGE, NULL)
           != NGX_OK)
    {
        return NGX_ERROR;
    }

    return ngx_http_model_cors_allow(r);
}


/* the value is text, a constant, or where that is NULL, value */

static ngx_int_t
ngx_http_model_cors_add(ngx_http_request_t *r, const char *name,
    const char *text, ngx_str_t *value)
{
    ngx_table_elt_t  *h;

    h = ngx_list_push(&r->headers_out.headers);
    if (h == NULL) {
        return NGX_ERROR;
    }

    h->hash = 1;
    ngx_http_model_header_end(h);

    h->key.len = ngx_strlen(name);
    h->key.data = (u_char *) name;
    h->lowcase_key = NULL;

    if (text) {
        h->value.len = ngx_strlen(text);
        h->value.data = (u_char *) text;

    } else {
        h->value = *value;
    }

    return NGX_OK;
}


/* a vendor's answer may name Origin in Vary already */

static ngx_int_t
ngx_http_model_cors_vary(ngx_http_request_t *r)
{
    ngx_str_t         list, token;
    ngx_uint_t        i;
    ngx_list_part_t  *part;
    ngx_table_elt_t  *h;

    part = &r->headers_out.headers.part;
    h = part->elts;

    for (i = 0; /* void */ ; i++) {

        if (i >= part->nelts) {

            if (part->next == NULL) {
                break;
            }

            part = part->next;
            h = part->elts;
            i = 0;
        }

        if (h[i].hash == 0 || !ngx_http_model_cors_is(&h[i].key, "Vary")) {
            continue;
        }

        list = h[i].value;

        while (ngx_http_model_cors_token(&list, &token)) {

            if (ngx_http_model_cors_is(&token, "Origin")
                || ngx_http_model_cors_is(&token, "*"))
            {
                return NGX_OK;
            }
        }
    }

    return ngx_http_model_cors_add(r, "Vary", "Origin", NULL);
}


static ngx_int_t
ngx_http_model_cors_allow(ngx_http_request_t *r)
{
    u_char           *p;
    ngx_str_t         list, token, value;
    ngx_uint_t        n;
    ngx_table_elt_t  *h;

    h = ngx_http_model_cors_find(&r->headers_in.headers,
                                 "Access-Control-Request-Headers", &n);
    if (h == NULL) {
        return ngx_http_model_cors_add(r, "Access-Control-Allow-Headers",
                                       NGX_HTTP_MODEL_CORS_HEADERS, NULL);
    }

    /* each name that is taken over gets a comma and a space */

    n = sizeof(NGX_HTTP_MODEL_CORS_HEADERS) - 1 + 2 * (h->value.len + 1);

    value.data = ngx_pnalloc(r->pool, n);
    if (value.data == NULL) {
        return NGX_ERROR;
    }

    p = ngx_cpymem(value.data, NGX_HTTP_MODEL_CORS_HEADERS,
                   sizeof(NGX_HTTP_MODEL_CORS_HEADERS) - 1);

    list = h->value;

    while (ngx_http_model_cors_token(&list, &token)) {

        if (token.len > sizeof(NGX_HTTP_MODEL_CORS_STAINLESS) - 1
            && ngx_strncasecmp(token.data,
                               (u_char *) NGX_HTTP_MODEL_CORS_STAINLESS,
                               sizeof(NGX_HTTP_MODEL_CORS_STAINLESS) - 1)
               == 0)
        {
            *p++ = ',';
            *p++ = ' ';
            p = ngx_cpymem(p, token.data, token.len);
        }
    }

    value.len = p - value.data;

    return ngx_http_model_cors_add(r, "Access-Control-Allow-Headers", NULL,
                                   &value);
}


/*
 * Takes the next token off a list with commas, 0 at its end.  What is not a
 * header name, by RFC 9110's letters as far as they occur, comes as "".
 */

static ngx_uint_t
ngx_http_model_cors_token(ngx_str_t *list, ngx_str_t *token)
{
    u_char   c, *p, *last;

    last = list->data + list->len;

    while (list->data < last
           && (*list->data == ' ' || *list->data == '\t'
               || *list->data == ','))
    {
        list->data++;
    }

    if (list->data == last) {
        list->len = 0;
        return 0;
    }

    token->data = list->data;

    p = ngx_strlchr(list->data, last, ',');
    if (p == NULL) {
        p = last;
    }

    list->data = p;
    list->len = last - p;

    while (p[-1] == ' ' || p[-1] == '\t') {
        p--;
    }

    token->len = p - token->data;

    for (p = token->data; p < token->data + token->len; p++) {
        c = ngx_tolower(*p);

        if ((c < 'a' || c > 'z') && (c < '0' || c > '9')
            && c != '-' && c != '_' && c != '*')
        {
            token->len = 0;
        }
    }

    return 1;
}


char *
ngx_http_model_cors_set(ngx_conf_t *cf, ngx_http_model_cors_t *cors)
{
    ngx_str_t                *value, *origin;
    ngx_uint_t                i;
    ngx_http_model_origin_t   pattern;

    value = cf->args->elts;

    cors->origins = NULL;
    cors->any = 0;

    if (cf->args->nelts == 2 && ngx_strcmp(value[1].data, "off") == 0) {
        return NGX_CONF_OK;
    }

    if (cf->args->nelts == 2 && ngx_strcmp(value[1].data, "*") == 0) {
        cors->any = 1;
        return NGX_CONF_OK;
    }

    cors->origins = ngx_array_create(cf->pool, cf->args->nelts,
                                     sizeof(ngx_str_t));
    if (cors->origins == NULL) {
        return NGX_CONF_ERROR;
    }

    for (i = 1; i < cf->args->nelts; i++) {

        if (ngx_strcmp(value[i].data, "off") == 0
            || ngx_strcmp(value[i].data, "*") == 0)
        {
            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                               "\"%V\" must be the only parameter of "
                               "\"%V\" directive", &value[i], &value[0]);
            return NGX_CONF_ERROR;
        }

        if (ngx_http_model_cors_parse(&value[i], &pattern) != NGX_OK
            || !ngx_http_model_cors_pattern(&pattern))
        {
            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                               "invalid origin \"%V\" in \"%V\" directive, "
                               "a scheme, a host and no path are expected, "
                               "such as \"https://chat.example.com\", "
                               "\"https://*.example.com\" or "
                               "\"http://localhost:*\"",
                               &value[i], &value[0]);
            return NGX_CONF_ERROR;
        }

        origin = ngx_array_push(cors->origins);
        if (origin == NULL) {
            return NGX_CONF_ERROR;
        }

        origin->len = value[i].len;
        origin->data = ngx_pnalloc(cf->pool, value[i].len);

        if (origin->data == NULL) {
            return NGX_CONF_ERROR;
        }

        ngx_strlow(origin->data, value[i].data, value[i].len);
    }

    return NGX_CONF_OK;
}
