
/*
 * Copyright (C) the ngx_http_model_module authors
 *
 * The proxy configuration of a vendor: the stock proxy module's own commands
 * and merge, called for a location-like context of the block.  Owns the
 * defaults, the header list and what is refused; calls nothing of ours but
 * the entry that handover gives it.
 */


#ifndef _NGX_HTTP_MODEL_PROXY_H_INCLUDED_
#define _NGX_HTTP_MODEL_PROXY_H_INCLUDED_


#include "ngx_http_model_vendor.h"


/* gives a new vendor its context; to be called before its block is read */
ngx_int_t ngx_http_model_proxy_create(ngx_conf_t *cf,
    ngx_http_model_vendor_t *vendor);

/*
 * Handles the directive in cf->args of a vendor's block when its name starts
 * with "proxy_".  NGX_CONF_OK; a text that goes after the directive's name;
 * NGX_CONF_ERROR with the reason logged.
 */
char *ngx_http_model_proxy_directive(ngx_conf_t *cf,
    ngx_http_model_vendor_t *vendor);

/*
 * Completes all vendors (ngx_http_model_vendor_t *): upstreams, defaults,
 * headers, the merge against http level.  To be called in postconfiguration
 * with cf->ctx of http.  init_peer becomes peer.init of every vendor's mux.
 */
ngx_int_t ngx_http_model_proxy_init(ngx_conf_t *cf, ngx_array_t *vendors,
    ngx_http_upstream_init_peer_pt init_peer);

/*
 * 1 when the location whose merged configurations these are sets a proxy_*
 * directive of its own that its server does not; *name is the directive.
 */
ngx_uint_t ngx_http_model_proxy_differs(void **loc_conf, void **srv_loc_conf,
    ngx_str_t **name);


#endif /* _NGX_HTTP_MODEL_PROXY_H_INCLUDED_ */
