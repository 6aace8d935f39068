
/*
 * Copyright (C) the ngx_http_model_module authors
 */


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "ngx_http_model_alias.h"


#define NGX_HTTP_MODEL_ALIAS_WEIGHT  65535
#define NGX_HTTP_MODEL_ALIAS_DEPTH   8


static ngx_http_model_alias_t *ngx_http_model_alias_create(ngx_conf_t *cf,
    ngx_array_t *aliases, ngx_str_t *name);
static char *ngx_http_model_alias_directive(ngx_conf_t *cf,
    ngx_command_t *dummy, void *conf);
static char *ngx_http_model_alias_target(ngx_conf_t *cf,
    ngx_http_model_alias_t *alias);
static char *ngx_http_model_alias_param(ngx_conf_t *cf,
    ngx_http_model_alias_target_t *target, ngx_str_t *param);
static char *ngx_http_model_alias_done(ngx_conf_t *cf,
    ngx_http_model_alias_t *alias);
static ngx_uint_t ngx_http_model_alias_text(ngx_str_t *text, size_t max);
static ngx_uint_t ngx_http_model_alias_stars(ngx_str_t *text);

static ngx_int_t ngx_http_model_alias_bind_target(ngx_conf_t *cf,
    ngx_http_model_alias_t *alias, ngx_http_model_alias_target_t *target,
    ngx_array_t *aliases, ngx_array_t *vendors);
static ngx_int_t ngx_http_model_alias_bind_depth(ngx_conf_t *cf,
    ngx_http_model_alias_t *alias);
static ngx_http_model_alias_t *ngx_http_model_alias_lookup(
    ngx_array_t *aliases, ngx_str_t *name, ngx_uint_t how);
static ngx_str_t ngx_http_model_alias_plain(ngx_str_t *name);
static ngx_uint_t ngx_http_model_alias_eq(ngx_str_t *one, ngx_str_t *two);


char *
ngx_http_model_alias_block(ngx_conf_t *cf, ngx_array_t *aliases)
{
    char                    *rv;
    ngx_str_t               *value;
    ngx_conf_t               saved;
    ngx_http_model_alias_t  *alias;

    value = cf->args->elts;

    alias = ngx_http_model_alias_create(cf, aliases, &value[1]);
    if (alias == NULL) {
        return NGX_CONF_ERROR;
    }

    saved = *cf;

    cf->handler = ngx_http_model_alias_directive;
    cf->handler_conf = (char *) alias;

    rv = ngx_conf_parse(cf, NULL);

    *cf = saved;

    if (rv != NGX_CONF_OK) {
        return rv;
    }

    return ngx_http_model_alias_done(cf, alias);
}


static ngx_http_model_alias_t *
ngx_http_model_alias_create(ngx_conf_t *cf, ngx_array_t *aliases,
    ngx_str_t *name)
{
    ngx_uint_t                i, stars;
    ngx_http_model_alias_t   *alias, **slot;

    if (name->len == 0
        || !ngx_http_model_alias_text(name, NGX_HTTP_MODEL_NAME_LEN))
    {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "invalid name in \"model_alias\" directive, it must "
                           "be 1 to %d bytes without control characters",
                           NGX_HTTP_MODEL_NAME_LEN);
        return NULL;
    }

    stars = ngx_http_model_alias_stars(name);

    if (stars > 1) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "invalid name \"%V\" in \"model_alias\" directive, "
                           "it may have one \"*\" only", name);
        return NULL;
    }

    slot = aliases->elts;

    for (i = 0; i < aliases->nelts; i++) {
        if (ngx_http_model_alias_eq(&slot[i]->name, name)) {
            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                               "duplicate \"model_alias\" \"%V\", it is "
                               "declared in %s:%ui", name, slot[i]->file_name,
                               slot[i]->line);
            return NULL;
        }
    }

    alias = ngx_pcalloc(cf->pool, sizeof(ngx_http_model_alias_t));
    slot = ngx_array_push(aliases);

    if (alias == NULL || slot == NULL) {
        return NULL;
    }

    *slot = alias;

    if (ngx_array_init(&alias->targets, cf->pool, 4,
                       sizeof(ngx_http_model_alias_target_t))
        != NGX_OK)
    {
        return NULL;
    }

    alias->name = *name;
    alias->pattern = stars ? 1 : 0;
    alias->file_name = cf->conf_file->file.name.data;
    alias->line = cf->conf_file->line;

    return alias;
}


static char *
ngx_http_model_alias_directive(ngx_conf_t *cf, ngx_command_t *dummy,
    void *conf)
{
    ngx_http_model_alias_t *alias = conf;

    ngx_str_t  *value;

    (void) dummy;

    value = cf->args->elts;

    if (value[0].len == 7 && ngx_strncmp(value[0].data, "include", 7) == 0) {

        if (cf->args->nelts != 2) {
            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                               "invalid number of arguments in \"include\" "
                               "directive");
            return NGX_CONF_ERROR;
        }

        return ngx_conf_include(cf, NULL, NULL);
    }

    if (value[0].len != 6 || ngx_strncmp(value[0].data, "target", 6) != 0) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "unknown directive \"%V\" in \"model_alias\", it "
                           "takes \"target vendor:model [weight=number] "
                           "[backup];\"", &value[0]);
        return NGX_CONF_ERROR;
    }

    if (cf->args->nelts < 2) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "invalid number of arguments in \"target\" "
                           "directive");
        return NGX_CONF_ERROR;
    }

    return ngx_http_model_alias_target(cf, alias);
}


static char *
ngx_http_model_alias_target(ngx_conf_t *cf, ngx_http_model_alias_t *alias)
{
    ngx_str_t                      *value;
    ngx_uint_t                      i, stars;
    ngx_http_model_alias_target_t  *target;

    value = cf->args->elts;

    /* an id of 32 bytes and a separator may stand before the name */

    if (value[1].len == 0
        || !ngx_http_model_alias_text(&value[1],
                                      NGX_HTTP_MODEL_NAME_LEN + 33))
    {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "invalid value of \"target\" in \"model_alias\" "
                           "\"%V\", it must be vendor:model, 1 to %d bytes "
                           "without control characters", &alias->name,
                           NGX_HTTP_MODEL_NAME_LEN + 33);
        return NGX_CONF_ERROR;
    }

    stars = ngx_http_model_alias_stars(&value[1]);

    if (stars > (alias->pattern ? 1 : 0)) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "invalid value \"%V\" of \"target\" in "
                           "\"model_alias\" \"%V\", %s", &value[1],
                           &alias->name,
                           alias->pattern
                           ? "it may have one \"*\" only"
                           : "only where the alias's name has a \"*\" may "
                             "the target have one");
        return NGX_CONF_ERROR;
    }

    target = alias->targets.elts;

    for (i = 0; i < alias->targets.nelts; i++) {
        if (ngx_http_model_alias_eq(&target[i].text, &value[1])) {
            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                               "duplicate \"target\" \"%V\" in "
                               "\"model_alias\" \"%V\"", &value[1],
                               &alias->name);
            return NGX_CONF_ERROR;
        }
    }

    target = ngx_array_push(&alias->targets);
    if (target == NULL) {
        return NGX_CONF_ERROR;
    }

    ngx_memzero(target, sizeof(ngx_http_model_alias_target_t));

    target->text = value[1];
    target->file_name = cf->conf_file->file.name.data;
    target->line = cf->conf_file->line;

    for (i = 2; i < cf->args->nelts; i++) {
        if (ngx_http_model_alias_param(cf, target, &value[i]) != NGX_CONF_OK) {
            return NGX_CONF_ERROR;
        }
    }

    if (target->weight == 0) {
        target->weight = 1;
    }

    return NGX_CONF_OK;
}


static char *
ngx_http_model_alias_param(ngx_conf_t *cf,
    ngx_http_model_alias_target_t *target, ngx_str_t *param)
{
    if (param->len == 6 && ngx_strncmp(param->data, "backup", 6) == 0) {

        if (target->backup) {
            goto duplicate;
        }

        target->backup = 1;

        return NGX_CONF_OK;
    }

    if (ngx_strncmp(param->data, "weight=", 7) == 0) {

        if (target->weight) {
            goto duplicate;
        }

        target->weight = ngx_atoi(param->data + 7, param->len - 7);

        if (target->weight < 1
            || target->weight > NGX_HTTP_MODEL_ALIAS_WEIGHT)
        {
            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                               "invalid value in \"%V\" of \"target\", it must "
                               "be a number from 1 to %d", param,
                               NGX_HTTP_MODEL_ALIAS_WEIGHT);
            return NGX_CONF_ERROR;
        }

        return NGX_CONF_OK;
    }

    ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                       "invalid parameter \"%V\" of \"target\", known are "
                       "\"weight=number\", \"backup\"", param);
    return NGX_CONF_ERROR;

duplicate:

    ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                       "duplicate parameter \"%V\" of \"target\"", param);
    return NGX_CONF_ERROR;
}


static char *
ngx_http_model_alias_done(ngx_conf_t *cf, ngx_http_model_alias_t *alias)
{
    ngx_uint_t                      i;
    ngx_http_model_alias_target_t  *target;

    target = alias->targets.elts;

    for (i = 0; i < alias->targets.nelts; i++) {
        if (!target[i].backup) {
            return NGX_CONF_OK;
        }
    }

    ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                       "\"model_alias\" \"%V\" has %s", &alias->name,
                       i ? "only backup targets, one at least must be without "
                           "\"backup\""
                         : "no \"target\", it takes \"target vendor:model;\"");

    return NGX_CONF_ERROR;
}


static ngx_uint_t
ngx_http_model_alias_text(ngx_str_t *text, size_t max)
{
    size_t  i;

    for (i = 0; i < text->len; i++) {
        if (text->data[i] < 0x20 || text->data[i] == 0x7f) {
            return 0;
        }
    }

    return text->len <= max;
}


static ngx_uint_t
ngx_http_model_alias_stars(ngx_str_t *text)
{
    size_t      i;
    ngx_uint_t  n;

    n = 0;

    for (i = 0; i < text->len; i++) {
        n += (text->data[i] == '*');
    }

    return n;
}


ngx_int_t
ngx_http_model_alias_bind(ngx_conf_t *cf, ngx_array_t *aliases,
    ngx_array_t *vendors)
{
    ngx_uint_t                       i, j;
    ngx_http_model_alias_t         **alias;
    ngx_http_model_alias_target_t   *target;

    alias = aliases->elts;

    for (i = 0; i < aliases->nelts; i++) {

        target = alias[i]->targets.elts;

        for (j = 0; j < alias[i]->targets.nelts; j++) {
            if (ngx_http_model_alias_bind_target(cf, alias[i], &target[j],
                                                 aliases, vendors)
                != NGX_OK)
            {
                return NGX_ERROR;
            }
        }
    }

    for (i = 0; i < aliases->nelts; i++) {
        if (ngx_http_model_alias_bind_depth(cf, alias[i]) != NGX_OK) {
            return NGX_ERROR;
        }
    }

    return NGX_OK;
}


static ngx_int_t
ngx_http_model_alias_bind_target(ngx_conf_t *cf,
    ngx_http_model_alias_t *alias, ngx_http_model_alias_target_t *target,
    ngx_array_t *aliases, ngx_array_t *vendors)
{
    target->vendor = ngx_http_model_route_prefix(vendors, &target->text,
                                                 &target->model);

    if (target->vendor == NULL) {

        target->alias = ngx_http_model_alias_lookup(aliases, &target->text,
                                                  NGX_HTTP_MODEL_ALIAS_EXACT);
        if (target->alias == NULL) {
            ngx_log_error(NGX_LOG_EMERG, cf->log, 0,
                          "invalid value \"%V\" of \"target\" in "
                          "\"model_alias\" \"%V\", it must be vendor:model "
                          "with a declared vendor, or the name of an alias "
                          "without \"*\" in %s:%ui", &target->text,
                          &alias->name, target->file_name, target->line);
            return NGX_ERROR;
        }

        return NGX_OK;
    }

    if (target->model.len > NGX_HTTP_MODEL_NAME_LEN) {
        ngx_log_error(NGX_LOG_EMERG, cf->log, 0,
                      "too long model in \"target\" of \"model_alias\" "
                      "\"%V\", it must be 1 to %d bytes in %s:%ui",
                      &alias->name, NGX_HTTP_MODEL_NAME_LEN,
                      target->file_name, target->line);
        return NGX_ERROR;
    }

    /* what "*" will stand for is looked at when it is known */

    if (!ngx_http_model_alias_stars(&target->model)
        && !ngx_http_model_route_exposed(target->vendor, &target->model))
    {
        ngx_log_error(NGX_LOG_EMERG, cf->log, 0,
                      "\"expose\" of vendor \"%V\" does not offer the model "
                      "\"%V\" of \"target\" in \"model_alias\" \"%V\" in "
                      "%s:%ui", &target->vendor->id, &target->model,
                      &alias->name, target->file_name, target->line);
        return NGX_ERROR;
    }

    return NGX_OK;
}


static ngx_int_t
ngx_http_model_alias_bind_depth(ngx_conf_t *cf, ngx_http_model_alias_t *alias)
{
    ngx_uint_t                      i, depth;
    ngx_http_model_alias_target_t  *target;

    if (alias->depth) {
        return NGX_OK;
    }

    alias->binding = 1;

    depth = 1;
    target = alias->targets.elts;

    for (i = 0; i < alias->targets.nelts; i++) {

        if (target[i].alias == NULL) {
            continue;
        }

        if (target[i].alias->binding) {
            ngx_log_error(NGX_LOG_EMERG, cf->log, 0,
                          "\"target\" \"%V\" in \"model_alias\" \"%V\" leads "
                          "back to it, aliases must not make a loop in "
                          "%s:%ui", &target[i].text, &alias->name,
                          target[i].file_name, target[i].line);
            return NGX_ERROR;
        }

        if (ngx_http_model_alias_bind_depth(cf, target[i].alias) != NGX_OK) {
            return NGX_ERROR;
        }

        depth = ngx_max(depth, target[i].alias->depth + 1);

        if (depth > NGX_HTTP_MODEL_ALIAS_DEPTH) {
            ngx_log_error(NGX_LOG_EMERG, cf->log, 0,
                          "\"target\" \"%V\" in \"model_alias\" \"%V\" is the "
                          "last of more than %d aliases that lead to each "
                          "other in %s:%ui", &target[i].text, &alias->name,
                          NGX_HTTP_MODEL_ALIAS_DEPTH, target[i].file_name,
                          target[i].line);
            return NGX_ERROR;
        }
    }

    alias->binding = 0;
    alias->depth = depth;

    return NGX_OK;
}


static ngx_http_model_alias_t *
ngx_http_model_alias_lookup(ngx_array_t *aliases, ngx_str_t *name,
    ngx_uint_t how)
{
    ngx_str_t                 plain, own;
    ngx_uint_t                i;
    ngx_http_model_alias_t  **alias;

    if (aliases == NULL || name->len == 0) {
        return NULL;
    }

    alias = aliases->elts;
    plain = ngx_http_model_alias_plain(name);

    for (i = 0; i < aliases->nelts; i++) {

        if (alias[i]->pattern != (how == NGX_HTTP_MODEL_ALIAS_PATTERN)) {
            continue;
        }

        switch (how) {

        case NGX_HTTP_MODEL_ALIAS_EXACT:
            if (ngx_http_model_alias_eq(&alias[i]->name, name)) {
                return alias[i];
            }

            break;

        case NGX_HTTP_MODEL_ALIAS_LATEST:
            own = ngx_http_model_alias_plain(&alias[i]->name);

            if (ngx_http_model_alias_eq(&own, &plain)) {
                return alias[i];
            }

            break;

        default: /* NGX_HTTP_MODEL_ALIAS_PATTERN */
            if (ngx_http_model_wildcard(&alias[i]->name, name)) {
                return alias[i];
            }
        }
    }

    return NULL;
}


static ngx_str_t
ngx_http_model_alias_plain(ngx_str_t *name)
{
    ngx_str_t  plain;

    plain = *name;

    if (ngx_http_model_route_is_latest(name)) {
        plain.len -= NGX_HTTP_MODEL_LATEST_LEN;
    }

    return plain;
}


static ngx_uint_t
ngx_http_model_alias_eq(ngx_str_t *one, ngx_str_t *two)
{
    return one->len == two->len
           && ngx_memcmp(one->data, two->data, one->len) == 0;
}


ngx_http_model_alias_t *
ngx_http_model_alias_find(ngx_http_model_scope_t *scope, ngx_str_t *name)
{
    return ngx_http_model_alias_lookup(scope->aliases, name,
                                       NGX_HTTP_MODEL_ALIAS_EXACT);
}


ngx_int_t
ngx_http_model_alias_route(ngx_http_model_scope_t *scope, ngx_str_t *name,
    ngx_uint_t how, ngx_http_model_route_t *route, ngx_pool_t *pool)
{
    size_t                   before;
    ngx_str_t                star;
    ngx_array_t             *targets;
    ngx_http_model_alias_t  *alias;

    alias = ngx_http_model_alias_lookup(scope->aliases, name, how);
    if (alias == NULL) {
        return NGX_DECLINED;
    }

    ngx_str_null(&star);

    if (alias->pattern) {
        before = ngx_strlchr(alias->name.data,
                             alias->name.data + alias->name.len, '*')
                 - alias->name.data;

        star.data = name->data + before;
        star.len = name->len - (alias->name.len - 1);
    }

    targets = ngx_http_model_alias_targets(scope, alias, &star, 0, pool);
    if (targets == NULL) {
        return NGX_ERROR;
    }

    if (targets->nelts == 0) {
        return NGX_ABORT;
    }

    *route = *(ngx_http_model_route_t *) targets->elts;

    return NGX_OK;
}
