
/*
 * Copyright (C) the ngx_http_model_module authors
 *
 * model_status: what stands under its location.  Owns the directive, the table
 * of paths and what is checked before each of them: method, Origin.  Calls the
 * handlers of the paths, cors, path, respond.
 */


#ifndef _NGX_HTTP_MODEL_STATUS_H_INCLUDED_
#define _NGX_HTTP_MODEL_STATUS_H_INCLUDED_


#include "ngx_http_model_module.h"


/* the setter of "model_status;" in a location; conf is the location's */
char *ngx_http_model_status_set(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);

/*
 * To be called when location configurations are merged: "if" and
 * "limit_except" are of the location around them; a directive that took the
 * location over after ours is refused.
 */
char *ngx_http_model_status_merge(ngx_conf_t *cf,
    ngx_http_model_loc_conf_t *prev, ngx_http_model_loc_conf_t *conf);

/*
 * Handlers of paths, for the table: method and Origin were checked, headers
 * against caching added, the body of what is no POST discarded.  Errors are
 * sent by ngx_http_model_respond_error(), in Ollama's shape.  Each returns
 * what a content handler returns.
 */

/* GET <status>/api: everything, as docs/status.schema.json has it */
ngx_int_t ngx_http_model_status_api(ngx_http_request_t *r);

/* GET <status>/ready: 200, or 503 when no vendor can serve */
ngx_int_t ngx_http_model_status_ready(ngx_http_request_t *r);


#endif /* _NGX_HTTP_MODEL_STATUS_H_INCLUDED_ */
