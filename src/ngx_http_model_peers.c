
/*
 * Copyright (C) the ngx_http_model_module authors
 */


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "ngx_http_model_compat.h"
#include "ngx_http_model_peers.h"


#define NGX_HTTP_MODEL_PEERS_SERVER  255


/* what is copied while the peers are locked, without allocation */

typedef struct {
    ngx_sockaddr_t   sockaddr;
    socklen_t        socklen;
    size_t           name_len;
    size_t           server_len;
    ngx_uint_t       weight;
    ngx_uint_t       max_conns;
    ngx_uint_t       down;
    ngx_uint_t       backup;
    u_char           name[NGX_SOCKADDR_STRLEN];
    u_char           server[NGX_HTTP_MODEL_PEERS_SERVER];
} ngx_http_model_peers_copy_t;


typedef struct {
    ngx_http_model_peers_copy_t  *copies;
    ngx_uint_t                    max;
    ngx_uint_t                    n;
} ngx_http_model_peers_walk_t;


static ngx_array_t *ngx_http_model_peers_single(
    ngx_http_model_vendor_t *vendor, ngx_array_t *array);
static ngx_uint_t ngx_http_model_peers_walk(
    ngx_http_upstream_rr_peers_t *peers, ngx_http_model_peers_copy_t *copies,
    ngx_uint_t n);
static void ngx_http_model_peers_copy(ngx_http_upstream_rr_peers_t *group,
    ngx_http_upstream_rr_peer_t *peer, ngx_uint_t i, ngx_uint_t backup,
    void *data);
static ngx_uint_t ngx_http_model_peers_known(ngx_array_t *array,
    ngx_http_model_peers_copy_t *copy);
static ngx_http_model_peer_t *ngx_http_model_peers_add(ngx_array_t *array,
    ngx_http_model_peers_copy_t *copy);


ngx_array_t *
ngx_http_model_peers(ngx_http_model_vendor_t *vendor, ngx_pool_t *pool)
{
    ngx_uint_t                     i, n;
    ngx_array_t                   *array;
    ngx_http_upstream_rr_peers_t  *peers;
    ngx_http_model_peers_copy_t   *copies;

    array = ngx_array_create(pool, 4, sizeof(ngx_http_model_peer_t));
    if (array == NULL) {
        return NULL;
    }

    if (vendor->resolve
        || vendor->upstream == NULL
        || !(vendor->upstream->flags & NGX_HTTP_UPSTREAM_CREATE)
        || vendor->upstream->peer.data == NULL)
    {
        return ngx_http_model_peers_single(vendor, array);
    }

    peers = vendor->upstream->peer.data;

    n = ngx_http_model_peers_walk(peers, NULL, 0);

    if (n == 0) {
        return array;
    }

    copies = ngx_palloc(pool, n * sizeof(ngx_http_model_peers_copy_t));
    if (copies == NULL) {
        return NULL;
    }

    /* the list may have changed between the walks */

    n = ngx_min(n, ngx_http_model_peers_walk(peers, copies, n));

    for (i = 0; i < n; i++) {

        if (ngx_http_model_peers_known(array, &copies[i])) {
            continue;
        }

        if (ngx_http_model_peers_add(array, &copies[i]) == NULL) {
            return NULL;
        }
    }

    return array;
}


static ngx_array_t *
ngx_http_model_peers_single(ngx_http_model_vendor_t *vendor,
    ngx_array_t *array)
{
    ngx_http_model_peer_t  *peer;

    peer = ngx_array_push(array);
    if (peer == NULL) {
        return NULL;
    }

    ngx_memzero(peer, sizeof(ngx_http_model_peer_t));

    peer->name = vendor->authority;
    peer->server = vendor->authority;
    peer->weight = 1;

    return array;
}


void
ngx_http_model_peers_each(ngx_http_upstream_rr_peers_t *peers,
    ngx_http_model_peers_pt visit, void *data)
{
    ngx_uint_t                     i;
    ngx_http_upstream_rr_peer_t   *peer;
    ngx_http_upstream_rr_peers_t  *group;

    /* each group has a lock of its own */

    for (group = peers; group; group = group->next) {

        ngx_http_upstream_rr_peers_rlock(group);

        for (peer = group->peer, i = 0; peer; peer = peer->next, i++) {
            visit(group, peer, i, group != peers, data);
        }

        ngx_http_upstream_rr_peers_unlock(group);
    }
}


ngx_uint_t
ngx_http_model_peers_choice(ngx_http_upstream_rr_peers_t *peers)
{
    ngx_uint_t                     n;
    ngx_http_upstream_rr_peer_t   *peer;
    ngx_http_upstream_rr_peers_t  *group;

    n = 0;

    for (group = peers; group && n < 2; group = group->next) {

        ngx_http_upstream_rr_peers_rlock(group);

        for (peer = group->peer; peer && n < 2; peer = peer->next) {
            n += !ngx_http_model_peer_down(peer, 0);
        }

        ngx_http_upstream_rr_peers_unlock(group);
    }

    return n > 1;
}


ngx_uint_t
ngx_http_model_peers_state(ngx_http_model_vendor_t *vendor)
{
    ngx_http_upstream_rr_peers_t  *peers;

    peers = vendor->group ? vendor->upstream->peer.data : NULL;

    return peers ? ngx_http_model_peers_config(peers) : 0;
}


/*
 * A method that gets a peer back without a failure takes one that it has let
 * through for a check, "checked", for live.  As it was before the check the
 * next request makes it.
 */

void
ngx_http_model_peers_unasked(ngx_http_upstream_srv_conf_t *us, ngx_str_t *name)
{
    ngx_http_upstream_rr_peer_t   *peer;
    ngx_http_upstream_rr_peers_t  *group;

    if (us == NULL) {
        return;
    }

    for (group = us->peer.data; group; group = group->next) {

        ngx_http_upstream_rr_peers_rlock(group);

        for (peer = group->peer; peer; peer = peer->next) {

            if (&peer->name != name) {
                continue;
            }

            ngx_http_upstream_rr_peer_lock(group, peer);

            if (peer->fails && peer->accessed < peer->checked) {
                peer->checked = peer->accessed;
            }

            ngx_http_upstream_rr_peer_unlock(group, peer);
        }

        ngx_http_upstream_rr_peers_unlock(group);
    }
}


/* copies at most n peers, returns how many there are */

static ngx_uint_t
ngx_http_model_peers_walk(ngx_http_upstream_rr_peers_t *peers,
    ngx_http_model_peers_copy_t *copies, ngx_uint_t n)
{
    ngx_http_model_peers_walk_t  walk;

    walk.copies = copies;
    walk.max = n;
    walk.n = 0;

    ngx_http_model_peers_each(peers, ngx_http_model_peers_copy, &walk);

    return walk.n;
}


static void
ngx_http_model_peers_copy(ngx_http_upstream_rr_peers_t *group,
    ngx_http_upstream_rr_peer_t *peer, ngx_uint_t i, ngx_uint_t backup,
    void *data)
{
    ngx_http_model_peers_walk_t *walk = data;

    ngx_http_model_peers_copy_t  *copy;

    (void) group;
    (void) i;

    if (walk->n++ >= walk->max) {
        return;
    }

    copy = &walk->copies[walk->n - 1];

    copy->socklen = ngx_min(peer->socklen, (socklen_t) sizeof(ngx_sockaddr_t));
    ngx_memcpy(&copy->sockaddr, peer->sockaddr, copy->socklen);

    copy->name_len = ngx_min(peer->name.len, NGX_SOCKADDR_STRLEN);
    ngx_memcpy(copy->name, peer->name.data, copy->name_len);

    copy->server_len = ngx_min(peer->server.len, NGX_HTTP_MODEL_PEERS_SERVER);
    ngx_memcpy(copy->server, peer->server.data, copy->server_len);

    copy->weight = peer->weight;
    copy->max_conns = peer->max_conns;
    copy->down = (peer->down != 0);
    copy->backup = backup;
}


static ngx_uint_t
ngx_http_model_peers_known(ngx_array_t *array,
    ngx_http_model_peers_copy_t *copy)
{
    ngx_uint_t              i;
    ngx_http_model_peer_t  *peer;

    peer = array->elts;

    for (i = 0; i < array->nelts; i++) {

        if (peer[i].name.len == copy->name_len
            && ngx_memcmp(peer[i].name.data, copy->name, copy->name_len) == 0)
        {
            peer[i].down &= copy->down;
            peer[i].weight += copy->weight;
            peer[i].max_conns = (peer[i].max_conns && copy->max_conns)
                                ? peer[i].max_conns + copy->max_conns : 0;
            return 1;
        }
    }

    return 0;
}


static ngx_http_model_peer_t *
ngx_http_model_peers_add(ngx_array_t *array, ngx_http_model_peers_copy_t *copy)
{
    ngx_http_model_peer_t  *peer;

    peer = ngx_array_push(array);
    if (peer == NULL) {
        return NULL;
    }

    peer->name.len = copy->name_len;
    peer->name.data = copy->name;
    peer->server.len = copy->server_len;
    peer->server.data = copy->server;

    peer->addr.sockaddr = &copy->sockaddr.sockaddr;
    peer->addr.socklen = copy->socklen;
    peer->addr.name = peer->name;

    peer->weight = copy->weight;
    peer->max_conns = copy->max_conns;
    peer->down = copy->down;
    peer->backup = copy->backup;

    return peer;
}
