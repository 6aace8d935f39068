
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
    ngx_uint_t    weight;
    ngx_uint_t    max_conns;  /* 0: no limit */
    unsigned      down:1;     /* taken out by the configuration */
    unsigned      backup:1;
} ngx_http_model_peer_t;


/*
 * What each visits: a peer of an upstream, its place in its group (primary or
 * backup).  It runs under the lock of the peers: no logging, no allocation.
 */
typedef void (*ngx_http_model_peers_pt)(ngx_http_upstream_rr_peers_t *group,
    ngx_http_upstream_rr_peer_t *peer, ngx_uint_t i, ngx_uint_t backup,
    void *data);

/* the one walk: visits the primary peers, then the backup ones */
void ngx_http_model_peers_each(ngx_http_upstream_rr_peers_t *peers,
    ngx_http_model_peers_pt visit, void *data);

/* 1 when the configuration lets more than one be asked, backup or not */
ngx_uint_t ngx_http_model_peers_choice(ngx_http_upstream_rr_peers_t *peers);

/*
 * To be called before a slot is given back whose server was not asked: name is
 * the one that the method gave, of the peer itself.  What is known of its
 * failures stays.  us may be NULL.
 */
void ngx_http_model_peers_unasked(ngx_http_upstream_srv_conf_t *us,
    ngx_str_t *name);

/*
 * Copies the peers that the vendor's upstream has now, primary ones first, of
 * several with one address the first, with weight and limit of all, into an
 * array of ngx_http_model_peer_t in pool.  A vendor without an upstream block,
 * or resolved at run time, is one server named vendor->authority.  To be
 * called in a worker.  NULL when memory ran out.
 */
ngx_array_t *ngx_http_model_peers(ngx_http_model_vendor_t *vendor,
    ngx_pool_t *pool);


/* a number that is another one after "resolve" changed the vendor's servers */
ngx_uint_t ngx_http_model_peers_state(ngx_http_model_vendor_t *vendor);


#endif /* _NGX_HTTP_MODEL_PEERS_H_INCLUDED_ */
