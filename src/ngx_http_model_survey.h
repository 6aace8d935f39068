
/*
 * Copyright (C) the ngx_http_model_module authors
 *
 * Which servers of a vendor suit a request at this moment: that have its
 * model, are up, have a slot.  Owns what these words mean.  Calls balancer's
 * configuration, view, peers, health, request.
 */


#ifndef _NGX_HTTP_MODEL_SURVEY_H_INCLUDED_
#define _NGX_HTTP_MODEL_SURVEY_H_INCLUDED_


#include "ngx_http_model_request.h"


/* how well a server suits, best first */

#define NGX_HTTP_MODEL_SUITS_WARM    0    /* has the model loaded */
#define NGX_HTTP_MODEL_SUITS_WELL    1
#define NGX_HTTP_MODEL_SUITS_SICK    2    /* has it, but discovery failed */
#define NGX_HTTP_MODEL_SUITS_UNSEEN  3    /* discovery never had a list */
#define NGX_HTTP_MODEL_NSUITS        4
#define NGX_HTTP_MODEL_SUITS_NOT     4


/* the words for them, SUITS_NOT too */
extern const char  *ngx_http_model_survey_words[];


/* whether a server can be asked now, and why not */

#define NGX_HTTP_MODEL_FOUND_FREE      0
#define NGX_HTTP_MODEL_FOUND_BUSY      1   /* max_conns */
#define NGX_HTTP_MODEL_FOUND_COOLDOWN  2
#define NGX_HTTP_MODEL_FOUND_FAILED    3   /* max_fails */
#define NGX_HTTP_MODEL_FOUND_TRIED     4
#define NGX_HTTP_MODEL_FOUND_LACKS     5   /* the model */
#define NGX_HTTP_MODEL_FOUND_OFF       6   /* by the configuration */
#define NGX_HTTP_MODEL_FOUND_DRAINS    7   /* takes but requests of its own */


/* what was found of one server, copied under its lock, judged after it */

typedef struct {
    ngx_uint_t                         can;      /* FOUND_* */
    ngx_uint_t                         suits;    /* SUITS_* */
    ngx_msec_t                         out;      /* ms of the cooldown */
    ngx_uint_t                         place;    /* in its group */
    ngx_uint_t                         conns;
    ngx_uint_t                         max_conns;   /* 0: no limit */
    ngx_uint_t                         weight;
    ngx_str_t                          name;     /* of the peer */
    u_char                             buf[NGX_SOCKADDR_STRLEN];
    unsigned                           backup:1;
    unsigned                           asked:1;  /* one of those that would be
                                                    asked first */
} ngx_http_model_found_t;


/* a look at all servers of an upstream for one request */

typedef struct {
    ngx_http_model_ctx_t              *ctx;
    ngx_http_model_hop_t              *hop;
    ngx_http_model_view_t             *view;
    ngx_http_model_model_t            *model;
    ngx_array_t                       *tried;    /* ngx_str_t, or NULL */
    u_char                            *classes;  /* of each peer, or NULL */
    ngx_uint_t                         max;      /* of classes, a group */
    ngx_uint_t                         each;     /* found is asked for, those
                                                    that are taken out too */
    ngx_uint_t                         aware;
    ngx_uint_t                         warm;
    ngx_uint_t                         any;      /* lists do not matter */
    ngx_uint_t                         choice;   /* a cooldown counts */
    ngx_uint_t                         cooling;  /* some may be kept out */
    ngx_uint_t                         hinted;   /* so do those that drain */

    ngx_uint_t                         total;    /* servers, but those that
                                                    the configuration takes
                                                    out */
    ngx_uint_t                         listed;   /* with a list */
    ngx_uint_t                         has[NGX_HTTP_MODEL_NSUITS];
    ngx_uint_t                         up[NGX_HTTP_MODEL_NSUITS];
    ngx_uint_t                         free[NGX_HTTP_MODEL_NSUITS];
    ngx_msec_t                         out;

    ngx_http_model_found_t            *found;    /* the worker's, until its
                                                    next survey; NULL: none */
    ngx_uint_t                         nfound;
} ngx_http_model_survey_t;


/* what a request can find at a vendor's servers at this moment */

typedef struct {
    ngx_uint_t                       has;   /* servers that have the model;
                                               1 where there is none at all:
                                               what they had is not known */
    ngx_uint_t                       up;    /* of them those that can be asked,
                                               busy or not */
    ngx_uint_t                       free;  /* of them those with a slot */
    ngx_uint_t                       sick;  /* 1: discovery failed with all */
    ngx_msec_t                       out;   /* where none is up: ms until the
                                               first cooldown is over, or 0 */
} ngx_http_model_look_t;


/*
 * Fills the numbers and classes of survey, and where each is set what was
 * found; what comes before them is the caller's.
 */
void ngx_http_model_survey(ngx_http_request_t *r,
    ngx_http_upstream_rr_peers_t *peers, ngx_http_model_survey_t *survey);

/*
 * The classes that a request may go to, best first: sick servers where no
 * other has the model, unseen ones where nothing is known of the vendor.
 */
void ngx_http_model_survey_range(ngx_http_model_survey_t *survey,
    ngx_uint_t *first, ngx_uint_t *last);

/*
 * Looks at the hop's servers but those in tried (ngx_str_t, names of peers;
 * NULL: none).  Vendors without upstream {} have one server, which is up and
 * free.
 */
void ngx_http_model_survey_look(ngx_http_request_t *r,
    ngx_http_model_hop_t *hop, ngx_array_t *tried,
    ngx_http_model_look_t *look);

/*
 * The n-th group of servers, from 0 on, in the order in which they are asked:
 * primary before backup ones, each by the classes of the range, best first.
 * 0: there is no such group.
 */
ngx_uint_t ngx_http_model_survey_group(ngx_http_model_survey_t *survey,
    ngx_uint_t n, ngx_uint_t *backup, ngx_uint_t *suits);

/*
 * What is found of each of the hop's servers, an array of
 * ngx_http_model_found_t in pool; NULL when memory ran out.
 */
ngx_array_t *ngx_http_model_survey_each(ngx_http_request_t *r,
    ngx_http_model_hop_t *hop, ngx_pool_t *pool);


/* 1 when the name is one of tried, which may be NULL */
ngx_uint_t ngx_http_model_survey_tried(ngx_array_t *tried, ngx_str_t *name);


#endif /* _NGX_HTTP_MODEL_SURVEY_H_INCLUDED_ */
