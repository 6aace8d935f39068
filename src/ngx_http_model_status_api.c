
/*
 * Copyright (C) the ngx_http_model_module authors
 */


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "ngx_http_model_alias.h"
#include "ngx_http_model_capability.h"
#include "ngx_http_model_health.h"
#include "ngx_http_model_listing.h"
#include "ngx_http_model_path.h"
#include "ngx_http_model_respond.h"
#include "ngx_http_model_status.h"
#include "ngx_http_model_status_api.h"


typedef struct {
    ngx_str_t     name;
    ngx_int_t   (*write)(ngx_http_model_status_api_t *api);
} ngx_http_model_status_part_t;


static ngx_int_t ngx_http_model_status_asked(ngx_http_request_t *r,
    ngx_uint_t *parts);
static ngx_int_t ngx_http_model_status_look(ngx_http_request_t *r,
    ngx_http_model_status_api_t *api);
static ngx_int_t ngx_http_model_status_configuration(
    ngx_http_model_status_api_t *api);
static void ngx_http_model_status_zone(ngx_http_model_status_api_t *api);
static void ngx_http_model_status_location(ngx_http_model_status_api_t *api,
    ngx_http_model_pass_t *pass);
static ngx_int_t ngx_http_model_status_models(
    ngx_http_model_status_api_t *api);
static ngx_int_t ngx_http_model_status_model(ngx_http_model_status_api_t *api,
    ngx_http_model_model_t *model);
static ngx_int_t ngx_http_model_status_aliases(
    ngx_http_model_status_api_t *api);
static void ngx_http_model_status_target(ngx_http_model_json_writer_t *w,
    ngx_http_model_alias_target_t *target);


/* what can be asked for alone, in order of the document */

static ngx_http_model_status_part_t  ngx_http_model_status_parts[] = {
    { ngx_string("configuration"), ngx_http_model_status_configuration },
    { ngx_string("vendors"), ngx_http_model_status_vendors },
    { ngx_string("models"), ngx_http_model_status_models },
    { ngx_string("aliases"), ngx_http_model_status_aliases },
    { ngx_string("counters"), ngx_http_model_status_counters },
    { ngx_null_string, NULL }
};


ngx_int_t
ngx_http_model_status_api(ngx_http_request_t *r)
{
    ngx_int_t                      rc;
    ngx_str_t                      doc;
    ngx_uint_t                     i, parts;
    ngx_http_model_status_api_t    api;
    ngx_http_model_json_writer_t  *w;

    rc = ngx_http_model_status_asked(r, &parts);

    if (rc != NGX_OK) {
        return (rc == NGX_DECLINED)
               ? ngx_http_model_respond_error(r, NGX_HTTP_BAD_REQUEST, NULL,
                                     NULL, "\"parts\" must be a list of "
                                     "configuration, vendors, models, "
                                     "aliases, counters")
               : NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    if (ngx_http_model_status_look(r, &api) != NGX_OK) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    w = api.w;

    ngx_http_model_json_object(w);
    ngx_http_model_status_word(w, "version", NGX_HTTP_MODEL_VERSION);
    ngx_http_model_status_word(w, "nginx", NGINX_VERSION);
    ngx_http_model_status_int(w, "time", ngx_time());
    ngx_http_model_status_int(w, "generation",
                              api.view ? api.view->generation : 0);
    ngx_http_model_status_time(w, "configured", api.configured);

    for (i = 0; ngx_http_model_status_parts[i].write; i++) {

        if ((parts & ((ngx_uint_t) 1 << i))
            && ngx_http_model_status_parts[i].write(&api) != NGX_OK)
        {
            return NGX_HTTP_INTERNAL_SERVER_ERROR;
        }
    }

    ngx_http_model_json_object_end(w);

    if (ngx_http_model_json_finish(w, &doc) != NGX_OK) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    return ngx_http_model_respond(r, NGX_HTTP_OK, "application/json", &doc,
                                  NULL);
}


/* a bit for each part that is asked for; NGX_DECLINED: there is no such part */

static ngx_int_t
ngx_http_model_status_asked(ngx_http_request_t *r, ngx_uint_t *parts)
{
    u_char      *p, *next, *last;
    ngx_str_t    list, *name;
    ngx_uint_t   i;

    if (ngx_http_model_path_argument(r, "parts", &list) != NGX_OK) {
        return NGX_ERROR;
    }

    *parts = list.len ? 0 : (ngx_uint_t) -1;

    last = list.data + list.len;

    for (p = list.data; p < last; p = next + 1) {

        next = ngx_strlchr(p, last, ',');

        if (next == NULL) {
            next = last;
        }

        for (i = 0; ngx_http_model_status_parts[i].write; i++) {

            name = &ngx_http_model_status_parts[i].name;

            if (name->len == (size_t) (next - p)
                && ngx_memcmp(name->data, p, name->len) == 0)
            {
                *parts |= (ngx_uint_t) 1 << i;
                break;
            }
        }

        if (ngx_http_model_status_parts[i].write == NULL) {
            return NGX_DECLINED;
        }
    }

    return NGX_OK;
}


static ngx_int_t
ngx_http_model_status_look(ngx_http_request_t *r,
    ngx_http_model_status_api_t *api)
{
    ngx_http_model_loc_conf_t  *mlcf;

    ngx_memzero(api, sizeof(ngx_http_model_status_api_t));

    mlcf = ngx_http_get_module_loc_conf(r, ngx_http_model_module);

    api->configured = mlcf->status->configured;
    api->request = r;
    api->mmcf = ngx_http_get_module_main_conf(r, ngx_http_model_module);
    api->w = ngx_http_model_json_writer(r->pool);

    if (api->mmcf->ranked.nelts == 0) {
        return NGX_OK;
    }

    api->view = ngx_http_model_view(&api->mmcf->views, r->connection->log);
    api->health = ngx_http_model_health_read(api->mmcf->views.catalogue,
                                             r->pool);

    api->models = ngx_http_model_metrics_models(api->mmcf->views.metrics,
                                                r->pool);
    api->servers = ngx_http_model_metrics_servers(api->mmcf->views.metrics,
                                                  r->pool);

    return (api->view && api->health && api->models && api->servers)
           ? NGX_OK : NGX_ERROR;
}


static ngx_int_t
ngx_http_model_status_configuration(ngx_http_model_status_api_t *api)
{
    ngx_uint_t                      i;
    ngx_core_conf_t                *ccf;
    ngx_http_model_pass_t         **pass;
    ngx_http_model_json_writer_t   *w;

    w = api->w;

    ccf = (ngx_core_conf_t *) ngx_get_conf(ngx_cycle->conf_ctx,
                                           ngx_core_module);

    ngx_http_model_json_key(w, "configuration");
    ngx_http_model_json_object(w);
    ngx_http_model_listing_member(w, "separator", &api->mmcf->separator);
    ngx_http_model_status_int(w, "workers",
                              (ngx_process == NGX_PROCESS_SINGLE)
                              ? 1 : ccf->worker_processes);
    ngx_http_model_status_zone(api);

    ngx_http_model_json_key(w, "locations");
    ngx_http_model_json_array(w);

    pass = api->mmcf->passes.elts;

    for (i = 0; i < api->mmcf->passes.nelts; i++) {
        ngx_http_model_status_location(api, pass[i]);
    }

    ngx_http_model_json_array_end(w);
    ngx_http_model_json_object_end(w);

    return NGX_OK;
}


static void
ngx_http_model_status_zone(ngx_http_model_status_api_t *api)
{
    ngx_slab_pool_t               *pool;
    ngx_http_model_json_writer_t  *w;

    w = api->w;

    ngx_http_model_json_key(w, "zone");

    pool = api->view
           ? ngx_http_model_catalogue_pool(api->mmcf->views.catalogue) : NULL;

    if (pool == NULL) {
        ngx_http_model_json_null(w);
        return;
    }

    ngx_http_model_json_object(w);
    ngx_http_model_listing_member(w, "name", &api->mmcf->zone_name);
    ngx_http_model_status_int(w, "size", api->mmcf->zone_size);
    ngx_http_model_status_int(w, "free", pool->pfree * ngx_pagesize);
    ngx_http_model_json_object_end(w);
}


/* one model_pass: what a client needs to know to come there */

static void
ngx_http_model_status_location(ngx_http_model_status_api_t *api,
    ngx_http_model_pass_t *pass)
{
    ngx_str_t                      *url;
    ngx_uint_t                      i;
    ngx_http_core_srv_conf_t       *cscf, *here;
    ngx_http_model_vendor_t       **vendor;
    ngx_http_model_loc_conf_t      *mlcf;
    ngx_http_model_json_writer_t   *w;

    w = api->w;

    mlcf = pass->ctx->loc_conf[ngx_http_model_module.ctx_index];
    cscf = pass->ctx->srv_conf[ngx_http_core_module.ctx_index];
    here = ngx_http_get_module_srv_conf(api->request, ngx_http_core_module);

    ngx_http_model_json_object(w);
    ngx_http_model_listing_member(w, "prefix", &pass->prefix);
    ngx_http_model_listing_member(w, "server", &cscf->server_name);
    ngx_http_model_status_bool(w, "here", cscf == here);

    ngx_http_model_json_key(w, "listen");
    ngx_http_model_json_array(w);

    url = pass->listen->elts;

    for (i = 0; i < pass->listen->nelts; i++) {
        ngx_http_model_json_str(w, &url[i]);
    }

    ngx_http_model_json_array_end(w);

    ngx_http_model_json_key(w, "vendors");
    ngx_http_model_json_array(w);

    vendor = pass->vendors->elts;

    for (i = 0; i < pass->vendors->nelts; i++) {
        ngx_http_model_json_str(w, &vendor[i]->id);
    }

    ngx_http_model_json_array_end(w);

    ngx_http_model_status_bool(w, "keys", mlcf->clients != NULL);
    ngx_http_model_status_bool(w, "manage",
                               mlcf->allow & NGX_HTTP_MODEL_MANAGE);
    ngx_http_model_json_key(w, "default");

    if (mlcf->fallback) {
        ngx_http_model_json_str(w, &mlcf->fallback->text);

    } else {
        ngx_http_model_json_null(w);
    }

    ngx_http_model_json_object_end(w);
}


static ngx_int_t
ngx_http_model_status_models(ngx_http_model_status_api_t *api)
{
    ngx_uint_t               i;
    ngx_http_model_model_t  *model;

    ngx_http_model_json_key(api->w, "models");
    ngx_http_model_json_array(api->w);

    model = api->view ? api->view->models.elts : NULL;

    for (i = 0; model && i < api->view->models.nelts; i++) {

        if (ngx_http_model_status_model(api, &model[i]) != NGX_OK) {
            return NGX_ERROR;
        }
    }

    ngx_http_model_json_array_end(api->w);

    return NGX_OK;
}


static ngx_int_t
ngx_http_model_status_model(ngx_http_model_status_api_t *api,
    ngx_http_model_model_t *model)
{
    ngx_uint_t                     i, loaded;
    ngx_http_model_server_t       *server;
    ngx_http_model_descriptor_t    d;
    ngx_http_model_json_writer_t  *w;

    if (ngx_http_model_describe(api->request->pool, model, &d) != NGX_OK) {
        return NGX_ERROR;
    }

    loaded = 0;
    server = api->view->servers.elts;

    for (i = model->first;
         i < api->view->servers.nelts && server[i].vendor == model->vendor;
         i++)
    {
        loaded += ngx_http_model_view_loaded(api->view, model, &server[i]);
    }

    w = api->w;

    ngx_http_model_json_object(w);
    ngx_http_model_listing_member(w, "id", &model->listed);
    ngx_http_model_listing_member(w, "vendor", &model->vendor->id);
    ngx_http_model_listing_member(w, "name", &model->name);
    ngx_http_model_listing_member(w, "label", &d.label);
    ngx_http_model_listing_or_null(w, "family", &d.family);
    ngx_http_model_listing_or_null(w, "parameters", &d.parameter_size);
    ngx_http_model_listing_or_null(w, "quantization", &d.quantization);
    ngx_http_model_json_key(w, "capabilities");
    ngx_http_model_capability_write(w, d.capabilities);
    ngx_http_model_status_int(w, "context", d.context_known ? d.context : -1);
    ngx_http_model_status_int(w, "output", d.output_known ? d.output : -1);
    ngx_http_model_json_key(w, "prices");
    ngx_http_model_listing_prices(w, &d);
    ngx_http_model_status_bool(w, "declared", model->declared != NULL);
    ngx_http_model_status_int(w, "servers", model->nservers);
    ngx_http_model_status_int(w, "up", model->nup);
    ngx_http_model_status_int(w, "loaded", loaded);
    ngx_http_model_status_bool(w, "hidden",
                               ngx_http_model_view_hidden(api->view, model));
    ngx_http_model_json_object_end(w);

    return NGX_OK;
}


static ngx_int_t
ngx_http_model_status_aliases(ngx_http_model_status_api_t *api)
{
    ngx_uint_t                       i, n;
    ngx_http_model_alias_t         **alias;
    ngx_http_model_json_writer_t    *w;
    ngx_http_model_alias_target_t   *target;

    w = api->w;

    ngx_http_model_json_key(w, "aliases");
    ngx_http_model_json_array(w);

    alias = api->mmcf->aliases.elts;

    for (i = 0; i < api->mmcf->aliases.nelts; i++) {

        ngx_http_model_json_object(w);
        ngx_http_model_listing_member(w, "name", &alias[i]->name);
        ngx_http_model_status_bool(w, "pattern", alias[i]->pattern);

        ngx_http_model_json_key(w, "targets");
        ngx_http_model_json_array(w);

        target = alias[i]->targets.elts;

        for (n = 0; n < alias[i]->targets.nelts; n++) {
            ngx_http_model_status_target(w, &target[n]);
        }

        ngx_http_model_json_array_end(w);
        ngx_http_model_json_object_end(w);
    }

    ngx_http_model_json_array_end(w);

    return NGX_OK;
}


static void
ngx_http_model_status_target(ngx_http_model_json_writer_t *w,
    ngx_http_model_alias_target_t *target)
{
    ngx_http_model_json_object(w);
    ngx_http_model_listing_member(w, "target", &target->text);

    if (target->alias) {
        ngx_http_model_listing_member(w, "alias", &target->alias->name);

    } else {
        ngx_http_model_listing_member(w, "vendor", &target->vendor->id);
        ngx_http_model_listing_member(w, "model", &target->model);
    }

    ngx_http_model_status_int(w, "weight", target->weight);
    ngx_http_model_status_bool(w, "backup", target->backup);
    ngx_http_model_json_object_end(w);
}


void
ngx_http_model_status_int(ngx_http_model_json_writer_t *w, const char *key,
    int64_t n)
{
    ngx_http_model_json_key(w, key);

    if (n < 0) {
        ngx_http_model_json_null(w);

    } else {
        ngx_http_model_json_int(w, n);
    }
}


void
ngx_http_model_status_bool(ngx_http_model_json_writer_t *w, const char *key,
    ngx_uint_t b)
{
    ngx_http_model_json_key(w, key);
    ngx_http_model_json_bool(w, b != 0);
}


void
ngx_http_model_status_time(ngx_http_model_json_writer_t *w, const char *key,
    time_t t)
{
    ngx_http_model_status_int(w, key, t ? (int64_t) t : -1);
}


void
ngx_http_model_status_word(ngx_http_model_json_writer_t *w, const char *key,
    const char *word)
{
    ngx_http_model_json_key(w, key);
    ngx_http_model_json_cstr(w, word);
}
