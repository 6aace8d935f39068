
/*
 * Copyright (C) the ngx_http_model_module authors
 *
 * A balancer around a balancer: its callbacks saved, others in their place.
 * Owns the passing on of what a wrapper does not care about.  Calls nothing
 * of ours.
 */


#ifndef _NGX_HTTP_MODEL_WRAP_H_INCLUDED_
#define _NGX_HTTP_MODEL_WRAP_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>


/* the first member of what becomes the data of the balancer */

typedef struct {
    void                            *data;
    ngx_event_get_peer_pt            get;
    ngx_event_free_peer_pt           free;
    ngx_event_notify_peer_pt         notify;
#if (NGX_HTTP_SSL)
    ngx_event_set_peer_session_pt    set_session;
    ngx_event_save_peer_session_pt   save_session;
#endif
} ngx_http_model_wrap_t;


/*
 * Saves the callbacks of a balancer that was just initialized in wrap, and
 * puts get and free in their place; wrap becomes their data.  TLS sessions and
 * notifications go on to the balancer by themselves.
 */
void ngx_http_model_wrap(ngx_peer_connection_t *pc,
    ngx_http_model_wrap_t *wrap, ngx_event_get_peer_pt get,
    ngx_event_free_peer_pt free);


#endif /* _NGX_HTTP_MODEL_WRAP_H_INCLUDED_ */
