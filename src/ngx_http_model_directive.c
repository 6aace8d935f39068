
/*
 * Copyright (C) the ngx_http_model_module authors
 */


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "ngx_http_model_alias.h"
#include "ngx_http_model_directive.h"
#include "ngx_http_model_gateway.h"
#include "ngx_http_model_queue.h"
#include "ngx_http_model_rules.h"


static ngx_int_t ngx_http_model_directive_known(ngx_conf_t *cf,
    ngx_conf_enum_t *words);


char *
ngx_http_model_directive_vendor(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_model_main_conf_t *mmcf = conf;

    (void) cmd;

    return ngx_http_model_vendor_block(cf, &mmcf->vendors);
}


char *
ngx_http_model_directive_alias(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_model_main_conf_t *mmcf = conf;

    (void) cmd;

    return ngx_http_model_alias_block(cf, &mmcf->aliases);
}


char *
ngx_http_model_directive_pass(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
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


char *
ngx_http_model_directive_keys(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
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


char *
ngx_http_model_directive_default(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
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


char *
ngx_http_model_directive_separator(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf)
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


char *
ngx_http_model_directive_cors(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
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


char *
ngx_http_model_directive_zone(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
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


char *
ngx_http_model_directive_word(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    if (ngx_http_model_directive_known(cf, cmd->post) != NGX_OK) {
        return NGX_CONF_ERROR;
    }

    return ngx_conf_set_enum_slot(cf, cmd, conf);
}


char *
ngx_http_model_directive_words(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    /* the words of a bitmask look the same */

    if (ngx_http_model_directive_known(cf, cmd->post) != NGX_OK) {
        return NGX_CONF_ERROR;
    }

    return ngx_conf_set_bitmask_slot(cf, cmd, conf);
}


/* the stock setters name neither the directive nor its words */

static ngx_int_t
ngx_http_model_directive_known(ngx_conf_t *cf, ngx_conf_enum_t *words)
{
    u_char            known[128], *p;
    ngx_str_t        *value;
    ngx_uint_t        i;
    ngx_conf_enum_t  *word;

    value = cf->args->elts;

    for (i = 1; i < cf->args->nelts; i++) {

        p = known;

        for (word = words; word->name.len; word++) {

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
            return NGX_ERROR;
        }
    }

    return NGX_OK;
}


char *
ngx_http_model_directive_failover(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf)
{
    ngx_http_model_loc_conf_t *mlcf = conf;

    (void) cmd;

    return ngx_http_model_rules_failover(cf, &mlcf->rules);
}


char *
ngx_http_model_directive_aware(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
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


char *
ngx_http_model_directive_queue(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    char  *rv;

    (void) cmd;

    rv = ngx_http_model_queue_set(cf, conf);

    return (rv == NGX_CONF_OK) ? ngx_http_model_balancer_install(cf, conf)
                               : rv;
}
