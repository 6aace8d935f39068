
/*
 * Copyright (C) the ngx_http_model_module authors
 *
 * The setters of the directives: what stands in the file becomes module's
 * configuration.  What takes more than one directive to know is bind's and
 * check's.  Calls the set-up functions of the concerns that have their own.
 *
 * All are as ngx_command_t has them; NGX_CONF_ERROR comes with the reason
 * logged.
 */


#ifndef _NGX_HTTP_MODEL_DIRECTIVE_H_INCLUDED_
#define _NGX_HTTP_MODEL_DIRECTIVE_H_INCLUDED_


#include "ngx_http_model_module.h"


/* conf: ngx_http_model_main_conf_t */

char *ngx_http_model_directive_vendor(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
char *ngx_http_model_directive_alias(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
char *ngx_http_model_directive_separator(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
char *ngx_http_model_directive_zone(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);

/* conf: ngx_http_model_loc_conf_t */

char *ngx_http_model_directive_pass(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
char *ngx_http_model_directive_keys(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
char *ngx_http_model_directive_default(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
char *ngx_http_model_directive_cors(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
char *ngx_http_model_directive_failover(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);

/* conf: ngx_http_model_balancer_conf_t, of an upstream */

char *ngx_http_model_directive_aware(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
char *ngx_http_model_directive_queue(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);

/* one word of ngx_conf_enum_t, several of ngx_conf_bitmask_t: post has them */

char *ngx_http_model_directive_word(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
char *ngx_http_model_directive_words(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);


#endif /* _NGX_HTTP_MODEL_DIRECTIVE_H_INCLUDED_ */
