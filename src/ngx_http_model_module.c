
/*
 * Copyright (C) the ngx_http_model_module authors
 */


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "ngx_http_model_alias.h"
#include "ngx_http_model_bind.h"
#include "ngx_http_model_check.h"
#include "ngx_http_model_count.h"
#include "ngx_http_model_directive.h"
#include "ngx_http_model_discover.h"
#include "ngx_http_model_failover.h"
#include "ngx_http_model_gateway.h"
#include "ngx_http_model_module.h"
#include "ngx_http_model_proxy.h"
#include "ngx_http_model_rules.h"
#include "ngx_http_model_status.h"
#include "ngx_http_model_usage_variables.h"
#include "ngx_http_model_variables.h"


#define NGX_HTTP_MODEL_ZONE_SIZE  (16 * 1024 * 1024)


static ngx_int_t ngx_http_model_add_variables(ngx_conf_t *cf);
static ngx_int_t ngx_http_model_init(ngx_conf_t *cf);
static ngx_int_t ngx_http_model_init_views(ngx_conf_t *cf,
    ngx_http_model_main_conf_t *mmcf);
static ngx_int_t ngx_http_model_cmp_vendors(const void *one, const void *two);
static ngx_int_t ngx_http_model_init_process(ngx_cycle_t *cycle);
static void *ngx_http_model_create_main_conf(ngx_conf_t *cf);
static void *ngx_http_model_create_srv_conf(ngx_conf_t *cf);
static void *ngx_http_model_create_loc_conf(ngx_conf_t *cf);
static char *ngx_http_model_merge_loc_conf(ngx_conf_t *cf, void *parent,
    void *child);


static ngx_conf_bitmask_t  ngx_http_model_kinds[] = {
    { ngx_string("inference"), NGX_HTTP_MODEL_INFERENCE },
    { ngx_string("manage"), NGX_HTTP_MODEL_MANAGE },
    { ngx_string("other"), NGX_HTTP_MODEL_OTHER },
    { ngx_null_string, 0 }
};


static ngx_conf_enum_t  ngx_http_model_reads[] = {
    { ngx_string("content"), NGX_HTTP_MODEL_READ_CONTENT },
    { ngx_string("preaccess"), NGX_HTTP_MODEL_READ_PREACCESS },
    { ngx_null_string, 0 }
};


static ngx_conf_enum_t  ngx_http_model_usages[] = {
    { ngx_string("ask"), NGX_HTTP_MODEL_USAGE_ASK },
    { ngx_string("observe"), NGX_HTTP_MODEL_USAGE_OBSERVE },
    { ngx_string("off"), NGX_HTTP_MODEL_USAGE_OFF },
    { ngx_null_string, 0 }
};


static ngx_command_t  ngx_http_model_commands[] = {

    { ngx_string("model_vendor"),
      NGX_HTTP_MAIN_CONF|NGX_CONF_BLOCK|NGX_CONF_TAKE1,
      ngx_http_model_directive_vendor,
      NGX_HTTP_MAIN_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("model_alias"),
      NGX_HTTP_MAIN_CONF|NGX_CONF_BLOCK|NGX_CONF_TAKE1,
      ngx_http_model_directive_alias,
      NGX_HTTP_MAIN_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("model_pass"),
      NGX_HTTP_LOC_CONF|NGX_CONF_ANY,
      ngx_http_model_directive_pass,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("model_status"),
      NGX_HTTP_LOC_CONF|NGX_CONF_NOARGS,
      ngx_http_model_status_set,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("model_allow"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_1MORE,
      ngx_http_model_directive_words,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_http_model_loc_conf_t, allow),
      &ngx_http_model_kinds },

    { ngx_string("model_keys"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_TAKE1,
      ngx_http_model_directive_keys,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("model_default"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_TAKE1,
      ngx_http_model_directive_default,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("model_read"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_TAKE1,
      ngx_http_model_directive_word,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_http_model_loc_conf_t, read),
      &ngx_http_model_reads },

    { ngx_string("model_cors"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_1MORE,
      ngx_http_model_directive_cors,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("model_separator"),
      NGX_HTTP_MAIN_CONF|NGX_CONF_TAKE1,
      ngx_http_model_directive_separator,
      NGX_HTTP_MAIN_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("model_zone"),
      NGX_HTTP_MAIN_CONF|NGX_CONF_TAKE1,
      ngx_http_model_directive_zone,
      NGX_HTTP_MAIN_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("model_failover"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_1MORE,
      ngx_http_model_directive_failover,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("model_stall"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_TAKE1,
      ngx_conf_set_msec_slot,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_http_model_loc_conf_t, rules)
      + offsetof(ngx_http_model_rules_t, stall),
      NULL },

    { ngx_string("model_cold_timeout"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_TAKE1,
      ngx_conf_set_msec_slot,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_http_model_loc_conf_t, rules)
      + offsetof(ngx_http_model_rules_t, cold),
      NULL },

    { ngx_string("model_bridge_buffer"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_TAKE1,
      ngx_conf_set_size_slot,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_http_model_loc_conf_t, bridge_buffer),
      NULL },

    { ngx_string("model_usage"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_TAKE1,
      ngx_http_model_directive_word,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_http_model_loc_conf_t, rules)
      + offsetof(ngx_http_model_rules_t, usage),
      &ngx_http_model_usages },

    { ngx_string("model_explain_header"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_FLAG,
      ngx_conf_set_flag_slot,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_http_model_loc_conf_t, explain),
      NULL },

    { ngx_string("model_aware"),
      NGX_HTTP_UPS_CONF|NGX_CONF_NOARGS|NGX_CONF_TAKE1,
      ngx_http_model_directive_aware,
      NGX_HTTP_SRV_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("model_queue"),
      NGX_HTTP_UPS_CONF|NGX_CONF_TAKE12,
      ngx_http_model_directive_queue,
      NGX_HTTP_SRV_CONF_OFFSET,
      0,
      NULL },

      ngx_null_command
};


static ngx_http_module_t  ngx_http_model_module_ctx = {
    ngx_http_model_add_variables,          /* preconfiguration */
    ngx_http_model_init,                   /* postconfiguration */

    ngx_http_model_create_main_conf,       /* create main configuration */
    NULL,                                  /* init main configuration */

    ngx_http_model_create_srv_conf,        /* create server configuration */
    NULL,                                  /* merge server configuration */

    ngx_http_model_create_loc_conf,        /* create location configuration */
    ngx_http_model_merge_loc_conf          /* merge location configuration */
};


ngx_module_t  ngx_http_model_module = {
    NGX_MODULE_V1,
    &ngx_http_model_module_ctx,            /* module context */
    ngx_http_model_commands,               /* module directives */
    NGX_HTTP_MODULE,                       /* module type */
    NULL,                                  /* init master */
    NULL,                                  /* init module */
    ngx_http_model_init_process,           /* init process */
    NULL,                                  /* init thread */
    NULL,                                  /* exit thread */
    NULL,                                  /* exit process */
    NULL,                                  /* exit master */
    NGX_MODULE_V1_PADDING
};


static ngx_int_t
ngx_http_model_init_process(ngx_cycle_t *cycle)
{
    ngx_http_model_main_conf_t  *mmcf;

    mmcf = ngx_http_cycle_get_module_main_conf(cycle, ngx_http_model_module);

    if (mmcf == NULL || mmcf->vendors.nelts == 0) {
        return NGX_OK;
    }

    mmcf->views.started = ngx_current_msec;

    ngx_http_model_metrics_init_worker(mmcf->views.metrics, cycle->log);

    return ngx_http_model_discover_init(cycle, &mmcf->views);
}


static void *
ngx_http_model_create_main_conf(ngx_conf_t *cf)
{
    ngx_http_model_main_conf_t  *mmcf;

    mmcf = ngx_pcalloc(cf->pool, sizeof(ngx_http_model_main_conf_t));
    if (mmcf == NULL) {
        return NULL;
    }

    /*
     * set by ngx_pcalloc():
     *
     *     mmcf->zone_name = { 0, NULL };
     *     mmcf->zone_size = 0;
     *     mmcf->separator = { 0, NULL };
     *     mmcf->preaccess = 0;
     *     mmcf->tests = 0;
     */

    if (ngx_array_init(&mmcf->vendors, cf->pool, 8,
                       sizeof(ngx_http_model_vendor_t *))
        != NGX_OK
        || ngx_array_init(&mmcf->passes, cf->pool, 4,
                          sizeof(ngx_http_model_pass_t *))
           != NGX_OK
        || ngx_array_init(&mmcf->statuses, cf->pool, 2,
                          sizeof(ngx_http_model_status_t *))
           != NGX_OK
        || ngx_array_init(&mmcf->defaults, cf->pool, 4,
                          sizeof(ngx_http_model_default_t *))
           != NGX_OK
        || ngx_array_init(&mmcf->aliases, cf->pool, 4,
                          sizeof(ngx_http_model_alias_t *))
           != NGX_OK)
    {
        return NULL;
    }

    return mmcf;
}


static void *
ngx_http_model_create_srv_conf(ngx_conf_t *cf)
{
    return ngx_pcalloc(cf->pool, sizeof(ngx_http_model_balancer_conf_t));
}


static void *
ngx_http_model_create_loc_conf(ngx_conf_t *cf)
{
    ngx_http_model_loc_conf_t  *mlcf;

    mlcf = ngx_pcalloc(cf->pool, sizeof(ngx_http_model_loc_conf_t));
    if (mlcf == NULL) {
        return NULL;
    }

    /*
     * set by ngx_pcalloc():
     *
     *     mlcf->pass = NULL;
     *     mlcf->status = NULL;
     *     mlcf->allow = 0;
     */

    mlcf->clients = NGX_CONF_UNSET_PTR;
    mlcf->read = NGX_CONF_UNSET_UINT;
    mlcf->cors = NGX_CONF_UNSET_PTR;
    mlcf->fallback = NGX_CONF_UNSET_PTR;
    mlcf->explain = NGX_CONF_UNSET;
    mlcf->bridge_buffer = NGX_CONF_UNSET_SIZE;

    ngx_http_model_rules_init(&mlcf->rules);

    return mlcf;
}


static char *
ngx_http_model_merge_loc_conf(ngx_conf_t *cf, void *parent, void *child)
{
    ngx_http_model_loc_conf_t *prev = parent;
    ngx_http_model_loc_conf_t *conf = child;

    ngx_http_core_loc_conf_t    *clcf;
    ngx_http_model_main_conf_t  *mmcf;

    clcf = ngx_http_conf_get_module_loc_conf(cf, ngx_http_core_module);

    /* "if" and "limit_except" blocks are of the location around them */

    if (clcf->noname && conf->pass == NULL) {
        conf->pass = prev->pass;

        if (clcf->lmt_excpt && conf->pass) {
            clcf->handler = ngx_http_model_gateway_handler;
        }
    }

    ngx_conf_merge_bitmask_value(conf->allow, prev->allow,
                                 (NGX_CONF_BITMASK_SET
                                  |NGX_HTTP_MODEL_INFERENCE));

    ngx_conf_merge_ptr_value(conf->clients, prev->clients, NULL);
    ngx_conf_merge_uint_value(conf->read, prev->read,
                              NGX_HTTP_MODEL_READ_CONTENT);
    ngx_conf_merge_ptr_value(conf->cors, prev->cors, NULL);
    ngx_conf_merge_ptr_value(conf->fallback, prev->fallback, NULL);
    ngx_conf_merge_value(conf->explain, prev->explain, 0);
    ngx_conf_merge_size_value(conf->bridge_buffer, prev->bridge_buffer,
                              1024 * 1024);

    ngx_http_model_rules_merge(&conf->rules, &prev->rules);

    if (conf->pass && conf->read == NGX_HTTP_MODEL_READ_PREACCESS) {
        mmcf = ngx_http_conf_get_module_main_conf(cf, ngx_http_model_module);
        mmcf->preaccess = 1;
    }

    return ngx_http_model_status_merge(cf, prev, conf);
}


static ngx_int_t
ngx_http_model_add_variables(ngx_conf_t *cf)
{
    if (ngx_http_model_variables_add(cf) != NGX_OK) {
        return NGX_ERROR;
    }

    return ngx_http_model_usage_variables_add(cf);
}


static ngx_int_t
ngx_http_model_init(ngx_conf_t *cf)
{
    ngx_http_handler_pt          *h;
    ngx_http_core_main_conf_t    *cmcf;
    ngx_http_model_main_conf_t   *mmcf;

    mmcf = ngx_http_conf_get_module_main_conf(cf, ngx_http_model_module);
    cmcf = ngx_http_conf_get_module_main_conf(cf, ngx_http_core_module);

    if (mmcf->separator.len == 0) {
        ngx_str_set(&mmcf->separator, ":");
    }

    if (ngx_http_model_variables_init(cf) != NGX_OK
        || ngx_http_model_proxy_init(cf, &mmcf->vendors,
                                     ngx_http_model_failover_init_peer)
           != NGX_OK
        || ngx_http_model_init_views(cf, mmcf) != NGX_OK
        || ngx_http_model_bind(cf, mmcf) != NGX_OK
        || ngx_http_model_check(cf, mmcf) != NGX_OK)
    {
        return NGX_ERROR;
    }

    if (mmcf->passes.nelts == 0) {
        return NGX_OK;
    }

    h = ngx_array_push(&cmcf->phases[NGX_HTTP_PREACCESS_PHASE].handlers);
    if (h == NULL) {
        return NGX_ERROR;
    }

    *h = ngx_http_model_gateway_preaccess_handler;

    return ngx_http_model_count_init(cf);
}


static ngx_int_t
ngx_http_model_init_views(ngx_conf_t *cf, ngx_http_model_main_conf_t *mmcf)
{
    ngx_uint_t                 i;
    ngx_pool_cleanup_t        *cln;
    ngx_http_model_vendor_t  **from, **to;
    ngx_http_model_balancer_conf_t  *bcf;

    if (ngx_array_init(&mmcf->ranked, cf->pool, mmcf->vendors.nelts + 1,
                       sizeof(ngx_http_model_vendor_t *))
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    from = mmcf->vendors.elts;

    for (i = 0; i < mmcf->vendors.nelts; i++) {
        to = ngx_array_push(&mmcf->ranked);
        if (to == NULL) {
            return NGX_ERROR;
        }

        *to = from[i];
    }

    ngx_sort(mmcf->ranked.elts, mmcf->ranked.nelts,
             sizeof(ngx_http_model_vendor_t *), ngx_http_model_cmp_vendors);

    for (i = 0; i < mmcf->vendors.nelts; i++) {
        bcf = ngx_http_model_balancer_conf(from[i]->upstream);
        from[i]->warm = bcf && bcf->warm;
    }

    mmcf->views.vendors = &mmcf->ranked;
    mmcf->views.separator = mmcf->separator;

    if (mmcf->vendors.nelts == 0) {
        return NGX_OK;
    }

    cln = ngx_pool_cleanup_add(cf->pool, 0);
    if (cln == NULL) {
        return NGX_ERROR;
    }

    cln->handler = ngx_http_model_view_cleanup;
    cln->data = &mmcf->views;

    if (mmcf->zone_name.len == 0) {
        ngx_str_set(&mmcf->zone_name, "model");
        mmcf->zone_size = NGX_HTTP_MODEL_ZONE_SIZE;
    }

    mmcf->views.catalogue = ngx_http_model_catalogue_add(cf, &mmcf->zone_name,
                                                         mmcf->zone_size,
                                                    &ngx_http_model_module);

    if (mmcf->views.catalogue == NULL) {
        return NGX_ERROR;
    }

    mmcf->views.metrics = ngx_http_model_metrics_create(cf->pool,
                                                       mmcf->views.catalogue);

    return mmcf->views.metrics ? NGX_OK : NGX_ERROR;
}


static ngx_int_t
ngx_http_model_cmp_vendors(const void *one, const void *two)
{
    ngx_http_model_vendor_t  *a, *b;

    a = *(ngx_http_model_vendor_t **) one;
    b = *(ngx_http_model_vendor_t **) two;

    if (a->rank != b->rank) {
        return (a->rank < b->rank) ? -1 : 1;
    }

    return (a->index < b->index) ? -1 : 1;
}
