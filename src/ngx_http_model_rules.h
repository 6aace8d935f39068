
/*
 * Copyright (C) the ngx_http_model_module authors
 *
 * The directive model_failover: its words, and which of them a status is.
 * Calls nothing of ours.
 */


#ifndef _NGX_HTTP_MODEL_RULES_H_INCLUDED_
#define _NGX_HTTP_MODEL_RULES_H_INCLUDED_


#include "ngx_http_model_request.h"


/* makes all of rules unset, as create_loc_conf does */
void ngx_http_model_rules_init(ngx_http_model_rules_t *rules);

/* what is unset in conf becomes that of prev, or the default */
void ngx_http_model_rules_merge(ngx_http_model_rules_t *conf,
    ngx_http_model_rules_t *prev);

/*
 * The setter of model_failover: reads the words in cf->args.  NGX_CONF_OK, a
 * text that goes after the directive's name, or NGX_CONF_ERROR with the reason
 * logged.
 */
char *ngx_http_model_rules_failover(ngx_conf_t *cf,
    ngx_http_model_rules_t *rules);

/* the condition that an answer with this status is, 0: none */
ngx_uint_t ngx_http_model_rules_status(ngx_uint_t status);

/* 1 when the request has targets beside the one that a cooldown stands against,
   and may go there */
ngx_uint_t ngx_http_model_rules_choice(ngx_http_model_ctx_t *ctx);


/* the word for a condition, a single bit; NULL: none is */
const char *ngx_http_model_rules_name(ngx_uint_t condition);


/* of requests of our own: nothing but a connection is tried again */
extern const ngx_http_model_rules_t  ngx_http_model_rules_own;


#endif /* _NGX_HTTP_MODEL_RULES_H_INCLUDED_ */
