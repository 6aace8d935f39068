
/*
 * Copyright (C) the ngx_http_model_module authors
 *
 * The stock proxy module's own commands, called and compared by name.  Owns
 * nothing; calls nothing of ours.
 */


#ifndef _NGX_HTTP_MODEL_PROXY_STOCK_H_INCLUDED_
#define _NGX_HTTP_MODEL_PROXY_STOCK_H_INCLUDED_


#include "ngx_http_model_vendor.h"


extern ngx_module_t  ngx_http_proxy_module;


#define NGX_HTTP_MODEL_PROXY_ARGS  6

#define ngx_http_model_proxy_conf(vendor)                                     \
    (vendor)->ctx->loc_conf[ngx_http_proxy_module.ctx_index]


/* the command of this name, or NULL */
ngx_command_t *ngx_http_model_proxy_command(ngx_str_t *name);

/*
 * Calls the stock setter for a directive that the configuration lacks: args
 * are its words, at most NGX_HTTP_MODEL_PROXY_ARGS, ended by NULL if fewer.
 * NGX_ERROR with the reason logged; a directive that this nginx lacks is none.
 */
ngx_int_t ngx_http_model_proxy_set(ngx_conf_t *cf,
    ngx_http_model_vendor_t *vendor, char **args);

/*
 * The header list of a completed vendor: ngx_keyval_t, of which those without
 * a value are not sent; NULL when this nginx keeps it in another way.
 */
ngx_array_t *ngx_http_model_proxy_sent(ngx_http_model_vendor_t *vendor);

/* 1 when a generic setter was called: conf differs from the unset one */
ngx_uint_t ngx_http_model_proxy_is_set(ngx_command_t *cmd, void *conf,
    void *pristine);

/* 1 when both merged configurations have one value, or it cannot be told */
ngx_uint_t ngx_http_model_proxy_equal(ngx_command_t *cmd, void *one,
    void *two);


#endif /* _NGX_HTTP_MODEL_PROXY_STOCK_H_INCLUDED_ */
