
/*
 * Copyright (C) the ngx_http_model_module authors
 *
 * State of one request.  Owns the context and its life time: it survives
 * internal redirects by a pool cleanup, as realip's does.  Calls nothing of
 * ours; knows edit, view and vendor by their types.
 */


#ifndef _NGX_HTTP_MODEL_REQUEST_H_INCLUDED_
#define _NGX_HTTP_MODEL_REQUEST_H_INCLUDED_


#include "ngx_http_model_bridge.h"
#include "ngx_http_model_client.h"
#include "ngx_http_model_edit.h"
#include "ngx_http_model_ending.h"
#include "ngx_http_model_endpoint.h"
#include "ngx_http_model_view.h"


extern ngx_module_t  ngx_http_model_module;


/* when another server is tried: conditions of model_failover */

#define NGX_HTTP_MODEL_ON_CONNECT      0x0001  /* nothing was sent */
#define NGX_HTTP_MODEL_ON_ERROR        0x0002
#define NGX_HTTP_MODEL_ON_TIMEOUT      0x0004
#define NGX_HTTP_MODEL_ON_INVALID      0x0008  /* head of an answer */
#define NGX_HTTP_MODEL_ON_401          0x0010
#define NGX_HTTP_MODEL_ON_403          0x0020
#define NGX_HTTP_MODEL_ON_404          0x0040
#define NGX_HTTP_MODEL_ON_408          0x0080
#define NGX_HTTP_MODEL_ON_429          0x0100
#define NGX_HTTP_MODEL_ON_500          0x0200
#define NGX_HTTP_MODEL_ON_502          0x0400
#define NGX_HTTP_MODEL_ON_503          0x0800
#define NGX_HTTP_MODEL_ON_504          0x1000
#define NGX_HTTP_MODEL_ON_529          0x2000
#define NGX_HTTP_MODEL_ON_NO_MODEL     0x4000
#define NGX_HTTP_MODEL_ON_STALL        0x8000  /* of model_stall */

/* what lets a request go past a server that is kept out */

#define NGX_HTTP_MODEL_ON_COOLDOWN     (NGX_HTTP_MODEL_ON_CONNECT             \
                                        |NGX_HTTP_MODEL_ON_429                \
                                        |NGX_HTTP_MODEL_ON_503                \
                                        |NGX_HTTP_MODEL_ON_529)


typedef struct ngx_http_model_usage_s    ngx_http_model_usage_t;
typedef struct ngx_http_model_translation_s  ngx_http_model_translation_t;
typedef struct ngx_http_model_ask_s      ngx_http_model_ask_t;
typedef struct ngx_http_model_ctx_s      ngx_http_model_ctx_t;
typedef struct ngx_http_model_fetch_s    ngx_http_model_fetch_t;
typedef struct ngx_http_model_run_s      ngx_http_model_run_t;
typedef struct ngx_http_model_balance_s  ngx_http_model_balance_t;


/* model_usage */

#define NGX_HTTP_MODEL_USAGE_OBSERVE   0
#define NGX_HTTP_MODEL_USAGE_ASK       1
#define NGX_HTTP_MODEL_USAGE_OFF       2


/* what a location says of a run: trying again, waiting, usage; constant */

typedef struct {
    ngx_uint_t                        conditions;  /* NGX_HTTP_MODEL_ON_* */
    ngx_uint_t                        tries;       /* at most, the first too */
    ngx_msec_t                        timeout;     /* of all, 0: none */
    ngx_msec_t                        cooldown;    /* longest, 0: none */
    ngx_msec_t                        stall;       /* 0: off */
    ngx_msec_t                        cold;
    ngx_uint_t                        usage;       /* NGX_HTTP_MODEL_USAGE_* */
} ngx_http_model_rules_t;


/* one vendor that a request may go to */

typedef struct {
    ngx_http_model_vendor_t          *vendor;
    ngx_uint_t                        dialect;   /* of the path that the
                                                    vendor is asked for */
    ngx_str_t                         uri;       /* that path and args, without
                                                    the vendor's base */
    ngx_str_t                         name;      /* model, as sent; "" unread */
    ngx_str_t                         known;     /* as the catalogue has it */
    ngx_str_t                         other;     /* the second name */
    ngx_addr_t                       *peer;      /* pinned, or NULL */
    ngx_http_upstream_resolved_t     *resolved;  /* of a run-time name */
    const ngx_http_model_bridge_api_t  *bridge;  /* the client's API, where
                                                    the vendor has it not; or
                                                    NULL */
    ngx_http_model_translation_t     *translation;  /* with bridge */
    const ngx_http_model_bridge_api_t  *instead;  /* a bridge for a vendor that
                                                    may lack the path */
    ngx_http_model_translation_t     *spare;     /* with instead */
    unsigned                          anywhere:1;  /* no server need have it */
    unsigned                          configured:1;  /* an alias has its name
                                                        as it is */
} ngx_http_model_hop_t;


struct ngx_http_model_ctx_s {
    ngx_http_request_t               *request;   /* subrequests share a pool */

    const ngx_http_model_endpoint_t  *endpoint;
    ngx_str_t                         path;      /* API path, decoded */
    ngx_str_t                         rest;      /* after the fixed part */
    ngx_uint_t                        dialect;   /* for errors */
    void                             *identified;  /* the location's conf that
                                                    all above is of */
    ngx_str_t                         uri;       /* and r->uri at that time */

    ngx_http_model_body_t            *body;      /* scanned, or NULL */
    const ngx_http_model_endpoint_t  *scanned_for;  /* what of it is known */
    ngx_uint_t                        status;    /* of a refusal found while
                                                    the body was read, or in a
                                                    dry run; 0: none */

    ngx_str_t                         model;     /* as the client named it */
    ngx_str_t                         name;      /* as sent upstream */
    ngx_http_model_vendor_t          *vendor;
    ngx_http_model_client_t          *client;
    ngx_str_t                         alias;     /* that was asked for, or "" */

    const ngx_http_model_rules_t     *rules;
    ngx_http_model_views_t           *views;     /* NULL: nothing is learnt */
    ngx_array_t                      *hops;      /* ngx_http_model_hop_t, in
                                                    order; NULL: hop alone */
    ngx_uint_t                        next;      /* hop to come, an index */
    ngx_http_model_hop_t             *hop;       /* the one that is on */
    ngx_http_model_run_t             *run;       /* of failover */
    ngx_http_model_balance_t         *reserved;  /* slot that waits for us */
    ngx_uint_t                        tries;     /* servers asked */
    ngx_msec_t                        queued;    /* ms waited for a slot */
    ngx_msec_t                        retry;     /* ms, of a 503; 0: unknown */
    ngx_http_model_fetch_t           *fetch;     /* answer is captured */

    ngx_http_model_metrics_row_t     *counted;   /* of gauge: in flight at */
    ngx_http_model_metrics_row_t     *waiting;   /* in a queue of */

    ngx_http_request_body_t          *original;  /* of the client, while
                                                    another takes its place; or
                                                    NULL */
    off_t                             original_length;
    ngx_http_model_edit_t            *undo;      /* of the hop's edits */
    ngx_uint_t                        nundo;

    const char                       *reason;    /* how the name was resolved,
                                                    or NULL */
    ngx_array_t                      *notes;     /* of reason: what did not
                                                    answer, or NULL */
    ngx_str_t                         message;   /* of our own error */
    ngx_http_model_usage_t           *usage;     /* of an answer, or NULL */
    ngx_http_model_ask_t             *ask;       /* takes out what we asked
                                                    for, or NULL */
    ngx_http_model_ending_t          *ending;    /* of a stream, or NULL; a
                                                    part of usage, if any */
    ngx_buf_t                        *replacement;  /* filter's answer */
    ngx_buf_t                        *held;      /* of an answer whose head
                                                    waits for its body */
    ngx_uint_t                        http_version;  /* the client's */

    /* of handover, while create_request runs */
    ngx_str_t                         unparsed_uri;
    ngx_uint_t                        log_level;
    ngx_array_t                      *hidden;
    u_char                           *known;     /* variables that had a value
                                                    before, by index */
    ngx_int_t                       (*create_request)(ngx_http_request_t *r);

    unsigned                          original_chunked:1;
    unsigned                          translating:1; /* the answer */
    unsigned                          explained:1;   /* of the status */
    unsigned                          dry:1;         /* what would be is asked:
                                                        nothing is sent, taken
                                                        or learnt */
    unsigned                          valid_unparsed_uri:1;
    unsigned                          swapped:1;     /* the vendor's view */
    unsigned                          created:1;     /* the head is made */
    unsigned                          torn:1;        /* an edit of the body has
                                                        failed half done */
    unsigned                          unresolved:1;  /* DNS had no answer */
    unsigned                          down:1;        /* model known, all its
                                                        servers down */
    unsigned                          busy:1;        /* no server was free */
    unsigned                          was_queued:1;
    unsigned                          unobserved:2;  /* why usage is NULL: 1 +
                                                        the reason of metrics,
                                                        0: none is to be */
    unsigned                          broken:1;      /* its stream was cut */
    unsigned                          ended:1;       /* the answer's end was
                                                        sent */
    unsigned                          asked:1;       /* for usage, by us */
    unsigned                          keyed_path:1;    /* held a key */
    unsigned                          preflight:1;
    unsigned                          scanning:1;    /* body filter feeds */
    unsigned                          body_read:1;
    unsigned                          shared:1;      /* subrequests have the
                                                        same body */
    unsigned                          scanned:1;     /* the scan's end is */
    unsigned                          accepted:1;    /* known, and its result */
    unsigned                          local:1;       /* we answer */
    unsigned                          replaced:1;    /* filter answers */
    unsigned                          replaced_sent:1;
    unsigned                          holding:1;     /* held is filled */
    unsigned                          stream:1;      /* asked for */
    unsigned                          stream_known:1;
    unsigned                          origin:2;
    unsigned                          origin_checked:1;
    unsigned                          cors_done:1;
};


/* the request's context, also after an internal redirect; NULL: none yet */
ngx_http_model_ctx_t *ngx_http_model_ctx(ngx_http_request_t *r);

/* the same, made at need; NULL when memory ran out */
ngx_http_model_ctx_t *ngx_http_model_ctx_create(ngx_http_request_t *r);

/* a header of the client by its lower-case name, the first one, or NULL */
ngx_table_elt_t *ngx_http_model_request_header(ngx_http_request_t *r,
    const char *name);


#endif /* _NGX_HTTP_MODEL_REQUEST_H_INCLUDED_ */
