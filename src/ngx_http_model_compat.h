
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


#endif /* _NGX_HTTP_MODEL_COMPAT_H_INCLUDED_ */
