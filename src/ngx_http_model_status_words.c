
/*
 * Copyright (C) the ngx_http_model_module authors
 */


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "ngx_http_model_status_test.h"


#define NGX_HTTP_MODEL_WORDS_LEN  768


static u_char *ngx_http_model_status_words_failure(u_char *p, u_char *last,
    ngx_http_model_vendor_t *vendor, ngx_str_t *server,
    ngx_http_model_discover_test_t *test);
static u_char *ngx_http_model_status_words_status(u_char *p, u_char *last,
    ngx_http_model_vendor_t *vendor, ngx_http_model_discover_test_t *test);
static const char *ngx_http_model_status_words_key(
    ngx_http_model_vendor_t *vendor);
static u_char *ngx_http_model_status_words_warning(u_char *p, u_char *last,
    ngx_http_model_vendor_t *vendor, ngx_http_model_discover_test_t *test);


ngx_int_t
ngx_http_model_status_words(ngx_pool_t *pool, ngx_http_model_vendor_t *vendor,
    ngx_str_t *server, ngx_http_model_discover_test_t *test, ngx_str_t *error,
    ngx_str_t *warning)
{
    u_char  *p, *last;

    ngx_str_null(error);
    ngx_str_null(warning);

    p = ngx_pnalloc(pool, NGX_HTTP_MODEL_WORDS_LEN);
    if (p == NULL) {
        return NGX_ERROR;
    }

    last = p + NGX_HTTP_MODEL_WORDS_LEN;

    if (test->reason.len == 0) {
        warning->data = p;
        warning->len = ngx_http_model_status_words_warning(p, last, vendor,
                                                           test)
                       - p;
        return NGX_OK;
    }

    error->data = p;

    p = ngx_slprintf(p, last, "Connection failed: %V", &test->reason);

    p = test->status ? ngx_http_model_status_words_status(p, last, vendor,
                                                          test)
                     : ngx_http_model_status_words_failure(p, last, vendor,
                                                           server, test);
    error->len = p - error->data;

    return NGX_OK;
}


/* there was no answer */

static u_char *
ngx_http_model_status_words_failure(u_char *p, u_char *last,
    ngx_http_model_vendor_t *vendor, ngx_str_t *server,
    ngx_http_model_discover_test_t *test)
{
    switch (test->failure) {

    case NGX_HTTP_MODEL_FETCH_UNRESOLVED:
        return ngx_slprintf(p, last, "; is \"%V\" spelled right in "
                            "proxy_pass, and does the \"resolver\" know it?",
                            &vendor->authority);

    case NGX_HTTP_MODEL_FETCH_CONNECT:
        return ngx_slprintf(p, last, "; is a model server running, and does "
                            "it listen on this address and port: %V?",
                            server);

    case NGX_HTTP_MODEL_FETCH_CONNECTING:
        return ngx_slprintf(p, last, "; is %V the right address, or does a "
                            "firewall stand before it?", server);

    case NGX_HTTP_MODEL_FETCH_TLS:
        return ngx_slprintf(p, last, "; does %V speak https? If not, "
                            "proxy_pass must say http://", server);

    case NGX_HTTP_MODEL_FETCH_CERTIFICATE:
        return ngx_slprintf(p, last, "; proxy_ssl_trusted_certificate names "
                            "the authority to trust, proxy_ssl_name the name "
                            "that the certificate must have");

    case NGX_HTTP_MODEL_FETCH_TIMEOUT:
        return ngx_slprintf(p, last, "; the connection stands, but there was "
                            "no answer within %M ms: is the server "
                            "overloaded, or no model server?",
                            vendor->timeout);

    case NGX_HTTP_MODEL_FETCH_INVALID:
        return ngx_slprintf(p, last, vendor->ssl
                            ? "; is %V a model server?"
                            : "; is %V a model server? If it speaks https, "
                              "proxy_pass must say https://", server);

    case NGX_HTTP_MODEL_FETCH_CUT:
        return ngx_slprintf(p, last, "; the server's own log may tell why");

    case NGX_HTTP_MODEL_FETCH_LARGE:
        return ngx_slprintf(p, last, "; is it a list of models?");

    default: /* NGX_HTTP_MODEL_FETCH_OURS */
        return ngx_slprintf(p, last, "; the server was not asked, the error "
                            "log may tell more");
    }
}


/* there was one, but it is no list of models */

static u_char *
ngx_http_model_status_words_status(u_char *p, u_char *last,
    ngx_http_model_vendor_t *vendor, ngx_http_model_discover_test_t *test)
{
    switch (test->status) {

    case NGX_HTTP_OK:
        return ngx_slprintf(p, last, "; %V is answered by something else: is "
                            "the address right, and the \"dialect\"?",
                            &test->uri);

    case NGX_HTTP_BAD_REQUEST:
        return ngx_slprintf(p, last, vendor->ssl
                            ? "; is the \"dialect\" right?"
                            : "; if it speaks https, proxy_pass must say "
                              "https://");

    case NGX_HTTP_UNAUTHORIZED:
        return ngx_slprintf(p, last, "; %s",
                            ngx_http_model_status_words_key(vendor));

    case NGX_HTTP_FORBIDDEN:
        return ngx_slprintf(p, last, "; %s, or the server does not know the "
                            "Host \"%V\"",
                            ngx_http_model_status_words_key(vendor),
                            &vendor->host);

    case NGX_HTTP_NOT_FOUND:
    case NGX_HTTP_NOT_ALLOWED:
        return ngx_slprintf(p, last, "; it has no %V: is the \"dialect\" "
                            "right, and the base path in proxy_pass?",
                            &test->uri);

    case NGX_HTTP_TOO_MANY_REQUESTS:
        return ngx_slprintf(p, last, "; the vendor limits how much may be "
                            "asked, try later");
    }

    if (test->status >= NGX_HTTP_INTERNAL_SERVER_ERROR) {
        return ngx_slprintf(p, last, "; the server's own log may tell why");
    }

    if (test->status >= NGX_HTTP_SPECIAL_RESPONSE
        && test->status < NGX_HTTP_BAD_REQUEST)
    {
        return ngx_slprintf(p, last, "; it redirects: proxy_pass must name "
                            "the place where the API is");
    }

    return p;
}


static const char *
ngx_http_model_status_words_key(ngx_http_model_vendor_t *vendor)
{
    switch (vendor->key.type) {

    case NGX_HTTP_MODEL_KEY_VALUE:
        return "is the key right that \"key\" of the vendor names, and not "
               "expired?";

    case NGX_HTTP_MODEL_KEY_CLIENT:
        return "the vendor has \"key client\": a test has no key to show";

    default: /* NGX_HTTP_MODEL_KEY_OFF */
        return "the vendor has no \"key\"";
    }
}


/* the server answers, but a listing may still have nothing of it */

static u_char *
ngx_http_model_status_words_warning(u_char *p, u_char *last,
    ngx_http_model_vendor_t *vendor, ngx_http_model_discover_test_t *test)
{
    if (test->exposed) {
        return p;
    }

    if (test->models) {
        return ngx_slprintf(p, last, "\"expose\" of the vendor lets none of "
                            "its models be seen");
    }

    if (vendor->dialects & ngx_http_model_dialect_bit(NGX_HTTP_MODEL_OLLAMA)) {
        return ngx_slprintf(p, last, "the server has no models yet: \"ollama "
                            "pull llama3.2\" would get one");
    }

    return ngx_slprintf(p, last, "the server lists no models: \"model\" in "
                        "the vendor's block declares what it has");
}
