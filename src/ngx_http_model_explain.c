
/*
 * Copyright (C) the ngx_http_model_module authors
 */


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "ngx_http_model_alias.h"
#include "ngx_http_model_dispatch.h"
#include "ngx_http_model_explain.h"
#include "ngx_http_model_gateway.h"
#include "ngx_http_model_path.h"
#include "ngx_http_model_respond.h"
#include "ngx_http_model_rules.h"


#define NGX_HTTP_MODEL_EXPLAIN_PATH  1024   /* longest, bytes */
#define NGX_HTTP_MODEL_EXPLAIN_NEAR  10


static ngx_int_t ngx_http_model_explain_path(ngx_http_request_t *r,
    ngx_str_t *path);
static void ngx_http_model_explain_body_handler(ngx_http_request_t *r);
static ngx_int_t ngx_http_model_explain_name(ngx_http_request_t *r,
    ngx_http_model_ctx_t *ctx);
static void ngx_http_model_explain_question(ngx_http_model_ctx_t *ctx,
    ngx_http_model_json_writer_t *w);
static ngx_int_t ngx_http_model_explain_body(ngx_http_request_t *r,
    ngx_http_model_ctx_t *ctx, ngx_str_t *body);
static ngx_int_t ngx_http_model_explain(ngx_http_request_t *r,
    ngx_http_model_ctx_t *ctx, ngx_str_t *doc);
static ngx_int_t ngx_http_model_explain_decide(ngx_http_request_t *r,
    ngx_http_model_ctx_t *ctx, ngx_http_model_scope_t *scope,
    ngx_http_model_route_t *route);
static ngx_int_t ngx_http_model_explain_document(ngx_http_request_t *r,
    ngx_http_model_ctx_t *ctx, ngx_http_model_scope_t *scope,
    ngx_http_model_route_t *route, ngx_http_model_json_writer_t *w);
static void ngx_http_model_explain_request(ngx_http_model_ctx_t *ctx,
    ngx_http_model_json_writer_t *w);
static void ngx_http_model_explain_meaning(ngx_http_model_ctx_t *ctx,
    ngx_http_model_route_t *route, ngx_http_model_json_writer_t *w);
static void ngx_http_model_explain_alias(ngx_http_model_route_t *route,
    ngx_http_model_json_writer_t *w);
static void ngx_http_model_explain_near(ngx_http_request_t *r,
    ngx_http_model_ctx_t *ctx, ngx_http_model_scope_t *scope,
    ngx_http_model_json_writer_t *w);
static ngx_int_t ngx_http_model_explain_hops(ngx_http_request_t *r,
    ngx_http_model_ctx_t *ctx, ngx_http_model_scope_t *scope,
    ngx_http_model_chain_mark_t *marks, ngx_http_model_json_writer_t *w);
static void ngx_http_model_explain_failover(
    const ngx_http_model_rules_t *rules, ngx_http_model_json_writer_t *w);
static void ngx_http_model_explain_limits(ngx_http_request_t *r,
    ngx_http_model_ctx_t *ctx, ngx_http_model_json_writer_t *w);
static void ngx_http_model_explain_msec(ngx_http_model_json_writer_t *w,
    const char *key, ngx_msec_t ms);


static const char  *ngx_http_model_explain_dialects[] = {
    "ollama",
    "openai",
    "anthropic"
};


ngx_int_t
ngx_http_model_explain_handler(ngx_http_request_t *r)
{
    ngx_int_t                 rc;
    ngx_str_t                 doc;
    ngx_http_model_ctx_t     *ctx;
    ngx_http_request_body_t  *body;

    ctx = ngx_http_model_ctx_create(r);

    if (ctx == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    rc = ngx_http_model_explain_path(r, &ctx->path);

    if (rc == NGX_ERROR) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    if (rc != NGX_OK) {
        (void) ngx_http_discard_request_body(r);

        return ngx_http_model_respond_error(r, NGX_HTTP_BAD_REQUEST, NULL,
                                            NULL, "\"path\" must be the path "
                                            "of a request, such as "
                                            "/v1/chat/completions");
    }

    ctx->explained = 1;
    ctx->endpoint = ngx_http_model_endpoint_find(&ctx->path, &ctx->rest);

    if (r->method == NGX_HTTP_POST) {

        if (ctx->endpoint->type == NGX_HTTP_MODEL_EP_SHOW
            || ctx->endpoint->type == NGX_HTTP_MODEL_EP_ROUTED)
        {
            /* a body that is refused for its headers is told of later */

            (void) ngx_http_model_gateway_prepare(r, ctx);
        }

        rc = ngx_http_read_client_request_body(r,
                                          ngx_http_model_explain_body_handler);

        return (rc >= NGX_HTTP_SPECIAL_RESPONSE) ? rc : NGX_DONE;
    }

    /* the client's own may still be read, to be discarded */

    body = r->request_body;

    rc = ngx_http_model_explain_name(r, ctx);

    if (rc == NGX_OK) {
        rc = ngx_http_model_explain(r, ctx, &doc);
    }

    r->request_body = body;

    if (rc != NGX_OK) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    return ngx_http_model_respond(r, NGX_HTTP_OK, "application/json", &doc,
                                  NULL);
}


/* NGX_DECLINED: that is no path */

static ngx_int_t
ngx_http_model_explain_path(ngx_http_request_t *r, ngx_str_t *path)
{
    size_t  i;

    if (ngx_http_model_path_argument(r, "path", path) != NGX_OK) {
        return NGX_ERROR;
    }

    if (path->len == 0) {
        ngx_str_set(path, "/v1/chat/completions");
    }

    if (path->data[0] != '/' || path->len > NGX_HTTP_MODEL_EXPLAIN_PATH) {
        return NGX_DECLINED;
    }

    for (i = 0; i < path->len; i++) {
        if (path->data[i] < 0x20 || path->data[i] == 0x7f
            || path->data[i] == '?')
        {
            return NGX_DECLINED;
        }
    }

    return NGX_OK;
}


static void
ngx_http_model_explain_body_handler(ngx_http_request_t *r)
{
    ngx_int_t              rc;
    ngx_str_t              doc;
    ngx_http_model_ctx_t  *ctx;

    ctx = ngx_http_model_ctx(r);

    ctx->scanning = 0;
    ctx->body_read = 1;

    rc = ctx->body ? ngx_http_model_gateway_late(r, ctx) : NGX_OK;

    if (rc == NGX_OK) {
        rc = ngx_http_model_explain(r, ctx, &doc);
    }

    ngx_http_finalize_request(r, (rc == NGX_OK)
                   ? ngx_http_model_respond(r, NGX_HTTP_OK, "application/json",
                                            &doc, NULL)
                   : NGX_HTTP_INTERNAL_SERVER_ERROR);
}


/* the smallest body with the name in it takes the place of a real one */

static ngx_int_t
ngx_http_model_explain_name(ngx_http_request_t *r, ngx_http_model_ctx_t *ctx)
{
    ngx_str_t                      name, body;
    ngx_http_model_json_writer_t  *w;

    if (ngx_http_model_path_argument(r, "model", &name) != NGX_OK) {
        return NGX_ERROR;
    }

    w = ngx_http_model_json_writer(r->pool);

    ngx_http_model_json_object(w);

    if (name.len && ctx->endpoint->names == NGX_HTTP_MODEL_NAMES_COPY) {
        ngx_http_model_json_key(w, "source");
        ngx_http_model_json_str(w, &name);

    } else if (name.len) {
        ngx_http_model_json_key(w, "model");
        ngx_http_model_json_str(w, &name);
    }

    ngx_http_model_explain_question(ctx, w);

    ngx_http_model_json_object_end(w);

    if (ngx_http_model_json_finish(w, &body) != NGX_OK) {
        return NGX_ERROR;
    }

    return ngx_http_model_explain_body(r, ctx, &body);
}


/* what a bridge would miss */

static void
ngx_http_model_explain_question(ngx_http_model_ctx_t *ctx,
    ngx_http_model_json_writer_t *w)
{
    ngx_uint_t  i;

    static const struct {
        ngx_str_t    path;
        const char  *key;
    } texts[] = {
        { ngx_string("/api/generate"), "prompt" },
        { ngx_string("/api/embed"), "input" },
        { ngx_string("/api/embeddings"), "prompt" },
        { ngx_string("/v1/embeddings"), "input" },
        { ngx_string("/v1/responses"), "input" },
        { ngx_string("/api/chat"), NULL },
        { ngx_string("/v1/chat/completions"), NULL },
        { ngx_string("/v1/messages"), NULL },
        { ngx_null_string, NULL }
    };

    for (i = 0; texts[i].path.len; i++) {
        if (texts[i].path.len == ctx->endpoint->path.len
            && ngx_memcmp(texts[i].path.data, ctx->endpoint->path.data,
                          texts[i].path.len)
               == 0)
        {
            break;
        }
    }

    if (texts[i].path.len == 0) {
        return;
    }

    if (texts[i].key) {
        ngx_http_model_json_key(w, texts[i].key);
        ngx_http_model_json_cstr(w, "?");
        return;
    }

    ngx_http_model_json_key(w, "messages");
    ngx_http_model_json_array(w);
    ngx_http_model_json_object(w);
    ngx_http_model_json_key(w, "role");
    ngx_http_model_json_cstr(w, "user");
    ngx_http_model_json_key(w, "content");
    ngx_http_model_json_cstr(w, "?");
    ngx_http_model_json_object_end(w);
    ngx_http_model_json_array_end(w);

    if (ctx->endpoint->dialect == NGX_HTTP_MODEL_ANTHROPIC) {
        ngx_http_model_json_key(w, "max_tokens");
        ngx_http_model_json_int(w, 1);
    }
}


static ngx_int_t
ngx_http_model_explain_body(ngx_http_request_t *r, ngx_http_model_ctx_t *ctx,
    ngx_str_t *body)
{
    ngx_buf_t                *b;
    ngx_chain_t              *cl;
    ngx_http_request_body_t  *rb;

    rb = ngx_pcalloc(r->pool, sizeof(ngx_http_request_body_t));
    b = ngx_calloc_buf(r->pool);
    cl = ngx_alloc_chain_link(r->pool);

    if (rb == NULL || b == NULL || cl == NULL) {
        return NGX_ERROR;
    }

    b->start = body->data;
    b->pos = b->start;
    b->last = body->data + body->len;
    b->end = b->last;
    b->temporary = 1;
    b->last_buf = 1;

    cl->buf = b;
    cl->next = NULL;

    rb->bufs = cl;

    r->request_body = rb;

    if (ngx_http_model_gateway_prepare(r, ctx) == NGX_OK) {
        ctx->scanning = 0;
        ngx_http_model_body_feed(ctx->body, cl);
    }

    return NGX_OK;
}


static ngx_int_t
ngx_http_model_explain(ngx_http_request_t *r, ngx_http_model_ctx_t *ctx,
    ngx_str_t *doc)
{
    ngx_int_t                      rc;
    ngx_uint_t                     dialect;
    ngx_http_model_route_t         route;
    ngx_http_model_scope_t         scope;
    ngx_http_model_json_writer_t  *w;

    dialect = ctx->dialect;

    ctx->dry = 1;
    ctx->dialect = ctx->endpoint->dialect;

    ngx_memzero(&route, sizeof(ngx_http_model_route_t));

    rc = ngx_http_model_explain_decide(r, ctx, &scope, &route);

    w = (rc == NGX_OK) ? ngx_http_model_json_writer(r->pool) : NULL;

    if (w) {
        rc = ngx_http_model_explain_document(r, ctx, &scope, &route, w);
    }

    /* what is sent, logged and counted now is a request of nobody's model */

    ctx->dry = 0;
    ctx->hops = NULL;
    ctx->vendor = NULL;
    ctx->endpoint = NULL;
    ctx->dialect = dialect;

    if (rc != NGX_OK || ngx_http_model_json_finish(w, doc) != NGX_OK) {
        return NGX_ERROR;
    }

    return NGX_OK;
}


/* all that a request goes through, up to its start */

static ngx_int_t
ngx_http_model_explain_decide(ngx_http_request_t *r, ngx_http_model_ctx_t *ctx,
    ngx_http_model_scope_t *scope, ngx_http_model_route_t *route)
{
    ngx_int_t                 rc;
    ngx_str_t                 path;
    ngx_http_model_vendor_t  *vendor;

    if (ngx_http_model_scope(r, scope) != NGX_OK) {
        return NGX_ERROR;
    }

    switch (ctx->endpoint->type) {

    case NGX_HTTP_MODEL_EP_SHOW:
    case NGX_HTTP_MODEL_EP_ROUTED:

        if (ctx->body == NULL) {

            /* it was refused for its headers, and that is kept */

            return ctx->status ? NGX_OK : NGX_ERROR;
        }

        rc = ngx_http_model_dispatch_scanned(r, ctx);

        if (rc == NGX_DECLINED) {
            rc = ngx_http_model_dispatch_decide(r, ctx, scope, route);
        }

        break;

    case NGX_HTTP_MODEL_EP_BLOB:
    case NGX_HTTP_MODEL_EP_OTHER:

        rc = ngx_http_model_gateway_unnamed(r, ctx, &vendor);

        if (rc == NGX_DECLINED) {
            path.len = ctx->path.len + 2 * ngx_escape_uri(NULL, ctx->path.data,
                                                          ctx->path.len,
                                                          NGX_ESCAPE_URI);
            path.data = ngx_pnalloc(r->pool, path.len);

            if (path.data == NULL) {
                return NGX_ERROR;
            }

            ngx_escape_uri(path.data, ctx->path.data, ctx->path.len,
                           NGX_ESCAPE_URI);

            rc = ngx_http_model_dispatch_hop(r, ctx, vendor, &path);
        }

        break;

    default:
        return NGX_OK;
    }

    return (rc == NGX_DECLINED || (rc == NGX_OK && ctx->status)) ? NGX_OK
                                                                 : NGX_ERROR;
}


static ngx_int_t
ngx_http_model_explain_document(ngx_http_request_t *r,
    ngx_http_model_ctx_t *ctx, ngx_http_model_scope_t *scope,
    ngx_http_model_route_t *route, ngx_http_model_json_writer_t *w)
{
    ngx_http_model_chain_mark_t  *marks;

    marks = NULL;

    /* first: it may find an error, which stands before the hops */

    if (ctx->hops && ctx->status == 0) {
        marks = ngx_pcalloc(r->pool, ctx->hops->nelts
                                     * sizeof(ngx_http_model_chain_mark_t));
        if (marks == NULL) {
            return NGX_ERROR;
        }

        ngx_http_model_chain_preview(r, ctx, marks);
    }

    ngx_http_model_json_object(w);

    ngx_http_model_explain_request(ctx, w);
    ngx_http_model_explain_meaning(ctx, route, w);
    ngx_http_model_explain_near(r, ctx, scope, w);

    ngx_http_model_json_key(w, "lists_complete");
    ngx_http_model_json_bool(w, ngx_http_model_scope_complete(scope));

    ngx_http_model_json_key(w, "error");

    if (ctx->status) {
        ngx_http_model_json_object(w);
        ngx_http_model_json_key(w, "status");
        ngx_http_model_json_int(w, ctx->status);
        ngx_http_model_explain_str(w, "message", &ctx->message);
        ngx_http_model_json_object_end(w);

    } else {
        ngx_http_model_json_null(w);
    }

    ngx_http_model_explain_alias(route, w);

    if (ngx_http_model_explain_hops(r, ctx, scope, marks, w) != NGX_OK) {
        return NGX_ERROR;
    }

    ngx_http_model_explain_failover(ctx->rules, w);
    ngx_http_model_explain_limits(r, ctx, w);

    ngx_http_model_json_object_end(w);

    return NGX_OK;
}


static void
ngx_http_model_explain_request(ngx_http_model_ctx_t *ctx,
    ngx_http_model_json_writer_t *w)
{
    ngx_http_model_explain_str(w, "model", &ctx->model);
    ngx_http_model_explain_str(w, "path", &ctx->path);

    ngx_http_model_json_key(w, "dialect");
    ngx_http_model_json_cstr(w, ngx_http_model_explain_dialects[
                                    ctx->endpoint->dialect]);

    ngx_http_model_json_key(w, "stream");

    if (ctx->stream_known) {
        ngx_http_model_json_bool(w, ctx->stream);

    } else {
        ngx_http_model_json_null(w);
    }

    ngx_http_model_json_key(w, "answered_by");

    switch (ctx->endpoint->type) {

    case NGX_HTTP_MODEL_EP_ROUTED:
    case NGX_HTTP_MODEL_EP_BLOB:
    case NGX_HTTP_MODEL_EP_OTHER:
        ngx_http_model_json_cstr(w, (ctx->status || ctx->hops == NULL)
                                    ? "gateway" : "vendor");
        break;

    default:
        ngx_http_model_json_cstr(w, "gateway");
    }
}


static void
ngx_http_model_explain_meaning(ngx_http_model_ctx_t *ctx,
    ngx_http_model_route_t *route, ngx_http_model_json_writer_t *w)
{
    ngx_http_model_json_key(w, "meaning");

    if (ctx->reason == NULL) {
        ngx_http_model_json_null(w);
        return;
    }

    ngx_http_model_json_object(w);
    ngx_http_model_json_key(w, "how");
    ngx_http_model_json_cstr(w, ctx->reason);

    if (ctx->vendor) {
        ngx_http_model_explain_str(w, "alias", &ctx->alias);
        ngx_http_model_explain_str(w, "vendor", &ctx->vendor->id);
        ngx_http_model_explain_str(w, "name", &ctx->name);

        ngx_http_model_json_key(w, "listed");
        ngx_http_model_json_bool(w, route->model != NULL);
    }

    ngx_http_model_json_object_end(w);
}


static void
ngx_http_model_explain_alias(ngx_http_model_route_t *route,
    ngx_http_model_json_writer_t *w)
{
    ngx_uint_t                      i;
    ngx_http_model_alias_target_t  *target;

    ngx_http_model_json_key(w, "alias");

    if (route->alias == NULL) {
        ngx_http_model_json_null(w);
        return;
    }

    target = route->alias->targets.elts;

    ngx_http_model_json_object(w);
    ngx_http_model_explain_str(w, "name", &route->alias->name);
    ngx_http_model_json_key(w, "targets");
    ngx_http_model_json_array(w);

    for (i = 0; i < route->alias->targets.nelts; i++) {
        ngx_http_model_json_object(w);
        ngx_http_model_explain_str(w, "target", &target[i].text);
        ngx_http_model_json_key(w, "weight");
        ngx_http_model_json_int(w, target[i].weight);
        ngx_http_model_json_key(w, "backup");
        ngx_http_model_json_bool(w, target[i].backup);
        ngx_http_model_json_object_end(w);
    }

    ngx_http_model_json_array_end(w);
    ngx_http_model_json_key(w, "order");
    ngx_http_model_json_cstr(w, "by weight in turn: the hops stand as this "
                                "worker's next request would have them");
    ngx_http_model_json_object_end(w);
}


static void
ngx_http_model_explain_near(ngx_http_request_t *r, ngx_http_model_ctx_t *ctx,
    ngx_http_model_scope_t *scope, ngx_http_model_json_writer_t *w)
{
    ngx_str_t    *name;
    ngx_uint_t    i;
    ngx_array_t  *near;

    near = NULL;

    if (ctx->model.len && ctx->vendor == NULL) {
        near = ngx_http_model_route_near(scope, &ctx->model,
                                         NGX_HTTP_MODEL_EXPLAIN_NEAR,
                                         r->pool);
    }

    ngx_http_model_json_key(w, "near");
    ngx_http_model_json_array(w);

    if (near) {
        name = near->elts;

        for (i = 0; i < near->nelts; i++) {
            ngx_http_model_json_str(w, &name[i]);
        }
    }

    ngx_http_model_json_array_end(w);
}


static ngx_int_t
ngx_http_model_explain_hops(ngx_http_request_t *r, ngx_http_model_ctx_t *ctx,
    ngx_http_model_scope_t *scope, ngx_http_model_chain_mark_t *marks,
    ngx_http_model_json_writer_t *w)
{
    ngx_uint_t             i;
    ngx_http_model_hop_t  *hops;

    ngx_http_model_json_key(w, "hops");
    ngx_http_model_json_array(w);

    if (marks) {
        hops = ctx->hops->elts;

        for (i = 0; i < ctx->hops->nelts; i++) {

            if (ngx_http_model_explain_hop(r, ctx, scope->view, &hops[i],
                                           &marks[i], w)
                != NGX_OK)
            {
                return NGX_ERROR;
            }
        }
    }

    ngx_http_model_json_array_end(w);

    return NGX_OK;
}


static void
ngx_http_model_explain_failover(const ngx_http_model_rules_t *rules,
    ngx_http_model_json_writer_t *w)
{
    ngx_uint_t  bit;

    ngx_http_model_json_key(w, "failover");

    if (rules == NULL) {
        ngx_http_model_json_null(w);
        return;
    }

    ngx_http_model_json_object(w);
    ngx_http_model_json_key(w, "conditions");
    ngx_http_model_json_array(w);

    for (bit = 1; bit && bit <= rules->conditions; bit <<= 1) {

        if (rules->conditions & bit) {
            ngx_http_model_json_cstr(w, ngx_http_model_rules_name(bit));
        }
    }

    ngx_http_model_json_array_end(w);
    ngx_http_model_json_key(w, "tries");
    ngx_http_model_json_int(w, rules->tries);

    ngx_http_model_explain_msec(w, "timeout_ms", rules->timeout);
    ngx_http_model_explain_msec(w, "cooldown_ms", rules->cooldown);
    ngx_http_model_explain_msec(w, "stall_ms", rules->stall);
    ngx_http_model_explain_msec(w, "cold_timeout_ms", rules->cold);

    ngx_http_model_json_object_end(w);
}


static void
ngx_http_model_explain_limits(ngx_http_request_t *r,
    ngx_http_model_ctx_t *ctx, ngx_http_model_json_writer_t *w)
{
    ngx_http_model_loc_conf_t  *mlcf;

    mlcf = ngx_http_get_module_loc_conf(r, ngx_http_model_module);

    ngx_http_model_json_key(w, "limits");
    ngx_http_model_json_object(w);

    ngx_http_model_json_key(w, "kind");
    ngx_http_model_json_cstr(w,
                       (ctx->endpoint->kind == NGX_HTTP_MODEL_MANAGE)
                           ? "manage"
                       : (ctx->endpoint->kind == NGX_HTTP_MODEL_OTHER)
                           ? "other" : "inference");

    ngx_http_model_json_key(w, "model_allow");
    ngx_http_model_json_bool(w, (ctx->endpoint->kind & mlcf->allow) != 0);

    ngx_http_model_json_key(w, "expose");

    if (ctx->vendor == NULL) {
        ngx_http_model_json_null(w);

    } else if (ctx->vendor->expose == NULL) {
        ngx_http_model_json_cstr(w, "all models");

    } else {
        ngx_http_model_json_cstr(w, "lets this one be used");
    }

    ngx_http_model_json_key(w, "client_keys");
    ngx_http_model_json_cstr(w, "not considered: this was asked without the "
                                "key of a client");
    ngx_http_model_json_key(w, "locations");
    ngx_http_model_json_cstr(w, "not considered: all vendors, and the "
                                "directives in effect where model_status "
                                "stands");

    ngx_http_model_json_object_end(w);
}


void
ngx_http_model_explain_str(ngx_http_model_json_writer_t *w, const char *key,
    ngx_str_t *value)
{
    ngx_http_model_json_key(w, key);

    if (value->len) {
        ngx_http_model_json_str(w, value);

    } else {
        ngx_http_model_json_null(w);
    }
}


/* null: none */

static void
ngx_http_model_explain_msec(ngx_http_model_json_writer_t *w, const char *key,
    ngx_msec_t ms)
{
    ngx_http_model_json_key(w, key);

    if (ms) {
        ngx_http_model_json_int(w, ms);

    } else {
        ngx_http_model_json_null(w);
    }
}
