
/*
 * Copyright (C) the ngx_http_model_module authors
 *
 * The servers of a vendor: the one walk over the peers of its upstream.  Calls
 * nothing of ours.
 */


#ifndef _NGX_HTTP_MODEL_PEERS_H_INCLUDED_
#define _NGX_HTTP_MODEL_PEERS_H_INCLUDED_


#include "ngx_http_model_vendor.h"


typedef struct {
    ngx_str_t     name;       /* the key of the server in the catalogue: the
                                 address as text, or the authority of
                                 proxy_pass where that is one server */
    ngx_str_t     server;     /* as written, at most 255 bytes */
    ngx_addr_t    addr;       /* sockaddr NULL: cannot be pinned */
    unsigned      down:1;     /* taken out by the configuration */
    unsigned      backup:1;
} ngx_http_model_peer_t;


/*
 * Copies the peers that the vendor's upstream has now, primary ones first, of
 * several with one address the first, into an array of ngx_http_model_peer_t
 * in pool.  A vendor without an upstream block, or resolved at run time, is
 * one server named vendor->authority.  To be called in a worker.  NULL when
 * memory ran out.
 */
ngx_array_t *ngx_http_model_peers(ngx_http_model_vendor_t *vendor,
    ngx_pool_t *pool);


#endif /* _NGX_HTTP_MODEL_PEERS_H_INCLUDED_ */
