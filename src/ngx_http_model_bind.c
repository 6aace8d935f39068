
/*
 * Copyright (C) the ngx_http_model_module authors
 */


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "ngx_http_model_alias.h"
#include "ngx_http_model_bind.h"
#include "ngx_http_model_gateway.h"
#include "ngx_http_model_listen.h"


static ngx_int_t ngx_http_model_bind_defaults(ngx_conf_t *cf,
    ngx_http_model_main_conf_t *mmcf);
static ngx_int_t ngx_http_model_bind_pass(ngx_conf_t *cf,
    ngx_http_model_main_conf_t *mmcf, ngx_http_model_pass_t *pass);
static void ngx_http_model_bind_timeout(ngx_http_model_pass_t *pass);


ngx_int_t
ngx_http_model_bind(ngx_conf_t *cf, ngx_http_model_main_conf_t *mmcf)
{
    ngx_uint_t               i;
    ngx_http_model_pass_t  **pass;

    if (ngx_http_model_alias_bind(cf, &mmcf->aliases, &mmcf->vendors) != NGX_OK
        || ngx_http_model_bind_defaults(cf, mmcf) != NGX_OK)
    {
        return NGX_ERROR;
    }

    pass = mmcf->passes.elts;

    for (i = 0; i < mmcf->passes.nelts; i++) {

        if (ngx_http_model_bind_pass(cf, mmcf, pass[i]) != NGX_OK) {
            return NGX_ERROR;
        }

        ngx_http_model_bind_timeout(pass[i]);
    }

    return NGX_OK;
}


static ngx_int_t
ngx_http_model_bind_defaults(ngx_conf_t *cf, ngx_http_model_main_conf_t *mmcf)
{
    u_char                     *p, *last;
    ngx_str_t                   id;
    ngx_uint_t                  i;
    ngx_http_model_default_t  **fallback;

    fallback = mmcf->defaults.elts;

    for (i = 0; i < mmcf->defaults.nelts; i++) {

        id = fallback[i]->text;
        last = id.data + id.len;

        for (p = id.data; p < last && *p != ':' && *p != '/'; p++) {
            /* void */
        }

        id.len = p - id.data;

        if (p < last) {
            fallback[i]->model.data = p + 1;
            fallback[i]->model.len = last - (p + 1);
        }

        fallback[i]->vendor = ngx_http_model_vendor_find(&mmcf->vendors, &id);

        if (fallback[i]->vendor == NULL) {
            ngx_log_error(NGX_LOG_EMERG, cf->log, 0,
                          "unknown vendor \"%V\" in \"model_default\" in "
                          "%s:%ui", &id, fallback[i]->file_name,
                          fallback[i]->line);
            return NGX_ERROR;
        }

        if (fallback[i]->model.len
            && !ngx_http_model_vendor_exposes(fallback[i]->vendor,
                                              &fallback[i]->model))
        {
            ngx_log_error(NGX_LOG_EMERG, cf->log, 0,
                          "\"expose\" of vendor \"%V\" does not offer the "
                          "model \"%V\" of \"model_default\" in %s:%ui", &id,
                          &fallback[i]->model, fallback[i]->file_name,
                          fallback[i]->line);
            return NGX_ERROR;
        }
    }

    return NGX_OK;
}


static ngx_int_t
ngx_http_model_bind_pass(ngx_conf_t *cf, ngx_http_model_main_conf_t *mmcf,
    ngx_http_model_pass_t *pass)
{
    ngx_str_t                 *name;
    ngx_uint_t                 i, j;
    ngx_http_core_loc_conf_t  *clcf;
    ngx_http_model_vendor_t  **from, **to, *vendor;

    if (mmcf->vendors.nelts == 0) {
        ngx_log_error(NGX_LOG_EMERG, cf->log, 0,
                      "\"model_pass\" needs at least one \"model_vendor\" at "
                      "http level in %s:%ui", pass->file_name, pass->line);
        return NGX_ERROR;
    }

    clcf = pass->ctx->loc_conf[ngx_http_core_module.ctx_index];

    if (clcf->handler != ngx_http_model_gateway_handler) {
        ngx_log_error(NGX_LOG_EMERG, cf->log, 0,
                      "another directive answers this location too, "
                      "\"model_pass\" must be the only one in %s:%ui",
                      pass->file_name, pass->line);
        return NGX_ERROR;
    }

    pass->vendors = &mmcf->ranked;
    pass->listen = ngx_http_model_listen_urls(cf, pass->ctx);

    if (pass->listen == NULL) {
        return NGX_ERROR;
    }

    if (pass->names == NULL) {
        return NGX_OK;
    }

    name = pass->names->elts;

    for (i = 0; i < pass->names->nelts; i++) {

        vendor = ngx_http_model_vendor_find(&mmcf->vendors, &name[i]);

        if (vendor == NULL) {
            ngx_log_error(NGX_LOG_EMERG, cf->log, 0,
                          "unknown vendor \"%V\" in \"model_pass\" in %s:%ui",
                          &name[i], pass->file_name, pass->line);
            return NGX_ERROR;
        }

        for (j = 0; j < i; j++) {
            if (name[j].len == name[i].len
                && ngx_memcmp(name[j].data, name[i].data, name[i].len) == 0)
            {
                ngx_log_error(NGX_LOG_EMERG, cf->log, 0,
                              "duplicate vendor \"%V\" in \"model_pass\" in "
                              "%s:%ui", &name[i], pass->file_name,
                              pass->line);
                return NGX_ERROR;
            }
        }

        if (pass->names->nelts == 1) {
            pass->single = vendor;
        }
    }

    pass->vendors = ngx_array_create(cf->pool, pass->names->nelts,
                                     sizeof(ngx_http_model_vendor_t *));
    if (pass->vendors == NULL) {
        return NGX_ERROR;
    }

    from = mmcf->ranked.elts;

    for (i = 0; i < mmcf->ranked.nelts; i++) {
        for (j = 0; j < pass->names->nelts; j++) {

            if (from[i]->id.len != name[j].len
                || ngx_memcmp(from[i]->id.data, name[j].data, name[j].len)
                   != 0)
            {
                continue;
            }

            to = ngx_array_push(pass->vendors);
            if (to == NULL) {
                return NGX_ERROR;
            }

            *to = from[i];
        }
    }

    return NGX_OK;
}


static void
ngx_http_model_bind_timeout(ngx_http_model_pass_t *pass)
{
    ngx_uint_t                 i;
    ngx_http_model_vendor_t  **vendor;

    vendor = pass->vendors->elts;

    for (i = 0; i < pass->vendors->nelts; i++) {
        if (vendor[i]->discover && vendor[i]->timeout > pass->timeout) {
            pass->timeout = vendor[i]->timeout;
        }
    }
}
