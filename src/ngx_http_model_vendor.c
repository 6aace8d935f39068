
/*
 * Copyright (C) the ngx_http_model_module authors
 */


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "ngx_http_model_declare.h"
#include "ngx_http_model_preset.h"
#include "ngx_http_model_proxy.h"
#include "ngx_http_model_vendor.h"


#define NGX_HTTP_MODEL_ID_LEN  32


typedef char *(*ngx_http_model_vendor_set_pt)(ngx_conf_t *cf,
    ngx_http_model_vendor_t *vendor);


typedef struct {
    ngx_str_t                      name;
    ngx_uint_t                     min;     /* arguments */
    ngx_uint_t                     max;
    ngx_http_model_vendor_set_pt   set;
} ngx_http_model_vendor_command_t;


static char *ngx_http_model_vendor_directive(ngx_conf_t *cf,
    ngx_command_t *dummy, void *conf);
static ngx_http_model_vendor_t *ngx_http_model_vendor_create(ngx_conf_t *cf,
    ngx_array_t *vendors, ngx_str_t *id);
static char *ngx_http_model_vendor_done(ngx_conf_t *cf,
    ngx_http_model_vendor_t *vendor);
static char *ngx_http_model_vendor_label(ngx_conf_t *cf,
    ngx_http_model_vendor_t *vendor);
static char *ngx_http_model_vendor_rank(ngx_conf_t *cf,
    ngx_http_model_vendor_t *vendor);
static char *ngx_http_model_vendor_hosting(ngx_conf_t *cf,
    ngx_http_model_vendor_t *vendor);
static char *ngx_http_model_vendor_instances(ngx_conf_t *cf,
    ngx_http_model_vendor_t *vendor);
static char *ngx_http_model_vendor_dialect(ngx_conf_t *cf,
    ngx_http_model_vendor_t *vendor);
static char *ngx_http_model_vendor_bridge(ngx_conf_t *cf,
    ngx_http_model_vendor_t *vendor);
static char *ngx_http_model_vendor_key(ngx_conf_t *cf,
    ngx_http_model_vendor_t *vendor);
static char *ngx_http_model_vendor_discover(ngx_conf_t *cf,
    ngx_http_model_vendor_t *vendor);
static char *ngx_http_model_vendor_discover_time(ngx_conf_t *cf,
    ngx_http_model_vendor_t *vendor, ngx_str_t *value);
static char *ngx_http_model_vendor_expose(ngx_conf_t *cf,
    ngx_http_model_vendor_t *vendor);
static char *ngx_http_model_vendor_prefix(ngx_conf_t *cf,
    ngx_http_model_vendor_t *vendor);
static char *ngx_http_model_vendor_preset(ngx_conf_t *cf,
    ngx_http_model_vendor_t *vendor);


static ngx_http_model_vendor_command_t  ngx_http_model_vendor_commands[] = {

    { ngx_string("label"), 1, 1, ngx_http_model_vendor_label },
    { ngx_string("rank"), 1, 1, ngx_http_model_vendor_rank },
    { ngx_string("hosting"), 1, 1, ngx_http_model_vendor_hosting },
    { ngx_string("instances"), 1, 1, ngx_http_model_vendor_instances },
    { ngx_string("dialect"), 1, 3, ngx_http_model_vendor_dialect },
    { ngx_string("bridge"), 1, 1, ngx_http_model_vendor_bridge },
    { ngx_string("key"), 1, 3, ngx_http_model_vendor_key },
    { ngx_string("model"), 1, 64, ngx_http_model_declare },
    { ngx_string("discover"), 1, 3, ngx_http_model_vendor_discover },
    { ngx_string("expose"), 1, 1024, ngx_http_model_vendor_expose },
    { ngx_string("prefix"), 1, 1, ngx_http_model_vendor_prefix },
    { ngx_string("default"), 2, 2, ngx_http_model_vendor_preset },
    { ngx_string("force"), 2, 2, ngx_http_model_vendor_preset },
    { ngx_null_string, 0, 0, NULL }
};


static ngx_conf_enum_t  ngx_http_model_vendor_dialects[] = {
    { ngx_string("ollama"), NGX_HTTP_MODEL_OLLAMA },
    { ngx_string("openai"), NGX_HTTP_MODEL_OPENAI },
    { ngx_string("anthropic"), NGX_HTTP_MODEL_ANTHROPIC },
    { ngx_null_string, 0 }
};


ngx_uint_t
ngx_http_model_wildcard(ngx_str_t *pattern, ngx_str_t *name)
{
    u_char  *p, *s, *plast, *slast, *star, *mark;

    p = pattern->data;
    s = name->data;
    plast = p + pattern->len;
    slast = s + name->len;
    star = NULL;
    mark = NULL;

    while (s < slast) {

        if (p < plast && *p == '*') {
            star = p++;
            mark = s;
            continue;
        }

        if (p < plast && *p == *s) {
            p++;
            s++;
            continue;
        }

        if (star == NULL) {
            return 0;
        }

        p = star + 1;
        s = ++mark;
    }

    while (p < plast && *p == '*') {
        p++;
    }

    return p == plast;
}


ngx_uint_t
ngx_http_model_vendor_exposes(ngx_http_model_vendor_t *vendor,
    ngx_str_t *model)
{
    ngx_str_t   *pattern, plain;
    ngx_uint_t   i;

    if (vendor->expose == NULL) {
        return 1;
    }

    pattern = vendor->expose->elts;

    /* "llama3" and "llama3:latest" are one model */

    plain = *model;

    if (plain.len > 7
        && ngx_strncmp(plain.data + plain.len - 7, ":latest", 7) == 0)
    {
        plain.len -= 7;
    }

    for (i = 0; i < vendor->expose->nelts; i++) {
        if (ngx_http_model_wildcard(&pattern[i], model)
            || ngx_http_model_wildcard(&pattern[i], &plain))
        {
            return 1;
        }
    }

    return 0;
}


ngx_http_model_vendor_t *
ngx_http_model_vendor_find(ngx_array_t *vendors, ngx_str_t *id)
{
    ngx_uint_t                 i;
    ngx_http_model_vendor_t  **vendor;

    vendor = vendors->elts;

    for (i = 0; i < vendors->nelts; i++) {
        if (vendor[i]->id.len == id->len
            && ngx_memcmp(vendor[i]->id.data, id->data, id->len) == 0)
        {
            return vendor[i];
        }
    }

    return NULL;
}


char *
ngx_http_model_vendor_block(ngx_conf_t *cf, ngx_array_t *vendors)
{
    char                     *rv;
    ngx_str_t                *value;
    ngx_conf_t                saved;
    ngx_http_model_vendor_t  *vendor;

    value = cf->args->elts;

    vendor = ngx_http_model_vendor_create(cf, vendors, &value[1]);
    if (vendor == NULL) {
        return NGX_CONF_ERROR;
    }

    saved = *cf;

    cf->handler = ngx_http_model_vendor_directive;
    cf->handler_conf = (char *) vendor;

    rv = ngx_conf_parse(cf, NULL);

    *cf = saved;

    if (rv != NGX_CONF_OK) {
        return rv;
    }

    return ngx_http_model_vendor_done(cf, vendor);
}


static ngx_http_model_vendor_t *
ngx_http_model_vendor_create(ngx_conf_t *cf, ngx_array_t *vendors,
    ngx_str_t *id)
{
    u_char                      c;
    ngx_uint_t                  i;
    ngx_http_model_vendor_t    *vendor, **slot;

    for (i = 0; i < id->len; i++) {
        c = id->data[i];

        if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9')
              || (i && (c == '-' || c == '_'))))
        {
            break;
        }
    }

    if (id->len == 0 || i != id->len || id->len > NGX_HTTP_MODEL_ID_LEN) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "invalid vendor id \"%V\", it must be 1 to %d of "
                           "\"a-z\", \"0-9\", \"-\", \"_\" and begin with a "
                           "letter or digit", id, NGX_HTTP_MODEL_ID_LEN);
        return NULL;
    }

    vendor = ngx_http_model_vendor_find(vendors, id);

    if (vendor) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "duplicate \"model_vendor\" \"%V\", it is declared "
                           "in %s:%ui", id, vendor->file_name, vendor->line);
        return NULL;
    }

    vendor = ngx_pcalloc(cf->pool, sizeof(ngx_http_model_vendor_t));
    if (vendor == NULL) {
        return NULL;
    }

    if (ngx_array_init(&vendor->declared, cf->pool, 4,
                       sizeof(ngx_http_model_declared_t))
        != NGX_OK
        || ngx_array_init(&vendor->presets, cf->pool, 2,
                          sizeof(ngx_http_model_preset_t))
           != NGX_OK)
    {
        return NULL;
    }

    vendor->id = *id;
    vendor->index = vendors->nelts;
    vendor->rank = NGX_CONF_UNSET;
    vendor->instances = NGX_CONF_UNSET;
    vendor->interval = NGX_CONF_UNSET_MSEC;
    vendor->timeout = NGX_CONF_UNSET_MSEC;
    vendor->grace = NGX_CONF_UNSET_MSEC;
    vendor->discover = 1;
    vendor->prefix = 1;
    vendor->file_name = cf->conf_file->file.name.data;
    vendor->line = cf->conf_file->line;

    if (ngx_http_model_proxy_create(cf, vendor) != NGX_OK) {
        return NULL;
    }

    slot = ngx_array_push(vendors);
    if (slot == NULL) {
        return NULL;
    }

    *slot = vendor;

    return vendor;
}


static char *
ngx_http_model_vendor_directive(ngx_conf_t *cf, ngx_command_t *dummy,
    void *conf)
{
    char                             *rv;
    ngx_str_t                        *value;
    ngx_uint_t                        n;
    ngx_http_model_vendor_t          *vendor;
    ngx_http_model_vendor_command_t  *cmd;

    (void) dummy;

    vendor = conf;
    value = cf->args->elts;
    n = cf->args->nelts - 1;

    if (value[0].len == 7 && ngx_strncmp(value[0].data, "include", 7) == 0) {

        if (n != 1) {
            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                               "invalid number of arguments in \"include\" "
                               "directive");
            return NGX_CONF_ERROR;
        }

        return ngx_conf_include(cf, NULL, NULL);
    }

    if (ngx_strncmp(value[0].data, "proxy_", 6) == 0) {
        rv = ngx_http_model_proxy_directive(cf, vendor);
        goto done;
    }

    for (cmd = ngx_http_model_vendor_commands; cmd->name.len; cmd++) {

        if (cmd->name.len != value[0].len
            || ngx_strncmp(cmd->name.data, value[0].data, value[0].len) != 0)
        {
            continue;
        }

        if (n < cmd->min || n > cmd->max) {
            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                               "invalid number of arguments in \"%V\" "
                               "directive", &value[0]);
            return NGX_CONF_ERROR;
        }

        rv = cmd->set(cf, vendor);
        goto done;
    }

    ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                       "unknown directive \"%V\" in \"model_vendor\"",
                       &value[0]);
    return NGX_CONF_ERROR;

done:

    if (rv == NGX_CONF_OK || rv == NGX_CONF_ERROR) {
        return rv;
    }

    /* a string returned from cf->handler would lose the directive's name */

    ngx_conf_log_error(NGX_LOG_EMERG, cf, 0, "\"%V\" directive %s",
                       &value[0], rv);

    return NGX_CONF_ERROR;
}


static char *
ngx_http_model_vendor_done(ngx_conf_t *cf, ngx_http_model_vendor_t *vendor)
{
    if (vendor->url.data == NULL) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"model_vendor\" \"%V\" has no \"proxy_pass\", "
                           "which says where it is", &vendor->id);
        return NGX_CONF_ERROR;
    }

    if (vendor->label.len == 0) {
        vendor->label = vendor->id;
    }

    if (vendor->rank == NGX_CONF_UNSET) {
        vendor->rank = vendor->index + 1;
    }

    if (vendor->hosting == 0) {
        vendor->hosting = vendor->ssl ? NGX_HTTP_MODEL_HOSTING_CLOUD
                                      : NGX_HTTP_MODEL_HOSTING_LOCAL;
    }

    if (vendor->dialects == 0) {
        vendor->dialect = NGX_HTTP_MODEL_OLLAMA;
        vendor->dialects = ngx_http_model_dialect_bit(NGX_HTTP_MODEL_OLLAMA);
    }

    if (vendor->translate
        && !(vendor->dialects
             & ngx_http_model_dialect_bit(NGX_HTTP_MODEL_OLLAMA)))
    {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"bridge translate\" of \"model_vendor\" \"%V\" "
                           "needs \"dialect ollama\": it chooses between "
                           "what such a server has itself and /api/chat",
                           &vendor->id);
        return NGX_CONF_ERROR;
    }

    if (vendor->interval == NGX_CONF_UNSET_MSEC) {
        vendor->interval = (vendor->hosting == NGX_HTTP_MODEL_HOSTING_LOCAL)
                           ? 30000 : 600000;
    }

    if (vendor->timeout == NGX_CONF_UNSET_MSEC) {
        vendor->timeout = 5000;
    }

    if (vendor->grace == NGX_CONF_UNSET_MSEC) {
        vendor->grace = 60000;
    }

    return NGX_CONF_OK;
}


static char *
ngx_http_model_vendor_label(ngx_conf_t *cf, ngx_http_model_vendor_t *vendor)
{
    ngx_str_t  *value;

    value = cf->args->elts;

    if (vendor->label.len) {
        return "is duplicate";
    }

    if (!ngx_http_model_declare_text(&value[1])) {
        return "must be a text without control characters";
    }

    vendor->label = value[1];

    return NGX_CONF_OK;
}


static char *
ngx_http_model_vendor_rank(ngx_conf_t *cf, ngx_http_model_vendor_t *vendor)
{
    ngx_str_t  *value;

    value = cf->args->elts;

    if (vendor->rank != NGX_CONF_UNSET) {
        return "is duplicate";
    }

    vendor->rank = ngx_atoi(value[1].data, value[1].len);

    if (vendor->rank == NGX_ERROR) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "invalid value \"%V\" of \"rank\", it must be a "
                           "number, the smallest is listed first", &value[1]);
        return NGX_CONF_ERROR;
    }

    return NGX_CONF_OK;
}


static char *
ngx_http_model_vendor_hosting(ngx_conf_t *cf, ngx_http_model_vendor_t *vendor)
{
    ngx_str_t  *value;

    value = cf->args->elts;

    if (vendor->hosting) {
        return "is duplicate";
    }

    if (ngx_strcmp(value[1].data, "local") == 0) {
        vendor->hosting = NGX_HTTP_MODEL_HOSTING_LOCAL;

    } else if (ngx_strcmp(value[1].data, "cloud") == 0) {
        vendor->hosting = NGX_HTTP_MODEL_HOSTING_CLOUD;

    } else {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "invalid value \"%V\" of \"hosting\", it must be "
                           "\"local\" or \"cloud\"", &value[1]);
        return NGX_CONF_ERROR;
    }

    return NGX_CONF_OK;
}


static char *
ngx_http_model_vendor_instances(ngx_conf_t *cf,
    ngx_http_model_vendor_t *vendor)
{
    ngx_str_t  *value;

    value = cf->args->elts;

    if (vendor->instances != NGX_CONF_UNSET) {
        return "is duplicate";
    }

    vendor->instances = ngx_atoi(value[1].data, value[1].len);

    if (vendor->instances == NGX_ERROR || vendor->instances == 0) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "invalid value \"%V\" of \"instances\", it must be "
                           "the largest number of servers", &value[1]);
        return NGX_CONF_ERROR;
    }

    return NGX_CONF_OK;
}


static char *
ngx_http_model_vendor_dialect(ngx_conf_t *cf, ngx_http_model_vendor_t *vendor)
{
    ngx_str_t        *value;
    ngx_uint_t        i;
    ngx_conf_enum_t  *e;

    value = cf->args->elts;

    if (vendor->dialects) {
        return "is duplicate";
    }

    for (i = 1; i < cf->args->nelts; i++) {

        for (e = ngx_http_model_vendor_dialects; e->name.len; e++) {
            if (ngx_strcmp(value[i].data, e->name.data) == 0) {
                break;
            }
        }

        if (e->name.len == 0) {
            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                               "invalid value \"%V\" of \"dialect\", it must "
                               "be \"ollama\", \"openai\" or \"anthropic\"",
                               &value[i]);
            return NGX_CONF_ERROR;
        }

        if (vendor->dialects & ngx_http_model_dialect_bit(e->value)) {
            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                               "duplicate value \"%V\" of \"dialect\"",
                               &value[i]);
            return NGX_CONF_ERROR;
        }

        if (vendor->dialects == 0) {
            vendor->dialect = e->value;
        }

        vendor->dialects |= ngx_http_model_dialect_bit(e->value);
    }

    return NGX_CONF_OK;
}


static char *
ngx_http_model_vendor_bridge(ngx_conf_t *cf, ngx_http_model_vendor_t *vendor)
{
    ngx_str_t  *value;

    value = cf->args->elts;

    if (vendor->bridge_set) {
        return "is duplicate";
    }

    vendor->bridge_set = 1;

    if (ngx_strcmp(value[1].data, "native") == 0) {
        return NGX_CONF_OK;
    }

    if (ngx_strcmp(value[1].data, "translate") == 0) {
        vendor->translate = 1;
        return NGX_CONF_OK;
    }

    ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                       "invalid value \"%V\" of \"bridge\", it must be "
                       "\"native\" or \"translate\"", &value[1]);
    return NGX_CONF_ERROR;
}


static char *
ngx_http_model_vendor_key(ngx_conf_t *cf, ngx_http_model_vendor_t *vendor)
{
    return ngx_http_model_key_set(cf, &vendor->key);
}


static char *
ngx_http_model_vendor_discover(ngx_conf_t *cf,
    ngx_http_model_vendor_t *vendor)
{
    ngx_int_t    time;
    ngx_str_t   *value;
    ngx_uint_t   i;

    value = cf->args->elts;

    if (vendor->discover_set) {
        return "is duplicate";
    }

    vendor->discover_set = 1;

    if (ngx_strcmp(value[1].data, "off") == 0) {
        vendor->discover = 0;

    } else if (ngx_strcmp(value[1].data, "on") != 0) {

        time = ngx_parse_time(&value[1], 0);

        if (time == NGX_ERROR || time == 0) {
            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                               "invalid value \"%V\" of \"discover\", it must "
                               "be \"on\", \"off\" or an interval such as "
                               "\"30s\"", &value[1]);
            return NGX_CONF_ERROR;
        }

        vendor->interval = time;
    }

    for (i = 2; i < cf->args->nelts; i++) {

        if (ngx_http_model_vendor_discover_time(cf, vendor, &value[i])
            != NGX_CONF_OK)
        {
            return NGX_CONF_ERROR;
        }
    }

    return NGX_CONF_OK;
}


static char *
ngx_http_model_vendor_discover_time(ngx_conf_t *cf,
    ngx_http_model_vendor_t *vendor, ngx_str_t *value)
{
    size_t       len;
    ngx_int_t    time;
    ngx_str_t    text;
    ngx_msec_t  *field;

    if (ngx_strncmp(value->data, "timeout=", 8) == 0) {
        len = 8;
        field = &vendor->timeout;

    } else if (ngx_strncmp(value->data, "grace=", 6) == 0) {
        len = 6;
        field = &vendor->grace;

    } else {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "invalid parameter \"%V\" of \"discover\", only "
                           "\"timeout=time\" and \"grace=time\" are known",
                           value);
        return NGX_CONF_ERROR;
    }

    text.data = value->data + len;
    text.len = value->len - len;

    if (*field != NGX_CONF_UNSET_MSEC) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "duplicate parameter \"%V\" of \"discover\"",
                           value);
        return NGX_CONF_ERROR;
    }

    time = ngx_parse_time(&text, 0);

    if (time == NGX_ERROR || (time == 0 && field == &vendor->timeout)) {
        text.len = len;
        text.data = value->data;

        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "invalid time in \"%V\", \"%V5s\" would be one",
                           value, &text);
        return NGX_CONF_ERROR;
    }

    *field = time;

    return NGX_CONF_OK;
}


static char *
ngx_http_model_vendor_expose(ngx_conf_t *cf, ngx_http_model_vendor_t *vendor)
{
    ngx_str_t   *value, *pattern;
    ngx_uint_t   i;

    value = cf->args->elts;

    if (vendor->expose) {
        return "is duplicate";
    }

    vendor->expose = ngx_array_create(cf->pool, cf->args->nelts,
                                      sizeof(ngx_str_t));
    if (vendor->expose == NULL) {
        return NGX_CONF_ERROR;
    }

    for (i = 1; i < cf->args->nelts; i++) {

        if (value[i].len == 0) {
            return "has an empty pattern";
        }

        pattern = ngx_array_push(vendor->expose);
        if (pattern == NULL) {
            return NGX_CONF_ERROR;
        }

        *pattern = value[i];
    }

    return NGX_CONF_OK;
}


static char *
ngx_http_model_vendor_prefix(ngx_conf_t *cf, ngx_http_model_vendor_t *vendor)
{
    ngx_str_t  *value;

    value = cf->args->elts;

    if (vendor->prefix_set) {
        return "is duplicate";
    }

    vendor->prefix_set = 1;

    if (ngx_strcmp(value[1].data, "on") == 0) {
        vendor->prefix = 1;

    } else if (ngx_strcmp(value[1].data, "off") == 0) {
        vendor->prefix = 0;

    } else {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "invalid value \"%V\" of \"prefix\", it must be "
                           "\"on\" or \"off\"", &value[1]);
        return NGX_CONF_ERROR;
    }

    return NGX_CONF_OK;
}


static char *
ngx_http_model_vendor_preset(ngx_conf_t *cf, ngx_http_model_vendor_t *vendor)
{
    ngx_str_t                *value;
    const char               *err;
    ngx_http_model_preset_t  *preset;

    value = cf->args->elts;

    err = ngx_http_model_preset_check(cf->pool, &value[1], &value[2]);

    if (err) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0, "invalid \"%V %V %V\": %s",
                           &value[0], &value[1], &value[2], err);
        return NGX_CONF_ERROR;
    }

    err = ngx_http_model_preset_conflict(&vendor->presets, &value[1]);

    if (err) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0, "invalid path \"%V\" of "
                           "\"%V\": %s", &value[1], &value[0], err);
        return NGX_CONF_ERROR;
    }

    preset = ngx_array_push(&vendor->presets);
    if (preset == NULL) {
        return NGX_CONF_ERROR;
    }

    preset->path = value[1];
    preset->value = value[2];
    preset->force = (value[0].data[0] == 'f');

    return NGX_CONF_OK;
}
