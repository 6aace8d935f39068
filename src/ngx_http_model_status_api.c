
/*
 * Copyright (C) the ngx_http_model_module authors
 */


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "ngx_http_model_respond.h"
#include "ngx_http_model_status.h"


ngx_int_t
ngx_http_model_status_api(ngx_http_request_t *r)
{
    ngx_str_t                      doc;
    ngx_http_model_main_conf_t    *mmcf;
    ngx_http_model_json_writer_t  *w;

    mmcf = ngx_http_get_module_main_conf(r, ngx_http_model_module);

    w = ngx_http_model_json_writer(r->pool);

    ngx_http_model_json_object(w);
    ngx_http_model_json_key(w, "version");
    ngx_http_model_json_cstr(w, NGX_HTTP_MODEL_VERSION);
    ngx_http_model_json_key(w, "nginx");
    ngx_http_model_json_cstr(w, NGINX_VERSION);
    ngx_http_model_json_key(w, "time");
    ngx_http_model_json_int(w, ngx_time());
    ngx_http_model_json_key(w, "generation");
    ngx_http_model_json_int(w, mmcf->ranked.nelts
        ? ngx_http_model_catalogue_generation(mmcf->views.catalogue) : 0);
    ngx_http_model_json_object_end(w);

    if (ngx_http_model_json_finish(w, &doc) != NGX_OK) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    return ngx_http_model_respond(r, NGX_HTTP_OK, "application/json", &doc,
                                  NULL);
}
