
/*
 * Copyright (C) the ngx_http_model_module authors
 */


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "ngx_http_model_proxy_stock.h"


static size_t ngx_http_model_proxy_field(ngx_command_t *cmd);
static ngx_uint_t ngx_http_model_proxy_same(ngx_str_t *one, ngx_str_t *two);


ngx_command_t *
ngx_http_model_proxy_command(ngx_str_t *name)
{
    ngx_command_t  *cmd;

    for (cmd = ngx_http_proxy_module.commands; cmd->name.len; cmd++) {

        if (cmd->name.len == name->len
            && ngx_strncmp(cmd->name.data, name->data, name->len) == 0)
        {
            return cmd;
        }
    }

    return NULL;
}


ngx_int_t
ngx_http_model_proxy_set(ngx_conf_t *cf, ngx_http_model_vendor_t *vendor,
    char **args)
{
    char           *rv;
    ngx_str_t      *value;
    ngx_uint_t      i;
    ngx_array_t    *saved;
    ngx_command_t  *cmd;

    saved = cf->args;

    cf->args = ngx_array_create(cf->pool, NGX_HTTP_MODEL_PROXY_ARGS,
                                sizeof(ngx_str_t));
    if (cf->args == NULL) {
        cf->args = saved;
        return NGX_ERROR;
    }

    for (i = 0; i < NGX_HTTP_MODEL_PROXY_ARGS && args[i]; i++) {
        value = ngx_array_push(cf->args);

        /* a copy: setters may lower the case of what they get */

        value->len = ngx_strlen(args[i]);
        value->data = ngx_pnalloc(cf->pool, value->len + 1);

        if (value->data == NULL) {
            cf->args = saved;
            return NGX_ERROR;
        }

        ngx_memcpy(value->data, args[i], value->len + 1);
    }

    value = cf->args->elts;
    cmd = ngx_http_model_proxy_command(&value[0]);

    rv = cmd ? cmd->set(cf, cmd, ngx_http_model_proxy_conf(vendor))
             : NGX_CONF_OK;

    if (rv != NGX_CONF_OK && rv != NGX_CONF_ERROR) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0, "\"%V\" directive %s",
                           &value[0], rv);
    }

    cf->args = saved;

    return (rv == NGX_CONF_OK) ? NGX_OK : NGX_ERROR;
}


ngx_uint_t
ngx_http_model_proxy_is_set(ngx_command_t *cmd, void *conf, void *pristine)
{
    size_t  size;

    size = ngx_http_model_proxy_field(cmd);

    return size && ngx_memcmp((char *) conf + cmd->offset,
                              (char *) pristine + cmd->offset, size)
                   != 0;
}


ngx_array_t *
ngx_http_model_proxy_sent(ngx_http_model_vendor_t *vendor)
{
    void           *conf;
    ngx_array_t    *sent;
    ngx_command_t  *cmd;

    static ngx_str_t  name = ngx_string("proxy_set_header");

    cmd = ngx_http_model_proxy_command(&name);

    if (cmd == NULL || cmd->set != ngx_conf_set_keyval_slot) {
        return NULL;
    }

    conf = vendor->loc_conf[ngx_http_proxy_module.ctx_index];
    sent = *(ngx_array_t **) ((char *) conf + cmd->offset);

    return (sent == NGX_CONF_UNSET_PTR) ? NULL : sent;
}


/* the size of what a generic setter sets; 0: not known */

static size_t
ngx_http_model_proxy_field(ngx_command_t *cmd)
{
    if (cmd->set == ngx_conf_set_flag_slot
        || cmd->set == ngx_conf_set_num_slot
        || cmd->set == ngx_conf_set_msec_slot
        || cmd->set == ngx_conf_set_size_slot
        || cmd->set == ngx_conf_set_enum_slot
        || cmd->set == ngx_conf_set_bitmask_slot)
    {
        return sizeof(ngx_int_t);
    }

    if (cmd->set == ngx_conf_set_str_slot) {
        return sizeof(ngx_str_t);
    }

    if (cmd->set == ngx_conf_set_bufs_slot) {
        return sizeof(ngx_bufs_t);
    }

    if (cmd->set == ngx_conf_set_str_array_slot
        || cmd->set == ngx_conf_set_keyval_slot
        || cmd->set == ngx_http_set_complex_value_slot
        || cmd->set == ngx_http_set_complex_value_zero_slot
        || cmd->set == ngx_http_set_complex_value_size_slot)
    {
        return sizeof(void *);
    }

    return 0;
}


ngx_uint_t
ngx_http_model_proxy_equal(ngx_command_t *cmd, void *one, void *two)
{
    void                      **p, **q;
    ngx_uint_t                  i, n;
    ngx_array_t                *a, *b;
    ngx_http_complex_value_t   *v, *w;

    p = (void **) ((char *) one + cmd->offset);
    q = (void **) ((char *) two + cmd->offset);

    if (cmd->set == ngx_conf_set_str_slot) {
        return ngx_http_model_proxy_same((ngx_str_t *) p, (ngx_str_t *) q);
    }

    if (ngx_memcmp(p, q, ngx_http_model_proxy_field(cmd)) == 0) {
        return 1;
    }

    /* what follows are pointers: to nothing, or to what may be the same */

    if (*p == NULL || *q == NULL
        || *p == NGX_CONF_UNSET_PTR || *q == NGX_CONF_UNSET_PTR)
    {
        return 0;
    }

    if (cmd->set == ngx_http_set_complex_value_slot
        || cmd->set == ngx_http_set_complex_value_zero_slot
        || cmd->set == ngx_http_set_complex_value_size_slot)
    {
        v = *p;
        w = *q;

        return ngx_http_model_proxy_same(&v->value, &w->value);
    }

    if (cmd->set == ngx_conf_set_keyval_slot
        || cmd->set == ngx_conf_set_str_array_slot)
    {
        a = *p;
        b = *q;

        /* a pair is two strings */

        n = a->nelts * (a->size / sizeof(ngx_str_t));

        if (a->nelts != b->nelts) {
            return 0;
        }

        for (i = 0; i < n; i++) {
            if (!ngx_http_model_proxy_same((ngx_str_t *) a->elts + i,
                                           (ngx_str_t *) b->elts + i))
            {
                return 0;
            }
        }

        return 1;
    }

    return 0;
}


static ngx_uint_t
ngx_http_model_proxy_same(ngx_str_t *one, ngx_str_t *two)
{
    return one->len == two->len
           && (one->len == 0
               || ngx_memcmp(one->data, two->data, one->len) == 0);
}
