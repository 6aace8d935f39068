
/*
 * Copyright (C) the ngx_http_model_module authors
 */


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "ngx_http_model_wait.h"


#define NGX_HTTP_MODEL_WAIT_STEP  20


static ngx_int_t ngx_http_model_wait_park(ngx_http_request_t *r,
    ngx_http_model_wait_t *wait);
static void ngx_http_model_wait_timer_handler(ngx_event_t *ev);
static void ngx_http_model_wait_fetch_handler(ngx_http_model_fetch_t *fetch);
static void ngx_http_model_wait_go_on(ngx_http_model_wait_t *wait);
static void ngx_http_model_wait_cleanup(void *data);


ngx_int_t
ngx_http_model_wait(ngx_http_request_t *r, ngx_http_model_wait_t *wait,
    ngx_msec_t timeout)
{
    if (wait->ready(r, wait->data)) {
        return wait->resume(r, wait);
    }

    wait->deadline = ngx_current_msec + timeout;

    if (ngx_http_model_wait_park(r, wait) != NGX_OK) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    ngx_add_timer(&wait->timer, NGX_HTTP_MODEL_WAIT_STEP);

    return NGX_DONE;
}


ngx_int_t
ngx_http_model_wait_fetch(ngx_http_request_t *r, ngx_http_model_wait_t *wait,
    ngx_http_model_fetch_t *fetch, ngx_msec_t timeout)
{
    wait->fetch = NULL;
    wait->ready = NULL;

    if (ngx_http_model_wait_park(r, wait) != NGX_OK) {
        ngx_http_model_fetch_cancel(fetch);
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    wait->fetch = fetch;

    ngx_add_timer(&wait->timer, timeout);

    fetch->handler = ngx_http_model_wait_fetch_handler;
    fetch->data = wait;

    ngx_http_model_fetch_start(fetch);

    return NGX_DONE;
}


ngx_int_t
ngx_http_model_wait_call(ngx_http_request_t *r, ngx_http_model_wait_t *wait,
    ngx_msec_t timeout)
{
    wait->fetch = NULL;
    wait->ready = NULL;

    if (ngx_http_model_wait_park(r, wait) != NGX_OK) {
        return NGX_ERROR;
    }

    ngx_add_timer(&wait->timer, timeout);

    return NGX_DONE;
}


void
ngx_http_model_wait_wake(ngx_http_model_wait_t *wait)
{
    if (wait->timer.timer_set) {
        ngx_del_timer(&wait->timer);
    }

    wait->done = 1;

    ngx_http_model_wait_go_on(wait);
}


static ngx_int_t
ngx_http_model_wait_park(ngx_http_request_t *r, ngx_http_model_wait_t *wait)
{
    ngx_http_cleanup_t  *cln;

    wait->request = r;
    wait->done = 0;

    ngx_memzero(&wait->timer, sizeof(ngx_event_t));

    wait->timer.handler = ngx_http_model_wait_timer_handler;
    wait->timer.data = wait;
    wait->timer.log = r->connection->log;

    /* a client that has left already is told of by no further event */

    if (r->connection->read->ready) {
        ngx_post_event(r->connection->read, &ngx_posted_events);

    } else if (ngx_handle_read_event(r->connection->read, 0) != NGX_OK) {
        return NGX_ERROR;
    }

    cln = ngx_http_cleanup_add(r, 0);
    if (cln == NULL) {
        return NGX_ERROR;
    }

    cln->handler = ngx_http_model_wait_cleanup;
    cln->data = wait;

    r->main->count++;
    r->read_event_handler = ngx_http_test_reading;
    r->write_event_handler = ngx_http_request_empty_handler;

    return NGX_OK;
}


static void
ngx_http_model_wait_timer_handler(ngx_event_t *ev)
{
    ngx_http_request_t     *r;
    ngx_http_model_wait_t  *wait;

    wait = ev->data;
    r = wait->request;

    if (wait->ready) {

        /* after a reload the new workers fill the zone that all share */

        if (!wait->ready(r, wait->data)
            && (ngx_msec_int_t) (wait->deadline - ngx_current_msec) > 0)
        {
            ngx_add_timer(ev, NGX_HTTP_MODEL_WAIT_STEP);
            return;
        }

    } else if (wait->fetch) {
        ngx_http_model_fetch_cancel(wait->fetch);
        wait->fetch = NULL;
    }

    wait->done = 1;

    ngx_http_model_wait_go_on(wait);
}


static void
ngx_http_model_wait_fetch_handler(ngx_http_model_fetch_t *fetch)
{
    ngx_http_request_t     *r;
    ngx_http_model_wait_t  *wait;

    wait = fetch->data;
    r = wait->request;

    wait->fetch = NULL;
    wait->done = 1;
    wait->status = fetch->status;

    if (fetch->content.len) {
        wait->content.data = ngx_pstrdup(r->pool, &fetch->content);

        if (wait->content.data == NULL) {
            wait->status = 0;

        } else {
            wait->content.len = fetch->content.len;
        }
    }

    if (wait->timer.timer_set) {
        ngx_del_timer(&wait->timer);
    }

    ngx_http_model_wait_go_on(wait);
}


static void
ngx_http_model_wait_go_on(ngx_http_model_wait_t *wait)
{
    ngx_connection_t    *c;
    ngx_http_request_t  *r;

    r = wait->request;
    c = r->connection;

    ngx_http_set_log_request(c->log, r);

    r->read_event_handler = ngx_http_block_reading;

    ngx_http_finalize_request(r, wait->resume(r, wait));

    ngx_http_run_posted_requests(c);
}


static void
ngx_http_model_wait_cleanup(void *data)
{
    ngx_http_model_wait_t  *wait = data;

    if (wait->timer.timer_set) {
        ngx_del_timer(&wait->timer);
    }

    if (wait->fetch) {
        ngx_http_model_fetch_cancel(wait->fetch);
        wait->fetch = NULL;
    }

    if (wait->leave && !wait->done) {
        wait->leave(wait);
    }

    wait->done = 1;
}
