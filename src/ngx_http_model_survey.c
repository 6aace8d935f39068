
/*
 * Copyright (C) the ngx_http_model_module authors
 */


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "ngx_http_model_balancer.h"
#include "ngx_http_model_compat.h"
#include "ngx_http_model_health.h"
#include "ngx_http_model_peers.h"
#include "ngx_http_model_rules.h"
#include "ngx_http_model_survey.h"


static void ngx_http_model_survey_init(ngx_http_model_survey_t *survey,
    ngx_http_model_hop_t *hop, ngx_http_model_balancer_conf_t *bcf);
static ngx_array_t *ngx_http_model_survey_one(ngx_http_request_t *r,
    ngx_http_model_hop_t *hop, ngx_pool_t *pool);
static void ngx_http_model_survey_asked(ngx_http_model_survey_t *survey,
    ngx_array_t *array);
static void ngx_http_model_survey_single(ngx_http_request_t *r,
    ngx_http_model_hop_t *hop, ngx_http_model_look_t *look);
static ngx_int_t ngx_http_model_survey_scratch(
    ngx_http_upstream_rr_peers_t *peers, ngx_log_t *log);
static void ngx_http_model_survey_visit(ngx_http_upstream_rr_peers_t *group,
    ngx_http_upstream_rr_peer_t *peer, ngx_uint_t i, ngx_uint_t backup,
    void *data);
static void ngx_http_model_survey_copy(ngx_http_upstream_rr_peers_t *group,
    ngx_http_upstream_rr_peer_t *peer, ngx_uint_t i, ngx_uint_t backup,
    void *data);
static ngx_uint_t ngx_http_model_survey_off(
    ngx_http_upstream_rr_peer_t *peer);
static void ngx_http_model_survey_judge(ngx_http_model_survey_t *survey,
    ngx_http_model_found_t *found);
static void ngx_http_model_survey_count(ngx_http_model_survey_t *survey,
    ngx_uint_t suits, ngx_uint_t can, ngx_uint_t i, ngx_uint_t backup);
static ngx_uint_t ngx_http_model_survey_can(ngx_http_model_survey_t *survey,
    ngx_http_upstream_rr_peers_t *group, ngx_http_upstream_rr_peer_t *peer);
static ngx_uint_t ngx_http_model_survey_suits(ngx_http_model_survey_t *survey,
    ngx_str_t *name);
static ngx_msec_t ngx_http_model_survey_out(ngx_http_model_survey_t *survey,
    ngx_str_t *name);


/* of the worker: no survey begins within another one */

static ngx_http_model_found_t  *ngx_http_model_survey_copies;
static ngx_uint_t               ngx_http_model_survey_max;


const char  *ngx_http_model_survey_words[] = {
    "warm",
    "suits",
    "sick",
    "never listed",
    "lacks the model"
};


void
ngx_http_model_survey_look(ngx_http_request_t *r, ngx_http_model_hop_t *hop,
    ngx_array_t *tried, ngx_http_model_look_t *look)
{
    ngx_uint_t                       i, first, last;
    ngx_http_model_ctx_t            *ctx;
    ngx_http_model_survey_t          survey;
    ngx_http_upstream_srv_conf_t    *us;
    ngx_http_model_balancer_conf_t  *bcf;

    ngx_memzero(look, sizeof(ngx_http_model_look_t));

    us = hop->vendor->upstream;

    if (us == NULL || us->peer.data == NULL) {
        ngx_http_model_survey_single(r, hop, look);
        return;
    }

    bcf = ngx_http_model_balancer_conf(us);

    ngx_http_model_survey_init(&survey, hop, bcf);

    survey.tried = tried;

    /*
     * which server sticky asks for is not known before the run begins, and not
     * at all where a slot is waited for
     */

    ctx = ngx_http_model_ctx(r);

    survey.hinted = bcf && bcf->sticky && ctx->run == NULL
                    && !ctx->was_queued;

    ngx_http_model_survey(r, us->peer.data, &survey);

    ngx_http_model_survey_range(&survey, &first, &last);

    for (i = first; i <= last; i++) {
        look->has += survey.has[i];
        look->up += survey.up[i];
        look->free += survey.free[i];
    }

    look->sick = (first >= NGX_HTTP_MODEL_SUITS_SICK);
    look->out = (look->up == 0) ? survey.out : 0;

    /* all are taken out, or no name of theirs was resolved yet */

    if (survey.total == 0) {
        look->has = 1;
    }
}


static void
ngx_http_model_survey_init(ngx_http_model_survey_t *survey,
    ngx_http_model_hop_t *hop, ngx_http_model_balancer_conf_t *bcf)
{
    ngx_memzero(survey, sizeof(ngx_http_model_survey_t));

    survey->hop = hop;
    survey->aware = bcf && bcf->aware;
}


void
ngx_http_model_survey_range(ngx_http_model_survey_t *survey,
    ngx_uint_t *first, ngx_uint_t *last)
{
    if (survey->has[NGX_HTTP_MODEL_SUITS_WARM]
        + survey->has[NGX_HTTP_MODEL_SUITS_WELL])
    {
        *first = NGX_HTTP_MODEL_SUITS_WARM;
        *last = NGX_HTTP_MODEL_SUITS_WELL;
        return;
    }

    *first = NGX_HTTP_MODEL_SUITS_SICK;
    *last = survey->listed ? NGX_HTTP_MODEL_SUITS_SICK
                           : NGX_HTTP_MODEL_SUITS_UNSEEN;
}


ngx_uint_t
ngx_http_model_survey_group(ngx_http_model_survey_t *survey, ngx_uint_t n,
    ngx_uint_t *backup, ngx_uint_t *suits)
{
    ngx_uint_t  first, last, classes;

    ngx_http_model_survey_range(survey, &first, &last);

    classes = last - first + 1;

    *backup = n / classes;
    *suits = first + n % classes;

    return *backup < 2;
}


ngx_array_t *
ngx_http_model_survey_each(ngx_http_request_t *r, ngx_http_model_hop_t *hop,
    ngx_pool_t *pool)
{
    ngx_uint_t                       i;
    ngx_array_t                     *array;
    ngx_http_model_found_t          *found;
    ngx_http_model_survey_t          survey;
    ngx_http_upstream_srv_conf_t    *us;
    ngx_http_model_balancer_conf_t  *bcf;

    us = hop->vendor->upstream;

    if (us == NULL || us->peer.data == NULL) {
        return ngx_http_model_survey_one(r, hop, pool);
    }

    bcf = ngx_http_model_balancer_conf(us);

    ngx_http_model_survey_init(&survey, hop, bcf);

    survey.warm = bcf && bcf->warm;
    survey.each = 1;

    ngx_http_model_survey(r, us->peer.data, &survey);

    if (survey.found == NULL) {
        return NULL;
    }

    array = ngx_array_create(pool, ngx_max(survey.nfound, 1),
                             sizeof(ngx_http_model_found_t));
    if (array == NULL) {
        return NULL;
    }

    found = array->elts;
    array->nelts = survey.nfound;

    ngx_memcpy(found, survey.found,
               survey.nfound * sizeof(ngx_http_model_found_t));

    for (i = 0; i < array->nelts; i++) {
        found[i].name.data = found[i].buf;
    }

    ngx_http_model_survey_asked(&survey, array);

    return array;
}


/* the same of a vendor that survey_single looks at */

static ngx_array_t *
ngx_http_model_survey_one(ngx_http_request_t *r, ngx_http_model_hop_t *hop,
    ngx_pool_t *pool)
{
    ngx_array_t             *array;
    ngx_http_model_look_t    look;
    ngx_http_model_found_t  *found;

    array = ngx_array_create(pool, 1, sizeof(ngx_http_model_found_t));
    if (array == NULL) {
        return NULL;
    }

    found = ngx_array_push(array);

    ngx_memzero(found, sizeof(ngx_http_model_found_t));

    ngx_http_model_survey_look(r, hop, NULL, &look);

    found->can = look.free ? NGX_HTTP_MODEL_FOUND_FREE
                           : NGX_HTTP_MODEL_FOUND_COOLDOWN;
    found->suits = NGX_HTTP_MODEL_SUITS_WELL;
    found->out = look.out;
    found->weight = 1;
    found->asked = look.free ? 1 : 0;
    found->name = hop->vendor->authority;

    return array;
}


/* marks those of the first group that has a free one */

static void
ngx_http_model_survey_asked(ngx_http_model_survey_t *survey,
    ngx_array_t *array)
{
    ngx_uint_t               i, n, backup, suits, asked;
    ngx_http_model_found_t  *found;

    found = array->elts;
    asked = 0;

    for (n = 0;
         !asked && ngx_http_model_survey_group(survey, n, &backup, &suits);
         n++)
    {
        for (i = 0; i < array->nelts; i++) {

            if (found[i].can == NGX_HTTP_MODEL_FOUND_FREE
                && found[i].backup == backup && found[i].suits == suits)
            {
                found[i].asked = 1;
                asked = 1;
            }
        }
    }
}


/* a vendor whose addresses are found at run time: one server, always there */

static void
ngx_http_model_survey_single(ngx_http_request_t *r,
    ngx_http_model_hop_t *hop, ngx_http_model_look_t *look)
{
    ngx_http_model_ctx_t  *ctx;

    ctx = ngx_http_model_ctx(r);

    look->has = 1;

    if (ctx->views && ngx_http_model_rules_choice(ctx)) {
        look->out = ngx_http_model_health_out(ctx->views->catalogue,
                                              &hop->vendor->id,
                                              &hop->vendor->authority,
                                              &hop->known);
    }

    look->up = (look->out == 0);
    look->free = look->up;
}


void
ngx_http_model_survey(ngx_http_request_t *r,
    ngx_http_upstream_rr_peers_t *peers, ngx_http_model_survey_t *survey)
{
    ngx_uint_t             i;
    ngx_http_model_ctx_t  *ctx;
    ngx_http_model_hop_t  *hop;

    ctx = ngx_http_model_ctx(r);
    hop = survey->hop;

    survey->ctx = ctx;

    /* as with max_fails: the only server is never kept out */

    survey->choice = ngx_http_model_rules_choice(ctx)
                     || (hop->vendor->group
                         && ngx_http_model_peers_choice(peers));

    if (survey->aware && ctx->views && hop->vendor->discover
        && !hop->anywhere)
    {
        survey->view = ngx_http_model_view(ctx->views, r->connection->log);

    } else {
        survey->aware = 0;
    }

    if (survey->view && hop->known.len) {
        survey->model = ngx_http_model_view_find(survey->view, hop->vendor,
                                                 &hop->known);
    }

    /* of no model, or of one that is only declared, no list tells */

    survey->any = (hop->known.len == 0)
                  || (survey->model && survey->model->nservers == 0);

    survey->cooling = survey->choice
                      && ctx->views
                      && ngx_http_model_health_cooling(ctx->views->catalogue);

    if (!survey->aware && !survey->cooling && !survey->each) {
        ngx_http_model_peers_each(peers, ngx_http_model_survey_visit, survey);
        return;
    }

    if (ngx_http_model_survey_scratch(peers, r->connection->log) != NGX_OK) {
        return;
    }

    survey->found = ngx_http_model_survey_copies;

    ngx_http_model_peers_each(peers, ngx_http_model_survey_copy, survey);

    for (i = 0; i < survey->nfound; i++) {
        ngx_http_model_survey_judge(survey, &survey->found[i]);
    }
}


/* room for all servers; the list may grow until it is locked */

static ngx_int_t
ngx_http_model_survey_scratch(ngx_http_upstream_rr_peers_t *peers,
    ngx_log_t *log)
{
    ngx_uint_t               n;
    ngx_http_model_found_t  *copies;

    n = peers->number + (peers->next ? peers->next->number : 0);
    n = ngx_max(n, 1);

    if (n <= ngx_http_model_survey_max) {
        return NGX_OK;
    }

    copies = ngx_alloc(n * sizeof(ngx_http_model_found_t), log);
    if (copies == NULL) {
        return NGX_ERROR;
    }

    if (ngx_http_model_survey_copies) {
        ngx_free(ngx_http_model_survey_copies);
    }

    ngx_http_model_survey_copies = copies;
    ngx_http_model_survey_max = n;

    return NGX_OK;
}


/* nothing but the peers is looked at, and no name matters */

static void
ngx_http_model_survey_visit(ngx_http_upstream_rr_peers_t *group,
    ngx_http_upstream_rr_peer_t *peer, ngx_uint_t i, ngx_uint_t backup,
    void *data)
{
    ngx_http_model_survey_t *survey = data;

    if (ngx_http_model_peer_down(peer, survey->hinted)) {
        return;
    }

    survey->total++;

    ngx_http_model_survey_count(survey, NGX_HTTP_MODEL_SUITS_WELL,
                                ngx_http_model_survey_can(survey, group,
                                                          peer),
                                i, backup);
}


/* the lock of the peers is not held over those of others, nor over searches */

static void
ngx_http_model_survey_copy(ngx_http_upstream_rr_peers_t *group,
    ngx_http_upstream_rr_peer_t *peer, ngx_uint_t i, ngx_uint_t backup,
    void *data)
{
    ngx_http_model_survey_t *survey = data;

    ngx_uint_t               down;
    ngx_http_model_found_t  *found;

    down = ngx_http_model_peer_down(peer, survey->hinted);

    if (!down) {
        survey->total++;
    }

    if ((down && !survey->each)
        || survey->nfound == ngx_http_model_survey_max)
    {
        return;
    }

    found = &survey->found[survey->nfound++];

    found->can = down ? ngx_http_model_survey_off(peer)
                      : ngx_http_model_survey_can(survey, group, peer);
    found->suits = NGX_HTTP_MODEL_SUITS_NOT;
    found->out = 0;
    found->place = i;
    found->conns = peer->conns;
    found->max_conns = peer->max_conns;
    found->weight = ngx_max(peer->weight, 1);
    found->backup = backup ? 1 : 0;
    found->asked = 0;

    found->name.data = found->buf;
    found->name.len = ngx_min(peer->name.len, sizeof(found->buf));

    ngx_memcpy(found->buf, peer->name.data, found->name.len);
}


static void
ngx_http_model_survey_judge(ngx_http_model_survey_t *survey,
    ngx_http_model_found_t *found)
{
    if (found->can > NGX_HTTP_MODEL_FOUND_LACKS) {
        return;
    }

    found->suits = ngx_http_model_survey_suits(survey, &found->name);

    if (found->suits == NGX_HTTP_MODEL_SUITS_NOT) {
        found->can = NGX_HTTP_MODEL_FOUND_LACKS;
        return;
    }

    if (found->can < NGX_HTTP_MODEL_FOUND_COOLDOWN) {
        found->out = ngx_http_model_survey_out(survey, &found->name);

        if (found->out) {
            found->can = NGX_HTTP_MODEL_FOUND_COOLDOWN;
        }
    }

    ngx_http_model_survey_count(survey, found->suits, found->can,
                                found->place, found->backup);
}


static void
ngx_http_model_survey_count(ngx_http_model_survey_t *survey, ngx_uint_t suits,
    ngx_uint_t can, ngx_uint_t i, ngx_uint_t backup)
{
    survey->has[suits]++;

    if (can >= NGX_HTTP_MODEL_FOUND_COOLDOWN) {
        return;
    }

    survey->up[suits]++;

    if (can == NGX_HTTP_MODEL_FOUND_BUSY) {
        return;
    }

    survey->free[suits]++;

    if (survey->classes && i < survey->max) {
        survey->classes[(backup ? survey->max : 0) + i] = suits;
    }
}


/* why one is out that the look does not count */

static ngx_uint_t
ngx_http_model_survey_off(ngx_http_upstream_rr_peer_t *peer)
{
    return ngx_http_model_peer_down(peer, 1) ? NGX_HTTP_MODEL_FOUND_OFF
                                             : NGX_HTTP_MODEL_FOUND_DRAINS;
}


/* what the peer itself tells, under its lock */

static ngx_uint_t
ngx_http_model_survey_can(ngx_http_model_survey_t *survey,
    ngx_http_upstream_rr_peers_t *group, ngx_http_upstream_rr_peer_t *peer)
{
    if (ngx_http_model_survey_tried(survey->tried, &peer->name)) {
        return NGX_HTTP_MODEL_FOUND_TRIED;
    }

    if (!group->single
        && peer->max_fails
        && peer->fails >= peer->max_fails
        && ngx_time() - peer->checked <= peer->fail_timeout)
    {
        return NGX_HTTP_MODEL_FOUND_FAILED;
    }

    if (peer->max_conns && peer->conns >= peer->max_conns) {
        return NGX_HTTP_MODEL_FOUND_BUSY;
    }

    return NGX_HTTP_MODEL_FOUND_FREE;
}


static ngx_uint_t
ngx_http_model_survey_suits(ngx_http_model_survey_t *survey,
    ngx_str_t *name)
{
    ngx_http_model_server_t  *server;

    if (!survey->aware || survey->view == NULL) {
        return NGX_HTTP_MODEL_SUITS_WELL;
    }

    server = ngx_http_model_view_server(survey->view, survey->hop->vendor,
                                        name);

    /* until its first list is known a server counts as having every model */

    if (server == NULL) {
        return NGX_HTTP_MODEL_SUITS_WELL;
    }

    if (server->facts.listed == 0) {
        return (server->facts.state == NGX_HTTP_MODEL_SERVER_DOWN)
               ? NGX_HTTP_MODEL_SUITS_UNSEEN : NGX_HTTP_MODEL_SUITS_WELL;
    }

    survey->listed++;

    if (!survey->any
        && (survey->model == NULL
            || !ngx_http_model_view_has(survey->view, survey->model, server)))
    {
        return NGX_HTTP_MODEL_SUITS_NOT;
    }

    if (server->facts.state == NGX_HTTP_MODEL_SERVER_DOWN) {
        return NGX_HTTP_MODEL_SUITS_SICK;
    }

    if (survey->warm
        && survey->model
        && ngx_http_model_view_loaded(survey->view, survey->model, server))
    {
        return NGX_HTTP_MODEL_SUITS_WARM;
    }

    return NGX_HTTP_MODEL_SUITS_WELL;
}


/* out for some time, in ms, as the vendor asked for; 0: it is not */

static ngx_msec_t
ngx_http_model_survey_out(ngx_http_model_survey_t *survey, ngx_str_t *name)
{
    ngx_msec_t                out;
    ngx_http_model_vendor_t  *vendor;

    if (!survey->cooling) {
        return 0;
    }

    vendor = survey->hop->vendor;

    out = ngx_http_model_health_out(survey->ctx->views->catalogue,
                                    &vendor->id,
                                    vendor->group ? name
                                                  : &vendor->authority,
                                    &survey->hop->known);

    if (out && (survey->out == 0 || out < survey->out)) {
        survey->out = out;
    }

    return out;
}


ngx_uint_t
ngx_http_model_survey_tried(ngx_array_t *tried, ngx_str_t *name)
{
    ngx_str_t   *elts;
    ngx_uint_t   i;

    if (tried == NULL) {
        return 0;
    }

    elts = tried->elts;

    for (i = 0; i < tried->nelts; i++) {

        if (elts[i].len == name->len
            && ngx_memcmp(elts[i].data, name->data, name->len) == 0)
        {
            return 1;
        }
    }

    return 0;
}
