
/*
 * Copyright (C) the ngx_http_model_module authors
 */


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "ngx_http_model_balancer.h"
#include "ngx_http_model_explain.h"
#include "ngx_http_model_handover.h"
#include "ngx_http_model_health.h"
#include "ngx_http_model_proxy_stock.h"
#include "ngx_http_model_queue.h"
#include "ngx_http_model_rewrite.h"
#include "ngx_http_model_survey.h"
#include "ngx_http_model_translate.h"
#include "ngx_http_model_variables.h"


static ngx_int_t ngx_http_model_explain_servers(ngx_http_request_t *r,
    ngx_http_model_ctx_t *ctx, ngx_http_model_view_t *view,
    ngx_http_model_hop_t *hop, ngx_http_model_json_writer_t *w);
static void ngx_http_model_explain_server(ngx_http_model_ctx_t *ctx,
    ngx_http_model_view_t *view, ngx_http_model_hop_t *hop,
    ngx_http_model_found_t *found, ngx_http_model_json_writer_t *w);
static void ngx_http_model_explain_known(ngx_http_model_view_t *view,
    ngx_http_model_hop_t *hop, ngx_str_t *name,
    ngx_http_model_json_writer_t *w);
static void ngx_http_model_explain_queue(ngx_http_model_hop_t *hop,
    ngx_http_model_json_writer_t *w);
static void ngx_http_model_explain_headers(ngx_http_model_hop_t *hop,
    ngx_http_model_json_writer_t *w);
static const char *ngx_http_model_explain_source(ngx_http_model_hop_t *hop,
    ngx_keyval_t *line);
static ngx_uint_t ngx_http_model_explain_is(ngx_keyval_t *line,
    const char *name, ngx_str_t *value);
static ngx_int_t ngx_http_model_explain_edit(ngx_http_request_t *r,
    ngx_http_model_ctx_t *ctx, ngx_http_model_hop_t *hop,
    ngx_http_model_json_writer_t *w);


/* by state of a mark */

static const char  *ngx_http_model_explain_marks[] = {
    "asked",
    "waits in the queue",
    "passed over",
    "refuses",
    "next, if those before fail",
    "not reached"
};


/* by what was found of a server */

static const char  *ngx_http_model_explain_found[] = {
    "free",
    "busy",
    "cooldown",
    "max_fails",
    "tried",
    "lacks the model",
    "down in the configuration",
    "draining"
};


static const char  *ngx_http_model_explain_states[] = {
    "unknown",
    "up",
    "down"
};


ngx_int_t
ngx_http_model_explain_hop(ngx_http_request_t *r, ngx_http_model_ctx_t *ctx,
    ngx_http_model_view_t *view, ngx_http_model_hop_t *hop,
    ngx_http_model_chain_mark_t *mark, ngx_http_model_json_writer_t *w)
{
    ngx_str_t                 uri;
    ngx_http_model_vendor_t  *vendor;

    vendor = hop->vendor;

    if (ngx_http_model_handover_uri(r, hop, &uri) != NGX_OK) {
        return NGX_ERROR;
    }

    ngx_http_model_json_object(w);

    ngx_http_model_explain_str(w, "vendor", &vendor->id);
    ngx_http_model_explain_str(w, "name", &hop->name);

    ngx_http_model_json_key(w, "outcome");
    ngx_http_model_json_cstr(w, ngx_http_model_explain_marks[mark->state]);

    ngx_http_model_json_key(w, "why");

    if (mark->why) {
        ngx_http_model_json_cstr(w, mark->why);

    } else {
        ngx_http_model_json_null(w);
    }

    ngx_http_model_json_key(w, "tls");
    ngx_http_model_json_bool(w, vendor->ssl);

    ngx_http_model_explain_str(w, "host", &vendor->authority);
    ngx_http_model_explain_str(w, "uri", &uri);

    if (ngx_http_model_explain_servers(r, ctx, view, hop, w) != NGX_OK) {
        return NGX_ERROR;
    }

    ngx_http_model_explain_queue(hop, w);
    ngx_http_model_explain_headers(hop, w);

    if (ngx_http_model_explain_edit(r, ctx, hop, w) != NGX_OK) {
        return NGX_ERROR;
    }

    ngx_http_model_json_object_end(w);

    return NGX_OK;
}


static ngx_int_t
ngx_http_model_explain_servers(ngx_http_request_t *r,
    ngx_http_model_ctx_t *ctx, ngx_http_model_view_t *view,
    ngx_http_model_hop_t *hop, ngx_http_model_json_writer_t *w)
{
    ngx_uint_t               i;
    ngx_array_t             *servers;
    ngx_http_model_found_t  *found;

    servers = ngx_http_model_survey_each(r, hop, r->pool);
    if (servers == NULL) {
        return NGX_ERROR;
    }

    found = servers->elts;

    ngx_http_model_json_key(w, "servers");
    ngx_http_model_json_array(w);

    for (i = 0; i < servers->nelts; i++) {
        ngx_http_model_explain_server(ctx, view, hop, &found[i], w);
    }

    ngx_http_model_json_array_end(w);

    return NGX_OK;
}


static void
ngx_http_model_explain_server(ngx_http_model_ctx_t *ctx,
    ngx_http_model_view_t *view, ngx_http_model_hop_t *hop,
    ngx_http_model_found_t *found, ngx_http_model_json_writer_t *w)
{
    ngx_str_t  *name;

    /* as the catalogue knows it */

    name = hop->vendor->group ? &found->name : &hop->vendor->authority;

    ngx_http_model_json_object(w);

    ngx_http_model_explain_str(w, "name", &found->name);

    ngx_http_model_json_key(w, "asked_first");
    ngx_http_model_json_bool(w, found->asked);

    ngx_http_model_json_key(w, "now");
    ngx_http_model_json_cstr(w, ngx_http_model_explain_found[found->can]);

    ngx_http_model_json_key(w, "suits");
    ngx_http_model_json_cstr(w, ngx_http_model_survey_words[found->suits]);

    ngx_http_model_json_key(w, "cooldown_left_ms");

    if (found->out) {
        ngx_http_model_json_int(w, found->out);

    } else {
        ngx_http_model_json_null(w);
    }

    ngx_http_model_json_key(w, "failures");
    ngx_http_model_json_int(w, ngx_http_model_health_failures(
                                   ctx->views->catalogue, &hop->vendor->id,
                                   name));

    ngx_http_model_json_key(w, "backup");
    ngx_http_model_json_bool(w, found->backup);
    ngx_http_model_json_key(w, "weight");
    ngx_http_model_json_int(w, found->weight);
    ngx_http_model_json_key(w, "in_flight");
    ngx_http_model_json_int(w, found->conns);
    ngx_http_model_json_key(w, "max_conns");

    if (found->max_conns) {
        ngx_http_model_json_int(w, found->max_conns);

    } else {
        ngx_http_model_json_null(w);
    }

    ngx_http_model_explain_known(view, hop, name, w);

    ngx_http_model_json_object_end(w);
}


/* what discovery knows of the server */

static void
ngx_http_model_explain_known(ngx_http_model_view_t *view,
    ngx_http_model_hop_t *hop, ngx_str_t *name,
    ngx_http_model_json_writer_t *w)
{
    ngx_http_model_model_t   *model;
    ngx_http_model_server_t  *server;

    server = ngx_http_model_view_server(view, hop->vendor, name);
    model = hop->known.len ? ngx_http_model_view_find(view, hop->vendor,
                                                      &hop->known)
                           : NULL;

    ngx_http_model_json_key(w, "state");
    ngx_http_model_json_cstr(w, ngx_http_model_explain_states[
                          server ? server->facts.state
                                 : NGX_HTTP_MODEL_SERVER_UNKNOWN]);

    ngx_http_model_json_key(w, "reason");

    if (server && server->facts.reason.len) {
        ngx_http_model_json_str(w, &server->facts.reason);

    } else {
        ngx_http_model_json_null(w);
    }

    ngx_http_model_json_key(w, "list_age_s");

    if (server == NULL || server->facts.listed == 0) {

        ngx_http_model_json_null(w);
        ngx_http_model_json_key(w, "lists_model");
        ngx_http_model_json_null(w);
        ngx_http_model_json_key(w, "warm");
        ngx_http_model_json_null(w);

        return;
    }

    ngx_http_model_json_int(w, ngx_time() - server->facts.listed);

    ngx_http_model_json_key(w, "lists_model");
    ngx_http_model_json_bool(w, model
                                && ngx_http_model_view_has(view, model,
                                                           server));
    ngx_http_model_json_key(w, "warm");
    ngx_http_model_json_bool(w, model
                                && ngx_http_model_view_loaded(view, model,
                                                              server));
}


static void
ngx_http_model_explain_queue(ngx_http_model_hop_t *hop,
    ngx_http_model_json_writer_t *w)
{
    ngx_http_model_balancer_conf_t  *bcf;

    bcf = ngx_http_model_balancer_conf(hop->vendor->upstream);

    ngx_http_model_json_key(w, "aware");
    ngx_http_model_json_bool(w, bcf && bcf->aware);

    ngx_http_model_json_key(w, "queue");

    if (bcf == NULL || bcf->queue == 0) {
        ngx_http_model_json_null(w);
        return;
    }

    ngx_http_model_json_object(w);
    ngx_http_model_json_key(w, "size");
    ngx_http_model_json_int(w, bcf->queue);
    ngx_http_model_json_key(w, "timeout_ms");
    ngx_http_model_json_int(w, bcf->timeout);
    ngx_http_model_json_key(w, "length");
    ngx_http_model_json_int(w, ngx_http_model_queue_length(bcf));
    ngx_http_model_json_object_end(w);
}


/* names of headers, and where their values would come from: no value */

static void
ngx_http_model_explain_headers(ngx_http_model_hop_t *hop,
    ngx_http_model_json_writer_t *w)
{
    ngx_uint_t     i, n;
    const char    *source;
    ngx_array_t   *lines;
    ngx_keyval_t  *line;

    lines = ngx_http_model_proxy_sent(hop->vendor);

    n = lines ? lines->nelts : 0;
    line = lines ? lines->elts : NULL;

    ngx_http_model_json_key(w, "headers");
    ngx_http_model_json_array(w);

    for (i = 0; i < n; i++) {
        source = ngx_http_model_explain_source(hop, &line[i]);

        if (*source) {
            ngx_http_model_json_object(w);
            ngx_http_model_explain_str(w, "name", &line[i].key);
            ngx_http_model_json_key(w, "from");
            ngx_http_model_json_cstr(w, source);
            ngx_http_model_json_object_end(w);
        }
    }

    ngx_http_model_json_array_end(w);

    ngx_http_model_json_key(w, "never_sent");
    ngx_http_model_json_array(w);

    for (i = 0; i < n; i++) {
        source = ngx_http_model_explain_source(hop, &line[i]);

        if (*source == '\0') {
            ngx_http_model_json_str(w, &line[i].key);
        }
    }

    ngx_http_model_json_array_end(w);
}


static const char *
ngx_http_model_explain_source(ngx_http_model_hop_t *hop, ngx_keyval_t *line)
{
    const char  *source;

    static ngx_str_t  identity = ngx_string("identity");

    if (line->value.len == 0) {
        return "";
    }

    source = ngx_http_model_variables_source(hop, &line->value);

    if (source) {
        return source;
    }

    /* where another value than ours stands, somebody has written it */

    if (ngx_http_model_explain_is(line, "Host", &hop->vendor->host)
        || ngx_http_model_explain_is(line, "Accept-Encoding", &identity))
    {
        return "gateway";
    }

    return "configuration";
}


static ngx_uint_t
ngx_http_model_explain_is(ngx_keyval_t *line, const char *name,
    ngx_str_t *value)
{
    return line->key.len == ngx_strlen(name)
           && ngx_strncasecmp(line->key.data, (u_char *) name, line->key.len)
              == 0
           && line->value.len == value->len
           && ngx_memcmp(line->value.data, value->data, value->len) == 0;
}


static ngx_int_t
ngx_http_model_explain_edit(ngx_http_request_t *r, ngx_http_model_ctx_t *ctx,
    ngx_http_model_hop_t *hop, ngx_http_model_json_writer_t *w)
{
    ngx_uint_t              n;
    const char             *how;
    ngx_chain_t            *bufs;
    ngx_http_model_edit_t  *edits;

    ngx_http_model_json_key(w, "bridge");

    if (hop->translation) {
        ngx_http_model_json_object(w);
        ngx_http_model_explain_str(w, "from",
                              (ngx_str_t *) &hop->translation->b.client->path);
        ngx_http_model_explain_str(w, "to",
                              (ngx_str_t *) &hop->translation->b.server->path);
        ngx_http_model_json_object_end(w);

        ngx_http_model_json_key(w, "edits");
        ngx_http_model_json_int(w, 0);
        ngx_http_model_json_key(w, "edit");
        ngx_http_model_json_cstr(w, "bridge");

        return NGX_OK;
    }

    ngx_http_model_json_null(w);

    if (ngx_http_model_rewrite_plan(r, ctx, hop, &edits, &n) != NGX_OK) {
        return NGX_ERROR;
    }

    bufs = r->request_body ? r->request_body->bufs : NULL;

    how = (n == 0) ? "none"
          : ngx_http_model_edit_fits(bufs, edits, n) ? "in place" : "splice";

    ngx_http_model_json_key(w, "edits");
    ngx_http_model_json_int(w, n);
    ngx_http_model_json_key(w, "edit");
    ngx_http_model_json_cstr(w, how);

    return NGX_OK;
}
