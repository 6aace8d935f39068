
/*
 * Copyright (C) the ngx_http_model_module authors
 */


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "ngx_http_model_balancer.h"
#include "ngx_http_model_compat.h"
#include "ngx_http_model_peers.h"
#include "ngx_http_model_survey.h"
#include "ngx_http_model_wrap.h"


#define NGX_HTTP_MODEL_BALANCER_BITS  (8 * sizeof(uintptr_t))


/* one request at one upstream */

struct ngx_http_model_balance_s {
    ngx_http_model_wrap_t              wrap;     /* of the method */
    ngx_http_request_t                *request;
    ngx_http_model_balancer_conf_t    *conf;
    ngx_http_model_hop_t              *hop;
    ngx_array_t                        tried;    /* ngx_str_t */
    ngx_http_upstream_rr_peers_t      *peers;
    ngx_http_upstream_rr_peer_data_t  *rrp;
    u_char                            *classes;  /* of the primary peers, then
                                                    of the backup ones */
    ngx_uint_t                         max;

    /* a slot that was taken before */
    ngx_peer_connection_t              pc;
    ngx_http_upstream_t               *shadow;   /* that the method knows */
    unsigned                           holds:1;
};


static ngx_int_t ngx_http_model_balancer_init_upstream(ngx_conf_t *cf,
    ngx_http_upstream_srv_conf_t *us);
static ngx_int_t ngx_http_model_balancer_init_peer(ngx_http_request_t *r,
    ngx_http_upstream_srv_conf_t *us);
static ngx_http_model_balance_t *ngx_http_model_balancer_create(
    ngx_http_request_t *r, ngx_http_model_hop_t *hop,
    ngx_http_model_balancer_conf_t *bcf, ngx_peer_connection_t *pc);
static ngx_int_t ngx_http_model_balancer_get(ngx_peer_connection_t *pc,
    void *data);
static ngx_int_t ngx_http_model_balancer_choose(ngx_peer_connection_t *pc,
    ngx_http_model_balance_t *balance);
static ngx_int_t ngx_http_model_balancer_try(ngx_peer_connection_t *pc,
    ngx_http_model_balance_t *balance, ngx_uint_t backup, ngx_uint_t suits);
static ngx_uint_t ngx_http_model_balancer_class(
    ngx_http_model_balance_t *balance, ngx_uint_t backup);
static ngx_uint_t ngx_http_model_balancer_mask(
    ngx_http_model_balance_t *balance, ngx_uint_t backup, ngx_uint_t suits);
static ngx_int_t ngx_http_model_balancer_taken(ngx_peer_connection_t *pc,
    ngx_http_model_balance_t *balance);
static void ngx_http_model_balancer_free(ngx_peer_connection_t *pc,
    void *data, ngx_uint_t state);
static ngx_int_t ngx_http_model_balancer_place(ngx_http_request_t *r,
    ngx_http_model_place_t *place);
static ngx_int_t ngx_http_model_balancer_take(ngx_http_request_t *r,
    ngx_http_model_hop_t *hop, ngx_http_model_balance_t **balance);
static void ngx_http_model_balancer_release(void *data);


char *
ngx_http_model_balancer_install(ngx_conf_t *cf,
    ngx_http_model_balancer_conf_t *bcf)
{
    ngx_str_t                     *value;
    ngx_http_upstream_srv_conf_t  *uscf;

    value = cf->args->elts;

    if (bcf->directive) {
        return NGX_CONF_OK;
    }

    uscf = ngx_http_conf_get_module_srv_conf(cf, ngx_http_upstream_module);

    if (ngx_http_model_upstream_wrapped(cf, uscf)) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"%V\" stands behind \"keepalive\" or \"sticky\", "
                           "where it cannot work: place it after the "
                           "balancing method and before keepalive", &value[0]);
        return NGX_CONF_ERROR;
    }

    bcf->directive = (const char *) value[0].data;
    bcf->file_name = cf->conf_file->file.name.data;
    bcf->line = cf->conf_file->line;
    bcf->us = uscf;

    bcf->init_upstream = uscf->peer.init_upstream
                         ? uscf->peer.init_upstream
                         : ngx_http_upstream_init_round_robin;

    uscf->peer.init_upstream = ngx_http_model_balancer_init_upstream;

    return NGX_CONF_OK;
}


ngx_http_model_balancer_conf_t *
ngx_http_model_balancer_conf(ngx_http_upstream_srv_conf_t *us)
{
    ngx_http_model_balancer_conf_t  *bcf;

    if (us == NULL || us->srv_conf == NULL) {
        return NULL;
    }

    bcf = ngx_http_conf_upstream_srv_conf(us, ngx_http_model_module);

    return (bcf && bcf->directive) ? bcf : NULL;
}


static ngx_int_t
ngx_http_model_balancer_init_upstream(ngx_conf_t *cf,
    ngx_http_upstream_srv_conf_t *us)
{
    ngx_http_model_balancer_conf_t  *bcf;

    bcf = ngx_http_conf_upstream_srv_conf(us, ngx_http_model_module);

    if (bcf->init_upstream(cf, us) != NGX_OK) {
        return NGX_ERROR;
    }

    bcf->in_effect = 1;
    bcf->sticky = ngx_http_model_upstream_has(cf, us,
                                          "ngx_http_upstream_sticky_module");

    bcf->init_peer = us->peer.init;
    us->peer.init = ngx_http_model_balancer_init_peer;

    return NGX_OK;
}


static ngx_int_t
ngx_http_model_balancer_init_peer(ngx_http_request_t *r,
    ngx_http_upstream_srv_conf_t *us)
{
    ngx_http_upstream_t             *u;
    ngx_http_model_ctx_t            *ctx;
    ngx_http_model_balance_t        *balance;
    ngx_http_model_balancer_conf_t  *bcf;

    u = r->upstream;
    ctx = ngx_http_model_ctx(r);
    bcf = ngx_http_conf_upstream_srv_conf(us, ngx_http_model_module);

    /* a request that is not ours, or is for one server */

    if (ctx == NULL || ctx->hop == NULL || ctx->hop->vendor->upstream != us
        || ctx->views == NULL)
    {
        return bcf->init_peer(r, us);
    }

    balance = ctx->reserved;

    if (balance && balance->conf == bcf && balance->hop == ctx->hop) {
        u->peer.tries = balance->pc.tries;
        u->peer.data = balance->pc.data;
        u->peer.get = balance->pc.get;
        u->peer.free = balance->pc.free;
        u->peer.notify = balance->pc.notify;
#if (NGX_HTTP_SSL)
        u->peer.set_session = balance->pc.set_session;
        u->peer.save_session = balance->pc.save_session;
#endif
        return NGX_OK;
    }

    if (bcf->init_peer(r, us) != NGX_OK
        || ngx_http_model_balancer_create(r, ctx->hop, bcf, &u->peer) == NULL)
    {
        return NGX_ERROR;
    }

    return NGX_OK;
}


static ngx_http_model_balance_t *
ngx_http_model_balancer_create(ngx_http_request_t *r,
    ngx_http_model_hop_t *hop, ngx_http_model_balancer_conf_t *bcf,
    ngx_peer_connection_t *pc)
{
    ngx_uint_t                         n;
    ngx_http_model_balance_t          *balance;
    ngx_http_upstream_rr_peers_t      *peers;
    ngx_http_upstream_rr_peer_data_t  *rrp;

    balance = ngx_pcalloc(r->pool, sizeof(ngx_http_model_balance_t));
    if (balance == NULL
        || ngx_array_init(&balance->tried, r->pool, 4, sizeof(ngx_str_t))
           != NGX_OK)
    {
        return NULL;
    }

    balance->request = r;
    balance->conf = bcf;
    balance->hop = hop;

    /* the data of every stock method begins with that of round robin */

    rrp = pc->data;
    peers = bcf->us->peer.data;

    if (rrp->peers == peers) {
        balance->rrp = rrp;
        balance->peers = peers;

        n = peers->number;

        if (peers->next && peers->next->number > n) {
            n = peers->next->number;
        }

        balance->max = n;
        balance->classes = ngx_pnalloc(r->pool, 2 * n);

        if (balance->classes == NULL) {
            return NULL;
        }

    } else {
        ngx_log_error(NGX_LOG_ERR, r->connection->log, 0,
                      "the balancing method of upstream \"%V\" is unknown, "
                      "\"%s\" has no effect", &bcf->us->host, bcf->directive);
    }

    ngx_http_model_wrap(pc, &balance->wrap, ngx_http_model_balancer_get,
                        ngx_http_model_balancer_free);

    return balance;
}


static ngx_int_t
ngx_http_model_balancer_get(ngx_peer_connection_t *pc, void *data)
{
    ngx_http_model_balance_t  *balance = data;

    ngx_http_model_ctx_t  *ctx;

    if (balance->shadow) {
        balance->shadow->state = balance->request->upstream->state;
    }

    if (balance->holds) {

        ctx = ngx_http_model_ctx(balance->request);

        balance->holds = 0;
        ctx->reserved = NULL;

        if (ngx_http_model_peer_hinted(pc)) {

            /* sticky wants another one, perhaps: the choice is made again */

            balance->tried.nelts--;
            ngx_http_model_peers_unasked(balance->conf->us, balance->pc.name);
            ngx_http_model_balancer_free(&balance->pc, balance, 0);

            return ngx_http_model_balancer_choose(pc, balance);
        }

        pc->cached = 0;
        pc->connection = NULL;
        pc->sockaddr = balance->pc.sockaddr;
        pc->socklen = balance->pc.socklen;
        pc->name = balance->pc.name;

        ngx_http_model_peer_copy_sid(pc, &balance->pc);

        return NGX_OK;
    }

    return ngx_http_model_balancer_choose(pc, balance);
}


/* primary servers before backup ones, warm ones before cold ones */

static ngx_int_t
ngx_http_model_balancer_choose(ngx_peer_connection_t *pc,
    ngx_http_model_balance_t *balance)
{
    ngx_int_t                rc;
    ngx_uint_t               n, backup, suits;
    ngx_http_model_survey_t  survey;

    if (balance->rrp == NULL) {
        return balance->wrap.get(pc, balance->wrap.data);
    }

    pc->name = balance->peers->name;

    /* "resolve" has changed the list: the masks would be of another */

    if (ngx_http_model_peers_changed(balance->rrp)) {
        return NGX_BUSY;
    }

    ngx_memzero(&survey, sizeof(ngx_http_model_survey_t));
    ngx_memset(balance->classes, NGX_HTTP_MODEL_SUITS_NOT, 2 * balance->max);

    survey.hop = balance->hop;
    survey.tried = &balance->tried;
    survey.classes = balance->classes;
    survey.max = balance->max;
    survey.aware = balance->conf->aware;
    survey.warm = balance->conf->warm;
    survey.hinted = ngx_http_model_peer_hinted(pc);

    ngx_http_model_survey(balance->request, balance->peers, &survey);

    for (n = 0; ngx_http_model_survey_group(&survey, n, &backup, &suits); n++) {

        rc = ngx_http_model_balancer_try(pc, balance, backup, suits);

        if (rc != NGX_BUSY) {
            return rc;
        }
    }

    pc->name = balance->peers->name;

    return NGX_BUSY;
}


static ngx_int_t
ngx_http_model_balancer_try(ngx_peer_connection_t *pc,
    ngx_http_model_balance_t *balance, ngx_uint_t backup, ngx_uint_t suits)
{
    ngx_int_t  rc;

    if (ngx_http_model_balancer_mask(balance, backup, suits) == 0) {
        return NGX_BUSY;
    }

    rc = balance->wrap.get(pc, balance->wrap.data);

    if (rc != NGX_OK) {
        return rc;
    }

    /* the method goes on to the backup peers by itself, with a new mask */

    if (ngx_http_model_balancer_class(balance, backup) == suits) {

        ngx_log_debug3(NGX_LOG_DEBUG_HTTP,
                       balance->request->connection->log, 0,
                       "model: server \"%V\" is chosen, %s, backup:%ui",
                       pc->name, ngx_http_model_survey_words[suits], backup);

        return ngx_http_model_balancer_taken(pc, balance);
    }

    ngx_http_model_peers_unasked(balance->conf->us, pc->name);
    balance->wrap.free(pc, balance->wrap.data, 0);

    pc->sockaddr = NULL;

    return NGX_BUSY;
}


/* of the peer that the method chose, if it is of the group */

static ngx_uint_t
ngx_http_model_balancer_class(ngx_http_model_balance_t *balance,
    ngx_uint_t backup)
{
    ngx_uint_t                     i, class;
    ngx_http_upstream_rr_peer_t   *peer;
    ngx_http_upstream_rr_peers_t  *group;

    group = backup ? balance->peers->next : balance->peers;
    class = NGX_HTTP_MODEL_SUITS_NOT;

    if (balance->rrp->peers != group) {
        return class;
    }

    ngx_http_upstream_rr_peers_rlock(group);

    peer = group->peer;

    for (i = 0; peer && i < balance->max; peer = peer->next, i++) {

        if (peer == balance->rrp->current) {
            class = balance->classes[(backup ? balance->max : 0) + i];
            break;
        }
    }

    ngx_http_upstream_rr_peers_unlock(group);

    return class;
}


/* the peers of the class are the only ones not tried yet; returns how many */

static ngx_uint_t
ngx_http_model_balancer_mask(ngx_http_model_balance_t *balance,
    ngx_uint_t backup, ngx_uint_t suits)
{
    u_char                            *classes;
    ngx_uint_t                         i, n, found;
    ngx_http_upstream_rr_peers_t      *group;
    ngx_http_upstream_rr_peer_data_t  *rrp;

    group = backup ? balance->peers->next : balance->peers;

    if (group == NULL) {
        return 0;
    }

    classes = balance->classes + (backup ? balance->max : 0);
    found = 0;

    for (i = 0; i < balance->max; i++) {
        found += (classes[i] == suits);
    }

    if (found == 0) {
        return 0;
    }

    rrp = balance->rrp;
    rrp->peers = group;

    n = (balance->max + NGX_HTTP_MODEL_BALANCER_BITS - 1)
        / NGX_HTTP_MODEL_BALANCER_BITS;

    for (i = 0; i < n; i++) {
        rrp->tried[i] = ~((uintptr_t) 0);
    }

    for (i = 0; i < balance->max; i++) {

        if (classes[i] == suits) {
            rrp->tried[i / NGX_HTTP_MODEL_BALANCER_BITS] &=
                ~((uintptr_t) 1 << i % NGX_HTTP_MODEL_BALANCER_BITS);
        }
    }

    return found;
}


static ngx_int_t
ngx_http_model_balancer_taken(ngx_peer_connection_t *pc,
    ngx_http_model_balance_t *balance)
{
    ngx_str_t  *name;

    name = ngx_array_push(&balance->tried);

    if (name) {
        name->len = pc->name->len;
        name->data = ngx_pstrdup(balance->tried.pool, pc->name);
    }

    if (name == NULL || name->data == NULL) {
        ngx_http_model_peers_unasked(balance->conf->us, pc->name);
        balance->wrap.free(pc, balance->wrap.data, 0);
        pc->sockaddr = NULL;
        return NGX_ERROR;
    }

    return NGX_OK;
}


static void
ngx_http_model_balancer_free(ngx_peer_connection_t *pc, void *data,
    ngx_uint_t state)
{
    ngx_http_model_balance_t  *balance = data;

    balance->wrap.free(pc, balance->wrap.data, state);

    if (balance->conf->freed) {
        balance->conf->freed(balance->conf->data);
    }
}


ngx_int_t
ngx_http_model_balancer_reserve(ngx_http_request_t *r,
    ngx_http_model_hop_t *hop, ngx_http_model_place_t *place)
{
    ngx_int_t                  rc;
    ngx_http_upstream_t       *u, *shadow;
    ngx_http_model_ctx_t      *ctx;
    ngx_http_model_balance_t  *balance;

    ctx = ngx_http_model_ctx(r);

    if (ngx_http_model_balancer_place(r, place) != NGX_OK) {
        return NGX_ERROR;
    }

    shadow = place->shadow;

    /*
     * the request's upstream does not exist yet: of what stands for it the
     * method sees the peer, and the times of the state
     */

    u = r->upstream;
    r->upstream = shadow;

    rc = ngx_http_model_balancer_take(r, hop, &balance);

    r->upstream = u;

    if (rc != NGX_OK) {
        return (rc == NGX_BUSY) ? NGX_BUSY : NGX_ERROR;
    }

    balance->pc = shadow->peer;
    balance->shadow = shadow;
    balance->holds = 1;

    place->cln->handler = ngx_http_model_balancer_release;
    place->cln->data = balance;

    ctx->reserved = balance;

    return NGX_OK;
}


/* made once, and made as new for every try */

static ngx_int_t
ngx_http_model_balancer_place(ngx_http_request_t *r,
    ngx_http_model_place_t *place)
{
    ngx_http_upstream_t        *shadow;
    ngx_http_upstream_state_t  *state;

    if (place->cln == NULL) {
        place->cln = ngx_pool_cleanup_add(r->pool, 0);
    }

    if (place->shadow == NULL) {
        shadow = ngx_palloc(r->pool, sizeof(ngx_http_upstream_t));
        state = ngx_palloc(r->pool, sizeof(ngx_http_upstream_state_t));

        if (shadow == NULL || state == NULL) {
            return NGX_ERROR;
        }

        place->shadow = shadow;
        place->state = state;
    }

    if (place->cln == NULL) {
        return NGX_ERROR;
    }

    shadow = place->shadow;
    state = place->state;

    ngx_memzero(shadow, sizeof(ngx_http_upstream_t));
    ngx_memzero(state, sizeof(ngx_http_upstream_state_t));

    state->connect_time = (ngx_msec_t) -1;
    state->header_time = (ngx_msec_t) -1;
    state->response_time = (ngx_msec_t) -1;

    shadow->state = state;
    shadow->peer.log = r->connection->log;
    shadow->peer.log_error = NGX_ERROR_ERR;

    return NGX_OK;
}


static ngx_int_t
ngx_http_model_balancer_take(ngx_http_request_t *r, ngx_http_model_hop_t *hop,
    ngx_http_model_balance_t **balance)
{
    ngx_int_t                        rc;
    ngx_http_upstream_srv_conf_t    *us;
    ngx_http_model_balancer_conf_t  *bcf;

    us = hop->vendor->upstream;
    bcf = ngx_http_conf_upstream_srv_conf(us, ngx_http_model_module);

    rc = bcf->init_peer(r, us);

    if (rc != NGX_OK) {
        return rc;
    }

    *balance = ngx_http_model_balancer_create(r, hop, bcf,
                                              &r->upstream->peer);
    if (*balance == NULL) {
        return NGX_ERROR;
    }

    return ngx_http_model_balancer_choose(&r->upstream->peer, *balance);
}


/* the request ended before the slot was used */

static void
ngx_http_model_balancer_release(void *data)
{
    ngx_http_model_balance_t  *balance = data;

    if (!balance->holds) {
        return;
    }

    balance->holds = 0;

    balance->pc.log = ngx_cycle->log;

    ngx_http_model_peers_unasked(balance->conf->us, balance->pc.name);
    ngx_http_model_balancer_free(&balance->pc, balance, 0);
}
