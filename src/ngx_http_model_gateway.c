
/*
 * Copyright (C) the ngx_http_model_module authors
 *
 * Who owns the request when:
 *
 *   moment                            owner            ends with
 *   --------------------------------  ---------------  -----------------------
 *   preaccess, content handler        nginx's phases   the returned code
 *   body being read (either phase)    the body reader  our post handler, or a
 *                                                      4xx that it finalizes
 *                                                      itself: so the phase
 *                                                      returns NGX_DONE with
 *                                                      its own count dropped,
 *                                                      never NGX_AGAIN
 *   post handler in preaccess         nginx's phases,  ngx_http_core_run_phases
 *                                     run again
 *   post handler in content           us               ngx_http_finalize_
 *                                                      request(r, dispatch())
 *   parked by wait                    wait: timer or   finalize(r, resume()),
 *                                     fetch holds a    or its cleanup when the
 *                                     count            client is gone
 *   name being resolved               the resolver,    finalize(r, run()), or
 *                                     holds a count    its cleanup
 *   handed over                       the upstream     nginx's own finalizing
 */


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "ngx_http_model_dispatch.h"
#include "ngx_http_model_error.h"
#include "ngx_http_model_gateway.h"
#include "ngx_http_model_handover.h"
#include "ngx_http_model_local.h"
#include "ngx_http_model_names.h"
#include "ngx_http_model_path.h"
#include "ngx_http_model_respond.h"
#include "ngx_http_model_rewrite.h"
#include "ngx_http_model_scope.h"


static ngx_uint_t ngx_http_model_gateway_shared(ngx_http_request_t *r);
static ngx_int_t ngx_http_model_gateway_gate(ngx_http_request_t *r,
    ngx_http_model_ctx_t *ctx, ngx_http_model_loc_conf_t *mlcf);
static ngx_uint_t ngx_http_model_gateway_has_body(
    const ngx_http_model_endpoint_t *endpoint);
static ngx_int_t ngx_http_model_gateway_left(ngx_http_request_t *r);
static void ngx_http_model_gateway_preaccess_body_handler(
    ngx_http_request_t *r);
static void ngx_http_model_gateway_body_handler(ngx_http_request_t *r);
static ngx_int_t ngx_http_model_gateway_again(ngx_http_request_t *r,
    ngx_http_model_ctx_t *ctx);
static ngx_int_t ngx_http_model_gateway_unread(ngx_http_request_t *r,
    ngx_http_model_ctx_t *ctx);


ngx_http_model_ctx_t *
ngx_http_model_gateway_identify(ngx_http_request_t *r)
{
    ngx_str_t                   rest;
    ngx_http_model_ctx_t       *ctx;
    ngx_http_model_client_t    *client;
    ngx_http_model_loc_conf_t  *mlcf;

    mlcf = ngx_http_get_module_loc_conf(r, ngx_http_model_module);

    ctx = ngx_http_model_ctx_create(r);

    /* an internal redirect may lead to the same location */

    if (ctx == NULL
        || (ctx->identified == mlcf
            && ctx->uri.data == r->uri.data && ctx->uri.len == r->uri.len))
    {
        return ctx;
    }

    ctx->client = NULL;
    ctx->explained = 0;
    ctx->dialect = NGX_HTTP_MODEL_OPENAI;

    if (ngx_http_model_path(r, &mlcf->pass->prefix, &ctx->path) != NGX_OK) {
        return NULL;
    }

    if (mlcf->clients) {
        client = ngx_http_model_client_identify(r, mlcf->clients, &ctx->path,
                                                &rest);
        ctx->client = client;

        if (client && rest.len != ctx->path.len) {
            ctx->path = rest;
            ctx->keyed_path = 1;
        }
    }

    ctx->endpoint = ngx_http_model_endpoint_find(&ctx->path, &ctx->rest);
    ctx->dialect = ctx->endpoint->dialect;

    if ((ctx->endpoint->type == NGX_HTTP_MODEL_EP_MODELS
         || ctx->endpoint->type == NGX_HTTP_MODEL_EP_MODEL)
        && (ngx_http_model_request_header(r, "anthropic-version")
            || ngx_http_model_request_header(r, "x-api-key")))
    {
        /* the same path in two dialects: the request's headers tell */

        ctx->dialect = NGX_HTTP_MODEL_ANTHROPIC;
    }

    if (ctx->identified == NULL) {

        /* a vendor that sends no head makes the proxy change it */

        ctx->http_version = r->http_version;
    }

    ctx->identified = mlcf;
    ctx->uri = r->uri;

    return ctx;
}


ngx_int_t
ngx_http_model_gateway_preaccess_handler(ngx_http_request_t *r)
{
    ngx_int_t                   rc;
    ngx_http_model_ctx_t       *ctx;
    ngx_http_model_loc_conf_t  *mlcf;

    mlcf = ngx_http_get_module_loc_conf(r, ngx_http_model_module);

    if (r != r->main) {
        return NGX_DECLINED;
    }

    if (mlcf->pass == NULL) {
        return ngx_http_model_gateway_left(r);
    }

    ctx = ngx_http_model_gateway_identify(r);
    if (ctx == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    if (!ctx->origin_checked) {
        ctx->origin_checked = 1;
        ctx->origin = ngx_http_model_cors_origin(r, mlcf->cors);

        if (ctx->origin == NGX_HTTP_MODEL_ORIGIN_FOREIGN) {
            (void) ngx_http_discard_request_body(r);

            rc = ngx_http_model_respond_error(r, NGX_HTTP_FORBIDDEN, NULL,
                                     NULL, "requests from this Origin are not "
                                     "allowed, model_cors says which are");

            ngx_http_finalize_request(r, rc);
            return NGX_DONE;
        }

        if (ctx->origin == NGX_HTTP_MODEL_ORIGIN_ALLOWED
            && ngx_http_model_cors_preflight(r))
        {
            (void) ngx_http_discard_request_body(r);

            ctx->preflight = 1;
            ctx->local = 1;

            r->headers_out.status = NGX_HTTP_NO_CONTENT;
            r->header_only = 1;

            ngx_http_finalize_request(r, ngx_http_send_header(r));
            return NGX_DONE;
        }
    }

    if (mlcf->read != NGX_HTTP_MODEL_READ_PREACCESS || ctx->body_read
        || !ngx_http_model_gateway_has_body(ctx->endpoint)
        || (mlcf->clients && ctx->client == NULL)
        || !(ctx->endpoint->kind & mlcf->allow)
        || !(r->method & ctx->endpoint->methods))
    {
        return NGX_DECLINED;
    }

    if (ngx_http_model_gateway_prepare(r, ctx) != NGX_OK) {
        return NGX_DECLINED;
    }

    rc = ngx_http_read_client_request_body(r,
                                ngx_http_model_gateway_preaccess_body_handler);

    if (rc >= NGX_HTTP_SPECIAL_RESPONSE) {
        return rc;
    }

    ngx_http_finalize_request(r, NGX_DONE);

    return NGX_DONE;
}


/* error_page may lead to a location that is not ours: with the client's body */

static ngx_int_t
ngx_http_model_gateway_left(ngx_http_request_t *r)
{
    ngx_http_model_ctx_t  *ctx;

    ctx = r->internal ? ngx_http_model_ctx(r) : NULL;

    if (ctx == NULL) {
        return NGX_DECLINED;
    }

    ngx_http_model_handover_leave(r, ctx);

    if (ngx_http_model_rewrite_undo(r, ctx) != NGX_OK) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    return NGX_DECLINED;
}


static void
ngx_http_model_gateway_preaccess_body_handler(ngx_http_request_t *r)
{
    ngx_http_model_ctx_t  *ctx;

    ctx = ngx_http_model_ctx(r);

    ctx->scanning = 0;
    ctx->body_read = 1;

    /* what variables may tell from now on; errors are the content handler's */

    ngx_http_model_dispatch_peek(r, ctx);

    r->preserve_body = 1;

    r->write_event_handler = ngx_http_core_run_phases;
    ngx_http_core_run_phases(r);
}


ngx_int_t
ngx_http_model_gateway_handler(ngx_http_request_t *r)
{
    ngx_int_t                   rc;
    ngx_http_model_ctx_t       *ctx;
    ngx_http_model_loc_conf_t  *mlcf;

    mlcf = ngx_http_get_module_loc_conf(r, ngx_http_model_module);

    ctx = ngx_http_model_gateway_identify(r);
    if (ctx == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    rc = ngx_http_model_gateway_gate(r, ctx, mlcf);

    if (rc != NGX_DECLINED) {
        return rc;
    }

    switch (ctx->endpoint->type) {

    case NGX_HTTP_MODEL_EP_SHOW:
    case NGX_HTTP_MODEL_EP_ROUTED:
        break;

    case NGX_HTTP_MODEL_EP_BLOB:
    case NGX_HTTP_MODEL_EP_OTHER:
        return ngx_http_model_gateway_unread(r, ctx);

    default:
        rc = ngx_http_discard_request_body(r);

        if (rc != NGX_OK) {
            return rc;
        }

        return ngx_http_model_local(r);
    }

    ctx->shared |= ngx_http_model_gateway_shared(r);

    r->preserve_body = ctx->shared;

    if (ctx->body_read) {

        if ((ctx->hop || ctx->scanned_for != ctx->endpoint)
            && ngx_http_model_gateway_again(r, ctx) != NGX_OK)
        {
            return NGX_HTTP_INTERNAL_SERVER_ERROR;
        }

        return ngx_http_model_dispatch(r, ctx);
    }

    if ((ctx->body == NULL || ctx->scanned_for != ctx->endpoint)
        && ngx_http_model_gateway_prepare(r, ctx) != NGX_OK)
    {
        (void) ngx_http_discard_request_body(r);

        return ngx_http_model_respond_error(r, ctx->status, NULL, NULL, "%V",
                                            &ctx->message);
    }

    rc = ngx_http_read_client_request_body(r,
                                          ngx_http_model_gateway_body_handler);

    if (rc >= NGX_HTTP_SPECIAL_RESPONSE) {
        return rc;
    }

    return NGX_DONE;
}


/*
 * 1 when a subrequest has the same body and has not begun: mirror's are made
 * right before the content handler runs.
 */

static ngx_uint_t
ngx_http_model_gateway_shared(ngx_http_request_t *r)
{
    ngx_http_posted_request_t  *pr;

    for (pr = r->main->posted_requests; pr; pr = pr->next) {

        if (pr->request != r && r->request_body
            && pr->request->request_body == r->request_body)
        {
            return 1;
        }
    }

    return 0;
}


/* what needs no body: NGX_DECLINED lets the request pass */

static ngx_int_t
ngx_http_model_gateway_gate(ngx_http_request_t *r, ngx_http_model_ctx_t *ctx,
    ngx_http_model_loc_conf_t *mlcf)
{
    const char  *kind;

    if (mlcf->clients && ctx->client == NULL) {
        (void) ngx_http_discard_request_body(r);

        return ngx_http_model_respond_error(r, NGX_HTTP_UNAUTHORIZED,
                               "invalid_api_key", NULL, "a key of this "
                               "gateway is needed: as \"Authorization: Bearer "
                               "KEY\", as \"x-api-key: KEY\", or as the first "
                               "part of the path");
    }

    if (!(ctx->endpoint->kind & mlcf->allow)) {
        (void) ngx_http_discard_request_body(r);

        kind = (ctx->endpoint->kind == NGX_HTTP_MODEL_MANAGE) ? "manage"
               : (ctx->endpoint->kind == NGX_HTTP_MODEL_OTHER) ? "other"
               : "inference";

        return ngx_http_model_respond_error(r, NGX_HTTP_FORBIDDEN, NULL, NULL,
                               "requests of the kind \"%s\" are not allowed "
                               "here, model_allow says which are", kind);
    }

    if (r->method & ctx->endpoint->methods) {
        return NGX_DECLINED;
    }

    (void) ngx_http_discard_request_body(r);

    return ngx_http_model_respond_method(r, ctx->endpoint->methods);
}


static ngx_uint_t
ngx_http_model_gateway_has_body(const ngx_http_model_endpoint_t *endpoint)
{
    return endpoint->type == NGX_HTTP_MODEL_EP_ROUTED
           || endpoint->type == NGX_HTTP_MODEL_EP_SHOW;
}


ngx_int_t
ngx_http_model_gateway_prepare(ngx_http_request_t *r,
    ngx_http_model_ctx_t *ctx)
{
    ngx_table_elt_t  *h;

    h = ngx_http_model_request_header(r, "content-encoding");

    if (h && h->value.len
        && !(h->value.len == 8
             && ngx_strncasecmp(h->value.data, (u_char *) "identity", 8) == 0))
    {
        ctx->status = NGX_HTTP_UNSUPPORTED_MEDIA_TYPE;
        ngx_str_set(&ctx->message, "compressed request bodies are not "
                                   "supported, send it without "
                                   "Content-Encoding");
        return NGX_DECLINED;
    }

    ctx->body = ngx_http_model_names_body(r, ctx->endpoint);

    if (ctx->body == NULL) {
        ctx->status = NGX_HTTP_INTERNAL_SERVER_ERROR;
        return NGX_DECLINED;
    }

    ctx->scanned_for = ctx->endpoint;
    ctx->scanning = 1;

    return NGX_OK;
}


static void
ngx_http_model_gateway_body_handler(ngx_http_request_t *r)
{
    ngx_http_model_ctx_t  *ctx;

    ctx = ngx_http_model_ctx(r);

    ctx->scanning = 0;
    ctx->body_read = 1;

    if (ngx_http_model_gateway_late(r, ctx) != NGX_OK) {
        ngx_http_finalize_request(r, NGX_HTTP_INTERNAL_SERVER_ERROR);
        return;
    }

    ngx_http_finalize_request(r, ngx_http_model_dispatch(r, ctx));
}


/*
 * After a hand-over that failed, error_page may lead to another model_pass:
 * the body becomes the client's again.  It may also lead to a path whose names
 * are other members of the body.
 */

static ngx_int_t
ngx_http_model_gateway_again(ngx_http_request_t *r, ngx_http_model_ctx_t *ctx)
{
    ngx_http_model_handover_leave(r, ctx);

    if (ngx_http_model_rewrite_undo(r, ctx) != NGX_OK) {
        return NGX_ERROR;
    }

    ngx_str_null(&ctx->model);
    ngx_str_null(&ctx->alias);

    ctx->reason = NULL;
    ctx->notes = NULL;
    ctx->hop = NULL;
    ctx->hops = NULL;
    ctx->run = NULL;
    ctx->usage = NULL;
    ctx->unobserved = 0;
    ctx->ask = NULL;
    ctx->ending = NULL;
    ctx->scanned = 0;
    ctx->accepted = 0;

    if (ngx_http_model_gateway_prepare(r, ctx) != NGX_OK) {
        return NGX_ERROR;
    }

    ctx->scanning = 0;

    return ngx_http_model_gateway_late(r, ctx);
}


ngx_int_t
ngx_http_model_gateway_late(ngx_http_request_t *r, ngx_http_model_ctx_t *ctx)
{
    if (ctx->body->fed || r->request_body == NULL
        || r->request_body->bufs == NULL)
    {
        return NGX_OK;
    }

    return ngx_http_model_body_feed_read(r, ctx->body);
}


/* paths whose body names no model, or must not be read */

static ngx_int_t
ngx_http_model_gateway_unread(ngx_http_request_t *r, ngx_http_model_ctx_t *ctx)
{
    ngx_int_t                   rc;
    ngx_str_t                   path;
    ngx_http_model_vendor_t    *vendor;
    ngx_http_model_loc_conf_t  *mlcf;

    mlcf = ngx_http_get_module_loc_conf(r, ngx_http_model_module);

    vendor = NULL;

    rc = ngx_http_model_gateway_unnamed(r, ctx, &vendor);

    if (rc != NGX_DECLINED) {
        return rc;
    }

    if (ctx->endpoint->type == NGX_HTTP_MODEL_EP_BLOB) {
        return ngx_http_model_dispatch_unread(r, ctx, vendor, &ctx->path);
    }

    if (ctx->keyed_path) {
        /* the client's own bytes hold its key */
        r->valid_unparsed_uri = 0;
    }

    if (ngx_http_model_path_raw(r, &mlcf->pass->prefix, &ctx->path, &path)
        != NGX_OK)
    {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    return ngx_http_model_dispatch_unread(r, ctx, vendor, &path);
}


ngx_int_t
ngx_http_model_gateway_unnamed(ngx_http_request_t *r,
    ngx_http_model_ctx_t *ctx, ngx_http_model_vendor_t **vendor)
{
    ngx_str_t               name;
    ngx_http_model_scope_t  scope;

    if (ctx->endpoint->type == NGX_HTTP_MODEL_EP_OTHER
        && ctx->client && ctx->client->patterns)
    {
        (void) ngx_http_discard_request_body(r);

        return ngx_http_model_respond_error(r, NGX_HTTP_FORBIDDEN, NULL, NULL,
                               "the key of \"%V\" is for some models only, "
                               "and on this path it is not known which model "
                               "is meant", &ctx->client->name);
    }

    if (ngx_http_model_scope(r, &scope) != NGX_OK) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    *vendor = ngx_http_model_scope_unnamed(&scope, &ctx->reason);

    if (*vendor == NULL) {
        (void) ngx_http_discard_request_body(r);

        name = ngx_http_model_error_quote(r->pool, &ctx->path);

        return ngx_http_model_respond_error(r, NGX_HTTP_NOT_FOUND,
                               "unknown_url", NULL, "\"%V\" names no model: "
                               "it needs a location with one vendor, or "
                               "model_default", &name);
    }

    ctx->vendor = *vendor;

    ngx_log_debug2(NGX_LOG_DEBUG_HTTP, r->connection->log, 0,
                   "model: unread request is for vendor \"%V\" by %s",
                   &(*vendor)->id, ctx->reason);

    return NGX_DECLINED;
}
