
/*
 * Copyright (C) the ngx_http_model_module authors
 */


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "ngx_http_model_compat.h"
#include "ngx_http_model_handover.h"
#include "ngx_http_model_resolve.h"
#include "ngx_http_model_rewrite.h"
#include "ngx_http_model_variables.h"


extern ngx_module_t  ngx_http_proxy_module;


/* a header that create_request must not see, and what it was */

typedef struct {
    ngx_table_elt_t               *header;
    ngx_table_elt_t                was;
} ngx_http_model_hidden_t;


static ngx_int_t ngx_http_model_handover_run(ngx_http_request_t *r);
static ngx_int_t ngx_http_model_handover_slot(ngx_http_request_t *r,
    ngx_http_model_vendor_t *vendor);
static ngx_int_t ngx_http_model_handover_enter(ngx_http_request_t *r,
    ngx_http_model_ctx_t *ctx);
static ngx_int_t ngx_http_model_handover_hide(ngx_http_request_t *r,
    ngx_http_model_ctx_t *ctx);
static u_char *ngx_http_model_handover_dashes(ngx_pool_t *pool,
    ngx_table_elt_t *header);
static ngx_int_t ngx_http_model_handover_disguise(ngx_http_request_t *r,
    ngx_http_model_ctx_t *ctx, ngx_table_elt_t *header, u_char *name,
    size_t len);
static ngx_int_t ngx_http_model_handover_create_request(
    ngx_http_request_t *r);


ngx_int_t
ngx_http_model_handover(ngx_http_request_t *r, ngx_http_model_ctx_t *ctx)
{
    ctx->unresolved = 0;
    ctx->tries = 0;

    if (r != r->main
        && (r->request_body == NULL || r->request_body->bufs == NULL))
    {
        /* a subrequest has its parent's headers, but not always its body */

        r->headers_in.content_length_n = -1;
        r->headers_in.chunked = 0;
    }

    return ngx_http_model_resolve(r, ctx, ngx_http_model_handover_run);
}


static ngx_int_t
ngx_http_model_handover_run(ngx_http_request_t *r)
{
    ngx_int_t                 rc;
    ngx_http_upstream_t      *u;
    ngx_http_model_ctx_t     *ctx;
    ngx_http_model_vendor_t  *vendor;

    ctx = ngx_http_model_ctx(r);
    vendor = ctx->hop->vendor;

    ctx->vendor = vendor;
    ctx->name = ctx->hop->name;
    ctx->create_request = NULL;

    if (ngx_http_model_rewrite(r, ctx, ctx->hop) != NGX_OK
        || ngx_http_model_handover_slot(r, vendor) != NGX_OK
        || ngx_http_model_handover_enter(r, ctx) != NGX_OK)
    {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    ctx->created = 0;

    rc = vendor->handler(r);

    ngx_http_model_handover_leave(r, ctx);

    u = r->upstream;

    if (rc == NGX_DONE && !ctx->created && u && u->request_bufs == NULL) {

        /* the body is still being read: the head is made after that */

        ctx->create_request = u->create_request;
        u->create_request = ngx_http_model_handover_create_request;
    }

    return rc;
}


/*
 * With a body of which nothing is on the wire any more: the connection to the
 * vendor before was closed.
 */

ngx_int_t
ngx_http_model_handover_switch(ngx_http_request_t *r,
    ngx_http_model_ctx_t *ctx, ngx_http_model_hop_t *hop)
{
    ngx_http_upstream_t       *u;
    ngx_http_model_vendor_t   *vendor;
    ngx_http_upstream_conf_t  *conf;

    u = r->upstream;
    vendor = hop->vendor;
    conf = vendor->conf;

    if (u->buffer.start && conf->buffer_size != u->conf->buffer_size) {
        u->buffer.start = NULL;
    }

    r->loc_conf[ngx_http_proxy_module.ctx_index] =
                           vendor->loc_conf[ngx_http_proxy_module.ctx_index];

    ctx->hop = hop;
    ctx->vendor = vendor;
    ctx->name = hop->name;

    ngx_log_debug2(NGX_LOG_DEBUG_HTTP, r->connection->log, 0,
                   "model: goes on with \"%V\" of vendor \"%V\"",
                   &hop->name, &vendor->id);

    /* proxy_http_version 2 sets it when its handler runs: here it does not */

    conf->preserve_output |= u->conf->preserve_output;

    u->conf = conf;
    u->buffering = conf->buffering;
    u->peer.so_keepalive = conf->socket_keepalive ? 1 : 0;

    ngx_http_model_socket_options(u);

#if (NGX_HTTP_SSL)
    u->ssl = vendor->ssl;
#endif

    if (vendor->ssl) {
        ngx_str_set(&u->schema, "https://");

    } else {
        ngx_str_set(&u->schema, "http://");
    }

    if (ngx_http_model_rewrite(r, ctx, hop) != NGX_OK) {
        return NGX_ERROR;
    }

    u->request_bufs = r->request_body ? r->request_body->bufs : NULL;

    if (ctx->create_request == NULL) {
        ctx->create_request = u->create_request;
    }

    ngx_http_model_variables_renew(r, ctx);

    return ngx_http_model_handover_create_request(r);
}


static ngx_int_t
ngx_http_model_handover_slot(ngx_http_request_t *r,
    ngx_http_model_vendor_t *vendor)
{
    void      **loc_conf;
    ngx_uint_t  n;

    n = ngx_http_proxy_module.ctx_index;

    loc_conf = ngx_palloc(r->pool, ngx_http_max_module * sizeof(void *));
    if (loc_conf == NULL) {
        return NGX_ERROR;
    }

    ngx_memcpy(loc_conf, r->loc_conf, ngx_http_max_module * sizeof(void *));

    loc_conf[n] = vendor->loc_conf[n];
    r->loc_conf = loc_conf;

    return NGX_OK;
}


ngx_int_t
ngx_http_model_handover_uri(ngx_http_request_t *r, ngx_http_model_hop_t *hop,
    ngx_str_t *uri)
{
    u_char     *p;
    ngx_str_t  *base, rest;

    base = &hop->vendor->base;
    rest = hop->uri;

    if (base->len == 0) {
        *uri = rest;
        return NGX_OK;
    }

    if ((hop->vendor->dialects
         & ngx_http_model_dialect_bit(NGX_HTTP_MODEL_OPENAI))
        && rest.len >= 3 && ngx_strncmp(rest.data, "/v1", 3) == 0
        && (rest.len == 3 || rest.data[3] == '/' || rest.data[3] == '?'))
    {
        rest.data += 3;
        rest.len -= 3;
    }

    p = ngx_pnalloc(r->pool, base->len + rest.len);
    if (p == NULL) {
        return NGX_ERROR;
    }

    uri->data = p;
    uri->len = base->len + rest.len;

    p = ngx_cpymem(p, base->data, base->len);
    ngx_memcpy(p, rest.data, rest.len);

    return NGX_OK;
}


/*
 * What create_request must see: the vendor's URI, the credential, none of the
 * client's private headers; and a log that does not take the head down.
 */

static ngx_int_t
ngx_http_model_handover_enter(ngx_http_request_t *r, ngx_http_model_ctx_t *ctx)
{
    ngx_str_t   uri;
    ngx_log_t  *log;

    /* $request_uri is cacheable: it must be the client's in every log */

    if (ngx_http_model_handover_uri(r, ctx->hop, &uri) != NGX_OK
        || ngx_http_model_variables_prime(r, ctx) != NGX_OK)
    {
        return NGX_ERROR;
    }

    ctx->unparsed_uri = r->unparsed_uri;
    ctx->valid_unparsed_uri = r->valid_unparsed_uri;

    r->unparsed_uri = uri;
    r->valid_unparsed_uri = 1;

    log = r->connection->log;
    ctx->log_level = log->log_level;

    if (log->log_level > NGX_LOG_DEBUG) {
        log->log_level = NGX_LOG_DEBUG;
    }

    ctx->swapped = 1;

    if (ngx_http_model_handover_hide(r, ctx) != NGX_OK) {
        ngx_http_model_handover_leave(r, ctx);
        return NGX_ERROR;
    }

    return NGX_OK;
}


void
ngx_http_model_handover_leave(ngx_http_request_t *r, ngx_http_model_ctx_t *ctx)
{
    ngx_uint_t                i;
    ngx_http_model_hidden_t  *hidden;

    if (!ctx->swapped) {
        return;
    }

    ctx->swapped = 0;

    r->unparsed_uri = ctx->unparsed_uri;
    r->valid_unparsed_uri = ctx->valid_unparsed_uri;

    r->connection->log->log_level = ctx->log_level;

    if (ctx->hidden) {
        hidden = ctx->hidden->elts;

        for (i = 0; i < ctx->hidden->nelts; i++) {
            *hidden[i].header = hidden[i].was;
        }

        ctx->hidden = NULL;
    }

    ngx_http_model_variables_forget(r, ctx);
}


/*
 * Headers X-OpenWebUI-* carry personal data, and new ones appear: those not
 * in the static list are cut down to the prefix, which is in the list.  Names
 * with "_" are looked up with "-", as which a server may read them.
 */

static ngx_int_t
ngx_http_model_handover_hide(ngx_http_request_t *r, ngx_http_model_ctx_t *ctx)
{
    u_char           *lowcase;
    ngx_uint_t        i, betas;
    ngx_list_part_t  *part;
    ngx_table_elt_t  *header;

    static ngx_str_t  prefix = ngx_string("x-openwebui-");
    static ngx_str_t  beta = ngx_string("anthropic-beta");

    /* other servers refuse betas that they do not know */

    betas = ctx->hop->vendor->dialects
            & ngx_http_model_dialect_bit(NGX_HTTP_MODEL_ANTHROPIC);

    part = &r->headers_in.headers.part;
    header = part->elts;

    for (i = 0; /* void */; i++) {

        if (i >= part->nelts) {
            if (part->next == NULL) {
                break;
            }

            part = part->next;
            header = part->elts;
            i = 0;
        }

        lowcase = header[i].lowcase_key;

        if (ngx_strlchr(lowcase, lowcase + header[i].key.len, '_')) {
            lowcase = ngx_http_model_handover_dashes(r->pool, &header[i]);
            if (lowcase == NULL) {
                return NGX_ERROR;
            }
        }

        if ((header[i].key.len > prefix.len
             && ngx_memcmp(lowcase, prefix.data, prefix.len) == 0)
            || (!betas && header[i].key.len == beta.len
                && ngx_memcmp(lowcase, beta.data, beta.len) == 0))
        {
            if (ngx_http_model_handover_disguise(r, ctx, &header[i],
                                                 prefix.data, prefix.len)
                != NGX_OK)
            {
                return NGX_ERROR;
            }

        } else if (lowcase != header[i].lowcase_key
                   && ngx_http_model_handover_disguise(r, ctx, &header[i],
                                                       lowcase,
                                                       header[i].key.len)
                      != NGX_OK)
        {
            return NGX_ERROR;
        }
    }

    return NGX_OK;
}


static u_char *
ngx_http_model_handover_dashes(ngx_pool_t *pool, ngx_table_elt_t *header)
{
    u_char  *p;
    size_t   i;

    p = ngx_pnalloc(pool, header->key.len);
    if (p == NULL) {
        return NULL;
    }

    for (i = 0; i < header->key.len; i++) {
        p[i] = (header->lowcase_key[i] == '_') ? '-' : header->lowcase_key[i];
    }

    return p;
}


static ngx_int_t
ngx_http_model_handover_disguise(ngx_http_request_t *r,
    ngx_http_model_ctx_t *ctx, ngx_table_elt_t *header, u_char *name,
    size_t len)
{
    ngx_http_model_hidden_t  *hidden;

    if (ctx->hidden == NULL) {
        ctx->hidden = ngx_array_create(r->pool, 8,
                                       sizeof(ngx_http_model_hidden_t));
        if (ctx->hidden == NULL) {
            return NGX_ERROR;
        }
    }

    hidden = ngx_array_push(ctx->hidden);
    if (hidden == NULL) {
        return NGX_ERROR;
    }

    hidden->header = header;
    hidden->was = *header;

    header->key.len = len;
    header->lowcase_key = name;
    header->hash = ngx_hash_key(name, len);

    return NGX_OK;
}


static ngx_int_t
ngx_http_model_handover_create_request(ngx_http_request_t *r)
{
    ngx_int_t              rc;
    ngx_http_model_ctx_t  *ctx;

    ctx = ngx_http_model_ctx(r);

    if (ngx_http_model_handover_enter(r, ctx) != NGX_OK) {
        return NGX_ERROR;
    }

    rc = ctx->create_request(r);

    ngx_http_model_handover_leave(r, ctx);

    return rc;
}
