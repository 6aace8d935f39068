
/*
 * Copyright (C) the ngx_http_model_module authors
 */


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "ngx_http_model_compat.h"
#include "ngx_http_model_listen.h"


static ngx_uint_t ngx_http_model_listen_has(ngx_http_conf_addr_t *addr,
    ngx_http_core_srv_conf_t *cscf);


ngx_array_t *
ngx_http_model_listen(ngx_conf_t *cf, ngx_http_conf_ctx_t *ctx)
{
    ngx_uint_t                  i, j;
    ngx_array_t                *listen;
    ngx_http_conf_addr_t       *addr;
    ngx_http_conf_port_t       *port;
    ngx_http_listen_opt_t     **opt;
    ngx_http_core_srv_conf_t   *cscf;
    ngx_http_core_main_conf_t  *cmcf;

    listen = ngx_array_create(cf->temp_pool, 2,
                              sizeof(ngx_http_listen_opt_t *));
    if (listen == NULL) {
        return NULL;
    }

    cmcf = ngx_http_conf_get_module_main_conf(cf, ngx_http_core_module);
    cscf = ctx->srv_conf[ngx_http_core_module.ctx_index];

    if (cmcf->ports == NULL) {
        return listen;
    }

    port = cmcf->ports->elts;

    for (i = 0; i < cmcf->ports->nelts; i++) {
        addr = port[i].addrs.elts;

        for (j = 0; j < port[i].addrs.nelts; j++) {

            if (!ngx_http_model_listen_has(&addr[j], cscf)) {
                continue;
            }

            opt = ngx_array_push(listen);
            if (opt == NULL) {
                return NULL;
            }

            *opt = &addr[j].opt;
        }
    }

    return listen;
}


static ngx_uint_t
ngx_http_model_listen_has(ngx_http_conf_addr_t *addr,
    ngx_http_core_srv_conf_t *cscf)
{
    ngx_uint_t                  i;
    ngx_http_core_srv_conf_t  **server;

    if (addr->default_server == cscf) {
        return 1;
    }

    server = addr->servers.elts;

    for (i = 0; i < addr->servers.nelts; i++) {
        if (server[i] == cscf) {
            return 1;
        }
    }

    return 0;
}


ngx_array_t *
ngx_http_model_listen_urls(ngx_conf_t *cf, ngx_http_conf_ctx_t *ctx)
{
    u_char                  *p;
    ngx_str_t               *url;
    ngx_uint_t               i;
    ngx_array_t             *listen, *urls;
    ngx_http_listen_opt_t  **opt;

    listen = ngx_http_model_listen(cf, ctx);
    urls = ngx_array_create(cf->pool, 2, sizeof(ngx_str_t));

    if (listen == NULL || urls == NULL) {
        return NULL;
    }

    opt = listen->elts;

    for (i = 0; i < listen->nelts; i++) {

        if (opt[i]->sockaddr->sa_family == AF_UNIX
            || ngx_http_model_listen_quic(opt[i]))
        {
            continue;
        }

        url = ngx_array_push(urls);
        if (url == NULL) {
            return NULL;
        }

        p = ngx_pnalloc(cf->pool, sizeof("https://") - 1
                                  + opt[i]->addr_text.len);
        if (p == NULL) {
            return NULL;
        }

        url->data = p;
        url->len = ngx_sprintf(p, "http%s://%V", opt[i]->ssl ? "s" : "",
                               &opt[i]->addr_text)
                   - p;
    }

    return urls;
}
