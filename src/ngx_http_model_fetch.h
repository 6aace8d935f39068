
/*
 * Copyright (C) the ngx_http_model_module authors
 *
 * A request of our own to a vendor's server, through the stock proxy with the
 * vendor's configuration and credential, the whole answer captured.  Owns the
 * fake connection that carries it.  Calls handover, request.
 */


#ifndef _NGX_HTTP_MODEL_FETCH_H_INCLUDED_
#define _NGX_HTTP_MODEL_FETCH_H_INCLUDED_


#include "ngx_http_model_request.h"


/* why a fetch got no answer */

#define NGX_HTTP_MODEL_FETCH_ANSWERED     0
#define NGX_HTTP_MODEL_FETCH_UNRESOLVED   1   /* name of the host */
#define NGX_HTTP_MODEL_FETCH_CONNECT      2   /* refused, unreachable */
#define NGX_HTTP_MODEL_FETCH_CONNECTING   3   /* that took too long */
#define NGX_HTTP_MODEL_FETCH_TLS          4   /* handshake */
#define NGX_HTTP_MODEL_FETCH_CERTIFICATE  5
#define NGX_HTTP_MODEL_FETCH_TIMEOUT      6   /* connected, but no answer */
#define NGX_HTTP_MODEL_FETCH_INVALID      7   /* that is no HTTP */
#define NGX_HTTP_MODEL_FETCH_CUT          8
#define NGX_HTTP_MODEL_FETCH_LARGE        9
#define NGX_HTTP_MODEL_FETCH_OURS         10  /* memory, connections ... */


typedef void (*ngx_http_model_fetch_pt)(ngx_http_model_fetch_t *fetch);


struct ngx_http_model_fetch_s {
    /* set by the caller */
    ngx_http_model_vendor_t    *vendor;
    ngx_uint_t                  dialect;   /* of the path: credential's form */
    ngx_addr_t                 *peer;      /* this server only; NULL: any */
    ngx_uint_t                  method;    /* NGX_HTTP_GET, _POST, _DELETE */
    ngx_str_t                   uri;       /* "/api/tags", args included */
    ngx_str_t                   body;      /* JSON, or "" */
    ngx_msec_t                  timeout;   /* of the whole exchange */
    size_t                      limit;     /* largest answer, bytes */
    ngx_http_model_fetch_pt     handler;   /* called exactly once */
    void                       *data;
    unsigned                    quiet:1;   /* the error log stays silent: that
                                              the server fails is known */
    unsigned                    keep:1;    /* a client waits for it: it goes on
                                              in a worker that exits */

    /* result, good until the handler returns */
    ngx_uint_t                  status;    /* HTTP status; 0: no answer */
    ngx_str_t                   content;   /* whole body, contiguous */
    const char                 *error;     /* one line, NULL with a status */
    ngx_uint_t                  failure;   /* NGX_HTTP_MODEL_FETCH_* */
    unsigned                    refused:1; /* not sent for a reason of ours,
                                              which says nothing of the
                                              server */

    ngx_pool_t                 *pool;      /* of the fetch */

    /* private */
    ngx_connection_t           *connection;
    ngx_http_request_t         *request;
    ngx_event_t                 timer;
    ngx_event_t                 done;
    size_t                      size;      /* allocated for the content */
    const char                 *certificate;  /* why it was not accepted */
    unsigned                    tls:1;     /* a handshake was begun */
    unsigned                    started:1;
    unsigned                    answered:1;  /* by the server itself */
    unsigned                    complete:1;  /* the end was seen */
    unsigned                    aborted:1;
    unsigned                    reported:1;  /* the handler runs */
};


/*
 * A fetch with zeroed fields in a pool of its own; NULL when memory ran out.
 * The strings that the caller sets must live in that pool, or longer.  log is
 * used during this call only.
 */
ngx_http_model_fetch_t *ngx_http_model_fetch_create(ngx_log_t *log);

/*
 * Starts it.  Whatever happens the handler is called once, from the event
 * loop, never from within this call; after it returns the fetch is freed.
 * Redirects are not followed.  To be called in a worker.
 */
void ngx_http_model_fetch_start(ngx_http_model_fetch_t *fetch);

/*
 * Forgets it: closes the connection, frees, the handler is not called.  At any
 * time, started or not; does nothing from within the handler of this fetch.
 */
void ngx_http_model_fetch_cancel(ngx_http_model_fetch_t *fetch);


/*
 * For the filter module: take the head and the body of a captured answer.
 * Both consume what they are given; the next filter is not to be called.
 */
ngx_int_t ngx_http_model_fetch_header(ngx_http_request_t *r,
    ngx_http_model_fetch_t *fetch);
ngx_int_t ngx_http_model_fetch_body(ngx_http_request_t *r,
    ngx_http_model_fetch_t *fetch, ngx_chain_t *in);

/*
 * For failover, when a connection is given up: keeps what it tells of why, as
 * long as it is there.
 */
void ngx_http_model_fetch_connection(ngx_http_model_fetch_t *fetch,
    ngx_http_upstream_t *u);

/* within fetch: the error and failure of a time that is over */
void ngx_http_model_fetch_expired(ngx_http_model_fetch_t *fetch);


#endif /* _NGX_HTTP_MODEL_FETCH_H_INCLUDED_ */
