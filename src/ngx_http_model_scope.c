
/*
 * Copyright (C) the ngx_http_model_module authors
 */


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "ngx_http_model_scope.h"


/* what a list may take beyond the timeout of its servers, ms */

#define NGX_HTTP_MODEL_SCOPE_SLACK  1000


static ngx_msec_t ngx_http_model_scope_timeout(ngx_array_t *vendors);


ngx_int_t
ngx_http_model_scope(ngx_http_request_t *r, ngx_http_model_scope_t *scope)
{
    ngx_http_model_ctx_t        *ctx;
    ngx_http_model_loc_conf_t   *mlcf;
    ngx_http_model_main_conf_t  *mmcf;

    ctx = ngx_http_model_ctx(r);
    mlcf = ngx_http_get_module_loc_conf(r, ngx_http_model_module);
    mmcf = ngx_http_get_module_main_conf(r, ngx_http_model_module);

    ngx_memzero(scope, sizeof(ngx_http_model_scope_t));

    scope->view = ngx_http_model_view(&mmcf->views, r->connection->log);
    if (scope->view == NULL) {
        return NGX_ERROR;
    }

    if (mlcf->pass) {
        scope->vendors = mlcf->pass->vendors;
        scope->single = mlcf->pass->single;
        scope->timeout = mlcf->pass->timeout;

    } else {
        scope->vendors = &mmcf->ranked;
        scope->timeout = ngx_http_model_scope_timeout(&mmcf->ranked);
    }

    scope->aliases = &mmcf->aliases;

    /* an inherited default may be a vendor that model_pass leaves out */

    if (mlcf->fallback
        && ngx_http_model_vendor_find(scope->vendors,
                                      &mlcf->fallback->vendor->id))
    {
        scope->fallback = mlcf->fallback->vendor;
        scope->fallback_model = mlcf->fallback->model;
    }

    scope->patterns = ctx->client ? ctx->client->patterns : NULL;
    scope->dialect = ctx->dialect;
    scope->settled = ngx_current_msec - mmcf->views.started
                     > scope->timeout + NGX_HTTP_MODEL_SCOPE_SLACK;

    return NGX_OK;
}


static ngx_msec_t
ngx_http_model_scope_timeout(ngx_array_t *vendors)
{
    ngx_uint_t                 i;
    ngx_msec_t                 timeout;
    ngx_http_model_vendor_t  **vendor;

    vendor = vendors->elts;
    timeout = 0;

    for (i = 0; i < vendors->nelts; i++) {
        timeout = ngx_max(timeout, vendor[i]->timeout);
    }

    return timeout;
}


ngx_http_model_vendor_t *
ngx_http_model_scope_unnamed(ngx_http_model_scope_t *scope,
    const char **reason)
{
    *reason = scope->single ? "only vendor"
              : scope->fallback ? "default" : "no name";

    return scope->single ? scope->single : scope->fallback;
}


ngx_uint_t
ngx_http_model_scope_complete(ngx_http_model_scope_t *scope)
{
    ngx_uint_t                 i;
    ngx_http_model_vendor_t  **vendor;

    if (scope->settled) {
        return 1;
    }

    vendor = scope->vendors->elts;

    for (i = 0; i < scope->vendors->nelts; i++) {
        if (!ngx_http_model_view_complete(scope->view, vendor[i])) {
            return 0;
        }
    }

    return 1;
}


ngx_uint_t
ngx_http_model_scope_ready(ngx_http_request_t *r, void *data)
{
    ngx_http_model_scope_t  scope;

    (void) data;

    if (ngx_http_model_scope(r, &scope) != NGX_OK) {
        return 1;
    }

    return ngx_http_model_scope_complete(&scope);
}
