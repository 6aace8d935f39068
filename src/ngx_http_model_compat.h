
/*
 * Copyright (C) the ngx_http_model_module authors
 *
 * Every difference between nginx releases stands here and nowhere else.
 */


#ifndef _NGX_HTTP_MODEL_COMPAT_H_INCLUDED_
#define _NGX_HTTP_MODEL_COMPAT_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>


#if (nginx_version < 1022000)
#error "nginx 1.22.0 or newer is needed"
#endif


/* 1.23.0: headers of one name are chained by "next" */

#if (nginx_version >= 1023000)
#define ngx_http_model_header_end(h)  (h)->next = NULL
#else
#define ngx_http_model_header_end(h)
#endif


/* 1.25.0: HTTP/3 */

#if (nginx_version >= 1025000)
#define ngx_http_model_listen_quic(opt)  (opt)->quic
#else
#define ngx_http_model_listen_quic(opt)  0
#endif


/*
 * The stock proxy module's configuration starts with, or holds somewhere, the
 * upstream's: the offset of a field of it, known by its directive, tells
 * where.  NULL when the directive does not look as expected.
 */

static ngx_inline ngx_http_upstream_conf_t *
ngx_http_model_upstream_conf(ngx_module_t *module, void *conf)
{
    ngx_command_t  *cmd;

    for (cmd = module->commands; cmd->name.len; cmd++) {

        if (ngx_strcmp(cmd->name.data, "proxy_connect_timeout") != 0) {
            continue;
        }

        if (cmd->set != ngx_conf_set_msec_slot
            || cmd->offset < offsetof(ngx_http_upstream_conf_t,
                                      connect_timeout))
        {
            return NULL;
        }

        return (ngx_http_upstream_conf_t *) ((char *) conf + cmd->offset
                   - offsetof(ngx_http_upstream_conf_t, connect_timeout));
    }

    return NULL;
}


#if (NGX_HTTP_SSL)

#define ngx_http_model_ssl_verify(uc, pc)                                     \
    ((uc)->ssl_verify != NGX_CONF_UNSET ? (uc)->ssl_verify                    \
                                        : (pc)->ssl_verify)

#else

#define ngx_http_model_ssl_verify(uc, pc)  0

#endif


/*
 * The text of the key of a limit_req or limit_conn zone, or NULL.  Both keep
 * it in a private structure that begins with two pointers; limit_req has a
 * number between them and the key.  The same in all supported releases.
 */

static ngx_inline ngx_str_t *
ngx_http_model_limit_key(ngx_shm_zone_t *zone, ngx_module_t *req,
    ngx_module_t *conn)
{
    ngx_uint_t  words;

    if (zone->data == NULL || zone->tag == NULL) {
        return NULL;
    }

    if (zone->tag == req) {
        words = 3;

    } else if (zone->tag == conn) {
        words = 2;

    } else {
        return NULL;
    }

    return &((ngx_http_complex_value_t *)
             ((uintptr_t *) zone->data + words))->value;
}


/*
 * 1.27.3: "resolve" changes the peers of an upstream, counted by config; a
 * balancer's data knows the count that it was made with.
 */

#if (nginx_version >= 1027003 && NGX_HTTP_UPSTREAM_ZONE)

#define ngx_http_model_peers_config(peers)                                    \
    ((peers)->config ? *(peers)->config : 0)
#define ngx_http_model_peers_changed(rrp)                                     \
    ((rrp)->peers->config && (rrp)->config != *(rrp)->peers->config)

#else

#define ngx_http_model_peers_config(peers)  0
#define ngx_http_model_peers_changed(rrp)  0

#endif


/* 1 when the workers count the connections of the servers together */

#if (NGX_HTTP_UPSTREAM_ZONE)
#define ngx_http_model_peers_shared(us)  ((us)->shm_zone != NULL)
#else
#define ngx_http_model_peers_shared(us)  0
#endif


/* 1.29.6: sticky names a peer by its id; one that drains gets no others */

#if (NGX_HTTP_UPSTREAM_SID)

#define ngx_http_model_peer_hinted(pc)  ((pc)->hint != NULL)
#define ngx_http_model_peer_copy_sid(to, from)  (to)->sid = (from)->sid

#else

#define ngx_http_model_peer_hinted(pc)  0
#define ngx_http_model_peer_copy_sid(to, from)

#endif

#if (NGX_HTTP_UPSTREAM_STICKY)
#define ngx_http_model_peer_down(peer, hinted)                                \
    ((peer)->down                                                             \
     & ~((ngx_uint_t) ((hinted) ? NGX_HTTP_UPSTREAM_DRAINING : 0)))
#else
#define ngx_http_model_peer_down(peer, hinted)  ((peer)->down)
#endif


/* 1.31.3: sizes of socket buffers; the one of receiving is older */

#if (nginx_version >= 1031003)

#define ngx_http_model_socket_options(u)                                      \
    (u)->peer.rcvbuf = (int) (u)->conf->socket_rcvbuf;                        \
    (u)->peer.sndbuf = (int) (u)->conf->socket_sndbuf

#else

#define ngx_http_model_socket_options(u)

#endif


/*
 * 1 when the directive of a module of upstreams stands in the block already,
 * for those that keep that in the first word of a private structure, which is
 * zero before: "keepalive" its number of connections, "sticky" the method
 * behind.
 */

static ngx_inline ngx_uint_t
ngx_http_model_upstream_has(ngx_conf_t *cf, ngx_http_upstream_srv_conf_t *us,
    const char *name)
{
    void          *conf;
    ngx_uint_t     i;
    ngx_module_t  *module;

    for (i = 0; cf->cycle->modules[i]; i++) {
        module = cf->cycle->modules[i];

        if (ngx_strcmp(module->name, name) != 0) {
            continue;
        }

        conf = us->srv_conf[module->ctx_index];

        return conf && *(uintptr_t *) conf;
    }

    return 0;
}


/* 1 when a wrapper does; from 1.29.7 on keepalive comes last by itself */

static ngx_inline ngx_uint_t
ngx_http_model_upstream_wrapped(ngx_conf_t *cf,
    ngx_http_upstream_srv_conf_t *us)
{
#if (nginx_version < 1029007)
    if (ngx_http_model_upstream_has(cf, us,
                                    "ngx_http_upstream_keepalive_module"))
    {
        return 1;
    }
#endif

    return ngx_http_model_upstream_has(cf, us,
                                       "ngx_http_upstream_sticky_module");
}


#endif /* _NGX_HTTP_MODEL_COMPAT_H_INCLUDED_ */
