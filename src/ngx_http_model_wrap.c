
/*
 * Copyright (C) the ngx_http_model_module authors
 */


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "ngx_http_model_wrap.h"


static void ngx_http_model_wrap_notify(ngx_peer_connection_t *pc, void *data,
    ngx_uint_t type);

#if (NGX_HTTP_SSL)

static ngx_int_t ngx_http_model_wrap_set_session(ngx_peer_connection_t *pc,
    void *data);
static void ngx_http_model_wrap_save_session(ngx_peer_connection_t *pc,
    void *data);

#endif


void
ngx_http_model_wrap(ngx_peer_connection_t *pc, ngx_http_model_wrap_t *wrap,
    ngx_event_get_peer_pt get, ngx_event_free_peer_pt free)
{
    wrap->data = pc->data;
    wrap->get = pc->get;
    wrap->free = pc->free;
    wrap->notify = pc->notify;

    pc->data = wrap;
    pc->get = get;
    pc->free = free;

    if (pc->notify) {
        pc->notify = ngx_http_model_wrap_notify;
    }

#if (NGX_HTTP_SSL)

    wrap->set_session = pc->set_session;
    wrap->save_session = pc->save_session;

    pc->set_session = ngx_http_model_wrap_set_session;
    pc->save_session = ngx_http_model_wrap_save_session;

#endif
}


static void
ngx_http_model_wrap_notify(ngx_peer_connection_t *pc, void *data,
    ngx_uint_t type)
{
    ngx_http_model_wrap_t *wrap = data;

    wrap->notify(pc, wrap->data, type);
}


#if (NGX_HTTP_SSL)

static ngx_int_t
ngx_http_model_wrap_set_session(ngx_peer_connection_t *pc, void *data)
{
    ngx_http_model_wrap_t *wrap = data;

    return wrap->set_session(pc, wrap->data);
}


static void
ngx_http_model_wrap_save_session(ngx_peer_connection_t *pc, void *data)
{
    ngx_http_model_wrap_t *wrap = data;

    wrap->save_session(pc, wrap->data);
}

#endif
