
/*
 * Copyright (C) the ngx_http_model_module authors
 */


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "ngx_http_model_compat.h"
#include "ngx_http_model_fetch.h"
#include "ngx_http_model_handover.h"
#include "ngx_http_model_rules.h"


/*
 * The request of a fetch is a main request on a connection without a socket.
 * No phase runs for it and no location is looked up: the hand-over is called
 * as a content handler would, and the filter module captures the answer.
 *
 * Every way in which it can end (answer, error, timeout, cancel, exit of the
 * worker) leads through nginx's own code to the close of the connection, whose
 * pool then tells the fetch.  Only after that the handler is called, from a
 * posted event, so that neither a caller nor a handler ever runs inside of a
 * request's own functions.
 *
 * c->shared keeps ngx_close_connection() away from epoll and close(); c->idle
 * makes a worker that exits call the read handler with c->close set: not where
 * a client waits for the answer.  No
 * descriptor stands in the connection while it is used; the 0 with which it
 * was got comes back before it is freed, as an index of the cycle's files.
 */


#define NGX_HTTP_MODEL_FETCH_FD  (ngx_socket_t) -2


typedef struct {
    ngx_http_log_ctx_t        http;      /* the core writes into it */
    ngx_http_model_vendor_t  *vendor;
} ngx_http_model_fetch_log_ctx_t;


static ngx_int_t ngx_http_model_fetch_connect(ngx_http_model_fetch_t *fetch);
static ngx_int_t ngx_http_model_fetch_open(ngx_http_model_fetch_t *fetch,
    ngx_connection_t *c, ngx_http_conf_ctx_t *conf_ctx);
static ngx_int_t ngx_http_model_fetch_set_log(ngx_http_model_fetch_t *fetch,
    ngx_connection_t *c);
static void ngx_http_model_fetch_adopt(ngx_http_model_fetch_t *fetch,
    ngx_connection_t *c, ngx_http_request_t *r);
static void ngx_http_model_fetch_close(void *data);
static void ngx_http_model_fetch_set_events(ngx_connection_t *c);
static u_char *ngx_http_model_fetch_log_handler(ngx_log_t *log, u_char *buf,
    size_t len);
static ngx_int_t ngx_http_model_fetch_run(ngx_http_model_fetch_t *fetch);
static ngx_int_t ngx_http_model_fetch_set_conf(ngx_http_request_t *r);
static ngx_int_t ngx_http_model_fetch_set_request(
    ngx_http_model_fetch_t *fetch, ngx_http_request_t *r);
static ngx_int_t ngx_http_model_fetch_set_header(ngx_http_request_t *r,
    const char *key, const char *value);
static ngx_int_t ngx_http_model_fetch_set_body(ngx_http_model_fetch_t *fetch,
    ngx_http_request_t *r);
static void ngx_http_model_fetch_abort(ngx_http_model_fetch_t *fetch,
    const char *error);
static void ngx_http_model_fetch_read_handler(ngx_event_t *rev);
static void ngx_http_model_fetch_write_handler(ngx_event_t *wev);
static void ngx_http_model_fetch_timer_handler(ngx_event_t *ev);
static void ngx_http_model_fetch_cleanup(void *data);
static void ngx_http_model_fetch_finish(ngx_http_model_fetch_t *fetch);
static void ngx_http_model_fetch_done_handler(ngx_event_t *ev);


static ngx_str_t  ngx_http_model_fetch_get = ngx_string("GET");
static ngx_str_t  ngx_http_model_fetch_post = ngx_string("POST");
static ngx_str_t  ngx_http_model_fetch_delete = ngx_string("DELETE");
static ngx_str_t  ngx_http_model_fetch_protocol = ngx_string("HTTP/1.1");
static ngx_str_t  ngx_http_model_fetch_addr = ngx_string("127.0.0.1");


ngx_http_model_fetch_t *
ngx_http_model_fetch_create(ngx_log_t *log)
{
    ngx_pool_t              *pool;
    ngx_http_model_fetch_t  *fetch;

    pool = ngx_create_pool(1024, log);
    if (pool == NULL) {
        return NULL;
    }

    fetch = ngx_pcalloc(pool, sizeof(ngx_http_model_fetch_t));
    if (fetch == NULL) {
        ngx_destroy_pool(pool);
        return NULL;
    }

    /* it may outlive who asks, and the log of that connection */

    pool->log = ngx_cycle->log;

    fetch->pool = pool;

    fetch->timer.handler = ngx_http_model_fetch_timer_handler;
    fetch->timer.data = fetch;
    fetch->timer.log = pool->log;
    fetch->timer.cancelable = 1;

    fetch->done.handler = ngx_http_model_fetch_done_handler;
    fetch->done.data = fetch;
    fetch->done.log = pool->log;

    return fetch;
}


void
ngx_http_model_fetch_start(ngx_http_model_fetch_t *fetch)
{
    ngx_connection_t    *c;
    ngx_http_request_t  *r;

    ngx_log_debug3(NGX_LOG_DEBUG_HTTP, fetch->pool->log, 0,
                   "model: fetch vendor:\"%V\" uri:\"%V\" pinned:%d",
                   &fetch->vendor->id, &fetch->uri, fetch->peer != NULL);

    fetch->started = 1;

    if (ngx_http_model_fetch_connect(fetch) != NGX_OK) {
        fetch->refused = 1;
        ngx_http_model_fetch_finish(fetch);
        return;
    }

    ngx_add_timer(&fetch->timer, fetch->timeout);

    c = fetch->connection;
    r = fetch->request;

    ngx_http_finalize_request(r, ngx_http_model_fetch_run(fetch));
    ngx_http_run_posted_requests(c);
}


void
ngx_http_model_fetch_cancel(ngx_http_model_fetch_t *fetch)
{
    if (fetch->reported) {
        return;
    }

    fetch->handler = NULL;

    if (!fetch->started) {
        ngx_destroy_pool(fetch->pool);
        return;
    }

    ngx_http_model_fetch_abort(fetch, "cancelled");

    if (fetch->connection) {

        /* blocked by a thread: freed when that is done */

        return;
    }

    if (fetch->done.timer_set) {
        ngx_del_timer(&fetch->done);
    }

    if (fetch->done.posted) {
        ngx_delete_posted_event(&fetch->done);
    }

    ngx_destroy_pool(fetch->pool);
}


static ngx_int_t
ngx_http_model_fetch_connect(ngx_http_model_fetch_t *fetch)
{
    ngx_pool_t                  *pool;
    ngx_connection_t            *c;
    ngx_http_core_srv_conf_t   **cscfp;
    ngx_http_core_main_conf_t   *cmcf;

    fetch->error = "not enough memory";

    if (ngx_terminate || (!fetch->keep && (ngx_exiting || ngx_quit))) {
        fetch->error = "worker process is exiting";
        return NGX_ERROR;
    }

    cmcf = ngx_http_cycle_get_module_main_conf(ngx_cycle,
                                               ngx_http_core_module);

    if (cmcf == NULL || cmcf->servers.nelts == 0) {
        fetch->error = "no server is configured";
        return NGX_ERROR;
    }

    /* one for us, one to the vendor; asking for more would log an alert */

    if (ngx_cycle->free_connection_n < 2) {
        fetch->error = "worker_connections are not enough";
        return NGX_ERROR;
    }

    c = ngx_get_connection(0, ngx_cycle->log);
    if (c == NULL) {
        fetch->error = "worker_connections are not enough";
        return NGX_ERROR;
    }

    c->shared = 1;

    c->pool = ngx_create_pool(1024, ngx_cycle->log);

    if (c->pool == NULL) {
        ngx_close_connection(c);
        return NGX_ERROR;
    }

    cscfp = cmcf->servers.elts;

    if (ngx_http_model_fetch_open(fetch, c, cscfp[0]->ctx) != NGX_OK) {
        pool = c->pool;
        ngx_close_connection(c);
        ngx_destroy_pool(pool);
        return NGX_ERROR;
    }

    fetch->error = NULL;

    return NGX_OK;
}


static ngx_int_t
ngx_http_model_fetch_open(ngx_http_model_fetch_t *fetch, ngx_connection_t *c,
    ngx_http_conf_ctx_t *conf_ctx)
{
    ngx_pool_cleanup_t     *cln;
    struct sockaddr_in     *sin;
    ngx_http_request_t     *r;
    ngx_http_connection_t  *hc;

    cln = ngx_pool_cleanup_add(c->pool, 0);
    if (cln == NULL) {
        return NGX_ERROR;
    }

    hc = ngx_pcalloc(c->pool, sizeof(ngx_http_connection_t));
    if (hc == NULL) {
        return NGX_ERROR;
    }

    hc->conf_ctx = conf_ctx;

    /* ip_hash, $remote_addr and $server_addr look at the addresses */

    sin = ngx_pcalloc(c->pool, sizeof(struct sockaddr_in));
    if (sin == NULL) {
        return NGX_ERROR;
    }

    sin->sin_family = AF_INET;
    sin->sin_addr.s_addr = htonl(INADDR_LOOPBACK);

    c->buffer = ngx_create_temp_buf(c->pool, 1);
    if (c->buffer == NULL) {
        return NGX_ERROR;
    }

    if (ngx_http_model_fetch_set_log(fetch, c) != NGX_OK) {
        return NGX_ERROR;
    }

    c->type = SOCK_STREAM;
    c->data = hc;
    c->sockaddr = (struct sockaddr *) sin;
    c->socklen = sizeof(struct sockaddr_in);
    c->local_sockaddr = c->sockaddr;
    c->local_socklen = c->socklen;
    c->addr_text = ngx_http_model_fetch_addr;
    c->number = ngx_atomic_fetch_add(ngx_connection_counter, 1);
    c->start_time = ngx_current_msec;

    c->idle = !fetch->keep;

    ngx_http_model_fetch_set_events(c);

    r = ngx_http_create_request(c);
    if (r == NULL) {
        return NGX_ERROR;
    }

    ngx_http_model_fetch_adopt(fetch, c, r);

    cln->handler = ngx_http_model_fetch_cleanup;
    cln->data = fetch;

    return NGX_OK;
}


static void
ngx_http_model_fetch_adopt(ngx_http_model_fetch_t *fetch, ngx_connection_t *c,
    ngx_http_request_t *r)
{
    ngx_pool_cleanup_t  *cln;

    c->data = r;

    r->logged = 1;
    r->write_event_handler = ngx_http_request_empty_handler;

    fetch->connection = c;
    fetch->request = r;

    if (fetch->quiet && !(c->log->log_level & NGX_LOG_DEBUG_ALL)) {
        c->log->log_level = ngx_min(c->log->log_level, NGX_LOG_ALERT);
    }

    cln = ngx_pool_cleanup_add(r->pool, 0);

    if (cln) {
        cln->handler = ngx_http_model_fetch_close;
        cln->data = c;

        c->fd = NGX_HTTP_MODEL_FETCH_FD;
    }

#if (NGX_STAT_STUB)

    /* not a client's; the close of the connection counts down the active */

    if (r->stat_reading) {
        (void) ngx_atomic_fetch_add(ngx_stat_reading, -1);
        (void) ngx_atomic_fetch_add(ngx_stat_requests, -1);
        r->stat_reading = 0;
    }

    (void) ngx_atomic_fetch_add(ngx_stat_active, 1);

#endif
}


static void
ngx_http_model_fetch_close(void *data)
{
    ngx_connection_t  *c = data;

    c->fd = 0;
}


static ngx_int_t
ngx_http_model_fetch_set_log(ngx_http_model_fetch_t *fetch,
    ngx_connection_t *c)
{
    ngx_log_t                       *log;
    ngx_http_model_fetch_log_ctx_t  *ctx;

    log = ngx_palloc(c->pool, sizeof(ngx_log_t));
    if (log == NULL) {
        return NGX_ERROR;
    }

    ctx = ngx_pcalloc(c->pool, sizeof(ngx_http_model_fetch_log_ctx_t));
    if (ctx == NULL) {
        return NGX_ERROR;
    }

    ctx->http.connection = c;
    ctx->vendor = fetch->vendor;

    *log = *ngx_cycle->log;

    log->handler = ngx_http_model_fetch_log_handler;
    log->data = ctx;
    log->action = "asking model vendor";
    log->connection = c->number;

    c->log = log;
    c->pool->log = log;
    c->read->log = log;
    c->write->log = log;
    c->log_error = NGX_ERROR_INFO;

    return NGX_OK;
}


static void
ngx_http_model_fetch_set_events(ngx_connection_t *c)
{
    /*
     * as they stand no event method is ever told of them: never readable,
     * always writable, and "active" only where that does not mean removal
     */

    c->read->active = 1;
    c->read->handler = ngx_http_model_fetch_read_handler;

    c->write->active = (ngx_event_flags & NGX_USE_CLEAR_EVENT) ? 1 : 0;
    c->write->ready = 1;
    c->write->handler = ngx_http_model_fetch_write_handler;

    c->recv = ngx_recv;
    c->send = ngx_send;
    c->recv_chain = ngx_recv_chain;
    c->send_chain = ngx_send_chain;

    c->tcp_nodelay = NGX_TCP_NODELAY_DISABLED;
    c->tcp_nopush = NGX_TCP_NOPUSH_DISABLED;
}


static u_char *
ngx_http_model_fetch_log_handler(ngx_log_t *log, u_char *buf, size_t len)
{
    u_char                          *p;
    ngx_http_upstream_t             *u;
    ngx_http_model_fetch_log_ctx_t  *ctx;

    ctx = log->data;

    if (log->action) {
        p = ngx_snprintf(buf, len, " while %s", log->action);
        len -= p - buf;
        buf = p;
    }

    p = ngx_snprintf(buf, len, ", model vendor: \"%V\"", &ctx->vendor->id);
    len -= p - buf;
    buf = p;

    u = ctx->http.request ? ctx->http.request->upstream : NULL;

    if (u && u->peer.name) {
        p = ngx_snprintf(buf, len, ", upstream: \"%V%V%V\"",
                         &u->schema, u->peer.name, &u->uri);
    }

    return p;
}


static ngx_int_t
ngx_http_model_fetch_run(ngx_http_model_fetch_t *fetch)
{
    ngx_http_request_t    *r;
    ngx_http_model_ctx_t  *ctx;
    ngx_http_model_hop_t  *hop;

    r = fetch->request;

    ctx = ngx_http_model_ctx_create(r);
    if (ctx == NULL) {
        return NGX_ERROR;
    }

    ctx->fetch = fetch;
    ctx->vendor = fetch->vendor;
    ctx->dialect = fetch->dialect;

    if (ngx_http_model_fetch_set_conf(r) != NGX_OK
        || ngx_http_model_fetch_set_request(fetch, r) != NGX_OK)
    {
        return NGX_ERROR;
    }

    hop = ngx_pcalloc(r->pool, sizeof(ngx_http_model_hop_t));
    if (hop == NULL) {
        return NGX_ERROR;
    }

    hop->vendor = fetch->vendor;
    hop->dialect = fetch->dialect;
    hop->uri = fetch->uri;
    hop->peer = fetch->peer;

    ctx = ngx_http_model_ctx(r);

    ctx->hop = hop;
    ctx->rules = &ngx_http_model_rules_own;

    return ngx_http_model_handover(r, ctx);
}


static ngx_int_t
ngx_http_model_fetch_set_conf(ngx_http_request_t *r)
{
    void                      **loc_conf;
    ngx_http_core_loc_conf_t   *clcf;

    /*
     * of the server's own settings none may send this request through a
     * location, or wait for a client
     */

    loc_conf = ngx_palloc(r->pool, ngx_http_max_module * sizeof(void *));
    if (loc_conf == NULL) {
        return NGX_ERROR;
    }

    ngx_memcpy(loc_conf, r->loc_conf, ngx_http_max_module * sizeof(void *));

    clcf = ngx_palloc(r->pool, sizeof(ngx_http_core_loc_conf_t));
    if (clcf == NULL) {
        return NGX_ERROR;
    }

    *clcf = *(ngx_http_core_loc_conf_t *)
                ngx_http_get_module_loc_conf(r, ngx_http_core_module);

    clcf->loc_conf = loc_conf;
    clcf->error_pages = NULL;
    clcf->lingering_close = NGX_HTTP_LINGERING_OFF;
    clcf->reset_timedout_connection = 0;
    clcf->tcp_nodelay = 0;
    clcf->log_subrequest = 0;
    ngx_str_null(&clcf->post_action);

    loc_conf[ngx_http_core_module.ctx_index] = clcf;
    r->loc_conf = loc_conf;

    return NGX_OK;
}


static ngx_int_t
ngx_http_model_fetch_set_request(ngx_http_model_fetch_t *fetch,
    ngx_http_request_t *r)
{
    u_char  *p;

    r->http_version = NGX_HTTP_VERSION_11;
    r->http_protocol = ngx_http_model_fetch_protocol;

    r->method = fetch->method;
    r->method_name = (fetch->method == NGX_HTTP_POST)
                     ? ngx_http_model_fetch_post
                     : (fetch->method == NGX_HTTP_DELETE)
                     ? ngx_http_model_fetch_delete : ngx_http_model_fetch_get;

    r->unparsed_uri = fetch->uri;
    r->valid_unparsed_uri = 1;
    r->uri = fetch->uri;

    p = ngx_strlchr(fetch->uri.data, fetch->uri.data + fetch->uri.len, '?');

    if (p) {
        r->uri.len = p - fetch->uri.data;
        r->args.data = p + 1;
        r->args.len = fetch->uri.len - r->uri.len - 1;
    }

    if (ngx_list_init(&r->headers_in.headers, r->pool, 4,
                      sizeof(ngx_table_elt_t))
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    if (ngx_http_model_fetch_set_header(r, "Accept", "application/json")
        != NGX_OK
        || ngx_http_model_fetch_set_header(r, "User-Agent",
                                           "ngx_http_model_module/"
                                           NGX_HTTP_MODEL_VERSION)
           != NGX_OK)
    {
        return NGX_ERROR;
    }

    return ngx_http_model_fetch_set_body(fetch, r);
}


static ngx_int_t
ngx_http_model_fetch_set_header(ngx_http_request_t *r, const char *key,
    const char *value)
{
    ngx_table_elt_t  *h;

    h = ngx_list_push(&r->headers_in.headers);
    if (h == NULL) {
        return NGX_ERROR;
    }

    h->key.data = (u_char *) key;
    h->key.len = ngx_strlen(key);
    h->value.data = (u_char *) value;
    h->value.len = ngx_strlen(value);

    h->lowcase_key = ngx_pnalloc(r->pool, h->key.len);
    if (h->lowcase_key == NULL) {
        return NGX_ERROR;
    }

    h->hash = ngx_hash_strlow(h->lowcase_key, h->key.data, h->key.len);
    ngx_http_model_header_end(h);

    return NGX_OK;
}


static ngx_int_t
ngx_http_model_fetch_set_body(ngx_http_model_fetch_t *fetch,
    ngx_http_request_t *r)
{
    ngx_buf_t                *b;
    ngx_chain_t              *cl;
    ngx_http_request_body_t  *rb;

    /* with a body in place nothing is ever read from the connection */

    rb = ngx_pcalloc(r->pool, sizeof(ngx_http_request_body_t));
    if (rb == NULL) {
        return NGX_ERROR;
    }

    r->request_body = rb;

    if (fetch->body.len == 0) {
        return NGX_OK;
    }

    b = ngx_calloc_buf(r->pool);
    if (b == NULL) {
        return NGX_ERROR;
    }

    cl = ngx_alloc_chain_link(r->pool);
    if (cl == NULL) {
        return NGX_ERROR;
    }

    b->start = fetch->body.data;
    b->pos = b->start;
    b->last = b->start + fetch->body.len;
    b->end = b->last;
    b->temporary = 1;

    cl->buf = b;
    cl->next = NULL;

    rb->bufs = cl;
    rb->buf = b;

    r->headers_in.content_length_n = fetch->body.len;

    return ngx_http_model_fetch_set_header(r, "Content-Type",
                                           "application/json");
}


static void
ngx_http_model_fetch_abort(ngx_http_model_fetch_t *fetch, const char *error)
{
    ngx_connection_t    *c;
    ngx_http_request_t  *r;

    c = fetch->connection;
    r = fetch->request;

    if (c == NULL || fetch->aborted) {
        return;
    }

    fetch->aborted = 1;
    fetch->error = error;

    /* as nginx does for a connection to be closed */

    r->count++;

    ngx_http_finalize_request(r, NGX_ERROR);
    ngx_http_run_posted_requests(c);
}


static void
ngx_http_model_fetch_read_handler(ngx_event_t *rev)
{
    ngx_connection_t      *c;
    ngx_http_model_ctx_t  *ctx;

    c = rev->data;

    if (c->close) {
        ctx = ngx_http_model_ctx(c->data);

        if (ctx && ctx->fetch) {
            ngx_http_model_fetch_abort(ctx->fetch,
                                       "worker process is exiting");
        }
    }
}


static void
ngx_http_model_fetch_write_handler(ngx_event_t *wev)
{
    /* without a socket there is nothing to write */

    (void) wev;
}


static void
ngx_http_model_fetch_timer_handler(ngx_event_t *ev)
{
    ngx_http_model_fetch_t  *fetch;

    fetch = ev->data;

    ngx_http_model_fetch_expired(fetch);

    ngx_http_model_fetch_abort(fetch, fetch->error);
}


/* the connection is closed and the request is gone */

static void
ngx_http_model_fetch_cleanup(void *data)
{
    ngx_http_model_fetch_t  *fetch = data;

    fetch->connection = NULL;
    fetch->request = NULL;

    if (fetch->error == NULL && !fetch->complete) {
        if (fetch->answered) {
            fetch->error = "answer was cut";
            fetch->failure = NGX_HTTP_MODEL_FETCH_CUT;

        } else {
            fetch->error = "request could not be sent";
        }
    }

    ngx_http_model_fetch_finish(fetch);
}


static void
ngx_http_model_fetch_finish(ngx_http_model_fetch_t *fetch)
{
    if (fetch->timer.timer_set) {
        ngx_del_timer(&fetch->timer);
    }

    if (fetch->error) {
        fetch->status = 0;
        fetch->content.len = 0;

        if (fetch->failure == NGX_HTTP_MODEL_FETCH_ANSWERED) {
            fetch->failure = NGX_HTTP_MODEL_FETCH_OURS;
        }
    }

    /* a worker that exits waits for timers, not for posted events */

    if (ngx_exiting) {
        ngx_add_timer(&fetch->done, 0);
        return;
    }

    ngx_post_event(&fetch->done, &ngx_posted_events);
}


static void
ngx_http_model_fetch_done_handler(ngx_event_t *ev)
{
    ngx_http_model_fetch_t  *fetch;

    fetch = ev->data;

    ngx_log_debug3(NGX_LOG_DEBUG_HTTP, ev->log, 0,
                   "model: fetch done status:%ui length:%uz error:\"%s\"",
                   fetch->status, fetch->content.len,
                   fetch->error ? fetch->error : "");

    fetch->reported = 1;

    if (fetch->handler) {
        fetch->handler(fetch);
    }

    ngx_destroy_pool(fetch->pool);
}
