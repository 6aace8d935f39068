
/*
 * Copyright (C) the ngx_http_model_module authors
 *
 * What a request tells of the server that it was sent to: that it answers,
 * that it failed, that it wants to be left alone.  Owns the log lines of
 * that.  Calls backoff, health, error, request.
 */


#ifndef _NGX_HTTP_MODEL_LEARN_H_INCLUDED_
#define _NGX_HTTP_MODEL_LEARN_H_INCLUDED_


#include "ngx_http_model_failover.h"


/* an answer with this status came; its headers are in the run's upstream */
void ngx_http_model_learn_status(ngx_http_model_run_t *run,
    ngx_uint_t status);

/* none came, or none that was whole */
void ngx_http_model_learn_failed(ngx_http_model_run_t *run);

/*
 * Ends the trial after a cooldown where this request is it; ok as of
 * ngx_http_model_health_probed()
 */
void ngx_http_model_learn_probed(ngx_http_model_run_t *run, ngx_int_t ok);


#endif /* _NGX_HTTP_MODEL_LEARN_H_INCLUDED_ */
