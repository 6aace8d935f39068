
/*
 * Copyright (C) the ngx_http_model_module authors
 *
 * Where the server of a location listens: the one walk over the configured
 * ports.  Calls nothing of ours.
 */


#ifndef _NGX_HTTP_MODEL_LISTEN_H_INCLUDED_
#define _NGX_HTTP_MODEL_LISTEN_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>


/*
 * What the server that ctx stands in listens on: ngx_http_listen_opt_t *, for
 * as long as the configuration is read, in its temporary pool.  To be called
 * in postconfiguration.  NULL: no memory.
 */
ngx_array_t *ngx_http_model_listen(ngx_conf_t *cf, ngx_http_conf_ctx_t *ctx);

/*
 * The same as URLs without a path, ngx_str_t in the configuration's pool, such
 * as "https://0.0.0.0:443"; sockets in the file system and QUIC are left out.
 */
ngx_array_t *ngx_http_model_listen_urls(ngx_conf_t *cf,
    ngx_http_conf_ctx_t *ctx);


#endif /* _NGX_HTTP_MODEL_LISTEN_H_INCLUDED_ */
