
/*
 * Copyright (C) the ngx_http_model_module authors
 */


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "ngx_http_model_speak.h"


static ngx_uint_t ngx_http_model_speak_is_responses(
    const ngx_http_model_endpoint_t *endpoint);
static ngx_int_t ngx_http_model_speak_native(ngx_http_model_vendor_t *vendor,
    const ngx_http_model_endpoint_t *endpoint, ngx_http_model_view_t *view);
static ngx_uint_t ngx_http_model_speak_since(ngx_http_model_vendor_t *vendor,
    ngx_http_model_view_t *view, ngx_uint_t since);
static ngx_uint_t ngx_http_model_speak_version(ngx_str_t *version);


/* a version as one number: 0.13.3 is 13003 */

#define ngx_http_model_version(major, minor, patch)                           \
    ((major) * 1000000 + (minor) * 1000 + (patch))


/*
 * Of OpenAI's and Anthropic's paths, those that an Ollama server has itself,
 * and since which version.  Source: the releases of ollama/ollama.
 */

static const struct {
    ngx_str_t   path;
    ngx_uint_t  since;
} ngx_http_model_speak_ollama[] = {
    { ngx_string("/v1/chat/completions"), 0 },
    { ngx_string("/v1/completions"), 0 },
    { ngx_string("/v1/embeddings"), 0 },
    { ngx_string("/v1/audio/transcriptions"), 0 },
    { ngx_string("/v1/responses"), ngx_http_model_version(0, 13, 3) },
    { ngx_string("/v1/messages"), ngx_http_model_version(0, 14, 0) },
    { ngx_null_string, 0 }
};


ngx_int_t
ngx_http_model_speak(ngx_http_model_vendor_t *vendor,
    const ngx_http_model_endpoint_t *endpoint, ngx_http_model_view_t *view,
    ngx_uint_t *dialect, const ngx_http_model_bridge_api_t **bridge)
{
    ngx_int_t                           rc;
    ngx_str_t                           path;
    ngx_uint_t                          i, d;
    const ngx_http_model_bridge_api_t  *api;

    *dialect = endpoint->dialect;
    *bridge = NULL;

    if (vendor->dialects & ngx_http_model_dialect_bit(endpoint->dialect)) {

        if (!vendor->no_responses
            || !ngx_http_model_speak_is_responses(endpoint))
        {
            return NGX_OK;
        }

        rc = NGX_OK;

    } else {
        rc = ngx_http_model_speak_native(vendor, endpoint, view);

        if (rc == NGX_OK && !vendor->translate) {
            return NGX_OK;
        }
    }

    path = endpoint->path;
    api = ngx_http_model_bridge_api(&path);

    for (i = 0; api && i <= NGX_HTTP_MODEL_NDIALECTS; i++) {

        /* the vendor's first one first */

        d = i ? i - 1 : vendor->dialect;

        if ((vendor->dialects & ngx_http_model_dialect_bit(d))
            && ngx_http_model_bridge_can(api, d))
        {
            *dialect = d;
            *bridge = api;
            return NGX_OK;
        }
    }

    return rc;
}


const ngx_http_model_bridge_api_t *
ngx_http_model_speak_instead(ngx_http_model_vendor_t *vendor,
    const ngx_http_model_endpoint_t *endpoint)
{
    ngx_str_t                           path;
    const ngx_http_model_bridge_api_t  *api;

    if (vendor->responses || vendor->no_responses
        || !ngx_http_model_speak_is_responses(endpoint)
        || !(vendor->dialects
             & ngx_http_model_dialect_bit(NGX_HTTP_MODEL_OPENAI)))
    {
        return NULL;
    }

    path = endpoint->path;
    api = ngx_http_model_bridge_api(&path);

    return (api && ngx_http_model_bridge_can(api, NGX_HTTP_MODEL_OPENAI))
           ? api : NULL;
}


static ngx_uint_t
ngx_http_model_speak_is_responses(const ngx_http_model_endpoint_t *endpoint)
{
    static ngx_str_t  path = ngx_string("/v1/responses");

    return endpoint->path.len == path.len
           && ngx_memcmp(endpoint->path.data, path.data, path.len) == 0;
}


static ngx_int_t
ngx_http_model_speak_native(ngx_http_model_vendor_t *vendor,
    const ngx_http_model_endpoint_t *endpoint, ngx_http_model_view_t *view)
{
    ngx_uint_t        i;
    const ngx_str_t  *path;

    if (!(vendor->dialects
          & ngx_http_model_dialect_bit(NGX_HTTP_MODEL_OLLAMA)))
    {
        return NGX_DECLINED;
    }

    for (i = 0; ngx_http_model_speak_ollama[i].path.len; i++) {
        path = &ngx_http_model_speak_ollama[i].path;

        if (path->len == endpoint->path.len
            && ngx_memcmp(path->data, endpoint->path.data, path->len) == 0)
        {
            return ngx_http_model_speak_since(vendor, view,
                                       ngx_http_model_speak_ollama[i].since)
                   ? NGX_OK : NGX_DECLINED;
        }
    }

    return NGX_DECLINED;
}


/*
 * 1 when every server that is up is known to be of that version or newer.  One
 * that does not tell its version is not known to be.
 */

static ngx_uint_t
ngx_http_model_speak_since(ngx_http_model_vendor_t *vendor,
    ngx_http_model_view_t *view, ngx_uint_t since)
{
    ngx_uint_t                i, n;
    ngx_http_model_server_t  *server;

    if (since == 0) {
        return 1;
    }

    if (view == NULL) {
        return 0;
    }

    server = view->servers.elts;

    for (i = 0, n = 0; i < view->servers.nelts; i++) {

        if (server[i].vendor != vendor
            || server[i].facts.state == NGX_HTTP_MODEL_SERVER_DOWN)
        {
            continue;
        }

        if (ngx_http_model_speak_version(&server[i].facts.version) < since) {
            return 0;
        }

        n++;
    }

    return n != 0;
}


/* 0 for what is no version; what follows the digits, as in "-rc1", is left */

static ngx_uint_t
ngx_http_model_speak_version(ngx_str_t *version)
{
    u_char      *p, *last;
    ngx_uint_t   i, n[3];

    p = version->data;
    last = p + version->len;

    for (i = 0; i < 3; i++) {
        n[i] = 0;

        while (p < last && *p >= '0' && *p <= '9' && n[i] < 100) {
            n[i] = n[i] * 10 + (*p++ - '0');
        }

        if (p < last && *p == '.') {
            p++;
        }
    }

    return ngx_http_model_version(n[0], n[1], n[2]);
}
