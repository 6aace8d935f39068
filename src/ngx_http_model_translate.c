
/*
 * Copyright (C) the ngx_http_model_module authors
 */


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "ngx_http_model_body.h"
#include "ngx_http_model_describe.h"
#include "ngx_http_model_edit.h"
#include "ngx_http_model_module.h"
#include "ngx_http_model_preset.h"
#include "ngx_http_model_translate.h"


static ngx_int_t ngx_http_model_translate_spare(ngx_http_request_t *r,
    ngx_http_model_ctx_t *ctx, ngx_http_model_hop_t *hop);
static ngx_int_t ngx_http_model_translate_hop(ngx_http_request_t *r,
    ngx_http_model_ctx_t *ctx, ngx_http_model_hop_t *hop,
    const ngx_http_model_bridge_api_t *api, ngx_str_t *body,
    ngx_http_model_translation_t **translation);
static ngx_int_t ngx_http_model_translate_facts(ngx_http_request_t *r,
    ngx_http_model_ctx_t *ctx, ngx_http_model_hop_t *hop,
    ngx_http_model_bridge_t *b);
static ngx_uint_t ngx_http_model_translate_proper(ngx_str_t *authority);
static ngx_int_t ngx_http_model_translate_presets(ngx_http_request_t *r,
    ngx_http_model_hop_t *hop);
static ngx_int_t ngx_http_model_translate_flat(ngx_http_request_t *r,
    ngx_array_t *pieces);
static ngx_int_t ngx_http_model_translate_chain(ngx_http_request_t *r,
    ngx_array_t *pieces, ngx_chain_t **bufs);
static ngx_int_t ngx_http_model_translate_type(ngx_http_request_t *r);


ngx_int_t
ngx_http_model_translate_plan(ngx_http_request_t *r, ngx_http_model_ctx_t *ctx,
    ngx_http_model_bridge_t **why)
{
    ngx_int_t              rc;
    ngx_str_t              body;
    ngx_uint_t             i, n;
    ngx_http_model_hop_t  *hops;

    *why = NULL;

    hops = ctx->hops->elts;
    body.data = NULL;

    for (i = 0, n = 0; i < ctx->hops->nelts; i++) {

        if (hops[i].instead
            && ngx_http_model_translate_spare(r, ctx, &hops[i]) != NGX_OK)
        {
            return NGX_ERROR;
        }

        if (hops[i].bridge) {

            if (body.data == NULL
                && ngx_http_model_body_whole(r, &body) != NGX_OK)
            {
                return NGX_ERROR;
            }

            rc = ngx_http_model_translate_hop(r, ctx, &hops[i],
                                              hops[i].bridge, &body,
                                              &hops[i].translation);

            if (rc == NGX_ERROR) {
                return NGX_ERROR;
            }

            if (rc == NGX_DONE && n == 0) {
                *why = &hops[i].translation->b;
                return NGX_DONE;
            }

            if (rc == NGX_DONE) {

                /* a hop before it has something to load */

                continue;
            }

            if (rc == NGX_DECLINED) {

                ngx_log_debug2(NGX_LOG_DEBUG_HTTP, r->connection->log, 0,
                               "model: vendor \"%V\" is not asked: %V",
                               &hops[i].vendor->id,
                               &hops[i].translation->b.text);

                if (*why == NULL) {
                    *why = &hops[i].translation->b;
                }

                continue;
            }
        }

        if (n != i) {
            hops[n] = hops[i];
        }

        n++;
    }

    ctx->hops->nelts = n;

    return n ? NGX_OK : NGX_DECLINED;
}


/* for the case that the vendor lacks the path; it may be that there is none */

static ngx_int_t
ngx_http_model_translate_spare(ngx_http_request_t *r,
    ngx_http_model_ctx_t *ctx, ngx_http_model_hop_t *hop)
{
    ngx_int_t                      rc;
    ngx_str_t                      body;
    ngx_http_model_translation_t  *t;

    if (ctx->dry) {
        return NGX_OK;
    }

    if (ngx_http_model_body_whole(r, &body) != NGX_OK) {
        return NGX_ERROR;
    }

    rc = ngx_http_model_translate_hop(r, ctx, hop, hop->instead, &body, &t);

    if (rc == NGX_OK) {
        hop->spare = t;
    }

    return (rc == NGX_ERROR) ? NGX_ERROR : NGX_OK;
}


static ngx_int_t
ngx_http_model_translate_hop(ngx_http_request_t *r, ngx_http_model_ctx_t *ctx,
    ngx_http_model_hop_t *hop, const ngx_http_model_bridge_api_t *api,
    ngx_str_t *body, ngx_http_model_translation_t **translation)
{
    ngx_int_t                      rc;
    ngx_http_model_bridge_t       *b;
    ngx_http_model_translation_t  *t;

    t = ngx_pcalloc(r->pool, sizeof(ngx_http_model_translation_t));
    if (t == NULL) {
        return NGX_ERROR;
    }

    *translation = t;
    t->request = r;

    b = &t->b;
    b->client = api;

    if (ngx_http_model_translate_facts(r, ctx, hop, b) != NGX_OK
        || ngx_http_model_bridge_init(b) != NGX_OK)
    {
        return NGX_ERROR;
    }

    rc = ngx_http_model_bridge_request(b, body, &t->pieces);

    if (rc == NGX_OK && api == hop->bridge) {
        hop->uri = b->server->path;

        ngx_log_debug4(NGX_LOG_DEBUG_HTTP, r->connection->log, 0,
                       "model: \"%V\" becomes \"%V\" for vendor \"%V\", "
                       "%ui pieces", &b->client->path, &b->server->path,
                       &b->vendor, t->pieces->nelts);
    }

    return rc;
}


static ngx_int_t
ngx_http_model_translate_facts(ngx_http_request_t *r,
    ngx_http_model_ctx_t *ctx, ngx_http_model_hop_t *hop,
    ngx_http_model_bridge_t *b)
{
    u_char                      *p;
    ngx_time_t                  *tp;
    ngx_http_model_view_t       *view;
    ngx_http_model_model_t      *model;
    ngx_http_model_descriptor_t  d;
    ngx_http_model_loc_conf_t   *mlcf;
    ngx_http_model_main_conf_t  *mmcf;

    mlcf = ngx_http_get_module_loc_conf(r, ngx_http_model_module);
    mmcf = ngx_http_get_module_main_conf(r, ngx_http_model_module);

    b->to = hop->dialect;
    b->pool = r->pool;
    b->temp = r->pool;
    b->limit = mlcf->bridge_buffer;
    b->vendor = hop->vendor->id;
    b->model = ctx->model;
    b->name = hop->name;
    b->output = -1;
    b->proper = ngx_http_model_translate_proper(&hop->vendor->authority);

    p = ngx_pnalloc(r->pool, 24);
    if (p == NULL) {
        return NGX_ERROR;
    }

    b->nonce.data = p;
    b->nonce.len = 24;

    (void) ngx_sprintf(p, "%08xD%08xD%08xD", (uint32_t) ngx_random(),
                       (uint32_t) ngx_random(), (uint32_t) ngx_random());

    b->started = (int64_t) r->start_sec * 1000000000
                 + (int64_t) r->start_msec * 1000000;

    tp = ngx_timeofday();

    b->clock = (int64_t) tp->sec * 1000000000 + (int64_t) tp->msec * 1000000;

    view = ngx_http_model_view(&mmcf->views, r->connection->log);
    model = view ? ngx_http_model_view_find(view, hop->vendor, &hop->known)
                 : NULL;

    if (model) {
        if (ngx_http_model_describe(r->pool, model, &d) != NGX_OK) {
            return NGX_ERROR;
        }

        if (d.output_known) {
            b->output = d.output;
        }
    }

    return NGX_OK;
}


/* OpenAI's own API refuses members that it does not know, others do not */

static ngx_uint_t
ngx_http_model_translate_proper(ngx_str_t *authority)
{
    u_char      *p;
    size_t       len;
    ngx_uint_t   i;

    static ngx_str_t  hosts[] = {
        ngx_string("api.openai.com"),
        ngx_string(".openai.azure.com")
    };

    p = ngx_strlchr(authority->data, authority->data + authority->len, ':');
    len = p ? (size_t) (p - authority->data) : authority->len;

    for (i = 0; i < sizeof(hosts) / sizeof(hosts[0]); i++) {
        if (len >= hosts[i].len
            && ngx_strncasecmp(authority->data + len - hosts[i].len,
                               hosts[i].data, hosts[i].len)
               == 0)
        {
            return 1;
        }
    }

    return 0;
}


ngx_int_t
ngx_http_model_translate_body(ngx_http_request_t *r, ngx_http_model_ctx_t *ctx,
    ngx_http_model_hop_t *hop)
{
    ngx_chain_t                   *cl;
    ngx_http_request_body_t       *rb;
    ngx_http_model_translation_t  *t;

    t = hop->translation;

    rb = ngx_pcalloc(r->pool, sizeof(ngx_http_request_body_t));

    if (rb == NULL
        || (hop->vendor->presets.nelts
            && ngx_http_model_translate_flat(r, t->pieces) != NGX_OK)
        || ngx_http_model_translate_chain(r, t->pieces, &cl) != NGX_OK
        || ngx_http_model_translate_type(r) != NGX_OK)
    {
        return NGX_ERROR;
    }

    rb->bufs = cl;

    ctx->original = r->request_body;
    ctx->original_length = r->headers_in.content_length_n;
    ctx->original_chunked = r->headers_in.chunked;

    r->request_body = rb;
    r->headers_in.content_length_n = ngx_http_model_body_size(cl);
    r->headers_in.chunked = 0;

    hop->uri = t->b.server->path;

    return ngx_http_model_translate_presets(r, hop);
}


void
ngx_http_model_translate_restore(ngx_http_request_t *r,
    ngx_http_model_ctx_t *ctx)
{
    if (ctx->original == NULL) {
        return;
    }

    r->request_body = ctx->original;
    r->headers_in.content_length_n = ctx->original_length;
    r->headers_in.chunked = ctx->original_chunked;

    ctx->original = NULL;
}


/* "default" and "force" are of the body that goes to the vendor */

static ngx_int_t
ngx_http_model_translate_presets(ngx_http_request_t *r,
    ngx_http_model_hop_t *hop)
{
    ngx_str_t               body;
    ngx_uint_t              n;
    ngx_http_model_edit_t  *edits;

    if (hop->vendor->presets.nelts == 0) {
        return NGX_OK;
    }

    n = 0;
    edits = NULL;

    if (ngx_http_model_body_whole(r, &body) != NGX_OK
        || ngx_http_model_preset_plan(r->pool, &hop->vendor->presets,
                                      body.data, body.len, &edits, &n)
           != NGX_OK)
    {
        return NGX_ERROR;
    }

    return n ? ngx_http_model_edit_apply(r, edits, n, NULL) : NGX_OK;
}


/* pieces are slices of the client's body, which must not be edited */

static ngx_int_t
ngx_http_model_translate_flat(ngx_http_request_t *r, ngx_array_t *pieces)
{
    u_char      *p;
    size_t       len;
    ngx_str_t   *piece;
    ngx_uint_t   i;

    piece = pieces->elts;
    len = 0;

    for (i = 0; i < pieces->nelts; i++) {
        len += piece[i].len;
    }

    p = ngx_palloc(r->pool, len);
    if (p == NULL) {
        return NGX_ERROR;
    }

    for (i = 0; i < pieces->nelts; i++) {
        p = ngx_cpymem(p, piece[i].data, piece[i].len);
    }

    piece[0].data = p - len;
    piece[0].len = len;
    pieces->nelts = 1;

    return NGX_OK;
}


static ngx_int_t
ngx_http_model_translate_chain(ngx_http_request_t *r, ngx_array_t *pieces,
    ngx_chain_t **bufs)
{
    ngx_buf_t    *b;
    ngx_str_t    *piece;
    ngx_uint_t    i;
    ngx_chain_t  *cl, **ll;

    piece = pieces->elts;
    *bufs = NULL;
    ll = bufs;

    for (i = 0; i < pieces->nelts; i++) {

        cl = ngx_alloc_chain_link(r->pool);
        b = ngx_calloc_buf(r->pool);

        if (cl == NULL || b == NULL) {
            return NGX_ERROR;
        }

        b->start = piece[i].data;
        b->pos = piece[i].data;
        b->last = piece[i].data + piece[i].len;
        b->end = b->last;
        b->memory = 1;
        b->last_buf = (i == pieces->nelts - 1);

        cl->buf = b;
        cl->next = NULL;

        *ll = cl;
        ll = &cl->next;
    }

    return pieces->nelts ? NGX_OK : NGX_ERROR;
}


/*
 * Servers of other dialects look at the type, which clients of Ollama's often
 * do not send.  It stays: JSON is what was read.
 */

static ngx_int_t
ngx_http_model_translate_type(ngx_http_request_t *r)
{
    ngx_table_elt_t  *h;

    h = r->headers_in.content_type;

    if (h == NULL) {
        h = ngx_list_push(&r->headers_in.headers);
        if (h == NULL) {
            return NGX_ERROR;
        }

        ngx_memzero(h, sizeof(ngx_table_elt_t));

        ngx_str_set(&h->key, "Content-Type");
        h->lowcase_key = (u_char *) "content-type";
        h->hash = ngx_hash_key(h->lowcase_key, h->key.len);

        r->headers_in.content_type = h;
    }

    ngx_str_set(&h->value, "application/json");

    return NGX_OK;
}
