
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


/* a look at all servers of an upstream for one request */

typedef struct {
    ngx_http_model_ctx_t              *ctx;
    ngx_http_model_hop_t              *hop;
    ngx_http_model_view_t             *view;
    ngx_http_model_model_t            *model;
    ngx_array_t                       *tried;    /* ngx_str_t, or NULL */
    u_char                            *classes;  /* of each peer, or NULL */
    ngx_uint_t                         max;      /* of classes, a group */
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
 * Fills the numbers and classes of survey; what comes before them is the
 * caller's.
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


/* 1 when the name is one of tried, which may be NULL */
ngx_uint_t ngx_http_model_survey_tried(ngx_array_t *tried, ngx_str_t *name);


#endif /* _NGX_HTTP_MODEL_SURVEY_H_INCLUDED_ */
