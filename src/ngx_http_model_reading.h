
/*
 * Copyright (C) the ngx_http_model_module authors
 *
 * What model servers answer when they are asked what they have: read, checked
 * and brought into the one shape that the catalogue keeps (discover.h).  Pure:
 * takes bytes, gives bytes, calls json.
 */


#ifndef _NGX_HTTP_MODEL_READING_H_INCLUDED_
#define _NGX_HTTP_MODEL_READING_H_INCLUDED_


#include "ngx_http_model.h"
#include "ngx_http_model_json.h"


/* most models that are kept of one server, most values of one answer */

#define NGX_HTTP_MODEL_READING_MODELS  10000
#define NGX_HTTP_MODEL_READING_VALUES  1000000

/* longest show document that is kept, in bytes */

#define NGX_HTTP_MODEL_READING_SHOW    32768


typedef struct ngx_http_model_reading_model_s  ngx_http_model_reading_model_t;

struct ngx_http_model_reading_model_s {
    ngx_str_t                        name;
    ngx_str_t                        digest;   /* "" none */
    ngx_http_model_json_t           *entry;
    ngx_http_model_json_t           *recalled; /* show of an earlier list */
    ngx_str_t                        show;     /* reduced, read now; or "" */
    ngx_http_model_reading_model_t  *twin;     /* the first of this digest,
                                                  whose show is this one's */
};


/* one server's list while it is read, page by page */

typedef struct {
    ngx_pool_t                      *pool;
    ngx_array_t                      models;   /* ngx_http_model_reading_
                                                  model_t * */
    ngx_rbtree_t                     names;
    ngx_rbtree_node_t                names_sentinel;
    ngx_rbtree_t                     digests;
    ngx_rbtree_node_t                digests_sentinel;
    ngx_str_t                        last_id;  /* of the page */
    unsigned                         more:1;   /* another page follows it */
    unsigned                         cut:1;    /* there were too many models */
} ngx_http_model_reading_t;


/* an empty list in memory of pool; NULL when memory ran out */
ngx_http_model_reading_t *ngx_http_model_reading_create(ngx_pool_t *pool);

/*
 * Adds the models of an answer of GET /api/tags, or of GET /v1/models as
 * OpenAI's and Anthropic's kind of servers answer it.  Entries without a
 * usable name and names that came before are skipped; null is an empty list,
 * as is the bare array that some servers send instead of "data" a list.
 * NGX_OK, or NGX_ERROR with *reason, static text for the state of the server.
 */
ngx_int_t ngx_http_model_reading_tags(ngx_http_model_reading_t *reading,
    ngx_str_t *body, const char **reason);
ngx_int_t ngx_http_model_reading_models(ngx_http_model_reading_t *reading,
    ngx_str_t *body, const char **reason);

/*
 * Takes over what the server's earlier list (parsed, NULL: none) knows: the
 * show documents of the same digest, and the "created" of entries in which
 * nothing else changed (vLLM tells the time of the question).
 */
ngx_int_t ngx_http_model_reading_recall(ngx_http_model_reading_t *reading,
    ngx_http_model_json_t *list);

/* 1 when the show document of the model is not known and must be asked for */
ngx_uint_t ngx_http_model_reading_lacks(ngx_http_model_reading_model_t *model);

/* writes the list document */
ngx_int_t ngx_http_model_reading_list(ngx_http_model_reading_t *reading,
    ngx_str_t *list);

/* an answer of GET /api/ps as {"models":[...]} */
ngx_int_t ngx_http_model_reading_loaded(ngx_pool_t *pool, ngx_str_t *body,
    ngx_str_t *loaded);

/* an answer of GET /api/version: NGX_OK and *version, else NGX_ERROR */
ngx_int_t ngx_http_model_reading_version(ngx_pool_t *pool, ngx_str_t *body,
    ngx_str_t *version);

/*
 * An answer of POST /api/show, reduced: no license, modelfile, messages,
 * tensors, projector; of model_info only plain values.  NGX_ERROR when it is
 * not a show document or does not get small enough.
 */
ngx_int_t ngx_http_model_reading_show(ngx_pool_t *pool, ngx_str_t *body,
    ngx_str_t *show);

/* the body of POST /api/show for a model */
ngx_int_t ngx_http_model_reading_question(ngx_pool_t *pool, ngx_str_t *name,
    ngx_str_t *body);

/* what a status other than 200 says of a server, in words */
void ngx_http_model_reading_status(ngx_pool_t *pool, ngx_uint_t status,
    ngx_str_t *reason);


#endif /* _NGX_HTTP_MODEL_READING_H_INCLUDED_ */
