
/*
 * Copyright (C) the ngx_http_model_module authors
 */


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "ngx_http_model_error.h"
#include "ngx_http_model_explain.h"
#include "ngx_http_model_metrics_handler.h"
#include "ngx_http_model_page.h"
#include "ngx_http_model_path.h"
#include "ngx_http_model_respond.h"
#include "ngx_http_model_status.h"
#include "ngx_http_model_status_test.h"


#define NGX_HTTP_MODEL_STATUS_GET  (NGX_HTTP_GET|NGX_HTTP_HEAD)


typedef struct {
    ngx_str_t             path;
    ngx_uint_t            methods;
    ngx_http_handler_pt   handler;
} ngx_http_model_status_path_t;


static ngx_int_t ngx_http_model_status_handler(ngx_http_request_t *r);
static ngx_int_t ngx_http_model_status_slash(ngx_http_request_t *r,
    ngx_str_t *prefix);
static ngx_int_t ngx_http_model_status_redirect(ngx_http_request_t *r);
static ngx_int_t ngx_http_model_status_headers(ngx_http_request_t *r);
static ngx_int_t ngx_http_model_status_unknown(ngx_http_request_t *r,
    ngx_str_t *path);
static void ngx_http_model_status_exact(ngx_http_model_status_t *status);


/* the paths under the location */

static ngx_http_model_status_path_t  ngx_http_model_status_paths[] = {
    { ngx_string("/"), NGX_HTTP_MODEL_STATUS_GET,
      ngx_http_model_status_page },
    { ngx_string("/api"), NGX_HTTP_MODEL_STATUS_GET,
      ngx_http_model_status_api },
    { ngx_string("/explain"), NGX_HTTP_MODEL_STATUS_GET|NGX_HTTP_POST,
      ngx_http_model_explain_handler },
    { ngx_string("/metrics"), NGX_HTTP_MODEL_STATUS_GET,
      ngx_http_model_metrics_handler },
    { ngx_string("/ready"), NGX_HTTP_MODEL_STATUS_GET,
      ngx_http_model_status_ready },
    { ngx_string("/test"), NGX_HTTP_POST,
      ngx_http_model_status_test },
    { ngx_null_string, 0, NULL }
};


static ngx_int_t
ngx_http_model_status_handler(ngx_http_request_t *r)
{
    ngx_int_t                      rc, discarded;
    ngx_str_t                      path, *prefix;
    ngx_http_model_ctx_t          *ctx;
    ngx_http_model_loc_conf_t     *mlcf;
    ngx_http_model_status_path_t  *entry;

    mlcf = ngx_http_get_module_loc_conf(r, ngx_http_model_module);
    prefix = &mlcf->status->prefix;

    ctx = ngx_http_model_ctx_create(r);

    if (ctx == NULL || ngx_http_model_path(r, prefix, &path) != NGX_OK) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    ctx->dialect = NGX_HTTP_MODEL_OLLAMA;

    rc = ngx_http_model_status_slash(r, prefix);

    if (rc == NGX_DECLINED) {
        return ngx_http_model_status_redirect(r);
    }

    if (ngx_http_model_status_headers(r) != NGX_OK) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    if (r->method != NGX_HTTP_POST) {
        discarded = ngx_http_discard_request_body(r);

        if (discarded != NGX_OK) {
            return discarded;
        }
    }

    if (ngx_http_model_cors_origin(r, mlcf->cors)
        == NGX_HTTP_MODEL_ORIGIN_FOREIGN)
    {
        (void) ngx_http_discard_request_body(r);

        return ngx_http_model_respond_error(r, NGX_HTTP_FORBIDDEN, NULL, NULL,
                                     "requests from this Origin are not "
                                     "allowed, model_cors says which are");
    }

    for (entry = ngx_http_model_status_paths; entry->handler; entry++) {

        if (rc == NGX_ABORT
            || entry->path.len != path.len
            || ngx_memcmp(entry->path.data, path.data, path.len) != 0)
        {
            continue;
        }

        if (r->method & entry->methods) {
            return entry->handler(r);
        }

        (void) ngx_http_discard_request_body(r);

        return ngx_http_model_respond_method(r, entry->methods);
    }

    return ngx_http_model_status_unknown(r, (rc == NGX_ABORT) ? &r->uri
                                                              : &path);
}


/*
 * What follows the prefix of the location: NGX_OK: a path of ours;
 * NGX_DECLINED: nothing, not even the slash; NGX_ABORT: something else.
 */

static ngx_int_t
ngx_http_model_status_slash(ngx_http_request_t *r, ngx_str_t *prefix)
{
    if (prefix->len == 0
        || prefix->data[prefix->len - 1] == '/'
        || r->uri.len < prefix->len)
    {
        return NGX_OK;
    }

    if (r->uri.len == prefix->len) {
        return NGX_DECLINED;
    }

    return (r->uri.data[prefix->len] == '/') ? NGX_OK : NGX_ABORT;
}


/*
 * The page has relative links.  The redirect is relative, too: what name and
 * port a proxy in front of us has is not known.
 */

static ngx_int_t
ngx_http_model_status_redirect(ngx_http_request_t *r)
{
    u_char  *p, *location, *name, *last;
    size_t   len;

    last = r->uri.data + r->uri.len;

    for (name = last; name > r->uri.data && name[-1] != '/'; name--) {
        /* void */
    }

    len = last - name;
    len += 2 * ngx_escape_uri(NULL, name, len, NGX_ESCAPE_URI_COMPONENT);

    location = ngx_pnalloc(r->pool, len + sizeof("/?") + r->args.len);
    if (location == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    p = (u_char *) ngx_escape_uri(location, name, last - name,
                                  NGX_ESCAPE_URI_COMPONENT);
    *p++ = '/';

    if (r->args.len) {
        *p++ = '?';
        p = ngx_cpymem(p, r->args.data, r->args.len);
    }

    *p = '\0';

    if (ngx_http_discard_request_body(r) != NGX_OK
        || ngx_http_model_respond_header(r, "Location", (char *) location)
           != NGX_OK)
    {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    return NGX_HTTP_MOVED_PERMANENTLY;
}


/* what is told here is of this moment, and is no page of another type */

static ngx_int_t
ngx_http_model_status_headers(ngx_http_request_t *r)
{
    if (ngx_http_model_respond_header(r, "Cache-Control", "no-store")
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    return ngx_http_model_respond_header(r, "X-Content-Type-Options",
                                         "nosniff");
}


static ngx_int_t
ngx_http_model_status_unknown(ngx_http_request_t *r, ngx_str_t *path)
{
    u_char                         known[256], *p;
    ngx_str_t                      name;
    ngx_http_model_status_path_t  *entry;

    (void) ngx_http_discard_request_body(r);

    p = known;

    for (entry = ngx_http_model_status_paths; entry->handler; entry++) {
        p = ngx_slprintf(p, known + sizeof(known), "%s%V",
                         (p == known) ? "" : ", ", &entry->path);
    }

    name = ngx_http_model_error_quote(r->pool, path);

    return ngx_http_model_respond_error(r, NGX_HTTP_NOT_FOUND, NULL, NULL,
                                     "there is nothing at \"%V\" of "
                                     "model_status, known are %*s", &name,
                                     (size_t) (p - known), known);
}


char *
ngx_http_model_status_set(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_model_loc_conf_t *mlcf = conf;

    ngx_http_core_loc_conf_t    *clcf;
    ngx_http_model_status_t    **slot;
    ngx_http_model_main_conf_t  *mmcf;

    (void) cmd;

    if (mlcf->status) {
        return "is duplicate";
    }

    clcf = ngx_http_conf_get_module_loc_conf(cf, ngx_http_core_module);

    if (clcf->named || clcf->noname
#if (NGX_PCRE)
        || clcf->regex
#endif
        )
    {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"model_status\" must be in a prefix location "
                           "such as \"location /status/ { }\": what follows "
                           "the prefix says what is asked for");
        return NGX_CONF_ERROR;
    }

    if (clcf->handler) {
        return "is in a location that another directive answers already";
    }

    mmcf = ngx_http_conf_get_module_main_conf(cf, ngx_http_model_module);

    mlcf->status = ngx_pcalloc(cf->pool, sizeof(ngx_http_model_status_t));
    slot = ngx_array_push(&mmcf->statuses);

    if (mlcf->status == NULL || slot == NULL) {
        return NGX_CONF_ERROR;
    }

    *slot = mlcf->status;

    mlcf->status->prefix = clcf->name;
    mlcf->status->configured = ngx_time();
    mlcf->status->ctx = cf->ctx;
    mlcf->status->file_name = cf->conf_file->file.name.data;
    mlcf->status->line = cf->conf_file->line;

    if (clcf->exact_match) {
        ngx_http_model_status_exact(mlcf->status);
    }

    if (ngx_http_model_page_init(cf->pool, mlcf->status) != NGX_OK) {
        return NGX_CONF_ERROR;
    }

    clcf->handler = ngx_http_model_status_handler;

    /* the path without the slash leads to this location, as for proxy_pass */

    if (clcf->name.len && clcf->name.data[clcf->name.len - 1] == '/') {
        clcf->auto_redirect = 1;
    }

    return NGX_CONF_OK;
}


/* "location = /status/ready" is one of the paths, with rules of its own */

static void
ngx_http_model_status_exact(ngx_http_model_status_t *status)
{
    ngx_str_t                     *name;
    ngx_http_model_status_path_t  *entry;

    name = &status->prefix;

    for (entry = ngx_http_model_status_paths; entry->handler; entry++) {

        if (name->len >= entry->path.len
            && ngx_memcmp(name->data + name->len - entry->path.len,
                          entry->path.data, entry->path.len)
               == 0)
        {
            name->len -= entry->path.len;

            status->open = (entry->handler == ngx_http_model_status_ready);

            return;
        }
    }
}


char *
ngx_http_model_status_merge(ngx_conf_t *cf, ngx_http_model_loc_conf_t *prev,
    ngx_http_model_loc_conf_t *conf)
{
    ngx_http_core_loc_conf_t  *clcf;

    clcf = ngx_http_conf_get_module_loc_conf(cf, ngx_http_core_module);

    if (clcf->noname && conf->status == NULL && conf->pass == NULL) {
        conf->status = prev->status;

        if (clcf->lmt_excpt && conf->status) {
            clcf->handler = ngx_http_model_status_handler;
        }

        return NGX_CONF_OK;
    }

    if (conf->status && clcf->handler != ngx_http_model_status_handler) {
        ngx_log_error(NGX_LOG_EMERG, cf->log, 0,
                      "another directive answers this location too, "
                      "\"model_status\" must be the only one in %s:%ui",
                      conf->status->file_name, conf->status->line);
        return NGX_CONF_ERROR;
    }

    return NGX_CONF_OK;
}
