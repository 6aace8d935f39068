
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


static void ngx_http_model_survey_single(ngx_http_request_t *r,
    ngx_http_model_hop_t *hop, ngx_http_model_look_t *look);
static void ngx_http_model_survey_visit(ngx_http_upstream_rr_peers_t *group,
    ngx_http_upstream_rr_peer_t *peer, ngx_uint_t i, ngx_uint_t backup,
    void *data);
static ngx_uint_t ngx_http_model_survey_suits(ngx_http_model_survey_t *survey,
    ngx_str_t *name);
static ngx_uint_t ngx_http_model_survey_out(ngx_http_model_survey_t *survey,
    ngx_http_upstream_rr_peers_t *group, ngx_http_upstream_rr_peer_t *peer);


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

    ngx_memzero(&survey, sizeof(ngx_http_model_survey_t));

    survey.hop = hop;
    survey.tried = tried;
    survey.aware = bcf && bcf->aware;

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

    ngx_http_model_peers_each(peers, ngx_http_model_survey_visit, survey);
}


static void
ngx_http_model_survey_visit(ngx_http_upstream_rr_peers_t *group,
    ngx_http_upstream_rr_peer_t *peer, ngx_uint_t i, ngx_uint_t backup,
    void *data)
{
    ngx_http_model_survey_t *survey = data;

    ngx_uint_t  suits;

    if (ngx_http_model_peer_down(peer, survey->hinted)) {
        return;
    }

    survey->total++;

    suits = ngx_http_model_survey_suits(survey, &peer->name);

    if (suits == NGX_HTTP_MODEL_SUITS_NOT) {
        return;
    }

    survey->has[suits]++;

    if (ngx_http_model_survey_tried(survey->tried, &peer->name)
        || ngx_http_model_survey_out(survey, group, peer))
    {
        return;
    }

    survey->up[suits]++;

    if (peer->max_conns && peer->conns >= peer->max_conns) {
        return;
    }

    survey->free[suits]++;

    if (survey->classes && i < survey->max) {
        survey->classes[(backup ? survey->max : 0) + i] = suits;
    }
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


/* out for some time: by max_fails, or as the vendor asked for */

static ngx_uint_t
ngx_http_model_survey_out(ngx_http_model_survey_t *survey,
    ngx_http_upstream_rr_peers_t *group, ngx_http_upstream_rr_peer_t *peer)
{
    ngx_msec_t                out;
    ngx_http_model_vendor_t  *vendor;

    if (!group->single
        && peer->max_fails
        && peer->fails >= peer->max_fails
        && ngx_time() - peer->checked <= peer->fail_timeout)
    {
        return 1;
    }

    if (!survey->choice || survey->ctx->views == NULL) {
        return 0;
    }

    vendor = survey->hop->vendor;

    out = ngx_http_model_health_out(survey->ctx->views->catalogue,
                                    &vendor->id,
                                    vendor->group ? &peer->name
                                                  : &vendor->authority,
                                    &survey->hop->known);
    if (out == 0) {
        return 0;
    }

    if (survey->out == 0 || out < survey->out) {
        survey->out = out;
    }

    return 1;
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
