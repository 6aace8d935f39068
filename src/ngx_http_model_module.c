
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
#include "ngx_http_model_discover.h"
#include "ngx_http_model_failover.h"
#include "ngx_http_model_gateway.h"
#include "ngx_http_model_module.h"
#include "ngx_http_model_proxy.h"
#include "ngx_http_model_queue.h"
#include "ngx_http_model_rules.h"
#include "ngx_http_model_status.h"
#include "ngx_http_model_usage_variables.h"
#include "ngx_http_model_variables.h"


#define NGX_HTTP_MODEL_ZONE_SIZE  (16 * 1024 * 1024)


static char *ngx_http_model_vendor(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
static char *ngx_http_model_alias(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
static char *ngx_http_model_pass(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
static char *ngx_http_model_keys(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
static char *ngx_http_model_default(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
static char *ngx_http_model_separator(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
static char *ngx_http_model_cors(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
static char *ngx_http_model_zone(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
static char *ngx_http_model_words(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
static char *ngx_http_model_failover(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
static char *ngx_http_model_aware(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
static char *ngx_http_model_queue_directive(ngx_conf_t *cf,
    ngx_command_t *cmd, void *conf);

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


static ngx_command_t  ngx_http_model_commands[] = {

    { ngx_string("model_vendor"),
      NGX_HTTP_MAIN_CONF|NGX_CONF_BLOCK|NGX_CONF_TAKE1,
      ngx_http_model_vendor,
      NGX_HTTP_MAIN_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("model_alias"),
      NGX_HTTP_MAIN_CONF|NGX_CONF_BLOCK|NGX_CONF_TAKE1,
      ngx_http_model_alias,
      NGX_HTTP_MAIN_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("model_pass"),
      NGX_HTTP_LOC_CONF|NGX_CONF_ANY,
      ngx_http_model_pass,
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
      ngx_http_model_words,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_http_model_loc_conf_t, allow),
      &ngx_http_model_kinds },

    { ngx_string("model_keys"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_TAKE1,
      ngx_http_model_keys,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("model_default"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_TAKE1,
      ngx_http_model_default,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("model_read"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_TAKE1,
      ngx_http_model_words,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_http_model_loc_conf_t, read),
      &ngx_http_model_reads },

    { ngx_string("model_cors"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_1MORE,
      ngx_http_model_cors,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("model_separator"),
      NGX_HTTP_MAIN_CONF|NGX_CONF_TAKE1,
      ngx_http_model_separator,
      NGX_HTTP_MAIN_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("model_zone"),
      NGX_HTTP_MAIN_CONF|NGX_CONF_TAKE1,
      ngx_http_model_zone,
      NGX_HTTP_MAIN_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("model_failover"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_1MORE,
      ngx_http_model_failover,
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

    { ngx_string("model_explain_header"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_FLAG,
      ngx_conf_set_flag_slot,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_http_model_loc_conf_t, explain),
      NULL },

    { ngx_string("model_aware"),
      NGX_HTTP_UPS_CONF|NGX_CONF_NOARGS|NGX_CONF_TAKE1,
      ngx_http_model_aware,
      NGX_HTTP_SRV_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("model_queue"),
      NGX_HTTP_UPS_CONF|NGX_CONF_TAKE12,
      ngx_http_model_queue_directive,
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


static char *
ngx_http_model_vendor(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_model_main_conf_t *mmcf = conf;

    (void) cmd;

    return ngx_http_model_vendor_block(cf, &mmcf->vendors);
}


static char *
ngx_http_model_alias(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_model_main_conf_t *mmcf = conf;

    (void) cmd;

    return ngx_http_model_alias_block(cf, &mmcf->aliases);
}


static char *
ngx_http_model_pass(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_model_loc_conf_t *mlcf = conf;

    ngx_str_t                   *value, *name;
    ngx_uint_t                   i;
    ngx_http_model_pass_t       *pass, **slot;
    ngx_http_core_loc_conf_t    *clcf;
    ngx_http_model_main_conf_t  *mmcf;

    (void) cmd;

    if (mlcf->pass) {
        return "is duplicate";
    }

    clcf = ngx_http_conf_get_module_loc_conf(cf, ngx_http_core_module);
    mmcf = ngx_http_conf_get_module_main_conf(cf, ngx_http_model_module);

    if (clcf->named || clcf->noname || clcf->exact_match
#if (NGX_PCRE)
        || clcf->regex
#endif
        )
    {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"model_pass\" must be in a prefix location such "
                           "as \"location / { }\": what follows the prefix is "
                           "the path of the API");
        return NGX_CONF_ERROR;
    }

    if (clcf->handler) {
        return "is in a location that another directive answers already";
    }

    pass = ngx_pcalloc(cf->pool, sizeof(ngx_http_model_pass_t));
    slot = ngx_array_push(&mmcf->passes);

    if (pass == NULL || slot == NULL) {
        return NGX_CONF_ERROR;
    }

    *slot = pass;

    pass->prefix = clcf->name;
    pass->ctx = cf->ctx;
    pass->file_name = cf->conf_file->file.name.data;
    pass->line = cf->conf_file->line;

    if (cf->args->nelts > 1) {

        pass->names = ngx_array_create(cf->pool, cf->args->nelts - 1,
                                       sizeof(ngx_str_t));
        if (pass->names == NULL) {
            return NGX_CONF_ERROR;
        }

        value = cf->args->elts;

        for (i = 1; i < cf->args->nelts; i++) {
            name = ngx_array_push(pass->names);
            if (name == NULL) {
                return NGX_CONF_ERROR;
            }

            *name = value[i];
        }
    }

    mlcf->pass = pass;

    clcf->handler = ngx_http_model_gateway_handler;

    return NGX_CONF_OK;
}


static char *
ngx_http_model_keys(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_model_loc_conf_t *mlcf = conf;

    ngx_str_t  *value, path;

    (void) cmd;

    if (mlcf->clients != NGX_CONF_UNSET_PTR) {
        return "is duplicate";
    }

    value = cf->args->elts;

    if (ngx_strcmp(value[1].data, "off") == 0) {
        mlcf->clients = NULL;
        return NGX_CONF_OK;
    }

    if (ngx_strncmp(value[1].data, "file:", 5) != 0 || value[1].len == 5) {

        /* a key written here by mistake is not repeated */

        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "invalid value of \"model_keys\", it must be "
                           "\"file:PATH\" or \"off\"");
        return NGX_CONF_ERROR;
    }

    path.data = value[1].data + 5;
    path.len = value[1].len - 5;

    mlcf->clients = ngx_http_model_client_read(cf, &path);

    return mlcf->clients ? NGX_CONF_OK : NGX_CONF_ERROR;
}


static char *
ngx_http_model_default(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_model_loc_conf_t *mlcf = conf;

    ngx_str_t                    *value;
    ngx_http_model_default_t     *fallback, **slot;
    ngx_http_model_main_conf_t   *mmcf;

    (void) cmd;

    if (mlcf->fallback != NGX_CONF_UNSET_PTR) {
        return "is duplicate";
    }

    value = cf->args->elts;
    mmcf = ngx_http_conf_get_module_main_conf(cf, ngx_http_model_module);

    fallback = ngx_pcalloc(cf->pool, sizeof(ngx_http_model_default_t));
    slot = ngx_array_push(&mmcf->defaults);

    if (fallback == NULL || slot == NULL) {
        return NGX_CONF_ERROR;
    }

    *slot = fallback;

    fallback->text = value[1];
    fallback->file_name = cf->conf_file->file.name.data;
    fallback->line = cf->conf_file->line;

    mlcf->fallback = fallback;

    return NGX_CONF_OK;
}


static char *
ngx_http_model_separator(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_model_main_conf_t *mmcf = conf;

    ngx_str_t  *value;

    (void) cmd;

    if (mmcf->separator.data) {
        return "is duplicate";
    }

    value = cf->args->elts;

    if (value[1].len != 1
        || (value[1].data[0] != ':' && value[1].data[0] != '/'))
    {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "invalid value \"%V\" of \"model_separator\", it "
                           "must be \":\" or \"/\"", &value[1]);
        return NGX_CONF_ERROR;
    }

    mmcf->separator = value[1];

    return NGX_CONF_OK;
}


static char *
ngx_http_model_cors(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_model_loc_conf_t *mlcf = conf;

    (void) cmd;

    if (mlcf->cors != NGX_CONF_UNSET_PTR) {
        return "is duplicate";
    }

    mlcf->cors = ngx_pcalloc(cf->pool, sizeof(ngx_http_model_cors_t));
    if (mlcf->cors == NULL) {
        return NGX_CONF_ERROR;
    }

    return ngx_http_model_cors_set(cf, mlcf->cors);
}


static char *
ngx_http_model_zone(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_model_main_conf_t *mmcf = conf;

    u_char     *p;
    ssize_t     size;
    ngx_str_t  *value, text;

    (void) cmd;

    if (mmcf->zone_name.data) {
        return "is duplicate";
    }

    value = cf->args->elts;

    p = (u_char *) ngx_strchr(value[1].data, ':');

    if (p == NULL || p == value[1].data) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "invalid value \"%V\" of \"model_zone\", it must "
                           "be name:size such as \"model:16m\"", &value[1]);
        return NGX_CONF_ERROR;
    }

    text.data = p + 1;
    text.len = value[1].data + value[1].len - text.data;

    size = ngx_parse_size(&text);

    if (size == NGX_ERROR) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "invalid zone size in \"%V\" of \"model_zone\", "
                           "\"model:16m\" would be one", &value[1]);
        return NGX_CONF_ERROR;
    }

    if (size < (ssize_t) (8 * ngx_pagesize)) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "zone \"%*s\" of \"model_zone\" is too small, it "
                           "must have %uz bytes or more",
                           (size_t) (p - value[1].data), value[1].data,
                           8 * ngx_pagesize);
        return NGX_CONF_ERROR;
    }

    mmcf->zone_name.data = value[1].data;
    mmcf->zone_name.len = p - value[1].data;
    mmcf->zone_size = size;

    return NGX_CONF_OK;
}


/* the stock setters name neither the directive nor its words */

static char *
ngx_http_model_words(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    u_char            known[128], *p;
    ngx_str_t        *value;
    ngx_uint_t        i;
    ngx_conf_enum_t  *word;

    value = cf->args->elts;

    for (i = 1; i < cf->args->nelts; i++) {

        p = known;

        /* the words of a bitmask look the same */

        for (word = cmd->post; word->name.len; word++) {

            if (word->name.len == value[i].len
                && ngx_strcasecmp(word->name.data, value[i].data) == 0)
            {
                break;
            }

            p = ngx_slprintf(p, known + sizeof(known), " \"%V\"",
                             &word->name);
        }

        if (word->name.len == 0) {
            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                               "invalid value \"%V\" in \"%V\" directive, "
                               "known are%*s", &value[i], &value[0],
                               (size_t) (p - known), known);
            return NGX_CONF_ERROR;
        }
    }

    if (cmd->post == &ngx_http_model_kinds) {
        return ngx_conf_set_bitmask_slot(cf, cmd, conf);
    }

    return ngx_conf_set_enum_slot(cf, cmd, conf);
}


static char *
ngx_http_model_failover(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_model_loc_conf_t *mlcf = conf;

    (void) cmd;

    return ngx_http_model_rules_failover(cf, &mlcf->rules);
}


static char *
ngx_http_model_aware(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_model_balancer_conf_t *bcf = conf;

    ngx_str_t  *value;

    (void) cmd;

    if (bcf->aware) {
        return "is duplicate";
    }

    value = cf->args->elts;

    if (cf->args->nelts > 1 && ngx_strcmp(value[1].data, "warm") != 0) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "invalid parameter \"%V\" in \"model_aware\" "
                           "directive, it takes \"warm\" or none", &value[1]);
        return NGX_CONF_ERROR;
    }

    bcf->aware = 1;
    bcf->warm = (cf->args->nelts > 1);

    return ngx_http_model_balancer_install(cf, bcf);
}


static char *
ngx_http_model_queue_directive(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    char  *rv;

    (void) cmd;

    rv = ngx_http_model_queue_set(cf, conf);

    return (rv == NGX_CONF_OK) ? ngx_http_model_balancer_install(cf, conf)
                               : rv;
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
