
/*
 * Copyright (C) the ngx_http_model_module authors
 */


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "ngx_http_model_handover.h"
#include "ngx_http_model_variables.h"


extern ngx_module_t  ngx_http_proxy_module;


/* a header that create_request must not see, and what it was */

typedef struct {
    ngx_table_elt_t               *header;
    ngx_table_elt_t                was;
} ngx_http_model_hidden_t;


typedef struct {
    ngx_http_request_t            *request;
    ngx_http_model_hop_t          *hop;
    ngx_resolver_ctx_t            *resolve;
    unsigned                       async:1;  /* the handler has returned */
} ngx_http_model_resolve_t;


static ngx_int_t ngx_http_model_handover_run(ngx_http_request_t *r,
    ngx_http_model_ctx_t *ctx);
static ngx_int_t ngx_http_model_handover_slot(ngx_http_request_t *r,
    ngx_http_model_vendor_t *vendor);
static ngx_int_t ngx_http_model_handover_uri(ngx_http_request_t *r,
    ngx_http_model_hop_t *hop, ngx_str_t *uri);
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
static ngx_int_t ngx_http_model_handover_pinned(ngx_http_request_t *r,
    ngx_http_model_hop_t *hop);
static ngx_int_t ngx_http_model_handover_resolve(ngx_http_request_t *r,
    ngx_http_model_hop_t *hop);
static void ngx_http_model_handover_resolved(ngx_resolver_ctx_t *rctx);
static ngx_int_t ngx_http_model_handover_addresses(ngx_http_request_t *r,
    ngx_http_model_hop_t *hop, ngx_resolver_ctx_t *rctx);
static void ngx_http_model_handover_cleanup(void *data);


ngx_int_t
ngx_http_model_handover(ngx_http_request_t *r, ngx_http_model_hop_t *hop)
{
    ngx_http_model_ctx_t  *ctx;

    ctx = ngx_http_model_ctx(r);

    ctx->hop = hop;
    ctx->vendor = hop->vendor;
    ctx->unresolved = 0;

    if (r != r->main
        && (r->request_body == NULL || r->request_body->bufs == NULL))
    {
        /* a subrequest has its parent's headers, but not always its body */

        r->headers_in.content_length_n = -1;
        r->headers_in.chunked = 0;
    }

    if (hop->vendor->resolve && hop->resolved == NULL) {
        return ngx_http_model_handover_resolve(r, hop);
    }

    return ngx_http_model_handover_run(r, ctx);
}


static ngx_int_t
ngx_http_model_handover_run(ngx_http_request_t *r, ngx_http_model_ctx_t *ctx)
{
    ngx_int_t                 rc;
    ngx_http_upstream_t      *u;
    ngx_http_model_vendor_t  *vendor;

    vendor = ctx->hop->vendor;

    if (ngx_http_model_handover_slot(r, vendor) != NGX_OK
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


/*
 * The vendor's URI part is its base URL as its documentation gives it: for an
 * OpenAI vendor it stands for "/v1", else it goes in front of the path.
 */

static ngx_int_t
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


ngx_int_t
ngx_http_model_handover_init_peer(ngx_http_request_t *r,
    ngx_http_upstream_srv_conf_t *us)
{
    ngx_http_upstream_t      *u;
    ngx_http_model_ctx_t     *ctx;
    ngx_http_model_hop_t     *hop;
    ngx_http_model_vendor_t  *vendor;

    ctx = ngx_http_model_ctx(r);

    if (ctx == NULL || ctx->hop == NULL || us != &ctx->hop->vendor->mux) {
        ngx_log_error(NGX_LOG_ALERT, r->connection->log, 0,
                      "a model vendor was entered without a request for it");
        return NGX_ERROR;
    }

    ctx->created = 1;

    ngx_http_model_handover_leave(r, ctx);

    u = r->upstream;
    hop = ctx->hop;
    vendor = hop->vendor;

#if (NGX_HTTP_SSL)
    u->ssl_name = vendor->tls_name;
#endif

    if (hop->peer) {
        return ngx_http_model_handover_pinned(r, hop);
    }

    if (hop->resolved) {
        return ngx_http_upstream_create_round_robin_peer(r, hop->resolved);
    }

    u->upstream = vendor->upstream;

    return vendor->upstream->peer.init(r, vendor->upstream);
}


static ngx_int_t
ngx_http_model_handover_pinned(ngx_http_request_t *r,
    ngx_http_model_hop_t *hop)
{
    ngx_http_upstream_resolved_t  *ur;

    ur = ngx_pcalloc(r->pool, sizeof(ngx_http_upstream_resolved_t));
    if (ur == NULL) {
        return NGX_ERROR;
    }

    ur->host = hop->vendor->authority;
    ur->name = hop->peer->name;
    ur->sockaddr = hop->peer->sockaddr;
    ur->socklen = hop->peer->socklen;
    ur->naddrs = 1;

    return ngx_http_upstream_create_round_robin_peer(r, ur);
}


/*
 * A name that is followed at run time is resolved before the stock handler
 * runs: its peers are those addresses, and the mux is entered as always.
 */

static ngx_int_t
ngx_http_model_handover_resolve(ngx_http_request_t *r,
    ngx_http_model_hop_t *hop)
{
    ngx_str_t                  host;
    ngx_resolver_ctx_t        *rctx, temp;
    ngx_http_cleanup_t        *cln;
    ngx_http_core_loc_conf_t  *clcf;
    ngx_http_model_resolve_t  *resolve;

    clcf = ngx_http_get_module_loc_conf(r, ngx_http_core_module);

    host = hop->vendor->tls_name;
    temp.name = host;

    rctx = ngx_resolve_start(clcf->resolver, &temp);

    if (rctx == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    if (rctx == NGX_NO_RESOLVER) {
        ngx_log_error(NGX_LOG_ERR, r->connection->log, 0,
                      "no resolver defined to resolve \"%V\"", &host);
        return NGX_HTTP_BAD_GATEWAY;
    }

    resolve = ngx_pcalloc(r->pool, sizeof(ngx_http_model_resolve_t));
    cln = resolve ? ngx_http_cleanup_add(r, 0) : NULL;

    if (cln == NULL) {
        ngx_resolve_name_done(rctx);
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    resolve->request = r;
    resolve->hop = hop;
    resolve->resolve = rctx;

    cln->handler = ngx_http_model_handover_cleanup;
    cln->data = resolve;

    rctx->name = host;
    rctx->handler = ngx_http_model_handover_resolved;
    rctx->data = resolve;
    rctx->timeout = clcf->resolver_timeout;

    /* the count is that of the stock handler, which is called later */

    /* a client that has left already is told of by no further event */

    if (r->connection->read->ready) {
        ngx_post_event(r->connection->read, &ngx_posted_events);
    }

    r->main->count++;
    r->read_event_handler = ngx_http_test_reading;
    r->write_event_handler = ngx_http_request_empty_handler;

    if (ngx_resolve_name(rctx) != NGX_OK) {
        resolve->resolve = NULL;
        r->main->count--;
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    resolve->async = 1;

    return NGX_DONE;
}


static void
ngx_http_model_handover_resolved(ngx_resolver_ctx_t *rctx)
{
    ngx_int_t                  rc;
    ngx_uint_t                 async;
    ngx_connection_t          *c;
    ngx_http_request_t        *r;
    ngx_http_model_ctx_t      *ctx;
    ngx_http_model_hop_t      *hop;
    ngx_http_model_resolve_t  *resolve;

    resolve = rctx->data;
    async = resolve->async;
    r = resolve->request;
    hop = resolve->hop;
    c = r->connection;

    ngx_http_set_log_request(c->log, r);

    if (rctx->state) {
        ngx_log_error(NGX_LOG_ERR, c->log, 0,
                      "\"%V\" of model vendor \"%V\" could not be resolved "
                      "(%i: %s)", &rctx->name, &hop->vendor->id,
                      rctx->state, ngx_resolver_strerror(rctx->state));
        rc = NGX_HTTP_BAD_GATEWAY;

    } else if (ngx_http_model_handover_addresses(r, hop, rctx) != NGX_OK) {
        rc = NGX_HTTP_INTERNAL_SERVER_ERROR;

    } else {
        rc = NGX_OK;
    }

    ngx_resolve_name_done(rctx);
    resolve->resolve = NULL;

    r->read_event_handler = ngx_http_block_reading;

    if (rc == NGX_OK) {
        ctx = ngx_http_model_ctx(r);
        rc = ngx_http_model_handover_run(r, ctx);

    } else {
        ctx = ngx_http_model_ctx(r);
        ctx->unresolved = 1;
    }

    ngx_http_finalize_request(r, rc);

    /* a name from the resolver's cache: the caller still has the request */

    if (async) {
        ngx_http_run_posted_requests(c);
    }
}


static ngx_int_t
ngx_http_model_handover_addresses(ngx_http_request_t *r,
    ngx_http_model_hop_t *hop, ngx_resolver_ctx_t *rctx)
{
    u_char                        *p;
    ngx_uint_t                     i;
    ngx_http_upstream_resolved_t  *ur;

    ur = ngx_pcalloc(r->pool, sizeof(ngx_http_upstream_resolved_t));
    if (ur == NULL) {
        return NGX_ERROR;
    }

    ur->addrs = ngx_palloc(r->pool,
                           rctx->naddrs * sizeof(ngx_resolver_addr_t));
    if (ur->addrs == NULL) {
        return NGX_ERROR;
    }

    for (i = 0; i < rctx->naddrs; i++) {
        ur->addrs[i] = rctx->addrs[i];

        p = ngx_pnalloc(r->pool, rctx->addrs[i].socklen);
        if (p == NULL) {
            return NGX_ERROR;
        }

        ngx_memcpy(p, rctx->addrs[i].sockaddr, rctx->addrs[i].socklen);
        ur->addrs[i].sockaddr = (struct sockaddr *) p;
    }

    ur->naddrs = rctx->naddrs;
    ur->host = hop->vendor->tls_name;
    ur->port = hop->vendor->port;

    hop->resolved = ur;

    return NGX_OK;
}


static void
ngx_http_model_handover_cleanup(void *data)
{
    ngx_http_model_resolve_t  *resolve = data;

    if (resolve->resolve) {
        ngx_resolve_name_done(resolve->resolve);
        resolve->resolve = NULL;
    }
}
