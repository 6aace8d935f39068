
/*
 * Copyright (C) the ngx_http_model_module authors
 */


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "ngx_http_model_dispatch.h"
#include "ngx_http_model_error.h"
#include "ngx_http_model_handover.h"
#include "ngx_http_model_local.h"
#include "ngx_http_model_names.h"
#include "ngx_http_model_path.h"
#include "ngx_http_model_preset.h"
#include "ngx_http_model_respond.h"
#include "ngx_http_model_wait.h"


#define NGX_HTTP_MODEL_NEAR  3


typedef struct {
    ngx_http_model_catalogue_t  *catalogue;
    ngx_http_model_vendor_t     *vendor;
} ngx_http_model_dispatch_want_t;


static ngx_int_t ngx_http_model_dispatch_finish(ngx_http_model_ctx_t *ctx);
static ngx_uint_t ngx_http_model_dispatch_ready(ngx_http_request_t *r,
    void *data);
static ngx_uint_t ngx_http_model_dispatch_settled(
    ngx_http_model_scope_t *scope, ngx_str_t *name,
    ngx_http_model_route_t *route);
static ngx_int_t ngx_http_model_dispatch_resume(ngx_http_request_t *r,
    ngx_http_model_wait_t *wait);
static ngx_int_t ngx_http_model_dispatch_name(ngx_http_request_t *r,
    ngx_http_model_ctx_t *ctx, ngx_http_model_route_t *route);
static ngx_int_t ngx_http_model_dispatch_other(ngx_http_request_t *r,
    ngx_http_model_ctx_t *ctx, ngx_http_model_scope_t *scope,
    ngx_http_model_name_t *name, ngx_http_model_route_t *route,
    ngx_str_t *value);
static ngx_int_t ngx_http_model_dispatch_edit(ngx_http_request_t *r,
    ngx_http_model_ctx_t *ctx, ngx_http_model_name_t *names,
    ngx_str_t *values);
static ngx_int_t ngx_http_model_dispatch_own(ngx_http_request_t *r);
static ngx_int_t ngx_http_model_dispatch_follow(ngx_http_request_t *r,
    ngx_http_model_vendor_t *vendor);
static void ngx_http_model_dispatch_want(void *data);
static ngx_uint_t ngx_http_model_dispatch_speaks(
    ngx_http_model_vendor_t *vendor,
    const ngx_http_model_endpoint_t *endpoint);
static ngx_int_t ngx_http_model_dispatch_silent(ngx_http_request_t *r,
    ngx_http_model_ctx_t *ctx);
static ngx_int_t ngx_http_model_dispatch_missing(ngx_http_request_t *r,
    ngx_http_model_ctx_t *ctx);
static ngx_int_t ngx_http_model_dispatch_unknown(ngx_http_request_t *r,
    ngx_http_model_ctx_t *ctx, ngx_http_model_scope_t *scope);
static ngx_int_t ngx_http_model_dispatch_near(ngx_http_request_t *r,
    ngx_http_model_scope_t *scope, ngx_str_t *name, ngx_str_t *text);


/* of OpenAI's and Anthropic's paths, those that an Ollama server has itself */

static ngx_str_t  ngx_http_model_dispatch_native[] = {
    ngx_string("/v1/chat/completions"),
    ngx_string("/v1/completions"),
    ngx_string("/v1/embeddings"),
    ngx_string("/v1/responses"),
    ngx_string("/v1/messages"),
    ngx_string("/v1/audio/transcriptions"),
    ngx_null_string
};


ngx_int_t
ngx_http_model_dispatch(ngx_http_request_t *r, ngx_http_model_ctx_t *ctx)
{
    ngx_http_model_wait_t   *wait;
    ngx_http_model_scope_t   scope;

    if (ctx->body == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    if (ngx_http_model_dispatch_finish(ctx) != NGX_OK) {

        if (ctx->body->failed && ctx->body->scan) {
            return NGX_HTTP_INTERNAL_SERVER_ERROR;
        }

        return ngx_http_model_respond_error(r, NGX_HTTP_BAD_REQUEST, NULL,
                            NULL, "%s", ngx_http_model_names_error(ctx->body,
                                                              ctx->dialect));
    }

    if (ngx_http_model_scope(r, &scope) != NGX_OK) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    /* a name that is not known yet may be in a list that is on its way */

    wait = ngx_pcalloc(r->pool, sizeof(ngx_http_model_wait_t));
    if (wait == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    wait->ready = ngx_http_model_dispatch_ready;
    wait->resume = ngx_http_model_dispatch_resume;

    return ngx_http_model_wait(r, wait, scope.timeout);
}


static ngx_int_t
ngx_http_model_dispatch_finish(ngx_http_model_ctx_t *ctx)
{
    ngx_int_t              stream;
    ngx_http_model_name_t  names[NGX_HTTP_MODEL_NNAMES];

    if (ctx->scanned) {
        return ctx->accepted ? NGX_OK : NGX_ERROR;
    }

    ctx->scanned = 1;

    if (ngx_http_model_names_finish(ctx->body) != NGX_OK) {
        return NGX_ERROR;
    }

    ctx->accepted = 1;

    ngx_http_model_names(ctx->body, ctx->endpoint, names);

    if (ctx->model.len == 0) {
        ctx->model = names[NGX_HTTP_MODEL_NAME_MODEL].value;
    }

    stream = ngx_http_model_names_flag(ctx->body, ctx->endpoint, "stream");

    ctx->stream = (stream == -1) ? ctx->endpoint->stream : stream;
    ctx->stream_known = 1;

    return NGX_OK;
}


void
ngx_http_model_dispatch_peek(ngx_http_request_t *r, ngx_http_model_ctx_t *ctx)
{
    ngx_http_model_route_t  route;
    ngx_http_model_scope_t  scope;

    if (ctx->body && ngx_http_model_dispatch_finish(ctx) == NGX_OK
        && ngx_http_model_scope(r, &scope) == NGX_OK
        && ngx_http_model_route(&scope, &ctx->model, &route, r->pool)
           == NGX_OK)
    {
        (void) ngx_http_model_dispatch_name(r, ctx, &route);
    }
}


static ngx_uint_t
ngx_http_model_dispatch_ready(ngx_http_request_t *r, void *data)
{
    ngx_http_model_ctx_t    *ctx;
    ngx_http_model_route_t   route;
    ngx_http_model_scope_t   scope;

    (void) data;

    ctx = ngx_http_model_ctx(r);

    if (ngx_http_model_scope(r, &scope) != NGX_OK
        || ngx_http_model_scope_complete(&scope))
    {
        return 1;
    }

    /* the default is the answer only when nobody has the name */

    scope.fallback = NULL;

    if (ngx_http_model_route(&scope, &ctx->model, &route, r->pool) != NGX_OK) {
        return 0;
    }

    /* which of its servers has the model is not known yet */

    if (ctx->endpoint->type == NGX_HTTP_MODEL_EP_SHOW && route.model == NULL
        && !ngx_http_model_view_complete(scope.view, route.vendor))
    {
        return 0;
    }

    return ngx_http_model_dispatch_settled(&scope, &ctx->model, &route);
}


/*
 * 1 when no list that is on its way can give the name another meaning: what is
 * listed as it stands comes before a prefix, a smaller rank before a larger.
 */

static ngx_uint_t
ngx_http_model_dispatch_settled(ngx_http_model_scope_t *scope,
    ngx_str_t *name, ngx_http_model_route_t *route)
{
    size_t                     len;
    ngx_str_t                 *id;
    ngx_uint_t                 i, prefixed, listed;
    ngx_http_model_vendor_t  **vendor;

    id = &route->vendor->id;
    len = id->len;

    prefixed = name->len > len
               && (name->data[len] == ':' || name->data[len] == '/')
               && ngx_memcmp(name->data, id->data, len) == 0;

    listed = route->model && route->model->listed.len == name->len
             && ngx_memcmp(route->model->listed.data, name->data, name->len)
                == 0;

    vendor = scope->vendors->elts;

    for (i = 0; i < scope->vendors->nelts; i++) {

        if (vendor[i] == route->vendor) {

            if (!prefixed) {
                break;
            }

        } else if (!((prefixed || listed) && vendor[i]->prefix)
                   && !ngx_http_model_view_complete(scope->view, vendor[i]))
        {
            return 0;
        }
    }

    return 1;
}


static ngx_int_t
ngx_http_model_dispatch_resume(ngx_http_request_t *r,
    ngx_http_model_wait_t *wait)
{
    ngx_int_t                rc;
    ngx_str_t                values[NGX_HTTP_MODEL_NNAMES], path;
    ngx_http_model_ctx_t    *ctx;
    ngx_http_model_name_t    names[NGX_HTTP_MODEL_NNAMES];
    ngx_http_model_route_t   route;
    ngx_http_model_scope_t   scope;

    (void) wait;

    ctx = ngx_http_model_ctx(r);

    if (ngx_http_model_scope(r, &scope) != NGX_OK) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    ngx_http_model_names(ctx->body, ctx->endpoint, names);

    rc = ngx_http_model_route(&scope, &ctx->model, &route, r->pool);

    if (rc == NGX_ERROR) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    if (rc != NGX_OK) {
        return ctx->model.len ? ngx_http_model_dispatch_unknown(r, ctx, &scope)
                              : ngx_http_model_dispatch_missing(r, ctx);
    }

    if (ngx_http_model_dispatch_name(r, ctx, &route) != NGX_OK) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    ctx->down = route.model && route.model->nservers && route.model->nup == 0;

    if (ctx->endpoint->type == NGX_HTTP_MODEL_EP_SHOW) {
        return ngx_http_model_local_show(r, &route,
                       ngx_http_model_names_flag(ctx->body, ctx->endpoint,
                                                 "verbose")
                       == 1);
    }

    if (!ngx_http_model_dispatch_speaks(route.vendor, ctx->endpoint)) {
        return ngx_http_model_dispatch_silent(r, ctx);
    }

    if ((ctx->vendor->expose || scope.patterns)
        && ngx_http_model_names_fallbacks(ctx->body, ctx->endpoint))
    {
        return ngx_http_model_respond_error(r, NGX_HTTP_BAD_REQUEST, NULL,
                                            "models", "\"models\" is not "
                                            "taken here, where not every "
                                            "model may be used: name one "
                                            "with \"model\"");
    }

    values[NGX_HTTP_MODEL_NAME_MODEL] = ctx->name;

    rc = ngx_http_model_dispatch_other(r, ctx, &scope,
                                       &names[NGX_HTTP_MODEL_NAME_OTHER],
                                       &route,
                                       &values[NGX_HTTP_MODEL_NAME_OTHER]);
    if (rc != NGX_DECLINED) {
        return rc;
    }

    if (ngx_http_model_dispatch_edit(r, ctx, names, values) != NGX_OK) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    path = ctx->endpoint->path;

    return ngx_http_model_dispatch_hop(r, ctx, ctx->vendor, &path);
}


/* keeps what was decided beyond the life of the view */

static ngx_int_t
ngx_http_model_dispatch_name(ngx_http_request_t *r, ngx_http_model_ctx_t *ctx,
    ngx_http_model_route_t *route)
{
    ctx->vendor = route->vendor;
    ctx->name.len = 0;

    if (route->name.len) {
        ctx->name.data = ngx_pstrdup(r->pool, &route->name);
        if (ctx->name.data == NULL) {
            return NGX_ERROR;
        }

        ctx->name.len = route->name.len;
    }

    ngx_log_debug4(NGX_LOG_DEBUG_HTTP, r->connection->log, 0,
                   "model: \"%V\" is \"%V\" of vendor \"%V\" by %s",
                   &ctx->model, &ctx->name, &route->vendor->id,
                   route->reason);

    return NGX_OK;
}


/*
 * The second name, of create's base or a copy's target: it stays with the
 * vendor of the first.  NGX_DECLINED lets the request go on.
 */

static ngx_int_t
ngx_http_model_dispatch_other(ngx_http_request_t *r, ngx_http_model_ctx_t *ctx,
    ngx_http_model_scope_t *scope, ngx_http_model_name_t *name,
    ngx_http_model_route_t *route, ngx_str_t *value)
{
    u_char                   *p, *last;
    ngx_str_t                 id;
    ngx_http_model_vendor_t  *vendor;

    *value = name->value;

    if (name->value.len == 0) {
        return NGX_DECLINED;
    }

    last = name->value.data + name->value.len;

    for (p = name->value.data; p < last && *p != ':' && *p != '/'; p++) {
        /* void */
    }

    id.data = name->value.data;
    id.len = p - id.data;

    vendor = NULL;

    if (last - p > 1) {
        vendor = ngx_http_model_vendor_find(scope->vendors, &id);
    }

    if (vendor && vendor != route->vendor) {
        return ngx_http_model_respond_error(r, NGX_HTTP_BAD_REQUEST, NULL,
                                            NULL, "both names must be of one "
                                            "vendor, not of \"%V\" and "
                                            "\"%V\"", &ctx->vendor->id,
                                            &vendor->id);
    }

    if (vendor) {
        value->data = p + 1;
        value->len = last - (p + 1);
    }

    if (!ngx_http_model_route_permits(scope, route->vendor, value)) {
        return ngx_http_model_respond_error(r, NGX_HTTP_BAD_REQUEST, NULL,
                                            NULL, "vendor \"%V\" does not "
                                            "offer a model of that name",
                                            &route->vendor->id);
    }

    return NGX_DECLINED;
}


static ngx_int_t
ngx_http_model_dispatch_edit(ngx_http_request_t *r, ngx_http_model_ctx_t *ctx,
    ngx_http_model_name_t *names, ngx_str_t *values)
{
    ngx_str_t               body;
    ngx_uint_t              i, n;
    ngx_http_model_edit_t  *edits, swap;

    edits = ngx_palloc(r->pool, (NGX_HTTP_MODEL_NNAMES + 1)
                                * sizeof(ngx_http_model_edit_t));
    if (edits == NULL) {
        return NGX_ERROR;
    }

    n = 0;

    for (i = 0; i < NGX_HTTP_MODEL_NNAMES; i++) {

        if (!names[i].found || values[i].len == 0
            || (names[i].value.len == values[i].len
                && ngx_memcmp(names[i].value.data, values[i].data,
                              values[i].len)
                   == 0))
        {
            continue;
        }

        if (ngx_http_model_names_edit(r->pool, &names[i], &values[i],
                                      &edits[n])
            != NGX_OK)
        {
            return NGX_ERROR;
        }

        n++;
    }

    /* a default model where the request names none */

    if (!names[NGX_HTTP_MODEL_NAME_MODEL].found
        && values[NGX_HTTP_MODEL_NAME_MODEL].len)
    {
        if (ngx_http_model_names_insert(r->pool, ctx->body,
                                        &values[NGX_HTTP_MODEL_NAME_MODEL],
                                        &edits[n])
            != NGX_OK)
        {
            return NGX_ERROR;
        }

        n++;
    }

    if (n == 2 && edits[0].start > edits[1].start) {
        swap = edits[0];
        edits[0] = edits[1];
        edits[1] = swap;
    }

    if (ctx->vendor->presets.nelts && ctx->body->scan
        && ctx->endpoint->kind == NGX_HTTP_MODEL_INFERENCE)
    {
        if (ngx_http_model_body_whole(r, &body) != NGX_OK
            || ngx_http_model_preset_plan(r->pool, &ctx->vendor->presets,
                                          body.data, body.len, &edits, &n)
               != NGX_OK)
        {
            return NGX_ERROR;
        }
    }

    if (n == 0) {
        return NGX_OK;
    }

    if (r != r->main && ngx_http_model_dispatch_own(r) != NGX_OK) {
        return NGX_ERROR;
    }

    return ngx_http_model_edit_apply(r, edits, n, NULL);
}


/* a subrequest has the body of its parent, which may be on its way too */

static ngx_int_t
ngx_http_model_dispatch_own(ngx_http_request_t *r)
{
    ngx_buf_t                *b;
    ngx_str_t                 body;
    ngx_http_request_body_t  *rb;

    if (ngx_http_model_body_whole(r, &body) != NGX_OK) {
        return NGX_ERROR;
    }

    rb = ngx_pcalloc(r->pool, sizeof(ngx_http_request_body_t));
    b = ngx_create_temp_buf(r->pool, body.len);

    if (rb == NULL || b == NULL) {
        return NGX_ERROR;
    }

    b->last = ngx_cpymem(b->pos, body.data, body.len);
    b->last_buf = 1;

    rb->bufs = ngx_alloc_chain_link(r->pool);
    if (rb->bufs == NULL) {
        return NGX_ERROR;
    }

    rb->bufs->buf = b;
    rb->bufs->next = NULL;

    r->request_body = rb;

    return NGX_OK;
}


ngx_int_t
ngx_http_model_dispatch_hop(ngx_http_request_t *r, ngx_http_model_ctx_t *ctx,
    ngx_http_model_vendor_t *vendor, ngx_str_t *path)
{
    ngx_http_model_hop_t  *hop;

    if (ctx->endpoint->type == NGX_HTTP_MODEL_EP_BLOB
        && !ngx_http_model_dispatch_speaks(vendor, ctx->endpoint))
    {
        (void) ngx_http_discard_request_body(r);

        return ngx_http_model_dispatch_silent(r, ctx);
    }

    hop = ngx_pcalloc(r->pool, sizeof(ngx_http_model_hop_t));
    if (hop == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    if (ctx->endpoint->kind == NGX_HTTP_MODEL_MANAGE
        && ngx_http_model_dispatch_follow(r, vendor) != NGX_OK)
    {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    hop->vendor = vendor;
    hop->dialect = ctx->endpoint->dialect;

    if (ctx->endpoint->type == NGX_HTTP_MODEL_EP_OTHER
        && !(vendor->dialects & ngx_http_model_dialect_bit(hop->dialect)))
    {
        /* the path's was a guess */
        hop->dialect = vendor->dialect;
    }

    if (ngx_http_model_path_args(r, path, &hop->uri) != NGX_OK) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    return ngx_http_model_handover(r, hop);
}


/* what changes a server's models is followed by a look at them */

static ngx_int_t
ngx_http_model_dispatch_follow(ngx_http_request_t *r,
    ngx_http_model_vendor_t *vendor)
{
    ngx_pool_cleanup_t               *cln;
    ngx_http_model_dispatch_want_t   *want;
    ngx_http_model_main_conf_t       *mmcf;

    cln = ngx_pool_cleanup_add(r->pool,
                               sizeof(ngx_http_model_dispatch_want_t));
    if (cln == NULL) {
        return NGX_ERROR;
    }

    mmcf = ngx_http_get_module_main_conf(r, ngx_http_model_module);

    want = cln->data;
    want->catalogue = mmcf->views.catalogue;
    want->vendor = vendor;

    cln->handler = ngx_http_model_dispatch_want;

    return NGX_OK;
}


static void
ngx_http_model_dispatch_want(void *data)
{
    ngx_http_model_dispatch_want_t  *want = data;

    ngx_http_model_catalogue_want(want->catalogue, &want->vendor->id);
}


static ngx_uint_t
ngx_http_model_dispatch_speaks(ngx_http_model_vendor_t *vendor,
    const ngx_http_model_endpoint_t *endpoint)
{
    ngx_str_t  *path;

    if (vendor->dialects & ngx_http_model_dialect_bit(endpoint->dialect)) {
        return 1;
    }

    if (!(vendor->dialects
          & ngx_http_model_dialect_bit(NGX_HTTP_MODEL_OLLAMA)))
    {
        return 0;
    }

    for (path = ngx_http_model_dispatch_native; path->len; path++) {
        if (path->len == endpoint->path.len
            && ngx_memcmp(path->data, endpoint->path.data, path->len) == 0)
        {
            return 1;
        }
    }

    return 0;
}


/* the vendor does not speak the dialect of the path */

static ngx_int_t
ngx_http_model_dispatch_silent(ngx_http_request_t *r,
    ngx_http_model_ctx_t *ctx)
{
    u_char      *p, *last;
    ngx_str_t    paths;
    ngx_uint_t   i, d;

    static const char  *texts[NGX_HTTP_MODEL_NDIALECTS] = {
        "/api/chat, /api/generate, /api/embed, /v1/chat/completions",
        ("/v1/chat/completions, /v1/completions, /v1/embeddings, "
         "/v1/responses"),
        "/v1/messages"
    };

    p = ngx_pnalloc(r->pool, 256);
    if (p == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    paths.data = p;
    last = p + 256;
    i = 0;

    for (d = 0; d < NGX_HTTP_MODEL_NDIALECTS; d++) {
        if (ctx->vendor->dialects & ngx_http_model_dialect_bit(d)) {
            p = ngx_slprintf(p, last, "%s%s", i++ ? ", " : "", texts[d]);
        }
    }

    paths.len = p - paths.data;

    return ngx_http_model_respond_error(r, NGX_HTTP_BAD_REQUEST, NULL, "model",
                                        "models of vendor \"%V\" do not "
                                        "answer %V, they answer %V",
                                        &ctx->vendor->id, &ctx->endpoint->path,
                                        &paths);
}


static ngx_int_t
ngx_http_model_dispatch_missing(ngx_http_request_t *r,
    ngx_http_model_ctx_t *ctx)
{
    const char  *text;

    text = (ctx->dialect == NGX_HTTP_MODEL_OPENAI)
               ? "you must provide a model parameter"
           : (ctx->dialect == NGX_HTTP_MODEL_ANTHROPIC)
               ? "model: Field required"
           : (ctx->endpoint->names == NGX_HTTP_MODEL_NAMES_COPY)
               ? "source \"\" is invalid" : "model is required";

    return ngx_http_model_respond_error(r, NGX_HTTP_BAD_REQUEST, NULL, "model",
                                        "%s", text);
}


static ngx_int_t
ngx_http_model_dispatch_unknown(ngx_http_request_t *r,
    ngx_http_model_ctx_t *ctx, ngx_http_model_scope_t *scope)
{
    ngx_str_t   name, near;
    ngx_uint_t  tag, i;

    name = ngx_http_model_error_quote(r->pool, &ctx->model);

    if (ctx->endpoint->type == NGX_HTTP_MODEL_EP_SHOW) {

        /* the words that Ollama's own clients look for, in display form */

        tag = 0;

        for (i = 0; i < name.len; i++) {
            if (name.data[i] == ':') {
                tag = 1;

            } else if (name.data[i] == '/') {
                tag = 0;
            }
        }

        return ngx_http_model_respond_error(r, NGX_HTTP_NOT_FOUND, NULL, NULL,
                                            "model '%V%s' not found", &name,
                                            tag ? "" : ":latest");
    }

    if (ngx_http_model_dispatch_near(r, scope, &ctx->model, &near) != NGX_OK) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    switch (ctx->dialect) {

    case NGX_HTTP_MODEL_OLLAMA:
        return ngx_http_model_respond_error(r, NGX_HTTP_NOT_FOUND, NULL, NULL,
                                            "model '%V' not found%V", &name,
                                            &near);

    case NGX_HTTP_MODEL_ANTHROPIC:
        return ngx_http_model_respond_error(r, NGX_HTTP_NOT_FOUND, NULL, NULL,
                                            "model: %V%V", &name, &near);

    default:
        return ngx_http_model_respond_error(r, NGX_HTTP_NOT_FOUND,
                                            "model_not_found", "model",
                                            "The model `%V` does not exist or "
                                            "you do not have access to "
                                            "it%V", &name, &near);
    }
}


static ngx_int_t
ngx_http_model_dispatch_near(ngx_http_request_t *r,
    ngx_http_model_scope_t *scope, ngx_str_t *name, ngx_str_t *text)
{
    u_char       *p, *last;
    ngx_str_t    *near, quoted;
    ngx_uint_t    i;
    ngx_array_t  *names;

    ngx_str_null(text);

    names = ngx_http_model_route_near(scope, name, NGX_HTTP_MODEL_NEAR,
                                      r->pool);
    if (names == NULL) {
        return NGX_ERROR;
    }

    if (names->nelts == 0) {
        return NGX_OK;
    }

    p = ngx_pnalloc(r->pool, 512);
    if (p == NULL) {
        return NGX_ERROR;
    }

    text->data = p;
    last = p + 512;
    near = names->elts;

    p = ngx_slprintf(p, last, ", near to it are");

    for (i = 0; i < names->nelts; i++) {
        quoted = ngx_http_model_error_quote(r->pool, &near[i]);
        p = ngx_slprintf(p, last, "%s %V", i ? "," : "", &quoted);
    }

    text->len = p - text->data;

    return NGX_OK;
}
