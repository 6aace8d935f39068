
/*
 * Copyright (C) the ngx_http_model_module authors
 */


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "ngx_http_model_request.h"


static void ngx_http_model_ctx_cleanup(void *data);


ngx_http_model_ctx_t *
ngx_http_model_ctx(ngx_http_request_t *r)
{
    ngx_pool_cleanup_t    *cln;
    ngx_http_model_ctx_t  *ctx;

    ctx = ngx_http_get_module_ctx(r, ngx_http_model_module);

    if (ctx == NULL && (r->internal || r->filter_finalize)) {

        /*
         * an internal redirect or a finalized filter wiped the contexts:
         * the one of this request is still known to its pool
         */

        for (cln = r->pool->cleanup; cln; cln = cln->next) {
            if (cln->handler == ngx_http_model_ctx_cleanup) {
                ctx = *(ngx_http_model_ctx_t **) cln->data;

                if (ctx->request == r) {
                    ngx_http_set_ctx(r, ctx, ngx_http_model_module);
                    return ctx;
                }
            }
        }

        return NULL;
    }

    return ctx;
}


ngx_http_model_ctx_t *
ngx_http_model_ctx_create(ngx_http_request_t *r)
{
    ngx_pool_cleanup_t    *cln;
    ngx_http_model_ctx_t  *ctx;

    ctx = ngx_http_model_ctx(r);
    if (ctx) {
        return ctx;
    }

    ctx = ngx_pcalloc(r->pool, sizeof(ngx_http_model_ctx_t));
    if (ctx == NULL) {
        return NULL;
    }

    cln = ngx_pool_cleanup_add(r->pool, sizeof(ngx_http_model_ctx_t *));
    if (cln == NULL) {
        return NULL;
    }

    ctx->request = r;

    cln->handler = ngx_http_model_ctx_cleanup;
    *(ngx_http_model_ctx_t **) cln->data = ctx;

    ngx_http_set_ctx(r, ctx, ngx_http_model_module);

    return ctx;
}


static void
ngx_http_model_ctx_cleanup(void *data)
{
    /* marks the context in the list of the pool; nothing to release */

    (void) data;
}


ngx_table_elt_t *
ngx_http_model_request_header(ngx_http_request_t *r, const char *name)
{
    size_t            len;
    ngx_uint_t        i;
    ngx_list_part_t  *part;
    ngx_table_elt_t  *header;

    len = ngx_strlen(name);
    part = &r->headers_in.headers.part;
    header = part->elts;

    for (i = 0; /* void */; i++) {

        if (i >= part->nelts) {
            if (part->next == NULL) {
                return NULL;
            }

            part = part->next;
            header = part->elts;
            i = 0;
        }

        if (header[i].key.len == len
            && ngx_strncmp(header[i].lowcase_key, name, len) == 0)
        {
            return &header[i];
        }
    }
}
